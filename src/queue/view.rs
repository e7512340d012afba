//! What people are shown of a line: a seeker of their place, a recruiter of all.

use super::line::{Line, Note, Place, Stage};
use super::moves::ANSWER;
use super::{Booth, Queue};
use crate::accounts::Viewer;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::ids::{AccountId, PlaceId};
use crate::rooms::RoomView;
use crate::web::{Page, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Minutes to wait, rounded up: a short promise that is kept is better than an exact one that is not.
fn minutes(wait: Millis) -> i64 {
    (wait + MINUTE - 1) / MINUTE
}

/// A seeker's place, as its page and programs see it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PlaceView {
    pub(super) state: &'static str,
    /// From 1, while waiting.
    pub(super) position: Option<usize>,
    pub(super) wait_minutes: Option<i64>,
    pub(super) note: Option<Note>,
    /// The recruiter that the place is kept for; empty if not known by name.
    pub(super) kept_for: Option<String>,
    /// Somebody of the booth is there.
    pub(super) attended: bool,
    /// Seconds left to accept a call.
    pub(super) answer_in: Option<i64>,
    /// The person has accepted already.
    pub(super) accepted: bool,
    /// Who called or talks.
    pub(super) recruiter: Option<String>,
    pub(super) call_url: Option<String>,
    /// Gets a message when it is their turn.
    pub(super) remind: bool,
    pub(super) topic_zh: String,
    pub(super) topic_en: String,
    pub(super) ticket: String,
    /// The booth, for pages that are not its own.
    pub(super) booth_zh: String,
    pub(super) booth_en: String,
    /// Changes whenever a page must be drawn anew.
    pub(super) version: String,
}

impl PlaceView {
    /// Why the place is where it is, in words; empty if there is nothing to say.
    pub(super) fn said(&self, p: &Page) -> String {
        match (self.note, self.kept_for.as_deref()) {
            (None, _) => String::new(),
            (Some(Note::HandedOver), None) => p.t("queue-note-handed-booth"),
            (Some(Note::HandedOver), Some(name)) if !name.is_empty() => p.t1("queue-note-handed-colleague", "name", name),
            (Some(note), _) => p.t(note.text()),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, "served" | "left" | "lapsed" | "handed")
    }
}

fn state_of(stage: Stage) -> &'static str {
    use super::line::End;
    match stage {
        Stage::Waiting => "waiting",
        Stage::Called { .. } => "called",
        Stage::Talking { .. } => "talking",
        Stage::CallBack => "call-back",
        Stage::Ended { how: End::Served, .. } => "served",
        Stage::Ended { how: End::Left, .. } => "left",
        Stage::Ended { how: End::Lapsed, .. } => "lapsed",
        Stage::Ended { how: End::Handed, .. } => "handed",
    }
}

fn call_url(stage: Stage) -> Option<String> {
    match stage {
        Stage::Talking { interview, .. } => Some(format!("/interviews/{interview}/call")),
        _ => None,
    }
}

fn answer_in(stage: Stage, now: Millis) -> Option<i64> {
    match stage {
        Stage::Called { at, .. } => Some((at + ANSWER - now).clamp(0, ANSWER) / SECOND),
        _ => None,
    }
}

/// A digest of what is shown; times that run by themselves are left out.
fn version_of(parts: &impl Serialize) -> String {
    let digest = Sha256::digest(serde_json::to_vec(parts).unwrap_or_default());
    digest.iter().take(8).map(|b| format!("{b:02x}")).collect()
}

/// What a recruiter sees of somebody in the line.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PersonView {
    pub(super) id: PlaceId,
    pub(super) name: String,
    pub(super) state: &'static str,
    pub(super) topic_zh: String,
    pub(super) topic_en: String,
    /// Minutes from lining up to the talk, or to now.
    pub(super) waited: i64,
    pub(super) here: bool,
    /// At another booth right now.
    pub(super) engaged: bool,
    /// The colleague that this person is kept for.
    pub(super) kept_for: Option<String>,
    /// Waits after a hand-off to me, or to whoever is there.
    pub(super) handed: bool,
    /// Kept for me.
    pub(super) mine: bool,
    pub(super) note: Option<Note>,
    pub(super) answer_in: Option<i64>,
    pub(super) call_url: Option<String>,
    /// What each side has said to a call.
    pub(super) seeker_accepted: bool,
    pub(super) i_accepted: bool,
}

/// A line as a recruiter of the booth sees it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DeskView {
    pub(super) waiting: Vec<PersonView>,
    pub(super) call_backs: Vec<PersonView>,
    /// Whom I have called or talk with.
    pub(super) current: Option<PersonView>,
    /// With whom I talked a moment ago.
    pub(super) last: Option<PersonView>,
    pub(super) paused: bool,
    pub(super) auto: bool,
    pub(super) serving: usize,
    /// The median of the last talks.
    pub(super) colleagues: Vec<(String, String)>,
    pub(super) version: String,
}

impl DeskView {
    /// Who was handed here last.
    pub(super) fn handed(&self) -> Option<&PersonView> {
        self.waiting.iter().find(|p| p.handed)
    }

    /// Whether somebody could be called now.
    pub(super) fn anybody_here(&self) -> bool {
        self.waiting.iter().any(|p| p.here && !p.engaged)
    }
}

/// The line on the page of a room.
#[derive(Clone, Debug)]
pub struct Card {
    pub open: bool,
    pub attended: bool,
    pub waiting: usize,
    pub wait_minutes: Option<i64>,
    /// The viewer recruits here.
    pub is_desk: bool,
    pub own: Option<OwnPlace>,
}

/// The viewer's own place.
#[derive(Clone, Copy, Debug)]
pub struct OwnPlace {
    pub state: &'static str,
    /// From 1 while waiting, else 0.
    pub position: usize,
}

impl Queue {
    pub(super) fn place_view(&self, booth: &Booth, line: &Line, place: &Place) -> PlaceView {
        let now = self.now();
        let position = line.position(place.id);
        let name_of = |id| line.desks.iter().find(|d| d.recruiter == id).map(|d| d.name.clone());
        let mut view = PlaceView {
            state: state_of(place.stage),
            position,
            wait_minutes: position.and_then(|p| line.expected_wait(p, now)).map(minutes),
            note: place.note,
            kept_for: place.wanted.map(|wanted| name_of(wanted).unwrap_or_default()),
            attended: self.is_attended(booth, line),
            answer_in: None,
            accepted: matches!(place.stage, Stage::Called { seeker: true, .. }),
            recruiter: place.recruiter().and_then(name_of),
            call_url: call_url(place.stage),
            remind: place.remind,
            topic_zh: place.about.topic_zh.clone(),
            topic_en: place.about.topic_en.clone(),
            ticket: self.ticket(booth.id(), place),
            booth_zh: booth.titles().0.to_owned(),
            booth_en: booth.titles().1.to_owned(),
            version: String::new(),
        };
        view.version = version_of(&view);
        view.answer_in = answer_in(place.stage, now);
        view
    }

    /// The viewer's place in a line, if they have one or had one a moment ago.
    pub(super) async fn own_place(&self, viewer: &Viewer, booth: &Booth) -> Result<Option<PlaceView>> {
        let Some(seeker) = viewer.id() else { return Ok(None) };
        let mut read = self.line(booth.id()).await?;
        if read.line.of(seeker).is_none() {
            // Whoever has just lined up must not be told that they have not.
            read = self.fresh_line(booth.id()).await?;
        }
        let Some(place) = read.line.of(seeker) else { return Ok(None) };
        self.be_seen(place).await?;
        Ok(Some(self.place_view(booth, &read.line, place)))
    }

    pub(super) async fn desk_view(&self, booth: &Booth, me: AccountId) -> Result<DeskView> {
        let read = self.line(booth.id()).await?;
        let (line, now) = (&read.line, self.now());
        let person = |place: &Place| person(line, place, me, now);
        let own = line.desks.iter().find(|d| d.recruiter == me);
        let mut view = DeskView {
            waiting: line.waiting().into_iter().map(person).collect(),
            call_backs: line.places.iter().filter(|p| p.stage == Stage::CallBack).map(person).collect(),
            current: line.with(me).map(person),
            last: line.last_of(me, now).map(person),
            paused: own.is_some_and(|d| d.paused),
            auto: own.is_some_and(|d| d.auto),
            serving: line.serving(now),
            colleagues: Vec::new(),
            version: String::new(),
        };
        view.version = version_of(&view);
        if let Some(current) = &mut view.current {
            current.answer_in = line.with(me).and_then(|p| answer_in(p.stage, now));
        }
        for account in self.accounts().recruiters_of(booth.employer).await?.into_iter().filter(|a| a.id != me) {
            view.colleagues.push((account.id.to_string(), account.name));
        }
        Ok(view)
    }

    /// The line as the room's page shows it; none in a hall.
    pub async fn card(&self, viewer: &Viewer, view: &RoomView) -> Result<Option<Card>> {
        let Some(booth) = Booth::new(view.room.clone(), view.fair.clone()) else { return Ok(None) };
        let read = self.line(booth.id()).await?;
        let (line, now) = (&read.line, self.now());
        let own = viewer.id().and_then(|id| line.of(id)).filter(|p| p.is_open());
        let (waiting, own_position) = (line.waiting().len(), own.and_then(|p| line.position(p.id)));
        Ok(Some(Card {
            open: self.is_open(&booth),
            attended: self.is_attended(&booth, line),
            waiting,
            wait_minutes: line.expected_wait(own_position.unwrap_or(waiting + 1), now).map(minutes),
            is_desk: viewer.recruits_for(booth.employer),
            own: own.map(|p| OwnPlace { state: state_of(p.stage), position: own_position.unwrap_or(0) }),
        }))
    }
}

fn person(line: &Line, place: &Place, me: AccountId, now: Millis) -> PersonView {
    let (seeker_accepted, i_accepted) = match place.stage {
        Stage::Called { seeker, recruiter, .. } => (seeker, recruiter),
        _ => (false, false),
    };
    let colleague = place.wanted.filter(|w| *w != me).and_then(|w| line.desks.iter().find(|d| d.recruiter == w));
    PersonView {
        id: place.id,
        name: place.about.name.clone(),
        state: state_of(place.stage),
        topic_zh: place.about.topic_zh.clone(),
        topic_en: place.about.topic_en.clone(),
        waited: ((place.talk_at().unwrap_or(now) - place.joined_at) / MINUTE).max(0),
        here: place.is_here(now),
        engaged: place.engaged,
        kept_for: colleague.map(|d| d.name.clone()),
        handed: place.stage == Stage::Waiting && place.note == Some(Note::HandedOver) && place.wanted.is_none_or(|w| w == me),
        mine: place.wanted == Some(me),
        note: place.note,
        answer_in: None,
        call_url: call_url(place.stage),
        seeker_accepted,
        i_accepted,
    }
}
