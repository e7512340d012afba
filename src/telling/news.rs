//! The notices on somebody's pages: a list, and the little that the bell on every page asks for.

use super::Telling;
use crate::accounts::Viewer;
use crate::clock::{Millis, iso};
use crate::interviews::Card;
use crate::notify::PageNotice;
use crate::web::{FormData, Page, Result, html, see_other, wants_page};
use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// The bell says of the next interview that it is there.
const SOON: Millis = crate::clock::DAY;

#[derive(Template)]
#[template(path = "telling/notices.html")]
struct NoticesPage {
    p: Page,
    notices: Vec<PageNotice>,
    next: Option<Card>,
    now: Millis,
}

impl NoticesPage {
    fn iso(&self, at: &Millis) -> String {
        iso(*at)
    }

    fn unseen(&self) -> usize {
        self.notices.iter().filter(|notice| !notice.seen).count()
    }
}

/// The list; as JSON what the bell needs.
pub(super) async fn show(State(telling): State<Telling>, viewer: Viewer, p: Page, headers: HeaderMap) -> Result<Response> {
    let me = viewer.person()?.id;
    let notices = telling.accounts.notify.shown_to(me).await?;
    let (next, now) = (telling.interviews.next_of(&viewer, SOON).await?, telling.accounts.clock.now());
    let private = [(header::CACHE_CONTROL, "private, no-store")];
    if wants_page(&headers) {
        return Ok((private, html(&NoticesPage { p, notices, next, now })?).into_response());
    }
    let unseen: Vec<_> = notices.iter().filter(|notice| !notice.seen).collect();
    let next = next.map(|card| {
        let (id, with) = (card.interview.id, card.with(p.language()));
        serde_json::json!({"id": id, "url": format!("/interviews/{id}"), "with": with, "starts_at": card.iso(), "zone": card.interview.zone, "open": card.open})
    });
    let latest = unseen.first().map(|notice| serde_json::json!({"id": notice.id, "title": notice.title, "url": notice.link}));
    Ok((private, Json(serde_json::json!({"unseen": unseen.len(), "latest": latest, "next": next, "now": now}))).into_response())
}

#[derive(Deserialize)]
pub(super) struct Seen {
    /// The server's time at which the list was made.
    upto: Millis,
}

pub(super) async fn see(
    State(telling): State<Telling>,
    viewer: Viewer,
    headers: HeaderMap,
    FormData(seen): FormData<Seen>,
) -> Result<Response> {
    telling.accounts.notify.seen_by(viewer.person()?.id, seen.upto).await?;
    Ok(if wants_page(&headers) { see_other("/me/notices", "") } else { StatusCode::NO_CONTENT.into_response() })
}
