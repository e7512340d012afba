//! ICE over TCP (RFC 6544, passive): datagrams with a length in front (RFC 4571), for networks that block UDP.
//!
//! The first frame tells by its user fragment which worker a connection is for ([`introduce`]). There it gets a reader, which waits when the
//! plane is busy, and a writer with a queue bounded in bytes: when it is full, pictures are dropped first, then everything, as by a full
//! socket with UDP. A connection that shows no authentic check soon is closed by the worker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ice::{FIRST_CHECK, TcpId};
use super::{relay, stun};

/// No datagram of ours or of a browser is longer; a longer frame is not ICE.
pub(super) const MAX_FRAME: usize = 2_048;
/// Bytes that wait to be written: what a joiner is sent at once. At 1.5 Mbit/s four seconds, after which a picture helps nobody.
const WRITE_QUEUE: usize = 768 * 1024;
/// What has no picture in it (sound, checks, reports) may wait beyond that.
const WRITE_QUEUE_SMALL: usize = 1024 * 1024;
const SMALL: usize = 600;
/// Messages of whatever size.
const WRITE_MESSAGES: usize = 4_096;
/// The kernel's own queue would grow to megabytes, which only adds delay.
const SEND_BUFFER: usize = 128 * 1024;
/// A peer that takes nothing for so long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Even keepalives come more often.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Connections that have yet to say whom they are for; beyond, new ones are closed at once.
const MAX_SILENT: usize = 1_000;

/// A connection whose first check names a worker, with what was read of it.
pub(super) struct Arrival {
    stream: std::net::TcpStream,
    pub(super) remote: SocketAddr,
    read: BytesMut,
}

/// The ways to hand connections to the workers.
pub(super) type Links = Arc<[mpsc::Sender<Arrival>]>;

pub(super) enum TcpEvent {
    Datagram { id: TcpId, remote: SocketAddr, datagram: Bytes },
    Closed { id: TcpId, remote: SocketAddr },
}

/// Where messages for one connection wait to be written.
pub(super) struct Writer {
    queue: mpsc::Sender<Bytes>,
    waiting: Arc<AtomicUsize>,
}

impl Writer {
    fn new() -> (Self, mpsc::Receiver<Bytes>, Arc<AtomicUsize>) {
        let (queue, messages) = mpsc::channel(WRITE_MESSAGES);
        let waiting = Arc::new(AtomicUsize::new(0));
        (Self { queue, waiting: Arc::clone(&waiting) }, messages, waiting)
    }

    /// Queues datagrams of `segment` bytes; false if there is no room for them.
    pub(super) fn send(&self, contents: &[u8], segment: usize) -> bool {
        let most = if contents.len() <= SMALL { WRITE_QUEUE_SMALL } else { WRITE_QUEUE };
        if self.waiting.load(Ordering::Relaxed) + contents.len() > most {
            return false;
        }
        let message = framed(contents, segment);
        let length = message.len();
        self.waiting.fetch_add(length, Ordering::Relaxed);
        let queued = self.queue.try_send(message).is_ok();
        if !queued {
            self.waiting.fetch_sub(length, Ordering::Relaxed);
        }
        queued
    }
}

/// Accepts connections until told to stop, and hands each that shows a check to `worker`'s owner.
pub(super) async fn accept(listener: TcpListener, links: Links, token: CancellationToken) {
    let (tasks, waiting) = (TaskTracker::new(), Arc::new(Semaphore::new(MAX_SILENT)));
    loop {
        let accepted = tokio::select! {
            () = token.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // Whoever finds no room is closed at once.
            Ok((stream, remote)) => {
                if let Ok(permit) = Arc::clone(&waiting).try_acquire_owned() {
                    let links = links.clone();
                    let token = token.clone();
                    tasks.spawn(async move {
                        let _permit = permit;
                        tokio::select! {
                            () = token.cancelled() => {}
                            () = introduce(stream, remote, BytesMut::new(), &links) => {}
                        }
                    });
                }
            }
            Err(error) => {
                // Most likely out of file descriptors: wait for some to be closed.
                tracing::warn!(%error, "accepting ICE-TCP");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Reads up to the first check and hands the connection to the worker that it names. `read` is what has been read of it already.
pub(super) async fn introduce(mut stream: TcpStream, remote: SocketAddr, mut read: BytesMut, links: &Links) {
    let first = async {
        loop {
            if let [high, low, rest @ ..] = &read[..] {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                if length > MAX_FRAME {
                    return None;
                }
                if let Some(check) = rest.get(..length) {
                    return relay::named(stun::local_ufrag(check)?);
                }
            }
            if stream.read_buf(&mut read).await.ok()? == 0 {
                return None;
            }
        }
    };
    let Ok(Some(worker)) = tokio::time::timeout(FIRST_CHECK, first).await else { return };
    let (Some(link), Ok(stream)) = (links.get(worker), stream.into_std()) else { return };
    let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
    let _ = link.send(Arrival { stream, remote, read }).await;
}

/// Starts to serve a connection on the worker that it is for.
pub(super) fn take(
    arrival: Arrival,
    id: TcpId,
    events: &mpsc::Sender<TcpEvent>,
    tasks: &TaskTracker,
) -> std::io::Result<(Writer, CancellationToken)> {
    let stream = TcpStream::from_std(arrival.stream)?;
    let _ = stream.set_nodelay(true);
    let _ = socket2::SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER);
    let (writer, queue, waiting) = Writer::new();
    let stop = CancellationToken::new();
    tasks.spawn(serve(stream, id, arrival.remote, arrival.read, (queue, waiting), events.clone(), stop.clone()));
    Ok((writer, stop))
}

async fn serve(
    stream: TcpStream,
    id: TcpId,
    remote: SocketAddr,
    mut buffer: BytesMut,
    (mut queue, waiting): (mpsc::Receiver<Bytes>, Arc<AtomicUsize>),
    events: mpsc::Sender<TcpEvent>,
    stop: CancellationToken,
) {
    let (mut reader, mut writer) = stream.into_split();
    let read = async {
        loop {
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
            if !matches!(tokio::time::timeout(READ_TIMEOUT, reader.read_buf(&mut buffer)).await, Ok(Ok(1..))) {
                return;
            }
        }
    };
    let write = async {
        while let Some(message) = queue.recv().await {
            if !matches!(tokio::time::timeout(WRITE_TIMEOUT, writer.write_all(&message)).await, Ok(Ok(()))) {
                return;
            }
            waiting.fetch_sub(message.len(), Ordering::Relaxed);
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = read => {}
        () = write => {}
    }
    let _ = events.send(TcpEvent::Closed { id, remote }).await;
}

pub(super) struct TooLong;

/// Takes the first complete frame off a buffer.
pub(super) fn frame(buffer: &mut BytesMut) -> Result<Option<Bytes>, TooLong> {
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
fn framed(contents: &[u8], segment: usize) -> Bytes {
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
    fn a_peer_that_takes_nothing_costs_a_megabyte_and_loses_pictures_first() {
        let (writer, mut queue, waiting) = Writer::new();
        let (picture, sound) = ([0; 6_000], [0; 200]);
        let pictures = (0..1_000).filter(|_| writer.send(&picture, 1_200)).count();
        assert!((120..=131).contains(&pictures), "{pictures}");
        assert!(writer.send(&sound, 200), "sound still passes");
        let sounds = (0..4_000).filter(|_| writer.send(&sound, 200)).count();
        assert!(sounds < 2_000 && waiting.load(Ordering::Relaxed) <= WRITE_QUEUE_SMALL + 4_000, "{sounds}");
        while let Ok(message) = queue.try_recv() {
            waiting.fetch_sub(message.len(), Ordering::Relaxed);
        }
        assert_eq!(waiting.load(Ordering::Relaxed), 0);
        assert!(writer.send(&picture, 1_200), "it has caught up");
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused() {
        assert!(frame(&mut BytesMut::from(&[0xff, 0xff, 0][..])).is_err());
    }
}
