//! Keys of a server: a new one, and the end of the old ones.

use crate::config::Config;
use crate::db::Db;
use crate::keys::{self, Keys};
use crate::privacy::may_drop;
use anyhow::bail;

#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub enum KeysCommand {
    /// Make a new key. Restart every server after it: they use it for all that is new, and make the rest anew beside their work.
    Add,
    /// Say how many keys there are, and whether the old ones can go.
    Status,
    /// Remove all keys but the newest, once nothing needs them any more. Restart every server after it.
    Drop,
}

/// Does it; what the operator is told.
pub async fn run(config: &Config, command: KeysCommand) -> anyhow::Result<String> {
    match command {
        KeysCommand::Add => {
            Keys::load(config)?;
            keys::add(config)?;
            Ok("There is a new key. Restart every server now; back up the key file again.".into())
        }
        KeysCommand::Status => Ok(match status(config).await? {
            Status::One => "There is one key.".into(),
            Status::Busy => "Servers are still making things anew, or were not restarted with the new key.".into(),
            Status::Done => "Everything is made with the newest key: `springbreeze keys drop` removes the others.".into(),
        }),
        KeysCommand::Drop => match status(config).await? {
            Status::One => Ok("There is one key.".into()),
            Status::Busy => bail!("not everything is made with the newest key: without the others it could not be read any more"),
            Status::Done => {
                let gone = keys::drop_old(config)?;
                Ok(format!("Keys removed: {gone}. Restart every server now; back up the key file again."))
            }
        },
    }
}

enum Status {
    One,
    Busy,
    Done,
}

async fn status(config: &Config) -> anyhow::Result<Status> {
    let keys = Keys::load(config)?;
    if !keys.has_older() {
        return Ok(Status::One);
    }
    let db = Db::open(config).await?;
    let done = may_drop(&db, keys.newest_id()).await.map_err(|e| anyhow::anyhow!("{e:?}"));
    db.close().await;
    Ok(if done? { Status::Done } else { Status::Busy })
}
