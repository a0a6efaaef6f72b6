//! Tools: what the pointer's primary button does to the world, and what is being drawn with it.
//!
//! The view follows the pointer and draws the sketch; it changes nothing itself. What was drawn waits in
//! [`Tools::gestures`], in world units, for whoever turns it into interventions.

mod simplify;
mod sketch;
mod thing;

pub use simplify::simplify;
pub use sketch::{Sketch, SketchFrame, SketchMode, SketchStep, Sketcher};
pub use thing::{Thing, handles, thing_at};

use agent2028_boids::config::BoidsConfig;
use agent2028_core::agent::AgentGroups;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_pheromones::{PheromoneField, PheromonesConfig};
use bevy::prelude::*;
use bevy::time::Real;
use bevy::window::PrimaryWindow;

use crate::camera::WorldCamera;
use crate::input::Presses;
use crate::paint::Projection;
use crate::picking::agents_inside;
use crate::selection::{Combine, Selection};
use crate::viewport::{InputGate, Viewport};

/// What the pointer's primary button does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tool {
    /// Selects by click and box, and moves the view.
    #[default]
    Select,
    /// Moves the view.
    Pan,
    /// Selects what is inside a line drawn by hand.
    Lasso,
    /// Drags agents, obstacles, nests, resources, targets and formations.
    Move,
    /// Brings agents into the world.
    Spawn,
    /// Puts up obstacles and walls.
    Obstacle,
    /// Drops resources.
    Resource,
    /// Founds nests.
    Nest,
    /// Paints pheromone.
    Paint,
    /// Wipes pheromone away, and removes what stands in the world.
    Erase,
    /// Measures distances.
    Measure,
}

impl Tool {
    /// All tools, in the order of the rail.
    pub const ALL: [Self; 11] = [
        Self::Select,
        Self::Pan,
        Self::Lasso,
        Self::Move,
        Self::Spawn,
        Self::Obstacle,
        Self::Resource,
        Self::Nest,
        Self::Paint,
        Self::Erase,
        Self::Measure,
    ];

    /// The key that chooses it.
    #[must_use]
    pub const fn key(self) -> (KeyCode, &'static str) {
        match self {
            Self::Select => (KeyCode::KeyV, "V"),
            Self::Pan => (KeyCode::KeyH, "H"),
            Self::Lasso => (KeyCode::KeyL, "L"),
            Self::Move => (KeyCode::KeyG, "G"),
            Self::Spawn => (KeyCode::KeyA, "A"),
            Self::Obstacle => (KeyCode::KeyO, "O"),
            Self::Resource => (KeyCode::KeyR, "R"),
            Self::Nest => (KeyCode::KeyN, "N"),
            Self::Paint => (KeyCode::KeyP, "P"),
            Self::Erase => (KeyCode::KeyX, "X"),
            Self::Measure => (KeyCode::KeyM, "M"),
        }
    }

    /// Why it can't be used in this world; `None` if it can.
    #[must_use]
    pub fn missing(self, world: &World) -> Option<&'static str> {
        let flocks = world.contains_resource::<BoidsConfig>();
        let forages = world.contains_resource::<PheromonesConfig>();
        let layers = world.get_resource::<PheromoneField>().is_some_and(|field| field.layers().next().is_some());
        let groups = world.get_resource::<AgentGroups>().is_some_and(|groups| !groups.groups().is_empty());
        match self {
            Self::Spawn if !groups => Some("This scene has no group of agents."),
            Self::Obstacle if !flocks && !forages => {
                Some("Nobody heeds obstacles: the scene has neither a section `boids` nor `pheromones`.")
            }
            Self::Resource | Self::Nest if !forages => Some("Nobody forages: the scene has no section `pheromones`."),
            Self::Paint if !layers => Some("There is no pheromone layer: the scene has no section `pheromones`."),
            Self::Erase if !flocks && !forages => Some("There is nothing to erase in this scene."),
            _ => None,
        }
    }

    /// How it is drawn with; `None` if it only moves the view and selects.
    #[must_use]
    pub const fn mode(self, shape: ObstacleShape) -> Option<SketchMode> {
        match (self, shape) {
            (Self::Select | Self::Pan, _) => None,
            (Self::Lasso, _) => Some(SketchMode::Freehand),
            (Self::Move | Self::Measure, _) => Some(SketchMode::Drag),
            (Self::Spawn | Self::Resource | Self::Nest, _) | (Self::Obstacle, ObstacleShape::Circle) => {
                Some(SketchMode::Circle)
            }
            (Self::Obstacle, _) => Some(SketchMode::Corners),
            (Self::Paint | Self::Erase, _) => Some(SketchMode::Brush),
        }
    }
}

/// What an obstacle is drawn as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ObstacleShape {
    /// A disc.
    #[default]
    Circle,
    /// A polygon.
    Polygon,
    /// A wall along a line.
    Wall,
}

impl ObstacleShape {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Circle, Self::Polygon, Self::Wall];

    /// What a menu calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Circle => "Circle",
            Self::Polygon => "Polygon",
            Self::Wall => "Wall",
        }
    }
}

/// Something that was drawn, in world units.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolGesture {
    /// Agents are to come into the world, over a disc.
    Spawn {
        /// The disc's centre.
        at: Vec2,
        /// Its radius.
        radius: f32,
    },
    /// An obstacle is to stand here: a disc, if `points` holds nothing but its centre.
    Obstacle {
        /// What it is.
        shape: ObstacleShape,
        /// Centre, corners, or the points of a wall.
        points: Vec<Vec2>,
        /// Radius of a disc.
        radius: f32,
    },
    /// A resource is to lie here.
    Resource {
        /// Its middle.
        at: Vec2,
        /// Its radius.
        radius: f32,
    },
    /// A nest is to be here.
    Nest {
        /// Its middle.
        at: Vec2,
        /// Its radius.
        radius: f32,
    },
    /// A part of a stroke with the brush.
    Stroke {
        /// Whether it wipes away.
        erase: bool,
        /// Its points; each part begins where the one before ended.
        points: Vec<Vec2>,
        /// The brush's radius.
        radius: f32,
        /// Whether the stroke ends with it.
        done: bool,
    },
    /// Something is to be taken out of the world.
    Remove(Thing),
    /// Something was dragged.
    Move {
        /// What.
        thing: Thing,
        /// Where it was taken.
        from: Vec2,
        /// Where it was let go.
        to: Vec2,
    },
}

/// The tools: which one is in hand, how large it is, what it is drawing.
#[derive(Resource, Clone, Debug, Default)]
pub struct Tools {
    /// The tool in hand.
    pub active: Tool,
    /// What the obstacle tool draws.
    pub shape: ObstacleShape,
    /// Radius of brush, discs and places in world units; 0 until it was chosen: a part of the world then.
    pub radius: f32,
    /// How many agents the spawn tool would bring, for the preview.
    pub ghosts: u32,
    /// What is being drawn.
    pub sketcher: Sketcher,
    /// Where the pointer is over the world, in world units.
    pub pointer: Option<Vec2>,
    /// What lies under the pointer that the tool could take.
    pub under: Option<Thing>,
    /// What is being dragged.
    pub held: Option<Thing>,
    /// The distance that was measured last: from, to.
    pub measured: Option<(Vec2, Vec2)>,
    /// What was drawn and nobody has taken yet.
    pub gestures: Vec<ToolGesture>,
}

/// The radius that tools begin with, as a part of the world's smaller side.
const FIRST_RADIUS: f32 = 0.04;

impl Tools {
    /// Takes a tool in hand; what was being drawn with another is given up.
    pub fn take(&mut self, tool: Tool) {
        if self.active != tool {
            self.cancel();
            self.active = tool;
            self.measured = None;
        }
    }

    /// Gives up what is being drawn. Whether there was something.
    pub fn cancel(&mut self) -> bool {
        self.under = None;
        let held = self.held.take().is_some();
        self.sketcher.cancel() || held
    }

    /// The radius of brush and places in world units.
    #[must_use]
    pub fn radius_in(&self, bounds: &WorldBounds) -> f32 {
        if self.radius > 0.0 { self.radius } else { bounds.size.min_element() * FIRST_RADIUS }
    }

    /// Does at a point of the world what a click there would do: the way of those who use no pointer.
    pub fn act_at(&mut self, at: Vec2, bounds: &WorldBounds) {
        let radius = self.radius_in(bounds);
        let step = match self.active.mode(self.shape) {
            Some(SketchMode::Circle) => SketchStep::Circle { center: at, radius: None },
            Some(SketchMode::Brush) => SketchStep::Brush { points: vec![at], done: true },
            Some(SketchMode::Corners) if self.shape == ObstacleShape::Wall => {
                SketchStep::Shape(vec![at - Vec2::X * radius, at + Vec2::X * radius])
            }
            Some(SketchMode::Corners) => {
                let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(Vec2::from);
                SketchStep::Shape(corners.map(|corner| at + corner * radius).to_vec())
            }
            _ => return,
        };
        self.finish(step, bounds, 0.0);
    }

    /// Turns what was drawn into gestures; lines are smoothed by `tolerance` world units.
    fn finish(&mut self, step: SketchStep, bounds: &WorldBounds, tolerance: f32) {
        let usual = self.radius_in(bounds);
        let gesture = match (self.active, step) {
            (Tool::Spawn, SketchStep::Circle { center, radius }) => {
                ToolGesture::Spawn { at: center, radius: radius.unwrap_or(usual) }
            }
            (Tool::Resource, SketchStep::Circle { center, radius }) => {
                ToolGesture::Resource { at: center, radius: radius.unwrap_or(usual) }
            }
            (Tool::Nest, SketchStep::Circle { center, radius }) => {
                ToolGesture::Nest { at: center, radius: radius.unwrap_or(usual) }
            }
            (Tool::Obstacle, SketchStep::Circle { center, radius }) => ToolGesture::Obstacle {
                shape: ObstacleShape::Circle,
                points: vec![center],
                radius: radius.unwrap_or(usual),
            },
            (Tool::Obstacle, SketchStep::Shape(points)) => {
                let points = simplify(&points, tolerance);
                let least = if self.shape == ObstacleShape::Polygon { 3 } else { 2 };
                if points.len() < least {
                    return;
                }
                ToolGesture::Obstacle { shape: self.shape, points, radius: usual }
            }
            (Tool::Paint, SketchStep::Brush { points, done }) => {
                ToolGesture::Stroke { erase: false, points, radius: usual, done }
            }
            (Tool::Erase, SketchStep::Brush { points, done }) => {
                ToolGesture::Stroke { erase: true, points, radius: usual, done }
            }
            _ => return,
        };
        self.gestures.push(gesture);
    }
}

/// Follows the pointer with the tool in hand.
pub(crate) fn use_tool(
    windows: Query<&Window, With<PrimaryWindow>>,
    buttons: Res<ButtonInput<MouseButton>>,
    presses: Res<Presses>,
    time: Res<Time<Real>>,
    gate: Res<InputGate>,
    viewport: Res<Viewport>,
    simulation: Res<Simulation>,
    camera: Res<WorldCamera>,
    mut selection: ResMut<Selection>,
    mut tools: ResMut<Tools>,
) {
    let tools = tools.bypass_change_detection();
    let world = simulation.world();
    if tools.active.missing(world).is_some() {
        tools.take(Tool::Select);
    }
    let projection = Projection::new(&camera, &viewport);
    let position = windows.single().ok().and_then(Window::cursor_position);
    let free = !gate.pointer && position.is_some_and(|at| viewport.contains(at));
    let point = position.map(|at| projection.point(at));
    tools.pointer = point.filter(|_| free);
    let Some(mode) = tools.active.mode(tools.shape) else {
        return;
    };
    let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
    if !gate.keyboard && mode == SketchMode::Corners {
        for (key, _) in presses.keys().filter(|(_, held)| !held.belongs_to_interface()) {
            match key {
                KeyCode::Enter => {
                    if let Some(step) = tools.sketcher.close() {
                        tools.finish(step, &bounds, 0.0);
                    }
                }
                KeyCode::Backspace => {
                    tools.sketcher.undo_corner();
                }
                _ => {}
            }
        }
    }
    let takes = matches!(tools.active, Tool::Move | Tool::Erase);
    if takes && !tools.sketcher.pressing() {
        tools.under = position
            .filter(|_| free)
            .and_then(|at| thing_at(&simulation, &projection, &selection, at, tools.active == Tool::Move));
    }
    let frame = SketchFrame {
        pixel: position,
        point,
        // A press that ended within the same frame still was one: frames may be slow.
        down: buttons.pressed(MouseButton::Left) || buttons.just_pressed(MouseButton::Left),
        free,
        time: time.elapsed_secs_f64(),
        pixels_per_unit: projection.pixels_per_unit,
    };
    let was_pressing = tools.sketcher.pressing();
    let step = tools.sketcher.follow(mode, &frame);
    if tools.sketcher.pressing() && !was_pressing {
        tools.held = tools.under.clone();
        tools.measured = None;
    }
    let held = tools.held.clone();
    if !tools.sketcher.pressing() {
        tools.held = None;
    }
    let Some(step) = step else { return };
    match (tools.active, step, held) {
        (Tool::Lasso, SketchStep::Shape(corners), _) => {
            let corners: Vec<Vec2> = corners.into_iter().map(|corner| projection.pixel(corner)).collect();
            let how = Combine::of(presses.held_with(MouseButton::Left));
            selection.combine(how, agents_inside(&simulation, &projection, &corners));
        }
        (Tool::Move, SketchStep::Drag { from, to }, Some(thing)) => {
            tools.gestures.push(ToolGesture::Move { thing, from, to });
        }
        (Tool::Measure, SketchStep::Drag { from, to }, _) => tools.measured = Some((from, to)),
        // A click with the eraser on something takes it away; a stroke wipes.
        (Tool::Erase, SketchStep::Brush { points, done: true }, Some(thing)) if points.len() < 2 => {
            tools.gestures.push(ToolGesture::Remove(thing));
        }
        (Tool::Erase, SketchStep::Brush { points, done: false }, Some(_)) if points.len() < 2 => {}
        (_, step, _) => tools.finish(step, &bounds, 1.5 / projection.pixels_per_unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> WorldBounds {
        WorldBounds { size: Vec2::new(1000.0, 500.0), ..default() }
    }

    #[test]
    fn every_tool_has_a_key_of_its_own() {
        for (at, tool) in Tool::ALL.iter().enumerate() {
            assert!(!Tool::ALL[..at].iter().any(|other| other.key().0 == tool.key().0), "{tool:?}");
        }
    }

    #[test]
    fn tools_without_their_plugin_say_what_is_missing() {
        let mut world = World::new();
        world.init_resource::<AgentGroups>();
        for tool in Tool::ALL {
            let free = matches!(tool, Tool::Select | Tool::Pan | Tool::Lasso | Tool::Move | Tool::Measure);
            assert_eq!(tool.missing(&world).is_none(), free, "{tool:?}");
        }
        world.init_resource::<BoidsConfig>();
        assert_eq!(Tool::Obstacle.missing(&world), None);
        world.init_resource::<PheromonesConfig>();
        assert_eq!(Tool::Nest.missing(&world), None);
    }

    #[test]
    fn without_a_pointer_tools_act_at_a_point() {
        let at = Vec2::new(3.0, 4.0);
        let mut tools = Tools::default();
        for tool in Tool::ALL {
            tools.take(tool);
            tools.act_at(at, &bounds());
        }
        assert_eq!(tools.gestures.len(), 6, "{:?}", tools.gestures);
        assert_eq!(tools.gestures[0], ToolGesture::Spawn { at, radius: 20.0 });
        tools.gestures.clear();
        tools.radius = 7.0;
        tools.shape = ObstacleShape::Wall;
        tools.take(Tool::Obstacle);
        tools.act_at(at, &bounds());
        let points = vec![at - Vec2::X * 7.0, at + Vec2::X * 7.0];
        assert_eq!(tools.gestures, [ToolGesture::Obstacle { shape: ObstacleShape::Wall, points, radius: 7.0 }]);
    }

    #[test]
    fn another_tool_gives_up_what_was_being_drawn() {
        let mut tools = Tools { held: Some(Thing::Nest(0)), measured: Some((Vec2::ZERO, Vec2::ONE)), ..default() };
        tools.take(Tool::Select);
        assert!(tools.held.is_some() && tools.measured.is_some(), "it is in hand already");
        tools.take(Tool::Lasso);
        assert!(tools.held.is_none() && tools.measured.is_none());
        assert!(!tools.cancel(), "there is nothing left");
    }
}
