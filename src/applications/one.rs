//! The page of one application: for who sent it, and for recruiters of the employer with what they work by.

use super::grant_pages::day;
use super::grants::EXPORTED;
use super::notes::{MAX_NOTE, Note};
use super::preview::Preview;
use super::templates::Template as Reply;
use super::threads::{MAX_MESSAGE, Message};
use super::times::{lasted, named};
use super::{Access, Applications, CONSENT, Listed, Offer, OfferState, Side, Status, Step};
use crate::accounts::Viewer;
use crate::accounts::audit::Entry;
use crate::ids::{ApplicationId, MessageId, TemplateId};
use crate::postings::ContactPerson;
use crate::web::{Fields, Id, Page, Result, form_refused, html, private};
use askama::Template;
use axum::extract::{Query, State as Use};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

/// What somebody has typed, and what they want to see.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) text: String,
    pub(super) once: String,
    pub(super) note: String,
    /// The contact in clear, once it was asked for.
    pub(super) contact: Option<String>,
    pub(super) preview: bool,
}

/// A step with how long it lasted.
pub(super) struct Lasted {
    pub(super) step: Step,
    pub(super) time: String,
}

/// What recruiters alone see.
#[derive(Default)]
pub(super) struct Inside {
    notes: Vec<Note>,
    others: Vec<Listed>,
    /// Ids and names of the employer's recruiters.
    colleagues: Vec<(String, String)>,
    assignee: String,
    me: String,
    replies: Vec<Reply>,
}

#[derive(Template)]
#[template(path = "applications/one.html")]
pub(super) struct OnePage {
    p: Page,
    item: Listed,
    side: Side,
    steps: Vec<Lasted>,
    thread: Vec<Message>,
    inside: Inside,
    offer: Option<(Offer, OfferState)>,
    access: Access,
    /// Who of the employer saw what; for the applicant.
    looks: Vec<Entry>,
    /// Whom the applicant may call.
    person: Option<ContactPerson>,
    preview: Option<Preview>,
    typed: Typed,
    fields: Fields,
}

impl OnePage {
    /// The stages that a recruiter can choose from here; an offer has a form of its own.
    fn moves(&self) -> Vec<Status> {
        let left = |s: &Status| *s != self.item.status && *s != Status::Offer;
        self.item.status.next_for_recruiter().iter().copied().filter(left).collect()
    }

    fn is_mine(&self) -> bool {
        self.side == Side::Applicant
    }

    fn is_withdrawn(&self) -> bool {
        self.item.status == Status::Withdrawn
    }

    /// Nothing is offered yet, or no longer.
    fn may_offer(&self) -> bool {
        let free = self.offer.as_ref().is_none_or(|(_, state)| !matches!(state, OfferState::Open | OfferState::Accepted));
        free && !matches!(self.item.status, Status::Withdrawn | Status::Hired)
    }

    /// Contact and resume are there to be seen.
    fn is_readable(&self) -> bool {
        self.is_mine() || self.access.is_open()
    }

    /// The key of why they are not.
    fn closed(&self) -> &'static str {
        self.access.why().map_or("", |why| why.0)
    }

    fn access_day(&self) -> String {
        day(&self.item, self.access)
    }

    fn consent(&self) -> &'static str {
        CONSENT
    }

    /// What somebody saw, as a text key.
    fn look(&self, look: &Entry) -> &'static str {
        match (look.action.as_str(), look.detail.as_str()) {
            ("application.resume", _) => "grants-log-resume",
            ("application.voice", _) => "grants-log-voice",
            (EXPORTED, _) => "grants-log-exported",
            (_, "export") => "grants-log-exported-clear",
            _ => "grants-log-contact",
        }
    }

    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }

    fn max_note(&self) -> usize {
        MAX_NOTE
    }

    fn is_frame(&self) -> bool {
        self.preview == Some(Preview::Frame)
    }

    fn is_picture(&self) -> bool {
        self.preview == Some(Preview::Picture)
    }

    fn text(&self) -> Option<&str> {
        match &self.preview {
            Some(Preview::Text(text)) => Some(text),
            _ => None,
        }
    }
}

async fn inside(app: &Applications, viewer: &Viewer, item: &Listed) -> Result<Inside> {
    let colleagues = app.colleagues(item.employer_id).await?;
    let assignee = colleagues.iter().find(|c| Some(c.id) == item.assignee()).map(|c| c.name.clone());
    Ok(Inside {
        notes: app.notes(viewer, item).await?,
        others: app.others(item).await?,
        assignee: assignee.unwrap_or_default(),
        colleagues: colleagues.into_iter().map(|c| (c.id.to_string(), c.name)).collect(),
        me: viewer.person()?.id.to_string(),
        replies: app.templates(viewer, item.employer_id).await?,
    })
}

pub(super) async fn page(
    app: &Applications,
    viewer: &Viewer,
    p: Page,
    id: ApplicationId,
    mut typed: Typed,
    fields: Fields,
) -> Result<OnePage> {
    let (mut item, side) = app.visible_to(viewer, id).await?;
    let (now, lang) = (app.now(), p.language());
    let mut steps = app.steps(id).await?;
    if side == Side::Applicant {
        let hidden = app.as_told(item.account_id, std::slice::from_mut(&mut item)).await?;
        steps.retain(|step| !hidden.contains(&step.id));
    }
    let times = lasted(&steps, now);
    let steps = steps.into_iter().zip(times).map(|(step, time)| Lasted { step, time: time.map(|t| named(lang, t)).unwrap_or_default() });
    let inside = if side == Side::Recruiter { inside(app, viewer, &item).await? } else { Inside::default() };
    let access = item.access(now);
    let readable = side == Side::Applicant || access.is_open();
    let looks = if side == Side::Applicant { app.looks(id).await? } else { Vec::new() };
    let preview = match typed.preview && readable && item.resume.is_some() {
        true => Some(app.preview(viewer, id, item.resume.kind()).await?),
        false => None,
    };
    if typed.once.is_empty() {
        typed.once = MessageId::new().to_string();
    }
    let is_live = side == Side::Applicant && !matches!(item.status, Status::Withdrawn | Status::Rejected);
    Ok(OnePage {
        person: if is_live { app.postings.contact_for_applicant(item.posting_id).await? } else { None },
        steps: steps.collect(),
        thread: app.thread(viewer, &item, side).await?,
        offer: app.offer_of(id).await?.map(|offer| (offer.status(now), offer)).map(|(state, offer)| (offer, state)),
        p,
        item,
        side,
        access,
        looks,
        inside,
        preview,
        typed,
        fields,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OneQuery {
    /// A text to begin the message with.
    reply: String,
    preview: String,
}

pub(super) async fn show(
    Use(app): Use<Applications>,
    viewer: Viewer,
    p: Page,
    Id(id): Id<ApplicationId>,
    Query(query): Query<OneQuery>,
) -> Result<Response> {
    viewer.person()?;
    let (item, side) = app.visible_to(&viewer, id).await?;
    if side == Side::Recruiter && item.status == Status::New {
        app.set_status(&viewer, id, Status::Viewed).await?;
    }
    let mut typed = Typed { preview: !query.preview.is_empty(), ..Typed::default() };
    if let (Side::Recruiter, Ok(reply)) = (side, query.reply.parse::<TemplateId>()) {
        typed.text = app.filled(&app.template(&viewer, reply).await?, &item).await?;
    }
    let page = page(&app, &viewer, p, id, typed, Fields::default()).await?;
    let framed = page.is_frame();
    let mut response = private(html(&page)?);
    if framed {
        // The page's own policy knows no frames.
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAMING));
    }
    Ok(response)
}

/// As on any page, and a frame from here.
const FRAMING: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
    frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page with a form that comes back, and what is wrong with it.
pub(super) async fn again(
    app: &Applications,
    viewer: &Viewer,
    p: Page,
    id: ApplicationId,
    typed: Typed,
    (status, fields): (StatusCode, Fields),
) -> Result<Response> {
    let page = page(app, viewer, p, id, typed, fields).await?;
    Ok(private(form_refused(&page, status, &page.fields)?))
}
