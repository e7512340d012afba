//! What a page is told of its call, as its person may know it.

use super::EXTEND_MOST;
use super::door::Door;
use super::presence::{Present, Who};
use crate::clock::Millis;
use crate::ids::AccountId;
use crate::interviews::{Interview, Interviews, Party, State as Stage, store as interviews};
use crate::web::Result;
use serde::Serialize;

/// What the call's script is told; times in UTC milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct CallState {
    pub(super) state: &'static str,
    pub(super) open: bool,
    pub(super) now: Millis,
    pub(super) starts_at: Millis,
    pub(super) ends_at: Millis,
    pub(super) me: Party,
    /// False if another window of this person has taken over.
    pub(super) seated: bool,
    /// This person may send and see.
    pub(super) admitted: bool,
    /// How the seeker stands at the door.
    #[serde(flatten)]
    pub(super) door: Door,
    pub(super) other: Other,
    /// Who is in the call; to a seeker at the door, nobody.
    pub(super) people: Vec<Person>,
    pub(super) may_extend: bool,
    /// When the recruiter's next interview begins; only the recruiters are told.
    pub(super) next_starts_at: Option<Millis>,
}

/// What is known of the other side, taken together.
#[derive(Debug, Serialize)]
pub(super) struct Other {
    here: bool,
    came: bool,
    mic: bool,
    camera: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Person {
    id: AccountId,
    me: bool,
    name: String,
    party: Party,
    seat: u8,
    mic: bool,
    camera: bool,
    screen: Option<u8>,
}

impl Person {
    fn new(one: Present, me: AccountId) -> Self {
        let Present { who: Who { person, party, name }, seat, mic, camera, screen } = one;
        Self { id: person, me: person == me, name, party, seat: seat.number(), mic, camera, screen: screen.map(|seat| seat.number()) }
    }
}

impl Interviews {
    pub(super) async fn call_state(&self, interview: &Interview, who: &Who) -> Result<CallState> {
        let (now, me) = (self.now(), who.party);
        let (state, door) = (interview.state(now), self.door(interview).await?);
        let mut people = self.calls.presence.people(interview.id, now);
        let others = || people.iter().filter(|one| one.who.party == me.other());
        let came = match me {
            Party::Seeker => interview.employer_joined_at,
            Party::Employer => interview.seeker_joined_at,
        };
        let other = Other {
            here: others().next().is_some(),
            came: came.is_some(),
            mic: others().any(|one| one.mic),
            camera: others().any(|one| one.camera),
        };
        let next = match me {
            Party::Employer => interviews::next_start(self.db().read(), interview.recruiter_id, interview.starts_at).await?,
            Party::Seeker => None,
        };
        let admitted = me == Party::Employer || door == Door::In;
        people.retain(|one| admitted && (one.who.party == Party::Employer || door == Door::In));
        Ok(CallState {
            state: state.name(),
            open: state.is_open(interview.starts_at, now),
            now,
            starts_at: interview.starts_at,
            ends_at: interview.until(),
            me,
            seated: true,
            admitted,
            door,
            other,
            people: people.into_iter().map(|one| Person::new(one, who.person)).collect(),
            may_extend: me == Party::Employer && state == Stage::Running && interview.extended < EXTEND_MOST,
            next_starts_at: next,
        })
    }
}
