//! Numbers of landlines and bank cards among runs of digits. Service numbers (400, 800, 110, 12333) are public and not meant.

use super::normal::{Gap, Normal};
use crate::accounts::credit_code_is_valid;
use std::ops::Range;

/// Digits of a card: GB/T and ISO 7812.
const CARD: std::ops::RangeInclusive<usize> = 16..=19;

/// What to cover of groups that together are a landline: its number without the area code, but for the last two digits.
pub(super) fn landline(text: &Normal, groups: &[Range<usize>]) -> Option<Vec<usize>> {
    let units: Vec<usize> = groups.iter().cloned().flatten().collect();
    if !is_apart(text, groups, true) || groups.iter().skip(1).any(|g| text.gap(g.start) > Gap::Space) {
        return None;
    }
    let read = digits(text, &units)?;
    let (head, shortest) = head(text, groups, &read)?;
    let local = read.get(head..)?;
    let is_local = (shortest..=8).contains(&local.len()) && (b'2'..=b'8').contains(&local.as_bytes()[0]);
    (is_local && is_usual(text, groups, head, local)).then(|| units[head..units.len() - 2].to_vec())
}

/// Digits of country and area code, `0571`, `010`, after `86` also without the nought; and the fewest digits that follow. Beijing and the
/// cities with 02 have always eight.
fn head(text: &Normal, groups: &[Range<usize>], read: &str) -> Option<(usize, usize)> {
    let abroad =
        read.starts_with("86") && (groups.len() > 1 && groups[0].len() == 2 || text.units.get(groups[0].start.wrapping_sub(1))?.c == '加');
    let skip = if abroad { 2 } else { 0 };
    let code = read.get(skip..)?;
    let nought = usize::from(code.starts_with('0'));
    if nought == 0 && !abroad {
        return None;
    }
    match code.get(nought..)?.as_bytes() {
        [b'1', b'0', ..] | [b'2', b'0'..=b'9', ..] => Some((skip + nought + 2, 8)),
        [b'3'..=b'9', _, _, ..] => Some((skip + nought + 3, 7)),
        _ => None,
    }
}

/// Written as people write it: in one piece, or the area code and then one or two groups, or digit by digit.
fn is_usual(text: &Normal, groups: &[Range<usize>], head: usize, local: &str) -> bool {
    let lengths: Vec<usize> = groups.iter().map(ExactSizeIterator::len).collect();
    if lengths.len() == 1 {
        return !is_day(local);
    }
    if lengths.iter().all(|n| *n == 1) {
        return true;
    }
    let mut read = 0;
    let first = lengths.iter().position(|n| {
        read += n;
        read >= head
    });
    let Some(first) = first.filter(|_| read == head) else { return false };
    let usual = matches!(lengths[first + 1..], [7] | [8] | [4, 4] | [3, 4] | [4, 3]);
    // "0930 20270220" is a time and a day.
    usual && (text.gap(groups[first + 1].start) == Gap::Tie || !is_day(local))
}

fn is_day(local: &str) -> bool {
    let number = |r: Range<usize>| local.get(r).and_then(|d| d.parse::<u32>().ok()).unwrap_or(0);
    local.len() == 8 && (1900..=2099).contains(&number(0..4)) && (1..=12).contains(&number(4..6)) && (1..=31).contains(&number(6..8))
}

/// What to cover of groups that together are the number of a bank card: all but the first and the last four digits.
pub(super) fn card(text: &Normal, groups: &[Range<usize>]) -> Option<Vec<usize>> {
    let units: Vec<usize> = groups.iter().cloned().flatten().collect();
    if !CARD.contains(&units.len()) || !is_apart(text, groups, false) || groups.iter().skip(1).any(|g| text.gap(g.start) > Gap::Space) {
        return None;
    }
    let read = digits(text, &units)?;
    let lengths: Vec<usize> = groups.iter().map(ExactSizeIterator::len).collect();
    let usual = matches!(lengths[..], [_] | [4, 4, 4, 4] | [4, 4, 4, 4, 1..=3] | [6, 10..=13] | [4, 4, 8..=11] | [8, 8..=11])
        || lengths.iter().all(|n| *n == 1);
    // Wages and hours stand side by side too, and they are round.
    let sums = lengths.len() > 1 && groups.iter().all(|g| text.units[g.end - 1].c == '0');
    let issued = matches!(read.as_bytes()[0], b'3'..=b'6' | b'8' | b'9');
    let is_card = usual && !sums && issued && has_check_digit(&read) && !(read.len() == 18 && credit_code_is_valid(&read));
    is_card.then(|| units[4..units.len() - 4].to_vec())
}

/// ISO 7812-1, annex B (Luhn).
pub(super) fn has_check_digit(number: &str) -> bool {
    let doubled = |d: u32| if d > 4 { d * 2 - 9 } else { d * 2 };
    let digits = number.bytes().rev().map(|d| u32::from(d - b'0')).enumerate();
    digits.map(|(i, d)| if i % 2 == 1 { doubled(d) } else { d }).sum::<u32>() % 10 == 0
}

/// The digits of units; none if one is no digit.
fn digits(text: &Normal, units: &[usize]) -> Option<String> {
    let digit = |i: &usize| match text.units[*i].c {
        'o' => Some('0'),
        c => c.is_ascii_digit().then_some(c),
    };
    units.iter().map(digit).collect()
}

/// Whether the groups follow each other and are no part of something longer, as of a code with letters or a number in several parts.
/// An extension may follow a telephone number.
fn is_apart(text: &Normal, groups: &[Range<usize>], extension: bool) -> bool {
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    let alike = |i: usize| text.units.get(i).map(|u| u.c).filter(char::is_ascii_alphanumeric);
    let before = first.start.checked_sub(1).and_then(alike).is_none_or(|c| match text.gap(first.start) {
        Gap::None => is_word_for_telephone(text, first.start),
        Gap::Tie => !c.is_ascii_digit(),
        _ => true,
    });
    let after = alike(last.end).is_none_or(|c| match text.gap(last.end) {
        Gap::None => false,
        Gap::Tie => extension || !c.is_ascii_digit(),
        _ => true,
    });
    before && after && groups.windows(2).all(|w| w[0].end == w[1].start)
}

/// `Tel0571-...`
fn is_word_for_telephone(text: &Normal, end: usize) -> bool {
    let word: String = text.units[end.saturating_sub(3)..end].iter().map(|u| u.c).collect();
    word == "tel"
}
