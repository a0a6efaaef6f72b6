//! What must be fast.
fn main() {}
