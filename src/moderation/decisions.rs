//! Deciding what waits on the desk, and taking a decision back.
//!
//! Invariants: approving a held message appends it under its own client id, so that it stands there once however often it is sent
//! or approved; what is rejected is nowhere to be read, whoever else was approving it; nobody decides over their own rank or above;
//! a decision that was noted is in the log and carried out, also when its moderator has gone.

use super::cases::{Case, CaseKind, CaseState, Decision};
use super::{Moderation, store};
use crate::accounts::Viewer;
use crate::ids::{AccountId, CaseId};
use crate::live::{Event, Passing};
use crate::rooms::RoomView;
use crate::web::{AppError, Result, Text, clean};

impl Moderation {
    /// Decides a case that waits. Whoever comes second is told so.
    pub async fn decide(&self, viewer: &Viewer, id: CaseId, decision: Decision, reason: &str) -> Result<Case> {
        let (this, viewer, reason) = (self.clone(), viewer.clone(), clean(reason, 200));
        let task = self.tracker.spawn(async move { this.decide_wholly(&viewer, id, decision, &reason).await });
        task.await.map_err(anyhow::Error::from)?
    }

    async fn decide_wholly(&self, viewer: &Viewer, id: CaseId, decision: Decision, reason: &str) -> Result<Case> {
        let case = store::case(self.accounts.db.read(), id).await?.ok_or(AppError::NotFound)?;
        let (view, actor) = self.may_decide(viewer, &case, decision).await?;
        if case.state != CaseState::Waiting {
            return Err(AppError::Conflict(Text("moderation-decided-already")));
        }
        let seq = match (case.kind, decision) {
            (CaseKind::Held, Decision::Approve) => self.publish(&case).await?,
            _ => case.seq,
        };
        let now = self.accounts.clock.now();
        if !store::decide(self.accounts.db.write(), &case, decision, decision.state(), seq, actor, now).await? {
            if decision == Decision::Approve {
                self.unpublish_if_rejected(&case).await?;
            }
            return Err(AppError::Conflict(Text("moderation-decided-already")));
        }
        let detail = format!("case={id} kind={} why={}", case.kind.name(), case.why);
        self.note(&view, actor, &format!("case-{}", decision.name()), &case.author_id.to_string(), reason, &detail).await?;
        let taken = if decision == Decision::Approve { Ok(()) } else { self.take_away(&case).await };
        if let Some((kind, length)) = decision.sanction() {
            self.sanction(viewer, case.room_id, kind, case.author_id, length, reason).await?;
        }
        taken?;
        Ok(Case { seq, state: decision.state(), decision: decision.name().to_owned(), ..case })
    }

    /// Takes a decision back: what was published or taken away is as before, a sanction is lifted, and the case waits again.
    pub async fn undo(&self, viewer: &Viewer, id: CaseId) -> Result<()> {
        let (this, viewer) = (self.clone(), viewer.clone());
        self.tracker.spawn(async move { this.undo_wholly(&viewer, id).await }).await.map_err(anyhow::Error::from)?
    }

    async fn undo_wholly(&self, viewer: &Viewer, id: CaseId) -> Result<()> {
        let case = store::case(self.accounts.db.read(), id).await?.ok_or(AppError::NotFound)?;
        let Ok(decision) = Decision::try_from(case.decision.clone()) else { return Ok(()) };
        let (view, actor) = self.may_decide(viewer, &case, decision).await?;
        if !store::reopen(self.accounts.db.write(), &case).await? {
            return Ok(());
        }
        self.note(&view, actor, "case-undo", &case.author_id.to_string(), "", &format!("case={id} was={}", decision.name())).await?;
        match (case.kind, decision) {
            (CaseKind::Held, Decision::Approve) => self.live.delete_message(case.room_id, case.seq).await.map(|_| ())?,
            (CaseKind::Report, Decision::Delete | Decision::Mute | Decision::Ban) => {
                self.live.restore_message(case.room_id, case.seq).await.map(|_| ())?;
            }
            _ => {}
        }
        if let Some((kind, _)) = decision.sanction() {
            self.lift(viewer, case.room_id, kind, case.author_id).await?;
        }
        Ok(())
    }

    /// Appends a held message, or shows it again; says its number.
    async fn publish(&self, case: &Case) -> Result<i64> {
        let mut event = case.event();
        if let Event::Message { mentions, .. } = &mut event {
            *mentions = self.live.mentions(case.room_id, &case.text, case.author_id).await?;
        }
        let appended = self.live.append(case.room_id, event).await?;
        if appended.repeated {
            self.live.restore_message(case.room_id, appended.entry.seq).await?;
        }
        Ok(appended.entry.seq)
    }

    /// After an approval that came second: another one leaves the message where it is, a rejection does not.
    async fn unpublish_if_rejected(&self, case: &Case) -> Result<()> {
        let now = store::case(self.accounts.db.write(), case.id).await?;
        if case.kind == CaseKind::Held && now.is_some_and(|c| c.state == CaseState::Rejected) {
            self.unpublish(case).await?;
        }
        Ok(())
    }

    /// Takes away a held message that an approval has published, whether or not that one came to its end.
    async fn unpublish(&self, case: &Case) -> Result<()> {
        if let Some(entry) = self.live.sent_before(case.room_id, case.author_id, &case.once).await? {
            self.live.delete_message(case.room_id, entry.seq).await?;
        }
        Ok(())
    }

    async fn take_away(&self, case: &Case) -> Result<()> {
        match case.kind {
            CaseKind::Held => {
                self.live.tell(case.room_id, case.author_id, &Passing::Rejected { client_id: &case.once });
                self.unpublish(case).await
            }
            CaseKind::Report => self.live.delete_message(case.room_id, case.seq).await.map(|_| ()),
        }
    }

    /// To leave a reported message as it is needs no rank above its author, or a report of an organiser would stay for ever.
    async fn may_decide(&self, viewer: &Viewer, case: &Case, decision: Decision) -> Result<(RoomView, AccountId)> {
        let view = self.live.rooms.hosted_by(viewer, case.room_id).await?;
        if case.kind == CaseKind::Report && decision == Decision::Approve && viewer.organises(view.fair.id) {
            return Ok((view, viewer.known()?.id));
        }
        self.may_moderate(viewer, case.room_id, case.author_id).await
    }
}
