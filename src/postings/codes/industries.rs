//! Industries of GB/T 4754-2017: the letters in short names that fit a phone; the divisions (two digits) in the standard's own words with English
//! names of ours, in `industries.tsv`; the groups and classes (three and four digits) in `classes.tsv`. Their names are those of the standard, written
//! down for this project and compared with one whole public copy; where that one differed (seven groups), several others decided or the standard's
//! wording as known. They have no English names: English pages show the Chinese one after the division's.
//!
//! A posting may have a code of before these lists were whole, within a division but in no list: it is shown by its division, and its next edit asks
//! for a right one.

use super::{Named, nearest};
use crate::i18n::Lang;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Code, Chinese name, English name.
type Code = (&'static str, &'static str, &'static str);

const LETTERS: [Code; 20] = [
    ("A", "农林牧渔", "Farming, forestry, fishing"),
    ("B", "采矿", "Mining"),
    ("C", "制造业", "Manufacturing"),
    ("D", "电力燃气供水", "Power, gas, water"),
    ("E", "建筑", "Construction"),
    ("F", "批发零售", "Wholesale and retail"),
    ("G", "物流快递运输", "Transport, storage, post"),
    ("H", "住宿餐饮", "Hotels and catering"),
    ("I", "软件与信息技术", "Software and IT"),
    ("J", "金融", "Finance"),
    ("K", "房地产物业", "Property"),
    ("L", "租赁与商务服务", "Leasing and business services"),
    ("M", "科研技术服务", "Research and technical services"),
    ("N", "环境与公共设施", "Environment and public facilities"),
    ("O", "家政维修等居民服务", "Household and repair services"),
    ("P", "教育", "Education"),
    ("Q", "医疗与社会工作", "Health and social work"),
    ("R", "文化体育娱乐", "Culture, sport, leisure"),
    ("S", "公共管理与社会组织", "Public administration"),
    ("T", "国际组织", "International organisations"),
];

/// How many codes are offered for one that is none.
const OFFERED: usize = 5;
/// How many a search shows.
const FOUND: usize = 50;

struct Industry {
    code: &'static str,
    zh: &'static str,
    en: Cow<'static, str>,
}

impl Industry {
    fn name(&'static self, lang: Lang) -> &'static str {
        lang.pick(self.zh, &self.en)
    }

    /// Whether it is a letter or a division.
    fn is_wide(&self) -> bool {
        self.code.len() <= 3
    }
}

/// All levels, each code before those within it.
static ALL: LazyLock<Vec<Industry>> = LazyLock::new(|| {
    let division = |line: &'static str| {
        let mut parts = line.split('\t');
        Some((parts.next()?, parts.next()?, parts.next()?))
    };
    let mut wide: Vec<Code> = include_str!("industries.tsv").lines().filter_map(division).chain(LETTERS).collect();
    wide.sort_unstable();
    let english = |code: &str| wide.binary_search_by_key(&&code[..3], |(known, ..)| known).map_or("", |at| wide[at].2);
    let fine = include_str!("classes.tsv").lines().filter_map(|line| line.split_once('\t'));
    let fine = fine.map(|(code, zh)| Industry { code, zh, en: Cow::Owned(format!("{}: {zh}", english(code))) });
    let mut all: Vec<Industry> = fine.collect();
    all.extend(wide.iter().map(|&(code, zh, en)| Industry { code, zh, en: Cow::Borrowed(en) }));
    all.sort_unstable_by_key(|industry| industry.code);
    all
});

fn find(code: &str) -> Option<&'static Industry> {
    ALL.binary_search_by_key(&code, |industry| industry.code).ok().map(|at| &ALL[at])
}

/// Whether the standard has it: a letter, a division, a group or a class.
pub fn industry_is_valid(code: &str) -> bool {
    find(code).is_some()
}

/// Whether it is a letter, a division of the letter, or digits within such a division, which is all that a filter needs.
pub fn industry_is_within(code: &str) -> bool {
    let digits = code.get(1..).unwrap_or("");
    code.is_ascii()
        && code.len() <= 5
        && digits.bytes().all(|b| b.is_ascii_digit())
        && match digits.len() {
            0 | 1 => find(code.get(..1).unwrap_or("")).is_some(),
            _ => find(&code[..3]).is_some(),
        }
}

/// The most exact name that is known of an industry: its own, or its group's, division's or letter's; empty for an unknown one.
pub fn industry_name(code: &str, lang: Lang) -> &'static str {
    [5, 4, 3, 1].into_iter().find_map(|digits| find(code.get(..digits)?)).map_or("", |industry| industry.name(lang))
}

/// The name of the letter alone.
pub fn industry_letter(code: &str, lang: Lang) -> &'static str {
    industry_name(code.get(..1).unwrap_or(""), lang)
}

/// The code of an industry by its code, with or without the letter, by its name, or by both as the form offers them: `C39 计算机、通信…`.
pub fn industry_of(text: &str) -> Option<String> {
    let text = text.trim();
    let first = text.split_whitespace().next()?.to_uppercase();
    if industry_is_valid(&first) {
        return Some(first);
    }
    if (2..=4).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_digit()) {
        return lettered(&first).filter(|code| industry_is_valid(code));
    }
    // A group of one class is called like it, and goes before it.
    ALL.iter().find(|known| known.zh == text || known.en.eq_ignore_ascii_case(text)).map(|known| known.code.to_owned())
}

/// Digits of a known division with the letter before them.
fn lettered(digits: &str) -> Option<String> {
    let division = digits.get(..2)?;
    ALL.iter().find(|known| known.code.get(1..) == Some(division)).map(|known| format!("{}{digits}", &known.code[..1]))
}

/// Industries whose code begins with a text, with or without the letter, or whose name holds all of its words: those that begin with it first,
/// short ones before long ones. Of a group and its only class the group.
pub fn industries_like(text: &str, lang: Lang) -> Vec<Named> {
    let text = text.trim().to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some(first) = words.first() else { return Vec::new() };
    let begins = |code: &str| code.to_lowercase().starts_with(first) || code[1..].starts_with(first);
    let fits = |known: &&'static Industry| {
        (begins(known.code) && words.len() == 1) || words.iter().all(|word| known.name(lang).to_lowercase().contains(word))
    };
    let mut found: Vec<&'static Industry> = ALL.iter().filter(fits).collect();
    found.retain(|known| known.code.len() < 5 || find(&known.code[..4]).is_none_or(|group| group.zh != known.zh));
    found.sort_by_key(|known| {
        let name = known.name(lang).to_lowercase();
        (!(name.starts_with(first) || begins(known.code)), if begins(known.code) { known.code.len() } else { name.len() })
    });
    found.iter().take(FOUND).map(|known| (known.code, known.name(lang))).collect()
}

/// The industries nearest to what is none, best first.
pub fn industries_near(text: &str, lang: Lang) -> Vec<Named> {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(4).collect();
    if let Some(code) = lettered(&digits) {
        let number = |code: &str| code[1..].parse::<u32>().unwrap_or_default();
        let mut beside: Vec<&Industry> =
            ALL.iter().filter(|known| known.code.len() == code.len() && known.code[..3] == code[..3]).collect();
        beside.sort_by_key(|known| number(known.code).abs_diff(number(&code)));
        return beside.iter().take(OFFERED).map(|known| (known.code, known.name(lang))).collect();
    }
    nearest::by_words(text, ALL.iter().map(|known| (known.code, known.name(lang))))
}

/// Letters and divisions for a form.
pub fn industries(lang: Lang) -> Vec<(String, String)> {
    ALL.iter().filter(|known| known.is_wide()).map(|known| (known.code.to_owned(), known.name(lang).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(length: usize) -> Vec<&'static Industry> {
        ALL.iter().filter(|known| known.code.len() == length).collect()
    }

    #[test]
    fn each_division_has_one_letter_and_two_names() {
        let numbers: Vec<u32> = level(3).iter().map(|known| known.code[1..].parse().expect("a number")).collect();
        assert_eq!(numbers, (1..=97).collect::<Vec<_>>());
        assert!(
            ALL.iter().filter(|known| known.is_wide()).all(|known| !known.zh.is_empty() && !known.en.is_empty() && known.en.is_ascii())
        );
        assert!(LETTERS.iter().all(|(letter, ..)| level(3).iter().any(|known| known.code.starts_with(letter))));
    }

    #[test]
    fn each_class_lies_in_a_group_and_each_group_in_a_division() {
        assert_eq!((level(4).len(), level(5).len()), (473, 1_381));
        assert!(ALL.windows(2).all(|two| two[0].code < two[1].code));
        for known in level(4).into_iter().chain(level(5)) {
            assert!(find(&known.code[..known.code.len() - 1]).is_some(), "{}", known.code);
            assert!(!known.zh.is_empty() && !known.zh.contains(|c: char| c.is_whitespace() || c == '(' || c == ')'), "{}", known.zh);
        }
        assert!(level(4).iter().all(|group| level(5).iter().any(|class| class.code.starts_with(group.code))));
    }

    #[test]
    fn the_description_of_the_api_has_each_division_under_its_letter() {
        let described = include_str!("../../syndication/openapi.json");
        for (letter, ..) in LETTERS {
            let divisions = level(3).into_iter().filter(|known| known.code.starts_with(letter)).map(|known| &known.code[1..]);
            let part = format!("{letter}([0-9]|({})[0-9]{{0,2}})?", divisions.collect::<Vec<_>>().join("|"));
            assert!(described.contains(&part), "{part}");
        }
    }

    #[test]
    fn a_code_lies_within_a_division_of_its_letter() {
        for good in ["C", "C3", "C39", "C391", "C3911", "I65", "T97"] {
            assert!(industry_is_within(good), "{good}");
        }
        for bad in ["", "Z", "C39111", "制造", "G39", "G3911", "C98", "C00", "39", "c39", "C3x"] {
            assert!(!industry_is_within(bad) && !industry_is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn a_right_code_is_in_the_standard() {
        for good in ["C", "C39", "C391", "C3911", "A0232", "B061", "B0610", "T9700"] {
            assert!(industry_is_valid(good), "{good}");
        }
        for bad in ["C3", "C269", "C2699", "C3910", "G391"] {
            assert!(!industry_is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn industries_are_named_by_the_most_exact_that_is_known() {
        assert_eq!((industry_name("C3911", Lang::Zh), industry_name("C391", Lang::Zh)), ("计算机整机制造", "计算机制造"));
        assert_eq!(industry_name("H6210", Lang::En), "Catering: 正餐服务");
        assert_eq!((industry_name("C2699", Lang::Zh), industry_name("C2699", Lang::En)), ("化学原料和化学制品制造业", "Chemicals"));
        assert_eq!((industry_name("H62", Lang::En), industry_letter("H62", Lang::En)), ("Catering", "Hotels and catering"));
        assert_eq!((industry_name("Z1", Lang::Zh), industry_name("", Lang::Zh)), ("", ""));
    }

    #[test]
    fn what_is_typed_becomes_a_code_or_has_one_nearby() {
        for (typed, code) in [
            ("c39", "C39"),
            ("C39 计算机", "C39"),
            ("3911", "C3911"),
            ("餐饮业", "H62"),
            ("Catering", "H62"),
            ("制造业", "C"),
            ("正餐服务", "H621"),
        ] {
            assert_eq!(industry_of(typed).as_deref(), Some(code), "{typed}");
        }
        for bad in ["", "火星", "G3911", "C9", "9900", "C2699", "2699"] {
            assert_eq!(industry_of(bad), None, "{bad}");
        }
        assert_eq!(industries_near("G3911", Lang::Zh)[0].0, "C3911");
        assert_eq!(industries_near("C2699", Lang::Zh)[0], ("C2689", "其他日用化学产品制造"));
        assert!(industries_near("电子厂", Lang::Zh).iter().any(|(code, _)| code.starts_with("C39")));
        assert!(industries_near("xyz", Lang::Zh).is_empty());
    }

    #[test]
    fn industries_are_looked_up_by_code_and_by_name() {
        let codes = |text: &str, lang| industries_like(text, lang).iter().map(|(code, _)| *code).collect::<Vec<_>>();
        assert_eq!(codes("c39", Lang::Zh)[..3], ["C39", "C391", "C392"]);
        assert_eq!(codes("391", Lang::Zh)[..2], ["C391", "C3911"]);
        // Its only class is called 正餐服务 too.
        assert_eq!(codes("正餐", Lang::Zh), ["H621"]);
        assert_eq!(codes("catering", Lang::En)[0], "H62");
        assert!(codes("电子 制造", Lang::Zh).contains(&"C39") && codes("电子", Lang::Zh).len() <= FOUND);
        assert!(codes("", Lang::Zh).is_empty() && codes("火星", Lang::Zh).is_empty());
    }
}
