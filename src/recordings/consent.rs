//! Who agreed to being recorded, and what follows from it. Pure.

use crate::clock::Millis;
use crate::ids::AccountId;
use crate::interviews::{Party, Present};

/// The version of the words to which people agree; a new wording gets a new one.
pub const CONSENT: &str = "record-interview/1";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
}

impl Answer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
        }
    }
}

impl TryFrom<String> for Answer {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        [Self::Yes, Self::No].into_iter().find(|answer| answer.name() == s).ok_or_else(|| anyhow::anyhow!("answer {s}"))
    }
}

/// What somebody answered.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Consent {
    pub(super) person_id: AccountId,
    pub(super) name: String,
    #[sqlx(try_from = "String")]
    pub(super) answer: Answer,
    pub(super) at: Millis,
    pub(super) withdrawn_at: Option<Millis>,
}

impl Consent {
    pub(super) fn lives(&self) -> bool {
        self.answer == Answer::Yes && self.withdrawn_at.is_none()
    }

    /// How it stands: `yes`, `no` or `withdrawn`.
    pub(super) fn stands(&self) -> &'static str {
        match (self.answer, self.withdrawn_at) {
            (Answer::Yes, Some(_)) => "withdrawn",
            (answer, _) => answer.name(),
        }
    }
}

/// Whether to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nobody asked, or it was stopped, or the call is not open.
    Off,
    /// Somebody present said no or withdrew: final, unless they change it.
    Refused,
    /// Somebody present has not answered, or a side is not there.
    Waiting,
    Record,
}

pub(super) fn decide(asked: bool, open: bool, records: bool, present: &[Present], consents: &[Consent]) -> Verdict {
    let of = |one: &Present| consents.iter().find(|consent| consent.person_id == one.person);
    let both = [Party::Seeker, Party::Employer].iter().all(|party| present.iter().any(|one| one.party == *party));
    if !asked || !open {
        Verdict::Off
    } else if present.iter().filter_map(of).any(|consent| !consent.lives()) {
        Verdict::Refused
    } else if present.iter().any(|one| of(one).is_none()) {
        Verdict::Waiting
    } else if both || (records && !present.is_empty()) {
        // Whoever drops out for a moment does not end it for the others.
        Verdict::Record
    } else {
        Verdict::Waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(party: Party) -> Present {
        Present { person: AccountId::new(), party }
    }

    fn said(one: Present, answer: Answer) -> Consent {
        Consent { person_id: one.person, name: String::new(), answer, at: 0, withdrawn_at: None }
    }

    #[test]
    fn it_is_recorded_only_while_all_who_are_present_agree() {
        let (seeker, lead, late) = (person(Party::Seeker), person(Party::Employer), person(Party::Employer));
        let yes = |one| said(one, Answer::Yes);
        let both = [seeker, lead];
        assert_eq!(decide(true, true, false, &both, &[yes(seeker), yes(lead)]), Verdict::Record);
        assert_eq!(decide(false, true, true, &both, &[yes(seeker), yes(lead)]), Verdict::Off, "stopped");
        assert_eq!(decide(true, false, true, &both, &[yes(seeker), yes(lead)]), Verdict::Off, "over");
        assert_eq!(decide(true, true, false, &both, &[yes(lead)]), Verdict::Waiting);
        assert_eq!(decide(true, true, true, &both, &[said(seeker, Answer::No), yes(lead)]), Verdict::Refused);
        let withdrawn = Consent { withdrawn_at: Some(1), ..yes(seeker) };
        assert_eq!(decide(true, true, true, &both, &[withdrawn, yes(lead)]), Verdict::Refused);
        assert_eq!(decide(true, true, true, &[seeker, lead, late], &[yes(seeker), yes(lead)]), Verdict::Waiting, "a newcomer");
        assert_eq!(decide(true, true, false, &[lead], &[yes(seeker), yes(lead)]), Verdict::Waiting, "it begins with both sides");
        assert_eq!(decide(true, true, true, &[lead], &[yes(seeker), yes(lead)]), Verdict::Record, "and bears a short absence");
        assert_eq!(decide(true, true, true, &[], &[yes(seeker), yes(lead)]), Verdict::Waiting);
    }

    #[test]
    fn a_consent_stands_as_its_person_left_it() {
        let one = said(person(Party::Seeker), Answer::Yes);
        assert_eq!((one.stands(), Consent { withdrawn_at: Some(1), ..one.clone() }.stands()), ("yes", "withdrawn"));
        assert_eq!(Consent { answer: Answer::No, ..one }.stands(), "no");
    }
}
