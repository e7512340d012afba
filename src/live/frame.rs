//! What is told to many, as it goes over the wire: WebSocket text frames of a server (RFC 6455, section 5.2: whole, without a mask).
//!
//! Made once and shared by all connections, as thousands of them would each do the same work.

use bytes::{BufMut, Bytes, BytesMut};

/// FIN and the opcode of text.
const TEXT: u8 = 0x81;
const LONG: u8 = 126;
const LONGER: u8 = 127;

/// A frame with a text.
pub fn text_frame(text: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(10 + text.len());
    frame.put_u8(TEXT);
    match text.len() {
        length @ 0..=125 => frame.put_u8(length as u8),
        length @ 126..=0xffff => {
            frame.put_u8(LONG);
            frame.put_u16(length as u16);
        }
        length => {
            frame.put_u8(LONGER);
            frame.put_u64(length as u64);
        }
    }
    frame.put_slice(text);
    frame.freeze()
}

/// Frames that leave together.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    /// Those of entries, in order.
    pub entries: Bytes,
    /// With what a slow connection may lose after them.
    pub all: Bytes,
}

/// Gathers frames.
#[derive(Default)]
pub(super) struct Batch {
    entries: Vec<Bytes>,
    passing: Vec<Bytes>,
    bytes: usize,
}

/// With more than this, nothing is waited for.
const LARGE: usize = 64 * 1024;

/// One after the other; a single one as it is.
fn joined<'a>(mut frames: impl ExactSizeIterator<Item = &'a Bytes> + Clone) -> Bytes {
    match frames.len() {
        0 | 1 => frames.next().cloned().unwrap_or_default(),
        _ => frames
            .fold(BytesMut::new(), |mut all, frame| {
                all.extend_from_slice(frame);
                all
            })
            .freeze(),
    }
}

impl Batch {
    pub(super) fn entry(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.entries.push(frame);
    }

    pub(super) fn passing(&mut self, frame: Bytes) {
        self.passing.push(frame);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.passing.is_empty()
    }

    pub(super) fn is_large(&self) -> bool {
        self.bytes >= LARGE
    }

    pub(super) fn take(&mut self) -> Frames {
        self.bytes = 0;
        let (entries, passing) = (std::mem::take(&mut self.entries), std::mem::take(&mut self.passing));
        let entries = joined(entries.iter());
        let all = match (entries.is_empty(), passing.is_empty()) {
            (_, true) => entries.clone(),
            (true, false) => joined(passing.iter()),
            (false, false) => joined([&entries].into_iter().chain(&passing).collect::<Vec<_>>().into_iter()),
        };
        Frames { entries, all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

    #[test]
    fn frames_are_those_of_the_library() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let text = vec![b'x'; length];
            let mut expected = Vec::new();
            Frame::message(text.clone(), OpCode::Data(Data::Text), true).format(&mut expected).expect("a frame");
            assert_eq!(text_frame(&text), expected, "{length}");
        }
    }

    #[test]
    fn what_may_be_lost_comes_last_and_can_be_left_out() {
        let mut batch = Batch::default();
        batch.passing(Bytes::from_static(b"p"));
        batch.entry(Bytes::from_static(b"1"));
        batch.entry(Bytes::from_static(b"2"));
        let Frames { entries, all } = batch.take();
        assert_eq!((&entries[..], &all[..], batch.is_empty()), (&b"12"[..], &b"12p"[..], true));
        batch.passing(Bytes::from_static(b"p"));
        let Frames { entries, all } = batch.take();
        assert_eq!((&entries[..], &all[..]), (&b""[..], &b"p"[..]));
    }
}
