//! A client of the room's socket, as a program speaks it.

use crate::harness::{Person, TestApp};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use springbreeze::ids::RoomId;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Every wait of a test ends, also when the server says nothing.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Client {
    pub ws: WebSocketStream<TcpStream>,
    /// The newest entry that came.
    pub seq: i64,
}

impl Client {
    /// Opens a socket and says nothing yet.
    pub async fn open(addr: std::net::SocketAddr, room: RoomId, token: Option<&str>) -> Result<Self, Error> {
        Self::open_with(
            addr,
            room,
            &token.map(|t| format!("Bearer {t}")).map(|v| ("authorization", v)).into_iter().collect::<Vec<_>>(),
            None,
        )
        .await
    }

    pub async fn open_with(
        addr: std::net::SocketAddr,
        room: RoomId,
        headers: &[(&'static str, String)],
        receive_buffer: Option<u32>,
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{addr}/rooms/{room}/socket").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("header"));
        }
        let socket = TcpSocket::new_v4()?;
        if let Some(size) = receive_buffer {
            socket.set_recv_buffer_size(size)?;
        }
        let stream = socket.connect(addr).await?;
        let (ws, _) = client_async(request, stream).await?;
        Ok(Self { ws, seq: 0 })
    }

    /// Opens a socket, says hello and returns the welcome with it.
    pub async fn join(app: &TestApp, room: RoomId, person: Option<&Person>, since: Option<i64>) -> (Self, Value) {
        let mut client = Self::open(app.app.addr, room, person.map(|p| p.token.as_str())).await.expect("socket");
        client.send(json!({ "type": "hello", "since": since })).await;
        let welcome = client.next().await.expect("welcome");
        assert_eq!(welcome["type"], "welcome");
        (client, welcome)
    }

    pub async fn send(&mut self, frame: Value) {
        self.ws.send(Message::Text(frame.to_string().into())).await.expect("sent");
    }

    /// The next frame, or the code with which the server closed; 1006 if it closed without.
    pub async fn next(&mut self) -> Result<Value, u16> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.ws.next()).await.expect("the server answers in time");
            match frame {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    if let Some(seq) = frame["seq"].as_i64().filter(|_| frame["type"] != "ack") {
                        self.seq = seq;
                    }
                    return Ok(frame);
                }
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return Err(1006),
            }
        }
    }

    /// The next frame of a type, past all others.
    pub async fn wait(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap_or_else(|code| panic!("closed with {code} before {kind}"));
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The code with which the server closes, past all frames.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    /// Sends a message and waits for its acknowledgement.
    pub async fn say(&mut self, client_id: &str, text: &str) -> i64 {
        self.send(json!({ "type": "send", "client_id": client_id, "text": text })).await;
        loop {
            let frame = self.next().await.expect("frame");
            if frame["type"] == "ack" && frame["client_id"] == client_id {
                return frame["seq"].as_i64().expect("seq");
            }
            assert_ne!(frame["type"], "error", "{frame}");
        }
    }
}
