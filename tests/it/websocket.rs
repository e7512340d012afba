//! RFC 6455 byte by byte, over the ground of the Autobahn test suite: framing, control frames, fragmentation, UTF-8, close codes, limits. The
//! frames are written by hand, so that no library of ours can be wrong in the same way on both sides.

use crate::harness::TestApp;
use springbreeze::ids::RoomId;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const FIN: u8 = 0x80;
const HELLO: &[u8] = br#"{"type":"hello"}"#;
/// Answered by [`ALIVE`].
const ASK: &[u8] = br#"{"type":"ping"}"#;
const ALIVE: &[u8] = br#"{"type":"pong"}"#;

/// A frame of a client: `head` is FIN, the reserved bits and the opcode.
fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![head];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    let mask = [0x12, 0x34, 0x56, 0x78];
    frame.extend_from_slice(&mask);
    frame.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
    frame
}

fn text(payload: &[u8]) -> Vec<u8> {
    frame(FIN | TEXT, payload)
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Raw {
    /// A socket after its handshake; gives the head of the answer too.
    async fn open(addr: SocketAddr, room: RoomId) -> (Self, String) {
        let mut stream = TcpStream::connect(addr).await.expect("connected");
        let head = format!(
            "GET /rooms/{room}/socket HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("written");
        let mut raw = Self { stream, read: Vec::new() };
        let end = loop {
            if let Some(end) = raw.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(raw.more().await, "an answer");
        };
        let head = String::from_utf8(raw.read.drain(..end).collect()).expect("text");
        (raw, head)
    }

    async fn join(addr: SocketAddr, room: RoomId) -> Self {
        let (mut raw, _) = Self::open(addr, room).await;
        raw.send(&text(HELLO)).await;
        let (opcode, welcome) = raw.next().await.expect("a welcome");
        assert!(opcode == TEXT && welcome.starts_with(br#"{"type":"welcome""#), "{}", String::from_utf8_lossy(&welcome));
        raw
    }

    async fn more(&mut self) -> bool {
        let mut some = [0; 4096];
        let read = tokio::time::timeout(Duration::from_secs(5), self.stream.read(&mut some)).await.expect("in time");
        let count = read.unwrap_or(0);
        self.read.extend_from_slice(&some[..count]);
        count > 0
    }

    async fn send(&mut self, bytes: &[u8]) {
        // The server may have hung up already.
        let _ = self.stream.write_all(bytes).await;
    }

    /// Opcode and payload of the next frame that is not presence; none when the connection has ended.
    async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            while let Some((length, at)) = self.head() {
                if self.read.len() < at + length {
                    break;
                }
                let opcode = self.read[0] & 15;
                assert_eq!(self.read[0] & 0xf0, FIN, "whole and without extensions");
                assert_eq!(self.read[1] & 0x80, 0, "servers do not mask");
                let payload: Vec<u8> = self.read.drain(..at + length).skip(at).collect();
                if opcode != TEXT || !payload.starts_with(br#"{"type":"presence""#) {
                    return Some((opcode, payload));
                }
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// Length of the payload and where it begins.
    fn head(&self) -> Option<(usize, usize)> {
        match self.read.get(1)? & 0x7f {
            126 => Some((usize::from(u16::from_be_bytes(*self.read.get(2..)?.first_chunk()?)), 4)),
            127 => Some((u64::from_be_bytes(*self.read.get(2..)?.first_chunk()?) as usize, 10)),
            length => Some((usize::from(length), 2)),
        }
    }

    /// The code of the close frame, past all texts; 1006 without one, 1005 for an empty one.
    async fn code(&mut self) -> u16 {
        loop {
            match self.next().await {
                None => return 1006,
                Some((CLOSE, payload)) => return payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)),
                Some(_) => {}
            }
        }
    }

    async fn is_alive(&mut self) {
        self.send(&text(ASK)).await;
        assert_eq!(self.next().await, Some((TEXT, ALIVE.to_vec())));
    }
}

/// A server with a hall that anybody may look into.
async fn server() -> (TestApp, SocketAddr, RoomId) {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let addr = app.app.addr;
    (app, addr, at.hall.id)
}

#[tokio::test]
async fn the_handshake_is_that_of_the_standard_and_accepts_no_extension() {
    let (app, addr, room) = server().await;
    let (_, head) = Raw::open(addr, room).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let head = head.to_ascii_lowercase();
    // The key and its answer are those of RFC 6455, section 1.3.
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert!(!head.contains("sec-websocket-extensions"), "{head}");
    app.stop().await;
}

#[tokio::test]
async fn texts_of_every_length_form_arrive_in_whatever_pieces_they_come() {
    let (app, addr, room) = server().await;
    let mut raw = Raw::join(addr, room).await;
    for length in [16, 125, 126, 127, 128, 4_000, 8_192] {
        // JSON may end in any number of spaces.
        let mut padded = ASK.to_vec();
        padded.resize(length, b' ');
        raw.send(&text(&padded)).await;
        assert_eq!(raw.next().await, Some((TEXT, ALIVE.to_vec())), "{length}");
    }
    for byte in text(ASK) {
        raw.send(&[byte]).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(raw.next().await, Some((TEXT, ALIVE.to_vec())), "byte by byte");
    let two = [text(ASK), text(ASK)].concat();
    raw.send(&two).await;
    assert_eq!((raw.next().await, raw.next().await), (Some((TEXT, ALIVE.to_vec())), Some((TEXT, ALIVE.to_vec()))), "two at once");
    app.stop().await;
}

#[tokio::test]
async fn pings_are_answered_with_their_payload_and_in_order() {
    let (app, addr, room) = server().await;
    let mut raw = Raw::join(addr, room).await;
    for payload in [&b""[..], b"hello", &[0, 0xff, 0xfe], &[b'x'; 125]] {
        raw.send(&frame(FIN | PING, payload)).await;
        assert_eq!(raw.next().await, Some((PONG, payload.to_vec())));
    }
    raw.send(&frame(FIN | PONG, b"nobody asked")).await;
    let ten: Vec<u8> = (0..10).flat_map(|n| frame(FIN | PING, &[n])).collect();
    raw.send(&ten).await;
    // One that waits to be answered may be answered by the newest (RFC 6455, section 5.5.3), never out of order.
    let mut last = 0;
    while last < 9 {
        let (opcode, payload) = raw.next().await.expect("a pong");
        assert!(opcode == PONG && payload.len() == 1 && payload[0] >= last, "{payload:?}");
        last = payload[0];
    }
    raw.is_alive().await;
    app.stop().await;
}

#[tokio::test]
async fn fragments_are_put_together_with_control_frames_between_them() {
    let (app, addr, room) = server().await;
    let mut raw = Raw::join(addr, room).await;
    raw.send(&frame(TEXT, &ASK[..7])).await;
    raw.send(&frame(CONTINUATION, b"")).await;
    raw.send(&frame(FIN | PING, b"between")).await;
    assert_eq!(raw.next().await, Some((PONG, b"between".to_vec())));
    raw.send(&frame(FIN | CONTINUATION, &ASK[7..])).await;
    assert_eq!(raw.next().await, Some((TEXT, ALIVE.to_vec())));
    // A character may be cut in two.
    let wide = r#"{"type":"ping","字":"😀"}"#.as_bytes();
    for cut in 1..wide.len() {
        if cut % 6 == 5 {
            raw = Raw::join(addr, room).await;
        }
        raw.send(&[frame(TEXT, &wide[..cut]), frame(FIN | CONTINUATION, &wide[cut..])].concat()).await;
        assert_eq!(raw.next().await, Some((TEXT, ALIVE.to_vec())), "cut at {cut}");
    }
    app.stop().await;
}

#[tokio::test]
async fn whatever_breaks_the_standard_ends_with_the_code_of_the_standard() {
    let (app, addr, room) = server().await;
    let unmasked = [&[FIN | TEXT, ASK.len() as u8][..], ASK].concat();
    let wide = "一二三😀".as_bytes();
    let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("unmasked", unmasked, &[1002]),
        ("first reserved bit", frame(FIN | 0x40 | TEXT, ASK), &[1002]),
        ("second reserved bit", frame(FIN | 0x20 | TEXT, ASK), &[1002]),
        ("third reserved bit", frame(FIN | 0x10 | PING, b""), &[1002]),
        ("reserved data opcode", frame(FIN | 3, b""), &[1002]),
        ("last reserved data opcode", frame(FIN | 7, b"x"), &[1002]),
        ("reserved control opcode", frame(FIN | 11, b""), &[1002]),
        ("last reserved control opcode", frame(FIN | 15, b"x"), &[1002]),
        ("long ping", frame(FIN | PING, &[b'x'; 126]), &[1002]),
        ("fragmented ping", frame(PING, b"x"), &[1002]),
        ("fragmented close", frame(CLOSE, b""), &[1002]),
        ("continuation of nothing", frame(FIN | CONTINUATION, ASK), &[1002]),
        ("beginning of a continuation of nothing", frame(CONTINUATION, ASK), &[1002]),
        ("text within a text", [frame(TEXT, &ASK[..5]), text(ASK)].concat(), &[1002]),
        ("binary", frame(FIN | BINARY, b"x"), &[1003]),
        ("not UTF-8", text(&[0xce, 0xba, 0xff]), &[1007]),
        ("overlong", text(&[0xc0, 0xaf]), &[1007]),
        ("overlong of three", text(&[0xe0, 0x80, 0xaf]), &[1007]),
        ("a surrogate", text(&[0xed, 0xa0, 0x80]), &[1007]),
        ("beyond Unicode", text(&[0xf4, 0x90, 0x80, 0x80]), &[1007]),
        ("a character that does not end", text(&wide[..wide.len() - 1]), &[1007]),
        ("one that does not end in fragments", [frame(TEXT, &wide[..4]), frame(FIN | CONTINUATION, &wide[6..])].concat(), &[1007]),
        ("too long", text(&[b' '; 8_193]), &[1009]),
        ("much too long", text(&[b' '; 70_000]), &[1009, 1006]),
        ("too long in fragments", [frame(TEXT, &[b' '; 8_000]), frame(FIN | CONTINUATION, &[b' '; 8_000])].concat(), &[1009]),
        ("a length of the next century", [&[FIN | TEXT, 0xff][..], &[0x7f; 8], &[1, 2, 3, 4]].concat(), &[1009, 1002, 1006]),
    ];
    for (name, bytes, codes) in cases {
        let mut raw = Raw::join(addr, room).await;
        raw.send(&bytes).await;
        let code = raw.code().await;
        assert!(codes.contains(&code), "{name}: {code}");
    }
    // Others notice nothing.
    Raw::join(addr, room).await.is_alive().await;
    app.stop().await;
}

#[tokio::test]
async fn a_goodbye_is_returned_and_a_broken_one_is_told_so() {
    let (app, addr, room) = server().await;
    let long = [b'x'; 123];
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        let mut raw = Raw::join(addr, room).await;
        raw.send(&close(code, &long)).await;
        assert_eq!(raw.code().await, code);
        assert_eq!(raw.next().await, None, "and then the connection ends");
    }
    let mut raw = Raw::join(addr, room).await;
    raw.send(&[frame(FIN | CLOSE, b""), text(ASK)].concat()).await;
    assert!([1000, 1005].contains(&raw.code().await), "nothing after it is answered");
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        let mut raw = Raw::join(addr, room).await;
        raw.send(&close(code, b"")).await;
        assert_eq!(raw.code().await, 1002, "{code}");
    }
    for (name, payload, codes) in [
        ("half a code", &[3][..], &[1002][..]),
        ("a reason that is not UTF-8", &[3, 0xe8, 0xff, 0xfe], &[1007, 1002]),
        ("a reason that is too long", &[b'x'; 126], &[1002]),
    ] {
        let mut raw = Raw::join(addr, room).await;
        raw.send(&frame(FIN | CLOSE, payload)).await;
        let code = raw.code().await;
        assert!(codes.contains(&code), "{name}: {code}");
    }
    app.stop().await;
}
