//! Revocation lists are made and signed, and go from agent to agent where there is no network: every two can meet, and who
//! meets hears at once. (With a network they go as [letters](crate::letters).)

use std::collections::BTreeMap;
use std::sync::Arc;

use agent2028_core::agent::{Agent, AgentId, AgentIndex, Condition};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, LimitReached};
use agent2028_core::rng::{Purpose, SimRng, SimStream};
use bevy::prelude::*;
use rand::Rng;

use crate::canonical::Digest;
use crate::config::{IdentityConfig, RevocationConfig};
use crate::events::{ATTACK_LET_THROUGH, Intrusion, LIST_SPREAD, ListSpread, PAPERS_REVOKED, PapersRevoked};
use crate::identities::Identities;
use crate::letters::Contacts;
use crate::requests::{idle_agents, times};
use crate::revocation::{ListChecks, ListError, REVOCATION, RevocationList, Revocations, admit};
use crate::signature::Signature;
use crate::state::{Attack, AttackKind, FORGED, Forged, Knowledge, List};
use crate::suite::PublicKeys;
use crate::timestamp::Timestamp;

const PARTNERS: Purpose = Purpose::new("identity.gossip");
const PRESSED: Purpose = Purpose::new("identity.pressed");

/// The most others that somebody presses a list upon in a round.
pub(crate) const MOST_PRESSED: u32 = 1 << 10;

impl Identities {
    /// Lets somebody take papers back (by their places), or raise the epoch. The issuer knows it at once, others when they
    /// hear of it. Returns the list's number.
    pub(crate) fn revoke(
        &mut self,
        dice: &SimRng,
        bus: &mut EventBus,
        issuer: u32,
        papers: Vec<u32>,
        raise_epoch: bool,
        now: Timestamp,
    ) -> Option<u32> {
        let place = self.state.place(issuer)?;
        let count = papers.len() as u64;
        for paper in &papers {
            self.state.papers[*paper as usize].revoked = true;
        }
        let lists = self.state.lists.entry(issuer).or_default();
        let epoch = lists.last().map_or(0, |list| list.epoch).saturating_add(u32::from(raise_epoch));
        lists.push(List { issued: now, epoch, papers });
        let number = lists.len() as u32;
        self.sign_list(dice, issuer)?;
        let members = self.state.members.len();
        self.state.known.entry(issuer).or_default().resize(members, 0);
        if self.is_signed(issuer, number).is_ok() {
            self.state.counts.verified += 1;
            if let Some(known) = self.state.known.get_mut(&issuer) {
                known[place] = number;
            }
        }
        self.least_reach = None;
        self.state.counts.revoked += count;
        bus.publish(PAPERS_REVOKED, Some(AgentId(issuer)), PapersRevoked { papers: count, list: number });
        Some(number)
    }

    /// The list that somebody knows as the newest.
    fn list_of(&self, issuer: u32, known: Knowledge) -> Option<&RevocationList> {
        match known.checked_sub(FORGED) {
            Some(forged) => self.forged.get(forged as usize).map(|(list, _)| list),
            None => self.lists.get(&issuer)?.lists.get(known.checked_sub(1)? as usize).map(Arc::as_ref),
        }
    }

    /// Whether a list is signed by its issuer's key of now. That this is found out once for all who ask changes no result.
    fn is_signed(&mut self, issuer: u32, known: Knowledge) -> Result<(), ListError> {
        if let Some(found) = self.checked.get(&(issuer, known)) {
            return *found;
        }
        let verify = |signature: &Signature, keys: &PublicKeys, bytes: &[u8]| {
            self.vault.verify_once(signature, keys, REVOCATION, bytes)
        };
        let document = self.state.place(issuer).map(|place| &self.documents[place]);
        let found = match (self.list_of(issuer, known), document) {
            (Some(list), Some(document)) => list.verify_if(document, verify),
            _ => Err(ListError::OtherIssuer),
        };
        self.checked.insert((issuer, known), found);
        found
    }

    /// The lists of an issuer after the one of a number, up to what somebody knows: what is sent to who lacks them. Of the last
    /// one alone if there is nothing between.
    fn bodies(&self, issuer: u32, after: u32, known: Knowledge) -> Option<Vec<(&Revocations, Digest)>> {
        let newest = self.list_of(issuer, known)?;
        let (from, upto) = (after as usize, newest.body.number.saturating_sub(1) as usize);
        let filed = self.lists.get(&issuer);
        let between = filed.and_then(|filed| Some((filed.lists.get(from..upto)?, filed.heads.get(from..upto)?)));
        let between = between.into_iter().flat_map(|(lists, heads)| lists.iter().zip(heads));
        let between = between.map(|(list, head)| (&list.body, head.digest));
        Some(between.chain(self.head_of(issuer, known).map(|head| (&newest.body, head.digest))).collect())
    }

    /// How many bytes these lists have where they are sent, with the signature of the last one.
    pub(crate) fn bytes_of_lists(&self, issuer: u32, after: u32, known: Knowledge) -> u64 {
        let (Some(newest), Some(bodies)) = (self.list_of(issuer, known), self.bodies(issuer, after, known)) else {
            return 0;
        };
        let others = bodies.iter().rev().skip(1);
        newest.wire_bytes() + others.map(|(body, _)| 128 + body.revoked.len() as u64 * 40).sum::<u64>()
    }

    /// What becomes of it when somebody who knows this much of an issuer's lists is sent what another knows: what it knows
    /// then, or why it takes nothing over.
    fn offer(
        &mut self,
        issuer: u32,
        mine: Knowledge,
        theirs: Knowledge,
        checks: ListChecks,
    ) -> Result<Knowledge, ListError> {
        let signed = if checks.signatures { self.is_signed(issuer, theirs) } else { Ok(()) };
        let did = self.document_of(AgentId(issuer)).map(|own| own.did).ok_or(ListError::OtherIssuer)?;
        // What the other has and this one lacks, as the numbers say.
        let known = self.head_of(issuer, mine);
        let after = known.map_or(0, |known| known.number);
        let bodies = self.bodies(issuer, after, theirs).ok_or(ListError::OtherIssuer)?;
        // Here, lists are made of papers, forged ones too: all that they take back was issued.
        admit(did, known.as_ref(), bodies, checks, &|_| true, || signed).map(|_| theirs)
    }

    /// The same, counted.
    pub(crate) fn consider(
        &mut self,
        issuer: u32,
        mine: Knowledge,
        theirs: Knowledge,
        checks: ListChecks,
    ) -> Result<Knowledge, ListError> {
        let outcome = self.offer(issuer, mine, theirs, checks);
        self.count_considered(checks, outcome.is_ok());
        outcome
    }

    fn count_considered(&mut self, checks: ListChecks, is_taken_over: bool) {
        let counts = &mut self.state.counts;
        counts.verified += u64::from(checks.signatures);
        if is_taken_over {
            counts.lists_heard += 1;
        } else {
            counts.lists_refused += 1;
        }
    }

    /// What is left of what somebody knows of an issuer's lists when it finds that a list was forged; nothing if it wasn't.
    pub(crate) fn without_forgery(&mut self, issuer: u32, known: Knowledge) -> Option<Knowledge> {
        let forged = known.checked_sub(FORGED)?;
        let is_forged = self.is_signed(issuer, known).is_err();
        is_forged.then(|| self.state.forged.get(forged as usize).map_or(0, |forged| forged.base))
    }

    /// The list that somebody presses upon others who isn't honest, if it has one.
    pub(crate) fn pressed_list(&self, attack: &Attack) -> Option<Knowledge> {
        match attack.kind {
            AttackKind::ForgeList => {
                let is_its = |forged: &Forged| forged.issuer == attack.victim && forged.signer.0 == attack.agent;
                self.state.forged.iter().rposition(is_its).map(|at| at as Knowledge + FORGED)
            }
            // The one before the newest.
            AttackKind::RollbackList => {
                let newest = self.state.lists.get(&attack.victim).map_or(0, Vec::len) as Knowledge;
                newest.checked_sub(1).filter(|old| *old > 0)
            }
            _ => None,
        }
    }

    /// Whether everybody knows the newest list of an issuer, and there is one.
    pub(crate) fn is_known_by_all(&self, issuer: u32) -> bool {
        let newest = self.state.lists.get(&issuer).map_or(0, Vec::len) as Knowledge;
        let known = self.state.known.get(&issuer);
        newest > 0 && known.is_some_and(|known| known.iter().all(|known| *known == newest))
    }

    /// The share of members that know the newest list of an issuer, 0 to 1.
    #[must_use]
    pub fn reach(&self, issuer: AgentId) -> Option<f64> {
        let newest = self.state.lists.get(&issuer.0)?.len() as Knowledge;
        let known = self.state.known.get(&issuer.0)?;
        let informed = known.iter().filter(|number| **number == newest).count();
        Some(informed as f64 / known.len().max(1) as f64)
    }
}

/// Who meets whom in a round: agents that compare lists, by their places; and those who aren't honest, by their attacks, with
/// whom they press their list upon.
#[derive(Default)]
struct Meetings {
    honest: Vec<(usize, usize)>,
    pressed: Vec<(usize, usize)>,
    /// Whether somebody would have pressed its list upon more.
    is_cut_off: bool,
}

/// Every so often each agent compares the numbers of its lists with those of a few others; who knows less is sent what it
/// lacks, and takes it over if it holds.
pub(crate) fn spread(world: &mut World) {
    let Some((rules, checks)) =
        world.get_resource::<IdentityConfig>().map(|config| (config.revocations, config.checks.of_lists()))
    else {
        return;
    };
    // Where there is a network they go as letters.
    if world.get_resource::<Contacts>().is_some_and(|contacts| contacts.0.is_some()) {
        return;
    }
    let clock = world.resource::<SimClock>();
    let (tick, now) = (clock.tick(), Timestamp::now(clock));
    let every = clock.ticks_in(f64::from(rules.period_s)).max(1);
    if world.resource::<Identities>().state.known.is_empty() || !tick.is_multiple_of(every) {
        return;
    }
    let meetings = meetings(world, rules, tick);
    world.resource_scope(|world, mut identities: Mut<Identities>| {
        let identities = identities.bypass_change_detection();
        let mut bus = world.resource_mut::<EventBus>();
        if meetings.is_cut_off {
            let what = "others that somebody presses a list upon within a round";
            LimitReached::new(what, MOST_PRESSED.into(), "it stops there").tell(&mut bus);
        }
        let issuers: Vec<u32> = identities.state.known.keys().copied().collect();
        for issuer in issuers {
            round(identities, issuer, &meetings, checks, now, &mut bus);
        }
    });
}

/// Draws who meets whom.
fn meetings(world: &mut World, rules: RevocationConfig, tick: u64) -> Meetings {
    let mut conditions = world.query::<(&Agent, &Condition)>();
    let idle = idle_agents(&conditions.query(world));
    let dice = *world.resource::<SimRng>();
    let (state, index) = (&world.resource::<Identities>().state, world.resource::<AgentIndex>());
    let acts = |agent: u32| index.get(AgentId(agent)).is_some() && !idle.contains(&agent);
    let pick = |place: usize, stream: &mut SimStream| {
        let other = ((u64::from(stream.next_u32()) * state.members.len() as u64) >> 32) as usize;
        (other != place && acts(state.members[other].agent)).then_some(other)
    };
    let mut meetings = Meetings::default();
    for (place, member) in state.members.iter().enumerate().filter(|(_, member)| acts(member.agent)) {
        let mut stream = dice.stream(PARTNERS, AgentId(member.agent), tick);
        meetings.honest.extend((0..rules.fanout).filter_map(|_| pick(place, &mut stream)).map(|other| (place, other)));
    }
    for (number, attack) in state.attacks.iter().enumerate() {
        let presses = matches!(attack.kind, AttackKind::ForgeList | AttackKind::RollbackList);
        let place = state.place(attack.agent).filter(|_| presses && attack.until >= tick && acts(attack.agent));
        if let Some(place) = place {
            let mut stream = dice.stream(PRESSED.indexed(number as u64), AgentId(attack.agent), tick);
            let wanted = times(attack.per_second, rules.period_s, stream.unit());
            meetings.is_cut_off |= wanted > MOST_PRESSED;
            let tries = wanted.min(MOST_PRESSED);
            let others = (0..tries).filter_map(|_| pick(place, &mut stream));
            meetings.pressed.extend(others.map(|other| (number, other)));
        }
    }
    meetings
}

/// A round about the lists of one issuer.
fn round(
    identities: &mut Identities,
    issuer: u32,
    meetings: &Meetings,
    checks: ListChecks,
    now: Timestamp,
    bus: &mut EventBus,
) {
    let newest = identities.state.lists.get(&issuer).map_or(0, Vec::len) as Knowledge;
    let is_pressed = |(number, _): &(usize, usize)| identities.state.attacks[*number].victim == issuer;
    let pressed: Vec<(usize, usize)> = meetings.pressed.iter().filter(|press| is_pressed(press)).copied().collect();
    let Some(before) = identities.state.known.get(&issuer) else { return };
    if pressed.is_empty() && before.iter().all(|known| *known == newest) {
        return;
    }
    let (mut before, own) = (before.clone(), identities.state.place(issuer));
    // Who looks at signatures again drops what it took over while it didn't.
    if checks.signatures {
        for known in &mut before {
            *known = identities.without_forgery(issuer, *known).unwrap_or(*known);
        }
    }
    // What everybody knew before the round is what it tells in it.
    let mut after = before.clone();
    let mut found: BTreeMap<(Knowledge, Knowledge), (Result<Knowledge, ListError>, u64)> = BTreeMap::new();
    let mut offer = |identities: &mut Identities, mine: Knowledge, theirs: Knowledge| {
        let (outcome, bytes) = *found.entry((mine, theirs)).or_insert_with(|| {
            let after = identities.state.number_of(mine);
            (identities.offer(issuer, mine, theirs, checks), identities.bytes_of_lists(issuer, after, theirs))
        });
        identities.state.counts.list_bytes += bytes;
        identities.count_considered(checks, outcome.is_ok());
        outcome
    };
    for (one, other) in &meetings.honest {
        for (to, from) in [(*one, *other), (*other, *one)] {
            let (mine, theirs) = (after[to], before[from]);
            if Some(to) != own
                && identities.state.number_of(theirs) > identities.state.number_of(mine)
                && let Ok(known) = offer(identities, mine, theirs)
            {
                after[to] = known;
            }
        }
    }
    for (number, to) in pressed {
        let attack = identities.state.attacks[number].clone();
        let mine = after[to];
        let theirs = identities.pressed_list(&attack).filter(|theirs| {
            // To somebody who knows less an old list is news.
            let [mine, theirs] = [mine, *theirs].map(|known| identities.state.number_of(known));
            attack.kind != AttackKind::RollbackList || mine > theirs
        });
        let Some(theirs) = theirs.filter(|theirs| Some(to) != own && *theirs != mine) else { continue };
        let outcome = offer(identities, mine, theirs);
        if let Ok(known) = outcome {
            after[to] = known;
        }
        let pressed = Pressed { kind: attack.kind, by: AgentId(attack.agent) };
        pressed.count(identities, bus, issuer, to, outcome.is_ok());
    }
    let was_known = identities.is_known_by_all(issuer);
    identities.state.known.insert(issuer, after);
    identities.least_reach = None;
    tell_spread(identities, issuer, was_known, now, bus);
}

/// Tells that everybody knows the newest list of an issuer, if that is new.
pub(crate) fn tell_spread(identities: &Identities, issuer: u32, was_known: bool, now: Timestamp, bus: &mut EventBus) {
    if was_known || !identities.is_known_by_all(issuer) {
        return;
    }
    if let Some((list, newest)) =
        identities.state.lists.get(&issuer).and_then(|lists| Some((lists.last()?, lists.len())))
    {
        let after_s = now.seconds_since(list.issued);
        let told = ListSpread { list: newest as u32, after_ms: (after_s * 1000.0).round() as i64 };
        bus.publish(LIST_SPREAD, Some(AgentId(issuer)), told);
    }
}

/// A list that somebody who isn't honest presses upon another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pressed {
    pub kind: AttackKind,
    pub by: AgentId,
}

impl Pressed {
    /// Counts what became of it: whether the other, by its place among members, took it over.
    pub fn count(self, identities: &mut Identities, bus: &mut EventBus, issuer: u32, to: usize, is_taken_over: bool) {
        let (counts, kind) = (&mut identities.state.counts, self.kind as usize);
        counts.attempts[kind] += 1;
        if is_taken_over {
            let is_first = counts.let_through[kind] == 0;
            counts.let_through[kind] += 1;
            if is_first {
                let by = AgentId(identities.state.members[to].agent);
                let told = Intrusion { by, kind: self.kind, victim: AgentId(issuer) };
                bus.publish(ATTACK_LET_THROUGH, Some(self.by), told);
            }
        }
    }
}
