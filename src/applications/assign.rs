//! Whose an application is among the recruiters of its employer: taking it, handing it over with a word, letting go of it.

use super::{Applications, Listed, SHOWN, notes, store};
use crate::accounts::{Account, Viewer};
use crate::ids::{AccountId, ApplicationId, EmployerId};
use crate::notify::Letter;
use crate::web::{AppError, FormData, Id, Page, Result, Text, see_other};
use axum::extract::State as Use;
use axum::response::Response;
use serde::Deserialize;

impl Applications {
    /// Who recruits for an employer, by name.
    pub(super) async fn colleagues(&self, employer: EmployerId) -> Result<Vec<Account>> {
        let mut all = self.accounts().recruiters_of(employer).await?;
        all.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        Ok(all)
    }

    /// The colleague of that id; `None` for an empty one, which is nobody.
    pub(super) async fn colleague(&self, employer: EmployerId, id: &str) -> Result<Option<Account>> {
        if id.is_empty() {
            return Ok(None);
        }
        let account: AccountId = id.parse().map_err(|_| AppError::NotFound)?;
        let all = self.accounts().recruiters_of(employer).await?;
        all.into_iter().find(|a| a.id == account).map(Some).ok_or(AppError::NotFound)
    }

    /// What a colleague is told of `count` applications that are theirs now.
    pub(super) async fn handed_letter(
        &self,
        by: &Account,
        to: &Account,
        found: &Listed,
        count: usize,
        note: &str,
    ) -> Result<Option<Letter>> {
        if by.id == to.id {
            return Ok(None);
        }
        let lang = to.lang();
        let path = if count == 1 {
            format!("/applications/{}", found.id)
        } else {
            format!("/employers/{}/applications?assigned=me", found.employer_id)
        };
        let subject = if count == 1 {
            lang.t2("desk-told-handed-subject", "who", &by.name, "name", &found.name)
        } else {
            lang.t2("desk-told-handed-many-subject", "who", &by.name, "n", count)
        };
        let link = format!("{}{path}", self.accounts().origin);
        let body = lang.with("desk-told-handed", &[("subject", &subject), ("note", note), ("link", &link)]);
        let letter = self.accounts().message(to.id, &subject, &body).await?;
        Ok(Some(letter.shown(&subject, &path, self.now() + SHOWN)))
    }

    /// Hands an application to a colleague, takes it oneself, or lets go of it. The note stays with the others.
    async fn hand(&self, viewer: &Viewer, id: ApplicationId, form: &HandForm) -> Result<Option<Account>> {
        let (found, by) = (self.received_by(viewer, id).await?, viewer.person()?);
        let to = self.colleague(found.employer_id, &form.assignee).await?;
        let note = if form.note.trim().is_empty() { String::new() } else { notes::needed("note", &form.note, notes::MAX_NOTE)? };
        let letter = match &to {
            Some(to) => self.handed_letter(by, to, &found, 1, &note).await?,
            None => None,
        };
        let sealed = if note.is_empty() { String::new() } else { self.accounts().keys.encrypt(&note) };
        let now = self.now();
        let mut tx = self.accounts().db.begin().await?;
        if !store::desk::assign(&mut *tx, id, &found.assignee_id, &to.as_ref().map(|a| a.id.to_string()).unwrap_or_default()).await? {
            return Err(AppError::Conflict(Text("applications-status-conflict")));
        }
        if !sealed.is_empty() {
            store::desk::insert_note(&mut *tx, id, (by.id, &sealed), now).await?;
        }
        if let Some(letter) = letter {
            self.accounts().notify.queue_in(&mut tx, &letter).await?;
        }
        let detail = to.as_ref().map(|a| a.id.to_string()).unwrap_or_default();
        self.accounts().audit_in(&mut *tx, by.id, "application.assign", &id.to_string(), Some(found.fair_id), "", &detail).await?;
        tx.commit().await?;
        Ok(to)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct HandForm {
    /// Empty: nobody.
    assignee: String,
    note: String,
}

pub(super) async fn hand(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<ApplicationId>,
    FormData(form): FormData<HandForm>,
) -> Result<Response> {
    viewer.person()?;
    let told = match app.hand(&viewer, id, &form).await? {
        Some(to) => p.t1("desk-handed", "name", &to.name),
        None => p.t("desk-let-go"),
    };
    Ok(see_other(&format!("/applications/{id}"), &told))
}
