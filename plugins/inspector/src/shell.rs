//! The whole window: bars at the top and the bottom, docks around the world, and what floats over it.

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, CapabilityRegistry};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, EventHandlers};
use agent2028_core::intervention::{InterventionLog, InterventionQueue};
use agent2028_core::life::Lives;
use agent2028_core::metrics::Metrics;
use agent2028_core::params::Params;
use agent2028_core::quarantine::Quarantine;
use agent2028_core::rng::SimRng;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_core::timeline::{Branch, Timeline};
use agent2028_core::transport::Transport;
use agent2028_pheromones::field::PheromoneField;
use agent2028_view::capture::CaptureRequest;
use agent2028_view::tokens::{layout, spacing};
use agent2028_view::{ColorBy, Combine, Selection, Tools, ViewSettings, Viewport, WorldCamera};
use bevy::math::Vec2;
use bevy_egui::egui;
use egui::{Id, Panel, Rect, Stroke, Ui};

use crate::actions::{Action, Actions, ToolChange, Travel};
use crate::dock::{DockLayout, PanelId, Preset, menu};
use crate::facts::AgentFacts;
use crate::floats;
use crate::panels::hints::Hint;
use crate::panels::overlay::{self, Views};
use crate::panels::{
    agent, captions, compare, distributions, events, faults, gossip, help, hints, interventions, layers, ledger, many,
    messages, metrics, network, notices, operations, palette, parameters, pending, plots, problems, profiler, registry,
    routing, runs, scene, scene_editor, scene_form, selected, selections, settings, status_bar, timeline, tool_options,
    tools, top_bar, transport, trust,
};
use crate::runs::RunRequest;
use crate::scene::{SceneLibrary, SceneRequest, SceneStatus};
use crate::shortcuts::{self, Command};
use crate::state::InspectorState;
use crate::theme::{Look, measure, panel_frame};
use crate::tooling;

/// Everything that the panels read.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The simulation.
    pub simulation: &'a Simulation,
    /// Play, pause and speed.
    pub transport: &'a Transport,
    /// Where time can be gone to, and on which branches.
    pub timeline: &'a Timeline,
    /// How the world is drawn.
    pub settings: &'a ViewSettings,
    /// Which agents are selected.
    pub selection: &'a Selection,
    /// The tool in hand.
    pub tools: &'a Tools,
    /// Where the camera is.
    pub camera: &'a WorldCamera,
    /// Which part of the window shows the world.
    pub viewport: &'a Viewport,
    /// All scenes.
    pub library: &'a SceneLibrary,
    /// The running scene.
    pub status: &'a SceneStatus,
    /// What the view has worked out.
    pub views: Views<'a>,
    /// Whoever knows what a scene is.
    pub author: Option<&'a crate::authoring::Authoring>,
}

impl<'a> Facts<'a> {
    pub(crate) fn resource<R: bevy::prelude::Resource>(&self) -> &'a R {
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
    let framed = state.visible && !facts.views.capture.without_panels();
    let free = if framed { frame(ui, &look, facts, state, actions) } else { ui.available_rect_before_wrap() };
    floating(ui, &look, facts, state, actions, free);
    palette(ui, &look, facts, state, actions);
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
    let visible = state.visible;
    let asking = state.scenes.gallery.open || state.scenes.files.is_asking() || state.saving.is_asking();
    state.writing.follow(ui.ctx(), scene_editor::editor_id(), asking || state.palette.open);
    if asking {
        // Keys are answers there.
        return false;
    }
    for command in shortcuts::pressed(ui.ctx(), state.writing.is_on()) {
        run(command, facts, state, actions);
    }
    state.visible != visible
}

/// Does what a key or a line of the palette asks for.
fn run(command: Command, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) {
    match command {
        Command::PlayPause => actions.push(Action::Play(!facts.transport.playing)),
        Command::Step => actions.push(Action::Step(1)),
        Command::StepTen => actions.push(Action::Step(10)),
        Command::Back => actions.push(Action::Time(Travel::Back(1))),
        Command::BackTen => actions.push(Action::Time(Travel::Back(10))),
        Command::ToStart => actions.push(Action::Time(Travel::Seek(facts.timeline.start()))),
        Command::ToEnd => {
            let end = facts.timeline.current().map_or(0, Branch::furthest);
            actions.push(Action::Time(Travel::Seek(end)));
        }
        Command::GoToTick => {
            state.visible = true;
            state.timeline.jumping = true;
        }
        Command::Fork => actions.push(Action::Time(Travel::Fork)),
        Command::Undo => actions.push(Action::Time(Travel::Undo)),
        Command::Redo => actions.push(Action::Time(Travel::Redo)),
        Command::Slower => actions.push(Action::Speed(transport::slower(facts.transport.speed))),
        Command::Faster => actions.push(Action::Speed(transport::faster(facts.transport.speed))),
        Command::Restart => actions.push(Action::Scene(SceneRequest::Reload)),
        Command::SaveRun => actions.push(Action::Run(RunRequest::Ask)),
        Command::Scenes => actions.push(Action::Gallery),
        Command::Save => actions.push(Action::SaveScene { ask: false }),
        Command::SaveAs => actions.push(Action::SaveScene { ask: true }),
        Command::EditText => actions.push(Action::ShowPanel(PanelId::Editor)),
        Command::EditForm => actions.push(Action::ShowPanel(PanelId::Form)),
        Command::Theme => actions.push(Action::Theme(facts.settings.theme.other())),
        Command::ScaleUp => actions.push(Action::Scale(top_bar::larger(state.scale))),
        Command::ScaleDown => actions.push(Action::Scale(top_bar::smaller(state.scale))),
        Command::ScaleReset => actions.push(Action::Scale(1.0)),
        Command::Panels => state.visible = !state.visible,
        Command::SelectAll => actions.push(Action::SelectBy(Selector::All, Combine::Replace)),
        Command::Invert => actions.push(Action::InvertSelection),
        Command::Grow => actions.push(Action::GrowSelection),
        Command::UseTool => actions.push(Action::Tool(ToolChange::ActAtCenter)),
        Command::Palette => state.palette.toggle(),
        Command::Help => state.top_bar.help = !state.top_bar.help,
        Command::WindowPicture => {
            actions.push(Action::Capture(CaptureRequest::Window { stem: overlay::pictures_view(facts).stem }));
        }
        Command::WorldPicture => {
            let stem = overlay::pictures_view(facts).stem;
            actions.push(Action::Capture(CaptureRequest::World { stem, scale: 1 }));
        }
        Command::Film => {
            let view = overlay::pictures_view(facts);
            let begin = CaptureRequest::Film { stem: view.stem };
            actions.push(Action::Capture(if view.filming.is_some() { CaptureRequest::EndFilm } else { begin }));
        }
        Command::Lens => {
            let settings = ViewSettings { lens: facts.settings.lens.next(), ..facts.settings.clone() };
            actions.push(Action::View(Box::new(settings)));
        }
        Command::Toggle(toggle) => {
            let mut settings = facts.settings.clone();
            toggle.set(&mut settings, !toggle.get(facts.settings));
            actions.push(Action::View(Box::new(settings)));
        }
        Command::LayoutWatch => arrange(state, Preset::Watch),
        Command::LayoutDebug => arrange(state, Preset::Debug),
        Command::LayoutPresent => arrange(state, Preset::Present),
    }
}

/// The command palette, and what was chosen in it.
fn palette(ui: &Ui, look: &Look, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) {
    if !state.palette.open {
        return;
    }
    let groups = facts.resource::<AgentGroups>();
    let index = facts.resource::<AgentIndex>();
    let names = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect::<Vec<_>>();
    let scenes: Vec<(String, String)> =
        facts.library.entries.iter().map(|entry| (entry.name.clone(), entry.title.clone())).collect();
    let view = palette::PaletteView {
        scenes: &scenes,
        metrics: &names(&mut facts.resource::<Metrics>().iter().map(|(spec, _)| spec.name.as_str())),
        parameters: &names(&mut facts.resource::<Params>().0.keys().map(String::as_str)),
        groups: &names(&mut groups.groups().iter().map(|group| group.name.as_str())),
    };
    let find_agent = |text: &str| {
        let id = text.parse().ok().map(AgentId).or_else(|| groups.agent_named(text))?;
        index.get(id).map(|_| (id, groups.name_of(id)))
    };
    let window = ui.ctx().content_rect();
    let Some(choice) = palette::show(ui.ctx(), look, window, &view, find_agent, &mut state.palette) else {
        return;
    };
    match choice {
        palette::Choice::Command(command) => run(command, facts, state, actions),
        palette::Choice::Panel(panel) => actions.push(Action::ShowPanel(panel)),
        palette::Choice::Scene(name) => actions.push(Action::Scene(SceneRequest::Open(name))),
        palette::Choice::Metric(name) => {
            if !state.plots.shows(&name) {
                state.plots.toggle(&name);
            }
            actions.push(Action::WantMetric(name));
            actions.push(Action::ShowPanel(PanelId::Plots));
        }
        palette::Choice::Parameter(_) => actions.push(Action::ShowPanel(PanelId::Parameters)),
        palette::Choice::Group(name) => {
            let group = groups.find(&name);
            let agents = group.map_or_else(Vec::new, |group| {
                groups.ranges_of(group).flatten().map(AgentId).filter(|id| index.get(*id).is_some()).collect()
            });
            actions.push(Action::Select(agents));
            actions.push(Action::ShowPanel(PanelId::Agent));
        }
        palette::Choice::Agent(id) => {
            actions.push(Action::Select(vec![id]));
            actions.push(Action::Follow(Some(id)));
            actions.push(Action::ShowPanel(PanelId::Agent));
        }
    }
}

fn arrange(state: &mut InspectorState, preset: Preset) {
    state.layout = DockLayout::preset(preset);
    state.visible = true;
}

/// Bars, docks and the panels in them; returns the place that is left for the world.
fn frame(ui: &mut Ui, look: &Look, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) -> Rect {
    let world = facts.simulation.world();
    let fields: Vec<String> = world
        .get_resource::<PheromoneField>()
        .map_or_else(Vec::new, |field| field.layers().map(|(_, name, _)| name.to_owned()).collect());
    let capabilities: Vec<String> = facts.resource::<CapabilityRegistry>().names().map(str::to_owned).collect();
    let demands = faults::demands(world);
    let field_lines = overlay::field_lines(facts);
    let mut open_problems = false;

    Panel::top(Id::new("top bar")).exact_size(layout::TOP_BAR).frame(panel_frame(look, spacing::WIDE, 0.0)).show(
        ui,
        |ui| {
            let view = top_bar::TopBarView {
                library: facts.library,
                status: facts.status,
                dirty: state.scenes.document.is_dirty(),
                transport: transport_view(facts),
                layers: layers::LayersView {
                    settings: facts.settings,
                    fields: &field_lines,
                    quantities: state.overlay.quantities(facts.simulation),
                    range: facts.views.columns.color().filter(|column| column.has_range()).map(|column| {
                        let (low, high) = column.range;
                        (f64::from(low), f64::from(high))
                    }),
                },
                pictures: overlay::pictures_view(facts),
                scale: state.scale,
            };
            let InspectorState { top_bar: bar, layout, visible, .. } = state;
            top_bar::show(ui, look, &view, bar, |ui| menu::layouts(ui, look, layout, visible), actions);
        },
    );
    Panel::bottom(Id::new("status bar"))
        .exact_size(layout::STATUS_BAR)
        .frame(panel_frame(look, spacing::WIDE, 0.0))
        .show(ui, |ui| open_problems = status(ui, look, facts, state, actions));
    Panel::bottom(Id::new("strip of time"))
        .exact_size(measure::STRIP)
        .frame(panel_frame(look, spacing::WIDE, 0.0))
        .show(ui, |ui| strip(ui, look, facts, state, actions));
    if open_problems {
        state.problems.open();
    }
    Panel::left(Id::new("tool rail"))
        .exact_size(layout::TOOL_STRIP)
        .resizable(false)
        .frame(panel_frame(look, 0.0, spacing::TIGHT))
        .show(ui, |ui| tools::show(ui, look, &tools::ToolsView::of(facts.tools.active, world), actions));
    // The layout is taken out while it is drawn: panels may change the rest of the state.
    let mut docks = std::mem::replace(&mut state.layout, DockLayout::empty());
    let free = docks.show(ui, look, |ui, panel| {
        let extras = Extras { capabilities: &capabilities, fields: &fields, demands: &demands };
        show_panel(ui, look, panel, facts, &extras, state, actions);
    });
    state.layout = docks;
    free
}

/// What several panels need, gathered once a frame.
struct Extras<'a> {
    capabilities: &'a [String],
    fields: &'a [String],
    demands: &'a [faults::DemandFacts],
}

/// Fills a panel.
fn show_panel(
    ui: &mut Ui,
    look: &Look,
    panel: PanelId,
    facts: &Facts,
    extras: &Extras,
    state: &mut InspectorState,
    actions: &mut Actions,
) {
    let world = facts.simulation.world();
    let generation = facts.simulation.generation();
    match panel {
        PanelId::World => {}
        PanelId::Scene => {
            let colored_by_group = facts.settings.color_by == ColorBy::Group;
            let view = scene::SceneView {
                status: facts.status,
                groups: state.groups.follow(generation, world),
                agents: facts.simulation.agents() as u64,
                bounds: *facts.resource::<WorldBounds>(),
                colored_by_group,
            };
            scene::show(ui, look, &view, actions);
        }
        PanelId::Parameters => {
            let params = parameters::gather(world, &state.scene_values);
            parameters::show(ui, look, &params, facts.transport.playing, &mut state.parameters, actions);
        }
        PanelId::Settings => {
            let InspectorState { closeup, settings: remembered, scene_values, .. } = state;
            let cache = &mut closeup.settings;
            cache.follow(generation, facts.simulation.tick(), world, scene_values);
            settings::show(ui, look, cache.list(), cache.refused(), remembered, actions);
        }
        PanelId::Select => {
            let now = ui.input(|input| input.time);
            let selected = &facts.selection.selected;
            let view = selections::SelectionsView { simulation: facts.simulation, selected, now };
            if let Some(selector) = selections::show(ui, look, &view, &mut state.selections, actions) {
                state.faults.whom = faults::Whom::Expression;
                state.faults.expression = Some((selector.to_string(), selector));
                actions.push(Action::ShowPanel(PanelId::Faults));
            }
        }
        PanelId::Faults => {
            let InspectorState { groups, faults: palette, .. } = state;
            let view = faults::FaultsView {
                agents: facts.simulation.agents() as u64,
                groups: groups.follow(generation, world),
                selected: &facts.selection.selected,
                capabilities: extras.capabilities,
                fields: extras.fields,
                talking: faults::Talking::of(world),
                proving: faults::Proving::of(world),
                trusting: world.contains_resource::<agent2028_trust::Trust>(),
                demands: extras.demands,
                view_center: facts.camera.center,
                world_size: facts.resource::<WorldBounds>().size.max_element(),
            };
            faults::show(ui, look, &view, palette, actions);
        }
        PanelId::Agent => inspected(ui, look, facts, extras, state, actions),
        PanelId::Compare => {
            let (selected, pinned) = (&facts.selection.selected, &facts.views.pins.0);
            let chosen = state.compare.chosen(selected, pinned);
            let quantities = state.closeup.quantities.follow(generation, world);
            let view = compare::gather(world, quantities, &chosen, selected, pinned);
            compare::show(ui, look, &view, &mut state.compare, actions);
        }
        PanelId::Plots => {
            let others = other_runs(facts, state);
            let view = plots::PlotsView {
                metrics: facts.resource::<Metrics>(),
                plots: &facts.status.plots,
                interventions: &facts.resource::<InterventionLog>().0,
                others: &others,
                tick: facts.simulation.tick(),
                tick_hz: facts.tick_hz(),
            };
            plots::show(ui, look, &view, &mut state.plots, actions);
        }
        PanelId::Metrics => {
            let all = facts.resource::<Metrics>();
            metrics::show(ui, look, all, &mut state.metrics, &mut state.plots, actions);
        }
        PanelId::Events => {
            let view = events::EventsView {
                bus: facts.resource::<EventBus>(),
                handlers: facts.resource::<EventHandlers>(),
                names: facts.resource::<AgentGroups>(),
                selected: &facts.selection.selected,
            };
            events::show(ui, look, &view, &mut state.events, actions);
        }
        PanelId::Interventions => {
            let view = interventions::InterventionsView {
                log: facts.resource::<InterventionLog>(),
                queue: facts.resource::<InterventionQueue>(),
            };
            interventions::show(ui, look, &view, actions);
        }
        PanelId::Runs => {
            let mut plotted: Vec<String> = Vec::new();
            for name in state.plots.plots.iter().flat_map(|plot| &plot.metrics) {
                if !plotted.contains(name) {
                    plotted.push(name.clone());
                }
            }
            let view = runs::RunsView {
                timeline: facts.timeline,
                metrics: facts.resource::<Metrics>(),
                plotted: &plotted,
                tick_hz: facts.tick_hz(),
            };
            runs::show(ui, look, &view, &mut state.runs, actions);
        }
        PanelId::Registry => {
            let (tick, selected) = (facts.simulation.tick(), facts.selection.selected.as_slice());
            let view = registry::RegistryView { world, generation, tick, selected };
            registry::show(ui, look, &view, &mut state.registry, actions);
        }
        PanelId::Distributions => {
            let (tick, selected) = (facts.simulation.tick(), facts.selection.selected.as_slice());
            let view = distributions::DistributionsView { world, generation, tick, selected };
            distributions::show(ui, look, &view, &mut state.distributions, actions);
        }
        PanelId::Network => {
            let view = network::NetworkView { world, generation, selected: &facts.selection.selected };
            network::show(ui, look, &view, &mut state.network, actions);
        }
        PanelId::Messages => {
            let (tick, selected) = (facts.simulation.tick(), facts.selection.selected.as_slice());
            let view = messages::MessagesView { world, tick, selected };
            messages::show(ui, look, &view, &mut state.messages, actions);
        }
        PanelId::Gossip => {
            let (tick, agents) = (facts.simulation.tick(), facts.simulation.agents() as u64);
            let view = gossip::GossipView { world, tick, agents, tick_hz: facts.tick_hz() };
            gossip::show(ui, look, &view, &mut state.gossip, actions);
        }
        PanelId::Routing => {
            let (tick, selected) = (facts.simulation.tick(), facts.selection.selected.as_slice());
            let view = routing::RoutingView { world, generation, tick, selected };
            routing::show(ui, look, &view, &mut state.routing, actions);
        }
        PanelId::Operations => {
            let (tick, selected) = (facts.simulation.tick(), facts.selection.selected.as_slice());
            let view = operations::OperationsView { world, generation, tick, tick_hz: facts.tick_hz(), selected };
            operations::show(ui, look, &view, &mut state.operations, actions);
        }
        PanelId::Ledger => {
            let view = ledger::LedgerView { world, generation, selected: &facts.selection.selected };
            ledger::show(ui, look, &view, &mut state.ledger, actions);
        }
        PanelId::Trust => {
            let (tick, selected) = (facts.simulation.tick(), facts.selection.selected.as_slice());
            let view = trust::TrustView { world, generation, tick, tick_hz: facts.tick_hz(), selected };
            trust::show(ui, look, &view, &mut state.trust, actions);
        }
        PanelId::Profiler => {
            let view = profiler::ProfilerView { world, frame: state.last_frame };
            profiler::show(ui, look, &view, &mut state.profiler, actions);
        }
        PanelId::Editor => {
            let crate::editing::ScenesState { document, editor, .. } = &mut state.scenes;
            scene_editor::show(ui, look, facts.author.map(|author| &author.0), document, editor, actions);
        }
        PanelId::Form => {
            let crate::editing::ScenesState { document, form, .. } = &mut state.scenes;
            scene_form::show(ui, look, facts.author.map(|author| &author.0), document, form);
        }
    }
}

fn transport_view(facts: &Facts) -> transport::TransportView {
    transport::TransportView {
        playing: facts.transport.playing,
        speed: facts.transport.speed,
        real_time_factor: if facts.views.picture { 0.0 } else { facts.transport.real_time_factor() },
        tick: facts.simulation.tick(),
        start: facts.timeline.start(),
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
        measured: !facts.views.picture,
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

/// The runs that plots compare with, and what is still to come of the one that is shown.
fn other_runs<'a>(facts: &Facts<'a>, state: &InspectorState) -> Vec<plots::OtherRun<'a>> {
    let Some(current) = facts.timeline.current() else {
        return Vec::new();
    };
    let now = facts.simulation.tick();
    let future = current.metrics().filter(|_| now < current.furthest()).map(|metrics| plots::OtherRun {
        name: plots::STILL_TO_COME,
        metrics,
        from: now,
        to: current.furthest(),
    });
    let compared = state.runs.compared(facts.timeline).into_iter().filter_map(|run| {
        let from = facts.timeline.common(run.id(), current.id());
        Some(plots::OtherRun { name: run.name(), metrics: run.metrics()?, from, to: run.furthest() })
    });
    compared.chain(future).collect()
}

/// The strip of time.
fn strip(ui: &mut Ui, look: &Look, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) {
    let live = facts.resource::<InterventionLog>().0.as_slice();
    let view = timeline::TimelineView {
        timeline: facts.timeline,
        log: facts.timeline.current().and_then(Branch::log).unwrap_or(live),
        waiting: facts.resource::<InterventionQueue>(),
        captions: &facts.status.captions,
        tick: facts.simulation.tick(),
        tick_hz: facts.tick_hz(),
        playing: facts.transport.playing,
        keyframes: !facts.views.picture,
    };
    timeline::show(ui, look, &view, &mut state.timeline, actions);
}

fn inspected(
    ui: &mut Ui,
    look: &Look,
    facts: &Facts,
    extras: &Extras,
    state: &mut InspectorState,
    actions: &mut Actions,
) {
    let world = facts.simulation.world();
    let capabilities = extras.capabilities;
    match facts.selection.selected.as_slice() {
        [] => selected::nothing(ui, look),
        [only] => match AgentFacts::of(world, *only) {
            Some(facts_of_agent) => one(ui, look, facts, &facts_of_agent, capabilities, state, actions),
            None => selected::gone(ui, look, *only, actions),
        },
        several => {
            let now = ui.input(|input| input.time);
            let (generation, tick) = (facts.simulation.generation(), facts.simulation.tick());
            let InspectorState { groups, many_cache, closeup, many: remembered, .. } = state;
            closeup.find_settable(generation, world);
            let quantities = closeup.quantities.follow(generation, world);
            let spreads = closeup.spreads.follow(generation, tick, world, quantities, several, now);
            let fields = closeup.settable.1.as_slice();
            let view = many::ManyView {
                selected: several,
                facts: many_cache.follow(generation, tick, world, several, now),
                groups: groups.follow(generation, world),
                names: facts.resource::<AgentGroups>(),
                capabilities,
                spreads,
                fields,
            };
            many::show(ui, look, &view, remembered, actions);
        }
    }
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
    let (generation, tick) = (facts.simulation.generation(), facts.simulation.tick());
    let world = facts.simulation.world();
    let now = ui.input(|input| input.time);
    let view = agent::AgentView {
        agent,
        uuid: state.uuid.as_ref().filter(|(of, _)| asked && *of == agent.id).map(|(_, uuid)| uuid.as_str()),
        followed: facts.camera.follow == Some(agent.id),
        pinned: facts.views.pins.contains(agent.id),
        settings: facts.settings,
        capabilities,
        explanations: state.closeup.why.follow(facts.simulation, agent.id, now),
        keys: state.closeup.keys.follow(facts.simulation, agent.id, now),
        fields: state.closeup.fields.follow(generation, tick, world, agent.id),
        life: facts.resource::<Lives>().get(agent.id),
        happenings: state.closeup.happenings.follow(generation, world, agent.id),
        names: facts.resource::<AgentGroups>(),
        tick,
        tick_hz: facts.tick_hz(),
    };
    agent::show(ui, look, &view, &mut state.agent, actions);
}

fn floating(ui: &Ui, look: &Look, facts: &Facts, state: &mut InspectorState, actions: &mut Actions, free: Rect) {
    let ctx = ui.ctx().clone();
    floats::begin(&ctx, free);
    things_that_float(ui, look, facts, state, actions, free);
    floats::end(&ctx);
}

fn things_that_float(
    ui: &Ui,
    look: &Look,
    facts: &Facts,
    state: &mut InspectorState,
    actions: &mut Actions,
    free: Rect,
) {
    let ctx = ui.ctx().clone();
    if state.visible && state.faults.whom == faults::Whom::Circle && facts.settings.layers.regions {
        circle(ui, look, facts, state, free);
    }
    let mut left_free = overlay::show(ui, look, facts, &mut state.overlay, &mut state.groups, actions, free);
    let mut above_chip = free;
    if state.visible && !facts.views.capture.without_panels() {
        let room =
            if left_free.between.width() >= measure::PENDING * 1.2 { left_free.between } else { left_free.above };
        if let Some(chip) = pending::show(&ctx, look, room, &mut state.pending, actions) {
            // What else stands at the lower edge moves up.
            for rect in [&mut left_free.whole, &mut left_free.between, &mut left_free.above, &mut above_chip] {
                rect.max.y = rect.max.y.min(chip.min.y);
            }
        }
    }
    let now = ctx.input(|input| input.time);
    let (generation, tick) = (facts.simulation.generation(), facts.simulation.tick());
    let caption = state.captions.follow(&facts.status.captions, generation, tick, facts.tick_hz(), now);
    if let Some((text, shown_for)) = caption {
        captions::show(&ctx, look, &left_free, text, shown_for, !facts.settings.reduced_motion);
    }
    if facts.views.capture.without_panels() {
        return;
    }
    // Who has taken a tool in hand is no beginner any more, and its strip needs the room.
    if state.visible && !tool_options::has_strip(facts.tools.active) {
        hints::show(&ctx, look, free, state.layout.is_open(PanelId::Faults), &mut state.hints);
    }
    if !facts.views.picture {
        notices::show(&ctx, look, free, &mut state.notices, !facts.settings.reduced_motion, actions);
    }
    if state.visible {
        tooling::tool_strip(&ctx, look, facts, state, actions, free);
    }
    tooling::drop_fault(ui, look, facts, state, actions, free);
    problems::show(&ctx, look, free, &facts.status.problems, &facts.status.reports, &mut state.problems, actions);
    crate::editing::floating(
        &ctx,
        look,
        above_chip,
        facts.author.map(|author| &author.0),
        facts.library,
        facts.status,
        &mut state.scenes,
        actions,
    );
    help::show(&ctx, look, &mut state.top_bar.help);
    if let Some(notice) = state.saving.show(&ctx, look) {
        state.notices.tell(notice, now);
    }
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
