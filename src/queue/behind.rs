//! Who waits behind a talk, for the recruiter who is in it; and the next one with a single tap.

use super::timer::grows;
use super::{Booth, Queue, desk};
use crate::accounts::Viewer;
use crate::clock::{MINUTE, Millis};
use crate::ids::{AccountId, RoomId};
use crate::queue::line::{Line, Stage};
use crate::web::{Id, Result};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;

pub(super) fn routes() -> Router<Queue> {
    Router::new().route("/rooms/{id}/desk/next", get(show)).route("/rooms/{id}/desk/successions", post(succeed))
}

/// What the page of a call shows of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Behind {
    waiting: usize,
    /// Of these, whom I could call now.
    ready: usize,
    /// Minutes that the first of them has waited the longest.
    longest: Option<i64>,
    /// The name of whom I would get.
    next: Option<String>,
    /// My talk is lengthened by itself as long as this stays so.
    grows: bool,
}

/// `until`: when the time of my talk is up.
fn behind(line: &Line, me: AccountId, until: Option<Millis>, now: Millis) -> Behind {
    let (waiting, ready) = (line.waiting(), line.ready(me, now));
    let since = line.with(me).and_then(|p| if let Stage::Talking { since, .. } = p.stage { Some(since) } else { None });
    Behind {
        waiting: waiting.len(),
        ready: ready.len(),
        longest: waiting.iter().map(|p| ((now - p.joined_at) / MINUTE).max(0)).max(),
        next: ready.first().map(|p| p.about.name.clone()),
        grows: since.zip(until).is_some_and(|(since, until)| grows(since, until, waiting.len())),
    }
}

impl Queue {
    async fn behind(&self, booth: &Booth, me: AccountId) -> Result<Behind> {
        let (read, now) = (self.line(booth.id()).await?, self.now());
        let until = match read.line.with(me).and_then(|p| p.talk()) {
            Some(talk) => self.interviews.standing(talk).await?.map(|talk| talk.until),
            None => None,
        };
        Ok(behind(&read.line, me, until, now))
    }
}

/// `GET /rooms/{id}/desk/next`: asked by the page of a call, which is being at the desk.
async fn show(State(queue): State<Queue>, viewer: Viewer, Id(id): Id<RoomId>) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    queue.be_at_desk(id, me).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(queue.behind(&booth, me).await?)).into_response())
}

/// `POST /rooms/{id}/desk/successions`: ends the talk, if it still goes on, and takes the next one.
async fn succeed(State(queue): State<Queue>, viewer: Viewer, headers: HeaderMap, Id(id): Id<RoomId>) -> Result<Response> {
    let (booth, me) = queue.desk(&viewer, id).await?;
    queue.check_open(&booth)?;
    queue.be_at_desk(id, me).await?;
    queue.succeed(&booth, me).await?;
    desk::answer(&queue, &headers, &booth, me, "").await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{InterviewId, PlaceId};
    use crate::queue::line::{About, Place};

    #[test]
    fn a_talk_grows_exactly_while_its_page_says_that_nobody_waits() {
        let (me, mut line) = (AccountId::new(), Line::default());
        let join = |line: &mut Line, name: &str, now| {
            line.join(Place::new(PlaceId::new(), AccountId::new(), About { name: name.into(), ..About::default() }, now))
        };
        let first = join(&mut line, "王芳", 0);
        line.call_next(me, true, 0).expect("called");
        line.accept(first, InterviewId::new(), 0).expect("talks");
        let until = 15 * MINUTE;
        let alone = Behind { waiting: 0, ready: 0, longest: None, next: None, grows: true };
        assert_eq!(behind(&line, me, Some(until), 0), alone);
        join(&mut line, "李强", 2 * MINUTE);
        let seen = behind(&line, me, Some(until), 2 * MINUTE);
        assert_eq!(seen, Behind { waiting: 1, ready: 1, longest: Some(0), next: Some("李强".into()), grows: false });
        // The one who waits has put the phone away and could not be called.
        let away = behind(&line, me, Some(until), 5 * MINUTE);
        assert_eq!(away, Behind { waiting: 1, ready: 0, longest: Some(3), next: None, grows: false });
        let gone = line.waiting()[0].id;
        line.leave(gone, 5 * MINUTE).expect("left");
        assert!(behind(&line, me, Some(until), 5 * MINUTE).grows);
        assert!(!behind(&line, me, Some(45 * MINUTE), 5 * MINUTE).grows, "not for ever");
        assert!(!behind(&line, AccountId::new(), None, 0).grows);
    }
}
