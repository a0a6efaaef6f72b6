//! What the inspector remembers from frame to frame. Nothing of it is part of the simulation.

use agent2028_editor::EditorPanel;
use agent2028_editor::ScenesState;
use agent2028_view::tokens::Theme;
use bevy::prelude::*;

use crate::dock::DockLayout;
use crate::panel::Panel as _;
use crate::panels::notices::NoticesState;
use crate::states::States;
use crate::story::Story;

/// The hash of the state at a tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHash {
    /// The simulation's generation.
    pub generation: u64,
    /// The tick.
    pub tick: u64,
    /// The hash in hexadecimal.
    pub hash: String,
}

/// What the inspector remembers from frame to frame: what the window itself needs, and what panels keep by type.
#[derive(Resource, Debug)]
pub struct InspectorState {
    /// Whether any panel is shown.
    pub visible: bool,
    /// The scale of the interface, 0.75–2.5.
    pub scale: f32,
    /// Where panels stand.
    pub layout: DockLayout,
    /// What panels remember, and what they share.
    pub states: States,
    /// The hash that was worked out last.
    pub hash: Option<KnownHash>,
    /// The file that is being saved.
    pub saving: crate::export::Saving,
    /// Whether letters belong to the editor, even if it has lost the keyboard.
    pub(crate) writing: crate::shortcuts::Writing,
    /// What was just done with a tool, and until when it is told, in seconds of real time.
    pub(crate) done: Option<(String, f64)>,
    pub(crate) story: Story,
    pub(crate) dressed: Option<(Theme, bool)>,
    pub(crate) frames: FrameRate,
}

impl Default for InspectorState {
    fn default() -> Self {
        Self {
            visible: true,
            scale: 1.0,
            layout: default(),
            states: default(),
            hash: None,
            saving: default(),
            writing: default(),
            done: None,
            story: default(),
            dressed: None,
            frames: default(),
        }
    }
}

impl InspectorState {
    /// The scene being edited, the gallery, questions about files.
    pub fn scenes(&mut self) -> &mut ScenesState {
        self.states.of()
    }

    /// The notices about what has just been done.
    pub fn notices(&mut self) -> &mut NoticesState {
        self.states.of()
    }

    /// Brings the editor to the front, with the caret at a line and column (from 1) of the text.
    pub fn open_editor(&mut self, at: Option<(usize, usize)>) {
        self.layout.open(EditorPanel::FACTS.key);
        self.visible = true;
        if let Some((line, column)) = at {
            self.scenes().edit_at(line, column);
        }
    }
}

/// Frames per second over the last half second: steady enough to read. While the run is paused frames come when there is
/// something to see, and a rate would say nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameRate {
    last: Option<f64>,
    rests: bool,
    frames: u32,
    seconds: f64,
    rate: f64,
}

impl FrameRate {
    /// Counts a frame at a time in seconds of real time; returns how long after the one before it came.
    pub fn count(&mut self, now: f64, playing: bool) -> f64 {
        const WINDOW_S: f64 = 0.5;
        let took = self.last.map_or(0.0, |last| (now - last).max(0.0));
        if !playing {
            *self = Self { last: Some(now), rests: true, ..Self::default() };
            return took;
        }
        // How long the window rested is no time that a frame took.
        let rested = std::mem::replace(&mut self.rests, false);
        if self.last.replace(now).is_some() && !rested {
            self.frames += 1;
            self.seconds += took;
        }
        if self.seconds >= WINDOW_S {
            *self = Self { last: self.last, rate: f64::from(self.frames) / self.seconds, ..Self::default() };
        }
        took
    }

    /// Frames per second, 0 before it is known.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_rate_is_a_mean_over_half_a_second() {
        let mut frames = FrameRate::default();
        for frame in 0..32 {
            frames.count(5.0 + f64::from(frame) / 60.0, true);
        }
        assert!((frames.rate() - 60.0).abs() < 0.01, "{}", frames.rate());
        assert!((frames.count(9.0, false) - (4.0 - 31.0 / 60.0)).abs() < 1e-9);
        assert_eq!(frames.rate(), 0.0, "paused, frames come when they are needed");
        for frame in 0..32 {
            frames.count(20.0 + f64::from(frame) / 30.0, true);
        }
        assert!((frames.rate() - 30.0).abs() < 0.01, "{}", frames.rate());
    }
}
