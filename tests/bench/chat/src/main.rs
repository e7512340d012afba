//! Measures the chat from outside: thousands of sockets, beside the floor of raw writes and npm `ws` on the same work.
//!
//! Independent of the product's code: it knows the wire of a room (`docs/protocol.md`) and nothing of how the server is made.

mod child;
#[path = "../../media/src/cpu.rs"]
#[allow(dead_code, reason = "shared with the bench of the media plane")]
mod cpu;
mod crowd;
mod floor;
mod frames;
mod people;
mod run;
mod table;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures the chat from outside")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// All figures, and the table.
    Run(run::RunArgs),
    /// Writes the same frame to raw sockets.
    Floor {
        #[arg(long)]
        sockets: usize,
    },
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Task::Run(args) => run::run(&args),
        Task::Floor { sockets } => floor::run(sockets),
    }
}
