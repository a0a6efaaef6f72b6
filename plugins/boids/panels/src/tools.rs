//! What the window's tools do where somebody flocks.

use agent2028_boids::config::BoidsConfig;
use agent2028_boids::intervention::AddObstacle;
use agent2028_boids::obstacle::Obstacle;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_kit::panel::{PanelContext, ToolEffect, ToolPart};
use agent2028_kit::widgets;
use agent2028_view::{Drawing, ObstacleShape};
use bevy::prelude::World;
use bevy_egui::egui::{DragValue, Ui};

/// Walls are this part of the world's smaller side thick, unless somebody chose.
const THICKNESS: f32 = 0.012;

/// How walls are put up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WallOptions {
    /// How thick walls are that flocks fly around, in world units; 0 for a part of the world.
    pub thickness: f32,
}

impl WallOptions {
    /// How thick walls are, in world units.
    #[must_use]
    pub fn thickness_in(&self, bounds: &WorldBounds) -> f32 {
        if self.thickness > 0.0 { self.thickness } else { bounds.size.min_element() * THICKNESS }
    }
}

/// Obstacles that flocks fly around.
#[derive(Clone, Copy, Debug)]
pub struct FlockObstaclePart;

impl ToolPart for FlockObstaclePart {
    type Options = WallOptions;
    const TOOL: &'static str = "obstacle";
    const SECTION: &'static str = "boids";

    fn applies(world: &World) -> bool {
        world.contains_resource::<BoidsConfig>()
    }

    fn options(ui: &mut Ui, context: &mut PanelContext, options: &mut WallOptions) {
        if context.facts.tools.shape != ObstacleShape::Wall {
            return;
        }
        let bounds = context.facts.resource::<WorldBounds>();
        let mut thickness = options.thickness_in(bounds);
        let most = bounds.size.min_element();
        let field = DragValue::new(&mut thickness).range(0.001..=most).suffix(" units").max_decimals(2);
        let field = field.speed(f64::from(most) / 1000.0);
        if widgets::tool_number(ui, context.look, "Thickness", "How thick walls are, in world units", field) {
            options.thickness = thickness;
        }
    }

    fn make(drawing: &Drawing, options: &WallOptions, simulation: &Simulation) -> Option<ToolEffect> {
        let bounds = simulation.world().get_resource::<WorldBounds>().copied().unwrap_or_default();
        let obstacle = match drawing {
            Drawing::Disc { at, radius } => Obstacle::Circle { center: *at, radius: *radius },
            Drawing::Corners(ObstacleShape::Wall, points) => {
                Obstacle::wall(points, options.thickness_in(&bounds), false)
            }
            Drawing::Corners(_, points) => Obstacle::Polygon(points.clone()),
            _ => return None,
        };
        Some(ToolEffect::new(AddObstacle { obstacle }, ""))
    }
}

/// Obstacles of flocks can be erased.
#[derive(Clone, Copy, Debug)]
pub struct FlockErasePart;

impl ToolPart for FlockErasePart {
    type Options = ();
    const TOOL: &'static str = "erase";
    const SECTION: &'static str = "boids";

    fn applies(world: &World) -> bool {
        world.contains_resource::<BoidsConfig>()
    }
}
