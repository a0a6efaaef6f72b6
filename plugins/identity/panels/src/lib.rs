//! What the inspector shows of identities.
//!
//! | where | what |
//! |---|---|
//! | [`faults`] | rows of the palette of faults |
//! | [`keys`] | the tab of an agent's keys and papers |

pub mod faults;
pub mod keys;
#[cfg(test)]
mod tests;

use agent2028_kit::RegisterPanels as _;
use bevy::prelude::*;

/// What is seen of identities.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdentityPanels;

impl Plugin for IdentityPanels {
    fn build(&self, app: &mut App) {
        app.add_agent_tab::<keys::KeysTab>();
        app.add_fault_rows::<faults::IdentityRows>();
    }
}
