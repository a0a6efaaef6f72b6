//! What the inspector shows of identities.
//!
//! | where | what |
//! |---|---|
//! | [`keys`] | the tab of an agent's keys and papers |

pub mod keys;
#[cfg(test)]
mod tests;

use agent2028_inspector::RegisterPanels as _;
use bevy::prelude::*;

/// What is seen of identities.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdentityPanels;

impl Plugin for IdentityPanels {
    fn build(&self, app: &mut App) {
        app.add_agent_tab::<keys::KeysTab>();
    }
}
