//! The rows of further places in a posting's form. Rows are added and taken out by a script, or by buttons that send the form and get it back.

use super::codes;
use super::form::{PostingForm, line, number};
use super::places::{Further, MOST, Place, parts_of_cell};
use crate::i18n::Lang;
use crate::web::{Fields, Text};

macro_rules! fields {
    ($($prefix:literal)+) => {
        [$([concat!($prefix, "_region"), concat!($prefix, "_zh"), concat!($prefix, "_en"), concat!($prefix, "_headcount")]),+]
    };
}

/// The fields of each further place: region, address, address in English, openings.
pub(super) const FIELDS: [[&str; 4]; MOST] = fields!("place2" "place3" "place4" "place5" "place6" "place7" "place8" "place9" "place10");

/// The field in which a table has them all.
pub(super) const CELL: &str = "places";

/// The buttons that change the rows and save nothing.
const ADD: &str = "add-place";
const DROP: &str = "drop-place";

/// A row of the form as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// As the place is counted; the first one is 1, and 0 is the row of which a script makes new ones.
    pub(super) number: usize,
    pub(super) region: String,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) headcount: String,
}

impl Row {
    fn new(number: usize, [region, zh, en, headcount]: [String; 4]) -> Self {
        Self { number, region, zh, en, headcount }
    }

    pub(super) fn field(&self, part: &str) -> String {
        format!("place{}_{part}", self.number)
    }

    fn is_blank(&self) -> bool {
        [&self.region, &self.zh, &self.en, &self.headcount].iter().all(|text| text.trim().is_empty())
    }

    /// The place, or what is wrong with it beside `fields`.
    fn read(&self, f: &mut Fields, fields: &[&'static str; 4]) -> Place {
        let region = region(&self.region).unwrap_or_else(|| {
            f.add(fields[0], Text("postings-wrong-region"));
            String::new()
        });
        Place {
            region,
            zh: line(f, fields[1], &self.zh, 80),
            en: line(f, fields[2], &self.en, 120),
            headcount: number(f, fields[3], &self.headcount, 1..=99_999, 0),
        }
    }
}

/// The code of what was typed or picked: `440306 广东深圳宝安区`, the code alone or the name alone.
fn region(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let code = typed.split_whitespace().next().filter(|code| codes::region_is_valid(code));
    code.map(str::to_owned).or_else(|| codes::region_of(typed))
}

/// A region as the form offers it.
pub(super) fn picked(code: &str, lang: Lang) -> String {
    format!("{code} {}", codes::region_name(code, lang))
}

impl PostingForm {
    /// The rows that are there, blank ones included.
    pub(super) fn rows(&self) -> Vec<Row> {
        let typed = |fields: &[&str; 4]| fields.map(|field| self.more.get(field).cloned().unwrap_or_default());
        let there = (2..).zip(&FIELDS).filter(|(_, fields)| fields.iter().any(|field| self.more.contains_key(*field)));
        there.map(|(number, fields)| Row::new(number, typed(fields))).collect()
    }

    fn put_rows(&mut self, rows: impl IntoIterator<Item = Row>) {
        self.more.retain(|name, _| FIELDS.iter().flatten().all(|field| field != name));
        for (row, fields) in rows.into_iter().zip(&FIELDS) {
            let texts = [row.region, row.zh, row.en, row.headcount];
            self.more.extend(fields.iter().map(|field| (*field).to_owned()).zip(texts));
        }
    }

    pub(super) fn put_places(&mut self, further: &Further, lang: Lang) {
        let headcount = |n: i64| if n == 0 { String::new() } else { n.to_string() };
        let row = |p: &Place| Row::new(0, [picked(&p.region, lang), p.zh.clone(), p.en.clone(), headcount(p.headcount)]);
        self.put_rows(further.0.iter().map(row));
    }

    /// Numbers the rows anew without blank ones, and carries out the button that was pressed: `true` if that was all it was pressed for.
    pub(super) fn rearrange(&mut self) -> bool {
        let dropped = self.then.strip_prefix(DROP).and_then(|number| number.parse::<usize>().ok());
        let mut rows = self.rows();
        rows.retain(|row| !row.is_blank() && Some(row.number) != dropped);
        if self.then == ADD && rows.len() < MOST {
            rows.push(Row::default());
        }
        self.put_rows(rows);
        self.then == ADD || dropped.is_some()
    }

    /// The further places, or what is wrong with them.
    pub(super) fn places(&self, f: &mut Fields) -> Further {
        let cell = self.more.get(CELL).map_or("", |cell| cell.trim());
        let rows: Vec<([&'static str; 4], Row)> = match cell.is_empty() {
            true => self.rows().into_iter().filter(|row| !row.is_blank()).map(|row| (FIELDS[row.number - 2], row)).collect(),
            false => parts_of_cell(cell).into_iter().map(|parts| ([CELL; 4], Row::new(0, parts))).collect(),
        };
        if rows.len() > MOST {
            f.add(CELL, Text("postings-wrong-places-many"));
        }
        let mut all: Vec<Place> = Vec::new();
        for (fields, row) in &rows {
            let place = row.read(f, fields);
            let same = |other: &Place| (&other.region, &other.zh, &other.en) == (&place.region, &place.zh, &place.en);
            let is_first = (region(&self.region).as_ref(), &self.place_zh, &self.place_en) == (Some(&place.region), &place.zh, &place.en);
            if all.iter().any(same) || is_first {
                f.add(fields[0], Text("postings-wrong-place-twice"));
            }
            all.push(place);
        }
        Further(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn form(rows: &[(usize, &str)], then: &str) -> PostingForm {
        let more: BTreeMap<String, String> = rows.iter().map(|(n, region)| (format!("place{n}_region"), (*region).to_owned())).collect();
        PostingForm { more, then: then.into(), region: "330100".into(), ..PostingForm::default() }
    }

    fn regions(form: &PostingForm) -> Vec<(usize, String)> {
        form.rows().into_iter().map(|row| (row.number, row.region)).collect()
    }

    #[test]
    fn buttons_add_and_take_out_rows_and_others_only_close_gaps() {
        let mut f = form(&[(2, "东莞"), (5, "深圳"), (7, " ")], "review");
        assert!(!f.rearrange());
        assert_eq!(regions(&f), [(2, "东莞".to_owned()), (3, "深圳".into())]);
        f.then = "drop-place2".into();
        assert!(f.rearrange());
        assert_eq!(regions(&f), [(2, "深圳".to_owned())]);
        f.then = ADD.into();
        assert!(f.rearrange());
        assert_eq!(regions(&f), [(2, "深圳".to_owned()), (3, String::new())]);
        let mut full = form(&[2, 3, 4, 5, 6, 7, 8, 9, 10].map(|n| (n, "东莞")), ADD);
        assert!(full.rearrange());
        assert_eq!(full.rows().len(), MOST);
    }

    #[test]
    fn a_region_is_picked_or_named_and_a_wrong_one_has_its_message_beside_it() {
        for typed in ["441900", "441900 广东东莞", "东莞", "广东省东莞市", "Dongguan, Guangdong"] {
            let mut wrong = Fields::default();
            let further = form(&[(2, typed)], "").places(&mut wrong);
            assert_eq!((further.0[0].region.as_str(), wrong.is_empty()), ("441900", true), "{typed}");
        }
        let mut wrong = Fields::default();
        form(&[(2, "火星"), (3, "东莞"), (4, "441900"), (5, "330100")], "").places(&mut wrong);
        assert_eq!(wrong.0.keys().copied().collect::<Vec<_>>(), ["place2_region", "place4_region", "place5_region"]);
        let mut cell = form(&[], "");
        cell.more.insert(CELL.into(), "441900 长安|x|0".into());
        let mut wrong = Fields::default();
        cell.places(&mut wrong);
        assert_eq!(wrong.get(CELL), Some("postings-wrong-number"));
        cell.more.insert(CELL.into(), (0..10).map(|n| format!("441900 {n};")).collect());
        let mut wrong = Fields::default();
        cell.places(&mut wrong);
        assert_eq!(wrong.get(CELL), Some("postings-wrong-places-many"));
    }
}
