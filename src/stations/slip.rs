//! The slip that a worker takes home: a QR code and a PIN, which only together lead into their account, and once.

use super::{Station, Stations, Worker, store};
use crate::accounts::Viewer;
use crate::clock::{DAY, Millis};
use crate::ids::AccountId;
use crate::keys::{new_code, new_token, token_hash};
use crate::web::{AppError, Result};

/// Until the end of the season.
const SLIP: Millis = 180 * DAY;
/// With six digits a finder of the slip guesses one in 200,000.
const TRIES: i64 = 5;

/// What is printed; its PIN is stored nowhere.
pub(super) struct Slip {
    pub(super) url: String,
    pub(super) pin: String,
    /// The code as an SVG.
    pub(super) code: String,
}

/// Why a slip does not open the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Used, replaced, too old, tried too often, or none at all: which of these is nobody's to know.
    Gone,
    WrongPin,
}

impl Stations {
    /// Prints a slip; the one before is void.
    pub(super) async fn print(&self, viewer: &Viewer, station: &Station, worker: &Worker) -> Result<Slip> {
        let (token, pin, accounts) = (new_token(), new_code(), self.accounts());
        let hash = token_hash(&token);
        let pin_hash = accounts.keys.sign(&["slip", &hash, &pin]);
        let by = viewer.known()?.id;
        let mut tx = accounts.db.begin().await?;
        store::put_slip(&mut tx, worker.account_id, (&hash, &pin_hash), self.now() + SLIP).await?;
        accounts.audit_in(&mut *tx, by, "station.slip", &worker.account_id.to_string(), Some(station.fair_id), "", "").await?;
        tx.commit().await?;
        let url = format!("{}/claim/{token}", accounts.origin);
        let code = qrcode::QrCode::with_error_correction_level(&url, qrcode::EcLevel::M)?;
        let code = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(180, 180).build();
        Ok(Slip { url, pin, code })
    }

    /// Whether a slip may still be tried.
    pub(super) async fn is_open(&self, token: &str) -> Result<bool> {
        let row = store::slip(self.accounts().db.read(), &token_hash(token), self.now()).await?;
        Ok(row.is_some_and(|row| row.tries < TRIES))
    }

    /// Takes the account over: the worker's own from now on.
    pub(super) async fn claim(&self, token: &str, pin: &str) -> Result<std::result::Result<AccountId, Refused>> {
        let (accounts, hash, now) = (self.accounts(), token_hash(token), self.now());
        let Some(row) = store::count_try(accounts.db.write(), &hash, now).await?.filter(|row| row.tries <= TRIES) else {
            return Ok(Err(Refused::Gone));
        };
        let pin: String = pin.chars().filter(char::is_ascii_digit).collect();
        if !accounts.keys.verify(&["slip", &hash, &pin], &row.pin_hash) {
            return Ok(Err(if row.tries < TRIES { Refused::WrongPin } else { Refused::Gone }));
        }
        let station = self.station(row.station_id).await?.ok_or(AppError::NotFound)?;
        let mut tx = accounts.db.begin().await?;
        if !store::claim(&mut tx, row.account_id, &hash, now).await? {
            return Ok(Err(Refused::Gone));
        }
        accounts.make_person_in(&mut *tx, row.account_id).await?;
        let subject = row.account_id.to_string();
        accounts.audit_in(&mut *tx, row.account_id, "station.claim", &subject, Some(station.fair_id), "", "").await?;
        tx.commit().await?;
        accounts.changed();
        Ok(Ok(row.account_id))
    }
}
