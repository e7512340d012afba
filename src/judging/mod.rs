//! Judging fairly: everybody who is interviewed for a posting is asked the same questions, and each judge rates the answers on a sheet of
//! their own before the employer decides.
//!
//! Invariants: a rating keeps the question as it was worded when it was rated; notes are encrypted and, like stars, reach the employer's
//! recruiters alone, never the candidate (also not one who recruits for the employer by now) nor organisers; saving moves no application,
//! only deciding does; what a text is flagged for blocks nothing. Deliberately absent: scores that decide by themselves.

mod export;
mod overview;
mod pages;
mod questions;
mod questions_page;
mod remind;
mod sheet;
mod store;

pub use pages::routes;
pub use store::SEALED;

use crate::accounts::{Accounts, Viewer};
use crate::applications::{Applications, Listed, Status};
use crate::clock::Millis;
use crate::db::Db;
use crate::i18n::Lang;
use crate::ids::{AccountId, CriterionId, InterviewId, PostingId};
use crate::interviews::{EARLY, Interview, Interviews, Party};
use crate::moderation::text::{Ground, discriminates};
use crate::postings::{PostingView, State as PostingState};
use crate::web::{AppError, Fields, Result, Text};
use sheet::Answers;

/// Characters of the notes: two pages.
const MAX_NOTES: usize = 4_000;

/// A question that everybody is asked, and whose answer is rated.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Question {
    pub id: CriterionId,
    pub version: i64,
    pub text_zh: String,
    pub text_en: String,
}

/// An answer as one judge rated it, with the question of that moment.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Rating {
    pub interview_id: InterviewId,
    pub judge_id: AccountId,
    pub question_id: CriterionId,
    pub version: i64,
    pub n: i64,
    pub text_zh: String,
    pub text_en: String,
    pub stars: i64,
}

/// What one judge wrote about one interview.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Sheet {
    pub interview_id: InterviewId,
    pub judge_id: AccountId,
    pub judge_name: String,
    pub version: i64,
    sealed_notes: String,
    /// As chosen, perhaps not decided yet.
    pub next_step: String,
    pub decided_at: Option<Millis>,
}

impl Sheet {
    /// What was decided.
    pub fn decision(&self) -> Option<NextStep> {
        NextStep::parse(&self.next_step).filter(|_| self.decided_at.is_some())
    }
}

/// What comes next for a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    Offer,
    SecondRound,
    Pool,
    No,
}

impl NextStep {
    pub const ALL: [Self; 4] = [Self::Offer, Self::SecondRound, Self::Pool, Self::No];

    pub fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::SecondRound => "second-round",
            Self::Pool => "pool",
            Self::No => "no",
        }
    }

    pub fn label(self) -> Text {
        match self {
            Self::Offer => Text("judging-step-offer"),
            Self::SecondRound => Text("judging-step-second-round"),
            Self::Pool => Text("judging-step-pool"),
            Self::No => Text("judging-step-no"),
        }
    }

    pub fn badge(self) -> &'static str {
        match self {
            Self::Offer => "badge-success",
            Self::SecondRound => "badge-info",
            Self::Pool => "badge-warn",
            Self::No => "badge-danger",
        }
    }

    /// What the candidate sees of it.
    pub fn status(self) -> Status {
        match self {
            Self::Offer => Status::Offer,
            Self::SecondRound => Status::Interview,
            Self::Pool => Status::Shortlisted,
            Self::No => Status::Rejected,
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// What became of the application with a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// There is none, or nothing was decided.
    No,
    To(Status),
    /// It has come to an end of its own: withdrawn, or hired.
    Ended(Status),
}

/// A sheet that was saved.
#[derive(Clone, Debug)]
pub struct Saved {
    pub version: i64,
    pub at: Millis,
    /// What the notes are flagged for.
    pub grounds: Vec<Ground>,
    pub moved: Moved,
}

/// An interview with what is judged by.
pub(crate) struct Subject {
    pub(crate) interview: Interview,
    /// The posting is the one it was booked for, and not to be chosen.
    pub(crate) is_fixed: bool,
    pub(crate) posting: Option<PostingView>,
    pub(crate) questions: Vec<Question>,
    /// The candidate's application for the posting.
    pub(crate) application: Option<Listed>,
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Judging {
    interviews: Interviews,
    applications: Applications,
}

impl Judging {
    pub fn new(interviews: Interviews, applications: Applications) -> Self {
        Self { interviews, applications }
    }

    fn accounts(&self) -> &Accounts {
        &self.interviews.live.rooms.fairs.accounts
    }

    fn db(&self) -> &Db {
        &self.accounts().db
    }

    fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    /// The interview with what it is judged by, for recruiters of its employer.
    pub(crate) async fn subject(&self, viewer: &Viewer, id: InterviewId) -> Result<Subject> {
        viewer.person()?;
        let (interview, party) = self.interviews.visible_to(viewer, id).await?;
        if party != Party::Employer {
            return Err(AppError::NotFound);
        }
        let topic = store::topic(self.db().read(), id).await?;
        let chosen = match topic {
            (Some(posting), _) | (None, Some(posting)) => Some(posting),
            // Whoever applied for one posting of the employer is most likely interviewed for that.
            (None, None) => match store::applied_for(self.db().read(), &interview).await?[..] {
                [only] => Some(only),
                _ => None,
            },
        };
        let mut subject = Subject { interview, is_fixed: topic.0.is_some(), posting: None, questions: Vec::new(), application: None };
        if let Some(posting) = chosen {
            subject.posting = Some(self.applications.postings.recruited_by(viewer, posting).await?);
            subject.questions = store::questions(self.db().read(), posting).await?;
            if let Some(application) = store::application(self.db().read(), posting, subject.interview.seeker_id).await? {
                subject.application = Some(self.applications.visible_to(viewer, application).await?.0);
            }
        }
        Ok(subject)
    }

    /// Postings of the employer at the fair for which an interview may be judged.
    async fn postings_for(&self, interview: &Interview) -> Result<Vec<crate::postings::Posting>> {
        let mut all = self.applications.postings.of_employer(interview.employer_id).await?;
        all.retain(|p| p.fair_id == interview.fair_id && p.state != PostingState::Draft);
        Ok(all)
    }

    /// Says for which posting an interview is judged that was booked without one.
    pub async fn choose_posting(&self, viewer: &Viewer, id: InterviewId, posting: PostingId) -> Result<()> {
        let subject = self.subject(viewer, id).await?;
        if subject.is_fixed || !self.postings_for(&subject.interview).await?.iter().any(|p| p.id == posting) {
            return Err(AppError::NotFound);
        }
        Ok(store::set_topic(self.db().write(), id, posting).await?)
    }

    /// The viewer's sheet and its ratings, if it was begun.
    pub async fn own_sheet(&self, viewer: &Viewer, id: InterviewId) -> Result<(Option<Sheet>, Vec<Rating>)> {
        let judge = viewer.person()?.id;
        let db = self.db().read();
        Ok((store::sheet(db, id, judge).await?, store::ratings_of(db, id, judge).await?))
    }

    /// Saves the viewer's sheet, and moves the application if the answers decide.
    pub(crate) async fn save(&self, viewer: &Viewer, subject: &Subject, answers: &Answers) -> Result<Saved> {
        let (judge, now, interview) = (viewer.person()?.id, self.now(), &subject.interview);
        if !may_judge(interview, now) {
            return Err(AppError::Conflict(Text("judging-not-yet")));
        }
        if answers.is_outdated(&subject.questions) {
            return Err(AppError::Conflict(Text("judging-question-changed")));
        }
        let sealed = if answers.notes.is_empty() { String::new() } else { self.accounts().keys.encrypt(&answers.notes) };
        let written = store::Written { interview: interview.id, judge, answers, sealed_notes: &sealed, now };
        let mut tx = self.db().begin().await?;
        let Some(version) = store::put_sheet(&mut tx, &written, &subject.questions).await? else {
            return Err(AppError::Conflict(Text("judging-sheet-changed")));
        };
        if let Some(posting) = subject.posting.as_ref().filter(|_| !subject.is_fixed) {
            store::note_topic(&mut tx, interview.id, posting.posting.id).await?;
        }
        if answers.decision.is_some() {
            let (subject, fair) = (interview.id.to_string(), Some(interview.fair_id));
            self.accounts().audit_in(&mut *tx, judge, "judging.decide", &subject, fair, "", "").await?;
        }
        tx.commit().await?;
        let moved = match (answers.decision, &subject.application) {
            (Some(step), Some(application)) => self.move_on(viewer, application, step).await?,
            _ => Moved::No,
        };
        Ok(Saved { version, at: now, grounds: discriminates(&answers.notes), moved })
    }

    async fn move_on(&self, viewer: &Viewer, application: &Listed, step: NextStep) -> Result<Moved> {
        if matches!(application.status, Status::Withdrawn | Status::Hired) {
            return Ok(Moved::Ended(application.status));
        }
        Ok(Moved::To(self.applications.set_status(viewer, application.id, step.status()).await?.status))
    }

    /// The notes of a sheet, readable.
    fn notes(&self, sheet: &Sheet) -> String {
        if sheet.sealed_notes.is_empty() { String::new() } else { self.accounts().keys.decrypt(&sheet.sealed_notes).unwrap_or_default() }
    }

    /// The posting and its questions, for recruiters of its employer.
    async fn posting(&self, viewer: &Viewer, id: PostingId) -> Result<(PostingView, Vec<Question>)> {
        viewer.person()?;
        let view = self.applications.postings.recruited_by(viewer, id).await?;
        Ok((view, store::questions(self.db().read(), id).await?))
    }

    /// Whether somebody has decided about an interview, or nothing is to be decided.
    async fn is_decided(&self, interview: &Interview) -> Result<bool> {
        Ok(!has_been(interview, self.now()) || store::is_decided(self.db().read(), interview.id).await?)
    }
}

/// Nobody is rated whom nobody has met: from when the call may be entered on.
fn may_judge(interview: &Interview, now: Millis) -> bool {
    interview.cancelled_at.is_none() && now >= interview.starts_at - EARLY
}

/// Both came, and it is over.
fn has_been(interview: &Interview, now: Millis) -> bool {
    let met = interview.seeker_joined_at.is_some() && interview.employer_joined_at.is_some() && interview.cancelled_at.is_none();
    met && (interview.ended_at.is_some() || now >= interview.until())
}

/// What a text is flagged for, as one line; empty if nothing.
fn named(lang: Lang, grounds: &[Ground]) -> String {
    let names: Vec<String> = grounds.iter().map(|g| lang.t(g.text())).collect();
    names.join(if lang == Lang::Zh { "、" } else { ", " })
}

fn invalid(field: &'static str, text: Text) -> AppError {
    let mut fields = Fields::default();
    fields.add(field, text);
    AppError::Invalid(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_a_status_that_a_recruiter_may_set() {
        for step in NextStep::ALL {
            assert_eq!(NextStep::parse(step.name()), Some(step));
            assert!(Status::New.next_for_recruiter().contains(&step.status()));
        }
        assert_eq!(NextStep::parse(""), None);
    }
}
