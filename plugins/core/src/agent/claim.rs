//! Who moves which agents: a group belongs to at most one plugin that moves agents.

use std::collections::BTreeMap;

use bevy::prelude::*;

/// The groups that plugins have claimed to move, by the plugin's section. Derived from the plugins' sections, so it is
/// not saved in checkpoints: each plugin claims anew when its section changes.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct MotionClaims(BTreeMap<&'static str, Vec<String>>);

impl MotionClaims {
    /// Says that `section` moves these groups, instead of those it claimed before. Returns whether that is a change.
    pub fn claim(&mut self, section: &'static str, groups: impl IntoIterator<Item = String>) -> bool {
        let groups: Vec<String> = groups.into_iter().collect();
        self.0.insert(section, groups.clone()).unwrap_or_default() != groups
    }

    /// The groups that sections other than `section` move.
    pub fn claimed_by_others(&self, section: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(owner, _)| **owner != section).flat_map(|(_, groups)| groups).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_replaced_and_seen_by_others() {
        let mut claims = MotionClaims::default();
        assert!(claims.claim("foraging", ["ant".to_owned()]));
        assert!(!claims.claim("foraging", ["ant".to_owned()]));
        assert!(claims.claim("boids", ["bird".to_owned()]));
        assert_eq!(claims.claimed_by_others("boids").collect::<Vec<_>>(), ["ant"]);
        assert!(claims.claim("foraging", []));
        assert_eq!(claims.claimed_by_others("boids").count(), 0);
    }
}
