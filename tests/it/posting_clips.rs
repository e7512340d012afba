//! A posting's video and voice: told by their content, cut to a minute, rid of where they were taken, played a stretch at a time; hostile ones.

use crate::employers::verify;
use crate::harness::{NOON, TestApp, TestFair, Web};
use crate::postings::{content, form, post};
use reqwest::header::HeaderValue;
use reqwest::multipart::{Form, Part};
use reqwest::{Response, StatusCode};
use springbreeze::clock::DAY;
use springbreeze::ids::PostingId;
use springbreeze::postings::{Clips, Content, Posting, State};

fn boxed(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    [&((contents.len() + 8) as u32).to_be_bytes()[..], kind, contents].concat()
}

/// A movie as a phone takes it, with where it was taken.
fn movie(handler: &[u8; 4], seconds: u32) -> Vec<u8> {
    let mvhd = [&[0; 12][..], &1_000_u32.to_be_bytes(), &(seconds * 1_000).to_be_bytes(), &[0; 80]].concat();
    let track = boxed(b"mdia", &boxed(b"hdlr", &[&[0; 8][..], handler, &[0; 12]].concat()));
    let position = boxed(b"udta", &boxed(b"\xA9xyz", b"+30.2500+120.1700/"));
    let moov = boxed(b"moov", &[boxed(b"mvhd", &mvhd), boxed(b"trak", &track), position].concat());
    [boxed(b"ftyp", b"isom\0\0\0\0"), moov, boxed(b"mdat", &[7; 300_000])].concat()
}

async fn send(web: &Web, id: PostingId, kind: &str, version: i64, words: &str, bytes: Vec<u8>) -> Response {
    let form = Form::new().text("version", version.to_string()).text("words", words.to_owned());
    let form = form.part("file", Part::bytes(bytes).file_name("../../x.html"));
    web.post(&format!("/postings/{id}/clips/{kind}")).header("accept", "text/html").multipart(form).send().await.expect("response")
}

async fn clips(app: &TestApp, fair: &TestFair, id: PostingId) -> Clips {
    let all = app.parts.postings.of_employer(fair.employer.id).await.expect("postings");
    all.into_iter().find(|posting| posting.id == id).expect("posting").content.clips
}

/// A verified employer's posting that is out.
async fn setting(app: &TestApp) -> (TestFair, Posting) {
    let fair = app.fair().await;
    verify(app, &fair, fair.employer.id, 300).await;
    let until = NOON + 28 * DAY + 15 * 3_600_000;
    let posting = post(app, &fair, Content { valid_until: until, ..content("电焊工") }, State::Live).await;
    (fair, posting)
}

#[tokio::test]
async fn a_video_and_a_voice_are_shown_with_their_words_and_played_in_stretches() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let (own, id) = (&fair.recruiter.web, posting.id);
    for (n, (kind, handler, words)) in [("video", b"vide", "车间里有空调"), ("voice", b"soun", "欢迎来我们厂")].into_iter().enumerate()
    {
        let sent = send(own, id, kind, n as i64 + 1, words, movie(handler, 42)).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER, "{}", sent.text().await.expect("text"));
    }
    let (web, path) = (app.stranger(), format!("/postings/{id}"));
    let page = web.page(&path).await;
    for part in [
        "<video controls preload=\"none\"",
        "<audio controls preload=\"none\"",
        "0:42 · 播放需要流量 301 KB",
        "车间里有空调",
        "欢迎来我们厂",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let video = clips(&app, &fair, id).await.video.expect("a video");
    let url = format!("{path}/clips/{}", video.id);
    let get = async |range: Option<&str>| {
        let ask = web.client.get(web.url(&url));
        range.map_or(ask.try_clone().expect("a request"), |range| ask.header("range", range)).send().await.expect("response")
    };
    let whole = get(None).await;
    assert_eq!((whole.status(), &whole.headers()["content-type"]), (StatusCode::OK, &HeaderValue::from_static("video/mp4")));
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    assert_eq!(whole.headers()["x-content-type-options"], "nosniff");
    let bytes = whole.bytes().await.expect("bytes");
    assert_eq!(bytes.len() as i64, video.size);
    assert!(!bytes.windows(8).any(|w| w == b"+30.2500"), "where it was taken is gone");
    let part = get(Some("bytes=200000-299999")).await;
    assert_eq!((part.status(), &part.headers()["content-length"]), (StatusCode::PARTIAL_CONTENT, &HeaderValue::from_static("100000")));
    assert_eq!(part.bytes().await.expect("bytes"), bytes.slice(200_000..300_000));
    assert_eq!(get(Some("bytes=99999999-")).await.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let captions = web.page(&format!("{url}/captions.vtt")).await;
    assert_eq!(captions, "WEBVTT\n\n00:00.000 --> 00:42.000\n车间里有空调\n");
    let review = fair.organiser.web.page(&format!("/fairs/{}/review", fair.fair.id)).await;
    assert!(review.contains("已自动生效的修改") && review.contains("<dt>短视频</dt>") && review.contains("<video"), "{review}");
    app.stop().await;
}

#[tokio::test]
async fn a_clip_is_replaced_taken_out_and_put_back_and_other_changes_leave_it() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let (own, id) = (&fair.recruiter.web, posting.id);
    for version in [1, 2] {
        assert_eq!(send(own, id, "video", version, &format!("第{version}版"), movie(b"vide", 5)).await.status(), StatusCode::SEE_OTHER);
    }
    let second = clips(&app, &fair, id).await.video.expect("a video");
    assert_eq!(second.words, "第2版");
    let mut fields = form("电焊工");
    fields.push(("version", "3"));
    assert_eq!(own.form(&format!("/postings/{id}"), &fields).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(clips(&app, &fair, id).await.video, Some(second.clone()));
    let organiser = app.parts.accounts.viewer_by_token(&fair.organiser.token).await.expect("viewer");
    app.parts.postings.set_state(&organiser, id, State::Live).await.expect("approved");
    let turn =
        async |version: &str, what: &str| own.form(&format!("/postings/{id}/clips/changes"), &[("version", version), ("what", what)]).await;
    let out = turn("5", "out video").await;
    assert_eq!((out.status(), clips(&app, &fair, id).await.is_empty()), (StatusCode::SEE_OTHER, true));
    let url = format!("/postings/{id}/clips/{}", second.id);
    assert_eq!((app.stranger().status(&url).await, own.status(&url).await), (404, 200), "what was is for its own people");
    let back = out.headers()["location"].to_str().expect("path").to_owned();
    assert!(own.page(&back).await.contains("value=\"back 5\""));
    assert_eq!(turn("5", "back 5").await.status(), StatusCode::CONFLICT, "it has moved on");
    assert_eq!(turn("6", "back 5").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(clips(&app, &fair, id).await.video, Some(second));
    for wrong in ["out x", "out", "back x"] {
        assert_eq!(turn("7", wrong).await.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    app.stop().await;
}

#[tokio::test]
async fn hostile_clips_are_refused_and_nobody_elses_posting_is_touched() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let (own, id) = (&fair.recruiter.web, posting.id);
    let (_, rival, _) = app.employer(&fair.fair, "别家").await;
    for other in [&rival.web, &app.seeker("小王").await.web, &fair.organiser.web] {
        assert_eq!(send(other, id, "video", 1, "x", movie(b"vide", 5)).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(other.status(&format!("/postings/{id}/clips")).await, 404);
    }
    assert_eq!(send(&app.stranger(), id, "video", 1, "x", movie(b"vide", 5)).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(send(own, id, "smell", 1, "x", movie(b"vide", 5)).await.status(), StatusCode::NOT_FOUND);
    let behind = [movie(b"vide", 5), b"<html><script>alert(1)</script>".to_vec()].concat();
    let cases: [(&str, &str, Vec<u8>, &str); 10] = [
        ("video", "空", Vec::new(), "请先录音或选择文件"),
        ("video", "网页", b"<html><script>alert(1)</script>".to_vec(), "只能上传完整的 MP4"),
        ("video", "动图", b"GIF89a..........".to_vec(), "只能上传完整的 MP4"),
        ("video", "藏着", behind, "只能上传完整的 MP4"),
        ("video", "断了", movie(b"vide", 5)[..200].to_vec(), "只能上传完整的 MP4"),
        ("video", "没画面", movie(b"soun", 5), "只能上传完整的 MP4"),
        ("video", "太长", movie(b"vide", 62), "不能超过一分钟"),
        ("video", "不知多长", movie(b"vide", 0), "看不出这段视频有多长"),
        ("voice", "有画面", movie(b"vide", 5), "只能上传完整的 M4A"),
        ("voice", "", movie(b"soun", 5), "请填写这一项"),
    ];
    for (kind, words, bytes, says) in cases {
        let answer = send(own, id, kind, 1, words, bytes).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        let page = answer.text().await.expect("text");
        assert!(page.contains(says) && page.contains(&format!("-{kind}-error")), "{words}: {page}");
    }
    let large = send(own, id, "video", 1, "太大", vec![0; 31 * 1024 * 1024]).await;
    assert_eq!(large.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(large.text().await.expect("text").contains("文件超过 30 MB"));
    assert!(clips(&app, &fair, id).await.is_empty(), "nothing was changed");
    app.stop().await;
}
