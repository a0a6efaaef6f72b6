//! Drawing agents: what each looks like, and two ways onto the screen that look alike.
//!
//! Where there is a graphics processor, 16 bytes per visible agent go into one instanced draw ([`AgentInstance`]). Where
//! triangles are drawn by software, many agents are painted into an image instead ([`Canvas`]). Agents too
//! small to be told apart become a density map ([`Density`]) in both.

mod canvas;
mod density;
mod glyph;
mod instance;
mod look;
mod size;

pub use canvas::Canvas;
pub use density::{DENSEST, Density, amiss_color, density_color, smoothing};
pub use glyph::Glyph;
pub use instance::{AgentInstance, LONGEST_GLYPH};
pub use look::{AgentAppearance, AgentLooks, LookFacts, scale_of};
pub use size::{AgentSize, dart_length};
