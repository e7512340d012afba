//! A search: what is asked, what is found.

use super::counts::Counts;
use super::phrases::Zones;
use super::terms::{Reading, typed};
use super::{Index, Label, PAY_STEPS};
use crate::clock::Millis;
use crate::ids::PostingId;
use roaring::RoaringBitmap;

/// The order of what is found; later ids first among equals.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) enum Order {
    /// Where the words stand, then newest first: titles, then names and places, then texts.
    Relevance,
    #[default]
    Newest,
    Pay,
    /// Distances in metres of places that have any posting, nearest first.
    Distance(Vec<(i64, u32)>),
}

/// What a hit is sorted by, greater ones first.
pub(in super::super) type Key = (i64, i64, PostingId);

/// A search. Each filter is a label of its own kind, so that the choices beside it can be counted without it.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Ask<'a> {
    /// Whose postings: one of each of these.
    pub(in super::super) scope: Vec<Vec<Label>>,
    /// Not what has any of these.
    pub(in super::super) without: Vec<Label>,
    pub(in super::super) text: &'a str,
    /// A region, an industry, a kind, answers.
    pub(in super::super) labels: Vec<Label>,
    /// At least this much a month, in fen.
    pub(in super::super) pay: Option<i64>,
    /// Published after this.
    pub(in super::super) since: Option<Millis>,
    pub(in super::super) now: Millis,
    pub(in super::super) order: Order,
    pub(in super::super) after: Option<Key>,
    pub(in super::super) limit: usize,
    /// Whether the choices of the filters are to be counted.
    pub(in super::super) counted: bool,
}

#[derive(Clone, Debug, Default)]
pub(in super::super) struct Found {
    /// One page, each posting by its place in the order.
    pub(in super::super) hits: Vec<Key>,
    pub(in super::super) total: u64,
    pub(in super::super) counts: Counts,
    pub(in super::super) readings: Vec<Reading>,
}

impl Index {
    /// Searches. A text in which there is nothing to look for finds nothing; no text at all finds everything.
    pub(in super::super) fn search(&self, ask: &Ask) -> Found {
        let terms = typed(ask.text);
        if terms.is_empty() && !ask.text.trim().is_empty() {
            return Found::default();
        }
        let mut readings = Vec::new();
        let zones = self.terms(&terms, &mut readings);
        let mut base = self.within(&ask.scope, ask.now);
        for [title, names, body] in &zones {
            base &= title | names | body;
        }
        for held in ask.without.iter().filter_map(|label| self.label(*label)) {
            base -= held;
        }
        if let Some(since) = ask.since {
            base = self.published_after(&base, since);
        }
        let pay = ask.pay.map(|fen| self.pays(fen));
        let mut all = base.clone();
        for label in &ask.labels {
            match self.label(*label) {
                Some(set) => all &= set,
                None => all.clear(),
            }
        }
        if let Some(pay) = &pay {
            all &= pay;
        }
        let counts = if ask.counted { self.counts(ask, &base, &all, pay.as_ref()) } else { Counts::default() };
        let hits = self.ordered(ask, &all, &zones);
        Found { hits, total: all.len(), counts, readings }
    }

    /// What pays at least so much a month, in fen.
    pub(super) fn pays(&self, fen: i64) -> RoaringBitmap {
        let step = (0u8..).zip(PAY_STEPS).filter(|(_, yuan)| yuan * 100 <= fen).last();
        let set = step.and_then(|(i, _)| self.label(Label::Pay(i))).cloned();
        match step {
            Some((_, yuan)) if yuan * 100 == fen => set.unwrap_or_default(),
            _ => {
                let all = set.unwrap_or_else(|| if step.is_none() { self.live.clone() } else { RoaringBitmap::new() });
                RoaringBitmap::from_sorted_iter(all.iter().filter(|n| self.docs[*n as usize].pay_month >= fen)).unwrap_or_default()
            }
        }
    }

    fn published_after(&self, set: &RoaringBitmap, since: Millis) -> RoaringBitmap {
        // Numbers before the first one as late hold nothing later.
        let first = self.docs.partition_point(|d| d.latest <= since);
        let first = u32::try_from(first).unwrap_or(u32::MAX);
        RoaringBitmap::from_sorted_iter(set.iter().skip_while(|n| *n < first).filter(|n| self.docs[*n as usize].published_at > since))
            .unwrap_or_default()
    }

    /// The tiers of relevance: all words in the title; in the title, names and places; anywhere. Each holds what those before it do not.
    pub(super) fn tiers(set: &RoaringBitmap, zones: &[Zones]) -> [RoaringBitmap; 3] {
        let (mut title, mut names) = (set.clone(), set.clone());
        for [t, n, _] in zones {
            title &= t;
            names &= t | n;
        }
        names -= &title;
        let rest = set - &title - &names;
        [title, names, rest]
    }
}
