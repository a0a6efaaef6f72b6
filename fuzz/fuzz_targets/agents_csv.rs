//! Any text as a file of agents: never a panic, and every fault lies within the text.
#![no_main]

use agent2028::core::agent::read_agents;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match read_agents(text.as_bytes(), 20) {
        Ok(rows) => {
            for row in rows {
                assert!(row.position.is_finite());
                assert!(row.velocity.is_none_or(|velocity| velocity.is_finite()));
                assert!(row.health.is_none_or(|health| (0.0..=1.0).contains(&health)));
            }
        }
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a reason");
            assert!(faults.told.len() <= 20, "{} faults", faults.told.len());
            for fault in faults.told {
                assert!(fault.byte <= text.len() as u64, "{fault:?}");
            }
        }
    }
});
