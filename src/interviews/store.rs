//! All SQL of interviews. What must not happen twice is refused by a primary key, never by looking first.

use super::messages::Message;
use super::{Interview, Part, Participant, Party, Slot};
use crate::clock::Millis;
use crate::ids::{AccountId, EmployerId, FairId, InterviewId, RoomId, SlotId};
use sqlx::{Any, AnyPool, Executor, Transaction};

macro_rules! select_slot {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.employer_id, s.fair_id, s.recruiter_id, s.starts_at, s.ends_at FROM interview_slots s \
             LEFT JOIN interview_holds h ON h.slot_id = s.id ",
            $rest
        )
    };
}

macro_rules! select_interview {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.slot_id, i.employer_id, i.fair_id, i.recruiter_id, i.seeker_id, i.topic_zh, i.topic_en, i.starts_at, i.ends_at, \
             i.extended, i.sequence, i.seeker_joined_at, i.employer_joined_at, i.ended_at, i.cancelled_at, i.cancelled_by, i.cancel_reason, \
             e.name_zh AS employer_zh, e.name_en AS employer_en, f.zone, s.name AS seeker_name, r.name AS recruiter_name, i.room_id \
             FROM interviews i JOIN employers e ON e.id = i.employer_id JOIN fairs f ON f.id = i.fair_id \
             JOIN accounts s ON s.id = i.seeker_id JOIN accounts r ON r.id = i.recruiter_id ",
            $rest
        )
    };
}

pub(super) async fn slot(db: &AnyPool, id: SlotId) -> sqlx::Result<Option<Slot>> {
    sqlx::query_as(select_slot!("WHERE s.id = $1")).bind(id).fetch_optional(db).await
}

/// Free slots that have not begun, earliest first.
pub(super) async fn free_slots(db: &AnyPool, employer: EmployerId, fair: FairId, now: Millis) -> sqlx::Result<Vec<Slot>> {
    sqlx::query_as(select_slot!(
        "WHERE s.employer_id = $1 AND s.fair_id = $2 AND s.starts_at > $3 AND h.slot_id IS NULL ORDER BY s.starts_at, s.id LIMIT 300"
    ))
    .bind(employer)
    .bind(fair)
    .bind(now)
    .fetch_all(db)
    .await
}

/// Of an employer's free slots at a fair that have not begun, up to `count` on either side of a time: among them are the nearest ones.
pub(super) async fn free_around(db: &AnyPool, slot: &Slot, now: Millis, count: i64) -> sqlx::Result<Vec<Slot>> {
    let mut found = Vec::new();
    for sql in [
        select_slot!(
            "WHERE s.employer_id = $1 AND s.fair_id = $2 AND s.starts_at > $3 AND h.slot_id IS NULL AND s.starts_at < $4 \
             ORDER BY s.starts_at DESC, s.id LIMIT $5"
        ),
        select_slot!(
            "WHERE s.employer_id = $1 AND s.fair_id = $2 AND s.starts_at > $3 AND h.slot_id IS NULL AND s.starts_at >= $4 \
             ORDER BY s.starts_at, s.id LIMIT $5"
        ),
    ] {
        let side: Vec<Slot> =
            sqlx::query_as(sql).bind(slot.employer_id).bind(slot.fair_id).bind(now).bind(slot.starts_at).bind(count).fetch_all(db).await?;
        found.extend(side);
    }
    Ok(found)
}

/// Slots of an employer that have not ended and are free, in all fairs.
pub(super) async fn offered(db: &AnyPool, employer: EmployerId, now: Millis) -> sqlx::Result<Vec<Slot>> {
    sqlx::query_as(select_slot!("WHERE s.employer_id = $1 AND s.ends_at > $2 AND h.slot_id IS NULL ORDER BY s.starts_at, s.id LIMIT 500"))
        .bind(employer)
        .bind(now)
        .fetch_all(db)
        .await
}

/// Stores all slots; `false` if one overlaps with what the recruiter offers already, and then nothing may be kept.
pub(super) async fn insert_slots(tx: &mut Transaction<'_, Any>, slots: &[Slot], now: Millis) -> sqlx::Result<bool> {
    for slot in slots {
        insert_slot(tx, slot, now).await?;
        for bucket in slot.span().pieces() {
            let done = sqlx::query(
                "INSERT INTO interview_offers (recruiter_id, bucket, slot_id) VALUES ($1, $2, $3) ON CONFLICT (recruiter_id, bucket) DO NOTHING",
            )
            .bind(slot.recruiter_id)
            .bind(bucket)
            .bind(slot.id)
            .execute(&mut **tx)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

async fn insert_slot(tx: &mut Transaction<'_, Any>, slot: &Slot, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO interview_slots (id, employer_id, fair_id, recruiter_id, starts_at, ends_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(slot.id)
    .bind(slot.employer_id)
    .bind(slot.fair_id)
    .bind(slot.recruiter_id)
    .bind(slot.starts_at)
    .bind(slot.ends_at)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Makes a walk-in as a part of something larger: a slot of now, held from the start.
pub(super) async fn meet(tx: &mut Transaction<'_, Any>, new: &NewInterview<'_>, room: RoomId) -> sqlx::Result<()> {
    insert_slot(tx, new.slot, new.now).await?;
    insert(tx, new).await?;
    hold(tx, new.slot.id, Some(new.id)).await?;
    sqlx::query("UPDATE interviews SET room_id = $2 WHERE id = $1").bind(new.id).bind(room).execute(&mut **tx).await.map(|_| ())
}

/// Takes a slot back; `false` if something holds it.
pub(super) async fn withdraw(tx: &mut Transaction<'_, Any>, slot: SlotId) -> sqlx::Result<bool> {
    let free = hold(tx, slot, None).await?;
    if free {
        free_offer(tx, slot).await?;
    }
    Ok(free)
}

async fn hold(tx: &mut Transaction<'_, Any>, slot: SlotId, interview: Option<InterviewId>) -> sqlx::Result<bool> {
    let done = sqlx::query("INSERT INTO interview_holds (slot_id, interview_id) VALUES ($1, $2) ON CONFLICT (slot_id) DO NOTHING")
        .bind(slot)
        .bind(interview.map(|i| i.to_string()))
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn free_offer(tx: &mut Transaction<'_, Any>, slot: SlotId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM interview_offers WHERE slot_id = $1").bind(slot).execute(&mut **tx).await.map(|_| ())
}

/// A booking to be tried.
pub(super) struct NewInterview<'a> {
    pub(super) id: InterviewId,
    pub(super) slot: &'a Slot,
    pub(super) seeker: AccountId,
    pub(super) client_id: &'a str,
    pub(super) posting: Option<String>,
    pub(super) topic: (&'a str, &'a str),
    pub(super) now: Millis,
}

/// Why it was not booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// The same request had come before.
    Again(InterviewId),
    Taken,
    /// One of the two has another interview at that time.
    Busy(Party),
}

/// Books the slot and the time of both. After a miss nothing of it may be kept.
pub(super) async fn book(tx: &mut Transaction<'_, Any>, new: &NewInterview<'_>) -> sqlx::Result<Result<(), Miss>> {
    if !insert(tx, new).await? {
        let (first,): (InterviewId,) = sqlx::query_as("SELECT id FROM interviews WHERE seeker_id = $1 AND client_id = $2")
            .bind(new.seeker)
            .bind(new.client_id)
            .fetch_one(&mut **tx)
            .await?;
        return Ok(Err(Miss::Again(first)));
    }
    if !hold(tx, new.slot.id, Some(new.id)).await? {
        return Ok(Err(Miss::Taken));
    }
    // Always in the same order, so that two bookings that want the same pieces wait for one another and never in a circle.
    let mut people = [(new.seeker, Party::Seeker), (new.slot.recruiter_id, Party::Employer)];
    people.sort_by_key(|(id, _)| *id);
    for (person, party) in people {
        for bucket in new.slot.span().pieces() {
            let done = sqlx::query(
                "INSERT INTO interview_minutes (person_id, bucket, interview_id) VALUES ($1, $2, $3) ON CONFLICT (person_id, bucket) DO NOTHING",
            )
            .bind(person)
            .bind(bucket)
            .bind(new.id)
            .execute(&mut **tx)
            .await?;
            if done.rows_affected() == 0 {
                return Ok(Err(Miss::Busy(party)));
            }
        }
    }
    Ok(Ok(()))
}

/// The interview and who takes part in it; `false` if the same request had come before.
async fn insert(tx: &mut Transaction<'_, Any>, new: &NewInterview<'_>) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO interviews (id, slot_id, employer_id, fair_id, recruiter_id, seeker_id, client_id, posting_id, topic_zh, topic_en, \
         starts_at, ends_at, extended, sequence, cancelled_by, cancel_reason, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, '', '', $13) ON CONFLICT (seeker_id, client_id) DO NOTHING",
    )
    .bind(new.id)
    .bind(new.slot.id)
    .bind(new.slot.employer_id)
    .bind(new.slot.fair_id)
    .bind(new.slot.recruiter_id)
    .bind(new.seeker)
    .bind(new.client_id)
    .bind(new.posting.as_deref())
    .bind(new.topic.0)
    .bind(new.topic.1)
    .bind(new.slot.starts_at)
    .bind(new.slot.ends_at)
    .bind(new.now)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for (person, part) in [(new.seeker, Part::Seeker), (new.slot.recruiter_id, Part::Lead)] {
        sqlx::query(
            "INSERT INTO interview_people (interview_id, person_id, part) VALUES ($1, $2, $3) \
             ON CONFLICT (interview_id, person_id) DO NOTHING",
        )
        .bind(new.id)
        .bind(person)
        .bind(part.name())
        .execute(&mut **tx)
        .await?;
    }
    Ok(true)
}

/// Who takes part in an interview, the seeker first.
pub(super) async fn participants(db: &AnyPool, id: InterviewId) -> sqlx::Result<Vec<Participant>> {
    sqlx::query_as("SELECT person_id, part FROM interview_people WHERE interview_id = $1 ORDER BY part DESC, person_id")
        .bind(id)
        .fetch_all(db)
        .await
}

/// A cancellation.
pub(super) struct Cancel<'a> {
    pub(super) by: Party,
    pub(super) reason: &'a str,
    /// Whether others may book the slot again.
    pub(super) offer_again: bool,
    pub(super) now: Millis,
}

/// Cancels what is neither cancelled, ended nor running, and frees the time of both; `false` if there was nothing to cancel.
pub(super) async fn cancel(tx: &mut Transaction<'_, Any>, interview: &Interview, how: &Cancel<'_>) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE interviews SET cancelled_at = $2, cancelled_by = $3, cancel_reason = $4, sequence = sequence + 1 \
         WHERE id = $1 AND cancelled_at IS NULL AND ended_at IS NULL AND (seeker_joined_at IS NULL OR employer_joined_at IS NULL)",
    )
    .bind(interview.id)
    .bind(how.now)
    .bind(how.by.name())
    .bind(how.reason)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("DELETE FROM interview_minutes WHERE interview_id = $1").bind(interview.id).execute(&mut **tx).await?;
    if how.offer_again {
        sqlx::query("DELETE FROM interview_holds WHERE interview_id = $1").bind(interview.id).execute(&mut **tx).await?;
    } else {
        sqlx::query("UPDATE interview_holds SET interview_id = NULL WHERE interview_id = $1").bind(interview.id).execute(&mut **tx).await?;
        free_offer(tx, interview.slot_id).await?;
    }
    Ok(true)
}

pub(super) async fn interview<'e>(db: impl Executor<'e, Database = Any>, id: InterviewId) -> sqlx::Result<Option<Interview>> {
    sqlx::query_as(select_interview!("WHERE i.id = $1")).bind(id).fetch_optional(db).await
}

/// A seeker's interviews, latest first.
pub(super) async fn of_seeker(db: &AnyPool, seeker: AccountId) -> sqlx::Result<Vec<Interview>> {
    sqlx::query_as(select_interview!("WHERE i.seeker_id = $1 ORDER BY i.starts_at DESC, i.id DESC LIMIT 200"))
        .bind(seeker)
        .fetch_all(db)
        .await
}

/// An employer's interviews that begin within `[from, to)`, in their order.
pub(super) async fn of_employer(db: &AnyPool, employer: EmployerId, from: Millis, to: Millis) -> sqlx::Result<Vec<Interview>> {
    sqlx::query_as(select_interview!(
        "WHERE i.employer_id = $1 AND i.starts_at >= $2 AND i.starts_at < $3 ORDER BY i.starts_at, i.id LIMIT 500"
    ))
    .bind(employer)
    .bind(from)
    .bind(to)
    .fetch_all(db)
    .await
}

/// When the recruiter's next interview after `after` begins.
pub(super) async fn next_start(db: &AnyPool, recruiter: AccountId, after: Millis) -> sqlx::Result<Option<Millis>> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT starts_at FROM interviews WHERE recruiter_id = $1 AND starts_at > $2 AND cancelled_at IS NULL ORDER BY starts_at LIMIT 1",
    )
    .bind(recruiter)
    .bind(after)
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| r.0))
}

/// How many interviews of a fair are booked and not cancelled.
pub(super) async fn count(db: &AnyPool, fair: FairId) -> sqlx::Result<i64> {
    let (n,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM interviews WHERE fair_id = $1 AND cancelled_at IS NULL").bind(fair).fetch_one(db).await?;
    Ok(n)
}

/// Notes that a side has come; the first time counts.
pub(super) async fn join(db: &AnyPool, id: InterviewId, party: Party, now: Millis) -> sqlx::Result<()> {
    let sql = match party {
        Party::Seeker => "UPDATE interviews SET seeker_joined_at = $2 WHERE id = $1 AND seeker_joined_at IS NULL AND cancelled_at IS NULL",
        Party::Employer => {
            "UPDATE interviews SET employer_joined_at = $2 WHERE id = $1 AND employer_joined_at IS NULL AND cancelled_at IS NULL"
        }
    };
    sqlx::query(sql).bind(id).bind(now).execute(db).await.map(|_| ())
}

/// Lengthens by `by`, up to `most` in all; `false` past that.
pub(super) async fn extend<'e>(db: impl Executor<'e, Database = Any>, id: InterviewId, by: Millis, most: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE interviews SET extended = extended + $2 WHERE id = $1 AND extended + $2 <= $3 AND ended_at IS NULL AND cancelled_at IS NULL")
        .bind(id)
        .bind(by)
        .bind(most)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// `false` if it was over already.
pub(super) async fn end<'e>(db: impl Executor<'e, Database = Any>, id: InterviewId, now: Millis) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE interviews SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND cancelled_at IS NULL")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// A message to everybody who takes part, sent when it is due.
pub(super) async fn insert_notices(tx: &mut Transaction<'_, Any>, id: InterviewId, message: Message, due: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO interview_notices (interview_id, account_id, kind, due_at, claimed_until) \
         SELECT interview_id, person_id, $2, $3, 0 FROM interview_people WHERE interview_id = $1 ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(message.name())
    .bind(due)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Takes away whatever has not been sent.
pub(super) async fn drop_notices(tx: &mut Transaction<'_, Any>, id: InterviewId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM interview_notices WHERE interview_id = $1").bind(id).execute(&mut **tx).await.map(|_| ())
}

pub(super) type DueNotice = (InterviewId, AccountId, String);

/// Takes up to `limit` due notices for as long as `until`; whoever crashes with them loses them to the next one.
pub(super) async fn claim_notices(db: &AnyPool, now: Millis, until: Millis, limit: i64) -> sqlx::Result<Vec<DueNotice>> {
    let due: Vec<DueNotice> = sqlx::query_as(
        "SELECT interview_id, account_id, kind FROM interview_notices WHERE due_at <= $1 AND claimed_until < $1 ORDER BY due_at LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(db)
    .await?;
    let mut claimed = Vec::with_capacity(due.len());
    for notice in due {
        let done = sqlx::query(
            "UPDATE interview_notices SET claimed_until = $4 WHERE interview_id = $1 AND account_id = $2 AND kind = $3 AND claimed_until < $5",
        )
        .bind(notice.0)
        .bind(notice.1)
        .bind(&notice.2)
        .bind(until)
        .bind(now)
        .execute(db)
        .await?;
        if done.rows_affected() == 1 {
            claimed.push(notice);
        }
    }
    Ok(claimed)
}

/// False if it was gone already.
pub(super) async fn delete_notice(tx: &mut Transaction<'_, Any>, notice: &DueNotice) -> sqlx::Result<bool> {
    let done = sqlx::query("DELETE FROM interview_notices WHERE interview_id = $1 AND account_id = $2 AND kind = $3")
        .bind(notice.0)
        .bind(notice.1)
        .bind(&notice.2)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}
