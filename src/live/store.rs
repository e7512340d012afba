//! All SQL of the journal.

use super::event::{Card, Entry, Event};
use super::told::Notice;
use crate::clock::Millis;
use crate::db::{ManyRows, listed};
use crate::ids::{AccountId, QuestionId, RoomId, SlideId};
use sqlx::{Any, AnyPool, AssertSqlSafe, Transaction};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[(
    "room_events",
    "SELECT r.title_zh AS room, e.seq, e.at, e.kind, e.body FROM rooms r CROSS JOIN room_events e \
         WHERE e.room_id = r.id AND e.author_id = $1 ORDER BY e.at",
)];

/// Number, time and content, then the number and the content of the message that it answers.
type Row = (i64, i64, String, Option<i64>, Option<String>);

macro_rules! select_entry {
    ($rest:literal) => {
        select_entry!("body", $rest)
    };
    ($content:literal, $rest:literal) => {
        concat!(
            "SELECT e.seq, e.at, e.",
            $content,
            ", e.reply_to, q.body FROM room_events e LEFT JOIN room_events q ON q.room_id = e.room_id AND q.seq = e.reply_to WHERE ",
            $rest
        )
    };
}

fn event(body: &str) -> sqlx::Result<Event> {
    serde_json::from_str(body).map_err(|e| sqlx::Error::Decode(Box::new(e)))
}

fn entry((seq, at, body, reply_to, original): Row) -> sqlx::Result<Entry> {
    let mut shown = event(&body)?;
    if reply_to.is_some() {
        let original = original.as_deref().map(event).transpose()?;
        shown.quote(reply_to, original.as_ref());
    }
    Ok(Entry { seq, at, event: shown })
}

fn body(event: &Event) -> sqlx::Result<String> {
    serde_json::to_string(&*event.stored()).map_err(|e| sqlx::Error::Encode(Box::new(e)))
}

pub(super) async fn last_seq(db: &AnyPool, room: RoomId) -> sqlx::Result<i64> {
    let (seq,): (i64,) =
        sqlx::query_as("SELECT COALESCE(MAX(seq), CAST(0 AS BIGINT)) FROM room_events WHERE room_id = $1").bind(room).fetch_one(db).await?;
    Ok(seq)
}

/// Rooms in one question.
const AT_ONCE: usize = 200;

static EVENTS: LazyLock<ManyRows> = LazyLock::new(|| {
    let into = "INSERT INTO room_events (room_id, seq, at, kind, author_id, client_id, body, reply_to)";
    ManyRows::new(into, 8, "ON CONFLICT (room_id, author_id, client_id) DO NOTHING")
});

/// Adds events unless their authors sent them before; says how many were added.
pub(super) async fn insert(tx: &mut Transaction<'_, Any>, entries: &[(RoomId, &Entry)]) -> sqlx::Result<u64> {
    let mut added = 0;
    for (statement, some) in EVENTS.of(tx, entries) {
        let mut query = sqlx::query(statement);
        for (room, entry) in some {
            let once = entry.event.once_key();
            query = query
                .bind(*room)
                .bind(entry.seq)
                .bind(entry.at)
                .bind(entry.event.kind())
                .bind(once.map(|(author, _)| author.to_string()))
                .bind(once.map(|(_, client)| client.to_owned()))
                .bind(body(&entry.event)?)
                .bind(entry.event.answers());
        }
        added += query.execute(&mut **tx).await?.rows_affected();
    }
    Ok(added)
}

/// The event that this author sent before under this client id.
pub(super) async fn sent_before(
    db: impl sqlx::Executor<'_, Database = Any>,
    room: RoomId,
    author: &str,
    client: &str,
) -> sqlx::Result<Option<Entry>> {
    let row: Option<Row> = sqlx::query_as(select_entry!("e.room_id = $1 AND e.author_id = $2 AND e.client_id = $3"))
        .bind(room)
        .bind(author)
        .bind(client)
        .fetch_optional(db)
        .await?;
    row.map(entry).transpose()
}

/// Events after `since`, oldest first, at most `limit`.
pub(super) async fn after(db: &AnyPool, room: RoomId, since: i64, limit: i64) -> sqlx::Result<Vec<Entry>> {
    let rows: Vec<Row> = sqlx::query_as(select_entry!("e.room_id = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3"))
        .bind(room)
        .bind(since)
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(entry).collect()
}

/// Events before `before`, newest first, at most `limit`.
pub(super) async fn before(db: &AnyPool, room: RoomId, before: i64, limit: i64) -> sqlx::Result<Vec<Entry>> {
    let rows: Vec<Row> = sqlx::query_as(select_entry!("e.room_id = $1 AND e.seq < $2 ORDER BY e.seq DESC LIMIT $3"))
        .bind(room)
        .bind(before)
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(entry).collect()
}

/// One event.
pub(super) async fn at(db: &AnyPool, room: RoomId, seq: i64) -> sqlx::Result<Option<Entry>> {
    let row: Option<Row> = sqlx::query_as(select_entry!("e.room_id = $1 AND e.seq = $2")).bind(room).bind(seq).fetch_optional(db).await?;
    row.map(entry).transpose()
}

/// The newest event of a kind that is no message: the index of kinds knows no messages, and is used where a query says so too.
async fn last_of(db: &AnyPool, room: RoomId, kind: &str) -> sqlx::Result<Option<Entry>> {
    let row: Option<Row> =
        sqlx::query_as(select_entry!("e.room_id = $1 AND e.kind = $2 AND e.kind <> 'message' ORDER BY e.seq DESC LIMIT 1"))
            .bind(room)
            .bind(kind)
            .fetch_optional(db)
            .await?;
    row.map(entry).transpose()
}

/// What was put on stage last.
pub(super) async fn last_card(db: &AnyPool, room: RoomId) -> sqlx::Result<Option<Card>> {
    Ok(last_of(db, room, "spotlight").await?.and_then(|entry| match entry.event {
        Event::Spotlight { card } => card,
        _ => None,
    }))
}

/// What was pinned last, unless it was unpinned.
pub(super) async fn last_notice(db: &AnyPool, room: RoomId) -> sqlx::Result<Option<Notice>> {
    Ok(last_of(db, room, "notice").await?.and_then(|entry| match entry.event {
        Event::Notice(notice) if !notice.text.is_empty() => Some(notice),
        _ => None,
    }))
}

/// The picture that was shown last.
pub(super) async fn last_slide(db: &AnyPool, room: RoomId) -> sqlx::Result<Option<(SlideId, String)>> {
    Ok(last_of(db, room, "slide").await?.and_then(|entry| match entry.event {
        Event::Slide { slide, title } => Some((slide?, title)),
        _ => None,
    }))
}

/// What was told of a question.
pub(super) async fn entries_of_question(db: &AnyPool, room: RoomId, question: QuestionId) -> sqlx::Result<Vec<Entry>> {
    let question = format!("%{question}%");
    let select = select_entry!("e.room_id = $1 AND e.kind = 'question' AND e.kind <> 'message' AND e.body LIKE $2 ORDER BY e.seq");
    let rows: Vec<Row> = sqlx::query_as(select).bind(room).bind(question).fetch_all(db).await?;
    rows.into_iter().map(entry).collect()
}

/// Replaces an event's content for good.
pub(super) async fn rewrite(db: &AnyPool, room: RoomId, entry: &Entry) -> sqlx::Result<()> {
    sqlx::query("UPDATE room_events SET body = $3 WHERE room_id = $1 AND seq = $2")
        .bind(room)
        .bind(entry.seq)
        .bind(body(&entry.event)?)
        .execute(db)
        .await
        .map(|_| ())
}

/// The newest events of a kind that is no message, newest first.
pub(super) async fn newest_of(db: &AnyPool, room: RoomId, kind: &str, limit: i64) -> sqlx::Result<Vec<Entry>> {
    let select = select_entry!("e.room_id = $1 AND e.kind = $2 AND e.kind <> 'message' ORDER BY e.seq DESC LIMIT $3");
    let rows: Vec<Row> = sqlx::query_as(select).bind(room).bind(kind).bind(limit).fetch_all(db).await?;
    rows.into_iter().map(entry).collect()
}

/// A person's messages.
pub(super) async fn messages_of(tx: &mut Transaction<'_, Any>, room: RoomId, author: &str) -> sqlx::Result<Vec<Entry>> {
    let select = select_entry!("e.room_id = $1 AND e.author_id = $2 AND e.kind = 'message' ORDER BY e.seq");
    let rows: Vec<Row> = sqlx::query_as(select).bind(room).bind(author).fetch_all(&mut **tx).await?;
    rows.into_iter().map(entry).collect()
}

/// The rooms in which somebody wrote a message that says something.
pub(super) async fn written_in(db: &AnyPool, author: &str) -> sqlx::Result<Vec<RoomId>> {
    let rows: Vec<(RoomId,)> = sqlx::query_as(
        "SELECT r.id FROM rooms r WHERE EXISTS (SELECT 1 FROM room_events e WHERE e.room_id = r.id AND e.author_id = $1 AND e.kind = 'message')",
    )
    .bind(author)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Empties the moderators' record of somebody's messages.
pub(super) async fn forget_hidden(db: &AnyPool, author: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE room_events SET hidden = NULL WHERE author_id = $1 AND hidden IS NOT NULL")
        .bind(author)
        .execute(db)
        .await
        .map(|_| ())
}

pub(super) async fn has_written(db: &AnyPool, room: RoomId, author: &str) -> sqlx::Result<bool> {
    let row: Option<(i64,)> =
        sqlx::query_as("SELECT seq FROM room_events WHERE room_id = $1 AND author_id = $2 AND kind = 'message' LIMIT 1")
            .bind(room)
            .bind(author)
            .fetch_optional(db)
            .await?;
    Ok(row.is_some())
}

/// Events of a kind since a time, counted.
pub(super) async fn count_since(db: &AnyPool, room: RoomId, kind: &str, since: i64) -> sqlx::Result<i64> {
    let (n,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM room_events WHERE room_id = $1 AND kind = $2 AND at >= $3")
        .bind(room)
        .bind(kind)
        .bind(since)
        .fetch_one(db)
        .await?;
    Ok(n)
}

/// Replaces an event's content and keeps the old one out of sight.
pub(super) async fn redact(db: impl sqlx::Executor<'_, Database = Any>, room: RoomId, entry: &Entry) -> sqlx::Result<()> {
    sqlx::query("UPDATE room_events SET hidden = COALESCE(hidden, body), body = $3 WHERE room_id = $1 AND seq = $2")
        .bind(room)
        .bind(entry.seq)
        .bind(body(&entry.event)?)
        .execute(db)
        .await
        .map(|_| ())
}

/// Rooms whose stream has begun and not ended, as far as the journal tells.
pub(super) async fn unended_streams(db: &AnyPool) -> sqlx::Result<Vec<RoomId>> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT room_id, MAX(CASE WHEN kind = 'stream-started' THEN seq ELSE CAST(0 AS BIGINT) END), \
         MAX(CASE WHEN kind = 'stream-ended' THEN seq ELSE CAST(0 AS BIGINT) END) \
         FROM room_events WHERE kind IN ('stream-started', 'stream-ended') AND kind <> 'message' GROUP BY room_id",
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter(|(_, started, ended)| started > ended).filter_map(|(room, ..)| room.parse().ok()).collect())
}

/// When the last streams of these rooms ended.
pub(super) async fn streams_ended(db: &AnyPool, rooms: &[RoomId]) -> sqlx::Result<HashMap<RoomId, Millis>> {
    let mut ends = HashMap::new();
    for some in rooms.chunks(AT_ONCE) {
        let listed = listed(0, some.len());
        let sql = format!(
            "SELECT room_id, MAX(at) FROM room_events WHERE kind = 'stream-ended' AND kind <> 'message' AND room_id IN ({listed}) GROUP BY room_id"
        );
        let query = some.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, room| query.bind(*room));
        let rows: Vec<(String, Millis)> = query.fetch_all(db).await?;
        ends.extend(rows.into_iter().filter_map(|(room, at)| Some((room.parse().ok()?, at))));
    }
    Ok(ends)
}

/// Puts back what was taken away; false if nothing was.
pub(super) async fn restore(db: &AnyPool, room: RoomId, seq: i64) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE room_events SET body = hidden, hidden = NULL WHERE room_id = $1 AND seq = $2 AND hidden IS NOT NULL")
        .bind(room)
        .bind(seq)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The same for all messages of a person.
pub(super) async fn restore_all(tx: &mut Transaction<'_, Any>, room: RoomId, author: &str) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE room_events SET body = hidden, hidden = NULL WHERE room_id = $1 AND author_id = $2 AND kind = 'message' AND hidden IS NOT NULL",
    )
    .bind(room)
    .bind(author)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// What was taken away, as it was, newest first.
pub(super) async fn deleted(db: &AnyPool, room: RoomId, limit: i64) -> sqlx::Result<Vec<Entry>> {
    let rows: Vec<Row> = sqlx::query_as(select_entry!("hidden", "e.room_id = $1 AND e.hidden IS NOT NULL ORDER BY e.seq DESC LIMIT $2"))
        .bind(room)
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(entry).collect()
}

/// What a message says now, within the transaction in which an answer to it is stored.
pub(super) async fn original(tx: &mut Transaction<'_, Any>, room: RoomId, seq: i64) -> sqlx::Result<Option<Event>> {
    let row: Option<(String,)> = sqlx::query_as("SELECT body FROM room_events WHERE room_id = $1 AND seq = $2")
        .bind(room)
        .bind(seq)
        .fetch_optional(&mut **tx)
        .await?;
    row.map(|(body,)| event(&body)).transpose()
}

/// Who wrote the newest messages of a room, who wrote last first, each by account and name once.
pub(super) async fn writers(db: &AnyPool, room: RoomId, messages: i64) -> sqlx::Result<Vec<(AccountId, String)>> {
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT body FROM room_events WHERE room_id = $1 AND kind = 'message' ORDER BY seq DESC LIMIT $2")
            .bind(room)
            .bind(messages)
            .fetch_all(db)
            .await?;
    let mut writers = Vec::new();
    for (body,) in rows {
        if let Event::Message { author, name, .. } = event(&body)?
            && !writers.contains(&(author, name.clone()))
        {
            writers.push((author, name));
        }
    }
    Ok(writers)
}
