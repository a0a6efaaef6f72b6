//! Rows about drawing.

use agent2028_core::agent::AgentGroup;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_core::space::WorldBounds;
use agent2028_view::offscreen::{Offscreen, OffscreenOptions, windowless_plugins};
use bevy::app::PluginsState;
use bevy::asset::RenderAssetUsages;
use bevy::camera::{ImageRenderTarget, RenderTarget};
use bevy::math::Rot2;
use bevy::prelude::*;
use bevy::render::render_resource::{Extent3d, PollType, TextureDimension, TextureFormat};
use bevy::render::renderer::RenderDevice;

use crate::measure::{Clock, Failure, Figures, Sample, pairs, time};
use crate::row::{Curve, Effort, Row, Target, Unit};
use crate::scene::simulation;

const FRAME: Unit = Unit::SecondsPer("frame");
const BASELINE: &str = "a Bevy sprite of 6 × 6 pixels for each";
const WHY_MISSED: &str = "Below a few tens of thousands of visible agents each is a triangle of its own, whose cost under \
    software rendering is the rasteriser's; above, the processor paints them into a picture.";

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "draw-100k",
        work: "a frame of 1280 × 720 with 10⁵ agents that all move, under the machine's Vulkan adapter",
        baseline: BASELINE,
        unit: FRAME,
        clock: Clock::Wall,
        target: Target::SpeedTimes(5.0),
        measure: |effort| against_sprites(effort, effort.at_most(100_000, 1_000)),
        curve: Some(growth),
        why_missed: WHY_MISSED,
    },
    Row {
        name: "draw-1M",
        work: "the same with 10⁶ agents",
        baseline: BASELINE,
        unit: FRAME,
        clock: Clock::Wall,
        target: Target::SpeedTimes(5.0),
        measure: |effort| against_sprites(effort, effort.at_most(1_000_000, 2_000)),
        curve: None,
        why_missed: WHY_MISSED,
    },
];

const SIZE: UVec2 = UVec2::new(1280, 720);

/// Agents all over a world of the picture's shape, drawn by the view. The simulation stands still: the view reads all of it
/// in every frame anyway.
fn agents(count: usize) -> Result<Offscreen, Failure> {
    let group = AgentGroup { name: "bird".into(), count: count as u32, velocity: Some(Vec2::X), ..default() };
    let world = WorldBounds { size: SIZE.as_vec2(), ..default() };
    let simulation = simulation(world, 2, group, agent2028_core::require_motion)?;
    let mut offscreen =
        Offscreen::new(simulation, OffscreenOptions { size: SIZE, ..default() }).map_err(|error| error.to_string())?;
    offscreen.frame().map_err(|error| error.to_string())?;
    Ok(offscreen)
}

/// The same number of sprites, whose places all change in every frame.
struct Sprites(App);

impl Sprites {
    fn new(count: usize) -> Self {
        let mut app = App::new();
        app.add_plugins(windowless_plugins());
        let extent = Extent3d { width: 6, height: 6, depth_or_array_layers: 1 };
        let (dimension, format) = (TextureDimension::D2, TextureFormat::Rgba8UnormSrgb);
        let dot = Image::new_fill(extent, dimension, &[255; 4], format, RenderAssetUsages::RENDER_WORLD);
        let dot = app.world_mut().resource_mut::<Assets<Image>>().add(dot);
        let target = Image::new_target_texture(SIZE.x, SIZE.y, format, None);
        let target = app.world_mut().resource_mut::<Assets<Image>>().add(target);
        let target = RenderTarget::Image(ImageRenderTarget { handle: target, scale_factor: 1.0 });
        app.world_mut().spawn((Camera2d, Msaa::Off, target));
        let mut dice = SimRng::new(2028).global(Purpose::new("bench.sprites"), 0);
        let half = SIZE.as_vec2() * 0.5;
        let sprites: Vec<_> = (0..count)
            .map(|_| {
                let at = Vec2::new(dice.signed_unit(), dice.signed_unit()) * half;
                let turn = Rot2::radians(dice.signed_unit() * std::f32::consts::PI);
                let place =
                    Transform::from_translation(at.extend(0.0)).with_rotation(Quat::from_rotation_z(turn.as_radians()));
                (Sprite::from_image(dot.clone()), place)
            })
            .collect();
        app.world_mut().spawn_batch(sprites);
        app.add_systems(Update, |mut places: Query<&mut Transform, With<Sprite>>| {
            for mut place in &mut places {
                place.translation.x = -place.translation.x;
            }
        });
        while app.plugins_state() == PluginsState::Adding {
            bevy::tasks::tick_global_task_pools_on_main_thread();
        }
        app.finish();
        app.cleanup();
        Self(app)
    }

    fn frame(&mut self) -> Result<(), Failure> {
        self.0.update();
        let device = self.0.world().resource::<RenderDevice>();
        device.poll(PollType::wait_indefinitely()).map_err(|error| error.to_string())?;
        Ok(())
    }
}

fn against_sprites(effort: Effort, count: usize) -> Result<Figures, Failure> {
    let mut ours = agents(count)?;
    let mut sprites = Sprites::new(count);
    // Pipelines compile and buffers grow in the first frames.
    for _ in 0..3 {
        sprites.frame()?;
    }
    let frames = if effort == Effort::Full { 3 } else { 1 };
    let figures = pairs(
        effort.pairs(7),
        Clock::Wall,
        || measured(&mut ours, frames),
        || {
            let (sample, result) = time(frames as f64, || (0..frames).try_for_each(|_| sprites.frame()));
            result.map(|()| sample)
        },
    )?;
    let drawn = ours.drawn();
    let how = match (drawn.density, drawn.as_image) {
        (true, _) => "as a density map",
        (false, true) => "painted by the processor",
        (false, false) => "as instances",
    };
    let adapter = if drawn.software { "software" } else { "hardware" };
    Ok(figures.with_note(format!("{how}, {adapter} adapter")))
}

fn measured(offscreen: &mut Offscreen, frames: usize) -> Result<Sample, Failure> {
    let (sample, result) = time(frames as f64, || offscreen.measure(frames));
    result.map_err(|error| error.to_string())?;
    Ok(sample)
}

fn growth(effort: Effort) -> Result<Curve, Failure> {
    let sizes: &[usize] = if effort == Effort::Full { &[1_000, 10_000, 100_000, 1_000_000] } else { &[1_000] };
    let mut points = Vec::new();
    for &size in sizes {
        let sample = measured(&mut agents(size)?, effort.at_most(9, 1))?;
        points.push((size as f64, sample.wall / sample.work));
    }
    Ok(Curve {
        title: "Drawing a frame".into(),
        x: "agents".into(),
        y: "seconds per frame".into(),
        lines: vec![("Agent2028".into(), points)],
    })
}
