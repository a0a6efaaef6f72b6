//! What panels, layers and tools are made of, and the contract between them and the window. It knows no panel, no plugin and no
//! scene.
//!
//! | where | what |
//! |---|---|
//! | [`panel`] | what a panel is, and the registry of all panels, tools and rows of the palette |
//! | [`tool`] | what a tool is: what is drawn in the world becomes interventions |
//! | [`faults`] | the palette of faults: whom they strike, and rows that plugins compose |
//! | [`dock`] | where panels stand, and the layouts to choose from |
//! | [`context`] | what panels read and share |
//! | [`actions`] | what panels ask for: they change nothing themselves |
//! | [`states`] | what panels remember, by type |
//! | [`facts`] | what is gathered from the simulation for them |
//! | [`shortcuts`] | every key that does something |
//! | [`scene`], [`runs`], [`authoring`] | the contracts with whoever opens scenes, saves runs and knows what a scene is |
//! | [`export`] | files that panels offer to save |
//! | [`theme`] | from the design's tokens to egui; no other file names a colour or a size |
//! | [`mod@format`] | numbers, times and lists as people read them |
//! | [`widgets`] | buttons, tables, sliders, the dialog for files |
//! | [`floats`] | a place for each thing that stands over the world |
//! | [`texts`] | the texts of a frame, and what is wrong with them |

pub mod actions;
pub mod authoring;
pub mod context;
pub mod dock;
pub mod export;
pub mod facts;
pub mod faults;
pub mod floats;
pub mod format;
pub mod panel;
pub mod runs;
pub mod scene;
pub mod shortcuts;
pub mod states;
pub mod texts;
pub mod theme;
pub mod tool;
pub mod widgets;

pub use bevy_egui::egui;
pub use egui_material_icons::icons;
pub use panel::{InspectorRegistry, Panel, PanelContext, RegisterPanels};
