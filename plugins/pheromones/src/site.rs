//! Nests and resources as they are now.

use agent2028_core::clock::ticks_in;
use agent2028_core::rng::SimStream;
use agent2028_core::space::WorldBounds;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::{NestConfig, ResourceConfig, Respawn};

/// A nest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nest {
    /// Its name.
    pub name: String,
    /// Its middle.
    pub position: Vec2,
    /// Its radius in world units.
    pub radius: f32,
    /// What was brought here, in units of food.
    pub delivered: f64,
}

/// A resource that depletes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its middle.
    pub position: Vec2,
    /// Its radius in world units.
    pub radius: f32,
    /// What there is of it when it is full, in units of food.
    pub capacity: f32,
    /// What is left.
    pub amount: f32,
    /// What happens when it is used up.
    pub respawn: Respawn,
    /// The tick in which it was used up.
    pub empty_since: Option<u64>,
    /// Whether anybody has found it.
    pub found: bool,
}

impl Source {
    /// How full it is, 0–1.
    #[must_use]
    pub fn fill(&self) -> f32 {
        if self.capacity > 0.0 { (self.amount / self.capacity).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Takes up to `wished` out of it. Returns what was taken.
    pub fn take(&mut self, wished: f32, tick: u64) -> f32 {
        let taken = wished.min(self.amount).max(0.0);
        self.amount -= taken;
        if taken > 0.0 {
            self.found = true;
            if self.amount <= 0.0 {
                self.empty_since = Some(tick);
            }
        }
        taken
    }
}

/// All nests and resources of a world.
#[derive(Resource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sites {
    /// The nests; foragers refer to them by index.
    pub nests: Vec<Nest>,
    /// The resources.
    pub sources: Vec<Source>,
}

impl Sites {
    /// The sites as a scene describes them; scattered items get their places from `stream`.
    #[must_use]
    pub fn new(
        nests: &[NestConfig],
        resources: &[ResourceConfig],
        bounds: &WorldBounds,
        stream: &mut SimStream,
    ) -> Self {
        let mut sites = Self::default();
        for nest in nests {
            sites.add_nest(nest, bounds);
        }
        for resource in resources {
            sites.add_resource(resource, bounds, stream);
        }
        sites
    }

    /// Adds a nest.
    pub fn add_nest(&mut self, nest: &NestConfig, bounds: &WorldBounds) {
        self.nests.push(Nest {
            name: nest.name.clone(),
            position: bounds.enter(nest.position),
            radius: nest.radius,
            delivered: 0.0,
        });
    }

    /// Adds a resource, or a patch of them.
    pub fn add_resource(&mut self, resource: &ResourceConfig, bounds: &WorldBounds, stream: &mut SimStream) {
        for _ in 0..resource.items.clamp(1, 100_000) {
            let offset = if resource.spread > 0.0 {
                // The square root spreads evenly over the disc.
                stream.direction() * (resource.spread * stream.unit().sqrt())
            } else {
                Vec2::ZERO
            };
            self.sources.push(Source {
                name: resource.name.clone(),
                position: bounds.enter(resource.position + offset),
                radius: resource.radius,
                capacity: resource.amount,
                amount: resource.amount,
                respawn: resource.respawn,
                empty_since: None,
                found: false,
            });
        }
    }

    /// Fills resources up again whose time has come. Returns which.
    pub fn respawn(&mut self, tick: u64, tick_hz: f64, bounds: &WorldBounds, stream: &mut SimStream) -> Vec<usize> {
        let mut filled = Vec::new();
        for (index, source) in self.sources.iter_mut().enumerate() {
            let Some(empty_since) = source.empty_since else { continue };
            let (seconds, elsewhere) = match source.respawn {
                Respawn::Never => continue,
                Respawn::After { seconds } => (seconds, false),
                Respawn::Elsewhere { seconds } => (seconds, true),
            };
            if tick.saturating_sub(empty_since) < ticks_in(f64::from(seconds), tick_hz) {
                continue;
            }
            source.amount = source.capacity;
            source.empty_since = None;
            if elsewhere {
                source.position = Vec2::new(stream.unit() - 0.5, stream.unit() - 0.5) * bounds.size;
                source.found = false;
            }
            filled.push(index);
        }
        filled
    }

    /// What is left of all resources.
    #[must_use]
    pub fn left(&self) -> f64 {
        self.sources.iter().map(|source| f64::from(source.amount)).sum()
    }

    /// The nest that is nearest to a point.
    #[must_use]
    pub fn nearest_nest(&self, point: Vec2, bounds: &WorldBounds) -> Option<usize> {
        let distance = |nest: &Nest| bounds.delta(point, nest.position).length_squared();
        let nests = self.nests.iter().enumerate();
        nests.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1))).map(|(index, _)| index)
    }

    /// The resource with something left whose rim is nearest to a point, if that is within `reach`, with the vector to
    /// its middle. Of several equally near the first. Resources with a radius below `least` count as that large: who
    /// walks a long step at a time would never hit a small one.
    #[must_use]
    pub fn nearest_source(&self, point: Vec2, reach: f32, least: f32, bounds: &WorldBounds) -> Option<(usize, Vec2)> {
        let mut best: Option<(f32, usize, Vec2)> = None;
        for (index, source) in self.sources.iter().enumerate() {
            if source.amount <= 0.0 {
                continue;
            }
            let away = bounds.delta(point, source.position);
            let limit = reach + source.radius.max(least);
            let squared = away.length_squared();
            if squared <= limit * limit {
                let gap = squared.sqrt() - source.radius;
                if best.is_none_or(|(nearest, ..)| gap < nearest) {
                    best = Some((gap, index, away));
                }
            }
        }
        best.map(|(_, index, away)| (index, away))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::rng::{Purpose, SimRng};

    fn sites(respawn: Respawn) -> Sites {
        let resource = ResourceConfig { amount: 2.0, respawn, items: 3, spread: 10.0, ..ResourceConfig::default() };
        let mut stream = SimRng::new(1).global(Purpose::new("test"), 0);
        Sites::new(&[NestConfig::default()], &[resource], &WorldBounds::default(), &mut stream)
    }

    #[test]
    fn a_resource_depletes_and_comes_back_when_its_time_has_come() {
        let mut sites = sites(Respawn::After { seconds: 2.0 });
        assert_eq!(sites.sources[0].take(1.5, 10), 1.5);
        assert_eq!(sites.sources[0].take(1.5, 11), 0.5);
        assert_eq!((sites.sources[0].fill(), sites.left()), (0.0, 4.0));
        let mut stream = SimRng::new(1).global(Purpose::new("test"), 1);
        assert_eq!(sites.respawn(11 + 119, 60.0, &WorldBounds::default(), &mut stream), []);
        assert_eq!(sites.left(), 4.0);
        assert_eq!(sites.respawn(11 + 120, 60.0, &WorldBounds::default(), &mut stream), [0]);
        assert_eq!(sites.left(), 6.0);
    }

    #[test]
    fn a_resource_may_come_back_elsewhere() {
        let mut sites = sites(Respawn::Elsewhere { seconds: 0.5 });
        let before = sites.sources[2].position;
        sites.sources[2].take(5.0, 3);
        let mut stream = SimRng::new(1).global(Purpose::new("test"), 1);
        sites.respawn(3 + 30, 60.0, &WorldBounds::default(), &mut stream);
        let after = &sites.sources[2];
        assert!(after.position != before && !after.found && after.amount == 2.0);
        let half = WorldBounds::default().size * 0.5;
        assert!(after.position.abs().cmple(half).all(), "{}", after.position);
    }

    #[test]
    fn an_empty_resource_is_not_seen() {
        let mut sites = sites(Respawn::Never);
        let bounds = WorldBounds::default();
        let at = sites.sources[1].position;
        assert_eq!(sites.nearest_source(at, 0.0, 0.0, &bounds).map(|seen| seen.0), Some(1));
        for source in &mut sites.sources {
            source.take(5.0, 1);
        }
        assert_eq!(sites.nearest_source(at, 1e3, 0.0, &bounds), None);
    }
}
