//! A WebRTC peer with nothing of ours in it, str0m, on a UDP socket: what it understands, others understand too.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use springbreeze::media::file::{Kind, MediaFile, Sample};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::{Codec, PayloadParams};
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::net::UdpSocket;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Longer than any step takes on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Browsers ask every half second whether a path still works when they hear nothing on it; str0m only every three seconds by itself.
const CHECKS: Duration = Duration::from_millis(500);

/// A codec frame as it came out, or one packet where the peer works with packets.
#[derive(Clone, Debug)]
pub struct Came {
    pub video: bool,
    pub at: Instant,
    pub data: Vec<u8>,
    /// Whether nothing is missing between this frame and the one before.
    pub whole: bool,
}

/// The sequence numbers of one stream.
#[derive(Debug, Default)]
pub struct Numbers {
    pub packets: u64,
    pub twice: u64,
    /// Packets that filled a hole.
    pub mended: u64,
    pub highest: Option<u64>,
    /// Those that are not there yet, and since when it shows.
    pub missing: BTreeMap<u64, Instant>,
}

impl Numbers {
    fn take(&mut self, number: u64, now: Instant) {
        self.packets += 1;
        match self.highest {
            Some(highest) if number <= highest => match self.missing.remove(&number) {
                Some(_) => self.mended += 1,
                None => self.twice += 1,
            },
            highest => {
                self.missing.extend((highest.map_or(number, |highest| highest + 1)..number).map(|missing| (missing, now)));
                self.highest = Some(number);
            }
        }
    }
}

pub struct Independent {
    rtc: Rtc,
    socket: UdpSocket,
    /// The address that the peer believes to have; behind a translator the world sees another.
    local: SocketAddr,
    audio: Mid,
    video: Mid,
    offer: String,
    pending: Option<SdpPendingOffer>,
    /// Share of the media that is lost on its way here.
    pub loss: f64,
    pub lost: u64,
    random: StdRng,
    pub came: Vec<Came>,
    pub sound: Numbers,
    pub picture: Numbers,
    pub connected: bool,
    pub ended: bool,
    pub key_frames_asked: u64,
    /// The first record of the handshake as it was sent, and how many datagrams of it came back.
    pub hello: Option<Vec<u8>>,
    pub answered: u64,
}

impl Independent {
    /// Somebody who watches and puts frames together.
    pub async fn viewer() -> Self {
        Self::new(Rtc::builder(), Direction::RecvOnly).await
    }

    /// Somebody who watches and looks at each packet.
    pub async fn viewer_of_packets() -> Self {
        Self::new(Rtc::builder().set_rtp_mode(true), Direction::RecvOnly).await
    }

    /// Somebody who publishes H.264 and Opus, frame by frame.
    pub async fn publisher() -> Self {
        Self::new(Rtc::builder().clear_codecs().enable_opus(true, false).enable_h264(true), Direction::SendOnly).await
    }

    /// Somebody who publishes packets with numbers of its own choice.
    pub async fn publisher_of_packets() -> Self {
        let config = Rtc::builder().clear_codecs().enable_opus(true, false).enable_h264(true).set_rtp_mode(true);
        Self::new(config, Direction::SendOnly).await
    }

    async fn new(mut config: RtcConfig, direction: Direction) -> Self {
        config.set_max_stun_rto(CHECKS);
        let socket = socket();
        let local = socket.local_addr().expect("bound");
        let mut rtc = config.build(Instant::now());
        rtc.add_local_candidate(Candidate::host(local, "udp").expect("an address"));
        let mut change = rtc.sdp_api();
        let audio = change.add_media(MediaKind::Audio, direction, None, None, None);
        let video = change.add_media(MediaKind::Video, direction, None, None, None);
        let (offer, pending) = change.apply().expect("something to offer");
        Self {
            rtc,
            socket,
            local,
            audio,
            video,
            offer: offer.to_sdp_string(),
            pending: Some(pending),
            loss: 0.0,
            lost: 0,
            random: StdRng::seed_from_u64(20),
            came: Vec::new(),
            sound: Numbers::default(),
            picture: Numbers::default(),
            connected: false,
            ended: false,
            key_frames_asked: 0,
            hello: None,
            answered: 0,
        }
    }

    pub fn offer(&self) -> &str {
        &self.offer
    }

    pub fn accept(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).expect("an answer that others can read");
        self.rtc.sdp_api().accept_answer(self.pending.take().expect("accepted once"), answer).expect("an answer that fits");
    }

    pub fn frames(&self, video: bool) -> usize {
        self.came.iter().filter(|came| came.video == video).count()
    }

    /// Goes on from another port without knowing it, as behind a translator that forgot about us: no new offer, no new candidate.
    pub fn rebind(&mut self) {
        self.socket = socket();
    }

    /// Goes on from another address and knows it, as a phone that changes from one network to the other.
    pub async fn move_away(&mut self) {
        let old = Candidate::host(self.local, "udp").expect("an address");
        self.rebind();
        self.local = self.socket.local_addr().expect("bound");
        self.rtc.add_local_candidate(Candidate::host(self.local, "udp").expect("an address"));
        self.drain().await;
        self.rtc.direct_api().invalidate_candidate(&old);
        self.drain().await;
    }

    /// Runs until `done` says so.
    pub async fn run(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            let frames = (self.frames(true), self.frames(false));
            assert!(Instant::now() < deadline, "{what}: {frames:?} {} {:?} {:?}", self.connected, self.picture, self.sound);
            self.run_until(Instant::now() + Duration::from_millis(10)).await;
        }
    }

    pub async fn run_until(&mut self, until: Instant) {
        let mut datagram = [0; 2_048];
        loop {
            let wake = self.drain().await.min(until);
            if Instant::now() >= until {
                return;
            }
            match tokio::time::timeout_at(wake.into(), self.socket.recv_from(&mut datagram)).await {
                Ok(Ok((length, from))) => self.receive(&datagram[..length], from),
                // A port that is closed on the other side shows as an error here.
                Ok(Err(_)) => {}
                Err(_) => self.rtc.handle_input(Input::Timeout(Instant::now())).expect("time passes"),
            }
        }
    }

    fn receive(&mut self, datagram: &[u8], source: SocketAddr) {
        let media = matches!(datagram, [128..=191, kind, ..] if !(192..=223).contains(kind));
        if media && self.loss > 0.0 && self.random.random_bool(self.loss) {
            self.lost += 1;
            return;
        }
        self.answered += u64::from(is_handshake(datagram));
        let contents = datagram.try_into().expect("a datagram that others can read");
        let receive = Receive { proto: Protocol::Udp, source, destination: self.local, contents };
        self.rtc.handle_input(Input::Receive(Instant::now(), receive)).expect("a datagram that others understand");
    }

    /// Sends and tells all that there is; returns when to look again.
    async fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().expect("the peer works") {
                Output::Timeout(next) => return next,
                Output::Transmit(datagram) => {
                    if is_handshake(&datagram.contents) && self.hello.is_none() {
                        self.hello = Some(datagram.contents.to_vec());
                    }
                    let _ = self.socket.send_to(&datagram.contents, datagram.destination).await;
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::Closed) => self.ended = true,
                Output::Event(Event::KeyframeRequest(_)) => self.key_frames_asked += 1,
                Output::Event(Event::MediaData(frame)) => {
                    let video = frame.mid == self.video;
                    self.came.push(Came { video, at: Instant::now(), data: frame.data.to_vec(), whole: frame.contiguous });
                }
                Output::Event(Event::RtpPacket(packet)) => self.count(&packet),
                Output::Event(_) => {}
            }
        }
    }

    fn count(&mut self, packet: &RtpPacket) {
        let now = Instant::now();
        let mid = self.rtc.direct_api().stream_rx(&packet.header.ssrc).expect("announced").mid();
        let video = mid == self.video;
        if video { &mut self.picture } else { &mut self.sound }.take(*packet.seq_no, now);
        self.came.push(Came { video, at: now, data: packet.payload.to_vec(), whole: true });
    }

    fn payload_type(&self, kind: Kind) -> Pt {
        let wanted = |params: &&PayloadParams| match kind {
            Kind::Audio => params.spec().codec == Codec::Opus,
            Kind::Video => params.spec().codec == Codec::H264 && params.spec().format.packetization_mode == Some(1),
        };
        let mid = self.mid(kind);
        let agreed = self.rtc.media(mid).expect("negotiated").remote_pts();
        let params = self.rtc.codec_config().params().iter().filter(wanted);
        params.map(PayloadParams::pt).find(|pt| agreed.contains(pt)).expect("a codec that both have")
    }

    fn mid(&self, kind: Kind) -> Mid {
        if kind == Kind::Video { self.video } else { self.audio }
    }

    /// Plays a clip once, frame by frame, at its own pace.
    pub async fn publish(&mut self, clip: &MediaFile) {
        self.run("connecting", |peer| peer.connected).await;
        let start = Instant::now();
        for sample in clip.samples() {
            self.run_until(start + sample.at).await;
            let (mid, pt) = (self.mid(sample.kind), self.payload_type(sample.kind));
            let time = MediaTime::from_micros(sample.at.as_micros() as u64);
            self.rtc.writer(mid).expect("negotiated").write(pt, Instant::now(), time, bytes_of(sample)).expect("sent");
            self.drain().await;
        }
    }

    /// Sends one packet with a number that goes on counting past 65,535.
    pub async fn send(&mut self, kind: Kind, number: u64, at: Duration, marker: bool, payload: &[u8]) {
        let (mid, pt) = (self.mid(kind), self.payload_type(kind));
        let rate = if kind == Kind::Video { Frequency::NINETY_KHZ } else { Frequency::FORTY_EIGHT_KHZ };
        let time = MediaTime::from_micros(at.as_micros() as u64).rebase(rate).numer() as u32;
        let packet = RtpWrite::new(pt, number.into(), time, Instant::now(), payload).marker(marker).nackable(true);
        self.rtc.direct_api().stream_tx_by_mid(mid, None).expect("declared by the answer").write_rtp(packet);
        self.drain().await;
    }
}

/// RFC 7983: what begins like this is DTLS.
fn is_handshake(datagram: &[u8]) -> bool {
    matches!(datagram, [20..=63, ..])
}

/// A sample as decoders take it: Annex B, or one packet of Opus.
pub fn bytes_of(sample: &Sample) -> Vec<u8> {
    match sample.kind {
        Kind::Audio => sample.units.concat(),
        Kind::Video => sample.units.iter().flat_map(|unit| [&[0, 0, 0, 1], &unit[..]].concat()).collect(),
    }
}

fn socket() -> UdpSocket {
    let socket = std::net::UdpSocket::bind((HERE, 0)).expect("bind");
    socket.set_nonblocking(true).expect("an option");
    // Room for a burst while the other tests have the processor.
    socket2::SockRef::from(&socket).set_recv_buffer_size(1 << 20).expect("an option");
    UdpSocket::from_std(socket).expect("within the runtime")
}
