//! The questions of a posting as somebody edits them. Pure.

use super::Question;
use crate::i18n::Lang;
use crate::ids::CriterionId;
use crate::moderation::text::discriminates;
use crate::web::{Text, clean};
use serde::Deserialize;

/// More than a dozen questions nobody asks in a quarter of an hour.
pub(super) const MOST: usize = 12;
/// Characters of a question.
pub(super) const MAX_QUESTION: usize = 200;
/// Empty rows that a form without any question begins with are these suggestions.
pub(super) const SUGGESTED: [Text; 3] = [Text("judging-suggestion-1"), Text("judging-suggestion-2"), Text("judging-suggestion-3")];

/// The form as sent: one entry a row in each list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct QuestionsForm {
    /// Of the set that was seen.
    version: String,
    id: Vec<String>,
    zh: Vec<String>,
    en: Vec<String>,
    act: String,
}

/// One row of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: Option<CriterionId>,
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) error: Option<Text>,
}

impl Row {
    fn is_blank(&self) -> bool {
        self.zh.is_empty() && self.en.is_empty()
    }

    pub(super) fn id(&self) -> String {
        self.id.map(|id| id.to_string()).unwrap_or_default()
    }

    /// What it is flagged for, as one line; empty if nothing.
    pub(super) fn flagged(&self, lang: Lang) -> String {
        super::named(lang, &discriminates(&format!("{}\n{}", self.zh, self.en)))
    }
}

impl From<&Question> for Row {
    fn from(q: &Question) -> Self {
        Self { id: Some(q.id), zh: q.text_zh.clone(), en: q.text_en.clone(), error: None }
    }
}

/// What a button of the form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Save,
    Add,
    Up(usize),
    Down(usize),
    Drop(usize),
}

impl QuestionsForm {
    pub(super) fn version(&self) -> i64 {
        self.version.parse().unwrap_or(0)
    }

    pub(super) fn act(&self) -> Act {
        let at = |prefix: &str| self.act.strip_prefix(prefix).and_then(|n| n.parse().ok());
        if self.act == "add" {
            return Act::Add;
        }
        at("up-").map(Act::Up).or_else(|| at("down-").map(Act::Down)).or_else(|| at("drop-").map(Act::Drop)).unwrap_or(Act::Save)
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let at = |list: &[String], i: usize| list.get(i).cloned().unwrap_or_default();
        // One more than may be, so that too many are seen as such.
        let count = self.zh.len().max(self.en.len()).min(MOST + 1);
        (0..count).map(|i| row(&at(&self.id, i), &at(&self.zh, i), &at(&self.en, i))).collect()
    }
}

fn row(id: &str, zh: &str, en: &str) -> Row {
    let (zh, en) = (clean(zh, MAX_QUESTION + 1), clean(en, MAX_QUESTION + 1));
    let long = |text: &str| text.chars().count() > MAX_QUESTION;
    let error = (long(&zh) || long(&en)).then_some(Text("base-field-too-long"));
    Row { id: id.parse().ok(), zh, en, error }
}

/// The rows after a button that saves nothing.
pub(super) fn changed(mut rows: Vec<Row>, act: Act) -> Vec<Row> {
    match act {
        Act::Up(i) if i > 0 && i < rows.len() => rows.swap(i, i - 1),
        Act::Down(i) if i + 1 < rows.len() => rows.swap(i, i + 1),
        Act::Drop(i) if i < rows.len() => drop(rows.remove(i)),
        Act::Add if rows.len() < MOST => rows.push(Row::default()),
        Act::Save | Act::Add | Act::Up(_) | Act::Down(_) | Act::Drop(_) => {}
    }
    rows
}

/// The rows to be stored: blank ones are left out, and an id counts once.
pub(super) fn checked(rows: &[Row]) -> Result<Vec<Row>, Text> {
    let mut kept: Vec<Row> = Vec::new();
    for row in rows.iter().filter(|r| !r.is_blank()) {
        if let Some(error) = row.error {
            return Err(error);
        }
        let id = row.id.filter(|id| kept.iter().all(|k| k.id != Some(*id)));
        kept.push(Row { id, ..row.clone() });
    }
    if kept.len() > MOST { Err(Text("judging-too-many")) } else { Ok(kept) }
}

/// What becomes of the stored questions: each row with the id and version that it gets.
pub(super) fn planned(rows: &[Row], stored: &[Question]) -> Vec<Question> {
    let plan = |row: &Row| {
        let before = stored.iter().find(|q| Some(q.id) == row.id);
        let same = before.is_some_and(|q| q.text_zh == row.zh && q.text_en == row.en);
        Question {
            id: before.map_or_else(CriterionId::new, |q| q.id),
            version: before.map_or(1, |q| q.version + i64::from(!same)),
            text_zh: row.zh.clone(),
            text_en: row.en.clone(),
        }
    };
    rows.iter().map(plan).collect()
}

/// Whether the rows say what is stored already, as when a form was sent twice.
pub(super) fn is_stored(rows: &[Row], stored: &[Question]) -> bool {
    rows.len() == stored.len() && rows.iter().zip(stored).all(|(r, q)| r.zh == q.text_zh && r.en == q.text_en)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(zh: &[&str], act: &str) -> QuestionsForm {
        let zh: Vec<String> = zh.iter().map(|t| (*t).to_owned()).collect();
        QuestionsForm { zh, act: act.into(), ..QuestionsForm::default() }
    }

    fn texts(rows: &[Row]) -> Vec<&str> {
        rows.iter().map(|r| r.zh.as_str()).collect()
    }

    #[test]
    fn buttons_move_drop_and_add_rows_and_nothing_else() {
        let after = |act: &str| {
            let form = form(&["甲", "乙", "丙"], act);
            texts(&changed(form.rows(), form.act())).join("")
        };
        assert_eq!((after("up-1"), after("down-1"), after("drop-0")), ("乙甲丙".into(), "甲丙乙".into(), "乙丙".into()));
        for nothing in ["up-0", "down-2", "up-9", "drop-7", "save", "", "up-x"] {
            assert_eq!(after(nothing), "甲乙丙", "{nothing}");
        }
        let form = form(&["甲"], "add");
        assert_eq!(changed(form.rows(), form.act()).len(), 2);
    }

    #[test]
    fn what_is_blank_is_left_out_and_what_is_too_long_or_too_much_is_said() {
        assert_eq!(texts(&checked(&form(&["甲", " ", "乙"], "").rows()).expect("fine")), ["甲", "乙"]);
        let long = "长".repeat(MAX_QUESTION + 1);
        assert_eq!(checked(&form(&[&long], "").rows()), Err(Text("base-field-too-long")));
        assert_eq!(checked(&form(&["问"; MOST + 1], "").rows()), Err(Text("judging-too-many")));
    }

    #[test]
    fn a_new_wording_is_a_new_version_and_a_move_is_not() {
        let stored: Vec<Question> = ["甲", "乙"]
            .iter()
            .map(|t| Question { id: CriterionId::new(), version: 3, text_zh: (*t).into(), text_en: String::new() })
            .collect();
        let mut rows: Vec<Row> = stored.iter().rev().map(Row::from).collect();
        rows[0].zh = "乙二".into();
        rows.push(Row { id: Some(CriterionId::new()), zh: "丙".into(), ..Row::default() });
        let plan = planned(&rows, &stored);
        assert_eq!(plan.iter().map(|q| q.version).collect::<Vec<_>>(), [4, 3, 1]);
        assert_eq!((plan[0].id, plan[1].id), (stored[1].id, stored[0].id));
        assert_ne!(Some(plan[2].id), rows[2].id, "nobody chooses an id");
        assert!(is_stored(&stored.iter().map(Row::from).collect::<Vec<_>>(), &stored) && !is_stored(&rows, &stored));
        let twice = checked(&[Row::from(&stored[0]), Row::from(&stored[0])]).expect("fine");
        assert_eq!(twice[1].id, None, "an id counts once");
    }
}
