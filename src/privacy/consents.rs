//! All consents of a person in one list, from the ledger and from what they said about being told; where each can be taken back.

use super::Privacy;
use crate::accounts::consents::Kept;
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::ids::AccountId;
use crate::notify::{Consent, TEXT_VERSION, Way};
use crate::web::{Result, Text};
use crate::{applications, recordings, stations};

/// How a consent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    Yes,
    No,
    /// Taken back, then.
    Withdrawn(Millis),
    /// Something was said later about the same.
    Replaced,
}

/// One thing that somebody agreed to or refused.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) label: Text,
    pub(super) employer_zh: String,
    pub(super) employer_en: String,
    /// Name and version of the words.
    pub(super) version: String,
    pub(super) at: Millis,
    pub(super) stands: Stands,
    pub(super) station: bool,
    /// Where it is taken back, as long as it stands.
    pub(super) link: String,
}

impl Privacy {
    /// All of a person's consents and refusals, newest first.
    pub(super) async fn consents(&self, account: AccountId) -> Result<Vec<Item>> {
        let mut items: Vec<Item> = self.accounts.consents_of(account).await?.into_iter().map(kept).collect();
        let mut seen = Vec::new();
        for said in self.accounts.notify.said_by(account).await? {
            // Newest first: what was said before about the same way no longer counts.
            let newest = !seen.contains(&said.channel);
            items.push(about_telling(&said, newest));
            seen.push(said.channel);
        }
        items.sort_by_key(|item| std::cmp::Reverse(item.at));
        Ok(items)
    }
}

fn kept(row: Kept) -> Item {
    let stands = match (row.given.0, row.withdrawn_at) {
        (false, _) => Stands::No,
        (true, 0) => Stands::Yes,
        (true, at) => Stands::Withdrawn(at),
    };
    let purpose = row.text_version.split('/').next().unwrap_or_default();
    let (label, link) = match purpose {
        "send-to-employer" => (Text("consents-send"), format!("/applications/{}#grant", row.about)),
        "station-help" => (Text("consents-help"), "/me/data".to_owned()),
        "record-interview" => (Text("consents-record"), format!("/interviews/{}/recording", row.about)),
        _ => (Text("consents-other"), String::new()),
    };
    let link = if stands == Stands::Yes { link } else { String::new() };
    let (employer_zh, employer_en, station) = (row.employer_zh, row.employer_en, row.how == "station");
    Item { label, employer_zh, employer_en, version: row.text_version, at: row.at, stands, station, link }
}

fn about_telling(said: &Consent, newest: bool) -> Item {
    let label = match Way::ALL.into_iter().find(|way| way.name() == said.channel) {
        Some(Way::Email) => Text("consents-email"),
        Some(Way::Phone) => Text("consents-phone"),
        Some(Way::Push) => Text("consents-push"),
        None => Text("consents-other"),
    };
    let stands = match (newest, said.given.0) {
        (false, _) => Stands::Replaced,
        (true, true) => Stands::Yes,
        (true, false) => Stands::No,
    };
    let link = if newest { "/me/telling".to_owned() } else { String::new() };
    let version = format!("{TELLING}{}", said.text_version);
    Item { label, employer_zh: String::new(), employer_en: String::new(), version, at: said.at, stands, station: false, link }
}

/// Before the version of the words about being told.
const TELLING: &str = "be-told/";

impl Item {
    /// The words themselves, if this server still has them: those of the present version.
    pub(super) fn words(&self, lang: Lang) -> Option<String> {
        let employer = lang.pick(&self.employer_zh, &self.employer_en);
        if self.version == applications::CONSENT {
            return Some(format!("{} {}", lang.t1("applications-consent", "employer", employer), lang.t("applications-consent-note")));
        }
        if self.version == stations::CONSENT {
            return Some(lang.t("stations-consent-text"));
        }
        if self.version == recordings::CONSENT {
            let parts = ["what", "for", "who", "long", "no"].map(|part| lang.t(&format!("recordings-words-{part}-text")));
            return Some(parts.join(" "));
        }
        let telling = self.version.strip_prefix(TELLING) == Some(TEXT_VERSION);
        telling.then(|| format!("{} {}", lang.t("telling-ways-lead"), lang.t("telling-ways-note")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Flag;

    fn row(text: &str, given: bool, withdrawn_at: Millis) -> Kept {
        Kept {
            text_version: text.into(),
            employer_zh: "厂".into(),
            employer_en: "Factory".into(),
            about: "x".into(),
            given: Flag(given),
            how: "page".into(),
            at: 1,
            withdrawn_at,
        }
    }

    #[test]
    fn what_stands_can_be_taken_back_and_nothing_else() {
        assert_eq!(kept(row("send-to-employer/2", true, 0)).link, "/applications/x#grant");
        let (withdrawn, refused) = (kept(row("send-to-employer/2", true, 5)), kept(row("record-interview/1", false, 0)));
        assert_eq!((withdrawn.stands, withdrawn.link.as_str()), (Stands::Withdrawn(5), ""));
        assert_eq!((refused.stands, refused.link.as_str()), (Stands::No, ""));
    }

    #[test]
    fn the_words_are_shown_of_the_version_that_was_agreed_to_alone() {
        assert!(kept(row(applications::CONSENT, true, 0)).words(Lang::Zh).is_some_and(|text| text.contains('厂')));
        assert!(kept(row(recordings::CONSENT, true, 0)).words(Lang::En).is_some());
        assert_eq!(kept(row("send-to-employer/1", true, 0)).words(Lang::Zh), None);
        let told = |version: &str| Consent { channel: "email".into(), at: 1, given: Flag(true), text_version: version.into() };
        assert!(about_telling(&told(TEXT_VERSION), true).words(Lang::Zh).is_some());
        assert_eq!(about_telling(&told("2020-01"), true).words(Lang::Zh), None);
        assert_eq!(about_telling(&told(TEXT_VERSION), false).stands, Stands::Replaced);
    }
}
