//! ICE over TCP (RFC 6544, passive): datagrams with a length in front (RFC 4571), for networks that block UDP.
//!
//! Each connection has a reader, which waits when the plane is busy, and a writer with a bounded queue; a full queue drops, as a full
//! socket does with UDP. A connection that shows no authentic check soon is closed by the worker.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ice::TcpId;

/// No datagram of ours or of a browser is longer; a longer frame is not ICE.
const MAX_FRAME: usize = 2_048;
/// Messages that wait to be written: some tenths of a second of video.
const WRITE_QUEUE: usize = 256;
/// A peer that takes nothing for so long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Even keepalives come more often.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) enum TcpEvent {
    Opened { id: TcpId, remote: SocketAddr, writer: mpsc::Sender<Bytes>, stop: CancellationToken },
    Datagram { id: TcpId, remote: SocketAddr, datagram: Bytes },
    Closed { id: TcpId, remote: SocketAddr },
}

/// Accepts connections for as long as the runtime lives.
pub(super) async fn accept(listener: TcpListener, events: mpsc::Sender<TcpEvent>, tasks: TaskTracker) {
    let mut next = 0;
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                next += 1;
                let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
                let _ = stream.set_nodelay(true);
                let (writer, queue) = mpsc::channel(WRITE_QUEUE);
                let (id, stop) = (TcpId(next), CancellationToken::new());
                if events.send(TcpEvent::Opened { id, remote, writer, stop: stop.clone() }).await.is_err() {
                    return;
                }
                tasks.spawn(serve(stream, id, remote, queue, events.clone(), stop));
            }
            Err(error) => {
                // Most likely out of file descriptors: wait for some to be closed.
                tracing::warn!(%error, "accepting ICE-TCP");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn serve(
    stream: TcpStream,
    id: TcpId,
    remote: SocketAddr,
    mut queue: mpsc::Receiver<Bytes>,
    events: mpsc::Sender<TcpEvent>,
    stop: CancellationToken,
) {
    let (mut reader, mut writer) = stream.into_split();
    let read = async {
        let mut buffer = BytesMut::with_capacity(2 * MAX_FRAME);
        while let Ok(Ok(1..)) = tokio::time::timeout(READ_TIMEOUT, reader.read_buf(&mut buffer)).await {
            loop {
                match frame(&mut buffer) {
                    Ok(Some(datagram)) => {
                        if events.send(TcpEvent::Datagram { id, remote, datagram }).await.is_err() {
                            return;
                        }
                    }
                    Ok(None) => break,
                    Err(TooLong) => return,
                }
            }
        }
    };
    let write = async {
        while let Some(message) = queue.recv().await {
            if !matches!(tokio::time::timeout(WRITE_TIMEOUT, writer.write_all(&message)).await, Ok(Ok(()))) {
                return;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = read => {}
        () = write => {}
    }
    let _ = events.send(TcpEvent::Closed { id, remote }).await;
}

struct TooLong;

/// Takes the first complete frame off a buffer.
fn frame(buffer: &mut BytesMut) -> Result<Option<Bytes>, TooLong> {
    let [high, low, ..] = buffer[..] else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MAX_FRAME {
        return Err(TooLong);
    }
    if buffer.len() < 2 + length {
        return Ok(None);
    }
    let mut framed = buffer.split_to(2 + length);
    Ok(Some(framed.split_off(2).freeze()))
}

/// Puts lengths in front of datagrams of `segment` bytes.
pub(super) fn framed(contents: &[u8], segment: usize) -> Bytes {
    let mut out = BytesMut::with_capacity(contents.len() + 2 * contents.len().div_ceil(segment.max(1)));
    for datagram in contents.chunks(segment.max(1)) {
        out.put_u16(datagram.len() as u16);
        out.put_slice(datagram);
    }
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let bytes = framed(&[1, 2, 3, 4, 5], 2);
        let mut buffer = BytesMut::new();
        let mut got = Vec::new();
        for byte in bytes {
            buffer.put_u8(byte);
            while let Ok(Some(datagram)) = frame(&mut buffer) {
                got.push(datagram.to_vec());
            }
        }
        assert_eq!(got, [vec![1, 2], vec![3, 4], vec![5]]);
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused() {
        assert!(frame(&mut BytesMut::from(&[0xff, 0xff, 0][..])).is_err());
    }
}
