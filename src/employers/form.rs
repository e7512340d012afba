//! What an employer's people fill in: every field as typed, so that a wrong one comes back as it was with a message beside it.

use super::{Kind, Verification};
use crate::accounts::{Accounts, Contact, ContactKind, credit_code_fault};
use crate::clock::{DAY, Millis};
use crate::web::{Fields, Text};
use jiff::tz::TimeZone;

/// No licence of this kind is issued for longer (five years), nor does anybody authorise a publisher for longer.
const LONGEST: Millis = 10 * 366 * DAY;
/// In bytes, and longer than any field may be in characters of four.
pub(super) const FIELD_MAX: usize = 1024;

#[derive(Clone, Debug, Default)]
pub struct VerificationForm {
    pub kind: String,
    pub legal_name: String,
    pub credit_code: String,
    pub licence_number: String,
    /// Days such as `2028-03-31`, the last ones on which something is valid.
    pub licence_until: String,
    pub publisher_name: String,
    pub publisher_position: String,
    pub publisher_phone: String,
    pub authorised_until: String,
    /// The version that was edited.
    pub version: String,
    /// `draft` only keeps it; all else hands it in.
    pub then: String,
}

/// The fields as understood. What is empty is not filled in yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) legal_name: String,
    pub(super) credit_code: String,
    pub(super) licence_number: String,
    pub(super) licence_until: Millis,
    pub(super) publisher_name: String,
    pub(super) publisher_position: String,
    pub(super) phone: Option<Contact>,
    pub(super) authorised_until: Millis,
}

impl VerificationForm {
    /// The form of what is stored.
    pub(super) fn of(v: &Verification, accounts: &Accounts, zone: &TimeZone) -> Self {
        Self {
            kind: v.kind.name().into(),
            legal_name: v.legal_name.clone(),
            credit_code: v.credit_code.clone(),
            licence_number: v.licence_number.clone(),
            licence_until: last_day(v.licence_until, zone),
            publisher_name: v.publisher_name.clone(),
            publisher_position: v.publisher_position.clone(),
            publisher_phone: v.phone(accounts).map(|phone| phone.value().to_owned()).unwrap_or_default(),
            authorised_until: last_day(v.authorised_until, zone),
            version: v.version.to_string(),
            then: String::new(),
        }
    }

    /// Sets a field by its name; an unknown one is left out.
    pub(super) fn set(&mut self, name: &str, value: String) {
        match name {
            "kind" => self.kind = value,
            "legal_name" => self.legal_name = value,
            "credit_code" => self.credit_code = value,
            "licence_number" => self.licence_number = value,
            "licence_until" => self.licence_until = value,
            "publisher_name" => self.publisher_name = value,
            "publisher_position" => self.publisher_position = value,
            "publisher_phone" => self.publisher_phone = value,
            "authorised_until" => self.authorised_until = value,
            "version" => self.version = value,
            "then" => self.then = value,
            _ => {}
        }
    }

    /// What was typed, or what is wrong with it. Empty fields are no fault yet.
    pub(super) fn read(&self, now: Millis, zone: &TimeZone) -> Result<Draft, Fields> {
        let mut f = Fields::default();
        let credit_code: String = fold(&self.credit_code).to_uppercase();
        if !credit_code.is_empty()
            && let Some(fault) = credit_code_fault(&credit_code)
        {
            f.add("credit_code", fault.text());
        }
        let phone = Contact::parse(&self.publisher_phone).filter(|contact| contact.kind() == ContactKind::Phone);
        if phone.is_none() && !self.publisher_phone.trim().is_empty() {
            f.add("publisher_phone", Text("employers-wrong-phone"));
        }
        let kind = Kind::parse(&self.kind).unwrap_or_else(|| {
            f.add("kind", Text("employers-wrong-kind"));
            Kind::Direct
        });
        // What only agencies have does not stay behind when somebody changes their mind.
        let agency = kind == Kind::Agency;
        let draft = Draft {
            kind,
            legal_name: f.line("legal_name", &self.legal_name, 80),
            credit_code,
            licence_number: if agency { f.line("licence_number", &self.licence_number, 40) } else { String::new() },
            licence_until: if agency { end_of(&mut f, "licence_until", &self.licence_until, now, zone) } else { 0 },
            publisher_name: f.line("publisher_name", &self.publisher_name, 40),
            publisher_position: f.line("publisher_position", &self.publisher_position, 40),
            phone,
            authorised_until: end_of(&mut f, "authorised_until", &self.authorised_until, now, zone),
        };
        if f.is_empty() { Ok(draft) } else { Err(f) }
    }
}

impl Draft {
    /// What must still be filled in before anybody can look at it.
    pub(super) fn missing(&self) -> Fields {
        let mut f = Fields::default();
        let mut need = |field: &'static str, empty: bool| {
            if empty {
                f.add(field, Text("employers-wrong-empty"));
            }
        };
        need("legal_name", self.legal_name.is_empty());
        need("credit_code", self.credit_code.is_empty());
        need("publisher_name", self.publisher_name.is_empty());
        need("publisher_position", self.publisher_position.is_empty());
        need("publisher_phone", self.phone.is_none());
        need("authorised_until", self.authorised_until == 0);
        if self.kind == Kind::Agency {
            need("licence_number", self.licence_number.is_empty());
            need("licence_until", self.licence_until == 0);
        }
        f
    }
}

/// Full-width letters and digits as they are copied from papers, and no spaces between them.
fn fold(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        c => c,
    };
    text.chars().filter(|c| !c.is_whitespace()).map(narrow).take(40).collect()
}

/// The end of a day in a zone; 0 if none is stated.
pub(super) fn end_of(f: &mut Fields, field: &'static str, text: &str, now: Millis, zone: &TimeZone) -> Millis {
    let text = fold(text);
    if text.is_empty() {
        return 0;
    }
    let end = text.parse::<jiff::civil::Date>().ok().and_then(|day| day.tomorrow().ok()?.to_zoned_datetime(zone.clone()).ok());
    match end.map(|at| at.timestamp().as_millisecond()) {
        Some(end) if end > now && end <= now + LONGEST => end,
        Some(end) if end <= now => {
            f.add(field, Text("employers-wrong-past"));
            0
        }
        _ => {
            f.add(field, Text("employers-wrong-day"));
            0
        }
    }
}

/// The last day on which something that ends at `until` is still good; empty if there is none.
pub(super) fn last_day(until: Millis, zone: &TimeZone) -> String {
    if until == 0 {
        return String::new();
    }
    let at = jiff::Timestamp::from_millisecond(until - 1).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_803_085_200_000;

    fn good() -> VerificationForm {
        VerificationForm {
            kind: "agency".into(),
            legal_name: "杭州某某人力资源有限公司".into(),
            credit_code: " ９１44 0300708461136t".into(),
            licence_number: "330000-0001".into(),
            licence_until: "2029-01-31".into(),
            publisher_name: "王芳".into(),
            publisher_position: "招聘主管".into(),
            publisher_phone: "138 0013 8000".into(),
            authorised_until: "2027-12-31".into(),
            ..VerificationForm::default()
        }
    }

    #[test]
    fn a_good_form_is_read_and_days_end_at_midnight_of_their_zone() {
        let zone = TimeZone::get("Asia/Shanghai").expect("zone");
        let draft = good().read(NOW, &zone).expect("good");
        assert_eq!(draft.credit_code, "91440300708461136T");
        assert_eq!(last_day(draft.licence_until, &zone), "2029-01-31");
        assert!(draft.missing().is_empty());
        let direct = VerificationForm { kind: "direct".into(), ..good() }.read(NOW, &zone).expect("good");
        assert_eq!((direct.licence_number.as_str(), direct.licence_until), ("", 0), "only agencies have a licence of that kind");
    }

    #[test]
    fn what_is_wrong_is_said_beside_its_field_and_what_is_missing_only_when_it_is_handed_in() {
        let bad = VerificationForm {
            kind: "x".into(),
            credit_code: "91440300708461136X".into(),
            publisher_phone: "wang@example.com".into(),
            authorised_until: "2020-01-01".into(),
            legal_name: "长".repeat(90),
            ..good()
        };
        let fields = bad.read(NOW, &TimeZone::UTC).expect_err("bad");
        assert_eq!(fields.get("credit_code"), Some("accounts-credit-code-check"));
        assert_eq!(fields.get("authorised_until"), Some("employers-wrong-past"));
        let named: Vec<_> = fields.0.keys().copied().collect();
        assert_eq!(named, ["authorised_until", "credit_code", "kind", "legal_name", "publisher_phone"]);
        let empty = VerificationForm { kind: "agency".into(), ..VerificationForm::default() }.read(NOW, &TimeZone::UTC).expect("a draft");
        assert_eq!(empty.missing().0.len(), 8);
        for day in ["2099-01-01", "tomorrow", "2027-02-30"] {
            let form = VerificationForm { authorised_until: day.into(), ..good() };
            assert!(form.read(NOW, &TimeZone::UTC).is_err(), "{day}");
        }
    }
}
