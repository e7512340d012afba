//! Reading what people send: forms and JSON by the same type, ids from the path, text cleaned.

use super::{AppError, Fields, Result, Text};
use axum::Json;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum_extra::extract::Form;
use serde::de::DeserializeOwned;
use std::str::FromStr;
use unicode_normalization::char::is_combining_mark;

/// Marks above and below one character: Vietnamese needs two, what goes beyond only spills over other lines.
const MARKS: usize = 2;
/// The same of the scripts of India, Tibet and South-East Asia, which write vowels and further letters as marks.
const MARKS_OF_LETTERS: usize = 5;

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

/// The two ids of a path such as `/rooms/{id}/polls/{poll}`.
pub struct Ids<A, B>(pub A, pub B);

impl<A: FromStr, B: FromStr, S: Send + Sync> FromRequestParts<S> for Ids<A, B> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Path((first, second)) = Path::<(String, String)>::from_request_parts(parts, state).await.map_err(|_| AppError::NotFound)?;
        Ok(Self(first.parse().map_err(|_| AppError::NotFound)?, second.parse().map_err(|_| AppError::NotFound)?))
    }
}

/// One line of text: what hides or reorders removed, spaces folded, cut to `max` characters.
pub fn clean(text: &str, max: usize) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let mut kept = Kept::default();
    words.join(" ").chars().for_each(|c| kept.take(c, max));
    kept.text.trim().to_owned()
}

/// Like [`clean`] for text of several lines: line breaks stay, at most two in a row.
pub fn clean_text(text: &str, max: usize) -> String {
    let mut kept = Kept::default();
    text.replace("\r\n", "\n").chars().for_each(|c| kept.take(c, max));
    kept.text.trim().to_owned()
}

/// A text as it is cleaned, character by character.
#[derive(Default)]
struct Kept {
    text: String,
    count: usize,
    /// Marks on the last character; none can stand on a blank, a line break or nothing.
    marks: usize,
    based: bool,
    /// A joiner, which is kept only between two characters: emoji and some scripts need one there, never several.
    joiner: Option<char>,
    /// Line breaks since the last character that can be seen.
    breaks: usize,
}

impl Kept {
    fn take(&mut self, c: char, max: usize) {
        if unwanted(c) && c != '\n' {
            return;
        }
        if matches!(c, '\u{200C}' | '\u{200D}') {
            self.joiner = self.based.then_some(c);
            return;
        }
        if is_combining_mark(c) {
            self.marks += 1;
            if !self.based || self.marks > most_marks(c) {
                return;
            }
        } else {
            self.marks = 0;
            self.based = !c.is_whitespace();
            self.breaks = if self.based { 0 } else { self.breaks + usize::from(c == '\n') };
        }
        if c == '\n' && self.breaks > 2 {
            return;
        }
        // Not as the last one: what it joins would be cut off.
        if let Some(joiner) = self.joiner.take().filter(|_| self.based && self.count + 1 < max) {
            self.push(joiner, max);
        }
        self.push(c, max);
    }

    fn push(&mut self, c: char, max: usize) {
        if self.count < max && !(self.text.is_empty() && c.is_whitespace()) {
            self.text.push(c);
            self.count += 1;
        }
    }
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

fn most_marks(c: char) -> usize {
    if matches!(c, '\u{900}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{1900}'..='\u{1CFF}' | '\u{A800}'..='\u{ABFF}') {
        MARKS_OF_LETTERS
    } else {
        MARKS
    }
}

/// Control characters, the marks that reorder text (Unicode UAX 9: U+202A to U+202E, U+2066 to U+2069) and what takes no room or is blank
/// without being a space, so that a text of it would look like none, or like another one.
fn unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
        || matches!(c, '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}')
}

/// What the sender of a `multipart/form-data` body broke is the sender's fault: too much, or not multipart.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub fn broken_upload(error: MultipartError) -> AppError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
        _ => AppError::BadRequest(Text("base-error-bad-request")),
    }
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
        assert_eq!(clean_text("a\u{2067}b\u{2069}c\u{202A}d\u{202C}", 10), "abcd");
    }

    #[test]
    fn emoji_and_scripts_that_join_come_through_and_joiners_hide_nothing() {
        for whole in ["👨‍👩‍👧‍👦", "❤️‍🔥", "🏳️‍🌈", "🇨🇳", "👍🏽", "می‌خواهم", "Việt Nam", "བསྒྲུབས", "ကြွေး", "葛\u{E0100}城"]
        {
            assert_eq!((clean(whole, 40), clean_text(whole, 40)), (whole.to_owned(), whole.to_owned()));
        }
        assert_eq!(clean("a\u{200D}\u{200D}\u{200C}\u{200D}b\u{200D}", 9), "a\u{200D}b");
        assert_eq!(clean_text("\u{200D}a\u{200D} \u{200D}b", 9), "a b");
        let heaped: String = (0..40).map(|_| "\u{336}\u{200D}").collect();
        assert_eq!(clean_text(&format!("金{heaped}额"), 99), "金\u{336}\u{200D}\u{336}\u{200D}额", "a joiner is no new character");
    }

    #[test]
    fn what_cannot_be_seen_is_no_text() {
        for nothing in [
            "\u{200B}",
            "\u{200D}\u{200C}",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "\u{301}\u{302}",
            " \n\u{FEFF}\n ",
            "\u{E0041}\u{E007F}",
            "\u{FE0F}",
        ] {
            assert_eq!((clean(nothing, 9), clean_text(nothing, 9)), (String::new(), String::new()), "{nothing:?}");
        }
        assert_eq!(clean_text("a\n\u{301}b", 9), "a\nb", "a mark stands on no line break");
    }

    /// Whatever the text: no more marks on a character than may be, no joiner that joins nothing, nothing that reorders, and cleaning again
    /// changes nothing.
    #[test]
    fn a_cleaned_text_is_clean_whatever_it_was() {
        let alphabet: Vec<char> =
            "a字 \n😀é\u{301}\u{336}\u{200D}\u{200C}\u{200B}\u{202E}\u{2066}\u{FE0F}\u{1F3FD}\u{3164}\u{0}".chars().collect();
        let mut seed = 7_u64;
        for _ in 0..5_000 {
            let text: String = (0..24)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    alphabet[(seed >> 33) as usize % alphabet.len()]
                })
                .collect();
            for cleaned in [clean(&text, 12), clean_text(&text, 12)] {
                let (mut marks, mut before) = (0, None);
                for c in cleaned.chars() {
                    marks = if is_combining_mark(c) { marks + 1 } else { 0 };
                    assert!(marks <= most_marks(c) && (c == '\n' || !unwanted(c)), "{text:?} -> {cleaned:?}");
                    let joiner = |c: char| matches!(c, '\u{200C}' | '\u{200D}');
                    assert!(!(joiner(c) && before.is_none_or(|b: char| joiner(b) || b.is_whitespace())), "{text:?} -> {cleaned:?}");
                    before = Some(c);
                }
                assert!(cleaned.chars().count() <= 12 && !cleaned.contains("\n\n\n"));
                assert_eq!(clean_text(&cleaned, 12), cleaned);
            }
        }
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
