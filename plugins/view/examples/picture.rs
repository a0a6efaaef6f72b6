//! A picture of a small world, without a display.
//!
//! ```sh
//! cargo run -p agent2028_view --example picture -- --scene foraging --ticks 1200 --out picture.png
//! ```
//!
//! | option | what it does |
//! |---|---|
//! | `--scene flock` | `flock`, `foraging` or `both` |
//! | `--agents 3000` | how many agents there are |
//! | `--ticks 600` | how long it runs before the picture is taken |
//! | `--size 1280x720` | the picture's size in physical pixels |
//! | `--scale 2` | physical pixels per logical pixel |
//! | `--zoom 4` | how many times nearer than the whole world |
//! | `--color Speed` | what colours tell |
//! | `--style image` | `image` or `instanced` instead of the route that fits |
//! | `--light` `--trails` `--grid` | the light theme, trails, the grid |
//! | `--select 5` | how many agents are selected |
//! | `--faults` | some agents have failed, are frozen or ill |
//! | `--measure 20` | also says what drawing costs, over so many frames |
//! | `--out picture.png` | the file to write |

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;

use agent2028_boids::config::{Alignment, Cohesion, Separation};
use agent2028_boids::obstacle::Obstacle;
use agent2028_boids::{BoidsConfig, BoidsPlugin};
use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{
    AgentGroup, AgentGroups, AgentId, Placement, degrade_agents, fail_agents, freeze_agents, spawn_scene_group,
};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::{Edge, WorldBounds};
use agent2028_pheromones::PheromonesPlugin;
use agent2028_pheromones::config::{
    EmitterConfig, FollowConfig, ForagingConfig, LayerConfig, NestConfig, PheromonesConfig, ResourceConfig, WallConfig,
};
use agent2028_view::layer::{GRID, TRAILS};
use agent2028_view::offscreen::{FrameImage, Offscreen, OffscreenOptions};
use agent2028_view::{AgentStyle, ColorBy, Selection, Theme, ViewSettings, WorldCamera};
use bevy::prelude::*;

struct Arguments(Vec<String>);

impl Arguments {
    fn value(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|argument| argument == name)?;
        self.0.get(at + 1).map(String::as_str)
    }

    fn number<T: std::str::FromStr>(&self, name: &str, default: T) -> T {
        self.value(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    fn flag(&self, name: &str) -> bool {
        self.0.iter().any(|argument| argument == name)
    }
}

fn flock(size: Vec2) -> BoidsConfig {
    BoidsConfig {
        separation: Separation { radius: 7.0, weight: 1.5 },
        alignment: Alignment { radius: 22.0, ..Alignment::default() },
        cohesion: Cohesion { radius: 22.0, weight: 0.9 },
        max_speed: 120.0,
        min_speed: Some(48.0),
        max_force: 288.0,
        obstacles: vec![
            Obstacle::Circle { center: size * Vec2::new(-0.2, 0.15), radius: 0.05 * size.y },
            Obstacle::Polygon([(0.1, -0.3), (0.2, -0.2), (0.24, -0.32)].map(|(x, y)| size * Vec2::new(x, y)).to_vec()),
        ],
        ..BoidsConfig::default()
    }
}

fn foraging(size: Vec2, birds_mark: bool) -> PheromonesConfig {
    let place = |x: f32, y: f32| size * Vec2::new(x, y);
    let layer = |name: &str| LayerConfig {
        name: name.into(),
        decay_per_s: 0.03,
        diffusion_rate: 0.02,
        threshold: 0.004,
        ..LayerConfig::default()
    };
    let resource = |x: f32, y: f32, amount: f32| ResourceConfig {
        name: "food".into(),
        position: place(x, y),
        radius: 0.045 * size.y,
        amount,
        ..ResourceConfig::default()
    };
    PheromonesConfig {
        cell_size: 5.0,
        layers: vec![layer("food"), layer("danger")],
        emitters: birds_mark
            .then(|| EmitterConfig { agents: "starling".into(), layer: "danger".into(), per_s: 0.05 })
            .into_iter()
            .collect(),
        nests: vec![NestConfig { position: place(-0.05, 0.0), radius: 0.04 * size.y, ..NestConfig::default() }],
        resources: vec![resource(0.15, 0.18, 300.0), resource(0.36, -0.25, 1500.0), resource(-0.35, -0.22, 900.0)],
        walls: vec![WallConfig {
            points: vec![place(0.06, -0.34), place(0.09, -0.06), place(0.075, 0.09)],
            ..WallConfig::default()
        }],
        foraging: vec![ForagingConfig {
            agents: "ant".into(),
            speed: 55.0,
            wander_deg: 70.0,
            sensor_distance: 16.0,
            follow: vec![FollowConfig { layer: "food".into(), weight: 1.0 }],
            mark_per_s: 1.2,
            mark_fade_s: 12.0,
            patience_s: 60.0,
            ..ForagingConfig::default()
        }],
        ..PheromonesConfig::default()
    }
}

fn simulation(arguments: &Arguments) -> Result<Simulation, Box<dyn Error>> {
    let scene = arguments.value("--scene").unwrap_or("flock");
    let agents: u32 = arguments.number("--agents", 3_000);
    let size = Vec2::new(1200.0, 675.0) * (agents as f32 / 3_000.0).sqrt().max(1.0);
    let mut app = App::new();
    app.insert_resource(WorldBounds { size, edge: Edge::Wrap });
    app.add_plugins(SimCorePlugin { seed: 2028, tick_hz: 30.0, ..default() });
    app.insert_resource(WorldBounds { size, edge: Edge::Wrap });
    let mut groups = Vec::new();
    if scene != "foraging" {
        app.add_plugins(BoidsPlugin { config: flock(size) });
        for (name, share) in [("starling", 0.8), ("jackdaw", 0.2)] {
            groups.push((name, (agents as f32 * share) as u32, Placement::World));
        }
    }
    if scene != "flock" {
        app.add_plugins(PheromonesPlugin { config: foraging(size, scene == "both") });
        let nest = Placement::Disc { center: size * Vec2::new(-0.05, 0.0), radius: 20.0 };
        groups.push(("ant", if scene == "both" { agents / 5 } else { agents }, nest));
    }
    for (name, count, spawn) in groups {
        let group = AgentGroup { name: name.into(), count, spawn, ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        spawn_scene_group(app.world_mut(), group)?;
    }
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(arguments.number("--ticks", 600));
    if arguments.flag("--faults") {
        let every = |start: u32| (start..agents).step_by(9).map(AgentId).collect::<Vec<_>>();
        let until = simulation.tick() + 40;
        let world = simulation.world_mut();
        fail_agents(world, &every(0), u64::MAX);
        freeze_agents(world, &every(3), until);
        degrade_agents(world, &every(6), 0.3, u64::MAX);
    }
    Ok(simulation)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments(std::env::args().skip(1).collect());
    let size = arguments.value("--size").and_then(|size| size.split_once('x'));
    let size = size.and_then(|(width, height)| Some(UVec2::new(width.parse().ok()?, height.parse().ok()?)));
    let theme = if arguments.flag("--light") { Theme::Light } else { Theme::Dark };
    let mut settings = ViewSettings { theme, ..default() };
    settings.layers.show(&TRAILS, arguments.flag("--trails"));
    settings.layers.show(&GRID, arguments.flag("--grid"));
    settings.color_by = arguments
        .value("--color")
        .and_then(|name| ColorBy::ALL.into_iter().find(|known| known.label() == name))
        .unwrap_or_default();
    settings.agent_style = match arguments.value("--style") {
        Some("image") => AgentStyle::Image,
        Some("instanced") => AgentStyle::Instanced,
        _ => AgentStyle::Auto,
    };
    let options = OffscreenOptions {
        size: size.unwrap_or(UVec2::new(1280, 720)),
        scale_factor: arguments.number("--scale", 1.0),
        settings,
        ..default()
    };
    let mut offscreen = Offscreen::with_plugins(simulation(&arguments)?, options, |app| {
        app.add_plugins((agent2028_boids_panels::BoidsPanels, agent2028_pheromones_panels::PheromonesPanels));
    })?;
    offscreen.world_mut().resource_mut::<Selection>().set((0..arguments.number("--select", 0)).map(AgentId));
    offscreen.frame()?;
    offscreen.advance(60 * u64::from(arguments.flag("--trails")));
    let zoom: f32 = arguments.number("--zoom", 1.0);
    if zoom != 1.0 {
        let viewport = *offscreen.world_mut().resource::<agent2028_view::Viewport>();
        let mut camera = offscreen.world_mut().resource_mut::<WorldCamera>();
        camera.zoom_at(&viewport, viewport.rect().center(), zoom);
    }
    let frame = offscreen.frame()?;
    let frames: usize = arguments.number("--measure", 0);
    if frames > 0 {
        let time = offscreen.measure(frames)?;
        info_line(&format!("{time:?}"));
    }
    write_png(&frame, arguments.value("--out").unwrap_or("picture.png"))
}

#[expect(clippy::print_stdout, reason = "an example speaks to whoever started it")]
fn info_line(text: &str) {
    println!("{text}");
}

fn write_png(frame: &FrameImage, path: &str) -> Result<(), Box<dyn Error>> {
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), frame.width, frame.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&frame.pixels)?;
    Ok(())
}
