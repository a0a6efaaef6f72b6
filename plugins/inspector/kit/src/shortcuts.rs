//! Every key that does something: one table for the handler, the tooltips and the sheet of shortcuts.

use agent2028_view::{LayerFacts, ToolFacts, WorldLayers};
use bevy_egui::egui;
use egui::{Event, Key, Modifiers};

use crate::dock::Preset;
use crate::tool::Toolbox;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Let ticks happen by themselves, or stop.
    PlayPause,
    /// One tick.
    Step,
    /// Ten ticks.
    StepTen,
    /// One tick back.
    Back,
    /// Ten ticks back.
    BackTen,
    /// To the first tick.
    ToStart,
    /// To the last tick that ran.
    ToEnd,
    /// Type the tick to go to.
    GoToTick,
    /// A second run from here.
    Fork,
    /// Leave out the last change.
    Undo,
    /// Bring back what was left out.
    Redo,
    /// The next slower speed.
    Slower,
    /// The next faster speed.
    Faster,
    /// Read the scene again and start it from tick 0.
    Restart,
    /// Write the run into a folder.
    SaveRun,
    /// Choose a scene.
    Scenes,
    /// Write the scene's text to its file.
    Save,
    /// Write the scene's text to another file.
    SaveAs,
    /// Show the scene's text.
    EditText,
    /// Show the scene as a form.
    EditForm,
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
    /// Select all agents.
    SelectAll,
    /// Select the agents that are not selected.
    Invert,
    /// Select also those near the selected ones.
    Grow,
    /// Use the tool at the centre of the view.
    UseTool,
    /// The sheet of shortcuts.
    Help,
    /// Find anything by name.
    Palette,
    /// Panels for watching.
    LayoutWatch,
    /// Panels for debugging.
    LayoutDebug,
    /// Panels for presenting.
    LayoutPresent,
    /// The next lens.
    Lens,
    /// A picture of the window.
    WindowPicture,
    /// A picture of the world.
    WorldPicture,
    /// Begin a film, or end it.
    Film,
    /// Draw a layer, or not.
    Layer(&'static LayerFacts),
    /// Take a tool in hand.
    Tool(&'static ToolFacts),
}

impl Command {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::PlayPause,
        Self::Step,
        Self::StepTen,
        Self::Back,
        Self::BackTen,
        Self::ToStart,
        Self::ToEnd,
        Self::GoToTick,
        Self::Fork,
        Self::Undo,
        Self::Redo,
        Self::Slower,
        Self::Faster,
        Self::Restart,
        Self::SaveRun,
        Self::Scenes,
        Self::Save,
        Self::SaveAs,
        Self::EditText,
        Self::EditForm,
        Self::Theme,
        Self::ScaleUp,
        Self::ScaleDown,
        Self::ScaleReset,
        Self::Panels,
        Self::SelectAll,
        Self::Invert,
        Self::Grow,
        Self::UseTool,
        Self::Palette,
        Self::Help,
        Self::LayoutWatch,
        Self::LayoutDebug,
        Self::LayoutPresent,
        Self::Lens,
        Self::WindowPicture,
        Self::WorldPicture,
        Self::Film,
    ];

    /// What it does, for the sheet and the palette.
    #[must_use]
    pub const fn does(self) -> &'static str {
        match self {
            Self::PlayPause => "Play or pause",
            Self::Step => "Run one tick",
            Self::StepTen => "Run ten ticks",
            Self::Back => "Go back one tick",
            Self::BackTen => "Go back ten ticks",
            Self::ToStart => "Go to the first tick",
            Self::ToEnd => "Go to the last tick that ran",
            Self::GoToTick => "Type the tick to go to",
            Self::Fork => "Fork: a second run that goes on from here",
            Self::Undo => "Undo your last change",
            Self::Redo => "Redo the change that was undone",
            Self::Slower => "Slower",
            Self::Faster => "Faster",
            Self::Restart => "Restart: read the scene again, from tick 0",
            Self::SaveRun => "Save this run into a folder, and verify it",
            Self::Scenes => "Choose a scene",
            Self::Save => "Save the scene",
            Self::SaveAs => "Save the scene under another name",
            Self::EditText => "Edit the scene as text",
            Self::EditForm => "Edit the scene as a form",
            Self::Theme => "Dark or light theme",
            Self::ScaleUp => "Larger interface",
            Self::ScaleDown => "Smaller interface",
            Self::ScaleReset => "Interface in natural size",
            Self::Panels => "Hide or show all panels",
            Self::SelectAll => "Select all agents",
            Self::Invert => "Invert the selection",
            Self::Grow => "Grow the selection to neighbours",
            Self::UseTool => "Use the tool at the centre of the view",
            Self::Palette => "Find anything by name",
            Self::Help => "Keys and help",
            Self::LayoutWatch => "Panels for watching",
            Self::LayoutDebug => "Panels for debugging",
            Self::LayoutPresent => "Panels for presenting",
            Self::Lens => "Look through the eyes of the system, of the selected agent, or at the truth",
            Self::WindowPicture => "Save a picture of the window",
            Self::WorldPicture => "Save a picture of the world, without panels",
            Self::Film => "Record a film of the world, or end it",
            Self::Layer(layer) => layer.label,
            Self::Tool(tool) => tool.label,
        }
    }
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

const fn of(command: Command) -> Line {
    Line { keys: keys(command), does: command.does() }
}

/// The part of the sheet that layers join.
pub const LAYERS: &str = "Layers";

/// The part of the sheet that tools join, before its own lines.
pub const TOOLS: &str = "Tools";

/// The sheet without the keys of layers and tools, which say them themselves.
pub const SHEET: [Part; 6] = [
    Part {
        title: "Time",
        lines: &[
            of(Command::PlayPause),
            of(Command::Step),
            of(Command::StepTen),
            of(Command::Back),
            of(Command::BackTen),
            of(Command::ToStart),
            of(Command::ToEnd),
            of(Command::GoToTick),
            of(Command::Undo),
            of(Command::Redo),
            of(Command::Fork),
            of(Command::Slower),
            of(Command::Faster),
            of(Command::Restart),
            of(Command::SaveRun),
        ],
    },
    Part {
        title: "View",
        lines: &[
            line("Wheel, + \u{2212}", "Zoom to the pointer"),
            line("Drag, arrows", "Move the view"),
            line("F", "Show the whole world"),
            line("Shift F", "Show the selected agents"),
            of(Command::Theme),
            of(Command::WindowPicture),
            of(Command::WorldPicture),
            of(Command::Film),
        ],
    },
    Part { title: LAYERS, lines: &[of(Command::Lens)] },
    Part {
        title: "Agents",
        lines: &[
            line("Click", "Select an agent"),
            line("Shift click", "Add an agent to the selection"),
            line("Alt click", "Take an agent out of the selection"),
            line("Shift drag", "Add the agents in a box"),
            line("Alt drag", "Take the agents in a box out"),
            of(Command::SelectAll),
            of(Command::Invert),
            of(Command::Grow),
            line("C, double click", "Follow an agent, or stop"),
            line("Escape", "Put the tool away, stop following, select nothing"),
        ],
    },
    Part { title: TOOLS, lines: &[line("Enter", "End an outline"), of(Command::UseTool)] },
    Part {
        title: "Window",
        lines: &[
            of(Command::Palette),
            of(Command::Scenes),
            of(Command::Save),
            of(Command::SaveAs),
            of(Command::EditText),
            of(Command::EditForm),
            of(Command::Panels),
            line("Shift Tab", "Move the keyboard focus into the panels"),
            of(Command::LayoutWatch),
            of(Command::LayoutDebug),
            of(Command::LayoutPresent),
            of(Command::ScaleUp),
            of(Command::ScaleDown),
            of(Command::ScaleReset),
            of(Command::Help),
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
        Command::Back => ",",
        Command::BackTen => "Shift ,",
        Command::ToStart => "Home",
        Command::ToEnd => "End",
        Command::GoToTick => "Ctrl G",
        Command::Fork => "Ctrl B",
        Command::Undo => "Ctrl Z",
        Command::Redo => "Ctrl Shift Z",
        Command::Slower => "[",
        Command::Faster => "]",
        Command::Restart => "Ctrl R",
        Command::SaveRun => "Ctrl K",
        Command::Scenes => "Ctrl O",
        Command::Save => "Ctrl S",
        Command::SaveAs => "Ctrl Shift S",
        Command::EditText => "Ctrl E",
        Command::EditForm => "Ctrl Shift E",
        Command::Theme => "T",
        Command::ScaleUp => "Ctrl +",
        Command::ScaleDown => "Ctrl \u{2212}",
        Command::ScaleReset => "Ctrl 0",
        Command::Panels => "Tab",
        Command::Palette => "Ctrl P",
        Command::SelectAll => "Ctrl A",
        Command::Invert => "Ctrl I",
        Command::Grow => "Ctrl Shift G",
        Command::UseTool => "Ctrl Enter",
        Command::Help => "?",
        Command::LayoutWatch => Preset::Watch.keys(),
        Command::LayoutDebug => Preset::Debug.keys(),
        Command::LayoutPresent => Preset::Present.keys(),
        Command::Lens => "E",
        Command::WindowPicture => "F12",
        Command::WorldPicture => "Shift F12",
        Command::Film => "Ctrl F12",
        Command::Layer(layer) => layer.shortcut,
        Command::Tool(tool) => tool.shortcut,
    }
}

/// The keys, those with more modifiers first so that they win.
const KEYS: &[(Modifiers, Key, Command)] = &[
    (Modifiers::COMMAND, Key::P, Command::Palette),
    (Modifiers::COMMAND, Key::Num1, Command::LayoutWatch),
    (Modifiers::COMMAND, Key::Num2, Command::LayoutDebug),
    (Modifiers::COMMAND, Key::Num3, Command::LayoutPresent),
    (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z, Command::Redo),
    (Modifiers::COMMAND, Key::Z, Command::Undo),
    (Modifiers::COMMAND, Key::B, Command::Fork),
    (Modifiers::COMMAND, Key::G, Command::GoToTick),
    (Modifiers::COMMAND, Key::K, Command::SaveRun),
    (Modifiers::COMMAND, Key::A, Command::SelectAll),
    (Modifiers::COMMAND, Key::I, Command::Invert),
    (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::G, Command::Grow),
    (Modifiers::COMMAND, Key::Enter, Command::UseTool),
    (Modifiers::COMMAND, Key::R, Command::Restart),
    (Modifiers::NONE, Key::F5, Command::Restart),
    (Modifiers::COMMAND, Key::O, Command::Scenes),
    (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::S, Command::SaveAs),
    (Modifiers::COMMAND, Key::S, Command::Save),
    (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::E, Command::EditForm),
    (Modifiers::COMMAND, Key::E, Command::EditText),
    (Modifiers::COMMAND, Key::Plus, Command::ScaleUp),
    (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Plus, Command::ScaleUp),
    (Modifiers::COMMAND, Key::Equals, Command::ScaleUp),
    (Modifiers::COMMAND, Key::Minus, Command::ScaleDown),
    (Modifiers::COMMAND, Key::Num0, Command::ScaleReset),
    (Modifiers::SHIFT, Key::Period, Command::StepTen),
    (Modifiers::SHIFT, Key::Slash, Command::Help),
    (Modifiers::NONE, Key::Questionmark, Command::Help),
    (Modifiers::SHIFT, Key::Questionmark, Command::Help),
    (Modifiers::NONE, Key::Space, Command::PlayPause),
    (Modifiers::NONE, Key::Period, Command::Step),
    (Modifiers::SHIFT, Key::Comma, Command::BackTen),
    (Modifiers::NONE, Key::Comma, Command::Back),
    (Modifiers::NONE, Key::Home, Command::ToStart),
    (Modifiers::NONE, Key::End, Command::ToEnd),
    (Modifiers::NONE, Key::OpenBracket, Command::Slower),
    (Modifiers::NONE, Key::CloseBracket, Command::Faster),
    (Modifiers::NONE, Key::T, Command::Theme),
    (Modifiers::NONE, Key::Tab, Command::Panels),
    (Modifiers::COMMAND, Key::F12, Command::Film),
    (Modifiers::SHIFT, Key::F12, Command::WorldPicture),
    (Modifiers::NONE, Key::F12, Command::WindowPicture),
    (Modifiers::NONE, Key::E, Command::Lens),
];

/// Whether letters belong to a text that is being written.
///
/// A long text loses the keyboard in the middle of a word: Escape was pressed to close a list, a dialog was opened and closed.
/// Who writes goes on writing then, and would stop the run, change the lens and pick up tools instead. So after the editor
/// has had the keyboard, letters are commands again only once something else was chosen: by the pointer, by the keyboard's
/// focus, or by another Escape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writing {
    on: bool,
    focused: bool,
}

impl Writing {
    /// Whether letters belong to the text.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.on
    }

    /// Looks at the keyboard's focus at the start of a frame; `editor` is the text's field, and `asking` says that a dialog
    /// lies over it.
    pub fn follow(&mut self, ctx: &egui::Context, editor: egui::Id, asking: bool) {
        let before = std::mem::replace(&mut self.focused, false);
        let focus = ctx.memory(|memory| memory.focused());
        if focus == Some(editor) {
            (self.on, self.focused) = (true, true);
            return;
        }
        if !self.on || asking {
            return;
        }
        // A click on the buttons beside the text is about the text.
        let panel: Option<egui::Rect> = ctx.data(|data| data.get_temp(editor));
        let (pointed, escaped) = ctx.input(|input| {
            let escape = |event: &Event| matches!(event, Event::Key { key: Key::Escape, pressed: true, .. });
            let beside = |at| panel.is_some_and(|panel| panel.contains(at));
            let pointed = input.pointer.any_pressed() && !input.pointer.interact_pos().is_some_and(beside);
            (pointed, input.events.iter().any(escape))
        });
        // The Escape that took the keyboard away is not the other one.
        if pointed || focus.is_some() || (escaped && !before) {
            self.on = false;
        }
    }
}

/// The commands whose keys were pressed in this frame, in the order of the presses, which are used up. What is held at
/// each press counts, not what is held when the frame is drawn. While a text field has the keyboard, or letters belong to
/// a text (`writing`), only commands with Ctrl count. Keys of layers and tools are theirs unless the table gives them away.
pub fn pressed(ctx: &egui::Context, writing: bool, layers: &WorldLayers, tools: &Toolbox) -> Vec<Command> {
    let typing = ctx.text_edit_focused() || writing;
    let navigating = ctx.memory(|memory| memory.focused().is_some());
    ctx.input_mut(|input| {
        let mut commands = Vec::new();
        input.events.retain(|event| {
            let Event::Key { key, pressed: true, modifiers, .. } = event else {
                return true;
            };
            let known = command_of(*modifiers, *key).or_else(|| named(*modifiers, *key, layers, tools));
            let command = known.filter(|command| {
                // In a text field this selects the text.
                let of_text = matches!(command, Command::SelectAll | Command::UseTool | Command::GoToTick);
                // And a text field has an undo of its own.
                let taken = typing && (of_text || !modifiers.command || *key == Key::Z);
                // Once the keyboard focus is in the panels, Tab moves it on.
                let moves_on = navigating && *key == Key::Tab;
                !(taken || moves_on)
            });
            commands.extend(command);
            command.is_none()
        });
        commands
    })
}

/// The command of a key with what is held.
fn command_of(held: Modifiers, key: Key) -> Option<Command> {
    let found = KEYS.iter().find(|(modifiers, known, _)| *known == key && held.matches_exact(*modifiers));
    found.map(|(.., command)| *command)
}

/// The layer that a key shows and hides, or the tool that it takes in hand.
fn named(held: Modifiers, key: Key, layers: &WorldLayers, tools: &Toolbox) -> Option<Command> {
    let means = |shortcut: &str| chord(shortcut).is_some_and(|(with, known)| known == key && held.matches_exact(with));
    let layer = layers.all().find(|facts| means(facts.shortcut)).map(Command::Layer);
    layer.or_else(|| tools.iter().map(|entry| entry.facts).find(|facts| means(facts.shortcut)).map(Command::Tool))
}

/// What is written on the keyboard as `Alt 7` or `Ctrl Shift L`.
fn chord(keys: &str) -> Option<(Modifiers, Key)> {
    let mut held = Modifiers::NONE;
    let mut words = keys.split(' ').peekable();
    while let Some(word) = words.next() {
        if words.peek().is_none() {
            return Key::from_name(word).map(|key| (held, key));
        }
        held = held.plus(match word {
            "Alt" => Modifiers::ALT,
            "Shift" => Modifiers::SHIFT,
            "Ctrl" => Modifiers::COMMAND,
            _ => return None,
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: Key, pressed: bool, modifiers: Modifiers) -> Event {
        Event::Key { key, physical_key: None, pressed, repeat: false, modifiers }
    }

    /// Nothing is held any more when the frame is drawn.
    #[test]
    fn a_chord_that_is_over_before_the_frame_is_the_command_of_the_chord() {
        let ctx = egui::Context::default();
        ctx.set_fonts(crate::theme::fonts());
        let frame = |events: Vec<Event>| {
            let mut commands = Vec::new();
            let mut output = ctx.run_ui(egui::RawInput { events, ..Default::default() }, |ui| {
                commands.extend(pressed(ui.ctx(), false, &WorldLayers::default(), &Toolbox::default()));
            });
            output.textures_delta.clear();
            commands
        };
        let chord = |with| [key(Key::E, true, with), key(Key::E, false, with)];
        let (none, ctrl) = (Modifiers::NONE, Modifiers::COMMAND);
        assert_eq!(frame(chord(ctrl).to_vec()), [Command::EditText]);
        assert_eq!(frame(chord(none).to_vec()), [Command::Lens]);
        let several = [chord(ctrl), chord(none), chord(ctrl.plus(Modifiers::SHIFT))].concat();
        assert_eq!(frame(several), [Command::EditText, Command::Lens, Command::EditForm], "in their order");
        assert_eq!(frame(vec![key(Key::E, false, none)]), []);
    }

    #[test]
    fn who_has_lost_the_editor_s_keyboard_types_no_commands() {
        let ctx = egui::Context::default();
        ctx.set_fonts(crate::theme::fonts());
        let (editor, mut writing, mut text) = (egui::Id::new("editor"), Writing::default(), String::new());
        let mut frame = |events: Vec<Event>, focus: bool, asking: bool| {
            let mut commands = Vec::new();
            let mut output = ctx.run_ui(egui::RawInput { events, ..Default::default() }, |ui| {
                writing.follow(ui.ctx(), editor, asking);
                commands.extend(pressed(ui.ctx(), writing.is_on(), &WorldLayers::default(), &Toolbox::default()));
                let field = ui.add(egui::TextEdit::multiline(&mut text).id(editor).desired_width(40.0));
                if focus {
                    field.request_focus();
                }
                ui.data_mut(|data| data.insert_temp(editor, field.rect));
            });
            output.textures_delta.clear();
            commands
        };
        let t = || vec![key(Key::T, true, Modifiers::NONE)];
        let escape = || vec![key(Key::Escape, true, Modifiers::NONE)];
        assert_eq!(frame(t(), false, false), [Command::Theme], "nobody writes yet");
        frame(vec![], true, false);
        assert_eq!(frame(t(), false, false), []);
        frame(escape(), false, false);
        assert_eq!(frame(t(), false, false), [], "Escape took the keyboard away");
        assert_eq!(frame(vec![key(Key::P, true, Modifiers::COMMAND)], false, false), [Command::Palette]);
        frame(escape(), false, true);
        assert_eq!(frame(t(), false, false), [], "Escape was an answer to a dialog");
        frame(escape(), false, false);
        assert_eq!(frame(t(), false, false), [Command::Theme], "another Escape");
        frame(vec![], true, false);
        frame(vec![], false, false);
        frame(escape(), false, false);
        let pos = egui::pos2(900.0, 600.0);
        let press = Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed: true,
            modifiers: Modifiers::NONE,
        };
        frame(vec![Event::PointerMoved(pos), press], false, false);
        assert_eq!(frame(t(), false, false), [Command::Theme], "something else was clicked");
    }

    #[test]
    fn layers_have_the_keys_that_they_say() {
        let pressed = |held, key| named(held, key, &WorldLayers::default(), &Toolbox::default());
        assert_eq!(pressed(Modifiers::NONE, Key::Num3), Some(Command::Layer(&agent2028_view::layer::TRAILS)));
        assert_eq!(pressed(Modifiers::ALT, Key::Num5), Some(Command::Layer(&agent2028_view::layer::MINIMAP)));
        assert_eq!(pressed(Modifiers::ALT, Key::Num0), None);
    }

    #[test]
    fn what_is_written_as_a_chord_is_one() {
        assert_eq!(chord("Alt 7"), Some((Modifiers::ALT, Key::Num7)));
        assert_eq!(chord("Ctrl Shift L"), Some((Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::L)));
        assert_eq!((chord(""), chord("Alt"), chord("Fn 7")), (None, None, None));
    }

    #[test]
    fn every_command_with_a_key_stands_on_the_sheet() {
        for &(_, _, command) in KEYS {
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
