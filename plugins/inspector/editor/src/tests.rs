//! The editor, the form, the gallery and the questions under test, without a window.

mod scenes;

use agent2028_panel_testing::*;
