//! The board: who sees what, how it is found, how it is written, reviewed and changed.

use crate::harness::{NOON, Person, TestApp, TestFair};
use reqwest::StatusCode;
use springbreeze::accounts::Viewer;
use springbreeze::clock::DAY;
use springbreeze::postings::{Answer, Content, Filter, Kind, NewPosting, Of, PayUnit, Posting, Provision, Query, State};
use std::collections::BTreeSet;

pub(crate) fn content(title: &str) -> Content {
    Content {
        title_zh: title.into(),
        about_zh: "负责组装和检验".into(),
        region: "330100".into(),
        industry: "C".into(),
        headcount: 5,
        pay_min: 500_000,
        pay_max: 700_000,
        days_off: -1,
        valid_until: NOON + 20 * DAY,
        ..Content::default()
    }
}

/// A posting of the fair's employer.
pub(crate) async fn post(app: &TestApp, fair: &TestFair, content: Content, state: State) -> Posting {
    let new = NewPosting { fair: fair.fair.id, employer: fair.employer.id, content, state };
    app.parts.postings.create(new, fair.recruiter.account.id).await.expect("posting")
}

async fn viewer(app: &TestApp, person: &Person) -> Viewer {
    app.parts.accounts.viewer_by_token(&person.token).await.expect("viewer")
}

/// The titles that a query finds, over all its pages.
async fn titles(app: &TestApp, fair: &TestFair, query: Query) -> Vec<String> {
    let (mut found, mut query) = (Vec::new(), query);
    loop {
        let list = app.parts.postings.list(&Filter::read(Of::Fair(fair.fair.id), &query)).await.expect("list");
        found.extend(list.items.iter().map(|i| i.content.title_zh.clone()));
        match list.next {
            Some(next) => query.after = next.to_string(),
            None => return found,
        }
    }
}

fn search(q: &str) -> Query {
    Query { q: q.into(), ..Query::default() }
}

#[tokio::test]
async fn a_draft_becomes_visible_only_through_review() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let form = form("电子厂操作工");
    let made = fair.recruiter.web.form(&format!("/fairs/{}/postings", fair.fair.id), &form).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER, "{}", made.text().await.expect("text"));
    let path = made.headers()["location"].to_str().expect("path").to_owned();
    let stranger = app.stranger();
    assert_eq!(stranger.status(&path).await, 404);
    assert_eq!(app.seeker("别人").await.web.status(&path).await, 404);
    let (_, other, _) = app.employer(&fair.fair, "别家").await;
    assert_eq!(other.web.status(&path).await, 404);
    assert!(fair.recruiter.web.page(&path).await.contains("待审核"));
    let state = format!("{path}/state");
    let own = fair.recruiter.web.form(&state, &[("state", "live")]).await;
    assert_eq!(own.status(), StatusCode::CONFLICT, "a recruiter does not approve");
    assert_eq!(other.web.form(&state, &[("state", "live")]).await.status(), StatusCode::NOT_FOUND);
    assert!(fair.organiser.web.page(&format!("/fairs/{}/review", fair.fair.id)).await.contains("电子厂操作工"));
    assert_eq!(fair.recruiter.web.status(&format!("/fairs/{}/review", fair.fair.id)).await, 404);
    assert_eq!(fair.organiser.web.form(&state, &[("state", "live")]).await.status(), StatusCode::SEE_OTHER);
    let page = stranger.page(&path).await;
    assert!(page.contains("6000–8000元/月") && page.contains("application/ld+json"), "{page}");
    assert!(stranger.page(&format!("/fairs/{}/postings", fair.fair.id)).await.contains("电子厂操作工"));
    assert!(stranger.page(&format!("/employers/{}", fair.employer.id)).await.contains("电子厂操作工"));
    let edit = format!("{path}/edit");
    assert_eq!(stranger.status(&edit).await, 303);
    assert_eq!(other.web.status(&edit).await, 404);
    assert!(fair.recruiter.web.page(&edit).await.contains("value=\"6000\""));
    app.stop().await;
}

pub(crate) fn form(title: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("title_zh", title),
        ("about_zh", "组装手机外壳"),
        ("region", "330100"),
        ("industry", "C"),
        ("headcount", "20"),
        ("pay_min", "6000"),
        ("pay_max", "8000"),
        ("pay_unit", "month"),
        ("kind", "full-time"),
        ("valid_until", "2027-03-20"),
        ("couples", "yes"),
    ]
}

#[tokio::test]
async fn a_change_leaves_a_version_and_goes_through_review_again() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("焊工"), State::Live).await;
    let recruiter = viewer(&app, &fair.recruiter).await;
    let path = format!("/postings/{}", posting.id);
    let mut changed = form("高级焊工");
    changed.push(("version", "1"));
    assert_eq!(fair.recruiter.web.form(&path, &changed).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(fair.recruiter.web.form(&path, &changed).await.status(), StatusCode::CONFLICT, "it has moved on");
    assert_eq!(app.stranger().status(&path).await, 404, "hidden until approved again");
    assert!(titles(&app, &fair, search("焊工")).await.is_empty());
    let organiser = viewer(&app, &fair.organiser).await;
    app.parts.postings.set_state(&organiser, posting.id, State::Live).await.expect("approved");
    assert_eq!(titles(&app, &fair, search("高级")).await, ["高级焊工"]);
    let first = app.parts.postings.version(posting.id, 1).await.expect("read").expect("kept");
    assert_eq!((first.title_zh.as_str(), first.pay_min), ("焊工", 500_000));
    assert_eq!(app.parts.postings.version(posting.id, 3).await.expect("read").expect("kept").pay_min, 600_000);
    app.parts.postings.set_state(&recruiter, posting.id, State::Filled).await.expect("filled");
    assert!(titles(&app, &fair, search("焊工")).await.is_empty());
    assert!(app.stranger().page(&path).await.contains("已招满"));
    app.stop().await;
}

#[tokio::test]
async fn an_expired_posting_says_so_and_loses_its_markup() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, Content { valid_until: NOON + DAY, ..content("保安") }, State::Live).await;
    let path = format!("/postings/{}", posting.id);
    assert!(app.stranger().page(&path).await.contains("ld+json"));
    app.clock.advance(2 * DAY);
    let page = app.stranger().page(&path).await;
    assert!(page.contains("已过期") && !page.contains("ld+json") && !page.contains("/apply\""));
    assert!(!app.stranger().page(&format!("/fairs/{}/postings", fair.fair.id)).await.contains("保安"));
    app.stop().await;
}

#[tokio::test]
async fn search_finds_what_a_plain_comparison_finds() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let texts = [
        "电子厂操作工",
        "电工",
        "厂长助理",
        "子弟学校老师",
        "CNC操作员",
        "Java 开发工程师",
        "JavaScript前端",
        "春风快递员",
        "风电运维",
        "操作电梯",
        "厨师（川菜）",
        "面点厨工",
        "数控车床ＣＮＣ",
        "保洁",
        "工",
        "a b 工厂",
        "电 子",
        "Café 店员",
    ];
    for text in texts {
        post(&app, &fair, Content { about_zh: "无".into(), region: "110000".into(), ..content(text) }, State::Live).await;
    }
    let queries = [
        "电子",
        "电子厂",
        "操作",
        "厂",
        "工",
        "子厂",
        "厨",
        "cnc",
        "ＣＮＣ",
        "java",
        "JAVA 开发",
        "script",
        "春风",
        "风电",
        "电工 厂",
        "川菜",
        "电 子",
        "作工 电子",
        "没有的",
        "caf",
        "b",
        "作电",
    ];
    for query in queries {
        let found: BTreeSet<String> = titles(&app, &fair, search(query)).await.into_iter().collect();
        // The names of employer, place and industry are searched too.
        let all = |title: &str| format!("{title}\n杭州电子厂\nFactory\n北京\nBeijing\n制造业\nManufacturing\n无");
        let expected: BTreeSet<String> = texts.iter().filter(|t| says(&all(t), query)).map(|t| (*t).to_owned()).collect();
        assert_eq!(found, expected, "{query}");
    }
    for hopeless in ["？！", "\"", "'", "*", "(", "%"] {
        assert!(titles(&app, &fair, search(hopeless)).await.is_empty(), "{hopeless}");
    }
    app.stop().await;
}

/// What a search should find, told naively: each term of Chinese as a part, each other term as the beginning of a word.
fn says(text: &str, query: &str) -> bool {
    let fold = |t: &str| t.replace(['Ｃ', 'ｃ'], "c").replace(['Ｎ', 'ｎ'], "n").to_lowercase();
    let text = fold(text);
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() || c as u32 > 0x2E80).collect();
    fold(query).split_whitespace().all(|term| match term.chars().any(|c| c as u32 > 0x2E80) {
        true => text.contains(term),
        false => words.iter().any(|w| w.starts_with(term)),
    })
}

#[tokio::test]
async fn filters_narrow_the_board() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let each = [
        Content { couples: Answer::Yes, meals: Provision::Allowance, ..content("一") },
        Content { region: "330200".into(), day_shift: Answer::Yes, housing: Provision::Provided, days_off: 4, ..content("二") },
        Content {
            region: "440300".into(), assembly_line: Answer::No, hourly: 2_500, industry: "I65".into(), days_off: 3, ..content("三")
        },
        Content { kind: Kind::PartTime, pay_unit: PayUnit::Hour, pay_min: 3_000, pay_max: 3_000, age_min: 18, ..content("四") },
    ];
    for content in each {
        post(&app, &fair, content, State::Live).await;
    }
    let q = Query::default;
    let on = || "1".to_owned();
    let cases = [
        (Query { region: "330000".into(), ..q() }, "一二四"),
        (Query { region: "330200".into(), ..q() }, "二"),
        (Query { industry: "I".into(), ..q() }, "三"),
        (Query { industry: "C".into(), ..q() }, "一二四"),
        (Query { kind: "part-time".into(), ..q() }, "四"),
        (Query { pay: "5200".into(), ..q() }, "四"),
        (Query { couples: on(), ..q() }, "一"),
        (Query { day_shift: on(), ..q() }, "二"),
        (Query { no_line: on(), ..q() }, "三"),
        (Query { hourly: on(), ..q() }, "三四"),
        (Query { days_off: on(), ..q() }, "二"),
        (Query { meals: on(), ..q() }, "一"),
        (Query { housing: on(), ..q() }, "二"),
        (Query { no_age: on(), ..q() }, "一二三"),
        (Query { region: "330000".into(), couples: on(), q: "组装".into(), ..q() }, "一"),
        (Query { region: "440000".into(), couples: on(), ..q() }, ""),
        (Query { region: "x".into(), kind: "x".into(), pay: "x".into(), sort: "x".into(), after: "x".into(), ..q() }, "一二三四"),
    ];
    for (query, expected) in cases {
        let text = format!("{query:?}");
        let found: BTreeSet<String> = titles(&app, &fair, query).await.into_iter().collect();
        assert_eq!(found, expected.chars().map(String::from).collect(), "{text}");
    }
    let page = app.stranger().page(&format!("/fairs/{}/postings?region=330000&couples=1", fair.fair.id)).await;
    assert!(page.contains("筛选（2）") && page.contains("找到 1 个岗位"));
    app.stop().await;
}

#[tokio::test]
async fn pages_follow_one_another_without_gaps_in_either_order() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    for i in 0..47_i64 {
        post(&app, &fair, Content { pay_min: 400_000 + (i * 7 % 10) * 10_000, ..content(&format!("岗位{i}")) }, State::Live).await;
        if i % 3 == 0 {
            app.clock.advance(1);
        }
    }
    let newest = titles(&app, &fair, Query::default()).await;
    assert_eq!((newest.len(), newest.iter().collect::<BTreeSet<_>>().len()), (47, 47));
    assert_eq!(newest[0], "岗位46");
    let paid = titles(&app, &fair, Query { sort: "pay".into(), ..Query::default() }).await;
    assert_eq!(paid.iter().collect::<BTreeSet<_>>().len(), 47);
    let json = app.stranger().client.get(app.stranger().url(&format!("/fairs/{}/postings?sort=pay", fair.fair.id)));
    let json: serde_json::Value = json.header("accept", "application/json").send().await.expect("response").json().await.expect("json");
    assert_eq!((json["total"].as_i64(), json["items"].as_array().map(Vec::len)), (Some(47), Some(20)));
    assert_eq!(json["items"][0]["terms"]["pay_min"], 490_000);
    app.stop().await;
}

#[tokio::test]
async fn the_first_view_stays_small_and_the_board_of_an_empty_fair_says_so() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let path = format!("/fairs/{}/postings", fair.fair.id);
    assert!(app.stranger().page(&path).await.contains("还没有岗位"));
    for i in 0..220 {
        post(&app, &fair, Content { couples: Answer::Yes, meals: Provision::Provided, ..content(&format!("装配工{i}")) }, State::Live)
            .await;
    }
    let page = app.stranger().get(&path).header("accept-encoding", "gzip").send().await.expect("response");
    assert_eq!(page.headers()["content-encoding"], "gzip");
    let size = page.bytes().await.expect("body").len();
    assert!(size < 12_000, "the page alone weighs {size}");
    app.stop().await;
}

#[tokio::test]
async fn wrong_input_comes_back_filled_in_and_markup_is_only_ever_text() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let path = format!("/fairs/{}/postings", fair.fair.id);
    let evil = "</script><script>alert(1)</script>";
    let names = [
        "title_zh",
        "title_en",
        "about_zh",
        "about_en",
        "region",
        "place_zh",
        "place_en",
        "industry",
        "occupation",
        "headcount",
        "pay_min",
        "pay_max",
        "pay_unit",
        "pay_day",
        "kind",
        "couples",
        "assembly_line",
        "day_shift",
        "hourly",
        "days_off",
        "meals",
        "housing",
        "age_min",
        "age_max",
        "age_basis",
        "valid_until",
        "version",
        "then",
    ];
    for value in [evil, "'; DROP TABLE postings; --", &"长".repeat(900), "\u{202E}\u{0}"] {
        let fields: Vec<(&str, &str)> = names.iter().map(|n| (*n, value)).collect();
        let response = fair.recruiter.web.form(&path, &fields).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = response.text().await.expect("text");
        assert!(!page.contains("<script>alert") && page.contains("field-error"));
    }
    let mut fields = form(evil);
    fields.extend([("title_en", evil), ("about_en", evil), ("place_zh", evil), ("place_en", evil)]);
    fields[1].1 = evil;
    let made = fair.recruiter.web.form(&path, &fields).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let posting = made.headers()["location"].to_str().expect("path").to_owned();
    fair.organiser.web.form(&format!("{posting}/state"), &[("state", "live")]).await;
    for page in [&posting, &path, &format!("/employers/{}", fair.employer.id)] {
        let text = app.stranger().page(page).await;
        assert!(!text.contains("<script>alert") && !text.contains("</script><script>"), "{page}");
    }
    let (_, other, _) = app.employer(&fair.fair, "别家").await;
    let mut foreign = form("冒名");
    let id = fair.employer.id.to_string();
    foreign.push(("employer", &id));
    assert_eq!(other.web.form(&path, &foreign).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(app.seeker("路人").await.web.form(&path, &form("x")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(app.stranger().form(&path, &form("x")).await.status(), StatusCode::UNAUTHORIZED);
    let typed = fair.recruiter.web.json(&path, serde_json::json!({"title_zh": 5})).await;
    assert_eq!(typed.status(), StatusCode::BAD_REQUEST);
    for bad in ["/postings/x", "/postings/00000000-0000-0000-0000-000000000000", "/employers/x", "/fairs/1/postings"] {
        assert_eq!(app.stranger().status(bad).await, 404, "{bad}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_room_shows_its_employers_open_postings_and_the_hall_those_of_all() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    post(&app, &fair, content("甲"), State::Live).await;
    post(&app, &fair, content("乙"), State::Draft).await;
    let (employer, recruiter, booth) = app.employer(&fair.fair, "另一家").await;
    let new = NewPosting { fair: fair.fair.id, employer: employer.id, content: content("丙"), state: State::Live };
    app.parts.postings.create(new, recruiter.account.id).await.expect("posting");
    let of = async |room| -> Vec<String> {
        let list = app.parts.postings.of_room(room).await.expect("list");
        list.into_iter().map(|i| i.content.title_zh.clone()).collect()
    };
    assert_eq!(of(&fair.booth).await, ["甲"]);
    assert_eq!(of(&booth).await, ["丙"]);
    assert_eq!(of(&fair.hall).await.len(), 2);
    let outside = app.parts.accounts.create_employer(Default::default()).await.expect("employer");
    let new = NewPosting { fair: fair.fair.id, employer: outside.id, content: content("丁"), state: State::Live };
    assert!(app.parts.postings.create(new, recruiter.account.id).await.is_err(), "it takes no part in the fair");
    app.stop().await;
}
