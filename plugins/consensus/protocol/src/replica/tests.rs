//! One voter alone, message by message; and many with delays, losses and partitions.

mod many;

use super::*;
use crate::message::Vote;

/// Proposes its own number; everything below 100 is valid.
pub(super) struct Own(pub u32);

impl Application for Own {
    fn propose(&mut self, _: Height, _: Round) -> ValueId {
        ValueId(self.0)
    }

    fn is_valid(&self, _: Height, value: ValueId) -> bool {
        value.0 < 100
    }
}

fn setting(voters: usize) -> LogSetup {
    let growing = Growing { first: 30, per_round: 10 };
    let timing = Timing { propose: growing, prevote: growing, precommit: growing, commit: 5, retransmit: 50 };
    LogSetup { committee: Committee::new(vec![1; voters]).unwrap(), timing }
}

const V: Option<ValueId> = Some(ValueId(11));
const W: Option<ValueId> = Some(ValueId(12));

/// Voter 3 of four; voter 0 proposes in round 0, 1 in round 1 and so on.
struct One {
    setting: LogSetup,
    replica: Replica,
    outputs: Vec<Output>,
}

impl One {
    fn new() -> Self {
        let setting = setting(4);
        let mut one = Self { replica: Replica::new(&setting, Some(Voter(3))), setting, outputs: Vec::new() };
        one.replica.start(&one.setting, &mut Own(13), &mut one.outputs);
        one
    }

    fn receive(&mut self, message: Message) -> Vec<Output> {
        self.outputs.clear();
        self.replica.receive(&self.setting, &mut Own(13), &message, &mut self.outputs);
        self.outputs.clone()
    }

    fn votes(&mut self, phase: Phase, round: Round, value: Option<ValueId>, voters: &[u16]) -> Vec<Output> {
        let height = self.replica.height();
        let mut outputs = Vec::new();
        for voter in voters {
            let vote = Vote { height, round, phase, voter: Voter(*voter), value };
            outputs.extend(self.receive(Message::Vote(vote)));
        }
        outputs
    }

    fn proposal(&mut self, round: Round, value: Option<ValueId>, valid_round: Option<Round>) -> Vec<Output> {
        let proposal = self.proposal_of(round, value, valid_round);
        self.receive(Message::Proposal(proposal))
    }

    fn proposal_of(&self, round: Round, value: Option<ValueId>, valid_round: Option<Round>) -> Proposal {
        let (height, proposer) = (self.replica.height(), Voter((round % 4) as u16));
        Proposal { height, round, proposer, value: value.unwrap(), valid_round, polka: None }
    }

    fn expire(&mut self, kind: TimeoutKind) -> Vec<Output> {
        self.outputs.clear();
        let timeout = Timeout { height: self.replica.height(), round: self.replica.round(), kind };
        self.replica.expire(&self.setting, &mut Own(13), timeout, &mut self.outputs);
        self.outputs.clone()
    }
}

/// The votes that are sent.
fn sent(outputs: &[Output]) -> Vec<(Phase, Round, Option<ValueId>)> {
    let vote = |output: &Output| match output {
        Output::Broadcast(Message::Vote(vote)) => Some((vote.phase, vote.round, vote.value)),
        _ => None,
    };
    outputs.iter().filter_map(vote).collect()
}

fn scheduled(outputs: &[Output], kind: TimeoutKind) -> Option<u64> {
    outputs.iter().find_map(|output| match output {
        Output::Schedule(timeout, after) if timeout.kind == kind => Some(*after),
        _ => None,
    })
}

fn decided(outputs: &[Output]) -> Option<(Height, Round, ValueId)> {
    outputs.iter().find_map(|output| match output {
        Output::Decide(certificate) => Some((certificate.height, certificate.round, certificate.value)),
        _ => None,
    })
}

#[test]
fn a_height_is_decided_in_one_round_when_all_goes_well() {
    let mut one = One::new();
    assert_eq!(sent(&one.proposal(0, V, None)), [(Phase::Prevote, 0, V)]);
    assert_eq!(sent(&one.votes(Phase::Prevote, 0, V, &[0, 1])), [(Phase::Precommit, 0, V)]);
    assert_eq!(one.replica.locked(), Some((0, ValueId(11))));
    let outputs = one.votes(Phase::Precommit, 0, V, &[0, 1]);
    assert_eq!(decided(&outputs), Some((1, 0, ValueId(11))));
    assert_eq!(scheduled(&outputs, TimeoutKind::NewHeight), Some(5));
    assert_eq!((one.replica.height(), one.replica.step(), one.replica.locked()), (2, Step::Waiting, None));
    let Some(Output::Decide(certificate)) = outputs.iter().find(|output| matches!(output, Output::Decide(_))) else {
        panic!()
    };
    assert_eq!(certificate.check(&one.setting.committee), Ok(()));
    assert_eq!(certificate.signers, [Voter(0), Voter(1), Voter(3)]);
}

#[test]
fn what_is_signed_is_written_down_before_it_is_sent() {
    let mut one = One::new();
    let mut all = one.proposal(0, V, None);
    all.extend(one.votes(Phase::Prevote, 0, V, &[0, 1]));
    let mut may_send = false;
    for output in &all {
        match output {
            Output::Persist => may_send = true,
            Output::Broadcast(_) => assert!(std::mem::take(&mut may_send), "{all:?}"),
            _ => {}
        }
    }
    assert_eq!(sent(&all).len(), 2);
    assert_eq!((one.replica.durable().prevote, one.replica.durable().precommit), (Some(V), Some(V)));
    assert_eq!(one.replica.durable().locked, Some((0, ValueId(11))));
}

/// Lines 34–43: the proposal's timer has nothing to do with whether prevotes count.
#[test]
fn prevotes_and_proposals_that_come_after_the_proposal_s_timer_still_count() {
    let mut one = One::new();
    assert_eq!(sent(&one.expire(TimeoutKind::Propose)), [(Phase::Prevote, 0, None)]);
    assert_eq!(sent(&one.votes(Phase::Prevote, 0, V, &[0, 1, 2])), []);
    // It has prevoted for none; the others' prevotes are enough.
    assert_eq!(sent(&one.proposal(0, V, None)), [(Phase::Precommit, 0, V)]);
    assert_eq!(one.replica.locked(), Some((0, ValueId(11))));
    // And the other way round.
    let mut one = One::new();
    one.expire(TimeoutKind::Propose);
    assert_eq!(sent(&one.proposal(0, V, None)), []);
    assert_eq!(sent(&one.votes(Phase::Prevote, 0, V, &[0, 1, 2])), [(Phase::Precommit, 0, V)]);
    // After it has precommitted for none, too: it isn't locked, and will propose the value.
    let mut one = One::new();
    one.expire(TimeoutKind::Propose);
    one.proposal(0, V, None);
    one.votes(Phase::Prevote, 0, V, &[0, 1]);
    assert_eq!(scheduled(&one.outputs, TimeoutKind::Prevote), Some(30), "three have prevoted");
    assert_eq!(sent(&one.expire(TimeoutKind::Prevote)), [(Phase::Precommit, 0, None)]);
    one.votes(Phase::Prevote, 0, V, &[2]);
    assert_eq!((one.replica.locked(), one.replica.valid()), (None, Some((0, ValueId(11)))));
    assert!(one.votes(Phase::Precommit, 0, V, &[0, 1, 2]).iter().any(|output| matches!(output, Output::Decide(_))));
}

#[test]
fn timeouts_grow_with_the_round() {
    let mut one = One::new();
    for round in 0..5 {
        let after = one.setting.timing.propose.in_round(round);
        assert_eq!(after, 30 + 10 * u64::from(round));
        one.expire(TimeoutKind::Propose);
        one.votes(Phase::Prevote, round, None, &[0, 1, 2]);
        let outputs = one.votes(Phase::Precommit, round, None, &[0, 1, 2]);
        assert_eq!(scheduled(&outputs, TimeoutKind::Precommit), Some(after));
        let outputs = one.expire(TimeoutKind::Precommit);
        // In round 3 it proposes itself.
        let wanted = (round != 2).then_some(after + 10);
        assert_eq!(scheduled(&outputs, TimeoutKind::Propose), wanted);
    }
    assert_eq!(Growing { first: u64::MAX, per_round: u64::MAX }.in_round(u32::MAX), u64::MAX);
    assert_eq!(Growing { first: 0, per_round: 0 }.in_round(0), 1);
}

#[test]
fn a_lock_gives_way_only_to_a_later_polka() {
    let mut one = One::new();
    one.proposal(0, V, None);
    one.votes(Phase::Prevote, 0, V, &[0, 1]);
    one.votes(Phase::Precommit, 0, None, &[0, 1]);
    one.expire(TimeoutKind::Precommit);
    assert_eq!((one.replica.round(), one.replica.locked()), (1, Some((0, ValueId(11)))));
    // Something else is proposed: no. (Line 26)
    assert_eq!(sent(&one.proposal(1, W, None)), [(Phase::Prevote, 1, None)]);
    // The others prevote for it, while this voter precommits for none.
    one.votes(Phase::Prevote, 1, None, &[0]);
    one.expire(TimeoutKind::Prevote);
    one.votes(Phase::Prevote, 1, W, &[1, 2]);
    one.votes(Phase::Precommit, 1, None, &[0, 1]);
    one.expire(TimeoutKind::Precommit);
    assert_eq!((one.replica.round(), one.replica.locked()), (2, Some((0, ValueId(11)))));
    // Proposed with a round in which no quorum is known: it waits. (Line 28)
    assert_eq!(sent(&one.proposal(2, W, Some(1))), []);
    // Voter 0 lied, and here is its other prevote: a polka that is later than the lock. (Lines 29–30)
    let outputs = one.votes(Phase::Prevote, 1, W, &[0]);
    assert_eq!(sent(&outputs), [(Phase::Prevote, 2, W)]);
    assert!(outputs.iter().any(|output| matches!(output, Output::Accuse(evidence) if evidence.accused() == Voter(0))));
}

#[test]
fn who_proposes_a_value_again_shows_why_it_may() {
    // Voter 3 sees a polka in round 0 and proposes the value in round 3.
    let mut one = One::new();
    one.proposal(0, V, None);
    one.votes(Phase::Prevote, 0, V, &[0, 1]);
    let outputs = one.votes(Phase::Prevote, 3, None, &[0, 1]);
    let again = outputs.iter().find_map(|output| match output {
        Output::Broadcast(Message::Proposal(proposal)) => Some(proposal.clone()),
        _ => None,
    });
    let again = again.unwrap();
    assert_eq!((again.round, again.value, again.valid_round), (3, ValueId(11), Some(0)));
    // A voter that has not heard of round 0 believes the prevotes that come with it.
    let setting = setting(4);
    let mut other = Replica::new(&setting, Some(Voter(2)));
    let mut outputs = Vec::new();
    other.start(&setting, &mut Own(1), &mut outputs);
    let skip =
        |voter| Message::Vote(Vote { height: 1, round: 3, phase: Phase::Prevote, voter: Voter(voter), value: None });
    other.receive(&setting, &mut Own(1), &skip(0), &mut outputs);
    other.receive(&setting, &mut Own(1), &skip(1), &mut outputs);
    assert_eq!(other.round(), 3);
    let mut bare = other.clone();
    bare.receive(&setting, &mut Own(1), &Message::Proposal(Proposal { polka: None, ..again.clone() }), &mut outputs);
    assert_eq!(bare.step(), Step::Propose, "without them it waits");
    let mut forged = again.clone();
    forged.polka.as_mut().unwrap().signers.pop();
    let mut doubtful = other.clone();
    doubtful.receive(&setting, &mut Own(1), &Message::Proposal(forged), &mut outputs);
    assert_eq!(doubtful.step(), Step::Propose, "too few");
    outputs.clear();
    other.receive(&setting, &mut Own(1), &Message::Proposal(again), &mut outputs);
    assert_eq!(sent(&outputs), [(Phase::Prevote, 3, V)]);
}

#[test]
fn garbage_is_not_voted_for() {
    let mut one = One::new();
    assert_eq!(sent(&one.proposal(0, Some(ValueId(100)), None)), [(Phase::Prevote, 0, None)]);
    one.votes(Phase::Prevote, 0, Some(ValueId(100)), &[0, 1, 2]);
    assert_eq!((one.replica.locked(), one.replica.valid()), (None, None));
    one.votes(Phase::Precommit, 0, Some(ValueId(100)), &[0, 1, 2]);
    assert_eq!(one.replica.height(), 1);
}

#[test]
fn two_proposals_of_a_proposer_are_evidence_and_either_can_be_decided() {
    let mut one = One::new();
    assert_eq!(sent(&one.proposal(0, V, None)), [(Phase::Prevote, 0, V)]);
    let outputs = one.proposal(0, W, None);
    let proof = outputs.iter().find_map(|output| match output {
        Output::Accuse(evidence) => Some(evidence.clone()),
        _ => None,
    });
    assert!(proof.is_some_and(|proof| proof.is_proof() && proof.accused() == Voter(0)));
    assert_eq!(one.proposal(0, W, None), [], "told once");
    assert_eq!(decided(&one.votes(Phase::Precommit, 0, W, &[0, 1, 2])), Some((1, 0, ValueId(12))));
}

#[test]
fn a_third_ahead_pulls_a_laggard_after_it() {
    let mut one = One::new();
    assert_eq!(one.replica.round(), 0);
    one.votes(Phase::Prevote, 6, None, &[0]);
    assert_eq!(one.replica.round(), 0, "one alone may lie");
    let outputs = one.votes(Phase::Precommit, 9, None, &[1]);
    assert_eq!(one.replica.round(), 6, "both are in round 6 or beyond");
    assert_eq!(scheduled(&outputs, TimeoutKind::Propose), Some(90));
    // What came for this round before counts.
    one.expire(TimeoutKind::Propose);
    assert_eq!(sent(&one.votes(Phase::Prevote, 6, None, &[2])), [(Phase::Precommit, 6, None)]);
}

#[test]
fn messages_of_the_next_height_are_kept_and_those_of_others_change_nothing() {
    let mut one = One::new();
    let next = |message: &mut Message| match message {
        Message::Vote(vote) => vote.height = 2,
        Message::Proposal(proposal) => proposal.height = 2,
        _ => {}
    };
    // Voter 1 proposes height 2: one step on.
    let mut proposal = Message::Proposal(Proposal { proposer: Voter(1), ..one.proposal_of(0, W, None) });
    next(&mut proposal);
    one.receive(proposal);
    for voter in [0, 1] {
        let mut vote =
            Message::Vote(Vote { height: 2, round: 0, phase: Phase::Prevote, voter: Voter(voter), value: W });
        next(&mut vote);
        assert_eq!(one.receive(vote), []);
    }
    one.proposal(0, V, None);
    one.votes(Phase::Precommit, 0, V, &[0, 1, 2]);
    assert_eq!(one.replica.height(), 2);
    let outputs = one.expire(TimeoutKind::NewHeight);
    assert_eq!(sent(&outputs), [(Phase::Prevote, 0, W), (Phase::Precommit, 0, W)]);
    let before = one.replica.clone();
    for height in [0, 1, 4, u64::MAX] {
        let vote = Vote { height, round: 0, phase: Phase::Precommit, voter: Voter(0), value: V };
        one.receive(Message::Vote(vote));
        one.receive(Message::Proposal(Proposal { height, ..one.proposal_of(0, V, None) }));
    }
    let stranger = Vote { height: 2, round: 0, phase: Phase::Precommit, voter: Voter(4), value: V };
    one.receive(Message::Vote(stranger));
    one.receive(Message::Proposal(one.proposal_of(u32::MAX, V, None)));
    one.receive(Message::Proposal(Proposal { proposer: Voter(0), ..one.proposal_of(1, V, None) }));
    assert_eq!(one.replica, before);
}

#[test]
fn a_decision_is_believed_if_a_quorum_signed_it() {
    let mut one = One::new();
    let certificate = |signers: &[u16]| Certificate {
        height: 1,
        round: 4,
        phase: Phase::Precommit,
        value: ValueId(11),
        signers: signers.iter().map(|voter| Voter(*voter)).collect(),
    };
    let before = one.replica.clone();
    one.receive(Message::Decision(certificate(&[0, 1])));
    one.receive(Message::Decision(Certificate { phase: Phase::Prevote, ..certificate(&[0, 1, 2]) }));
    one.receive(Message::Decision(Certificate { height: 2, ..certificate(&[0, 1, 2]) }));
    assert_eq!(one.replica, before);
    assert_eq!(decided(&one.receive(Message::Decision(certificate(&[0, 1, 2])))), Some((1, 4, ValueId(11))));
    // Now it can help others.
    let status = |attempt| crate::message::Status {
        voter: Voter(2),
        height: 1,
        round: 0,
        attempt,
        proposal: None,
        votes: vec![],
    };
    assert_eq!(one.receive(Message::Status(status(0))), [Output::CatchUp(Voter(2), 1)]);
    assert_eq!(one.receive(Message::Status(status(1))), [], "now others are asked");
}

#[test]
fn a_voter_that_catches_up_says_nothing_else_in_a_height_than_before_it_was_killed() {
    let mut one = One::new();
    // It comes to height 3 and votes there, in round 1.
    for height in 1..3 {
        let certificate = Certificate {
            height,
            round: 0,
            phase: Phase::Precommit,
            value: ValueId(1),
            signers: vec![Voter(0), Voter(1), Voter(2)],
        };
        one.receive(Message::Decision(certificate));
    }
    one.expire(TimeoutKind::NewHeight);
    one.votes(Phase::Prevote, 1, V, &[0, 1]);
    // Height 3 begins with voter 2; in round 1 it is its own turn.
    assert_eq!((one.replica.height(), one.replica.round()), (3, 1));
    let own = Some(ValueId(13));
    assert_eq!(one.replica.durable().prevote, Some(own));
    one.votes(Phase::Prevote, 1, own, &[2]);
    let record = one.replica.durable().clone();
    // It is killed, and its ledger has only height 1.
    one.replica = one.replica.restarted(&one.setting, 2);
    one.outputs.clear();
    one.replica.start(&one.setting, &mut Own(14), &mut one.outputs);
    assert_eq!((one.replica.height(), one.replica.step()), (2, Step::Propose));
    // In height 2, which it has voted in before, too, it is silent.
    assert_eq!(sent(&one.votes(Phase::Prevote, 0, V, &[0, 1, 2])), []);
    assert_eq!(sent(&one.expire(TimeoutKind::Propose)), []);
    let certificate = Certificate {
        height: 2,
        round: 0,
        phase: Phase::Precommit,
        value: ValueId(1),
        signers: vec![Voter(0), Voter(1), Voter(2)],
    };
    one.receive(Message::Decision(certificate));
    let outputs = one.expire(TimeoutKind::NewHeight);
    // In height 3 it says again what it said, and nothing else.
    assert_eq!(sent(&outputs), [(Phase::Prevote, 1, own)]);
    let proposed = outputs.iter().any(|output| {
        matches!(output, Output::Broadcast(Message::Proposal(proposal)) if Some(proposal.value) == own && proposal.round == 1)
    });
    assert!(proposed && !outputs.contains(&Output::Persist));
    assert_eq!(*one.replica.durable(), record);
    assert_eq!(sent(&one.votes(Phase::Prevote, 1, None, &[0, 1, 2])), [(Phase::Precommit, 1, None)]);
}

#[test]
fn who_only_follows_decides_and_says_nothing() {
    let setting = setting(4);
    let mut follower = Replica::new(&setting, None);
    let mut outputs = Vec::new();
    follower.start(&setting, &mut Own(1), &mut outputs);
    let proposal =
        Proposal { height: 1, round: 0, proposer: Voter(0), value: ValueId(11), valid_round: None, polka: None };
    let vote = |phase, voter| Message::Vote(Vote { height: 1, round: 0, phase, voter: Voter(voter), value: V });
    let votes =
        [Phase::Prevote, Phase::Precommit].into_iter().flat_map(|phase| (0..3).map(move |voter| (phase, voter)));
    let messages = std::iter::once(Message::Proposal(proposal)).chain(votes.map(|(phase, voter)| vote(phase, voter)));
    for message in messages {
        follower.receive(&setting, &mut Own(1), &message, &mut outputs);
    }
    assert_eq!(decided(&outputs), Some((1, 0, ValueId(11))));
    assert!(!outputs.iter().any(|output| matches!(output, Output::Broadcast(_) | Output::Persist)));
}
