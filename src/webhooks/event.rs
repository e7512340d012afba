//! What is told, and how it follows from what was written. Pure.

use crate::clock::{Millis, iso};
use crate::ids::{ApplicationId, EmployerId, PostingId};
use crate::postings::State;
use serde_json::{Value, json};

/// Something that happened to an employer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) employer: EmployerId,
    pub(super) at: Millis,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Its terms are out, for the first time or again.
    Live(PostingId, i64),
    /// Its terms are others than a moment ago, and it stayed open.
    Changed(PostingId, i64),
    /// It takes no applications any more, and why.
    Ended(PostingId, i64, State),
    Received(ApplicationId, PostingId),
    Test(uuid::Uuid),
}

impl Event {
    /// What a version of a posting means to somebody outside, after the state before it.
    pub(super) fn of_version(
        employer: EmployerId,
        at: Millis,
        id: PostingId,
        version: i64,
        before: Option<State>,
        now: State,
    ) -> Option<Self> {
        let what = match (before, now) {
            (Some(State::Live), State::Live) => What::Changed(id, version),
            (_, State::Live) => What::Live(id, version),
            (Some(State::Live), state) => What::Ended(id, version, state),
            _ => return None,
        };
        Some(Self { employer, at, what })
    }

    pub(super) fn test(employer: EmployerId, at: Millis) -> Self {
        Self { employer, at, what: What::Test(uuid::Uuid::now_v7()) }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.what {
            What::Live(..) => "posting.live",
            What::Changed(..) => "posting.changed",
            What::Ended(..) => "posting.ended",
            What::Received(..) => "application.received",
            What::Test(_) => "test",
        }
    }

    /// What it is about: the same is told once. `store` makes the same texts of its rows.
    pub(super) fn about(&self) -> String {
        match &self.what {
            What::Ended(id, _, State::Expired) => format!("expired:{id}:{}", self.at),
            What::Live(id, version) | What::Changed(id, version) | What::Ended(id, version, _) => format!("posting:{id}:{version}"),
            What::Received(id, _) => format!("application:{id}:{}", self.at),
            What::Test(id) => format!("test:{id}"),
        }
    }

    /// Ids and links; whoever follows a link is asked who they are.
    pub(super) fn body(&self, origin: &str) -> String {
        let posting = |id: &PostingId| json!({"id": id, "url": format!("{origin}/postings/{id}"), "api_url": format!("{origin}/api/v1/postings/{id}")});
        let mut data = json!({"employer": self.employer});
        match &self.what {
            What::Live(id, version) | What::Changed(id, version) => {
                (data["posting"], data["version"], data["state"]) = (posting(id), Value::from(*version), State::Live.name().into());
            }
            What::Ended(id, version, state) => {
                (data["posting"], data["version"], data["state"]) = (posting(id), Value::from(*version), state.name().into());
            }
            What::Received(id, of) => {
                data["posting"] = posting(of);
                data["application"] = json!({"id": id, "url": format!("{origin}/applications/{id}")});
            }
            What::Test(_) => {}
        }
        json!({"type": self.kind(), "timestamp": iso(self.at), "data": data}).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_of_what_is_out_is_told_and_no_other() {
        let (employer, id) = (EmployerId::new(), PostingId::new());
        let kind = |before, now| Event::of_version(employer, 1, id, 2, before, now).map(|event| event.kind());
        assert_eq!(kind(None, State::Live), Some("posting.live"));
        assert_eq!(kind(Some(State::Review), State::Live), Some("posting.live"));
        assert_eq!(kind(Some(State::Live), State::Live), Some("posting.changed"));
        for over in [State::Review, State::Paused, State::Filled, State::Withdrawn] {
            assert_eq!(kind(Some(State::Live), over), Some("posting.ended"));
        }
        for before in [None, Some(State::Draft), Some(State::Paused)] {
            assert_eq!(kind(before, State::Review), None);
        }
    }

    #[test]
    fn a_message_is_of_ids_and_links() {
        let event = Event { employer: EmployerId::new(), at: 0, what: What::Received(ApplicationId::new(), PostingId::new()) };
        let body: Value = serde_json::from_str(&event.body("https://fair.example")).expect("JSON");
        assert_eq!((&body["type"], &body["timestamp"]), (&json!("application.received"), &json!("1970-01-01T00:00:00Z")));
        let names: Vec<_> = body["data"].as_object().expect("data").keys().cloned().collect();
        assert_eq!(names, ["application", "employer", "posting"]);
    }
}
