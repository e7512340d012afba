//! Who is in a call or before its door right now, in which seat, by which connections. In memory only: each page says itself anew every two
//! seconds, and a restart loses nothing that lasts.
//!
//! Invariants: nobody has two seats for their camera, nobody shares one; the seeker's is the first. A seat stays its person's for a while
//! after they fell silent, so that they come back into it.

use crate::clock::{Millis, SECOND};
use crate::ids::{AccountId, InterviewId, SessionId};
use crate::interviews::Party;
use crate::media::Seat;
use dashmap::{DashMap, Entry};
use std::sync::Arc;

/// Whoever has not been heard of for this long is gone: four beats.
const GONE_AFTER: Millis = 8 * SECOND;
/// For so long a seat is kept for whoever has gone.
const KEPT_FOR: Millis = 60 * SECOND;
/// Past this many calls the forgotten ones are swept out.
const SWEEP_AT: usize = 512;
/// Viewers of one person at a time: one that ends and one that begins, in two windows.
const MOST_VIEWERS: usize = 4;

/// What somebody last said of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) at: Millis,
    /// The window that speaks: of two of one person, the one that came last has the seat, or both would take it from one another for ever.
    pub(super) window: String,
    pub(super) mic: bool,
    pub(super) camera: bool,
}

/// Somebody at a call, on their side of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) person: AccountId,
    pub(super) party: Party,
    pub(super) name: String,
}

/// What a connection of the media plane is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Camera,
    Screen,
    View,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) call: InterviewId,
    pub(super) person: AccountId,
    pub(super) what: What,
    pub(super) seat: Seat,
}

#[derive(Clone, Debug)]
struct Here {
    who: Who,
    seat: Seat,
    /// None once they have left.
    seen: Option<Seen>,
    /// When they were last heard of, or asked for the seat.
    at: Millis,
}

/// Somebody as the others are told of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Present {
    pub(super) who: Who,
    pub(super) seat: Seat,
    pub(super) mic: bool,
    pub(super) camera: bool,
    /// The seat of the screen that they share.
    pub(super) screen: Option<Seat>,
}

/// What came of a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beaten {
    /// This window has the seat: it was free, its own, or it took it.
    pub(super) seated: bool,
    /// They were not there before.
    pub(super) comes: bool,
    /// The others should be told.
    pub(super) changed: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Presence {
    calls: Arc<DashMap<InterviewId, Vec<Here>>>,
    links: Arc<DashMap<SessionId, Link>>,
    /// How many sockets a window has open: one by which it came back, and one whose end the network has not told of yet.
    sockets: Arc<DashMap<(InterviewId, AccountId, String), usize>>,
}

impl Presence {
    /// Notes that somebody is there; none if the call has as many people as seats.
    pub(super) fn beat(&self, call: InterviewId, who: &Who, seen: Seen, take: bool) -> Option<Beaten> {
        let now = seen.at;
        if self.calls.len() > SWEEP_AT {
            self.calls.retain(|_, people| people.iter().any(|here| now - here.at < KEPT_FOR));
        }
        let mut people = self.calls.entry(call).or_default();
        let screens = self.screens(call);
        let here = sit(&mut people, &screens, who, now)?;
        let before = here.seen.take().filter(|seen| fresh(seen, now));
        let seated = take || before.as_ref().is_none_or(|before| before.window == seen.window);
        let said = |seen: &Seen| (seen.mic, seen.camera);
        let changed = seated && before.as_ref().is_none_or(|before| said(before) != said(&seen) || before.window != seen.window);
        let comes = before.is_none();
        here.seen = if seated { Some(seen) } else { before };
        Some(Beaten { seated, comes, changed })
    }

    /// The window leaves the seat, if it has it.
    pub(super) fn leave(&self, call: InterviewId, person: AccountId, window: &str) -> bool {
        let Some(mut people) = self.calls.get_mut(&call) else { return false };
        let here = people.iter_mut().find(|here| here.who.person == person);
        here.is_some_and(|here| here.seen.take_if(|seen| seen.window == window).is_some())
    }

    /// The same, unless the window has been heard of since `at`.
    pub(super) fn leave_since(&self, call: InterviewId, person: AccountId, window: &str, at: Millis) -> bool {
        let heard = |here: &Here| here.who.person == person && here.seen.as_ref().is_some_and(|seen| seen.at > at);
        let since = self.calls.get(&call).is_some_and(|people| people.iter().any(heard));
        !since && self.leave(call, person, window)
    }

    /// A window speaks by one more socket.
    pub(super) fn opened(&self, call: InterviewId, person: AccountId, window: &str) {
        *self.sockets.entry((call, person, window.to_owned())).or_default() += 1;
    }

    /// A socket has ended; whether it was its window's last.
    pub(super) fn closed(&self, call: InterviewId, person: AccountId, window: String) -> bool {
        let Entry::Occupied(mut sockets) = self.sockets.entry((call, person, window)) else { return true };
        *sockets.get_mut() -= 1;
        let last = *sockets.get() == 0;
        if last {
            sockets.remove();
        }
        last
    }

    /// Whether a window may have its person's seat: no other one has.
    pub(super) fn is_seated(&self, call: InterviewId, person: AccountId, window: &str) -> bool {
        let other = |here: &Here| here.who.person == person && here.seen.as_ref().is_some_and(|seen| seen.window != window);
        !self.calls.get(&call).is_some_and(|people| people.iter().any(other))
    }

    /// The seat of somebody's camera, which is theirs from now on.
    pub(super) fn seat(&self, call: InterviewId, who: &Who, now: Millis) -> Option<Seat> {
        let screens = self.screens(call);
        sit(&mut self.calls.entry(call).or_default(), &screens, who, now).map(|here| here.seat)
    }

    /// A seat for somebody's screen: the one that it has, else the last that is free.
    pub(super) fn screen_seat(&self, call: InterviewId, person: AccountId, now: Millis) -> Option<Seat> {
        let screens = self.screens(call);
        if let Some((_, seat)) = screens.iter().find(|(owner, _)| *owner == person) {
            return Some(*seat);
        }
        let people = self.calls.entry(call).or_default();
        let taken =
            |seat: Seat| people.iter().any(|here| here.seat == seat && now - here.at < KEPT_FOR) || screens.iter().any(|s| s.1 == seat);
        (1..Seat::COUNT as u8).rev().filter_map(Seat::new).find(|seat| !taken(*seat))
    }

    fn screens(&self, call: InterviewId) -> Vec<(AccountId, Seat)> {
        let of_call = self.links.iter().filter(|link| link.call == call && link.what == What::Screen);
        of_call.map(|link| (link.person, link.seat)).collect()
    }

    /// Whoever is there, by seat.
    pub(crate) fn people(&self, call: InterviewId, now: Millis) -> Vec<Present> {
        let screens = self.screens(call);
        let Some(people) = self.calls.get(&call) else { return Vec::new() };
        let present = people.iter().filter_map(|here| {
            let seen = here.seen.as_ref().filter(|seen| fresh(seen, now))?;
            let screen = screens.iter().find(|(owner, _)| *owner == here.who.person).map(|(_, seat)| *seat);
            Some(Present { who: here.who.clone(), seat: here.seat, mic: seen.mic, camera: seen.camera, screen })
        });
        let mut present: Vec<Present> = present.collect();
        present.sort_by_key(|one| one.seat);
        present
    }

    /// Notes a connection, and tells which older ones of its kind are to end.
    pub(super) fn link(&self, session: SessionId, link: Link) -> Vec<SessionId> {
        let mut older: Vec<SessionId> = self.of(|other| other.call == link.call && other.person == link.person && other.what == link.what);
        self.links.insert(session, link);
        let kept = if link.what == What::View { MOST_VIEWERS - 1 } else { 0 };
        older.sort_unstable();
        older.truncate(older.len().saturating_sub(kept));
        older
    }

    /// A connection has ended; whose it was.
    pub(super) fn unlink(&self, session: SessionId) -> Option<Link> {
        self.links.remove(&session).map(|(_, link)| link)
    }

    pub(super) fn links(&self, call: InterviewId, of: Option<AccountId>) -> Vec<SessionId> {
        self.of(|link| link.call == call && of.is_none_or(|person| link.person == person))
    }

    pub(super) fn of(&self, which: impl Fn(&Link) -> bool) -> Vec<SessionId> {
        self.links.iter().filter(|link| which(link)).map(|link| *link.key()).collect()
    }

    pub(super) fn link_of(&self, session: SessionId) -> Option<Link> {
        self.links.get(&session).map(|link| *link)
    }

    /// Publishers of all calls.
    pub(super) fn publishers(&self) -> usize {
        self.links.iter().filter(|link| link.what != What::View).count()
    }

    /// Calls with a connection, and who has them.
    pub(super) fn connected(&self) -> Vec<(InterviewId, AccountId)> {
        let mut all: Vec<_> = self.links.iter().map(|link| (link.call, link.person)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The seat of somebody: theirs, else a free one, else that of whoever was seen last long ago.
fn sit<'a>(people: &'a mut Vec<Here>, screens: &[(AccountId, Seat)], who: &Who, now: Millis) -> Option<&'a mut Here> {
    if let Some(at) = people.iter().position(|here| here.who.person == who.person) {
        let here = &mut people[at];
        (here.at, here.who) = (now, who.clone());
        return Some(here);
    }
    let seat = match who.party {
        Party::Seeker => Seat::HOST,
        Party::Employer => {
            let mut seats = (1..Seat::COUNT as u8).filter_map(Seat::new).filter(|seat| screens.iter().all(|(_, taken)| taken != seat));
            let free = seats.clone().find(|seat| people.iter().all(|here| here.seat != *seat));
            free.or_else(|| seats.find(|seat| people.iter().any(|here| here.seat == *seat && now - here.at >= KEPT_FOR)))?
        }
    };
    people.retain(|here| here.seat != seat);
    people.push(Here { who: who.clone(), seat, seen: None, at: now });
    people.last_mut()
}

fn fresh(seen: &Seen, now: Millis) -> bool {
    now - seen.at < GONE_AFTER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(window: &str, at: Millis) -> Seen {
        Seen { at, window: window.into(), mic: true, camera: false }
    }

    fn who(party: Party) -> Who {
        Who { person: AccountId::new(), party, name: "王芳".into() }
    }

    #[test]
    fn somebody_is_there_until_they_leave_or_fall_silent() {
        let (presence, call, one) = (Presence::default(), InterviewId::new(), who(Party::Seeker));
        assert_eq!(presence.beat(call, &one, seen("a", 0), false), Some(Beaten { seated: true, comes: true, changed: true }));
        assert_eq!(presence.beat(call, &one, seen("a", 1), false), Some(Beaten { seated: true, comes: false, changed: false }));
        assert_eq!(presence.people(call, GONE_AFTER).len(), 1);
        assert!(presence.people(call, GONE_AFTER + 1).is_empty());
        assert!(!presence.leave(call, one.person, "b"), "another window cannot leave for it");
        assert!(presence.leave(call, one.person, "a"));
        assert!(presence.people(call, 1).is_empty());
    }

    #[test]
    fn of_two_windows_the_one_that_takes_the_seat_keeps_it() {
        let (presence, call, one) = (Presence::default(), InterviewId::new(), who(Party::Seeker));
        let seated = |window: &str, at, take| presence.beat(call, &one, seen(window, at), take).is_some_and(|b| b.seated);
        assert!(seated("a", 0, true) && seated("b", 1, true));
        assert!(!seated("a", 2, false));
        assert!(seated("b", 3, false) && !presence.is_seated(call, one.person, "a"));
        assert!(seated("a", 3 + GONE_AFTER, false), "the other one fell silent");
        assert!(presence.leave(call, one.person, "a") && presence.is_seated(call, one.person, "a"), "nobody else has it");
    }

    #[test]
    fn a_window_leaves_with_the_last_of_its_sockets() {
        let (presence, call, person) = (Presence::default(), InterviewId::new(), AccountId::new());
        presence.opened(call, person, "a");
        presence.opened(call, person, "a");
        presence.opened(call, person, "b");
        let closed = |window: &str| presence.closed(call, person, window.to_owned());
        assert_eq!([closed("a"), closed("a"), closed("b")], [false, true, true]);
        assert!(presence.sockets.is_empty());
    }

    #[test]
    fn a_call_has_six_seats_and_a_screen_takes_one() {
        let (presence, call) = (Presence::default(), InterviewId::new());
        let seat = |who: &Who, now| presence.seat(call, who, now).map(Seat::number);
        let (seeker, first) = (who(Party::Seeker), who(Party::Employer));
        assert_eq!((seat(&first, 0), seat(&seeker, 0)), (Some(1), Some(0)));
        let screen = presence.screen_seat(call, first.person, 0).expect("a seat");
        assert_eq!(screen.number(), 5);
        let link = Link { call, person: first.person, what: What::Screen, seat: screen };
        assert!(presence.link(SessionId::new(), link).is_empty());
        assert_eq!(presence.screen_seat(call, first.person, 1), Some(screen), "it comes back into its own");
        let others: Vec<Option<u8>> = (0..4).map(|_| seat(&who(Party::Employer), 1)).collect();
        assert_eq!(others, [Some(2), Some(3), Some(4), None]);
        assert_eq!(presence.screen_seat(call, seeker.person, 1), None);
        assert_eq!(seat(&who(Party::Employer), KEPT_FOR), Some(1), "whoever was away longest makes room");
        assert_eq!(seat(&seeker, KEPT_FOR), Some(0));
    }

    #[test]
    fn a_new_connection_ends_the_older_ones_of_its_kind() {
        let (presence, call, person) = (Presence::default(), InterviewId::new(), AccountId::new());
        let link = |what| Link { call, person, what, seat: Seat::HOST };
        let first = SessionId::new();
        assert!(presence.link(first, link(What::Camera)).is_empty());
        assert_eq!(presence.link(SessionId::new(), link(What::Camera)), [first]);
        presence.unlink(first);
        let views: Vec<SessionId> = (0..MOST_VIEWERS).map(|_| SessionId::new()).collect();
        for view in &views {
            assert!(presence.link(*view, link(What::View)).is_empty());
        }
        assert_eq!(presence.link(SessionId::new(), link(What::View)), [views[0]]);
        assert_eq!((presence.publishers(), presence.connected().len()), (1, 1));
    }

    #[test]
    fn forgotten_calls_are_swept_out() {
        let presence = Presence::default();
        for _ in 0..SWEEP_AT + 1 {
            presence.beat(InterviewId::new(), &who(Party::Seeker), seen("a", 0), true);
        }
        presence.beat(InterviewId::new(), &who(Party::Seeker), seen("a", KEPT_FOR), true);
        assert_eq!(presence.calls.len(), 1);
    }
}
