//! Failure detection by heartbeats: the longer one is silent compared with its usual intervals, the more it is suspected
//! (φ-accrual: Hayashibara, Défago, Yared & Katayama 2004).
//!
//! Everybody's heart beats from a moment of its own on, and φ is worked out from the moments at which heartbeats arrive, within ticks
//! too: a suspicion begins at the moment at which φ passes the threshold.

pub mod tails;

use std::collections::BTreeMap;

use agent2028_core::agent::AgentId;
use agent2028_core::clock::{SimClock, as_written};
use agent2028_core::event::EventBus;
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use agent2028_core::rhythm::{Phases, Rhythm};
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::time::{PARTS, Rate, Time, end_of};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use self::tails::{normal_delay, normal_phi, student_delay, student_phi};
use crate::config::{HeartbeatConfig, NetworkConfig};
use crate::events::{AGENT_SUSPECTED, Grounds, Suspicion};
use crate::inbox::Inbox;
use crate::message::MessageKind;
use crate::network::{Network, post};

const PHASE: Purpose = Purpose::new("network.heartbeat.phase");

/// When the heartbeats of one agent arrived at another: the last one, and mean and variance of the intervals, the newest
/// `window` of which count about equally and older ones less and less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arrivals {
    /// 0 if nothing has come since the listener has listened.
    last: Time,
    count: u32,
    /// Mean interval in ticks.
    mean: f32,
    /// Variance of the intervals in ticks².
    variance: f32,
}

fn ticks(parts: Time) -> f64 {
    parts as f64 / PARTS as f64
}

/// So many windows after the first one what came before it is forgotten as good as wholly.
const FORGOTTEN: u32 = 8;

/// How much is known of the intervals of a heart.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// How many were seen, up to so many that more make no difference.
    count: u32,
    window: u32,
}

impl Sample {
    /// How many intervals the mean is worth: one over the sum of the squares of their weights. While the window fills, all weigh
    /// alike; then each weighs less by a share of 1/window than the one after it.
    fn worth(self) -> f64 {
        let window = f64::from(self.window);
        let Some(beyond) = self.count.checked_sub(self.window) else {
            return f64::from(self.count);
        };
        let older = libm::pow(1.0 - 1.0 / window, 2.0 * f64::from(beyond));
        1.0 / (older / window + (1.0 - older) / (2.0 * window - 1.0))
    }

    /// The degrees of freedom of the deviation.
    fn degrees(self) -> f64 {
        self.worth() - 1.0
    }

    /// The deviation of the next interval from the mean of those before, by the deviation of those: theirs is about their own mean,
    /// and that is off, too.
    fn spread(self) -> f64 {
        ((self.worth() + 1.0) / (self.worth() - 1.0)).sqrt()
    }
}

impl Arrivals {
    /// A heartbeat arrives at the moment `now`.
    pub fn beat(&mut self, now: Time, window: u32) {
        if self.last > 0 && now > self.last {
            let (interval, window) = (ticks(now - self.last) as f32, window.max(2));
            self.count = (self.count + 1).min(window.saturating_mul(FORGOTTEN));
            // The mean of all while the window fills, then one that forgets.
            let weight = 1.0 / self.count.min(window) as f32;
            let off = interval - self.mean;
            self.mean += weight * off;
            self.variance = (1.0 - weight) * (self.variance + weight * off * off);
        }
        self.last = self.last.max(now);
    }

    /// Forgets when the last heartbeat came, as somebody who has not listened for a while must.
    fn miss(&mut self) {
        self.last = 0;
    }

    /// The suspicion φ at the moment `now`: −log₁₀ of the chance that the next heartbeat is so late or later. 0 until two
    /// intervals are known.
    ///
    /// What is known of the deviation is an estimate: the next of normally distributed intervals is so late with the chance that
    /// Student's distribution says. Of that and the normal distribution with the least deviation the wider one counts.
    #[must_use]
    pub fn phi(&self, now: Time, window: u32, allowance: Allowance) -> f64 {
        let Some(sample) = self.sample(window) else {
            return 0.0;
        };
        let late = ticks(now.saturating_sub(self.last)) - self.usual(allowance);
        let least = normal_phi(late / allowance.least());
        let spread = self.deviation() * sample.spread();
        if spread == 0.0 {
            return least;
        }
        let estimated = student_phi(late / spread, sample.degrees());
        if late < 0.0 { estimated.max(least) } else { estimated.min(least) }
    }

    /// How much is known of the intervals, if it is enough to judge by, and when the last heartbeat came.
    fn sample(&self, window: u32) -> Option<Sample> {
        let known = self.count >= 2 && self.last > 0;
        known.then_some(Sample { count: self.count, window: window.max(2) })
    }

    /// How long the usual silence lasts, in ticks.
    fn usual(&self, allowance: Allowance) -> f64 {
        f64::from(self.mean) + allowance.pause
    }

    /// The standard deviation of the intervals about their mean, in ticks.
    fn deviation(&self) -> f64 {
        f64::from(self.variance.sqrt())
    }

    /// When φ passes the threshold if no heartbeat comes; never until two intervals are known.
    fn runs_out(&self, allowance: Allowance, delays: &mut Delays) -> Time {
        let Some(sample) = self.sample(delays.window) else {
            return Time::MAX;
        };
        let (least, estimated) = (delays.known * allowance.least(), delays.of(sample) * self.deviation());
        let late = if delays.known < 0.0 { estimated.min(least) } else { estimated.max(least) };
        let silence = self.usual(allowance) + late;
        self.last.saturating_add((silence.max(0.0) * PARTS as f64) as Time)
    }
}

/// What is allowed beyond what was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Allowance {
    /// The least standard deviation of intervals, in ticks.
    pub least_deviation: f64,
    /// A pause beyond the usual interval that isn't suspicious yet, in ticks.
    pub pause: f64,
}

impl Allowance {
    /// That of a scene.
    #[must_use]
    pub fn of(rules: &HeartbeatConfig, clock: &SimClock) -> Self {
        let ticks = |ms: f32| as_written(f64::from(ms)) * 1e-3 * clock.tick_hz();
        Self { least_deviation: ticks(rules.least_deviation_ms), pause: ticks(rules.acceptable_pause_ms) }
    }

    /// The least standard deviation; there is always some.
    fn least(self) -> f64 {
        self.least_deviation.max(1e-3)
    }
}

/// What the threshold is in standard deviations, by how well these are known.
#[derive(Clone, Debug, Default)]
struct Delays {
    threshold: f32,
    window: u32,
    /// Where the deviation is known.
    known: f64,
    /// Where it was estimated from so many intervals, in estimated deviations; what was not asked yet is no number.
    estimated: Vec<f64>,
}

impl Delays {
    /// Fits them to a scene.
    fn fit(&mut self, threshold: f32, window: u32) {
        if (self.threshold, self.window) != (threshold, window) {
            let known = normal_delay(as_written(f64::from(threshold)));
            *self = Self { threshold, window, known, estimated: Vec::new() };
        }
    }

    fn of(&mut self, sample: Sample) -> f64 {
        let at = sample.count as usize;
        if self.estimated.len() <= at {
            self.estimated.resize(at + 1, f64::NAN);
        }
        if self.estimated[at].is_nan() {
            let delay = student_delay(as_written(f64::from(self.threshold)), sample.degrees());
            self.estimated[at] = delay * sample.spread();
        }
        self.estimated[at]
    }
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

/// What heartbeats have come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatCounts {
    /// Intervals between heartbeats that were judged: those that ended with another heartbeat.
    pub intervals: u64,
    /// Suspicions, of whomever.
    pub suspicions: u64,
    /// Suspicions of agents that had not failed.
    pub false_suspicions: u64,
    /// Agents that failed and were suspected by somebody.
    pub detections: u64,
    /// The sum of the times from failing to the first suspicion, in parts of ticks.
    pub detection_time: Time,
}

/// Who has heard whose heart, and who suspects whom.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Heartbeats {
    /// Ascending by observer, then subject: one array, so that a million pairs are a walk and not a climb.
    ears: Vec<Ear>,
    /// By agent: how many suspect it.
    doubted_by: Vec<u32>,
    doubts: u64,
    counts: HeartbeatCounts,
    /// Since when agents have failed, and whether somebody has noticed.
    failed_since: BTreeMap<u32, (Time, bool)>,
    #[serde(skip)]
    scratch: Scratch,
}

#[derive(Clone, Debug, Default)]
struct Scratch {
    heard: Vec<(u32, u32, Time)>,
    doubted_before: Vec<u32>,
    /// Whom somebody suspected for a part of this tick only: observer and subject.
    moments: Vec<(u32, u32)>,
    phases: Phases,
    delays: Delays,
}

impl Heartbeats {
    /// How much an agent suspects another (observer and subject) at the moment `now`, if it has heard it at all.
    #[must_use]
    pub fn phi(&self, pair: (AgentId, AgentId), now: Time, window: u32, allowance: Allowance) -> Option<f64> {
        self.ear(pair.0, pair.1).map(|ear| ear.arrivals.phi(now, window, allowance))
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

    /// What it has come to.
    #[must_use]
    pub fn counts(&self) -> &HeartbeatCounts {
        &self.counts
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let words = self.doubted_by.capacity() + self.scratch.doubted_before.capacity();
        self.ears.capacity() * size_of::<Ear>()
            + self.scratch.heard.capacity() * 16
            + words * 4
            + self.scratch.delays.estimated.capacity() * 8
            + self.scratch.phases.bytes()
    }

    fn ear(&self, observer: AgentId, subject: AgentId) -> Option<&Ear> {
        let at = self.ears.binary_search_by_key(&(observer.0, subject.0), Ear::key).ok()?;
        self.ears.get(at)
    }

    /// Hearts are heard: observer, subject and moment, which are put in order.
    fn hear(&mut self, heard: &mut [(u32, u32, Time)], allowance: Allowance) {
        heard.sort_unstable();
        let window = self.scratch.delays.window;
        let (known, mut from) = (self.ears.len(), 0);
        for (observer, subject, moment) in heard.iter() {
            let key = (*observer, *subject);
            from += self.ears[from..known].partition_point(|ear| ear.key() < key);
            if from < known && self.ears[from].key() == key {
                let ear = &mut self.ears[from];
                self.counts.intervals += u64::from(ear.arrivals.count >= 2 && ear.arrivals.last > 0);
                if ear.arrivals.runs_out(allowance, &mut self.scratch.delays) < *moment && !ear.suspects {
                    self.scratch.moments.push(key);
                }
                ear.suspects = false;
                ear.arrivals.beat(*moment, window);
            } else if let Some(ear) = self.ears[known..].last_mut().filter(|ear| ear.key() == key) {
                ear.arrivals.beat(*moment, window);
            } else {
                let mut arrivals = Arrivals::default();
                arrivals.beat(*moment, window);
                self.ears.push(Ear { observer: *observer, subject: *subject, arrivals, suspects: false });
            }
        }
        if self.ears.len() > known {
            // Two runs that ascend: the sort merges them.
            self.ears.sort_by_key(Ear::key);
        }
    }

    /// Somebody begins to suspect a subject.
    fn suspect(&mut self, subject: u32, moment: Time, failed: bool) {
        self.counts.suspicions += 1;
        self.counts.false_suspicions += u64::from(!failed);
        if let Some((since, noticed)) = self.failed_since.get_mut(&subject)
            && !*noticed
        {
            *noticed = true;
            self.counts.detections += 1;
            self.counts.detection_time += moment.saturating_sub(*since);
        }
    }
}

/// Lets agents say that they are there, listen, and suspect.
pub(crate) fn heartbeat(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
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
    let end = end_of(tick);
    let rhythm = Rhythm::of_seconds(Rate::of(&clock), rules.period_s);
    let allowance = Allowance::of(rules, &clock);
    hearts.scratch.delays.fit(rules.threshold, rules.window);
    let Network { members, links, outbox, idle, failed, .. } = &mut *network;
    hearts.failed_since.retain(|agent, _| failed.contains(*agent));
    for agent in failed.iter() {
        // Who fails in a tick does nothing in it.
        hearts.failed_since.entry(agent).or_insert((end_of(tick.saturating_sub(1)), false));
    }
    let mut heard = std::mem::take(&mut hearts.scratch.heard);
    heard.clear();
    heard.extend(
        inbox
            .iter()
            .filter(|message| message.kind == MessageKind::HEARTBEAT && !idle.contains(message.to.0))
            .map(|message| (message.to.0, message.from.0, message.arrives)),
    );
    hearts.scratch.moments.clear();
    hearts.hear(&mut heard, allowance);
    hearts.scratch.heard = heard;
    if rhythm.in_tick(tick).is_some() {
        // Who isn't linked any more isn't heard any more, and that is no sign of failure.
        hearts.ears.retain(|ear| links.of(members, ear.observer).contains(ear.subject));
    }
    let most = members.ids().last().map_or(0, |last| *last as usize + 1);
    std::mem::swap(&mut hearts.doubted_by, &mut hearts.scratch.doubted_before);
    hearts.doubted_by.clear();
    hearts.doubted_by.resize(most, 0);
    hearts.doubts = 0;
    let before = std::mem::take(&mut hearts.scratch.doubted_before);
    let doubted_before = |subject: u32| before.get(subject as usize).is_some_and(|doubts| *doubts > 0);
    let mut tell = |observer: u32, subject: u32| {
        let told = Suspicion { by: AgentId(observer), grounds: Grounds::Silence };
        bus.publish(AGENT_SUSPECTED, Some(AgentId(subject)), told);
    };
    for at in 0..hearts.ears.len() {
        let ear = &mut hearts.ears[at];
        let (observer, subject) = ear.key();
        if idle.contains(observer) {
            // Who stalls doesn't hear, and knows that when it goes on.
            ear.arrivals.miss();
            ear.suspects = false;
            continue;
        }
        let runs_out = ear.arrivals.runs_out(allowance, &mut hearts.scratch.delays);
        let suspected = std::mem::replace(&mut ear.suspects, runs_out <= end);
        if runs_out > end || subject as usize >= most {
            continue;
        }
        hearts.doubts += 1;
        hearts.doubted_by[subject as usize] += 1;
        let first = hearts.doubted_by[subject as usize] == 1;
        if !suspected {
            hearts.suspect(subject, runs_out, failed.contains(subject));
            if first && !doubted_before(subject) {
                tell(observer, subject);
            }
        }
    }
    // Suspicions that a heartbeat ended before the tick was over.
    let moments = std::mem::take(&mut hearts.scratch.moments);
    for (observer, subject) in &moments {
        hearts.suspect(*subject, end, failed.contains(*subject));
        if !doubted_before(*subject) && hearts.doubted_by(AgentId(*subject)) == 0 {
            tell(*observer, *subject);
        }
    }
    (hearts.scratch.moments, hearts.scratch.doubted_before) = (moments, before);
    hearts.scratch.phases.fit(&dice, PHASE, most);
    let here = rhythm.at(tick);
    for agent in members.ids() {
        let Some((moment, _)) = here.beat(hearts.scratch.phases.of(*agent)) else {
            continue;
        };
        if !idle.contains(*agent) {
            for neighbour in links.of(members, *agent).iter() {
                post(outbox, moment, (*agent, neighbour), MessageKind::HEARTBEAT, &[]);
            }
        }
    }
}

/// The numbers of the metrics of heartbeats.
#[derive(Resource)]
pub(crate) struct HeartbeatMetrics {
    doubts: MetricId,
    suspicions: MetricId,
    false_suspicions: MetricId,
    detected: MetricId,
    detection: MetricId,
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
            detected: cheap("heartbeat.detected", "agents", "How many failures somebody has noticed."),
            detection: cheap("heartbeat.detection_s", "s", "The mean time from failing to the first suspicion."),
        }
    }
}

pub(crate) fn observe_heartbeats(
    clock: Res<SimClock>,
    hearts: Res<Heartbeats>,
    ids: Res<HeartbeatMetrics>,
    mut metrics: ResMut<Metrics>,
) {
    let counts = &hearts.counts;
    metrics.record(ids.doubts, hearts.doubts() as f64);
    metrics.record(ids.suspicions, counts.suspicions as f64);
    metrics.record(ids.false_suspicions, counts.false_suspicions as f64);
    metrics.record(ids.detected, counts.detections as f64);
    if let Some(mean) = counts.detection_time.checked_div(counts.detections) {
        metrics.record(ids.detection, Rate::of(&clock).seconds(mean));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hearts(threshold: f32, window: u32) -> Heartbeats {
        let mut hearts = Heartbeats::default();
        hearts.scratch.delays.fit(threshold, window);
        hearts
    }

    #[test]
    fn who_hears_whom_is_kept_in_order_and_once() {
        let (mut hearts, allowance) = (hearts(8.0, 10), Allowance { least_deviation: 1.0, pause: 0.0 });
        hearts.hear(&mut [(7, 1, 5), (2, 9, 5), (2, 3, 4), (7, 1, 5)], allowance);
        hearts.hear(&mut [(2, 4, 8), (7, 1, 8), (0, 5, 7), (2, 9, 8)], allowance);
        hearts.hear(&mut [], allowance);
        let keys: Vec<_> = hearts.ears.iter().map(|ear| (ear.key(), ear.arrivals.last, ear.arrivals.count)).collect();
        assert_eq!(keys, [((0, 5), 7, 0), ((2, 3), 4, 0), ((2, 4), 8, 0), ((2, 9), 8, 1), ((7, 1), 8, 1)]);
        assert_eq!(hearts.phi((AgentId(2), AgentId(4)), 9, 10, allowance), Some(0.0));
        assert!(hearts.phi((AgentId(4), AgentId(2)), 9, 10, allowance).is_none());
    }

    #[test]
    fn silence_makes_suspicious_and_a_wider_spread_more_patient() {
        let (mut regular, mut uneven) = (Arrivals::default(), Arrivals::default());
        let mut at = 1;
        for beat in 0_u64..100 {
            regular.beat(60 * (beat + 1) * PARTS, 50);
            at += if beat % 2 == 0 { 30 } else { 90 };
            uneven.beat(at * PARTS, 50);
        }
        assert_eq!((regular.mean, uneven.mean.round()), (60.0, 60.0));
        assert!((uneven.variance.sqrt() - 30.0).abs() < 1.0, "{}", uneven.variance);
        let allowance = Allowance { least_deviation: 6.0, pause: 0.0 };
        let phi = |arrivals: &Arrivals, after: f64| {
            arrivals.phi(arrivals.last + (after * PARTS as f64) as Time, 50, allowance)
        };
        // Half a chance at the usual time; eight digits of certainty after 5.612 standard deviations more, and not before.
        assert!((phi(&regular, 60.0) - f64::log10(2.0)).abs() < 1e-6);
        assert!((phi(&regular, 60.0 + 6.0 * 5.612_001_244) - 8.0).abs() < 1e-5, "{}", phi(&regular, 93.672));
        assert!(phi(&uneven, 100.0) < 2.0 && phi(&uneven, 300.0) > 8.0);
        let mut delays = Delays::default();
        delays.fit(8.0, 50);
        let runs_out = regular.runs_out(allowance, &mut delays);
        assert!((ticks(runs_out - regular.last) - 93.672_007).abs() < 1e-4);
        assert_eq!(Arrivals::default().phi(1000, 50, allowance), 0.0);
        regular.miss();
        assert_eq!(regular.phi(end_of(1_000_000), 50, allowance), 0.0, "who hasn't listened has missed nothing");
    }
}
