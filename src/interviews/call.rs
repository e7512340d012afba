//! The call: its page, who is there, how long it still lasts. The media goes through `live`'s WHIP and WHEP, one stream each way.

use super::presence::Seen;
use super::{Interview, Interviews, Party, State as Stage, media, store};
use crate::accounts::Viewer;
use crate::clock::{HOUR, MINUTE, Millis};
use crate::ids::{AccountId, InterviewId};
use crate::schedule::Span;
use crate::web::{AppError, FormData, Id, Page, Result, Text, clean, html, see_other};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

/// What one tap on "more time" adds, and the most that it adds up to.
const EXTEND_BY: Millis = 5 * MINUTE;
const EXTEND_MOST: Millis = HOUR;

pub(super) fn routes() -> Router<Interviews> {
    Router::new()
        .route("/interviews/{id}/call", get(show))
        .route("/interviews/{id}/state", get(state))
        .route("/interviews/{id}/presence", post(be_present))
        .route("/interviews/{id}/departures", post(leave))
        .route("/interviews/{id}/extensions", post(extend))
        .route("/interviews/{id}/endings", post(end))
        .merge(media::routes())
}

/// What the call's script is told; times in UTC milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct CallState {
    state: &'static str,
    open: bool,
    now: Millis,
    starts_at: Millis,
    ends_at: Millis,
    me: Party,
    /// False if another window of this side has taken over.
    seated: bool,
    other: Other,
    may_extend: bool,
    /// When the recruiter's next interview begins; only the recruiters are told.
    next_starts_at: Option<Millis>,
}

/// What is known of the other side.
#[derive(Debug, Serialize)]
struct Other {
    here: bool,
    came: bool,
    mic: bool,
    camera: bool,
}

impl Interviews {
    async fn call_state(&self, interview: &Interview, me: Party) -> Result<CallState> {
        let now = self.now();
        let (state, seen) = (interview.state(now), self.presence.here(interview.id, me.other(), now));
        let came = match me {
            Party::Seeker => interview.employer_joined_at,
            Party::Employer => interview.seeker_joined_at,
        };
        let next = match me {
            Party::Employer => store::next_start(self.db().read(), interview.recruiter_id, interview.starts_at).await?,
            Party::Seeker => None,
        };
        Ok(CallState {
            state: state.name(),
            open: state.is_open(interview.starts_at, now),
            now,
            starts_at: interview.starts_at,
            ends_at: interview.until(),
            me,
            seated: true,
            other: Other {
                here: seen.is_some(),
                came: came.is_some(),
                mic: seen.as_ref().is_some_and(|s| s.mic),
                camera: seen.is_some_and(|s| s.camera),
            },
            may_extend: me == Party::Employer && state == Stage::Running && interview.extended < EXTEND_MOST,
            next_starts_at: next,
        })
    }

    /// The interview and the viewer's side, if the viewer may enter its call now.
    pub async fn may_enter(&self, viewer: &Viewer, id: InterviewId) -> Result<(Interview, Party)> {
        let (interview, party) = self.visible_to(viewer, id).await?;
        let now = self.now();
        match interview.state(now) {
            state if state.is_open(interview.starts_at, now) => Ok((interview, party)),
            Stage::Booked => Err(AppError::Conflict(Text("interviews-too-early"))),
            _ => Err(AppError::Gone(Text("interviews-over"))),
        }
    }

    /// Gives a call more time; false if it has had the most. Without `by` it is the line that does.
    pub(super) async fn extend(&self, interview: &Interview, by: Option<AccountId>) -> Result<bool> {
        let mut tx = self.db().begin().await?;
        let longer = store::extend(&mut *tx, interview.id, EXTEND_BY, EXTEND_MOST).await?;
        if longer {
            let more = Span { start: interview.until(), end: interview.until() + EXTEND_BY };
            // What is free of it: an older booking that follows stays, and its warning with it.
            for (person, owner) in
                [(interview.seeker_id, interview.id.to_string()), (interview.recruiter_id, interview.slot_id.to_string())]
            {
                store::taking::take_free(&mut tx, person, more, &owner, self.now()).await?;
            }
            self.log(&mut tx, by, "interview.extend", interview).await?;
        }
        tx.commit().await?;
        Ok(longer)
    }

    /// Ends a call for both; no harm if it is over. Without `by` it is the line that does.
    pub(super) async fn close(&self, interview: &Interview, by: Option<AccountId>) -> Result<()> {
        let mut tx = self.db().begin().await?;
        if store::end(&mut *tx, interview.id, self.now()).await? {
            if interview.room_id.is_some() {
                store::taking::let_go(&mut tx, interview).await?;
            }
            self.log(&mut tx, by, "interview.end", interview).await?;
        }
        tx.commit().await?;
        for party in [Party::Seeker, Party::Employer] {
            self.live.media.close_stream(interview.stream_of(party)).await;
        }
        Ok(())
    }
}

#[derive(Template)]
#[template(path = "interviews/call.html")]
struct CallPage {
    p: Page,
    interview: Interview,
    with: String,
    me: &'static str,
}

async fn show(State(all): State<Interviews>, viewer: Viewer, p: Page, Id(id): Id<InterviewId>) -> Result<Response> {
    let (interview, me) = all.visible_to(&viewer, id).await?;
    let now = all.now();
    if !interview.state(now).is_open(interview.starts_at, now) {
        return Ok(see_other(&format!("/interviews/{id}"), ""));
    }
    let with = interview.other_name(me, p.language()).to_owned();
    html(&CallPage { p, interview, with, me: me.name() })
}

async fn state(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>) -> Result<Json<CallState>> {
    let (interview, me) = all.visible_to(&viewer, id).await?;
    Ok(Json(all.call_state(&interview, me).await?))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Beat {
    /// Names the window, see [`Seen`].
    window: String,
    /// Takes the seat from another window of this side.
    take: bool,
    mic: bool,
    camera: bool,
}

/// "I am here", every two seconds; the first one notes that this side has come. Answers with the state.
async fn be_present(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    FormData(beat): FormData<Beat>,
) -> Result<Json<CallState>> {
    let (mut interview, me) = all.may_enter(&viewer, id).await?;
    let now = all.now();
    let came = match me {
        Party::Seeker => &mut interview.seeker_joined_at,
        Party::Employer => &mut interview.employer_joined_at,
    };
    if came.is_none() {
        store::join(all.db().write(), id, me, now).await?;
        *came = Some(now);
    }
    let window = clean(&beat.window, 40);
    let seated = all.presence.beat(id, me, Seen { at: now, window, mic: beat.mic, camera: beat.camera }, beat.take);
    Ok(Json(CallState { seated, ..all.call_state(&interview, me).await? }))
}

/// Leaves the call without ending it: one may come back.
async fn leave(
    State(all): State<Interviews>,
    viewer: Viewer,
    Id(id): Id<InterviewId>,
    FormData(beat): FormData<Beat>,
) -> Result<StatusCode> {
    let (_, me) = all.visible_to(&viewer, id).await?;
    all.presence.leave(id, me, &clean(&beat.window, 40));
    Ok(StatusCode::NO_CONTENT)
}

async fn extend(State(all): State<Interviews>, viewer: Viewer, Id(id): Id<InterviewId>) -> Result<Json<CallState>> {
    let (interview, me) = all.may_enter(&viewer, id).await?;
    let allowed = me == Party::Employer && interview.state(all.now()) == Stage::Running;
    if !allowed || !all.extend(&interview, Some(viewer.known()?.id)).await? {
        return Err(AppError::Conflict(Text("interviews-cannot-extend")));
    }
    let (interview, me) = all.visible_to(&viewer, id).await?;
    Ok(Json(all.call_state(&interview, me).await?))
}

/// Ends it for both; only the employer's side can.
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
