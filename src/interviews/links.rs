//! The link with which an invited person comes to their interview without an account: `/join/INTERVIEW.EXPIRES.SEQUENCE.SIGNATURE`.
//!
//! It is good for one interview and the person who was invited to it, until some time after its end, and only as long as the interview has
//! neither been moved nor cancelled: either gives it another number in its sequence. Looking at it does nothing, because mail scanners look;
//! the button on its page opens a session that reaches this interview and nothing else.

use super::call::EXTEND_MOST;
use super::state::OVERTIME;
use super::{Interview, Interviews, Party, State, store};
use crate::accounts::{Accounts, Scope, Viewer};
use crate::clock::{Millis, iso};
use crate::ids::{AccountId, InterviewId};
use crate::keys::Keys;
use crate::web::{AppError, Page, Result, Text, html, see_other};
use askama::Template;
use axum::Router;
use axum::extract::{Path, State as Use};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::get;

pub(super) fn routes() -> Router<Interviews> {
    Router::new().route("/join/{link}", get(show).post(join))
}

/// A link as it was given, not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct JoinLink {
    interview: InterviewId,
    expires: Millis,
    sequence: i64,
    signature: String,
}

impl JoinLink {
    fn sign(keys: &Keys, interview: &Interview) -> Self {
        // A talk may be lengthened, and the people in it may have to come back.
        let expires = interview.ends_at + EXTEND_MOST + OVERTIME;
        let parts = parts(interview.id, interview.seeker_id, expires, interview.sequence);
        let signature = keys.sign(&parts.each_ref().map(String::as_str));
        Self { interview: interview.id, expires, sequence: interview.sequence, signature }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (interview, expires, sequence) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let signature = parts.next()?.to_owned();
        parts.next().is_none().then_some(Self { interview, expires, sequence, signature })
    }

    /// Whether we signed it for this person.
    fn is_ours(&self, keys: &Keys, seeker: AccountId) -> bool {
        keys.verify(&parts(self.interview, seeker, self.expires, self.sequence).each_ref().map(String::as_str), &self.signature)
    }
}

impl std::fmt::Display for JoinLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}.{}", self.interview, self.expires, self.sequence, self.signature)
    }
}

fn parts(interview: InterviewId, seeker: AccountId, expires: Millis, sequence: i64) -> [String; 5] {
    ["join link".into(), interview.to_string(), seeker.to_string(), expires.to_string(), sequence.to_string()]
}

/// The address at which `to` comes to an interview, for messages to them: the seeker needs no account there. Not for anybody else's eyes.
pub(super) fn join_link(accounts: &Accounts, interview: &Interview, to: Party) -> String {
    match to {
        Party::Seeker => format!("{}/join/{}", accounts.origin, JoinLink::sign(&accounts.keys, interview)),
        Party::Employer => format!("{}/interviews/{}", accounts.origin, interview.id),
    }
}

impl Interviews {
    /// The interview that a link leads to. `Gone` if it led there once.
    async fn joined_by(&self, link: &str) -> Result<(Interview, JoinLink)> {
        let link = JoinLink::parse(link).ok_or(AppError::NotFound)?;
        let interview = store::interview(self.db().read(), link.interview).await?.ok_or(AppError::NotFound)?;
        if !link.is_ours(&self.accounts().keys, interview.seeker_id) {
            return Err(AppError::NotFound);
        }
        let now = self.now();
        if link.sequence != interview.sequence || interview.cancelled_at.is_some() {
            return Err(AppError::Gone(Text("calls-link-revoked")));
        }
        match interview.state(now) {
            State::Booked | State::Running if link.expires > now => Ok((interview, link)),
            _ => Err(AppError::Gone(Text("interviews-over"))),
        }
    }

    /// A session for the invited person that reaches this interview alone, as long as it has this number in its sequence.
    async fn open_by(&self, link: &str) -> Result<(Interview, String)> {
        let (interview, link) = self.joined_by(link).await?;
        self.joins.check(&interview.seeker_id)?;
        let scope = Scope::Interview(interview.id, interview.sequence);
        let token = self.accounts().scoped_session(interview.seeker_id, scope, link.expires - self.now()).await?;
        Ok((interview, token))
    }
}

#[derive(Template)]
#[template(path = "interviews/join.html")]
struct JoinPage {
    p: Page,
    interview: Interview,
    link: String,
    iso: String,
    when: String,
}

async fn show(Use(all): Use<Interviews>, viewer: Viewer, p: Page, Path(link): Path<String>) -> Result<Response> {
    let (interview, _) = all.joined_by(&link).await?;
    // Who is signed in as the invited person needs no other session.
    if viewer.id() == Some(interview.seeker_id) {
        return Ok(see_other(&format!("/interviews/{}", interview.id), ""));
    }
    let (iso, when) = (iso(interview.starts_at), interview.when(p.language()));
    let mut response = html(&JoinPage { p, interview, link, iso, when })?;
    // The address is a key: it goes to no other site and into no cache.
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(response)
}

async fn join(Use(all): Use<Interviews>, Path(link): Path<String>) -> Result<Response> {
    let (interview, token) = all.open_by(&link).await?;
    let path = format!("/interviews/{}", interview.id);
    let mut response = see_other(&path, "");
    response.headers_mut().append(header::SET_COOKIE, all.accounts().call_cookie(token, path).parse()?);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interviews::interview::tests::interview;

    #[test]
    fn a_link_is_good_for_one_interview_person_time_and_number() {
        let (keys, interview) = (Keys::from_master(&[7; 32]), interview());
        let link = JoinLink::sign(&keys, &interview);
        assert_eq!(JoinLink::parse(&link.to_string()), Some(link.clone()));
        assert!(link.is_ours(&keys, interview.seeker_id) && !link.is_ours(&keys, AccountId::new()));
        assert!(!link.is_ours(&Keys::from_master(&[8; 32]), interview.seeker_id));
        let others = [
            JoinLink { interview: InterviewId::new(), ..link.clone() },
            JoinLink { expires: link.expires + 1, ..link.clone() },
            JoinLink { sequence: link.sequence + 1, ..link.clone() },
        ];
        assert!(others.iter().all(|other| !other.is_ours(&keys, interview.seeker_id)));
        for nonsense in ["", "...", "a.b.c.d", &format!("{link}.x"), &format!("{}.1.0", interview.id)] {
            assert_eq!(JoinLink::parse(nonsense), None, "{nonsense}");
        }
    }
}
