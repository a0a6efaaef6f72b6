//! Schedules by chance, against an adversary that says whatever it likes to whom it likes.

use super::*;
use crate::committee::Committee;
use crate::replica::{Growing, Timing};

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        (!list.is_empty()).then(|| &list[self.below(list.len())])
    }
}

fn scenario(powers: &[u64], liars: &[u16]) -> Scenario {
    let growing = Growing { first: 10, per_round: 5 };
    let timing = Timing { propose: growing, prevote: growing, precommit: growing, commit: 1, retransmit: 20 };
    Scenario {
        setting: LogSetup { committee: Committee::new(powers.to_vec()).unwrap(), timing },
        liars: liars.iter().map(|liar| Voter(*liar)).collect(),
        values: vec![ValueId(1), ValueId(2)],
        garbage: Some(ValueId(9)),
        lying: Lying::ToTheFace,
        heights: 2,
        last_round: 3,
        restarts: 3,
    }
}

/// What came of schedules.
#[derive(Debug, Default)]
struct Tally {
    faults: u64,
    forks: u64,
    decisions: u64,
    /// Precommits for a value in a round after the first.
    late: u64,
    kills: u64,
}

/// The round that a message speaks of.
fn round_of(message: &Message) -> Round {
    match message {
        Message::Vote(vote) => vote.round,
        Message::Proposal(proposal) => proposal.round,
        Message::Status(status) => status.round,
        Message::Decision(certificate) => certificate.round,
    }
}

/// Who sent it; nobody in particular if it proves itself.
fn sender_of(message: &Message) -> Option<Voter> {
    match message {
        Message::Vote(vote) => Some(vote.voter),
        Message::Proposal(proposal) => Some(proposal.proposer),
        Message::Status(status) => Some(status.voter),
        Message::Decision(_) => None,
    }
}

/// A schedule by chance: what happens next, and what liars say to whom.
struct Schedule<'a> {
    scenario: &'a Scenario,
    dice: Dice,
    /// What liars pretend to each voter that they want.
    faces: Vec<Option<ValueId>>,
    /// In percent, how often liars speak and timers run out.
    lies: usize,
    timers: usize,
    /// Whether those who are shown different faces hardly hear of each other.
    is_parted: bool,
}

impl<'a> Schedule<'a> {
    fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let (lies, timers) = (10 + dice.below(50), 1 + dice.below(20));
        let is_parted = dice.below(2) == 0;
        let mut schedule = Self { scenario, dice, faces: Vec::new(), lies, timers, is_parted };
        schedule.change_faces();
        schedule
    }

    fn change_faces(&mut self) {
        let mut wanted: Vec<Option<ValueId>> = self.scenario.values.iter().copied().map(Some).collect();
        if self.dice.below(2) == 0 {
            wanted.push(None);
        }
        self.faces =
            (0..self.scenario.setting.committee.len()).map(|_| wanted[self.dice.below(wanted.len())]).collect();
    }

    /// What a liar says to a voter: mostly about the round that the voter is in, and true to the face that it shows to it.
    fn lie(&mut self, situation: &Situation, to: &Replica, voter: Voter) -> Option<Message> {
        let (scenario, height) = (self.scenario, to.height());
        let round = if self.dice.below(5) > 0 {
            to.round()
        } else {
            self.dice.below(scenario.last_round as usize + 1) as Round
        };
        if self.dice.below(8) == 0 {
            let mut lies = Vec::new();
            scenario.lies(situation, height, round, &mut lies);
            return self.dice.of(&lies).cloned();
        }
        let face = self.faces[usize::from(voter.0)];
        let proposer =
            Proposers::at_height(&scenario.setting.committee, height).of_round(&scenario.setting.committee, round);
        if let Some(value) = face.filter(|_| scenario.is_liar(proposer) && self.dice.below(3) == 0) {
            return Some(Message::Proposal(Proposal {
                height,
                round,
                proposer,
                value,
                valid_round: None,
                polka: None,
            }));
        }
        let voter = *self.dice.of(&scenario.liars)?;
        let phase = if self.dice.below(2) == 0 { Phase::Prevote } else { Phase::Precommit };
        Some(Message::Vote(Vote { height, round, phase, voter, value: face }))
    }

    /// Something sent before: mostly what belongs to where the voter is.
    fn delivery(&mut self, situation: &Situation, to: &Replica, voter: Voter) -> Option<Message> {
        let mut message = self.dice.of(situation.sent())?;
        for _ in 0..8 {
            if message.height() == to.height() && round_of(message) >= to.round() {
                break;
            }
            message = self.dice.of(situation.sent())?;
        }
        let face = |voter: Voter| self.faces[usize::from(voter.0)];
        let is_apart = sender_of(message).is_some_and(|sender| face(sender) != face(voter));
        let is_cut = self.is_parted && is_apart && self.dice.below(50) > 0;
        (!is_cut).then(|| message.clone())
    }

    fn event(&mut self, situation: &Situation) -> Option<Event> {
        let honest: Vec<Voter> = self.scenario.honest().collect();
        let voter = *self.dice.of(&honest)?;
        let replica = situation.replica(voter)?;
        let draw = self.dice.below(100);
        if draw < self.timers {
            let (voter, timeout) = *self.dice.of(situation.timers())?;
            let is_beyond = timeout.kind == TimeoutKind::Precommit && timeout.round >= self.scenario.last_round;
            let is_dull = timeout.kind == TimeoutKind::Retransmit && self.dice.below(4) > 0;
            return (!is_beyond && !is_dull).then_some(Event::Expire { voter, timeout });
        }
        let is_lie = draw < self.timers + self.lies;
        let message =
            if is_lie { self.lie(situation, replica, voter) } else { self.delivery(situation, replica, voter) };
        message.map(|message| Event::Deliver { to: voter, message })
    }

    fn play(&mut self, steps: usize, tally: &mut Tally) {
        let mut situation = Situation::new(self.scenario);
        for _ in 0..steps {
            if self.dice.below(100 * self.faces.len()) == 0 {
                self.change_faces();
            }
            let Some(event) = self.event(&situation) else { continue };
            // Now and then a voter is killed in the midst of what it does.
            let outputs = if self.dice.below(250) == 0 { self.dice.below(4) } else { usize::MAX };
            tally.kills += u64::from(outputs < 4);
            situation.happen(self.scenario, &event, outputs);
            if let Some(fault) = situation.fault() {
                tally.faults += 1;
                tally.forks += u64::from(matches!(fault, Fault::Fork(_)));
                return;
            }
        }
        tally.decisions += situation.decisions().iter().map(|of| of.len() as u64).sum::<u64>();
        let is_late = |message: &&Message| match message {
            Message::Vote(vote) => vote.phase == Phase::Precommit && vote.round > 0 && vote.value.is_some(),
            _ => false,
        };
        tally.late += situation.sent().iter().filter(is_late).count() as u64;
    }
}

fn schedules(scenario: &Scenario, number: u64, steps: usize) -> Tally {
    let mut tally = Tally::default();
    (0..number).for_each(|seed| Schedule::new(scenario, seed).play(steps, &mut tally));
    tally
}

/// So many schedules: `AGENT2028_SCHEDULES=100000` in front of `cargo test` plays as many of each kind.
fn number() -> u64 {
    std::env::var("AGENT2028_SCHEDULES").ok().and_then(|number| number.parse().ok()).unwrap_or(400)
}

#[test]
fn no_schedule_lets_two_honest_voters_decide_differently() {
    for (powers, liars, steps) in [
        (vec![1; 4], vec![0], 800),
        (vec![1; 4], vec![3], 800),
        (vec![1; 7], vec![0, 4], 2000),
        (vec![2, 2, 2, 1, 1], vec![3, 4], 1200),
    ] {
        let tally = schedules(&scenario(&powers, &liars), number(), steps);
        println!("{powers:?} {liars:?} {tally:?}");
        assert_eq!(tally.faults, 0, "{powers:?} {liars:?} {tally:?}");
        // It is not that nothing happened.
        assert!(tally.decisions > number() && tally.late > number() && tally.kills > number(), "{tally:?}");
    }
}

#[test]
fn one_liar_more_than_is_tolerated_makes_a_fork_that_schedules_find() {
    for (powers, liars, steps) in
        [(vec![1; 4], vec![0, 3], 800), (vec![1; 7], vec![0, 3, 4], 2000), (vec![2, 2, 2, 1, 1], vec![0, 1], 1200)]
    {
        let tally = schedules(&scenario(&powers, &liars), number(), steps);
        println!("{powers:?} {liars:?} {tally:?}");
        assert!(tally.forks > 0, "{powers:?} {liars:?} {tally:?}");
    }
}

/// The shortest fork: a proposer and one more tell each of two honest voters what it wants to hear.
#[test]
fn the_fork_of_two_liars_among_four_is_ten_deliveries_long() {
    let scenario = scenario(&[1; 4], &[0, 1]);
    let mut situation = Situation::new(&scenario);
    assert_eq!(Proposers::new(&scenario.setting.committee).of_round(&scenario.setting.committee, 0), Voter(0));
    for (to, value) in [(Voter(2), ValueId(1)), (Voter(3), ValueId(2))] {
        let proposal = Proposal { height: 1, round: 0, proposer: Voter(0), value, valid_round: None, polka: None };
        let vote =
            |phase, voter| Message::Vote(Vote { height: 1, round: 0, phase, voter: Voter(voter), value: Some(value) });
        for message in [
            Message::Proposal(proposal),
            vote(Phase::Prevote, 0),
            vote(Phase::Prevote, 1),
            vote(Phase::Precommit, 0),
            vote(Phase::Precommit, 1),
        ] {
            assert_eq!(situation.fault(), None);
            situation = situation.after(&scenario, &Event::Deliver { to, message }).unwrap();
        }
    }
    assert_eq!(situation.fault(), Some(Fault::Fork(1)));
    assert_eq!(situation.decisions()[2..], [vec![ValueId(1)], vec![ValueId(2)]]);
}

#[test]
fn what_changes_nothing_leads_nowhere() {
    let scenario = scenario(&[1; 4], &[3]);
    let situation = Situation::new(&scenario);
    let events = situation.events(&scenario);
    assert_eq!(events, Situation::new(&scenario).events(&scenario), "always in the same order");
    for event in events {
        if let Some(after) = situation.after(&scenario, &event)
            && let Event::Deliver { .. } = event
        {
            assert_eq!(after.after(&scenario, &event), None, "{event:?} is the same a second time");
        }
    }
}
