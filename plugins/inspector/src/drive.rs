//! The systems of the window: they gather what panels read, let the panels draw, and do what these ask for.

use std::time::Duration;

use agent2028_core::agent::{AgentId, AgentIndex};
use agent2028_core::intervention::{InterventionLog, Origin};
use agent2028_core::metrics::Metrics;
use agent2028_core::profiler;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::Transport;
use agent2028_editor::EditorPanel;
use agent2028_editor::files::Note;
use agent2028_plots::plots::PlotsState;
use agent2028_view::capture::{Capture, CaptureRequest, Captured};
use agent2028_view::picking::neighbours;
use agent2028_view::tool::SELECT;
use agent2028_view::{
    Aimed, Columns, DrawnAgents, ExactViews, Hulls, InputGate, Pins, Selection, Sight, Tools, ViewSettings, Viewport,
    WorldCamera, WorldLayers,
};
use bevy::ecs::message::{MessageCursor, Messages};
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy::time::Real;
use bevy_egui::{EguiContexts, egui};

use crate::actions::{Action, Actions, ToolChange};
use crate::authoring::Authoring;
use crate::context::{Facts, Views};
use crate::frame_pacing::{FramePacing, FrameParts};
use crate::gestures;
use crate::panel::{InspectorRegistry, Panel as _};
use crate::panels::notices::Notice;
use crate::panels::parameters::SceneValues;
use crate::panels::pending::PendingState;
use crate::panels::profiler::{FrameCost, ProfilerState};
use crate::panels::save_run;
use crate::panels::selections;
use crate::runs::{RunRequest, RunStatus, Saved};
use crate::scene::{SceneLibrary, SceneRequest, SceneStatus};
use crate::shell;
use crate::state::{InspectorState, KnownHash};
use crate::theme;

/// What the view has worked out.
#[derive(SystemParam)]
pub(crate) struct ViewsOfWorld<'w> {
    hulls: Res<'w, Hulls>,
    columns: Res<'w, Columns>,
    sight: Res<'w, Sight>,
    pins: ResMut<'w, Pins>,
    aimed: ResMut<'w, Aimed>,
    drawn: Res<'w, DrawnAgents>,
    capture: Res<'w, Capture>,
    exact: Option<Res<'w, ExactViews>>,
}

/// Everything that the panels read and change.
#[derive(SystemParam)]
pub(crate) struct Window<'w> {
    simulation: ResMut<'w, Simulation>,
    transport: ResMut<'w, Transport>,
    timeline: ResMut<'w, Timeline>,
    settings: ResMut<'w, ViewSettings>,
    selection: ResMut<'w, Selection>,
    camera: ResMut<'w, WorldCamera>,
    tools: ResMut<'w, Tools>,
    viewport: ResMut<'w, Viewport>,
    gate: ResMut<'w, InputGate>,
    library: Res<'w, SceneLibrary>,
    views: ViewsOfWorld<'w>,
    status: Res<'w, SceneStatus>,
    state: ResMut<'w, InspectorState>,
    requests: MessageWriter<'w, SceneRequest>,
    captures: MessageWriter<'w, CaptureRequest>,
    runs: MessageWriter<'w, RunRequest>,
    author: Option<Res<'w, Authoring>>,
    registry: Res<'w, InspectorRegistry>,
    layers: Res<'w, WorldLayers>,
    parts: ResMut<'w, FrameParts>,
    rhythm: ResMut<'w, FramePacing>,
    time: Res<'w, Time<Real>>,
}

/// Takes note of a scene's own values before its first tick, and has its plots recorded.
pub(crate) fn follow_scene(
    mut simulation: ResMut<Simulation>,
    status: Res<SceneStatus>,
    mut state: ResMut<InspectorState>,
    mut known: Local<Option<u64>>,
) {
    state.states.of::<SceneValues>().follow(&simulation);
    state.scenes().follow(&status.source);
    if *known == Some(simulation.generation()) && !status.is_changed() {
        return;
    }
    *known = Some(simulation.generation());
    let mut metrics = simulation.world_mut().resource_mut::<Metrics>();
    let chosen = state.states.of::<PlotsState>();
    let plotted = status.plots.iter().flat_map(|plot| &plot.metrics).map(String::as_str);
    for name in plotted.chain(chosen.metrics()) {
        metrics.want(name);
    }
}

/// Tells what became of pictures and films.
pub(crate) fn tell_captured(
    mut captured: MessageReader<Captured>,
    mut contexts: EguiContexts,
    mut state: ResMut<InspectorState>,
) -> Result {
    for outcome in captured.read() {
        let now = contexts.ctx_mut()?.input(|input| input.time);
        state.notices().tell(
            match outcome {
                Captured::Saved(file) => Notice::saved(file),
                Captured::Failed(reason) => Notice::no_picture(reason),
            },
            now,
        );
    }
    Ok(())
}

/// Draws the dialog that saves the run, over everything else.
pub(crate) fn draw_save_run(
    mut contexts: EguiContexts,
    (simulation, settings, status): (Res<Simulation>, Res<ViewSettings>, Res<RunStatus>),
    (mut requests, mut asked): (ResMut<Messages<RunRequest>>, Local<MessageCursor<RunRequest>>),
    (mut state, mut told): (Local<save_run::SaveRunState>, Local<Option<Saved>>),
    mut inspector: ResMut<InspectorState>,
) -> Result {
    if asked.read(&requests).any(|request| *request == RunRequest::Ask) {
        state.ask(&status);
    }
    let ctx = contexts.ctx_mut()?;
    if *told != status.saved {
        told.clone_from(&status.saved);
        // Whoever has the dialog open reads it there.
        if let (false, Some(saved)) = (state.open, &status.saved) {
            let now = ctx.input(|input| input.time);
            inspector.notices().tell(save_run::notice(saved), now);
        }
    }
    let log = simulation.world().resource::<InterventionLog>();
    let view = save_run::SaveRunView {
        status: &status,
        tick: simulation.tick(),
        changes: log.0.iter().filter(|applied| applied.stamped.origin != Origin::Scene).count(),
    };
    let mut actions = Actions::default();
    save_run::show(ctx, &crate::theme::Look::of(settings.theme), &view, &mut state, &mut actions);
    for action in actions.take() {
        if let Action::Run(request) = action {
            requests.write(request);
        }
    }
    Ok(())
}

/// Draws the panels and does what they ask for.
pub(crate) fn draw(
    mut contexts: EguiContexts,
    mut window: Window,
    mut press_began_in_panels: Local<bool>,
    mut paused: Local<Option<(u64, u64, f64)>>,
) -> Result {
    let ctx = contexts.ctx_mut()?.clone();
    if !dress(&ctx, &mut window) {
        return Ok(());
    }
    *window.state.states.of::<FrameCost>() = window.parts.take();

    let mut ui = egui::Ui::new(
        ctx.clone(),
        egui::Id::new("inspector"),
        egui::UiBuilder::new().layer_id(egui::LayerId::background()).max_rect(ctx.viewport_rect()),
    );
    let mut actions = Actions::default();
    let stands_still = !window.transport.playing && window.timeline.seeking().is_none();
    if let Some(reached) = window.state.states.of::<PendingState>().follow(&window.simulation, stands_still) {
        window.views.aimed.0 = reached;
    }
    if window.registry.tools.missing(window.tools.active, window.simulation.world()).is_some() {
        window.tools.take(&SELECT);
    }
    crate::inspection::watch(&mut window.simulation, &window.selection, &window.views.pins);
    let facts = Facts {
        simulation: &window.simulation,
        transport: &window.transport,
        timeline: &window.timeline,
        settings: &window.settings,
        selection: &window.selection,
        camera: &window.camera,
        tools: &window.tools,
        viewport: &window.viewport,
        library: &window.library,
        status: &window.status,
        views: Views {
            hulls: &window.views.hulls,
            columns: &window.views.columns,
            sight: &window.views.sight,
            pins: &window.views.pins,
            drawn: window.views.drawn.get(),
            exact: window.views.exact.is_some(),
            picture: window.views.exact.is_some() || window.views.capture.takes_picture(),
            capture: &window.views.capture,
            now: window.time.elapsed_secs_f64(),
        },
        author: window.author.as_deref(),
        layers: &window.layers,
        registry: &window.registry,
    };
    let free = shell::show(&mut ui, &facts, &mut window.state, &mut actions);
    measure(&mut window);

    let zoom = ctx.zoom_factor();
    let free_pixels = Rect::new(free.min.x * zoom, free.min.y * zoom, free.max.x * zoom, free.max.y * zoom);
    if window.viewport.free != Some(free_pixels) {
        window.viewport.free = Some(free_pixels);
    }
    let mut gate = gate(&ctx, free, &mut press_began_in_panels);
    gate.keyboard |= window.state.writing.is_on();
    if *window.gate != gate {
        *window.gate = gate;
    }
    take_gestures(&ctx, &mut window, &mut actions);
    hash_while_paused(&ctx, &window, &mut paused, &mut actions);
    if !actions.is_empty() {
        // What comes of them is shown in the next frame.
        window.rhythm.at_once();
    }
    for action in actions.take() {
        perform(action, &ctx, &mut window);
    }
    Ok(())
}

/// What was drawn with tools becomes interventions.
fn take_gestures(ctx: &egui::Context, window: &mut Window, actions: &mut Actions) {
    let now = ctx.input(|input| input.time);
    let Window { tools, state, simulation, registry, layers, .. } = window;
    let InspectorState { states, done, .. } = &mut **state;
    let tools = tools.bypass_change_detection();
    tools.ghosts = registry.tools.ghosts(tools.active, states);
    let gestures = std::mem::take(&mut tools.gestures);
    for effect in gestures::effects(gestures, (&registry.tools, layers), states, simulation) {
        for intervention in effect.interventions {
            actions.intervene(intervention);
        }
        *done = Some((effect.words, now + shell::TOLD_S));
    }
    match done.as_ref().map(|(_, until)| *until) {
        Some(until) if now > until => *done = None,
        Some(until) => ctx.request_repaint_after(Duration::from_secs_f64(until - now)),
        None => {}
    }
}

/// Systems are timed while the panel that tells is open and asked to, and not a frame longer.
fn measure(window: &mut Window) {
    let wanted = std::mem::take(&mut window.state.states.of::<ProfilerState>().wanted);
    if wanted == profiler::is_on(window.simulation.world()) {
        return;
    }
    let world = window.simulation.world_mut();
    let done = if wanted { profiler::start(world) } else { profiler::stop(world) };
    if let Err(error) = done {
        tracing::error!("the schedule can't be measured: {error}");
    }
}

/// Fonts once, colours and sizes whenever they change. False in the one frame in which the fonts aren't loaded yet.
fn dress(ctx: &egui::Context, window: &mut Window) -> bool {
    let wanted = (window.settings.theme, !window.settings.reduced_motion);
    if window.state.dressed != Some(wanted) {
        let first = window.state.dressed.is_none();
        if first {
            ctx.set_fonts(theme::fonts());
        }
        theme::dress(ctx, wanted.0, wanted.1);
        window.state.dressed = Some(wanted);
        if first {
            return false;
        }
    }
    let size = window.viewport.window;
    let scale = theme::scale_that_fits(window.state.scale, egui::vec2(size.x, size.y));
    if (ctx.zoom_factor() - scale).abs() > f32::EPSILON {
        ctx.set_zoom_factor(scale);
    }
    true
}

/// What the interface wants for itself. A press belongs, until it is released, to the side on which it began.
fn gate(ctx: &egui::Context, free: egui::Rect, press_began_in_panels: &mut bool) -> InputGate {
    let over_panels = ctx.input(|input| input.pointer.interact_pos()).is_some_and(|at| {
        let floating = ctx.layer_id_at(at).is_some_and(|layer| layer.order != egui::Order::Background);
        floating || !free.contains(at)
    });
    let (pressed, down) = ctx.input(|input| (input.pointer.any_pressed(), input.pointer.any_down()));
    if pressed || !down {
        *press_began_in_panels = over_panels;
    }
    InputGate {
        pointer: ctx.egui_is_using_pointer() || *press_began_in_panels,
        keyboard: ctx.egui_wants_keyboard_input() || egui::Popup::is_any_open(ctx),
    }
}

/// A paused state is hashed by itself, once it has stood still for a moment: stepping stays fast.
fn hash_while_paused(
    ctx: &egui::Context,
    window: &Window,
    paused: &mut Option<(u64, u64, f64)>,
    actions: &mut Actions,
) {
    const STANDS_STILL_S: f64 = 0.3;
    let now = (window.simulation.generation(), window.simulation.tick());
    if window.transport.playing || !window.state.visible {
        *paused = None;
        return;
    }
    let time = ctx.input(|input| input.time);
    match *paused {
        Some((generation, tick, since)) if (generation, tick) == now => {
            let known = window.state.hash.as_ref().is_some_and(|known| (known.generation, known.tick) == now);
            if !known && time - since >= STANDS_STILL_S {
                actions.push(Action::HashState);
            } else if !known {
                ctx.request_repaint_after(Duration::from_secs_f64(STANDS_STILL_S - (time - since)));
            }
        }
        _ => {
            *paused = Some((now.0, now.1, time));
            ctx.request_repaint_after(Duration::from_secs_f64(STANDS_STILL_S));
        }
    }
}

fn use_tools(change: ToolChange, window: &mut Window) {
    match change {
        ToolChange::Take(tool) => {
            if window.registry.tools.missing(tool, window.simulation.world()).is_none() {
                window.tools.take(tool);
            }
        }
        ToolChange::Shape(shape) => {
            window.tools.cancel();
            window.tools.shape = shape;
        }
        ToolChange::Radius(radius) => window.tools.radius = radius.max(0.0),
        ToolChange::ActAtCenter => {
            let bounds = *window.simulation.world().resource::<WorldBounds>();
            let center = window.camera.center;
            window.tools.act_at(center, &bounds);
        }
    }
}

fn keep_parameters(ctx: &egui::Context, window: &mut Window) {
    let now = ctx.input(|input| input.time);
    let state = &mut *window.state;
    let params = crate::panels::parameters::gather(window.simulation.world(), state.states.of::<SceneValues>());
    let moved = params.into_iter().filter(|param| param.value.as_ref().ok() != param.scene_value.as_ref());
    let moved = moved.filter_map(|param| Some((param.path, param.value.ok()?)));
    let kept = state.scenes().keep_parameters(moved, now);
    state.scenes().files.tell(kept.map_or_else(Note::NotKept, Note::Kept));
}

/// Changes what happens. A change in the past forks without a word; it is told where it was made.
fn changing(ctx: &egui::Context, window: &mut Window, change: impl FnOnce(&mut Timeline, &mut Simulation)) {
    let run = |timeline: &Timeline| timeline.current().map(|run| (run.id(), run.name().to_owned()));
    let before = run(&window.timeline);
    change(&mut window.timeline, &mut window.simulation);
    if let (Some((old, was)), Some((new, is))) = (before, run(&window.timeline))
        && old != new
    {
        window.state.notices().tell(Notice::forked(&was, &is), ctx.input(|input| input.time));
    }
}

fn perform(action: Action, ctx: &egui::Context, window: &mut Window) {
    match action {
        Action::Intervene(intervention) => {
            changing(ctx, window, |timeline, simulation| timeline.intervene(simulation, intervention));
        }
        Action::Withdraw(sequence) => {
            changing(ctx, window, |timeline, simulation| {
                // It may have been applied meanwhile; then there is nothing to take back.
                timeline.withdraw(simulation, sequence);
            });
        }
        Action::Time(travel) => travel.perform(&mut window.timeline, &mut window.simulation, &mut window.transport),
        Action::Play(playing) => window.transport.playing = playing,
        Action::Step(ticks) => window.transport.step(ticks),
        Action::Speed(speed) => window.transport.speed = speed,
        Action::Scene(request) => {
            if window.state.scenes().may(&request) {
                window.requests.write(request);
            }
        }
        Action::Discard(request) => {
            window.requests.write(request);
        }
        Action::Run(request) => {
            window.runs.write(request);
        }
        Action::KeepParameters => keep_parameters(ctx, window),
        Action::SaveScene { .. } | Action::AskForScene | Action::EditAt { .. } | Action::Gallery => {
            let mut more = Actions::default();
            if matches!(action, Action::EditAt { .. }) {
                more.push(Action::ShowPanel(EditorPanel::FACTS.key));
            }
            window.state.scenes().perform(&action, &window.library, &mut more);
            for action in more.take() {
                perform(action, ctx, window);
            }
        }
        Action::Select(agents) => window.selection.set(agents),
        Action::Pin(agent) => window.views.pins.toggle(agent),
        Action::SelectBy(selector, how) => {
            let simulation = &window.simulation;
            let agents = selector.resolve(simulation.world(), &selections::context(simulation));
            window.selection.combine(how, agents);
        }
        Action::InvertSelection => {
            let index = window.simulation.world().resource::<AgentIndex>();
            let others: Vec<AgentId> =
                index.iter().map(|(agent, _)| agent).filter(|agent| !window.selection.contains(*agent)).collect();
            window.selection.set(others);
        }
        Action::GrowSelection => {
            let near = neighbours(&window.simulation, &window.selection.selected);
            window.selection.add(near);
        }
        Action::Tool(change) => use_tools(change, window),
        Action::Follow(agent) => window.camera.follow(agent),
        Action::FitView => {
            let bounds = *window.simulation.world().resource::<WorldBounds>();
            let viewport = *window.viewport;
            window.camera.fit(&bounds, &viewport);
        }
        Action::LookAt { point, at_once } => {
            window.camera.look_at(point);
            if at_once {
                window.camera.jump();
            }
        }
        Action::View(settings) => *window.settings = *settings,
        Action::Theme(theme) => window.settings.theme = theme,
        Action::Scale(scale) => {
            window.state.scale = scale.clamp(theme::measure::SCALES.0, theme::measure::SCALES.1);
        }
        Action::WantMetric(name) => {
            window.simulation.world_mut().resource_mut::<Metrics>().want(&name);
        }
        Action::HashState => {
            window.state.hash = Some(KnownHash {
                generation: window.simulation.generation(),
                tick: window.simulation.tick(),
                hash: window.simulation.state_hash().to_string(),
            });
        }
        Action::ShowPanel(panel) => {
            window.state.layout.open(panel);
            window.state.visible = true;
        }
        Action::Capture(request) => {
            if matches!(request, CaptureRequest::Film { .. }) {
                window.state.notices().tell(Notice::filming(), ctx.input(|input| input.time));
            }
            window.captures.write(request);
        }
        Action::Copy(text) => ctx.copy_text(text),
        Action::SaveFile(file) => window.state.saving.ask(file),
    }
}
