//! Why an agent may or may not use what it wants to.

use std::borrow::Cow;

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::clock::SimClock;
use agent2028_core::explain::{Explanation, Outcome, Term};
use bevy::prelude::*;

use crate::config::IdentityConfig;
use crate::identities::{Identities, Known};
use crate::issue::roots_of;
use crate::timestamp::Timestamp;
use crate::validator::{LinkKind, Verdict};

/// What answers now if an agent uses a capability before another, with what that one knows of revocations.
///
/// Nothing if the agent has no keys.
#[must_use]
pub fn verdict_now(world: &World, agent: AgentId, capability: &str, at: AgentId) -> Option<Verdict> {
    let (identities, config) = (world.get_resource::<Identities>()?, world.get_resource::<IdentityConfig>()?);
    let groups = world.get_resource::<AgentGroups>()?;
    let audience = groups.group_of(at).and_then(|group| groups.get(group)).map_or("", |group| group.name.as_str());
    let now = Timestamp::now(world.get_resource::<SimClock>()?);
    let roots = roots_of(identities, groups, config);
    identities.may(config, &roots, agent, capability, (at, audience), now)
}

/// The same before somebody who knows all revocations and stands for any audience.
#[must_use]
pub fn verdict_of_all_knowing(world: &World, agent: AgentId, capability: &str, audience: &str) -> Option<Verdict> {
    let (identities, config) = (world.get_resource::<Identities>()?, world.get_resource::<IdentityConfig>()?);
    let roots = roots_of(identities, world.get_resource::<AgentGroups>()?, config);
    let now = Timestamp::now(world.get_resource::<SimClock>()?);
    let holder = identities.document_of(agent)?.did;
    let known = Known { identities, place: None };
    Some(identities.validator(config, &roots, &known).may(holder, capability, audience, identities, Some(Ok(())), now))
}

/// The agent's last use of a capability, and the chain as it is judged now.
pub(crate) fn explain(world: &World, agent: AgentId) -> Option<Explanation> {
    let (identities, groups) = (world.get_resource::<Identities>()?, world.get_resource::<AgentGroups>()?);
    let state = identities.state();
    let last = state.last.get(&agent.0)?;
    let capability = state.name_of(last.capability);
    let gate = groups.name_of(AgentId(last.at));
    let as_whom = if last.name == agent.0 {
        String::new()
    } else {
        format!(" in the name of {}", groups.name_of(AgentId(last.name)))
    };
    let sentence = match &last.refused {
        None => format!("was allowed {capability} by {gate}{as_whom}"),
        Some(error) => format!("was refused {capability} by {gate}{as_whom}: {error}"),
    };
    let clock = world.get_resource::<SimClock>()?;
    let ago = (clock.tick() - last.tick.min(clock.tick())) as f64 / clock.tick_hz();
    let mut terms = vec![
        Term::text("Capability", capability.to_owned(), "What the agent used last."),
        Term::number("Ago", ago, "s", "How long ago that was."),
    ];
    let verdict = verdict_now(world, AgentId(last.name), capability, AgentId(last.at));
    let now = match verdict.as_ref().map(|verdict| verdict.error.is_none()) {
        Some(true) => format!("would be allowed {capability} now, if it is who it says"),
        Some(false) => format!("would be refused {capability} now"),
        None => format!("can't be asked about {capability}"),
    };
    if let Some(verdict) = &verdict {
        for link in &verdict.links {
            let name =
                |did| identities.agent_of(did).map_or_else(|| "somebody unknown".into(), |who| groups.name_of(who));
            let title: Cow<'static, str> = match link.kind {
                LinkKind::Issuer => "Issuer".into(),
                LinkKind::Attestation => "Attestation".into(),
                LinkKind::Delegation => "Delegation".into(),
                LinkKind::Control => "Control".into(),
            };
            let words = match &link.outcome {
                None => "not asked, an earlier link fails".into(),
                Some(Ok(())) => "holds".to_owned(),
                Some(Err(error)) => format!("fails: {error}"),
            };
            let hands = format!("{} to {}, {}", name(link.by), name(link.to), link.capability);
            terms.push(Term::text(title, words, hands));
        }
    }
    Some(Explanation {
        activity: if last.refused.is_none() { "Has access".into() } else { "Is refused".into() },
        sentence,
        perceived: vec![AgentId(last.at)],
        terms,
        outcome: Outcome { sentence: now, ..Outcome::default() },
        ..Explanation::default()
    })
}
