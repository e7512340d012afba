//! The SQL of whom applicants may call.

use crate::clock::Millis;
use crate::db::{Db, ManyRows};
use crate::ids::{AccountId, PostingId};
use crate::postings::contact::Sealed;
use sqlx::{Any, AnyPool, Transaction};
use std::sync::LazyLock;

/// Whom it is now, of each of these postings that ever had anybody.
static NOW: LazyLock<ManyRows> = LazyLock::new(|| {
    let select = "SELECT c.posting_id, c.version, c.sealed_person, c.sealed_phone FROM v JOIN posting_contacts c ON c.posting_id = v.id \
        WHERE c.version = (SELECT MAX(l.version) FROM posting_contacts l WHERE l.posting_id = c.posting_id)";
    ManyRows::asking("id", 1, select)
});

pub(in crate::postings) async fn contacts(db: &Db, ids: &[PostingId]) -> sqlx::Result<Vec<Sealed>> {
    let mut found = Vec::new();
    let mut connection = db.read().acquire().await?;
    for (sql, some) in NOW.of(&connection, &ManyRows::padded(ids.to_vec())) {
        let mut query = sqlx::query_as(sql);
        for id in some {
            query = query.bind(*id);
        }
        found.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

/// All whom it was, oldest first.
pub(in crate::postings) async fn contact_rows(db: &AnyPool, id: PostingId) -> sqlx::Result<Vec<Sealed>> {
    sqlx::query_as("SELECT posting_id, version, sealed_person, sealed_phone FROM posting_contacts WHERE posting_id = $1 ORDER BY version")
        .bind(id)
        .fetch_all(db)
        .await
}

static ROWS: LazyLock<ManyRows> =
    LazyLock::new(|| ManyRows::new("INSERT INTO posting_contacts (posting_id, version, sealed_person, sealed_phone)", 4, ""));

pub(in crate::postings) async fn add_contacts(tx: &mut Transaction<'static, Any>, all: &[Sealed]) -> sqlx::Result<()> {
    for (sql, some) in ROWS.of(tx, all) {
        let mut query = sqlx::query(sql);
        for row in some {
            query = query.bind(row.posting_id).bind(row.version).bind(&row.sealed_person).bind(&row.sealed_phone);
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// Whether somebody has an application for a posting that lives: not taken back, and not rejected before `told`. It is asked for here because
/// applications stand above postings and know of them, not the other way round.
pub(in crate::postings) async fn applied(db: &AnyPool, posting: PostingId, account: AccountId, told: Millis) -> sqlx::Result<bool> {
    let sql = "SELECT COUNT(*) FROM applications WHERE posting_id = $1 AND account_id = $2 AND status <> 'withdrawn' \
               AND (status <> 'rejected' OR updated_at > $3)";
    let (live,): (i64,) = sqlx::query_as(sql).bind(posting).bind(account).bind(told).fetch_one(db).await?;
    Ok(live > 0)
}
