//! Where panels stand: a tree of docks around the world that people split, tab, close and bring back.
//!
//! | where | what |
//! |---|---|
//! | [`panel`] | what the docks know of a panel: its key, title, icon and first place |
//! | `layout` | the tree, and what keeps it sane |
//! | `saved` | the tree as it is written to a file |
//! | [`preset`] | layouts for watching, debugging and presenting |
//! | [`behavior`] | how tabs and docks look and work |
//! | [`menu`] | the menus that open panels and choose layouts |

pub mod behavior;
mod layout;
pub mod menu;
pub mod panel;
pub mod preset;
mod saved;

pub use behavior::Offer;
pub use layout::DockLayout;
pub use panel::{Catalog, DockSide, Group, PanelFacts, PanelKey};
pub use preset::Preset;
