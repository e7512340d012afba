//! `springbreeze watch --whep URL`: one or many headless viewers of a stream, and what arrives there each second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Url;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::retry::Backoff;
use super::signalling::{Endpoint, SignalError};
use crate::media::client::{ClientError, Receiver};

mod report;
mod tally;

use report::{Reporter, Snapshot};
use tally::Tally;

/// How often a viewer's figures are made visible to the report.
const PUBLISH_FIGURES: Duration = Duration::from_millis(200);
/// Viewers of one process arrive a little apart, as people do.
const ARRIVAL_GAP: Duration = Duration::from_millis(15);

#[derive(Clone, Debug, clap::Args)]
pub struct WatchArgs {
    /// The room's WHEP address
    #[arg(long, value_name = "URL")]
    pub whep: Url,
    /// A bearer token, where the room is not open to guests
    #[arg(long, env = "SPRINGBREEZE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Stop after so many seconds (default: when interrupted)
    #[arg(long, value_name = "N")]
    pub seconds: Option<u64>,
    /// Print JSON lines instead of a table
    #[arg(long)]
    pub json: bool,
    /// How many viewers to be at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub viewers: u32,
}

/// Runs the command until its time is over or `stop` is cancelled. Fails if no viewer got a frame that can be decoded.
pub async fn run(args: WatchArgs, stop: CancellationToken) -> anyhow::Result<()> {
    let mut reporter = Reporter::new(std::io::stdout(), args.json);
    let summary = watch(&args, &stop, |snapshot| reporter.second(snapshot)).await?;
    reporter.summary(&summary);
    anyhow::ensure!(summary.playing > 0, "no viewer received a frame that can be decoded");
    Ok(())
}

/// Watches and calls `each_second` with the figures of all viewers together; gives the last figures.
async fn watch(args: &WatchArgs, stop: &CancellationToken, mut each_second: impl FnMut(&Snapshot)) -> anyhow::Result<Snapshot> {
    let endpoint = Endpoint::new(args.whep.clone(), args.token.clone())?;
    let begun = Instant::now();
    let over = stop.child_token();
    let tallies: Vec<Arc<Mutex<Tally>>> = (0..args.viewers).map(|_| Arc::default()).collect();
    let mut viewers = JoinSet::new();
    for (index, tally) in tallies.iter().enumerate() {
        let arrival = ARRIVAL_GAP.saturating_mul(u32::try_from(index).unwrap_or(u32::MAX));
        viewers.spawn(be_a_viewer(endpoint.clone(), arrival, tally.clone(), over.clone()));
    }
    let mut second = tokio::time::interval_at(tokio::time::Instant::now() + Duration::from_secs(1), Duration::from_secs(1));
    let mut last = Snapshot::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = second.tick() => {}
            // Viewers only end by themselves when trying again is of no use.
            Some(ended) = viewers.join_next() => { ended??; continue; }
        }
        last = Snapshot::take(&tallies, begun.elapsed(), &last);
        each_second(&last);
        if args.seconds.is_some_and(|seconds| begun.elapsed().as_secs_f64() + 0.5 >= seconds as f64) {
            break;
        }
    }
    over.cancel();
    while viewers.join_next().await.is_some() {}
    Ok(Snapshot::take(&tallies, begun.elapsed(), &last))
}

/// One person before the stream, who comes back when it breaks.
async fn be_a_viewer(endpoint: Endpoint, arrival: Duration, tally: Arc<Mutex<Tally>>, over: CancellationToken) -> anyhow::Result<()> {
    let viewing = async {
        tokio::time::sleep(arrival).await;
        let mut backoff = Backoff::default();
        loop {
            let begun = Instant::now();
            let failure = view(&endpoint, &tally, &over).await;
            with(&tally, |tally| tally.connection_ended());
            let asked = match &failure {
                ViewError::Over => return Ok(()),
                ViewError::Signal(error) if !error.is_passing() => return Err(failure.into()),
                ViewError::Signal(error) => error.retry_after(),
                ViewError::Client(_) => None,
            };
            let wait = backoff.after(begun.elapsed(), asked, rand::random());
            tracing::warn!(error = %failure, wait_ms = wait.as_millis(), "a viewer was cut off, trying again");
            tokio::select! {
                () = over.cancelled() => return Ok(()),
                () = tokio::time::sleep(wait) => {}
            }
        }
    };
    // A connection that is up ends politely inside; waiting ends at once, and dialling is dropped after a moment.
    let patience = async {
        over.cancelled().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    };
    tokio::select! {
        ended = viewing => ended,
        () = patience => Ok(()),
    }
}

#[derive(Debug, thiserror::Error)]
enum ViewError {
    #[error("the time is over")]
    Over,
    #[error(transparent)]
    Signal(#[from] SignalError),
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// One connection from offer to end.
async fn view(endpoint: &Endpoint, tally: &Mutex<Tally>, over: &CancellationToken) -> ViewError {
    let begun = Instant::now();
    let dialled = async {
        let mut receiver = Receiver::new(endpoint.local_ip().await?)?;
        let (session, answer) = endpoint.open(receiver.offer(), None).await?;
        receiver.accept(&answer)?;
        Ok::<_, ViewError>((receiver, session))
    };
    let (mut receiver, session) = match dialled.await {
        Ok(dialled) => dialled,
        Err(error) => return error,
    };
    let ended = receive(&mut receiver, tally, begun, over).await;
    receiver.close().await;
    session.end().await;
    match ended {
        Ok(()) => ViewError::Over,
        Err(error) => error.into(),
    }
}

async fn receive(receiver: &mut Receiver, tally: &Mutex<Tally>, begun: Instant, over: &CancellationToken) -> Result<(), ClientError> {
    receiver.connect().await?;
    while !over.is_cancelled() {
        let result = receiver.run_until(Instant::now() + PUBLISH_FIGURES).await;
        let received = receiver.received();
        with(tally, |tally| tally.update(&received, begun));
        result?;
    }
    Ok(())
}

/// A tally is only figures, so it is as good after a panic elsewhere as before.
fn with<T>(tally: &Mutex<Tally>, look: impl FnOnce(&mut Tally) -> T) -> T {
    look(&mut tally.lock().unwrap_or_else(PoisonError::into_inner))
}
