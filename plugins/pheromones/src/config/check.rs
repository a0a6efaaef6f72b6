//! What must hold in the section beyond types and ranges.

use std::collections::BTreeSet;

use agent2028_core::check::{Check, Problems, suggest};
use agent2028_core::ranges::check_ranges;
use agent2028_core::space::Edge;

use bevy::math::Vec2;

use super::{ForagingConfig, Homing, PheromonesConfig};
use crate::emit::{MOST_BRUSH_CELLS, brush_size};
use crate::field::{FieldEdge, MAX_CELLS_PER_AXIS, PheromoneField, PheromoneGrid};
use crate::plan::MAX_COUNTERS;

impl Check for PheromonesConfig {
    fn check(&self, at: &str, problems: &mut Problems) {
        check_ranges(self, at, problems);
        self.check_grid(at, problems);
        self.check_layers(at, problems);
        for (index, emitter) in self.emitters.iter().enumerate() {
            let at = format!("{at}.emitters[{index}]");
            problems.check_group(format!("{at}.agents"), &emitter.agents);
            self.check_layer(format!("{at}.layer"), &emitter.layer, problems);
        }
        self.check_objects(at, problems);
        let mut seen = BTreeSet::new();
        for (index, foraging) in self.foraging.iter().enumerate() {
            let at = format!("{at}.foraging[{index}]");
            if !seen.insert(foraging.agents.as_str()) {
                let help = "a group forages in one way; make two groups";
                problems.push(format!("{at}.agents"), format!("\"{}\" forages already", foraging.agents), help);
            }
            self.check_foraging(&at, foraging, problems);
        }
    }
}

impl PheromonesConfig {
    fn check_grid(&self, at: &str, problems: &mut Problems) {
        let cells = problems.world.size.max_element() / self.cell_size;
        if cells > MAX_CELLS_PER_AXIS as f32 {
            let least = problems.world.size.max_element() / MAX_CELLS_PER_AXIS as f32;
            problems.push(
                format!("{at}.cell_size"),
                format!("{cells:.0} cells along an axis are more than {MAX_CELLS_PER_AXIS}"),
                format!("the cell size must be at least {least}"),
            );
        }
    }

    fn check_layers(&self, at: &str, problems: &mut Problems) {
        let wraps = problems.world.wraps();
        let mut seen = BTreeSet::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let at = format!("{at}.layers[{index}]");
            if layer.name.is_empty() {
                problems.push(format!("{at}.name"), "a layer needs a name", "for example name: \"food\"");
            }
            if !seen.insert(&layer.name) {
                let message = format!("there are two layers \"{}\"", layer.name);
                problems.push(format!("{at}.name"), message, "give each layer its own name");
            }
            if layer.threshold > layer.maximum {
                problems.push(
                    format!("{at}.threshold"),
                    format!("a threshold of {} is above the maximum {}", layer.threshold, layer.maximum),
                    "for example a hundredth of the maximum",
                );
            }
            if layer.edge == Some(FieldEdge::Wrap) && !wraps {
                let help = "choose Absorb or Reflect";
                problems.push(format!("{at}.edge"), "a field can't wrap in a world that doesn't", help);
            }
        }
    }

    fn check_layer(&self, path: String, name: &str, problems: &mut Problems) {
        if !self.layers.iter().any(|layer| layer.name == name) {
            let help = suggest(name, self.layers.iter().map(|layer| layer.name.as_str()), "layer");
            problems.push(path, format!("there is no pheromone layer \"{name}\""), help);
        }
    }

    fn check_objects(&self, at: &str, problems: &mut Problems) {
        let chains = self.walls.iter().enumerate().map(|(index, wall)| (format!("{at}.walls[{index}]"), &wall.points));
        let paths = self.corridors.iter().enumerate();
        let paths = paths.map(|(index, corridor)| (format!("{at}.corridors[{index}]"), &corridor.points));
        for (at, points) in chains.chain(paths) {
            check_points(points, &at, problems);
        }
        let half = problems.world.size * 0.5;
        for (index, corridor) in self.corridors.iter().enumerate() {
            let outside = corridor.points.iter().position(|point| point.abs().cmpgt(half).any());
            if let (Some(point), true) = (outside, problems.world.edge != Edge::Open) {
                problems.push(
                    format!("{at}.corridors[{index}].points[{point}]"),
                    "the corridor leads out of the world",
                    format!("the world reaches from {} to {half}", -half),
                );
            }
        }
        if self.counters.len() > MAX_COUNTERS {
            problems.push(format!("{at}.counters"), format!("more than {MAX_COUNTERS} counters"), "leave some out");
        }
        let mut seen = BTreeSet::new();
        for (index, counter) in self.counters.iter().enumerate() {
            let at = format!("{at}.counters[{index}]");
            if counter.name.is_empty() || !seen.insert(&counter.name) {
                problems.push(format!("{at}.name"), "a counter needs a name of its own", "for example \"short\"");
            }
        }
    }

    fn check_foraging(&self, at: &str, foraging: &ForagingConfig, problems: &mut Problems) {
        problems.check_group(format!("{at}.agents"), &foraging.agents);
        if self.nests.is_empty() {
            problems.push(at, "foragers need a nest", "add nests: [(position: (0, 0))]");
        } else if let Some(nest) = &foraging.nest
            && !self.nests.iter().any(|known| known.name == *nest)
        {
            let help = suggest(nest, self.nests.iter().map(|nest| nest.name.as_str()), "nest");
            problems.push(format!("{at}.nest"), format!("there is no nest \"{nest}\""), help);
        }
        if foraging.confined && self.corridors.is_empty() {
            problems.push(format!("{at}.confined"), "there are no corridors", "add corridors, or leave `confined` out");
        }
        if foraging.stigmergy {
            self.check_layer(format!("{at}.trail"), &foraging.trail, problems);
            for (index, follow) in foraging.follow.iter().enumerate() {
                self.check_layer(format!("{at}.follow[{index}].layer"), &follow.layer, problems);
            }
            if let Some(reinforce) = &foraging.reinforce {
                self.check_layer(format!("{at}.reinforce.layer"), &reinforce.layer, problems);
            }
            if let Some(alarm) = &foraging.alarm {
                self.check_layer(format!("{at}.alarm.layer"), &alarm.layer, problems);
                let field = PheromoneField::new(PheromoneGrid::new(problems.world.size, self.cell_size, true));
                let cells = brush_size(&field, &[Vec2::ZERO], alarm.radius);
                if cells > MOST_BRUSH_CELLS {
                    problems.push(
                        format!("{at}.alarm.radius"),
                        format!("a mark of {cells} cells is too large"),
                        "choose a smaller radius or larger cells",
                    );
                }
            }
        }
        if let Homing::Trail(layer) = &foraging.homing {
            self.check_layer(format!("{at}.homing"), layer, problems);
        }
    }
}

/// What must hold of the points of a wall or of a corridor.
pub(crate) fn check_points(points: &[Vec2], at: &str, problems: &mut Problems) {
    if points.len() < 2 {
        problems.push(format!("{at}.points"), "at least two points are needed", "for example [(0, 0), (9, 0)]");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{EmitterConfig, LayerConfig, NestConfig};

    fn problems(config: &PheromonesConfig) -> Vec<(String, String)> {
        let mut problems = Problems::default();
        problems.groups = vec!["ant".into()].into();
        config.check("pheromones", &mut problems);
        problems.into_list().into_iter().map(|problem| (problem.path, problem.help)).collect()
    }

    #[test]
    fn the_defaults_are_in_order() {
        assert_eq!(problems(&PheromonesConfig::default()), []);
        let config = PheromonesConfig {
            nests: vec![NestConfig::default()],
            foraging: vec![ForagingConfig { agents: "ant".into(), ..ForagingConfig::default() }],
            ..PheromonesConfig::default()
        };
        assert_eq!(problems(&config), []);
    }

    #[test]
    fn layers_are_food_danger_and_success_by_default_and_any_others_by_name() {
        let names = |config: &PheromonesConfig| -> Vec<String> {
            config.layers.iter().map(|layer| layer.name.clone()).collect()
        };
        assert_eq!(names(&PheromonesConfig::default()), ["food", "danger", "success"]);
        let own: PheromonesConfig =
            agent2028_core::ron_format::from_str(r#"(layers: [(name: "nectar"), (name: "queen", maximum: 9)])"#)
                .unwrap();
        assert_eq!(names(&own), ["nectar", "queen"]);
        assert_eq!((own.layers[0].maximum, own.layers[0].threshold, own.layers[1].maximum), (1.0, 0.01, 9.0));
        assert_eq!(problems(&own), []);
    }

    #[test]
    fn marks_larger_than_anybody_waits_for_are_refused() {
        let foraging = ForagingConfig {
            agents: "ant".into(),
            alarm: Some(crate::config::AlarmConfig { radius: 500.0, ..Default::default() }),
            ..ForagingConfig::default()
        };
        let config = PheromonesConfig {
            cell_size: 0.1,
            nests: vec![NestConfig::default()],
            foraging: vec![foraging],
            ..PheromonesConfig::default()
        };
        assert_eq!(problems(&config)[0].0, "pheromones.foraging[0].alarm.radius");
    }

    #[test]
    fn unknown_names_come_with_a_suggestion_and_rates_above_one_half_are_refused() {
        let config = PheromonesConfig {
            layers: vec![LayerConfig { diffusion_rate: 0.6, threshold: f32::NAN, ..LayerConfig::default() }],
            emitters: vec![EmitterConfig { agents: "ants".into(), layer: "fod".into(), per_s: -1.0 }],
            ..PheromonesConfig::default()
        };
        let found = problems(&config);
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "pheromones.layers[0].diffusion_rate",
                "pheromones.layers[0].threshold",
                "pheromones.emitters[0].per_s",
                "pheromones.emitters[0].agents",
                "pheromones.emitters[0].layer",
            ]
        );
        assert_eq!(found[0].1, "the value must be 0 to 0.5");
        assert_eq!(found[3].1, "did you mean \"ant\"?");
        assert_eq!(found[4].1, "did you mean \"food\"?");
    }

    #[test]
    fn a_forager_without_nest_or_corridor_is_refused() {
        let foraging = ForagingConfig { agents: "ant".into(), confined: true, ..ForagingConfig::default() };
        let found = problems(&PheromonesConfig { foraging: vec![foraging], ..PheromonesConfig::default() });
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["pheromones.foraging[0]", "pheromones.foraging[0].confined"]);
    }
}
