//! Static files, embedded in the program and served under a checksum of them all, so that browsers keep them for good
//! and a relative `import "./x.js"` stays within the same version.

use crate::i18n::{Lang, script_module};
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::LazyLock;

#[derive(rust_embed::Embed)]
#[folder = "static/"]
struct Static;

/// Twelve hex digits over every static file and text.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for path in Static::iter() {
        hash.update(path.as_bytes());
        if let Some(file) = Static::get(&path) {
            hash.update(&file.data);
        }
    }
    for lang in Lang::ALL {
        hash.update(script_module(lang));
    }
    hash.finalize()[..6].iter().map(|b| format!("{b:02x}")).collect()
});

static TEXTS: LazyLock<[String; 2]> = LazyLock::new(|| Lang::ALL.map(script_module));

/// URL of the static file `path`, such as `css/base.css`; `texts/zh-CN.js` is the texts for scripts.
pub fn asset_url(path: &str) -> String {
    format!("/static/{}/{path}", *VERSION)
}

/// The text of a static file, for what must have an address of its own.
pub fn asset_text(path: &str) -> Option<String> {
    Static::get(path).map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

/// The bytes of a static file that the server itself works with.
pub fn asset_bytes(path: &str) -> Option<Cow<'static, [u8]>> {
    Static::get(path).map(|file| file.data)
}

pub fn routes() -> Router {
    Router::new()
        .route("/static/{version}/{*path}", get(serve))
        .route("/favicon.ico", get(|| async { axum::response::Redirect::permanent(&asset_url("favicon.svg")) }))
}

async fn serve(Path((version, path)): Path<(String, String)>) -> Response {
    let body: Vec<u8> = match path.strip_prefix("texts/").and_then(|name| name.strip_suffix(".js")).and_then(Lang::parse) {
        Some(lang) => TEXTS[lang as usize].clone().into_bytes(),
        None => match Static::get(&path) {
            Some(file) => file.data.into_owned(),
            None => return StatusCode::NOT_FOUND.into_response(),
        },
    };
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(&path)));
    // Another version's URL may be asked for during an upgrade: answered, but not kept.
    let cache = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("mp4") => "video/mp4",
        Some("mp3") => "audio/mpeg",
        Some("webmanifest") => "application/manifest+json",
        Some("json") => "application/json",
        Some("ttf") => "font/ttf",
        _ => "application/octet-stream",
    }
}
