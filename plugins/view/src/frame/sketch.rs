//! What is being drawn with a tool: brush, outline so far, ghosts of agents, what is dragged and where to.

use agent2028_core::agent::{AgentIndex, Position};
use bevy::math::ops;
use bevy::prelude::*;

use super::FrameInput;
use crate::agents::AgentSize;
use crate::paint::Painter;
use crate::thing::{Outline, Thing};
use crate::tokens::{Rgba8, marks, spacing};
use crate::tool::{Draws, ObstacleShape, Sketch, simplify};

/// More agents than this have no ghost: a cloud says as much.
const MOST_GHOSTS: usize = 400;

/// A line by hand is drawn with so few points that it is never farther off, in logical pixels.
const SMOOTH: f32 = 0.5;

/// Outlines with more corners aren't filled while they are drawn: it would take longer than a frame has time.
const MOST_CORNERS: usize = 400;

/// Opacity of the area that something will cover.
const FILL: f32 = 0.1;

/// Half the diagonal of a handle, in logical pixels.
const HANDLE: f32 = 6.0;

pub(super) fn paint(painter: &mut Painter, input: &FrameInput, size: &AgentSize) {
    let tools = input.tools;
    if !matches!(tools.active.draws, Draws::Nothing | Draws::View) {
        Sketcher { painter, input, accent: input.settings.tokens().accent }.paint(size);
    }
}

struct Sketcher<'p, 'i> {
    painter: &'p mut Painter,
    input: &'i FrameInput<'i>,
    accent: Rgba8,
}

impl Sketcher<'_, '_> {
    fn paint(&mut self, size: &AgentSize) {
        let tools = self.input.tools;
        let radius = tools.radius_in(&self.input.bounds());
        let sketch = tools.sketcher.sketch();
        match tools.active.draws {
            Draws::Nothing | Draws::View => {}
            Draws::Lasso => {
                if let Sketch::Freehand(points) = sketch {
                    self.outline(points, true);
                }
            }
            Draws::Distance => {
                let now = if let Sketch::Drag(from, to) = sketch { Some((from, to)) } else { tools.measured };
                if let Some((from, to)) = now {
                    self.measure(from, to);
                }
            }
            Draws::Moves => self.moving(sketch, size),
            Draws::Erases if tools.under.is_some() && !matches!(sketch, Sketch::Brush(points) if points.len() > 1) => {
                self.thing(tools.under.as_ref(), Vec2::ZERO, size);
            }
            Draws::Stroke | Draws::Erases => {
                if let Sketch::Brush(points) = sketch {
                    self.outline(points, false);
                }
                if let Some(at) = tools.pointer {
                    self.circle(at, radius, true);
                }
            }
            Draws::Disc => self.place(sketch, radius, size),
            Draws::Shape if tools.shape == ObstacleShape::Circle => self.place(sketch, radius, size),
            Draws::Shape => {
                if let Sketch::Corners(points) = sketch {
                    let mut points = points.to_vec();
                    points.extend(tools.pointer.filter(|_| !tools.sketcher.pressing()));
                    self.outline(&points, tools.shape == ObstacleShape::Polygon);
                    for corner in &points {
                        self.painter.disc(self.input.projection.pixel(*corner), 2.5, self.accent);
                    }
                } else if let Some(at) = tools.pointer {
                    self.painter.disc(self.input.projection.pixel(at), 2.5, self.accent);
                }
            }
        }
    }

    /// A disc with its centre at the pointer, or as it is being drawn.
    fn place(&mut self, sketch: Sketch, usual: f32, size: &AgentSize) {
        let tools = self.input.tools;
        let disc = match sketch {
            Sketch::Circle(center, radius) => Some((center, radius)),
            _ => tools.pointer.map(|at| (at, usual)),
        };
        let Some((center, radius)) = disc else { return };
        self.circle(center, radius, true);
        if tools.ghosts > 0 {
            // A sunflower's seeds lie as evenly over a disc as agents will on average.
            let shown = (tools.ghosts as usize).min(MOST_GHOSTS);
            let dot = (size.length * 0.25).clamp(1.0, 3.0);
            for at in 0..shown {
                let out = ((at as f32 + 0.5) / shown as f32).sqrt() * radius;
                let angle = at as f32 * 2.399_963;
                let point = center + Vec2::new(ops::cos(angle), ops::sin(angle)) * out;
                self.painter.disc(self.input.projection.pixel(point), dot, self.accent.alpha(0.55));
            }
        }
    }

    fn circle(&mut self, center: Vec2, radius: f32, filled: bool) {
        let projection = &self.input.projection;
        let (at, radius) = (projection.pixel(center), projection.length(radius));
        if projection.sees(at, radius) {
            if filled {
                self.painter.disc(at, radius, self.accent.alpha(FILL));
            }
            self.painter.circle(at, radius, spacing::HAIRLINE, self.accent);
        }
    }

    fn outline(&mut self, points: &[Vec2], closed: bool) {
        let pixels: Vec<Vec2> = points.iter().map(|point| self.input.projection.pixel(*point)).collect();
        let pixels = simplify(&pixels, SMOOTH);
        if closed && (3..MOST_CORNERS).contains(&pixels.len()) {
            // What crosses itself can't be filled as one area; its outline still shows.
            self.painter.area(&pixels, self.accent.alpha(FILL));
        }
        for pair in pixels.windows(2) {
            self.painter.line(pair[0], pair[1], 1.5, self.accent);
        }
        if closed && let [first, _, .., last] = pixels.as_slice() {
            self.painter.line(*last, *first, spacing::HAIRLINE, self.accent.alpha(0.5));
        }
    }

    fn measure(&mut self, from: Vec2, to: Vec2) {
        let (a, b) = (self.input.projection.pixel(from), self.input.projection.pixel(to));
        self.painter.line(a, b, 1.5, self.accent);
        let across = (b - a).perp().normalize_or_zero() * 5.0;
        for end in [a, b] {
            self.painter.line(end - across, end + across, 1.5, self.accent);
        }
    }

    fn moving(&mut self, sketch: Sketch, size: &AgentSize) {
        for (at, thing) in self.input.layers.handles(self.input.simulation) {
            let thing = Thing::Of(thing);
            let at = self.input.projection.pixel(at);
            if self.input.projection.sees(at, HANDLE) {
                let chosen = self.input.tools.under.as_ref() == Some(&thing);
                self.handle(at, if chosen { HANDLE * 1.3 } else { HANDLE });
            }
        }
        match (sketch, &self.input.tools.held) {
            (Sketch::Drag(from, to), Some(thing)) => {
                let projection = &self.input.projection;
                self.painter.line(projection.pixel(from), projection.pixel(to), spacing::HAIRLINE, self.accent);
                self.thing(Some(thing), to - from, size);
            }
            _ => self.thing(self.input.tools.under.as_ref(), Vec2::ZERO, size),
        }
    }

    fn handle(&mut self, at: Vec2, arm: f32) {
        let corners = [Vec2::X, Vec2::Y, Vec2::NEG_X, Vec2::NEG_Y].map(|way| at + way * arm);
        self.painter.area(&corners, self.accent.alpha(0.35));
        self.painter.outline(&corners, 1.5, self.accent);
    }

    /// The outline of something, moved by a displacement.
    fn thing(&mut self, thing: Option<&Thing>, by: Vec2, size: &AgentSize) {
        let world = self.input.simulation.world();
        match thing {
            None => {}
            Some(Thing::Agents(agents)) => {
                let Some(index) = world.get_resource::<AgentIndex>() else { return };
                let radius = (size.length * 0.5).max(marks::DART.0 * 0.5) + 3.0;
                for agent in agents.iter().take(MOST_GHOSTS) {
                    let place = index.get(*agent).and_then(|entity| world.get::<Position>(entity));
                    if let Some(place) = place {
                        let at = self.input.projection.pixel(place.0 + by);
                        self.painter.circle(at, radius, spacing::HAIRLINE, self.accent);
                    }
                }
            }
            Some(Thing::Of(thing)) => match self.input.layers.outline(self.input.simulation, thing) {
                None => {}
                Some(Outline::Disc(center, radius)) => self.circle(center + by, radius, true),
                Some(Outline::Line(points, closed)) => {
                    let points: Vec<Vec2> = points.into_iter().map(|point| point + by).collect();
                    self.outline(&points, closed);
                }
                Some(Outline::Handle(at)) => {
                    let at = self.input.projection.pixel(at + by);
                    self.handle(at, HANDLE * 1.3);
                }
            },
        }
    }
}
