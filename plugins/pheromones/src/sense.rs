//! Perceiving scent: three antennae or the gradient.

use bevy::math::{Rot2, Vec2};

use crate::field::{LayerId, PheromoneField};
use crate::walls::WallSet;

/// A layer and how much it draws (positive) or repels (negative).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attraction {
    /// The layer.
    pub layer: LayerId,
    /// The weight.
    pub weight: f32,
}

/// What three antennae smell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Antennae {
    /// To the left.
    pub left: f32,
    /// Straight ahead.
    pub ahead: f32,
    /// To the right.
    pub right: f32,
}

/// Which way to turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Go on.
    Straight,
    /// Turn to the left.
    Left,
    /// Turn to the right.
    Right,
    /// Left and right are alike and better than ahead.
    Either,
}

impl Antennae {
    /// The rule of Jones (2010): on while ahead smells best, at random while it smells worst, else to the better side.
    #[must_use]
    pub fn turn(self) -> Turn {
        if self.ahead >= self.left && self.ahead >= self.right {
            Turn::Straight
        } else if self.left == self.right {
            Turn::Either
        } else if self.left > self.right {
            Turn::Left
        } else {
            Turn::Right
        }
    }

    /// The strongest smell, whether it draws or repels.
    #[must_use]
    pub fn strongest(self) -> f32 {
        self.left.abs().max(self.ahead.abs()).max(self.right.abs())
    }

    /// The same with each antenna's smell scaled.
    #[must_use]
    pub fn scaled(self, left: f32, ahead: f32, right: f32) -> Self {
        Self { left: self.left * left, ahead: self.ahead * ahead, right: self.right * right }
    }
}

/// The weighted scent at a point.
#[must_use]
pub fn weighted_scent(field: &PheromoneField, attractions: &[Attraction], point: Vec2) -> f32 {
    attractions.iter().map(|attraction| field.read(attraction.layer, point) * attraction.weight).sum()
}

/// The tips of the left, middle and right antenna relative to the body, for a heading of length 1.
#[must_use]
pub fn antenna_tips(heading: Vec2, length: f32, angle: Rot2) -> [Vec2; 3] {
    let ahead = heading * length;
    [angle * ahead, ahead, angle.inverse() * ahead]
}

/// What the antennae of somebody at `position` smell. An antenna that would have to reach through a wall smells nothing.
#[must_use]
pub fn sense(
    field: &PheromoneField,
    walls: &WallSet,
    attractions: &[Attraction],
    position: Vec2,
    tips: [Vec2; 3],
) -> Antennae {
    let smell = |tip: Vec2| {
        let point = position + tip;
        if walls.sees(position, point) { weighted_scent(field, attractions, point) } else { 0.0 }
    };
    Antennae { left: smell(tips[0]), ahead: smell(tips[1]), right: smell(tips[2]) }
}

/// The direction in which the weighted scent rises, of length 1, or zero where it is flat.
#[must_use]
pub fn weighted_gradient(field: &PheromoneField, attractions: &[Attraction], point: Vec2) -> Vec2 {
    let slope: Vec2 = attractions
        .iter()
        .filter_map(|attraction| Some(field.layer(attraction.layer)?.slope_at(point) * attraction.weight))
        .sum();
    slope.normalize_or_zero()
}

/// A heading turned towards a wished one by at most `most` radians.
#[must_use]
pub fn turn_towards(heading: Vec2, wished: Vec2, most: f32) -> Vec2 {
    let angle = bevy::math::ops::atan2(heading.perp_dot(wished), heading.dot(wished));
    (Rot2::radians(angle.clamp(-most, most)) * heading).normalize_or(heading)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{LayerParameters, PheromoneGrid};
    use agent2028_core::agent::AgentId;

    #[test]
    fn antennae_turn_as_jones_says() {
        let turn = |left, ahead, right| Antennae { left, ahead, right }.turn();
        assert_eq!(turn(0.1, 0.5, 0.2), Turn::Straight);
        assert_eq!(turn(0.0, 0.0, 0.0), Turn::Straight);
        assert_eq!(turn(0.5, 0.1, 0.5), Turn::Either);
        assert_eq!(turn(0.5, 0.1, 0.2), Turn::Left);
        assert_eq!(turn(0.1, 0.2, 0.5), Turn::Right);
    }

    #[test]
    fn food_draws_danger_repels_and_walls_hide_both() {
        let mut field = PheromoneField::new(PheromoneGrid::new(Vec2::splat(100.0), 1.0, true));
        let food = field.add_layer("food", &LayerParameters::default());
        let danger = field.add_layer("danger", &LayerParameters::default());
        for cell in field.cells_within(Vec2::new(10.0, 10.0), 4.0) {
            field.layer_mut(food).unwrap().deposit(cell, 0.5, AgentId(1));
        }
        for cell in field.cells_within(Vec2::new(10.0, -10.0), 4.0) {
            field.layer_mut(danger).unwrap().deposit(cell, 0.5, AgentId(1));
        }
        let attractions = [Attraction { layer: food, weight: 1.0 }, Attraction { layer: danger, weight: -2.0 }];
        let tips = antenna_tips(Vec2::X, 200_f32.sqrt(), Rot2::degrees(45.0));
        let smelled = sense(&field, &WallSet::default(), &attractions, Vec2::ZERO, tips);
        assert!((smelled.left - 0.5).abs() < 1e-6 && (smelled.right + 1.0).abs() < 1e-6 && smelled.ahead == 0.0);
        assert_eq!(smelled.turn(), Turn::Left);
        let wall = WallSet::new([([Vec2::new(5.0, -50.0), Vec2::new(5.0, 50.0)].as_slice(), false)], 0.1);
        assert_eq!(sense(&field, &wall, &attractions, Vec2::ZERO, tips), Antennae::default());
    }

    #[test]
    fn a_turn_is_limited() {
        let turned = turn_towards(Vec2::X, Vec2::Y, 0.1);
        assert!((turned - Vec2::new(0.995_004, 0.099_833)).length() < 1e-5);
        assert!((turn_towards(Vec2::X, Vec2::Y, 3.0) - Vec2::Y).length() < 1e-6);
    }
}
