//! Every strategy's index agrees with looking at all agents.

use agent2028_core::agent::{AgentId, FitnessWeights};
use agent2028_operations::index::NOT_THERE;
use agent2028_operations::pool::{Choice, Pool, PoolKey, PoolRank, choose_by_scan};
use agent2028_operations::server::{FAILED, ISOLATED, PRESENT, Server};
use agent2028_operations::{Strategy, StrategyWeights, TRUST_COLUMN};
use proptest::prelude::*;
use proptest::strategy::Strategy as _;

#[derive(Clone, Debug)]
enum Step {
    Load(usize, u32),
    Latency(usize, f32),
    Reliability(usize, f32),
    Health(usize, f32),
    Slots(usize, u32),
    Flag(usize, u32, bool),
    Choose([u32; 2], u64),
}

fn step(count: usize) -> impl proptest::strategy::Strategy<Value = Step> {
    let agent = 0..count;
    prop_oneof![
        3 => (agent.clone(), 0_u32..6).prop_map(|(agent, load)| Step::Load(agent, load)),
        1 => (agent.clone(), 0_u32..5).prop_map(|(agent, ms)| Step::Latency(agent, ms as f32 * 10.0)),
        1 => (agent.clone(), 0_u32..5).prop_map(|(agent, share)| Step::Reliability(agent, share as f32 / 4.0)),
        1 => (agent.clone(), 0_u32..5).prop_map(|(agent, share)| Step::Health(agent, share as f32 / 4.0)),
        1 => (agent.clone(), 0_u32..4).prop_map(|(agent, slots)| Step::Slots(agent, slots)),
        1 => (agent, prop_oneof![Just(FAILED), Just(ISOLATED), Just(PRESENT)], any::<bool>())
            .prop_map(|(agent, flag, on)| Step::Flag(agent, flag, on)),
        6 => (any::<[u32; 2]>(), 0_u64..40).prop_map(|(dice, key)| Step::Choose(dice, key)),
    ]
}

const CAPACITY: u32 = 2;

proptest! {
    #![proptest_config(agent2028_property_tests::cases(256))]

    #[test]
    fn every_index_chooses_what_a_scan_does(
        believe in any::<bool>(),
        gap in 1_u32..3,
        steps in prop::collection::vec(step(40), 1..200),
    ) {
        let weights = FitnessWeights::default();
        // Ids with and without gaps.
        let members: Vec<u32> = (0..40).map(|member| member * gap + 3).collect();
        let server = Server { flags: PRESENT, concurrency: 2, slots: 2, admitted_load: 0.5, ..Server::default() };
        for strategy in Strategy::ALL {
            let mut servers = vec![server; 40 * gap as usize + 3];
            let key = PoolKey { capability: "a".into(), tier: Default::default(), strategy: None, region: String::new() };
            let mut pool = Pool::new(key);
            pool.hold(members.clone(), strategy);
            let open = |server: &Server| server.is_available() && server.has_room(CAPACITY);
            let stand = |server: &Server| {
                let view = server.view(believe);
                let rank = match open(server) {
                    true if strategy.ranks() => view.rank(strategy, &weights),
                    true => 0,
                    false => NOT_THERE,
                };
                PoolRank { rank, load: view.relative_load() }
            };
            pool.rank_all(|agent, _| stand(&servers[agent as usize]));
            let mut before = None;
            for step in &steps {
                let agent = match step {
                    Step::Choose(dice, key) => {
                        let mut choice = Choice { dice: *dice, key: *key, foreseen: None };
                        // What was foreseen of this choice, or of another, changes nothing.
                        let other = Choice { key: key / 2, dice: [dice[0], dice[0] / 3 * 3], ..choice };
                        choice.foreseen = if key % 3 == 0 { before } else { pool.foresee(if key % 2 == 0 { &choice } else { &other }) };
                        before = pool.foresee(&choice).or(before);
                        if let Some(foreseen) = &choice.foreseen {
                            prop_assert!(pool.likely(foreseen).is_some_and(|agent| members.contains(&agent)));
                        }
                        let scanned = choose_by_scan(
                            strategy,
                            &members,
                            pool.cursor,
                            &choice,
                            &weights,
                            |agent| open(&servers[agent as usize]),
                            |agent| servers[agent as usize].view(believe),
                        );
                        let chosen = pool.choose(&choice);
                        prop_assert_eq!(chosen, scanned, "{:?}", strategy);
                        let Some(chosen) = chosen else { continue };
                        prop_assert!(!servers[chosen as usize].is(FAILED) && !servers[chosen as usize].is(ISOLATED));
                        pool.note(chosen);
                        servers[chosen as usize].waiting += 1;
                        chosen
                    }
                    Step::Load(at, load) => { servers[members[*at] as usize].waiting = *load; members[*at] }
                    Step::Latency(at, ms) => { servers[members[*at] as usize].latency_ms = *ms; members[*at] }
                    Step::Reliability(at, share) => { servers[members[*at] as usize].reliability = *share; members[*at] }
                    Step::Health(at, share) => { servers[members[*at] as usize].health = *share; members[*at] }
                    Step::Slots(at, slots) => { servers[members[*at] as usize].slots = *slots; members[*at] }
                    Step::Flag(at, flag, on) => { servers[members[*at] as usize].set(*flag, *on); members[*at] }
                };
                pool.set(agent, stand(&servers[agent as usize]));
            }
        }
    }
}

#[test]
fn trust_and_learning_multiply_fitness_and_are_neutral_without() {
    let mut weights = agent2028_core::agent::RoutingWeights::default();
    assert_eq!(StrategyWeights::of(&weights).trust(AgentId(1)), 1.0);
    weights.column_mut(TRUST_COLUMN).set(AgentId(1), 0.25);
    let weights = StrategyWeights::of(&weights);
    assert_eq!(weights.learned(AgentId(1)), 1.0);
    let view = Server { flags: PRESENT, ..Server::default() }.view(false);
    let plain = FitnessWeights::default();
    let distrusted = agent2028_operations::strategy::View { trust: weights.trust(AgentId(1)), ..view };
    assert_eq!(view.rank(Strategy::TrustWeighted, &plain), view.rank(Strategy::BestFit, &plain));
    assert!(distrusted.rank(Strategy::TrustWeighted, &plain) > view.rank(Strategy::TrustWeighted, &plain));
}
