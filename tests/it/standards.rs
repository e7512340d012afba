//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep) to the letter: every row of the table in `docs/protocol.md`, asked of the whole server.

use crate::harness::{NOON, TestApp, TestFair, Web};
use crate::wish::{Publisher, frames, location, offer, publish_offer, until, view_offer, watch};
use reqwest::header::{ACCEPT, ALLOW, CONTENT_TYPE, ETAG, HeaderMap, LINK};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use springbreeze::clock::{Clock, HOUR};
use springbreeze::config::Config;
use springbreeze::ids::{RoomId, SessionId};
use std::time::Instant;

const TRICKLE: &str = "application/trickle-ice-sdpfrag";
const CREDENTIALS: &str = "a=ice-ufrag:anew\r\na=ice-pwd:0123456789012345678901\r\n";
const CANDIDATE: &str = "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n";

fn whip(room: RoomId) -> String {
    format!("/rooms/{room}/whip")
}

fn whep(room: RoomId) -> String {
    format!("/rooms/{room}/whep")
}

/// Both endpoints of a booth, with the token and the offer that they take.
fn endpoints(fair: &TestFair) -> [(String, Option<String>, String); 2] {
    [(whip(fair.booth.id), Some(fair.recruiter.token.clone()), publish_offer()), (whep(fair.booth.id), None, view_offer())]
}

fn section(mid: &str) -> String {
    format!("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{mid}\r\n")
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("response")
}

fn text<'a>(head: &'a HeaderMap, name: &str) -> &'a str {
    head.get(name).map_or("", |value| value.to_str().expect("text"))
}

async fn problem(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(text(response.headers(), "content-type"), "application/problem+json");
    let body: serde_json::Value = response.json().await.expect("problem");
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

async fn patch(web: &Web, session: &str, tag: Option<&str>, body: &str) -> Response {
    let request = web.client.patch(web.url(session)).header(CONTENT_TYPE, TRICKLE).body(body.to_owned());
    send(if let Some(tag) = tag { request.header("if-match", tag) } else { request }).await
}

#[tokio::test]
async fn an_offer_is_answered_with_a_session_and_its_names() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    for (path, token, sdp) in endpoints(&fair) {
        let response = offer(&web, &path, token.as_deref(), &sdp).await;
        let (head, session) = (response.headers().clone(), location(&response));
        assert!(session.starts_with(&format!("{path}/")), "{session}");
        assert_eq!(
            (text(&head, "content-type"), text(&head, "accept-patch"), text(&head, "cache-control")),
            ("application/sdp", TRICKLE, "no-store")
        );
        let etag = text(&head, "etag");
        assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2, "strong: {etag}");
        assert!(!head.contains_key(LINK), "nothing is offered that is not there");
        assert_eq!(text(&head, "access-control-allow-origin"), "*");
        assert!(text(&head, "access-control-expose-headers").contains("Location"));
        let sdp = response.text().await.expect("answer");
        let direction = if path.ends_with("whip") { "a=recvonly\r\n" } else { "a=sendonly\r\n" };
        for (line, times) in [("m=", 2), (direction, 2), ("a=rtcp-mux\r\n", 2), ("a=rtcp-mux-only\r\n", 2), ("a=ice-lite\r\n", 1)] {
            assert_eq!(sdp.matches(line).count(), times, "{line} in {sdp}");
        }
        assert_eq!(sdp.matches("a=ice-options:").count(), 1, "{sdp}");
        assert!(sdp.contains("a=candidate:") && sdp.contains("a=end-of-candidates\r\n"), "all candidates are in the answer: {sdp}");
    }
    app.stop().await;
}

#[tokio::test]
async fn every_method_of_every_resource_is_answered() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    for (path, token, sdp) in endpoints(&fair) {
        let session = location(&offer(&web, &path, token.as_deref(), &sdp).await);
        let ask = |method: Method, path: &str| {
            let request = web.client.request(method, web.url(path));
            send(if let Some(token) = &token { request.bearer_auth(token) } else { request })
        };
        for method in [Method::GET, Method::HEAD] {
            let endpoint = ask(method.clone(), &path).await;
            assert_eq!((endpoint.status(), text(endpoint.headers(), "content-type")), (StatusCode::OK, "application/sdp"));
            assert_eq!(endpoint.text().await.expect("text"), "");
            assert_eq!(ask(method, &session).await.status(), StatusCode::NO_CONTENT);
        }
        for (path, allowed, not) in
            [(&path, "POST", [Method::PUT, Method::PATCH, Method::DELETE]), (&session, "PATCH", [Method::PUT, Method::POST, Method::TRACE])]
        {
            for method in not {
                let refused = ask(method.clone(), path).await;
                let allow = text(refused.headers(), "allow").to_owned();
                assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                assert!(
                    [allowed, "GET", "HEAD", "OPTIONS"].iter().all(|m| allow.contains(m)) && !allow.contains(method.as_str()),
                    "{allow}"
                );
            }
            let options = send(web.client.request(Method::OPTIONS, web.url(path))).await;
            assert_eq!((options.status(), text(options.headers(), "accept-post")), (StatusCode::OK, "application/sdp"), "without a token");
            assert_eq!(text(options.headers(), "accept-patch"), TRICKLE);
            assert!(text(options.headers(), "access-control-allow-methods").contains("PATCH"));
            assert!(text(options.headers(), "access-control-allow-headers").contains("Authorization"));
            let allow: Vec<&str> = options.headers()[ALLOW].to_str().expect("text").split(", ").collect();
            assert!(allow.contains(&allowed) && allow.contains(&"OPTIONS"), "{allow:?}");
        }
        // A condition on a session's end is not looked at.
        let gone = ask(Method::DELETE, &session).await;
        assert_eq!(gone.status(), StatusCode::OK);
        for method in [Method::DELETE, Method::GET, Method::HEAD] {
            assert_eq!(ask(method, &session).await.status(), StatusCode::NOT_FOUND);
        }
        assert_eq!(patch(&web, &session, Some("\"x\""), &section("0")).await.status(), StatusCode::NOT_FOUND);
        let again = location(&offer(&web, &path, token.as_deref(), &sdp).await);
        let conditional = web.client.delete(web.url(&again)).header("if-match", "\"another\"");
        assert_eq!(send(conditional).await.status(), StatusCode::OK);
    }
    app.stop().await;
}

#[tokio::test]
async fn candidates_are_taken_note_of_and_fragments_of_others_are_not() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    for (path, token, sdp) in endpoints(&fair) {
        let response = offer(&web, &path, token.as_deref(), &sdp).await;
        let (session, etag) = (location(&response), text(response.headers(), "etag").to_owned());
        let status = async |tag: Option<&str>, body: &str| patch(&web, &session, tag, body).await.status().as_u16();
        let whole = format!("{}{CANDIDATE}a=end-of-candidates\r\n", section("0"));
        let taken = patch(&web, &session, Some(&etag), &whole).await;
        assert_eq!((taken.status().as_u16(), taken.headers().get(ETAG)), (204, None));
        let several = format!("a=group:BUNDLE 0 1\r\n{}{CANDIDATE}{}{CANDIDATE}", section("0"), section("1"));
        assert_eq!(status(Some(&etag), &several).await, 204, "several sections");
        assert_eq!(
            status(Some(&etag), &format!("{}a=candidate:1 1 quic 1 nowhere.local 9 typ odd\r\n", section("0"))).await,
            204,
            "an unknown transport"
        );
        assert_eq!(status(Some(&format!("\"x\", {etag}")), &whole).await, 204, "one of several tags");
        assert_eq!(status(None, &whole).await, 428);
        assert_eq!(status(Some("\"other\""), &whole).await, 412);
        for wrong in ["", "nonsense", CANDIDATE, "a=ice-ufrag:anew\r\n", &format!("{}a=candidate:1 1 udp\r\n", section("0"))] {
            assert_eq!(status(Some(&etag), wrong).await, 400, "{wrong}");
        }
        let foreign = patch(&web, &session, Some(&etag), &format!("{}{CANDIDATE}", section("7"))).await;
        assert_eq!(problem(foreign).await, (422, "live-unsupported".into()), "a section that is not there");
        let other_type =
            web.client.patch(web.url(&session)).header(CONTENT_TYPE, "application/sdp").header("if-match", &etag).body(sdp.clone());
        let other_type = send(other_type).await;
        assert_eq!((other_type.status().as_u16(), text(other_type.headers(), "accept-patch")), (415, TRICKLE));
    }
    app.stop().await;
}

#[tokio::test]
async fn an_ice_restart_is_answered_once_and_its_repetition_alike() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    for (path, token, sdp) in endpoints(&fair) {
        let response = offer(&web, &path, token.as_deref(), &sdp).await;
        let (session, etag) = (location(&response), text(response.headers(), "etag").to_owned());
        assert_eq!(patch(&web, &session, Some("*"), &format!("{}{CANDIDATE}", section("0"))).await.status().as_u16(), 400, "whose?");
        let restart = format!("{}{CREDENTIALS}{CANDIDATE}", section("0"));
        let restarted = patch(&web, &session, Some("\"*\""), &restart).await;
        assert_eq!((restarted.status().as_u16(), text(restarted.headers(), "content-type")), (200, TRICKLE));
        let new = text(restarted.headers(), "etag").to_owned();
        assert_ne!(new, etag);
        let fragment = restarted.text().await.expect("fragment");
        for line in [
            "a=ice-lite\r\n",
            "a=ice-options:trickle ice2\r\n",
            "a=mid:0\r\n",
            "a=ice-ufrag:",
            "a=ice-pwd:",
            "a=candidate:",
            "a=end-of-candidates\r\n",
        ] {
            assert!(fragment.contains(line), "{line} in {fragment}");
        }
        let again = patch(&web, &session, Some("*"), &restart).await;
        assert_eq!((text(again.headers(), "etag"), again.status().as_u16()), (&*new, 200), "the first answer may have been lost");
        assert_eq!(again.text().await.expect("fragment"), fragment);
        assert_eq!(patch(&web, &session, Some(&etag), &section("0")).await.status().as_u16(), 412, "the old ICE session is over");
        assert_eq!(patch(&web, &session, Some(&new), &section("0")).await.status().as_u16(), 204);
        // New credentials restart, whatever the condition was.
        let third = patch(&web, &session, Some(&new), &restart.replace("anew", "once+more")).await;
        assert_eq!(third.status().as_u16(), 200);
        assert_ne!(text(third.headers(), "etag"), new);
    }
    app.stop().await;
}

#[tokio::test]
async fn offers_that_cannot_be_taken_say_why() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    for (path, token, sdp) in endpoints(&fair) {
        let post = async |kind: &'static str, body: Vec<u8>| {
            let request = web.post(&path).header(CONTENT_TYPE, kind).body(body);
            send(if let Some(token) = &token { request.bearer_auth(token) } else { request }).await
        };
        let other = post("text/plain", b"v=0".to_vec()).await;
        assert_eq!((other.status().as_u16(), text(other.headers(), "accept-post")), (415, "application/sdp"));
        for wrong in [Vec::new(), b"v=\xff\xfe".to_vec(), b"not a session description".to_vec()] {
            assert_eq!(post("application/sdp", wrong).await.status().as_u16(), 400);
        }
        assert_eq!(post("application/sdp", vec![b'a'; 100_000]).await.status().as_u16(), 413);
        assert_eq!(post("application/sdp", vec![b'a'; 3_000_000]).await.status().as_u16(), 413);
        let foreign = sdp.replace("H264/90000", "H265/90000").replace("VP8/90000", "VP9/90000").replace("opus/48000", "iLBC/8000");
        assert_eq!(problem(offer(&web, &path, token.as_deref(), &foreign).await).await, (422, "live-no-codec".into()));
        let refused = post("application/sdp", sdp.replace("a=rtcp-mux\r\n", "").into_bytes()).await;
        let body: serde_json::Value = refused.json().await.expect("problem");
        assert_eq!((body["status"].as_u64(), body["code"].as_str()), (Some(400), Some("live-bad-offer")));
        assert!(body["reason"].as_str().expect("reason").contains("rtcp-mux"), "{body}");
        let request = web.post(&path).header(CONTENT_TYPE, "application/sdp").header(ACCEPT, "image/png").body(sdp.clone());
        let unread = send(if let Some(token) = &token { request.bearer_auth(token) } else { request }).await;
        assert_eq!((unread.status().as_u16(), text(unread.headers(), "location")), (406, ""), "no counter-offer");
    }
    let (path, token) = (whip(fair.booth.id), Some(&*fair.recruiter.token));
    let half = publish_offer().replace("opus/48000", "iLBC/8000");
    assert_eq!(problem(offer(&web, &path, token, &half).await).await, (422, "live-no-codec".into()), "a picture without its sound");
    for direction in ["a=recvonly", "a=inactive"] {
        let wrong = publish_offer().replacen("a=sendonly", direction, 1).replacen("a=sendrecv", direction, 1);
        assert_eq!(problem(offer(&web, &path, token, &wrong).await).await, (422, "live-unsupported".into()), "{direction}");
    }
    assert_eq!(app.parts.live.media.stats(springbreeze::live::Live::stream_of(fair.booth.id)).await.publishers, []);
    for path in ["/rooms/nonsense/whip".to_owned(), whip(RoomId::new()), whep(RoomId::new())] {
        assert_eq!(offer(&web, &path, token, &publish_offer()).await.status().as_u16(), 404, "{path}");
    }
    for path in ["/rooms/nonsense/whip/x".to_owned(), format!("{path}/x"), format!("{path}/{}", SessionId::new())] {
        for method in [Method::DELETE, Method::GET] {
            assert_eq!(send(web.client.request(method, web.url(&path))).await.status().as_u16(), 404, "{path}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn a_full_server_says_when_to_come_back() {
    let data = tempfile::tempdir().expect("folder");
    let mut config = Config::for_tests(data.path());
    config.max_peers = 1;
    config.ice_server = "stun:stun.example,turn:turn.example?transport=tcp;username=u;credential=p".parse().expect("servers");
    let app = TestApp::start_with(config, data, Clock::manual(NOON)).await;
    let fair = app.fair().await;
    let web = app.stranger();
    let first = offer(&web, &whep(fair.booth.id), None, &view_offer()).await;
    let links: Vec<&str> = first.headers().get_all(LINK).iter().map(|v| v.to_str().expect("text")).collect();
    assert_eq!(links[0], "<stun:stun.example>; rel=\"ice-server\"");
    assert!(links[1].starts_with("<turn:turn.example?transport=tcp>; rel=\"ice-server\"; username=\"u\"") && links.len() == 2, "{links:?}");
    // Each media thread has a share of the places, at least one.
    let mut refused = first;
    for _ in 0..64 {
        if refused.status() != StatusCode::CREATED {
            break;
        }
        refused = offer(&web, &whep(fair.booth.id), None, &view_offer()).await;
    }
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(refused.headers(), "retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    app.stop().await;
}

#[tokio::test]
async fn a_session_that_nobody_connects_to_expires() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    let response = offer(&web, &whep(fair.booth.id), None, &view_offer()).await;
    let (session, etag, begun) = (location(&response), text(response.headers(), "etag").to_owned(), Instant::now());
    until("the end of the session", async || send(web.client.get(web.url(&session))).await.status() == StatusCode::NOT_FOUND).await;
    assert!((14..18).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(patch(&web, &session, Some(&etag), &section("0")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(send(web.client.delete(web.url(&session))).await.status(), StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn only_hosts_publish_and_a_rooms_token_opens_that_room_alone() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (_, rival, other) = app.employer(&fair.fair, "宁波纺织厂").await;
    let seeker = app.seeker("李雷").await;
    let web = app.stranger();
    let sdp = publish_offer();
    let status = async |path: String, token: &str| offer(&web, &path, Some(token), &sdp).await.status().as_u16();
    let nobody = offer(&web, &whip(fair.booth.id), None, &sdp).await;
    assert_eq!((nobody.status().as_u16(), text(nobody.headers(), "www-authenticate")), (401, "Bearer realm=\"springbreeze\""));
    assert_eq!(text(nobody.headers(), "access-control-allow-origin"), "*", "a script of another site must be able to read why");
    let absent = offer(&web, &whip(RoomId::new()), None, &sdp).await;
    assert_eq!(absent.status(), nobody.status(), "a stranger does not learn which rooms there are");
    let wrong = offer(&web, &whip(fair.booth.id), Some("nonsense"), &sdp).await;
    let challenge = "Bearer realm=\"springbreeze\", error=\"invalid_token\"";
    assert_eq!((wrong.status().as_u16(), text(wrong.headers(), "www-authenticate")), (401, challenge));
    for person in [&seeker, &rival] {
        assert_eq!(status(whip(fair.booth.id), &person.token).await, 404);
    }
    assert_eq!(status(whip(fair.hall.id), &fair.recruiter.token).await, 404, "the hall is the organisers'");

    let tokens = format!("/rooms/{}/tokens", fair.booth.id);
    assert_eq!(rival.web.json(&tokens, serde_json::json!({})).await.status().as_u16(), 404);
    let made = fair.recruiter.web.json(&tokens, serde_json::json!({})).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: serde_json::Value = made.json().await.expect("json");
    let token = made["token"].as_str().expect("token").to_owned();
    assert!(made["whip_url"].as_str().expect("url").ends_with(&whip(fair.booth.id)));
    assert_eq!(status(whip(fair.booth.id), &token).await, 201);
    assert_eq!(status(whip(other.id), &token).await, 401);
    let elsewhere = send(web.client.get(web.url("/me")).bearer_auth(&token)).await;
    assert_eq!(elsewhere.status().as_u16(), 401, "a room's token reads nothing else");
    app.stop().await;
}

#[tokio::test]
async fn a_token_has_a_role_and_an_end() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let web = app.stranger();
    let tokens = format!("/rooms/{room}/tokens");
    let make = async |role: &str, hours: i64| {
        let made = fair.recruiter.web.json(&tokens, serde_json::json!({"role": role, "hours": hours})).await;
        let body: serde_json::Value = made.json().await.expect("json");
        (body["token"].as_str().unwrap_or_default().to_owned(), body["expires_at"].as_i64().unwrap_or_default())
    };
    let ((publish, until_then), (view, _)) = (make("publish", 2).await, make("view", 3).await);
    assert_eq!(until_then, NOON + 2 * HOUR);
    for hours in [0, -1, 721] {
        assert_eq!(fair.recruiter.web.json(&tokens, serde_json::json!({"hours": hours})).await.status().as_u16(), 422);
    }
    let publisher = Publisher::start(&web, &whip(room), Some(&publish)).await;
    let (mut viewer, session) = watch(&web, &whep(room), Some(&view)).await;
    frames(&mut viewer, 5).await;
    for (path, token, scope) in
        [(whep(room), &publish, "view"), (whip(room), &view, "publish"), (publisher.session.clone(), &view, "publish")]
    {
        let refused = send(
            web.client
                .request(if path.ends_with("whip") || path.ends_with("whep") { Method::POST } else { Method::DELETE }, web.url(&path))
                .bearer_auth(token),
        )
        .await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path}");
        let challenge = text(refused.headers(), "www-authenticate");
        assert!(challenge.contains("insufficient_scope") && challenge.contains(&format!("scope=\"{scope}\"")), "{challenge}");
    }
    assert_eq!(send(web.client.delete(web.url(&session)).bearer_auth(&view)).await.status(), StatusCode::OK);
    app.clock.advance(2 * HOUR + 1);
    let expired = offer(&web, &whip(room), Some(&publish), &publish_offer()).await;
    assert_eq!((expired.status().as_u16(), text(expired.headers(), "www-authenticate").contains("invalid_token")), (401, true));
    assert_eq!(offer(&web, &whep(room), Some(&view), &view_offer()).await.status(), StatusCode::CREATED);
    let revoke = async |person: &Web| send(person.client.delete(person.url(&tokens))).await.status().as_u16();
    assert_eq!(revoke(&app.seeker("李雷").await.web).await, 404);
    assert_eq!(revoke(&fair.recruiter.web).await, 204);
    assert_eq!(offer(&web, &whep(room), Some(&view), &view_offer()).await.status(), StatusCode::UNAUTHORIZED);
    publisher.vanish();
    app.stop().await;
}

#[tokio::test]
async fn a_publisher_that_waits_for_dtls_is_called_and_a_viewer_that_does_is_refused() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (room, web) = (fair.booth.id, app.stranger());
    let clip = crate::wish::clip();
    let mut sender = springbreeze::media::client::Sender::new(crate::wish::HERE, &clip).expect("sender");
    let waits = sender.offer().replace("a=setup:actpass", "a=setup:passive");
    let answer = offer(&web, &whip(room), Some(&fair.recruiter.token), &waits).await.text().await.expect("answer");
    assert_eq!((answer.matches("a=setup:active\r\n").count(), answer.matches("a=setup:").count()), (2, 2), "{answer}");
    sender.accept(&answer).expect("accepted");
    let stop = tokio_util::sync::CancellationToken::new();
    let (guard, ends) = (stop.clone().drop_guard(), stop.clone());
    let task = tokio::spawn(async move { sender.publish(&clip, springbreeze::media::client::Rounds::Endless, &ends).await });
    let (mut viewer, _) = watch(&web, &whep(room), None).await;
    frames(&mut viewer, 20).await;
    drop(guard);
    task.await.expect("no panic").expect("published");
    let refused = offer(&web, &whep(room), None, &view_offer().replace("a=setup:actpass", "a=setup:passive")).await;
    assert_eq!(problem(refused).await, (422, "live-unsupported".into()));
    app.stop().await;
}
