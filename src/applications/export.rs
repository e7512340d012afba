//! The filtered list as a table for spreadsheets: CSV, or a workbook all of whose cells are texts. Contacts are masked; whoever wants them in
//! clear says why, which is noted for each applicant.

use super::filter::Filter;
use super::grants::EXPORTED;
use super::store::desk::Row;
use super::{Applications, store};
use crate::accounts::{Line, Viewer};
use crate::i18n::Lang;
use crate::web::{AppError, BOM, Fields, Result, Text, csv_row};
use rust_xlsxwriter::{Format, Workbook};

/// What one table takes; who has more filters.
const MOST: i64 = 5_000;
const MAX_REASON: usize = 200;

/// Of which kind the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Csv,
    Xlsx,
}

impl Kind {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    pub(super) fn mime(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// What is wanted of an export.
pub(super) struct Wanted<'a> {
    pub(super) kind: Kind,
    /// Contacts in clear, and what for.
    pub(super) clear: bool,
    pub(super) reason: &'a str,
}

/// An exported applicant with their contact as it may be shown, and the name of a resume that may be looked at.
struct Exported {
    row: Row,
    contact: String,
    resume: String,
}

/// The heads of the columns, and a row for each.
fn table(lines: &[Exported], lang: Lang) -> Vec<Vec<String>> {
    let heads = [
        "applications-name",
        "applications-filter-posting",
        "desk-column-status",
        "desk-column-applied",
        "desk-column-since",
        "applications-experience",
        "applications-contact",
        "applications-resume",
        "desk-column-assignee",
        "applications-note",
    ];
    let mut rows = vec![heads.map(|key| lang.t(key)).into()];
    for Exported { row, contact, resume } in lines {
        let day = |at| row.local_day(at);
        rows.push(vec![
            row.name.clone(),
            lang.pick(&row.title_zh, &row.title_en).to_owned(),
            lang.t(row.status.label().0),
            day(row.created_at),
            day(row.updated_at),
            row.experience.to_string(),
            contact.clone(),
            resume.clone(),
            row.assignee.clone(),
            row.note.clone(),
        ]);
    }
    rows
}

fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let rows: String = rows.iter().map(|row| csv_row(row)).collect();
    format!("{BOM}{rows}").into_bytes()
}

/// Every cell is written as a text, so that none is a formula, a link or a number that loses its zeros.
fn xlsx(rows: &[Vec<String>], name: &str) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    let (head, sheet) = (Format::new().set_bold(), book.add_worksheet());
    sheet.set_name(name)?.set_freeze_panes(1, 0)?;
    for (r, row) in rows.iter().enumerate() {
        for (c, cell) in row.iter().enumerate() {
            let (r, c) = (u32::try_from(r)?, u16::try_from(c)?);
            if r == 0 {
                sheet.write_string_with_format(r, c, cell, &head)?;
            } else {
                sheet.write_string(r, c, cell)?;
            }
        }
    }
    Ok(book.save_to_buffer()?)
}

impl Applications {
    /// The file. Everything is noted before it leaves.
    pub(super) async fn export(&self, viewer: &Viewer, filter: Filter, wanted: &Wanted<'_>, lang: Lang) -> Result<Vec<u8>> {
        let by = viewer.person()?.id;
        if !viewer.recruits_for(filter.employer) {
            return Err(AppError::NotFound);
        }
        let mut fields = Fields::default();
        let reason = fields.line("reason", wanted.reason, MAX_REASON);
        if wanted.clear && reason.chars().count() < 4 {
            fields.add("reason", Text("desk-export-reason-needed"));
        }
        fields.check()?;
        let filter = Filter { after: None, limit: MOST, ..filter };
        let mut rows = store::desk::received(self.accounts().db.read(), &filter).await?;
        rows.truncate(usize::try_from(MOST)?);
        // Nobody reads their own application as a recruiter.
        rows.retain(|row| row.account_id != by);
        let (mut noted, now) = (Vec::new(), self.now());
        let line = |row: Row| {
            let open = row.access(now).is_open();
            let clear = wanted.clear && open;
            let contact =
                if clear { self.accounts().keys.decrypt(&row.sealed_contact).unwrap_or_default() } else { row.masked_contact.clone() };
            // What the applicant sees of it; the organisers' log of a fair has the table as one line, and each contact.
            let (action, fair) = if clear { ("application.contact", Some(row.fair_id)) } else { (EXPORTED, None) };
            let (subject, reason) = (row.id.to_string(), if clear { reason.clone() } else { String::new() });
            noted.push(Line { actor: by, action, subject, fair, reason, detail: "export".into() });
            let resume = if open { row.resume.resume_name.clone() } else { String::new() };
            Exported { row, contact, resume }
        };
        let lines: Vec<Exported> = rows.into_iter().map(line).collect();
        let detail = format!("{} n={} clear={}", wanted.kind.extension(), lines.len(), i32::from(wanted.clear));
        let mut tx = self.accounts().db.begin().await?;
        self.accounts().audit_all_in(&mut tx, &noted).await?;
        self.accounts().audit_in(&mut *tx, by, "application.export", &filter.employer.to_string(), None, &reason, &detail).await?;
        tx.commit().await?;
        let rows = table(&lines, lang);
        match wanted.kind {
            Kind::Csv => Ok(csv(&rows)),
            Kind::Xlsx => {
                let name = lang.t("applications-list-title");
                tokio::task::spawn_blocking(move || xlsx(&rows, &name)).await?
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_either_file_is_a_formula() {
        let evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =HYPERLINK(\"http://x\")", "＝1", "https://x", "mailto:x@y"];
        let rows: Vec<Vec<String>> = evil.iter().map(|cell| vec![(*cell).to_owned(), "好,\"".to_owned()]).collect();
        let text = String::from_utf8(csv(&rows)).expect("text");
        assert!(text.starts_with('\u{FEFF}') && text.contains("\r\n") && text.contains("\"好,\"\"\""));
        for cell in ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "\"'\r=1\"", "'＝1"] {
            assert!(text.contains(cell), "{cell:?} in {text:?}");
        }
        let book = xlsx(&rows, "表").expect("workbook");
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(book)).expect("zip");
        let mut sheet = String::new();
        std::io::Read::read_to_string(&mut zip.by_name("xl/worksheets/sheet1.xml").expect("sheet"), &mut sheet).expect("text");
        assert!(!sheet.contains("<f>") && !sheet.contains("hyperlink") && sheet.contains("t=\"s\""), "{sheet}");
    }
}
