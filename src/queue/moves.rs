//! Every decision about a line. Pure: time comes in as UTC milliseconds, nothing goes out.
//!
//! A place keeps its rank through everything but the stated moves: three places back for who was away for longer than the grace, did not
//! answer a call or put it off; to the head for who is handed over or called back. Nobody is lost: what does not end a place keeps it.
//! Deliberately absent: what a talk is (`interviews`), how it is stored (`store`), who may do what (`mod`).

use super::line::{End, Line, Note, Place, Refusal, Stage, Talk};
use crate::clock::{MINUTE, Millis, SECOND};
use crate::ids::{AccountId, InterviewId, PlaceId};

/// Both must accept a call within this time.
pub(super) const ANSWER: Millis = 30 * SECOND;
/// A place is kept for this long without a sign of its person: a dark phone, a tunnel, a dead battery.
pub(super) const GRACE: Millis = 10 * MINUTE;
/// How far somebody moves back, and how often before the place is given up.
const BACK: usize = 3;
const MOST_MOVES: i64 = 3;
/// Both must have entered the call this long after they accepted.
pub(super) const ENTER: Millis = 90 * SECOND;

type Decided<T = ()> = Result<T, Refusal>;

impl Line {
    /// Lines somebody up; who stands in line already keeps that place, who wanted a call back takes the end of the line.
    pub(super) fn join(&mut self, new: Place) -> PlaceId {
        let rank = self.end();
        if let Some(own) = self.places.iter_mut().find(|p| p.seeker == new.seeker && p.is_open()) {
            if own.stage == Stage::CallBack {
                *own = Place { id: own.id, rank, joined_at: own.joined_at, ..new };
            }
            return own.id;
        }
        let id = new.id;
        self.places.push(Place { rank, ..new });
        id
    }

    /// Whether [`Line::settle`] would change anything.
    pub(super) fn is_due(&self, now: Millis) -> bool {
        self.places.iter().any(|p| match p.stage {
            Stage::Called { at, .. } => now - at >= ANSWER,
            Stage::Waiting => now - p.seen_at.max(p.grace_from) >= GRACE,
            Stage::Talking { .. } | Stage::CallBack | Stage::Ended { .. } => false,
        })
    }

    /// What time alone brings about.
    pub(super) fn settle(&mut self, now: Millis) {
        for id in self.places.iter().map(|p| p.id).collect::<Vec<_>>() {
            let Some(place) = self.places.iter().find(|p| p.id == id) else { continue };
            match place.stage {
                Stage::Called { at, .. } if now - at < ANSWER => {}
                Stage::Called { by, recruiter: false, .. } => self.let_down(id, by),
                Stage::Called { recruiter: true, .. } => self.put_back(id, Note::Missed, now),
                Stage::Waiting if now - place.seen_at.max(place.grace_from) >= GRACE => self.put_back(id, Note::Away, now),
                Stage::Waiting | Stage::Talking { .. } | Stage::CallBack | Stage::Ended { .. } => {}
            }
        }
    }

    /// Calls the first one who is there, is not at another booth, and is not kept for a colleague who serves. With `accepted` the
    /// recruiter took them by hand; else both must still accept.
    pub(super) fn call_next(&mut self, by: AccountId, accepted: bool, now: Millis) -> Decided<PlaceId> {
        if self.with(by).is_some() {
            return Err(Refusal::Busy);
        }
        let id = self.ready(by, now).first().ok_or(Refusal::Nobody)?.id;
        self.set(id, Stage::Called { by, at: now, seeker: false, recruiter: accepted });
        Ok(id)
    }

    /// The called person accepts. Again is no harm; the talk begins when both have.
    pub(super) fn accept(&mut self, id: PlaceId, interview: InterviewId, now: Millis) -> Decided {
        match self.stage_of(id) {
            Some(Stage::Called { by, at, recruiter, .. }) if now - at < ANSWER => {
                self.set(id, Stage::Called { by, at, seeker: true, recruiter });
                self.begin(id, interview, now);
                Ok(())
            }
            Some(Stage::Talking { .. }) => Ok(()),
            _ => Err(Refusal::TooLate),
        }
    }

    /// The recruiter accepts whom the line gave them.
    pub(super) fn confirm(&mut self, by: AccountId, interview: InterviewId, now: Millis) -> Decided {
        let id = self.with(by).ok_or(Refusal::TooLate)?.id;
        match self.stage_of(id) {
            Some(Stage::Called { by, at, seeker, .. }) if now - at < ANSWER => {
                self.set(id, Stage::Called { by, at, seeker, recruiter: true });
                self.begin(id, interview, now);
                Ok(())
            }
            Some(Stage::Talking { .. }) => Ok(()),
            _ => Err(Refusal::TooLate),
        }
    }

    fn begin(&mut self, id: PlaceId, interview: InterviewId, now: Millis) {
        if let Some(Stage::Called { by, seeker: true, recruiter: true, .. }) = self.stage_of(id) {
            self.set(id, Stage::Talking { by, since: now, interview });
        }
    }

    /// "Not now": a few places back.
    pub(super) fn put_off(&mut self, id: PlaceId) -> Decided {
        match self.stage_of(id) {
            Some(Stage::Called { .. }) => {
                self.set(id, Stage::Waiting);
                self.move_back(id);
                self.note(id, Note::PutOff);
                Ok(())
            }
            _ => Err(Refusal::TooLate),
        }
    }

    /// The recruiter takes a call back; the person's place is as it was. A desk that calls by itself pauses, or it would call them again.
    pub(super) fn release(&mut self, by: AccountId) -> Decided {
        let id = self.with(by).filter(|p| matches!(p.stage, Stage::Called { .. })).ok_or(Refusal::TooLate)?.id;
        self.set(id, Stage::Waiting);
        self.note(id, Note::LetDown);
        self.desks.iter_mut().filter(|d| d.recruiter == by).for_each(|d| d.paused |= d.auto);
        Ok(())
    }

    /// The talk of a recruiter is over.
    pub(super) fn finish(&mut self, by: AccountId, now: Millis) -> Decided<PlaceId> {
        let place = self.with(by).ok_or(Refusal::TooLate)?;
        let Stage::Talking { by, since, interview } = place.stage else { return Err(Refusal::TooLate) };
        let id = place.id;
        self.set(id, Stage::Ended { how: End::Served, at: now, talk: Some(Talk { by, since, interview }) });
        self.lengths.insert(0, now - since);
        self.lengths.truncate(10);
        Ok(id)
    }

    /// A talk that not both have entered in time: nobody sits in an empty call for long.
    pub(super) fn strand(&mut self, id: PlaceId, seeker_came: bool, recruiter_came: bool, now: Millis) {
        let Some(Stage::Talking { by, since, .. }) = self.stage_of(id) else { return };
        match (now - since >= ENTER, seeker_came, recruiter_came) {
            (true, _, false) => self.let_down(id, by),
            (true, false, true) => self.put_back(id, Note::Missed, now),
            (true, true, true) | (false, _, _) => {}
        }
    }

    /// Leaves the line, or ends the talk: nobody is held in one by a recruiter who went away.
    pub(super) fn leave(&mut self, id: PlaceId, now: Millis) -> Decided {
        match self.stage_of(id) {
            Some(Stage::Talking { by, .. }) => self.finish(by, now).map(|_| ()),
            Some(Stage::Waiting | Stage::Called { .. } | Stage::CallBack) => {
                self.set(id, Stage::Ended { how: End::Left, at: now, talk: None });
                Ok(())
            }
            Some(Stage::Ended { .. }) => Ok(()),
            None => Err(Refusal::TooLate),
        }
    }

    /// Waits no longer and wants to be called back.
    pub(super) fn ask_call_back(&mut self, id: PlaceId) -> Decided {
        match self.stage_of(id) {
            Some(Stage::Waiting | Stage::Called { .. } | Stage::CallBack) => {
                self.set(id, Stage::CallBack);
                Ok(())
            }
            Some(Stage::Talking { .. } | Stage::Ended { .. }) | None => Err(Refusal::TooLate),
        }
    }

    /// Whether the person is told by a message when it is their turn.
    pub(super) fn remind(&mut self, id: PlaceId, wanted: bool) -> Decided {
        match self.stage_of(id) {
            Some(Stage::Ended { .. }) | None => Err(Refusal::TooLate),
            Some(_) => {
                self.change(id, |p| p.remind = wanted);
                Ok(())
            }
        }
    }

    /// A recruiter calls back: the person gets the head of the line, kept for this recruiter, and a new grace to come.
    pub(super) fn call_back(&mut self, id: PlaceId, by: AccountId, now: Millis) -> Decided {
        if self.stage_of(id) != Some(Stage::CallBack) {
            return Err(Refusal::TooLate);
        }
        self.put_first(id, Some(by), now);
        self.note(id, Note::CalledBack);
        Ok(())
    }

    /// Ends the recruiter's talk, or takes the one that they ended last, so that another may [`Line::receive`] the person.
    pub(super) fn hand_off(&mut self, by: AccountId, now: Millis) -> Decided<Place> {
        let id = match self.with(by).and_then(Place::talk) {
            Some(_) => self.finish(by, now)?,
            None => self.last_of(by, now).ok_or(Refusal::TooLate)?.id,
        };
        let mut place = self.places.iter().find(|p| p.id == id).ok_or(Refusal::TooLate)?.clone();
        if let Stage::Ended { at, talk, .. } = place.stage {
            self.set(place.id, Stage::Ended { how: End::Handed, at, talk });
        }
        place.stage = Stage::Waiting;
        Ok(place)
    }

    /// Puts somebody who was handed over to the head, kept for `wanted`. `id` is that of the new place, if one is needed.
    pub(super) fn receive(&mut self, handed: Place, id: PlaceId, wanted: Option<AccountId>, now: Millis) {
        let own = self.places.iter().find(|p| p.seeker == handed.seeker && p.is_open()).map(|p| (p.id, p.stage));
        let id = match own {
            // Somebody else's turn with them has begun already.
            Some((_, Stage::Called { .. } | Stage::Talking { .. })) => return,
            Some((own, _)) => own,
            None => {
                let seen_at = handed.seen_at;
                self.places.push(Place { seen_at, remind: handed.remind, ..Place::new(id, handed.seeker, handed.about, now) });
                id
            }
        };
        self.put_first(id, wanted, now);
        self.note(id, Note::HandedOver);
    }

    /// One tap after the end: calls the person of the talk that the recruiter ended last.
    pub(super) fn continue_last(&mut self, by: AccountId, id: PlaceId, now: Millis) -> Decided {
        if self.with(by).is_some() {
            return Err(Refusal::Busy);
        }
        let last = self.last_of(by, now).ok_or(Refusal::TooLate)?.clone();
        self.receive(last.clone(), id, Some(by), now);
        let own = self.places.iter().find(|p| p.seeker == last.seeker && p.stage == Stage::Waiting).ok_or(Refusal::TooLate)?.id;
        self.set(own, Stage::Called { by, at: now, seeker: false, recruiter: true });
        Ok(())
    }

    fn stage_of(&self, id: PlaceId) -> Option<Stage> {
        self.places.iter().find(|p| p.id == id).map(|p| p.stage)
    }

    fn change(&mut self, id: PlaceId, how: impl FnOnce(&mut Place)) {
        if let Some(place) = self.places.iter_mut().find(|p| p.id == id) {
            how(place);
        }
    }

    fn set(&mut self, id: PlaceId, stage: Stage) {
        self.change(id, |p| (p.stage, p.note) = (stage, None));
    }

    fn note(&mut self, id: PlaceId, note: Note) {
        self.change(id, |p| p.note = Some(note));
    }

    /// The recruiter is not there: the person waits as before, and the desk pauses, so that it lets nobody else down.
    fn let_down(&mut self, id: PlaceId, by: AccountId) {
        self.set(id, Stage::Waiting);
        self.note(id, Note::LetDown);
        if let Some(desk) = self.desks.iter_mut().find(|d| d.recruiter == by) {
            desk.paused = true;
        }
    }

    /// Back into the line and a few places down; out of it after too many times.
    fn put_back(&mut self, id: PlaceId, note: Note, now: Millis) {
        self.set(id, Stage::Waiting);
        self.change(id, |p| (p.moves, p.grace_from) = (p.moves + 1, now));
        self.change(id, |p| p.missed += i64::from(note == Note::Missed));
        if self.places.iter().any(|p| p.id == id && p.moves > MOST_MOVES) {
            return self.set(id, Stage::Ended { how: End::Lapsed, at: now, talk: None });
        }
        self.move_back(id);
        self.note(id, note);
    }

    /// The ranks of the person and of those who pass go round, so that nobody else moves.
    fn move_back(&mut self, id: PlaceId) {
        let order: Vec<(PlaceId, i64)> = self.waiting().iter().map(|p| (p.id, p.rank)).collect();
        let Some(from) = order.iter().position(|p| p.0 == id) else { return };
        let to = (from + BACK).min(order.len() - 1);
        for at in from..to {
            self.change(order[at + 1].0, |p| p.rank = order[at].1);
        }
        self.change(id, |p| p.rank = order[to].1);
    }

    fn put_first(&mut self, id: PlaceId, wanted: Option<AccountId>, now: Millis) {
        let head = self.places.iter().map(|p| p.rank).min().unwrap_or(0) - 1;
        self.set(id, Stage::Waiting);
        self.change(id, |p| (p.rank, p.wanted, p.grace_from) = (head, wanted, now));
    }

    fn end(&self) -> i64 {
        self.places.iter().map(|p| p.rank).max().unwrap_or(0) + 1
    }
}
