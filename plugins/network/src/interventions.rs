//! Faults of the network, and rumours that are begun by hand.

use agent2028_core::agent::AgentId;
use agent2028_core::check::{Check, Problems, Range, Unit};
use agent2028_core::check_selector;
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, InterventionRegistry, PaletteEntry, Tone, Unfit, room_for,
};
use agent2028_core::rehearsal::{Rehearsal, groups_that_may_be_chosen};
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bits::BitSet;
use crate::config::{NetworkConfig, Scope, check_text};
use crate::events::{PARTITION_BEGAN, PARTITION_HEALED, PartitionBegan, PartitionHealed};
use crate::faults::{Cut, Impairment, LinkFault};
use crate::gossip::begin_rumour;
use crate::network::Network;

/// Adds the interventions of this plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    list.add::<Partition>()
        .add::<Heal>()
        .add::<LinkLoss>()
        .add::<LinkLatency>()
        .add::<Duplicate>()
        .add::<Reorder>()
        .add::<ClockSkew>()
        .add::<TellRumour>()
        .add::<FalseAlert>();
}

check_selector!(Partition, LinkLoss, LinkLatency, Duplicate, Reorder, ClockSkew);

macro_rules! check_rumour {
    ($($kind:ty),*) => {
        $(impl Check for $kind {
            fn check(&self, at: &str, problems: &mut Problems) {
                self.select.check(&format!("{at}.select"), problems);
                check_text(format!("{at}.text"), &self.text, problems);
            }
        })*
    };
}

check_rumour!(TellRumour, FalseAlert);

/// Whether anybody gossips in the scene at all.
fn gossiping(world: &World, select: &Selector) -> Result<(), Unfit> {
    if world.get_resource::<NetworkConfig>().is_some_and(|config| config.gossip.is_some()) {
        // Everybody gossips who is there.
        if groups_that_may_be_chosen(world, select).is_empty() {
            return Err(Unfit { field: "select", error: none_gossips() });
        }
        return Ok(());
    }
    Err(InterventionError::Refused("nobody gossips in this scene; add gossip: (…) to the section network".into())
        .into())
}

/// The agents that are meant; refused where nobody talks.
fn members(world: &World, context: &InterventionContext, select: &Selector) -> Result<Vec<AgentId>, InterventionError> {
    talking(world)?;
    Ok(select.resolve(world, context))
}

fn talking(world: &World) -> Result<(), InterventionError> {
    if world.contains_resource::<Network>() {
        return Ok(());
    }
    Err(InterventionError::Refused("nobody talks in this scene; add a section network".into()))
}

fn set_of(agents: &[AgentId]) -> BitSet {
    BitSet::of(agents.iter().map(|agent| agent.0))
}

/// Cuts the network in two: no message passes between the chosen agents and the others.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Partition {
    /// The agents on one side.
    pub select: Selector,
    /// For how long; without it until it is healed.
    #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Intervention for Partition {
    const NAME: &'static str = "Partition";
    const NEEDS: &'static [&'static str] = &["network"];
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Cut off", "\u{e14e}", Tone::Danger, "No message passes between them and the others."));

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        room_for(world.resource::<Network>().faults.partitions.len(), "partitions")?;
        let agents = members(world, context, &self.select)?;
        let until = world.resource::<SimClock>().end_of(self.duration_s);
        let mut network = world.resource_mut::<Network>();
        let others =
            network.members.ids().iter().filter(|agent| agents.binary_search(&AgentId(**agent)).is_err()).count();
        let number = network.faults.next_partition;
        network.faults.next_partition += 1;
        network.faults.partitions.push(Cut { number, inside: set_of(&agents), since: context.tick, until });
        let told = PartitionBegan { number, inside: agents.len() as u64, outside: others as u64 };
        world.resource_mut::<EventBus>().publish(PARTITION_BEGAN, None, told);
        Ok(told.to_string())
    }
}

/// Ends partitions: all, or one by its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Heal {
    /// Which partition, from 0 in the order in which they began; all if absent.
    pub partition: Option<u32>,
}

impl Check for Heal {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for Heal {
    const NAME: &'static str = "Heal";
    const NEEDS: &'static [&'static str] = &["network"];
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Heal partitions", "\u{e3f3}", Tone::Good, "Messages pass again between all."));

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        // They are numbered in the order in which they begin, and nothing else begins any.
        let begun = Rehearsal::times(world, Partition::NAME);
        match self.partition.filter(|number| u64::from(*number) >= begun) {
            Some(number) => {
                let text = format!("there is no partition {number} by then; they count from 0 as they begin");
                Err(Unfit { field: "partition", error: InterventionError::Refused(text) })
            }
            None => Ok(()),
        }
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        talking(world)?;
        let mut network = world.resource_mut::<Network>();
        let meant = |cut: &Cut| self.partition.is_none_or(|number| cut.number == number);
        let healed: Vec<u32> =
            network.faults.partitions.iter().filter(|cut| meant(cut)).map(|cut| cut.number).collect();
        if healed.is_empty()
            && let Some(number) = self.partition
        {
            return Err(InterventionError::Refused(format!("there is no partition {number}")));
        }
        network.faults.partitions.retain(|cut| !meant(cut));
        let mut bus = world.resource_mut::<EventBus>();
        for number in &healed {
            bus.publish(PARTITION_HEALED, None, PartitionHealed { number: *number });
        }
        Ok(format!("{} partitions healed", healed.len()))
    }
}

macro_rules! link_fault {
    ($(#[$docs:meta])* $kind:ident, $name:literal, $palette:expr, $(#[$field_docs:meta])* $field:ident: $default:literal, $what:ident, $say:expr) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
        #[reflect(Default)]
        #[serde(default, deny_unknown_fields)]
        pub struct $kind {
            /// The agents whose links are meant.
            pub select: Selector,
            $(#[$field_docs])*
            pub $field: f32,
            /// For how long; without it for good.
            #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
            pub duration_s: Option<f32>,
        }

        impl Default for $kind {
            fn default() -> Self {
                Self { select: Selector::All, $field: $default, duration_s: Some(10.0) }
            }
        }

        impl Intervention for $kind {
            const NAME: &'static str = $name;
            const NEEDS: &'static [&'static str] = &["network"];
            const PALETTE: Option<PaletteEntry> = Some($palette);

            fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
                let agents = members(world, context, &self.select)?;
                let until = world.resource::<SimClock>().end_of(self.duration_s);
                room_for(world.resource::<Network>().faults.links.len(), "faults of links")?;
                let fault = LinkFault { what: Impairment::$what(self.$field), whose: set_of(&agents), until };
                world.resource_mut::<Network>().faults.links.push(fault);
                let say: fn(f32) -> String = $say;
                Ok(format!("links of {} agents {}", agents.len(), say(self.$field)))
            }
        }
    };
}

link_fault! {
    /// Lets links lose messages.
    LinkLoss, "LinkLoss",
    PaletteEntry::new("Lose messages of", "\u{e16f}", Tone::Warning, "Their links lose this share of messages, beyond the usual.").with_strength("loss"),
    /// The chance that a message is lost, beyond the usual.
    #[reflect(@Range::new(0.0, 1.0))]
    loss: 0.3, Loss, |loss| format!("lose {:.0} % of messages", loss * 100.0)
}
link_fault! {
    /// Makes links slow.
    LinkLatency, "LinkLatency",
    PaletteEntry::new("Delay messages of", "\u{ea5c}", Tone::Warning, "Messages from and to them take so much longer.").with_strength("added_ms"),
    /// What is added to the latency.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    added_ms: 200.0, Latency, |ms| format!("take {ms} ms longer")
}
link_fault! {
    /// Lets links deliver messages twice.
    Duplicate, "Duplicate",
    PaletteEntry::new("Double messages of", "\u{e14d}", Tone::Warning, "This share of the messages from and to them arrives twice.").with_strength("share"),
    /// The chance that a message arrives twice.
    #[reflect(@Range::new(0.0, 1.0))]
    share: 0.3, Duplicate, |share| format!("deliver {:.0} % of messages twice", share * 100.0)
}
link_fault! {
    /// Lets links hold messages up, so that later ones overtake them.
    Reorder, "Reorder",
    PaletteEntry::new("Reorder messages of", "\u{e8d5}", Tone::Warning, "This share of the messages from and to them is held up, so that later ones overtake them.").with_strength("share"),
    /// The chance that a message is held up; for how long says `network.link.held_up_ms`.
    #[reflect(@Range::new(0.0, 1.0))]
    share: 0.3, Reorder, |share| format!("hold {:.0} % of messages up", share * 100.0)
}

/// Sets clocks wrong: the physical clocks that hybrid logical clocks are fed with.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ClockSkew {
    /// The agents whose clocks are meant.
    pub select: Selector,
    /// By how much a clock is off at most: each by its own amount, at random between minus and plus this.
    #[reflect(@Range::new(0.0, 1e9), @Unit("ms"))]
    pub most_ms: f32,
    /// For how long; without it for good.
    #[reflect(@Range::new(0.0, 1e9), @Unit("s"))]
    pub duration_s: Option<f32>,
}

impl Default for ClockSkew {
    fn default() -> Self {
        Self { select: Selector::All, most_ms: 500.0, duration_s: Some(10.0) }
    }
}

impl Intervention for ClockSkew {
    const NAME: &'static str = "ClockSkew";
    const NEEDS: &'static [&'static str] = &["network"];
    const PALETTE: Option<PaletteEntry> = Some(
        PaletteEntry::new(
            "Skew clocks of",
            "\u{ea5d}",
            Tone::Warning,
            "Each of their clocks is off by an amount of its own, at most by the value at the right.",
        )
        .with_strength("most_ms"),
    );

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = members(world, context, &self.select)?;
        let until = world.resource::<SimClock>().end_of(self.duration_s);
        let dice = *world.resource::<agent2028_core::rng::SimRng>();
        let purpose = context.purpose("network.skew");
        let mut network = world.resource_mut::<Network>();
        for agent in &agents {
            let skew = dice.stream(purpose, *agent, context.tick).signed_unit() * self.most_ms;
            network.faults.skews.insert(agent.0, (skew.round() as i64, until));
        }
        Ok(format!("clocks of {} agents are off by up to {} ms", agents.len(), self.most_ms))
    }
}

fn tell(
    world: &mut World,
    context: &InterventionContext,
    select: &Selector,
    scope: Scope,
    text: &str,
    untrue: bool,
) -> Result<String, InterventionError> {
    let agents = members(world, context, select)?;
    let begun = agents.iter().filter(|agent| begin_rumour(world, **agent, scope, text, untrue).is_some()).count();
    if begun == 0 {
        return Err(none_gossips());
    }
    Ok(format!("{begun} agents begin to tell: {text}"))
}

fn none_gossips() -> InterventionError {
    let text = "none of these agents gossips; the scene's section network.gossip says who does";
    InterventionError::Refused(text.into())
}

/// Lets agents begin a rumour, each its own.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct TellRumour {
    /// Who begins it.
    pub select: Selector,
    /// How far it is meant to go.
    pub scope: Scope,
    /// What it says.
    pub text: String,
}

impl Default for TellRumour {
    fn default() -> Self {
        Self { select: Selector::Count(1), scope: Scope::GlobalAlert, text: "hear, hear".into() }
    }
}

impl Intervention for TellRumour {
    const NAME: &'static str = "TellRumour";
    const NEEDS: &'static [&'static str] = &["network"];
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Rumour by", "\u{ef49}", Tone::Info, "One of them begins to tell it."));

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        gossiping(world, &self.select)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        tell(world, context, &self.select, self.scope, &self.text, false)
    }
}

/// Lets agents raise a false alarm, which spreads like a true one.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct FalseAlert {
    /// Who raises it.
    pub select: Selector,
    /// How far it is meant to go.
    pub scope: Scope,
    /// What it says.
    pub text: String,
}

impl Default for FalseAlert {
    fn default() -> Self {
        Self { select: Selector::Count(1), scope: Scope::GlobalAlert, text: "fire!".into() }
    }
}

impl Intervention for FalseAlert {
    const NAME: &'static str = "FalseAlert";
    const NEEDS: &'static [&'static str] = &["network"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "False alarm by",
        "\u{e004}",
        Tone::Danger,
        "One of them tells what isn't true, and it spreads as the truth does.",
    ));

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        gossiping(world, &self.select)
    }

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        tell(world, context, &self.select, self.scope, &self.text, true)
    }
}
