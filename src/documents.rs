//! PDFs that people send: cut off where they end, and refused if they do something when they are opened or carry something else.
//!
//! Pure. Deliberately absent: looking into compressed streams, which is a reader's work; browsers' own viewers let nothing in them reach a page.

/// What is wrong with a PDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PdfFault {
    /// It has no end.
    Broken,
    /// It does something when it is opened, or another file is in it.
    Active,
}

/// Names that make a PDF act or carry something (ISO 32000-1, 12.6 and 7.11). They count wherever they stand.
const ACTIVE: [&[u8]; 4] = [b"JavaScript", b"Launch", b"EmbeddedFile", b"RichMedia"];
/// The same, so short that compressed pixels spell them by chance: they count outside of streams.
const ACTIVE_SHORT: [&[u8]; 2] = [b"JS", b"XFA"];
/// Bytes of the longest of them, and one more that tells a longer name apart.
const LONGEST: usize = 13;

/// A PDF from its first byte to its end mark. What stands behind that is cut off: it is where another file would hide. In front of it nothing may
/// stand but what editors leave there, though readers look for its beginning within a kilobyte: a web page would be another place to hide.
pub fn whole_pdf(mut bytes: Vec<u8>) -> Result<Vec<u8>, PdfFault> {
    let front = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    if !front.trim_ascii_start().starts_with(b"%PDF") {
        return Err(PdfFault::Broken);
    }
    let end = bytes.windows(5).rposition(|w| w == b"%%EOF").ok_or(PdfFault::Broken)?;
    bytes.truncate(end + 5);
    if acts(&bytes) { Err(PdfFault::Active) } else { Ok(bytes) }
}

fn acts(bytes: &[u8]) -> bool {
    let (mut at, mut stream_ends, mut closed) = (0, 0, true);
    while let Some(next) = bytes[at..].iter().position(|b| matches!(b, b'/' | b's')) {
        at += next;
        if bytes[at] == b'/' {
            let name = name(&bytes[at + 1..]);
            let short = at >= stream_ends && ACTIVE_SHORT.contains(&name.as_slice());
            if short || ACTIVE.contains(&name.as_slice()) {
                return true;
            }
        } else if closed && at >= stream_ends && begins_stream(bytes, at) {
            let end = bytes[at..].windows(9).position(|w| w == b"endstream");
            stream_ends = end.map_or(at, |n| at + n);
            // Looked for once: a file of nothing but beginnings would be read to its end for each.
            closed = end.is_some();
        }
        at += 1;
    }
    false
}

fn begins_stream(bytes: &[u8], at: usize) -> bool {
    bytes[at..].starts_with(b"stream") && matches!(bytes.get(at + 6), Some(b'\r' | b'\n')) && !bytes[..at].ends_with(b"end")
}

/// A name as it is meant: any of its characters may be written as `#` and two digits (ISO 32000-1, 7.3.5).
fn name(bytes: &[u8]) -> Vec<u8> {
    let (mut name, mut at) = (Vec::with_capacity(LONGEST), 0);
    while let Some(byte) = bytes.get(at).filter(|b| b.is_ascii_graphic() && !b"()<>[]{}/%".contains(b))
        && name.len() < LONGEST
    {
        let escaped = bytes.get(at + 1..at + 3).filter(|_| *byte == b'#').and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(meant) => {
                name.push(meant);
                at += 3;
            }
            None => {
                name.push(*byte);
                at += 1;
            }
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_the_end_is_cut_off_and_what_has_none_refused() {
        assert_eq!(whole_pdf(b"%PDF-1.7\n1 0 obj\n%%EOF\n".to_vec()), Ok(b"%PDF-1.7\n1 0 obj\n%%EOF".to_vec()));
        assert_eq!(whole_pdf(b"%PDF-1.4\n%%EOF\n<html><script>PK\x03\x04".to_vec()), Ok(b"%PDF-1.4\n%%EOF".to_vec()));
        assert_eq!(whole_pdf(b"%PDF-1.7 cut short".to_vec()), Err(PdfFault::Broken));
        assert!(whole_pdf(b"\xEF\xBB\xBF\n%PDF-1.7\n%%EOF".to_vec()).is_ok());
        assert_eq!(whole_pdf(b"<html>%PDF-1.7\n%%EOF".to_vec()), Err(PdfFault::Broken), "something in front");
    }

    #[test]
    fn what_acts_is_refused_however_it_is_written() {
        for active in ["/JavaScript (x)", "/JS(x)", "/Launch", "/EmbeddedFile\n", "/XFA", "/J#61vaScript", "/#4a#53 (x)", "/RichMedia>>"] {
            assert_eq!(whole_pdf(format!("%PDF-1.7\n<< {active} >>\n%%EOF").into_bytes()), Err(PdfFault::Active), "{active}");
        }
        assert!(whole_pdf(b"%PDF-1.7\n/JSX /XFAx /JavaScripted\n%%EOF".to_vec()).is_ok(), "a longer name is another one");
    }

    #[test]
    fn pixels_that_spell_a_short_name_are_pixels() {
        let within = |inner: &str| format!("%PDF-1.7\n<< /Length 9 >>\nstream\n{inner}\nendstream\n<< /Type /Page >>\n%%EOF").into_bytes();
        assert!(whole_pdf(within("x/JS y/XFA ")).is_ok());
        assert_eq!(whole_pdf(within("x /JavaScript ")), Err(PdfFault::Active), "a long one is nobody's chance");
        assert_eq!(whole_pdf(within("endstream << /JS (x) >> stream\n")), Err(PdfFault::Active));
        assert_eq!(whole_pdf(b"%PDF-1.7\nstream\n<< /JS (x) >>\n%%EOF".to_vec()), Err(PdfFault::Active), "a stream without an end is none");
        let many = b"stream\n".repeat(100_000);
        assert_eq!(whole_pdf([b"%PDF", &many[..], b"%%EOF"].concat()).map(|b| b.len()), Ok(700_009), "and takes no time");
    }

    #[test]
    fn a_file_cut_anywhere_is_read_without_a_fault() {
        let whole = b"%PDF-1.7 /#4 /# /#zz stream\r\nendstream %%EOF".to_vec();
        for cut in 0..whole.len() {
            let _ = acts(&whole[..cut]);
        }
    }
}
