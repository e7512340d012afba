//! Two-speed vetting of postings: what goes live at once, what waits and why, what the form says, versions with their differences.

use crate::employers::verify;
use crate::harness::{NOON, TestApp, TestFair};
use crate::postings::{content, form, post};
use reqwest::StatusCode;
use springbreeze::clock::DAY;
use springbreeze::ids::PostingId;
use springbreeze::postings::{Content, Posting, State};

fn terms() -> Content {
    Content {
        about_zh: "负责手机外壳的组装和检验，两班倒，每周轮换一次，包吃包住。".into(),
        pay_min: 600_000,
        pay_max: 800_000,
        valid_until: NOON + 28 * DAY + 15 * 3_600_000,
        headcount: 20,
        ..content("电子厂操作工")
    }
}

/// A verified employer with a posting that an organiser approved.
async fn started(app: &TestApp) -> (TestFair, Posting) {
    let at = app.fair().await;
    verify(app, &at, at.employer.id, 300).await;
    let posting = post(app, &at, terms(), State::Live).await;
    (at, posting)
}

/// The form of the posting with some fields otherwise.
fn edited<'a>(version: &'a str, changes: &[(&'static str, &'a str)]) -> Vec<(&'static str, &'a str)> {
    let mut fields = form("电子厂操作工");
    let base = [("about_zh", "负责手机外壳的组装和检验，两班倒，每周轮换一次，包吃包住。"), ("couples", ""), ("version", version)];
    for (name, value) in base.into_iter().chain(changes.iter().copied()) {
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        }
    }
    fields
}

async fn state(app: &TestApp, id: PostingId) -> (String, i64) {
    let sql = "SELECT state, version FROM postings WHERE id = $1";
    sqlx::query_as(sql).bind(id.to_string()).fetch_one(app.parts.db.read()).await.expect("posting")
}

#[tokio::test]
async fn a_small_change_goes_live_at_once_and_organisers_look_afterwards() {
    let app = TestApp::start().await;
    let (at, posting) = started(&app).await;
    let path = format!("/postings/{}", posting.id);
    let saved = at.recruiter.web.form(&path, &edited("1", &[("headcount", "50"), ("days_off", "4")])).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER, "{}", saved.text().await.expect("text"));
    assert_eq!(state(&app, posting.id).await, ("live".into(), 2));
    assert!(app.stranger().page(&path).await.contains("招 50 人"));
    let review = format!("/fairs/{}/review", at.fair.id);
    let page = at.organiser.web.page(&review).await;
    assert!(page.contains("已自动生效的修改") && page.contains("<del>") && page.contains("50"), "{page}");
    let check = format!("{review}/checks");
    let id = posting.id.to_string();
    assert_eq!(at.recruiter.web.form(&check, &[("posting", &id), ("version", "2")]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(at.organiser.web.form(&check, &[("posting", &id), ("version", "1")]).await.status(), StatusCode::CONFLICT);
    assert_eq!(at.organiser.web.form(&check, &[("posting", &id), ("version", "2")]).await.status(), StatusCode::SEE_OTHER);
    assert!(!at.organiser.web.page(&review).await.contains("已自动生效的修改"));
    app.stop().await;
}

#[tokio::test]
async fn small_raises_do_not_add_up_unseen_and_what_was_recalled_waits() {
    let app = TestApp::start().await;
    let (at, posting) = started(&app).await;
    let path = format!("/postings/{}", posting.id);
    assert_eq!(at.recruiter.web.form(&path, &edited("1", &[("pay_max", "9000")])).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(state(&app, posting.id).await, ("live".into(), 2));
    // Pausing is no look: what nobody has seen stays compared with what somebody has.
    for (to, version) in [("paused", 3), ("live", 4)] {
        at.recruiter.web.form(&format!("{path}/state"), &[("state", to)]).await;
        assert_eq!(state(&app, posting.id).await, (to.into(), version));
    }
    assert_eq!(at.recruiter.web.form(&path, &edited("4", &[("pay_max", "10500")])).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(state(&app, posting.id).await, ("review".into(), 5), "a quarter more than what was approved");
    let page = at.organiser.web.page(&format!("/fairs/{}/review", at.fair.id)).await;
    assert!(page.contains("工资有变化") && page.contains("6000–8000元/月") && page.contains("6000–10500元/月"), "{page}");
    assert!(!page.contains("已自动生效的修改"), "what waits is looked at there");

    let second = post(&app, &at, terms(), State::Live).await;
    let path = format!("/postings/{}", second.id);
    at.recruiter.web.form(&path, &edited("1", &[("headcount", "30")])).await;
    let recall = [("state", "review"), ("version", "2"), ("reason", "人数请核实")];
    assert_eq!(at.organiser.web.form(&format!("{path}/state"), &recall).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(state(&app, second.id).await, ("review".into(), 3));
    assert!(at.recruiter.web.page("/me/notices").await.contains("被收回重新审核"));
    app.stop().await;
}

#[tokio::test]
async fn other_pay_place_or_work_and_employers_not_verified_wait() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    verify(&app, &at, at.employer.id, 20).await;
    for (field, value, says) in [
        ("pay_min", "5000", "工资有变化"),
        ("region", "330200", "工作地点有变化"),
        ("kind", "temporary", "用工形式有变化"),
        ("title_zh", "仓库保安", "换成了别的岗位"),
    ] {
        let posting = post(&app, &at, terms(), State::Live).await;
        let saved = at.recruiter.web.form(&format!("/postings/{}", posting.id), &edited("1", &[(field, value)])).await;
        assert_eq!(saved.status(), StatusCode::SEE_OTHER);
        assert_eq!(state(&app, posting.id).await.0, "review", "{field}");
        assert!(at.organiser.web.page(&format!("/fairs/{}/review", at.fair.id)).await.contains(says), "{says}");
    }
    // A new posting is reviewed whoever it is from; so is everything once the verification has ended.
    let made = at.recruiter.web.form(&format!("/fairs/{}/postings", at.fair.id), &form("新岗位")).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let posting = post(&app, &at, terms(), State::Live).await;
    app.clock.advance(21 * DAY);
    let edit = at.recruiter.web.page(&format!("/postings/{}/edit", posting.id)).await;
    assert!(edit.contains("认证已过期"), "a banner says why");
    at.recruiter.web.form(&format!("/postings/{}", posting.id), &edited("1", &[("headcount", "9"), ("valid_until", "2027-04-01")])).await;
    assert_eq!(state(&app, posting.id).await.0, "review");
    app.stop().await;
}

#[tokio::test]
async fn the_form_says_which_words_break_a_rule_and_the_review_marks_them() {
    let app = TestApp::start().await;
    let (at, _) = started(&app).await;
    let path = format!("/fairs/{}/postings", at.fair.id);
    let mut fields = form("操作工");
    fields[1].1 = "入职交押金200元，限女性，有意加微信hr20270。";
    let back = at.recruiter.web.form(&path, &fields).await;
    assert_eq!(back.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = back.text().await.expect("text");
    for says in
        ["“押金”：不得以任何名义收取押金", "“限女”：不得以性别为由", "“微信”：岗位里不留微信", "没问题，提交审核", "有意加微信hr20270"]
    {
        assert!(page.contains(says), "{says}: {page}");
    }
    let english = at.recruiter.web.post(&path).header("accept", "text/html").header("accept-language", "en").form(&fields).send().await;
    assert!(english.expect("page").text().await.expect("text").contains("nobody may take a deposit"));
    let program = at.recruiter.web.post(&path).header("accept", "application/json").form(&fields).send().await.expect("problem");
    let problem: serde_json::Value = program.json().await.expect("json");
    assert!(problem["errors"]["about_zh"].as_str().expect("said").contains("then=anyway"), "{problem}");
    fields.push(("then", "draft"));
    assert_eq!(at.recruiter.web.form(&path, &fields).await.status(), StatusCode::SEE_OTHER, "a draft may say anything");
    fields.pop();
    fields.push(("then", "anyway"));
    assert_eq!(at.recruiter.web.form(&path, &fields).await.status(), StatusCode::SEE_OTHER);
    let review = at.organiser.web.page(&format!("/fairs/{}/review", at.fair.id)).await;
    assert!(review.contains("<mark") && review.contains(">押金<") && review.contains("第一次发布"), "{review}");
    app.stop().await;
}

#[tokio::test]
async fn organisers_approve_several_as_they_were_seen_and_say_why_they_send_one_back() {
    let app = TestApp::start().await;
    let (at, _) = started(&app).await;
    let mut waiting = Vec::new();
    for title in ["甲岗位", "乙岗位", "丙岗位"] {
        waiting.push(post(&app, &at, content(title), State::Review).await);
    }
    let review = format!("/fairs/{}/review", at.fair.id);
    let pick: Vec<String> = waiting.iter().map(|p| format!("{}:1", p.id)).collect();
    // The third one is changed after it was seen.
    let changed = at.recruiter.web.form(&format!("/postings/{}", waiting[2].id), &edited("1", &[("title_zh", "丁岗位")])).await;
    assert_eq!(changed.status(), StatusCode::SEE_OTHER);
    let fields: Vec<_> = pick.iter().map(|pick| ("pick", pick.as_str())).collect();
    let approvals = format!("{review}/approvals");
    let (_, other, _) = app.employer(&at.fair, "别家").await;
    let elsewhere = app.fair().await;
    for outsider in [&other.web, &at.recruiter.web, &elsewhere.organiser.web] {
        assert_eq!(outsider.form(&approvals, &fields).await.status(), StatusCode::NOT_FOUND);
    }
    let foreign = format!("/fairs/{}/review/approvals", elsewhere.fair.id);
    assert_eq!(elsewhere.organiser.web.form(&foreign, &fields).await.status(), StatusCode::NOT_FOUND, "nor by one's own fair");
    assert_eq!(at.organiser.web.form(&approvals, &[("pick", "nonsense")]).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(at.organiser.web.form(&approvals, &fields).await.status(), StatusCode::SEE_OTHER);
    let page = at.organiser.web.page(&review).await;
    assert!(page.contains("已通过 2 个岗位；1 个刚被改过"), "{page}");
    assert_eq!(state(&app, waiting[0].id).await.0, "live");
    assert_eq!(state(&app, waiting[2].id).await.0, "review");

    let path = format!("/postings/{}", waiting[2].id);
    let back = [("state", "draft"), ("version", "2"), ("reason", "请写明上班时间")];
    assert_eq!(at.organiser.web.form(&format!("{path}/state"), &back).await.status(), StatusCode::SEE_OTHER);
    assert!(at.recruiter.web.page("/me/notices").await.contains("“丁岗位”被退回修改"));
    assert!(at.recruiter.web.page(&format!("{path}/versions")).await.contains("请写明上班时间"));
    app.stop().await;
}

#[tokio::test]
async fn everybody_sees_the_versions_that_were_out_and_its_people_all() {
    let app = TestApp::start().await;
    let (at, posting) = started(&app).await;
    let path = format!("/postings/{}", posting.id);
    at.recruiter.web.form(&path, &edited("1", &[("pay_max", "12000"), ("then", "anyway")])).await;
    let versions = format!("{path}/versions");
    let stranger = app.stranger();
    assert_eq!(stranger.status(&versions).await, 404, "it waits");
    let (_, other, _) = app.employer(&at.fair, "别家").await;
    assert_eq!(other.web.status(&versions).await, 404);
    let back = [("state", "draft"), ("reason", "内部原因")];
    at.organiser.web.form(&format!("{path}/state"), &back).await;
    at.recruiter.web.form(&path, &edited("3", &[("about_zh", "负责手机外壳的组装和包装，两班倒，每周轮换一次，包吃包住。")])).await;
    let seen = state(&app, posting.id).await;
    assert_eq!(seen.0, "review");
    at.organiser.web.form(&format!("{path}/state"), &[("state", "live")]).await;
    let page = stranger.page(&versions).await;
    assert!(page.contains("<del>") && page.contains("检验") && page.contains("<ins>") && page.contains("包装"), "{page}");
    assert!(!page.contains("12000") && !page.contains("内部原因") && !page.contains("招聘官"), "what never was out stays inside");
    let page = at.recruiter.web.page(&versions).await;
    assert!(page.contains("12000") && page.contains("内部原因") && page.contains("招聘官") && page.contains("组织者"), "{page}");
    assert!(page.contains("删去：") && page.contains("新增："), "said to who does not see colours");
    let english = at.recruiter.web.get(&versions).header("accept-language", "en").send().await.expect("page");
    assert!(english.text().await.expect("text").contains("removed:"));
    app.stop().await;
}

#[tokio::test]
async fn versions_of_hostile_texts_are_text() {
    let app = TestApp::start().await;
    let (at, posting) = started(&app).await;
    let evil = "</dd><script>alert(1)</script>负责手机外壳的组装和检验，两班倒，每周轮换一次，包吃包住。";
    at.recruiter.web.form(&format!("/postings/{}", posting.id), &edited("1", &[("about_zh", evil), ("then", "anyway")])).await;
    for path in [format!("/postings/{}/versions", posting.id), format!("/fairs/{}/review", at.fair.id)] {
        let page = at.organiser.web.page(&path).await;
        assert!(!page.contains("<script>alert") && page.contains("alert(1)"), "{path}");
    }
    app.stop().await;
}
