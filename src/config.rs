//! Settings. Each one is a flag, an environment variable and a TOML key of the same name:
//! `--media-udp`, `SPRINGBREEZE_MEDIA_UDP`, `media-udp`. A flag wins over the environment, that over the file, that over the default.

use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// Declares every setting once: the optional form that flags, environment and file fill in, and the resolved [`Config`].
macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident / $flag:literal / $env:literal : $ty:ty = $default:expr;)+) => {
        /// The settings as given; what nobody gave is absent.
        #[derive(Clone, Debug, Default, clap::Args, Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        pub struct Settings {
            $($(#[doc = $doc])+
            #[arg(long = $flag, env = $env, value_name = "VALUE")]
            #[serde(default)]
            pub $name: Option<$ty>,)+
        }

        /// The settings in force.
        #[derive(Clone, Debug)]
        pub struct Config {
            $($(#[doc = $doc])+ pub $name: $ty,)+
        }

        impl Settings {
            /// Fills what is absent here from `file`, then from the defaults.
            fn resolve(self, file: Self) -> Config {
                Config { $($name: self.$name.or(file.$name).unwrap_or_else(|| $default),)+ }
            }
        }

        /// Flag, environment variable and description of every setting, for the README's table and its test.
        pub const TABLE: &[(&str, &str, &str)] = &[$(($flag, $env, concat!($($doc),+)),)+];
    };
}

/// A list that flags and the environment give with commas, and TOML as an array or as the same string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: std::str::FromStr> std::str::FromStr for List<T> {
    type Err = T::Err;
    fn from_str(s: &str) -> Result<Self, T::Err> {
        s.split(',').map(str::trim).filter(|p| !p.is_empty()).map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl<'de, T> Deserialize<'de> for List<T>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    fn deserialize<D: serde::Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(String),
            Many(Vec<String>),
        }
        let joined = match Form::deserialize(de)? {
            Form::One(one) => one,
            Form::Many(many) => many.join(","),
        };
        joined.parse().map_err(serde::de::Error::custom)
    }
}

/// A STUN or TURN server of somebody else's, for clients whose network lets them reach us in no other way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceServer {
    url: String,
    username: String,
    credential: String,
}

impl IceServer {
    /// As the value of an HTTP `Link` (RFC 9725, section 4.6).
    pub fn link(&self) -> String {
        let Self { url, username, credential } = self;
        let with = if username.is_empty() {
            String::new()
        } else {
            format!("; username=\"{username}\"; credential=\"{credential}\"; credential-type=\"password\"")
        };
        format!("<{url}>; rel=\"ice-server\"{with}")
    }
}

impl std::str::FromStr for IceServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // What would end a quoted string or a link early.
        if text.chars().any(|c| !c.is_ascii_graphic() || "\"\\<>".contains(c)) {
            return Err(format!("{text}: neither spaces, quotes nor angle brackets"));
        }
        let mut parts = text.split(';');
        let url = parts.next().unwrap_or_default().to_owned();
        let (mut username, mut credential) = (String::new(), String::new());
        for part in parts {
            match part.split_once('=') {
                Some(("username", value)) => username = value.to_owned(),
                Some(("credential", value)) => credential = value.to_owned(),
                _ => return Err(format!("{part}: only username= and credential= may follow")),
            }
        }
        let turn = ["turn:", "turns:"].iter().any(|scheme| url.starts_with(scheme));
        let stun = ["stun:", "stuns:"].iter().any(|scheme| url.starts_with(scheme));
        if !turn && !stun {
            return Err(format!("{url}: not stun:, stuns:, turn: or turns:"));
        }
        if turn == (username.is_empty() || credential.is_empty()) {
            return Err(format!("{url}: username and credential go with TURN"));
        }
        Ok(Self { url, username, credential })
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

settings! {
    /// Address for HTTP or HTTPS; all of IPv6 and IPv4, port 8080, if not given.
    listen / "listen" / "SPRINGBREEZE_LISTEN": SocketAddr = SocketAddr::from(([0_u16; 8], 8080));
    /// UDP port of the media plane.
    media_udp / "media-udp" / "SPRINGBREEZE_MEDIA_UDP": u16 = 8189;
    /// TCP port for ICE over TCP; the UDP port's number if not given, 0 for none.
    media_tcp / "media-tcp" / "SPRINGBREEZE_MEDIA_TCP": u16 = LIKE_UDP;
    /// Threads that forward media; one per core if not given.
    media_workers / "media-workers" / "SPRINGBREEZE_MEDIA_WORKERS": usize = 0;
    /// Give each media thread a UDP port of its own, counted upwards from the first, instead of one port for all.
    media_ports / "media-ports" / "SPRINGBREEZE_MEDIA_PORTS": bool = false;
    /// TCP port under which clients reach the port of pages itself, announced for media over TCP; if not given, that of --listen unless a proxy seems to be in front, 0 for none.
    media_web / "media-web" / "SPRINGBREEZE_MEDIA_WEB": u16 = LIKE_LISTEN;
    /// IP addresses announced for media, by commas; the machine's own if not given.
    public_ip / "public-ip" / "SPRINGBREEZE_PUBLIC_IP": List<IpAddr> = List::default();
    /// STUN and TURN servers told to WHIP and WHEP clients, by commas: stun:HOST or turn:HOST?transport=tcp;username=NAME;credential=SECRET.
    ice_server / "ice-server" / "SPRINGBREEZE_ICE_SERVER": List<IceServer> = List::default();
    /// Host name, or whole origin such as https://fair.example, under which browsers reach the server.
    public_host / "public-host" / "SPRINGBREEZE_PUBLIC_HOST": String = String::new();
    /// PEM file with the certificate chain; turns on TLS together with the key.
    tls_cert / "tls-cert" / "SPRINGBREEZE_TLS_CERT": PathBuf = PathBuf::new();
    /// PEM file with the private key.
    tls_key / "tls-key" / "SPRINGBREEZE_TLS_KEY": PathBuf = PathBuf::new();
    /// Domains for which a certificate is fetched by ACME (TLS-ALPN-01), by commas.
    acme_domain / "acme-domain" / "SPRINGBREEZE_ACME_DOMAIN": List<String> = List::default();
    /// E-mail address given to the ACME certificate authority.
    acme_email / "acme-email" / "SPRINGBREEZE_ACME_EMAIL": String = String::new();
    /// ACME directory URL; Let's Encrypt's if not given.
    acme_directory / "acme-directory" / "SPRINGBREEZE_ACME_DIRECTORY": String = String::new();
    /// Believe X-Forwarded-For and X-Forwarded-Proto of the proxy in front.
    trust_proxy / "trust-proxy" / "SPRINGBREEZE_TRUST_PROXY": bool = false;
    /// Data folder: database, uploads, keys.
    data / "data" / "SPRINGBREEZE_DATA": PathBuf = PathBuf::from("data");
    /// Database URL: sqlite:FILE or postgres://...; SQLite in the data folder if not given.
    database / "database" / "SPRINGBREEZE_DATABASE": String = String::new();
    /// Log filter, such as debug or springbreeze=debug; warnings and the program's own news if not given.
    log / "log" / "SPRINGBREEZE_LOG": String = "warn,rtc=error,rtc_dtls=error,rtc_ice=error,springbreeze=info".into();
    /// Log lines as text or json.
    log_format / "log-format" / "SPRINGBREEZE_LOG_FORMAT": LogFormat = LogFormat::Text;
    /// SMTP server, such as smtps://user:password@host:465 or smtp://host:25; codes and notices go to the log without it.
    smtp / "smtp" / "SPRINGBREEZE_SMTP": String = String::new();
    /// Sender of mails.
    mail_from / "mail-from" / "SPRINGBREEZE_MAIL_FROM": String = "春风 Spring Breeze <noreply@localhost>".into();
    /// Address for replies to mails, also the organiser of invitations in calendars; the sender's if not given.
    mail_reply / "mail-reply" / "SPRINGBREEZE_MAIL_REPLY": String = String::new();
    /// URL to which text messages are posted as JSON {to, text}.
    sms_webhook / "sms-webhook" / "SPRINGBREEZE_SMS_WEBHOOK": String = String::new();
    /// File with the bearer token for the SMS webhook.
    sms_token_file / "sms-token-file" / "SPRINGBREEZE_SMS_TOKEN_FILE": PathBuf = PathBuf::new();
    /// Let push messages and webhooks go to any address, also of this machine and without TLS: for tests.
    push_anywhere / "push-anywhere" / "SPRINGBREEZE_PUSH_ANYWHERE": bool = false;
    /// File with the master key (64 hex digits); made in the data folder on the first start if not given.
    key_file / "key-file" / "SPRINGBREEZE_KEY_FILE": PathBuf = PathBuf::new();
    /// Time zone of new fairs.
    zone / "zone" / "SPRINGBREEZE_ZONE": String = "Asia/Shanghai".into();
    /// Most viewers and publishers on the media plane at once.
    max_peers / "max-peers" / "SPRINGBREEZE_MAX_PEERS": usize = 4_000;
    /// Most open TCP connections for HTTP and sockets.
    max_connections / "max-connections" / "SPRINGBREEZE_MAX_CONNECTIONS": usize = 12_000;
    /// New visitors a second that are let in at most, fewer when pages get slow; the others wait for their turn. 0 lets everybody in at any time.
    admission_rate / "admission-rate" / "SPRINGBREEZE_ADMISSION_RATE": u32 = 500;
    /// Largest upload in MiB.
    max_upload / "max-upload" / "SPRINGBREEZE_MAX_UPLOAD": usize = 10;
    /// Days for which reports and held messages are kept once they are decided, 60 at least; those that wait stay.
    keep_cases / "keep-cases" / "SPRINGBREEZE_KEEP_CASES": u32 = 90;
    /// Days for which messages and files of an interview's call are kept, 1 at least.
    keep_calls / "keep-calls" / "SPRINGBREEZE_KEEP_CALLS": u32 = 90;
    /// Days for which recordings of interviews are kept, 1 at least.
    keep_recordings / "keep-recordings" / "SPRINGBREEZE_KEEP_RECORDINGS": u32 = 30;
    /// Seconds given to open requests, sockets and jobs at shutdown.
    drain / "drain" / "SPRINGBREEZE_DRAIN": u64 = 10;
    /// Bearer token that /metrics asks for; only this machine may read it without one.
    metrics_token / "metrics-token" / "SPRINGBREEZE_METRICS_TOKEN": String = String::new();
}

/// The media plane's TCP port has the number of its UDP port, also where that is of the system's choice.
pub const LIKE_UDP: u16 = u16::MAX;

/// Media on the port of pages is announced if nothing says that a proxy is in front.
const LIKE_LISTEN: u16 = u16::MAX;

/// What is wrong with the settings, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    #[error("{0}: {1}")]
    Malformed(PathBuf, Box<toml::de::Error>),
    #[error("{0}")]
    Contradiction(String),
}

impl Settings {
    /// Merges the given settings with the file at `path`, if one is named, and the defaults.
    pub fn load(self, path: Option<&Path>) -> Result<Config, ConfigError> {
        let file = match path {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| ConfigError::Unreadable(path.into(), e))?;
                toml::from_str(&text).map_err(|e| ConfigError::Malformed(path.into(), Box::new(e)))?
            }
        };
        let mut config = self.resolve(file);
        if config.media_tcp == LIKE_UDP {
            config.media_tcp = config.media_udp;
        }
        if config.tls_cert.as_os_str().is_empty() != config.tls_key.as_os_str().is_empty() {
            return Err(ConfigError::Contradiction("tls-cert and tls-key go together".into()));
        }
        if !config.tls_cert.as_os_str().is_empty() && !config.acme_domain.0.is_empty() {
            return Err(ConfigError::Contradiction("give either tls-cert and tls-key, or acme-domain".into()));
        }
        // Records of a live broadcast must be kept for so long.
        if config.keep_cases < 60 {
            return Err(ConfigError::Contradiction(format!("keep-cases {} is less than 60 days", config.keep_cases)));
        }
        for (name, days) in [("keep-calls", config.keep_calls), ("keep-recordings", config.keep_recordings)] {
            if days == 0 {
                return Err(ConfigError::Contradiction(format!("{name} 0 keeps none")));
            }
        }
        if jiff::tz::TimeZone::get(&config.zone).is_err() {
            return Err(ConfigError::Contradiction(format!("zone {} is not a time zone", config.zone)));
        }
        Ok(config)
    }
}

impl Config {
    /// Settings for tests: everything on this machine, ports of the system's choice.
    pub fn for_tests(data: &Path) -> Self {
        let mut config = Settings::default().resolve(Settings::default());
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.data = data.into();
        (config.media_udp, config.media_tcp) = (0, 0);
        config.public_ip = List(vec![IpAddr::from([127, 0, 0, 1])]);
        config.drain = 8;
        config
    }

    pub fn tls(&self) -> bool {
        !self.tls_cert.as_os_str().is_empty() || !self.acme_domain.0.is_empty()
    }

    /// The port under which clients reach the port of pages itself, `bound`, for media over TCP. A proxy that understands HTTP or ends TLS lets no
    /// media through: then there is none, and one that passes everything on is said by giving the port.
    pub fn web_media_port(&self, bound: u16) -> Option<u16> {
        let proxied = || {
            let elsewhere = self.public_host.contains("://") && !self.origin_is_ours(bound);
            let behind = self.listen.ip().is_loopback() && self.public_ip.0.iter().any(|ip| !ip.is_loopback());
            self.trust_proxy || elsewhere || behind
        };
        match self.media_web {
            0 => None,
            LIKE_LISTEN => (!proxied()).then_some(bound),
            port => Some(port),
        }
    }

    /// Whether the origin that is given in full has our scheme and port.
    fn origin_is_ours(&self, bound: u16) -> bool {
        let (scheme, default) = if self.tls() { ("https", 443) } else { ("http", 80) };
        let Some((given, rest)) = self.public_host.split_once("://") else { return true };
        let authority = rest.split('/').next().unwrap_or_default();
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(default);
        given == scheme && port == bound
    }

    pub fn database_url(&self) -> String {
        if self.database.is_empty() { format!("sqlite:{}", self.data.join("springbreeze.db").display()) } else { self.database.clone() }
    }

    /// The origin under which browsers reach the server, without a trailing slash; `port` is the bound one.
    pub fn origin(&self, port: u16) -> String {
        let scheme = if self.tls() { "https" } else { "http" };
        let host = self.public_host.trim_end_matches('/');
        if host.contains("://") {
            return host.to_owned();
        }
        let host = match (host, self.acme_domain.0.first()) {
            ("", Some(domain)) => domain,
            ("", None) => "localhost",
            (host, _) => host,
        };
        let default_port = (scheme == "https" && port == 443) || (scheme == "http" && port == 80);
        if default_port || host.contains(':') { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().expect("temp file");
        std::fs::write(file.path(), text).expect("write");
        Settings { media_udp: Some(9000), ..Settings::default() }.load(Some(file.path()))
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let config = load("media-udp = 1\nmax-peers = 7\npublic-ip = ['10.0.0.1', '::1']").expect("valid");
        assert_eq!((config.media_udp, config.media_tcp, config.max_peers, config.drain), (9000, 9000, 7, 10));
        assert_eq!(config.public_ip.0.len(), 2);
    }

    #[test]
    fn media_comes_by_the_port_of_pages_unless_a_proxy_is_in_front() {
        let port = |text: &str| load(text).expect("valid").web_media_port(443);
        assert_eq!(port(""), Some(443));
        assert_eq!(port("public-host = 'fair.example'"), Some(443));
        assert_eq!(port("trust-proxy = true"), None);
        assert_eq!(port("public-host = 'https://fair.example'"), None, "somebody else ends TLS");
        assert_eq!(port("public-host = 'https://fair.example/'\nacme-domain = 'fair.example'"), Some(443));
        assert_eq!(port("public-host = 'https://fair.example:8443'\nacme-domain = 'fair.example'"), None, "another port");
        assert_eq!(port("listen = '127.0.0.1:443'\npublic-ip = '203.0.113.7'"), None);
        assert_eq!(port("listen = '127.0.0.1:443'"), Some(443));
        assert_eq!((port("media-web = 0"), port("trust-proxy = true\nmedia-web = 8443")), (None, Some(8443)));
    }

    #[test]
    fn stun_and_turn_servers_become_links() {
        let config =
            load("ice-server = ['stun:stun.example', 'turns:turn.example?transport=tcp;username=u;credential=p+/=']").expect("valid");
        let links: Vec<String> = config.ice_server.0.iter().map(IceServer::link).collect();
        assert_eq!(links[0], "<stun:stun.example>; rel=\"ice-server\"");
        let turn =
            "<turns:turn.example?transport=tcp>; rel=\"ice-server\"; username=\"u\"; credential=\"p+/=\"; credential-type=\"password\"";
        assert_eq!(links[1], turn);
        for wrong in ["http://x", "turn:x", "stun:x;username=u;credential=p", "turn:x;username=u", "stun:x;y", "stun:a b", "stun:a\"b"] {
            assert!(wrong.parse::<IceServer>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = load("lisen = 1").expect_err("unknown").to_string();
        assert!(error.contains("lisen"), "{error}");
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(load("tls-cert = 'a.pem'").is_err());
        assert!(load("zone = 'Mars/Olympus'").is_err());
        assert!(load("keep-cases = 59").is_err() && load("keep-cases = 60").is_ok());
    }

    #[test]
    fn the_origin_follows_host_and_tls() {
        let mut config = load("").expect("valid");
        assert_eq!(config.origin(8080), "http://localhost:8080");
        config.public_host = "https://fair.example/".into();
        assert_eq!(config.origin(8080), "https://fair.example");
        config.public_host = "fair.example".into();
        config.acme_domain = List(vec!["fair.example".into()]);
        assert_eq!(config.origin(443), "https://fair.example");
    }
}
