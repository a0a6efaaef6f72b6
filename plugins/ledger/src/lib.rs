//! An append-only Merkle ledger of what happened, for Agent2028.
