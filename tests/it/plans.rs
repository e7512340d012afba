//! The editors of plans and of a fair's frame: what they keep, what they refuse and how, who may.

use crate::booking::{mornings, viewer};
use crate::harness::{NOON, TestApp};
use crate::postings::content;
use serde_json::{Value, json};
use springbreeze::accounts::Grant;
use springbreeze::clock::DAY;
use springbreeze::postings::{NewPosting, Posting, State};
use springbreeze::schedule::{PlanForm, Span};
use springbreeze::web::AppError;

/// What is typed in place of what fits, beside which field it is said, and what.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

/// A plan as a page sends it: Monday to Friday, nine to twelve and two to five.
fn form<'a>(change: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form =
        vec![("mode", "one"), ("length", "15"), ("buffer", "5"), ("capacity", "1"), ("lead", "60"), ("horizon", "30"), ("limit", "0")];
    for weekday in ["1", "2", "3", "4", "5"] {
        for (from, to) in [("09:00", "12:00"), ("14:00", "17:00")] {
            form.extend([("weekday", weekday), ("from", from), ("to", to), ("who", "")]);
        }
    }
    let renamed = |name: &str| change.iter().any(|(n, _)| *n == name);
    form.retain(|(name, _)| !renamed(name));
    form.extend(change.iter().copied().filter(|(name, _)| *name != "-"));
    form
}

#[tokio::test]
async fn a_plan_is_made_previewed_changed_and_stopped_by_its_pages() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (web, plans) = (&fair.recruiter.web, format!("/employers/{}/plans", fair.employer.id));
    assert!(web.page(&plans).await.contains("还没有面试安排"));
    let suggested = web.page(&format!("{plans}/new")).await;
    assert!(suggested.contains("value=\"09:00\"") && suggested.contains("id=\"preview-total\""), "a working week is suggested");

    let previewed = web.form(&format!("{plans}/previews"), &form(&[("title", "初试")])).await;
    assert_eq!(previewed.status(), 200);
    let previewed = previewed.text().await.expect("text");
    // Four weeks of five days with nine slots in each half, from Monday on.
    assert!(previewed.contains("四周内共 360 个时段") && previewed.contains("value=\"初试\""));
    assert!(web.page(&plans).await.contains("还没有面试安排"), "a preview keeps nothing");

    let made = web.form(&plans, &form(&[("title", "初试")])).await;
    assert_eq!((made.status().as_u16(), made.headers()["location"].to_str().expect("text")), (303, plans.as_str()));
    let listed = web.page(&plans).await;
    assert!(listed.contains("初试") && listed.contains("周一–周五 09:00–12:00 14:00–17:00"), "{listed}");
    let id = listed.split_once("data-plan=\"").expect("plan").1[..36].to_owned();
    let path = format!("/plans/{id}");
    let page = web.page(&path).await;
    assert_eq!(page.matches("value=\"09:00\"").count(), 5);

    // A colleague saves first; what was typed later comes back, and counts when it is sent again.
    let first = web.form(&path, &form(&[("title", "复试"), ("version", "1")])).await;
    assert_eq!(first.status(), 303);
    let late = web.form(&path, &form(&[("title", "终试"), ("version", "1")])).await;
    assert_eq!(late.status(), 409);
    let late = late.text().await.expect("text");
    assert!(late.contains("value=\"终试\"") && late.contains("name=\"version\" value=\"2\"") && late.contains("刚刚被同事改过"));
    assert_eq!(web.form(&path, &form(&[("title", "终试"), ("version", "2")])).await.status(), 303);

    assert_eq!(web.form(&format!("{path}/closings"), &[]).await.status(), 303);
    let listed = web.page(&plans).await;
    assert!(listed.contains("还没有面试安排") && listed.contains("已停止的安排（1）"));
    let actions: Vec<_> = app.parts.accounts.audit_of(fair.fair.id, 20).await.expect("log").into_iter().map(|e| e.action).collect();
    for (action, count) in [("interview.plan", 1), ("interview.plan-change", 2), ("interview.plan-close", 1)] {
        assert_eq!(actions.iter().filter(|a| *a == action).count(), count, "{action}");
    }
    app.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_plan_stands_beside_its_field_and_nothing_typed_is_lost() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let plans = format!("/employers/{}/plans", fair.employer.id);
    let (other, _, booth) = app.employer(&fair.fair, "别家").await;
    let strange = booth.id.to_string();
    let gap = [
        ("zone", "America/New_York"),
        ("except_day", "2027-03-14"),
        ("except_kind", "open"),
        ("except_from", "02:30"),
        ("except_to", "04:00"),
        ("except_who", ""),
    ];
    let cases: &[Case<'_>] = &[
        (&[("zone", "Mars/Base")], "zone", "没有这个时区"),
        (&[("length", "17")], "length", "请从列表中选择"),
        (&[("capacity", "many")], "capacity", "每场人数"),
        (&[("capacity", "0")], "capacity", "每场人数"),
        (&[("lead", "-5")], "lead", "最晚预约时间"),
        (&[("horizon", "999999999999999999999")], "horizon", "可预约范围"),
        (&[("limit", "73")], "limit", "每天最多"),
        (&[("posting", &strange)], "posting", "请从列表中选择"),
        (&[("weekday", "1"), ("from", "18:00"), ("to", "17:00"), ("who", "")], "hours", "结束时间要晚于开始时间"),
        (&[("weekday", "1"), ("from", "18:00"), ("to", ""), ("who", "")], "hours", "请填写时间"),
        (&[("weekday", "1"), ("from", "18:02"), ("to", "19:00"), ("who", "")], "hours", "5 分钟"),
        (&[("weekday", "9"), ("from", "18:00"), ("to", "19:00"), ("who", "")], "hours", "请选择星期几"),
        (&[("weekday", ""), ("from", ""), ("to", ""), ("who", "")], "hours", "至少填写一段"),
        (
            &[("except_day", "2027-02-19"), ("except_kind", "away"), ("except_from", ""), ("except_to", ""), ("except_who", "")],
            "exceptions",
            "已经过去",
        ),
        (
            &[("except_day", "soon"), ("except_kind", "away"), ("except_from", ""), ("except_to", ""), ("except_who", "")],
            "exceptions",
            "请填写日期",
        ),
        (&gap, "exceptions", "夏令时"),
    ];
    for (change, field, text) in cases {
        let sent = form(&[*change, &[("title", "<b>初试</b>")]].concat());
        let answer = fair.recruiter.web.form(&plans, &sent).await;
        assert_eq!(answer.status(), 422, "{change:?}");
        let page = answer.text().await.expect("text");
        assert!(page.contains(&format!("id=\"{field}-error\"")) && page.contains(text), "{change:?}: {text}");
        assert!(page.contains("&#60;b&#62;初试"), "what was typed is there, and is text");
        // A day of the week that there is not has no row to come back in.
        let forged = change.contains(&("weekday", "9"));
        for (name, value) in change.iter().filter(|(n, v)| !forged && !["who", "posting", "length"].contains(n) && !v.is_empty()) {
            assert!(page.contains(&format!("value=\"{value}\"")), "{name}={value} was lost");
        }
        let problem = fair.recruiter.web.post(&plans).header("accept", "application/json").form(&sent).send().await.expect("response");
        assert_eq!(problem.headers()["content-type"], "application/problem+json");
        let problem: Value = problem.json().await.expect("json");
        assert!(problem["errors"][field].is_string(), "{problem}");
    }
    assert!(fair.recruiter.web.page(&plans).await.contains("还没有面试安排"));

    let made = fair.recruiter.web.json(&plans, json!({"weekday": ["1-5"], "from": ["10:00"], "to": ["11:00"], "length": "20"})).await;
    assert_eq!(made.status(), 201);
    let plan: Value = made.json().await.expect("json");
    let path = plan["url"].as_str().expect("url");
    let theirs = app.person("别家的", Grant::Recruiter(other.id)).await;
    for person in [&theirs, &fair.organiser, &app.seeker("王芳").await] {
        assert_eq!(person.web.status(&plans).await, 404);
        assert_eq!(person.web.status(path).await, 404);
        for to in [plans.clone(), format!("{plans}/previews"), path.to_owned(), format!("{path}/closings")] {
            assert_eq!(person.web.form(&to, &form(&[])).await.status(), 404, "{to}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn a_plan_is_for_postings_of_its_employer_at_its_fair_whoever_makes_it() {
    let app = TestApp::start().await;
    let (fair, later) = (app.fair().await, app.fair().await);
    let other = app.employer(&fair.fair, "别家").await.0;
    app.parts.fairs.admit(later.fair.id, fair.employer.id).await.expect("admitted");
    let post = async |fair_id, employer| {
        let new = NewPosting { fair: fair_id, employer, content: content("装配工"), state: State::Live };
        app.parts.postings.create(new, fair.recruiter.account.id).await.expect("posting")
    };
    let (mine, elsewhere) = (post(fair.fair.id, fair.employer.id).await, post(later.fair.id, fair.employer.id).await);
    let foreign = post(fair.fair.id, other.id).await;
    let (schedule, viewer) = (&app.parts.interviews.schedule, viewer(&app, &fair.recruiter).await);
    let plan = |postings: &[&Posting]| PlanForm {
        fair: fair.fair.id.to_string(),
        posting: postings.iter().map(|p| p.id.to_string()).collect(),
        ..mornings()
    };
    for (postings, text) in [(vec![&mine, &foreign], "schedule-choose"), (vec![&elsewhere, &mine], "schedule-posting-elsewhere")] {
        let form = plan(&postings);
        for refused in [schedule.add(&viewer, fair.employer.id, &form).await, schedule.read(&viewer, fair.employer.id, &form).await] {
            let Err(AppError::Invalid(fields)) = refused else { panic!("{refused:?}") };
            assert_eq!(fields.get("posting"), Some(text));
        }
    }
    let made = schedule.add(&viewer, fair.employer.id, &plan(&[&mine])).await.expect("a plan");
    let changed = schedule.change(&viewer, made.id, &plan(&[&elsewhere])).await;
    assert!(matches!(changed, Err(AppError::Invalid(_))), "{changed:?}");
    // Beside its field, on the page and for programs.
    let path = format!("/employers/{}/plans", fair.employer.id);
    let id = elsewhere.id.to_string();
    let sent = form(&[("fair", &fair.fair.id.to_string()), ("posting", &id)])
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect::<Vec<_>>();
    let sent: Vec<(&str, &str)> = sent.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    for to in [path.clone(), format!("{path}/previews"), format!("/plans/{}", made.id)] {
        let answer = fair.recruiter.web.form(&to, &sent).await;
        assert_eq!(answer.status(), 422, "{to}");
        let page = answer.text().await.expect("text");
        assert!(page.contains("id=\"posting-error\"") && page.contains("只能选这场招聘会的岗位"), "{to}");
    }
    let answer = fair
        .recruiter
        .web
        .json(&path, json!({"fair": fair.fair.id, "weekday": ["1"], "from": ["10:00"], "to": ["11:00"], "posting": [id]}))
        .await;
    assert_eq!(answer.status(), 422);
    assert!(answer.json::<Value>().await.expect("json")["errors"]["posting"].is_string());
    app.stop().await;
}

#[tokio::test]
async fn a_frame_holds_plans_within_it_and_is_the_organisers() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let path = format!("/fairs/{}/interviews/frame", fair.fair.id);
    let plans = format!("/employers/{}/plans", fair.employer.id);
    let page = fair.organiser.web.page(&path).await;
    assert!(page.contains("目前没有限制") && page.contains("2月22日 周一"));
    // One Monday morning, and empty rows as the page has them.
    let rows = [
        ("day", "2027-02-22"),
        ("from", "10:00"),
        ("to", "11:00"),
        ("day", "2027-02-22"),
        ("from", ""),
        ("to", ""),
        ("day", "2027-02-23"),
        ("from", ""),
        ("to", ""),
    ];
    assert_eq!(fair.organiser.web.form(&path, &rows).await.status(), 303);
    assert!(fair.organiser.web.page(&path).await.contains("value=\"10:00\""));
    let previewed = fair.recruiter.web.form(&format!("{plans}/previews"), &form(&[])).await.text().await.expect("text");
    assert!(previewed.contains("四周内共 3 个时段"), "of an hour on one day");

    let wrong = fair.organiser.web.form(&path, &[("day", "2027-02-22"), ("from", "11:00"), ("to", "10:00")]).await;
    assert_eq!(wrong.status(), 422);
    let wrong = wrong.text().await.expect("text");
    assert!(wrong.contains("id=\"days-error\"") && wrong.contains("value=\"11:00\""));
    for person in [&fair.recruiter, &app.seeker("王芳").await] {
        assert_eq!(person.web.status(&path).await, 404);
        assert_eq!(person.web.form(&path, &rows).await.status(), 404);
    }
    // All empty: no limit again.
    assert_eq!(fair.organiser.web.form(&path, &[("day", "2027-02-22"), ("from", ""), ("to", "")]).await.status(), 303);
    let range = Span { start: NOON, end: NOON + 9 * DAY };
    let viewer = app.parts.accounts.viewer_by_token(&fair.recruiter.token).await.expect("viewer");
    assert_eq!(fair.recruiter.web.form(&plans, &form(&[])).await.status(), 303);
    let plan = app.parts.interviews.schedule.plans_of(&viewer, fair.employer.id).await.expect("plans").remove(0);
    assert_eq!(app.parts.interviews.schedule.preview(&plan, range).await.expect("slots").len(), 90);
    app.stop().await;
}
