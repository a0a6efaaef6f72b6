//! Agents use capabilities before others, who ask for proof; and some who aren't honest try.

use std::collections::BTreeSet;

use agent2028_core::agent::{Agent, AgentGroups, AgentId, AgentIndex, Condition};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, LimitReached};
use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng};
use bevy::prelude::*;
use rand::Rng;

use crate::config::IdentityConfig;
use crate::control::{Challenge, ControlError};
use crate::did::Did;
use crate::events::{ATTACK_LET_THROUGH, ATTACK_REFUSED, CAPABILITY_REFUSED, Intrusion, Refusal};
use crate::identities::{Identities, Known};
use crate::issue::{members_of, roots_of};
use crate::scope::covers;
use crate::signature::Signature;
use crate::state::{AttackKind, LastUse};
use crate::timestamp::Timestamp;
use crate::validator::LinkError;

const REQUESTS: Purpose = Purpose::new("identity.requests");
const ATTEMPTS: Purpose = Purpose::new("identity.attempts");
/// The most uses of capabilities within a tick, honest or not: each costs signatures.
const MOST_ATTEMPTS: usize = 1 << 11;

/// The agents that don't act.
pub(crate) fn idle_agents(conditions: &Query<(&Agent, &Condition)>) -> BTreeSet<u32> {
    let idle = conditions.iter().filter(|(_, condition)| !Condition::acts(Some(condition)));
    idle.map(|(agent, _)| agent.0.0).collect()
}

/// A use of a capability.
struct Attempt {
    /// Who really does it.
    by: u32,
    /// In whose name.
    name: u32,
    /// Whose papers are shown.
    papers: u32,
    at: u32,
    audience: usize,
    capability: u32,
    nonce: [u8; 16],
    attack: Option<AttackKind>,
}

/// What became of it.
struct Judged {
    error: Option<LinkError>,
    /// Whether it would have been refused by who knows all revocations.
    is_stale: bool,
    proof: Option<Signature>,
}

/// How often something happens in a tick that happens so often in a second.
pub(crate) fn times(per_second: f32, dt: f32, unit: f32) -> u32 {
    let expected = per_second * dt;
    let whole = expected as u32;
    whole + u32::from(unit < expected - whole as f32)
}

fn pick(from: &[u32], not: u32, stream: &mut impl Rng) -> Option<u32> {
    let others = from.len() - usize::from(from.binary_search(&not).is_ok());
    if others == 0 {
        return None;
    }
    let choice = ((u64::from(stream.next_u32()) * others as u64) >> 32) as usize;
    from.iter().copied().filter(|agent| *agent != not).nth(choice)
}

/// What happens in a tick: everybody's uses, asked for proof, judged on all workers, and told.
pub(crate) fn use_capabilities(
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
    if config.requests.is_empty() && identities.state.attacks.is_empty() {
        return;
    }
    let idle = idle_agents(&conditions);
    let now = Timestamp::now(&clock);
    let mut audiences = Vec::new();
    let attempts = attempts(identities, &config, &groups, &index, &idle, &clock, &dice, &mut audiences);
    if attempts.is_empty() {
        return;
    }
    let roots = roots_of(identities, &groups, &config);
    if attempts.len() >= MOST_ATTEMPTS {
        LimitReached::new("uses of capabilities within a tick", MOST_ATTEMPTS as u64, "the others don't happen")
            .tell(&mut bus);
    }
    let judged: Vec<Judged> = {
        let identities = &*identities;
        workers.map_indices(attempts.len(), |at| {
            judge(identities, &config, &roots, &dice, &attempts[at], &audiences[attempts[at].audience], now)
        })
    };
    for (attempt, judged) in attempts.iter().zip(judged) {
        note(identities, &clock, &mut bus, attempt, judged);
    }
}

fn attempts(
    identities: &mut Identities,
    config: &IdentityConfig,
    groups: &AgentGroups,
    index: &AgentIndex,
    idle: &BTreeSet<u32>,
    clock: &SimClock,
    dice: &SimRng,
    audiences: &mut Vec<String>,
) -> Vec<Attempt> {
    let (mut users, mut gates, mut attempts) = (Vec::new(), Vec::new(), Vec::new());
    let draw = |stream: &mut agent2028_core::rng::SimStream| {
        let mut nonce = [0; 16];
        stream.fill_bytes(&mut nonce);
        nonce
    };
    for (number, rule) in config.requests.iter().enumerate() {
        audiences.push(rule.at.clone());
        members_of(identities, groups, index, &rule.by, &mut users);
        members_of(identities, groups, index, &rule.at, &mut gates);
        gates.retain(|agent| !idle.contains(agent));
        let capability = identities.state.name(&rule.capability);
        for user in users.iter().filter(|agent| !idle.contains(agent)) {
            let mut stream = dice.stream(REQUESTS.indexed(number as u64), AgentId(*user), clock.tick());
            for _ in 0..times(rule.per_second, clock.dt(), stream.unit()) {
                if attempts.len() >= MOST_ATTEMPTS {
                    break;
                }
                if let Some(at) = pick(&gates, *user, &mut stream) {
                    let (by, audience, nonce) = (*user, number, draw(&mut stream));
                    attempts.push(Attempt { by, name: by, papers: by, at, audience, capability, nonce, attack: None });
                }
            }
        }
    }
    let attacks = identities.state.attacks.clone();
    for (number, attack) in attacks.iter().enumerate() {
        let uses = matches!(
            attack.kind,
            AttackKind::ForgeSignature
                | AttackKind::StealDelegation
                | AttackKind::Impersonate
                | AttackKind::StealOldKey
        );
        if !uses
            || attack.until < clock.tick()
            || idle.contains(&attack.agent)
            || index.get(AgentId(attack.agent)).is_none()
        {
            continue;
        }
        let mut stream = dice.stream(ATTEMPTS.indexed(number as u64), AgentId(attack.agent), clock.tick());
        let tries = times(attack.per_second, clock.dt(), stream.unit());
        if tries == 0 {
            continue;
        }
        // Where others use it, too; where nobody does, anywhere.
        let wanted = identities.state.name_of(attack.capability);
        let rule = config.requests.iter().position(|rule| covers(&rule.capability, wanted));
        let audience = if let Some(rule) = rule {
            members_of(identities, groups, index, &config.requests[rule].at, &mut gates);
            rule
        } else {
            gates.clear();
            gates.extend(identities.state.members.iter().map(|member| member.agent));
            audiences.push(String::new());
            audiences.len() - 1
        };
        gates.retain(|agent| !idle.contains(agent) && *agent != attack.victim);
        let (name, papers) = match attack.kind {
            AttackKind::Impersonate => (attack.victim, attack.victim),
            AttackKind::StealDelegation => (attack.agent, attack.victim),
            _ => (attack.agent, attack.agent),
        };
        for _ in 0..tries {
            if attempts.len() >= MOST_ATTEMPTS {
                break;
            }
            if let Some(at) = pick(&gates, attack.agent, &mut stream) {
                attempts.push(Attempt {
                    by: attack.agent,
                    name,
                    papers,
                    at,
                    audience,
                    capability: attack.capability,
                    nonce: draw(&mut stream),
                    attack: Some(attack.kind),
                });
            }
        }
    }
    attempts
}

/// Asks for proof of control, and for the chain.
fn judge(
    identities: &Identities,
    config: &IdentityConfig,
    roots: &[Did],
    dice: &SimRng,
    attempt: &Attempt,
    audience: &str,
    now: Timestamp,
) -> Judged {
    let did = |agent: u32| identities.document_of(AgentId(agent)).map(|document| document.did);
    let (Some(holder), Some(owner), Some(verifier)) = (did(attempt.name), did(attempt.papers), did(attempt.at)) else {
        return Judged { error: Some(LinkError::UnknownIdentity), is_stale: false, proof: None };
    };
    let challenge = Challenge { verifier, holder, nonce: attempt.nonce };
    let mut proof = None;
    let control = config.checks.control.then(|| {
        let keys = identities.keys_of(dice, attempt.by, now).map_err(|_| ControlError::Deactivated)?;
        let mut answer = challenge.answer(keys.as_ref(), now)?;
        let document = identities.document_of(AgentId(attempt.name)).ok_or(ControlError::OtherChallenge)?;
        if attempt.name != attempt.by
            && let Some(keys) = document.current()
        {
            // Who says it is another says so to the end.
            answer.signature.key = keys.id();
        }
        let verified = answer.verify_with(&challenge, document, |signature, keys, context, data| {
            identities.vault.verify_once(signature, keys, context, data)
        });
        proof = Some(answer.signature);
        verified
    });
    let known = Known { identities, place: identities.state.place(attempt.at) };
    let capability = identities.state.name_of(attempt.capability);
    let ask = |known: &Known| {
        let validator = identities.validator(config, roots, known);
        validator.may_with_papers_of(owner, holder, capability, audience, identities, control, now).error
    };
    let error = ask(&known);
    let is_stale = error.is_none()
        && config.checks.revocations
        && !identities.lists.is_empty()
        && ask(&Known { identities, place: None }).is_some();
    Judged { error, is_stale, proof }
}

fn note(identities: &mut Identities, clock: &SimClock, bus: &mut EventBus, attempt: &Attempt, judged: Judged) {
    if let Some(proof) = &judged.proof {
        identities.note_signature(proof, [attempt.by, attempt.name, attempt.at]);
        identities.state.counts.verified += 1;
    }
    let state = &mut identities.state;
    let source = Some(AgentId(attempt.by));
    let is_through = judged.error.is_none();
    if let Some(kind) = attempt.attack {
        let counts = &mut state.counts;
        counts.attempts[kind as usize] += 1;
        if is_through {
            let is_first = counts.let_through[kind as usize] == 0;
            counts.let_through[kind as usize] += 1;
            if is_first {
                let (by, victim) = (AgentId(attempt.at), AgentId(victim_of(state, attempt, kind)));
                bus.publish(ATTACK_LET_THROUGH, source, Intrusion { by, kind, victim });
            }
        }
    } else {
        state.counts.requests += 1;
        state.counts.allowed += u64::from(is_through);
        state.counts.stale += u64::from(judged.is_stale);
    }
    // At most one refusal a second is told of each agent.
    let told = state.last.get(&attempt.by).and_then(|last| last.told);
    let is_news = told.is_none_or(|told| clock.tick() >= told + clock.ticks_in(1.0).max(1));
    let mut last = LastUse {
        tick: clock.tick(),
        told,
        at: attempt.at,
        capability: attempt.capability,
        name: attempt.name,
        refused: judged.error,
    };
    if let Some(error) = &last.refused
        && is_news
    {
        let kind = if attempt.attack.is_some() { ATTACK_REFUSED } else { CAPABILITY_REFUSED };
        let capability = state.name_of(attempt.capability).to_owned();
        bus.publish(kind, source, Refusal { by: AgentId(attempt.at), capability, error: error.clone() });
        last.told = Some(clock.tick());
    }
    state.last.insert(attempt.by, last);
}

fn victim_of(state: &crate::state::State, attempt: &Attempt, kind: AttackKind) -> u32 {
    let is_this = |attack: &&crate::state::Attack| attack.agent == attempt.by && attack.kind == kind;
    state.attacks.iter().find(is_this).map_or(attempt.papers, |attack| attack.victim)
}
