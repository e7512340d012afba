//! What a poll and a vote may be: pure.

use crate::clock::{Millis, SECOND};
use crate::web::{Fields, Text, clean};
use serde::Deserialize;

/// Characters of the question and of an option: they stand on a phone without scrolling.
pub const MAX_QUESTION: usize = 120;
pub const MAX_OPTION: usize = 40;
pub const MAX_OPTIONS: usize = 6;
const MIN_OPTIONS: usize = 2;
/// Fields that a form may send, empty ones among them; more are not even read.
const MAX_FIELDS: usize = 50;
/// The time limits that may be chosen, seconds; 0 is none.
pub const LIMITS: [i64; 7] = [0, 30, 60, 120, 300, 600, 1_800];

/// A poll as a host makes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub question: String,
    /// Empty ones are left out.
    pub options: Vec<String>,
    /// `1`: more than one may be chosen.
    pub multiple: String,
    /// Seconds until it closes by itself.
    pub seconds: i64,
}

/// The same, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewPoll {
    pub(super) question: String,
    pub(super) options: Vec<String>,
    pub(super) multiple: bool,
    pub(super) ends_at: Option<Millis>,
}

impl Draft {
    pub(super) fn check(&self, now: Millis) -> Result<NewPoll, Fields> {
        let mut wrong = Fields::default();
        let question = wrong.line("question", &self.question, MAX_QUESTION);
        if question.is_empty() {
            wrong.add("question", Text("polls-question-needed"));
        }
        let read = if self.options.len() > MAX_FIELDS { &[] } else { self.options.as_slice() };
        let options: Vec<String> = read.iter().map(|text| clean(text, MAX_OPTION + 1)).filter(|text| !text.is_empty()).collect();
        let twice = || options.iter().enumerate().any(|(n, text)| options[..n].contains(text));
        if self.options.len() > MAX_FIELDS || options.len() > MAX_OPTIONS {
            wrong.add("options", Text("polls-options-many"));
        } else if options.len() < MIN_OPTIONS {
            wrong.add("options", Text("polls-options-few"));
        } else if options.iter().any(|text| text.chars().count() > MAX_OPTION) {
            wrong.add("options", Text("polls-option-long"));
        } else if twice() {
            wrong.add("options", Text("polls-options-twice"));
        }
        if !LIMITS.contains(&self.seconds) {
            wrong.add("seconds", Text("base-error-bad-request"));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let ends_at = (self.seconds > 0).then(|| now + self.seconds * SECOND);
        Ok(NewPoll { question, options, multiple: self.multiple == "1", ends_at })
    }
}

/// Chosen options as one number: bit n is option n. None if it is no vote that this poll takes.
pub(super) fn bits(choices: &[usize], options: usize, multiple: bool) -> Option<i64> {
    if choices.is_empty() || choices.iter().any(|choice| *choice >= options) {
        return None;
    }
    let bits = choices.iter().fold(0_i64, |bits, choice| bits | 1 << choice);
    (multiple || bits.count_ones() == 1).then_some(bits)
}

/// The options of such a number, in order.
pub(super) fn choices(bits: i64) -> Vec<usize> {
    (0..MAX_OPTIONS).filter(|choice| bits & 1 << choice != 0).collect()
}

/// Votes of each option, from how many people made which choice.
pub(super) fn counts(votes: &[(i64, i64)], options: usize) -> (i64, Vec<i64>) {
    let mut counts = vec![0; options];
    for (bits, people) in votes {
        for choice in choices(*bits).into_iter().filter(|choice| *choice < options) {
            counts[choice] += people;
        }
    }
    (votes.iter().map(|(_, people)| people).sum(), counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(question: &str, options: &[&str], seconds: i64) -> Draft {
        Draft { question: question.into(), options: options.iter().map(|o| (*o).to_owned()).collect(), multiple: "1".into(), seconds }
    }

    #[test]
    fn a_poll_has_a_question_two_to_six_different_options_and_a_known_limit() {
        let fine = draft("  哪个班次？ ", &["白班", "", " 夜班 ", "两班倒"], 60).check(1_000).expect("fine");
        assert_eq!(
            (fine.options, fine.ends_at, fine.question.as_str()),
            (vec!["白班".into(), "夜班".into(), "两班倒".into()], Some(61_000), "哪个班次？")
        );
        assert_eq!(draft("x", &["a", "b"], 0).check(5).expect("fine").ends_at, None);
        let (long, text) = ("字".repeat(41), "字".repeat(121));
        let many: Vec<String> = (0..7).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for (draft, field) in [
            (draft(" ", &["a", "b"], 0), "question"),
            (draft(&text, &["a", "b"], 0), "question"),
            (draft("x", &["a", " "], 0), "options"),
            (draft("x", &many, 0), "options"),
            (draft("x", &["a"; 51], 0), "options"),
            (draft("x", &["a", &long], 0), "options"),
            (draft("x", &["a", " a"], 0), "options"),
            (draft("x", &["a", "b"], 61), "seconds"),
            (draft("x", &["a", "b"], -1), "seconds"),
        ] {
            assert!(draft.check(0).expect_err("refused").get(field).is_some(), "{draft:?}");
        }
    }

    #[test]
    fn every_vote_that_is_taken_is_read_as_it_was_given() {
        for options in MIN_OPTIONS..=MAX_OPTIONS {
            for set in 0..1_i64 << MAX_OPTIONS {
                let chosen = choices(set);
                let taken = bits(&chosen, options, true);
                assert_eq!(taken.is_some(), set != 0 && set < 1 << options, "{set} of {options}");
                assert_eq!(taken.map(choices), taken.map(|_| chosen.clone()));
                assert_eq!(bits(&chosen, options, false).is_some(), taken.is_some() && chosen.len() == 1);
            }
        }
        assert_eq!(bits(&[1, 1], 2, false), Some(2), "the same twice is one choice");
        assert_eq!(bits(&[usize::MAX], 6, true), None);
    }

    #[test]
    fn counts_are_by_option_and_people_are_counted_once() {
        assert_eq!(counts(&[(0b01, 3), (0b11, 2), (0b100, 1)], 3), (6, vec![5, 2, 1]));
        assert_eq!(counts(&[], 2), (0, vec![0, 0]));
    }
}
