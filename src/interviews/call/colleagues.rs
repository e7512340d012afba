//! Colleagues: one is asked to join a call, or takes it over. Whoever takes over becomes the interview's recruiter, if their time is free.

use super::hub::Told;
use super::store;
use crate::accounts::{Account, Viewer};
use crate::clock::{MINUTE, Millis};
use crate::i18n::Lang;
use crate::ids::{AccountId, InterviewId};
use crate::interviews::{Interview, Interviews};
use crate::web::{AppError, FormData, Id, Result, Text};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use sqlx::{Any, Transaction};

/// Later than this nobody needs to be asked to come at once.
const ASKED_FOR: Millis = 10 * MINUTE;

pub(super) fn routes() -> Router<Interviews> {
    Router::new().route("/interviews/{id}/colleagues", get(list).post(ask)).route("/interviews/{id}/hand-offs", post(hand_over))
}

/// Somebody who may be asked.
#[derive(Debug, Serialize)]
struct Colleague {
    id: AccountId,
    name: String,
    /// In this call already.
    here: bool,
    /// In another interview before this one ends.
    busy: bool,
}

#[derive(Clone, Copy)]
enum Wish {
    Join,
    TakeOver,
}

impl Wish {
    fn letter(self, lang: Lang, name: &str, with: &str, link: &str) -> (String, String) {
        match self {
            Self::Join => (
                lang.t2("calls-mail-join-subject", "name", name, "with", with),
                lang.t3("calls-mail-join", "name", name, "with", with, "link", link),
            ),
            Self::TakeOver => (
                lang.t2("calls-mail-over-subject", "name", name, "with", with),
                lang.t3("calls-mail-over", "name", name, "with", with, "link", link),
            ),
        }
    }
}

impl Interviews {
    async fn colleagues(&self, viewer: &Viewer, id: InterviewId) -> Result<Vec<Colleague>> {
        let (interview, who) = self.led_by(viewer, id).await?;
        let now = self.now();
        let present = self.calls.presence.people(id, now);
        let mut all = Vec::new();
        for account in self.accounts().recruiters_of(interview.employer_id).await? {
            if account.id == who.person {
                continue;
            }
            let busy = store::is_busy(self.db().read(), account.id, interview.slot_id, now, interview.until()).await?;
            let here = present.iter().any(|one| one.who.person == account.id);
            all.push(Colleague { id: account.id, name: account.name, here, busy });
        }
        Ok(all)
    }

    /// The colleague, if the two recruit for the same employer.
    async fn colleague(&self, interview: &Interview, by: AccountId, to: AccountId) -> Result<Account> {
        let all = self.accounts().recruiters_of(interview.employer_id).await?;
        all.into_iter().find(|account| account.id == to && to != by).ok_or(AppError::NotFound)
    }

    async fn write_to(
        &self,
        tx: &mut Transaction<'static, Any>,
        interview: &Interview,
        from: &str,
        to: &Account,
        wish: Wish,
    ) -> Result<()> {
        let link = format!("{}/interviews/{}/call", self.accounts().origin, interview.id);
        let (subject, body) = wish.letter(to.lang(), from, &interview.seeker_name, &link);
        if let Some(letter) = self.accounts().letter(to.id, &subject, &body).await? {
            self.accounts().notify.queue_in(tx, &letter.expires_at(self.now() + ASKED_FOR)).await?;
        }
        Ok(())
    }

    /// Asks a colleague to join; they come in by themselves.
    async fn ask_in(&self, viewer: &Viewer, id: InterviewId, to: AccountId) -> Result<()> {
        let (interview, who) = self.led_by(viewer, id).await?;
        let to = self.colleague(&interview, who.person, to).await?;
        self.calls.writes.check(&who.person)?;
        let mut tx = self.db().begin().await?;
        self.write_to(&mut tx, &interview, &who.name, &to, Wish::Join).await?;
        Ok(tx.commit().await?)
    }

    /// Gives the interview to a colleague whose time is free.
    async fn hand_over(&self, viewer: &Viewer, id: InterviewId, to: AccountId) -> Result<()> {
        let (interview, who) = self.led_by(viewer, id).await?;
        let to = self.colleague(&interview, who.person, to).await?;
        if to.id == interview.recruiter_id {
            return Ok(());
        }
        // The line has its own way, which keeps its promises.
        if interview.room_id.is_some() {
            return Err(AppError::Conflict(Text("calls-hand-over-line")));
        }
        let now = self.now();
        let mut tx = self.db().begin().await?;
        let free = !store::is_busy(&mut *tx, to.id, interview.slot_id, now, interview.until()).await?;
        if !free || !store::give_to(&mut tx, &interview, to.id, now).await? {
            tx.rollback().await?;
            return Err(AppError::Conflict(Text("calls-colleague-busy")));
        }
        let detail = format!("to={}", to.id);
        let fair = Some(interview.fair_id);
        self.accounts().audit_in(&mut *tx, who.person, "interview.hand-over", &id.to_string(), fair, "", &detail).await?;
        self.write_to(&mut tx, &interview, &who.name, &to, Wish::TakeOver).await?;
        tx.commit().await?;
        self.calls.hub.tell(id, Told::Changed);
        Ok(())
    }
}

async fn list(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>) -> Result<Json<Vec<Colleague>>> {
    Ok(Json(all.colleagues(&viewer, id).await?))
}

#[derive(Deserialize)]
struct To {
    to: AccountId,
}

async fn ask(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>, FormData(form): FormData<To>) -> Result<StatusCode> {
    all.ask_in(&viewer, id, form.to).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn hand_over(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    FormData(form): FormData<To>,
) -> Result<StatusCode> {
    all.hand_over(&viewer, id, form.to).await?;
    Ok(StatusCode::NO_CONTENT)
}
