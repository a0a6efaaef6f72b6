//! Numbers of an agent that the network adds.

use agent2028_core::agent::{Agent, AgentId, Region, Regions};
use agent2028_core::check::Range;
use agent2028_core::quantity::{AddQuantity, Quantity, QuantityKind, QuantitySpec};
use bevy::prelude::*;

use crate::config::NetworkConfig;
use crate::gossip::Gossip;
use crate::heartbeat::Heartbeats;
use crate::network::Network;
use crate::swim::Swim;

fn member(spec: QuantitySpec, read: fn(&World, &Network, AgentId) -> Option<f64>) -> Quantity {
    Quantity::derived::<&Agent>(spec, move |world, agent, _| {
        let network = world.get_resource::<Network>()?;
        network.members().place(agent.0)?;
        read(world, network, agent)
    })
}

/// Registers `degree`, `messages_sent`, `messages_received`, `home` and, where agents gossip, `informed` and `rumours`.
pub(crate) fn register(app: &mut App, config: &NetworkConfig) {
    let count = |name: &str, unit: &str, help: &str| {
        QuantitySpec::new(name, unit, help).of_kind(QuantityKind::Integer).within(Range::positive())
    };
    app.add_quantity(member(count("degree", "links", "How many links the agent has."), |_, network, agent| {
        Some(network.neighbours(agent).len() as f64)
    }));
    app.add_quantity(member(
        count("messages_sent", "messages", "How many messages the agent has sent."),
        |_, network, agent| Some(f64::from(network.sent_by(agent))),
    ));
    app.add_quantity(member(
        count("messages_received", "messages", "How many messages have reached the agent."),
        |_, network, agent| Some(f64::from(network.received_by(agent))),
    ));
    app.add_quantity(
        Quantity::derived::<&Region>(
            QuantitySpec::new("home", "", "The region that the agent is at home in."),
            |_, _, region| Some(f64::from(region.0)),
        )
        .completed_by(|world, spec| {
            let names = world.get_resource::<Regions>().map(|regions| regions.names().to_vec());
            spec.kind = QuantityKind::Category(names.unwrap_or_default());
        }),
    );
    app.add_quantity(member(
        QuantitySpec::new("partition", "", "Whether the agent is inside of the last partition.")
            .among(["outside", "inside"]),
        |_, network, agent| {
            let last = network.faults().partitions.last()?;
            Some(f64::from(u8::from(last.inside.contains(agent.0))))
        },
    ));
    if config.detector.swim.is_some() || config.detector.heartbeat.is_some() {
        app.add_quantity(member(
            count("suspicion", "agents", "How many suspect the agent or hold it for failed."),
            |world, _, agent| {
                let swim = world.get_resource::<Swim>().map_or(0, |swim| swim.doubted_by(agent));
                let hearts = world.get_resource::<Heartbeats>().map_or(0, |hearts| hearts.doubted_by(agent));
                Some(f64::from(swim.max(hearts)))
            },
        ));
    }
    if config.gossip.is_some() {
        app.add_quantity(member(
            QuantitySpec::new("informed", "", "Whether the agent has heard the last rumour.").among(["no", "yes"]),
            |world, _, agent| {
                let last = world.get_resource::<Gossip>()?.rumours().iter().next_back()?;
                Some(f64::from(u8::from(last.informed.contains(agent.0))))
            },
        ));
        app.add_quantity(member(
            count("rumours", "rumours", "How many rumours the agent remembers."),
            |world, _, agent| Some(world.get_resource::<Gossip>()?.seen().of(agent.0).count() as f64),
        ));
    }
}
