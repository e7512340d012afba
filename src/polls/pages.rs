//! Polls over HTTP: opening and closing by hosts, voting, the poll as JSON, and a page with all polls of a room.

use super::panel::{Panel, Shown};
use super::{Draft, Polls, store};
use crate::accounts::Viewer;
use crate::ids::{PollId, RoomId};
use crate::moderation::Device;
use crate::rooms::RoomView;
use crate::web::{FormData, Id, Ids, Page, Result, beside, form_refused, html, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

pub fn routes(polls: Polls) -> Router {
    Router::new()
        .route("/rooms/{id}/polls", get(show).post(open))
        .route("/rooms/{id}/polls.json", get(newest))
        .route("/rooms/{id}/polls/{poll}/votes", post(vote))
        .route("/rooms/{id}/polls/{poll}/end", post(close))
        .with_state(polls)
}

#[derive(Template)]
#[template(path = "polls/page.html")]
struct PollsPage {
    p: Page,
    view: RoomView,
    votes: Panel,
    /// Those before the newest, for hosts.
    earlier: Vec<Shown>,
}

async fn page(polls: &Polls, viewer: &Viewer, p: Page, id: RoomId) -> Result<PollsPage> {
    let view = polls.live().rooms.visible_to(viewer, id).await?;
    let votes = polls.panel(viewer, &view).await?;
    let mut earlier = Vec::new();
    if view.presents {
        for kept in store::of_room(polls.db().read(), id).await?.iter().skip(1) {
            earlier.push(polls.shown(viewer, &view, kept).await?);
        }
    }
    Ok(PollsPage { p, view, votes, earlier })
}

async fn show(State(polls): State<Polls>, viewer: Viewer, p: Page, Id(id): Id<RoomId>) -> Result<Response> {
    html(&page(&polls, &viewer, p, id).await?)
}

/// `GET /rooms/{id}/polls.json`: the newest poll as the viewer may see it.
async fn newest(State(polls): State<Polls>, viewer: Viewer, Id(id): Id<RoomId>) -> Result<Response> {
    let view = polls.live().rooms.visible_to(&viewer, id).await?;
    let Panel { poll, .. } = polls.panel(&viewer, &view).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({ "poll": poll }))).into_response())
}

async fn open(
    State(polls): State<Polls>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<RoomId>,
    headers: HeaderMap,
    FormData(draft): FormData<Draft>,
) -> Result<Response> {
    let is_page = wants_page(&headers);
    match polls.open(&viewer, id, &draft).await {
        Err(error) if is_page => {
            let (status, fields) = beside(error, "question")?;
            let mut page = page(&polls, &viewer, p, id).await?;
            (page.votes.form, page.votes.fields) = (draft, fields);
            form_refused(&page, status, &page.votes.fields)
        }
        opened => {
            let poll = opened?;
            if is_page {
                return Ok(see_other(&format!("/rooms/{id}/polls"), &p.t("polls-opened")));
            }
            Ok((StatusCode::CREATED, Json(serde_json::json!({ "poll": poll.id, "ends_at": poll.ends_at }))).into_response())
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Vote {
    /// Numbers of options, from 0.
    choices: Vec<usize>,
}

async fn vote(
    State(polls): State<Polls>,
    viewer: Viewer,
    device: Device,
    p: Page,
    Ids(id, poll): Ids<RoomId, PollId>,
    headers: HeaderMap,
    FormData(vote): FormData<Vote>,
) -> Result<Response> {
    let is_page = wants_page(&headers);
    let result = match polls.vote(&viewer, id, &device, poll, &vote.choices).await {
        Err(error) if is_page => {
            let (status, fields) = beside(error, "choices")?;
            let mut page = page(&polls, &viewer, p, id).await?;
            page.votes.fields = fields;
            return form_refused(&page, status, &page.votes.fields);
        }
        taken => taken?,
    };
    let mut response = if is_page {
        see_other(&format!("/rooms/{id}/polls"), &p.t("polls-voted"))
    } else {
        let body = serde_json::json!({ "poll": poll, "choices": vote.choices, "voters": result.voters, "counts": result.counts });
        Json(body).into_response()
    };
    device.keep(&mut response, polls.accounts().secure_cookies);
    Ok(response)
}

async fn close(
    State(polls): State<Polls>,
    viewer: Viewer,
    p: Page,
    Ids(id, poll): Ids<RoomId, PollId>,
    headers: HeaderMap,
) -> Result<Response> {
    let closed = polls.close(&viewer, id, poll).await?;
    if wants_page(&headers) {
        return Ok(see_other(&format!("/rooms/{id}/polls"), &p.t("polls-closed")));
    }
    Ok(Json(serde_json::json!({ "poll": poll, "closed_at": closed.closed_at })).into_response())
}
