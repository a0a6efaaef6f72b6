//! Consistent hashing without a ring.

/// Spreads a key over all 64 bits (SplitMix64's finaliser; Steele, Lea & Flood 2014).
#[must_use]
pub const fn spread(key: u64) -> u64 {
    let mut value = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The bucket, below `buckets` (≥ 1), of a spread key: when a bucket is added at the end, only those keys move that move to
/// it (Lamping & Veach 2014, "A fast, minimal memory, consistent hash algorithm").
#[must_use]
pub fn jump(mut key: u64, buckets: usize) -> usize {
    let (mut bucket, mut next) = (0_i64, 0_i64);
    while next < buckets.max(1) as i64 {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((bucket + 1) as f64 * ((1_u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as i64;
    }
    bucket as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_more_moves_its_share_of_the_keys_and_only_to_itself() {
        let mut moved = 0;
        for key in 0..20_000 {
            let (before, after) = (jump(spread(key), 9), jump(spread(key), 10));
            assert!(after == before || after == 9);
            moved += usize::from(after != before);
        }
        assert!((1800..2200).contains(&moved), "{moved}");
    }

    #[test]
    fn keys_spread_evenly() {
        let mut counts = [0; 7];
        (0..70_000).for_each(|key| counts[jump(spread(key), 7)] += 1);
        assert!(counts.iter().all(|count| (9600..10_400).contains(count)), "{counts:?}");
        assert_eq!(jump(5, 0), 0);
    }
}
