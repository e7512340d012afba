//! The line of a booth: lining up, being called, talking, and everything that must not cost anybody a place.

mod edges;
mod news;

use crate::harness::{NOON, Person, TestApp, TestFair, Web};
use crate::postings::{content, post};
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::accounts::Grant;
use springbreeze::clock::{Clock, HOUR, MINUTE, SECOND};
use springbreeze::postings::State as PostingState;

async fn get(web: &Web, path: &str) -> (u16, Value) {
    let answer = web.client.get(web.url(path)).send().await.expect("response");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn send(web: &Web, path: &str, body: Value) -> (u16, Value) {
    let answer = web.json(path, body).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// The recruiter's page asks.
async fn desk(fair: &TestFair, who: &Person) -> Value {
    let (status, desk) = get(&who.web, &format!("/rooms/{}/desk/state", fair.booth.id)).await;
    assert_eq!(status, 200);
    desk
}

async fn at_desk(fair: &TestFair, who: &Person, what: &str, body: Value) -> (u16, Value) {
    send(&who.web, &format!("/rooms/{}/desk/{what}", fair.booth.id), body).await
}

async fn join(fair: &TestFair, who: &Person) -> Value {
    let (status, place) = send(&who.web, &format!("/rooms/{}/queue", fair.booth.id), json!({})).await;
    assert_eq!(status, 201, "{place}");
    place
}

/// The seeker's page asks.
async fn place(fair: &TestFair, who: &Person) -> Value {
    get(&who.web, &format!("/rooms/{}/queue/place", fair.booth.id)).await.1
}

async fn act(who: &Person, place: &Value, what: &str) -> (u16, Value) {
    send(&who.web, &format!("/queue/{}/{what}", place["ticket"].as_str().expect("ticket")), json!({})).await
}

/// How many messages wait for somebody.
async fn told(app: &TestApp, person: &Person) -> i64 {
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM outbox WHERE account_id = $1")
        .bind(person.account.id.to_string())
        .fetch_one(app.parts.db.read())
        .await
        .expect("outbox");
    n
}

/// A fair whose recruiter is at the desk, and people in line.
async fn line_of(app: &TestApp, n: usize) -> (TestFair, Vec<(Person, Value)>) {
    let fair = app.fair().await;
    desk(&fair, &fair.recruiter).await;
    let mut people = Vec::new();
    for i in 0..n {
        let person = app.seeker(&format!("求职者{i}")).await;
        let place = join(&fair, &person).await;
        people.push((person, place));
    }
    (fair, people)
}

/// Lets time pass as it does, with people looking at their pages and the server at the lines.
async fn pass(app: &TestApp, fair: &TestFair, minutes: i64, looking: &[&Person]) {
    for _ in 0..minutes * 2 {
        app.clock.advance(30 * SECOND);
        app.parts.queue.look().await.expect("looked");
        for person in looking {
            place(fair, person).await;
        }
    }
}

#[tokio::test]
async fn people_line_up_are_called_both_accept_and_meet_in_a_call() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 3).await;
    assert_eq!(people.iter().map(|p| p.1["position"].as_i64()).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert_eq!(people[2].1["wait_minutes"], 20, "two before, ten minutes each as long as nobody knows better");
    let (status, after) = at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    assert_eq!((status, after["current"]["name"].as_str()), (200, Some("求职者0")));
    assert_eq!(at_desk(&fair, &fair.recruiter, "calls", json!({})).await.0, 409, "one at a time");
    let called = place(&fair, &people[0].0).await;
    assert_eq!((called["state"].as_str(), called["answer_in"].as_i64()), (Some("called"), Some(30)));
    let (status, talking) = act(&people[0].0, &called, "acceptances").await;
    assert_eq!((status, talking["state"].as_str()), (200, Some("talking")));
    let call = talking["call_url"].as_str().expect("call").to_owned();
    assert_eq!(desk(&fair, &fair.recruiter).await["current"]["call_url"].as_str(), Some(call.as_str()));
    for person in [&people[0].0, &fair.recruiter] {
        assert!(person.web.page(&call).await.contains("id=\"call\""));
        let (status, state) = send(&person.web, &call.replace("/call", "/presence"), json!({"mic": true})).await;
        assert_eq!((status, state["open"].as_bool()), (200, Some(true)));
    }
    assert_eq!(people[1].0.web.status(&call).await, 404, "nobody else's talk");
    pass(&app, &fair, 2, &[]).await;
    assert_eq!(at_desk(&fair, &fair.recruiter, "endings", json!({})).await.0, 200);
    assert_eq!(place(&fair, &people[0].0).await["state"], "served");
    let third = place(&fair, &people[2].0).await;
    assert_eq!((third["position"].as_i64(), third["wait_minutes"].as_i64()), (Some(2), Some(2)), "as long as the last one took");
    assert_eq!(people[0].0.web.status(&call).await, 303, "the call is over");
    let log = app.parts.accounts.audit_about(fair.fair.id, "interview.", 10).await.expect("log");
    let changes: Vec<_> = log.iter().rev().map(|e| (e.action.as_str(), e.actor)).collect();
    let recruiter = fair.recruiter.account.id;
    assert_eq!(changes, [("interview.walk-in", recruiter), ("interview.end", recruiter)]);
    let interview = call.split('/').nth(2).expect("id").parse().expect("id");
    let who: Vec<_> = app.parts.interviews.participants(interview).await.expect("people").iter().map(|p| p.person).collect();
    assert_eq!(who, [people[0].0.account.id, recruiter]);
    app.stop().await;
}

#[tokio::test]
async fn a_ticket_that_is_forged_foreign_replayed_or_old_opens_nothing() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 2).await;
    let (first, second) = (&people[0], &people[1]);
    let ticket = first.1["ticket"].as_str().expect("ticket");
    assert_eq!(first.0.web.form(&format!("/queue/{ticket}"), &[]).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(get(&first.0.web, &format!("/queue/{ticket}")).await.1["position"], 1);
    assert_eq!(get(&second.0.web, &format!("/queue/{ticket}")).await.0, 404, "foreign");
    assert_eq!(get(&app.stranger(), &format!("/queue/{ticket}")).await.0, 401);
    let parts: Vec<_> = ticket.split('.').collect();
    let other = second.1["ticket"].as_str().expect("ticket").split('.').collect::<Vec<_>>();
    let forged = [
        format!("{}.{}.{}", parts[0], parts[1].parse::<i64>().expect("time") + 1, parts[2]),
        format!("{}.{}.{}", other[0], parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", springbreeze::ids::PlaceId::new(), parts[1], parts[2]),
        "x".into(),
    ];
    for ticket in forged {
        assert_eq!(send(&first.0.web, &format!("/queue/{ticket}/departures"), json!({})).await.0, 404, "{ticket}");
    }
    assert_eq!(act(&first.0, &first.1, "departures").await.1["state"], "left");
    assert_eq!(act(&first.0, &first.1, "departures").await.0, 200, "again is no harm");
    for replayed in ["acceptances", "refusals", "call-backs"] {
        assert_eq!(act(&first.0, &first.1, replayed).await.0, 409, "{replayed}");
    }
    assert_eq!(place(&fair, &second.0).await["position"], 1);
    app.clock.advance(50 * HOUR);
    assert_eq!(act(&first.0, &first.1, "departures").await.0, 410, "old");
    assert_eq!(act(&second.0, &second.1, "departures").await.0, 200, "a place that is still open can be left");
    app.stop().await;
}

#[tokio::test]
async fn however_many_windows_a_person_has_one_place_and_a_recruiter_one_person() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 4).await;
    let eager = app.seeker("着急").await;
    let path = format!("/rooms/{}/queue", fair.booth.id);
    let answers = futures_util::future::join_all((0..10).map(|_| send(&eager.web, &path, json!({})))).await;
    let tickets: std::collections::BTreeSet<_> =
        answers.iter().filter(|a| a.0 == 201).map(|a| a.1["ticket"].as_str().expect("ticket").to_owned()).collect();
    assert_eq!(tickets.len(), 1, "{answers:?}");
    let colleague = app.person("同事", Grant::Recruiter(fair.employer.id)).await;
    desk(&fair, &colleague).await;
    let calls = (0..8).map(|i| at_desk(&fair, if i % 2 == 0 { &fair.recruiter } else { &colleague }, "calls", json!({})));
    let calls = futures_util::future::join_all(calls).await;
    assert_eq!(calls.iter().filter(|c| c.0 == 200).count(), 2, "{calls:?}");
    let names: std::collections::BTreeSet<_> =
        [desk(&fair, &fair.recruiter).await, desk(&fair, &colleague).await].iter().map(|d| d["current"]["name"].to_string()).collect();
    assert_eq!(names.len(), 2);
    assert_eq!(place(&fair, &people[2].0).await["position"], 1);
    app.stop().await;
}

#[tokio::test]
async fn at_an_opening_rush_everybody_gets_a_place_at_the_first_try() {
    let app = TestApp::start().await;
    let (fair, _) = line_of(&app, 0).await;
    let mut people = Vec::new();
    for i in 0..120 {
        people.push(app.seeker(&format!("求职者{i}")).await);
    }
    let places = futures_util::future::join_all(people.iter().map(|p| join(&fair, p))).await;
    let positions: std::collections::BTreeSet<_> = places.iter().map(|p| p["position"].as_i64().expect("waits")).collect();
    assert!(positions.contains(&120), "who came last sees all before them: {positions:?}");
    let mut order = Vec::new();
    for person in &people {
        order.push(place(&fair, person).await["position"].as_i64().expect("waits"));
    }
    order.sort_unstable();
    assert_eq!(order, (1..=120).collect::<Vec<_>>(), "each has their own");
    app.stop().await;
}

#[tokio::test]
async fn a_talk_that_both_have_left_or_that_the_seeker_ends_is_over() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 2).await;
    for (i, (person, _)) in people.iter().enumerate() {
        place(&fair, person).await;
        desk(&fair, &fair.recruiter).await;
        at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
        let called = place(&fair, person).await;
        let (_, talking) = act(person, &called, "acceptances").await;
        let url = talking["call_url"].as_str().expect("call").replace("/call", "");
        for who in [person, &fair.recruiter] {
            send(&who.web, &format!("{url}/presence"), json!({"mic": true})).await;
        }
        assert_eq!(send(&person.web, &format!("{url}/cancellations"), json!({"reason": "x"})).await.0, 409, "left, not cancelled");
        if i == 0 {
            pass(&app, &fair, 2, &[&people[1].0]).await;
            assert_eq!(place(&fair, person).await["state"], "talking", "a network may come back");
            pass(&app, &fair, 2, &[&people[1].0]).await;
        } else {
            assert_eq!(act(person, &called, "departures").await.0, 200);
        }
        assert_eq!(place(&fair, person).await["state"], "served");
        assert_eq!(get(&person.web, &url).await.1["state"], "done");
        assert!(desk(&fair, &fair.recruiter).await["current"].is_null());
    }
    app.stop().await;
}

#[tokio::test]
async fn nobody_is_called_at_two_booths_at_once() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 1).await;
    let (_, rival, rival_booth) = app.employer(&fair.fair, "宁波纺织厂").await;
    get(&rival.web, &format!("/rooms/{}/desk/state", rival_booth.id)).await;
    send(&people[0].0.web, &format!("/rooms/{}/queue", rival_booth.id), json!({})).await;
    let path = format!("/rooms/{}/desk/calls", rival_booth.id);
    let (here, there) = tokio::join!(at_desk(&fair, &fair.recruiter, "calls", json!({})), send(&rival.web, &path, json!({})));
    let mut statuses = [here.0, there.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{here:?} {there:?}");
    app.stop().await;
}

#[tokio::test]
async fn a_restart_and_a_long_outage_cost_nobody_a_place() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 3).await;
    pass(&app, &fair, 1, &[&people[0].0]).await;
    let clock = Clock::manual(app.clock.now() + 3 * HOUR);
    let data = app.stop().await;
    let app = TestApp::start_in(data, clock).await;
    app.parts.queue.look().await.expect("looked");
    for (i, (person, before)) in people.iter().enumerate() {
        let web = Web { origin: app.stranger().origin, ..person.web.clone() };
        let ticket = before["ticket"].as_str().expect("ticket");
        let (status, now) = get(&web, &format!("/queue/{ticket}")).await;
        assert_eq!((status, now["position"].as_i64(), now["note"].as_str()), (200, Some(i as i64 + 1), None), "{now}");
    }
    // And a clock that is set back.
    app.clock.advance(-5 * HOUR);
    app.parts.queue.look().await.expect("looked");
    let web = Web { origin: app.stranger().origin, ..people[2].0.web.clone() };
    assert_eq!(get(&web, &format!("/rooms/{}/queue/place", fair.booth.id)).await.1["position"], 3);
    app.stop().await;
}

#[tokio::test]
async fn who_is_away_for_long_moves_back_and_is_told_and_a_short_absence_costs_nothing() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 5).await;
    let others: Vec<_> = people[1..].iter().map(|p| &p.0).collect();
    pass(&app, &fair, 9, &others).await;
    desk(&fair, &fair.recruiter).await;
    assert_eq!(desk(&fair, &fair.recruiter).await["waiting"][0]["here"], false);
    assert_eq!(place(&fair, &people[0].0).await["position"], 1, "nine minutes are nothing");
    pass(&app, &fair, 10, &others).await;
    let back = place(&fair, &people[0].0).await;
    assert_eq!((back["position"].as_i64(), back["note"].as_str()), (Some(4), Some("away")));
    assert!(people[0].0.web.page(&format!("/rooms/{}/queue", fair.booth.id)).await.contains("banner-warn"), "and the page says it");
    pass(&app, &fair, 45, &others).await;
    assert_eq!(place(&fair, &people[0].0).await["state"], "lapsed");
    app.stop().await;
}

#[tokio::test]
async fn a_call_that_nobody_answers_goes_to_the_next() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 5).await;
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    let called = place(&fair, &people[0].0).await;
    app.clock.advance(31 * SECOND);
    assert_eq!(act(&people[0].0, &called, "acceptances").await.0, 409);
    let missed = place(&fair, &people[0].0).await;
    assert_eq!((missed["position"].as_i64(), missed["note"].as_str()), (Some(4), Some("missed")));
    for (person, _) in &people {
        place(&fair, person).await;
    }
    let (_, after) = at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    assert_eq!(after["current"]["name"], "求职者1");
    let second = place(&fair, &people[1].0).await;
    act(&people[1].0, &second, "refusals").await;
    assert_eq!(place(&fair, &people[1].0).await["note"], "put-off");
    app.stop().await;
}

#[tokio::test]
async fn a_free_recruiter_may_get_the_next_by_itself_and_must_accept_too() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 2).await;
    at_desk(&fair, &fair.recruiter, "settings", json!({"mode": "auto"})).await;
    let offered = desk(&fair, &fair.recruiter).await;
    assert_eq!((offered["current"]["state"].as_str(), offered["current"]["i_accepted"].as_bool()), (Some("called"), Some(false)));
    let called = place(&fair, &people[0].0).await;
    assert_eq!(act(&people[0].0, &called, "acceptances").await.1["state"], "called", "one is not both");
    app.clock.advance(31 * SECOND);
    let let_down = place(&fair, &people[0].0).await;
    assert_eq!(
        (let_down["position"].as_i64(), let_down["note"].as_str()),
        (Some(1), Some("let-down")),
        "the recruiter's fault costs nothing"
    );
    let desk_now = desk(&fair, &fair.recruiter).await;
    assert_eq!((desk_now["paused"].as_bool(), desk_now["current"].is_null()), (Some(true), true), "and the desk pauses");
    at_desk(&fair, &fair.recruiter, "settings", json!({"mode": "auto"})).await;
    desk(&fair, &fair.recruiter).await;
    let called = place(&fair, &people[0].0).await;
    act(&people[0].0, &called, "acceptances").await;
    let (_, both) = at_desk(&fair, &fair.recruiter, "acceptances", json!({})).await;
    assert_eq!(both["current"]["state"], "talking");
    app.stop().await;
}

#[tokio::test]
async fn an_empty_booth_says_so_and_calls_back_instead() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 1).await;
    pass(&app, &fair, 2, &[&people[0].0]).await;
    let kept = place(&fair, &people[0].0).await;
    assert_eq!((kept["attended"].as_bool(), kept["position"].as_i64(), kept["wait_minutes"].as_i64()), (Some(false), Some(1), None));
    let seeker = app.seeker("回头").await;
    let path = format!("/rooms/{}/queue", fair.booth.id);
    let (status, problem) = send(&seeker.web, &path, json!({})).await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("queue-unattended")));
    assert!(seeker.web.page(&path).await.contains("name=\"call_back\""));
    assert!(app.stranger().page(&format!("/rooms/{}", fair.booth.id)).await.contains("id=\"line\""));
    let guest = app.stranger();
    guest.form("/guest", &[("name", "老张")]).await;
    assert_eq!(send(&guest, &path, json!({"call_back": "1"})).await.0, 403, "nobody could reach a guest");
    assert_eq!(send(&seeker.web, &path, json!({"call_back": "1"})).await.1["state"], "call-back");
    let listed = desk(&fair, &fair.recruiter).await;
    let id = listed["call_backs"][0]["id"].clone();
    let (status, after) = at_desk(&fair, &fair.recruiter, "call-backs", json!({"place": id})).await;
    assert_eq!((status, after["waiting"][0]["name"].as_str()), (200, Some("回头")));
    assert_eq!(told(&app, &seeker).await, 1, "and they are told");
    assert_eq!(place(&fair, &seeker).await["note"], "called-back");
    app.stop().await;
}

#[tokio::test]
async fn a_recruiter_hands_on_to_a_colleague_or_to_the_head_of_another_booths_line() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 2).await;
    let (_, rival, rival_booth) = app.employer(&fair.fair, "宁波纺织厂").await;
    let colleague = app.person("同事", Grant::Recruiter(fair.employer.id)).await;
    desk(&fair, &colleague).await;
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    let called = place(&fair, &people[0].0).await;
    act(&people[0].0, &called, "acceptances").await;
    let foreign = json!({"to": format!("colleague:{}", rival.account.id)});
    assert_eq!(at_desk(&fair, &fair.recruiter, "hand-offs", foreign).await.0, 404, "not a colleague");
    let to = json!({"to": format!("colleague:{}", colleague.account.id)});
    let (status, after) = at_desk(&fair, &fair.recruiter, "hand-offs", to).await;
    assert_eq!((status, after["waiting"][0]["kept_for"].as_str()), (200, Some("同事")));
    let waits = place(&fair, &people[0].0).await;
    assert_eq!((waits["position"].as_i64(), waits["kept_for"].as_str()), (Some(1), Some("同事")), "{waits}");
    let page = people[0].0.web.page(&format!("/rooms/{}/queue", fair.booth.id)).await;
    assert!(page.contains("转给了同事同事，您排在最前面"), "the seeker reads by whom they are called");
    let page = colleague.web.page(&format!("/rooms/{}/desk", fair.booth.id)).await;
    assert!(page.contains("转给您的") && page.contains("data-handed-name=\"求职者0\""), "the colleague sees who comes");
    let (_, theirs) = at_desk(&fair, &colleague, "calls", json!({})).await;
    assert_eq!(theirs["current"]["name"], "求职者0");
    let called = place(&fair, &people[0].0).await;
    act(&people[0].0, &called, "acceptances").await;
    let waits_there = app.seeker("早到").await;
    get(&rival.web, &format!("/rooms/{}/desk/state", rival_booth.id)).await;
    send(&waits_there.web, &format!("/rooms/{}/queue", rival_booth.id), json!({})).await;
    at_desk(&fair, &colleague, "endings", json!({})).await;
    let away = json!({"to": format!("booth:{}", rival_booth.id)});
    assert_eq!(at_desk(&fair, &colleague, "hand-offs", away).await.0, 200, "also just after the talk");
    let (_, there) = get(&people[0].0.web, &format!("/rooms/{}/queue/place", rival_booth.id)).await;
    assert_eq!((there["position"].as_i64(), there["note"].as_str()), (Some(1), Some("handed-over")));
    assert!(there["kept_for"].is_null(), "whoever is free takes them: {there}");
    let page = people[0].0.web.page(&format!("/rooms/{}/queue", rival_booth.id)).await;
    assert!(page.contains("转到了这个展位，您排在最前面"));
    let page = rival.web.page(&format!("/rooms/{}/desk", rival_booth.id)).await;
    assert!(page.contains("转过来的"), "and are seen to come from elsewhere");
    assert_eq!(told(&app, &people[0].0).await, 1, "and a message says where");
    let old = people[0].0.web.get(&format!("/rooms/{}/queue", fair.booth.id)).send().await.expect("response");
    let to = old.headers()["location"].to_str().expect("path");
    assert_eq!(to, format!("/rooms/{}/queue", rival_booth.id), "the old page leads to the new place");
    app.stop().await;
}

#[tokio::test]
async fn a_guest_lines_up_by_name_alone_and_without_scripts() {
    let app = TestApp::start().await;
    let (fair, _) = line_of(&app, 0).await;
    let posting = post(&app, &fair, content("操作工"), PostingState::Live).await;
    let guest = app.stranger();
    let path = format!("/rooms/{}/queue", fair.booth.id);
    assert!(guest.page(&path).await.contains("action=\"/guest\""));
    guest.form("/guest", &[("name", "老张"), ("next", &path)]).await;
    let joined = guest.form(&path, &[("posting_id", &posting.id.to_string())]).await;
    assert_eq!(joined.status(), StatusCode::SEE_OTHER);
    let page = guest.page(&path).await;
    assert!(page.contains("http-equiv=\"refresh\"") && page.contains("操作工"));
    assert_eq!(fair.recruiter.web.form(&format!("/rooms/{}/desk/calls", fair.booth.id), &[]).await.status(), StatusCode::SEE_OTHER);
    let again = fair.recruiter.web.form(&format!("/rooms/{}/desk/calls", fair.booth.id), &[]).await;
    let to = again.headers()["location"].to_str().expect("path").to_owned();
    assert_eq!((again.status(), to), (StatusCode::SEE_OTHER, format!("/rooms/{}/desk", fair.booth.id)), "no error page for a second tap");
    let page = guest.page(&path).await;
    let accept = page.split("action=\"").find(|p| p.contains("/acceptances\"")).expect("a form").split('"').next().expect("path");
    let into = guest.form(accept, &[]).await;
    let call = into.headers()["location"].to_str().expect("path").to_owned();
    assert!(guest.page(&call).await.contains("id=\"call\""));
    assert!(fair.recruiter.web.page(&format!("/rooms/{}/desk", fair.booth.id)).await.contains(&call));
    assert!(fair.recruiter.web.page(call.trim_end_matches("/call")).await.contains("/desk"), "the way back to the line");
    app.stop().await;
}

#[tokio::test]
async fn only_recruiters_of_the_booth_have_its_desk_and_nobody_lines_up_where_it_makes_no_sense() {
    let app = TestApp::start().await;
    let (fair, _) = line_of(&app, 0).await;
    let (_, rival, _) = app.employer(&fair.fair, "宁波纺织厂").await;
    let seeker = app.seeker("王芳").await;
    let path = format!("/rooms/{}/desk/state", fair.booth.id);
    for (who, wanted) in [(&fair.organiser, 404), (&rival, 404), (&seeker, 404), (&fair.recruiter, 200)] {
        assert_eq!(get(&who.web, &path).await.0, wanted);
    }
    assert_eq!(get(&app.stranger(), &path).await.0, 401);
    assert_eq!(send(&seeker.web, &format!("/rooms/{}/queue", fair.hall.id), json!({})).await.0, 404, "a hall has no line");
    assert_eq!(send(&app.stranger(), &format!("/rooms/{}/queue", fair.booth.id), json!({})).await.0, 401);
    assert_eq!(send(&fair.recruiter.web, &format!("/rooms/{}/queue", fair.booth.id), json!({})).await.0, 403, "one's own booth");
    let draft = post(&app, &fair, content("草稿"), PostingState::Draft).await;
    assert_eq!(send(&seeker.web, &format!("/rooms/{}/queue", fair.booth.id), json!({"posting_id": draft.id})).await.0, 404);
    for (what, body) in [("acceptances", json!({})), ("refusals", json!({})), ("endings", json!({})), ("continuations", json!({}))] {
        assert_eq!(at_desk(&fair, &fair.recruiter, what, body).await.0, 409, "{what}");
    }
    assert_eq!(at_desk(&fair, &fair.recruiter, "hand-offs", json!({"to": "nobody"})).await.0, 404);
    assert_eq!(at_desk(&fair, &fair.recruiter, "settings", json!({"mode": "x"})).await.0, 400);
    fair.organiser.web.form(&format!("/rooms/{}/closed", fair.booth.id), &[("closed", "true")]).await;
    assert_eq!(send(&seeker.web, &format!("/rooms/{}/queue", fair.booth.id), json!({})).await.0, 403);
    app.stop().await;
}

#[tokio::test]
async fn a_talk_goes_on_while_nobody_waits_and_a_side_that_does_not_come_frees_the_other() {
    let app = TestApp::start().await;
    assert_eq!(app.clock.now(), NOON);
    let (fair, people) = line_of(&app, 1).await;
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    let called = place(&fair, &people[0].0).await;
    let (_, talking) = act(&people[0].0, &called, "acceptances").await;
    let url = talking["call_url"].as_str().expect("call").replace("/call", "");
    let beat = async |who: &Person| send(&who.web, &format!("{url}/presence"), json!({"mic": true})).await;
    let until = beat(&fair.recruiter).await.1["ends_at"].as_i64().expect("time");
    beat(&people[0].0).await;
    let talk = async |minutes: i64| {
        for _ in 0..minutes {
            pass(&app, &fair, 1, &[]).await;
            beat(&people[0].0).await;
            app.parts.queue.look().await.expect("looked");
        }
    };
    talk(15).await;
    assert_eq!(beat(&people[0].0).await.1["ends_at"].as_i64(), Some(until + 5 * MINUTE), "lengthened by itself");
    let next = app.seeker("下一位").await;
    join(&fair, &next).await;
    talk(5).await;
    place(&fair, &next).await;
    assert_eq!(
        beat(&people[0].0).await.1["ends_at"].as_i64(),
        Some(until + 5 * MINUTE),
        "somebody waits: the two decide, and nothing is cut"
    );
    at_desk(&fair, &fair.recruiter, "endings", json!({})).await;
    assert_eq!(at_desk(&fair, &fair.recruiter, "continuations", json!({})).await.1["current"]["name"], "求职者0", "one tap goes on");
    at_desk(&fair, &fair.recruiter, "refusals", json!({})).await;
    act(&people[0].0, &place(&fair, &people[0].0).await, "departures").await;
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    let called = place(&fair, &next).await;
    let (_, talking) = act(&next, &called, "acceptances").await;
    send(&next.web, &talking["call_url"].as_str().expect("call").replace("/call", "/presence"), json!({})).await;
    pass(&app, &fair, 2, &[]).await;
    let back = place(&fair, &next).await;
    assert_eq!((back["state"].as_str(), back["note"].as_str()), (Some("waiting"), Some("let-down")), "the recruiter did not come");
    app.stop().await;
}
