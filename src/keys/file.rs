//! The file of master keys: one a line as 64 hex digits, the newest first.

use crate::config::Config;
use anyhow::Context;
use rand::RngCore;
use std::io::Write;
use std::path::{Path, PathBuf};

fn path(config: &Config) -> PathBuf {
    if config.key_file.as_os_str().is_empty() { config.data.join("master.key") } else { config.key_file.clone() }
}

/// The keys, or a first one that is made.
pub(super) fn read(config: &Config) -> anyhow::Result<Vec<[u8; 32]>> {
    let path = path(config);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let made = fresh();
            write_new(&path, &made).with_context(|| format!("cannot make {}", path.display()))?;
            made
        }
        Err(e) => return Err(e).with_context(|| format!("cannot read {}", path.display())),
    };
    parse(&text).with_context(|| format!("{} must hold 64 hex digits a line", path.display()))
}

fn parse(text: &str) -> Option<Vec<[u8; 32]>> {
    let keys: Vec<[u8; 32]> = text.split_whitespace().map(unhex).collect::<Option<_>>()?;
    Some(keys).filter(|keys| !keys.is_empty())
}

/// Puts a new key before those that there are. Servers take it up when they start.
pub fn add(config: &Config) -> anyhow::Result<()> {
    let path = path(config);
    let old = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&old).with_context(|| format!("{} must hold 64 hex digits a line", path.display()))?;
    replace(&path, &format!("{}\n{}\n", fresh(), old.trim()))
}

/// Leaves the newest key alone; how many went.
pub fn drop_old(config: &Config) -> anyhow::Result<usize> {
    let path = path(config);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut keys = text.split_whitespace();
    let newest = keys.next().context("there is no key")?;
    replace(&path, &format!("{newest}\n"))?;
    Ok(keys.count())
}

fn fresh() -> String {
    let mut master = [0; 32];
    rand::rng().fill_bytes(&mut master);
    master.iter().map(|b| format!("{b:02x}")).collect()
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Whoever reads meanwhile, or after a crash, finds all of the old file or all of the new one.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let next = path.with_extension("next");
    let _ = std::fs::remove_file(&next);
    write_new(&next, text).with_context(|| format!("cannot make {}", next.display()))?;
    std::fs::rename(&next, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let bytes: Vec<u8> = (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect::<Option<_>>()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keys;

    #[test]
    fn a_key_is_added_in_front_and_the_old_ones_go() {
        let folder = tempfile::tempdir().expect("folder");
        let config = Config::for_tests(folder.path());
        let first = Keys::load(&config).expect("made");
        let stored = first.encrypt("x");
        add(&config).expect("added");
        let both = Keys::load(&config).expect("two");
        assert!(both.has_older() && both.newest_id() != first.newest_id());
        assert_eq!(both.decrypt(&stored).as_deref(), Some("x"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join("master.key")).expect("file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(drop_old(&config).expect("dropped"), 1);
        let new = Keys::load(&config).expect("one");
        assert_eq!((new.has_older(), new.newest_id(), new.decrypt(&stored)), (false, both.newest_id(), None));
    }

    #[test]
    fn a_file_with_anything_else_is_no_key_file() {
        for bad in ["", "x", "00", &"0".repeat(63), &format!("{} x", "0".repeat(64))] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert_eq!(parse(&format!("{}\n{}\n", "0".repeat(64), "f".repeat(64))), Some(vec![[0; 32], [255; 32]]));
    }
}
