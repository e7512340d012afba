//! Messages between applicants and employers that are held until an organiser of the fair has looked. Nothing else of a thread is theirs to read.

use super::threads::{StoredMessage, reasons};
use super::{Applications, Listed, Side, store};
use crate::accounts::Viewer;
use crate::fairs::Fair;
use crate::ids::{FairId, MessageId};
use crate::web::{AppError, FormData, Id, Page, Result, Text, html, private, see_other};
use askama::Template;
use axum::extract::State as Use;
use axum::response::Response;
use serde::Deserialize;

/// A held message as organisers see it.
struct Held {
    message: StoredMessage,
    text: String,
    why: Vec<&'static str>,
    found: Listed,
}

impl Held {
    fn is_employers(&self) -> bool {
        self.message.side == "recruiter"
    }
}

impl Applications {
    /// How many messages of a fair wait until somebody has looked.
    pub async fn held_count(&self, fair: FairId) -> Result<i64> {
        Ok(store::threads::held_count(self.accounts().db.read(), fair).await?)
    }

    async fn held(&self, viewer: &Viewer, fair: FairId) -> Result<(Fair, Vec<Held>)> {
        viewer.person()?;
        let fair = self.postings.rooms.fairs.organised_by(viewer, fair).await?;
        let mut held = Vec::new();
        for message in store::threads::held(self.accounts().db.read(), fair.id).await? {
            let Some(found) = store::application(self.accounts().db.read(), message.application_id).await? else { continue };
            let text = self.accounts().keys.decrypt(&message.sealed).unwrap_or_default();
            held.push(Held { text, why: reasons(&message.why), found, message });
        }
        Ok((fair, held))
    }

    /// Lets a held message go or refuses it; the fair to which it belongs.
    async fn decide(&self, viewer: &Viewer, id: MessageId, approve: bool) -> Result<FairId> {
        let by = viewer.person()?.id;
        let db = &self.accounts().db;
        let message = store::threads::message(db.read(), id).await?.filter(|m| m.state == "held").ok_or(AppError::NotFound)?;
        let found = store::application(db.read(), message.application_id).await?.ok_or(AppError::NotFound)?;
        self.postings.rooms.fairs.organised_by(viewer, found.fair_id).await?;
        let side = if message.side == "recruiter" { Side::Recruiter } else { Side::Applicant };
        let letters = if approve { self.thread_letters(&found, side).await? } else { Vec::new() };
        let mut tx = db.begin().await?;
        let done =
            if approve { store::threads::release(&mut *tx, id, self.now()).await? } else { store::threads::refuse(&mut *tx, id).await? };
        if !done {
            return Err(AppError::Conflict(Text("desk-held-decided")));
        }
        for letter in letters {
            self.accounts().notify.queue_in(&mut tx, &letter).await?;
        }
        let (action, about) = (if approve { "application.message-approve" } else { "application.message-refuse" }, found.id.to_string());
        self.accounts().audit_in(&mut *tx, by, action, &about, Some(found.fair_id), "", &message.why).await?;
        tx.commit().await?;
        Ok(found.fair_id)
    }
}

#[derive(Template)]
#[template(path = "applications/held.html")]
struct HeldPage {
    p: Page,
    fair: Fair,
    held: Vec<Held>,
}

pub(super) async fn show(Use(app): Use<Applications>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    let (fair, held) = app.held(&viewer, id).await?;
    Ok(private(html(&HeldPage { p, fair, held })?))
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Approve,
    Refuse,
}

#[derive(Deserialize)]
pub(super) struct DecisionForm {
    decision: Decision,
}

pub(super) async fn decide(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<MessageId>,
    FormData(form): FormData<DecisionForm>,
) -> Result<Response> {
    let approve = matches!(form.decision, Decision::Approve);
    let fair = app.decide(&viewer, id, approve).await?;
    let told = if approve { p.t("desk-held-approved") } else { p.t("desk-held-refused") };
    Ok(see_other(&format!("/fairs/{fair}/review/letters"), &told))
}
