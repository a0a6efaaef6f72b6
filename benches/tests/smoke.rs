//! Every row of the benchmarks runs, for a moment.

use std::process::Command;

#[test]
fn every_row_runs() {
    if !agent2028_view::offscreen::has_adapter() && std::env::var_os("AGENT2028_REQUIRE_GPU").is_none() {
        eprintln!("SKIPPED: there is no graphics adapter, which the rows about drawing need");
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_agent2028_bench")).arg("--smoke").output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
