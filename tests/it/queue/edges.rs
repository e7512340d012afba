//! Who is kept out of a line, and what disorder, long absences and closed doors do to it.

use super::*;

#[tokio::test]
async fn whoever_is_blocked_neither_lines_up_nor_is_called_back_nor_handed_over() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 1).await;
    let (_, rival, there) = app.employer(&fair.fair, "宁波纺织厂").await;
    let (person, block) = (&people[0].0, json!({"account": people[0].0.account.id, "reason": "骚扰"}));
    assert_eq!(send(&rival.web, &format!("/rooms/{}/blocks", there.id), block.clone()).await.0, 201);
    let path = format!("/rooms/{}/queue", there.id);
    assert_eq!(send(&person.web, &path, json!({"call_back": "1"})).await.0, 403);
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    let called = place(&fair, person).await;
    assert_eq!(act(person, &called, "acceptances").await.1["state"], "talking");
    for (to, wanted) in [(there.id, 403), (fair.booth.id, 404)] {
        assert_eq!(at_desk(&fair, &fair.recruiter, "hand-offs", json!({"to": format!("booth:{to}")})).await.0, wanted);
        assert_eq!(desk(&fair, &fair.recruiter).await["current"]["state"], "talking", "and the talk goes on");
    }
    at_desk(&fair, &fair.recruiter, "endings", json!({})).await;
    join(&fair, person).await;
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    let called = place(&fair, person).await;
    assert_eq!(send(&fair.recruiter.web, &format!("/rooms/{}/blocks", fair.booth.id), block).await.0, 201);
    for what in ["acceptances", "call-backs"] {
        assert_eq!(act(person, &called, what).await.0, 403, "{what}");
    }
    assert_eq!(act(person, &called, "departures").await.0, 200, "leaving is open to all");
    assert_eq!(send(&person.web, &format!("/rooms/{}/queue", fair.booth.id), json!({})).await.0, 403);
    app.stop().await;
}

#[tokio::test]
async fn what_has_ended_does_not_fill_a_line() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 1).await;
    for _ in 0..500 {
        sqlx::query(
            "INSERT INTO queue_places (id, room_id, seeker_id, topic_zh, topic_en, state, place_rank, joined_at, seen_at, grace_from, moves, \
             note, seeker_ok, recruiter_ok, ended_at) VALUES ($1, $2, $3, '', '', 'lapsed', 0, $4, $4, $4, 4, '', 0, 0, $4)",
        )
        .bind(springbreeze::ids::PlaceId::new().to_string())
        .bind(fair.booth.id.to_string())
        .bind(people[0].0.account.id.to_string())
        .bind(app.clock.now())
        .execute(app.parts.db.write())
        .await
        .expect("row");
    }
    app.clock.advance(2 * SECOND);
    assert_eq!(join(&fair, &app.seeker("后来").await).await["position"], 2);
    app.stop().await;
}

#[tokio::test]
async fn who_is_called_back_after_days_can_still_come() {
    let app = TestApp::start().await;
    let (fair, _) = line_of(&app, 0).await;
    let seeker = app.seeker("回头").await;
    let (_, asked) = send(&seeker.web, &format!("/rooms/{}/queue", fair.booth.id), json!({"call_back": "1"})).await;
    app.clock.advance(60 * HOUR);
    let id = desk(&fair, &fair.recruiter).await["call_backs"][0]["id"].clone();
    assert_eq!(at_desk(&fair, &fair.recruiter, "call-backs", json!({"place": id})).await.0, 200);
    let ticket = asked["ticket"].as_str().expect("ticket");
    assert_eq!(get(&seeker.web, &format!("/queue/{ticket}")).await.1["position"], 1);
    assert_eq!(at_desk(&fair, &fair.recruiter, "calls", json!({})).await.0, 200);
    assert_eq!(act(&seeker, &asked, "acceptances").await.1["state"], "talking");
    app.stop().await;
}

async fn seen(app: &TestApp) -> (i64, i64) {
    let sql = "SELECT (SELECT MAX(seen_at) FROM queue_places), (SELECT MAX(seen_at) FROM queue_desks)";
    sqlx::query_as(sql).fetch_one(app.parts.db.read()).await.expect("times")
}

#[tokio::test]
async fn a_little_disorder_of_time_moves_nothing_and_a_clock_set_back_takes_all_along() {
    let app = TestApp::start().await;
    let (_fair, _people) = line_of(&app, 1).await;
    app.parts.queue.look().await.expect("looked");
    let before = seen(&app).await;
    app.clock.advance(-5);
    app.parts.queue.look().await.expect("looked");
    assert_eq!(seen(&app).await, before);
    app.clock.advance(-2 * HOUR);
    app.parts.queue.look().await.expect("looked");
    let after = seen(&app).await;
    assert!(after.0 <= app.clock.now() + MINUTE && after.1 <= app.clock.now() + MINUTE, "{before:?} {after:?}");
    app.stop().await;
}

#[tokio::test]
async fn a_closed_room_holds_no_talks() {
    let app = TestApp::start().await;
    let (fair, people) = line_of(&app, 2).await;
    at_desk(&fair, &fair.recruiter, "calls", json!({})).await;
    let called = place(&fair, &people[0].0).await;
    fair.organiser.web.form(&format!("/rooms/{}/closed", fair.booth.id), &[("closed", "true")]).await;
    app.clock.advance(2 * SECOND);
    assert_eq!(act(&people[0].0, &called, "acceptances").await.0, 403);
    for what in ["calls", "acceptances", "continuations"] {
        assert_eq!(at_desk(&fair, &fair.recruiter, what, json!({})).await.0, 403, "{what}");
    }
    at_desk(&fair, &fair.recruiter, "refusals", json!({})).await;
    at_desk(&fair, &fair.recruiter, "settings", json!({"mode": "auto"})).await;
    assert!(desk(&fair, &fair.recruiter).await["current"].is_null());
    app.stop().await;
}
