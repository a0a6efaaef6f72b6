//! Attacks on trust.

use agent2028_core::agent::{AgentGroups, AgentId, Placement, spawn_group};
use agent2028_core::check::{Check, Problems, Range, Unit, suggest};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, InterventionRegistry, Newcomers, PaletteEntry, Tone, Unfit,
    room_for,
};
use agent2028_core::selector::Selector;
use agent2028_operations::Operations;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::attack::{Campaign, CampaignKind};
use crate::trust::Trust;

/// Adds the interventions of this plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    list.add::<SybilJoin>()
        .add::<Whitewash>()
        .add::<OnOff>()
        .add::<BallotStuffing>()
        .add::<BadMouthing>()
        .add::<Collude>();
}

fn no_trust() -> InterventionError {
    InterventionError::Refused("in this scene nobody keeps trust; add the section trust".into())
}

fn no_work() -> InterventionError {
    InterventionError::Refused("this scene has no operations; add the section operations".into())
}

/// Refuses attacks if so many last already that `more` and one would be too many.
fn room_now(world: &World, more: usize) -> Result<(), InterventionError> {
    room_for(world.get_resource::<Trust>().map_or(0, |trust| trust.campaigns.len()) + more, "attacks on trust")
}

/// The last tick of something that begins now.
fn last_tick(world: &World, seconds: Option<f32>) -> u64 {
    let clock = world.resource::<SimClock>();
    let length = |seconds: f32| clock.tick().saturating_add(clock.ticks_in(f64::from(seconds))).saturating_sub(1);
    seconds.map_or(u64::MAX, length)
}

fn ids(agents: &[AgentId]) -> Vec<u32> {
    agents.iter().map(|agent| agent.0).collect()
}

/// Begins a campaign of those who lie.
fn lie(
    world: &mut World,
    context: &InterventionContext,
    kind: CampaignKind,
    liars: &[u32],
    targets: Vec<u32>,
    (per_second, seconds): (f64, Option<f32>),
) -> Result<(), InterventionError> {
    let until = last_tick(world, seconds);
    room_now(world, 0)?;
    let mut trust = world.get_resource_mut::<Trust>().ok_or_else(no_trust)?;
    liars.iter().for_each(|liar| trust.mark_liar(*liar));
    let agents = liars.to_vec();
    trust.campaigns.push(Campaign {
        kind,
        agents,
        targets,
        per_second,
        since: context.tick,
        until,
        reliabilities: Vec::new(),
    });
    Ok(())
}

/// Attack: raters praise some agents, whatever those do, and also for work that never was.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct BallotStuffing {
    /// The raters that lie.
    pub select: Selector,
    /// Those whom they praise.
    pub praise: Selector,
    /// How many ratings each of them makes up; by default 2. What it says of operations that it asked for is false, too.
    #[reflect(@Range::new(0.0, 10_000.0), @Unit("1/s"))]
    pub per_second: f64,
    /// For how long; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for BallotStuffing {
    fn default() -> Self {
        Self { select: Selector::Fraction(0.2), praise: Selector::Fraction(0.1), per_second: 2.0, duration_s: None }
    }
}

impl Check for BallotStuffing {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
        self.praise.check(&format!("{at}.praise"), problems);
    }
}

impl Intervention for BallotStuffing {
    const NAME: &'static str = "BallotStuffing";
    const NEEDS: &'static [&'static str] = &["trust"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "False praise by",
        "\u{f577}",
        Tone::Danger,
        "As raters they praise that group, whatever it does, and also for work that never was.",
    ));

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let (liars, praised) = (ids(&self.select.resolve(world, context)), ids(&self.praise.resolve(world, context)));
        let done = format!("{} raters praise {} agents", liars.len(), praised.len());
        lie(world, context, CampaignKind::Praise, &liars, praised, (self.per_second, self.duration_s))?;
        Ok(done)
    }
}

/// Attack: raters run some agents down, whatever those do, and also for work that never was.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct BadMouthing {
    /// The raters that lie.
    pub select: Selector,
    /// Those whom they run down.
    pub against: Selector,
    /// How many ratings each of them makes up; by default 2. What it says of operations that it asked for is false, too.
    #[reflect(@Range::new(0.0, 10_000.0), @Unit("1/s"))]
    pub per_second: f64,
    /// For how long; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for BadMouthing {
    fn default() -> Self {
        Self { select: Selector::Fraction(0.2), against: Selector::Fraction(0.1), per_second: 2.0, duration_s: None }
    }
}

impl Check for BadMouthing {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
        self.against.check(&format!("{at}.against"), problems);
    }
}

impl Intervention for BadMouthing {
    const NAME: &'static str = "BadMouthing";
    const NEEDS: &'static [&'static str] = &["trust"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Bad-mouthing by",
        "\u{f578}",
        Tone::Danger,
        "As raters they run that group down, whatever it does, and also for work that never was.",
    ));

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let (liars, victims) = (ids(&self.select.resolve(world, context)), ids(&self.against.resolve(world, context)));
        let done = format!("{} raters run {} agents down", liars.len(), victims.len());
        lie(world, context, CampaignKind::Slander, &liars, victims, (self.per_second, self.duration_s))?;
        Ok(done)
    }
}

/// Attack: agents work badly, praise each other, and run others down.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Collude {
    /// The accomplices; by default 30 % of all.
    pub select: Selector,
    /// Those whom they run down; nobody by default.
    pub against: Option<Selector>,
    /// How reliably they work from now on, 0–1; by default as before.
    #[reflect(@Range::new(0.0, 1.0))]
    pub reliability: Option<f32>,
    /// How many ratings each of them makes up; by default 2.
    #[reflect(@Range::new(0.0, 10_000.0), @Unit("1/s"))]
    pub per_second: f64,
    /// For how long they lie; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for Collude {
    fn default() -> Self {
        Self { select: Selector::Fraction(0.3), against: None, reliability: None, per_second: 2.0, duration_s: None }
    }
}

impl Check for Collude {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
        if let Some(against) = &self.against {
            against.check(&format!("{at}.against"), problems);
        }
    }
}

impl Intervention for Collude {
    const NAME: &'static str = "Collude";
    const NEEDS: &'static [&'static str] = &["trust"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Collusion of",
        "\u{ebcb}",
        Tone::Danger,
        "They praise each other and run that group down, for work that never was.",
    ));

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        if self.reliability.is_some() && !world.contains_resource::<Operations>() {
            return Err(Unfit { field: "reliability", error: no_work() });
        }
        Ok(())
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        if self.reliability.is_some() && !world.contains_resource::<Operations>() {
            return Err(no_work());
        }
        let accomplices = self.select.resolve(world, context);
        let members = ids(&accomplices);
        let mut victims = self.against.as_ref().map_or_else(Vec::new, |against| ids(&against.resolve(world, context)));
        victims.retain(|victim| members.binary_search(victim).is_err());
        // There must be room for both lies, or for neither.
        room_now(world, usize::from(!victims.is_empty()))?;
        let how = (self.per_second, self.duration_s);
        lie(world, context, CampaignKind::Praise, &members, members.clone(), how)?;
        if !victims.is_empty() {
            lie(world, context, CampaignKind::Slander, &members, victims, how)?;
        }
        if let Some(reliability) = self.reliability {
            agent2028_operations::with_ground(world, |operations, ground| {
                for agent in &accomplices {
                    operations.update(ground, *agent, |server| server.truth = reliability);
                }
            });
        }
        let mut trust = world.resource_mut::<Trust>();
        members.iter().for_each(|member| trust.mark_malicious(*member, context.tick));
        Ok(format!("{} agents collude", members.len()))
    }
}

/// Attack: somebody joins with many identities, which praise each other and those for whom it is done (Douceur 2002).
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct SybilJoin {
    /// The group that they join.
    pub group: String,
    /// How many; by default 50.
    #[reflect(@Range::new(1.0, 1_000_000.0), @Unit("agents"))]
    pub count: u32,
    /// Those whom they praise beside each other; nobody by default.
    pub praise: Option<Selector>,
    /// How many ratings each of them makes up; by default 2.
    #[reflect(@Range::new(0.0, 10_000.0), @Unit("1/s"))]
    pub per_second: f64,
    /// Where they come in; by default where the group starts.
    pub at: Option<Placement>,
    /// For how long they lie; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for SybilJoin {
    fn default() -> Self {
        Self { group: "agent".into(), count: 50, praise: None, per_second: 2.0, at: None, duration_s: None }
    }
}

impl Check for SybilJoin {
    fn check(&self, at: &str, problems: &mut Problems) {
        problems.check_group(format!("{at}.group"), &self.group);
        if let Some(praise) = &self.praise {
            praise.check(&format!("{at}.praise"), problems);
        }
        if let Some(placement) = &self.at {
            placement.check(&format!("{at}.at"), problems);
        }
    }
}

impl Intervention for SybilJoin {
    const NAME: &'static str = "SybilJoin";
    const NEEDS: &'static [&'static str] = &["trust"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Sybils who praise",
        "\u{f233}",
        Tone::Danger,
        "As many as are spawned above join that group, and praise each other.",
    ));

    fn newcomers(&self) -> Newcomers {
        Newcomers::Each(self.count)
    }

    fn joined(&self) -> Option<&str> {
        Some(&self.group)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        if !world.contains_resource::<Trust>() {
            return Err(no_trust());
        }
        room_now(world, 0)?;
        let groups = world.resource::<AgentGroups>();
        let unknown = || {
            let names = groups.groups().iter().map(|group| group.name.as_str());
            let help = suggest(&self.group, names, "group");
            InterventionError::Refused(format!("there is no agent group \"{}\"; {help}", self.group))
        };
        let group = groups.find(&self.group).ok_or_else(unknown)?;
        let start = groups.get(group).map(|group| group.spawn.clone()).unwrap_or_default();
        let mut targets = self.praise.as_ref().map_or_else(Vec::new, |praise| ids(&praise.resolve(world, context)));
        let batch = spawn_group(world, group, self.count, self.at.as_ref().unwrap_or(&start))?;
        let sybils: Vec<u32> = batch.iter().map(|(agent, _)| agent.0).collect();
        let mut trust = world.resource_mut::<Trust>();
        sybils.iter().for_each(|sybil| trust.mark_malicious(*sybil, context.tick));
        // Ids of newcomers are the highest there are.
        targets.extend(&sybils);
        let how = (self.per_second, self.duration_s);
        lie(world, context, CampaignKind::Praise, &sybils, targets, how)?;
        Ok(format!("{} identities join {}", sybils.len(), self.group))
    }
}

/// Attack: agents whose name is ruined leave and come back under another one (Friedman & Resnick 2001).
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Whitewash {
    /// Which agents.
    pub select: Selector,
    /// They leave when they are trusted less than this, 0–1; by default 0.3.
    #[reflect(@Range::new(0.0, 1.0))]
    pub below: f32,
    /// How long they keep a name at least; by default 3.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub pause_s: f32,
    /// For how long; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for Whitewash {
    fn default() -> Self {
        Self { select: Selector::Fraction(0.1), below: 0.3, pause_s: 3.0, duration_s: None }
    }
}

impl Check for Whitewash {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
    }
}

impl Intervention for Whitewash {
    const NAME: &'static str = "Whitewash";
    const NEEDS: &'static [&'static str] = &["trust"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "New names for",
        "\u{ea67}",
        Tone::Danger,
        "When they are trusted too little they leave and come back under names that nobody knows.",
    ));

    fn newcomers(&self) -> Newcomers {
        Newcomers::Unforeseen
    }

    fn takes_away(&self) -> bool {
        true
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        room_now(world, 0)?;
        let agents = ids(&self.select.resolve(world, context));
        let pause = world.resource::<SimClock>().ticks_in(f64::from(self.pause_s));
        let until = last_tick(world, self.duration_s);
        let mut trust = world.get_resource_mut::<Trust>().ok_or_else(no_trust)?;
        agents.iter().for_each(|agent| trust.mark_malicious(*agent, context.tick));
        let count = agents.len();
        trust.campaigns.push(Campaign {
            kind: CampaignKind::Whitewash { below: self.below, pause },
            agents,
            targets: Vec::new(),
            per_second: 0.0,
            since: context.tick,
            until,
            reliabilities: Vec::new(),
        });
        Ok(format!("{count} agents change their names when they are ruined"))
    }
}

/// Attack: agents behave until they are trusted, betray, and behave again.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct OnOff {
    /// Which agents.
    pub select: Selector,
    /// How long they behave; by default 8.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub behave_s: f32,
    /// How long they betray; by default 4.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub betray_s: f32,
    /// How reliable they are when they betray, 0–1; by default 0.
    #[reflect(@Range::new(0.0, 1.0))]
    pub reliability: f32,
    /// For how long; for good by default.
    #[reflect(@Range::positive(), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for OnOff {
    fn default() -> Self {
        Self { select: Selector::Fraction(0.1), behave_s: 8.0, betray_s: 4.0, reliability: 0.0, duration_s: None }
    }
}

impl Check for OnOff {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
    }
}

impl Intervention for OnOff {
    const NAME: &'static str = "OnOff";
    const NEEDS: &'static [&'static str] = &["trust", "operations"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Betrayal by",
        "\u{e9f5}",
        Tone::Danger,
        "They behave for 8 s, fail at everything for 4 s, and so on.",
    ));

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        room_now(world, 0)?;
        let chosen = self.select.resolve(world, context);
        let clock = world.resource::<SimClock>();
        let [good, bad] = [self.behave_s, self.betray_s].map(|seconds| clock.ticks_in(f64::from(seconds)));
        let until = last_tick(world, self.duration_s);
        let kind = CampaignKind::OnOff { good, bad, reliability: self.reliability };
        if !world.contains_resource::<Trust>() {
            return Err(no_trust());
        }
        let known = agent2028_operations::with_ground(world, |operations: &mut Operations, _| {
            let own = |agent: &AgentId| operations.server(*agent).map(|server| (agent.0, server.truth));
            chosen.iter().filter_map(own).collect::<Vec<(u32, f32)>>()
        });
        let (agents, reliabilities): (Vec<u32>, Vec<f32>) = known.ok_or_else(no_work)?.into_iter().unzip();
        let mut trust = world.resource_mut::<Trust>();
        agents.iter().for_each(|agent| trust.mark_malicious(*agent, context.tick));
        let count = agents.len();
        let since = context.tick;
        trust.campaigns.push(Campaign {
            kind,
            agents,
            targets: Vec::new(),
            per_second: 0.0,
            since,
            until,
            reliabilities,
        });
        Ok(format!("{count} agents behave and betray by turns"))
    }
}
