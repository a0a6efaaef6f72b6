//! The hybrid logical clocks of all agents.
//!
//! What a whole round of gossip does to clocks is noted with the round, and worked out for an agent when somebody looks: a clock
//! only goes forward, so that it shows the latest of what is noted.

use agent2028_core::causality::{HybridClock, HybridTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bits::BitSet;

/// Events that all agents of a round have in one moment: so many each, all with clocks that were behind it.
#[derive(Debug)]
struct AtOnce<T> {
    physical: i64,
    counts: Vec<T>,
}

impl<T> Default for AtOnce<T> {
    fn default() -> Self {
        Self { physical: i64::MIN, counts: Vec::new() }
    }
}

impl<T: Copy + Into<u64>> AtOnce<T> {
    /// How many events an agent had; none when these are forgotten.
    #[inline]
    fn count(&self, agent: usize) -> u64 {
        if self.physical == i64::MIN { 0 } else { self.counts.get(agent).map_or(0, |count| (*count).into()) }
    }

    /// What an agent's clock showed afterwards.
    #[inline]
    fn shows(&self, agent: usize) -> Option<HybridTime> {
        let last = self.count(agent).checked_sub(1)?;
        Some(HybridTime { physical: self.physical, logical: last })
    }
}

/// The clocks of all agents.
#[derive(Debug)]
pub(crate) struct Clocks {
    /// Each agent's clock without what is noted below.
    own: Vec<HybridClock>,
    /// The last moment that is noted there, and for whom.
    latest: i64,
    at_latest: BitSet,
    /// The last round that was sent, and the last that arrived since.
    sent: AtOnce<u16>,
    received: AtOnce<u32>,
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            own: Vec::new(),
            latest: i64::MIN,
            at_latest: BitSet::default(),
            sent: AtOnce::default(),
            received: AtOnce::default(),
        }
    }
}

impl From<Vec<HybridClock>> for Clocks {
    fn from(own: Vec<HybridClock>) -> Self {
        let latest = own.iter().map(|clock| clock.last().physical).max().unwrap_or(i64::MIN);
        let at_latest = (0..).zip(&own).filter(|(_, clock)| clock.last().physical == latest).map(|(agent, _)| agent);
        Self { at_latest: BitSet::of(at_latest), latest, own, ..Self::default() }
    }
}

impl Clocks {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.own.len()
    }

    /// Makes room for all agents with ids below `count`.
    pub(crate) fn grow(&mut self, count: usize) {
        for agent in self.own.len()..count {
            self.own.push(HybridClock::default());
            self.note(agent, HybridClock::default());
        }
    }

    fn note(&mut self, agent: usize, clock: HybridClock) {
        let physical = clock.last().physical;
        if physical > self.latest {
            self.latest = physical;
            self.at_latest.clear();
        }
        if physical == self.latest {
            self.at_latest.insert(agent as u32);
        }
        self.own[agent] = clock;
    }

    /// An agent's clock.
    #[inline]
    pub(crate) fn of(&self, agent: u32) -> HybridClock {
        let agent = agent as usize;
        let own = self.own[agent].last();
        // No time is before the time that a clock begins with, and nothing was noted for who has none.
        let latest = own.max(self.sent.shows(agent).unwrap_or(own)).max(self.received.shows(agent).unwrap_or(own));
        HybridClock::new(latest)
    }

    /// Changes an agent's clock.
    fn change<T>(&mut self, agent: u32, change: impl FnOnce(&mut HybridClock) -> T) -> T {
        let mut clock = self.of(agent);
        let done = change(&mut clock);
        self.note(agent as usize, clock);
        done
    }

    /// Stamps something that an agent does when its own physical clock shows `physical`.
    pub(crate) fn stamp(&mut self, agent: u32, physical: i64) -> HybridTime {
        self.change(agent, |clock| clock.stamp(physical))
    }

    /// Stamps so many things; the stamp of the first.
    pub(crate) fn stamp_many(&mut self, agent: u32, physical: i64, count: u32) -> HybridTime {
        self.change(agent, |clock| clock.stamp_many(physical, count))
    }

    /// Stamps the receipt of a message.
    pub(crate) fn receive(&mut self, agent: u32, physical: i64, message: HybridTime) -> HybridTime {
        self.change(agent, |clock| clock.receive(physical, message))
    }

    /// Whether an agent's clock has not got to `physical`.
    #[inline]
    pub(crate) fn is_behind(&self, agent: u32, physical: i64) -> bool {
        let at = agent as usize;
        let own = self.latest < physical
            || if self.latest == physical {
                !self.at_latest.contains(agent)
            } else {
                self.own[at].last().physical < physical
            };
        own && (self.sent.physical < physical || self.sent.count(at) == 0)
            && (self.received.physical < physical || self.received.count(at) == 0)
    }

    /// Adds all agents to a set whose clocks may have got to `physical`; false if that can be anybody.
    pub(crate) fn add_those_not_behind(&self, physical: i64, to: &mut BitSet) -> bool {
        if self.latest > physical || self.sent.physical.max(self.received.physical) >= physical {
            return false;
        }
        if self.latest == physical {
            to.insert_all(&self.at_latest);
        }
        true
    }

    /// Each agent sends so many messages when all physical clocks show `physical`. The clocks of those who send any are behind
    /// it. `counts` holds other memory afterwards.
    pub(crate) fn send_at_once(&mut self, physical: i64, counts: &mut Vec<u16>) {
        for agent in 0..self.own.len() {
            // The clocks of the others still show what was noted before.
            if counts.get(agent).is_none_or(|count| *count == 0)
                && (self.sent.count(agent) > 0 || self.received.count(agent) > 0)
            {
                let clock = self.of(agent as u32);
                self.note(agent, clock);
            }
        }
        std::mem::swap(&mut self.sent.counts, counts);
        self.sent.physical = physical;
        self.received.physical = i64::MIN;
    }

    /// To each agent come so many messages, all older than its clock, when all physical clocks show `physical`. `counts` holds
    /// other memory afterwards.
    pub(crate) fn receive_at_once(&mut self, physical: i64, counts: &mut Vec<u32>) {
        let count_on = |clocks: &mut Self, counts: &mut Vec<u32>, agent: u32| {
            if let Some(count) = counts.get_mut(agent as usize).filter(|count| **count > 0)
                && !clocks.is_behind(agent, physical)
            {
                clocks.change(agent, |clock| clock.receive_older(physical, *count));
                *count = 0;
            }
        };
        let rounds = self.sent.physical.max(self.received.physical);
        if self.latest > physical || rounds >= physical {
            (0..self.own.len() as u32).for_each(|agent| count_on(self, counts, agent));
        } else if self.latest == physical {
            let some: Vec<u32> = self.at_latest.iter().collect();
            some.into_iter().for_each(|agent| count_on(self, counts, agent));
        }
        if self.received.physical > i64::MIN {
            let since = self.sent.physical >= self.received.physical;
            for agent in 0..self.own.len() {
                let later = counts.get(agent).is_some_and(|count| *count > 0) || since && self.sent.count(agent) > 0;
                if !later && self.received.count(agent) > 0 {
                    let clock = self.of(agent as u32);
                    self.note(agent, clock);
                }
            }
        }
        std::mem::swap(&mut self.received.counts, counts);
        self.received.physical = physical;
    }

    /// The memory that they hold, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.own.capacity() * size_of::<HybridClock>()
            + self.at_latest.bytes()
            + self.sent.counts.capacity() * 2
            + self.received.counts.capacity() * 4
    }
}

/// Saved as a list of clocks.
impl Serialize for Clocks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.own.len() as u32).map(|agent| self.of(agent)))
    }
}

impl<'de> Deserialize<'de> for Clocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<HybridClock>::deserialize(deserializer)?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AGENTS: u32 = 5;

    #[derive(Clone, Debug)]
    enum Step {
        Stamp(u32, i64),
        Receive(u32, i64, i64, u64),
        Send(Vec<u16>),
        Arrive(Vec<u32>),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..AGENTS, -1_i64..2).prop_map(|(agent, skew)| Step::Stamp(agent, skew)),
            (0..AGENTS, -1_i64..2, -3_i64..3, 0_u64..5)
                .prop_map(|(agent, skew, sent, logical)| { Step::Receive(agent, skew, sent, logical) }),
            prop::collection::vec(0_u16..3, AGENTS as usize).prop_map(Step::Send),
            prop::collection::vec(0_u32..3, AGENTS as usize).prop_map(Step::Arrive),
        ]
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn clocks_that_are_worked_out_later_show_what_clocks_show_that_are_set_at_once(
            steps in prop::collection::vec((0_i64..2, step()), 1..60),
        ) {
            let mut ours = Clocks::default();
            ours.grow(AGENTS as usize);
            let mut plain = vec![HybridClock::default(); AGENTS as usize];
            let mut now = 10;
            for (passed, step) in steps {
                now += passed;
                match step {
                    Step::Stamp(agent, skew) => {
                        prop_assert_eq!(ours.stamp(agent, now + skew), plain[agent as usize].stamp(now + skew));
                    }
                    Step::Receive(agent, skew, sent, logical) => {
                        let time = HybridTime { physical: now + sent, logical };
                        let told = plain[agent as usize].receive(now + skew, time);
                        prop_assert_eq!(ours.receive(agent, now + skew, time), told);
                    }
                    Step::Send(mut counts) => {
                        for (agent, count) in counts.iter_mut().enumerate() {
                            let first = plain[agent].stamp_many(now, u32::from(*count));
                            if *count > 0 && !ours.is_behind(agent as u32, now) {
                                prop_assert_eq!(ours.stamp_many(agent as u32, now, u32::from(*count)), first);
                                *count = 0;
                            }
                        }
                        ours.send_at_once(now, &mut counts);
                    }
                    Step::Arrive(mut counts) => {
                        counts.iter().zip(&mut plain).for_each(|(count, clock)| clock.receive_older(now, *count));
                        ours.receive_at_once(now, &mut counts);
                    }
                }
                let mut some = BitSet::default();
                let known = ours.add_those_not_behind(now, &mut some);
                for agent in 0..AGENTS {
                    prop_assert!(!known || some.contains(agent) || ours.is_behind(agent, now));
                    prop_assert_eq!(ours.of(agent), plain[agent as usize]);
                    prop_assert_eq!(ours.is_behind(agent, now), plain[agent as usize].last().physical < now);
                }
                prop_assert_eq!(postcard::to_stdvec(&ours).unwrap(), postcard::to_stdvec(&plain).unwrap());
            }
        }
    }
}
