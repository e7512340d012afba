//! What people are told: booked, cancelled, soon. Each message is a row written together with what causes it and taken away together with
//! its way into the outbox, so that a crash neither loses nor repeats one; a cancellation takes the reminders away in the same transaction.

use super::calendar::{Attendee, calendar};
use super::links::join_link;
use super::{Interview, Interviews, Party, store};
use crate::accounts::{Account, ContactKind};
use crate::clock::{MINUTE, Millis};
use crate::i18n::Lang;
use crate::ids::AccountId;
use crate::notify::Letter;
use crate::web::Result;
use sqlx::{Any, Transaction};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// People are reminded this long before.
const REMIND_BEFORE: Millis = 10 * MINUTE;
/// Long enough to queue a message, short enough that a crash delays it little.
const CLAIM: Millis = MINUTE;
const BATCH: i64 = 50;

/// What has changed about an interview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Booked,
    /// To another time, or with another person; the id and the UID stay, the SEQUENCE grows.
    Moved,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Booked,
    Moved,
    Cancelled,
    Reminder,
}

impl Message {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
            Self::Reminder => "reminder",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Booked, Self::Moved, Self::Cancelled, Self::Reminder].into_iter().find(|k| k.name() == name)
    }
}

/// Notes, as a part of the change itself, what everybody who takes part is to be told of it: the only way in which booking tells anybody.
/// To be followed by [`Interviews::tell_soon`] once it is committed.
pub(super) async fn changed_in(tx: &mut Transaction<'_, Any>, interview: &Interview, kind: Kind, now: Millis) -> Result<()> {
    match kind {
        Kind::Booked | Kind::Moved => {
            if kind == Kind::Moved {
                store::drop_notices(tx, interview.id).await?;
            }
            let message = if kind == Kind::Moved { Message::Moved } else { Message::Booked };
            store::insert_notices(tx, interview.id, message, now).await?;
            let remind_at = interview.starts_at - REMIND_BEFORE;
            // Whoever books within the last minutes has just been told.
            if remind_at > now {
                store::insert_notices(tx, interview.id, Message::Reminder, remind_at).await?;
            }
        }
        Kind::Cancelled => {
            store::drop_notices(tx, interview.id).await?;
            store::insert_notices(tx, interview.id, Message::Cancelled, now).await?;
        }
    }
    Ok(())
}

/// Subject and body.
fn compose(message: Message, interview: &Interview, to: Party, lang: Lang, link: &str) -> (String, String) {
    let with = interview.other_name(to, lang);
    let when = interview.when(lang);
    match message {
        Message::Booked => (
            lang.t2("interviews-mail-booked-subject", "with", with, "when", &when),
            lang.t3("interviews-mail-booked", "with", with, "when", &when, "link", link),
        ),
        Message::Moved => (
            lang.t2("schedule-mail-moved-subject", "with", with, "when", &when),
            lang.t3("schedule-mail-moved", "with", with, "when", &when, "link", &link),
        ),
        Message::Cancelled => (
            lang.t2("interviews-mail-cancelled-subject", "with", with, "when", &when),
            lang.t3("interviews-mail-cancelled", "with", with, "when", &when, "reason", &interview.cancel_reason),
        ),
        Message::Reminder => (
            lang.t1("interviews-mail-reminder-subject", "with", with),
            lang.t3("interviews-mail-reminder", "with", with, "when", &when, "link", link),
        ),
    }
}

impl Interviews {
    /// Wakes the job that sends messages: whoever changes something waits for the change, not for what others are told of it.
    pub(super) fn tell_soon(&self) {
        self.wake.notify_one();
    }

    /// Sends what is due, at once after a change and else now and then, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        let mut tick = tokio::time::interval(Duration::from_secs(5));
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                () = self.wake.notified() => {}
                _ = tick.tick() => {}
            }
            match self.deliver_due().await {
                // There may be more.
                Ok(count) if count == BATCH as usize => self.tell_soon(),
                Ok(_) => {}
                Err(error) => tracing::error!(?error, "messages about interviews"),
            }
        }
    }

    /// Puts messages that are due into the outbox, as many as go in one batch; returns how many were tried. One that fails is tried again
    /// after a while and holds up no other.
    pub async fn deliver_due(&self) -> Result<usize> {
        let now = self.now();
        let claimed = store::claim_notices(self.db().write(), now, now + CLAIM, BATCH).await?;
        for notice in &claimed {
            if let Err(error) = self.deliver(notice).await {
                tracing::error!(?error, interview = %notice.0, "a message about an interview");
            }
        }
        Ok(claimed.len())
    }

    async fn deliver(&self, notice: &store::DueNotice) -> Result<()> {
        let (id, account, kind) = notice;
        let interview = store::interview(self.db().read(), *id).await?;
        let letter = match (interview, Message::parse(kind)) {
            (Some(interview), Some(message)) => self.letter(&interview, *account, message).await?,
            _ => None,
        };
        let mut tx = self.db().begin().await?;
        // Another server may have sent it after this one's claim, or a cancellation have taken it away.
        if store::delete_notice(&mut tx, notice).await?
            && let Some(letter) = letter
        {
            self.accounts().notify.queue_in(&mut *tx, &letter).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Nothing if it is no longer true.
    async fn letter(&self, interview: &Interview, to: AccountId, message: Message) -> Result<Option<Letter>> {
        let stale = message != Message::Cancelled && interview.cancelled_at.is_some();
        let Some(account) = self.accounts().account(to).await?.filter(|_| !stale) else { return Ok(None) };
        let party = if to == interview.seeker_id { Party::Seeker } else { Party::Employer };
        let (subject, body) = compose(message, interview, party, account.lang(), &join_link(self.accounts(), interview, party));
        let attached = match message {
            Message::Booked | Message::Moved | Message::Cancelled => {
                Some(self.calendar_for(interview, &account, party, account.lang()).await?)
            }
            Message::Reminder => None,
        };
        let letter = self.accounts().letter(to, &subject, &body, attached).await?;
        let letter = letter.map(|letter| letter.topic(format!("interview/{}", interview.id)));
        Ok(if message == Message::Reminder { letter.map(|letter| letter.expires_at(interview.starts_at)) } else { letter })
    }

    /// The interview as an `.ics` for one person.
    pub(super) async fn calendar_for(&self, interview: &Interview, account: &Account, party: Party, lang: Lang) -> Result<String> {
        let contacts = self.accounts().contacts(account.id).await?;
        let address = contacts.iter().find(|c| c.kind() == ContactKind::Email).map(|c| c.value());
        let who = Attendee { party, name: &account.name, address };
        Ok(calendar(interview, &who, lang, &self.accounts().origin, self.accounts().clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interviews::interview::tests::interview;

    #[test]
    fn a_message_names_the_other_side_and_the_time_in_the_fairs_zone() {
        let (subject, body) = compose(Message::Booked, &interview(), Party::Seeker, Lang::En, "https://fair.example/join/x");
        assert!(subject.contains("Factory") && subject.contains("2027-02-20 10:00–10:15"), "{subject}");
        assert!(body.contains("https://fair.example/join/x"), "{body}");
        let (_, body) = compose(Message::Booked, &interview(), Party::Employer, Lang::Zh, "https://fair.example/join/x");
        assert!(body.contains("王芳") && !body.contains("杭州电子厂"), "{body}");
    }

    #[test]
    fn a_cancellation_gives_the_reason() {
        let gone = Interview { cancel_reason: "临时加班".into(), cancelled_at: Some(1), ..interview() };
        assert!(compose(Message::Cancelled, &gone, Party::Seeker, Lang::Zh, "").1.contains("临时加班"));
    }
}
