//! Whether the times in a ledger are those of its ticks.
//!
//! Every tick lasts as long as every other, so the times of ticks lie on a line that begins with the first entry. A ledger doesn't say how
//! long a tick is; that all its times lie on one line shows all the same.

/// What is rounded, in milliseconds: times are told in whole ones.
const ROUNDING: f64 = 1.001;

/// The line on which times lie, as far as they tell it.
#[derive(Clone, Debug)]
pub struct Times {
    /// The time of tick 0.
    epoch: Option<i64>,
    /// A tick lasts at least so many milliseconds.
    least: f64,
    /// A tick lasts at most so many milliseconds.
    most: f64,
}

impl Default for Times {
    fn default() -> Self {
        Self { epoch: None, least: 0.0, most: f64::INFINITY }
    }
}

impl Times {
    /// Something happened at a time in one of the ticks `from` to `to`, or, where nothing is known of a first one, up to `to`.
    ///
    /// # Errors
    /// If that doesn't fit what is known, in words.
    pub fn note(&mut self, unix_ms: i64, from: Option<u64>, to: u64) -> Result<(), String> {
        let Some(epoch) = self.epoch else {
            // The first entry of a ledger is of tick 0; a file by itself that begins later tells no beginning.
            self.epoch = (to == 0).then_some(unix_ms);
            return Ok(());
        };
        let since = unix_ms as f64 - epoch as f64;
        let late = since - ROUNDING > self.most * to as f64 || (to == 0 && since > 0.0);
        let early = since < 0.0 || from.is_some_and(|from| since + ROUNDING < self.least * from as f64);
        if late || early {
            let told = if late { "later" } else { "earlier" };
            return Err(format!("its time ({unix_ms} ms) is {told} than tick {to}, by all other times of the ledger"));
        }
        if to > 0 {
            self.least = self.least.max((since - ROUNDING) / to as f64);
        }
        if let Some(from) = from.filter(|from| *from > 0) {
            self.most = self.most.min((since + ROUNDING) / from as f64);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ticks of all lengths, rounded down to milliseconds as clocks tell them, lie on a line; one that is off by two doesn't.
    #[test]
    fn times_of_ticks_lie_on_a_line_and_others_do_not() {
        for hz in [0.5, 1.0, 24.0, 30.0, 59.94, 60.0, 144.0, 1000.0, 4000.0] {
            let at = |tick: u64| 1_830_297_600_000 + (tick as f64 / hz * 1e3) as i64;
            let mut times = Times::default();
            let ticks = [0, 1, 2, 3, 7, 60, 61, 1000, 99_999, 10_000_000];
            for tick in ticks {
                times.note(at(tick), Some(tick), tick).unwrap();
                // Something of an earlier tick that is told later.
                times.note(at(tick / 2), None, tick).unwrap();
            }
            for tick in ticks {
                assert!(times.clone().note(at(tick) + 3, Some(tick), tick).is_err(), "{hz} Hz, tick {tick}");
                assert!(times.clone().note(at(tick) - 3, Some(tick), tick).is_err(), "{hz} Hz, tick {tick}");
                assert!(times.clone().note(at(tick) + 3, None, tick).is_err(), "{hz} Hz, tick {tick}");
            }
        }
    }
}
