//! Who is linked with whom.

use agent2028_core::check::{FileName, Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Who is linked with whom. Agents that join later link to as many random others as one has on average.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(deny_unknown_fields)]
pub enum TopologyConfig {
    /// Everybody with everybody; no link is stored.
    #[default]
    Full,
    /// In a ring, in the order of ids.
    Ring {
        /// With how many on either side.
        #[reflect(@Range::new(1.0, 1000.0), @Unit("agents"))]
        reach: u32,
    },
    /// On a square grid, row by row in the order of ids, with the four next.
    Grid {
        /// Whether opposite edges are linked.
        wrap: bool,
    },
    /// With the nearest in the world, worked out again while they move. A link goes both ways: an agent is linked with its `k`
    /// nearest and with those whose nearest it is among, so that it has more than `k` links on average (about 9.2 for 8 where
    /// agents are spread evenly; `network.degree` tells).
    KNearest {
        /// With how many at least, if there are as many.
        #[reflect(@Range::new(1.0, 256.0), @Unit("agents"))]
        k: u32,
        /// How often the links follow movement.
        #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
        refresh_s: f32,
    },
    /// At random, everybody with as many (agents who come later with as many as one has on average).
    RandomRegular {
        /// With how many; fewer than there are agents, and not an odd number for an odd number of agents.
        #[reflect(@Range::new(1.0, 1000.0), @Unit("agents"))]
        degree: u32,
    },
    /// At random, each pair with the same chance (Erdős & Rényi 1959).
    ErdosRenyi {
        /// With how many on average.
        #[reflect(@Range::new(0.0, 1000.0), @Unit("agents"))]
        mean_degree: f32,
    },
    /// In a ring with shortcuts: a small world (Watts & Strogatz 1998).
    WattsStrogatz {
        /// With how many on either side.
        #[reflect(@Range::new(1.0, 1000.0), @Unit("agents"))]
        reach: u32,
        /// The share of links that lead elsewhere.
        #[reflect(@Range::new(0.0, 1.0))]
        rewire: f32,
    },
    /// Newcomers with those who have many links already: hubs (Barabási & Albert 1999).
    BarabasiAlbert {
        /// How many links a newcomer makes.
        #[reflect(@Range::new(1.0, 1000.0), @Unit("agents"))]
        links: u32,
    },
    /// By how good a link is, which falls with distance: links come and go while agents move.
    ByQuality {
        /// The distance at which a link has quality ½.
        #[reflect(@Range::new(1e-3, 1e7), @Unit("units"))]
        half_range: f32,
        /// A link comes when its quality is above this.
        #[reflect(@Range::new(0.01, 1.0))]
        add_above: f32,
        /// A link goes when its quality is below this.
        #[reflect(@Range::new(0.0, 1.0))]
        drop_below: f32,
        /// Nobody has more links than this.
        #[reflect(@Range::new(1.0, 1000.0), @Unit("agents"))]
        most: u32,
        /// How often links come and go.
        #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
        refresh_s: f32,
    },
    /// Those of a list: pairs of agents by their numbers, from 0 in the order of ids.
    Edges(Vec<(u32, u32)>),
    /// From a CSV file, relative to the scene, with the columns `from` and `to`: agents by their numbers, from 0.
    Csv(#[reflect(@FileName)] String),
}

impl TopologyConfig {
    /// How often the links are worked out again, in seconds; `None` for links that stay.
    #[must_use]
    pub fn refresh_s(&self) -> Option<f32> {
        match self {
            Self::KNearest { refresh_s, .. } | Self::ByQuality { refresh_s, .. } => Some(*refresh_s),
            _ => None,
        }
    }
}
