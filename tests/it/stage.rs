//! The room page, the studio, what stands on stage, and the lobby that shows it.

use crate::harness::{TestApp, TestFair};
use crate::postings::{content, post};
use crate::wish::{Publisher, until};
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::ids::PostingId;
use springbreeze::live::{Dropped, Frames, Member, Outlet};
use springbreeze::postings::State;
use std::sync::Arc;
use std::time::Duration;

async fn state(app: &TestApp, fair: &TestFair) -> Value {
    let path = format!("/rooms/{}/stage.json", fair.booth.id);
    app.stranger().get(&path).send().await.expect("response").json().await.expect("json")
}

/// Hears what everybody is told.
pub(crate) struct Ear(pub(crate) tokio::sync::mpsc::UnboundedSender<Frames>);

impl Outlet for Ear {
    fn push(&self, frames: &Frames) -> bool {
        self.0.send(frames.clone()).is_ok()
    }

    fn end(&self, _: Dropped) {}

    fn has_ended(&self) -> bool {
        self.0.is_closed()
    }
}

#[tokio::test]
async fn a_posting_on_stage_reaches_everybody_with_the_terms_of_that_moment() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let posting = post(&app, &fair, content("操作工"), State::Live).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        let (heard, told) = tokio::sync::mpsc::unbounded_channel();
        let member = Member { account: None, staff: false, desk: false, shadow: false, quiet: false, outlet: Arc::new(Ear(heard)) };
        app.parts.live.join(room, member, None).await.expect("joined");
        sockets.push(told);
    }
    let path = format!("/rooms/{room}/spotlight");
    let put = fair.recruiter.web.json(&path, json!({"posting_id": posting.id})).await;
    assert_eq!(put.status(), StatusCode::OK);
    for socket in &mut sockets {
        let card = tokio::time::timeout(Duration::from_secs(1), async {
            loop {
                let frames = socket.recv().await.expect("open");
                if !frames.entries.is_empty() {
                    // The head of a frame is as long as what stands before the text.
                    let head = frames.entries.iter().position(|byte| *byte == b'{').expect("an object");
                    break serde_json::from_slice::<Value>(&frames.entries[head..]).expect("json");
                }
            }
        });
        let card = card.await.expect("within a second");
        assert_eq!((card["type"].as_str(), card["card"]["title_zh"].as_str()), (Some("spotlight"), Some("操作工")));
        assert!(card["card"]["pay_zh"].as_str().expect("pay").contains("5000"), "{card}");
    }
    let page = app.stranger().page(&format!("/rooms/{room}")).await;
    assert!(page.contains(&format!("/postings/{}/apply?room={room}", posting.id)), "newcomers see it too");
    let revised = springbreeze::postings::Content { pay_min: 100_000, pay_max: 100_000, ..content("操作工") };
    let viewer = app.parts.accounts.viewer_by_token(&fair.recruiter.token).await.expect("viewer");
    app.parts.postings.revise(&viewer, posting.id, posting.version, revised).await.expect("revised");
    assert!(state(&app, &fair).await["card"]["pay_zh"].as_str().expect("pay").contains("5000"), "what was promised on air stays");
    let page = app.stranger().page(&format!("/rooms/{room}")).await;
    let list = page.split("class=\"disclosure shown\"").nth(1).expect("a list of what was shown");
    assert!(list.contains("操作工") && list.contains("5000"), "with the terms of that moment");
    let down = fair.recruiter.web.form(&path, &[("posting_id", "")]).await;
    assert_eq!(down.status(), StatusCode::SEE_OTHER);
    assert!(state(&app, &fair).await["card"].is_null());
    app.stop().await;
}

#[tokio::test]
async fn only_hosts_put_only_their_own_open_postings_on_stage() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (rival_employer, rival, rival_booth) = app.employer(&fair.fair, "宁波纺织厂").await;
    let own = post(&app, &fair, content("操作工"), State::Live).await;
    let draft = post(&app, &fair, content("草稿"), State::Draft).await;
    let paused = post(&app, &fair, content("暂停"), State::Paused).await;
    let new = springbreeze::postings::NewPosting {
        fair: fair.fair.id,
        employer: rival_employer.id,
        content: content("纺织工"),
        state: State::Live,
    };
    let foreign = app.parts.postings.create(new, rival.account.id).await.expect("posting");
    let path = format!("/rooms/{}/spotlight", fair.booth.id);
    let put = |web: crate::harness::Web, posting: String| {
        let path = path.clone();
        async move { web.json(&path, json!({"posting_id": posting})).await.status().as_u16() }
    };
    let host = fair.recruiter.web.clone();
    assert_eq!(put(app.stranger(), own.id.to_string()).await, 401);
    assert_eq!(put(app.seeker("李雷").await.web, own.id.to_string()).await, 404);
    assert_eq!(put(rival.web.clone(), own.id.to_string()).await, 404);
    assert_eq!(put(host.clone(), foreign.id.to_string()).await, 404, "another employer's");
    assert_eq!(put(host.clone(), PostingId::new().to_string()).await, 404);
    assert_eq!(put(host.clone(), "' OR 1=1 --".into()).await, 404);
    assert_eq!(put(host.clone(), draft.id.to_string()).await, 409);
    assert_eq!(put(host.clone(), paused.id.to_string()).await, 409);
    assert_eq!(put(host, own.id.to_string()).await, 200);
    assert_eq!(put(fair.organiser.web.clone(), own.id.to_string()).await, 200, "organisers host everywhere");
    let hall = format!("/rooms/{}/spotlight", fair.hall.id);
    assert_eq!(fair.organiser.web.json(&hall, json!({"posting_id": foreign.id})).await.status(), StatusCode::OK, "the hall shows all");
    assert_eq!(rival.web.status(&format!("/rooms/{}/studio", rival_booth.id)).await, 200);
    app.stop().await;
}

#[tokio::test]
async fn an_empty_booth_says_so_and_everything_but_the_picture_works_without_scripts() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("操作工"), State::Live).await;
    let web = app.stranger();
    let page = web.page(&format!("/rooms/{}", fair.booth.id)).await;
    let zh = springbreeze::i18n::Lang::Zh;
    assert!(page.contains(&zh.t("stage-note-nobody")), "nobody is here");
    assert!(page.contains(&format!("/postings/{}/apply", posting.id)) && page.contains(&format!("/rooms/{}/interviews", fair.booth.id)));
    assert!(!page.contains("/studio"), "not for visitors");
    assert!(fair.recruiter.web.page(&format!("/rooms/{}", fair.booth.id)).await.contains("/studio"));
    assert_eq!(web.status(&format!("/rooms/{}/studio", fair.booth.id)).await, 303, "to the sign-in page");
    assert_eq!(app.seeker("李雷").await.web.status(&format!("/rooms/{}/studio", fair.booth.id)).await, 404);
    assert_eq!(web.status("/rooms/nonsense").await, 404);
    app.stop().await;
}

#[tokio::test]
async fn the_lobby_and_the_studio_show_what_is_live() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let publisher = Publisher::start(&app.stranger(), &format!("/rooms/{room}/whip"), Some(&fair.recruiter.token)).await;
    let lobby = format!("/fairs/{}/rooms.json", fair.fair.id);
    until("the lobby's status", || async {
        let rooms: Value = app.stranger().get(&lobby).send().await.expect("response").json().await.expect("json");
        let rooms = rooms["rooms"].as_array().expect("rooms").clone();
        rooms.iter().any(|r| r["id"] == json!(room) && r["status"] == "live")
    })
    .await;
    assert_eq!(state(&app, &fair).await["status"], "live");
    let air = format!("/rooms/{room}/air.json");
    until("the stream's bitrate", || async {
        let air: Value = fair.recruiter.web.get(&air).send().await.expect("response").json().await.expect("json");
        let only = json!([{ "size": "only", "viewers": 0, "bitrate": air["reception"]["pictures"][0]["bitrate"] }]);
        air["air"]["publishing"] == true && air["air"]["bitrate"].as_u64() > Some(10_000) && air["reception"]["pictures"] == only
    })
    .await;
    until("the figures of stream, layer and worker", || async {
        let figures = app.stranger().page("/metrics").await;
        let bitrate = format!("springbreeze_media_layer_bitrate{{stream=\"{room}\",seat=\"0\",layer=\"video\"}}");
        let used = figures.lines().any(|l| l.starts_with("springbreeze_media_worker_cpu_microseconds{worker=\"0\"}") && !l.ends_with(" 0"));
        used && figures.lines().any(|l| l.starts_with(&bitrate) && !l.ends_with(" 0"))
    })
    .await;
    assert_eq!(app.seeker("李雷").await.web.status(&air).await, 404);
    let end = fair.recruiter.web.form(&format!("/rooms/{room}/stream/end"), &[]).await;
    assert_eq!(end.status(), StatusCode::SEE_OTHER);
    until("the end of the stream", || async { state(&app, &fair).await["status"] == "message-only" }).await;
    publisher.vanish();
    app.stop().await;
}

#[tokio::test]
async fn a_token_for_obs_is_shown_once_without_scripts_too() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let page = fair.recruiter.web.form(&format!("/rooms/{}/tokens", fair.booth.id), &[]).await.text().await.expect("page");
    let token = page.split("id=\"whip-token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("token");
    assert!(token.len() > 20, "{token}");
    let publisher = Publisher::start(&app.stranger(), &format!("/rooms/{}/whip", fair.booth.id), Some(token)).await;
    publisher.stop().await;
    app.stop().await;
}
