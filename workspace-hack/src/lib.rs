//! Holds no code. As a development dependency of every crate here it turns on, in tests, the union of the features that
//! any of them wants of shared dependencies: so `cargo test -p agent2028_core`, `cargo test --workspace` and
//! `cargo build` all use one build of Bevy. `cargo hakari generate` writes its dependencies.
