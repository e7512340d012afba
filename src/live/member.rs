//! Somebody who is connected to a room, and what that means for it.

use super::room::Outlet;
use crate::ids::AccountId;
use std::sync::Arc;

/// Somebody who connects.
#[derive(Clone)]
pub struct Member {
    pub account: Option<AccountId>,
    /// Staff of the room: a host or an organiser.
    pub staff: bool,
    /// Sees what the hosts' desk shows: staff and co-hosts.
    pub desk: bool,
    /// Looks on without being counted.
    pub shadow: bool,
    /// Wants to hear of the line alone.
    pub quiet: bool,
    pub outlet: Arc<dyn Outlet>,
}

impl Member {
    /// Staff who is there for visitors: also who talks with somebody of the line, but not who only looks on.
    pub(super) fn attends(&self) -> bool {
        self.staff && (self.quiet || !self.shadow)
    }
}
