//! The people of a stage over HTTP: hands, invitations, guests, and the desk on which the hosts see them.

use super::Stage;
use super::guests::{Guest, GuestState, Guests};
use crate::accounts::Viewer;
use crate::ids::{AccountId, GuestId, RoomId};
use crate::live::{Hand, OnStage, Part};
use crate::moderation::Device;
use crate::web::{AppError, FormData, Id, Page, Result, Text, back_to, html, see_other, wants_page};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

pub(super) fn routes(stage: Stage) -> Router {
    Router::new()
        .route("/rooms/{id}/hand", post(raise).get(own).delete(lower))
        .route("/rooms/{id}/hand/lower", post(lower))
        .route("/rooms/{id}/hands/{account}", delete(lower_other))
        .route("/rooms/{id}/hands/{account}/lower", post(lower_other))
        .route("/rooms/{id}/stage/people", get(people))
        .route("/rooms/{id}/guests", post(invite))
        .route("/rooms/{id}/guests/{guest}/acceptances", post(accept))
        .route("/rooms/{id}/guests/{guest}/refusals", post(leave))
        .route("/rooms/{id}/guests/{guest}/departures", post(leave))
        .route("/rooms/{id}/guests/{guest}/removals", post(send_back))
        .route("/rooms/{id}/guests/{guest}/mute", post(mute))
        .with_state(stage)
}

/// Somebody's own hand, invitation and place on stage.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Own {
    /// Place of the hand in the order, from 1; 0 if it is not up.
    pub(super) hand: usize,
    pub(super) guest: Option<OwnGuest>,
    /// Whether the hosts let them caption the room.
    pub(super) captions: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct OwnGuest {
    id: GuestId,
    state: GuestState,
    video: bool,
    muted: bool,
    /// Seconds left to accept.
    answer_in: i64,
    by: String,
    /// Where to publish.
    whip: String,
}

impl OwnGuest {
    fn of(guest: &Guest, now: i64) -> Self {
        let (room, id) = (guest.room_id, guest.id);
        Self {
            id,
            state: guest.state(now),
            video: guest.video.0,
            muted: guest.muted.0,
            answer_in: if guest.accepted_at.is_some() { 0 } else { guest.answer_in(now) },
            by: guest.host_name.clone(),
            whip: format!("/rooms/{room}/guests/{id}/whip"),
        }
    }
}

impl Guests {
    pub(super) async fn own_of(&self, viewer: &Viewer, room: RoomId) -> Result<Own> {
        let Some(account) = viewer.id() else { return Ok(Own::default()) };
        let hands = self.live.snapshot(room).hands;
        let hand = hands.iter().position(|hand| hand.account == account).map_or(0, |at| at + 1);
        let guest = self.of_viewer(viewer, room).await?;
        let captions = self.captions(viewer, room).await?;
        Ok(Own { hand, guest: guest.map(|guest| OwnGuest::of(&guest, self.now())), captions })
    }
}

/// `GET /rooms/{id}/hand`: one's own hand, invitation and place on stage. Asking keeps the hand of somebody up who has no socket.
async fn own(State(stage): State<Stage>, viewer: Viewer, Id(id): Id<RoomId>) -> Result<Response> {
    let account = viewer.known()?.id;
    stage.live.rooms.door(&viewer, id).await?;
    stage.live.heard_of(id, account);
    fresh(StatusCode::OK, &stage.guests.own_of(&viewer, id).await?)
}

fn fresh(status: StatusCode, body: &impl Serialize) -> Result<Response> {
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

async fn raise(
    State(stage): State<Stage>,
    viewer: Viewer,
    device: Device,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
) -> Result<Response> {
    stage.guests.raise(&viewer, &device, id).await?;
    if wants_page(&headers) {
        return Ok(see_other(&format!("/rooms/{id}"), &p.t("guests-hand-is-up")));
    }
    fresh(StatusCode::CREATED, &stage.guests.own_of(&viewer, id).await?)
}

async fn lower(State(stage): State<Stage>, viewer: Viewer, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    let account = viewer.known()?.id;
    stage.live.rooms.door(&viewer, id).await?;
    stage.live.lower_hand(id, account).await?;
    if wants_page(&headers) {
        return Ok(see_other(&format!("/rooms/{id}"), ""));
    }
    fresh(StatusCode::OK, &stage.guests.own_of(&viewer, id).await?)
}

/// The ids of the path, which are a room and something in it.
pub(super) fn two<T: std::str::FromStr>((room, other): &(String, String)) -> Result<(RoomId, T)> {
    match (room.parse(), other.parse()) {
        (Ok(room), Ok(other)) => Ok((room, other)),
        _ => Err(AppError::NotFound),
    }
}

pub(super) type Two = Path<(String, String)>;

/// Whom a host names, and where the form stood if not on the page of such people.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) account: AccountId,
    #[serde(default)]
    back: String,
}

impl Named {
    /// Back to the form for people, who was named for scripts.
    pub(super) fn answer(&self, headers: &HeaderMap, page: &str, told: &str, who: impl Serialize) -> Response {
        if !wants_page(headers) {
            return (StatusCode::CREATED, Json(who)).into_response();
        }
        see_other(if self.back.is_empty() { page } else { back_to(&self.back) }, told)
    }
}

/// After a host's action: the studio for people, nothing for scripts.
fn done(headers: &HeaderMap, room: RoomId, back: &str, told: &str) -> Response {
    if !wants_page(headers) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let studio = format!("/rooms/{room}/studio#people");
    see_other(if back.is_empty() { &studio } else { back_to(back) }, told)
}

async fn lower_other(State(stage): State<Stage>, viewer: Viewer, headers: HeaderMap, Path(path): Two) -> Result<Response> {
    let (room, account) = two::<AccountId>(&path)?;
    stage.guests.lower_as_host(&viewer, room, account).await?;
    Ok(done(&headers, room, "", ""))
}

#[derive(Deserialize)]
struct Wanted {
    account: AccountId,
    /// `1` for a picture too.
    #[serde(default)]
    video: String,
    #[serde(default)]
    back: String,
}

/// `POST /rooms/{id}/guests`
async fn invite(
    State(stage): State<Stage>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<RoomId>,
    FormData(wanted): FormData<Wanted>,
) -> Result<Response> {
    let guest = stage.guests.invite(&viewer, id, wanted.account, wanted.video == "1").await?;
    if wants_page(&headers) {
        return Ok(done(&headers, id, &wanted.back, &p.t1("guests-invited", "name", &guest.name)));
    }
    fresh(StatusCode::CREATED, &OwnGuest::of(&guest, stage.guests.now()))
}

async fn accept(State(stage): State<Stage>, viewer: Viewer, device: Device, Path(path): Two) -> Result<Response> {
    let (room, id) = two(&path)?;
    let guest = stage.guests.accept(&viewer, &device, room, id).await?;
    fresh(StatusCode::OK, &OwnGuest::of(&guest, stage.guests.now()))
}

async fn leave(State(stage): State<Stage>, viewer: Viewer, Path(path): Two) -> Result<StatusCode> {
    let (room, id) = two(&path)?;
    stage.guests.leave(&viewer, room, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn send_back(State(stage): State<Stage>, viewer: Viewer, headers: HeaderMap, Path(path): Two) -> Result<Response> {
    let (room, id) = two(&path)?;
    stage.guests.send_back(&viewer, room, id).await?;
    Ok(done(&headers, room, "", ""))
}

#[derive(Deserialize)]
struct Mute {
    /// `1` or `0`.
    muted: String,
}

async fn mute(
    State(stage): State<Stage>,
    viewer: Viewer,
    headers: HeaderMap,
    Path(path): Two,
    FormData(wanted): FormData<Mute>,
) -> Result<Response> {
    let (room, id) = two(&path)?;
    let muted = match wanted.muted.as_str() {
        "1" => true,
        "0" => false,
        _ => return Err(AppError::BadRequest(Text("base-error-bad-request"))),
    };
    stage.guests.mute(&viewer, room, id, muted).await?;
    Ok(done(&headers, room, "", ""))
}

/// What hosts see of the people of their stage.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Desk {
    pub(super) room: RoomId,
    pub(super) live: bool,
    /// Hosts on stage, and screens.
    pub(super) stage: Vec<OnStage>,
    pub(super) guests: Vec<GuestLine>,
    pub(super) hands: Vec<Hand>,
}

/// A guest, with whether their picture or sound comes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct GuestLine {
    pub(super) id: GuestId,
    pub(super) account: AccountId,
    pub(super) name: String,
    pub(super) state: GuestState,
    pub(super) on_stage: bool,
    pub(super) video: bool,
    pub(super) muted: bool,
    pub(super) answer_in: i64,
}

impl GuestLine {
    pub(super) fn is_accepted(&self) -> bool {
        self.state == GuestState::Accepted
    }
}

impl Desk {
    /// Text key of what somebody is on stage.
    pub(super) fn part_text(&self, who: &OnStage) -> &'static str {
        match who.part {
            Part::Host => "guests-part-host",
            Part::CoHost => "guests-part-co-host",
            Part::Guest => "guests-part-guest",
        }
    }

    pub(super) async fn of(guests: &Guests, room: RoomId) -> Result<Self> {
        let (now, snapshot) = (guests.now(), guests.live.snapshot(room));
        let line = |guest: Guest| GuestLine {
            id: guest.id,
            account: guest.account_id,
            state: guest.state(now),
            on_stage: snapshot.stage.iter().any(|who| who.account == guest.account_id && !who.screen),
            video: guest.video.0,
            muted: guest.muted.0,
            answer_in: guest.answer_in(now),
            name: guest.name,
        };
        let lines = guests.of_room(room).await?.into_iter().map(line).collect();
        let stage = snapshot.stage.iter().filter(|who| who.part != Part::Guest || who.screen).cloned().collect();
        Ok(Self { room, live: snapshot.live, stage, guests: lines, hands: snapshot.hands.to_vec() })
    }
}

#[derive(Template)]
#[template(path = "stage/people-part.html")]
struct PeoplePart {
    p: Page,
    desk: Desk,
}

/// `GET /rooms/{id}/stage/people`: that part of the studio alone, or JSON.
async fn people(State(stage): State<Stage>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    viewer.known()?;
    stage.live.presented_by(&viewer, id).await?;
    let desk = Desk::of(&stage.guests, id).await?;
    if !wants_page(&headers) {
        return fresh(StatusCode::OK, &desk);
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], html(&PeoplePart { p, desk })?).into_response())
}
