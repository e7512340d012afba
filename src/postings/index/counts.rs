//! How many postings each choice of a filter would leave, with all other filters as they are.

use super::ask::Ask;
use super::{Index, Label, PAY_STEPS};
use roaring::RoaringBitmap;

/// The choices that leave anything, with how many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Counts {
    /// Provinces; the prefectures of the chosen province; the counties of the chosen prefecture: by code.
    pub(in super::super) regions: Vec<(u32, u64)>,
    /// By letter.
    pub(in super::super) industries: Vec<(char, u64)>,
    pub(in super::super) kinds: Vec<(u8, u64)>,
    /// By the step in yuan.
    pub(in super::super) pays: Vec<(i64, u64)>,
    /// How many are left if this is asked for too.
    pub(in super::super) wants: Vec<(u8, u64)>,
}

/// Filters of which one choice at most is made.
fn is_single(label: Label) -> bool {
    matches!(label, Label::Region(_) | Label::Industry(_) | Label::Kind(_))
}

impl Index {
    /// `base` is what scope and words leave, `all` what the filters leave of it.
    pub(super) fn counts(&self, ask: &Ask, base: &RoaringBitmap, all: &RoaringBitmap, pay: Option<&RoaringBitmap>) -> Counts {
        // What is left without the filter of one kind; nothing is computed anew if there is no such filter.
        let without = |same: &dyn Fn(Label) -> bool| {
            if !ask.labels.iter().any(|l| is_single(*l) && same(*l)) {
                return None;
            }
            let mut left = base.clone();
            for label in ask.labels.iter().filter(|l| !same(**l)) {
                match self.label(*label) {
                    Some(set) => left &= set,
                    None => left.clear(),
                }
            }
            if let Some(pay) = pay {
                left &= pay;
            }
            Some(left)
        };
        let regions = without(&|l| matches!(l, Label::Region(_)));
        let industries = without(&|l| matches!(l, Label::Industry(_)));
        let kinds = without(&|l| matches!(l, Label::Kind(_)));
        let unpaid = pay.map(|_| {
            let mut left = base.clone();
            for set in ask.labels.iter().map(|l| self.label(*l)) {
                match set {
                    Some(set) => left &= set,
                    None => left.clear(),
                }
            }
            left
        });
        let chosen = ask.labels.iter().find_map(|l| if let Label::Region(code) = l { Some(*code) } else { None });
        Counts {
            regions: self.regions(regions.as_ref().unwrap_or(all), chosen),
            industries: self.industries(industries.as_ref().unwrap_or(all)),
            kinds: self.each(kinds.as_ref().unwrap_or(all), (0..16).map(|k| (k, Label::Kind(k)))),
            pays: self.each(unpaid.as_ref().unwrap_or(all), (0u8..).zip(PAY_STEPS).map(|(i, yuan)| (yuan, Label::Pay(i)))),
            wants: self.each(all, (0..16).map(|w| (w, Label::Want(w)))),
        }
    }

    fn each<T>(&self, left: &RoaringBitmap, labels: impl Iterator<Item = (T, Label)>) -> Vec<(T, u64)> {
        let counted = labels.filter_map(|(t, l)| Some((t, self.label(l)?.intersection_len(left))));
        counted.filter(|(_, n)| *n > 0).collect()
    }

    fn regions(&self, left: &RoaringBitmap, chosen: Option<u32>) -> Vec<(u32, u64)> {
        let shown = |code: u32| {
            let (province, prefecture) = (code / 10_000, code / 100);
            code.is_multiple_of(10_000)
                || chosen.is_some_and(|c| {
                    c / 10_000 == province && (code.is_multiple_of(100) || (!c.is_multiple_of(10_000) && c / 100 == prefecture))
                })
        };
        let all = self.labels.range(Label::Region(0)..=Label::Region(u32::MAX));
        let codes = all.filter_map(|(l, _)| if let Label::Region(code) = l { Some(*code) } else { None }).filter(|code| shown(*code));
        self.each(left, codes.map(|code| (code, Label::Region(code))))
    }

    fn industries(&self, left: &RoaringBitmap) -> Vec<(char, u64)> {
        self.each(left, (b'A'..=b'T').map(|letter| (char::from(letter), Label::Industry(super::padded(&[letter])))))
    }
}
