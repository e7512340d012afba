//! Co-hosts over HTTP: the hosts' page of them, which is a part of the studio too, and naming and taking back.

use super::Stage;
use super::co_hosts::{CoHost, FOUND};
use super::people::{Named, Two, two};
use crate::accounts::{Account, Viewer};
use crate::ids::{AccountId, RoomId};
use crate::rooms::RoomView;
use crate::web::{FormData, Id, Page, Result, clean, html, see_other, wants_page};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;

/// Characters of a name that is looked for.
const MAX_SEARCH: usize = 40;

pub(super) fn routes(stage: Stage) -> Router {
    Router::new()
        .route("/rooms/{id}/co-hosts", get(list).post(name))
        .route("/rooms/{id}/co-hosts/{account}", delete(dismiss))
        .route("/rooms/{id}/co-hosts/{account}/undo", post(dismiss))
        .with_state(stage)
}

/// The co-hosts of a room as its hosts see them, and whom they look for.
#[derive(Clone, Debug)]
pub(super) struct CoHosts {
    pub(super) room: RoomId,
    pub(super) all: Vec<CoHost>,
    pub(super) search: String,
    pub(super) found: Vec<Account>,
}

impl CoHosts {
    pub(super) async fn of(stage: &Stage, room: RoomId) -> Result<Self> {
        Ok(Self { room, all: stage.guests.co_hosts(room).await?, search: String::new(), found: Vec::new() })
    }

    pub(super) fn max_search(&self) -> usize {
        MAX_SEARCH
    }

    /// Whether there may be more of that name than are listed.
    pub(super) fn is_cut(&self) -> bool {
        self.found.len() >= FOUND
    }

    /// Where this list is drawn anew.
    pub(super) fn part(&self) -> String {
        let query: String = url_encoded(&self.search);
        format!("/rooms/{}/co-hosts?q={query}", self.room)
    }
}

fn url_encoded(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[derive(Template)]
#[template(path = "stage/co-hosts.html")]
struct CoHostsPage {
    p: Page,
    view: RoomView,
    co_hosts: CoHosts,
}

#[derive(Template)]
#[template(path = "stage/co-hosts-part.html")]
struct CoHostsPart {
    p: Page,
    co_hosts: CoHosts,
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

/// `GET /rooms/{id}/co-hosts?q=`: the page; for a script of the studio that part alone; or JSON.
async fn list(
    State(stage): State<Stage>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    Query(wanted): Query<Search>,
) -> Result<Response> {
    viewer.known()?;
    let view = stage.live.rooms.hosted_by(&viewer, id).await?;
    let search = clean(&wanted.q, MAX_SEARCH);
    let found = if search.is_empty() { Vec::new() } else { stage.guests.find_co_hosts(&viewer, &view, &search).await? };
    let co_hosts = CoHosts { search, found, ..CoHosts::of(&stage, id).await? };
    if !wants_page(&headers) {
        let found: Vec<_> = co_hosts.found.iter().map(|a| serde_json::json!({ "account": a.id, "name": a.name })).collect();
        let body = serde_json::json!({ "co_hosts": co_hosts.all, "found": found });
        return Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response());
    }
    if headers.contains_key("x-part") { html(&CoHostsPart { p, co_hosts }) } else { html(&CoHostsPage { p, view, co_hosts }) }
}

/// `POST /rooms/{id}/co-hosts`
async fn name(
    State(stage): State<Stage>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    FormData(named): FormData<Named>,
) -> Result<Response> {
    let co_host = stage.name_co_host(&viewer, id, named.account).await?;
    let told = p.t1("co-hosts-named", "name", &co_host.name);
    Ok(named.answer(&headers, &format!("/rooms/{id}/co-hosts"), &told, co_host))
}

async fn dismiss(State(stage): State<Stage>, viewer: Viewer, headers: HeaderMap, Path(path): Two) -> Result<Response> {
    let (room, account) = two::<AccountId>(&path)?;
    stage.dismiss_co_host(&viewer, room, account).await?;
    if !wants_page(&headers) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    // Who gives it up has no such page any more.
    let own = viewer.id() == Some(account);
    Ok(see_other(&if own { format!("/rooms/{room}") } else { format!("/rooms/{room}/co-hosts") }, ""))
}
