//! Words that mean the same work, and runs of characters cut at words that are known.

use super::text::{fold, is_cjk};
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

struct Table {
    groups: Vec<Vec<String>>,
    of: HashMap<String, usize>,
    /// All Chinese words by their first character, longest first.
    known: BTreeMap<char, Vec<String>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let lines = include_str!("synonyms.txt").lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty());
    let groups: Vec<Vec<String>> = lines.map(|l| l.split_whitespace().map(fold).collect()).collect();
    let of = groups.iter().enumerate().flat_map(|(i, g)| g.iter().map(move |w| (w.clone(), i))).collect();
    let mut known: BTreeMap<char, Vec<String>> = BTreeMap::new();
    let places = super::super::codes::names_zh();
    for word in groups.iter().flatten().cloned().chain(places.map(str::to_owned)) {
        if let Some(c) = word.chars().next().filter(|c| is_cjk(*c)) {
            known.entry(c).or_default().push(word);
        }
    }
    known.values_mut().for_each(|words| words.sort_by_key(|w| std::cmp::Reverse(w.len())));
    Table { groups, of, known }
});

/// The other words of the groups of a folded word.
pub(super) fn others(word: &str) -> impl Iterator<Item = &'static str> {
    let group = TABLE.of.get(word).map(|i| TABLE.groups[*i].as_slice()).unwrap_or_default();
    let word = word.to_owned();
    group.iter().map(String::as_str).filter(move |w| *w != word)
}

/// Words that are about looking for work rather than about the work.
const FILLERS: [&str; 8] = ["招聘", "招工", "工作", "岗位", "附近", "急招", "找", "的"];

/// A run of Chinese characters cut at known words, longest first: `东莞电焊工招聘` is 东莞 and 电焊工. What lies between is kept if it has two
/// characters or more; empty if no known word is in it, or nothing but one.
pub(super) fn cut(run: &str) -> Vec<String> {
    let (mut parts, mut between, mut rest) = (Vec::<String>::new(), String::new(), run);
    let mut known = false;
    while let Some(c) = rest.chars().next() {
        let filler = FILLERS.iter().find(|w| rest.starts_with(**w)).map(|w| w.len());
        let word = TABLE.known.get(&c).and_then(|all| all.iter().find(|w| w.as_str() != run && rest.starts_with(w.as_str())));
        if let Some(length) = word.map(String::len).or(filler) {
            parts.extend(Some(std::mem::take(&mut between)).filter(|b| b.chars().count() > 1));
            parts.extend(word.cloned());
            known |= word.is_some() || filler.is_some();
            rest = &rest[length..];
        } else {
            between.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    parts.extend(Some(between).filter(|b| b.chars().count() > 1));
    if known && parts != [run] { parts } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_in_two_groups() {
        let all: usize = TABLE.groups.iter().map(Vec::len).sum();
        assert_eq!(TABLE.of.len(), all);
        assert!(others("焊工").any(|w| w == "电焊工") && others("电焊工").all(|w| w != "电焊工"));
        assert_eq!(others("没有这个词").count(), 0);
    }

    #[test]
    fn a_run_is_cut_at_places_and_trades() {
        assert_eq!(cut("东莞电焊工招聘"), ["东莞", "电焊工"]);
        assert_eq!(cut("杭州的精密模具"), ["杭州", "精密模具"]);
        assert!(cut("精密模具").is_empty());
        assert_eq!(cut("大货车司机"), ["货车司机"]);
        assert_eq!(cut("电焊工招聘"), ["电焊工"]);
    }
}
