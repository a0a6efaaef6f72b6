//! Any text as a file of agents: never a panic, and every reported place lies within the text.
#![no_main]

use std::path::Path;

use agent2028::scene::rows::read;
use agent2028::scene::syntax::SourceId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match read(Path::new("agents.csv"), text, SourceId(0)) {
        Ok(rows) => {
            for row in rows {
                assert!(row.position.is_finite());
                assert!(row.velocity.is_none_or(|velocity| velocity.is_finite()));
                assert!(row.health.is_none_or(|health| (0.0..=1.0).contains(&health)));
            }
        }
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a reason");
            assert!(faults.len() <= 20, "{} faults", faults.len());
            for fault in faults {
                assert!(text.get(fault.place.span.clone()).is_some(), "{fault:?}");
            }
        }
    }
});
