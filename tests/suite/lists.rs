//! Revocation lists travel over the links of a network: they take as long as these, get lost and stop at partitions.

use agent2028::Sandbox;
use agent2028_core::agent::AgentId;
use agent2028_core::selector::Selector;
use agent2028_identity::interventions::{ForgeList, RevokePapers, RollbackList};
use agent2028_identity::{Identities, LIST_SPREAD};
use agent2028_network::Network;

/// An issuer (agent 0) and others to whom it attests something, in a network.
fn scene(near: u32, far: u32, network: &str, more: &str) -> Sandbox {
    let text = format!(
        "Scene(schema: 1, name: \"Lists\", seed: 5, tick_hz: 10, duration: Ticks(1000), agents: [
            (name: \"issuer\", count: 1), (name: \"near\", count: {near}), (name: \"far\", count: {far}),
        ], network: ({network}), identity: (
            roots: [\"issuer\"],
            attestations: [(by: \"issuer\", to: \"near\", capability: \"file.read\", valid_s: 10000)],
            {more}
        ))"
    );
    Sandbox::parse(&text).unwrap()
}

/// Who knows the issuer's newest list.
fn informed(sandbox: &mut Sandbox) -> Vec<bool> {
    let identities = sandbox.app_mut().unwrap().world().resource::<Identities>();
    let newest = identities.lists_of(AgentId(0)).len() as u32;
    let known = identities.state().known.get(&0);
    known.map_or_else(Vec::new, |known| known.iter().map(|known| newest > 0 && *known == newest).collect())
}

fn revoke() -> RevokePapers {
    RevokePapers { select: Selector::Ids(vec![AgentId(1)]), capability: String::new() }
}

#[test]
fn nobody_behind_a_cut_learns_what_was_taken_back_until_it_heals() {
    let mut sandbox = scene(15, 16, "link: (latency: Constant(50))", "");
    let far = Selector::Named("far".into());
    let cut = agent2028_network::interventions::Partition { select: far, duration_s: Some(20.0) };
    sandbox.run(20).unwrap();
    sandbox.intervene(cut).unwrap();
    sandbox.run(10).unwrap();
    sandbox.intervene(revoke()).unwrap();
    // It was cut in tick 21, and heals with tick 221.
    for tick in 31..=220 {
        sandbox.run(1).unwrap();
        let informed = informed(&mut sandbox);
        assert!(informed[16..].iter().all(|informed| !informed), "somebody behind the cut has heard in tick {tick}");
    }
    assert!(informed(&mut sandbox)[..16].iter().all(|informed| *informed), "all on this side have heard");
    assert!(sandbox.metric("network.cut").unwrap() > 100.0, "and those beyond were asked and told in vain");
    assert_eq!(sandbox.metric("identity.revocations_known").unwrap(), 0.5);
    sandbox.run(100).unwrap();
    assert!(informed(&mut sandbox).iter().all(|informed| *informed));
    let told = sandbox.events().unwrap().into_iter().find(|event| event.kind == LIST_SPREAD).unwrap();
    assert!(told.unix_ms >= sandbox.events().unwrap()[0].unix_ms);
    assert!(told.text().contains("after"), "{}", told.text());
}

/// In a star each of the others asks the issuer once in a period; what is asked and what is answered come through with q each,
/// so that after k periods (1 − q²)^k of them have not heard.
#[test]
fn lists_get_lost_where_links_lose() {
    const OTHERS: u32 = 400;
    let edges: Vec<String> = (1..=OTHERS).map(|other| format!("(0, {other})")).collect();
    for (loss, periods, wanted) in
        [(0.0_f64, 1, 0.0), (0.5, 4, 0.75_f64.powi(4)), (0.3, 2, (1.0 - 0.49_f64).powi(2)), (1.0, 20, 1.0)]
    {
        let network = format!("topology: Edges([{}]), link: (loss: {loss:?}, latency: Constant(0))", edges.join(","));
        let mut sandbox = scene(1, OTHERS - 1, &network, "revocations: (fanout: 1)");
        sandbox.run(7).unwrap();
        sandbox.intervene(revoke()).unwrap();
        // What is asked in a tick is answered in the next one, and read in that after it.
        sandbox.run(1 + 10 * periods + 1).unwrap();
        let ignorant = informed(&mut sandbox)[1..].iter().filter(|informed| !**informed).count() as f64;
        let (share, n) = (ignorant / f64::from(OTHERS), f64::from(OTHERS));
        // Four standard deviations of a binomial, and what the issuer itself tells one of them in a period.
        let give = 4.0 * (wanted * (1.0 - wanted) / n).sqrt() + periods as f64 * (1.0 - loss).powi(3) / n;
        assert!((share - wanted).abs() <= give, "loss {loss}: {share} have not heard where {wanted} ± {give} should");
    }
}

#[test]
fn lists_take_as_long_as_links_do() {
    let edges: Vec<String> = (0..6).map(|at| format!("({at}, {})", at + 1)).collect();
    let network = format!("topology: Edges([{}]), link: (latency: Constant(700))", edges.join(","));
    let mut sandbox = scene(1, 5, &network, "");
    sandbox.run(5).unwrap();
    sandbox.intervene(revoke()).unwrap();
    let mut heard = [None; 7];
    for tick in 6..400 {
        sandbox.run(1).unwrap();
        for (at, informed) in informed(&mut sandbox).into_iter().enumerate().filter(|(_, informed)| *informed) {
            let _ = (informed, heard[at].get_or_insert(tick));
        }
    }
    let heard = heard.map(Option::unwrap);
    // The first has to ask and be answered: twice 700 ms. Others may have asked before there was anything to tell.
    assert_eq!(heard[0], 6);
    assert!(heard[1] >= heard[0] + 14, "{heard:?}");
    assert!(heard.windows(2).skip(1).all(|pair| pair[1] >= pair[0] + 7), "{heard:?}");
}

#[test]
fn forged_and_old_lists_pass_over_links_only_where_nobody_looks() {
    let run = |checks: &str| {
        let mut sandbox = scene(6, 6, "", &format!("checks: ({checks})"));
        sandbox.run(5).unwrap();
        for agent in [1, 2] {
            let select = Selector::Ids(vec![AgentId(agent)]);
            sandbox.intervene(RevokePapers { select, capability: String::new() }).unwrap();
            sandbox.run(150).unwrap();
        }
        assert!(informed(&mut sandbox).iter().all(|informed| *informed), "{checks}");
        let (select, victim) = (|agent| Selector::Ids(vec![AgentId(agent)]), Selector::Ids(vec![AgentId(0)]));
        let (forger, old) = (select(12), select(11));
        let forge = ForgeList { select: forger, victim: victim.clone(), per_second: 5.0, duration_s: Some(10.0) };
        let roll = RollbackList { select: old, victim, per_second: 5.0, duration_s: Some(10.0) };
        sandbox.intervene(forge).unwrap().intervene(roll).unwrap();
        sandbox.run(100).unwrap();
        let tried =
            ["lists_forged", "lists_rolled_back"].map(|name| sandbox.metric(&format!("identity.{name}")).unwrap());
        // Who has taken a forged list over passes it on, so that there is soon nobody left to press it upon.
        assert!(tried.iter().all(|tried| *tried >= 1.0), "{checks}: {tried:?}");
        assert!(!checks.is_empty() || tried.iter().all(|tried| *tried > 30.0), "{tried:?}");
        ["lists_forged", "lists_rolled_back"]
            .map(|name| sandbox.metric(&format!("identity.{name}_through")).unwrap() > 0.0)
    };
    assert_eq!(run(""), [false, false]);
    assert_eq!(run("list_signatures: false"), [true, false]);
    assert!(run("list_numbers: false")[1]);
}

#[test]
fn lists_on_their_way_are_state() {
    let start = |threads| {
        let network = "topology: Ring(reach: 2), link: (latency: Normal(mean_ms: 400, deviation_ms: 150), loss: 0.1)";
        scene(10, 20, network, "").threads(threads).unwrap()
    };
    let mut one = start(1);
    one.run(10).unwrap();
    one.intervene(revoke()).unwrap();
    one.run(22).unwrap();
    let on_their_way = one.app_mut().unwrap().world().resource::<Network>().in_flight();
    let known = informed(&mut one).iter().filter(|informed| **informed).count();
    assert!(on_their_way > 10 && (2..31).contains(&known), "{on_their_way} on their way, {known} know");
    let saved = one.checkpoint().unwrap();
    one.run(40).unwrap();
    let mut other = start(2);
    other.restore(&saved).unwrap();
    assert_eq!(other.state_hash().unwrap(), saved.state_hash);
    other.run(40).unwrap();
    assert_eq!(one.state_hash().unwrap(), other.state_hash().unwrap());
}
