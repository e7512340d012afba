//! The way out of a socket: written to by its own task and by the room, whoever has something first.
//!
//! Invariants: only whole frames are handed over, and their bytes leave in that order; what the network does not take at once is kept, up
//! to [`MOST`]; before the greeting nothing leaves at all. The room thus serves a crowd by one system call each, without waking the tasks
//! of those who keep up; and who has just said something gets the answer together with what the room tells of it.

use super::wire::End;
use crate::live::{Dropped, Frames, Outlet};
use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Bytes that wait for one connection: ten seconds of a busy room's 50 messages a second.
const MOST: usize = 256 * 1024;
/// Small pieces that wait leave as one of up to so many bytes.
const JOINED: usize = 16 * 1024;
/// A network that takes nothing for this long has stalled, also in a quiet room.
const STALL: Duration = Duration::from_secs(30);

/// What a connection is, encrypted or not.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

struct State {
    io: Box<dyn Io>,
    waiting: VecDeque<Bytes>,
    bytes: usize,
    /// What may wait, and what the room has told before the greeting.
    most: usize,
    early: Vec<Bytes>,
    /// Since when the network has taken nothing of it.
    stalled: Option<Instant>,
    greeted: bool,
    /// What the room tells waits for the answer that comes next.
    answering: bool,
    end: Option<End>,
    /// The socket's task.
    task: Option<Waker>,
}

pub(super) struct Pipe(Mutex<State>);

impl State {
    /// Ends the connection, unless it has ended already, and lets its task know.
    fn finish(&mut self, end: End) {
        self.end.get_or_insert(end);
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }

    fn keep(&mut self, frames: Bytes) {
        if frames.is_empty() {
            return;
        }
        self.bytes += frames.len();
        if self.greeted { self.waiting.push_back(frames) } else { self.early.push(frames) }
    }

    /// Who is left with too much to send cannot keep up.
    fn judge(&mut self) {
        if self.bytes > self.most {
            self.finish(End::Slow);
        }
    }

    /// Makes one of the first pieces that wait.
    fn join(&mut self) {
        let mut bytes = 0;
        let small = |piece: &&Bytes| {
            bytes += piece.len();
            bytes <= JOINED
        };
        let count = self.waiting.iter().take_while(small).count();
        if count > 1 {
            let joined = self.waiting.drain(..count).collect::<Vec<_>>().concat();
            self.waiting.push_front(joined.into());
        }
    }

    /// Writes what waits; ready once nothing does.
    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.join();
        while let Some(oldest) = self.waiting.front_mut() {
            let taken = match Pin::new(&mut self.io).poll_write(cx, oldest) {
                Poll::Ready(taken) => taken?,
                Poll::Pending => {
                    self.stalled.get_or_insert_with(Instant::now);
                    return Poll::Pending;
                }
            };
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.stalled = None;
            self.bytes = self.bytes.saturating_sub(taken);
            oldest.advance(taken);
            if oldest.is_empty() {
                self.waiting.pop_front();
            }
        }
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        match &flushed {
            Poll::Pending => self.stalled = self.stalled.or_else(|| Some(Instant::now())),
            Poll::Ready(_) => self.stalled = None,
        }
        flushed
    }

    /// The same for who is not the socket's task: that is woken for what is left.
    fn drain_now(&mut self) {
        match self.drain(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => self.finish(End::Gone),
            Poll::Pending => self.wake(),
        }
    }
}

impl Pipe {
    pub(super) fn new(io: impl Io + 'static) -> Self {
        Self(Mutex::new(State {
            io: Box::new(io),
            waiting: VecDeque::new(),
            bytes: 0,
            most: MOST,
            early: Vec::new(),
            stalled: None,
            greeted: false,
            answering: false,
            end: None,
            task: None,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the greeting; what the room has told in the meantime follows.
    pub(super) fn greet(&self, greeting: &[Bytes]) {
        let mut state = self.state();
        if state.greeted {
            return;
        }
        state.greeted = true;
        // What somebody missed may be more than what may wait later on.
        let greeting: Bytes = greeting.concat().into();
        state.most += greeting.len();
        state.keep(greeting);
        let early = std::mem::take(&mut state.early);
        state.waiting.extend(early);
        state.drain_now();
    }

    /// Something was said: what the room tells waits for the answer to it, by [`say`](Self::say).
    pub(super) fn expect_answer(&self) {
        self.state().answering = true;
    }

    /// Sends a frame of the socket's own; an empty one if there is nothing to say after all.
    pub(super) fn say(&self, frame: Bytes) {
        let mut state = self.state();
        state.answering = false;
        state.keep(frame);
        if state.greeted {
            state.drain_now();
            state.judge();
        }
    }

    /// Sends what waits as the network takes it; ready when the connection has ended. The task that polls this is the one that is woken.
    pub(super) fn poll_end(&self, cx: &mut Context<'_>) -> Poll<End> {
        let mut state = self.state();
        if state.greeted && state.end.is_none() {
            match state.drain(cx) {
                Poll::Ready(Err(_)) => return Poll::Ready(End::Gone),
                Poll::Pending if state.stalled.is_some_and(|since| since.elapsed() > STALL) => return Poll::Ready(End::Slow),
                _ => {}
            }
        }
        if let Some(end) = state.end {
            return Poll::Ready(end);
        }
        if state.task.as_ref().is_none_or(|task| !task.will_wake(cx.waker())) {
            state.task = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// From now on only the goodbye is to come. Who is slow gets no more of what waits, but for what has begun.
    pub(super) fn close(&self, end: End) {
        let mut state = self.state();
        state.end = Some(end);
        match (state.greeted, end) {
            (false, _) => state.early.clear(),
            (true, End::Slow) => state.waiting.truncate(1),
            (true, _) => {}
        }
        state.greeted = true;
    }
}

impl Outlet for Pipe {
    fn push(&self, frames: &Frames) -> bool {
        let mut state = self.state();
        if state.end.is_some() {
            return false;
        }
        let keeps_up = state.greeted && (state.waiting.is_empty() || state.answering && state.stalled.is_none());
        state.keep(if keeps_up { frames.all.clone() } else { frames.entries.clone() });
        if keeps_up && !state.answering {
            state.drain_now();
        }
        // Not before: what the network takes at once is no burden.
        state.judge();
        state.end.is_none()
    }

    fn end(&self, why: Dropped) {
        self.state().finish(why.into());
    }

    fn has_ended(&self) -> bool {
        self.state().end.is_some()
    }
}

/// The socket's task reads from it, and writes what the protocol answers by itself.
pub(super) struct Stream(pub(super) Arc<Pipe>);

/// Also when the task has failed, the room must not hold on to it.
impl Drop for Stream {
    fn drop(&mut self) {
        self.0.state().finish(End::Gone);
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.state().io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    /// Takes all of it, so that no other frame comes between.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, frames: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.0.state();
        if state.bytes + frames.len() > state.most + MOST {
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        state.bytes += frames.len();
        state.waiting.push_back(Bytes::copy_from_slice(frames));
        match state.drain(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(frames.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.state().drain(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.state();
        ready!(state.drain(cx))?;
        Pin::new(&mut state.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[path = "pipe_tests.rs"]
mod tests;
