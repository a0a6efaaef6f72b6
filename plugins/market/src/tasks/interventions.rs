//! Attacks on task auctions, and tasks put up by hand.

use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, Placement};
use agent2028_core::check::{Check, Problems, Range, Unit, suggest};
use agent2028_core::clock::SimClock;
use agent2028_core::intervention::{
    Intervention, InterventionContext, InterventionError, InterventionRegistry, PaletteEntry, Tone, Unfit, room_for,
};
use agent2028_core::rehearsal::groups_that_may_be_chosen;
use agent2028_core::selector::Selector;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use super::attack::{Campaign, CampaignKind};
use super::state::{ByHand, TaskAuctions};
use crate::MarketConfig;
use crate::accounts::Money;
use crate::config::TaskMarket;

/// Adds the interventions of the task market.
pub(crate) fn interventions(list: &mut InterventionRegistry) {
    list.add::<ShillBid>().add::<BidAndDefault>().add::<BiddingRing>().add::<PutUpTasks>();
}

fn no_tasks() -> InterventionError {
    InterventionError::Refused("this scene has no task market; add tasks to the section market".into())
}

fn nobody_bids() -> InterventionError {
    InterventionError::Refused("none of them bids for tasks".into())
}

/// The task market of a scene, if it has one.
fn tasks(world: &World) -> Option<&TaskMarket> {
    world.get_resource::<MarketConfig>()?.tasks.as_ref()
}

fn bids(config: &TaskMarket, group: &AgentGroup) -> bool {
    config.bidders.iter().any(|bidders| bidders.group == group.name)
}

/// Whether an attack of the chosen could ever begin: somebody of those who may be chosen bids. Nobody being chosen is no mistake.
fn rehearse(world: &World, select: &Selector) -> Result<(), Unfit> {
    let config = tasks(world).ok_or_else(no_tasks)?;
    let chosen = groups_that_may_be_chosen(world, select);
    if !chosen.is_empty() && !chosen.into_iter().any(|group| bids(config, group)) {
        return Err(Unfit { field: "select", error: nobody_bids() });
    }
    Ok(())
}

/// Begins an attack of those who bid among the chosen.
fn begin(
    world: &mut World,
    kind: CampaignKind,
    chosen: &[AgentId],
    duration_s: Option<f32>,
) -> Result<usize, InterventionError> {
    let clock = world.resource::<SimClock>();
    let since = clock.tick();
    let until = duration_s
        .map_or(u64::MAX, |seconds| since.saturating_add(clock.ticks_in(f64::from(seconds))).saturating_sub(1));
    let may_bid = |agent: AgentId| {
        let groups = world.resource::<AgentGroups>();
        let group = groups.group_of(agent).and_then(|group| groups.get(group));
        group.zip(tasks(world)).is_some_and(|(group, config)| bids(config, group))
    };
    let mut agents: Vec<u32> = chosen.iter().filter(|agent| may_bid(**agent)).map(|agent| agent.0).collect();
    if agents.is_empty() && !chosen.is_empty() && world.contains_resource::<TaskAuctions>() {
        return Err(nobody_bids());
    }
    room_for(world.get_resource::<TaskAuctions>().map_or(0, |state| state.campaigns.len()), "attacks on auctions")?;
    let mut state = world.get_resource_mut::<TaskAuctions>().ok_or_else(no_tasks)?;
    agents.sort_unstable();
    agents.dedup();
    let count = agents.len();
    state.begin_campaign(Campaign { kind, agents, since, until });
    Ok(count)
}

macro_rules! attacks {
    ($($(#[$docs:meta])* $name:ident, $select:expr, $kind:ident, $title:expr, $icon:expr, $help:expr, $done:expr;)*) => {
        $(
            $(#[$docs])*
            #[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
            #[reflect(Default)]
            #[serde(default, deny_unknown_fields)]
            pub struct $name {
                /// Who takes part; the more, the stronger.
                pub select: Selector,
                /// For how long; for good by default.
                #[reflect(@Range::positive(), @Unit("s"))]
                pub duration_s: Option<f32>,
            }

            impl Default for $name {
                fn default() -> Self {
                    Self { select: $select, duration_s: None }
                }
            }

            impl Check for $name {
                fn check(&self, at: &str, problems: &mut Problems) {
                    self.select.check(&format!("{at}.select"), problems);
                }
            }

            impl Intervention for $name {
                const NAME: &'static str = stringify!($name);
                const NEEDS: &'static [&'static str] = &["market.tasks"];
                const PALETTE: Option<PaletteEntry> =
                    Some(PaletteEntry::new($title, $icon, Tone::Danger, $help));

                fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
                    rehearse(world, &self.select)
                }

                fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
                    let chosen = self.chosen_by(&self.select, world, context);
                    let count = begin(world, CampaignKind::$kind, &chosen, self.duration_s)?;
                    Ok(format!("{count} bidders {}", $done))
                }
            }
        )*
    };
}

attacks! {
    /// Attack: bidders who are in league with those who put up tasks. Where they can see bids, one of them bids a unit above the
    /// lowest, so that a winner who is paid the second-lowest bid is paid hardly more than its own. Where bids are committed to
    /// first, they must guess, and win tasks that they don't do. Defence: `reveal_s`, and `deposit_share`.
    ShillBid, Selector::Count(1), Shill, "Shills among", "\u{e8f5}",
        "They bid for those who put up tasks, to lower what winners are paid.", "bid as shills";
    /// Attack: bidders ask for hardly anything, win, and don't do what they took on, until the task is taken away. Defence:
    /// `deposit_share` and `least_fulfilment`.
    BidAndDefault, Selector::Fraction(0.2), Default, "Bid and default by", "\u{e5c9}",
        "They win tasks for hardly anything, and don't do them.", "bid and don't deliver";
    /// Attack (collusion): bidders don't compete with each other. The one that a task costs least bids for it, the others ask for
    /// all that there is. Defence: a lower `reserve_share`, and asking more bidders (`invited`).
    BiddingRing, Selector::Fraction(0.5), Ring, "A ring of", "\u{ea21}",
        "They don't compete with each other, so that prices rise to the reserve.", "form a ring";
}

/// Puts up tasks by hand, as those of a source, wherever they are wanted.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct PutUpTasks {
    /// How many; by default 10.
    #[reflect(@Range::new(1.0, 65_536.0), @Unit("tasks"))]
    pub count: u32,
    /// Where they lie; by default as the source says.
    pub place: Option<Placement>,
    /// What each is worth; by default as the source says.
    #[reflect(@Range::new(0.0, 1e9), @Unit("minor units"))]
    pub value: Option<Money>,
    /// The source whose tasks they are like; by default the first.
    pub source: String,
}

impl Default for PutUpTasks {
    fn default() -> Self {
        Self { count: 10, place: None, value: None, source: String::new() }
    }
}

impl Check for PutUpTasks {
    fn check(&self, at: &str, problems: &mut Problems) {
        if let Some(place) = &self.place {
            place.check(&format!("{at}.place"), problems);
        }
    }
}

impl PutUpTasks {
    /// The place of the source that is named.
    fn source_in(&self, config: &TaskMarket) -> Result<usize, InterventionError> {
        let source = match self.source.as_str() {
            "" => (!config.sources.is_empty()).then_some(0),
            name => config.sources.iter().position(|source| source.name == name),
        };
        source.ok_or_else(|| {
            if config.sources.is_empty() {
                let message =
                    "the task market has no source whose tasks these could be; add one to market.tasks.sources";
                return InterventionError::Refused(message.into());
            }
            let help = suggest(&self.source, config.sources.iter().map(|source| source.name.as_str()), "source");
            InterventionError::Refused(format!("there is no source \"{}\" of tasks; {help}", self.source))
        })
    }
}

impl Intervention for PutUpTasks {
    const NAME: &'static str = "PutUpTasks";
    const NEEDS: &'static [&'static str] = &["market.tasks"];
    const PALETTE: Option<PaletteEntry> = Some(PaletteEntry::new(
        "Put up tasks",
        "\u{e146}",
        Tone::Info,
        "Tasks more than those that come by themselves.",
    ));

    fn rehearse(&self, world: &mut World) -> Result<(), Unfit> {
        let config = tasks(world).ok_or_else(no_tasks)?;
        self.source_in(config).map(drop).map_err(|error| Unfit { field: "source", error })
    }

    fn apply(&self, world: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        let source = self.source_in(tasks(world).ok_or_else(no_tasks)?)?;
        let mut state = world.get_resource_mut::<TaskAuctions>().ok_or_else(no_tasks)?;
        state.by_hand.push(ByHand {
            source: source as u32,
            count: self.count,
            place: self.place.clone(),
            value: self.value,
        });
        Ok(match self.count {
            1 => "a task is put up".into(),
            count => format!("{count} tasks are put up"),
        })
    }
}
