//! All SQL of what is told everywhere: how much of it there is and when it changed. Postings themselves come from `postings`.

use crate::clock::Millis;
use crate::ids::{FairId, PostingId};
use crate::postings::Of;
use sqlx::AnyPool;

/// How many postings are open, and when any of them, open or not, changed last.
#[derive(Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Totals {
    pub(super) live: i64,
    pub(super) changed_at: Millis,
}

macro_rules! totals {
    ($where:literal) => {
        concat!(
            "SELECT COALESCE(SUM(CASE WHEN state = 'live' AND valid_until > $2 THEN 1 ELSE 0 END), 0) AS live, ",
            "COALESCE(MAX(updated_at), 0) AS changed_at FROM postings WHERE ",
            $where
        )
    };
}

pub(super) async fn state(db: &AnyPool, of: Of, now: Millis) -> sqlx::Result<Totals> {
    match of {
        Of::All => sqlx::query_as(totals!("$1 = ''")).bind("").bind(now).fetch_one(db).await,
        Of::Fair(fair) => sqlx::query_as(totals!("fair_id = $1")).bind(fair).bind(now).fetch_one(db).await,
        Of::Employer(employer) => sqlx::query_as(totals!("employer_id = $1")).bind(employer).bind(now).fetch_one(db).await,
        Of::Booth(fair, employer) => {
            sqlx::query_as(totals!("fair_id = $1 AND employer_id = $3")).bind(fair).bind(now).bind(employer).fetch_one(db).await
        }
    }
}

/// Where a page of addresses begins: behind so many of a fair, or behind a posting.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    Number(i64),
    After(Millis, PostingId),
}

/// An address of a sitemap.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct Address {
    pub(super) id: PostingId,
    pub(super) published_at: Millis,
    pub(super) updated_at: Millis,
}

/// The open postings of a fair from `from` on, oldest first, so that new ones change the last sitemap alone.
pub(super) async fn addresses(db: &AnyPool, fair: FairId, now: Millis, from: From, limit: i64) -> sqlx::Result<Vec<Address>> {
    match from {
        From::Number(number) => {
            let sql = "SELECT id, published_at, updated_at FROM postings WHERE fair_id = $1 AND state = 'live' AND valid_until > $2 \
                       ORDER BY published_at, id LIMIT $3 OFFSET $4";
            sqlx::query_as(sql).bind(fair).bind(now).bind(limit).bind(number).fetch_all(db).await
        }
        From::After(at, id) => {
            let sql = "SELECT id, published_at, updated_at FROM postings WHERE fair_id = $1 AND state = 'live' AND valid_until > $2 \
                       AND (published_at, id) > ($4, $5) ORDER BY published_at, id LIMIT $3";
            sqlx::query_as(sql).bind(fair).bind(now).bind(limit).bind(at).bind(id).fetch_all(db).await
        }
    }
}
