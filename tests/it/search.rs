//! Searching the board, against a `LIKE` scan of the database: random postings in both languages that are changed, paused and run out.

use crate::harness::{NOON, TestApp, TestFair};
use crate::postings::{content, post};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::Value;
use springbreeze::accounts::{Grant, NewEmployer};
use springbreeze::clock::{Clock, DAY};
use springbreeze::postings::{Content, State};
use std::collections::BTreeSet;

const CHARS: [&str; 14] = ["普", "焊", "缝", "纫", "叉", "车", "包", "吃", "住", "白", "班", "模", "具", "塑"];
const WORDS: [&str; 6] = ["zqwelder", "zqdriver", "zqcnc", "zqplc", "zqsmt", "zqjava"];

fn text(rng: &mut StdRng, most: usize) -> String {
    let mut out = String::new();
    for _ in 0..rng.random_range(1..=most) {
        match rng.random_range(0..9) {
            0 => out.push_str(["，", " ", "😀", "\u{202E}"].choose(rng).expect("some")),
            1 => out.push_str(&format!(" {} ", WORDS.choose(rng).expect("some"))),
            _ => out.push_str(CHARS.choose(rng).expect("some")),
        }
    }
    out
}

fn random(rng: &mut StdRng) -> Content {
    Content {
        title_zh: text(rng, 6),
        title_en: text(rng, 3),
        about_zh: text(rng, 40),
        about_en: text(rng, 5),
        place_zh: text(rng, 5),
        valid_until: NOON + rng.random_range(1..6) * DAY,
        ..content("")
    }
}

/// All ids that a search finds, page by page.
pub(crate) async fn found(app: &TestApp, fair: &TestFair, query: &str) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/fairs/{}/postings?{query}{after}", fair.fair.id);
        let web = app.stranger();
        let answer = web.client.get(web.url(&path)).header("accept", "application/json").send().await.expect("response");
        assert_eq!(answer.status(), 200, "{path}");
        let page: Value = answer.json().await.expect("json");
        all.extend(page["items"].as_array().expect("items").iter().map(|i| i["id"].as_str().expect("id").to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => {
                assert_eq!(page["total"].as_u64(), Some(all.len() as u64), "{query}");
                return all;
            }
        }
    }
}

/// What a scan of the rows finds. SQLite and PostgreSQL compare Chinese characters and lower-case letters alike.
async fn scanned(app: &TestApp, fair: &TestFair, word: &str) -> BTreeSet<String> {
    let sql = "SELECT p.id FROM postings p WHERE p.fair_id = $1 AND p.state = 'live' AND p.valid_until > $2 AND \
        (p.title_zh LIKE $3 OR p.title_en LIKE $3 OR p.about_zh LIKE $3 OR p.about_en LIKE $3 OR p.place_zh LIKE $3 OR p.place_en LIKE $3)";
    let rows: Vec<(String,)> = sqlx::query_as(sql)
        .bind(fair.fair.id.to_string())
        .bind(app.clock.now())
        .bind(format!("%{word}%"))
        .fetch_all(app.parts.db.read())
        .await
        .expect("scan");
    rows.into_iter().map(|r| r.0).collect()
}

async fn same_as_a_scan(app: &TestApp, fair: &TestFair, rng: &mut StdRng) {
    for _ in 0..25 {
        let length = rng.random_range(2..4);
        let run: String = (0..length).map(|_| *CHARS.choose(rng).expect("some")).collect();
        let word = if rng.random_bool(0.2) { (*WORDS.choose(rng).expect("some")).to_owned() } else { run };
        let all = found(app, fair, &format!("q=%22{word}%22")).await;
        let distinct: BTreeSet<String> = all.iter().cloned().collect();
        assert_eq!(distinct.len(), all.len(), "{word}: nothing twice");
        assert_eq!(distinct, scanned(app, fair, &word).await, "{word}");
    }
}

#[tokio::test]
async fn searches_find_what_a_scan_of_the_database_finds_whatever_becomes_of_postings() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let recruiter = app.parts.accounts.viewer_by_token(&fair.recruiter.token).await.expect("viewer");
    let organiser = app.parts.accounts.viewer_by_token(&fair.organiser.token).await.expect("viewer");
    let postings = app.parts.postings.clone();
    let rng = &mut StdRng::seed_from_u64(11);
    let mut all = Vec::new();
    for _ in 0..120 {
        all.push(post(&app, &fair, random(rng), State::Live).await);
    }
    same_as_a_scan(&app, &fair, rng).await;
    for posting in all.iter().step_by(3) {
        let changed = postings.revise(&recruiter, posting.id, 1, random(rng)).await.expect("revised");
        if changed.state == State::Review && rng.random_bool(0.7) {
            postings.set_state(&organiser, posting.id, State::Live).await.expect("approved");
        }
    }
    for posting in all.iter().skip(1).step_by(6) {
        postings.set_state(&recruiter, posting.id, State::Paused).await.expect("paused");
    }
    same_as_a_scan(&app, &fair, rng).await;
    for posting in all.iter().skip(1).step_by(12) {
        postings.set_state(&recruiter, posting.id, State::Live).await.expect("out again");
    }
    // Some have run out by then.
    app.clock.advance(2 * DAY + 1);
    same_as_a_scan(&app, &fair, rng).await;
    // The index is made anew by a server that starts.
    let now = app.clock.now();
    let config = app.app.config.clone();
    let before = found(&app, &fair, "q=%22%E5%8C%85%E5%90%83%22").await;
    let data = app.stop().await;
    let app = TestApp::start_with(config, data, Clock::manual(now)).await;
    assert_eq!(found(&app, &fair, "q=%22%E5%8C%85%E5%90%83%22").await, before);
    same_as_a_scan(&app, &fair, rng).await;
    app.stop().await;
}

#[tokio::test]
async fn what_another_node_changes_is_found_without_being_told() {
    let app = TestApp::start().await;
    if app.parts.db.dialect() == springbreeze::db::Dialect::Sqlite {
        // An SQLite file belongs to one server.
        app.stop().await;
        return;
    }
    let fair = app.fair().await;
    let other = TestApp::start_with(app.app.config.clone(), tempfile::tempdir().expect("folder"), Clock::manual(NOON)).await;
    // The other node's index and the rows may differ for a moment: its count is not looked at.
    let seen = async || -> Vec<String> {
        let web = other.stranger();
        let path = web.url(&format!("/fairs/{}/postings?q=%E7%84%8A%E5%B7%A5", fair.fair.id));
        let answer = web.client.get(path).header("accept", "application/json").send().await.expect("response");
        let page: Value = answer.json().await.expect("json");
        page["items"].as_array().expect("items").iter().map(|i| i["id"].as_str().expect("id").to_owned()).collect()
    };
    let posting = post(&app, &fair, content("焊工"), State::Live).await;
    crate::wish::until("found there too", async || seen().await == [posting.id.to_string()]).await;
    let viewer = app.parts.accounts.viewer_by_token(&fair.recruiter.token).await.expect("viewer");
    app.parts.postings.set_state(&viewer, posting.id, State::Paused).await.expect("paused");
    crate::wish::until("taken out there too", async || seen().await.is_empty()).await;
    other.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn the_page_counts_choices_tells_how_it_read_a_search_and_orders_by_distance() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (new, web) =
        (NewEmployer { name_zh: "东莞五金".into(), credit_code: "91440300708461136T".into(), ..NewEmployer::default() }, app.stranger());
    let employer = app.parts.accounts.create_employer(new).await.expect("employer");
    app.person("招聘官", Grant::Recruiter(employer.id)).await;
    let at = |region: &str, title: &str| Content { region: region.into(), ..content(title) };
    for content in [at("330106", "电焊工"), at("441900", "氩弧焊工"), at("330200", "服务员"), at("441900", "welder")] {
        post(&app, &fair, content, State::Live).await;
    }
    let board = format!("/fairs/{}/postings", fair.fair.id);
    let page = web.page(&board).await;
    for choice in ["浙江（2）", "广东（2）", "制造业（4）", "全职（4）", "4000 元以上（4）"] {
        assert!(page.contains(choice), "{choice}");
    }
    assert!(!page.contains("杭州（1）"), "prefectures of a chosen province only");
    let page = web.page(&format!("{board}?region=330000")).await;
    assert!(page.contains("杭州（1）") && page.contains("宁波（1）") && page.contains("广东（2）"));
    let page = web.page(&format!("{board}?q=%E7%84%8A%E5%B7%A5")).await;
    assert!(page.contains("也找了") && page.contains("只看一字不差的") && page.contains("找到 3 个岗位"));
    let page = web.page(&format!("{board}?q=weldre")).await;
    assert!(page.contains("没有岗位含“weldre”，为您显示：welder"));
    let page = web.page(&format!("{board}?q=%E4%B8%9C%E8%8E%9E%E6%B0%A9%E5%BC%A7%E7%84%8A%E5%B7%A5")).await;
    assert!(page.contains("东莞、氩弧焊工") && page.contains("找到 2 个岗位"), "the welder there too");
    let page = web.page(&format!("{board}?q=dianhangong&lang=en")).await;
    assert!(page.contains("电焊工"));
    // From Hangzhou, then from Dongguan.
    for (near, first) in [("330100", "电焊工"), ("22.95,113.90", "welder")] {
        let page = web.page(&format!("{board}?near={near}&sort=distance")).await;
        let at = |title: &str| page.find(&format!(">{title}</a>")).unwrap_or_else(|| panic!("{title}"));
        assert!(["电焊工", "氩弧焊工", "服务员", "welder"].iter().all(|title| *title == first || at(first) < at(title)), "{near}");
        assert!(page.contains("公里"));
    }
    let near = web.page(&format!("/fairs/{}/near?q=x&within=330000", fair.fair.id)).await;
    assert!(near.contains("杭州") && near.contains("就选浙江") && near.contains("within=330100"));
    assert!(web.page(&format!("/fairs/{}/near?within=%27%22%3E", fair.fair.id)).await.contains("广东"));
    app.stop().await;
}
