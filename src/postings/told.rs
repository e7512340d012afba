//! What is passed on of a posting by copying it: a few lines of plain text for a chat group, and the snippet that embeds its card.

use super::PostingView;
use crate::i18n::Lang;

/// What one can copy on the page of a posting.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) text: String,
    pub(super) embed: String,
}

impl Share {
    pub(super) fn of(view: &PostingView, lang: Lang, origin: &str) -> Self {
        // Nothing of it is what somebody wrote, so that it needs no escaping wherever it is pasted.
        let card = format!("{origin}/postings/{}/card?lang={}", view.posting.id, lang.tag());
        let title = lang.t("syndication-card-title");
        let embed =
            format!("<iframe src=\"{card}\" title=\"{title}\" width=\"360\" height=\"240\" loading=\"lazy\" style=\"border:0\"></iframe>");
        Self { text: view.plain_text(lang, origin), embed }
    }
}

impl PostingView {
    /// The last day on which the posting is valid, in the fair's zone.
    pub fn last_day(&self) -> String {
        self.fair.local(&(self.posting.content.valid_until - 1)).chars().take(10).collect()
    }

    /// The posting in plain text: what a member of a group must know to decide whether to tap the link.
    pub fn plain_text(&self, lang: Lang, origin: &str) -> String {
        let c = &self.posting.content;
        let good: Vec<_> = c.tags(lang).into_iter().map(|tag| tag.text).take(8).collect();
        let mut lines = vec![
            lang.t2("syndication-text-title", "title", c.title(lang), "pay", c.pay(lang)),
            lang.t1("syndication-text-employer", "name", lang.pick(&self.employer.name_zh, &self.employer.name_en)),
            lang.t1("syndication-text-place", "place", c.places_in_words(lang)),
            lang.t1("syndication-text-headcount", "n", c.headcount),
        ];
        if !good.is_empty() {
            lines.push(lang.t1("syndication-text-terms", "terms", good.join(if lang == Lang::Zh { "、" } else { ", " })));
        }
        lines.push(lang.t1("syndication-text-until", "day", self.last_day()));
        lines.push(lang.t1("syndication-text-link", "url", format!("{origin}/postings/{}", self.posting.id)));
        lines.push(lang.t("syndication-free"));
        lines.join("\n")
    }
}
