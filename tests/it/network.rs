//! The network test: what it tells, and its connections.

use crate::harness::{NOON, TestApp, Web};
use crate::wish::{HERE, frames, location, offer, until, view_offer};
use reqwest::StatusCode;
use springbreeze::clock::Clock;
use springbreeze::config::{Config, LIKE_UDP};
use springbreeze::media::client::Receiver;

/// A server with media on UDP and TCP.
async fn start() -> TestApp {
    let data = tempfile::tempdir().expect("folder");
    let mut config = Config::for_tests(data.path());
    config.media_tcp = LIKE_UDP;
    TestApp::start_with(config, data, Clock::manual(NOON)).await
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
    let app = start().await;
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
