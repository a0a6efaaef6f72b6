//! Reputation, transitive trust and audits of raters for Agent2028.
