//! A room against its model: random joins, drops, messages, deletions, mutes, bans and restarts on the real server, and then what everybody's
//! log says: one order for all, no entry missing without a gap that says so, nothing twice, nothing after a ban.

use crate::harness::{NOON, Person, TestApp};
use crate::socket::Client;
use futures_util::{SinkExt, StreamExt};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use springbreeze::clock::Clock;
use springbreeze::ids::RoomId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

const SEEKERS: usize = 8;
const TABS: usize = 14;
const STEPS: usize = 260;

/// What a tab saw, in order, over all its connections.
#[derive(Clone, Debug)]
enum Seen {
    /// It was let in: `since` this entry, and up to which everything is the past.
    Welcome(i64, i64),
    Entry(Value),
    Gap(i64, i64),
    Ack(String, i64),
    Closed(u16),
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// What a tab does next.
enum Do {
    Say(Value),
    /// Without a word, as when a phone loses its network.
    Vanish,
    Close,
}

/// A page that somebody has open, connected or not.
struct Tab {
    person: usize,
    log: Log,
    orders: Option<mpsc::UnboundedSender<Do>>,
    task: Option<JoinHandle<()>>,
}

impl Tab {
    fn new(person: usize) -> Self {
        Self { person, log: Log::default(), orders: None, task: None }
    }

    fn log(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.log.lock().expect("no panic")
    }

    fn is_connected(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// The last entry without an unexplained hole before it.
    fn since(&self) -> i64 {
        let newest = |seen: &Seen| match seen {
            Seen::Entry(entry) => entry["seq"].as_i64(),
            Seen::Gap(_, to) => Some(*to),
            _ => None,
        };
        self.log().iter().rev().find_map(newest).unwrap_or(0)
    }

    async fn connect(&mut self, world: &World) {
        let since = self.since();
        let person = &world.people[self.person];
        let mut client = Client::open(world.app().app.addr, world.room, Some(&person.token)).await.expect("a socket");
        client.send(json!({ "type": "hello", "since": since })).await;
        let (orders, inbox) = mpsc::unbounded_channel();
        (self.orders, self.task) = (Some(orders), Some(tokio::spawn(converse(client, since, inbox, self.log.clone()))));
    }

    fn order(&self, order: Do) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(order);
        }
    }

    /// Waits until the connection has ended.
    async fn ended(&mut self) {
        if let Some(task) = self.task.take() {
            tokio::time::timeout(Duration::from_secs(10), task).await.expect("the connection ends").expect("no panic");
        }
        self.orders = None;
    }
}

async fn converse(mut client: Client, since: i64, mut inbox: mpsc::UnboundedReceiver<Do>, log: Log) {
    let note = |seen| log.lock().expect("no panic").push(seen);
    loop {
        let frame = tokio::select! {
            order = inbox.recv() => match order {
                Some(Do::Say(frame)) => {
                    let _ = client.ws.send(Message::Text(frame.to_string().into())).await;
                    continue;
                }
                Some(Do::Close) => {
                    let _ = client.ws.close(None).await;
                    continue;
                }
                Some(Do::Vanish) | None => return,
            },
            frame = client.ws.next() => frame,
        };
        match frame {
            Some(Ok(Message::Text(text))) => {
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                let number = |name: &str| frame[name].as_i64().expect("a number");
                match frame["type"].as_str().expect("a type") {
                    "welcome" => note(Seen::Welcome(since, number("last_seq"))),
                    "gap" => note(Seen::Gap(number("from"), number("to"))),
                    // Held for somebody to look at: a newcomer from the network of a person who was banned.
                    "ack" if frame["held"] == true => {}
                    "ack" => note(Seen::Ack(frame["client_id"].as_str().expect("an id").to_owned(), number("seq"))),
                    "presence" | "reactions" | "pong" | "error" | "typing" => {}
                    _ => note(Seen::Entry(frame)),
                }
            }
            Some(Ok(Message::Close(Some(frame)))) => return note(Seen::Closed(frame.code.into())),
            Some(Ok(_)) => {}
            _ => return note(Seen::Closed(1006)),
        }
    }
}

struct World {
    app: Option<TestApp>,
    room: RoomId,
    /// Recruiter, organiser, then seekers.
    people: Vec<Person>,
    tabs: Vec<Tab>,
    /// Acknowledged over HTTP.
    posted: Vec<(String, i64)>,
    sent: Vec<(usize, String)>,
    banned: HashSet<usize>,
    deleted: HashSet<i64>,
}

impl World {
    fn app(&self) -> &TestApp {
        self.app.as_ref().expect("running")
    }

    async fn start() -> Self {
        let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(NOON)).await;
        let at = app.fair().await;
        let mut people = vec![at.recruiter, at.organiser];
        for n in 0..SEEKERS {
            people.push(app.seeker(&format!("求职者{n}")).await);
        }
        let tabs = (0..TABS).map(|n| Tab::new(n % people.len())).collect();
        let (app, room) = (Some(app), at.booth.id);
        Self { app, room, people, tabs, posted: Vec::new(), sent: Vec::new(), banned: HashSet::new(), deleted: HashSet::new() }
    }

    async fn step(&mut self, random: &mut StdRng, n: usize) {
        let tab = random.random_range(0..TABS);
        match random.random_range(0..100) {
            0..22 => self.toggle(tab, random).await,
            22..52 => self.say(tab, format!("m{n}")),
            52..58 => {
                // The same once more, as after an answer that was lost.
                if let Some((person, id)) = self.sent.choose(random).cloned()
                    && let Some(tab) = (0..TABS).find(|tab| self.tabs[*tab].person == person)
                {
                    self.say(tab, id);
                }
            }
            58..68 => self.post(self.tabs[tab].person, format!("p{n}")).await,
            68..78 => self.delete(random).await,
            78..84 => self.sanction(random, "mutes").await,
            84..94 => self.ban(random).await,
            94..97 => self.tabs[tab].order(Do::Say(json!({ "type": "react" }))),
            _ => tokio::time::sleep(Duration::from_millis(random.random_range(0..60))).await,
        }
    }

    async fn toggle(&mut self, at: usize, random: &mut StdRng) {
        let mut tab = std::mem::replace(&mut self.tabs[at], Tab::new(0));
        if tab.is_connected() {
            tab.order(if random.random_bool(0.5) { Do::Vanish } else { Do::Close });
            tab.ended().await;
        } else {
            tab.ended().await;
            tab.connect(self).await;
        }
        self.tabs[at] = tab;
    }

    fn say(&mut self, at: usize, id: String) {
        let tab = &self.tabs[at];
        tab.order(Do::Say(json!({ "type": "send", "client_id": id, "text": format!("说 {id}") })));
        self.sent.push((tab.person, id));
    }

    async fn post(&mut self, person: usize, id: String) {
        let body = json!({ "client_id": id, "text": format!("写 {id}") });
        let answer = self.request(person, reqwest::Method::POST, "messages", body).await;
        if answer.status().is_success() {
            let answer: Value = answer.json().await.expect("json");
            self.posted.extend(answer["seq"].as_i64().map(|seq| (id, seq)));
        } else {
            assert!([403, 409, 429].contains(&answer.status().as_u16()), "{}", answer.status());
        }
    }

    async fn request(&self, person: usize, method: reqwest::Method, path: &str, body: Value) -> reqwest::Response {
        let url = format!("http://{}/rooms/{}/{path}", self.app().app.addr, self.room);
        let client = reqwest::Client::builder().no_proxy().build().expect("client");
        client.request(method, url).bearer_auth(&self.people[person].token).json(&body).send().await.expect("an answer")
    }

    async fn delete(&mut self, random: &mut StdRng) {
        let last = self.app().parts.live.last_seq(self.room).await.expect("read");
        let seq = random.random_range(0..=last);
        if self.deleted.contains(&seq) && random.random_bool(0.5) {
            let answer = self.request(0, reqwest::Method::DELETE, &format!("deletions/{seq}"), Value::Null).await;
            if answer.status().is_success() {
                self.deleted.remove(&seq);
            }
        } else {
            let answer = self.request(0, reqwest::Method::POST, "deletions", json!({ "seq": seq })).await;
            if answer.status().is_success() {
                self.deleted.insert(seq);
            }
        }
    }

    async fn sanction(&self, random: &mut StdRng, what: &str) {
        let account = self.people[random.random_range(2..self.people.len())].account.id;
        if random.random_bool(0.5) {
            self.request(0, reqwest::Method::POST, what, json!({ "account": account, "length": "1h" })).await;
        } else {
            self.request(0, reqwest::Method::DELETE, &format!("{what}/{account}"), Value::Null).await;
        }
    }

    async fn ban(&mut self, random: &mut StdRng) {
        let person = random.random_range(2..self.people.len());
        let account = self.people[person].account.id;
        if self.banned.contains(&person) {
            let answer = self.request(0, reqwest::Method::DELETE, &format!("bans/{account}"), Value::Null).await;
            assert!(answer.status().is_success(), "{}", answer.status());
            self.banned.remove(&person);
            return;
        }
        let answer = self.request(0, reqwest::Method::POST, "bans", json!({ "account": account, "length": "forever" })).await;
        assert!(answer.status().is_success(), "{}", answer.status());
        self.banned.insert(person);
        // Every tab of that person ends, and none is let in again.
        for at in (0..TABS).filter(|at| self.tabs[*at].person == person).collect::<Vec<_>>() {
            let mut tab = std::mem::replace(&mut self.tabs[at], Tab::new(0));
            tab.ended().await;
            tab.connect(self).await;
            tab.ended().await;
            let last = tab.log().last().cloned();
            assert!(matches!(last, Some(Seen::Closed(4403))), "{last:?}");
            self.tabs[at] = tab;
        }
    }

    async fn restart(&mut self) {
        let app = self.app.take().expect("running");
        let clock = app.clock.clone();
        let data = app.stop().await;
        for tab in &mut self.tabs {
            tab.ended().await;
        }
        self.app = Some(TestApp::start_in(data, clock).await);
    }

    /// Everybody who may be there comes and reads up.
    async fn settle(&mut self) {
        let last = self.app().parts.live.last_seq(self.room).await.expect("read");
        for at in 0..TABS {
            let mut tab = std::mem::replace(&mut self.tabs[at], Tab::new(0));
            if !self.banned.contains(&tab.person) {
                if !tab.is_connected() {
                    tab.ended().await;
                    tab.connect(self).await;
                }
                for _ in 0..400 {
                    if tab.since() >= last {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(25)).await;
                }
                assert!(tab.since() >= last, "tab {at} has read up to {} of {last}", tab.since());
            }
            self.tabs[at] = tab;
        }
    }

    /// The journal as it is stored.
    async fn truth(&self) -> Vec<Value> {
        let entries = self.app().parts.live.after(self.room, 0, 10_000).await.expect("read");
        entries.iter().map(|entry| serde_json::to_value(entry).expect("JSON")).collect()
    }

    fn check(&self, truth: &[Value]) {
        check_truth(truth);
        let place: HashMap<&str, i64> =
            truth.iter().filter_map(|entry| Some((entry["client_id"].as_str()?, entry["seq"].as_i64()?))).collect();
        for (id, seq) in &self.posted {
            assert_eq!(place.get(id.as_str()), Some(seq), "{id} was acknowledged by HTTP");
        }
        for (at, tab) in self.tabs.iter().enumerate() {
            let me = self.people[tab.person].account.id.to_string();
            check_log(at, &me, &tab.log(), truth, &place);
        }
    }
}

/// No holes, nothing twice, and nothing of whoever was banned or muted then.
fn check_truth(truth: &[Value]) {
    let (mut ids, mut out) = (HashSet::new(), HashMap::<String, HashSet<String>>::new());
    for (at, entry) in truth.iter().enumerate() {
        assert_eq!(entry["seq"], at as i64 + 1, "no holes");
        match entry["type"].as_str().expect("a type") {
            kind @ ("banned" | "muted") => {
                let (who, until) = (entry["target"].as_str().expect("a person").to_owned(), entry["until"].as_i64());
                let out = out.entry(kind.to_owned()).or_default();
                if until == Some(0) {
                    out.remove(&who)
                } else {
                    out.insert(who)
                };
            }
            "message" => {
                let (author, id) = (entry["author"].as_str().expect("a person"), entry["client_id"].as_str().expect("an id"));
                assert!(ids.insert((author.to_owned(), id.to_owned())), "{id} twice");
                assert!(out.values().all(|out| !out.contains(author)), "{entry} of somebody who may not write");
            }
            _ => {}
        }
    }
}

fn check_log(at: usize, me: &str, log: &[Seen], truth: &[Value], place: &HashMap<&str, i64>) {
    let (mut last, mut past, mut out) = (0, 0, false);
    for (line, seen) in log.iter().enumerate() {
        let context = || format!("tab {at}, line {line}: {seen:?} after {:?}", &log[line.saturating_sub(4)..line]);
        match seen {
            Seen::Welcome(since, now) => (last, past, out) = (*since, *now, false),
            Seen::Gap(from, to) => {
                assert!(!out && *from == last + 1 && to >= from, "{}", context());
                last = *to;
            }
            Seen::Entry(entry) => {
                assert!(!out, "after a ban: {}", context());
                assert_eq!(entry["seq"], last + 1, "{}", context());
                last += 1;
                let stored = &truth[last as usize - 1];
                for field in ["type", "client_id", "author", "target", "at"] {
                    assert_eq!(entry[field], stored[field], "{}", context());
                }
                // One that was lifted since is history to who reads up.
                out = last > past && entry["type"] == "banned" && entry["target"] == me && entry["until"] != 0;
            }
            Seen::Ack(id, seq) => assert_eq!(place.get(id.as_str()), Some(seq), "{}", context()),
            Seen::Closed(code) => {
                assert!([1000, 1001, 1006, 4403].contains(code), "{}", context());
                out = false;
            }
        }
    }
}

async fn run(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut world = World::start().await;
    // Whoever has written before is not held when a neighbour is banned.
    for person in 0..world.people.len() {
        world.post(person, format!("first{person}")).await;
    }
    for n in 0..STEPS {
        world.step(&mut random, n).await;
        if n % 90 == 80 {
            world.restart().await;
        }
    }
    world.settle().await;
    let truth = world.truth().await;
    assert!(truth.len() > 60, "something happened: {}", truth.len());
    world.check(&truth);
    // What was taken away is nowhere to be read.
    let page = world.request(2, reqwest::Method::GET, "messages?limit=100", Value::Null).await.text().await.expect("text");
    for seq in &world.deleted {
        let id = truth[*seq as usize - 1]["client_id"].as_str().unwrap_or("-");
        assert!(!page.contains(&format!("说 {id}\"")) && !page.contains(&format!("写 {id}\"")), "{id} was deleted");
    }
    world.app.take().expect("running").stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_one_order_without_a_hole_whatever_happens() {
    for seed in 0..4 {
        run(seed).await;
    }
}
