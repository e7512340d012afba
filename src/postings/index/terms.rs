//! What a visitor typed, understood: terms that must all occur, each with the words that mean the same, and what is told of how it was read.

use super::gram::{Gram, Zone};
use super::phrases::Zones;
use super::text::{Run, fold, runs};
use super::{Index, pinyin, synonyms};
use roaring::RoaringBitmap;
use std::ops::Bound;

/// More terms than this are not looked at: nobody types them, and each costs look-ups.
const MAX_TERMS: usize = 8;
/// Words that begin with what was typed, at most.
const MAX_WORDS: usize = 1_000;
/// Words from which a slip of the finger is looked for.
const SLIP_FROM: usize = 4;

/// How a term was read, if not as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum How {
    /// No posting has the word; these are spelled almost like it.
    Spelling,
    /// No posting has the run of characters; all of these words must occur.
    Cut,
    /// Words that mean the same were looked for too.
    Synonyms,
}

/// What was typed, and what was looked for instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Reading {
    pub(in super::super) typed: String,
    pub(in super::super) words: Vec<String>,
    pub(in super::super) how: How,
}

/// A term as typed; `exact` ones stood in quotes and are looked for as they are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    text: String,
    exact: bool,
}

/// The terms of a text: its runs, up to [`MAX_TERMS`].
pub(super) fn typed(text: &str) -> Vec<Typed> {
    let folded = fold(text);
    let mut all = Vec::new();
    for (i, part) in folded.split(['"', '“', '”']).enumerate() {
        for run in runs(part) {
            let (Run::Cjk(run) | Run::Word(run)) = run;
            all.push(Typed { text: run.to_owned(), exact: i % 2 == 1 });
        }
    }
    all.truncate(MAX_TERMS);
    all
}

fn is_word(text: &str) -> bool {
    matches!(runs(text).next(), Some(Run::Word(_)))
}

impl Index {
    /// Where each term stands, by zone; what was read otherwise is added to `readings`.
    pub(super) fn terms(&self, typed: &[Typed], readings: &mut Vec<Reading>) -> Vec<Zones> {
        let mut found = Vec::with_capacity(typed.len());
        for term in typed {
            let zones = self.term(term, readings);
            if is_nowhere(&zones) && !term.exact && found.len() + 1 < MAX_TERMS * 2 {
                let instead = self.instead(&term.text, readings);
                if !instead.is_empty() {
                    found.extend(instead);
                    continue;
                }
            }
            found.push(zones);
        }
        found
    }

    /// Where a term or a word that means the same stands.
    fn term(&self, term: &Typed, readings: &mut Vec<Reading>) -> Zones {
        let own = if is_word(&term.text) { self.word(&term.text, term.exact) } else { self.phrase(&term.text) };
        if term.exact {
            return own;
        }
        let others: Vec<&str> = synonyms::others(&term.text).collect();
        if others.is_empty() {
            return own;
        }
        let all: Vec<Zones> = others.iter().map(|w| if is_word(w) { self.word(w, true) } else { self.phrase(w) }).collect();
        let words = others.iter().zip(&all).filter(|(_, zones)| !is_nowhere(zones)).map(|(w, _)| (*w).to_owned()).collect::<Vec<_>>();
        if !words.is_empty() {
            readings.push(Reading { typed: term.text.clone(), words, how: How::Synonyms });
        }
        all.into_iter().fold(own, either)
    }

    /// Words that begin with a word or are it; one that is spelled in pinyin stands for its characters too.
    fn word(&self, word: &str, exact: bool) -> Zones {
        let numbers: Vec<u32> = if exact { self.words.get(word).copied().into_iter().collect() } else { self.begun(word) };
        let mut zones = Zones::default();
        for (zone, sum) in Zone::ALL.into_iter().zip(&mut zones) {
            numbers.iter().filter_map(|n| self.grams.get(&Gram::word(zone, *n))).for_each(|set| set.add_to(sum));
        }
        if !exact {
            for way in pinyin::ways(word) {
                for zone in [Zone::Title, Zone::Names] {
                    let grams: Vec<Gram> = match way.as_slice() {
                        [one] => vec![Gram::syllable(zone, *one)],
                        many => many.windows(2).map(|w| Gram::syllables(zone, w[0], w[1])).collect(),
                    };
                    zones[zone as usize] |= self.all_of(&grams);
                }
            }
        }
        zones
    }

    fn begun(&self, word: &str) -> Vec<u32> {
        let from = self.words.range::<str, _>((Bound::Included(word), Bound::Unbounded));
        from.take_while(|(w, _)| w.starts_with(word)).take(MAX_WORDS).map(|(_, n)| *n).collect()
    }

    /// What is looked for in place of a term that stands nowhere.
    fn instead(&self, text: &str, readings: &mut Vec<Reading>) -> Vec<Zones> {
        let (words, how) = if is_word(text) { (self.nearly(text), How::Spelling) } else { (synonyms::cut(text), How::Cut) };
        if words.is_empty() {
            return Vec::new();
        }
        let all: Vec<Zones> = match how {
            How::Spelling => vec![words.iter().map(|w| self.word(w, true)).fold(Zones::default(), either)],
            _ => words.iter().map(|w| self.term(&Typed { text: w.clone(), exact: false }, &mut Vec::new())).collect(),
        };
        readings.push(Reading { typed: text.to_owned(), words, how });
        all
    }

    /// The words of the index nearest to one that is not in it: one slip, or two in a long word, the first letter right.
    fn nearly(&self, word: &str) -> Vec<String> {
        let length = word.chars().count();
        let Some(first) = word.chars().next().filter(|c| c.is_alphabetic() && length >= SLIP_FROM) else { return Vec::new() };
        let most = if length >= 8 { 2 } else { 1 };
        let begin = first.to_string();
        let same =
            self.words.range::<str, _>((Bound::Included(begin.as_str()), Bound::Unbounded)).take_while(|(w, _)| w.starts_with(first));
        let near = same.filter(|(w, n)| w.chars().count().abs_diff(length) <= most && self.stands(**n));
        let mut near: Vec<(usize, &str)> = near.map(|(w, _)| (strsim::osa_distance(w, word), &**w)).filter(|(d, _)| *d <= most).collect();
        near.sort_unstable();
        let best = near.first().map_or(0, |(d, _)| *d);
        near.into_iter().take_while(|(d, _)| *d == best).take(4).map(|(_, w)| w.to_owned()).collect()
    }

    /// Whether any posting has the word still.
    fn stands(&self, word: u32) -> bool {
        Zone::ALL.into_iter().any(|zone| self.grams.contains_key(&Gram::word(zone, word)))
    }
}

fn is_nowhere(zones: &Zones) -> bool {
    zones.iter().all(RoaringBitmap::is_empty)
}

fn either(mut a: Zones, b: Zones) -> Zones {
    for (a, b) in a.iter_mut().zip(b) {
        *a |= b;
    }
    a
}
