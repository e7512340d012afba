//! The call: its page, who is there or waits at its door, how long it still lasts. The media goes through `live`'s WHIP and WHEP: one stream with
//! a seat for each person and each screen.
//!
//! Whatever changes is told to the sockets of the call (`hub`), which read it anew as their own person may know it; a page without a socket
//! asks every two seconds. Nothing here is lost with a socket or a process but who is there, which says itself anew.

mod around;
mod colleagues;
mod door;
mod files;
mod hub;
mod media;
mod presence;
mod said;
mod socket;
mod state;
mod store;
mod sweep;

pub use around::{Feed, Present};
pub(super) use presence::Presence;

use super::{Interview, Interviews, Party, State as Stage};
use crate::accounts::Viewer;
use crate::blobs::Blobs;
use crate::clock::{DAY, HOUR, MINUTE, Millis};
use crate::ids::{AccountId, InterviewId};
use crate::schedule::Span;
use crate::web::{AppError, FormData, Id, Page, RateLimit, Result, Text, clean, html, see_other, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hub::Told;
use presence::{Beaten, Seen, Who};
use serde::Deserialize;
use state::CallState;
use std::time::Duration;

/// What one tap on "more time" adds, and the most that it adds up to.
const EXTEND_BY: Millis = 5 * MINUTE;
pub(super) const EXTEND_MOST: Millis = HOUR;

/// What calls hold beside the database; cheap to clone.
#[derive(Clone)]
pub(super) struct Calls {
    pub(super) presence: Presence,
    around: around::Around,
    hub: hub::Hub,
    files: Blobs,
    writes: RateLimit<AccountId>,
    /// For how long what was written and sent is kept after a call.
    keep_for: Millis,
    /// Ends the sockets.
    over: tokio_util::sync::CancellationToken,
}

impl Calls {
    pub(super) fn new(files: Blobs, keep_days: u32) -> Self {
        // A quick writer's burst, then one a second.
        let writes = RateLimit::new(10, Duration::from_secs(1));
        Self {
            presence: Presence::default(),
            around: around::Around::default(),
            hub: hub::Hub::default(),
            files,
            writes,
            keep_for: Millis::from(keep_days) * DAY,
            over: tokio_util::sync::CancellationToken::new(),
        }
    }
}

pub(super) fn routes() -> Router<Interviews> {
    Router::new()
        .route("/interviews/{id}/call", get(show))
        .route("/interviews/{id}/state", get(state))
        .route("/interviews/{id}/socket", get(socket::open))
        .route("/interviews/{id}/presence", post(be_present))
        .route("/interviews/{id}/departures", post(leave))
        .route("/interviews/{id}/admissions", post(admit))
        .route("/interviews/{id}/returns", post(send_back))
        .route("/interviews/{id}/extensions", post(extend))
        .route("/interviews/{id}/endings", post(end))
        .merge(colleagues::routes())
        .merge(files::routes())
        .merge(media::routes())
}

impl Interviews {
    /// The interview and the viewer's side, if the viewer may come to its call now.
    pub async fn may_enter(&self, viewer: &Viewer, id: InterviewId) -> Result<(Interview, Party)> {
        let (interview, party) = self.visible_to(viewer, id).await?;
        let now = self.now();
        match interview.state(now) {
            state if state.is_open(interview.starts_at, now) => Ok((interview, party)),
            Stage::Booked => Err(AppError::Conflict(Text("interviews-too-early"))),
            _ => Err(AppError::Gone(Text("interviews-over"))),
        }
    }

    /// Somebody is there, in the call or before its door; the first time notes that this side has come.
    async fn come(&self, viewer: &Viewer, id: InterviewId, beat: &Beat) -> Result<(Interview, Who, Beaten)> {
        let (mut interview, who) = self.comer(viewer, id).await?;
        let now = self.now();
        let seen = Seen { at: now, window: clean(&beat.window, 40), mic: beat.mic, camera: beat.camera };
        let mut beaten = self.calls.presence.beat(id, &who, seen, beat.take).ok_or(AppError::Conflict(Text("calls-full")))?;
        let came = match who.party {
            Party::Seeker => &mut interview.seeker_joined_at,
            Party::Employer => &mut interview.employer_joined_at,
        };
        if came.is_none() {
            super::store::join(self.db().write(), id, who.party, now).await?;
            *came = Some(now);
            beaten.changed = true;
        }
        if beaten.comes && who.party == Party::Seeker {
            store::enter(self.db().write(), id, who.person, now, interview.room_id.is_some()).await?;
        }
        if beaten.changed {
            self.calls.hub.tell(id, Told::Changed);
        }
        if who.party == Party::Employer || self.door(&interview).await? == door::Door::In {
            self.calls.around.note(id, who.person, who.party, now);
        }
        Ok((interview, who, beaten))
    }

    /// Gives a call more time; false if it has had the most. Without `by` it is the line that does.
    pub(super) async fn extend(&self, interview: &Interview, by: Option<AccountId>) -> Result<bool> {
        let mut tx = self.db().begin().await?;
        let longer = super::store::extend(&mut *tx, interview.id, EXTEND_BY, EXTEND_MOST).await?;
        if longer {
            let more = Span { start: interview.until(), end: interview.until() + EXTEND_BY };
            // What is free of it: an older booking that follows stays, and its warning with it.
            for (person, owner) in
                [(interview.seeker_id, interview.id.to_string()), (interview.recruiter_id, interview.slot_id.to_string())]
            {
                super::store::taking::take_free(&mut tx, person, more, &owner, self.now()).await?;
            }
            self.log(&mut tx, by, "interview.extend", interview).await?;
        }
        tx.commit().await?;
        self.calls.hub.tell(interview.id, Told::Changed);
        Ok(longer)
    }

    /// Ends a call for all; no harm if it is over. Without `by` it is the line that does.
    pub(super) async fn close(&self, interview: &Interview, by: Option<AccountId>) -> Result<()> {
        let mut tx = self.db().begin().await?;
        if super::store::end(&mut *tx, interview.id, self.now()).await? {
            if interview.room_id.is_some() {
                super::store::taking::let_go(&mut tx, interview).await?;
            }
            self.log(&mut tx, by, "interview.end", interview).await?;
        }
        tx.commit().await?;
        self.live.media.close_stream(interview.stream()).await;
        self.calls.hub.tell(interview.id, Told::Changed);
        Ok(())
    }
}

/// What the call's script needs before anything moves: fetched together, and not one after the other finds another.
const MODULES: &[&str] = &[
    "js/calls/door.js",
    "js/calls/talk.js",
    "js/calls/thrift.js",
    "js/calls/tiles.js",
    "js/calls/wire.js",
    "js/core/http.js",
    "js/interviews/choices.js",
    "js/interviews/clock.js",
    "js/interviews/own.js",
    "js/interviews/presence.js",
    "js/media/backoff.js",
    "js/media/codecs.js",
    "js/media/connection.js",
    "js/media/devices.js",
    "js/media/links.js",
    "js/media/more.js",
    "js/media/publisher.js",
    "js/media/restart.js",
    "js/media/signalling.js",
    "js/media/stats.js",
    "js/media/viewer.js",
];

#[derive(Template)]
#[template(path = "interviews/call.html")]
struct CallPage {
    p: Page,
    interview: Interview,
    with: String,
    me: &'static str,
    /// They may send and see at once.
    inside: bool,
    most_bytes: u64,
    /// For how long what is written stays.
    keep_days: i64,
}

async fn show(State(all): State<Interviews>, viewer: Viewer, p: Page, Id(id): Id<InterviewId>) -> Result<Response> {
    let (interview, me) = all.visible_to(&viewer, id).await?;
    let now = all.now();
    if !interview.state(now).is_open(interview.starts_at, now) {
        return Ok(see_other(&format!("/interviews/{id}"), ""));
    }
    let with = interview.other_name(me, p.language()).to_owned();
    let inside = me == Party::Employer || all.door(&interview).await? == door::Door::In;
    html(&CallPage { p, interview, with, me: me.name(), inside, most_bytes: all.calls.files.max(), keep_days: all.calls.keep_for / DAY })
}

async fn state(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>) -> Result<Json<CallState>> {
    let (interview, party) = all.visible_to(&viewer, id).await?;
    let account = viewer.known()?;
    let who = Who { person: account.id, party, name: account.name.clone() };
    Ok(Json(all.call_state(&interview, &who).await?))
}

#[derive(Clone, Debug, Deserialize, Default)]
#[serde(default)]
struct Beat {
    /// Names the window, see [`Seen`].
    window: String,
    /// Takes the seat from another window of this person.
    take: bool,
    mic: bool,
    camera: bool,
}

/// "I am here", every two seconds, for pages without a socket. Answers with the state.
async fn be_present(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    FormData(beat): FormData<Beat>,
) -> Result<Json<CallState>> {
    let (interview, who, beaten) = all.come(&viewer, id, &beat).await?;
    let state = all.call_state(&interview, &who).await?;
    Ok(Json(CallState { seated: beaten.seated, ..state }))
}

/// Leaves the call without ending it: one may come back.
async fn leave(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    FormData(beat): FormData<Beat>,
) -> Result<StatusCode> {
    all.visible_to(&viewer, id).await?;
    if all.calls.presence.leave(id, viewer.known()?.id, &clean(&beat.window, 40)) {
        all.calls.around.leave(id, viewer.known()?.id);
        all.calls.hub.tell(id, Told::Changed);
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn admit(State(all): State<Interviews>, viewer: Viewer, headers: HeaderMap, Id(id): Id<InterviewId>) -> Result<Response> {
    all.admit(&viewer, id).await?;
    Ok(done(&headers, &format!("/interviews/{id}/call")))
}

async fn send_back(State(all): State<Interviews>, viewer: Viewer, headers: HeaderMap, Id(id): Id<InterviewId>) -> Result<Response> {
    all.send_back(&viewer, id).await?;
    Ok(done(&headers, &format!("/interviews/{id}/call")))
}

fn done(headers: &HeaderMap, page: &str) -> Response {
    if wants_page(headers) { see_other(page, "") } else { StatusCode::NO_CONTENT.into_response() }
}

async fn extend(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>) -> Result<Json<CallState>> {
    let (interview, who) = all.comer(&viewer, id).await?;
    let allowed = who.party == Party::Employer && interview.state(all.now()) == Stage::Running;
    if !allowed || !all.extend(&interview, Some(who.person)).await? {
        return Err(AppError::Conflict(Text("interviews-cannot-extend")));
    }
    let (interview, _) = all.visible_to(&viewer, id).await?;
    Ok(Json(all.call_state(&interview, &who).await?))
}

/// Ends it for all; only the employer's side can.
async fn end(State(all): State<Interviews>, viewer: Viewer, p: Page, Id(id): Id<InterviewId>) -> Result<Response> {
    let (interview, me) = all.visible_to(&viewer, id).await?;
    if me != Party::Employer {
        return Err(AppError::Forbidden(Text("base-error-forbidden")));
    }
    if interview.state(all.now()) != Stage::Running {
        return Err(AppError::Conflict(Text("interviews-over")));
    }
    all.close(&interview, Some(viewer.known()?.id)).await?;
    Ok(see_other(&format!("/interviews/{id}"), &p.t("interviews-ended-flash")))
}

#[cfg(test)]
mod tests {
    use super::MODULES;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    /// What a module imports when it is loaded, and what that imports.
    fn imported(from: &Path, found: &mut BTreeSet<PathBuf>) {
        let text = std::fs::read_to_string(from).expect("a module");
        for line in text.lines().filter(|line| line.starts_with("import ")) {
            let Some(name) = line.rsplit('"').nth(1) else { continue };
            let path = from.parent().expect("a folder").join(name).canonicalize().expect("a module");
            if found.insert(path.clone()) {
                imported(&path, found);
            }
        }
    }

    #[test]
    fn the_page_names_what_its_script_needs() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("static").canonicalize().expect("folder");
        let mut found = BTreeSet::new();
        imported(&root.join("js/interviews/call.js"), &mut found);
        let mut needed: Vec<String> =
            found.iter().map(|path| path.strip_prefix(&root).expect("ours").to_string_lossy().replace('\\', "/")).collect();
        // Every page has loaded these by then.
        needed.retain(|name| !name.starts_with("js/core/") || name == "js/core/http.js");
        assert_eq!(needed, MODULES);
    }
}
