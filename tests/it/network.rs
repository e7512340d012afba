//! The network test: what it tells, and its connections.

use crate::harness::{NOON, TestApp, Web};
use crate::media_paths::Relay;
use crate::wish::{HERE, PATIENCE, frames, location, offer, until, view_offer};
use reqwest::StatusCode;
use springbreeze::clock::Clock;
use springbreeze::config::{Config, LIKE_UDP};
use springbreeze::media::client::Receiver;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server with media on UDP and TCP, changed by `change`.
async fn start_with(change: impl FnOnce(&mut Config, &std::path::Path)) -> TestApp {
    let data = tempfile::tempdir().expect("folder");
    let mut config = Config::for_tests(data.path());
    config.media_tcp = LIKE_UDP;
    change(&mut config, data.path());
    TestApp::start_with(config, data, Clock::manual(NOON)).await
}

async fn start() -> TestApp {
    start_with(|_, _| {}).await
}

async fn json(web: &Web) -> serde_json::Value {
    web.get("/network.json").send().await.expect("response").json().await.expect("json")
}

#[tokio::test]
async fn it_tells_what_the_server_sees_to_people_programs_and_curl() {
    let app = start().await;
    let web = app.stranger();
    let seen = json(&web).await;
    assert_eq!((seen["address"].as_str(), seen["family"].as_str()), (Some("127.0.0.1"), Some("IPv4")), "{seen}");
    assert_eq!((seen["http"].as_str(), seen["tls"].as_str()), (Some("HTTP/1.1"), Some("none")), "{seen}");
    assert_eq!(seen["time"].as_i64(), Some(NOON));
    let media = app.parts.live.media.clone();
    let ports = (media.local_addr().port(), media.tcp_addr().expect("TCP").port());
    assert_eq!(seen["media"][0], serde_json::json!({"transport": "udp", "addresses": ["127.0.0.1"], "port": ports.0}));
    assert_eq!(seen["media"][1], serde_json::json!({"transport": "tcp", "addresses": ["127.0.0.1"], "port": ports.1}));
    let web_way = serde_json::json!({"transport": "web", "addresses": ["127.0.0.1"], "port": app.app.addr.port()});
    assert_eq!(seen["media"][2], web_way, "no proxy is in front");
    for (path, accept) in [("/network", "*/*"), ("/network.txt", "text/html")] {
        let text = web.client.get(web.url(path)).header("accept", accept).header("accept-language", "en").send().await.expect("response");
        assert_eq!(text.headers()["content-type"], "text/plain; charset=utf-8");
        let text = text.text().await.expect("text");
        assert!(text.contains("Your address: 127.0.0.1 (IPv4)\n") && text.contains(&format!("127.0.0.1:{}\n", ports.0)), "{text}");
    }
    let page = web.page("/network").await;
    assert!(page.contains("data-test=\"udp\"") && page.contains(&format!("UDP {}", ports.0)), "what scripts begin with");
    assert!(page.contains("class=\"no-js banner"), "what stands there without them");
    assert!(web.page("/").await.contains("href=\"/network\""));
    app.stop().await;
}

#[tokio::test]
async fn a_test_connection_has_one_way_and_brings_a_picture_while_it_lasts() {
    let app = start().await;
    let (web, media) = (app.stranger(), app.parts.live.media.clone());
    let mut receiver = Receiver::new(HERE).expect("receiver");
    let response = offer(&web, "/network/whep?transport=udp", None, receiver.offer()).await;
    let session = location(&response);
    assert!(session.starts_with("/network/whep/"), "{session}");
    let answer = response.text().await.expect("answer");
    assert!(answer.contains(" udp ") && !answer.contains("tcptype"), "{answer}");
    receiver.accept(&answer).expect("accepted");
    frames(&mut receiver, 20).await;
    assert_eq!(media.totals().publishers, 1, "the server publishes to itself");
    let tcp = offer(&web, "/network/whep?transport=tcp", None, &view_offer()).await;
    let second = location(&tcp);
    let answer = tcp.text().await.expect("answer");
    assert!(answer.contains("tcptype passive") && !answer.contains(" udp "), "{answer}");
    for session in [&session, &second] {
        assert_eq!(web.client.get(web.url(session)).send().await.expect("response").status(), StatusCode::NO_CONTENT);
        assert_eq!(web.client.delete(web.url(session)).send().await.expect("response").status(), StatusCode::OK);
    }
    until("the end of the picture", async || media.totals().publishers == 0).await;
    assert_eq!(offer(&web, "/network/whep?transport=udp", None, receiver.offer()).await.status(), StatusCode::CREATED, "once more");
    app.stop().await;
}

#[tokio::test]
async fn what_is_not_offered_is_said_and_too_many_tests_wait() {
    let app = start_with(|config, _| config.media_web = 0).await;
    let web = app.stranger();
    let test = async |query: &str| offer(&web, &format!("/network/whep{query}"), None, &view_offer()).await;
    assert_eq!(test("?transport=web").await.status().as_u16(), 422);
    for query in ["", "?transport=pigeon"] {
        assert_eq!(test(query).await.status().as_u16(), 400, "{query}");
    }
    let statuses: Vec<u16> =
        futures_util::future::join_all((0..60).map(|_| test("?transport=udp"))).await.iter().map(|r| r.status().as_u16()).collect();
    assert_eq!(statuses[0], 201);
    let refused = statuses.iter().filter(|s| [429, 503].contains(*s)).count();
    assert!(refused >= 15 && statuses.iter().all(|s| [201, 429, 503].contains(s)), "{statuses:?}");
    app.stop().await;
}

#[tokio::test]
async fn a_socket_says_after_us_and_ends() {
    use futures_util::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::Message;
    let app = start().await;
    let url = format!("ws://{}/network/socket", app.app.addr);
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("a socket");
    for n in 0..5 {
        socket.send(Message::text(format!("echo {n}"))).await.expect("sent");
        assert_eq!(socket.next().await.expect("an echo").expect("a frame"), Message::text(format!("echo {n}")));
    }
    socket.send(Message::text("once too often")).await.expect("sent");
    assert!(!matches!(socket.next().await, Some(Ok(Message::Text(_)))), "it has an end");
    let bytes = app.stranger().get("/network/bytes").send().await.expect("response");
    assert_eq!(bytes.bytes().await.expect("bytes").len(), 128 * 1024);
    app.stop().await;
}

/// Somebody who reaches the server by nothing but the port of pages watches the test picture.
async fn watch_by_the_web_port(app: &TestApp, web: &Web) -> (Receiver, Relay, String) {
    let mut receiver = Receiver::new(HERE).expect("receiver");
    let response = offer(web, "/network/whep?transport=web", None, receiver.offer()).await;
    let session = location(&response);
    let answer = response.text().await.expect("answer");
    let relay = Relay::tcp(app.app.addr, Arc::default()).await;
    let candidate = answer.lines().find(|line| line.starts_with("a=candidate:")).expect("a candidate").to_owned();
    assert!(candidate.contains(&format!(" tcp 1526726655 127.0.0.1 {} typ host tcptype passive", app.app.addr.port())), "{candidate}");
    assert_eq!(answer.matches("a=candidate:").count(), 1, "{answer}");
    // The client speaks UDP only; the relay carries that over TCP.
    let led = answer.replace(&candidate, &format!("a=candidate:1 1 udp 1 127.0.0.1 {} typ host", relay.front.port()));
    receiver.accept(&led).expect("accepted");
    (receiver, relay, session)
}

#[tokio::test]
async fn media_comes_by_the_port_of_pages_beside_them() {
    let app = start().await;
    let web = app.stranger();
    let (mut receiver, relay, session) = watch_by_the_web_port(&app, &web).await;
    frames(&mut receiver, 30).await;
    assert_eq!(receiver.received().video.lost, 0);
    assert_eq!(web.status("/").await, 200);
    // What only looks like media is closed, and so is what never comes to the point.
    for bytes in [&b"\x00\x6c\x00\x01\x00\x58\x21\x12\xa4\x43"[..], &[0; 64], &[0, 108]] {
        let mut raw = TcpStream::connect(app.app.addr).await.expect("connect");
        raw.write_all(bytes).await.expect("write");
        raw.shutdown().await.expect("shutdown");
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, raw.read_to_end(&mut answer)).await.expect("closed");
        assert_eq!(answer, b"", "nothing is said to it");
    }
    frames(&mut receiver, 10).await;
    drop(relay);
    assert_eq!(web.client.delete(web.url(&session)).send().await.expect("response").status(), StatusCode::OK);
    app.stop().await;
}

#[tokio::test]
async fn where_tls_is_ours_media_comes_in_beside_it() {
    let app = start_with(|config, data| {
        crate::operations::certificate(data);
        (config.tls_cert, config.tls_key) = (data.join("cert.pem"), data.join("key.pem"));
    })
    .await;
    let pem = std::fs::read(app.data.path().join("cert.pem")).expect("pem");
    let trusted = reqwest::Certificate::from_pem(&pem).expect("pem");
    let client = reqwest::Client::builder().tls_certs_only([trusted]).no_proxy().build().expect("client");
    let web = Web { client, origin: app.app.origin.clone() };
    let seen = json(&web).await;
    assert_eq!((seen["tls"].as_str(), seen["media"][2]["port"].as_u64()), (Some("here"), Some(u64::from(app.app.addr.port()))), "{seen}");
    let (mut receiver, _relay, _) = watch_by_the_web_port(&app, &web).await;
    frames(&mut receiver, 30).await;
    app.stop().await;
}

#[tokio::test]
async fn pages_and_media_are_served_over_both_families() {
    let app = start_with(|config, _| {
        config.listen = "[::]:0".parse().expect("an address");
        config.public_ip = "127.0.0.1,::1".parse().expect("addresses");
    })
    .await;
    let port = app.app.addr.port();
    for (host, address, family) in [("127.0.0.1", "127.0.0.1", "IPv4"), ("[::1]", "::1", "IPv6")] {
        let web = Web { origin: format!("http://{host}:{port}"), ..app.stranger() };
        let seen = json(&web).await;
        assert_eq!((seen["address"].as_str(), seen["family"].as_str()), (Some(address), Some(family)), "{seen}");
        assert_eq!(seen["media"][0]["addresses"], serde_json::json!(["127.0.0.1", "::1"]));
        assert_eq!(web.status("/metrics").await, 200, "this machine, by whichever family");
        let here: std::net::IpAddr = address.parse().expect("an address");
        let mut receiver = Receiver::new(here).expect("receiver");
        let response = offer(&web, "/network/whep?transport=udp", None, receiver.offer()).await;
        receiver.accept(&response.text().await.expect("answer")).expect("accepted");
        frames(&mut receiver, 10).await;
    }
    app.stop().await;
}
