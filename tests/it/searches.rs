//! Saved searches, alerts, recommendations: they belong to one person, tell of each posting once, and say why.

use crate::harness::{Person, TestApp};
use crate::postings::{content, post};
use crate::telling::letters;
use reqwest::StatusCode;
use springbreeze::clock::{DAY, HOUR, MINUTE};
use springbreeze::postings::{Content, State};

async fn save(app: &TestApp, person: &Person, fair: &str, query: &str) -> String {
    let answer = person.web.form(&format!("/fairs/{fair}/searches"), &[("query", query)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let (id,): (String,) = sqlx::query_as("SELECT id FROM saved_searches WHERE account_id = $1 ORDER BY id DESC LIMIT 1")
        .bind(person.account.id.to_string())
        .fetch_one(app.parts.db.read())
        .await
        .expect("saved");
    id
}

async fn alert(app: &TestApp) -> usize {
    app.parts.searches.alert().await.expect("alerts")
}

#[tokio::test]
async fn whoever_wants_to_know_is_told_of_each_posting_once() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let id = fair.fair.id.to_string();
    let seeker = app.seeker("小李").await;
    post(&app, &fair, content("电焊工"), State::Live).await;
    app.clock.advance(MINUTE);
    let search = save(&app, &seeker, &id, "q=%E7%84%8A%E5%B7%A5&region=330000&sort=pay&after=1.2.x").await;
    assert_eq!(save(&app, &seeker, &id, "q=%E7%84%8A%E5%B7%A5&region=330000").await, search, "the same search is saved once");
    let page = seeker.web.page("/me/searches").await;
    assert!(page.contains("焊工 · 浙江") && page.contains("找到 1 个岗位") && !page.contains("个新岗位"));
    app.clock.advance(1);
    post(&app, &fair, content("氩弧焊工"), State::Live).await;
    assert!(seeker.web.page("/me/searches").await.contains("1 个新岗位"));
    assert_eq!(alert(&app).await, 0, "nobody asked to be told");
    let path = format!("/me/searches/{search}");
    assert_eq!(seeker.web.form(&format!("{path}/alert"), &[("alert", "soon")]).await.status(), StatusCode::SEE_OTHER);
    app.clock.advance(MINUTE);
    assert_eq!(alert(&app).await, 0, "what was out before is no news");
    app.clock.advance(6 * MINUTE);
    for title in ["焊接工", "电焊工二", "服务员"] {
        post(&app, &fair, content(title), State::Live).await;
    }
    app.clock.advance(MINUTE);
    assert_eq!(alert(&app).await, 1);
    let told = letters(&app, &seeker).await;
    let last = told.last().expect("a letter");
    assert!(last["subject"].as_str().expect("subject").starts_with("2 个新岗位"), "{last}");
    let body = last["body"].as_str().expect("body");
    assert!(body.contains("焊接工") && body.contains("电焊工二") && !body.contains("服务员") && body.contains(&path), "{body}");
    app.clock.advance(2 * HOUR);
    assert_eq!(alert(&app).await, 0, "and not again");
    seeker.web.form(&format!("{path}/alert"), &[("alert", "daily")]).await;
    for wait in [HOUR, 2 * HOUR, DAY] {
        app.clock.advance(1);
        post(&app, &fair, content("焊工三"), State::Live).await;
        app.clock.advance(wait);
        let sent = alert(&app).await;
        assert_eq!(sent, usize::from(wait != 2 * HOUR), "once a day: {wait}");
    }
    let looked = seeker.web.get(&path).send().await.expect("response");
    assert!(looked.headers()["location"].to_str().expect("path").ends_with("&region=330000&sort=newest"));
    assert!(!seeker.web.page("/me/searches").await.contains("个新岗位"), "looked at");
    seeker.web.form(&format!("{path}/remove"), &[]).await;
    assert!(seeker.web.page("/me/searches").await.contains("还没有保存的搜索"));
    app.stop().await;
}

#[tokio::test]
async fn a_search_is_its_owners_and_there_are_not_too_many() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let id = fair.fair.id.to_string();
    let (seeker, other) = (app.seeker("小李").await, app.seeker("小王").await);
    let search = save(&app, &seeker, &id, "q=a").await;
    for action in ["", "/alert", "/remove"] {
        let path = format!("/me/searches/{search}{action}");
        for web in [&other.web, &fair.recruiter.web, &fair.organiser.web] {
            let status =
                if action.is_empty() { web.status(&path).await } else { web.form(&path, &[("alert", "soon")]).await.status().as_u16() };
            assert_eq!(status, 404, "{path}");
        }
    }
    assert!(!other.web.page("/me/searches").await.contains(&search));
    assert_eq!(
        seeker.web.form(&format!("/fairs/{id}/searches"), &[("query", "sort=pay&region=xx")]).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(seeker.web.form(&format!("/me/searches/{search}/alert"), &[("alert", "hourly")]).await.status().as_u16() / 100, 4);
    for n in 0..19 {
        save(&app, &seeker, &id, &format!("q=b{n}")).await;
    }
    let full = seeker.web.form(&format!("/fairs/{id}/searches"), &[("query", "q=one-more")]).await;
    assert_eq!(full.status(), StatusCode::CONFLICT);
    assert_eq!(seeker.web.form(&format!("/fairs/{id}/searches"), &[("query", "q=a")]).await.status(), StatusCode::SEE_OTHER, "it is there");
    // Whoever is nobody is asked to sign in or to give a name.
    let stranger = app.stranger().form(&format!("/fairs/{id}/searches"), &[("query", "q=a")]).await;
    assert_ne!(stranger.status(), StatusCode::OK);
    app.stop().await;
}

#[tokio::test]
async fn recommendations_say_why_leave_out_what_was_applied_for_and_can_be_switched_off() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let seeker = app.seeker("小李").await;
    let applied = post(&app, &fair, content("数控车床操作工"), State::Live).await;
    let like = post(&app, &fair, content("数控车床学徒"), State::Live).await;
    let fits = post(&app, &fair, Content { region: "440300".into(), ..content("服务员") }, State::Live).await;
    let page = seeker.web.page("/me/recommended").await;
    assert!(page.contains("还没有可推荐的岗位"));
    seeker.web.form(&format!("/postings/{}/apply", applied.id), &crate::applications::answers()).await;
    save(&app, &seeker, &fair.fair.id.to_string(), "region=440000").await;
    let page = seeker.web.page("/me/recommended").await;
    assert!(page.contains("像您投过的“数控车床操作工”") && page.contains("符合您保存的搜索“广东”"));
    let shown = |page: &str, id: &str| page.contains(&format!("data-posting=\"{id}\""));
    assert!(shown(&page, &like.id.to_string()) && shown(&page, &fits.id.to_string()) && !shown(&page, &applied.id.to_string()));
    assert_eq!(seeker.web.form("/me/recommended", &[("on", "0")]).await.status(), StatusCode::SEE_OTHER);
    let page = seeker.web.page("/me/recommended").await;
    assert!(page.contains("推荐已关闭") && !shown(&page, &like.id.to_string()));
    seeker.web.form("/me/recommended", &[("on", "1")]).await;
    assert!(shown(&seeker.web.page("/me/recommended").await, &like.id.to_string()));
    app.stop().await;
}
