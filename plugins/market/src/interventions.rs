//! What can be done to markets from outside: attacks.

use agent2028_core::intervention::InterventionRegistry;

/// Adds the interventions of this plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    let _ = list;
}
