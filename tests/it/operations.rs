//! Running it: health, figures, backup and restore, a clean stop, limits on what is half-open or too large.

use crate::harness::{NOON, TestApp};
use springbreeze::cli::backup::{backup, restore};
use springbreeze::clock::Clock;
use springbreeze::config::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn health_readiness_and_figures_answer() {
    let app = TestApp::start().await;
    let web = app.stranger();
    assert_eq!(web.page("/healthz").await, "ok\n");
    assert_eq!(web.page("/readyz").await, "ready\n");
    web.page("/").await;
    let figures = web.page("/metrics").await;
    for name in ["springbreeze_http_requests_total", "route=\"/\"", "springbreeze_live_rooms", "springbreeze_http_request_seconds_bucket"] {
        assert!(figures.contains(name), "{name} in {figures}");
    }
    assert_eq!(figures.matches("# EOF").count(), 1);
    let proxied = web.get("/metrics").header("x-forwarded-for", "203.0.113.9").send().await.expect("response");
    assert_eq!(proxied.status(), 404, "figures are not for strangers behind the proxy");
    app.stop().await;
}

#[tokio::test]
async fn pages_carry_a_strict_policy_and_a_request_id() {
    let app = TestApp::start().await;
    let response = app.stranger().get("/").send().await.expect("response");
    let policy = response.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(response.headers().contains_key("x-request-id"));
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    app.stop().await;
}

#[tokio::test]
async fn a_backup_of_a_running_server_restores_into_an_empty_folder() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let archive = app.data.path().join("backup.tar");
    if !app.app.config.database.is_empty() {
        let refusal = backup(&app.app.config, &archive).await.expect_err("PostgreSQL has its own tool");
        assert!(refusal.to_string().contains("pg_dump"));
        app.stop().await;
        return;
    }
    backup(&app.app.config, &archive).await.expect("backup");
    assert!(backup(&app.app.config, &archive).await.is_err(), "an existing file is never overwritten");
    let fresh = tempfile::tempdir().expect("folder");
    let config = Config::for_tests(fresh.path());
    restore(&config, &archive).await.expect("restore");
    assert!(restore(&config, &archive).await.is_err(), "a folder in use is never overwritten");
    let contacts = fair.organiser.account.id;
    let second = TestApp::start_in(fresh, Clock::manual(NOON)).await;
    assert_eq!(second.parts.accounts.contacts(contacts).await.expect("contacts").len(), 1, "the key came along");
    second.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn requests_that_are_too_large_or_broken_are_refused() {
    let app = TestApp::start().await;
    let web = app.stranger();
    let large = web.form("/signin", &[("contact", &"x".repeat(300_000))]).await;
    assert_eq!(large.status(), 413);
    let wrong = web.post("/signin").header("content-type", "text/plain").body("x").send().await.expect("response");
    assert_eq!(wrong.status(), 415);
    for bytes in [&b"GET / HTTP/1.1\r\nHost: x\r\nX: "[..], b"\x16\x03\x01\x02\x00\x01", b"GET /\xff\xfe HTTP/1.1\r\n\r\n"] {
        let mut raw = TcpStream::connect(app.app.addr).await.expect("connect");
        raw.write_all(bytes).await.expect("write");
        raw.write_all(&[b'a'; 40_000]).await.ok();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), raw.read_to_end(&mut answer)).await;
        let head = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || head.starts_with("HTTP/1.1 4"), "{head}");
    }
    assert_eq!(web.status("/").await, 200);
    app.stop().await;
}

#[tokio::test]
async fn preferences_stay_on_this_site_and_change_the_language() {
    let app = TestApp::start().await;
    let web = app.stranger();
    assert!(web.page("/").await.contains("lang=\"zh-CN\""));
    let set = web.form("/preferences", &[("lang", "en"), ("theme", "<script>"), ("back", "//evil.example")]).await;
    assert_eq!(set.headers()["location"], "/");
    assert!(web.page("/").await.contains("<html lang=\"en\" data-theme=\"auto\""));
    app.stop().await;
}

/// A certificate for `localhost` in files, and its PEM text to trust.
pub(super) fn certificate(folder: &std::path::Path) -> String {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("certificate");
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).expect("write");
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("write");
    made.cert.pem()
}

#[tokio::test]
async fn tls_is_built_in_and_marks_cookies_secure() {
    let data = tempfile::tempdir().expect("folder");
    let pem = certificate(data.path());
    let mut config = Config::for_tests(data.path());
    (config.tls_cert, config.tls_key) = (data.path().join("cert.pem"), data.path().join("key.pem"));
    if let Ok(server) = std::env::var("SPRINGBREEZE_TEST_POSTGRES") {
        config.database = crate::harness::database_on(&server, data.path()).await;
    }
    let app = TestApp::start_with(config, data, Clock::manual(NOON)).await;
    assert!(app.app.origin.starts_with("https://localhost:"), "{}", app.app.origin);
    let trusted = reqwest::Certificate::from_pem(pem.as_bytes()).expect("pem");
    let client = reqwest::Client::builder()
        .tls_certs_only([trusted])
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("client");
    let page = client.get(format!("{}/healthz", app.app.origin)).send().await.expect("over TLS");
    assert_eq!(page.status(), 200);
    let guest = client.post(format!("{}/guest", app.app.origin)).form(&[("name", "小王")]).send().await.expect("guest");
    let cookie = guest.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("Secure") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    // A browser that speaks plain HTTP to the TLS port is simply cut off.
    let mut raw = TcpStream::connect(app.app.addr).await.expect("connect");
    raw.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("write");
    let mut answer = Vec::new();
    let _ = raw.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    app.stop().await;
}

/// The program itself, on a folder and free ports.
fn program(data: &std::path::Path, more: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_springbreeze"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--media-udp", "0", "--public-ip", "127.0.0.1", "--data"]).arg(data).args(more);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    command
}

#[test]
fn the_program_prints_the_set_up_link_once_and_ends_cleanly_on_sigterm() {
    use std::io::{BufRead, BufReader};
    let data = tempfile::tempdir().expect("folder");
    let mut running = program(data.path(), &["--log-format", "json"]).spawn().expect("starts");
    let lines = BufReader::new(running.stdout.take().expect("stdout")).lines();
    let link = lines.map_while(Result::ok).find(|line| line.contains("/setup/")).expect("a link");
    assert!(link.trim().starts_with("http://localhost:"), "{link}");
    let ended = std::process::Command::new("kill").args(["-TERM", &running.id().to_string()]).status().expect("kill");
    assert!(ended.success());
    assert!(running.wait().expect("ends").success(), "SIGTERM is a normal end");
    let mut log = String::new();
    std::io::Read::read_to_string(&mut running.stderr.take().expect("stderr"), &mut log).expect("log");
    assert!(log.lines().all(|line| line.starts_with('{')), "every line is JSON: {log}");
}

#[test]
fn unknown_settings_are_refused_by_name() {
    let data = tempfile::tempdir().expect("folder");
    let file = data.path().join("wrong.toml");
    std::fs::write(&file, "lisen = '127.0.0.1:0'\n").expect("write");
    let refused = program(data.path(), &["--config", file.to_str().expect("path")]).output().expect("runs");
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("lisen"), "{said}");
}
