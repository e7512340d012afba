//! What differs between two versions of a posting: field by field, texts word by word. Pure, but for the time that it takes at most.

use super::clips::ClipKind;
use super::codes;
use super::content::{Content, money};
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::web::Text;
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices_deadline, get_diff_ratio};
use std::time::{Duration, Instant};

/// Two texts of thousands of characters that have nothing in common take long to compare; after this they are replaced as a whole.
const PATIENCE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Same,
    Removed,
    Added,
}

/// Words in a row with the same fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) part: Part,
    pub(super) text: String,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) label: Text,
    pub(super) pieces: Vec<Piece>,
}

/// What changed from one version to another, in the order of the form. `day` shows the last day of validity.
pub(super) fn changes(old: &Content, new: &Content, lang: Lang, day: &dyn Fn(Millis) -> String) -> Vec<Change> {
    let before = shown(old, lang, day);
    let after = shown(new, lang, day);
    let differing = before.into_iter().zip(after).filter(|((.., old), (.., new))| old != new);
    differing
        .map(|((label, words, old), (.., new))| Change { label, pieces: if words { pieces(&old, &new) } else { replaced(old, new) } })
        .collect()
}

/// Each field: its label, whether it is compared word by word, and how it reads.
fn shown(c: &Content, lang: Lang, day: &dyn Fn(Millis) -> String) -> Vec<(Text, bool, String)> {
    let said = |text: Text| lang.t(text.0);
    let days_off = if c.days_off < 0 { lang.t("postings-answer-unsaid") } else { lang.t1("postings-days-off", "n", c.days_off) };
    let hourly = if c.hourly == 0 { lang.t("postings-answer-unsaid") } else { money(c.hourly, lang) };
    let pay_day = c.pay_day_text(lang).unwrap_or_else(|| lang.t("postings-answer-unsaid"));
    let age = c.age(lang).unwrap_or_else(|| lang.t("postings-age-none"));
    let further: Vec<String> = c.further.0.iter().map(|place| place.with_headcount(lang)).collect();
    vec![
        (Text("postings-form-title"), true, c.title_zh.clone()),
        (Text("postings-form-title-en"), true, c.title_en.clone()),
        (Text("postings-form-about"), true, c.about_zh.clone()),
        (Text("postings-form-about-en"), true, c.about_en.clone()),
        (Text("postings-filter-region"), false, codes::region_name(&c.region, lang)),
        (Text("postings-form-place"), true, c.place_zh.clone()),
        (Text("postings-form-place-en"), true, c.place_en.clone()),
        (Text("postings-form-further"), true, further.join(lang.pick("；", "; "))),
        (Text("postings-filter-industry"), false, codes::industry_name(&c.industry, lang).to_owned()),
        (Text("postings-form-occupation"), false, c.occupation_in_words()),
        (Text("postings-filter-kind"), false, said(c.kind.label())),
        (Text("postings-form-headcount"), false, c.headcount.to_string()),
        (Text("postings-pictures"), true, c.pictures.listed()),
        (Text("postings-clip-video"), true, c.clips.listed(ClipKind::Video)),
        (Text("postings-clip-voice"), true, c.clips.listed(ClipKind::Voice)),
        (Text("postings-form-valid-until"), false, day(c.valid_until)),
        (Text("postings-form-pay"), false, c.pay(lang)),
        (Text("postings-form-pay-day"), false, pay_day),
        (Text("postings-form-hourly"), false, hourly),
        (Text("postings-form-meals"), false, said(c.meals.label())),
        (Text("postings-form-housing"), false, said(c.housing.label())),
        (Text("postings-form-couples"), false, said(c.couples.label())),
        (Text("postings-form-day-shift"), false, said(c.day_shift.label())),
        (Text("postings-form-line"), false, said(c.assembly_line.label())),
        (Text("postings-form-days-off"), false, days_off),
        (Text("postings-form-age"), false, age),
        (Text("postings-form-age-basis"), true, c.age_basis.clone()),
    ]
}

pub(super) fn replaced(old: String, new: String) -> Vec<Piece> {
    let pieces = [(Part::Removed, old), (Part::Added, new)];
    pieces.into_iter().filter(|(_, text)| !text.is_empty()).map(|(part, text)| Piece { part, text }).collect()
}

/// Two texts word by word: Latin words and numbers whole, Chinese character by character.
pub(super) fn pieces(old: &str, new: &str) -> Vec<Piece> {
    let (a, b) = (words(old), words(new));
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |part, words: &[&str]| {
        let text = words.concat();
        match pieces.last_mut() {
            Some(last) if last.part == part => last.text.push_str(&text),
            _ if text.is_empty() => {}
            _ => pieces.push(Piece { part, text }),
        }
    };
    for op in compared(&a, &b) {
        let (tag, old, new) = op.as_tag_tuple();
        if tag == DiffTag::Equal {
            add(Part::Same, &a[old]);
        } else {
            add(Part::Removed, &a[old]);
            add(Part::Added, &b[new]);
        }
    }
    pieces
}

/// How much two texts have in common, from 0 to 1.
pub(super) fn share_in_common(old: &str, new: &str) -> f32 {
    let (a, b) = (words(old), words(new));
    get_diff_ratio(&compared(&a, &b), a.len(), b.len())
}

fn compared(a: &[&str], b: &[&str]) -> Vec<DiffOp> {
    capture_diff_slices_deadline(Algorithm::Myers, a, b, Some(Instant::now() + PATIENCE))
}

fn words(text: &str) -> Vec<&str> {
    let (mut words, mut start) = (Vec::new(), 0);
    let mut before: Option<char> = None;
    for (i, c) in text.char_indices() {
        let together = before.is_some_and(|b| b.is_ascii_alphanumeric() && c.is_ascii_alphanumeric());
        if i > 0 && !together {
            words.push(&text[start..i]);
            start = i;
        }
        before = Some(c);
    }
    if !text.is_empty() {
        words.push(&text[start..]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(pieces: &[Piece]) -> String {
        let one = |p: &Piece| match p.part {
            Part::Same => p.text.clone(),
            Part::Removed => format!("[-{}-]", p.text),
            Part::Added => format!("[+{}+]", p.text),
        };
        pieces.iter().map(one).collect()
    }

    #[test]
    fn texts_are_compared_word_by_word() {
        assert_eq!(drawn(&pieces("负责组装和检验", "负责组装和包装")), "负责组装和[-检验-][+包装+]");
        assert_eq!(drawn(&pieces("pay 6000 a month", "pay 6500 a month")), "pay [-6000-][+6500+] a month");
        assert_eq!(drawn(&pieces("", "新")), "[+新+]");
        assert_eq!(drawn(&pieces("同", "同")), "同");
    }

    #[test]
    fn whatever_the_texts_both_can_be_read_off_the_difference() {
        let alphabet: Vec<char> = "ab 12字好\n😀".chars().collect();
        let mut seed = 5_u64;
        let mut text = || -> String {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let mut local = seed;
            (0..(seed >> 40) % 30)
                .map(|_| {
                    local = local.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    alphabet[(local >> 33) as usize % alphabet.len()]
                })
                .collect()
        };
        for _ in 0..500 {
            let (old, new) = (text(), text());
            let pieces = pieces(&old, &new);
            let read = |without: Part| pieces.iter().filter(|p| p.part != without).map(|p| p.text.as_str()).collect::<String>();
            assert_eq!((read(Part::Added), read(Part::Removed)), (old, new));
        }
    }

    #[test]
    fn only_what_differs_is_listed_in_both_languages() {
        let old = Content { title_zh: "焊工".into(), region: "330100".into(), pay_min: 500_000, pay_max: 700_000, ..Content::default() };
        let new = Content { title_zh: "高级焊工".into(), region: "330200".into(), pay_max: 800_000, headcount: 0, ..old.clone() };
        for lang in Lang::ALL {
            let changes = changes(&old, &new, lang, &|at| at.to_string());
            let labels: Vec<_> = changes.iter().map(|c| c.label.0).collect();
            assert_eq!(labels, ["postings-form-title", "postings-filter-region", "postings-form-pay"]);
            assert_eq!(drawn(&changes[0].pieces), "[+高级+]焊工");
        }
        assert!(changes(&old, &old, Lang::Zh, &|_| String::new()).is_empty());
    }
}
