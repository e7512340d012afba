//! Village stations: registering and applying for somebody, the slip, taking the account over; what staff see and when they do not any more.

use crate::applications::answers;
use crate::harness::{Person, TestApp, TestFair};
use crate::outbox::{Gateway, start};
use crate::postings::{content, post};
use reqwest::{Response, StatusCode};
use springbreeze::accounts::{Contact, Grant};
use springbreeze::clock::{DAY, MINUTE};
use springbreeze::postings::State;
use springbreeze::stations::CONSENT;

struct Setting {
    app: TestApp,
    fair: TestFair,
    gateway: Gateway,
    staff: Person,
    /// `/stations/{id}`
    desk: String,
}

async fn setting() -> Setting {
    let gateway = Gateway::open().await;
    let app = start(|config| config.sms_webhook.clone_from(&gateway.url)).await;
    let fair = app.fair().await;
    let opened =
        fair.organiser.web.form(&format!("/fairs/{}/stations", fair.fair.id), &[("name", "石门村服务站"), ("phone", "05718888666")]).await;
    assert_eq!(opened.status(), StatusCode::UNPROCESSABLE_ENTITY, "a phone that employers can call");
    let opened =
        fair.organiser.web.form(&format!("/fairs/{}/stations", fair.fair.id), &[("name", "石门村服务站"), ("phone", "13700000000")]).await;
    let id = place(&opened).split("#s-").nth(1).expect("id").to_owned();
    let staff = app.person("周敏", Grant::Station(id.parse().expect("id"))).await;
    Setting { app, fair, gateway, staff, desk: format!("/stations/{id}") }
}

fn place(response: &Response) -> String {
    response.headers()["location"].to_str().expect("path").to_owned()
}

fn registering<'a>(name: &'a str, phone: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("name", name), ("phone", phone), ("consent", CONSENT)]
}

/// The address and the PIN on a slip.
fn on_slip(page: &str) -> (String, String) {
    let path = page.split("/claim/").nth(1).expect("url").split('<').next().expect("end").trim();
    let pin = page.split("slip-pin num\">").nth(1).expect("pin").split('<').next().expect("end");
    (format!("/claim/{path}"), pin.to_owned())
}

#[tokio::test]
async fn somebody_without_a_phone_applies_and_takes_the_account_over_by_the_slip() {
    let Setting { app, fair, staff, desk, .. } = setting().await;
    let posting = post(&app, &fair, content("电焊工"), State::Live).await;
    let without = staff.web.form(&format!("{desk}/workers"), &[("name", "王大山"), ("phone", "")]).await;
    assert_eq!(without.status(), StatusCode::UNPROCESSABLE_ENTITY, "only with consent");
    assert!(without.text().await.expect("text").contains("value=\"王大山\""));
    let worker = place(&staff.web.form(&format!("{desk}/workers"), &registering("王大山", "")).await);
    let found = staff.web.page(&format!("{worker}?q=电焊")).await;
    assert!(found.contains("王大山") && found.contains("电焊工"), "{found}");
    let id = posting.id.to_string();
    let unasked = staff.web.form(&format!("{worker}/applications"), &[("posting", &id)]).await;
    assert_eq!(unasked.status(), StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..2 {
        let sent = staff.web.form(&format!("{worker}/applications"), &[("posting", &id), ("consent", "1"), ("q", "电焊 包住&x")]).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    }
    assert!(staff.web.page(&format!("{worker}?q=电焊")).await.contains("已投递"));
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT name, masked_contact, station_id FROM applications").fetch_all(app.parts.db.read()).await.expect("rows");
    assert_eq!(
        rows,
        [("王大山".to_owned(), "137****0000".to_owned(), desk.rsplit('/').next().expect("id").to_owned())],
        "once, with the station's phone"
    );
    let (application,): (String,) = sqlx::query_as("SELECT id FROM applications").fetch_one(app.parts.db.read()).await.expect("row");
    assert!(fair.recruiter.web.page(&format!("/applications/{application}")).await.contains("村级服务站代为投递"));
    let first = staff.web.form(&format!("{worker}/slips"), &[]).await.text().await.expect("slip");
    let slip = staff.web.form(&format!("{worker}/slips"), &[]).await.text().await.expect("slip");
    assert!(slip.contains("王大山的求职凭条") && slip.contains("<svg") && slip.contains("电焊工"));
    let home = app.stranger();
    assert_eq!(home.status(&on_slip(&first).0).await, 410, "a new slip makes the old one void");
    let (claim, pin) = on_slip(&slip);
    assert!(home.page(&claim).await.contains("六位 PIN"));
    let wrong = home.form(&claim, &[("pin", "x")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let claimed = home.form(&claim, &[("pin", &pin)]).await;
    assert_eq!(place(&claimed), "/me");
    assert!(home.page("/me").await.contains("电焊工"));
    assert!(home.page(&format!("/applications/{application}")).await.contains("投递的资料"));
    assert_eq!(app.stranger().form(&claim, &[("pin", &pin)]).await.status(), StatusCode::GONE, "good once");
    assert_eq!(place(&staff.web.get(&worker).send().await.expect("response")), desk, "staff see nothing any more");
    assert_eq!(staff.web.form(&format!("{worker}/opens"), &[]).await.status(), StatusCode::NOT_FOUND);
    assert!(!staff.web.page(&desk).await.contains("王*"));
    app.stop().await;
}

#[tokio::test]
async fn the_screen_is_wiped_by_itself_and_by_the_next_person() {
    let Setting { app, staff, desk, .. } = setting().await;
    let first = place(&staff.web.form(&format!("{desk}/workers"), &registering("王大山", "")).await);
    app.clock.advance(4 * MINUTE);
    assert!(staff.web.page(&first).await.contains("王大山"), "as long as they work on it");
    app.clock.advance(6 * MINUTE);
    assert_eq!(place(&staff.web.get(&first).send().await.expect("response")), desk, "left alone");
    let wiped = staff.web.get(&desk).send().await.expect("response");
    assert!(wiped.headers()["cache-control"].to_str().expect("text").contains("no-store"));
    assert!(!wiped.text().await.expect("text").contains("王大山"), "the list has masked names");
    staff.web.form(&format!("{first}/opens"), &[]).await;
    assert!(staff.web.page(&first).await.contains("王大山"));
    let second = place(&staff.web.form(&format!("{desk}/workers"), &registering("赵小川", "")).await);
    assert_eq!(place(&staff.web.get(&first).send().await.expect("response")), desk, "one at a time");
    staff.web.form(&format!("{desk}/ends"), &[]).await;
    assert_eq!(place(&staff.web.get(&second).send().await.expect("response")), desk);
    for path in [format!("{first}/slips"), format!("{first}/applications")] {
        let late = staff.web.form(&path, &[("posting", "00000000-0000-7000-8000-000000000000"), ("consent", "1")]).await;
        assert_eq!(place(&late), desk, "{path}");
    }
    let (seen,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM audit WHERE action = 'station.see'").fetch_one(app.parts.db.read()).await.expect("count");
    assert_eq!(seen, 3, "each opening is noted");
    app.clock.advance(91 * DAY);
    let staff = app.sign_in(staff.account).await;
    assert!(!staff.web.page(&desk).await.contains("王*"), "after a season nothing is left");
    assert_eq!(staff.web.form(&format!("{first}/opens"), &[]).await.status(), StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn an_account_that_exists_is_worked_with_only_by_a_code_its_owner_reads_out() {
    let Setting { app, fair, gateway, staff, desk } = setting().await;
    let posting = post(&app, &fair, content("电焊工"), State::Live).await;
    let owner = app.seeker("韩梅梅").await;
    app.parts.accounts.add_contact(owner.account.id, &Contact::parse("13900000001").expect("phone")).await.expect("contact");
    owner.web.form(&format!("/postings/{}/apply", posting.id), &answers()).await;
    let asked = staff.web.form(&format!("{desk}/workers"), &registering("韩梅梅", "13900000001")).await;
    assert_eq!(asked.status(), StatusCode::OK);
    let page = asked.text().await.expect("text");
    assert!(page.contains("验证码已发到") && !page.contains("电焊工"), "{page}");
    let guessed =
        staff.web.form(&format!("{desk}/workers"), &[registering("韩梅梅", "13900000001"), vec![("code", "000000")]].concat()).await;
    assert_eq!(guessed.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let text = gateway.texts().pop().expect("a message");
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 6).expect("code");
    let opened = staff.web.form(&format!("{desk}/workers"), &[registering("韩梅梅", "13900000001"), vec![("code", code)]].concat()).await;
    assert!(place(&opened).ends_with(&owner.account.id.to_string()));
    assert!(staff.web.page(&place(&opened)).await.contains("电焊工"), "their own applications");
    app.stop().await;
}

#[tokio::test]
async fn a_pin_is_tried_five_times_even_at_once_and_the_slip_is_void_then() {
    let Setting { app, staff, desk, .. } = setting().await;
    let worker = place(&staff.web.form(&format!("{desk}/workers"), &registering("王大山", "13600000001")).await);
    let (claim, pin) = on_slip(&staff.web.form(&format!("{worker}/slips"), &[]).await.text().await.expect("slip"));
    let wrong = if pin == "111111" { "222222" } else { "111111" };
    let web = app.stranger();
    let guess = [("pin", wrong)];
    let all = futures_util::future::join_all((0..8).map(|_| web.form(&claim, &guess))).await;
    assert_eq!(all.iter().filter(|r| r.status() == StatusCode::UNPROCESSABLE_ENTITY).count(), 4);
    assert_eq!(web.form(&claim, &[("pin", &pin)]).await.status(), StatusCode::GONE, "even with the right one");
    assert_eq!(web.status("/claim/nonsense").await, 410);
    // Whoever comes again with the same phone is found again.
    let again = place(&staff.web.form(&format!("{desk}/workers"), &registering("王大山", "136 0000 0001")).await);
    assert_eq!(again, worker);
    let (claim, pin) = on_slip(&staff.web.form(&format!("{worker}/slips"), &[]).await.text().await.expect("slip"));
    assert_eq!(place(&web.form(&claim, &[("pin", &pin)]).await), "/me");
    app.stop().await;
}

#[tokio::test]
async fn a_station_is_its_staffs_and_its_organisers_alone() {
    let Setting { app, fair, gateway, staff, desk } = setting().await;
    let worker = place(&staff.web.form(&format!("{desk}/workers"), &registering("王大山", "")).await);
    let other = app.fair().await;
    let strange = place(
        &other.organiser.web.form(&format!("/fairs/{}/stations", other.fair.id), &[("name", "别村"), ("phone", "13700000001")]).await,
    );
    let strange = format!("/stations/{}", strange.split("#s-").nth(1).expect("id"));
    let colleague = app.person("李同事", Grant::Station(desk.rsplit('/').next().expect("id").parse().expect("id"))).await;
    assert_eq!(
        place(&colleague.web.get(&worker).send().await.expect("response")),
        desk,
        "who sits before another screen opens it themselves"
    );
    for person in [&fair.recruiter, &other.organiser, &app.seeker("小李").await] {
        assert_eq!(person.web.status(&desk).await, 404);
        assert_eq!(person.web.status(&worker).await, 404);
        assert_eq!(person.web.form(&format!("{desk}/workers"), &registering("x", "")).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(
            person.web.form(&format!("{desk}/staff"), &[("staff", "x"), ("contact", "x@example.com")]).await.status(),
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(staff.web.status(&strange).await, 404);
    assert_eq!(fair.organiser.web.status(&format!("/fairs/{}/stations", other.fair.id)).await, 404);
    let theirs = worker.replace(&desk, &strange);
    assert_eq!(staff.web.status(&theirs).await, 404);
    let elsewhere = post(&app, &other, content("别处"), State::Live).await.id.to_string();
    let sent = staff.web.form(&format!("{worker}/applications"), &[("posting", elsewhere.as_str()), ("consent", "1")]).await;
    assert_eq!(sent.status(), StatusCode::NOT_FOUND, "of its own fair alone");
    // Staff come by a link, and leave at a word.
    let invited = fair.organiser.web.form(&format!("{desk}/staff"), &[("staff", "新同事"), ("contact", "13500000001")]).await;
    assert_eq!(invited.status(), StatusCode::SEE_OTHER);
    crate::wish::until("the link arrives", async || gateway.texts().iter().any(|text| text.contains("/signin/link/"))).await;
    let wrong = fair.organiser.web.form(&format!("{desk}/staff"), &[("staff", "新同事"), ("contact", "nobody")]).await;
    assert!(wrong.text().await.expect("text").contains("value=\"nobody\""));
    let gone = fair.organiser.web.form(&format!("{desk}/staff/{}/removals", staff.account.id), &[]).await;
    assert_eq!(gone.status(), StatusCode::SEE_OTHER);
    assert_eq!(staff.web.status(&desk).await, 404);
    app.stop().await;
}
