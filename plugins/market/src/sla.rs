//! What a provider promises about its service, and whether it kept it: uptime, latency, hours of availability.
//!
//! All of it is integer arithmetic over what was measured, so that a breach is a fact and not a rounding error.

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Deserialize, Serialize};

/// Parts of a million: 999 000 is 99.9 %.
pub const MILLION: u64 = 1_000_000;

/// How many of `total` may fail at an uptime in parts of a million: 1 of 1000 at 99.9 %, 2592 seconds (43.2 minutes) of 30 days.
#[must_use]
pub fn allowed_failures(total: u64, uptime_ppm: u32) -> u64 {
    let missing = MILLION.saturating_sub(u64::from(uptime_ppm));
    // At most `total`, since the parts missing are at most a million.
    (u128::from(total) * u128::from(missing) / u128::from(MILLION)) as u64
}

/// When service is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    minutes: u64,
    hours: u32,
    days: u32,
    months: u16,
    weekdays: u8,
    /// Days of the month and of the week are both named, which means either, as in cron.
    either_day: bool,
}

/// Why hours of availability can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHours {
    /// Neither `24x7` nor five fields.
    #[error("expected `24x7` or five fields (minute hour day month weekday), as in `* 8-17 * * 1-5`")]
    Fields,
    /// A field has something else than numbers, ranges, steps and lists within its limits.
    #[error(
        "`{text}` is no {name}: expected `*`, numbers from {low} to {high}, ranges such as {low}-{high}, steps such as */2, or a list of these"
    )]
    Field {
        /// Which field.
        name: &'static str,
        /// What stands there.
        text: String,
        /// Its smallest number.
        low: u32,
        /// Its largest number.
        high: u32,
    },
}

/// A field of a cron line as a set of numbers.
fn field(text: &str, name: &'static str, low: u32, high: u32) -> Result<u64, BadHours> {
    let bad = || BadHours::Field { name, text: text.to_owned(), low, high };
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| (low..=high).contains(number)).ok_or_else(bad);
    let mut set = 0_u64;
    for part in text.split(',') {
        let (range, step) =
            part.split_once('/').map_or((part, Ok(1)), |(range, step)| (range, step.parse().map_err(|_| bad())));
        let step: u32 = step?;
        if step == 0 {
            return Err(bad());
        }
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((first, last)) => (number(first)?, number(last)?),
            None if part.contains('/') => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if first > last {
            return Err(bad());
        }
        (first..=last).step_by(step as usize).for_each(|at| set |= 1 << at);
    }
    Ok(set)
}

impl Availability {
    /// Always.
    pub const ALWAYS: Self = Self {
        minutes: u64::MAX,
        hours: u32::MAX,
        days: u32::MAX,
        months: u16::MAX,
        weekdays: u8::MAX,
        either_day: false,
    };

    /// Reads `24x7`, or the minutes at which service is promised as cron would name them: minute (0–59), hour (0–23), day of
    /// the month (1–31), month (1–12), weekday (0–7, Sunday is 0 and 7). Hours are UTC.
    ///
    /// # Errors
    /// See [`BadHours`].
    pub fn parse(text: &str) -> Result<Self, BadHours> {
        if text.trim() == "24x7" {
            return Ok(Self::ALWAYS);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else { return Err(BadHours::Fields) };
        let weekdays = field(weekday, "weekday", 0, 7)?;
        Ok(Self {
            minutes: field(minute, "minute", 0, 59)?,
            hours: field(hour, "hour", 0, 23)? as u32,
            days: field(day, "day", 1, 31)? as u32,
            months: field(month, "month", 1, 12)? as u16,
            // Seven is Sunday, too.
            weekdays: (weekdays | weekdays >> 7) as u8 & 0x7f,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        })
    }

    /// Whether service is promised at a time.
    #[must_use]
    pub fn covers(&self, time: DateTime<Utc>) -> bool {
        let has = |set: u64, at: u32| set >> at & 1 == 1;
        let day = has(self.days.into(), time.day());
        let weekday = has(self.weekdays.into(), time.weekday().num_days_from_sunday());
        has(self.minutes, time.minute())
            && has(self.hours.into(), time.hour())
            && has(self.months.into(), time.month())
            && if self.either_day { day || weekday } else { day && weekday }
    }
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sla {
    /// At least this much of what is asked succeeds, in parts of a million.
    pub uptime_ppm: u32,
    /// 99 % of what succeeds takes at most so long, in µs.
    pub p99_us: Option<u64>,
    /// How many requests the promise is about: the failures allowed are those of so many.
    pub requests: u64,
    /// When it holds. What is asked at other times does not count.
    pub availability: Availability,
}

/// What was measured, of requests within the promised hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Requests that succeeded.
    pub served: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Of those that succeeded, how many took longer than promised.
    pub slow: u64,
    /// Requests at times that the promise is not about.
    pub outside: u64,
}

/// A promise that was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// More failed than may.
    Uptime {
        /// How many failed.
        failed: u64,
        /// How many may.
        allowed: u64,
    },
    /// The 99th percentile is above the promise.
    Latency {
        /// How many were slow.
        slow: u64,
        /// How many may.
        allowed: u64,
    },
}

impl Measured {
    /// Counts a request: when it was made, whether it succeeded, how long it took.
    pub fn count(&mut self, sla: &Sla, at: DateTime<Utc>, succeeded: bool, latency_us: u64) {
        if !sla.availability.covers(at) {
            self.outside += 1;
        } else if succeeded {
            self.served += 1;
            self.slow += u64::from(sla.p99_us.is_some_and(|most| latency_us > most));
        } else {
            self.failed += 1;
        }
    }

    /// Whether a promise is broken for good, as far as failures go, or would be if the contract ended now, as far as
    /// latency goes: judge it at the end.
    ///
    /// The 99th percentile by nearest rank of n latencies is the ⌈0.99·n⌉-th smallest; it is within the promise exactly if
    /// no more than ⌊n/100⌋ are slow.
    #[must_use]
    pub fn breach(&self, sla: &Sla, at_the_end: bool) -> Option<Breach> {
        // Before the end as much may have failed, or been slow, as if all that are left were served, and fast. What failed is
        // asked for again, so that as many as were promised may yet be served.
        let served = if at_the_end { self.served } else { self.served.max(sla.requests) };
        let allowed = allowed_failures(sla.requests.max(served.saturating_add(self.failed)), sla.uptime_ppm);
        if self.failed > allowed {
            return Some(Breach::Uptime { failed: self.failed, allowed });
        }
        let allowed = served / 100;
        (self.slow > allowed).then_some(Breach::Latency { slow: self.slow, allowed })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn at(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
        // The 1st of January 2028 is a Saturday.
        Utc.with_ymd_and_hms(2028, 1, day, hour, minute, 0).unwrap()
    }

    fn sla(requests: u64) -> Sla {
        Sla { uptime_ppm: 999_000, p99_us: Some(50_000), requests, availability: Availability::ALWAYS }
    }

    #[test]
    fn an_uptime_of_999_in_1000_over_1000_requests_allows_one_failure_and_the_second_breaches() {
        let (sla, mut measured) = (sla(1000), Measured::default());
        measured.count(&sla, at(1, 0, 0), false, 0);
        assert_eq!(measured.breach(&sla, false), None);
        measured.count(&sla, at(1, 0, 1), false, 0);
        assert_eq!(measured.breach(&sla, false), Some(Breach::Uptime { failed: 2, allowed: 1 }));
    }

    #[test]
    fn an_uptime_of_999_in_1000_over_30_days_allows_43_minutes_and_12_seconds() {
        assert_eq!(allowed_failures(30 * 24 * 60 * 60, 999_000), 43 * 60 + 12);
        assert_eq!(allowed_failures(1000, 1_000_000), 0);
        assert_eq!(allowed_failures(u64::MAX, 0), u64::MAX);
        // The usual table: 99.99 % is 4.32 minutes, 99 % is 7.2 hours.
        assert_eq!(allowed_failures(30 * 24 * 60 * 60, 999_900), 259);
        assert_eq!(allowed_failures(30 * 24 * 60 * 60, 990_000), 7 * 3600 + 720);
    }

    #[test]
    fn the_99th_percentile_is_that_of_nearest_rank() {
        for (served, slow) in [(99_u64, 0), (99, 1), (100, 1), (100, 2), (250, 2), (250, 3), (1, 1)] {
            let (sla, mut measured) = (Sla { uptime_ppm: 0, ..sla(0) }, Measured::default());
            let latencies: Vec<u64> = (0..served).map(|at| if at < slow { 60_000 } else { 50_000 }).collect();
            latencies.iter().for_each(|latency| measured.count(&sla, at(1, 0, 0), true, *latency));
            let mut sorted = latencies;
            sorted.sort_unstable();
            let p99 = sorted[(served as usize * 99).div_ceil(100) - 1];
            assert_eq!(measured.breach(&sla, true).is_some(), p99 > 50_000, "{slow} of {served}");
        }
    }

    #[test]
    fn latency_is_broken_before_the_end_only_if_nothing_can_mend_it() {
        let (sla, mut measured) = (sla(1000), Measured::default());
        (0..10).for_each(|_| measured.count(&sla, at(1, 0, 0), true, 60_000));
        assert_eq!(measured.breach(&sla, false), None);
        assert!(measured.breach(&sla, true).is_some());
        measured.count(&sla, at(1, 0, 0), true, 60_000);
        assert_eq!(measured.breach(&sla, false), Some(Breach::Latency { slow: 11, allowed: 10 }));
    }

    /// What is called broken for good stays broken, whatever comes: tried with all ways in which requests can end, failed ones
    /// being asked for again until as many as promised are served.
    #[test]
    fn what_is_broken_before_the_end_is_broken_at_the_end() {
        for (requests, uptime_ppm) in [(3, 500_000), (4, 800_000), (100, 990_000), (99, 990_000), (199, 995_000)] {
            let sla = Sla { uptime_ppm, ..sla(requests) };
            for failures in 0..4 {
                for slow in 0..3.min(requests) {
                    let mut measured = Measured::default();
                    let mut broken = false;
                    // The worst comes first.
                    (0..failures).for_each(|_| measured.count(&sla, at(1, 0, 0), false, 0));
                    broken |= measured.breach(&sla, false).is_some();
                    for served in 0..requests {
                        measured.count(&sla, at(1, 0, 0), true, if served < slow { 60_000 } else { 0 });
                        broken |= measured.breach(&sla, false).is_some();
                    }
                    let parts = [1_000_000 * failures > u64::from(1_000_000 - uptime_ppm) * (requests + failures)];
                    // By the words of the promise: the part that failed, and the nearest-rank percentile.
                    let should = parts[0] || slow > requests / 100;
                    assert_eq!(measured.breach(&sla, true).is_some(), should, "{requests} {failures} {slow}");
                    assert_eq!(broken, should, "{requests} {failures} {slow} before the end");
                }
            }
        }
    }

    #[test]
    fn hours_of_availability_are_those_that_cron_would_name() {
        let office = Availability::parse("* 8-17 * * 1-5").unwrap();
        // Saturday, Sunday, Monday.
        assert!(!office.covers(at(1, 9, 0)) && !office.covers(at(2, 9, 0)) && office.covers(at(3, 8, 0)));
        assert!(office.covers(at(3, 17, 59)) && !office.covers(at(3, 18, 0)) && !office.covers(at(3, 7, 59)));
        assert!(Availability::parse("24x7").unwrap().covers(at(1, 3, 33)));
        let sundays = Availability::parse("*/15,7 * * * 7").unwrap();
        assert!(sundays.covers(at(2, 0, 45)) && sundays.covers(at(2, 0, 7)) && !sundays.covers(at(2, 0, 8)));
        // Days of month and week are alternatives if both are named.
        let either = Availability::parse("* * 13 * 5").unwrap();
        assert!(either.covers(at(13, 0, 0)) && either.covers(at(7, 0, 0)) && !either.covers(at(12, 0, 0)));
        for wrong in ["", "* * * *", "60 * * * *", "* 9-8 * * *", "* */0 * * *", "* * 0 * *", "x * * * *", "* * * 13 *"]
        {
            assert!(Availability::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_asked_outside_of_the_hours_does_not_count() {
        let sla = Sla { availability: Availability::parse("* 8-17 * * 1-5").unwrap(), ..sla(1000) };
        let mut measured = Measured::default();
        (0..50).for_each(|_| measured.count(&sla, at(1, 9, 0), false, 0));
        assert_eq!((measured.outside, measured.failed, measured.breach(&sla, true)), (50, 0, None));
    }
}
