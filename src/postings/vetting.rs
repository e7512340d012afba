//! Changes of terms and state: which go live at once, which wait, what organisers decide, and what recruiters are told of it.

use super::contact::{ContactPerson, Sealed};
use super::risk::{self, Hit, Verdict};
use super::{Content, Posting, PostingView, Postings, State, store};
use crate::accounts::{Employer, Viewer};
use crate::clock::{DAY, Millis};
use crate::ids::{FairId, PostingId};
use crate::notify::Letter;
use crate::web::{AppError, Result, Text, clean_text};

/// How long somebody finds on their pages what was decided.
const SHOWN: Millis = 30 * DAY;
/// Characters of a reason.
pub(super) const MAX_REASON: usize = 500;

/// A change of state as somebody wants it.
#[derive(Clone, Debug)]
pub struct Move<'a> {
    pub to: State,
    /// The version that was seen; whatever it is now, if there is none.
    pub version: Option<i64>,
    /// An organiser's reason, which the recruiters are told.
    pub reason: &'a str,
}

impl Postings {
    /// Changes the terms. `version` is the one the recruiter saw. What was approved stays live if the change is of little risk, and goes through
    /// review again otherwise.
    pub async fn revise(&self, viewer: &Viewer, id: PostingId, version: i64, content: Content) -> Result<Posting> {
        self.revise_with(viewer, id, version, content, None).await
    }

    /// The same with whom applicants may call, if that was said. Another one is nothing to wait for, but something to look at afterwards.
    pub(super) async fn revise_with(
        &self,
        viewer: &Viewer,
        id: PostingId,
        version: i64,
        content: Content,
        contact: Option<ContactPerson>,
    ) -> Result<Posting> {
        let view = self.recruited_by(viewer, id).await?;
        if version != view.posting.version {
            return Err(AppError::Conflict(Text("postings-changed-meanwhile")));
        }
        let verdict = self.judge(&view, &content).await?;
        let (state, unseen) = match view.posting.state {
            State::Draft | State::Withdrawn => (State::Draft, false),
            live @ (State::Live | State::Paused | State::Filled) if verdict == Verdict::GoesLive => (live, true),
            State::Review | State::Live | State::Paused | State::Filled | State::Expired | State::Suspended => (State::Review, false),
        };
        let by = viewer.known()?.id;
        let revised = Posting { content, state, version: version + 1, updated_at: self.now(), ..view.posting };
        let sealed = match contact {
            Some(contact) if contact != self.contact(id).await? => Some(contact.seal(&self.accounts().keys, id, version + 1)),
            _ => None,
        };
        self.store_change((&revised, version), store::Note { by, reason: "", unseen }, sealed.as_slice(), &[]).await?;
        Ok(revised)
    }

    /// What becomes of new terms.
    async fn judge(&self, view: &PostingView, content: &Content) -> Result<Verdict> {
        let approved = self.approved(view.posting.id).await?;
        Ok(risk::judge(approved.as_ref(), content, self.employers.status(view.employer.id).await?))
    }

    /// The terms that an organiser approved last.
    pub(super) async fn approved(&self, id: PostingId) -> Result<Option<Content>> {
        let text = store::approved(self.db().read(), id).await?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// The rules that new terms break and that nobody let pass before.
    pub(super) async fn hits(&self, of: Option<PostingId>, content: &Content) -> Result<Vec<Hit>> {
        let approved = match of {
            Some(id) => self.approved(id).await?,
            None => None,
        };
        Ok(risk::new_hits(approved.as_ref(), content))
    }

    /// Moves a posting on, as a recruiter or as an organiser may; an organiser's decision is audited.
    pub async fn set_state(&self, viewer: &Viewer, id: PostingId, to: State) -> Result<Posting> {
        self.move_on(viewer, id, Move { to, version: None, reason: "" }).await
    }

    /// The same of the version that was seen, with a reason. Recruiters are told what an organiser decided.
    pub async fn move_on(&self, viewer: &Viewer, id: PostingId, wanted: Move<'_>) -> Result<Posting> {
        let view = self.visible_to(viewer, id).await?;
        let (now, by, to) = (self.now(), viewer.known()?.id, wanted.to);
        let from = view.posting.status(now);
        let recruiter = view.is_recruiter && from.next_for_recruiter().contains(&to);
        let organiser = view.is_organiser && from.next_for_organiser().contains(&to);
        if !view.is_recruiter && !view.is_organiser {
            return Err(AppError::NotFound);
        }
        let version = view.posting.version;
        if wanted.version.is_some_and(|seen| seen != version) {
            return Err(AppError::Conflict(Text("postings-changed-meanwhile")));
        }
        if !recruiter && !organiser {
            return Err(AppError::Conflict(Text("postings-state-conflict")));
        }
        let published_at = if to == State::Live && view.posting.published_at == 0 { now } else { view.posting.published_at };
        let moved = Posting { state: to, version: version + 1, published_at, updated_at: now, ..view.posting };
        let reason = if organiser { clean_text(wanted.reason, MAX_REASON) } else { String::new() };
        let letters = if organiser { self.letters(&moved, &view.employer, &reason).await? } else { Vec::new() };
        // What went live by the rules alone stays so until somebody has looked, whatever its recruiters do with it.
        let unseen = !organiser && to.is_public() && store::is_unseen(self.db().read(), id, version).await?;
        self.store_change((&moved, version), store::Note { by, reason: &reason, unseen }, &[], &letters).await?;
        if organiser {
            self.accounts().audit(by, "posting.state", &id.to_string(), Some(moved.fair_id), &reason, to.name()).await?;
        }
        Ok(moved)
    }

    async fn store_change(
        &self,
        (posting, version): (&Posting, i64),
        note: store::Note<'_>,
        contact: &[Sealed],
        letters: &[Letter],
    ) -> Result<()> {
        let mut tx = self.db().begin().await?;
        if !store::update(&mut tx, (posting, version), note).await? {
            return Err(AppError::Conflict(Text("postings-changed-meanwhile")));
        }
        store::add_contacts(&mut tx, contact).await?;
        if !posting.state.is_public() {
            store::end_check(&mut tx, posting.id).await?;
        }
        for letter in letters {
            self.accounts().notify.queue_in(&mut tx, letter).await?;
        }
        tx.commit().await?;
        self.board.renew(&[posting.id]).await
    }

    /// What an organiser decided, to each of the employer's people.
    async fn letters(&self, posting: &Posting, employer: &Employer, reason: &str) -> Result<Vec<Letter>> {
        let (accounts, path) = (self.accounts(), format!("/postings/{}", posting.id));
        let link = format!("{}{path}", accounts.origin);
        let mut letters = Vec::new();
        for recruiter in accounts.recruiters_of(employer.id).await? {
            let lang = recruiter.lang();
            let title = posting.content.title(lang);
            let subject = match posting.state {
                State::Live => lang.t1("postings-told-approved", "title", title),
                State::Review => lang.t1("postings-told-recalled", "title", title),
                State::Withdrawn => lang.t1("postings-told-withdrawn", "title", title),
                _ => lang.t1("postings-told-returned", "title", title),
            };
            let why = if reason.is_empty() { lang.t("postings-told-no-reason") } else { reason.to_owned() };
            let body = match posting.state {
                State::Live => lang.t2("postings-told-approved-body", "title", title, "link", &link),
                _ => lang.with("postings-told-body", &[("subject", &subject), ("reason", &why), ("link", &link)]),
            };
            letters.push(accounts.message(recruiter.id, &subject, &body).await?.shown(&subject, &path, self.now() + SHOWN));
        }
        Ok(letters)
    }

    /// Approves several as they were seen; returns how many, and how many not because they had changed.
    pub async fn approve_all(&self, viewer: &Viewer, fair: FairId, picked: &[(PostingId, i64)]) -> Result<(usize, usize)> {
        self.rooms.fairs.organised_by(viewer, fair).await?;
        let (mut approved, mut missed) = (0, 0);
        for (id, version) in picked {
            let view = self.visible_to(viewer, *id).await?;
            if view.fair.id != fair {
                return Err(AppError::NotFound);
            }
            match self.move_on(viewer, *id, Move { to: State::Live, version: Some(*version), reason: "" }).await {
                Ok(_) => approved += 1,
                Err(AppError::Conflict(_)) => missed += 1,
                Err(error) => return Err(error),
            }
        }
        Ok((approved, missed))
    }

    /// Notes that an organiser has looked at what went live by the rules alone, and found it good.
    pub async fn check(&self, viewer: &Viewer, fair: FairId, id: PostingId, version: i64) -> Result<()> {
        self.rooms.fairs.organised_by(viewer, fair).await?;
        let view = self.visible_to(viewer, id).await?;
        if view.fair.id != fair {
            return Err(AppError::NotFound);
        }
        let by = viewer.person()?.id;
        let mut tx = self.db().begin().await?;
        if !store::check(&mut tx, id, version).await? {
            return Err(AppError::Conflict(Text("postings-state-conflict")));
        }
        self.accounts().audit_in(&mut *tx, by, "posting.check", &id.to_string(), Some(fair), "", &version.to_string()).await?;
        Ok(tx.commit().await?)
    }
}
