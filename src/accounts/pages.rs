//! Sign-in, set-up of the first organiser, sign-out, own name.

use super::viewer::{CALL_COOKIE, COOKIE};
use super::{Account, Accounts, CodeError, Contact, Viewer, named};
use crate::i18n::Lang;
use crate::keys::new_token;
use crate::web::{AppError, ClientIp, Fields, FormData, Page, Regular, Result, Text, back_to, form_again, html, see_other};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::Deserialize;
use std::net::IpAddr;

pub fn routes(accounts: Accounts) -> Router {
    Router::new()
        .route("/signin", get(show_sign_in).post(send_code))
        .route("/signin/code", post(check_code))
        .route("/signin/password", post(check_password))
        .route("/signin/link/{token}", get(follow_link))
        .route("/setup/{token}", get(show_setup).post(set_up))
        .route("/signout", post(sign_out))
        .route("/guest", post(become_guest))
        .route("/me/name", post(rename))
        .with_state(accounts)
}

#[derive(Template)]
#[template(path = "accounts/signin.html")]
struct SignInPage {
    p: Page,
    fields: Fields,
    contact: String,
    next: String,
    /// Whether a code is on its way and is asked for.
    code_sent: bool,
    password: bool,
}

#[derive(Deserialize, Default)]
struct SignInForm {
    #[serde(default)]
    contact: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

async fn show_sign_in(p: Page, viewer: Viewer, Query(form): Query<SignInForm>) -> Result<Response> {
    if viewer.person().is_ok() {
        return Ok(see_other(back_to(&form.next), ""));
    }
    html(&SignInPage { p, fields: Fields::default(), contact: form.contact, next: form.next, code_sent: false, password: false })
}

fn again(p: Page, form: SignInForm, field: &'static str, text: Text, code_sent: bool) -> Result<Response> {
    let mut fields = Fields::default();
    fields.add(field, text);
    let password = field == "password";
    let page = SignInPage { p, fields, contact: form.contact, next: form.next, code_sent, password };
    form_again(&page, &page.fields)
}

async fn send_code(State(accounts): State<Accounts>, client: ClientIp, p: Page, FormData(form): FormData<SignInForm>) -> Result<Response> {
    accounts.try_limit.check(&client.network())?;
    let Some(contact) = Contact::parse(&form.contact) else {
        return again(p, form, "contact", Text("accounts-contact-wrong"), false);
    };
    accounts.send_code(&contact, p.language()).await?;
    html(&SignInPage { p, fields: Fields::default(), contact: form.contact, next: form.next, code_sent: true, password: false })
}

async fn check_code(
    State(accounts): State<Accounts>,
    client: ClientIp,
    viewer: Viewer,
    p: Page,
    FormData(form): FormData<SignInForm>,
) -> Result<Response> {
    accounts.try_limit.check(&client.network())?;
    let Some(contact) = Contact::parse(&form.contact) else {
        return again(p, form, "contact", Text("accounts-contact-wrong"), false);
    };
    let guest = viewer.account.as_ref().filter(|a| a.guest.0);
    match accounts.verify_code(&contact, &form.code, guest, p.language()).await? {
        Ok(account) => signed_in(&accounts, &account, &p, &form.next).await,
        Err(CodeError::Wrong) => again(p, form, "code", Text("accounts-code-wrong"), true),
        Err(CodeError::Expired) => again(p, form, "code", Text("accounts-code-expired"), true),
    }
}

async fn check_password(
    State(accounts): State<Accounts>,
    client: ClientIp,
    p: Page,
    FormData(form): FormData<SignInForm>,
) -> Result<Response> {
    accounts.try_limit.check(&client.network())?;
    let found = match Contact::parse(&form.contact) {
        Some(contact) => accounts.check_password(&contact, &form.password).await?,
        None => None,
    };
    match found {
        Some(account) => signed_in(&accounts, &account, &p, &form.next).await,
        None => again(p, form, "password", Text("accounts-password-wrong"), false),
    }
}

async fn follow_link(
    State(accounts): State<Accounts>,
    p: Page,
    method: Method,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response> {
    // A link is good for so many uses. Looking whether it leads somewhere is none, nor is a browser's guess that it will be opened,
    // which must not be answered with what the real visit is to get.
    if method == Method::HEAD {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if headers.contains_key("sec-purpose") {
        return Err(AppError::Overloaded(1));
    }
    let account = accounts.redeem_link(&token).await?.ok_or(AppError::Gone(Text("accounts-link-used")))?;
    signed_in(&accounts, &account, &p, "/").await
}

#[derive(Template)]
#[template(path = "accounts/setup.html")]
struct SetupPage {
    p: Page,
    fields: Fields,
    form: SetupForm,
}

#[derive(Deserialize, Default)]
struct SetupForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    contact: String,
    #[serde(default)]
    password: String,
}

async fn show_setup(State(accounts): State<Accounts>, p: Page, Path(token): Path<String>) -> Result<Response> {
    if !accounts.setup_is_open(&token).await? {
        return Err(AppError::Gone(Text("accounts-link-used")));
    }
    html(&SetupPage { p, fields: Fields::default(), form: SetupForm::default() })
}

async fn set_up(
    State(accounts): State<Accounts>,
    p: Page,
    Path(token): Path<String>,
    FormData(form): FormData<SetupForm>,
) -> Result<Response> {
    let mut fields = Fields::default();
    let (name, contact) = (fields.line("name", &form.name, 40), Contact::parse(&form.contact));
    if name.is_empty() {
        fields.add("name", Text("accounts-name-needed"));
    }
    if form.password.chars().count() < 10 {
        fields.add("password", Text("accounts-password-short"));
    }
    let Some(contact) = contact.filter(|_| fields.is_empty()) else {
        if Contact::parse(&form.contact).is_none() {
            fields.add("contact", Text("accounts-contact-wrong"));
        }
        let page = SetupPage { p, fields, form };
        return form_again(&page, &page.fields);
    };
    let account = accounts.set_up(&token, &name, &contact, &form.password, p.language()).await?;
    signed_in(&accounts, &account, &p, "/").await
}

async fn signed_in(accounts: &Accounts, account: &Account, p: &Page, next: &str) -> Result<Response> {
    let cookie = session_cookie(accounts, account).await?;
    let mut response = see_other(back_to(next), &p.t1("accounts-welcome", "name", &account.name));
    response.headers_mut().append(header::SET_COOKIE, cookie.parse()?);
    if accounts.roles_of(account.id).await?.is_any() {
        response.extensions_mut().insert(Regular);
    }
    Ok(response)
}

impl Accounts {
    /// The viewer's account, or that of a new guest with the `Set-Cookie` value of its device key.
    pub async fn device(&self, viewer: &Viewer, network: IpAddr, name: &str, lang: Lang) -> Result<(Account, Option<String>)> {
        if let Some(account) = &viewer.account {
            return Ok((account.clone(), None));
        }
        self.guest_limit.check(&network)?;
        let (account, token) = self.create_guest(name, lang).await?;
        Ok((account, Some(lasting_cookie(self, token))))
    }

    /// Signs somebody in who has just proven who they are: the `Set-Cookie` value of a new session.
    pub async fn sign_in(&self, account: &Account) -> Result<String> {
        session_cookie(self, account).await
    }
}

/// Opens a session and returns the `Set-Cookie` value that carries it.
pub(super) async fn session_cookie(accounts: &Accounts, account: &Account) -> Result<String> {
    Ok(lasting_cookie(accounts, accounts.open_session(account).await?))
}

fn lasting_cookie(accounts: &Accounts, token: String) -> String {
    format!("{}; Max-Age=34560000", cookie(accounts, token))
}

fn cookie(accounts: &Accounts, token: String) -> Cookie<'static> {
    Cookie::build((COOKIE, token)).path("/").http_only(true).same_site(SameSite::Lax).secure(accounts.secure_cookies).build()
}

/// The session's end is the server's to know.
pub(super) fn call_cookie(accounts: &Accounts, token: String, path: String) -> String {
    let cookie = Cookie::build((CALL_COOKIE, token)).path(path).http_only(true).same_site(SameSite::Lax).secure(accounts.secure_cookies);
    format!("{}; Max-Age=172800", cookie.build())
}

async fn sign_out(State(accounts): State<Accounts>, p: Page, headers: HeaderMap) -> Result<Response> {
    if let Some(token) = CookieJar::from_headers(&headers).get(COOKIE) {
        accounts.close_session(token.value()).await?;
    }
    let mut response = see_other("/", &p.t("accounts-signed-out"));
    let gone = format!("{}; Max-Age=0", cookie(&accounts, new_token()));
    response.headers_mut().append(header::SET_COOKIE, gone.parse()?);
    Ok(response)
}

#[derive(Deserialize)]
struct GuestForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    next: String,
}

/// Gives a stranger a name and a device key; somebody already known is renamed if a guest.
async fn become_guest(
    State(accounts): State<Accounts>,
    client: ClientIp,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    FormData(form): FormData<GuestForm>,
) -> Result<Response> {
    let name = named(&form.name, 20)?;
    let json = headers.get(header::ACCEPT).is_some_and(|a| a.as_bytes().starts_with(b"application/json"));
    let (account, cookie) = accounts.device(&viewer, client.network(), &name, p.language()).await?;
    if cookie.is_none() && account.guest.0 {
        accounts.rename(account.id, &name).await?;
    }
    let mut response = match json {
        true => Json(serde_json::json!({"id": account.id, "name": name})).into_response(),
        false => see_other(back_to(&form.next), ""),
    };
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie.parse()?);
    }
    Ok(response)
}

async fn rename(State(accounts): State<Accounts>, viewer: Viewer, FormData(form): FormData<GuestForm>) -> Result<Response> {
    accounts.rename(viewer.known()?.id, &form.name).await?;
    Ok(see_other(back_to(&form.next), ""))
}
