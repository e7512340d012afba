//! Codes: regions (GB/T 2260: provinces, prefectures and counties, with where they lie), industries (`industries`) and occupations (`occupations`).
//!
//! `regions.tsv` holds a region a line: code, Chinese name, English name, longitude and latitude in degrees. Codes and positions are those of
//! the package cpca (MIT licence), English names are pinyin. A code that is not listed is shown by what is above it.

mod industries;
mod nearest;
mod occupations;

pub use industries::{
    industries, industries_like, industries_near, industry_is_valid, industry_is_within, industry_letter, industry_name, industry_of,
};
pub use occupations::{occupation_name, occupation_of, occupations_like, occupations_near};

use crate::i18n::Lang;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// A code with its name.
pub type Named = (&'static str, &'static str);

/// Fields of a posting that have codes for which [`instead`] knows others.
pub const CODED: [&str; 2] = ["industry", "occupation"];

/// What to choose instead of what is no code of a field, in words; none for a field without codes, and if nothing is near.
pub fn instead(field: &str, typed: &str, lang: Lang) -> Option<String> {
    let near = match field {
        "industry" => industries_near(typed, lang),
        "occupation" => occupations_near(typed),
        _ => Vec::new(),
    };
    let list = near.iter().map(|(code, name)| format!("{code} {name}")).collect::<Vec<_>>().join(lang.pick("；", "; "));
    (!near.is_empty()).then(|| lang.t1("postings-nearest", "list", list))
}

/// Latitude and longitude in degrees.
pub type Point = (f64, f64);

struct Region {
    zh: &'static str,
    en: &'static str,
    at: Point,
}

static REGIONS: LazyLock<BTreeMap<u32, Region>> = LazyLock::new(|| {
    let region = |line: &'static str| {
        let mut parts = line.split('\t');
        let (code, zh, en) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
        let (east, north) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some((code, Region { zh, en, at: (north, east) }))
    };
    include_str!("regions.tsv").lines().filter_map(region).collect()
});

/// The mean radius of the Earth, in metres.
const EARTH: f64 = 6_371_000.0;

fn region(code: u32) -> Option<&'static Region> {
    REGIONS.get(&code)
}

impl Region {
    fn name(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }
}

/// The number of a code of six digits in a known province.
fn number(code: &str) -> Option<u32> {
    let digits = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
    code.parse::<u32>().ok().filter(|n| digits && region(n / 10_000 * 10_000).is_some())
}

/// Whether it is six digits of a known province.
pub fn region_is_valid(code: &str) -> bool {
    number(code).is_some()
}

/// The names of a region and those above it, widest first: 浙江, 杭州, 西湖区. Empty for an unknown code.
pub fn region_names(code: &str, lang: Lang) -> Vec<&'static str> {
    let Some(n) = number(code) else { return Vec::new() };
    let mut codes = vec![n / 10_000 * 10_000, n / 100 * 100, n];
    codes.dedup();
    codes.into_iter().filter_map(region).map(|r| r.name(lang)).collect()
}

/// `浙江杭州西湖区`, `Xihu, Hangzhou, Zhejiang`; empty for an unknown code.
pub fn region_name(code: &str, lang: Lang) -> String {
    let mut names = region_names(code, lang);
    match lang {
        Lang::Zh => names.concat(),
        Lang::En => {
            names.reverse();
            names.join(", ")
        }
    }
}

/// The most exact name alone: `杭州`, or the province.
pub fn short_region(code: &str, lang: Lang) -> &'static str {
    region_names(code, lang).last().copied().unwrap_or("")
}

/// The province's name.
pub fn province(code: &str, lang: Lang) -> &'static str {
    region_names(code, lang).first().copied().unwrap_or("")
}

/// A Chinese name without what it is: 西湖 of 西湖区.
pub fn bare(name: &str) -> &str {
    let short = name.strip_suffix(['市', '区', '县', '旗', '盟']).unwrap_or(name);
    if short.chars().count() > 1 { short } else { name }
}

/// The Chinese names of all regions, with and without what they are, for cutting what somebody typed.
pub(super) fn names_zh() -> impl Iterator<Item = &'static str> {
    REGIONS.values().flat_map(|r| [r.zh, bare(r.zh)]).filter(|name| name.chars().count() > 1)
}

/// The code of a region by its code or by its name in either language, with or without what is above it: `浙江省杭州市西湖区`, `杭州`,
/// `Hangzhou, Zhejiang`. None if there is none, or several of a bare name.
pub fn region_of(text: &str) -> Option<String> {
    let plain = |text: &str| text.to_lowercase().replace([' ', ',', '，', '·', '/'], "");
    let typed = plain(text);
    if number(text).is_some() {
        return Some(text.to_owned());
    }
    if let Some(code) = NAMES.get(&typed) {
        return code.clone();
    }
    // As people write addresses: 省 and 市 said, or not.
    let bare: String = typed.replace("特别行政区", "").replace("自治区", "").replace(['省', '市'], "");
    NAMES.get(&bare).cloned().flatten()
}

/// All ways to name a region, folded; None for a name that several have.
static NAMES: LazyLock<HashMap<String, Option<String>>> = LazyLock::new(|| {
    let mut all: HashMap<String, Option<String>> = HashMap::new();
    for code in REGIONS.keys().map(u32::to_string) {
        let (zh, en) = (region_names(&code, Lang::Zh), region_names(&code, Lang::En));
        let full = zh.concat();
        let mut ways = vec![full.replace('市', ""), full, en.iter().rev().copied().collect::<String>().to_lowercase().replace(' ', "")];
        if let [_, city, county] = zh[..] {
            ways.push(format!("{city}{county}").replace('市', ""));
        }
        // By itself a county's name is that of a street as often.
        if code.ends_with("00") {
            ways.extend(zh.last().map(|name| (*name).to_owned()));
            ways.extend(en.last().map(|name| name.to_lowercase().replace(' ', "")));
        }
        ways.sort();
        ways.dedup();
        for way in ways {
            // A province goes before its city of the same name.
            let twice = |known: &mut Option<String>| *known = known.take().filter(|code| code.ends_with("0000"));
            all.entry(way).and_modify(twice).or_insert(Some(code.clone()));
        }
    }
    all
});

/// Where somebody is: in a region, or at `30.27,120.16`. None if there is no such place in reach of the regions.
pub(super) fn point(text: &str) -> Option<Point> {
    if let Some(n) = number(text) {
        return [n, n / 100 * 100, n / 10_000 * 10_000].into_iter().find_map(region).map(|r| r.at);
    }
    let (north, east) = text.split_once(',')?;
    let (north, east): (f64, f64) = (north.parse().ok()?, east.parse().ok()?);
    // China with its surroundings.
    ((0.0..60.0).contains(&north) && (70.0..140.0).contains(&east)).then_some((north, east))
}

/// The distance of all regions from a point in metres on the great circle, nearest first.
pub(super) fn distances(from: Point) -> Vec<(i64, u32)> {
    let mut all: Vec<(i64, u32)> = REGIONS.iter().map(|(code, r)| (metres(from, r.at), *code)).collect();
    all.sort_unstable();
    all
}

/// The haversine formula.
fn metres(a: Point, b: Point) -> i64 {
    let half = |x: f64, y: f64| ((y - x).to_radians() / 2.0).sin().powi(2);
    let h = half(a.0, b.0) + a.0.to_radians().cos() * b.0.to_radians().cos() * half(a.1, b.1);
    (2.0 * EARTH * h.sqrt().min(1.0).asin()) as i64
}

/// How far a region is from a point, in metres.
pub(super) fn distance(from: Point, code: &str) -> Option<i64> {
    number(code).and_then(region).map(|r| metres(from, r.at))
}

/// The regions right below one, or the provinces: code and name.
pub fn below(code: Option<u32>, lang: Lang) -> Vec<(u32, &'static str)> {
    let level = |n: u32| (n.is_multiple_of(10_000), n.is_multiple_of(100));
    let inside = |n: u32| match code.map(|c| (c, level(c))) {
        None => level(n).0,
        // A municipality's districts lie right below it.
        Some((c, (true, _))) => n / 10_000 == c / 10_000 && !level(n).0 && (level(n).1 || region(n / 100 * 100).is_none()),
        Some((c, (_, true))) => n / 100 == c / 100 && n != c,
        Some(_) => false,
    };
    REGIONS.iter().filter(|(n, _)| inside(**n)).map(|(n, r)| (*n, r.name(lang))).collect()
}

/// All provinces and prefectures for a form.
pub fn regions(lang: Lang) -> Vec<(String, String)> {
    let wide = REGIONS.keys().filter(|n| n.is_multiple_of(100)).map(u32::to_string);
    wide.map(|code| (region_names(&code, lang).join(" · "), code)).map(|(name, code)| (code, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_has_a_province_names_and_a_place() {
        assert_eq!(REGIONS.len(), include_str!("regions.tsv").lines().count());
        for (code, r) in REGIONS.iter() {
            assert!(
                region(code / 10_000 * 10_000).is_some() && !r.zh.is_empty() && r.en.chars().all(|c| c.is_ascii() || c == 'ü'),
                "{code}"
            );
            assert!((3.0..54.0).contains(&r.at.0) && (73.0..136.0).contains(&r.at.1), "{code}");
        }
        assert_eq!(below(None, Lang::Zh).len(), 34);
        assert!(below(Some(110_000), Lang::Zh).contains(&(110_105, "朝阳区")));
        assert!(below(Some(330_000), Lang::En).contains(&(330_100, "Hangzhou")) && below(Some(330_106), Lang::En).is_empty());
        assert!(below(Some(330_100), Lang::Zh).contains(&(330_106, "西湖区")));
    }

    #[test]
    fn names_fall_back_to_what_is_above() {
        assert_eq!(region_name("330106", Lang::Zh), "浙江杭州西湖区");
        assert_eq!(region_name("330100", Lang::En), "Hangzhou, Zhejiang");
        assert_eq!(region_name("110105", Lang::Zh), "北京朝阳区");
        assert_eq!((region_name("330199", Lang::Zh), region_name("x", Lang::Zh)), ("浙江杭州".into(), String::new()));
        for bad in ["", "33", "990000", "33010x", "３３０１００", "330100' OR 1=1"] {
            assert!(!region_is_valid(bad), "{bad}");
        }
        let named = ["杭州", "浙江省杭州市", "浙江杭州西湖区", "苏州市昆山市", "hangzhou, zhejiang", "吉林", "330106"];
        let codes = ["330100", "330100", "330106", "320583", "330100", "220000", "330106"];
        assert_eq!(named.map(|name| region_of(name).unwrap_or_default()), codes);
        assert!(region_of("朝阳区").is_none() && region_of("").is_none());
    }

    #[test]
    fn distances_are_those_of_the_map() {
        let hangzhou = point("330100").expect("known");
        // Some 160 km as the crow flies.
        assert!((150_000..175_000).contains(&distance(hangzhou, "310000").expect("known")));
        assert_eq!(distances(hangzhou)[0], (0, 330_100));
        assert_eq!(point("30.27,120.16"), Some((30.27, 120.16)));
        for bad in ["", "x", "91,181", "NaN,120", "30", "1e9,120"] {
            assert_eq!(point(bad), None, "{bad}");
        }
    }
}
