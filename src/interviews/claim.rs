//! What may become an interview: a slot held while somebody books it, an invitation, another time that somebody proposes instead, an offer from
//! the waitlist. Pure.

use super::interview::local;
use super::slot::Slot;
use super::state::Party;
use crate::accounts::Viewer;
use crate::clock::{Millis, iso};
use crate::i18n::Lang;
use crate::ids::{AccountId, EmployerId, FairId, InterviewId, SlotId};
use crate::web::Text;

/// How a claim came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// The seeker is about to confirm it.
    Hold,
    /// The employer asks the seeker.
    Invite,
    /// The seeker would rather come at another time than that of an invitation.
    Proposal,
    /// A seat became free for whoever waited longest.
    Waitlist,
}

impl How {
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Invite => "invite",
            Self::Proposal => "proposal",
            Self::Waitlist => "waitlist",
        }
    }

    /// Who says yes or no to it.
    pub fn answered_by(self) -> Party {
        match self {
            Self::Hold | Self::Invite | Self::Waitlist => Party::Seeker,
            Self::Proposal => Party::Employer,
        }
    }
}

impl TryFrom<String> for How {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        let all = [Self::Hold, Self::Invite, Self::Proposal, Self::Waitlist];
        all.into_iter().find(|how| how.name() == s).ok_or_else(|| anyhow::anyhow!("claim {s}"))
    }
}

/// What was said to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    None,
    Booked,
    Declined,
    Withdrawn,
    Lapsed,
}

impl Answer {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Booked => "booked",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }
}

impl TryFrom<String> for Answer {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        let all = [Self::None, Self::Booked, Self::Declined, Self::Withdrawn, Self::Lapsed];
        all.into_iter().find(|answer| answer.name() == s).ok_or_else(|| anyhow::anyhow!("answer {s}"))
    }
}

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimState {
    Held,
    Invited,
    Proposed,
    Offered,
    Booked,
    Declined,
    Withdrawn,
    Lapsed,
}

impl ClaimState {
    pub fn derive(how: How, answer: Answer, until: Millis, now: Millis) -> Self {
        match (answer, how) {
            (Answer::Booked, _) => Self::Booked,
            (Answer::Declined, _) => Self::Declined,
            (Answer::Withdrawn, _) => Self::Withdrawn,
            (Answer::Lapsed, _) => Self::Lapsed,
            (Answer::None, _) if now >= until => Self::Lapsed,
            (Answer::None, How::Hold) => Self::Held,
            (Answer::None, How::Invite) => Self::Invited,
            (Answer::None, How::Proposal) => Self::Proposed,
            (Answer::None, How::Waitlist) => Self::Offered,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Invited => "invited",
            Self::Proposed => "proposed",
            Self::Offered => "offered",
            Self::Booked => "booked",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }

    /// Text key of the state, for templates.
    pub fn text(self) -> &'static str {
        match self {
            Self::Held => "schedule-state-held",
            Self::Invited => "schedule-state-invited",
            Self::Proposed => "schedule-state-proposed",
            Self::Offered => "schedule-state-offered",
            Self::Booked => "interviews-state-booked",
            Self::Declined => "schedule-state-declined",
            Self::Withdrawn => "schedule-state-withdrawn",
            Self::Lapsed => "schedule-state-lapsed",
        }
    }

    /// Still to be answered.
    pub fn is_open(self) -> bool {
        match self {
            Self::Held | Self::Invited | Self::Proposed | Self::Offered => true,
            Self::Booked | Self::Declined | Self::Withdrawn | Self::Lapsed => false,
        }
    }
}

/// A claim with the names of those concerned. Its id is that of the interview that it may become.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Claim {
    pub id: InterviewId,
    pub slot_id: SlotId,
    pub employer_id: EmployerId,
    pub fair_id: FairId,
    pub recruiter_id: AccountId,
    pub seeker_id: AccountId,
    #[sqlx(try_from = "String")]
    pub how: How,
    /// Good until then.
    pub until_at: Millis,
    #[sqlx(try_from = "String")]
    pub answered: Answer,
    /// The invitation in place of which it is proposed.
    pub instead_of: Option<String>,
    pub wait_id: Option<String>,
    pub posting_id: Option<String>,
    pub topic_zh: String,
    pub topic_en: String,
    /// What was said with it: of an invitation by the employer, of a refusal by whoever refused.
    pub reason: String,
    pub starts_at: Millis,
    pub ends_at: Millis,
    pub created_at: Millis,
    pub employer_zh: String,
    pub employer_en: String,
    pub zone: String,
    pub seeker_name: String,
    pub recruiter_name: String,
}

impl Claim {
    pub fn state(&self, now: Millis) -> ClaimState {
        ClaimState::derive(self.how, self.answered, self.until_at, now)
    }

    /// The side that the viewer is on; none for everybody else. What somebody only holds is nobody else's business.
    pub fn party_of(&self, viewer: &Viewer) -> Option<Party> {
        if viewer.id() == Some(self.seeker_id) {
            Some(Party::Seeker)
        } else if viewer.recruits_for(self.employer_id) && self.how != How::Hold {
            Some(Party::Employer)
        } else {
            None
        }
    }

    pub fn employer_name(&self, lang: Lang) -> &str {
        lang.pick(&self.employer_zh, &self.employer_en)
    }

    /// Whom `me` would meet.
    pub fn other_name(&self, me: Party, lang: Lang) -> &str {
        match me {
            Party::Seeker => self.employer_name(lang),
            Party::Employer => &self.seeker_name,
        }
    }

    pub fn iso(&self) -> String {
        iso(self.starts_at)
    }

    /// The start in the fair's zone.
    pub fn local(&self) -> String {
        local(&self.zone, self.starts_at, "%Y-%m-%d %H:%M")
    }

    pub fn until_local(&self) -> String {
        local(&self.zone, self.until_at, "%Y-%m-%d %H:%M")
    }

    /// As JSON shows it.
    pub fn json(&self, now: Millis) -> serde_json::Value {
        serde_json::json!({
            "id": self.id,
            "how": self.how,
            "state": self.state(now).name(),
            "until": iso(self.until_at),
            "starts_at": iso(self.starts_at),
            "ends_at": iso(self.ends_at),
            "instead_of": self.instead_of,
            "reason": self.reason,
            "employer": {"id": self.employer_id, "name_zh": self.employer_zh, "name_en": self.employer_en},
            "seeker": {"id": self.seeker_id, "name": self.seeker_name},
            "answers_url": format!("/claims/{}/answers", self.id),
        })
    }
}

/// What a message about a claim says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Invited,
    Offered,
    Proposed,
    Declined,
}

impl Claim {
    /// Subject, body and short text of a message about it.
    pub(super) fn message(&self, to: Party, word: Word, lang: Lang, origin: &str) -> (String, String, String) {
        let with = self.other_name(to, lang);
        let zone = super::interview::zone_name(&self.zone, self.starts_at, lang);
        let when = format!("{} ({zone})", self.local());
        let (until, link) = (self.until_local(), format!("{origin}/claims/{}", self.id));
        let asks = |key| format!("{}\n{link}", lang.t3(key, "with", with, "when", &when, "until", &until));
        let (subject, body, short) = match word {
            Word::Invited => (Text("schedule-mail-invited-subject"), asks("schedule-mail-invited"), Text("telling-short-invited")),
            Word::Offered => (Text("schedule-mail-offered-subject"), asks("schedule-mail-offered"), Text("telling-short-offered")),
            Word::Proposed => (Text("schedule-mail-proposed-subject"), asks("schedule-mail-proposed"), Text("telling-short-proposed")),
            Word::Declined => {
                let body = lang.t3("schedule-mail-declined", "with", with, "when", &when, "reason", &self.reason);
                (Text("schedule-mail-declined-subject"), body, Text("telling-short-declined"))
            }
        };
        let short = lang.with(short.0, &[("with", with), ("when", when.as_str()), ("until", until.as_str()), ("link", link.as_str())]);
        (lang.t1(subject.0, "with", with), body, short)
    }
}

/// What became of a wish to hold, to invite or to propose.
#[derive(Clone, Debug)]
pub enum Claiming {
    New(Claim),
    /// The same request had come before.
    Again(Claim),
    Refused {
        why: crate::web::Text,
        slot: Slot,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_lapses_by_time_alone_and_an_answer_outlives_it() {
        let at = |how, answer, now| ClaimState::derive(how, answer, 100, now);
        assert_eq!(at(How::Hold, Answer::None, 99), ClaimState::Held);
        assert_eq!(at(How::Invite, Answer::None, 99), ClaimState::Invited);
        assert_eq!(at(How::Proposal, Answer::None, 99), ClaimState::Proposed);
        assert_eq!(at(How::Waitlist, Answer::None, 99), ClaimState::Offered);
        for how in [How::Hold, How::Invite, How::Proposal, How::Waitlist] {
            assert_eq!(at(how, Answer::None, 100), ClaimState::Lapsed);
            assert_eq!(at(how, Answer::Booked, 500), ClaimState::Booked);
            assert_eq!(at(how, Answer::Declined, 500), ClaimState::Declined);
            assert!(!at(how, Answer::Withdrawn, 0).is_open());
        }
    }
}
