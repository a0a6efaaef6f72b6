//! Agent2028's inspector: the panels around the world, an egui overlay over what `agent2028_view` draws.
//!
//! | where | what |
//! |---|---|
//! | [`panels`] | one file per panel; a panel is a function of what it reads, what it remembers and [`Actions`] |
//! | [`shell`] | the whole window |
//! | [`dock`] | where panels stand, and the layouts to choose from |
//! | [`places`] | the user's folders for settings and for what must not be lost |
//! | [`panels::overlay`] | what stands over the world: legend, minimap, labels, hover card |
//! | [`panel`] | what a panel is, and the registry of all of them |
//! | [`context`] | what panels read and share |
//! | [`states`], [`state`] | what panels remember by type, and what the window does |
//! | [`story`] | a scene opens with the panels that tell its story |
//! | [`actions`] | what panels ask for: they change nothing themselves |
//! | [`export`] | files that panels offer to save |
//! | [`authoring`] | the contract with whoever knows what a scene is, and the text being edited |
//! | [`editing`] | the scene being edited, with gallery and questions about files |
//! | [`facts`] | what is gathered from the simulation for them |
//! | [`hand`] | from what was drawn with a tool to interventions |
//! | [`scene`] | the contract with whoever opens scenes |
//! | [`shortcuts`] | every key that does something |
//! | [`rhythm`] | how often the panels are laid out |
//! | `input` | keys and pointer on their way to egui |
//! | `redraw` | when it is laid out |
//! | [`describe`] | the interface as a table in a file, for scripts that operate it |
//!
//! Whatever is changed in the simulation leaves as an intervention
//! ([`Timeline::intervene`]): so a run with a person at the window can be recorded and replayed, and a change in the past
//! begins another branch of the run.

// The tests of panels see this crate by its name, as those of plugins do.
#[cfg(test)]
extern crate self as agent2028_inspector;

pub mod actions;
pub mod authoring;
pub mod closeup;
pub mod context;
pub mod describe;
pub mod dock;
mod drive;
pub mod editing;
pub mod export;
pub mod facts;
pub mod hand;
mod input;
pub mod panel;
pub mod panels;
pub mod places;
mod redraw;
pub mod rhythm;
pub mod runs;
pub mod scene;
pub mod shell;
pub mod shortcuts;
pub mod state;
pub mod states;
pub mod story;
mod tooling;

pub use agent2028_kit::{floats, format, texts, theme, widgets};

pub use actions::{Action, Actions, ToolChange};
pub use authoring::Authoring;
pub use describe::DescribeInterface;
pub use dock::workspace::KeepWorkspace;
pub use dock::{DockLayout, PanelKey, Preset};
pub use editing::ScenesState;
pub use panel::{InspectorRegistry, Panel, PanelContext, RegisterPanels};
pub use rhythm::{Layouts, Rhythm};
pub use runs::{RunRequest, RunStatus, SaveOutcome, Saved, Saving};
pub use scene::{Picture, PlotPanel, SceneEntry, SceneLibrary, SceneRequest, SceneStatus, SceneTrouble, Unfit};
pub use state::InspectorState;

use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::Transport;
use bevy::asset::AssetEventSystems;
use bevy::prelude::*;
use bevy_egui::{EguiPlugin, EguiPostUpdateSet, EguiPrimaryContextPass};

/// The inspector in the window, or in a picture of it. It needs `agent2028_view::ViewPlugin`, and a
/// [`Simulation`] as a resource: without one nothing is drawn. [`InspectorState::hints`] holds the hints for beginners; set
/// it to [`HintsState::none`](panels::hints::HintsState::none) for pictures.
#[derive(Clone, Copy, Debug, Default)]
pub struct InspectorPlugin;

impl Plugin for InspectorPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<EguiPlugin>() {
            app.add_plugins(EguiPlugin::default());
        }
        rhythm::install(app);
        input::install(app);
        // Letters that were drawn into egui's texture in this frame are on the graphics card before the frame is: whatever
        // is told of after that comes a frame late, and texts have holes until then.
        app.configure_sets(PostUpdate, EguiPostUpdateSet::PostProcessOutput.before(AssetEventSystems));
        panels::register(&mut app.world_mut().get_resource_or_init::<InspectorRegistry>());
        app.init_resource::<InspectorState>()
            .init_resource::<Transport>()
            .init_resource::<Timeline>()
            .init_resource::<SceneLibrary>()
            .init_resource::<SceneStatus>()
            .init_resource::<RunStatus>()
            .init_resource::<describe::LastTexts>()
            .add_message::<SceneRequest>()
            .add_message::<RunRequest>()
            .add_systems(Startup, dock::workspace::restore.run_if(resource_exists::<KeepWorkspace>))
            .add_systems(Last, dock::workspace::save.run_if(resource_exists::<KeepWorkspace>))
            .add_systems(First, drive::follow_scene.run_if(resource_exists::<Simulation>))
            .add_systems(Update, (drive::tell_captured, redraw::hide_pointer))
            .add_systems(
                PostUpdate,
                redraw::follow_egui.after(EguiPostUpdateSet::EndPass).before(EguiPostUpdateSet::ProcessOutput),
            )
            .add_systems(
                EguiPrimaryContextPass,
                (drive::draw, drive::draw_save_run).chain().run_if(resource_exists::<Simulation>),
            )
            .add_systems(
                PostUpdate,
                describe::read_texts
                    .run_if(resource_exists::<DescribeInterface>)
                    .after(EguiPostUpdateSet::EndPass)
                    .before(redraw::follow_egui),
            )
            .add_systems(
                Last,
                describe::describe.run_if(resource_exists::<DescribeInterface>.and_then(resource_exists::<Simulation>)),
            );
    }
}
