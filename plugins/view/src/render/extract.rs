//! From the simulation straight into what the graphics processor reads: no copy of the agents lies in between.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use agent2028_core::simulation::Simulation;
use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy::render::Extract;
use bevy::render::renderer::{RenderAdapterInfo, RenderDevice, RenderQueue};

use super::gpu::WorldGpu;
use crate::agents::AgentInstance;
use crate::camera::WorldCamera;
use crate::columns::Columns;
use crate::frame::{AgentRoute, Frame, FrameInput};
use crate::guests::WorldLayers;
use crate::hulls::Hulls;
use crate::paint::Projection;
use crate::selection::{Aimed, Pins, Selection};
use crate::settings::ViewSettings;
use crate::sight::Sight;
use crate::speed::top_speed;
use crate::tool::Tools;
use crate::trails::Trails;
use crate::viewport::Viewport;

/// Instances that are written at once: enough to make calls rare, few enough to stay in a processor's cache.
const CHUNK: usize = 32_768;

/// The frame being drawn, in the render world.
#[derive(Resource, Default)]
pub(crate) struct WorldFrame {
    pub frame: Frame,
    pub window: Vec2,
    pub scale_factor: f32,
    /// Whether there is a simulation to draw.
    pub shows: bool,
    chunk: Vec<AgentInstance>,
}

/// What the last frame drew of the agents.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Agents drawn one by one.
    pub singles: usize,
    /// Whether they were painted into an image by the processor instead of being instances.
    pub as_image: bool,
    /// Whether a density map was drawn.
    pub density: bool,
    /// What composing the frame cost the processor: from the simulation's tables to buffers and pictures.
    pub compose: Duration,
    /// Whether the adapter draws triangles by software.
    pub software: bool,
}

/// What the last frame drew of the agents, for status displays and measurements.
#[derive(Resource, Clone, Debug, Default)]
pub struct DrawnAgents(Arc<Mutex<Drawn>>);

impl DrawnAgents {
    /// What the last frame drew.
    #[must_use]
    pub fn get(&self) -> Drawn {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, drawn: Drawn) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = drawn;
    }
}

/// What the frame is composed of besides the simulation.
#[derive(SystemParam)]
pub(super) struct Shown<'w, 's> {
    settings: Extract<'w, 's, Res<'static, ViewSettings>>,
    selection: Extract<'w, 's, Res<'static, Selection>>,
    pins: Extract<'w, 's, Res<'static, Pins>>,
    aimed: Extract<'w, 's, Res<'static, Aimed>>,
    trails: Extract<'w, 's, Res<'static, Trails>>,
    tools: Extract<'w, 's, Res<'static, Tools>>,
    layers: Extract<'w, 's, Res<'static, WorldLayers>>,
    hulls: Extract<'w, 's, Res<'static, Hulls>>,
    columns: Extract<'w, 's, Res<'static, Columns>>,
    sight: Extract<'w, 's, Res<'static, Sight>>,
    camera: Extract<'w, 's, Res<'static, WorldCamera>>,
    viewport: Extract<'w, 's, Res<'static, Viewport>>,
}

/// Composes the frame.
#[expect(clippy::disallowed_methods, reason = "how long drawing takes is measured; no simulation code sees it")]
pub(super) fn extract_frame(
    simulation: Extract<Option<Res<Simulation>>>,
    world: Shown,
    adapter: Res<RenderAdapterInfo>,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    gpu: Option<ResMut<WorldGpu>>,
    drawn: Res<DrawnAgents>,
    mut world_frame: ResMut<WorldFrame>,
) {
    let WorldFrame { frame, window, scale_factor, shows, chunk } = &mut *world_frame;
    let (Some(simulation), Some(mut gpu)) = (simulation.as_ref(), gpu) else {
        *shows = false;
        return;
    };
    let start = Instant::now();
    let projection = Projection::new(&world.camera, &world.viewport);
    let input = FrameInput {
        simulation,
        settings: &world.settings,
        selection: &world.selection,
        pins: &world.pins,
        aimed: &world.aimed,
        trails: &world.trails,
        hulls: &world.hulls,
        columns: &world.columns,
        seen: world.sight.seen(),
        held: world.sight.held(),
        tools: &world.tools,
        layers: &world.layers,
        projection,
        top_speed: if world.settings.tells_speed() { top_speed(simulation, &world.layers) } else { 0.0 },
        software: adapter.device_type == wgpu::DeviceType::Cpu,
    };
    (*window, *scale_factor, *shows) = (projection.window, projection.scale_factor, true);
    frame.compose(&input);

    let instances = &mut gpu.instances;
    instances.reserve(&device, frame.most_instances(&input) * size_of::<AgentInstance>());
    chunk.clear();
    let mut written = 0;
    frame.agents(&input, &mut |instance| {
        chunk.push(instance);
        if chunk.len() == CHUNK {
            instances.write(&queue, written, bytemuck::cast_slice(chunk));
            written += chunk.len();
            chunk.clear();
        }
    });
    instances.write(&queue, written, bytemuck::cast_slice(chunk));
    gpu.instance_count = (written + chunk.len()) as u32;
    drawn.set(Drawn {
        singles: frame.visible,
        as_image: frame.route == AgentRoute::Canvas,
        density: frame.shows_density,
        compose: start.elapsed(),
        software: input.software,
    });
}
