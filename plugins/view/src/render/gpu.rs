//! Buffers, pictures and pipelines.

use bevy::math::{Rect, Vec2};
use bevy::mesh::VertexBufferLayout;
use bevy::prelude::*;
use bevy::render::render_resource::binding_types::{sampler, texture_2d, uniform_buffer_sized};
use bevy::render::render_resource::*;
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::view::ExtractedView;

use super::extract::WorldFrame;
use super::{WorldShader, WorldView};
use crate::agents::AgentInstance;
use crate::paint::Vertex;
use crate::tokens::marks;

/// A buffer that grows as needed.
pub(super) struct Growing {
    buffer: Buffer,
    usage: BufferUsages,
    label: &'static str,
    /// Bytes of one item.
    item: usize,
}

impl Growing {
    fn new(device: &RenderDevice, label: &'static str, usage: BufferUsages, item: usize) -> Self {
        let usage = usage | BufferUsages::COPY_DST;
        Self { buffer: make_buffer(device, label, usage, 4096), usage, label, item }
    }

    /// Makes room for this many bytes; what was in it is lost if it has to grow.
    pub(super) fn reserve(&mut self, device: &RenderDevice, bytes: usize) {
        if self.buffer.size() < bytes as u64 {
            self.buffer = make_buffer(device, self.label, self.usage, (bytes as u64).next_power_of_two());
        }
    }

    /// Writes items from the `at`-th on. What doesn't fit is left out.
    pub(super) fn write(&self, queue: &RenderQueue, at: usize, bytes: &[u8]) {
        let offset = (at * self.item) as u64;
        let room = self.buffer.size().saturating_sub(offset) as usize;
        let bytes = &bytes[..bytes.len().min(room)];
        if !bytes.is_empty() {
            queue.write_buffer(&self.buffer, offset, bytes);
        }
    }

    pub(super) fn buffer(&self) -> &Buffer {
        &self.buffer
    }
}

fn make_buffer(device: &RenderDevice, label: &str, usage: BufferUsages, size: u64) -> Buffer {
    device.create_buffer(&BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
}

/// An image and where it lies.
pub(super) struct PictureTexture {
    place: Buffer,
    texture: Option<(Texture, (usize, usize))>,
    group: Option<BindGroup>,
    version: u64,
    shows: bool,
}

impl PictureTexture {
    fn new(device: &RenderDevice) -> Self {
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        Self {
            place: make_buffer(device, "world picture place", usage, 16),
            texture: None,
            group: None,
            version: 0,
            shows: false,
        }
    }

    /// The bind group, if there is something to show.
    pub(super) fn group(&self) -> Option<&BindGroup> {
        self.group.as_ref().filter(|_| self.shows)
    }
}

/// What a picture is to show.
struct Shown<'a> {
    size: (usize, usize),
    pixels: &'a [[u8; 4]],
    place: Rect,
    /// Changes whenever the pixels do; none if they always do.
    version: Option<u64>,
    smooth: bool,
}

/// The pipelines for a kind of target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pipelines {
    /// Shapes.
    pub(super) shapes: CachedRenderPipelineId,
    /// Pictures with straight alpha.
    pub(super) pictures: CachedRenderPipelineId,
    /// Pictures whose colours are multiplied with alpha.
    pub(super) premultiplied: CachedRenderPipelineId,
    /// Agents.
    pub(super) agents: CachedRenderPipelineId,
}

/// Everything that lives on the graphics processor.
#[derive(Resource)]
pub(crate) struct WorldGpu {
    view_layout: BindGroupLayoutDescriptor,
    picture_layout: BindGroupLayoutDescriptor,
    uniform: Buffer,
    pub(super) view_group: BindGroup,
    smooth: Sampler,
    exact: Sampler,
    pipelines: Vec<((TextureFormat, u32), Pipelines)>,
    pub(super) vertices: Growing,
    pub(super) indices: Growing,
    pub(super) instances: Growing,
    pub(super) instance_count: u32,
    pub(super) heat: PictureTexture,
    pub(super) density: PictureTexture,
    pub(super) canvas: PictureTexture,
}

impl WorldGpu {
    /// The pipelines for a target of this format.
    pub(super) fn pipelines(&self, format: TextureFormat, samples: u32) -> Option<Pipelines> {
        self.pipelines.iter().find(|(key, _)| *key == (format, samples)).map(|(_, pipelines)| *pipelines)
    }
}

/// Makes what stays: at start-up, and again if the device was lost.
pub(super) fn start(mut commands: Commands, device: Res<RenderDevice>, cache: Res<PipelineCache>) {
    let view_layout = BindGroupLayoutDescriptor::new(
        "world view",
        &BindGroupLayoutEntries::single(
            ShaderStages::VERTEX_FRAGMENT,
            uniform_buffer_sized(false, BufferSize::new(24)),
        ),
    );
    let picture_layout = BindGroupLayoutDescriptor::new(
        "world picture",
        &BindGroupLayoutEntries::sequential(
            ShaderStages::VERTEX_FRAGMENT,
            (
                texture_2d(TextureSampleType::Float { filterable: true }),
                sampler(SamplerBindingType::Filtering),
                uniform_buffer_sized(false, BufferSize::new(16)),
            ),
        ),
    );
    let uniform = make_buffer(&device, "world view", BufferUsages::UNIFORM | BufferUsages::COPY_DST, 24);
    let view_group = device.create_bind_group(
        "world view",
        &cache.get_bind_group_layout(&view_layout),
        &BindGroupEntries::single(uniform.as_entire_binding()),
    );
    let sampler =
        |filter| device.create_sampler(&SamplerDescriptor { mag_filter: filter, min_filter: filter, ..default() });
    commands.insert_resource(WorldGpu {
        uniform,
        view_group,
        smooth: sampler(FilterMode::Linear),
        exact: sampler(FilterMode::Nearest),
        pipelines: Vec::new(),
        vertices: Growing::new(&device, "world shapes", BufferUsages::VERTEX, size_of::<Vertex>()),
        indices: Growing::new(&device, "world triangles", BufferUsages::INDEX, size_of::<u32>()),
        instances: Growing::new(&device, "agents", BufferUsages::VERTEX, size_of::<AgentInstance>()),
        instance_count: 0,
        heat: PictureTexture::new(&device),
        density: PictureTexture::new(&device),
        canvas: PictureTexture::new(&device),
        view_layout,
        picture_layout,
    });
}

/// Brings the composed frame onto the graphics processor; the instances are there already.
pub(super) fn upload(
    gpu: Option<ResMut<WorldGpu>>,
    world_frame: Res<WorldFrame>,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
    cache: Res<PipelineCache>,
) {
    let Some(mut gpu) = gpu.filter(|_| world_frame.shows) else {
        return;
    };
    let gpu = &mut *gpu;
    let frame = &world_frame.frame;
    let Vec2 { x, y } = world_frame.window;
    let scale = world_frame.scale_factor;
    queue.write_buffer(&gpu.uniform, 0, bytemuck::bytes_of(&[x, y, marks::RING.0, marks::RING.1, scale, scale]));
    let vertices: &[u8] = bytemuck::cast_slice(frame.painter.vertices());
    gpu.vertices.reserve(&device, vertices.len());
    gpu.vertices.write(&queue, 0, vertices);
    let indices: &[u8] = bytemuck::cast_slice(frame.painter.indices());
    gpu.indices.reserve(&device, indices.len());
    gpu.indices.write(&queue, 0, indices);

    let heat = frame.heat.is_drawn().then(|| Shown {
        size: frame.heat.size(),
        pixels: frame.heat.pixels(),
        place: frame.heat.place(),
        version: Some(frame.heat.version()),
        smooth: true,
    });
    let density = frame.shows_density.then(|| Shown {
        size: frame.density.size(),
        pixels: frame.density.pixels(),
        place: frame.density.rect(),
        version: None,
        smooth: true,
    });
    let canvas = frame.canvas.is_drawn().then(|| Shown {
        size: frame.canvas.size(),
        pixels: frame.canvas.pixels(),
        place: frame.canvas.rect(),
        version: None,
        smooth: false,
    });
    let layout = cache.get_bind_group_layout(&gpu.picture_layout);
    for (picture, shown) in [(&mut gpu.heat, heat), (&mut gpu.density, density), (&mut gpu.canvas, canvas)] {
        picture.shows = false;
        let Some(shown) = shown else { continue };
        let sampler = if shown.smooth { &gpu.smooth } else { &gpu.exact };
        show(picture, &shown, sampler, &layout, &device, &queue);
    }
}

fn show(
    picture: &mut PictureTexture,
    shown: &Shown,
    sampler: &Sampler,
    layout: &BindGroupLayout,
    device: &RenderDevice,
    queue: &RenderQueue,
) {
    let (width, height) = shown.size;
    let most = device.limits().max_texture_dimension_2d as usize;
    if width == 0 || height == 0 || width > most || height > most || shown.pixels.len() != width * height {
        return;
    }
    let extent = Extent3d { width: width as u32, height: height as u32, depth_or_array_layers: 1 };
    let fits = picture.texture.as_ref().is_some_and(|(_, size)| *size == shown.size);
    if !fits {
        let texture = device.create_texture(&TextureDescriptor {
            label: Some("world picture"),
            size: extent,
            mip_level_count: 1,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format: TextureFormat::Rgba8UnormSrgb,
            usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let view = texture.create_view(&TextureViewDescriptor::default());
        picture.group = Some(device.create_bind_group(
            "world picture",
            layout,
            &BindGroupEntries::sequential((&view, sampler, picture.place.as_entire_binding())),
        ));
        picture.texture = Some((texture, shown.size));
    }
    let Some((texture, _)) = &picture.texture else { return };
    if !fits || shown.version.is_none_or(|version| version != picture.version) {
        queue.write_texture(
            texture.as_image_copy(),
            bytemuck::cast_slice(shown.pixels),
            TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * extent.width), rows_per_image: None },
            extent,
        );
        picture.version = shown.version.unwrap_or(0);
    }
    let Rect { min, max } = shown.place;
    queue.write_buffer(&picture.place, 0, bytemuck::bytes_of(&[min.x, min.y, max.x, max.y]));
    picture.shows = true;
}

/// Sees to it that there are pipelines for the formats of the cameras that show the world.
pub(super) fn prepare_pipelines(
    gpu: Option<ResMut<WorldGpu>>,
    shader: Res<WorldShader>,
    cache: Res<PipelineCache>,
    views: Query<(&ExtractedView, &Msaa), With<WorldView>>,
) {
    let Some(mut gpu) = gpu else { return };
    for (view, msaa) in &views {
        let key = (view.target_format, msaa.samples());
        if gpu.pipelines(key.0, key.1).is_none() {
            let pipelines = queue_pipelines(&gpu, &cache, &shader.0, key);
            gpu.pipelines.push((key, pipelines));
        }
    }
}

fn queue_pipelines(
    gpu: &WorldGpu,
    cache: &PipelineCache,
    shader: &Handle<Shader>,
    (format, samples): (TextureFormat, u32),
) -> Pipelines {
    let queue = |name: &'static str, pictures: bool, buffers: Vec<VertexBufferLayout>, blend: BlendState| {
        let mut layout = vec![gpu.view_layout.clone()];
        if pictures {
            layout.push(gpu.picture_layout.clone());
        }
        cache.queue_render_pipeline(RenderPipelineDescriptor {
            label: Some(format!("world {name}").into()),
            layout,
            vertex: VertexState {
                shader: shader.clone(),
                entry_point: Some(format!("{name}_vertex").into()),
                buffers,
                ..default()
            },
            fragment: Some(FragmentState {
                shader: shader.clone(),
                entry_point: Some(format!("{name}_fragment").into()),
                targets: vec![Some(ColorTargetState { format, blend: Some(blend), write_mask: ColorWrites::ALL })],
                ..default()
            }),
            multisample: MultisampleState { count: samples, ..default() },
            ..default()
        })
    };
    let corners = VertexBufferLayout::from_vertex_formats(
        VertexStepMode::Vertex,
        [VertexFormat::Float32x2, VertexFormat::Unorm8x4],
    );
    let instances = VertexBufferLayout::from_vertex_formats(
        VertexStepMode::Instance,
        [VertexFormat::Float32x2, VertexFormat::Snorm16x2, VertexFormat::Unorm8x4],
    );
    Pipelines {
        shapes: queue("shape", false, vec![corners], BlendState::ALPHA_BLENDING),
        pictures: queue("picture", true, Vec::new(), BlendState::ALPHA_BLENDING),
        premultiplied: queue("picture", true, Vec::new(), BlendState::PREMULTIPLIED_ALPHA_BLENDING),
        agents: queue("agent", false, vec![instances], BlendState::ALPHA_BLENDING),
    }
}
