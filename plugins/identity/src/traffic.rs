//! Messages through sealed channels; and some who send again what others have sent.

use agent2028_core::agent::{Agent, AgentGroups, AgentId, AgentIndex, Condition};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, LimitReached};
use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng};
use bevy::prelude::*;
use rand::Rng;

use crate::canonical::Digest;
use crate::channel::{Channel, HELLO, HelloGuard, ReplayWindow, WINDOW};
use crate::config::{ChecksConfig, IdentityConfig};
use crate::events::{ATTACK_LET_THROUGH, Intrusion};
use crate::identities::{Ends, Identities, OpenChannel};
use crate::issue::members_of;
use crate::requests::{idle_agents, times};
use crate::signature::Signature;
use crate::state::{AttackKind, ChannelState};
use crate::suite::PublicKeys;
use crate::timestamp::Timestamp;
use crate::vault::entropy;

const OPENING: Purpose = Purpose::new("identity.channel");
const SENDING: Purpose = Purpose::new("identity.sending");
const MESSAGE: Purpose = Purpose::new("identity.message");
const REPLAYS: Purpose = Purpose::new("identity.replays");

/// A recorded message is sent again within so many of the newest ones.
const RECORDED: u64 = WINDOW / 2;

/// An opening that is older than this, in seconds, opens nothing: so long those that came are remembered.
const OPENING_AGE_S: f64 = 10.0;

/// The most messages through sealed channels within a tick, replays among them: each is sealed and opened.
const MOST_MESSAGES: u32 = 1 << 13;

/// What a channel does in a tick.
struct Job {
    channel: usize,
    bytes: u32,
    /// How many messages each end sends.
    sends: [u32; 2],
    /// Messages that somebody sends again: of which end, which, and who does it.
    replays: Vec<(usize, u64, u32)>,
    /// Who sends what opened it again, and after it this message of who opened it.
    reopened: Vec<(u64, u32)>,
}

/// What became of it.
#[derive(Default)]
struct Done {
    ends: Ends,
    sent: [u64; 2],
    windows: [ReplayWindow; 2],
    hello: Option<Signature>,
    arrived: u64,
    lost: u64,
    bytes: u64,
    /// Who sent what again, from which end, and whether it was let in.
    replayed: Vec<(usize, u32, bool)>,
    /// Who opened it again, and whether the message after that was let in.
    reopened: Vec<(u32, bool)>,
}

/// The message of a number: the same whenever it is asked for.
fn message(dice: &SimRng, channel: usize, sender: u32, number: u64, bytes: u32) -> Vec<u8> {
    let mut text = vec![0; bytes as usize];
    dice.stream(MESSAGE.indexed(channel as u64), AgentId(sender), number).fill_bytes(&mut text);
    text
}

/// Adds a channel for every agent whose group opens one and that has none yet.
fn add_channels(identities: &mut Identities, config: &IdentityConfig, groups: &AgentGroups, index: &AgentIndex) {
    let (mut from, mut to) = (Vec::new(), Vec::new());
    for (number, rule) in config.channels.iter().enumerate() {
        members_of(identities, groups, index, &rule.from, &mut from);
        members_of(identities, groups, index, &rule.to, &mut to);
        let number = number as u32;
        let mut have: Vec<u32> = identities
            .state
            .channels
            .iter()
            .filter(|channel| channel.rule == number)
            .map(|channel| channel.ends[0])
            .collect();
        have.sort_unstable();
        for (turn, agent) in from.iter().enumerate() {
            if have.binary_search(agent).is_ok() || to.is_empty() {
                continue;
            }
            // Within one group everybody talks to the next.
            let other = if rule.from == rule.to { to[(turn + 1) % to.len()] } else { to[turn % to.len()] };
            if other != *agent {
                identities.state.channels.push(ChannelState {
                    rule: number,
                    ends: [*agent, other],
                    opened: None,
                    sent: [0; 2],
                    windows: [ReplayWindow::default(); 2],
                });
                identities.ends.push(None);
            }
        }
    }
}

/// Opens channels, sends, and lets in.
pub(crate) fn talk(
    clock: Res<SimClock>,
    dice: Res<SimRng>,
    workers: Res<Workers>,
    config: Res<IdentityConfig>,
    groups: Res<AgentGroups>,
    index: Res<AgentIndex>,
    conditions: Query<(&Agent, &Condition)>,
    mut identities: ResMut<Identities>,
    mut bus: ResMut<EventBus>,
) {
    let identities = identities.bypass_change_detection();
    if config.channels.is_empty() {
        return;
    }
    let idle = idle_agents(&conditions);
    let now = Timestamp::now(&clock);
    if config.is_changed() || index.is_changed() {
        let rules = Digest::of_value(&config.channels);
        let peopled = (rules, index.next_id().0, index.len() as u32);
        if identities.state.peopled != peopled {
            identities.state.peopled = peopled;
            add_channels(identities, &config, &groups, &index);
        }
    }
    let acts = |identities: &Identities, agent: u32| {
        let has_ended = identities.state.place(agent).is_none_or(|at| identities.state.members[at].ended.is_some());
        !has_ended && index.get(AgentId(agent)).is_some() && !idle.contains(&agent)
    };
    let mut jobs = Vec::new();
    let mut left = MOST_MESSAGES;
    for (channel, state) in identities.state.channels.iter().enumerate() {
        let Some(rule) = config.channels.get(state.rule as usize) else {
            continue;
        };
        if !state.ends.iter().all(|agent| acts(identities, *agent)) {
            continue;
        }
        let sends = [0, 1].map(|end| {
            let purpose = SENDING.indexed(channel as u64 * 2 + end as u64);
            let unit = dice.stream(purpose, AgentId(state.ends[end]), clock.tick()).unit();
            let sends = times(rule.per_second, clock.dt(), unit).min(left);
            left -= sends;
            sends
        });
        if sends != [0; 2] || state.opened.is_none() {
            jobs.push(Job { channel, bytes: rule.bytes, sends, replays: Vec::new(), reopened: Vec::new() });
        }
    }
    add_replays(identities, &config, &clock, &dice, &mut jobs, &mut left, |agent| acts(identities, agent));
    if left == 0 {
        LimitReached::new("sealed messages within a tick", MOST_MESSAGES.into(), "the others are not sent")
            .tell(&mut bus);
    }
    let checks = config.checks;
    let mut ends: Vec<Ends> = jobs.iter().map(|job| identities.ends[job.channel].take()).collect();
    let mut done: Vec<Done> = {
        let identities = &*identities;
        let mut done: Vec<(Ends, Done)> = ends.drain(..).map(|ends| (ends, Done::default())).collect();
        workers.for_each_chunk_mut(&mut done, 1, |at, chunk| {
            for (ends, done) in chunk {
                *done = carry(identities, &dice, &jobs[at], ends.take(), now, checks);
            }
        });
        done.into_iter().map(|(_, done)| done).collect()
    };
    for (job, done) in jobs.iter().zip(&mut done) {
        finish(identities, &mut bus, job, done, now);
    }
}

/// Adds what those send again who replay messages.
fn add_replays(
    identities: &Identities,
    config: &IdentityConfig,
    clock: &SimClock,
    dice: &SimRng,
    jobs: &mut Vec<Job>,
    left: &mut u32,
    acts: impl Fn(u32) -> bool,
) {
    for (number, attack) in identities.state.attacks.iter().enumerate() {
        let reopens = attack.kind == AttackKind::ReplayOpening;
        if !(reopens || attack.kind == AttackKind::ReplayMessages) || attack.until < clock.tick() || !acts(attack.agent)
        {
            continue;
        }
        let mut stream = dice.stream(REPLAYS.indexed(number as u64), AgentId(attack.agent), clock.tick());
        for _ in 0..times(attack.per_second, clock.dt(), stream.unit()) {
            if *left == 0 {
                return;
            }
            *left -= 1;
            let count = identities.state.channels.len();
            let channel = ((u64::from(stream.next_u32()) * count as u64) >> 32) as usize;
            let (end, back) = ((stream.next_u32() & 1) as usize, u64::from(stream.next_u32()) % RECORDED);
            let Some(state) = identities.state.channels.get(channel) else {
                continue;
            };
            let end = if reopens { 0 } else { end };
            // Nobody sends a message again that was never sent.
            let Some(recorded) = state.sent[end].checked_sub(1).map(|newest| newest.saturating_sub(back)) else {
                continue;
            };
            let Some(rule) = config.channels.get(state.rule as usize) else {
                continue;
            };
            // A channel is closed while one of its ends doesn't act.
            if !state.ends.iter().all(|agent| acts(*agent)) {
                continue;
            }
            let at = jobs.partition_point(|job| job.channel < channel);
            if jobs.get(at).is_none_or(|job| job.channel != channel) {
                let (replays, reopened) = (Vec::new(), Vec::new());
                jobs.insert(at, Job { channel, bytes: rule.bytes, sends: [0; 2], replays, reopened });
            }
            if reopens {
                jobs[at].reopened.push((recorded, attack.agent));
            } else {
                jobs[at].replays.push((end, recorded, attack.agent));
            }
        }
    }
}

/// What a channel does in a tick, with real keys.
fn carry(identities: &Identities, dice: &SimRng, job: &Job, ends: Ends, now: Timestamp, checks: ChecksConfig) -> Done {
    let state = &identities.state.channels[job.channel];
    let mut done = Done { sent: state.sent, windows: state.windows, ..Done::default() };
    let mut open = match ends {
        Some(open) => open,
        // Opened for the first time, or again after a jump in time: its keys are no state, so they may be others now.
        None => match open_channel(identities, dice, job.channel, now) {
            Some(open) => {
                done.hello = Some(open.hello.signature.clone());
                open
            }
            // Not with these keys; it is tried again in the next tick.
            None => return done,
        },
    };
    let OpenChannel { ends, hello, guard } = open.as_mut();
    for end in [0, 1] {
        (ends[end].next, ends[end].window) = (state.sent[end], state.windows[end]);
    }
    let text = |end: usize, number| message(dice, job.channel, state.ends[end], number, job.bytes);
    for end in [0, 1] {
        for _ in 0..job.sends[end] {
            let wanted = text(end, ends[end].next);
            let Ok(sealed) = ends[end].seal(&wanted) else {
                continue;
            };
            done.bytes += sealed.bytes.len() as u64 + 8;
            match ends[1 - end].open(&sealed) {
                Ok(got) if got == wanted => done.arrived += 1,
                _ => done.lost += 1,
            }
        }
    }
    for (end, number, agent) in &job.replays {
        let Ok(sealed) = ends[*end].recorded(*number, &text(*end, *number)) else {
            continue;
        };
        let other = &mut ends[1 - end];
        let is_in = if checks.replays { other.open(&sealed) } else { other.open_unguarded(&sealed) }.is_ok();
        done.replayed.push((*end, *agent, is_in));
    }
    for (number, agent) in &job.reopened {
        let again = ends[0].recorded(*number, &text(0, *number));
        let is_new = !checks.openings || guard.admit(hello, now, OPENING_AGE_S).is_ok();
        if is_new {
            // It begins anew: with the same secrets, and knowing nothing of what came and went.
            (ends[1].next, ends[1].window) = (0, ReplayWindow::default());
        }
        let is_in = is_new
            && again.is_ok_and(|sealed| {
                if checks.replays { ends[1].open(&sealed) } else { ends[1].open_unguarded(&sealed) }.is_ok()
            });
        done.reopened.push((*agent, is_in));
    }
    (done.sent, done.windows) = ([0, 1].map(|end| ends[end].next), [0, 1].map(|end| ends[end].window));
    done.ends = Some(open);
    done
}

/// Opens a channel: a secret for the other, signed; verified and opened by the other.
fn open_channel(identities: &Identities, dice: &SimRng, channel: usize, at: Timestamp) -> Option<Box<OpenChannel>> {
    let ends = identities.state.channels[channel].ends;
    let [from, to] = ends.map(|agent| identities.document_of(AgentId(agent)));
    let [mine, theirs] = ends.map(|agent| identities.keys_of(dice, agent, at));
    let (from, to, mine, theirs) = (from?, to?, mine.ok()?, theirs.ok()?);
    let once = entropy(dice, OPENING.indexed(channel as u64), ends[0], at.0 as u64);
    let (here, hello) = Channel::open_to_keys(from, mine.as_ref(), (to, theirs.sealing()), &once, at).ok()?;
    let verify = |signature: &Signature, keys: &PublicKeys, bytes: &[u8]| {
        identities.vault.verify_once(signature, keys, HELLO, bytes)
    };
    let there = Channel::accept_if(&hello, from, to, theirs.as_ref(), verify).ok()?;
    let mut guard = HelloGuard::default();
    guard.admit(&hello, at, OPENING_AGE_S).ok()?;
    Some(Box::new(OpenChannel { ends: [here, there], hello, guard }))
}

fn finish(identities: &mut Identities, bus: &mut EventBus, job: &Job, done: &mut Done, now: Timestamp) {
    identities.ends[job.channel] = done.ends.take();
    let is_new = identities.state.channels[job.channel].opened.is_none();
    if let Some(hello) = &done.hello
        && is_new
    {
        let ends = identities.state.channels[job.channel].ends;
        identities.note_signature(hello, ends);
        identities.state.counts.verified += 1;
        identities.state.counts.channels += 1;
        identities.state.channels[job.channel].opened = Some(now);
    }
    let state = &mut identities.state;
    let channel = &mut state.channels[job.channel];
    (channel.sent, channel.windows) = (done.sent, done.windows);
    state.counts.messages += done.arrived;
    state.counts.lost_messages += done.lost;
    state.counts.sealed_bytes += done.bytes;
    let replayed = done.replayed.iter().map(|(end, agent, is_in)| (AttackKind::ReplayMessages, *end, *agent, *is_in));
    let reopened = done.reopened.iter().map(|(agent, is_in)| (AttackKind::ReplayOpening, 0, *agent, *is_in));
    for (kind, end, agent, is_in) in replayed.chain(reopened) {
        state.counts.attempts[kind as usize] += 1;
        if is_in {
            let is_first = state.counts.let_through[kind as usize] == 0;
            state.counts.let_through[kind as usize] += 1;
            if is_first {
                let [victim, by] = [channel.ends[end], channel.ends[1 - end]].map(AgentId);
                bus.publish(ATTACK_LET_THROUGH, Some(AgentId(agent)), Intrusion { by, kind, victim });
            }
        }
    }
}
