//! Messages through sealed channels; and some who send again what others have sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent2028_core::agent::{Agent, AgentGroups, AgentId, AgentIndex, Condition};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, LimitReached};
use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng};
use bevy::prelude::*;
use rand::Rng;

use crate::canonical::Digest;
use crate::channel::{Channel, HELLO, Hello, HelloError, HelloGuard, ReplayWindow, WINDOW};
use crate::config::{ChannelConfig, ChecksConfig, IdentityConfig};
use crate::events::{ATTACK_LET_THROUGH, CHANNEL_REFUSED, ChannelRefused, Intrusion};
use crate::greeting::{ANSWER, Answer, Offer};
use crate::identities::Identities;
use crate::issue::members_of;
use crate::requests::{idle_agents, times};
use crate::signature::Signature;
use crate::state::{Attack, AttackKind, ChannelState};
use crate::suite::{PublicKeys, SuiteId};
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

/// A channel that could not be opened is tried again after so many seconds.
const RETRY_S: f64 = 1.0;

/// The most messages through sealed channels within a tick, replays among them: each is sealed and opened.
const MOST_MESSAGES: u32 = 1 << 13;

/// An open channel: both ends, what opened it, and what the one that accepted it remembers of that.
#[derive(Debug)]
pub(crate) struct OpenChannel {
    pub ends: [Channel; 2],
    pub hello: Hello,
    pub guard: HelloGuard,
}

/// A channel, if it is open.
pub(crate) type Ends = Option<Box<OpenChannel>>;

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
    /// Where it isn't open: the suites that each end can do, and who strikes some from the offer on its way.
    suites: [Vec<SuiteId>; 2],
    stripped_by: Option<u32>,
}

impl Job {
    fn new(channel: usize, bytes: u32) -> Self {
        let (replays, reopened, suites) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
        Self { channel, bytes, sends: [0; 2], replays, reopened, suites, stripped_by: None }
    }
}

/// What became of it.
#[derive(Default)]
struct Done {
    ends: Ends,
    sent: [u64; 2],
    windows: [ReplayWindow; 2],
    /// The signatures of the answer and of what opened it, if it was opened, and with which suite.
    opening: Option<([Signature; 2], SuiteId)>,
    /// Why it was not opened.
    refused: Option<HelloError>,
    /// Who struck suites from the offer.
    stripped_by: Option<u32>,
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
                    suite: None,
                    refused: None,
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
    let strips = |attack: &&Attack| attack.kind == AttackKind::StripOffers && attack.until >= clock.tick();
    let strips = identities.state.attacks.iter().filter(strips).filter(|attack| acts(identities, attack.agent));
    let strippers: BTreeMap<u32, u32> = strips.map(|attack| (attack.victim, attack.agent)).collect();
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
        let (is_closed, retry) = (state.opened.is_none(), clock.ticks_in(RETRY_S).max(1));
        let is_due = is_closed && state.refused.is_none_or(|tick| clock.tick() >= tick.saturating_add(retry));
        if is_due || !is_closed && sends != [0; 2] {
            let mut job = Job { sends, ..Job::new(channel, rule.bytes) };
            if is_closed {
                job.suites = suites_of(identities, &config, rule, state.ends);
                job.stripped_by = strippers.get(&state.ends[0]).copied().filter(|agent| !state.ends.contains(agent));
            }
            jobs.push(job);
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
        finish(identities, &mut bus, job, done, &clock);
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
                jobs.insert(at, Job::new(channel, rule.bytes));
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
        None => match open_channel(identities, dice, job, now, checks, &mut done) {
            Ok(open) => open,
            // Not with these keys or suites; it is tried again in the next tick.
            Err(error) => {
                done.refused = Some(error);
                return done;
            }
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

/// The suites that the two ends of a channel can do: as the scene says of their groups; where it doesn't, all that there are to
/// open one, and that of its keys to accept one.
fn suites_of(
    identities: &Identities,
    config: &IdentityConfig,
    rule: &ChannelConfig,
    ends: [u32; 2],
) -> [Vec<SuiteId>; 2] {
    let own = identities.state.place(ends[1]).map(|place| identities.state.members[place].suite);
    let can = |group: &str, otherwise: Vec<SuiteId>| config.offer_of(group).map_or(otherwise, <[SuiteId]>::to_vec);
    [can(&rule.from, SuiteId::present().collect()), can(&rule.to, own.into_iter().collect())]
}

/// Opens a channel: the ends agree on a suite; then a secret for the other, signed; verified and opened by the other.
fn open_channel(
    identities: &Identities,
    dice: &SimRng,
    job: &Job,
    at: Timestamp,
    checks: ChecksConfig,
    done: &mut Done,
) -> Result<Box<OpenChannel>, HelloError> {
    let state = &identities.state.channels[job.channel];
    let ends = state.ends;
    let [from, to] = ends.map(|agent| identities.document_of(AgentId(agent)).ok_or(HelloError::OtherParties));
    let keys_of = |agent| identities.keys_of(dice, agent, at).map_err(|_| HelloError::Deactivated);
    let (from, to, mine, theirs) = (from?, to?, keys_of(ends[0])?, keys_of(ends[1])?);
    // What was open before has the suite on which the two agreed then.
    let [suites, accepts] = state.suite.map_or_else(|| job.suites.clone(), |suite| [vec![suite], vec![suite]]);
    let said = Offer { from: from.did, to: to.did, at, suites };
    let mut heard = said.clone();
    if let Some(agent) = job.stripped_by
        && let Some(weakest) = heard.suites.iter().copied().max()
        && heard.suites.iter().any(|suite| *suite != weakest)
    {
        heard.suites = vec![weakest];
        done.stripped_by = Some(agent);
    }
    let mut sealing = None;
    let keys = |suite| {
        let keys = if suite == theirs.public().suite {
            Arc::clone(&theirs)
        } else {
            identities.sealing_keys_of(dice, ends[1], suite, at)?
        };
        let public = keys.sealing().clone();
        sealing = Some(keys);
        Ok(public)
    };
    let answer = Answer::give(heard, accepts, keys, theirs.as_ref())?;
    let verify = |context: &'static str| {
        move |signature: &Signature, keys: &PublicKeys, bytes: &[u8]| {
            identities.vault.verify_once(signature, keys, context, bytes)
        }
    };
    answer.verify_if(&said, to, verify(ANSWER))?;
    if checks.downgrades {
        answer.check_suites(&said)?;
    }
    let once = entropy(dice, OPENING.indexed(job.channel as u64), ends[0], at.0 as u64);
    let (here, hello) = Channel::open_to(from, mine.as_ref(), to, &answer, &once, at)?;
    let sealing = sealing.as_ref().unwrap_or(&theirs);
    let there = Channel::accept_if(&hello, &answer, from, to, sealing.as_ref(), verify(HELLO))?;
    let mut guard = HelloGuard::default();
    // Nothing came before, and it is of now.
    guard.admit(&hello, at, OPENING_AGE_S).map_err(|_| HelloError::OtherAnswer)?;
    done.opening = Some(([answer.signature.clone(), hello.signature.clone()], answer.suite()));
    Ok(Box::new(OpenChannel { ends: [here, there], hello, guard }))
}

fn finish(identities: &mut Identities, bus: &mut EventBus, job: &Job, done: &mut Done, clock: &SimClock) {
    let (tick, now) = (clock.tick(), Timestamp::now(clock));
    identities.ends[job.channel] = done.ends.take();
    let is_new = identities.state.channels[job.channel].opened.is_none();
    if let Some((signatures, suite)) = &done.opening
        && is_new
    {
        let ends = identities.state.channels[job.channel].ends;
        // Keys of the suite are in both.
        signatures.iter().for_each(|signature| identities.note_signature_about(signature, ends, *suite));
        let state = &mut identities.state;
        state.counts.verified += 2;
        state.counts.channels[suite.place()] += 1;
        (state.channels[job.channel].opened, state.channels[job.channel].suite) = (Some(now), Some(*suite));
    }
    let state = &mut identities.state;
    let channel = &mut state.channels[job.channel];
    let [from, to] = channel.ends.map(AgentId);
    if let Some(error) = done.refused
        && is_new
        && channel.refused.replace(tick).is_none()
    {
        bus.publish(CHANNEL_REFUSED, Some(from), ChannelRefused { to, why: error.to_string() });
    }
    let stripped = done.stripped_by.map(|agent| (AttackKind::StripOffers, 0, agent, done.opening.is_some()));
    (channel.sent, channel.windows) = (done.sent, done.windows);
    state.counts.messages += done.arrived;
    state.counts.lost_messages += done.lost;
    state.counts.sealed_bytes += done.bytes;
    let replayed = done.replayed.iter().map(|(end, agent, is_in)| (AttackKind::ReplayMessages, *end, *agent, *is_in));
    let reopened = done.reopened.iter().map(|(agent, is_in)| (AttackKind::ReplayOpening, 0, *agent, *is_in));
    for (kind, end, agent, is_in) in stripped.into_iter().chain(replayed).chain(reopened) {
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
