//! The page context: language, theme, who looks on, the message left by the last action.

use super::{FormData, Result, Text, asset_url};
use crate::i18n::Lang;
use askama::Template;
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Response};
use axum::routing::post;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt::Display;

/// Who looks on, as the header shows it. Put into the request by whoever resolves sessions.
#[derive(Clone, Debug, Default)]
pub struct Badge {
    pub name: String,
    pub is_guest: bool,
    pub is_staff: bool,
    /// Here by a link to one thing: other pages do not know them.
    pub by_link: bool,
    /// Where this person's work is: address and label.
    pub places: Vec<(String, Text)>,
}

/// Among the extensions of an answer: it went to somebody who works here.
#[derive(Clone, Copy, Debug)]
pub struct Regular;

/// A link in the page's navigation.
#[derive(Clone, Debug)]
pub struct NavLink {
    pub href: String,
    pub label: String,
    pub current: bool,
}

/// A message that outlives one redirect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    pub kind: String,
    pub text: String,
}

/// What every template needs to know; the field `p` of each page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    lang: Lang,
    theme: &'static str,
    size: &'static str,
    path: String,
    badge: Option<Badge>,
    flash: Option<Flash>,
}

const FLASH: &str = "sb_flash";
/// How a page may look, by the visitor's choice; the first ones are those of who has not chosen.
pub const THEMES: [&str; 3] = ["auto", "light", "dark"];
pub const SIZES: [&str; 2] = ["normal", "large"];

impl Page {
    /// A page of no particular request, in `lang`.
    pub fn plain(lang: Lang) -> Self {
        Self { lang, theme: THEMES[0], size: SIZES[0], path: "/".into(), badge: None, flash: None }
    }

    /// The same in one of [`THEMES`] and one of [`SIZES`].
    pub fn in_look(self, theme: &'static str, size: &'static str) -> Self {
        Self { theme, size, ..self }
    }

    pub fn language(&self) -> Lang {
        self.lang
    }

    pub fn lang(&self) -> &'static str {
        self.lang.tag()
    }

    pub fn is_zh(&self) -> bool {
        self.lang == Lang::Zh
    }

    pub fn theme(&self) -> &'static str {
        self.theme
    }

    pub fn size(&self) -> &'static str {
        self.size
    }

    /// Path and query of this page.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn viewer(&self) -> Option<&Badge> {
        self.badge.as_ref()
    }

    /// Whether the looker-on is signed in, for good and for all pages.
    pub fn is_signed_in(&self) -> bool {
        self.badge.as_ref().is_some_and(|badge| !badge.is_guest && !badge.by_link)
    }

    pub fn flash(&self) -> Option<&Flash> {
        self.flash.as_ref()
    }

    pub fn nav(&self) -> Vec<NavLink> {
        let here = self.path.split('?').next().unwrap_or("/");
        let link = |(href, label): &(String, Text)| NavLink { href: href.clone(), label: self.t(label.0), current: here == href };
        self.badge.iter().flat_map(|b| &b.places).map(link).collect()
    }

    pub fn asset(&self, path: &str) -> String {
        asset_url(path)
    }

    /// The one of two texts that fits the language; the other one if that is empty.
    pub fn pick<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(zh, en)
    }

    pub fn t(&self, key: &str) -> String {
        self.lang.t(key)
    }

    pub fn t1(&self, key: &str, n1: &str, v1: impl Display) -> String {
        self.lang.t1(key, n1, v1)
    }

    pub fn t2(&self, key: &str, n1: &str, v1: impl Display, n2: &str, v2: impl Display) -> String {
        self.lang.t2(key, n1, v1, n2, v2)
    }

    /// The message beside the field `name` of a form; empty if there is none.
    pub fn error(&self, fields: &super::Fields, name: &str) -> String {
        fields.get(name).map(|key| self.t(key)).unwrap_or_default()
    }

    #[expect(clippy::too_many_arguments, reason = "three name and value pairs read best side by side in a template")]
    pub fn t3(&self, key: &str, n1: &str, v1: impl Display, n2: &str, v2: impl Display, n3: &str, v3: impl Display) -> String {
        self.lang.t3(key, n1, v1, n2, v2, n3, v3)
    }
}

impl<S: Sync> FromRequestParts<S> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        let jar = CookieJar::from_headers(&parts.headers);
        let cookie = |name: &str| jar.get(name).map(|c| c.value().to_owned());
        let lang = cookie("sb_lang").and_then(|l| Lang::parse(&l)).or_else(|| accepted(&parts.headers)).unwrap_or_default();
        let one_of =
            |name: &str, known: &[&'static str]| known.iter().copied().find(|k| cookie(name).as_deref() == Some(*k)).unwrap_or(known[0]);
        Ok(Self {
            lang,
            theme: one_of("sb_theme", &THEMES),
            size: one_of("sb_size", &SIZES),
            path: parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned(),
            badge: parts.extensions.get::<Badge>().cloned(),
            flash: cookie(FLASH).and_then(|text| decode_flash(&text)),
        })
    }
}

fn accepted(headers: &HeaderMap) -> Option<Lang> {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).and_then(Lang::from_accept)
}

/// Renders a page; a flash message that it showed is cleared.
pub fn html(template: &impl Template) -> Result<Response> {
    let text = template.render()?;
    let shown_flash = text.contains("data-flash");
    let mut response = Html(text).into_response();
    if shown_flash && let Ok(value) = format!("{FLASH}=; Path=/; Max-Age=0").parse() {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// The cookie that carries a message over a redirect.
pub struct FlashCookie;

impl FlashCookie {
    pub fn header(kind: &str, text: &str) -> String {
        use base64::Engine;
        let json = serde_json::json!({"kind": kind, "text": text}).to_string();
        let value = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json);
        Cookie::build((FLASH, value)).path("/").http_only(true).same_site(SameSite::Lax).build().to_string()
    }
}

fn decode_flash(text: &str) -> Option<Flash> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
    let flash: Flash = serde_json::from_slice(&bytes).ok()?;
    ["info", "success", "error"].contains(&flash.kind.as_str()).then_some(flash)
}

/// Personal data is not kept by browsers' caches or anything between.
pub fn private(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

/// After a form: 303 to `to`, with a message for the next page if `text` is not empty.
pub fn see_other(to: &str, text: &str) -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    if !text.is_empty()
        && let Ok(value) = FlashCookie::header("success", text).parse()
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// `wanted` if it is a path on this server, else `/`: never a way to another site. Browsers leave out tabs and line breaks in an
/// address and read a backslash as a slash, so that `/<tab>/evil` would be one.
pub fn back_to(wanted: &str) -> &str {
    let odd = |c: char| c == '\\' || c.is_control() || c.is_whitespace();
    let local = wanted.starts_with('/') && !wanted.starts_with("//") && !wanted.contains(odd);
    if local { wanted } else { "/" }
}

#[derive(Deserialize)]
struct Preferences {
    lang: Option<String>,
    theme: Option<String>,
    size: Option<String>,
    back: Option<String>,
}

/// `POST /preferences`: language, theme and text size, kept in cookies for a year.
pub fn preferences_routes() -> Router {
    Router::new().route("/preferences", post(set_preferences))
}

async fn set_preferences(FormData(form): FormData<Preferences>) -> Response {
    let mut cookies = Vec::new();
    let mut keep = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            cookies.push((header::SET_COOKIE, format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax")));
        }
    };
    keep("sb_lang", form.lang.as_deref().and_then(Lang::parse).map(Lang::tag));
    keep("sb_theme", THEMES.into_iter().find(|t| form.theme.as_deref() == Some(t)));
    keep("sb_size", SIZES.into_iter().find(|s| form.size.as_deref() == Some(s)));
    (AppendHeaders(cookies), see_other(back_to(form.back.as_deref().unwrap_or("/")), "")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_never_leaves_the_site() {
        assert_eq!(back_to("/rooms/1?x=1"), "/rooms/1?x=1");
        for bad in
            ["https://evil.example", "//evil.example", "/\\evil", "", "/a\r\nSet-Cookie: x", "/\t/evil.example", "/\0", "/ /x", "/\u{85}"]
        {
            assert_eq!(back_to(bad), "/", "{bad}");
        }
    }

    #[test]
    fn a_flash_of_unknown_kind_is_dropped() {
        let header = FlashCookie::header("success", "好");
        let value = header.split(['=', ';']).nth(1).expect("value");
        assert_eq!(decode_flash(value).expect("flash").text, "好");
        let header = FlashCookie::header("evil", "x");
        assert!(decode_flash(header.split(['=', ';']).nth(1).expect("value")).is_none());
    }
}
