//! Layouts to begin with: for watching, for debugging, for presenting.

use agent2028_view::tokens::layout;

use super::layout::FIRST_SIZE;
use super::panel::{Catalog, DockSide, PanelKey};
use super::saved::SavedTile;

/// A layout to begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// The world with what one touches first around it.
    #[default]
    Watch,
    /// Everything that measures, below the world.
    Debug,
    /// The world and its plots, for an audience.
    Present,
}

impl Preset {
    /// All of them, in the order in which a menu shows them.
    pub const ALL: [Self; 3] = [Self::Watch, Self::Debug, Self::Present];

    /// What a menu calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Watch => "Watch",
            Self::Debug => "Debug",
            Self::Present => "Present",
        }
    }

    /// The keys that choose it.
    #[must_use]
    pub const fn keys(self) -> &'static str {
        match self {
            Self::Watch => "Ctrl 1",
            Self::Debug => "Ctrl 2",
            Self::Present => "Ctrl 3",
        }
    }

    /// What it is for.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Watch => "The world, with parameters, faults, the selected agent and plots around it",
            Self::Debug => "Everything that measures, below the world",
            Self::Present => "The world and its plots, for an audience",
        }
    }

    /// This layout for a window of the smallest size: docks keep their width when the window grows. What plugins measure
    /// stands with what measures all agents.
    #[must_use]
    pub(super) fn tile(self, catalog: &Catalog) -> SavedTile {
        let world = SavedTile::Panel(PanelKey::WORLD);
        let of_systems = |side: DockSide| -> Vec<&'static str> {
            let facts = catalog.iter().filter(|facts| facts.group.is_of_a_system() && facts.side == side);
            facts.map(|facts| facts.key.name()).collect()
        };
        let (width, height) = (FIRST_SIZE.x, FIRST_SIZE.y);
        let middle = width - layout::LEFT_DOCK - layout::RIGHT_DOCK;
        let below = layout::BOTTOM_DOCK * 1.2;
        match self {
            Self::Watch => SavedTile::Row(vec![
                (
                    layout::LEFT_DOCK,
                    SavedTile::Column(vec![
                        (0.45, tabs(&["Parameters", "Scene"])),
                        (0.55, tabs(&["Faults", "Select", "Interventions"])),
                    ]),
                ),
                (middle, world),
                (
                    layout::RIGHT_DOCK,
                    SavedTile::Column(vec![
                        (0.55, tabs(&["Agent", "Runs"])),
                        (0.45, tabs(&["Plots", "Metrics", "Events"])),
                    ]),
                ),
            ]),
            Self::Debug => SavedTile::Column(vec![
                (
                    height - below,
                    SavedTile::Row(vec![
                        (
                            layout::LEFT_DOCK,
                            SavedTile::Column(vec![
                                (0.45, tabs(&["Parameters", "Settings"])),
                                (0.55, tabs(&["Faults", "Select", "Scene"])),
                            ]),
                        ),
                        (middle, world),
                        (
                            layout::RIGHT_DOCK,
                            tabs(&[&["Agent", "Runs"], of_systems(DockSide::Right).as_slice()].concat()),
                        ),
                    ]),
                ),
                (
                    below,
                    tabs(
                        &[
                            &["Plots", "Registry", "Distributions"],
                            of_systems(DockSide::Bottom).as_slice(),
                            &["Events", "Interventions", "Compare", "Metrics", "Profiler"],
                        ]
                        .concat(),
                    ),
                ),
            ]),
            Self::Present => {
                SavedTile::Row(vec![(width - layout::RIGHT_DOCK, world), (layout::RIGHT_DOCK, tabs(&["Plots"]))])
            }
        }
    }
}

fn tabs(panels: &[&'static str]) -> SavedTile {
    SavedTile::Tabs { front: 0, panels: panels.iter().map(|panel| SavedTile::Panel(PanelKey::new(panel))).collect() }
}
