//! How often the panels are laid out while time passes: at once when somebody acts or something else than the world's
//! course changes, and otherwise as often as a tenth of the time affords, at least ten times a second.
//!
//! A frame of the window is composed of the world, which moves in every one of them, and of the panels, whose figures nobody
//! reads sixty times a second. To lay them out and to turn them into triangles is work. While nothing happens to them their
//! last triangles are drawn again instead: egui doesn't run at all in such a frame, and what is typed, clicked or pointed at
//! makes the next one run.

use std::time::{Duration, Instant};

use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::{Speed, Transport};
use agent2028_view::capture::Capture;
use agent2028_view::layer::LABELS;
use agent2028_view::{DrawnAgents, ExactViews, Pins, Redraw, Selection, Tools, ViewSettings, Viewport, WorldCamera};
use bevy::ecs::system::SystemParam;
use bevy::platform::collections::HashMap;
use bevy::prelude::*;
use bevy::time::Real;
use bevy_egui::egui::{self, ClippedPrimitive, ViewportId};
use bevy_egui::{EguiContext, EguiFullOutput, EguiInput, EguiPostUpdateSet, EguiRenderOutput};

use crate::panels::profiler::FrameCost;
use crate::runs::RunStatus;
use crate::scene::{SceneLibrary, SceneStatus};
use crate::state::InspectorState;

/// Panels that nobody touches take no more than this part of the time …
const SHARE: f64 = 0.1;
/// … or this one while labels or a card go along with agents that move: they should not limp behind …
const SHARE_ALONG: f64 = 0.25;
/// … but are never older than this, in seconds of real time: quick enough for figures that somebody reads.
const OLDEST_S: f64 = 0.1;
/// So often panels are laid out after something happened to them: once to show it, and once because some of them take their
/// places by how large they were before.
const SETTLE: u32 = 2;

/// How often panels are laid out that nobody touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layouts {
    /// As often as a tenth of the time affords, at least ten times a second.
    #[default]
    Affordable,
    /// Ten times a second, whatever it costs: for measurements, whose figures must not hang on how fast the machine is.
    TenASecond,
    /// In every frame, whatever it costs: for pictures and comparisons.
    EveryFrame,
}

/// Decides in which frames the panels are laid out.
#[derive(Resource, Clone, Copy, Debug)]
pub struct FramePacing {
    /// How often while nobody touches them.
    pub layouts_wanted: Layouts,
    due: bool,
    coming: u32,
    last: f64,
    /// Whether something goes along with agents.
    along: bool,
    /// What laying them out costs, in seconds: a mean that follows slowly.
    cost: f64,
    /// When egui itself wants to go on: an animation, a tooltip, a caret that blinks.
    wanted: f64,
    frames: u64,
    layouts: u64,
}

impl Default for FramePacing {
    fn default() -> Self {
        Self {
            layouts_wanted: Layouts::Affordable,
            due: true,
            coming: SETTLE,
            last: f64::NEG_INFINITY,
            along: false,
            cost: 0.0,
            wanted: f64::INFINITY,
            frames: 0,
            layouts: 0,
        }
    }
}

impl FramePacing {
    /// Something has happened that panels show, beside the world's course: they are laid out in this frame and the next.
    pub fn at_once(&mut self) {
        self.coming = SETTLE;
    }

    /// Decides about a frame at this time, in seconds of real time.
    fn decide(&mut self, now: f64) {
        self.frames += 1;
        // A frame that is due within a thousandth of a second need not wait for the next one.
        let rested = now - self.last + 1e-3 >= self.interval();
        self.due = self.coming > 0 || now >= self.wanted || rested;
        if self.due {
            self.coming = self.coming.saturating_sub(1);
            self.last = now;
            self.wanted = f64::INFINITY;
            self.layouts += 1;
        }
    }

    /// How long panels stand that nobody touches, in seconds.
    #[must_use]
    pub fn interval(&self) -> f64 {
        match self.layouts_wanted {
            Layouts::Affordable => (self.cost / if self.along { SHARE_ALONG } else { SHARE }).min(OLDEST_S),
            Layouts::TenASecond => OLDEST_S,
            Layouts::EveryFrame => 0.0,
        }
    }

    /// They were laid out and painted at this cost; egui wants to go on after `delay`.
    fn laid_out(&mut self, now: f64, cost: Duration, delay: Option<Duration>) {
        let cost = cost.as_secs_f64();
        self.cost = if self.cost > 0.0 { self.cost + (cost - self.cost) * 0.2 } else { cost };
        if let Some(delay) = delay {
            self.wanted = now + delay.as_secs_f64();
        }
    }

    /// What it costs to lay the panels out and to turn them into triangles: a mean that follows slowly.
    #[must_use]
    pub fn cost(&self) -> Duration {
        Duration::from_secs_f64(self.cost)
    }

    /// Whether panels are laid out in this frame.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.due
    }

    /// How many frames there were, and in how many of them panels were laid out.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.frames, self.layouts)
    }
}

/// What frames have cost since the panels were laid out last.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub(crate) struct FrameParts {
    sum: FrameCost,
    frames: u32,
    tick: u64,
    began: Option<Instant>,
}

impl FrameParts {
    /// The mean of the frames since it was asked for last.
    pub(crate) fn take(&mut self) -> FrameCost {
        let frames = f64::from(std::mem::take(&mut self.frames).max(1));
        let FrameCost { total, simulation, interface, world } = std::mem::take(&mut self.sum);
        let per = |seconds: f64| seconds / frames;
        FrameCost { total: per(total), simulation: per(simulation), interface: per(interface), world: per(world) }
    }
}

/// Everything besides the world's course that panels show.
#[derive(SystemParam)]
struct Shown<'w> {
    simulation: Option<Res<'w, Simulation>>,
    transport: Res<'w, Transport>,
    timeline: Res<'w, Timeline>,
    settings: Res<'w, ViewSettings>,
    viewport: Res<'w, Viewport>,
    camera: Res<'w, WorldCamera>,
    selection: Res<'w, Selection>,
    pins: Res<'w, Pins>,
    tools: Res<'w, Tools>,
    capture: Res<'w, Capture>,
    status: Res<'w, SceneStatus>,
    library: Res<'w, SceneLibrary>,
    run: Res<'w, RunStatus>,
    exact: Option<Res<'w, ExactViews>>,
}

/// What of it has to be compared, because it is touched in every frame.
#[derive(Clone, PartialEq)]
struct Key {
    generation: u64,
    playing: bool,
    speed: Speed,
    stopped: bool,
    seeking: Option<u64>,
    /// Where the camera is, unless it follows an agent by itself.
    camera: Option<(Vec2, f32)>,
    viewport: Viewport,
    settings: ViewSettings,
    selected: Vec<agent2028_core::agent::AgentId>,
    hovered: Option<agent2028_core::agent::AgentId>,
    pins: Pins,
    tool: (&'static str, agent2028_view::ObstacleShape, f32),
    filming: bool,
}

impl Key {
    fn of(shown: &Shown, now: f64) -> Self {
        let Shown { transport, camera, .. } = shown;
        let simulation = shown.simulation.as_deref();
        Self {
            generation: simulation.map_or(0, Simulation::generation),
            playing: transport.playing,
            speed: transport.speed,
            stopped: simulation.is_some_and(Simulation::stopped),
            seeking: shown.timeline.seeking().map(|seeking| seeking.target),
            camera: camera.follow.is_none().then_some((camera.center, camera.units_per_pixel)),
            viewport: *shown.viewport,
            settings: shown.settings.clone(),
            selected: shown.selection.selected.clone(),
            hovered: shown.selection.hovered,
            pins: shown.pins.clone(),
            tool: (shown.tools.active.key, shown.tools.shape, shown.tools.radius),
            filming: shown.capture.filming(now).is_some(),
        }
    }
}

/// Whether egui has been told of something new: a key, a press, the pointer, the window's focus, files over it.
fn is_stirred(input: &mut EguiInput, context: &mut EguiContext) -> bool {
    let (mut held, focused) = context.get_mut().input(|known| (known.modifiers, known.focused));
    // Which modifiers are held is told in every frame. Where that is nothing new egui must not hear of it: after any event
    // it wants another frame at once.
    input.events.retain(|event| match event {
        egui::Event::ModifiersChanged(now) => std::mem::replace(&mut held, *now) != *now,
        _ => true,
    });
    let told = !(input.events.is_empty() && input.hovered_files.is_empty() && input.dropped_files.is_empty());
    told || input.focused != focused
}

fn decide(
    time: Res<Time<Real>>,
    shown: Shown,
    mut contexts: Query<(&mut EguiInput, &mut EguiContext)>,
    mut known: Local<Option<Key>>,
    mut rhythm: ResMut<FramePacing>,
    mut parts: ResMut<FrameParts>,
    mut state: ResMut<InspectorState>,
    (drawn, redraw): (Res<DrawnAgents>, Res<Redraw>),
) {
    // An update that isn't drawn needs no panels; what happens in it is shown by the next one that is.
    if !redraw.draws() {
        rhythm.due = false;
        return;
    }
    let now = time.elapsed_secs_f64();
    let seconds = state.frames.count(now, shown.transport.playing);
    let tick = shown.simulation.as_deref().map_or(0, Simulation::tick);
    let ticked = tick.saturating_sub(std::mem::replace(&mut parts.tick, tick));
    parts.frames += 1;
    parts.sum.total += seconds;
    parts.sum.world += drawn.get().compose.as_secs_f64();
    if let Some(simulation) = shown.simulation.as_deref() {
        parts.sum.simulation += ticked as f64 * simulation.tick_cost().as_secs_f64();
    }

    let key = Key::of(&shown, now);
    let moves = shown.transport.playing || shown.timeline.seeking().is_some();
    // While time stands still a frame is drawn because there is something to see.
    let changed = !moves
        || known.as_ref() != Some(&key)
        || shown.status.is_changed()
        || shown.library.is_changed()
        || shown.run.is_changed()
        // Pictures are of this very tick.
        || shown.exact.is_some()
        || shown.capture.takes_picture();
    if changed {
        *known = Some(key);
    }
    let stirred =
        contexts.iter_mut().fold(false, |any, (mut input, mut context)| any | is_stirred(&mut input, &mut context));
    if changed || stirred {
        rhythm.at_once();
    }
    let Shown { selection, pins, settings, .. } = &shown;
    let labelled = settings.layers.shows(&LABELS) && !(selection.selected.is_empty() && pins.0.is_empty());
    rhythm.along = labelled || selection.hovered.is_some();
    rhythm.decide(now);
    parts.began = rhythm.due.then(clock);
}

#[expect(clippy::disallowed_methods, reason = "what panels cost is real time; no simulation code sees it")]
fn clock() -> Instant {
    Instant::now()
}

/// Between laying out and painting: when egui wants to go on.
fn heed(contexts: Query<&EguiFullOutput>, mut next: ResMut<NextLayout>) {
    let delay = |output: &EguiFullOutput| Some(output.as_ref()?.viewport_output.get(&ViewportId::ROOT)?.repaint_delay);
    next.0 = contexts.iter().filter_map(delay).min();
}

/// After how long egui wants to go on.
#[derive(Resource, Default)]
struct NextLayout(Option<Duration>);

/// After painting: takes note of what it cost, and keeps the triangles; in other frames the kept ones are drawn again.
fn keep(
    time: Res<Time<Real>>,
    mut rhythm: ResMut<FramePacing>,
    mut parts: ResMut<FrameParts>,
    mut next: ResMut<NextLayout>,
    redraw: Res<Redraw>,
    mut kept: Local<HashMap<Entity, Vec<ClippedPrimitive>>>,
    mut outputs: Query<(Entity, &mut EguiRenderOutput)>,
) {
    if let Some(began) = parts.began.take() {
        let cost = began.elapsed();
        parts.sum.interface += cost.as_secs_f64();
        rhythm.laid_out(time.elapsed_secs_f64(), cost, next.0.take());
    }
    if !redraw.draws() {
        return;
    }
    for (context, mut output) in &mut outputs {
        if !rhythm.due {
            if let Some(kept) = kept.get(&context) {
                output.paint_jobs.clone_from(kept);
            }
        } else if rhythm.layouts_wanted == Layouts::EveryFrame {
            kept.remove(&context);
        } else {
            kept.entry(context).or_default().clone_from(&output.paint_jobs);
        }
    }
}

fn is_due(rhythm: Res<FramePacing>) -> bool {
    rhythm.due
}

/// Lets the panels keep to the rhythm.
pub(crate) fn install(app: &mut App) {
    app.init_resource::<FramePacing>()
        .init_resource::<FrameParts>()
        .init_resource::<NextLayout>()
        .configure_sets(
            PostUpdate,
            (EguiPostUpdateSet::EndPass.run_if(is_due), EguiPostUpdateSet::ProcessOutput.run_if(is_due)),
        )
        .add_systems(
            PostUpdate,
            (
                decide.before(EguiPostUpdateSet::EndPass),
                heed.after(EguiPostUpdateSet::EndPass).before(EguiPostUpdateSet::ProcessOutput),
                keep.after(EguiPostUpdateSet::ProcessOutput).before(EguiPostUpdateSet::PostProcessOutput),
            ),
        );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often panels are laid out in a second of so many frames, if each time costs so many milliseconds.
    fn layouts(rhythm: &mut FramePacing, frames: u32, cost_ms: u64) -> u64 {
        let before = rhythm.layouts;
        for frame in 0..frames {
            let now = 1.0 + f64::from(frame) / f64::from(frames);
            rhythm.decide(now);
            if rhythm.is_due() {
                rhythm.laid_out(now, Duration::from_millis(cost_ms), None);
            }
        }
        rhythm.layouts - before
    }

    fn settled(cost_ms: u64) -> FramePacing {
        let mut rhythm = FramePacing::default();
        for frame in 0..40 {
            rhythm.decide(f64::from(frame) / 60.0);
            rhythm.laid_out(f64::from(frame) / 60.0, Duration::from_millis(cost_ms), None);
        }
        rhythm
    }

    #[test]
    fn panels_take_a_tenth_of_the_time_and_are_never_older_than_a_tenth_of_a_second() {
        // A millisecond is affordable every ten; two only in every second frame of sixty; thirty would be due thrice a
        // second, and come ten times all the same.
        assert_eq!(layouts(&mut settled(1), 60, 1), 60);
        assert!((28..=31).contains(&layouts(&mut settled(2), 60, 2)));
        for cost in [10, 30, 200] {
            assert!((9..=11).contains(&layouts(&mut settled(cost), 60, cost)), "{cost}");
        }
        let mut every = settled(30);
        every.layouts_wanted = Layouts::EveryFrame;
        assert_eq!(layouts(&mut every, 60, 30), 60);
        let mut along = settled(10);
        along.along = true;
        assert!((19..=25).contains(&layouts(&mut along, 60, 10)), "labels limp less");
        let mut slow = settled(1);
        slow.layouts_wanted = Layouts::TenASecond;
        assert!((9..=11).contains(&layouts(&mut slow, 60, 1)));
    }

    #[test]
    fn whatever_happens_is_shown_at_once_and_settles() {
        let mut rhythm = settled(30);
        let mut due = |now: f64, happens: bool| {
            if happens {
                rhythm.at_once();
            }
            rhythm.decide(now);
            rhythm.is_due()
        };
        assert!(due(10.0, false), "it was long ago");
        assert!(!due(10.01, false));
        assert!(due(10.02, true) && due(10.03, false) && !due(10.04, false));
    }

    #[test]
    fn what_egui_wants_comes_when_it_wants_it() {
        let mut rhythm = settled(30);
        rhythm.decide(10.0);
        rhythm.laid_out(10.0, Duration::from_millis(30), Some(Duration::from_millis(40)));
        let mut due = |now: f64| {
            rhythm.decide(now);
            rhythm.is_due()
        };
        assert!(!due(10.02) && due(10.041), "a tooltip opens");
        assert!(!due(10.05), "and that was all");
    }
}
