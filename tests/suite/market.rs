//! In every scene with a market money and tasks are conserved, whatever is done to it.

use agent2028::Sandbox;
use agent2028::market::tasks::TaskAuctions;
use agent2028::market::{MarketConfig, Treasury};
use agent2028::scene::gallery;
use agent2028_core::clock::SimClock;
use bevy::prelude::World;

/// What does not hold.
fn faults(world: &World) -> Vec<String> {
    let treasury = world.resource::<Treasury>();
    let (Some(state), Some(config)) = (world.get_resource::<TaskAuctions>(), &world.resource::<MarketConfig>().tasks)
    else {
        let sum = treasury.accounts().sum();
        return if sum == 0 { Vec::new() } else { vec![format!("the accounts add up to {sum}")] };
    };
    state.faults(config, treasury, world.resource::<SimClock>().tick())
}

fn run(sandbox: &mut Sandbox, ticks: u64, name: &str) {
    let mut wrong = Vec::new();
    let mut issued = None;
    let found = sandbox.run_until(ticks, |world| {
        wrong = faults(world);
        // Nobody comes with money in these scenes once they have begun.
        let now = world.resource::<Treasury>().accounts().issued();
        if *issued.get_or_insert(now) != now {
            wrong.push(format!("there is {now} instead of {issued:?}"));
        }
        !wrong.is_empty()
    });
    assert!(!found.unwrap(), "{name}: {wrong:?}");
}

#[test]
fn money_and_tasks_are_conserved_in_every_tick_of_every_scene() {
    let trades = |name: &&str| Sandbox::builtin(name).unwrap().scene().unwrap().section::<MarketConfig>().is_some();
    let names: Vec<&str> = gallery::names().filter(trades).collect();
    assert!(names.len() >= 5, "{names:?}");
    for name in names {
        let mut sandbox = Sandbox::builtin(name).unwrap();
        run(&mut sandbox, 1300, name);
    }
}

/// A scene with every rule, agents that fail, freeze, come and go, and attacks.
fn troubled(seed: u64, network: &str, faults: &str) -> String {
    let auctioneer =
        |rule: &str, more: &str| format!("(name: \"{rule}\", rule: {rule}, bid_s: 0.2, work_limit_s: 2, {more}),");
    let rules: String = [
        auctioneer("SealedBestScore", "reveal_s: 0.1, deposit_share: 0.2"),
        auctioneer("FirstPrice", "clients: \"office\""),
        auctioneer("Vickrey", "reveal_s: 0.2, least_fulfilment: 0.3"),
        auctioneer("Dutch", "deposit_share: 0.1"),
        auctioneer("English", "rounds: 2"),
        auctioneer("ContractNet", "clients: \"office\", deposit_share: 0.3"),
        auctioneer("Combinatorial", "batch: 4"),
        auctioneer("Hungarian", ""),
    ]
    .concat();
    format!(
        "Scene(schema: 1, seed: {seed}, tick_hz: 60, world: (size: (400, 300), edge: Wrap), agents: [
            (name: \"office\", count: 2, spawn: Points([(0, 0)])),
            (name: \"hand\", count: 24, capabilities: [\"lift.heavy\"], reliability: 0.8),
            (name: \"cart\", count: 8, capabilities: [\"lift.heavy\"]),
            (name: \"idler\", count: 6)],
        {network}
        market: (balances: [(group: \"office\", amount: 40000), (group: \"hand\", amount: 3000), (group: \"cart\", amount: 300)],
            tasks: (
                sources: [
                    (arrivals: Poisson(per_second: 6), value: (300, 900), work_s: (0.1, 0.6), place: World, skills: [\"lift.heavy\"]),
                    (arrivals: Batches(count: 3, every_s: 0.7), value: (500, 500), work_s: (0.1, 0.3), deadline_s: 1.5),
                ],
                auctioneers: [{rules}],
                bidders: [
                    (group: \"hand\", policy: Markup(10), private: (0, 400), per_distance: 0.5, speed: 200, capacity: 2),
                    (group: \"cart\", policy: Learning, private: (0, 400), per_distance: 0.5, speed: 300),
                    (group: \"idler\", policy: Random),
                ])),
        timeline: [
            (at: 60, do: BidAndDefault(select: Count(3), duration_s: 3)),
            (at: 100, do: Kill(select: Fraction(0.2), duration_s: 1)),
            (at: 130, do: Freeze(select: Fraction(0.2), duration_s: 1)),
            (at: 150, do: BiddingRing(select: Fraction(0.4), duration_s: 2)),
            (at: 170, do: ShillBid(select: Count(2), duration_s: 3)),
            (at: 200, do: Remove(select: Count(3))),
            (at: 220, do: Spawn(group: \"cart\", count: 3)),
            (at: 230, do: PutUpTasks(count: 5)),
            {faults}
        ])"
    )
}

/// Nothing is done twice, nobody overdrawn and no bid counted twice, however letters are lost, doubled, late and cut off.
#[test]
fn money_and_tasks_are_conserved_under_loss_duplication_reordering_and_partitions() {
    let worst = "network: (link: (latency: Normal(mean_ms: 80, deviation_ms: 40), loss: 0.3, jitter_ms: 60)),";
    let faults = "(at: 20, do: Duplicate(share: 0.5)), (at: 30, do: Reorder(share: 0.5)),
        (at: 120, do: Partition(select: Fraction(0.5), duration_s: 1.5)),";
    for seed in 1..=3 {
        for (network, faults) in [("", ""), ("network: (),", ""), (worst, faults)] {
            let text = troubled(seed, network, faults);
            let mut sandbox = Sandbox::parse(&text).unwrap_or_else(|error| panic!("{error:?}"));
            let mut wrong = Vec::new();
            let found = sandbox.run_until(420, |world| {
                wrong = self::faults(world);
                !wrong.is_empty()
            });
            assert!(!found.unwrap(), "seed {seed}, {network}: {wrong:?}");
            for rule in [
                "SealedBestScore",
                "FirstPrice",
                "Vickrey",
                "Dutch",
                "English",
                "ContractNet",
                "Combinatorial",
                "Hungarian",
            ] {
                let done = sandbox.metric(&format!("market.tasks.completed.{rule}")).unwrap();
                assert!(done > 0.0, "seed {seed}, {network}: nothing is done under {rule}");
            }
        }
    }
}

/// The same bits from a checkpoint in the middle, and at two threads.
#[test]
fn a_market_in_trouble_has_the_same_states_at_two_threads_and_from_a_checkpoint() {
    let text = troubled(4, "network: (link: (loss: 0.2)),", "");
    let mut one = Sandbox::parse(&text).unwrap().threads(1).unwrap();
    one.run(140).unwrap();
    let middle = one.checkpoint().unwrap();
    one.run(140).unwrap();
    let end = one.state_hash().unwrap();
    one.restore(&middle).unwrap();
    one.run(140).unwrap();
    assert_eq!(one.state_hash().unwrap(), end);
    let mut two = Sandbox::parse(&text).unwrap().threads(2).unwrap();
    two.run(280).unwrap();
    assert_eq!(two.state_hash().unwrap(), end);
}

/// Who lacks a skill is never asked, whatever it would promise.
#[test]
fn an_unskilled_bidder_is_never_admitted() {
    let text = "Scene(schema: 1, agents: [(name: \"able\", count: 3, capabilities: [\"lift.heavy\"]), (name: \"liar\", count: 30)],
        market: (tasks: (
            sources: [(arrivals: Poisson(per_second: 20), skills: [\"lift.heavy\"], work_s: (0.1, 0.1))],
            auctioneers: [(bid_s: 0.1), (name: \"score\", rule: SealedBestScore, bid_s: 0.1)],
            bidders: [(group: \"able\"), (group: \"liar\", policy: Adversarial)])))";
    let mut sandbox = Sandbox::parse(text).unwrap();
    sandbox.run(600).unwrap();
    assert!(sandbox.metric("market.tasks.completed.score").unwrap() > 10.0);
    let done_by_liars = sandbox
        .app_mut()
        .unwrap()
        .world()
        .resource::<TaskAuctions>()
        .workers()
        .filter(|(agent, _)| agent.0 >= 3)
        .map(|(_, worker)| worker.completed + worker.failed + worker.load)
        .sum::<u32>();
    assert_eq!(done_by_liars, 0);
}

/// With n bidders' costs uniform on 0–1000 a task costs 2/(n + 1) of that by Vickrey's rule and by an English clock, and 1/(n + 1) if
/// those who say the truth are paid what they ask (the order statistics of uniform numbers).
#[test]
fn prices_in_a_scene_are_those_of_order_statistics() {
    for n in [3_u32, 7] {
        let rules: String = ["Vickrey", "English", "FirstPrice", "Hungarian"]
            .map(|rule| {
                format!("(name: \"{rule}\", rule: {rule}, groups: [\"{rule}\"], bid_s: 0.05, step: 1, invited: {n}),")
            })
            .concat();
        let groups: String = ["Vickrey", "English", "FirstPrice", "Hungarian"]
            .map(|rule| format!("(name: \"{rule}\", count: {n}),"))
            .concat();
        let bidders: String = ["Vickrey", "English", "FirstPrice", "Hungarian"]
            .map(|rule| format!("(group: \"{rule}\", per_work_s: 0),"))
            .concat();
        let text = format!(
            "Scene(schema: 1, tick_hz: 60, agents: [{groups}], market: (tasks: (
                sources: [(arrivals: Batches(count: 1, every_s: 0.1), value: (1000, 1000), work_s: (0.01, 0.01))],
                auctioneers: [{rules}], bidders: [{bidders}])))"
        );
        let mut sandbox = Sandbox::parse(&text).unwrap();
        sandbox.run(9000).unwrap();
        for (rule, wanted) in [("Vickrey", 2.0), ("English", 2.0), ("FirstPrice", 1.0), ("Hungarian", 1.0)] {
            let wanted = 1000.0 * wanted / f64::from(n + 1);
            let mut of = |metric: &str| sandbox.metric(&format!("market.tasks.{metric}.{rule}")).unwrap();
            let mean = of("revenue") / of("completed");
            // 1500 auctions; a price's deviation is below 250, so that four standard errors are 26.
            assert!((mean - wanted).abs() < 26.0, "{n} {rule}: {mean}, {wanted}");
        }
    }
}

/// What a scene of the gallery promises is not kept where the rule or the defence that it is about is another.
#[test]
fn scenes_notice_when_their_rule_or_their_defence_is_broken() {
    let cases: [(&str, u64, &[&str]); 5] = [
        ("shill", 3600, &["auctioneers[1].reveal_s=0.0"]),
        ("bidding-ring", 3600, &["auctioneers[1].reserve_share=1.0"]),
        ("bid-and-default", 3600, &["auctioneers[1].deposit_share=0.0", "auctioneers[1].least_fulfilment=0.0"]),
        ("auctions", 3600, &["auctioneers[2].rule=FirstPrice"]),
        ("task-swarm", 1800, &["bidders[0].policy=Random"]),
    ];
    for (name, ticks, broken) in cases {
        let mut sandbox = Sandbox::builtin(name).unwrap();
        for setting in broken {
            let (path, value) = setting.split_once('=').unwrap();
            let path = format!("market.tasks.{path}");
            sandbox = sandbox.set(&path, value).unwrap();
        }
        sandbox.run(ticks).unwrap();
        let verdicts = sandbox.verdicts().unwrap();
        assert!(verdicts.iter().any(|verdict| verdict.judged && !verdict.met), "{name}: {verdicts:?}");
    }
}

/// Tasks come from a file at their times, with what the file says of them; what is wrong with it is told by line.
#[test]
fn tasks_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let scene = folder.path().join("scene.ron");
    let text = "Scene(schema: 1, tick_hz: 60, agents: [(name: \"hand\", count: 5, capabilities: [\"lift.heavy\"])],
        market: (tasks: (sources: [(arrivals: Csv(\"tasks.csv\"))], auctioneers: [(bid_s: 0.1)],
            bidders: [(group: \"hand\", per_work_s: 0, per_distance: 0, private: (10, 20), speed: 10000)])))";
    std::fs::write(&scene, text).unwrap();
    let table = "at_s,value,x,y,work_s,skills\n0,100,5,5,0.1,lift.heavy\n1,100,,,0.1,\n1,5,,,0.1,\n";
    std::fs::write(folder.path().join("tasks.csv"), table).unwrap();
    let mut sandbox = Sandbox::open(&scene).unwrap();
    sandbox.run(30).unwrap();
    assert_eq!(sandbox.metric("market.tasks.posted").ok(), Some(1.0));
    sandbox.run(170).unwrap();
    assert_eq!(sandbox.metric("market.tasks.posted").ok(), Some(3.0));
    // Nobody does for 5 what costs it 10.
    assert_eq!(sandbox.metric("market.tasks.completed").ok(), Some(2.0));
    assert_eq!(sandbox.metric("market.tasks.failed").ok(), Some(1.0));
    std::fs::write(folder.path().join("tasks.csv"), "at_s,value\n0,100\n1,much\n").unwrap();
    let Err(agent2028::SandboxError::Scene(error)) = Sandbox::open(&scene) else { panic!("a bad row is taken") };
    let lines = error.lines();
    assert_eq!((lines.len(), lines[0].line, lines[0].column), (1, 3, 3), "{lines:?}");
}
