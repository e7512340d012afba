//! A posting as feeds tell it: the same words in each format.

use crate::clock::{Millis, iso};
use crate::i18n::Lang;
use crate::ids::PostingId;
use crate::postings::{Content, Kind, Listed, codes};

/// What a feed says of a posting. All texts are fit for XML.
pub(super) struct Entry {
    pub(super) id: PostingId,
    pub(super) url: String,
    /// With the pay and the employer, as feed readers show little else.
    pub(super) headline: String,
    pub(super) title: String,
    pub(super) company: String,
    pub(super) company_url: String,
    pub(super) pay: String,
    pub(super) place: String,
    /// Each place by itself.
    pub(super) places: Vec<String>,
    pub(super) state: &'static str,
    pub(super) city: &'static str,
    pub(super) street: String,
    pub(super) category: &'static str,
    pub(super) kind: Kind,
    pub(super) summary: String,
    /// Markup.
    pub(super) content: String,
    pub(super) tags: Vec<String>,
    pub(super) published_at: Millis,
    pub(super) updated_at: Millis,
    pub(super) valid_until: Millis,
}

impl Entry {
    pub(super) fn of(listed: &Listed, lang: Lang, origin: &str) -> Self {
        let c: &Content = &listed.content;
        let (title, company) = (legal(c.title(lang)), legal(lang.pick(&listed.employer_zh, &listed.employer_en)));
        let (pay, place) = (c.pay(lang), legal(&c.place_in_short(lang)));
        let tags: Vec<String> = c.tags(lang).into_iter().map(|tag| tag.text).collect();
        let summary = [std::slice::from_ref(&place), &tags[..]].concat().join(" · ");
        Self {
            id: listed.id,
            url: format!("{origin}/postings/{}", listed.id),
            headline: format!("{title} · {pay} · {company}"),
            company_url: format!("{origin}/employers/{}", listed.employer_id),
            state: codes::province(&c.region, lang),
            city: codes::short_region(&c.region, lang),
            street: legal(lang.pick(&c.place_zh, &c.place_en)),
            category: codes::industry_name(&c.industry, lang),
            kind: c.kind,
            content: legal(&c.markup(lang)),
            published_at: listed.published_at,
            updated_at: listed.updated_at,
            valid_until: c.valid_until,
            title,
            company,
            places: c.places().iter().map(|place| legal(&place.with_headcount(lang))).collect(),
            pay,
            place,
            summary,
            tags,
        }
    }

    pub(super) fn published(&self) -> String {
        iso(self.published_at)
    }

    pub(super) fn updated(&self) -> String {
        iso(self.updated_at)
    }

    /// As Indeed writes times (RFC 822).
    pub(super) fn posted(&self) -> String {
        rfc822(self.published_at)
    }

    pub(super) fn expires(&self) -> String {
        rfc822(self.valid_until)
    }

    /// As Indeed calls it.
    pub(super) fn job_type(&self) -> &'static str {
        match self.kind {
            Kind::FullTime => "fulltime",
            Kind::PartTime => "parttime",
            Kind::Temporary => "temporary",
            Kind::Internship => "internship",
        }
    }
}

pub(super) fn rfc822(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).map(|at| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).unwrap_or_default()
}

/// Without the characters that no XML document may have, however they are written (XML 1.0, section 2.2). The one that is left out by nobody
/// before us is U+FFFE with its like; forms take the others away.
pub(super) fn legal(text: &str) -> String {
    let fits = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    text.chars().filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_is_left_that_would_break_a_document() {
        assert_eq!(legal("a\u{0}\u{B}\u{1F}\u{FFFE}\u{FFFF}b\n😀<"), "ab\n😀<");
    }

    #[test]
    fn times_are_those_of_mail() {
        assert_eq!(rfc822(1_803_085_200_000), "Sat, 20 Feb 2027 01:00:00 GMT");
    }
}
