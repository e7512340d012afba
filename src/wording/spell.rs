//! Words by their sound: `jia wei xin`, `jiaweixin` and 家薇信 are 加微信.

use super::normal::{Gap, Normal};
use pinyin::ToPinyin;
use std::ops::Range;

/// A text spelled in Latin letters.
pub(super) struct Spelled {
    letters: Vec<u8>,
    /// For each letter the unit that it comes from.
    unit: Vec<usize>,
}

/// A word to be looked for by its sound.
#[derive(Debug)]
pub(super) struct Sound {
    letters: Vec<u8>,
    chars: Vec<char>,
}

/// Where a sound was heard.
pub(super) struct Heard {
    pub(super) at: Range<usize>,
    /// Not one character of the word itself stands there, only letters.
    pub(super) latin: bool,
}

fn spell(c: char, out: &mut Vec<u8>) {
    match c.to_pinyin() {
        Some(sound) => out.extend(sound.plain().bytes().map(|b| if b.is_ascii() { b } else { b'v' })),
        None => out.push(if c.is_ascii() { c as u8 } else { b'.' }),
    }
}

impl Sound {
    pub(super) fn of(chars: &[char]) -> Self {
        let mut letters = Vec::new();
        chars.iter().for_each(|c| spell(*c, &mut letters));
        Self { letters, chars: chars.to_vec() }
    }
}

impl Spelled {
    pub(super) fn of(text: &Normal) -> Self {
        let (mut letters, mut unit) = (Vec::with_capacity(text.len() * 3), Vec::with_capacity(text.len() * 3));
        for (i, u) in text.units.iter().enumerate() {
            spell(u.c, &mut letters);
            unit.resize(letters.len(), i);
        }
        Self { letters, unit }
    }

    /// Where a word is heard that is not written as it is. Of Chinese characters at least one must be the word's own: the sound
    /// alone is shared by too many honest words. Letters must not be cut out of a longer Latin word.
    pub(super) fn find<'a>(&'a self, text: &'a Normal, sound: &'a Sound) -> impl Iterator<Item = Heard> + 'a {
        let n = sound.letters.len();
        (0..(self.letters.len() + 1).saturating_sub(n)).filter(move |&i| self.letters[i..i + n] == sound.letters[..]).filter_map(move |i| {
            let at = self.unit[i]..self.unit[i + n - 1] + 1;
            let whole = |i: usize| i == 0 || i == self.unit.len() || self.unit[i] != self.unit[i - 1];
            let is_latin = |i: usize| text.units.get(i).is_some_and(|u| u.c.is_ascii_alphabetic());
            let cut = |i: usize| i > 0 && is_latin(i - 1) && is_latin(i) && text.gap(i) == Gap::None;
            if !whole(i) || !whole(i + n) || cut(at.start) || cut(at.end) || !text.is_one_word(&at) {
                return None;
            }
            let units = &text.units[at.clone()];
            let latin = units.iter().all(|u| u.c.is_ascii());
            let own = units.iter().any(|u| sound.chars.contains(&u.c));
            (latin || own).then_some(Heard { at, latin })
        })
    }
}
