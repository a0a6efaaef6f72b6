//! Keys and buttons that went down since the last update, each with the keys that were held then.
//!
//! A frame may be slow: a key may have gone down and up again with Ctrl, and Ctrl too, before anybody looks. What is held
//! at the end of a frame says nothing about that; the order in which the system told of it does.

use bevy::input::keyboard::KeyboardInput;
use bevy::input::mouse::MouseButtonInput;
use bevy::prelude::*;
use bevy::window::WindowEvent;

/// The keys that change what another one means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldModifiers {
    /// Shift.
    pub shift: bool,
    /// Ctrl.
    pub ctrl: bool,
    /// Alt.
    pub alt: bool,
    /// The system's key.
    pub system: bool,
}

impl HeldModifiers {
    /// Whether the press belongs to the interface: commands of the world take Shift at most.
    #[must_use]
    pub fn belongs_to_interface(self) -> bool {
        self.ctrl || self.alt || self.system
    }
}

/// Which of the modifying keys are down, one by one: there are two of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldKeys(u8);

impl HeldKeys {
    const KEYS: [KeyCode; 8] = [
        KeyCode::ShiftLeft,
        KeyCode::ShiftRight,
        KeyCode::ControlLeft,
        KeyCode::ControlRight,
        KeyCode::AltLeft,
        KeyCode::AltRight,
        KeyCode::SuperLeft,
        KeyCode::SuperRight,
    ];

    /// Takes note of a key; others than the modifying ones change nothing.
    pub fn follow(&mut self, key: KeyCode, down: bool) {
        if let Some(at) = Self::KEYS.iter().position(|known| *known == key) {
            if down { self.0 |= 1 << at } else { self.0 &= !(1 << at) }
        }
    }

    /// All are up, as when the window loses the keyboard.
    pub fn release(&mut self) {
        self.0 = 0;
    }

    /// What is held.
    #[must_use]
    pub fn held(self) -> HeldModifiers {
        let pair = |at: u8| (self.0 >> (2 * at)) & 0b11 != 0;
        HeldModifiers { shift: pair(0), ctrl: pair(1), alt: pair(2), system: pair(3) }
    }
}

/// What went down since the last update.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Presses {
    keys: Vec<(KeyCode, HeldModifiers)>,
    buttons: Vec<(MouseButton, HeldModifiers)>,
    down: HeldKeys,
}

impl Presses {
    /// What is held now.
    #[must_use]
    pub fn held(&self) -> HeldModifiers {
        self.down.held()
    }

    /// The keys that went down, in order, with what was held when they did.
    pub fn keys(&self) -> impl Iterator<Item = (KeyCode, HeldModifiers)> + '_ {
        self.keys.iter().copied()
    }

    /// How often this key went down without anything held.
    #[must_use]
    pub fn plain(&self, key: KeyCode) -> usize {
        self.keys().filter(|(pressed, held)| *pressed == key && *held == HeldModifiers::default()).count()
    }

    /// What was held when this button last went down or up; what is held now if it did neither.
    #[must_use]
    pub fn held_with(&self, button: MouseButton) -> HeldModifiers {
        let last = self.buttons.iter().rev().find(|(moved, _)| *moved == button);
        last.map_or_else(|| self.held(), |(_, held)| *held)
    }

    /// Takes note of what the system told, in its order.
    pub fn follow<'a>(&mut self, events: impl Iterator<Item = &'a WindowEvent>) {
        self.keys.clear();
        self.buttons.clear();
        for event in events {
            match event {
                WindowEvent::KeyboardInput(KeyboardInput { key_code, state, repeat, .. }) => {
                    self.down.follow(*key_code, state.is_pressed());
                    if state.is_pressed() && !repeat {
                        self.keys.push((*key_code, self.down.held()));
                    }
                }
                WindowEvent::MouseButtonInput(MouseButtonInput { button, .. }) => {
                    self.buttons.push((*button, self.down.held()));
                }
                WindowEvent::WindowFocused(focus) if !focus.focused => self.down.release(),
                _ => {}
            }
        }
    }
}

pub(crate) fn follow_presses(mut events: MessageReader<WindowEvent>, mut presses: ResMut<Presses>) {
    presses.bypass_change_detection().follow(events.read());
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy::input::ButtonState;
    use bevy::input::keyboard::Key;
    use bevy::window::WindowFocused;

    fn key(key_code: KeyCode, down: bool) -> WindowEvent {
        WindowEvent::KeyboardInput(KeyboardInput {
            key_code,
            logical_key: Key::Unidentified(bevy::input::keyboard::NativeKey::Unidentified),
            state: if down { ButtonState::Pressed } else { ButtonState::Released },
            text: None,
            repeat: false,
            window: Entity::PLACEHOLDER,
        })
    }

    fn button(down: bool) -> WindowEvent {
        let state = if down { ButtonState::Pressed } else { ButtonState::Released };
        WindowEvent::MouseButtonInput(MouseButtonInput {
            button: MouseButton::Left,
            state,
            window: Entity::PLACEHOLDER,
        })
    }

    const CTRL: HeldModifiers = HeldModifiers { shift: false, ctrl: true, alt: false, system: false };

    /// However the events of a chord fall into frames, the key has Ctrl.
    #[test]
    fn a_chord_is_one_at_any_frame_rate() {
        let chord = [
            key(KeyCode::ControlLeft, true),
            key(KeyCode::KeyG, true),
            key(KeyCode::KeyG, false),
            key(KeyCode::ControlLeft, false),
            key(KeyCode::KeyG, true),
        ];
        for cuts in 0_u32..1 << (chord.len() - 1) {
            let (mut presses, mut seen, mut frame) = (Presses::default(), Vec::new(), Vec::new());
            for (at, event) in chord.iter().enumerate() {
                frame.push(event);
                if cuts >> at & 1 == 1 || at + 1 == chord.len() {
                    presses.follow(frame.drain(..));
                    seen.extend(presses.keys().filter(|(key, _)| *key == KeyCode::KeyG));
                }
            }
            assert_eq!(seen, [(KeyCode::KeyG, CTRL), (KeyCode::KeyG, HeldModifiers::default())], "{cuts:b}");
        }
    }

    #[test]
    fn a_click_has_the_keys_that_were_held_with_it() {
        let mut presses = Presses::default();
        let events = [key(KeyCode::ControlRight, true), button(true), button(false), key(KeyCode::ControlRight, false)];
        presses.follow(events.iter());
        assert_eq!((presses.held_with(MouseButton::Left), presses.held()), (CTRL, HeldModifiers::default()));
        assert_eq!(presses.held_with(MouseButton::Right), HeldModifiers::default());
        presses.follow([].into_iter());
        assert_eq!(presses.held_with(MouseButton::Left), HeldModifiers::default());
    }

    #[test]
    fn a_window_that_loses_the_keyboard_holds_no_key() {
        let mut presses = Presses::default();
        presses.follow([key(KeyCode::ControlLeft, true), key(KeyCode::ControlRight, true)].iter());
        presses.follow([key(KeyCode::ControlLeft, false)].iter());
        assert_eq!(presses.held(), CTRL, "the other one is still down");
        let lost = WindowEvent::WindowFocused(WindowFocused { window: Entity::PLACEHOLDER, focused: false });
        presses.follow([lost].iter());
        assert_eq!(presses.held(), HeldModifiers::default());
    }
}
