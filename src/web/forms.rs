//! Reading what people send: forms and JSON by the same type, ids from the path, text cleaned.

use super::{AppError, Fields, Result, Text};
use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header;
use axum::http::request::Parts;
use axum_extra::extract::Form;
use serde::de::DeserializeOwned;
use std::str::FromStr;
use unicode_normalization::char::is_combining_mark;

/// Marks above and below one character: Vietnamese needs two, what goes beyond only spills over other lines.
const MARKS: usize = 2;

/// A body as a form or as JSON, whichever its content type says.
pub struct FormData<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for FormData<T> {
    type Rejection = AppError;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("").to_ascii_lowercase();
        if kind.starts_with("application/json") {
            let Json(value) = Json::from_request(request, state).await.map_err(|e| rejected(e.status()))?;
            return Ok(Self(value));
        }
        if kind.is_empty() || kind.starts_with("application/x-www-form-urlencoded") {
            let Form(value) = Form::from_request(request, state).await.map_err(|e| {
                use axum::response::IntoResponse;
                rejected(e.into_response().status())
            })?;
            return Ok(Self(value));
        }
        Err(AppError::UnsupportedMediaType)
    }
}

fn rejected(status: axum::http::StatusCode) -> AppError {
    if status == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        AppError::TooLarge
    } else {
        AppError::BadRequest(Text("base-error-bad-request"))
    }
}

/// An id in the path `{id}` (or the first path parameter); what is not an id is simply not found.
pub struct Id<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Path(params) = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await.map_err(|_| AppError::NotFound)?;
        let text = params.iter().find(|(name, _)| name == "id").or_else(|| params.first()).ok_or(AppError::NotFound)?;
        text.1.parse().map(Self).map_err(|_| AppError::NotFound)
    }
}

/// One line of text: control and direction-override characters removed, spaces folded, cut to `max` characters.
pub fn clean(text: &str, max: usize) -> String {
    let mut marks = 0;
    // Line breaks are controls, but they part words.
    let seen: String = text.chars().filter(|c| c.is_whitespace() || !unwanted(*c) && !overloads(*c, &mut marks)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(max).collect::<String>().trim_end().to_owned()
}

/// Like [`clean`] for text of several lines: line breaks stay, at most two in a row.
pub fn clean_text(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    let (mut breaks, mut count, mut marks) = (0, 0, 0);
    for c in text.replace("\r\n", "\n").trim().chars() {
        let keep = if c == '\n' {
            breaks += 1;
            breaks <= 2
        } else {
            breaks = 0;
            !unwanted(c) && !overloads(c, &mut marks)
        };
        if keep && count < max {
            out.push(c);
            count += 1;
        }
    }
    // What is left between marks that are not shown may be nothing.
    out.trim().to_owned()
}

impl Fields {
    /// A field of one line, cleaned; too long a one gets a message rather than being cut unseen.
    pub fn line(&mut self, field: &'static str, text: &str, max: usize) -> String {
        self.limited(field, clean(text, max + 1), max)
    }

    /// The same for several lines.
    pub fn lines(&mut self, field: &'static str, text: &str, max: usize) -> String {
        self.limited(field, clean_text(text, max + 1), max)
    }

    fn limited(&mut self, field: &'static str, text: String, max: usize) -> String {
        if text.chars().count() > max {
            self.add(field, Text("base-field-too-long"));
        }
        text
    }
}

/// Control characters, and the marks that reorder or hide text (Unicode UAX 9 overrides, zero-width spaces).
fn unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Whether it is one mark too many on its character; `marks` counts them.
fn overloads(c: char, marks: &mut usize) -> bool {
    *marks = if is_combining_mark(c) { *marks + 1 } else { 0 };
    *marks > MARKS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cleaned_of_what_hides_or_reorders() {
        assert_eq!(clean("  王\u{202E}芳 \t x\u{0} ", 10), "王芳 x");
        assert_eq!(clean("一二三四", 2), "一二");
        assert_eq!(
            (clean("\u{202E} a", 9), clean_text("\u{202E} \u{200B}\n", 9)),
            ("a".into(), String::new()),
            "nothing is left of nothing"
        );
        assert_eq!(clean_text("a\r\n\n\n\nb\u{200B}", 10), "a\n\nb");
        let heaped = format!("押{}金\u{301}", "\u{336}".repeat(40));
        assert_eq!((clean(&heaped, 20), clean_text(&heaped, 20)), ("押\u{336}\u{336}金\u{301}".into(), "押\u{336}\u{336}金\u{301}".into()));
        assert_eq!(clean("😀👍🏽1️⃣", 20), "😀👍🏽1️⃣");
    }

    #[test]
    fn what_is_too_long_is_said_and_not_cut_unseen() {
        let mut wrong = Fields::default();
        assert_eq!((wrong.line("a", " 一 二 ", 3), wrong.lines("b", "一\n二", 3)), ("一 二".into(), "一\n二".into()));
        assert!(wrong.is_empty());
        wrong.line("a", "一二三四", 3);
        wrong.lines("b", "一\n二三", 3);
        assert_eq!((wrong.get("a"), wrong.get("b")), (Some("base-field-too-long"), Some("base-field-too-long")));
    }
}
