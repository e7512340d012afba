//! All SQL of lines. A line is read whole and written back by what changed, if nobody else changed it meanwhile.

use super::line::{About, Desk, End, Line, Note, Place, REGRET, Stage, Talk};
use super::moves::{ANSWER, GRACE};
use crate::clock::{DAY, MINUTE, Millis};
use crate::db::{Db, Flag};
use crate::ids::{AccountId, FairId, InterviewId, PlaceId, PostingId, RoomId};
use crate::schedule::CELL;
use sqlx::{Any, AnyPool, Transaction};

/// What takes a person out of here, whose account is deleted.
pub const ERASED: &crate::db::Erased = &["UPDATE queue_places SET note = '' WHERE seeker_id = $1"];

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[(
    "queue_places",
    "SELECT r.title_zh AS room, q.topic_zh AS title, q.state, q.note, q.joined_at, q.called_at, q.ended_at FROM queue_places q \
         JOIN rooms r ON r.id = q.room_id WHERE q.seeker_id = $1 ORDER BY q.joined_at",
)];

/// A place as stored.
#[derive(sqlx::FromRow)]
struct Row {
    id: PlaceId,
    seeker_id: AccountId,
    name: String,
    posting_id: Option<PostingId>,
    topic_zh: String,
    topic_en: String,
    state: String,
    place_rank: i64,
    joined_at: Millis,
    seen_at: Millis,
    grace_from: Millis,
    moves: i64,
    note: String,
    wanted_id: Option<AccountId>,
    recruiter_id: Option<AccountId>,
    called_at: Option<Millis>,
    #[sqlx(try_from = "i64")]
    seeker_ok: Flag,
    #[sqlx(try_from = "i64")]
    recruiter_ok: Flag,
    talk_at: Option<Millis>,
    interview_id: Option<InterviewId>,
    ended_at: Option<Millis>,
    elsewhere: i64,
    #[sqlx(try_from = "i64")]
    remind: Flag,
    missed: i64,
}

const NOTES: [(&str, Note); 6] = [
    ("away", Note::Away),
    ("missed", Note::Missed),
    ("put-off", Note::PutOff),
    ("let-down", Note::LetDown),
    ("handed-over", Note::HandedOver),
    ("called-back", Note::CalledBack),
];

impl Row {
    fn talk(&self) -> Option<Talk> {
        Some(Talk { by: self.recruiter_id?, since: self.talk_at?, interview: self.interview_id? })
    }

    /// None for a row that no server wrote.
    fn stage(&self) -> Option<Stage> {
        let ended = |how| Some(Stage::Ended { how, at: self.ended_at?, talk: self.talk() });
        match self.state.as_str() {
            "waiting" => Some(Stage::Waiting),
            "called" => {
                let (by, at) = (self.recruiter_id?, self.called_at?);
                Some(Stage::Called { by, at, seeker: self.seeker_ok.0, recruiter: self.recruiter_ok.0 })
            }
            "talking" => self.talk().map(|Talk { by, since, interview }| Stage::Talking { by, since, interview }),
            "call-back" => Some(Stage::CallBack),
            "served" => ended(End::Served),
            "left" => ended(End::Left),
            "lapsed" => ended(End::Lapsed),
            "handed" => ended(End::Handed),
            _ => None,
        }
    }

    fn place(self) -> Option<Place> {
        let stage = self.stage()?;
        Some(Place {
            id: self.id,
            seeker: self.seeker_id,
            about: About { name: self.name, posting: self.posting_id, topic_zh: self.topic_zh, topic_en: self.topic_en },
            stage,
            rank: self.place_rank,
            joined_at: self.joined_at,
            seen_at: self.seen_at,
            grace_from: self.grace_from,
            moves: self.moves,
            note: NOTES.iter().find(|(name, _)| *name == self.note).map(|n| n.1),
            wanted: self.wanted_id,
            engaged: self.elsewhere > 0,
            remind: self.remind.0,
            missed: self.missed,
        })
    }
}

/// The columns that follow from a stage.
#[derive(Default)]
struct Columns {
    state: &'static str,
    recruiter: Option<AccountId>,
    called_at: Option<Millis>,
    seeker_ok: bool,
    recruiter_ok: bool,
    talk: Option<Talk>,
    ended_at: Option<Millis>,
}

impl From<Stage> for Columns {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Waiting => Self { state: "waiting", ..Self::default() },
            Stage::CallBack => Self { state: "call-back", ..Self::default() },
            Stage::Called { by, at, seeker, recruiter } => Self {
                state: "called",
                recruiter: Some(by),
                called_at: Some(at),
                seeker_ok: seeker,
                recruiter_ok: recruiter,
                ..Self::default()
            },
            Stage::Talking { by, since, interview } => {
                Self { state: "talking", recruiter: Some(by), talk: Some(Talk { by, since, interview }), ..Self::default() }
            }
            Stage::Ended { how, at, talk } => {
                let state = match how {
                    End::Served => "served",
                    End::Left => "left",
                    End::Lapsed => "lapsed",
                    End::Handed => "handed",
                };
                Self { state, recruiter: talk.map(|t| t.by), talk, ended_at: Some(at), ..Self::default() }
            }
        }
    }
}

/// A line with the version that was read. A room without one has version 0.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) version: i64,
    pub(super) line: Line,
}

/// The version is read first: a change in between makes the write fail, never the other way about.
pub(super) async fn line(db: &AnyPool, room: RoomId, now: Millis) -> sqlx::Result<Read> {
    let version: Option<(i64,)> =
        sqlx::query_as("SELECT version FROM queue_lines WHERE room_id = $1").bind(room).fetch_optional(db).await?;
    let Some((version,)) = version else { return Ok(Read { version: 0, line: Line::default() }) };
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT q.id, q.seeker_id, a.name, q.posting_id, q.topic_zh, q.topic_en, q.state, q.place_rank, q.joined_at, q.seen_at, q.grace_from, \
         q.moves, q.note, q.wanted_id, q.recruiter_id, q.called_at, q.seeker_ok, q.recruiter_ok, q.talk_at, q.interview_id, q.ended_at, q.remind, q.missed, \
         (SELECT COUNT(*) FROM queue_places o WHERE o.seeker_id = q.seeker_id AND o.state IN ('called', 'talking') AND o.room_id <> q.room_id) \
         + (SELECT COUNT(*) FROM interview_cells c WHERE c.person_id = q.seeker_id AND c.cell >= $4 AND c.cell < $5 \
         AND (c.hold_until IS NULL OR c.hold_until > $6)) AS elsewhere FROM queue_places q JOIN accounts a ON a.id = q.seeker_id \
         WHERE q.room_id = $1 AND (q.ended_at IS NULL OR q.ended_at > $2 OR (q.state = 'lapsed' AND q.ended_at > $3)) ORDER BY q.place_rank, q.id LIMIT 5000",
    )
    .bind(room)
    .bind(now - REGRET)
    // Whoever comes back within the day hears why the place is gone.
    .bind(now - DAY)
    // An interview within the length of a talk: they are not called until it is over.
    .bind(now / CELL)
    .bind((now + 15 * MINUTE) / CELL)
    .bind(now)
    .fetch_all(db)
    .await?;
    let places = rows.into_iter().filter_map(Row::place).collect();
    Ok(Read { version, line: Line { places, desks: desks(db, room).await?, lengths: lengths(db, room).await? } })
}

async fn desks(db: &AnyPool, room: RoomId) -> sqlx::Result<Vec<Desk>> {
    let rows: Vec<(AccountId, String, i64, i64, i64)> = sqlx::query_as(
        "SELECT d.recruiter_id, a.name, d.seen_at, d.paused, d.automatic FROM queue_desks d JOIN accounts a ON a.id = d.recruiter_id \
         WHERE d.room_id = $1 ORDER BY a.name, d.recruiter_id LIMIT 200",
    )
    .bind(room)
    .fetch_all(db)
    .await?;
    let desk = |(recruiter, name, seen_at, paused, auto)| Desk { recruiter, name, seen_at, paused: paused != 0, auto: auto != 0 };
    Ok(rows.into_iter().map(desk).collect())
}

/// How long the last ten talks lasted, newest first.
async fn lengths(db: &AnyPool, room: RoomId) -> sqlx::Result<Vec<Millis>> {
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT talk_at, ended_at FROM queue_places WHERE room_id = $1 AND ended_at IS NOT NULL AND talk_at IS NOT NULL \
         ORDER BY ended_at DESC LIMIT 10",
    )
    .bind(room)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(from, to)| (to - from).max(0)).collect())
}

/// Makes the line of a room if there is none.
pub(super) async fn open(db: &AnyPool, room: RoomId) -> sqlx::Result<()> {
    let sql = "INSERT INTO queue_lines (room_id, version) VALUES ($1, 1) ON CONFLICT (room_id) DO NOTHING";
    sqlx::query(sql).bind(room).execute(db).await.map(|_| ())
}

/// Writes what differs between two states of a line; `false` if somebody else changed it since it was read.
pub(super) async fn write(tx: &mut Transaction<'_, Any>, room: RoomId, read: &Read, after: &Line) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE queue_lines SET version = version + 1 WHERE room_id = $1 AND version = $2")
        .bind(room)
        .bind(read.version)
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let mut changed: Vec<_> = after.places.iter().filter(|p| !read.line.places.contains(p)).collect();
    // Whoever goes makes room for whoever comes: an index lets nobody be with two.
    changed.sort_by_key(|p| (p.is_open(), p.recruiter().is_some()));
    for place in changed {
        match read.line.places.iter().any(|p| p.id == place.id) {
            true => update(tx, place).await?,
            false => insert(tx, room, place).await?,
        }
    }
    for desk in after.desks.iter().filter(|d| !read.line.desks.contains(d)) {
        put_desk(tx, room, desk).await?;
    }
    Ok(true)
}

async fn update(tx: &mut Transaction<'_, Any>, place: &Place) -> sqlx::Result<()> {
    let columns = Columns::from(place.stage);
    sqlx::query(
        "UPDATE queue_places SET state = $2, place_rank = $3, grace_from = $4, moves = $5, note = $6, wanted_id = $7, recruiter_id = $8, \
         called_at = $9, seeker_ok = $10, recruiter_ok = $11, talk_at = $12, interview_id = $13, ended_at = $14, posting_id = $15, topic_zh = $16, topic_en = $17, \
         seen_at = CASE WHEN seen_at < $18 THEN $18 ELSE seen_at END, remind = $19, missed = $20 WHERE id = $1",
    )
    .bind(place.id)
    .bind(columns.state)
    .bind(place.rank)
    .bind(place.grace_from)
    .bind(place.moves)
    .bind(note_name(place.note))
    .bind(place.wanted.map(|w| w.to_string()))
    .bind(columns.recruiter.map(|r| r.to_string()))
    .bind(columns.called_at)
    .bind(i64::from(columns.seeker_ok))
    .bind(i64::from(columns.recruiter_ok))
    .bind(columns.talk.map(|t| t.since))
    .bind(columns.talk.map(|t| t.interview.to_string()))
    .bind(columns.ended_at)
    .bind(place.about.posting.map(|p| p.to_string()))
    .bind(&place.about.topic_zh)
    .bind(&place.about.topic_en)
    // Only ahead: the person may have been heard of since this was read.
    .bind(place.seen_at)
    .bind(i64::from(place.remind))
    .bind(place.missed)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

async fn insert(tx: &mut Transaction<'_, Any>, room: RoomId, place: &Place) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO queue_places (id, room_id, seeker_id, posting_id, topic_zh, topic_en, state, place_rank, joined_at, seen_at, grace_from, \
         moves, note, seeker_ok, recruiter_ok) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8, $9, $10, 0, '', 0, 0)",
    )
    .bind(place.id)
    .bind(room)
    .bind(place.seeker)
    .bind(place.about.posting.map(|p| p.to_string()))
    .bind(&place.about.topic_zh)
    .bind(&place.about.topic_en)
    .bind(place.rank)
    .bind(place.joined_at)
    .bind(place.seen_at)
    .bind(place.grace_from)
    .execute(&mut **tx)
    .await?;
    update(tx, place).await
}

fn note_name(note: Option<Note>) -> &'static str {
    NOTES.iter().find(|(_, known)| Some(*known) == note).map_or("", |n| n.0)
}

/// What a recruiter chose; when they were heard of is [`touch_desk`]'s.
async fn put_desk(tx: &mut Transaction<'_, Any>, room: RoomId, desk: &Desk) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO queue_desks (room_id, recruiter_id, seen_at, paused, automatic) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (room_id, recruiter_id) DO UPDATE SET paused = excluded.paused, automatic = excluded.automatic",
    )
    .bind(room)
    .bind(desk.recruiter)
    .bind(desk.seen_at)
    .bind(i64::from(desk.paused))
    .bind(i64::from(desk.auto))
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// The person of a place was heard of.
pub(super) async fn touch(db: &AnyPool, place: PlaceId, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE queue_places SET seen_at = $2 WHERE id = $1").bind(place).bind(now).execute(db).await.map(|_| ())
}

/// The grace of all places of a person counts anew. Not written each time: it is long.
pub(super) async fn spare(db: &AnyPool, seeker: AccountId, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE queue_places SET grace_from = $2 WHERE seeker_id = $1 AND state = 'waiting' AND grace_from < $3")
        .bind(seeker)
        .bind(now)
        .bind(now - MINUTE)
        .execute(db)
        .await
        .map(|_| ())
}

/// A recruiter was heard of at the desk.
pub(super) async fn touch_desk(db: &AnyPool, room: RoomId, recruiter: AccountId, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO queue_desks (room_id, recruiter_id, seen_at, paused, automatic) VALUES ($1, $2, $3, 0, 0) \
         ON CONFLICT (room_id, recruiter_id) DO UPDATE SET seen_at = excluded.seen_at",
    )
    .bind(room)
    .bind(recruiter)
    .bind(now)
    .execute(db)
    .await
    .map(|_| ())
}

/// The room of a place, whose it is, and when it ended.
pub(super) async fn owner(db: &AnyPool, place: PlaceId) -> sqlx::Result<Option<(RoomId, AccountId, Option<Millis>)>> {
    sqlx::query_as("SELECT room_id, seeker_id, ended_at FROM queue_places WHERE id = $1").bind(place).fetch_optional(db).await
}

/// A room with its titles in Chinese and English.
pub(super) type Elsewhere = (RoomId, String, String);

/// Where else a person stands in line.
pub(super) async fn elsewhere(db: &AnyPool, seeker: AccountId, room: RoomId) -> sqlx::Result<Vec<Elsewhere>> {
    sqlx::query_as(
        "SELECT r.id, r.title_zh, r.title_en FROM queue_places q JOIN rooms r ON r.id = q.room_id \
         WHERE q.seeker_id = $1 AND q.ended_at IS NULL AND q.room_id <> $2 ORDER BY q.joined_at DESC LIMIT 20",
    )
    .bind(seeker)
    .bind(room)
    .fetch_all(db)
    .await
}

/// Rooms in whose lines time alone may have changed something.
pub(super) async fn due(db: &AnyPool, now: Millis) -> sqlx::Result<Vec<RoomId>> {
    let rows: Vec<(RoomId,)> = sqlx::query_as(
        "SELECT DISTINCT room_id FROM queue_places WHERE ended_at IS NULL AND (state = 'talking' OR (state = 'called' AND called_at <= $1) \
         OR (state = 'waiting' AND seen_at <= $2 AND grace_from <= $2))",
    )
    .bind(now - ANSWER)
    .bind(now - GRACE)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// Whether anybody stands in any line.
pub(super) async fn any(db: &AnyPool) -> sqlx::Result<bool> {
    let row: Option<(PlaceId,)> = sqlx::query_as("SELECT id FROM queue_places WHERE ended_at IS NULL LIMIT 1").fetch_optional(db).await?;
    Ok(row.is_some())
}

/// When a server last watched.
pub(super) async fn watched_at(db: &AnyPool) -> sqlx::Result<Option<Millis>> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT at FROM queue_watch WHERE id = 1").fetch_optional(db).await?;
    Ok(row.map(|r| r.0))
}

/// Notes that a server watches; with `gap` all times of open places go on by it. Nothing if another server did so meanwhile.
pub(super) async fn watch(db: &Db, before: Option<Millis>, now: Millis, gap: Millis) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let done = match before {
        Some(at) => sqlx::query("UPDATE queue_watch SET at = $1 WHERE id = 1 AND at = $2").bind(now).bind(at),
        None => sqlx::query("INSERT INTO queue_watch (id, at) VALUES (1, $1) ON CONFLICT (id) DO NOTHING").bind(now),
    };
    if done.execute(&mut *tx).await?.rows_affected() == 1 && gap != 0 {
        sqlx::query("UPDATE queue_lines SET version = version + 1").execute(&mut *tx).await?;
        for sql in [
            "UPDATE queue_places SET seen_at = seen_at + $1, grace_from = grace_from + $1, called_at = called_at + $1 WHERE ended_at IS NULL",
            "UPDATE queue_places SET talk_at = talk_at + $1 WHERE state = 'talking'",
        ] {
            sqlx::query(sql).bind(gap).execute(&mut *tx).await?;
        }
        // A desk is not kept over an outage, but a clock set back must not make it look attended until that time comes again.
        if gap < 0 {
            sqlx::query("UPDATE queue_desks SET seen_at = seen_at + $1").bind(gap).execute(&mut *tx).await?;
        }
    }
    tx.commit().await
}

/// A message that is to be sent, with the names of the booth in Chinese and English.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct DueNotice {
    pub(super) place_id: PlaceId,
    pub(super) kind: String,
    pub(super) room_id: RoomId,
    pub(super) title_zh: String,
    pub(super) title_en: String,
}

/// Notes that somebody is to be told something, once and never again.
pub(super) async fn insert_notice(tx: &mut Transaction<'_, Any>, place: PlaceId, kind: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO queue_notices (place_id, kind, at, claimed_until) VALUES ($1, $2, $3, 0) ON CONFLICT (place_id, kind) DO NOTHING",
    )
    .bind(place)
    .bind(kind)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Messages that nobody else sends until `until`.
pub(super) async fn claim_notices(db: &AnyPool, now: Millis, until: Millis, limit: i64) -> sqlx::Result<Vec<DueNotice>> {
    let due: Vec<DueNotice> = sqlx::query_as(
        "SELECT n.place_id, n.kind, q.room_id, r.title_zh, r.title_en FROM queue_notices n JOIN queue_places q ON q.id = n.place_id \
         JOIN rooms r ON r.id = q.room_id WHERE n.told_at IS NULL AND n.claimed_until < $1 ORDER BY n.at LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(db)
    .await?;
    let mut claimed = Vec::with_capacity(due.len());
    for notice in due {
        let sql =
            "UPDATE queue_notices SET claimed_until = $3 WHERE place_id = $1 AND kind = $2 AND told_at IS NULL AND claimed_until < $4";
        let done = sqlx::query(sql).bind(notice.place_id).bind(&notice.kind).bind(until).bind(now).execute(db).await?;
        if done.rows_affected() == 1 {
            claimed.push(notice);
        }
    }
    Ok(claimed)
}

/// A message is sent, or is not true any more; false if that was settled before.
pub(super) async fn settle_notice(tx: &mut Transaction<'_, Any>, notice: &DueNotice, now: Millis) -> sqlx::Result<bool> {
    let sql = "UPDATE queue_notices SET told_at = $3 WHERE place_id = $1 AND kind = $2 AND told_at IS NULL";
    let done = sqlx::query(sql).bind(notice.place_id).bind(&notice.kind).bind(now).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

/// A place with what figures need of it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Stood {
    pub(super) room_id: RoomId,
    pub(super) state: String,
    pub(super) joined_at: Millis,
    pub(super) talk_at: Option<Millis>,
    pub(super) ended_at: Option<Millis>,
    pub(super) missed: i64,
}

/// All places of a fair, open and ended.
pub(super) async fn stood(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<Stood>> {
    sqlx::query_as(
        "SELECT q.room_id, q.state, q.joined_at, q.talk_at, q.ended_at, q.missed FROM queue_places q JOIN rooms r ON r.id = q.room_id \
         WHERE r.fair_id = $1 ORDER BY q.joined_at DESC LIMIT 100000",
    )
    .bind(fair)
    .fetch_all(db)
    .await
}

/// When any recruiter was last heard of at each desk of a fair.
pub(super) async fn desks_seen(db: &AnyPool, fair: FairId) -> sqlx::Result<Vec<(RoomId, Millis)>> {
    sqlx::query_as(
        "SELECT d.room_id, MAX(d.seen_at) FROM queue_desks d JOIN rooms r ON r.id = d.room_id WHERE r.fair_id = $1 GROUP BY d.room_id",
    )
    .bind(fair)
    .fetch_all(db)
    .await
}
