//! Captions: who may, what is shown to whom, and what is not.

use crate::harness::TestApp;
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn captions_reach_everybody_and_newcomers_get_the_last_lines() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let path = format!("/rooms/{room}/captions");
    let (mut viewer, _) = Client::join(&app, room, None, None).await;
    for (line, text) in [(1, "欢迎"), (1, "欢迎来到直播间"), (2, "我们包吃住")] {
        let said = fair.recruiter.web.json(&path, json!({"text": text, "line": line})).await;
        assert_eq!(said.status(), StatusCode::NO_CONTENT);
    }
    loop {
        if viewer.wait("caption").await["lines"] == json!(["欢迎来到直播间", "我们包吃住"]) {
            break;
        }
    }
    let (_, welcome) = Client::join(&app, room, None, None).await;
    assert_eq!(welcome["captions"], json!(["欢迎来到直播间", "我们包吃住"]));
    assert_eq!(app.parts.live.last_seq(room).await.expect("seq"), 0, "nothing of it is kept");
    app.stop().await;
}

#[tokio::test]
async fn at_most_two_frames_a_second_however_fast_somebody_types() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let (mut viewer, _) = Client::join(&app, room, None, None).await;
    let (start, mut last) = (Instant::now(), String::new());
    let mut refused = 0;
    for n in 0..30 {
        last = format!("第 {n} 个字");
        for host in [&fair.recruiter, &fair.organiser] {
            let said = host.web.json(&format!("/rooms/{room}/captions"), json!({"text": last, "line": n})).await;
            refused += u32::from(said.status() == StatusCode::TOO_MANY_REQUESTS);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(refused > 0, "nobody types that fast");
    let seconds = start.elapsed().as_secs_f64();
    let mut frames = 0_u32;
    // Nothing is told any more a second after the last word.
    while let Ok(frame) = tokio::time::timeout(Duration::from_millis(1_200), viewer.wait("caption")).await {
        frames += 1;
        last = frame["lines"].to_string();
    }
    assert!(frames >= 2 && f64::from(frames) <= 2.0 * (seconds + 1.0) + 1.0, "{frames} in {seconds} s; the last was {last}");
    app.stop().await;
}

#[tokio::test]
async fn only_hosts_and_those_whom_they_name_caption_and_bad_lines_come_back() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let path = format!("/rooms/{room}/captions");
    let (helper, other) = (app.seeker("热心人").await, app.seeker("路人").await);
    let say = async |web: &crate::harness::Web, text: &str| web.json(&path, json!({"text": text})).await;
    assert_eq!(say(&app.stranger(), "x").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(say(&helper.web, "x").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(helper.web.status(&path).await, 404);
    let name = json!({"account": helper.account.id});
    let captioners = format!("/rooms/{room}/captioners");
    assert_eq!(fair.recruiter.web.json(&captioners, name.clone()).await.status(), StatusCode::NOT_FOUND, "nobody they know");
    let (mut socket, _) = Client::join(&app, room, Some(&helper), None).await;
    socket.say("a", "我来打字幕").await;
    assert_eq!(other.web.json(&captioners, name.clone()).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(fair.recruiter.web.json(&captioners, name).await.status(), StatusCode::CREATED);
    socket.wait("yours").await;
    assert!(helper.web.page(&path).await.contains("caption-form"));
    assert_eq!(say(&helper.web, "月休四天").await.status(), StatusCode::NO_CONTENT);

    let long = say(&helper.web, &"字".repeat(81)).await;
    assert_eq!(long.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = long.json().await.expect("json");
    assert!(problem["errors"]["text"].as_str().is_some_and(|text| text.contains("80")), "{problem}");
    let form = helper.web.form(&path, &[("text", &"长".repeat(81))]).await;
    assert_eq!(form.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = form.text().await.expect("page");
    assert!(page.contains(&"长".repeat(81)) && page.contains("text-error"), "what was typed comes back with the reason beside it");
    assert_eq!(say(&helper.web, " \u{200b} ").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(say(&helper.web, "先交押金五百，加微信").await.status(), StatusCode::UNPROCESSABLE_ENTITY, "what the chat would hold");
    let covered = say(&helper.web, "电话 13812345678").await;
    assert_eq!(covered.status(), StatusCode::NO_CONTENT);
    loop {
        let frame = socket.wait("caption").await;
        let last = frame["lines"].as_array().and_then(|lines| lines.last()?.as_str().map(str::to_owned)).expect("a line");
        assert!(!last.contains("13812345678"), "{last}");
        if last.contains("138****5678") {
            break;
        }
    }
    let shown = helper.web.form(&path, &[("text", "包吃住")]).await;
    assert_eq!(shown.status(), StatusCode::SEE_OTHER, "without scripts too");
    let undo = format!("/rooms/{room}/captioners/{}/undo", helper.account.id);
    assert_eq!(fair.recruiter.web.form(&undo, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(say(&helper.web, "x").await.status(), StatusCode::NOT_FOUND);
    app.stop().await;
}
