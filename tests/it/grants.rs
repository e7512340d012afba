//! What applicants let employers see: seen, taken back, given again, run out; who looked.

use crate::applications::{PDF, answers, apply, place, setting, upload};
use crate::harness::{Person, TestApp, TestFair};
use crate::postings::{content, post};
use reqwest::StatusCode;
use reqwest::multipart::Part;
use springbreeze::applications::CONSENT;
use springbreeze::clock::DAY;
use springbreeze::postings::State;

const PHONE: &str = "13800138000";

async fn sent(app: &TestApp) -> (TestFair, Person, String) {
    let (fair, posting, person) = setting(app).await;
    let path = place(&upload(&person, &posting, Part::bytes(PDF).file_name("李雷的简历.pdf")).await);
    (fair, person, path)
}

/// The recruiter sees what was sent, or masks.
async fn assert_seen(recruiter: &Person, path: &str, open: bool) {
    let status = if open { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let contact = recruiter.web.form(&format!("{path}/contact"), &[]).await;
    assert_eq!(contact.status(), status);
    assert_eq!(contact.text().await.expect("text").contains(PHONE), open);
    for part in ["resume", "resume/preview"] {
        assert_eq!(recruiter.web.status(&format!("{path}/{part}")).await, status.as_u16(), "{part}");
    }
    let page = recruiter.web.page(&format!("{path}?preview=1")).await;
    assert!(page.contains("138****8000") && !page.contains(PHONE));
    assert_eq!(page.contains("李雷的简历"), open);
    assert_eq!(page.contains("id=\"closed\""), !open);
}

async fn exported(fair: &TestFair) -> String {
    let path = format!("/employers/{}/applications/exports", fair.employer.id);
    let wanted = [("kind", "csv"), ("clear", "1"), ("reason", "约面试时间")];
    fair.recruiter.web.form(&path, &wanted).await.text().await.expect("text")
}

#[tokio::test]
async fn who_looked_is_told_and_what_is_taken_back_is_masked_until_it_is_given_again() {
    let app = TestApp::start().await;
    let (fair, person, path) = sent(&app).await;
    let page = person.web.page(&path).await;
    assert!(page.contains("还没有人查看过") && page.contains("杭州电子厂可以查看您的联系方式和简历，到 2027-05-"), "{page}");
    assert_seen(&fair.recruiter, &path, true).await;
    assert!(exported(&fair).await.contains(PHONE));
    let page = person.web.page(&path).await;
    for look in ["招聘官 · 查看了联系方式", "招聘官 · 查看了简历", "招聘官 · 导出了名单（含联系方式）"]
    {
        assert!(page.contains(look), "{look}");
    }

    assert_eq!(person.web.form(&format!("{path}/revocations"), &[]).await.status(), StatusCode::SEE_OTHER);
    assert_seen(&fair.recruiter, &path, false).await;
    assert!(fair.recruiter.web.page(&path).await.contains("求职者收回了查看授权"));
    let table = exported(&fair).await;
    assert!(table.contains("138****8000") && !table.contains(PHONE) && !table.contains("李雷的简历"), "{table}");
    let list = format!("/employers/{}/applications", fair.employer.id);
    let json: serde_json::Value = fair
        .recruiter
        .web
        .client
        .get(fair.recruiter.web.url(&list))
        .header("accept", "application/json")
        .send()
        .await
        .expect("response")
        .json()
        .await
        .expect("json");
    assert_eq!((&json["items"][0]["resume"], &json["items"][0]["name"]), (&false.into(), &"李雷".into()));
    let page = person.web.page(&path).await;
    assert!(page.contains("导出了名单（联系方式已隐藏）") && page.contains("重新给对方查看"));
    assert!(page.contains("李雷的简历"), "one's own stays");

    let give = format!("{path}/grants");
    for consent in ["", "send-to-employer/1"] {
        assert_eq!(person.web.form(&give, &[("consent", consent)]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(person.web.form(&give, &[("consent", CONSENT)]).await.status(), StatusCode::SEE_OTHER);
    assert_seen(&fair.recruiter, &path, true).await;
    app.stop().await;
}

#[tokio::test]
async fn it_runs_out_by_itself_and_says_so() {
    let app = TestApp::start().await;
    let (fair, person, path) = sent(&app).await;
    let (account, seeker) = (fair.recruiter.account.clone(), person.account.clone());
    // The fair ends in ten days.
    app.clock.advance(99 * DAY);
    let recruiter = app.sign_in(account.clone()).await;
    assert_seen(&recruiter, &path, true).await;
    app.clock.advance(91 * DAY);
    let (recruiter, person) = (app.sign_in(account).await, app.sign_in(seeker).await);
    assert_seen(&recruiter, &path, false).await;
    assert!(recruiter.web.page(&path).await.contains("查看授权已到期"));
    assert!(person.web.page(&path).await.contains("已结束，对方看不到您的电话和简历"));
    assert!(person.web.page("/me/grants").await.contains("已到期"));
    assert_eq!(person.web.form(&format!("{path}/grants"), &[("consent", CONSENT)]).await.status(), StatusCode::SEE_OTHER);
    assert_seen(&recruiter, &path, true).await;
    app.stop().await;
}

#[tokio::test]
async fn one_page_lists_all_employers_and_takes_back_all_that_one_has() {
    let app = TestApp::start().await;
    let (fair, person, first) = sent(&app).await;
    assert!(app.seeker("路人").await.web.page("/me/grants").await.contains("还没有给过任何单位"));
    let second = post(&app, &fair, content("钳工"), State::Live).await;
    let second = place(&person.web.form(&apply(&second), &answers()).await);
    let elsewhere = app.fair().await;
    let other = post(&app, &elsewhere, content("厨师"), State::Live).await;
    let other = place(&person.web.form(&apply(&other), &answers()).await);
    fair.recruiter.web.form(&format!("{first}/contact"), &[]).await;
    let page = person.web.page("/me/grants").await;
    assert!(page.contains("共查看 1 次") && page.contains("钳工") && page.contains("厨师"), "{page}");
    let english = person.web.get("/me/grants").header("accept-language", "en").send().await.expect("page").text().await.expect("text");
    assert!(english.contains("Who can see my data") && english.contains("Looked once"));
    let employer = fair.employer.id.to_string();
    let revoked = person.web.form("/me/grants/revocations", &[("employer", &employer)]).await;
    assert_eq!(revoked.status(), StatusCode::SEE_OTHER);
    for path in [&first, &second] {
        assert_eq!(fair.recruiter.web.form(&format!("{path}/contact"), &[]).await.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(elsewhere.recruiter.web.form(&format!("{other}/contact"), &[]).await.status(), StatusCode::OK, "another employer's stays");
    assert_eq!(person.web.form("/me/grants/revocations", &[("employer", "x")]).await.status(), StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn withdrawing_takes_it_back_and_sending_again_gives_it_again() {
    let app = TestApp::start().await;
    let (fair, person, path) = sent(&app).await;
    person.web.form(&format!("{path}/withdraw"), &[]).await;
    assert_seen(&fair.recruiter, &path, false).await;
    let give = person.web.form(&format!("{path}/grants"), &[("consent", CONSENT)]).await;
    assert_eq!(give.status(), StatusCode::CONFLICT, "only with the application");
    let posting: (String,) = sqlx::query_as("SELECT posting_id FROM applications").fetch_one(app.parts.db.read()).await.expect("row");
    person.web.form(&format!("/postings/{}/apply", posting.0), &answers()).await;
    assert_seen(&fair.recruiter, &path, true).await;
    app.stop().await;
}

#[tokio::test]
async fn nobody_gives_or_takes_back_for_another() {
    let app = TestApp::start().await;
    let (fair, _, path) = sent(&app).await;
    let (_, other, _) = app.employer(&fair.fair, "别家").await;
    for stranger in [&fair.recruiter, &other, &app.seeker("路人").await, &fair.organiser] {
        for (to, fields) in [("revocations", vec![]), ("grants", vec![("consent", CONSENT)])] {
            assert_eq!(stranger.web.form(&format!("{path}/{to}"), &fields).await.status(), StatusCode::NOT_FOUND, "{to}");
        }
        assert!(!stranger.web.page("/me/grants").await.contains("电焊工"));
    }
    assert_eq!(app.stranger().form(&format!("{path}/revocations"), &[]).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(app.stranger().status("/me/grants").await, 303);
    assert_seen(&fair.recruiter, &path, true).await;
    app.stop().await;
}
