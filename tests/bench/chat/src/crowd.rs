//! Many sockets in one thread: what they were sent, and when it came.

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use memchr::memmem::{Finder, find};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::frames;

/// Stands before the time of sending in a text, as 16 hexadecimal digits of nanoseconds since the crowd began.
pub(crate) const MARK: &str = "##";

/// How a socket is opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door {
    pub(crate) path: String,
    /// `name=value` of a session, for those who write.
    pub(crate) cookie: Option<String>,
    /// Asks for what was missed after it.
    pub(crate) since: Option<i64>,
    /// No hello: the peer and the floor know none.
    pub(crate) bare: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Upgrading,
    /// `last`: the entry with which the history ends, once it is known; nothing to wait for if none was asked for.
    Greeting {
        last: Option<i64>,
        replays: bool,
    },
    Open,
    Closed,
}

struct Conn {
    stream: TcpStream,
    state: State,
    door: Door,
    /// The beginning of what has not come whole.
    input: Vec<u8>,
    output: Vec<u8>,
    began: Instant,
}

/// What all sockets saw since it was last taken.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Of texts with a mark: from sending to here.
    pub(crate) delays: Vec<Duration>,
    /// From sending to the acknowledgement.
    pub(crate) acks: Vec<Duration>,
    /// From connecting to the welcome with its history.
    pub(crate) joins: Vec<Duration>,
    /// Refusals by code, and closed sockets by their reason.
    pub(crate) refused: HashMap<String, usize>,
    /// When the last text with a mark came.
    pub(crate) last: Option<Instant>,
}

pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    conns: Vec<Conn>,
    scratch: Vec<u8>,
    address: SocketAddr,
    pub(crate) began: Instant,
    pub(crate) seen: Seen,
    mark: Finder<'static>,
}

fn number(text: &[u8], before: &str) -> Option<i64> {
    let at = find(text, before.as_bytes())? + before.len();
    let digits = text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&text[at..at + digits]).ok()?.parse().ok()
}

impl Crowd {
    pub(crate) fn new(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1_024),
            conns: Vec::new(),
            scratch: vec![0; 256 * 1024],
            address,
            began: Instant::now(),
            seen: Seen::default(),
            mark: Finder::new(MARK),
        })
    }

    /// Begins to connect; the socket's number.
    pub(crate) fn open(&mut self, door: Door) -> Result<usize> {
        let mut stream = TcpStream::connect(self.address)?;
        let _ = stream.set_nodelay(true);
        self.poll.registry().register(&mut stream, Token(self.conns.len()), Interest::READABLE | Interest::WRITABLE)?;
        let state = if door.path.is_empty() { State::Open } else { State::Upgrading };
        let output = if door.path.is_empty() { Vec::new() } else { request(&door, self.address) };
        self.conns.push(Conn { stream, state, door, input: Vec::new(), output, began: Instant::now() });
        Ok(self.conns.len() - 1)
    }

    /// Sockets that are greeted.
    pub(crate) fn open_count(&self) -> usize {
        self.conns.iter().filter(|conn| conn.state == State::Open).count()
    }

    pub(crate) fn len(&self) -> usize {
        self.conns.len()
    }

    pub(crate) fn is_open(&self, at: usize) -> bool {
        self.conns.get(at).is_some_and(|conn| conn.state == State::Open)
    }

    /// Nanoseconds since the crowd began, as a mark has them.
    pub(crate) fn now(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    /// Posts a text with a mark by a socket of somebody with a name.
    pub(crate) fn post(&mut self, at: usize, room_for: usize) {
        let now = self.now();
        let text = format!("{MARK}{now:016x} {}", "夫妻房还有吗？".repeat(1 + room_for / 21));
        let frame = serde_json::json!({ "type": "send", "client_id": format!("b{now:016x}-{at}"), "text": text });
        self.send(at, &frames::masked(1, frame.to_string().as_bytes()));
    }

    fn send(&mut self, at: usize, bytes: &[u8]) {
        if let Some(conn) = self.conns.get_mut(at) {
            conn.output.extend_from_slice(bytes);
            flush(conn);
        }
    }

    /// Reads what comes for so long, or until `done`.
    pub(crate) fn pump(&mut self, span: Duration, mut done: impl FnMut(&Self) -> bool) -> Result<bool> {
        let end = Instant::now() + span;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            // Never asleep: whoever writes to a sleeping reader on the same machine pays for waking its core.
            match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result?,
            }
            let ready: Vec<(usize, bool)> = self.events.iter().map(|event| (event.token().0, event.is_writable())).collect();
            for (at, writable) in ready {
                let Some(conn) = self.conns.get_mut(at) else { continue };
                if writable {
                    flush(conn);
                }
                read(conn, at, &mut self.scratch, &mut self.seen, self.began, &self.mark);
            }
            if done(self) {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
        }
    }

    pub(crate) fn take(&mut self) -> Seen {
        std::mem::take(&mut self.seen)
    }
}

fn request(door: &Door, host: SocketAddr) -> Vec<u8> {
    let cookie = door.cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    format!(
        "GET {} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{cookie}\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        door.path
    )
    .into_bytes()
}

fn flush(conn: &mut Conn) {
    while !conn.output.is_empty() {
        match conn.stream.write(&conn.output) {
            Ok(count) => drop(conn.output.drain(..count)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => return,
            Err(_) => {
                conn.state = State::Closed;
                return;
            }
        }
    }
}

fn read(conn: &mut Conn, at: usize, scratch: &mut [u8], seen: &mut Seen, began: Instant, mark: &Finder<'_>) {
    loop {
        let count = match conn.stream.read(scratch) {
            Ok(0) => {
                if conn.state != State::Closed {
                    *seen.refused.entry("connection ended".to_owned()).or_default() += 1;
                }
                conn.state = State::Closed;
                return;
            }
            Ok(count) => count,
            Err(_) => return,
        };
        let now = Instant::now();
        if conn.input.is_empty() && !matches!(conn.state, State::Upgrading) {
            let used = frames::read(&scratch[..count], |opcode, text| {
                note(&mut conn.state, &mut conn.output, conn.began, (opcode, text), seen, (began, now), mark);
            });
            conn.input.extend_from_slice(&scratch[used..count]);
        } else {
            conn.input.extend_from_slice(&scratch[..count]);
            if conn.state == State::Upgrading && !upgraded(conn, at, seen) {
                continue;
            }
            let input = std::mem::take(&mut conn.input);
            let used = frames::read(&input, |opcode, text| {
                note(&mut conn.state, &mut conn.output, conn.began, (opcode, text), seen, (began, now), mark);
            });
            conn.input = input[used..].to_vec();
        }
        flush(conn);
        if count < scratch.len() {
            return;
        }
    }
}

/// Whether the answer to the request came whole and was a yes.
fn upgraded(conn: &mut Conn, at: usize, seen: &mut Seen) -> bool {
    let Some(end) = find(&conn.input, b"\r\n\r\n") else { return false };
    if !conn.input.starts_with(b"HTTP/1.1 101") {
        let line = String::from_utf8_lossy(&conn.input).lines().next().unwrap_or_default().to_owned();
        *seen.refused.entry(line).or_default() += 1;
        conn.state = State::Closed;
        return false;
    }
    conn.input.drain(..end + 4);
    if conn.door.bare {
        conn.state = State::Open;
        seen.joins.push(conn.began.elapsed());
        return true;
    }
    conn.state = State::Greeting { last: None, replays: conn.door.since.is_some() };
    let since = conn.door.since.map(|since| format!(",\"since\":{since}")).unwrap_or_default();
    let hello = format!("{{\"type\":\"hello\"{since},\"device\":\"bench-{at}\"}}");
    conn.output.extend_from_slice(&frames::masked(1, hello.as_bytes()));
    true
}

/// What one frame tells.
fn note(
    state: &mut State,
    output: &mut Vec<u8>,
    joined: Instant,
    (opcode, text): (u8, &[u8]),
    seen: &mut Seen,
    (began, now): (Instant, Instant),
    mark: &Finder<'_>,
) {
    match opcode {
        8 => {
            *seen.refused.entry(format!("closed {}", String::from_utf8_lossy(text.get(2..).unwrap_or_default()))).or_default() += 1;
            *state = State::Closed;
            return;
        }
        9 => {
            output.extend_from_slice(&frames::masked(10, text));
            return;
        }
        1 => {}
        _ => return,
    }
    let since = |hex: &[u8]| {
        let nanos = std::str::from_utf8(hex).ok().and_then(|hex| u64::from_str_radix(hex, 16).ok())?;
        now.checked_duration_since(began + Duration::from_nanos(nanos))
    };
    if text.starts_with(b"{\"type\":\"ack\"") {
        let id = find(text, b"\"b").and_then(|at| text.get(at + 2..at + 18));
        seen.acks.extend(id.and_then(since));
        return;
    }
    if text.starts_with(b"{\"type\":\"error\"") {
        let code = find(text, b"\"code\":\"").map(|at| text[at + 8..].iter().take_while(|byte| **byte != b'"').copied().collect());
        *seen.refused.entry(String::from_utf8(code.unwrap_or_default()).unwrap_or_default()).or_default() += 1;
        return;
    }
    if let State::Greeting { last, replays } = state {
        if text.starts_with(b"{\"type\":\"welcome\"") {
            *last = number(text, "\"last_seq\":");
        }
        let there = number(text, "{\"seq\":").unwrap_or(0);
        if last.is_some_and(|last| !*replays || there >= last) {
            *state = State::Open;
            seen.joins.push(now - joined);
        }
        return;
    }
    if let Some(at) = mark.find(text)
        && let Some(delay) = text.get(at + 2..at + 18).and_then(since)
    {
        seen.delays.push(delay);
        seen.last = Some(now);
    }
}
