//! The inspector around a small flock, without the command line and without scene files.
//!
//! ```sh
//! cargo run -p agent2028_inspector --example inspector -- --size 1280x720 --agents 1000
//! ```
//!
//! | option | what it does |
//! |---|---|
//! | `--size 1920x1080` | the window's size in physical pixels |
//! | `--scale 2` | physical pixels per logical pixel |
//! | `--agents 1000` | how many agents there are; 0 shows an empty world |
//! | `--select 3` | how many agents are selected at the start |
//! | `--tab Metrics` | which tab of the bottom dock is open |
//! | `--light` | the light theme |
//! | `--paused` | time stands still at the start |
//! | `--long` | long names, many parameters and many plots |
//! | `--problem` | the report of a scene that could not be read |

use std::collections::BTreeMap;

use agent2028_boids::{BoidsConfig, BoidsPlugin};
use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, Placement, spawn_scene_group};
use agent2028_core::params::{Param, Params};
use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::Transport;
use agent2028_inspector::{
    DockLayout, InspectorPlugin, InspectorRegistry, InspectorState, PlotPanel, Preset, SceneCaption, SceneEntry,
    SceneLibrary, SceneRequest, SceneStatus,
};
use agent2028_view::{Selection, Theme, ViewPlugin, ViewSettings};
use bevy::prelude::*;
use bevy::time::Real;
use bevy::window::WindowResolution;

/// What the command line asks for.
#[derive(Resource, Clone)]
struct Options {
    size: (u32, u32),
    scale: f32,
    agents: u32,
    select: u32,
    panels: Vec<String>,
    layout: Preset,
    light: bool,
    paused: bool,
    long: bool,
    problem: bool,
}

fn options() -> Options {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    let number = |name: &str, default: u32| value(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let size = value("--size").unwrap_or_default();
    let size = size.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let wanted = value("--panels").unwrap_or_default();
    let layout = value("--layout").unwrap_or_default();
    Options {
        size: size.unwrap_or((1280, 720)),
        scale: value("--scale").and_then(|text| text.parse().ok()).unwrap_or(1.0),
        agents: number("--agents", 1000),
        select: number("--select", 0),
        panels: wanted.split(',').map(str::to_owned).collect(),
        layout: Preset::ALL.into_iter().find(|known| known.label() == layout).unwrap_or_default(),
        light: flag("--light"),
        paused: flag("--paused"),
        long: flag("--long"),
        problem: flag("--problem"),
    }
}

fn main() -> AppExit {
    let options = options();
    let resolution = WindowResolution::new(options.size.0, options.size.1).with_scale_factor_override(options.scale);
    App::new()
        .add_plugins(DefaultPlugins.set(WindowPlugin {
            primary_window: Some(Window { title: "Inspector".into(), resolution, ..default() }),
            ..default()
        }))
        .insert_resource(simulation(&options))
        .init_resource::<Transport>()
        .insert_resource(library(&options))
        .insert_resource(status(&options))
        .insert_resource(options)
        .add_plugins((ViewPlugin, InspectorPlugin, agent2028_boids_panels::BoidsPanels))
        .add_systems(PreUpdate, drive)
        .add_systems(Update, reload)
        .add_systems(PostStartup, set_up)
        .run()
}

fn simulation(options: &Options) -> Simulation {
    let mut app = App::new();
    app.add_plugins((SimCorePlugin { seed: 2028, ..default() }, BoidsPlugin { config: BoidsConfig::default() }));
    let kinds =
        [("starling", 0.7), ("jackdaw", 0.25), ("a-group-with-a-name-that-is-far-too-long-for-its-place", 0.05)];
    let kinds = if options.long { &kinds[..] } else { &kinds[..2] };
    for (name, share) in kinds {
        let group = AgentGroup {
            name: (*name).into(),
            count: (options.agents as f32 * share) as u32,
            capabilities: vec!["air.fly".into(), "air.watch.predators".into()],
            spawn: Placement::Disc { center: Vec2::ZERO, radius: 300.0 },
            ..default()
        };
        if options.agents > 0 {
            let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
            spawn_scene_group(app.world_mut(), group).expect("the group was added just now and is small");
        }
    }
    if options.agents > 0 {
        app.insert_resource(Params(params(options)));
    }
    Simulation::new(std::mem::take(app.world_mut()))
}

fn params(options: &Options) -> BTreeMap<String, Param> {
    let param = |path: &str| Param { path: path.into(), ..default() };
    let mut params = BTreeMap::from([
        ("separation".into(), Param { range: Some((0.0, 5.0)), ..param("boids.separation.weight") }),
        ("alignment".into(), Param { range: Some((0.0, 5.0)), ..param("boids.alignment.weight") }),
        ("cohesion".into(), Param { range: Some((0.0, 5.0)), ..param("boids.cohesion.weight") }),
        ("view".into(), Param { label: "Field of view".into(), ..param("boids.view_degrees") }),
    ]);
    if options.long {
        for number in 0..20 {
            let label = format!("A parameter whose label doesn't fit into the dock, number {number}");
            params.insert(format!("long_{number}"), Param { label, ..param("boids.max_speed") });
        }
    }
    params
}

fn library(options: &Options) -> SceneLibrary {
    let entry = |name: &str, title: &str, description: &str| SceneEntry {
        name: name.into(),
        title: title.into(),
        description: description.into(),
        path: None,
        ..Default::default()
    };
    let mut entries = vec![
        entry("flock", "A flock of two kinds", "Starlings and jackdaws fly together; slide the three rules."),
        entry("double-bridge", "The double bridge", "Ants find the shorter of two ways by the marks that they leave."),
        entry("a-third-fails", "A third fails", "A third of the agents fail at tick 600; the others close the gaps."),
    ];
    if options.long {
        entries.extend((0..60).map(|number| {
            let title = format!("A scene with a title that goes on and on and never comes to an end, number {number}");
            entry(&format!("scene-{number}"), &title, "And what it shows takes even more words than its title.")
        }));
    }
    SceneLibrary { entries, recent: vec!["/home/me/experiments/evening.ron".into()], ..Default::default() }
}

fn status(options: &Options) -> SceneStatus {
    if options.agents == 0 {
        return SceneStatus::default();
    }
    let plot = |title: &str, metrics: &[&str]| PlotPanel {
        title: title.into(),
        metrics: metrics.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut plots = vec![plot("Order", &["boids.order"]), plot("Agents", &["agents.active", "agents.failed"])];
    if options.long {
        plots.push(plot("A plot of many metrics", &["boids.order", "agents.health", "agents.failed", "agents.total"]));
        plots.push(plot("Neighbours", &["boids.nearest_distance", "boids.flocks", "no.such.metric"]));
    }
    let report = "  × unknown field `cuont`\n   ╭─[scenes/flock.ron:9:17]\n 9 │         (name: \"bird\", cuont: 1000),\n   \
                  ·                         ──┬──\n   ·                           ╰── there is no such field\n   ╰────\n  \
                  help: did you mean \"count\"?";
    SceneStatus {
        name: "flock".into(),
        title: "A flock of two kinds".into(),
        description: "Starlings and jackdaws fly together. Slide the three rules, or let a third of them fail.".into(),
        seed: 2028,
        path: None,
        plots,
        captions: vec![
            SceneCaption::at(60, "Every bird looks only at its neighbours"),
            SceneCaption::at(900, "And yet the flock flies as one"),
        ],
        problems: if options.problem { vec![report.into()] } else { Vec::new() },
        ..Default::default()
    }
}

/// Runs the ticks that are due, before anything looks at the simulation.
fn drive(
    time: Res<Time<Real>>,
    mut transport: ResMut<Transport>,
    mut timeline: ResMut<Timeline>,
    mut simulation: ResMut<Simulation>,
) {
    timeline.advance(&mut simulation, &mut transport, time.delta());
}

/// Every request starts the same flock again: there are no scene files here.
fn reload(
    mut requests: MessageReader<SceneRequest>,
    options: Res<Options>,
    mut simulation: ResMut<Simulation>,
    mut status_shown: ResMut<SceneStatus>,
) {
    if requests.read().count() > 0 {
        simulation.replace(self::simulation(&options).into_world());
        *status_shown = status(&options);
    }
}

fn set_up(
    mut commands: Commands,
    options: Res<Options>,
    cameras: Query<&Camera>,
    mut settings: ResMut<ViewSettings>,
    mut selection: ResMut<Selection>,
    (mut inspector, registry): (ResMut<InspectorState>, Res<InspectorRegistry>),
    mut transport: ResMut<Transport>,
) {
    transport.playing = !options.paused;
    if cameras.is_empty() {
        commands.spawn((Name::new("world camera"), Camera2d));
    }
    if options.light {
        settings.theme = Theme::Light;
    }
    selection.set((0..options.select).map(AgentId));
    inspector.layout = DockLayout::preset(options.layout, registry.catalog());
    for facts in registry.catalog().iter().filter(|facts| options.panels.iter().any(|name| name == facts.title)) {
        inspector.layout.open(facts.key);
    }
}
