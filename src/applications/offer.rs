//! An offer of work and what can become of it. Pure.

use super::Status;
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::ids::{AccountId, ApplicationId, OfferId};
use crate::postings::{PayUnit, money};
use crate::web::Text;

/// Where an offer stands; `Lapsed` follows from the clock and is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferState {
    Open,
    Accepted,
    Declined,
    Withdrawn,
    /// There is a newer version.
    Replaced,
    Lapsed,
}

/// What somebody does with an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Accept,
    Decline,
    Revise,
    Withdraw,
}

impl OfferState {
    pub const ALL: [Self; 6] = [Self::Open, Self::Accepted, Self::Declined, Self::Withdrawn, Self::Replaced, Self::Lapsed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Replaced => "replaced",
            Self::Lapsed => "lapsed",
        }
    }

    pub fn label(self) -> Text {
        match self {
            Self::Open => Text("offers-state-open"),
            Self::Accepted => Text("offers-state-accepted"),
            Self::Declined => Text("offers-state-declined"),
            Self::Withdrawn => Text("offers-state-withdrawn"),
            Self::Replaced => Text("offers-state-replaced"),
            Self::Lapsed => Text("offers-state-lapsed"),
        }
    }

    pub fn badge(self) -> &'static str {
        match self {
            Self::Open => "badge-warn",
            Self::Accepted => "badge-success",
            Self::Declined | Self::Withdrawn => "badge-danger",
            Self::Replaced | Self::Lapsed => "",
        }
    }

    /// Where it stands after something is done with it; none if that cannot be done. What has been answered stays as it was answered.
    pub(super) fn after(self, act: Act) -> Option<Self> {
        match (self, act) {
            (Self::Open, Act::Accept) => Some(Self::Accepted),
            (Self::Open, Act::Decline) => Some(Self::Declined),
            (Self::Open, Act::Withdraw) => Some(Self::Withdrawn),
            (Self::Open | Self::Lapsed, Act::Revise) => Some(Self::Replaced),
            (Self::Lapsed, Act::Withdraw) => Some(Self::Withdrawn),
            (Self::Declined | Self::Withdrawn, Act::Revise) => Some(self),
            (Self::Lapsed, Act::Accept | Act::Decline)
            | (Self::Declined | Self::Withdrawn, Act::Accept | Act::Decline | Act::Withdraw)
            | (Self::Accepted | Self::Replaced, Act::Accept | Act::Decline | Act::Revise | Act::Withdraw) => None,
        }
    }
}

impl TryFrom<String> for OfferState {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        Self::ALL.into_iter().find(|s| s.name() == text).ok_or_else(|| anyhow::anyhow!("offer state {text}"))
    }
}

/// An offer in one of its versions.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Offer {
    pub id: OfferId,
    pub application_id: ApplicationId,
    pub version: i64,
    /// In fen.
    pub pay: i64,
    #[sqlx(try_from = "String")]
    pub pay_unit: PayUnit,
    /// Days such as `2027-03-01`.
    pub starts_on: String,
    pub report_on: String,
    pub place: String,
    pub bring: String,
    pub text: String,
    pub answer_by: Millis,
    #[sqlx(try_from = "String")]
    pub(super) state: OfferState,
    /// Why it was declined or withdrawn.
    pub reason: String,
    /// Where the application stood before.
    #[sqlx(try_from = "String")]
    pub(super) was_status: Status,
    pub made_by: AccountId,
    pub made_at: Millis,
    /// 0 as long as it is open.
    pub decided_at: Millis,
}

impl Offer {
    /// Where it stands now: one that nobody has answered in time has lapsed.
    pub fn status(&self, now: Millis) -> OfferState {
        match self.state {
            OfferState::Open if self.answer_by <= now => OfferState::Lapsed,
            state => state,
        }
    }

    /// Pay in words, such as `6500元/月`.
    pub fn pay(&self, lang: Lang) -> String {
        lang.t2("postings-pay", "range", money(self.pay, lang), "unit", lang.t(self.pay_unit.label().0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTS: [Act; 4] = [Act::Accept, Act::Decline, Act::Revise, Act::Withdraw];

    #[test]
    fn only_what_is_open_is_answered_and_what_was_accepted_stays() {
        for state in OfferState::ALL {
            for act in [Act::Accept, Act::Decline] {
                assert_eq!(state.after(act).is_some(), state == OfferState::Open, "{state:?} {act:?}");
            }
            assert_eq!(OfferState::try_from(state.name().to_owned()).expect("known"), state);
        }
        for ended in [OfferState::Accepted, OfferState::Replaced] {
            assert!(ACTS.into_iter().all(|act| ended.after(act).is_none()));
        }
        assert_eq!(OfferState::Lapsed.after(Act::Revise), Some(OfferState::Replaced), "a new version makes an end of one that ran out");
        assert_eq!(OfferState::Declined.after(Act::Revise), Some(OfferState::Declined), "a no stays a no");
    }

    #[test]
    fn nothing_done_leaves_an_offer_open_or_makes_one_lapse() {
        for state in OfferState::ALL {
            let ends = ACTS.into_iter().filter_map(|act| state.after(act));
            assert!(ends.into_iter().all(|to| !matches!(to, OfferState::Open | OfferState::Lapsed)));
        }
    }
}
