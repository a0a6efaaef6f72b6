//! What must hold in the section beyond types and ranges.

use std::collections::BTreeSet;

use agent2028_core::check::{Check, Problems};
use agent2028_core::ranges::check_ranges;

use super::{BoidsConfig, FlockConfig, FlockModel, Neighbourhood, Target};
use crate::flock::MOST_FLOCKS;

impl Check for BoidsConfig {
    fn check(&self, at: &str, problems: &mut Problems) {
        check_ranges(self, at, problems);
        self.check_movers(at, problems);
        self.check_model(at, problems);
        self.check_flock(at, problems);
        for (index, flock) in self.flocks.iter().enumerate() {
            flock.check(&format!("{at}.flocks[{index}]"), self, problems);
        }
        for (index, hunter) in self.predators.iter().enumerate() {
            let at = format!("{at}.predators[{index}]");
            if let Some(prey) = &hunter.prey {
                problems.check_group(format!("{at}.prey"), prey);
            }
            check_radius(format!("{at}.separation.radius"), hunter.separation.radius, problems);
        }
        for (index, formation) in self.formations.iter().enumerate() {
            formation.check(&format!("{at}.formations[{index}]"), problems);
        }
        for (index, obstacle) in self.obstacles.iter().enumerate() {
            obstacle.check(&format!("{at}.obstacles[{index}]"), problems);
        }
    }
}

impl BoidsConfig {
    /// What must hold of the formations when nothing else in the section has changed.
    pub(crate) fn check_formations(&self, at: &str, problems: &mut Problems) {
        check_ranges(&self.formations, &format!("{at}.formations"), problems);
        self.check_movers(at, problems);
        self.check_model(at, problems);
        for (index, formation) in self.formations.iter().enumerate() {
            formation.check(&format!("{at}.formations[{index}]"), problems);
        }
    }

    fn check_movers(&self, at: &str, problems: &mut Problems) {
        let mut seen = BTreeSet::new();
        let hunters: BTreeSet<&str> = self.predators.iter().map(|hunter| hunter.agents.as_str()).collect();
        for (path, group) in self.moved_groups() {
            let in_formation = path.starts_with("formations");
            let path = format!("{at}.{path}");
            problems.check_group(&path, group);
            if !seen.insert((in_formation, group)) || (in_formation && hunters.contains(group)) {
                problems.push(
                    path,
                    format!("the group \"{group}\" is moved twice"),
                    "a group is one flock or hunts (a flock may also have one formation, which then leads it)",
                );
            }
        }
        let movers = self.flocks.len().max(1) + self.predators.len() + self.formations.len();
        if movers > MOST_FLOCKS {
            problems.push(
                at,
                format!("{movers} flocks, predator groups and formations"),
                format!("there can be at most {MOST_FLOCKS}"),
            );
        }
    }

    fn check_model(&self, at: &str, problems: &mut Problems) {
        let FlockModel::AbmFrameworksComparison { vision, separation, .. } = self.model else {
            return;
        };
        check_radius(format!("{at}.model.vision"), vision, problems);
        if separation > vision {
            problems.push(
                format!("{at}.model.separation"),
                format!("birds can't keep {separation} apart when they see only {vision}"),
                "a separation of at most the vision",
            );
        }
        if !(self.predators.is_empty() && self.formations.is_empty() && self.flocks.len() <= 1) {
            problems.push(
                format!("{at}.model"),
                "the birds of the ABMFrameworksComparison form one flock, without predators or formations",
                "choose the model Reynolds",
            );
        }
    }

    fn check_flock(&self, at: &str, problems: &mut Problems) {
        if self.model == FlockModel::Reynolds {
            for (name, radius) in [
                ("separation", self.separation.radius),
                ("alignment", self.alignment.radius),
                ("cohesion", self.cohesion.radius),
            ] {
                check_radius(format!("{at}.{name}.radius"), radius, problems);
            }
        }
        if self.flocks.len() > 1 {
            check_radius(format!("{at}.avoidance.radius"), self.avoidance.radius, problems);
        }
        check_speeds(at, self.min_speed, self.max_speed, problems);
        check_targets(at, &self.targets, problems);
        if let Some(leader) = &self.leader {
            problems.check_group(format!("{at}.leader.agents"), &leader.agents);
        }
        if self.neighbourhood == Neighbourhood::Nearest(0) {
            problems.push(format!("{at}.neighbourhood"), "nobody is near", "for example Nearest(7)");
        }
    }
}

impl FlockConfig {
    fn check(&self, at: &str, section: &BoidsConfig, problems: &mut Problems) {
        let radii = [
            ("separation", self.separation.map(|urge| urge.radius)),
            ("alignment", self.alignment.map(|alignment| alignment.radius)),
            ("cohesion", self.cohesion.map(|urge| urge.radius)),
            ("avoidance", self.avoidance.map(|urge| urge.radius)),
        ];
        for (name, radius) in radii {
            if let Some(radius) = radius {
                check_radius(format!("{at}.{name}.radius"), radius, problems);
            }
        }
        check_speeds(at, self.min_speed.or(section.min_speed), self.max_speed.unwrap_or(section.max_speed), problems);
        for (index, relation) in self.relations.iter().enumerate() {
            let path = format!("{at}.relations[{index}].to");
            problems.check_group(&path, &relation.to);
            let known = section.flocks.iter().any(|flock| flock.agents == relation.to);
            if !known && problems.groups.contains(&relation.to) {
                problems.push(path, format!("\"{}\" is not a flock", relation.to), "name a group listed in `flocks`");
            }
        }
        check_targets(at, self.targets.as_deref().unwrap_or(&[]), problems);
        if let Some(leader) = &self.leader {
            problems.check_group(format!("{at}.leader.agents"), &leader.agents);
        }
    }
}

fn check_radius(path: String, radius: f32, problems: &mut Problems) {
    if !(radius.is_finite() && radius >= 0.0) {
        problems.push(path, format!("a radius of {radius}"), "a radius is a number from 0 up");
        return;
    }
    let half = problems.world.size.min_element() * 0.5;
    if problems.world.wraps() && radius > half {
        problems.push(
            path,
            format!("a radius of {radius} is more than half of the world that wraps around"),
            format!("agents would see each other twice: at most {half}, or a larger world"),
        );
    }
}

fn check_speeds(at: &str, min_speed: Option<f32>, max_speed: f32, problems: &mut Problems) {
    if let Some(min_speed) = min_speed
        && min_speed > max_speed
    {
        problems.push(
            format!("{at}.min_speed"),
            format!("agents can't fly at least {min_speed} and at most {max_speed}"),
            "a min_speed of at most max_speed",
        );
    }
}

fn check_targets(at: &str, targets: &[Target], problems: &mut Problems) {
    for (index, target) in targets.iter().enumerate() {
        check_target(target, &format!("{at}.targets[{index}]"), problems);
    }
}

/// What must hold of a target.
pub(crate) fn check_target(target: &Target, at: &str, problems: &mut Problems) {
    for value in [target.at.x, target.at.y] {
        problems.check_finite(format!("{at}.at"), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::*;
    use agent2028_core::ron_format::from_str;
    use bevy::prelude::*;

    fn problems(config: &BoidsConfig) -> Vec<String> {
        let mut problems = Problems::default();
        problems.groups = vec!["starling".into(), "hawk".into()].into();
        config.check("boids", &mut problems);
        problems
            .into_list()
            .into_iter()
            .map(|problem| format!("{}: {}; {}", problem.path, problem.message, problem.help))
            .collect()
    }

    #[test]
    fn the_defaults_are_the_classic_ones_and_in_order() {
        let config: BoidsConfig = from_str("()").unwrap();
        assert_eq!(config, BoidsConfig::default());
        assert_eq!(config.separation, Separation { radius: 25.0, weight: 1.5 });
        assert_eq!((config.alignment.radius, config.alignment.weight), (50.0, 1.0));
        assert_eq!(config.cohesion, Cohesion { radius: 50.0, weight: 1.0 });
        // Speed 4 and force 0.1 per tick, at 60 ticks per second.
        assert_eq!((config.max_speed, config.units), (4.0 * 60.0, Units::PerSecond));
        assert!((config.max_force - 0.1 * 60.0 * 60.0).abs() < 1e-3);
        let classic = BoidsConfig::classic();
        assert_eq!((classic.max_speed, classic.max_force, classic.units), (4.0, 0.1, Units::PerTick));
        assert_eq!((classic.separation, classic.cohesion), (config.separation, config.cohesion));
        assert_eq!(problems(&classic), Vec::<String>::new());
        assert_eq!(problems(&config), Vec::<String>::new());
    }

    #[test]
    fn a_section_reads_as_a_person_would_write_it() {
        let config: BoidsConfig = from_str(
            r#"(
                separation: (radius: 20),
                alignment: (weight: 1.2, matching: Heading),
                neighbourhood: Nearest(7),
                targets: [(at: (100, 0), urge: Arrive(slowing_radius: 50), weight: 0.5)],
                obstacles: [Circle(center: (0, 0), radius: 40), Polygon([(0, 0), (10, 0), (0, 10)])],
                flocks: [(agents: "starling", max_speed: 5, leader: (agents: "hawk"), relations: [])],
                predators: [(agents: "hawk", catch_radius: 3)],
            )"#,
        )
        .unwrap();
        assert_eq!(config.alignment.radius, 50.0);
        assert_eq!(config.flocks[0].max_speed, Some(5.0));
        assert_eq!(config.predators[0].catch_radius, Some(3.0));
        assert_eq!(problems(&config), Vec::<String>::new());
        assert!(from_str::<BoidsConfig>("(seperation: (radius: 20, weight: 2))").is_err());
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_path() {
        let flock = |agents: &str| FlockConfig { agents: agents.into(), ..default() };
        let wrong = BoidsConfig { flocks: vec![flock("starlings")], ..default() };
        assert_eq!(
            problems(&wrong),
            ["boids.flocks[0].agents: there is no agent group \"starlings\"; did you mean \"starling\"?"]
        );
        let twice = BoidsConfig { flocks: vec![flock("hawk"), flock("hawk")], ..default() };
        assert!(problems(&twice)[0].contains("moved twice"));
        let negative = BoidsConfig { cohesion: Cohesion { radius: -1.0, weight: 1.0 }, ..default() };
        assert!(problems(&negative)[0].starts_with("boids.cohesion.radius"));
        let wide = BoidsConfig { cohesion: Cohesion { radius: 501.0, weight: 1.0 }, ..default() };
        assert!(problems(&wide)[0].contains("half of the world"));
        let slow = BoidsConfig { min_speed: Some(300.0), ..default() };
        assert!(problems(&slow)[0].starts_with("boids.min_speed"));
        let mixed = BoidsConfig {
            model: FlockModel::AbmFrameworksComparison {
                vision: 5.0,
                speed: 1.0,
                cohere: 0.03,
                separation: 9.0,
                separate: 0.015,
                match_velocity: 0.05,
            },
            predators: vec![PredatorConfig { agents: "hawk".into(), ..default() }],
            ..default()
        };
        assert_eq!(problems(&mixed).len(), 2);
    }
}
