//! Tools: what the pointer's primary button does to the world, and what is being drawn with it.
//!
//! The view follows the pointer and draws the sketch; it changes nothing itself. What was drawn waits in
//! [`Tools::gestures`], in world units, for the tool that turns it into interventions.

mod simplify;
mod sketch;

pub use simplify::simplify;
pub use sketch::{Sketch, SketchFrame, SketchMode, SketchStep, Sketcher};

use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;
use bevy::time::Real;
use bevy::window::PrimaryWindow;

use crate::camera::WorldCamera;
use crate::guests::WorldLayers;
use crate::input::Presses;
use crate::paint::Projection;
use crate::picking::agents_inside;
use crate::selection::{Combine, Selection};
use crate::thing::{Pointer, Thing};
use crate::viewport::{InputGate, Viewport};

/// How a tool draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// Nothing: the pointer selects and moves the view.
    Nothing,
    /// Nothing: the pointer moves the view.
    View,
    /// A line by hand around agents, which are selected.
    Lasso,
    /// A line whose length is told.
    Distance,
    /// What is under the pointer is dragged.
    Moves,
    /// A disc.
    Disc,
    /// A disc, polygon or wall, as [`Tools::shape`] says.
    Shape,
    /// A stroke that takes effect while it is drawn.
    Stroke,
    /// The same; a click on a thing takes that.
    Erases,
}

impl Draws {
    /// What the pointer's way is turned into.
    #[must_use]
    pub const fn mode(self, shape: ObstacleShape) -> Option<SketchMode> {
        match (self, shape) {
            (Self::Nothing | Self::View, _) => None,
            (Self::Lasso, _) => Some(SketchMode::Freehand),
            (Self::Moves | Self::Distance, _) => Some(SketchMode::Drag),
            (Self::Disc, _) | (Self::Shape, ObstacleShape::Circle) => Some(SketchMode::Circle),
            (Self::Shape, _) => Some(SketchMode::Corners),
            (Self::Stroke | Self::Erases, _) => Some(SketchMode::Brush),
        }
    }

    /// Whether it makes something that can be made at a point without a pointer.
    #[must_use]
    pub const fn makes(self) -> bool {
        matches!(self, Self::Disc | Self::Shape | Self::Stroke | Self::Erases)
    }

    /// Whether the radius matters.
    #[must_use]
    pub fn is_sized(self, shape: ObstacleShape) -> bool {
        self.makes() && (self != Self::Shape || shape == ObstacleShape::Circle)
    }
}

/// Where a tool stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToolGroup {
    /// It chooses what is there, or where one looks.
    Choose,
    /// It makes something.
    Make,
    /// It takes something away.
    Remove,
    /// It tells something.
    Measure,
}

/// What is to know about a tool before it is taken in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolFacts {
    /// Its name.
    pub key: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
    /// Its icon, a letter of the font of icons.
    pub icon: &'static str,
    /// The key that takes it in hand, such as `V`; empty for none.
    pub shortcut: &'static str,
    /// Where it stands among the others.
    pub group: ToolGroup,
    /// How it draws.
    pub draws: Draws,
}

/// Selects by click and box, and moves the view: in hand while no other tool is.
pub const SELECT: ToolFacts = ToolFacts {
    key: "select",
    label: "Select",
    help: "Select agents by click or box; drag to move the view",
    icon: "\u{f82f}",
    shortcut: "V",
    group: ToolGroup::Choose,
    draws: Draws::Nothing,
};

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

/// What was drawn, in world units.
#[derive(Clone, Debug, PartialEq)]
pub enum Drawing {
    /// A disc.
    Disc {
        /// Its centre.
        at: Vec2,
        /// Its radius.
        radius: f32,
    },
    /// A polygon, or a wall along a line.
    Corners(ObstacleShape, Vec<Vec2>),
    /// A part of a stroke with the brush.
    Stroke {
        /// Its points; each part begins where the one before ended.
        points: Vec<Vec2>,
        /// The brush's radius.
        radius: f32,
        /// Whether the stroke ends with it.
        done: bool,
        /// Whether it goes on from a part that took effect already.
        continued: bool,
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

/// Something that was drawn with a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolGesture {
    /// The tool.
    pub tool: &'static str,
    /// What was drawn.
    pub drawing: Drawing,
}

/// The tools: which one is in hand, how large it is, what it is drawing.
#[derive(Resource, Clone, Debug)]
pub struct Tools {
    /// The tool in hand.
    pub active: &'static ToolFacts,
    /// What is drawn with tools that draw shapes.
    pub shape: ObstacleShape,
    /// Radius of brush, discs and places in world units; 0 until it was chosen: a part of the world then.
    pub radius: f32,
    /// How many agents the tool in hand would bring, for the preview.
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

impl Default for Tools {
    fn default() -> Self {
        Self {
            active: &SELECT,
            shape: default(),
            radius: 0.0,
            ghosts: 0,
            sketcher: default(),
            pointer: None,
            under: None,
            held: None,
            measured: None,
            gestures: Vec::new(),
        }
    }
}

/// The radius that tools begin with, as a part of the world's smaller side.
const FIRST_RADIUS: f32 = 0.04;

impl Tools {
    /// Takes a tool in hand; what was being drawn with another is given up.
    pub fn take(&mut self, tool: &'static ToolFacts) {
        if self.active.key != tool.key {
            self.cancel();
            self.active = tool;
            self.measured = None;
            self.ghosts = 0;
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

    /// Does what a click at this point of the world would do, for people who use no pointer.
    pub fn act_at(&mut self, at: Vec2, bounds: &WorldBounds) {
        let radius = self.radius_in(bounds);
        let step = match self.active.draws.mode(self.shape) {
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
        let drawing = match step {
            SketchStep::Circle { center, radius } => Drawing::Disc { at: center, radius: radius.unwrap_or(usual) },
            SketchStep::Shape(points) => {
                let points = simplify(&points, tolerance);
                let least = if self.shape == ObstacleShape::Polygon { 3 } else { 2 };
                if points.len() < least {
                    return;
                }
                Drawing::Corners(self.shape, points)
            }
            SketchStep::Brush { points, done } => Drawing::Stroke { points, radius: usual, done, continued: false },
            SketchStep::Drag { .. } => return,
        };
        self.gesture(drawing);
    }

    fn gesture(&mut self, drawing: Drawing) {
        self.gestures.push(ToolGesture { tool: self.active.key, drawing });
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
    (simulation, layers): (Res<Simulation>, Res<WorldLayers>),
    camera: Res<WorldCamera>,
    mut selection: ResMut<Selection>,
    mut tools: ResMut<Tools>,
) {
    let tools = tools.bypass_change_detection();
    let world = simulation.world();
    let projection = Projection::new(&camera, &viewport);
    let position = windows.single().ok().and_then(Window::cursor_position);
    let free = !gate.pointer && position.is_some_and(|at| viewport.contains(at));
    let point = position.map(|at| projection.point(at));
    tools.pointer = point.filter(|_| free);
    let Some(mode) = tools.active.draws.mode(tools.shape) else {
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
    let draws = tools.active.draws;
    if matches!(draws, Draws::Moves | Draws::Erases) && !tools.sketcher.pressing() {
        tools.under = position.filter(|_| free).and_then(|at| {
            let moves = draws == Draws::Moves;
            layers.thing_at(&Pointer { simulation: &simulation, projection: &projection, at, moves }, &selection)
        });
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
    match (draws, step, held) {
        (Draws::Lasso, SketchStep::Shape(corners), _) => {
            let corners: Vec<Vec2> = corners.into_iter().map(|corner| projection.pixel(corner)).collect();
            let how = Combine::of(presses.held_with(MouseButton::Left));
            selection.combine(how, agents_inside(&simulation, &projection, &corners));
        }
        (Draws::Moves, SketchStep::Drag { from, to }, Some(thing)) => {
            tools.gesture(Drawing::Move { thing, from, to });
        }
        (Draws::Distance, SketchStep::Drag { from, to }, _) => tools.measured = Some((from, to)),
        // A click with the eraser on something takes it away; a stroke wipes.
        (Draws::Erases, SketchStep::Brush { points, done: true }, Some(thing)) if points.len() < 2 => {
            tools.gesture(Drawing::Remove(thing));
        }
        (Draws::Erases, SketchStep::Brush { points, done: false }, Some(_)) if points.len() < 2 => {}
        (_, step, _) => tools.finish(step, &bounds, 1.5 / projection.pixels_per_unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thing::ThingId;

    const DISCS: ToolFacts = ToolFacts { key: "discs", draws: Draws::Disc, ..SELECT };
    const SHAPES: ToolFacts = ToolFacts { key: "shapes", draws: Draws::Shape, ..SELECT };
    const LASSO: ToolFacts = ToolFacts { key: "lasso", draws: Draws::Lasso, ..SELECT };
    const BRUSH: ToolFacts = ToolFacts { key: "brush", draws: Draws::Stroke, ..SELECT };

    fn bounds() -> WorldBounds {
        WorldBounds { size: Vec2::new(1000.0, 500.0), ..default() }
    }

    #[test]
    fn without_a_pointer_tools_act_at_a_point() {
        let at = Vec2::new(3.0, 4.0);
        let mut tools = Tools::default();
        for tool in [&SELECT, &LASSO, &DISCS, &BRUSH, &SHAPES] {
            tools.take(tool);
            tools.act_at(at, &bounds());
            assert_eq!(tools.gestures.last().is_some_and(|last| last.tool == tool.key), tool.draws.makes());
        }
        assert_eq!(tools.gestures[0], ToolGesture { tool: "discs", drawing: Drawing::Disc { at, radius: 20.0 } });
        tools.gestures.clear();
        tools.radius = 7.0;
        tools.shape = ObstacleShape::Wall;
        tools.act_at(at, &bounds());
        let points = vec![at - Vec2::X * 7.0, at + Vec2::X * 7.0];
        assert_eq!(tools.gestures[0].drawing, Drawing::Corners(ObstacleShape::Wall, points));
    }

    #[test]
    fn another_tool_gives_up_what_was_being_drawn() {
        let held = Some(Thing::Of(ThingId::new("nest", 0)));
        let mut tools = Tools { held, measured: Some((Vec2::ZERO, Vec2::ONE)), ..default() };
        tools.take(&SELECT);
        assert!(tools.held.is_some() && tools.measured.is_some(), "it is in hand already");
        tools.take(&LASSO);
        assert!(tools.held.is_none() && tools.measured.is_none());
        assert!(!tools.cancel(), "there is nothing left");
    }
}
