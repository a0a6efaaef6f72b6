//! Identities, hybrid signatures, attestations, delegations and sealed channels for Agent2028.
