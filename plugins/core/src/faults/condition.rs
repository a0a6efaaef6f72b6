//! Agents that fail, stand still, get worse, and come back.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::condition_of;
use crate::agent::{
    AgentId, AgentIndex, ServiceRecord, Status, degrade_agents, fail_agents, freeze_agents, restart_agents,
};
use crate::check::{Range, Unit};
use crate::check_selector;
use crate::clock::SimClock;
use crate::intervention::{Intervention, InterventionContext, InterventionError, PaletteEntry, Tone};
use crate::selector::Selector;

check_selector!(Kill, Restart, Freeze, Degrade);

/// Makes agents fail: they stop, do nothing, and nobody perceives them.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Kill {
    /// Which agents.
    pub select: Selector,
    /// For how long, in simulated seconds; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Intervention for Kill {
    const NAME: &'static str = "Kill";
    const ONCE: bool = true;
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Kill", "\u{f8c7}", Tone::Danger, "They stop, and nobody perceives them."));

    fn concerns(&self, world: &World, agent: AgentId) -> bool {
        condition_of(world, agent).status != Status::Failed
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.chosen_by(&self.select, world, context);
        let until = world.resource::<SimClock>().end_of(self.duration_s);
        Ok(format!("{} agents failed", fail_agents(world, &agents, until)))
    }
}

/// Brings agents back: active, with their own health.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Restart {
    /// Which agents.
    pub select: Selector,
}

impl Intervention for Restart {
    const NAME: &'static str = "Restart";
    const ONCE: bool = true;
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Restart", "\u{f053}", Tone::Good, "They are active again, with their own health."));

    fn concerns(&self, world: &World, agent: AgentId) -> bool {
        let condition = condition_of(world, agent);
        condition.status != Status::Active || condition.health != condition.base_health
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.chosen_by(&self.select, world, context);
        Ok(format!("{} agents restarted", restart_agents(world, &agents)))
    }
}

/// Makes agents stand still; others still perceive them.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Freeze {
    /// Which agents.
    pub select: Selector,
    /// For how long, in simulated seconds; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Intervention for Freeze {
    const NAME: &'static str = "Freeze";
    const ONCE: bool = true;
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Freeze", "\u{eb3b}", Tone::Info, "They stand still; others still perceive them."));

    fn concerns(&self, world: &World, agent: AgentId) -> bool {
        condition_of(world, agent).status == Status::Active
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.chosen_by(&self.select, world, context);
        let until = world.resource::<SimClock>().end_of(self.duration_s);
        Ok(format!("{} agents froze", freeze_agents(world, &agents, until)))
    }
}

/// Makes agents worse at what they do: lower health (a moving agent slows down with it), more latency, less reliability,
/// less concurrency.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Degrade {
    /// Which agents.
    pub select: Selector,
    /// Their health from now on.
    #[reflect(@Range::new(0.0, 1.0))]
    pub health: f32,
    /// Their observed latency from now on, if they serve; unchanged by default.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub latency_ms: Option<f32>,
    /// Their reliability from now on, if they serve; unchanged by default.
    #[reflect(@Range::new(0.0, 1.0))]
    pub reliability: Option<f32>,
    /// How many operations they can work on at once from now on, if they serve; unchanged by default.
    #[reflect(@Range::new(1.0, 1_000_000.0), @Unit("operations"))]
    pub max_concurrency: Option<u32>,
    /// For how long the health stays lowered, in simulated seconds; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for Degrade {
    fn default() -> Self {
        Self {
            select: Selector::All,
            health: 0.5,
            latency_ms: None,
            reliability: None,
            max_concurrency: None,
            duration_s: None,
        }
    }
}

impl Intervention for Degrade {
    const NAME: &'static str = "Degrade";
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Degrade",
            "\u{eac2}",
            Tone::Warning,
            "Their health falls to the value at the right; a moving agent slows down with it.",
        )
        .with_strength("health"),
    );

    fn concerns(&self, world: &World, agent: AgentId) -> bool {
        condition_of(world, agent).status != Status::Failed
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.chosen_by(&self.select, world, context);
        let until = world.resource::<SimClock>().end_of(self.duration_s);
        let changed = degrade_agents(world, &agents, self.health, until);
        for agent in &agents {
            let Some(entity) = world.resource::<AgentIndex>().get(*agent) else {
                continue;
            };
            if let Some(mut record) = world.get_mut::<ServiceRecord>(entity) {
                record.latency_ms = self.latency_ms.unwrap_or(record.latency_ms);
                record.reliability = self.reliability.unwrap_or(record.reliability);
                record.max_concurrency = self.max_concurrency.unwrap_or(record.max_concurrency).max(1);
            }
        }
        Ok(format!("{changed} agents degraded to health {:.2}", self.health))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::event::EventBus;

    #[test]
    fn a_third_fails_and_all_come_back() {
        let mut simulation = simulation(300);
        simulation.intervene(Kill { select: Selector::Fraction(1.0 / 3.0), duration_s: None });
        simulation.run(1);
        assert_eq!(metric(&simulation, "agents.failed"), 100.0);
        simulation.intervene(Restart { select: Selector::All });
        simulation.run(1);
        assert_eq!(metric(&simulation, "agents.failed"), 0.0);
        let counts = simulation.world().resource::<EventBus>().counts();
        assert_eq!((counts["AgentFailed"], counts["AgentRecovered"]), (100, 100));
    }

    #[test]
    fn a_freeze_ends_after_its_duration() {
        let mut simulation = simulation(10);
        simulation.intervene(Freeze { select: Selector::All, duration_s: Some(0.5) });
        simulation.run(5);
        assert_eq!(metric(&simulation, "agents.active"), 0.0);
        simulation.run(1);
        assert_eq!(metric(&simulation, "agents.active"), 10.0);
    }

    #[test]
    fn degraded_health_returns_to_the_agents_own() {
        let mut simulation = simulation(4);
        let select = Selector::Ids(vec![AgentId(2)]);
        simulation.intervene(Degrade {
            select,
            health: 0.25,
            latency_ms: Some(40.0),
            duration_s: Some(0.3),
            ..default()
        });
        simulation.run(1);
        assert_eq!(condition(&simulation, 2).health, 0.25);
        assert!((metric(&simulation, "agents.health") - 0.8125).abs() < 1e-9);
        simulation.run(3);
        assert_eq!(condition(&simulation, 2).health, 1.0);
    }

    /// What is done to a few is done to those that it can change: nothing is spent on the dead.
    #[test]
    fn whoever_is_chosen_can_be_changed() {
        let kill = |select| Kill { select, duration_s: None };
        // One after the other, until nobody is left.
        let mut simulation = simulation(60);
        for killed in 1..=60_u32 {
            simulation.intervene(kill(if killed % 2 == 0 {
                Selector::Count(1)
            } else {
                Selector::Nearest { to: Vec2::ZERO, count: 1 }
            }));
            simulation.run(1);
            assert_eq!(metric(&simulation, "agents.failed"), f64::from(killed));
        }
        // Then they come back in the same way.
        for back in 1..=60_u32 {
            simulation.intervene(Restart { select: Selector::Count(1) });
            simulation.run(1);
            assert_eq!(metric(&simulation, "agents.failed"), f64::from(60 - back));
        }
        // Half of those that are left, and half again.
        for left in [30.0, 15.0] {
            simulation.intervene(kill(Selector::Fraction(0.5)));
            simulation.run(1);
            assert_eq!(60.0 - metric(&simulation, "agents.failed"), left);
        }
        for frozen in 1..=15_u32 {
            simulation.intervene(Freeze { select: Selector::Count(1), duration_s: None });
            simulation.run(1);
            assert_eq!(metric(&simulation, "agents.active"), f64::from(15 - frozen));
        }
    }

    #[test]
    fn an_intervention_that_waits_tells_whom_it_will_reach() {
        use crate::intervention::{AnyIntervention, InterventionQueue};
        let selectors = [
            Selector::Fraction(1.0 / 3.0),
            Selector::Count(7),
            Selector::Named("bird".into()),
            Selector::Within { center: Vec2::ZERO, radius: 200.0 },
            Selector::Nearest { to: Vec2::ZERO, count: 11 },
            Selector::And(vec![Selector::Fraction(0.5), Selector::Count(20)]),
            Selector::Or(vec![Selector::Count(3), Selector::Fraction(0.1)]),
            Selector::Not(Box::new(Selector::Fraction(0.2))),
        ];
        for (at, first) in selectors.iter().enumerate() {
            let mut simulation = simulation(300);
            simulation.run(at as u64);
            // The second one of the tick throws other dice than the first.
            let second = &selectors[(at + 1) % selectors.len()];
            for select in [first, second] {
                simulation.intervene(Kill { select: select.clone(), duration_s: None });
            }
            let world = simulation.world();
            let told = world
                .resource::<InterventionQueue>()
                .foresee(world, simulation.tick() + 1)
                .into_iter()
                .flat_map(|(_, reaches)| reaches.unwrap())
                .collect::<std::collections::BTreeSet<AgentId>>();
            simulation.run(1);
            let failed: std::collections::BTreeSet<AgentId> = (0..300)
                .map(AgentId)
                .filter(|agent| condition(&simulation, agent.0).status == Status::Failed)
                .collect();
            assert_eq!(told, failed, "{first:?} {second:?}");
        }
        let spawn = AnyIntervention::from(super::super::Spawn { group: "bird".into(), count: 3, at: None });
        let simulation = simulation(3);
        let context = InterventionContext { tick: 1, ordinal: 0 };
        assert_eq!(spawn.reaches(simulation.world(), &context), None, "they don't exist yet");
    }
}
