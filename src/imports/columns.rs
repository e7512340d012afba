//! The columns of a table of postings: how they are called in both languages, what may stand in them, and the fields of the posting's form that
//! they fill. A table that was exported can be imported again.

use crate::i18n::Lang;
use crate::postings::codes;
use std::collections::BTreeMap;

/// A value as the form knows it, in Chinese, in English.
type Choice = (&'static str, &'static str, &'static str);

/// A column.
pub(super) struct Column {
    /// The field of the form, or `reference`.
    pub(super) field: &'static str,
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    /// Whether it must be filled in.
    pub(super) needed: bool,
    /// An example for the template, in Chinese and in English.
    pub(super) example: (&'static str, &'static str),
    /// What may stand in it, if not anything.
    pub(super) choices: &'static [Choice],
}

const fn column(field: &'static str, zh: &'static str, en: &'static str, needed: bool, example: (&'static str, &'static str)) -> Column {
    Column { field, zh, en, needed, example, choices: &[] }
}

const fn choice(
    field: &'static str,
    zh: &'static str,
    en: &'static str,
    example: (&'static str, &'static str),
    choices: &'static [Choice],
) -> Column {
    Column { field, zh, en, needed: false, example, choices }
}

const YES_NO: &[Choice] = &[("", "未说明", "Not stated"), ("yes", "是", "Yes"), ("no", "否", "No")];
const PROVISION: &[Choice] = &[
    ("", "未说明", "Not stated"),
    ("provided", "免费提供", "Free"),
    ("allowance", "有补贴", "Allowance"),
    ("none", "自理", "Not provided"),
];
const UNITS: &[Choice] =
    &[("hour", "小时", "Hour"), ("day", "天", "Day"), ("week", "周", "Week"), ("month", "月", "Month"), ("year", "年", "Year")];
const KINDS: &[Choice] = &[
    ("full-time", "全职", "Full-time"),
    ("part-time", "兼职", "Part-time"),
    ("temporary", "临时工", "Temporary"),
    ("internship", "实习", "Internship"),
];

/// Two places as they are written into one cell.
const FURTHER: &str = "440306 宝安区福海街道;441900 东莞长安";

pub(super) const COLUMNS: &[Column] = &[
    column("reference", "单位岗位编号", "Reference", false, ("A-001", "A-001")),
    column("title_zh", "岗位名称", "Title (Chinese)", true, ("电焊工", "电焊工")),
    column("title_en", "岗位名称（英文）", "Title (English)", false, ("Welder", "Welder")),
    column("about_zh", "工作内容", "About (Chinese)", true, ("负责钢结构焊接，包吃住。", "负责钢结构焊接，包吃住。")),
    column("about_en", "工作内容（英文）", "About (English)", false, ("", "Welds steel frames.")),
    column("region", "工作地区", "Region", true, ("浙江杭州", "330100")),
    column("place_zh", "详细地址", "Place (Chinese)", false, ("滨江区江南大道 1 号", "滨江区江南大道 1 号")),
    column("place_en", "详细地址（英文）", "Place (English)", false, ("", "1 Jiangnan Avenue, Binjiang")),
    column("places", "其他工作地点", "Further places", false, (FURTHER, FURTHER)),
    column("industry", "行业", "Industry", true, ("制造业", "C")),
    column("occupation", "职业代码", "Occupation code", false, ("6-18-02-04", "6-18-02-04")),
    column("headcount", "招聘人数", "Headcount", true, ("20", "20")),
    column("pay_min", "最低工资（元）", "Lowest pay (yuan)", false, ("6000", "6000")),
    column("pay_max", "最高工资（元）", "Highest pay (yuan)", false, ("8000", "8000")),
    choice("pay_unit", "计薪单位", "Pay per", ("月", "Month"), UNITS),
    column("pay_day", "发薪日", "Pay day", false, ("15", "15")),
    choice("kind", "用工形式", "Employment", ("全职", "Full-time"), KINDS),
    choice("couples", "夫妻房", "Room for couples", ("是", "Yes"), YES_NO),
    choice("assembly_line", "流水线", "Assembly line", ("否", "No"), YES_NO),
    choice("day_shift", "只上白班", "Day shift only", ("是", "Yes"), YES_NO),
    column("hourly", "时薪（元）", "Hourly pay (yuan)", false, ("", "")),
    column("days_off", "月休天数", "Days off a month", false, ("4", "4")),
    choice("meals", "吃饭", "Meals", ("免费提供", "Free"), PROVISION),
    choice("housing", "住宿", "Housing", ("免费提供", "Free"), PROVISION),
    column("age_min", "最小年龄", "Age from", false, ("", "")),
    column("age_max", "最大年龄", "Age to", false, ("", "")),
    column("age_basis", "年龄限制的法律依据", "Legal basis of the age limit", false, ("", "")),
    column("contact_person", "联系人（报名者可见）", "Contact (for applicants)", false, ("李师傅", "Mr Li")),
    column("contact_phone", "联系电话（报名者可见）", "Telephone (for applicants)", false, ("0571-88886666", "0571-88886666")),
    column("valid_until", "有效期至", "Valid until", true, ("", "")),
];

impl Column {
    pub(super) fn name(&self, lang: Lang) -> &'static str {
        lang.pick(self.zh, self.en)
    }

    /// A value of the form as it stands in a table.
    pub(super) fn shown(&self, value: &str, lang: Lang) -> String {
        match self.field {
            "region" => codes::region_name(value, lang),
            "pay_day" => match value {
                "daily" => lang.pick("日结", "Daily").to_owned(),
                "weekly" => lang.pick("周结", "Weekly").to_owned(),
                day => day.to_owned(),
            },
            // A code finer than its letter would be lost with the name.
            "industry" if value.len() == 1 => codes::industry_name(value, lang).to_owned(),
            _ => match self.choices.iter().find(|c| c.0 == value) {
                Some(choice) if !value.is_empty() => lang.pick(choice.1, choice.2).to_owned(),
                Some(_) => String::new(),
                None => value.to_owned(),
            },
        }
    }

    /// What stands in a cell as a value of the form. What is not understood stays as it is, for the form to say so.
    fn value(&self, cell: &str) -> String {
        let text = cell.trim();
        match self.field {
            "region" => codes::region_of(text).unwrap_or_else(|| text.to_owned()),
            "industry" => codes::industry_of(text).unwrap_or_else(|| text.to_owned()),
            "pay_day" => match text.trim_end_matches(['日', '号']).trim_start_matches("每月") {
                "日结" | "Daily" | "每天" | "daily" => "daily".into(),
                "周结" | "Weekly" | "weekly" => "weekly".into(),
                day => day.to_owned(),
            },
            "valid_until" => day(text),
            "pay_unit" if text.is_empty() => "month".into(),
            "kind" if text.is_empty() => "full-time".into(),
            _ => {
                let known = self.choices.iter().find(|c| [c.0, c.1, c.2].iter().any(|name| name.eq_ignore_ascii_case(text)));
                known.map_or_else(|| cell.to_owned(), |c| c.0.to_owned())
            }
        }
    }
}

/// A day as the form has it: 2027-03-31, from 2027/3/31, 2027.3.31 or 2027年3月31日.
fn day(text: &str) -> String {
    let parts: Vec<&str> = text.split(['/', '.', '-', '年', '月', '日']).filter(|part| !part.is_empty()).collect();
    match parts[..] {
        [year, month, day] => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => text.to_owned(),
    }
}

/// Which column of a table fills which field; by its name in either language or the field's own, whatever its order.
pub(super) struct Header(Vec<Option<&'static Column>>);

impl Header {
    pub(super) fn read(header: &[String]) -> Self {
        let plain =
            |text: &str| text.trim().trim_start_matches('*').trim_end_matches('*').to_lowercase().replace(['(', ')', '（', '）', ' '], "");
        let find = |name: &String| COLUMNS.iter().find(|c| [c.zh, c.en, c.field].iter().any(|known| plain(known) == plain(name)));
        Self(header.iter().map(find).collect())
    }

    /// Columns without which no row can be right.
    pub(super) fn missing(&self) -> Vec<&'static Column> {
        COLUMNS.iter().filter(|c| c.needed && !self.0.iter().flatten().any(|known| known.field == c.field)).collect()
    }

    /// What a row says in one field of the form.
    pub(super) fn field(&self, field: &str, cells: &[String]) -> Option<String> {
        let mut both = self.0.iter().zip(cells);
        both.find_map(|(column, cell)| column.filter(|c| c.field == field).map(|c| c.value(cell)))
    }

    /// A row as fields of the form, with its reference apart.
    pub(super) fn fields(&self, cells: &[String]) -> (String, BTreeMap<String, String>) {
        let mut fields: BTreeMap<String, String> = COLUMNS.iter().map(|c| (c.field.to_owned(), c.value(""))).collect();
        for (column, cell) in self.0.iter().zip(cells) {
            if let Some(column) = column {
                fields.insert(column.field.to_owned(), column.value(cell));
            }
        }
        // A table without the column says nothing of it, and must not take it away.
        if !self.0.iter().flatten().any(|known| known.field == "contact_phone") {
            fields.retain(|field, _| !field.starts_with("contact_"));
        }
        let reference = fields.remove("reference").unwrap_or_default();
        (crate::web::clean(&reference, 60), fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_understood_in_either_language() {
        let zh: Vec<String> = COLUMNS.iter().map(|c| c.zh.to_owned()).collect();
        let en: Vec<String> = COLUMNS.iter().rev().map(|c| format!("*{}", c.en.to_uppercase())).collect();
        let row = |lang: Lang| COLUMNS.iter().map(|c| lang.pick(c.example.0, c.example.1).to_owned()).collect::<Vec<_>>();
        let (reference, a) = Header::read(&zh).fields(&row(Lang::Zh));
        let reversed: Vec<String> = row(Lang::En).into_iter().rev().collect();
        let (_, b) = Header::read(&en).fields(&reversed);
        assert_eq!(reference, "A-001");
        for field in ["region", "industry", "kind", "pay_unit", "couples", "assembly_line", "meals", "headcount"] {
            assert_eq!(a[field], b[field], "{field}");
        }
        assert_eq!((a["region"].as_str(), a["industry"].as_str(), a["meals"].as_str()), ("330100", "C", "provided"));
        assert!(Header::read(&zh).missing().is_empty());
        assert_eq!(Header::read(&["岗位名称".into(), "x".into()]).missing().len(), 5);
    }

    #[test]
    fn whatever_is_shown_is_understood_again() {
        for lang in [Lang::Zh, Lang::En] {
            for column in COLUMNS {
                for choice in column.choices {
                    assert_eq!(column.value(&column.shown(choice.0, lang)), choice.0, "{}", column.field);
                }
            }
            let column = |field: &str| COLUMNS.iter().find(|c| c.field == field).expect("column");
            for code in ["330000", "330100", "330106", "110105", "429004"] {
                assert_eq!(column("region").value(&column("region").shown(code, lang)), code, "{lang:?}");
            }
            for day in ["", "daily", "weekly", "15"] {
                assert_eq!(column("pay_day").value(&column("pay_day").shown(day, lang)), day);
            }
        }
        let column = |field: &str| COLUMNS.iter().find(|c| c.field == field).expect("column");
        for day in ["2027/3/31", "2027年3月31日", "2027.3.31"] {
            assert_eq!(column("valid_until").value(day), "2027-03-31");
        }
        assert_eq!(column("region").value("浙江省杭州市西湖区"), "330106");
        assert_eq!(column("region").value("不知道"), "不知道");
    }
}
