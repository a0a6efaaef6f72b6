//! Messages between voters that aren't linked: agents on the shortest way pass them on.

use std::collections::{BTreeMap, VecDeque};

use agent2028_core::agent::AgentId;
use agent2028_network::Network;
use serde::{Deserialize, Serialize};

use crate::protocol::message::Voter;

/// How often a message is passed on at most: links may change while it is on its way.
pub(crate) const MOST_HOPS: u8 = 64;

/// A message on its way through others. Its author has signed it, so that who passes it on can't change it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parcel {
    pub author: Voter,
    pub to: Voter,
    /// How often it was passed on.
    pub hops: u8,
    pub content: Vec<u8>,
}

/// The shortest ways of a tick over agents that act, by whom they lead to.
#[derive(Debug, Default)]
pub(crate) struct Routes(BTreeMap<u32, BTreeMap<u32, u32>>);

impl Routes {
    /// Whom an agent sends something to that is for somebody; nothing if no way leads there.
    pub fn next(&mut self, network: &Network, from: AgentId, to: AgentId) -> Option<AgentId> {
        if network.neighbours(from).iter().any(|other| other == to.0) {
            return Some(to);
        }
        let ways = self.0.entry(to.0).or_insert_with(|| ways_to(network, to));
        ways.get(&from.0).copied().map(AgentId)
    }
}

/// The next agent on the way to somebody, for everybody who can reach it.
fn ways_to(network: &Network, to: AgentId) -> BTreeMap<u32, u32> {
    let mut next = BTreeMap::from([(to.0, to.0)]);
    let mut waiting = VecDeque::from([to.0]);
    while let Some(agent) = waiting.pop_front() {
        for neighbour in network.neighbours(AgentId(agent)).iter() {
            if !next.contains_key(&neighbour) && network.acts(neighbour) {
                next.insert(neighbour, agent);
                waiting.push_back(neighbour);
            }
        }
    }
    next
}
