//! The trace of a viewer's connection, over HTTP and with real media.

use crate::harness::TestApp;
use crate::wish::{Publisher, frames, watch};
use reqwest::StatusCode;
use serde_json::Value;
use springbreeze::ids::SessionId;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_connection_is_traced_for_as_long_as_one_asks_and_no_longer_than_it_lasts() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (host, web) = (app.stranger(), app.stranger());
    let publisher = Publisher::start(&host, &format!("/rooms/{}/whip", fair.booth.id), Some(&fair.recruiter.token)).await;
    let (mut receiver, session) = watch(&web, &format!("/rooms/{}/whep", fair.booth.id), None).await;
    frames(&mut receiver, 5).await;
    let trace = |path: String| {
        let request = web.client.get(web.url(&path));
        tokio::spawn(async move { request.send().await.expect("response") })
    };
    let asked = trace(format!("{session}/trace?seconds=2"));
    frames(&mut receiver, 30).await;
    let response = asked.await.expect("no panic");
    assert_eq!(
        (response.status(), &response.headers()["content-type"]),
        (StatusCode::OK, &"application/qlog+json-seq".parse().expect("a value"))
    );
    let reading = tokio::spawn(async move { response.text().await.expect("a whole body") });
    receiver.run_until(Instant::now() + Duration::from_secs(2)).await.expect("still connected");
    let text = reading.await.expect("no panic");
    let records: Vec<Value> = text.split('\u{1e}').skip(1).map(|record| serde_json::from_str(record).expect("JSON")).collect();
    assert_eq!(records[0]["file_schema"], "urn:ietf:params:qlog:file:sequential");
    let events = |name: &str| records.iter().filter(|record| record["name"] == name).count();
    assert!(events("media:packets_sent") > 20, "{text}");
    assert!(events("media:reception") > 0 && events("media:decision") > 0, "{text}");
    let times: Vec<f64> = records.iter().filter_map(|record| record["time"].as_f64()).collect();
    assert!(times.is_sorted() && times.last().is_some_and(|last| *last < 2_500.0), "{times:?}");
    assert!(!text.contains("127.0.0.1"), "no addresses");

    // A trace ends with its session, and there is none of a publisher or of nobody.
    let asked = trace(format!("{session}/trace?seconds=60"));
    receiver.run_until(Instant::now() + Duration::from_millis(300)).await.expect("still connected");
    let response = asked.await.expect("no panic");
    web.client.delete(web.url(&session)).send().await.expect("response");
    tokio::time::timeout(Duration::from_secs(10), response.text()).await.expect("it ends").expect("whole");
    for nobody in [publisher.session.clone(), format!("/rooms/{}/whep/{}", fair.booth.id, SessionId::new())] {
        let response = trace(format!("{nobody}/trace")).await.expect("no panic");
        assert!([StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&response.status()), "{nobody}");
    }
    publisher.stop().await;
    app.stop().await;
}
