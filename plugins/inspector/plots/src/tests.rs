//! The panels under test, without a window.

mod distributions;
mod plots;
mod runs;
mod tables;

use agent2028_panel_testing::*;
