//! What voters do in a tick.

use std::collections::BTreeSet;

use agent2028_core::agent::{Agent, AgentGroups, AgentId, AgentIndex, Condition, Status};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::time::Time;
use agent2028_network::{Inbox, Network};
use bevy::prelude::*;

use super::{Consensus, DECISIONS_AT_ONCE, Decided, HEIGHTS_KEPT, Talk, Values};
use crate::config::ConsensusConfig;
use crate::events::{EQUIVOCATION_PROVEN, EquivocationProven, FORK_FOUND, ForkFound, VOTING_COMPLETED};
use crate::lies::{Company, Deed, Told, twist};
use crate::protocol::exploration::Situation;
use crate::protocol::message::{Certificate, Evidence, Height, Message, Voter};
use crate::protocol::replica::{LogSetup, Output, Replica};
use crate::relay::{self, Parcel, Routes};
use crate::schedule;

/// What voters need to act in a tick.
struct Acting<'a> {
    consensus: &'a mut Consensus,
    setting: &'a LogSetup,
    /// Without a network every two meet in every tick.
    network: Option<&'a mut Network>,
    bus: &'a mut EventBus,
    talk: Talk,
    tick: u64,
    routes: Routes,
}

/// Lets voters act.
pub(crate) fn vote(
    (mut consensus, config, talk): (ResMut<Consensus>, Res<ConsensusConfig>, Res<Talk>),
    (mut network, inbox): (Option<ResMut<Network>>, Option<Res<Inbox>>),
    (clock, groups, index): (Res<SimClock>, Res<AgentGroups>, Res<AgentIndex>),
    mut bus: ResMut<EventBus>,
    conditions: Query<(&Agent, &Condition)>,
) {
    let consensus = &mut *consensus;
    let is_first = consensus.setting.is_none();
    if is_first && !consensus.gather(&config, &groups, &index, &clock) {
        return;
    }
    let Some(mut setting) = consensus.setting.take() else { return };
    setting.timing = config.waits.timing(&clock);
    if let Some(given) = &config.schedule {
        schedule::follow(consensus, &setting, given, &mut bus, clock.tick());
        consensus.setting = Some(setting);
        return;
    }
    let mut acting = Acting {
        consensus,
        setting: &setting,
        network: network.as_deref_mut(),
        bus: &mut bus,
        talk: *talk,
        tick: clock.tick(),
        routes: Routes::default(),
    };
    let asleep = acting.look_at_conditions(&index, &conditions, is_first);
    acting.let_timers_run_out(&asleep);
    for (from, to, content) in std::mem::take(&mut acting.consensus.handed_over) {
        acting.read((from, to), &content, None, &asleep);
    }
    let letters = inbox.iter().flat_map(|inbox| inbox.of_kind(talk.direct));
    for message in letters {
        let ends = [message.from, message.to].map(|agent| acting.consensus.voter_of(agent));
        if let [Some(from), Some(to)] = ends {
            acting.read((from, to), message.payload, Some(message.arrives), &asleep);
        }
    }
    for message in inbox.iter().flat_map(|inbox| inbox.of_kind(talk.relayed)) {
        acting.pass_on(message.to, message.payload, message.arrives, &asleep);
    }
    acting.send_what_was_held_back();
    consensus.setting = Some(setting);
}

/// Whether somebody speaks for itself.
fn is_own(from: Voter, message: &Message) -> bool {
    match message {
        Message::Vote(vote) => vote.voter == from,
        Message::Proposal(proposal) => proposal.proposer == from,
        Message::Status(status) => status.voter == from,
        Message::Decision(_) => true,
    }
}

impl Acting<'_> {
    /// A message has arrived. Who has failed or stands still reads nothing.
    fn read(&mut self, (from, to): (Voter, Voter), content: &[u8], moment: Option<Time>, asleep: &BTreeSet<Voter>) {
        if self.is_down(to) || asleep.contains(&to) {
            return;
        }
        if self.deed_of(to) == Some(Deed::Replay) {
            self.consensus.heard.keep(to, from, content);
        }
        if let Ok(said) = postcard::from_bytes::<Message>(content)
            && is_own(from, &said)
        {
            self.act(to, moment, |replica, setting, values, outputs| {
                replica.receive(setting, values, &said, outputs);
            });
        }
    }

    /// Who fails is killed, and who is back goes on with what it had written down. Returns who stands still.
    fn look_at_conditions(
        &mut self,
        index: &AgentIndex,
        conditions: &Query<(&Agent, &Condition)>,
        is_first: bool,
    ) -> BTreeSet<Voter> {
        let mut asleep = BTreeSet::new();
        for at in 0..self.consensus.members.len() {
            let voter = Voter(at as u16);
            let entity = index.get(AgentId(self.consensus.members[at]));
            let condition = entity.and_then(|entity| conditions.get(entity).ok()).map(|(_, condition)| condition);
            let is_down = entity.is_none() || condition.is_some_and(|condition| condition.status == Status::Failed);
            if !is_down && !Condition::acts(condition) {
                asleep.insert(voter);
            }
            let was_down = std::mem::replace(&mut self.consensus.down[at], is_down);
            if was_down && !is_down {
                let height = self.consensus.replicas[at].height();
                self.consensus.replicas[at] = self.consensus.replicas[at].restarted(self.setting, height);
            }
            if !is_down && (is_first || was_down) {
                self.act(voter, None, |replica, setting, values, outputs| replica.start(setting, values, outputs));
            }
        }
        asleep
    }

    fn let_timers_run_out(&mut self, asleep: &BTreeSet<Voter>) {
        while let Some(entry) = self.consensus.timers.first_entry().filter(|entry| *entry.key() <= self.tick) {
            for (voter, timeout) in entry.remove() {
                if asleep.contains(&voter) {
                    self.consensus.timers.entry(self.tick + 1).or_default().push((voter, timeout));
                } else if !self.is_down(voter) {
                    self.act(voter, None, |replica, setting, values, outputs| {
                        replica.expire(setting, values, timeout, outputs);
                    });
                }
            }
        }
    }

    /// Lets a voter do something, and does what it wants done. Its messages set out at the moment, or at the end of the tick.
    fn act(
        &mut self,
        voter: Voter,
        moment: Option<Time>,
        act: impl FnOnce(&mut Replica, &LogSetup, &mut Values<'_>, &mut Vec<Output>),
    ) {
        let at = usize::from(voter.0);
        let mut outputs = std::mem::take(&mut self.consensus.scratch.outputs);
        let consensus = &mut *self.consensus;
        act(
            &mut consensus.replicas[at],
            self.setting,
            &mut Values { next: &mut consensus.next_value, gates: &consensus.gates },
            &mut outputs,
        );
        for output in outputs.drain(..) {
            match output {
                // What a voter has on record outlives it here, as a disk does.
                Output::Persist => {}
                Output::Broadcast(message) => self.broadcast(voter, moment, message),
                Output::Schedule(timeout, after) => {
                    let due = self.tick.saturating_add(after.max(1));
                    self.consensus.timers.entry(due).or_default().push((voter, timeout));
                }
                Output::Decide(certificate) => {
                    if !self.deed_of(voter).is_some_and(Deed::is_lie) {
                        self.consensus.note_decision(voter, certificate, self.tick, self.bus);
                    }
                }
                Output::Accuse(evidence) => self.accuse(voter, &evidence),
                Output::CatchUp(to, height) => self.help(voter, to, height, moment),
            }
        }
        self.consensus.scratch.outputs = outputs;
    }

    fn is_down(&self, voter: Voter) -> bool {
        self.consensus.down[usize::from(voter.0)]
    }

    fn deed_of(&self, voter: Voter) -> Option<Deed> {
        let (lies, agent) = (&self.consensus.lies, self.consensus.members[usize::from(voter.0)]);
        let lie = lies.binary_search_by_key(&agent, |lie| lie.agent).ok().map(|at| lies[at]);
        lie.filter(|lie| lie.until >= self.tick).map(|lie| lie.deed)
    }

    fn broadcast(&mut self, voter: Voter, moment: Option<Time>, message: Message) {
        let Some(deed) = self.deed_of(voter) else {
            return self.tell(&Told { from: voter, half: None, message }, moment);
        };
        let voters = || (0..self.consensus.members.len() as u16).map(Voter);
        let all_who = |deed| voters().filter(|voter| self.deed_of(*voter) == Some(deed)).collect::<Vec<_>>();
        let (equivocators, colluders) = (all_who(Deed::Equivocate), all_who(Deed::Collude));
        let consensus = &mut *self.consensus;
        let next = &mut consensus.next_value;
        let fresh = || Values { next, gates: &consensus.gates }.fresh();
        let replica = &consensus.replicas[usize::from(voter.0)];
        let company = Company { equivocators: &equivocators, colluders: &colluders };
        let told = twist((deed, replica), message, company, &mut consensus.plot, fresh);
        for told in told {
            self.tell(&told, moment);
        }
        if deed == Deed::Replay {
            self.say_again_what_was_heard(voter, moment);
        }
    }

    /// A liar sends to everybody again what others said earlier: their signatures are still good.
    fn say_again_what_was_heard(&mut self, voter: Voter, moment: Option<Time>) {
        let all = self.consensus.members.len() as u16;
        for (author, content) in self.consensus.heard.next_of(voter) {
            for to in (0..all).map(Voter).filter(|to| *to != voter && *to != author) {
                self.post_for(author, voter, to, moment, &content);
            }
        }
    }

    /// Sends to all voters, or to a half of those who don't equivocate.
    fn tell(&mut self, told: &Told, moment: Option<Time>) {
        let mut content = std::mem::take(&mut self.consensus.scratch.content);
        content.clear();
        // Numbers always have a binary form.
        content = postcard::to_extend(&told.message, content).unwrap_or_default();
        let all = self.consensus.members.len() as u16;
        let wanted: Vec<Voter> = match told.half {
            None => (0..all).map(Voter).collect(),
            Some(half) => {
                let honest = (0..all).map(Voter).filter(|voter| self.deed_of(*voter) != Some(Deed::Equivocate));
                let honest: Vec<Voter> = honest.collect();
                let (first, second) = honest.split_at(honest.len() / 2);
                if half == 0 { first.to_vec() } else { second.to_vec() }
            }
        };
        for to in wanted.into_iter().filter(|to| *to != told.from) {
            self.post(told.from, to, moment, &content);
        }
        self.consensus.scratch.content = content;
    }

    fn post(&mut self, from: Voter, to: Voter, moment: Option<Time>, content: &[u8]) {
        match self.deed_of(from) {
            Some(Deed::Delay(ticks)) => {
                let due = self.tick.saturating_add(ticks.max(1));
                self.consensus.held_back.entry(due).or_default().push((from, to, content.to_vec()));
            }
            _ => self.post_for(from, from, to, moment, content),
        }
    }

    /// What was held back and is due sets out at the end of the tick.
    fn send_what_was_held_back(&mut self) {
        while let Some(entry) = self.consensus.held_back.first_entry().filter(|entry| *entry.key() <= self.tick) {
            for (from, to, content) in entry.remove() {
                self.post_for(from, from, to, None, &content);
            }
        }
    }

    /// Sends what `author` has said from one voter to another: straight, if they are linked and it speaks for itself, or else as a
    /// parcel, which others pass on.
    fn post_for(&mut self, author: Voter, from: Voter, to: Voter, moment: Option<Time>, content: &[u8]) {
        let Some(network) = &mut self.network else {
            self.consensus.handed_over.push((author, to, content.to_vec()));
            self.consensus.messages = self.consensus.messages.saturating_add(1);
            return;
        };
        let [sender, receiver] = [from, to].map(|voter| AgentId(self.consensus.members[usize::from(voter.0)]));
        let sent = author == from
            && match moment {
                Some(moment) => network.send_at(moment, sender, receiver, self.talk.direct, content),
                None => network.send(sender, receiver, self.talk.direct, content),
            }
            .is_ok();
        if sent {
            self.consensus.messages = self.consensus.messages.saturating_add(1);
        } else {
            self.forward(sender, &Parcel { author, to, hops: 0, content: content.to_vec() }, moment);
        }
    }

    /// Sends a parcel one link further on its way.
    fn forward(&mut self, at: AgentId, parcel: &Parcel, moment: Option<Time>) {
        let Some(network) = &mut self.network else { return };
        let target = AgentId(self.consensus.members[usize::from(parcel.to.0)]);
        let next = self.routes.next(network, at, target).filter(|_| parcel.hops < relay::MOST_HOPS);
        let sent = next.is_some_and(|next| {
            // Numbers and bytes always have a binary form.
            let bytes = postcard::to_stdvec(parcel).unwrap_or_default();
            match moment {
                Some(moment) => network.send_at(moment, at, next, self.talk.relayed, &bytes),
                None => network.send(at, next, self.talk.relayed, &bytes),
            }
            .is_ok()
        });
        let counts = &mut *self.consensus;
        if !sent {
            counts.unreached = counts.unreached.saturating_add(1);
        } else if parcel.hops == 0 {
            counts.messages = counts.messages.saturating_add(1);
        } else {
            counts.relayed = counts.relayed.saturating_add(1);
        }
    }

    /// A parcel has come to an agent: to whom it is for, or to somebody on the way.
    fn pass_on(&mut self, at: AgentId, bytes: &[u8], moment: Time, asleep: &BTreeSet<Voter>) {
        let Ok(mut parcel) = postcard::from_bytes::<Parcel>(bytes) else { return };
        let committee = &self.setting.committee;
        if !committee.contains(parcel.author) || !committee.contains(parcel.to) {
            return;
        }
        if self.consensus.voter_of(at) == Some(parcel.to) {
            return self.read((parcel.author, parcel.to), &parcel.content, Some(moment), asleep);
        }
        if self.network.as_ref().is_some_and(|network| network.acts(at.0)) {
            parcel.hops = parcel.hops.saturating_add(1);
            self.forward(at, &parcel, Some(moment));
        }
    }

    fn accuse(&mut self, accuser: Voter, evidence: &Evidence) {
        // A liar knows what it holds for true and what it has said: that is no proof for anybody else.
        if self.deed_of(accuser).is_some_and(Deed::is_lie) {
            return;
        }
        let agent = self.consensus.members[usize::from(evidence.accused().0)];
        let (height, round) = match evidence {
            Evidence::Votes { first, .. } => (first.height, first.round),
            Evidence::Proposals { first, .. } => (first.height, first.round),
        };
        self.consensus.proven.insert(agent);
        if self.deed_of(accuser).is_none() {
            let accuser = self.consensus.members[usize::from(accuser.0)];
            let last = self.consensus.accused.entry((accuser, agent)).or_default();
            if *last < height {
                *last = height;
                self.consensus.complaints.push((accuser, agent));
            }
        }
        let last = self.consensus.told.entry(agent).or_default();
        if *last < height {
            *last = height;
            self.bus.publish(EQUIVOCATION_PROVEN, Some(AgentId(agent)), EquivocationProven { height, round });
        }
    }

    /// Sends decisions to who is behind: those that the voter itself has signed, where there are several.
    fn help(&mut self, from: Voter, to: Voter, height: Height, moment: Option<Time>) {
        if self.deed_of(from) == Some(Deed::Withhold) {
            return;
        }
        let upto = self.consensus.replicas[usize::from(from.0)].height();
        let mut contents = Vec::new();
        for height in (height..upto).take(DECISIONS_AT_ONCE) {
            let Some(decided) = self.consensus.height(height) else { continue };
            let own = decided.ways.iter().find(|way| way.signers.contains(&from)).unwrap_or(&decided.ways[0]);
            contents.push(postcard::to_stdvec(&Message::Decision(own.clone())).unwrap_or_default());
        }
        for content in contents {
            self.post(from, to, moment, &content);
        }
    }
}

impl Consensus {
    /// A voter has decided.
    pub(crate) fn note_decision(&mut self, voter: Voter, certificate: Certificate, tick: u64, bus: &mut EventBus) {
        let (height, value) = (certificate.height, certificate.value);
        if height > self.decided() {
            let agent = self.members.get(usize::from(voter.0)).copied().map(AgentId);
            bus.publish(VOTING_COMPLETED, agent, self.told_of(&certificate));
            let took = tick.saturating_sub(self.begun);
            self.begun = tick;
            self.decided.push_back(Decided { tick, took, ways: vec![certificate] });
            if self.decided.len() > HEIGHTS_KEPT {
                self.decided.pop_front();
                self.first_kept = self.first_kept.saturating_add(1);
            }
            self.gates.decide(value, height, self.first_kept);
            return;
        }
        let place = height.checked_sub(self.first_kept).and_then(|place| usize::try_from(place).ok());
        let Some(decided) = place.and_then(|place| self.decided.get_mut(place)) else { return };
        if decided.ways.iter().all(|way| way.value != value) {
            let first = decided.ways[0].value.0;
            self.forks = self.forks.saturating_add(u64::from(decided.ways.len() == 1));
            decided.ways.push(certificate);
            bus.publish(FORK_FOUND, None, ForkFound { height, first, second: value.0 });
        }
    }

    /// Shows the voters of a schedule in the place of its own.
    pub(crate) fn show(&mut self, situation: &Situation) {
        for (at, replica) in self.replicas.iter_mut().enumerate() {
            if let Some(shown) = situation.replica(Voter(at as u16)) {
                replica.clone_from(shown);
            }
        }
    }
}
