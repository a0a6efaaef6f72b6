//! What panels read and share: the simulation and what is shown of it, the look, and what other panels remember.
//!
//! Panels and tools are shown with a context, and a context knows the registry of all panels and tools: so this file, `panel` and
//! `tool` know each other. It can't be otherwise as long as a panel may ask which others there are.

use agent2028_core::agent::AgentId;
use agent2028_core::clock::SimClock;
use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::Transport;
use agent2028_view::capture::Capture;
use agent2028_view::{
    Columns, Drawn, Hulls, Pins, Selection, Sight, Tools, ViewSettings, Viewport, WorldCamera, WorldLayers,
};
use bevy::prelude::{Resource, World};

use crate::actions::Actions;
use crate::authoring::Authoring;
use crate::panel::InspectorRegistry;
use crate::scene::{SceneLibrary, SceneStatus};
use crate::states::States;
use crate::theme::Look;

/// What the view has worked out.
#[derive(Clone, Copy, Debug)]
pub struct Views<'a> {
    /// The hulls around flocks.
    pub hulls: &'a Hulls,
    /// The quantities that colours and sizes tell.
    pub columns: &'a Columns,
    /// Through whose eyes the world is drawn.
    pub sight: &'a Sight,
    /// The pinned agents.
    pub pins: &'a Pins,
    /// What the last frame drew of the agents.
    pub drawn: Drawn,
    /// Everything is worked out anew for every tick, for pictures.
    pub exact: bool,
    /// This frame is a picture: what belongs to the moment (notices, what the pointer touches, figures of this machine) is
    /// left out.
    pub picture: bool,
    /// Pictures and films of the window.
    pub capture: &'a Capture,
    /// Real time in seconds.
    pub now: f64,
}

/// Everything that the panels read.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The simulation.
    pub simulation: &'a Simulation,
    /// Play, pause and speed.
    pub transport: &'a Transport,
    /// Where time can be gone to, and on which branches.
    pub timeline: &'a Timeline,
    /// How the world is drawn.
    pub settings: &'a ViewSettings,
    /// Which agents are selected.
    pub selection: &'a Selection,
    /// The tool in hand.
    pub tools: &'a Tools,
    /// Where the camera is.
    pub camera: &'a WorldCamera,
    /// Which part of the window shows the world.
    pub viewport: &'a Viewport,
    /// All scenes.
    pub library: &'a SceneLibrary,
    /// The running scene.
    pub status: &'a SceneStatus,
    /// What the view has worked out.
    pub views: Views<'a>,
    /// Whoever knows what a scene is.
    pub author: Option<&'a Authoring>,
    /// The layers of plugins.
    pub layers: &'a WorldLayers,
    /// All panels and tools.
    pub registry: &'a InspectorRegistry,
}

impl<'a> Facts<'a> {
    /// What the simulation's world holds.
    #[must_use]
    pub fn world(&self) -> &'a World {
        self.simulation.world()
    }

    /// A resource that every simulation has.
    #[must_use]
    pub fn resource<R: Resource>(&self) -> &'a R {
        self.simulation.world().resource::<R>()
    }

    /// Which simulation it is; another one after every restart and every jump in time.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.simulation.generation()
    }

    /// The tick now.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.simulation.tick()
    }

    /// Ticks per simulated second.
    #[must_use]
    pub fn tick_hz(&self) -> f64 {
        self.resource::<SimClock>().tick_hz()
    }

    /// The selected agents, in order.
    #[must_use]
    pub fn selected(&self) -> &'a [AgentId] {
        &self.selection.selected
    }
}

/// What a panel is shown with.
#[derive(Debug)]
pub struct PanelContext<'a> {
    /// Colours and letters.
    pub look: &'a Look,
    /// What it reads.
    pub facts: &'a Facts<'a>,
    /// What is remembered, by type: what panels share, and the states of the other panels.
    pub states: &'a mut States,
    /// What it asks for.
    pub actions: &'a mut Actions,
}
