//! Numbers of an agent that foraging adds to those that its components hold.

use agent2028_core::agent::Position;
use agent2028_core::check::Range;
use agent2028_core::quantity::{AddQuantity, Quantity, QuantitySpec};
use bevy::prelude::*;

use crate::config::PheromonesConfig;
use crate::field::PheromoneField;
use crate::forager::Forager;

/// Registers `carrying`, and `scent.<layer>` for every layer of the scene.
pub(crate) fn register(app: &mut App, config: &PheromonesConfig) {
    app.add_quantity(Quantity::derived::<&Forager>(
        QuantitySpec::new("carrying", "", "Whether the forager has a load.").among(["no", "yes"]),
        |_, _, forager| Some(f64::from(u8::from(forager.carried > 0.0))),
    ));
    for layer in &config.layers {
        let name = layer.name.clone();
        let help = format!("How much of the pheromone \"{name}\" there is where the agent stands.");
        app.add_quantity(Quantity::derived::<&Position>(
            QuantitySpec::new(format!("scent.{name}"), "", help).within(Range::positive()),
            move |world, _, position| {
                let field = world.get_resource::<PheromoneField>()?;
                Some(f64::from(field.read(field.find(&name)?, position.0)))
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PheromonesPlugin;
    use crate::config::LayerConfig;
    use agent2028_core::SimCorePlugin;
    use agent2028_core::agent::{AgentGroup, AgentGroups, AgentId, Placement, spawn_group};
    use agent2028_core::quantity;

    #[test]
    fn agents_know_the_scent_under_their_feet() {
        let mut app = App::new();
        let layers = vec![LayerConfig { name: "food".into(), ..default() }];
        let config = PheromonesConfig { layers, ..default() };
        app.add_plugins((SimCorePlugin::default(), PheromonesPlugin { config }));
        let world = app.world_mut();
        let group = world.resource_mut::<AgentGroups>().add(AgentGroup::default());
        spawn_group(world, group, 2, &Placement::Grid { center: Vec2::ZERO, spacing: 100.0 }).unwrap();
        let at = Vec2::new(
            quantity::value(world, "x", AgentId(1)).unwrap() as f32,
            quantity::value(world, "y", AgentId(1)).unwrap() as f32,
        );
        let mut field = world.resource_mut::<PheromoneField>();
        let layer = field.find("food").unwrap();
        field.deposit(layer, at, 0.5, AgentId(1));
        assert_eq!(quantity::value(world, "scent.food", AgentId(1)), Some(0.5));
        assert_eq!(quantity::value(world, "scent.food", AgentId(0)), Some(0.0));
        assert_eq!(quantity::value(world, "carrying", AgentId(0)), None, "it is no forager");
    }
}
