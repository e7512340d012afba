//! The page of what may become an interview: what somebody holds, an invitation, another time proposed in its place, a seat from the waitlist.

use super::choose::{Choices, day_of, moment};
use super::claim::{Claim, ClaimState, How};
use super::pages::{SlotItem, Tap, near};
use super::{Filter, Interviews, Party, Slot, zone_name};
use crate::accounts::Viewer;
use crate::clock::iso;
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::InterviewId;
use crate::web::{Fields, Page, Result, Text, html};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// A claim as a list shows it to one side.
pub(super) struct ClaimCard {
    pub(super) claim: Claim,
    pub(super) me: Party,
    pub(super) state: ClaimState,
}

impl ClaimCard {
    pub(super) fn with(&self, lang: Lang) -> &str {
        match self.me {
            Party::Seeker => self.claim.employer_name(lang),
            Party::Employer => &self.claim.seeker_name,
        }
    }

    pub(super) fn iso(&self) -> String {
        iso(self.claim.starts_at)
    }

    pub(super) fn until(&self) -> String {
        iso(self.claim.until_at)
    }

    pub(super) fn when(&self, lang: Lang) -> String {
        moment(lang, &self.claim.zone, self.claim.starts_at)
    }

    pub(super) fn until_when(&self, lang: Lang) -> String {
        moment(lang, &self.claim.zone, self.claim.until_at)
    }

    pub(super) fn minutes(&self) -> i64 {
        (self.claim.ends_at - self.claim.starts_at) / crate::clock::MINUTE
    }

    /// It is this side that says yes or no.
    pub(super) fn is_asked(&self) -> bool {
        self.state.is_open() && self.claim.how.answered_by() == self.me
    }

    /// This side asked, and can take it back.
    pub(super) fn is_asking(&self) -> bool {
        self.state.is_open() && self.claim.how.answered_by() != self.me
    }

    pub(super) fn may_propose(&self) -> bool {
        self.is_asked() && self.claim.how == How::Invite
    }

    pub(super) fn is_hold(&self) -> bool {
        self.claim.how == How::Hold
    }

    pub(super) fn badge(&self) -> &'static str {
        match self.state {
            ClaimState::Held | ClaimState::Invited | ClaimState::Proposed | ClaimState::Offered => "badge badge-info",
            ClaimState::Booked => "badge badge-brand",
            ClaimState::Declined => "badge badge-danger",
            ClaimState::Withdrawn | ClaimState::Lapsed => "badge",
        }
    }

    pub(super) fn icon(&self) -> &'static str {
        super::calendar_pages::icon_of(self.state.name())
    }

    /// What it is about, in a few words.
    pub(super) fn title(&self) -> Text {
        match (self.claim.how, self.me) {
            (How::Hold, _) => Text("booking-hold-title"),
            (How::Invite, Party::Seeker) => Text("booking-invite-title"),
            (How::Invite, Party::Employer) => Text("booking-invited-title"),
            (How::Proposal, Party::Seeker) => Text("booking-proposed-title"),
            (How::Proposal, Party::Employer) => Text("booking-proposal-title"),
            (How::Waitlist, _) => Text("booking-offer-title"),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ClaimQuery {
    /// Looking for another time.
    propose: String,
    from: String,
}

#[derive(Template)]
#[template(path = "interviews/claim.html")]
struct ClaimPage {
    p: Page,
    card: ClaimCard,
    zone: String,
    refusal: Option<Text>,
    nearest: Vec<SlotItem>,
    /// Other times, for whoever would rather have one.
    choices: Option<Choices>,
    chosen: String,
    fields: Fields,
    client_id: InterviewId,
}

impl ClaimPage {
    /// Other days to choose from.
    fn turn(&self, date: &jiff::civil::Date) -> String {
        format!("/claims/{}?propose=1&from={date}", self.card.claim.id)
    }

    /// A seeker proposes it to who invited them, else keeps it for a moment; an employer invites to it.
    fn tap(&self, item: &SlotItem) -> Option<Tap> {
        let (claim, slot) = (&self.card.claim, item.slot.id);
        let mut hidden = vec![("client_id", item.client_id.to_string())];
        if self.card.may_propose() {
            hidden.extend([("answer", "propose".to_owned()), ("slot", slot.to_string())]);
            return Some(Tap::To(format!("/claims/{}/answers", claim.id), hidden, Text("booking-propose-submit")));
        }
        hidden.push(("posting_id", claim.posting_id.clone().unwrap_or_default()));
        if self.card.me == Party::Seeker {
            return Some(Tap::To(format!("/slots/{slot}/holds"), hidden, Text("booking-tap-hold")));
        }
        hidden.push(("seeker_id", claim.seeker_id.to_string()));
        Some(Tap::To(format!("/slots/{slot}/invitations"), hidden, Text("booking-invite")))
    }
}

async fn page(all: &Interviews, viewer: &Viewer, p: Page, id: InterviewId, query: &ClaimQuery) -> Result<ClaimPage> {
    let (claim, me) = all.claim_for(viewer, id).await?;
    let now = all.now();
    let card = ClaimCard { state: claim.state(now), claim, me };
    let fair: Fair = all.live.rooms.fairs.visible_to(viewer, card.claim.fair_id).await?;
    let choices = if query.propose == "1" && card.may_propose() {
        let filter = Filter { posting: card.claim.posting_id.as_deref().and_then(|id| id.parse().ok()), ..Filter::default() };
        Some(all.choices(card.claim.employer_id, &fair, filter, p.language(), day_of(&query.from)).await?)
    } else {
        None
    };
    Ok(ClaimPage {
        zone: zone_name(&card.claim.zone, now, p.language()),
        p,
        card,
        refusal: None,
        nearest: Vec::new(),
        choices,
        chosen: String::new(),
        fields: Fields::default(),
        client_id: InterviewId::new(),
    })
}

pub(super) async fn show(all: &Interviews, viewer: &Viewer, p: Page, id: InterviewId, query: &ClaimQuery) -> Result<Response> {
    html(&page(all, viewer, p, id, query).await?)
}

/// The page again with why it could not be; 409.
pub(super) async fn refused(all: &Interviews, viewer: &Viewer, p: Page, id: InterviewId, why: Text, slot: &Slot) -> Result<Response> {
    let mut page = page(all, viewer, p, id, &ClaimQuery::default()).await?;
    page.refusal = Some(why);
    page.nearest = near(&all.nearest_to(slot).await?, &page.card.claim.zone, page.p.language());
    Ok((StatusCode::CONFLICT, html(&page)?).into_response())
}

impl Interviews {
    /// What the viewer is asked or has asked and is not answered, holds of the moment left out.
    pub(super) async fn open_claims(&self, viewer: &Viewer) -> Result<Vec<ClaimCard>> {
        Ok(self.cards(self.claims_of(viewer).await?, Party::Seeker))
    }

    /// The same for an employer.
    pub(super) async fn open_claims_of(&self, viewer: &Viewer, employer: crate::ids::EmployerId) -> Result<Vec<ClaimCard>> {
        Ok(self.cards(self.claims_of_employer(viewer, employer).await?, Party::Employer))
    }

    fn cards(&self, claims: Vec<Claim>, me: Party) -> Vec<ClaimCard> {
        let now = self.now();
        let card = |claim: Claim| ClaimCard { state: claim.state(now), claim, me };
        claims.into_iter().map(card).filter(|c| c.state.is_open() && !c.is_hold()).collect()
    }
}
