//! All SQL of guests on stage and of captioners; that of slides and co-hosts is below.

pub(super) mod co_hosts;
pub(super) mod slides;

use super::captions::Captioner;
use super::guests::{Guest, How};
use crate::clock::Millis;
use crate::ids::{AccountId, GuestId, RoomId};
use sqlx::{Any, AnyPool, Transaction};

/// What takes a person out of here, whose account is deleted.
pub const ERASED: &crate::db::Erased = &[
    "UPDATE stage_guests SET name = '已注销' WHERE account_id = $1",
    "UPDATE room_co_hosts SET name = '已注销' WHERE account_id = $1",
    "DELETE FROM room_captioners WHERE account_id = $1",
];

/// What is kept here of a person, for them to take along.
pub(super) const PERSONAL: &crate::db::Personal = &[
    (
        "stage_guests",
        "SELECT r.title_zh AS room, g.name, g.video, g.invited_at, g.accepted_at, g.ended_at, g.how FROM stage_guests g JOIN rooms r ON r.id = g.room_id \
         WHERE g.account_id = $1 ORDER BY g.invited_at",
    ),
    (
        "room_co_hosts",
        "SELECT r.title_zh AS room, h.name, h.named_at, h.ended_at, h.how FROM room_co_hosts h JOIN rooms r ON r.id = h.room_id \
         WHERE h.account_id = $1 ORDER BY h.named_at",
    ),
    (
        "room_captioners",
        "SELECT r.title_zh AS room, c.name, c.named_at FROM room_captioners c JOIN rooms r ON r.id = c.room_id WHERE c.account_id = $1",
    ),
];

macro_rules! select_guest {
    ($rest:literal) => {
        concat!(
            "SELECT id, room_id, account_id, name, host_name, video, muted, invited_at, accepted_at, ended_at FROM stage_guests ",
            $rest
        )
    };
}

/// Ends the invitations of a room that were not answered in time, so that their places are free.
pub(super) async fn lapse(tx: &mut Transaction<'_, Any>, room: RoomId, before: Millis, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE stage_guests SET ended_at = $3, how = 'lapsed' WHERE room_id = $1 AND ended_at IS NULL AND accepted_at IS NULL AND invited_at <= $2",
    )
    .bind(room)
    .bind(before)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Gives a guest a place; false if it is taken, or the person has one already.
pub(super) async fn invite(tx: &mut Transaction<'_, Any>, g: &Guest, host: AccountId, place: i64) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO stage_guests (id, room_id, account_id, name, host_id, host_name, place, video, muted, invited_at, how) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, '') ON CONFLICT DO NOTHING",
    )
    .bind(g.id)
    .bind(g.room_id)
    .bind(g.account_id)
    .bind(&g.name)
    .bind(host)
    .bind(&g.host_name)
    .bind(place)
    .bind(i64::from(g.video.0))
    .bind(g.invited_at)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn guest(db: &AnyPool, id: GuestId) -> sqlx::Result<Option<Guest>> {
    sqlx::query_as(select_guest!("WHERE id = $1")).bind(id).fetch_optional(db).await
}

/// The open invitation of a person in a room.
pub(super) async fn guest_of(db: impl sqlx::Executor<'_, Database = Any>, room: RoomId, account: AccountId) -> sqlx::Result<Option<Guest>> {
    sqlx::query_as(select_guest!("WHERE room_id = $1 AND account_id = $2 AND ended_at IS NULL"))
        .bind(room)
        .bind(account)
        .fetch_optional(db)
        .await
}

/// The open invitations of a room, the oldest first.
pub(super) async fn guests(db: &AnyPool, room: RoomId) -> sqlx::Result<Vec<Guest>> {
    sqlx::query_as(select_guest!("WHERE room_id = $1 AND ended_at IS NULL ORDER BY invited_at, id")).bind(room).fetch_all(db).await
}

/// The open invitations of all rooms.
pub(super) async fn open_guests(db: &AnyPool) -> sqlx::Result<Vec<Guest>> {
    sqlx::query_as(select_guest!("WHERE ended_at IS NULL ORDER BY room_id, id LIMIT 2000")).fetch_all(db).await
}

/// Accepts an invitation that is not older than `since`; false if it is over.
pub(super) async fn accept(db: &AnyPool, id: GuestId, now: Millis, since: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE stage_guests SET accepted_at = $2 WHERE id = $1 AND ended_at IS NULL AND accepted_at IS NULL AND invited_at > $3",
    )
    .bind(id)
    .bind(now)
    .bind(since)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends an invitation or a guest's time on stage; false if that is over already, or if what is to lapse was accepted.
pub(super) async fn end(db: &AnyPool, id: GuestId, how: How, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE stage_guests SET ended_at = $2, how = $3 WHERE id = $1 AND ended_at IS NULL AND ($4 <> 'lapsed' OR accepted_at IS NULL)",
    )
    .bind(id)
    .bind(now)
    .bind(how.name())
    .bind(how.name())
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn mute(db: &AnyPool, id: GuestId, muted: bool) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE stage_guests SET muted = $2 WHERE id = $1 AND ended_at IS NULL")
        .bind(id)
        .bind(i64::from(muted))
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn name_captioner(db: &AnyPool, room: RoomId, captioner: &Captioner, by: AccountId, at: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO room_captioners (room_id, account_id, name, named_by, named_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (room_id, account_id) DO NOTHING",
    )
    .bind(room)
    .bind(captioner.account_id)
    .bind(&captioner.name)
    .bind(by)
    .bind(at)
    .execute(db)
    .await
    .map(|_| ())
}

pub(super) async fn dismiss_captioner(db: &AnyPool, room: RoomId, account: AccountId) -> sqlx::Result<bool> {
    let done =
        sqlx::query("DELETE FROM room_captioners WHERE room_id = $1 AND account_id = $2").bind(room).bind(account).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn captioners(db: &AnyPool, room: RoomId) -> sqlx::Result<Vec<Captioner>> {
    sqlx::query_as("SELECT account_id, name FROM room_captioners WHERE room_id = $1 ORDER BY named_at, account_id LIMIT 100")
        .bind(room)
        .fetch_all(db)
        .await
}

pub(super) async fn is_captioner(db: &AnyPool, room: RoomId, account: AccountId) -> sqlx::Result<bool> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT named_at FROM room_captioners WHERE room_id = $1 AND account_id = $2")
        .bind(room)
        .bind(account)
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}
