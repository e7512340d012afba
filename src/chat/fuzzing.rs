//! Entry point for fuzzing: what a stranger may write to a socket after its handshake.
//!
//! Besides not panicking: the reader ends, with one of the documented codes if the client is at fault; what is written back is no more than what came
//! and a goodbye; no text is longer than a frame may be, and no message that is taken is empty, too long or without a proper id.

use super::socket::{MAX_FRAME, incoming, settings};
use super::wire::{ClientFrame, End};
use super::{Draft, MAX_TEXT, checked};
use std::io::{Cursor, Read, Write};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};

/// A close frame at its longest.
const GOODBYE: usize = 127;

/// The client's bytes, and how many were written back.
struct Wire<'a> {
    came: Cursor<&'a [u8]>,
    written: usize,
}

impl Read for Wire<'_> {
    /// In small pieces, as from a weak network.
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let most = buf.len().min(7);
        self.came.read(&mut buf[..most])
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.written += buf.len();
        Ok(buf.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Frames as they come over the wire; behind a zero byte the text of one frame.
pub fn frames(data: &[u8]) {
    match data.split_first() {
        Some((0, text)) => std::str::from_utf8(text).into_iter().for_each(take),
        _ => converse(data),
    }
}

fn converse(data: &[u8]) {
    let wire = Wire { came: Cursor::new(data), written: 0 };
    let mut socket = WebSocket::from_raw_socket(wire, Role::Server, Some(settings()));
    // A frame has two bytes at least.
    for _ in 0..=data.len() {
        match incoming(Some(socket.read())) {
            Ok(Some(text)) => {
                assert!(text.len() <= MAX_FRAME);
                take(&text);
            }
            Ok(None) => {}
            Err(end) => {
                assert!(matches!(end, End::Gone | End::Broken | End::Binary | End::NotUtf8 | End::TooLarge), "{end:?}");
                let _ = socket.flush();
                assert!(socket.get_ref().written <= data.len() + GOODBYE, "{} bytes for {}", socket.get_ref().written, data.len());
                return;
            }
        }
    }
    panic!("the reader does not end");
}

fn take(text: &str) {
    let Ok(ClientFrame::Send { client_id, text, reply_to }) = serde_json::from_str(text) else { return };
    let draft = Draft { client_id, text, reply_to };
    if let Ok(text) = checked(&draft) {
        assert!((1..=MAX_TEXT).contains(&text.chars().count()) && (1..=64).contains(&draft.client_id.len()));
        assert_eq!(checked(&Draft { text: text.clone(), ..draft }), Ok(text), "cleaning once is enough");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};
    use std::path::PathBuf;

    fn seeds() -> Vec<Vec<u8>> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/frames");
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder).expect("a corpus").map(|file| file.expect("a file").path()).collect();
        files.sort();
        files.iter().map(|file| std::fs::read(file).expect("read")).collect()
    }

    #[test]
    fn seeds_and_mutations() {
        let seeds = seeds();
        assert!(seeds.len() >= 8);
        seeds.iter().for_each(|seed| frames(seed));
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..20_000 {
            let mut data = seeds[random.random_range(0..seeds.len())].clone();
            for _ in 0..random.random_range(1..5) {
                let at = random.random_range(0..=data.len());
                match random.random_range(0..5) {
                    0 => data.truncate(at),
                    1 => data.insert(at, random.random()),
                    2 => {
                        let other = &seeds[random.random_range(0..seeds.len())];
                        data.splice(at..at, other.iter().copied().take(random.random_range(0..80)));
                    }
                    3 => data.get_mut(at).into_iter().for_each(|byte| *byte = [0, 0x7e, 0x7f, 0x80, 0xff][random.random_range(0..5)]),
                    _ => data.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << random.random_range(0..8)),
                }
            }
            frames(&data);
        }
    }
}
