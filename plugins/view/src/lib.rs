//! Drawing Agent2028's world: agents, fields and camera.
//!
//! The window's app holds the simulation as a resource of its own ([`agent2028_core::simulation::Simulation`]); this crate
//! reads it and never changes it.

pub mod camera;
pub mod selection;
pub mod settings;
pub mod tokens;
pub mod viewport;

pub use camera::WorldCamera;
pub use selection::Selection;
pub use settings::{AgentStyle, ColorBy, Layers, SizeBy, ViewSettings};
pub use tokens::{Theme, Tokens};
pub use viewport::{InputGate, Viewport};

use bevy::prelude::*;

/// The 2D view of the simulation in the window.
#[derive(Clone, Copy, Debug, Default)]
pub struct ViewPlugin;

impl Plugin for ViewPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<ViewSettings>()
            .init_resource::<Viewport>()
            .init_resource::<InputGate>()
            .init_resource::<WorldCamera>()
            .init_resource::<Selection>();
    }
}
