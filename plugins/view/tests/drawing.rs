//! What is drawn, pixel by pixel, through the real renderer and without a display.
//!
//! Without any graphics adapter the tests are skipped, loudly; with `AGENT2028_REQUIRE_GPU=1` they fail instead.

use agent2028_core::SimCorePlugin;
use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, Placement, fail_agents, spawn_group};
use agent2028_core::require_motion;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::{Edge, WorldBounds};
use agent2028_network::NetworkPlugin;
use agent2028_network_panels::layers::LinksLayer;
use agent2028_pheromones::PheromonesPlugin;
use agent2028_pheromones::config::{LayerConfig, PheromonesConfig};
use agent2028_pheromones::field::{LayerId, PheromoneField};
use agent2028_trust::ratings::Rating;
use agent2028_trust::{TrustConfig, TrustPlugin};
use agent2028_trust_panels::layer::TrustLayer;
use agent2028_view::offscreen::{FrameImage, Offscreen, OffscreenError, OffscreenOptions, has_adapter};
use agent2028_view::{AgentStyle, Aimed, ColorBy, Layer as _, Lens, Selection, Theme, ViewSettings, WorldCamera};
use bevy::prelude::*;

/// Whether to draw. The message is printed whether or not the test passes.
fn can_draw() -> bool {
    if has_adapter() {
        return true;
    }
    let required = std::env::var_os("AGENT2028_REQUIRE_GPU").is_some_and(|value| value == "1");
    assert!(!required, "AGENT2028_REQUIRE_GPU=1, but there is no graphics adapter");
    eprintln!("SKIPPED: no graphics adapter, nothing was drawn or checked (AGENT2028_REQUIRE_GPU=1 makes this fail)");
    false
}

/// A world of 100 × 100 units: fitted into a square picture of 448 pixels it has 4 pixels per unit.
fn simulation(points: &[Vec2], velocity: Vec2, marks: &[(f32, f32)]) -> Simulation {
    let mut app = App::new();
    app.insert_resource(WorldBounds { size: Vec2::splat(100.0), edge: Edge::Bounce });
    app.add_plugins(SimCorePlugin::default());
    app.insert_resource(WorldBounds { size: Vec2::splat(100.0), edge: Edge::Bounce });
    require_motion(&mut app);
    app.add_plugins(PheromonesPlugin {
        config: PheromonesConfig {
            cell_size: 2.0,
            layers: vec![LayerConfig { name: "food".into(), ..LayerConfig::default() }],
            ..PheromonesConfig::default()
        },
    });
    if !points.is_empty() {
        let group = AgentGroup { name: "walker".into(), velocity: Some(velocity), ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        spawn_group(app.world_mut(), group, points.len() as u32, &Placement::Points(points.to_vec()))
            .expect("the group was added just now and is small");
        let mut moving = app.world_mut().query::<&mut agent2028_core::agent::Velocity>();
        for mut moving in moving.iter_mut(app.world_mut()) {
            moving.0 = velocity;
        }
    }
    let mut field = app.world_mut().resource_mut::<PheromoneField>();
    for (x, y) in marks {
        field.deposit(LayerId(0), Vec2::new(*x, *y), 1.0, AgentId(0));
    }
    Simulation::new(std::mem::take(app.world_mut()))
}

/// One agent in the upper right corner, `others` in the lower left, everybody linked with everybody.
fn linked(others: u32) -> Simulation {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin {
        world: WorldBounds { size: Vec2::splat(100.0), edge: Edge::Bounce },
        ..SimCorePlugin::default()
    });
    app.add_plugins(NetworkPlugin::default());
    let points = std::iter::once(Vec2::splat(40.0)).chain((0..others).map(|_| Vec2::splat(-40.0))).collect();
    let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup::default());
    spawn_group(app.world_mut(), group, others + 1, &Placement::Points(points))
        .expect("the group was added just now and is small");
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(1);
    simulation
}

/// One in a corner with good experience with the others, all in the opposite one, and ever more of it.
fn trusting(others: u32, rating: f32) -> Simulation {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin {
        world: WorldBounds { size: Vec2::splat(100.0), edge: Edge::Bounce },
        ..SimCorePlugin::default()
    });
    let ratings: Vec<Rating> = (0..=others)
        .flat_map(|source| (0..=others).map(move |target| Rating { source, target, rating, time: 0.0 }))
        .filter(|rating| rating.source != rating.target)
        .collect();
    let config = TrustConfig { rating_weight: 50.0, ..TrustConfig::default() };
    app.add_plugins(TrustPlugin { config, ratings: ratings.into() });
    let points = std::iter::once(Vec2::splat(40.0)).chain((0..others).map(|_| Vec2::splat(-40.0))).collect();
    let group = app.world_mut().resource_mut::<AgentGroups>().add(AgentGroup::default());
    spawn_group(app.world_mut(), group, others + 1, &Placement::Points(points))
        .expect("the group was added just now and is small");
    let mut simulation = Simulation::new(std::mem::take(app.world_mut()));
    simulation.run(2);
    simulation
}

fn offscreen(simulation: Simulation, settings: ViewSettings) -> Offscreen {
    let options = OffscreenOptions { size: UVec2::splat(448), settings, ..OffscreenOptions::default() };
    // With the layers of plugins.
    let add = |app: &mut App| {
        app.add_plugins((agent2028_network_panels::NetworkPanels, agent2028_trust_panels::TrustPanels));
        app.add_plugins((agent2028_boids_panels::BoidsPanels, agent2028_pheromones_panels::PheromonesPanels));
    };
    Offscreen::with_plugins(simulation, options, add).expect("an adapter was found just now")
}

fn draw(simulation: Simulation, settings: ViewSettings) -> FrameImage {
    offscreen(simulation, settings).frame().expect("the adapter is still there")
}

/// The pixel at a point of the world.
fn at(x: f32, y: f32) -> (u32, u32) {
    ((224.0 + 4.0 * x) as u32, (224.0 - 4.0 * y) as u32)
}

fn color_at(image: &FrameImage, x: f32, y: f32) -> [u8; 3] {
    let (x, y) = at(x, y);
    let [red, green, blue, _] = image.pixel(x, y);
    [red, green, blue]
}

fn apart(one: [u8; 3], other: [u8; 3]) -> u32 {
    one.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b))).sum()
}

fn rgb(color: agent2028_view::tokens::Rgba8) -> [u8; 3] {
    let [red, green, blue, _] = color.0;
    [red, green, blue]
}

#[test]
fn an_agent_is_where_it_should_be_in_its_colour_and_points_where_it_goes() {
    if !can_draw() {
        return;
    }
    let ink = rgb(Theme::Dark.tokens().category(0));
    let ground = rgb(Theme::Dark.tokens().world);
    for style in [AgentStyle::Instanced, AgentStyle::Image] {
        let settings = ViewSettings { agent_style: style, ..default() };
        let image = draw(simulation(&[Vec2::new(20.0, 30.0)], Vec2::Y, &[]), settings);
        assert!(apart(color_at(&image, 20.0, 30.0), ink) < 12, "{style:?} {:?}", color_at(&image, 20.0, 30.0));
        assert!(apart(color_at(&image, -20.0, 30.0), ground) < 4, "{style:?}");
        // A dart along y: its tip is above, its broad end below.
        let width = |row: i32| {
            let (x, y) = at(20.0, 30.0);
            (-14..=14)
                .filter(|dx| {
                    let [r, g, b, _] = image.pixel((x as i32 + dx) as u32, (y as i32 + row) as u32);
                    apart([r, g, b], ground) > 120
                })
                .count()
        };
        assert!(width(-7) > 0 && width(6) > width(-7) + 2, "{style:?} {} {}", width(-7), width(6));
    }
}

#[test]
fn both_routes_look_alike() {
    if !can_draw() {
        return;
    }
    let points: Vec<Vec2> =
        (0..300).map(|at| Vec2::new((at % 20) as f32 * 4.7 - 45.0, (at / 20) as f32 * 6.1 - 43.0)).collect();
    let images = [AgentStyle::Instanced, AgentStyle::Image].map(|style| {
        let mut simulation = simulation(&points, Vec2::new(3.0, 1.0), &[]);
        fail_agents(simulation.world_mut(), &(0..300).step_by(7).map(AgentId).collect::<Vec<_>>(), u64::MAX);
        let settings = ViewSettings { agent_style: style, color_by: ColorBy::Id, ..default() };
        draw(simulation, settings)
    });
    let differences: Vec<u8> =
        images[0].pixels.iter().zip(&images[1].pixels).map(|(one, other)| one.abs_diff(*other)).collect();
    let mean = differences.iter().map(|d| f64::from(*d)).sum::<f64>() / differences.len() as f64;
    let far = differences.iter().filter(|difference| **difference > 48).count();
    let drawn = images[0].pixels.chunks_exact(4).filter(|pixel| pixel[..3].iter().any(|c| *c > 90)).count();
    assert!(drawn > 3_000, "{drawn}");
    assert!(mean < 0.5, "{mean}");
    assert!(far * 100 < drawn * 3, "{far} of {drawn}");
}

#[test]
fn agents_are_coloured_by_any_quantity() {
    if !can_draw() {
        return;
    }
    let points: Vec<Vec2> = (0..10).map(|at| Vec2::new(at as f32 * 8.0 - 36.0, 0.0)).collect();
    let settings = ViewSettings { color_by: ColorBy::Quantity("Position.x".into()), ..default() };
    let image = draw(simulation(&points, Vec2::X, &[]), settings);
    let [left, right] = [-36.0, 36.0].map(|x| color_at(&image, x, 0.0));
    let scale = agent2028_view::tokens::ColorScale::Diverging;
    assert!(apart(left, rgb(scale.on(Theme::Dark, 0.0))) < 30, "{left:?}");
    assert!(apart(right, rgb(scale.on(Theme::Dark, 1.0))) < 30, "{right:?}");
    let fixed =
        ViewSettings { color_by: ColorBy::Quantity("Position.x".into()), color_range: Some((36.0, 90.0)), ..default() };
    let image = draw(simulation(&points, Vec2::X, &[]), fixed);
    assert!(apart(color_at(&image, -36.0, 0.0), color_at(&image, 36.0, 0.0)) < 12, "all lie at the scale's lower end");
}

#[test]
fn the_world_through_an_agents_eyes_is_dim_where_it_perceives_nothing() {
    if !can_draw() {
        return;
    }
    let points = [Vec2::new(-20.0, 0.0), Vec2::new(20.0, 0.0)];
    let settings = ViewSettings { lens: Lens::Agent, ..default() };
    let mut offscreen = offscreen(simulation(&points, Vec2::X, &[]), settings);
    let ink = rgb(Theme::Dark.tokens().category(0));
    let colors = |image: &FrameImage| [-20.0, 20.0].map(|x| apart(color_at(image, x, 0.0), ink));
    assert!(colors(&offscreen.frame().unwrap()).iter().all(|away| *away < 12), "nobody is chosen");
    offscreen.world_mut().resource_mut::<Selection>().set([AgentId(1)]);
    let [other, own] = colors(&offscreen.frame().unwrap());
    assert!(own < 12 && other > 200, "{own} {other}");
}

#[test]
fn pheromones_show_where_they_lie_and_can_be_hidden() {
    if !can_draw() {
        return;
    }
    let marks: Vec<(f32, f32)> = (-5..5).map(|at| (21.0 + 2.0 * at as f32, -31.0)).collect();
    let ground = rgb(Theme::Dark.tokens().world);
    let image = draw(simulation(&[], Vec2::X, &marks), ViewSettings::default());
    assert!(apart(color_at(&image, 21.0, -31.0), ground) > 150, "{:?}", color_at(&image, 21.0, -31.0));
    assert!(apart(color_at(&image, 21.0, 31.0), ground) < 4, "not mirrored");
    let mut settings = ViewSettings::default();
    settings.layers.show_field("food", false);
    let image = draw(simulation(&[], Vec2::X, &marks), settings);
    assert!(apart(color_at(&image, 21.0, -31.0), ground) < 4);
}

#[test]
fn themes_sizes_and_scales_are_as_asked() {
    if !can_draw() {
        return;
    }
    let [dark, light] = [Theme::Dark, Theme::Light].map(|theme| {
        let image = draw(simulation(&[Vec2::ZERO], Vec2::X, &[]), ViewSettings { theme, ..default() });
        let background = image.pixel(2, 2);
        assert!(apart([background[0], background[1], background[2]], rgb(theme.tokens().background)) < 4);
        assert!(apart(color_at(&image, 30.0, 30.0), rgb(theme.tokens().world)) < 4);
        assert!(image.pixels.chunks_exact(4).all(|pixel| pixel[3] == 255), "pictures are opaque");
        image
    });
    assert_ne!(dark, light);
    let options = OffscreenOptions { size: UVec2::new(301, 203), scale_factor: 2.0, ..OffscreenOptions::default() };
    let image = Offscreen::new(simulation(&[Vec2::ZERO], Vec2::X, &[]), options).unwrap().frame().unwrap();
    assert_eq!((image.width, image.height, image.pixels.len()), (301, 203, 4 * 301 * 203));
    for (size, scale_factor) in [(UVec2::new(0, 10), 1.0), (UVec2::splat(100_000), 1.0), (UVec2::ONE, f32::NAN)] {
        let options = OffscreenOptions { size, scale_factor, ..OffscreenOptions::default() };
        let error = Offscreen::new(simulation(&[], Vec2::X, &[]), options).unwrap_err();
        assert!(matches!(error, OffscreenError::Size { .. } | OffscreenError::ScaleFactor));
    }
}

#[test]
fn the_same_moment_gives_the_same_picture_and_time_moves_it() {
    if !can_draw() {
        return;
    }
    let points = [Vec2::ZERO, Vec2::new(10.0, 10.0)];
    let mut offscreen = offscreen(simulation(&points, Vec2::new(30.0, 0.0), &[(0.0, 0.0)]), ViewSettings::default());
    let first = offscreen.frame().unwrap();
    assert_eq!(offscreen.frame().unwrap(), first);
    assert_eq!(offscreen.advance(30), 30);
    assert_ne!(offscreen.frame().unwrap(), first, "what was marked has faded");
    assert_eq!(offscreen.into_simulation().map(|simulation| simulation.tick()), Some(30));
}

#[test]
fn selection_rings_camera_and_density_do_what_they_say() {
    if !can_draw() {
        return;
    }
    let accent = rgb(Theme::Dark.tokens().accent);
    let accented = |image: &FrameImage| {
        image.pixels.chunks_exact(4).filter(|pixel| apart([pixel[0], pixel[1], pixel[2]], accent) < 60).count()
    };
    let mut one = offscreen(simulation(&[Vec2::new(-20.0, 0.0)], Vec2::X, &[]), ViewSettings::default());
    assert_eq!(accented(&one.frame().unwrap()), 0);
    one.world_mut().resource_mut::<Selection>().set([AgentId(0)]);
    assert!(accented(&one.frame().unwrap()) > 20);
    one.world_mut().resource_mut::<WorldCamera>().follow(Some(AgentId(0)));
    let followed = one.frame().unwrap();
    let ink = rgb(Theme::Dark.tokens().category(0));
    assert!(apart(color_at(&followed, 0.0, 0.0), ink) < 12, "the followed agent is in the middle");
    one.world_mut().resource_mut::<Selection>().set([AgentId(0), AgentId(77)]);
    one.frame().unwrap();
    assert_eq!(one.world_mut().resource::<Selection>().selected, [AgentId(0)], "nobody selects who isn't there");

    let crowd: Vec<Vec2> =
        (0..400_000).map(|at| Vec2::new((at % 1000) as f32 * 0.04 - 40.0, (at / 1000) as f32 * 0.1 - 20.0)).collect();
    let mut many = offscreen(simulation(&crowd, Vec2::X, &[]), ViewSettings::default());
    let image = many.frame().unwrap();
    let drawn = many.drawn();
    assert!(drawn.density && drawn.singles == 0, "{drawn:?}");
    let ground = rgb(Theme::Dark.tokens().world);
    assert!(apart(color_at(&image, -20.0, 0.0), ground) > 150 && apart(color_at(&image, 20.0, 0.0), ground) < 4);
    let time = many.measure(3).unwrap();
    assert!(time.frame >= time.compose && !time.compose.is_zero());
}

#[test]
fn failures_show_where_agents_are_a_density_map_and_what_waits_is_marked() {
    if !can_draw() {
        return;
    }
    let crowd: Vec<Vec2> =
        (0..100_000).map(|at| Vec2::new((at % 400) as f32 * 0.2 - 40.0, (at / 400) as f32 * 0.32 - 40.0)).collect();
    let mut simulation = simulation(&crowd, Vec2::X, &[]);
    let third = |left: bool| -> Vec<AgentId> {
        let chosen = crowd.iter().enumerate().filter(|(at, place)| at % 3 == 0 && (place.x < 0.0) == left);
        chosen.map(|(at, _)| AgentId(at as u32)).collect()
    };
    fail_agents(simulation.world_mut(), &third(true), u64::MAX);
    let mut many = offscreen(simulation, ViewSettings::default());
    let before = many.frame().unwrap();
    assert!(many.drawn().density && many.drawn().singles == 0);
    let (ill, well) = (color_at(&before, -20.0, 0.0), color_at(&before, 20.0, 0.0));
    assert!(apart(ill, well) > 60, "{ill:?} {well:?}");
    let hue = rgb(Theme::Dark.tokens().info);
    assert!(apart(ill, hue) + 40 < apart(well, hue), "{ill:?} {well:?}");
    many.world_mut().resource_mut::<Aimed>().0 = third(false);
    let after = many.frame().unwrap();
    assert_eq!(color_at(&after, -20.0, 0.0), ill);
    let aimed = color_at(&after, 20.0, 0.0);
    assert!(apart(aimed, well) > 60 && apart(aimed, ill) > 60, "{aimed:?} {well:?}");

    for style in [AgentStyle::Instanced, AgentStyle::Image] {
        let points = [Vec2::new(-20.0, 0.0), Vec2::new(20.0, 0.0)];
        let settings = ViewSettings { agent_style: style, ..default() };
        let mut two = offscreen(self::simulation(&points, Vec2::X, &[]), settings);
        let before = two.frame().unwrap();
        two.world_mut().resource_mut::<Aimed>().0 = vec![AgentId(1)];
        let after = two.frame().unwrap();
        let changed = |x: f32| {
            let (x, y) = at(x, 0.0);
            let around = (x - 20..x + 20).flat_map(|x| (y - 20..y + 20).map(move |y| (x, y)));
            around.filter(|(x, y)| before.pixel(*x, *y) != after.pixel(*x, *y)).count()
        };
        assert!(changed(20.0) > 20 && changed(-20.0) == 0, "{style:?} {} {}", changed(20.0), changed(-20.0));
    }
}

#[test]
fn links_are_drawn_and_where_they_are_too_many_those_of_the_selected() {
    if !can_draw() {
        return;
    }
    let ground = rgb(Theme::Dark.tokens().world);
    // Half-way between the corners only links are.
    let inked = |image: &FrameImage| apart(color_at(image, 0.0, 0.0), ground) > 30;
    let mut few = offscreen(linked(10), ViewSettings::default());
    assert!(inked(&few.frame().unwrap()));
    few.world_mut().resource_mut::<ViewSettings>().layers.show(&LinksLayer::FACTS, false);
    assert!(!inked(&few.frame().unwrap()));
    let mut many = offscreen(linked(120), ViewSettings::default());
    assert!(!inked(&many.frame().unwrap()));
    many.world_mut().resource_mut::<Selection>().set([AgentId(5)]);
    assert!(inked(&many.frame().unwrap()));
}

#[test]
fn trust_is_drawn_good_and_bad_and_where_pairs_are_too_many_that_of_the_selected() {
    if !can_draw() {
        return;
    }
    let tokens = Theme::Dark.tokens();
    let ground = rgb(tokens.world);
    // Half-way between the corners only lines are.
    let middle = |image: &FrameImage| color_at(image, 0.0, 0.0);
    let mut good = offscreen(trusting(4, 10.0), ViewSettings::default());
    let mut bad = offscreen(trusting(4, -10.0), ViewSettings::default());
    let [like, dislike] = [middle(&good.frame().unwrap()), middle(&bad.frame().unwrap())];
    assert!(apart(like, rgb(tokens.good)) < apart(like, rgb(tokens.danger)), "{like:?}");
    assert!(apart(dislike, rgb(tokens.danger)) < apart(dislike, rgb(tokens.good)), "{dislike:?}");
    good.world_mut().resource_mut::<ViewSettings>().layers.show(&TrustLayer::FACTS, false);
    assert!(apart(middle(&good.frame().unwrap()), ground) < 4);
    let mut many = offscreen(trusting(40, 10.0), ViewSettings::default());
    assert!(apart(middle(&many.frame().unwrap()), ground) < 4);
    many.world_mut().resource_mut::<Selection>().set([AgentId(5)]);
    assert!(apart(middle(&many.frame().unwrap()), ground) > 30);
}
