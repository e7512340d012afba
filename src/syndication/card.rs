//! A posting as a small page that other sites embed. It needs no cookie and no script, and may be framed by anybody.

use super::{Asked, Syndication};
use crate::accounts::Viewer;
use crate::i18n::Lang;
use crate::ids::PostingId;
use crate::postings::PostingView;
use crate::web::{AppError, ClientIp, Id, Result, asset_url};
use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// Nothing runs in it, and everybody may frame it.
const CSP: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *";

#[derive(Template)]
#[template(path = "syndication/card.html")]
struct Card {
    lang: Lang,
    origin: String,
    /// None: there is no such job, or no longer.
    view: Option<PostingView>,
}

impl Card {
    fn language(&self) -> Lang {
        self.lang
    }

    fn asset(&self, path: &str) -> String {
        asset_url(path)
    }
}

pub(super) async fn show(State(s): State<Syndication>, client: ClientIp, Asked(lang): Asked, Id(id): Id<PostingId>) -> Result<Response> {
    s.reads.check(&client.network())?;
    let (status, view) = match s.postings.visible_to(&Viewer::default(), id).await {
        Ok(view) if view.posting.takes_applications(&view.fair, s.now()) => (StatusCode::OK, Some(view)),
        Ok(_) => (StatusCode::OK, None),
        // A page that embeds it should say so, and not show an error of ours.
        Err(AppError::NotFound) => (StatusCode::NOT_FOUND, None),
        Err(error) => return Err(error),
    };
    let text = Card { lang, origin: s.origin().to_owned(), view }.render()?;
    let head = [(header::CONTENT_SECURITY_POLICY, CSP), (header::CACHE_CONTROL, "public, max-age=60")];
    Ok((status, head, Html(text)).into_response())
}
