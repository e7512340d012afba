//! The answers of a resume on a sheet of A4. How to reach the applicant is not on it: that is shown masked, and each look at it is noted.

use super::builder::{EDUCATION, FROM, Job, SKILLS, Told, label};
use crate::i18n::Lang;
use crate::pdf::{Color, FONT, HEIGHT, Sheet, Style, WIDTH};
use crate::web::asset_bytes;
use anyhow::Context;

const MARGIN: f32 = 56.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;
const LABEL: f32 = 110.0;
const INK: Color = [0.11, 0.16, 0.13];
const MUTED: Color = [0.36, 0.41, 0.38];
const BRAND: Color = [0.1, 0.44, 0.28];

/// The file.
pub(super) fn draw(told: &Told, lang: Lang) -> anyhow::Result<Vec<u8>> {
    let font = asset_bytes(FONT).context("the font of papers")?;
    let mut paper = Paper { sheet: Sheet::new(&font)?, lang, y: 92.0 };
    paper.line(MARGIN, 30.0, INK, true, &told.name);
    paper.y += 34.0;
    paper.section("builder-paper-wanted");
    paper.fact("builder-wanted", &told.wanted);
    paper.fact("builder-place", &told.place);
    if !told.pay.is_empty() {
        paper.fact("builder-pay", &lang.t1("builder-paper-pay", "n", &told.pay));
    }
    paper.listed("builder-from", &FROM, &told.from);
    paper.section("builder-paper-self");
    if !told.born.is_empty() {
        paper.fact("builder-born", &lang.t1("builder-paper-born", "n", &told.born));
    }
    paper.fact("builder-home", &told.home);
    paper.listed("builder-education", &EDUCATION, &told.education);
    paper.fact("builder-skills", &skills(told, lang));
    if !told.jobs.is_empty() {
        paper.section("builder-jobs");
        told.jobs.iter().for_each(|job| paper.job(job));
    }
    if !told.about.is_empty() {
        paper.section("builder-about");
        paper.text(MARGIN, 13.0, INNER, &told.about, 16);
    }
    paper.y = HEIGHT - 44.0;
    paper.line(MARGIN, 10.0, MUTED, false, &lang.t("builder-paper-foot"));
    paper.sheet.finish(&told.name, lang.tag())
}

fn skills(told: &Told, lang: Lang) -> String {
    let known = told.skill.iter().filter_map(|key| label(&SKILLS, key)).map(|text| lang.t(text.0));
    let all: Vec<String> = known.chain((!told.skills.is_empty()).then(|| told.skills.clone())).collect();
    all.join(lang.pick("、", ", "))
}

/// A sheet that is filled from the top.
struct Paper<'a> {
    sheet: Sheet<'a>,
    lang: Lang,
    /// The next line's base.
    y: f32,
}

impl Paper<'_> {
    fn line(&mut self, x: f32, size: f32, color: Color, bold: bool, text: &str) {
        self.sheet.text(x, self.y, Style { size, color, bold }, text);
    }

    fn section(&mut self, key: &str) {
        self.y += 16.0;
        self.line(MARGIN, 16.0, BRAND, true, &self.lang.t(key));
        self.sheet.fill([MARGIN, self.y + 7.0, INNER, 0.8], BRAND);
        self.y += 30.0;
    }

    fn text(&mut self, x: f32, size: f32, width: f32, text: &str, most: usize) {
        for line in self.sheet.lines(text, size, width, most) {
            self.line(x, size, INK, false, &line);
            self.y += size * 1.6;
        }
    }

    /// A label with what was answered; nothing if nothing was.
    fn fact(&mut self, key: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        self.line(MARGIN, 13.0, MUTED, false, &self.lang.t(key));
        self.text(MARGIN + LABEL, 13.0, INNER - LABEL, value, 4);
    }

    fn listed(&mut self, key: &str, of: &[(&str, crate::web::Text)], picked: &str) {
        let value = label(of, picked).map(|text| self.lang.t(text.0)).unwrap_or_default();
        self.fact(key, &value);
    }

    fn job(&mut self, job: &Job) {
        let until = if job.until.is_empty() { self.lang.t("builder-until-now") } else { job.until.clone() };
        let when = if job.since.is_empty() { job.until.clone() } else { format!("{} – {until}", job.since) };
        self.line(MARGIN, 13.0, MUTED, false, &when);
        let what = [job.employer.as_str(), job.work.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
        self.text(MARGIN + LABEL + 30.0, 13.0, INNER - LABEL - 30.0, &what, 3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_resume_fits_and_the_barest_is_one() {
        let job = Job { employer: "厂".repeat(40), work: "焊".repeat(80), since: "2020-01".into(), until: String::new() };
        let full = Told {
            name: "李".repeat(40),
            born: "1990".into(),
            home: "四川".repeat(20),
            wanted: "焊工".repeat(20),
            place: "东莞".repeat(20),
            pay: "200000".into(),
            from: "now".into(),
            education: "high".into(),
            skill: SKILLS.iter().map(|(key, _)| (*key).to_owned()).collect(),
            skills: "会".repeat(80),
            about: "我\n".repeat(20),
            jobs: vec![job.clone(), job.clone(), job],
        };
        let font = asset_bytes(FONT).expect("font");
        let mut paper = Paper { sheet: Sheet::new(&font).expect("sheet"), lang: Lang::Zh, y: 0.0 };
        paper.text(MARGIN, 13.0, INNER, &full.about, 16);
        assert!(paper.y < 16.5 * 13.0 * 1.6);
        for (told, lang) in [(&full, Lang::Zh), (&full, Lang::En), (&Told { name: "李雷 😀".into(), ..Told::default() }, Lang::Zh)] {
            let file = draw(told, lang).expect("file");
            assert!(file.starts_with(b"%PDF-1.") && file.len() < 300_000, "{}", file.len());
        }
    }
}
