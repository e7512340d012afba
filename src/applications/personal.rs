//! What applications hold of a person, for them to take along: what they sent and got, who looked, as they may know it now.

use super::store::PERSONAL;
use super::{Applications, store};
use crate::clock::iso;
use crate::ids::AccountId;
use crate::web::Result;
use serde_json::{Value, json};

impl Applications {
    /// What is kept here of a person. Moves that can still be undone and messages that are not due are not in it, as on their pages.
    pub async fn personal(&self, account: AccountId) -> Result<Value> {
        let (db, keys, now) = (self.accounts().db.read(), &self.accounts().keys, self.now());
        let mut found = crate::db::personal(db, PERSONAL, &account.to_string(), &|sealed| keys.decrypt(sealed)).await?;
        for sent in found["applications"].as_array_mut().into_iter().flatten() {
            if sent["resume_name"] != "" {
                sent["resume"] = format!("/applications/{}/resume", sent["id"].as_str().unwrap_or_default()).into();
            }
            if sent["voice_size"] != 0 {
                sent["voice"] = format!("/applications/{}/voice", sent["id"].as_str().unwrap_or_default()).into();
            }
        }
        let hidden = self.as_told(account, &mut []).await?;
        let steps = store::personal::steps(db, account).await?;
        let steps = steps.into_iter().filter(|step| !hidden.contains(&step.id));
        found["application_steps"] =
            steps.map(|s| json!({"application_id": s.application_id, "at": iso(s.at), "status": s.status})).collect();
        let said = store::personal::messages(db, account, now).await?;
        let said = said.into_iter().map(|m| {
            let text = keys.decrypt(&m.sealed).unwrap_or_default();
            json!({"application_id": m.application_id, "at": iso(m.at), "who": m.author, "text": text, "state": m.state})
        });
        found["application_messages"] = said.collect();
        Ok(found)
    }
}
