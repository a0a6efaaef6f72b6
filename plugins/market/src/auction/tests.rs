//! Known answers of single-item auctions.

use agent2028_core::rng::{Purpose, SimRng, SimStream};
use proptest::prelude::*;

use super::*;
use crate::mechanism::{exploitability, price_lies};

type Single = Box<dyn Mechanism<Bid = Bid, Outcome = Option<Award>>>;

/// Values are drawn up to here.
const TOP: Money = 1_000_000;

fn bids(prices: &[Money]) -> Vec<Bid> {
    prices.iter().enumerate().map(|(at, price)| Bid::new(AgentId(at as u32), *price)).collect()
}

fn stream(name: &str, index: u64) -> SimStream {
    SimRng::new(2028).global(Purpose::new(name), index)
}

fn values(stream: &mut SimStream, count: usize) -> Vec<Money> {
    (0..count).map(|_| (stream.unit_fine() * TOP as f64) as Money).collect()
}

fn all(terms: Terms) -> Vec<Single> {
    let (low, high) = (0, TOP);
    let (dutch, english) = if terms.direction == Direction::Sell { (high, low) } else { (low, high) };
    vec![
        Box::new(FirstPrice(terms)),
        Box::new(Vickrey(terms)),
        Box::new(Dutch { terms, start: dutch, step: 1 }),
        Box::new(English { terms, start: english, step: 1 }),
    ]
}

#[test]
fn the_classic_score_has_its_known_value() {
    let mut bid = Bid::new(AgentId(1), 10);
    bid.promise = Promise { load: 2.0, time_ms: 2000.0, confidence: 0.9 };
    assert!((classic_score(&bid) - 24.0).abs() < 1e-12);
    bid.price = 0;
    assert_eq!(classic_score(&bid), 0.01);
    bid.promise.time_ms = f64::NAN;
    assert_eq!(classic_score(&bid), f64::INFINITY);
}

#[test]
fn the_best_score_wins_and_is_paid_what_it_asked() {
    let mut offers = bids(&[100, 60, 70]);
    offers[1].promise.time_ms = 4000.0;
    let won = SealedBestScore { reserve: None }.clear(&offers).unwrap();
    assert_eq!((won.winner, won.price), (AgentId(2), 70));
    assert_eq!(SealedBestScore { reserve: Some(59) }.clear(&offers), None);
    assert_eq!(SealedBestScore { reserve: None }.clear(&[]), None);
}

#[test]
fn each_mechanism_has_its_winner_and_its_price() {
    let offers = bids(&[30, 90, 70]);
    let selling: Vec<_> = all(Terms::default()).iter().map(|rule| rule.clear(&offers).unwrap()).collect();
    assert!(selling.iter().all(|award| award.winner == AgentId(1)));
    assert_eq!(selling.iter().map(|award| award.price).collect::<Vec<_>>(), [90, 70, 90, 70]);
    let buying = Terms { direction: Direction::Buy, reserve: None };
    let buying: Vec<_> = all(buying).iter().map(|rule| rule.clear(&offers).unwrap()).collect();
    assert!(buying.iter().all(|award| award.winner == AgentId(0)));
    assert_eq!(buying.iter().map(|award| award.price).collect::<Vec<_>>(), [30, 70, 30, 70]);
}

#[test]
fn reserves_bound_prices_and_can_keep_the_item() {
    let offers = bids(&[30, 90, 70]);
    let prices = |direction, reserve| {
        let terms = Terms { direction, reserve: Some(reserve) };
        all(terms).iter().map(|rule| rule.clear(&offers).map(|award| award.price)).collect::<Vec<_>>()
    };
    assert_eq!(prices(Direction::Sell, 80), [Some(90), Some(80), Some(90), Some(80)]);
    assert_eq!(prices(Direction::Sell, 91), [None; 4]);
    assert_eq!(prices(Direction::Buy, 40), [Some(30), Some(40), Some(30), Some(40)]);
    assert_eq!(prices(Direction::Buy, 29), [None; 4]);
}

#[test]
fn ties_go_to_the_lowest_agent_in_whatever_order_bids_come() {
    for direction in [Direction::Sell, Direction::Buy] {
        for rule in all(Terms { direction, reserve: None }) {
            let mut offers = bids(&[50, 50, 50]);
            for turn in 0..3 {
                offers.rotate_left(1);
                let won = rule.clear(&offers).unwrap();
                assert_eq!((won.winner, won.price), (AgentId(0), 50), "{} {turn}", rule.name());
                assert_eq!(offers[won.bid].bidder, AgentId(0));
            }
        }
    }
}

#[test]
fn clocks_say_what_they_would_if_one_watched_every_tick() {
    for case in 0..400 {
        let mut stream = stream("test.clocks", case);
        let direction = if stream.below(2) == 0 { Direction::Sell } else { Direction::Buy };
        let prices: Vec<Money> = (0..1 + stream.below(5)).map(|_| Money::from(stream.below(200))).collect();
        let offers = bids(&prices);
        let step = 1 + Money::from(stream.below(12));
        let reserve = (stream.below(2) == 0).then(|| Money::from(stream.below(200)));
        let terms = Terms { direction, reserve };
        let (low, high) = (Money::from(stream.below(40)), 160 + Money::from(stream.below(60)));
        let (far, near) = if direction == Direction::Sell { (high, low) } else { (low, high) };

        let dutch = Dutch { terms, start: far, step };
        let watched = dutch.clock().take(400).find_map(|price| {
            let takers = offers.iter().filter(|bid| direction.worth(bid.price) >= direction.worth(price));
            takers.map(|bid| bid.bidder).min().map(|winner| (winner, price))
        });
        assert_eq!(dutch.clear(&offers).map(|award| (award.winner, award.price)), watched, "{dutch:?} {prices:?}");

        let english = English { terms, start: near, step };
        let here = |price: Money| {
            offers.iter().filter(move |bid| direction.worth(bid.price) >= direction.worth(price)).map(|bid| bid.bidder)
        };
        let mut watched = None;
        for price in english.clock().take(400) {
            match here(price).count() {
                0 => break,
                1 => {
                    // Alone from the first price on, or the last one to stay.
                    let paid = watched.map_or(near, |(_, paid)| paid);
                    watched = here(price).next().map(|winner| (winner, paid));
                    break;
                }
                _ => watched = here(price).min().map(|winner| (winner, price)),
            }
        }
        let watched = watched.filter(|(winner, _)| terms.admits(prices[winner.index()]));
        let watched =
            watched.map(|(winner, price)| (winner, reserve.filter(|_| !terms.admits(price)).unwrap_or(price)));
        assert_eq!(english.clear(&offers).map(|award| (award.winner, award.price)), watched, "{english:?} {prices:?}");
    }
}

/// Revenue equivalence for private uniform values (Vickrey 1961; Myerson 1981): in the equilibrium of each mechanism the mean
/// revenue is the mean of the second order statistic, (n−1)/(n+1) when selling and 2/(n+1) when buying.
#[test]
fn all_mechanisms_have_the_same_mean_revenue_which_is_that_of_order_statistics() {
    const AUCTIONS: u64 = 100_000;
    for bidders in 2..=10_usize {
        for direction in [Direction::Sell, Direction::Buy] {
            let rules = all(Terms { direction, reserve: None });
            let mut revenue = [0_i64; 4];
            let mut stream = stream("test.revenue", bidders as u64);
            for _ in 0..AUCTIONS {
                let truths = bids(&values(&mut stream, bidders));
                let n = bidders as Money;
                let shaded: Vec<Bid> = truths
                    .iter()
                    .map(|bid| Bid {
                        price: match direction {
                            Direction::Sell => bid.price * (n - 1) / n,
                            Direction::Buy => bid.price + (TOP - bid.price) / n,
                        },
                        ..*bid
                    })
                    .collect();
                for (at, rule) in rules.iter().enumerate() {
                    let offers = if matches!(rule.name(), "Vickrey" | "English") { &truths } else { &shaded };
                    revenue[at] += rule.clear(offers).unwrap().price;
                }
            }
            let n = bidders as f64;
            let wanted = if direction == Direction::Sell { (n - 1.0) / (n + 1.0) } else { 2.0 / (n + 1.0) };
            for (rule, revenue) in rules.iter().zip(revenue) {
                let mean = revenue as f64 / AUCTIONS as f64 / TOP as f64;
                assert!(
                    (mean / wanted - 1.0).abs() < 0.02,
                    "{} {direction:?} {bidders}: {mean}, {wanted}",
                    rule.name()
                );
            }
        }
    }
}

#[test]
fn lies_pay_where_one_pays_as_bid_and_nowhere_else() {
    for direction in [Direction::Sell, Direction::Buy] {
        for rule in all(Terms { direction, reserve: None }) {
            let draws = (0..2000).map(|draw| bids(&values(&mut stream("test.lies", draw), 2 + draw as usize % 6)));
            let found = exploitability(&*rule, draws, 0, |truth, lies| {
                lies.extend(price_lies(truth.price).map(|price| Bid { price, ..*truth }));
            });
            assert_eq!(found.draws, 2000);
            if matches!(rule.name(), "Vickrey" | "English") {
                assert_eq!((found.profitable, found.largest, found.best_rule), (0, 0, None), "{}", rule.name());
            } else {
                assert!(found.regret > 0.02 * TOP as f64 && found.best_rule.is_some(), "{}: {found:?}", rule.name());
                assert!(found.best_rule_gain <= found.regret);
            }
        }
    }
    let draws = (0..500).map(|draw| bids(&values(&mut stream("test.lies", draw), 4)));
    let boast = |truth: &Bid, lies: &mut Vec<Bid>| {
        lies.push(Bid { promise: Promise { time_ms: 1.0, ..truth.promise }, price: truth.price * 2, ..*truth });
    };
    let found = exploitability(&SealedBestScore { reserve: None }, draws, 0, boast);
    assert_eq!(found.profitable, 500, "a promise that need not be kept wins at any price");
}

/// The best that one bidder could have had, found by trying every price that there is.
fn best_of_all(rule: &Single, bids: &[Bid], bidder: usize, most: Money) -> i64 {
    let truth = bids[bidder];
    let mut tried = bids.to_vec();
    let gain = |price| {
        tried[bidder].price = price;
        rule.utility(&rule.clear(&tried), bidder, &truth)
    };
    (0..=most).map(gain).max().unwrap()
}

/// What the search says is what trying every price says, also where the best lie is far from the truth.
#[test]
fn the_search_finds_the_best_lie_that_there_is() {
    const MOST: Money = 120;
    for direction in [Direction::Sell, Direction::Buy] {
        for reserve in [None, Some(70)] {
            for step in [1, 7] {
                let terms = Terms { direction, reserve };
                let (near, far) = if direction == Direction::Sell { (0, MOST) } else { (MOST, 0) };
                let rules: [Single; 4] = [
                    Box::new(FirstPrice(terms)),
                    Box::new(Vickrey(terms)),
                    Box::new(Dutch { terms, start: far, step }),
                    Box::new(English { terms, start: near, step }),
                ];
                for rule in rules {
                    for case in 0..300 {
                        let mut stream = stream("test.best-lie", case);
                        let prices: Vec<Money> =
                            (0..2 + stream.below(4)).map(|_| Money::from(stream.below(100))).collect();
                        let draw = bids(&prices);
                        let liar = case as usize % draw.len();
                        let found = exploitability(&*rule, [draw.clone()], liar, |_, _| {});
                        let honest = rule.utility(&rule.clear(&draw), liar, &draw[liar]);
                        let best = best_of_all(&rule, &draw, liar, MOST) - honest;
                        assert_eq!(found.largest, best, "{} {terms:?} step {step} {prices:?} {liar}", rule.name());
                    }
                }
            }
        }
    }
}

/// The clock's last price is the reserve, also if its step does not divide the way there: who would have taken it takes it.
#[test]
fn a_dutch_clock_ends_at_its_reserve() {
    let taken = |direction, start, reserve, price| {
        let dutch = Dutch { terms: Terms { direction, reserve: Some(reserve) }, start, step: 300 };
        let shown: Vec<Money> = dutch.clock().collect();
        (dutch.clear(&bids(&[price])).map(|award| award.price), shown)
    };
    assert_eq!(taken(Direction::Buy, 0, 1000, 950), (Some(1000), vec![0, 300, 600, 900, 1000]));
    assert_eq!(taken(Direction::Buy, 0, 1000, 1001).0, None);
    assert_eq!(taken(Direction::Sell, 1000, 150, 160), (Some(150), vec![1000, 700, 400, 150]));
    assert_eq!(taken(Direction::Sell, 1000, 150, 149).0, None);
    assert_eq!(taken(Direction::Sell, 100, 150, 400), (None, vec![]));
}

/// With n values uniform on 0–1 revenue is the largest with a reserve of 1/2, whatever n is (Myerson 1981): for two bidders 5/12,
/// where without a reserve it is 1/3; and a reserve r of n bidders brings n·r·(1−r)·rⁿ⁻¹ + … by the order statistics.
#[test]
fn the_best_reserve_for_uniform_values_is_one_half_and_brings_what_theory_says() {
    const DRAWS: u64 = 40_000;
    let mean = |bidders: usize, reserve: Money| {
        let rule = Vickrey(Terms { direction: Direction::Sell, reserve: Some(reserve) });
        let sold = (0..DRAWS).filter_map(|draw| {
            let mut stream = stream("test.reserve", draw);
            let prices: Vec<Money> = (0..bidders).map(|_| (stream.unit_fine() * 1e6) as Money).collect();
            rule.clear(&bids(&prices)).map(|award| award.price as f64 / 1e6)
        });
        sold.sum::<f64>() / DRAWS as f64
    };
    // r·P(one is above r) + E[second; two are above r], worked out: n·rⁿ(1−r) + ∫ᵣ¹ x·n(n−1)xⁿ⁻²(1−x) dx.
    let theory = |n: i32, r: f64| {
        let n_ = f64::from(n);
        n_ * r.powi(n) * (1.0 - r) + n_ * (n_ - 1.0) * ((1.0 - r.powi(n)) / n_ - (1.0 - r.powi(n + 1)) / (n_ + 1.0))
    };
    assert!((theory(2, 0.5) - 5.0 / 12.0).abs() < 1e-12 && (theory(2, 0.0) - 1.0 / 3.0).abs() < 1e-12);
    for bidders in [1, 2, 5] {
        let at = |reserve: Money| mean(bidders, reserve);
        for reserve in [0, 250_000, 500_000, 750_000] {
            let wanted = theory(bidders as i32, reserve as f64 / 1e6);
            assert!((at(reserve) - wanted).abs() < 0.01, "{bidders} {reserve}: {} {wanted}", at(reserve));
        }
        assert!(at(500_000) > at(300_000) && at(500_000) > at(700_000));
    }
}

/// A rule that is Vickrey's in name only must be found out.
#[test]
fn a_second_price_with_a_fault_is_found_by_the_search() {
    struct Halfway;
    impl Mechanism for Halfway {
        type Bid = Bid;
        type Outcome = Option<Award>;
        fn name(&self) -> &'static str {
            "halfway between the two best"
        }
        fn clear(&self, bids: &[Bid]) -> Option<Award> {
            let second = Vickrey::default().clear(bids)?;
            Some(Award { price: (second.price + bids[second.bid].price) / 2, ..second })
        }
        fn utility(&self, outcome: &Option<Award>, bidder: usize, truth: &Bid) -> i64 {
            Vickrey::default().utility(outcome, bidder, truth)
        }
    }
    let draws = (0..500).map(|draw| bids(&values(&mut stream("test.lies", draw), 4)));
    let found = exploitability(&Halfway, draws, 0, |truth, lies| {
        lies.extend(price_lies(truth.price).map(|price| Bid { price, ..*truth }));
    });
    assert!(found.profitable > 50, "{found:?}");
}

proptest! {
    #![proptest_config(agent2028_property_tests::cases(512))]

    #[test]
    fn under_vickrey_the_truth_is_never_worse_than_any_deviation(
        truth in 0..1000_i64,
        lie in 0..1000_i64,
        rivals in prop::collection::vec(0..1000_i64, 1..8),
        reserve in prop::option::of(0..1000_i64),
        place in 0..8_usize,
        buys in any::<bool>(),
    ) {
        let direction = if buys { Direction::Buy } else { Direction::Sell };
        let rule = Vickrey(Terms { direction, reserve });
        let place = place.min(rivals.len());
        let mut prices = rivals;
        prices.insert(place, truth);
        let honest = bids(&prices);
        prices[place] = lie;
        let gain = |offers: &[Bid]| rule.utility(&rule.clear(offers), place, &honest[place]);
        prop_assert!(gain(&bids(&prices)) <= gain(&honest));
        prop_assert!(gain(&honest) >= 0);
    }

    #[test]
    fn winners_are_within_the_reserve_and_no_prices_panic(
        prices in prop::collection::vec(prop_oneof![any::<i64>(), -5..5_i64], 0..6),
        reserve in prop::option::of(any::<i64>()),
        start in any::<i64>(),
        step in any::<i64>(),
        buys in any::<bool>(),
    ) {
        let direction = if buys { Direction::Buy } else { Direction::Sell };
        let terms = Terms { direction, reserve };
        let offers = bids(&prices);
        let rules: [Single; 4] = [
            Box::new(FirstPrice(terms)),
            Box::new(Vickrey(terms)),
            Box::new(Dutch { terms, start, step }),
            Box::new(English { terms, start, step }),
        ];
        for rule in rules {
            if let Some(award) = rule.clear(&offers) {
                prop_assert!(terms.admits(offers[award.bid].price));
                prop_assert_eq!(offers[award.bid].bidder, award.winner);
            }
        }
    }
}
