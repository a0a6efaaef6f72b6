//! Slots of formations.

use agent2028_boids::formation::Formations;

use super::FrameInput;
use crate::agents::AgentSize;
use crate::paint::Painter;
use crate::tokens::{marks, spacing};

/// More slots than this aren't drawn in full: circles would cover everything else.
const MOST_SLOTS: usize = 2_000;

pub(super) fn paint(painter: &mut Painter, input: &FrameInput, size: &AgentSize) {
    if !input.settings.layers.formation_slots {
        return;
    }
    let Some(formations) = input.simulation.world().get_resource::<Formations>() else {
        return;
    };
    let (bounds, projection) = (input.bounds(), &input.projection);
    let color = input.settings.tokens().secondary.alpha(0.7);
    let radius = (size.length * 0.8).max(marks::DART.0);
    let mut stations = Vec::new();
    for formation in &formations.0 {
        formation.stations(&bounds, &mut stations);
    }
    for station in stations.iter().take(MOST_SLOTS) {
        let at = projection.pixel(station.at);
        if projection.sees(at, radius) {
            painter.dashed_circle(at, radius, spacing::HAIRLINE, marks::DASH, color);
        }
    }
}
