//! Voice notes: sent with an application, heard by whom they are for, refused if they are something else.

use crate::applications::answers;
use crate::harness::{Person, TestApp};
use crate::postings::{content, post};
use reqwest::multipart::{Form, Part};
use reqwest::{Response, StatusCode};
use springbreeze::postings::{Posting, State};

/// As long as the head of a real one.
const WEBM: &[u8; 512] = &{
    let head = *b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81\x01\x42\xF7\x81\x01\x42\xF2\x81\x04\x42\xF3\x81\x08\x42\x82\x84webm and some Opus";
    let (mut all, mut n) = ([0; 512], 0);
    while n < head.len() {
        all[n] = head[n];
        n += 1;
    }
    all
};

async fn send(person: &Person, posting: &Posting, voice: &[u8], name: &str) -> Response {
    let part = Part::bytes(voice.to_vec()).file_name(name.to_owned()).mime_str("text/html").expect("mime");
    let form = answers().into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value)).part("voice", part);
    let path = format!("/postings/{}/apply", posting.id);
    person.web.post(&path).header("accept", "text/html").multipart(form).send().await.expect("response")
}

#[tokio::test]
async fn what_somebody_says_reaches_the_recruiter_and_each_listening_is_noted() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (first, second) = (post(&app, &fair, content("电焊工"), State::Live).await, post(&app, &fair, content("钳工"), State::Live).await);
    let person = app.seeker("小李").await;
    let sent = send(&person, &first, WEBM, "voice.webm").await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let place = sent.headers()["location"].to_str().expect("path").to_owned();
    let voice = format!("{place}/voice");
    assert!(fair.recruiter.web.page(&place).await.contains(&format!("src=\"{voice}\"")));
    let got = fair.recruiter.web.get(&voice).send().await.expect("response");
    assert_eq!(
        (got.headers()["content-type"].to_str().expect("text"), &got.headers()["x-content-type-options"]),
        ("audio/webm", &"nosniff".parse().expect("header"))
    );
    assert_eq!(&got.bytes().await.expect("bytes")[..], &WEBM[..]);
    let part = fair.recruiter.web.get(&voice).header("range", "bytes=4-7").send().await.expect("response");
    assert_eq!((part.status(), &part.headers()["content-range"]), (StatusCode::PARTIAL_CONTENT, &"bytes 4-7/512".parse().expect("header")));
    assert_eq!(&part.bytes().await.expect("bytes")[..], &WEBM[4..8]);
    let beyond = person.web.get(&voice).header("range", "bytes=512-").send().await.expect("response");
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert!(person.web.page(&place).await.contains("听了语音"), "the applicant sees who listened");
    let on_disk = walk(&app.data.path().join("blobs"));
    assert!(!on_disk.is_empty() && on_disk.iter().all(|bytes| !bytes.windows(4).any(|w| w == b"Opus")), "encrypted");
    for other in [app.seeker("小王").await.web, app.stranger(), app.employer(&fair.fair, "别的厂").await.1.web] {
        assert_ne!(other.get(&voice).send().await.expect("response").status(), StatusCode::OK);
    }
    // The next application takes it along; the one after that does not.
    let path = format!("/postings/{}/apply", second.id);
    assert!(person.web.page(&path).await.contains("/me/voice"));
    let next = person.web.form(&path, &[answers(), vec![("without_voice", "1")]].concat()).await;
    let next = next.headers()["location"].to_str().expect("path").to_owned();
    assert_eq!(fair.recruiter.web.status(&format!("{next}/voice")).await, 404);
    person.web.form("/me/voice/removals", &[]).await;
    assert_eq!(person.web.status("/me/voice").await, 404, "gone for next time");
    assert_eq!(fair.recruiter.web.status(&voice).await, 200, "what was sent stays");
    person.web.form(&format!("{place}/withdraw"), &[]).await;
    assert_eq!(fair.recruiter.web.status(&voice).await, 404, "until it is taken back");
    app.stop().await;
}

#[tokio::test]
async fn what_is_no_recording_or_too_long_is_refused_and_the_rest_of_the_form_kept() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("电焊工"), State::Live).await;
    let person = app.seeker("小李").await;
    let large = [&WEBM[..], &vec![0; 3 * 1024 * 1024]].concat();
    for (bytes, text) in [
        (&b"<html><script>alert(1)</script>"[..], "不是能播放的录音"),
        (b"#!AMR\n", "不是能播放的录音"),
        (b"%PDF-1.7\n%%EOF", "不是能播放的录音"),
        (&large, "录音太大"),
    ] {
        let refused = send(&person, &posting, bytes, "../../voice.webm").await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = refused.text().await.expect("text");
        assert!(page.contains(text) && page.contains("id=\"voice-error\"") && page.contains("会电焊"), "{page}");
    }
    app.stop().await;
}

fn walk(folder: &std::path::Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder").flatten() {
        if entry.path().is_dir() {
            found.extend(walk(&entry.path()));
        } else {
            found.push(std::fs::read(entry.path()).expect("file"));
        }
    }
    found
}
