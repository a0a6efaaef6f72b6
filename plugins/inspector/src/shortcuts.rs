//! Every key that does something: one table for the handler, the tooltips and the sheet of shortcuts.

use bevy_egui::egui;
use egui::{Key, KeyboardShortcut, Modifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Let ticks happen by themselves, or stop.
    PlayPause,
    /// One tick.
    Step,
    /// Ten ticks.
    StepTen,
    /// The next slower speed.
    Slower,
    /// The next faster speed.
    Faster,
    /// Read the scene again and start it from tick 0.
    Restart,
    /// Choose a scene.
    Scenes,
    /// Dark or light.
    Theme,
    /// A larger interface.
    ScaleUp,
    /// A smaller interface.
    ScaleDown,
    /// The interface in its natural size.
    ScaleReset,
    /// Hide or show all panels.
    Panels,
    /// The sheet of shortcuts.
    Help,
}

/// A line of the sheet of shortcuts.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The keys, as they are written on a keyboard.
    pub keys: &'static str,
    /// What they do.
    pub does: &'static str,
}

/// A part of the sheet of shortcuts.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What the keys are about.
    pub title: &'static str,
    /// The keys.
    pub lines: &'static [Line],
}

const fn line(keys: &'static str, does: &'static str) -> Line {
    Line { keys, does }
}

/// The whole sheet.
pub const SHEET: [Part; 4] = [
    Part {
        title: "Time",
        lines: &[
            line("Space", "Play or pause"),
            line(".", "Run one tick"),
            line("Shift .", "Run ten ticks"),
            line("[", "Slower"),
            line("]", "Faster"),
            line("Ctrl R", "Restart: read the scene again, from tick 0"),
        ],
    },
    Part {
        title: "View",
        lines: &[
            line("Wheel, + \u{2212}", "Zoom to the pointer"),
            line("Drag, arrows", "Move the view"),
            line("F", "Show the whole world"),
            line("T", "Dark or light theme"),
        ],
    },
    Part {
        title: "Agents",
        lines: &[
            line("Click", "Select an agent"),
            line("Shift click", "Add an agent to the selection"),
            line("Shift drag", "Select the agents in a box"),
            line("C, double click", "Follow an agent, or stop"),
            line("Escape", "Stop following, then select nothing"),
        ],
    },
    Part {
        title: "Window",
        lines: &[
            line("Ctrl O", "Choose a scene"),
            line("Tab", "Hide or show all panels"),
            line("Shift Tab", "Move the keyboard focus into the panels"),
            line("Ctrl +", "Larger interface"),
            line("Ctrl \u{2212}", "Smaller interface"),
            line("Ctrl 0", "Interface in natural size"),
            line("?", "This sheet"),
        ],
    },
];

/// The keys of a command, for tooltips.
#[must_use]
pub const fn keys(command: Command) -> &'static str {
    match command {
        Command::PlayPause => "Space",
        Command::Step => ".",
        Command::StepTen => "Shift .",
        Command::Slower => "[",
        Command::Faster => "]",
        Command::Restart => "Ctrl R",
        Command::Scenes => "Ctrl O",
        Command::Theme => "T",
        Command::ScaleUp => "Ctrl +",
        Command::ScaleDown => "Ctrl \u{2212}",
        Command::ScaleReset => "Ctrl 0",
        Command::Panels => "Tab",
        Command::Help => "?",
    }
}

/// The keys, those with more modifiers first so that they win.
const KEYS: [(Modifiers, Key, Command); 17] = [
    (Modifiers::COMMAND, Key::R, Command::Restart),
    (Modifiers::NONE, Key::F5, Command::Restart),
    (Modifiers::COMMAND, Key::O, Command::Scenes),
    (Modifiers::COMMAND, Key::Plus, Command::ScaleUp),
    (Modifiers::COMMAND, Key::Equals, Command::ScaleUp),
    (Modifiers::COMMAND, Key::Minus, Command::ScaleDown),
    (Modifiers::COMMAND, Key::Num0, Command::ScaleReset),
    (Modifiers::SHIFT, Key::Period, Command::StepTen),
    (Modifiers::SHIFT, Key::Slash, Command::Help),
    (Modifiers::NONE, Key::Questionmark, Command::Help),
    (Modifiers::SHIFT, Key::Questionmark, Command::Help),
    (Modifiers::NONE, Key::Space, Command::PlayPause),
    (Modifiers::NONE, Key::Period, Command::Step),
    (Modifiers::NONE, Key::OpenBracket, Command::Slower),
    (Modifiers::NONE, Key::CloseBracket, Command::Faster),
    (Modifiers::NONE, Key::T, Command::Theme),
    (Modifiers::NONE, Key::Tab, Command::Panels),
];

/// The commands whose keys were pressed in this frame; the presses are used up. While a text field has the keyboard only
/// commands with Ctrl count.
pub fn pressed(ctx: &egui::Context) -> Vec<Command> {
    let typing = ctx.text_edit_focused();
    let navigating = ctx.memory(|memory| memory.focused().is_some());
    ctx.input_mut(|input| {
        KEYS.iter()
            .filter(|(modifiers, key, _)| {
                // Once the keyboard focus is in the panels, Tab moves it on.
                (!typing || modifiers.command) && !(navigating && *key == Key::Tab)
            })
            .filter(|(modifiers, key, _)| {
                input.modifiers.matches_exact(*modifiers)
                    && input.consume_shortcut(&KeyboardShortcut::new(*modifiers, *key))
            })
            .map(|(_, _, command)| *command)
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_with_a_key_stands_on_the_sheet() {
        for (_, _, command) in KEYS {
            let keys = keys(command);
            let listed = SHEET.iter().flat_map(|part| part.lines).any(|line| line.keys == keys);
            assert!(listed, "{command:?} ({keys})");
        }
    }

    #[test]
    fn no_key_means_two_things() {
        for (index, (modifiers, key, _)) in KEYS.iter().enumerate() {
            assert!(!KEYS[..index].iter().any(|(other, same, _)| other == modifiers && same == key), "{key:?}");
        }
    }
}
