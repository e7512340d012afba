//! A posting as a poster of one A4 page, for the wall of a village or a shop: what counts in large letters, and a QR code that leads to it.

use super::fresh::Fresh;
use super::{Asked, Syndication};
use crate::i18n::Lang;
use crate::ids::PostingId;
use crate::pdf::{Color, FONT, HEIGHT, Sheet, Style, WIDTH};
use crate::postings::PostingView;
use crate::web::{ClientIp, Id, Result, Text, asset_bytes};
use anyhow::Context;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

/// Seconds.
const MAX_AGE: u32 = 300;

const MARGIN: f32 = 48.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;
const BRAND: Color = [0.1, 0.44, 0.28];
const BRAND_SOFT: Color = [0.88, 0.95, 0.89];
const PAY: Color = [0.73, 0.24, 0.04];
const INK: Color = [0.11, 0.16, 0.13];
const MUTED: Color = [0.33, 0.38, 0.35];
const WHITE: Color = [1.0; 3];
/// The strip at the foot with the QR code.
const FOOT: f32 = 212.0;
const QR: f32 = 168.0;

pub(super) async fn show(
    State(s): State<Syndication>,
    client: ClientIp,
    Asked(lang): Asked,
    Id(id): Id<PostingId>,
    headers: HeaderMap,
) -> Result<Response> {
    s.heavy.check(&client.network())?;
    let view = s.live(id).await?;
    let parts = [&view.posting.version.to_string(), lang.tag(), &view.employer.name_zh, &view.employer.name_en, &view.fair.title_zh];
    let fresh = Fresh::new(&parts, view.posting.updated_at, s.now(), MAX_AGE);
    let file = draw(&view, lang, s.origin())?;
    let name = format!("inline; filename=\"poster-{id}.pdf\"");
    Ok(([(header::CONTENT_DISPOSITION, name)], fresh.answer(&headers, "application/pdf", || Body::from(file))).into_response())
}

fn bold(size: f32, color: Color) -> Style {
    Style { size, color, bold: true }
}

fn plain(size: f32, color: Color) -> Style {
    Style { size, color, bold: false }
}

fn draw(view: &PostingView, lang: Lang, origin: &str) -> Result<Vec<u8>> {
    let font = asset_bytes(FONT).context("the font of posters")?;
    let mut sheet = Sheet::new(&font)?;
    let c = &view.posting.content;
    head(&mut sheet, view, lang);
    let mut y = title(&mut sheet, c.title(lang), 164.0);
    y = one_line(&mut sheet, &c.pay(lang), y + 14.0, 40.0, PAY);
    y = tags(&mut sheet, &c.tags(lang).into_iter().map(|tag| tag.text).collect::<Vec<_>>(), y + 18.0);
    y = facts(&mut sheet, view, lang, y + 26.0);
    about(&mut sheet, c.about(lang), y + 10.0);
    foot(&mut sheet, view, lang, origin)?;
    Ok(sheet.finish(c.title(lang), lang.tag())?)
}

fn head(sheet: &mut Sheet<'_>, view: &PostingView, lang: Lang) {
    sheet.fill([0.0, 0.0, WIDTH, 96.0], BRAND);
    let word = lang.t("syndication-poster-head");
    sheet.text(MARGIN, 64.0, bold(40.0, WHITE), &word);
    let x = MARGIN + sheet.width(&word, 40.0) + 24.0;
    let fair = sheet.lines(lang.pick(&view.fair.title_zh, &view.fair.title_en), 16.0, WIDTH - MARGIN - x, 2);
    let top = if fair.len() > 1 { 46.0 } else { 58.0 };
    for (n, line) in fair.iter().enumerate() {
        sheet.text(x, top + 22.0 * n as f32, plain(16.0, WHITE), line);
    }
}

/// As large as it can be on two lines. Returns where it ends.
fn title(sheet: &mut Sheet<'_>, text: &str, y: f32) -> f32 {
    let sizes = [48.0, 40.0, 34.0, 28.0];
    let fits = |size: &&f32| sheet.lines(text, **size, INNER, 3).len() <= 2;
    let size = sizes.iter().find(fits).copied().unwrap_or(28.0);
    let lines = sheet.lines(text, size, INNER, 2);
    for (n, line) in lines.iter().enumerate() {
        sheet.text(MARGIN, y + size * 1.25 * n as f32, bold(size, INK), line);
    }
    y + size * 1.25 * lines.len() as f32
}

/// One line, smaller if it would not fit.
fn one_line(sheet: &mut Sheet<'_>, text: &str, y: f32, most: f32, color: Color) -> f32 {
    let size = (most * INNER / sheet.width(text, most).max(1.0)).min(most);
    sheet.text(MARGIN, y, bold(size, color), text);
    y + size * 0.4
}

fn tags(sheet: &mut Sheet<'_>, tags: &[String], y: f32) -> f32 {
    let (mut x, mut y, mut rows) = (MARGIN, y, 1);
    for tag in tags {
        let width = sheet.width(tag, 17.0) + 20.0;
        if x + width > WIDTH - MARGIN && x > MARGIN {
            (x, y, rows) = (MARGIN, y + 38.0, rows + 1);
        }
        // What does not fit on two rows is said on the page that the code leads to.
        if rows > 2 || width > INNER {
            return y - 38.0 + 30.0;
        }
        sheet.fill([x, y, width, 30.0], BRAND_SOFT);
        sheet.text(x + 10.0, y + 21.0, plain(17.0, BRAND), tag);
        x += width + 10.0;
    }
    if tags.is_empty() { y - 18.0 } else { y + 30.0 }
}

fn facts(sheet: &mut Sheet<'_>, view: &PostingView, lang: Lang, y: f32) -> f32 {
    let c = &view.posting.content;
    let rows = [
        (Text("postings-employer"), lang.pick(&view.employer.name_zh, &view.employer.name_en).to_owned()),
        (Text("postings-place"), c.places_in_words(lang)),
        (Text("syndication-poster-people"), c.headcount.to_string()),
        (Text("postings-filter-kind"), lang.t(c.kind.label().0)),
        (Text("syndication-poster-until"), view.last_day()),
    ];
    let label = rows.iter().map(|(key, _)| sheet.width(&lang.t(key.0), 15.0)).fold(0.0_f32, f32::max) + 20.0;
    let mut y = y;
    for (key, value) in rows {
        sheet.text(MARGIN, y + 14.0, plain(15.0, MUTED), &lang.t(key.0));
        for line in sheet.lines(&value, 17.0, INNER - label, 2) {
            sheet.text(MARGIN + label, y + 14.0, plain(17.0, INK), &line);
            y += 25.0;
        }
    }
    y
}

/// As much as there is room for.
fn about(sheet: &mut Sheet<'_>, text: &str, y: f32) {
    let room = ((HEIGHT - FOOT - 24.0 - y) / 20.0).floor();
    if room < 1.0 {
        return;
    }
    for (n, line) in sheet.lines(text, 13.0, INNER, room as usize).iter().enumerate() {
        sheet.text(MARGIN, y + 14.0 + 20.0 * n as f32, plain(13.0, INK), line);
    }
}

fn foot(sheet: &mut Sheet<'_>, view: &PostingView, lang: Lang, origin: &str) -> Result<()> {
    let (top, url) = (HEIGHT - FOOT, format!("{origin}/postings/{}", view.posting.id));
    sheet.fill([0.0, top, WIDTH, FOOT], BRAND_SOFT);
    sheet.qr(WIDTH - MARGIN - QR, top + 22.0, QR, &url)?;
    let width = INNER - QR - 24.0;
    let mut y = top + 58.0;
    for line in sheet.lines(&lang.t("syndication-poster-scan"), 24.0, width, 3) {
        sheet.text(MARGIN, y, bold(24.0, BRAND), &line);
        y += 32.0;
    }
    for line in sheet.lines(&url, 10.0, width, 2) {
        sheet.text(MARGIN, y, plain(10.0, MUTED), &line);
        y += 14.0;
    }
    y = y.max(top + 150.0) + 10.0;
    for line in sheet.lines(&lang.t("syndication-free"), 14.0, width, 2) {
        sheet.text(MARGIN, y, plain(14.0, INK), &line);
        y += 19.0;
    }
    Ok(())
}
