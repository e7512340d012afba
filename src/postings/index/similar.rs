//! Postings like another one, or like some words: by the rarer pairs of characters of the title, then place, industry and pay.

use super::gram::{Gram, Zone, grams};
use super::{Entry, Index, Label, fold};
use crate::clock::Millis;
use crate::ids::PostingId;
use roaring::RoaringBitmap;
use std::collections::HashMap;

/// So many postings are weighed, the newest ones.
const WEIGHED: usize = 2_000;
/// The grams of a title that tell the most.
const TELLING: usize = 6;

impl Index {
    /// The postings most like one, which need not be in the index, best first, within a scope.
    pub(in super::super) fn similar(&self, to: &Entry, scope: &[Vec<Label>], now: Millis, limit: usize) -> Vec<PostingId> {
        let within = self.within(scope, now);
        let mut scores: HashMap<u32, i64> = HashMap::new();
        for (gram, weight) in self.telling(&fold(&to.title), &within) {
            if let Some(set) = self.grams.get(&gram) {
                for found in set.and(&within).iter().rev().take(WEIGHED) {
                    *scores.entry(found).or_default() += weight;
                }
            }
        }
        let labels = to.labels();
        let mut ranked: Vec<(i64, Millis, PostingId)> = Vec::new();
        for (other, words) in scores {
            let doc = &self.docs[other as usize];
            if doc.id != to.id {
                let beside: i64 = labels.iter().map(|l| i64::from(self.label(*l).is_some_and(|set| set.contains(other))) * worth(*l)).sum();
                let near_pay = to.pay_month > 0 && doc.pay_month * 10 >= to.pay_month * 9;
                ranked.push((words + beside + i64::from(near_pay) * 4, doc.published_at, doc.id));
            }
        }
        ranked.sort_unstable_by(|a, b| b.cmp(a));
        ranked.into_iter().take(limit).map(|(_, _, id)| id).collect()
    }

    /// The pairs and words of a title that fewest postings have, with how much each tells.
    fn telling(&self, title: &str, within: &RoaringBitmap) -> Vec<(Gram, i64)> {
        let all = grams(Zone::Title, title, |w| self.words.get(w).copied());
        let mut rare: Vec<(u64, Gram)> = all
            .into_iter()
            .filter(|g| g.is_said())
            .filter_map(|g| Some((self.grams.get(&g)?.and(within).len(), g)))
            .filter(|(n, _)| *n > 0)
            .collect();
        rare.sort_unstable();
        let total = within.len().max(1);
        // Twice as rare tells one more bit.
        rare.into_iter().take(TELLING).map(|(n, g)| (g, i64::from((total / n.max(1)).max(1).ilog2()) + 1)).collect()
    }
}

/// What it counts that two postings share a label: as much as a rare word for the same place, less the wider it is.
fn worth(label: Label) -> i64 {
    match label {
        Label::Place(_) => 4,
        Label::Region(_) => 3,
        Label::Industry(code) if code[1] == 0 => 2,
        Label::Industry(_) | Label::Kind(_) | Label::Want(_) => 1,
        Label::Fair(_) | Label::Employer(_) | Label::Pay(_) => 0,
    }
}
