//! Who recruits for an employer, and taking somebody out.

use super::Employers;
use crate::accounts::{Account, Viewer};
use crate::ids::{AccountId, EmployerId};
use crate::web::{AppError, Result, Text};

impl Employers {
    /// Everybody who recruits for an employer, for one of them.
    pub async fn members(&self, viewer: &Viewer, id: EmployerId) -> Result<Vec<Account>> {
        self.recruited_by(viewer, id).await?;
        self.accounts().recruiters_of(id).await
    }

    /// Takes somebody out, oneself too; their rights end with this call. The last one stays, because nobody could let anybody in.
    pub async fn remove(&self, viewer: &Viewer, id: EmployerId, member: AccountId) -> Result<()> {
        let members = self.members(viewer, id).await?;
        if members.iter().all(|m| m.id != member) {
            return Err(AppError::NotFound);
        }
        let (by, accounts) = (viewer.person()?.id, self.accounts());
        let mut tx = self.db().begin().await?;
        if !accounts.remove_recruiter_in(&mut tx, id, member).await? {
            return Err(AppError::Conflict(Text("employers-last-member")));
        }
        accounts.audit_in(&mut *tx, by, "employer.remove", &id.to_string(), None, "", &member.to_string()).await?;
        tx.commit().await?;
        accounts.changed();
        Ok(())
    }
}
