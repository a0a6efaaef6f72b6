//! How often keyframes are taken: never more than a small share of the running time is spent on them.

use std::time::Duration;

/// The share of the ticks' time that keyframes may take.
const SHARE: f64 = 0.05;

/// An account of real time: ticks pay in, keyframes draw from it. Only *where* keyframes are depends on it, never a bit of the
/// simulation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyframeBudget {
    credit: f64,
    cost: f64,
}

impl KeyframeBudget {
    /// Ticks ran for so long.
    pub(super) fn ran(&mut self, time: Duration) {
        // What one keyframe costs and a little more is saved up, never enough for a burst.
        self.credit = (self.credit + SHARE * time.as_secs_f64()).min(self.cost * 1.5);
    }

    /// Whether a keyframe is paid for. The first one, which tells what one costs, always is.
    pub(super) fn affords(&self) -> bool {
        self.credit >= self.cost
    }

    /// A keyframe was taken; it took so long.
    pub(super) fn took(&mut self, time: Duration) {
        let time = time.as_secs_f64();
        self.credit -= time;
        self.cost = if self.cost == 0.0 { time } else { (self.cost * 3.0 + time) / 4.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyframes_take_no_more_than_their_share() {
        for (tick, keyframe) in [(1.0, 0.4), (0.01, 3.0), (30.0, 1.0), (0.2, 0.2)] {
            let (mut pace, mut ran, mut spent) = (KeyframeBudget::default(), 0.0, 0.0);
            for _ in 0..20_000 {
                if pace.affords() {
                    pace.took(Duration::from_secs_f64(keyframe * 1e-3));
                    spent += keyframe;
                }
                pace.ran(Duration::from_secs_f64(tick * 1e-3));
                ran += tick;
            }
            let share = (spent - keyframe) / ran;
            assert!(share <= SHARE * 1.001, "{share} with ticks of {tick} and keyframes of {keyframe}");
            // And they do take it, unless a keyframe per tick is cheaper still.
            assert!((spent + keyframe) / ran >= SHARE * 0.8 || spent >= keyframe * 19_990.0, "{share}");
        }
    }
}
