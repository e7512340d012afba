//! Recording a call: only while everybody agrees, read by readers of others' making, kept over a crash, erased after its time.

use crate::call::Call;
use crate::crash::{ready, serve};
use crate::harness::{Person, TestApp, Web};
use crate::interviews::{beat, booked, offer};
use crate::wish::{Publisher, until};
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::accounts::Grant;
use springbreeze::clock::{Clock, DAY, HOUR, MINUTE};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

impl Call {
    fn recording(&self, rest: &str) -> String {
        format!("/interviews/{}/recording{rest}", self.id)
    }

    async fn send(&self, who: &Person, what: &str, body: Value) -> (u16, Value) {
        let answer = who.web.json(&self.recording(what), body).await;
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn ask(&self) -> Value {
        let (status, told) = self.send(&self.fair.recruiter, "/requests", json!({})).await;
        assert_eq!(status, 200, "{told}");
        told
    }

    async fn answer(&self, who: &Person, answer: &str) -> Value {
        let (status, told) = self.send(who, "/answers", json!({"answer": answer})).await;
        assert_eq!(status, 200, "{told}");
        told
    }

    async fn told(&self, who: &Person) -> Value {
        who.web.get(&self.recording("/state")).send().await.expect("response").json().await.expect("json")
    }

    async fn count(&self, what: &str) -> i64 {
        count(&self.app, what).await
    }

    async fn publish(&self, who: &Person) -> Publisher {
        Publisher::start(&who.web, &format!("/interviews/{}/whip", self.id), None).await
    }

    /// Both are seen, and recorded for so long.
    async fn recorded(&self, length: Duration) -> [Publisher; 2] {
        let publishers = [self.publish(&self.seeker).await, self.publish(&self.fair.recruiter).await];
        self.ask().await;
        assert_eq!(self.answer(&self.seeker, "yes").await["state"], "recording");
        tokio::time::sleep(length).await;
        publishers
    }

    /// The files that the page of a recording plays.
    async fn files(&self, who: &Person) -> Vec<String> {
        files(&who.web.page(&self.recording("")).await)
    }
}

async fn count(app: &TestApp, what: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {what}"));
    let (found,): (i64,) = sqlx::query_as(sql).fetch_one(app.parts.db.read()).await.expect("count");
    found
}

/// Somebody lets the seeker in.
async fn admit(lead: &Web, id: &str) {
    assert_eq!(lead.json(&format!("/interviews/{id}/admissions"), json!({})).await.status(), StatusCode::NO_CONTENT);
}

fn files(page: &str) -> Vec<String> {
    page.split("<video src=\"").skip(1).map(|rest| rest.split('"').next().expect("url").to_owned()).collect()
}

fn blobs(data: &Path) -> usize {
    let count = |dir: std::fs::DirEntry| std::fs::read_dir(dir.path()).map_or(0, Iterator::count);
    std::fs::read_dir(data.join("blobs/recordings")).map_or(0, |found| found.flatten().map(count).sum())
}

#[tokio::test]
async fn it_is_recorded_only_while_everybody_present_agrees_and_each_answer_is_logged() {
    let call = Call::entered().await;
    let (seeker, lead) = (&call.seeker, &call.fair.recruiter);
    assert_eq!(call.send(seeker, "/requests", json!({})).await.0, 403, "the employer asks");
    assert_eq!(call.send(seeker, "/answers", json!({"answer": "yes"})).await.0, 409, "nobody asked");
    for what in ["/requests", "/answers", "/stops", "/withdrawals", "/deletions"] {
        let status = call.send(&call.fair.organiser, what, json!({"answer": "yes"})).await.0;
        assert_eq!(status, 404, "organisers: {what}");
    }
    assert_eq!(call.ask().await["state"], "asked");
    assert_eq!(call.told(seeker).await["awaited"], 1);
    assert_eq!(call.answer(seeker, "no").await["state"], "refused");
    assert_eq!(call.ask().await["state"], "refused", "a no is not asked again");
    assert_eq!((call.count("recording_runs").await, call.told(seeker).await["mine"].clone()), (0, json!("no")));
    assert_eq!(call.send(seeker, "/answers", json!({"answer": "perhaps"})).await.0, 400);

    // The person changes it; then a colleague comes who was not asked.
    assert_eq!(call.answer(seeker, "yes").await["state"], "recording");
    assert_eq!(call.told(lead).await["state"], "recording");
    let colleague = call.app.person("同事", Grant::Recruiter(call.fair.employer.id)).await;
    beat(&colleague, &call.id).await;
    until("it stops for the newcomer", async || call.told(seeker).await["state"] == "asked").await;
    until("and says so", async || call.told(seeker).await["ended"] == "newcomer").await;
    assert_eq!(call.answer(&colleague, "yes").await["state"], "recording");
    assert_eq!(call.count("recording_runs").await, 2);

    // Stopped, it stays stopped although all agree; asked again it goes on.
    assert_eq!(call.send(seeker, "/stops", json!({})).await.0, 403);
    assert_eq!(call.send(lead, "/stops", json!({})).await.1["state"], "off");
    assert_eq!(call.ask().await["state"], "recording");
    assert_eq!(call.send(seeker, "/answers", json!({"answer": "no"})).await.1["state"], "refused", "a no is a withdrawal");
    assert_eq!(call.told(lead).await["ended"], "withdrawn");
    assert_eq!(call.count("recordings WHERE erased_why = 'candidate'").await, 1);
    for (action, times) in [("ask", 3), ("agree", 5), ("refuse", 1), ("withdraw", 1), ("start", 3), ("end", 3), ("stop", 1), ("erase", 1)] {
        assert_eq!(call.count(&format!("audit WHERE action = 'recording.{action}'")).await, times, "{action}");
    }
    let versions = "recording_consents WHERE text_version = 'record-interview/1' AND lang = 'zh-CN'";
    assert_eq!(call.count(versions).await, 3);
    call.app.stop().await;
}

/// What ffprobe says of a file.
fn probe(file: &Path) -> Option<Value> {
    let arguments = ["-v", "error", "-show_streams", "-show_format", "-show_packets", "-show_data_hash", "md5", "-of", "json"];
    let output = Command::new("ffprobe").args(arguments).arg(file).output().ok()?;
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("json"))
}

fn number(value: &Value) -> f64 {
    value.as_str().expect("text").parse().expect("number")
}

/// The packets of a kind: time and hash of what is in them.
fn packets(probed: &Value, kind: &str) -> Vec<(f64, String)> {
    let all = probed["packets"].as_array().expect("packets").iter().filter(|p| p["codec_type"] == kind);
    all.map(|p| (number(&p["pts_time"]), p["data_hash"].as_str().expect("hash").to_owned())).collect()
}

/// By how much what is in the file comes later than in the clip, within a round of the clip: the middle of all packets that are found there.
fn later(packets: &[(f64, String)], clip: &[(f64, String)]) -> f64 {
    let known: HashMap<&str, f64> = clip.iter().map(|(at, hash)| (hash.as_str(), *at)).collect();
    let mut found: Vec<f64> = packets.iter().filter_map(|(at, hash)| Some((at - known.get(hash.as_str())?).rem_euclid(2.0))).collect();
    assert!(found.len() > 30, "{} of {} packets are the clip's", found.len(), packets.len());
    // About the first one, so that nothing is torn apart at the round's end.
    let about = found[0];
    found.iter_mut().for_each(|at| *at = (*at - about + 1.0).rem_euclid(2.0) - 1.0);
    found.sort_by(f64::total_cmp);
    about + found[found.len() / 2]
}

#[tokio::test]
async fn what_is_recorded_is_read_by_others_whole_and_in_parts_and_every_look_is_noted() {
    let call = Call::entered().await;
    let publishers = call.recorded(Duration::from_secs(8)).await;
    assert_eq!(call.send(&call.fair.recruiter, "/stops", json!({})).await.1["ended"], "stopped");
    let page = call.seeker.web.page(&call.recording("")).await;
    assert!(page.contains("谁看过") && page.contains("自动删除"), "{page}");
    let files = files(&page);
    assert_eq!(files.len(), 2, "{page}");
    let clip = probe(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/demo/clip.mkv")));
    let mut shifts = Vec::new();
    for url in &files {
        let response = call.fair.recruiter.web.get(url).send().await.expect("response");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            (&response.headers()["content-type"], &response.headers()["accept-ranges"]),
            (&"video/x-matroska".parse().expect("v"), &"bytes".parse().expect("v"))
        );
        let bytes = response.bytes().await.expect("bytes");
        let part = call.fair.recruiter.web.get(url).header("range", "bytes=100-1099").send().await.expect("response");
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(part.headers()["content-range"].to_str().expect("text"), format!("bytes 100-1099/{}", bytes.len()));
        assert_eq!(part.bytes().await.expect("bytes"), bytes.slice(100..1_100));
        let past = call.fair.recruiter.web.get(url).header("range", format!("bytes={}-", bytes.len())).send().await.expect("response");
        assert_eq!(past.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        let file = call.app.data.path().join("recording.mkv");
        std::fs::write(&file, &bytes).expect("file");
        let (Some(probed), Some(clip)) = (probe(&file), &clip) else {
            eprintln!("skipped: there is no ffprobe");
            continue;
        };
        let streams: Vec<_> =
            probed["streams"].as_array().expect("streams").iter().map(|s| s["codec_name"].as_str().expect("codec")).collect();
        assert_eq!(streams, ["h264", "opus"]);
        assert_eq!((&probed["streams"][0]["width"], &probed["streams"][0]["height"]), (&json!(854), &json!(480)));
        let duration = number(&probed["format"]["duration"]);
        assert!((6.5..9.5).contains(&duration), "{duration}");
        for kind in ["audio", "video"] {
            let found = packets(&probed, kind);
            assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0), "{kind} times grow");
        }
        let [sound, picture] = ["audio", "video"].map(|kind| later(&packets(&probed, kind), &packets(clip, kind)));
        let apart = (sound - picture + 1.0).rem_euclid(2.0) - 1.0;
        assert!(apart.abs() < 0.045, "sound and picture are {apart} s apart");
        shifts.push(sound);
        let decoded = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(&file)
            .args(["-enc_time_base", "-1", "-f", "null", "-"])
            .output()
            .expect("ffmpeg");
        assert!(decoded.status.success() && decoded.stderr.is_empty(), "{}", String::from_utf8_lossy(&decoded.stderr));
    }
    // One look of the candidate; the recruiter's many stretches are one, downloads are one each.
    let download = call.fair.recruiter.web.get(&format!("{}?download=1", files[0])).send().await.expect("response");
    assert!(download.headers()["content-disposition"].to_str().expect("text").starts_with("attachment; filename=\"interview-2027-02-20"));
    let looks = async |who: &Person, kind: &str| {
        call.count(&format!("recording_views WHERE person_id = '{}' AND kind = '{kind}'", who.account.id)).await
    };
    assert_eq!((looks(&call.seeker, "look").await, looks(&call.fair.recruiter, "look").await), (1, 1));
    assert_eq!(looks(&call.fair.recruiter, "download").await, 1);
    assert!(call.seeker.web.page(&call.recording("")).await.contains("招聘官"), "the candidate sees who looked");

    let stranger = call.app.seeker("李雷").await;
    let (_, other, _) = call.app.employer(&call.fair.fair, "另一家").await;
    for foreign in [&stranger, &other, &call.fair.organiser] {
        for path in [call.recording(""), call.recording("/state"), files[0].clone()] {
            assert_eq!(foreign.web.status(&path).await, 404, "{path}");
        }
    }
    for wrong in ["x", "1.2.3.mkv", "9.9.9.webm"] {
        assert_eq!(call.seeker.web.status(&call.recording(&format!("/files/{wrong}"))).await, 404);
    }
    // What lies on the disk is not readable.
    let clear = walk(&call.app.data.path().join("blobs/recordings"))
        .into_iter()
        .any(|file| std::fs::read(file).expect("blob").windows(4).any(|w| w == [0x1a, 0x45, 0xdf, 0xa3]));
    assert!(!clear, "encrypted at rest");
    drop(publishers);
    call.app.stop().await;
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("folder").flatten() {
        if entry.path().is_dir() { found.extend(walk(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

#[tokio::test]
async fn a_recording_goes_after_its_time_or_when_the_candidate_wants_it_and_the_employer_is_told() {
    let call = Call::entered().await;
    let publishers = call.recorded(Duration::from_secs(3)).await;
    call.send(&call.fair.recruiter, "/stops", json!({})).await;
    let files = call.files(&call.seeker).await;
    assert_eq!((files.len(), blobs(call.app.data.path())), (2, 2));
    call.app.clock.advance(30 * DAY - MINUTE);
    assert_eq!(call.app.parts.recordings.erase_due().await.expect("job"), 0);
    assert_eq!(call.files(&call.seeker).await.len(), 2);
    call.app.clock.advance(2 * MINUTE);
    assert_eq!(call.app.parts.recordings.erase_due().await.expect("job"), 1);
    assert_eq!(call.app.parts.recordings.erase_due().await.expect("job"), 0);
    assert_eq!((blobs(call.app.data.path()), call.count("recording_segments").await), (0, 0));
    assert_eq!(call.seeker.web.status(&files[0]).await, 404);
    let page = call.seeker.web.page(&call.recording("")).await;
    assert!(page.contains("id=\"erased\"") && page.contains("谁看过"), "who looked is still there: {page}");
    drop(publishers);
    call.app.stop().await;

    let call = Call::entered().await;
    let publishers = call.recorded(Duration::from_secs(3)).await;
    call.send(&call.fair.recruiter, "/stops", json!({})).await;
    assert_eq!(call.send(&call.fair.recruiter, "/deletions", json!({})).await.0, 403, "the candidate deletes");
    let deleted = call.seeker.web.form(&call.recording("/deletions"), &[]).await;
    assert_eq!(deleted.status(), StatusCode::SEE_OTHER);
    assert_eq!((blobs(call.app.data.path()), call.count("recording_segments").await), (0, 0));
    assert_eq!(call.count("recording_consents WHERE withdrawn_at IS NOT NULL").await, 1);
    let told = format!("outbox WHERE account_id = '{}'", call.fair.recruiter.account.id);
    let rows: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT sealed FROM {told}")))
        .fetch_all(call.app.parts.db.read())
        .await
        .expect("outbox");
    assert!(rows.iter().any(|row| call.app.parts.keys.decrypt(&row.0).expect("key").contains("面试录像已删除")));
    drop(publishers);
    call.app.stop().await;
}

#[tokio::test]
async fn a_disk_that_fails_ends_the_recording_and_never_the_call() {
    let call = Call::entered().await;
    let folder = call.app.data.path().join("blobs/recordings");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::write(&folder, "no folder").expect("file");
    let publishers = call.recorded(Duration::from_secs(2)).await;
    call.send(&call.fair.recruiter, "/stops", json!({})).await;
    assert_eq!(call.count("recording_segments").await, 0);
    assert_eq!(call.count("recording_runs WHERE reason IN ('disk', 'stopped') AND ended_at IS NOT NULL").await, 1);
    for publisher in &publishers {
        let who = if publisher.session == publishers[0].session { &call.seeker } else { &call.fair.recruiter };
        assert_eq!(who.web.status(&publisher.session).await, 204, "the call goes on");
    }
    drop(publishers);
    call.app.stop().await;
}

#[tokio::test]
async fn a_server_that_dies_loses_the_running_half_minute_at_most() {
    let now = Clock::system().now();
    let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(now)).await;
    let fair = app.fair().await;
    let slots = offer(&fair, &fair.recruiter).await;
    let seeker = app.seeker("王芳").await;
    let id = booked(&seeker, &slots[0]).await;
    for (sql, at) in [
        ("UPDATE interview_slots SET starts_at = $1 WHERE id IN (SELECT slot_id FROM interviews)", now),
        ("UPDATE interviews SET starts_at = $1", now),
        ("UPDATE interviews SET ends_at = $1", now + HOUR),
    ] {
        sqlx::query(sql).bind(at).execute(app.parts.db.write()).await.expect("moved to now");
    }
    let config = app.app.config.clone();
    let data = app.stop().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("port").port();
    let mut program = serve(&config, port);
    let origin = format!("http://127.0.0.1:{port}");
    ready(&origin).await;
    let there = |person: &Person| Web { client: person.web.client.clone(), origin: origin.clone() };
    let (seen, lead) = (there(&seeker), there(&fair.recruiter));
    let whip = format!("/interviews/{id}/whip");
    seen.json(&format!("/interviews/{id}/presence"), json!({"mic": true})).await;
    admit(&lead, &id).await;
    let publishers = [Publisher::start(&seen, &whip, None).await, Publisher::start(&lead, &whip, None).await];
    let recording = format!("/interviews/{id}/recording");
    let presence = async || {
        for web in [&seen, &lead] {
            web.json(&format!("/interviews/{id}/presence"), json!({"mic": true})).await;
        }
    };
    presence().await;
    assert_eq!(lead.json(&format!("{recording}/requests"), json!({})).await.status(), StatusCode::OK);
    let told: Value = seen.json(&format!("{recording}/answers"), json!({"answer": "yes"})).await.json().await.expect("json");
    assert_eq!(told["state"], "recording");
    let begun = Instant::now();
    while files(&seen.page(&recording).await).len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(90), "no piece is stored");
        presence().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    program.kill().and_then(|()| program.wait()).expect("killed");
    drop(publishers);

    let app = TestApp::start_in(data, Clock::manual(Clock::system().now() + HOUR)).await;
    let seen = Web { client: seeker.web.client.clone(), origin: format!("http://{}", app.app.addr) };
    let page = seen.page(&recording).await;
    let found = files(&page);
    assert_eq!(found.len(), 2, "{page}");
    let bytes = seen.get(&found[0]).send().await.expect("response").bytes().await.expect("bytes");
    let file = app.data.path().join("recording.mkv");
    std::fs::write(&file, &bytes).expect("file");
    if let Some(probed) = probe(&file) {
        let duration = number(&probed["format"]["duration"]);
        assert!((28.0..42.0).contains(&duration), "{duration}");
    }
    until("the run is closed", async || count(&app, "recording_runs WHERE reason = 'lost' AND ended_at IS NOT NULL").await == 1).await;
    app.stop().await;
}
