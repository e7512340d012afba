//! Tables of postings: looked through before they are put in, put in once, taken out and sent again; hostile files; nobody else's.

use crate::harness::{Person, TestApp, TestFair, Web};
use crate::postings::{content, post};
use crate::wish::until;
use reqwest::multipart::{Form, Part};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use springbreeze::clock::{Clock, DAY};
use springbreeze::postings::{Content, State};

const HEADER: &str = "单位岗位编号,岗位名称,工作内容,工作地区,行业,招聘人数,最低工资（元）,最高工资（元）,吃饭,有效期至\n";

/// The day until which rows are valid.
fn until_day(app: &TestApp) -> String {
    springbreeze::clock::iso(app.clock.now() + 20 * DAY).chars().take(10).collect()
}

async fn send(web: &Web, employer: &str, bytes: Vec<u8>, name: &str) -> Response {
    let form = Form::new().part("file", Part::bytes(bytes).file_name(name.to_owned()));
    web.post(&format!("/employers/{employer}/imports")).header("accept", "text/html").multipart(form).send().await.expect("response")
}

async fn state(web: &Web, path: &str) -> Value {
    web.client.get(web.url(path)).header("accept", "application/json").send().await.expect("response").json().await.expect("json")
}

/// Sends a file and waits until it was looked through.
pub(crate) async fn looked(fair: &TestFair, bytes: Vec<u8>, name: &str) -> (String, Value) {
    let answer = send(&fair.recruiter.web, &fair.employer.id.to_string(), bytes, name).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let path = answer.headers()["location"].to_str().expect("path").to_owned();
    until("looked through", async || state(&fair.recruiter.web, &path).await["state"] != "reading").await;
    let now = state(&fair.recruiter.web, &path).await;
    (path, now)
}

async fn put(fair: &TestFair, path: &str) -> Value {
    let web = &fair.recruiter.web;
    assert_eq!(web.form(&format!("{path}/run"), &[]).await.status(), StatusCode::SEE_OTHER);
    until("put in", async || state(web, path).await["state"] == "done").await;
    state(web, path).await
}

pub(crate) fn counts(of: &Value) -> [i64; 4] {
    ["new", "changed", "same", "wrong"].map(|name| of[name].as_i64().expect("count"))
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_as::<_, (i64,)>(sql).fetch_one(app.parts.db.read()).await.expect("count").0
}

#[tokio::test]
async fn a_table_is_looked_through_put_in_once_and_changes_only_what_changed() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let day = until_day(&app);
    let row = |n: u32, pay: u32| format!("A-{n},焊工{n},\"包吃住，工期长\n不收费\",浙江杭州,制造业,5,{pay},,免费提供,{day}\n");
    let rows = |pay: u32| (1..=40).map(|n| row(n, pay)).collect::<String>();
    let wrong = format!(
        "A-41,,没有名称,浙江杭州,制造业,5,6000,,,{day}\nA-42,负工资,x,火星,Z,0,-5,,包吃,2020-01-01\nA-1,同号,x,浙江杭州,C,1,,,,{day}\n"
    );
    let (path, now) = looked(&fair, format!("{HEADER}{}{wrong}", rows(6_000)).into_bytes(), "春季.csv").await;
    assert_eq!((now["state"].as_str(), counts(&now)), (Some("ready"), [40, 0, 0, 3]));
    assert_eq!(count(&app, "SELECT COUNT(*) FROM postings").await, 0, "nothing before somebody said yes");
    let page = fair.recruiter.web.page(&path).await;
    for text in ["导入 40 个岗位", "第 42 行", "岗位名称：", "工作地区：", "招聘人数：", "吃饭：", "有效期至：", "同一个编号"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(counts(&put(&fair, &path).await), [40, 0, 0, 3]);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM postings WHERE state = 'review'").await, 40);
    assert_eq!(fair.recruiter.web.form(&format!("{path}/run"), &[]).await.status(), StatusCode::CONFLICT, "done is done");
    // The same again, then three rows changed.
    let (path, now) = looked(&fair, format!("{HEADER}{}", rows(6_000)).into_bytes(), "春季.csv").await;
    assert_eq!(counts(&now), [0, 0, 40, 0]);
    assert!(!fair.recruiter.web.page(&path).await.contains("/run\""), "nothing to put in");
    assert_eq!(fair.recruiter.web.form(&format!("{path}/drop"), &[]).await.status(), StatusCode::SEE_OTHER);
    let changed =
        format!("{HEADER}{}{}", (1..=3).map(|n| row(n, 7_000)).collect::<String>(), (4..=50).map(|n| row(n, 6_000)).collect::<String>());
    let (path, now) = looked(&fair, changed.into_bytes(), "b.csv").await;
    assert_eq!(counts(&now), [10, 3, 37, 0]);
    put(&fair, &path).await;
    assert_eq!(count(&app, "SELECT COUNT(*) FROM postings WHERE version = 2 AND pay_min = 700000").await, 3);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM postings").await, 50);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM posting_versions").await, 53);
    app.stop().await;
}

#[tokio::test]
async fn what_is_taken_out_and_sent_again_changes_nothing_and_wrong_rows_come_back() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (web, employer) = (&fair.recruiter.web, fair.employer.id);
    let evil = ["=HYPERLINK(\"http://x\")", "+1", "-1+2", "@SUM(A1)", "a,\"b\"\nc", "😀 שלום", "'=1"];
    for (n, text) in evil.iter().enumerate() {
        let content = Content {
            title_zh: (*text).into(),
            title_en: (*text).into(),
            about_zh: format!("{text} {text}"),
            region: ["330106", "110000", "429004"][n % 3].into(),
            industry: ["C", "C39"][n % 2].into(),
            hourly: 2_250,
            pay_max: 700_050,
            valid_until: app.clock.now() + 20 * DAY,
            ..content("")
        };
        // The form takes a last day, so that is what a posting has.
        let zone = fair.fair.time_zone();
        let fields = springbreeze::postings::fields_of(&content, &zone);
        let content = springbreeze::postings::terms_of(&fields, app.clock.now(), &zone).expect("terms").content;
        post(&app, &fair, content, State::Live).await;
    }
    for (kind, lang) in [("csv", "zh-CN"), ("xlsx", "en"), ("xlsx", "zh-CN"), ("csv", "en")] {
        let path = format!("/employers/{employer}/postings/export?fair={}&kind={kind}", fair.fair.id);
        let answer = web.get(&path).header("accept-language", lang).send().await.expect("response");
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers()["content-disposition"].to_str().expect("name").contains("attachment"));
        let bytes = answer.bytes().await.expect("bytes").to_vec();
        if kind == "csv" {
            let text = String::from_utf8(bytes.clone()).expect("UTF-8");
            for line in text.lines().skip(1) {
                assert!(!line.split(',').any(|cell| cell.trim_start_matches('"').starts_with(['=', '+', '@'])), "{line}");
            }
        }
        let (_, now) = looked(&fair, bytes, &format!("t.{kind}")).await;
        assert_eq!(counts(&now), [0, 0, evil.len() as i64, 0], "{kind} {lang} {now}");
    }
    // The template's own example is right.
    for kind in ["csv", "xlsx"] {
        let bytes = web.get(&format!("/imports/template/{kind}")).send().await.expect("response").bytes().await.expect("bytes");
        let (_, now) = looked(&fair, bytes.to_vec(), "template").await;
        assert_eq!(counts(&now), [1, 0, 0, 0], "{kind}");
    }
    let day = until_day(&app);
    let (path, _) = looked(&fair, format!("{HEADER}B-1,焊工,包吃,浙江杭州,C,x,,,,{day}\n").into_bytes(), "w.csv").await;
    for kind in ["csv", "xlsx"] {
        let bytes = web.get(&format!("{path}/wrong/{kind}")).send().await.expect("response").bytes().await.expect("bytes").to_vec();
        if kind == "csv" {
            let text = String::from_utf8(bytes.clone()).expect("UTF-8");
            assert!(text.contains("行号,问题,单位岗位编号") && text.contains("招聘人数：") && text.contains("B-1,焊工"), "{text}");
            let right = text.replace(",x,", ",7,");
            let (_, now) = looked(&fair, right.into_bytes(), "right.csv").await;
            assert_eq!(counts(&now), [1, 0, 0, 0]);
        } else {
            let (_, now) = looked(&fair, bytes, "same.xlsx").await;
            assert_eq!(counts(&now), [0, 0, 0, 1]);
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn a_wrong_code_comes_back_with_the_right_ones_nearest_to_it() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let day = until_day(&app);
    let header = HEADER.replace("行业,", "行业,职业代码,");
    let row = |n: u32, codes: &str| format!("C-{n},焊工,包吃,浙江杭州,{codes},5,,,,{day}\n");
    // Other wrong cells, however many, take nothing from what is told of codes.
    let other: String = (100..800).map(|n| format!("C-{n},焊工,包吃,浙江杭州,C,,-{n},,,,{day}\n")).collect();
    let (path, now) = looked(&fair, format!("{header}{other}{}", row(1, "C2699,")).into_bytes(), "many.csv").await;
    assert_eq!(counts(&now), [0, 0, 0, 701], "{now}");
    assert!(fair.recruiter.web.page(&format!("{path}/wrong/csv")).await.contains("C2689 其他日用化学产品制造"));
    let rows = [row(1, "C2699,"), row(2, "C3311,电焊工"), row(3, "C2699,6-18-02-04"), row(4, "3911,6-18-02-04"), row(5, "火星,")];
    let (path, now) = looked(&fair, format!("{header}{}", rows.concat()).into_bytes(), "codes.csv").await;
    assert_eq!(counts(&now), [1, 0, 0, 4], "{now}");
    let near = ["C2689 其他日用化学产品制造", "6-18-02-04 焊工"];
    let page = fair.recruiter.web.page(&path).await;
    let table = fair.recruiter.web.page(&format!("{path}/wrong/csv")).await;
    for text in near {
        assert!(page.contains(text) && table.contains(text), "{text}: {page} {table}");
    }
    assert_eq!((page.matches(near[0]).count(), page.matches("没有这个行业").count()), (2, 3), "nothing is near to 火星: {page}");
    let english = fair.recruiter.web.get(&path).header("accept-language", "en").send().await.expect("response").text().await.expect("text");
    assert!(english.contains("Nearest: C2689 Chemicals: 其他日用化学产品制造"), "{english}");
    app.stop().await;
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_goes_on_and_doubles_nothing() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let day = until_day(&app);
    // Without references: the file itself is what they are known by.
    let rows: String = (0..1_200).map(|n| format!(",搬运工{n},装卸,浙江杭州,C,5,6000,,,{day}\n")).collect();
    let (path, now) = looked(&fair, format!("{HEADER}{rows}").into_bytes(), "m.csv").await;
    assert_eq!(counts(&now), [1_200, 0, 0, 0]);
    // As if one died after the first commits: it runs, part of it is in, and nobody is at it.
    put(&fair, &path).await;
    let half = "DELETE FROM postings WHERE id IN (SELECT id FROM postings ORDER BY id DESC LIMIT 700)";
    for sql in ["DELETE FROM posting_versions", half] {
        sqlx::query(sql).execute(app.parts.db.write()).await.expect("rows");
    }
    let id = path.rsplit('/').next().expect("id").to_owned();
    let (now, config, token) = (app.clock.now(), app.app.config.clone(), fair.recruiter.token.clone());
    // Its file is gone with the end; put back what a server that died would have left.
    let again = send(&fair.recruiter.web, &fair.employer.id.to_string(), format!("{HEADER}{rows}").into_bytes(), "m.csv").await;
    let second = again.headers()["location"].to_str().expect("path").rsplit('/').next().expect("id").to_owned();
    until("looked through", async || state(&fair.recruiter.web, &format!("/imports/{second}")).await["state"] == "ready").await;
    let set = "UPDATE imports SET state = 'running', claimed_until = 0, done = 500, blob_id = (SELECT blob_id FROM imports WHERE id = $2) WHERE id = $1";
    let data = {
        let db = app.parts.db.write();
        sqlx::query(set).bind(&id).bind(&second).execute(db).await.expect("state");
        app.stop().await
    };
    let app = TestApp::start_with(config, data, Clock::manual(now)).await;
    let web = app.stranger();
    let answer = || web.client.get(web.url(&path)).header("accept", "application/json").bearer_auth(&token).send();
    until("done", async || answer().await.expect("response").json::<Value>().await.expect("json")["state"] == "done").await;
    let done: Value = answer().await.expect("response").json().await.expect("json");
    assert_eq!(counts(&done), [700, 0, 500, 0]);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM postings").await, 1_200);
    app.stop().await;
}

#[tokio::test]
async fn imports_are_their_employers_and_broken_files_say_why() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (other, stranger, _) = app.employer(&fair.fair, "别家").await;
    let day = until_day(&app);
    let good = format!("{HEADER}A-1,焊工,包吃,浙江杭州,C,5,,,,{day}\n").into_bytes();
    let (path, _) = looked(&fair, good.clone(), "../../a\u{202E}b<script>.csv").await;
    assert!(fair.recruiter.web.page(&path).await.contains("ab&#60;script&#62;.csv"), "a name is text");
    let seeker: Person = app.seeker("小李").await;
    for web in [&stranger.web, &seeker.web, &fair.organiser.web] {
        for get in [path.clone(), format!("{path}/wrong/csv"), format!("/employers/{}/imports", fair.employer.id)] {
            assert_eq!(web.status(&get).await, 404, "{get}");
        }
        let export = format!("/employers/{}/postings/export?fair={}&kind=csv", fair.employer.id, fair.fair.id);
        assert_eq!(web.status(&export).await, 404);
        for post in [format!("{path}/run"), format!("{path}/drop")] {
            assert_eq!(web.form(&post, &[]).await.status(), StatusCode::NOT_FOUND, "{post}");
        }
        assert_eq!(send(web, &fair.employer.id.to_string(), good.clone(), "a.csv").await.status(), StatusCode::NOT_FOUND);
    }
    assert_ne!(app.stranger().status(&path).await, 200);
    // Another employer's postings are not to be had by their references or ids.
    let mine = post(&app, &fair, content("我的岗位"), State::Live).await;
    let steal = format!("{HEADER}#{},偷来的,x,浙江杭州,C,5,,,,{day}\nA-1,偷来的,x,浙江杭州,C,5,,,,{day}\n", mine.id);
    let answer = send(&stranger.web, &other.id.to_string(), steal.into_bytes(), "s.csv").await;
    let theirs = answer.headers()["location"].to_str().expect("path").to_owned();
    until("looked through", async || state(&stranger.web, &theirs).await["state"] == "ready").await;
    assert_eq!(counts(&state(&stranger.web, &theirs).await), [2, 0, 0, 0], "new ones of their own");
    stranger.web.form(&format!("{theirs}/run"), &[]).await;
    until("put in", async || state(&stranger.web, &theirs).await["state"] == "done").await;
    assert!(fair.recruiter.web.page(&format!("/postings/{}", mine.id)).await.contains("我的岗位"));
    for (bytes, said) in [
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(), "imports-wrong-xls"),
        (b"PK\x03\x04 cut short".to_vec(), "imports-wrong-xlsx"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), ""),
        (b"a,b\n1,2\n".to_vec(), "imports-wrong-columns"),
        (b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n".to_vec(), "imports-wrong-columns"),
        (HEADER.as_bytes().to_vec(), "imports-wrong-no-rows"),
    ] {
        let (path, now) = looked(&fair, bytes, "x").await;
        assert_eq!(now["state"], "failed", "{now}");
        assert!(said.is_empty() || now["problem"] == said, "{now}");
        assert_eq!(fair.recruiter.web.form(&format!("{path}/run"), &[]).await.status(), StatusCode::CONFLICT);
        assert!(fair.recruiter.web.page(&path).await.contains("换一个文件"));
    }
    let none = fair.recruiter.web.post(&format!("/employers/{}/imports", fair.employer.id)).header("accept", "text/html");
    let none = none.multipart(Form::new().text("fair", fair.fair.id.to_string())).send().await.expect("response");
    assert_eq!(none.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text().await.expect("text").contains("请选择一个文件"));
    app.stop().await;
}
