//! What a viewer reports, what it is told by reports, and its figures.

use std::time::Instant;

use bytes::Bytes;
use rtc::rtcp::goodbye::Goodbye;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;

use super::{Outcome, RESENDS, SETTLED, Viewer, all};
use crate::media::ViewerStats;
use crate::media::layer::Layer;
use crate::media::reports;
use crate::media::steer::Steer;
use crate::media::trace::{TraceEvent, ms, note};

/// Pictures that one datagram may ask to begin anew: as many as there are seats.
const REQUESTS: usize = 6;

impl Viewer {
    pub(super) fn rtcp(&mut self, now: Instant, datagram: &[u8], outcome: &mut Outcome) {
        let plain = self.keys.as_mut().and_then(|keys| keys.srtcp.open(now, datagram));
        let packets = plain.and_then(|plain| rtc::rtcp::packet::unmarshal(&mut plain.freeze()).ok());
        let Some(packets) = packets else {
            outcome.dropped = true;
            return;
        };
        for packet in packets {
            let packet = packet.as_any();
            if let Some(nack) = packet.downcast_ref::<TransportLayerNack>() {
                // A NACK pair names up to 17 packets; more than a tick's worth of resends is not even looked at.
                let sequences = nack.nacks.iter().flat_map(|pair| pair.into_iter()).take(RESENDS as usize).collect();
                outcome.nacks.push((nack.media_ssrc, sequences));
            } else if let Some(request) = packet.downcast_ref::<PictureLossIndication>() {
                outcome.keyframes.push(request.media_ssrc);
                note(&mut self.trace, now, || TraceEvent::KeyFrame { ssrc: request.media_ssrc });
            } else if let Some(request) = packet.downcast_ref::<FullIntraRequest>() {
                outcome.keyframes.extend(request.fir.iter().map(|entry| entry.ssrc).take(REQUESTS));
            } else if packet.is::<Goodbye>() {
                outcome.closed = true;
            } else if let Some(report) = packet.downcast_ref::<ReceiverReport>() {
                for block in &report.reports {
                    let tracks = all(&mut self.audio, &mut self.video, &mut self.more);
                    for track in tracks.filter(|track| track.ssrc == block.ssrc) {
                        track.reception(now, block);
                        let (ssrc, loss, jitter) = (block.ssrc, track.loss, block.jitter);
                        let rtt = track.rtt.map(ms);
                        note(&mut self.trace, now, || TraceEvent::Reception { ssrc, loss, jitter, rtt });
                    }
                }
                // The picture's packets are the more, so what they say is worth more.
                if let (Some(track), Some(steer)) = (self.video.as_ref().or(self.audio.as_ref()), &mut self.steer)
                    && report.reports.iter().any(|block| block.ssrc == track.ssrc)
                {
                    steer.report(now, track.loss, track.rtt);
                    steer.tell(now, &mut self.trace);
                }
            } else if let (Some(feedback), Some(steer)) = (packet.downcast_ref::<TransportLayerCc>(), &mut self.steer) {
                outcome.overused |= steer.feedback(now, feedback);
                steer.tell(now, &mut self.trace);
            }
        }
        outcome.keyframes.truncate(REQUESTS);
        // Whoever has our keys has had our last flight: there is nothing left to repeat.
        self.handshake_ends = self.handshake_ends.map(|ends| ends.min(now + SETTLED));
    }

    /// Sender reports of all streams in the publisher's wall-clock time, which keeps audio and video together.
    pub(super) fn report(&mut self, now: Instant, layers: &[Layer]) -> Option<Bytes> {
        let tracks = all(&mut self.audio, &mut self.video, &mut self.more);
        let reports = tracks.filter_map(|track| track.report(now, layers));
        let plain = reports::sender_reports(reports)?;
        self.keys.as_mut()?.srtcp.outbound.encrypt_rtcp(&plain).ok().map(bytes::BytesMut::freeze)
    }

    /// The network does not carry the picture.
    pub(in crate::media) fn is_paused(&self) -> bool {
        self.steer.as_deref().is_some_and(Steer::paused)
    }

    /// What it really gets.
    pub(in crate::media) fn figures(&self, layers: &[Layer]) -> ViewerStats {
        let video = self.video.as_ref();
        let layer = video.and_then(|track| track.on(layers)).and_then(|at| layers.get(at));
        let worst = [&self.audio, &self.video].into_iter().flatten().map(|track| track.loss).fold(0.0, f32::max);
        let rtt = [video, self.audio.as_ref()].into_iter().flatten().find_map(|track| track.rtt);
        let steer = self.steer.as_deref();
        ViewerStats {
            layer: layer.map(|layer| layer.name.to_string()),
            loss: worst,
            rtt: steer.and_then(Steer::rtt).or(rtt),
            estimate: steer.and_then(Steer::estimate),
            arrives: steer.and_then(Steer::arrives),
            paused: self.is_paused(),
            options: self.options,
        }
    }
}
