//! What panels are made of. It knows no panel, no plugin and no scene.
//!
//! | where | what |
//! |---|---|
//! | [`theme`] | from the design's tokens to egui; no other file names a colour or a size |
//! | [`mod@format`] | numbers, times and lists as people read them |
//! | [`widgets`] | buttons, tables, sliders, the dialog for files |
//! | [`floats`] | a place for each thing that stands over the world |
//! | [`texts`] | the texts of a frame, and what is wrong with them |

pub mod floats;
pub mod format;
pub mod texts;
pub mod theme;
pub mod widgets;
