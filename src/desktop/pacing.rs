//! Decides when the window updates and draws: all the time while a run plays, and otherwise when there is something new.
//!
//! | the window is | a run plays | nothing moves |
//! |---|---|---|
//! | in use | updates and draws with every frame of the screen | draws on input and news; looks around once a second |
//! | seen, another one in use | draws 30 times a second | the same |
//! | hidden | runs ticks, draws nothing | draws nothing |

use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::{Speed, Transport};
use agent2028_inspector::{RunRequest, RunStatus, SceneLibrary, SceneRequest, SceneStatus};
use agent2028_view::capture::{Capture, CaptureRequest, Captured};
use agent2028_view::{Redraw, ViewSettings, WorldCamera};
use bevy::app::SubApp;
use bevy::asset::AssetEvent;
use bevy::ecs::schedule::ScheduleLabel;
use bevy::ecs::system::NonSendMarker;
use bevy::prelude::*;
use bevy::render::RenderApp;
use bevy::time::{Real, TimeReceiver, TimeSystems};
use bevy::window::{PrimaryWindow, RequestRedraw, WindowEvent, WindowOccluded};
use bevy::winit::{
    EventLoopProxyWrapper, RawWinitWindowEvent, UpdateMode, WINIT_WINDOWS, WinitSettings, WinitUserEvent,
};

/// A playing run in a window that is seen but not in use is drawn so often, in seconds.
const UNFOCUSED_S: f64 = 1.0 / 30.0;
/// A playing run in a hidden window gets its ticks so often.
const HIDDEN_S: f64 = 1.0 / 60.0;
/// While something may be on its way (a picture that is written, a run that is saved) it is looked for so often.
const AWAKE_S: f64 = 0.1;
/// Otherwise files, signals and the window's own state are looked at so often.
const IDLE_S: f64 = 1.0;
/// What is awaited later than this is looked at again until then, in seconds.
const FAR_S: f64 = 3600.0;
/// So many updates at the start are drawn: the window takes its size, fonts and pipelines are made ready.
const FIRST_UPDATES: u32 = 30;
/// A wish to be drawn that comes so long after the last update is that of a wait that is over.
const IDLE_REST: Duration = Duration::from_millis(800);

/// Draws the window only when that shows something new.
pub(super) struct PacingPlugin;

impl Plugin for PacingPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Seen>()
            .add_systems(First, decide.after(TimeSystems))
            .add_systems(Last, (take_note, sleep).chain());
    }

    fn finish(&self, app: &mut App) {
        let proxy = app.world().get_resource::<EventLoopProxyWrapper>().map(|proxy| (**proxy).clone());
        if let Some(proxy) = proxy {
            // The event loop is gone only when the window is. There is one in a process: a second one is not told.
            let _ = WAKE.set(Box::new(move || {
                let _ = proxy.send_event(WinitUserEvent::WakeUp);
            }));
            app.insert_resource(Alarm::new(wake));
        }
        // The renderer tells the time of its last frame, which may be long ago here: the clock is asked instead.
        if let Some(times) = app.world_mut().remove_resource::<TimeReceiver>() {
            app.insert_resource(FrameTimes(times)).add_systems(First, pass_over_frame_times);
        }
        if let Some(render) = app.get_sub_app_mut(RenderApp) {
            skip_undrawn(render);
        }
    }
}

/// How the event loop is woken.
static WAKE: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();

/// Has the window look around now: something has happened on another thread.
pub(super) fn wake() {
    if let Some(wake) = WAKE.get() {
        wake();
    }
}

/// What the renderer tells of time.
#[derive(Resource)]
struct FrameTimes(TimeReceiver);

fn pass_over_frame_times(times: Res<FrameTimes>) {
    while times.0.0.try_recv().is_ok() {}
}

/// Whether this frame of the render world is left out.
#[derive(Resource, Default)]
struct LeftOut(bool);

/// The render world's schedule, run only for updates that are drawn.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct RenderIfDrawn;

/// Lets the render world rest while nothing is drawn: neither is the world extracted, nor is a picture of it presented.
fn skip_undrawn(render: &mut SubApp) {
    let (Some(mut extract), Some(whole)) = (render.take_extract(), render.update_schedule.take()) else {
        return;
    };
    render.init_resource::<LeftOut>();
    render.set_extract(move |main, world| {
        let draws = main.get_resource::<Redraw>().is_none_or(Redraw::draws);
        world.insert_resource(LeftOut(!draws));
        if draws {
            extract(main, world);
        }
    });
    render.add_systems(RenderIfDrawn, move |world: &mut World| {
        if !world.resource::<LeftOut>().0 {
            world.run_schedule(whole);
        }
    });
    render.update_schedule = Some(RenderIfDrawn.intern());
}

#[expect(clippy::disallowed_methods, reason = "when frames are drawn is about real time; no simulation code sees it")]
fn now() -> Instant {
    Instant::now()
}

/// What is known of the window.
#[derive(Resource)]
struct Seen {
    updates: u32,
    updated: Instant,
    occluded: bool,
    minimised: bool,
    looked_at: f64,
    hidden: bool,
    focused: bool,
    /// Whether the event loop waits as long as it may.
    rests: bool,
    /// Whether the event loop itself wishes a frame next.
    expects: bool,
    /// When it is woken before that.
    alarm: Option<Instant>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            updates: 0,
            updated: now(),
            occluded: false,
            minimised: false,
            looked_at: f64::NEG_INFINITY,
            hidden: false,
            focused: true,
            rests: false,
            expects: true,
            alarm: None,
        }
    }
}

/// Whether ticks or a film go on by themselves.
fn moves(transport: &Transport, timeline: &Timeline, simulation: &Simulation, capture: &Capture, now: f64) -> bool {
    let runs = (transport.playing || transport.stepping()) && !simulation.stopped();
    let seeks = timeline.seeking().is_some_and(|seeking| seeking.now != seeking.target);
    runs || seeks || capture.takes_picture() || capture.filming(now).is_some()
}

/// At the start of an update: whether it is drawn.
fn decide(
    (mut events, mut raw, mut occlusions): (
        MessageReader<WindowEvent>,
        MessageReader<RawWinitWindowEvent>,
        MessageReader<WindowOccluded>,
    ),
    (transport, timeline, simulation, capture): (Res<Transport>, Res<Timeline>, Res<Simulation>, Res<Capture>),
    time: Res<Time<Real>>,
    windows: Query<(Entity, &Window), With<PrimaryWindow>>,
    mut seen: ResMut<Seen>,
    mut redraw: ResMut<Redraw>,
    // Windows are asked on the main thread.
    _main_thread: NonSendMarker,
) {
    let seconds = time.elapsed_secs_f64();
    let happened = events.read().count() > 0;
    if happened {
        redraw.now();
    }
    if let Some(last) = occlusions.read().last() {
        seen.occluded = last.occluded;
    }
    seen.focused = windows.iter().all(|(_, window)| window.focused);
    if happened || seconds - seen.looked_at >= AWAKE_S {
        seen.looked_at = seconds;
        seen.minimised = WINIT_WINDOWS.with_borrow(|known| {
            let window = windows.iter().next().and_then(|(entity, _)| known.get_window(entity));
            window.and_then(|window| window.is_minimized()).unwrap_or(false)
        });
    }
    let before = std::mem::replace(&mut seen.hidden, false);
    seen.hidden = seen.minimised || seen.occluded;
    // Events that mean nothing to Bevy are wishes of the screen to be drawn. The event loop makes such wishes itself, after an
    // update that nothing asked for and when a wait is over; others come when a part of the window is uncovered.
    let wished = raw.read().count() > 0;
    let alarmed = seen.alarm.is_some_and(|at| at <= now());
    let rested = seen.updated.elapsed();
    let uncovered = wished && !happened && !alarmed && !seen.expects && seen.rests && rested < IDLE_REST;
    if uncovered {
        redraw.next();
    }
    seen.updated = now();
    seen.expects = !wished || alarmed;
    if (before && !seen.hidden) || seen.updates < FIRST_UPDATES {
        redraw.now();
    }
    seen.updates = seen.updates.saturating_add(1);
    let moving = moves(&transport, &timeline, &simulation, &capture, seconds);
    redraw.decide(seconds, moving, seen.hidden);
}

/// At the end of an update: whether something happened in it that is to be seen.
fn take_note(
    (mut scenes, mut runs, mut captures, mut captured, mut images): (
        MessageReader<SceneRequest>,
        MessageReader<RunRequest>,
        MessageReader<CaptureRequest>,
        MessageReader<Captured>,
        MessageReader<AssetEvent<Image>>,
    ),
    (status, library, run, settings): (Res<SceneStatus>, Res<SceneLibrary>, Res<RunStatus>, Res<ViewSettings>),
    (simulation, transport, camera): (Res<Simulation>, Res<Transport>, Res<WorldCamera>),
    mut known: Local<Option<(u64, u64, bool, Speed)>>,
    mut redraw: ResMut<Redraw>,
) {
    let asked = scenes.read().count() + runs.read().count() + captures.read().count() + captured.read().count() > 0;
    let changed = status.is_changed() || library.is_changed() || run.is_changed() || settings.is_changed();
    let now = (simulation.generation(), simulation.tick(), transport.playing, transport.speed);
    let moved = known.replace(now) != Some(now);
    if asked || changed || moved {
        redraw.now();
    }
    // Textures reach the graphics card with the next frame that is drawn, and news of them doesn't last.
    if images.read().count() > 0 || !camera.is_still() {
        redraw.next();
    }
}

/// Lets the event loop rest until the next update.
fn sleep(
    (transport, timeline, simulation, capture): (Res<Transport>, Res<Timeline>, Res<Simulation>, Res<Capture>),
    time: Res<Time<Real>>,
    redraw: Res<Redraw>,
    alarm: Option<Res<Alarm>>,
    mut seen: ResMut<Seen>,
    mut settings: ResMut<WinitSettings>,
    mut requests: ResMut<Messages<RequestRedraw>>,
) {
    let seconds = time.elapsed_secs_f64();
    let moving = moves(&transport, &timeline, &simulation, &capture, seconds);
    // egui asks for a frame at once when it wants one later; when it does is known better here.
    requests.clear();
    let fastest = transport.playing && transport.speed == Speed::Unlimited;
    let at_once = if seen.hidden { moving && fastest } else { redraw.is_due(seconds) || (moving && seen.focused) };
    if at_once {
        requests.write(RequestRedraw);
    }
    let wait = match (moving, seen.hidden) {
        (true, true) => HIDDEN_S,
        (true, false) => UNFOCUSED_S,
        (false, _) if redraw.is_awake() => AWAKE_S,
        (false, _) => IDLE_S,
    };
    seen.rests = wait >= IDLE_S;
    let mode = UpdateMode::reactive_low_power(Duration::from_secs_f64(wait));
    seen.expects |= at_once;
    // Another mode wakes the event loop: it is told only of changes.
    if settings.focused_mode != mode || settings.unfocused_mode != mode {
        *settings = WinitSettings { focused_mode: mode, unfocused_mode: mode };
        seen.expects = true;
    }
    if let Some(alarm) = alarm {
        let awaited = redraw.awaited().filter(|_| !seen.hidden && !at_once);
        let next = awaited.into_iter().chain(redraw.looks()).reduce(f64::min);
        seen.alarm = next.map(|at| seen.updated + Duration::from_secs_f64((at - seconds).clamp(0.0, FAR_S)));
        alarm.set(seen.alarm);
    }
}

/// Wakes the event loop at a moment that it doesn't know of.
#[derive(Resource)]
struct Alarm(Arc<(Mutex<Wish>, Condvar)>);

#[derive(Default)]
struct Wish {
    at: Option<Instant>,
    over: bool,
}

impl Alarm {
    fn new(mut ring: impl FnMut() + Send + 'static) -> Self {
        let shared = Arc::new((Mutex::new(Wish::default()), Condvar::new()));
        let waiting = shared.clone();
        std::thread::spawn(move || {
            let (wish, changed) = &*waiting;
            let mut wish = wish.lock().unwrap_or_else(PoisonError::into_inner);
            while !wish.over {
                let left = wish.at.map(|at| at.saturating_duration_since(now()));
                wish = match left {
                    None => changed.wait(wish).unwrap_or_else(PoisonError::into_inner),
                    Some(left) if left.is_zero() => {
                        wish.at = None;
                        ring();
                        wish
                    }
                    Some(left) => changed.wait_timeout(wish, left).unwrap_or_else(PoisonError::into_inner).0,
                };
            }
        });
        Self(shared)
    }

    /// Rings at a moment, or not at all; what was set before is forgotten.
    fn set(&self, at: Option<Instant>) {
        let (wish, changed) = &*self.0;
        let mut wish = wish.lock().unwrap_or_else(PoisonError::into_inner);
        if wish.at != at {
            wish.at = at;
            changed.notify_one();
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let (wish, changed) = &*self.0;
        wish.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Resource, Default)]
    struct Frames(u32);

    #[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
    struct Whole;

    /// What is not drawn is neither extracted nor rendered.
    #[test]
    fn an_update_that_is_not_drawn_leaves_the_renderer_alone() {
        let mut render = SubApp::new();
        render.init_resource::<Frames>();
        render.set_extract(|_, world| world.resource_mut::<Frames>().0 += 1);
        render.add_systems(Whole, |mut frames: ResMut<Frames>| frames.0 += 100);
        render.update_schedule = Some(Whole.intern());
        skip_undrawn(&mut render);
        let mut main = World::new();
        let mut redraw = Redraw::default();
        let mut update = |redraw: Redraw| {
            main.insert_resource(redraw);
            render.extract(&mut main);
            render.update();
            render.world().resource::<Frames>().0
        };
        assert_eq!(update(redraw), 101);
        redraw.decide(0.0, true, true);
        assert_eq!(update(redraw), 101);
        redraw.decide(0.0, true, false);
        assert_eq!(update(redraw), 202);
    }

    #[test]
    fn an_alarm_rings_once_at_the_last_moment_that_was_set() {
        let (told, rings) = std::sync::mpsc::channel();
        let alarm = Alarm::new(move || told.send(()).unwrap());
        alarm.set(Some(now() + Duration::from_secs(3600)));
        alarm.set(Some(now()));
        rings.recv().unwrap();
        alarm.set(None);
        drop(alarm);
        assert!(rings.recv().is_err(), "it rang once, and its thread has ended");
    }
}
