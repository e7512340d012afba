//! Which names are nearest to what somebody typed.

use super::Named;
use std::collections::BTreeSet;

/// How many are offered.
const OFFERED: usize = 5;

/// The names that share the largest part of their characters, or words, with a text; none that shares less than a third.
pub(super) fn by_words(text: &str, all: impl Iterator<Item = Named>) -> Vec<Named> {
    let typed = parts(text);
    let mut ranked: Vec<(usize, usize, Named)> = Vec::new();
    for named in all {
        let name = parts(named.1);
        let common = typed.intersection(&name).count();
        // Shared parts twice over all parts, in thousandths (Sørensen–Dice), and shorter names first among equals.
        let score = common * 2_000 / (typed.len() + name.len()).max(1);
        if common * 3 >= typed.len() && common > 0 {
            ranked.push((usize::MAX - score, name.len(), named));
        }
    }
    ranked.sort_unstable();
    ranked.into_iter().take(OFFERED).map(|(.., named)| named).collect()
}

/// Chinese characters each, Latin words whole.
fn parts(text: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut word = String::new();
    for c in text.to_lowercase().chars().chain([' ']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            all.insert(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            all.insert(c.to_string());
        }
    }
    all
}
