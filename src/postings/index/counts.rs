//! How many postings each choice of a filter would leave, with all other filters as they are.
//!
//! Few postings are gone through one by one, each with all its labels of these kinds in one word ([`Facets`]); of many, the sizes of intersections
//! are faster: a hundred of them cost the same whatever was found.

use super::ask::Ask;
use super::{Entry, Index, Label, PAY_STEPS};
use roaring::RoaringBitmap;
use std::borrow::Cow;
use std::collections::BTreeMap;

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

/// What a posting counts for: its place (20 bits), the letter of its industry (5), its kind (4), the steps of its pay (5), its wants (16).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facets(u64);

/// Postings are few if all that are out are more than so many times as many: going through them then costs less.
const FEW: u64 = 2;
/// In place of a code: the posting has several places, or none.
const SEVERAL: u32 = 0xF_FFFF;

impl Facets {
    pub(super) fn of(entry: &Entry) -> Self {
        let place = if let [code] = entry.regions[..] { code.min(SEVERAL) } else { SEVERAL };
        // 0 for none.
        let letter = entry.industry.bytes().next().map_or(0, |b| (b & 0x1F) as u64);
        let pay = PAY_STEPS.iter().filter(|yuan| entry.pay_month >= **yuan * 100).count() as u64;
        Self(u64::from(place) | letter << 20 | u64::from(entry.kind & 0xF) << 25 | pay << 29 | u64::from(entry.wants) << 34)
    }

    fn place(self) -> u32 {
        (self.0 & 0xF_FFFF) as u32
    }

    fn bits(self, from: u32, width: u32) -> usize {
        (self.0 >> from & ((1 << width) - 1)) as usize
    }
}

/// Postings gone through one by one.
struct Tally {
    /// By the first, the next and the last two digits: provinces, prefectures of the chosen province, counties of the chosen prefecture.
    digits: [[u64; 100]; 3],
    /// Regions of postings with several places.
    several: BTreeMap<u32, u64>,
    letters: [u64; 32],
    kinds: [u64; 16],
    /// By how many steps a posting reaches.
    pays: [u64; 32],
    /// By the lower and the upper eight wants at once, which costs less than one by one.
    wants: [[u64; 256]; 2],
}

impl Tally {
    fn of(index: &Index, left: &RoaringBitmap, chosen: Option<u32>) -> Self {
        let mut tally =
            Self { digits: [[0; 100]; 3], several: BTreeMap::new(), letters: [0; 32], kinds: [0; 16], pays: [0; 32], wants: [[0; 256]; 2] };
        for n in left {
            let facets = index.facets[n as usize];
            tally.letters[facets.bits(20, 5)] += 1;
            tally.kinds[facets.bits(25, 4)] += 1;
            tally.pays[facets.bits(29, 5)] += 1;
            tally.wants[0][facets.bits(34, 8)] += 1;
            tally.wants[1][facets.bits(42, 8)] += 1;
            match facets.place() {
                SEVERAL => tally.add_regions(index, n, chosen),
                code => tally.add_region(code, chosen),
            }
        }
        tally
    }

    fn add_region(&mut self, code: u32, chosen: Option<u32>) {
        let at = |n: u32| (n % 100) as usize;
        self.digits[0][at(code / 10_000)] += 1;
        if chosen.is_some_and(|c| c / 10_000 == code / 10_000) {
            self.digits[1][at(code / 100)] += 1;
            if chosen.is_some_and(|c| c / 100 == code / 100) {
                self.digits[2][at(code)] += 1;
            }
        }
    }

    fn add_regions(&mut self, index: &Index, n: u32, chosen: Option<u32>) {
        let labels = index.docs[n as usize].said.as_ref().map(|said| &said.labels[..]).unwrap_or_default();
        for label in labels {
            if let Label::Region(code) = label
                && is_shown(*code, chosen)
            {
                *self.several.entry(*code).or_default() += 1;
            }
        }
    }

    fn regions(&self, chosen: Option<u32>) -> Vec<(u32, u64)> {
        let mut all = self.several.clone();
        let above = chosen.map_or([0; 3], |c| [0, c / 10_000 * 100, c / 100 * 100]);
        for ((digits, above), unit) in self.digits.iter().zip(above).zip([10_000, 100, 1]) {
            // What ends in 00 is the region above, which has been counted.
            let own = (0..).zip(digits).skip(usize::from(unit < 10_000)).filter(|(_, n)| **n > 0);
            own.for_each(|(two, n)| *all.entry((above + two) * unit).or_default() += n);
        }
        all.into_iter().collect()
    }

    fn industries(&self) -> Vec<(char, u64)> {
        let some = (b'A'..=b'T').map(|letter| (char::from(letter), self.letters[usize::from(letter & 0x1F)]));
        some.filter(|(_, n)| *n > 0).collect()
    }

    fn kinds(&self) -> Vec<(u8, u64)> {
        (0u8..).zip(self.kinds).filter(|(_, n)| *n > 0).collect()
    }

    fn pays(&self) -> Vec<(i64, u64)> {
        let reach = |step: usize| self.pays[step + 1..].iter().sum::<u64>();
        PAY_STEPS.iter().enumerate().map(|(i, yuan)| (*yuan, reach(i))).filter(|(_, n)| *n > 0).collect()
    }

    fn wants(&self) -> Vec<(u8, u64)> {
        let met = |want: u8| {
            let (half, bit) = (&self.wants[usize::from(want / 8)], usize::from(want % 8));
            (0..256).filter(|bits| bits >> bit & 1 == 1).map(|bits| half[bits]).sum::<u64>()
        };
        (0..16).map(|want| (want, met(want))).filter(|(_, n)| *n > 0).collect()
    }
}

/// Postings of which the choices of a filter are counted.
struct Left<'a> {
    index: &'a Index,
    set: Cow<'a, RoaringBitmap>,
    chosen: Option<u32>,
    /// If they are few.
    tally: Option<Tally>,
}

impl<'a> Left<'a> {
    fn new(index: &'a Index, set: Cow<'a, RoaringBitmap>, chosen: Option<u32>) -> Self {
        let tally = (set.len() * FEW < index.len()).then(|| Tally::of(index, &set, chosen));
        Self { index, set, chosen, tally }
    }

    fn each<T>(&self, labels: impl Iterator<Item = (T, Label)>) -> Vec<(T, u64)> {
        let counted = labels.filter_map(|(t, l)| Some((t, self.index.label(l)?.intersection_len(&self.set))));
        counted.filter(|(_, n)| *n > 0).collect()
    }

    fn regions(&self) -> Vec<(u32, u64)> {
        if let Some(tally) = &self.tally {
            return tally.regions(self.chosen);
        }
        let all = self.index.labels.range(Label::Region(0)..=Label::Region(u32::MAX));
        let codes = all.filter_map(|(l, _)| if let Label::Region(code) = l { Some(*code) } else { None });
        self.each(codes.filter(|code| is_shown(*code, self.chosen)).map(|code| (code, Label::Region(code))))
    }

    fn industries(&self) -> Vec<(char, u64)> {
        let all = || self.each((b'A'..=b'T').map(|letter| (char::from(letter), Label::Industry(super::padded(&[letter])))));
        self.tally.as_ref().map_or_else(all, Tally::industries)
    }

    fn kinds(&self) -> Vec<(u8, u64)> {
        self.tally.as_ref().map_or_else(|| self.each((0..16).map(|k| (k, Label::Kind(k)))), Tally::kinds)
    }

    fn pays(&self) -> Vec<(i64, u64)> {
        let all = || self.each((0u8..).zip(PAY_STEPS).map(|(i, yuan)| (yuan, Label::Pay(i))));
        self.tally.as_ref().map_or_else(all, Tally::pays)
    }

    fn wants(&self) -> Vec<(u8, u64)> {
        self.tally.as_ref().map_or_else(|| self.each((0..16).map(|w| (w, Label::Want(w)))), Tally::wants)
    }
}

/// Whether the choice of a region is shown while `chosen` is.
fn is_shown(code: u32, chosen: Option<u32>) -> bool {
    let (province, prefecture) = (code / 10_000, code / 100);
    code.is_multiple_of(10_000)
        || chosen
            .is_some_and(|c| c / 10_000 == province && (code.is_multiple_of(100) || (!c.is_multiple_of(10_000) && c / 100 == prefecture)))
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
        let left = |set| Left::new(self, Cow::Owned(set), chosen);
        let all = Left::new(self, Cow::Borrowed(all), chosen);
        Counts {
            regions: regions.map(left).as_ref().unwrap_or(&all).regions(),
            industries: industries.map(left).as_ref().unwrap_or(&all).industries(),
            kinds: kinds.map(left).as_ref().unwrap_or(&all).kinds(),
            pays: unpaid.map(left).as_ref().unwrap_or(&all).pays(),
            wants: all.wants(),
        }
    }
}
