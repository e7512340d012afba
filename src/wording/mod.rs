//! What a text says that it must not: deposits and fees, loans, contacts elsewhere, codes to scan, papers asked for; the words of
//! a fair's own list; the numbers to cover; and by which grounds it judges people that it must not go by (`discriminates`).
//!
//! Pure. Invariants: who asks, denies or warns is not taken for who demands ("要交押金吗？", "不收押金", "收押金的都是骗子"); the
//! same table makes texts and words comparable, so no word can be typed that is not found; a mask covers whole characters of the
//! original. A finding is a reason to look, never a verdict: hence deliberately absent are weights, scores and learning.

#[cfg(test)]
mod corpus;
mod detect;
mod digits;
mod english;
mod grounds;
mod mask;
mod normal;
mod rules;
mod spell;

pub use detect::{Category, detect, found};
pub use english::found_in_english;
pub use grounds::{Ground, discriminates, grounds_in};
pub use mask::{is_identity_number, masked, numbers_in};

use normal::{Normal, word};

/// Words of a list made comparable.
#[derive(Clone, Debug, Default)]
pub struct Words<T>(Vec<(Vec<char>, T)>);

impl<T: Clone> Words<T> {
    /// Words of which nothing is left, such as punctuation alone, match nothing.
    pub fn new(words: impl IntoIterator<Item = (String, T)>) -> Self {
        Self(words.into_iter().map(|(w, t)| (word(&w), t)).filter(|(w, _)| !w.is_empty()).collect())
    }

    /// What belongs to the words that stand in a text.
    pub fn found_in(&self, text: &str) -> Vec<T> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let text = Normal::of(text);
        self.0.iter().filter(|(w, _)| text.find(w).next().is_some()).map(|(_, t)| t.clone()).collect()
    }
}

/// Whether anything of a word is left to be looked for.
pub fn is_comparable(text: &str) -> bool {
    !word(text).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_word_is_found_in_any_disguise() {
        let words = Words::new([("传销".to_owned(), 1), ("VIP内推".to_owned(), 2), ("!!".to_owned(), 3)]);
        for text in ["传销", "传 销", "传.销", "传\u{200B}销", "传-销", "传̶销̷", "别信传🙂销"] {
            assert_eq!(words.found_in(text), [1], "{text}");
        }
        for text in ["vip内推", "ＶＩＰ内推", "ѴІР内推", "V I P 内 推"] {
            assert_eq!(words.found_in(text), [2], "{text}");
        }
        assert!(words.found_in("上传，销售岗!!").is_empty(), "two words with a comma between");
        assert!(!is_comparable("。。") && is_comparable("a"));
    }
}
