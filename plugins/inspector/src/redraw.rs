//! When the interface wants its next frame, and how it looks while a picture is taken: without the pointer.

use agent2028_view::Redraw;
use agent2028_view::capture::Capture;
use bevy::prelude::*;
use bevy::time::Real;
use bevy_egui::egui::{Event, ViewportId};
use bevy_egui::input::EguiContextPointerPosition;
use bevy_egui::{EguiFullOutput, EguiInput};

/// While a picture is taken the pointer touches nothing: no tooltip, no widget that is lit. Afterwards it is back.
pub(crate) fn hide_pointer(
    capture: Res<Capture>,
    windows: Query<&Window>,
    mut contexts: Query<(&mut EguiInput, &EguiContextPointerPosition)>,
    mut hidden: Local<bool>,
) {
    let hides = capture.takes_picture();
    let inside = windows.iter().any(|window| window.cursor_position().is_some());
    for (mut input, pointer) in &mut contexts {
        if hides {
            input.events.retain(|event| !matches!(event, Event::PointerMoved(_)));
            input.events.push(Event::PointerGone);
        } else if *hidden && inside {
            input.events.push(Event::PointerMoved(pointer.position));
        }
    }
    *hidden = hides;
}

/// Takes note of when egui wants its next frame.
pub(crate) fn follow_egui(time: Res<Time<Real>>, mut redraw: ResMut<Redraw>, outputs: Query<&EguiFullOutput>) {
    for output in outputs.iter().filter_map(|output| output.0.as_ref()) {
        let delay = output.viewport_output.get(&ViewportId::ROOT).map(|viewport| viewport.repaint_delay);
        match delay {
            Some(delay) if delay.is_zero() => redraw.next(),
            Some(delay) => redraw.at(time.elapsed_secs_f64() + delay.as_secs_f64()),
            None => {}
        }
    }
}
