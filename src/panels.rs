//! What is seen of the plugins: the one list that names their panels, layers and tools for windows and for pictures.
//!
//! What a plugin shows is a Bevy plugin beside it; here it is named. A program with plugins of its own names theirs before it
//! opens its first window:
//!
//! ```no_run
//! # use agent2028::panels::PanelPlugins as LighthousePanels;
//! agent2028::panels::install(agent2028::panels::ours().with::<LighthousePanels>())?;
//! # Ok::<(), agent2028::panels::InstallError>(())
//! ```

use std::sync::OnceLock;

use agent2028_boids_panels::BoidsPanels;
use agent2028_identity_panels::IdentityPanels;
use agent2028_ledger_panels::LedgerPanels;
use agent2028_market_panels::MarketPanels;
use agent2028_network_panels::NetworkPanels;
use agent2028_operations_panels::OperationsPanels;
use agent2028_pheromones_panels::PheromonesPanels;
use agent2028_trust_panels::TrustPanels;
use bevy::app::{App, Plugin};

static ALL: OnceLock<PanelList> = OnceLock::new();

/// What plugins show, in order: layers are drawn in it, and menus list panels in it.
#[derive(Clone, Debug, Default)]
pub struct PanelList(Vec<fn(&mut App)>);

impl PanelList {
    /// Adds what a plugin shows behind the others.
    #[must_use]
    pub fn with<P: Plugin + Default>(mut self) -> Self {
        self.0.push(|app| {
            app.add_plugins(P::default());
        });
        self
    }
}

/// What the plugins show that come with Agent2028.
#[must_use]
pub fn ours() -> PanelList {
    PanelList::default()
        .with::<OperationsPanels>()
        .with::<NetworkPanels>()
        .with::<IdentityPanels>()
        .with::<TrustPanels>()
        .with::<MarketPanels>()
        .with::<LedgerPanels>()
        .with::<BoidsPanels>()
        .with::<PheromonesPanels>()
}

/// Panels were named after the first window or picture was begun, or twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("panels must be named once, before the first window or picture")]
pub struct InstallError;

/// Names what the plugins of this program show, for all its windows and pictures.
///
/// # Errors
/// If it was named before, or a window or a picture was begun.
pub fn install(panels: PanelList) -> Result<(), InstallError> {
    ALL.set(panels).map_err(|_| InstallError)
}

/// The panels, layers and tools of all plugins of this program: those that were [named](install), or [`ours`].
#[derive(Clone, Copy, Debug, Default)]
pub struct PanelPlugins;

impl Plugin for PanelPlugins {
    fn build(&self, app: &mut App) {
        for add in &ALL.get_or_init(ours).0 {
            add(app);
        }
    }
}
