//! Inviting several applicants from their list: who may, what each gets, what becomes of those who could not be invited.

use crate::booking::{mornings, plan};
use crate::harness::{NOON, Person, TestApp, TestFair};
use crate::judging::apply;
use crate::postings::{content, post};
use crate::telling::letters;
use crate::wish::until;
use reqwest::StatusCode;
use serde_json::json;
use springbreeze::clock::{HOUR, MINUTE};
use springbreeze::ids::PlanId;
use springbreeze::postings::State;
use springbreeze::schedule::{Plan, PlanForm};

struct Scene {
    app: TestApp,
    fair: TestFair,
    plan: Plan,
    people: Vec<Person>,
    applications: Vec<String>,
    posting: String,
}

/// Four free quarters of an hour this morning (and on each day after), and some who have applied.
async fn scene(names: &[&str], form: PlanForm) -> Scene {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("装配工"), State::Live).await;
    let plan = plan(&app, &fair, form).await;
    let (mut people, mut applications) = (Vec::new(), Vec::new());
    for name in names {
        let person = app.seeker(name).await;
        applications.push(apply(&posting, &person).await);
        people.push(person);
    }
    Scene { app, fair, plan, people, applications, posting: posting.id.to_string() }
}

impl Scene {
    fn path(&self) -> String {
        format!("/employers/{}/invitations", self.fair.employer.id)
    }

    fn picked(&self) -> String {
        let query: Vec<String> = self.applications.iter().map(|id| format!("application={id}")).collect();
        format!("{}?{}", self.path(), query.join("&"))
    }

    /// The form as the page sends it, with a slot for each.
    fn form(&self, way: &str, slots: &[String]) -> Vec<(String, String)> {
        let mut form = vec![("way", way.to_owned()), ("hours", "24".into()), ("note", "请带身份证".into()), ("client_id", CLIENT.into())];
        for (n, id) in self.applications.iter().enumerate() {
            form.extend([("listed", id.clone()), ("application", id.clone())]);
            form.extend(slots.get(n).map(|slot| ("slot", format!("{id}/{slot}"))));
        }
        form.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    async fn send(&self, form: &[(String, String)]) -> reqwest::Response {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.fair.recruiter.web.form(&self.path(), &form).await
    }

    async fn claims(&self, person: usize) -> Vec<serde_json::Value> {
        let web = &self.people[person].web;
        let answer = web.client.get(web.url("/claims")).send().await.expect("response");
        answer.json::<serde_json::Value>().await.expect("json").as_array().expect("list").clone()
    }
}

const CLIENT: &str = "01954f6c-0000-7000-8000-000000000001";

/// The slot that begins so many minutes after nine.
fn key(plan: PlanId, minutes: i64) -> String {
    format!("{plan}.{}", (NOON + minutes * MINUTE) / (5 * MINUTE))
}

#[tokio::test]
async fn those_who_were_picked_get_a_time_each_and_the_form_sent_twice_invites_once() {
    let it = scene(&["王芳", "李强", "张伟"], mornings()).await;
    let (recruiter, plan) = (&it.fair.recruiter.web, it.plan.id);
    let list = recruiter.page(&format!("/employers/{}/applications", it.fair.employer.id)).await;
    for id in &it.applications {
        assert!(list.contains(&format!("value=\"{id}\" form=\"picked\"")), "{list}");
    }
    let page = recruiter.page(&it.picked()).await;
    for (n, minutes) in [60, 75, 90].into_iter().enumerate() {
        let chosen = format!("value=\"{}/{}\" selected", it.applications[n], key(plan, minutes));
        assert!(page.contains(&chosen), "a time of one's own for each: {chosen} in {page}");
    }
    let slots = [60, 90, 75].map(|n| key(plan, n));
    for _ in 0..2 {
        let sent = it.send(&it.form("propose", &slots)).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    }
    for (person, slot) in slots.iter().enumerate() {
        let claims = it.claims(person).await;
        assert_eq!(claims.len(), 1, "{claims:?}");
        assert_eq!((&claims[0]["state"], &claims[0]["reason"]), (&json!("invited"), &json!("请带身份证")));
        let page = it.people[person].web.page(&format!("/claims/{}", claims[0]["id"].as_str().expect("id"))).await;
        assert!(page.contains("id=\"accept\"") && page.contains("id=\"propose\""), "{slot}");
    }
    assert_eq!(it.claims(1).await[0]["starts_at"], "2027-02-20T02:30:00Z", "half past ten in Shanghai");
    // Whoever was asked is listed with it and not picked again by itself.
    let again = recruiter.page(&it.picked()).await;
    assert_eq!(again.matches("还没答复").count(), 3);
    assert!(!it.applications.iter().any(|id| again.contains(&format!("value=\"{id}\" checked"))));
    it.app.stop().await;
}

#[tokio::test]
async fn what_could_not_be_had_comes_back_with_what_is_free_and_the_others_are_invited() {
    let it = scene(&["王芳", "李强", "张伟"], mornings()).await;
    let plan = it.plan.id;
    let other = it.app.seeker("路人").await;
    let form = it.form("propose", &[60, 75, 90].map(|n| key(plan, n)));
    // Somebody is quicker than the recruiter.
    assert_eq!(
        other.web.json(&format!("/slots/{}/bookings", key(plan, 75)), json!({"client_id": "x"})).await.status(),
        StatusCode::CREATED
    );
    let answer = it.send(&form).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let page = answer.text().await.expect("text");
    assert!(page.contains("已邀请 2 人"), "{page}");
    assert!(page.contains(&it.applications[1]) && !page.contains(&it.applications[0]), "the one who is left");
    assert!(page.contains(&format!("value=\"{}/{}\" selected", it.applications[1], key(plan, 105))), "with another time: {page}");
    assert!(page.contains(&format!("id=\"wrong-{}\"", it.applications[1])) && page.contains("value=\"请带身份证\""));
    assert_eq!((it.claims(0).await.len(), it.claims(1).await.len(), it.claims(2).await.len()), (1, 0, 1));
    it.app.stop().await;
}

#[tokio::test]
async fn each_may_choose_a_time_and_hears_of_it_once() {
    let it = scene(&["王芳", "李强"], mornings()).await;
    let before = [letters(&it.app, &it.people[0]).await.len(), letters(&it.app, &it.people[1]).await.len()];
    for _ in 0..2 {
        assert_eq!(it.send(&it.form("choose", &[])).await.status(), StatusCode::SEE_OTHER);
    }
    for (n, before) in before.into_iter().enumerate() {
        until("they are told", async || letters(&it.app, &it.people[n]).await.len() > before).await;
        let letters = letters(&it.app, &it.people[n]).await;
        assert_eq!(letters.len(), before + 1, "{letters:?}");
        let body = letters[before]["body"].as_str().expect("body");
        assert!(body.contains("请选一个方便的时间") && body.contains("请带身份证") && body.contains(&it.posting), "{body}");
        let notices = it.app.parts.notify.shown_to(it.people[n].account.id).await.expect("notices");
        assert_eq!(notices[0].link, format!("/postings/{}/interviews", it.posting));
    }
    let page = it.people[0].web.page(&format!("/postings/{}/interviews", it.posting)).await;
    assert!(page.contains(&key(it.plan.id, 60)));
    assert_eq!(it.claims(0).await.len(), 0, "nothing is kept for them");
    let log = it.app.parts.accounts.audit_about(it.fair.fair.id, "interview.ask", 10).await.expect("log");
    assert!(log.len() >= 2 && log.iter().all(|e| it.applications.contains(&e.subject)), "{log:?}");
    let page = it.fair.organiser.web.page(&format!("/fairs/{}/moderation", it.fair.fair.id)).await;
    assert!(!page.contains("请带身份证"), "organisers do not read what is said");
    it.app.stop().await;
}

#[tokio::test]
async fn a_group_session_takes_several_and_what_is_wrong_stands_beside_its_field() {
    let it = scene(&["王芳", "李强", "张伟"], PlanForm { capacity: "2".into(), ..mornings() }).await;
    let (plan, recruiter) = (it.plan.id, &it.fair.recruiter.web);
    let page = recruiter.page(&it.picked()).await;
    for (n, minutes) in [60, 60, 75].into_iter().enumerate() {
        assert!(page.contains(&format!("value=\"{}/{}\" selected", it.applications[n], key(plan, minutes))), "two in one session");
    }
    let mut wrong = it.form("propose", &[key(plan, 60)]);
    wrong.iter_mut().filter(|(name, _)| name == "hours").for_each(|(_, value)| *value = "7".into());
    let answer = it.send(&wrong).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.expect("text");
    assert!(page.contains("id=\"hours-error\"") && page.contains(&format!("id=\"wrong-{}\"", it.applications[1])), "{page}");
    assert!(!page.contains(&format!("id=\"wrong-{}\"", it.applications[0])) && page.contains("value=\"请带身份证\""));
    let nobody: Vec<_> = it.form("propose", &[]).into_iter().filter(|(name, _)| name != "application").collect();
    let answer = it.send(&nobody).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.expect("text").contains("请至少选一位求职者"));
    assert!(recruiter.page(&it.path()).await.contains("请至少选一位求职者"), "nobody was picked");
    assert_eq!(it.send(&it.form("propose", &[60, 60, 75].map(|n| key(plan, n)))).await.status(), StatusCode::SEE_OTHER);
    for n in 0..3 {
        assert_eq!(it.claims(n).await.len(), 1);
    }
    it.app.stop().await;
}

#[tokio::test]
async fn only_the_employers_recruiters_invite_and_only_who_applied_to_it() {
    let it = scene(&["王芳", "李强"], mornings()).await;
    let (other, foreign, _) = it.app.employer(&it.fair.fair, "别家").await;
    for web in [&it.people[0].web, &it.fair.organiser.web, &foreign.web] {
        assert_eq!(web.status(&it.picked()).await, 404);
    }
    let theirs = it.picked().replace(&it.fair.employer.id.to_string(), &other.id.to_string());
    assert_eq!(foreign.web.status(&theirs).await, 404, "applications to somebody else");
    assert_eq!(it.fair.recruiter.web.status(&format!("{}?application=x", it.path())).await, 404);
    assert_eq!(it.app.stranger().get(&it.picked()).send().await.expect("response").status(), StatusCode::SEE_OTHER, "signs in first");
    // Who has withdrawn is shown as such and not invited.
    let gone = &it.applications[0];
    assert_eq!(it.people[0].web.form(&format!("/applications/{gone}/withdraw"), &[]).await.status(), StatusCode::SEE_OTHER);
    let page = it.fair.recruiter.web.page(&it.picked()).await;
    assert!(page.contains("对方已撤回投递") && page.contains(&format!("value=\"{gone}\" disabled")), "{page}");
    let sent = it.send(&it.form("propose", &[60, 75].map(|n| key(it.plan.id, n)))).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!((it.claims(0).await.len(), it.claims(1).await.len()), (0, 1));
    it.app.clock.advance(HOUR);
    it.app.stop().await;
}
