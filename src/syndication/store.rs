//! All SQL of what is told everywhere: when it changed, and the addresses of sitemaps. Postings themselves, and how many they are, come from
//! `postings`.

use crate::clock::Millis;
use crate::ids::{FairId, PostingId};
use crate::postings::Of;
use sqlx::AnyPool;

/// When any posting, open or not, changed last; 0 if there is none.
pub(super) async fn changed_at(db: &AnyPool, of: Of) -> sqlx::Result<Millis> {
    let found: (Option<Millis>,) = match of {
        Of::All => sqlx::query_as("SELECT MAX(updated_at) FROM postings").fetch_one(db).await?,
        Of::Fair(fair) => sqlx::query_as("SELECT MAX(updated_at) FROM postings WHERE fair_id = $1").bind(fair).fetch_one(db).await?,
        Of::Employer(employer) | Of::Booth(_, employer) => {
            sqlx::query_as("SELECT MAX(updated_at) FROM postings WHERE employer_id = $1").bind(employer).fetch_one(db).await?
        }
    };
    Ok(found.0.unwrap_or(0))
}

/// A place in the order of a sitemap: what stands behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(pub(super) Millis, pub(super) PostingId);

/// An address of a sitemap.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct Address {
    pub(super) id: PostingId,
    pub(super) published_at: Millis,
    pub(super) updated_at: Millis,
}

macro_rules! addresses {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.published_at, p.updated_at FROM postings p WHERE p.fair_id = $1 AND p.state = 'live' AND p.valid_until > $2 \
             AND (p.published_at, p.id) > ($3, $4) AND NOT EXISTS (SELECT 1 FROM employer_verifications s \
             WHERE s.employer_id = p.employer_id AND s.suspended_at > 0) ORDER BY p.published_at, p.id ",
            $rest
        )
    };
}

/// The open postings of a fair behind a mark, oldest first, so that new ones change the last sitemap alone.
pub(super) async fn addresses(db: &AnyPool, fair: FairId, now: Millis, after: Option<Mark>, limit: i64) -> sqlx::Result<Vec<Address>> {
    let (at, id) = bound(after);
    sqlx::query_as(addresses!("LIMIT $5")).bind(fair).bind(now).bind(at).bind(id).bind(limit).fetch_all(db).await
}

/// The mark behind the next `most` postings; none if nothing stands behind it.
pub(super) async fn next_mark(db: &AnyPool, fair: FairId, now: Millis, after: Option<Mark>, most: i64) -> sqlx::Result<Option<Mark>> {
    let (at, id) = bound(after);
    let query = sqlx::query_as(addresses!("LIMIT 2 OFFSET $5")).bind(fair).bind(now).bind(at).bind(id).bind(most - 1);
    let found: Vec<Address> = query.fetch_all(db).await?;
    Ok(if let [last, _] = found[..] { Some(Mark(last.published_at, last.id)) } else { None })
}

/// Before everything if there is no mark.
fn bound(after: Option<Mark>) -> (Millis, String) {
    after.map_or((-1, String::new()), |Mark(at, id)| (at, id.to_string()))
}
