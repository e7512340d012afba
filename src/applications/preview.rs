//! A resume looked at within the page: PDF by the browser's own viewer, pictures as they are, Word documents as their text alone. Each look is
//! noted like a download.
//!
//! What somebody sent is never markup of ours: files come from a route of their own that lets nothing run, text goes in as text.

use super::{Applications, ResumeKind};
use crate::accounts::Viewer;
use crate::ids::ApplicationId;
use crate::web::Result;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::io::{BufReader, Cursor, Read, Seek};

/// Of the main part once it is unpacked: a resume of text has some hundred kilobytes, and what unpacks to more is no resume.
const PART_MAX: u64 = 8 * 1024 * 1024;
/// Characters that are shown.
const SHOWN: usize = 40_000;

/// How a resume is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Preview {
    Frame,
    Picture,
    Text(String),
    /// It cannot be shown, only downloaded.
    None,
}

impl Applications {
    /// The resume of an application to be shown in the page; of files that come by their own request nothing is read here.
    pub(super) async fn preview(&self, viewer: &Viewer, id: ApplicationId, kind: Option<ResumeKind>) -> Result<Preview> {
        match kind {
            Some(ResumeKind::Pdf) => Ok(Preview::Frame),
            Some(ResumeKind::Jpeg | ResumeKind::Png | ResumeKind::Webp) => Ok(Preview::Picture),
            Some(ResumeKind::Docx) => {
                let (_, bytes) = self.resume(viewer, id).await?;
                let text = tokio::task::spawn_blocking(move || text_of(Cursor::new(bytes))).await?;
                Ok(text.map_or(Preview::None, Preview::Text))
            }
            None => Ok(Preview::None),
        }
    }
}

/// The text of a Word document; none if it cannot be read or says nothing.
fn text_of(file: impl Read + Seek) -> Option<String> {
    let mut archive = zip::ZipArchive::new(file).ok()?;
    let part = archive.by_name("word/document.xml").ok()?;
    let mut reader = Reader::from_reader(BufReader::new(part.take(PART_MAX)));
    let (mut text, mut buffer, mut within) = (String::new(), Vec::new(), false);
    let mut left = SHOWN;
    while left > 0 {
        // A document that breaks off is shown as far as it goes.
        let Ok(event) = reader.read_event_into(&mut buffer) else { break };
        match event {
            Event::Start(e) => within = e.local_name().as_ref() == "t",
            Event::Empty(e) if matches!(e.local_name().as_ref(), "br" | "cr") => text.push('\n'),
            Event::Empty(e) if e.local_name().as_ref() == "tab" => text.push('\t'),
            Event::End(e) => {
                within = false;
                if e.local_name().as_ref() == "p" {
                    text.push('\n');
                }
            }
            Event::Text(e) if within => {
                let piece: String = e.chars().take(left).collect();
                left -= piece.chars().count();
                text.push_str(&piece);
            }
            Event::GeneralRef(e) if within => {
                text.push(entity(&e)?);
                left -= 1;
            }
            Event::Eof => break,
            _ => {}
        }
        buffer.clear();
    }
    Some(crate::web::clean_text(&text, SHOWN)).filter(|text| !text.is_empty())
}

/// The characters that XML writes by name or number; a document has no other entities, so that none can grow.
fn entity(e: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = e.resolve_char_ref() {
        return Some(c);
    }
    match &**e {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn docx(document: &[u8]) -> Cursor<Vec<u8>> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file("word/document.xml", options).expect("part");
        zip.write_all(document).expect("written");
        zip.finish().expect("archive")
    }

    fn body(inner: &str) -> Option<String> {
        text_of(docx(format!("<?xml version=\"1.0\"?><w:document xmlns:w=\"x\"><w:body>{inner}</w:body></w:document>").as_bytes()))
    }

    #[test]
    fn paragraphs_tabs_and_breaks_are_kept_and_nothing_else_is_text() {
        let text = body(
            "<w:p><w:r><w:t>李雷</w:t><w:tab/><w:t>焊工 &lt;b&gt; &#20013;</w:t></w:r></w:p><w:p><w:instrText>x</w:instrText><w:t>三年</w:t><w:br/><w:t>杭州</w:t></w:p>",
        );
        assert_eq!(text.as_deref(), Some("李雷焊工 <b> 中\n三年\n杭州"), "a tab is a control character and is cleaned away");
    }

    #[test]
    fn what_grows_beyond_all_measure_or_is_broken_is_cut_off() {
        let long = body(&format!("<w:p><w:t>{}</w:t></w:p>", "长".repeat(SHOWN * 2))).expect("text");
        assert_eq!(long.chars().count(), SHOWN);
        let mut bomb = b"<w:document><w:t>".to_vec();
        bomb.resize(64 * 1024 * 1024, b' ');
        assert_eq!(text_of(docx(&bomb)), None, "eight megabytes of it are looked at");
        let lol = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><w:document><w:t>&b;</w:t></w:document>";
        assert_eq!(text_of(docx(lol.as_bytes())), None, "no entities are made up");
        assert_eq!(text_of(Cursor::new(b"PK\x03\x04 cut short".to_vec())), None);
        let whole = docx(b"<w:document><w:p><w:t>a</w:t></w:p></w:document>").into_inner();
        for cut in 0..whole.len() {
            let _ = text_of(Cursor::new(whole[..cut].to_vec()));
        }
    }
}
