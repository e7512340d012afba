//! What a new connection speaks, by its first bytes: pages, or media over TCP for networks that let only the port of pages through.
//!
//! TLS begins with 22, HTTP with a letter, ICE over TCP (RFC 6544) with the length of a STUN Binding request (RFC 4571, RFC 8489), which is
//! below 1,024: so the first byte tells them apart, and where TLS is ours, media comes beside it and not in it, as browsers send it.

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Who takes over connections that bring media, with what has been read of them. Done when somebody has the connection or nobody wants it.
pub type Takeover = Arc<dyn Fn(TcpStream, SocketAddr, BytesMut) -> BoxFuture<'static, ()> + Send + Sync>;

/// Length, message type, message length and magic cookie.
const HEAD: usize = 10;
/// The longest check that a browser sends, with room; and no shorter one than a header.
const CHECKS: std::ops::RangeInclusive<u16> = 20..=1_023;
const BINDING_REQUEST: [u8; 2] = [0, 1];
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// Whether these bytes begin a frame with a Binding request in it.
fn is_check(head: &[u8]) -> bool {
    let Some((length, rest)) = head.split_first_chunk::<2>() else { return false };
    CHECKS.contains(&u16::from_be_bytes(*length)) && rest.starts_with(&BINDING_REQUEST) && rest.get(4..8) == Some(&MAGIC_COOKIE[..])
}

/// Gives the connection back if it speaks of pages; hands it over if it brings media. A connection that has said too little within `limit`, or
/// neither, is closed.
pub(super) async fn sort(stream: TcpStream, peer: SocketAddr, media: &Takeover, limit: Duration) -> Option<TcpStream> {
    let begun = tokio::time::Instant::now();
    let mut first = [0];
    match tokio::time::timeout(limit, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first[0] > CHECKS.end().to_be_bytes()[0] => return Some(stream),
        Ok(Ok(1)) => {}
        _ => return None,
    }
    let over = tokio::time::timeout_at(begun + limit, hand_over(stream, peer, media)).await;
    tracing::debug!(%peer, taken = ?over, "media on the port of pages");
    None
}

/// Whether it brought media.
async fn hand_over(mut stream: TcpStream, peer: SocketAddr, media: &Takeover) -> bool {
    let mut read = BytesMut::with_capacity(2 + usize::from(*CHECKS.end()));
    while read.len() < HEAD {
        if !matches!(stream.read_buf(&mut read).await, Ok(1..)) {
            return false;
        }
    }
    if !is_check(&read) {
        return false;
    }
    media(stream, peer, read).await;
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    /// The beginning of a framed check of `length` bytes.
    fn check(length: u16) -> Vec<u8> {
        [&length.to_be_bytes()[..], &BINDING_REQUEST, &(length - 20).to_be_bytes(), &MAGIC_COOKIE, b"transaction "].concat()
    }

    #[test]
    fn only_a_framed_binding_request_is_one() {
        assert!(is_check(&check(108)));
        let mut broken = check(108);
        for at in [0, 2, 3, 6, 9] {
            broken[at] ^= 0x40;
            assert!(!is_check(&broken), "byte {at}");
            broken[at] ^= 0x40;
        }
        assert!(!is_check(&check(108)[..9]) && !is_check(b"GET / HTTP") && !is_check(&[]));
    }

    /// What becomes of a connection that begins with `bytes`: given back, or the bytes that were handed over, or neither.
    async fn sorted(bytes: &[u8], end: bool) -> (bool, Option<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let mut client = TcpStream::connect(listener.local_addr().expect("address")).await.expect("connected");
        client.write_all(bytes).await.expect("written");
        let (stream, peer) = listener.accept().await.expect("accepted");
        if end {
            client.shutdown().await.expect("ended");
        }
        let taken = Arc::new(Mutex::new(None));
        let note = taken.clone();
        let media: Takeover = Arc::new(move |_, _, read| {
            *note.lock().expect("no panic") = Some(read.to_vec());
            Box::pin(async {})
        });
        let back = sort(stream, peer, &media, Duration::from_millis(200)).await;
        let taken = taken.lock().expect("no panic").take();
        if let Some(mut back) = back {
            let mut first = vec![0; bytes.len()];
            back.read_exact(&mut first).await.expect("nothing was taken from it");
            assert_eq!(first, bytes);
            return (true, taken);
        }
        (false, taken)
    }

    #[tokio::test]
    async fn pages_go_on_untouched_and_media_is_handed_over_with_what_was_read() {
        assert_eq!(sorted(b"GET / HTTP/1.1\r\n", false).await, (true, None));
        assert_eq!(sorted(&[22, 3, 1, 2, 0], false).await, (true, None));
        assert_eq!(sorted(&check(108), false).await, (false, Some(check(108))));
    }

    #[tokio::test]
    async fn whoever_says_nothing_or_nonsense_is_closed() {
        for (bytes, end) in [
            (&b""[..], false),
            (b"", true),
            (&[0, 108, 0], false),
            (&[0, 108, 0], true),
            (&[0; 40], false),
            (&[1, 1, 1, 1, 1, 1, 1, 1, 1, 1], false),
        ] {
            assert_eq!(sorted(bytes, end).await, (false, None), "{bytes:?}");
        }
    }
}
