//! Who is asking: resolved once per request from the session cookie or the bearer token.

use super::{Account, Accounts, store};
use crate::ids::{AccountId, EmployerId, FairId, InterviewId, RoomId, StationId};
use crate::keys::token_hash;
use crate::web::{AppError, Badge, Regular, Result, Text};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

pub(super) const COOKIE: &str = "sb_session";
/// The session of somebody who came by a join link; sent with the requests for its interview alone, where it comes first.
pub(super) const CALL_COOKIE: &str = "sb_call";

/// What an account may do.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    pub admin: bool,
    pub fairs: Vec<FairId>,
    pub employers: Vec<EmployerId>,
    /// Stations where they help people.
    pub stations: Vec<StationId>,
    /// Rooms of which a host has named them co-host, for the time being.
    pub co_hosts: Vec<RoomId>,
}

impl Roles {
    pub fn is_any(&self) -> bool {
        self.admin || !self.fairs.is_empty() || !self.employers.is_empty() || !self.stations.is_empty()
    }

    pub fn organises(&self, fair: FairId) -> bool {
        self.admin || self.fairs.contains(&fair)
    }

    pub fn recruits_for(&self, employer: EmployerId) -> bool {
        self.employers.contains(&employer)
    }
}

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Scope {
    #[default]
    Everything,
    /// Only the media of this room.
    Room(RoomId, MediaRole),
    /// Only this interview, as long as it has this number in its sequence. Whoever loads it compares the number.
    Interview(InterviewId, i64),
}

/// What a room's token may do with the room's media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaRole {
    #[default]
    Publish,
    View,
}

impl MediaRole {
    pub fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::View => "view",
        }
    }
}

/// As it is stored with a session.
impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everything => Ok(()),
            Self::Room(room, role) => write!(f, "room:{room}:{}", role.name()),
            Self::Interview(interview, sequence) => write!(f, "interview:{interview}:{sequence}"),
        }
    }
}

impl Scope {
    fn parse(stored: &str) -> Result<Self> {
        if let Some((interview, sequence)) = stored.strip_prefix("interview:").and_then(|rest| rest.split_once(':')) {
            return Ok(Self::Interview(interview.parse().map_err(anyhow::Error::from)?, sequence.parse().map_err(anyhow::Error::from)?));
        }
        let Some(room) = stored.strip_prefix("room:") else { return Ok(Self::Everything) };
        // Tokens from before there were roles were made for publishing.
        let (room, role) = match room.split_once(':') {
            Some((room, "view")) => (room, MediaRole::View),
            Some((room, _)) => (room, MediaRole::Publish),
            None => (room, MediaRole::Publish),
        };
        Ok(Self::Room(room.parse().map_err(anyhow::Error::from)?, role))
    }

    /// A room's token reaches the room's WHIP or WHEP resources and nothing else, an interview's what lies below that interview.
    fn check(self, path: &str) -> Result<()> {
        let (room, role) = match self {
            Self::Everything => return Ok(()),
            Self::Room(room, role) => (room, role),
            Self::Interview(interview, _) => {
                let below = path.strip_prefix(&format!("/interviews/{interview}"));
                return if below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) { Ok(()) } else { Err(AppError::BadToken) };
            }
        };
        let resource = path.strip_prefix(&format!("/rooms/{room}/")).and_then(|rest| rest.split('/').next());
        match (resource, role) {
            (Some("whip"), MediaRole::Publish) | (Some("whep"), MediaRole::View) => Ok(()),
            (Some("whip"), MediaRole::View) => Err(AppError::Scope(MediaRole::Publish.name())),
            (Some("whep"), MediaRole::Publish) => Err(AppError::Scope(MediaRole::View.name())),
            _ => Err(AppError::BadToken),
        }
    }
}

/// Whoever sent the request; a stranger has no account.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    pub account: Option<Account>,
    pub roles: Roles,
    /// Whether a phone or e-mail address was proven.
    pub verified: bool,
    pub scope: Scope,
    /// Hash of the token by which the viewer was known, for [`Accounts::refresh`].
    session: Option<String>,
}

impl Viewer {
    pub fn id(&self) -> Option<AccountId> {
        self.account.as_ref().map(|a| a.id)
    }

    /// The account, guest or person, or a demand to sign in.
    pub fn known(&self) -> Result<&Account> {
        self.account.as_ref().ok_or(AppError::SignIn)
    }

    /// The account of a person who is signed in; a guest is asked to sign in.
    pub fn person(&self) -> Result<&Account> {
        self.account.as_ref().filter(|a| !a.guest.0).ok_or(AppError::SignIn)
    }

    pub fn is_admin(&self) -> bool {
        self.roles.admin
    }

    pub fn organises(&self, fair: FairId) -> bool {
        self.roles.organises(fair)
    }

    pub fn recruits_for(&self, employer: EmployerId) -> bool {
        self.roles.recruits_for(employer)
    }

    /// The pages where this person works, for the navigation.
    fn places(&self) -> Vec<(String, Text)> {
        let mut places = vec![("/".to_owned(), Text("base-place-fairs"))];
        // Whoever came by a link would have to sign in anywhere else.
        if self.scope != Scope::Everything {
            return places;
        }
        if self.roles.admin || !self.roles.fairs.is_empty() {
            places.push(("/console".into(), Text("base-place-console")));
        }
        if let Some(station) = self.roles.stations.first() {
            places.push((format!("/stations/{station}"), Text("base-place-station")));
        }
        // More than one employer is rare; each one's page links to its own lists.
        if let Some(employer) = self.roles.employers.first() {
            places.push((format!("/employers/{employer}"), Text("base-place-employer")));
            places.push((format!("/employers/{employer}/applications"), Text("base-place-applicants")));
            places.push((format!("/employers/{employer}/slots"), Text("base-place-interviews")));
        } else if self.account.as_ref().is_some_and(|a| !a.guest.0) {
            places.push(("/me".into(), Text("base-place-me")));
        }
        places
    }

    /// Organiser, recruiter or administrator of anything; a co-host is a visitor who leads one room for a while.
    pub fn is_staff(&self) -> bool {
        self.roles.is_any()
    }
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

impl Accounts {
    /// The viewer that holds `token`; a stranger if it is unknown or has expired.
    pub async fn viewer_by_token(&self, token: &str) -> Result<Viewer> {
        self.viewer_by_session(token_hash(token)).await
    }

    /// The viewer as of now, for connections that outlive a request: a stranger once the session has ended.
    pub async fn refresh(&self, viewer: &Viewer) -> Result<Viewer> {
        match &viewer.session {
            Some(session) => self.viewer_by_session(session.clone()).await,
            None => Ok(Viewer::default()),
        }
    }

    async fn viewer_by_session(&self, session: String) -> Result<Viewer> {
        let mut rows = store::session(self.db.read(), &session, self.clock.now()).await?;
        let granted: Vec<_> = rows.iter_mut().filter_map(|row| row.role.take().zip(row.subject.take())).collect();
        let Some(row) = rows.pop() else { return Ok(Viewer::default()) };
        let scope = Scope::parse(&row.scope)?;
        let by_link = matches!(scope, Scope::Interview(..));
        let roles = if row.account.guest.0 || by_link { Roles::default() } else { Roles::of(granted) };
        Ok(Viewer { verified: row.proven > 0, account: Some(row.account), roles, scope, session: Some(session) })
    }

    /// What an account may do.
    pub async fn roles_of(&self, account: AccountId) -> Result<Roles> {
        Ok(Roles::of(store::roles(self.db.read(), account).await?))
    }
}

impl Roles {
    /// From pairs of a role and what it is for.
    fn of(granted: Vec<(String, String)>) -> Self {
        let mut roles = Self::default();
        for (role, subject) in granted {
            match role.as_str() {
                "admin" => roles.admin = true,
                "organiser" => roles.fairs.extend(subject.parse::<FairId>().ok()),
                "recruiter" => roles.employers.extend(subject.parse::<EmployerId>().ok()),
                "station" => roles.stations.extend(subject.parse::<StationId>().ok()),
                "co-host" => roles.co_hosts.extend(subject.parse::<RoomId>().ok()),
                _ => {}
            }
        }
        roles
    }
}

/// The tokens of a request in the order in which they count, and whether it is a bearer's: one in a cookie that is wrong is a stranger's. Other
/// schemes of authorisation are those of a proxy in front.
fn tokens_of(headers: &HeaderMap) -> (Vec<String>, bool) {
    let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.split_once(' '));
    match given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
        Some((_, token)) => (vec![token.trim().to_owned()], true),
        None => {
            let jar = CookieJar::from_headers(headers);
            ([CALL_COOKIE, COOKIE].iter().filter_map(|name| jar.get(name)).map(|c| c.value().to_owned()).collect(), false)
        }
    }
}

/// A bearer token that is wrong is refused; a cookie that is wrong is a stranger's.
pub async fn resolve_viewer(State(accounts): State<Accounts>, mut request: Request, next: Next) -> Result<Response> {
    let (tokens, bearer) = tokens_of(request.headers());
    let mut found: Option<Viewer> = None;
    for token in tokens {
        let viewer = accounts.viewer_by_token(&token).await?;
        // Whoever is signed in needs no link to their own interview, and is not held to what it was for.
        if found.as_ref().is_none_or(|before| before.account.is_none() || before.id() == viewer.id()) {
            found = Some(viewer);
        }
    }
    if let Some(viewer) = found {
        if bearer && viewer.account.is_none() {
            return Err(AppError::BadToken);
        }
        viewer.scope.check(request.uri().path())?;
        if let Some(account) = &viewer.account {
            request.extensions_mut().insert(Badge {
                name: account.name.clone(),
                is_guest: account.guest.0,
                is_staff: viewer.is_staff(),
                by_link: matches!(viewer.scope, Scope::Interview(..)),
                places: viewer.places(),
            });
        }
        let works_here = viewer.is_staff();
        request.extensions_mut().insert(viewer);
        let mut response = next.run(request).await;
        if works_here {
            response.extensions_mut().insert(Regular);
        }
        return Ok(response);
    }
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rooms_token_opens_what_it_was_made_for() {
        let (room, other) = (RoomId::new(), RoomId::new());
        let [publish, view] = [MediaRole::Publish, MediaRole::View].map(|role| Scope::Room(room, role));
        for scope in [publish, view, Scope::Everything] {
            assert_eq!(Scope::parse(&scope.to_string()).expect("ours"), scope);
        }
        assert_eq!(Scope::parse(&format!("room:{room}")).expect("older"), publish);
        let path = |room: RoomId, rest: &str| format!("/rooms/{room}/{rest}");
        assert!(publish.check(&path(room, "whip")).is_ok() && publish.check(&path(room, "whip/session")).is_ok());
        assert!(view.check(&path(room, "whep/session/view")).is_ok());
        assert!(matches!(publish.check(&path(room, "whep")), Err(AppError::Scope("view"))));
        assert!(matches!(view.check(&path(room, "whip/session")), Err(AppError::Scope("publish"))));
        for elsewhere in [path(other, "whip"), path(room, "whipped"), path(room, "socket"), "/me".to_owned()] {
            assert!(matches!(publish.check(&elsewhere), Err(AppError::BadToken)), "{elsewhere}");
        }
    }

    #[test]
    fn bearers_are_known_whatever_the_case_and_other_schemes_are_not_ours() {
        let head = |value: &'static str| HeaderMap::from_iter([(header::AUTHORIZATION, header::HeaderValue::from_static(value))]);
        assert_eq!(tokens_of(&head("bearer abc ")), (vec!["abc".to_owned()], true));
        assert_eq!(tokens_of(&head("Basic abc")), (Vec::new(), false));
        assert_eq!(tokens_of(&head("abc")), (Vec::new(), false));
    }

    #[test]
    fn a_link_opens_its_interview_and_what_lies_below_it() {
        let (id, other) = (InterviewId::new(), InterviewId::new());
        let scope = Scope::Interview(id, 2);
        assert_eq!(Scope::parse(&scope.to_string()).expect("ours"), scope);
        for below in ["", "/call", "/whip/session", "/socket"] {
            assert!(scope.check(&format!("/interviews/{id}{below}")).is_ok(), "{below}");
        }
        let elsewhere = [format!("/interviews/{other}"), format!("/interviews/{id}x"), "/interviews".into(), "/me".into(), "/".into()];
        assert!(elsewhere.iter().all(|path| matches!(scope.check(path), Err(AppError::BadToken))));
    }
}
