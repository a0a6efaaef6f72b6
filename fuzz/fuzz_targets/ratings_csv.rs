//! Any text as a file of ratings: never a panic, and every rating that is read makes sense.
#![no_main]

use agent2028::trust::ratings::{Called, read_ratings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let (called, text) = match text.split_first() {
        Some((b'n', rest)) => (Called::ByNames, rest),
        _ => (Called::ByNumbers, text),
    };
    match read_ratings(text, 50, (-10.0, 10.0), called, 20) {
        Ok(table) => {
            assert!(table.names.len() <= 50);
            for rating in table.ratings {
                assert!(rating.source < 50 && rating.target < 50 && rating.source != rating.target);
                assert!((-10.0..=10.0).contains(&rating.rating) && rating.time.is_finite());
            }
        }
        Err((faults, _)) => {
            assert!(!faults.is_empty(), "refused without a reason");
            assert!(faults.len() <= 20, "{} faults", faults.len());
            for fault in faults {
                assert!(fault.byte <= text.len() as u64, "{fault:?}");
            }
        }
    }
});
