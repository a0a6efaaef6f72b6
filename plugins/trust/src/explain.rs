//! Why an agent is trusted as it is.

use agent2028_core::agent::AgentId;
use agent2028_core::explain::{Explanation, Outcome, Term};
use bevy::prelude::*;

use crate::config::{Reputation, ScoreRule, TrustConfig};
use crate::trust::Trust;
use crate::trust_record::{CORRECTED, EXPOSED, ISOLATED};

/// What there is to say of an agent of which somebody has said something, or that rates others.
pub(crate) fn explain(world: &World, agent: AgentId) -> Option<Explanation> {
    let (trust, config) = (world.get_resource::<Trust>()?, world.get_resource::<TrustConfig>()?);
    let standing = trust.standing(agent)?;
    let pooled = standing.pooled();
    let rates = trust.graph().edges_of(agent.0).next().is_some();
    if pooled.amount() <= 0.0 && !rates {
        return None;
    }
    let by = match (config.score, config.reputation) {
        (ScoreRule::Classic, _) => "a moving average of what is said of it",
        (_, Reputation::Pooled) => "all that is said of it, whoever says it",
        (_, Reputation::Weighted) => "what is said of it, weighed by who says it",
        (_, Reputation::EigenTrust) => {
            "what those say whom others trust, beginning with those who are trusted beforehand"
        }
        (_, Reputation::BestPath) => "the best path from those who are trusted beforehand",
        (_, Reputation::MaxFlow) => "what is said of it, if those who are trusted beforehand vouch for it",
    };
    let mut terms = vec![
        Term::number("For it", pooled.r, "outcomes", "What is said of it that is good, as far as it is not forgotten.")
            .set_by("trust.forgetting"),
        Term::number(
            "Against it",
            pooled.s,
            "outcomes",
            "What is said of it that is bad, as far as it is not forgotten.",
        )
        .set_by("trust.forgetting"),
        Term::number("Reputation", standing.score, "", format!("Found by {by}.")).set_by("trust.reputation"),
        Term::number(
            "Lower bound",
            standing.conservative,
            "",
            "What its reputation is at least, as far as one can tell.",
        )
        .set_by("trust.bound"),
        Term::number("Confidence", standing.confidence, "", "How much of its reputation is known rather than assumed."),
    ];
    let names = world.get_resource::<crate::Ratings>().map(|ratings| ratings.names.clone());
    if let Some(name) = names.as_ref().and_then(|names| names.get(agent.index())) {
        terms.insert(
            0,
            Term::text("In the file", name.clone(), "How the file of ratings calls it.").set_by("trust.edges"),
        );
    }
    if config.betrayal.is_some() && standing.lately().amount() > 0.0 {
        let lately = standing.lately().score();
        terms.push(
            Term::number("Lately", lately, "", "What it did lately; the worse of this and of all its past counts.")
                .set_by("trust.betrayal.memory"),
        );
    }
    if standing.is(CORRECTED) {
        terms.push(
            Term::number(
                "Realised",
                standing.realised().score(),
                "",
                "What it really did, which an audit has put in place.",
            )
            .set_by("trust.audit.scores"),
        );
    }
    if rates {
        let meaning = if standing.is(EXPOSED) {
            "It says of others what nobody else does, so that its word counts less."
        } else {
            "How much its word counts when it rates others."
        };
        terms.push(Term::number("Credibility", standing.credibility, "", meaning).set_by("trust.audit.share"));
    }
    let (activity, sentence) = match (standing.is(ISOLATED), standing.score) {
        (true, _) => ("Is shut out", "is given no work for lack of trust".to_owned()),
        (_, score) if pooled.amount() <= 0.0 => ("Is unknown", format!("has no reputation yet; {score:.2} is assumed")),
        (_, score) if score >= 0.5 => ("Is trusted", format!("has a reputation of {score:.2}")),
        (_, score) => ("Is distrusted", format!("has a reputation of {score:.2}")),
    };
    let outcome = Outcome {
        sentence: format!("counts {:.2} where work is given to the trusted", standing.trust),
        ..Outcome::default()
    };
    Some(Explanation { activity: activity.into(), sentence, terms, outcome, ..Explanation::default() })
}
