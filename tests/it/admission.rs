//! The door on an opening day: who waits, in which order they come in, and who never waits.

use crate::harness::{NOON, TestApp, Web};
use reqwest::header::{CONTENT_SECURITY_POLICY, RETRY_AFTER, SET_COOKIE};
use reqwest::{Response, StatusCode};
use springbreeze::clock::{Clock, DAY};
use springbreeze::config::Config;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// So few newcomers a second that all is over in some seconds of real time.
const RATE: u32 = 10;

async fn start(data: TempDir) -> TestApp {
    let mut config = Config::for_tests(data.path());
    config.admission_rate = RATE;
    if let Ok(server) = std::env::var("SPRINGBREEZE_TEST_POSTGRES") {
        config.database = crate::harness::database_on(&server, data.path()).await;
    }
    TestApp::start_with(config, data, Clock::manual(NOON)).await
}

fn retry_after(response: &Response) -> u64 {
    response.headers()[RETRY_AFTER].to_str().expect("text").parse().expect("seconds")
}

/// The number of people in front that the page shows; 0 for who is next; none for who is inside.
async fn ahead(web: &Web) -> Option<u64> {
    let response = web.get("/").send().await.expect("response");
    if response.status() == StatusCode::OK {
        return None;
    }
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!((1..=25).contains(&retry_after(&response)));
    assert!(response.headers()[CONTENT_SECURITY_POLICY].to_str().expect("text").contains("style-src 'sha256-"));
    assert_eq!(response.headers()["cache-control"], "no-store");
    let text = response.text().await.expect("text");
    let number = text.split("<b>").nth(1).and_then(|rest| rest.split("</b>").next()).expect("a place");
    Some(number.parse().unwrap_or(0))
}

/// Lets in as many as come in at once.
async fn fill(app: &TestApp) -> Vec<Web> {
    let mut inside = Vec::new();
    for _ in 0..200 {
        let web = app.stranger();
        if ahead(&web).await.is_some() {
            return inside;
        }
        inside.push(web);
    }
    panic!("everybody was let in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rush_waits_in_order_and_comes_in_by_itself() {
    let app = start(tempfile::tempdir().expect("folder")).await;
    let inside = fill(&app).await;
    assert!(inside.len() >= 5, "half a second's worth: {}", inside.len());
    let mut waiting = Vec::new();
    for _ in 0..40 {
        let web = app.stranger();
        let asked = Instant::now();
        let place = ahead(&web).await.expect("must wait");
        waiting.push((web, place, asked));
    }
    // Those in front come in meanwhile, the more the slower the machine is.
    let come_in = |from: Instant| (from.elapsed().as_secs_f64() * f64::from(RATE)) as u64 + 2;
    assert!(waiting.windows(2).all(|pair| pair[0].1 <= pair[1].1 + come_in(pair[0].2)), "each behind those before");
    for web in &inside {
        assert_eq!(ahead(web).await, None, "who is inside notices nothing");
    }
    // Everybody asks again and again, the last ones first: they come in by their numbers all the same.
    let mut order = Vec::new();
    let begun = Instant::now();
    while order.len() < waiting.len() {
        assert!(begun.elapsed() < Duration::from_secs(30), "drained: {order:?}");
        let round: HashSet<usize> = order.iter().copied().collect();
        let mut entered = Vec::new();
        for at in (0..waiting.len()).rev().filter(|at| !round.contains(at)) {
            if ahead(&waiting[at].0).await.is_none() {
                entered.push(at);
            }
        }
        entered.reverse();
        let highest = entered.last().copied();
        order.extend(entered);
        // Whoever is still outside has a later number than everybody who came in, but for those called within this very round.
        let outside = (0..waiting.len()).filter(|at| !order.contains(at)).min();
        if let (Some(highest), Some(outside)) = (highest, outside) {
            assert!(outside + 10 > highest, "{outside} still waits and {highest} is in");
        }
    }
    let figures = app.parts.admission.figures();
    assert!(figures.entered >= 45 && figures.sent_away >= 40, "{figures:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_outlive_a_restart() {
    let app = start(tempfile::tempdir().expect("folder")).await;
    fill(&app).await;
    let mut last = app.stranger();
    for _ in 0..60 {
        last = app.stranger();
        ahead(&last).await.expect("must wait");
    }
    let data = app.stop().await;
    let app = start(data).await;
    last.origin = app.stranger().origin;
    // The room that a start gives is for those who have waited.
    let newcomer = app.stranger();
    let (old, new) = (ahead(&last).await.expect("still waits"), ahead(&newcomer).await.expect("behind those who wait"));
    assert!(old > 20 && new > old, "{old} {new}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_told_when_to_come_back_and_not_all_at_once() {
    let app = start(tempfile::tempdir().expect("folder")).await;
    fill(&app).await;
    for _ in 0..100 {
        ahead(&app.stranger()).await;
    }
    let mut seconds = HashSet::new();
    for _ in 0..40 {
        let response = app.stranger().client.get(format!("http://{}/", app.app.addr)).send().await.expect("response");
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().get(SET_COOKIE).is_none(), "no place is kept for programs");
        seconds.insert(retry_after(&response));
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    assert!(seconds.len() > 2, "{seconds:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_calls_sign_in_and_what_is_no_page_meet_no_door() {
    let app = start(tempfile::tempdir().expect("folder")).await;
    let fair = app.fair().await;
    // Whoever has worked here lately has a pass for a month.
    assert_eq!(fair.recruiter.web.status("/").await, 200);
    fill(&app).await;
    for _ in 0..20 {
        ahead(&app.stranger()).await;
    }
    let again = app.sign_in(fair.organiser.account.clone()).await;
    assert_eq!(again.web.status("/").await, 200, "who works here and has just signed in stands in no line");
    app.clock.advance(20 * DAY);
    assert_eq!(fair.recruiter.web.status("/").await, 200, "by the pass, weeks later");
    app.clock.advance(-20 * DAY);
    let stranger = app.stranger();
    assert_eq!(stranger.status("/signin").await, 200);
    assert_eq!(stranger.status("/healthz").await, 200);
    assert_eq!(stranger.status(&format!("/interviews/{}", fair.booth.id)).await, 303, "to sign-in, not to the end of a line");
    let forged = stranger.get("/").header("cookie", "sb_pass=0.99999999999999.AAAA").send().await.expect("response");
    assert_eq!(forged.status(), StatusCode::SERVICE_UNAVAILABLE);
    let english = stranger.get("/").header("accept-language", "en").send().await.expect("response").text().await.expect("text");
    assert!(english.contains("ahead of you") && english.contains("lang=\"en\""), "{english}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_ticket_is_not_for_everybody() {
    let app = start(tempfile::tempdir().expect("folder")).await;
    fill(&app).await;
    let response = app.stranger().get("/").send().await.expect("response");
    let cookies = response.headers().get_all(SET_COOKIE).iter();
    let ticket = cookies.filter_map(|value| value.to_str().ok()).find(|value| value.starts_with("sb_wait=")).expect("a ticket");
    let ticket = ticket.split(';').next().expect("a pair").to_owned();
    for _ in 0..200 {
        ahead(&app.stranger()).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut entered = 0;
    for _ in 0..10 {
        let response = app.stranger().get("/").header("cookie", &ticket).send().await.expect("response");
        entered += u32::from(response.status() == StatusCode::OK);
    }
    assert_eq!(entered, 3);
    app.stop().await;
}
