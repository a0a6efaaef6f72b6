//! Pictures of a simulation without a display, drawn by the same renderer as the window.
//!
//! ```no_run
//! use agent2028_core::simulation::Simulation;
//! use agent2028_view::offscreen::{Offscreen, OffscreenError, OffscreenOptions};
//!
//! fn film(simulation: Simulation) -> Result<(), OffscreenError> {
//!     let mut offscreen = Offscreen::new(simulation, OffscreenOptions::default())?;
//!     for _ in 0..100 {
//!         offscreen.advance(2);
//!         let frame = offscreen.frame()?;
//!         assert_eq!(frame.pixels.len(), 4 * frame.width as usize * frame.height as usize);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! **Panels.** [`Offscreen::with_plugins`] lets the caller add plugins before anything is drawn. The world's camera is the
//! only camera and draws into an image; an interface that attaches to the first camera (as `bevy_egui`'s primary context
//! does) is drawn into the same image. It has to leave [`Viewport::free`](crate::Viewport::free) as in the window; the
//! first frame is drawn after [`OffscreenOptions::settle`] updates, so that fonts are loaded and panels have their size.
//! Without a window there is no pointer and no keyboard.

use std::time::{Duration, Instant};

use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::Timeline;
use bevy::app::{PluginGroupBuilder, PluginsState};
use bevy::asset::RenderAssetUsages;
use bevy::camera::{ImageRenderTarget, RenderTarget};
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::pipelined_rendering::PipelinedRenderingPlugin;
use bevy::render::render_asset::RenderAssets;
use bevy::render::render_resource::{
    BufferDescriptor, BufferUsages, CommandEncoderDescriptor, Extent3d, MapMode, PollType, TexelCopyBufferInfo,
    TexelCopyBufferLayout, TextureFormat, TextureUsages,
};
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::texture::GpuImage;
use bevy::render::{RenderApp, RenderPlugin};
use bevy::window::ExitCondition;
use bevy::winit::WinitPlugin;

use crate::layer_facts::TRAILS;
use crate::render::{Drawn, DrawnAgents, WorldView};
use crate::selection::Selection;
use crate::settings::ViewSettings;
use crate::trails::Trails;
use crate::{ExactViews, ViewPlugin};

/// How pictures are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct OffscreenOptions {
    /// Width and height in physical pixels, 1–16384 (less where the adapter allows less).
    pub size: UVec2,
    /// Physical pixels per logical pixel: 2 draws everything twice as large. 0.1–16.
    pub scale_factor: f32,
    /// What is drawn and how. The camera always jumps, as if motion were reduced.
    pub settings: ViewSettings,
    /// Updates before the first frame. Without panels 2 are enough; panels need a few more to take their places.
    pub settle: u32,
}

impl Default for OffscreenOptions {
    fn default() -> Self {
        Self { size: UVec2::new(1280, 720), scale_factor: 1.0, settings: ViewSettings::default(), settle: 6 }
    }
}

/// Why no picture could be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OffscreenError {
    /// There is nothing that could draw, not even by software.
    NoAdapter,
    /// Pictures of this size can't be drawn.
    Size {
        /// The size asked for.
        asked: UVec2,
        /// The largest width and height.
        most: u32,
    },
    /// The scale factor isn't in its range.
    ScaleFactor,
    /// The picture could not be read back.
    Readback(String),
}

impl std::fmt::Display for OffscreenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoAdapter => f.write_str(
                "no graphics adapter was found, not even one that draws by software; on Debian and Ubuntu the package \
                 mesa-vulkan-drivers brings one",
            ),
            Self::Size { asked, most } => {
                write!(f, "a picture of {}×{} pixels can't be drawn; width and height are 1–{most}", asked.x, asked.y)
            }
            Self::ScaleFactor => f.write_str("the scale factor must be 0.1–16"),
            Self::Readback(reason) => write!(f, "the picture could not be read back: {reason}"),
        }
    }
}

impl std::error::Error for OffscreenError {}

/// A picture: sRGB with alpha, eight bits per channel, row by row from the top, without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct FrameImage {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Red, green, blue and alpha of every pixel: 4 · width · height bytes.
    pub pixels: Vec<u8>,
}

impl FrameImage {
    /// The colour of a pixel; nothing (all zero) outside.
    #[must_use]
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        if x >= self.width || y >= self.height {
            return [0; 4];
        }
        let at = 4 * (y as usize * self.width as usize + x as usize);
        [self.pixels[at], self.pixels[at + 1], self.pixels[at + 2], self.pixels[at + 3]]
    }
}

impl std::fmt::Debug for FrameImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameImage").field("width", &self.width).field("height", &self.height).finish_non_exhaustive()
    }
}

/// What drawing cost, per frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DrawTime {
    /// Median of the time from the start of a frame until the adapter has finished it.
    pub frame: Duration,
    /// Median of what composing it cost the processor: from the simulation's tables to buffers and pictures.
    pub compose: Duration,
    /// What was drawn last.
    pub drawn: Drawn,
}

/// Draws pictures of a simulation.
pub struct Offscreen {
    app: App,
    target: Handle<Image>,
    size: UVec2,
    settled: bool,
    settle: u32,
}

impl std::fmt::Debug for Offscreen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Offscreen").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Bevy's plugins for drawing into images, without a window or an event loop.
#[must_use]
pub fn windowless_plugins() -> PluginGroupBuilder {
    DefaultPlugins
        .set(WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() })
        .set(RenderPlugin { synchronous_pipeline_compilation: true, ..default() })
        .disable::<WinitPlugin>()
        // A frame is complete when its update returns.
        .disable::<PipelinedRenderingPlugin>()
        // Logging and signals belong to the program that draws.
        .disable::<LogPlugin>()
        .disable::<bevy::app::TerminalCtrlCHandlerPlugin>()
}

/// Whether there is an adapter that could draw without a display.
#[must_use]
pub fn has_adapter() -> bool {
    adapter().is_some()
}

/// Whether the only adapter there is draws by software, on the processor.
#[must_use]
pub fn draws_by_software() -> bool {
    adapter().is_some_and(|adapter| adapter.get_info().device_type == wgpu::DeviceType::Cpu)
}

fn adapter() -> Option<wgpu::Adapter> {
    let descriptor = wgpu::InstanceDescriptor {
        backends: wgpu::Backends::from_env().unwrap_or(wgpu::Backends::all()),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    };
    let instance = wgpu::Instance::new(descriptor);
    bevy::tasks::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).ok()
}

impl Offscreen {
    /// Gets ready to draw a simulation.
    ///
    /// # Errors
    /// If there is no adapter, or it can't draw pictures of this size.
    pub fn new(simulation: Simulation, options: OffscreenOptions) -> Result<Self, OffscreenError> {
        Self::with_plugins(simulation, options, |_| {})
    }

    /// The same with more plugins (such as panels), which `add` adds after the view and after the simulation.
    ///
    /// # Errors
    /// If there is no adapter, or it can't draw pictures of this size.
    pub fn with_plugins(
        simulation: Simulation,
        options: OffscreenOptions,
        add: impl FnOnce(&mut App),
    ) -> Result<Self, OffscreenError> {
        const MOST: u32 = 16_384;
        let size = options.size;
        if size.min_element() == 0 || size.max_element() > MOST {
            return Err(OffscreenError::Size { asked: size, most: MOST });
        }
        if !(0.1..=16.0).contains(&options.scale_factor) {
            return Err(OffscreenError::ScaleFactor);
        }
        if !has_adapter() {
            return Err(OffscreenError::NoAdapter);
        }
        let mut app = App::new();
        app.add_plugins(windowless_plugins());
        app.insert_resource(ViewSettings { reduced_motion: true, ..options.settings })
            .insert_resource(simulation)
            .insert_resource(ExactViews)
            .add_plugins(ViewPlugin);
        let mut image = Image::new_target_texture(size.x, size.y, TextureFormat::Rgba8UnormSrgb, None);
        image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
        image.asset_usage = RenderAssetUsages::RENDER_WORLD;
        let target = app.world_mut().resource_mut::<Assets<Image>>().add(image);
        app.world_mut().spawn((
            Name::new("World camera"),
            WorldView,
            RenderTarget::Image(ImageRenderTarget { handle: target.clone(), scale_factor: options.scale_factor }),
        ));
        add(&mut app);
        while app.plugins_state() == PluginsState::Adding {
            bevy::tasks::tick_global_task_pools_on_main_thread();
        }
        app.finish();
        app.cleanup();
        let most = app.world().resource::<RenderDevice>().limits().max_texture_dimension_2d;
        if size.max_element() > most {
            return Err(OffscreenError::Size { asked: size, most });
        }
        Ok(Self { app, target, size, settled: false, settle: options.settle.max(2) })
    }

    /// The simulation.
    #[must_use]
    pub fn simulation(&self) -> &Simulation {
        self.app.world().resource::<Simulation>()
    }

    /// The simulation, to advance or to change it between frames.
    pub fn simulation_mut(&mut self) -> &mut Simulation {
        self.app.world_mut().resource_mut::<Simulation>().into_inner()
    }

    /// Takes the simulation out.
    #[must_use]
    pub fn into_simulation(mut self) -> Option<Simulation> {
        self.app.world_mut().remove_resource::<Simulation>()
    }

    /// The world of what draws, with [`ViewSettings`], [`Selection`], [`WorldCamera`](crate::WorldCamera) and whatever
    /// plugins keep there.
    pub fn world_mut(&mut self) -> &mut World {
        self.app.world_mut()
    }

    /// Runs ticks and records trails after each if they are shown. Returns how many ran: fewer if a fault stopped the run.
    pub fn advance(&mut self, ticks: u64) -> u64 {
        let world = self.app.world_mut();
        let (settings, selection) = (world.resource::<ViewSettings>().clone(), world.resource::<Selection>().clone());
        // Where panels tell of time, time has to be kept.
        let mut timeline = world.remove_resource::<Timeline>();
        let mut run = |simulation: &mut Simulation, ticks| match &mut timeline {
            Some(timeline) => timeline.run(simulation, ticks),
            None => simulation.run(ticks),
        };
        let ran = world.resource_scope(|world, mut simulation: Mut<Simulation>| {
            if !settings.layers.shows(&TRAILS) {
                return run(&mut simulation, ticks);
            }
            let mut trails = world.resource_mut::<Trails>();
            let mut ran = 0;
            while ran < ticks && run(&mut simulation, 1) == 1 {
                trails.record(&simulation, &settings, &selection);
                ran += 1;
            }
            ran
        });
        if let Some(timeline) = timeline {
            world.insert_resource(timeline);
        }
        ran
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// If the picture can't be read back, which means that the adapter was lost.
    pub fn frame(&mut self) -> Result<FrameImage, OffscreenError> {
        self.settle();
        self.app.update();
        self.read_back()
    }

    /// Draws frames without reading them back, and measures them. Call it after a first [`Offscreen::frame`], or the first
    /// frames prepare themselves unmeasured.
    ///
    /// # Errors
    /// If the adapter is lost.
    #[expect(clippy::disallowed_methods, reason = "how long drawing takes is measured; no simulation code sees it")]
    pub fn measure(&mut self, frames: usize) -> Result<DrawTime, OffscreenError> {
        self.settle();
        let (mut whole, mut compose) = (Vec::new(), Vec::new());
        for _ in 0..frames.max(1) {
            let start = Instant::now();
            self.app.update();
            self.wait()?;
            whole.push(start.elapsed());
            compose.push(self.drawn().compose);
        }
        let median = |times: &mut Vec<Duration>| {
            times.sort_unstable();
            times[times.len() / 2]
        };
        Ok(DrawTime { frame: median(&mut whole), compose: median(&mut compose), drawn: self.drawn() })
    }

    /// What the last frame drew of the agents.
    #[must_use]
    pub fn drawn(&self) -> Drawn {
        self.app.world().resource::<DrawnAgents>().get()
    }

    /// Panels take their places, pipelines are compiled.
    fn settle(&mut self) {
        if !self.settled {
            for _ in 0..self.settle {
                self.app.update();
            }
            self.settled = true;
        }
    }

    fn wait(&self) -> Result<(), OffscreenError> {
        let device = self.app.world().resource::<RenderDevice>();
        match device.poll(PollType::wait_indefinitely()) {
            Ok(_) => Ok(()),
            Err(error) => Err(OffscreenError::Readback(error.to_string())),
        }
    }

    fn read_back(&self) -> Result<FrameImage, OffscreenError> {
        let lost = |reason: &str| OffscreenError::Readback(reason.into());
        let world = self.app.world();
        let (device, queue) = (world.resource::<RenderDevice>(), world.resource::<RenderQueue>());
        let images = self
            .app
            .get_sub_app(RenderApp)
            .and_then(|render| render.world().get_resource::<RenderAssets<GpuImage>>())
            .ok_or_else(|| lost("the renderer is gone"))?;
        let image = images.get(&self.target).ok_or_else(|| lost("the target is gone"))?;
        let (width, height) = (self.size.x, self.size.y);
        let line = 4 * width as usize;
        let padded = RenderDevice::align_copy_bytes_per_row(line);
        let buffer = device.create_buffer(&BufferDescriptor {
            label: Some("offscreen frame"),
            size: (padded * height as usize) as u64,
            usage: BufferUsages::COPY_DST | BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
        encoder.copy_texture_to_buffer(
            image.texture.as_image_copy(),
            TexelCopyBufferInfo {
                buffer: &buffer,
                layout: TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded as u32), rows_per_image: None },
            },
            Extent3d { width, height, depth_or_array_layers: 1 },
        );
        queue.submit([encoder.finish()]);
        let slice = buffer.slice(..);
        let (sender, receiver) = std::sync::mpsc::channel();
        slice.map_async(MapMode::Read, move |result| {
            // The receiver waits below; it is gone only if waiting failed.
            let _ = sender.send(result);
        });
        self.wait()?;
        match receiver.try_recv() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(OffscreenError::Readback(error.to_string())),
            Err(error) => return Err(OffscreenError::Readback(error.to_string())),
        }
        let mut pixels = Vec::with_capacity(line * height as usize);
        for row in slice.get_mapped_range().chunks_exact(padded) {
            pixels.extend_from_slice(&row[..line]);
        }
        buffer.unmap();
        Ok(FrameImage { width, height, pixels })
    }
}
