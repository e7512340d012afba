//! Employers: what is handed in, who sees it, what organisers decide, what ends; and who belongs to an employer.

use crate::harness::{NOON, Person, TestApp, TestFair, Web};
use reqwest::multipart::{Form, Part};
use reqwest::{Response, StatusCode};
use springbreeze::accounts::{Contact, Grant};
use springbreeze::clock::DAY;
use springbreeze::employers::{Status, VerificationForm};
use springbreeze::ids::EmployerId;

/// A PDF that nobody need open.
pub(crate) const PDF: &[u8] = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\n%%EOF\n";

pub(crate) fn declared() -> VerificationForm {
    VerificationForm {
        kind: "direct".into(),
        legal_name: "杭州电子有限公司".into(),
        credit_code: "91440300708461136T".into(),
        publisher_name: "王芳".into(),
        publisher_position: "招聘主管".into(),
        publisher_phone: "13800138000".into(),
        authorised_until: "2028-03-31".into(),
        ..VerificationForm::default()
    }
}

/// Makes an employer verified until a day.
pub(crate) async fn verify(app: &TestApp, at: &TestFair, id: EmployerId, days: i64) {
    let by = at.organiser.account.id;
    app.parts.employers.note_verified(id, &declared(), NOON + days * DAY, by).await.expect("verified");
}

fn fields(form: Form, pairs: &[(&'static str, &str)]) -> Form {
    pairs.iter().fold(form, |form, (name, value)| form.text(*name, (*value).to_owned()))
}

const GOOD: &[(&str, &str)] = &[
    ("kind", "direct"),
    ("legal_name", "杭州电子有限公司"),
    ("credit_code", "914403001922038216"),
    ("publisher_name", "王芳"),
    ("publisher_position", "招聘主管"),
    ("publisher_phone", "13800138000"),
    ("authorised_until", "2028-03-31"),
];

fn file(name: &'static str, bytes: &[u8]) -> (&'static str, Part) {
    (name, Part::bytes(bytes.to_vec()).file_name("x.pdf"))
}

async fn send(web: &Web, id: EmployerId, version: i64, pairs: &[(&'static str, &str)], files: Vec<(&'static str, Part)>) -> Response {
    let form = fields(Form::new().text("version", version.to_string()), pairs);
    let form = files.into_iter().fold(form, |form, (name, part)| form.part(name, part));
    web.post(&format!("/employers/{id}/verification")).header("accept", "text/html").multipart(form).send().await.expect("response")
}

/// The code that was sent to a phone last.
async fn prove(app: &TestApp, id: EmployerId) {
    // The recruiter holds this phone already, so that no code is needed.
    let recruiter = app.parts.accounts.recruiters_of(id).await.expect("people").remove(0);
    let phone = Contact::parse("13800138000").expect("phone");
    app.parts.accounts.add_contact(recruiter.id, &phone).await.expect("contact");
}

async fn version(app: &TestApp, id: EmployerId) -> i64 {
    app.parts.employers.verification(id).await.expect("read").version
}

async fn told(app: &TestApp) -> i64 {
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM outbox").fetch_one(app.parts.db.read()).await.expect("count");
    n
}

async fn audited(app: &TestApp, action: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM audit WHERE action = $1";
    let (n,): (i64,) = sqlx::query_as(sql).bind(action).fetch_one(app.parts.db.read()).await.expect("count");
    n
}

#[tokio::test]
async fn an_employer_is_verified_from_form_to_approval() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (id, web) = (at.employer.id, &at.recruiter.web);
    let page = web.page(&format!("/employers/{id}/verification")).await;
    assert!(page.contains("未认证") && page.contains("杭州电子厂"), "what is known is filled in");
    assert!(app.stranger().page(&format!("/employers/{id}")).await.contains("还没有通过认证"));

    // Without papers and phone it is kept and comes back.
    let back = send(web, id, 0, GOOD, vec![file("paper_licence", PDF)]).await;
    assert_eq!(back.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = back.text().await.expect("text");
    assert!(page.contains("请先验证这个手机号") && page.contains("请上传这份文件") && page.contains("138****8000"), "{page}");
    prove(&app, id).await;
    let sent = send(web, id, version(&app, id).await, GOOD, vec![file("paper_authorisation", PDF)]).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER, "the first paper was kept: {}", sent.text().await.expect("text"));
    assert_eq!(app.parts.employers.status(id).await.expect("status"), Status::Submitted);

    let desk = at.organiser.web.page(&format!("/fairs/{}/verifications", at.fair.id)).await;
    assert!(desk.contains("待审核 1 家") && desk.contains("杭州电子厂"));
    let review = at.organiser.web.page(&format!("/employers/{id}/verification/review")).await;
    assert!(review.contains("914403001922038216") && review.contains("138****8000（已验证）") && !review.contains("13800138000"));
    let decide = format!("/employers/{id}/verification/decisions");
    let seen = version(&app, id).await.to_string();
    let no_day = at.organiser.web.form(&decide, &[("verdict", "approve"), ("version", &seen), ("until", "2020-01-01")]).await;
    assert_eq!(no_day.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let stale = at.organiser.web.form(&decide, &[("verdict", "approve"), ("version", "1"), ("until", "2028-01-31")]).await;
    assert_eq!(stale.status(), StatusCode::CONFLICT, "about what was seen");
    let before = told(&app).await;
    let done = at.organiser.web.form(&decide, &[("verdict", "approve"), ("version", &seen), ("until", "2029-01-31")]).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    assert!(told(&app).await > before, "the employer is told");
    assert_eq!((audited(&app, "employer.verify").await, audited(&app, "employer.submit").await), (1, 1));

    let public = app.stranger().page(&format!("/employers/{id}")).await;
    assert!(public.contains("已认证") && public.contains("杭州电子有限公司") && public.contains("914403001922038216"));
    assert!(public.contains("2028-03-31"), "the authorisation ends before the check does");
    assert!(!public.contains("138") && !public.contains("王芳"));
    let english = app.stranger().get(&format!("/employers/{id}")).header("accept-language", "en").send().await.expect("page");
    assert!(english.text().await.expect("text").contains("Verified (checked on"));

    app.clock.advance(500 * DAY);
    let public = app.stranger().page(&format!("/employers/{id}")).await;
    assert!(public.contains("还没有通过认证"), "it has expired");
    assert_eq!(app.parts.employers.status(id).await.expect("status"), Status::Expired);
    app.stop().await;
}

#[tokio::test]
async fn what_is_sent_back_says_why_beside_each_field_and_a_suspension_ends_what_was_approved() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (id, organiser) = (at.employer.id, &at.organiser.web);
    app.parts.employers.note_submitted(id, &declared()).await.expect("waits");
    let decide = format!("/employers/{id}/verification/decisions");
    let seen = version(&app, id).await.to_string();
    let empty = organiser.form(&decide, &[("verdict", "return"), ("version", &seen)]).await;
    assert_eq!(empty.status(), StatusCode::UNPROCESSABLE_ENTITY, "not without a reason");
    let fields = [("verdict", "return"), ("version", seen.as_str()), ("reason_legal_name", "和执照不一致"), ("reason", "请尽快")];
    assert_eq!(organiser.form(&decide, &fields).await.status(), StatusCode::SEE_OTHER);
    let page = at.recruiter.web.page(&format!("/employers/{id}/verification")).await;
    assert!(page.contains("和执照不一致") && page.contains("请尽快") && page.contains("认证被退回"), "{page}");
    assert_eq!(organiser.form(&decide, &fields).await.status(), StatusCode::CONFLICT, "nothing waits");

    let (other, ..) = app.employer(&at.fair, "别家").await;
    verify(&app, &at, other.id, 100).await;
    let decide = format!("/employers/{}/verification/decisions", other.id);
    assert_eq!(organiser.form(&decide, &[("verdict", "suspend")]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(organiser.form(&decide, &[("verdict", "suspend"), ("reason", "有人举报收费")]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(app.parts.employers.status(other.id).await.expect("status"), Status::Suspended);
    assert!(!app.stranger().page(&format!("/employers/{}", other.id)).await.contains("有人举报"), "why is not for everybody");
    assert_eq!(organiser.form(&decide, &[("verdict", "restore")]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(app.parts.employers.status(other.id).await.expect("status"), Status::Verified);
    app.stop().await;
}

/// A fair of somebody else.
async fn other_organiser(app: &TestApp) -> Person {
    let fair = app.fair().await;
    fair.organiser
}

#[tokio::test]
async fn papers_and_people_are_for_the_employers_own_and_for_its_fairs_organisers() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let id = at.employer.id;
    let by = at.recruiter.account.id;
    app.parts.employers.keep_paper(id, springbreeze::employers::PaperKind::Licence, PDF.to_vec(), by).await.expect("kept").expect("good");
    app.parts.employers.note_submitted(id, &declared()).await.expect("waits");
    let (paper,): (String,) = sqlx::query_as("SELECT blob_id FROM employer_papers").fetch_one(app.parts.db.read()).await.expect("paper");
    let (other, other_recruiter, _) = app.employer(&at.fair, "别家").await;
    let (seeker, organiser) = (app.seeker("路人").await, other_organiser(&app).await);
    let outsiders = [&other_recruiter.web, &seeker.web, &organiser.web];
    let own = |path: &str| format!("/employers/{id}{path}");
    let desk = format!("/fairs/{}/verifications", at.fair.id);
    let reads = [
        // Path, and whether the recruiter and the fair's organiser may.
        (own("/verification"), true, false),
        (own("/members"), true, false),
        (own(&format!("/papers/{paper}")), true, true),
        (own("/verification/review"), false, true),
        (desk.clone(), false, true),
    ];
    for (path, recruiter, organises) in &reads {
        for outsider in outsiders {
            assert_eq!(outsider.status(path).await, 404, "{path}");
        }
        assert_eq!(app.stranger().status(path).await, 303, "{path}: asked to sign in");
        let may = |yes: &bool| if *yes { 200 } else { 404 };
        // A recruiter sees the review page of their own employer no more than its desk.
        assert_eq!(at.recruiter.web.status(path).await, may(recruiter), "{path}");
        assert_eq!(at.organiser.web.status(path).await, may(organises), "{path}");
    }
    let member = at.recruiter.account.id;
    let writes = [
        own("/verification/codes"),
        own("/verification/phone"),
        own("/verification/decisions"),
        own("/members/invitations"),
        own(&format!("/members/{member}/removals")),
        own(&format!("/members/invitations/{}/removals", uuid::Uuid::now_v7())),
    ];
    for path in &writes {
        for outsider in outsiders {
            let sent = outsider.form(path, &[("verdict", "suspend"), ("reason", "x"), ("code", "1"), ("by", "link")]).await;
            assert_eq!(sent.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(app.stranger().form(path, &[("verdict", "suspend")]).await.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(send(&other_recruiter.web, id, 0, GOOD, vec![]).await.status(), StatusCode::NOT_FOUND);
    let foreign = format!("/employers/{}/papers/{paper}", other.id);
    assert_eq!(other_recruiter.web.status(&foreign).await, 404, "nor by the way of one's own employer");
    let decide = own("/verification/decisions");
    assert_eq!(at.recruiter.web.form(&decide, &[("verdict", "approve")]).await.status(), StatusCode::NOT_FOUND);
    app.parts.accounts.grant(member, Grant::Organiser(at.fair.id)).await.expect("both");
    let seen = version(&app, id).await.to_string();
    let own_case = at.recruiter.web.form(&decide, &[("verdict", "approve"), ("version", &seen), ("until", "2028-01-31")]).await;
    assert_eq!(own_case.status(), StatusCode::FORBIDDEN, "nobody decides on their own");
    assert_eq!(audited(&app, "employer.look").await, 2, "each look is noted, and no try");
    app.stop().await;
}

#[tokio::test]
async fn hostile_papers_are_refused_and_good_ones_lie_encrypted() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (id, web) = (at.employer.id, &at.recruiter.web);
    let large = [b"%PDF-1.4\n".to_vec(), vec![b'0'; 9 * 1024 * 1024], b"%%EOF".to_vec()].concat();
    let cases: [(&[u8], &str); 7] = [
        (b"GIF89a....", "只能上传"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "只能上传"),
        (b"MZ\x90\0 program", "只能上传"),
        (b"%PDF-1.7 << /JavaScript (app.alert(1)) >> %%EOF", "含有脚本或附件"),
        (b"\xFF\xD8\xFF\xE0 cut", "不完整"),
        (b"", "是空的"),
        (&large, "超过 8 MB"),
    ];
    for (bytes, says) in cases {
        let mut draft = GOOD.to_vec();
        draft.push(("then", "draft"));
        let version = version(&app, id).await;
        let sent = send(web, id, version, &draft, vec![file("paper_licence", bytes)]).await;
        assert_eq!(sent.status(), StatusCode::UNPROCESSABLE_ENTITY, "{says}");
        assert!(sent.text().await.expect("text").contains(says), "{says}");
    }
    let photo = jpeg_with_position();
    let by = at.recruiter.account.id;
    app.parts.employers.keep_paper(id, springbreeze::employers::PaperKind::Licence, photo, by).await.expect("kept").expect("good");
    let (paper,): (String,) = sqlx::query_as("SELECT blob_id FROM employer_papers").fetch_one(app.parts.db.read()).await.expect("paper");
    let shown = web.get(&format!("/employers/{id}/papers/{paper}")).send().await.expect("paper");
    assert_eq!(shown.headers()["content-type"], "image/jpeg");
    assert!(shown.headers()["content-security-policy"].to_str().expect("csp").contains("sandbox"));
    for (header, says) in [("cache-control", "private, no-store"), ("x-content-type-options", "nosniff")] {
        assert_eq!(shown.headers()[header], says);
    }
    let bytes = shown.bytes().await.expect("bytes");
    let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|w| w == part);
    assert!(holds(&bytes, b"JFIF") && !holds(&bytes, b"GPS") && !holds(&bytes, b"<html>"));
    let stored = walk(&app.data.path().join("blobs/papers"));
    assert_eq!(stored.len(), 1, "what was refused is not kept");
    assert!(!holds(&std::fs::read(&stored[0]).expect("file"), b"JFIF"), "encrypted");
    let wrong_type = web.post(&format!("/employers/{id}/verification")).form(&[("kind", "direct")]).send().await.expect("response");
    assert_eq!(wrong_type.status(), StatusCode::BAD_REQUEST);
    app.stop().await;
}

/// The smallest photo that is one, taken somewhere, with a page behind it.
fn jpeg_with_position() -> Vec<u8> {
    let segment = |marker: u8, contents: &[u8]| [&[0xFF, marker][..], &((contents.len() + 2) as u16).to_be_bytes(), contents].concat();
    let parts = [
        vec![0xFF, 0xD8],
        segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(0xE1, b"Exif\0\0MM\0*GPS 30.25N"),
        segment(0xDB, &[0; 65]),
        segment(0xDA, &[1, 1, 0, 0, 63, 0]),
        vec![0x11, 0xFF, 0xD9],
        b"<html><script>alert(1)</script>".to_vec(),
    ];
    parts.concat()
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).map(|e| e.flatten().map(|e| e.path()).collect::<Vec<_>>()).unwrap_or_default();
    entries.into_iter().flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_wrong_credit_code_says_which_rule_it_breaks() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (id, web) = (at.employer.id, &at.recruiter.web);
    for (code, says) in
        [("9144030019220382", "应为 18 位"), ("91440300192203821O", "没有 I、O、S、V、Z"), ("914403001922038261", "校验位不对")]
    {
        let pairs: Vec<_> = GOOD.iter().map(|(name, value)| (*name, if *name == "credit_code" { code } else { *value })).collect();
        let back = send(web, id, 0, &pairs, vec![]).await;
        assert_eq!(back.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = back.text().await.expect("text");
        assert!(page.contains(says) && page.contains(code), "{code}: filled in with the message");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_phone_that_nobody_holds_is_proven_by_a_code() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (id, web) = (at.employer.id, &at.recruiter.web);
    let mut draft = GOOD.to_vec();
    draft.push(("then", "draft"));
    assert_eq!(send(web, id, 0, &draft, vec![]).await.status(), StatusCode::SEE_OTHER);
    let asked = web.form(&format!("/employers/{id}/verification/codes"), &[]).await;
    assert!(asked.text().await.expect("text").contains("name=\"code\""));
    let wrong = web.form(&format!("/employers/{id}/verification/phone"), &[("code", "000000x")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.parts.employers.verification(id).await.expect("read").phone_proven_at, 0);
    app.stop().await;
}

#[tokio::test]
async fn reminders_come_thirty_and_seven_days_before_the_end_and_once() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    verify(&app, &at, at.employer.id, 60).await;
    let remind = async || app.parts.employers.remind_due().await.expect("reminded");
    assert_eq!(remind().await, 0);
    app.clock.advance(31 * DAY);
    assert_eq!((remind().await, remind().await), (1, 0));
    app.clock.advance(23 * DAY);
    assert_eq!((remind().await, remind().await), (1, 0));
    let notices = at.recruiter.web.page("/me/notices").await;
    assert_eq!(notices.matches("到期</a>").count(), 2, "{notices}");
    app.clock.advance(10 * DAY);
    assert_eq!(remind().await, 0, "what has ended needs no reminder");
    app.stop().await;
}

#[tokio::test]
async fn a_colleague_is_invited_once_and_loses_their_rights_at_once() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let id = at.employer.id;
    let invite = format!("/employers/{id}/members/invitations");
    let page = at.recruiter.web.form(&invite, &[("by", "link")]).await.text().await.expect("text");
    let link = page.split("/employers/join/").nth(1).expect("link").split('"').next().expect("token");
    let path = format!("/employers/join/{link}");
    assert!(app.stranger().page(&path).await.contains("登录后接受"));
    assert_eq!(app.stranger().form(&path, &[]).await.status(), StatusCode::UNAUTHORIZED);
    let colleague = app.seeker("同事").await;
    assert!(colleague.web.page(&path).await.contains("接受邀请"));
    assert_eq!(colleague.web.status(&format!("/employers/{id}/members")).await, 404);
    assert_eq!(colleague.web.form(&path, &[]).await.status(), StatusCode::SEE_OTHER);
    assert!(colleague.web.page(&format!("/employers/{id}/members")).await.contains("同事"));
    let late = app.seeker("来晚的").await;
    assert_eq!(late.web.form(&path, &[]).await.status(), StatusCode::GONE, "it is good once");
    assert_eq!(late.web.status("/employers/join/nonsense").await, 404);

    let gone = format!("/employers/{id}/members/{}/removals", colleague.account.id);
    assert_eq!(at.recruiter.web.form(&gone, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(colleague.web.status(&format!("/employers/{id}/members")).await, 404, "at once");
    assert_eq!(colleague.web.status(&format!("/employers/{id}/postings")).await, 404);
    let last = format!("/employers/{id}/members/{}/removals", at.recruiter.account.id);
    assert_eq!(at.recruiter.web.form(&last, &[]).await.status(), StatusCode::CONFLICT, "the last one stays");
    assert_eq!(audited(&app, "employer.invite").await + audited(&app, "employer.join").await + audited(&app, "employer.remove").await, 3);
    app.stop().await;
}

#[tokio::test]
async fn an_invitation_by_contact_is_for_who_holds_it_and_can_be_taken_back_or_expire() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let id = at.employer.id;
    let viewer = app.parts.accounts.viewer_by_token(&at.recruiter.token).await.expect("viewer");
    let contact = Contact::parse("colleague@example.com").expect("contact");
    let before = told(&app).await;
    let link = app.parts.employers.invite(&viewer, id, Some(&contact)).await.expect("invited");
    assert_eq!(told(&app).await, before + 1, "the link goes to the contact");
    let path = link.split_once("/employers/").map(|(_, rest)| format!("/employers/{rest}")).expect("path");
    let (right, wrong) = (app.seeker("同事").await, app.seeker("别人").await);
    app.parts.accounts.add_contact(right.account.id, &contact).await.expect("held");
    assert_eq!(wrong.web.form(&path, &[]).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(right.web.form(&path, &[]).await.status(), StatusCode::SEE_OTHER);

    let second = app.parts.employers.invite(&viewer, id, None).await.expect("another");
    let second = second.split_once("/employers/").map(|(_, rest)| format!("/employers/{rest}")).expect("path");
    let (invitation,): (String,) =
        sqlx::query_as("SELECT id FROM employer_invitations WHERE used_at = 0").fetch_one(app.parts.db.read()).await.expect("open");
    let back = format!("/employers/{id}/members/invitations/{invitation}/removals");
    assert_eq!(at.recruiter.web.form(&back, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(wrong.web.form(&second, &[]).await.status(), StatusCode::GONE);
    let third = app.parts.employers.invite(&viewer, id, None).await.expect("another");
    let third = third.split_once("/employers/").map(|(_, rest)| format!("/employers/{rest}")).expect("path");
    app.clock.advance(4 * DAY);
    assert_eq!(wrong.web.form(&third, &[]).await.status(), StatusCode::GONE, "it has expired");
    let bad = at.recruiter.web.form(&format!("/employers/{id}/members/invitations"), &[("contact", "nobody"), ("by", "contact")]).await;
    assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY);
    app.stop().await;
}

#[tokio::test]
async fn of_two_who_remove_each_other_at_once_one_stays() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let id = at.employer.id;
    let other = app.person("同事", Grant::Recruiter(id)).await;
    let path = |person: &Person| format!("/employers/{id}/members/{}/removals", person.account.id);
    let (mine, theirs) = (path(&other), path(&at.recruiter));
    let _ = tokio::join!(at.recruiter.web.form(&mine, &[]), other.web.form(&theirs, &[]));
    assert_eq!(app.parts.accounts.recruiters_of(id).await.expect("people").len(), 1);
    app.stop().await;
}
