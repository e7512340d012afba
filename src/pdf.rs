//! A sheet of A4 as PDF: text in an embedded subset of one font, rectangles, a QR code. Knows nothing of what is on it.
//!
//! The font has the characters of GB 2312, Latin and punctuation. What it lacks is drawn as `□`, so that a reader sees that something stood there;
//! what is invisible by itself, such as joiners, is left out.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, TextRenderingMode, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use qrcode::{Color as Module, EcLevel, QrCode};
use std::collections::BTreeMap;
use std::io::Write;
use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};

/// Noto Sans SC Medium with the characters of GB 2312, Latin and punctuation (see `static/fonts/OFL.txt`).
pub const FONT: &str = "fonts/noto-sans-sc.ttf";
/// Points.
pub const WIDTH: f32 = 595.0;
pub const HEIGHT: f32 = 842.0;
/// What stands for a character that the font lacks.
const MISSING: char = '□';
const FONT_KEY: Name<'static> = Name(b"F1");
/// Six letters tell that it is a subset.
const FONT_NAME: &[u8] = b"SPRBRZ+NotoSansSC-Medium";

/// Red, green and blue from 0 to 1.
pub type Color = [f32; 3];

/// How a text is set.
#[derive(Clone, Copy)]
pub struct Style {
    pub size: f32,
    pub color: Color,
    pub bold: bool,
}

/// A page that is being drawn. Heights count from the top.
pub struct Sheet<'a> {
    data: &'a [u8],
    face: Face<'a>,
    content: Content,
    glyphs: GlyphRemapper,
    /// By the glyph's number in the subset: its character and its width in thousandths.
    used: BTreeMap<u16, (char, f32)>,
}

impl<'a> Sheet<'a> {
    pub fn new(font: &'a [u8]) -> anyhow::Result<Self> {
        let face = Face::parse(font, 0)?;
        Ok(Self { data: font, face, content: Content::new(), glyphs: GlyphRemapper::new(), used: BTreeMap::new() })
    }

    fn glyph(&self, c: char) -> (char, GlyphId) {
        let known = |c| self.face.glyph_index(c).map(|id| (c, id));
        known(c).or_else(|| known(MISSING)).unwrap_or((MISSING, GlyphId(0)))
    }

    /// In thousandths of the size.
    fn advance(&self, id: GlyphId) -> f32 {
        f32::from(self.face.glyph_hor_advance(id).unwrap_or(1_000)) * 1_000.0 / f32::from(self.face.units_per_em())
    }

    pub fn width(&self, text: &str, size: f32) -> f32 {
        shown(text).map(|c| self.advance(self.glyph(c).1)).sum::<f32>() * size / 1_000.0
    }

    /// One line, with its base at `y`.
    pub fn text(&mut self, x: f32, y: f32, style: Style, text: &str) {
        let mut bytes = Vec::with_capacity(text.len());
        for c in shown(text) {
            let (c, id) = self.glyph(c);
            let cid = self.glyphs.remap(id.0);
            self.used.insert(cid, (c, self.advance(id)));
            bytes.extend(cid.to_be_bytes());
        }
        let [r, g, b] = style.color;
        self.content.set_fill_rgb(r, g, b).set_stroke_rgb(r, g, b).begin_text();
        // There is one weight in the file: heavier text gets an outline.
        let mode = if style.bold { TextRenderingMode::FillStroke } else { TextRenderingMode::Fill };
        self.content.set_line_width(style.size * 0.028).set_text_rendering_mode(mode);
        self.content.set_font(FONT_KEY, style.size).next_line(x, HEIGHT - y).show(Str(&bytes)).end_text();
    }

    /// At most `most` lines; the last one says by `…` that there was more.
    pub fn lines(&self, text: &str, size: f32, width: f32, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut cut = false;
        for part in text.lines().map(str::trim).filter(|part| !part.is_empty()) {
            let mut line = String::new();
            for word in words(part) {
                let joined = format!("{line}{word}");
                if self.width(joined.trim_end(), size) <= width {
                    line = joined;
                    continue;
                }
                if !line.trim().is_empty() {
                    lines.push(std::mem::take(&mut line).trim_end().to_owned());
                }
                // A word wider than the line is broken where the line ends.
                for c in word.trim_start().chars() {
                    if !line.is_empty() && self.width(&format!("{line}{c}"), size) > width {
                        lines.push(std::mem::take(&mut line));
                    }
                    line.push(c);
                }
            }
            if !line.trim().is_empty() {
                lines.push(line.trim_end().to_owned());
            }
            if lines.len() > most {
                cut = true;
                break;
            }
        }
        if cut || lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                while !last.is_empty() && self.width(&format!("{last}…"), size) > width {
                    last.pop();
                }
                last.push('…');
            }
        }
        lines
    }

    pub fn fill(&mut self, [x, y, width, height]: [f32; 4], [r, g, b]: Color) {
        self.content.set_fill_rgb(r, g, b).rect(x, HEIGHT - y - height, width, height).fill_nonzero();
    }

    /// Black on white with the quiet zone that readers need, `size` wide over all.
    pub fn qr(&mut self, x: f32, y: f32, size: f32, text: &str) -> anyhow::Result<()> {
        // A quarter of it may be dirty or torn.
        let code = QrCode::with_error_correction_level(text, EcLevel::Q)?;
        let modules = code.width();
        let step = size / (modules + 8) as f32;
        self.fill([x, y, size, size], [1.0; 3]);
        self.content.set_fill_rgb(0.0, 0.0, 0.0);
        for (at, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == Module::Dark) {
            let (column, row) = ((at % modules + 4) as f32, (at / modules + 4) as f32);
            self.content.rect(x + column * step, HEIGHT - y - (row + 1.0) * step, step, step);
        }
        self.content.fill_nonzero();
        Ok(())
    }

    /// The file.
    pub fn finish(self, title: &str, lang: &str) -> anyhow::Result<Vec<u8>> {
        let [catalog, tree, page, contents, font, cid_font, descriptor, cmap, file, info] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(Ref::new);
        let mut pdf = Pdf::new();
        pdf.document_info(info).title(TextStr(title)).creator(TextStr("Spring Breeze"));
        let mut root = pdf.catalog(catalog);
        root.pages(tree).lang(TextStr(lang));
        root.viewer_preferences().display_doc_title(true);
        root.finish();
        pdf.pages(tree).kids([page]).count(1);
        let mut sheet = pdf.page(page);
        sheet.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(contents);
        sheet.resources().fonts().pair(FONT_KEY, font);
        sheet.finish();
        pdf.stream(contents, &packed(&self.content.finish())?).filter(Filter::FlateDecode);
        let system = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
        pdf.type0_font(font).base_font(Name(FONT_NAME)).encoding_predefined(Name(b"Identity-H")).descendant_font(cid_font).to_unicode(cmap);
        let mut cids = pdf.cid_font(cid_font);
        cids.subtype(CidFontType::Type2).base_font(Name(FONT_NAME)).system_info(system).font_descriptor(descriptor).default_width(1_000.0);
        cids.cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = cids.widths();
        for (cid, (_, width)) in &self.used {
            widths.consecutive(*cid, [*width]);
        }
        widths.finish();
        cids.finish();
        let scale = |units: i16| f32::from(units) * 1_000.0 / f32::from(self.face.units_per_em());
        let bounds = self.face.global_bounding_box();
        pdf.font_descriptor(descriptor)
            .name(Name(FONT_NAME))
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(scale(bounds.x_min), scale(bounds.y_min), scale(bounds.x_max), scale(bounds.y_max)))
            .italic_angle(0.0)
            .ascent(scale(self.face.ascender()))
            .descent(scale(self.face.descender()))
            .cap_height(733.0)
            .stem_v(80.0)
            .font_file2(file);
        let mut names = UnicodeCmap::new(Name(b"Custom"), system);
        for (cid, (c, _)) in &self.used {
            names.pair(*cid, *c);
        }
        pdf.cmap(cmap, &names.finish());
        let subset = subsetter::subset(self.data, 0, &self.glyphs).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        pdf.stream(file, &packed(&subset)?).filter(Filter::FlateDecode).pair(Name(b"Length1"), subset.len() as i32);
        Ok(pdf.finish())
    }
}

fn packed(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// What takes room: no joiners, selectors of a variant, skin colours or marks of direction.
fn shown(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| {
        let marks = matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}');
        let variants = matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0000}'..='\u{E01EF}');
        !(c.is_control() || marks || variants)
    })
}

/// Where a line may end: after each Chinese character, unless punctuation that closes follows, and after a blank.
fn words(text: &str) -> Vec<String> {
    let closes = |c: char| "，。、；：！？）》」』】”’%…·,.;:!?)".contains(c);
    let wide = |c: char| c as u32 >= 0x2E80;
    let mut words: Vec<String> = Vec::new();
    let mut before: Option<char> = None;
    for c in text.chars() {
        let together = before.is_some_and(|b| closes(c) || "（《「『【“‘".contains(b) || (!wide(b) && !wide(c) && b != ' '));
        match words.last_mut().filter(|_| together) {
            Some(word) => word.push(c),
            None => words.push(c.into()),
        }
        before = Some(c);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_chinese_characters_and_between_words() {
        assert_eq!(words("包吃，包住"), ["包", "吃，", "包", "住"]);
        assert_eq!(words("CNC 操作 (night)"), ["CNC ", "操", "作", " ", "(night)"].map(String::from).to_vec());
    }

    #[test]
    fn what_the_font_lacks_is_seen_and_what_takes_no_room_is_not() {
        let font = crate::web::asset_bytes(FONT).expect("font");
        let mut sheet = Sheet::new(&font).expect("font");
        assert_eq!(sheet.glyph('招').0, '招');
        assert_eq!(sheet.glyph('😀').0, MISSING);
        assert_eq!(shown("a\u{200D}\u{FE0F}b").collect::<String>(), "ab");
        let style = Style { size: 12.0, color: [0.0; 3], bold: true };
        sheet.text(10.0, 20.0, style, "👨‍👩‍👧 مرحبا 𠮷");
        assert!(sheet.finish("x", "zh-CN").expect("file").starts_with(b"%PDF-1."));
    }

    #[test]
    fn a_text_keeps_to_its_lines_whatever_it_is() {
        let font = crate::web::asset_bytes(FONT).expect("font");
        let sheet = Sheet::new(&font).expect("font");
        for text in [&"长".repeat(500), &"x".repeat(500), "", "\n\n", "a b\nc", &"一，".repeat(200)] {
            let lines = sheet.lines(text, 20.0, 200.0, 3);
            assert!(lines.len() <= 3 && lines.iter().all(|line| sheet.width(line, 20.0) <= 201.0), "{lines:?}");
        }
        assert!(sheet.lines(&"长".repeat(500), 20.0, 200.0, 2)[1].ends_with('…'));
        assert_eq!(sheet.lines("a b\nc", 20.0, 200.0, 3), ["a b", "c"]);
    }
}
