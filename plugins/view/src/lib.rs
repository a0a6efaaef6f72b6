//! Drawing Agent2028's world: agents, fields and camera.
//!
//! The window's app holds the simulation as a resource of its own ([`agent2028_core::simulation::Simulation`]); this crate
//! reads it and never changes it.
//!
//! | where | what |
//! |---|---|
//! | [`tokens`] | every colour, size and duration, dark and light |
//! | [`settings`], [`viewport`], [`selection`], [`camera`] | what is shown, where, of whom, from where |
//! | [`input`], [`picking`] | pointer and keyboard over the world |
//! | [`tool`], [`thing`] | what is drawn with the pointer: lassos, walls, strokes; and what it takes |
//! | [`agents`], [`field`], [`trails`], [`hulls`], [`paint`], [`recovery`], [`speed`] | what things look like: pure functions |
//! | [`columns`], [`sight`], [`labels`], [`pace`] | quantities as colours, one agent's view, places for labels, and how often to look |
//! | [`layer`] | what is drawn of the world, and what layers say of themselves |
//! | [`guests`] | all that plugins bring to the drawing of the world |
//! | [`redraw`] | when a frame is drawn |
//! | [`render`] | how a frame gets onto the screen: one render pass, all agents in one instanced draw |
//! | [`offscreen`] | pictures without a display through the same renderer |
//! | [`picture`], [`film`], [`capture`] | pictures and films in files, and of the window |
//!
//! [`ViewPlugin`] adds to the window's app:
//!
//! | schedule | what |
//! |---|---|
//! | `Startup` | a camera with [`render::WorldView`], unless there is one |
//! | `PreUpdate` | the window's size goes into [`Viewport`] |
//! | `Update` ([`ViewSystems`]) | input, selection, camera, trails |
//! | render world | the frame is composed while it is extracted, then drawn before Bevy's own 2D passes |

pub mod agents;
pub mod camera;
pub mod capture;
pub mod columns;
mod drive;
pub mod field;
pub mod film;
mod frame;
pub mod guests;
pub mod hulls;
pub mod input;
pub mod labels;
pub mod layer;
pub mod layer_facts;
pub mod offscreen;
pub mod pace;
pub mod paint;
pub mod picking;
pub mod picture;
pub mod recovery;
pub mod redraw;
pub mod render;
pub mod selection;
pub mod settings;
pub mod sight;
pub mod speed;
pub mod thing;
pub mod tokens;
pub mod tool;
pub mod trails;
pub mod viewport;

pub use camera::WorldCamera;
pub use columns::{Column, ColumnKind, Columns};
pub use field::{Field, FieldLayer};
pub use guests::{RegisterLayers, WorldLayers};
pub use hulls::Hulls;
pub use layer::{LabelRank, Layer, LayerFacts, LayerInput, LayerLabel};
pub use redraw::Redraw;
pub use render::{Drawn, DrawnAgents, WorldView};
pub use selection::{Aimed, Combine, Pins, Selection};
pub use settings::{AgentStyle, ColorBy, Layers, Lens, SizeBy, ViewSettings};
pub use sight::{Held, Sight};
pub use thing::{Thing, ThingId, Things};
pub use tokens::{Theme, Tokens};
pub use tool::{Drawing, Draws, ObstacleShape, ToolFacts, ToolGesture, ToolGroup, Tools};
pub use trails::Trails;
pub use viewport::{InputGate, Viewport};

use agent2028_core::simulation::Simulation;
use bevy::prelude::*;
use bevy::render::renderer::RenderDevice;

/// The 2D view of the simulation in the window.
#[derive(Clone, Copy, Debug, Default)]
pub struct ViewPlugin;

/// Everything shown is worked out anew for every tick, whatever it costs: for pictures, which must not depend on how fast
/// they are made.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct ExactViews;

/// The view's systems in `Update`, in this order. Nothing of it runs while there is no [`Simulation`].
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViewSystems {
    /// Pointer and keyboard.
    Input,
    /// Selection, camera and trails follow the simulation.
    Follow,
}

/// Keeps the graphics driver loaded until the process is gone. A driver may have registered functions that run at the exit of the
/// process (Mesa's does); if the last handle let go of it before, they would no longer be there to be run.
fn keep_driver(device: Option<Res<RenderDevice>>) {
    if let Some(device) = device {
        std::mem::forget(device.clone());
    }
}

impl Plugin for ViewPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<ViewSettings>()
            .init_resource::<Viewport>()
            .init_resource::<InputGate>()
            .init_resource::<input::Presses>()
            .init_resource::<Redraw>()
            .init_resource::<WorldCamera>()
            .init_resource::<Selection>()
            .init_resource::<Pins>()
            .init_resource::<Aimed>()
            .init_resource::<Hulls>()
            .init_resource::<WorldLayers>()
            .init_resource::<Columns>()
            .init_resource::<Sight>()
            .init_resource::<Trails>()
            .init_resource::<capture::Capture>()
            .add_message::<capture::CaptureRequest>()
            .add_message::<capture::Captured>()
            .init_resource::<Tools>()
            .register_type::<ViewSettings>()
            .add_plugins(render::WorldRenderPlugin)
            .configure_sets(
                Update,
                (ViewSystems::Input, ViewSystems::Follow).chain().run_if(resource_exists::<Simulation>),
            )
            .add_systems(Startup, (drive::spawn_camera, keep_driver))
            .add_systems(PreUpdate, (drive::keep_viewport, drive::keep_background, input::follow_presses))
            .add_systems(Last, (capture::begin, capture::go_on).chain())
            .add_systems(
                Update,
                (
                    (input::use_pointer, tool::use_tool, input::use_keys).chain().in_set(ViewSystems::Input),
                    (
                        drive::keep_selection,
                        drive::keep_pins,
                        drive::move_camera,
                        drive::record_trails,
                        drive::keep_views.run_if(redraw::is_drawn),
                    )
                        .chain()
                        .in_set(ViewSystems::Follow),
                ),
            );
    }
}
