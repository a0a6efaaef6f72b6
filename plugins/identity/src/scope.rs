//! What a capability that is given to somebody covers.

use agent2028_core::agent::parse_pattern;

/// What somebody must hold to attest capabilities to others: this, a dot, and what may be attested.
pub const ISSUE: &str = "identity.issue";

/// What an issuer of everything holds.
pub const ISSUE_ALL: &str = "identity.issue.*";

/// Whether everything that `narrow` allows is allowed by `wide`, both being capabilities or patterns of them
/// (`database.*`). What isn't well-formed covers nothing and is covered by nothing.
#[must_use]
pub fn covers(wide: &str, narrow: &str) -> bool {
    let (Ok((wide, is_wide)), Ok((narrow, is_narrow))) = (parse_pattern(wide), parse_pattern(narrow)) else {
        return false;
    };
    if is_wide { narrow.starts_with(wide) } else { !is_narrow && wide == narrow }
}

/// What somebody must hold to attest `capability` to others. Who may attest something may make others attest the same or
/// less; what would make somebody an issuer of everything takes an issuer of everything.
#[must_use]
pub fn issuer_of(capability: &str) -> String {
    if covers(capability, ISSUE_ALL) {
        ISSUE_ALL.into()
    } else if capability.strip_prefix(ISSUE).is_some_and(|rest| rest.starts_with('.')) {
        capability.into()
    } else {
        format!("{ISSUE}.{capability}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_makes_issuers_of_more_than_it_may_attest() {
        assert_eq!(issuer_of("database.query"), "identity.issue.database.query");
        assert_eq!(issuer_of("identity.issue.database.*"), "identity.issue.database.*");
        for all in ["*", "identity.*", "identity.issue.*"] {
            assert_eq!(issuer_of(all), ISSUE_ALL);
        }
        assert!(!covers("identity.issue.identity.*", &issuer_of("identity.*")));
        assert!(!covers("identity.issue.database.*", &issuer_of("identity.issue.mail.*")));
    }

    #[test]
    fn a_pattern_covers_what_is_below_it() {
        for (wide, narrow) in [
            ("database.query", "database.query"),
            ("database.*", "database.query"),
            ("database.*", "database.query.fast"),
            ("database.*", "database.query.*"),
            ("database.*", "database.*"),
            ("*", "database.*"),
            ("*", "*"),
            ("identity.issue.*", "identity.issue.database.*"),
        ] {
            assert!(covers(wide, narrow), "{wide} covers {narrow}");
        }
        for (wide, narrow) in [
            ("database.query", "database.*"),
            ("database.query", "database.query.fast"),
            ("database.*", "*"),
            ("database.*", "databases.query"),
            ("database.*", "database"),
            ("", "database"),
            ("a..b", "a..b"),
        ] {
            assert!(!covers(wide, narrow), "{wide} doesn't cover {narrow}");
        }
    }
}
