//! What an employer's recruiters note among themselves about an applicant. Encrypted; the applicant never sees it, also not one who recruits for
//! the employer by now.

use super::{Applications, Listed, one, store};
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::ids::{AccountId, ApplicationId, NoteId};
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, beside, see_other};
use axum::extract::State as Use;
use axum::response::Response;
use serde::Deserialize;

/// Characters of a note.
pub(super) const MAX_NOTE: usize = 1_000;

#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct StoredNote {
    pub(super) id: NoteId,
    pub(super) author_id: AccountId,
    pub(super) author: String,
    pub(super) sealed: String,
    pub(super) at: Millis,
    /// 0: never.
    pub(super) edited_at: Millis,
}

/// A note as recruiters read it.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) id: NoteId,
    pub(super) author: String,
    pub(super) text: String,
    pub(super) at: Millis,
    pub(super) is_edited: bool,
    /// The viewer's own, to be edited.
    pub(super) is_own: bool,
}

/// A text that may not be empty.
pub(super) fn needed(field: &'static str, text: &str, max: usize) -> Result<String> {
    let mut fields = Fields::default();
    let text = fields.lines(field, text, max);
    if text.is_empty() {
        fields.add(field, Text("desk-text-needed"));
    }
    fields.check().map(|()| text)
}

impl Applications {
    /// The notes about an application, for recruiters of its employer.
    pub(super) async fn notes(&self, viewer: &Viewer, found: &Listed) -> Result<Vec<Note>> {
        let me = viewer.person()?.id;
        let stored = store::desk::notes(self.accounts().db.read(), found.id).await?;
        let read = |note: StoredNote| Note {
            id: note.id,
            author: note.author,
            text: self.accounts().keys.decrypt(&note.sealed).unwrap_or_default(),
            at: note.at,
            is_edited: note.edited_at > 0,
            is_own: note.author_id == me,
        };
        Ok(stored.into_iter().map(read).collect())
    }

    async fn note(&self, viewer: &Viewer, id: ApplicationId, text: &str) -> Result<()> {
        let found = self.received_by(viewer, id).await?;
        let sealed = self.accounts().keys.encrypt(&needed("note", text, MAX_NOTE)?);
        Ok(store::desk::insert_note(self.accounts().db.write(), found.id, (viewer.person()?.id, &sealed), self.now()).await?)
    }

    /// Changes a note of one's own; which application it is about.
    async fn edit_note(&self, viewer: &Viewer, id: NoteId, text: &str) -> Result<ApplicationId> {
        let me = viewer.person()?.id;
        let about = store::desk::noted(self.accounts().db.read(), id, me).await?.ok_or(AppError::NotFound)?;
        // Whoever no longer recruits for the employer has no notes there any more.
        self.received_by(viewer, about).await?;
        let sealed = self.accounts().keys.encrypt(&needed("note", text, MAX_NOTE)?);
        store::desk::edit_note(self.accounts().db.write(), id, &sealed, self.now()).await?;
        Ok(about)
    }
}

#[derive(Deserialize)]
pub(super) struct NoteForm {
    #[serde(default)]
    note: String,
}

pub(super) async fn add(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<ApplicationId>,
    FormData(form): FormData<NoteForm>,
) -> Result<Response> {
    viewer.person()?;
    match app.note(&viewer, id, &form.note).await {
        Ok(()) => Ok(see_other(&format!("/applications/{id}#notes"), &p.t("desk-note-added"))),
        Err(error) => {
            let refused = beside(error, "note")?;
            one::again(&app, &viewer, p, id, one::Typed { note: form.note, ..one::Typed::default() }, refused).await
        }
    }
}

pub(super) async fn edit(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<NoteId>,
    FormData(form): FormData<NoteForm>,
) -> Result<Response> {
    let about = app.edit_note(&viewer, id, &form.note).await?;
    Ok(see_other(&format!("/applications/{about}#notes"), &p.t("desk-note-edited")))
}
