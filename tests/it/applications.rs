//! Applying: in two taps, once, with or without a file; who reads it; what is refused.

use crate::harness::{Person, TestApp, TestFair};
use crate::postings::{content, post};
use reqwest::multipart::{Form, Part};
use reqwest::{Response, StatusCode};
use springbreeze::accounts::Contact;
use springbreeze::applications::{CONSENT, Status};
use springbreeze::clock::DAY;
use springbreeze::fairs::FairState;
use springbreeze::postings::{Content, Posting, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PHONE: &str = "13800138000";
pub(crate) const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF";

pub(crate) fn answers() -> Vec<(&'static str, &'static str)> {
    vec![("name", "李雷"), ("contact", PHONE), ("experience", "3"), ("note", "会电焊"), ("consent", CONSENT)]
}

pub(crate) fn multipart(file: Part) -> Form {
    answers().into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value)).part("resume", file)
}

fn pdf() -> Part {
    Part::bytes(PDF).file_name("李雷的简历.pdf").mime_str("text/html").expect("mime")
}

pub(crate) async fn setting(app: &TestApp) -> (TestFair, Posting, Person) {
    let fair = app.fair().await;
    let posting = post(app, &fair, content("电焊工"), State::Live).await;
    (fair, posting, app.seeker("小李").await)
}

pub(crate) fn apply(posting: &Posting) -> String {
    format!("/postings/{}/apply", posting.id)
}

pub(crate) fn place(response: &Response) -> String {
    response.headers()["location"].to_str().expect("path").to_owned()
}

pub(crate) async fn upload(person: &Person, posting: &Posting, file: Part) -> Response {
    person.web.post(&apply(posting)).header("accept", "text/html").multipart(multipart(file)).send().await.expect("response")
}

/// All texts waiting in the outbox, decrypted.
async fn outbox(app: &TestApp) -> Vec<String> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT sealed FROM outbox ORDER BY created_at").fetch_all(app.parts.db.read()).await.expect("rows");
    rows.into_iter().map(|(sealed,)| app.parts.keys.decrypt(&sealed).expect("own key")).collect()
}

async fn rows(app: &TestApp) -> i64 {
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM applications").fetch_one(app.parts.db.read()).await.expect("count");
    n
}

pub(crate) fn files(app: &TestApp) -> usize {
    let folders = std::fs::read_dir(app.data.path().join("blobs")).expect("blobs").flatten();
    folders.map(|folder| std::fs::read_dir(folder.path()).map_or(0, Iterator::count)).sum()
}

#[tokio::test]
async fn somebody_applies_and_the_next_time_it_is_one_tap() {
    let app = TestApp::start().await;
    let (fair, posting, _) = setting(&app).await;
    let account = app.parts.accounts.create("韩梅梅", false, springbreeze::i18n::Lang::Zh).await.expect("account");
    app.parts.accounts.add_contact(account.id, &Contact::parse(PHONE).expect("phone")).await.expect("contact");
    let person = app.sign_in(account).await;
    let form = person.web.page(&apply(&posting)).await;
    assert!(form.contains("value=\"13800138000\"") && form.contains("同意把以上资料提供给杭州电子厂"), "prefilled, naming the employer");
    let sent = person.web.form(&apply(&posting), &answers()).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let page = person.web.page(&place(&sent)).await;
    assert!(page.contains("投递成功") && page.contains("138****8000"));
    assert!(person.web.page("/me").await.contains("电焊工"));
    let second = post(&app, &fair, content("钳工"), State::Live).await;
    let known = person.web.page(&apply(&second)).await;
    assert!(known.contains("同意并投递") && known.contains("李雷"), "one tap");
    let told = outbox(&app).await;
    assert!(told.iter().any(|t| t.contains("有人投递了") && t.contains("电焊工")), "{told:?}");
    let (consent,): (String,) = sqlx::query_as("SELECT consent FROM applications").fetch_one(app.parts.db.read()).await.expect("row");
    assert_eq!(consent, CONSENT);
    person.web.form("/me/profile/forget", &[]).await;
    assert!(!person.web.page(&apply(&second)).await.contains("李雷"), "nothing is known any more");
    app.stop().await;
}

#[tokio::test]
async fn sent_twice_even_at_once_it_is_one_application() {
    let app = TestApp::start().await;
    let (_, posting, person) = setting(&app).await;
    let path = apply(&posting);
    let fields = answers();
    let all = futures_util::future::join_all((0..8).map(|_| person.web.form(&path, &fields))).await;
    let places: std::collections::BTreeSet<String> = all.iter().map(place).collect();
    assert_eq!((places.len(), rows(&app).await), (1, 1));
    let again = person.web.get(&path).send().await.expect("response");
    assert_eq!(Some(&place(&again)), places.first());
    let json = person.web.post(&path).header("accept", "application/json").json(&serde_json::json!({})).send().await.expect("response");
    assert_eq!(json.status(), StatusCode::OK, "the first one is the answer");
    app.stop().await;
}

#[tokio::test]
async fn a_resume_reaches_its_recruiter_alone_and_every_look_is_noted() {
    let app = TestApp::start().await;
    let (fair, posting, person) = setting(&app).await;
    let sent = upload(&person, &posting, pdf()).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER, "{}", sent.text().await.expect("text"));
    let path = place(&sent);
    let resume = format!("{path}/resume");
    let got = fair.recruiter.web.get(&resume).send().await.expect("response");
    assert_eq!(got.headers()["content-type"], "application/pdf", "by content, not by what was claimed");
    assert_eq!(got.headers()["x-content-type-options"], "nosniff");
    let disposition = got.headers()["content-disposition"].to_str().expect("text").to_owned();
    assert!(disposition.starts_with("attachment") && disposition.contains("%E6%9D%8E%E9%9B%B7"), "{disposition}");
    assert_eq!(got.bytes().await.expect("bytes"), PDF);
    let list = format!("/employers/{}/applications", fair.employer.id);
    let page = fair.recruiter.web.page(&list).await;
    assert!(page.contains("李雷") && page.contains("138****8000") && !page.contains(PHONE));
    let contact = format!("{path}/contact");
    let shown = fair.recruiter.web.form(&contact, &[]).await;
    assert_eq!(shown.headers()["cache-control"], "private, no-store");
    assert!(shown.text().await.expect("text").contains(PHONE));
    let noted: Vec<_> = app.parts.accounts.audit_of(fair.fair.id, 50).await.expect("audit").into_iter().map(|e| e.action).collect();
    assert!(noted.contains(&"application.resume".into()) && noted.contains(&"application.contact".into()), "{noted:?}");
    let (_, other, _) = app.employer(&fair.fair, "别家").await;
    for stranger in [&other, &app.seeker("路人").await, &fair.organiser] {
        for path in [&path, &resume, &list] {
            assert_eq!(stranger.web.status(path).await, 404, "{path}");
        }
        for (path, fields) in
            [(&contact, vec![]), (&format!("{path}/status"), vec![("status", "hired")]), (&format!("{path}/withdraw"), vec![])]
        {
            assert_eq!(stranger.web.form(path, &fields).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
    assert_eq!(person.web.form(&format!("{path}/status"), &[("status", "hired")]).await.status(), StatusCode::NOT_FOUND, "not one's own");
    assert_eq!(app.stranger().status(&resume).await, 303);
    let (sealed,): (String,) = sqlx::query_as("SELECT sealed_contact FROM applications").fetch_one(app.parts.db.read()).await.expect("row");
    assert!(!sealed.contains(PHONE));
    app.stop().await;
}

#[tokio::test]
async fn a_change_of_status_is_told_and_a_withdrawn_application_closes_its_contact() {
    let app = TestApp::start().await;
    let (fair, posting, person) = setting(&app).await;
    let path = place(&upload(&person, &posting, pdf()).await);
    let status = format!("{path}/status");
    fair.recruiter.web.page(&path).await;
    assert!(person.web.page(&path).await.contains("招聘官已查看"));
    let before = outbox(&app).await.len();
    assert_eq!(fair.recruiter.web.form(&status, &[("status", "interview")]).await.status(), StatusCode::SEE_OTHER);
    let told = outbox(&app).await;
    assert!(told[before..].iter().any(|t| t.contains("电焊工") && t.contains("面试")), "{told:?}");
    for bad in ["new", "withdrawn"] {
        assert_eq!(fair.recruiter.web.form(&status, &[("status", bad)]).await.status(), StatusCode::CONFLICT, "{bad}");
    }
    for bad in ["", "x", "' OR 1=1"] {
        assert_eq!(fair.recruiter.web.form(&status, &[("status", bad)]).await.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
    let filtered = fair.recruiter.web.page(&format!("/employers/{}/applications?status=interview", fair.employer.id)).await;
    assert!(filtered.contains("李雷"));
    let none = fair.recruiter.web.page(&format!("/employers/{}/applications?status=hired&posting=x&after=x", fair.employer.id)).await;
    assert!(none.contains("没有符合条件的投递"));
    assert_eq!(person.web.form(&format!("{path}/withdraw"), &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(fair.recruiter.web.status(&format!("{path}/resume")).await, 404);
    assert_eq!(fair.recruiter.web.form(&format!("{path}/contact"), &[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(fair.recruiter.web.form(&status, &[("status", "offer")]).await.status(), StatusCode::CONFLICT);
    let again = person.web.form(&apply(&posting), &answers()).await;
    assert_eq!((place(&again), rows(&app).await), (path, 1), "sent again it is the same one");
    let mine = app.parts.applications.of_account(person.account.id).await.expect("mine");
    assert_eq!((mine[0].status, mine[0].resume.is_some()), (Status::New, true), "with the remembered resume");
    app.stop().await;
}

#[tokio::test]
async fn wrong_answers_come_back_filled_in_and_the_resume_is_not_lost() {
    let app = TestApp::start().await;
    let (_, posting, person) = setting(&app).await;
    let no_consent = Form::new().text("name", "李雷").text("contact", "x").text("note", "保留这句话").part("resume", pdf());
    let back = person.web.post(&apply(&posting)).header("accept", "text/html").multipart(no_consent).send().await.expect("response");
    assert_eq!(back.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = back.text().await.expect("text");
    assert!(page.contains("保留这句话") && page.contains("李雷的简历.pdf") && page.contains("需要您同意"));
    let sent = person.web.form(&apply(&posting), &answers()).await;
    let id = place(&sent).rsplit('/').next().expect("id").parse().expect("id");
    let viewer = app.parts.accounts.viewer_by_token(&person.token).await.expect("viewer");
    assert!(app.parts.applications.visible_to(&viewer, id).await.expect("mine").0.resume.is_some());
    let evil = "<script>alert(1)</script>'; DROP TABLE applications; --";
    let second = post(&app, &app.fair().await, content("二"), State::Live).await;
    let fields = [("name", "<b>李</b>"), ("contact", PHONE), ("experience", evil), ("note", evil), ("consent", CONSENT)];
    let bad = person.web.form(&apply(&second), &fields).await;
    assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!bad.text().await.expect("text").contains("<script>alert"));
    let fields = [("name", "<b>李</b>"), ("contact", PHONE), ("note", evil), ("consent", CONSENT)];
    let sent = person.web.form(&apply(&second), &fields).await;
    assert!(!person.web.page(&place(&sent)).await.contains("<script>alert"));
    let other = app.seeker("小王").await;
    assert_eq!(other.web.json(&apply(&second), serde_json::json!({"name": ["x"]})).await.status(), StatusCode::BAD_REQUEST);
    app.stop().await;
}

#[tokio::test]
async fn files_that_could_harm_or_are_too_large_are_refused_and_leave_nothing() {
    let app = TestApp::start().await;
    let (_, posting, person) = setting(&app).await;
    let cases: [(&[u8], &str); 4] = [
        (b"MZ\x90\x00 program", "只能上传"),
        (b"<html><script>alert(1)</script>", "只能上传"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "旧版 Word"),
        (b"PK\x03\x04 cut short", "只能上传"),
    ];
    for (bytes, message) in cases {
        let response = upload(&person, &posting, Part::bytes(bytes).file_name("简历.pdf")).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(response.text().await.expect("text").contains(message), "{message}");
    }
    let large = upload(&person, &posting, Part::bytes(vec![b'%'; 11 * 1024 * 1024]).file_name("简历.pdf")).await;
    assert_eq!(large.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(large.text().await.expect("text").contains("文件太大"));
    assert_eq!((files(&app), rows(&app).await), (0, 0));
    app.stop().await;
}

#[tokio::test]
async fn a_gigabyte_is_refused_early_and_costs_no_memory() {
    let app = TestApp::start().await;
    let (_, posting, person) = setting(&app).await;
    let before = resident();
    let (sent, status) = pour(&app, &person, &posting, "Content-Length: 1073741824\r\n").await;
    assert!(sent < 16 << 20 && status.is_none_or(|s| s == 413), "{sent} {status:?}");
    let (sent, status) = pour(&app, &person, &posting, "Transfer-Encoding: chunked\r\n").await;
    assert!(sent < 100 << 20 && status.is_none_or(|s| s == 422 || s == 413), "{sent} {status:?}");
    assert!(resident() < before + 40 * 1024, "from {before} to {} KiB", resident());
    assert_eq!((files(&app), rows(&app).await), (0, 0));
    let many = Form::new().text("note", "长".repeat(1_000_000));
    let many = person.web.post(&apply(&posting)).multipart(many).send().await.expect("response");
    assert_eq!(many.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(many.text().await.expect("text").contains("\"note\""), "said beside the field");
    for broken in ["", "--x\r\n", "--x\r\nContent-Disposition: form-data; name=\"resume\"; filename=\"a\"\r\n\r\nhalf"] {
        let sent = person.web.post(&apply(&posting)).header("content-type", "multipart/form-data; boundary=x").body(broken);
        assert_eq!(sent.send().await.expect("response").status(), StatusCode::BAD_REQUEST, "{broken}");
    }
    let kind = person.web.post(&apply(&posting)).header("content-type", "text/plain").body("x").send().await.expect("response");
    assert_eq!(kind.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    app.stop().await;
}

/// Sends a gibibyte by hand. Returns how much was taken before the server closed, and its answer's status if that could be read
/// (a connection closed in mid-upload may lose it).
pub(crate) async fn pour(app: &TestApp, person: &Person, posting: &Posting, framing: &str) -> (usize, Option<u16>) {
    let mut socket = tokio::net::TcpStream::connect(app.app.addr).await.expect("connected");
    let start = "--x\r\nContent-Disposition: form-data; name=\"resume\"; filename=\"a.pdf\"\r\n\r\n";
    let chunked = framing.contains("chunked");
    let frame = |data: &[u8]| match chunked {
        true => [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat(),
        false => data.to_vec(),
    };
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nAuthorization: Bearer {}\r\n{framing}Content-Type: multipart/form-data; boundary=x\r\n\r\n",
        apply(posting),
        person.token
    );
    let (piece, mut sent) = (frame(&[b'%'; 65_536]), 0);
    socket.write_all(head.as_bytes()).await.expect("head");
    socket.write_all(&frame(start.as_bytes())).await.expect("start");
    while sent < 1 << 30 && socket.write_all(&piece).await.is_ok() {
        sent += 65_536;
    }
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|s| s.parse().ok());
    (sent, status)
}

/// The resident set of this process in KiB.
pub(crate) fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|l| l.starts_with("VmRSS")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("number")
}

#[tokio::test]
async fn nobody_applies_for_what_is_closed_expired_or_hidden() {
    let app = TestApp::start().await;
    let (fair, posting, person) = setting(&app).await;
    let draft = post(&app, &fair, content("草稿"), State::Draft).await;
    assert_eq!(person.web.status(&apply(&draft)).await, 404);
    assert_eq!(person.web.form(&apply(&draft), &answers()).await.status(), StatusCode::NOT_FOUND);
    let paused = post(&app, &fair, content("暂停"), State::Paused).await;
    assert_eq!(person.web.form(&apply(&paused), &answers()).await.status(), StatusCode::CONFLICT);
    let short = post(&app, &fair, Content { valid_until: app.clock.now() + 1, ..content("过期") }, State::Live).await;
    app.clock.advance(DAY);
    assert_eq!(person.web.form(&apply(&short), &answers()).await.status(), StatusCode::CONFLICT);
    assert_eq!(place(&person.web.get(&apply(&short)).send().await.expect("response")), format!("/postings/{}", short.id));
    let organiser = app.parts.accounts.viewer_by_token(&fair.organiser.token).await.expect("viewer");
    app.parts.fairs.set_state(&organiser, fair.fair.id, FairState::Closed).await.expect("closed");
    assert_eq!(person.web.form(&apply(&posting), &answers()).await.status(), StatusCode::CONFLICT);
    for bad in ["/postings/x/apply", "/applications/x", "/applications/00000000-0000-0000-0000-000000000000", "/employers/x/applications"] {
        assert_eq!(person.web.status(bad).await, 404, "{bad}");
    }
    assert_eq!(app.stranger().form(&apply(&posting), &answers()).await.status(), StatusCode::CONFLICT);
    assert_eq!(rows(&app).await, 0);
    app.stop().await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_crash() {
    let app = TestApp::start().await;
    let (fair, posting, person) = setting(&app).await;
    let path = place(&upload(&person, &posting, pdf()).await);
    std::fs::write(app.data.path().join("blobs/incoming/half"), b"half").expect("left by a crash");
    let clock = app.clock.clone();
    // No orderly stop: the old server is left as it is, and a new one opens the same folder.
    let TestApp { data, app: old, .. } = app;
    let recruiter = fair.recruiter.account;
    let again = TestApp::start_in(data, clock).await;
    let recruiter = again.sign_in(recruiter).await;
    assert!(recruiter.web.page(&path).await.contains("李雷"));
    let got = recruiter.web.get(&format!("{path}/resume")).send().await.expect("response");
    assert_eq!(got.bytes().await.expect("bytes"), PDF);
    assert_eq!(files(&again), 1, "and what was half received is gone");
    again.stop().await;
    old.stop().await;
}
