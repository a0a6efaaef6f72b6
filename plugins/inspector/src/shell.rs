//! The whole window: bars at the top and the bottom, docks around the world, and what floats over it.

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, EventKinds};
use agent2028_core::intervention::{InterventionLog, InterventionQueue};
use agent2028_core::metrics::Metrics;
use agent2028_core::params::Params;
use agent2028_core::quarantine::Quarantine;
use agent2028_core::selector::Selector;
use agent2028_core::timeline::Branch;
use agent2028_editor::scene_editor::editor_id;
use agent2028_editor::{EditorPanel, FormPanel, ScenesState, floating as floating_questions};
use agent2028_kit::faults::{FaultsState, Whom};
use agent2028_plots::plots::{PlotsPanel, PlotsState};
use agent2028_view::capture::CaptureRequest;
use agent2028_view::layer::REGIONS;
use agent2028_view::tokens::{layout, spacing};
use agent2028_view::{Combine, ViewSettings};
use bevy::math::Vec2;
use bevy_egui::egui;
use egui::{Id, Panel, Rect, Stroke, Ui};

use crate::actions::{Action, Actions, ToolChange, Travel};
use crate::context::PanelContext;
use crate::dock::{DockLayout, Offer, PanelKey, Preset, menu};
use crate::facts::GroupCounts;
use crate::floats;
use crate::panel::Panel as _;
use crate::panels::agent::AgentPanel;
use crate::panels::faults::FaultsPanel;
use crate::panels::hints::{Hint, HintsState};
use crate::panels::overlay;
use crate::panels::palette::PaletteState;
use crate::panels::parameters::ParametersPanel;
use crate::panels::timeline::TimelineState;
use crate::panels::top_bar::TopBarState;
use crate::panels::{
    absent, captions, dragged_fault, help, hints, layers, notices, palette, pending, problems, status_bar, timeline,
    tool_options, tools, top_bar, transport,
};
use crate::runs::RunRequest;
use crate::scene::{SceneRequest, SceneStatus};
use crate::shortcuts::{self, Command};
use crate::state::InspectorState;
use crate::states::States;
use crate::theme::{Look, measure, panel_frame};

pub use crate::context::Facts;

/// How long is told what was just done, in seconds of real time.
pub(crate) const TOLD_S: f64 = 4.0;

/// Draws everything and returns the rectangle that is left for the world, in the points of `ui`.
pub fn show(ui: &mut Ui, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) -> Rect {
    let look = Look::of(facts.settings.theme);
    let InspectorState { story, layout, .. } = state;
    story.follow(&facts.status.name, facts.registry, facts.simulation, layout);
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
    let scenes = state.scenes();
    let asking = scenes.gallery.open || scenes.files.is_asking() || state.saving.is_asking();
    let finding = state.states.of::<PaletteState>().open;
    state.writing.follow(ui.ctx(), editor_id(), asking || finding);
    if asking {
        // Keys are answers there.
        return false;
    }
    for command in shortcuts::pressed(ui.ctx(), state.writing.is_on(), facts.layers, &facts.registry.tools) {
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
            state.states.of::<TimelineState>().jumping = true;
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
        Command::EditText => actions.push(Action::ShowPanel(EditorPanel::FACTS.key)),
        Command::EditForm => actions.push(Action::ShowPanel(FormPanel::FACTS.key)),
        Command::Theme => actions.push(Action::Theme(facts.settings.theme.other())),
        Command::ScaleUp => actions.push(Action::Scale(top_bar::larger(state.scale))),
        Command::ScaleDown => actions.push(Action::Scale(top_bar::smaller(state.scale))),
        Command::ScaleReset => actions.push(Action::Scale(1.0)),
        Command::Panels => state.visible = !state.visible,
        Command::SelectAll => actions.push(Action::SelectBy(Selector::All, Combine::Replace)),
        Command::Invert => actions.push(Action::InvertSelection),
        Command::Grow => actions.push(Action::GrowSelection),
        Command::UseTool => actions.push(Action::Tool(ToolChange::ActAtCenter)),
        Command::Palette => state.states.of::<PaletteState>().toggle(),
        Command::Help => {
            let bar = state.states.of::<TopBarState>();
            bar.help = !bar.help;
        }
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
        Command::Layer(layer) => {
            let mut settings = facts.settings.clone();
            settings.layers.show(layer, !settings.layers.shows(layer));
            actions.push(Action::View(Box::new(settings)));
        }
        Command::Tool(tool) => actions.push(Action::Tool(ToolChange::Take(tool))),
        Command::LayoutWatch => arrange(facts, state, Preset::Watch),
        Command::LayoutDebug => arrange(facts, state, Preset::Debug),
        Command::LayoutPresent => arrange(facts, state, Preset::Present),
    }
}

/// The command palette, and what was chosen in it.
fn palette(ui: &Ui, look: &Look, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) {
    if !state.states.of::<PaletteState>().open {
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
        layers: facts.layers,
        tools: &facts.registry.tools,
        panels: facts.registry.catalog(),
        applying: &facts.registry.applying(facts.simulation),
    };
    let find_agent = |text: &str| {
        let id = text.parse().ok().map(AgentId).or_else(|| groups.agent_named(text))?;
        index.get(id).map(|_| (id, groups.name_of(id)))
    };
    let window = ui.ctx().content_rect();
    let Some(choice) = palette::show(ui.ctx(), look, window, &view, find_agent, state.states.of()) else {
        return;
    };
    match choice {
        palette::Choice::Command(command) => run(command, facts, state, actions),
        palette::Choice::Panel(panel) => actions.push(Action::ShowPanel(panel)),
        palette::Choice::Scene(name) => actions.push(Action::Scene(SceneRequest::Open(name))),
        palette::Choice::Metric(name) => {
            let plots = state.states.of::<PlotsState>();
            if !plots.shows(&name) {
                plots.toggle(&name);
            }
            actions.push(Action::WantMetric(name));
            actions.push(Action::ShowPanel(PlotsPanel::FACTS.key));
        }
        palette::Choice::Parameter(_) => actions.push(Action::ShowPanel(ParametersPanel::FACTS.key)),
        palette::Choice::Group(name) => {
            let group = groups.find(&name);
            let agents = group.map_or_else(Vec::new, |group| {
                groups.ranges_of(group).flatten().map(AgentId).filter(|id| index.get(*id).is_some()).collect()
            });
            actions.push(Action::Select(agents));
            actions.push(Action::ShowPanel(AgentPanel::FACTS.key));
        }
        palette::Choice::Agent(id) => {
            actions.push(Action::Select(vec![id]));
            actions.push(Action::Follow(Some(id)));
            actions.push(Action::ShowPanel(AgentPanel::FACTS.key));
        }
    }
}

fn arrange(facts: &Facts, state: &mut InspectorState, preset: Preset) {
    state.layout = DockLayout::preset(preset, facts.registry.catalog());
    state.visible = true;
}

/// Bars, docks and the panels in them; returns the place that is left for the world.
fn frame(ui: &mut Ui, look: &Look, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) -> Rect {
    let world = facts.simulation.world();
    let applying = facts.registry.applying(facts.simulation);
    let offer = Offer { catalog: facts.registry.catalog(), applying: &applying };
    let (offered_layers, field_lines) = (facts.layers.offered(world), overlay::field_lines(facts));
    let InspectorState { states, layout: docked, visible, scale, .. } = state;
    let dirty = states.of::<ScenesState>().document.is_dirty();
    let (mut bar, mut overlaid) = (states.take::<TopBarState>(), states.take::<overlay::OverlayState>());
    let mut open_problems = false;

    Panel::top(Id::new("top bar")).exact_size(layout::TOP_BAR).frame(panel_frame(look, spacing::WIDE, 0.0)).show(
        ui,
        |ui| {
            let view = top_bar::TopBarView {
                library: facts.library,
                status: facts.status,
                dirty,
                transport: transport_view(facts),
                layers: layers::LayersView {
                    settings: facts.settings,
                    layers: &offered_layers,
                    fields: &field_lines,
                    quantities: overlaid.quantities(facts.simulation),
                    range: facts.views.columns.color().filter(|column| column.has_range()).map(|column| {
                        let (low, high) = column.range;
                        (f64::from(low), f64::from(high))
                    }),
                },
                pictures: overlay::pictures_view(facts),
                scale: *scale,
            };
            let hide_keys = shortcuts::keys(Command::Panels);
            let layouts = |ui: &mut Ui| menu::layouts(ui, look, &offer, docked, visible, hide_keys);
            top_bar::show(ui, look, &view, &mut bar, layouts, actions);
        },
    );
    states.put(bar);
    states.put(overlaid);
    Panel::bottom(Id::new("status bar"))
        .exact_size(layout::STATUS_BAR)
        .frame(panel_frame(look, spacing::WIDE, 0.0))
        .show(ui, |ui| open_problems = status(ui, look, facts, state, actions));
    Panel::bottom(Id::new("strip of time"))
        .exact_size(measure::STRIP)
        .frame(panel_frame(look, spacing::WIDE, 0.0))
        .show(ui, |ui| strip(ui, look, facts, state, actions));
    if open_problems {
        state.states.of::<problems::ProblemsState>().open();
    }
    Panel::left(Id::new("tool rail"))
        .exact_size(layout::TOOL_STRIP)
        .resizable(false)
        .frame(panel_frame(look, 0.0, spacing::TIGHT))
        .show(ui, |ui| {
            let view = tools::ToolsView::of(facts.tools.active, &facts.registry.tools, world);
            tools::show(ui, look, &view, actions);
        });
    // The layout is taken out while it is drawn: panels may change the rest of the state.
    let mut docks = std::mem::replace(&mut state.layout, DockLayout::empty());
    let states = &mut state.states;
    let free = docks.show(ui, look, offer, |ui, panel| fill(ui, look, panel, facts, states, actions));
    state.layout = docks;
    free
}

/// Fills a panel.
fn fill(ui: &mut Ui, look: &Look, panel: PanelKey, facts: &Facts, states: &mut States, actions: &mut Actions) {
    match facts.registry.find(panel) {
        Some(entry) => entry.show(ui, &mut PanelContext { look, facts, states, actions }),
        None => absent::show(ui, look),
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

/// The strip of time.
fn strip(ui: &mut Ui, look: &Look, facts: &Facts, state: &mut InspectorState, actions: &mut Actions) {
    let live = facts.resource::<InterventionLog>().0.as_slice();
    let (generation, tick) = (facts.simulation.generation(), facts.simulation.tick());
    let captions = state.states.of::<captions::CaptionsState>();
    let captions = captions.due(&facts.status.captions, facts.resource::<EventBus>(), generation, tick);
    let view = timeline::TimelineView {
        timeline: facts.timeline,
        log: facts.timeline.current().and_then(Branch::log).unwrap_or(live),
        waiting: facts.resource::<InterventionQueue>(),
        captions: &captions,
        kinds: facts.resource::<EventKinds>(),
        tick: facts.simulation.tick(),
        tick_hz: facts.tick_hz(),
        playing: facts.transport.playing,
        keyframes: !facts.views.picture,
    };
    timeline::show(ui, look, &view, state.states.of(), actions);
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
    if state.visible && facts.settings.layers.shows(&REGIONS) {
        let faults = state.states.of::<FaultsState>();
        if faults.whom == Whom::Circle {
            circle(ui, look, facts, (faults.center, faults.radius), free);
        }
    }
    let mut overlaid = state.states.take::<overlay::OverlayState>();
    let groups = state.states.of::<GroupCounts>();
    let mut left_free = overlay::show(ui, look, facts, &mut overlaid, groups, actions, free);
    state.states.put(overlaid);
    let mut above_chip = free;
    if state.visible && !facts.views.capture.without_panels() {
        let room =
            if left_free.between.width() >= measure::PENDING * 1.2 { left_free.between } else { left_free.above };
        if let Some(chip) = pending::show(&ctx, look, room, state.states.of(), actions) {
            // What else stands at the lower edge moves up.
            for rect in [&mut left_free.whole, &mut left_free.between, &mut left_free.above, &mut above_chip] {
                rect.max.y = rect.max.y.min(chip.min.y);
            }
        }
    }
    let now = ctx.input(|input| input.time);
    let (generation, tick) = (facts.simulation.generation(), facts.simulation.tick());
    let captions = state.states.of::<captions::CaptionsState>();
    let due = captions.due(&facts.status.captions, facts.resource::<EventBus>(), generation, tick);
    let caption = captions.follow(&due, generation, tick, facts.tick_hz(), now);
    if let Some((text, shown_for)) = caption {
        captions::show(&ctx, look, &left_free, text, shown_for, !facts.settings.reduced_motion);
    }
    if facts.views.capture.without_panels() {
        return;
    }
    // Who has taken a tool in hand is no beginner any more, and its strip needs the room.
    if state.visible && !tool_options::has_strip(facts.tools.active) {
        hints::show(&ctx, look, free, state.layout.is_open(FaultsPanel::FACTS.key), state.states.of());
    }
    if !facts.views.picture {
        notices::show(&ctx, look, free, state.notices(), !facts.settings.reduced_motion, actions);
    }
    if state.visible {
        let InspectorState { states, done, .. } = state;
        let mut context = PanelContext { look, facts, states, actions };
        tool_options::show(&ctx, free, &mut context, done.as_ref().map(|(words, _)| words.as_str()));
    }
    if let Some(words) = dragged_fault::show(ui, look, facts, &mut state.states, actions, free) {
        state.done = Some((words, now + TOLD_S));
    }
    let SceneStatus { problems, reports, .. } = facts.status;
    problems::show(&ctx, look, free, problems, reports, state.states.of(), actions);
    floating_questions(
        &ctx,
        look,
        above_chip,
        facts.author.map(|author| &author.0),
        facts.library,
        facts.status,
        state.scenes(),
        actions,
    );
    help::show(&ctx, look, facts.layers, &facts.registry.tools, &mut state.states.of::<TopBarState>().help);
    if let Some(notice) = state.saving.show(&ctx, look) {
        state.notices().tell(notice, now);
    }
}

/// The circle that a fault will be applied in, drawn over the world.
fn circle(ui: &Ui, look: &Look, facts: &Facts, (center, radius): (Vec2, f32), free: Rect) {
    let zoom = ui.ctx().zoom_factor();
    let center: Vec2 = facts.camera.world_to_window(facts.viewport, center) / zoom;
    let radius = radius / facts.camera.units_per_pixel / zoom;
    let painter = ui.painter().with_clip_rect(free);
    let stroke = Stroke::new(spacing::HAIRLINE, look.accent);
    painter.circle(egui::pos2(center.x, center.y), radius, look.accent.gamma_multiply(0.06), stroke);
}

fn follow_hints(facts: &Facts, state: &mut InspectorState, actions: &Actions) {
    let hints = state.states.of::<HintsState>();
    if !facts.selection.selected.is_empty() {
        hints.done(Hint::Select);
    }
    for action in actions.iter() {
        match action {
            Action::Play(_) | Action::Step(_) => hints.done(Hint::Pause),
            Action::Intervene(_) => hints.done(Hint::Intervene),
            _ => {}
        }
    }
}
