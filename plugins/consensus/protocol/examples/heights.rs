//! Decides heights among voters that hear each other at once, and tells how many votes a second that takes.
//!
//! `cargo run -p agent2028_consensus_protocol --example heights -- 175 100`

use std::collections::VecDeque;

use agent2028_consensus_protocol::committee::Committee;
use agent2028_consensus_protocol::message::{Height, Message, Round, ValueId, Voter};
use agent2028_consensus_protocol::replica::{
    Application, Growing, LogSetup, Output, Replica, Timeout, TimeoutKind, Timing,
};

/// Proposes one number after the other.
struct Numbers(u32);

impl Application for Numbers {
    fn propose(&mut self, _: Height, _: Round) -> ValueId {
        self.0 += 1;
        ValueId(self.0)
    }

    fn is_valid(&self, _: Height, _: ValueId) -> bool {
        true
    }
}

#[expect(clippy::disallowed_methods, reason = "an example tells how long it took")]
#[expect(clippy::print_stdout, reason = "it is a program")]
fn main() {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let (voters, heights) = (arguments.next(), arguments.next());
    let [voters, heights] =
        [(voters, 175), (heights, 100)].map(|(given, usual)| given.and_then(Result::ok).unwrap_or(usual));
    let growing = Growing { first: 100, per_round: 50 };
    let timing = Timing { propose: growing, prevote: growing, precommit: growing, commit: 1, retransmit: 1000 };
    let Ok(committee) = Committee::new(vec![1; voters as usize]) else {
        println!("{voters} voters are no committee");
        return;
    };
    let setting = LogSetup { committee, timing };
    let mut numbers = Numbers(0);
    let mut replicas: Vec<Replica> =
        (0..voters as u16).map(|voter| Replica::new(&setting, Some(Voter(voter)))).collect();
    let (mut queue, mut outputs) = (VecDeque::<(usize, Message)>::new(), Vec::new());
    let (mut delivered, mut decided) = (0_u64, 0_u64);
    let begun = std::time::Instant::now();
    for height in 1..=heights {
        for (at, replica) in replicas.iter_mut().enumerate() {
            let begin = Timeout { height, round: 0, kind: TimeoutKind::NewHeight };
            replica.expire(&setting, &mut numbers, begin, &mut outputs);
            settle(at, &mut outputs, &mut queue, &mut decided);
        }
        while let Some((from, message)) = queue.pop_front() {
            for to in (0..replicas.len()).filter(|to| *to != from) {
                replicas[to].receive(&setting, &mut numbers, &message, &mut outputs);
                delivered += 1;
                settle(to, &mut outputs, &mut queue, &mut decided);
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{voters} voters, {heights} heights: {decided} decisions, {delivered} messages in {seconds:.2} s");
    println!("{:.0} ns a message", seconds * 1e9 / delivered as f64);
}

fn settle(at: usize, outputs: &mut Vec<Output>, queue: &mut VecDeque<(usize, Message)>, decided: &mut u64) {
    for output in outputs.drain(..) {
        match output {
            Output::Broadcast(message) => queue.push_back((at, message)),
            Output::Decide(_) => *decided += 1,
            _ => {}
        }
    }
}
