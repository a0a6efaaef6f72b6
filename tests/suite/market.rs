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
    // Letters that take 80 ms each way, or more, and are said again when they are lost, need their time.
    let auctioneer = |rule: &str, more: &str| {
        let bid_s = if rule == "ContractNet" { 0.8 } else { 0.2 };
        format!("(name: \"{rule}\", rule: {rule}, bid_s: {bid_s}, work_limit_s: 2, {more}),")
    };
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

/// What a scene ends as after so many ticks: when it runs through, and when it goes on from a checkpoint as in another process.
fn ends(text: &str, middle: u64, ticks: u64) -> (String, String) {
    let sandbox = || Sandbox::parse(text).unwrap_or_else(|error| panic!("{text}\n{error:?}"));
    let (mut through, mut begun, mut resumed) = (sandbox(), sandbox(), sandbox());
    through.run(ticks).unwrap();
    begun.run(middle).unwrap();
    resumed.restore(&begun.checkpoint().unwrap()).unwrap();
    resumed.run(ticks - middle).unwrap();
    let hash = |sandbox: &mut Sandbox| format!("{:?}", sandbox.state_hash().unwrap());
    (hash(&mut through), hash(&mut resumed))
}

/// What is worked out from agents that have come, failed or gone is the same for whoever begins in the middle.
#[test]
fn a_market_that_agents_have_left_goes_on_from_a_checkpoint_with_the_same_bits() {
    let provided = "operations: (service: Constant(ms: 20)),
        market: (balances: [(group: \"office\", amount: 40000), (group: \"hand\", amount: 3000)], capabilities: (
            listings: [(group: \"hand\", capability: \"lift.heavy\", uptime_percent: 50)],
            buyers: [(group: \"office\", capability: \"lift.heavy\", units: 3, lasts_s: 1, requests_per_s: 20, pause_s: 0.1)]))";
    let services = |events: &str| {
        format!(
            "Scene(schema: 1, agents: [(name: \"office\", count: 6), (name: \"hand\", count: 12, reliability: 0.8, \
             capabilities: [\"lift.heavy\"])], {provided}, timeline: [{events}])"
        )
    };
    let events = [
        "(at: 60, do: Remove(select: And([Named(\"office\"), Count(1)])))",
        "(at: 60, do: Remove(select: And([Named(\"hand\"), Fraction(0.4)])))",
        "(at: 60, do: Kill(select: Fraction(0.3), duration_s: 1)), (at: 70, do: Spawn(group: \"hand\", count: 3)), \
         (at: 80, do: Remove(select: Fraction(0.3)))",
    ];
    for event in events {
        for text in [troubled(5, "network: (link: (loss: 0.2)),", event), services(event)] {
            let (through, resumed) = ends(&text, 100, 200);
            assert_eq!(through, resumed, "{text}");
        }
    }
}

/// Clients that are gone put up nothing and pay for nothing.
#[test]
fn who_is_gone_puts_up_no_tasks() {
    let text = "Scene(schema: 1, agents: [(name: \"office\", count: 2), (name: \"hand\", count: 5)],
        market: (balances: [(group: \"office\", amount: 100000)], tasks: (
            sources: [(arrivals: Poisson(per_second: 30), work_s: (0.1, 0.1), value: (1000, 1000))],
            auctioneers: [(clients: \"office\", bid_s: 0.1, invited: 5)],
            bidders: [(group: \"hand\")])),
        timeline: [(at: 60, do: Remove(select: Named(\"office\")))])";
    let mut sandbox = Sandbox::parse(text).unwrap();
    sandbox.run(60).unwrap();
    let posted = sandbox.metric("market.tasks.posted").unwrap();
    sandbox.run(120).unwrap();
    assert_eq!((posted > 0.0, sandbox.metric("market.tasks.posted").unwrap()), (true, posted));
    assert!(sandbox.metric("market.tasks.refused").unwrap() > 20.0, "it is counted");
}

/// The rule, the clients and what bidders may have can be changed while it runs: nothing is done twice or never, and no money
/// comes from nowhere.
#[test]
fn rules_and_clients_can_be_changed_while_tasks_are_auctioned() {
    let rules =
        ["ContractNet", "Dutch", "Hungarian", "Vickrey", "Combinatorial", "ContractNet", "FirstPrice", "English"];
    for (first, seed) in [("Vickrey", 1), ("ContractNet", 2), ("Dutch", 3), ("Combinatorial", 4)] {
        for network in ["", "network: (link: (loss: 0.2)),"] {
            let change = |(at, rule): (usize, &&str)| {
                let at = 40 + 17 * at;
                format!("(at: {at}, do: SetParam(path: \"market.tasks.auctioneers[0].rule\", value: \"{rule}\")),")
            };
            let changes: String = rules.iter().cycle().take(16).enumerate().map(change).collect();
            let text = format!(
                "Scene(schema: 1, seed: {seed}, agents: [(name: \"office\", count: 2), (name: \"hand\", count: 10, reliability: 0.9)],
                {network} market: (balances: [(group: \"office\", amount: 9000000)], tasks: (
                    sources: [(arrivals: Poisson(per_second: 12), value: (900, 900), work_s: (0.1, 0.4), until_s: 6)],
                    auctioneers: [(rule: {first}, clients: \"office\", bid_s: 0.2, work_limit_s: 2)],
                    bidders: [(group: \"hand\", capacity: 2)])),
                timeline: [{changes} (at: 90, do: BidAndDefault(select: Count(4), duration_s: 3)),
                    (at: 330, do: SetParam(path: \"market.tasks.auctioneers[0].clients\", value: \"\"))])"
            );
            let mut sandbox = Sandbox::parse(&text).unwrap_or_else(|error| panic!("{error:?}"));
            run(&mut sandbox, 1500, &text);
            let mut count = |name: &str| sandbox.metric(&format!("market.tasks.{name}")).unwrap();
            let left = count("open") + count("assigned");
            assert_eq!(left, 0.0, "no task is left after 25 seconds: {text}");
            assert!(count("completed") > 30.0, "{text}");
            assert!(count("cancelled") > 0.0, "what the clients left behind can't be paid");
        }
    }
}

/// Who can't be in time, or can't get there at all, does not bid.
#[test]
fn nobody_bids_for_what_it_can_not_do_in_time() {
    let scene = |source: &str, bidders: &str| {
        format!(
            "Scene(schema: 1, world: (size: (400, 400), edge: Bounce), agents: [(name: \"hand\", count: 8, spawn: Points([(0, 0)]))],
            market: (tasks: (sources: [(arrivals: Poisson(per_second: 10), value: (9000, 9000), {source})],
                auctioneers: [(bid_s: 0.2)], bidders: [(group: \"hand\", {bidders})])))"
        )
    };
    let bids = |text: String| {
        let mut sandbox = Sandbox::parse(&text).unwrap_or_else(|error| panic!("{error:?}"));
        sandbox.run(300).unwrap();
        sandbox.metric("market.tasks.assigned").unwrap() + sandbox.metric("market.tasks.defaulted").unwrap()
    };
    let far = "place: Some(Points([(150, 0)])), work_s: (1, 1)";
    assert!(bids(scene(far, "speed: 100")) > 0.0);
    assert_eq!(bids(scene(far, "speed: 0")), 0.0, "it never comes there");
    assert_eq!(bids(scene(&format!("{far}, deadline_s: 2"), "speed: 100")), 0.0, "it takes 2.5 s");
    assert!(bids(scene(&format!("{far}, deadline_s: 3"), "speed: 100")) > 0.0);
    assert!(
        bids(scene(&format!("{far}, deadline_s: 2"), "speed: 100, policy: Adversarial")) > 0.0,
        "it promises whatever wins"
    );
}

/// What can never work is told before the first tick, as everywhere.
#[test]
fn a_market_that_can_not_work_is_told() {
    let scene = |market: &str, timeline: &str| {
        format!(
            "Scene(schema: 1, agents: [(name: \"office\", count: 2), (name: \"hand\", count: 5, capabilities: [\"lift.heavy\"])],
            operations: (), market: ({market}), timeline: [{timeline}])"
        )
    };
    let tasks = |sources: &str, auctioneers: &str, bidders: &str| {
        format!("tasks: (sources: [{sources}], auctioneers: [{auctioneers}], bidders: [{bidders}])")
    };
    let hand = "(group: \"hand\")";
    let goods = "balances: [(group: \"office\", amount: 9)], exchange: (goods: [(name: \"grain\")], \
        traders: [(group: \"office\"), (group: \"hand\", side: Sells)])";
    let services = "balances: [(group: \"office\", amount: 9), (group: \"hand\", amount: 9)], capabilities: (\
        listings: [(group: \"hand\", capability: \"lift.heavy\")], buyers: [(group: \"office\", capability: \"lift.heavy\")])";
    let works = tasks("(name: \"s\")", "()", hand);
    let told = |text: String, words: &str| match Sandbox::parse(&text).and_then(|mut sandbox| sandbox.run(1)) {
        Ok(_) => panic!("{text} should not be right: {words}"),
        Err(error) => {
            let said = format!("{error:?}");
            assert!(said.contains(words), "{text}\n{said}\n{words}");
        }
    };
    for (market, words) in [
        (tasks("", "()", hand), "no tasks are put up"),
        (tasks("()", "", hand), "nobody auctions tasks"),
        (tasks("()", "()", ""), "nobody bids"),
        (tasks("()", "(name: \"a b\")", hand), "is no name of this kind"),
        (tasks("()", "(), (rule: Dutch)", hand), "two auctioneers without a name"),
        (tasks("(name: \"s\"), (name: \"s\")", "()", hand), "two sources named"),
        (tasks("()", "(least_trust: 0.5)", hand), "nobody keeps trust in this scene"),
        (tasks("()", "(clients: \"office\")", hand), "pays for tasks and has no money"),
        (tasks("()", "(deposit_share: 0.5)", hand), "has money for a deposit"),
        (goods.replace(", (group: \"hand\", side: Sells)", ""), "nobody sells"),
    ] {
        told(scene(&market, ""), words);
    }
    for market in [&works, &goods.to_owned(), &services.to_owned()] {
        Sandbox::parse(&scene(market, "")).unwrap_or_else(|error| panic!("{error:?}"));
    }
    for (market, action, words) in [
        (goods, "ShillBid(select: All)", "needs the section `market.tasks`"),
        (goods, "PutUpTasks()", "needs the section `market.tasks`"),
        (goods, "WashTrade(select: All)", "needs the section `market.capabilities`"),
        (services, "WashTrade(select: Named(\"office\"))", "offers a capability"),
        (services, "PriceDump(select: Named(\"office\"))", "offers a capability"),
        (&works, "BidAndDefault(select: Named(\"office\"))", "bids for tasks"),
        (&works, "BiddingRing(select: Named(\"office\"))", "bids for tasks"),
        (&works, "PutUpTasks(source: \"t\")", "there is no source"),
    ] {
        told(scene(market, &format!("(at: 5, do: {action})")), words);
    }
    for (market, action) in [
        (&*works, "BidAndDefault(select: Named(\"hand\"))"),
        (&*works, "PutUpTasks(source: \"s\")"),
        (services, "WashTrade(select: All)"),
        (services, "PriceDump(select: Named(\"hand\"))"),
    ] {
        let text = scene(market, &format!("(at: 5, do: {action})"));
        Sandbox::parse(&text).unwrap().run(1).unwrap_or_else(|error| panic!("{error:?}"));
    }
}

/// Bids in auctions of capabilities lie between half of what a contract may cost and all of it, however much that is, and none
/// who is gone wins.
#[test]
fn an_auction_of_a_capability_has_bids_of_any_size_and_winners_that_are_there() {
    let most = 8_589_934_590_i64;
    let text = format!(
        "Scene(schema: 1, agents: [(name: \"office\", count: 8), (name: \"hand\", count: 1, capabilities: [\"lift.heavy\"])],
        operations: (service: Constant(ms: 20)),
        market: (balances: [(group: \"office\", amount: {most}), (group: \"hand\", amount: {most})], capabilities: (
            listings: [(group: \"hand\", capability: \"lift.heavy\", pricing: Auction(reserve: 0, bids_s: 1), uptime_percent: 0)],
            buyers: [(group: \"office\", capability: \"lift.heavy\", units: 3, lasts_s: 5, requests_per_s: 20, pause_s: 0, most_cost: {most})])),
        timeline: [(at: 30, do: Remove(select: And([Named(\"office\"), IdRange(first: 0, last: 6)])))])"
    );
    let mut sandbox = Sandbox::parse(&text).unwrap_or_else(|error| panic!("{error:?}"));
    run(&mut sandbox, 90, &text);
    let world = sandbox.app_mut().unwrap().world();
    let market = world.resource::<agent2028::market::capabilities::ServiceMarket>();
    let all = market.deals().map(|deal| (deal.contract.terms.buyer.0, deal.contract.terms.cost));
    let won: Vec<(u32, i64)> = all.chain(market.ended().map(|ended| (ended.buyer.0, ended.cost))).collect();
    assert!(!won.is_empty());
    // The only one that is left has nobody to pay more for than the reserve.
    assert!(won.iter().all(|(buyer, cost)| *buyer == 7 && *cost == 0), "{won:?}");
    let text = text.replace("timeline: [(at: 30", "timeline: [(at: 600");
    let mut sandbox = Sandbox::parse(&text).unwrap_or_else(|error| panic!("{error:?}"));
    run(&mut sandbox, 75, &text);
    let world = sandbox.app_mut().unwrap().world();
    let market = world.resource::<agent2028::market::capabilities::ServiceMarket>();
    let all = market.deals().map(|deal| deal.contract.terms.cost).chain(market.ended().map(|ended| ended.cost));
    let costs: Vec<i64> = all.collect();
    assert!(!costs.is_empty() && costs.iter().all(|cost| (most / 2..=most).contains(cost)), "{costs:?}");
    // The second of eight uniform draws is far from the least, but for one case in 10⁷.
    assert!(costs.iter().any(|cost| *cost > most / 2 + most / 16), "{costs:?}");
}

/// A right that is revoked suspends contracts, and what needs a section beside the market's is told without it.
#[test]
fn attested_service_needs_rights_and_rests_without_them() {
    let scene = |sections: &str, more: &str, timeline: &str| {
        format!(
            "Scene(schema: 1, agents: [(name: \"authority\", count: 1), (name: \"office\", count: 3), (name: \"hand\", count: 3, \
             capabilities: [\"lift.heavy\"])], {sections} market: (balances: [(group: \"office\", amount: 100000)], capabilities: ({more} \
             listings: [(group: \"hand\", capability: \"lift.heavy\", breach_penalty_percent: 0)], \
             buyers: [(group: \"office\", capability: \"lift.heavy\", units: 40, lasts_s: 30, requests_per_s: 10)])), timeline: [{timeline}])"
        )
    };
    let says = |text: String, words: &str| {
        let error = format!("{:?}", Sandbox::parse(&text).err());
        assert!(error.contains(words), "{text}\n{error}");
    };
    says(scene("", "", ""), "service is delivered by operations");
    says(scene("operations: (),", "attested: true,", ""), "nobody attests rights");
    let work = "operations: (service: Constant(ms: 20)),";
    let papers = "identity: (roots: [\"authority\"], attestations: [(by: \"authority\", to: \"hand\", capability: \"lift.heavy\")]),";
    let revoke = "(at: 120, do: RevokePapers(select: Named(\"hand\")))";
    let suspended = |sections: &str, more: &str, timeline: &str| {
        let text = scene(&format!("{work} {sections}"), more, timeline);
        let mut sandbox = Sandbox::parse(&text).unwrap_or_else(|error| panic!("{error:?}"));
        run(&mut sandbox, 240, &text);
        let delivered = sandbox.metric("market.delivered").unwrap();
        (sandbox.metric("market.suspended").unwrap(), delivered)
    };
    let (rest, delivered) = suspended(papers, "attested: true,", "");
    assert!(rest == 0.0 && delivered > 60.0, "{rest} {delivered}");
    let (rest, fewer) = suspended(papers, "attested: true,", revoke);
    assert!(rest >= 2.0 && fewer < delivered * 0.8 && fewer > 0.0, "{rest} {fewer} {delivered}");
    assert_eq!(suspended(papers, "", revoke), (0.0, delivered), "nobody asks for rights");
    let nobody = "identity: (roots: [\"authority\"]),";
    assert_eq!(suspended(nobody, "attested: true,", ""), (0.0, 0.0), "who has no right sells nothing");
}

/// Back in time and on again: the same bits, whatever has happened meanwhile.
#[test]
fn a_rewound_market_repeats_itself() {
    let trades = |name: &&str| Sandbox::builtin(name).unwrap().scene().unwrap().section::<MarketConfig>().is_some();
    let mut scenes: Vec<(String, Sandbox)> =
        gallery::names().filter(trades).map(|name| (name.to_owned(), Sandbox::builtin(name).unwrap())).collect();
    assert!(scenes.len() >= 10, "{}", scenes.len());
    let leaving = "(at: 60, do: Remove(select: And([Named(\"office\"), Count(1)])))";
    let troubled = Sandbox::parse(&troubled(6, "network: (link: (loss: 0.2)),", leaving)).unwrap();
    scenes.push(("troubled".to_owned(), troubled));
    for (name, mut sandbox) in scenes {
        sandbox.run(90).unwrap();
        let middle = sandbox.state_hash().unwrap();
        sandbox.run(90).unwrap();
        let end = sandbox.state_hash().unwrap();
        sandbox.rewind(90).unwrap();
        assert_eq!(sandbox.state_hash().unwrap(), middle, "{name}");
        sandbox.run(90).unwrap();
        assert_eq!(sandbox.state_hash().unwrap(), end, "{name}");
        sandbox.rewind(30).unwrap();
        sandbox.run(150).unwrap();
        assert_eq!(sandbox.state_hash().unwrap(), end, "{name}");
    }
}
