//! Recording an interview, with the recorded consent of everybody in the call and never otherwise.
//!
//! Invariants: it runs only while each person in the call has a consent that lives, and stops at once when one withdraws it, somebody comes who
//! gave none, or the call ends; nothing from before is kept. A no is final unless its person changes it. Each interview is asked for anew. Pieces
//! are encrypted and outlive a crash, which costs the running half minute at most; they are erased after their time, and before it when the
//! candidate wants it or somebody withdraws. Every look is a row that the candidate sees. Only the two sides of an interview reach a recording;
//! to all others, organisers too, there is none. The call never waits for its recording. Deliberately absent: transcoding, mixing, transcripts.

mod consent;
mod keep;
mod pages;
mod run;
mod store;
mod whole;

pub use consent::CONSENT;
pub use pages::routes;

use crate::accounts::consents::{Consent as Noted, How};
use crate::accounts::{Accounts, Viewer};
use crate::blobs::Blobs;
use crate::clock::{DAY, MINUTE, Millis};
use crate::db::Db;
use crate::i18n::Lang;
use crate::ids::{AccountId, InterviewId};
use crate::interviews::{Interview, Interviews, Party};
use crate::web::{AppError, Result, Text};
use consent::{Answer, Consent, Verdict, decide};
use dashmap::DashMap;
use run::{Run, Switch};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// At the same time on this server: each holds some megabytes for each person and costs a viewer of the media plane.
const MOST_RUNS: usize = 40;
/// A blob of its own is one piece.
pub const PIECE_MEGABYTES: usize = 32;
/// A run that stored nothing for so long has no server any more.
const LOST_AFTER: Millis = 3 * MINUTE;
const TICK: Duration = Duration::from_secs(1);

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Somebody of the employer stopped it.
    Stopped,
    Withdrawn,
    /// Somebody came who has not agreed.
    Newcomer,
    /// The call is over.
    Over,
    /// Nobody is left in the call.
    Left,
    /// It could not be stored, or not in time.
    Disk,
    /// The interview has as much as it may.
    Full,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Withdrawn => "withdrawn",
            Self::Newcomer => "newcomer",
            Self::Over => "over",
            Self::Left => "left",
            Self::Disk => "disk",
            Self::Full => "full",
        }
    }

    /// Going on would only fail again, or is not wanted.
    fn is_final(self) -> bool {
        matches!(self, Self::Stopped | Self::Over | Self::Disk | Self::Full)
    }
}

/// Why a recording was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Time,
    Candidate,
    Withdrawn,
}

impl Why {
    fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Candidate => "candidate",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What a page of a call is told.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Told {
    state: &'static str,
    /// What the viewer answered: yes, no, withdrawn, or nothing yet.
    mine: &'static str,
    /// How many of those present have not answered.
    awaited: usize,
    /// Why the last run ended, if none runs.
    ended: String,
    /// Which run it is: another one is another start.
    run: i64,
    /// For how long a recording is kept.
    keep_days: i64,
}

/// An interview whose recording somebody asked for.
#[derive(Clone, Default)]
struct Watched {
    run: Arc<Mutex<Option<Run>>>,
}

/// A run that goes on, for whoever wants to stop it.
struct Running {
    n: i64,
    switch: Switch,
    /// Whose consent was seen.
    cleared: Vec<AccountId>,
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Recordings {
    interviews: Interviews,
    blobs: Blobs,
    keep_for: Millis,
    watched: Arc<DashMap<InterviewId, Watched>>,
    /// The runs that go on: to stop one without waiting.
    switches: Arc<DashMap<InterviewId, Running>>,
    token: CancellationToken,
    tracker: TaskTracker,
}

impl Recordings {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts().keys;
        Ok(crate::db::personal(self.db().read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(interviews: Interviews, blobs: Blobs, keep_days: u32, token: &CancellationToken, tracker: &TaskTracker) -> Self {
        let keep_for = Millis::from(keep_days) * DAY;
        let (watched, switches) = (Arc::default(), Arc::default());
        Self { interviews, blobs, keep_for, watched, switches, token: token.clone(), tracker: tracker.clone() }
    }

    fn accounts(&self) -> &Accounts {
        &self.interviews.live.rooms.fairs.accounts
    }

    fn db(&self) -> &Db {
        &self.accounts().db
    }

    fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    /// How recording stands for somebody of either side.
    pub(crate) async fn told(&self, viewer: &Viewer, id: InterviewId) -> Result<Told> {
        let (interview, _) = self.interviews.visible_to(viewer, id).await?;
        let me = viewer.known()?.id;
        let (present, consents) = (self.interviews.present(id), store::consents(self.db().read(), id).await?);
        let asked = store::request(self.db().read(), id).await?.is_some_and(|request| request.stopped_at.is_none());
        let running = self.switches.get(&id).filter(|running| running.switch.why().is_none()).map(|running| running.n);
        let open = interview.state(self.now()).is_open(interview.starts_at, self.now());
        let state = match (running, decide(asked, open, running.is_some(), &present, &consents)) {
            (Some(_), _) => "recording",
            (None, Verdict::Off) => "off",
            (None, Verdict::Refused) => "refused",
            (None, Verdict::Waiting | Verdict::Record) => "asked",
        };
        let last = store::runs(self.db().read(), id).await?.pop();
        let awaited = present.iter().filter(|one| !consents.iter().any(|consent| consent.person_id == one.person)).count();
        Ok(Told {
            state,
            mine: consents.iter().find(|consent| consent.person_id == me).map_or("", Consent::stands),
            awaited,
            ended: last.as_ref().filter(|_| running.is_none()).map(|run| run.reason.clone()).unwrap_or_default(),
            run: running.or(last.map(|run| run.n)).unwrap_or(0),
            keep_days: self.keep_for / DAY,
        })
    }

    /// Somebody of the employer asks everybody in the call, and agrees by that.
    pub async fn ask(&self, viewer: &Viewer, id: InterviewId, lang: Lang) -> Result<()> {
        let (interview, party) = self.interviews.may_enter(viewer, id).await?;
        if party != Party::Employer {
            return Err(AppError::Forbidden(Text("base-error-forbidden")));
        }
        if self.switches.len() >= MOST_RUNS {
            return Err(AppError::Overloaded(60));
        }
        let (me, now) = (viewer.known()?.id, self.now());
        let mut tx = self.db().begin().await?;
        store::put_request(&mut tx, id, me, now).await?;
        store::put_consent(&mut tx, &given(id, me, Answer::Yes, lang, now)).await?;
        self.note_consent(&mut tx, me, &interview, Answer::Yes).await?;
        for action in ["recording.ask", "recording.agree"] {
            self.log(&mut tx, me, action, &interview, CONSENT).await?;
        }
        tx.commit().await?;
        self.watched.entry(id).or_default();
        self.settle(id).await
    }

    /// Somebody in the call answers. One's no, and one's yes after a no, is one's own to give.
    pub async fn answer(&self, viewer: &Viewer, id: InterviewId, agrees: bool, lang: Lang) -> Result<()> {
        let (interview, _) = self.interviews.may_enter(viewer, id).await?;
        let (me, now) = (viewer.known()?.id, self.now());
        if store::request(self.db().read(), id).await?.is_none() {
            return Err(AppError::Conflict(Text("recordings-not-asked")));
        }
        if !agrees && self.lives(id, me).await? {
            return self.withdraw(viewer, id).await;
        }
        let answer = if agrees { Answer::Yes } else { Answer::No };
        let mut tx = self.db().begin().await?;
        store::put_consent(&mut tx, &given(id, me, answer, lang, now)).await?;
        self.note_consent(&mut tx, me, &interview, answer).await?;
        let action = if agrees { "recording.agree" } else { "recording.refuse" };
        self.log(&mut tx, me, action, &interview, CONSENT).await?;
        tx.commit().await?;
        self.settle(id).await
    }

    async fn lives(&self, id: InterviewId, person: AccountId) -> Result<bool> {
        Ok(store::consents(self.db().read(), id).await?.iter().any(|consent| consent.person_id == person && consent.lives()))
    }

    /// Takes one's consent back, in the call or whenever: recording stops at once, and what there is goes.
    pub async fn withdraw(&self, viewer: &Viewer, id: InterviewId) -> Result<()> {
        let (interview, party) = self.interviews.visible_to(viewer, id).await?;
        let me = viewer.known()?.id;
        if !self.lives(id, me).await? {
            return Err(AppError::Conflict(Text("recordings-no-consent")));
        }
        if let Some(running) = self.switches.get(&id) {
            running.switch.discard(Reason::Withdrawn);
        }
        let mut tx = self.db().begin().await?;
        if store::withdraw(&mut tx, id, me, self.now()).await? {
            self.accounts().end_consent_in(&mut *tx, me, &id.to_string()).await?;
            self.log(&mut tx, me, "recording.withdraw", &interview, "").await?;
        }
        tx.commit().await?;
        let why = if party == Party::Seeker { Why::Candidate } else { Why::Withdrawn };
        self.settle(id).await?;
        self.erase(&interview, why, Some(me)).await
    }

    /// Somebody of the employer stops it; what there is stays.
    pub async fn stop(&self, viewer: &Viewer, id: InterviewId) -> Result<()> {
        let (interview, party) = self.interviews.visible_to(viewer, id).await?;
        if party != Party::Employer {
            return Err(AppError::Forbidden(Text("base-error-forbidden")));
        }
        if let Some(running) = self.switches.get(&id) {
            running.switch.off(Reason::Stopped);
        }
        let mut tx = self.db().begin().await?;
        if store::stop_request(&mut *tx, id, self.now()).await? {
            self.log(&mut tx, viewer.known()?.id, "recording.stop", &interview, "").await?;
        }
        tx.commit().await?;
        self.settle(id).await
    }

    /// The candidate has the recording erased, whatever they agreed to before: that ends their consent too.
    pub async fn delete(&self, viewer: &Viewer, id: InterviewId) -> Result<()> {
        let (interview, party) = self.interviews.visible_to(viewer, id).await?;
        if party != Party::Seeker {
            return Err(AppError::Forbidden(Text("base-error-forbidden")));
        }
        if self.lives(id, viewer.known()?.id).await? {
            return self.withdraw(viewer, id).await;
        }
        self.erase(&interview, Why::Candidate, Some(viewer.known()?.id)).await
    }

    /// Erases what there is of an interview; the employer is told if it was not for its time.
    async fn erase(&self, interview: &Interview, why: Why, by: Option<AccountId>) -> Result<()> {
        let mut letters = Vec::new();
        if why != Why::Time {
            for recruiter in self.accounts().recruiters_of(interview.employer_id).await? {
                // Who leads it, and who asked for it.
                let asked = store::request(self.db().read(), interview.id).await?.is_some_and(|request| request.asked_by == recruiter.id);
                if (recruiter.id == interview.recruiter_id || asked) && Some(recruiter.id) != by {
                    let (lang, name) = (recruiter.lang(), &interview.seeker_name);
                    let subject = lang.t1("recordings-mail-erased-subject", "name", name);
                    let body = lang.t2("recordings-mail-erased", "name", name, "when", interview.when(lang));
                    letters.extend(self.accounts().letter(recruiter.id, &subject, &body).await?);
                }
            }
        }
        let mut tx = self.db().begin().await?;
        let Some(blobs) = store::erase(&mut tx, interview.id, self.now(), why).await? else { return Ok(()) };
        self.log(&mut tx, by.unwrap_or(interview.recruiter_id), "recording.erase", interview, why.name()).await?;
        for letter in &letters {
            self.accounts().notify.queue_in(&mut tx, letter).await?;
        }
        tx.commit().await?;
        self.remove_all(blobs).await;
        Ok(())
    }

    async fn log(
        &self,
        tx: &mut sqlx::Transaction<'_, sqlx::Any>,
        by: AccountId,
        action: &str,
        it: &Interview,
        detail: &str,
    ) -> Result<()> {
        self.accounts().audit_in(&mut **tx, by, action, &it.id.to_string(), Some(it.fair_id), "", detail).await
    }

    /// Notes in the ledger what somebody answered.
    async fn note_consent(&self, tx: &mut sqlx::Transaction<'_, sqlx::Any>, by: AccountId, it: &Interview, answer: Answer) -> Result<()> {
        let (employer, about, given) = (Some(it.employer_id), it.id.to_string(), answer == Answer::Yes);
        let consent = Noted { account: by, text: CONSENT, employer, about, given, how: How::Page };
        self.accounts().note_consent_in(&mut **tx, &consent).await
    }

    /// Brings what is recorded in line with who is there and who agreed.
    async fn settle(&self, id: InterviewId) -> Result<()> {
        let Some(watched) = self.watched.get(&id).map(|watched| watched.clone()) else { return Ok(()) };
        let mut slot = watched.run.lock().await;
        let request = store::request(self.db().read(), id).await?;
        let Some(interview) = self.interviews.find(id).await? else { return Ok(()) };
        let (present, consents) = (self.interviews.present(id), store::consents(self.db().read(), id).await?);
        let asked = request.is_some_and(|request| request.stopped_at.is_none());
        let open = interview.state(self.now()).is_open(interview.starts_at, self.now());
        let verdict = decide(asked, open, slot.is_some(), &present, &consents);
        let off = slot.as_ref().and_then(|run| run.switch.why());
        if let Some(run) = slot.take_if(|_| verdict != Verdict::Record || off.is_some()) {
            let reason = off.unwrap_or(match verdict {
                _ if !open => Reason::Over,
                Verdict::Off => Reason::Stopped,
                Verdict::Refused => Reason::Withdrawn,
                Verdict::Waiting if present.is_empty() => Reason::Left,
                Verdict::Waiting | Verdict::Record => Reason::Newcomer,
            });
            self.end(run, reason, &interview).await?;
            // Whether it begins again is seen the next time.
            return Ok(());
        }
        if verdict == Verdict::Record {
            if slot.is_none() {
                *slot = Some(self.begin(&interview, request.map_or(interview.recruiter_id, |request| request.asked_by)).await?);
            }
            if let Some(run) = slot.as_mut() {
                // Who comes back has agreed already.
                let cleared = consents.iter().filter(|consent| consent.lives()).map(|consent| consent.person_id).collect();
                self.switches.insert(id, Running { n: run.n, switch: run.switch.clone(), cleared });
                run.follow(self, &self.interviews.feeds(&interview));
            }
        } else if !asked || !open {
            if asked {
                store::stop_request(self.db().write(), id, self.now()).await?;
            }
            self.watched.remove(&id);
        }
        Ok(())
    }

    async fn begin(&self, interview: &Interview, by: AccountId) -> Result<Run> {
        let now = self.now();
        let mut tx = self.db().begin().await?;
        let n = store::begin(&mut tx, interview.id, now, now + self.keep_for).await?;
        self.log(&mut tx, by, "recording.start", interview, &n.to_string()).await?;
        tx.commit().await?;
        Ok(Run::begin(self, interview.id, n))
    }

    async fn end(&self, run: Run, reason: Reason, interview: &Interview) -> Result<()> {
        let (id, n) = (run.interview, run.n);
        run.switch.off(reason);
        self.switches.remove(&id);
        let switch = run.switch.clone();
        run.ended().await;
        // The disk may have failed with the last piece.
        let reason = switch.why().unwrap_or(reason);
        let now = self.now();
        let mut tx = self.db().begin().await?;
        store::end(&mut tx, (id, n), now, reason, now + self.keep_for).await?;
        self.log(&mut tx, interview.recruiter_id, "recording.end", interview, reason.name()).await?;
        if reason.is_final() {
            store::stop_request(&mut *tx, id, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Follows the calls, and erases what is due, until `token` ends.
    pub async fn run(self, token: CancellationToken) {
        let mut arrivals = self.interviews.arrivals();
        let mut tick = tokio::time::interval(TICK);
        let mut round = 0_u32;
        if let Err(error) = self.resume().await {
            tracing::error!(?error, "recordings that were asked for");
        }
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                come = arrivals.recv() => match come {
                    Ok((call, person)) => self.comes(call, person),
                    Err(RecvError::Lagged(_)) => self.settle_all(),
                    Err(RecvError::Closed) => return,
                },
                _ = tick.tick() => {
                    self.settle_all();
                    if round.is_multiple_of(60) {
                        self.keep_house().await;
                    }
                    round = round.wrapping_add(1);
                }
            }
        }
    }

    /// Somebody comes into a call: recording stops before their connection is made, unless they agreed.
    fn comes(&self, call: InterviewId, person: AccountId) {
        if let Some(running) = self.switches.get(&call)
            && !running.cleared.contains(&person)
        {
            running.switch.off(Reason::Newcomer);
        }
        if self.watched.contains_key(&call) {
            let all = self.clone();
            self.tracker.spawn(async move { all.settle_told(call).await });
        }
    }

    async fn settle_told(&self, call: InterviewId) {
        if let Err(error) = self.settle(call).await {
            tracing::error!(?error, %call, "a recording");
            // What cannot be told from the database is not recorded.
            if let Some(running) = self.switches.get(&call) {
                running.switch.off(Reason::Disk);
            }
        }
    }

    /// Looks at all calls that are not being looked at: none waits for the disk of another.
    fn settle_all(&self) {
        let free = self.watched.iter().filter(|watched| watched.run.try_lock().is_ok());
        let calls: Vec<InterviewId> = free.map(|watched| *watched.key()).collect();
        for call in calls {
            let all = self.clone();
            self.tracker.spawn(async move { all.settle_told(call).await });
        }
    }

    /// After a start: what was asked for is still asked for.
    async fn resume(&self) -> Result<()> {
        for id in store::asked_since(self.db().read(), self.now() - DAY).await? {
            self.watched.entry(id).or_default();
        }
        Ok(())
    }

    async fn keep_house(&self) {
        for error in [self.erase_due().await.err(), self.close_lost().await.err(), self.forget_strays().await.err()].into_iter().flatten() {
            tracing::error!(?error, "housekeeping of recordings");
        }
    }

    async fn close_lost(&self) -> Result<u64> {
        Ok(store::close_lost(self.db().write(), self.now() - LOST_AFTER).await?)
    }

    /// Erases what has been kept for its time; tells how many.
    pub async fn erase_due(&self) -> Result<usize> {
        let due = store::due(self.db().read(), self.now()).await?;
        for id in &due {
            if let Some(interview) = self.interviews.find(*id).await? {
                self.erase(&interview, Why::Time, None).await?;
            }
        }
        Ok(due.len())
    }
}

fn given(interview: InterviewId, person: AccountId, answer: Answer, lang: Lang, at: Millis) -> store::Given<'static> {
    store::Given { interview, person, answer, lang: lang.tag(), version: CONSENT, at }
}
