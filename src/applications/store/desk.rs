//! The list of the recruiters' desk: what fits a filter, how many of each status, and how long stages took; notes and whose something is.

use super::super::filter::{Assigned, Filter, Sort};
use super::super::notes::StoredNote;
use super::super::times::Passed;
use super::super::{Listed, Status};
use crate::clock::Millis;
use crate::db::listed;
use crate::ids::{AccountId, ApplicationId, EmployerId, FairId, NoteId};
use sqlx::any::AnyArguments;
use sqlx::query::QueryAs;
use sqlx::{Any, AnyPool, AssertSqlSafe, Executor};

/// A row of the list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::applications) struct Row {
    #[sqlx(flatten)]
    pub(in crate::applications) item: Listed,
    /// Of the recruiter whose it is; empty if nobody's.
    pub(in crate::applications) assignee: String,
    /// Messages of the applicant that the viewer has not read.
    pub(in crate::applications) unread: i64,
}

impl std::ops::Deref for Row {
    type Target = Listed;
    fn deref(&self) -> &Listed {
        &self.item
    }
}

enum Bound {
    Text(String),
    Number(i64),
}

/// A condition that grows, with what is bound to it.
struct Condition {
    sql: String,
    bound: Vec<Bound>,
}

impl Condition {
    /// `?` in `sql` is the place of `value`.
    fn and(&mut self, sql: &str, value: Bound) {
        self.bound.push(value);
        self.sql.push_str(&format!(" AND {}", sql.replace('?', &format!("${}", self.bound.len()))));
    }

    fn text(&mut self, sql: &str, value: &dyn std::fmt::Display) {
        self.and(sql, Bound::Text(value.to_string()));
    }

    fn among(&mut self, column: &str, values: &[String]) {
        if !values.is_empty() {
            self.sql.push_str(&format!(" AND {column} IN ({})", listed(self.bound.len(), values.len())));
            self.bound.extend(values.iter().cloned().map(Bound::Text));
        }
    }

    fn bind<'q, T>(self, mut query: QueryAs<'q, Any, T, AnyArguments>) -> QueryAs<'q, Any, T, AnyArguments> {
        for value in self.bound {
            query = match value {
                Bound::Text(text) => query.bind(text),
                Bound::Number(number) => query.bind(number),
            };
        }
        query
    }
}

/// What of the applicant the viewer ($1) has not read.
macro_rules! unread {
    () => {
        "(SELECT COUNT(*) FROM application_messages m WHERE m.application_id = a.id AND m.side = 'applicant' AND m.state = 'sent' \
         AND m.id > COALESCE((SELECT r.upto FROM application_reads r WHERE r.application_id = a.id AND r.account_id = $1), ''))"
    };
}

/// A text to look for, with what LIKE reads in its own way taken literally.
fn within(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_ascii_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// All of a filter but the status and the place in the list. $1 is the viewer, $2 the employer.
fn condition(f: &Filter) -> Condition {
    let bound = vec![Bound::Text(f.viewer.to_string()), Bound::Text(f.employer.to_string())];
    let mut c = Condition { sql: "a.employer_id = $2".into(), bound };
    if let Some(posting) = f.posting {
        c.text("a.posting_id = ?", &posting);
    }
    if let Some(fair) = f.fair {
        c.text("a.fair_id = ?", &fair);
    }
    match f.assigned {
        Assigned::Anybody => {}
        Assigned::Nobody => c.text("a.assignee_id = ?", &""),
        Assigned::To(account) => c.text("a.assignee_id = ?", &account),
    }
    if !f.name.is_empty() {
        c.text("LOWER(a.name) LIKE ? ESCAPE '\\'", &within(&f.name));
    }
    if f.years > 0 {
        c.and("a.experience >= ?", Bound::Number(f.years));
    }
    if let Some(since) = f.since {
        c.and("a.updated_at < ?", Bound::Number(since));
        let open: Vec<String> = Status::ALL.into_iter().filter(|s| s.is_open()).map(|s| s.name().to_owned()).collect();
        c.among("a.status", &open);
    }
    if f.unread {
        c.sql.push_str(concat!(" AND ", unread!(), " > 0"));
    }
    c.among("a.id", &f.picked.iter().map(ToString::to_string).collect::<Vec<_>>());
    c
}

/// One more than the limit, in the order of the filter.
pub(in crate::applications) async fn received(db: &AnyPool, f: &Filter) -> sqlx::Result<Vec<Row>> {
    let mut c = condition(f);
    c.among("a.status", &f.status.iter().map(|s| s.name().to_owned()).collect::<Vec<_>>());
    let (key, order, than) = match f.sort {
        Sort::Newest => ("a.created_at", "DESC", "<"),
        Sort::Waiting => ("a.updated_at", "ASC", ">"),
    };
    if let Some((at, id)) = f.after {
        c.bound.extend([Bound::Number(at), Bound::Text(id.to_string())]);
        let last = c.bound.len();
        c.sql.push_str(&format!(" AND ({key}, a.id) {than} (${}, ${last})", last - 1));
    }
    let select = select_listed!(
        ", COALESCE(w.name, '') AS assignee, (SELECT COUNT(*) FROM application_messages m WHERE m.application_id = a.id \
         AND m.side = 'applicant' AND m.state = 'sent' AND m.id > COALESCE((SELECT r.upto FROM application_reads r \
         WHERE r.application_id = a.id AND r.account_id = $1), '')) AS unread",
        "LEFT JOIN accounts w ON w.id = a.assignee_id WHERE "
    );
    let sql = format!("{select}{} ORDER BY {key} {order}, a.id {order} LIMIT {}", c.sql, f.limit + 1);
    c.bind(sqlx::query_as(AssertSqlSafe(sql))).fetch_all(db).await
}

/// How many of each status fit a filter, whatever status it asks for.
pub(in crate::applications) async fn counts(db: &AnyPool, f: &Filter) -> sqlx::Result<Vec<(String, i64)>> {
    let c = condition(f);
    // The viewer is bound in any case.
    let sql = format!("SELECT a.status, COUNT(*) FROM applications a WHERE $1 <> '' AND {} GROUP BY a.status", c.sql);
    c.bind(sqlx::query_as(AssertSqlSafe(sql))).fetch_all(db).await
}

/// How many applications of an employer there are in all.
pub(in crate::applications) async fn has_any(db: &AnyPool, employer: EmployerId) -> sqlx::Result<bool> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT id FROM applications WHERE employer_id = $1 LIMIT 1").bind(employer).fetch_optional(db).await?;
    Ok(row.is_some())
}

/// The fairs in which somebody applied to an employer, newest first, with their titles.
pub(in crate::applications) async fn fairs(db: &AnyPool, employer: EmployerId) -> sqlx::Result<Vec<(FairId, String, String)>> {
    sqlx::query_as(
        "SELECT f.id, f.title_zh, f.title_en FROM fairs f WHERE EXISTS \
         (SELECT 1 FROM applications a WHERE a.fair_id = f.id AND a.employer_id = $1) ORDER BY f.starts_at DESC, f.id",
    )
    .bind(employer)
    .fetch_all(db)
    .await
}

/// The newest steps of an employer's applications, by application and in their order.
pub(in crate::applications) async fn passed(db: &AnyPool, employer: EmployerId, most: i64) -> sqlx::Result<Vec<Passed>> {
    sqlx::query_as(
        "SELECT n.posting_id, n.id AS application_id, s.at, s.status FROM (SELECT a.id, a.posting_id FROM applications a \
         WHERE a.employer_id = $1 ORDER BY a.created_at DESC, a.id DESC LIMIT $2) n \
         JOIN application_steps s ON s.application_id = n.id ORDER BY n.id, s.id",
    )
    .bind(employer)
    .bind(most)
    .fetch_all(db)
    .await
}

/// What else the same person sent to the same employer.
pub(in crate::applications) async fn others(db: &AnyPool, of: &Listed) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as(select_listed!(
        "WHERE a.employer_id = $1 AND a.account_id = $2 AND a.id <> $3 ORDER BY a.created_at DESC, a.id LIMIT 20"
    ))
    .bind(of.employer_id)
    .bind(of.account_id)
    .bind(of.id)
    .fetch_all(db)
    .await
}

/// Makes an application somebody's (or nobody's) if it is still whose it was.
pub(in crate::applications) async fn assign<'e>(
    db: impl Executor<'e, Database = Any>,
    id: ApplicationId,
    was: &str,
    to: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query("UPDATE applications SET assignee_id = $3 WHERE id = $1 AND assignee_id = $2 AND status <> 'withdrawn'");
    Ok(done.bind(id).bind(was).bind(to).execute(db).await?.rows_affected() == 1)
}

/// The notes about an application, oldest first.
pub(in crate::applications) async fn notes(db: &AnyPool, id: ApplicationId) -> sqlx::Result<Vec<StoredNote>> {
    sqlx::query_as(
        "SELECT n.id, n.author_id, w.name AS author, n.sealed, n.at, n.edited_at FROM application_notes n \
         JOIN accounts w ON w.id = n.author_id WHERE n.application_id = $1 ORDER BY n.id LIMIT 200",
    )
    .bind(id)
    .fetch_all(db)
    .await
}

pub(in crate::applications) async fn insert_note<'e>(
    db: impl Executor<'e, Database = Any>,
    application: ApplicationId,
    (author, sealed): (AccountId, &str),
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO application_notes (id, application_id, author_id, sealed, at, edited_at) VALUES ($1, $2, $3, $4, $5, 0)")
        .bind(NoteId::new())
        .bind(application)
        .bind(author)
        .bind(sealed)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}

/// Which application a note of somebody is about.
pub(in crate::applications) async fn noted(db: &AnyPool, id: NoteId, author: AccountId) -> sqlx::Result<Option<ApplicationId>> {
    let row: Option<(ApplicationId,)> = sqlx::query_as("SELECT application_id FROM application_notes WHERE id = $1 AND author_id = $2")
        .bind(id)
        .bind(author)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|r| r.0))
}

pub(in crate::applications) async fn edit_note(db: &AnyPool, id: NoteId, sealed: &str, now: Millis) -> sqlx::Result<()> {
    sqlx::query("UPDATE application_notes SET sealed = $2, edited_at = $3 WHERE id = $1")
        .bind(id)
        .bind(sealed)
        .bind(now)
        .execute(db)
        .await
        .map(|_| ())
}
