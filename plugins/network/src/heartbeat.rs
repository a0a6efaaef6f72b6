//! Failure detection by heartbeats: the longer one is silent compared with its usual intervals, the more it is suspected
//! (φ-accrual: Hayashibara, Défago, Yared & Katayama 2004).

use agent2028_core::agent::AgentId;
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use bevy::math::ops;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{HeartbeatConfig, NetworkConfig};
use crate::events::{AGENT_SUSPECTED, Grounds, Suspicion};
use crate::inbox::Inbox;
use crate::message::MessageKind;
use crate::network::{Network, post};

/// When the heartbeats of one agent arrived at another: the last one, and mean and variance of the intervals, the newest
/// `window` of which count about equally and older ones less and less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arrivals {
    last: u64,
    count: u32,
    /// Mean interval in ticks.
    mean: f32,
    /// Variance of the intervals in ticks².
    variance: f32,
}

impl Arrivals {
    /// A heartbeat arrives in tick `now`.
    pub fn beat(&mut self, now: u64, window: u32) {
        if self.last > 0 && now > self.last {
            let interval = (now - self.last) as f32;
            self.count = (self.count + 1).min(window.max(2));
            // The mean of all while the window fills, then one that forgets.
            let weight = 1.0 / self.count as f32;
            let off = interval - self.mean;
            self.mean += weight * off;
            self.variance = (1.0 - weight) * (self.variance + weight * off * off);
        }
        self.last = self.last.max(now);
    }

    /// The suspicion φ in tick `now`: −log₁₀ of the chance that the next heartbeat is so late or later. 0 until two
    /// intervals are known.
    #[must_use]
    pub fn phi(&self, now: u64, least_deviation: f32) -> f32 {
        if self.count < 2 {
            return 0.0;
        }
        let deviation = self.variance.sqrt().max(least_deviation).max(1e-3);
        let late = ((now.saturating_sub(self.last)) as f32 - self.mean) / deviation;
        phi_of(late)
    }
}

/// φ of a delay in standard deviations: −log₁₀(1 − Φ(x)), with the logistic approximation of the normal distribution by
/// Bowling, Khasawneh, Kaewkuekool & Cho (2009), which is off by less than 1.5 · 10⁻⁴ in Φ.
#[must_use]
pub fn phi_of(late: f32) -> f32 {
    let logit = late * (1.5976 + 0.070_566 * late * late);
    // log₁₀(1 + e^logit), without overflow.
    let ln = if logit > 0.0 { logit + ops::ln_1p(ops::exp(-logit)) } else { ops::ln_1p(ops::exp(logit)) };
    ln * std::f32::consts::LOG10_E
}

/// What one agent knows of the heart of another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Ear {
    observer: u32,
    subject: u32,
    arrivals: Arrivals,
    suspects: bool,
}

impl Ear {
    fn key(&self) -> (u32, u32) {
        (self.observer, self.subject)
    }
}

/// Who has heard whose heart, and who suspects whom.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Heartbeats {
    /// Ascending by observer, then subject: one array, so that a million pairs are a walk and not a climb.
    ears: Vec<Ear>,
    /// By agent: how many suspect it.
    doubted_by: Vec<u32>,
    doubts: u64,
    suspicions: u64,
    false_suspicions: u64,
    #[serde(skip)]
    scratch: Scratch,
}

#[derive(Clone, Debug, Default)]
struct Scratch {
    heard: Vec<(u32, u32)>,
    doubted_before: Vec<u32>,
}

impl Heartbeats {
    /// How much an agent suspects another in tick `now`, if it has heard it at all. `least_deviation` in ticks.
    #[must_use]
    pub fn phi(&self, observer: AgentId, subject: AgentId, now: u64, least_deviation: f32) -> Option<f32> {
        self.ear(observer, subject).map(|ear| ear.arrivals.phi(now, least_deviation))
    }

    /// Whether an agent suspects another.
    #[must_use]
    pub fn suspects(&self, observer: AgentId, subject: AgentId) -> bool {
        self.ear(observer, subject).is_some_and(|ear| ear.suspects)
    }

    /// How many suspect an agent.
    #[must_use]
    pub fn doubted_by(&self, subject: AgentId) -> u32 {
        self.doubted_by.get(subject.index()).copied().unwrap_or(0)
    }

    /// How many suspicions stand: pairs of observer and subject.
    #[must_use]
    pub fn doubts(&self) -> u64 {
        self.doubts
    }

    /// How many suspicions there were, and how many of them of agents that had not failed.
    #[must_use]
    pub fn suspicions(&self) -> (u64, u64) {
        (self.suspicions, self.false_suspicions)
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let words = self.doubted_by.capacity() + self.scratch.doubted_before.capacity();
        self.ears.capacity() * size_of::<Ear>() + self.scratch.heard.capacity() * 8 + words * 4
    }

    fn ear(&self, observer: AgentId, subject: AgentId) -> Option<&Ear> {
        let at = self.ears.binary_search_by_key(&(observer.0, subject.0), Ear::key).ok()?;
        self.ears.get(at)
    }

    /// Hearts are heard in tick `now`: pairs of observer and subject, which are put in order.
    fn hear(&mut self, heard: &mut [(u32, u32)], now: u64, window: u32) {
        heard.sort_unstable();
        let (known, mut from) = (self.ears.len(), 0);
        for key in heard.iter() {
            from += self.ears[from..known].partition_point(|ear| ear.key() < *key);
            if from < known && self.ears[from].key() == *key {
                self.ears[from].arrivals.beat(now, window);
            } else if self.ears[known..].last().is_none_or(|ear| ear.key() != *key) {
                let mut arrivals = Arrivals::default();
                arrivals.beat(now, window);
                self.ears.push(Ear { observer: key.0, subject: key.1, arrivals, suspects: false });
            }
        }
        if self.ears.len() > known {
            // Two runs that ascend: the sort merges them.
            self.ears.sort_by_key(Ear::key);
        }
    }
}

/// The least standard deviation in ticks.
#[must_use]
pub fn least_deviation(rules: &HeartbeatConfig, clock: &SimClock) -> f32 {
    (f64::from(rules.least_deviation_ms) * 1e-3 * clock.tick_hz()) as f32
}

/// Lets agents say that they are there, listen, and suspect.
pub(crate) fn heartbeat(
    clock: Res<SimClock>,
    config: Res<NetworkConfig>,
    inbox: Res<Inbox>,
    mut network: ResMut<Network>,
    mut hearts: ResMut<Heartbeats>,
    mut bus: ResMut<EventBus>,
) {
    let Some(rules) = &config.detector.heartbeat else {
        return;
    };
    let (tick, hearts) = (clock.tick(), &mut *hearts);
    let mut heard = std::mem::take(&mut hearts.scratch.heard);
    heard.clear();
    heard.extend(
        inbox
            .iter()
            .filter(|message| message.kind == MessageKind::HEARTBEAT && !network.idle.contains(message.to.0))
            .map(|message| (message.to.0, message.from.0)),
    );
    hearts.hear(&mut heard, tick, rules.window);
    hearts.scratch.heard = heard;
    if !tick.is_multiple_of(clock.ticks_in(f64::from(rules.period_s)).max(1)) {
        return;
    }
    let Network { members, links, outbox, idle, failed, .. } = &mut *network;
    // Who isn't linked any more isn't heard any more, and that is no sign of failure.
    hearts.ears.retain(|ear| links.of(members, ear.observer).contains(ear.subject));
    let least = least_deviation(rules, &clock);
    std::mem::swap(&mut hearts.doubted_by, &mut hearts.scratch.doubted_before);
    let before = &hearts.scratch.doubted_before;
    hearts.doubted_by.clear();
    hearts.doubted_by.resize(members.ids().last().map_or(0, |last| *last as usize + 1), 0);
    hearts.doubts = 0;
    for ear in &mut hearts.ears {
        let suspected = std::mem::replace(&mut ear.suspects, false);
        if idle.contains(ear.observer) || ear.arrivals.phi(tick, least) <= rules.threshold {
            continue;
        }
        ear.suspects = true;
        hearts.doubts += 1;
        let doubts = &mut hearts.doubted_by[ear.subject as usize];
        *doubts += 1;
        if !suspected {
            hearts.suspicions += 1;
            hearts.false_suspicions += u64::from(!failed.contains(ear.subject));
            if *doubts == 1 && before.get(ear.subject as usize).is_none_or(|doubts| *doubts == 0) {
                let told = Suspicion { by: AgentId(ear.observer), grounds: Grounds::Silence };
                bus.publish(AGENT_SUSPECTED, Some(AgentId(ear.subject)), told);
            }
        }
    }
    for agent in members.ids().iter().filter(|agent| !idle.contains(**agent)) {
        for neighbour in links.of(members, *agent).iter() {
            post(outbox, *agent, neighbour, MessageKind::HEARTBEAT, &[]);
        }
    }
}

/// The numbers of the metrics of heartbeats.
#[derive(Resource)]
pub(crate) struct HeartbeatMetrics {
    doubts: MetricId,
    suspicions: MetricId,
    false_suspicions: MetricId,
}

impl HeartbeatMetrics {
    pub(crate) fn declare(metrics: &mut Metrics) -> Self {
        let mut cheap = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
        Self {
            doubts: cheap("heartbeat.doubts", "pairs", "How many suspect another, summed over all."),
            suspicions: cheap("heartbeat.suspicions", "suspicions", "How many suspicions there were."),
            false_suspicions: cheap(
                "heartbeat.false_suspicions",
                "suspicions",
                "How many of these were of agents that had not failed.",
            ),
        }
    }
}

pub(crate) fn observe_heartbeats(hearts: Res<Heartbeats>, ids: Res<HeartbeatMetrics>, mut metrics: ResMut<Metrics>) {
    metrics.record(ids.doubts, hearts.doubts() as f64);
    metrics.record(ids.suspicions, hearts.suspicions as f64);
    metrics.record(ids.false_suspicions, hearts.false_suspicions as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phi_is_the_tail_of_the_normal_distribution() {
        // −log₁₀ of 0.5, 0.158655, 0.0227501, 0.00134990, 3.16712 · 10⁻⁵.
        for (late, wanted) in
            [(0.0, std::f32::consts::LOG10_2), (1.0, 0.79955), (2.0, 1.64302), (3.0, 2.86970), (4.0, 4.49934)]
        {
            assert!((phi_of(late) - wanted).abs() < 0.06 * (1.0 + late), "{late}: {} {wanted}", phi_of(late));
        }
        assert!(phi_of(-5.0) < 1e-3 && phi_of(100.0).is_finite() && phi_of(100.0) > 1000.0);
    }

    #[test]
    fn who_hears_whom_is_kept_in_order_and_once() {
        let mut hearts = Heartbeats::default();
        hearts.hear(&mut [(7, 1), (2, 9), (2, 3), (7, 1)], 5, 10);
        hearts.hear(&mut [(2, 4), (7, 1), (0, 5), (2, 9)], 8, 10);
        hearts.hear(&mut [], 9, 10);
        let keys: Vec<_> = hearts.ears.iter().map(|ear| (ear.key(), ear.arrivals.last, ear.arrivals.count)).collect();
        assert_eq!(keys, [((0, 5), 8, 0), ((2, 3), 5, 0), ((2, 4), 8, 0), ((2, 9), 8, 1), ((7, 1), 8, 1)]);
        assert_eq!(hearts.phi(AgentId(2), AgentId(4), 9, 1.0), Some(0.0));
        assert!(hearts.phi(AgentId(4), AgentId(2), 9, 1.0).is_none());
    }

    #[test]
    fn silence_makes_suspicious_and_a_wider_spread_more_patient() {
        let (mut regular, mut uneven) = (Arrivals::default(), Arrivals::default());
        let mut at = 1;
        for beat in 0_u64..100 {
            regular.beat(60 * (beat + 1), 50);
            at += if beat % 2 == 0 { 30 } else { 90 };
            uneven.beat(at, 50);
        }
        assert_eq!((regular.mean, uneven.mean.round()), (60.0, 60.0));
        assert!((uneven.variance.sqrt() - 30.0).abs() < 1.0, "{}", uneven.variance);
        let phi = |arrivals: &Arrivals, after: u64| arrivals.phi(arrivals.last + after, 6.0);
        assert!(phi(&regular, 60) < 0.5 && phi(&regular, 100) > 8.0);
        assert!(phi(&uneven, 100) < 2.0 && phi(&uneven, 300) > 8.0);
        assert_eq!(Arrivals::default().phi(1000, 1.0), 0.0);
    }
}
