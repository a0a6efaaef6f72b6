//! Links that come and go with their quality, with hysteresis: a link that is good enough to come is not dropped at once
//! when it gets a little worse.

use agent2028_core::space::WorldBounds;
use bevy::math::{Vec2, ops};

use super::NearGrid;
use crate::graph::SparseLinks;

/// How good a link between two agents is, by their distance: 1 at no distance, ½ at `half_range`, falling like a Gaussian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The distance at which a link has quality ½, in world units.
    pub half_range: f32,
}

impl Quality {
    /// The quality at a squared distance, 0–1.
    #[must_use]
    pub fn at(self, distance_squared: f32) -> f32 {
        ops::exp(
            -std::f32::consts::LN_2 * distance_squared / (self.half_range * self.half_range).max(f32::MIN_POSITIVE),
        )
    }

    /// The distance at which a link has a quality (above 0, at most 1).
    #[must_use]
    pub fn reach(self, quality: f32) -> f32 {
        self.half_range * (-ops::ln(quality.clamp(1e-6, 1.0)) / std::f32::consts::LN_2).sqrt()
    }
}

/// When links come and go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualityLimits {
    /// A link comes when its quality is above this.
    pub add_above: f32,
    /// A link goes when its quality is below this.
    pub drop_below: f32,
    /// Nobody has more links than this.
    pub most: u32,
}

/// What [`rewire`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewired {
    /// Links that came.
    pub added: u32,
    /// Links that went.
    pub dropped: u32,
}

/// Lets links go that have become bad and new ones come, best first, equal ones by id, as far as both ends have room.
/// `agents[i]` is at `points[i]`; agents ascend.
pub fn rewire(
    links: &mut SparseLinks,
    bounds: WorldBounds,
    agents: &[u32],
    points: &[Vec2],
    quality: Quality,
    limits: QualityLimits,
) -> Rewired {
    let mut done = Rewired::default();
    let grid = NearGrid::new(bounds, points);
    let bad: Vec<(u32, u32)> = links
        .edges()
        .filter(|(a, b)| match (agents.binary_search(a), agents.binary_search(b)) {
            (Ok(one), Ok(other)) => quality.at(grid.distance_squared(one as u32, other as u32)) < limits.drop_below,
            _ => true,
        })
        .collect();
    for (a, b) in bad {
        links.remove(a, b);
        done.dropped += 1;
    }
    let reach = quality.reach(limits.add_above);
    let mut candidates: Vec<(f32, u32, u32)> = Vec::new();
    let mut found = Vec::new();
    for (place, agent) in agents.iter().enumerate() {
        if links.neighbours(*agent).len() as u32 >= limits.most {
            continue;
        }
        grid.within(place as u32, reach, &mut found);
        candidates.extend(
            found
                .iter()
                .filter(|(_, other)| *other as usize > place)
                .map(|(distance, other)| (*distance, *agent, agents[*other as usize])),
        );
    }
    candidates.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    for (distance, a, b) in candidates {
        let room = |agent| (links.neighbours(agent).len() as u32) < limits.most;
        if quality.at(distance) > limits.add_above && room(a) && room(b) && links.add(a, b) {
            done.added += 1;
        }
    }
    links.compact();
    done
}
