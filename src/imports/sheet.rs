//! Reads a table from a file: CSV in UTF-8, UTF-16 or GB18030, or an Excel workbook (XLSX). Told by its content, within limits, whatever it claims
//! of its size. Formulas count as the value that was stored with them and are never computed; macros are refused.

use crate::web::Text;
use calamine::{Data, DataRef, Reader, Xlsx};
use encoding_rs::{GB18030, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{Cursor, Read};

/// Rows below the header.
pub(super) const MOST_ROWS: usize = 50_000;
/// Columns that are looked at.
const MOST_COLUMNS: usize = 80;
/// Characters of a cell that are kept: more than any field takes, so that it is still found too long.
const MOST_CHARS: usize = 9_000;
/// Bytes that a workbook may unpack to: fifty thousand rows take some eighty million.
const MOST_UNPACKED: u64 = 400 * 1024 * 1024;
/// Parts of a workbook.
const MOST_PARTS: usize = 500;

/// A table: its header and its rows, each with the number that a spreadsheet shows for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sheet {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<(u32, Vec<String>)>,
}

/// Reads a file; what is wrong with it otherwise.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Text> {
    if bytes.is_empty() {
        return Err(Text("imports-wrong-empty"));
    }
    let sheet = if bytes.starts_with(b"PK\x03\x04") {
        workbook(bytes)?
    } else if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        // The older Excel format cannot be told from one with macros.
        return Err(Text("imports-wrong-xls"));
    } else {
        csv(bytes)?
    };
    if sheet.rows.is_empty() { Err(Text("imports-wrong-no-rows")) } else { Ok(sheet) }
}

fn keep(text: &str) -> String {
    text.chars().take(MOST_CHARS).collect()
}

/// A cell of a CSV file without the apostrophe by which our own tables, and people, make a text of what looks like a formula.
fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest)
            if rest
                .trim_start_matches(|c: char| c.is_whitespace() || c == '\'')
                .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) =>
        {
            rest
        }
        _ => cell,
    }
}

/// Gathers rows in order, the header first; empty ones are left out.
#[derive(Default)]
struct Rows(Sheet);

impl Rows {
    fn push(&mut self, number: u32, mut cells: Vec<String>) -> Result<(), Text> {
        while cells.last().is_some_and(|c| c.trim().is_empty()) {
            cells.pop();
        }
        if cells.is_empty() {
            return Ok(());
        }
        if self.0.header.is_empty() {
            self.0.header = cells;
        } else if self.0.rows.len() < MOST_ROWS {
            self.0.rows.push((number, cells));
        } else {
            return Err(Text("imports-wrong-too-many"));
        }
        Ok(())
    }
}

fn csv(bytes: &[u8]) -> Result<Sheet, Text> {
    let text = decode(bytes)?;
    let first = text.lines().next().unwrap_or("");
    let count = |c: char| first.matches(c).count();
    let delimiter = [b'\t', b';'].into_iter().find(|d| count(char::from(*d)) > count(',')).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut rows = Rows::default();
    for (n, record) in (1..).zip(reader.records()) {
        let record = record.map_err(|_| Text("imports-wrong-csv"))?;
        rows.push(n, record.iter().take(MOST_COLUMNS).map(|cell| keep(plain(cell))).collect())?;
    }
    Ok(rows.0)
}

/// The text of a CSV file. Without a mark at its start it is UTF-8 if it can be, and else what Chinese Excel writes.
fn decode(bytes: &[u8]) -> Result<String, Text> {
    let marked = [(UTF_8, &b"\xEF\xBB\xBF"[..]), (UTF_16LE, b"\xFF\xFE"), (UTF_16BE, b"\xFE\xFF")];
    let known = marked.iter().find(|(_, mark)| bytes.starts_with(mark)).map(|(encoding, mark)| (*encoding, &bytes[mark.len()..]));
    let (encoding, bytes) = known.unwrap_or((if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { GB18030 }, bytes));
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes).ok_or(Text("imports-wrong-encoding"))?;
    // No table holds them; a picture or a program does.
    if text.contains('\0') { Err(Text("imports-wrong-file")) } else { Ok(text.into_owned()) }
}

fn workbook(bytes: &[u8]) -> Result<Sheet, Text> {
    weigh(bytes)?;
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(|_| Text("imports-wrong-xlsx"))?;
    let name = book.sheet_names().first().cloned().ok_or(Text("imports-wrong-no-rows"))?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|_| Text("imports-wrong-xlsx"))?;
    let (mut rows, mut current, mut at) = (Rows::default(), Vec::new(), 0);
    while let Some(cell) = cells.next_cell().map_err(|_| Text("imports-wrong-xlsx"))? {
        let (row, column) = cell.get_position();
        if row < at {
            return Err(Text("imports-wrong-xlsx"));
        }
        if row > at {
            rows.push(at + 1, std::mem::take(&mut current))?;
            at = row;
        }
        let column = column as usize;
        if column < MOST_COLUMNS {
            if current.len() <= column {
                current.resize(column + 1, String::new());
            }
            current[column] = keep(&shown(cell.get_value()));
        }
    }
    rows.push(at + 1, current)?;
    Ok(rows.0)
}

/// Unpacks all parts without keeping them: what they claim of their size may be untrue.
fn weigh(bytes: &[u8]) -> Result<(), Text> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| Text("imports-wrong-xlsx"))?;
    if archive.len() > MOST_PARTS {
        return Err(Text("imports-wrong-bomb"));
    }
    let mut left = MOST_UNPACKED;
    for n in 0..archive.len() {
        let part = archive.by_index(n).map_err(|_| Text("imports-wrong-xlsx"))?;
        let name = part.name().map_err(|_| Text("imports-wrong-xlsx"))?.to_lowercase();
        if name.ends_with("vbaproject.bin") || name.contains("/macrosheets/") || name.contains("/activex/") || name.contains("/embeddings/")
        {
            return Err(Text("imports-wrong-macro"));
        }
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|_| Text("imports-wrong-xlsx"))?;
        left = left.checked_sub(read).ok_or(Text("imports-wrong-bomb"))?;
    }
    Ok(())
}

/// A cell as a person would type it: numbers without needless zeros, days as 2027-03-31.
fn shown(value: &DataRef) -> String {
    match Data::from(value.clone()) {
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text,
        Data::Int(n) => n.to_string(),
        Data::Float(x) => x.to_string(),
        Data::Bool(yes) => if yes { "yes" } else { "no" }.to_owned(),
        Data::DateTime(at) if at.is_datetime() => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Data::DateTime(at) => at.as_f64().to_string(),
        Data::Error(_) | Data::Empty => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    use std::io::Write;

    fn book(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
        let mut book = Workbook::new();
        fill(book.add_worksheet());
        book.save_to_buffer().expect("book")
    }

    #[test]
    fn tables_of_all_encodings_read_the_same() {
        let text = "岗位名称,最低工资\n\"电焊工,熟练\",6000\n\n普工,\n";
        let expected = Sheet {
            header: vec!["岗位名称".into(), "最低工资".into()],
            rows: vec![(2, vec!["电焊工,熟练".into(), "6000".into()]), (3, vec!["普工".into()])],
        };
        let utf16 = |be: bool| {
            let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
            units.flat_map(|u: u16| if be { u.to_be_bytes() } else { u.to_le_bytes() }).collect::<Vec<u8>>()
        };
        let gb = GB18030.encode(text).0.into_owned();
        for bytes in [text.as_bytes().to_vec(), format!("\u{FEFF}{text}").into_bytes(), utf16(true), utf16(false), gb] {
            assert_eq!(read(&bytes).expect("read"), expected);
        }
        assert_eq!(read(text.replace(',', "\t").replace("\"电焊工\t熟练\"", "\"电焊工,熟练\"").as_bytes()).expect("tabs"), expected);
        let xlsx = book(|sheet| {
            for (row, cells) in [vec!["岗位名称", "最低工资"], vec!["电焊工,熟练"], vec!["普工"]].iter().enumerate() {
                for (column, text) in cells.iter().enumerate() {
                    sheet.write_string(row as u32, column as u16, *text).expect("cell");
                }
            }
            sheet.write_number(1, 1, 6_000).expect("cell");
        });
        assert_eq!(read(&xlsx).expect("read"), expected);
    }

    #[test]
    fn cells_are_what_a_person_would_type() {
        let day = Format::new().set_num_format("yyyy-mm-dd");
        let xlsx = book(|sheet| {
            sheet.write_string(0, 0, "a").expect("cell");
            sheet.write_number(1, 0, 22.5).expect("cell");
            sheet.write_with_format(1, 1, ExcelDateTime::parse_from_str("2027-03-31").expect("day"), &day).expect("cell");
            sheet.write_boolean(1, 2, true).expect("cell");
            sheet.write_formula(1, 3, rust_xlsxwriter::Formula::new("=1+1").set_result("2")).expect("cell");
            sheet.write_string(1, 4, "=cmd|' /C calc'!A0").expect("cell");
        });
        let sheet = read(&xlsx).expect("read");
        assert_eq!(sheet.rows, [(2, vec!["22.5".into(), "2027-03-31".into(), "yes".into(), "2".into(), "=cmd|' /C calc'!A0".into()])]);
    }

    #[test]
    fn what_is_no_table_is_refused_and_nothing_panics() {
        let ok = book(|sheet| {
            sheet.write_string(0, 0, "a").expect("cell");
            sheet.write_string(1, 0, "b").expect("cell");
        });
        for at in (0..ok.len()).step_by(7) {
            let mut bent = ok.clone();
            bent[at] ^= 0xFF;
            let _ = read(&bent);
            let _ = read(&ok[..at]);
        }
        let zip = |parts: &[(&str, usize)]| {
            let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
            for (name, size) in parts {
                let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
                out.start_file(*name, stored).expect("part");
                let mut left = *size;
                while left > 0 {
                    let some = left.min(1 << 20);
                    out.write_all(&vec![b' '; some]).expect("bytes");
                    left -= some;
                }
            }
            out.finish().expect("zip").into_inner()
        };
        assert_eq!(read(&zip(&[("xl/vbaProject.bin", 9)])), Err(Text("imports-wrong-macro")));
        let bomb = zip(&[("xl/worksheets/sheet1.xml", 420 << 20)]);
        assert!(bomb.len() < 2 << 20, "{}", bomb.len());
        assert_eq!(read(&bomb), Err(Text("imports-wrong-bomb")));
        assert_eq!(read(&zip(&[("a.txt", 3)])), Err(Text("imports-wrong-xlsx")));
        assert_eq!(read(b""), Err(Text("imports-wrong-empty")));
        assert_eq!(read(b"a,b\n"), Err(Text("imports-wrong-no-rows")));
        assert_eq!(read(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), Err(Text("imports-wrong-xls")));
        assert!(read(b"\x89PNG\r\n\x1a\n\0\0\0").is_err());
        let long = format!("a\n{}", "b\n".repeat(MOST_ROWS + 1));
        assert_eq!(read(long.as_bytes()), Err(Text("imports-wrong-too-many")));
    }
}
