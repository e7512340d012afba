//! What a message refers to: the one that it answers, and the people whom it names.
//!
//! Invariant: the words of a message stand in its own row and nowhere else. What an answer quotes is read together with it, each time, so
//! that words which were taken away are gone from the answers too, and are back when they are shown again.

use super::event::Event;
use crate::ids::AccountId;
use serde::{Deserialize, Serialize};

/// Characters of a quote: enough to know which question it was.
const QUOTED: usize = 80;
/// People whom one message can name: more is a call to everybody.
const MOST_NAMED: usize = 5;

/// The message that another one answers, in short.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub seq: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<AccountId>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// It was taken away: nothing of it is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

impl Quote {
    /// Names the message alone; what it says is found out when the answer is stored.
    pub fn to(seq: i64) -> Self {
        Self { seq, ..Self::default() }
    }

    /// What may be told of the message at `seq`.
    pub fn of(seq: i64, original: Option<&Event>) -> Self {
        match original {
            Some(Event::Message { author, name, text, deleted: false, .. }) => {
                Self { seq, author: Some(*author), name: name.clone(), text: shortened(text), deleted: false }
            }
            _ => Self { seq, deleted: true, ..Self::default() },
        }
    }
}

/// One line of at most [`QUOTED`] characters.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(QUOTED).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// Somebody whom a message names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    pub account: AccountId,
    /// As it stands in the text after the `@`.
    pub name: String,
}

/// Whom a text names with `@`, of `people`, who wrote last first. Of several people with one name all are meant: nobody can tell them
/// apart in a text either. The author is not told of naming himself.
pub(super) fn mentioned(text: &str, people: &[(AccountId, String)], author: AccountId) -> Vec<Mention> {
    let mut found: Vec<Mention> = Vec::new();
    for (at, sign) in text.char_indices().filter(|(_, c)| matches!(c, '@' | '＠')) {
        // An address such as a@b.c names nobody.
        if text[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) {
            continue;
        }
        let rest = &text[at + sign.len_utf8()..];
        let Some(name) = people.iter().map(|(_, name)| name).filter(|name| begins_with(rest, name)).max_by_key(|name| name.len()) else {
            continue;
        };
        for (account, _) in people.iter().filter(|(account, other)| other == name && *account != author) {
            if found.len() < MOST_NAMED && found.iter().all(|mention| mention.account != *account) {
                found.push(Mention { account: *account, name: name.clone() });
            }
        }
    }
    found
}

/// Whether a text begins with a name that ends there: `Lisa` does not begin with `Li`.
fn begins_with(text: &str, name: &str) -> bool {
    let Some(rest) = text.strip_prefix(name).filter(|_| !name.is_empty()) else { return false };
    !(name.ends_with(|c: char| c.is_ascii_alphanumeric()) && rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str, deleted: bool) -> Event {
        let event = Event::message(AccountId::new(), "王芳", "", text, "a");
        match event {
            Event::Message { author, name, badge, text, client_id, reply, mentions, .. } => {
                Event::Message { author, name, badge, text, client_id, reply, mentions, deleted }
            }
            other => other,
        }
    }

    #[test]
    fn a_quote_is_one_short_line_and_empty_of_what_was_taken_away() {
        let quote = Quote::of(7, Some(&message("包吃\n\n住吗？", false)));
        assert_eq!((quote.seq, quote.name.as_str(), quote.text.as_str()), (7, "王芳", "包吃 住吗？"));
        assert_eq!(Quote::of(7, Some(&message(&"字".repeat(80), false))).text, "字".repeat(80));
        assert_eq!(Quote::of(7, Some(&message(&"字".repeat(81), false))).text, format!("{}…", "字".repeat(80)));
        for gone in [Some(&message("骂人", true)), Some(&Event::StreamStarted), None] {
            let told = serde_json::to_string(&Quote::of(7, gone)).expect("JSON");
            assert_eq!(told, r#"{"seq":7,"deleted":true}"#);
        }
    }

    #[test]
    fn names_are_found_whole_and_the_longest_wins() {
        let people: Vec<(AccountId, String)> =
            ["李雷", "李", "Li", "王 芳", "李雷"].into_iter().map(|name| (AccountId::new(), name.to_owned())).collect();
        let me = AccountId::new();
        let named = |text: &str| mentioned(text, &people, me).into_iter().map(|m| m.account).collect::<Vec<_>>();
        assert_eq!(named("@李雷 您好"), [people[0].0, people[4].0], "both of that name");
        assert_eq!(named("＠李雷您好，@李！"), [people[0].0, people[4].0, people[1].0]);
        assert_eq!(named("问@王 芳"), [people[3].0]);
        assert_eq!(named("@Li, @Lisa"), [people[2].0]);
        assert_eq!(named("a@Li @ 李雷 @nobody @"), [] as [AccountId; 0]);
        assert_eq!(mentioned("@李雷", &people, people[0].0).len(), 1, "oneself is not told");
        let many: Vec<_> = (0..9).map(|_| (AccountId::new(), "张先生".to_owned())).collect();
        assert_eq!(mentioned("@张先生 @张先生", &many, me).len(), MOST_NAMED);
    }
}
