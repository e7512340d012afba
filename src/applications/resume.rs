//! What a resume may be: PDF, Word (DOCX) without macros, or a picture, told by its content and never by its name.

use crate::documents::{PdfFault, whole_pdf};
use crate::pictures::{Picture, stripped};
use crate::web::Text;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// A kind of file that recruiters can open without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResumeKind {
    Pdf,
    Docx,
    Jpeg,
    Png,
    Webp,
}

impl ResumeKind {
    const ALL: [Self; 5] = [Self::Pdf, Self::Docx, Self::Jpeg, Self::Png, Self::Webp];

    /// The media type; also how it is stored.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    pub(super) fn from_mime(mime: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.mime() == mime)
    }
}

/// What browsers offer to pick.
pub(super) const ACCEPT: &str = ".pdf,.docx,.jpg,.jpeg,.png,.webp,application/pdf,image/jpeg,image/png,image/webp";

/// The end-of-central-directory record with the longest comment (PKWARE APPNOTE 4.3.16).
const ZIP_TAIL: u64 = 22 + 65_535;
/// A document of hundreds of pictures has a directory of some 100 KB.
const ZIP_DIRECTORY_MAX: u32 = 1024 * 1024;

/// All parts of a document once they are unpacked: a resume with many pictures has some ten megabytes.
const UNPACKED_MAX: u64 = 200 * 1024 * 1024;

/// What is kept of a file that [`examine`] has taken for `kind`: photos without the place where they were taken, nothing behind a PDF. `Err` says
/// what is wrong with it.
pub(super) fn cleaned(bytes: Vec<u8>, kind: ResumeKind) -> Result<Vec<u8>, Text> {
    let picture = match kind {
        ResumeKind::Docx => return Ok(bytes),
        ResumeKind::Pdf => {
            return whole_pdf(bytes).map_err(|fault| match fault {
                PdfFault::Broken => Text("applications-wrong-file-broken"),
                PdfFault::Active => Text("applications-wrong-file-active"),
            });
        }
        ResumeKind::Jpeg => Picture::Jpeg,
        ResumeKind::Png => Picture::Png,
        ResumeKind::Webp => Picture::Webp,
    };
    stripped(bytes, picture).ok_or(Text("applications-wrong-file-broken"))
}

/// Looks into a file. `Err` says what is wrong with it.
pub fn examine(path: &Path) -> io::Result<Result<ResumeKind, Text>> {
    let mut file = std::fs::File::open(path)?;
    let mut head = Vec::with_capacity(8_192);
    (&mut file).take(8_192).read_to_end(&mut head)?;
    if head.is_empty() {
        return Ok(Err(Text("applications-wrong-file-empty")));
    }
    if head.starts_with(b"PK\x03\x04") {
        return Ok(match zip_names(&mut file)? {
            Some((names, unpacked)) if unpacked <= UNPACKED_MAX => document(&names),
            Some(_) | None => Err(Text("applications-wrong-file")),
        });
    }
    let found = infer::get(&head).map(|t| t.mime_type()).unwrap_or("");
    // The older Word format cannot be told from one with macros.
    if matches!(found, "application/msword" | "application/x-ole-storage") || head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Ok(Err(Text("applications-wrong-file-doc")));
    }
    Ok(ResumeKind::from_mime(found).filter(|k| *k != ResumeKind::Docx).ok_or(Text("applications-wrong-file")))
}

/// Whether the parts of a ZIP are those of a Word document without macros and embedded programs.
fn document(names: &[String]) -> Result<ResumeKind, Text> {
    let has = |name: &str| names.iter().any(|n| n == name);
    if !has("word/document.xml") || !has("[content_types].xml") {
        return Err(Text("applications-wrong-file"));
    }
    // Macros may be stored under any name, but always as a binary part; printer settings are the one harmless kind.
    let risky = |n: &String| {
        (n.ends_with(".bin") && !n.starts_with("word/printersettings/"))
            || n.starts_with("word/activex/")
            || n.starts_with("word/embeddings/")
            || [".exe", ".dll", ".js", ".vbs", ".scr", ".bat", ".ps1"].iter().any(|end| n.ends_with(end))
    };
    if names.iter().any(risky) { Err(Text("applications-wrong-file-macro")) } else { Ok(ResumeKind::Docx) }
}

/// The names in a ZIP's central directory, in lower case, and how large all of it says to be; `None` if it has none that can be read.
fn zip_names(file: &mut std::fs::File) -> io::Result<Option<(Vec<String>, u64)>> {
    let size = file.seek(SeekFrom::End(0))?;
    let start = size.saturating_sub(ZIP_TAIL);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(ZIP_TAIL).read_to_end(&mut tail)?;
    let Some(end) = tail.windows(4).rposition(|w| w == b"PK\x05\x06") else { return Ok(None) };
    let number = |at: usize| tail.get(end + at..end + at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let (Some(length), Some(offset)) = (number(12), number(16)) else { return Ok(None) };
    if length > ZIP_DIRECTORY_MAX {
        return Ok(None);
    }
    let mut directory = Vec::new();
    file.seek(SeekFrom::Start(offset.into()))?;
    file.take(length.into()).read_to_end(&mut directory)?;
    Ok(directory_names(&directory))
}

fn directory_names(mut directory: &[u8]) -> Option<(Vec<String>, u64)> {
    let (mut names, mut unpacked) = (Vec::new(), 0);
    while !directory.is_empty() {
        let entry = directory.strip_prefix(b"PK\x01\x02")?;
        let short = |at: usize| entry.get(at..at + 2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])));
        let size = entry.get(20..24)?.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte));
        unpacked += size;
        let (name, extra, comment) = (short(24)?, short(26)?, short(28)?);
        let text = entry.get(42..42 + name)?;
        names.push(String::from_utf8_lossy(text).to_lowercase().replace('\\', "/"));
        directory = entry.get(42 + name + extra + comment..)?;
    }
    Some((names, unpacked))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A ZIP of empty stored files with these names.
    fn zip(names: &[&str]) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for name in names {
            let offset = out.len() as u32;
            let length = (name.len() as u16).to_le_bytes();
            out.extend([&b"PK\x03\x04"[..], &[0; 22], &length, &[0; 2], name.as_bytes()].concat());
            directory.extend([&b"PK\x01\x02"[..], &[0; 24], &length, &[0; 12], &offset.to_le_bytes(), name.as_bytes()].concat());
        }
        let (length, offset) = ((directory.len() as u32).to_le_bytes(), (out.len() as u32).to_le_bytes());
        [out, directory, [&b"PK\x05\x06"[..], &[0; 8], &length, &offset, &[0; 2]].concat()].concat()
    }

    fn look(bytes: &[u8]) -> Result<ResumeKind, Text> {
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), bytes).expect("write");
        examine(file.path()).expect("readable")
    }

    #[test]
    fn what_recruiters_can_open_is_taken() {
        assert_eq!(look(b"%PDF-1.7\n%..."), Ok(ResumeKind::Pdf));
        assert_eq!(look(b"\x89PNG\r\n\x1a\n0000"), Ok(ResumeKind::Png));
        assert_eq!(look(b"\xFF\xD8\xFF\xE0\0\x10JFIF"), Ok(ResumeKind::Jpeg));
        let plain = ["[Content_Types].xml", "word/document.xml", "word/printerSettings/printerSettings1.bin"];
        assert_eq!(look(&zip(&plain)), Ok(ResumeKind::Docx));
    }

    #[test]
    fn macros_programs_and_disguises_are_refused() {
        let document = ["[Content_Types].xml", "word/document.xml"];
        for part in ["word/vbaProject.bin", "word\\x.BIN", "word/embeddings/oleObject1.bin", "word/activeX/activeX1.xml", "run.exe"] {
            assert_eq!(look(&zip(&[document[0], document[1], part])), Err(Text("applications-wrong-file-macro")), "{part}");
        }
        assert_eq!(look(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 old word"), Err(Text("applications-wrong-file-doc")));
        assert_eq!(look(b""), Err(Text("applications-wrong-file-empty")));
        let archive = zip(&["a.txt"]);
        for bad in [&b"MZ\x90\0 program"[..], b"<html><script>", b"#!/bin/sh", b"PK\x03\x04 cut short", &archive, b"GIF89a"] {
            assert_eq!(look(bad), Err(Text("applications-wrong-file")));
        }
    }

    #[test]
    fn a_document_that_grows_beyond_all_measure_is_refused() {
        let mut bomb = zip(&["[Content_Types].xml", "word/document.xml"]);
        let entry = bomb.windows(4).rposition(|w| w == b"PK\x01\x02").expect("directory");
        bomb[entry + 24..entry + 28].copy_from_slice(&0x4000_0000_u32.to_le_bytes());
        assert_eq!(look(&bomb), Err(Text("applications-wrong-file")));
    }

    #[test]
    fn a_broken_directory_is_no_document() {
        let whole = zip(&["[Content_Types].xml", "word/document.xml"]);
        for cut in 0..whole.len() {
            let _ = look(&whole[..cut]);
            let mut bent = whole.clone();
            bent[cut] ^= 0xFF;
            let _ = look(&bent);
        }
    }
}
