//! A call for tests: an interview that begins now, and its two sides.

use crate::harness::{Person, TestApp, TestFair};
use crate::interviews::{booked, offer};
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::clock::HOUR;

pub(crate) struct Call {
    pub(crate) app: TestApp,
    pub(crate) fair: TestFair,
    pub(crate) seeker: Person,
    pub(crate) id: String,
}

impl Call {
    pub(crate) async fn begin() -> Self {
        let app = TestApp::start().await;
        let fair = app.fair().await;
        let slots = offer(&fair, &fair.recruiter).await;
        let seeker = app.seeker("王芳").await;
        let id = booked(&seeker, &slots[0]).await;
        app.clock.advance(HOUR);
        Self { app, fair, seeker, id }
    }

    /// One that both sides have entered.
    pub(crate) async fn entered() -> Self {
        let call = Self::begin().await;
        call.beat(&call.fair.recruiter, "r").await;
        call.admit().await;
        call.beat(&call.seeker, "a").await;
        call
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/interviews/{}/{rest}", self.id)
    }

    pub(crate) async fn beat(&self, who: &Person, window: &str) -> Value {
        let body = json!({"window": window, "mic": true, "camera": true});
        who.web.json(&self.path("presence"), body).await.json().await.expect("json")
    }

    pub(crate) async fn post(&self, who: &Person, what: &str) -> StatusCode {
        who.web.json(&self.path(what), json!({})).await.status()
    }

    pub(crate) async fn admit(&self) {
        self.beat(&self.seeker, "a").await;
        assert_eq!(self.post(&self.fair.recruiter, "admissions").await, StatusCode::NO_CONTENT);
    }

    pub(crate) async fn say(&self, who: &Person, client_id: &str, text: &str) -> (u16, Value) {
        let answer = who.web.json(&self.path("messages"), json!({"client_id": client_id, "text": text})).await;
        (answer.status().as_u16(), answer.json().await.expect("json"))
    }
}
