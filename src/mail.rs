//! Revocation lists travel over the links of the network, as every other message.

use agent2028_core::agent::AgentId;
use agent2028_core::rng::SimStream;
use agent2028_identity::{Carrier, Letter};
use agent2028_network::{Inbox, MessageKind, Network};
use bevy::prelude::World;

/// What these messages are called.
pub const NAME: &str = "revocations";

/// The network as carrier of letters.
#[derive(Clone, Copy, Debug)]
pub struct NetworkMail(pub MessageKind);

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
        let ours = inbox.into_iter().flat_map(Inbox::iter).filter(|message| message.kind == self.0);
        let letter = |message: agent2028_network::Message<'_>| Letter {
            from: message.from,
            to: message.to,
            moment: message.arrives,
            content: message.payload.to_vec(),
        };
        ours.map(letter).collect()
    }
}
