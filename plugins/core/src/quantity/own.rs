//! What every agent has: number, group, status, health, place and motion.

use bevy::math::ops;
use bevy::prelude::*;

use super::{AddQuantity, Quantity, QuantityKind, QuantitySpec};
use crate::agent::{AgentGroups, AgentIndex, Condition, GroupId, Position, ServiceRecord, Status, Velocity};
use crate::check::Range;
use crate::space::WorldBounds;

/// Where something moves to, in degrees counter-clockwise from the x axis, 0 to 360; `None` for what stands still.
fn heading(velocity: Vec2) -> Option<f64> {
    if velocity == Vec2::ZERO {
        return None;
    }
    let degrees = f64::from(ops::atan2(velocity.y, velocity.x).to_degrees());
    Some(if degrees < 0.0 { degrees + 360.0 } else { degrees })
}

/// What of agents can be counted and coloured by, whichever plugins there are.
pub(crate) struct QuantityPlugin;

impl Plugin for QuantityPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<super::Quantities>();
        register(app);
    }
}

/// Registers core's quantities.
fn register(app: &mut App) {
    // They can be named before anybody carries one.
    app.world_mut().register_component::<Position>();
    app.world_mut().register_component::<Velocity>();
    app.world_mut().register_component::<Condition>();
    app.world_mut().register_component::<ServiceRecord>();
    let spec = |name: &str, unit: &str, help: &str| QuantitySpec::new(name, unit, help);
    app.add_quantity(Quantity::derived::<()>(
        spec("id", "", "The agent's number, from 0 in the order of joining.").of_kind(QuantityKind::Integer),
        |_, agent, ()| Some(f64::from(agent.0)),
    ));
    app.add_quantity(
        Quantity::derived::<()>(spec("group", "", "The group that the agent belongs to."), |world, agent, ()| {
            world.resource::<AgentGroups>().group_of(agent).map(|group| f64::from(group.0))
        })
        .filled_by(|world, column| {
            let (groups, index) = (world.resource::<AgentGroups>(), world.resource::<AgentIndex>());
            for number in 0..groups.groups().len() {
                for range in groups.ranges_of(GroupId(number as u16)) {
                    let ids = range.map(crate::agent::AgentId);
                    column.extend(ids.filter(|id| index.get(*id).is_some()).map(|id| (id, number as f32)));
                }
            }
        })
        .completed_by(|world, spec| {
            let groups = world.resource::<AgentGroups>().groups();
            spec.kind = QuantityKind::Category(groups.iter().map(|group| group.name.clone()).collect());
        }),
    );
    app.add_quantity(Quantity::derived::<Option<&Condition>>(
        spec("status", "", "Whether the agent acts, has failed or stands still.").among(["active", "failed", "frozen"]),
        |_, _, condition| {
            Some(match condition.map_or(Status::Active, |condition| condition.status) {
                Status::Active => 0.0,
                Status::Failed => 1.0,
                Status::Frozen => 2.0,
            })
        },
    ));
    app.add_quantity(Quantity::derived::<Option<&Condition>>(
        spec("health", "", "The agent's health: 1 is perfect, 0 is none.").within(Range::new(0.0, 1.0)),
        |_, _, condition| Some(f64::from(Condition::health(condition))),
    ));
    app.add_quantity(
        Quantity::derived::<&Position>(
            spec("x", "units", "How far to the right of the world's centre the agent is.")
                .of_kind(QuantityKind::Signed),
            |_, _, position| Some(f64::from(position.0.x)),
        )
        .completed_by(|world, spec| spec.range = across(world, Vec2::X)),
    );
    app.add_quantity(
        Quantity::derived::<&Position>(
            spec("y", "units", "How far above the world's centre the agent is.").of_kind(QuantityKind::Signed),
            |_, _, position| Some(f64::from(position.0.y)),
        )
        .completed_by(|world, spec| spec.range = across(world, Vec2::Y)),
    );
    app.add_quantity(Quantity::derived::<&Velocity>(
        spec("speed", "units/s", "How fast the agent moves.").within(Range::positive()),
        |_, _, velocity| Some(f64::from(velocity.0.length())),
    ));
    app.add_quantity(Quantity::derived::<&Velocity>(
        spec(
            "heading",
            "°",
            "Where the agent moves to, counter-clockwise from the right; nothing while it stands still.",
        )
        .of_kind(QuantityKind::Angle)
        .within(Range::new(0.0, 360.0)),
        |_, _, velocity| heading(velocity.0),
    ));
}

/// The world's extent along an axis.
fn across(world: &World, axis: Vec2) -> Option<Range> {
    let half = f64::from(world.get_resource::<WorldBounds>()?.half().dot(axis));
    Some(Range::new(-half, half))
}
