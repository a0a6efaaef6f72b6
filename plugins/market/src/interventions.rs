//! What can be done to markets from outside: attacks, and tasks put up by hand.

use agent2028_core::intervention::InterventionRegistry;

use crate::capabilities::attacks::{PriceDump, WashTrade};

/// Adds the interventions of this plugin.
pub fn interventions(list: &mut InterventionRegistry) {
    list.add::<WashTrade>().add::<PriceDump>();
    crate::tasks::interventions::interventions(list);
}
