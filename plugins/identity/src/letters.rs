//! Revocation lists go from agent to agent as messages, where there is a network: they take as long as its links take, get lost
//! where these lose, and stop at partitions.
//!
//! Each agent says at intervals to a few neighbours how much it knows of whose lists. Who knows more sends the lists that the
//! other lacks, and asks in turn for what it lacks itself (anti-entropy by push and pull: Demers et al. 1987).

use std::collections::BTreeMap;
use std::sync::Arc;

use agent2028_core::agent::{Agent, AgentId, AgentIndex, Carrier, Condition, Letter};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, LimitReached};
use agent2028_core::rhythm::{Phases, Rhythm};
use agent2028_core::rng::{Purpose, SimRng, SimStream};
use agent2028_core::time::{Rate, Time, end_of};
use bevy::prelude::*;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::config::IdentityConfig;
use crate::identities::Identities;
use crate::requests::{idle_agents, times};
use crate::revocation::ListChecks;
use crate::spread::{MOST_PRESSED, Pressed, tell_spread};
use crate::state::{AttackKind, Knowledge};
use crate::timestamp::Timestamp;

/// What the letters are called.
pub(crate) const NAME: &str = "revocations";

const PHASE: Purpose = Purpose::new("identity.lists.phase");
const PARTNERS: Purpose = Purpose::new("identity.lists.partners");
const PRESSED: Purpose = Purpose::new("identity.lists.pressed");
const CONTENT: Purpose = Purpose::new("identity.lists.content");

/// How long the name of an issuer and the number of its newest list are, in bytes.
const NUMBER_BYTES: u64 = 36;

/// Who carries revocation lists, if there is a network; without it every two agents can meet, and who meets hears at once.
#[derive(Resource, Clone, Default)]
pub struct Contacts(pub Option<Arc<dyn Carrier>>);

/// What a letter says. Lists are called by their numbers, since their bytes follow from the state, or come from keys that are
/// no state; the letter is as long as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Said {
    /// Of which issuers the sender knows how many lists; and whether this is an answer, so that nobody answers it in turn.
    Numbers(BTreeMap<u32, u32>, bool),
    /// Lists of an issuer: those after the list of a number, up to what the sender knows; and whether the sender isn't honest.
    Lists { issuer: u32, after: u32, known: Knowledge, attack: Option<AttackKind> },
}

impl Said {
    /// How many bytes it has where lists are written out.
    fn bytes(&self, identities: &Identities) -> u64 {
        match self {
            Self::Numbers(numbers, _) => 16 + numbers.len() as u64 * NUMBER_BYTES,
            Self::Lists { issuer, after, known, .. } => 16 + identities.bytes_of_lists(*issuer, *after, *known),
        }
    }

    /// As the content of a letter: what it says, and as many bytes more as it takes. Signatures and digests can't be packed, so
    /// these can't either.
    fn content(&self, identities: &Identities, stream: &mut SimStream) -> Result<Vec<u8>, postcard::Error> {
        let mut content = postcard::to_stdvec(self)?;
        let said = content.len();
        content.resize(said.max(self.bytes(identities) as usize), 0);
        stream.fill_bytes(&mut content[said..]);
        Ok(content)
    }

    fn read(content: &[u8]) -> Option<Self> {
        postcard::take_from_bytes(content).ok().map(|(said, _)| said)
    }
}

/// When each agent says what it knows.
#[derive(Default)]
pub(crate) struct Rounds(Phases);

/// What happens with letters in a tick.
struct Post<'a> {
    carrier: &'a dyn Carrier,
    dice: SimRng,
    tick: u64,
    checks: ListChecks,
    /// How many letters each agent has sent in this tick.
    sent: BTreeMap<u32, u64>,
    /// Issuers about whom somebody has learnt something, and whether everybody knew their newest list before.
    changed: BTreeMap<u32, bool>,
}

/// Reads what has arrived, and lets agents say what they know when it is time for that.
pub(crate) fn exchange(world: &mut World, mut rounds: Local<Rounds>) {
    let Some(carrier) = world.get_resource::<Contacts>().and_then(|contacts| contacts.0.clone()) else {
        return;
    };
    let config = world.resource::<IdentityConfig>();
    let (rules, checks) = (config.revocations, config.checks.of_lists());
    if world.resource::<Identities>().state.known.is_empty() {
        return;
    }
    let (clock, dice) = (world.resource::<SimClock>().clone(), *world.resource::<SimRng>());
    let (tick, rate) = (clock.tick(), Rate::of(&clock));
    let mut conditions = world.query::<(&Agent, &Condition)>();
    let idle = idle_agents(&conditions.query(world));
    let mut post =
        Post { carrier: carrier.as_ref(), dice, tick, checks, sent: BTreeMap::new(), changed: BTreeMap::new() };
    world.resource_scope(|world, mut identities: Mut<Identities>| {
        let identities = identities.bypass_change_detection();
        let acts = |world: &World, agent: u32| {
            world.resource::<AgentIndex>().get(AgentId(agent)).is_some() && !idle.contains(&agent)
        };
        for letter in post.carrier.arrived(world) {
            if acts(world, letter.to.0)
                && let Some(place) = identities.state.place(letter.to.0)
                && let Some(said) = Said::read(&letter.content)
            {
                post.hear(world, identities, place, &letter, said);
            }
        }
        let members: Vec<u32> = identities.state.members.iter().map(|member| member.agent).collect();
        rounds.0.fit(&dice, PHASE, members.last().map_or(0, |last| *last as usize + 1));
        let here = Rhythm::of_seconds(rate, rules.period_s).at(tick);
        for (place, agent) in members.iter().enumerate() {
            let Some((moment, _)) = here.beat(rounds.0.of(*agent)).filter(|_| acts(world, *agent)) else { continue };
            post.look_again(identities, place);
            let mut stream = dice.stream(PARTNERS, AgentId(*agent), tick);
            for _ in 0..rules.fanout {
                if let Some(other) = post.carrier.pick(world, AgentId(*agent), &mut stream) {
                    let said = Said::Numbers(identities.numbers_of(place), false);
                    post.send(world, identities, (AgentId(*agent), other), moment, &said);
                }
            }
        }
        post.press(world, identities, &clock, &acts);
        let mut bus = world.resource_mut::<EventBus>();
        for (issuer, was_known) in &post.changed {
            tell_spread(identities, *issuer, *was_known, Timestamp::now(&clock), &mut bus);
        }
    });
}

impl Post<'_> {
    fn send(
        &mut self,
        world: &mut World,
        identities: &mut Identities,
        (from, to): (AgentId, AgentId),
        moment: Time,
        said: &Said,
    ) {
        if identities.state.place(to.0).is_none() {
            return;
        }
        let number = self.sent.entry(from.0).or_default();
        let mut stream = self.dice.stream(CONTENT.indexed(*number), from, self.tick);
        *number += 1;
        let content = match said.content(identities, &mut stream) {
            Ok(content) => content,
            Err(error) => {
                // Half a letter would be worse than none.
                tracing::error!("agent {} can't write a letter to agent {}: {error}", from.0, to.0);
                return;
            }
        };
        if let Said::Lists { .. } = said {
            identities.state.counts.list_bytes += content.len() as u64;
        }
        self.carrier.send(world, Letter { from, to, moment, content });
    }

    /// Somebody (at this place among members) reads a letter.
    fn hear(&mut self, world: &mut World, identities: &mut Identities, place: usize, letter: &Letter, said: Said) {
        let back = (letter.to, letter.from);
        match said {
            Said::Numbers(theirs, is_answer) => {
                let mine = identities.numbers_of(place);
                let lacks = |of: &BTreeMap<u32, u32>, issuer: &u32, number: u32| {
                    of.get(issuer).is_none_or(|known| *known < number)
                };
                for (issuer, number) in &mine {
                    if lacks(&theirs, issuer, *number)
                        && let Some(known) = identities.state.known.get(issuer).and_then(|known| known.get(place))
                    {
                        let after = theirs.get(issuer).copied().unwrap_or(0);
                        let said = Said::Lists { issuer: *issuer, after, known: *known, attack: None };
                        self.send(world, identities, back, letter.moment, &said);
                    }
                }
                if !is_answer && theirs.iter().any(|(issuer, number)| lacks(&mine, issuer, *number)) {
                    self.send(world, identities, back, letter.moment, &Said::Numbers(mine, true));
                }
            }
            Said::Lists { issuer, after, known, attack } => {
                let mut bus = world.resource_mut::<EventBus>();
                let pressed = attack.map(|kind| Pressed { kind, by: letter.from });
                self.take_over(identities, &mut bus, (issuer, place), after, known, pressed);
            }
        }
    }

    /// Somebody is sent lists of an issuer, by somebody honest or not.
    fn take_over(
        &mut self,
        identities: &mut Identities,
        bus: &mut EventBus,
        (issuer, place): (u32, usize),
        after: u32,
        theirs: Knowledge,
        pressed: Option<Pressed>,
    ) {
        let Some(mine) = identities.state.known.get(&issuer).and_then(|known| known.get(place)).copied() else {
            return;
        };
        let numbers = [mine, theirs].map(|known| identities.state.number_of(known));
        let is_old = numbers[1] <= numbers[0];
        // An old list that is news to somebody does no harm.
        let pressed = pressed.filter(|pressed| pressed.kind != AttackKind::RollbackList || is_old);
        if identities.state.place(issuer) == Some(place) || mine == theirs || pressed.is_none() && is_old {
            return;
        }
        // Between what was asked for and what is known now lists may be missing: then nobody can say what they rest on.
        if numbers[0] < after {
            identities.state.counts.lists_refused += 1;
            return;
        }
        let outcome = identities.consider(issuer, mine, theirs, self.checks);
        if let Ok(known) = outcome {
            self.learn(identities, issuer, place, known);
        }
        if let Some(pressed) = pressed {
            pressed.count(identities, bus, issuer, place, outcome.is_ok());
        }
    }

    fn learn(&mut self, identities: &mut Identities, issuer: u32, place: usize, known: Knowledge) {
        let was_known = identities.is_known_by_all(issuer);
        self.changed.entry(issuer).or_insert(was_known);
        if let Some(of) = identities.state.known.get_mut(&issuer).and_then(|known| known.get_mut(place)) {
            *of = known;
        }
        identities.least_reach = None;
    }

    /// Who looks at signatures again drops what it took over while it didn't.
    fn look_again(&mut self, identities: &mut Identities, place: usize) {
        if !self.checks.signatures || identities.state.forged.is_empty() {
            return;
        }
        let issuers: Vec<u32> = identities.state.known.keys().copied().collect();
        for issuer in issuers {
            let known = identities.state.known.get(&issuer).and_then(|known| known.get(place)).copied();
            let base = known.and_then(|known| identities.without_forgery(issuer, known));
            if let Some(base) = base {
                self.learn(identities, issuer, place, base);
            }
        }
    }

    /// Those who aren't honest send lists unasked.
    fn press(
        &mut self,
        world: &mut World,
        identities: &mut Identities,
        clock: &SimClock,
        acts: &dyn Fn(&World, u32) -> bool,
    ) {
        let mut is_cut_off = false;
        for (number, attack) in identities.state.attacks.clone().iter().enumerate() {
            let Some(known) = identities.pressed_list(attack).filter(|_| attack.until >= self.tick) else { continue };
            if !acts(world, attack.agent) {
                continue;
            }
            let mut stream = self.dice.stream(PRESSED.indexed(number as u64), AgentId(attack.agent), self.tick);
            let wanted = times(attack.per_second, clock.dt(), stream.unit());
            is_cut_off |= wanted > MOST_PRESSED;
            for _ in 0..wanted.min(MOST_PRESSED) {
                if let Some(to) = self.carrier.pick(world, AgentId(attack.agent), &mut stream) {
                    let after = identities.state.number_of(known).saturating_sub(1);
                    let said = Said::Lists { issuer: attack.victim, after, known, attack: Some(attack.kind) };
                    self.send(world, identities, (AgentId(attack.agent), to), end_of(self.tick), &said);
                }
            }
        }
        if is_cut_off {
            let what = "others that somebody presses a list upon within a tick";
            LimitReached::new(what, MOST_PRESSED.into(), "it stops there").tell(&mut world.resource_mut::<EventBus>());
        }
    }
}

impl Identities {
    /// Of which issuers a member (by its place) knows how many lists.
    fn numbers_of(&self, place: usize) -> BTreeMap<u32, u32> {
        let number = |(issuer, known): (&u32, &Vec<Knowledge>)| {
            let number = self.state.number_of(known.get(place).copied()?);
            (number > 0).then_some((*issuer, number))
        };
        self.state.known.iter().filter_map(number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_as_long_as_what_it_stands_for_and_whatever_is_none_says_nothing() {
        let (identities, dice) = (Identities::default(), SimRng::new(3));
        let numbers: BTreeMap<u32, u32> = (0..50).map(|issuer| (issuer, 7)).collect();
        for said in [
            Said::Numbers(numbers, true),
            Said::Numbers(BTreeMap::new(), false),
            Said::Lists { issuer: 3, after: 0, known: 9, attack: Some(AttackKind::ForgeList) },
        ] {
            let content = said.content(&identities, &mut dice.stream(CONTENT, AgentId(1), 4)).unwrap();
            assert_eq!(content.len() as u64, said.bytes(&identities));
            assert_eq!(Said::read(&content), Some(said));
        }
        assert_eq!(Said::read(&[9, 9, 9]), None);
        assert_eq!(Said::read(&[]), None);
    }
}
