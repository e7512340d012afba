//! Whom somebody who applied may call: a person and a telephone number, which stand beside the terms of a posting and not among them.
//!
//! Invariants: only the employer's recruiters and those with an application that lives see it in clear, organisers after a line in the audit log;
//! nothing that is told of a posting to others (feeds, markup, API, poster, card) has it, because the terms do not. It is encrypted where it is kept.

use super::difference::{Change, replaced};
use super::{PostingView, Postings, store};
use crate::accounts::{Viewer, mask};
use crate::clock::{MINUTE, Millis};
use crate::ids::PostingId;
use crate::keys::Keys;
use crate::web::{AppError, Fields, Result, Text, clean};

/// A rejection can be undone for so long, and until then the applicant must not see that anything has changed.
const TOLD_AFTER: Millis = 10 * MINUTE;

/// A person to call. Both empty: nobody.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ContactPerson {
    pub person: String,
    pub phone: String,
}

impl std::fmt::Debug for ContactPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The same as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Sealed {
    pub(super) posting_id: PostingId,
    pub(super) version: i64,
    pub(super) sealed_person: String,
    pub(super) sealed_phone: String,
}

impl ContactPerson {
    pub fn is_nobody(&self) -> bool {
        self.phone.is_empty()
    }

    /// What was typed, or what is wrong with it. A name alone helps nobody.
    pub(super) fn read(person: &str, phone: &str) -> Result<Self, Fields> {
        let (person, phone) = (clean(person, 31), clean(phone, 41));
        let mut wrong = Fields::default();
        if person.chars().count() > 30 {
            wrong.add("contact_person", Text("postings-wrong-long"));
        }
        let digits = phone.chars().filter(char::is_ascii_digit).count();
        // An extension may follow, as on a business card.
        let fits = (7..=20).contains(&digits) && phone.chars().all(|c| c.is_ascii_digit() || " +-()（）转分机ext.#,".contains(c));
        if !phone.is_empty() && !fits || (phone.is_empty() && !person.is_empty()) {
            wrong.add("contact_phone", Text("postings-wrong-contact-phone"));
        }
        if wrong.is_empty() { Ok(Self { person, phone }) } else { Err(wrong) }
    }

    /// `李** 138****1234`.
    pub fn masked(&self) -> String {
        let person = self.person.chars().next().map(|first| format!("{first}** ")).unwrap_or_default();
        let digits: String = self.phone.chars().filter(char::is_ascii_digit).collect();
        format!("{person}{}", mask(&digits)).trim().to_owned()
    }

    pub(super) fn seal(&self, keys: &Keys, posting_id: PostingId, version: i64) -> Sealed {
        let seal = |text: &str| if text.is_empty() { String::new() } else { keys.encrypt(text) };
        Sealed { posting_id, version, sealed_person: seal(&self.person), sealed_phone: seal(&self.phone) }
    }
}

impl Sealed {
    /// Nobody, if it was encrypted with another key.
    pub(super) fn open(&self, keys: &Keys) -> ContactPerson {
        let open = |text: &str| keys.decrypt(text).unwrap_or_default();
        ContactPerson { person: open(&self.sealed_person), phone: open(&self.sealed_phone) }
    }
}

/// What a viewer sees of whom to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// There is nobody.
    Nobody,
    /// Whoever applies will see it.
    AfterApplying,
    /// For organisers, who may ask for the rest.
    Masked(String),
    Clear(ContactPerson),
}

/// The change of whom to call from one version to another, masked; none if it stayed the same. `rows` are sorted by version.
pub(super) fn change(rows: &[Sealed], keys: &Keys, from: i64, to: i64) -> Option<Change> {
    let at = |version: i64| rows.iter().rev().find(|row| row.version <= version).map(|row| row.open(keys)).unwrap_or_default();
    let (old, new) = (at(from), at(to));
    let label = Text("postings-form-contact");
    (old != new).then(|| Change { label, pieces: replaced(old.masked(), new.masked()) })
}

impl Postings {
    fn keys(&self) -> &Keys {
        &self.accounts().keys
    }

    /// Whom to call about a posting, in clear: for whoever the caller knows may see it.
    pub(super) async fn contact(&self, id: PostingId) -> Result<ContactPerson> {
        let sealed = store::contacts(self.db(), &[id]).await?;
        Ok(sealed.first().map(|sealed| sealed.open(self.keys())).unwrap_or_default())
    }

    /// Whom an applicant may call about a posting that is out; the caller knows that their application lives.
    pub async fn contact_for_applicant(&self, id: PostingId) -> Result<Option<ContactPerson>> {
        let posting = store::posting(self.db().read(), id).await?.filter(|posting| posting.status(self.now()).is_public());
        match posting {
            Some(_) => Ok(Some(self.contact(id).await?).filter(|contact| !contact.is_nobody())),
            None => Ok(None),
        }
    }

    pub(super) async fn contact_seen(&self, viewer: &Viewer, view: &PostingView) -> Result<Seen> {
        let contact = self.contact(view.posting.id).await?;
        if contact.is_nobody() {
            return Ok(Seen::Nobody);
        }
        if view.is_recruiter {
            return Ok(Seen::Clear(contact));
        }
        let applied = match viewer.id() {
            Some(account) => store::applied(self.db().read(), view.posting.id, account, self.now() - TOLD_AFTER).await?,
            None => false,
        };
        Ok(match (applied, view.is_organiser) {
            (true, _) => Seen::Clear(contact),
            (false, true) => Seen::Masked(contact.masked()),
            (false, false) => Seen::AfterApplying,
        })
    }

    /// The same in clear for an organiser; that they looked is noted before they see it.
    pub(super) async fn unmask(&self, viewer: &Viewer, view: &PostingView) -> Result<ContactPerson> {
        if !view.is_organiser {
            return Err(AppError::NotFound);
        }
        let contact = Some(self.contact(view.posting.id).await?).filter(|contact| !contact.is_nobody()).ok_or(AppError::NotFound)?;
        let by = viewer.person()?.id;
        self.accounts().audit(by, "posting.contact", &view.posting.id.to_string(), Some(view.fair.id), "", "").await?;
        Ok(contact)
    }

    /// All whom it was, by version.
    pub(super) async fn contact_rows(&self, id: PostingId) -> Result<Vec<Sealed>> {
        Ok(store::contact_rows(self.db().read(), id).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(person: &str, phone: &str) -> ContactPerson {
        ContactPerson { person: person.into(), phone: phone.into() }
    }

    #[test]
    fn a_number_is_as_on_a_card_and_a_name_alone_is_nothing() {
        for phone in ["13800138000", "0571-88886666 转 8012", "+86 (571) 8888 6666#12"] {
            assert_eq!(ContactPerson::read(" 李 师傅 ", phone).expect(phone), contact("李 师傅", phone));
        }
        assert!(ContactPerson::read("", "").expect("nobody").is_nobody());
        for (person, phone) in [
            ("李师傅", ""),
            ("", "12345"),
            ("", "微信 abc12345678"),
            ("长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长", "13800138000"),
        ] {
            assert!(ContactPerson::read(person, phone).is_err(), "{person} {phone}");
        }
        assert_eq!(contact("李师傅", "138-0013-8000").masked(), "李** 138****8000");
        assert_eq!(format!("{:?}", contact("", "13800138000")), "138****8000");
    }

    #[test]
    fn what_is_kept_opens_again_and_changes_are_masked() {
        let (keys, id) = (Keys::from_master(&[7; 32]), PostingId::new());
        let sealed = contact("李师傅", "13800138000").seal(&keys, id, 2);
        assert!(!sealed.sealed_phone.contains("138"));
        assert_eq!(sealed.open(&keys), contact("李师傅", "13800138000"));
        assert!(sealed.open(&Keys::from_master(&[8; 32])).is_nobody());
        let rows = [sealed, ContactPerson::default().seal(&keys, id, 5)];
        assert_eq!(change(&rows, &keys, 2, 4), None);
        let texts = |from, to| change(&rows, &keys, from, to).expect("a change").pieces.into_iter().map(|p| p.text).collect::<Vec<_>>();
        assert_eq!((texts(1, 2), texts(4, 5)), (vec!["李** 138****8000".to_owned()], vec!["李** 138****8000".into()]));
    }
}
