//! What must hold in the section beyond types and ranges.

use agent2028_core::schema::{Check, Problems, suggest};
use bevy::math::Vec2;

use super::{ForagingConfig, Homing, PheromonesConfig};
use crate::field::{FieldEdge, MAX_CELLS_PER_AXIS, MAX_DIFFUSION_RATE};
use crate::plan::MAX_COUNTERS;

impl Check for PheromonesConfig {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.check_grid(at, problems);
        self.check_layers(at, problems);
        for (index, emitter) in self.emitters.iter().enumerate() {
            let at = format!("{at}.emitters[{index}]");
            problems.check_group(format!("{at}.agents"), &emitter.agents);
            self.check_layer(format!("{at}.layer"), &emitter.layer, problems);
            positive(&format!("{at}.per_s"), emitter.per_s, problems);
        }
        self.check_objects(at, problems);
        let mut seen: Vec<&str> = Vec::new();
        for (index, foraging) in self.foraging.iter().enumerate() {
            let at = format!("{at}.foraging[{index}]");
            if seen.contains(&foraging.agents.as_str()) {
                let help = "a group forages in one way; make two groups";
                problems.push(format!("{at}.agents"), format!("\"{}\" forages already", foraging.agents), help);
            }
            seen.push(&foraging.agents);
            self.check_foraging(&at, foraging, problems);
        }
        positive(&format!("{at}.recent_s"), self.recent_s, problems);
    }
}

fn positive(path: &str, value: f32, problems: &mut Problems) {
    if !(value >= 0.0 && value.is_finite()) {
        problems.push(path, format!("{value} is not a finite number of at least 0"), "write 0 or more");
    }
}

fn finite(path: &str, point: Vec2, problems: &mut Problems) {
    if !point.is_finite() {
        problems.push(path, "the point is not finite", "write ordinary numbers, for example (100, -20)");
    }
}

impl PheromonesConfig {
    fn check_grid(&self, at: &str, problems: &mut Problems) {
        if !(self.cell_size > 0.0 && self.cell_size.is_finite()) {
            let message = format!("a cell size of {} makes no grid", self.cell_size);
            problems.push(format!("{at}.cell_size"), message, "write a size above 0, for example 5");
            return;
        }
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
        for (index, layer) in self.layers.iter().enumerate() {
            let at = format!("{at}.layers[{index}]");
            if layer.name.is_empty() {
                problems.push(format!("{at}.name"), "a layer needs a name", "for example name: \"food\"");
            }
            if self.layers[..index].iter().any(|other| other.name == layer.name) {
                let message = format!("there are two layers \"{}\"", layer.name);
                problems.push(format!("{at}.name"), message, "give each layer its own name");
            }
            if !(0.0..=MAX_DIFFUSION_RATE).contains(&layer.diffusion_rate) {
                problems.push(
                    format!("{at}.diffusion_rate"),
                    format!("a rate of {} is not between 0 and ½; above it the field oscillates", layer.diffusion_rate),
                    "for faster diffusion use larger cells",
                );
            }
            positive(&format!("{at}.decay_per_s"), layer.decay_per_s, problems);
            if layer.half_life_s.is_some_and(|half_life| half_life.is_nan() || half_life <= 0.0) {
                problems.push(format!("{at}.half_life_s"), "a half-life must be above 0", "leave it out for no decay");
            }
            if !(layer.maximum > 0.0 && layer.maximum.is_finite()) {
                problems.push(format!("{at}.maximum"), "a maximum must be above 0 and finite", "for example 1");
            } else if !(0.0..=layer.maximum).contains(&layer.threshold) {
                problems.push(
                    format!("{at}.threshold"),
                    format!("a threshold of {} is not between 0 and the maximum {}", layer.threshold, layer.maximum),
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
        for (index, nest) in self.nests.iter().enumerate() {
            finite(&format!("{at}.nests[{index}].position"), nest.position, problems);
            positive(&format!("{at}.nests[{index}].radius"), nest.radius, problems);
        }
        for (index, resource) in self.resources.iter().enumerate() {
            let at = format!("{at}.resources[{index}]");
            finite(&format!("{at}.position"), resource.position, problems);
            positive(&format!("{at}.radius"), resource.radius, problems);
            positive(&format!("{at}.amount"), resource.amount, problems);
            positive(&format!("{at}.spread"), resource.spread, problems);
            if !(1..=100_000).contains(&resource.items) {
                problems.push(format!("{at}.items"), "there are 1 to 100000 items", "for example items: 20");
            }
        }
        let chains = self.walls.iter().enumerate().map(|(index, wall)| (format!("{at}.walls[{index}]"), &wall.points));
        let paths = self.corridors.iter().enumerate();
        let paths = paths.map(|(index, corridor)| (format!("{at}.corridors[{index}]"), &corridor.points));
        for (at, points) in chains.chain(paths) {
            if points.len() < 2 {
                problems.push(format!("{at}.points"), "at least two points are needed", "for example [(0, 0), (9, 0)]");
            }
            for (index, point) in points.iter().enumerate() {
                finite(&format!("{at}.points[{index}]"), *point, problems);
            }
        }
        if self.counters.len() > MAX_COUNTERS {
            problems.push(format!("{at}.counters"), format!("more than {MAX_COUNTERS} counters"), "leave some out");
        }
        for (index, counter) in self.counters.iter().enumerate() {
            let at = format!("{at}.counters[{index}]");
            if counter.name.is_empty() || self.counters[..index].iter().any(|other| other.name == counter.name) {
                problems.push(format!("{at}.name"), "a counter needs a name of its own", "for example \"short\"");
            }
            finite(&format!("{at}.from"), counter.from, problems);
            finite(&format!("{at}.to"), counter.to, problems);
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
                problems.check_finite(format!("{at}.follow[{index}].weight"), follow.weight);
            }
            if let Some(reinforce) = &foraging.reinforce {
                self.check_layer(format!("{at}.reinforce.layer"), &reinforce.layer, problems);
            }
            if let Some(alarm) = &foraging.alarm {
                self.check_layer(format!("{at}.alarm.layer"), &alarm.layer, problems);
            }
        }
        if let Homing::Trail(layer) = &foraging.homing {
            self.check_layer(format!("{at}.homing"), layer, problems);
        }
        for (name, value) in [
            ("speed", foraging.speed),
            ("turn_deg_per_s", foraging.turn_deg_per_s),
            ("wander_deg", foraging.wander_deg),
            ("sensor_distance", foraging.sensor_distance),
            ("sensor_angle_deg", foraging.sensor_angle_deg),
            ("sensitivity", foraging.sensitivity),
            ("outward", foraging.outward),
            ("mark_per_s", foraging.mark_per_s),
            ("mark_out_per_s", foraging.mark_out_per_s),
            ("mark_fade_s", foraging.mark_fade_s),
            ("sight", foraging.sight),
            ("capacity", foraging.capacity),
            ("patience_s", foraging.patience_s),
            ("rest_s", foraging.rest_s),
            ("choice.k", foraging.choice.k),
            ("choice.n", foraging.choice.n),
            ("choice.sharpest_turn_deg", foraging.choice.sharpest_turn_deg),
        ] {
            positive(&format!("{at}.{name}"), value, problems);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{EmitterConfig, LayerConfig, NestConfig};

    fn problems(config: &PheromonesConfig) -> Vec<(String, String)> {
        let mut problems = Problems::default();
        problems.groups = vec!["ant".into()];
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
                "pheromones.emitters[0].agents",
                "pheromones.emitters[0].layer",
                "pheromones.emitters[0].per_s",
            ]
        );
        assert_eq!(found[2].1, "did you mean \"ant\"?");
        assert_eq!(found[3].1, "did you mean \"food\"?");
    }

    #[test]
    fn a_forager_without_nest_or_corridor_is_refused() {
        let foraging = ForagingConfig { agents: "ant".into(), confined: true, ..ForagingConfig::default() };
        let found = problems(&PheromonesConfig { foraging: vec![foraging], ..PheromonesConfig::default() });
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["pheromones.foraging[0]", "pheromones.foraging[0].confined"]);
    }
}
