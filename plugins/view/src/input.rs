//! Pointer and keyboard over the world.
//!
//! | input | does |
//! |---|---|
//! | drag (any button; with a tool in hand any but the primary one) | move the view |
//! | wheel, pinch, + and − | zoom, to the pointer |
//! | arrow keys | move the view |
//! | F | show the whole world |
//! | Shift F | show the selected agents |
//! | C, double click | follow the selected agent, or stop |
//! | click, Shift click | select an agent; add it or take it away |
//! | Alt click, Ctrl click | take an agent out of the selection |
//! | Shift drag, Alt drag | add the agents in a box to the selection, or take them out |
//! | Enter, Backspace | end an outline; take its last corner back |
//! | Escape | give up what is being drawn, then the tool, then stop following, then select nothing |
//!
//! Everything is ignored while the interface wants it for itself ([`InputGate`]).

mod gesture;
mod presses;

pub(crate) use presses::follow_presses;
pub use presses::{HeldKeys, HeldModifiers, Presses};

pub use gesture::{CLICK_SLACK, DOUBLE_CLICK, Gesture, Gestures, PointerFrame};

use agent2028_core::agent::{AgentId, AgentIndex, Position};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use bevy::input::gestures::PinchGesture;
use bevy::input::mouse::{MouseScrollUnit, MouseWheel};
use bevy::math::ops;
use bevy::prelude::*;
use bevy::time::Real;
use bevy::window::PrimaryWindow;

use crate::camera::WorldCamera;
use crate::capture::Capture;
use crate::layer_facts::AGENTS;
use crate::paint::Projection;
use crate::picking::{agent_at, agents_in};
use crate::selection::{Combine, Selection};
use crate::settings::ViewSettings;
use crate::tool::{Draws, SELECT, Tools};
use crate::viewport::{InputGate, Viewport};

/// A notch of the wheel zooms by this factor.
const NOTCH: f32 = 1.2;

/// So many pixels of a smooth wheel count as a notch.
const NOTCH_PIXELS: f32 = 50.0;

/// Zoom per second while a key is held.
const KEY_ZOOM: f32 = 6.0;

/// Logical pixels per second that the view moves while an arrow key is held.
const KEY_PAN: f32 = 900.0;

/// However long a frame took, held keys move the view by no more than what belongs to so many seconds.
const LONGEST_STEP_S: f32 = 0.1;

/// By what factor wheel and pinch zoom; 1 for not at all. Whatever a device sends, one frame zooms tenfold at most.
#[must_use]
pub fn zoom_factor(notches: f32, pinch: f32) -> f32 {
    let exponent = notches * ops::ln(NOTCH) + pinch;
    if exponent.is_finite() { ops::exp(exponent.clamp(-2.3, 2.3)) } else { 1.0 }
}

/// Moves the camera and selects agents as pointer and wheel ask.
pub(crate) fn use_pointer(
    windows: Query<&Window, With<PrimaryWindow>>,
    buttons: Res<ButtonInput<MouseButton>>,
    presses: Res<Presses>,
    mut wheel: MessageReader<MouseWheel>,
    mut pinches: MessageReader<PinchGesture>,
    time: Res<Time<Real>>,
    gate: Res<InputGate>,
    viewport: Res<Viewport>,
    simulation: Res<Simulation>,
    settings: Res<ViewSettings>,
    tools: Res<Tools>,
    capture: Res<Capture>,
    mut gestures: Local<Gestures>,
    mut camera: ResMut<WorldCamera>,
    mut selection: ResMut<Selection>,
) {
    let notches: f32 = wheel
        .read()
        .map(|turn| match turn.unit {
            MouseScrollUnit::Line => turn.y,
            MouseScrollUnit::Pixel => turn.y / NOTCH_PIXELS,
        })
        .sum();
    let pinch: f32 = pinches.read().map(|pinch| pinch.0).sum();
    let position = windows.single().ok().and_then(Window::cursor_position);
    let free = !gate.pointer && position.is_some_and(|at| viewport.contains(at));
    // A press that ended within the same frame still was one: frames may be slow.
    let primary = buttons.pressed(MouseButton::Left) || buttons.just_pressed(MouseButton::Left);
    let pans = tools.active.draws == Draws::View;
    let pointer = PointerFrame {
        position,
        primary: primary && tools.active.draws == Draws::Nothing,
        other: buttons.any_pressed([MouseButton::Middle, MouseButton::Right]) || (primary && pans),
        how: Combine::of(presses.held_with(MouseButton::Left)),
        free,
        time: time.elapsed_secs_f64(),
    };
    if let Some(at) = position.filter(|_| free)
        && (notches != 0.0 || pinch != 0.0)
    {
        camera.zoom_at(&viewport, at, zoom_factor(notches, pinch));
    }
    let projection = Projection::new(&camera, &viewport);
    let picks = settings.layers.shows(&AGENTS);
    match gestures.follow(&pointer) {
        Some(Gesture::Drag(step)) => camera.pan(step),
        Some(Gesture::Click { at, how, double }) => {
            let agent = picks.then(|| agent_at(&simulation, &projection, at)).flatten();
            match (agent, how) {
                (Some(agent), Combine::Add) => selection.toggle(agent),
                (Some(agent), Combine::Subtract) => selection.subtract([agent]),
                (Some(agent), Combine::Replace) => {
                    selection.set([agent]);
                    if double {
                        camera.follow(Some(agent));
                    }
                }
                (None, Combine::Replace) => selection.clear(),
                (None, _) => {}
            }
        }
        Some(Gesture::Box(area)) => selection.rubber_band = Some(area),
        Some(Gesture::BoxDone(area, how)) => {
            selection.rubber_band = None;
            if picks {
                selection.combine(how, agents_in(&simulation, &projection, area));
            }
        }
        None => {
            if selection.rubber_band.is_some() && !gestures.pressing() {
                selection.rubber_band = None;
            }
        }
    }
    let hovered = position
        .filter(|_| free && picks && !gestures.pressing() && !tools.sketcher.pressing() && !capture.takes_picture())
        .and_then(|at| agent_at(&simulation, &projection, at));
    if selection.hovered != hovered {
        selection.hovered = hovered;
    }
}

/// Moves the camera and clears the selection as keys ask.
pub(crate) fn use_keys(
    keys: Res<ButtonInput<KeyCode>>,
    presses: Res<Presses>,
    time: Res<Time<Real>>,
    gate: Res<InputGate>,
    windows: Query<&Window, With<PrimaryWindow>>,
    viewport: Res<Viewport>,
    simulation: Res<Simulation>,
    mut camera: ResMut<WorldCamera>,
    mut selection: ResMut<Selection>,
    mut tools: ResMut<Tools>,
) {
    if gate.keyboard {
        return;
    }
    move_by_keys(&keys, &presses, &time, &windows, &viewport, &mut camera);
    for (key, held) in presses.keys().filter(|(_, held)| !held.belongs_to_interface()) {
        if key == KeyCode::KeyF {
            let bounds = simulation.world().get_resource::<WorldBounds>().copied().unwrap_or_default();
            match held.shift.then(|| area_of(&simulation, &selection.selected)) {
                Some(Some(area)) => camera.fit_rect(area, &viewport),
                // Nothing is selected: there is nothing to fit.
                Some(None) => {}
                None => camera.fit(&bounds, &viewport),
            }
        }
        if key == KeyCode::KeyC {
            let next = if camera.follow.is_some() { None } else { selection.selected.first().copied() };
            camera.follow(next);
        }
        if key == KeyCode::Escape {
            give_up(&mut camera, &mut selection, &mut tools);
        }
    }
}

/// The first of these that there is to give up: what is being drawn, the tool, following, the selection.
fn give_up(camera: &mut WorldCamera, selection: &mut Selection, tools: &mut Tools) {
    if tools.cancel() {
        return;
    }
    if tools.measured.is_some() {
        tools.measured = None;
    } else if tools.active.key != SELECT.key {
        tools.take(&SELECT);
    } else if camera.follow.is_some() {
        camera.follow(None);
    } else if !selection.selected.is_empty() {
        selection.clear();
    }
}

/// Moves the view while keys are held; one that was tapped within a slow frame counts as held for that frame.
fn move_by_keys(
    keys: &ButtonInput<KeyCode>,
    presses: &Presses,
    time: &Time<Real>,
    windows: &Query<&Window, With<PrimaryWindow>>,
    viewport: &Viewport,
    camera: &mut WorldCamera,
) {
    let seconds = time.delta_secs().min(LONGEST_STEP_S);
    let free = !presses.held().belongs_to_interface();
    let held = |plus: &[KeyCode], minus: &[KeyCode]| {
        let down = |code: &KeyCode| (free && keys.pressed(*code)) || presses.plain(*code) > 0;
        let pressed = |codes: &[KeyCode]| f32::from(u8::from(codes.iter().any(down)));
        pressed(plus) - pressed(minus)
    };
    let zoom = held(&[KeyCode::Equal, KeyCode::NumpadAdd], &[KeyCode::Minus, KeyCode::NumpadSubtract]);
    if zoom != 0.0 {
        let pointer = windows.single().ok().and_then(Window::cursor_position).filter(|at| viewport.contains(*at));
        let at = pointer.unwrap_or_else(|| viewport.rect().center());
        camera.zoom_at(viewport, at, ops::powf(KEY_ZOOM, zoom * seconds));
    }
    let along = Vec2::new(
        held(&[KeyCode::ArrowRight], &[KeyCode::ArrowLeft]),
        held(&[KeyCode::ArrowDown], &[KeyCode::ArrowUp]),
    );
    if along != Vec2::ZERO {
        camera.glide(along * KEY_PAN * seconds);
    }
}

/// The smallest area around agents, with some of their surroundings; on a torus the one that their first one lies in.
#[must_use]
pub fn area_of(simulation: &Simulation, agents: &[AgentId]) -> Option<Rect> {
    /// Surroundings on each side, in parts of the world's longer side.
    const AROUND: f32 = 0.03;
    let world = simulation.world();
    let (index, bounds) = (world.get_resource::<AgentIndex>()?, world.get_resource::<WorldBounds>()?);
    let mut places = agents
        .iter()
        .filter_map(|agent| Some(world.get::<Position>(index.get(*agent)?)?.0))
        .filter(|at| at.is_finite());
    let first = places.next()?;
    let area =
        places.fold(Rect::from_corners(first, first), |area, at| area.union_point(first + bounds.delta(first, at)));
    Some(area.inflate(bounds.size.max_element() * AROUND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selected_agents_are_shown_together_across_the_edge() {
        use agent2028_core::SimCorePlugin;
        use agent2028_core::agent::{AgentGroup, AgentGroups, Placement, spawn_group};
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        let group = AgentGroup { name: "bird".into(), ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        let points = [(490.0, 0.0), (-490.0, 20.0), (0.0, 0.0)].map(Vec2::from).to_vec();
        spawn_group(app.world_mut(), group, 3, &Placement::Points(points)).unwrap();
        let simulation = Simulation::new(std::mem::take(app.world_mut()));
        let area = area_of(&simulation, &[0, 1].map(AgentId)).unwrap();
        assert_eq!(area, Rect::new(460.0, -30.0, 540.0, 50.0));
        assert_eq!(area_of(&simulation, &[AgentId(2), AgentId(77)]).unwrap().center(), Vec2::ZERO);
        assert_eq!(area_of(&simulation, &[]), None);
    }

    #[test]
    fn zoom_adds_up_goes_both_ways_and_survives_odd_devices() {
        assert!((zoom_factor(1.0, 0.0) * zoom_factor(-1.0, 0.0) - 1.0).abs() < 1e-5);
        assert!((zoom_factor(1.0, 0.0) - NOTCH).abs() < 1e-5);
        assert!(zoom_factor(0.0, 0.1) > 1.0 && zoom_factor(0.0, -0.1) < 1.0);
        assert!(zoom_factor(1e30, 0.0) < 10.1 && zoom_factor(-1e30, 0.0) > 0.09);
        assert_eq!(zoom_factor(f32::NAN, 0.0), 1.0);
    }
}
