//! State that agents share: each has a replica, writes to it now and then, and compares it with those of its neighbours. What
//! differs is found by digests and exchanged (anti-entropy: Demers et al. 1987).

use std::collections::BTreeMap;

use agent2028_core::agent::AgentId;
use agent2028_core::clock::{SimClock, as_written};
use agent2028_core::metrics::{MetricId, MetricSpec, Metrics};
use agent2028_core::rhythm::{Phases, Rhythm};
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::time::Rate;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{NetworkConfig, SharedConfig, SharedKind};
use crate::crdt::{Entry, GCounter, LwwMap, OrSet, PnCounter, Value};
use crate::digest::{BRANCHES, Digest, branch_of};
use crate::inbox::Inbox;
use crate::message::{Message, MessageKind};
use crate::network::{Network, post};
use crate::topology::below;
use crate::wire::{Reader, put};

const WRITE: Purpose = Purpose::new("network.shared.write");
const PHASE: Purpose = Purpose::new("network.shared.phase");
const COMPARE: Purpose = Purpose::new("network.shared.compare");

/// An agent's replica of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    value: Value,
    digest: Digest,
}

impl Replica {
    /// An empty replica.
    #[must_use]
    pub fn new(kind: SharedKind) -> Self {
        let value = match kind {
            SharedKind::GCounter => Value::GCounter(GCounter::default()),
            SharedKind::PnCounter => Value::PnCounter(PnCounter::default()),
            SharedKind::OrSet => Value::OrSet(OrSet::default()),
            SharedKind::LwwRegister | SharedKind::LwwMap => Value::Lww(LwwMap::default()),
        };
        Self { value, digest: Digest::default() }
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The root of its digest: equal replicas have equal ones.
    #[must_use]
    pub fn root(&self) -> u64 {
        self.digest.root()
    }

    /// Learns an entry.
    pub fn join(&mut self, entry: &Entry) {
        let before = self.value.counterpart(entry);
        self.value.join(entry);
        self.digest.change(before.as_ref(), self.value.counterpart(entry).as_ref());
    }

    /// Writes, and keeps the digest in step.
    pub fn write(&mut self, write: impl FnOnce(&mut Value)) {
        // A write may change several entries (removing a thing with many tags), so the digest is taken anew.
        write(&mut self.value);
        self.digest = Digest::of(&self.value.entries());
    }
}

/// The replicas of all shared values.
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct SharedState {
    /// By value (in the order of the scene), then by agent.
    replicas: Vec<BTreeMap<u32, Replica>>,
    exchanged: u64,
    #[serde(skip)]
    phases: Phases,
}

impl SharedState {
    /// An agent's replica of the value at `place` in the scene's list.
    #[must_use]
    pub fn replica(&self, place: usize, agent: AgentId) -> Option<&Replica> {
        self.replicas.get(place)?.get(&agent.0)
    }

    /// How many entries were exchanged.
    #[must_use]
    pub fn exchanged(&self) -> u64 {
        self.exchanged
    }

    /// How many different states the replicas of a value have, and how many replicas have the most common one.
    #[must_use]
    pub fn versions(&self, place: usize) -> (usize, usize) {
        let mut roots: Vec<u64> =
            self.replicas.get(place).into_iter().flat_map(BTreeMap::values).map(Replica::root).collect();
        roots.sort_unstable();
        let runs = roots.chunk_by(|one, other| one == other).map(<[u64]>::len);
        (runs.clone().count(), runs.max().unwrap_or(0))
    }

    /// The memory that it holds, in bytes, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let entries = |replica: &Replica| replica.value.entries().len() * 40 + BRANCHES * 8;
        self.replicas.iter().flat_map(BTreeMap::values).map(entries).sum()
    }
}

/// By how much the phases of what an agent does are apart, in parts of 2³² of the period: a golden section, so that none fall
/// together.
const APART: u32 = 0x9e37_79b9;

/// Lets agents write, compare and exchange.
pub(crate) fn share(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    config: Res<NetworkConfig>,
    inbox: Res<Inbox>,
    mut network: ResMut<Network>,
    mut state: ResMut<SharedState>,
) {
    let (tick, state, network) = (clock.tick(), &mut *state, &mut *network);
    state.replicas.resize_with(config.shared.len(), BTreeMap::new);
    for message in inbox.iter() {
        let ours = matches!(message.kind, MessageKind::DIGEST | MessageKind::BRANCHES | MessageKind::ENTRIES);
        if ours && !network.idle.contains(message.to.0) {
            answer(state, &config, network, &message);
        }
    }
    for (place, shared) in config.shared.iter().enumerate() {
        if state.replicas[place].len() != network.members.len() {
            let members = &network.members;
            state.replicas[place].retain(|agent, _| members.place(*agent).is_some());
            for agent in members.ids() {
                state.replicas[place].entry(*agent).or_insert_with(|| Replica::new(shared.kind));
            }
        }
        let rate = Rate::of(&clock);
        let compare = Rhythm::of_seconds(rate, shared.period_s).at(tick);
        let writes = shared.writes_per_s > 0.0 && shared.write_until.is_none_or(|last| tick <= last);
        let write =
            writes.then(|| Rhythm::of_parts(rate.parts(1.0 / as_written(f64::from(shared.writes_per_s)))).at(tick));
        let most = network.members.ids().last().map_or(0, |last| *last as usize + 1);
        state.phases.fit(&dice, PHASE, most);
        for at in 0..network.members.len() {
            let agent = network.members.ids()[at];
            if network.idle.contains(agent) {
                continue;
            }
            let phase = state.phases.of(agent).wrapping_add(APART.wrapping_mul(2 * place as u32));
            if write.is_some_and(|write| write.beat(phase).is_some()) {
                let mut stream = dice.stream(WRITE.indexed(place as u64), AgentId(agent), tick);
                let physical = clock.now().timestamp_millis() + network.faults.skew_ms(agent);
                let time = network.stamp(agent, physical);
                let (what, thing, amount) =
                    (below(&mut stream, 4), below(&mut stream, shared.things), below(&mut stream, 1000));
                if let Some(replica) = state.replicas[place].get_mut(&agent) {
                    replica.write(|value| match value {
                        Value::GCounter(counter) => counter.increment(agent, 1),
                        Value::PnCounter(counter) => counter.add(agent, if what == 0 { -1 } else { 1 }),
                        Value::OrSet(set) if what == 0 => set.remove(thing),
                        Value::OrSet(set) => set.add(agent, thing),
                        Value::Lww(map) if shared.kind == SharedKind::LwwRegister => {
                            map.write(0, time, agent, Some(u64::from(amount)));
                        }
                        Value::Lww(map) => map.write(thing, time, agent, (what > 0).then_some(u64::from(amount))),
                    });
                }
            }
            if let Some((moment, _)) = compare.beat(phase.wrapping_add(APART)) {
                let neighbours = network.links.of(&network.members, agent);
                if neighbours.is_empty() {
                    continue;
                }
                let mut stream = dice.stream(COMPARE.indexed(place as u64), AgentId(agent), tick);
                let partner = neighbours.get(below(&mut stream, neighbours.len() as u32) as usize);
                if let Some(replica) = state.replicas[place].get(&agent) {
                    let mut payload = Vec::new();
                    put(&[place as u64], &mut payload);
                    payload.extend(replica.root().to_le_bytes());
                    post(&mut network.outbox, moment, (agent, partner), MessageKind::DIGEST, &payload);
                }
            }
        }
    }
}

fn fixed(reader: &mut Reader<'_>) -> Option<u64> {
    Some(u64::from_le_bytes(reader.bytes(8)?.try_into().ok()?))
}

/// Answers a digest with the branches, branches with the entries of those that differ, and entries with the own ones if they
/// are asked for.
fn answer(state: &mut SharedState, config: &NetworkConfig, network: &mut Network, message: &Message<'_>) -> Option<()> {
    let (from, to) = (message.from.0, message.to.0);
    let mut reader = Reader(message.payload);
    let place = usize::try_from(reader.varint()?).ok()?;
    let shared: &SharedConfig = config.shared.get(place)?;
    let replica = state.replicas.get_mut(place)?.entry(to).or_insert_with(|| Replica::new(shared.kind));
    let mut payload = Vec::new();
    put(&[place as u64], &mut payload);
    let reply = match message.kind {
        MessageKind::DIGEST => {
            if fixed(&mut reader)? == replica.root() {
                return Some(());
            }
            replica.digest.branches().iter().for_each(|branch| payload.extend(branch.to_le_bytes()));
            MessageKind::BRANCHES
        }
        MessageKind::BRANCHES => {
            let theirs: Vec<u64> = (0..BRANCHES).map(|_| fixed(&mut reader)).collect::<Option<_>>()?;
            let differing = replica.digest.differing(theirs);
            write_entries(replica, differing, true, &mut payload);
            MessageKind::ENTRIES
        }
        _ => {
            let (answered, bits) = (reader.byte()? == 0, fixed(&mut reader)?);
            for _ in 0..reader.varint()?.min(1 << 20) {
                let (entry, rest) = postcard::take_from_bytes::<Entry>(reader.0).ok()?;
                reader.0 = rest;
                replica.join(&entry);
                state.exchanged += 1;
            }
            if answered {
                return Some(());
            }
            write_entries(replica, bits, false, &mut payload);
            MessageKind::ENTRIES
        }
    };
    if network.links.of(&network.members, to).contains(from) {
        post(&mut network.outbox, message.arrives, (to, from), reply, &payload);
    }
    Some(())
}

/// Writes the entries of the branches in `bits`, and whether those of the receiver are wanted in turn.
fn write_entries(replica: &Replica, bits: u64, wanted: bool, payload: &mut Vec<u8>) {
    payload.push(u8::from(wanted));
    payload.extend(bits.to_le_bytes());
    let entries: Vec<Entry> =
        replica.value.entries().into_iter().filter(|entry| bits >> branch_of(entry) & 1 == 1).collect();
    let written: Vec<Vec<u8>> = entries
        .iter()
        .filter_map(|entry| match postcard::to_stdvec(entry) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                tracing::error!("an entry of a shared value can't be sent: {error}");
                None
            }
        })
        .collect();
    put(&[written.len() as u64], payload);
    written.iter().for_each(|bytes| payload.extend(bytes));
}

/// The numbers of the metrics of shared values.
#[derive(Resource)]
pub(crate) struct SharedMetrics {
    values: Vec<(MetricId, MetricId)>,
    exchanged: MetricId,
}

/// Ticks between two samples.
const EVERY_TICKS: u32 = 5;

impl SharedMetrics {
    pub(crate) fn declare(config: &NetworkConfig, metrics: &mut Metrics) -> Self {
        let value = |shared: &SharedConfig, metrics: &mut Metrics| {
            let versions = MetricSpec::expensive(
                format!("shared.versions.{}", shared.name),
                "versions",
                "How many different states the replicas of this value have; 1 if all agree.",
                EVERY_TICKS,
            );
            let agreement = MetricSpec::expensive(
                format!("shared.agreement.{}", shared.name),
                "",
                "The share of replicas of this value that have the most common state, 0 to 1.",
                EVERY_TICKS,
            );
            (metrics.declare(versions), metrics.declare(agreement))
        };
        let values = config.shared.iter().map(|shared| value(shared, metrics)).collect();
        let exchanged = MetricSpec::cheap("shared.exchanged", "entries", "How many entries were exchanged.");
        Self { values, exchanged: metrics.declare(exchanged) }
    }
}

pub(crate) fn observe_shared(
    state: Res<SharedState>,
    network: Res<Network>,
    ids: Res<SharedMetrics>,
    mut metrics: ResMut<Metrics>,
) {
    metrics.record(ids.exchanged, state.exchanged as f64);
    for (place, (versions, agreement)) in ids.values.iter().enumerate() {
        if metrics.wanted(*versions) || metrics.wanted(*agreement) {
            let (count, most) = state.versions(place);
            metrics.record(*versions, count as f64);
            if !network.members().is_empty() {
                metrics.record(*agreement, most as f64 / network.members().len() as f64);
            }
        }
    }
}
