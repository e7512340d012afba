//! The page of those who wait: made once for each language and look, then only numbers are put in.

use crate::i18n::Lang;
use crate::web::{Page, SIZES, THEMES};
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use std::time::Duration;

/// Stands where a number will.
const AHEAD: &str = "7700000001";
const MINUTES: &str = "7700000002";
const REFRESH: &str = "7700000003";

#[derive(Template)]
#[template(path = "errors/waiting.html", escape = "none")]
struct Waiting<'a> {
    p: Page,
    style: &'a str,
    ahead: &'a str,
    minutes: &'a str,
    refresh: &'a str,
}

const STYLE: &str = include_str!("../../templates/errors/waiting.css");

/// The page of a look, for the first in line and for all others.
type Pages = [String; 2];

/// The pages by language, theme and size of text.
static PAGES: LazyLock<[[[Pages; SIZES.len()]; THEMES.len()]; 2]> =
    LazyLock::new(|| Lang::ALL.map(|lang| THEMES.map(|theme| SIZES.map(|size| ["", AHEAD].map(|ahead| render(lang, theme, size, ahead))))));

/// The pages in the look that somebody chose.
fn pages_for(seen: &Page) -> &'static Pages {
    let of = |known: &[&str], chosen: &str| known.iter().position(|k| *k == chosen).unwrap_or(0);
    &PAGES[seen.language() as usize][of(&THEMES, seen.theme())][of(&SIZES, seen.size())]
}

/// Only the page's own style, by its hash, and nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
    HeaderValue::try_from(format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'"))
        .unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

fn render(lang: Lang, theme: &'static str, size: &'static str, ahead: &str) -> String {
    let page = Waiting { p: Page::plain(lang).in_look(theme, size), style: STYLE, ahead, minutes: MINUTES, refresh: REFRESH };
    page.render().unwrap_or_default()
}

/// Seconds until somebody who waits so long is to ask again, spread by `chance` (0 to 1), so that not all come at once.
pub(super) fn ask_again(about: Duration, chance: f64) -> u64 {
    let soon = (about.as_secs_f64() / 2.0).clamp(2.0, 20.0);
    (soon * (0.75 + chance / 2.0)).round() as u64
}

/// The page, with the status and `Retry-After` of RFC 9110 (sections 15.6.4 and 10.2.3).
pub(super) fn waiting(seen: &Page, ahead: u64, about: Duration, seconds: u64) -> Response {
    let page = &pages_for(seen)[usize::from(ahead > 0)];
    let minutes = about.as_secs().div_ceil(60).max(1);
    let text = page.replace(AHEAD, &ahead.to_string()).replace(MINUTES, &minutes.to_string()).replace(REFRESH, &seconds.to_string());
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_finds_its_place_in_every_language_and_look() {
        let looks = Lang::ALL.into_iter().flat_map(|lang| THEMES.into_iter().flat_map(move |t| SIZES.map(|s| (lang, t, s))));
        for (lang, theme, size) in looks {
            let [first, other] = pages_for(&Page::plain(lang).in_look(theme, size));
            assert!(other.contains(AHEAD) && other.contains(MINUTES) && !first.contains(AHEAD), "{lang:?}");
            let head = format!("<html lang=\"{}\" data-theme=\"{theme}\" data-size=\"{size}\">", lang.tag());
            assert!(first.contains(&head) && other.contains(&head), "{head}");
            assert!(first.len() < 4_000 && other.len() < 4_000, "small for a weak network: {}", other.len());
            assert!(other.contains(&format!("<style>{STYLE}</style>")), "or the hash is not that of the style");
        }
    }

    #[test]
    fn whoever_waits_long_asks_seldom_and_never_all_at_once() {
        let times = |about: u64| (ask_again(Duration::from_secs(about), 0.0), ask_again(Duration::from_secs(about), 1.0));
        assert_eq!((times(0), times(20), times(3_600)), ((2, 3), (8, 13), (15, 25)));
    }
}
