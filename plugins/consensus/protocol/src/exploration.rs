//! A few voters and all that can happen to them next: what a checker explores exhaustively, and a schedule by chance.
//!
//! Honest voters are [`Replica`]s. Liars are nobody: all that they could say is there to be delivered at any time, to anybody,
//! what contradicts itself included. Messages are never used up, so that each may come late, several times, or not at all. A voter
//! that has decided all heights takes no more part; who is behind can still learn of its decisions.

use serde::{Deserialize, Serialize};

pub mod search;
mod words;

use crate::committee::Proposers;
use crate::durable::Durable;
use crate::message::{Certificate, Height, Message, Phase, Proposal, Round, ValueId, Vote, Voter};
use crate::replica::{Application, LogSetup, Output, Replica, Timeout, TimeoutKind};

/// What is explored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scenario {
    /// Who votes, and how long they wait; here, how long makes no difference.
    pub setting: LogSetup,
    /// Who lies, ascending.
    pub liars: Vec<Voter>,
    /// The values that are proposed: an honest voter proposes the one at its number, again from the first after the last.
    pub values: Vec<ValueId>,
    /// A value that liars vote for though it is not valid, if any.
    pub garbage: Option<ValueId>,
    /// What liars do.
    pub lying: Lying,
    /// How many heights are decided.
    pub heights: Height,
    /// The last round of a height that is looked at.
    pub last_round: Round,
    /// How often a voter may be killed and restarted, in all.
    pub restarts: u32,
}

/// What liars do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lying {
    /// They say nothing: they have crashed.
    Silent,
    /// Each voter hears what it likes of them, in each round one story.
    OneStory,
    /// They contradict themselves to the same voter, too.
    ToTheFace,
}

impl Scenario {
    fn is_liar(&self, voter: Voter) -> bool {
        self.liars.contains(&voter)
    }

    fn honest(&self) -> impl Iterator<Item = Voter> + '_ {
        (0..self.setting.committee.len() as u16).map(Voter).filter(|voter| !self.is_liar(*voter))
    }

    fn application(&self, voter: Voter) -> OwnValue<'_> {
        OwnValue { scenario: self, voter }
    }

    /// A liar's statements in a round of a height: every vote, and every proposal where a liar proposes.
    fn lies(&self, situation: &Situation, height: Height, round: Round, lies: &mut Vec<Message>) {
        if self.lying == Lying::Silent {
            return;
        }
        let values: Vec<ValueId> = self.values.iter().chain(&self.garbage).copied().collect();
        for voter in &self.liars {
            for phase in [Phase::Prevote, Phase::Precommit] {
                for value in std::iter::once(None).chain(values.iter().copied().map(Some)) {
                    lies.push(Message::Vote(Vote { height, round, phase, voter: *voter, value }));
                }
            }
        }
        let proposer = Proposers::at_height(&self.setting.committee, height).of_round(&self.setting.committee, round);
        for value in &values {
            if self.is_liar(proposer) {
                let polkas =
                    (0..round).filter_map(|valid| situation.certificate(self, height, valid, Phase::Prevote, *value));
                for polka in std::iter::once(None).chain(polkas.map(Some)) {
                    let valid_round = polka.as_ref().map(|polka| polka.round);
                    lies.push(Message::Proposal(Proposal {
                        height,
                        round,
                        proposer,
                        value: *value,
                        valid_round,
                        polka,
                    }));
                }
            }
            let decision = situation.certificate(self, height, round, Phase::Precommit, *value);
            lies.extend(decision.map(Message::Decision));
        }
    }
}

struct OwnValue<'a> {
    scenario: &'a Scenario,
    voter: Voter,
}

impl Application for OwnValue<'_> {
    fn propose(&mut self, _: Height, _: Round) -> ValueId {
        let values = &self.scenario.values;
        values[usize::from(self.voter.0) % values.len()]
    }

    fn is_valid(&self, _: Height, value: ValueId) -> bool {
        self.scenario.garbage != Some(value)
    }
}

/// Something that can happen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event {
    /// A message reaches a voter.
    Deliver {
        /// Whom.
        to: Voter,
        /// What.
        message: Message,
    },
    /// A voter's timer runs out.
    Expire {
        /// Whose.
        voter: Voter,
        /// Which.
        timeout: Timeout,
    },
    /// A voter is killed and restarted.
    Restart {
        /// Which.
        voter: Voter,
    },
}

/// What must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// Two honest voters decided a height differently.
    Fork(Height),
    /// An honest voter decided a value that is not valid.
    Garbage(Height),
    /// An honest voter contradicts itself.
    Contradiction(Voter),
}

/// Where all are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Situation {
    /// By number; nothing for liars, and for who has decided all heights.
    replicas: Vec<Option<Replica>>,
    /// What each has written down.
    written: Vec<Durable>,
    /// What honest voters have sent, ascending.
    sent: Vec<Message>,
    /// Timers that are still good for something, ascending.
    timers: Vec<(Voter, Timeout)>,
    /// What each has decided, by height.
    decisions: Vec<Vec<ValueId>>,
    restarts: u32,
    fault: Option<Fault>,
}

impl Situation {
    /// All have begun.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let voters = scenario.setting.committee.len();
        let mut situation = Self {
            replicas: vec![None; voters],
            written: vec![Durable::default(); voters],
            sent: Vec::new(),
            timers: Vec::new(),
            decisions: vec![Vec::new(); voters],
            restarts: 0,
            fault: None,
        };
        for voter in scenario.honest() {
            let mut replica = Replica::new(&scenario.setting, Some(voter));
            let mut outputs = Vec::new();
            replica.start(&scenario.setting, &mut scenario.application(voter), &mut outputs);
            situation.settle(scenario, voter, replica, outputs);
        }
        situation
    }

    /// What each voter has decided, by height.
    #[must_use]
    pub fn decisions(&self) -> &[Vec<ValueId>] {
        &self.decisions
    }

    /// A voter, if it is honest and still takes part.
    #[must_use]
    pub fn replica(&self, voter: Voter) -> Option<&Replica> {
        self.replicas.get(usize::from(voter.0))?.as_ref()
    }

    /// What happened that must never happen.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// What honest voters have sent.
    #[must_use]
    pub fn sent(&self) -> &[Message] {
        &self.sent
    }

    /// The timers that are still good for something.
    #[must_use]
    pub fn timers(&self) -> &[(Voter, Timeout)] {
        &self.timers
    }

    /// All that liars could send to a voter in its height.
    #[must_use]
    pub fn lies_to(&self, scenario: &Scenario, voter: Voter) -> Vec<Message> {
        let mut lies = Vec::new();
        if let Some(replica) = self.replica(voter) {
            for round in 0..=scenario.last_round {
                scenario.lies(self, replica.height(), round, &mut lies);
            }
            lies.retain(|lie| match lie {
                _ if scenario.lying == Lying::ToTheFace => true,
                Message::Vote(vote) => replica.votes().vote_of(vote.voter, vote.round, vote.phase).is_none(),
                Message::Proposal(proposal) => replica.proposal(proposal.round).is_none(),
                _ => true,
            });
        }
        lies
    }

    /// All that can happen next, always in the same order. Not all of it changes something.
    #[must_use]
    pub fn events(&self, scenario: &Scenario) -> Vec<Event> {
        let mut events = Vec::new();
        for voter in scenario.honest() {
            let Some(replica) = self.replica(voter) else { continue };
            let sent = self.sent.iter().filter(|message| message.height() == replica.height()).cloned();
            let messages = sent.chain(self.lies_to(scenario, voter));
            events.extend(messages.map(|message| Event::Deliver { to: voter, message }));
            if self.restarts < scenario.restarts {
                events.push(Event::Restart { voter });
            }
        }
        let timers = self.timers.iter().filter(|(_, timeout)| {
            // What leads beyond the last round is not looked at.
            timeout.kind != TimeoutKind::Precommit || timeout.round < scenario.last_round
        });
        events.extend(timers.map(|(voter, timeout)| Event::Expire { voter: *voter, timeout: *timeout }));
        events
    }

    /// What is so after something happened; `None` if nothing changes.
    #[must_use]
    pub fn after(&self, scenario: &Scenario, event: &Event) -> Option<Self> {
        let mut after = self.clone();
        after.happen(scenario, event, usize::MAX);
        (after != *self).then_some(after)
    }

    /// Lets something happen. Of what the voter wants done only the first `outputs` come about; then it is killed and restarted.
    pub fn happen(&mut self, scenario: &Scenario, event: &Event, outputs: usize) {
        let (Event::Deliver { to: voter, .. } | Event::Expire { voter, .. } | Event::Restart { voter }) = *event;
        let Some(mut replica) = self.replicas.get_mut(usize::from(voter.0)).and_then(Option::take) else { return };
        let (setting, mut application) = (&scenario.setting, scenario.application(voter));
        let mut wanted = Vec::new();
        match event {
            Event::Deliver { message, .. } => replica.receive(setting, &mut application, message, &mut wanted),
            Event::Expire { timeout, .. } => {
                self.timers.retain(|timer| *timer != (voter, *timeout));
                replica.expire(setting, &mut application, *timeout, &mut wanted);
            }
            Event::Restart { .. } => {
                self.restarts += 1;
                return self.restart(scenario, voter);
            }
        }
        let is_killed = outputs < wanted.len();
        wanted.truncate(outputs);
        self.settle(scenario, voter, replica, wanted);
        if is_killed {
            self.restart(scenario, voter);
        }
    }

    fn restart(&mut self, scenario: &Scenario, voter: Voter) {
        let at = usize::from(voter.0);
        let height = self.decisions[at].len() as Height + 1;
        if height > scenario.heights {
            return;
        }
        let mut replica = Replica::at_height(&scenario.setting, Some(voter), height, self.written[at].clone());
        let mut outputs = Vec::new();
        self.timers.retain(|(other, _)| *other != voter);
        replica.start(&scenario.setting, &mut scenario.application(voter), &mut outputs);
        self.settle(scenario, voter, replica, outputs);
    }

    /// Does what a voter wants done.
    fn settle(&mut self, scenario: &Scenario, voter: Voter, replica: Replica, outputs: Vec<Output>) {
        let at = usize::from(voter.0);
        for output in outputs {
            match output {
                Output::Persist => self.written[at].clone_from(replica.durable()),
                Output::Broadcast(message) => self.send(voter, message),
                Output::Schedule(timeout, _) => insert(&mut self.timers, (voter, timeout)),
                Output::Decide(certificate) => self.decide(scenario, voter, &certificate),
                Output::Accuse(evidence) if !scenario.is_liar(evidence.accused()) => {
                    self.fault = Some(Fault::Contradiction(evidence.accused()));
                }
                Output::Accuse(_) => {}
                Output::CatchUp(_, height) => {
                    let value = self.decisions[at].get(height as usize - 1).copied();
                    let certificate = value.and_then(|value| self.decision(scenario, height, value));
                    if let Some(certificate) = certificate {
                        insert(&mut self.sent, Message::Decision(certificate));
                    }
                }
            }
        }
        self.timers.retain(|(other, timeout)| *other != voter || replica.awaits(*timeout));
        let is_done = self.decisions[at].len() as Height >= scenario.heights;
        self.replicas[at] = (!is_done).then_some(replica);
    }

    fn send(&mut self, voter: Voter, message: Message) {
        let contradicts = |other: &Message| match (other, &message) {
            (Message::Vote(first), Message::Vote(second)) => {
                crate::message::Evidence::Votes { first: *first, second: *second }.is_proof()
            }
            (Message::Proposal(first), Message::Proposal(second)) => {
                let same =
                    (first.proposer, first.height, first.round) == (second.proposer, second.height, second.round);
                same && !first.says_the_same_as(second)
            }
            _ => false,
        };
        if self.sent.iter().any(contradicts) {
            self.fault = Some(Fault::Contradiction(voter));
        }
        insert(&mut self.sent, message);
    }

    fn decide(&mut self, scenario: &Scenario, voter: Voter, certificate: &Certificate) {
        let (at, height, value) = (usize::from(voter.0), certificate.height, certificate.value);
        let of_height = |decisions: &Vec<ValueId>| decisions.get(height as usize - 1).copied();
        if self.decisions.iter().filter_map(of_height).any(|other| other != value) {
            self.fault = Some(Fault::Fork(height));
        }
        if scenario.garbage == Some(value) {
            self.fault = Some(Fault::Garbage(height));
        }
        self.decisions[at].push(value);
    }

    /// The proof of a decision of a height for a value, as far as it can be made of what was sent.
    #[must_use]
    pub fn decision(&self, scenario: &Scenario, height: Height, value: ValueId) -> Option<Certificate> {
        let mut rounds = 0..=scenario.last_round;
        rounds.find_map(|round| self.certificate(scenario, height, round, Phase::Precommit, value))
    }

    /// Whether its parts belong together, as those of a file may not.
    #[must_use]
    pub fn fits(&self, scenario: &Scenario) -> bool {
        let committee = &scenario.setting.committee;
        let sizes = [self.replicas.len(), self.written.len(), self.decisions.len()];
        sizes.iter().all(|size| *size == committee.len())
            && self
                .replicas
                .iter()
                .zip(0..)
                .all(|(of, voter)| of.as_ref().is_none_or(|of| of.me() == Some(Voter(voter)) && of.fits(committee)))
            && self.timers.iter().all(|(voter, _)| committee.contains(*voter))
    }

    /// The certificate that the votes of the honest and all liars together make.
    fn certificate(
        &self,
        scenario: &Scenario,
        height: Height,
        round: Round,
        phase: Phase,
        value: ValueId,
    ) -> Option<Certificate> {
        let honest = self.sent.iter().filter_map(|message| match message {
            Message::Vote(vote) => {
                let fits = (vote.height, vote.round, vote.phase, vote.value) == (height, round, phase, Some(value));
                fits.then_some(vote.voter)
            }
            _ => None,
        });
        let liars = scenario.liars.iter().filter(|_| scenario.lying != Lying::Silent).copied();
        let mut signers: Vec<Voter> = honest.chain(liars).collect();
        signers.sort_unstable();
        let certificate = Certificate { height, round, phase, value, signers };
        certificate.check(&scenario.setting.committee).is_ok().then_some(certificate)
    }
}

fn insert<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

#[cfg(test)]
mod tests;
