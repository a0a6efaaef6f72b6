//! Agent2028 with the plugin of this example: `cargo run -p agent2028_example_rumour -- open examples/rumour/rumour.ron`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let plugins = agent2028::plugins::ours().with::<rumour::RumourConfig>();
    let panels = agent2028::panels::ours().with::<rumour::RumourPanels>();
    agent2028::cli::main_with_panels(plugins, panels)
}
