//! Industries of GB/T 4754-2017: the letters in short names that fit a phone, and the divisions (two digits) in the standard's own words with
//! English names of ours, in `industries.tsv`. Groups and classes (three and four digits) are taken within their division and shown by its name.

use super::{Named, nearest};
use crate::i18n::Lang;
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

/// Letters and divisions, each letter before its divisions.
static ALL: LazyLock<Vec<Code>> = LazyLock::new(|| {
    let division = |line: &'static str| {
        let mut parts = line.split('\t');
        Some((parts.next()?, parts.next()?, parts.next()?))
    };
    let mut all: Vec<Code> = include_str!("industries.tsv").lines().filter_map(division).chain(LETTERS).collect();
    all.sort_unstable();
    all
});

fn find(code: &str) -> Option<&'static Code> {
    ALL.binary_search_by_key(&code, |(known, ..)| known).ok().map(|at| &ALL[at])
}

fn pick(code: &Code, lang: Lang) -> &'static str {
    lang.pick(code.1, code.2)
}

/// Whether it is a letter, a division of the letter, or within such a division.
pub fn industry_is_valid(code: &str) -> bool {
    let digits = code.get(1..).unwrap_or("");
    code.is_ascii()
        && code.len() <= 5
        && digits.bytes().all(|b| b.is_ascii_digit())
        && match digits.len() {
            0 | 1 => find(code.get(..1).unwrap_or("")).is_some(),
            _ => find(&code[..3]).is_some(),
        }
}

/// The name of an industry by its division or else its letter; empty for an unknown one.
pub fn industry_name(code: &str, lang: Lang) -> &'static str {
    [3, 1].into_iter().find_map(|digits| find(code.get(..digits)?)).map_or("", |code| pick(code, lang))
}

/// The name of the letter alone.
pub fn industry_letter(code: &str, lang: Lang) -> &'static str {
    industry_name(code.get(..1).unwrap_or(""), lang)
}

/// The code of an industry by its code, with or without the letter, by its name, or by both as the form offers them: `C39 计算机、通信…`.
pub fn industry_of(text: &str) -> Option<String> {
    let text = text.trim();
    let first = text.split_whitespace().next()?.to_uppercase();
    if industry_is_valid(&first) && first.len() != 2 {
        return Some(first);
    }
    if (2..=4).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_digit()) {
        return lettered(&first);
    }
    ALL.iter().find(|(_, zh, en)| *zh == text || en.eq_ignore_ascii_case(text)).map(|(code, ..)| (*code).to_owned())
}

/// Digits of a known division with the letter before them.
fn lettered(digits: &str) -> Option<String> {
    let division = digits.get(..2)?;
    ALL.iter().find(|(code, ..)| code.get(1..) == Some(division)).map(|(code, ..)| format!("{}{digits}", &code[..1]))
}

/// The industries nearest to what is none, best first.
pub fn industries_near(text: &str, lang: Lang) -> Vec<Named> {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(4).collect();
    if let Some(division) = digits.get(..2).and_then(|division| find(&lettered(division)?)) {
        return vec![(division.0, pick(division, lang))];
    }
    nearest::by_words(text, ALL.iter().map(|code| (code.0, pick(code, lang))))
}

/// Letters and divisions for a form.
pub fn industries(lang: Lang) -> Vec<(String, String)> {
    ALL.iter().map(|code| (code.0.to_owned(), pick(code, lang).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_division_has_one_letter_and_two_names() {
        let divisions: Vec<&Code> = ALL.iter().filter(|(code, ..)| code.len() == 3).collect();
        let numbers: Vec<u32> = divisions.iter().map(|(code, ..)| code[1..].parse().expect("a number")).collect();
        assert_eq!(numbers, (1..=97).collect::<Vec<_>>());
        assert!(ALL.iter().all(|(_, zh, en)| !zh.is_empty() && !en.is_empty() && en.is_ascii()));
        assert!(LETTERS.iter().all(|(letter, ..)| divisions.iter().any(|(code, ..)| code.starts_with(letter))));
    }

    #[test]
    fn the_description_of_the_api_has_each_division_under_its_letter() {
        let described = include_str!("../../syndication/openapi.json");
        for (letter, ..) in LETTERS {
            let divisions = ALL.iter().filter(|(code, ..)| code.len() == 3 && code.starts_with(letter)).map(|(code, ..)| &code[1..]);
            let part = format!("{letter}([0-9]|({})[0-9]{{0,2}})?", divisions.collect::<Vec<_>>().join("|"));
            assert!(described.contains(&part), "{part}");
        }
    }

    #[test]
    fn a_code_lies_within_a_division_of_its_letter() {
        for good in ["C", "C3", "C39", "C391", "C3911", "I65", "T97"] {
            assert!(industry_is_valid(good), "{good}");
        }
        for bad in ["", "Z", "C39111", "制造", "G39", "G3911", "C98", "C00", "39", "c39", "C3x"] {
            assert!(!industry_is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn industries_are_named_by_the_most_exact_that_is_known() {
        assert_eq!(industry_name("C3911", Lang::Zh), "计算机、通信和其他电子设备制造业");
        assert_eq!((industry_name("H62", Lang::En), industry_letter("H62", Lang::En)), ("Catering", "Hotels and catering"));
        assert_eq!((industry_name("Z1", Lang::Zh), industry_name("", Lang::Zh)), ("", ""));
    }

    #[test]
    fn what_is_typed_becomes_a_code_or_has_one_nearby() {
        for (typed, code) in
            [("c39", "C39"), ("C39 计算机", "C39"), ("3911", "C3911"), ("餐饮业", "H62"), ("Catering", "H62"), ("制造业", "C")]
        {
            assert_eq!(industry_of(typed).as_deref(), Some(code), "{typed}");
        }
        for bad in ["", "火星", "G3911", "C9", "9900"] {
            assert_eq!(industry_of(bad), None, "{bad}");
        }
        assert_eq!(industries_near("G3911", Lang::Zh)[0].0, "C39");
        assert!(industries_near("电子厂", Lang::Zh).iter().any(|(code, _)| *code == "C39"));
        assert!(industries_near("xyz", Lang::Zh).is_empty());
    }
}
