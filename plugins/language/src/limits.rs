//! What the fields of types tell about their numbers: units and ranges, as reflect attributes.

use bevy_reflect::Reflect;

/// A reflect attribute: the field is the name of a file, relative to the scene's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect)]
pub struct FileName;

/// A reflect attribute: the unit of a field, such as `units/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect)]
pub struct Unit(pub &'static str);

/// A reflect attribute: the values that a numeric field may take, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Reflect)]
pub struct Range {
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl Range {
    /// The closed range from `min` to `max`.
    #[must_use]
    pub const fn new(min: f64, max: f64) -> Self {
        Self { min, max }
    }

    /// Everything from 0 up.
    #[must_use]
    pub const fn positive() -> Self {
        Self { min: 0.0, max: f64::MAX }
    }

    /// Whether the value lies in the range; what isn't a number doesn't.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        value >= self.min && value <= self.max
    }

    /// Whether a value of single precision lies in the range. The ends are rounded as the value was: 0.01 is a little less in single
    /// precision, and still in the range from 0.01.
    #[must_use]
    pub fn contains_single(&self, value: f32) -> bool {
        value.is_finite() && value >= self.min as f32 && value <= self.max as f32
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Where a range begins with the least number that a program tells from zero, nobody reads its three hundred digits.
        let above_zero = self.min > 0.0 && self.min < 1e-100;
        if self.max >= f64::MAX && above_zero {
            f.write_str("above 0")
        } else if self.max >= f64::MAX {
            write!(f, "at least {}", self.min)
        } else if above_zero {
            write!(f, "above 0 to {}", self.max)
        } else {
            write!(f, "{} to {}", self.min, self.max)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_refuses_what_is_not_a_number() {
        assert!(!Range::positive().contains(f64::NAN));
        assert!(Range::new(0.0, 1.0).contains(1.0));
        for end in [0.01, 0.1, 1e-3, 1e-6, 0.7, 1e7 + 0.1] {
            let range = Range::new(end, end);
            assert!(range.contains_single(end as f32) && !range.contains_single((end as f32).next_up()), "{end}");
        }
        assert!(!Range::positive().contains_single(f32::NAN) && !Range::positive().contains_single(f32::INFINITY));
    }
}
