//! The open API: what it promises in its description it keeps, to programs of every site, and it tells them what is wrong.

use crate::decoders::python;
use crate::harness::{NOON, TestApp, TestFair, Web};
use crate::postings::{content, post};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use springbreeze::postings::{Answer, Content, Kind, PayDay, Provision, State};
use std::process::Command;

/// Without the door, which sends programs away when a machine is slow and has tests of its own.
async fn start() -> TestApp {
    crate::outbox::start(|config| config.admission_rate = 0).await
}

async fn ask(web: &Web, path: &str) -> (u16, HeaderMap, Value) {
    // As a browser would: the API answers programs all the same.
    let answer = web.get(&format!("/api/v1{path}")).header("origin", "https://elsewhere.example").send().await.expect("response");
    let (status, head) = (answer.status().as_u16(), answer.headers().clone());
    assert_eq!(head["access-control-allow-origin"], "*", "{path}");
    (status, head, serde_json::from_str(&answer.text().await.expect("text")).expect(path))
}

async fn get(web: &Web, path: &str) -> Value {
    let (status, head, body) = ask(web, path).await;
    assert_eq!((status, &head["content-type"]), (200, &"application/json".parse().expect("type")), "{path}: {body}");
    body
}

/// Where a value is not what a schema of the description says. Knows what the description uses, and no more.
fn faults(all: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let target = all.pointer(name.trim_start_matches('#')).expect("a schema that exists");
        return faults(all, target, value, at);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let best = any.iter().map(|one| faults(all, one, value, at)).min_by_key(Vec::len);
        return best.unwrap_or_default();
    }
    let mut found = Vec::new();
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{at}: a schema without a type"),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_i64() && kinds.contains(&"integer") => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !kinds.contains(&kind) || schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
        found.push(format!("{at}: {value}"));
    }
    if let (Some(text), Some("date-time")) = (value.as_str(), schema["format"].as_str())
        && text.parse::<jiff::Timestamp>().is_err()
    {
        found.push(format!("{at}: {text} is no time"));
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(all, &schema["items"], item, &format!("{at}/{n}")));
    }
    if let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        found.extend(
            required.iter().filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)).map(|name| format!("{at} lacks {name}")),
        );
        for (name, field) in fields {
            match properties.get(name) {
                Some(property) => found.extend(faults(all, property, field, &format!("{at}/{name}"))),
                None => found.push(format!("{at}/{name} is not described")),
            }
        }
    }
    found
}

/// Postings that say everything and next to nothing.
async fn fill(app: &TestApp, fair: &TestFair) -> Vec<String> {
    let said = Content {
        title_en: "Welder".into(),
        occupation: "6-18-02-04".into(),
        pay_day: PayDay::Monthly(15),
        couples: Answer::Yes,
        day_shift: Answer::No,
        hourly: 2_550,
        days_off: 4,
        meals: Provision::Provided,
        housing: Provision::None,
        age_min: 18,
        age_max: 60,
        age_basis: "特种作业".into(),
        ..content("焊工")
    };
    let silent =
        Content { pay_min: 0, pay_max: 0, region: "x".into(), industry: String::new(), kind: Kind::Temporary, ..content("面议") };
    let mut ids = Vec::new();
    for content in [said, silent] {
        ids.push(post(app, fair, content, State::Live).await.id.to_string());
        app.clock.advance(1_000);
    }
    ids
}

#[tokio::test]
async fn every_answer_is_what_the_description_says() {
    let app = start().await;
    let fair = app.fair().await;
    let ids = fill(&app, &fair).await;
    let web = app.stranger();
    let described = get(&web, "/openapi.json").await;
    assert_eq!(described["openapi"], "3.1.0");
    let example = |path: &str| {
        let id = match path {
            _ if path.starts_with("/fairs") => fair.fair.id.to_string(),
            _ if path.starts_with("/employers") => fair.employer.id.to_string(),
            _ => ids[0].clone(),
        };
        path.replace("{id}", &id)
    };
    for (path, operations) in described["paths"].as_object().expect("paths") {
        let schema = &operations["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let body = get(&web, &example(path)).await;
        assert_eq!(faults(&described, schema, &body, path), Vec::<String>::new(), "{body:#}");
        if path.contains("{id}") {
            let absent = path.replace("{id}", &uuid::Uuid::now_v7().to_string());
            let (status, head, problem) = ask(&web, &absent).await;
            assert_eq!((status, &head["content-type"]), (404, &"application/problem+json".parse().expect("type")), "{absent}");
            let schema = &described["components"]["schemas"]["Problem"];
            assert_eq!(faults(&described, schema, &problem, path), Vec::<String>::new());
        }
    }
    // The helper can tell.
    let schema = json!({"$ref": "#/components/schemas/Posting"});
    assert_eq!(
        faults(&described, &schema, &json!({"id": 1, "x": 2}), "").len(),
        described["components"]["schemas"]["Posting"]["required"].as_array().expect("required").len() + 1
    );
    let posting = get(&web, &format!("/postings/{}", ids[0])).await;
    assert_eq!(
        (&posting["pay"], &posting["hourly_pay"]),
        (&json!({"currency": "CNY", "unit": "month", "min": 5000.0, "max": 7000.0}), &json!(25.5))
    );
    assert_eq!((&posting["couples"], &posting["day_shift"], &posting["assembly_line"]), (&json!(true), &json!(false), &json!(null)));
    assert_eq!((&posting["pay_day"], &posting["age"]["legal_basis"]), (&json!("15"), &json!("特种作业")));
    let silent = get(&web, &format!("/postings/{}", ids[1])).await;
    for name in ["pay", "region", "industry", "occupation", "days_off", "meals", "age", "pay_day"] {
        assert_eq!(silent[name], Value::Null, "{name}");
    }
    app.stop().await;
}

#[tokio::test]
async fn only_what_is_public_and_open_is_there_whoever_asks() {
    let app = start().await;
    let fair = app.fair().await;
    let open = post(&app, &fair, content("开着的"), State::Live).await;
    let draft_fair = app.parts.fairs.create(springbreeze::fairs::NewFair::default(), fair.organiser.account.id).await.expect("fair");
    let (mut hidden, mut gone) = (Vec::new(), Vec::new());
    for state in [State::Draft, State::Review, State::Withdrawn] {
        hidden.push(post(&app, &fair, content("藏着的"), state).await);
    }
    for state in [State::Paused, State::Filled] {
        gone.push(post(&app, &fair, content("过去的"), state).await);
    }
    gone.push(post(&app, &fair, Content { valid_until: NOON, ..content("过期的") }, State::Live).await);
    for web in [&app.stranger(), &fair.recruiter.web, &fair.organiser.web] {
        for path in [format!("/fairs/{}/postings", fair.fair.id), format!("/employers/{}/postings", fair.employer.id)] {
            let list = get(web, &path).await;
            let ids: Vec<_> = list["items"].as_array().expect("items").iter().map(|item| item["id"].clone()).collect();
            assert_eq!((ids, &list["total"], &list["next"]), (vec![json!(open.id)], &json!(1), &Value::Null));
        }
        for posting in &hidden {
            assert_eq!(ask(web, &format!("/postings/{}", posting.id)).await.0, 404);
        }
        for posting in &gone {
            let (status, _, problem) = ask(web, &format!("/postings/{}", posting.id)).await;
            assert_eq!((status, &problem["code"]), (410, &json!("syndication-gone")));
        }
        assert_eq!(get(web, "/fairs").await["items"].as_array().map(Vec::len), Some(1));
        for path in ["", "/postings", "/employers"] {
            assert_eq!(ask(web, &format!("/fairs/{}{path}", draft_fair.id)).await.0, 404, "{path}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn pages_follow_one_another_without_gaps_also_while_postings_come() {
    let app = start().await;
    let fair = app.fair().await;
    for i in 0..45 {
        let meals = if i % 2 == 0 { Provision::Provided } else { Provision::Unsaid };
        post(&app, &fair, Content { meals, pay_min: 400_000 + i, ..content(&format!("岗位{i}")) }, State::Live).await;
        app.clock.advance(i % 2);
    }
    let web = app.stranger();
    let walk = async |start: String| {
        let (mut next, mut seen) = (start, Vec::new());
        loop {
            let (_, head, page) = ask(&web, &next).await;
            seen.extend(page["items"].as_array().expect("items").iter().map(|item| item["title_zh"].as_str().expect("title").to_owned()));
            let Some(url) = page["next_url"].as_str() else { return seen };
            assert_eq!(head["link"], format!("<{url}>; rel=\"next\""));
            next = url.split_once("/api/v1").expect("ours").1.to_owned();
            post(&app, &fair, content("新来的"), State::Live).await;
        }
    };
    let base = format!("/fairs/{}/postings", fair.fair.id);
    let expected = |kept: fn(&i64) -> bool| (0..45_i64).rev().filter(kept).map(|i| format!("岗位{i}")).collect::<Vec<_>>();
    assert_eq!(walk(format!("{base}?limit=7")).await, expected(|_| true), "what comes later stands before the first page");
    let found = walk(format!("{base}?limit=4&meals=true&q=%E5%B2%97%E4%BD%8D&sort=pay")).await;
    assert_eq!(found, expected(|i| i % 2 == 0));
    assert_eq!(walk(format!("{base}?meals=true&industry=C&region=330100&kind=part-time")).await, Vec::<String>::new());
    app.stop().await;
}

#[tokio::test]
async fn programs_are_told_what_is_wrong() {
    let app = start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    let base = format!("/fairs/{}/postings", fair.fair.id);
    for (query, status, field) in [
        ("limit=0", 422, "limit"),
        ("limit=x", 422, "limit"),
        ("region=990000", 422, "region"),
        ("industry=Z", 422, "industry"),
        ("kind=slave", 422, "kind"),
        ("pay=-1", 422, "pay"),
        ("meals=1", 422, "meals"),
        ("sort=", 422, "sort"),
        ("after=1.x", 422, "after"),
        ("after=99999999999999999999.0195d3c2-0000-7000-8000-000000000000", 422, "after"),
        ("limit=1&limit=2", 400, ""),
    ] {
        let (got, head, problem) = ask(&web, &format!("{base}?{query}")).await;
        assert_eq!((got, &head["content-type"]), (status, &"application/problem+json".parse().expect("type")), "{query}: {problem}");
        assert!(field.is_empty() || problem["errors"][field].is_string(), "{query}: {problem}");
    }
    for (path, status) in [("/nothing", 404), ("/postings/x", 404), ("/fairs/x/postings", 404)] {
        assert_eq!(ask(&web, path).await.0, status, "{path}");
    }
    let posted = web.post("/api/v1/fairs").header("accept", "text/html").send().await.expect("response");
    assert_eq!((posted.status().as_u16(), &posted.headers()["content-type"]), (405, &"application/problem+json".parse().expect("type")));
    let before = web.client.request(reqwest::Method::OPTIONS, web.url("/api/v1/fairs")).header("origin", "https://elsewhere.example");
    let before = before.header("access-control-request-method", "GET").send().await.expect("response");
    assert_eq!((before.status().as_u16(), &before.headers()["access-control-allow-origin"]), (204, &"*".parse().expect("value")));
    let english = web.client.get(web.url("/api/v1/nothing")).header("accept-language", "en").send().await.expect("response");
    assert_eq!(english.json::<Value>().await.expect("json")["detail"], "This page could not be found");
    let page = web.page("/api").await;
    assert!(page.contains("/api/v1/openapi.json") && page.contains("开放接口"));
    app.stop().await;
}

#[tokio::test]
async fn a_network_that_asks_too_much_is_told_when_to_come_back() {
    let app = start().await;
    let web = app.stranger();
    let mut refused = None;
    for _ in 0..1_500 {
        let (status, head, body) = ask(&web, "/openapi.json").await;
        if status == 429 {
            refused = Some((head, body));
            break;
        }
    }
    let (head, body) = refused.expect("a limit");
    assert!(head["retry-after"].to_str().expect("text").parse::<u64>().is_ok_and(|seconds| seconds >= 1), "{head:?}");
    assert_eq!((&head["content-type"], &body["status"]), (&"application/problem+json".parse().expect("type"), &json!(429)));
    app.stop().await;
}

/// Schemathesis makes up requests after the description, right ones and wrong ones, and holds the answers against it.
#[tokio::test(flavor = "multi_thread")]
async fn a_fuzzer_finds_no_answer_that_the_description_does_not_have() {
    let Some(python) = python() else { return };
    let app = start().await;
    let fair = app.fair().await;
    let ids = fill(&app, &fair).await;
    let web = app.stranger();
    // It would not guess ids that exist: they are examples of the description that it gets.
    let mut described = get(&web, "/openapi.json").await;
    for (path, operations) in described["paths"].as_object_mut().expect("paths") {
        let example = match path {
            _ if path.starts_with("/fairs") => fair.fair.id.to_string(),
            _ if path.starts_with("/employers") => fair.employer.id.to_string(),
            _ => ids[0].clone(),
        };
        for parameter in operations["get"]["parameters"].as_array_mut().into_iter().flatten().filter(|p| p["name"] == "id") {
            parameter["schema"] = json!({"type": "string", "anyOf": [{"enum": [example]}, {"format": "uuid"}]});
        }
    }
    let file = app.data.path().join("openapi.json");
    std::fs::write(&file, described.to_string()).expect("file");
    let program = std::path::Path::new(&python).with_file_name("schemathesis");
    let mut fuzzer = Command::new(program);
    fuzzer.arg("run").arg(&file).args([
        "--url",
        &format!("{}/api/v1", web.origin),
        "--checks",
        "all",
        "--seed",
        "7",
        "--max-examples",
        "40",
    ]);
    // Nobody else's server, so that nothing but the limit itself is in the way.
    fuzzer.args(["--rate-limit", "60/s", "--no-color", "--phases", "examples,coverage,fuzzing"]).current_dir(app.data.path());
    let said = tokio::task::spawn_blocking(move || fuzzer.output()).await.expect("no panic").expect("schemathesis runs");
    assert!(said.status.success(), "{}\n{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    app.stop().await;
}
