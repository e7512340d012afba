//! Measures the board among a million generated postings: searches with filters and counts by HTTP at a steady rate, the first page, how soon a
//! change is seen; beside PostgreSQL's `pg_trgm` and SQLite's FTS5 `trigram` with the same corpus and the same searches.

mod corpus;
mod import;
mod load;
mod peers;
mod scene;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use import::Recruiter;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Makes a fair with so many postings in a data folder.
    Seed {
        #[arg(long)]
        postings: usize,
        #[arg(long)]
        data: PathBuf,
    },
    /// A server over that folder; publishes a posting for each line it reads and ends with its input.
    Serve {
        #[arg(long)]
        data: PathBuf,
    },
    /// All figures, with the server as a process of its own on a core of its own.
    Run {
        #[arg(long)]
        data: PathBuf,
        #[arg(long, default_value_t = 0)]
        server_core: usize,
        #[arg(long, default_value_t = 200)]
        rate: u64,
        #[arg(long, default_value_t = 30)]
        seconds: u64,
        /// A PostgreSQL server for `pg_trgm`.
        #[arg(long)]
        postgres: Option<String>,
        #[arg(long)]
        without_peers: bool,
    },
}

/// The server as a process, its input and what it says.
struct Server {
    child: Child,
    said: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Server {
    fn start(data: &Path, core: usize) -> Result<(Self, String, Recruiter)> {
        let program = std::env::current_exe()?;
        let mut command = if std::thread::available_parallelism()?.get() > core + 1 || core == 0 {
            let mut pinned = Command::new("taskset");
            pinned.arg("-c").arg(core.to_string()).arg(program);
            pinned
        } else {
            Command::new(program)
        };
        command.arg("serve").arg("--data").arg(data);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("server")?;
        let said = BufReader::new(child.stdout.take().context("output")?).lines();
        let mut server = Self { child, said };
        let said = server.line()?;
        let mut words = said.split(' ').map(str::to_owned);
        let mut word = || words.next().context("address, employer and session");
        let (addr, employer, token) = (word()?, word()?, word()?);
        Ok((server, addr, Recruiter { token, employer }))
    }

    fn line(&mut self) -> Result<String> {
        self.said.next().context("the server ended")?.map_err(Into::into)
    }

    /// Publishes a posting with this title.
    fn publish(&mut self, title: &str) -> Result<()> {
        let input = self.child.stdin.as_mut().context("input")?;
        writeln!(input, "{title}")?;
        input.flush()?;
        self.line().map(|_| ())
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    match Args::parse().what {
        What::Seed { postings, data } => scene::seed(&data, postings).await,
        What::Serve { data } => scene::serve(&data).await,
        What::Run { data, server_core, rate, seconds, postgres, without_peers } => {
            let (mut server, addr, recruiter) = Server::start(&data, server_core)?;
            let fair = std::fs::read_to_string(data.join("fair"))?;
            let measured = load::measure(&addr, &fair, &mut server, (rate, seconds)).await;
            let measured = match measured {
                Ok(()) => import::measure(&addr, &fair, &recruiter).await,
                wrong => wrong,
            };
            let compared = match (&measured, without_peers) {
                (Ok(()), false) => peers::compare(&data, &addr, &fair, postgres.as_deref()).await,
                _ => Ok(()),
            };
            server.stop()?;
            measured.and(compared)
        }
    }
}
