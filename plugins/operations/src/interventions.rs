//! Faults and attacks on operations.

use agent2028_core::check::{Check, Problems, Range, Unit, suggest};
use agent2028_core::check_selector;
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, InterventionRegistry, PaletteEntry, Tone, Unfit, room_for,
};
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::OperationsConfig;
use crate::engine::{HoldKind, Operations, Spike, is_meant};
use crate::sync::with_ground;

/// Adds the interventions of this plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    list.add::<LoadSpike>().add::<SlowLoris>().add::<ResourceExhaustion>().add::<LyingReports>().add::<Isolate>();
}

/// The last tick of something that begins now.
fn last_tick(world: &World, seconds: Option<f32>) -> u64 {
    let clock = world.resource::<SimClock>();
    seconds.map_or(u64::MAX, |_| clock.end_of(seconds).saturating_sub(1))
}

fn no_operations() -> InterventionError {
    InterventionError::Refused("this scene has no operations; add the section operations".into())
}

/// Refuses one more of what lasts if there are too many: 0 spikes, 1 floods, 2 holds.
fn room_now(world: &World, which: usize, what: &str) -> Result<(), InterventionError> {
    room_for(world.get_resource::<Operations>().map_or(0, |operations| operations.lasting()[which]), what)
}

/// Fault: more is asked for than usual.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct LoadSpike {
    /// The name of the workload, or the capability that is asked for (or a pattern such as `database.*`); by default `*`,
    /// all. Traces stay as they are.
    pub of: String,
    /// By how much the rate is multiplied; by default 5. In a closed loop users think so much shorter. A later spike of the
    /// same workloads takes the place of an earlier one while it lasts; spikes of different ones multiply, to 10⁶ at most.
    #[reflect(@Range::new(0.0, 1e6))]
    pub factor: f64,
    /// For how long; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for LoadSpike {
    fn default() -> Self {
        Self { of: "*".into(), factor: 5.0, duration_s: None }
    }
}

impl Check for LoadSpike {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl LoadSpike {
    /// Whether some workload is meant.
    fn check_name(&self, config: &OperationsConfig) -> Result<(), InterventionError> {
        if config.workload.iter().any(|workload| is_meant(&self.of, workload)) {
            return Ok(());
        }
        let demands = config.workload.iter().filter_map(|workload| workload.demand());
        let known = demands.flat_map(|demand| [demand.name, demand.capability]).filter(|name| !name.is_empty());
        let help = suggest(&self.of, known, "workload");
        Err(InterventionError::Refused(format!("there is no workload \"{}\"; {help}", self.of)))
    }
}

impl Intervention for LoadSpike {
    const NAME: &'static str = "LoadSpike";
    const NEEDS: &'static [&'static str] = &["operations"];

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        let config = world.get_resource::<OperationsConfig>().ok_or_else(no_operations)?;
        self.check_name(config).map_err(|error| Unfit { field: "of", error })
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let config = world.get_resource::<OperationsConfig>().ok_or_else(no_operations)?;
        self.check_name(config)?;
        room_now(world, 0, "load spikes")?;
        let spike = Spike { of: self.of.clone(), factor: self.factor, until: last_tick(world, self.duration_s) };
        let hit = with_ground(world, |operations, ground| operations.begin_spike(ground, spike));
        Ok(format!("{} workloads × {}", hit.ok_or_else(no_operations)?, self.factor))
    }
}

/// Attack: operations that hold an agent for very long (after the Slowloris attack on web servers, Hansen 2009). A timeout
/// is what helps.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct SlowLoris {
    /// The capability that is asked for.
    pub capability: String,
    /// How many of them come; by default 10.
    #[reflect(@Range::new(0.0, 1e6), @Unit("1/s"))]
    pub per_second: f64,
    /// How long each holds an agent; by default 30.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub hold_s: f32,
    /// For how long they come; by default 10 s.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: f32,
}

impl Default for SlowLoris {
    fn default() -> Self {
        Self { capability: String::new(), per_second: 10.0, hold_s: 30.0, duration_s: 10.0 }
    }
}

impl Check for SlowLoris {
    fn check(&self, at: &str, problems: &mut Problems) {
        if !problems.capabilities.contains(&self.capability) {
            let help = suggest(&self.capability, problems.capabilities.iter(), "capability");
            problems.push(
                format!("{at}.capability"),
                format!("no agent has the capability \"{}\"", self.capability),
                help,
            );
        }
    }
}

impl Intervention for SlowLoris {
    const NAME: &'static str = "SlowLoris";
    const NEEDS: &'static [&'static str] = &["operations"];

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        room_now(world, 1, "floods of slow operations")?;
        let until = last_tick(world, Some(self.duration_s));
        with_ground(world, |operations, ground| {
            operations.begin_flood(ground, &self.capability, self.per_second, self.hold_s * 1e3, until);
        })
        .ok_or_else(no_operations)?;
        Ok(format!("{} slow operations per second ask for {}", self.per_second, self.capability))
    }
}

check_selector!(ResourceExhaustion, LyingReports, Isolate);

fn hold(
    world: &mut World,
    context: &InterventionContext,
    select: &Selector,
    kind: HoldKind,
    seconds: Option<f32>,
) -> Result<usize, InterventionError> {
    room_now(world, 2, "holds on agents")?;
    let agents = select.resolve(world, context);
    let until = last_tick(world, seconds);
    with_ground(world, |operations, ground| operations.begin_hold(ground, kind, &agents, until))
        .ok_or_else(no_operations)
}

/// Fault: agents lose a share of what they can work on at once.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ResourceExhaustion {
    /// Which agents.
    pub select: Selector,
    /// The share that is gone; by default 0.5. With 1 they are given nothing more.
    #[reflect(@Range::new(0.0, 1.0))]
    pub share: f32,
    /// For how long; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for ResourceExhaustion {
    fn default() -> Self {
        Self { select: Selector::All, share: 0.5, duration_s: None }
    }
}

impl Intervention for ResourceExhaustion {
    const NAME: &'static str = "ResourceExhaustion";
    const NEEDS: &'static [&'static str] = &["operations"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Exhaust",
            "\u{e19c}",
            Tone::Warning,
            "They lose the share at the right of what they can work on at once.",
        )
        .with_strength("share"),
    );

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let count = hold(world, context, &self.select, HoldKind::Exhaustion(self.share), self.duration_s)?;
        Ok(format!("{count} agents lose {:.0} % of their room", f64::from(self.share) * 100.0))
    }
}

/// Attack: agents report better of themselves than is so. It does harm only where `believe_reports` is on.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct LyingReports {
    /// Which agents.
    pub select: Selector,
    /// The health that they claim; by default 1.
    #[reflect(@Range::new(0.0, 1.0))]
    pub health: f32,
    /// The reliability that they claim; by default 1.
    #[reflect(@Range::new(0.0, 1.0))]
    pub reliability: f32,
    /// The share of their load that they admit; by default 0.
    #[reflect(@Range::new(0.0, 1.0))]
    pub admitted_load: f32,
    /// For how long; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for LyingReports {
    fn default() -> Self {
        Self { select: Selector::Fraction(0.1), health: 1.0, reliability: 1.0, admitted_load: 0.0, duration_s: None }
    }
}

impl Intervention for LyingReports {
    const NAME: &'static str = "LyingReports";
    const NEEDS: &'static [&'static str] = &["operations"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Let lie",
        "\u{ea66}",
        Tone::Danger,
        "They report better of themselves than is so; it harms where routing believes reports.",
    ));

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let kind = HoldKind::Lies { health: self.health, reliability: self.reliability, load: self.admitted_load };
        let count = hold(world, context, &self.select, kind, self.duration_s)?;
        Ok(format!("{count} agents lie about themselves"))
    }
}

/// Takes agents out of the routing: they finish what they have and are given nothing more.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Isolate {
    /// Which agents.
    pub select: Selector,
    /// For how long; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Intervention for Isolate {
    const NAME: &'static str = "Isolate";
    const NEEDS: &'static [&'static str] = &["operations"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Isolate",
        "\u{f08c}",
        Tone::Warning,
        "They finish what they have and are given no more work.",
    ));

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let count = hold(world, context, &self.select, HoldKind::Isolation, self.duration_s)?;
        Ok(format!("{count} agents are given nothing more"))
    }
}
