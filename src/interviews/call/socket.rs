//! `GET /interviews/{id}/socket`: one task for each page of a call. It hears beats and messages, and tells what has changed, each time as its
//! person may know it at that moment. `docs/protocol.md` has the frames.
//!
//! Invariants: nobody hears a word before they are let in or after they are sent back; messages go out in their order and without holes;
//! nothing is kept for a socket beyond the hub's bounded queue.

use super::Beat;
use super::hub::Told;
use super::said::{REPLAY, Said};
use super::state::CallState;
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::ids::{AccountId, InterviewId, SessionId};
use crate::interviews::Interviews;
use crate::web::{AppError, Id, Result, Text, clean};
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{timeout, timeout_at};

/// A message of the longest kind, each character escaped as two `\uXXXX`.
const MAX_FRAME: usize = 16 * 1024;
/// Clients beat every two seconds.
const SILENCE: Duration = Duration::from_secs(20);
/// A network that takes nothing for this long has stalled; the page comes back by another one.
const STALL: Duration = Duration::from_secs(10);
/// Frames of a client within the time of a beat: far more than a person writes.
const MOST_FRAMES: u32 = 40;
const WINDOW: Duration = Duration::from_secs(2);
/// Another server may have ended the session, or the role.
const TRUSTED: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Heard {
    Hello {
        #[serde(default)]
        since: i64,
        #[serde(flatten)]
        beat: Beat,
    },
    Beat {
        #[serde(flatten)]
        beat: Beat,
    },
    Send {
        client_id: String,
        text: String,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Frame<'a> {
    State {
        #[serde(flatten)]
        state: &'a CallState,
    },
    Message {
        #[serde(flatten)]
        said: &'a Said,
        me: bool,
    },
    Error {
        client_id: &'a str,
        code: &'a str,
    },
    LayersAsleep {
        session: SessionId,
        names: &'a [String],
    },
    /// A beat was heard, and nothing is new.
    Pong,
}

/// Why it ends, by the codes of the room's socket.
enum End {
    Gone,
    Shutdown,
    /// The call is over, or not this person's any more.
    Over,
    BadFrame,
    Flood,
    Silent,
    Overloaded,
}

impl End {
    fn code(&self) -> u16 {
        match self {
            Self::Gone => 1000,
            Self::Shutdown => 1001,
            Self::BadFrame => 1003,
            Self::Overloaded => 1013,
            Self::Over => 4404,
            Self::Flood => 4429,
            Self::Silent => 4408,
        }
    }
}

pub(super) async fn open(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    headers: HeaderMap,
    upgrade: std::result::Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response> {
    let (_, who) = all.comer(&viewer, id).await?;
    if !is_from_here(&headers, &all.accounts().origin) {
        return Err(AppError::Forbidden(Text("base-error-forbidden")));
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Ok(axum::response::IntoResponse::into_response(rejection)),
    };
    let told = all.calls.hub.listen(id).ok_or(AppError::Overloaded(5))?;
    let over = all.calls.over.clone();
    let renewed = (all.accounts().revision(), Instant::now());
    let me = who.person;
    let talk = Talk { all, viewer, id, me, beat: Beat::default(), opened: None, last: 0, greeted: false, beaten_at: 0, renewed };
    Ok(upgrade.max_message_size(MAX_FRAME).max_frame_size(MAX_FRAME).on_upgrade(move |socket| async move {
        tokio::select! {
            () = over.cancelled() => {}
            () = talk.run(socket, told) => {}
        }
    }))
}

/// Browsers send cookies with sockets that other sites open, and name the site in `Origin`; programs send none.
fn is_from_here(headers: &HeaderMap, own: &str) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    origin == own || origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host)
}

struct Talk {
    all: Interviews,
    viewer: Viewer,
    id: InterviewId,
    me: AccountId,
    /// What the page last said of itself.
    beat: Beat,
    /// The window that has been noted to speak by this socket.
    opened: Option<String>,
    /// The last message that it was told.
    last: i64,
    greeted: bool,
    /// When it last kept its person's seat.
    beaten_at: Millis,
    /// The revision of accounts, and when session and roles were read last.
    renewed: (u64, Instant),
}

impl Talk {
    async fn run(mut self, mut socket: WebSocket, mut told: Receiver<Told>) {
        let end = self.serve(&mut socket, &mut told).await;
        // A page that came back by another socket keeps the seat, however late the end of this one is told, and whatever came by it meanwhile.
        if self.part() && self.greeted && self.all.calls.presence.leave_since(self.id, self.me, &self.beat.window, self.beaten_at) {
            self.all.calls.around.leave(self.id, self.me);
            self.all.calls.hub.tell(self.id, Told::Changed);
        }
        drop(told);
        self.all.calls.hub.left(self.id);
        let close = CloseFrame { code: end.code(), reason: "".into() };
        let _ = timeout(Duration::from_secs(1), socket.send(Message::Close(Some(close)))).await;
    }

    async fn serve(&mut self, socket: &mut WebSocket, told: &mut Receiver<Told>) -> End {
        let (mut since, mut frames, mut heard_at) = (Instant::now(), 0, Instant::now());
        let over = self.all.calls.over.clone();
        loop {
            let done = tokio::select! {
                () = over.cancelled() => return End::Shutdown,
                heard = timeout_at((heard_at + SILENCE).into(), socket.recv()) => {
                    heard_at = Instant::now();
                    if since.elapsed() > WINDOW {
                        (since, frames) = (Instant::now(), 0);
                    }
                    frames += 1;
                    match heard {
                        Err(_) => return End::Silent,
                        Ok(_) if frames > MOST_FRAMES => return End::Flood,
                        Ok(Some(Ok(Message::Text(text)))) => self.hear(socket, &text).await,
                        Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => Ok(()),
                        Ok(Some(Ok(Message::Binary(_)))) => return End::BadFrame,
                        Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return End::Gone,
                    }
                }
                news = told.recv(), if self.greeted => match news {
                    Ok(Told::Asleep { person, session, names }) if person == self.me => {
                        tell(socket, &Frame::LayersAsleep { session, names: &names }).await
                    }
                    Ok(Told::Asleep { .. }) => Ok(()),
                    Ok(Told::Changed) => self.show(socket).await,
                    Ok(Told::Said) => self.catch_up(socket).await,
                    Err(RecvError::Lagged(_)) => self.show(socket).await,
                    Err(RecvError::Closed) => return End::Shutdown,
                },
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn hear(&mut self, socket: &mut WebSocket, text: &str) -> std::result::Result<(), End> {
        match serde_json::from_str::<Heard>(text) {
            Ok(Heard::Hello { since, beat }) => {
                (self.last, self.greeted) = (since.max(0), true);
                self.beat(socket, beat).await
            }
            Ok(_) if !self.greeted => Err(End::BadFrame),
            Ok(Heard::Beat { beat }) => self.beat(socket, beat).await,
            Ok(Heard::Send { client_id, text }) => match self.all.say(&self.viewer, self.id, &client_id, &text).await {
                // It comes to its sender the way it comes to the others, which is the acknowledgement; one that was said before is told again.
                Ok(said) if said.seq <= self.last => tell(socket, &Frame::Message { said: &said, me: true }).await,
                Ok(_) => Ok(()),
                Err(error) => tell(socket, &Frame::Error { client_id: &client_id, code: code(&error) }).await,
            },
            // Newer pages may know more, so this is no reason to part.
            Err(_) => Ok(()),
        }
    }

    /// Nobody speaks by this socket any more; whether that was the last one of its window.
    fn part(&mut self) -> bool {
        self.opened.take().is_none_or(|window| self.all.calls.presence.closed(self.id, self.me, window))
    }

    /// Keeps the seat; the right to it is looked at each time.
    async fn beat(&mut self, socket: &mut WebSocket, beat: Beat) -> std::result::Result<(), End> {
        let first = self.beat.window.is_empty();
        self.beat = beat;
        let window = clean(&self.beat.window, 40);
        if self.opened.as_ref() != Some(&window) {
            self.part();
            self.all.calls.presence.opened(self.id, self.me, &window);
            self.opened = Some(window);
        }
        self.renew().await?;
        let (interview, who, beaten) = self.all.come(&self.viewer, self.id, &self.beat).await.map_err(|error| ended(&error))?;
        self.beaten_at = self.all.now();
        // Others are told by the hub; this one hears at first all that there is, and that another window has the seat.
        if first || !beaten.seated {
            let state = self.all.call_state(&interview, &who).await.map_err(|error| ended(&error))?;
            tell(socket, &Frame::State { state: &CallState { seated: beaten.seated, ..state } }).await?;
            return self.catch_up(socket).await;
        }
        tell(socket, &Frame::Pong).await
    }

    /// Reads session and roles again if they may have changed: here, or by another server some seconds ago.
    async fn renew(&mut self) -> std::result::Result<(), End> {
        let accounts = self.all.accounts();
        let (revision, now) = (accounts.revision(), Instant::now());
        if (revision, now.duration_since(self.renewed.1) < TRUSTED) != (self.renewed.0, true) {
            self.viewer = accounts.refresh(&self.viewer).await.map_err(|_| End::Overloaded)?;
            self.renewed = (revision, now);
        }
        Ok(())
    }

    async fn show(&mut self, socket: &mut WebSocket) -> std::result::Result<(), End> {
        self.renew().await?;
        let state = self.state().await.map_err(|error| ended(&error))?;
        tell(socket, &Frame::State { state: &state }).await?;
        if !state.open {
            return Err(End::Over);
        }
        self.catch_up(socket).await
    }

    async fn state(&self) -> Result<CallState> {
        let (interview, who) = self.all.comer(&self.viewer, self.id).await?;
        let seated = self.all.calls.presence.is_seated(self.id, self.me, &self.beat.window);
        Ok(CallState { seated, ..self.all.call_state(&interview, &who).await? })
    }

    /// Tells what was said since, if this person is in.
    async fn catch_up(&mut self, socket: &mut WebSocket) -> std::result::Result<(), End> {
        match self.all.right(&self.viewer, self.id).await {
            Ok(_) => {}
            Err(AppError::Forbidden(_)) => return Ok(()),
            Err(error) => return Err(ended(&error)),
        }
        loop {
            let said = self.all.said_after(self.id, self.last).await.map_err(|error| ended(&error))?;
            for said in &said {
                self.last = said.seq;
                tell(socket, &Frame::Message { said, me: said.by == self.me }).await?;
            }
            if (said.len() as i64) < REPLAY {
                return Ok(());
            }
        }
    }
}

async fn tell(socket: &mut WebSocket, frame: &Frame<'_>) -> std::result::Result<(), End> {
    let text = serde_json::to_string(frame).map_err(|_| End::Overloaded)?;
    match timeout(STALL, socket.send(Message::Text(text.into()))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(End::Gone),
    }
}

fn ended(error: &AppError) -> End {
    match error {
        // Somebody may leave.
        AppError::Conflict(Text("calls-full")) => End::Overloaded,
        AppError::NotFound | AppError::SignIn | AppError::Gone(_) | AppError::Conflict(_) | AppError::BadToken => End::Over,
        _ => End::Overloaded,
    }
}

fn code(error: &AppError) -> &'static str {
    match error {
        AppError::Forbidden(_) => "not-admitted",
        AppError::RateLimited(_) => "too-fast",
        AppError::Conflict(_) => "too-much",
        AppError::Invalid(_) | AppError::BadRequest(_) => "empty",
        AppError::NotFound | AppError::SignIn | AppError::Gone(_) => "over",
        _ => "overloaded",
    }
}
