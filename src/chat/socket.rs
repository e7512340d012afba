//! `GET /rooms/{id}/socket`: one task per socket. It greets, replays what was missed, then carries frames both ways.
//!
//! Invariants: entries go out in the order of the journal and without holes (or with an explicit gap); nothing is kept for a
//! socket beyond its bounded queue; a socket that says nothing, reads nothing or writes too much is closed with its code.

use super::budget::Budget;
use super::wire::{ClientFrame, End, ServerFrame, You};
use super::{Chat, Draft};
use crate::accounts::Viewer;
use crate::ids::RoomId;
use crate::live::{Connection, Delivery, Entry, Member};
use crate::moderation::Device;
use crate::rooms::RoomView;
use crate::web::{AppError, Result};
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};

/// A client says hello at once; ten seconds are a very bad network.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// Carriers forget silent connections after 30 s and more.
const PING_EVERY: Duration = Duration::from_secs(25);
/// Two pings unanswered and a little: the phone is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// A socket that takes nothing for this long has stalled, also in a quiet room.
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// Given to the last frames and the other side's goodbye.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// The longest frame that can mean anything: 500 characters of which each is escaped as two `\uXXXX`, and a client id.
const MAX_FRAME: usize = 8 * 1024;
/// Past this the socket is not even read on.
pub(super) const HARD_MAX_FRAME: usize = 16 * 1024;
/// Entries replayed to one who comes back; what lies before is a gap, read by HTTP as the person scrolls up.
const REPLAY: i64 = 200;
/// Frames written before the network is asked to take them.
const BATCH: usize = 64;

/// A socket's end of the chat.
pub(super) struct Socket {
    pub(super) chat: Chat,
    pub(super) viewer: Viewer,
    pub(super) view: RoomView,
    pub(super) device: Device,
}

impl Socket {
    /// Runs until either side ends it.
    pub(super) async fn run(mut self, mut ws: WebSocket) {
        let token = self.chat.token.clone();
        let mut left = VecDeque::new();
        let end = tokio::select! {
            () = token.cancelled() => End::Shutdown,
            end = self.serve(&mut ws, &mut left) => end,
        };
        tracing::debug!(room = %self.view.room.id, ?end, "socket ended");
        let _ = timeout(CLOSE_WITHIN, say_goodbye(&mut ws, left, end)).await;
    }

    async fn serve(&mut self, ws: &mut WebSocket, left: &mut VecDeque<Message>) -> End {
        let since = match timeout(HELLO_WITHIN, hello(ws)).await {
            Err(_) => return End::Timeout,
            Ok(Err(end)) => return end,
            Ok(Ok((since, device))) => {
                if let Some(name) = device.filter(|name| !self.device.is_known() && !name.is_empty() && name.len() <= 64) {
                    self.device = Device::named(&name);
                }
                since
            }
        };
        // Boxed, so that the ten thousand that never say hello cost only what is above.
        Box::pin(self.attend(ws, since, left)).await
    }

    async fn attend(&mut self, ws: &mut WebSocket, since: Option<i64>, left: &mut VecDeque<Message>) -> End {
        let (connection, greeting) = match self.greet(since).await {
            Ok(Ok(greeted)) => greeted,
            Ok(Err(end)) => return end,
            Err(error) => return failed(error),
        };
        let Connection { mut deliveries, mut dropped, .. } = connection;
        left.extend(greeting);
        let end = tokio::select! {
            // The queue ends together with its reason; the reason counts.
            biased;
            why = dropped.wait_for(Option::is_some) => why.ok().and_then(|why| *why).map_or(End::Overloaded, End::from),
            end = self.talk(ws, &mut deliveries, left) => end,
        };
        // Whoever is sent away or must reconnect gets what was already theirs; who is slow gets it again by `since`.
        if !matches!(end, End::Slow | End::Gone) {
            while let Ok(delivery) = deliveries.try_recv() {
                left.push_back(message(delivery));
            }
        }
        end
    }

    /// Joins the room and puts together what the newcomer is told first.
    async fn greet(&mut self, since: Option<i64>) -> Result<std::result::Result<(Connection, VecDeque<Message>), End>> {
        if !self.refresh().await? {
            return Ok(Err(End::NotFound));
        }
        let can = self.chat.can(&self.viewer, &self.view, &self.device).await?;
        match can.why_not {
            Some("banned") => return Ok(Err(End::Banned)),
            Some("closed") if !self.view.is_host => return Ok(Err(End::RoomClosed)),
            _ => {}
        }
        let room = self.view.room.id;
        let member = Member { account: self.viewer.id(), staff: self.view.is_host };
        let connection = self.chat.live.join(room, member).await?;
        let mut first = VecDeque::new();
        let welcome = ServerFrame::Welcome {
            you: You::of(&self.viewer, &self.view),
            room,
            last_seq: connection.joined_at,
            presence: (&self.chat.live.snapshot(room)).into(),
            can,
        };
        first.push_back(welcome.message());
        if let Some(since) = since {
            self.replay(room, since, &connection, &mut first).await?;
        }
        Ok(Ok((connection, first)))
    }

    /// What happened after `since` and up to the moment of joining: from memory, else from the database, else a gap first.
    async fn replay(&self, room: RoomId, since: i64, connection: &Connection, out: &mut VecDeque<Message>) -> Result<()> {
        let (since, now) = (since.max(0), connection.joined_at);
        if since >= now {
            return Ok(());
        }
        let from = since.max(now - REPLAY);
        if from > since {
            out.push_back(ServerFrame::Gap { from: since + 1, to: from }.message());
        }
        if connection.recent.first().is_some_and(|(seq, _)| *seq <= from + 1) {
            out.extend(connection.recent.iter().filter(|(seq, _)| *seq > from).map(|(_, json)| text(json.clone())));
            return Ok(());
        }
        let missed = self.chat.live.after(room, from, now - from).await?;
        out.extend(missed.iter().filter(|entry| entry.seq <= now).map(serialised));
        Ok(())
    }

    async fn talk(&mut self, ws: &mut WebSocket, deliveries: &mut mpsc::Receiver<Delivery>, out: &mut VecDeque<Message>) -> End {
        let mut batch = Vec::with_capacity(BATCH);
        let (mut heard, mut budget) = (Instant::now(), Budget::new(Instant::now()));
        let mut beat = interval_at(heard + PING_EVERY, PING_EVERY);
        loop {
            match timeout(WRITE_WITHIN, write(ws, out)).await {
                Err(_) => return End::Slow,
                Ok(Err(_)) => return End::Gone,
                Ok(Ok(())) => {}
            }
            tokio::select! {
                n = deliveries.recv_many(&mut batch, BATCH) => {
                    if n == 0 {
                        // The room let go of this socket; the reason arrives by another way.
                        return std::future::pending().await;
                    }
                    out.extend(batch.drain(..).map(message));
                }
                frame = ws.next() => {
                    heard = Instant::now();
                    if !budget.spend(heard) {
                        return End::Flood;
                    }
                    match incoming(frame) {
                        Ok(Some(text)) => if let Err(end) = self.answer(&text, out).await { return end },
                        Ok(None) => {}
                        Err(end) => return end,
                    }
                }
                _ = beat.tick() => {
                    if heard.elapsed() > SILENCE {
                        return End::Timeout;
                    }
                    out.push_back(Message::Ping(bytes::Bytes::new()));
                }
            }
        }
    }

    async fn answer(&mut self, frame: &str, out: &mut VecDeque<Message>) -> std::result::Result<(), End> {
        match serde_json::from_str::<ClientFrame>(frame) {
            Ok(ClientFrame::Send { client_id, text }) => {
                let reply = self.send(Draft { client_id, text }).await?;
                out.push_back(reply);
            }
            Ok(ClientFrame::React) => {
                if self.view.fair.state.is_active() && !self.view.room.closed.0 {
                    self.chat.live.react(self.view.room.id);
                }
            }
            Ok(ClientFrame::Ping) => out.push_back(ServerFrame::Pong.message()),
            // Newer clients may know more types, so this is no reason to part.
            Ok(ClientFrame::Hello { .. }) | Err(_) => out.push_back(error(None, "bad-frame")),
        }
        Ok(())
    }

    async fn send(&mut self, draft: Draft) -> std::result::Result<Message, End> {
        match self.refresh().await {
            Ok(true) => {}
            Ok(false) => return Err(End::NotFound),
            Err(_) => return Ok(error(Some(&draft.client_id), "overloaded")),
        }
        Ok(match self.chat.send(&self.viewer, &self.view, &self.device, &draft).await {
            Ok(Ok(sent)) => ServerFrame::Ack { client_id: &draft.client_id, seq: sent.entry.seq }.message(),
            Ok(Err(refusal)) => ServerFrame::Error {
                client_id: Some(&draft.client_id),
                code: refusal.code(),
                retry_after: refusal.retry_after(),
                until: refusal.until(),
            }
            .message(),
            Err(AppError::Internal(cause)) => {
                tracing::error!(cause = format!("{cause:#}"), "a message could not be stored");
                error(Some(&draft.client_id), "overloaded")
            }
            Err(_) => error(Some(&draft.client_id), "overloaded"),
        })
    }

    /// Loads the room again as the viewer of now: sessions end, names change, doors close. False if it is not theirs to see.
    async fn refresh(&mut self) -> Result<bool> {
        self.viewer = self.chat.moderation.accounts.refresh(&self.viewer).await?;
        match self.chat.live.rooms.visible_to(&self.viewer, self.view.room.id).await {
            Ok(view) => {
                self.view = view;
                Ok(true)
            }
            Err(AppError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Waits for the hello; its `since` and device.
async fn hello(ws: &mut WebSocket) -> std::result::Result<(Option<i64>, Option<String>), End> {
    loop {
        let Some(text) = incoming(ws.next().await)? else { continue };
        return match serde_json::from_str(&text) {
            Ok(ClientFrame::Hello { since, device }) => Ok((since, device)),
            _ => Err(End::NoHello),
        };
    }
}

/// The text of a frame; none for a ping or pong.
fn incoming(frame: Option<std::result::Result<Message, axum::Error>>) -> std::result::Result<Option<Utf8Bytes>, End> {
    match frame {
        Some(Ok(Message::Text(text))) if text.len() > MAX_FRAME => Err(End::TooLarge),
        Some(Ok(Message::Text(text))) => Ok(Some(text)),
        Some(Ok(Message::Binary(_))) => Err(End::Binary),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Close(_))) | None => Err(End::Gone),
        Some(Err(error)) => Err(broken(error)),
    }
}

fn broken(error: axum::Error) -> End {
    use tokio_tungstenite::tungstenite::{Error, error::ProtocolError};
    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => End::TooLarge,
        Some(Error::Utf8(_)) => End::NotUtf8,
        // One that ends without a word is gone all the same.
        Some(Error::Protocol(error)) if *error != ProtocolError::ResetWithoutClosingHandshake => End::Broken,
        _ => End::Gone,
    }
}

fn failed(error: AppError) -> End {
    if let AppError::Internal(cause) = error {
        tracing::error!(cause = format!("{cause:#}"), "a socket could not join");
    }
    End::Overloaded
}

/// Writes what waits. A frame leaves the queue only once it is with the protocol, so that giving up half-way tears no hole.
async fn write(ws: &mut WebSocket, out: &mut VecDeque<Message>) -> std::result::Result<(), axum::Error> {
    if out.is_empty() {
        return Ok(());
    }
    while let Some(next) = out.front() {
        ws.feed(next.clone()).await?;
        out.pop_front();
    }
    ws.flush().await
}

/// Sends what is left and the close frame, then waits for the other side's: leaving at once would reset the connection and
/// might take the code with it.
async fn say_goodbye(ws: &mut WebSocket, mut left: VecDeque<Message>, end: End) {
    if end == End::Gone {
        let _ = ws.close().await;
        return;
    }
    if end != End::Slow && write(ws, &mut left).await.is_err() {
        return;
    }
    if ws.send(end.message()).await.is_ok() {
        while let Some(Ok(_)) = ws.next().await {}
    }
}

fn error(client_id: Option<&str>, code: &str) -> Message {
    let retry_after = (code == "overloaded").then_some(3);
    ServerFrame::Error { client_id, code, retry_after, until: None }.message()
}

fn serialised(entry: &Entry) -> Message {
    Message::Text(serde_json::to_string(entry).unwrap_or_default().into())
}

fn message(delivery: Delivery) -> Message {
    match delivery {
        Delivery::Entry { json, .. } | Delivery::Passing(json) => text(json),
    }
}

/// Shares the bytes of a broadcast.
fn text(json: bytes::Bytes) -> Message {
    Message::Text(Utf8Bytes::try_from(json).unwrap_or_default())
}
