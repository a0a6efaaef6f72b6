//! The birds of the ABMFrameworksComparison as a krABMaga 0.6.2 model: the baseline of the flock rows.
//!
//! The rules are those of [`agent2028_boids::flock::Birds`]. krABMaga's field keeps a copy of what birds were in the last
//! step to read and one to write, so birds choose at the same time here too. The field is asked for the objects in the
//! bags around a bird (`get_neighbors_within_relax_distance`, krABMaga's fastest query) and the model looks at their
//! distances itself: the query that looks at them drops some bags that the circle only touches with a side. The field's
//! own torus leaves out the bags beyond the seam, so it isn't used; bag numbers wrap around either way. So both
//! simulators see the same neighbours.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};

use agent2028_boids::flock::Birds;
use bevy::math::Vec2;
use krabmaga::engine::agent::Agent;
use krabmaga::engine::fields::field::Field;
use krabmaga::engine::fields::field_2d::{Field2D, Location2D, toroidal_distance, toroidal_transform};
use krabmaga::engine::location::Real2D;
use krabmaga::engine::schedule::Schedule;
use krabmaga::engine::state::State;

/// A bird.
#[derive(Clone, Copy)]
struct Bird {
    id: u32,
    at: Real2D,
    heading: Real2D,
}

impl Hash for Bird {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl PartialEq for Bird {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Bird {}

impl fmt::Display for Bird {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bird {}", self.id)
    }
}

impl Location2D<Real2D> for Bird {
    fn get_location(self) -> Real2D {
        self.at
    }

    fn set_location(&mut self, at: Real2D) {
        self.at = at;
    }
}

/// The world that the birds fly in.
struct Sky {
    field: Field2D<Bird>,
    rules: Birds,
    neighbours: u64,
}

impl State for Sky {
    fn init(&mut self, _: &mut Schedule) {}

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_state_mut(&mut self) -> &mut dyn State {
        self
    }

    fn as_state(&self) -> &dyn State {
        self
    }

    fn reset(&mut self) {}

    fn update(&mut self, step: u64) {
        // Before the first step the birds lie ready to be read: see `KrabmagaBirds::new`.
        if step > 0 {
            self.field.lazy_update();
        }
    }
}

impl Agent for Bird {
    fn step(&mut self, state: &mut dyn State) {
        let Some(sky) = state.as_any_mut().downcast_mut::<Sky>() else {
            return;
        };
        let Birds { vision, separation, cohere, separate, match_heading, speed } = sky.rules;
        let side = sky.field.width;
        let (mut offset, mut close, mut along) = (Vec2::ZERO, Vec2::ZERO, Vec2::ZERO);
        let mut count = 0_u32;
        for other in sky.field.get_neighbors_within_relax_distance(self.at, vision) {
            if other.id == self.id {
                continue;
            }
            let delta = Vec2::new(
                toroidal_distance(other.at.x, self.at.x, side),
                toroidal_distance(other.at.y, self.at.y, side),
            );
            let distance = delta.x * delta.x + delta.y * delta.y;
            if distance > vision * vision {
                continue;
            }
            count += 1;
            offset += delta;
            along += Vec2::new(other.heading.x, other.heading.y);
            if distance < separation * separation {
                close += delta;
            }
        }
        let urge = (cohere * offset - separate * close + match_heading * along) / count.max(1) as f32;
        let turned = Vec2::new(self.heading.x, self.heading.y) + urge;
        let length = (turned.x * turned.x + turned.y * turned.y).sqrt();
        if length > 0.0 {
            self.heading = Real2D { x: turned.x / length, y: turned.y / length };
        }
        self.at = Real2D {
            x: within(self.at.x + self.heading.x * speed, side),
            y: within(self.at.y + self.heading.y * speed, side),
        };
        sky.neighbours += u64::from(count);
        sky.field.set_object_location(*self, self.at);
    }
}

/// On the torus, and below its upper edge also after rounding.
fn within(value: f32, side: f32) -> f32 {
    let value = toroidal_transform(value, side);
    if value < side { value } else { 0.0 }
}

/// A krABMaga simulation of birds on a square torus.
pub struct KrabmagaBirds {
    sky: Sky,
    schedule: Schedule,
    agents: usize,
}

impl KrabmagaBirds {
    /// Birds with these rules at these places (world units, the origin in the middle), with headings of length 1. The
    /// side of the world must be a whole number of visions: bags must tile the torus.
    pub fn new(rules: Birds, side: f32, positions: &[Vec2], headings: &[Vec2]) -> Self {
        let mut sky = Sky { field: Field2D::new(side, side, rules.vision, false), rules, neighbours: 0 };
        let mut schedule = Schedule::new();
        for (id, (at, heading)) in positions.iter().zip(headings).enumerate() {
            let at = Real2D { x: within(at.x + side * 0.5, side), y: within(at.y + side * 0.5, side) };
            let bird = Bird { id: id as u32, at, heading: Real2D { x: heading.x, y: heading.y } };
            sky.field.set_object_location(bird, at);
            schedule.schedule_repeating(Box::new(bird), 0.0, 0);
        }
        // Makes what was written readable; also makes the other copy's bags, which is not part of a step.
        sky.field.lazy_update();
        Self { sky, schedule, agents: positions.len() }
    }

    /// Runs steps.
    pub fn steps(&mut self, steps: usize) {
        for _ in 0..steps {
            self.schedule.step(&mut self.sky);
        }
    }

    /// How many neighbours a bird had on average over all steps so far.
    pub fn mean_neighbours(&self) -> f64 {
        self.sky.neighbours as f64 / (self.agents as f64 * self.schedule.step as f64)
    }

    /// Where the birds are, by id, the origin in the middle of the world.
    #[cfg(test)]
    fn positions(&self) -> Vec<Vec2> {
        let half = self.sky.field.width * 0.5;
        let mut positions = vec![Vec2::ZERO; self.agents];
        for agent in self.schedule.get_all_events() {
            let bird = agent.downcast_ref::<Bird>().unwrap();
            positions[bird.id as usize] = Vec2::new(bird.at.x - half, bird.at.y - half);
        }
        positions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_boids::flock::{FlockKernel, Model, step};
    use agent2028_core::parallel::Workers;
    use agent2028_core::rng::{Purpose, SimRng};
    use agent2028_core::space::{Edge, WorldBounds};

    #[test]
    fn both_simulators_fly_the_same_flock() {
        let rules =
            Birds { vision: 5.0, separation: 1.0, cohere: 0.03, separate: 0.015, match_heading: 0.05, speed: 1.0 };
        let side = 100.0;
        let mut dice = SimRng::new(3).global(Purpose::new("test.crowd"), 0);
        let mut positions: Vec<Vec2> =
            (0..300).map(|_| Vec2::new(dice.signed_unit(), dice.signed_unit()) * (side * 0.4999)).collect();
        let mut headings: Vec<Vec2> = (0..300).map(|_| dice.direction()).collect();
        let mut baseline = KrabmagaBirds::new(rules, side, &positions, &headings);
        let bounds = WorldBounds { size: Vec2::splat(side), edge: Edge::Wrap };
        let (mut flock, workers, model) = (FlockKernel::default(), Workers::new(1), Model::Birds(rules));
        let mut neighbours = 0;
        for _ in 0..10 {
            neighbours += step(&mut flock, &model, &bounds, 1.0, &mut positions, &mut headings, &workers);
            baseline.steps(1);
        }
        assert!((neighbours as f64 / 3000.0 - baseline.mean_neighbours()).abs() < 0.01);
        // Roundings differ, and a bird at the very rim of another's vision may be seen by one simulator only.
        let apart = |(a, b): (&Vec2, Vec2)| bounds.delta(*a, b).length() > 1e-2;
        assert!(positions.iter().zip(baseline.positions()).filter(|pair| apart(*pair)).count() <= 6);
    }
}
