//! People and what they may do: accounts, guests, contacts, sessions, roles, employers, the audit log.
//!
//! A guest is an account that never proved a contact: the session cookie is the device key, and proving a phone or e-mail
//! turns the same account into a person's. Tokens and codes are stored hashed, contacts encrypted.
//! Deliberately absent: membership of fairs (see `fairs`), bans (see `moderation`).

pub mod audit;
mod codes;
pub mod consents;
mod contact;
mod employers;
mod pages;
mod store;
mod viewer;

pub use audit::Line;
pub use codes::CodeError;
pub use contact::{Contact, ContactKind, mask};
pub use employers::{CreditCodeFault, Employer, NewEmployer, credit_code_fault, credit_code_is_valid};
pub use pages::routes;
pub use store::{ERASED, SEALED};
pub use viewer::{MediaRole, Roles, Scope, Viewer, resolve_viewer};

use crate::clock::{Clock, DAY, HOUR, MINUTE, Millis};
use crate::db::{Db, Flag};
use crate::i18n::Lang;
use crate::ids::{AccountId, EmployerId, FairId, RoomId, StationId};
use crate::keys::{Keys, new_token, token_hash};
use crate::notify::{Letter, Notify};
use crate::web::{AppError, Fields, RateLimit, Result, Text, clean};
use sqlx::{Any, AnyConnection, Executor, Transaction};
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A person's session lives this long after its start.
const SESSION: Millis = 60 * DAY;
/// A device key of a guest: long, so that somebody who comes back next season is known again.
const GUEST_SESSION: Millis = 400 * DAY;
/// A token for OBS or another WHIP client: at most the length of a fair.
pub const ROOM_TOKEN: Millis = 30 * DAY;

/// Somebody known to the server.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    #[sqlx(try_from = "i64")]
    pub guest: Flag,
    pub lang: String,
    pub created_at: Millis,
}

impl Account {
    pub fn lang(&self) -> Lang {
        Lang::parse(&self.lang).unwrap_or_default()
    }
}

/// The domain calls; one count up to clone, as each request does several times.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

/// What [`Accounts`] has.
pub struct Inner {
    pub db: Db,
    pub clock: Clock,
    pub keys: Keys,
    pub notify: Notify,
    /// Cookies are marked `Secure` when the origin is https.
    pub secure_cookies: bool,
    pub origin: String,
    changes: AtomicU64,
    code_limit: RateLimit<String>,
    try_limit: RateLimit<IpAddr>,
    guest_limit: RateLimit<IpAddr>,
}

impl Deref for Accounts {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Accounts {
    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.keys;
        Ok(crate::db::personal(self.db.read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    pub fn new(db: Db, clock: Clock, keys: Keys, notify: Notify, origin: &str) -> Self {
        Self(Arc::new(Inner {
            db,
            clock,
            keys,
            notify,
            secure_cookies: origin.starts_with("https:"),
            origin: origin.to_owned(),
            changes: AtomicU64::default(),
            // Three codes to one contact, then one every two minutes: what gateways allow and what a thief cannot use.
            code_limit: RateLimit::new(3, Duration::from_secs(120)),
            // A whole village station may share one address.
            try_limit: RateLimit::new(60, Duration::from_secs(5)),
            // Whoever wants to ask or vote types a name, and a carrier gives thousands one address.
            guest_limit: RateLimit::new(600, Duration::from_millis(100)),
        }))
    }

    /// Counts what may change what somebody is or may do: as long as it stands still, nobody need be looked up again. It tells of this
    /// process only, so what is kept must be looked up after some seconds all the same.
    pub fn revision(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// To be called after a change of names, sessions, roles, doors or sanctions.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    pub async fn account(&self, id: AccountId) -> Result<Option<Account>> {
        Ok(store::account(self.db.read(), id).await?)
    }

    /// Of these accounts those who are signed in for good and whose name holds a text, by name, `most` of them.
    pub async fn named_among(&self, ids: &[AccountId], text: &str, most: usize) -> Result<Vec<Account>> {
        Ok(store::named_among(self.db.read(), ids, text, most).await?)
    }

    /// Makes an account; `guest` until a contact is proven.
    pub async fn create(&self, name: &str, guest: bool, lang: Lang) -> Result<Account> {
        let account = self.build(name, guest, lang);
        store::insert_account(self.db.write(), &account).await?;
        Ok(account)
    }

    fn build(&self, name: &str, guest: bool, lang: Lang) -> Account {
        Account { id: AccountId::new(), name: clean(name, 40), guest: Flag(guest), lang: lang.tag().into(), created_at: self.clock.now() }
    }

    /// Makes a guest with a session, and returns its token: in one commit, as they come by the thousand.
    pub async fn create_guest(&self, name: &str, lang: Lang) -> Result<(Account, String)> {
        let (account, token) = (self.build(name, true, lang), new_token());
        let mut tx = self.db.begin().await?;
        store::insert_account(&mut *tx, &account).await?;
        let until = account.created_at + GUEST_SESSION;
        store::insert_session(&mut *tx, &token_hash(&token), account.id, "", account.created_at, until).await?;
        tx.commit().await?;
        Ok((account, token))
    }

    /// Whether one more attempt from this network is let through: to guess a code, or to begin as a stranger.
    pub fn let_try(&self, network: IpAddr) -> Result<()> {
        self.try_limit.check(&network)
    }

    pub async fn rename(&self, id: AccountId, name: &str) -> Result<()> {
        store::rename(self.db.write(), id, &named(name, 40)?).await?;
        self.changed();
        Ok(())
    }

    /// Opens a session and returns its token; the token itself is not stored.
    pub async fn open_session(&self, account: &Account) -> Result<String> {
        let length = if account.guest.0 { GUEST_SESSION } else { SESSION };
        self.issue_token(account.id, "", length).await
    }

    /// A bearer token that publishes to or views one room, for OBS and the like, good for `length`.
    pub async fn room_token(&self, account: AccountId, room: RoomId, role: MediaRole, length: Millis) -> Result<String> {
        self.issue_token(account, &Scope::Room(room, role).to_string(), length.min(ROOM_TOKEN)).await
    }

    /// A session that reaches what its scope says, good for `length`.
    pub async fn scoped_session(&self, account: AccountId, scope: Scope, length: Millis) -> Result<String> {
        self.issue_token(account, &scope.to_string(), length).await
    }

    /// The cookie of a session by a join link, sent with the requests below `path` alone.
    pub fn call_cookie(&self, token: String, path: String) -> String {
        pages::call_cookie(self, token, path)
    }

    /// Ends all tokens of a room, whoever made them; tells how many there were.
    pub async fn end_room_tokens(&self, room: RoomId) -> Result<u64> {
        let ended = store::delete_scoped(self.db.write(), &format!("room:{room}")).await?;
        self.changed();
        Ok(ended)
    }

    async fn issue_token(&self, account: AccountId, scope: &str, length: Millis) -> Result<String> {
        let (token, now) = (new_token(), self.clock.now());
        store::insert_session(self.db.write(), &token_hash(&token), account, scope, now, now + length).await?;
        Ok(token)
    }

    pub async fn close_session(&self, token: &str) -> Result<()> {
        store::delete_session(self.db.write(), &token_hash(token)).await?;
        self.changed();
        Ok(())
    }

    /// A link that signs `account` in (or, with none, lets the first organiser set up), `uses` times within `length`.
    pub async fn sign_in_link(&self, account: Option<AccountId>, uses: i64, length: Millis) -> Result<String> {
        let token = new_token();
        store::insert_link(self.db.write(), &token_hash(&token), account, uses, self.clock.now() + length).await?;
        let path = if account.is_some() { "signin/link" } else { "setup" };
        Ok(format!("{}/{path}/{token}", self.origin))
    }

    /// Uses a sign-in link once; `None` if it never was, is used up, or has expired.
    pub(crate) async fn redeem_link(&self, token: &str) -> Result<Option<Account>> {
        let Some(id) = store::redeem_link(self.db.write(), &token_hash(token), self.clock.now()).await? else { return Ok(None) };
        self.account(id).await
    }

    /// Whether the link for the first organiser is still good.
    pub(crate) async fn setup_is_open(&self, token: &str) -> Result<bool> {
        Ok(store::setup_link_is_open(self.db.read(), &token_hash(token), self.clock.now()).await?)
    }

    /// Makes the first administrator, consuming the set-up link.
    pub(crate) async fn set_up(&self, token: &str, name: &str, contact: &Contact, password: &str, lang: Lang) -> Result<Account> {
        let hash = codes::hash_password(password)?;
        if !store::consume_setup_link(self.db.write(), &token_hash(token), self.clock.now()).await? {
            return Err(AppError::Gone(Text("accounts-link-used")));
        }
        let account = self.create(name, false, lang).await?;
        store::set_password(self.db.write(), account.id, &hash).await?;
        self.add_contact(account.id, contact).await?;
        self.grant(account.id, Grant::Admin).await?;
        Ok(account)
    }

    pub async fn nobody_is_set_up(&self) -> Result<bool> {
        Ok(!store::has_admin(self.db.read()).await?)
    }

    /// The hash by which a contact is found. A row that has it by an older key gets it by the newest one first.
    async fn lookup(&self, contact: &Contact) -> Result<String> {
        let lookup = self.keys.lookup_hash(contact.value());
        for older in self.keys.older_hashes(contact.value()) {
            store::rehash(self.db.write(), &older, &lookup).await?;
        }
        Ok(lookup)
    }

    /// Notes a contact as proven to be the account's.
    pub async fn add_contact(&self, account: AccountId, contact: &Contact) -> Result<()> {
        let (lookup, sealed) = (self.lookup(contact).await?, self.keys.encrypt(contact.value()));
        Ok(store::put_contact(self.db.write(), &lookup, account, contact.kind().name(), &sealed, Some(self.clock.now())).await?)
    }

    /// The account that holds or was invited by this contact; a new one if there is none. The contact counts as proven only
    /// once its owner has signed in with a code or a link sent there.
    pub async fn find_or_invite(&self, contact: &Contact, name: &str, lang: Lang) -> Result<Account> {
        let lookup = self.lookup(contact).await?;
        if let Some(owner) = store::owner(self.db.read(), &lookup).await? {
            return Ok(owner);
        }
        let account = self.create(name, false, lang).await?;
        let sealed = self.keys.encrypt(contact.value());
        store::put_contact(self.db.write(), &lookup, account.id, contact.kind().name(), &sealed, None).await?;
        Ok(account)
    }

    /// The account that holds a contact.
    pub async fn by_contact(&self, contact: &Contact) -> Result<Option<Account>> {
        Ok(store::owner(self.db.read(), &self.lookup(contact).await?).await?)
    }

    /// The proven contacts of an account, decrypted: only for sending, or for showing masked.
    pub async fn contacts(&self, account: AccountId) -> Result<Vec<Contact>> {
        let rows = store::contacts(self.db.read(), account).await?;
        Ok(rows.into_iter().filter_map(|(kind, sealed)| Contact::restore(&kind, self.keys.decrypt(&sealed)?)).collect())
    }

    pub async fn set_password(&self, account: AccountId, password: &str) -> Result<()> {
        Ok(store::set_password(self.db.write(), account, &codes::hash_password(password)?).await?)
    }

    pub async fn grant(&self, account: AccountId, grant: Grant) -> Result<()> {
        self.grant_in(self.db.write(), account, grant).await
    }

    /// The same as a part of something larger.
    pub async fn grant_in<'e>(&self, db: impl Executor<'e, Database = Any>, account: AccountId, grant: Grant) -> Result<()> {
        let (role, subject) = grant.parts();
        store::grant(db, account, role, &subject).await?;
        self.changed();
        Ok(())
    }

    /// Takes a role back, as a part of something larger: whoever commits it calls [`Accounts::changed`].
    pub async fn revoke_in<'e>(&self, db: impl Executor<'e, Database = Any>, account: AccountId, grant: Grant) -> Result<()> {
        let (role, subject) = grant.parts();
        Ok(store::revoke(db, account, role, &subject).await?)
    }

    /// Everybody who recruits for an employer.
    pub async fn recruiters_of(&self, employer: EmployerId) -> Result<Vec<Account>> {
        Ok(store::holders(self.db.read(), "recruiter", &employer.to_string()).await?)
    }

    /// Everybody who works at a station.
    pub async fn staff_of(&self, station: StationId) -> Result<Vec<Account>> {
        Ok(store::holders(self.db.read(), "station", &station.to_string()).await?)
    }

    /// A guest becomes a person without a contact, as a part of something larger by which they proved who they are. Whoever commits it calls
    /// [`Accounts::changed`].
    pub async fn make_person_in<'e>(&self, db: impl Executor<'e, Database = Any>, account: AccountId) -> Result<()> {
        Ok(store::end_guest(db, account).await?)
    }

    /// Everybody who organises a fair.
    pub async fn organisers_of(&self, fair: FairId) -> Result<Vec<Account>> {
        Ok(store::holders(self.db.read(), "organiser", &fair.to_string()).await?)
    }

    pub async fn employer(&self, id: EmployerId) -> Result<Option<Employer>> {
        Ok(employers::store::employer(self.db.read(), id).await?)
    }

    /// Notes the code of a licence that somebody has seen, as a part of something larger.
    pub async fn set_credit_code_in<'e>(&self, db: impl Executor<'e, Database = Any>, id: EmployerId, code: &str) -> Result<()> {
        Ok(employers::store::set_credit_code(db, id, code).await?)
    }

    /// Takes somebody out of an employer unless nobody would be left, as a part of something larger; whether it did. Whoever commits it calls
    /// [`Accounts::changed`].
    pub async fn remove_recruiter_in(&self, db: &mut AnyConnection, employer: EmployerId, account: AccountId) -> Result<bool> {
        Ok(employers::store::remove_recruiter(db, employer, account).await?)
    }

    pub async fn create_employer(&self, new: NewEmployer) -> Result<Employer> {
        self.create_employer_in(self.db.write(), new).await
    }

    /// The same as a part of something larger.
    pub async fn create_employer_in<'e>(&self, db: impl Executor<'e, Database = Any>, new: NewEmployer) -> Result<Employer> {
        let employer = new.build(self.clock.now());
        employers::store::insert(db, &employer).await?;
        Ok(employer)
    }

    /// Tells an account something by the ways that it wants, durably; nothing happens if it has no proven contact.
    /// The notice is in the outbox when this returns.
    pub async fn tell(&self, account: AccountId, subject: &str, body: &str) -> Result<()> {
        match self.letter(account, subject, body).await? {
            Some(letter) => self.notify.queue_letter(&letter).await,
            None => Ok(()),
        }
    }

    /// The same for whoever puts it into the outbox together with something else.
    pub async fn letter(&self, account: AccountId, subject: &str, body: &str) -> Result<Option<Letter>> {
        let letter = self.message(account, subject, body).await?;
        Ok(Some(letter).filter(Letter::goes_anywhere))
    }

    /// The same, also if it goes by no way: what it says may still be shown on pages.
    pub async fn message(&self, account: AccountId, subject: &str, body: &str) -> Result<Letter> {
        let (contacts, reach) = (self.contacts(account).await?, self.notify.reach(account).await?);
        let contacts: Vec<_> = contacts.iter().map(|contact| (contact.kind().name(), contact.value())).collect();
        Ok(self.notify.letter_to(account, &contacts, reach, subject, body))
    }

    /// Guests from before a time who have no session any more lose their names; how many.
    pub async fn forget_guests_in(&self, tx: &mut Transaction<'_, Any>, before: Millis) -> Result<u64> {
        Ok(store::forget_guests(tx, before).await?)
    }

    /// Old sessions, codes and links go. Called by the housekeeping job.
    pub async fn forget_expired(&self) -> Result<u64> {
        Ok(store::delete_expired(self.db.write(), self.clock.now() - HOUR).await?)
    }
}

/// A name as somebody typed it, of at most `max` characters.
fn named(text: &str, max: usize) -> Result<String> {
    let mut wrong = Fields::default();
    let name = wrong.line("name", text, max);
    if name.is_empty() {
        wrong.add("name", Text("accounts-name-needed"));
    }
    wrong.check().map(|()| name)
}

/// A role with what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    Admin,
    Organiser(FairId),
    Recruiter(EmployerId),
    /// Of a station where people are helped.
    Station(StationId),
    /// Of one room, until it is taken back.
    CoHost(RoomId),
}

impl Grant {
    fn parts(self) -> (&'static str, String) {
        match self {
            Self::Admin => ("admin", String::new()),
            Self::Organiser(fair) => ("organiser", fair.to_string()),
            Self::Recruiter(employer) => ("recruiter", employer.to_string()),
            Self::Station(station) => ("station", station.to_string()),
            Self::CoHost(room) => ("co-host", room.to_string()),
        }
    }
}

/// A code is good for ten minutes.
pub(crate) const CODE_LIFE: Millis = 10 * MINUTE;
