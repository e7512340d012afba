//! Job postings: what they say, where they stand, who may see and change them, how they are found.
//!
//! Invariants: nobody but the employer's recruiters and the fair's organisers sees a posting that is not approved; every change
//! of terms or state leaves a version; a change of terms goes through review again, unless it is one of little risk ([`risk`]), which organisers look at
//! afterwards. Expiry follows from the clock. Lists are searched in an index in memory (`index`), which `search` keeps in step with the database.
//! Deliberately absent: applications (`applications`), which posting is on stage (`stage`).

mod board;
mod bulk;
mod clip_pages;
mod clips;
mod code_pages;
pub mod codes;
mod contact;
mod containers;
mod content;
mod desk;
mod difference;
mod filter;
mod form;
mod gallery;
mod gallery_pages;
mod index;
mod near;
mod pages;
mod places;
mod places_form;
mod review;
pub mod risk;
mod search;
mod small;
mod store;
mod structured;
mod told;
mod versions;
mod vetting;

pub use bulk::{FormFields, Put, Referred, Terms, fields_of, terms_of};
pub use clips::{CLIP_MEGABYTES, Clip, ClipKind, Clips};
pub use contact::ContactPerson;
pub use content::{Answer, Content, Fact, Kind, PayDay, PayUnit, Provision, Tag, Want, money};
pub use filter::{Cursor, Filter, Of, Query, Sort};
pub use gallery::{Gallery, PICTURE_MEGABYTES, Shot};
pub use pages::routes;
pub use places::{Further, Place};
pub use store::SEALED;

use crate::accounts::{Accounts, Employer, Viewer};
use crate::blobs::Blobs;
use crate::clock::Millis;
use crate::db::{Db, Flag};
use crate::employers::Employers;
use crate::fairs::Fair;
use crate::ids::{AccountId, EmployerId, FairId, PostingId};
use crate::rooms::{Room, Rooms};
use crate::web::{AppError, Result, Text};
use search::Board;
use small::Small;
use tokio_util::sync::CancellationToken;

/// So many similar postings stand below one: a row on a desk, three screens of a phone would be a second board.
const SIMILAR: usize = 4;

content::stored_enum! {
    /// Where a posting stands; `Expired` and `Suspended` are derived and never stored.
    State {
        #[default]
        Draft = "draft", Text("postings-state-draft");
        Review = "review", Text("postings-state-review");
        Live = "live", Text("postings-state-live");
        Paused = "paused", Text("postings-state-paused");
        Filled = "filled", Text("postings-state-filled");
        Expired = "expired", Text("postings-state-expired");
        /// Was out, and is again once its employer is no longer suspended.
        Suspended = "suspended", Text("postings-state-suspended");
        Withdrawn = "withdrawn", Text("postings-state-withdrawn");
    }
}

impl State {
    /// The states a recruiter may choose from here; only an organiser lets a posting out of review.
    pub fn next_for_recruiter(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Review, Self::Withdrawn],
            Self::Review => &[Self::Draft, Self::Withdrawn],
            Self::Live => &[Self::Paused, Self::Filled, Self::Withdrawn],
            Self::Paused => &[Self::Live, Self::Filled, Self::Withdrawn],
            Self::Filled => &[Self::Live, Self::Withdrawn],
            Self::Expired | Self::Suspended => &[Self::Withdrawn],
            Self::Withdrawn => &[Self::Draft],
        }
    }

    pub fn next_for_organiser(self) -> &'static [Self] {
        match self {
            Self::Review => &[Self::Live, Self::Draft, Self::Withdrawn],
            Self::Live | Self::Paused | Self::Filled => &[Self::Review, Self::Withdrawn],
            Self::Suspended => &[Self::Withdrawn],
            Self::Draft | Self::Expired | Self::Withdrawn => &[],
        }
    }

    /// Whether everybody may see it: it was approved, even if it takes no applications now.
    pub fn is_public(self) -> bool {
        match self {
            Self::Live | Self::Paused | Self::Filled | Self::Expired => true,
            Self::Draft | Self::Review | Self::Withdrawn | Self::Suspended => false,
        }
    }

    /// The colour of its badge.
    pub fn badge(self) -> &'static str {
        match self {
            Self::Live => "badge-success",
            Self::Review | Self::Paused => "badge-warn",
            Self::Withdrawn | Self::Expired | Self::Suspended => "badge-danger",
            Self::Filled => "badge-info",
            Self::Draft => "",
        }
    }
}

/// A posting as stored.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Posting {
    pub id: PostingId,
    pub fair_id: FairId,
    pub employer_id: EmployerId,
    #[sqlx(flatten)]
    pub content: Content,
    #[sqlx(try_from = "String")]
    pub state: State,
    pub version: i64,
    /// When it was approved first; 0 before that.
    pub published_at: Millis,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// Its employer is suspended; read with it and stored elsewhere.
    #[sqlx(try_from = "i64")]
    pub suspended: Flag,
}

impl Posting {
    /// Where it stands now: what is out is not while its employer is suspended, and has expired once it is no longer valid.
    pub fn status(&self, now: Millis) -> State {
        match self.state {
            State::Live | State::Paused | State::Filled if self.suspended.0 => State::Suspended,
            State::Live | State::Paused if self.content.valid_until <= now => State::Expired,
            state => state,
        }
    }

    /// Whether somebody may apply now.
    pub fn takes_applications(&self, fair: &Fair, now: Millis) -> bool {
        self.status(now) == State::Live && fair.state.is_active()
    }
}

/// A posting with its employer's name, as lists show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    #[sqlx(flatten)]
    pub posting: Posting,
    pub employer_zh: String,
    pub employer_en: String,
}

impl std::ops::Deref for Listed {
    type Target = Posting;
    fn deref(&self) -> &Posting {
        &self.posting
    }
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct List {
    pub items: Vec<Listed>,
    /// How many there are on all pages.
    pub total: u64,
    pub next: Option<Cursor>,
}

/// A posting with what belongs to it, as loaded for a viewer.
#[derive(Clone, Debug)]
pub struct PostingView {
    pub posting: Posting,
    pub employer: Employer,
    pub fair: Fair,
    /// The viewer recruits for the employer.
    pub is_recruiter: bool,
    /// The viewer organises the fair.
    pub is_organiser: bool,
}

/// What is needed to make a posting.
#[derive(Clone, Debug)]
pub struct NewPosting {
    pub fair: FairId,
    pub employer: EmployerId,
    pub content: Content,
    /// `Draft`, `Review`, or `Live` for one that is approved already.
    pub state: State,
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Postings {
    pub rooms: Rooms,
    pub employers: Employers,
    pictures: Blobs,
    small: Small,
    clips: Blobs,
    board: Board,
}

impl Postings {
    /// With stores for pictures, for their small copies, and for clips.
    pub fn new(rooms: Rooms, employers: Employers, (pictures, small): (Blobs, Blobs), clips: Blobs) -> Self {
        let accounts = &rooms.fairs.accounts;
        let board = Board::new(accounts.db.clone(), accounts.clock.clone(), employers.clone());
        Self { board, rooms, employers, pictures, small: Small::new(small), clips }
    }

    /// Loads the index of the board and keeps it in step until the token ends.
    pub async fn run(self, token: CancellationToken) {
        self.board.keep(token).await;
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.rooms.fairs.accounts
    }

    fn db(&self) -> &Db {
        &self.accounts().db
    }

    pub fn now(&self) -> Millis {
        self.accounts().clock.now()
    }

    /// The posting if the viewer may see it: a public one by everybody, any other by its recruiters and organisers.
    pub async fn visible_to(&self, viewer: &Viewer, id: PostingId) -> Result<PostingView> {
        let posting = store::posting(self.db().read(), id).await?.ok_or(AppError::NotFound)?;
        let fair = self.rooms.fairs.visible_to(viewer, posting.fair_id).await?;
        let (is_recruiter, is_organiser) = (viewer.recruits_for(posting.employer_id), viewer.organises(posting.fair_id));
        if !(posting.status(self.now()).is_public() || is_recruiter || is_organiser) {
            return Err(AppError::NotFound);
        }
        let employer = self.accounts().employer(posting.employer_id).await?.ok_or(AppError::NotFound)?;
        Ok(PostingView { posting, employer, fair, is_recruiter, is_organiser })
    }

    /// The posting if the viewer recruits for its employer.
    pub async fn recruited_by(&self, viewer: &Viewer, id: PostingId) -> Result<PostingView> {
        let view = self.visible_to(viewer, id).await?;
        if view.is_recruiter { Ok(view) } else { Err(AppError::NotFound) }
    }

    /// One page of the open postings that fit a filter.
    pub async fn list(&self, filter: &Filter) -> Result<List> {
        let search::Page { items, total, next, .. } = self.search(filter, false).await?;
        Ok(List { items, total, next })
    }

    /// The same with how the search was read and, if asked for, how many each choice of the filters would leave.
    async fn search(&self, filter: &Filter, counted: bool) -> Result<search::Page> {
        self.board.search(filter, self.scope(filter.of).await?, counted).await
    }

    async fn scope(&self, of: Of) -> Result<Vec<Vec<index::Label>>> {
        let active = match of {
            Of::Fair(_) | Of::Booth(..) => Vec::new(),
            Of::All | Of::Employer(_) => self.rooms.fairs.active().await?,
        };
        Ok(search::scope(of, &active))
    }

    /// Open postings of the same fair that are like one, best first.
    pub async fn similar(&self, view: &PostingView) -> Result<Vec<Listed>> {
        let employer = &view.employer;
        let listed = Listed { posting: view.posting.clone(), employer_zh: employer.name_zh.clone(), employer_en: employer.name_en.clone() };
        self.board.similar(&listed, view.fair.id, SIMILAR).await
    }

    /// What a room shows on its shelf: a booth its employer's open postings, the hall the newest of the fair.
    pub async fn of_room(&self, room: &Room) -> Result<Vec<Listed>> {
        let of = room.employer_id.0.map_or(Of::Fair(room.fair_id), |employer| Of::Booth(room.fair_id, employer));
        // The hall only points at the board, and its page must load on a slow network.
        let limit = if room.employer_id.0.is_some() { 100 } else { 24 };
        Ok(self.list(&Filter { limit, ..Filter::all(of) }).await?.items)
    }

    /// All postings of an employer in whatever state, newest first: for its recruiters.
    pub async fn of_employer(&self, employer: EmployerId) -> Result<Vec<Posting>> {
        Ok(store::of_employer(self.db().read(), employer).await?)
    }

    /// What waits for an organiser's review, oldest first.
    pub async fn in_review(&self, fair: FairId) -> Result<Vec<Listed>> {
        Ok(store::in_review(self.db().read(), fair).await?)
    }

    /// How many open postings a fair has.
    pub async fn count(&self, fair: FairId) -> Result<u64> {
        self.count_of(&Filter::all(Of::Fair(fair))).await
    }

    /// How many open postings fit a filter; no rows are read.
    pub async fn count_of(&self, filter: &Filter) -> Result<u64> {
        self.board.count(filter, self.scope(filter.of).await?).await
    }

    /// Makes a posting; the employer must take part in the fair.
    pub async fn create(&self, new: NewPosting, by: AccountId) -> Result<Posting> {
        self.create_with(new, &ContactPerson::default(), by).await
    }

    /// The same with whom applicants may call.
    pub async fn create_with(&self, new: NewPosting, contact: &ContactPerson, by: AccountId) -> Result<Posting> {
        if !self.rooms.fairs.takes_part(new.fair, new.employer).await? {
            return Err(AppError::NotFound);
        }
        let now = self.now();
        let posting = Posting {
            id: PostingId::new(),
            fair_id: new.fair,
            employer_id: new.employer,
            content: new.content,
            state: new.state,
            version: 1,
            published_at: if new.state == State::Live { now } else { 0 },
            created_at: now,
            updated_at: now,
            suspended: Flag(false),
        };
        let sealed = (!contact.is_nobody()).then(|| contact.seal(&self.accounts().keys, posting.id, posting.version));
        store::insert(self.db(), &posting, sealed.as_slice(), by).await?;
        self.board.renew(&[posting.id]).await?;
        Ok(posting)
    }

    /// The terms of a posting as they were in one version.
    pub async fn version(&self, id: PostingId, version: i64) -> Result<Option<Content>> {
        let text = store::version(self.db().read(), id, version).await?;
        Ok(text.map(|t| serde_json::from_str(&t)).transpose()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_organiser_lets_a_posting_out_of_review_and_expiry_is_never_chosen() {
        for state in State::ALL {
            let all = state.next_for_recruiter().iter().chain(state.next_for_organiser());
            assert!(all.clone().all(|s| !matches!(s, State::Expired | State::Suspended) && s != state));
        }
        assert!(!State::Review.next_for_recruiter().contains(&State::Live));
        assert!(!State::Draft.next_for_recruiter().contains(&State::Live));
    }
}
