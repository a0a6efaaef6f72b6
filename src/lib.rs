//! Agent2028: an interactive sandbox for multi-agent coordination.
//!
//! | module | what lives there |
//! |---|---|
//! | [`scene`] | scenes: RON, checks, reports, expectations, the gallery |
//! | [`plugins`] | the one list of the plugins that scenes can name |
//! | [`assemble`] | a scene becomes an app |
//! | [`sandbox`] | a simulation without a window: the library's front door |
//! | [`exploration`] | all that can happen to a scene's voters, up to a bound |
//! | [`headless`] | runs without a window: progress, checkpoints, hashes, resume |
//! | [`record`] | the folder that a run writes, and reading it again |
//! | [`plot`] | metrics of recorded runs as charts |
//! | [`replay`] | recorded runs, run again and compared |
//! | [`desktop`] | the window (feature `desktop`) |
//! | [`panels`] | the panels and layers of all plugins (feature `desktop`) |
//! | [`render`] | pictures and films without a window (feature `desktop`) |
//! | [`authoring`] | what the window needs to edit a scene's text (feature `desktop`) |
//! | [`cli`] | the command line |

pub mod assemble;
#[cfg(feature = "desktop")]
pub mod authoring;
pub mod cli;
#[cfg(feature = "desktop")]
pub mod desktop;
pub mod exploration;
pub mod headless;
#[cfg(feature = "desktop")]
pub mod panels;
pub mod plot;
pub mod plugins;
pub mod record;
#[cfg(feature = "desktop")]
pub mod render;
pub mod replay;
pub mod sandbox;
pub mod scene;

pub use agent2028_boids as boids;
pub use agent2028_chart as chart;
pub use agent2028_consensus as consensus;
pub use agent2028_core as core;
pub use agent2028_identity as identity;
#[cfg(feature = "desktop")]
pub use agent2028_kit as kit;
pub use agent2028_ledger as ledger;
pub use agent2028_market as market;
pub use agent2028_network as network;
pub use agent2028_operations as operations;
pub use agent2028_pheromones as pheromones;
pub use agent2028_trust as trust;
#[cfg(feature = "desktop")]
pub use agent2028_view as view;
pub use assemble::ExtraPlugins;
pub use sandbox::{AgentSnapshot, Sandbox, SandboxError};
pub use scene::Scene;

/// The README's examples, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
