//! Every panel there is.

use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{
    ICON_ALT_ROUTE, ICON_ASSIGNMENT, ICON_BALLOT, ICON_BAR_CHART, ICON_BOLT, ICON_CALL_SPLIT, ICON_CAMPAIGN,
    ICON_COMPARE_ARROWS, ICON_EDIT_NOTE, ICON_FILTER_ALT, ICON_GROUPS, ICON_HANDSHAKE, ICON_HISTORY, ICON_HUB,
    ICON_LIST_ALT, ICON_MOVIE, ICON_PERSON_SEARCH, ICON_PUBLIC, ICON_RECEIPT_LONG, ICON_SETTINGS, ICON_SHOW_CHART,
    ICON_SPEED, ICON_TABLE_ROWS, ICON_TIMELINE, ICON_TUNE,
};
use serde::{Deserialize, Serialize};

/// A panel. The name is what saved layouts hold: renaming a variant forgets where people had put that panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PanelId {
    /// The world itself: always there, without a tab.
    World,
    /// What the running scene is.
    Scene,
    /// The scene's parameters as sliders.
    Parameters,
    /// Every value that can be changed while the simulation runs.
    Settings,
    /// Selecting by words.
    Select,
    /// Faults and attacks.
    Faults,
    /// The selected agent or agents.
    Agent,
    /// Agents side by side.
    Compare,
    /// Curves of metrics.
    Plots,
    /// All metrics in a table.
    Metrics,
    /// What has happened.
    Events,
    /// What was done to the simulation.
    Interventions,
    /// The ways that the run has taken.
    Runs,
    /// All agents in a table.
    Registry,
    /// Histograms and scatter plots.
    Distributions,
    /// Who is given which work.
    Routing,
    /// Work on its way and done.
    Operations,
    /// Who trusts whom, and why.
    Trust,
    /// Links, partitions and what messages cost.
    Network,
    /// The last messages over time.
    Messages,
    /// How rumours spread.
    Gossip,
    /// The audit ledger.
    Ledger,
    /// Where time and memory go.
    Profiler,
    /// The scene as text.
    Editor,
    /// The scene as a form.
    Form,
}

/// The side of the world on which a panel appears when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the left.
    Left,
    /// At the right.
    Right,
    /// Below.
    Bottom,
}

/// What is to know about a panel before it is opened.
#[derive(Clone, Copy, Debug)]
pub struct PanelFacts {
    /// What its tab says.
    pub title: &'static str,
    /// What stands before the title in menus.
    pub icon: MaterialIcon,
    /// What it is for, in a sentence.
    pub help: &'static str,
    /// Where it appears.
    pub place: Place,
    /// Whether its contents scroll as a whole; otherwise it fills its place and scrolls by itself.
    pub scrolls: bool,
}

impl PanelId {
    /// All panels that can be opened and closed, in the order in which menus list them.
    pub const ALL: &'static [Self] = &[
        Self::Scene,
        Self::Parameters,
        Self::Settings,
        Self::Select,
        Self::Faults,
        Self::Agent,
        Self::Compare,
        Self::Plots,
        Self::Metrics,
        Self::Events,
        Self::Interventions,
        Self::Runs,
        Self::Registry,
        Self::Distributions,
        Self::Routing,
        Self::Operations,
        Self::Trust,
        Self::Network,
        Self::Messages,
        Self::Gossip,
        Self::Ledger,
        Self::Profiler,
        Self::Editor,
        Self::Form,
    ];

    /// What is to know about it.
    #[must_use]
    pub fn facts(self) -> PanelFacts {
        use Place::{Bottom, Left, Right};
        let facts = |title, icon, place, scrolls, help| PanelFacts { title, icon, help, place, scrolls };
        match self {
            Self::World => facts("World", ICON_PUBLIC, Right, false, "The simulated world."),
            Self::Scene => facts("Scene", ICON_MOVIE, Left, true, "What the running scene shows, and its groups."),
            Self::Parameters => facts("Parameters", ICON_TUNE, Left, true, "The scene's parameters as sliders."),
            Self::Settings => facts(
                "Settings",
                ICON_SETTINGS,
                Left,
                false,
                "Every value that can be changed while the simulation runs.",
            ),
            Self::Select => {
                facts("Select", ICON_FILTER_ALT, Left, true, "Which agents are meant, by expression or by name.")
            }
            Self::Faults => facts("Faults", ICON_BOLT, Left, true, "Faults and attacks, and whom they strike."),
            Self::Agent => {
                facts("Agent", ICON_PERSON_SEARCH, Right, true, "What the selected agents are, and how to change them.")
            }
            Self::Compare => facts("Compare", ICON_COMPARE_ARROWS, Bottom, false, "Two to six agents side by side."),
            Self::Plots => facts("Plots", ICON_SHOW_CHART, Bottom, false, "Curves of metrics over time."),
            Self::Metrics => facts("Metrics", ICON_TABLE_ROWS, Bottom, false, "All metrics with their last values."),
            Self::Events => facts("Events", ICON_LIST_ALT, Bottom, false, "What has happened, filtered."),
            Self::Registry => facts(
                "Agents",
                ICON_GROUPS,
                Bottom,
                false,
                "All agents in a table, sorted and filtered by any quantity.",
            ),
            Self::Distributions => facts(
                "Distributions",
                ICON_BAR_CHART,
                Bottom,
                false,
                "How any quantity is spread over the agents, and how two go together.",
            ),
            Self::Routing => facts(
                "Routing",
                ICON_ALT_ROUTE,
                Bottom,
                false,
                "Who is given which work, how evenly, and where it queues.",
            ),
            Self::Operations => facts(
                "Operations",
                ICON_ASSIGNMENT,
                Bottom,
                false,
                "Work on its way and done, workloads, latencies and tiers.",
            ),
            Self::Trust => facts(
                "Trust",
                ICON_HANDSHAKE,
                Bottom,
                false,
                "Who trusts whom, what is said of an agent and by whom, and how one may trust another.",
            ),
            Self::Network => {
                facts("Network", ICON_HUB, Right, false, "Links, partitions, regions, and what messages cost.")
            }
            Self::Messages => facts(
                "Messages",
                ICON_TIMELINE,
                Bottom,
                false,
                "The last messages over time, from whom to whom, with their clocks.",
            ),
            Self::Gossip => {
                facts("Gossip", ICON_CAMPAIGN, Bottom, false, "How a rumour spread: who heard it when and from whom.")
            }
            Self::Ledger => facts(
                "Ledger",
                ICON_RECEIPT_LONG,
                Bottom,
                false,
                "What was entered into the audit ledger, the tree over it, and proofs.",
            ),
            Self::Profiler => facts(
                "Profiler",
                ICON_SPEED,
                Bottom,
                false,
                "Where the time of a tick and a frame goes, and the memory.",
            ),
            Self::Interventions => facts(
                "Interventions",
                ICON_HISTORY,
                Bottom,
                false,
                "What was done to the simulation, and what came of it.",
            ),
            Self::Runs => facts(
                "Runs",
                ICON_CALL_SPLIT,
                Right,
                false,
                "The ways that the run has taken: forks, what differs in them, and how their metrics compare.",
            ),
            Self::Editor => facts(
                "Scene text",
                ICON_EDIT_NOTE,
                Right,
                false,
                "The scene as text, with errors in place and completion.",
            ),
            Self::Form => facts(
                "Scene form",
                ICON_BALLOT,
                Right,
                false,
                "Every field of the scene, with meaning, unit and range.",
            ),
        }
    }

    /// What its tab says.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.facts().title
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_panel_can_be_opened_and_has_a_name_of_its_own() {
        for (at, panel) in PanelId::ALL.iter().enumerate() {
            assert_ne!(*panel, PanelId::World);
            assert!(panel.facts().help.ends_with('.'), "{panel:?}");
            assert!(PanelId::ALL[..at].iter().all(|other| other.title() != panel.title()), "{panel:?}");
        }
    }
}
