//! Commands beside the server: publish a clip, watch a stream, back up, restore, change keys.
//!
//! Publishing and watching use nothing of the server but its public WHIP and WHEP endpoints, so they work against another machine, or another
//! program, just as well.

pub mod backup;
pub mod keys;
pub mod publish;
mod retry;
mod signalling;
pub mod watch;

#[cfg(test)]
mod tests;
