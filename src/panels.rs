//! What is seen of the plugins: the one list that names their panels and layers for the window and for pictures.

use agent2028_identity_panels::IdentityPanels;
use agent2028_ledger_panels::LedgerPanels;
use agent2028_network_panels::NetworkPanels;
use agent2028_operations_panels::OperationsPanels;
use agent2028_trust_panels::TrustPanels;
use bevy::app::{PluginGroup, PluginGroupBuilder};

/// The panels and layers of all plugins. Layers are drawn in this order, and menus list panels in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct PanelPlugins;

impl PluginGroup for PanelPlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add(OperationsPanels)
            .add(NetworkPanels)
            .add(IdentityPanels)
            .add(TrustPanels)
            .add(LedgerPanels)
    }
}
