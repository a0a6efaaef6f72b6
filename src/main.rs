//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    agent2028::cli::main()
}
