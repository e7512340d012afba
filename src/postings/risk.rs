//! Two-speed vetting: which posting goes live at once and which waits for an organiser, and the rules that a posting must keep, each of which says
//! where it was broken, why that matters and what to write instead. Pure, so that one posting and fifty thousand are judged alike.
//!
//! Invariants: nothing goes live that no organiser approved in some version; what an organiser let pass in the approved version is not held again.
//! A hit is a reason to look, never a verdict. Deliberately absent: scores, and what chats are held for (`moderation`).

use super::content::{Content, PayUnit};
use super::difference;
use crate::employers::Status;
use crate::i18n::Lang;
use crate::web::Text;
use crate::wording::{Category, Ground, found, found_in_english, grounds_in, numbers_in};
use std::ops::Range;

/// A rule that a posting breaks, as far as words and figures tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Fees, deposits, loans, papers and contacts elsewhere.
    Wording(Category),
    /// A telephone, identity or bank card number.
    Number,
    Discrimination(Ground),
    /// More than such work pays anywhere near.
    PayTooGood,
    /// From and to are so far apart that they say nothing.
    PayTooWide,
}

impl Rule {
    /// Text key of why it matters and what to write instead; takes the words.
    pub fn text(self) -> Text {
        match self {
            Self::Wording(Category::Deposit) => Text("postings-rule-deposit"),
            Self::Wording(Category::Fee) => Text("postings-rule-fee"),
            Self::Wording(Category::Loan) => Text("postings-rule-loan"),
            Self::Wording(Category::Papers) => Text("postings-rule-papers"),
            Self::Wording(Category::Contact) => Text("postings-rule-contact"),
            Self::Wording(Category::Scan) => Text("postings-rule-scan"),
            Self::Number => Text("postings-rule-number"),
            Self::Discrimination(Ground::Sex) => Text("postings-rule-sex"),
            Self::Discrimination(Ground::Age) => Text("postings-rule-age"),
            Self::Discrimination(Ground::Family) => Text("postings-rule-family"),
            Self::Discrimination(Ground::Ethnicity | Ground::Religion) => Text("postings-rule-ethnicity"),
            Self::Discrimination(Ground::Origin) => Text("postings-rule-origin"),
            Self::Discrimination(Ground::Health) => Text("postings-rule-health"),
            Self::Discrimination(Ground::Disability) => Text("postings-rule-disability"),
            Self::Discrimination(Ground::Looks) => Text("postings-rule-looks"),
            Self::PayTooGood => Text("postings-rule-pay-high"),
            Self::PayTooWide => Text("postings-rule-pay-wide"),
        }
    }
}

/// Where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The field of the form.
    pub field: &'static str,
    /// Bytes of the field's text; empty for figures.
    pub at: Range<usize>,
    pub words: String,
    pub rule: Rule,
}

impl Hit {
    pub fn text(&self, lang: Lang) -> String {
        lang.t1(self.rule.text().0, "words", &self.words)
    }

    /// Whether it says the same of another version.
    fn is_like(&self, other: &Self) -> bool {
        (self.field, &self.words, self.rule) == (other.field, &other.words, other.rule)
    }
}

/// Why a posting waits for an organiser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No version of it was ever approved.
    First,
    /// The employer is not verified now; why.
    Employer(Status),
    Pay,
    Place,
    Kind,
    /// Another job: title, occupation or industry.
    Work,
    Age,
    /// Most of the description is new.
    Rewritten,
    Rule(Hit),
}

impl Reason {
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::First => lang.t("postings-reason-first"),
            Self::Employer(status) => lang.t1("postings-reason-employer", "status", lang.t(status.text().0)),
            Self::Pay => lang.t("postings-reason-pay"),
            Self::Place => lang.t("postings-reason-place"),
            Self::Kind => lang.t("postings-reason-kind"),
            Self::Work => lang.t("postings-reason-work"),
            Self::Age => lang.t("postings-reason-age"),
            Self::Rewritten => lang.t("postings-reason-rewritten"),
            Self::Rule(hit) => hit.text(lang),
        }
    }
}

/// What becomes of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// At once; organisers look at it afterwards.
    GoesLive,
    NeedsReview(Vec<Reason>),
}

/// A raise up to this share is what happens each season; more is another offer.
const RAISE_PERCENT: i64 = 20;
/// Below these shares of words in common a title names another job, and a description was written anew.
const SAME_TITLE: f32 = 0.5;
const SAME_ABOUT: f32 = 0.6;
/// A range wider than one to three promises the upper end to everybody and pays it to nobody.
const WIDEST: i64 = 3;

/// Judges a change of `approved`, the last version that an organiser approved.
pub fn judge(approved: Option<&Content>, new: &Content, standing: Status) -> Verdict {
    let mut reasons = Vec::new();
    if standing != Status::Verified {
        reasons.push(Reason::Employer(standing));
    }
    match approved {
        None => reasons.push(Reason::First),
        Some(old) => reasons.extend(risky_changes(old, new)),
    }
    reasons.extend(new_hits(approved, new).into_iter().map(Reason::Rule));
    if reasons.is_empty() { Verdict::GoesLive } else { Verdict::NeedsReview(reasons) }
}

/// The rules that a posting breaks and that nobody has let pass yet.
pub fn new_hits(approved: Option<&Content>, new: &Content) -> Vec<Hit> {
    let passed = approved.map(hits).unwrap_or_default();
    hits(new).into_iter().filter(|hit| passed.iter().all(|known| !known.is_like(hit))).collect()
}

fn risky_changes(old: &Content, new: &Content) -> Vec<Reason> {
    let place = |c: &Content| (c.region.clone(), c.place_zh.clone(), c.place_en.clone(), c.further.clone());
    let age = |c: &Content| (c.age_min, c.age_max, c.age_basis.clone());
    let work = |c: &Content| (c.occupation.clone(), c.industry.clone());
    let alike = |old: &str, new: &str, least: f32| difference::share_in_common(old, new) >= least;
    let same_work =
        work(old) == work(new) && alike(&old.title_zh, &new.title_zh, SAME_TITLE) && alike(&old.title_en, &new.title_en, SAME_TITLE);
    let same_about = alike(&old.about_zh, &new.about_zh, SAME_ABOUT) && alike(&old.about_en, &new.about_en, SAME_ABOUT);
    let checks = [
        (pay_is_risky(old, new), Reason::Pay),
        (place(old) != place(new), Reason::Place),
        (old.kind != new.kind, Reason::Kind),
        (!same_work, Reason::Work),
        (age(old) != age(new), Reason::Age),
        (!same_about, Reason::Rewritten),
    ];
    checks.into_iter().filter(|(risky, _)| *risky).map(|(_, reason)| reason).collect()
}

/// Lowered at all, raised a lot, counted or paid otherwise.
fn pay_is_risky(old: &Content, new: &Content) -> bool {
    let risky = |old: i64, new: i64| new < old || new.saturating_sub(old).saturating_mul(100) > old.saturating_mul(RAISE_PERCENT);
    old.pay_unit != new.pay_unit
        || old.pay_day != new.pay_day
        || risky(old.pay_min, new.pay_min)
        || risky(old.pay_max, new.pay_max)
        || risky(old.hourly, new.hourly)
}

/// All rules that a posting breaks.
pub fn hits(c: &Content) -> Vec<Hit> {
    let texts = [("title_zh", &c.title_zh), ("title_en", &c.title_en), ("about_zh", &c.about_zh), ("about_en", &c.about_en)];
    let texts = texts.map(|(field, text)| (field, text.as_str())).into_iter().chain(c.texts_of_places());
    let mut all: Vec<Hit> = texts.flat_map(|(field, text)| in_text(field, text)).collect();
    all.extend(in_text("pictures", &c.pictures.words()));
    all.extend(in_text("clips", &c.clips.words()));
    // A limit that is declared with its basis is judged by who reads the basis.
    if !c.age_basis.is_empty() {
        all.retain(|hit| hit.rule != Rule::Discrimination(Ground::Age));
    }
    all.extend(in_pay(c));
    all
}

fn in_text(field: &'static str, text: &str) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    let mut add = |rule: Rule, at: Range<usize>| {
        if hits.iter().all(|hit| hit.rule != rule || (rule == Rule::Number && hit.at != at)) {
            hits.push(Hit { field, words: text.get(at.clone()).unwrap_or_default().to_owned(), at, rule });
        }
    };
    for (category, at) in found(text).into_iter().chain(found_in_english(text)) {
        add(Rule::Wording(category), at);
    }
    for at in numbers_in(text) {
        add(Rule::Number, at);
    }
    for (ground, at) in grounds_in(text) {
        add(Rule::Discrimination(ground), at);
    }
    hits.sort_by_key(|hit| hit.at.start);
    hits
}

fn in_pay(c: &Content) -> Vec<Hit> {
    let hit = |field, rule| Hit { field, at: 0..0, words: String::new(), rule };
    let most = most_for_a_month(c);
    let mut hits = Vec::new();
    if c.pay_unit.monthly(c.pay_max) > most {
        hits.push(hit("pay_max", Rule::PayTooGood));
    } else if c.pay_min > 0 && c.pay_max > c.pay_min.saturating_mul(WIDEST) {
        hits.push(hit("pay_max", Rule::PayTooWide));
    }
    if PayUnit::Hour.monthly(c.hourly) > most {
        hits.push(hit("hourly", Rule::PayTooGood));
    }
    hits
}

/// In fen: what hardly anybody is paid for such work there, about three times what is usual. By the major group of the occupation, or by industry
/// where none is stated.
fn most_for_a_month(c: &Content) -> i64 {
    let yuan = match (c.occupation.chars().next(), c.industry.chars().next()) {
        (Some('1'), _) => 100_000,
        (Some('2'), _) => 80_000,
        (Some('3'), _) => 30_000,
        (Some('4'..='6'), _) => 25_000,
        // Software, finance, research.
        (_, Some('I' | 'J' | 'M')) => 80_000,
        // Farming, mining, making, building, selling, carrying, catering, services to people.
        (_, Some('A' | 'B' | 'C' | 'E' | 'F' | 'G' | 'H' | 'O')) => 25_000,
        _ => 40_000,
    };
    // Beijing, Shanghai, Guangzhou, Shenzhen pay about half as much again.
    let dear = c.places().iter().any(|place| ["11", "31", "4401", "4403"].iter().any(|city| place.region.starts_with(city)));
    if dear { yuan * 150 } else { yuan * 100 }
}

/// A text cut at its hits, for marks: each piece with the rule that it breaks.
pub fn marked(text: &str, field: &str, hits: &[Hit]) -> Vec<(String, Option<Rule>)> {
    let (mut pieces, mut done) = (Vec::new(), 0);
    let mut places: Vec<&Hit> = hits.iter().filter(|hit| hit.field == field && !hit.at.is_empty()).collect();
    places.sort_by_key(|hit| hit.at.start);
    for hit in places {
        let Some(words) = text.get(hit.at.clone()).filter(|_| hit.at.start >= done) else { continue };
        pieces.push((text[done..hit.at.start].to_owned(), None));
        pieces.push((words.to_owned(), Some(hit.rule)));
        done = hit.at.end;
    }
    pieces.push((text[done..].to_owned(), None));
    pieces.retain(|(text, _)| !text.is_empty());
    pieces
}

#[cfg(test)]
#[path = "risk_tests.rs"]
mod tests;
