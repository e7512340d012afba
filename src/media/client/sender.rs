//! Publishes a clip: H.264 and Opus, paced by the clip's own times, round after round.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc::media_stream::MediaStreamTrack;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind};
use rtc::rtp_transceiver::{RTCRtpSenderId, RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::sansio::Protocol;
use tokio_util::sync::CancellationToken;

use super::ClientError;
use super::counts::Codec;
use super::packetizer::Packetizer;
use super::peer::{H264_PAYLOAD_TYPE, OPUS_PAYLOAD_TYPE, Peer};
use crate::media::file::{Kind, MediaFile, Sample};
use crate::media::sdp::AUDIO_LEVEL;

/// A sender that was held up longer than this does not send the backlog at once: it goes on from where it is.
const MAX_LATENESS: Duration = Duration::from_millis(500);

/// More than the seven bits of a level.
const UNTOLD: u8 = 128;

/// How often a clip is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounds {
    Once,
    Endless,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub packets: u64,
    pub bytes: u64,
    pub frames: u64,
    /// Messages asking for a key frame. A file has its key frames where they are, so these are only counted.
    pub key_frame_requests: u64,
}

struct Outgoing {
    id: RTCRtpSenderId,
    kind: Kind,
    payload_type: u8,
    packetizer: Packetizer,
    accepted: bool,
}

/// One publishing peer. [`offer`](Self::offer) goes to the server, its answer to [`accept`](Self::accept), then [`publish`](Self::publish).
pub struct Sender {
    peer: Peer,
    offer: String,
    streams: Vec<Outgoing>,
    sent: Sent,
    level: Arc<AtomicU8>,
}

impl Sender {
    /// Prepares an offer for the streams that `file` has.
    pub fn new(local_ip: IpAddr, file: &MediaFile) -> Result<Self, ClientError> {
        let mut peer = Peer::new(local_ip, &[Codec::Opus, Codec::H264])?;
        let mut streams = Vec::new();
        for kind in [Kind::Audio, Kind::Video].into_iter().filter(|kind| file.has(*kind)) {
            streams.push(Outgoing::add(&mut peer, kind)?);
        }
        let offer = peer.offer()?;
        Ok(Self { peer, offer, streams, sent: Sent::default(), level: Arc::new(AtomicU8::new(UNTOLD)) })
    }

    /// How loud its sound is said to be, in decibels below the loudest, 0 to 127 (RFC 6464); above, nothing is said. A file does not tell by itself.
    pub fn level(&self) -> Arc<AtomicU8> {
        Arc::clone(&self.level)
    }

    pub fn offer(&self) -> &str {
        &self.offer
    }

    pub fn accept(&mut self, answer: &str) -> Result<(), ClientError> {
        self.peer.accept(answer)?;
        for stream in &mut self.streams {
            stream.accepted = accepts(answer, stream.kind);
        }
        if self.streams.iter().any(|stream| stream.accepted) { Ok(()) } else { Err(ClientError::NothingAccepted) }
    }

    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// Brings the connection up.
    pub async fn connect(&mut self) -> Result<(), ClientError> {
        self.peer.connect().await
    }

    /// Plays the clip until it ends, `stop` is cancelled or the connection is lost. Connects first if that has not been done.
    pub async fn publish(&mut self, file: &MediaFile, rounds: Rounds, stop: &CancellationToken) -> Result<(), ClientError> {
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            played = self.play(file, rounds) => played,
        }
    }

    async fn play(&mut self, file: &MediaFile, rounds: Rounds) -> Result<(), ClientError> {
        self.connect().await?;
        let mut clock = Clock::start(Instant::now());
        loop {
            for sample in file.samples() {
                self.wait_until(clock.due(sample.at, Instant::now())).await?;
                self.send(sample, clock.media_time(sample.at))?;
                self.peer.flush().await?;
            }
            if rounds == Rounds::Once {
                return Ok(());
            }
            clock.next_round(file.duration());
        }
    }

    /// Keeps the connection alive and answers RTCP until it is time for the next sample.
    async fn wait_until(&mut self, due: Instant) -> Result<(), ClientError> {
        loop {
            self.peer.check()?;
            if Instant::now() >= due {
                return Ok(());
            }
            self.peer.step(due).await?;
            self.count_requests();
        }
    }

    /// NACKs are answered inside the connection; what is left for us is to see who asks for a key frame.
    fn count_requests(&mut self) {
        use rtc::peer_connection::message::RTCMessage;
        use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
        use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
        while let Some(read) = self.peer.connection.poll_read() {
            if let RTCMessage::RtcpPacket(_, packets) = read.message {
                let asks = packets
                    .iter()
                    .filter(|packet| packet.as_any().is::<PictureLossIndication>() || packet.as_any().is::<FullIntraRequest>());
                self.sent.key_frame_requests += asks.count() as u64;
            }
        }
    }

    fn send(&mut self, sample: &Sample, at: Duration) -> Result<(), ClientError> {
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.kind == sample.kind && stream.accepted) else {
            return Ok(());
        };
        let now = Instant::now();
        let level = self.level.load(Ordering::Relaxed);
        let level = level_id(&self.offer).filter(|_| stream.kind == Kind::Audio && level < UNTOLD).map(|id| (id, level));
        for mut packet in stream.packetizer.packetize(sample, at, stream.payload_type)? {
            if let Some((id, level)) = level {
                packet.header.set_extension(id, Bytes::copy_from_slice(&[level]))?;
            }
            self.sent.packets += 1;
            self.sent.bytes += packet.payload.len() as u64;
            if let Some(mut sender) = self.peer.connection.rtp_sender(stream.id) {
                sender.write_rtp(now, packet)?;
            }
        }
        self.sent.frames += 1;
        Ok(())
    }

    pub async fn close(mut self) -> Sent {
        self.peer.close().await;
        self.sent
    }
}

impl Outgoing {
    fn add(peer: &mut Peer, kind: Kind) -> Result<Self, ClientError> {
        let ssrc = rand::random();
        let (payload_type, rtc_kind, codec, name) = match kind {
            Kind::Video => (H264_PAYLOAD_TYPE, RtpCodecKind::Video, Codec::H264, "video"),
            Kind::Audio => (OPUS_PAYLOAD_TYPE, RtpCodecKind::Audio, Codec::Opus, "audio"),
        };
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..RTCRtpCodingParameters::default() },
            codec: super::peer::codec_parameters(codec).0.rtp_codec,
            ..RTCRtpEncodingParameters::default()
        };
        let track = MediaStreamTrack::new("clip".to_owned(), name.to_owned(), name.to_owned(), rtc_kind, vec![encoding]);
        let init = RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Sendonly, streams: vec![], send_encodings: vec![] };
        let transceiver = peer.connection.add_transceiver_from_track(track, Some(init))?;
        Ok(Self { id: RTCRtpSenderId::from(transceiver), kind, payload_type, packetizer: Packetizer::new(kind, ssrc), accepted: false })
    }
}

/// The id of levels in our offer.
fn level_id(offer: &str) -> Option<u8> {
    let line = offer.lines().find(|line| line.trim_end().ends_with(AUDIO_LEVEL))?;
    line.strip_prefix("a=extmap:")?.split(' ').next()?.parse().ok()
}

/// Whether an answer takes the stream: its section is not refused by port 0 (RFC 3264) and wants to receive.
fn accepts(answer: &str, kind: Kind) -> bool {
    let name = match kind {
        Kind::Video => "video ",
        Kind::Audio => "audio ",
    };
    answer.split("\nm=").skip(1).filter_map(|section| section.strip_prefix(name)).any(|section| {
        let refused = section.starts_with("0 ") || section.lines().any(|line| matches!(line.trim_end(), "a=inactive" | "a=sendonly"));
        !refused
    })
}

/// Relates the clip's time to the wall: round after round, without hurrying after a pause.
struct Clock {
    /// When the clip's very first sample was due.
    start: Instant,
    /// Time played in the rounds before this one.
    before: Duration,
}

impl Clock {
    fn start(now: Instant) -> Self {
        Self { start: now, before: Duration::ZERO }
    }

    /// When the sample at `at` of this round is due. A clock that has fallen far behind is moved to now.
    fn due(&mut self, at: Duration, now: Instant) -> Instant {
        let due = self.start + self.before + at;
        let late = now.saturating_duration_since(due);
        if late > MAX_LATENESS {
            self.start += late;
            return now;
        }
        due
    }

    /// The sample's place on the stream's own time line, from which its RTP timestamp is made.
    fn media_time(&self, at: Duration) -> Duration {
        self.before + at
    }

    fn next_round(&mut self, length: Duration) {
        self.before += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_takes_a_stream_unless_it_refuses_the_port_or_the_direction() {
        let answer = "v=0\r\nm=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=recvonly\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=recvonly\r\n";
        assert!(accepts(answer, Kind::Video) && !accepts(answer, Kind::Audio));
        assert!(!accepts(&answer.replace("recvonly", "inactive"), Kind::Video));
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn samples_are_due_at_their_times_and_rounds_follow_without_a_gap() {
        let start = Instant::now();
        let mut clock = Clock::start(start);
        assert_eq!(clock.due(40 * MS, start), start + 40 * MS);
        clock.next_round(1_000 * MS);
        assert_eq!(clock.due(40 * MS, start), start + 1_040 * MS);
        assert_eq!(clock.media_time(40 * MS), 1_040 * MS);
    }

    #[test]
    fn after_a_long_pause_the_backlog_is_not_sent_at_once() {
        let start = Instant::now();
        let mut clock = Clock::start(start);
        let late = start + 3_000 * MS;
        assert_eq!(clock.due(40 * MS, late), late);
        assert_eq!(clock.due(80 * MS, late), late + 40 * MS, "the pace is kept from here on");
        assert_eq!(clock.media_time(80 * MS), 80 * MS, "the stream's own time has no hole");
    }

    #[test]
    fn a_little_lateness_is_caught_up() {
        let start = Instant::now();
        let mut clock = Clock::start(start);
        assert_eq!(clock.due(40 * MS, start + 100 * MS), start + 40 * MS);
    }
}
