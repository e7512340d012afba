//! Mails, as they arrive at aiosmtpd. `SPRINGBREEZE_PYTHON` names a Python that has it; without, these tests say so and are skipped.

use super::{count, queue, start};
use crate::decoders::Peer;
use crate::harness::{Person, TestApp};
use crate::wish::until;
use springbreeze::clock::MINUTE;
use springbreeze::notify::{Letter, Method};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A mail server with what it took.
pub(crate) struct Sink {
    folder: TempDir,
    _peer: Peer,
}

impl Sink {
    pub(crate) async fn open(port: u16) -> Option<Self> {
        let python = crate::decoders::python()?;
        let folder = tempfile::tempdir().expect("folder");
        let mut command = Command::new(python);
        command.arg(Peer::path("sink.py")).arg(port.to_string()).arg(folder.path()).stdin(Stdio::piped());
        let sink = Self { folder, _peer: Peer::start_as(command) };
        until("the mail server listens", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        Some(sink)
    }

    /// What was taken, in order.
    pub(crate) fn mails(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path()).expect("folder").flatten().map(|file| file.path());
        let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "eml")).collect();
        files.sort();
        files.iter().map(|path| std::fs::read_to_string(path).expect("mail")).collect()
    }

    fn to(&self, who: &str) -> Vec<String> {
        self.mails().into_iter().filter(|mail| mail.starts_with(&format!("X-Rcpt: {who}@"))).collect()
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("port").port()
}

fn letter(app: &TestApp, person: &Person, to: &str) -> Letter {
    let address = format!("{to}@example.com");
    app.parts.notify.letter(Some(person.account.id), "email", &address, "面试", "您好，王芳", None).expect("letter")
}

fn line<'a>(mail: &'a str, name: &str) -> &'a str {
    mail.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {mail}"))
}

#[tokio::test]
async fn mails_reach_a_server_that_is_slow_busy_or_cuts_the_line_and_what_it_refuses_is_listed() {
    let port = free_port();
    let Some(sink) = Sink::open(port).await else { return };
    let app = start(|config| config.smtp = format!("smtp://127.0.0.1:{port}")).await;
    let li = app.seeker("李雷").await;
    for to in ["slow", "busy", "gone", "ill", "cut", "fine"] {
        queue(&app, &letter(&app, &li, to)).await;
    }
    until("the slow one has come", async || sink.to("slow").len() == 1 && sink.to("fine").len() == 1).await;
    until("two are sent, one is refused, three wait", async || {
        count(&app, "sent_at IS NOT NULL").await == 2
            && count(&app, "reason = 'refused' AND attempts = 1").await == 1
            && count(&app, "failed_at IS NULL AND sent_at IS NULL AND attempts = 1 AND claimed_until = 0").await == 3
    })
    .await;
    let refused = app.parts.notify.undelivered(10).await.expect("list");
    assert!(refused[0].error.contains("550") && !refused[0].error.contains("example.com"), "{}", refused[0].error);
    app.clock.advance(2 * MINUTE);
    until("two more come", async || sink.to("busy").len() == 1 && sink.to("cut").len() == 2).await;
    let ids: Vec<String> = sink.to("cut").iter().map(|mail| line(mail, "Message-ID:").to_owned()).collect();
    assert_eq!(ids[0], ids[1], "what was taken, though nobody said so, comes again as the same");
    until("all is noted", async || count(&app, "sent_at IS NOT NULL").await == 4).await;
    // 554 may be about the server as well: tried to the end.
    for tries in 2..8 {
        until("it has been tried", async || {
            count(&app, &format!("failed_at IS NULL AND sent_at IS NULL AND attempts = {tries} AND claimed_until = 0")).await == 1
        })
        .await;
        app.clock.advance(120 * MINUTE);
    }
    until("it is given up", async || count(&app, "reason = 'exhausted' AND attempts = 8").await == 1).await;
    app.stop().await;
}

#[tokio::test]
async fn a_dead_mail_server_gets_its_mails_when_it_is_back_and_holds_up_no_text_message() {
    let port = free_port();
    let gateway = super::Gateway::open().await;
    let app = start(|config| {
        config.smtp = format!("smtp://127.0.0.1:{port}");
        config.sms_webhook.clone_from(&gateway.url);
    })
    .await;
    let li = app.seeker("李雷").await;
    // Takes connections and says nothing, as a server whose disk is full.
    let silent = TcpListener::bind(("127.0.0.1", port)).expect("port");
    for n in 0..20 {
        queue(&app, &letter(&app, &li, &format!("n{n}"))).await;
    }
    until("mails are stuck", async || count(&app, "channel = 'email' AND claimed_until > 0").await == 8).await;
    queue(&app, &super::text(&app.parts.notify, &li, "13800000001", "短信")).await;
    until("the text message goes out", async || gateway.texts() == ["短信"]).await;
    assert_eq!(count(&app, "channel = 'email' AND sent_at IS NOT NULL").await, 0);
    drop(silent);
    until("mails have failed", async || count(&app, "channel = 'email' AND attempts > 0 AND claimed_until = 0").await == 20).await;
    let Some(sink) = Sink::open(port).await else { return };
    app.clock.advance(2 * MINUTE);
    until("all mails come", async || count(&app, "channel = 'email' AND sent_at IS NOT NULL").await == 20).await;
    assert_eq!(sink.mails().len(), 20, "each once");
    app.stop().await;
}

#[tokio::test]
async fn an_invitation_arrives_as_one() {
    let port = free_port();
    let Some(sink) = Sink::open(port).await else { return };
    let app = start(|config| config.smtp = format!("smtp://127.0.0.1:{port}")).await;
    let li = app.seeker("李雷").await;
    let calendar =
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:面试 METHOD:CANCEL\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    queue(&app, &letter(&app, &li, "one").calendar(Method::Request, calendar)).await;
    // As those do who hand over the text alone.
    app.parts.notify.queue(None, "email", "two@example.com", "面试", "您好", Some(calendar.into())).await.expect("queued");
    until("both come", async || sink.mails().len() == 2).await;
    for mail in sink.mails() {
        let read = parse(&sink, &mail);
        assert_eq!(
            read,
            ["multipart/mixed", "multipart/alternative", "text/plain", "text/calendar REQUEST", "application/ics interview.ics"]
        );
    }
    app.stop().await;
}

/// How Python reads the parts of a mail; the calendar must be the one that was sent.
fn parse(sink: &Sink, mail: &str) -> Vec<String> {
    const READ: &str = "import email, email.policy, sys\n\
        mail = email.message_from_bytes(open(sys.argv[1], 'rb').read(), policy=email.policy.SMTP)\n\
        for part in mail.walk():\n\
        \x20   print(part.get_content_type(), part.get_param('method') or part.get_filename() or '')\n\
        \x20   if 'calendar' in part.get_content_type(): assert 'SUMMARY:面试 METHOD:CANCEL' in part.get_content(), part.get_content()\n";
    let file = sink.folder.path().join("read");
    std::fs::write(&file, mail).expect("file");
    let python = crate::decoders::python().expect("Python");
    let read = Command::new(python).args(["-c", READ]).arg(&file).output().expect("Python runs");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8(read.stdout).expect("text").lines().map(|line| line.trim().to_owned()).collect()
}
