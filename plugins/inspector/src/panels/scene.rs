//! What the running scene is: its title, what it shows, and its groups with their colours.

use agent2028_core::selector::Selector;
use agent2028_core::space::{Edge, WorldBounds};
use agent2028_view::ColorBy;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Label, Layout, ScrollArea, Ui, WidgetType};
use egui_material_icons::icons::{ICON_GROUPS, ICON_MOVIE};

use crate::actions::{Action, Actions};
use crate::facts::{GroupCounts, GroupFacts};
use crate::format;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::scene::SceneStatus;
use crate::theme::{Look, measure};
use crate::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct SceneView<'a> {
    /// The running scene.
    pub status: &'a SceneStatus,
    /// Its groups.
    pub groups: &'a [GroupFacts],
    /// How many agents there are.
    pub agents: u64,
    /// The world's size and edges.
    pub bounds: WorldBounds,
    /// Whether the agents' colours are those of the groups.
    pub colored_by_group: bool,
}

/// The panel of the running scene.
#[derive(Clone, Copy, Debug)]
pub struct ScenePanel;

impl Panel for ScenePanel {
    type State = ();
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Scene"),
        title: "Scene",
        icon: ICON_MOVIE,
        help: "What the running scene shows, and its groups.",
        group: Group::Scene,
        side: DockSide::Left,
        scrolls: true,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, (): &mut ()) {
        let facts = context.facts;
        let view = SceneView {
            status: facts.status,
            groups: context.states.of::<GroupCounts>().follow(facts.generation(), facts.world()),
            agents: facts.simulation.agents() as u64,
            bounds: *facts.resource::<WorldBounds>(),
            colored_by_group: facts.settings.color_by == ColorBy::Group,
        };
        show(ui, context.look, &view, context.actions);
    }
}

/// Shows the scene.
pub fn show(ui: &mut Ui, look: &Look, view: &SceneView, actions: &mut Actions) {
    if view.status.name.is_empty() && view.groups.is_empty() {
        widgets::empty(ui, look, ICON_MOVIE, "No scene is open", "Choose one at the top left, or press Ctrl O.");
        return;
    }
    let title = if view.status.title.is_empty() { &view.status.name } else { &view.status.title };
    if !title.is_empty() {
        ui.add(Label::new(look.strong(title.as_str())).wrap());
    }
    if !view.status.description.is_empty() {
        ui.add(Label::new(look.quiet(view.status.description.as_str())).wrap());
    }
    ui.add_space(spacing::TIGHT);
    widgets::property_text(ui, look, "Agents", look.figure(format::count(view.agents)));
    let size = view.bounds.size;
    let world = format!("{} × {}", format::number(size.x.into()), format::number(size.y.into()));
    let edge = match view.bounds.edge {
        Edge::Wrap => "The edges wrap around",
        Edge::Bounce => "The edges are walls",
        Edge::Open => "There are no edges",
    };
    widgets::property(ui, look, "World", |ui| {
        ui.label(look.quiet("units"));
        ui.label(look.figure(world)).on_hover_text(look.body(edge));
    });
    groups(ui, look, view, actions);
}

fn groups(ui: &mut Ui, look: &Look, view: &SceneView, actions: &mut Actions) {
    if view.groups.is_empty() {
        widgets::empty(ui, look, ICON_GROUPS, "The scene has no groups of agents", "Its agents list names them.");
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let list = ScrollArea::vertical().id_salt("groups").max_height(measure::GROUP_LIST).auto_shrink([false, true]);
    list.show_rows(ui, measure::TABLE_ROW, view.groups.len(), |ui, rows| {
        for number in rows {
            let group = &view.groups[number];
            let row = widgets::row_background(ui, look, ("group", number), false);
            widgets::named(ui, &row, WidgetType::Button, &format!("Select {}", group.name));
            let tip = format!("Select the agents of {}; Shift adds them, Alt takes them out", group.name);
            if widgets::tip(row, look, &tip, "").clicked() {
                actions.push(Action::SelectBy(Selector::Named(group.name.clone()), widgets::combine_held(ui)));
            }
            ui.horizontal(|ui| {
                ui.set_min_height(measure::TABLE_ROW);
                ui.spacing_mut().item_spacing.x = spacing::NORMAL;
                let tint = if view.colored_by_group { look.category(number) } else { look.disabled };
                widgets::swatch(ui, tint);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.label(look.figure(format::count(group.count)));
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        let label = ui.add(Label::new(look.body(group.name.as_str())).truncate());
                        if !group.capabilities.is_empty() {
                            label.on_hover_text(look.body(format!("Can {}", group.capabilities.join(", "))));
                        }
                    });
                });
            });
        }
    });
}
