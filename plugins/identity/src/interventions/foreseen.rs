//! What a scene says of papers before anybody has one: so an attack on those who can have none is refused with the scene.

use agent2028_core::agent::AgentGroup;
use agent2028_core::intervention::{Intervention as _, InterventionError, Unfit};
use agent2028_core::rehearsal::{Rehearsal, groups_that_may_be_chosen};
use agent2028_core::selector::Selector;
use bevy::prelude::*;

use super::{ForgeSignature, StealOldKey, refused};
use crate::config::IdentityConfig;

/// Whether a selector may choose agents of a group that fits; groups without keys don't.
pub(super) fn some_chosen(
    world: &World,
    select: &Selector,
    fits: impl Fn(&AgentGroup, &IdentityConfig) -> bool,
) -> bool {
    let Some(config) = world.get_resource::<IdentityConfig>() else { return false };
    let mut chosen = groups_that_may_be_chosen(world, select).into_iter();
    chosen.any(|group| config.has_keys(&group.name) && fits(group, config))
}

/// Whether a group issues papers by the scene's rules.
pub(super) fn issues(group: &AgentGroup, config: &IdentityConfig) -> bool {
    config.attestations.iter().any(|rule| rule.by == group.name)
        || config.delegations.iter().any(|rule| rule.by == group.name)
}

/// Whether agents have written themselves papers by then.
pub(super) fn forges(world: &World) -> bool {
    [ForgeSignature::NAME, StealOldKey::NAME].iter().any(|name| Rehearsal::times(world, name) > 0)
}

/// Whether a selector may choose agents who hold a paper for a capability that is meant.
pub(super) fn may_hold(world: &World, select: &Selector, is_meant: impl Fn(&str) -> bool) -> bool {
    let holds = |group: &AgentGroup, config: &IdentityConfig| {
        let attested = config.attestations.iter().any(|rule| rule.to == group.name && is_meant(&rule.capability));
        attested || config.delegations.iter().any(|rule| rule.to == group.name && is_meant(&rule.capability))
    };
    forges(world) || some_chosen(world, select, holds)
}

/// Refuses an attack whose victims can't be such.
pub(super) fn in_victim(may_be: bool, error: InterventionError) -> Result<(), Unfit> {
    if may_be { Ok(()) } else { Err(Unfit { field: "victim", error }) }
}

pub(super) fn no_root() -> InterventionError {
    refused("none of the chosen victims is a root; identity.roots names them")
}

pub(super) fn no_papers(capability: &str) -> InterventionError {
    refused(format!(
        "none of the chosen victims has papers for {capability}; identity.attestations and identity.delegations give some"
    ))
}

pub(super) fn no_old_keys(capability: &str) -> InterventionError {
    refused(format!(
        "none of the chosen victims is a root or an issuer of {capability} and has rotated its keys; RotateKeys does"
    ))
}

pub(super) fn nothing_issued() -> InterventionError {
    refused(
        "none of the chosen victims has issued anything that could be taken back; identity.attestations says who attests",
    )
}

pub(super) fn no_older_list() -> InterventionError {
    refused("none of the chosen victims has made more than one revocation list; RevokePapers makes another")
}

pub(super) fn no_such_papers() -> InterventionError {
    refused("the chosen agents have no such papers; identity.attestations and identity.delegations give some")
}
