//! What people are told: booked, moved, cancelled, soon. Each message is a row written together with what causes it and taken away together
//! with its way into the outbox, so that a crash neither loses nor repeats one. A row belongs to a version of the interview (its SEQUENCE): what
//! cancels or moves an interview takes the reminders of the version before away in the same transaction, also those that wait in the outbox.

use super::links::join_link;
use super::notices::Notice;
use super::{Card, Interview, Interviews, Party, local, notices, store};
use crate::accounts::Viewer;
use crate::clock::{DAY, HOUR, MINUTE, Millis, iso};
use crate::i18n::Lang;
use crate::ids::InterviewId;
use crate::notify::{self, Letter, Method};
use crate::web::{Result, Text};
use sqlx::{Any, Transaction};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Long enough to queue a message, short enough that a crash delays it little.
const CLAIM: Millis = MINUTE;
const BATCH: i64 = 50;
/// From one batch to the next while people wait for their bookings.
const IN_A_RUSH: Duration = Duration::from_millis(250);
/// What was said of an interview stays on the pages of those who took part for so long after it.
const SHOWN_AFTER: Millis = 3 * DAY;

/// What has changed about an interview. A new kind: its name, its texts, what it does to the calendar entry and to the reminders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Booked,
    /// To another time, or with another person; the id and the UID stay, the SEQUENCE grows.
    Moved,
    Cancelled,
}

/// What becomes of an interview's reminders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reminders {
    /// Those of the version before go, and those that are still ahead are made.
    Make,
    Drop,
}

/// The texts of a message; each may use `with`, `when`, `link` and `reason`.
struct Texts {
    subject: Text,
    body: Text,
    /// For a text message or a notice of the browser: one or two lines.
    short: Text,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Booked, Self::Moved, Self::Cancelled];

    fn name(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
        }
    }

    fn texts(self) -> Texts {
        let (subject, body, short) = match self {
            Self::Booked => (Text("interviews-mail-booked-subject"), Text("interviews-mail-booked"), Text("telling-short-booked")),
            Self::Moved => (Text("telling-mail-moved-subject"), Text("telling-mail-moved"), Text("telling-short-moved")),
            Self::Cancelled => {
                (Text("interviews-mail-cancelled-subject"), Text("interviews-mail-cancelled"), Text("telling-short-cancelled"))
            }
        };
        Texts { subject, body, short }
    }

    fn reminders(self) -> Reminders {
        match self {
            Self::Booked | Self::Moved => Reminders::Make,
            Self::Cancelled => Reminders::Drop,
        }
    }

    /// What the calendar entry that goes with the message asks for; none if there is none.
    fn method(self) -> Option<Method> {
        match self {
            Self::Booked | Self::Moved => Some(Method::Request),
            Self::Cancelled => Some(Method::Cancel),
        }
    }
}

/// How long before an interview people are reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reminder {
    Day,
    Hour,
    /// When the call opens.
    Soon,
}

impl Reminder {
    const ALL: [Self; 3] = [Self::Day, Self::Hour, Self::Soon];

    fn name(self) -> &'static str {
        match self {
            Self::Day => "reminder-24h",
            Self::Hour => "reminder-1h",
            // As versions before there were others called it.
            Self::Soon => "reminder",
        }
    }

    fn before(self) -> Millis {
        match self {
            Self::Day => DAY,
            Self::Hour => HOUR,
            Self::Soon => 10 * MINUTE,
        }
    }

    /// How it is named on a page.
    fn label(self) -> Text {
        match self {
            Self::Day => Text("telling-reminder-24h"),
            Self::Hour => Text("telling-reminder-1h"),
            Self::Soon => Text("telling-reminder-10min"),
        }
    }

    fn texts(self) -> Texts {
        let (subject, body) = match self {
            Self::Day => (Text("telling-mail-day-subject"), Text("telling-mail-day")),
            Self::Hour => (Text("telling-mail-hour-subject"), Text("telling-mail-hour")),
            Self::Soon => (Text("interviews-mail-reminder-subject"), Text("interviews-mail-reminder")),
        };
        let short = if self == Self::Soon { Text("telling-short-soon") } else { Text("telling-short-reminder") };
        Texts { subject, body, short }
    }

    /// When it says nothing that the next one does not say: a server that was away for long reminds once.
    fn is_overtaken(self, starts_at: Millis, now: Millis) -> bool {
        match self {
            Self::Day => now >= starts_at - HOUR,
            Self::Hour => now >= starts_at - 10 * MINUTE,
            Self::Soon => now >= starts_at,
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reminder| reminder.name() == name)
    }
}

/// A reminder that will still be sent.
pub(super) struct Ahead {
    pub(super) label: Text,
    pub(super) iso: String,
    pub(super) local: String,
}

impl Ahead {
    fn new(reminder: Reminder, at: Millis, zone: &str) -> Self {
        Self { label: reminder.label(), iso: iso(at), local: local(zone, at, "%Y-%m-%d %H:%M") }
    }
}

/// What somebody is still to be told of an interview.
pub(super) struct Told {
    pub(super) takes_part: bool,
    pub(super) reminders: Vec<Ahead>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Change(Kind),
    Reminder(Reminder),
}

impl Message {
    fn parse(name: &str) -> Option<Self> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).map(Self::Change);
        kind.or_else(|| Reminder::parse(name).map(Self::Reminder))
    }

    fn texts(self) -> Texts {
        match self {
            Self::Change(kind) => kind.texts(),
            Self::Reminder(reminder) => reminder.texts(),
        }
    }
}

fn path(id: InterviewId) -> String {
    format!("/interviews/{id}")
}

/// Letters about an interview keep their order; reminders are a topic of their own, as they are taken back without the rest.
fn topic(id: InterviewId) -> String {
    format!("interview/{id}")
}

fn topic_of_reminders(id: InterviewId) -> String {
    format!("interview/{id}/reminders")
}

/// Notes, as a part of the change itself, what everybody who takes part is to be told of it: the only way in which booking tells anybody.
/// `interview` is as it is after the change. To be followed by [`Interviews::tell_soon`] once it is committed.
pub(super) async fn changed_in(tx: &mut Transaction<'_, Any>, interview: &Interview, kind: Kind, now: Millis) -> Result<()> {
    all_changed_in(tx, std::slice::from_ref(interview), kind, now).await
}

/// The same of interviews that changed together.
pub(super) async fn all_changed_in(tx: &mut Transaction<'_, Any>, interviews: &[Interview], kind: Kind, now: Millis) -> Result<()> {
    let mut messages = Vec::new();
    for interview in interviews {
        if kind != Kind::Booked {
            notices::note_change(tx, interview.id, now).await?;
            notices::drop_all(tx, interview.id).await?;
            notify::drop_topic_in(&mut **tx, &topic_of_reminders(interview.id), now).await?;
        }
        let new = |(kind, due_at)| notices::New { interview, kind, due_at };
        messages.push(new((kind.name(), now)));
        if kind.reminders() == Reminders::Make {
            messages.extend(reminders(interview.starts_at, now).map(new));
        }
    }
    Ok(notices::insert(tx, &messages).await?)
}

/// The reminders that are still ahead, with their times: whoever books within the last minutes has just been told.
fn reminders(starts_at: Millis, now: Millis) -> impl Iterator<Item = (&'static str, Millis)> {
    let all = Reminder::ALL.into_iter().map(move |reminder| (reminder.name(), starts_at - reminder.before()));
    all.filter(move |(_, at)| *at > now)
}

/// Subject, body and short text.
fn compose(message: Message, interview: &Interview, to: Party, lang: Lang, link: &str) -> [String; 3] {
    let (when, with) = (interview.when(lang), interview.other_name(to, lang));
    let args = [("with", with), ("when", when.as_str()), ("link", link), ("reason", interview.cancel_reason.as_str())];
    let Texts { subject, body, short } = message.texts();
    [subject, body, short].map(|text| lang.with(text.0, &args))
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
                // There may be more; in a rush it comes after those who book.
                Ok(count) if count == BATCH as usize => {
                    if self.desk.is_busy() {
                        tokio::time::sleep(IN_A_RUSH).await;
                    }
                    self.tell_soon();
                }
                Ok(_) => {}
                Err(error) => tracing::error!(?error, "messages about interviews"),
            }
        }
    }

    /// Puts messages that are due into the outbox, as many as go in one batch; returns how many were tried. One that fails is tried again
    /// after a while and holds up no other.
    pub async fn deliver_due(&self) -> Result<usize> {
        let now = self.now();
        let claimed = notices::claim(self.db().read(), self.db().write(), now, now + CLAIM, BATCH).await?;
        let mut letters = Vec::with_capacity(claimed.len());
        for notice in &claimed {
            match self.letter_of(notice, now).await {
                Ok(letter) => letters.push((notice, letter)),
                Err(error) => tracing::error!(?error, interview = %notice.interview_id, "a message about an interview"),
            }
        }
        // Whoever books waits for no more than one commit. What cannot be written with the others is tried alone.
        if self.deliver(&letters).await.is_err() {
            for one in &letters {
                if let Err(error) = self.deliver(std::slice::from_ref(one)).await {
                    tracing::error!(?error, interview = %one.0.interview_id, "a message about an interview");
                }
            }
        }
        Ok(claimed.len())
    }

    async fn deliver(&self, letters: &[(&Notice, Option<Letter>)]) -> Result<()> {
        if letters.is_empty() {
            return Ok(());
        }
        let mut tx = self.db().begin().await?;
        for (notice, letter) in letters {
            // Another server may have sent it after this one's claim, or a change have taken it away.
            if notices::delete(&mut tx, notice).await?
                && let Some(letter) = letter
            {
                self.accounts().notify.queue_in(&mut tx, letter).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// What goes out for a row; nothing if that is no longer true.
    async fn letter_of(&self, notice: &Notice, now: Millis) -> Result<Option<Letter>> {
        let interview = store::interview(self.db().read(), notice.interview_id).await?;
        match (interview, Message::parse(&notice.kind)) {
            // What was said of a version before is no longer true, and what is has its own row.
            (Some(interview), Some(message)) if interview.sequence == notice.sequence => {
                self.letter(&interview, notice, message, now).await
            }
            _ => Ok(None),
        }
    }

    /// Nothing if it is no longer true.
    async fn letter(&self, interview: &Interview, notice: &Notice, message: Message, now: Millis) -> Result<Option<Letter>> {
        let stale = match message {
            Message::Change(kind) => kind != Kind::Cancelled && interview.cancelled_at.is_some(),
            Message::Reminder(reminder) => interview.cancelled_at.is_some() || reminder.is_overtaken(interview.starts_at, now),
        };
        let Some(account) = self.accounts().account(notice.account_id).await?.filter(|_| !stale) else { return Ok(None) };
        let party = interview.side_of(account.id);
        let [subject, body, short] = compose(message, interview, party, account.lang(), &join_link(self.accounts(), interview, party));
        let key = format!("{}/{}/{}/{}/{}", topic(interview.id), account.id, notice.kind, notice.sequence, notice.due_at);
        let letter = self.accounts().message(account.id, &subject, &body).await?.about(interview.starts_at).once(key);
        Ok(Some(match message {
            Message::Reminder(_) => {
                letter.link(&path(interview.id)).short(&short).topic(topic_of_reminders(interview.id)).expires_at(interview.starts_at)
            }
            Message::Change(kind) => {
                let letter =
                    letter.shown(&subject, &path(interview.id), interview.until() + SHOWN_AFTER).short(&short).topic(topic(interview.id));
                match kind.method() {
                    Some(method) => letter.calendar(method, &self.entry_for(interview, &account, party, Some(method)).await?),
                    None => letter,
                }
            }
        }))
    }

    /// The next interview of somebody that begins within a time and is not over, seen from their side.
    pub async fn next_of(&self, viewer: &Viewer, within: Millis) -> Result<Option<Card>> {
        let (me, now) = (viewer.person()?.id, self.now());
        let Some(id) = notices::next_of(self.db().read(), me, now, now + within).await? else { return Ok(None) };
        let interview = store::interview(self.db().read(), id).await?;
        Ok(interview.map(|it| (it.side_of(me), it)).map(|(side, it)| Card::new(it, side, now)))
    }

    /// What the page of an interview says about that to somebody.
    pub(super) async fn told(&self, viewer: &Viewer, interview: &Interview) -> Result<Told> {
        let me = viewer.known()?.id;
        let ahead = notices::ahead(self.db().read(), interview.id, me).await?;
        let reminders = ahead.into_iter().filter_map(|(kind, at)| Reminder::parse(&kind).map(|it| Ahead::new(it, at, &interview.zone)));
        // A colleague who stands in is not told of what is another's.
        let takes_part = self.participants(interview.id).await?.iter().any(|participant| participant.person == me);
        Ok(Told { takes_part, reminders: reminders.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interviews::interview::tests::interview;

    fn text(message: Message, interview: &Interview, to: Party, lang: Lang) -> [String; 3] {
        compose(message, interview, to, lang, "https://fair.example/join/x")
    }

    #[test]
    fn a_message_names_the_other_side_and_the_time_in_the_fairs_zone() {
        let [subject, body, _] = text(Message::Change(Kind::Booked), &interview(), Party::Seeker, Lang::En);
        assert!(subject.contains("Factory") && subject.contains("2027-02-20 10:00–10:15"), "{subject}");
        assert!(body.contains("https://fair.example/join/x"), "{body}");
        let [_, body, _] = text(Message::Change(Kind::Booked), &interview(), Party::Employer, Lang::Zh);
        assert!(body.contains("王芳") && !body.contains("杭州电子厂"), "{body}");
    }

    #[test]
    fn a_cancellation_gives_the_reason() {
        let gone = Interview { cancel_reason: "临时加班".into(), cancelled_at: Some(1), ..interview() };
        assert!(text(Message::Change(Kind::Cancelled), &gone, Party::Seeker, Lang::Zh)[1].contains("临时加班"));
    }

    #[test]
    fn every_message_has_texts_and_the_short_one_fits_into_three_text_messages() {
        let all = Kind::ALL.into_iter().map(Message::Change).chain(Reminder::ALL.into_iter().map(Message::Reminder));
        for (message, lang) in all.flat_map(|message| Lang::ALL.map(|lang| (message, lang))) {
            let [subject, body, short] = text(message, &interview(), Party::Seeker, lang);
            assert!([&subject, &body, &short].iter().all(|text| !text.contains("telling-") && !text.contains("{$")), "{short}");
            assert!(!short.contains('\n') && short.encode_utf16().count() <= 3 * 67, "{short}");
            assert!(message == Message::Change(Kind::Cancelled) || short.contains("/join/x"), "{short}");
        }
    }

    #[test]
    fn names_of_messages_are_read_back_and_are_all_different() {
        for kind in Kind::ALL {
            assert_eq!(Message::parse(kind.name()), Some(Message::Change(kind)));
        }
        for reminder in Reminder::ALL {
            assert_eq!(Message::parse(reminder.name()), Some(Message::Reminder(reminder)));
        }
    }

    #[test]
    fn only_reminders_that_are_ahead_are_made_and_a_late_one_gives_way_to_the_next() {
        let made = |ahead: Millis| reminders(ahead, 0).map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(made(DAY + 1), ["reminder-24h", "reminder-1h", "reminder"]);
        assert_eq!(made(DAY), ["reminder-1h", "reminder"]);
        assert_eq!(made(10 * MINUTE + 1), ["reminder"]);
        assert!(made(10 * MINUTE).is_empty());
        assert!(!Reminder::Day.is_overtaken(DAY, DAY - HOUR - 1) && Reminder::Day.is_overtaken(DAY, DAY - HOUR));
        assert!(!Reminder::Soon.is_overtaken(DAY, DAY - 1) && Reminder::Soon.is_overtaken(DAY, DAY));
    }

    /// Kinds, versions and times of what is to be told, and the topics of what waits in the outbox.
    async fn rows(db: &crate::db::Db) -> (Vec<(String, i64, Millis)>, Vec<String>) {
        let notices = sqlx::query_as("SELECT DISTINCT kind, sequence, due_at FROM interview_notices ORDER BY due_at, kind");
        let waiting: Vec<(String,)> =
            sqlx::query_as("SELECT topic FROM outbox WHERE dropped_at IS NULL ORDER BY topic").fetch_all(db.read()).await.expect("outbox");
        (notices.fetch_all(db.read()).await.expect("notices"), waiting.into_iter().map(|row| row.0).collect())
    }

    #[tokio::test]
    async fn a_move_takes_back_what_was_said_of_the_time_before_and_makes_the_reminders_anew() {
        let folder = tempfile::tempdir().expect("folder");
        let db = crate::db::Db::open_url(&format!("sqlite:{}", folder.path().join("a.db").display())).await.expect("database");
        sqlx::query("PRAGMA foreign_keys = OFF").execute(db.write()).await.expect("alone");
        let booked = interview();
        let now = booked.starts_at - 2 * DAY;
        for (person, part) in [(booked.seeker_id, "seeker"), (booked.recruiter_id, "lead")] {
            let people = sqlx::query("INSERT INTO interview_people (interview_id, person_id, part) VALUES ($1, $2, $3)");
            people.bind(booked.id).bind(person).bind(part).execute(db.write()).await.expect("people");
        }
        let change = async |it: &Interview, kind: Kind, now: Millis| {
            let mut tx = db.begin().await.expect("transaction");
            changed_in(&mut tx, it, kind, now).await.expect("noted");
            tx.commit().await.expect("committed");
        };
        change(&booked, Kind::Booked, now).await;
        let line = |kind: &str, sequence: i64, at: Millis| (kind.to_owned(), sequence, at);
        let reminders = |start: Millis, n: i64| {
            [line("reminder-24h", n, start - DAY), line("reminder-1h", n, start - HOUR), line("reminder", n, start - 10 * MINUTE)]
        };
        let with = |first, start, n| [vec![first], reminders(start, n).into()].concat();
        assert_eq!(rows(&db).await.0, with(line("booked", 0, now), booked.starts_at, 0));
        // A reminder that has left the table and not the outbox, and a letter that stays.
        for topic in [topic_of_reminders(booked.id), topic(booked.id), topic_of_reminders(InterviewId::new())] {
            let row = sqlx::query(
                "INSERT INTO outbox (id, channel, sealed, attempts, due_at, error, created_at, topic) VALUES ($1, 'email', 'x', 1, 0, '', 0, $1)",
            );
            row.bind(topic).execute(db.write()).await.expect("row");
        }
        let moved = Interview { starts_at: booked.starts_at + 3 * HOUR, ends_at: booked.ends_at + 3 * HOUR, sequence: 1, ..booked.clone() };
        change(&moved, Kind::Moved, now + HOUR).await;
        let (notices, waiting) = rows(&db).await;
        assert_eq!(notices, with(line("moved", 1, now + HOUR), moved.starts_at, 1));
        assert!(waiting.len() == 2 && !waiting.contains(&topic_of_reminders(booked.id)), "{waiting:?}");
        let soon = Interview { starts_at: now + 2 * HOUR, sequence: 2, ..moved };
        change(&soon, Kind::Moved, now + HOUR + MINUTE).await;
        let kinds: Vec<_> = rows(&db).await.0.into_iter().map(|(kind, ..)| kind).collect();
        assert_eq!(kinds, ["moved", "reminder"], "only what is still ahead");
        change(&Interview { sequence: 3, cancelled_at: Some(now), ..soon }, Kind::Cancelled, now + HOUR + 2 * MINUTE).await;
        assert_eq!(rows(&db).await.0, [line("cancelled", 3, now + HOUR + 2 * MINUTE)]);
        let (changed,): (Millis,) = sqlx::query_as("SELECT changed_at FROM interview_calendar").fetch_one(db.read()).await.expect("entry");
        assert_eq!(changed, now + HOUR + 2 * MINUTE);
    }
}
