//! The index of the board: in memory, made anew from the database when the server starts, the same for SQLite and PostgreSQL.
//!
//! A posting has a number; for each gram (`gram`) and each label (its fair, its region, its industry …) a compressed bitmap holds the numbers that
//! have it. A search is an intersection, a count of a filter's choices the size of one, so that a million postings are searched and counted in
//! a few milliseconds (`docs/benchmarks.md`).
//!
//! Invariants: every posting that holds the words of a search is found, and none that does not; a posting keeps its number for as long as
//! its time of publication stands; nothing here waits or knows the database. Deliberately absent: which postings are out (`search` puts in what
//! is live and takes out what is not), a ranking by learnt weights: whoever asks why one stands first gets an answer in words.

mod ask;
mod counts;
mod gram;
mod order;
mod phrases;
mod pinyin;
mod set;
mod similar;
mod synonyms;
mod terms;
mod text;

pub(super) use ask::{Ask, Found, Key, Order};
pub(super) use counts::Counts;
pub(super) use terms::{How, Reading};
pub(crate) use text::fold;

use crate::clock::Millis;
use crate::ids::{EmployerId, FairId, PostingId};
use counts::Facets;
use gram::{Gram, Zone, grams};
use phrases::Phrases;
use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;
use set::Set;
use std::collections::{BTreeMap, BTreeSet};

/// What a posting is filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Label {
    Fair(FairId),
    Employer(EmployerId),
    /// A province, prefecture or county, as six digits (GB/T 2260); a posting has those above its places too.
    Region(u32),
    /// The most exact code of one of its places.
    Place(u32),
    /// The beginning of a code of GB/T 4754, letter first, in the upper bytes.
    Industry([u8; 5]),
    Kind(u8),
    /// Pays at least this step of [`PAY_STEPS`].
    Pay(u8),
    /// An answer that workers look for.
    Want(u8),
}

/// Monthly pay in yuan at which bitmaps begin: the choices of the filter, and enough between them to sort by.
pub(super) const PAY_STEPS: [i64; 20] = [
    1, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500, 5_000, 5_500, 6_000, 6_500, 7_000, 7_500, 8_000, 9_000, 10_000, 12_000, 15_000, 20_000,
    30_000,
];

/// What the index is told of a posting.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: PostingId,
    pub(super) version: i64,
    pub(super) fair: FairId,
    pub(super) employer: EmployerId,
    pub(super) published_at: Millis,
    pub(super) valid_until: Millis,
    pub(super) title: String,
    pub(super) names: String,
    pub(super) body: String,
    /// Codes of its places.
    pub(super) regions: Vec<u32>,
    pub(super) industry: String,
    pub(super) kind: u8,
    /// Lower limit of the pay for a month, in fen; 0 if it is to be agreed.
    pub(super) pay_month: i64,
    /// A bit for each want that it meets.
    pub(super) wants: u16,
}

impl Entry {
    fn labels(&self) -> Vec<Label> {
        let mut all = vec![Label::Fair(self.fair), Label::Employer(self.employer), Label::Kind(self.kind)];
        for code in &self.regions {
            all.extend([Label::Place(*code), Label::Region(code / 10_000 * 10_000), Label::Region(code / 100 * 100), Label::Region(*code)]);
        }
        let code = self.industry.as_bytes();
        all.extend((1..=code.len().min(5)).map(|n| Label::Industry(padded(&code[..n]))));
        all.extend((0u8..).zip(PAY_STEPS).filter(|(_, yuan)| self.pay_month >= yuan * 100).map(|(i, _)| Label::Pay(i)));
        all.extend((0..16).filter(|i| self.wants >> i & 1 == 1).map(Label::Want));
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The beginning of an industry's code as a label has it.
pub(super) fn padded(code: &[u8]) -> [u8; 5] {
    let mut all = [0; 5];
    all[..code.len().min(5)].copy_from_slice(&code[..code.len().min(5)]);
    all
}

/// A posting under its number.
#[derive(Debug)]
struct Doc {
    id: PostingId,
    /// The version that was put in, or with which it went out.
    version: i64,
    published_at: Millis,
    /// The latest publication up to this number: numbers are given in the order of publication, but for a few that come late.
    latest: Millis,
    valid_until: Millis,
    pay_month: i64,
    /// What it was indexed by; none if it is out of the index.
    said: Option<Box<Said>>,
}

/// Folded texts and labels, to look a phrase up in and to take the posting out again.
#[derive(Debug)]
struct Said {
    texts: [Box<str>; 3],
    labels: Box<[Label]>,
}

/// The index. Reading takes `&self`; the caller has a lock around it.
#[derive(Debug, Default)]
pub(super) struct Index {
    docs: Vec<Doc>,
    /// What each of them counts for.
    facets: Vec<Facets>,
    numbers: FxHashMap<PostingId, u32>,
    grams: FxHashMap<Gram, Set>,
    labels: BTreeMap<Label, RoaringBitmap>,
    words: BTreeMap<Box<str>, u32>,
    live: RoaringBitmap,
    expiring: BTreeSet<(Millis, u32)>,
    phrases: Phrases,
}

impl Index {
    /// How many postings can be found.
    pub(super) fn len(&self) -> u64 {
        self.live.len()
    }

    /// Puts postings in, each once, or what they say now in place of what they said. Sorted by gram, as each set is then looked up once for all of them: three times as fast as one by one.
    pub(super) fn put_all(&mut self, entries: &[Entry]) {
        let mut all: Vec<(Gram, u32)> = Vec::new();
        for entry in entries {
            self.remove(entry.id);
            let n = self.number(entry);
            let texts = [&entry.title, &entry.names, &entry.body].map(|t| fold(t).into_boxed_str());
            for (zone, text) in Zone::ALL.into_iter().zip(&texts) {
                let words = &mut self.words;
                all.extend(grams(zone, text, |w| number_of(words, w)).into_iter().map(|gram| (gram, n)));
            }
            let labels = entry.labels();
            for label in &labels {
                self.labels.entry(*label).or_default().insert(n);
            }
            self.phrases.add(n, &texts);
            self.live.insert(n);
            self.expiring.insert((entry.valid_until, n));
            self.facets[n as usize] = Facets::of(entry);
            let doc = &mut self.docs[n as usize];
            (doc.version, doc.valid_until, doc.pay_month) = (entry.version, entry.valid_until, entry.pay_month);
            doc.said = Some(Box::new(Said { texts, labels: labels.into() }));
        }
        all.sort_unstable();
        for same in all.chunk_by(|a, b| a.0 == b.0) {
            let set = self.grams.entry(same[0].0).or_default();
            same.iter().for_each(|(_, n)| set.insert(*n));
        }
    }

    /// Takes a posting out; one that is not there is out already.
    pub(super) fn remove(&mut self, id: PostingId) {
        let Some(&n) = self.numbers.get(&id) else { return };
        let doc = &mut self.docs[n as usize];
        let (valid_until, Some(said)) = (doc.valid_until, doc.said.take()) else { return };
        for (zone, text) in Zone::ALL.into_iter().zip(&said.texts) {
            for gram in grams(zone, text, |w| self.words.get(w).copied()) {
                if let Some(set) = self.grams.get_mut(&gram) {
                    set.remove(n);
                    if set.is_empty() {
                        self.grams.remove(&gram);
                    }
                }
            }
        }
        for label in &said.labels {
            if let Some(bitmap) = self.labels.get_mut(label) {
                bitmap.remove(n);
                if bitmap.is_empty() {
                    self.labels.remove(label);
                }
            }
        }
        self.phrases.remove(n);
        self.live.remove(n);
        self.expiring.remove(&(valid_until, n));
    }

    /// Takes a posting out that is not out in this version.
    pub(super) fn forget(&mut self, id: PostingId, version: i64) {
        self.remove(id);
        if let Some(n) = self.numbers.get(&id) {
            self.docs[*n as usize].version = version;
        }
    }

    /// The version of a posting that was put in or taken out last.
    pub(super) fn version(&self, id: PostingId) -> Option<i64> {
        self.numbers.get(&id).map(|n| self.docs[*n as usize].version)
    }

    /// Takes out what is not valid any more at `now`; tells how many there were.
    pub(super) fn expire(&mut self, now: Millis) -> usize {
        let over: Vec<PostingId> =
            self.expiring.iter().take_while(|(until, _)| *until <= now).map(|(_, n)| self.docs[*n as usize].id).collect();
        over.iter().for_each(|id| self.remove(*id));
        over.len()
    }

    /// All that can be found.
    #[cfg(test)]
    pub(super) fn ids(&self) -> impl Iterator<Item = PostingId> {
        self.live.iter().map(|n| self.docs[n as usize].id)
    }

    /// The number of a posting: its old one, as long as it was published when it was.
    fn number(&mut self, entry: &Entry) -> u32 {
        if let Some(&n) = self.numbers.get(&entry.id)
            && self.docs[n as usize].published_at == entry.published_at
        {
            return n;
        }
        let n = u32::try_from(self.docs.len()).unwrap_or(u32::MAX);
        let latest = self.docs.last().map_or(Millis::MIN, |d| d.latest).max(entry.published_at);
        self.docs.push(Doc {
            id: entry.id,
            version: 0,
            published_at: entry.published_at,
            latest,
            valid_until: 0,
            pay_month: 0,
            said: None,
        });
        self.facets.push(Facets::default());
        self.numbers.insert(entry.id, n);
        n
    }

    /// What is out, in these labels' unions all at once, and valid at `now`.
    fn within(&self, all_of: &[Vec<Label>], now: Millis) -> RoaringBitmap {
        let union = |any: &Vec<Label>| any.iter().filter_map(|l| self.labels.get(l)).fold(RoaringBitmap::new(), |sum, b| sum | b);
        let mut found = match all_of.split_first() {
            // One label is the usual case, and its bitmap need not be copied twice.
            Some((first, rest)) if first.len() == 1 => {
                let mut found = self.labels.get(&first[0]).cloned().unwrap_or_default();
                rest.iter().for_each(|any| found &= union(any));
                found
            }
            Some((first, rest)) => rest.iter().fold(union(first), |found, any| found & union(any)),
            None => self.live.clone(),
        };
        for (_, n) in self.expiring.iter().take_while(|(until, _)| *until <= now) {
            found.remove(*n);
        }
        found
    }

    fn label(&self, label: Label) -> Option<&RoaringBitmap> {
        self.labels.get(&label)
    }

    fn text(&self, n: u32, zone: Zone) -> &str {
        self.docs[n as usize].said.as_ref().map_or("", |said| &said.texts[zone as usize])
    }
}

/// The number of a word, a new one if it has none yet.
fn number_of(words: &mut BTreeMap<Box<str>, u32>, word: &str) -> Option<u32> {
    if let Some(n) = words.get(word) {
        return Some(*n);
    }
    let n = u32::try_from(words.len()).ok()?;
    words.insert(word.into(), n);
    Some(n)
}

#[cfg(test)]
mod tests;
