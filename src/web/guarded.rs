//! A connection's stream that gives up on a peer who takes nothing, and that ends so that the last answer arrives.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;

/// Longer than the thirty seconds that the chat's sockets allow, so that their own rule comes first.
const STALL: Duration = Duration::from_secs(60);
/// Closing with bytes unread resets the connection, and the reset may overtake the answer: what still comes is read for so long.
const LINGER: Duration = Duration::from_secs(1);
/// And no more than this: whoever pours on is not listening.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// See the module. `token` ends the server, which waits for nobody's last bytes.
pub(super) struct Guarded<T> {
    io: T,
    token: CancellationToken,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    lingering: Option<Pin<Box<Sleep>>>,
    dropped: usize,
}

impl<T> Guarded<T> {
    pub(super) fn new(io: T, token: CancellationToken) -> Self {
        Self { io, token, stall: STALL, stalled: None, lingering: None, dropped: 0 }
    }

    /// Passes on what became of a write; one that has waited for too long has failed.
    fn judge<R>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stall = self.stall;
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(stall))).as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.judge(cx, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.judge(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let shut = Pin::new(&mut self.io).poll_shutdown(cx);
            ready!(self.judge(cx, shut))?;
            self.lingering = Some(Box::pin(sleep(LINGER)));
        }
        let this = &mut *self;
        let mut dropped = [0; 4_096];
        while this.dropped < LINGER_BYTES
            && !this.token.is_cancelled()
            && this.lingering.as_mut().is_some_and(|end| end.as_mut().poll(cx).is_pending())
        {
            let mut buf = ReadBuf::new(&mut dropped);
            match ready!(Pin::new(&mut this.io).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => this.dropped += buf.filled().len(),
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (ours, theirs) = duplex(16);
        let mut guarded = Guarded { stall: Duration::ZERO, ..Guarded::new(ours, CancellationToken::new()) };
        let error = guarded.write_all(&[0; 100]).await.expect_err("stalled");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(theirs);
    }

    #[tokio::test]
    async fn what_still_comes_is_read_before_the_end() {
        let (ours, mut theirs) = duplex(16);
        let mut guarded = Guarded::new(ours, CancellationToken::new());
        guarded.write_all(b"no").await.expect("answer");
        let (ended, ()) = tokio::join!(guarded.shutdown(), async {
            theirs.write_all(&[0; 10_000]).await.expect("taken, although nobody wants it");
            let mut answer = String::new();
            theirs.read_to_string(&mut answer).await.expect("answer");
            assert_eq!(answer, "no");
            drop(theirs);
        });
        ended.expect("ended");
    }

    #[tokio::test]
    async fn a_server_that_goes_down_waits_for_no_last_bytes() {
        let (ours, _theirs) = duplex(16);
        let token = CancellationToken::new();
        token.cancel();
        Guarded { lingering: Some(Box::pin(sleep(Duration::MAX))), ..Guarded::new(ours, token) }.shutdown().await.expect("ended");
    }
}
