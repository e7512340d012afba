//! Pinyin without tones: the readings of a character, and a word typed in Latin letters cut into syllables.

use pinyin::{ToPinyin, ToPinyinMulti};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A syllable by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Syllable(pub(super) u16);

/// A word is read in at most so many ways: `xian` is one syllable or two.
const WAYS: usize = 4;
/// The longest syllable: `zhuang`.
const LONGEST: usize = 6;

struct Table {
    numbers: HashMap<String, Syllable>,
    readings: HashMap<char, Vec<Syllable>>,
}

/// All syllables that characters of the common block have.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { numbers: HashMap::new(), readings: HashMap::new() };
    for c in '\u{3400}'..='\u{9FFF}' {
        let all: Vec<String> = match (c.to_pinyin_multi(), c.to_pinyin()) {
            (Some(multi), _) => multi.into_iter().map(|p| p.plain().replace('ü', "v")).collect(),
            (None, Some(one)) => vec![one.plain().replace('ü', "v")],
            (None, None) => continue,
        };
        let mut readings = Vec::with_capacity(all.len());
        // Grunts such as `hm` would make a row of syllables of any abbreviation.
        let spoken = |name: &String| name.bytes().all(|b| b.is_ascii_lowercase()) && name.contains(['a', 'e', 'i', 'o', 'u', 'v']);
        for name in all.into_iter().filter(spoken) {
            let next = Syllable(u16::try_from(table.numbers.len()).unwrap_or(u16::MAX));
            let syllable = *table.numbers.entry(name).or_insert(next);
            if !readings.contains(&syllable) {
                readings.push(syllable);
            }
        }
        table.readings.insert(c, readings);
    }
    table
});

/// How a character may be read; nothing for one that is not Chinese.
pub(super) fn readings(c: char) -> &'static [Syllable] {
    TABLE.readings.get(&c).map_or(&[], Vec::as_slice)
}

/// The ways in which a folded word of letters is a row of syllables, fewest syllables first: `xian` is xian or xi an. Empty if it is none, or if
/// it is a single syllable of less than three letters, which is an abbreviation more often than a sound.
pub(super) fn ways(word: &str) -> Vec<Vec<Syllable>> {
    if word.len() < 3 || word.len() > 48 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return Vec::new();
    }
    let (mut found, mut path) = (Vec::new(), Vec::new());
    walk(word, &mut path, &mut found, &mut 0);
    found.sort_by_key(Vec::len);
    found.truncate(WAYS);
    found
}

fn walk(rest: &str, path: &mut Vec<Syllable>, found: &mut Vec<Vec<Syllable>>, steps: &mut usize) {
    *steps += 1;
    // Long words of short syllables have thousands of readings; the first ones found, with the longest syllables, are those meant.
    if found.len() >= 2 * WAYS || *steps > 500 {
        return;
    }
    if rest.is_empty() {
        found.push(path.clone());
        return;
    }
    for end in (1..=LONGEST.min(rest.len())).rev() {
        if let Some(s) = TABLE.numbers.get(&rest[..end]) {
            path.push(*s);
            walk(&rest[end..], path, found, steps);
            path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_cut_into_the_syllables_of_its_characters() {
        let one = |c: char| readings(c)[0];
        assert!(ways("dianhangong").contains(&vec![one('电'), one('焊'), one('工')]));
        assert_eq!(ways("xian").len(), 2);
        assert!(ways("重").is_empty() && readings('重').len() >= 2);
        for none in ["", "cnc", "welder", "a1", "an", "xi'an"] {
            assert!(ways(none).is_empty(), "{none}");
        }
        assert!(!ways(&"a".repeat(48)).is_empty() && ways(&"a".repeat(60)).is_empty());
    }
}
