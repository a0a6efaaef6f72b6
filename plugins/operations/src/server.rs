//! What operations know of each agent that can work.

use bytemuck::{Pod, Zeroable};

use crate::slab::NONE;
use crate::strategy::View;

/// It can work on operations: it has or had a capability.
pub const PRESENT: u32 = 1;
/// It has failed.
pub const FAILED: u32 = 2;
/// It stands still; nobody knows, so that it is given work.
pub const FROZEN: u32 = 4;
/// It was taken out of the routing.
pub const ISOLATED: u32 = 8;
/// It belongs to the swarms.
pub const IN_SWARM: u32 = 16;
/// Its component must be written at the end of the tick.
pub(crate) const TOUCHED: u32 = 32;

/// An agent that works on operations.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Server {
    /// The tick in which it was last heard of.
    pub last_seen: u64,
    /// The number of its last receipt, plus 1; 0 for none.
    pub last_receipt: u64,
    /// What is to be known of it.
    pub flags: u32,
    /// Operations that it works on.
    pub executing: u32,
    /// Operations that wait in front of it.
    pub waiting: u32,
    /// How many it can work on at once, if nothing is exhausted.
    pub concurrency: u32,
    /// How many it can work on at once.
    pub slots: u32,
    /// How many operations it was given.
    pub assigned: u32,
    /// How many it has completed.
    pub completed: u32,
    /// How many attempts of it failed or were given up.
    pub failed: u32,
    /// 0–1.
    pub health: f32,
    /// Observed latency, in milliseconds.
    pub latency_ms: f32,
    /// Observed reliability, 0–1.
    pub reliability: f32,
    /// How reliable it is in truth, 0–1.
    pub truth: f32,
    /// How much longer each operation takes it, in milliseconds.
    pub delay_ms: f32,
    /// The reliability that it claims, 0–1.
    pub claimed_reliability: f32,
    /// The share of its load that it admits; 1 if it is honest.
    pub admitted_load: f32,
    /// The health that it claims, 0–1; below 0: its own.
    pub claimed_health: f32,
    /// The share of its slots that is exhausted, 0–1.
    pub exhausted: f32,
    /// The first one that waits.
    pub first_waiting: u32,
    /// The last one that waits.
    pub last_waiting: u32,
    /// The first one that it works on.
    pub first_executing: u32,
    /// Operations that are on the way to it.
    pub coming: u32,
    /// Answers of it that are on the way back.
    pub answering: u32,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            flags: 0,
            concurrency: 1,
            slots: 1,
            health: 1.0,
            reliability: 1.0,
            truth: 1.0,
            claimed_reliability: 1.0,
            admitted_load: 1.0,
            claimed_health: -1.0,
            first_waiting: NONE,
            last_waiting: NONE,
            first_executing: NONE,
            ..Self::zeroed()
        }
    }
}

impl Server {
    /// Whether a flag is set.
    #[must_use]
    #[inline]
    pub fn is(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Sets a flag or takes it back.
    pub fn set(&mut self, flag: u32, on: bool) {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
    }

    /// Operations that it was given and has not done: in work, waiting, and on the way to it.
    #[must_use]
    #[inline]
    pub fn load(&self) -> u32 {
        self.executing + self.waiting + self.coming
    }

    /// Whether it can be given work at all: it is there, has not failed and was not isolated.
    #[must_use]
    #[inline]
    pub fn is_available(&self) -> bool {
        self.flags & (PRESENT | FAILED | ISOLATED) == PRESENT && self.slots > 0
    }

    /// Whether one more fits, with a queue of this capacity.
    #[must_use]
    #[inline]
    pub fn has_room(&self, capacity: u32) -> bool {
        self.load() < self.slots.saturating_add(capacity)
    }

    /// Whether anybody may still have to do with it: it can work, or something is on the way to or from it.
    #[must_use]
    pub(crate) fn is_kept(&self) -> bool {
        self.is(PRESENT) || self.coming > 0 || self.answering > 0
    }

    /// What strategies see of it: what is observed, or what it reports, if that is believed.
    #[must_use]
    #[inline]
    pub fn view(&self, believe_reports: bool) -> View {
        let plain = View {
            load: self.load() as f32,
            slots: self.slots,
            health: self.health,
            latency_ms: self.latency_ms,
            reliability: self.reliability,
            trust: 1.0,
            learned: 1.0,
        };
        if !believe_reports {
            return plain;
        }
        View {
            load: plain.load * self.admitted_load,
            health: self.reported_health(),
            reliability: self.claimed_reliability,
            ..plain
        }
    }

    /// The health that it claims.
    #[must_use]
    pub fn reported_health(&self) -> f32 {
        if self.claimed_health >= 0.0 { self.claimed_health } else { self.health }
    }

    /// How far its reports are from what is observed: the largest of the gaps in reliability, health and share of load,
    /// 0–1. An agent that admits all its load and claims what is so has none.
    #[must_use]
    pub fn report_gap(&self) -> f32 {
        let hidden = if self.load() == 0 { 0.0 } else { 1.0 - self.admitted_load };
        (self.claimed_reliability - self.reliability)
            .abs()
            .max((self.reported_health() - self.health).abs())
            .max(hidden.abs())
    }

    /// Takes note of an attempt that ended (exponentially weighted).
    #[inline]
    pub fn observe(&mut self, latency_ms: f32, succeeded: bool, tick: u64, weight: f32) {
        self.last_seen = tick;
        self.latency_ms += weight * (latency_ms - self.latency_ms);
        self.reliability += weight * (f32::from(u8::from(succeeded)) - self.reliability);
    }

    /// Works its slots out again.
    pub(crate) fn count_slots(&mut self) {
        self.slots = (self.concurrency as f32 * (1.0 - self.exhausted.clamp(0.0, 1.0))) as u32;
        if self.exhausted <= 0.0 {
            self.slots = self.concurrency;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_takes_104_bytes() {
        assert_eq!(size_of::<Server>(), 104);
    }

    #[test]
    fn failed_isolated_exhausted_and_absent_agents_are_not_available() {
        let server = Server { flags: PRESENT, ..Server::default() };
        assert!(server.is_available());
        for flags in [PRESENT | FAILED, PRESENT | ISOLATED, 0] {
            assert!(!Server { flags, ..server }.is_available());
        }
        let mut exhausted = Server { exhausted: 1.0, concurrency: 9, ..server };
        exhausted.count_slots();
        assert!(!exhausted.is_available());
        exhausted.exhausted = 0.5;
        exhausted.count_slots();
        assert_eq!(exhausted.slots, 4);
    }

    #[test]
    fn liars_are_seen_as_they_are_unless_they_are_believed() {
        let liar = Server {
            flags: PRESENT,
            executing: 4,
            slots: 4,
            reliability: 0.2,
            claimed_reliability: 1.0,
            admitted_load: 0.0,
            ..Server::default()
        };
        assert_eq!((liar.view(false).load, liar.view(false).reliability), (4.0, 0.2));
        assert_eq!((liar.view(true).load, liar.view(true).reliability), (0.0, 1.0));
        assert_eq!(liar.report_gap(), 1.0);
        assert_eq!(Server::default().report_gap(), 0.0);
    }
}
