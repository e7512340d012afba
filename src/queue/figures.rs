//! The lines of a fair in figures, for its organisers: who waits where, for how long, and which booths let people down.

use super::line::{ATTENDED, median};
use super::{Queue, store};
use crate::accounts::Viewer;
use crate::clock::{MINUTE, Millis};
use crate::fairs::Fair;
use crate::ids::{FairId, RoomId};
use crate::rooms::{Room, RoomStatus};
use crate::web::{BOM, Id, Page, Result, Text, csv_row, html, wants_page};
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use std::collections::HashMap;

pub(super) fn routes() -> Router<Queue> {
    Router::new().route("/fairs/{id}/queues", get(show)).route("/fairs/{id}/queues.csv", get(export))
}

/// The line of a booth over the fair.
#[derive(Clone, Debug, Serialize)]
struct BoothFigures {
    room: RoomId,
    title_zh: String,
    title_en: String,
    #[serde(serialize_with = "by_name")]
    status: RoomStatus,
    #[serde(flatten)]
    counts: Counts,
}

/// What became of the places of a line. Medians in minutes, rounded up, of all talks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    waiting: usize,
    /// Talks that go on.
    talking: usize,
    served: usize,
    median_wait: Option<i64>,
    median_talk: Option<i64>,
    /// Calls that were not answered, and talks that were not entered.
    no_shows: i64,
    /// Left the line, or were away too often, without a talk.
    given_up: usize,
    call_backs: usize,
}

fn by_name<S: serde::Serializer>(status: &RoomStatus, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(status.name())
}

impl Counts {
    fn of(places: &[store::Stood]) -> Self {
        let in_state = |state: &str| places.iter().filter(|p| p.state == state).count();
        let talks = || places.iter().filter_map(|p| Some((p, p.talk_at?)));
        let minutes = |times: Vec<Millis>| median(&times).map(|time| (time.max(0) + MINUTE - 1) / MINUTE);
        Self {
            waiting: in_state("waiting") + in_state("called"),
            talking: in_state("talking"),
            served: talks().filter(|(p, _)| p.ended_at.is_some()).count(),
            median_wait: minutes(talks().map(|(p, talk)| talk - p.joined_at).collect()),
            median_talk: minutes(talks().filter_map(|(p, talk)| Some(p.ended_at? - talk)).collect()),
            no_shows: places.iter().map(|p| p.missed).sum(),
            given_up: in_state("left") + in_state("lapsed"),
            call_backs: in_state("call-back"),
        }
    }
}

/// A booth whose desk is taken is attended, also when nobody of it is in the room.
fn status_of(status: RoomStatus, talking: usize, desk_seen: Option<Millis>, now: Millis) -> RoomStatus {
    let at_desk = talking > 0 || desk_seen.is_some_and(|at| now - at < ATTENDED);
    if status == RoomStatus::MessageOnly && at_desk { RoomStatus::Staffed } else { status }
}

impl Queue {
    /// The booths of a fair: longest line first, then by what they have done.
    async fn figures(&self, fair: &Fair) -> Result<Vec<BoothFigures>> {
        let (db, now) = (self.db().read(), self.now());
        let mut places: HashMap<RoomId, Vec<store::Stood>> = HashMap::new();
        for place in store::stood(db, fair.id).await? {
            places.entry(place.room_id).or_default().push(place);
        }
        let desks: HashMap<RoomId, Millis> = store::desks_seen(db, fair.id).await?.into_iter().collect();
        let rooms = self.live().rooms.of_fair(fair.id).await?;
        let row = |room: Room| {
            let counts = Counts::of(places.get(&room.id).map_or(&[], Vec::as_slice));
            let status = status_of(self.live().status_of(fair.state, &room), counts.talking, desks.get(&room.id).copied(), now);
            BoothFigures { room: room.id, title_zh: room.title_zh, title_en: room.title_en, status, counts }
        };
        let mut booths: Vec<_> = rooms.into_iter().filter(|r| r.employer_id.0.is_some()).map(row).collect();
        booths.sort_by_key(|b| std::cmp::Reverse((b.counts.waiting, b.counts.call_backs, b.counts.served)));
        Ok(booths)
    }
}

#[derive(Template)]
#[template(path = "queue/figures.html")]
struct FiguresPage {
    p: Page,
    fair: Fair,
    booths: Vec<BoothFigures>,
}

impl FiguresPage {
    fn waiting(&self) -> usize {
        self.booths.iter().map(|b| b.counts.waiting).sum()
    }

    fn served(&self) -> usize {
        self.booths.iter().map(|b| b.counts.served).sum()
    }

    fn call_backs(&self) -> usize {
        self.booths.iter().map(|b| b.counts.call_backs).sum()
    }

    /// Booths that people come to in vain.
    fn unattended(&self) -> usize {
        self.booths.iter().filter(|b| b.status == RoomStatus::MessageOnly).count()
    }

    /// A time that is known, or a dash.
    fn minutes(&self, n: &Option<i64>) -> String {
        n.map_or_else(|| "–".into(), |n| self.p.t1("queue-figures-minutes", "n", n))
    }
}

/// `GET /fairs/{id}/queues`: a page, or JSON for programs.
async fn show(State(queue): State<Queue>, viewer: Viewer, p: Page, headers: HeaderMap, Id(id): Id<FairId>) -> Result<Response> {
    viewer.person()?;
    let fair = queue.live().rooms.fairs.organised_by(&viewer, id).await?;
    let booths = queue.figures(&fair).await?;
    if !wants_page(&headers) {
        return Ok(([(header::CACHE_CONTROL, "no-store")], Json(booths)).into_response());
    }
    html(&FiguresPage { p, fair, booths })
}

/// The columns of the table, as text keys.
const COLUMNS: [Text; 11] = [
    Text("queue-figures-booth"),
    Text("queue-figures-status"),
    Text("queue-figures-waiting"),
    Text("queue-figures-talking"),
    Text("queue-figures-served"),
    Text("queue-figures-median-wait"),
    Text("queue-figures-median-talk"),
    Text("queue-figures-no-shows"),
    Text("queue-figures-given-up"),
    Text("queue-figures-call-backs"),
    Text("queue-figures-room"),
];

/// `GET /fairs/{id}/queues.csv`, noted in the audit log before it leaves.
async fn export(State(queue): State<Queue>, viewer: Viewer, p: Page, Id(id): Id<FairId>) -> Result<Response> {
    let me = viewer.person()?.id;
    let fair = queue.live().rooms.fairs.organised_by(&viewer, id).await?;
    let booths = queue.figures(&fair).await?;
    let detail = format!("booths={}", booths.len());
    queue.accounts().audit(me, "queue.export", &id.to_string(), Some(id), "", &detail).await?;
    let mut text = format!("{BOM}{}", csv_row(&COLUMNS.map(|key| p.t(key.0))));
    booths.iter().for_each(|booth| text.push_str(&csv(booth, &p)));
    let time = fair.local(&queue.now()).replace(' ', "-").replace(':', "");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"queues-{time}.csv\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}

fn csv(booth: &BoothFigures, p: &Page) -> String {
    let counts = &booth.counts;
    let known = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    csv_row(&[
        p.pick(&booth.title_zh, &booth.title_en).to_owned(),
        p.t(booth.status.text()),
        counts.waiting.to_string(),
        counts.talking.to_string(),
        counts.served.to_string(),
        known(counts.median_wait),
        known(counts.median_talk),
        counts.no_shows.to_string(),
        counts.given_up.to_string(),
        counts.call_backs.to_string(),
        booth.room.to_string(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stood(state: &str, joined_at: Millis, talk_at: Option<Millis>, ended_at: Option<Millis>, missed: i64) -> store::Stood {
        store::Stood { room_id: RoomId::from_uuid(uuid::Uuid::nil()), state: state.into(), joined_at, talk_at, ended_at, missed }
    }

    #[test]
    fn figures_count_each_place_once_and_take_the_median_of_talks() {
        let talk = |state: &str, wait: i64, length: i64| stood(state, 0, Some(wait * MINUTE), Some((wait + length) * MINUTE), 0);
        let places = [
            talk("served", 2, 10),
            talk("handed", 4, 20),
            talk("served", 9, 12),
            stood("talking", 0, Some(30 * MINUTE), None, 1),
            stood("waiting", 0, None, None, 2),
            stood("called", 0, None, None, 0),
            stood("left", 0, None, Some(MINUTE), 0),
            stood("lapsed", 0, None, Some(MINUTE), 4),
            stood("call-back", 0, None, None, 0),
        ];
        let expected = Counts {
            waiting: 2,
            talking: 1,
            served: 3,
            median_wait: Some(7),
            median_talk: Some(12),
            no_shows: 7,
            given_up: 2,
            call_backs: 1,
        };
        assert_eq!(Counts::of(&places), expected);
        assert_eq!(Counts::of(&[]), Counts::default());
    }

    #[test]
    fn a_taken_desk_attends_a_booth_and_never_opens_a_closed_one() {
        let status = |status, talking, seen| status_of(status, talking, seen, ATTENDED);
        assert_eq!(status(RoomStatus::MessageOnly, 0, None), RoomStatus::MessageOnly);
        assert_eq!(status(RoomStatus::MessageOnly, 0, Some(0)), RoomStatus::MessageOnly);
        assert_eq!(status(RoomStatus::MessageOnly, 0, Some(1)), RoomStatus::Staffed);
        assert_eq!(status(RoomStatus::MessageOnly, 1, None), RoomStatus::Staffed);
        assert_eq!(status(RoomStatus::Closed, 1, Some(ATTENDED)), RoomStatus::Closed);
        assert_eq!(status(RoomStatus::Live, 0, None), RoomStatus::Live);
    }
}
