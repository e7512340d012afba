//! The device key: a cookie that outlives signing out, so that a ban holds for whoever starts anew on the same device.

use super::networks::coarse;
use crate::keys::{new_token, token_hash};
use crate::web::ClientIp;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use std::convert::Infallible;
use std::net::IpAddr;

const COOKIE: &str = "sb_device";
/// As long as browsers keep a cookie at all.
const MAX_AGE: &str = "34560000";

/// The device a request came from; only its hash is stored.
#[derive(Clone, Debug, Default)]
pub struct Device {
    hash: String,
    /// The cookie's value, if the browser has none yet.
    fresh: Option<String>,
    network: Option<IpAddr>,
}

impl Device {
    /// A device that names itself, for clients without cookies.
    pub fn named(&self, name: &str) -> Self {
        Self { hash: token_hash(name), fresh: None, network: self.network }
    }

    /// The device whose key is among the headers.
    pub(super) fn sent(headers: &HeaderMap) -> Option<Self> {
        let jar = CookieJar::from_headers(headers);
        let token = jar.get(COOKIE).map(Cookie::value).filter(|v| (20..=64).contains(&v.len()))?;
        Some(Self { hash: token_hash(token), ..Self::default() })
    }

    /// The network that the request came from, coarse.
    pub(super) fn network(&self) -> Option<IpAddr> {
        self.network
    }

    /// The device alone, once it has been given its key.
    pub fn known(&self) -> Self {
        Self { hash: self.hash.clone(), fresh: None, network: self.network }
    }

    /// Empty if the device is not known yet.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Whether the browser sent its key.
    pub fn is_known(&self) -> bool {
        self.fresh.is_none() && !self.hash.is_empty()
    }

    /// Gives the browser a key if it has none.
    pub fn keep(&self, response: &mut Response, secure: bool) {
        let Some(token) = &self.fresh else { return };
        let cookie = Cookie::build((COOKIE, token.as_str())).path("/").http_only(true).same_site(SameSite::Lax).secure(secure).build();
        if let Ok(value) = HeaderValue::from_str(&format!("{cookie}; Max-Age={MAX_AGE}")) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let network = parts.extensions.get::<ClientIp>().map(|ip| coarse(ip.0));
        if let Some(known) = Self::sent(&parts.headers) {
            return Ok(Self { network, ..known });
        }
        let token = new_token();
        Ok(Self { hash: token_hash(&token), fresh: Some(token), network })
    }
}
