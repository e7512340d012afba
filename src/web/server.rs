//! The listener: plain HTTP or TLS (own certificate or ACME), bounded connections, bounded headers, graceful drain. What a body
//! may take is in `pace`, what a peer may leave untaken in `guarded`, who brings media instead in `first`.
//!
//! axum's own `serve` neither limits connections nor times out slow headers, and its graceful shutdown does not wait for
//! upgraded sockets; those belong to the app's task tracker and close by its token.

use super::first::{self, Takeover};
use super::guarded::Guarded;
use crate::config::Config;
use anyhow::Context;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// A client has this long to send its request head; a half-open socket is gone after it.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// hyper's read buffer per connection bounds the request head.
const MAX_HEAD: usize = 16 * 1024;

/// Whether this server itself encrypted the connection that a request came by; among the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Encrypted(pub bool);

/// How connections are secured.
#[derive(Clone)]
pub enum Security {
    Plain,
    Tls(tokio_rustls::TlsAcceptor),
    Acme { challenge: Arc<rustls::ServerConfig>, default: Arc<rustls::ServerConfig> },
}

impl Security {
    pub fn load(config: &Config, token: &CancellationToken, tracker: &TaskTracker) -> anyhow::Result<Self> {
        if !config.acme_domain.0.is_empty() {
            return Ok(acme(config, token, tracker));
        }
        if config.tls_cert.as_os_str().is_empty() {
            return Ok(Self::Plain);
        }
        use rustls::pki_types::pem::PemObject;
        let certs = rustls::pki_types::CertificateDer::pem_file_iter(&config.tls_cert)
            .context("tls-cert")?
            .collect::<Result<Vec<_>, _>>()
            .context("tls-cert")?;
        let key = rustls::pki_types::PrivateKeyDer::from_pem_file(&config.tls_key).context("tls-key")?;
        let mut tls = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(certs, key).context("certificate and key")?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self::Tls(Arc::new(tls).into()))
    }
}

fn acme(config: &Config, token: &CancellationToken, tracker: &TaskTracker) -> Security {
    use futures_util::StreamExt;
    let mut acme = rustls_acme::AcmeConfig::new(&config.acme_domain.0).cache(rustls_acme::caches::DirCache::new(config.data.join("acme")));
    if !config.acme_email.is_empty() {
        acme = acme.contact_push(format!("mailto:{}", config.acme_email));
    }
    acme = if config.acme_directory.is_empty() { acme.directory_lets_encrypt(true) } else { acme.directory(&config.acme_directory) };
    let mut state = acme.state();
    let (challenge, default) = (state.challenge_rustls_config(), state.default_rustls_config());
    let token = token.clone();
    tracker.spawn(async move {
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                event = state.next() => match event {
                    Some(Ok(done)) => tracing::info!(?done, "certificate"),
                    Some(Err(error)) => tracing::error!(%error, "certificate"),
                    None => return,
                },
            }
        }
    });
    Security::Acme { challenge, default }
}

/// How many connections can be open at once: `wanted`, unless the system allows the process fewer files. Raises what it allows.
pub fn places(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let known = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: known.maximum, maximum: known.maximum });
    let files = if raised.is_ok() { known.maximum } else { known.current };
    let most = places_of(files);
    if most < wanted {
        tracing::warn!(files, connections = most, wanted, "the system allows too few open files");
    }
    most.min(wanted)
}

/// A quarter is for the database, uploads and ICE over TCP: a visitor too many must wait and not break what runs.
fn places_of(files: Option<u64>) -> usize {
    files.and_then(|n| usize::try_from(n - n / 4).ok()).unwrap_or(usize::MAX)
}

/// Connections that wait to be accepted: a room that comes back after an outage.
const BACKLOG: i32 = 1_024;

/// Listens at `address`; at all addresses of IPv6 also at those of IPv4. Without IPv6 on this machine, at those of IPv4 alone.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let open = |address: SocketAddr| {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        // A server that is started again must not wait for connections of the one before.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    match open(address) {
        Err(error) if address.is_ipv6() && address.ip().is_unspecified() && error.kind() != std::io::ErrorKind::AddrInUse => {
            open((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        opened => opened,
    }
}

/// What is behind the listener.
#[derive(Clone)]
pub struct Behind {
    pub security: Security,
    pub router: Router,
    /// Takes media that comes in by this port; none: only pages are served here.
    pub media: Option<Takeover>,
}

/// Accepts until `token` ends; each connection is a task of `tracker`.
pub async fn serve(listener: TcpListener, behind: Behind, max_connections: usize, token: CancellationToken, tracker: TaskTracker) {
    let places = Arc::new(Semaphore::new(max_connections));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let (stream, peer) = tokio::select! {
            () = token.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: waiting lets others close.
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let _ = stream.set_nodelay(true);
        // Who comes by IPv4 to a socket for both is shown as who they are.
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let (behind, token) = (behind.clone(), token.clone());
        tracker.spawn(async move {
            sort_and_serve(stream, peer, behind, token).await;
            drop(place);
        });
    }
}

/// A connection that is handed over has no place here any more: the media plane counts its own.
async fn sort_and_serve(mut stream: TcpStream, peer: SocketAddr, behind: Behind, token: CancellationToken) {
    if let Some(media) = &behind.media {
        stream = tokio::select! {
            () = token.cancelled() => return,
            sorted = first::sort(stream, peer, media, HEADER_TIMEOUT) => match sorted {
                Some(stream) => stream,
                None => return,
            },
        };
    }
    secure_and_serve(stream, peer, behind.security, behind.router, token).await;
}

async fn secure_and_serve(stream: TcpStream, peer: SocketAddr, security: Security, router: Router, token: CancellationToken) {
    let secured = match security {
        Security::Plain => return serve_connection(stream, (peer, Encrypted(false)), router, token).await,
        Security::Tls(acceptor) => tokio::time::timeout(TLS_TIMEOUT, async { acceptor.accept(stream).await.ok() }).await,
        Security::Acme { challenge, default } => tokio::time::timeout(TLS_TIMEOUT, acme_handshake(stream, challenge, default)).await,
    };
    if let Ok(Some(tls)) = secured {
        serve_connection(tls, (peer, Encrypted(true)), router, token).await;
    }
}

/// Answers the authority's challenge (then there is nothing to serve), or shakes hands with a visitor.
async fn acme_handshake(
    stream: TcpStream,
    challenge: Arc<rustls::ServerConfig>,
    default: Arc<rustls::ServerConfig>,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let start = tokio_rustls::LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await.ok()?;
    if rustls_acme::is_tls_alpn_challenge(&start.client_hello()) {
        start.into_stream(challenge).await.ok()?;
        return None;
    }
    start.into_stream(default).await.ok()
}

async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    (peer, encrypted): (SocketAddr, Encrypted),
    router: Router,
    token: CancellationToken,
) {
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(encrypted);
        router.clone().oneshot(request)
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_HEAD).max_headers(64);
    let stream = Guarded::new(stream, token.clone());
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = token.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_left_for_what_is_no_connection() {
        assert_eq!((places_of(Some(1_024)), places_of(Some(0)), places_of(None)), (768, 0, usize::MAX));
        assert!(places(100) <= 100 && places(usize::MAX) > 0);
    }
}
