//! Fails the build when a text is missing: every Fluent key must exist in both languages with the same
//! arguments, and every key that code, a template or a script names must exist.

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

type Keys = BTreeMap<String, BTreeSet<String>>;

fn main() {
    for dir in ["locales", "templates", "static", "src/db/migrations", "src"] {
        println!("cargo::rerun-if-changed={dir}");
    }
    let (zh, en) = (load("locales/zh-CN"), load("locales/en"));
    let mut wrong = Vec::new();
    for (here, there, name) in [(&zh, &en, "en"), (&en, &zh, "zh-CN")] {
        for (key, args) in here {
            match there.get(key) {
                None => wrong.push(format!("text `{key}` is missing in {name}")),
                Some(other) if other != args && name == "en" => {
                    wrong.push(format!("text `{key}` takes {args:?} in zh-CN and {other:?} in en"));
                }
                Some(_) => {}
            }
        }
    }
    for path in files("templates").into_iter().chain(files("src")).chain(files("static/js")) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for key in used(&text) {
            if !zh.contains_key(&key) {
                wrong.push(format!("{} uses the text `{key}`, which does not exist", path.display()));
            }
        }
    }
    for line in &wrong {
        println!("cargo::error={line}");
    }
}

fn files(dir: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(dir)];
    while let Some(dir) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| ["rs", "html", "js", "ftl", "txt"].iter().any(|x| e == *x)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn load(dir: &str) -> Keys {
    let mut keys = Keys::new();
    for path in files(dir) {
        add(&path, &mut keys);
    }
    keys
}

fn add(path: &Path, keys: &mut Keys) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let resource = match fluent_syntax::parser::parse(text) {
        Ok(resource) => resource,
        Err((resource, errors)) => {
            println!("cargo::error={}: {errors:?}", path.display());
            resource
        }
    };
    for entry in resource.body {
        if let Entry::Message(message) = entry {
            let mut args = BTreeSet::new();
            if let Some(pattern) = &message.value {
                arguments(pattern, &mut args);
            }
            if keys.insert(message.id.name.clone(), args).is_some() {
                println!("cargo::error={}: text `{}` stands twice", path.display(), message.id.name);
            }
        }
    }
}

fn arguments(pattern: &Pattern<String>, args: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        match expression {
            Expression::Inline(inline) => variable(inline, args),
            Expression::Select { selector, variants } => {
                variable(selector, args);
                for variant in variants {
                    arguments(&variant.value, args);
                }
            }
        }
    }
}

fn variable(inline: &InlineExpression<String>, args: &mut BTreeSet<String>) {
    if let InlineExpression::VariableReference { id } = inline {
        args.insert(id.name.clone());
    }
}

/// Keys named in calls `t("key"`, `t1("key"`, `t2("key"`, `t3("key"` and by `key = "..."` of errors: `Text("key"`.
fn used(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in ["t(\"", "t1(\"", "t2(\"", "t3(\"", "Text(\""] {
        for (at, _) in text.match_indices(call) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &text[at + call.len()..];
            let Some(end) = rest.find('"') else { continue };
            let key = &rest[..end];
            if key.contains('-') && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') && !key.ends_with('-') {
                found.push(key.to_owned());
            }
        }
    }
    found
}
