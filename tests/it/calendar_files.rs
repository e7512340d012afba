//! Every kind of calendar file, as a library of somebody else's reads it (`icalendar` of PyPI); what calendar programs answer; the calendar to
//! subscribe to. `SPRINGBREEZE_PYTHON` names a Python that has the library; without, those tests say so and are skipped.

use crate::decoders::{Peer, python};
use crate::harness::{NOON, Person, TestApp, TestFair};
use crate::interviews::{booked, cancel, offer};
use crate::outbox::{Sink, free_port, start};
use crate::telling::letters;
use crate::wish::until;
use serde_json::{Value, json};
use springbreeze::clock::{DAY, HOUR, MINUTE, SECOND};
use springbreeze::i18n::Lang;
use std::io::Write;
use std::process::{Command, Stdio};

/// What the library reads in files and mails; none without the library.
fn read(files: &[String], mails: &[String]) -> Option<Value> {
    let mut command = Command::new(python()?);
    let mut peer = command.arg(Peer::path("ical.py")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python");
    let asked = json!({"files": files, "mails": mails}).to_string();
    peer.stdin.take().expect("stdin").write_all(asked.as_bytes()).expect("asked");
    let answer = peer.wait_with_output().expect("answer");
    assert!(answer.status.success(), "the library takes what we write");
    Some(serde_json::from_slice(&answer.stdout).expect("json"))
}

/// The file that somebody can download.
async fn download(person: &Person, interview: &str) -> String {
    let answer = person.web.get(&format!("/interviews/{interview}.ics")).send().await.expect("response");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"text/calendar; charset=utf-8".parse().expect("type"))
    );
    answer.text().await.expect("file")
}

#[tokio::test]
async fn another_library_reads_every_kind_of_file_and_what_it_reads_belongs_together() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王\"芳; 小,\n芳").await;
    let interview = booked(&seeker, &slots[0]).await;
    let before = download(&seeker, &interview).await;
    app.clock.advance(10 * SECOND);
    assert_eq!(download(&seeker, &interview).await, before, "the same file as long as nothing changes");
    until("both are told", async || letters(&app, &fair.recruiter).await.len() == 1 && letters(&app, &seeker).await.len() == 1).await;
    app.clock.advance(10 * MINUTE);
    assert_eq!(cancel(&seeker, &interview, json!({"reason": "临时加班"})).await, 200);
    until("both are told again", async || letters(&app, &fair.recruiter).await.len() == 2 && letters(&app, &seeker).await.len() == 2).await;
    let mut files = vec![before, download(&seeker, &interview).await];
    for person in [&seeker, &fair.recruiter] {
        files.extend(letters(&app, person).await.iter().map(|letter| letter["calendar"].as_str().expect("calendar").to_owned()));
    }
    let Some(found) = read(&files, &[]) else { return };
    let method = |n: usize| found["files"][n]["method"].clone();
    let event = |n: usize| found["files"][n]["events"][0].clone();
    assert_eq!([0, 1].map(method), [Value::Null, Value::Null], "a download asks for nothing");
    for (request, cancel) in [(2, 3), (4, 5)] {
        assert_eq!([request, cancel].map(method), [json!("REQUEST"), json!("CANCEL")]);
        assert!(event(cancel)["sequence"].as_i64() > event(request)["sequence"].as_i64());
        assert_eq!([request, cancel].map(|n| event(n)["status"].clone()), [json!("CONFIRMED"), json!("CANCELLED")]);
        assert_eq!([request, cancel].map(|n| event(n)["alarms"].clone()), [json!(["DISPLAY"]), json!([])]);
    }
    for n in 0..files.len() {
        assert_eq!(event(n)["uid"], format!("{interview}@springbreeze"), "one UID in all");
        assert_eq!((&event(n)["starts"], &event(n)["ends"]), (&json!(NOON + HOUR), &json!(NOON + HOUR + 15 * MINUTE)));
        assert_eq!(event(n)["organizer"], "mailto:noreply@localhost");
        let cancelled = event(n)["sequence"] == 1;
        let changed = if cancelled { NOON + 10 * MINUTE + 10 * SECOND } else { NOON };
        assert_eq!((&event(n)["stamp"], &event(n)["modified"]), (&json!(changed), &json!(changed)), "the time of the change");
    }
    assert_eq!(event(0)["attendee"], format!("mailto:{}@example.com", seeker.account.id));
    assert!(event(4)["summary"].as_str().expect("summary").contains("芳"), "{}", event(4)["summary"]);
    app.stop().await;
}

/// Moves an interview as one of its sides.
async fn moved(person: &Person, interview: &str, slot: &str) {
    let answer = person.web.json(&format!("/interviews/{interview}/moves"), json!({"slot": slot, "reason": "堵车了"})).await;
    assert_eq!(answer.status().as_u16(), 200);
}

#[tokio::test]
async fn a_moved_interview_is_asked_for_anew_and_every_file_of_it_is_read_by_another_library() {
    let port = free_port();
    let sink = Sink::open(port).await;
    let app = start(|config| {
        if sink.is_some() {
            config.smtp = format!("smtp://127.0.0.1:{port}");
        }
    })
    .await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let interview = booked(&seeker, &slots[0]).await;
    let mut files = vec![download(&seeker, &interview).await];
    let told = async |count: usize| {
        until("both are told", async || letters(&app, &fair.recruiter).await.len() == count && letters(&app, &seeker).await.len() == count)
            .await;
    };
    told(1).await;
    app.clock.advance(10 * MINUTE);
    moved(&seeker, &interview, &slots[2]).await;
    told(2).await;
    files.push(download(&seeker, &interview).await);
    app.clock.advance(10 * MINUTE);
    moved(&fair.recruiter, &interview, &slots[3]).await;
    told(3).await;
    files.push(download(&fair.recruiter, &interview).await);
    let subscribed = fetch(&app, &feed(&seeker).await, None).await.text().await.expect("text");
    app.clock.advance(10 * MINUTE);
    assert_eq!(cancel(&seeker, &interview, json!({"reason": "不去了"})).await, 200);
    told(4).await;
    for person in [&seeker, &fair.recruiter] {
        files.extend(letters(&app, person).await.iter().map(|letter| letter["calendar"].as_str().expect("calendar").to_owned()));
    }
    files.push(subscribed);
    let mails = match &sink {
        Some(sink) => {
            until("all mails arrive", async || sink.mails().len() == 8).await;
            sink.mails()
        }
        None => Vec::new(),
    };
    let Some(found) = read(&files, &mails) else { return };
    let start = |sequence: i64| NOON + HOUR + [0, 30, 45, 45][usize::try_from(sequence).expect("sequence")] * MINUTE;
    let check = |calendar: &Value, sequence: i64, method: Option<&str>| {
        let event = &calendar["events"][0];
        assert_eq!((&calendar["method"], &event["sequence"]), (&json!(method), &json!(sequence)), "{calendar}");
        assert_eq!(event["uid"], format!("{interview}@springbreeze"), "the same event for good");
        assert_eq!((&event["starts"], &event["ends"]), (&json!(start(sequence)), &json!(start(sequence) + 15 * MINUTE)));
        assert_eq!(event["stamp"], json!(NOON + sequence * 10 * MINUTE), "the time of the change");
        let cancelled = sequence == 3;
        assert_eq!(event["status"], if cancelled { "CANCELLED" } else { "CONFIRMED" });
        assert_eq!(event["alarms"], if cancelled { json!([]) } else { json!(["DISPLAY"]) });
    };
    let calendars = found["files"].as_array().expect("files");
    (0..3).for_each(|n| check(&calendars[n], n as i64, None));
    let asked = [(0, "REQUEST"), (1, "REQUEST"), (2, "REQUEST"), (3, "CANCEL")];
    for (n, (sequence, method)) in asked.iter().chain(&asked).enumerate() {
        check(&calendars[3 + n], *sequence, Some(method));
    }
    check(&calendars[11], 2, None);
    for mail in found["mails"].as_array().expect("mails") {
        let (inline, calendar) = (&mail["inline"], &mail["inline"]["calendar"]);
        let sequence = calendar["events"][0]["sequence"].as_i64().expect("sequence");
        check(calendar, sequence, Some(asked[usize::try_from(sequence).expect("sequence")].1));
        assert_eq!((&inline["method"], calendar), (&calendar["method"], &mail["attached"]["calendar"]), "head, file and attachment agree");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_calendar_that_answers_what_was_before_a_move_is_refused() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let interview = booked(&seeker, &slots[0]).await;
    let uid = format!("{interview}@springbreeze");
    let answer = async |sequence: i64, state: &str| reply(&seeker, &interview, &uid, sequence, state).await;
    assert_eq!(answer(0, "ACCEPTED").await.status().as_u16(), 204);
    moved(&fair.recruiter, &interview, &slots[2]).await;
    for state in ["DECLINED", "ACCEPTED", "TENTATIVE"] {
        let old = answer(0, state).await;
        assert_eq!(old.status().as_u16(), 409, "{state}");
        assert_eq!(old.json::<Value>().await.expect("json")["code"], "telling-reply-old");
    }
    let notices = app.parts.notify.shown_to(seeker.account.id).await.expect("notices");
    assert!(notices.iter().all(|notice| !notice.title.contains("您的日历拒绝了")), "nobody is asked about it: {notices:?}");
    assert_eq!(answer(1, "ACCEPTED").await.status().as_u16(), 204);
    assert_eq!(answer(1, "DECLINED").await.status().as_u16(), 202);
    moved(&seeker, &interview, &slots[3]).await;
    assert_eq!(answer(1, "DECLINED").await.status().as_u16(), 409, "it is another time again");
    let now: Value = seeker
        .web
        .client
        .get(seeker.web.url(&format!("/interviews/{interview}")))
        .send()
        .await
        .expect("response")
        .json()
        .await
        .expect("json");
    assert_eq!((&now["state"], &now["starts_at"]), (&json!("booked"), &json!("2027-02-20T02:45:00Z")));
    app.stop().await;
}

#[tokio::test]
async fn a_mail_says_in_its_head_and_in_its_file_what_it_asks_for() {
    let port = free_port();
    let Some(sink) = Sink::open(port).await else { return };
    let app = start(|config| {
        config.smtp = format!("smtp://127.0.0.1:{port}");
        config.mail_reply = "面试 <replies@fair.example>".into();
    })
    .await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("METHOD:CANCEL").await;
    let interview = booked(&seeker, &slots[0]).await;
    until("both get a mail", async || sink.mails().len() == 2).await;
    assert_eq!(cancel(&fair.recruiter, &interview, json!({"reason": "METHOD:REQUEST"})).await, 200);
    until("both get another", async || sink.mails().len() == 4).await;
    let found = read(&[], &sink.mails()).expect("a library");
    let mails = found["mails"].as_array().expect("mails");
    for mail in mails {
        assert_eq!(mail["parts"], json!(["multipart/mixed", "multipart/alternative", "text/plain", "text/calendar", "application/ics"]));
        let (inline, attached) = (&mail["inline"], &mail["attached"]);
        assert_eq!(inline["method"], inline["calendar"]["method"], "head and file agree");
        assert_eq!(inline["calendar"], attached["calendar"]);
        assert_eq!(attached["name"], "interview.ics");
        assert!(mail["reply_to"].as_str().expect("address").contains("replies@fair.example"));
        assert_eq!(inline["calendar"]["events"][0]["organizer"], "mailto:replies@fair.example");
    }
    let methods: Vec<&Value> = mails.iter().map(|mail| &mail["inline"]["method"]).collect();
    assert_eq!(methods.iter().filter(|method| ***method == "CANCEL").count(), 2);
    app.stop().await;
}

#[tokio::test]
async fn an_interview_from_before_keeps_the_uid_that_calendars_know() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let (seeker, other) = (app.seeker("王芳").await, app.seeker("李雷").await);
    let old = booked(&seeker, &slots[0]).await;
    // As the database was before: the migration runs again.
    for sql in ["DROP TABLE interview_calendar", "DROP TABLE calendar_feeds", "DELETE FROM _sqlx_migrations WHERE version = 123"] {
        sqlx::query(sql).execute(app.parts.db.write()).await.expect("as it was");
    }
    let TestApp { app: server, clock, data, .. } = app;
    server.stop().await;
    let app = TestApp::start_in(data, clock).await;
    let again = async |person: &Person| {
        let account = app.parts.accounts.account(person.account.id).await.expect("account").expect("known");
        app.sign_in(account).await
    };
    let (seeker, other) = (again(&seeker).await, again(&other).await);
    let new = booked(&other, &slots[1]).await;
    assert!(download(&seeker, &old).await.contains(&format!("UID:{old}@localhost")));
    assert!(download(&other, &new).await.replace("\r\n ", "").contains(&format!("UID:{new}@springbreeze")));
    assert_eq!(cancel(&seeker, &old, json!({"reason": "不去了"})).await, 200);
    assert!(download(&seeker, &old).await.contains(&format!("UID:{old}@localhost")), "so that the cancellation meets it");
    app.stop().await;
}

/// What a calendar program says for somebody.
async fn reply(person: &Person, interview: &str, uid: &str, sequence: i64, state: &str) -> reqwest::Response {
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nSEQUENCE:{sequence}\r\nATTENDEE;PARTSTAT={state}:mailto:a@b.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let request = person.web.post(&format!("/interviews/{interview}/replies")).header("content-type", "text/calendar; method=REPLY");
    request.body(text).send().await.expect("response")
}

#[tokio::test]
async fn an_answer_of_a_calendar_cancels_nothing_by_itself_and_an_old_one_is_refused() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let (seeker, other) = (app.seeker("王芳").await, app.seeker("李雷").await);
    let interview = booked(&seeker, &slots[0]).await;
    let uid = format!("{interview}@springbreeze");
    let status = async |person: &Person, uid: &str, sequence: i64, state: &str| {
        reply(person, &interview, uid, sequence, state).await.status().as_u16()
    };
    assert_eq!(status(&seeker, &uid, 0, "ACCEPTED").await, 204);
    assert_eq!(status(&other, &uid, 0, "DECLINED").await, 404, "somebody else's");
    assert_eq!(status(&seeker, "other@springbreeze", 0, "DECLINED").await, 422);
    let declined = reply(&seeker, &interview, &uid, 0, "DECLINED").await;
    assert_eq!(declined.status().as_u16(), 202);
    assert_eq!(declined.json::<Value>().await.expect("json")["confirm_url"], format!("/interviews/{interview}"));
    let shown = app.parts.notify.shown_to(seeker.account.id).await.expect("notices");
    // That it was booked is told on its own time, before or after.
    let link = format!("/interviews/{interview}");
    assert!(shown.iter().any(|notice| notice.title.contains("您的日历拒绝了") && notice.link == link), "{shown:?}");
    let state = async || {
        let answer = seeker.web.client.get(seeker.web.url(&format!("/interviews/{interview}"))).send().await.expect("response");
        answer.json::<Value>().await.expect("json")["state"].clone()
    };
    assert_eq!(state().await, "booked", "only the person cancels");
    assert_eq!(cancel(&seeker, &interview, json!({"reason": "不去了"})).await, 200);
    let old = reply(&seeker, &interview, &uid, 0, "ACCEPTED").await;
    assert_eq!(old.status().as_u16(), 409);
    assert_eq!(old.json::<Value>().await.expect("json")["code"], "telling-reply-old");
    assert_eq!(state().await, "cancelled");
    let wrong = seeker.web.post(&format!("/interviews/{interview}/replies")).body("BEGIN:VCALENDAR").send().await.expect("response");
    assert_eq!(wrong.status().as_u16(), 415);
    app.stop().await;
}

#[tokio::test]
async fn whoever_came_by_a_line_gets_a_file_too() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (guest, queue) = (app.stranger(), format!("/rooms/{}/queue", fair.booth.id));
    fair.recruiter.web.page(&format!("/rooms/{}/desk", fair.booth.id)).await;
    guest.form("/guest", &[("name", "老张"), ("next", &queue)]).await;
    guest.form(&queue, &[]).await;
    fair.recruiter.web.form(&format!("/rooms/{}/desk/calls", fair.booth.id), &[]).await;
    let page = guest.page(&queue).await;
    let accept = page.split("action=\"").find(|p| p.contains("/acceptances\"")).expect("a form").split('"').next().expect("path");
    let call = guest.form(accept, &[]).await.headers()["location"].to_str().expect("path").to_owned();
    let answer = guest.get(&format!("{}/calendar.ics", call.trim_end_matches("/call"))).send().await.expect("response");
    assert_eq!(answer.status().as_u16(), 200);
    let file = answer.text().await.expect("file");
    assert!(file.contains("BEGIN:VEVENT") && !file.contains("METHOD"), "{file}");
    app.stop().await;
}

/// The address of somebody's calendar, made or renewed.
async fn feed(person: &Person) -> String {
    let answer = person.web.json("/me/calendar", json!({})).await;
    assert_eq!(answer.status().as_u16(), 201);
    let url = answer.json::<Value>().await.expect("json")["url"].as_str().expect("url").to_owned();
    url.split_once("/calendar/").map(|(_, rest)| format!("/calendar/{rest}")).expect("path")
}

async fn fetch(app: &TestApp, path: &str, etag: Option<&str>) -> reqwest::Response {
    let request = app.stranger().get(path);
    match etag {
        Some(etag) => request.header("if-none-match", etag),
        None => request,
    }
    .send()
    .await
    .expect("response")
}

#[tokio::test]
async fn a_calendar_to_subscribe_to_holds_both_parts_and_its_address_can_be_renewed() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (employer, foreign, booth) = app.employer(&fair.fair, "宁波港").await;
    let other = TestFair { employer, booth, recruiter: foreign, ..fair };
    let fair = &other;
    let slots = offer(fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    // Seeks, and recruits for somebody else.
    let both = app.seeker("李雷").await;
    app.parts
        .accounts
        .grant(both.account.id, springbreeze::accounts::Grant::Recruiter(app.employer(&fair.fair, "制衣厂").await.0.id))
        .await
        .expect("grant");
    let (first, second) = (booked(&seeker, &slots[0]).await, booked(&both, &slots[1]).await);
    let path = feed(&fair.recruiter).await;
    let answer = fetch(&app, &path, None).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().expect("type")), (200, "text/calendar; charset=utf-8"));
    let etag = answer.headers()["etag"].to_str().expect("etag").to_owned();
    let text = answer.text().await.expect("text");
    let unfolded = text.replace("\r\n ", "");
    assert!(unfolded.contains(&first) && unfolded.contains(&second) && !unfolded.contains("METHOD"), "{unfolded}");
    if let Some(found) = read(&[text], &[]) {
        assert_eq!(found["files"][0]["events"].as_array().expect("events").len(), 2);
    }
    app.clock.advance(HOUR / 2);
    assert_eq!(fetch(&app, &path, Some(&etag)).await.status().as_u16(), 304);
    assert_eq!(cancel(&seeker, &first, json!({"reason": "不去了"})).await, 200);
    let changed = fetch(&app, &path, Some(&etag)).await;
    assert_eq!(changed.status().as_u16(), 200);
    assert!(changed.text().await.expect("text").contains("STATUS:CANCELLED"));
    let renewed = feed(&fair.recruiter).await;
    assert_ne!(renewed, path);
    assert_eq!((fetch(&app, &path, None).await.status().as_u16(), fetch(&app, &renewed, None).await.status().as_u16()), (404, 200));
    for forged in ["/calendar/x.ics", "/calendar/.ics", "/calendar/x", "/calendar/%27.ics"] {
        assert_eq!(fetch(&app, forged, None).await.status().as_u16(), 404, "{forged}");
    }
    let stored: (String,) = sqlx::query_as("SELECT token_hash FROM calendar_feeds").fetch_one(app.parts.db.read()).await.expect("row");
    assert!(!renewed.contains(&stored.0), "the token itself is not stored");
    let mine = fetch(&app, &feed(&seeker).await, None).await.text().await.expect("text").replace("\r\n ", "");
    assert!(mine.contains(&first) && !mine.contains(&second) && !mine.contains("李雷"), "{mine}");
    let gone = fair.recruiter.web.json("/me/calendar/removals", json!({})).await;
    assert_eq!(gone.status().as_u16(), 303);
    assert_eq!(fetch(&app, &renewed, None).await.status().as_u16(), 404);
    assert_eq!(app.stranger().json("/me/calendar", json!({})).await.status().as_u16(), 401);
    app.clock.advance(100 * DAY);
    let seeker = app.sign_in(seeker.account).await;
    let empty = fetch(&app, &feed(&seeker).await, None).await.text().await.expect("text");
    assert!(!empty.contains("VEVENT") && empty.contains(&Lang::Zh.t("telling-calendar-name")), "what is long over is no longer in it");
    app.stop().await;
}

#[tokio::test]
async fn a_calendar_that_is_fetched_all_the_time_is_slowed_down() {
    let app = TestApp::start().await;
    app.fair().await;
    let path = feed(&app.seeker("王芳").await).await;
    let mut refused = 0;
    for _ in 0..80 {
        refused += usize::from(fetch(&app, &path, None).await.status().as_u16() == 429);
    }
    assert!(refused > 0);
    app.stop().await;
}
