//! Letters from agent to agent, over whatever links there are: whoever sends them need not know who carries them.

use std::sync::Arc;

use bevy::prelude::*;

use super::AgentId;
use crate::rng::SimStream;
use crate::time::Time;

/// A network that carries letters from agent to agent.
pub trait Carrier: Send + Sync {
    /// An agent by chance that this one can send something to, if there is any.
    fn pick(&self, world: &World, agent: AgentId, stream: &mut SimStream) -> Option<AgentId>;

    /// Sends a letter in this tick. What becomes of it nobody is told.
    fn send(&self, world: &mut World, letter: Letter);

    /// The letters that have arrived in this tick, in order.
    fn arrived(&self, world: &World) -> Vec<Letter>;
}

/// What one agent sends to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Who sends it.
    pub from: AgentId,
    /// To whom.
    pub to: AgentId,
    /// When it is sent, or has arrived.
    pub moment: Time,
    /// What it says.
    pub content: Vec<u8>,
}

/// Who carries letters, if somebody does: a plugin with links between agents adds this, and a plugin that is built later and has
/// letters to send asks for a carrier by the name of its letters. Without it every two agents can meet.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Carriers(pub fn(&mut World, &'static str) -> Arc<dyn Carrier>);
