//! The rules of Algorithm 1, and how a voter says what they demand.

use super::{Application, LogSetup, Output, Replica, Step, Timeout, TimeoutKind};
use crate::durable::{Statement, Verdict};
use crate::message::{Certificate, Evidence, Message, Phase, Proposal, Round, Status, ValueId, Vote};
use crate::tally::Threshold;

/// A voter with what it needs while it acts.
pub(super) struct Acting<'a, A> {
    pub replica: &'a mut Replica,
    pub setting: &'a LogSetup,
    pub application: &'a mut A,
    pub outputs: &'a mut Vec<Output>,
}

impl<A: Application> Acting<'_, A> {
    pub fn receive(&mut self, message: &Message) {
        match message {
            Message::Vote(vote) => {
                if self.count(vote).is_some() {
                    self.follow_rules();
                }
            }
            Message::Proposal(proposal) => {
                self.keep(proposal);
                self.follow_rules();
            }
            Message::Status(status) => self.learn_from(status),
            Message::Decision(certificate) => self.believe(certificate),
        }
    }

    pub fn expire(&mut self, timeout: Timeout) {
        if !self.replica.awaits(timeout) {
            return;
        }
        match timeout.kind {
            TimeoutKind::NewHeight => self.begin_height(),
            // Lines 57–60.
            TimeoutKind::Propose => self.vote(Phase::Prevote, None),
            // Lines 61–64.
            TimeoutKind::Prevote => self.vote(Phase::Precommit, None),
            // Lines 65–67.
            TimeoutKind::Precommit => self.start_round(timeout.round.saturating_add(1)),
            TimeoutKind::Retransmit => {
                self.schedule(TimeoutKind::Retransmit);
                self.say_where_it_is();
            }
        }
        self.follow_rules();
    }

    /// Begins the height where it has said nothing, or says again what it said before it was killed.
    pub fn begin_height(&mut self) {
        if self.replica.durable.height == self.replica.height {
            self.say_again();
        } else {
            self.start_round(self.replica.round);
        }
        self.follow_rules();
        if self.replica.was_told {
            self.say_where_it_is();
        }
    }

    fn say_again(&mut self) {
        let record = &self.replica.durable;
        let (proposal, prevote, precommit) = (record.proposal, record.prevote, record.precommit);
        self.replica.step = Step::Propose;
        if let Some((value, valid_round)) = proposal {
            self.propose(value, valid_round);
        } else {
            self.schedule(TimeoutKind::Propose);
        }
        self.schedule(TimeoutKind::Retransmit);
        for (phase, value) in [(Phase::Prevote, prevote), (Phase::Precommit, precommit)] {
            if let Some(value) = value {
                self.vote(phase, value);
            }
        }
    }

    /// Lines 11–21.
    fn start_round(&mut self, round: Round) {
        let replica = &mut *self.replica;
        (replica.round, replica.step, replica.once) = (round, Step::Propose, super::Once::default());
        let proposer = replica.book.proposers.of_round(&self.setting.committee, round);
        if replica.me == Some(proposer) {
            let (value, valid_round) = match replica.valid {
                Some((valid_round, value)) => (value, Some(valid_round)),
                None => (self.application.propose(replica.height, round), None),
            };
            self.propose(value, valid_round);
        } else {
            self.schedule(TimeoutKind::Propose);
        }
        self.schedule(TimeoutKind::Retransmit);
    }

    fn schedule(&mut self, kind: TimeoutKind) {
        let (timing, round) = (&self.setting.timing, self.replica.round);
        let after = match kind {
            TimeoutKind::NewHeight => timing.commit.max(1),
            TimeoutKind::Propose => timing.propose.in_round(round),
            TimeoutKind::Prevote => timing.prevote.in_round(round),
            TimeoutKind::Precommit => timing.precommit.in_round(round),
            TimeoutKind::Retransmit if timing.retransmit == 0 => return,
            TimeoutKind::Retransmit => timing.retransmit,
        };
        self.outputs.push(Output::Schedule(Timeout { height: self.replica.height, round, kind }, after));
    }

    /// Writes a statement down, unless the record forbids it. Whether it may be sent.
    fn record(&mut self, statement: Statement) -> bool {
        let replica = &mut *self.replica;
        let verdict = replica.durable.record(replica.height, replica.round, statement);
        if verdict == Verdict::New {
            (replica.durable.locked, replica.durable.valid) = (replica.locked, replica.valid);
            if replica.durable.polka != replica.polka {
                replica.durable.polka.clone_from(&replica.polka);
            }
            self.outputs.push(Output::Persist);
        }
        verdict != Verdict::Refused
    }

    fn propose(&mut self, value: ValueId, valid_round: Option<Round>) {
        let Some(me) = self.replica.me else { return };
        if self.record(Statement::Proposal(value, valid_round)) {
            let (height, round) = (self.replica.height, self.replica.round);
            let fits = |polka: &&Certificate| Some(polka.round) == valid_round && polka.value == value;
            let polka = self.replica.polka.as_ref().filter(fits).cloned();
            let proposal = Proposal { height, round, proposer: me, value, valid_round, polka };
            self.keep(&proposal);
            self.outputs.push(Output::Broadcast(Message::Proposal(proposal)));
        }
    }

    /// Votes, and goes on to the step after. Who only follows, or must not say this, is silent and goes on, too.
    fn vote(&mut self, phase: Phase, value: Option<ValueId>) {
        let (step, statement) = match phase {
            Phase::Prevote => (Step::Prevote, Statement::Prevote(value)),
            Phase::Precommit => (Step::Precommit, Statement::Precommit(value)),
        };
        self.replica.step = step;
        if let Some(me) = self.replica.me
            && self.record(statement)
        {
            let (height, round) = (self.replica.height, self.replica.round);
            let vote = Vote { height, round, phase, voter: me, value };
            self.count(&vote);
            self.outputs.push(Output::Broadcast(Message::Vote(vote)));
        }
    }

    fn accuse(&mut self, evidence: Evidence) {
        self.outputs.push(Output::Accuse(evidence));
    }

    /// Counts a vote of this height or the next. The threshold that it reached in this one.
    #[inline]
    fn count(&mut self, vote: &Vote) -> Option<Threshold> {
        let replica = &mut *self.replica;
        let is_next = vote.height == replica.height.saturating_add(1);
        let (book, current) = if is_next { (&mut replica.next, 0) } else { (&mut replica.book, replica.round) };
        let added = book.votes.add(&self.setting.committee, vote, current);
        if let Some(evidence) = added.evidence {
            self.accuse(evidence);
        }
        added.threshold.filter(|_| !is_next)
    }

    fn keep(&mut self, proposal: &Proposal) {
        let replica = &mut *self.replica;
        let (book, current) = match proposal.height.checked_sub(replica.height) {
            Some(0) => (&mut replica.book, replica.round),
            Some(1) => (&mut replica.next, 0),
            _ => return,
        };
        for evidence in book.add_proposal(&self.setting.committee, proposal, current) {
            self.accuse(evidence);
        }
    }

    fn say_where_it_is(&mut self) {
        let replica = &mut *self.replica;
        let Some(voter) = replica.me.filter(|_| self.setting.timing.retransmit > 0) else { return };
        let (height, round, attempt) = (replica.height, replica.round, replica.attempt);
        let proposal = replica.proposal(round).cloned();
        let votes = replica.book.votes.votes_from(&self.setting.committee, round);
        replica.attempt = attempt.saturating_add(1);
        let status = Status { voter, height, round, attempt, proposal, votes };
        self.outputs.push(Output::Broadcast(Message::Status(status)));
    }

    fn learn_from(&mut self, status: &Status) {
        if status.height < self.replica.height {
            if self.replica.me.is_some_and(|me| status.is_for(me, &self.setting.committee)) {
                self.outputs.push(Output::CatchUp(status.voter, status.height));
            }
            return;
        }
        if let Some(proposal) = &status.proposal {
            self.keep(proposal);
        }
        for vote in &status.votes {
            self.count(vote);
        }
        self.follow_rules();
    }

    /// Takes a decision over that is proven.
    fn believe(&mut self, certificate: &Certificate) {
        let is_of_now = certificate.height == self.replica.height && certificate.phase == Phase::Precommit;
        if !is_of_now || certificate.check(&self.setting.committee).is_err() {
            return;
        }
        let votes = &mut self.replica.book.votes;
        for evidence in votes.add_certificate(&self.setting.committee, certificate, self.replica.round) {
            self.accuse(evidence);
        }
        if self.application.is_valid(certificate.height, certificate.value) {
            self.decide(certificate.clone());
            self.replica.was_told = true;
            self.follow_rules();
        }
    }

    /// Does all that the rules demand, until they demand nothing more.
    fn follow_rules(&mut self) {
        while self.decide_what_is_decided() || self.skip_rounds() || self.act_in_round() {}
    }

    /// Lines 49–54: a quorum precommitted a value in any round.
    fn decide_what_is_decided(&mut self) -> bool {
        let replica = &*self.replica;
        let (book, committee) = (&replica.book, &self.setting.committee);
        let decided = book.votes.decided(committee).find(|(round, value)| {
            let is_proposed = book.proposals_of(*round).is_some_and(|of| {
                of.first.value == *value || of.second.as_ref().is_some_and(|second| second.value == *value)
            });
            is_proposed && self.application.is_valid(replica.height, *value)
        });
        if decided.is_none() && replica.attempt == 0 && book.votes.decided(committee).next().is_some() {
            // It lacks the proposal, which was sent before it came here.
            self.say_where_it_is();
            return false;
        }
        let certificate =
            decided.and_then(|(round, value)| book.votes.certificate(committee, round, Phase::Precommit, value));
        certificate.map(|certificate| self.decide(certificate)).is_some()
    }

    fn decide(&mut self, certificate: Certificate) {
        self.outputs.push(Output::Decide(certificate));
        let replica = &mut *self.replica;
        let committee = &self.setting.committee;
        let height = replica.height.saturating_add(1);
        let after = replica.next.proposers.of_next_height(committee);
        let after = super::Book::new(committee, height.saturating_add(1), after);
        replica.book = std::mem::replace(&mut replica.next, after);
        replica.enter(height);
        self.schedule(TimeoutKind::NewHeight);
    }

    /// Lines 55–56: somebody honest is further.
    fn skip_rounds(&mut self) -> bool {
        let replica = &*self.replica;
        let round = replica.book.votes.round_to_skip_to(&self.setting.committee, replica.round);
        round.map(|round| self.start_round(round)).is_some()
    }

    /// One of the rules of the current round that applies, if any does.
    fn act_in_round(&mut self) -> bool {
        self.replica.step != Step::Waiting
            && (self.prevote_for_proposal()
                || self.wait_for_prevotes()
                || self.precommit_after_polka()
                || self.precommit_none()
                || self.wait_for_precommits())
    }

    /// Lines 22–33.
    fn prevote_for_proposal(&mut self) -> bool {
        let replica = &*self.replica;
        let Some(proposal) = replica.proposal(replica.round).filter(|_| replica.step == Step::Propose) else {
            return false;
        };
        let value = proposal.value;
        let is_locked_on_it = replica.locked.is_some_and(|(_, locked)| locked == value);
        let may = match proposal.valid_round {
            None => replica.locked.is_none() || is_locked_on_it,
            Some(valid) => {
                let committee = &self.setting.committee;
                if valid >= replica.round
                    || !replica.book.votes.has_quorum(committee, valid, Phase::Prevote, Some(value))
                {
                    return false;
                }
                replica.locked.is_none_or(|(locked, _)| locked <= valid) || is_locked_on_it
            }
        };
        let may = may && self.application.is_valid(replica.height, value);
        self.vote(Phase::Prevote, may.then_some(value));
        true
    }

    /// Lines 34–35.
    fn wait_for_prevotes(&mut self) -> bool {
        let replica = &mut *self.replica;
        let votes = &replica.book.votes;
        let is_due = replica.step == Step::Prevote
            && !replica.once.prevote_timer
            && votes.has_any_quorum(&self.setting.committee, replica.round, Phase::Prevote);
        if is_due {
            replica.once.prevote_timer = true;
            self.schedule(TimeoutKind::Prevote);
        }
        is_due
    }

    /// Lines 36–43: however late the proposal or the prevotes came.
    fn precommit_after_polka(&mut self) -> bool {
        let replica = &mut *self.replica;
        let round = replica.round;
        if replica.once.polka || replica.step < Step::Prevote {
            return false;
        }
        let Some(of) = replica.book.proposals_of(round) else { return false };
        let committee = &self.setting.committee;
        let polka = std::iter::once(&of.first).chain(&of.second).find_map(|proposal| {
            let polka = replica.book.votes.certificate(committee, round, Phase::Prevote, proposal.value);
            polka.filter(|_| self.application.is_valid(replica.height, proposal.value))
        });
        let Some(polka) = polka else { return false };
        let value = polka.value;
        (replica.once.polka, replica.valid, replica.polka) = (true, Some((round, value)), Some(polka));
        if replica.step == Step::Prevote {
            replica.locked = Some((round, value));
            self.vote(Phase::Precommit, Some(value));
        }
        true
    }

    /// Lines 44–46.
    fn precommit_none(&mut self) -> bool {
        let replica = &*self.replica;
        let votes = &replica.book.votes;
        let is_due = replica.step == Step::Prevote
            && votes.has_quorum(&self.setting.committee, replica.round, Phase::Prevote, None);
        if is_due {
            self.vote(Phase::Precommit, None);
        }
        is_due
    }

    /// Lines 47–48.
    fn wait_for_precommits(&mut self) -> bool {
        let replica = &mut *self.replica;
        let votes = &replica.book.votes;
        let is_due = !replica.once.precommit_timer
            && votes.has_any_quorum(&self.setting.committee, replica.round, Phase::Precommit);
        if is_due {
            replica.once.precommit_timer = true;
            self.schedule(TimeoutKind::Precommit);
        }
        is_due
    }
}
