//! The inspector's panels of talk: links, messages and rumours.
//!
//! | where | what |
//! |---|---|
//! | [`gossip`] | how rumours spread |
//! | [`layers`] | lines and dots over the world |
//! | [`messages`] | the last messages over time |
//! | [`faults`] | rows of the palette that cut, slow and mislead |
//! | [`tools`] | what the lasso does |
//! | [`network`] | links, partitions and what messages cost |

pub mod faults;
pub mod gossip;
pub mod layers;
pub mod messages;
pub mod network;
#[cfg(test)]
mod tests;
pub mod tools;

use agent2028_kit::RegisterPanels as _;
use agent2028_view::RegisterLayers as _;
use bevy::prelude::*;

/// The panels of talk: links, messages and rumours.
#[derive(Clone, Copy, Debug, Default)]
pub struct NetworkPanels;

impl Plugin for NetworkPanels {
    fn build(&self, app: &mut App) {
        app.add_layer::<layers::LinksLayer>();
        app.add_layer::<layers::MessagesLayer>();
        app.add_panel::<network::NetworkPanel>();
        app.add_panel::<messages::MessagesPanel>();
        app.add_panel::<gossip::GossipPanel>();
        app.add_fault_rows::<faults::NetworkRows>().add_tool_part::<tools::CutOff>();
    }
}
