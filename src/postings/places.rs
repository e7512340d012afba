//! The places of work of a posting. The first stands in the posting itself; up to nine further ones follow it, each with its own openings if
//! they are stated. Pure.
//!
//! A table has the further ones in one cell, `440306 宝安区福海街道;441900 东莞长安|Chang'an, Dongguan|20`: code or name of the region, address,
//! address in English, openings. A backslash stands before what would end a part, so that whatever is written is read again.

use super::codes;
use super::content::Content;
use crate::i18n::Lang;
use serde::{Deserialize, Serialize};

/// Further places at most.
pub(super) const MOST: usize = 9;
/// Places named in one sentence before the rest is counted.
const NAMED: usize = 3;

/// A place of work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// GB/T 2260 code.
    pub region: String,
    pub zh: String,
    pub en: String,
    /// Openings there; 0 if not stated.
    pub headcount: i64,
}

/// The places after the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Further(pub Vec<Place>);

impl TryFrom<String> for Further {
    type Error = anyhow::Error;
    fn try_from(stored: String) -> anyhow::Result<Self> {
        if stored.is_empty() { Ok(Self::default()) } else { Ok(serde_json::from_str(&stored)?) }
    }
}

impl Place {
    /// Region and address, such as `浙江杭州 · 滨江区江南大道 1 号`; an address that names its county or city itself does not get it twice.
    pub fn name(&self, lang: Lang) -> String {
        let (names, place) = (codes::region_names(&self.region, lang), lang.pick(&self.zh, &self.en));
        match (place.is_empty() || names.is_empty(), lang) {
            (true, _) => format!("{}{place}", codes::region_name(&self.region, lang)),
            (false, Lang::Zh) => match names.iter().position(|name| place.starts_with(name) || place.starts_with(codes::bare(name))) {
                Some(first) => format!("{}{place}", names[..first].concat()),
                None => format!("{} · {place}", names.concat()),
            },
            (false, Lang::En) => {
                let above = names.iter().rev().filter(|name| !place.contains(*name)).copied();
                std::iter::once(place).chain(above).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// The same with its openings, if they are stated.
    pub fn with_headcount(&self, lang: Lang) -> String {
        match self.headcount {
            0 => self.name(lang),
            n => lang.t2("postings-place-headcount", "place", self.name(lang), "n", n),
        }
    }
}

impl Further {
    /// As it is stored.
    pub(super) fn stored(&self) -> String {
        if self.0.is_empty() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    /// As it stands in a table.
    pub fn in_a_cell(&self) -> String {
        let one = |place: &Place| {
            let mut parts = vec![format!("{} {}", place.region, escaped(&place.zh)).trim_end().to_owned(), escaped(&place.en)];
            parts.push(if place.headcount == 0 { String::new() } else { place.headcount.to_string() });
            while parts.last().is_some_and(String::is_empty) {
                parts.pop();
            }
            parts.join("|")
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(";")
    }
}

fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, '\\' | ';' | '；' | '|' | '｜').then_some('\\').into_iter().chain([c])).collect()
}

/// The parts of each place of a cell: region, address, address in English, openings; what is not stated is empty.
pub(super) fn parts_of_cell(cell: &str) -> Vec<[String; 4]> {
    let (mut places, mut parts, mut escape) = (Vec::new(), vec![String::new()], false);
    for c in cell.chars().chain([';']) {
        match c {
            '\\' if !escape => {
                escape = true;
                continue;
            }
            ';' | '；' | '\n' if !escape => places.push(std::mem::replace(&mut parts, vec![String::new()])),
            '|' | '｜' if !escape => parts.push(String::new()),
            c => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
        escape = false;
    }
    places.retain(|parts| parts.iter().any(|part| !part.trim().is_empty()));
    let one = |parts: Vec<String>| {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_default();
        let first = first.trim();
        // A region's name may have spaces in it.
        let (region, zh) = match first.split_once(char::is_whitespace) {
            Some((region, zh)) if codes::region_of(first).is_none() && codes::region_of(region).is_some() => (region, zh),
            _ => (first, ""),
        };
        let (en, headcount) = (parts.next().unwrap_or_default(), parts.collect::<Vec<_>>().join("|"));
        [region.to_owned(), zh.trim().to_owned(), en, headcount]
    };
    places.into_iter().map(one).collect()
}

impl Content {
    /// All places of work, the first one first. Once all further ones state their openings, the first has what is left.
    pub fn places(&self) -> Vec<Place> {
        let further = &self.further.0;
        let stated = !further.is_empty() && further.iter().all(|place| place.headcount > 0);
        let left = self.headcount - further.iter().map(|place| place.headcount).sum::<i64>();
        let headcount = if stated { left.max(0) } else { 0 };
        let first = Place { region: self.region.clone(), zh: self.place_zh.clone(), en: self.place_en.clone(), headcount };
        std::iter::once(first).chain(further.iter().cloned()).collect()
    }

    /// The first place.
    pub fn place(&self, lang: Lang) -> String {
        Place { region: self.region.clone(), zh: self.place_zh.clone(), en: self.place_en.clone(), headcount: 0 }.name(lang)
    }

    /// The first place and how many there are, for a line of a card.
    pub fn place_in_short(&self, lang: Lang) -> String {
        match self.further.0.len() {
            0 => self.place(lang),
            more => lang.t2("postings-place-and-more", "place", self.place(lang), "n", more + 1),
        }
    }

    /// The places in one sentence: the first three, and how many there are if that is not all.
    pub fn places_in_words(&self, lang: Lang) -> String {
        let names: Vec<String> = self.places().iter().map(|place| place.name(lang)).collect();
        let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(lang.pick("；", "; "));
        if names.len() > NAMED { lang.t2("postings-place-and-more", "place", named, "n", names.len()) } else { named }
    }

    /// All that is said of places, to be looked at by rules: the field of the form, and its text.
    pub(super) fn texts_of_places(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let further = super::places_form::FIELDS.iter().zip(&self.further.0);
        let first = [("place_zh", self.place_zh.as_str()), ("place_en", self.place_en.as_str())];
        first.into_iter().chain(further.flat_map(|(fields, place)| [(fields[1], place.zh.as_str()), (fields[2], place.en.as_str())]))
    }

    /// All that the employer wrote.
    pub fn written(&self) -> Vec<&str> {
        let texts = [&self.title_zh, &self.title_en, &self.about_zh, &self.about_en].map(String::as_str);
        texts.into_iter().chain(self.texts_of_places().map(|(_, text)| text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(region: &str, zh: &str, en: &str, headcount: i64) -> Place {
        Place { region: region.into(), zh: zh.into(), en: en.into(), headcount }
    }

    #[test]
    fn a_place_names_its_city_once() {
        let name = |zh: &str, en: &str| [Lang::Zh, Lang::En].map(|lang| place("330100", zh, en, 0).name(lang));
        assert_eq!(name("滨江区", "Binjiang"), ["浙江杭州 · 滨江区", "Binjiang, Hangzhou, Zhejiang"]);
        assert_eq!(name("杭州钱塘区", "Qiantang, Hangzhou"), ["浙江杭州钱塘区", "Qiantang, Hangzhou, Zhejiang"]);
        assert_eq!(name("", ""), ["浙江杭州", "Hangzhou, Zhejiang"]);
        assert_eq!(place("", "某地", "", 0).name(Lang::Zh), "某地");
    }

    #[test]
    fn what_is_written_into_a_cell_is_read_again() {
        let all = Further(vec![
            place("440306", "宝安区福海街道", "", 0),
            place("441900", "东莞长安", "Chang'an, Dongguan", 20),
            place("330100", "", "", 3),
            place("110105", "甲;乙|丙\\；｜ 丁", "a;b|c\\", 0),
        ]);
        let cell = all.in_a_cell();
        assert!(cell.starts_with("440306 宝安区福海街道;441900 东莞长安|Chang'an, Dongguan|20;330100||3;"), "{cell}");
        let read = parts_of_cell(&cell).into_iter().map(|[region, zh, en, n]| place(&region, &zh, &en, n.parse().unwrap_or(0)));
        assert_eq!(read.collect::<Vec<_>>(), all.0);
        assert!(parts_of_cell(" ;；\n| ").is_empty());
        assert_eq!(parts_of_cell("东莞 长安镇\n浙江省杭州市")[0][..2], ["东莞".to_owned(), "长安镇".into()]);
        assert_eq!(parts_of_cell("Hangzhou, Zhejiang")[0][0], "Hangzhou, Zhejiang");
    }

    #[test]
    fn the_first_place_has_the_openings_that_are_left() {
        let mut c = Content { region: "330100".into(), headcount: 30, ..Content::default() };
        assert_eq!(c.places(), [place("330100", "", "", 0)]);
        c.further = Further(vec![place("441900", "", "", 10), place("440300", "", "", 0)]);
        assert_eq!(c.places()[0].headcount, 0, "nobody knows");
        c.further.0[1].headcount = 5;
        assert_eq!(c.places()[0].headcount, 15);
        assert_eq!(c.places()[0].with_headcount(Lang::Zh), "浙江杭州（招 15 人）");
        assert_eq!(c.place_in_short(Lang::En), "Hangzhou, Zhejiang · 3 places");
        c.further.0.push(place("110105", "", "", 1));
        assert_eq!(c.places_in_words(Lang::Zh), "浙江杭州；广东东莞；广东深圳等 4 处");
    }

    #[test]
    fn what_is_stored_comes_back() {
        for further in [Further::default(), Further(vec![place("441900", "长安\"'", "", 0)])] {
            assert_eq!(Further::try_from(further.stored()).expect("stored"), further);
        }
        assert!(Further::try_from("{".to_owned()).is_err());
    }
}
