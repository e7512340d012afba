//! What bitmaps are kept for: characters, pairs of characters, words and pairs of syllables, each in the part of a posting it stands in.

use super::pinyin::{self, Syllable};
use super::text::{Run, runs};

/// A part of a posting; where a word stands says how much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    /// The title in both languages.
    Title,
    /// The employer, the places, the industry.
    Names,
    /// What the posting says of the work.
    Body,
}

impl Zone {
    pub(super) const ALL: [Self; 3] = [Self::Title, Self::Names, Self::Body];
}

/// Key of a bitmap: kind and zone in the upper bits, characters or numbers below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Gram(u64);

impl Gram {
    const CHAR: u64 = 1;
    const PAIR: u64 = 2;
    const WORD: u64 = 3;
    const SYLLABLE: u64 = 4;
    const SYLLABLES: u64 = 5;

    fn of(kind: u64, zone: Zone, low: u64) -> Self {
        Self(kind << 60 | (zone as u64) << 56 | low)
    }

    /// Whether it is a word or a pair of characters as they stand, not a sound or a single character.
    pub(super) fn is_said(self) -> bool {
        matches!(self.0 >> 60, Self::PAIR | Self::WORD)
    }

    pub(super) fn char(zone: Zone, c: char) -> Self {
        Self::of(Self::CHAR, zone, u64::from(u32::from(c)))
    }

    pub(super) fn pair(zone: Zone, a: char, b: char) -> Self {
        // A character has at most 21 bits.
        Self::of(Self::PAIR, zone, u64::from(u32::from(a)) << 21 | u64::from(u32::from(b)))
    }

    pub(super) fn word(zone: Zone, word: u32) -> Self {
        Self::of(Self::WORD, zone, u64::from(word))
    }

    pub(super) fn syllable(zone: Zone, s: Syllable) -> Self {
        Self::of(Self::SYLLABLE, zone, u64::from(s.0))
    }

    pub(super) fn syllables(zone: Zone, a: Syllable, b: Syllable) -> Self {
        Self::of(Self::SYLLABLES, zone, u64::from(a.0) << 16 | u64::from(b.0))
    }
}

/// All grams of a folded text, each once. `word` gives a word its number, or none if it has none.
pub(super) fn grams(zone: Zone, text: &str, mut word: impl FnMut(&str) -> Option<u32>) -> Vec<Gram> {
    let mut all = Vec::with_capacity(text.len() / 2);
    for run in runs(text) {
        match run {
            Run::Word(w) => all.extend(word(w).map(|n| Gram::word(zone, n))),
            Run::Cjk(run) => {
                let mut before: Option<char> = None;
                for c in run.chars() {
                    // A single character of running text says nothing; of a title, a name or a place it may be all that is typed.
                    if zone != Zone::Body {
                        all.push(Gram::char(zone, c));
                    }
                    all.extend(before.map(|b| Gram::pair(zone, b, c)));
                    before = Some(c);
                }
                if zone != Zone::Body {
                    sounds(zone, run, &mut all);
                }
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The syllables of a run and their pairs, with every reading of a character that has several.
fn sounds(zone: Zone, run: &str, all: &mut Vec<Gram>) {
    let mut before: &[Syllable] = &[];
    for c in run.chars() {
        let now = pinyin::readings(c);
        for s in now {
            all.push(Gram::syllable(zone, *s));
            all.extend(before.iter().map(|b| Gram::syllables(zone, *b, *s)));
        }
        before = now;
    }
}
