//! Operations that wait until somebody lets them through, before anybody is chosen for them.

use serde::{Deserialize, Serialize};

use super::{Ground, Operations};
use crate::session::{Failure, Outcome};
use crate::slab::{Operation, PART, Stage};

/// An operation that is held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// Its number.
    pub serial: u64,
    /// Its place among those on their way.
    place: u32,
    /// What it asks for.
    pub capability: String,
}

impl Operations {
    /// From now on operations that ask for these capabilities are held back until [`Operations::go_on`]. To be said again after a
    /// checkpoint was loaded; who says so [takes](Operations::take_held_back) them in every tick.
    pub fn gate<'a>(&mut self, capabilities: impl Iterator<Item = &'a str> + Clone) {
        if !capabilities.clone().eq(self.gated.iter().map(String::as_str)) {
            self.gated = capabilities.map(str::to_owned).collect();
        }
    }

    /// What was held back since the last call, in the order in which it was asked for.
    pub fn take_held_back(&mut self) -> Vec<HeldBack> {
        std::mem::take(&mut self.held)
    }

    /// Lets an operation through that was held back, or rejects it. Nothing happens if it has ended meanwhile.
    pub fn go_on(&mut self, ground: &Ground, held: &HeldBack, passes: bool) {
        let known = self.state.slab.get(held.place).filter(|operation| operation.serial == held.serial);
        if known.is_none_or(|operation| operation.stage() != Stage::Backoff) {
            return;
        }
        if passes {
            self.dispatch(ground, held.place);
        } else {
            self.finish(ground, held.place, Outcome::Rejected, Failure::NotAgreed);
        }
    }

    /// Whether a new operation is held back; then it is noted.
    pub(super) fn is_held_back(&mut self, place: u32, operation: &Operation) -> bool {
        if self.gated.is_empty() || operation.is(PART) {
            return false;
        }
        let capability = &self.state.classes[usize::from(operation.class)].capability;
        let is_gated = self.gated.contains(capability);
        if is_gated {
            self.held.push(HeldBack { serial: operation.serial, place, capability: capability.clone() });
        }
        is_gated
    }
}
