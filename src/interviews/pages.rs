//! Where the pages around interviews are, and what several of them show.

use super::choose::moment;
use super::{
    Interview, Interviews, Slot, SlotKey, book_pages, calendar_pages, call, claim_routes, links, list_pages, local, offer_pages, one_page,
    overview,
};
use crate::clock::{Millis, iso};
use crate::i18n::Lang;
use crate::ids::InterviewId;
use crate::web::Text;
use axum::Router;

pub fn routes(interviews: Interviews) -> Router {
    Router::new()
        .merge(offer_pages::routes())
        .merge(book_pages::routes())
        .merge(calendar_pages::routes())
        .merge(claim_routes::routes())
        .merge(list_pages::routes())
        .merge(one_page::routes())
        .merge(super::move_pages::routes())
        .merge(super::invite_pages::routes())
        .merge(super::invite_many::routes())
        .merge(overview::routes())
        .merge(call::routes())
        .merge(links::routes())
        .with_state(interviews)
}

/// A slot as a page shows it. The id makes a second tap harmless.
pub(super) struct SlotItem {
    pub(super) slot: Slot,
    pub(super) iso: String,
    pub(super) local: String,
    pub(super) client_id: InterviewId,
}

/// What one tap on a free time does.
pub(super) enum Tap {
    /// Sends the form of this id with it, as the page says by a text.
    Of(&'static str, Text),
    /// Sends a form of its own.
    To(String, Vec<(&'static str, String)>, Text),
}

/// The slot that was chosen in a form, or that was tapped instead of it.
pub(super) fn tapped(slot: &str, nearest: &str) -> Option<SlotKey> {
    let text = if nearest.trim().is_empty() { slot } else { nearest };
    text.trim().parse().ok()
}

/// The slots of a day in the fair's zone.
pub(super) struct Day {
    pub(super) iso: String,
    pub(super) local: String,
    pub(super) zone: String,
    pub(super) slots: Vec<SlotItem>,
}

pub(super) fn item(slot: &Slot, zone: &str, format: &str) -> SlotItem {
    let local = local(zone, slot.starts_at, format);
    SlotItem { slot: slot.clone(), iso: iso(slot.starts_at), local, client_id: InterviewId::new() }
}

/// Free slots beside one that could not be had, each with its day.
pub(super) fn near(slots: &[Slot], zone: &str, lang: Lang) -> Vec<SlotItem> {
    slots.iter().map(|slot| SlotItem { local: moment(lang, zone, slot.starts_at), ..item(slot, zone, "") }).collect()
}

pub(super) fn by_day(slots: &[Slot], zone: impl Fn(&Slot) -> String) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for slot in slots {
        let zone = zone(slot);
        let day = local(&zone, slot.starts_at, "%Y-%m-%d");
        let item = item(slot, &zone, "%H:%M");
        match days.last_mut().filter(|d| d.local == day && d.zone == zone) {
            Some(last) => last.slots.push(item),
            None => days.push(Day { iso: iso(slot.starts_at), local: day, zone, slots: vec![item] }),
        }
    }
    days
}

/// An interview as JSON shows it.
pub(super) fn json(interview: &Interview, now: Millis) -> serde_json::Value {
    serde_json::json!({
        "id": interview.id,
        "url": format!("/interviews/{}", interview.id),
        "state": interview.state(now).name(),
        "starts_at": iso(interview.starts_at),
        "ends_at": iso(interview.until()),
        "employer": {"id": interview.employer_id, "name_zh": interview.employer_zh, "name_en": interview.employer_en},
        "seeker": {"id": interview.seeker_id, "name": interview.seeker_name},
    })
}
