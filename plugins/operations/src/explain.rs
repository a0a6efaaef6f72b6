//! What an agent works on, and why it is given what comes next, or why another one is.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::explain::{Explanation, Outcome, Term, explain_inability};
use bevy::prelude::*;

use crate::config::OperationsConfig;
use crate::engine::{Ground, Operations};
use crate::pool::Pool;
use crate::server::{ISOLATED, Server};
use crate::slab::Stage;
use crate::strategy::Strategy;
use crate::sync::look;

/// At most so many of the things that an agent can be given are told.
const MOST_POOLS: usize = 6;

/// What there is to say of an agent that works; nothing of others.
pub(crate) fn explain(world: &World, agent: AgentId) -> Option<Explanation> {
    let operations = world.get_resource::<Operations>()?;
    let server = operations.server(agent)?;
    if let Some(inability) = explain_inability(world, agent) {
        return Some(inability);
    }
    let config = world.get_resource::<OperationsConfig>()?;
    let (activity, sentence) = activity(server);
    let mut terms = state_of(server, config);
    let mut outcome = String::new();
    look(world, |ground| {
        for pool in operations.pools().iter().filter(|pool| pool.slot(agent.0).is_some()).take(MOST_POOLS) {
            let told = next_of(operations, ground, pool, agent, world);
            if outcome.is_empty() {
                outcome = told.clone();
            }
            let name = format!("Next {}", pool.key.capability);
            let meaning = format!("Who would be given the next one now, by {}.", pool.strategy().name());
            terms.push(Term::text(name, told, meaning).set_by("operations.strategy"));
        }
    });
    let receipts = operations.book().of_agent(server.last_receipt);
    if let Some(last) = receipts.take(1).next() {
        let class = operations.classes().get(usize::from(last.class)).map_or("", |class| class.capability.as_str());
        let why = match last.failure.reason() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        let told = format!("{class} {}{why}", last.outcome.name());
        terms.push(Term::text("Last receipt", told, "The last operation of the agent that has ended."));
    }
    let outcome = Outcome { sentence: outcome, ..Outcome::default() };
    Some(Explanation { activity: activity.into(), sentence, terms, outcome, ..Explanation::default() })
}

fn activity(server: &Server) -> (&'static str, String) {
    let operations = |count: u32| if count == 1 { "1 operation".to_owned() } else { format!("{count} operations") };
    let waiting = if server.waiting > 0 { format!(", {} wait", server.waiting) } else { String::new() };
    if server.is(ISOLATED) {
        return ("Is isolated", format!("is given nothing more; works on {}{waiting}", operations(server.executing)));
    }
    match (server.executing, server.waiting) {
        (0, 0) => ("Is idle", "has nothing to work on".into()),
        (executing, 0) if executing < server.slots => ("Works", format!("works on {}", operations(executing))),
        (executing, _) => ("Is busy", format!("works on {}, as many as it can{waiting}", operations(executing))),
    }
}

fn state_of(server: &Server, config: &OperationsConfig) -> Vec<Term> {
    let view = server.view(config.believe_reports);
    let weights = &config.fitness;
    let mut terms = vec![
        Term::number("Load", view.relative_load(), "", "Operations at the agent over what it can work on at once."),
        Term::number("Latency", server.latency_ms, "ms", "How long its operations take, as observed."),
        Term::number("Reliability", server.reliability, "", "The share of its operations that succeed, as observed."),
        Term::number(
            "Fitness",
            view.fitness(weights),
            "",
            "Health, latency, reliability and free capacity by their weights.",
        ),
        Term::number("Health", server.health, "", "It works so much slower as it is below 1.").weight(weights.health),
    ];
    terms[1] = terms[1].clone().weight(weights.latency).set_by("operations.fitness.latency");
    terms[2] = terms[2].clone().weight(weights.reliability).set_by("operations.fitness.reliability");
    terms[4] = terms[4].clone().set_by("operations.fitness.health");
    if server.report_gap() > 0.05 {
        let meaning = if config.believe_reports {
            "What it reports of itself is not so, and it is believed."
        } else {
            "What it reports of itself is not so; nobody believes it."
        };
        terms.push(
            Term::number("Gap of its reports", server.report_gap(), "", meaning).set_by("operations.believe_reports"),
        );
    }
    terms
}

/// Who would be given the next operation of a pool.
fn next_of(operations: &Operations, ground: &Ground, pool: &Pool, agent: AgentId, world: &World) -> String {
    let able = pool.can_choose(agent.0);
    let no_room = if able { "" } else { ", and this one has no room" };
    match pool.strategy() {
        Strategy::Random | Strategy::PowerOfTwoChoices if able => "may be given the next one: chance decides".into(),
        Strategy::Random | Strategy::PowerOfTwoChoices => {
            format!("is not given the next one: chance decides among others{no_room}")
        }
        Strategy::ConsistentHash if able => "is given the next one if its key falls to it".into(),
        Strategy::ConsistentHash => format!("is not given the next one: its key falls to another{no_room}"),
        strategy => match operations.preview(pool) {
            None => "is not given the next one: nobody has room".into(),
            Some(chosen) if chosen == agent.0 => {
                format!("is given the next one: {}", words(operations, ground, chosen, strategy))
            }
            Some(chosen) => {
                let groups = world.get_resource::<AgentGroups>();
                let name = groups.map_or_else(String::new, |groups| groups.name_of(AgentId(chosen)));
                let why = words(operations, ground, chosen, strategy);
                format!("is not given the next one, {name} is: {why}{no_room}")
            }
        },
    }
}

/// Why an agent is first.
fn words(operations: &Operations, ground: &Ground, chosen: u32, strategy: Strategy) -> String {
    let Some(server) = operations.server(AgentId(chosen)) else { return String::new() };
    let view = server.view(ground.config.believe_reports);
    match strategy {
        Strategy::MinLatency => format!("latency {:.1} ms is lowest", view.latency_ms),
        Strategy::MaxReliability => format!("reliability {:.3} is highest", view.reliability),
        Strategy::LeastLoaded => format!("load {:.2} is lowest", view.relative_load()),
        Strategy::BestFit => format!("fitness {:.3} is highest", view.fitness(&ground.config.fitness)),
        Strategy::TrustWeighted => {
            let trust = ground.weights.trust(AgentId(chosen));
            format!("fitness × trust {:.3} is highest", view.fitness(&ground.config.fitness) * trust)
        }
        Strategy::Learned => {
            let learned = ground.weights.learned(AgentId(chosen));
            format!("fitness × what was learned {:.3} is highest", view.fitness(&ground.config.fitness) * learned)
        }
        _ => "it is its turn".into(),
    }
}

impl Operations {
    /// The agent that a pool would choose now for an operation of key 0.
    #[must_use]
    pub fn preview(&self, pool: &Pool) -> Option<u32> {
        pool.choose(&crate::pool::Choice { dice: [0; 2], key: 0, foreseen: None })
    }

    /// The operations that an agent works on, and those that wait in front of it, by their places.
    pub fn at_agent(&self, agent: AgentId) -> impl Iterator<Item = u32> + '_ {
        let there = move |(_, operation): &(u32, &crate::slab::Operation)| {
            operation.agent == agent.0 && matches!(operation.stage(), Stage::Waiting | Stage::Executing)
        };
        self.slab().iter().filter(there).map(|(place, _)| place)
    }
}
