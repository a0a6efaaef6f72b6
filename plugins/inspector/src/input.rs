//! Passes keys and pointer to egui, in the order in which the system reported them, each with the keys that were held then.
//!
//! `bevy_egui` looks once a frame at what is held, and gives that to all keys and clicks of the frame. While frames are
//! slow a chord comes and goes between two of them: then Ctrl E would be an E. So these events are read here instead.

use agent2028_view::input::{HeldKeys, HeldModifiers};
use bevy::input::ButtonState;
use bevy::input::keyboard::{Key, KeyboardInput};
use bevy::prelude::*;
use bevy::window::WindowEvent;
use bevy_egui::helpers::{bevy_to_egui_key, bevy_to_egui_physical_key};
use bevy_egui::input::{
    EguiContextPointerPosition, EguiInputEvent, ModifierKeysState, WindowToEguiContextMap, read_egui_zoom_factor_system,
};
use bevy_egui::{EguiClipboard, EguiGlobalSettings, EguiInputSet, EguiZoomFactor, egui};

/// Reads keys and pointer in place of `bevy_egui`.
pub(crate) fn install(app: &mut App) {
    let mut settings = app.world_mut().resource_mut::<EguiGlobalSettings>();
    let settings = &mut settings.input_system_settings;
    settings.run_write_modifiers_keys_state_system = false;
    settings.run_write_window_pointer_moved_messages = false;
    settings.run_write_pointer_button_messages = false;
    settings.run_write_keyboard_input_messages_system = false;
    app.add_systems(PreUpdate, read_events.in_set(EguiInputSet::InitReading).after(read_egui_zoom_factor_system));
}

/// What `held` is called in egui.
fn modifiers(held: HeldModifiers) -> egui::Modifiers {
    let mac = cfg!(target_os = "macos");
    egui::Modifiers {
        alt: held.alt,
        ctrl: held.ctrl,
        shift: held.shift,
        mac_cmd: mac && held.system,
        command: if mac { held.system } else { held.ctrl },
    }
}

/// Whether a key types its letter: with Ctrl or the system's key it is a command. Ctrl and Alt together are AltGr.
fn types(held: HeldModifiers) -> bool {
    let alt_gr = !cfg!(target_os = "macos") && held.ctrl && held.alt;
    alt_gr || !(held.ctrl || held.system)
}

fn button(button: MouseButton) -> Option<egui::PointerButton> {
    match button {
        MouseButton::Left => Some(egui::PointerButton::Primary),
        MouseButton::Right => Some(egui::PointerButton::Secondary),
        MouseButton::Middle => Some(egui::PointerButton::Middle),
        MouseButton::Back => Some(egui::PointerButton::Extra1),
        MouseButton::Forward => Some(egui::PointerButton::Extra2),
        MouseButton::Other(_) => None,
    }
}

/// From the system's events to egui's. `paste` reads the clipboard.
fn translate(
    event: &WindowEvent,
    down: &mut HeldKeys,
    zoom: f32,
    pointer: &mut egui::Pos2,
    paste: &mut dyn FnMut() -> Option<String>,
) -> Vec<egui::Event> {
    match event {
        WindowEvent::CursorMoved(moved) => {
            let at = moved.position / zoom;
            *pointer = egui::pos2(at.x, at.y);
            vec![egui::Event::PointerMoved(*pointer)]
        }
        WindowEvent::MouseButtonInput(input) => button(input.button).map_or_else(Vec::new, |button| {
            let (pressed, modifiers) = (input.state == ButtonState::Pressed, modifiers(down.held()));
            vec![egui::Event::PointerButton { pos: *pointer, button, pressed, modifiers }]
        }),
        WindowEvent::KeyboardInput(input) => {
            down.follow(input.key_code, input.state.is_pressed());
            key(input, down.held(), paste)
        }
        WindowEvent::WindowFocused(focus) if !focus.focused => {
            down.release();
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn key(input: &KeyboardInput, held: HeldModifiers, paste: &mut dyn FnMut() -> Option<String>) -> Vec<egui::Event> {
    let pressed = input.state.is_pressed();
    let mut events = Vec::new();
    if pressed && types(held) {
        match &input.logical_key {
            Key::Character(text) if !text.contains(char::is_control) => {
                events.push(egui::Event::Text(text.to_string()));
            }
            Key::Space => events.push(egui::Event::Text(" ".into())),
            _ => {}
        }
    }
    // On keyboards without Latin letters commands go by the place of the key.
    let physical_key = bevy_to_egui_physical_key(&input.key_code);
    let Some(key) = bevy_to_egui_key(&input.logical_key).or(physical_key) else {
        return events;
    };
    let modifiers = modifiers(held);
    // Whether it repeats is worked out by egui.
    events.push(egui::Event::Key { key, physical_key, pressed, repeat: false, modifiers });
    if pressed && modifiers.command {
        match key {
            egui::Key::C => events.push(egui::Event::Copy),
            egui::Key::X => events.push(egui::Event::Cut),
            egui::Key::V => events.extend(paste().map(egui::Event::Text)),
            _ => {}
        }
    }
    events
}

fn read_events(
    mut events: MessageReader<WindowEvent>,
    mut state: ResMut<ModifierKeysState>,
    mut clipboard: ResMut<EguiClipboard>,
    contexts_of: Res<WindowToEguiContextMap>,
    mut contexts: Query<(Entity, &EguiZoomFactor, &mut EguiContextPointerPosition)>,
    mut out: MessageWriter<EguiInputEvent>,
    mut down: Local<HeldKeys>,
) {
    for event in events.read() {
        let before = *down;
        for (context, zoom, mut pointer) in &mut contexts {
            if !contexts_of.context_to_window.contains_key(&context) {
                continue;
            }
            // Each context sees the same keys.
            *down = before;
            let mut at = pointer.position;
            let mut paste = || clipboard.get_text();
            let translated = translate(event, &mut down, zoom.zoom_factor, &mut at, &mut paste);
            pointer.position = at;
            out.write_batch(translated.into_iter().map(|event| EguiInputEvent { context, event }));
        }
    }
    let held = down.held();
    (state.shift, state.ctrl, state.alt, state.win) = (held.shift, held.ctrl, held.alt, held.system);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::input::mouse::MouseButtonInput;

    fn press(key_code: KeyCode, logical_key: Key, down: bool) -> WindowEvent {
        WindowEvent::KeyboardInput(KeyboardInput {
            key_code,
            logical_key,
            state: if down { ButtonState::Pressed } else { ButtonState::Released },
            text: None,
            repeat: false,
            window: Entity::PLACEHOLDER,
        })
    }

    fn all(events: &[WindowEvent]) -> Vec<egui::Event> {
        let (mut down, mut at) = (HeldKeys::default(), egui::Pos2::ZERO);
        let mut paste = || Some("pasted".to_owned());
        events.iter().flat_map(|event| translate(event, &mut down, 1.0, &mut at, &mut paste)).collect()
    }

    /// All of it within one frame: what is held when the frame begins and ends is nothing.
    #[test]
    fn a_chord_within_a_frame_is_a_chord_and_types_nothing() {
        let e = || Key::Character("e".into());
        let events = all(&[
            press(KeyCode::ControlLeft, Key::Control, true),
            press(KeyCode::KeyE, e(), true),
            press(KeyCode::KeyE, e(), false),
            press(KeyCode::ControlLeft, Key::Control, false),
            press(KeyCode::KeyE, e(), true),
        ]);
        let keys: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                egui::Event::Key { key: egui::Key::E, pressed: true, modifiers, .. } => Some(modifiers.command),
                _ => None,
            })
            .collect();
        assert_eq!(keys, [true, false]);
        let typed = events.iter().filter(|event| matches!(event, egui::Event::Text(_))).count();
        assert_eq!(typed, 1, "only the second one is typed: {events:?}");
    }

    #[test]
    fn a_click_within_a_chord_has_its_keys() {
        let click = |state| {
            WindowEvent::MouseButtonInput(MouseButtonInput {
                button: MouseButton::Left,
                state,
                window: Entity::PLACEHOLDER,
            })
        };
        let events = all(&[
            press(KeyCode::ShiftLeft, Key::Shift, true),
            click(ButtonState::Pressed),
            click(ButtonState::Released),
            press(KeyCode::ShiftLeft, Key::Shift, false),
        ]);
        let shifts: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                egui::Event::PointerButton { modifiers, .. } => Some(modifiers.shift),
                _ => None,
            })
            .collect();
        assert_eq!(shifts, [true, true]);
    }

    #[test]
    fn letters_of_alt_gr_are_typed_and_ctrl_v_pastes() {
        let at = || Key::Character("@".into());
        let alt_gr = [
            press(KeyCode::ControlLeft, Key::Control, true),
            press(KeyCode::AltRight, Key::Alt, true),
            press(KeyCode::KeyQ, at(), true),
        ];
        assert!(all(&alt_gr).contains(&egui::Event::Text("@".into())));
        let paste =
            [press(KeyCode::ControlLeft, Key::Control, true), press(KeyCode::KeyV, Key::Character("v".into()), true)];
        assert!(all(&paste).contains(&egui::Event::Text("pasted".into())));
    }
}
