//! Measures booking: 10,000 people who want 100 slots at once by HTTP, bookings a second that nobody else wants (by HTTP and by the domain
//! call), a month of slots of a panel, the week of a recruiter with 200 interviews.

mod client;
mod figures;
mod scene;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use scene::Scene;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The domain calls, in this process.
    Domain {
        #[arg(long, default_value_t = 10_000)]
        people: usize,
    },
    /// A server with people and plans; says where it is and ends with its input.
    Serve {
        #[arg(long)]
        people: usize,
        #[arg(long)]
        file: PathBuf,
    },
    /// By HTTP, with the server as a process of its own on a core of its own.
    Http {
        #[arg(long, default_value_t = 10_000)]
        people: usize,
        #[arg(long, default_value_t = 0)]
        server_core: usize,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    match Args::parse().what {
        What::Domain { people } => {
            let scene = Scene::start(people).await?;
            figures::domain(&scene).await?;
            figures::compute(&scene).await?;
            scene.app.stop().await;
        }
        What::Serve { people, file } => {
            let scene = Scene::start(people).await?;
            scene.book_week().await?;
            std::fs::write(file, scene.describe().to_string())?;
            println!("ready");
            let mut line = String::new();
            tokio::task::spawn_blocking(move || std::io::stdin().read_line(&mut line)).await??;
            println!("{}", scene.count().await?);
            scene.app.stop().await;
        }
        What::Http { people, server_core } => http(people, server_core).await?,
    }
    Ok(())
}

async fn http(people: usize, core: usize) -> Result<()> {
    let file = tempfile::NamedTempFile::new()?;
    let program = std::env::current_exe()?;
    let mut command = if std::thread::available_parallelism()?.get() > core + 1 {
        let mut pinned = Command::new("taskset");
        pinned.arg("-c").arg(core.to_string()).arg(program);
        pinned
    } else {
        Command::new(program)
    };
    command.arg("serve").arg("--people").arg(people.to_string()).arg("--file").arg(file.path());
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("server")?;
    let mut said = BufReader::new(server.stdout.take().context("output")?).lines();
    anyhow::ensure!(said.next().transpose()?.as_deref() == Some("ready"), "the server did not start");
    let scene: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file.path())?)?;
    let measured = client::measure(&scene).await;
    drop(server.stdin.take());
    let booked = said.next().transpose()?.unwrap_or_default();
    server.wait()?;
    measured?;
    println!("{booked}");
    Ok(())
}
