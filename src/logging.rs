//! Log lines on standard error, as text or JSON.

use crate::config::{Config, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging; the first call in a process wins.
pub fn init(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

/// Logging of the commands that only talk to a server: what happens goes to standard error, beside their output. `SPRINGBREEZE_LOG`
/// says how much.
pub fn init_for_commands() {
    let filter = EnvFilter::try_from_env("SPRINGBREEZE_LOG").unwrap_or_else(|_| EnvFilter::new("error,springbreeze=info"));
    let colours = std::io::stderr().is_terminal();
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).with_target(false).try_init();
}
