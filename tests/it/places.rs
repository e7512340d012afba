//! Several places of work: found by each, told everywhere, kept in versions, taken in and out of tables, added and taken out in the form.

use crate::employers::verify;
use crate::harness::{TestApp, TestFair, Web};
use crate::imports::{counts, looked};
use crate::postings::{content, form, post};
use reqwest::StatusCode;
use serde_json::Value;
use springbreeze::clock::DAY;
use springbreeze::postings::{Content, Filter, Further, Of, Place, Posting, Query, State};

fn place(region: &str, zh: &str, en: &str, headcount: i64) -> Place {
    Place { region: region.into(), zh: zh.into(), en: en.into(), headcount }
}

/// In Hangzhou, Dongguan and the Bao'an district of Shenzhen.
fn spread() -> Content {
    let further = Further(vec![place("441900", "东莞长安镇", "Chang'an", 2), place("440306", "福海街道", "", 1)]);
    Content { further, place_zh: "滨江区".into(), ..content("巡检员") }
}

async fn found(app: &TestApp, fair: &TestFair, query: Query) -> Vec<String> {
    let list = app.parts.postings.list(&Filter::read(Of::Fair(fair.fair.id), &query)).await.expect("list");
    list.items.iter().map(|item| item.content.title_zh.clone()).collect()
}

async fn text(web: &Web, path: &str) -> String {
    let answer = web.client.get(web.url(path)).send().await.expect("response");
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    answer.text().await.expect("text")
}

async fn only(app: &TestApp) -> Posting {
    let (id,): (String,) = sqlx::query_as("SELECT id FROM postings").fetch_one(app.parts.db.read()).await.expect("one posting");
    let viewer = springbreeze::accounts::Viewer::default();
    app.parts.postings.visible_to(&viewer, id.parse().expect("id")).await.expect("public").posting
}

#[tokio::test]
async fn a_posting_is_found_counted_and_ordered_by_each_of_its_places() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    post(&app, &fair, spread(), State::Live).await;
    post(&app, &fair, Content { region: "440100".into(), ..content("仓管") }, State::Live).await;
    let q = Query::default;
    for region in ["330000", "330100", "440000", "441900", "440300", "440306"] {
        assert!(found(&app, &fair, Query { region: region.into(), ..q() }).await.contains(&"巡检员".into()), "{region}");
    }
    assert!(found(&app, &fair, Query { region: "330200".into(), ..q() }).await.is_empty());
    for words in ["长安镇", "宝安", "dongguan", "Chang'an"] {
        assert_eq!(found(&app, &fair, Query { q: words.into(), ..q() }).await, ["巡检员"], "{words}");
    }
    // Seen from Dongguan the second place is near, seen from Canton the other posting.
    for (near, first) in [("441900", "巡检员"), ("440100", "仓管"), ("330100", "巡检员")] {
        let query = Query { near: near.into(), sort: "distance".into(), ..q() };
        assert_eq!(found(&app, &fair, query).await[0], first, "{near}");
    }
    let board = app.stranger().page(&format!("/fairs/{}/postings?near=441900&sort=distance", fair.fair.id)).await;
    assert!(board.contains("浙江杭州 · 滨江区等 3 处") && board.contains("0 公里"), "{board}");
    assert!(board.contains("广东（2）") && board.contains("浙江（1）"), "counted in both provinces");
    app.stop().await;
}

#[tokio::test]
async fn every_form_in_which_a_posting_is_told_names_its_places() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, spread(), State::Live).await;
    let (web, path) = (app.stranger(), format!("/postings/{}", posting.id));
    let page = web.page(&path).await;
    assert!(page.contains("广东东莞长安镇（招 2 人）") && page.contains("浙江杭州 · 滨江区（招 2 人）"), "{page}");
    let markup = page.split("application/ld+json\">").nth(1).and_then(|rest| rest.split("</script>").next()).expect("markup");
    let job: Value = serde_json::from_str(markup).expect("JSON");
    let towns: Vec<_> = job["jobLocation"].as_array().expect("several").iter().map(|p| p["address"]["addressLocality"].clone()).collect();
    assert_eq!(towns, ["杭州", "东莞", "宝安区"]);
    let chat = text(&web, &format!("{path}/text")).await;
    assert!(chat.contains("滨江区；广东东莞长安镇；广东深圳宝安区 · 福海街道"), "{chat}");
    let script = web.page(&format!("{path}/script")).await;
    assert!(script.contains("上班地点有三处，在杭州、东莞、宝安区。") && script.contains("three places of work"), "{script}");
    assert!(text(&web, &format!("{path}/card")).await.contains("等 3 处"));
    assert!(text(&web, &format!("{path}/card?lang=en")).await.contains("3 places"));
    let feed: Value = serde_json::from_str(&text(&web, &format!("/fairs/{}/feed.json", fair.fair.id)).await).expect("JSON");
    assert_eq!(feed["items"][0]["_posting"]["places"].as_array().map(Vec::len), Some(3));
    assert!(text(&web, &format!("/fairs/{}/jobs.xml", fair.fair.id)).await.contains("福海街道"));
    let api: Value = serde_json::from_str(&text(&web, &format!("/api/v1/postings/{}", posting.id)).await).expect("JSON");
    assert_eq!((&api["places"][1]["region"]["code"], &api["places"][1]["headcount"]), (&"441900".into(), &2.into()));
    app.stop().await;
}

#[tokio::test]
async fn another_place_is_looked_at_first_and_shown_as_a_difference() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    verify(&app, &fair, fair.employer.id, 300).await;
    let posting = post(&app, &fair, content("电子厂操作工"), State::Live).await;
    let path = format!("/postings/{}", posting.id);
    let mut fields = form("电子厂操作工");
    fields.extend([("version", "1"), ("place2_region", "441900 广东东莞"), ("place2_zh", "加微信 abc12345 问路"), ("then", "anyway")]);
    for (name, value) in [("about_zh", "负责组装和检验"), ("pay_min", "5000"), ("pay_max", "7000"), ("couples", "")] {
        fields.iter_mut().find(|(known, _)| *known == name).expect("field").1 = value;
    }
    assert_eq!(fair.recruiter.web.form(&path, &fields).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(app.stranger().status(&path).await, 404, "a further place is another place");
    let review = fair.organiser.web.page(&format!("/fairs/{}/review", fair.fair.id)).await;
    assert!(review.contains("工作地点有变化") && review.contains("<dt>其他工作地点</dt>"), "{review}");
    assert!(review.contains("<mark") && review.contains("加微信"), "what is written there is looked at too");
    app.stop().await;
}

#[tokio::test]
async fn rows_come_and_go_without_a_script_and_wrong_ones_say_what_is_wrong() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (web, path) = (&fair.recruiter.web, format!("/fairs/{}/postings", fair.fair.id));
    let send = async |extra: &[(&'static str, &str)]| {
        let mut fields = form("焊工");
        fields.extend(extra.iter().map(|(name, value)| (*name, *value)));
        let answer = web.form(&path, &fields.iter().map(|(n, v)| (*n, *v)).collect::<Vec<_>>()).await;
        (answer.status(), answer.text().await.expect("text"))
    };
    let (status, page) = send(&[("then", "add-place")]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("name=\"place2_region\"") && !page.contains("name=\"place3_region\"") && page.contains("value=\"焊工\""),
        "{page}"
    );
    let rows = [("place2_region", "东莞"), ("place2_zh", "长安"), ("place3_region", "深圳")];
    let (_, page) = send(&[&rows[..], &[("then", "drop-place2")]].concat()).await;
    assert!(page.contains("value=\"深圳\"") && !page.contains("value=\"东莞\""));
    let (status, page) = send(&[&rows[..], &[("place4_region", "火星"), ("place4_headcount", "-1"), ("then", "review")]].concat()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("没有这个地区") && page.contains("id=\"place4_headcount-error\"") && page.contains("value=\"火星\""), "{page}");
    let (status, page) = send(&[("place2_region", "东莞"), ("place2_headcount", "20"), ("then", "review")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "nobody is left for the first");
    assert!(page.contains("给第一处留下名额"));
    assert_eq!(send(&[&rows[..], &[("then", "review")]].concat()).await.0, StatusCode::SEE_OTHER);
    let kept = sqlx::query_as::<_, (String,)>("SELECT further FROM postings").fetch_one(app.parts.db.read()).await.expect("row").0;
    assert!(kept.contains("\"441900\"") && kept.contains("\"440300\""), "{kept}");
    app.stop().await;
}

#[tokio::test]
async fn a_table_has_the_places_in_one_cell_and_takes_them_back_unchanged() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let further = Further(vec![place("441900", "甲;乙|丙\\", "a;b", 2), place("440306", "", "", 0), place("330106", "=1+1", "", 1)]);
    let until_day = app.clock.now() + 20 * DAY;
    // The form takes a last day, so that is what a posting has.
    let zone = fair.fair.time_zone();
    let fields = springbreeze::postings::fields_of(&Content { further, valid_until: until_day, ..content("巡检员") }, &zone);
    let content = springbreeze::postings::terms_of(&fields, app.clock.now(), &zone).expect("right").content;
    assert_eq!(content.further.0.len(), 3);
    post(&app, &fair, content.clone(), State::Live).await;
    let (web, employer) = (&fair.recruiter.web, fair.employer.id);
    for (kind, lang) in [("csv", "zh-CN"), ("xlsx", "zh-CN"), ("csv", "en")] {
        let path = format!("/employers/{employer}/postings/export?fair={}&kind={kind}", fair.fair.id);
        let table = web.get(&path).header("accept-language", lang).send().await.expect("response").bytes().await.expect("bytes");
        let (_, now) = looked(&fair, table.to_vec(), &format!("t.{kind}")).await;
        assert_eq!(counts(&now), [0, 0, 1, 0], "{kind} {lang} {now}");
    }
    assert_eq!(only(&app).await.content, content);
    app.stop().await;
}
