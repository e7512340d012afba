//! A peer of the plane on virtual time, for tests and fuzzing: ICE checks, a real DTLS handshake and SRTP by standard parts, no sockets.
//!
//! It may be as ill-behaved as a test wants: whatever it seals is authentic, whatever it does not is what a stranger could send.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc::dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc::dtls::crypto::Certificate;
use rtc::dtls::endpoint::{Endpoint, EndpointEvent};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::shared::TransportProtocol;
use rtc::srtp::config::{Config, LABEL_EXTRACTOR_DTLS_SRTP};
use rtc::srtp::context::Context;
use rtc::srtp::protection_profile::ProtectionProfile;
use tokio::sync::broadcast;

use super::{Limits, Plane};
use crate::media::egress::Wire;
use crate::media::ice::Path;
use crate::media::identity::{Identity, fingerprint};
use crate::media::relay::Mesh;
use crate::media::{Answer, MediaError, PublishOptions, Seat, SeatWanted, SessionId, StreamId, ViewOptions, stun};

/// As the peer's DTLS knows the plane; no address of it matters.
fn server() -> SocketAddr {
    ([192, 0, 2, 254], 1).into()
}

/// Where a peer with this port is.
pub(super) fn path(port: u16) -> Path {
    Path::Udp { remote: ([192, 0, 2, 9], port).into(), local: None }
}

/// What the plane has sent.
#[derive(Default)]
pub(super) struct Net(pub(super) Vec<(Path, Vec<u8>)>);

impl Wire for Net {
    fn send(&mut self, path: Path, contents: &[u8], segment: usize) -> bool {
        self.0.extend(contents.chunks(segment.max(1)).map(|datagram| (path, datagram.to_vec())));
        true
    }
}

impl Net {
    /// Takes what was sent to one path.
    pub(super) fn to(&mut self, path: Path) -> Vec<Vec<u8>> {
        let (mine, others) = std::mem::take(&mut self.0).into_iter().partition(|(to, _)| *to == path);
        self.0 = others;
        mine.into_iter().map(|(_, datagram)| datagram).collect()
    }
}

/// A plane, its time and what it sent.
pub(super) struct World {
    pub(super) plane: Plane,
    pub(super) now: Instant,
    pub(super) net: Net,
}

impl World {
    pub(super) fn new(viewers: usize) -> Self {
        static IDENTITY: OnceLock<Arc<Identity>> = OnceLock::new();
        let identity = Arc::clone(IDENTITY.get_or_init(|| Arc::new(Identity::new().expect("a certificate"))));
        let (now, mesh) = (Instant::now(), Mesh::new(1, false).swap_remove(0).0);
        let limits = Limits { viewers, publishers: 8 };
        Self { plane: Plane::new(now, identity, limits, Vec::new(), broadcast::channel(16).0, mesh), now, net: Net::default() }
    }

    pub(super) fn send(&mut self, from: Path, datagram: &[u8]) {
        self.plane.datagram(self.now, &mut self.net, from, datagram);
        self.plane.settle(self.now, &mut self.net);
    }

    /// Lets time pass, in steps that no timer is too fine for.
    pub(super) fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.now = end.min(self.now + Duration::from_millis(5));
            self.plane.settle(self.now, &mut self.net);
        }
    }
}

/// The keys of both directions.
pub(super) struct Keys {
    out: Context,
    into: Context,
}

pub(super) struct Peer {
    pub(super) path: Path,
    pub(super) session: SessionId,
    remote_ufrag: String,
    dtls: Endpoint,
    profile: SrtpProtectionProfile,
    pub(super) keys: Option<Keys>,
    /// The other side said goodbye.
    pub(super) ended: bool,
    /// What the plane answered.
    #[cfg_attr(not(test), expect(dead_code, reason = "for tests"))]
    pub(super) answer: String,
}

/// The one certificate of all peers, and its fingerprint.
fn certificate() -> &'static (Certificate, String) {
    static CERTIFICATE: OnceLock<(Certificate, String)> = OnceLock::new();
    CERTIFICATE.get_or_init(|| {
        let provider = rtc::crypto::default_provider().expect("a provider");
        let certificate = Certificate::generate_self_signed(vec!["peer".to_owned()], provider.crypto()).expect("a certificate");
        let hash = fingerprint(provider.crypto(), &certificate.certificate[0]).expect("a hash");
        (certificate, hash)
    })
}

fn client(profile: SrtpProtectionProfile) -> Arc<HandshakeConfig> {
    let builder = ConfigBuilder::default()
        .with_crypto_provider(rtc::crypto::default_provider().expect("a provider"))
        .with_certificates(vec![certificate().0.clone()])
        .with_srtp_protection_profiles(vec![profile])
        .with_insecure_skip_verify(true)
        .with_extended_master_secret(ExtendedMasterSecretType::Require);
    Arc::new(builder.build(true, None).expect("a configuration"))
}

/// The offer of a browser with our certificate's fingerprint in place of the browser's.
pub(super) fn with_our_fingerprint(offer: &str) -> String {
    let ours = format!("a=fingerprint:sha-256 {}", certificate().1);
    offer.lines().map(|line| if line.starts_with("a=fingerprint:") { ours.as_str() } else { line }.to_owned() + "\r\n").collect()
}

fn ufrag(offer: &str) -> String {
    offer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap_or("them").trim().to_owned()
}

impl Peer {
    /// A viewer with the offer of `offer`, whose fingerprint must be ours to get on.
    pub(super) fn view(world: &mut World, stream: StreamId, offer: &str, port: u16) -> Result<Self, MediaError> {
        let answer = world.plane.view(world.now, stream, offer, ViewOptions::default())?;
        Ok(Self::new(answer, offer, port))
    }

    pub(super) fn publish(world: &mut World, stream: StreamId, offer: &str, port: u16) -> Result<Self, MediaError> {
        Self::sit(world, stream, SeatWanted::At(Seat::HOST), offer, port, &PublishOptions::Replace)
    }

    pub(super) fn sit(
        world: &mut World,
        stream: StreamId,
        seat: SeatWanted,
        offer: &str,
        port: u16,
        options: &PublishOptions,
    ) -> Result<Self, MediaError> {
        let answer = world.plane.publish(world.now, &mut world.net, stream, seat, offer, options)?;
        Ok(Self::new(answer, offer, port))
    }

    fn new(answer: Answer, offer: &str, port: u16) -> Self {
        let (session, answer) = (answer.session, answer.sdp);
        let dtls = Endpoint::new(([192, 0, 2, 9], port).into(), TransportProtocol::UDP, None);
        let profile = SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm;
        Self { path: path(port), session, remote_ufrag: ufrag(offer), dtls, profile, keys: None, ended: false, answer }
    }

    /// The user name and password of its checks.
    pub(super) fn credentials(&self, world: &World) -> Option<(String, String)> {
        let key = world.plane.key(self.session)?;
        let local = &world.plane.connections[key].ice.local;
        Some((format!("{}:{}", local.ufrag, self.remote_ufrag), local.password.clone()))
    }

    pub(super) fn check(&self, world: &World) -> Vec<u8> {
        let (username, password) = self.credentials(world).expect("the session is there");
        stun::nominate(&username, &password, world.plane.identity.crypto()).expect("a check")
    }

    /// Sends its first check and begins the handshake.
    pub(super) fn begin(&mut self, world: &mut World) {
        let check = self.check(world);
        world.send(self.path, &check);
        self.dtls.connect(world.now, server(), client(self.profile), None).expect("a hello");
    }

    /// The next record that it has to send.
    pub(super) fn record(&mut self) -> Option<BytesMut> {
        self.dtls.poll_transmit().map(|transmit| transmit.message)
    }

    /// Takes in what was sent to it; gives what is neither STUN nor DTLS.
    pub(super) fn hear(&mut self, world: &mut World) -> Vec<Vec<u8>> {
        let mut media = Vec::new();
        for datagram in world.net.to(self.path) {
            match datagram.first() {
                Some(20..=63) => self.read(world.now, &datagram),
                Some(128..=191) => media.push(datagram),
                _ => {}
            }
        }
        media
    }

    fn read(&mut self, now: Instant, datagram: &[u8]) {
        for event in self.dtls.read(now, server(), None, BytesMut::from(datagram)).unwrap_or_default() {
            match event {
                EndpointEvent::HandshakeComplete => self.keys = Some(self.export()),
                EndpointEvent::PeerClosed => self.ended = true,
                _ => {}
            }
        }
    }

    fn export(&self) -> Keys {
        let state = self.dtls.get_connection_state(server()).expect("an association");
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
            _ => ProtectionProfile::AeadAes128Gcm,
        };
        let mut config = Config { profile, ..Config::default() };
        let material = state.export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len()).expect("keys");
        config.set_session_keys_from_keying_material(material.as_ref(), true).expect("the right length");
        let provider = rtc::crypto::default_provider().expect("a provider");
        let (keys, crypto) = (&config.keys, provider.crypto());
        Keys {
            out: Context::new(&keys.local_master_key, &keys.local_master_salt, profile, None, None, crypto).expect("keys"),
            into: Context::new(&keys.remote_master_key, &keys.remote_master_salt, profile, None, None, crypto).expect("keys"),
        }
    }

    /// Goes through the whole handshake; true if both sides have keys.
    pub(super) fn connect(&mut self, world: &mut World) -> bool {
        self.begin(world);
        for _ in 0..20 {
            while let Some(record) = self.record() {
                world.send(self.path, &record);
            }
            self.hear(world);
            let ours = world.plane.session(self.session).is_some_and(|session| session.connected);
            if ours && self.keys.is_some() {
                return true;
            }
        }
        false
    }

    /// Seals an RTP or RTCP packet (RFC 5761); `None` if it is neither or there are no keys.
    pub(super) fn seal(&mut self, plain: &[u8]) -> Option<Vec<u8>> {
        let keys = self.keys.as_mut()?;
        let sealed = match plain {
            [128..=191, 192..=223, ..] => keys.out.encrypt_rtcp(plain),
            [128..=191, ..] => keys.out.encrypt_rtp(plain),
            _ => return None,
        };
        sealed.ok().map(|sealed| sealed.to_vec())
    }

    /// Opens RTP or RTCP; `None` if it is not authentic.
    pub(super) fn open(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        let keys = self.keys.as_mut()?;
        let plain = match sealed {
            [_, 192..=223, ..] => keys.into.decrypt_rtcp(sealed),
            _ => keys.into.decrypt_rtp(sealed),
        };
        plain.ok().map(|plain| plain.to_vec())
    }
}
