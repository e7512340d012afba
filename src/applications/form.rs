//! What an applicant fills in, read from a form with or without a file.

use super::resume::ResumeKind;
use super::{CONSENT, Enclosed, Resume, Voice};
use crate::accounts::Contact;
use crate::web::{Fields, Text, clean, clean_text};
use serde::Deserialize;

/// The fields as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ApplyForm {
    pub(super) name: String,
    pub(super) contact: String,
    pub(super) experience: String,
    pub(super) note: String,
    pub(super) consent: String,
    /// Ticked if the resume of last time is not to be sent.
    pub(super) without_resume: String,
    /// The sender's own number of this application.
    pub(super) once: String,
    /// Ticked if the voice note of last time is not to be sent.
    pub(super) without_voice: String,
    /// Whose form it was; empty if it was a stranger's.
    pub(super) account: String,
}

/// The fields as understood.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub(super) name: String,
    pub(super) contact: Contact,
    pub(super) experience: i64,
    pub(super) note: String,
    pub(super) once: String,
}

/// In bytes, and longer than any field may be in characters of four.
pub(super) const FIELD_MAX: usize = 8 * 1024;

impl ApplyForm {
    /// Sets a field by its name; an unknown one is left out.
    pub(super) fn set(&mut self, name: &str, value: String) {
        match name {
            "name" => self.name = value,
            "contact" => self.contact = value,
            "experience" => self.experience = value,
            "note" => self.note = value,
            "consent" => self.consent = value,
            "without_resume" => self.without_resume = value,
            "once" => self.once = value,
            "without_voice" => self.without_voice = value,
            "account" => self.account = value,
            _ => {}
        }
    }

    /// The files that go with the application: those at hand, unless the sender said otherwise.
    pub(super) fn chosen(&self, mut at_hand: Enclosed) -> Enclosed {
        if !self.without_resume.is_empty() {
            at_hand.resume = Resume::default();
        }
        if !self.without_voice.is_empty() {
            at_hand.voice = Voice::default();
        }
        at_hand
    }

    pub(super) fn read(&self) -> Result<Answers, Fields> {
        let mut f = Fields::default();
        let (name, note) = (clean(&self.name, 41), clean_text(&self.note, 501));
        if name.is_empty() {
            f.add("name", Text("applications-wrong-name"));
        }
        if name.chars().count() > 40 {
            f.add("name", Text("applications-wrong-long"));
        }
        if note.chars().count() > 500 {
            f.add("note", Text("applications-wrong-long"));
        }
        let contact = Contact::parse(&self.contact);
        if contact.is_none() {
            f.add("contact", Text("accounts-contact-wrong"));
        }
        let years = if self.experience.is_empty() { Some(0) } else { self.experience.trim().parse().ok() };
        let experience = years.filter(|n| (0..=60).contains(n)).unwrap_or_else(|| {
            f.add("experience", Text("applications-wrong-experience"));
            0
        });
        if self.consent != CONSENT {
            f.add("consent", Text("applications-wrong-consent"));
        }
        match contact {
            Some(contact) if f.is_empty() => Ok(Answers { name, contact, experience, note, once: clean(&self.once, 64) }),
            _ => Err(f),
        }
    }
}

/// A contact as it was stored: an address, or digits that may lack the plus of a foreign number.
pub(super) fn stored_contact(text: &str) -> Option<Contact> {
    Contact::parse(text).or_else(|| Contact::parse(&format!("+{text}")))
}

/// The sender's name of a file, made safe to show and to save: no folders, no marks, the right ending.
pub(super) fn file_name(name: &str, kind: ResumeKind) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or("");
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    let safe: String = clean(stem, 60).chars().map(|c| if "\"<>|:*?;%".contains(c) { '_' } else { c }).collect();
    let safe = safe.trim_matches(['.', ' ']);
    format!("{}.{}", if safe.is_empty() { "resume" } else { safe }, kind.extension())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let bad = ApplyForm { experience: "-1".into(), note: "长".repeat(600), ..ApplyForm::default() };
        let fields = bad.read().expect_err("bad");
        assert_eq!(fields.0.keys().copied().collect::<Vec<_>>(), ["consent", "contact", "experience", "name", "note"]);
        let good = ApplyForm { name: " 李 雷 ".into(), contact: "138 0013 8000".into(), consent: CONSENT.into(), ..ApplyForm::default() };
        let answers = good.read().expect("good");
        assert_eq!((answers.name.as_str(), answers.contact.value(), answers.experience), ("李 雷", "13800138000", 0));
    }

    #[test]
    fn file_names_lose_what_could_lead_elsewhere() {
        let pdf = |name| file_name(name, ResumeKind::Pdf);
        assert_eq!(pdf("简历.docx"), "简历.pdf");
        assert_eq!(pdf("../../etc/passwd"), "passwd.pdf");
        assert_eq!(pdf("C:\\x\\a\"b\r\n;.exe.pdf"), "a_b _.exe.pdf");
        assert_eq!(pdf("..."), "resume.pdf");
        assert_eq!(pdf("\u{202E}fdp.exe"), "fdp.pdf");
    }

    #[test]
    fn a_foreign_number_is_understood_as_stored() {
        let contact = Contact::parse("+44 20 7946 0958").expect("foreign");
        assert_eq!(stored_contact(contact.value()).expect("stored").value(), contact.value());
    }
}
