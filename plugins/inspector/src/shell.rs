//! Where the panels stand: bars at the top and the bottom, docks around the world, and what floats over it.

use agent2028_core::agent::{AgentGroups, AgentId, CapabilityRegistry};
use agent2028_core::clock::SimClock;
use agent2028_core::event::EventBus;
use agent2028_core::intervention::{InterventionLog, InterventionQueue};
use agent2028_core::metrics::Metrics;
use agent2028_core::quarantine::Quarantine;
use agent2028_core::rng::SimRng;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_core::transport::Transport;
use agent2028_pheromones::field::PheromoneField;
use agent2028_view::tokens::{layout, spacing};
use agent2028_view::{ColorBy, Selection, ViewSettings, Viewport, WorldCamera};
use bevy::math::Vec2;
use bevy_egui::egui;
use egui::{Id, Panel, Rect, ScrollArea, Stroke, Ui};
use egui_material_icons::icons::ICON_TOUCH_APP;

use crate::actions::{Action, Actions};
use crate::facts::AgentFacts;
use crate::panels::hints::Hint;
use crate::panels::{
    agent, captions, events, faults, help, hints, interventions, many, metrics, parameters, plots, problems, scene,
    status_bar, top_bar, transport,
};
use crate::scene::{SceneLibrary, SceneRequest, SceneStatus};
use crate::shortcuts::{self, Command};
use crate::state::{BottomTab, InspectorState};
use crate::theme::{Look, margin, measure, panel_frame};
use crate::widgets;

/// Everything that the panels read.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The simulation.
    pub simulation: &'a Simulation,
    /// Play, pause and speed.
    pub transport: &'a Transport,
    /// How the world is drawn.
    pub settings: &'a ViewSettings,
    /// Which agents are selected.
    pub selection: &'a Selection,
    /// Where the camera is.
    pub camera: &'a WorldCamera,
    /// Which part of the window shows the world.
    pub viewport: &'a Viewport,
    /// All scenes.
    pub library: &'a SceneLibrary,
    /// The running scene.
    pub status: &'a SceneStatus,
}

impl<'a> Facts<'a> {
    fn resource<R: bevy::prelude::Resource>(&self) -> &'a R {
        self.simulation.world().resource::<R>()
    }

    fn tick_hz(&self) -> f64 {
        self.resource::<SimClock>().tick_hz()
    }
}

/// Draws everything and returns the rectangle that is left for the world, in the points of `ui`.
pub fn show(ui: &mut Ui, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) -> Rect {
    let look = Look::of(facts.settings.theme);
    let tabbed = keys(ui, facts, state, actions);
    if state.visible {
        docks(ui, &look, facts, state, actions);
    }
    let free = ui.available_rect_before_wrap();
    floating(ui, &look, facts, state, actions, free);
    if tabbed {
        // egui moves the keyboard focus on Tab too; here it only hides and shows.
        let focused = ui.memory(egui::Memory::focused);
        if let Some(focused) = focused {
            ui.memory_mut(|memory| memory.surrender_focus(focused));
        }
    }
    follow_hints(facts, state, actions);
    free
}

/// Turns keys into actions; true if the panels were hidden or shown.
fn keys(ui: &Ui, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) -> bool {
    let mut tabbed = false;
    for command in shortcuts::pressed(ui.ctx()) {
        match command {
            Command::PlayPause => actions.push(Action::Play(!facts.transport.playing)),
            Command::Step => actions.push(Action::Step(1)),
            Command::StepTen => actions.push(Action::Step(10)),
            Command::Slower => actions.push(Action::Speed(transport::slower(facts.transport.speed))),
            Command::Faster => actions.push(Action::Speed(transport::faster(facts.transport.speed))),
            Command::Restart => actions.push(Action::Scene(SceneRequest::Reload)),
            Command::Scenes => {
                state.visible = true;
                state.top_bar.chooser.open = true;
            }
            Command::Theme => actions.push(Action::Theme(facts.settings.theme.other())),
            Command::ScaleUp => actions.push(Action::Scale(top_bar::larger(state.scale))),
            Command::ScaleDown => actions.push(Action::Scale(top_bar::smaller(state.scale))),
            Command::ScaleReset => actions.push(Action::Scale(1.0)),
            Command::Panels => {
                state.visible = !state.visible;
                tabbed = true;
            }
            Command::Help => state.top_bar.help = !state.top_bar.help,
        }
    }
    tabbed
}

fn docks(ui: &mut Ui, look: &Look, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) {
    let world = facts.simulation.world();
    let fields: Vec<String> = world
        .get_resource::<PheromoneField>()
        .map_or_else(Vec::new, |field| field.layers().map(|(_, name, _)| name.to_owned()).collect());
    let capabilities: Vec<String> = facts.resource::<CapabilityRegistry>().names().map(str::to_owned).collect();
    let mut open_problems = false;

    Panel::top(Id::new("top bar")).exact_size(layout::TOP_BAR).frame(panel_frame(look, spacing::WIDE, 0.0)).show(
        ui,
        |ui| {
            let view = top_bar::TopBarView {
                library: facts.library,
                status: facts.status,
                transport: transport_view(facts),
                settings: facts.settings,
                fields: &fields,
                scale: state.scale,
            };
            top_bar::show(ui, look, &view, &mut state.top_bar, actions);
        },
    );
    Panel::bottom(Id::new("status bar"))
        .exact_size(layout::STATUS_BAR)
        .frame(panel_frame(look, spacing::WIDE, 0.0))
        .show(ui, |ui| open_problems = status(ui, look, facts, state, actions));
    Panel::bottom(Id::new("bottom dock"))
        .resizable(true)
        .default_size(layout::BOTTOM_DOCK)
        .min_size(measure::LEAST_BOTTOM)
        .frame(panel_frame(look, spacing::WIDE, spacing::TIGHT))
        .show(ui, |ui| bottom(ui, look, facts, state, actions));
    Panel::left(Id::new("left dock"))
        .default_size(layout::LEFT_DOCK)
        .min_size(measure::LEAST_DOCK)
        .frame(panel_frame(look, 0.0, 0.0))
        .show(ui, |ui| left(ui, look, facts, &capabilities, &fields, state, actions));
    Panel::right(Id::new("right dock"))
        .default_size(layout::RIGHT_DOCK)
        .min_size(measure::LEAST_DOCK)
        .frame(panel_frame(look, 0.0, 0.0))
        .show(ui, |ui| right(ui, look, facts, &capabilities, state, actions));
    if open_problems {
        state.problems.open();
    }
}

fn transport_view(facts: &Facts) -> transport::TransportView {
    transport::TransportView {
        playing: facts.transport.playing,
        speed: facts.transport.speed,
        real_time_factor: facts.transport.real_time_factor(),
        tick: facts.simulation.tick(),
        seconds: facts.resource::<SimClock>().seconds(),
        stopped: facts.simulation.stopped(),
    }
}

fn status(ui: &mut Ui, look: &Look, facts: &Facts, state: &InspectorState, actions: &mut Actions) -> bool {
    let now = (facts.simulation.generation(), facts.simulation.tick());
    let known = state.hash.as_ref().filter(|known| (known.generation, known.tick) == now);
    let view = status_bar::StatusView {
        agents: facts.simulation.agents() as u64,
        tick_cost: facts.simulation.tick_cost(),
        frames_per_second: state.frames.rate(),
        seed: facts.status.seed,
        hash: known.map(|known| known.hash.as_str()),
        waiting: facts.resource::<InterventionQueue>().iter().filter(|waiting| waiting.tick <= now.1 + 1).count(),
        problems: &facts.status.problems,
        quarantine: facts.resource::<Quarantine>(),
        rejected: facts.resource::<Metrics>().rejected(),
        stopped: facts.simulation.stopped(),
        playing: facts.transport.playing,
    };
    status_bar::show(ui, look, &view, actions)
}

/// A column of sections that scrolls when it is too long.
fn dock(ui: &mut Ui, name: &str, contents: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(name).auto_shrink([false, false]).show(ui, |ui| {
        egui::Frame::new().inner_margin(margin(spacing::WIDE, spacing::NORMAL)).show(ui, |ui| {
            contents(ui);
        });
    });
}

fn left(
    ui: &mut Ui,
    look: &Look,
    facts: &Facts,
    capabilities: &[String],
    fields: &[String],
    state: &mut InspectorState,
    actions: &mut Actions,
) {
    let world = facts.simulation.world();
    let bounds = *facts.resource::<WorldBounds>();
    let agents = facts.simulation.agents() as u64;
    let InspectorState { groups, parameters: sliders, faults: palette, scene_values, .. } = state;
    let groups = groups.follow(facts.simulation.generation(), world);
    dock(ui, "left", |ui| {
        widgets::section(
            ui,
            look,
            "Scene",
            |_| {},
            |ui| {
                let colored_by_group = facts.settings.color_by == ColorBy::Group;
                scene::show(
                    ui,
                    look,
                    &scene::SceneView { status: facts.status, groups, agents, bounds, colored_by_group },
                );
            },
        );
        widgets::section(
            ui,
            look,
            "Parameters",
            |_| {},
            |ui| {
                let params = parameters::gather(world, scene_values);
                parameters::show(ui, look, &params, facts.transport.playing, sliders, actions);
            },
        );
        widgets::section(
            ui,
            look,
            "Faults",
            |_| {},
            |ui| {
                let view = faults::FaultsView {
                    agents,
                    groups,
                    selected: &facts.selection.selected,
                    capabilities,
                    fields,
                    view_center: facts.camera.center,
                    world_size: bounds.size.max_element(),
                };
                faults::show(ui, look, &view, palette, actions);
            },
        );
    });
}

fn right(
    ui: &mut Ui,
    look: &Look,
    facts: &Facts,
    capabilities: &[String],
    state: &mut InspectorState,
    actions: &mut Actions,
) {
    let world = facts.simulation.world();
    let selected = facts.selection.selected.as_slice();
    dock(ui, "right", |ui| match selected {
        [] => widgets::empty(
            ui,
            look,
            ICON_TOUCH_APP,
            "Nothing is selected",
            "Click an agent in the world to see what it is and to change it. Shift adds to the selection, Shift and \
             dragging selects a box.",
        ),
        [only] => match AgentFacts::of(world, *only) {
            Some(facts_of_agent) => one(ui, look, facts, &facts_of_agent, capabilities, state, actions),
            None => gone(ui, look, *only, actions),
        },
        several => {
            let now = ui.input(|input| input.time);
            let (generation, tick) = (facts.simulation.generation(), facts.simulation.tick());
            let InspectorState { groups, many_cache, many: remembered, .. } = state;
            let view = many::ManyView {
                selected: several,
                facts: many_cache.follow(generation, tick, world, several, now),
                groups: groups.follow(generation, world),
                names: facts.resource::<AgentGroups>(),
                capabilities,
            };
            many::show(ui, look, &view, remembered, actions);
        }
    });
}

fn one(
    ui: &mut Ui,
    look: &Look,
    facts: &Facts,
    agent: &AgentFacts,
    capabilities: &[String],
    state: &mut InspectorState,
    actions: &mut Actions,
) {
    if state.agent.uuid_of == Some(agent.id) && state.uuid.as_ref().is_none_or(|(of, _)| *of != agent.id) {
        let uuid = agent2028_core::agent::agent_uuid(facts.resource::<SimRng>(), agent.id);
        state.uuid = Some((agent.id, uuid.to_string()));
    }
    let asked = state.agent.uuid_of == Some(agent.id);
    let view = agent::AgentView {
        agent,
        uuid: state.uuid.as_ref().filter(|(of, _)| asked && *of == agent.id).map(|(_, uuid)| uuid.as_str()),
        followed: facts.camera.follow == Some(agent.id),
        capabilities,
        tick: facts.simulation.tick(),
        tick_hz: facts.tick_hz(),
    };
    agent::show(ui, look, &view, &mut state.agent, actions);
}

fn gone(ui: &mut Ui, look: &Look, agent: AgentId, actions: &mut Actions) {
    let what = format!("Agent {agent} has left the world");
    widgets::empty(ui, look, ICON_TOUCH_APP, &what, "Click another agent to see what it is.");
    ui.vertical_centered(|ui| {
        if widgets::text_button(ui, look.body("Select nothing")).clicked() {
            actions.push(Action::Select(Vec::new()));
        }
    });
}

fn bottom(ui: &mut Ui, look: &Look, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        for tab in BottomTab::ALL {
            let chosen = state.tab == tab;
            let text = if chosen { look.strong(tab.label()) } else { look.body(tab.label()).color(look.secondary) };
            let response = ui.add(egui::Button::new(text).frame(false).min_size(egui::vec2(0.0, measure::CONTROL)));
            if chosen {
                let y = response.rect.bottom();
                let line = Stroke::new(spacing::HAIRLINE * 2.0, look.accent);
                ui.painter().hline(response.rect.x_range(), y, line);
            }
            let enabled = ui.is_enabled();
            response.widget_info(|| {
                egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, enabled, chosen, tab.label())
            });
            if response.clicked() {
                state.tab = tab;
            }
            ui.add_space(spacing::NORMAL);
        }
    });
    ui.add_space(spacing::TIGHT);
    match state.tab {
        BottomTab::Plots => {
            let view = plots::PlotsView {
                metrics: facts.resource::<Metrics>(),
                plots: &facts.status.plots,
                tick: facts.simulation.tick(),
                tick_hz: facts.tick_hz(),
            };
            plots::show(ui, look, &view, &mut state.plots);
        }
        BottomTab::Metrics => {
            let all = facts.resource::<Metrics>();
            metrics::show(ui, look, all, &mut state.metrics, &mut state.plots, actions);
        }
        BottomTab::Events => {
            let view = events::EventsView {
                bus: facts.resource::<EventBus>(),
                names: facts.resource::<AgentGroups>(),
                selected: &facts.selection.selected,
            };
            events::show(ui, look, &view, &mut state.events, actions);
        }
        BottomTab::Interventions => {
            let view = interventions::InterventionsView {
                log: facts.resource::<InterventionLog>(),
                queue: facts.resource::<InterventionQueue>(),
            };
            interventions::show(ui, look, &view);
        }
    }
}

fn floating(ui: &Ui, look: &Look, facts: &Facts, state: &mut InspectorState, actions: &mut Actions, free: Rect) {
    let ctx = ui.ctx().clone();
    if state.visible && state.faults.whom == faults::Whom::Circle {
        circle(ui, look, facts, state, free);
    }
    let now = ctx.input(|input| input.time);
    let (generation, tick) = (facts.simulation.generation(), facts.simulation.tick());
    let caption = state.captions.follow(&facts.status.captions, generation, tick, facts.tick_hz(), now);
    if let Some((text, shown_for)) = caption {
        captions::show(&ctx, look, free, text, shown_for, !facts.settings.reduced_motion);
    }
    if state.visible {
        hints::show(&ctx, look, free, &mut state.hints);
    }
    problems::show(&ctx, look, free, &facts.status.problems, &mut state.problems, actions);
    help::show(&ctx, look, &mut state.top_bar.help);
}

/// The circle that a fault will be applied in, drawn over the world.
fn circle(ui: &Ui, look: &Look, facts: &Facts, state: &InspectorState, free: Rect) {
    let zoom = ui.ctx().zoom_factor();
    let center: Vec2 = facts.camera.world_to_window(facts.viewport, state.faults.center) / zoom;
    let radius = state.faults.radius / facts.camera.units_per_pixel / zoom;
    let painter = ui.painter().with_clip_rect(free);
    let stroke = Stroke::new(spacing::HAIRLINE, look.accent);
    painter.circle(egui::pos2(center.x, center.y), radius, look.accent.gamma_multiply(0.06), stroke);
}

fn follow_hints(facts: &Facts, state: &mut InspectorState, actions: &Actions) {
    if !facts.selection.selected.is_empty() {
        state.hints.done(Hint::Select);
    }
    for action in actions.iter() {
        match action {
            Action::Play(_) | Action::Step(_) => state.hints.done(Hint::Pause),
            Action::Intervene(_) => state.hints.done(Hint::Intervene),
            _ => {}
        }
    }
}
