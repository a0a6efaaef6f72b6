//! Letters of other plugins travel over the links of the network, as every other message.

use std::sync::Arc;

use agent2028_core::agent::{AgentId, Carrier, Letter};
use agent2028_core::rng::SimStream;
use bevy::prelude::World;

use crate::inbox::Inbox;
use crate::message::{Message, MessageKind, MessageKinds};
use crate::network::Network;

/// The network as carrier of letters of a kind.
#[derive(Clone, Copy, Debug)]
struct NetworkMail(MessageKind);

/// A carrier of letters of this name.
pub(crate) fn carrier(world: &mut World, name: &'static str) -> Arc<dyn Carrier> {
    Arc::new(NetworkMail(world.get_resource_or_init::<MessageKinds>().register(name)))
}

impl Carrier for NetworkMail {
    fn pick(&self, world: &World, agent: AgentId, stream: &mut SimStream) -> Option<AgentId> {
        let neighbours = world.get_resource::<Network>()?.neighbours(agent);
        let at = (stream.unit() * neighbours.len() as f32) as usize;
        (at < neighbours.len()).then(|| AgentId(neighbours.get(at)))
    }

    fn send(&self, world: &mut World, letter: Letter) {
        if let Some(mut network) = world.get_resource_mut::<Network>() {
            let Letter { from, to, moment, content } = letter;
            // The link may have gone since the other wrote.
            let _ = network.send_at(moment, from, to, self.0, &content);
        }
    }

    fn arrived(&self, world: &World) -> Vec<Letter> {
        let inbox = world.get_resource::<Inbox>();
        let ours = inbox.into_iter().flat_map(|inbox| inbox.of_kind(self.0));
        let letter = |message: Message<'_>| Letter {
            from: message.from,
            to: message.to,
            moment: message.arrives,
            content: message.payload.to_vec(),
        };
        ours.map(letter).collect()
    }
}
