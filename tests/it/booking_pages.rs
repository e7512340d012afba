//! The pages on which people book, move, invite and answer: what they show to whom, and how a form that fails comes back.

use crate::harness::{Person, TestApp, TestFair};
use crate::interviews::{booked, ids, offer};
use crate::postings::{content, post};
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::applications::CONSENT;
use springbreeze::clock::{DAY, HOUR, MINUTE};
use springbreeze::postings::State;

/// Every day from nine to twelve, a quarter of an hour each.
async fn plan(fair: &TestFair) -> String {
    let form = json!({"weekday": ["1-7"], "from": ["09:00"], "to": ["12:00"], "length": "15", "lead": "0"});
    let answer = fair.recruiter.web.json(&format!("/employers/{}/plans", fair.employer.id), form).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.json::<Value>().await.expect("json")["id"].as_str().expect("id").to_owned()
}

async fn keys(person: &Person, plan: &str) -> Vec<String> {
    let slots: Value =
        person.web.client.get(person.web.url(&format!("/plans/{plan}/slots"))).send().await.expect("response").json().await.expect("json");
    slots.as_array().expect("list").iter().map(|s| s["id"].as_str().expect("key").to_owned()).collect()
}

fn location(answer: &reqwest::Response) -> String {
    answer.headers()["location"].to_str().expect("text").to_owned()
}

#[tokio::test]
async fn a_page_of_slots_is_turned_by_days_and_filtered_by_posting() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&fair).await;
    let seeker = app.seeker("王芳").await;
    let path = format!("/rooms/{}/interviews", fair.booth.id);
    let page = seeker.web.page(&path).await;
    let all = keys(&seeker, &plan).await;
    assert!(page.contains(&all[0]) && !page.contains(all.last().expect("slots")), "a week at a time");
    assert_eq!(page.matches("<h2 id=\"day-").count(), 7);
    let (_, later) = page.split_once("rel=\"next\" href=\"").expect("more days");
    let next = seeker.web.page(later.split('"').next().expect("link")).await;
    assert!(!next.contains(&all[0]) && next.contains("rel=\"prev\""));
    assert_eq!(seeker.web.status(&format!("{path}?from=nonsense")).await, 200);
    assert!(page.contains("加入候补"));
    let waiting = seeker.web.form(&format!("/plans/{plan}/waits"), &[]).await;
    assert_eq!(waiting.status(), StatusCode::SEE_OTHER);
    assert!(seeker.web.page(&path).await.contains("排在第一位"));
    app.stop().await;
}

#[tokio::test]
async fn what_is_held_is_confirmed_or_let_go_on_its_page() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&fair).await;
    let (wang, li) = (app.seeker("王芳").await, app.seeker("李强").await);
    let all = keys(&wang, &plan).await;
    let held = wang.web.form(&format!("/slots/{}/holds", all[0]), &[("client_id", "a")]).await;
    assert_eq!(held.status(), StatusCode::SEE_OTHER);
    let path = location(&held);
    let page = wang.web.page(&path).await;
    assert!(page.contains("确认预约") && page.contains("id=\"accept\"") && page.contains("data-until="));
    assert_eq!(li.web.status(&path).await, 404, "nobody else's business");
    assert_eq!(fair.recruiter.web.status(&path).await, 404);
    assert!(!li.web.page(&format!("/rooms/{}/interviews", fair.booth.id)).await.contains(&all[0]));
    let refused = li.web.form(&format!("/slots/{}/bookings", all[0]), &[("client_id", "b")]).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let refused = refused.text().await.expect("text");
    assert!(refused.contains("时间最接近的空闲时段") && refused.contains(&all[1]));
    app.clock.advance(6 * MINUTE);
    let late = wang.web.form(&format!("{path}/answers"), &[("answer", "accept")]).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let late = late.text().await.expect("text");
    assert!(late.contains("role=\"alert\"") && !late.contains("id=\"accept\""), "why, on the page of the claim");
    // A nearest free time is kept by one tap.
    let hold = format!("/slots/{}/holds", all[0]);
    assert!(late.contains(&format!("action=\"{hold}\"")), "{late}");
    let again = wang.web.form(&hold, &[("client_id", "n")]).await;
    assert_eq!(again.status(), StatusCode::SEE_OTHER);
    assert!(wang.web.page(&location(&again)).await.contains("id=\"accept\""));
    // Whoever taps too late is shown the page of slots with what is nearest then.
    let lost = li.web.form(&hold, &[("client_id", "m")]).await;
    assert_eq!(lost.status(), StatusCode::CONFLICT);
    assert!(lost.text().await.expect("text").contains("时间最接近的空闲时段"));
    let problem = li.web.json(&hold, json!({"client_id": "m"})).await;
    assert_eq!(
        (problem.status(), &problem.headers()["content-type"]),
        (StatusCode::CONFLICT, &"application/problem+json".parse().expect("type"))
    );
    app.stop().await;
}

#[tokio::test]
async fn an_interview_is_moved_on_its_page_and_the_page_says_when_it_was() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&fair).await;
    let (seeker, other) = (app.seeker("王芳").await, app.seeker("李强").await);
    let all = keys(&seeker, &plan).await;
    let id = booked(&seeker, &all[2]).await;
    booked(&other, &all[3]).await;
    let path = format!("/interviews/{id}/moves");
    assert_eq!(other.web.status(&path).await, 404);
    assert_eq!(fair.organiser.web.status(&path).await, 404);
    let near = fair.recruiter.web.page(&format!("{path}?at=2027-02-21T01:10:00Z")).await;
    assert_eq!(near.matches(" checked").count(), 1, "the nearest one is chosen");
    let nothing = seeker.web.form(&path, &[("slot", ""), ("reason", "堵车了")]).await;
    assert_eq!(nothing.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let nothing = nothing.text().await.expect("text");
    assert!(nothing.contains("id=\"slot-error\"") && nothing.contains("value=\"堵车了\""));
    let taken = seeker.web.form(&path, &[("slot", &all[3]), ("reason", "堵车了")]).await;
    assert_eq!(taken.status(), StatusCode::CONFLICT);
    let taken = taken.text().await.expect("text");
    assert!(taken.contains("value=\"堵车了\""));
    // The nearest free ones are buttons of the form: a tap moves it there, whatever is ticked.
    let tap = format!("form=\"move\" name=\"nearest\" value=\"{}\"", all[4]);
    assert!(taken.contains(&tap), "{tap} in {taken}");
    let tapped = seeker.web.form(&path, &[("slot", &all[3]), ("nearest", &all[4]), ("reason", "堵车了")]).await;
    assert_eq!((tapped.status(), location(&tapped)), (StatusCode::SEE_OTHER, format!("/interviews/{id}")));
    let moved = seeker.web.form(&path, &[("slot", &all[5]), ("reason", "堵车了")]).await;
    assert_eq!((moved.status(), location(&moved)), (StatusCode::SEE_OTHER, format!("/interviews/{id}")));
    let page = fair.recruiter.web.page(&format!("/interviews/{id}")).await;
    assert!(page.contains("变更记录") && page.contains("堵车了"));
    app.stop().await;
}

#[tokio::test]
async fn a_recruiter_invites_who_applied_and_the_two_find_a_time() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&fair).await;
    let seeker = app.seeker("王芳").await;
    let (posting, application) = applied(&app, &fair, &seeker).await;
    let path = format!("/applications/{application}/invitations");
    for person in [&seeker, &fair.organiser, &app.employer(&fair.fair, "别家").await.1] {
        assert_eq!(person.web.status(&path).await, 404);
    }
    assert!(fair.recruiter.web.page(&format!("/applications/{application}")).await.contains(&path));
    let page = fair.recruiter.web.page(&path).await;
    assert!(page.contains("邀请王芳面试"));
    let wrong = fair.recruiter.web.form(&path, &[("slot", ""), ("hours", "7"), ("note", "请带作品")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = wrong.text().await.expect("text");
    assert!(wrong.contains("id=\"slot-error\"") && wrong.contains("id=\"hours-error\"") && wrong.contains("value=\"请带作品\""));
    let all = keys(&fair.recruiter, &plan).await;
    // What somebody else has taken meanwhile: the nearest are buttons of the form.
    let quick = app.seeker("李强").await;
    booked(&quick, &all[0]).await;
    let lost = fair.recruiter.web.form(&path, &[("slot", &all[0]), ("hours", "24"), ("client_id", "h")]).await;
    assert_eq!(lost.status(), StatusCode::CONFLICT);
    assert!(lost.text().await.expect("text").contains(&format!("form=\"invite\" name=\"nearest\" value=\"{}\"", all[1])));
    let invited = fair.recruiter.web.form(&path, &[("slot", &all[4]), ("hours", "24"), ("note", "请带作品"), ("client_id", "i")]).await;
    assert_eq!(invited.status(), StatusCode::SEE_OTHER);
    let claim = location(&invited);
    let page = seeker.web.page(&claim).await;
    assert!(
        page.contains("请带作品") && page.contains("id=\"accept\"") && page.contains("id=\"propose\"") && page.contains("id=\"decline\"")
    );
    assert!(seeker.web.page("/interviews").await.contains(&claim));
    assert!(fair.recruiter.web.page(&claim).await.contains("id=\"take-back\""));
    let choose = seeker.web.page(&format!("{claim}?propose=1")).await;
    assert!(choose.contains(&all[8]) && choose.contains("id=\"proposal\""));
    let proposed = seeker
        .web
        .form(&format!("{claim}/answers"), &[("answer", "propose"), ("slot", &all[8]), ("reason", "早上要接孩子"), ("client_id", "p")])
        .await;
    assert_eq!(proposed.status(), StatusCode::SEE_OTHER);
    let proposal = location(&proposed);
    let asked = fair.recruiter.web.page(&proposal).await;
    assert!(asked.contains("早上要接孩子") && asked.contains("id=\"accept\""));
    assert!(fair.recruiter.web.page(&format!("/employers/{}/interviews", fair.employer.id)).await.contains(&proposal));
    let accepted = fair.recruiter.web.form(&format!("{proposal}/answers"), &[("answer", "accept")]).await;
    assert_eq!(accepted.status(), StatusCode::SEE_OTHER);
    assert!(seeker.web.page(&location(&accepted)).await.contains(&posting));
    app.stop().await;
}

#[tokio::test]
async fn on_the_page_of_a_claim_a_nearest_time_is_proposed_or_invited_to_by_one_tap() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&fair).await;
    let seeker = app.seeker("王芳").await;
    applied(&app, &fair, &seeker).await;
    let all = keys(&seeker, &plan).await;
    let invite = async |slot: &str, client: &str| {
        let body = json!({"seeker_id": seeker.account.id, "client_id": client, "hours": "72"});
        let answer = fair.recruiter.web.json(&format!("/slots/{slot}/invitations"), body).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        format!("/claims/{}", answer.json::<Value>().await.expect("json")["id"].as_str().expect("id"))
    };
    // Invited to ten o'clock, and busy with somebody else then: another time is proposed.
    let elsewhere = app.employer(&fair.fair, "别家").await;
    let claim = invite(&all[3], "a").await;
    let form = [("date", "2027-02-20"), ("from", "10:00"), ("to", "10:15"), ("length", "15"), ("buffer", "0")];
    let slots = elsewhere.1.web.post(&format!("/employers/{}/slots", elsewhere.0.id)).form(&form).send().await.expect("response");
    booked(&seeker, &ids(&slots.json().await.expect("json"))[0]).await;
    let busy = seeker.web.form(&format!("{claim}/answers"), &[("answer", "accept")]).await;
    assert_eq!(busy.status(), StatusCode::CONFLICT);
    let busy = busy.text().await.expect("text");
    assert!(busy.contains("value=\"propose\"") && busy.contains(&format!("name=\"slot\" value=\"{}\"", all[2])), "{busy}");
    let proposed = seeker.web.form(&format!("{claim}/answers"), &[("client_id", "p"), ("answer", "propose"), ("slot", &all[2])]).await;
    assert_eq!(proposed.status(), StatusCode::SEE_OTHER);
    // A proposal that the employer answers too late: they invite to a free time beside it.
    let claim = invite(&all[60], "b").await;
    let proposed = seeker.web.form(&format!("{claim}/answers"), &[("client_id", "q"), ("answer", "propose"), ("slot", &all[62])]).await;
    let proposal = location(&proposed);
    app.clock.advance(48 * HOUR + MINUTE);
    let recruiter = app.sign_in(fair.recruiter.account.clone()).await;
    let late = recruiter.web.form(&format!("{proposal}/answers"), &[("answer", "accept")]).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    let late = late.text().await.expect("text");
    let path = format!("/slots/{}/invitations", all[61]);
    assert!(late.contains(&format!("action=\"{path}\"")) && late.contains(&format!("value=\"{}\"", seeker.account.id)), "{late}");
    let tapped = recruiter.web.form(&path, &[("client_id", "r"), ("seeker_id", &seeker.account.id.to_string())]).await;
    assert_eq!(tapped.status(), StatusCode::SEE_OTHER);
    let seeker = app.sign_in(seeker.account).await;
    assert!(seeker.web.page(&location(&tapped)).await.contains("id=\"accept\""));
    let again = recruiter.web.form(&path, &[("client_id", "s"), ("seeker_id", &seeker.account.id.to_string())]).await;
    assert_eq!(again.status(), StatusCode::CONFLICT, "a page that says why");
    assert!(again.headers()["content-type"].to_str().expect("type").starts_with("text/html"));
    app.stop().await;
}

/// A posting and the seeker's application for it: its title and the application's id.
async fn applied(app: &TestApp, fair: &TestFair, seeker: &Person) -> (String, String) {
    let posting = post(app, fair, content("装配工"), State::Live).await;
    let fields = [("name", "王芳"), ("contact", "13800138000"), ("experience", "3"), ("note", ""), ("consent", CONSENT)];
    let answer = seeker.web.form(&format!("/postings/{}/apply", posting.id), &fields).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    (posting.content.title_zh.clone(), location(&answer).rsplit('/').next().expect("id").to_owned())
}

#[tokio::test]
async fn recruiters_mark_who_did_not_come() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let id = booked(&seeker, &slots[0]).await;
    let path = format!("/interviews/{id}");
    assert!(!fair.recruiter.web.page(&path).await.contains("mark-absent"), "not before it begins");
    app.clock.advance(HOUR + 10 * MINUTE);
    assert!(fair.recruiter.web.page(&path).await.contains("mark-absent"));
    assert!(!seeker.web.page(&path).await.contains("mark-absent"));
    let marked = fair.recruiter.web.form(&format!("{path}/no-shows"), &[("who", "seeker"), ("reason", "电话不通")]).await;
    assert_eq!(marked.status(), StatusCode::SEE_OTHER);
    let page = fair.recruiter.web.page(&path).await;
    assert!(page.contains("未到场") && !page.contains("mark-absent"));
    let overview = fair.organiser.web.page(&format!("/fairs/{}/interviews", fair.fair.id)).await;
    assert!(overview.contains("100%"), "it counts");
    app.clock.advance(2 * DAY);
    app.stop().await;
}

#[tokio::test]
async fn organisers_book_for_who_has_applied_and_for_nobody_else() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plan = plan(&fair).await;
    let seeker = app.seeker("王芳").await;
    applied(&app, &fair, &seeker).await;
    let stranger = app.seeker("路人").await;
    let path = format!("/fairs/{}/interviews/bookings", fair.fair.id);
    let all = keys(&seeker, &plan).await;
    let employer = fair.employer.id.to_string();
    assert!(fair.organiser.web.page(&format!("{path}?employer={employer}")).await.contains(&all[0]));
    let contact = |person: &Person| format!("{}@example.com", person.account.id);
    for (who, status) in [(contact(&stranger), 422), ("kein Kontakt".to_owned(), 422), (contact(&seeker), 303)] {
        let sent = [("employer", employer.as_str()), ("slot", &all[0]), ("contact", &who), ("client_id", "f")];
        let answer = fair.organiser.web.form(&path, &sent).await;
        assert_eq!(answer.status().as_u16(), status, "{who}");
        if status == 422 {
            let page = answer.text().await.expect("text");
            assert!(page.contains("id=\"contact-error\"") && page.contains(&format!("value=\"{who}\"")));
        }
    }
    assert!(seeker.web.page("/interviews").await.contains("杭州电子厂"));
    for person in [&fair.recruiter, &seeker] {
        assert_eq!(person.web.status(&path).await, 404);
    }
    let sent = [("employer", employer.as_str()), ("slot", &all[0]), ("contact", &contact(&seeker)), ("client_id", "g")];
    let lost = fair.organiser.web.form(&path, &sent).await;
    assert_eq!(lost.status(), StatusCode::CONFLICT);
    assert!(lost.text().await.expect("text").contains(&format!("form=\"book-for\" name=\"nearest\" value=\"{}\"", all[1])));
    let tapped = [&sent[..1], &sent[2..3], &[("client_id", "k"), ("nearest", &all[1])]].concat();
    assert_eq!(fair.organiser.web.form(&path, &tapped).await.status(), StatusCode::SEE_OTHER);
    let log = app.parts.accounts.audit_of(fair.fair.id, 20).await.expect("log");
    assert!(log.iter().any(|e| e.action == "interview.book-for"));
    app.stop().await;
}
