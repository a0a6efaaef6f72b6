//! How agents agree, although some of them lie: pure state machines and functions.
//!
//! Nothing here knows a world, a clock or a source of chance. A voter is a value that takes a message or a timeout and gives
//! messages, timers and decisions back; the simulation, the exploration of all orders of messages and the tests run this same
//! value. Sums are of whole numbers, so that no order of adding changes a result.
//!
//! | module | what it holds |
//! |---|---|
//! | [`quorum`] | how many votes decide, and how many liars that survives |
//! | [`committee`] | voters with voting power, and the rotation of proposers by it |
//! | [`message`] | votes, proposals, certificates and evidence of the log |
//! | [`tally`] | which votes of a height were received, and which thresholds they reach |
//! | [`replica`] | one voter of the log: Tendermint's rounds, locks and timeouts |
//! | [`durable`] | what a voter must have written down before it sends |
//! | [`exploration`] | a few voters and all that can happen to them next, for checking |
//! | [`ballot`], [`pool`] | proposals that are voted on until a deadline: majorities, confidence, approval, quadratic |
//! | [`schulze`] | ranked voting |
//! | [`verification`] | what decisions turned out to be worth |

pub mod ballot;
pub mod committee;
pub mod durable;
pub mod exploration;
pub mod message;
pub mod pool;
pub mod quorum;
pub mod replica;
pub mod schulze;
pub mod tally;
pub mod verification;
