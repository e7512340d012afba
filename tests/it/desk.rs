//! The recruiters' desk: the list with its filters, several at once and undone, notes, hand-overs, looks at resumes, exports; and who sees none of it.

use crate::harness::{Person, TestApp, TestFair};
use crate::judging::apply;
use crate::postings::{content, post};
use crate::telling::letters;
use reqwest::multipart::{Form, Part};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use springbreeze::accounts::Grant;
use springbreeze::applications::CONSENT;
use springbreeze::clock::{DAY, HOUR, MINUTE};
use springbreeze::postings::{Posting, State};

pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) fair: TestFair,
    pub(crate) posting: Posting,
    pub(crate) people: Vec<Person>,
    /// Ids of their applications.
    pub(crate) ids: Vec<String>,
}

/// Some who have applied for one posting, a minute apart.
pub(crate) async fn scene(names: &[&str]) -> Scene {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("装配工"), State::Live).await;
    let (mut people, mut ids) = (Vec::new(), Vec::new());
    for name in names {
        let person = app.seeker(name).await;
        ids.push(apply(&posting, &person).await);
        people.push(person);
        app.clock.advance(MINUTE);
    }
    Scene { app, fair, posting, people, ids }
}

impl Scene {
    pub(crate) fn list(&self) -> String {
        format!("/employers/{}/applications", self.fair.employer.id)
    }

    pub(crate) fn one(&self, n: usize) -> String {
        format!("/applications/{}", self.ids[n])
    }

    /// The names on the list with this query, in their order.
    async fn names(&self, query: &str) -> Vec<String> {
        let web = &self.fair.recruiter.web;
        let answer = web.client.get(web.url(&format!("{}?{query}", self.list()))).header("accept", "application/json").send().await;
        let body: Value = answer.expect("response").json().await.expect("json");
        body["items"].as_array().expect("list").iter().map(|i| i["name"].as_str().expect("name").to_owned()).collect()
    }

    async fn bulk(&self, ids: &[&str], fields: &[(&str, &str)]) -> Response {
        let mut form: Vec<(&str, &str)> = ids.iter().map(|id| ("application", *id)).collect();
        form.extend(fields);
        self.fair.recruiter.web.form(&format!("{}/bulk", self.list()), &form).await
    }

    async fn status(&self, n: usize) -> String {
        let (status,): (String,) = sqlx::query_as("SELECT status FROM applications WHERE id = $1")
            .bind(&self.ids[n])
            .fetch_one(self.app.parts.db.read())
            .await
            .expect("application");
        status
    }

    pub(crate) async fn audited(&self, action: &str) -> usize {
        let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM audit WHERE action = $1")
            .bind(action)
            .fetch_one(self.app.parts.db.read())
            .await
            .expect("audit");
        usize::try_from(n).expect("count")
    }
}

pub(crate) fn place(response: &Response) -> String {
    response.headers()["location"].to_str().expect("path").to_owned()
}

#[tokio::test]
async fn the_list_is_filtered_counted_sorted_and_paged_over_all_postings() {
    let it = scene(&["王芳", "李强", "张伟_a"]).await;
    let second = post(&it.app, &it.fair, content("电焊工"), State::Live).await;
    apply(&second, &it.people[0]).await;
    assert_eq!(it.names("").await, ["王芳", "张伟_a", "李强", "王芳"]);
    assert_eq!(it.names(&format!("posting={}", second.id)).await, ["王芳"]);
    assert_eq!(it.names("name=%E7%8E%8B").await.len(), 2);
    assert_eq!(it.names("name=_").await, ["张伟_a"], "no sign of a pattern");
    assert_eq!((it.names("years=5").await.len(), it.names("years=3").await.len()), (0, 4));
    it.fair.recruiter.web.page(&it.one(1)).await;
    assert_eq!(it.names("status=new&status=viewed").await.len(), 4);
    assert_eq!(it.names("status=viewed").await, ["李强"]);
    it.app.clock.advance(3 * DAY);
    let third = it.app.seeker("赵六").await;
    apply(&it.posting, &third).await;
    assert_eq!(it.names("days=2").await.len(), 4);
    assert_eq!(it.names("sort=waiting").await.last().map(String::as_str), Some("赵六"));
    assert_eq!(it.names("sort=waiting").await.first().map(String::as_str), Some("王芳"));
    let page = it.fair.recruiter.web.page(&format!("{}?days=2", it.list())).await;
    assert!(page.contains("已等 3 天") && !page.contains("赵六"), "{page}");
    let counts = format!("status=viewed\">已查看 <span class=\"muted num\">{}", 1);
    assert!(page.contains(&counts) && page.contains("全部 <span class=\"muted num\">4"), "counts follow the other filters: {page}");
    let fair = it.fair.fair.id;
    assert_eq!((it.names(&format!("fair={fair}")).await.len(), it.names(&format!("fair={}", it.fair.employer.id)).await.len()), (5, 0));
    // What makes no sense is left out.
    assert_eq!(it.names("days=-1&years=x&sort=y&assigned=z&after=1").await.len(), 5);
    for n in 0..30 {
        let more = it.app.seeker(&format!("第{n}位")).await;
        apply(&it.posting, &more).await;
    }
    let first = it.fair.recruiter.web.page(&format!("{}?name=%E7%AC%AC", it.list())).await;
    assert!(!first.contains("rel=\"next\""), "thirty fit a page");
    let (mut seen, mut next) = (Vec::new(), format!("{}?sort=waiting", it.list()));
    while !next.is_empty() {
        let page = it.fair.recruiter.web.page(&next).await;
        seen.push(page.matches("name=\"application\" value=\"").count());
        next = page
            .split("rel=\"next\" href=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or("")
            .replace("&#38;", "&")
            .replace("&amp;", "&");
    }
    assert_eq!((seen.len(), seen.iter().sum::<usize>()), (2, 35), "{seen:?}");
    it.app.stop().await;
}

#[tokio::test]
async fn several_go_to_a_stage_those_who_cannot_are_named_and_nobody_hears_until_it_cannot_be_undone() {
    let it = scene(&["王芳", "李强", "张伟"]).await;
    let (other, theirs, foreign) = {
        let (employer, recruiter, _) = it.app.employer(&it.fair.fair, "别家").await;
        let new = springbreeze::postings::NewPosting {
            fair: it.fair.fair.id,
            employer: employer.id,
            content: content("别家的岗位"),
            state: State::Live,
        };
        let posting = it.app.parts.postings.create(new, recruiter.account.id).await.expect("posting");
        let id = apply(&posting, &it.people[0]).await;
        (recruiter, id, employer.id)
    };
    assert_eq!(it.people[2].web.form(&format!("{}/withdraw", it.one(2)), &[]).await.status(), StatusCode::SEE_OTHER);
    let templates = it.fair.recruiter.web.page(&format!("/employers/{}/replies", it.fair.employer.id)).await;
    let no = templates
        .split("action=\"/replies/")
        .nth(7)
        .and_then(|t| t.split('"').next())
        .expect("refusal")
        .trim_end_matches("/removals")
        .to_owned();
    let before = [letters(&it.app, &it.people[0]).await.len(), letters(&it.app, &it.people[1]).await.len()];
    let ids = [it.ids[0].as_str(), &it.ids[1], &it.ids[2], &theirs, "x", &it.ids[0]];
    let done =
        it.bulk(&ids, &[("act", "move"), ("to", "rejected"), ("template", &no), ("back", &format!("{}?status=new", it.list()))]).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let told = place(&done);
    assert!(told.starts_with(&format!("{}?status=new&done=", it.list())), "{told}");
    let page = it.fair.recruiter.web.page(&told).await;
    assert!(page.contains("已更改 2 人的状态") && page.contains("有 3 人没有处理") && page.contains("张伟: 求职者已撤回"), "{page}");
    assert_eq!(page.matches("一份投递: 找不到这份投递").count(), 2, "nothing of what is another employer's");
    assert!(
        !other
            .web
            .page(&format!("/employers/{foreign}/applications?done={}", told.rsplit('=').next().expect("id")))
            .await
            .contains("id=\"told\"")
    );
    assert_eq!((it.status(0).await, it.status(1).await), ("rejected".into(), "rejected".into()));
    for page in [it.one(0), "/me".to_owned()] {
        let page = it.people[0].web.page(&page).await;
        assert!(!page.contains("感谢您投递") && !page.contains("这次不太合适"), "not yet: {page}");
    }
    // One of them goes elsewhere; undoing leaves that alone.
    assert_eq!(
        it.fair.recruiter.web.form(&format!("{}/status", it.one(1)), &[("status", "shortlisted")]).await.status(),
        StatusCode::SEE_OTHER
    );
    let undo = format!("/application-bulks/{}/undo", told.rsplit('=').next().expect("id"));
    assert_eq!(other.web.form(&undo, &[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(it.people[0].web.form(&undo, &[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(it.fair.recruiter.web.form(&undo, &[]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!((it.status(0).await, it.status(1).await), ("new".into(), "shortlisted".into()));
    assert_eq!(it.fair.recruiter.web.form(&undo, &[]).await.status(), StatusCode::CONFLICT, "once");
    it.app.clock.advance(HOUR);
    let rejected = async |n: usize| {
        letters(&it.app, &it.people[n]).await[before[n]..]
            .iter()
            .filter(|l| l["subject"].as_str().is_some_and(|s| s.contains("发来消息")))
            .count()
    };
    let (dropped,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM outbox WHERE topic LIKE 'bulk/%' AND dropped_at IS NOT NULL")
        .fetch_one(it.app.parts.db.read())
        .await
        .expect("outbox");
    assert_eq!((dropped, rejected(1).await), (1, 1), "who went back hears nothing of it");
    let page = it.people[0].web.page(&it.one(0)).await;
    assert!(!page.contains("感谢您投递") && !page.contains("这次不太合适"), "as if it had never been: {page}");
    assert!(it.people[1].web.page(&it.one(1)).await.contains("感谢您投递"));
    // After a while it stands.
    let done = it.bulk(&[&it.ids[0]], &[("act", "move"), ("to", "shortlisted")]).await;
    assert!(!it.people[0].web.page(&it.one(0)).await.contains("初选通过"));
    it.app.clock.advance(10 * MINUTE);
    assert!(it.people[0].web.page(&it.one(0)).await.contains("初选通过"));
    let late = place(&done).rsplit('=').next().expect("id").to_owned();
    assert_eq!(it.fair.recruiter.web.form(&format!("/application-bulks/{late}/undo"), &[]).await.status(), StatusCode::CONFLICT);
    for wrong in [vec![("act", "move"), ("to", "")], vec![("act", "move"), ("to", "hired")], vec![("act", "assign")], vec![]] {
        let refused = it.bulk(&[&it.ids[0]], &wrong).await;
        assert_eq!((refused.status(), place(&refused)), (StatusCode::SEE_OTHER, it.list()), "{wrong:?}");
    }
    assert_eq!(place(&it.bulk(&[], &[("act", "move"), ("to", "rejected")]).await), it.list(), "nobody was picked");
    it.app.stop().await;
}

#[tokio::test]
async fn colleagues_share_notes_and_hand_applications_to_each_other() {
    let it = scene(&["王芳", "李强"]).await;
    let colleague = it.app.person("同事小周", Grant::Recruiter(it.fair.employer.id)).await;
    let note = format!("{}/notes", it.one(0));
    assert_eq!(it.fair.recruiter.web.form(&note, &[("note", "手脚快，<b>下周</b>到岗")]).await.status(), StatusCode::SEE_OTHER);
    let page = colleague.web.page(&it.one(0)).await;
    assert!(page.contains("手脚快，&#60;b&#62;下周") && !page.contains("<b>下周"), "{page}");
    assert!(!it.people[0].web.page(&it.one(0)).await.contains("手脚快"), "never the applicant's");
    let (sealed,): (String,) =
        sqlx::query_as("SELECT sealed FROM application_notes").fetch_one(it.app.parts.db.read()).await.expect("note");
    assert!(!sealed.contains("手脚快"));
    let id = it
        .fair
        .recruiter
        .web
        .page(&it.one(0))
        .await
        .split("action=\"/notes/")
        .nth(1)
        .and_then(|t| t.split('"').next())
        .expect("own")
        .to_owned();
    assert!(!page.contains(&format!("action=\"/notes/{id}")), "somebody else's");
    assert_eq!(colleague.web.form(&format!("/notes/{id}"), &[("note", "x")]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(it.fair.recruiter.web.form(&format!("/notes/{id}"), &[("note", "改过")]).await.status(), StatusCode::SEE_OTHER);
    assert!(colleague.web.page(&it.one(0)).await.contains("改过"));
    let back = it.fair.recruiter.web.form(&note, &[("note", &"长".repeat(1_001))]).await;
    assert_eq!(back.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(back.text().await.expect("text").contains("id=\"note-error\""));
    // Handed over with a word; the colleague is told, once for several.
    let hand = format!("{}/assignee", it.one(0));
    let to = colleague.account.id.to_string();
    assert_eq!(it.fair.recruiter.web.form(&hand, &[("assignee", &to), ("note", "请电话联系")]).await.status(), StatusCode::SEE_OTHER);
    let told = letters(&it.app, &colleague).await;
    assert!(told.last().is_some_and(|l| l["body"].as_str().is_some_and(|b| b.contains("王芳") && b.contains("请电话联系"))), "{told:?}");
    assert_eq!(it.names(&format!("assigned={to}")).await, ["王芳"]);
    assert_eq!(it.names("assigned=nobody").await, ["李强"]);
    let done = it.bulk(&[&it.ids[0], &it.ids[1]], &[("act", "assign"), ("assignee", &to)]).await;
    assert!(it.fair.recruiter.web.page(&place(&done)).await.contains("已分配 2 人"));
    assert_eq!(letters(&it.app, &colleague).await.len(), told.len() + 1);
    assert_eq!(it.names(&format!("assigned={to}")).await.len(), 2);
    assert_eq!(
        it.fair.recruiter.web.form(&hand, &[("assignee", &it.people[1].account.id.to_string())]).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(it.fair.recruiter.web.form(&hand, &[("assignee", "")]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(it.names("assigned=nobody").await, ["王芳"]);
    // Other applications of the same person to this employer, and to nobody else.
    let second = post(&it.app, &it.fair, content("电焊工"), State::Live).await;
    apply(&second, &it.people[0]).await;
    assert!(colleague.web.page(&it.one(0)).await.contains("电焊工"));
    it.app.stop().await;
}

const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF";

async fn upload(it: &Scene, posting: &Posting, bytes: Vec<u8>, name: &str) -> String {
    let form = [("name", "李雷"), ("contact", "13800138000"), ("consent", CONSENT)]
        .into_iter()
        .fold(Form::new(), |form, (k, v)| form.text(k, v))
        .part("resume", Part::bytes(bytes).file_name(name.to_owned()));
    let web = &it.people[0].web;
    let sent =
        web.post(&format!("/postings/{}/apply", posting.id)).header("accept", "text/html").multipart(form).send().await.expect("sent");
    assert_eq!(sent.status(), StatusCode::SEE_OTHER, "{}", sent.text().await.expect("text"));
    place(&sent)
}

/// A Word document that says something.
fn docx(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (part, body) in [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("word/document.xml", format!("<w:document><w:p><w:t>{text}</w:t></w:p></w:document>")),
    ] {
        zip.start_file(part, options).expect("part");
        zip.write_all(body.as_bytes()).expect("written");
    }
    zip.finish().expect("archive").into_inner()
}

#[tokio::test]
async fn a_resume_is_looked_at_within_the_page_and_every_look_is_noted() {
    let it = scene(&["王芳"]).await;
    let web = &it.fair.recruiter.web;
    let posting = post(&it.app, &it.fair, content("钳工"), State::Live).await;
    let path = upload(&it, &posting, PDF.to_vec(), "简历.pdf").await;
    let page = web.get(&format!("{path}?preview=1")).send().await.expect("page");
    assert!(page.headers()["content-security-policy"].to_str().expect("text").contains("frame-src 'self'"));
    assert!(page.text().await.expect("text").contains(&format!("<iframe title=\"简历.pdf\" src=\"{path}/resume/preview\"")));
    assert_eq!(it.audited("application.resume").await, 0, "nobody has looked yet");
    let shown = web.get(&format!("{path}/resume/preview")).send().await.expect("file");
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("x-frame-options", "SAMEORIGIN"),
        ("content-disposition", "inline"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(shown.headers()[name], value);
    }
    assert!(shown.headers()["content-security-policy"].to_str().expect("text").starts_with("default-src 'none'"));
    assert_eq!(shown.bytes().await.expect("bytes"), PDF);
    assert_eq!(it.audited("application.resume").await, 1);
    let posting = post(&it.app, &it.fair, content("车工"), State::Live).await;
    let path = upload(&it, &posting, docx("三年车床 &lt;script&gt;alert(1)&lt;/script&gt;"), "简历.docx").await;
    let page = web.page(&format!("{path}?preview=1")).await;
    assert!(page.contains("三年车床 &#60;script&#62;alert(1)") && !page.contains("<script>alert"), "{page}");
    assert_eq!(it.audited("application.resume").await, 2);
    assert_eq!(web.status(&format!("{path}/resume/preview")).await, 404, "a Word document has no frame");
    let posting = post(&it.app, &it.fair, content("铣工"), State::Live).await;
    let path = upload(&it, &posting, crate::resumes::png(2, 2), "照片.png").await;
    assert!(web.page(&format!("{path}?preview=1")).await.contains(&format!("src=\"{path}/resume/preview\"")));
    let (_, other, _) = it.app.employer(&it.fair.fair, "别家").await;
    assert_eq!(other.web.status(&format!("{path}/resume/preview")).await, 404);
    it.people[0].web.form(&format!("{path}/withdraw"), &[]).await;
    assert_eq!(web.status(&format!("{path}/resume/preview")).await, 404);
    assert!(!web.page(&format!("{path}?preview=1")).await.contains("resume/preview"));
    it.app.stop().await;
}

#[tokio::test]
async fn exports_are_masked_unless_somebody_says_why_and_hold_no_formula() {
    let it = scene(&["=HYPERLINK(\"http://evil\")", "+86王", "-李", "@SUM(A1)"]).await;
    let path = format!("{}/exports", it.list());
    let web = &it.fair.recruiter.web;
    assert!(web.page(&format!("{path}?status=new")).await.contains("将导出 4 份投递"));
    let file = web.form(&path, &[("kind", "csv")]).await;
    assert_eq!(file.headers()["content-type"], "text/csv; charset=utf-8");
    let text = file.text().await.expect("text");
    assert!(text.starts_with('\u{FEFF}') && text.lines().count() == 5 && text.contains("138****8000") && !text.contains("13800138000"));
    for cell in ["\"'=HYPERLINK(\"\"http://evil\"\")\"", "'+86王", "'-李", "'@SUM(A1)"] {
        assert!(text.contains(cell), "{cell} in {text}");
    }
    assert_eq!((it.audited("application.export").await, it.audited("application.contact").await), (1, 0));
    let without = web.form(&path, &[("kind", "xlsx"), ("clear", "1"), ("reason", " ")]).await;
    assert_eq!(without.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(without.text().await.expect("text").contains("id=\"reason-error\""));
    let clear = web
        .form(
            &path,
            &[("kind", "xlsx"), ("clear", "1"), ("reason", "电话通知体检"), ("application", &it.ids[0]), ("application", &it.ids[1])],
        )
        .await;
    assert_eq!(clear.status(), StatusCode::OK);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(clear.bytes().await.expect("bytes"))).expect("workbook");
    let mut read = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut zip.by_name(name).expect("part"), &mut text).expect("text");
        text
    };
    let (strings, sheet) = (read("xl/sharedStrings.xml"), read("xl/worksheets/sheet1.xml"));
    assert!(strings.contains("13800138000") && strings.contains("=HYPERLINK") && !strings.contains("@SUM"), "{strings}");
    assert!(!sheet.contains("<f>"), "{sheet}");
    assert_eq!((it.audited("application.export").await, it.audited("application.contact").await), (2, 2), "for each person");
    assert_eq!(web.form(&path, &[("kind", "exe")]).await.status(), StatusCode::BAD_REQUEST);
    it.app.stop().await;
}

#[tokio::test]
async fn nobody_but_the_employers_recruiters_reaches_the_desk() {
    let it = scene(&["王芳", "李强"]).await;
    let (employer, one) = (it.fair.employer.id, it.one(0));
    it.fair.recruiter.web.form(&format!("{one}/notes"), &[("note", "x")]).await;
    let page = it.fair.recruiter.web.page(&one).await;
    let note = page.split("action=\"/notes/").nth(1).and_then(|t| t.split('"').next()).expect("note").to_owned();
    let reply = page
        .split("<select class=\"input pick-one\" id=\"reply\"")
        .nth(1)
        .and_then(|t| t.split("value=\"").nth(2))
        .and_then(|t| t.split('"').next())
        .expect("reply")
        .to_owned();
    let done = place(&it.bulk(&[&it.ids[1]], &[("act", "move"), ("to", "shortlisted")]).await);
    let bulk = done.rsplit('=').next().expect("bulk").to_owned();
    let (_, other, _) = it.app.employer(&it.fair.fair, "别家").await;
    let stranger = it.app.stranger();
    let reads = [
        it.list(),
        format!("{}/exports", it.list()),
        format!("/employers/{employer}/replies"),
        format!("{one}/offers"),
        format!("/fairs/{}/review/letters", it.fair.fair.id),
    ];
    let writes = [
        format!("{one}/status"),
        format!("{one}/contact"),
        format!("{one}/notes"),
        format!("/notes/{note}"),
        format!("{one}/assignee"),
        format!("{}/bulk", it.list()),
        format!("{}/exports", it.list()),
        format!("/application-bulks/{bulk}/undo"),
        format!("/employers/{employer}/replies"),
        format!("/replies/{reply}"),
        format!("/replies/{reply}/removals"),
        format!("{one}/offers"),
    ];
    let fields = [
        ("note", "y"),
        ("status", "rejected"),
        ("kind", "csv"),
        ("act", "move"),
        ("to", "rejected"),
        ("application", it.ids[0].as_str()),
        ("assignee", ""),
        ("name_zh", "a"),
        ("text_zh", "b"),
    ];
    for (who, web) in
        [("applicant", &it.people[0].web), ("seeker", &it.people[1].web), ("other", &other.web), ("organiser", &it.fair.organiser.web)]
    {
        for path in &reads {
            if who == "organiser" && path.contains("/review/") {
                continue;
            }
            assert_eq!(web.status(path).await, 404, "{who} {path}");
        }
        for path in &writes {
            assert_eq!(web.form(path, &fields).await.status(), StatusCode::NOT_FOUND, "{who} {path}");
        }
    }
    for path in &reads {
        assert_eq!(place(&stranger.get(path).send().await.expect("response")).split('?').next(), Some("/signin"), "{path}");
    }
    for path in &writes {
        assert_eq!(stranger.form(path, &fields).await.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(it.status(0).await, "viewed", "nothing was done");
    for who in [&other, &it.people[1]] {
        assert_eq!(who.web.form(&format!("{one}/messages"), &[("text", "你好")]).await.status(), StatusCode::NOT_FOUND);
    }
    // A candidate who recruits for the employer by now is a candidate in their own application.
    it.app.parts.accounts.grant(it.people[0].account.id, Grant::Recruiter(employer)).await.expect("grant");
    assert!(!it.people[0].web.page(&one).await.contains("id=\"notes\""));
    let export = it.people[0].web.form(&format!("{}/exports", it.list()), &[("kind", "csv")]).await.text().await.expect("text");
    assert!(export.contains("李强") && !export.contains("王芳"), "{export}");
    let own = it.people[0]
        .web
        .json(&format!("{}/bulk", it.list()), json!({"application": [it.ids[0]], "act": "move", "to": "shortlisted"}))
        .await;
    let body: Value = own.json().await.expect("json");
    assert_eq!((body["done"].as_u64(), body["refused"].as_array().map(Vec::len)), (Some(0), Some(1)), "nobody moves their own");
    it.app.stop().await;
}
