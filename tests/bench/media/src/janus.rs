//! Janus on the same work: its Streaming plugin is given the stream as plain RTP, and the crowd watches.
//!
//! In the setting that was the best on this kind of machine: one event loop for all connections, ICE-lite, no header extensions, AES-GCM,
//! no other plugin loaded, and sessions that never time out.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::crowd::Signalling;
use crate::publish::Target;
use crate::sdp::{self, Credentials, Remote};
use crate::signal::Http;

const PLUGIN: &str = "streaming";
const TRANSPORT: &str = "http";
/// Where Debian's package has them.
const MODULES: &str = "/usr/lib";
const START: Duration = Duration::from_secs(10);
/// Looks for the offer among the events of a session.
const POLLS: usize = 50;

/// A running Janus; ends with this value.
pub(crate) struct Janus {
    child: Child,
    folder: PathBuf,
    url: String,
    audio: u16,
    video: u16,
}

/// A number that was free a moment ago.
fn free_udp() -> Result<u16> {
    Ok(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Where the package has put its modules; the folder's name holds the machine's architecture.
fn modules() -> Result<PathBuf> {
    let folders = fs::read_dir(MODULES)?.flatten().map(|entry| entry.path().join("janus"));
    let mut all = std::iter::once(PathBuf::from(MODULES).join("janus")).chain(folders);
    all.find(|folder| folder.join("plugins").is_dir()).context("Janus is not installed (Debian package janus)")
}

/// The names of all modules in a folder but the wanted one.
fn others(folder: &std::path::Path, wanted: &str) -> Result<String> {
    let names = fs::read_dir(folder)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let wanted = format!("libjanus_{wanted}.so");
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".so") && *name != wanted).collect();
    names.sort();
    Ok(names.join(","))
}

impl Janus {
    pub(crate) fn start(core: usize) -> Result<Self> {
        let modules = modules()?;
        let folder = std::env::temp_dir().join(format!("media-bench-janus-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let (audio, video) = (free_udp()?, free_udp()?);
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let (here, there) = (folder.display(), modules.display());
        let general = format!(
            "general: {{ configs_folder = \"{here}\" plugins_folder = \"{there}/plugins\" transports_folder = \"{there}/transports\"\n\
             events_folder = \"{there}/events\" loggers_folder = \"{here}\" debug_level = 2 session_timeout = 0 event_loops = 1 }}\n\
             nat: {{ ice_lite = true }}\n\
             plugins: {{ disable = \"{}\" }}\n\
             transports: {{ disable = \"{}\" }}\n",
            others(&modules.join("plugins"), PLUGIN)?,
            others(&modules.join("transports"), TRANSPORT)?
        );
        let transport = format!("general: {{ json = \"compact\" base_path = \"/janus\" http = true port = {http} https = false }}\n");
        let stream = format!(
            "bench: {{ type = \"rtp\" id = 1 audio = true audioport = {audio} audiopt = {} audiocodec = \"opus\"\n\
             video = true videoport = {video} videopt = {} videocodec = \"h264\" videofmtp = \"profile-level-id=42e01f;packetization-mode=1\" }}\n",
            sdp::AUDIO,
            sdp::VIDEO
        );
        fs::write(folder.join("janus.jcfg"), general)?;
        fs::write(folder.join("janus.transport.http.jcfg"), transport)?;
        fs::write(folder.join("janus.plugin.streaming.jcfg"), stream)?;
        let log = fs::File::create(folder.join("log"))?;
        let mut command = crate::pinned(core, "janus".as_ref());
        command.arg("-F").arg(&folder).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("janus")?;
        let mut janus = Self { child, folder, url: format!("http://127.0.0.1:{http}/janus"), audio, video };
        janus.wait()?;
        Ok(janus)
    }

    fn wait(&mut self) -> Result<()> {
        let (http, deadline) = (Http::new(1), Instant::now() + START);
        while http.json_get(&format!("{}/info", self.url)).is_err() {
            if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("Janus did not start: {}", fs::read_to_string(self.folder.join("log"))?);
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn target(&self) -> Target {
        let at = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        Target::Plain { audio: at(self.audio), video: at(self.video) }
    }

    pub(crate) fn signalling(&self, connections: usize) -> Streaming {
        Streaming { http: Http::new(connections), url: self.url.clone(), sessions: Mutex::default() }
    }
}

impl Drop for Janus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Viewers of the mountpoint, by Janus's own API over HTTP: it makes the offers, we answer.
pub(crate) struct Streaming {
    http: Http,
    url: String,
    /// Sessions with nobody joining at the moment. Each holds many handles, and its events are read by who joins.
    sessions: Mutex<Vec<u64>>,
}

fn id(reply: &Value) -> Result<u64> {
    reply["data"]["id"].as_u64().with_context(|| format!("Janus says {reply}"))
}

impl Streaming {
    fn post(&self, path: &str, mut body: Value) -> Result<Value> {
        body["transaction"] = json!("bench");
        self.http.json(&format!("{}{path}", self.url), &body)
    }

    fn offer(&self, session: u64, handle: u64) -> Result<String> {
        for _ in 0..POLLS {
            let events = self.http.json_get(&format!("{}/{session}?maxev=10", self.url))?;
            for event in events.as_array().into_iter().flatten() {
                if event["sender"].as_u64() == Some(handle)
                    && let Some(sdp) = event["jsep"]["sdp"].as_str()
                {
                    return Ok(sdp.to_owned());
                }
            }
        }
        bail!("Janus made no offer")
    }

    fn join_in(&self, session: u64, us: &Credentials, fingerprint: &str) -> Result<(Remote, Instant, String)> {
        let handle = id(&self.post(&format!("/{session}"), json!({"janus": "attach", "plugin": "janus.plugin.streaming"}))?)?;
        let path = format!("/{session}/{handle}");
        let posted = Instant::now();
        self.post(&path, json!({"janus": "message", "body": {"request": "watch", "id": 1}}))?;
        let offer = self.offer(session, handle)?;
        let them = Remote::parse(&offer)?;
        let answer = sdp::answer(&offer, us, fingerprint, *them.address.context("no candidate")?.ip());
        let jsep = json!({"type": "answer", "sdp": answer});
        self.post(&path, json!({"janus": "message", "body": {"request": "start"}, "jsep": jsep}))?;
        Ok((them, posted, path))
    }
}

impl Signalling for Streaming {
    fn join(&self, us: &Credentials, fingerprint: &str) -> Result<(Remote, Instant, String)> {
        let idle = self.sessions.lock().expect("no thread panics with the list").pop();
        let session = match idle {
            Some(session) => session,
            None => id(&self.post("", json!({"janus": "create"}))?)?,
        };
        let joined = self.join_in(session, us, fingerprint);
        self.sessions.lock().expect("no thread panics with the list").push(session);
        joined
    }

    fn leave(&self, session: &str) -> Result<()> {
        self.post(session, json!({"janus": "detach"}))?;
        Ok(())
    }
}
