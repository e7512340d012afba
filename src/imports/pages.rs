//! The pages of imports: send a file, see what it would do, put it in, watch it; and the tables that are taken out.

use super::files::{Kind, Telling};
use super::{HEADER, Import, Imports, MEGABYTES, Problem, State};
use crate::accounts::{Employer, Viewer};
use crate::blobs::Incoming;
use crate::fairs::Fair;
use crate::ids::{EmployerId, FairId, ImportId};
use crate::web::{AppError, Fields, Id, Page, Result, Text, broken_upload, form_again, html, private, see_other, wants_page};
use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Query, Request, State as Use};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::TryStreamExt;
use serde::Deserialize;

/// What a form holds besides its file.
const FORM_ROOM: usize = 16 * 1024;
/// Wrong rows on the page; the table has all.
const SHOWN: i64 = 50;

pub fn routes(imports: Imports) -> Router {
    let body = usize::try_from(imports.files.max_body()).unwrap_or(usize::MAX) + FORM_ROOM;
    Router::new()
        .route("/employers/{id}/imports", get(list).post(send).layer(DefaultBodyLimit::max(body)))
        .route("/employers/{id}/postings/export", get(export))
        .route("/imports/template/{kind}", get(template))
        .route("/imports/{id}", get(one))
        .route("/imports/{id}/run", post(confirm))
        .route("/imports/{id}/drop", post(drop_it))
        .route("/imports/{id}/wrong/{kind}", get(wrong))
        .with_state(imports)
}

#[derive(Template)]
#[template(path = "imports/list.html")]
struct ListPage {
    p: Page,
    employer: Employer,
    fairs: Vec<Fair>,
    /// The fair that was chosen.
    fair: String,
    all: Vec<Import>,
    fields: Fields,
}

impl ListPage {
    fn error(&self, field: &str) -> String {
        self.fields.get(field).map(|key| self.p.t(key)).unwrap_or_default()
    }

    fn choices(&self) -> Vec<(String, String)> {
        self.fairs.iter().map(|f| (f.id.to_string(), self.p.pick(&f.title_zh, &f.title_en).to_owned())).collect()
    }

    fn megabytes(&self) -> usize {
        MEGABYTES
    }
}

async fn page(imports: &Imports, viewer: &Viewer, p: Page, id: EmployerId) -> Result<ListPage> {
    let employer = imports.employer(viewer, id).await?;
    let (fairs, all) = (imports.fairs(id).await?, imports.of_employer(viewer, id).await?);
    Ok(ListPage { p, employer, fairs, fair: String::new(), all, fields: Fields::default() })
}

async fn list(Use(imports): Use<Imports>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>) -> Result<Response> {
    Ok(private(html(&page(&imports, &viewer, p, id).await?)?))
}

/// A form as read: the fair, and a file with its name or what was wrong with it.
struct Sent {
    fair: String,
    file: Result<(Incoming, String), Text>,
}

async fn read(imports: &Imports, request: Request) -> Result<Sent> {
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| AppError::BadRequest(Text("base-error-bad-request")))?;
    let mut sent = Sent { fair: String::new(), file: Err(Text("imports-wrong-none")) };
    for _ in 0..8 {
        let Some(field) = parts.next_field().await.map_err(broken_upload)? else { return Ok(sent) };
        match field.name() {
            Some("file") => {
                let name = field.file_name().unwrap_or("").to_owned();
                sent.file = match imports.files.receive(field.map_err(broken_upload)).await {
                    Ok(file) if file.size == 0 && name.is_empty() => Err(Text("imports-wrong-none")),
                    Ok(file) => Ok((file, name)),
                    Err(AppError::TooLarge) => Err(Text("imports-wrong-large")),
                    Err(error) => return Err(error),
                }
            }
            Some("fair") => {
                let bytes = field.bytes().await.map_err(broken_upload)?;
                sent.fair = String::from_utf8_lossy(&bytes[..bytes.len().min(FORM_ROOM)]).into_owned();
            }
            _ => {}
        }
    }
    Err(AppError::TooLarge)
}

async fn send(Use(imports): Use<Imports>, viewer: Viewer, p: Page, Id(id): Id<EmployerId>, request: Request) -> Result<Response> {
    let mut page = page(&imports, &viewer, p, id).await?;
    let sent = read(&imports, request).await?;
    let fair = page.fairs.iter().map(|f| f.id).find(|f| sent.fair.is_empty() || f.to_string() == sent.fair);
    match (fair, sent.file) {
        (Some(fair), Ok((file, name))) => {
            let import = imports.begin(&viewer, id, fair, file, &name).await?;
            Ok(see_other(&format!("/imports/{}", import.id), ""))
        }
        (fair, file) => {
            if fair.is_none() {
                page.fields.add("fair", Text("imports-wrong-fair"));
            }
            if let Err(wrong) = file {
                page.fields.add("file", wrong);
            }
            page.fair = sent.fair;
            form_again(&page, &page.fields)
        }
    }
}

#[derive(Template)]
#[template(path = "imports/one.html")]
struct OnePage {
    p: Page,
    employer: Employer,
    fair: Fair,
    import: Import,
    /// What is wrong with each wrong row.
    wrong: Vec<(String, Problem)>,
}

impl OnePage {
    /// The beginning of a row, to know it by.
    fn begins(&self, problem: &Problem) -> String {
        let cells = problem.cells.iter().map(|c| c.trim()).filter(|c| !c.is_empty());
        cells.take(3).collect::<Vec<_>>().join(" · ").chars().take(60).collect()
    }

    fn more(&self) -> i64 {
        self.import.wrong - self.wrong.len() as i64
    }
}

async fn one(Use(imports): Use<Imports>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<ImportId>) -> Result<Response> {
    let import = imports.visible_to(&viewer, id).await?;
    if !wants_page(&headers) {
        let (i, total) = (&import, import.total);
        return Ok(private(
            Json(serde_json::json!({"id": i.id, "state": i.state, "total": total, "done": i.done, "new": i.fresh, "changed": i.changed,
                "same": i.same, "wrong": i.wrong, "problem": i.problem}))
            .into_response(),
        ));
    }
    let employer = imports.employer(&viewer, import.employer_id).await?;
    let fair = imports.postings.rooms.fairs.visible_to(&viewer, import.fair_id).await?;
    let wrong = imports.problems(&import, HEADER, SHOWN).await?;
    let mut telling = Telling::new(&imports.header(&import).await?, p.language());
    let wrong = wrong.into_iter().map(|problem| (telling.told(&problem), problem)).collect();
    Ok(private(html(&OnePage { p, employer, fair, import, wrong })?))
}

async fn confirm(Use(imports): Use<Imports>, viewer: Viewer, Id(id): Id<ImportId>) -> Result<Response> {
    imports.confirm(&viewer, id).await?;
    Ok(see_other(&format!("/imports/{id}"), ""))
}

async fn drop_it(Use(imports): Use<Imports>, viewer: Viewer, p: Page, Id(id): Id<ImportId>) -> Result<Response> {
    let import = imports.drop_it(&viewer, id).await?;
    Ok(see_other(&format!("/employers/{}/imports", import.employer_id), &p.t("imports-dropped")))
}

fn download(bytes: Vec<u8>, kind: Kind, name: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.mime().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{}\"", kind.extension())),
    ];
    private((headers, bytes).into_response())
}

async fn template(Use(imports): Use<Imports>, viewer: Viewer, p: Page, Path(kind): Path<Kind>) -> Result<Response> {
    viewer.person()?;
    Ok(download(imports.template(kind, p.language())?, kind, "postings-template"))
}

async fn wrong(Use(imports): Use<Imports>, viewer: Viewer, p: Page, Path((id, kind)): Path<(ImportId, Kind)>) -> Result<Response> {
    let import = imports.visible_to(&viewer, id).await?;
    Ok(download(imports.wrong_rows(&import, kind, p.language()).await?, kind, "postings-wrong-rows"))
}

#[derive(Deserialize)]
struct Export {
    fair: FairId,
    kind: Kind,
}

async fn export(
    Use(imports): Use<Imports>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<EmployerId>,
    Query(Export { fair, kind }): Query<Export>,
) -> Result<Response> {
    imports.employer(&viewer, id).await?;
    let fair = imports.fair(&viewer, id, fair).await?;
    Ok(download(imports.export(&fair, id, kind, p.language()).await?, kind, "postings"))
}

impl OnePage {
    fn is(&self, state: &str) -> bool {
        self.import.state.name() == state
    }

    fn is_busy(&self) -> bool {
        State::is_busy(self.import.state)
    }
}
