//! The organiser's desk: open fairs, admit employers, see rooms and figures of the day; for administrators, messages
//! that could not be delivered.
//!
//! Moderation of chat is in `moderation`, the review of postings in `postings`; this only links there.

mod figures;
mod pages;
mod undelivered;

pub use figures::Figures;
pub use pages::routes;

use crate::accounts::{Account, Contact, Employer, NewEmployer, Viewer, credit_code_is_valid};
use crate::clock::{DAY, Millis};
use crate::fairs::{Fair, NewFair};
use crate::i18n::Lang;
use crate::ids::{AccountId, FairId};
use crate::live::Live;
use crate::web::{AppError, Fields, Result, Text};
use serde::Deserialize;

/// The domain calls; cheap to clone.
#[derive(Clone)]
pub struct Console {
    pub live: Live,
}

/// A fair as typed into the form; times are of the fair's zone, such as `2027-02-20T09:00`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FairForm {
    pub title_zh: String,
    pub title_en: String,
    pub intro_zh: String,
    pub intro_en: String,
    pub region: String,
    pub zone: String,
    pub starts_at: String,
    pub ends_at: String,
}

impl FairForm {
    /// Checks everything and says what is wrong beside each field.
    pub fn check(&self) -> std::result::Result<NewFair, Fields> {
        let mut wrong = Fields::default();
        let title_zh = wrong.line("title_zh", &self.title_zh, 80);
        let title_en = wrong.line("title_en", &self.title_en, 120);
        let intro_zh = wrong.lines("intro_zh", &self.intro_zh, 1_000);
        let intro_en = wrong.lines("intro_en", &self.intro_en, 2_000);
        if title_zh.is_empty() {
            wrong.add("title_zh", Text("console-title-needed"));
        }
        let code = self.region.len() == 6 && self.region.bytes().all(|b| b.is_ascii_digit());
        if !self.region.is_empty() && !code {
            wrong.add("region", Text("console-region-wrong"));
        }
        let zone = jiff::tz::TimeZone::get(&self.zone).ok();
        if zone.is_none() {
            wrong.add("zone", Text("console-zone-wrong"));
        }
        let read = |text: &str| zone.as_ref().and_then(|zone| local_time(text, zone));
        let (starts_at, ends_at) = (read(&self.starts_at), read(&self.ends_at));
        if starts_at.is_none() {
            wrong.add("starts_at", Text("console-time-wrong"));
        }
        if ends_at.is_none() {
            wrong.add("ends_at", Text("console-time-wrong"));
        }
        if let (Some(start), Some(end)) = (starts_at, ends_at) {
            if end <= start {
                wrong.add("ends_at", Text("console-end-before-start"));
            } else if end - start > 400 * DAY {
                wrong.add("ends_at", Text("console-too-long"));
            }
        }
        match (starts_at, ends_at) {
            (Some(starts_at), Some(ends_at)) if wrong.is_empty() => Ok(NewFair {
                title_zh,
                title_en,
                intro_zh,
                intro_en,
                region: self.region.clone(),
                zone: self.zone.clone(),
                cover: String::new(),
                starts_at,
                ends_at,
            }),
            _ => Err(wrong),
        }
    }
}

/// A wall-clock time of `zone` as UTC milliseconds; `None` if it is malformed or falls into a gap of the clock.
fn local_time(text: &str, zone: &jiff::tz::TimeZone) -> Option<Millis> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    if matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
        return None;
    }
    ambiguous.compatible().ok().map(|t| t.as_millisecond())
}

/// An employer as typed into the form, with the person who recruits for it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EmployerForm {
    pub name_zh: String,
    pub name_en: String,
    pub credit_code: String,
    pub about_zh: String,
    pub recruiter_name: String,
    pub recruiter_contact: String,
}

impl EmployerForm {
    fn check(&self) -> std::result::Result<(NewEmployer, Contact), Fields> {
        let mut wrong = Fields::default();
        let name_en = wrong.line("name_en", &self.name_en, 120);
        let about_zh = wrong.lines("about_zh", &self.about_zh, 2_000);
        let name_zh = wrong.line("name_zh", &self.name_zh, 80);
        if name_zh.is_empty() {
            wrong.add("name_zh", Text("console-employer-name-needed"));
        }
        let credit_code = self.credit_code.trim().to_uppercase();
        if !credit_code_is_valid(&credit_code) {
            wrong.add("credit_code", Text("console-credit-code-wrong"));
        }
        if wrong.line("recruiter_name", &self.recruiter_name, 40).is_empty() {
            wrong.add("recruiter_name", Text("accounts-name-needed"));
        }
        let contact = Contact::parse(&self.recruiter_contact);
        if contact.is_none() {
            wrong.add("recruiter_contact", Text("accounts-contact-wrong"));
        }
        match contact {
            Some(contact) if wrong.is_empty() => {
                let new = NewEmployer { name_zh, name_en, credit_code, about_zh, ..NewEmployer::default() };
                Ok((new, contact))
            }
            _ => Err(wrong),
        }
    }
}

impl Console {
    /// Administrators and organisers of other fairs may draft a new one.
    fn may_create(&self, viewer: &Viewer) -> Result<AccountId> {
        let person = viewer.person()?.id;
        if viewer.is_admin() || !viewer.roles.fairs.is_empty() { Ok(person) } else { Err(AppError::NotFound) }
    }

    /// Drafts a fair with its main hall.
    pub async fn create_fair(&self, viewer: &Viewer, new: NewFair) -> Result<Fair> {
        let organiser = self.may_create(viewer)?;
        let rooms = &self.live.rooms;
        let fair = rooms.open_fair(new, organiser).await?;
        rooms.fairs.accounts.audit(organiser, "fair.create", &fair.id.to_string(), Some(fair.id), "", "").await?;
        Ok(fair)
    }

    /// Admits an employer with its booth and invites its recruiter by mail or text message.
    pub async fn admit(&self, viewer: &Viewer, fair: FairId, form: &EmployerForm) -> Result<std::result::Result<Employer, Fields>> {
        let fair = self.live.rooms.fairs.organised_by(viewer, fair).await?;
        let (new, contact) = match form.check() {
            Ok(checked) => checked,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let (rooms, accounts) = (&self.live.rooms, &self.live.rooms.fairs.accounts);
        let lang = viewer.person()?.lang();
        let recruiter = accounts.find_or_invite(&contact, &form.recruiter_name, lang).await?;
        let employer = rooms.open_booth(fair.id, new, recruiter.id).await?;
        self.invite(&contact, &recruiter, &fair, lang).await?;
        accounts.audit(viewer.person()?.id, "employer.admit", &employer.id.to_string(), Some(fair.id), "", "").await?;
        Ok(Ok(employer))
    }

    async fn invite(&self, contact: &Contact, account: &Account, fair: &Fair, lang: Lang) -> Result<()> {
        let accounts = &self.live.rooms.fairs.accounts;
        let title = if lang == Lang::Zh { &fair.title_zh } else { &fair.title_en };
        let link = accounts.sign_in_link(Some(account.id), 1, 7 * DAY).await?;
        let body = lang.t3("console-invite-body", "name", &account.name, "fair", title, "link", link);
        let subject = lang.t1("console-invite-subject", "fair", title);
        accounts.notify.queue(Some(account.id), contact.kind().name(), contact.value(), &subject, &body, None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> FairForm {
        FairForm {
            title_zh: "春风行动".into(),
            zone: "Asia/Shanghai".into(),
            starts_at: "2027-02-20T09:00".into(),
            ends_at: "2027-02-22T17:00".into(),
            ..FairForm::default()
        }
    }

    #[test]
    fn times_are_read_in_the_fairs_zone() {
        assert_eq!(form().check().expect("good").starts_at, 1_803_085_200_000);
    }

    #[test]
    fn what_is_wrong_is_said_beside_its_field() {
        let backwards = FairForm { ends_at: "2027-02-19T17:00".into(), ..form() };
        assert_eq!(backwards.check().expect_err("end").get("ends_at"), Some("console-end-before-start"));
        // In New York the clock jumps from 2:00 to 3:00 on this day.
        let gap = FairForm { zone: "America/New_York".into(), starts_at: "2027-03-14T02:30".into(), ..form() };
        assert_eq!(gap.check().expect_err("gap").get("starts_at"), Some("console-time-wrong"));
        let nowhere = FairForm { zone: "Mars/Olympus".into(), title_zh: " \u{200B}".into(), region: "33x".into(), ..form() };
        let wrong = nowhere.check().expect_err("zone");
        assert!(wrong.get("zone").is_some() && wrong.get("title_zh").is_some() && wrong.get("region").is_some());
    }

    #[test]
    fn an_employer_needs_a_right_credit_code_and_somebody_to_invite() {
        let form = EmployerForm { name_zh: "某厂".into(), credit_code: "91440300708461136X".into(), ..EmployerForm::default() };
        let wrong = form.check().expect_err("wrong");
        assert_eq!(wrong.get("credit_code"), Some("console-credit-code-wrong"));
        assert!(wrong.get("recruiter_contact").is_some());
    }
}
