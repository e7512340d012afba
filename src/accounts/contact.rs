//! Phone numbers and e-mail addresses: what counts as one, and how it is shown.

/// What kind of contact it is; also the channel a notice goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactKind {
    Phone,
    Email,
}

impl ContactKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }
}

/// A well-formed phone number (E.164 without the plus, mainland numbers as their 11 digits) or e-mail address in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    kind: ContactKind,
    value: String,
}

impl Contact {
    /// Reads what a person typed: full-width digits, spaces, dashes and a leading +86 are understood.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().map(narrow).collect();
        if text.contains('@') { email(&text) } else { phone(&text) }
    }

    pub(super) fn restore(kind: &str, value: String) -> Option<Self> {
        let kind = match kind {
            "phone" => ContactKind::Phone,
            "email" => ContactKind::Email,
            _ => return None,
        };
        Some(Self { kind, value })
    }

    pub fn kind(&self) -> ContactKind {
        self.kind
    }

    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Never shows the whole contact, so that a log line cannot leak one.
impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&mask(&self.value))
    }
}

/// Full-width forms (U+FF01 to U+FF5E) to ASCII.
fn narrow(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        c => c,
    }
}

fn phone(text: &str) -> Option<Contact> {
    if !text.chars().all(|c| c.is_ascii_digit() || " -+().".contains(c)) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("0086").or_else(|| digits.strip_prefix("86").filter(|rest| rest.len() == 11)).unwrap_or(&digits);
    let mainland = digits.len() == 11 && digits.starts_with('1') && !matches!(&digits[1..2], "0" | "1" | "2");
    let foreign = text.trim_start().starts_with('+') && (8..=15).contains(&digits.len());
    (mainland || foreign).then(|| Contact { kind: ContactKind::Phone, value: digits.to_owned() })
}

fn email(text: &str) -> Option<Contact> {
    let value = text.to_lowercase();
    let (local, domain) = value.rsplit_once('@')?;
    let good = !local.is_empty() && local.len() <= 64 && value.len() <= 254 && domain.contains('.') && !domain.starts_with('.');
    (good && value.parse::<lettre::Address>().is_ok()).then_some(Contact { kind: ContactKind::Email, value })
}

/// `138****1234`, `w***@example.com`.
pub fn mask(value: &str) -> String {
    let chars: Vec<char> = value.chars().collect();
    if let Some((local, domain)) = value.split_once('@') {
        return format!("{}***@{domain}", local.chars().next().unwrap_or('*'));
    }
    if chars.len() < 8 {
        return "*".repeat(chars.len());
    }
    let tail: String = chars[chars.len() - 4..].iter().collect();
    let head: String = chars[..3].iter().collect();
    format!("{head}****{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_read_as_people_type_them() {
        for text in ["13800138000", "+86 138-0013-8000", "８６１３８００１３８０００", "0086 13800138000"] {
            assert_eq!(Contact::parse(text).expect(text).value(), "13800138000");
        }
        assert_eq!(Contact::parse(" Wang@Example.COM ").expect("email").value(), "wang@example.com");
        assert_eq!(Contact::parse("+44 20 7946 0958").expect("foreign").value(), "442079460958");
        for bad in ["", "12345", "10000000000", "a@b", "@x.cn", "a b@x.cn", "1380013800a", "<script>@x.cn"] {
            assert!(Contact::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn contacts_are_shown_masked() {
        assert_eq!(mask("13800138000"), "138****8000");
        assert_eq!(mask("wang@example.com"), "w***@example.com");
        assert_eq!(format!("{:?}", Contact::parse("13800138000").expect("phone")), "138****8000");
    }
}
