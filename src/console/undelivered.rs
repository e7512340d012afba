//! For administrators: messages that nobody got, with the reason, to be sent again or dropped. Addresses are masked, texts not shown.

use super::Console;
use crate::accounts::{Viewer, mask};
use crate::clock::{Millis, iso};
use crate::ids::{AccountId, NoticeId};
use crate::notify::Undelivered;
use crate::web::{AppError, Id, Page, Result, Text, html, see_other};
use askama::Template;
use axum::extract::State;
use axum::response::Response;

/// Messages on one page; what is sent again or dropped makes room for the next.
const SHOWN: i64 = 100;
const PATH: &str = "/console/undelivered";

/// What is done with one message or with all.
#[derive(Clone, Copy)]
enum Deed {
    Retry,
    Drop,
}

impl Deed {
    fn action(self) -> &'static str {
        match self {
            Self::Retry => "outbox.retry",
            Self::Drop => "outbox.drop",
        }
    }
}

impl Console {
    /// Administrators only; to everybody else it is not there.
    fn administrator(viewer: &Viewer) -> Result<AccountId> {
        let person = viewer.person()?.id;
        if viewer.is_admin() { Ok(person) } else { Err(AppError::NotFound) }
    }

    /// How many messages wait for an administrator; none for anybody else.
    pub(super) async fn undelivered_for(&self, viewer: &Viewer) -> Result<i64> {
        if viewer.is_admin() { self.live.rooms.fairs.accounts.notify.count_undelivered().await } else { Ok(0) }
    }

    /// With the line in the audit log, or not at all. Without an id: all that there are.
    async fn settle(&self, viewer: &Viewer, deed: Deed, id: Option<NoticeId>) -> Result<u64> {
        let by = Self::administrator(viewer)?;
        let accounts = &self.live.rooms.fairs.accounts;
        let mut tx = accounts.db.begin().await?;
        let settled = match deed {
            Deed::Retry => accounts.notify.retry_in(&mut tx, id).await?,
            Deed::Drop => accounts.notify.drop_in(&mut tx, id).await?,
        };
        if settled == 0 {
            // Somebody else was quicker, or its time is over.
            return Err(AppError::Conflict(Text("outbox-nothing")));
        }
        let (subject, detail) = (id.map(|id| id.to_string()).unwrap_or_default(), settled.to_string());
        accounts.audit_in(&mut *tx, by, deed.action(), &subject, None, "", &detail).await?;
        tx.commit().await?;
        Ok(settled)
    }
}

#[derive(Template)]
#[template(path = "console/undelivered.html")]
struct UndeliveredPage {
    p: Page,
    count: i64,
    messages: Vec<Undelivered>,
}

impl UndeliveredPage {
    fn address(&self, message: &Undelivered) -> String {
        if message.to.is_empty() { "—".into() } else { mask(&message.to) }
    }

    fn channel(&self, message: &Undelivered) -> Text {
        match message.channel.as_str() {
            "email" => Text("outbox-email"),
            "push" => Text("outbox-push"),
            _ => Text("outbox-phone"),
        }
    }

    fn reason(&self, message: &Undelivered) -> Text {
        match message.reason.as_str() {
            "refused" => Text("outbox-refused"),
            "late" => Text("outbox-late"),
            "unreadable" => Text("outbox-unreadable"),
            _ => Text("outbox-exhausted"),
        }
    }

    fn iso(&self, at: &Millis) -> String {
        iso(*at)
    }

    /// Without scripts, which show the viewer's own time.
    fn utc(&self, at: &Millis) -> String {
        jiff::Timestamp::from_millisecond(*at).map(|t| t.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
    }
}

pub(super) async fn show(State(console): State<Console>, viewer: Viewer, p: Page) -> Result<Response> {
    Console::administrator(&viewer)?;
    let notify = &console.live.rooms.fairs.accounts.notify;
    let (count, messages) = (notify.count_undelivered().await?, notify.undelivered(SHOWN).await?);
    html(&UndeliveredPage { p, count, messages })
}

pub(super) async fn retry(State(console): State<Console>, viewer: Viewer, p: Page, Id(id): Id<NoticeId>) -> Result<Response> {
    console.settle(&viewer, Deed::Retry, Some(id)).await?;
    Ok(see_other(PATH, &p.t("outbox-retried")))
}

pub(super) async fn drop(State(console): State<Console>, viewer: Viewer, p: Page, Id(id): Id<NoticeId>) -> Result<Response> {
    console.settle(&viewer, Deed::Drop, Some(id)).await?;
    Ok(see_other(PATH, &p.t("outbox-dropped")))
}

pub(super) async fn retry_all(State(console): State<Console>, viewer: Viewer, p: Page) -> Result<Response> {
    let n = console.settle(&viewer, Deed::Retry, None).await?;
    Ok(see_other(PATH, &p.t1("outbox-retried-all", "n", n)))
}

pub(super) async fn drop_all(State(console): State<Console>, viewer: Viewer, p: Page) -> Result<Response> {
    let n = console.settle(&viewer, Deed::Drop, None).await?;
    Ok(see_other(PATH, &p.t1("outbox-dropped-all", "n", n)))
}
