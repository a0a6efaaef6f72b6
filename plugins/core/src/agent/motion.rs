//! Agents that move have a velocity.

use bevy::prelude::*;

use super::{Agent, Velocity};
use crate::checkpoint::AddCheckpoint;

/// Gives every agent a velocity. Added by each plugin that moves agents; adding it again does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct MotionPlugin;

impl Plugin for MotionPlugin {
    fn build(&self, app: &mut App) {
        app.register_required_components::<Agent, Velocity>();
        app.checkpoint_component_pod::<Velocity>("velocities");
    }

    fn is_unique(&self) -> bool {
        false
    }
}

/// Adds [`MotionPlugin`] unless another plugin has done so.
pub fn require_motion(app: &mut App) {
    if !app.is_plugin_added::<MotionPlugin>() {
        app.add_plugins(MotionPlugin);
    }
}
