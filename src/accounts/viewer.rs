//! Who is asking: resolved once per request from the session cookie or the bearer token.

use super::{Account, Accounts, store};
use crate::ids::{AccountId, EmployerId, FairId, RoomId};
use crate::keys::token_hash;
use crate::web::{AppError, Badge, Result, Text};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::CookieJar;
use std::convert::Infallible;

pub(super) const COOKIE: &str = "sb_session";

/// What an account may do.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    pub admin: bool,
    pub fairs: Vec<FairId>,
    pub employers: Vec<EmployerId>,
}

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Scope {
    #[default]
    Everything,
    /// Only publishing to and viewing this room.
    Room(RoomId),
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
        self.roles.admin || self.roles.fairs.contains(&fair)
    }

    pub fn recruits_for(&self, employer: EmployerId) -> bool {
        self.roles.employers.contains(&employer)
    }

    /// The pages where this person works, for the navigation.
    fn places(&self) -> Vec<(String, Text)> {
        let mut places = vec![("/".to_owned(), Text("base-place-fairs"))];
        if self.roles.admin || !self.roles.fairs.is_empty() {
            places.push(("/console".into(), Text("base-place-console")));
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

    /// Organiser, recruiter or administrator of anything.
    pub fn is_staff(&self) -> bool {
        self.roles.admin || !self.roles.fairs.is_empty() || !self.roles.employers.is_empty()
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
        let Some(row) = store::session(self.db.read(), &session, self.clock.now()).await? else { return Ok(Viewer::default()) };
        let scope = match row.scope.strip_prefix("room:") {
            None => Scope::Everything,
            Some(room) => Scope::Room(room.parse().map_err(anyhow::Error::from)?),
        };
        let roles = if row.account.guest.0 { Roles::default() } else { self.roles_of(row.account.id).await? };
        Ok(Viewer { verified: row.proven > 0, account: Some(row.account), roles, scope, session: Some(session) })
    }

    /// What an account may do.
    pub async fn roles_of(&self, account: AccountId) -> Result<Roles> {
        let mut roles = Roles::default();
        for (role, subject) in store::roles(self.db.read(), account).await? {
            match role.as_str() {
                "admin" => roles.admin = true,
                "organiser" => roles.fairs.extend(subject.parse::<FairId>().ok()),
                "recruiter" => roles.employers.extend(subject.parse::<EmployerId>().ok()),
                _ => {}
            }
        }
        Ok(roles)
    }
}

fn token_of(headers: &HeaderMap) -> Option<String> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    match bearer {
        Some(token) => Some(token.trim().to_owned()),
        None => CookieJar::from_headers(headers).get(COOKIE).map(|c| c.value().to_owned()),
    }
}

/// A bearer token that is wrong is refused; a cookie that is wrong is a stranger's.
pub async fn resolve_viewer(State(accounts): State<Accounts>, mut request: Request, next: Next) -> Result<Response> {
    if let Some(token) = token_of(request.headers()) {
        let viewer = accounts.viewer_by_token(&token).await?;
        let bearer = request.headers().contains_key(header::AUTHORIZATION);
        // A room's token reaches media only: the path must be one of the room's WHIP and WHEP resources.
        let confined = matches!(viewer.scope, Scope::Room(room) if !is_media_path(request.uri().path(), room));
        if (bearer && viewer.account.is_none()) || confined {
            return Err(AppError::SignIn);
        }
        if let Some(account) = &viewer.account {
            request.extensions_mut().insert(Badge {
                name: account.name.clone(),
                is_guest: account.guest.0,
                is_staff: viewer.is_staff(),
                places: viewer.places(),
            });
        }
        request.extensions_mut().insert(viewer);
    }
    Ok(next.run(request).await)
}

fn is_media_path(path: &str, room: RoomId) -> bool {
    let base = format!("/rooms/{room}/");
    path.strip_prefix(&base).is_some_and(|rest| rest.starts_with("whip") || rest.starts_with("whep"))
}
