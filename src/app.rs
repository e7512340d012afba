//! Puts the parts together: opens the stores, starts the jobs, mounts the routes, listens, and takes it all down in order.
//!
//! Every task belongs to the app's tracker and ends with its token. Shutdown: stop accepting, let requests finish, end
//! sockets and peers by the token, then wait for the tracker up to the drain deadline, then close the database.

mod figures;

use crate::accounts::{Accounts, resolve_viewer};
use crate::admission::{Admission, admit};
use crate::announcements::Announcements;
use crate::applications::Applications;
use crate::blobs::Blobs;
use crate::chat::Chat;
use crate::clock::{Clock, DAY};
use crate::config::{Config, IceServer, LIKE_UDP};
use crate::db::Db;
use crate::employers::{Employers, PAPER_MEGABYTES};
use crate::fairs::Fairs;
use crate::imports::{Imports, MEGABYTES as IMPORT_MEGABYTES};
use crate::interviews::{FILE_MEGABYTES, Interviews, MOST_PUBLISHERS};
use crate::judging::Judging;
use crate::keys::Keys;
use crate::live::Live;
use crate::live::wish::Wish;
use crate::media::{Media, MediaConfig};
use crate::metrics::{self, Metrics};
use crate::moderation::Moderation;
use crate::network::Network;
use crate::notices::Notices;
use crate::notify::Notify;
use crate::polls::Polls;
use crate::postings::{CLIP_MEGABYTES, PICTURE_MEGABYTES, Postings};
use crate::privacy::{Privacy, Sources};
use crate::questions::Questions;
use crate::queue::Queue;
use crate::recordings::{PIECE_MEGABYTES, Recordings};
use crate::rooms::Rooms;
use crate::searches::Searches;
use crate::stage::{Guests, SLIDE_MEGABYTES, Stage};
use crate::stations::Stations;
use crate::syndication::Syndication;
use crate::telling::Telling;
use crate::web::{self, Takeover, client_ip, pace_bodies, render_problems, server};
use crate::webhooks::Webhooks;
use anyhow::Context;
use axum::extract::DefaultBodyLimit;
use axum::http::header::X_FRAME_OPTIONS;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state, map_request};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

/// Bodies of ordinary forms and JSON; uploads raise it on their own route.
const MAX_BODY: usize = 256 * 1024;

/// The server, running.
pub struct App {
    pub addr: SocketAddr,
    /// Where browsers reach it, without a trailing slash.
    pub origin: String,
    pub config: Config,
    pub parts: Parts,
    token: CancellationToken,
    tracker: TaskTracker,
}

/// The capabilities, for the demo and for tests.
#[derive(Clone)]
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub keys: Keys,
    pub notify: Notify,
    pub accounts: Accounts,
    pub fairs: Fairs,
    pub rooms: Rooms,
    pub employers: Employers,
    pub postings: Postings,
    pub applications: Applications,
    pub searches: Searches,
    pub stations: Stations,
    pub imports: Imports,
    pub live: Live,
    pub interviews: Interviews,
    pub judging: Judging,
    pub recordings: Recordings,
    pub moderation: Moderation,
    pub chat: Chat,
    pub network: Network,
    pub queue: Queue,
    pub admission: Admission,
    pub questions: Questions,
    pub polls: Polls,
    pub announcements: Announcements,
    pub guests: Guests,
    pub webhooks: Webhooks,
    pub telling: Telling,
    pub privacy: Privacy,
}

impl App {
    /// Opens everything and starts to listen.
    pub async fn start(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        std::fs::create_dir_all(&config.data).with_context(|| format!("cannot make {}", config.data.display()))?;
        let listener = server::listen(config.listen).with_context(|| format!("cannot listen on {}", config.listen))?;
        let addr = listener.local_addr()?;
        let origin = config.origin(addr.port());
        let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
        let db = Db::open(&config).await?;
        let parts = Parts::new(&config, db, clock, (&origin, addr), &token, &tracker).await?;
        parts.spawn_jobs(&token, &tracker);
        let router = router(&config, &parts);
        let security = server::Security::load(&config, &token, &tracker)?;
        let media = config.web_media_port(addr.port()).map(|_| takeover(parts.live.media.clone()));
        let behind = server::Behind { security, router, media };
        let places = server::places(config.max_connections);
        tracker.spawn(server::serve(listener, behind, places, token.clone(), tracker.clone()));
        Ok(Self { addr, origin, config, parts, token, tracker })
    }

    /// Where this machine reaches it, for the demo's own publisher.
    pub fn local_origin(&self) -> String {
        let host = if self.addr.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { self.addr.ip() };
        format!("http://{}", SocketAddr::new(host, self.addr.port()))
    }

    /// Takes the server down in order, within the drain time.
    pub async fn stop(self) {
        self.token.cancel();
        self.tracker.close();
        if tokio::time::timeout(Duration::from_secs(self.config.drain), self.tracker.wait()).await.is_err() {
            tracing::warn!(open = self.tracker.len(), "the drain time is over");
        }
        self.parts.db.close().await;
    }
}

impl Parts {
    async fn new(
        config: &Config,
        db: Db,
        clock: Clock,
        (origin, addr): (&str, SocketAddr),
        token: &CancellationToken,
        tracker: &TaskTracker,
    ) -> anyhow::Result<Self> {
        let keys = Keys::load(config)?;
        let notify = Notify::new(config, db.clone(), clock.clone(), keys.clone())?;
        let accounts = Accounts::new(db.clone(), clock.clone(), keys.clone(), notify.clone(), origin);
        let fairs = Fairs::new(accounts.clone());
        let rooms = Rooms::new(fairs.clone());
        // What is kept of a paper is sealed, which makes it a little larger.
        let employers = Employers::new(fairs.clone(), Blobs::open_own(config, "papers", PAPER_MEGABYTES + 1));
        let pictures = (Blobs::open_within(config, "postings", PICTURE_MEGABYTES), Blobs::open_own(config, "postings-small", 1));
        let clips = Blobs::open_within(config, "clips", CLIP_MEGABYTES);
        let postings = Postings::new(rooms.clone(), employers.clone(), pictures, clips);
        let applications = Applications::new(postings.clone(), Blobs::open(config)?);
        let searches = Searches::new(applications.clone());
        let stations = Stations::new(applications.clone());
        let imports = Imports::new(postings.clone(), Blobs::open_within(config, "imports", IMPORT_MEGABYTES));
        let media = start_media(config, addr, token, tracker)?;
        let links: Vec<String> = config.ice_server.0.iter().map(IceServer::link).collect();
        let wish = Wish::new(media, origin, &links);
        let live = Live::start(rooms.clone(), wish, db.clone(), clock.clone(), token, tracker);
        let files = Blobs::open_within(config, "calls", FILE_MEGABYTES);
        let interviews = Interviews::new(live.clone(), postings.clone(), applications.clone(), files, config.keep_calls);
        let judging = Judging::new(interviews.clone(), applications.clone());
        let recordings = Recordings::new(
            interviews.clone(),
            Blobs::open_own(config, "recordings", PIECE_MEGABYTES),
            config.keep_recordings,
            token,
            tracker,
        );
        let moderation = Moderation::new(live.clone(), applications.clone(), config.keep_cases, token, tracker);
        let guests = Guests::new(moderation.clone(), Blobs::open_within(config, "slides", SLIDE_MEGABYTES));
        let chat = Chat::new(moderation.clone(), config.max_connections, token, tracker);
        let network = Network::new(live.wish.clone(), clock.clone(), crate::demo::CLIP, config.trust_proxy, token, tracker);
        let queue = Queue::new(interviews.clone(), postings.clone(), chat.clone());
        let webhooks = Webhooks::new(accounts.clone(), config.push_anywhere)?;
        let admission = Admission::new(config, keys.clone(), clock.clone(), accounts.secure_cookies);
        let (questions, polls, announcements) =
            (Questions::new(chat.clone()), Polls::new(chat.clone()), Announcements::new(live.clone(), tracker));
        let telling = Telling::new(interviews.clone(), accounts.clone(), &config.zone);
        let privacy = Privacy::new(Sources {
            accounts: accounts.clone(),
            employers: employers.clone(),
            applications: applications.clone(),
            interviews: interviews.clone(),
            recordings: recordings.clone(),
            moderation: moderation.clone(),
            questions: questions.clone(),
            polls: polls.clone(),
            queue: queue.clone(),
            guests: guests.clone(),
            searches: searches.clone(),
            stations: stations.clone(),
            telling: telling.clone(),
        });
        Ok(Self {
            db,
            clock,
            keys,
            notify,
            accounts,
            fairs,
            rooms,
            employers,
            postings,
            applications,
            searches,
            stations,
            imports,
            live,
            interviews,
            judging,
            recordings,
            moderation,
            chat,
            network,
            queue,
            admission,
            questions,
            polls,
            announcements,
            guests,
            webhooks,
            telling,
            privacy,
        })
    }

    fn stage(&self) -> Stage {
        let (postings, chat, queue, guests) = (self.postings.clone(), self.chat.clone(), self.queue.clone(), self.guests.clone());
        Stage::new(postings, chat, queue, guests, self.questions.clone(), self.polls.clone(), self.announcements.clone())
    }

    fn spawn_jobs(&self, token: &CancellationToken, tracker: &TaskTracker) {
        tracker.spawn(self.notify.clone().run(token.clone()));
        tracker.spawn(self.postings.clone().run(token.clone()));
        tracker.spawn(self.searches.clone().run(token.clone()));
        tracker.spawn(self.imports.clone().run(token.clone()));
        tracker.spawn(self.interviews.clone().run(token.clone()));
        tracker.spawn(self.interviews.clone().run_desk(token.clone()));
        tracker.spawn(self.interviews.clone().run_claims(token.clone()));
        tracker.spawn(self.interviews.clone().run_calls(token.clone()));
        tracker.spawn(self.employers.clone().run(token.clone()));
        tracker.spawn(self.judging.clone().run(token.clone()));
        tracker.spawn(self.recordings.clone().run(token.clone()));
        tracker.spawn(self.queue.clone().run(token.clone()));
        tracker.spawn(self.admission.clone().run(token.clone()));
        tracker.spawn(self.questions.clone().run(token.clone()));
        tracker.spawn(self.polls.clone().run(token.clone()));
        tracker.spawn(self.guests.clone().run(token.clone()));
        tracker.spawn(self.webhooks.clone().run(token.clone()));
        tracker.spawn(self.privacy.clone().run(token.clone()));
        let (accounts, applications, imports, token) =
            (self.accounts.clone(), self.applications.clone(), self.imports.clone(), token.clone());
        let (guests, moderation, notify, interviews) =
            (self.guests.clone(), self.moderation.clone(), self.notify.clone(), self.interviews.clone());
        let employers = self.employers.clone();
        tracker.spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_secs(3_600));
            loop {
                tokio::select! {
                    () = token.cancelled() => return,
                    _ = tick.tick() => {
                        let (expired, strays, old) = (accounts.forget_expired().await, applications.forget_strays().await, applications.seal_old().await);
                        let (pictures, decided) = (guests.forget_strays().await, moderation.forget_decided().await);
                        let (sent, said, past) = (notify.forget_sent().await, interviews.forget_said().await, interviews.forget_past_times().await);
                        let (tables, papers) = (imports.forget_old().await, employers.forget_strays().await);
                        let errors = [tables.err(), papers.err(), expired.err(), strays.err(), old.err(), pictures.err(), decided.err(), sent.err(), said.err(), past.err()];
                        for error in errors.into_iter().flatten() {
                            tracing::error!(?error, "housekeeping");
                        }
                    }
                }
            }
        });
    }

    /// On a server without an administrator: the one-time link with which the first organiser sets up, good for a day.
    pub async fn setup_link(&self) -> anyhow::Result<Option<String>> {
        let open = self.accounts.nobody_is_set_up().await.map_err(|e| anyhow::anyhow!("{e:?}"))?;
        if !open {
            return Ok(None);
        }
        self.accounts.sign_in_link(None, 1, DAY).await.map(Some).map_err(|e| anyhow::anyhow!("{e:?}"))
    }
}

/// The media plane listens where HTTP does; where other addresses are announced, as behind a proxy on the same machine, on all of the families
/// that are. A socket for all of IPv6 takes IPv4 too.
fn media_ip(listen: IpAddr, announced: &[IpAddr]) -> IpAddr {
    let elsewhere = !listen.is_unspecified() && announced.iter().any(|ip| *ip != listen);
    if announced.iter().any(IpAddr::is_ipv6) && (elsewhere || listen.is_unspecified()) {
        Ipv6Addr::UNSPECIFIED.into()
    } else if elsewhere {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        listen
    }
}

/// Media that comes in by the port of pages goes to the media plane.
fn takeover(media: Media) -> Takeover {
    Arc::new(move |stream, peer, read| {
        let media = media.clone();
        Box::pin(async move { media.accept(stream, peer, read).await })
    })
}

/// `web`: where pages are served.
fn start_media(config: &Config, web: SocketAddr, token: &CancellationToken, tracker: &TaskTracker) -> anyhow::Result<Media> {
    let ip = media_ip(web.ip(), &config.public_ip.0);
    let at = |port| SocketAddr::new(ip, port);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let settings = MediaConfig {
        workers: if config.media_workers == 0 { cores } else { config.media_workers },
        one_port: !config.media_ports,
        udp: at(config.media_udp),
        tcp: match config.media_tcp {
            0 => None,
            // The plane gives it the number that UDP got.
            LIKE_UDP => Some(at(0)),
            port => Some(at(port)),
        },
        web: config.web_media_port(web.port()),
        announced: config.public_ip.0.clone(),
        max_viewers: config.max_peers,
        // A publisher costs as much as many viewers; a fair has at most a few hundred booths. Calls count their own.
        max_publishers: config.max_peers.min(500) + config.max_peers.min(MOST_PUBLISHERS),
    };
    let udp = settings.udp;
    Media::start(settings, token.clone(), tracker.clone()).with_context(|| format!("cannot open the media port {udp}"))
}

/// Layers that go together are one: each by itself is a copy of all that is below it for every request.
fn router(config: &Config, parts: &Parts) -> Router {
    let pages = Router::new()
        .merge(crate::accounts::routes(parts.accounts.clone()))
        .merge(crate::fairs::routes(parts.fairs.clone()))
        .merge(crate::lobby::routes(parts.announcements.clone()))
        .merge(crate::announcements::routes(parts.announcements.clone()))
        .merge(crate::questions::routes(parts.questions.clone()))
        .merge(crate::polls::routes(parts.polls.clone()))
        .merge(crate::notices::routes(Notices::new(parts.chat.clone())))
        .merge(crate::console::routes(crate::console::Console { live: parts.live.clone() }))
        .merge(crate::employers::routes(parts.employers.clone()))
        .merge(crate::postings::routes(parts.postings.clone()))
        .merge(crate::syndication::routes(Syndication::new(parts.postings.clone())))
        .merge(crate::applications::routes(parts.applications.clone(), parts.interviews.clone(), parts.moderation.clone()))
        .merge(crate::searches::routes(parts.searches.clone()))
        .merge(crate::stations::routes(parts.stations.clone()))
        .merge(crate::imports::routes(parts.imports.clone()))
        .merge(crate::interviews::routes(parts.interviews.clone()))
        .merge(crate::schedule::routes(parts.interviews.schedule.clone()))
        .merge(crate::judging::routes(parts.judging.clone()))
        .merge(crate::telling::routes(parts.telling.clone()))
        .merge(crate::recordings::routes(parts.recordings.clone()))
        .merge(crate::privacy::routes(parts.privacy.clone()))
        .merge(crate::queue::routes(parts.queue.clone()))
        .merge(crate::stage::routes(parts.stage()))
        .merge(crate::chat::routes(parts.chat.clone()))
        .merge(crate::moderation::routes(parts.moderation.clone(), parts.questions.clone()))
        .merge(crate::network::routes(parts.network.clone()))
        .merge(crate::webhooks::routes(parts.webhooks.clone()))
        .merge(web::preferences_routes())
        .layer(
            ServiceBuilder::new()
                .layer(CatchPanicLayer::custom(panicked))
                .layer(from_fn(pace_bodies))
                .layer(DefaultBodyLimit::max(MAX_BODY))
                .layer(CsrfLayer::new()),
        );
    let media = Router::new()
        .merge(crate::live::media_routes(parts.live.clone(), parts.moderation.stream_door()))
        .merge(crate::stage::media_routes(parts.guests.clone()))
        .merge(crate::network::media_routes(parts.network.clone()))
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(crate::live::wish::cross_origin))
                .layer(from_fn(render_problems))
                .layer(from_fn_with_state(parts.accounts.clone(), resolve_viewer))
                .layer(from_fn(render_problems))
                .layer(CatchPanicLayer::custom(panicked))
                .layer(from_fn(pace_bodies)),
        );
    let db = parts.db.clone();
    let sampled = parts.clone();
    let metrics = Metrics::new(config, move || figures::figures(&sampled.live, &sampled.admission));
    Router::new()
        .merge(pages)
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(
            ServiceBuilder::new()
                .layer(from_fn(render_problems))
                .layer(from_fn_with_state(parts.admission.clone(), admit))
                .layer(from_fn_with_state(parts.accounts.clone(), resolve_viewer))
                .layer(from_fn(render_problems)),
        )
        .merge(media)
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready).layer(Extension(db)))
        .route("/metrics", get(metrics::show).with_state(metrics.clone()))
        .layer(
            ServiceBuilder::new()
                .layer(PropagateRequestIdLayer::x_request_id())
                .layer(security_header(
                    "permissions-policy",
                    "camera=(self), microphone=(self), display-capture=(self), geolocation=(self)",
                ))
                .layer(SetResponseHeaderLayer::if_not_present(X_FRAME_OPTIONS, unframed))
                .layer(security_header("referrer-policy", "strict-origin-when-cross-origin"))
                .layer(security_header("content-security-policy", CSP)),
        )
        // What is said above is said of pages. Of fifty scripts and styles it would cost a phone twenty kilobytes and mean nothing.
        .merge(web::asset_routes())
        .layer(
            ServiceBuilder::new()
                .layer(map_request({
                    let note = client_ip(config.trust_proxy);
                    move |request| {
                        let request = note(request);
                        async move { request }
                    }
                }))
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
                .layer(TraceLayer::new_for_http().on_failure(()).make_span_with(|request: &axum::extract::Request| {
                    let id = request.headers().get("x-request-id").and_then(|v| v.to_str().ok()).unwrap_or("");
                    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
                }))
                .layer(security_header("x-content-type-options", "nosniff"))
                .layer(CatchPanicLayer::new())
                .layer(CompressionLayer::new())
                .layer(from_fn_with_state(metrics, metrics::count)),
        )
}

/// Everything comes from here; nothing inline. `blob:` is for previews of what a person picked.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What says itself that everybody may frame it is not forbidden to older browsers either, which know this header alone.
fn unframed(response: &Response) -> Option<HeaderValue> {
    let csp = response.headers().get(header::CONTENT_SECURITY_POLICY).and_then(|value| value.to_str().ok());
    let framed = csp.is_some_and(|csp| csp.ends_with("frame-ancestors *"));
    (!framed).then_some(HeaderValue::from_static("DENY"))
}

fn security_header(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
}

/// A panic in a handler is our fault and looks like any other error inside; the panic hook has told where it was.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

async fn ready(Extension(db): Extension<Db>) -> (StatusCode, [(HeaderName, &'static str); 1], &'static str) {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    match db.ping().await {
        Ok(()) => (StatusCode::OK, plain, "ready\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], "database unavailable\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower::ServiceExt;

    #[test]
    fn media_behind_a_proxy_is_heard_from_outside() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("address");
        let heard = |listen, announced: &[&str]| media_ip(ip(listen), &announced.iter().map(|a| ip(a)).collect::<Vec<_>>()).to_string();
        assert_eq!(heard("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(heard("127.0.0.1", &["127.0.0.1"]), "127.0.0.1");
        assert_eq!(heard("127.0.0.1", &["203.0.113.7"]), "0.0.0.0");
        assert_eq!(heard("127.0.0.1", &["203.0.113.7", "2001:db8::7"]), "::");
        assert_eq!(heard("0.0.0.0", &["203.0.113.7"]), "0.0.0.0");
        assert_eq!(heard("0.0.0.0", &["203.0.113.7", "2001:db8::7"]), "::");
        assert_eq!(heard("::", &["203.0.113.7"]), "::");
        assert_eq!(heard("::1", &["::1"]), "::1");
    }

    #[tokio::test]
    async fn a_panic_looks_like_any_other_error_inside() {
        let router = Router::new()
            .route("/", get(|| async { panic!("on purpose") as StatusCode }))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn(render_problems));
        let response = router.oneshot(axum::extract::Request::new(axum::body::Body::empty())).await.expect("response");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
}
