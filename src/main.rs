//! The program: reads its arguments and hands over to the library.

use clap::{Parser, Subcommand};
use springbreeze::app::App;
use springbreeze::cli::backup::{self, BackupArgs};
use springbreeze::cli::keys::{self, KeysCommand};
use springbreeze::cli::publish::{self, PublishArgs};
use springbreeze::cli::watch::{self, WatchArgs};
use springbreeze::clock::Clock;
use springbreeze::config::{Config, Settings};
use springbreeze::demo;
use springbreeze::logging;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

#[derive(Parser)]
#[command(name = "springbreeze", version, about = "Spring Breeze (春风): an online job fair server")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server on an empty or existing data folder.
    Serve(Serve),
    /// The same with a believable fair in it, a stream already running, and sign-in links for each role.
    Demo(Demo),
    /// Publish a Matroska file with H.264 and Opus by WHIP.
    Publish(PublishArgs),
    /// Watch a stream by WHEP without a picture and print what arrives.
    Watch(WatchArgs),
    /// Write database, files and key into one archive, also while the server runs.
    Backup(Archive),
    /// Fill an empty data folder from such an archive.
    Restore(Archive),
    /// Make a new key for what is encrypted, and remove the old ones once nothing needs them.
    Keys(KeysArgs),
}

#[derive(clap::Args)]
struct Serve {
    /// TOML file with settings; flags and environment win over it.
    #[arg(long, env = "SPRINGBREEZE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(clap::Args)]
struct Demo {
    #[command(flatten)]
    serve: Serve,
    /// Publish nothing: the stream is to come from elsewhere.
    #[arg(long)]
    no_stream: bool,
}

#[derive(clap::Args)]
struct Archive {
    #[command(flatten)]
    args: BackupArgs,
    #[command(flatten)]
    serve: Serve,
}

#[derive(clap::Args)]
struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
    #[command(flatten)]
    serve: Serve,
}

impl Serve {
    fn load(self) -> anyhow::Result<Config> {
        Ok(self.settings.load(self.config.as_deref())?)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Serve(args) => serve(args.load()?).await,
        Command::Demo(args) => demo(args.serve.load()?, !args.no_stream).await,
        Command::Publish(args) => {
            logging::init_for_commands();
            publish::run(args, until_terminated()?).await
        }
        Command::Watch(args) => {
            logging::init_for_commands();
            watch::run(args, until_terminated()?).await
        }
        Command::Backup(given) => {
            backup::backup(&given.serve.load()?, &given.args.file).await?;
            announce(&format!("backed up to {}", given.args.file.display()));
            Ok(())
        }
        Command::Restore(given) => {
            let config = given.serve.load()?;
            backup::restore(&config, &given.args.file).await?;
            announce(&format!("restored into {}", config.data.display()));
            Ok(())
        }
        Command::Keys(given) => {
            announce(&keys::run(&given.serve.load()?, given.command).await?);
            Ok(())
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    logging::init(&config);
    let stop = until_terminated()?;
    let local = config.listen.ip().is_loopback();
    let app = App::start(config, Clock::system()).await?;
    tracing::info!(origin = app.origin, "serving");
    if !local && !app.origin.starts_with("https:") {
        tracing::warn!(
            "browsers give cameras only to secure pages: use --tls-cert and --tls-key, --acme-domain, or a TLS proxy, or open http://localhost"
        );
    }
    if let Some(link) = app.parts.setup_link().await? {
        announce(&format!("First start. Set up the first organiser here (works once, for a day):\n  {link}"));
    }
    stop.cancelled().await;
    tracing::info!("stopping");
    app.stop().await;
    Ok(())
}

async fn demo(config: Config, streams: bool) -> anyhow::Result<()> {
    logging::init(&config);
    let stop = until_terminated()?;
    let app = demo::start(config, streams, &stop).await?;
    announce(&demo::summary(&app.config.data)?);
    stop.cancelled().await;
    app.stop().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what the operator asked the program to print")]
fn announce(text: &str) {
    println!("{text}");
}

/// A token that ends on Ctrl-C or SIGTERM. It listens from the moment this returns, so that a signal during a slow start
/// still ends the program in order.
fn until_terminated() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let terminated = terminated()?;
    let ends = token.clone();
    tokio::spawn(async move {
        terminated.await;
        ends.cancel();
    });
    Ok(token)
}

/// Starts to listen for Ctrl-C and SIGTERM; the future ends with the first of them.
#[cfg(unix)]
fn terminated() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn terminated() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
