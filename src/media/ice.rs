//! ICE-lite: which path a connection uses, and whether its peer still agrees to be sent to.
//!
//! Decisions only, all taking `now`. Invariants: a path is used only after an authenticated check came over it; it changes only with a
//! nomination, or when checks come over another and no longer over it; consent ends 30 s after the last authenticated check (RFC 7675). We never send checks, so candidates of the peer do not matter.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rand::Rng as _;

/// RFC 7675, section 5.1.
pub(super) const CONSENT: Duration = Duration::from_secs(30);
/// How long an answered offer waits for its first check; browsers start within a second.
pub(super) const FIRST_CHECK: Duration = Duration::from_secs(15);
/// A path without checks for so long, while they come over another, is gone: a translator has forgotten it, or the peer has a new address and
/// does not say so. RFC 7675 wants a check every 4 to 6 s of the path in use.
const STALE: Duration = Duration::from_secs(7);
/// Paths remembered per connection, so that a peer with many addresses cannot fill the table.
const MAX_PATHS: usize = 4;

/// Identifies one TCP connection of the plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TcpId(pub(super) u64);

/// Where datagrams come from and go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Path {
    /// `local` is the address of ours that was spoken to; the answer must come from it.
    Udp {
        remote: SocketAddr,
        local: Option<IpAddr>,
    },
    Tcp {
        id: TcpId,
        remote: SocketAddr,
    },
}

impl Path {
    pub(super) fn remote(self) -> SocketAddr {
        match self {
            Self::Udp { remote, .. } | Self::Tcp { remote, .. } => remote,
        }
    }
}

/// One side's name and password for checks (RFC 8445, section 5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) ufrag: String,
    pub(super) password: String,
}

impl Credentials {
    /// 15 and 32 letters and digits: 89 and 190 bits, far beyond guessing. Before the fragment stands the `name` of the worker it belongs to.
    pub(super) fn random(name: char) -> Self {
        let mut rng = rand::rng();
        let mut word = |length: usize| (0..length).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect::<String>();
        Self { ufrag: format!("{name}{}", word(15)), password: word(32) }
    }
}

/// The ICE side of one connection.
#[derive(Debug)]
pub(super) struct Ice {
    pub(super) local: Credentials,
    /// Credentials from before a restart: valid until the first check with the new ones.
    pub(super) previous: Option<Credentials>,
    pub(super) remote_ufrag: String,
    created: Instant,
    last_check: Option<Instant>,
    selected: Option<Path>,
    /// The last check over the selected path.
    selected_check: Option<Instant>,
    paths: Vec<Path>,
}

/// What an authenticated check changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Checked {
    /// The first check of all.
    pub(super) first: bool,
    /// A path that was not known before.
    pub(super) added: bool,
    /// A path that was forgotten to make room.
    pub(super) forgotten: Option<Path>,
    /// Credentials that are no longer valid.
    pub(super) retired: Option<String>,
}

/// What a trickled fragment asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Candidates for the session as it is.
    Nothing,
    /// New credentials of the peer: its user fragment.
    Restart(String),
    /// The restart that was answered last, whose answer may have been lost.
    Again,
    /// A restart without credentials.
    Unnamed,
}

impl Ice {
    pub(super) fn new(now: Instant, local: Credentials, remote_ufrag: String) -> Self {
        Self {
            local,
            previous: None,
            remote_ufrag,
            created: now,
            last_check: None,
            selected: None,
            selected_check: None,
            paths: Vec::new(),
        }
    }

    /// The password that goes with one of our ufrags.
    pub(super) fn password(&self, ufrag: &str) -> Option<&str> {
        if self.local.ufrag == ufrag {
            return Some(&self.local.password);
        }
        self.previous.as_ref().filter(|previous| previous.ufrag == ufrag).map(|previous| previous.password.as_str())
    }

    /// Whether a peer may know this session by a ufrag: by that of before a restart as long as it has shown no sign of the new one, as the
    /// answer that named it may be lost.
    pub(super) fn is_named(&self, ufrag: &str) -> bool {
        self.password(ufrag).is_some()
    }

    /// Notes an authenticated check. The first path is taken at once, so that DTLS can be answered; later only a nominated one, or one that
    /// takes the place of a path over which no checks come any more.
    pub(super) fn checked(&mut self, now: Instant, path: Path, nominated: bool, ufrag: &str) -> Checked {
        let mut checked = Checked { first: self.last_check.is_none(), ..Checked::default() };
        self.last_check = Some(now);
        if ufrag == self.local.ufrag {
            checked.retired = self.previous.take().map(|previous| previous.ufrag);
        }
        if !self.paths.contains(&path) {
            checked.added = true;
            if self.paths.len() == MAX_PATHS {
                let oldest = self.paths.iter().position(|path| Some(*path) != self.selected).unwrap_or(0);
                checked.forgotten = Some(self.paths.remove(oldest));
            }
            self.paths.push(path);
        }
        let stale = self.selected_check.is_none_or(|last| now.saturating_duration_since(last) >= STALE);
        if nominated || stale {
            self.selected = Some(path);
        }
        if self.selected == Some(path) {
            self.selected_check = Some(now);
        }
        checked
    }

    /// Forgets a TCP connection that ended. The next check selects another path.
    pub(super) fn lost(&mut self, path: Path) {
        self.paths.retain(|known| *known != path);
        if self.selected == Some(path) {
            self.selected = self.paths.last().copied();
            self.selected_check = None;
        }
    }

    pub(super) fn selected(&self) -> Option<Path> {
        self.selected
    }

    pub(super) fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// What a fragment with the peer's `ufrag` asks for. `any`: of whichever ICE session, as restarts are sent (`If-Match: *`). Not every
    /// request like that is one: a restart for a peer that did not change its credentials would cost it those it goes on to use.
    pub(super) fn asked(&self, ufrag: Option<&str>, any: bool) -> Asked {
        match ufrag {
            None if any => Asked::Unnamed,
            None => Asked::Nothing,
            Some(ufrag) if ufrag != self.remote_ufrag => Asked::Restart(ufrag.to_owned()),
            Some(_) if any && self.previous.is_some() => Asked::Again,
            Some(_) => Asked::Nothing,
        }
    }

    /// New credentials; the old ones stay valid until the new ones are used.
    pub(super) fn restart(&mut self, name: char, remote_ufrag: String) -> Option<Credentials> {
        self.remote_ufrag = remote_ufrag;
        self.previous.replace(std::mem::replace(&mut self.local, Credentials::random(name)))
    }

    pub(super) fn expired(&self, now: Instant) -> bool {
        match self.last_check {
            None => now.saturating_duration_since(self.created) >= FIRST_CHECK,
            Some(last) => now.saturating_duration_since(last) >= CONSENT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udp(port: u16) -> Path {
        Path::Udp { remote: ([192, 0, 2, 1], port).into(), local: None }
    }

    fn ice(now: Instant) -> Ice {
        Ice::new(now, Credentials::random('A'), "them".to_owned())
    }

    #[test]
    fn the_first_check_selects_a_path_and_only_a_nomination_moves_it() {
        let now = Instant::now();
        let mut ice = ice(now);
        let ufrag = ice.local.ufrag.clone();
        assert!(ice.checked(now, udp(1), false, &ufrag).first);
        assert!(ice.checked(now, udp(2), false, &ufrag).added);
        assert_eq!(ice.selected(), Some(udp(1)));
        ice.checked(now, udp(2), true, &ufrag);
        assert_eq!(ice.selected(), Some(udp(2)));
    }

    #[test]
    fn a_path_over_which_checks_come_takes_the_place_of_one_over_which_none_come() {
        let begun = Instant::now();
        let mut ice = ice(begun);
        let ufrag = ice.local.ufrag.clone();
        ice.checked(begun, udp(1), true, &ufrag);
        for second in 1..20 {
            let now = begun + Duration::from_secs(second);
            // A browser goes on to check its spare paths, and the one in use every now and then.
            ice.checked(now, udp(2), false, &ufrag);
            assert_eq!(ice.selected(), Some(udp(1)));
            if second % 6 == 0 {
                ice.checked(now, udp(1), false, &ufrag);
            }
        }
        ice.checked(begun + Duration::from_secs(25), udp(3), false, &ufrag);
        assert_eq!(ice.selected(), Some(udp(3)));
    }

    #[test]
    fn a_peer_with_many_addresses_keeps_four_and_the_selected_one() {
        let now = Instant::now();
        let mut ice = ice(now);
        let ufrag = ice.local.ufrag.clone();
        ice.checked(now, udp(1), true, &ufrag);
        for port in 2..=50 {
            ice.checked(now, udp(port), false, &ufrag);
        }
        assert_eq!(ice.paths().len(), MAX_PATHS);
        assert!(ice.paths().contains(&udp(1)));
    }

    #[test]
    fn it_expires_without_a_first_check_and_without_consent() {
        let now = Instant::now();
        let mut ice = ice(now);
        let ufrag = ice.local.ufrag.clone();
        assert!(!ice.expired(now + FIRST_CHECK - Duration::from_millis(1)));
        assert!(ice.expired(now + FIRST_CHECK));
        ice.checked(now + FIRST_CHECK, udp(1), true, &ufrag);
        assert!(!ice.expired(now + FIRST_CHECK + CONSENT - Duration::from_millis(1)));
        assert!(ice.expired(now + FIRST_CHECK + CONSENT));
    }

    #[test]
    fn only_new_credentials_restart_and_a_repeated_request_gets_the_same_answer() {
        let now = Instant::now();
        let mut ice = ice(now);
        assert_eq!(ice.asked(None, false), Asked::Nothing);
        assert_eq!(ice.asked(None, true), Asked::Unnamed);
        assert_eq!(ice.asked(Some("them"), false), Asked::Nothing);
        assert_eq!(ice.asked(Some("them"), true), Asked::Nothing, "candidates, sent with the wrong condition");
        assert_eq!(ice.asked(Some("again"), false), Asked::Restart("again".to_owned()));
        ice.restart('A', "again".to_owned());
        assert_eq!(ice.asked(Some("again"), true), Asked::Again);
        assert_eq!(ice.asked(Some("again"), false), Asked::Nothing);
        let ufrag = ice.local.ufrag.clone();
        ice.checked(now, udp(1), true, &ufrag);
        assert_eq!(ice.asked(Some("again"), true), Asked::Nothing, "the answer has arrived");
    }

    #[test]
    fn a_restart_keeps_the_old_password_until_the_new_one_is_used() {
        let now = Instant::now();
        let mut ice = ice(now);
        let old = ice.local.clone();
        ice.restart('A', "again".to_owned());
        assert_eq!(ice.password(&old.ufrag), Some(old.password.as_str()));
        let new = ice.local.ufrag.clone();
        assert!(ice.is_named(&old.ufrag) && ice.is_named(&new));
        assert_eq!(ice.checked(now, udp(1), true, &new).retired, Some(old.ufrag.clone()));
        assert_eq!(ice.password(&old.ufrag), None);
        assert!(ice.is_named(&new) && !ice.is_named(&old.ufrag));
    }
}
