//! Co-hosts: who may be named, every right that they have and have not, and how it ends.

use crate::harness::{Person, TestApp, TestFair, Web};
use crate::postings::{content, post};
use crate::slides::{PNG, upload};
use crate::socket::Client;
use crate::wish::{Publisher, offer, publish_offer, until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use springbreeze::clock::HOUR;
use springbreeze::live::Part;
use springbreeze::postings::State;

async fn ask(web: &Web, method: &str, path: &str, body: Value) -> StatusCode {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    web.client.request(method, web.url(path)).json(&body).send().await.expect("response").status()
}

async fn json_of(web: &Web, path: &str) -> Value {
    let response = web.client.get(web.url(path)).send().await.expect("response");
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.json().await.expect("json")
}

/// What the room's stage looks like: a host on air, and a colleague of another employer who looks in.
struct Scene {
    app: TestApp,
    fair: TestFair,
    colleague: Person,
    host: Publisher,
}

impl Scene {
    async fn begin() -> Self {
        let app = TestApp::start().await;
        let fair = app.fair().await;
        let (_, mut colleague, _) = app.employer(&fair.fair, "宁波纺织厂").await;
        colleague.account = app.parts.accounts.account(colleague.account.id).await.expect("read").expect("there");
        let whip = format!("/rooms/{}/whip", fair.booth.id);
        let host = Publisher::start(&app.stranger(), &whip, Some(&fair.recruiter.token)).await;
        until("the stream", || async { app.parts.live.snapshot(fair.booth.id).live }).await;
        Self { app, fair, colleague, host }
    }

    fn path(&self, rest: &str) -> String {
        format!("/rooms/{}/{rest}", self.fair.booth.id)
    }

    async fn name(&self, by: &Person, whom: &Person) -> StatusCode {
        by.web.json(&self.path("co-hosts"), json!({ "account": whom.account.id })).await.status()
    }

    async fn take_back(&self, by: &Person, whom: &Person) -> StatusCode {
        ask(&by.web, "DELETE", &self.path(&format!("co-hosts/{}", whom.account.id)), Value::Null).await
    }

    async fn has(&self, whom: &Person) -> bool {
        let viewer = self.app.parts.accounts.viewer_by_token(&whom.token).await.expect("viewer");
        self.app.parts.rooms.door(&viewer, self.fair.booth.id).await.expect("door").presents
    }
}

#[tokio::test]
async fn a_host_names_somebody_in_the_room_and_everybody_is_told() {
    let scene = Scene::begin().await;
    let (app, fair, colleague, room) = (&scene.app, &scene.fair, &scene.colleague, scene.fair.booth.id);
    let (other, hosts) = (app.seeker("路人").await, scene.path("co-hosts"));
    let found = async |q: &str| {
        let list = json_of(&fair.recruiter.web, &format!("{hosts}?q={q}")).await;
        list["found"].as_array().expect("a list").iter().map(|one| one["name"].as_str().expect("name").to_owned()).collect::<Vec<_>>()
    };
    assert!(found("招聘").await.is_empty(), "nobody is there yet");
    assert_eq!(scene.name(&fair.recruiter, colleague).await, StatusCode::NOT_FOUND, "not in the room");
    let (mut seen, welcome) = Client::join(app, room, Some(colleague), None).await;
    assert_eq!(welcome["can"]["present"], false);
    let (mut viewer, _) = Client::join(app, room, Some(&other), None).await;
    let (_staff, _) = Client::join(app, room, Some(&fair.recruiter), None).await;
    assert_eq!(found("招聘").await, ["招聘官"], "of two of this name the one who is no host here");
    assert_eq!(found("路").await, ["路人"]);
    assert!(found("%25").await.is_empty() && found("_").await.is_empty(), "signs stand for themselves");

    for nobody in [&other, colleague] {
        assert_eq!(nobody.web.client.get(nobody.web.url(&hosts)).send().await.expect("response").status(), StatusCode::NOT_FOUND);
        assert_eq!(scene.name(nobody, &other).await, StatusCode::NOT_FOUND);
    }
    assert_eq!(app.stranger().json(&hosts, json!({ "account": other.account.id })).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(scene.name(&fair.recruiter, &fair.recruiter).await, StatusCode::CONFLICT, "a host needs no word");
    let guest = app.stranger();
    assert_eq!(guest.form("/guest", &[("name", "游客")]).await.status(), StatusCode::SEE_OTHER);
    let said = guest.json(&scene.path("messages"), json!({ "client_id": "g1", "text": "大家好" })).await;
    assert_eq!(said.status(), StatusCode::CREATED);
    let author = viewer.wait("message").await["author"].clone();
    let account = json!({ "account": author });
    assert_eq!(fair.recruiter.web.json(&hosts, account).await.status(), StatusCode::CONFLICT, "who has not signed in is nobody");

    assert_eq!(scene.name(&fair.recruiter, colleague).await, StatusCode::CREATED);
    assert_eq!(scene.name(&fair.organiser, colleague).await, StatusCode::CREATED, "again is no harm");
    let told = viewer.wait("co-host").await;
    assert_eq!((told["account"].as_str(), told["presents"].as_bool()), (Some(&*colleague.account.id.to_string()), Some(true)));
    seen.wait("co-host").await;
    assert!(scene.has(colleague).await);
    assert_eq!(found("招聘").await, Vec::<String>::new(), "they are listed above");
    let own = colleague.web.page(&format!("/rooms/{room}")).await;
    for leads in ["data-make-poll", "data-approval", "data-questions-waiting", &format!("/rooms/{room}/notice\"")] {
        assert!(own.contains(leads), "{leads}");
        assert!(!other.web.page(&format!("/rooms/{room}")).await.contains(leads), "{leads} is theirs alone");
    }
    let places = |page: &str| page.matches(" data-lead").count();
    assert_eq!(places(&own), places(&other.web.page(&format!("/rooms/{room}")).await), "an open page is filled in at the same places");
    let list = json_of(&fair.recruiter.web, &hosts).await;
    assert_eq!(list["co_hosts"].as_array().expect("a list").len(), 1, "{list}");
    assert!(list["co_hosts"][0]["host_name"] == "招聘官" && list["co_hosts"][0].get("room_id").is_none());

    assert_eq!(app.seeker("韩梅梅").await.web.json(&scene.path("hand"), json!({})).await.status(), StatusCode::CREATED);
    let desk = seen.wait("desk").await;
    assert!(desk["hands"].is_array(), "the open socket sees the desk at once");
    seen.say("m1", "我来主持，电话13812345678").await;
    let message = viewer.wait("message").await;
    assert_eq!(message["badge"], "co-host");
    let menu = fair.recruiter.web.page(&format!("/rooms/{room}/moderation/{}", message["seq"])).await;
    assert!(menu.contains(&format!("{hosts}/{}/undo", colleague.account.id)), "without scripts it is taken back there as well");
    assert!(message["text"].as_str().expect("text").contains("138****5678"), "numbers are covered as those of visitors: {message}");
    let page = app.stranger().page(&format!("/rooms/{room}")).await;
    assert!(page.contains("联合主持") && page.contains("来联合主持了"), "the badge and the line");
    let log = app.parts.accounts.audit_of(fair.fair.id, 20).await.expect("log");
    assert_eq!(log.iter().filter(|entry| entry.action == "stage.co-host").count(), 1);
    scene.host.stop().await;
    scene.app.stop().await;
}

/// Everything that belongs to a broadcast, as (what, answer).
async fn lead(scene: &Scene, who: &Person, posting: &str, slide: &str) -> Vec<(String, StatusCode)> {
    let (app, fair, web) = (&scene.app, &scene.fair, &who.web);
    let seeker = app.seeker("李雷").await;
    assert_eq!(seeker.web.json(&scene.path("hand"), json!({})).await.status(), StatusCode::CREATED);
    let asked = json!({ "client_id": "q1", "text": "包吃住吗" });
    let question: Value = seeker.web.json(&scene.path("questions"), asked).await.json().await.expect("json");
    let question = scene.path(&format!("questions/{}/state", question["question"].as_str().expect("an id")));
    let mut answers = Vec::new();
    let mut add = |what: &str, answer: StatusCode| answers.push((what.to_owned(), answer));
    let invited = web.json(&scene.path("guests"), json!({ "account": seeker.account.id, "video": "1" })).await;
    add("invite", invited.status());
    let whip = match invited.json::<Value>().await.ok().and_then(|g| g["whip"].as_str().map(str::to_owned)) {
        Some(whip) => whip,
        None => {
            let again = json!({ "account": seeker.account.id, "video": "1" });
            let response = fair.recruiter.web.json(&scene.path("guests"), again).await;
            response.json::<Value>().await.expect("json")["whip"].as_str().expect("a path").to_owned()
        }
    };
    add("mute", web.json(&whip.replace("/whip", "/mute"), json!({ "muted": "1" })).await.status());
    add("send back", web.json(&whip.replace("/whip", "/removals"), json!({})).await.status());
    add("lower", ask(web, "DELETE", &scene.path(&format!("hands/{}", seeker.account.id)), Value::Null).await);
    add("people", web.client.get(web.url(&scene.path("stage/people"))).send().await.expect("response").status());
    add("take up", web.json(&question, json!({ "state": "answering" })).await.status());
    add("answer", web.json(&question, json!({ "state": "answered", "answer": "包吃住" })).await.status());
    add("dismiss", web.json(&question, json!({ "state": "dismissed" })).await.status());
    let poll = json!({ "question": "您住在哪里？", "options": ["杭州", "宁波"], "multiple": "", "seconds": 0 });
    let opened = web.json(&scene.path("polls"), poll).await;
    add("poll", opened.status());
    let poll = opened.json::<Value>().await.ok().and_then(|poll| poll["poll"].as_str().map(str::to_owned));
    let poll = poll.unwrap_or_else(|| springbreeze::ids::PollId::new().to_string());
    add("end poll", web.json(&scene.path(&format!("polls/{poll}/end")), json!({})).await.status());
    add("pin", web.json(&scene.path("notice"), json!({ "text": "下午三点抽奖" })).await.status());
    add("unpin", web.json(&scene.path("notice/removals"), json!({})).await.status());
    add("posting", web.json(&scene.path("spotlight"), json!({ "posting_id": posting })).await.status());
    add("slides", web.client.get(web.url(&scene.path("slides"))).send().await.expect("response").status());
    add("slide", web.json(&scene.path("slides/show"), json!({ "slide": slide })).await.status());
    add("caption", web.json(&scene.path("captions"), json!({ "text": "欢迎大家" })).await.status());
    add("studio", web.get(&scene.path("studio")).send().await.expect("response").status());
    add("air", web.client.get(web.url(&scene.path("air.json"))).send().await.expect("response").status());
    let stage = scene.path("whip?seat=next");
    add("stage", offer(&app.stranger(), &stage, Some(&who.token), &publish_offer()).await.status());
    answers
}

#[tokio::test]
async fn a_co_host_leads_the_broadcast_and_nothing_else() {
    let scene = Scene::begin().await;
    let (app, fair, colleague, room) = (&scene.app, &scene.fair, &scene.colleague, scene.fair.booth.id);
    let posting = post(app, fair, content("操作工"), State::Live).await.id.to_string();
    let slide: Value =
        upload(&fair.recruiter.web, &scene.path("slides"), "application/json", "宿舍", PNG).await.json().await.expect("json");
    let slide = slide["id"].as_str().expect("an id").to_owned();
    let (mut socket, _) = Client::join(app, room, Some(colleague), None).await;
    for (what, answer) in lead(&scene, colleague, &posting, &slide).await {
        assert_eq!(answer, StatusCode::NOT_FOUND, "{what} before");
    }
    assert_eq!(scene.name(&fair.recruiter, colleague).await, StatusCode::CREATED);
    for (what, answer) in lead(&scene, colleague, &posting, &slide).await {
        assert!(answer.is_success(), "{what}: {answer}");
    }

    let target = app.seeker("王五").await;
    let (_ears, _) = Client::join(app, room, Some(&target), None).await;
    let seq = target.web.json(&scene.path("messages"), json!({ "client_id": "t1", "text": "你好" })).await;
    let seq = seq.json::<Value>().await.expect("json")["seq"].as_i64().expect("a number");
    let of = json!({ "account": target.account.id, "length": "1h" });
    let withheld = [
        ("POST", scene.path("mutes"), of.clone()),
        ("DELETE", scene.path(&format!("mutes/{}", target.account.id)), Value::Null),
        ("POST", scene.path("bans"), of.clone()),
        ("POST", scene.path("blocks"), of.clone()),
        ("POST", scene.path("deletions"), json!({ "seq": seq })),
        ("POST", scene.path("mode"), json!({ "audience": "hosts", "slow": 0 })),
        ("POST", scene.path("co-hosts"), of.clone()),
        ("POST", scene.path("captioners"), of),
        ("POST", scene.path("tokens"), json!({})),
        ("DELETE", scene.path("tokens"), Value::Null),
        ("POST", scene.path("stream/end"), json!({})),
        ("POST", scene.path("quick-answers"), json!({ "text": "x" })),
        ("POST", scene.path("closed"), json!({ "closed": true })),
        ("DELETE", scene.path(&format!("slides/{slide}")), Value::Null),
        ("POST", format!("/postings/{posting}/state"), json!({ "state": "paused", "version": 1 })),
    ];
    for (method, path, body) in withheld {
        assert_eq!(ask(&colleague.web, method, &path, body).await, StatusCode::NOT_FOUND, "{method} {path}");
    }
    for path in [
        scene.path("chat/export?format=csv"),
        scene.path("co-hosts"),
        scene.path("blocks"),
        scene.path("mode"),
        scene.path("desk"),
        scene.path(&format!("moderation/{seq}")),
        format!("/employers/{}/applications", fair.employer.id),
        format!("/postings/{posting}/edit"),
        format!("/fairs/{}/words", fair.fair.id),
    ] {
        assert_eq!(colleague.web.status(&path).await, 404, "{path}");
    }
    let added = upload(&colleague.web, &scene.path("slides"), "application/json", "x", PNG).await;
    assert_eq!(added.status(), StatusCode::NOT_FOUND);
    let host_seat = offer(&app.stranger(), &scene.path("whip"), Some(&colleague.token), &publish_offer()).await;
    assert_eq!(host_seat.status(), StatusCode::CONFLICT, "nobody's seat is taken over");
    let studio = colleague.web.page(&scene.path("studio")).await;
    for hosts_only in ["stream/end", "make-token", "quick-answers", "co-host-search", "enctype"] {
        assert!(!studio.contains(hosts_only), "{hosts_only}");
    }

    let set_mode = async |audience: &str| {
        let mode = json!({ "audience": audience, "slow": 0 });
        assert!(fair.recruiter.web.json(&scene.path("mode"), mode).await.status().is_success());
    };
    set_mode("hosts").await;
    socket.say("c1", "我继续主持").await;
    set_mode("everybody").await;
    assert_eq!(scene.take_back(&fair.recruiter, colleague).await, StatusCode::NO_CONTENT);
    let told = loop {
        let frame = socket.wait("co-host").await;
        if frame["presents"] == false {
            break frame;
        }
    };
    assert_eq!(told["account"], colleague.account.id.to_string());
    for (what, answer) in lead(&scene, colleague, &posting, &slide).await {
        assert_eq!(answer, StatusCode::NOT_FOUND, "{what} after");
    }
    set_mode("hosts").await;
    socket.send(json!({ "type": "send", "client_id": "c2", "text": "还在吗" })).await;
    assert_eq!(socket.wait("error").await["code"], "hosts-only", "also on the socket that was open");
    scene.host.stop().await;
    scene.app.stop().await;
}

#[tokio::test]
async fn who_is_taken_back_leaves_the_stage_and_hears_the_desk_no_more() {
    let scene = Scene::begin().await;
    let (app, fair, colleague, room) = (&scene.app, &scene.fair, &scene.colleague, scene.fair.booth.id);
    let (mut socket, _) = Client::join(app, room, Some(colleague), None).await;
    assert_eq!(scene.name(&fair.recruiter, colleague).await, StatusCode::CREATED);
    let beside = Publisher::start(&app.stranger(), &scene.path("whip?seat=next"), Some(&colleague.token)).await;
    until("both on stage", || async { app.parts.live.snapshot(room).stage.len() == 2 }).await;
    let part = |person: &Person| {
        let stage = app.parts.live.snapshot(room).stage;
        stage.iter().find(|who| who.account == person.account.id).map(|who| who.part)
    };
    assert_eq!((part(&fair.recruiter), part(colleague)), (Some(Part::Host), Some(Part::CoHost)));
    assert_eq!(scene.take_back(&app.seeker("路人").await, colleague).await, StatusCode::NOT_FOUND);
    assert_eq!(scene.take_back(&fair.recruiter, colleague).await, StatusCode::NO_CONTENT);
    assert_eq!(scene.take_back(&fair.recruiter, colleague).await, StatusCode::NO_CONTENT, "again is no harm");
    until("the stage is the host's", || async { app.parts.live.snapshot(room).stage.len() == 1 }).await;
    assert!(app.parts.live.snapshot(room).live);
    assert_eq!(app.seeker("韩梅梅").await.web.json(&scene.path("hand"), json!({})).await.status(), StatusCode::CREATED);
    // Past the frames of before.
    loop {
        let frame = socket.next().await.expect("frame");
        if frame["type"] == "co-host" && frame["presents"] == false {
            break;
        }
    }
    loop {
        let frame = socket.next().await.expect("frame");
        assert_ne!(frame["type"], "desk", "names of hands are the hosts' to see");
        if frame["type"] == "presence" && frame["hands"] == 1 {
            break;
        }
    }
    beside.vanish();

    assert_eq!(scene.name(&fair.organiser, colleague).await, StatusCode::CREATED);
    assert_eq!(scene.take_back(colleague, colleague).await, StatusCode::NO_CONTENT, "given up by themselves");
    assert!(!scene.has(colleague).await);
    scene.host.stop().await;
    scene.app.stop().await;
}

#[tokio::test]
async fn it_ends_with_a_ban_and_with_the_stream_and_outlives_a_restart() {
    let scene = Scene::begin().await;
    let (fair, colleague, room) = (&scene.fair, &scene.colleague, scene.fair.booth.id);
    let seeker = scene.app.seeker("王五").await;
    let (_here, _) = Client::join(&scene.app, room, Some(colleague), None).await;
    let (_there, _) = Client::join(&scene.app, room, Some(&seeker), None).await;
    for person in [colleague, &seeker] {
        assert_eq!(scene.name(&fair.recruiter, person).await, StatusCode::CREATED);
    }
    let ban = json!({ "account": seeker.account.id, "length": "forever" });
    assert_eq!(fair.recruiter.web.json(&scene.path("bans"), ban).await.status(), StatusCode::CREATED, "a co-host ranks as a visitor");
    let pinned = seeker.web.json(&scene.path("notice"), json!({ "text": "我又来了" })).await.status();
    assert!(pinned == StatusCode::FORBIDDEN || pinned == StatusCode::NOT_FOUND, "at once: {pinned}");
    until("the ban has ended it", || async { !scene.has(&seeker).await }).await;
    assert!(scene.has(colleague).await);

    let Scene { app, fair, colleague, host } = scene;
    host.vanish();
    let clock = app.clock.clone();
    let app = TestApp::start_in(app.stop().await, clock).await;
    let scene = Scene {
        host: Publisher::start(&app.stranger(), &format!("/rooms/{room}/whip"), Some(&fair.recruiter.token)).await,
        app,
        fair,
        colleague,
    };
    assert!(scene.has(&scene.colleague).await, "the right is kept");
    until("the stream", || async { scene.app.parts.live.snapshot(room).live }).await;
    scene.app.clock.advance(HOUR);
    let web = Web { origin: scene.app.stranger().origin, ..scene.fair.recruiter.web.clone() };
    let end = web.client.post(web.url(&scene.path("stream/end"))).bearer_auth(&scene.fair.recruiter.token).send().await;
    assert!(end.expect("response").status().is_success());
    until("the end of the stream", || async { !scene.has(&scene.colleague).await }).await;
    scene.host.vanish();
    scene.app.stop().await;
}

#[tokio::test]
async fn who_is_listed_has_the_right_also_right_after_a_ban_and_its_lifting() {
    let scene = Scene::begin().await;
    let (app, fair, colleague, room) = (&scene.app, &scene.fair, &scene.colleague, scene.fair.booth.id);
    let (web, hosts) = (&fair.recruiter.web, scene.path("co-hosts"));
    let (mut viewer, _) = Client::join(app, room, Some(&app.seeker("路人").await), None).await;
    let ban = json!({ "account": colleague.account.id, "length": "1h" });
    let lift = scene.path(&format!("bans/{}", colleague.account.id));
    let unblock = scene.path(&format!("blocks/{}", colleague.account.id));
    let listed = async || json_of(web, &hosts).await["co_hosts"].as_array().expect("a list").len();
    let told = async |viewer: &mut Client| viewer.wait("co-host").await["presents"].as_bool().expect("a flag");
    // A seeker of nobody's, as recruiters cannot be blocked.
    let seeker = app.seeker("王五").await;
    for (whom, ends, path) in [
        (colleague, ban, lift),
        (
            &seeker,
            json!({ "account": seeker.account.id }),
            unblock.replace(&colleague.account.id.to_string(), &seeker.account.id.to_string()),
        ),
    ] {
        let (what, _) = path.rsplit_once('/').expect("a path");
        let mut sockets = Vec::new();
        for round in 0..4 {
            sockets.push(Client::join(app, room, Some(whom), None).await);
            assert_eq!(scene.name(&fair.recruiter, whom).await, StatusCode::CREATED, "{what}, round {round}");
            assert!(told(&mut viewer).await, "{what}, round {round}");
            assert_eq!((listed().await, scene.has(whom).await), (1, true));
            assert!(web.json(what, ends.clone()).await.status().is_success());
            // Whether or not what they lead has ended by now.
            assert_eq!((listed().await, scene.has(whom).await), (0, false), "{what}, round {round}");
            assert_eq!(ask(web, "DELETE", &path, Value::Null).await, StatusCode::NO_CONTENT);
            assert_eq!((listed().await, scene.has(whom).await), (0, false), "{what}, round {round}");
            assert!(!told(&mut viewer).await, "everybody hears of it without the slow look");
        }
    }
    scene.host.stop().await;
    scene.app.stop().await;
}
