//! Village stations: staff register somebody who cannot use a phone, apply for them, and print a slip with which they take the account over later.
//!
//! Invariants: staff see a worker only while they have them before them, which ends by itself after [`IDLE`] without a step and is noted each time it
//! begins; once the worker has claimed the account, or [`HELPED`] after they were registered, the station sees nothing of them any more; a slip is
//! good once, for five tries of its PIN; what a station sends for somebody says so to the employer. An account that somebody has already is only
//! worked with if they read out the code that is sent to their phone.
//! Deliberately absent: accounts shared by several workers, and staff of all stations: each sees their own.

mod claim;
mod pages;
mod slip;
mod store;
mod worker_pages;

pub use pages::routes;
pub use store::{ERASED, SEALED};

use crate::accounts::consents::{Consent, How};
use crate::accounts::{Account, Accounts, CodeError, Contact, ContactKind, Grant, Viewer, mask};
use crate::applications::{Applications, Listed};
use crate::clock::{DAY, MINUTE, Millis};
use crate::fairs::Fair;
use crate::i18n::Lang;
use crate::ids::{AccountId, FairId, PostingId, StationId};
use crate::web::{AppError, Fields, Result, Text};
use serde::Deserialize;
use sqlx::{Any, Transaction};

/// Nobody sits before an empty page for so long; after it the next one in line may sit there.
const IDLE: Millis = 5 * MINUTE;
/// A fair and the weeks after it, in which employers answer.
const HELPED: Millis = 90 * DAY;
/// The text that staff read out before they register somebody.
pub const CONSENT: &str = "station-help/1";

/// A station as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Station {
    pub id: StationId,
    pub fair_id: FairId,
    pub name: String,
    sealed_phone: String,
    pub created_at: Millis,
}

/// Somebody who is helped.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Worker {
    pub account_id: AccountId,
    pub station_id: StationId,
    pub name: String,
    sealed_phone: String,
    /// `138****1234`, or empty.
    pub masked_phone: String,
    pub open_until: Millis,
    open_by: String,
    pub registered_at: Millis,
    claimed_at: Millis,
}

impl Worker {
    /// `李*`: enough for staff to know again whom they helped, and for nobody who looks over their shoulder.
    pub fn masked_name(&self) -> String {
        let mut chars = self.name.chars();
        let first = chars.next().map(String::from).unwrap_or_default();
        format!("{first}{}", "*".repeat(chars.count().min(3)))
    }
}

/// Whom staff register, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct WorkerForm {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) consent: String,
    /// What was sent to a phone that is known.
    pub(crate) code: String,
}

/// What became of registering somebody.
pub(crate) enum Registered {
    /// Their account; what staff see is open.
    Open(AccountId),
    /// The phone has an account: its owner is to read out the code that was sent there.
    CodeSent,
    Wrong(Fields),
}

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Stations {
    pub applications: Applications,
}

impl Stations {
    pub fn new(applications: Applications) -> Self {
        Self { applications }
    }

    /// What is kept here of a person, for them to take along.
    pub async fn personal(&self, account: AccountId) -> Result<serde_json::Value> {
        let keys = &self.accounts().keys;
        Ok(crate::db::personal(self.accounts().db.read(), store::PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?)
    }

    /// Forgets whom stations registered before a time, as a part of something larger; how many.
    pub async fn forget_helped_in(&self, tx: &mut Transaction<'static, Any>, before: Millis) -> Result<u64> {
        Ok(store::forget_before(tx, before).await?)
    }

    fn accounts(&self) -> &Accounts {
        &self.applications.postings.rooms.fairs.accounts
    }

    fn now(&self) -> Millis {
        self.applications.postings.now()
    }

    /// The station if the viewer works there, with its fair.
    pub async fn staffed_by(&self, viewer: &Viewer, id: StationId) -> Result<(Station, Fair)> {
        let station = self.station(id).await?.filter(|_| viewer.roles.stations.contains(&id)).ok_or(AppError::NotFound)?;
        let fair = self.applications.postings.rooms.fairs.by_id(station.fair_id).await?.ok_or(AppError::NotFound)?;
        Ok((station, fair))
    }

    pub async fn station(&self, id: StationId) -> Result<Option<Station>> {
        Ok(store::station(self.accounts().db.read(), id).await?)
    }

    /// The stations of a fair, for its organisers.
    pub async fn of_fair(&self, viewer: &Viewer, fair: FairId) -> Result<(Fair, Vec<(Station, Vec<Account>)>)> {
        let fair = self.applications.postings.rooms.fairs.organised_by(viewer, fair).await?;
        let mut all = Vec::new();
        for station in store::of_fair(self.accounts().db.read(), fair.id).await? {
            let staff = self.accounts().staff_of(station.id).await?;
            all.push((station, staff));
        }
        Ok((fair, all))
    }

    /// Opens a station in a fair.
    pub async fn open(&self, viewer: &Viewer, fair: FairId, name: &str, phone: &str) -> Result<std::result::Result<Station, Fields>> {
        let fair = self.applications.postings.rooms.fairs.organised_by(viewer, fair).await?;
        let mut wrong = Fields::default();
        let name = wrong.line("name", name, 40);
        if name.is_empty() {
            wrong.add("name", Text("stations-wrong-name"));
        }
        let phone = Contact::parse(phone).filter(|c| c.kind() == ContactKind::Phone);
        if phone.is_none() {
            wrong.add("phone", Text("stations-wrong-phone"));
        }
        let Some(phone) = phone.filter(|_| wrong.is_empty()) else { return Ok(Err(wrong)) };
        let sealed_phone = self.accounts().keys.encrypt(phone.value());
        let station = Station { id: StationId::new(), fair_id: fair.id, name, sealed_phone, created_at: self.now() };
        let by = viewer.known()?.id;
        let mut tx = self.accounts().db.begin().await?;
        store::insert(&mut tx, &station).await?;
        self.accounts().audit_in(&mut *tx, by, "station.open", &station.id.to_string(), Some(fair.id), "", "").await?;
        tx.commit().await?;
        Ok(Ok(station))
    }

    /// Lets somebody work at a station, and sends them a link to begin.
    pub async fn invite(&self, viewer: &Viewer, id: StationId, name: &str, contact: &str) -> Result<std::result::Result<Account, Fields>> {
        let station = self.organised(viewer, id).await?;
        let mut wrong = Fields::default();
        let name = wrong.line("staff", name, 40);
        if name.is_empty() {
            wrong.add("staff", Text("stations-wrong-staff"));
        }
        let Some(contact) = Contact::parse(contact).filter(|_| wrong.is_empty()) else {
            if wrong.is_empty() {
                wrong.add("contact", Text("accounts-contact-wrong"));
            }
            return Ok(Err(wrong));
        };
        let lang = viewer.person()?.lang();
        let (accounts, by) = (self.accounts(), viewer.person()?.id);
        let account = accounts.find_or_invite(&contact, &name, lang).await?;
        let mut tx = accounts.db.begin().await?;
        accounts.grant_in(&mut *tx, account.id, Grant::Station(station.id)).await?;
        accounts
            .audit_in(&mut *tx, by, "station.invite", &station.id.to_string(), Some(station.fair_id), "", &account.id.to_string())
            .await?;
        tx.commit().await?;
        accounts.changed();
        let link = accounts.sign_in_link(Some(account.id), 1, 7 * DAY).await?;
        let body = lang.t3("stations-invite-body", "name", &account.name, "station", &station.name, "link", link);
        accounts
            .notify
            .queue(Some(account.id), contact.kind().name(), contact.value(), &lang.t("stations-invite-subject"), &body, None)
            .await?;
        Ok(Ok(account))
    }

    /// Takes the right to work at a station back.
    pub async fn dismiss(&self, viewer: &Viewer, id: StationId, account: AccountId) -> Result<()> {
        let station = self.organised(viewer, id).await?;
        let (accounts, by) = (self.accounts(), viewer.known()?.id);
        let mut tx = accounts.db.begin().await?;
        accounts.revoke_in(&mut *tx, account, Grant::Station(station.id)).await?;
        store::close_all_of(&mut tx, station.id, account).await?;
        accounts
            .audit_in(&mut *tx, by, "station.dismiss", &station.id.to_string(), Some(station.fair_id), "", &account.to_string())
            .await?;
        tx.commit().await?;
        accounts.changed();
        Ok(())
    }

    async fn organised(&self, viewer: &Viewer, id: StationId) -> Result<Station> {
        self.station(id).await?.filter(|s| viewer.organises(s.fair_id)).ok_or(AppError::NotFound)
    }

    /// Registers somebody who has agreed to be helped, or finds them again by their phone, and opens their page for this member of staff.
    pub(crate) async fn register(&self, viewer: &Viewer, station: &Station, form: &WorkerForm, lang: Lang) -> Result<Registered> {
        let mut wrong = Fields::default();
        let name = wrong.line("name", &form.name, 40);
        if name.is_empty() {
            wrong.add("name", Text("applications-wrong-name"));
        }
        if form.consent != CONSENT {
            wrong.add("consent", Text("stations-wrong-consent"));
        }
        let phone = match form.phone.trim() {
            "" => None,
            text => Some(Contact::parse(text).filter(|c| c.kind() == ContactKind::Phone)),
        };
        if phone == Some(None) {
            wrong.add("phone", Text("stations-wrong-phone"));
        }
        if !wrong.is_empty() {
            return Ok(Registered::Wrong(wrong));
        }
        let phone = phone.flatten();
        let lookup = phone.as_ref().map(|p| self.accounts().keys.lookup_hash(p.value())).unwrap_or_default();
        if let Some(known) = self.known(station, &lookup).await? {
            self.begin(viewer, station, known).await?;
            return Ok(Registered::Open(known));
        }
        let mut account = None;
        if let Some(phone) = &phone
            && let Some(owner) = self.accounts().by_contact(phone).await?
        {
            if form.code.trim().is_empty() {
                return Ok(match self.accounts().send_code(phone, lang).await {
                    Ok(()) => Registered::CodeSent,
                    Err(AppError::RateLimited(_)) => Registered::Wrong(Fields::of("phone", Text("accounts-code-too-often"))),
                    Err(error) => return Err(error),
                });
            }
            match self.accounts().check_code(phone, &form.code).await? {
                Ok(()) => account = Some(owner),
                Err(CodeError::Wrong) => return Ok(Registered::Wrong(Fields::of("code", Text("accounts-code-wrong")))),
                Err(CodeError::Expired) => return Ok(Registered::Wrong(Fields::of("code", Text("accounts-code-expired")))),
            }
        }
        let account = match account {
            Some(account) => account,
            None => self.accounts().create(&name, true, lang).await?,
        };
        self.put(viewer, station, &account, phone.as_ref(), &lookup).await?;
        self.begin(viewer, station, account.id).await?;
        Ok(Registered::Open(account.id))
    }

    /// Somebody this station helps already, by their phone.
    async fn known(&self, station: &Station, lookup: &str) -> Result<Option<AccountId>> {
        if lookup.is_empty() {
            return Ok(None);
        }
        Ok(store::by_phone(self.accounts().db.read(), station.id, lookup, self.now() - HELPED).await?)
    }

    async fn put(&self, viewer: &Viewer, station: &Station, account: &Account, phone: Option<&Contact>, lookup: &str) -> Result<()> {
        let (by, keys) = (viewer.known()?.id, &self.accounts().keys);
        let new = store::NewWorker {
            account: account.id,
            station: station.id,
            by,
            consent: CONSENT,
            sealed_phone: phone.map(|p| keys.encrypt(p.value())).unwrap_or_default(),
            masked_phone: phone.map(|p| mask(p.value())).unwrap_or_default(),
            lookup,
            now: self.now(),
        };
        let mut tx = self.accounts().db.begin().await?;
        store::put_worker(&mut tx, &new).await?;
        let consent =
            Consent { account: account.id, text: CONSENT, employer: None, about: station.id.to_string(), given: true, how: How::Station };
        self.accounts().note_consent_in(&mut *tx, &consent).await?;
        self.accounts().audit_in(&mut *tx, by, "station.register", &account.id.to_string(), Some(station.fair_id), "", CONSENT).await?;
        Ok(tx.commit().await?)
    }

    /// Whom the station helps, newest first.
    pub async fn workers(&self, station: &Station) -> Result<Vec<Worker>> {
        Ok(store::workers(self.accounts().db.read(), station.id, self.now() - HELPED).await?)
    }

    /// Opens a worker's page for a member of staff; noted.
    pub async fn begin(&self, viewer: &Viewer, station: &Station, account: AccountId) -> Result<()> {
        let by = viewer.known()?.id;
        let mut tx = self.accounts().db.begin().await?;
        if !store::open_worker(&mut tx, station.id, account, by, self.now() + IDLE, self.now() - HELPED).await? {
            return Err(AppError::NotFound);
        }
        self.accounts().audit_in(&mut *tx, by, "station.see", &account.to_string(), Some(station.fair_id), "", "").await?;
        Ok(tx.commit().await?)
    }

    /// The worker whom this member of staff has before them, for another while; nobody once it has ended.
    pub async fn before(&self, viewer: &Viewer, station: &Station, account: AccountId) -> Result<Option<Worker>> {
        let (by, now) = (viewer.known()?.id, self.now());
        let found = store::worker(self.accounts().db.read(), account).await?;
        let still = |w: &Worker| w.station_id == station.id && w.open_by == by.to_string() && w.open_until > now && w.claimed_at == 0;
        let Some(worker) = found.filter(still) else { return Ok(None) };
        store::stay_open(self.accounts().db.write(), account, now + IDLE).await?;
        Ok(Some(worker))
    }

    /// Ends it: the page shows nothing of anybody any more.
    pub async fn end(&self, viewer: &Viewer, station: &Station) -> Result<()> {
        let mut tx = self.accounts().db.begin().await?;
        store::close_all_of(&mut tx, station.id, viewer.known()?.id).await?;
        Ok(tx.commit().await?)
    }

    /// What was sent for or by a worker.
    pub async fn sent(&self, worker: &Worker) -> Result<Vec<Listed>> {
        self.applications.of_account(worker.account_id).await
    }

    /// Applies for the worker, with the phone they gave or the station's own.
    pub(crate) async fn apply(&self, viewer: &Viewer, station: &Station, worker: &Worker, posting: PostingId, note: &str) -> Result<bool> {
        let sealed = if worker.sealed_phone.is_empty() { &station.sealed_phone } else { &worker.sealed_phone };
        let contact = self.accounts().keys.decrypt(sealed).and_then(|text| Contact::parse(&text)).ok_or(AppError::NotFound)?;
        let view = self.applications.postings.visible_to(viewer, posting).await?;
        if view.posting.fair_id != station.fair_id {
            return Err(AppError::NotFound);
        }
        let (application, fresh) = self.applications.send_for(worker.account_id, station.id, &view, (&worker.name, contact, note)).await?;
        let (by, subject) = (viewer.known()?.id, application.id.to_string());
        self.accounts().audit(by, "station.apply", &subject, Some(station.fair_id), "", &station.id.to_string()).await?;
        Ok(fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_by_their_first_character() {
        let worker = |name: &str| Worker {
            account_id: AccountId::new(),
            station_id: StationId::new(),
            name: name.into(),
            sealed_phone: String::new(),
            masked_phone: String::new(),
            open_until: 0,
            open_by: String::new(),
            registered_at: 0,
            claimed_at: 0,
        };
        assert_eq!(["李雷", "欧阳娜娜", "Li", ""].map(|name| worker(name).masked_name()), ["李*", "欧***", "L*", ""]);
    }
}
