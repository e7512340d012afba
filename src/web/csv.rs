//! Tables for spreadsheets (RFC 4180).

/// By which spreadsheets know UTF-8.
pub const BOM: &str = "\u{FEFF}";

/// A row of a table.
pub fn csv_row(cells: &[String]) -> String {
    let mut row = cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",");
    row.push_str("\r\n");
    row
}

/// A cell that is text to every spreadsheet: one that begins like a formula gets an apostrophe before it, also behind blanks, in the wide
/// letters of Chinese input, and behind other apostrophes, so that whoever takes one off has what was written.
fn cell(text: &str) -> String {
    let first = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\'').chars().next().or_else(|| text.chars().next());
    let formula = matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r'));
    let safe = if formula { format!("'{text}") } else { text.to_owned() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_every_cell_comes_back() {
        for (text, expected) in [
            ("包吃住", "包吃住"),
            ("=1+1", "'=1+1"),
            ("  =HYPERLINK(\"http://evil\")", "\"'  =HYPERLINK(\"\"http://evil\"\")\""),
            ("+86", "'+86"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("'=1", "''=1"),
            ("'a", "'a"),
            ("＝1", "'＝1"),
            ("\t=1", "'\t=1"),
            ("a,b", "\"a,b\""),
            ("a\nb", "\"a\nb\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
        assert_eq!(csv_row(&["1".into(), "a,\"b".into()]), "1,\"a,\"\"b\"\r\n");
    }
}
