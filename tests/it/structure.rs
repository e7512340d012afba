//! Who may import whom, asserted over the source: the rules of `docs/ARCHITECTURE.md`.

use std::collections::BTreeMap;
use std::path::Path;

/// For each part the parts it may name. What is not listed may be named by nobody but `app`, `demo`, `cli` and `main`.
const RULES: &[(&str, &[&str])] = &[
    ("ids", &[]),
    ("clock", &[]),
    ("i18n", &[]),
    ("config", &[]),
    ("keys", &["config"]),
    ("logging", &["config"]),
    ("db", &["config", "ids"]),
    ("web", &["config", "ids", "i18n", "clock"]),
    ("media", &["ids", "clock"]),
    ("metrics", &["config", "web"]),
    ("admission", &["config", "clock", "keys", "web", "i18n"]),
    ("blobs", &["clock", "config", "ids", "web"]),
    ("notify", &["config", "ids", "clock", "db", "keys", "web"]),
    ("accounts", &["web", "db", "ids", "clock", "keys", "i18n", "notify"]),
    ("fairs", &["accounts", "web", "db", "ids", "clock", "i18n"]),
    ("pictures", &[]),
    ("documents", &[]),
    ("pdf", &["web"]),
    ("wording", &["accounts", "ids"]),
    ("employers", &["fairs", "accounts", "web", "db", "ids", "clock", "i18n", "keys", "notify", "blobs", "pictures", "documents"]),
    ("rooms", &["fairs", "accounts", "web", "db", "ids", "clock", "i18n"]),
    (
        "postings",
        &["employers", "rooms", "fairs", "accounts", "notify", "wording", "web", "db", "ids", "clock", "i18n", "keys", "blobs", "pictures"],
    ),
    ("live", &["rooms", "fairs", "accounts", "media", "web", "db", "ids", "clock", "i18n", "keys"]),
];

/// Capabilities on top: each may name all below and its peers' `mod.rs`.
const TOP: &[&str] = &[
    "chat",
    "stage",
    "interviews",
    "schedule",
    "judging",
    "telling",
    "recordings",
    "applications",
    "moderation",
    "console",
    "lobby",
    "network",
    "queue",
    "questions",
    "polls",
    "notices",
    "announcements",
    "privacy",
    "searches",
    "imports",
    "stations",
    "syndication",
    "webhooks",
];
const BELOW_TOP: &[&str] = &[
    "live",
    "rooms",
    "postings",
    "employers",
    "fairs",
    "accounts",
    "media",
    "wording",
    "pictures",
    "documents",
    "pdf",
    "web",
    "db",
    "ids",
    "clock",
    "i18n",
    "keys",
    "notify",
    "blobs",
];

fn sources(dir: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("src").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The parts that a source text names by `crate::part`, also inside `use crate::{a, b::c}`.
fn named(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + 7..];
        if let Some(list) = rest.strip_prefix('{') {
            let (mut depth, mut word) = (0, String::new());
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => found.push(std::mem::take(&mut word)),
                    c if depth == 0 => word.push(c),
                    _ => {}
                }
            }
            found.push(word);
        } else {
            found.push(rest.to_owned());
        }
    }
    let head = |s: &String| s.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    found.iter().map(head).filter(|s| !s.is_empty()).collect()
}

#[test]
fn parts_import_only_downwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rules: BTreeMap<&str, &[&str]> = RULES.iter().copied().collect();
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    sources(&root, &mut files);
    assert!(files.len() > 20, "the source was found");
    for file in files {
        let inside = file.strip_prefix(&root).expect("inside").to_string_lossy().replace('\\', "/");
        let part = inside.split(['/', '.']).next().expect("part").to_owned();
        let text = std::fs::read_to_string(&file).expect("text");
        for other in named(&text) {
            let known = rules.contains_key(other.as_str()) || TOP.contains(&other.as_str());
            let allowed = match part.as_str() {
                "main" | "lib" | "app" | "demo" | "cli" => true,
                top if TOP.contains(&top) => other == top || TOP.contains(&other.as_str()) || BELOW_TOP.contains(&other.as_str()),
                part => other == part || rules.get(part).is_some_and(|may| may.contains(&other.as_str())),
            };
            if known && !allowed {
                wrong.push(format!("{inside} names {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nobody_reaches_into_anothers_store_or_pages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    sources(&root, &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        for line in text.lines() {
            let reaches = ["store", "routes", "pages"].iter().any(|m| {
                line.contains("crate::")
                    && line
                        .split("crate::")
                        .skip(1)
                        .any(|rest| rest.split(['{', ';', '(']).next().is_some_and(|p| p.split("::").nth(1) == Some(m)))
            });
            let own = file.parent().and_then(Path::file_name).map(|n| format!("crate::{}::", n.to_string_lossy()));
            if reaches && !own.is_some_and(|own| line.contains(&own)) && !file.ends_with("app.rs") {
                wrong.push(format!("{}: {line}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_setting_is_in_the_readmes_table() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README");
    for (flag, env, _) in springbreeze::config::TABLE {
        assert!(readme.contains(&format!("`--{flag}`")), "README lacks --{flag}");
        assert!(readme.contains(env), "README lacks {env}");
    }
}
