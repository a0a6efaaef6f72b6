//! The inspector's panels of trust: who trusts whom, and why.
//!
//! | where | what |
//! |---|---|
//! | [`faults`] | rows of the palette of faults |
//! | [`layer`] | lines over the world |
//! | [`trust`] | who trusts whom, and why |

pub mod faults;
pub mod layer;
#[cfg(test)]
mod tests;
pub mod trust;

use agent2028_kit::RegisterPanels as _;
use agent2028_view::RegisterLayers as _;
use bevy::prelude::*;

/// The panels of trust.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrustPanels;

impl Plugin for TrustPanels {
    fn build(&self, app: &mut App) {
        app.add_layer::<layer::TrustLayer>();
        app.add_panel::<trust::TrustPanel>();
        app.add_fault_rows::<faults::TrustRows>();
    }
}
