//! The same in English, by whole words: what a posting in English asks for. Chats are read by the Chinese rules alone, because their lines are too
//! short for whole words to tell a question from a demand.

use super::Category;
use std::ops::Range;

/// Words that say no within so many words before what they deny: "no fee or deposit of any kind".
const REACH: usize = 8;
const DENIALS: &[&str] = &[
    "no", "not", "never", "without", "free", "zero", "don't", "doesn't", "won't", "cannot", "nor", "neither", "illegal", "refund", "beware",
];
/// Denials that follow: "deposits are not taken".
const DENIED_AFTER: &[&str] = &["not", "never", "illegal", "prohibited", "forbidden", "covered", "reimbursed", "refunded"];
/// Who else pays, after "by": "paid by the employer".
const OTHERS: &[&str] = &["employer", "company", "factory", "us"];

const DEPOSITS: &[&str] = &["deposit", "deposits", "bond", "collateral"];
const FEE_WORDS: &[&str] = &["fee", "fees", "charge", "charges", "cost", "costs"];
/// What the fee is for, right before it.
const FEE_FOR: &[&str] = &[
    "registration",
    "application",
    "training",
    "uniform",
    "uniforms",
    "medical",
    "agency",
    "placement",
    "processing",
    "admin",
    "administration",
    "recruitment",
    "introduction",
    "enrolment",
    "enrollment",
    "interview",
    "clothing",
    "examination",
    "onboarding",
    "visa",
    "check",
    "service",
];
const LOANS: &[&[&str]] = &[&["training", "loan"], &["loan", "for", "training"], &["take", "out", "a", "loan"], &["rent", "your", "bank"]];
/// Services that lead elsewhere, if somebody is asked to use them or an address follows.
const CHANNELS: &[&str] = &["wechat", "weixin", "whatsapp", "telegram", "qq", "line", "skype", "viber", "facebook"];
const LEADS: &[&str] = &["add", "via", "on", "contact", "by", "through", "message", "text", "our", "my", "join", "scan"];
/// "Line" and the like are ordinary words too: these are always a service.
const SURE: &[&str] = &["wechat", "weixin", "whatsapp", "telegram"];
const WEB: &[&str] = &["http", "https", "www"];

/// What an English text asks for that it must not, with the words that say so as bytes of the text: the first ones of each category.
pub fn found_in_english(text: &str) -> Vec<(Category, Range<usize>)> {
    let words = words(text);
    let mut found: Vec<(Category, Range<usize>)> = Vec::new();
    for i in 0..words.len() {
        if let Some((category, length)) = reason(&words, i)
            && found.iter().all(|(known, _)| *known != category)
        {
            found.push((category, words[i].at.start..words[i + length - 1].at.end));
        }
    }
    found.extend(address(text).filter(|_| found.iter().all(|(known, _)| *known != Category::Contact)).map(|at| (Category::Contact, at)));
    found
}

struct Word {
    text: String,
    at: Range<usize>,
    /// The first one of a sentence.
    first: bool,
}

fn words(text: &str) -> Vec<Word> {
    let (mut words, mut first): (Vec<Word>, bool) = (Vec::new(), true);
    for (i, c) in text.char_indices() {
        let part = c.is_ascii_alphanumeric() || c == '\'' || c == '’';
        match words.last_mut() {
            Some(word) if part && word.at.end == i => {
                word.text.push(if c == '’' { '\'' } else { c.to_ascii_lowercase() });
                word.at.end = i + c.len_utf8();
            }
            _ if part => {
                words.push(Word { text: c.to_ascii_lowercase().to_string(), at: i..i + c.len_utf8(), first: std::mem::take(&mut first) })
            }
            _ => first |= matches!(c, '.' | '!' | '?' | ';' | '\n' | '。' | '！' | '？' | '；'),
        }
    }
    words
}

/// What begins at a word, and how many words it takes.
fn reason(words: &[Word], i: usize) -> Option<(Category, usize)> {
    let is = |at: usize, list: &[&str]| words.get(at).is_some_and(|w| list.contains(&w.text.as_str()));
    let follows = |at: usize| words.get(at).is_some_and(|w| !w.first);
    if is(i, DEPOSITS) && !is(i + 1, &["box", "insurance", "account"]) && !is(i.wrapping_sub(1), &["direct", "bank", "strong"]) {
        return (!is_denied(words, i, 1)).then_some((Category::Deposit, 1));
    }
    if is(i, FEE_FOR) && is(i + 1, FEE_WORDS) && follows(i + 1) {
        return (!is_denied(words, i, 2)).then_some((Category::Fee, 2));
    }
    if let Some(loan) = LOANS.iter().find(|loan| loan.iter().enumerate().all(|(n, word)| is(i + n, &[word]))) {
        return (!is_denied(words, i, loan.len())).then_some((Category::Loan, loan.len()));
    }
    if is(i, WEB) {
        return Some((Category::Contact, 1));
    }
    if is(i, CHANNELS) {
        let led = i > 0 && is(i - 1, LEADS) && !words[i].first && (is(i, SURE) || is(i.wrapping_sub(1), &["add"]));
        let id = (i + 1..i + 4).find(|at| words.get(*at).is_some_and(|w| w.text.len() >= 5 && w.text.bytes().any(|b| b.is_ascii_digit())));
        let length = id.map_or(1, |at| at - i + 1);
        return ((led || id.is_some()) && !is_denied(words, i, 1)).then_some((Category::Contact, length));
    }
    None
}

/// Somebody says that it is not asked for.
fn is_denied(words: &[Word], i: usize, length: usize) -> bool {
    let start = (i.saturating_sub(REACH)..=i).rev().find(|at| words[*at].first).unwrap_or(i.saturating_sub(REACH));
    let before = words[start..i].iter().any(|w| DENIALS.contains(&w.text.as_str()));
    let rest: Vec<&str> = words[i + length..].iter().take(REACH).take_while(|w| !w.first).map(|w| w.text.as_str()).collect();
    let by_others = rest.iter().position(|w| *w == "by").is_some_and(|by| rest[by + 1..].iter().take(2).any(|w| OTHERS.contains(w)));
    before || by_others || rest.iter().take(3).any(|w| DENIED_AFTER.contains(w))
}

/// A mail address.
fn address(text: &str) -> Option<Range<usize>> {
    let part = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    text.match_indices(['@', '＠']).find_map(|(at, sign)| {
        let start = text[..at].char_indices().rev().take_while(|(_, c)| part(*c)).last().map(|(i, _)| i)?;
        let after = &text[at + sign.len()..];
        let end = after.char_indices().take_while(|(_, c)| part(*c)).last().map(|(i, c)| i + c.len_utf8())?;
        let dot = after[..end].trim_end_matches('.').contains('.');
        dot.then(|| start..at + sign.len() + end)
    })
}

#[cfg(test)]
mod tests {
    use super::Category::*;
    use super::*;

    #[test]
    fn what_a_posting_in_english_asks_for_is_found_with_its_words() {
        let cases = [
            (Deposit, "A deposit of 300 yuan is due on the first day.", "deposit"),
            (Deposit, "You pay a bond, which you get back.", "bond"),
            (Fee, "Training fee 500 yuan, to be paid by the worker.", "Training fee"),
            (Fee, "Please bring 80 yuan for the medical fees", "medical fees"),
            (Loan, "You can take out a loan and work it off", "take out a loan"),
            (Contact, "Add WeChat hr20270 for details", "WeChat hr20270"),
            (Contact, "Contact us via WhatsApp", "WhatsApp"),
            (Contact, "See https://jobs.example.com/1", "https"),
            (Contact, "Send your papers to hr.wang@factory.example", "hr.wang@factory.example"),
        ];
        for (category, text, words) in cases {
            let found = found_in_english(text);
            let (_, at) = found.iter().find(|(c, _)| *c == category).unwrap_or_else(|| panic!("{text}: {found:?}"));
            assert_eq!(&text[at.clone()], words, "{text}");
        }
    }

    #[test]
    fn what_is_denied_or_means_something_else_is_not() {
        for text in [
            "No deposit, no fee of any kind.",
            "We never ask for a deposit or a registration fee.",
            "Deposits are not taken.",
            "Training costs are paid by the employer.",
            "Uniforms and meals are free.",
            "Wages come by bank deposit on the 15th.",
            "You work on line 3, by day.",
            "Direct deposit of wages",
            "The line starts at 8:00.",
            "",
            "a@b",
        ] {
            assert!(found_in_english(text).is_empty(), "{text}: {:?}", found_in_english(text));
        }
    }
}
