//! A posting as search engines read it: JobPosting of schema.org, as JSON-LD on its page while it takes applications.

use super::{Answer, Content, Fact, PayUnit, Place, PostingView, Shot, codes};
use crate::clock::iso;
use crate::i18n::Lang;
use serde_json::{Value, json};

/// The markup, safe inside a `script` element: every `<` is written as an escape.
pub(super) fn script(view: &PostingView, lang: Lang, origin: &str) -> String {
    job_posting(view, lang, origin).to_string().replace('<', "\\u003c")
}

fn job_posting(view: &PostingView, lang: Lang, origin: &str) -> Value {
    let (posting, c) = (&view.posting, &view.posting.content);
    let name = lang.pick(&view.employer.name_zh, &view.employer.name_en);
    let mut places: Vec<Value> = c.places().iter().map(|place| json!({"@type": "Place", "address": address(place, lang)})).collect();
    let mut job = json!({
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": c.title(lang),
        "description": c.markup(lang),
        "identifier": {"@type": "PropertyValue", "name": name, "value": posting.id},
        "datePosted": iso(posting.published_at),
        "validThrough": iso(c.valid_until),
        "employmentType": c.kind.schema(),
        "totalJobOpenings": c.headcount,
        "directApply": true,
        "url": format!("{origin}/postings/{}", posting.id),
        "hiringOrganization": {"@type": "Organization", "name": name, "sameAs": format!("{origin}/employers/{}", posting.employer_id)},
        "jobLocation": if places.len() == 1 { places.remove(0) } else { Value::Array(places) },
    });
    if !c.pictures.0.is_empty() {
        let picture = |shot: &Shot| format!("{origin}/postings/{}/pictures/{}", posting.id, shot.id);
        job["image"] = c.pictures.0.iter().map(picture).collect();
    }
    if let Some(salary) = salary(c) {
        job["baseSalary"] = salary;
    }
    let good: Vec<_> = c.tags(lang).into_iter().filter(|tag| tag.good).map(|tag| tag.text).collect();
    let hours = hours(c, lang);
    let texts = [
        ("jobBenefits", good.join(comma(lang))),
        ("workHours", hours.join(comma(lang))),
        ("industry", codes::industry_name(&c.industry, lang).to_owned()),
        ("occupationalCategory", c.occupation_in_words()),
    ];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        job[name] = text.into();
    }
    job
}

fn comma(lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => "，",
        Lang::En => ", ",
    }
}

impl Content {
    /// As markup, which is what search engines and feeds ask for: what the employer wrote, then what is known of what workers ask.
    /// Never empty: whether there is a limit of age is always known.
    pub fn markup(&self, lang: Lang) -> String {
        let about = self.about(lang).split("\n\n").filter(|part| !part.trim().is_empty());
        let about: String = about.map(|part| format!("<p>{}</p>", escaped(part).replace('\n', "<br>"))).collect();
        let fact = |fact: &Fact| fact_of(&fact.question, &fact.answer);
        let unsaid = lang.t("postings-answer-unsaid");
        let mut facts: String = self.facts(lang).iter().filter(|fact| fact.answer != unsaid).map(fact).collect();
        // Whoever reads the markup has a field for one place alone.
        if !self.further.0.is_empty() {
            let places = self.places().iter().map(|place| place.with_headcount(lang)).collect::<Vec<_>>().join(lang.pick("；", "; "));
            facts.push_str(&fact_of(&lang.t("postings-places"), &places));
        }
        format!("{about}<ul>{facts}</ul>")
    }
}

fn fact_of(question: &str, answer: &str) -> String {
    format!("<li>{} {}</li>", escaped(question), escaped(answer))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Without the parts that nobody stated.
fn address(place: &Place, lang: Lang) -> Value {
    let mut address = json!({"@type": "PostalAddress", "addressCountry": "CN"});
    let parts = [
        ("addressRegion", codes::province(&place.region, lang)),
        ("addressLocality", codes::short_region(&place.region, lang)),
        ("streetAddress", lang.pick(&place.zh, &place.en)),
    ];
    for (name, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
        address[name] = text.into();
    }
    address
}

fn salary(c: &Content) -> Option<Value> {
    if c.pay_max <= 0 {
        return None;
    }
    let yuan = |fen: i64| fen as f64 / 100.0;
    let mut value = json!({"@type": "QuantitativeValue", "unitText": c.pay_unit.schema()});
    if c.pay_min == c.pay_max {
        value["value"] = yuan(c.pay_max).into();
    } else {
        value["minValue"] = yuan(c.pay_min).into();
        value["maxValue"] = yuan(c.pay_max).into();
    }
    Some(json!({"@type": "MonetaryAmount", "currency": "CNY", "value": value}))
}

/// What is known of when one works.
fn hours(c: &Content, lang: Lang) -> Vec<String> {
    let mut said = Vec::new();
    if c.day_shift == Answer::Yes {
        said.push(lang.t("postings-tag-day-shift"));
    }
    if c.days_off >= 0 {
        said.push(lang.t1("postings-tag-days-off", "n", c.days_off));
    }
    if c.pay_unit == PayUnit::Hour {
        said.push(lang.t("syndication-by-the-hour"));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_markup_of_which_nothing_is_the_employers() {
        let content = Content { about_zh: "一\n<b>二</b>\n\n三 & 四".into(), ..Content::default() };
        let text = content.markup(Lang::Zh);
        assert!(text.starts_with("<p>一<br>&lt;b&gt;二&lt;/b&gt;</p><p>三 &amp; 四</p><ul><li>"), "{text}");
        assert!(Content::default().markup(Lang::En).starts_with("<ul><li>"), "never empty");
    }

    #[test]
    fn pay_is_a_range_or_one_figure_or_not_there() {
        let pay = |pay_min, pay_max| salary(&Content { pay_min, pay_max, ..Content::default() });
        assert_eq!(pay(0, 0), None);
        assert_eq!(pay(550_050, 550_050).expect("pay")["value"]["value"], 5500.5);
        assert_eq!(pay(500_000, 600_000).expect("pay")["value"]["minValue"], 5000.0);
    }
}
