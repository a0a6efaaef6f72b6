//! Numbers of an agent that operations add to those that its components hold.

use agent2028_core::agent::{AgentId, ServiceRecord};
use agent2028_core::check::Range;
use agent2028_core::quantity::{AddQuantity, Quantity, QuantityKind, QuantitySpec};
use bevy::prelude::*;

use crate::engine::Operations;
use crate::server::{PRESENT, Server};

/// Registers `load`, `queue`, `utilisation`, `assigned`, `completed`, `failures`, `latency`, `reliability` and `report gap`.
pub(crate) fn register(app: &mut App) {
    type Read = fn(&Server) -> f64;
    let count = |name: &str, help: &str| {
        QuantitySpec::new(name, "operations", help).of_kind(QuantityKind::Integer).within(Range::positive())
    };
    let share = |name: &str, help: &str| QuantitySpec::new(name, "", help).within(Range::new(0.0, 1.0));
    let quantities: [(QuantitySpec, Read); 9] = [
        (count("load", "Operations at the agent, in work and waiting."), |server| f64::from(server.load())),
        (count("queue", "Operations that wait in front of the agent."), |server| f64::from(server.waiting)),
        (share("utilisation", "The share of what the agent can work on at once that it works on."), |server| {
            f64::from(server.executing) / f64::from(server.slots.max(1))
        }),
        (count("assigned", "Operations that the agent was given."), |server| f64::from(server.assigned)),
        (count("completed", "Operations that the agent has completed."), |server| f64::from(server.completed)),
        (count("failures", "Attempts of the agent that failed or were given up."), |server| f64::from(server.failed)),
        (
            QuantitySpec::new("latency", "ms", "How long the agent's operations take, as observed.")
                .within(Range::positive()),
            |server| f64::from(server.latency_ms),
        ),
        (share("reliability", "The share of the agent's operations that succeed, as observed."), |server| {
            f64::from(server.reliability)
        }),
        (share("report_gap", "How far what the agent reports is from what is observed of it."), |server| {
            f64::from(server.report_gap())
        }),
    ];
    for (spec, read) in quantities {
        let one = move |world: &World, agent: AgentId, _: &ServiceRecord| {
            world.get_resource::<Operations>()?.server(agent).map(read)
        };
        let all = move |world: &World, column: &mut Vec<(AgentId, f32)>| {
            let Some(operations) = world.get_resource::<Operations>() else { return };
            let present = operations.servers().agents().filter(|(_, server)| server.is(PRESENT));
            column.extend(present.map(|(agent, server)| (agent, read(server) as f32)));
        };
        app.add_quantity(Quantity::derived::<&ServiceRecord>(spec, one).filled_by(all));
    }
}
