//! The calendar that somebody's calendar program fetches by an address of its own.

use super::pages::{Shown, page};
use super::{Telling, store};
use crate::accounts::Viewer;
use crate::keys::{new_token, token_hash};
use crate::web::{AppError, ClientIp, Page, Result, html, see_other, wants_page};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

impl Telling {
    /// A new address of the viewer's calendar; the one before is no longer good.
    async fn make_calendar(&self, viewer: &Viewer) -> Result<String> {
        let (token, me) = (new_token(), self.changer(viewer)?);
        store::put(self.accounts.db.write(), me, &token_hash(&token), self.accounts.clock.now()).await?;
        Ok(format!("{}/calendar/{token}.ics", self.accounts.origin))
    }
}

pub(super) async fn make(State(telling): State<Telling>, viewer: Viewer, p: Page, headers: HeaderMap) -> Result<Response> {
    let url = telling.make_calendar(&viewer).await?;
    if !wants_page(&headers) {
        return Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({"url": url}))).into_response());
    }
    // The one time that it is shown.
    let page = page(&telling, &viewer, p, Shown { url, ..Shown::default() }).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], html(&page)?).into_response())
}

pub(super) async fn remove(State(telling): State<Telling>, viewer: Viewer, p: Page) -> Result<Response> {
    store::delete(telling.accounts.db.write(), viewer.person()?.id).await?;
    Ok(see_other("/me/telling#calendar", &p.t("telling-calendar-removed")))
}

pub(super) async fn fetch(
    State(telling): State<Telling>,
    client: ClientIp,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    telling.fetches.check(&client.network())?;
    let token = name.strip_suffix(".ics").filter(|token| !token.is_empty()).ok_or(AppError::NotFound)?;
    let owner = store::owner(telling.accounts.db.read(), &token_hash(token)).await?.ok_or(AppError::NotFound)?;
    let account = telling.accounts.account(owner).await?.ok_or(AppError::NotFound)?;
    let text = telling.interviews.calendar_of(&account).await?;
    let etag = format!("\"{}\"", token_hash(&text));
    let about = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, "private, no-cache".to_owned())];
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // What a proxy compressed has a weak tag.
    let known = known.flat_map(|list| list.split(',')).any(|tag| tag.trim().trim_start_matches("W/") == etag);
    if known {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    let file =
        [(header::CONTENT_TYPE, "text/calendar; charset=utf-8"), (header::CONTENT_DISPOSITION, "inline; filename=\"interviews.ics\"")];
    Ok((about, file, text).into_response())
}
