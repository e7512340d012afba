//! What organisers decide: good until a day, sent back with reasons beside the fields, suspended, and suspended no more.

use super::form::end_of;
use super::{Employers, Seen, Stage, Verification, store};
use crate::accounts::{Line, Viewer};
use crate::clock::{DAY, Millis};
use crate::i18n::Lang;
use crate::ids::EmployerId;
use crate::notify::Letter;
use crate::web::{AppError, Fields, Result, Text, clean};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How long somebody finds on their pages what was decided.
const SHOWN: Millis = 30 * DAY;
/// Characters of a reason.
const MAX_REASON: usize = 300;
/// What can be sent back, in the order of the form.
pub(super) const REASONED: [&str; 12] = [
    "kind",
    "legal_name",
    "credit_code",
    "paper_licence",
    "licence_number",
    "licence_until",
    "paper_hr_licence",
    "publisher_name",
    "publisher_position",
    "publisher_phone",
    "paper_authorisation",
    "authorised_until",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Approve,
    Return,
    Suspend,
    Restore,
}

/// A decision as typed.
#[derive(Clone, Debug, Deserialize)]
pub struct Decision {
    pub verdict: Verdict,
    /// The version that was seen. A text, because what is beside other fields is read as texts.
    #[serde(default)]
    pub version: String,
    /// The last day on which the check is good.
    #[serde(default)]
    pub until: String,
    /// Of a suspension, or of sending everything back.
    #[serde(default)]
    pub reason: String,
    /// `reason_FIELD`: why a field is sent back.
    #[serde(flatten)]
    pub more: BTreeMap<String, String>,
}

impl Decision {
    fn reasons(&self) -> BTreeMap<String, String> {
        let of = |field: &str| clean(self.more.get(&format!("reason_{field}")).map_or("", String::as_str), MAX_REASON);
        let beside = REASONED.into_iter().map(|field| (field.to_owned(), of(field)));
        beside.chain([("all".to_owned(), clean(&self.reason, MAX_REASON))]).filter(|(_, reason)| !reason.is_empty()).collect()
    }
}

/// When something ends first, and what it is.
pub(super) fn end_of_all(until: Millis, v: &Verification) -> (Millis, &'static str) {
    let ends = [(until, "check"), (v.licence_until, "hr-licence"), (v.authorised_until, "authorisation")];
    ends.into_iter().filter(|(at, _)| *at > 0).min_by_key(|(at, _)| *at).unwrap_or((until, "check"))
}

impl Employers {
    /// Decides on an employer that takes part in a fair of the viewer. The inner error is for the form.
    pub async fn decide(&self, viewer: &Viewer, id: EmployerId, decision: &Decision) -> Result<Result<(), Fields>> {
        let seen = self.seen_by(viewer, id).await?;
        let Some(fair) = seen.fair.clone() else { return Err(AppError::NotFound) };
        let by = viewer.person()?.id;
        if seen.is_recruiter {
            return Err(AppError::Forbidden(Text("employers-own")));
        }
        let (reason, reasons) = (clean(&decision.reason, MAX_REASON), decision.reasons());
        let (until, limited_by) = match self.checked_decision(&seen, decision, &reason, &reasons).await? {
            Ok(end) => end,
            Err(fields) => return Ok(Err(fields)),
        };
        let letters = self.letters(&seen, decision.verdict, &reasons, until).await?;
        let (now, version) = (self.now(), decision.version.parse().unwrap_or(0));
        let mut tx = self.db().begin().await?;
        let done = match decision.verdict {
            Verdict::Approve => {
                self.accounts().set_credit_code_in(&mut *tx, id, &seen.verification.credit_code).await?;
                store::approve(&mut tx, id, version, now, until, limited_by).await?
            }
            Verdict::Return => store::send_back(&mut tx, id, version, now, &serde_json::to_string(&reasons)?).await?,
            Verdict::Suspend => store::suspend(&mut tx, id, now, &reason).await?,
            Verdict::Restore => store::suspend(&mut tx, id, 0, "").await?,
        };
        if !done {
            return Err(AppError::Conflict(Text("employers-changed-meanwhile")));
        }
        for letter in &letters {
            self.accounts().notify.queue_in(&mut tx, letter).await?;
        }
        let (action, reason) = match decision.verdict {
            Verdict::Approve => ("employer.verify", String::new()),
            Verdict::Return => ("employer.return", reasons.values().cloned().collect::<Vec<_>>().join(" · ")),
            Verdict::Suspend => ("employer.suspend", reason),
            Verdict::Restore => ("employer.restore", reason),
        };
        let line = Line { actor: by, action, subject: id.to_string(), fair: Some(fair.id), reason, detail: String::new() };
        self.accounts().audit_all_in(&mut tx, &[line]).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// Until when it is good and why no longer; or what is wrong with the decision.
    async fn checked_decision(
        &self,
        seen: &Seen,
        decision: &Decision,
        reason: &str,
        reasons: &BTreeMap<String, String>,
    ) -> Result<Result<(Millis, &'static str), Fields>> {
        let (mut f, v, now) = (Fields::default(), &seen.verification, self.now());
        let mut end = (0, "check");
        match decision.verdict {
            Verdict::Approve | Verdict::Return if v.stage != Stage::Submitted => {
                return Err(AppError::Conflict(Text("employers-changed-meanwhile")));
            }
            Verdict::Approve => {
                let zone = self.zone(seen.employer.id).await?;
                let until = end_of(&mut f, "until", &decision.until, now, &zone);
                if until == 0 {
                    f.add("until", Text("employers-wrong-day"));
                }
                end = end_of_all(until, v);
                if f.is_empty() && end.0 <= now {
                    f.add("until", Text("employers-wrong-ended"));
                }
            }
            Verdict::Return if reasons.is_empty() => f.add("reason", Text("employers-wrong-reason")),
            Verdict::Suspend if reason.is_empty() => f.add("reason_suspend", Text("employers-wrong-reason")),
            Verdict::Return | Verdict::Suspend => {}
            Verdict::Restore if v.suspended_at == 0 => return Err(AppError::Conflict(Text("employers-changed-meanwhile"))),
            Verdict::Restore => {}
        }
        Ok(if f.is_empty() { Ok(end) } else { Err(f) })
    }

    /// What each of the employer's people is told.
    async fn letters(&self, seen: &Seen, verdict: Verdict, reasons: &BTreeMap<String, String>, until: Millis) -> Result<Vec<Letter>> {
        let accounts = self.accounts();
        let path = format!("/employers/{}/verification", seen.employer.id);
        let (link, zone) = (format!("{}{path}", accounts.origin), self.zone(seen.employer.id).await?);
        let day = super::form::last_day(until, &zone);
        let mut letters = Vec::new();
        for recruiter in accounts.recruiters_of(seen.employer.id).await? {
            let lang = recruiter.lang();
            let name = lang.pick(&seen.employer.name_zh, &seen.employer.name_en);
            let subject = lang.t1(subject(verdict), "employer", name);
            let body = match verdict {
                Verdict::Approve => lang.t3("employers-told-approve", "employer", name, "day", &day, "link", &link),
                Verdict::Return => lang.t3("employers-told-return", "employer", name, "reasons", listed(reasons, lang), "link", &link),
                Verdict::Suspend => lang.t3("employers-told-suspend", "employer", name, "reasons", listed(reasons, lang), "link", &link),
                Verdict::Restore => lang.t2("employers-told-restore", "employer", name, "link", &link),
            };
            letters.push(accounts.message(recruiter.id, &subject, &body).await?.shown(&subject, &path, self.now() + SHOWN));
        }
        Ok(letters)
    }
}

fn subject(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => Text("employers-told-approve-subject").0,
        Verdict::Return => Text("employers-told-return-subject").0,
        Verdict::Suspend => Text("employers-told-suspend-subject").0,
        Verdict::Restore => Text("employers-told-restore-subject").0,
    }
}

/// The name of a field as the form calls it.
pub(super) fn field_text(field: &str) -> Text {
    match field {
        "kind" => Text("employers-field-kind"),
        "legal_name" => Text("employers-field-legal-name"),
        "credit_code" => Text("employers-field-credit-code"),
        "licence_number" => Text("employers-field-licence-number"),
        "licence_until" => Text("employers-field-licence-until"),
        "publisher_name" => Text("employers-field-publisher-name"),
        "publisher_position" => Text("employers-field-publisher-position"),
        "publisher_phone" => Text("employers-field-publisher-phone"),
        "authorised_until" => Text("employers-field-authorised-until"),
        "paper_licence" => Text("employers-paper-licence"),
        "paper_hr_licence" => Text("employers-paper-hr-licence"),
        "paper_authorisation" => Text("employers-paper-authorisation"),
        _ => Text("employers-field-all"),
    }
}

fn listed(reasons: &BTreeMap<String, String>, lang: Lang) -> String {
    let line = |(field, reason): (&String, &String)| match field.as_str() {
        "all" => reason.clone(),
        field => lang.t2("employers-reason-of", "field", lang.t(field_text(field).0), "reason", reason),
    };
    reasons.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_first_ends_it() {
        let v = |licence_until, authorised_until| Verification { licence_until, authorised_until, ..Verification::default() };
        assert_eq!(end_of_all(100, &v(0, 200)), (100, "check"));
        assert_eq!(end_of_all(100, &v(0, 50)), (50, "authorisation"));
        assert_eq!(end_of_all(100, &v(40, 50)), (40, "hr-licence"));
    }
}
