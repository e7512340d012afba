//! How the crate's types are stored: ids as TEXT, flags as BIGINT, structures as JSON in TEXT.

use crate::ids::{
    AccountId, AnnouncementId, AnswerId, ApplicationId, BlobId, BulkId, CaseId, CriterionId, DeliveryId, DeviceId, EmployerId, FairId,
    GuestId, ImportId, InterviewId, MessageId, NoteId, NoticeId, OfferId, PlaceId, PlanId, PollId, PostingId, QuestionId, RoomId, SearchId,
    SessionId, SlideId, SlotId, StationId, StreamId, TemplateId, WaitId, WebhookId,
};
use sqlx::any::{AnyTypeInfo, AnyValueRef};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Any, Database, Decode, Encode, Type};

macro_rules! stored_as_text {
    ($($name:ty),+ $(,)?) => {$(
        impl Type<Any> for $name {
            fn type_info() -> AnyTypeInfo {
                <String as Type<Any>>::type_info()
            }
        }

        impl<'q> Encode<'q, Any> for $name {
            fn encode_by_ref(&self, buf: &mut <Any as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
                <String as Encode<'q, Any>>::encode(self.to_string(), buf)
            }
        }

        impl<'r> Decode<'r, Any> for $name {
            fn decode(value: AnyValueRef<'r>) -> Result<Self, BoxDynError> {
                Ok(<String as Decode<'r, Any>>::decode(value)?.parse()?)
            }
        }
    )+};
}

stored_as_text!(
    AccountId,
    AnswerId,
    AnnouncementId,
    ApplicationId,
    BlobId,
    BulkId,
    CaseId,
    CriterionId,
    DeviceId,
    WebhookId,
    DeliveryId,
    EmployerId,
    FairId,
    GuestId,
    ImportId,
    InterviewId,
    MessageId,
    NoteId,
    NoticeId,
    OfferId,
    PlaceId,
    PlanId,
    PollId,
    PostingId,
    QuestionId,
    RoomId,
    SearchId,
    SessionId,
    SlideId,
    SlotId,
    StationId,
    StreamId,
    TemplateId,
    WaitId
);

/// A flag stored as 0 or 1: sqlx's `Any` cannot decode a SQLite BOOLEAN. Map with `#[sqlx(try_from = "i64")]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Flag(pub bool);

impl From<i64> for Flag {
    fn from(value: i64) -> Self {
        Self(value != 0)
    }
}

/// A structure stored as JSON in a TEXT column. Map with `#[sqlx(try_from = "String")]`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

impl<T: serde::de::DeserializeOwned> TryFrom<String> for Json<T> {
    type Error = serde_json::Error;
    fn try_from(text: String) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&text).map(Self)
    }
}
