//! What tools and rows of the palette do to foraging, and which things the pointer reaches.

use agent2028_core::intervention::InterventionLog;
use agent2028_core::selector::Selector;
use agent2028_kit::facts::GroupFacts;
use agent2028_kit::faults::{FaultRows as _, FaultsState, FaultsView, Rows, Whom};
use agent2028_kit::panel::{Tool as _, ToolEffect, ToolPart as _};
use agent2028_panel_testing::*;
use agent2028_pheromones::PheromonesPlugin;
use agent2028_pheromones::config::{
    ForagingConfig, LayerConfig, NestConfig, PheromonesConfig, ResourceConfig, WallConfig,
};
use agent2028_pheromones::interventions::{
    AddNest, AddWall, DropResource, ErasePheromone, MoveNest, PaintPheromone, RemoveNest, SpoofPheromone, SpoofPlace,
};
use agent2028_view::field::{Field as _, FieldTile};
use agent2028_view::paint::Projection;
use agent2028_view::thing::{Pointer, ThingId, Things as _};
use agent2028_view::{
    Drawing, LabelRank, Layer as _, ObstacleShape, RegisterLayers as _, Selection, Thing, Viewport, WorldCamera,
    WorldLayers,
};

use crate::faults::{FalseTrails, FalseTrailsState};
use crate::field::Pheromones;
use crate::layers::Sites;
use crate::things::{ForagingThings, NEST, RESOURCE, WALL};
use crate::tools::{NestTool, PaintOptions, PaintTool, ResourceOptions, ResourceTool, WallPart, WipeOptions, WipePart};

fn foraging() -> Simulation {
    let mut app = app();
    let layer = |name: &str, color: u32| LayerConfig { name: name.into(), color: color as _, ..default() };
    let config = PheromonesConfig {
        layers: vec![layer("food", 0), layer("home", 5)],
        nests: vec![NestConfig { position: Vec2::new(0.0, 200.0), ..default() }],
        resources: vec![ResourceConfig { position: Vec2::new(100.0, 200.0), ..default() }],
        walls: vec![WallConfig { points: vec![Vec2::new(-200.0, -50.0), Vec2::new(-200.0, 50.0)], closed: false }],
        foraging: vec![ForagingConfig { agents: "ant".into(), ..default() }],
        ..default()
    };
    app.add_plugins(PheromonesPlugin { config });
    let group = AgentGroup { name: "ant".into(), ..default() };
    let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
    spawn_group(app.world_mut(), group, 3, &Placement::Points(vec![Vec2::new(0.0, 200.0); 3])).unwrap();
    Simulation::new(std::mem::take(app.world_mut()))
}

fn apply(simulation: &mut Simulation, effect: &ToolEffect) {
    for intervention in &effect.interventions {
        simulation.intervene(intervention.clone());
    }
    simulation.run(1);
    for applied in &simulation.world().resource::<InterventionLog>().0 {
        assert!(applied.outcome.is_ok(), "{applied:?}");
    }
}

fn only<T: Intervention>(effect: &ToolEffect) -> T {
    let [intervention] = effect.interventions.as_slice() else { panic!("{effect:?}") };
    intervention.downcast::<T>().cloned().unwrap()
}

#[test]
fn what_is_drawn_becomes_what_it_should() {
    let mut simulation = foraging();
    let (at, radius) = (Vec2::new(3.0, 4.0), 6.0);
    let disc = Drawing::Disc { at, radius };
    let dropped = ResourceTool::make(&disc, &ResourceOptions::default(), &simulation).unwrap();
    let resource = only::<DropResource>(&dropped).resource;
    assert_eq!((resource.position, resource.radius, resource.amount), (at, radius, 100.0));
    assert_eq!(dropped.words, "Dropped 100 units of food");
    let founded = NestTool::make(&disc, &(), &simulation).unwrap();
    let nest = only::<AddNest>(&founded).nest;
    assert_eq!((nest.position, nest.name.as_str(), founded.words.as_str()), (at, "nest-2", "Founded nest-2"));
    let points = vec![Vec2::ZERO, Vec2::new(40.0, 0.0), Vec2::new(40.0, 40.0)];
    let mut effects = vec![dropped, founded];
    for (drawing, corners, closed) in [
        (disc, 16, true),
        (Drawing::Corners(ObstacleShape::Polygon, points.clone()), 3, true),
        (Drawing::Corners(ObstacleShape::Wall, points.clone()), 3, false),
    ] {
        let effect = WallPart::make(&drawing, &(), &simulation).unwrap();
        let wall = only::<AddWall>(&effect).wall;
        assert_eq!((wall.points.len(), wall.closed), (corners, closed));
        effects.push(effect);
    }
    let stroke = Drawing::Stroke { points, radius, done: true, continued: true };
    let paint = PaintTool::make(&stroke, &PaintOptions { layer: "home".into(), strength: 2.0 }, &simulation).unwrap();
    let painted: PaintPheromone = only(&paint);
    assert_eq!((painted.layer.as_str(), painted.center, painted.path.len()), ("home", Vec2::ZERO, 2));
    assert!(painted.continued && painted.amount == 2.0);
    let wipe = WipePart::make(&stroke, &WipeOptions::default(), &simulation).unwrap();
    assert_eq!(only::<ErasePheromone>(&wipe).layer.as_deref(), Some("food"), "the first one, if none is named");
    let all = WipePart::make(&stroke, &WipeOptions { all_layers: true, ..default() }, &simulation).unwrap();
    assert_eq!((only::<ErasePheromone>(&all).layer, all.words.as_str()), (None, "Wiped pheromone away"));
    effects.extend([paint, wipe, all]);
    for effect in &effects {
        apply(&mut simulation, effect);
    }
}

#[test]
fn tools_say_what_they_miss() {
    let nothing = World::new();
    for missing in [NestTool::missing(&nothing), ResourceTool::missing(&nothing), PaintTool::missing(&nothing)] {
        assert!(missing.is_some_and(|why| why.contains("no section `pheromones`")));
    }
    assert!(NestTool::missing(foraging().world()).is_none() && PaintTool::missing(foraging().world()).is_none());
}

#[test]
fn everything_can_be_taken_where_it_is_drawn() {
    let simulation = foraging();
    let mut layers = App::new();
    layers.add_things::<ForagingThings>();
    let layers = layers.world().resource::<WorldLayers>();
    let projection = Projection::new(&WorldCamera::default(), &Viewport::default());
    let taken = |x: f32, y: f32, moves: bool| {
        let at = projection.pixel(Vec2::new(x, y));
        let pointer = Pointer { simulation: &simulation, projection: &projection, at, moves };
        layers.thing_at(&pointer, &Selection::default())
    };
    for (x, y, kind) in [(0.0, 200.0, NEST), (100.0, 200.0, RESOURCE), (-200.0, 20.0, WALL)] {
        for moves in [true, false] {
            // At its middle a nest wins over the ants that throng there.
            assert_eq!(taken(x, y, moves), Some(Thing::Of(ThingId::new(kind, 0))), "({x}, {y})");
        }
    }
    assert_eq!(taken(-300.0, -300.0, true), None);
}

#[test]
fn things_are_moved_and_removed_by_the_number_that_they_will_have() {
    let mut simulation = foraging();
    // Foragers keep one nest at least.
    simulation.intervene(AddNest { nest: NestConfig { position: Vec2::new(0.0, -200.0), ..default() } });
    simulation.run(1);
    let nest = ThingId::new(NEST, 0);
    let (moved, what) = ForagingThings::moved(&simulation, &nest, Vec2::new(10.0, -5.0)).unwrap();
    assert_eq!(moved.downcast::<MoveNest>().unwrap().to, Vec2::new(10.0, 195.0));
    assert_eq!(what, "a nest");
    let (removed, _) = ForagingThings::removed(&simulation, &nest).unwrap();
    assert!(removed.downcast::<RemoveNest>().is_some());
    simulation.intervene(removed);
    assert!(ForagingThings::removed(&simulation, &nest).is_none(), "it is going already");
    assert!(ForagingThings::moved(&simulation, &ThingId::new(NEST, 7), Vec2::ONE).is_none(), "there is no such nest");
    for thing in [ThingId::new(RESOURCE, 0), ThingId::new(WALL, 0)] {
        let (moved, _) = ForagingThings::moved(&simulation, &thing, Vec2::ONE).unwrap();
        simulation.intervene(moved);
    }
    simulation.run(1);
    for applied in &simulation.world().resource::<InterventionLog>().0 {
        assert!(applied.outcome.is_ok(), "{applied:?}");
    }
}

#[test]
fn a_mark_on_the_ground_is_read_where_it_lies_in_the_hue_that_was_chosen() {
    let mut simulation = foraging();
    let layers = Pheromones::layers(simulation.world());
    assert_eq!(
        layers.iter().map(|layer| (layer.name.as_str(), layer.hue)).collect::<Vec<_>>(),
        [("food", 0), ("home", 5)]
    );
    assert!(layers.iter().all(|layer| layer.is_empty));
    let (center, radius) = (Vec2::new(30.0, 40.0), 0.1);
    simulation.intervene(PaintPheromone { layer: "home".into(), center, radius, amount: 1.0, ..default() });
    simulation.run(1);
    let world = simulation.world();
    let grid = Pheromones::grid(world).unwrap();
    let mut found = Vec::new();
    Pheromones::read(world, 1, &mut |tile: FieldTile| {
        for (at, cell) in tile.cells.iter().enumerate().filter(|(_, cell)| **cell > 0) {
            let (column, row) = (tile.first.0 as usize + at % tile.stride, tile.first.1 as usize + at / tile.stride);
            let place = grid.origin + (Vec2::new(column as f32, row as f32) + 0.5) * grid.cell_size;
            found.push((place, *cell as f32 * tile.share));
        }
    });
    assert!(!found.is_empty() && Pheromones::layers(world)[0].is_empty);
    let (strongest, share) = found.iter().copied().max_by(|one, other| one.1.total_cmp(&other.1)).unwrap();
    assert!((strongest - center).abs().cmple(grid.cell_size).all(), "{strongest}");
    assert!(share > 0.0 && share <= 1.0);
}

#[test]
fn nests_and_resources_have_labels() {
    let labels = Sites::labels(foraging().world());
    let ranks: Vec<LabelRank> = labels.iter().map(|label| label.rank).collect();
    assert_eq!(ranks, [LabelRank::Place, LabelRank::Detail]);
    assert!(labels[0].text.contains("delivered") && labels[1].text.ends_with('%'), "{labels:?}");
}

fn rows<'a>(choices: FaultsState, agents: u64) -> Harness<'a, PanelTest<(FaultsState, FalseTrailsState)>> {
    let simulation = foraging();
    panel_test([260.0, 400.0], (choices, default()), move |ui, look, (choices, state), actions| {
        let groups = [GroupFacts { name: "ant".into(), count: agents, ..default() }];
        let (view_center, world_size) = (Vec2::new(7.0, 8.0), 1000.0);
        let view = FaultsView { agents, groups: &groups, selected: &[], view_center, world_size };
        let mut rows = Rows { look, world: simulation.world(), view: &view, choices, actions };
        FalseTrails::show(ui, &mut rows, state);
    })
}

#[test]
fn false_trails_are_laid_by_agents_or_in_the_circle() {
    let one = |asked: Vec<Action>| agent2028_panel_testing::only::<SpoofPheromone>(&asked);
    let mut harness = rows(FaultsState::default(), 10);
    let spoof = one(click(&mut harness, Role::Button, "Spoof by a third"));
    assert_eq!((spoof.layer.as_str(), spoof.place), ("food", SpoofPlace::Agents(Selector::Fraction(0.33))));
    assert_eq!((spoof.strength, spoof.duration_s), (5.0, 1e9));
    let circle = FaultsState { whom: Whom::Circle, passing: true, seconds: 3.0, radius: 100.0, ..default() };
    let mut harness = rows(FaultsState { center: Vec2::new(7.0, 8.0), ..circle }, 0);
    harness.state_mut().state.1.field = "home".into();
    harness.run_steps(2);
    let spoof = one(click(&mut harness, Role::Button, "Spoof in the circle"));
    assert_eq!((spoof.layer.as_str(), spoof.place), ("home", SpoofPlace::At(Vec2::new(7.0, 8.0))));
    assert_eq!((spoof.radius, spoof.duration_s), (100.0, 3.0));
    assert_eq!(nameless(&harness), Vec::<String>::new());
}
