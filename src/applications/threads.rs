//! What an applicant and the recruiters of an employer write to each other about an application.
//!
//! Texts pass the same rules and word list as the chat: what they find is held until an organiser of the fair has looked, or refused. Both sides
//! are told of the first message that they have not read, and not of each. With the application withdrawn the thread is closed.

use super::{Applications, Listed, SHOWN, Side, Status, notes, one, store};
use crate::accounts::Viewer;
use crate::clock::{MINUTE, Millis};
use crate::ids::{AccountId, ApplicationId, FairId, MessageId};
use crate::moderation::{Judgement, Moderation, why_text};
use crate::notify::Letter;
use crate::web::{AppError, Fields, FormData, Id, Page, Result, Text, beside, see_other, wants_page};
use axum::Json;
use axum::extract::State as Use;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::HashMap;

/// Characters of a message.
pub(super) const MAX_MESSAGE: usize = 1_000;
/// Messages of a thread that are shown, the newest.
const SHOWN_MESSAGES: i64 = 200;
/// More of one person in a minute is a flood.
const A_MINUTE: i64 = 10;

#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct StoredMessage {
    pub(super) id: MessageId,
    pub(super) application_id: ApplicationId,
    pub(super) author: String,
    pub(super) side: String,
    pub(super) sealed: String,
    pub(super) state: String,
    pub(super) why: String,
    pub(super) at: Millis,
    pub(super) due_at: Millis,
}

/// A message about to be stored; held if there is a `why`.
pub(super) struct Fresh<'a> {
    pub(super) application: ApplicationId,
    pub(super) author: AccountId,
    pub(super) side: &'a str,
    pub(super) once: &'a str,
    pub(super) sealed: &'a str,
    pub(super) why: &'a str,
}

/// A message as somebody reads it.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) author: String,
    pub(super) text: String,
    pub(super) at: Millis,
    /// Of the reader's side.
    pub(super) is_ours: bool,
    pub(super) is_held: bool,
    pub(super) is_refused: bool,
    /// The other side does not see it yet: it can be undone until then.
    pub(super) is_waiting: bool,
    /// Text keys of why it is held or was refused.
    pub(super) why: Vec<&'static str>,
    /// New to the reader.
    pub(super) is_new: bool,
}

pub(super) fn side_name(side: Side) -> &'static str {
    match side {
        Side::Applicant => "applicant",
        Side::Recruiter => "recruiter",
    }
}

/// Whether a message is there for a side: its own in any case, of the other one what was sent and is due.
fn is_visible(message: &StoredMessage, side: &str, now: Millis) -> bool {
    message.side == side || (message.state == "sent" && message.due_at <= now)
}

/// Text keys of what a message is held for.
pub(super) fn reasons(why: &str) -> Vec<&'static str> {
    why.split(' ').filter(|w| !w.is_empty()).map(why_text).collect()
}

impl Applications {
    /// The thread of an application as a side reads it, oldest first; what is new has been read with that.
    pub(super) async fn thread(&self, viewer: &Viewer, found: &Listed, side: Side) -> Result<Vec<Message>> {
        let (me, now, side) = (viewer.person()?.id, self.now(), side_name(side));
        let db = self.accounts().db.read();
        let mut stored = store::threads::messages(db, found.id, SHOWN_MESSAGES).await?;
        stored.retain(|m| is_visible(m, side, now));
        stored.reverse();
        let unread = store::threads::unread(db, found.id, (me, other(side)), now).await?;
        let newest = stored.iter().rev().filter(|m| m.side != side).map(|m| m.id).next();
        if let Some(newest) = newest.filter(|_| unread > 0) {
            store::threads::mark_read(self.accounts().db.write(), found.id, me, newest).await?;
        }
        let theirs = stored.iter().filter(|m| m.side != side).count() as i64;
        let mut seen = 0;
        let mut read = Vec::new();
        for m in stored {
            let is_ours = m.side == side;
            seen += i64::from(!is_ours);
            read.push(Message {
                text: self.accounts().keys.decrypt(&m.sealed).unwrap_or_default(),
                author: m.author,
                at: m.at,
                is_ours,
                is_held: m.state == "held",
                is_refused: m.state == "refused",
                is_waiting: m.state == "sent" && m.due_at > now,
                why: if m.state == "sent" { Vec::new() } else { reasons(&m.why) },
                is_new: !is_ours && seen > theirs - unread,
            });
        }
        Ok(read)
    }

    /// In which of somebody's applications there are messages that they have not read.
    pub(super) async fn unread_of(&self, account: AccountId) -> Result<HashMap<ApplicationId, i64>> {
        Ok(store::threads::unread_of(self.accounts().db.read(), account, self.now()).await?.into_iter().collect())
    }

    /// Writes into a thread; false if it is held. With the same `once` it is written once.
    pub(super) async fn write(&self, moderation: &Moderation, viewer: &Viewer, id: ApplicationId, form: &MessageForm) -> Result<bool> {
        let author = viewer.person()?.id;
        let (found, side) = self.visible_to(viewer, id).await?;
        if found.status == Status::Withdrawn {
            return Err(AppError::Conflict(Text("desk-thread-closed")));
        }
        let text = notes::needed("text", &form.text, MAX_MESSAGE)?;
        let (db, now) = (&self.accounts().db, self.now());
        if store::threads::count_since(db.read(), id, author, now - MINUTE).await? >= A_MINUTE {
            return Err(AppError::RateLimited(60));
        }
        let why = match self.judged(moderation, found.fair_id, &text).await? {
            Judgement::Fine => String::new(),
            Judgement::Hold(why) => why.join(" "),
            Judgement::Refuse => {
                let mut fields = Fields::default();
                fields.add("text", Text("desk-thread-refused"));
                return Err(AppError::Invalid(fields));
            }
        };
        let letters = if why.is_empty() { self.thread_letters(&found, side).await? } else { Vec::new() };
        let (sealed, side) = (self.accounts().keys.encrypt(&text), side_name(side));
        let once = if form.once.is_empty() { MessageId::new().to_string() } else { form.once.chars().take(64).collect() };
        let fresh = Fresh { application: id, author, side, once: &once, sealed: &sealed, why: &why };
        let mut tx = db.begin().await?;
        if store::threads::insert(&mut *tx, &fresh, (now, now), "").await? {
            for letter in letters {
                self.accounts().notify.queue_in(&mut tx, &letter).await?;
            }
        }
        tx.commit().await?;
        Ok(why.is_empty())
    }

    /// What the rules say to a text, whose links to pages of this server lead nobody away.
    pub(super) async fn judged(&self, moderation: &Moderation, fair: FairId, text: &str) -> Result<Judgement> {
        moderation.judge(fair, &without_own_links(text, &self.accounts().origin)).await
    }

    /// Letters to the other side of a message: to each who has read all before it.
    pub(super) async fn thread_letters(&self, found: &Listed, from: Side) -> Result<Vec<Letter>> {
        let receivers = match from {
            Side::Recruiter => vec![found.account_id],
            Side::Applicant => self.concerned(found).await?,
        };
        let mut letters = Vec::new();
        for to in receivers {
            let unread = store::threads::unread(self.accounts().db.read(), found.id, (to, side_name(from)), self.now()).await?;
            if unread == 0 {
                letters.extend(self.thread_letter(found, to).await?);
            }
        }
        Ok(letters)
    }

    /// The recruiters whom an application concerns: whose it is, or all of the employer.
    pub(super) async fn concerned(&self, found: &Listed) -> Result<Vec<AccountId>> {
        let all = self.accounts().recruiters_of(found.employer_id).await?;
        let own: Vec<AccountId> = all.iter().map(|a| a.id).filter(|id| Some(*id) == found.assignee()).collect();
        Ok(if own.is_empty() { all.into_iter().map(|a| a.id).collect() } else { own })
    }

    /// What somebody is told of a new message, also on their pages.
    pub(super) async fn thread_letter(&self, found: &Listed, to: AccountId) -> Result<Option<Letter>> {
        let Some((letter, subject)) = self.thread_words(found, to).await? else { return Ok(None) };
        let path = format!("/applications/{}", found.id);
        Ok(Some(letter.shown(&subject, &path, self.now() + SHOWN).topic(format!("thread/{}", found.id))))
    }

    /// Whose message it is, about what, and where; not what it says. With the subject.
    pub(super) async fn thread_words(&self, found: &Listed, to: AccountId) -> Result<Option<(Letter, String)>> {
        let Some(account) = self.accounts().account(to).await? else { return Ok(None) };
        let lang = account.lang();
        let title = lang.pick(&found.title_zh, &found.title_en);
        let who = if to == found.account_id { lang.pick(&found.employer_zh, &found.employer_en) } else { &found.name };
        let subject = lang.t2("desk-told-message-subject", "who", who, "title", title);
        let path = format!("/applications/{}", found.id);
        let link = format!("{}{path}#thread", self.accounts().origin);
        let body = lang.t2("desk-told-message", "subject", &subject, "link", &link);
        let letter = self.accounts().message(to, &subject, &body).await?.link(&path);
        Ok(Some((letter, subject)))
    }
}

/// With the slash: what goes on as a name is somebody else's address.
pub(super) fn without_own_links(text: &str, origin: &str) -> String {
    text.replace(&format!("{origin}/"), "/")
}

fn other(side: &str) -> &'static str {
    if side == "applicant" { "recruiter" } else { "applicant" }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MessageForm {
    pub(super) text: String,
    /// The sender's own number for the message.
    pub(super) once: String,
}

pub(super) async fn send(
    Use(desk): Use<super::Desk>,
    viewer: Viewer,
    p: Page,
    headers: HeaderMap,
    Id(id): Id<ApplicationId>,
    FormData(form): FormData<MessageForm>,
) -> Result<Response> {
    viewer.person()?;
    let sent = desk.app.write(&desk.moderation, &viewer, id, &form).await;
    if !wants_page(&headers) {
        let state = if sent? { "sent" } else { "held" };
        return Ok((StatusCode::CREATED, Json(serde_json::json!({ "state": state }))).into_response());
    }
    match sent {
        Ok(true) => Ok(see_other(&format!("/applications/{id}#thread"), &p.t("desk-message-sent"))),
        Ok(false) => Ok(see_other(&format!("/applications/{id}#thread"), &p.t("desk-message-held"))),
        Err(error) => {
            let (status, fields) = beside(error, "text")?;
            let typed = one::Typed { text: form.text, once: form.once, ..one::Typed::default() };
            one::again(&desk.app, &viewer, p, id, typed, (status, fields)).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_side_sees_what_was_sent_and_is_due_and_nothing_else() {
        let message = |side: &str, state: &str, due_at| StoredMessage {
            id: MessageId::new(),
            application_id: ApplicationId::new(),
            author: String::new(),
            side: side.into(),
            sealed: String::new(),
            state: state.into(),
            why: String::new(),
            at: 0,
            due_at,
        };
        for state in ["sent", "held", "refused"] {
            assert!(is_visible(&message("recruiter", state, 99), "recruiter", 0), "one's own");
            assert_eq!(is_visible(&message("recruiter", state, 0), "applicant", 0), state == "sent");
        }
        assert!(
            !is_visible(&message("recruiter", "sent", 1), "applicant", 0) && is_visible(&message("recruiter", "sent", 1), "applicant", 1)
        );
        assert_eq!(without_own_links("http://a/x http://a.b/x", "http://a"), "/x http://a.b/x");
        assert_eq!((other("applicant"), other("recruiter")), ("recruiter", "applicant"));
    }
}
