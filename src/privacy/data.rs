//! All that is kept of a person, gathered from every capability: as JSON to take along, and as sections of a page.

use super::Privacy;
use crate::applications::Status;
use crate::clock::iso;
use crate::i18n::Lang;
use crate::ids::AccountId;
use crate::web::Result;
use serde_json::{Map, Value, json};

/// The form of the file; described in `docs/privacy.md`. A change that readers would notice gets a new number.
const FORMAT: &str = "springbreeze-personal/1";
/// Records of a kind that the page shows, the newest; all are in the file.
const SHOWN: usize = 50;

/// The kinds in the order of the page. A kind that is not here comes at the end.
const ORDER: [&str; 14] = [
    "accounts",
    "contacts",
    "profiles",
    "applications",
    "application_steps",
    "application_messages",
    "offers",
    "access_log",
    "interviews",
    "interview_messages",
    "recordings",
    "room_events",
    "questions",
    "consents",
];
/// Ids and the like, which say nothing to a reader.
const SILENT: [&str; 13] =
    ["id", "subject", "about", "upto", "seq", "run", "codec", "application_id", "interview_id", "scope", "version", "detail", "station_id"];
/// Fields that are yes or no.
const FLAGS: [&str; 4] = ["guest", "given", "video", "opens"];

/// A value as a page shows it.
pub(super) enum Shown {
    Text(String),
    /// An instant in ISO 8601.
    Time(String),
    /// A file of one's own, by its path.
    File(String),
}

/// A record: names of fields, as text keys, with what they hold.
pub(super) type Record = Vec<(String, Shown)>;

/// One kind of data.
pub(super) struct Section {
    /// A text key.
    pub(super) title: String,
    pub(super) records: Vec<Record>,
    /// How many there are besides.
    pub(super) more: usize,
}

impl Privacy {
    /// All that is kept of a person.
    pub(super) async fn data(&self, account: AccountId) -> Result<Value> {
        let parts = [
            self.accounts.personal(account).await?,
            self.applications.personal(account).await?,
            self.interviews.personal(account).await?,
            self.interviews.schedule.personal(account).await?,
            self.recordings.personal(account).await?,
            self.interviews.live.personal(account).await?,
            self.moderation.personal(account).await?,
            self.questions.personal(account).await?,
            self.polls.personal(account).await?,
            self.queue.personal(account).await?,
            self.guests.personal(account).await?,
            self.searches.personal(account).await?,
            self.stations.personal(account).await?,
            self.telling.personal(account).await?,
            self.accounts.notify.personal(account).await?,
        ];
        let mut tables = Map::new();
        for part in parts {
            if let Value::Object(part) = part {
                tables.extend(part);
            }
        }
        Ok(json!({"format": FORMAT, "made_at": iso(self.accounts.clock.now()), "tables": tables}))
    }
}

/// The sections of a page, without what is empty.
pub(super) fn sections(data: &Value, lang: Lang) -> Vec<Section> {
    let Some(tables) = data["tables"].as_object() else { return Vec::new() };
    let mut names: Vec<&String> = tables.keys().collect();
    names.sort_by_key(|name| (ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()), (*name).clone()));
    let section = |name: &String| {
        let rows = tables[name].as_array()?;
        let mut records: Vec<Record> =
            rows.iter().rev().take(SHOWN).filter_map(|row| row.as_object()).map(|row| record(row, lang)).collect();
        records.retain(|record| !record.is_empty());
        let title = format!("data-table-{}", name.replace('_', "-"));
        (!records.is_empty()).then_some(Section { title, more: rows.len().saturating_sub(SHOWN), records })
    };
    names.into_iter().filter_map(section).collect()
}

fn record(row: &Map<String, Value>, lang: Lang) -> Record {
    let fields = row.iter().filter(|(name, _)| !SILENT.contains(&name.as_str()));
    fields.filter_map(|(name, value)| Some((format!("data-field-{}", name.replace('_', "-")), shown(name, value, lang)?))).collect()
}

/// Nothing if there is nothing to be shown.
fn shown(name: &str, value: &Value, lang: Lang) -> Option<Shown> {
    let text = match value {
        Value::Number(n) if FLAGS.contains(&name) => lang.t(if n.as_i64() == Some(0) { "data-no" } else { "data-yes" }),
        Value::Number(n) => n.to_string(),
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) if name == "resume" || name == "voice" => return Some(Shown::File(text.clone())),
        Value::String(text) if text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok() => return Some(Shown::Time(text.clone())),
        Value::String(text) if name == "status" => Status::try_from(text.clone()).map_or_else(|_| text.clone(), |s| lang.t(s.label().0)),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    Some(Shown::Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_what_says_something_and_the_newest_first() {
        let row =
            |n: i64| json!({"id": "x", "text": format!("{n}"), "at": "2027-02-20T01:00:00Z", "reason": "", "given": 1, "gone_at": null});
        let rows: Vec<Value> = (0..60).map(row).collect();
        let data = json!({"tables": {"zzz": [{"id": "x"}], "questions": rows, "accounts": [{"name": "李雷"}]}});
        let found = sections(&data, Lang::Zh);
        assert_eq!(found.iter().map(|s| s.title.as_str()).collect::<Vec<_>>(), ["data-table-accounts", "data-table-questions"]);
        assert_eq!((found[1].records.len(), found[1].more), (50, 10));
        let fields: Vec<&str> = found[1].records[0].iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(fields, ["data-field-at", "data-field-given", "data-field-text"]);
        assert!(matches!(&found[1].records[0][2].1, Shown::Text(text) if text == "59"));
        assert!(matches!(&found[1].records[0][0].1, Shown::Time(_)));
    }
}
