//! What a village reads out over its loudspeakers: short sentences with every number in words, in both languages, on a page to print.

use super::{Syndication, spoken};
use crate::i18n::Lang;
use crate::ids::PostingId;
use crate::postings::{Answer, Content, PayUnit, PostingView, Provision, codes};
use crate::web::{ClientIp, Id, Page, Result, Text, html};
use askama::Template;
use axum::extract::State;
use axum::response::Response;

/// The sentences in one language.
pub(super) struct Script {
    pub(super) lang: Lang,
    pub(super) lines: Vec<String>,
}

#[derive(Template)]
#[template(path = "syndication/script.html")]
struct ScriptPage {
    p: Page,
    view: PostingView,
    scripts: [Script; 2],
}

pub(super) async fn show(State(s): State<Syndication>, p: Page, client: ClientIp, Id(id): Id<PostingId>) -> Result<Response> {
    s.reads.check(&client.network())?;
    let view = s.live(id).await?;
    // The reader's own language first.
    let mut scripts = Lang::ALL.map(|lang| Script { lang, lines: lines(&view, lang) });
    scripts.sort_by_key(|script| script.lang != p.language());
    html(&ScriptPage { p, view, scripts })
}

fn lines(view: &PostingView, lang: Lang) -> Vec<String> {
    let c = &view.posting.content;
    let employer = lang.pick(&view.employer.name_zh, &view.employer.name_en);
    let wanted = lang.t3("syndication-say-wanted", "name", employer, "title", c.title(lang), "n", people(c.headcount, lang));
    let mut lines = vec![lang.t("syndication-say-hello"), wanted.clone(), pay(c, lang)];
    let benefits = benefits(c, lang);
    if !benefits.is_empty() {
        lines.push(lang.t1("syndication-say-benefits", "list", benefits.join(if lang == Lang::Zh { "，" } else { ", " })));
    }
    lines.push(places(c, lang));
    lines.push(lang.t1("syndication-say-until", "day", spoken::day(&view.last_day(), lang)));
    lines.push(lang.t("syndication-say-how"));
    lines.push(lang.t("syndication-say-free"));
    lines.push(lang.t1("syndication-say-again", "sentence", wanted));
    lines
}

/// Where the work is: each place by its address, or by the town alone where there are many.
fn places(c: &Content, lang: Lang) -> String {
    let all = c.places();
    if let [one] = &all[..] {
        return lang.t1("syndication-say-place", "place", one.name(lang));
    }
    let mut towns: Vec<&str> = all.iter().map(|place| codes::short_region(&place.region, lang)).filter(|town| !town.is_empty()).collect();
    towns.dedup();
    let n = if all.len() == 2 && lang == Lang::Zh { "两".to_owned() } else { spoken::number(all.len() as i64, lang) };
    lang.t2("syndication-say-places", "n", n, "places", towns.join(lang.pick("、", ", ")))
}

fn people(n: i64, lang: Lang) -> String {
    match (n, lang) {
        (1, _) => lang.t("syndication-say-one-person"),
        (2, Lang::Zh) => lang.t1("syndication-say-people", "n", "两"),
        _ => lang.t1("syndication-say-people", "n", spoken::number(n, lang)),
    }
}

fn pay(c: &Content, lang: Lang) -> String {
    if c.pay_max <= 0 {
        return lang.t("syndication-say-pay-agreed");
    }
    let said = match c.pay_min == c.pay_max {
        true => spoken::yuan(c.pay_max, lang),
        false => lang.t2("syndication-say-range", "min", spoken::yuan(c.pay_min, lang), "max", spoken::yuan(c.pay_max, lang)),
    };
    let key = match c.pay_unit {
        PayUnit::Hour => Text("syndication-say-pay-hour"),
        PayUnit::Day => Text("syndication-say-pay-day"),
        PayUnit::Week => Text("syndication-say-pay-week"),
        PayUnit::Month => Text("syndication-say-pay-month"),
        PayUnit::Year => Text("syndication-say-pay-year"),
    };
    lang.t1(key.0, "pay", said)
}

/// What speaks for the job, in words that can be said.
fn benefits(c: &Content, lang: Lang) -> Vec<String> {
    let mut said = Vec::new();
    let mut add = |is: bool, text: Text| {
        if is {
            said.push(lang.t(text.0));
        }
    };
    add(c.meals == Provision::Provided, Text("postings-tag-meals"));
    add(c.meals == Provision::Allowance, Text("postings-tag-meal-allowance"));
    add(c.housing == Provision::Provided, Text("postings-tag-housing"));
    add(c.housing == Provision::Allowance, Text("postings-tag-housing-allowance"));
    add(c.couples == Answer::Yes, Text("postings-tag-couples"));
    add(c.day_shift == Answer::Yes, Text("postings-tag-day-shift"));
    add(c.assembly_line == Answer::No, Text("syndication-say-no-line"));
    if c.days_off > 0 {
        let n = if c.days_off == 2 && lang == Lang::Zh { "两".to_owned() } else { spoken::number(c.days_off, lang) };
        said.push(lang.t1("syndication-say-days-off", "n", n));
    }
    // They are made for cards, where each stands alone; here they are within a sentence.
    said.iter().map(|text| text.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pay_of_each_unit_is_a_sentence_without_figures() {
        for unit in PayUnit::ALL {
            for lang in Lang::ALL {
                let content = Content { pay_min: 2_250, pay_max: 3_000, pay_unit: *unit, ..Content::default() };
                let said = pay(&content, lang);
                assert!(!said.chars().any(|c| c.is_ascii_digit()), "{said}");
            }
        }
        assert_eq!(pay(&Content { pay_min: 600_000, pay_max: 800_000, ..Content::default() }, Lang::Zh), "工资每月六千到八千元。");
        assert_eq!(people(2, Lang::Zh), "两名");
    }
}
