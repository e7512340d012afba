//! One RTP stream to a viewer: its labels, its numbers, and how a packet goes out again.
//!
//! Invariant: a resend is either the same bytes under the same number, or a packet of the stream of retransmissions with a number of its own.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rtc::rtcp::reception_report::ReceptionReport;

use super::codec::Codec;
use super::egress::Label;
use super::layer::{Layer, Packet};
use super::panel::Seat;
use super::reports::{self, SenderInfo};
use super::rewrite::{Feed, Rewritten, Segment, rewrite};
use super::sdp::OfferedCodec;

/// One RTP stream to the viewer.
pub(super) struct Track {
    pub(super) ssrc: u32,
    /// Whose sound or picture it carries, or is to carry.
    pub(super) seat: Option<Seat>,
    /// Which of the session's media sections it is in.
    pub(super) section: u8,
    pub(super) codecs: Vec<OfferedCodec>,
    /// The id of transport-wide sequence numbers. Only where a resend is no second packet of the same nonce: it would have another number.
    pub(super) transport: Option<u8>,
    rtx: Option<Rtx>,
    pub(super) feed: Feed,
    pub(super) packets: u32,
    pub(super) octets: u32,
    /// The viewer wants none of it for now; it will start again at a key frame.
    pub(super) paused: bool,
    /// The middle of the NTP time in the last sender report, and when it was sent.
    reported: Option<(u32, Instant)>,
    /// Share of packets that the viewer lost between its last two reports, 0 to 1.
    pub(super) loss: f32,
    /// The same over some reports: that of one second of sound is a matter of luck.
    pub(super) lossiness: f32,
    pub(super) rtt: Option<Duration>,
}

/// The stream of retransmissions that goes with a track (RFC 4588).
struct Rtx {
    ssrc: u32,
    /// The index of its next packet.
    next: u64,
    /// What was sent again lately, and when, oldest first.
    recent: VecDeque<(u64, Instant)>,
}

/// Resends that are remembered: as many as leave in a round trip of a slow network.
const RECENT: usize = 128;

impl Track {
    pub(super) fn new(codecs: Vec<OfferedCodec>, transport: Option<u8>) -> Self {
        let clock_rate = codecs.first().map_or(90_000, |codec| codec.codec.clock_rate());
        // SSRC 0 is legal but upsets some software.
        let ssrc = rand::random::<u32>().max(1);
        let other = if ssrc == u32::MAX { 1 } else { ssrc + 1 };
        let rtx = codecs.iter().all(|codec| codec.rtx.is_some()).then(|| Rtx {
            ssrc: other,
            next: u64::from(rand::random::<u16>() & 0x7fff),
            recent: VecDeque::new(),
        });
        let never_resent = codecs.iter().all(|codec| !codec.codec.is_video());
        let transport = transport.filter(|_| rtx.is_some() || never_resent);
        Self {
            ssrc,
            seat: None,
            section: 0,
            codecs,
            transport,
            rtx,
            feed: Feed::new(rand::random(), clock_rate),
            packets: 0,
            octets: 0,
            paused: false,
            reported: None,
            loss: 0.0,
            lossiness: 0.0,
            rtt: None,
        }
    }

    /// Another one of the same viewer: with numbers that none of those has.
    pub(super) fn beside(others: &[(usize, Self)], codecs: &[OfferedCodec], transport: Option<u8>) -> Self {
        loop {
            let track = Self::new(codecs.to_vec(), transport);
            let own = [Some(track.ssrc), track.rtx()];
            let used = |other: &Self| [Some(other.ssrc), other.rtx()].iter().flatten().any(|ssrc| own.contains(&Some(*ssrc)));
            if !others.iter().any(|(_, other)| used(other)) {
                return track;
            }
        }
    }

    /// The SSRC of retransmissions.
    pub(super) fn rtx(&self) -> Option<u32> {
        self.rtx.as_ref().map(|rtx| rtx.ssrc)
    }

    pub(super) fn payload_type(&self, codec: Codec) -> Option<u8> {
        self.codecs.iter().find(|offered| offered.codec == codec).map(|offered| offered.payload_type)
    }

    /// How the next packet is labelled; counts a transport-wide number if the viewer takes them.
    pub(super) fn label(&self, payload_type: u8, transport: &mut u16) -> Label {
        Label { ssrc: self.ssrc, payload_type, transport: self.number(transport), original: None }
    }

    fn number(&self, transport: &mut u16) -> Option<(u8, u16)> {
        let id = self.transport?;
        *transport = transport.wrapping_add(1);
        Some((id, *transport))
    }

    pub(super) fn decodes(&self, codec: Codec) -> bool {
        self.payload_type(codec).is_some()
    }

    pub(super) fn is_picture(&self) -> bool {
        self.codecs.iter().any(|offered| offered.codec.is_video())
    }

    /// Whether what went out as `out` was sent again less than a round trip ago: it may still be on its way, and the viewer could not know.
    /// Notes that it is, if not.
    pub(super) fn is_on_its_way(&mut self, now: Instant, out: u64, rtt: Duration) -> bool {
        let Some(rtx) = &mut self.rtx else { return false };
        while rtx.recent.front().is_some_and(|(_, sent)| now.saturating_duration_since(*sent) >= rtt) {
            rtx.recent.pop_front();
        }
        if rtx.recent.iter().any(|(recent, _)| *recent == out) {
            return true;
        }
        if rtx.recent.len() == RECENT {
            rtx.recent.pop_front();
        }
        rtx.recent.push_back((out, now));
        false
    }

    /// How a packet that was sent within `segment` goes out again: with its own number in the stream of retransmissions, or else as the same bytes.
    pub(super) fn again(&mut self, segment: &Segment, packet: &Packet, codec: Codec, transport: &mut u16) -> Option<(Label, Rewritten)> {
        let rewritten = rewrite(segment, packet);
        let offered = self.codecs.iter().find(|offered| offered.codec == codec)?;
        let (Some(rtx), Some(payload_type)) = (&mut self.rtx, offered.rtx) else {
            let label = Label { ssrc: self.ssrc, payload_type: offered.payload_type, transport: None, original: None };
            return self.transport.is_none().then_some((label, rewritten));
        };
        let (ssrc, index) = (rtx.ssrc, rtx.next);
        rtx.next += 1;
        let label = Label { ssrc, payload_type, transport: self.number(transport), original: Some(rewritten.index as u16) };
        Some((label, Rewritten { index, ..rewritten }))
    }

    /// A packet of nothing but padding, in the stream of retransmissions: the picture's own numbers are for pictures.
    pub(super) fn padding(&mut self, transport: &mut u16) -> Option<(Label, Packet, Rewritten)> {
        let payload_type = self.codecs.iter().find_map(|offered| offered.rtx)?;
        let number = self.number(transport);
        let rtx = self.rtx.as_mut()?;
        let index = rtx.next;
        rtx.next += 1;
        let label = Label { ssrc: rtx.ssrc, payload_type, transport: number, original: None };
        let timestamp = self.feed.last_timestamp();
        Some((label, Packet::padding(timestamp), Rewritten { index, timestamp, picture: 0, tl0: 0 }))
    }

    /// What a sender report would say now; its beginning is noted, because the answer names it.
    pub(super) fn report(&mut self, now: Instant, layers: &[Layer]) -> Option<SenderInfo> {
        let layer = layers.get(self.on(layers)?)?;
        let rtp = self.feed.rtp_now(layer, now)?;
        let ntp = layer.clock.map_or_else(reports::ntp_now, |clock| reports::ntp_after(clock.ntp, now.saturating_duration_since(clock.at)));
        self.reported = Some(((ntp >> 16) as u32, now));
        Some(SenderInfo { ssrc: self.ssrc, ntp, rtp, packets: self.packets, octets: self.octets })
    }

    /// Takes in a viewer's report on this stream (RFC 3550, section 6.4.1).
    pub(super) fn reception(&mut self, now: Instant, report: &ReceptionReport) {
        /// Of the newest report.
        const WEIGHT: f32 = 0.25;
        self.loss = f32::from(report.fraction_lost) / 256.0;
        self.lossiness += (self.loss - self.lossiness) * WEIGHT;
        if let Some((_, sent)) = self.reported.filter(|(named, _)| *named == report.last_sender_report) {
            let held = Duration::from_nanos((u64::from(report.delay) * 1_000_000_000) >> 16);
            // A peer whose clock is off must not make the time negative.
            self.rtt = Some(now.saturating_duration_since(sent).saturating_sub(held));
        }
    }

    /// Index of the layer that is being sent, unless its source is gone or it ran ahead of us.
    pub(super) fn on(&self, layers: &[Layer]) -> Option<usize> {
        let segment = self.feed.active().filter(|_| !self.paused)?;
        let layer = layers.get(segment.layer)?;
        (segment.epoch == layer.epoch && layer.reaches(self.feed.cursor())).then_some(segment.layer)
    }
}
