//! Agent2028's inspector: the panels around the world, an egui overlay over what `agent2028_view` draws.
//!
//! What panels are made of, and the contract between them and the window, is in `agent2028_kit`; the editor of scenes in
//! `agent2028_editor`, plots in `agent2028_plots`. The window itself knows no plugin: panels, layers, tools and rows of the
//! palette register themselves.
//!
//! | where | what |
//! |---|---|
//! | [`panels`] | one file per panel; a panel is a function of what it reads, what it remembers and [`Actions`] |
//! | [`shell`] | the whole window |
//! | [`folders`] | the user's folders for settings and for what must not be lost |
//! | [`panels::overlay`] | what stands over the world: legend, minimap, labels, hover card |
//! | [`state`], [`workspace`] | what the window remembers, and what of it is kept from one start to the next |
//! | [`story`] | a scene opens with the panels that tell its story |
//! | [`export`] | where files are saved that panels offer |
//! | [`gestures`] | from what was drawn with a tool to interventions |
//! | [`frame_pacing`] | how often the panels are laid out |
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

pub mod describe;
mod drive;
pub mod export;
pub mod folders;
pub mod frame_pacing;
pub mod gestures;
mod input;
pub mod inspection;
pub mod panels;
mod redraw;
pub mod shell;
pub mod state;
pub mod story;
pub mod workspace;

pub use agent2028_kit::{
    actions, authoring, context, dock, facts, floats, format, panel, runs, scene, shortcuts, states, texts, theme,
    widgets,
};

pub use actions::{Action, Actions, ToolChange};
pub use agent2028_editor::ScenesState;
pub use authoring::Authoring;
pub use describe::DescribeInterface;
pub use dock::{DockLayout, PanelKey, Preset};
pub use frame_pacing::{FramePacing, Layouts};
pub use panel::{InspectorRegistry, Panel, PanelContext, RegisterPanels};
pub use runs::{RunRequest, RunStatus, SaveOutcome, Saved, Saving};
pub use scene::{
    CaptionCue, PlotPanel, SceneCaption, SceneEntry, SceneLibrary, ScenePicture, SceneRequest, SceneStatus,
    SceneTrouble, UnreadableFile,
};
pub use state::InspectorState;
pub use workspace::KeepWorkspace;

use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::Transport;
use bevy::asset::AssetEventSystems;
use bevy::prelude::*;
use bevy_egui::{EguiPlugin, EguiPostUpdateSet, EguiPrimaryContextPass};

/// The inspector in the window, or in a picture of it. It needs `agent2028_view::ViewPlugin`, and a
/// [`Simulation`] as a resource: without one nothing is drawn. Pictures put [`HintsState::none`](panels::hints::HintsState::none)
/// into [`InspectorState::states`].
#[derive(Clone, Copy, Debug, Default)]
pub struct InspectorPlugin;

impl Plugin for InspectorPlugin {
    fn build(&self, app: &mut App) {
        if !app.is_plugin_added::<EguiPlugin>() {
            app.add_plugins(EguiPlugin::default());
        }
        frame_pacing::install(app);
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
            .add_systems(Startup, workspace::restore.run_if(resource_exists::<KeepWorkspace>))
            .add_systems(Last, workspace::save.run_if(resource_exists::<KeepWorkspace>))
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
