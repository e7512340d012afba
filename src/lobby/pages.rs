//! The lobby page and its state as JSON.

use super::{Door, Now, matches, sort};
use crate::accounts::{Employer, Viewer};
use crate::announcements::{Announcements, Bar};
use crate::fairs::Fair;
use crate::ids::{FairId, RoomId};
use crate::live::Live;
use crate::rooms::Room;
use crate::web::{Id, Page, Result, clean, html};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub fn routes(announcements: Announcements) -> Router {
    Router::new().route("/fairs/{id}", get(show)).route("/fairs/{id}/rooms.json", get(rooms)).with_state(announcements)
}

#[derive(Template)]
#[template(path = "lobby/lobby.html")]
struct LobbyPage {
    p: Page,
    fair: Fair,
    doors: Vec<Door>,
    employers: usize,
    hall: Option<RoomId>,
    filter: Filter,
    bar: Bar,
}

#[derive(Deserialize, Default)]
struct Filter {
    #[serde(default)]
    q: String,
    #[serde(default)]
    status: String,
}

impl Filter {
    fn is_set(&self) -> bool {
        !self.q.is_empty() || !self.status.is_empty()
    }
}

async fn show(
    State(announcements): State<Announcements>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<FairId>,
    Query(filter): Query<Filter>,
) -> Result<Response> {
    let live = &announcements.live;
    let filter = Filter { q: clean(&filter.q, 40), status: filter.status };
    let fair = live.rooms.fairs.visible_to(&viewer, id).await?;
    let employers = live.rooms.fairs.employers(id).await?;
    let mut doors: Vec<Door> = live.rooms.of_fair(id).await?.into_iter().map(|room| door(live, &fair, &employers, room, &p)).collect();
    sort(&mut doors);
    let hall = doors.iter().find(|d| d.is_hall()).map(|d| d.now.id);
    doors.retain(|d| matches(d, &filter.status, &filter.q));
    let bar = announcements.bar(id).await?;
    html(&LobbyPage { p, fair, doors, employers: employers.len(), hall, filter, bar })
}

fn door(live: &Live, fair: &Fair, employers: &[Employer], room: Room, p: &Page) -> Door {
    let employer = employers.iter().find(|e| room.employer_id.0 == Some(e.id));
    let about = employer.map(|e| p.pick(&e.about_zh, &e.about_en).to_owned()).unwrap_or_default();
    Door { now: now(live, fair, &room), about, room }
}

fn now(live: &Live, fair: &Fair, room: &Room) -> Now {
    let snapshot = live.snapshot(room.id);
    Now { id: room.id, status: live.status_of(fair.state, room), people: snapshot.people.max(snapshot.viewers) }
}

/// `GET /fairs/{id}/rooms.json`: status and people of every room, and what is announced. Answers 304 while nothing changes.
async fn rooms(State(announcements): State<Announcements>, viewer: Viewer, Id(id): Id<FairId>, headers: HeaderMap) -> Result<Response> {
    let live = &announcements.live;
    let fair = live.rooms.fairs.visible_to(&viewer, id).await?;
    let now: Vec<Now> = live.rooms.of_fair(id).await?.iter().map(|room| now(live, &fair, room)).collect();
    let body = serde_json::to_string(&serde_json::json!({ "rooms": now, "announcements": announcements.holding(id).await? }))?;
    let tag = format!("\"{}\"", Sha256::digest(&body)[..8].iter().map(|b| format!("{b:02x}")).collect::<String>());
    // Compression marks the tag as weak on its way out.
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).is_some_and(|v| v.trim_start_matches("W/") == tag);
    let shared = [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache".to_owned())];
    Ok(match known {
        true => (StatusCode::NOT_MODIFIED, shared).into_response(),
        false => (shared, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
    })
}
