//! The page behind the code of a slip.

use super::Stations;
use super::slip::Refused;
use crate::web::{AppError, ClientIp, Fields, FormData, Page, Result, Text, form_again, html, private, see_other};
use askama::Template;
use axum::extract::{Path, State as Use};
use axum::http::header;
use axum::response::Response;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "stations/claim.html")]
struct ClaimPage {
    p: Page,
    token: String,
    fields: Fields,
}

#[derive(Deserialize)]
pub(super) struct PinForm {
    #[serde(default)]
    pin: String,
}

pub(super) async fn show(Use(all): Use<Stations>, client: ClientIp, p: Page, Path(token): Path<String>) -> Result<Response> {
    all.accounts().let_try(client.network())?;
    if !all.is_open(&token).await? {
        return Err(AppError::Gone(Text("stations-slip-gone")));
    }
    Ok(private(html(&ClaimPage { p, token, fields: Fields::default() })?))
}

pub(super) async fn claim(
    Use(all): Use<Stations>,
    client: ClientIp,
    p: Page,
    Path(token): Path<String>,
    FormData(form): FormData<PinForm>,
) -> Result<Response> {
    all.accounts().let_try(client.network())?;
    match all.claim(&token, &form.pin).await? {
        Ok(id) => {
            let account = all.accounts().account(id).await?.ok_or(AppError::NotFound)?;
            let cookie = all.accounts().sign_in(&account).await?;
            let mut response = see_other("/me", &p.t("stations-claimed"));
            response.headers_mut().append(header::SET_COOKIE, cookie.parse()?);
            Ok(response)
        }
        Err(Refused::WrongPin) => {
            let page = ClaimPage { p, token, fields: Fields::of("pin", Text("stations-wrong-pin")) };
            Ok(private(form_again(&page, &page.fields)?))
        }
        Err(Refused::Gone) => Err(AppError::Gone(Text("stations-slip-gone"))),
    }
}
