//! `springbreeze demo`: the server with a believable fair in it, a stream already running, and sign-in links for each role.
//!
//! The fair is made once per data folder and found again on the next start. The stream goes through the program's own WHIP
//! endpoint, so what a newcomer sees has come the whole way.

mod content;
mod seed;

use crate::accounts::{MediaRole, ROOM_TOKEN};
use crate::app::App;
use crate::cli::publish::publish_clip;
use crate::clock::{Clock, DAY};
use crate::config::Config;
use crate::ids::{AccountId, FairId, RoomId};
use crate::media::client::Rounds;
use crate::media::file::MediaFile;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Half a minute of a made-up factory's webcast: H.264 and Opus (see `bin/make-demo-clip`).
pub(crate) const CLIP: &[u8] = include_bytes!("clip.mkv");
/// What is remembered of the demo in the data folder.
const SEED_FILE: &str = "demo-seed.json";
/// Links may be followed by a whole team for as long as a trial lasts.
const LINK_USES: i64 = 1_000_000;
/// The stream runs within a second; a slow machine gets more, then the demo is ready without it and says so.
const STREAM_WAIT: Duration = Duration::from_secs(20);

/// What the seeding made.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Seed {
    fair: FairId,
    rooms: Vec<RoomId>,
    /// The booth into which the clip is published.
    stage: RoomId,
    people: Vec<Person>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Person {
    id: AccountId,
    role: String,
    name: String,
    room: Option<RoomId>,
}

/// Starts the server, fills it if its folder is new, publishes the clip if it `streams`, and writes `demo.json`.
/// `stop` ends the publishing; the caller stops the app.
pub async fn start(config: Config, streams: bool, stop: &CancellationToken) -> anyhow::Result<App> {
    let seed_file = config.data.join(SEED_FILE);
    let used = config.data.join("springbreeze.db").exists() || !config.database.is_empty();
    let known = match std::fs::read_to_string(&seed_file) {
        Ok(text) => Some(serde_json::from_str::<Seed>(&text).context("demo-seed.json")?),
        Err(_) if used && config.database.is_empty() => {
            anyhow::bail!("{} holds the data of a real server: give the demo another folder with --data", config.data.display())
        }
        Err(_) => None,
    };
    let _ = std::fs::remove_file(config.data.join("demo.json"));
    let app = App::start(config, Clock::system()).await?;
    let seed = match known {
        Some(seed) => seed,
        None => {
            let seed = seed::fill(&app.parts).await.map_err(|e| anyhow::anyhow!("{e:?}"))?;
            std::fs::write(&seed_file, serde_json::to_vec_pretty(&seed)?)?;
            seed
        }
    };
    if streams {
        publish(&app, &seed, stop).await?;
    }
    let described = describe(&app, &seed).await?;
    write_whole(&app.config.data.join("demo.json"), &serde_json::to_vec_pretty(&described)?)?;
    Ok(app)
}

async fn publish(app: &App, seed: &Seed, stop: &CancellationToken) -> anyhow::Result<()> {
    let host = seed.people.iter().find(|p| p.room == Some(seed.stage)).context("somebody hosts the stage")?;
    let token =
        app.parts.accounts.room_token(host.id, seed.stage, MediaRole::Publish, ROOM_TOKEN).await.map_err(|e| anyhow::anyhow!("{e:?}"))?;
    let whip = format!("{}/rooms/{}/whip", app.local_origin(), seed.stage).parse()?;
    let clip = MediaFile::parse(CLIP)?;
    let stop = stop.clone();
    tokio::spawn(async move {
        if let Err(error) = publish_clip(&clip, whip, Some(token), Rounds::Endless, &stop).await {
            tracing::error!(error = format!("{error:#}"), "the demo's stream ended");
        }
    });
    let live = async {
        while !app.parts.live.snapshot(seed.stage).live {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(STREAM_WAIT, live).await.is_err() {
        tracing::warn!("the demo's stream does not run yet");
    }
    Ok(())
}

/// The contents of `demo.json`: absolute URLs, a bearer token and a sign-in link for each person.
async fn describe(app: &App, seed: &Seed) -> anyhow::Result<serde_json::Value> {
    let origin = &app.origin;
    let sockets = origin.replacen("http", "ws", 1);
    let mut rooms = Vec::new();
    for room in app.parts.rooms.of_fair(seed.fair).await.map_err(|e| anyhow::anyhow!("{e:?}"))? {
        let id = room.id;
        rooms.push(json!({
            "id": id, "kind": room.kind, "title": room.title_zh, "url": format!("{origin}/rooms/{id}"),
            "whip_url": format!("{origin}/rooms/{id}/whip"), "whep_url": format!("{origin}/rooms/{id}/whep"),
            "socket_url": format!("{sockets}/rooms/{id}/socket"), "live": app.parts.live.snapshot(id).live,
        }));
    }
    let mut people = Vec::new();
    for person in &seed.people {
        people.push(describe_person(app, person).await.map_err(|e| anyhow::anyhow!("{e:?}"))?);
    }
    let fair = json!({"id": seed.fair, "url": format!("{origin}/fairs/{}", seed.fair)});
    Ok(json!({"base_url": origin, "fair": fair, "rooms": rooms, "people": people}))
}

async fn describe_person(app: &App, person: &Person) -> crate::web::Result<serde_json::Value> {
    let accounts = &app.parts.accounts;
    let account = accounts.account(person.id).await?.ok_or(crate::web::AppError::NotFound)?;
    let link = accounts.sign_in_link(Some(person.id), LINK_USES, 30 * DAY).await?;
    let mut described = json!({
        "role": person.role, "name": person.name, "signin_url": link, "token": accounts.open_session(&account).await?,
    });
    if let Some(room) = person.room {
        described["room_id"] = json!(room);
    }
    Ok(described)
}

/// The links as printed when the demo is ready, from the contents of `demo.json`.
pub fn summary(data: &Path) -> anyhow::Result<String> {
    let demo: serde_json::Value = serde_json::from_slice(&std::fs::read(data.join("demo.json"))?)?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or("").to_owned();
    let mut lines = vec![format!("Spring Breeze demo: {}", text(&demo["fair"]["url"])), String::new()];
    let mut seen = std::collections::HashMap::new();
    for person in demo["people"].as_array().into_iter().flatten() {
        let role = text(&person["role"]);
        let shown: &mut u32 = seen.entry(role.clone()).or_default();
        *shown += 1;
        // One link for each role says enough; demo.json has the rest.
        if *shown == 1 {
            lines.push(format!("  {role:<10} {:<8} {}", text(&person["name"]), text(&person["signin_url"])));
        }
    }
    lines.push(String::new());
    for room in demo["rooms"].as_array().into_iter().flatten().filter(|r| r["live"] == true) {
        lines.push(format!("  live now   {}  {}", text(&room["title"]), text(&room["url"])));
    }
    lines.push(format!("  all links  {}", data.join("demo.json").display()));
    Ok(lines.join("\n"))
}

/// A reader sees the whole file or none.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension("partial");
    std::fs::write(&partial, bytes)?;
    std::fs::rename(&partial, path)
}
