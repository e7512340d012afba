//! The cookies of the door: a pass of those who are inside and a ticket of those who wait. Signed, and bound to nobody: they keep order, they give
//! no rights.

use crate::clock::{DAY, HOUR, Millis};
use crate::keys::Keys;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

const PASS: &str = "sb_pass";
const TICKET: &str = "sb_wait";
/// Of a visitor, counted from the last request or so: who watches for hours makes none.
const VISIT: Millis = 12 * HOUR;
/// Of those who work here: no rush keeps them out.
const STAFF: Millis = 30 * DAY;
const WAIT: Millis = DAY;

/// For whom a pass is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Visitor,
    Staff,
}

impl Holder {
    fn life(self) -> Millis {
        match self {
            Self::Visitor => VISIT,
            Self::Staff => STAFF,
        }
    }
}

fn sign(keys: &Keys, kind: &str, number: u64, expires: Millis) -> String {
    let (number, expires) = (number.to_string(), expires.to_string());
    let signature = keys.sign(&["door", kind, &number, &expires]);
    format!("{number}.{expires}.{signature}")
}

/// Number and expiry of what we signed and is still good.
fn read(keys: &Keys, jar: &CookieJar, kind: &str, now: Millis) -> Option<(u64, Millis)> {
    let mut parts = jar.get(kind)?.value().split('.');
    let (number, expires, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let (n, until) = (number.parse().ok()?, expires.parse().ok()?);
    (until > now && keys.verify(&["door", kind, number, expires], signature)).then_some((n, until))
}

/// Until when the request's pass is good.
pub(super) fn pass(keys: &Keys, jar: &CookieJar, now: Millis) -> Option<Millis> {
    read(keys, jar, PASS, now).map(|(_, until)| until)
}

/// The number of the request's ticket.
pub(super) fn ticket(keys: &Keys, jar: &CookieJar, now: Millis) -> Option<u64> {
    read(keys, jar, TICKET, now).map(|(number, _)| number)
}

/// Whether the request has a ticket, good or not.
pub(super) fn has_ticket(jar: &CookieJar) -> bool {
    jar.get(TICKET).is_some()
}

/// Whether a pass that is good until `until` is to be made anew, so that nobody who is active is sent to the end.
pub(super) fn is_old(until: Millis, holder: Holder, now: Millis) -> bool {
    until - now < holder.life() / 2
}

pub(super) fn new_pass(keys: &Keys, holder: Holder, now: Millis, secure: bool) -> String {
    cookie(PASS, sign(keys, PASS, 0, now + holder.life()), holder.life(), secure)
}

pub(super) fn new_ticket(keys: &Keys, number: u64, now: Millis, secure: bool) -> String {
    cookie(TICKET, sign(keys, TICKET, number, now + WAIT), WAIT, secure)
}

/// A ticket that has done its work.
pub(super) fn no_ticket(secure: bool) -> String {
    cookie(TICKET, String::new(), 0, secure)
}

fn cookie(name: &'static str, value: String, life: Millis, secure: bool) -> String {
    let mut cookie = Cookie::build((name, value)).path("/").http_only(true).same_site(SameSite::Lax).secure(secure).build().to_string();
    cookie.push_str(&format!("; Max-Age={}", life / 1_000));
    cookie
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, header};

    fn jar(cookie: &str) -> CookieJar {
        let pair = cookie.split(';').next().expect("a pair").parse().expect("a header");
        CookieJar::from_headers(&HeaderMap::from_iter([(header::COOKIE, pair)]))
    }

    #[test]
    fn only_what_we_signed_is_good_and_each_for_its_own_use() {
        let keys = Keys::from_master(&[7; 32]);
        let given = new_ticket(&keys, 12, 1_000, false);
        assert_eq!(ticket(&keys, &jar(&given), 2_000), Some(12));
        assert_eq!(ticket(&keys, &jar(&given), 1_000 + WAIT), None, "after a day");
        assert_eq!(ticket(&keys, &jar(&given.replace("12.", "2.")), 2_000), None, "forged");
        assert_eq!(ticket(&Keys::from_master(&[8; 32]), &jar(&given), 2_000), None, "of another server");
        assert_eq!(pass(&keys, &jar(&given.replace(TICKET, PASS)), 2_000), None, "a ticket is no pass");
        for nonsense in ["sb_wait=", "sb_wait=..", "sb_wait=1.x.y", "sb_wait=-1.9.y", "x=1"] {
            assert_eq!(ticket(&keys, &jar(nonsense), 0), None, "{nonsense}");
        }
    }

    #[test]
    fn a_pass_is_renewed_after_half_its_life() {
        let keys = Keys::from_master(&[7; 32]);
        let until = pass(&keys, &jar(&new_pass(&keys, Holder::Visitor, 0, true)), 5).expect("good");
        assert_eq!(until, VISIT);
        assert!(!is_old(until, Holder::Visitor, VISIT / 2) && is_old(until, Holder::Visitor, VISIT / 2 + 1));
        assert!(is_old(until, Holder::Staff, 0), "whoever turns out to work here gets a longer one");
    }
}
