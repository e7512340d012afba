//! One page of what was found, in an order, after a place in it. A page costs what it shows rather than what there is: numbers follow publication,
//! pay and distance have bitmaps of their own.

use super::ask::{Ask, Key, Order};
use super::phrases::Zones;
use super::{Doc, Index, Label, PAY_STEPS};
use roaring::RoaringBitmap;

/// The first of many by their key, greater ones first.
struct Best {
    limit: usize,
    after: Option<Key>,
    /// Sorted, greatest first.
    kept: Vec<Key>,
}

impl Best {
    fn new(ask: &Ask) -> Self {
        Self { limit: ask.limit, after: ask.after, kept: Vec::with_capacity(ask.limit + 1) }
    }

    fn offer(&mut self, key: Key) {
        if self.after.is_some_and(|after| key >= after) || (self.is_full() && self.kept.last().is_some_and(|last| key <= *last)) {
            return;
        }
        let at = self.kept.partition_point(|k| *k > key);
        self.kept.insert(at, key);
        self.kept.truncate(self.limit);
    }

    fn is_full(&self) -> bool {
        self.kept.len() >= self.limit
    }
}

impl Index {
    pub(super) fn ordered(&self, ask: &Ask, set: &RoaringBitmap, zones: &[Zones]) -> Vec<Key> {
        let mut best = Best::new(ask);
        if ask.limit == 0 {
            return Vec::new();
        }
        match &ask.order {
            Order::Newest => self.newest(set, &mut best, |d| (d.published_at, 0, d.id)),
            Order::Pay => self.by_pay(set, &mut best),
            Order::Distance(places) => self.by_distance(set, places, &mut best),
            Order::Relevance => {
                for (tier, set) in (0..).zip(Self::tiers(set, zones)) {
                    if !best.is_full() && ask.after.is_none_or(|(before, ..)| -tier <= before) {
                        self.newest(&set, &mut best, |d| (-tier, d.published_at, d.id));
                    }
                }
            }
        }
        best.kept
    }

    /// From the highest number down, until nothing below can be newer than what is kept. The key must hold the publication before the id.
    fn newest(&self, set: &RoaringBitmap, best: &mut Best, key: impl Fn(&Doc) -> Key) {
        let mut last = None;
        for n in set.iter().rev() {
            let doc = &self.docs[n as usize];
            if best.is_full() && last.is_some_and(|published| doc.latest < published) {
                return;
            }
            best.offer(key(doc));
            if best.is_full() {
                last = best.kept.last().and_then(|k| self.numbers.get(&k.2)).map(|n| self.docs[*n as usize].published_at);
            }
        }
    }

    /// Step by step of the pay, highest first.
    fn by_pay(&self, set: &RoaringBitmap, best: &mut Best) {
        let mut rest = set.clone();
        for i in (0..PAY_STEPS.len() as u8).rev() {
            let yuan = PAY_STEPS[usize::from(i)];
            let Some(pays) = self.label(Label::Pay(i)) else { continue };
            // What pays more than the place to go on from has been shown.
            if best.after.is_none_or(|(fen, ..)| fen >= yuan * 100) {
                for n in &(&rest & pays) {
                    let doc = &self.docs[n as usize];
                    best.offer((doc.pay_month, 0, doc.id));
                }
            }
            if best.is_full() {
                return;
            }
            rest -= pays;
        }
        for n in &rest {
            best.offer((0, 0, self.docs[n as usize].id));
        }
    }

    /// Place by place, nearest first; what lies in none of them comes last.
    fn by_distance(&self, set: &RoaringBitmap, places: &[(i64, u32)], best: &mut Best) {
        let mut rest = set.clone();
        for (metres, place) in places {
            let Some(there) = self.label(Label::Place(*place)) else { continue };
            // Equally far places share an order of newness: go on until the next is farther.
            if best.is_full() && best.kept.last().is_some_and(|(last, ..)| -metres < *last) {
                return;
            }
            if best.after.is_none_or(|(after, ..)| -metres <= after) {
                self.newest(&(&rest & there), best, |d| (-metres, d.published_at, d.id));
            }
            rest -= there;
        }
        if !best.is_full() {
            self.newest(&rest, best, |d| (i64::MIN, d.published_at, d.id));
        }
    }
}
