//! Identifiers: UUIDv7 newtypes, stored as text and shown hyphenated.
//!
//! Every id type is its own type, so that a room can never be looked up with a posting's id.
//! Being version 7, ids sort by creation time to the millisecond (RFC 9562, section 5.7).

/// Declares UUIDv7 newtypes that serialise as strings and store as TEXT on every database.
#[macro_export]
macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new id of the present moment.
            #[expect(clippy::new_without_default, reason = "a default id would hide that each one is new")]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }

            pub const fn from_uuid(uuid: uuid::Uuid) -> Self {
                Self(uuid)
            }

            pub const fn uuid(self) -> uuid::Uuid {
                self.0
            }

            /// When it was made, UTC milliseconds; none if it is not of version 7.
            pub fn made_at(self) -> Option<i64> {
                let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
                Some(i64::try_from(seconds).ok()? * 1_000 + i64::from(nanos / 1_000_000))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, uuid::Error> {
                s.parse().map(Self)
            }
        }
    )+};
}

id_types! {
    /// A person: a guest, a seeker, a recruiter, an organiser or an administrator.
    AccountId,
    /// An employer, possibly taking part in several fairs.
    EmployerId,
    /// An online job fair.
    FairId,
    /// A hall, booth or interview room.
    RoomId,
    /// A job posting.
    PostingId,
    /// A place where staff help people who cannot use a phone.
    StationId,
    /// One person's application for one posting.
    ApplicationId,
    /// A search that somebody saved.
    SearchId,
    /// A table of postings that was sent.
    ImportId,
    /// What a recruiter noted about an applicant.
    NoteId,
    /// What was done with several applications at once.
    BulkId,
    /// A message between an applicant and an employer.
    MessageId,
    /// A text that an employer's recruiters have at hand.
    TemplateId,
    /// An offer of work in one of its versions.
    OfferId,
    /// A time slot that a recruiter offers for interviews.
    SlotId,
    /// Times at which an employer's recruiters can be met.
    PlanId,
    /// A place on the waitlist of a plan.
    WaitId,
    /// A place in the line of a booth.
    PlaceId,
    /// A booked interview.
    InterviewId,
    /// A question to which answers in interviews are rated.
    CriterionId,
    /// A held or reported message that somebody must look at.
    CaseId,
    /// A text that hosts of a room have at hand.
    AnswerId,
    /// A question on the list of a room.
    QuestionId,
    /// A poll of a room.
    PollId,
    /// What the organisers tell all rooms of a fair.
    AnnouncementId,
    /// A person whom a host asked onto the stage, once.
    GuestId,
    /// A picture that is shown in place of video.
    SlideId,
    /// A stored file.
    BlobId,
    /// A message waiting in the outbox.
    NoticeId,
    /// A browser that takes push messages.
    DeviceId,
    /// An address of an employer's own system that is told what happens.
    WebhookId,
    /// A message to such an address.
    DeliveryId,
    /// A publisher's set of tracks on the media plane.
    StreamId,
    /// One connection of the media plane: a publisher or a viewer.
    SessionId,
}
