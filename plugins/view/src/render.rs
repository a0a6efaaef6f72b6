//! Getting a frame onto the screen: one render pass of our own, before Bevy's, for the camera that carries [`WorldView`].
//!
//! | order | what | drawn as |
//! |---|---|---|
//! | 1 | ground, grid, bounds | shapes |
//! | 2 | pheromones | picture |
//! | 3 | obstacles, places, formation slots, trails | shapes |
//! | 4 | agents | density map, canvas or instances |
//! | 5 | rubber band, closing rings | shapes |

mod extract;
mod gpu;
mod pass;

use bevy::core_pipeline::core_2d::main_opaque_pass_2d;
use bevy::core_pipeline::{Core2d, Core2dSystems};
use bevy::prelude::*;
use bevy::render::extract_component::{ExtractComponent, ExtractComponentPlugin};
use bevy::render::{ExtractSchedule, Render, RenderApp, RenderStartup, RenderSystems};

pub use extract::{Drawn, DrawnAgents};

/// Marks the camera that shows the world. The view spawns one at start-up unless there is one already.
#[derive(Component, Clone, Copy, Debug, Default, ExtractComponent)]
#[require(Camera2d, Msaa::Off)]
pub struct WorldView;

/// The shader, kept alive.
#[derive(Resource, Clone, Debug)]
struct WorldShader(Handle<Shader>);

/// Everything that happens in the render world.
pub(crate) struct WorldRenderPlugin;

impl Plugin for WorldRenderPlugin {
    fn build(&self, app: &mut App) {
        let shader = app
            .world_mut()
            .resource_mut::<Assets<Shader>>()
            .add(Shader::from_wgsl(include_str!("render/world.wgsl"), "agent2028_view/world.wgsl"));
        app.add_plugins(ExtractComponentPlugin::<WorldView>::default());
        let drawn = DrawnAgents::default();
        app.insert_resource(drawn.clone());
        let Some(render) = app.get_sub_app_mut(RenderApp) else {
            return;
        };
        render
            .insert_resource(WorldShader(shader))
            .insert_resource(drawn)
            .init_resource::<extract::WorldFrame>()
            .add_systems(RenderStartup, gpu::start)
            .add_systems(ExtractSchedule, extract::extract_frame)
            .add_systems(Render, (gpu::upload, gpu::prepare_pipelines).in_set(RenderSystems::PrepareResources))
            .add_systems(Core2d, pass::draw_world.before(main_opaque_pass_2d).in_set(Core2dSystems::MainPass));
    }
}
