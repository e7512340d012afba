//! Tables that are taken out: the template, all postings of an employer in a fair, the wrong rows of an import. As CSV for any program and as a
//! workbook in which every cell is text and the choices of a column can be picked.

use super::columns::{COLUMNS, Column, Header};
use super::{HEADER, Import, Imports, Problem};
use crate::clock::DAY;
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{EmployerId, PostingId};
use crate::postings::{codes, fields_of};
use crate::web::{BOM, Result, csv_row};
use rust_xlsxwriter::{DataValidation, Format, Workbook, XlsxError};
use std::collections::HashMap;

/// Rows read at a time.
const CHUNK: i64 = 1_000;
/// Rows of a workbook in which choices can be picked, header included.
const PICKED: u32 = 50_000;

/// Different wrong codes of a table for which right ones are looked up.
const DIFFERENT: usize = 500;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Csv,
    Xlsx,
}

impl Kind {
    pub(super) fn mime(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// A table with its header.
    fn write(self, header: &[String], rows: &[Vec<String>], lang: Lang) -> Result<Vec<u8>> {
        match self {
            Self::Csv => {
                let lines = std::iter::once(header.to_vec()).chain(rows.iter().cloned()).map(|row| csv_row(&row));
                Ok(format!("{BOM}{}", lines.collect::<String>()).into_bytes())
            }
            Self::Xlsx => Ok(workbook(header, rows, lang).map_err(anyhow::Error::from)?),
        }
    }
}

fn workbook(header: &[String], rows: &[Vec<String>], lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, column) in (0u16..).zip(COLUMNS) {
        if !column.choices.is_empty() {
            let names: Vec<&str> = column.choices.iter().filter(|c| !c.0.is_empty()).map(|c| lang.pick(c.1, c.2)).collect();
            sheet.add_data_validation(1, at, PICKED, at, &DataValidation::new().allow_list_strings(&names)?)?;
        }
    }
    for (at, name) in (0u16..).zip(header) {
        sheet.set_column_width(at, 16)?;
        sheet.write_string_with_format(0, at, name, &bold)?;
    }
    for (n, row) in (1u32..).zip(rows) {
        // Text, whatever it looks like: no cell is a formula or a link.
        for (at, cell) in (0u16..).zip(row) {
            sheet.write_string(n, at, cell)?;
        }
    }
    book.save_to_buffer()
}

fn header(lang: Lang) -> Vec<String> {
    let name = |c: &Column| if c.needed { format!("*{}", c.name(lang)) } else { c.name(lang).to_owned() };
    COLUMNS.iter().map(name).collect()
}

impl Imports {
    /// The template with one row as an example.
    pub(super) fn template(&self, kind: Kind, lang: Lang) -> Result<Vec<u8>> {
        let until = crate::clock::iso(self.now() + 30 * DAY).chars().take(10).collect::<String>();
        let cell = |c: &Column| if c.field == "valid_until" { until.clone() } else { lang.pick(c.example.0, c.example.1).to_owned() };
        kind.write(&header(lang), &[COLUMNS.iter().map(cell).collect()], lang)
    }

    /// All postings of an employer in a fair, as they can be sent again.
    pub(super) async fn export(&self, fair: &Fair, employer: EmployerId, kind: Kind, lang: Lang) -> Result<Vec<u8>> {
        let (mut rows, mut after, zone) = (Vec::new(), None::<PostingId>, fair.time_zone());
        let mut names = header(lang);
        names.extend([lang.t("imports-column-state"), lang.t("imports-column-link")]);
        loop {
            let some = self.postings.with_references(fair.id, employer, after, CHUNK).await?;
            let Some(last) = some.last() else { break };
            after = Some(last.posting.id);
            for one in &some {
                let fields = fields_of(&one.posting.content, &zone);
                let value = |c: &Column| match c.field {
                    "reference" => one.reference.clone(),
                    "contact_person" => one.contact.person.clone(),
                    "contact_phone" => one.contact.phone.clone(),
                    field => c.shown(fields.get(field).map_or("", String::as_str), lang),
                };
                let mut row: Vec<String> = COLUMNS.iter().map(value).collect();
                row.push(lang.t(one.posting.status(self.now()).label().0));
                row.push(format!("{}/postings/{}", self.accounts().origin, one.posting.id));
                rows.push(row);
            }
        }
        // A core's work for seconds when there are many.
        tokio::task::spawn_blocking(move || kind.write(&names, &rows, lang)).await?
    }

    /// The wrong rows of an import as they came, each with what is wrong in a column before them, to be put right and sent again.
    pub(super) async fn wrong_rows(&self, import: &Import, kind: Kind, lang: Lang) -> Result<Vec<u8>> {
        let (mut wrong, mut after) = (Vec::new(), HEADER);
        loop {
            let some = self.problems(import, after, CHUNK).await?;
            let Some(last) = some.last() else { break };
            after = last.n;
            wrong.extend(some);
        }
        let header = self.header(import).await?;
        tokio::task::spawn_blocking(move || {
            let mut telling = Telling::new(&header, lang);
            let columns = wrong.iter().map(|problem| problem.cells.len()).max().unwrap_or_default();
            let row = |problem: Problem| [vec![problem.n.to_string(), telling.told(&problem)], problem.cells].concat();
            let rows: Vec<Vec<String>> = wrong.into_iter().map(row).collect();
            let mut names = vec![lang.t("imports-column-row"), lang.t("imports-column-problem")];
            names.extend(header);
            names.resize(names.len().max(columns + 2), String::new());
            kind.write(&names, &rows, lang)
        })
        .await?
    }

    /// The first row of an import's table, as it came.
    pub(super) async fn header(&self, import: &Import) -> Result<Vec<String>> {
        let first = self.problems(import, HEADER - 1, 1).await?.pop();
        Ok(first.filter(|first| first.n == HEADER).map(|first| first.cells).unwrap_or_default())
    }
}

/// Says what is wrong with the rows of a table.
pub(super) struct Telling {
    header: Header,
    lang: Lang,
    /// What to write instead of a wrong code, by field and code: a table has the same one in many rows.
    instead: HashMap<(String, String), Option<String>>,
}

impl Telling {
    pub(super) fn new(header: &[String], lang: Lang) -> Self {
        Self { header: Header::read(header), lang, instead: HashMap::new() }
    }

    /// What is wrong with a row, in words; beside a wrong code the right ones nearest to it.
    pub(super) fn told(&mut self, problem: &Problem) -> String {
        let mut all = Vec::new();
        for (field, text) in &problem.problems {
            let column = COLUMNS.iter().find(|c| c.field == field).map_or("", |c| c.name(self.lang));
            let near = self.instead(field, &problem.cells);
            let text = [Some(self.lang.t(text)), near].into_iter().flatten().collect::<Vec<_>>().join(self.lang.pick("。", ". "));
            all.push(self.lang.t2("imports-problem", "column", column, "text", text));
        }
        all.join(&self.lang.t("imports-problem-and"))
    }

    fn instead(&mut self, field: &str, cells: &[String]) -> Option<String> {
        let typed = Some(field).filter(|field| codes::CODED.contains(field)).and_then(|field| self.header.field(field, cells))?;
        let key = (field.to_owned(), typed);
        if let Some(known) = self.instead.get(&key) {
            return known.clone();
        }
        // Each costs a look at all names; who has so many wrong ones needs no more of them.
        if self.instead.len() >= DIFFERENT {
            return None;
        }
        let near = codes::instead(field, &key.1, self.lang);
        self.instead.insert(key, near.clone());
        near
    }
}
