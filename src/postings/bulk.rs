//! Many postings of one employer at once, known by the employer's own references: put in again, nothing is doubled.

use super::contact::ContactPerson;
use super::form::PostingForm;
use super::places_form::CELL;
use super::risk::{self, Verdict};
use super::{Content, Posting, Postings, State, store};
use crate::db::Flag;
use crate::i18n::Lang;
use crate::ids::{AccountId, EmployerId, FairId, PostingId};
use crate::web::{AppError, Fields, Result};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};

/// The fields of a posting's form by their names.
pub type FormFields = BTreeMap<String, String>;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    New,
    Changed,
    /// It says what it said.
    Same,
}

/// Marks the id of a posting that has no reference, where a reference is asked for.
const BY_ID: char = '#';

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub content: Content,
    /// Whom applicants may call; none if the table has no such column, which leaves it as it is.
    pub contact: Option<ContactPerson>,
}

impl Terms {
    /// The terms with what no table has: pictures and clips stay.
    fn beside(&self, posting: &Posting) -> Content {
        Content { pictures: posting.content.pictures.clone(), clips: posting.content.clips.clone(), ..self.content.clone() }
    }

    fn is_said_by(&self, posting: &Posting, contact: Option<&ContactPerson>) -> bool {
        let nobody = ContactPerson::default();
        self.beside(posting) == posting.content && self.contact.as_ref().is_none_or(|new| new == contact.unwrap_or(&nobody))
    }
}

/// Reads fields as the form does.
pub fn terms_of(fields: &FormFields, now: crate::clock::Millis, zone: &TimeZone) -> Result<Terms, Fields> {
    let form: PostingForm = serde_json::to_value(fields).and_then(serde_json::from_value).unwrap_or_default();
    let (content, contact) = form.read_all(now, zone)?;
    Ok(Terms { content, contact: fields.contains_key("contact_phone").then_some(contact) })
}

/// The fields of a posting, as the form shows them and tables have them.
pub fn fields_of(content: &Content, zone: &TimeZone) -> FormFields {
    let form = PostingForm::of(content, 0, zone, Lang::Zh);
    let mut fields: FormFields = serde_json::to_value(form).and_then(serde_json::from_value).unwrap_or_default();
    fields.insert(CELL.to_owned(), content.further.in_a_cell());
    fields
}

/// A posting with the reference by which a table knows it.
#[derive(Clone, Debug)]
pub struct Referred {
    pub reference: String,
    pub posting: Posting,
    pub contact: ContactPerson,
}

impl Postings {
    /// The postings of an employer in a fair that these references name.
    async fn referred(&self, fair: FairId, employer: EmployerId, references: &[&str]) -> Result<HashMap<String, Posting>> {
        let db = self.db();
        let ids: Vec<PostingId> = references.iter().filter_map(|r| r.strip_prefix(BY_ID)?.parse().ok()).collect();
        let mut found: HashMap<String, Posting> = HashMap::new();
        for row in store::by_ids(db, &ids).await? {
            if row.employer_id == employer && row.fair_id == fair {
                found.insert(format!("{BY_ID}{}", row.id), row.posting);
            }
        }
        let named: Vec<String> = references.iter().map(|r| (*r).to_owned()).collect();
        let known = store::ids_of_references(db, fair, employer, &named).await?;
        let ids: Vec<PostingId> = known.iter().map(|(_, id)| *id).collect();
        let rows: HashMap<PostingId, Posting> = store::by_ids(db, &ids).await?.into_iter().map(|r| (r.id, r.posting)).collect();
        found.extend(known.into_iter().filter_map(|(reference, id)| Some((reference, rows.get(&id)?.clone()))));
        Ok(found)
    }

    /// Whom applicants may call, of those of these postings that have anybody.
    async fn contacts(&self, ids: impl IntoIterator<Item = PostingId>) -> Result<HashMap<PostingId, ContactPerson>> {
        let ids: Vec<PostingId> = ids.into_iter().collect();
        let sealed = store::contacts(self.db(), &ids).await?;
        Ok(sealed.into_iter().map(|sealed| (sealed.posting_id, sealed.open(&self.accounts().keys))).collect())
    }

    /// What putting these in would do, in their order.
    pub async fn compare(&self, fair: FairId, employer: EmployerId, rows: &[(String, Terms)]) -> Result<Vec<Put>> {
        let references: Vec<&str> = rows.iter().map(|(r, _)| r.as_str()).collect();
        let known = self.referred(fair, employer, &references).await?;
        let contacts = self.contacts(known.values().map(|posting| posting.id)).await?;
        let what = |(reference, terms): &(String, Terms)| match known.get(reference) {
            None => Put::New,
            Some(posting) if terms.is_said_by(posting, contacts.get(&posting.id)) => Put::Same,
            Some(_) => Put::Changed,
        };
        Ok(rows.iter().map(what).collect())
    }

    /// Puts these in, each with a reference of its own, all or none: for review, but for changes of little risk. What says what it said stays as it is.
    pub async fn put_all(&self, fair: FairId, employer: EmployerId, by: AccountId, rows: &[(String, Terms)]) -> Result<Vec<Put>> {
        if !self.rooms.fairs.takes_part(fair, employer).await? {
            return Err(AppError::NotFound);
        }
        let references: Vec<&str> = rows.iter().map(|(r, _)| r.as_str()).collect();
        let known = self.referred(fair, employer, &references).await?;
        let standing = self.employers.status(employer).await?;
        let contacts = self.contacts(known.values().map(|posting| posting.id)).await?;
        let (now, mut what, mut fresh, mut changed, mut sealed) = (self.now(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let keys = &self.accounts().keys;
        for (reference, terms) in rows {
            match known.get(reference) {
                Some(before) if terms.is_said_by(before, contacts.get(&before.id)) => what.push(Put::Same),
                Some(before) => {
                    what.push(Put::Changed);
                    let content = terms.beside(before);
                    let approved = self.approved(before.id).await?;
                    let unseen = matches!(before.state, State::Live | State::Paused | State::Filled)
                        && risk::judge(approved.as_ref(), &content, standing) == Verdict::GoesLive;
                    let state = if unseen { before.state } else { State::Review };
                    let version = before.version + 1;
                    let other = terms.contact.as_ref().filter(|new| *new != contacts.get(&before.id).unwrap_or(&ContactPerson::default()));
                    sealed.extend(other.map(|new| new.seal(keys, before.id, version)));
                    changed.push((Posting { content, state, version, updated_at: now, ..before.clone() }, unseen));
                }
                None => {
                    what.push(Put::New);
                    let posting = Posting {
                        id: PostingId::new(),
                        fair_id: fair,
                        employer_id: employer,
                        content: terms.content.clone(),
                        state: State::Review,
                        version: 1,
                        published_at: 0,
                        created_at: now,
                        updated_at: now,
                        suspended: Flag(false),
                    };
                    let somebody = terms.contact.as_ref().filter(|new| !new.is_nobody());
                    sealed.extend(somebody.map(|new| new.seal(keys, posting.id, posting.version)));
                    fresh.push((reference.clone(), posting));
                }
            }
        }
        store::put_all(self.db(), &fresh, &changed, &sealed, by).await?;
        let touched: Vec<PostingId> = changed.iter().map(|(p, _)| p.id).collect();
        self.board.renew(&touched).await?;
        Ok(what)
    }

    /// The next postings of an employer in a fair with their references, by id.
    pub async fn with_references(&self, fair: FairId, employer: EmployerId, after: Option<PostingId>, limit: i64) -> Result<Vec<Referred>> {
        let rows = store::references_after(self.db().read(), fair, employer, after, limit).await?;
        let ids: Vec<PostingId> = rows.iter().map(|(id, _)| *id).collect();
        let mut postings: HashMap<PostingId, Posting> =
            store::by_ids(self.db(), &ids).await?.into_iter().map(|r| (r.id, r.posting)).collect();
        let mut contacts = self.contacts(ids).await?;
        let named = |(id, reference): (PostingId, String)| {
            let reference = if reference.is_empty() { format!("{BY_ID}{id}") } else { reference };
            Some(Referred { reference, posting: postings.remove(&id)?, contact: contacts.remove(&id).unwrap_or_default() })
        };
        Ok(rows.into_iter().filter_map(named).collect())
    }
}
