//! The page on which recruiters write the questions of a posting. It works by buttons alone.

use super::questions::{Act, MAX_QUESTION, MOST, QuestionsForm, Row, SUGGESTED, changed, checked, is_stored, planned};
use super::{Judging, invalid, store};
use crate::accounts::Viewer;
use crate::i18n::Lang;
use crate::ids::PostingId;
use crate::postings::PostingView;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, beside, form_refused, html, private, see_other, wants_page};
use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

#[derive(Template)]
#[template(path = "judging/questions.html")]
struct QuestionsPage {
    p: Page,
    view: PostingView,
    rows: Vec<Row>,
    version: i64,
    /// Nothing is stored yet.
    suggested: bool,
    fields: Fields,
}

impl QuestionsPage {
    fn max(&self) -> usize {
        MAX_QUESTION
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= MOST
    }

    fn row_error(&self, row: &Row) -> String {
        row.error.map(|e| self.p.t(e.0)).unwrap_or_default()
    }

    fn lang(&self) -> Lang {
        self.p.language()
    }
}

impl Judging {
    /// Puts questions in the place of those of a posting. `seen` is the version of the whole set that the recruiter saw.
    async fn put_questions(&self, viewer: &Viewer, id: PostingId, seen: i64, rows: &[Row]) -> Result<()> {
        let (_, stored) = self.posting(viewer, id).await?;
        let rows = checked(rows).map_err(|text| invalid("zh", text))?;
        if is_stored(&rows, &stored) {
            return Ok(());
        }
        let by = (viewer.person()?.id, self.now());
        match store::put_questions(self.db(), id, seen, |stored| planned(&rows, stored), by).await? {
            true => Ok(()),
            false => Err(AppError::Conflict(Text("judging-set-changed"))),
        }
    }

    async fn questions_page(&self, viewer: &Viewer, p: Page, id: PostingId) -> Result<QuestionsPage> {
        let (view, questions) = self.posting(viewer, id).await?;
        let mut rows: Vec<Row> = questions.iter().map(Row::from).collect();
        let suggested = rows.is_empty();
        if suggested {
            let text = |key: &Text| Row { zh: Lang::Zh.t(key.0), en: Lang::En.t(key.0), ..Row::default() };
            rows = SUGGESTED.iter().map(text).collect();
        }
        let version = store::set_version(self.db().read(), id).await?;
        Ok(QuestionsPage { p, view, rows, version, suggested, fields: Fields::default() })
    }
}

pub(super) async fn show(
    State(judging): State<Judging>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PostingId>,
) -> Result<Response> {
    let page = judging.questions_page(&viewer, p, id).await?;
    if wants_page(&headers) {
        return Ok(private(html(&page)?));
    }
    let rows = page.rows.iter().filter(|_| !page.suggested);
    let rows: Vec<_> = rows.map(|r| serde_json::json!({"id": r.id(), "text_zh": r.zh, "text_en": r.en})).collect();
    Ok(private(Json(serde_json::json!({"version": page.version, "questions": rows})).into_response()))
}

pub(super) async fn save(
    State(judging): State<Judging>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<PostingId>,
    FormData(form): FormData<QuestionsForm>,
) -> Result<Response> {
    let (rows, act) = (form.rows(), form.act());
    if act != Act::Save {
        let page = judging.questions_page(&viewer, p, id).await?;
        let rows = changed(rows, act);
        return Ok(private(html(&QuestionsPage { rows, version: form.version(), suggested: false, ..page })?));
    }
    match judging.put_questions(&viewer, id, form.version(), &rows).await {
        Ok(()) if wants_page(&headers) => Ok(see_other(&format!("/postings/{id}/judging/questions"), &p.t("judging-questions-saved"))),
        Ok(()) => {
            let version = store::set_version(judging.db().read(), id).await?;
            Ok(private(Json(serde_json::json!({"version": version})).into_response()))
        }
        Err(error) if wants_page(&headers) => {
            let (status, fields) = beside(error, "form")?;
            // With the version of now: who saves again has read that a colleague was quicker.
            let page = judging.questions_page(&viewer, p, id).await?;
            let page = QuestionsPage { rows, suggested: false, fields, ..page };
            Ok(private(form_refused(&page, status, &page.fields)?))
        }
        Err(error) => Err(error),
    }
}
