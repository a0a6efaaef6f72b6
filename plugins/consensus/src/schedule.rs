//! Voters to whom happens what a schedule says, one step a tick, in the place of a network: how what an exploration found is shown.

use agent2028_core::agent::AgentId;
use agent2028_core::check::{Check, Problems, Range};
use agent2028_core::event::EventBus;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::events::{EQUIVOCATION_PROVEN, EquivocationProven};
use crate::lies::GARBAGE;
use crate::log::Consensus;
use crate::protocol::committee::Committee;
use crate::protocol::exploration::{Event, Fault, Lying, Scenario, Situation};
use crate::protocol::message::{Certificate, Phase, ValueId, Voter};
use crate::protocol::replica::{Growing, LogSetup, Timing};

/// What liars say in a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum LyingConfig {
    /// Nothing: they have crashed.
    Silent,
    /// To each voter what they like, in each round one story.
    #[default]
    OneStory,
    /// To the same voter, too, what contradicts itself.
    ToTheFace,
}

/// What happens to voters, one step a tick, in the place of a network and of time: `agent2028 check --consensus` writes it.
///
/// Honest voters follow the protocol. All that liars could say, and all that was ever sent, can come at any time, to anybody, or not
/// at all.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Which voters lie: their numbers, from 0 in the order of their agents.
    pub liars: Vec<u16>,
    /// What they say.
    pub lying: LyingConfig,
    /// Among how many values voters choose; by default 2.
    #[reflect(@Range::new(1.0, 100.0))]
    pub values: u32,
    /// Whether liars also vote for what is not valid.
    pub garbage: bool,
    /// How many heights are decided; by default 1.
    #[reflect(@Range::new(1.0, 1000.0))]
    pub heights: u32,
    /// How many rounds each height has; by default 1.
    #[reflect(@Range::new(1.0, 1000.0))]
    pub rounds: u32,
    /// How often voters may be killed and restarted, in all.
    #[reflect(@Range::new(0.0, 1000.0))]
    pub restarts: u32,
    /// The steps, in words, such as "2 receives the prevote of 0 for 1 in height 1, round 0".
    pub steps: Vec<String>,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            liars: Vec::new(),
            lying: LyingConfig::default(),
            values: 2,
            garbage: false,
            heights: 1,
            rounds: 1,
            restarts: 0,
            steps: Vec::new(),
        }
    }
}

impl ScheduleConfig {
    /// The same as what is explored.
    #[must_use]
    pub fn scenario(&self, committee: Committee) -> Scenario {
        // How long voters wait makes no difference here: any timer may run out at any time.
        let growing = Growing { first: 1, per_round: 1 };
        let timing = Timing { propose: growing, prevote: growing, precommit: growing, commit: 1, retransmit: 0 };
        let mut liars: Vec<Voter> = self.liars.iter().map(|liar| Voter(*liar)).collect();
        liars.sort_unstable();
        liars.dedup();
        Scenario {
            setting: LogSetup { committee, timing },
            liars,
            values: (1..=self.values.max(1)).map(ValueId).collect(),
            garbage: self.garbage.then_some(ValueId(GARBAGE)),
            lying: match self.lying {
                LyingConfig::Silent => Lying::Silent,
                LyingConfig::OneStory => Lying::OneStory,
                LyingConfig::ToTheFace => Lying::ToTheFace,
            },
            heights: u64::from(self.heights),
            last_round: self.rounds.saturating_sub(1),
            restarts: self.restarts,
        }
    }

    /// Adds what is wrong with it, if these are the voters' powers.
    pub(crate) fn check_among(&self, committee: Option<Committee>, at: &str, problems: &mut Problems) {
        let Some(committee) = committee else { return };
        for (index, liar) in self.liars.iter().enumerate().filter(|(_, liar)| !committee.contains(Voter(**liar))) {
            let help = format!("there are the voters 0 to {}", committee.len().saturating_sub(1));
            problems.push(format!("{at}.liars[{index}]"), format!("there is no voter {liar}"), help);
        }
        if !problems.is_empty() {
            return;
        }
        let scenario = self.scenario(committee);
        let mut situation = Situation::new(&scenario);
        for (index, step) in self.steps.iter().enumerate() {
            if let Some(event) = find(&situation, &scenario, step) {
                situation.happen(&scenario, &event, usize::MAX);
                continue;
            }
            let can = situation.events(&scenario);
            let near = can.first().map_or_else(
                || "nothing can happen any more".into(),
                |event| format!("for example, \"{event}\" can happen"),
            );
            problems.push(format!("{at}.steps[{index}]"), format!("\"{step}\" can't happen then"), near);
            return;
        }
    }
}

impl Check for ScheduleConfig {}

/// What can happen next and is called so.
fn find(situation: &Situation, scenario: &Scenario, step: &str) -> Option<Event> {
    situation.events(scenario).into_iter().find(|event| event.to_string() == step)
}

/// Lets happen what a schedule says of a tick.
pub(crate) fn follow(
    consensus: &mut Consensus,
    setting: &LogSetup,
    given: &ScheduleConfig,
    bus: &mut EventBus,
    tick: u64,
) {
    let scenario = given.scenario(setting.committee.clone());
    let known = consensus.situation.take().filter(|known| known.fits(&scenario));
    let mut situation = known.unwrap_or_else(|| Box::new(Situation::new(&scenario)));
    let step = usize::try_from(tick).ok().and_then(|tick| given.steps.get(tick.checked_sub(1)?));
    if let Some(event) = step.and_then(|step| find(&situation, &scenario, step)) {
        let before: Vec<usize> = situation.decisions().iter().map(Vec::len).collect();
        let was = situation.fault();
        situation.happen(&scenario, &event, usize::MAX);
        for (voter, before) in (0..).map(Voter).zip(before) {
            for (at, value) in situation.decisions()[usize::from(voter.0)].iter().enumerate().skip(before) {
                let height = at as u64 + 1;
                let none =
                    || Certificate { height, round: 0, phase: Phase::Precommit, value: *value, signers: Vec::new() };
                let certificate = situation.decision(&scenario, height, *value).unwrap_or_else(none);
                consensus.note_decision(voter, certificate, tick, bus);
            }
        }
        if let (None, Some(Fault::Contradiction(voter))) = (was, situation.fault())
            && let Some((agent, replica)) = consensus.voters().nth(usize::from(voter.0))
        {
            let told = EquivocationProven { height: replica.height(), round: replica.round() };
            bus.publish(EQUIVOCATION_PROVEN, Some(AgentId(agent.0)), told);
        }
    }
    consensus.show(&situation);
    consensus.situation = Some(situation);
}
