//! Tools that make what foragers find, and what the window's own tools do where somebody forages.

use agent2028_core::simulation::Simulation;
use agent2028_kit::panel::{PanelContext, Tool, ToolEffect, ToolPart};
use agent2028_kit::{format, widgets};
use agent2028_pheromones::PheromonesConfig;
use agent2028_pheromones::config::{NestConfig, ResourceConfig, WallConfig};
use agent2028_pheromones::field::PheromoneField;
use agent2028_pheromones::interventions::{AddNest, AddWall, DropResource, ErasePheromone, PaintPheromone};
use agent2028_pheromones::site::Sites;
use agent2028_view::{Drawing, Draws, ObstacleShape, ToolFacts, ToolGroup};
use bevy::math::{Vec2, ops};
use bevy::prelude::World;
use bevy_egui::egui::{DragValue, Ui};
use egui_material_icons::icons::{ICON_BRUSH, ICON_HIVE, ICON_NUTRITION};

use crate::field::names;

/// Why a tool that needs foragers can't be used.
fn nobody_forages(world: &World) -> Option<String> {
    let forages = world.contains_resource::<PheromonesConfig>();
    (!forages).then(|| "Nobody forages: the scene has no section `pheromones`.".to_owned())
}

/// What the tool that drops resources makes.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceOptions {
    /// How much there is of a resource, in units of food.
    pub amount: f32,
}

impl Default for ResourceOptions {
    fn default() -> Self {
        Self { amount: ResourceConfig::default().amount }
    }
}

/// Drops resources.
#[derive(Clone, Copy, Debug)]
pub struct ResourceTool;

impl Tool for ResourceTool {
    type Options = ResourceOptions;
    const FACTS: ToolFacts = ToolFacts {
        key: "resource",
        label: "Drop resources",
        help: "Drop food where you click",
        icon: ICON_NUTRITION.codepoint,
        shortcut: "R",
        group: ToolGroup::Make,
        draws: Draws::Disc,
    };

    fn missing(world: &World) -> Option<String> {
        nobody_forages(world)
    }

    fn hint(_: ObstacleShape) -> &'static str {
        "Click to drop food, or drag from the centre to choose its size."
    }

    fn options(ui: &mut Ui, context: &mut PanelContext, options: &mut ResourceOptions) {
        let field = DragValue::new(&mut options.amount).range(1.0..=1e9).speed(1.0).max_decimals(0);
        let help = "How much food lies there, in units";
        widgets::tool_number(ui, context.look, "Amount", help, field.suffix(" units"));
    }

    fn make(drawing: &Drawing, options: &ResourceOptions, _: &Simulation) -> Option<ToolEffect> {
        let (Drawing::Disc { at, radius }, amount) = (drawing, options.amount) else { return None };
        let resource = ResourceConfig { position: *at, radius: *radius, amount, ..Default::default() };
        let words = format!("Dropped {} units of food", format::number(amount.into()));
        Some(ToolEffect::new(DropResource { resource }, words))
    }
}

/// Founds nests.
#[derive(Clone, Copy, Debug)]
pub struct NestTool;

impl Tool for NestTool {
    type Options = ();
    const FACTS: ToolFacts = ToolFacts {
        key: "nest",
        label: "Found nests",
        help: "Found a nest where you click",
        icon: ICON_HIVE.codepoint,
        shortcut: "N",
        group: ToolGroup::Make,
        draws: Draws::Disc,
    };

    fn missing(world: &World) -> Option<String> {
        nobody_forages(world)
    }

    fn hint(_: ObstacleShape) -> &'static str {
        "Click to found a nest, or drag from the centre to choose its size."
    }

    fn make(drawing: &Drawing, (): &(), simulation: &Simulation) -> Option<ToolEffect> {
        let Drawing::Disc { at: position, radius } = *drawing else { return None };
        let taken = simulation.world().get_resource::<Sites>().map_or(&[][..], |sites| sites.nests.as_slice());
        let name = (taken.len() + 1..)
            .map(|number| format!("nest-{number}"))
            .find(|name| !taken.iter().any(|nest| nest.name == *name))?;
        let words = format!("Founded {name}");
        Some(ToolEffect::new(AddNest { nest: NestConfig { name, position, radius } }, words))
    }
}

/// What the brush paints.
#[derive(Clone, Debug, PartialEq)]
pub struct PaintOptions {
    /// The pheromone layer that is painted; the first if there is none of this name.
    pub layer: String,
    /// What each cell under the brush gets.
    pub strength: f32,
}

impl Default for PaintOptions {
    fn default() -> Self {
        Self { layer: String::new(), strength: PaintPheromone::default().amount }
    }
}

/// Paints pheromone.
#[derive(Clone, Copy, Debug)]
pub struct PaintTool;

impl Tool for PaintTool {
    type Options = PaintOptions;
    const FACTS: ToolFacts = ToolFacts {
        key: "paint",
        label: "Paint pheromone",
        help: "Paint pheromone onto the ground",
        icon: ICON_BRUSH.codepoint,
        shortcut: "P",
        group: ToolGroup::Make,
        draws: Draws::Stroke,
    };

    fn missing(world: &World) -> Option<String> {
        let layers = world.get_resource::<PheromoneField>().is_some_and(|field| field.layers().next().is_some());
        (!layers).then(|| "There is no pheromone layer: the scene has no section `pheromones`.".to_owned())
    }

    fn hint(_: ObstacleShape) -> &'static str {
        "Drag to paint. A stroke is applied as it is drawn, tick by tick."
    }

    fn options(ui: &mut Ui, context: &mut PanelContext, options: &mut PaintOptions) {
        let names = names(context.facts.world());
        choose(ui, &names, &mut options.layer);
        let field = DragValue::new(&mut options.strength).range(0.001..=1000.0).speed(0.01).max_decimals(3);
        let help = "What each cell under the brush gets, in the layer's intensity";
        widgets::tool_number(ui, context.look, "Strength", help, field);
    }

    fn make(drawing: &Drawing, options: &PaintOptions, simulation: &Simulation) -> Option<ToolEffect> {
        let Drawing::Stroke { points, radius, continued, .. } = drawing else { return None };
        let (center, path) = points.split_first()?;
        let layer = layer_name(&options.layer, simulation.world());
        let words = format!("Painted {layer}");
        let (center, path, radius, continued) = (*center, path.to_vec(), *radius, *continued);
        let paint = PaintPheromone { layer, center, path, radius, amount: options.strength, continued };
        Some(ToolEffect::new(paint, words))
    }
}

/// What the eraser wipes away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WipeOptions {
    /// The pheromone layer that is wiped; the first if there is none of this name.
    pub layer: String,
    /// Whether the eraser wipes all layers, not only the chosen one.
    pub all_layers: bool,
}

/// The eraser wipes pheromone away.
#[derive(Clone, Copy, Debug)]
pub struct WipePart;

impl ToolPart for WipePart {
    type Options = WipeOptions;
    const TOOL: &'static str = "erase";
    const SECTION: &'static str = "pheromones";

    fn applies(world: &World) -> bool {
        world.contains_resource::<PheromonesConfig>()
    }

    fn options(ui: &mut Ui, context: &mut PanelContext, options: &mut WipeOptions) {
        let names = names(context.facts.world());
        if names.is_empty() {
            return;
        }
        ui.checkbox(&mut options.all_layers, "All pheromones");
        if !options.all_layers {
            choose(ui, &names, &mut options.layer);
        }
    }

    fn make(drawing: &Drawing, options: &WipeOptions, simulation: &Simulation) -> Option<ToolEffect> {
        let Drawing::Stroke { points, radius, continued, .. } = drawing else { return None };
        let (center, path) = points.split_first()?;
        let layer = (!options.all_layers).then(|| layer_name(&options.layer, simulation.world()));
        let words = match &layer {
            Some(layer) => format!("Wiped {layer} away"),
            None => "Wiped pheromone away".to_owned(),
        };
        let (center, path, radius, continued) = (*center, path.to_vec(), *radius, *continued);
        Some(ToolEffect::new(ErasePheromone { layer, center, path, radius, continued }, words))
    }
}

fn choose(ui: &mut Ui, names: &[String], layer: &mut String) {
    if !names.contains(layer) {
        *layer = names.first().cloned().unwrap_or_default();
    }
    widgets::tool_choice(ui, "Pheromone", layer, names.iter().map(String::as_str));
}

fn layer_name(wanted: &str, world: &World) -> String {
    let layers = world.get_resource::<PheromonesConfig>().map_or(&[][..], |config| config.layers.as_slice());
    let known = layers.iter().find(|layer| layer.name == wanted).or(layers.first());
    known.map_or(String::new(), |layer| layer.name.clone())
}

/// Corners of the wall that stands for a disc: foragers heed lines.
const DISC_CORNERS: usize = 16;

/// Walls that foragers heed.
#[derive(Clone, Copy, Debug)]
pub struct WallPart;

impl ToolPart for WallPart {
    type Options = ();
    const TOOL: &'static str = "obstacle";
    const SECTION: &'static str = "pheromones";

    fn applies(world: &World) -> bool {
        world.contains_resource::<PheromonesConfig>()
    }

    fn make(drawing: &Drawing, (): &(), _: &Simulation) -> Option<ToolEffect> {
        let (points, closed) = match drawing {
            Drawing::Disc { at, radius } => {
                let rim = (0..DISC_CORNERS).map(|corner| {
                    let angle = std::f32::consts::TAU * corner as f32 / DISC_CORNERS as f32;
                    *at + Vec2::new(ops::cos(angle), ops::sin(angle)) * *radius
                });
                (rim.collect(), true)
            }
            Drawing::Corners(shape, points) => (points.clone(), *shape == ObstacleShape::Polygon),
            _ => return None,
        };
        Some(ToolEffect::new(AddWall { wall: WallConfig { points, closed } }, ""))
    }
}
