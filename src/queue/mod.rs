//! The line of a booth: seekers line up without an appointment, free recruiters take the next one, both accept, and they talk.
//!
//! Invariants: a person has one open place in a line, whatever windows they have open; a recruiter has one person at a time, in whatever
//! booth; a talk begins only when both accepted within half a minute; a place outlives reload, dark phone, outage and restart, and whoever
//! moves is told. Truth is in the database; a line changes only in the version that was decided on. Deliberately absent: the talk itself,
//! which is an interview of now (`interviews`), and a need for being told: pages hear at once when the line
//! moves, but ask by themselves too, which every network lets through.

mod behind;
mod desk;
mod domain;
mod figures;
mod line;
#[cfg(test)]
mod line_tests;
mod moves;
mod news;
mod pages;
mod stale;
mod store;
mod ticket;
mod timer;
mod view;
mod watch;

pub use store::ERASED;
pub use view::Card;

use crate::accounts::{Accounts, Viewer};
use crate::chat::Chat;
use crate::clock::Millis;
use crate::db::{Db, Recent, is_unique_violation};
use crate::fairs::Fair;
use crate::ids::{AccountId, EmployerId, FairId, InterviewId, PlaceId, RoomId};
use crate::interviews::{Interviews, Meeting};
use crate::live::Live;
use crate::postings::Postings;
use crate::rooms::{Room, RoomStatus};
use crate::web::{AppError, RateLimit, Result, Text};
use axum::Router;
use axum::middleware::from_fn;
use dashmap::DashMap;
use line::{Line, Refusal, Stage};
use news::News;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;
use ticket::Ticket;
use tokio::sync::Mutex;

/// How often a change starts over when other nodes change the same line at the same moment.
const TRIES: u32 = 12;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Queue {
    interviews: Interviews,
    postings: Postings,
    chat: Chat,
    tries: RateLimit<AccountId>,
    /// Lines as they were within the last second: hundreds who wait ask for the same one.
    recent: Recent<RoomId, Arc<store::Read>>,
    /// When this process last noted that it watches.
    watched: Arc<AtomicI64>,
    /// One task notes it at a time; the others wait, so that they see times that have gone along.
    watching: Arc<Mutex<()>>,
    turns: Turns,
    /// Since when nobody is in a call. In memory only: after a restart it counts anew.
    empty: Arc<DashMap<InterviewId, Millis>>,
    news: News,
}

/// Changes of one line wait for one another, so that at an opening rush nobody starts over again and again; other nodes are held off by the
/// version. One small lock for each room that had a line.
type Turns = Arc<DashMap<RoomId, Arc<Mutex<()>>>>;

/// A booth: a room with an employer.
#[derive(Clone, Debug)]
struct Booth {
    room: Arc<Room>,
    fair: Arc<Fair>,
    employer: EmployerId,
}

impl Booth {
    /// None for a hall.
    fn new(room: impl Into<Arc<Room>>, fair: impl Into<Arc<Fair>>) -> Option<Self> {
        let (room, fair) = (room.into(), fair.into());
        let employer = room.employer_id.0?;
        Some(Self { room, fair, employer })
    }

    fn id(&self) -> RoomId {
        self.room.id
    }

    /// Its names in Chinese and English.
    fn titles(&self) -> (&str, &str) {
        (&self.room.title_zh, &self.room.title_en)
    }

    fn site(&self) -> Site {
        Site { room: self.id(), owner: Some((self.employer, self.fair.id)) }
    }
}

/// Where a line is. Without an owner no talk can begin there, which time alone never brings about.
#[derive(Clone, Copy, Debug)]
struct Site {
    room: RoomId,
    owner: Option<(EmployerId, FairId)>,
}

pub fn routes(queue: Queue) -> Router {
    pages::routes()
        .merge(desk::routes())
        .merge(behind::routes())
        .merge(figures::routes())
        .with_state(queue)
        .layer(from_fn(stale::show_what_is))
}

impl Queue {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts().keys;
        Ok(crate::db::personal(self.db().read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(interviews: Interviews, postings: Postings, chat: Chat) -> Self {
        // Enough for somebody who taps about in a hurry; too little to shake a line.
        let tries = RateLimit::new(20, Duration::from_secs(3));
        Self {
            interviews,
            postings,
            chat,
            tries,
            recent: Recent::default(),
            watched: Arc::default(),
            watching: Arc::default(),
            turns: Turns::default(),
            empty: Arc::default(),
            news: News::default(),
        }
    }

    fn live(&self) -> &Live {
        &self.interviews.live
    }

    fn accounts(&self) -> &Accounts {
        &self.live().rooms.fairs.accounts
    }

    fn db(&self) -> &Db {
        &self.accounts().db
    }

    fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    /// The booth if the viewer may enter it, as of this second, for hundreds ask; a hall has no line.
    async fn booth(&self, viewer: &Viewer, id: RoomId) -> Result<Booth> {
        let door = self.live().rooms.door(viewer, id).await?;
        Booth::new(door.room, door.fair).ok_or(AppError::NotFound)
    }

    /// The booth if the viewer recruits for its employer: organisers look after rooms, they do not interview.
    async fn desk(&self, viewer: &Viewer, id: RoomId) -> Result<(Booth, AccountId)> {
        let me = viewer.person()?.id;
        let booth = self.booth(viewer, id).await?;
        if viewer.recruits_for(booth.employer) { Ok((booth, me)) } else { Err(AppError::NotFound) }
    }

    /// The line as of this second, with what time has brought about.
    async fn line(&self, room: RoomId) -> Result<Arc<store::Read>> {
        let now = self.now();
        let read = self.recent.get(now, room, async { store::line(self.db().read(), room, now).await.map(|read| Some(Arc::new(read))) });
        let read = read.await?.ok_or(AppError::NotFound)?;
        if !read.line.is_due(now) {
            return Ok(read);
        }
        self.change(Site { room, owner: None }, |_, _| Ok(())).await?;
        self.fresh_line(room).await
    }

    /// The line as of now.
    async fn fresh_line(&self, room: RoomId) -> Result<Arc<store::Read>> {
        Ok(Arc::new(store::line(self.db().read(), room, self.now()).await?))
    }

    /// Whether people may line up: room and fair are open.
    fn is_open(&self, booth: &Booth) -> bool {
        self.live().check_door(&booth.room, &booth.fair).is_ok()
    }

    fn check_open(&self, booth: &Booth) -> Result<()> {
        if self.is_open(booth) { Ok(()) } else { Err(AppError::Forbidden(Text("queue-closed"))) }
    }

    /// Whether anybody of the booth is there: at a desk, on stage or in the chat.
    fn is_attended(&self, booth: &Booth, line: &Line) -> bool {
        match self.live().status_of(booth.fair.state, &booth.room) {
            RoomStatus::Live | RoomStatus::Staffed => true,
            RoomStatus::MessageOnly => line.is_attended(self.now()),
            RoomStatus::Closed => false,
        }
    }

    /// Changes one line, see [`Queue::change_all`].
    async fn change<T>(&self, site: Site, mut decide: impl FnMut(&mut Line, Millis) -> Result<T, Refusal>) -> Result<T> {
        self.change_all(&[site], |lines, now| decide(&mut lines[0], now)).await
    }

    /// Reads lines, lets time and then `decide` act on them, and writes them back together with the talks that began, all or nothing. Starts
    /// over when somebody else was quicker.
    async fn change_all<T>(&self, sites: &[Site], mut decide: impl FnMut(&mut [Line], Millis) -> Result<T, Refusal>) -> Result<T> {
        self.watch().await?;
        // Always in the same order, so that two who change the same lines wait for one another and never in a circle.
        let mut order: Vec<usize> = (0..sites.len()).collect();
        order.sort_by_key(|i| sites[*i].room);
        let mut held = Vec::with_capacity(sites.len());
        for i in &order {
            let turn = self.turns.entry(sites[*i].room).or_default().clone();
            held.push(turn.lock_owned().await);
        }
        let mut taken = 0;
        for _ in 0..TRIES {
            let now = self.now();
            let mut read = Vec::with_capacity(sites.len());
            for site in sites {
                read.push(self.opened(site.room, now).await?);
            }
            let mut lines: Vec<Line> = read.iter().map(|r| r.line.clone()).collect();
            lines.iter_mut().for_each(|line| line.settle(now));
            let decided = decide(&mut lines, now).map_err(refused);
            match self.write(sites, &order, &read, &lines).await? {
                Written::Yes => return decided,
                Written::Stale => {}
                Written::Taken => taken += 1,
            }
            // Seen afresh, and still somewhere else.
            if taken > 1 {
                return Err(AppError::Conflict(Text("queue-taken")));
            }
        }
        Err(AppError::Overloaded(1))
    }

    /// The line, which is there after this.
    async fn opened(&self, room: RoomId, now: Millis) -> Result<store::Read> {
        let read = store::line(self.db().read(), room, now).await?;
        if read.version > 0 {
            return Ok(read);
        }
        store::open(self.db().write(), room).await?;
        Ok(store::line(self.db().read(), room, now).await?)
    }

    async fn write(&self, sites: &[Site], order: &[usize], read: &[store::Read], lines: &[Line]) -> Result<Written> {
        let changed: Vec<usize> = order.iter().copied().filter(|i| read[*i].line != lines[*i]).collect();
        if changed.is_empty() {
            return Ok(Written::Yes);
        }
        let mut tx = self.db().begin().await?;
        for i in &changed {
            match store::write(&mut tx, sites[*i].room, &read[*i], &lines[*i]).await {
                Ok(true) => {}
                Ok(false) => return Ok(Written::Stale),
                Err(error) if is_unique_violation(&error) => return Ok(Written::Taken),
                Err(error) => return Err(error.into()),
            }
            for (place, kind) in news::notices(&read[*i].line, &lines[*i]) {
                store::insert_notice(&mut tx, place, kind.name(), self.now()).await?;
            }
            for meeting in meetings(&sites[*i], &read[*i].line, &lines[*i]) {
                self.interviews.meet_in(&mut tx, &meeting).await?;
            }
        }
        tx.commit().await?;
        for i in changed {
            self.recent.forget(sites[i].room);
            self.news.note(sites[i].room, news::moved(&read[i].line, &lines[i]));
        }
        Ok(Written::Yes)
    }

    /// The place of a ticket, its room, and nobody else's. As long as the place is open, so is the way to it: a call back may take days.
    async fn place_of(&self, viewer: &Viewer, text: &str) -> Result<(RoomId, PlaceId)> {
        let ticket = Ticket::parse(text).ok_or(AppError::NotFound)?;
        let (room, seeker, ended) = store::owner(self.db().read(), ticket.place).await?.ok_or(AppError::NotFound)?;
        if !ticket.is_ours(&self.accounts().keys, room, seeker) {
            return Err(AppError::NotFound);
        }
        if viewer.known()?.id != seeker {
            return Err(AppError::NotFound);
        }
        if ended.is_some() && ticket.expires <= self.now() {
            return Err(AppError::Gone(Text("queue-ticket-expired")));
        }
        Ok((room, ticket.place))
    }
}

/// What became of a change.
enum Written {
    Yes,
    /// Somebody else changed the line first.
    Stale,
    /// The recruiter or the person is with somebody in another line.
    Taken,
}

/// The talks that began between two states of a line.
fn meetings(site: &Site, before: &Line, after: &Line) -> Vec<Meeting> {
    let Some((employer, fair)) = site.owner else { return Vec::new() };
    let began = |id: InterviewId| !before.places.iter().any(|p| matches!(p.stage, Stage::Talking { interview, .. } if interview == id));
    let mut found = Vec::new();
    for place in &after.places {
        if let Stage::Talking { by, since, interview } = place.stage
            && began(interview)
        {
            found.push(Meeting {
                id: interview,
                room: site.room,
                employer,
                fair,
                recruiter: by,
                seeker: place.seeker,
                posting: place.about.posting,
                topic: (place.about.topic_zh.clone(), place.about.topic_en.clone()),
                at: since,
            });
        }
    }
    found
}

fn refused(refusal: Refusal) -> AppError {
    AppError::Conflict(match refusal {
        Refusal::Busy => Text("queue-busy"),
        Refusal::Nobody => Text("queue-nobody"),
        Refusal::TooLate => Text("queue-too-late"),
    })
}
