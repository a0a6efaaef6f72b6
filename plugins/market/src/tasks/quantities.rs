//! Numbers of an agent that the task market adds to those that its components hold.

use agent2028_core::agent::{Agent, AgentId};
use agent2028_core::check::Range;
use agent2028_core::quantity::{AddQuantity, Quantity, QuantitySpec};
use bevy::prelude::*;

use super::state::TaskAuctions;
use super::worker::Worker;

/// Registers `tasks`, `income`, `profit`, `fulfilment` and `busy`.
pub(crate) fn register(app: &mut App) {
    type Read = fn(&Worker) -> f64;
    let amount = |name: &str, help: &str| QuantitySpec::new(name, "minor units", help);
    let quantities: [(QuantitySpec, Read); 5] = [
        (
            QuantitySpec::new("tasks", "tasks", "How many tasks the agent has.").within(Range::positive()),
            |worker| f64::from(worker.load),
        ),
        (amount("income", "What the agent was paid for tasks since the start."), |worker| worker.earned as f64),
        (amount("profit", "That, less what the tasks cost it."), |worker| worker.profit as f64),
        (
            QuantitySpec::new(
                "fulfilment",
                "",
                "Of what the agent was given the share that it did, counted as if it had done two more and failed at one.",
            )
            .within(Range::new(0.0, 1.0)),
            Worker::fulfilment,
        ),
        (
            QuantitySpec::new("busy", "", "What the agent does for tasks: 0 nothing, 0.5 it travels, 1 it works.")
                .within(Range::new(0.0, 1.0)),
            |worker| match (worker.task(), worker.works()) {
                (None, _) => 0.0,
                (Some(_), false) => 0.5,
                (Some(_), true) => 1.0,
            },
        ),
    ];
    for (spec, read) in quantities {
        let one = move |world: &World, agent: AgentId, _: &Agent| {
            world.get_resource::<TaskAuctions>()?.worker(agent).map(read)
        };
        let all = move |world: &World, column: &mut Vec<(AgentId, f32)>| {
            let Some(state) = world.get_resource::<TaskAuctions>() else { return };
            column.extend(state.workers().map(|(agent, worker)| (agent, read(worker) as f32)));
        };
        app.add_quantity(Quantity::derived::<&Agent>(spec, one).filled_by(all));
    }
}
