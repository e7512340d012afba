//! How long a request's body may take: some time to begin with, and more for every byte that arrives.
//!
//! A sender that stops, or sends a byte now and then, would else hold its connection, and what its handler holds, for ever.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// A phone that changes cells is silent for some seconds.
const GRACE: Duration = Duration::from_secs(20);
/// Bytes a second: what an overloaded mobile network still carries. At this pace ten megabytes take three hours.
const SLOWEST: u64 = 1_024;

/// How long after its beginning a body of which `received` bytes have come may be waited for.
fn patience(received: u64) -> Duration {
    GRACE + Duration::from_secs(received / SLOWEST)
}

/// Answers 408 if the body comes too slowly.
pub async fn pace_bodies(request: Request, next: Next) -> Response {
    let late = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| Body::new(Paced { body, begun: Instant::now(), received: 0, limit: None, late: late.clone() }));
    let response = next.run(request).await;
    // The handler sees a broken body; why it broke is known here.
    if late.load(Ordering::Relaxed) { StatusCode::REQUEST_TIMEOUT.into_response() } else { response }
}

struct Paced {
    body: Body,
    begun: Instant,
    received: u64,
    /// Set once the body has to be waited for: most bodies come with their head.
    limit: Option<Pin<Box<Sleep>>>,
    late: Arc<AtomicBool>,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
                self.limit = None;
            }
            return Poll::Ready(frame);
        }
        let until = self.begun + patience(self.received);
        let limit = self.limit.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        ready!(limit.as_mut().poll(cx));
        self.late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(std::io::Error::from(std::io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt, stream};

    fn paced(body: Body, begun: Instant) -> (axum::body::BodyDataStream, Arc<AtomicBool>) {
        let late = Arc::new(AtomicBool::new(false));
        let body = Paced { body, begun, received: 0, limit: None, late: late.clone() };
        (Body::new(body).into_data_stream(), late)
    }

    #[tokio::test]
    async fn a_body_that_stops_is_given_up_and_one_that_comes_is_not() {
        let long_ago = Instant::now().checked_sub(patience(0)).expect("the machine runs for longer than that");
        let first = || stream::iter([Ok::<_, axum::Error>(Bytes::from_static(b"a"))]);
        let (mut stalled, late) = paced(Body::from_stream(first().chain(stream::pending())), long_ago);
        assert_eq!(stalled.next().await.expect("a byte").expect("read"), "a");
        assert!(stalled.next().await.expect("an end").is_err() && late.load(Ordering::Relaxed));
        let (mut whole, late) = paced(Body::from_stream(first()), long_ago);
        assert!(whole.next().await.is_some() && whole.next().await.is_none() && !late.load(Ordering::Relaxed));
    }

    #[test]
    fn every_byte_earns_time() {
        assert_eq!(patience(0), GRACE);
        assert_eq!(patience(10 * 1_024 * 1_024), GRACE + Duration::from_secs(10_240));
    }
}
