//! Invitations to recruit for an employer: a link that is good once and for three days, for one contact or for whoever has it.

use super::{Employers, store};
use crate::accounts::{Contact, Employer, Grant, Viewer, mask};
use crate::clock::{DAY, Millis};
use crate::ids::{AccountId, EmployerId};
use crate::keys::{new_token, token_hash};
use crate::web::{AppError, Result, Text};
use uuid::Uuid;

/// Over a weekend.
const LIFE: Millis = 3 * DAY;
/// Nobody has more colleagues to invite at once.
const MOST_OPEN: usize = 20;

/// An invitation as stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Invitation {
    pub id: String,
    pub employer_id: EmployerId,
    /// Sealed; empty if it is for whoever has the link.
    contact: String,
    pub inviter: String,
    pub created_at: Millis,
    pub expires_at: Millis,
    used_at: Millis,
    revoked_at: Millis,
}

impl Invitation {
    fn is_open(&self, now: Millis) -> bool {
        self.used_at == 0 && self.revoked_at == 0 && self.expires_at > now
    }
}

/// What is stored of a new one.
pub(super) struct NewInvitation<'a> {
    pub(super) id: Uuid,
    pub(super) employer: EmployerId,
    pub(super) token_hash: &'a str,
    pub(super) contact: &'a str,
    pub(super) lookup: &'a str,
    pub(super) by: AccountId,
    pub(super) now: Millis,
    pub(super) until: Millis,
}

/// An invitation as its page shows it.
pub(super) struct Followed {
    pub(super) invitation: Invitation,
    pub(super) employer: Employer,
    /// Whom it is for, masked; empty if for whoever has it.
    pub(super) to: String,
    pub(super) belongs: bool,
}

impl Employers {
    /// Invites a colleague. With a contact the link goes there; without one it is returned, to be passed on.
    pub async fn invite(&self, viewer: &Viewer, id: EmployerId, contact: Option<&Contact>) -> Result<String> {
        let seen = self.recruited_by(viewer, id).await?;
        self.invitation_limit.check(&id)?;
        let (by, now, accounts) = (viewer.person()?, self.now(), self.accounts());
        if store::open_invitations(self.db().read(), id, now).await?.len() >= MOST_OPEN {
            return Err(AppError::Conflict(Text("employers-invitations-full")));
        }
        let token = new_token();
        let link = format!("{}/employers/join/{token}", accounts.origin);
        let (sealed, lookup) = match contact {
            Some(contact) => (accounts.keys.encrypt(contact.value()), accounts.keys.lookup_hash(contact.value())),
            None => Default::default(),
        };
        let letter = match contact {
            Some(contact) => {
                let lang = by.lang();
                let name = lang.pick(&seen.employer.name_zh, &seen.employer.name_en);
                let subject = lang.t1("employers-invite-subject", "employer", name);
                let body = lang.t3("employers-invite-body", "who", &by.name, "employer", name, "link", &link);
                let to = accounts.by_contact(contact).await?.map(|account| account.id);
                Some(accounts.notify.letter(to, contact.kind().name(), contact.value(), &subject, &body, None)?.expires_at(now + LIFE))
            }
            None => None,
        };
        let hash = token_hash(&token);
        let new = NewInvitation {
            id: Uuid::now_v7(),
            employer: id,
            token_hash: &hash,
            contact: &sealed,
            lookup: &lookup,
            by: by.id,
            now,
            until: now + LIFE,
        };
        let mut tx = self.db().begin().await?;
        store::insert_invitation(&mut tx, &new).await?;
        if let Some(letter) = &letter {
            accounts.notify.queue_in(&mut tx, letter).await?;
        }
        accounts.audit_in(&mut *tx, by.id, "employer.invite", &id.to_string(), None, "", &new.id.to_string()).await?;
        tx.commit().await?;
        Ok(link)
    }

    /// What a link leads to, for whoever has it; gone if it was used, taken back or has expired.
    pub(super) async fn follow(&self, viewer: &Viewer, token: &str) -> Result<Followed> {
        let found = store::invitation(self.db().read(), &token_hash(token)).await?.ok_or(AppError::NotFound)?;
        let belongs = viewer.recruits_for(found.employer_id);
        if !found.is_open(self.now()) && !belongs {
            return Err(AppError::Gone(Text("employers-invitation-gone")));
        }
        let employer = self.accounts().employer(found.employer_id).await?.ok_or(AppError::NotFound)?;
        let to = self.contact_of(&found).map(|contact| mask(&contact)).unwrap_or_default();
        Ok(Followed { invitation: found, employer, to, belongs })
    }

    fn contact_of(&self, invitation: &Invitation) -> Option<String> {
        self.accounts().keys.decrypt(&invitation.contact)
    }

    /// Takes an invitation: once, and if it is for a contact, by who holds that.
    pub async fn accept(&self, viewer: &Viewer, token: &str) -> Result<EmployerId> {
        let followed = self.follow(viewer, token).await?;
        let (by, id) = (viewer.person()?.id, followed.employer.id);
        if followed.belongs {
            return Ok(id);
        }
        if let Some(contact) = self.contact_of(&followed.invitation) {
            let own = self.accounts().contacts(by).await?;
            if own.iter().all(|c| c.value() != contact) {
                return Err(AppError::Forbidden(Text("employers-invitation-other")));
            }
        }
        let accounts = self.accounts();
        let mut tx = self.db().begin().await?;
        if !store::use_invitation(&mut tx, &token_hash(token), by, self.now()).await? {
            return Err(AppError::Gone(Text("employers-invitation-gone")));
        }
        accounts.grant_in(&mut *tx, by, Grant::Recruiter(id)).await?;
        accounts.audit_in(&mut *tx, by, "employer.join", &id.to_string(), None, "", &followed.invitation.id).await?;
        tx.commit().await?;
        accounts.changed();
        Ok(id)
    }

    /// The invitations that are still open, with whom they are for.
    pub(super) async fn invitations(&self, id: EmployerId) -> Result<Vec<(Invitation, String)>> {
        let open = store::open_invitations(self.db().read(), id, self.now()).await?;
        Ok(open.into_iter().map(|i| (self.contact_of(&i).map(|c| mask(&c)).unwrap_or_default(), i)).map(|(to, i)| (i, to)).collect())
    }

    pub async fn take_back(&self, viewer: &Viewer, id: EmployerId, invitation: Uuid) -> Result<()> {
        self.recruited_by(viewer, id).await?;
        let mut tx = self.db().begin().await?;
        if !store::revoke_invitation(&mut *tx, id, &invitation.to_string(), self.now()).await? {
            return Err(AppError::NotFound);
        }
        let by = viewer.person()?.id;
        self.accounts().audit_in(&mut *tx, by, "employer.uninvite", &id.to_string(), None, "", &invitation.to_string()).await?;
        Ok(tx.commit().await?)
    }
}
