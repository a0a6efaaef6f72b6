//! Panels under test without a window: drawn by egui, looked at and clicked through the accessibility tree.

mod agent_tabs;
mod agents;
mod bars;
mod bottom;
mod compare;
mod design;
mod events;
mod faults;
mod file_dialog;
mod frame_pacing;
mod glyphs;
mod kept;
mod overlay;
mod parameters;
mod pending;
mod pictures;
mod profiler;
mod registry;
mod save_run;
mod selections;
mod settings;
mod sizes;
mod timeline;
mod tools;
mod whole;

#[path = "../../testing/src/lib.rs"]
#[expect(dead_code, reason = "some of it is for the panels of plugins only")]
pub(crate) mod testing;

pub(crate) use testing::*;
