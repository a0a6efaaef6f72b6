//! Leaves the names of functions out of the released program, which halves it. The profile's own `strip` does not reach a
//! package whose optimisation level is named in the profile, as that of this one is.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, wanted: &str| var(name).is_ok_and(|found| found == wanted);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") {
        println!("cargo:rustc-link-arg-bins=-Wl,--strip-all");
    }
}
