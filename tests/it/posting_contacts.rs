//! Whom applicants may call: seen by them while their application lives, by recruiters, by organisers after a line in the audit log; nowhere else.

use crate::applications::answers;
use crate::employers::verify;
use crate::harness::{TestApp, TestFair, Web};
use crate::imports::{counts, looked};
use crate::postings::{content, form, post};
use reqwest::StatusCode;
use springbreeze::clock::DAY;
use springbreeze::postings::{Content, Posting, State};

const PHONE: &str = "0571-88886666";
const WHO: [(&str, &str); 2] = [("contact_person", "李师傅"), ("contact_phone", PHONE)];

async fn text(web: &Web, path: &str) -> String {
    web.client.get(web.url(path)).send().await.expect("response").text().await.expect("text")
}

fn edited(version: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut fields = form("电焊工");
    for (name, value) in [("about_zh", "负责组装和检验"), ("pay_min", "5000"), ("pay_max", "7000"), ("headcount", "5"), ("couples", "")]
    {
        fields.iter_mut().find(|(known, _)| *known == name).expect("field").1 = value;
    }
    fields.push(("version", version));
    fields
}

/// A verified employer's posting that is out, with somebody to call.
async fn setting(app: &TestApp) -> (TestFair, Posting) {
    let fair = app.fair().await;
    verify(app, &fair, fair.employer.id, 300).await;
    // Until the end of the day that the form says.
    let until = crate::harness::NOON + 28 * DAY + 15 * 3_600_000;
    let posting = post(app, &fair, Content { valid_until: until, ..content("电焊工") }, State::Live).await;
    let fields = [edited("1"), WHO.to_vec()].concat();
    let saved = fair.recruiter.web.form(&format!("/postings/{}", posting.id), &fields).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER, "{}", saved.text().await.expect("text"));
    (fair, posting)
}

#[tokio::test]
async fn only_those_with_an_application_that_lives_see_whom_to_call() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let path = format!("/postings/{}", posting.id);
    let (seeker, other) = (app.seeker("小李").await, app.seeker("小王").await);
    let (_, rival, _) = app.employer(&fair.fair, "别家").await;
    for web in [&app.stranger(), &seeker.web, &other.web, &rival.web] {
        let page = web.page(&path).await;
        assert!(page.contains("报名后可以看到联系人和电话") && !page.contains(PHONE) && !page.contains("李师傅"));
    }
    assert_eq!(seeker.web.form(&format!("{path}/apply"), &answers()).await.status(), StatusCode::SEE_OTHER);
    let page = seeker.web.get(&path).send().await.expect("response");
    assert_eq!(page.headers()["cache-control"], "private, no-store");
    assert!(page.text().await.expect("text").contains(PHONE));
    let sql = "SELECT id FROM applications";
    let (application,): (String,) = sqlx::query_as(sql).fetch_one(app.parts.db.read()).await.expect("one");
    let mine = format!("/applications/{application}");
    assert!(seeker.web.page(&mine).await.contains(&format!("href=\"tel:{PHONE}\"")));
    assert!(!other.web.page(&path).await.contains(PHONE));
    // Rejected: it goes once that can no longer be undone, and at once where the stage is shown.
    assert_eq!(fair.recruiter.web.form(&format!("{mine}/status"), &[("status", "rejected")]).await.status(), StatusCode::SEE_OTHER);
    assert!(!seeker.web.page(&mine).await.contains(PHONE));
    app.clock.advance(11 * 60_000);
    assert!(!seeker.web.page(&path).await.contains(PHONE));
    assert_eq!(fair.recruiter.web.form(&format!("{mine}/status"), &[("status", "shortlisted")]).await.status(), StatusCode::SEE_OTHER);
    assert!(seeker.web.page(&path).await.contains(PHONE));
    assert_eq!(seeker.web.form(&format!("{mine}/withdraw"), &[]).await.status(), StatusCode::SEE_OTHER);
    assert!(!seeker.web.page(&path).await.contains(PHONE) && !seeker.web.page(&mine).await.contains(PHONE));
    app.stop().await;
}

#[tokio::test]
async fn it_is_encrypted_masked_for_organisers_and_each_look_is_recorded() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let path = format!("/postings/{}", posting.id);
    let sql = "SELECT sealed_person, sealed_phone FROM posting_contacts";
    let (person, phone): (String, String) = sqlx::query_as(sql).fetch_one(app.parts.db.read()).await.expect("one");
    assert!(!person.contains('李') && !phone.contains("8888"));
    let organiser = &fair.organiser.web;
    let page = organiser.page(&path).await;
    assert!(page.contains("李** 057****6666") && !page.contains(PHONE), "{page}");
    let looks = async || -> i64 {
        let sql = "SELECT COUNT(*) FROM audit WHERE action = 'posting.contact'";
        sqlx::query_as::<_, (i64,)>(sql).fetch_one(app.parts.db.read()).await.expect("count").0
    };
    assert_eq!(looks().await, 0);
    let shown = organiser.form(&format!("{path}/contact"), &[]).await;
    assert_eq!((shown.status(), &shown.headers()["cache-control"]), (StatusCode::OK, &"private, no-store".parse().expect("value")));
    assert!(shown.text().await.expect("text").contains(PHONE));
    assert_eq!(looks().await, 1);
    let (_, rival, _) = app.employer(&fair.fair, "别家").await;
    for web in [&app.seeker("小王").await.web, &rival.web] {
        assert_eq!(web.form(&format!("{path}/contact"), &[]).await.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(app.stranger().form(&format!("{path}/contact"), &[]).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(looks().await, 1);
    assert!(fair.recruiter.web.page(&format!("{path}/edit")).await.contains(PHONE));
    app.stop().await;
}

#[tokio::test]
async fn nothing_that_is_told_of_a_posting_has_it() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let (web, path) = (app.stranger(), format!("/postings/{}", posting.id));
    let own = ["", "/text", "/script", "/card", "/versions"].map(|rest| format!("{path}{rest}"));
    let wide = ["feed.json", "feed.atom", "jobs.xml", "postings"].map(|name| format!("/fairs/{}/{name}", fair.fair.id));
    for path in own.iter().chain(&wide).chain([&format!("/api/v1/postings/{}", posting.id)]) {
        let page = text(&web, path).await;
        assert!(!page.is_empty() && !page.contains("88886666") && !page.contains("李师傅") && !page.contains("6666"), "{path}");
    }
    let json =
        web.client.get(web.url(&path)).header("accept", "application/json").send().await.expect("response").text().await.expect("text");
    assert!(json.contains("电焊工") && !json.contains("contact") && !json.contains("8888"), "{json}");
    app.stop().await;
}

#[tokio::test]
async fn another_one_goes_live_at_once_is_looked_at_afterwards_and_is_a_masked_difference() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let (web, path) = (&fair.recruiter.web, format!("/postings/{}", posting.id));
    let mut fields = edited("2");
    fields.extend([("contact_person", "王芳"), ("contact_phone", "13800138000")]);
    assert_eq!(web.form(&path, &fields).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(app.stranger().status(&path).await, 200, "still out");
    let review = fair.organiser.web.page(&format!("/fairs/{}/review", fair.fair.id)).await;
    assert!(review.contains("已自动生效的修改") && review.contains("王** 138****8000") && !review.contains("13800138000"), "{review}");
    let versions = web.page(&format!("{path}/versions")).await;
    assert!(versions.contains("李** 057****6666") && versions.contains("王** 138****8000"), "{versions}");
    assert!(!app.stranger().page(&format!("{path}/versions")).await.contains("****"), "for everybody it is no difference");
    // A name alone, and what is no number, come back beside their fields.
    for (person, phone) in [("王芳", ""), ("", "加微信 abc")] {
        let mut fields = edited("3");
        fields.extend([("contact_person", person), ("contact_phone", phone)]);
        let answer = web.form(&path, &fields).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().await.expect("text").contains("contact_phone-error"));
    }
    assert_eq!(web.form(&path, &edited("3")).await.status(), StatusCode::SEE_OTHER);
    assert!(!app.stranger().page(&path).await.contains("报名后可以看到联系人"), "nobody any more");
    app.stop().await;
}

#[tokio::test]
async fn a_table_takes_it_out_and_in_and_one_without_the_column_leaves_it() {
    let app = TestApp::start().await;
    let (fair, _) = setting(&app).await;
    let (web, employer) = (&fair.recruiter.web, fair.employer.id);
    let export = format!("/employers/{employer}/postings/export?fair={}&kind=csv", fair.fair.id);
    let table = web.get(&export).send().await.expect("response").text().await.expect("text");
    assert!(table.contains(PHONE) && table.contains("李师傅"), "{table}");
    let (_, rival, _) = app.employer(&fair.fair, "别家").await;
    for other in [&rival.web, &fair.organiser.web, &app.seeker("小王").await.web] {
        assert_eq!(other.status(&export).await, 404);
    }
    let (_, now) = looked(&fair, table.clone().into_bytes(), "t.csv").await;
    assert_eq!(counts(&now), [0, 0, 1, 0], "{now}");
    let (_, now) = looked(&fair, table.replace(PHONE, "13800138000").into_bytes(), "t.csv").await;
    assert_eq!(counts(&now), [0, 1, 0, 0], "another one is a change");
    let (_, now) = looked(&fair, table.replace("（报名者可见）", "").into_bytes(), "t.csv").await;
    assert_eq!(counts(&now), [0, 0, 1, 0], "columns that are not known say nothing");
    let day: String = springbreeze::clock::iso(app.clock.now() + 20 * DAY).chars().take(10).collect();
    let fresh = format!("岗位名称,工作内容,工作地区,行业,招聘人数,有效期至,联系电话（报名者可见）\n焊工,焊接,杭州,C33,2,{day},{PHONE}\n");
    let (path, now) = looked(&fair, fresh.into_bytes(), "n.csv").await;
    assert_eq!(counts(&now), [1, 0, 0, 0]);
    assert_eq!(web.form(&format!("{path}/run"), &[]).await.status(), StatusCode::SEE_OTHER);
    let kept = async || -> i64 {
        sqlx::query_as::<_, (i64,)>("SELECT COUNT(*) FROM posting_contacts").fetch_one(app.parts.db.read()).await.expect("count").0
    };
    crate::wish::until("put in", async || kept().await == 2).await;
    app.stop().await;
}
