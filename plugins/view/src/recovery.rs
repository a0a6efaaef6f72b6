//! How far an agent has recovered.

use agent2028_core::agent::{Condition, Status};

/// The ring around a recovering agent closes over this many simulated seconds before the agent is well.
pub const CLOSING_SECONDS: f64 = 3.0;

/// How far the ring around an agent has closed, 0–1, or none if the agent is well, won't recover, or not yet soon.
#[must_use]
pub fn closing_share(condition: &Condition, tick: u64, tick_hz: f64) -> Option<f32> {
    let until = match condition.status {
        Status::Active if condition.health < condition.base_health => condition.health_until,
        Status::Active => return None,
        Status::Failed | Status::Frozen => condition.status_until,
    };
    if until == u64::MAX {
        return None;
    }
    let left = until.saturating_sub(tick) as f64 / tick_hz;
    (left <= CLOSING_SECONDS).then(|| (1.0 - left / CLOSING_SECONDS) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_closes_in_the_last_seconds_of_what_ends() {
        let failed = Condition { status: Status::Failed, status_until: 600, ..Condition::default() };
        assert_eq!(closing_share(&failed, 100, 60.0), None, "not yet soon");
        assert_eq!(closing_share(&failed, 420, 60.0), Some(0.0));
        assert_eq!(closing_share(&failed, 510, 60.0), Some(0.5));
        assert_eq!(closing_share(&failed, 600, 60.0), Some(1.0));
        assert_eq!(closing_share(&Condition { status_until: u64::MAX, ..failed }, 600, 60.0), None);
        assert_eq!(closing_share(&Condition::default(), 0, 60.0), None);
        let weak = Condition { health: 0.5, health_until: 60, ..Condition::default() };
        assert_eq!(closing_share(&weak, 60, 60.0), Some(1.0));
    }
}
