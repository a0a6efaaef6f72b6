//! Membership by SWIM (Das, Gupta & Motivala 2002): everybody asks one other per period, lets others ask for it when no answer
//! comes, suspects before it judges, and passes news on with the messages that are sent anyway.
//!
//! Everybody's periods begin at a moment of its own. So somebody is asked at random moments, once in a period on average, and one
//! that has failed is asked after an exponentially distributed time; it is suspected when the asker and its helpers have waited
//! for an answer in vain, one after the other.
//!
//! Only what differs from "all is well" is stored: beliefs about agents that are, or were, suspected.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use agent2028_core::agent::AgentId;
use agent2028_core::clock::{SimClock, as_written};
use agent2028_core::event::EventBus;
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use agent2028_core::rhythm::{Phases, Rhythm};
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::time::{PARTS, Rate, Time, end_of};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{NetworkConfig, ProbeTarget, SwimConfig};
use crate::events::{AGENT_CONFIRMED_DEAD, AGENT_SUSPECTED, Grounds, Refutation, SUSPICION_REFUTED, Suspicion};
use crate::inbox::Inbox;
use crate::message::{Message, MessageKind};
use crate::neighbours::Neighbours;
use crate::network::{Network, post};
use crate::topology::below;
use crate::wire::{Reader, put};

const PHASE: Purpose = Purpose::new("network.swim.phase");
const PROBE: Purpose = Purpose::new("network.swim.probe");
const HELP: Purpose = Purpose::new("network.swim.help");

/// What an agent believes of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum State {
    /// That it is there.
    Alive,
    /// That it may have failed.
    Suspect,
    /// That it has failed.
    Dead,
}

/// What an agent believes of another, and as of which of the other's incarnations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Belief {
    /// What it believes.
    pub state: State,
    /// The subject counts its incarnations up to refute what is said of it.
    pub incarnation: u32,
    /// The tick in which a suspicion becomes a verdict.
    pub until: u64,
}

/// Whether news about a subject changes a belief: a suspicion beats being alive in the same incarnation, a verdict beats
/// both, and a later incarnation beats all.
#[must_use]
pub fn overrides(news: (State, u32), belief: Option<(State, u32)>) -> bool {
    let belief = belief.unwrap_or((State::Alive, 0));
    (news.1, news.0) > (belief.1, belief.0)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct News {
    subject: u32,
    state: State,
    incarnation: u32,
    /// With how many more messages it travels.
    left: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Probe {
    target: u32,
    begun: Time,
    helped: bool,
}

/// What SWIM has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SwimCounts {
    /// Agents that failed and were suspected by somebody.
    pub detections: u64,
    /// The sum of the times from failing to the first suspicion, in parts of ticks.
    pub detection_time: Time,
    /// Suspicions that somebody came to by itself.
    pub suspicions: u64,
    /// Verdicts that somebody came to by itself.
    pub verdicts: u64,
    /// Verdicts about agents that had not failed.
    pub false_verdicts: u64,
    /// Suspicions and verdicts that their subjects refuted.
    pub refuted: u64,
    /// Pieces of news that were dropped because too many waited: the news is more than the messages can carry.
    pub dropped: u64,
}

/// Who believes what of whom.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Swim {
    /// By observer and subject; who isn't in here is believed to be alive.
    beliefs: BTreeMap<(u32, u32), Belief>,
    /// Own incarnations above 0.
    incarnations: BTreeMap<u32, u32>,
    news: BTreeMap<u32, Vec<News>>,
    probes: BTreeMap<u32, Probe>,
    /// When suspicions become verdicts: tick, observer, subject.
    due: BTreeSet<(u64, u32, u32)>,
    /// How many suspect or have judged each subject.
    doubted_by: BTreeMap<u32, u32>,
    /// How many hold each subject for failed.
    judged_by: BTreeMap<u32, u32>,
    /// Since when agents have failed, and whether somebody has noticed.
    failed_since: BTreeMap<u32, (Time, bool)>,
    counts: SwimCounts,
    #[serde(skip)]
    phases: Phases,
}

impl Swim {
    /// What an agent believes of another.
    #[must_use]
    pub fn belief(&self, observer: AgentId, subject: AgentId) -> State {
        self.beliefs.get(&(observer.0, subject.0)).map_or(State::Alive, |belief| belief.state)
    }

    /// How many suspect an agent or hold it for failed.
    #[must_use]
    pub fn doubted_by(&self, subject: AgentId) -> u32 {
        self.doubted_by.get(&subject.0).copied().unwrap_or(0)
    }

    /// How often an agent has had to say that it is there: what others believe of an earlier one is void.
    #[must_use]
    pub fn incarnation(&self, agent: AgentId) -> u32 {
        self.incarnations.get(&agent.0).copied().unwrap_or(0)
    }

    /// How many hold an agent for failed.
    #[must_use]
    pub fn judged_by(&self, subject: AgentId) -> u32 {
        self.judged_by.get(&subject.0).copied().unwrap_or(0)
    }

    /// What SWIM has come to.
    #[must_use]
    pub fn counts(&self) -> &SwimCounts {
        &self.counts
    }

    /// How many suspicions and verdicts stand: pairs of observer and subject.
    #[must_use]
    pub fn doubts(&self) -> u64 {
        self.doubted_by.values().map(|count| u64::from(*count)).sum()
    }

    /// The memory that it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.beliefs.len() * 40
            + self.news.values().map(|news| news.capacity() * 16 + 40).sum::<usize>()
            + self.probes.len() * 32
            + self.phases.bytes()
    }

    /// How many pieces of news wait to be passed on, all agents together.
    #[must_use]
    pub fn news(&self) -> u64 {
        self.news.values().map(|news| news.len() as u64).sum()
    }

    fn pair(&self, observer: u32, subject: u32) -> Option<(State, u32)> {
        self.beliefs.get(&(observer, subject)).map(|belief| (belief.state, belief.incarnation))
    }

    /// An agent comes to believe something; it is news that it passes on.
    fn believe(&mut self, world: &Around<'_>, observer: u32, subject: u32, state: State, incarnation: u32) {
        let until = if state == State::Suspect { world.tick + world.suspicion } else { u64::MAX };
        let before = self.beliefs.insert((observer, subject), Belief { state, incarnation, until });
        let before = before.map_or(State::Alive, |belief| belief.state);
        recount(&mut self.doubted_by, subject, before != State::Alive, state != State::Alive);
        recount(&mut self.judged_by, subject, before == State::Dead, state == State::Dead);
        if state == State::Suspect {
            self.due.insert((until, observer, subject));
        }
        self.tell_on(world, observer, News { subject, state, incarnation, left: world.spread });
    }

    fn tell_on(&mut self, world: &Around<'_>, agent: u32, news: News) {
        if world.rules.news == 0 {
            return;
        }
        let list = self.news.entry(agent).or_default();
        list.retain(|known| known.subject != news.subject);
        // What was passed on least often first, of that the freshest.
        list.insert(0, news);
        self.counts.dropped += list.len().saturating_sub(MOST_NEWS) as u64;
        list.truncate(MOST_NEWS);
    }

    /// News that an agent hears.
    fn hear(&mut self, world: &Around<'_>, agent: u32, subject: u32, state: State, incarnation: u32) -> bool {
        if subject == agent {
            let own = self.incarnations.get(&agent).copied().unwrap_or(0);
            if state != State::Alive && incarnation >= own {
                self.incarnations.insert(agent, incarnation + 1);
                self.tell_on(
                    world,
                    agent,
                    News { subject, state: State::Alive, incarnation: incarnation + 1, left: world.spread },
                );
                self.counts.refuted += 1;
                return true;
            }
            return false;
        }
        if overrides((state, incarnation), self.pair(agent, subject)) {
            self.believe(world, agent, subject, state, incarnation);
        }
        false
    }

    /// Writes what a message carries of news: what the receiver should know of itself, and what is freshest.
    fn carry(&mut self, world: &Around<'_>, from: u32, to: u32, payload: &mut Vec<u8>) {
        let of_receiver = self.pair(from, to).filter(|(state, _)| *state != State::Alive);
        let list = self.news.get_mut(&from);
        let count = list.as_ref().map_or(0, |list| list.len().min(world.rules.news as usize));
        put(&[count as u64 + u64::from(of_receiver.is_some())], payload);
        if let Some((state, incarnation)) = of_receiver {
            put(&[u64::from(to), state as u64, u64::from(incarnation)], payload);
        }
        if let Some(list) = list {
            for news in &mut list[..count] {
                put(&[u64::from(news.subject), news.state as u64, u64::from(news.incarnation)], payload);
                news.left -= 1;
            }
            // What has travelled goes behind what has travelled as often.
            list.rotate_left(count);
            list.retain(|news| news.left > 0);
            list.sort_by_key(|news| Reverse(news.left));
            if list.is_empty() {
                self.news.remove(&from);
            }
        }
    }
}

/// Counts somebody in or out who came to think something of a subject, or no longer does.
fn recount(counts: &mut BTreeMap<u32, u32>, subject: u32, before: bool, now: bool) {
    if now && !before {
        *counts.entry(subject).or_insert(0) += 1;
    } else if before
        && !now
        && let Some(count) = counts.get_mut(&subject)
    {
        *count -= 1;
        if *count == 0 {
            counts.remove(&subject);
        }
    }
}

/// More pieces of news than this don't wait at one agent.
const MOST_NEWS: usize = 256;

/// What SWIM has to go by in a tick.
struct Around<'a> {
    rules: &'a SwimConfig,
    tick: u64,
    period: Rhythm,
    /// How long after a question helpers are asked.
    timeout: Time,
    /// How long after a question its subject is suspected.
    patience: Time,
    /// For how many ticks a suspect may prove that it is there.
    suspicion: u64,
    /// With how many messages a piece of news travels.
    spread: u32,
}

/// Each way of a message takes a tick at least, and a question through a helper is four ways: where ticks are long it needs this,
/// whatever the scene says.
const LEAST_HELP: Time = 5 * PARTS;

/// For how many protocol periods a suspect among `members` may prove that it is there: news needs a time that grows with the
/// logarithm of their number to reach all.
#[must_use]
pub fn suspicion_periods(rules: &SwimConfig, members: usize) -> f64 {
    f64::from(rules.suspicion_periods) * libm::log10(members as f64).max(1.0)
}

/// With how many messages of each agent a piece of news travels among `members`: four times the digits of their number, as in
/// HashiCorp's memberlist, so that of those who hear it at random all but e⁻⁴ per digit do.
#[must_use]
pub fn retransmissions(members: usize) -> u32 {
    4 * (libm::log10(members as f64 + 1.0).ceil() as u32).max(1)
}

impl<'a> Around<'a> {
    fn new(rules: &'a SwimConfig, clock: &SimClock, members: usize) -> Self {
        let rate = Rate::of(clock);
        let period = Rhythm::of_parts(rate.parts(as_written(f64::from(rules.period_s))).max(2 * PARTS));
        let timeout = rate.parts(as_written(f64::from(rules.timeout_s))).clamp(PARTS, period.period() - PARTS);
        let suspicion = suspicion_periods(rules, members) * (period.period() as f64 / PARTS as f64);
        Self {
            rules,
            tick: clock.tick(),
            period,
            timeout,
            patience: (timeout + timeout.max(LEAST_HELP)).min(period.period()),
            suspicion: (suspicion.round() as u64).max(1),
            spread: retransmissions(members),
        }
    }

    fn end(&self) -> Time {
        end_of(self.tick)
    }
}

fn state_of(code: u64) -> State {
    match code {
        0 => State::Alive,
        1 => State::Suspect,
        _ => State::Dead,
    }
}

/// Lets agents answer, ask, help, suspect and judge.
pub(crate) fn swim(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    config: Res<NetworkConfig>,
    inbox: Res<Inbox>,
    mut network: ResMut<Network>,
    mut swim: ResMut<Swim>,
    mut bus: ResMut<EventBus>,
) {
    let Some(rules) = &config.detector.swim else {
        return;
    };
    let (swim, network) = (&mut *swim, &mut *network);
    let tick = clock.tick();
    let around = Around::new(rules, &clock, network.members.len());
    note_failures(swim, network, tick);
    let mut payload = Vec::new();
    for message in inbox.iter() {
        if !network.idle.contains(message.to.0) {
            react(swim, &around, network, &message, &mut payload, &mut bus);
        }
    }
    let later = swim.due.split_off(&(tick + 1, 0, 0));
    for (until, observer, subject) in std::mem::replace(&mut swim.due, later) {
        let Some(belief) = swim.beliefs.get_mut(&(observer, subject)) else {
            continue;
        };
        if belief.state != State::Suspect || belief.until != until || network.members.place(observer).is_none() {
            continue;
        }
        if network.idle.contains(observer) {
            // Who stalls judges when it goes on, unless it learns better until then.
            let again = tick + (around.period.period() / PARTS).max(1);
            belief.until = again;
            swim.due.insert((again, observer, subject));
        } else {
            let incarnation = belief.incarnation;
            judge(swim, &around, network, observer, subject, incarnation, &mut bus);
        }
    }
    // Who stalls doesn't know whether it was answered.
    swim.probes.retain(|observer, _| !network.idle.contains(*observer));
    ask_for_help(swim, &around, network, &dice, &mut payload);
    suspect(swim, &around, network, &mut bus);
    probe(swim, &around, network, &dice, &mut payload);
}

fn note_failures(swim: &mut Swim, network: &Network, tick: u64) {
    swim.failed_since.retain(|agent, _| network.failed.contains(*agent));
    for agent in network.failed.iter() {
        // Who fails in a tick does nothing in it.
        swim.failed_since.entry(agent).or_insert((end_of(tick.saturating_sub(1)), false));
    }
}

fn react(
    swim: &mut Swim,
    around: &Around<'_>,
    network: &mut Network,
    message: &Message<'_>,
    payload: &mut Vec<u8>,
    bus: &mut EventBus,
) -> Option<()> {
    let (from, to) = (message.from.0, message.to.0);
    let ours = matches!(message.kind, MessageKind::PING | MessageKind::PING_REQUEST | MessageKind::ACK);
    if !ours {
        return None;
    }
    let mut reader = Reader(message.payload);
    let (about, relay) = (u32::try_from(reader.varint()?).ok()?, u32::try_from(reader.varint()?).ok()?);
    for _ in 0..reader.varint()?.min(1024) {
        let subject = u32::try_from(reader.varint()?).ok()?;
        let state = state_of(reader.varint()?);
        let incarnation = u32::try_from(reader.varint()?).ok()?;
        if swim.hear(around, to, subject, state, incarnation) {
            bus.publish(SUSPICION_REFUTED, Some(message.to), Refutation { incarnation: swim.incarnation(message.to) });
        }
    }
    let (kind, whom, about, relay) = match message.kind {
        MessageKind::PING => (MessageKind::ACK, from, to, relay),
        MessageKind::PING_REQUEST => (MessageKind::PING, about, about, from + 1),
        _ => {
            if relay == 0 {
                let answers = |probe: &Probe| probe.target == about && message.arrives <= probe.begun + around.patience;
                if swim.probes.get(&to).is_some_and(answers) {
                    swim.probes.remove(&to);
                }
                return Some(());
            }
            (MessageKind::ACK, relay - 1, about, 0)
        }
    };
    say(swim, around, network, message.arrives, (to, whom), kind, (about, relay), payload);
    Some(())
}

fn say(
    swim: &mut Swim,
    around: &Around<'_>,
    network: &mut Network,
    moment: Time,
    (from, to): (u32, u32),
    kind: MessageKind,
    (about, relay): (u32, u32),
    payload: &mut Vec<u8>,
) {
    if !network.links.of(&network.members, from).contains(to) {
        return;
    }
    payload.clear();
    put(&[u64::from(about), u64::from(relay)], payload);
    swim.carry(around, from, to, payload);
    post(&mut network.outbox, moment, (from, to), kind, payload);
}

fn ask_for_help(swim: &mut Swim, around: &Around<'_>, network: &mut Network, dice: &SimRng, payload: &mut Vec<u8>) {
    let unanswered: Vec<(u32, u32, Time)> = swim
        .probes
        .iter()
        .filter(|(_, probe)| !probe.helped && probe.begun + around.timeout <= around.end())
        .map(|(observer, probe)| (*observer, probe.target, probe.begun + around.timeout))
        .collect();
    let mut helpers = Vec::new();
    for (observer, target, moment) in unanswered {
        let mut stream = dice.stream(HELP, AgentId(observer), around.tick);
        network.links.of(&network.members, observer).choose(around.rules.helpers + 1, &mut stream, &mut helpers);
        helpers.retain(|helper| *helper != target);
        helpers.truncate(around.rules.helpers as usize);
        for helper in &helpers {
            say(swim, around, network, moment, (observer, *helper), MessageKind::PING_REQUEST, (target, 0), payload);
        }
        if let Some(probe) = swim.probes.get_mut(&observer) {
            probe.helped = true;
        }
    }
}

fn suspect(swim: &mut Swim, around: &Around<'_>, network: &Network, bus: &mut EventBus) {
    let in_vain = |probe: &Probe| probe.begun + around.patience <= around.end();
    let over: Vec<(u32, Probe)> =
        swim.probes.iter().filter(|(_, probe)| in_vain(probe)).map(|(observer, probe)| (*observer, *probe)).collect();
    for (observer, probe) in over {
        swim.probes.remove(&observer);
        if network.members.place(probe.target).is_none() {
            continue;
        }
        let subject = probe.target;
        let (state, incarnation) = swim.pair(observer, subject).unwrap_or((State::Alive, 0));
        if state != State::Alive {
            continue;
        }
        swim.counts.suspicions += 1;
        if swim.doubted_by(AgentId(subject)) == 0 {
            let told = Suspicion { by: AgentId(observer), grounds: Grounds::NoAnswer };
            bus.publish(AGENT_SUSPECTED, Some(AgentId(subject)), told);
        }
        if let Some((since, noticed)) = swim.failed_since.get_mut(&subject)
            && !*noticed
        {
            *noticed = true;
            swim.counts.detections += 1;
            swim.counts.detection_time += (probe.begun + around.patience).saturating_sub(*since);
        }
        swim.believe(around, observer, subject, State::Suspect, incarnation);
    }
}

fn judge(
    swim: &mut Swim,
    around: &Around<'_>,
    network: &Network,
    observer: u32,
    subject: u32,
    incarnation: u32,
    bus: &mut EventBus,
) {
    swim.counts.verdicts += 1;
    swim.counts.false_verdicts +=
        u64::from(!network.failed.contains(subject) && network.members.place(subject).is_some());
    if !swim.judged_by.contains_key(&subject) {
        let told = Suspicion { by: AgentId(observer), grounds: Grounds::NotRefuted };
        bus.publish(AGENT_CONFIRMED_DEAD, Some(AgentId(subject)), told);
    }
    swim.believe(around, observer, subject, State::Dead, incarnation);
}

fn probe(swim: &mut Swim, around: &Around<'_>, network: &mut Network, dice: &SimRng, payload: &mut Vec<u8>) {
    let most = network.members.ids().last().map_or(0, |last| *last as usize + 1);
    swim.phases.fit(dice, PHASE, most);
    let here = around.period.at(around.tick);
    for place in 0..network.members.len() {
        let observer = network.members.ids()[place];
        let Some((moment, period)) = here.beat(swim.phases.of(observer)) else {
            continue;
        };
        if network.idle.contains(observer) {
            continue;
        }
        let neighbours = network.links.of(&network.members, observer);
        let Some(target) = target(swim, around, observer, neighbours, dice, period) else {
            continue;
        };
        swim.probes.insert(observer, Probe { target, begun: moment, helped: false });
        say(swim, around, network, moment, (observer, target), MessageKind::PING, (target, 0), payload);
    }
}

/// Whom an agent asks: somebody whom it doesn't hold for failed.
fn target(
    swim: &Swim,
    around: &Around<'_>,
    observer: u32,
    neighbours: Neighbours<'_>,
    dice: &SimRng,
    period: u64,
) -> Option<u32> {
    if neighbours.is_empty() {
        return None;
    }
    let count = neighbours.len() as u32;
    let mut stream =
        dice.stream(PROBE, AgentId(observer), if around.rules.target == ProbeTarget::Random { period } else { 0 });
    let start = below(&mut stream, count);
    for step in 0..count.min(32) {
        let at = match around.rules.target {
            ProbeTarget::Random if step == 0 => start,
            ProbeTarget::Random => below(&mut stream, count),
            ProbeTarget::RoundRobin => ((u64::from(start) + period + u64::from(step)) % u64::from(count)) as u32,
        };
        let target = neighbours.get(at as usize);
        if swim.belief(AgentId(observer), AgentId(target)) != State::Dead {
            return Some(target);
        }
    }
    None
}

/// The numbers of the metrics of SWIM.
#[derive(Resource)]
pub(crate) struct SwimMetrics {
    doubts: MetricId,
    suspicions: MetricId,
    verdicts: MetricId,
    false_verdicts: MetricId,
    refuted: MetricId,
    detected: MetricId,
    detection: MetricId,
    news: MetricId,
    dropped: MetricId,
}

impl SwimMetrics {
    pub(crate) fn declare(metrics: &mut Metrics) -> Self {
        let mut cheap = |name: &str, unit, help| metrics.declare(MetricSpec::cheap(name, unit, help));
        Self {
            doubts: cheap("swim.doubts", "pairs", "How many suspect another or hold it for failed, summed over all."),
            suspicions: cheap("swim.suspicions", "suspicions", "How often somebody suspected another by itself."),
            verdicts: cheap("swim.verdicts", "verdicts", "How often somebody held another for failed by itself."),
            false_verdicts: cheap(
                "swim.false_verdicts",
                "verdicts",
                "How many of these were about agents that had not failed.",
            ),
            refuted: cheap("swim.refuted", "", "How often a suspect proved that it is there."),
            detected: cheap("swim.detected", "agents", "How many failures somebody has noticed."),
            detection: cheap(
                "swim.detection_periods",
                "periods",
                "The mean time from failing to the first suspicion, in protocol periods.",
            ),
            news: cheap("swim.news", "pieces", "How many pieces of news wait to be passed on, all agents together."),
            dropped: cheap(
                "swim.news_dropped",
                "pieces",
                "How many pieces of news were dropped because too many waited: messages carry too few (`news`).",
            ),
        }
    }
}

pub(crate) fn observe_swim(
    clock: Res<SimClock>,
    config: Res<NetworkConfig>,
    swim: Res<Swim>,
    ids: Res<SwimMetrics>,
    mut metrics: ResMut<Metrics>,
) {
    let counts = &swim.counts;
    metrics.record(ids.doubts, swim.doubts() as f64);
    metrics.record(ids.suspicions, counts.suspicions as f64);
    metrics.record(ids.verdicts, counts.verdicts as f64);
    metrics.record(ids.false_verdicts, counts.false_verdicts as f64);
    metrics.record(ids.refuted, counts.refuted as f64);
    metrics.record(ids.detected, counts.detections as f64);
    metrics.record(ids.news, swim.news() as f64);
    metrics.record(ids.dropped, counts.dropped as f64);
    if let (Some(rules), true) = (&config.detector.swim, counts.detections > 0) {
        let period = Around::new(rules, &clock, 1).period.period() as f64;
        metrics.record(ids.detection, counts.detection_time as f64 / counts.detections as f64 / period);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_override_beliefs_as_in_the_paper() {
        use State::{Alive, Dead, Suspect};
        assert!(
            overrides((Suspect, 0), None)
                && overrides((Dead, 0), Some((Suspect, 0)))
                && overrides((Suspect, 2), Some((Alive, 2)))
        );
        assert!(overrides((Alive, 1), Some((Suspect, 0))) && overrides((Alive, 3), Some((Dead, 2))));
        assert!(!overrides((Alive, 1), Some((Suspect, 1))) && !overrides((Suspect, 1), Some((Suspect, 1))));
        assert!(!overrides((Alive, 0), None) && !overrides((Suspect, 1), Some((Dead, 1))));
    }
}
