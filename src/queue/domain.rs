//! What seekers and recruiters do with a line. Who may is decided by what was loaded; what comes of it by `moves`.

use super::line::{About, Line, Place, Refusal};
use super::ticket::Ticket;
use super::{Booth, Queue, store};
use crate::accounts::Viewer;
use crate::clock::{Millis, SECOND};
use crate::i18n::Lang;
use crate::ids::{AccountId, InterviewId, PlaceId, PostingId, RoomId};
use crate::moderation::Device;
use crate::notify::Letter;
use crate::web::{AppError, Result, Text};

/// A sign of life is written this seldom: the grace is forty times as long.
const TOUCH: Millis = 15 * SECOND;

/// Who was handed to whom: a colleague, or a booth by its names.
#[derive(Clone, Debug)]
pub(super) struct HandedOn {
    pub(super) name: String,
    pub(super) to_zh: String,
    pub(super) to_en: String,
}

/// To whom a recruiter hands somebody.
#[derive(Clone, Copy, Debug)]
pub(super) enum HandTo {
    Colleague(AccountId),
    Booth(RoomId),
}

/// How somebody wants to stand in line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    /// Not wait, but be called back.
    pub(super) call_back: bool,
    /// Get a message when it is their turn; needs a proven contact.
    pub(super) remind: bool,
}

impl Queue {
    /// Lines the viewer up, or notes that they want to be called back. Again is no harm.
    pub(super) async fn join(
        &self,
        viewer: &Viewer,
        device: &Device,
        booth: &Booth,
        posting: Option<PostingId>,
        wish: Wish,
    ) -> Result<PlaceId> {
        let Wish { call_back, remind } = wish;
        let seeker = viewer.known()?.id;
        if viewer.recruits_for(booth.employer) {
            return Err(AppError::Forbidden(Text("queue-own-booth")));
        }
        self.check_open(booth)?;
        self.check_welcome(booth.id(), seeker, device).await?;
        self.tries.check(&seeker)?;
        if call_back && !viewer.verified {
            return Err(AppError::Forbidden(Text("queue-contact-first")));
        }
        let read = self.line(booth.id()).await?;
        let stands = read.line.of(seeker).is_some_and(Place::is_open);
        if !stands && !call_back && !self.is_attended(booth, &read.line) {
            return Err(AppError::Conflict(Text("queue-unattended")));
        }
        if !stands && !call_back && read.line.is_full() {
            return Err(AppError::Conflict(Text("queue-full")));
        }
        let about = self.about(viewer, booth, posting).await?;
        let new = Place { remind: remind && viewer.verified, ..Place::new(PlaceId::new(), seeker, about, self.now()) };
        self.change(booth.site(), |line, _| {
            let id = line.join(new.clone());
            if new.remind {
                line.remind(id, true)?;
            }
            if call_back { line.ask_call_back(id).map(|()| id) } else { Ok(id) }
        })
        .await
    }

    /// The posting must be one that takes applications at this booth.
    async fn about(&self, viewer: &Viewer, booth: &Booth, posting: Option<PostingId>) -> Result<About> {
        let name = viewer.known()?.name.clone();
        let Some(id) = posting else { return Ok(About { name, ..About::default() }) };
        let found = self.postings.visible_to(viewer, id).await?.posting;
        let here = found.employer_id == booth.employer && found.takes_applications(&booth.fair, self.now());
        if !here || found.fair_id != booth.fair.id {
            return Err(AppError::NotFound);
        }
        let title = |lang| found.content.title(lang).to_owned();
        Ok(About { name, posting, topic_zh: title(Lang::Zh), topic_en: title(Lang::En) })
    }

    /// Refuses whoever was banned from the room or blocked by its employer, also under another name on the same device.
    pub(super) async fn check_welcome(&self, room: RoomId, seeker: AccountId, device: &Device) -> Result<()> {
        let standing = self.chat.moderation.standing(room, Some(seeker), device).await?;
        if standing.banned_until > self.now() { Err(AppError::Forbidden(Text("live-banned"))) } else { Ok(()) }
    }

    pub(super) async fn accept(&self, viewer: &Viewer, device: &Device, booth: &Booth, id: PlaceId) -> Result<()> {
        self.check_open(booth)?;
        self.check_welcome(booth.id(), viewer.known()?.id, device).await?;
        self.change(booth.site(), |line, now| line.accept(id, InterviewId::new(), now)).await
    }

    /// Leaves the line, or the talk together with its call.
    pub(super) async fn leave(&self, booth: &Booth, id: PlaceId) -> Result<()> {
        let left = self.change(booth.site(), |line, now| {
            let talk = line.places.iter().find(|p| p.id == id).and_then(Place::talk);
            line.leave(id, now).map(|()| talk)
        });
        self.finish(left.await?).await
    }

    /// Ends the call of a talk that is over.
    async fn finish(&self, talk: Option<InterviewId>) -> Result<()> {
        match talk {
            Some(id) => self.interviews.finish(id).await,
            None => Ok(()),
        }
    }

    /// Notes that a person looks at their place.
    pub(super) async fn be_seen(&self, place: &Place) -> Result<()> {
        if place.is_open() && !(0..TOUCH).contains(&(self.now() - place.seen_at)) {
            // What it counts against must have been watched.
            self.watch().await?;
            store::touch(self.db().write(), place.id, self.now()).await?;
        }
        Ok(())
    }

    /// Notes that a recruiter is at the desk.
    pub(super) async fn be_at_desk(&self, room: RoomId, me: AccountId) -> Result<()> {
        let (read, now) = (self.line(room).await?, self.now());
        let desk = read.line.desks.iter().find(|d| d.recruiter == me);
        if !desk.is_some_and(|d| (0..TOUCH).contains(&(now - d.seen_at))) {
            self.watch().await?;
            store::open(self.db().write(), room).await?;
            store::touch_desk(self.db().write(), room, me, now).await?;
            self.recent.forget(room);
        }
        Ok(())
    }

    /// Gives the next person to a free recruiter who wants them without a tap.
    pub(super) async fn serve_by_itself(&self, booth: &Booth, me: AccountId) -> Result<()> {
        let (read, now) = (self.line(booth.id()).await?, self.now());
        let desk = read.line.desks.iter().find(|d| d.recruiter == me);
        let wants = desk.is_some_and(|d| d.auto && !d.paused) && read.line.with(me).is_none();
        if wants && self.is_open(booth) && read.line.waiting().iter().any(|p| p.is_here(now) && !p.engaged) {
            let next = |line: &mut Line, now| match line.call_next(me, false, now) {
                Ok(_) | Err(Refusal::Nobody | Refusal::Busy) => Ok(()),
                Err(Refusal::TooLate) => Err(Refusal::TooLate),
            };
            match self.change(booth.site(), next).await {
                // With somebody at another booth: nothing to do here.
                Ok(()) | Err(AppError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(super) async fn set_desk(&self, booth: &Booth, me: AccountId, paused: bool, auto: bool) -> Result<()> {
        self.be_at_desk(booth.id(), me).await?;
        self.change(booth.site(), |line, _| {
            if let Some(desk) = line.desks.iter_mut().find(|d| d.recruiter == me) {
                (desk.paused, desk.auto) = (paused, auto);
            }
            Ok(())
        })
        .await
    }

    /// Ends the recruiter's talk, here and in the call.
    pub(super) async fn end_talk(&self, booth: &Booth, me: AccountId) -> Result<()> {
        let ended = self.change(booth.site(), |line, now| {
            let talk = line.with(me).and_then(Place::talk);
            line.finish(me, now).map(|_| talk)
        });
        self.finish(ended.await?).await
    }

    /// Ends the recruiter's talk, if it still goes on, and takes the next one.
    pub(super) async fn succeed(&self, booth: &Booth, me: AccountId) -> Result<()> {
        let (talk, called) = self
            .change(booth.site(), |line, now| {
                let talk = line.with(me).and_then(Place::talk);
                if talk.is_some() {
                    line.finish(me, now)?;
                }
                Ok((talk, line.call_next(me, true, now)))
            })
            .await?;
        self.finish(talk).await?;
        called.map(|_| ()).map_err(super::refused)
    }

    /// Hands the person of the recruiter's talk, present or just over, to a colleague or to the head of another booth's line.
    pub(super) async fn hand_off(&self, viewer: &Viewer, booth: &Booth, me: AccountId, to: HandTo) -> Result<HandedOn> {
        let (target, names, (talk, name)) = match to {
            HandTo::Booth(room) if room == booth.id() => return Err(AppError::NotFound),
            HandTo::Booth(room) => {
                let there = self.booth(viewer, room).await?;
                if there.fair.id != booth.fair.id || !self.is_open(&there) {
                    return Err(AppError::NotFound);
                }
                let names = (there.titles().0.to_owned(), there.titles().1.to_owned());
                (room.to_string(), names, self.hand_away(booth, &there, me).await?)
            }
            HandTo::Colleague(who) => {
                if !self.accounts().roles_of(who).await?.employers.contains(&booth.employer) || who == me {
                    return Err(AppError::NotFound);
                }
                let colleague = self.accounts().account(who).await?.ok_or(AppError::NotFound)?.name;
                let id = PlaceId::new();
                let handed = self.change(booth.site(), |line, now| {
                    let talk = line.with(me).and_then(Place::talk);
                    let handed = line.hand_off(me, now)?;
                    let name = handed.about.name.clone();
                    line.receive(handed, id, Some(who), now);
                    Ok((talk, name))
                });
                (booth.id().to_string(), (colleague.clone(), colleague), handed.await?)
            }
        };
        self.finish(talk).await?;
        self.accounts().audit(me, "queue.hand-off", &booth.id().to_string(), Some(booth.fair.id), "", &target).await?;
        Ok(HandedOn { name, to_zh: names.0, to_en: names.1 })
    }

    /// Returns the talk that this ended, if it still went on, and the person's name.
    async fn hand_away(&self, from: &Booth, to: &Booth, me: AccountId) -> Result<(Option<InterviewId>, String)> {
        let read = self.fresh_line(from.id()).await?;
        let last = || read.line.last_of(me, self.now());
        let person = read.line.with(me).or_else(last).map(|p| p.seeker).ok_or(AppError::Conflict(Text("queue-too-late")))?;
        self.check_welcome(to.id(), person, &Device::default()).await?;
        let id = PlaceId::new();
        let sites = [from.site(), to.site()];
        let moved = self.change_all(&sites, |lines, now| {
            let talk = lines[0].with(me).and_then(Place::talk);
            let mut handed = lines[0].hand_off(me, now)?;
            if handed.seeker != person {
                return Err(Refusal::TooLate);
            }
            // A posting of the one employer is none of the other's.
            handed.about = About { name: handed.about.name, ..About::default() };
            let name = handed.about.name.clone();
            lines[1].receive(handed, id, None, now);
            Ok((talk, name))
        });
        let moved = moved.await?;
        if let Some(place) = self.fresh_line(to.id()).await?.line.of(person) {
            self.tell(to.id(), to.titles(), place, Text("queue-mail-handed-subject"), Text("queue-mail-handed")).await?;
        }
        Ok(moved)
    }

    /// Calls somebody back who asked for it: they get the head of the line, and a message with the way there.
    pub(super) async fn call_back(&self, booth: &Booth, me: AccountId, id: PlaceId) -> Result<()> {
        self.check_open(booth)?;
        let read = self.line(booth.id()).await?;
        let place = read.line.places.iter().find(|p| p.id == id).ok_or(AppError::NotFound)?;
        self.change(booth.site(), |line, now| line.call_back(id, me, now)).await?;
        self.tell(booth.id(), booth.titles(), place, Text("queue-mail-subject"), Text("queue-mail")).await?;
        self.accounts().audit(me, "queue.call-back", &id.to_string(), Some(booth.fair.id), "", "").await
    }

    /// Sends the person of a place a message with the way to it; nothing if no contact of theirs is proven.
    async fn tell(&self, room: RoomId, names: (&str, &str), place: &Place, subject: Text, body: Text) -> Result<()> {
        match self.letter(room, names, place, subject, body).await? {
            Some(letter) => self.accounts().notify.queue_letter(&letter).await,
            None => Ok(()),
        }
    }

    pub(super) async fn letter(
        &self,
        room: RoomId,
        names: (&str, &str),
        place: &Place,
        subject: Text,
        body: Text,
    ) -> Result<Option<Letter>> {
        let Some(seeker) = self.accounts().account(place.seeker).await? else { return Ok(None) };
        let lang = seeker.lang();
        let name = if (lang == Lang::Zh && !names.0.is_empty()) || names.1.is_empty() { names.0 } else { names.1 };
        let link = format!("{}/queue/{}", self.accounts().origin, self.ticket(room, place));
        let (subject, body) = (lang.t1(subject.0, "with", name), lang.t2(body.0, "with", name, "link", &link));
        self.accounts().letter(seeker.id, &subject, &body).await
    }

    pub(super) fn ticket(&self, room: RoomId, place: &Place) -> String {
        Ticket::sign(&self.accounts().keys, room, place.id, place.seeker, place.joined_at).to_string()
    }

    /// Puts a seeker on the list of those to be called back, as the demo needs it.
    pub async fn ask_call_back(&self, viewer: &Viewer, room: RoomId, posting: Option<PostingId>) -> Result<()> {
        let booth = self.booth(viewer, room).await?;
        self.join(viewer, &Device::default(), &booth, posting, Wish { call_back: true, remind: false }).await.map(|_| ())
    }
}
