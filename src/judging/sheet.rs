//! A judge's sheet as somebody fills it in. Pure.

use super::{MAX_NOTES, NextStep, Question, Rating};
use crate::ids::CriterionId;
use crate::web::{Fields, Text};
use std::collections::BTreeMap;

/// The form as sent: `s-<question>` holds the stars, nought for "not asked", and `v-<question>` the version that was seen.
pub(super) type SheetForm = BTreeMap<String, String>;

/// What a judge answered for one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(super) question: CriterionId,
    pub(super) version: i64,
    /// Nought takes a rating back.
    pub(super) stars: i64,
}

/// The form as understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// The version of the sheet that was seen.
    pub(super) seen: i64,
    pub(super) tab: String,
    pub(super) notes: String,
    pub(super) given: Vec<Given>,
    /// Chosen, perhaps without deciding.
    pub(super) next_step: Option<NextStep>,
    pub(super) decision: Option<NextStep>,
}

impl Answers {
    pub(super) fn read(form: &SheetForm) -> Result<Self, Fields> {
        let text = |name: &str| form.get(name).map_or("", String::as_str);
        let mut wrong = Fields::default();
        let notes = wrong.lines("notes", text("notes"), MAX_NOTES);
        let mut given = Vec::new();
        for (name, stars) in form {
            let Some(question) = name.strip_prefix("s-").and_then(|id| id.parse::<CriterionId>().ok()) else { continue };
            match stars.parse() {
                Ok(stars @ 0..=5) => {
                    let version = text(&format!("v-{question}")).parse().unwrap_or(0);
                    given.push(Given { question, version, stars });
                }
                _ => wrong.add("stars", Text("judging-stars-wrong")),
            }
        }
        let next_step = NextStep::parse(text("next_step"));
        let decides = text("act") == "decide";
        if decides && next_step.is_none() {
            wrong.add("next_step", Text("judging-step-needed"));
        }
        let tab: String = text("tab").chars().filter(char::is_ascii_graphic).take(40).collect();
        let seen = text("version").parse().unwrap_or(0);
        let decision = next_step.filter(|_| decides);
        if wrong.is_empty() { Ok(Self { seen, tab, notes, given, next_step, decision }) } else { Err(wrong) }
    }

    /// A question was reworded or taken away since the judge saw it.
    pub(super) fn is_outdated(&self, questions: &[Question]) -> bool {
        let seen = |g: &Given| questions.iter().any(|q| q.id == g.question && q.version == g.version);
        self.given.iter().any(|g| g.stars > 0 && !seen(g))
    }
}

/// A question on the sheet.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) question: Question,
    /// Stars, nought for "not asked", empty for neither.
    pub(super) chosen: String,
    /// How an earlier wording was rated.
    pub(super) earlier: Option<Rating>,
}

/// The questions with what was rated; and what was rated of questions that are gone.
pub(super) fn items(questions: &[Question], rated: &[Rating], form: Option<&SheetForm>) -> (Vec<Item>, Vec<Rating>) {
    let item = |q: &Question| {
        let stored = rated.iter().find(|r| r.question_id == q.id);
        let current = stored.filter(|r| r.version == q.version);
        let typed = form.and_then(|f| f.get(&format!("s-{}", q.id)).cloned());
        Item {
            question: q.clone(),
            chosen: typed.unwrap_or_else(|| current.map(|r| r.stars.to_string()).unwrap_or_default()),
            earlier: stored.filter(|r| r.version != q.version).cloned(),
        }
    };
    let gone = rated.iter().filter(|r| questions.iter().all(|q| q.id != r.question_id)).cloned().collect();
    (questions.iter().map(item).collect(), gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, InterviewId};

    fn form(pairs: &[(&str, &str)]) -> SheetForm {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn question(version: i64) -> Question {
        Question { id: CriterionId::new(), version, text_zh: "问".into(), text_en: String::new() }
    }

    #[test]
    fn stars_are_one_to_five_or_none_and_deciding_needs_a_step() {
        let q = question(2);
        let (s, v) = (format!("s-{}", q.id), format!("v-{}", q.id));
        let answers =
            Answers::read(&form(&[(&s, "4"), (&v, "2"), ("notes", " 好 "), ("version", "7"), ("next_step", "pool")])).expect("fine");
        assert_eq!(answers.given, [Given { question: q.id, version: 2, stars: 4 }]);
        assert_eq!((answers.notes.as_str(), answers.seen, answers.decision), ("好", 7, None));
        for bad in ["6", "-1", "x", "", "4.5", "99999999999999999999"] {
            assert!(Answers::read(&form(&[(&s, bad)])).expect_err("wrong").get("stars").is_some(), "{bad}");
        }
        assert!(Answers::read(&form(&[("act", "decide")])).expect_err("wrong").get("next_step").is_some());
        assert!(Answers::read(&form(&[("act", "decide"), ("next_step", "hire")])).is_err());
        let decided = Answers::read(&form(&[("act", "decide"), ("next_step", "no")])).expect("fine");
        assert_eq!(decided.decision, Some(NextStep::No));
        assert!(Answers::read(&form(&[("notes", &"长".repeat(MAX_NOTES + 1))])).expect_err("wrong").get("notes").is_some());
    }

    #[test]
    fn a_rating_counts_for_the_wording_that_was_seen() {
        let q = question(2);
        let (s, v) = (format!("s-{}", q.id), format!("v-{}", q.id));
        let outdated = |stars: &str, version: &str, questions: &[Question]| {
            Answers::read(&form(&[(&s, stars), (&v, version)])).expect("fine").is_outdated(questions)
        };
        assert!(!outdated("4", "2", std::slice::from_ref(&q)));
        assert!(outdated("4", "1", std::slice::from_ref(&q)) && outdated("4", "2", &[]));
        assert!(!outdated("0", "1", std::slice::from_ref(&q)), "nothing was rated");
    }

    #[test]
    fn what_was_rated_under_another_wording_is_not_taken_for_this_one() {
        let (now, gone) = (question(2), question(1));
        let rated = |q: &Question, version| Rating {
            interview_id: InterviewId::new(),
            judge_id: AccountId::new(),
            question_id: q.id,
            version,
            n: 0,
            text_zh: "旧".into(),
            text_en: String::new(),
            stars: 3,
        };
        let (shown, left) = items(std::slice::from_ref(&now), &[rated(&now, 1), rated(&gone, 1)], None);
        assert_eq!((shown[0].chosen.as_str(), shown[0].earlier.as_ref().map(|r| r.stars), left.len()), ("", Some(3), 1));
        let (shown, _) = items(std::slice::from_ref(&now), &[rated(&now, 2)], None);
        assert_eq!((shown[0].chosen.as_str(), shown[0].earlier.is_none()), ("3", true));
        let typed = form(&[(&format!("s-{}", now.id), "5")]);
        assert_eq!(items(std::slice::from_ref(&now), &[rated(&now, 2)], Some(&typed)).0[0].chosen, "5", "a form comes back as it was");
    }
}
