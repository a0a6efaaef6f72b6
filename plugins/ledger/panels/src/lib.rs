//! The inspector's panel of the audit ledger.
//!
//! | where | what |
//! |---|---|
//! | [`ledger`] | the entries, the tree over them, and proofs |

pub mod ledger;
#[cfg(test)]
mod tests;

use agent2028_kit::RegisterPanels as _;
use bevy::prelude::*;

/// The panel of the audit ledger.
#[derive(Clone, Copy, Debug, Default)]
pub struct LedgerPanels;

impl Plugin for LedgerPanels {
    fn build(&self, app: &mut App) {
        app.add_panel::<ledger::LedgerPanel>();
    }
}
