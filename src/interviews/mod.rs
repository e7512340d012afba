//! Interviews: recruiters offer slots, seekers book them, both meet in a two-way call.
//!
//! Invariants, each a primary key in the database: a slot is held by at most one interview; nobody is in two interviews at the
//! same time, in whichever role; a recruiter's offers do not overlap; a request sent again books nothing new. Only the seeker and
//! the employer's recruiters reach an interview; to all others, organisers too, it does not exist. Its state is derived, see
//! [`State::derive`]. A walk-in from a line of a booth is an interview of now, see [`Meeting`]: it takes nobody's time in advance.
//! Deliberately absent: a chat in the call, recordings, who is next (`queue`).

mod calendar;
mod call;
mod media;
mod messages;
mod offer;
mod pages;
mod presence;
mod state;
mod store;
mod walk_in;

pub use offer::Offer;
pub use pages::routes;
pub use state::{EARLY, Party, State};
pub use walk_in::{Meeting, Standing};

use crate::accounts::{Accounts, Employer, Viewer};
use crate::clock::{DAY, MINUTE, Millis, iso};
use crate::db::Db;
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{AccountId, EmployerId, FairId, InterviewId, PostingId, RoomId, SlotId, StreamId};
use crate::live::Live;
use crate::postings::{PostingView, Postings};
use crate::rooms::RoomView;
use crate::web::{AppError, Fields, RateLimit, Result, Text, clean};
use jiff::tz::TimeZone;
use offer::{Span, nearest};
use state::Facts;
use std::time::Duration;
use uuid::Uuid;

/// A time that a recruiter offers.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Slot {
    pub id: SlotId,
    pub employer_id: EmployerId,
    pub fair_id: FairId,
    pub recruiter_id: AccountId,
    pub starts_at: Millis,
    pub ends_at: Millis,
}

impl Slot {
    fn span(&self) -> Span {
        Span { start: self.starts_at, end: self.ends_at }
    }

    pub fn minutes(&self) -> i64 {
        (self.ends_at - self.starts_at) / MINUTE
    }

    /// As JSON shows it.
    fn json(&self) -> serde_json::Value {
        let (start, end) = (iso(self.starts_at), iso(self.ends_at));
        serde_json::json!({"id": self.id, "starts_at": start, "ends_at": end, "bookings_url": format!("/slots/{}/bookings", self.id)})
    }
}

/// An interview with the names of those who take part.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Interview {
    pub id: InterviewId,
    pub slot_id: SlotId,
    pub employer_id: EmployerId,
    pub fair_id: FairId,
    pub recruiter_id: AccountId,
    pub seeker_id: AccountId,
    /// The posting it is about, as titled on the day of booking; empty if none.
    pub topic_zh: String,
    pub topic_en: String,
    pub starts_at: Millis,
    /// As booked; see [`Interview::until`].
    pub ends_at: Millis,
    /// By how much the recruiter lengthened it.
    pub extended: Millis,
    /// SEQUENCE of its calendar entry.
    pub sequence: i64,
    pub seeker_joined_at: Option<Millis>,
    pub employer_joined_at: Option<Millis>,
    pub ended_at: Option<Millis>,
    pub cancelled_at: Option<Millis>,
    /// `seeker` or `employer`, or empty.
    pub cancelled_by: String,
    pub cancel_reason: String,
    pub employer_zh: String,
    pub employer_en: String,
    pub zone: String,
    pub seeker_name: String,
    pub recruiter_name: String,
    /// The booth in whose line it came about; none if it was booked.
    pub room_id: Option<RoomId>,
}

impl Interview {
    pub fn state(&self, now: Millis) -> State {
        let facts = Facts {
            ends_at: self.until(),
            seeker_came: self.seeker_joined_at.is_some(),
            employer_came: self.employer_joined_at.is_some(),
            ended: self.ended_at.is_some(),
            cancelled: self.cancelled_at.is_some(),
        };
        State::derive(facts, now)
    }

    /// Its end, with what the recruiter added.
    pub fn until(&self) -> Millis {
        self.ends_at + self.extended
    }

    pub fn minutes(&self) -> i64 {
        (self.until() - self.starts_at) / MINUTE
    }

    pub fn employer_name(&self, lang: Lang) -> &str {
        let (first, second) =
            if lang == Lang::Zh { (&self.employer_zh, &self.employer_en) } else { (&self.employer_en, &self.employer_zh) };
        if first.is_empty() { second } else { first }
    }

    /// Whom `me` meets.
    pub fn other_name(&self, me: Party, lang: Lang) -> &str {
        match me {
            Party::Seeker => self.employer_name(lang),
            Party::Employer => &self.seeker_name,
        }
    }

    /// Day and time in the fair's zone, for messages.
    pub fn when(&self, lang: Lang) -> String {
        let until = local(&self.zone, self.until(), "%H:%M");
        format!("{}–{until} ({})", local(&self.zone, self.starts_at, "%Y-%m-%d %H:%M"), zone_name(&self.zone, self.starts_at, lang))
    }

    /// The stream that a side publishes: version 7 ids differ in more than their last bit, so the two never meet another one.
    fn stream_of(&self, party: Party) -> StreamId {
        StreamId::from_uuid(Uuid::from_u128(self.id.uuid().as_u128() ^ party as u128))
    }

    /// The side that the viewer is on; none for everybody else.
    fn party_of(&self, viewer: &Viewer) -> Option<Party> {
        if viewer.id() == Some(self.seeker_id) {
            Some(Party::Seeker)
        } else if viewer.recruits_for(self.employer_id) {
            Some(Party::Employer)
        } else {
            None
        }
    }
}

fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// `at` as the clocks of a zone show it.
fn local(zone: &str, at: Millis, format: &str) -> String {
    jiff::Timestamp::from_millisecond(at).map(|t| t.to_zoned_datetime(zone_of(zone)).strftime(format).to_string()).unwrap_or_default()
}

/// What people call the zone, or its distance from UTC.
fn zone_name(zone: &str, at: Millis, lang: Lang) -> String {
    if zone == "Asia/Shanghai" { lang.t("interviews-zone-beijing") } else { format!("UTC{}", local(zone, at, "%:z")) }
}

/// What became of a wish to book.
#[derive(Clone, Debug)]
pub enum Booking {
    New(Interview),
    /// The same request had come before.
    Again(Interview),
    Refused {
        why: Text,
        slot: Slot,
    },
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Interviews {
    pub live: Live,
    postings: Postings,
    tries: RateLimit<AccountId>,
    presence: presence::Presence,
}

impl Interviews {
    pub fn new(live: Live, postings: Postings) -> Self {
        // Enough to click through a page of slots that others take away; too little to sweep a fair's slots.
        Self { live, postings, tries: RateLimit::new(20, Duration::from_secs(6)), presence: presence::Presence::default() }
    }

    fn accounts(&self) -> &Accounts {
        &self.live.rooms.fairs.accounts
    }

    fn db(&self) -> &Db {
        &self.accounts().db
    }

    fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    /// The employer if the viewer recruits for it.
    async fn employer_of(&self, viewer: &Viewer, id: EmployerId) -> Result<Employer> {
        viewer.person()?;
        let employer = self.accounts().employer(id).await?.filter(|_| viewer.recruits_for(id));
        employer.ok_or(AppError::NotFound)
    }

    /// Fairs in which an employer can offer slots now.
    async fn fairs_of(&self, employer: EmployerId) -> Result<Vec<Fair>> {
        let mut fairs = self.live.rooms.fairs.of_employer(employer).await?;
        fairs.retain(|f| f.state.is_active());
        Ok(fairs)
    }

    /// Offers the slots that `offer` describes; returns them. `Invalid` says what is wrong beside which field.
    pub async fn offer(&self, viewer: &Viewer, employer: EmployerId, offer: &Offer) -> Result<Vec<Slot>> {
        self.employer_of(viewer, employer).await?;
        let fairs = self.fairs_of(employer).await?;
        let chosen = fairs.iter().find(|f| f.id.to_string() == offer.fair).or(fairs.first().filter(|_| offer.fair.is_empty()));
        let fair = chosen.ok_or_else(|| invalid("fair", Text("interviews-no-fair")))?;
        let (recruiter_id, now) = (viewer.person()?.id, self.now());
        let spans = offer.slots(&fair.time_zone(), now).map_err(AppError::Invalid)?;
        let slots: Vec<_> = spans
            .iter()
            .map(|span| Slot {
                id: SlotId::new(),
                employer_id: employer,
                fair_id: fair.id,
                recruiter_id,
                starts_at: span.start,
                ends_at: span.end,
            })
            .collect();
        match store::insert_slots(self.db(), &slots, now).await? {
            true => Ok(slots),
            false => Err(invalid("from", Text("interviews-overlap"))),
        }
    }

    /// Takes a free slot back.
    pub async fn withdraw(&self, viewer: &Viewer, slot: SlotId) -> Result<Slot> {
        viewer.person()?;
        let slot = store::slot(self.db().read(), slot).await?.filter(|s| viewer.recruits_for(s.employer_id)).ok_or(AppError::NotFound)?;
        match store::withdraw(self.db(), slot.id).await? {
            true => Ok(slot),
            false => Err(AppError::Conflict(Text("interviews-slot-held"))),
        }
    }

    /// An employer's free slots in all fairs that have not ended.
    async fn offered(&self, employer: EmployerId) -> Result<Vec<Slot>> {
        Ok(store::offered(self.db().read(), employer, self.now()).await?)
    }

    /// An employer's free slots at a fair that have not begun, earliest first.
    pub async fn free_slots(&self, employer: EmployerId, fair: FairId) -> Result<Vec<Slot>> {
        Ok(store::free_slots(self.db().read(), employer, fair, self.now()).await?)
    }

    /// A booth with its free slots; a hall has none.
    async fn slots_of_room(&self, viewer: &Viewer, room: RoomId) -> Result<(RoomView, Vec<Slot>)> {
        let view = self.live.rooms.visible_to(viewer, room).await?;
        let employer = view.room.employer_id.0.ok_or(AppError::NotFound)?;
        let slots = if view.fair.state.is_active() { self.free_slots(employer, view.fair.id).await? } else { Vec::new() };
        Ok((view, slots))
    }

    /// The free slots nearest to one that could not be had.
    async fn nearest_to(&self, slot: &Slot) -> Result<Vec<Slot>> {
        let free = self.free_slots(slot.employer_id, slot.fair_id).await?;
        Ok(nearest(&free, slot.starts_at, 3, |s| s.starts_at))
    }

    /// The posting if it is the slot's employer's at the slot's fair.
    async fn posting_for(&self, viewer: &Viewer, slot: &Slot, id: PostingId) -> Result<PostingView> {
        let view = self.postings.visible_to(viewer, id).await?;
        let fits = view.posting.employer_id == slot.employer_id && view.posting.fair_id == slot.fair_id;
        if fits { Ok(view) } else { Err(AppError::NotFound) }
    }

    /// Books a slot for the viewer, who must have proven a contact. `client_id` makes sending it again harmless.
    pub async fn book(&self, viewer: &Viewer, slot: SlotId, client_id: &str, posting: Option<PostingId>) -> Result<Booking> {
        let seeker = viewer.person()?;
        if !viewer.verified {
            return Err(AppError::Forbidden(Text("interviews-verify-first")));
        }
        self.tries.check(&seeker.id)?;
        let slot = store::slot(self.db().read(), slot).await?.ok_or(AppError::NotFound)?;
        let fair = self.live.rooms.fairs.visible_to(viewer, slot.fair_id).await?;
        let about = match posting {
            Some(id) => Some(self.posting_for(viewer, &slot, id).await?.posting),
            None => None,
        };
        let now = self.now();
        let refused = |why| Ok(Booking::Refused { why, slot: slot.clone() });
        if viewer.recruits_for(slot.employer_id) {
            return refused(Text("interviews-own-employer"));
        }
        if !fair.state.is_active() {
            return refused(Text("interviews-fair-closed"));
        }
        if slot.starts_at <= now {
            return refused(Text("interviews-slot-past"));
        }
        let client_id = match client_id.trim() {
            "" => InterviewId::new().to_string(),
            id if id.len() <= 64 && id.bytes().all(|b| b.is_ascii_graphic()) => id.to_owned(),
            _ => return Err(AppError::BadRequest(Text("base-error-bad-request"))),
        };
        let id = InterviewId::new();
        let remind_at = slot.starts_at - messages::REMIND_BEFORE;
        let posting = about.as_ref().map(|p| p.id.to_string());
        let topic = about.as_ref().map_or(("", ""), |p| (p.content.title_zh.as_str(), p.content.title_en.as_str()));
        let new = store::NewInterview { id, slot: &slot, seeker: seeker.id, client_id: &client_id, posting, topic, now, remind_at };
        let outcome = store::book(self.db(), &new).await?;
        let booked = match outcome {
            store::Outcome::Booked => id,
            store::Outcome::Again(first) => first,
            store::Outcome::Taken => return refused(Text("interviews-slot-taken")),
            store::Outcome::Busy(Party::Seeker) => return refused(Text("interviews-you-are-busy")),
            store::Outcome::Busy(Party::Employer) => return refused(Text("interviews-recruiter-busy")),
        };
        let interview = store::interview(self.db().read(), booked).await?.ok_or(AppError::NotFound)?;
        if booked == id {
            self.deliver_due().await?;
            return Ok(Booking::New(interview));
        }
        if interview.slot_id == slot.id { Ok(Booking::Again(interview)) } else { refused(Text("interviews-replayed")) }
    }

    /// The interview, and the viewer's side of it.
    pub async fn visible_to(&self, viewer: &Viewer, id: InterviewId) -> Result<(Interview, Party)> {
        // A guest may have come by a line.
        viewer.known()?;
        let interview = store::interview(self.db().read(), id).await?.ok_or(AppError::NotFound)?;
        let party = interview.party_of(viewer).ok_or(AppError::NotFound)?;
        Ok((interview, party))
    }

    /// Cancels; both are told why. The slot of a seeker who cancels is free again, that of a recruiter only if wanted.
    pub async fn cancel(&self, viewer: &Viewer, id: InterviewId, reason: &str, offer_again: bool) -> Result<Interview> {
        let (interview, by) = self.visible_to(viewer, id).await?;
        let (now, reason) = (self.now(), clean(reason, 200));
        if reason.is_empty() {
            return Err(invalid("reason", Text("interviews-reason-needed")));
        }
        let (actor, offer_again) = (viewer.known()?.id, offer_again || by == Party::Seeker);
        let how = store::Cancel { by, reason: &reason, offer_again, now };
        // A walk-in is left, not cancelled.
        if interview.room_id.is_some() || !interview.state(now).may_be_cancelled() || !store::cancel(self.db(), &interview, &how).await? {
            return Err(AppError::Conflict(Text("interviews-cancel-late")));
        }
        self.accounts().audit(actor, "interview.cancel", &id.to_string(), Some(interview.fair_id), &reason, by.name()).await?;
        self.deliver_due().await?;
        store::interview(self.db().read(), id).await?.ok_or(AppError::NotFound)
    }

    /// A person's own interviews: those to come first, soonest first; then the past ones, latest first.
    pub async fn mine(&self, viewer: &Viewer) -> Result<Vec<Card>> {
        let now = self.now();
        let mut all = store::of_seeker(self.db().read(), viewer.person()?.id).await?;
        all.sort_by_key(|i| match i.state(now) {
            State::Running | State::Booked => (0, i.starts_at),
            State::Done | State::NoShow { .. } | State::Cancelled => (1, -i.starts_at),
        });
        Ok(all.into_iter().map(|interview| Card::new(interview, Party::Seeker, now)).collect())
    }

    /// An employer's interviews that begin within `[from, to)`.
    async fn day_of(&self, employer: EmployerId, from: Millis, to: Millis) -> Result<Vec<Card>> {
        let now = self.now();
        let all = store::of_employer(self.db().read(), employer, from, to).await?;
        Ok(all.into_iter().map(|interview| Card::new(interview, Party::Employer, now)).collect())
    }

    /// How many interviews of a fair are booked and not cancelled, for the figures of the day.
    pub async fn count(&self, fair: FairId) -> Result<i64> {
        Ok(store::count(self.db().read(), fair).await?)
    }
}

fn invalid(field: &'static str, text: Text) -> AppError {
    let mut fields = Fields::default();
    fields.add(field, text);
    AppError::Invalid(fields)
}

/// An interview as a list shows it to one side.
#[derive(Clone, Debug)]
pub struct Card {
    pub interview: Interview,
    pub me: Party,
    pub state: State,
    /// The call may be entered.
    pub open: bool,
}

impl Card {
    fn new(interview: Interview, me: Party, now: Millis) -> Self {
        let state = interview.state(now);
        let open = state.is_open(interview.starts_at, now);
        Self { interview, me, state, open }
    }

    pub fn with(&self, lang: Lang) -> &str {
        self.interview.other_name(self.me, lang)
    }

    pub fn iso(&self) -> String {
        iso(self.interview.starts_at)
    }

    /// The start in the fair's zone, until a script shows it in the viewer's.
    pub fn local(&self) -> String {
        local(&self.interview.zone, self.interview.starts_at, "%Y-%m-%d %H:%M")
    }

    /// Still to come, or running.
    pub fn is_ahead(&self) -> bool {
        matches!(self.state, State::Booked | State::Running)
    }

    /// Far enough ahead that it is not yet worth a join button, in minutes until the call opens.
    pub fn opens_at(&self) -> String {
        iso(self.interview.starts_at - EARLY)
    }
}

/// The bounds of a day in a zone.
fn day_bounds(zone: &TimeZone, date: jiff::civil::Date) -> Option<(Millis, Millis)> {
    let start = |d: jiff::civil::Date| d.to_zoned_datetime(zone.clone()).ok().map(|z| z.timestamp().as_millisecond());
    Some((start(date)?, date.tomorrow().ok().and_then(start).unwrap_or(start(date)? + DAY)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// 2027-02-20 10:00 in Shanghai, a quarter of an hour.
    pub(crate) fn interview() -> Interview {
        let starts_at = 1_803_088_800_000;
        Interview {
            id: InterviewId::new(),
            slot_id: SlotId::new(),
            employer_id: EmployerId::new(),
            fair_id: FairId::new(),
            recruiter_id: AccountId::new(),
            seeker_id: AccountId::new(),
            topic_zh: String::new(),
            topic_en: String::new(),
            starts_at,
            ends_at: starts_at + 15 * MINUTE,
            extended: 0,
            sequence: 0,
            seeker_joined_at: None,
            employer_joined_at: None,
            ended_at: None,
            cancelled_at: None,
            cancelled_by: String::new(),
            cancel_reason: String::new(),
            employer_zh: "杭州电子厂".into(),
            employer_en: "Factory".into(),
            zone: "Asia/Shanghai".into(),
            seeker_name: "王芳".into(),
            recruiter_name: "招聘官".into(),
            room_id: None,
        }
    }

    #[test]
    fn only_the_two_sides_have_a_side() {
        let interview = interview();
        let mut viewer = Viewer::default();
        assert_eq!(interview.party_of(&viewer), None);
        viewer.roles.admin = true;
        viewer.roles.fairs.push(interview.fair_id);
        assert_eq!(interview.party_of(&viewer), None, "organisers do not enter");
        viewer.roles.employers.push(interview.employer_id);
        assert_eq!(interview.party_of(&viewer), Some(Party::Employer));
    }

    #[test]
    fn a_day_has_the_length_that_its_zone_gives_it() {
        let zone = TimeZone::get("America/New_York").expect("zone");
        let (from, to) = day_bounds(&zone, jiff::civil::date(2027, 3, 14)).expect("day");
        assert_eq!(to - from, 23 * crate::clock::HOUR);
    }
}
