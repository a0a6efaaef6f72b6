//! The tree of docks, and the rules that keep it valid.

use bevy_egui::egui;
use egui::{Vec2, vec2};
use egui_tiles::{Container, LinearDir, Shares, SimplificationOptions, Tabs, Tile, TileId, Tree};
use serde::{Deserialize, Serialize};

use super::panel::{Catalog, DockSide, PanelFacts, PanelKey};
use super::preset::Preset;
use super::saved::SavedTile;
use agent2028_view::tokens::layout;

/// The size of the docks' place in the smallest window, beside the tools, which presets are made for.
pub const FIRST_SIZE: Vec2 = vec2(layout::SMALLEST_WINDOW.0 - layout::TOOL_STRIP, 614.0);

/// The world keeps at least this share of a row or column when the window shrinks.
const LEAST_WORLD: f32 = 0.25;

/// Where every panel stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "SavedLayout", into = "SavedLayout")]
pub struct DockLayout {
    tree: Tree<PanelKey>,
    /// The size that the shares of the tree are made for, in points.
    size: (f32, f32),
    /// Docks that had to give way to a small window, as they were before.
    squeezed: Option<Squeezed>,
    /// Panels that were opened since the last frame and have no place yet.
    opened: Vec<Opened>,
}

/// A panel that has no place yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Opened {
    panel: PanelKey,
    /// Whether it comes to the front.
    front: bool,
}

/// What docks were like before a window became too small for them: they come back when it grows again.
#[derive(Clone, Debug)]
struct Squeezed {
    /// The size for which they were made.
    size: (f32, f32),
    /// The shares before.
    before: Vec<(TileId, Shares)>,
    /// The shares that they were given instead; with others somebody has dragged them since.
    given: Vec<(TileId, Shares)>,
}

impl Default for DockLayout {
    fn default() -> Self {
        Self::preset(Preset::default(), &Catalog::default())
    }
}

/// A layout as it is written to a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedLayout {
    /// The size that the shares are made for, in points.
    size: (f32, f32),
    /// All of it; nothing if the layout is empty.
    window: Option<SavedTile>,
}

impl From<DockLayout> for SavedLayout {
    fn from(layout: DockLayout) -> Self {
        Self { size: layout.size, window: SavedTile::of(&layout.tree) }
    }
}

impl TryFrom<SavedLayout> for DockLayout {
    type Error = &'static str;

    fn try_from(saved: SavedLayout) -> Result<Self, Self::Error> {
        let window = saved.window.ok_or("the layout is empty")?;
        let mut panels = Vec::new();
        window.panels(&mut panels);
        let count = panels.len();
        panels.sort_unstable();
        panels.dedup();
        if panels.len() != count || !panels.contains(&PanelKey::WORLD) {
            return Err("a layout holds the world once, and no panel twice");
        }
        let (width, height) = saved.size;
        if !(width.is_finite() && height.is_finite() && width >= 1.0 && height >= 1.0) {
            return Err("the size of the layout is no size");
        }
        let tree = window.tree().ok_or("the layout is nested too deeply, or a share is no number above 0")?;
        let mut layout = Self { tree, size: saved.size, squeezed: None, opened: Vec::new() };
        layout.mend();
        Ok(layout)
    }
}

impl PartialEq for DockLayout {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size && SavedTile::of(&self.tree) == SavedTile::of(&other.tree)
    }
}

impl DockLayout {
    /// A layout to begin with, with the panels of plugins among these.
    #[must_use]
    pub fn preset(preset: Preset, catalog: &Catalog) -> Self {
        let tree = preset.tile(catalog).tree().unwrap_or_else(|| Tree::new_tabs("dock", vec![PanelKey::WORLD]));
        Self { tree, size: (FIRST_SIZE.x, FIRST_SIZE.y), squeezed: None, opened: Vec::new() }
    }

    /// No panels at all: what stands in while the layout is drawn.
    #[must_use]
    pub fn empty() -> Self {
        Self { tree: Tree::empty("dock"), size: (FIRST_SIZE.x, FIRST_SIZE.y), squeezed: None, opened: Vec::new() }
    }

    /// Whether the panel stands somewhere, seen or behind another tab.
    #[must_use]
    pub fn is_open(&self, panel: PanelKey) -> bool {
        self.tree.tiles.find_pane(&panel).is_some() || self.opened.iter().any(|opened| opened.panel == panel)
    }

    /// Whether the panel is seen.
    #[must_use]
    pub fn is_seen(&self, panel: PanelKey) -> bool {
        let seen = |tile| self.tree.active_tiles().contains(&tile);
        self.tree.tiles.find_pane(&panel).is_some_and(seen)
            || self.opened.iter().any(|opened| opened.panel == panel && opened.front)
    }

    /// All panels that stand somewhere, in no order that means anything.
    #[must_use]
    pub fn panels(&self) -> Vec<PanelKey> {
        self.tree
            .tiles
            .tiles()
            .filter_map(|tile| if let Tile::Pane(panel) = tile { Some(*panel) } else { None })
            .collect()
    }

    /// Brings a panel to the front; one that is closed gets its place in the next frame.
    pub fn open(&mut self, panel: PanelKey) {
        if panel == PanelKey::WORLD {
            return;
        }
        if self.tree.tiles.find_pane(&panel).is_some() {
            self.bring_to_front(panel);
        } else {
            self.opened.retain(|opened| opened.panel != panel);
            self.opened.push(Opened { panel, front: true });
        }
    }

    /// Opens a panel that is closed, behind the others where there are others.
    pub fn open_behind(&mut self, panel: PanelKey) {
        if panel != PanelKey::WORLD && !self.is_open(panel) {
            self.opened.push(Opened { panel, front: false });
        }
    }

    fn bring_to_front(&mut self, panel: PanelKey) {
        self.tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == panel));
    }

    /// Gives the panels that were opened their places.
    pub fn settle(&mut self, catalog: &Catalog) {
        for Opened { panel, front } in std::mem::take(&mut self.opened) {
            self.insert(catalog, panel, front);
        }
    }

    /// Opens a panel as a tab of a dock.
    pub(super) fn open_in(&mut self, panel: PanelKey, tabs: TileId) {
        if self.is_open(panel) {
            self.open(panel);
        } else {
            self.add_tab(panel, tabs, true);
        }
    }

    fn add_tab(&mut self, panel: PanelKey, tabs: TileId, front: bool) {
        let tile = self.tree.tiles.insert_pane(panel);
        if let Some(Tile::Container(Container::Tabs(tabs))) = self.tree.tiles.get_mut(tabs) {
            tabs.add_child(tile);
            if front {
                tabs.set_active(tile);
            }
        }
    }

    /// Takes a panel away. The world stays.
    pub fn close(&mut self, panel: PanelKey) {
        self.opened.retain(|opened| opened.panel != panel);
        if panel != PanelKey::WORLD
            && let Some(tile) = self.tree.tiles.find_pane(&panel)
        {
            self.tree.remove_recursively(tile);
            self.mend();
        }
    }

    /// Opens a panel that is not seen, closes one that is.
    pub fn toggle(&mut self, panel: PanelKey) {
        if self.is_seen(panel) { self.close(panel) } else { self.open(panel) }
    }

    pub(super) fn tree_mut(&mut self) -> &mut Tree<PanelKey> {
        &mut self.tree
    }

    /// A new panel joins the tabs of panels that belong to the same side; if there are none, its side gets a dock.
    fn insert(&mut self, catalog: &Catalog, panel: PanelKey, front: bool) {
        let PanelFacts { side, .. } = catalog.facts(panel);
        let neighbour = catalog
            .iter()
            .filter(|other| other.side == side)
            .filter_map(|other| self.tree.tiles.find_pane(&other.key))
            .filter_map(|tile| self.tree.tiles.parent_of(tile))
            .find(|parent| matches!(self.tree.tiles.get_container(*parent), Some(Container::Tabs(_))));
        if let Some(tabs) = neighbour {
            self.add_tab(panel, tabs, front);
            return;
        }
        let Some(root) = self.tree.root else {
            *self = Self::default();
            return;
        };
        let pane = self.tree.tiles.insert_pane(panel);
        let dock = self.tree.tiles.insert_container(Container::Tabs(Tabs::new(vec![pane])));
        let (dir, share, first) = match side {
            DockSide::Left => (LinearDir::Horizontal, layout::LEFT_DOCK / self.size.0, true),
            DockSide::Right => (LinearDir::Horizontal, layout::RIGHT_DOCK / self.size.0, false),
            DockSide::Bottom => (LinearDir::Vertical, layout::BOTTOM_DOCK * 1.2 / self.size.1, false),
        };
        let share = share.clamp(0.1, 0.5);
        let children = if first { [dock, root] } else { [root, dock] };
        let fraction = if first { share } else { 1.0 - share };
        let outer = egui_tiles::Linear::new_binary(dir, children, fraction);
        self.tree.root = Some(self.tree.tiles.insert_container(Container::Linear(outer)));
    }

    /// The rules by which the tree is tidied: tabs stay tabs even when only one is left, so that it can be dragged.
    pub(super) fn simplification() -> SimplificationOptions {
        SimplificationOptions {
            flatten_tabs_in_tabs: true,
            prune_empty_tabs: true,
            prune_single_child_tabs: false,
            prune_empty_containers: true,
            prune_single_child_containers: true,
            all_panes_must_have_tabs: false,
            join_nested_linear_containers: true,
        }
    }

    /// Brings the tree into order: every panel but the world has a tab, and the world has none.
    pub(super) fn mend(&mut self) {
        self.tree.simplify(&Self::simplification());
        let lonely: Vec<TileId> = self
            .tree
            .tiles
            .iter()
            .filter(|(_, tile)| matches!(tile, Tile::Pane(panel) if *panel != PanelKey::WORLD))
            .map(|(id, _)| *id)
            .filter(|id| {
                let parent = self.tree.tiles.parent_of(*id);
                !parent.is_some_and(|parent| matches!(self.tree.tiles.get_container(parent), Some(Container::Tabs(_))))
            })
            .collect();
        for pane in lonely {
            let parent = self.tree.tiles.parent_of(pane);
            let tabs = self.tree.tiles.insert_container(Container::Tabs(Tabs::new(vec![pane])));
            match parent.and_then(|parent| self.tree.tiles.get_mut(parent)) {
                Some(Tile::Container(Container::Linear(linear))) => {
                    if let Some(at) = linear.children.iter().position(|child| *child == pane) {
                        linear.children[at] = tabs;
                        linear.shares.replace_with(pane, tabs);
                    }
                }
                Some(Tile::Container(container)) => {
                    // Its place among the tabs or cells stays the same.
                    let _ = container.replace_child(pane, tabs);
                }
                _ => self.tree.root = Some(tabs),
            }
        }
    }

    /// Fits the shares to a new size: docks beside the world keep their width and height, and the world takes the rest.
    pub(super) fn fit(&mut self, size: Vec2) {
        if size.x < 1.0 || size.y < 1.0 || (self.size.0 - size.x).abs() + (self.size.1 - size.y).abs() < 0.5 {
            return;
        }
        let (Some(root), Some(world)) = (self.tree.root, self.tree.tiles.find_pane(&PanelKey::WORLD)) else {
            return;
        };
        let mut way = vec![world];
        while let Some(parent) = way.last().and_then(|tile| self.tree.tiles.parent_of(*tile)) {
            way.push(parent);
        }
        way.reverse();
        if way.first() != Some(&root) {
            return;
        }
        if let Some(squeezed) = self.squeezed.take_if(|squeezed| squeezed.given == shares_of(&self.tree, &way)) {
            for (tile, shares) in squeezed.before {
                if let Some(Tile::Container(Container::Linear(linear))) = self.tree.tiles.get_mut(tile) {
                    linear.shares = shares;
                }
            }
            self.size = squeezed.size;
        }
        let (was, unsqueezed) = (self.size, shares_of(&self.tree, &way));
        let mut squeezes = false;
        let (mut before, mut after) = (vec2(self.size.0, self.size.1), size);
        for pair in way.windows(2) {
            let Some(Tile::Container(Container::Linear(linear))) = self.tree.tiles.get_mut(pair[0]) else {
                continue;
            };
            let axis = usize::from(linear.dir == LinearDir::Vertical);
            let widths = linear.shares.split(&linear.children, before[axis]);
            let others: f32 = linear
                .children
                .iter()
                .zip(&widths)
                .filter(|(child, _)| **child != pair[1])
                .map(|(_, width)| width)
                .sum();
            // When the window shrinks too far, the docks give way together.
            let shrink = (after[axis] * (1.0 - LEAST_WORLD) / others.max(1.0)).min(1.0);
            squeezes |= shrink < 1.0;
            let (mut world_before, world_after) = (before[axis], after[axis] - others * shrink);
            for (child, width) in linear.children.clone().into_iter().zip(widths) {
                if child == pair[1] {
                    world_before = width;
                    linear.shares.set_share(child, world_after);
                } else {
                    linear.shares.set_share(child, width * shrink);
                }
            }
            before[axis] = world_before;
            after[axis] = world_after;
        }
        self.size = (size.x, size.y);
        self.squeezed =
            squeezes.then(|| Squeezed { size: was, before: unsqueezed, given: shares_of(&self.tree, &way) });
    }
}

/// The shares of the rows and columns among these tiles.
fn shares_of(tree: &Tree<PanelKey>, way: &[TileId]) -> Vec<(TileId, Shares)> {
    way.iter()
        .filter_map(|tile| match tree.tiles.get(*tile) {
            Some(Tile::Container(Container::Linear(linear))) => Some((*tile, linear.shares.clone())),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The panels that the presets name, with the places that the window's own have.
    fn catalog() -> Catalog {
        let mut catalog = Catalog::default();
        for (side, names) in [
            (DockSide::Left, &["Scene", "Parameters", "Settings", "Select", "Faults"][..]),
            (DockSide::Right, &["Agent", "Runs", "Editor", "Form"]),
            (
                DockSide::Bottom,
                &["Compare", "Plots", "Metrics", "Events", "Interventions", "Registry", "Distributions", "Profiler"],
            ),
        ] {
            for name in names {
                catalog.add(PanelFacts { side, ..Catalog::default().facts(PanelKey::new(name)) });
            }
        }
        catalog
    }

    const PLOTS: PanelKey = PanelKey::new("Plots");
    const EVENTS: PanelKey = PanelKey::new("Events");

    fn widths(layout: &DockLayout) -> Vec<f32> {
        let Some(Tile::Container(Container::Linear(linear))) =
            layout.tree.root.and_then(|root| layout.tree.tiles.get(root))
        else {
            panic!("the root is a row")
        };
        linear.shares.split(&linear.children, layout.size.0).into_iter().map(f32::round).collect()
    }

    #[test]
    fn every_preset_holds_the_world_once() {
        for preset in Preset::ALL {
            let layout = DockLayout::preset(preset, &catalog());
            assert!(layout.is_seen(PanelKey::WORLD) && layout.is_seen(PLOTS), "{preset:?}");
        }
    }

    #[test]
    fn panels_open_close_and_come_back_to_their_side() {
        for preset in Preset::ALL {
            let mut layout = DockLayout::preset(preset, &catalog());
            for panel in catalog().iter().map(|facts| facts.key) {
                layout.close(panel);
                assert!(!layout.is_open(panel), "{preset:?} {panel:?}");
            }
            for panel in catalog().iter().map(|facts| facts.key) {
                layout.open(panel);
                assert!(layout.is_seen(panel), "{preset:?} {panel:?}");
                layout.settle(&catalog());
                layout.mend();
                assert!(layout.is_seen(panel), "{preset:?} {panel:?}");
            }
            layout.toggle(PLOTS);
            layout.toggle(PLOTS);
        }
    }

    #[test]
    fn the_world_can_not_be_closed() {
        let mut layout = DockLayout::default();
        layout.close(PanelKey::WORLD);
        assert!(layout.is_open(PanelKey::WORLD));
    }

    #[test]
    fn docks_keep_their_width_when_the_window_grows_and_give_way_when_it_shrinks() {
        let mut layout = DockLayout::preset(Preset::Watch, &catalog());
        assert_eq!(widths(&layout), [260.0, 660.0, 320.0]);
        layout.fit(vec2(1920.0, 900.0));
        assert_eq!(widths(&layout), [260.0, 1340.0, 320.0]);
        layout.fit(vec2(1280.0, 614.0));
        assert_eq!(widths(&layout), [260.0, 700.0, 320.0]);
        layout.fit(vec2(600.0, 500.0));
        assert!(widths(&layout)[1] >= 150.0 - 1.0);
        layout.fit(vec2(400.0, 300.0));
        layout.fit(vec2(1280.0, 614.0));
        assert_eq!(widths(&layout), [260.0, 700.0, 320.0], "a small window leaves no narrow docks behind");
    }

    #[test]
    fn a_layout_comes_back_from_its_text() {
        for preset in Preset::ALL {
            let mut layout = DockLayout::preset(preset, &catalog());
            layout.toggle(EVENTS);
            layout.settle(&catalog());
            let text = ron::to_string(&layout).unwrap();
            let back: DockLayout = ron::from_str(&text).unwrap();
            assert_eq!(back.is_seen(EVENTS), layout.is_seen(EVENTS));
            assert_eq!(back, layout);
        }
    }

    #[test]
    fn a_layout_that_makes_no_sense_is_refused() {
        for text in [
            "(size: (1280.0, 614.0), window: None)",
            "(size: (1280.0, 614.0), window: Some(Panel(Plots)))",
            "(size: (1280.0, 614.0), window: Some(Row([(1.0, Panel(World)), (1.0, Panel(World))])))",
            "(size: (1280.0, 614.0), window: Some(Row([(1.0, Panel(World)), (-1.0, Panel(Plots))])))",
            "(size: (0.0, inf), window: Some(Panel(World)))",
            "(size: (1280.0, 614.0), window: Some(Panel(3)))",
        ] {
            assert!(ron::from_str::<DockLayout>(text).is_err(), "{text}");
        }
        let bare = "(size: (1280.0, 614.0), window: Some(Row([(1.0, Panel(World)), (1.0, Panel(Plots))])))";
        assert!(ron::from_str::<DockLayout>(bare).unwrap().is_seen(PLOTS));
    }

    #[test]
    fn a_panel_that_nobody_registered_keeps_its_place() {
        let text = "(size: (1280.0, 614.0), window: Some(Row([(1.0, Panel(World)), \
                    (1.0, Tabs(front: 1, panels: [Panel(Plots), Panel(Of_another_program)]))])))";
        let mut layout: DockLayout = ron::from_str(text).unwrap();
        layout.settle(&catalog());
        layout.mend();
        let back: DockLayout = ron::from_str(&ron::to_string(&layout).unwrap()).unwrap();
        assert!(back.is_seen(PanelKey::new("Of_another_program")) && back.is_open(PLOTS));
    }

    #[test]
    fn a_panel_that_opens_behind_the_others_takes_nobody_s_place() {
        let mut layout = DockLayout::preset(Preset::Watch, &catalog());
        let profiler = PanelKey::new("Profiler");
        layout.open_behind(profiler);
        layout.settle(&catalog());
        assert!(layout.is_open(profiler) && !layout.is_seen(profiler) && layout.is_seen(PLOTS));
    }
}
