//! Voters with delays, losses, partitions and crashes: when they decide.

use std::collections::BTreeMap;

use super::*;

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

enum Input {
    Message(Message),
    Timeout(Timeout),
}

/// The longest delay of a message once the network is well, in ticks: a quarter of the shortest timeout.
const DELAY: u64 = 8;

/// Voters and the messages between them.
struct Many {
    setting: LogSetup,
    replicas: Vec<Option<Replica>>,
    /// What is due, by tick and order of sending.
    queue: BTreeMap<(u64, u64), (usize, Input)>,
    sent: u64,
    now: u64,
    dice: Dice,
    /// Until when messages get lost, and only go within the two halves.
    ill_until: u64,
    decisions: Vec<Vec<(Certificate, u64)>>,
}

impl Many {
    /// Those named are crashed from the beginning.
    fn new(voters: usize, crashed: &[usize], ill_until: u64, seed: u64) -> Self {
        let mut setting = setting(voters);
        setting.timing.propose.first = 4 * DELAY;
        setting.timing.prevote.first = 4 * DELAY;
        setting.timing.precommit.first = 4 * DELAY;
        let mut many = Self {
            replicas: (0..voters).map(|_| None).collect(),
            queue: BTreeMap::new(),
            sent: 0,
            now: 0,
            dice: Dice(seed),
            ill_until,
            decisions: vec![Vec::new(); voters],
            setting,
        };
        for voter in (0..voters).filter(|voter| !crashed.contains(voter)) {
            many.start(voter, Replica::new(&many.setting, Some(Voter(voter as u16))));
        }
        many
    }

    fn start(&mut self, voter: usize, mut replica: Replica) {
        let mut outputs = Vec::new();
        replica.start(&self.setting, &mut Own(voter as u32), &mut outputs);
        self.settle(voter, replica, outputs);
    }

    fn push(&mut self, after: u64, voter: usize, input: Input) {
        self.sent += 1;
        self.queue.insert((self.now + after, self.sent), (voter, input));
    }

    fn post(&mut self, from: usize, to: usize, message: Message) {
        if self.now < self.ill_until && (from % 2 != to % 2 || self.dice.below(10) < 3) {
            return;
        }
        let after = 1 + self.dice.below(DELAY);
        self.push(after, to, Input::Message(message));
    }

    fn settle(&mut self, voter: usize, replica: Replica, outputs: Vec<Output>) {
        self.replicas[voter] = Some(replica);
        for output in outputs {
            match output {
                Output::Broadcast(message) => {
                    for to in (0..self.replicas.len()).filter(|to| *to != voter) {
                        self.post(voter, to, message.clone());
                    }
                }
                Output::Schedule(timeout, after) => self.push(after, voter, Input::Timeout(timeout)),
                Output::Decide(certificate) => self.decisions[voter].push((certificate, self.now)),
                Output::CatchUp(to, height) => {
                    let from = height as usize - 1;
                    let known: Vec<Certificate> =
                        self.decisions[voter].iter().skip(from).take(10).map(|(known, _)| known.clone()).collect();
                    for certificate in known {
                        self.post(voter, usize::from(to.0), Message::Decision(certificate));
                    }
                }
                Output::Accuse(evidence) => panic!("{evidence:?}"),
                Output::Persist => {}
            }
        }
    }

    fn run_until(&mut self, tick: u64) {
        while let Some(entry) = self.queue.first_entry()
            && entry.key().0 <= tick
        {
            let ((now, _), (voter, input)) = entry.remove_entry();
            self.now = now;
            let Some(mut replica) = self.replicas[voter].take() else { continue };
            let (mut outputs, mut own) = (Vec::new(), Own(voter as u32));
            match input {
                Input::Message(message) => replica.receive(&self.setting, &mut own, &message, &mut outputs),
                Input::Timeout(timeout) => replica.expire(&self.setting, &mut own, timeout, &mut outputs),
            }
            self.settle(voter, replica, outputs);
        }
        self.now = tick;
    }

    fn alive(&self) -> impl Iterator<Item = (usize, &Replica)> {
        self.replicas.iter().enumerate().filter_map(|(voter, replica)| Some((voter, replica.as_ref()?)))
    }

    /// All that were decided agree.
    fn check_agreement(&self) {
        for height in 0..self.decisions.iter().map(Vec::len).max().unwrap_or(0) {
            let mut values = self.decisions.iter().filter_map(|of| Some(of.get(height)?.0.value));
            let first = values.next();
            assert!(values.all(|value| Some(value) == first), "height {}", height + 1);
        }
    }
}

#[test]
fn after_the_network_heals_every_height_decides_within_the_bound_of_rounds() {
    for voters in [4_usize, 7] {
        let faulty = (voters - 1) / 3;
        for seed in 0..100 {
            // Who is crashed differs from seed to seed.
            let crashed: Vec<usize> = (0..faulty).map(|at| (seed as usize + at) % voters).collect();
            let healed = 1000 + 37 * seed;
            let mut many = Many::new(voters, &crashed, healed, seed);
            many.run_until(healed);
            let before: Vec<usize> = many.decisions.iter().map(Vec::len).collect();
            let height = many.alive().map(|(_, replica)| replica.height()).max().unwrap();
            let in_height = many.alive().filter(|(_, replica)| replica.height() == height);
            let round = in_height.map(|(_, replica)| replica.round()).max().unwrap();
            many.run_until(healed + 3000);
            many.check_agreement();
            for (voter, replica) in many.alive() {
                assert!(replica.height() > height + 10, "seed {seed}: voter {voter} is in height {}", replica.height());
                for (certificate, tick) in &many.decisions[voter][before[voter]..] {
                    let most =
                        if certificate.height <= height { round + 2 + faulty as Round + 1 } else { faulty as Round };
                    assert!(certificate.round <= most, "seed {seed}: {certificate:?} in tick {tick}, {most} rounds");
                }
            }
        }
    }
}

#[test]
fn with_one_crashed_too_many_nothing_is_decided_and_a_restart_mends_it() {
    let mut many = Many::new(4, &[1, 2], 0, 5);
    many.run_until(2000);
    assert!(many.decisions.iter().all(Vec::is_empty));
    many.start(1, Replica::new(&many.setting, Some(Voter(1))));
    many.run_until(4000);
    assert!(many.decisions[0].len() > 10 && many.decisions[1].len() > 10);
    many.check_agreement();
}

#[test]
fn a_crashed_leader_costs_a_round_and_who_comes_back_catches_up() {
    let mut many = Many::new(4, &[], 0, 3);
    many.run_until(1000);
    let leader = many.replicas[0].take().unwrap();
    many.run_until(3000);
    // Of four heights one begins with the crashed voter, and is decided in round 1.
    let rounds: Vec<Round> =
        many.decisions[1].iter().filter(|(_, tick)| *tick > 1100).map(|(of, _)| of.round).collect();
    assert!(rounds.len() > 20 && rounds.iter().all(|round| *round <= 1), "{rounds:?}");
    let late = rounds.iter().filter(|round| **round == 1).count();
    assert!(late.abs_diff(rounds.len() / 4) <= 1, "{late} of {}", rounds.len());
    let height = many.decisions[0].len() as Height + 1;
    let restarted = leader.restarted(&many.setting, height);
    many.start(0, restarted);
    many.run_until(4000);
    let heights: Vec<usize> = many.decisions.iter().map(Vec::len).collect();
    assert!(heights.iter().max().unwrap() - heights.iter().min().unwrap() <= 1, "{heights:?}");
    many.check_agreement();
}

#[test]
fn the_same_seed_decides_the_same_in_the_same_ticks() {
    let run = || {
        let mut many = Many::new(7, &[3], 300, 11);
        many.run_until(1500);
        many.decisions
    };
    assert_eq!(run(), run());
}
