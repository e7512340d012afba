//! What was said in a room, as a file for the organisers' record: a table for spreadsheets, or one entry a line for programs.
//!
//! Read page by page while it is sent, so that a room of a hundred thousand messages costs no memory. What was taken away is listed
//! without its words. Each export is a line of the audit log before the first byte leaves.

use super::Chat;
use crate::accounts::Viewer;
use crate::fairs::Fair;
use crate::ids::RoomId;
use crate::live::{Entry, Event, Live};
use crate::web::{AppError, BOM, Id, Page, Result, csv_row as row};
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;

/// Entries read at a time.
const AT_A_TIME: i64 = 500;

pub(super) fn routes() -> Router<Chat> {
    Router::new().route("/rooms/{id}/chat/export", get(export))
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Csv,
    Jsonl,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => "application/x-ndjson",
        }
    }
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    format: Format,
}

/// `GET /rooms/{id}/chat/export?format=csv|jsonl`, for organisers of the fair.
async fn export(
    State(chat): State<Chat>,
    viewer: Viewer,
    p: Page,
    Id(room): Id<RoomId>,
    Query(Wanted { format }): Query<Wanted>,
) -> Result<Response> {
    let view = chat.live.rooms.visible_to(&viewer, room).await?;
    if !viewer.organises(view.fair.id) {
        return Err(AppError::NotFound);
    }
    let accounts = &chat.moderation.accounts;
    let last = chat.live.last_seq(room).await?;
    let detail = format!("room={room} format={} entries={last}", format.name());
    accounts.audit(viewer.known()?.id, "chat.export", &room.to_string(), Some(view.fair.id), "", &detail).await?;
    let day = view.fair.local(&accounts.clock.now()).chars().take(10).collect::<String>();
    let name = format!("attachment; filename=\"chat-{day}-{room}.{}\"", format.name());
    let begin = match format {
        Format::Csv => format!("{BOM}{}", row(&COLUMNS.map(|key| p.t(key.0)))),
        Format::Jsonl => String::new(),
    };
    let roles = [p.t("chat-badge-host"), p.t("chat-badge-organiser"), p.t("chat-badge-co-host")];
    let pages = Pages { live: chat.live.clone(), room, fair: view.fair, format, since: 0, last, begin, roles };
    let body = Body::from_stream(stream::unfold(Some(pages), next));
    let headers = [
        (header::CONTENT_TYPE, format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// What is left to be sent.
struct Pages {
    live: Live,
    room: RoomId,
    fair: Fair,
    format: Format,
    since: i64,
    /// The newest entry when the export began: what is said meanwhile belongs to the next one.
    last: i64,
    begin: String,
    /// What hosts and organisers are called in the table.
    roles: [String; 3],
}

/// The next page. One that cannot be read breaks the download off, rather than to look like the end.
async fn next(pages: Option<Pages>) -> Option<(std::io::Result<Bytes>, Option<Pages>)> {
    let mut pages = pages?;
    let mut text = std::mem::take(&mut pages.begin);
    if pages.since < pages.last {
        let entries = match pages.live.after(pages.room, pages.since, AT_A_TIME).await {
            Ok(entries) => entries,
            Err(error) => {
                tracing::error!(?error, "a chat could not be exported");
                return Some((Err(std::io::Error::other("the export broke off")), None));
            }
        };
        let ends = entries.last().is_none_or(|entry| entry.seq >= pages.last);
        pages.since = if ends { pages.last } else { entries.last().map_or(pages.last, |entry| entry.seq) };
        for entry in entries.iter().filter(|entry| entry.seq <= pages.last) {
            text.push_str(&match pages.format {
                Format::Csv => csv(entry, &pages.fair, &pages.roles).unwrap_or_default(),
                Format::Jsonl => jsonl(entry, &pages.fair),
            });
        }
    } else if text.is_empty() {
        return None;
    }
    let done = pages.since >= pages.last;
    Some((Ok(text.into()), (!done).then_some(pages)))
}

/// The columns of the table, as text keys.
const COLUMNS: [crate::web::Text; 8] = {
    use crate::web::Text;
    [
        Text("chat-export-seq"),
        Text("chat-export-time"),
        Text("chat-export-name"),
        Text("chat-export-role"),
        Text("chat-export-text"),
        Text("chat-export-reply"),
        Text("chat-export-deleted"),
        Text("chat-export-account"),
    ]
};

/// A message as a row of the table; none for what else happened.
fn csv(entry: &Entry, fair: &Fair, [host, organiser, co_host]: &[String; 3]) -> Option<String> {
    let Event::Message { author, name, badge, text, deleted, .. } = &entry.event else { return None };
    let reply = entry.event.answers().map(|seq| seq.to_string()).unwrap_or_default();
    let deleted = if *deleted { "1" } else { "" };
    let role = match badge.as_str() {
        "host" => host,
        "organiser" => organiser,
        "co-host" => co_host,
        _ => "",
    };
    let (seq, author) = (entry.seq.to_string(), author.to_string());
    Some(row(&[&seq, &to_the_second(entry.at, fair), name, role, text, &reply, deleted, &author].map(ToOwned::to_owned)))
}

/// An entry as on the wire, with its time in the zone of the fair.
fn jsonl(entry: &Entry, fair: &Fair) -> String {
    let mut value = serde_json::to_value(entry).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("time".to_owned(), to_the_second(entry.at, fair).into());
    }
    format!("{value}\n")
}

/// Such as `2027-02-20 09:30:00 +08:00`, in the zone of the fair.
fn to_the_second(at: i64, fair: &Fair) -> String {
    match jiff::Timestamp::from_millisecond(at) {
        Ok(at) => at.to_zoned_datetime(fair.time_zone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
        Err(_) => String::new(),
    }
}
