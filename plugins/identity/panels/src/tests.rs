//! The tab under test, without a window.

mod faults;
mod keys;

use agent2028_panel_testing::*;
