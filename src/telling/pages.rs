//! The page on which somebody says how they want to be told.

use super::{Telling, store};
use crate::accounts::{Viewer, mask};
use crate::clock::{Millis, iso};
use crate::notify::{Consent, Device, Quiet, Reach, Way};
use crate::web::{Fields, FormData, Page, Result, Text, form_again, html, see_other};
use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use serde::Deserialize;

/// A way as the page shows it.
pub(super) struct WayItem {
    pub(super) way: Way,
    pub(super) label: Text,
    /// The masked address; empty if there is none, and then it cannot be chosen.
    pub(super) to: String,
    pub(super) used: bool,
    pub(super) said: Option<Consent>,
}

/// What a form sent, when it comes back.
#[derive(Default)]
pub(super) struct Shown {
    /// The new address of the calendar.
    pub(super) url: String,
    pub(super) quiet: Option<QuietForm>,
    pub(super) fields: Fields,
}

#[derive(Template)]
#[template(path = "telling/settings.html")]
pub(super) struct SettingsPage {
    p: Page,
    ways: Vec<WayItem>,
    quiet: QuietForm,
    fields: Fields,
    devices: Vec<Device>,
    push_key: String,
    calendar_made: Option<Millis>,
    calendar_url: String,
}

impl SettingsPage {
    fn iso(&self, at: &Millis) -> String {
        iso(*at)
    }

    /// In UTC, until a script shows the viewer's own.
    fn day(&self, at: &Millis) -> String {
        iso(*at).chars().take(10).collect()
    }

    fn reached(&self) -> bool {
        self.ways.iter().any(|item| item.used)
    }

    /// For calendar programs that take addresses of their own kind.
    fn webcal(&self) -> String {
        self.calendar_url.split_once("://").map(|(_, rest)| format!("webcal://{rest}")).unwrap_or_default()
    }
}

#[derive(Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct QuietForm {
    on: String,
    from: String,
    to: String,
    zone: String,
}

impl QuietForm {
    /// What is set; or what is proposed, in a zone.
    fn of(quiet: Option<&Quiet>, zone: &str) -> Self {
        let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        match quiet {
            Some(quiet) => Self { on: "1".into(), from: time(quiet.from_minute), to: time(quiet.to_minute), zone: quiet.zone.clone() },
            None => Self { on: String::new(), from: "22:00".into(), to: "07:00".into(), zone: zone.to_owned() },
        }
    }

    /// The hours, none if they are switched off; or what is wrong beside which field.
    fn read(&self) -> Result<Option<Quiet>> {
        if self.on != "1" {
            return Ok(None);
        }
        let mut wrong = Fields::default();
        let mut minute = |name: &'static str, text: &str| {
            let time = minute_of(text);
            if time.is_none() {
                wrong.add(name, Text("telling-quiet-time-wrong"));
            }
            time.unwrap_or_default()
        };
        let (from_minute, to_minute) = (minute("from", &self.from), minute("to", &self.to));
        if wrong.is_empty() && from_minute == to_minute {
            wrong.add("to", Text("telling-quiet-same"));
        }
        // The name goes to a file of that name on some systems, so nothing else is looked for.
        let known = jiff::tz::db().available().any(|name| name.as_str() == self.zone);
        if !known || TimeZone::get(&self.zone).is_err() {
            wrong.add("zone", Text("telling-quiet-zone-wrong"));
        }
        wrong.check()?;
        Ok(Some(Quiet { from_minute, to_minute, zone: self.zone.clone() }))
    }
}

/// Minutes since midnight of a time such as 22:00.
fn minute_of(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str, below: i64| {
        let two = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i64>().ok().filter(|n| two && *n < below)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

fn label(way: Way) -> Text {
    match way {
        Way::Email => Text("telling-way-email"),
        Way::Phone => Text("telling-way-phone"),
        Way::Push => Text("telling-way-push"),
    }
}

fn items(reach: &Reach, contacts: &[(String, String)], devices: usize) -> Vec<WayItem> {
    let to = |way: Way| contacts.iter().find(|(kind, _)| kind == way.name()).map(|(_, to)| mask(to)).unwrap_or_default();
    let has_email = !to(Way::Email).is_empty();
    let item = |way: Way| {
        let to = to(way);
        let possible = if way == Way::Push { devices > 0 } else { !to.is_empty() };
        let said = reach.consents.iter().find(|consent| consent.channel == way.name()).cloned();
        WayItem { way, label: label(way), to, used: possible && reach.uses(way, has_email), said }
    };
    Way::ALL.map(item).into()
}

pub(super) async fn page(telling: &Telling, viewer: &Viewer, p: Page, shown: Shown) -> Result<SettingsPage> {
    let (me, notify) = (viewer.person()?.id, &telling.accounts.notify);
    let (reach, devices) = (notify.reach(me).await?, notify.devices(me).await?);
    let contacts = telling.accounts.contacts(me).await?;
    let contacts: Vec<_> = contacts.iter().map(|contact| (contact.kind().name().to_owned(), contact.value().to_owned())).collect();
    let ways = items(&reach, &contacts, devices.len());
    let quiet = shown.quiet.unwrap_or_else(|| QuietForm::of(reach.quiet.as_ref(), &telling.zone));
    let (push_key, calendar_made) = (notify.push_key().await?, store::made_at(telling.accounts.db.read(), me).await?);
    Ok(SettingsPage { p, ways, quiet, fields: shown.fields, devices, push_key, calendar_made, calendar_url: shown.url })
}

pub(super) async fn show(State(telling): State<Telling>, viewer: Viewer, p: Page) -> Result<Response> {
    let page = page(&telling, &viewer, p, Shown::default()).await?;
    Ok(([(header::CACHE_CONTROL, "private, no-store")], html(&page)?).into_response())
}

/// A box that is not ticked is a no.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WaysForm {
    email: String,
    phone: String,
    push: String,
}

pub(super) async fn set_ways(
    State(telling): State<Telling>,
    viewer: Viewer,
    p: Page,
    FormData(form): FormData<WaysForm>,
) -> Result<Response> {
    let (me, notify) = (telling.changer(&viewer)?, &telling.accounts.notify);
    let (reach, devices) = (notify.reach(me).await?, notify.devices(me).await?);
    let contacts = telling.accounts.contacts(me).await?;
    let possible = |way: Way| match way {
        Way::Push => !devices.is_empty(),
        way => contacts.iter().any(|contact| contact.kind().name() == way.name()),
    };
    let wanted = |way: Way| match way {
        Way::Email => form.email == "1",
        Way::Phone => form.phone == "1",
        Way::Push => form.push == "1",
    };
    // What was not shown was not decided, and what was said before need not be said again.
    let said: Vec<_> = Way::ALL.into_iter().filter(|way| possible(*way)).map(|way| (way, wanted(way))).collect();
    let said: Vec<_> = said.into_iter().filter(|(way, given)| reach.said(*way) != Some(*given)).collect();
    notify.consent(me, &said).await?;
    Ok(see_other("/me/telling", &p.t("telling-saved")))
}

pub(super) async fn set_quiet(
    State(telling): State<Telling>,
    viewer: Viewer,
    p: Page,
    FormData(form): FormData<QuietForm>,
) -> Result<Response> {
    let me = telling.changer(&viewer)?;
    match form.read() {
        Ok(quiet) => telling.accounts.notify.set_quiet(me, quiet.as_ref()).await?,
        Err(crate::web::AppError::Invalid(fields)) => {
            let page = page(&telling, &viewer, p, Shown { quiet: Some(form), fields, ..Shown::default() }).await?;
            return form_again(&page, &page.fields);
        }
        Err(error) => return Err(error),
    }
    Ok(see_other("/me/telling#quiet", &p.t("telling-saved")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;
    use crate::notify::TEXT_VERSION;
    use sha2::{Digest, Sha256};

    /// What people read where they consent. Whoever changes the words changes `TEXT_VERSION` and this.
    #[test]
    fn a_consent_names_the_words_that_were_read() {
        let keys = ["telling-ways-lead", "telling-way-email", "telling-way-phone", "telling-way-push", "telling-ways-note"];
        let mut hash = Sha256::new();
        for (lang, key) in Lang::ALL.into_iter().flat_map(|lang| keys.map(|key| (lang, key))) {
            hash.update(lang.t(key));
        }
        let found: String = hash.finalize()[..4].iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!((TEXT_VERSION, found.as_str()), ("2026-11", "2afab08a"));
    }

    #[test]
    fn hours_are_read_or_refused_beside_their_field() {
        let form = |from: &str, to: &str, zone: &str| QuietForm { on: "1".into(), from: from.into(), to: to.into(), zone: zone.into() };
        let wrong = |form: QuietForm| match form.read() {
            Err(crate::web::AppError::Invalid(fields)) => fields.0.into_keys().collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        let night = form("22:00", "07:30", "Asia/Shanghai").read().expect("good").expect("on");
        assert_eq!((night.from_minute, night.to_minute), (1_320, 450));
        assert!(QuietForm::default().read().expect("off").is_none());
        assert_eq!(wrong(form("24:00", "7:00", "Asia/Shanghai")), ["from", "to"]);
        assert_eq!(wrong(form("22:00", "22:00", "Asia/Shanghai")), ["to"]);
        for zone in ["", "Mars/Olympus", "../../etc/passwd", "Asia"] {
            assert_eq!(wrong(form("22:00", "07:00", zone)), ["zone"], "{zone}");
        }
        assert_eq!(QuietForm::of(Some(&night), "").from, "22:00");
    }
}
