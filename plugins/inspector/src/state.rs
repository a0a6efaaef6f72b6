//! What the inspector remembers from frame to frame. Nothing of it is part of the simulation.

use agent2028_core::agent::AgentId;
use agent2028_view::tokens::Theme;
use bevy::prelude::*;

use crate::closeup::CloseUp;
use crate::dock::{DockLayout, PanelId};
use crate::facts::{GroupCounts, ManyCache};
use crate::panels;

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

/// What the inspector remembers from frame to frame.
#[derive(Resource, Debug)]
pub struct InspectorState {
    /// Whether any panel is shown.
    pub visible: bool,
    /// The scale of the interface, 0.75–2.5.
    pub scale: f32,
    /// Where panels stand.
    pub layout: DockLayout,
    /// The top bar.
    pub top_bar: panels::top_bar::TopBarState,
    /// The sliders.
    pub parameters: panels::parameters::ParametersState,
    /// All settings.
    pub settings: panels::settings::SettingsState,
    /// Selecting by words.
    pub selections: panels::selections::SelectionsState,
    /// What the tools make.
    pub tool_options: crate::hand::ToolOptions,
    /// The palette of faults.
    pub faults: panels::faults::FaultsState,
    /// The inspector of one agent.
    pub agent: panels::agent::AgentState,
    /// The inspector of several agents.
    pub many: panels::many::ManyState,
    /// The comparison.
    pub compare: panels::compare::CompareState,
    /// The plots.
    pub plots: panels::plots::PlotsState,
    /// The strip of time.
    pub timeline: panels::timeline::TimelineState,
    /// The runs and which of them are compared.
    pub runs: panels::runs::RunsState,
    /// The table of metrics.
    pub metrics: panels::metrics::MetricsState,
    /// The table of agents.
    pub registry: panels::registry::RegistryState,
    /// Histograms and scatter plots.
    pub distributions: panels::distributions::DistributionsState,
    /// The network.
    pub network: panels::network::NetworkState,
    /// The message diagram.
    pub messages: panels::messages::MessagesState,
    /// How rumours spread.
    pub gossip: panels::gossip::GossipState,
    /// What the panel of the ledger remembers.
    pub ledger: panels::ledger::LedgerState,
    /// Who is given which work.
    pub routing: panels::routing::RoutingState,
    /// Work on its way and done.
    pub operations: panels::operations::OperationsState,
    /// What the panel of trust remembers.
    pub trust: panels::trust::TrustState,
    /// Where time and memory go.
    pub profiler: panels::profiler::ProfilerState,
    /// The log of events.
    pub events: panels::events::EventsState,
    /// Legend, minimap, labels and hover card.
    pub overlay: crate::panels::overlay::OverlayState,
    /// What has just been done.
    pub notices: panels::notices::NoticesState,
    /// What waits for the next tick.
    pub pending: panels::pending::PendingState,
    /// The subtitles.
    pub captions: panels::captions::CaptionsState,
    /// The report of problems.
    pub problems: panels::problems::ProblemsState,
    /// The command palette.
    pub palette: panels::palette::PaletteState,
    /// The hints for beginners.
    pub hints: panels::hints::HintsState,
    /// The scene being edited, the gallery, questions about files.
    pub scenes: crate::editing::ScenesState,
    /// The values that the scene gave its parameters.
    pub scene_values: panels::parameters::SceneValues,
    /// The hash that was worked out last.
    pub hash: Option<KnownHash>,
    pub(crate) strokes: crate::hand::Strokes,
    /// Whether letters belong to the editor, even if it has lost the keyboard.
    pub(crate) writing: crate::shortcuts::Writing,
    /// What was just done with a tool, and until when it is told, in seconds of real time.
    pub(crate) done: Option<(String, f64)>,
    /// The file that is being saved.
    pub saving: crate::export::Saving,
    pub(crate) last_frame: panels::profiler::FrameCost,
    pub(crate) groups: GroupCounts,
    pub(crate) many_cache: ManyCache,
    pub(crate) closeup: CloseUp,
    pub(crate) dressed: Option<(Theme, bool)>,
    pub(crate) uuid: Option<(AgentId, String)>,
    pub(crate) frames: FrameRate,
}

impl Default for InspectorState {
    fn default() -> Self {
        Self {
            visible: true,
            scale: 1.0,
            layout: default(),
            top_bar: default(),
            parameters: default(),
            settings: default(),
            selections: default(),
            tool_options: default(),
            faults: default(),
            agent: default(),
            many: default(),
            compare: default(),
            plots: default(),
            timeline: default(),
            runs: default(),
            metrics: default(),
            registry: default(),
            distributions: default(),
            network: default(),
            messages: default(),
            gossip: default(),
            ledger: default(),
            routing: default(),
            operations: default(),
            trust: default(),
            profiler: default(),
            events: default(),
            overlay: default(),
            notices: default(),
            pending: default(),
            captions: default(),
            problems: default(),
            palette: default(),
            hints: default(),
            scenes: default(),
            scene_values: default(),
            hash: None,
            strokes: default(),
            writing: default(),
            done: None,
            saving: default(),
            last_frame: default(),
            groups: default(),
            many_cache: default(),
            closeup: default(),
            dressed: None,
            uuid: None,
            frames: default(),
        }
    }
}

impl InspectorState {
    /// Brings the editor to the front, with the caret at a line and column (from 1) of the text.
    pub fn open_editor(&mut self, at: Option<(usize, usize)>) {
        self.layout.open(PanelId::Editor);
        self.visible = true;
        if let Some((line, column)) = at {
            self.scenes.edit_at(line, column);
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
