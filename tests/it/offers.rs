//! Offers: made, revised, taken back; accepted, declined or left to lapse; who is hired by them.

use crate::desk::{Scene, place, scene};
use crate::telling::letters;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use springbreeze::accounts::Grant;
use springbreeze::applications::{OfferState, Status};
use springbreeze::clock::DAY;

const TERMS: [(&str, &str); 9] = [
    ("seen", "0"),
    ("pay", "6500.5"),
    ("pay_unit", "month"),
    ("starts_on", "2027-03-01"),
    ("report_on", "2027-02-28"),
    ("place", "杭州钱塘区 8 号路 2 号门"),
    ("answer_by", "2027-02-23"),
    ("bring", "身份证原件"),
    ("text", "包吃住，试用期一个月"),
];

fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    TERMS.iter().map(|(k, v)| changes.iter().find(|(c, _)| c == k).copied().unwrap_or((*k, *v))).collect()
}

impl Scene {
    async fn offer(&self, n: usize, changes: &[(&str, &str)]) -> Response {
        self.fair.recruiter.web.form(&format!("{}/offers", self.one(n)), &with(changes)).await
    }

    async fn stands(&self, n: usize) -> (Status, OfferState) {
        let id = self.ids[n].parse().expect("id");
        let offer = self.app.parts.applications.offer_of(id).await.expect("offer").expect("one");
        let of = self.app.parts.applications.of_account(self.people[n].account.id).await.expect("mine");
        (of[0].status, offer.status(self.app.clock.now()))
    }
}

async fn subjects(it: &Scene, who: &crate::harness::Person) -> Vec<String> {
    letters(&it.app, who).await.iter().map(|l: &Value| l["subject"].as_str().unwrap_or("").to_owned()).collect()
}

#[tokio::test]
async fn an_offer_is_made_accepted_and_makes_somebody_hired() {
    let it = scene(&["王芳"]).await;
    let (recruiter, seeker) = (&it.fair.recruiter, &it.people[0]);
    let form = recruiter.web.page(&format!("{}/offers", it.one(0))).await;
    assert!(form.contains("value=\"5000\"") && form.contains("value=\"2027-02-28\""), "prefilled: {form}");
    let made = it.offer(0, &[]).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER, "{}", made.text().await.expect("text"));
    let path = place(&made);
    assert_eq!(it.stands(0).await, (Status::Offer, OfferState::Open));
    assert!(subjects(&it, seeker).await.contains(&"杭州电子厂给您发来录用意向（装配工）".to_owned()));
    let page = seeker.web.page(&path).await;
    for shown in ["6500.5元/月", "2027-03-01", "8 号路", "身份证原件", "试用期一个月", "id=\"accept\""] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(seeker.web.page(&it.one(0)).await.contains(&path));
    assert!(!recruiter.web.page(&path).await.contains("id=\"accept\""));
    assert_eq!(
        recruiter.web.form(&format!("{path}/acceptances"), &[]).await.status(),
        StatusCode::NOT_FOUND,
        "nobody says yes for another"
    );
    let (_, other, _) = it.app.employer(&it.fair.fair, "别家").await;
    let passer = it.app.seeker("路人").await;
    for web in [&other.web, &passer.web, &it.fair.organiser.web] {
        assert_eq!(web.status(&path).await, 404);
        for act in ["acceptances", "refusals", "withdrawals"] {
            assert_eq!(web.form(&format!("{path}/{act}"), &[]).await.status(), StatusCode::NOT_FOUND, "{act}");
        }
    }
    assert_eq!(it.app.stranger().form(&format!("{path}/acceptances"), &[]).await.status(), StatusCode::UNAUTHORIZED);
    let since = it.app.clock.now();
    it.app.clock.advance(DAY);
    assert_eq!(seeker.web.form(&format!("{path}/acceptances"), &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(it.stands(0).await, (Status::Hired, OfferState::Accepted));
    assert!(seeker.web.page(&path).await.contains("录用确认书"));
    assert!(subjects(&it, recruiter).await.iter().any(|s| s.contains("王芳接受了录用意向")));
    assert!(subjects(&it, seeker).await.iter().any(|s| s.contains("您已被杭州电子厂录用")));
    let hired = it.app.parts.applications.hired_by(it.fair.employer.id, since).await.expect("hired");
    assert_eq!(hired.len(), 1);
    assert_eq!((hired[0].name.as_str(), hired[0].hired_at, hired[0].account_id), ("王芳", since + DAY, seeker.account.id));
    assert_eq!(hired[0].offer().map(|id| format!("/offers/{id}")), Some(path.clone()));
    assert!(it.app.parts.applications.hired_by(it.fair.employer.id, since + DAY + 1).await.expect("hired").is_empty());
    for (web, act) in [(&seeker.web, "acceptances"), (&seeker.web, "refusals"), (&recruiter.web, "withdrawals")] {
        assert_eq!(web.form(&format!("{path}/{act}"), &[]).await.status(), StatusCode::CONFLICT, "{act}");
    }
    assert_eq!(it.offer(0, &[("seen", "1")]).await.status(), StatusCode::CONFLICT, "hired is hired");
    assert_eq!((it.audited("offer.make").await, it.audited("offer.accept").await), (1, 1));
    it.app.stop().await;
}

#[tokio::test]
async fn an_offer_is_revised_declined_taken_back_or_lapses() {
    let it = scene(&["王芳", "李强", "张伟", "赵六"]).await;
    let recruiter = &it.fair.recruiter;
    let first = place(&it.offer(0, &[]).await);
    assert_eq!(it.offer(0, &[]).await.status(), StatusCode::CONFLICT, "it was not this version that was seen");
    let second = place(&it.offer(0, &[("seen", "1"), ("pay", "7000")]).await);
    assert_eq!(it.people[0].web.form(&format!("{first}/acceptances"), &[]).await.status(), StatusCode::CONFLICT, "replaced");
    assert!(it.people[0].web.page(&first).await.contains(&second), "leads to the newer one");
    assert_eq!(it.people[0].web.form(&format!("{second}/refusals"), &[("reason", "离家太远")]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(it.stands(0).await, (Status::Viewed, OfferState::Declined), "back where it was");
    assert!(recruiter.web.page(&second).await.contains("离家太远"));
    assert_eq!(it.offer(0, &[("seen", "2")]).await.status(), StatusCode::SEE_OTHER, "one may ask again");
    // Taken back with a word.
    let path = place(&it.offer(1, &[]).await);
    assert_eq!(recruiter.web.form(&format!("{path}/withdrawals"), &[("reason", "岗位取消了")]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(it.stands(1).await, (Status::Viewed, OfferState::Withdrawn));
    assert!(letters(&it.app, &it.people[1]).await.iter().any(|l| l["body"].as_str().is_some_and(|b| b.contains("岗位取消了"))));
    assert_eq!(it.people[1].web.form(&format!("{path}/acceptances"), &[]).await.status(), StatusCode::CONFLICT);
    // Moved elsewhere it ends with the stage.
    let path = place(&it.offer(2, &[]).await);
    recruiter.web.form(&format!("{}/status", it.one(2)), &[("status", "rejected")]).await;
    assert_eq!(it.stands(2).await, (Status::Rejected, OfferState::Withdrawn));
    assert_eq!(it.people[2].web.form(&format!("{path}/acceptances"), &[]).await.status(), StatusCode::CONFLICT);
    // Nobody answers in time.
    let path = place(&it.offer(3, &[]).await);
    it.app.clock.advance(4 * DAY);
    assert_eq!(it.stands(3).await, (Status::Offer, OfferState::Lapsed));
    for act in ["acceptances", "refusals"] {
        assert_eq!(it.people[3].web.form(&format!("{path}/{act}"), &[]).await.status(), StatusCode::CONFLICT, "{act}");
    }
    assert!(it.people[3].web.page(&path).await.contains("答复时间已过"));
    assert_eq!(it.offer(3, &[("seen", "1"), ("answer_by", "2027-02-26")]).await.status(), StatusCode::SEE_OTHER);
    it.people[3].web.form(&format!("{}/withdraw", it.one(3)), &[]).await;
    assert_eq!(it.stands(3).await, (Status::Withdrawn, OfferState::Withdrawn), "whoever withdraws has no offer");
    assert_eq!(it.offer(3, &[("seen", "2"), ("answer_by", "2027-02-26")]).await.status(), StatusCode::CONFLICT);
    it.app.stop().await;
}

#[tokio::test]
async fn a_wrong_offer_comes_back_filled_in_and_charges_nobody() {
    let it = scene(&["王芳"]).await;
    let wrong = it.offer(0, &[("pay", "-1"), ("starts_on", "2027-02-19"), ("place", " ")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = wrong.text().await.expect("text");
    for field in ["pay", "starts_on", "report_on", "place"] {
        assert!(page.contains(&format!("id=\"{field}-error\"")), "{field}: {page}");
    }
    assert!(page.contains("试用期一个月"));
    let fee = it.offer(0, &[("bring", "身份证，报到先交押金500元")]).await;
    assert_eq!(fee.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(fee.text().await.expect("text").contains("id=\"bring-error\""));
    assert!(it.app.parts.applications.offer_of(it.ids[0].parse().expect("id")).await.expect("offer").is_none());
    // Two recruiters at once make one offer.
    let colleague = it.app.person("同事", Grant::Recruiter(it.fair.employer.id)).await;
    let path = format!("{}/offers", it.one(0));
    let form = with(&[]);
    let (a, b) = tokio::join!(it.fair.recruiter.web.form(&path, &form), colleague.web.form(&path, &form));
    let mut all = [a.status().as_u16(), b.status().as_u16()];
    all.sort_unstable();
    assert_eq!(all, [303, 409]);
    // Both answers at once: one counts.
    let offer = it.app.parts.applications.offer_of(it.ids[0].parse().expect("id")).await.expect("offer").expect("one");
    let web = &it.people[0].web;
    let (yes, no) = (format!("/offers/{}/acceptances", offer.id), format!("/offers/{}/refusals", offer.id));
    let (a, b) = tokio::join!(web.form(&yes, &[]), web.form(&no, &[]));
    let mut all = [a.status().as_u16(), b.status().as_u16()];
    all.sort_unstable();
    assert_eq!(all, [303, 409]);
    it.app.stop().await;
}
