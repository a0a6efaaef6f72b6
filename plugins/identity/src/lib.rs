//! Identities, hybrid signatures, attestations, delegations and sealed channels for Agent2028.
//!
//! | module | what it holds |
//! |---|---|
//! | [`suite`] | the suites: a classic and a lattice scheme side by side, behind one trait |
//! | [`canonical`], [`signature`] | what is hashed and signed, and how |
//! | [`did`], [`control`] | identifiers and their documents; proofs that somebody has the keys |
//! | [`attestation`], [`delegation`], [`scope`] | who may use what, and lets whom |
//! | [`revocation`] | what is taken back |
//! | [`validator`] | may this agent use this capability, and why or why not |
//! | [`channel`] | sealed channels |
//! | [`secret`] | bytes that never leave |

pub mod attestation;
mod base58;
pub mod canonical;
pub mod channel;
pub mod control;
pub mod delegation;
pub mod did;
#[cfg(test)]
mod fixture;
pub mod revocation;
pub mod scope;
pub mod secret;
pub mod signature;
pub mod suite;
pub mod timestamp;
pub mod validator;
