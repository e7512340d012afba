//! Tables that are taken out: the template, all postings of an employer in a fair, the wrong rows of an import. As CSV for any program and as a
//! workbook in which every cell is text and the choices of a column can be picked.

use super::columns::{COLUMNS, Column};
use super::{HEADER, Import, Imports, Problem};
use crate::clock::DAY;
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{EmployerId, PostingId};
use crate::postings::fields_of;
use crate::web::{BOM, Result, csv_row};
use rust_xlsxwriter::{DataValidation, Format, Workbook, XlsxError};

/// Rows read at a time.
const CHUNK: i64 = 1_000;
/// Rows of a workbook in which choices can be picked, header included.
const PICKED: u32 = 50_000;

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
        let (mut rows, mut after, mut columns) = (Vec::new(), HEADER, 0);
        loop {
            let some = self.problems(import, after, CHUNK).await?;
            let Some(last) = some.last() else { break };
            after = last.n;
            for problem in some {
                columns = columns.max(problem.cells.len());
                let mut row = vec![problem.n.to_string(), told(&problem, lang)];
                row.extend(problem.cells);
                rows.push(row);
            }
        }
        let mut names = vec![lang.t("imports-column-row"), lang.t("imports-column-problem")];
        names.extend(
            self.problems(import, HEADER - 1, 1)
                .await?
                .pop()
                .filter(|first| first.n == HEADER)
                .map(|first| first.cells)
                .unwrap_or_default(),
        );
        names.resize(names.len().max(columns + 2), String::new());
        tokio::task::spawn_blocking(move || kind.write(&names, &rows, lang)).await?
    }
}

/// What is wrong with a row, in words.
pub(super) fn told(problem: &Problem, lang: Lang) -> String {
    let one = |(field, text): &(String, String)| {
        let column = COLUMNS.iter().find(|c| c.field == field).map_or("", |c| c.name(lang));
        lang.t2("imports-problem", "column", column, "text", lang.t(text))
    };
    problem.problems.iter().map(one).collect::<Vec<_>>().join(&lang.t("imports-problem-and"))
}
