//! Text as a reader hears it: width, case, look-alikes, marks, digits and what stands between characters are taken away, and
//! each character that is left knows where it stood, so that a mask covers the right ones.

use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters to either side that are looked at: a long sentence. Without an end, a text of nothing but bait would cost too much to read.
const REACH: usize = 48;

/// What stood before a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// Nothing, or what is not seen.
    None,
    /// A hyphen, as within numbers and names.
    Tie,
    /// Spaces, dots, pictures: what is put between to hide a word, and what stands in a list.
    Space,
    /// A comma.
    Comma,
    /// The end of a sentence.
    End,
    /// The end of a question.
    Question,
}

#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) c: char,
    /// Bytes of the original text.
    pub(super) at: Range<usize>,
    pub(super) gap: Gap,
}

/// A text made comparable.
#[derive(Clone, Debug)]
pub(super) struct Normal {
    pub(super) units: Vec<Unit>,
    /// What follows the last unit.
    pub(super) end: Gap,
    /// Which characters may be there, by their last ten bits: most words need no search.
    seen: [u64; 16],
}

fn bit(c: char) -> (usize, u64) {
    ((u32::from(c) % 1_024 / 64) as usize, 1 << (u32::from(c) % 64))
}

impl Normal {
    pub(super) fn of(text: &str) -> Self {
        let (mut units, mut gap, mut seen) = (Vec::with_capacity(text.len() / 2), Gap::None, [0; 16]);
        for (start, original) in text.char_indices() {
            if is_unseen(original) {
                continue;
            }
            let at = start..start + original.len_utf8();
            for c in std::iter::once(original).nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).map(alike) {
                if c.is_alphanumeric() {
                    seen[bit(c).0] |= bit(c).1;
                    units.push(Unit { c, at: at.clone(), gap });
                    gap = Gap::None;
                } else {
                    gap = gap.max(gap_of(c));
                }
            }
        }
        Self { units, end: gap, seen }
    }

    pub(super) fn len(&self) -> usize {
        self.units.len()
    }

    /// The bytes of the original text that units stand for.
    pub(super) fn bytes(&self, units: &Range<usize>) -> Range<usize> {
        match (self.units.get(units.start), self.units.get(units.end.wrapping_sub(1))) {
            (Some(first), Some(last)) if units.start < units.end => first.at.start..last.at.end,
            _ => 0..0,
        }
    }

    /// The gap after the unit before `i`.
    pub(super) fn gap(&self, i: usize) -> Gap {
        self.units.get(i).map_or(self.end, |u| u.gap)
    }

    /// Where `word` stands. Between its characters there may be whatever hides it; the end of a sentence only if something
    /// stands between all of three and more, because otherwise it is two sentences.
    pub(super) fn find<'a>(&'a self, word: &'a [char]) -> impl Iterator<Item = Range<usize>> + 'a {
        let may_be = !word.is_empty() && word.iter().all(|c| self.seen[bit(*c).0] & bit(*c).1 != 0);
        let starts = if may_be { (self.len() + 1).saturating_sub(word.len()) } else { 0 };
        (0..starts)
            .filter(|&i| word.iter().zip(&self.units[i..]).all(|(c, u)| *c == u.c))
            .map(|i| i..i + word.len())
            .filter(|at| self.is_one_word(at))
    }

    pub(super) fn is_one_word(&self, at: &Range<usize>) -> bool {
        let inner = &self.units[at.start + 1..at.end];
        inner.iter().all(|u| u.gap < Gap::Comma) || (inner.len() > 1 && inner.iter().all(|u| u.gap != Gap::None))
    }

    /// The part of the text around `at` up to gaps that are at least `wide`, or as far as a word can mean anything for it.
    pub(super) fn around(&self, at: &Range<usize>, wide: Gap) -> Range<usize> {
        let (first, last) = (at.start.saturating_sub(REACH), (at.end + REACH).min(self.len()));
        let start = (first + 1..=at.start).rev().find(|i| self.gap(*i) >= wide).unwrap_or(first);
        let end = (at.end..last).find(|i| self.gap(*i) >= wide).unwrap_or(last);
        start..end
    }

    /// Whether any of the words stands within a part of the text.
    pub(super) fn has(&self, part: Range<usize>, words: &[Vec<char>]) -> bool {
        let part = &self.units[part.start.min(self.len())..part.end.min(self.len())];
        words.iter().any(|w| !w.is_empty() && part.windows(w.len()).any(|p| p.iter().zip(w).all(|(u, c)| u.c == *c)))
    }
}

/// The characters of a word that is looked for, made comparable in the same way.
pub(super) fn word(text: &str) -> Vec<char> {
    Normal::of(text).units.into_iter().map(|u| u.c).collect()
}

/// What has no width, or only chooses how the character before it looks.
fn is_unseen(c: char) -> bool {
    c != '\n' && (c.is_control() || is_combining_mark(c))
        || matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180E}')
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}')
        || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0000}'..='\u{E0FFF}')
}

fn gap_of(c: char) -> Gap {
    match c {
        '?' => Gap::Question,
        '。' | '!' | ';' | '\n' | '…' => Gap::End,
        ',' => Gap::Comma,
        '-' | '_' | '–' | '—' | '‐' | '‑' => Gap::Tie,
        _ => Gap::Space,
    }
}

/// The character that a reader takes another one for. What is compared with is made by the same table.
fn alike(c: char) -> char {
    match c {
        // Digits as words and as on cheques.
        '零' | '〇' | '○' => '0',
        '一' | '壹' | '弌' | '幺' => '1',
        '二' | '贰' | '貳' | '弍' => '2',
        '三' | '叁' | '參' | '弎' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' | '陸' => '6',
        '七' | '柒' => '7',
        '八' | '捌' => '8',
        '九' | '玖' => '9',
        // Cyrillic and Greek letters that look like Latin ones, small ones because case is gone.
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'е' | 'ε' => 'e',
        'һ' | 'н' => 'h',
        'і' | 'ι' | 'ı' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' => 'u',
        'ѵ' | 'ν' | 'ᴠ' | '√' | '∨' => 'v',
        'ԝ' | 'ω' | 'ᴡ' => 'w',
        'х' | 'χ' => 'x',
        'у' => 'y',
        // "+V" is read "add".
        '+' | '➕' => '加',
        // Traditional forms of the characters that the rules look for.
        '貸' => '贷',
        '費' => '费',
        '訓' => '训',
        '碼' => '码',
        '掃' => '扫',
        '單' => '单',
        '證' => '证',
        '號' => '号',
        '銀' => '银',
        '錢' => '钱',
        '體' => '体',
        '檢' => '检',
        '報' => '报',
        '繳' => '缴',
        '維' => '维',
        '聯' => '联',
        '繫' | '係' => '系',
        '驗' => '验',
        '進' => '进',
        '羣' => '群',
        '發' => '发',
        '給' => '给',
        '辦' => '办',
        '資' => '资',
        '誠' => '诚',
        '風' => '风',
        '險' => '险',
        '學' => '学',
        '後' => '后',
        '騙' => '骗',
        '詐' => '诈',
        '舉' => '举',
        '嗎' => '吗',
        '麼' => '么',
        '無' => '无',
        '沒' => '没',
        '絕' => '绝',
        '嚴' => '严',
        '請' => '请',
        '應' => '应',
        '歡' => '欢',
        c => c,
    }
}
