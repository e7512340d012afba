//! `springbreeze publish FILE --whip URL --token T`: plays a clip into a room until it is told to stop.

use std::path::PathBuf;
use std::time::Instant;

use reqwest::Url;
use reqwest::header::HeaderValue;
use tokio_util::sync::CancellationToken;

use super::retry::Backoff;
use super::signalling::{Endpoint, SignalError};
use crate::media::client::{ClientError, Rounds, Sender, Sent};
use crate::media::file::MediaFile;

#[derive(Clone, Debug, clap::Args)]
pub struct PublishArgs {
    /// A Matroska file with H.264 (constrained baseline, no B-frames) and Opus
    pub file: PathBuf,
    /// The room's WHIP address
    #[arg(long, value_name = "URL")]
    pub whip: Url,
    /// A bearer token of somebody who may publish in the room
    #[arg(long, env = "SPRINGBREEZE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Play the file once instead of again and again
    #[arg(long)]
    pub once: bool,
}

/// Runs the command until the file has been played (`--once`) or `stop` is cancelled.
pub async fn run(args: PublishArgs, stop: CancellationToken) -> anyhow::Result<()> {
    let file = args.file;
    let clip = tokio::task::spawn_blocking(move || MediaFile::open(&file)).await??;
    tracing::info!(seconds = clip.duration().as_secs_f64(), kbps = clip.bitrate() / 1_000.0, url = %args.whip, "publishing");
    let rounds = if args.once { Rounds::Once } else { Rounds::Endless };
    let sent = publish_clip(&clip, args.whip, args.token, rounds, &stop).await?;
    tracing::info!(packets = sent.packets, bytes = sent.bytes, frames = sent.frames, "published");
    Ok(())
}

/// Publishes `clip` at a WHIP endpoint, dialling again whenever the connection ends before its time. Fails only on what trying
/// again cannot mend: a refused token, a room that does not exist, an answer that makes no sense.
pub async fn publish_clip(
    clip: &MediaFile,
    whip: Url,
    token: Option<String>,
    rounds: Rounds,
    stop: &CancellationToken,
) -> anyhow::Result<Sent> {
    let endpoint = Endpoint::new(whip, token)?;
    let mut backoff = Backoff::default();
    let mut last = None;
    loop {
        let begun = Instant::now();
        let failure = match publish_once(clip, &endpoint, rounds, &mut last, stop).await {
            Ok(sent) => return Ok(sent),
            Err(failure) => failure,
        };
        let asked = match &failure {
            PublishError::Signal(error) if !error.is_passing() => return Err(failure.into()),
            PublishError::Client(ClientError::NothingAccepted) => return Err(failure.into()),
            PublishError::Signal(error) => error.retry_after(),
            PublishError::Client(_) => None,
        };
        let wait = backoff.after(begun.elapsed(), asked, rand::random());
        tracing::warn!(error = %failure, wait_ms = wait.as_millis(), "publishing was interrupted, trying again");
        tokio::select! {
            () = stop.cancelled() => return Ok(Sent::default()),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum PublishError {
    #[error(transparent)]
    Signal(#[from] SignalError),
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// One session from offer to end. Stopping is not a failure. `last` is the session's name, for the one that follows it.
async fn publish_once(
    clip: &MediaFile,
    endpoint: &Endpoint,
    rounds: Rounds,
    last: &mut Option<HeaderValue>,
    stop: &CancellationToken,
) -> Result<Sent, PublishError> {
    let mut sender = Sender::new(endpoint.local_ip().await?, clip)?;
    let (session, answer) = tokio::select! {
        () = stop.cancelled() => return Ok(sender.sent()),
        opened = endpoint.open(sender.offer(), last.as_ref()) => opened?,
    };
    last.clone_from(&session.etag);
    let played = match sender.accept(&answer) {
        Ok(()) => sender.publish(clip, rounds, stop).await,
        Err(error) => Err(error),
    };
    if matches!(played, Err(ClientError::Lost)) {
        // The next session takes this one's place. A goodbye that got through after all would end the stream for everybody.
        return Err(ClientError::Lost.into());
    }
    let sent = sender.close().await;
    session.end().await;
    played?;
    Ok(sent)
}
