//! What is to know of layers before they are drawn, and the layers of the view and of the window itself, in the order of the
//! menu.

/// What is to know about a layer before it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    /// Its name in settings.
    pub key: &'static str,
    /// What a menu calls it.
    pub label: &'static str,
    /// What it shows.
    pub help: &'static str,
    /// The keys that show and hide it, such as `Alt 7`; empty for none.
    pub shortcut: &'static str,
    /// Whether it is shown unless somebody chose.
    pub shown: bool,
}

const fn shown(key: &'static str, label: &'static str, help: &'static str, shortcut: &'static str) -> LayerFacts {
    LayerFacts { key, label, help, shortcut, shown: true }
}

const fn hidden(key: &'static str, label: &'static str, help: &'static str, shortcut: &'static str) -> LayerFacts {
    LayerFacts { key, label, help, shortcut, shown: false }
}

/// The agents.
pub const AGENTS: LayerFacts = shown("agents", "Agents", "The agents", "1");
/// Which way they head.
pub const HEADINGS: LayerFacts =
    shown("headings", "Headings", "Agents as darts along their heading; off, they are discs", "2");
/// Where they have just been.
pub const TRAILS: LayerFacts = hidden(
    "trails",
    "Trails",
    "Where agents have just been: the selected ones, or all if there are at most a thousand",
    "3",
);
/// Lines around those who hang together.
pub const HULLS: LayerFacts = hidden(
    "hulls",
    "Swarm hulls",
    "A soft line around every flock: agents that hang together at the cohesion radius",
    "4",
);
/// Names and numbers.
pub const LABELS: LayerFacts =
    shown("labels", "Labels", "Names and numbers of flocks, places and selected agents, where there is room", "5");
/// Places that mean something to agents. Plugins paint them.
pub const PLACES: LayerFacts = shown("places", "Nests, resources", "Nests, resources, targets and counting lines", "6");
/// What stands in the way of agents. Plugins paint it.
pub const OBSTACLES: LayerFacts = shown("obstacles", "Obstacles", "Obstacles, walls and corridors", "7");
/// Where something is about to happen.
pub const REGIONS: LayerFacts = shown("regions", "Regions", "The region that a fault is about to happen in", "Alt 1");
/// The world's outline.
pub const BOUNDS: LayerFacts = shown("bounds", "World's outline", "The line around the world", "Alt 2");
/// A grid.
pub const GRID: LayerFacts = hidden("grid", "Grid", "Lines at round distances", "Alt 3");
/// What colours mean.
pub const LEGEND: LayerFacts = shown("legend", "Legend", "What colours, sizes and heat maps mean", "Alt 4");
/// The small map.
pub const MINIMAP: LayerFacts =
    shown("minimap", "Minimap", "The whole world in a corner, while the view shows less than all of it", "Alt 5");
/// The card under the pointer.
pub const HOVER_CARD: LayerFacts =
    shown("hover_card", "Hover card", "What the agent under the pointer is and does", "Alt 6");

/// What stands in the menu before the layers of plugins.
pub(crate) const BEFORE: [&LayerFacts; 4] = [&AGENTS, &HEADINGS, &TRAILS, &HULLS];
/// What stands there behind them.
pub(crate) const BEHIND: [&LayerFacts; 9] =
    [&LABELS, &PLACES, &OBSTACLES, &REGIONS, &BOUNDS, &GRID, &LEGEND, &MINIMAP, &HOVER_CARD];
