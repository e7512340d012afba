//! `GET /rooms/{id}/socket`: one task per socket. It greets, replays what was missed, then hears what the client says; what the room
//! tells reaches the client by the [`Pipe`] without this task.
//!
//! Invariants: entries go out in the order of the journal and without holes (or with an explicit gap); nothing is kept for a
//! socket beyond its bounded pipe; a socket that says nothing, reads nothing or writes too much is closed with its code.

use super::budget::Budget;
use super::party::Party;
use super::pipe::{Pipe, Stream};
use super::wire::{ClientFrame, End, ServerFrame};
use super::{Chat, Draft, Sent};
use crate::accounts::Viewer;
use crate::ids::RoomId;
use crate::live::{Joined, Member, Missed, text_frame};
use crate::moderation::Device;
use crate::web::{AppError, Result};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes, error::ProtocolError};

/// A client says hello at once; ten seconds are a very bad network.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// Carriers forget silent connections after 30 s and more.
const PING_EVERY: Duration = Duration::from_secs(25);
/// A ping without anything to return.
const PING: &[u8] = &[0x89, 0];
/// Two pings unanswered and a little: the phone is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Given to the last frames and the other side's goodbye.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// The longest frame that can mean anything: 500 characters of which each is escaped as two `\uXXXX`, and a client id.
pub(super) const MAX_FRAME: usize = 8 * 1024;
/// Past this the socket is not even read on.
const HARD_MAX_FRAME: usize = 16 * 1024;
/// Read at a time, and kept per socket, of which there may be ten thousand; most frames of a client are shorter.
const BUFFER: usize = 512;
/// Whoever types is noted once in this time; a client says so every three seconds.
const TYPING_EVERY: Duration = Duration::from_millis(2_500);
/// Entries replayed to one who comes back; what lies before is a gap, read by HTTP as the person scrolls up.
const REPLAY: i64 = 200;

type Ws = WebSocketStream<Stream>;

/// A socket's end of the chat.
pub(super) struct Socket {
    pub(super) chat: Chat,
    pub(super) viewer: Viewer,
    pub(super) room: RoomId,
    pub(super) device: Device,
    /// Asked not to be counted.
    pub(super) shadow: bool,
    /// Asked to hear of the line alone.
    pub(super) quiet: bool,
}

impl Socket {
    /// Runs until either side ends it.
    pub(super) async fn run(self, connection: Upgraded) {
        let (token, room) = (self.chat.token.clone(), self.room);
        let pipe = Arc::new(Pipe::new(TokioIo::new(connection)));
        let mut ws = WebSocketStream::from_raw_socket(Stream(pipe.clone()), Role::Server, Some(settings())).await;
        let end = tokio::select! {
            () = token.cancelled() => End::Shutdown,
            end = self.serve(&mut ws, &pipe) => end,
        };
        tracing::debug!(%room, ?end, "socket ended");
        pipe.close(end);
        let _ = timeout(CLOSE_WITHIN, say_goodbye(&mut ws, end)).await;
    }

    async fn serve(mut self, ws: &mut Ws, pipe: &Arc<Pipe>) -> End {
        let since = match timeout(HELLO_WITHIN, hello(ws)).await {
            Err(_) => return End::Timeout,
            Ok(Err(end)) => return end,
            Ok(Ok(Hello { since, device, shadow, quiet })) => {
                (self.shadow, self.quiet) = (shadow, quiet);
                if let Some(name) = device.filter(|name| !self.device.is_known() && !name.is_empty() && name.len() <= 64) {
                    self.device = self.device.named(&name);
                }
                since
            }
        };
        // Boxed, so that what a greeting needs is given back after it.
        match Box::pin(self.greet(since, pipe)).await {
            Ok(Ok(mut talk)) => talk.run(ws, pipe).await,
            Ok(Err(end)) => end,
            Err(error) => failed(error),
        }
    }

    /// Joins the room and tells the newcomer first what there is to know.
    async fn greet(self, since: Option<i64>, pipe: &Arc<Pipe>) -> Result<std::result::Result<Talk, End>> {
        let chat = self.chat;
        let mut party = match chat.enter_again(&self.viewer, self.room, self.device.known()).await {
            Ok(party) => party,
            Err(AppError::NotFound) => return Ok(Err(End::NotFound)),
            Err(error) => return Err(error),
        };
        if let Some(end) = chat.keeps_out(&party) {
            return Ok(Err(end));
        }
        let room = self.room;
        let (quiet, organises) = (self.quiet, party.viewer.organises(party.door.fair.id));
        let shadow = quiet || (self.shadow && organises);
        let (account, staff, desk) = (party.viewer.id(), party.door.is_host, party.door.presents);
        let member = Member { account, staff, desk, shadow, quiet, outlet: pipe.clone() };
        let joined = chat.live.join(room, member, since.map(|since| Missed { since: since.max(0), most: REPLAY })).await?;
        // Who was banned in between was not there yet when the room sent them away.
        if !chat.is_current(&party) && !chat.renew(&mut party).await? {
            return Ok(Err(End::NotFound));
        }
        if let Some(end) = chat.keeps_out(&party) {
            return Ok(Err(end));
        }
        if let Some(account) = account.filter(|_| party.door.presents != desk) {
            chat.live.let_see_desk(room, account, party.door.presents).await;
        }
        let can = chat.can(&party);
        let last_seq = match since {
            // What was read from the database may be ahead of what everybody has been told by now.
            Some(since) if since > joined.at => joined.at.max(since.min(chat.live.last_seq(room).await?)),
            _ => joined.at,
        };
        let now = chat.live.snapshot(room);
        let (presence, stage, captions) = ((&now).into(), &*now.stage, &*now.captions);
        let welcome = ServerFrame::Welcome { you: party.you(), room, last_seq, presence, stage, captions, can };
        let mut greeting = vec![welcome.frame()];
        if let Some(since) = since {
            replay(&chat, room, since, &joined, &mut greeting).await?;
        }
        pipe.greet(&greeting);
        Ok(Ok(Talk { chat, party: Box::new(party), typed: None }))
    }
}

/// What happened after `since` and up to the moment of joining: from memory, else from the database, else a gap first.
async fn replay(chat: &Chat, room: RoomId, since: i64, joined: &Joined, out: &mut Vec<Bytes>) -> Result<()> {
    let (since, now) = (since.max(0), joined.at);
    if since >= now {
        return Ok(());
    }
    let from = since.max(now - REPLAY);
    if from > since {
        out.push(ServerFrame::Gap { from: since + 1, to: from }.frame());
    }
    if joined.recent.first().is_some_and(|(seq, _)| *seq <= from + 1) {
        out.extend(joined.recent.iter().filter(|(seq, _)| *seq > from).map(|(_, frame)| frame.clone()));
        return Ok(());
    }
    let missed = chat.live.after(room, from, now - from).await?;
    let told = missed.iter().filter(|entry| entry.seq <= now);
    out.extend(told.map(|entry| text_frame(&serde_json::to_vec(entry).unwrap_or_default())));
    Ok(())
}

/// A socket that has been greeted.
struct Talk {
    chat: Chat,
    party: Box<Party>,
    /// When its person was last noted as typing.
    typed: Option<Instant>,
}

impl Talk {
    async fn run(&mut self, ws: &mut Ws, pipe: &Pipe) -> End {
        let (mut heard, mut budget) = (Instant::now(), Budget::new(Instant::now()));
        let mut beat = std::pin::pin!(sleep(PING_EVERY));
        loop {
            tokio::select! {
                // The reason why it must end counts more than what else there is.
                biased;
                end = poll_fn(|cx| pipe.poll_end(cx)) => return end,
                frame = ws.next() => {
                    heard = Instant::now();
                    if !budget.spend(heard) {
                        return End::Flood;
                    }
                    match incoming(frame) {
                        // Boxed, so that those who only listen do not carry what writing needs.
                        Ok(Some(text)) => {
                            pipe.expect_answer();
                            match Box::pin(self.answer(&text)).await {
                                Ok(answer) => pipe.say(answer.unwrap_or_default()),
                                Err(end) => return end,
                            }
                        }
                        Ok(None) => {}
                        Err(end) => return end,
                    }
                }
                () = beat.as_mut() => {
                    if heard.elapsed() > SILENCE {
                        return End::Timeout;
                    }
                    pipe.say(Bytes::from_static(PING));
                    beat.as_mut().reset(Instant::now() + PING_EVERY);
                }
            }
        }
    }

    async fn answer(&mut self, frame: &str) -> std::result::Result<Option<Bytes>, End> {
        match serde_json::from_str::<ClientFrame>(frame) {
            Ok(ClientFrame::Send { client_id, text, reply_to }) => {
                return self.send(Draft { client_id, text, reply_to }).await.map(Some);
            }
            Ok(ClientFrame::Typing) => {
                let now = Instant::now();
                if self.typed.is_none_or(|at| now.duration_since(at) >= TYPING_EVERY) {
                    self.typed = Some(now);
                    self.chat.note_typing(&self.party);
                }
            }
            Ok(ClientFrame::React) => {
                if self.party.may_react(self.chat.now()) {
                    self.chat.live.react(self.party.door.room.id);
                }
            }
            Ok(ClientFrame::Ping) => return Ok(Some(ServerFrame::Pong.frame())),
            // Newer clients may know more types, so this is no reason to part.
            Ok(ClientFrame::Hello { .. }) | Err(_) => return Ok(Some(error(None, "bad-frame"))),
        }
        Ok(None)
    }

    async fn send(&mut self, draft: Draft) -> std::result::Result<Bytes, End> {
        match self.chat.renew(&mut self.party).await {
            Ok(true) => {}
            Ok(false) => return Err(End::NotFound),
            Err(_) => return Ok(error(Some(&draft.client_id), "overloaded")),
        }
        Ok(match self.chat.send(&mut self.party, &draft).await {
            Ok(Ok(Sent::Published { seq, .. })) => ServerFrame::Ack { client_id: &draft.client_id, seq: Some(seq), held: false }.frame(),
            Ok(Ok(Sent::Held)) => ServerFrame::Ack { client_id: &draft.client_id, seq: None, held: true }.frame(),
            Ok(Err(refusal)) => ServerFrame::Error {
                client_id: Some(&draft.client_id),
                code: refusal.code(),
                retry_after: refusal.retry_after(),
                until: refusal.until(),
            }
            .frame(),
            Err(AppError::Internal(cause)) => {
                tracing::error!(cause = format!("{cause:#}"), "a message could not be stored");
                error(Some(&draft.client_id), "overloaded")
            }
            Err(_) => error(Some(&draft.client_id), "overloaded"),
        })
    }
}

/// Waits for the hello; its `since`, device and wish not to be counted.
/// How a client wants to be in the room.
struct Hello {
    since: Option<i64>,
    device: Option<String>,
    shadow: bool,
    quiet: bool,
}

async fn hello(ws: &mut Ws) -> std::result::Result<Hello, End> {
    let mut budget = Budget::new(Instant::now());
    loop {
        let frame = ws.next().await;
        if !budget.spend(Instant::now()) {
            return Err(End::Flood);
        }
        let Some(text) = incoming(frame)? else { continue };
        return match serde_json::from_str(&text) {
            // Nothing can be missed by somebody who hears no entries.
            Ok(ClientFrame::Hello { since, device, shadow, quiet }) => Ok(Hello { since: since.filter(|_| !quiet), device, shadow, quiet }),
            _ => Err(End::NoHello),
        };
    }
}

pub(super) fn settings() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_frame_size(Some(HARD_MAX_FRAME))
        .max_message_size(Some(HARD_MAX_FRAME))
}

/// The text of a frame; none for a ping or pong.
pub(super) fn incoming(frame: Option<std::result::Result<Message, Error>>) -> std::result::Result<Option<Utf8Bytes>, End> {
    match frame {
        Some(Ok(Message::Text(text))) if text.len() > MAX_FRAME => Err(End::TooLarge),
        Some(Ok(Message::Text(text))) => Ok(Some(text)),
        Some(Ok(Message::Binary(_))) => Err(End::Binary),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
        Some(Ok(Message::Close(_))) | None => Err(End::Gone),
        Some(Err(error)) => Err(broken(&error)),
    }
}

fn broken(error: &Error) -> End {
    match error {
        Error::Capacity(_) => End::TooLarge,
        Error::Utf8(_) => End::NotUtf8,
        // One that ends without a word is gone all the same.
        Error::Protocol(error) if *error != ProtocolError::ResetWithoutClosingHandshake => End::Broken,
        _ => End::Gone,
    }
}

fn failed(error: AppError) -> End {
    if let AppError::Internal(cause) = error {
        tracing::error!(cause = format!("{cause:#}"), "a socket could not join");
    }
    End::Overloaded
}

/// Sends what is left and the close frame, then waits for the other side's: leaving at once would reset the connection and
/// might take the code with it.
async fn say_goodbye(ws: &mut Ws, end: End) {
    if end == End::Gone {
        // A goodbye is returned by reading on (RFC 6455, section 5.5.1).
        let _ = ws.flush().await;
        while let Some(Ok(_)) = ws.next().await {}
        return;
    }
    if ws.send(end.message()).await.is_ok() {
        while let Some(Ok(_)) = ws.next().await {}
    }
}

fn error(client_id: Option<&str>, code: &str) -> Bytes {
    let retry_after = (code == "overloaded").then_some(3);
    ServerFrame::Error { client_id, code, retry_after, until: None }.frame()
}
