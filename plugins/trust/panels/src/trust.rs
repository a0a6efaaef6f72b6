//! Trust: who trusts whom as a graph, why one is trusted as it is, and how one may trust another.

mod graph;
mod one;
mod path;

use agent2028_core::agent::AgentId;
use agent2028_trust::score::Evidence;
use agent2028_trust::{Trust, TrustConfig, Way};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, Layout, ScrollArea, Ui, UiBuilder, WidgetType, vec2};
use egui_material_icons::icons::{ICON_HANDSHAKE, ICON_VERIFIED_USER};

use agent2028_kit::actions::Actions;
use agent2028_kit::format;
use agent2028_kit::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct TrustView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// Changes when the simulation is another one.
    pub generation: u64,
    /// The last tick that ran.
    pub tick: u64,
    /// Ticks per simulated second.
    pub tick_hz: f64,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
}

/// What the panel remembers.
#[derive(Clone, Debug)]
pub struct TrustState {
    /// Edges with less trust than this are not drawn, 0–1.
    pub threshold: f64,
    /// How trust in strangers is found.
    pub way: Way,
    /// Whether the way asked for goes from the agent with the higher number to the other.
    pub back: bool,
    graph: graph::Drawing,
    /// The raters of an agent, and when they were looked for: a walk over all pairs.
    raters: Option<(u64, AgentId, f64, Vec<(AgentId, Evidence)>)>,
}

impl TrustState {
    /// The raters of an agent, looked for once a second.
    fn raters_of(&mut self, view: &TrustView, trust: &Trust, agent: AgentId, now: f64) -> &[(AgentId, Evidence)] {
        let fits = self.raters.as_ref().is_some_and(|(generation, of, at, _)| {
            (*generation, *of) == (view.generation, agent) && (0.0..graph::INTERVAL_S).contains(&(now - at))
        });
        if !fits {
            self.raters = Some((view.generation, agent, now, trust.raters_of(agent)));
        }
        self.raters.as_ref().map_or(&[], |(.., raters)| raters)
    }
}

impl Default for TrustState {
    fn default() -> Self {
        Self { threshold: 0.6, way: Way::BestPath, back: false, graph: graph::Drawing::default(), raters: None }
    }
}

/// A trust as panels write it.
fn share(value: f64) -> String {
    format::fixed(value, 2)
}

/// The panel of who trusts whom.
#[derive(Clone, Copy, Debug)]
pub struct TrustPanel;

impl Panel for TrustPanel {
    type State = TrustState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Trust"),
        title: "Trust",
        icon: ICON_HANDSHAKE,
        help: "Who trusts whom, what is said of an agent and by whom, and how one may trust another.",
        group: Group::Trust,
        side: DockSide::Bottom,
        scrolls: false,
        story: true,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<agent2028_trust::Trust>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut TrustState) {
        let facts = context.facts;
        let (world, generation) = (facts.world(), facts.generation());
        let (tick, selected) = (facts.tick(), facts.selected());
        let view = TrustView { world, generation, tick, tick_hz: facts.tick_hz(), selected };
        show(ui, context.look, &view, state, context.actions);
    }
}

/// Shows trust.
pub fn show(ui: &mut Ui, look: &Look, view: &TrustView, state: &mut TrustState, actions: &mut Actions) {
    let known = view.world.get_resource::<Trust>().zip(view.world.get_resource::<TrustConfig>());
    let Some((trust, config)) = known else {
        let how = "A scene with a section trust keeps ratings and reputations: trust-network, sybil, on-off.";
        return widgets::empty(ui, look, ICON_HANDSHAKE, "Nobody keeps trust in this scene", how);
    };
    if trust.graph().is_empty() {
        let how = "Edges appear as agents ask each other for operations and see how those turn out.";
        return widgets::empty(ui, look, ICON_VERIFIED_USER, "Nobody knows anybody yet", how);
    }
    let area = ui.available_rect_before_wrap();
    if area.width() < measure::BESIDE {
        return ScrollArea::vertical()
            .id_salt("trust")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                threshold(ui, look, state);
                let size = vec2(ui.available_width(), measure::GROUP_LIST + measure::PLOT.1);
                graph::show(ui, look, view, trust, state, size, actions);
                facts(ui, look, view, (trust, config), state, actions);
            })
            .inner;
    }
    let edge = area.right() - measure::TIER;
    let left = egui::Rect::from_min_max(area.min, egui::pos2(edge - spacing::WIDE, area.bottom()));
    let right = egui::Rect::from_min_max(egui::pos2(edge, area.top()), area.max);
    let mut side = ui.new_child(UiBuilder::new().max_rect(left).layout(Layout::top_down(Align::Min)));
    threshold(&mut side, look, state);
    let size = side.available_size();
    graph::show(&mut side, look, view, trust, state, size, actions);
    let mut side = ui.new_child(UiBuilder::new().max_rect(right).layout(Layout::top_down(Align::Min)));
    ScrollArea::vertical().id_salt("trust").auto_shrink([false, false]).show(&mut side, |ui| {
        facts(ui, look, view, (trust, config), state, actions);
    });
    ui.advance_cursor_after_rect(area);
}

fn threshold(ui: &mut Ui, look: &Look, state: &mut TrustState) {
    ui.horizontal(|ui| {
        ui.label(look.quiet("Trust of at least"));
        widgets::slider(ui, &mut state.threshold, 0.0..=1.0, 0.01, measure::CHOICE, "Least trust of an edge");
        ui.label(look.figure(share(state.threshold)));
    });
}

fn facts(
    ui: &mut Ui,
    look: &Look,
    view: &TrustView,
    (trust, config): (&Trust, &TrustConfig),
    state: &mut TrustState,
    actions: &mut Actions,
) {
    match view.selected {
        [one] => {
            widgets::section(ui, look, "Reputation", |_| {}, |ui| one::reputation(ui, look, view, trust, config, *one));
            widgets::section(
                ui,
                look,
                "Said of it",
                |_| {},
                |ui| {
                    let now = ui.input(|input| input.time);
                    let raters = state.raters_of(view, trust, *one, now);
                    one::said(ui, look, view, trust, *one, raters, actions);
                },
            );
            let title = "Whom it trusts";
            widgets::section(
                ui,
                look,
                title,
                |_| {},
                |ui| path::trustees(ui, look, view, trust, config, *one, actions),
            );
        }
        [one, other] => {
            let (from, to) = if state.back { (*other, *one) } else { (*one, *other) };
            widgets::section(
                ui,
                look,
                "From one to the other",
                |_| {},
                |ui| {
                    let response =
                        widgets::choice("way", measure::CHOICE, look.body(path::name(state.way))).show_ui(ui, |ui| {
                            for way in Way::ALL {
                                if ui.selectable_label(way == state.way, look.body(path::name(way))).clicked() {
                                    state.way = way;
                                }
                            }
                        });
                    widgets::named(ui, &response.response, WidgetType::ComboBox, "How trust is found");
                    path::explain(ui, look, view, trust, config, (from, to), state, actions);
                },
            );
        }
        _ => {
            widgets::section(ui, look, "All agents", |_| {}, |ui| overview(ui, look, trust));
            ui.label(
                look.quiet("Select an agent to see what is said of it, or two to see how one may trust the other."),
            );
        }
    }
}

fn overview(ui: &mut Ui, look: &Look, trust: &Trust) {
    let counts = trust.counts();
    for (name, number) in [
        ("Pairs", trust.graph().len() as u64),
        ("Ratings", counts.observations),
        ("Exposed", counts.exposed),
        ("Corrected", counts.corrections),
        ("New names", counts.whitewashed),
    ] {
        widgets::property_text(ui, look, name, look.figure(format::count(number)));
    }
    if let Some(malicious) = trust.malicious_share() {
        widgets::property_text(ui, look, "Malicious work", look.figure(format::percent(malicious)));
    }
}
