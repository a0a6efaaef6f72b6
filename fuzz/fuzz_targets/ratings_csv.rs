//! Any text as a file of ratings: never a panic, and every rating that is read makes sense.
#![no_main]

use agent2028::trust::ratings::read_ratings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    match read_ratings(text, 50, (-10.0, 10.0), 20) {
        Ok(ratings) => {
            for rating in ratings {
                assert!(rating.source < 50 && rating.target < 50);
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
