//! One step for many applications: to a stage, perhaps with a message, or to a colleague. Whoever it cannot be done with is named with the
//! reason; the others go all the same. A move can be undone for a while: until then no applicant is told of it or sees it.

use super::store::bulk::{Fate, Stored};
use super::{Applications, Listed, Status, store, templates, threads};
use crate::accounts::{Account, Viewer};
use crate::clock::{MINUTE, Millis};
use crate::ids::{AccountId, ApplicationId, BulkId, EmployerId};
use crate::moderation::{Judgement, Moderation};
use crate::notify::{Letter, drop_topic_in};
use crate::web::{AppError, Result, Text};
use std::collections::HashSet;

/// For so long a move can be undone.
pub(super) const UNDO: Millis = 10 * MINUTE;
/// More are not on a page, and all of them are written in one transaction.
pub(super) const MOST: usize = 200;

/// What is to be done with those who were picked.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// To a stage, with a message if there is a template.
    Move(Status, Option<templates::Template>),
    /// To a colleague, or to nobody.
    Assign(Option<Account>),
}

/// Stages to which several go at once. An offer is one person's, and so is being hired.
pub(super) const STAGES: [Status; 4] = [Status::Viewed, Status::Shortlisted, Status::Interview, Status::Rejected];

/// Why an application cannot go to a stage together with others.
fn refusal(from: Status, to: Status) -> Option<Text> {
    match from {
        Status::Withdrawn => Some(Text("desk-wrong-withdrawn")),
        Status::Offer | Status::Hired => Some(Text("desk-wrong-offer")),
        same if same == to => Some(Text("desk-wrong-same")),
        Status::New | Status::Viewed | Status::Shortlisted | Status::Interview | Status::Rejected => None,
    }
}

/// About what the letters of a bulk action are, to be taken back together.
fn topic(bulk: BulkId, application: &str) -> String {
    format!("bulk/{bulk}/{application}")
}

/// One that was picked, with what is to be done.
struct Picked {
    id: String,
    found: Result<Listed, Text>,
    letter: Option<Letter>,
    /// A message, sealed, and what it is held for.
    message: Option<(String, String)>,
}

/// What was done with several, as the list tells it.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) id: BulkId,
    pub(super) is_move: bool,
    pub(super) done: usize,
    /// Names and reasons of those who stayed.
    pub(super) refused: Vec<(String, Text)>,
    pub(super) may_undo: bool,
}

impl Applications {
    /// Does something with those who were picked of an employer's applications.
    pub(super) async fn bulk(
        &self,
        (viewer, moderation): (&Viewer, &Moderation),
        employer: EmployerId,
        ids: &[String],
        act: &Act,
    ) -> Result<BulkId> {
        let by = viewer.person()?;
        let bulk = BulkId::new();
        let mut picked = Vec::new();
        let mut seen = HashSet::new();
        for id in ids.iter().filter(|id| seen.insert(id.as_str())).take(MOST) {
            picked.push(self.picked((viewer, moderation), (employer, bulk), id, act).await?);
        }
        if picked.is_empty() {
            return Err(AppError::Unprocessable(Text("desk-nobody-picked")));
        }
        let handed = self.handed_together(by, &picked, act).await?;
        let (now, kind) = (self.now(), if matches!(act, Act::Move(..)) { "move" } else { "assign" });
        let stored = Stored { id: bulk, employer_id: employer, actor_id: by.id, kind: kind.into(), at: now, undone_at: 0 };
        let mut tx = self.accounts().db.begin().await?;
        store::bulk::insert(&mut tx, &stored).await?;
        for one in &picked {
            let fate = self.carry_out(&mut tx, &stored, one, act).await?;
            store::bulk::insert_fate(&mut tx, bulk, &fate).await?;
        }
        if let Some(letter) = handed {
            self.accounts().notify.queue_in(&mut tx, &letter).await?;
        }
        let detail = format!("{kind} n={}", picked.iter().filter(|p| p.found.is_ok()).count());
        self.accounts().audit_in(&mut *tx, by.id, "application.bulk", &bulk.to_string(), None, "", &detail).await?;
        tx.commit().await?;
        Ok(bulk)
    }

    async fn picked(
        &self,
        (viewer, moderation): (&Viewer, &Moderation),
        (employer, bulk): (EmployerId, BulkId),
        id: &str,
        act: &Act,
    ) -> Result<Picked> {
        let refused = |why| Ok(Picked { id: id.chars().take(36).collect(), found: Err(why), letter: None, message: None });
        let Ok(application) = id.parse::<ApplicationId>() else { return refused(Text("desk-wrong-absent")) };
        let found = match self.received_by(viewer, application).await {
            Ok(found) if found.employer_id == employer => found,
            Ok(_) | Err(AppError::NotFound) => return refused(Text("desk-wrong-absent")),
            Err(error) => return Err(error),
        };
        let Act::Move(to, template) = act else {
            let gone = found.status == Status::Withdrawn;
            return if gone {
                refused(Text("desk-wrong-withdrawn"))
            } else {
                Ok(Picked { id: id.into(), found: Ok(found), letter: None, message: None })
            };
        };
        if let Some(why) = refusal(found.status, *to) {
            return refused(why);
        }
        let (mut letter, mut message) = (self.status_letter(&found, *to).await?, None);
        if let Some(template) = template {
            let text = self.filled(template, &found).await?;
            let why = match self.judged(moderation, found.fair_id, &text).await? {
                Judgement::Fine => String::new(),
                Judgement::Hold(why) => why.join(" "),
                Judgement::Refuse => return refused(Text("desk-wrong-words")),
            };
            if why.is_empty() {
                // Not on their pages: what stands there could not be taken back.
                letter = self.thread_words(&found, found.account_id).await?.map(|(letter, _)| letter).filter(Letter::goes_anywhere);
            }
            message = Some((self.accounts().keys.encrypt(&text), why));
        }
        let letter = letter.map(|letter| letter.topic(topic(bulk, id)).not_before(self.now() + UNDO));
        Ok(Picked { id: id.into(), found: Ok(found), letter, message })
    }

    /// One letter to the colleague to whom all of them go.
    async fn handed_together(&self, by: &Account, picked: &[Picked], act: &Act) -> Result<Option<Letter>> {
        let Act::Assign(Some(to)) = act else { return Ok(None) };
        let fresh: Vec<&Listed> = picked.iter().filter_map(|p| p.found.as_ref().ok()).filter(|f| f.assignee() != Some(to.id)).collect();
        match fresh.first() {
            Some(first) => self.handed_letter(by, to, first, fresh.len(), "").await,
            None => Ok(None),
        }
    }

    async fn carry_out(&self, tx: &mut sqlx::Transaction<'static, sqlx::Any>, bulk: &Stored, one: &Picked, act: &Act) -> Result<Fate> {
        let mut fate = Fate {
            application_id: one.id.clone(),
            was_status: String::new(),
            was_at: 0,
            step_id: String::new(),
            wrong: String::new(),
            name: String::new(),
        };
        let found = match &one.found {
            Ok(found) => found,
            Err(why) => {
                fate.wrong = why.0.into();
                return Ok(fate);
            }
        };
        (fate.was_status, fate.was_at) = (found.status.name().into(), found.updated_at);
        match act {
            Act::Move(to, _) => {
                let Some(step) = store::move_on(tx, found.id, (found.status, *to), bulk.actor_id, bulk.at).await? else {
                    fate.wrong = Text("desk-wrong-changed").0.into();
                    return Ok(fate);
                };
                fate.step_id = step;
                if let Some((sealed, why)) = &one.message {
                    let message = threads::Fresh {
                        application: found.id,
                        author: bulk.actor_id,
                        side: "recruiter",
                        once: &bulk.id.to_string(),
                        sealed,
                        why,
                    };
                    store::threads::insert(&mut **tx, &message, (bulk.at, bulk.at + UNDO), &bulk.id.to_string()).await?;
                }
                if let Some(letter) = &one.letter {
                    self.accounts().notify.queue_in(tx, letter).await?;
                }
            }
            Act::Assign(to) => {
                let to = to.as_ref().map(|a| a.id.to_string()).unwrap_or_default();
                if !store::desk::assign(&mut **tx, found.id, &found.assignee_id, &to).await? {
                    fate.wrong = Text("desk-wrong-changed").0.into();
                }
            }
        }
        Ok(fate)
    }

    /// What was done with several, for recruiters of the employer.
    pub(super) async fn told(&self, viewer: &Viewer, employer: EmployerId, id: BulkId) -> Result<Option<Told>> {
        let found = store::bulk::bulk(self.accounts().db.read(), id).await?;
        let Some(stored) = found.filter(|b| b.employer_id == employer && viewer.recruits_for(employer)) else { return Ok(None) };
        let (refused, done): (Vec<_>, Vec<_>) =
            store::bulk::fates(self.accounts().db.read(), &stored).await?.into_iter().partition(|f| !f.wrong.is_empty());
        let is_move = stored.kind == "move";
        let may_undo = is_move && stored.undone_at == 0 && self.now() < stored.at + UNDO && !done.is_empty();
        let refused = refused.into_iter().map(|fate| (fate.name, reason(&fate.wrong))).collect();
        Ok(Some(Told { id, is_move, done: done.len(), refused, may_undo }))
    }

    /// Puts those back that a bulk action moved and with which nothing else happened since; tells the employer and how many went back and stayed.
    pub(super) async fn undo_bulk(&self, viewer: &Viewer, id: BulkId) -> Result<(EmployerId, usize, usize)> {
        let (by, now) = (viewer.person()?.id, self.now());
        let stored = store::bulk::bulk(self.accounts().db.read(), id).await?.filter(|b| viewer.recruits_for(b.employer_id));
        let stored = stored.ok_or(AppError::NotFound)?;
        let late = || AppError::Conflict(Text("desk-undo-late"));
        if stored.kind != "move" || now >= stored.at + UNDO {
            return Err(late());
        }
        let fates = store::bulk::fates(self.accounts().db.read(), &stored).await?;
        let (mut back, mut stayed) = (0, 0);
        let mut tx = self.accounts().db.begin().await?;
        if !store::bulk::undo(&mut tx, id, now).await? {
            return Err(late());
        }
        for fate in fates.iter().filter(|f| !f.step_id.is_empty()) {
            let Some(was) = Status::parse(&fate.was_status) else { continue };
            if store::bulk::put_back(&mut tx, fate, was).await? {
                drop_topic_in(&mut *tx, &topic(id, &fate.application_id), now).await?;
                store::bulk::take_back_message(&mut tx, id, &fate.application_id, now).await?;
                back += 1;
            } else {
                stayed += 1;
            }
        }
        self.accounts().audit_in(&mut *tx, by, "application.bulk-undo", &id.to_string(), None, "", &format!("n={back}")).await?;
        tx.commit().await?;
        Ok((stored.employer_id, back, stayed))
    }
}

impl Applications {
    /// Shows an applicant their applications as they were before moves that can still be undone; the steps that are not to be shown.
    pub(super) async fn as_told(&self, applicant: AccountId, mine: &mut [Listed]) -> Result<HashSet<String>> {
        let pending = store::bulk::pending(self.accounts().db.read(), applicant, self.now() - UNDO).await?;
        for item in mine {
            if let Some(before) = pending.iter().find(|p| p.application_id == item.id) {
                (item.application.status, item.application.updated_at) = (before.was_status, before.was_at);
            }
        }
        Ok(pending.into_iter().map(|p| p.step_id).collect())
    }
}

/// The text of a reason as it was stored.
fn reason(key: &str) -> Text {
    let known = [
        Text("desk-wrong-withdrawn"),
        Text("desk-wrong-offer"),
        Text("desk-wrong-same"),
        Text("desk-wrong-words"),
        Text("desk-wrong-changed"),
    ];
    known.into_iter().find(|text| text.0 == key).unwrap_or(Text("desk-wrong-absent"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_open_or_rejected_goes_together_with_others_and_only_elsewhere() {
        for to in STAGES {
            for from in Status::ALL {
                let ended = matches!(from, Status::Withdrawn | Status::Offer | Status::Hired);
                assert_eq!(refusal(from, to).is_some(), ended || from == to, "{from:?} -> {to:?}");
            }
        }
        for why in Status::ALL.into_iter().filter_map(|from| refusal(from, Status::Viewed)) {
            assert_eq!(reason(why.0), why, "it comes back as it was stored");
        }
        assert_eq!(reason("x"), Text("desk-wrong-absent"));
    }
}
