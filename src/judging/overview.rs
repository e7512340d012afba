//! All interviews of a posting side by side. Pure but for reading.

use super::store::{self, Interviewed};
use super::{Judging, NextStep, Question, Rating, Sheet, named};
use crate::accounts::Viewer;
use crate::applications::Status;
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::ids::{CriterionId, PostingId};
use crate::moderation::text::{Ground, discriminates};
use crate::postings::PostingView;
use crate::web::Result;

/// What several stars come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mean {
    pub(super) value: f64,
    /// Some were given for an earlier wording of the question.
    pub(super) earlier: bool,
}

impl Mean {
    /// `None` of nothing.
    fn of(values: impl IntoIterator<Item = (f64, bool)>) -> Option<Self> {
        let (mut sum, mut count, mut earlier) = (0.0, 0.0, false);
        for (value, old) in values {
            sum += value;
            count += 1.0;
            earlier |= old;
        }
        (count > 0.0).then(|| Self { value: sum / count, earlier })
    }

    pub(super) fn shown(&self) -> String {
        format!("{:.1}", self.value)
    }
}

/// A sheet as colleagues read it.
pub(super) struct Read {
    pub(super) sheet: Sheet,
    pub(super) ratings: Vec<Rating>,
    pub(super) notes: String,
    pub(super) grounds: Vec<Ground>,
}

impl Read {
    pub(super) fn decision(&self) -> Option<NextStep> {
        self.sheet.decision()
    }

    pub(super) fn flagged(&self, lang: Lang) -> String {
        named(lang, &self.grounds)
    }

    /// The question of a rating as it was worded then.
    pub(super) fn question<'a>(&self, rating: &'a Rating, lang: Lang) -> &'a str {
        lang.pick(&rating.text_zh, &rating.text_en)
    }
}

/// A candidate with what all judges found.
pub(super) struct Candidate {
    pub(super) interview: Interviewed,
    /// For each question of the posting.
    pub(super) means: Vec<Option<Mean>>,
    /// Of these means, so that a question counts the same however many rated it.
    pub(super) mean: Option<Mean>,
    pub(super) sheets: Vec<Read>,
    now: Millis,
}

impl Candidate {
    pub(super) fn steps(&self) -> Vec<NextStep> {
        let mut steps: Vec<NextStep> = Vec::new();
        for step in self.sheets.iter().filter_map(Read::decision) {
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        steps
    }

    pub(super) fn status(&self) -> Option<Status> {
        Status::parse(&self.interview.status)
    }

    pub(super) fn is_over(&self) -> bool {
        self.interview.is_over(self.now)
    }

    /// Both came, it is over, and nobody has decided.
    pub(super) fn is_undecided(&self) -> bool {
        self.interview.has_been(self.now) && self.steps().is_empty()
    }

    pub(super) fn is_flagged(&self) -> bool {
        self.sheets.iter().any(|s| !s.grounds.is_empty())
    }
}

impl Interviewed {
    pub(super) fn is_over(&self, now: Millis) -> bool {
        self.ended_at.is_some() || now >= self.until
    }

    pub(super) fn has_been(&self, now: Millis) -> bool {
        self.seeker_joined_at.is_some() && self.employer_joined_at.is_some() && self.is_over(now)
    }

    pub(super) fn iso(&self) -> String {
        crate::clock::iso(self.starts_at)
    }

    /// In the fair's zone.
    pub(super) fn local(&self) -> String {
        crate::interviews::local(&self.zone, self.starts_at, "%Y-%m-%d %H:%M")
    }
}

/// What the judges of one interview found on average, for each question.
fn means(questions: &[Question], ratings: &[&Rating]) -> Vec<Option<Mean>> {
    let of = |q: &Question| {
        let own = ratings.iter().filter(|r| r.question_id == q.id);
        Mean::of(own.map(|r| (r.stars as f64, r.version != q.version)))
    };
    questions.iter().map(of).collect()
}

/// Best first; whom nobody rated last, in the order of the interviews.
fn ranked(mut all: Vec<Candidate>) -> Vec<Candidate> {
    let key = |c: &Candidate| c.mean.map_or(-1.0, |m| m.value);
    all.sort_by(|a, b| key(b).total_cmp(&key(a)));
    all
}

/// Everything of a posting.
pub(super) struct Overview {
    pub(super) view: PostingView,
    pub(super) questions: Vec<Question>,
    pub(super) candidates: Vec<Candidate>,
}

impl Judging {
    /// The interviews of a posting with what was found, for recruiters of its employer. One's own interview is not among them.
    pub(super) async fn overview(&self, viewer: &Viewer, id: PostingId) -> Result<Overview> {
        let (view, questions) = self.posting(viewer, id).await?;
        let (db, now) = (self.db().read(), self.now());
        let interviews = store::interviewed(db, (id, view.employer.id), viewer.person()?.id).await?;
        let (sheets, ratings) = (store::sheets(db, id).await?, store::ratings(db, id).await?);
        let candidate = |interview: Interviewed| {
            let own: Vec<&Rating> = ratings.iter().filter(|r| r.interview_id == interview.id).collect();
            let means = means(&questions, &own);
            let read = |sheet: &Sheet| {
                let notes = self.notes(sheet);
                let ratings = own.iter().filter(|r| r.judge_id == sheet.judge_id).map(|r| (*r).clone()).collect();
                Read { sheet: sheet.clone(), ratings, grounds: discriminates(&notes), notes }
            };
            let sheets = sheets.iter().filter(|s| s.interview_id == interview.id).map(read).collect();
            let mean = Mean::of(means.iter().flatten().map(|m| (m.value, m.earlier)));
            Candidate { interview, means, mean, sheets, now }
        };
        let candidates = ranked(interviews.into_iter().map(candidate).collect());
        Ok(Overview { view, questions, candidates })
    }
}

/// Questions in all their wordings that were rated, in their order, for the columns of a table.
pub(super) fn wordings(candidates: &[Candidate]) -> Vec<(CriterionId, i64, Rating)> {
    let mut found: Vec<(CriterionId, i64, Rating)> = Vec::new();
    for rating in candidates.iter().flat_map(|c| &c.sheets).flat_map(|s| &s.ratings) {
        if found.iter().all(|(id, version, _)| (*id, *version) != (rating.question_id, rating.version)) {
            found.push((rating.question_id, rating.version, rating.clone()));
        }
    }
    found.sort_by_key(|(id, version, rating)| (rating.n, *id, *version));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, InterviewId};

    fn rating(question: &Question, version: i64, stars: i64) -> Rating {
        Rating {
            interview_id: InterviewId::new(),
            judge_id: AccountId::new(),
            question_id: question.id,
            version,
            n: 0,
            text_zh: "问".into(),
            text_en: String::new(),
            stars,
        }
    }

    fn question() -> Question {
        Question { id: CriterionId::new(), version: 2, text_zh: "问".into(), text_en: String::new() }
    }

    #[test]
    fn a_mean_is_of_those_who_rated_and_marks_earlier_wordings() {
        let questions = [question(), question(), question()];
        let given = [rating(&questions[0], 2, 5), rating(&questions[0], 2, 4), rating(&questions[1], 1, 2)];
        let means = means(&questions, &given.iter().collect::<Vec<_>>());
        assert_eq!(means[0], Some(Mean { value: 4.5, earlier: false }));
        assert_eq!(means[1], Some(Mean { value: 2.0, earlier: true }));
        assert_eq!(means[2], None, "nobody was asked");
        let whole = Mean::of(means.iter().flatten().map(|m| (m.value, m.earlier))).expect("rated");
        assert_eq!((whole.shown().as_str(), whole.earlier), ("3.2", true), "each question counts once: 3.25");
    }
}
