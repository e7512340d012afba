//! Judging: questions and their versions, sheets, decisions, the overview, its export, and that the candidate sees none of it.

use crate::harness::{NOON, Person, TestApp, TestFair};
use crate::postings::{content, post};
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::accounts::Grant;
use springbreeze::applications::CONSENT;
use springbreeze::clock::{DAY, HOUR};
use springbreeze::postings::{Posting, State};

const NOTES: &str = "动手快，两次都装对了，SECRETNOTE";

/// A fair with a posting, an interview for it in which both came, and an application.
struct Scene {
    app: TestApp,
    fair: TestFair,
    posting: Posting,
    seeker: Person,
    application: String,
    interview: String,
}

pub(crate) async fn apply(posting: &Posting, seeker: &Person) -> String {
    let fields =
        [("name", seeker.account.name.as_str()), ("contact", "13800138000"), ("experience", "3"), ("note", ""), ("consent", CONSENT)];
    let sent = seeker.web.form(&format!("/postings/{}/apply", posting.id), &fields).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    sent.headers()["location"].to_str().expect("path").rsplit('/').next().expect("id").to_owned()
}

/// Books the nth quarter of an hour from ten o'clock, about a posting if one is given.
async fn book(fair: &TestFair, seeker: &Person, posting: Option<&Posting>, hour: u32) -> String {
    let form = [
        ("date", "2027-02-20".to_owned()),
        ("from", format!("{hour}:00")),
        ("to", format!("{hour}:15")),
        ("length", "15".to_owned()),
        ("buffer", "0".to_owned()),
    ];
    let slots: Value = fair
        .recruiter
        .web
        .post(&format!("/employers/{}/slots", fair.employer.id))
        .form(&form)
        .send()
        .await
        .expect("slots")
        .json()
        .await
        .expect("json");
    let slot = slots[0]["id"].as_str().expect("id");
    let body = json!({"client_id": "", "posting_id": posting.map(|p| p.id.to_string()).unwrap_or_default()});
    let booked: Value = seeker.web.json(&format!("/slots/{slot}/bookings"), body).await.json().await.expect("json");
    booked["id"].as_str().expect("id").to_owned()
}

async fn met(app: &TestApp, interview: &str, at: i64) {
    sqlx::query("UPDATE interviews SET seeker_joined_at = $2, employer_joined_at = $2, ended_at = $3 WHERE id = $1")
        .bind(interview)
        .bind(at)
        .bind(at + 600_000)
        .execute(app.parts.db.write())
        .await
        .expect("met");
}

async fn scene() -> Scene {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("装配工"), State::Live).await;
    let seeker = app.seeker("王芳").await;
    let application = apply(&posting, &seeker).await;
    let interview = book(&fair, &seeker, Some(&posting), 10).await;
    met(&app, &interview, NOON + HOUR).await;
    app.clock.advance(2 * HOUR);
    Scene { app, fair, posting, seeker, application, interview }
}

impl Scene {
    fn questions(&self) -> String {
        format!("/postings/{}/judging/questions", self.posting.id)
    }

    fn sheet(&self) -> String {
        format!("/interviews/{}/judging", self.interview)
    }

    async fn ask(&self, version: i64, id: &[&str], zh: &[&str]) -> u16 {
        let en: Vec<&str> = zh.iter().map(|_| "").collect();
        let body = json!({"version": version.to_string(), "id": id, "zh": zh, "en": en});
        self.fair.recruiter.web.json(&self.questions(), body).await.status().as_u16()
    }

    async fn stored(&self, path: &str) -> Value {
        json_of(&self.fair.recruiter, path).await
    }

    async fn status(&self) -> String {
        let row: (String,) = sqlx::query_as("SELECT status FROM applications WHERE id = $1")
            .bind(&self.application)
            .fetch_one(self.app.parts.db.read())
            .await
            .expect("status");
        row.0
    }
}

async fn json_of(person: &Person, path: &str) -> Value {
    person.web.client.get(person.web.url(path)).send().await.expect("response").json().await.expect("json")
}

/// Rates all questions of a sheet with the same stars.
async fn rate(judge: &Person, sheet: &str, stars: i64, more: Value) -> reqwest::Response {
    let seen = json_of(judge, sheet).await;
    let mut body = json!({"version": seen["version"].to_string(), "tab": "t"});
    for question in seen["questions"].as_array().expect("questions") {
        let id = question["id"].as_str().expect("id");
        body[format!("s-{id}")] = stars.to_string().into();
        body[format!("v-{id}")] = question["version"].to_string().into();
    }
    for (key, value) in more.as_object().expect("object") {
        body[key] = value.clone();
    }
    judge.web.json(sheet, body).await
}

#[tokio::test]
async fn a_rating_keeps_the_question_as_it_was_worded() {
    let scene = scene().await;
    assert_eq!(scene.ask(0, &["", ""], &["您修过什么设备？", "能上夜班吗？"]).await, 200);
    assert_eq!(scene.ask(0, &["", ""], &["您修过什么设备？", "能上夜班吗？"]).await, 200, "sent twice");
    assert_eq!(scene.ask(0, &[""], &["别的"]).await, 409, "somebody who has not seen the first");
    assert_eq!(rate(&scene.fair.recruiter, &scene.sheet(), 4, json!({"notes": NOTES})).await.status(), 200);
    let before = scene.stored(&scene.questions()).await;
    let ids: Vec<&str> = before["questions"].as_array().expect("list").iter().map(|q| q["id"].as_str().expect("id")).collect();
    assert_eq!(scene.ask(1, &[ids[1], ids[0]], &["能上夜班吗？", "您怎么修设备？"]).await, 200);
    let seen = scene.stored(&scene.sheet()).await;
    assert_eq!((seen["questions"][0]["stars"].as_i64(), seen["questions"][1]["stars"].as_i64()), (Some(4), None), "moved, and reworded");
    let page = scene.fair.recruiter.web.page(&scene.sheet()).await;
    assert!(page.contains("您修过什么设备？") && page.contains("您怎么修设备？"), "the sheet says how it was worded");
    // A page that was open since before the change rates what nobody asks any more.
    let old = json!({"version": "1", "tab": "t", format!("s-{}", ids[0]): "2", format!("v-{}", ids[0]): "1"});
    let refused = scene.fair.recruiter.web.json(&scene.sheet(), old).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(refused.json::<Value>().await.expect("json")["code"], "judging-question-changed");
    let kept: Vec<(i64, String, i64)> = sqlx::query_as("SELECT version, text_zh, stars FROM judging_ratings ORDER BY n")
        .fetch_all(scene.app.parts.db.read())
        .await
        .expect("ratings");
    assert_eq!(kept, [(1, "您修过什么设备？".to_owned(), 4), (1, "能上夜班吗？".to_owned(), 4)]);
    scene.app.stop().await;
}

#[tokio::test]
async fn saving_moves_nothing_and_deciding_moves_the_application() {
    let scene = scene().await;
    assert_eq!(scene.ask(0, &[""], &["您修过什么设备？"]).await, 200);
    let judge = &scene.fair.recruiter;
    assert_eq!(rate(judge, &scene.sheet(), 5, json!({"next_step": "no"})).await.status(), 200);
    assert_eq!(scene.status().await, "new", "chosen is not decided");
    assert_eq!(rate(judge, &scene.sheet(), 5, json!({"act": "decide"})).await.status(), 422);
    assert_eq!(rate(judge, &scene.sheet(), 6, json!({})).await.status(), 422);
    let waits = scene.stored(&scene.sheet()).await;
    assert_eq!((waits["waits"].as_bool(), waits["decided"].is_null()), (Some(true), true));
    for (step, status) in [("pool", "shortlisted"), ("second-round", "interview"), ("offer", "offer"), ("no", "rejected")] {
        assert_eq!(rate(judge, &scene.sheet(), 5, json!({"act": "decide", "next_step": step})).await.status(), 200);
        assert_eq!(scene.status().await, status);
    }
    assert_eq!(rate(judge, &scene.sheet(), 1, json!({"next_step": "offer"})).await.status(), 200);
    let seen = scene.stored(&scene.sheet()).await;
    assert_eq!((seen["decided"].as_str(), seen["waits"].as_bool()), (Some("no"), Some(false)), "only deciding changes a decision");
    assert_eq!(scene.seeker.web.form(&format!("/applications/{}/withdraw", scene.application), &[]).await.status(), 303);
    assert_eq!(rate(judge, &scene.sheet(), 5, json!({"act": "decide", "next_step": "offer"})).await.status(), 200);
    assert_eq!(scene.status().await, "withdrawn");
    let decided: (i64,) = sqlx::query_as("SELECT COUNT(*) FROM audit WHERE action = 'judging.decide' AND detail = ''")
        .fetch_one(scene.app.parts.db.read())
        .await
        .expect("audit");
    assert_eq!(decided.0, 5);
    scene.app.stop().await;
}

#[tokio::test]
async fn the_candidate_sees_the_status_and_nothing_else() {
    let scene = scene().await;
    assert_eq!(scene.ask(0, &[""], &["SECRETQUESTION"]).await, 200);
    let more = json!({"notes": NOTES, "act": "decide", "next_step": "pool"});
    assert_eq!(rate(&scene.fair.recruiter, &scene.sheet(), 2, more).await.status(), 200);
    let (interview, application, posting) = (&scene.interview, &scene.application, scene.posting.id);
    let mut seen = String::new();
    for path in [
        "/me".into(),
        "/interviews".into(),
        format!("/interviews/{interview}"),
        format!("/interviews/{interview}.ics"),
        format!("/applications/{application}"),
        format!("/postings/{posting}"),
    ] {
        seen.push_str(&scene.seeker.web.page(&path).await);
    }
    seen.push_str(&json_of(&scene.seeker, &format!("/interviews/{interview}")).await.to_string());
    assert!(seen.contains("初选通过"), "the status is shown");
    for secret in ["SECRET", "judging", "star\"", "评分"] {
        assert!(!seen.contains(secret), "{secret} in what the candidate sees");
    }
    let closed = [
        scene.sheet(),
        scene.questions(),
        format!("/postings/{posting}/judging"),
        format!("/postings/{posting}/judging/export"),
        format!("/employers/{}/judging", scene.fair.employer.id),
    ];
    let (rival, recruiter, _) = scene.app.employer(&scene.fair.fair, "宁波港").await;
    for path in &closed {
        for other in [&scene.seeker, &scene.fair.organiser, &recruiter] {
            assert_eq!(other.web.status(path).await, 404, "{path} for {}", other.account.name);
        }
        assert_eq!(scene.app.stranger().status(path).await, 303, "a stranger is asked to sign in");
    }
    for other in [&scene.seeker, &scene.fair.organiser, &recruiter] {
        assert_eq!(other.web.json(&scene.sheet(), json!({"notes": "x"})).await.status(), 404);
        assert_eq!(other.web.json(&scene.questions(), json!({"zh": ["x"]})).await.status(), 404);
    }
    assert_ne!(rival.id, scene.fair.employer.id);
    // At rest, in messages and in the log there is none of it either.
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT sealed_notes FROM judging_sheets").fetch_all(scene.app.parts.db.read()).await.expect("notes");
    assert!(rows.iter().all(|r| !r.0.is_empty() && !r.0.contains("SECRET")), "sealed");
    let told: Vec<(String,)> = sqlx::query_as("SELECT sealed FROM outbox WHERE account_id = $1")
        .bind(scene.seeker.account.id.to_string())
        .fetch_all(scene.app.parts.db.read())
        .await
        .expect("outbox");
    assert!(told.len() >= 2, "booked, and the new status");
    assert!(told.iter().all(|t| !scene.app.parts.keys.decrypt(&t.0).expect("key").contains("SECRET")));
    let log: Vec<(String, String)> =
        sqlx::query_as("SELECT reason, detail FROM audit").fetch_all(scene.app.parts.db.read()).await.expect("audit");
    assert!(log.iter().all(|(reason, detail)| !reason.contains("SECRET") && !detail.contains("SECRET") && !detail.contains("pool")));
    // Who was interviewed and recruits for the employer later finds everybody but themselves.
    scene.app.parts.accounts.grant(scene.seeker.account.id, Grant::Recruiter(scene.fair.employer.id)).await.expect("grant");
    assert_eq!(scene.seeker.web.status(&scene.sheet()).await, 404);
    for path in &closed[2..] {
        let page = scene.seeker.web.page(path).await;
        assert!(!page.contains("SECRETNOTE") && !page.contains("王芳</a>") && !page.contains(interview), "{path}");
    }
    scene.app.stop().await;
}

#[tokio::test]
async fn the_overview_puts_candidates_side_by_side_and_the_export_holds_no_formula() {
    let scene = scene().await;
    assert_eq!(scene.ask(0, &["", ""], &["=1+1", "能上夜班吗？"]).await, 200);
    let colleague = scene.app.person("李工", Grant::Recruiter(scene.fair.employer.id)).await;
    let second = scene.app.seeker("=HYPERLINK(\"http://evil\")").await;
    scene.app.clock.advance(-2 * HOUR);
    // Booked without a posting; the only application of the candidate says which.
    apply(&scene.posting, &second).await;
    let other = book(&scene.fair, &second, None, 13).await;
    met(&scene.app, &other, NOON + 4 * HOUR).await;
    scene.app.clock.advance(6 * HOUR);
    let other = format!("/interviews/{other}/judging");
    assert_eq!(rate(&scene.fair.recruiter, &scene.sheet(), 2, json!({"notes": "-1+1"})).await.status(), 200);
    assert_eq!(rate(&colleague, &scene.sheet(), 3, json!({"notes": "已婚，有孩子"})).await.status(), 200);
    assert_eq!(rate(&colleague, &other, 5, json!({"act": "decide", "next_step": "offer"})).await.status(), 200);
    let page = scene.fair.recruiter.web.page(&format!("/postings/{}/judging", scene.posting.id)).await;
    let (best, next) = (page.find("<strong>5.0</strong>").expect("5.0"), page.find("<strong>2.5</strong>").expect("2.5"));
    assert!(best < next, "the best rated comes first");
    assert!(page.contains("已婚，有孩子") && page.contains("婚育") && page.contains("待决定"), "notes, their flag, and what waits");
    let waiting = scene.fair.recruiter.web.page(&format!("/employers/{}/judging", scene.fair.employer.id)).await;
    assert!(waiting.contains("王芳") && !waiting.contains("HYPERLINK"));
    let export = scene.fair.recruiter.web.page(&format!("/postings/{}/judging/export", scene.posting.id)).await;
    let lines: Vec<&str> = export.trim_start_matches('\u{FEFF}').lines().collect();
    assert_eq!(lines.len(), 4, "{export}");
    assert!(lines[0].contains(",'=1+1,能上夜班吗？"), "{}", lines[0]);
    assert!(lines[1].starts_with("\"'=HYPERLINK(") && lines[1].ends_with(",5,5"), "{}", lines[1]);
    assert!(export.contains(",'-1+1,2,2"), "{export}");
    let audited: (i64,) = sqlx::query_as("SELECT COUNT(*) FROM audit WHERE action = 'judging.export' AND subject = $1")
        .bind(scene.posting.id.to_string())
        .fetch_one(scene.app.parts.db.read())
        .await
        .expect("audit");
    assert_eq!(audited.0, 1);
    scene.app.stop().await;
}

#[tokio::test]
async fn two_pages_of_one_judge_do_not_write_over_each_other_and_a_form_comes_back() {
    let scene = scene().await;
    let judge = &scene.fair.recruiter.web;
    let write = |version: &str, tab: &str, notes: &str| json!({"version": version, "tab": tab, "notes": notes});
    assert_eq!(judge.json(&scene.sheet(), write("0", "one", "第一")).await.status(), 200);
    assert_eq!(judge.json(&scene.sheet(), write("0", "one", "第一，续")).await.status(), 200, "an answer was lost on the way");
    assert_eq!(judge.json(&scene.sheet(), write("0", "two", "第二")).await.status(), 409);
    let again = judge.form(&scene.sheet(), &[("version", "0"), ("tab", "two"), ("notes", "第二，很长的话")]).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    let page = again.text().await.expect("page");
    assert!(page.contains("第二，很长的话") && page.contains("value=\"2\""), "what was typed, to be saved again over the newer one");
    assert_eq!(judge.form(&scene.sheet(), &[("version", "2"), ("tab", "two"), ("notes", "第二")]).await.status(), 303);
    assert_eq!(scene.stored(&scene.sheet()).await["notes"], "第二");
    let long = "长".repeat(4_001);
    let again = judge.form(&scene.sheet(), &[("version", "3"), ("notes", &long)]).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text().await.expect("page").contains(&long), "nothing typed is lost");
    // Before the interview nobody is rated.
    let early = scene.app.seeker("李雷").await;
    let ahead = book(&scene.fair, &early, Some(&scene.posting), 20).await;
    assert_eq!(judge.json(&format!("/interviews/{ahead}/judging"), write("0", "", "x")).await.status(), 409);
    scene.app.stop().await;
}

#[tokio::test]
async fn questions_are_edited_by_buttons_flagged_and_never_refused_for_it() {
    let scene = scene().await;
    let judge = &scene.fair.recruiter.web;
    let rows = [("version", "0"), ("id", ""), ("zh", "能上夜班吗？"), ("en", ""), ("id", ""), ("zh", "您结婚了吗？"), ("en", "")];
    let with = |act: &'static str| [&rows[..], &[("act", act)]].concat();
    let moved = judge.form(&scene.questions(), &with("up-1")).await.text().await.expect("page");
    assert!(moved.find("您结婚了吗？").expect("row") < moved.find("能上夜班吗？").expect("row"));
    assert!(moved.contains("这个问题涉及婚育"), "a hint beside the field");
    assert_eq!(scene.stored(&scene.questions()).await["questions"], json!([]), "moving stores nothing");
    assert_eq!(judge.form(&scene.questions(), &with("save")).await.status(), 303, "flagged, and stored all the same");
    assert!(judge.page(&scene.questions()).await.contains("这个问题涉及婚育"));
    let long = "长".repeat(201);
    let again = judge.form(&scene.questions(), &[("version", "1"), ("id", ""), ("zh", &long), ("en", ""), ("act", "save")]).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text().await.expect("page").contains(&long));
    scene.app.stop().await;
}

#[tokio::test]
async fn whoever_decides_nothing_is_reminded_once() {
    let scene = scene().await;
    let due = || scene.app.parts.judging.remind_due();
    scene.app.clock.advance(2 * DAY);
    assert_eq!(due().await.expect("reminded"), 0, "no questions, no sheet: this employer does not judge here");
    assert_eq!(scene.ask(0, &[""], &["您修过什么设备？"]).await, 200);
    let both = futures_util::future::join_all([due(), due()]).await;
    let told: usize = both.into_iter().map(|n| n.expect("reminded")).sum();
    assert_eq!((told, due().await.expect("reminded")), (1, 0));
    let rows: Vec<(String,)> = sqlx::query_as("SELECT sealed FROM outbox WHERE account_id = $1")
        .bind(scene.fair.recruiter.account.id.to_string())
        .fetch_all(scene.app.parts.db.read())
        .await
        .expect("outbox");
    let letters: Vec<String> = rows.iter().map(|r| scene.app.parts.keys.decrypt(&r.0).expect("key")).collect();
    assert_eq!(letters.iter().filter(|l| l.contains(&scene.sheet())).count(), 1);
    scene.app.stop().await;
}

#[tokio::test]
async fn an_interview_without_a_posting_is_judged_for_the_one_that_is_chosen() {
    let scene = scene().await;
    let second = post(&scene.app, &scene.fair, content("质检员"), State::Live).await;
    let other = scene.app.seeker("李雷").await;
    let interview = book(&scene.fair, &other, None, 15).await;
    met(&scene.app, &interview, NOON + HOUR).await;
    scene.app.clock.advance(6 * HOUR);
    let (judge, sheet) = (&scene.fair.recruiter.web, format!("/interviews/{interview}/judging"));
    assert!(judge.page(&sheet).await.contains("这次面试是哪个岗位的"));
    let choose = format!("{sheet}/posting");
    assert_eq!(judge.form(&choose, &[("posting", &second.id.to_string())]).await.status(), 303);
    assert!(judge.page(&format!("/postings/{}/judging", second.id)).await.contains("李雷"));
    let fixed = format!("{}/posting", scene.sheet());
    assert_eq!(judge.form(&fixed, &[("posting", &second.id.to_string())]).await.status(), 404, "it was booked for one");
    scene.app.stop().await;
}
