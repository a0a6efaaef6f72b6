//! The one list of the plugins that scenes can name.
//!
//! A plugin brings what belongs to it as a [`SceneSection`](agent2028_core::section::SceneSection); here it is named. A program
//! with plugins of its own names them before it reads its first scene:
//!
//! ```no_run
//! # use agent2028::boids::BoidsConfig as Lighthouses;
//! agent2028::plugins::install(agent2028::plugins::ours().with::<Lighthouses>())?;
//! # Ok::<(), agent2028::plugins::InstallError>(())
//! ```

use std::sync::OnceLock;

use agent2028_boids::BoidsConfig;
use agent2028_consensus::ConsensusConfig;
use agent2028_core::section::SectionRegistry;
use agent2028_identity::IdentityConfig;
use agent2028_ledger::LedgerConfig;
use agent2028_market::MarketConfig;
use agent2028_network::NetworkConfig;
use agent2028_operations::OperationsConfig;
use agent2028_pheromones::PheromonesConfig;
use agent2028_trust::TrustConfig;

static ALL: OnceLock<SectionRegistry> = OnceLock::new();

/// The plugins that come with Agent2028, in the order in which they are added to a simulation.
#[must_use]
pub fn ours() -> SectionRegistry {
    SectionRegistry::default()
        .with::<BoidsConfig>()
        .with::<PheromonesConfig>()
        .with::<NetworkConfig>()
        .with::<OperationsConfig>()
        .with::<IdentityConfig>()
        .with::<LedgerConfig>()
        .with::<TrustConfig>()
        .with::<MarketConfig>()
        .with::<ConsensusConfig>()
}

/// Plugins were named after the first scene was read, or twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugins must be named once, before the first scene is read")]
pub struct InstallError;

/// Names the plugins of this program, for all scenes that it reads.
///
/// # Errors
/// If plugins were named before, or a scene was read.
pub fn install(plugins: SectionRegistry) -> Result<(), InstallError> {
    ALL.set(plugins).map_err(|_| InstallError)
}

/// The plugins of this program: those that were [named](install), or [`ours`].
#[must_use]
pub fn all() -> SectionRegistry {
    ALL.get_or_init(ours).clone()
}
