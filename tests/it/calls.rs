//! Calls: waiting at the door, seats, the socket, chat and files, what ends them.

use crate::booking::rows;
use crate::call::Call;
use crate::harness::{Person, TestApp};
use crate::interviews::{booked, cancel, offer};
use crate::wish::{Publisher, frames, until, view_offer, watch};
use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::accounts::Grant;
use springbreeze::clock::{DAY, HOUR, MINUTE, SECOND};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Every wait of a test ends, also when the server says nothing.
const PATIENCE: Duration = Duration::from_secs(15);

/// A page's socket.
struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(call: &Call, who: &Person, since: i64) -> Self {
        Self::of_window(call, who, since, &format!("w{since}")).await
    }

    async fn of_window(call: &Call, who: &Person, since: i64, window: &str) -> Self {
        let mut request = format!("ws://{}{}", call.app.app.addr, call.path("socket")).into_client_request().expect("request");
        request.headers_mut().insert("authorization", format!("Bearer {}", who.token).parse().expect("header"));
        let stream = TcpStream::connect(call.app.app.addr).await.expect("connected");
        let mut socket = Self(client_async(request, stream).await.expect("upgraded").0);
        socket.send(json!({"type": "hello", "since": since, "window": window, "take": true, "mic": true, "camera": true})).await;
        socket
    }

    async fn send(&mut self, frame: Value) {
        self.0.send(Message::Text(frame.to_string().into())).await.expect("sent");
    }

    /// The next frame, or the code of the close.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("the server speaks in time") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(_)) => {}
                _ => return Err(1006),
            }
        }
    }

    /// The next frame that `which` takes.
    async fn wait(&mut self, what: &str, which: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await.unwrap_or_else(|code| panic!("closed with {code} before {what}"));
            if which(&frame) {
                return frame;
            }
        }
    }

    async fn said(&mut self) -> Value {
        self.wait("a message", |frame| frame["type"] == "message").await
    }
}

#[tokio::test]
async fn a_seeker_waits_is_let_in_and_sent_back_and_the_media_follows() {
    let call = Call::begin().await;
    let (seeker, recruiter) = (&call.seeker, &call.fair.recruiter);
    let before = call.beat(recruiter, "r").await;
    assert_eq!((&before["door"], &before["admitted"]), (&json!("away"), &json!(true)));
    let waits = call.beat(seeker, "a").await;
    assert_eq!((&waits["door"], &waits["admitted"], &waits["people"]), (&json!("waits"), &json!(false), &json!([])));
    assert_eq!(waits["other"]["here"], true, "they see that the others are there");
    let since = waits["since"].as_i64().expect("since when");
    call.app.clock.advance(5 * SECOND);
    call.beat(seeker, "a").await;
    let seen = call.beat(recruiter, "r").await;
    assert_eq!((&seen["door"], &seen["since"]), (&json!("waits"), &json!(since)), "who waits how long");
    assert_eq!(seen["state"], "running", "whoever waits has come");
    assert_eq!(call.post(seeker, "admissions").await, StatusCode::FORBIDDEN);
    assert_eq!(call.post(&call.fair.organiser, "admissions").await, StatusCode::NOT_FOUND);
    assert_eq!(call.post(recruiter, "returns").await, StatusCode::CONFLICT, "they are not in");

    assert_eq!(call.post(recruiter, "admissions").await, StatusCode::NO_CONTENT);
    assert_eq!(call.post(recruiter, "admissions").await, StatusCode::NO_CONTENT, "no harm");
    let inside = call.beat(seeker, "a").await;
    assert_eq!((&inside["admitted"], inside["people"].as_array().map(Vec::len)), (&json!(true), Some(2)));
    let published = Publisher::start(&seeker.web, &call.path("whip"), None).await;
    assert_eq!(published.seat, "0");
    let other = Publisher::start(&recruiter.web, &call.path("whip"), None).await;
    assert_eq!(other.seat, "1");
    let (mut theirs, _) = watch(&recruiter.web, &call.path("whep"), None).await;
    let (mut mine, view) = watch(&seeker.web, &call.path("whep"), None).await;
    tokio::join!(frames(&mut theirs, 15), frames(&mut mine, 15));

    assert_eq!(call.post(recruiter, "returns").await, StatusCode::NO_CONTENT);
    for session in [&published.session, &view] {
        until("the seeker's connections have ended", async || seeker.web.status(session).await == 404).await;
    }
    assert_eq!(
        seeker
            .web
            .post(&call.path("whep"))
            .header("content-type", "application/sdp")
            .body(view_offer())
            .send()
            .await
            .expect("response")
            .status(),
        403
    );
    let back = call.beat(seeker, "a").await;
    assert_eq!((&back["door"], &back["people"]), (&json!("sent-back"), &json!([])));
    assert_eq!(call.post(recruiter, "admissions").await, StatusCode::NO_CONTENT);
    assert_eq!(call.beat(seeker, "a").await["admitted"], true);
    let log: Vec<(String,)> = sqlx::query_as("SELECT action FROM audit WHERE subject = $1 AND action LIKE 'interview.%' ORDER BY at, id")
        .bind(&call.id)
        .fetch_all(call.app.parts.db.read())
        .await
        .expect("log");
    let log: Vec<&str> = log.iter().map(|row| row.0.as_str()).collect();
    assert_eq!(log, ["interview.book", "interview.admit", "interview.send-back", "interview.admit"]);
    published.vanish();
    other.stop().await;
    call.app.stop().await;
}

#[tokio::test]
async fn colleagues_and_screens_have_seats_of_their_own() {
    let call = Call::begin().await;
    call.admit().await;
    let recruit = Grant::Recruiter(call.fair.employer.id);
    let (one, two) = (call.app.person("同事甲", recruit).await, call.app.person("同事乙", recruit).await);
    let mut all = Vec::new();
    for who in [&call.fair.recruiter, &one, &two, &call.seeker] {
        call.beat(who, "w").await;
        all.push(Publisher::start(&who.web, &call.path("whip"), None).await);
    }
    assert_eq!(all.iter().map(|p| p.seat.as_str()).collect::<Vec<_>>(), ["1", "2", "3", "0"]);
    let screen = Publisher::start(&one.web, &call.path("whip?screen=1"), None).await;
    assert_eq!(screen.seat, "5");
    let state = call.beat(&call.seeker, "w").await;
    let people = state["people"].as_array().expect("people");
    assert_eq!(people.iter().map(|p| p["name"].as_str().expect("name")).collect::<Vec<_>>(), ["王芳", "招聘官", "同事甲", "同事乙"]);
    assert_eq!(people.iter().map(|p| p["screen"].as_i64()).collect::<Vec<_>>(), [None, None, Some(5), None]);
    let (mut seen, session) = watch(&call.seeker.web, &call.path("whep"), None).await;
    frames(&mut seen, 10).await;
    // A camera comes back into its seat, and the one before ends.
    let again = Publisher::start(&two.web, &call.path("whip"), None).await;
    assert_eq!(again.seat, "3");
    until("the older connection ended", async || two.web.status(&all[2].session).await == 404).await;
    // What is somebody's own is nobody else's to end or to change.
    for foreign in [&one, &call.fair.recruiter, &call.fair.organiser] {
        let ended = foreign.web.client.delete(foreign.web.url(&session)).send().await.expect("response");
        assert_eq!(ended.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(call.seeker.web.client.delete(call.seeker.web.url(&session)).send().await.expect("response").status(), StatusCode::OK);
    screen.stop().await;
    until("the screen is gone", async || {
        call.beat(&call.seeker, "w").await["people"].as_array().expect("people").iter().all(|p| p["screen"].is_null())
    })
    .await;
    drop(all);
    drop(again);
    call.app.stop().await;
}

#[tokio::test]
async fn sockets_tell_of_the_door_of_people_and_of_words_in_order() {
    let call = Call::begin().await;
    let (seeker, recruiter) = (&call.seeker, &call.fair.recruiter);
    let mut theirs = Socket::open(&call, recruiter, 0).await;
    let first = theirs.wait("the state", |f| f["type"] == "state").await;
    assert_eq!(first["door"], "away");
    let mut mine = Socket::open(&call, seeker, 0).await;
    assert_eq!(mine.wait("the state", |f| f["type"] == "state").await["admitted"], false);
    theirs.wait("that somebody waits", |f| f["door"] == "waits" && f["other"]["here"] == true).await;

    theirs.send(json!({"type": "send", "client_id": "one", "text": "还没进来就看不到"})).await;
    assert_eq!(theirs.said().await["me"], true);
    mine.send(json!({"type": "send", "client_id": "no", "text": "在吗"})).await;
    assert_eq!(mine.wait("a refusal", |f| f["type"] == "error").await["code"], "not-admitted");
    assert_eq!(call.post(recruiter, "admissions").await, StatusCode::NO_CONTENT);
    mine.wait("to be let in", |f| f["admitted"] == true).await;
    // What was written before belongs to the call as well.
    assert_eq!(mine.said().await["text"], "还没进来就看不到");
    mine.send(json!({"type": "send", "client_id": "two", "text": "  您好\u{200B} "})).await;
    let heard = theirs.said().await;
    assert_eq!((&heard["seq"], &heard["text"], &heard["name"], &heard["me"]), (&json!(2), &json!("您好"), &json!("王芳"), &json!(false)));
    assert_eq!(mine.said().await["client_id"], "two");
    // The same again says nothing new.
    mine.send(json!({"type": "send", "client_id": "two", "text": "您好"})).await;
    assert_eq!(mine.said().await["seq"], 2);
    assert_eq!(
        call.say(seeker, "two", "您好").await,
        (201, json!({"at": heard["at"], "by": heard["by"], "client_id": "two", "file": null, "name": "王芳", "seq": 2, "text": "您好"}))
    );
    assert_eq!(call.say(seeker, "", " \u{200B} ").await.0, 422);
    // A page that comes back hears what it missed.
    drop(mine);
    theirs.wait("that they left", |f| f["type"] == "state" && f["other"]["here"] == false).await;
    assert_eq!(call.say(recruiter, "three", "请回来").await.0, 201);
    let mut mine = Socket::open(&call, seeker, 2).await;
    assert_eq!(mine.said().await["seq"], 3);
    // Sent back, they hear no more.
    assert_eq!(call.post(recruiter, "returns").await, StatusCode::NO_CONTENT);
    mine.wait("to be sent back", |f| f["door"] == "sent-back").await;
    assert_eq!(call.say(recruiter, "four", "我们先商量").await.0, 201);
    assert_eq!(call.say(seeker, "five", "听得到吗").await.0, 403);
    mine.send(json!({"type": "beat", "window": "w2", "mic": false, "camera": true})).await;
    loop {
        let frame = mine.next().await.expect("a frame");
        assert_ne!(frame["type"], "message", "what was said without them");
        if frame["type"] == "pong" {
            break;
        }
    }
    let (stored,): (String,) =
        sqlx::query_as("SELECT sealed FROM interview_messages WHERE seq = 1").fetch_one(call.app.parts.db.read()).await.expect("row");
    assert!(!stored.contains("还没"), "words are kept encrypted");
    // The end of the call ends the sockets.
    let ended = recruiter.web.json(&call.path("endings"), json!({})).await;
    assert_eq!(ended.status(), StatusCode::SEE_OTHER);
    for socket in [&mut mine, &mut theirs] {
        let code = loop {
            match socket.next().await {
                Ok(_) => {}
                Err(code) => break code,
            }
        };
        assert_eq!(code, 4404);
    }
    call.app.stop().await;
}

#[tokio::test]
async fn a_page_that_came_back_keeps_its_seat_when_the_end_of_its_old_socket_comes_late() {
    let call = Call::begin().await;
    call.admit().await;
    let mut old = Socket::of_window(&call, &call.seeker, 0, "page").await;
    old.wait("the state", |f| f["type"] == "state").await;
    call.app.clock.advance(SECOND);
    let mut new = Socket::of_window(&call, &call.seeker, 0, "page").await;
    new.wait("the state", |f| f["type"] == "state").await;
    // What the old way held back comes after all, and then its end.
    call.app.clock.advance(SECOND);
    old.send(json!({"type": "beat", "window": "page", "mic": true, "camera": true})).await;
    old.wait("an answer", |f| f["type"] == "pong").await;
    drop(old);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(call.beat(&call.fair.recruiter, "r").await["other"]["here"], true, "they are still there");
    let told = new.wait("that the recruiter came", |f| f["type"] == "state" && f["other"]["here"] == true).await;
    assert_eq!(told["seated"], true, "no other window has the seat");
    new.send(json!({"type": "beat", "window": "page", "mic": true, "camera": true})).await;
    new.wait("an answer", |f| f["type"] == "pong").await;
    drop(new);
    until("they are gone", async || call.beat(&call.fair.recruiter, "r").await["other"]["here"] == false).await;
    call.app.stop().await;
}

#[tokio::test]
async fn strangers_and_other_sites_get_no_socket_and_a_flood_ends_one() {
    let call = Call::begin().await;
    let open = async |token: Option<&str>, origin: Option<&str>| {
        let mut request = format!("ws://{}{}", call.app.app.addr, call.path("socket")).into_client_request().expect("request");
        for (name, value) in [("authorization", token.map(|t| format!("Bearer {t}"))), ("origin", origin.map(Into::into))] {
            if let Some(value) = value {
                request.headers_mut().insert(name, value.parse().expect("header"));
            }
        }
        let stream = TcpStream::connect(call.app.app.addr).await.expect("connected");
        match client_async(request, stream).await {
            Ok(_) => 101,
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => answer.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(open(None, None).await, 401);
    assert_eq!(open(Some(&call.fair.organiser.token), None).await, 404);
    assert_eq!(open(Some(&call.seeker.token), Some("https://evil.example")).await, 403);
    assert_eq!(open(Some(&call.seeker.token), None).await, 101);
    let mut socket = Socket::open(&call, &call.seeker, 0).await;
    for _ in 0..400 {
        let frame = json!({"type": "beat", "window": "w0"});
        if socket.0.send(Message::Text(frame.to_string().into())).await.is_err() {
            break;
        }
    }
    let code = loop {
        match socket.next().await {
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(code, 4429);
    call.app.stop().await;
}

#[tokio::test]
async fn files_are_looked_into_kept_for_the_two_sides_and_bounded() {
    let call = Call::begin().await;
    let (seeker, recruiter) = (&call.seeker, &call.fair.recruiter);
    let send = async |who: &Person, name: &str, id: &str, body: Vec<u8>| {
        let url = format!("{}?name={name}&client_id={id}", call.path("files"));
        let answer = who.web.post(&url).header("content-type", "application/octet-stream").body(body).send().await.expect("response");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("json"))
    };
    let pdf = b"%PDF-1.7\n%....\n%%EOF\n".to_vec();
    assert_eq!(send(seeker, "a.pdf", "f", pdf.clone()).await.0, 403, "nobody has let them in");
    call.admit().await;
    let (status, sent) = send(seeker, "..%2F..%2F%E7%AE%80%E5%8E%86.pdf", "f", pdf.clone()).await;
    assert_eq!((status, &sent["text"], &sent["file"]["kind"]), (201, &json!("简历.pdf"), &json!("application/pdf")));
    assert_eq!(send(seeker, "other.pdf", "f", pdf.clone()).await.1["seq"], sent["seq"], "sent again");
    let url = sent["file"]["url"].as_str().expect("url").to_owned();
    let got = recruiter.web.get(&url).send().await.expect("response");
    assert_eq!(got.status(), StatusCode::OK);
    assert!(got.headers()["content-disposition"].to_str().expect("text").starts_with("attachment"));
    assert!(got.headers()["content-security-policy"].to_str().expect("text").contains("sandbox"));
    assert_eq!(got.bytes().await.expect("bytes"), pdf);
    let other = call.app.seeker("李雷").await;
    for who in [&other, &call.fair.organiser] {
        assert_eq!(who.web.status(&url).await, 404);
        assert_eq!(send(who, "a.pdf", "x", pdf.clone()).await.0, 404);
    }
    assert_eq!(recruiter.web.status(&call.path("files/99")).await, 404);
    assert_eq!(recruiter.web.status(&call.path("files/x")).await, 404);
    for (name, body) in [("a.pdf", b"MZ\x90\0 a program".to_vec()), ("a.pdf", Vec::new()), ("a.png", b"<script>alert(1)</script>".to_vec())]
    {
        assert_eq!(send(seeker, name, "", body).await.0, 422, "{name}");
    }
    assert_eq!(send(seeker, "big.pdf", "", [pdf.clone(), vec![0; 11 * 1024 * 1024]].concat()).await.0, 413);
    assert_eq!(kept(&call.app.data.path().join("blobs/calls")), 1, "what was refused or sent again is not kept");
    // Ninety days after the interview nothing of it is left.
    let interviews = &call.app.parts.interviews;
    call.app.clock.advance(15 * MINUTE + 90 * DAY - HOUR);
    assert_eq!((interviews.forget_said().await.expect("job"), rows(&call.app, "interview_messages").await), (0, 1));
    call.app.clock.advance(HOUR + 1);
    assert_eq!((interviews.forget_said().await.expect("job"), rows(&call.app, "interview_messages").await), (1, 0));
    let left = kept(&call.app.data.path().join("blobs/calls"));
    assert_eq!((left, interviews.forget_said().await.expect("job")), (0, 0));
    call.app.stop().await;
}

/// How many files are kept.
fn kept(blobs: &std::path::Path) -> usize {
    let folders = std::fs::read_dir(blobs).expect("folder").flatten().filter(|entry| entry.file_name().len() == 2);
    folders.map(|entry| std::fs::read_dir(entry.path()).expect("folder").count()).sum()
}

#[tokio::test]
async fn media_ends_with_the_call_the_role_and_the_time_whoever_ends_them() {
    let call = Call::begin().await;
    call.admit().await;
    let colleague = call.app.person("同事", Grant::Recruiter(call.fair.employer.id)).await;
    call.beat(&colleague, "c").await;
    let theirs = Publisher::start(&colleague.web, &call.path("whip"), None).await;
    let mine = Publisher::start(&call.seeker.web, &call.path("whip"), None).await;
    let stream = springbreeze::ids::StreamId::from_uuid(call.id.parse().expect("id"));
    let publishers = async || call.app.parts.live.media.stats(stream).await.speakers.len();
    until("both publish", async || publishers().await == 2).await;
    let mut tx = call.app.parts.db.begin().await.expect("transaction");
    let accounts = &call.app.parts.accounts;
    accounts.revoke_in(&mut *tx, colleague.account.id, Grant::Recruiter(call.fair.employer.id)).await.expect("revoked");
    tx.commit().await.expect("committed");
    accounts.changed();
    until("whoever lost the role is out", async || publishers().await == 1).await;
    assert_eq!(colleague.web.status(&call.path("state")).await, 404);
    // Past its time and an hour more it is over for all.
    call.app.clock.advance(15 * MINUTE + HOUR);
    until("whoever stayed is out", async || publishers().await == 0).await;
    theirs.vanish();
    mine.vanish();
    call.app.stop().await;
}

#[tokio::test]
async fn whoever_waits_in_a_call_that_is_cancelled_is_told_and_let_go() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let id = booked(&seeker, &slots[0]).await;
    app.clock.advance(55 * MINUTE);
    let call = Call { app, fair, seeker, id };
    call.admit().await;
    let mine = Publisher::start(&call.seeker.web, &call.path("whip"), None).await;
    let mut socket = Socket::open(&call, &call.seeker, 0).await;
    assert_eq!(cancel(&call.fair.recruiter, &call.id, json!({"reason": "设备坏了"})).await, 200);
    until("the connection ended", async || call.seeker.web.status(&mine.session).await == 404).await;
    let code = loop {
        match socket.next().await {
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(code, 4404);
    mine.vanish();
    call.app.stop().await;
}

#[tokio::test]
async fn a_colleague_is_asked_to_join_or_takes_over_if_their_time_is_free() {
    let call = Call::begin().await;
    call.admit().await;
    let recruit = Grant::Recruiter(call.fair.employer.id);
    let (one, two) = (call.app.person("同事甲", recruit).await, call.app.person("同事乙", recruit).await);
    let (_, foreign, _) = call.app.employer(&call.fair.fair, "别家").await;
    let (lead, path) = (&call.fair.recruiter, call.path("colleagues"));
    let to = async |by: &Person, what: &str, whom: &Person| {
        by.web.json(&call.path(what), json!({"to": whom.account.id})).await.status().as_u16()
    };
    // The second colleague has another talk within this one's time.
    let theirs = offer_at(&call, &two).await;
    booked(&call.app.seeker("李雷").await, &theirs).await;
    let all: Value = lead.web.get(&path).send().await.expect("response").json().await.expect("json");
    let named: Vec<_> = all.as_array().expect("list").iter().map(|c| (c["name"].as_str().expect("name"), c["busy"] == true)).collect();
    assert_eq!(named, [("同事甲", false), ("同事乙", true)]);
    assert_eq!(call.seeker.web.status(&path).await, 403);
    assert_eq!(call.fair.organiser.web.status(&path).await, 404);
    assert_eq!(
        (to(lead, "colleagues", &foreign).await, to(lead, "hand-offs", &foreign).await, to(lead, "hand-offs", lead).await),
        (404, 404, 404)
    );
    assert_eq!(to(&call.seeker, "hand-offs", &one).await, 403);
    assert_eq!(to(lead, "hand-offs", &two).await, 409, "in another interview");

    assert_eq!(to(lead, "colleagues", &two).await, 204);
    assert_eq!(to(lead, "hand-offs", &one).await, 204);
    assert_eq!(to(lead, "hand-offs", &one).await, 204, "no harm");
    for (who, words) in [(&two, "请您现在加入"), (&one, "转给您")] {
        let (sealed,): (String,) =
            sqlx::query_as("SELECT sealed FROM outbox WHERE account_id = $1 AND expires_at IS NOT NULL ORDER BY id DESC LIMIT 1")
                .bind(who.account.id.to_string())
                .fetch_one(call.app.parts.db.read())
                .await
                .expect("told");
        assert!(call.app.parts.keys.decrypt(&sealed).expect("key").contains(words));
    }
    let id = call.id.parse().expect("id");
    let people = call.app.parts.interviews.participants(id).await.expect("people");
    assert_eq!(people.iter().map(|p| p.person).collect::<Vec<_>>(), [call.seeker.account.id, one.account.id]);
    assert_eq!(to(&one, "hand-offs", lead).await, 204, "and back");
    assert_eq!(call.app.parts.interviews.participants(id).await.expect("people")[1].person, lead.account.id);
    call.app.stop().await;
}

/// A slot of somebody's that begins at the same time.
async fn offer_at(call: &Call, who: &Person) -> String {
    let form = [("date", "2027-02-20"), ("from", "10:05"), ("to", "10:20"), ("length", "15"), ("buffer", "0")];
    let answer = who.web.post(&format!("/employers/{}/slots", call.fair.employer.id)).form(&form).send().await.expect("response");
    crate::interviews::ids(&answer.json().await.expect("json")).remove(0)
}
