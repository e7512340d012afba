//! Which postings hold a phrase of three characters or more. Its pairs tell which may; each of those is looked into once, and the answer is kept.

use super::Index;
use super::gram::{Gram, Zone};
use roaring::RoaringBitmap;
use std::collections::HashMap;
use std::sync::Mutex;

/// So many phrases are kept: what people look for repeats, and each costs a look into every posting that comes in.
const KEPT: usize = 512;

/// A set for each zone.
pub(super) type Zones = [RoaringBitmap; 3];

#[derive(Debug, Default)]
pub(super) struct Phrases(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    known: HashMap<String, (u64, Zones)>,
    asked: u64,
}

impl Phrases {
    fn get(&self, phrase: &str) -> Option<Zones> {
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.asked += 1;
        let asked = kept.asked;
        let (used, zones) = kept.known.get_mut(phrase)?;
        *used = asked;
        Some(zones.clone())
    }

    /// Keeps an answer in place of the one that was asked for longest ago. The caller reads the index, so nothing has changed meanwhile.
    fn keep(&self, phrase: &str, zones: &Zones) {
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if kept.known.len() >= KEPT
            && let Some(oldest) = kept.known.iter().min_by_key(|(_, (used, _))| *used).map(|(p, _)| p.clone())
        {
            kept.known.remove(&oldest);
        }
        let asked = kept.asked;
        kept.known.insert(phrase.to_owned(), (asked, zones.clone()));
    }

    /// A posting with these texts has come in.
    pub(super) fn add(&mut self, n: u32, texts: &[Box<str>; 3]) {
        let kept = self.0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (phrase, (_, zones)) in &mut kept.known {
            for (zone, text) in zones.iter_mut().zip(texts) {
                if text.contains(phrase.as_str()) {
                    zone.insert(n);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, n: u32) {
        let kept = self.0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (_, zones) in kept.known.values_mut() {
            for zone in zones {
                zone.remove(n);
            }
        }
    }
}

impl Index {
    /// Where a folded phrase of Chinese characters stands, by zone.
    pub(super) fn phrase(&self, phrase: &str) -> Zones {
        let chars: Vec<char> = phrase.chars().collect();
        if chars.len() <= 2 {
            return Zone::ALL.map(|zone| self.pairs(zone, &chars));
        }
        if let Some(known) = self.phrases.get(phrase) {
            return known;
        }
        let zones = Zone::ALL.map(|zone| {
            let may = self.pairs(zone, &chars);
            RoaringBitmap::from_sorted_iter(may.iter().filter(|n| self.text(*n, zone).contains(phrase))).unwrap_or_default()
        });
        self.phrases.keep(phrase, &zones);
        zones
    }

    /// What holds all pairs of neighbours, or the one character there is.
    fn pairs(&self, zone: Zone, chars: &[char]) -> RoaringBitmap {
        let grams: Vec<Gram> = match chars {
            [one] => vec![Gram::char(zone, *one)],
            many => many.windows(2).map(|w| Gram::pair(zone, w[0], w[1])).collect(),
        };
        self.all_of(&grams)
    }

    /// What has all of these grams; the rarest first, as the rest then costs no more than it.
    pub(super) fn all_of(&self, grams: &[Gram]) -> RoaringBitmap {
        let Some(mut sets) = grams.iter().map(|g| self.grams.get(g)).collect::<Option<Vec<_>>>() else { return RoaringBitmap::new() };
        sets.sort_by_key(|s| s.len());
        let Some((first, rest)) = sets.split_first() else { return RoaringBitmap::new() };
        rest.iter().fold(first.bitmap(), |found, set| set.and(&found))
    }
}
