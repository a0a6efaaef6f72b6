//! Agents that come and go.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::agent::{AgentId, fail_agents};
use crate::check::{Range, Unit};
use crate::check_selector;
use crate::clock::SimClock;
use crate::intervention::{Intervention, InterventionContext, InterventionError, PaletteEntry, Tone, room_for};
use crate::rng::{Purpose, SimRng};
use crate::selector::Selector;

check_selector!(Churn);

/// Makes agents come and go: each chosen agent fails at random moments and is back after a while.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Churn {
    /// Which agents; chosen once, when the churn begins.
    pub select: Selector,
    /// How often an agent that is there leaves: expected departures per simulated second.
    #[reflect(@Range::new(0.0, 1000.0), @Unit("1/s"))]
    pub per_second: f32,
    /// How long it stays away, in simulated seconds.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub downtime_s: f32,
    /// How long the churn lasts, in simulated seconds; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for Churn {
    fn default() -> Self {
        Self { select: Selector::All, per_second: 0.1, downtime_s: 2.0, duration_s: None }
    }
}

impl Intervention for Churn {
    const NAME: &'static str = "Churn";
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Churn",
            "\u{e043}",
            Tone::Warning,
            "Each of them leaves at random, this often, and comes back after a while.",
        )
        .with_strength("per_second"),
    );

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        room_for(world.resource::<ChurnProcesses>().0.len(), "kinds of churn")?;
        let agents = self.select.resolve(world, context);
        let count = agents.len();
        let clock = world.resource::<SimClock>();
        let process = ChurnProcess {
            agents,
            per_tick: (self.per_second / clock.tick_hz() as f32).clamp(0.0, 1.0),
            downtime_ticks: clock.ticks_in(f64::from(self.downtime_s)),
            until: world.resource::<SimClock>().end_of(self.duration_s),
        };
        world.resource_mut::<ChurnProcesses>().0.push(process);
        Ok(format!("{count} agents come and go"))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ChurnProcess {
    agents: Vec<AgentId>,
    per_tick: f32,
    downtime_ticks: u64,
    until: u64,
}

/// Churn that goes on now.
#[derive(Resource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChurnProcesses(Vec<ChurnProcess>);

/// Lets agents under churn leave; they come back when their condition expires.
pub(crate) fn run_churn(world: &mut World) {
    if world.resource::<ChurnProcesses>().0.is_empty() {
        return;
    }
    let now = world.resource::<SimClock>().tick();
    let dice = *world.resource::<SimRng>();
    world.resource_mut::<ChurnProcesses>().0.retain(|process| now < process.until);
    let processes = world.resource::<ChurnProcesses>().0.clone();
    for (number, process) in processes.into_iter().enumerate() {
        let purpose = Purpose::new("churn").indexed(number as u64);
        let leaving: Vec<AgentId> = process
            .agents
            .into_iter()
            .filter(|agent| dice.stream(purpose, *agent, now).unit() < process.per_tick)
            .collect();
        fail_agents(world, &leaving, now.saturating_add(process.downtime_ticks));
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;

    #[test]
    fn churn_takes_agents_away_at_its_rate_and_brings_them_back() {
        let mut simulation = simulation(2000);
        simulation.intervene(Churn { select: Selector::All, per_second: 0.5, downtime_s: 1.0, duration_s: Some(20.0) });
        simulation.run(150);
        // Two states with rates 0.5/s and 1/s: a third is away.
        let away = metric(&simulation, "agents.failed") / 2000.0;
        assert!((away - 1.0 / 3.0).abs() < 0.04, "{away}");
        simulation.run(70);
        assert_eq!(metric(&simulation, "agents.failed"), 0.0);
    }
}
