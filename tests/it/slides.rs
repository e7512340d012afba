//! Slides: pictures in place of video.

use crate::harness::{TestApp, Web};
use crate::socket::Client;
use crate::wish::{Publisher, until};
use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde_json::{Value, json};

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// A form with a picture, as a browser sends it.
pub(crate) async fn upload(web: &Web, path: &str, accept: &str, title: &str, bytes: &[u8]) -> reqwest::Response {
    let mut body = format!("--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n{title}\r\n").into_bytes();
    body.extend_from_slice(
        b"--x\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n",
    );
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = web.post(path).header("accept", accept).header("content-type", "multipart/form-data; boundary=x");
    request.body(body).send().await.expect("response")
}

#[tokio::test]
async fn a_picture_is_shown_to_everybody_as_what_it_is_and_nothing_else() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let path = format!("/rooms/{room}/slides");
    let seeker = app.seeker("李雷").await;
    let added = upload(&fair.recruiter.web, &path, "application/json", "厂区 <b>平面图", PNG).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    let slide: Value = added.json().await.expect("json");
    let url = format!("{path}/{}", slide["id"].as_str().expect("id"));
    assert_eq!(seeker.web.status(&url).await, 404, "until it is shown only hosts see it");
    assert_eq!(fair.organiser.web.status(&url).await, 200);
    assert_eq!(seeker.web.status(&path).await, 404);
    assert_eq!(upload(&seeker.web, &path, "application/json", "", PNG).await.status(), StatusCode::NOT_FOUND);
    let (mut viewer, _) = Client::join(&app, room, None, None).await;
    let shown = fair.recruiter.web.form(&format!("{path}/show"), &[("slide", slide["id"].as_str().expect("id"))]).await;
    assert_eq!(shown.status(), StatusCode::SEE_OTHER, "without scripts too");
    let entry = viewer.wait("slide").await;
    assert_eq!((entry["slide"].clone(), entry["title"].clone()), (slide["id"].clone(), json!("厂区 <b>平面图")));
    let picture = app.stranger().get(&url).send().await.expect("response");
    let head = picture.headers().clone();
    assert!(head[CONTENT_TYPE] == "image/png" && head["x-content-type-options"] == "nosniff", "{head:?}");
    assert!(head[CONTENT_SECURITY_POLICY].to_str().expect("text").contains("sandbox") && head[CACHE_CONTROL].to_str().is_ok());
    assert_eq!(picture.bytes().await.expect("bytes"), PNG);
    let page = app.stranger().page(&format!("/rooms/{room}")).await;
    assert!(page.contains(&format!("data-slide=\"{}\"", slide["id"].as_str().expect("id"))), "newcomers see it too");
    assert!(!page.contains("<b>平面图"));

    let web = &fair.recruiter.web;
    assert_eq!(seeker.web.client.delete(seeker.web.url(&url)).send().await.expect("response").status(), StatusCode::NOT_FOUND);
    assert_eq!(web.client.delete(web.url(&url)).send().await.expect("response").status(), StatusCode::NO_CONTENT);
    assert_eq!(viewer.wait("slide").await["slide"], Value::Null, "what is removed is shown no more");
    assert_eq!(app.stranger().status(&url).await, 404);
    app.stop().await;
}

#[tokio::test]
async fn what_is_no_picture_is_refused_with_the_form_filled_in() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let path = format!("/rooms/{}/slides", fair.booth.id);
    let web = &fair.recruiter.web;
    for bad in [&b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..], b"GIF89a", b"", b"<html><script>alert(1)</script>"] {
        let refused = upload(web, &path, "text/html", "标题在这里", bad).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = refused.text().await.expect("page");
        assert!(page.contains("标题在这里") && page.contains("picture-error"));
    }
    let large = upload(web, &path, "application/json", "", &[PNG, &vec![0; 2 * 1024 * 1024]].concat()).await;
    assert_eq!(large.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(large.json::<Value>().await.expect("json")["errors"]["picture"].is_string());
    let long = upload(web, &path, "application/json", &"长".repeat(61), PNG).await;
    assert!(long.json::<Value>().await.expect("json")["errors"]["title"].is_string());
    assert_eq!(web.form(&path, &[("title", "x")]).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let count = |folder: &str| std::fs::read_dir(app.data.path().join("blobs/slides").join(folder)).expect("folder").count();
    assert_eq!((count("."), count("incoming")), (1, 0), "nothing but the folder for what comes in");
    for n in 0..40 {
        assert_eq!(upload(web, &path, "application/json", &n.to_string(), PNG).await.status(), StatusCode::CREATED);
    }
    assert_eq!(upload(web, &path, "application/json", "", PNG).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "forty are enough");
    app.stop().await;
}

#[tokio::test]
async fn stills_of_a_screen_follow_one_another_in_one_place() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let room = fair.booth.id;
    let host = Publisher::start(&app.stranger(), &format!("/rooms/{room}/whip"), Some(&fair.recruiter.token)).await;
    until("the stream", || async { app.parts.live.snapshot(room).live }).await;
    let before = app.parts.live.last_seq(room).await.expect("seq");
    let (mut viewer, _) = Client::join(&app, room, None, None).await;
    let path = format!("/rooms/{room}/slides/still");
    let put = async |web: &Web, bytes: &[u8]| web.client.put(web.url(&path)).body(bytes.to_vec()).send().await.expect("response");
    assert_eq!(put(&app.seeker("路人").await.web, PNG).await.status(), StatusCode::NOT_FOUND);
    let first: Value = put(&fair.recruiter.web, PNG).await.json().await.expect("json");
    assert_eq!(viewer.wait("slide").await["slide"], first["id"]);
    let second: Value = put(&fair.recruiter.web, &[PNG, b"x"].concat()).await.json().await.expect("json");
    assert_eq!((second["id"].clone(), second["version"].clone()), (first["id"].clone(), json!(2)));
    let told = viewer.wait("still").await;
    assert_eq!((told["slide"].clone(), told["version"].clone()), (first["id"].clone(), json!(2)));
    let url = format!("/rooms/{room}/slides/{}", first["id"].as_str().expect("id"));
    let picture = app.stranger().get(&url).send().await.expect("response").bytes().await.expect("bytes");
    assert_eq!(picture.len(), PNG.len() + 1);
    assert_eq!(put(&fair.recruiter.web, b"<html>").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.parts.live.last_seq(room).await.expect("seq"), before + 1, "one entry for all of them");
    let web = &fair.recruiter.web;
    assert_eq!(web.client.delete(web.url(&path)).send().await.expect("response").status(), StatusCode::NO_CONTENT);
    assert_eq!(viewer.wait("slide").await["slide"], Value::Null);
    assert_eq!(app.stranger().status(&url).await, 404);
    host.stop().await;
    app.stop().await;
}
