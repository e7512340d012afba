//! Pictures of a posting: added, put in order, taken out and put back; what is hidden in them; who sees them; hostile ones.

use crate::employers::verify;
use crate::harness::{NOON, TestApp, TestFair, Web};
use crate::imports::{counts, looked};
use crate::postings::{content, form, post};
use reqwest::multipart::{Form, Part};
use reqwest::{Response, StatusCode};
use springbreeze::clock::DAY;
use springbreeze::ids::PostingId;
use springbreeze::postings::{Content, Posting, State};

fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
    [&[0xFF, marker][..], &((contents.len() + 2) as u16).to_be_bytes(), contents].concat()
}

/// A photo as a phone takes it: with a position, a comment, and a page hidden behind its end.
fn photo(width: u16, height: u16) -> Vec<u8> {
    let frame = [&[8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]].concat();
    let parts = [
        vec![0xFF, 0xD8],
        segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0GPS 30.25N 120.17E"),
        segment(0xFE, b"a secret comment"),
        segment(0xC0, &frame),
        segment(0xDA, &[3, 1, 0, 2, 0, 3, 0, 0, 63, 0]),
        vec![0x12, 0x34, 0x56],
        vec![0xFF, 0xD9],
        b"<html><script>alert(1)</script>".to_vec(),
    ];
    parts.concat()
}

async fn send(web: &Web, id: PostingId, version: i64, alt: &str, bytes: Vec<u8>) -> Response {
    let form = Form::new().text("version", version.to_string()).text("alt", alt.to_owned());
    let form = form.part("picture", Part::bytes(bytes).file_name("../../x.html"));
    web.post(&format!("/postings/{id}/pictures")).header("accept", "text/html").multipart(form).send().await.expect("response")
}

async fn stored(app: &TestApp, id: PostingId) -> Posting {
    let all = app.parts.postings.of_employer(
        sqlx::query_as::<_, (String,)>("SELECT employer_id FROM postings WHERE id = $1")
            .bind(id.to_string())
            .fetch_one(app.parts.db.read())
            .await
            .expect("posting")
            .0
            .parse()
            .expect("id"),
    );
    all.await.expect("postings").into_iter().find(|posting| posting.id == id).expect("posting")
}

fn alts(posting: &Posting) -> Vec<&str> {
    posting.content.pictures.0.iter().map(|shot| shot.alt.as_str()).collect()
}

/// A verified employer's posting that is out, with two pictures.
async fn setting(app: &TestApp) -> (TestFair, Posting) {
    let fair = app.fair().await;
    verify(app, &fair, fair.employer.id, 300).await;
    let until = NOON + 28 * DAY + 15 * 3_600_000;
    let posting = post(app, &fair, Content { valid_until: until, ..content("电焊工") }, State::Live).await;
    for (version, alt) in [(1, "车间"), (2, "宿舍")] {
        let sent = send(&fair.recruiter.web, posting.id, version, alt, photo(800, 600)).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER, "{}", sent.text().await.expect("text"));
    }
    let posting = stored(app, posting.id).await;
    (fair, posting)
}

#[tokio::test]
async fn a_picture_is_shown_without_what_is_hidden_in_it() {
    let app = TestApp::start().await;
    let (_, posting) = setting(&app).await;
    assert_eq!((alts(&posting), posting.version, posting.state), (vec!["车间", "宿舍"], 3, State::Live));
    let (web, path) = (app.stranger(), format!("/postings/{}", posting.id));
    let page = web.page(&path).await;
    let shot = &posting.content.pictures.0[0];
    let url = format!("{path}/pictures/{}", shot.id);
    assert!(page.contains(&format!("<img src=\"{url}/small\" width=\"800\" height=\"600\" alt=\"车间\" loading=\"lazy\"")), "{page}");
    assert!(page.contains(&format!("\"image\":[\"{}{url}\"", app.app.origin)), "search engines are told too");
    let answer = web.client.get(web.url(&url)).send().await.expect("response");
    let head = answer.headers().clone();
    assert_eq!(head["content-type"], "image/jpeg");
    assert_eq!(head["x-content-type-options"], "nosniff");
    assert!(head["content-security-policy"].to_str().expect("text").contains("sandbox"));
    let bytes = answer.bytes().await.expect("bytes");
    for hidden in [&b"GPS"[..], b"secret", b"script", b"html"] {
        assert!(!bytes.windows(hidden.len()).any(|w| w == hidden), "{}", String::from_utf8_lossy(hidden));
    }
    assert!(bytes.starts_with(&[0xFF, 0xD8]) && bytes.ends_with(&[0xFF, 0xD9]));
    let board = web.page(&format!("/fairs/{}/postings", posting.fair_id)).await;
    assert!(!board.contains("/pictures/"), "the board stays light");
    app.stop().await;
}

/// A picture that can be decoded, with something to see everywhere.
fn drawn(width: u32, height: u32) -> Vec<u8> {
    let pixel = |x: u32, y: u32| image::Rgb([(x / 3 % 256) as u8, (y / 2 % 256) as u8, ((x * y) % 61) as u8]);
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(width, height, pixel).write_to(&mut bytes, image::ImageFormat::Jpeg).expect("written");
    bytes.into_inner()
}

#[tokio::test]
async fn pages_show_a_small_copy_to_whoever_may_see_the_picture() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let large = drawn(2_400, 1_600);
    assert_eq!(send(&fair.recruiter.web, posting.id, 3, "食堂", large).await.status(), StatusCode::SEE_OTHER);
    let all = stored(&app, posting.id).await.content.pictures;
    let (web, base) = (app.stranger(), format!("/postings/{}/pictures", posting.id));
    let got = async |path: String| {
        let answer = web.client.get(web.url(&path)).send().await.expect("response");
        assert_eq!((answer.status(), &answer.headers()["content-type"]), (StatusCode::OK, &"image/jpeg".parse().expect("type")), "{path}");
        assert!(answer.headers()["content-security-policy"].to_str().expect("text").contains("sandbox"));
        answer.bytes().await.expect("bytes")
    };
    // Several at once, as a page asks: it is made once, and is the same for all.
    let path = || got(format!("{base}/{}/small", all.0[2].id));
    let (a, b, c) = tokio::join!(path(), path(), path());
    assert!(a == b && b == c && a.len() * 5 < usize::try_from(all.0[2].size).expect("size"), "{} of {}", a.len(), all.0[2].size);
    assert_eq!(image::load_from_memory(&a).expect("a picture").to_rgb8().dimensions(), (640, 427));
    assert_eq!(got(format!("{base}/{}/small", all.0[2].id)).await, a, "kept");
    let (large, instead) = (got(format!("{base}/{}", all.0[0].id)).await, got(format!("{base}/{}/small", all.0[0].id)).await);
    assert_eq!(large, instead, "what cannot be decoded is shown as it is");
    // A picture of another posting, none at all, one that was taken out.
    let other = post(&app, &fair, content("车工"), State::Live).await;
    for absent in [
        format!("/postings/{}/pictures/{}/small", other.id, all.0[2].id),
        format!("{base}/{}/small", springbreeze::ids::BlobId::new()),
        format!("{base}/x/small"),
    ] {
        assert_eq!(web.status(&absent).await, 404, "{absent}");
    }
    let out = [("version", "4"), ("what", &*format!("out {}", all.0[2].id))];
    assert_eq!(fair.recruiter.web.form(&format!("{base}/order"), &out).await.status(), StatusCode::SEE_OTHER);
    let path = format!("{base}/{}/small", all.0[2].id);
    assert_eq!((web.status(&path).await, fair.recruiter.web.status(&path).await), (404, 200));
    app.stop().await;
}

#[tokio::test]
async fn pictures_are_put_in_order_taken_out_and_put_back() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let (web, id) = (&fair.recruiter.web, posting.id);
    let path = format!("/postings/{id}/pictures");
    let second = posting.content.pictures.0[1].id;
    let turn =
        async |version: &str, what: String| web.form(&format!("{path}/order"), &[("version", version), ("what", what.as_str())]).await;
    assert_eq!(turn("3", format!("earlier {second}")).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(alts(&stored(&app, id).await), ["宿舍", "车间"]);
    assert_eq!(turn("3", format!("out {second}")).await.status(), StatusCode::CONFLICT, "it has moved on");
    let gone = turn("4", format!("out {second}")).await;
    let back = gone.headers()["location"].to_str().expect("path").to_owned();
    assert_eq!(alts(&stored(&app, id).await), ["车间"]);
    let url = format!("{path}/{second}");
    assert_eq!((app.stranger().status(&url).await, web.status(&url).await), (404, 200), "what was is for its own people");
    assert!(web.page(&back).await.contains("value=\"back 4\""));
    assert_eq!(turn("5", "back 4".into()).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(alts(&stored(&app, id).await), ["宿舍", "车间"]);
    assert!(!web.page(&back).await.contains("value=\"back"), "only what was last");
    let versions = app.stranger().page(&format!("/postings/{id}/versions")).await;
    assert!(versions.contains("<dt>图片</dt>"), "{versions}");
    for wrong in ["out x", "nonsense", "back x", "turn 1"] {
        assert_eq!(turn("6", wrong.into()).await.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    for absent in [format!("out {}", springbreeze::ids::BlobId::new()), "back 99".into()] {
        assert_eq!(turn("6", absent).await.status(), StatusCode::NOT_FOUND);
    }
    app.stop().await;
}

#[tokio::test]
async fn other_changes_leave_the_pictures_and_new_ones_are_looked_at() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let (web, id) = (&fair.recruiter.web, posting.id);
    let review = fair.organiser.web.page(&format!("/fairs/{}/review", fair.fair.id)).await;
    assert!(
        review.contains("已自动生效的修改") && review.contains("1. 车间 (800 × 600") && review.contains("class=\"gallery\""),
        "{review}"
    );
    let mut fields = form("电焊工");
    fields.push(("version", "3"));
    assert_eq!(web.form(&format!("/postings/{id}"), &fields).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(alts(&stored(&app, id).await), ["车间", "宿舍"]);
    let export = format!("/employers/{}/postings/export?fair={}&kind=csv", fair.employer.id, fair.fair.id);
    let table = web.get(&export).send().await.expect("response").text().await.expect("text");
    let (_, now) = looked(&fair, table.clone().into_bytes(), "t.csv").await;
    assert_eq!(counts(&now), [0, 0, 1, 0], "a table has no pictures and takes none away: {now}");
    let (path, _) = looked(&fair, table.replace("电焊工", "高级电焊工").into_bytes(), "t.csv").await;
    web.form(&format!("{path}/run"), &[]).await;
    crate::wish::until("put in", async || stored(&app, id).await.content.title_zh == "高级电焊工").await;
    assert_eq!(alts(&stored(&app, id).await), ["车间", "宿舍"]);
    // What is said of a picture keeps the rules of all texts; of an employer that is not verified everything waits.
    let other = post(&app, &fair, content("焊工"), State::Live).await;
    assert_eq!(send(web, other.id, 1, "先交押金再上班", photo(800, 600)).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(stored(&app, other.id).await.state, State::Review);
    app.clock.advance(301 * DAY);
    app.stop().await;
}

#[tokio::test]
async fn hostile_pictures_are_refused_and_nobody_elses_posting_is_touched() {
    let app = TestApp::start().await;
    let (fair, posting) = setting(&app).await;
    let (web, id) = (&fair.recruiter.web, posting.id);
    let (_, rival, _) = app.employer(&fair.fair, "别家").await;
    for other in [&rival.web, &app.seeker("小王").await.web, &fair.organiser.web] {
        assert_eq!(send(other, id, 3, "x", photo(800, 600)).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(other.status(&format!("/postings/{id}/pictures")).await, 404);
        let order = other.form(&format!("/postings/{id}/pictures/order"), &[("version", "3"), ("what", "back 1")]).await;
        assert_eq!(order.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(send(&app.stranger(), id, 3, "x", photo(800, 600)).await.status(), StatusCode::UNAUTHORIZED);
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("空", Vec::new(), "请选择图片"),
        ("动图", b"GIF89a......".to_vec(), "只能上传 JPEG"),
        ("脚本", b"<svg onload=alert(1)>".to_vec(), "只能上传 JPEG"),
        ("表格", b"PK\x03\x04 macro".to_vec(), "只能上传 JPEG"),
        ("断了", photo(800, 600)[..40].to_vec(), "图片打不开"),
        ("巨大", photo(60_000, 60_000), "每边应在 120 到 6000"),
        ("图标", photo(16, 16), "每边应在 120 到 6000"),
        ("太大", vec![0xFF; 5 * 1024 * 1024], "图片超过 4 MB"),
        ("", photo(800, 600), "请填写这一项"),
    ];
    for (alt, bytes, says) in cases {
        let answer = send(web, id, 3, alt, bytes).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{alt}");
        let page = answer.text().await.expect("text");
        assert!(page.contains(says), "{alt}: {page}");
    }
    let huge = send(web, id, 3, "x", vec![0xFF; 20 * 1024 * 1024]).await;
    assert_eq!(huge.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(send(web, id, 2, "x", photo(800, 600)).await.status(), StatusCode::CONFLICT, "it has moved on");
    assert_eq!(stored(&app, id).await.version, 3, "nothing was changed");
    for version in 3..10 {
        assert_eq!(send(web, id, version, "又一张", photo(800, 600)).await.status(), StatusCode::SEE_OTHER, "{version}");
    }
    let tenth = send(web, id, 10, "第十张", photo(800, 600)).await;
    assert_eq!(tenth.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(tenth.text().await.expect("text").contains("图片数量已满"));
    // Of a posting that is not out, pictures are for its own people.
    let draft = post(&app, &fair, content("草稿"), State::Draft).await;
    assert_eq!(send(web, draft.id, 1, "<b>车间</b>", photo(800, 600)).await.status(), StatusCode::SEE_OTHER);
    let shot = stored(&app, draft.id).await.content.pictures.0.remove(0);
    let url = format!("/postings/{}/pictures/{}", draft.id, shot.id);
    assert_eq!((app.stranger().status(&url).await, rival.web.status(&url).await, web.status(&url).await), (404, 404, 200));
    assert_eq!(web.status(&format!("/postings/{id}/pictures/{}", shot.id)).await, 404, "another posting's");
    assert!(web.page(&format!("/postings/{}/pictures", draft.id)).await.contains("&#60;b&#62;车间"));
    app.stop().await;
}
