//! Auctions of several items to bidders who want bundles.
//!
//! A bidder names bundles with a value each, and gets at most one of them (XOR bids). Who wins what is NP-hard in general
//! (Rothkopf, Pekeč & Harstad 1998). Up to [`EXACT_ITEMS`] items, [`winners`] is exact, by dynamic programming over
//! sets of items: 2^items · bundles steps at most, in memory of a few times 2^items whatever the number of bidders, since
//! the winners are found by halving the bidders (as Hirschberg 1975 does for sequences). Beyond, it is greedy by value per
//! square root of size, which reaches at least the optimum divided by √items for bidders of one bundle each (Lehmann, O'Callaghan & Shoham 2002). In
//! both cases it tells an upper bound of the optimum.

use agent2028_core::agent::AgentId;

use crate::accounts::Money;
use crate::mechanism::Mechanism;

/// So many items are allocated optimally.
pub const EXACT_ITEMS: u32 = 20;

/// A set of up to 64 items, a bit each.
pub type Items = u64;

/// A bundle that a bidder would like, and what it is worth to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Which items.
    pub items: Items,
    /// In minor units. Bundles that are worth nothing, or hold nothing, are ignored.
    pub value: Money,
}

/// What a bidder wants: one of these bundles, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleBid {
    /// Whose it is.
    pub bidder: AgentId,
    /// The bundles.
    pub bundles: Vec<Bundle>,
}

/// Who gets what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allocation {
    /// For each bid the place of the bundle that it gets.
    pub won: Vec<Option<usize>>,
    /// What all of it is worth by the bids.
    pub welfare: Money,
    /// No allocation can be worth more; equal to the welfare if that is optimal.
    pub upper_bound: Money,
}

impl Allocation {
    /// Whether it is known that no allocation is worth more.
    #[must_use]
    pub fn is_optimal(&self) -> bool {
        self.welfare == self.upper_bound
    }
}

/// An allocation: the optimal one up to [`EXACT_ITEMS`] items that are wanted, a greedy one beyond.
#[must_use]
pub fn winners(bids: &[BundleBid]) -> Allocation {
    let wanted: Items = bids.iter().flat_map(|bid| &bid.bundles).fold(0, |all, bundle| all | bundle.items);
    // Bidders in the order of their ids, so that ties do not hang on the order of bids.
    let mut order: Vec<usize> = (0..bids.len()).collect();
    order.sort_by_key(|at| (bids[*at].bidder, *at));
    if wanted.count_ones() > EXACT_ITEMS {
        return greedy(bids, &order);
    }
    let kept = |bundle: &Bundle| (gather(bundle.items, wanted), if bundle.items == 0 { 0 } else { bundle.value });
    let compact: Vec<Vec<(Items, Money)>> =
        order.iter().map(|at| bids[*at].bundles.iter().map(kept).collect()).collect();
    let mut won = vec![None; bids.len()];
    divide(&compact, &order, full(wanted.count_ones()), &mut won);
    let welfare = welfare(bids, &won);
    Allocation { won, welfare, upper_bound: welfare }
}

fn welfare(bids: &[BundleBid], won: &[Option<usize>]) -> Money {
    let values = bids.iter().zip(won).filter_map(|(bid, won)| won.map(|at| bid.bundles[at].value));
    values.fold(0, Money::saturating_add)
}

fn full(items: u32) -> Items {
    (1_u64 << items) - 1
}

/// The bits of `set` at the places of `mask`, moved together.
fn gather(set: Items, mask: Items) -> Items {
    let (mut left, mut gathered, mut place) = (mask, 0, 0);
    while left != 0 {
        let lowest = left & left.wrapping_neg();
        if set & lowest != 0 {
            gathered |= 1 << place;
        }
        place += 1;
        left ^= lowest;
    }
    gathered
}

/// The best value of each set of items, if these bidders may divide them.
fn best_values(bidders: &[Vec<(Items, Money)>], all: Items) -> Vec<Money> {
    let mut best: Vec<Money> = vec![0; all as usize + 1];
    for bundles in bidders {
        // From the largest set down, what is smaller is still without this bidder.
        for set in (1..=all).rev() {
            let mut value = best[set as usize];
            for (items, bid) in bundles {
                if items & !set == 0 && *bid > 0 {
                    value = value.max(best[(set ^ items) as usize].saturating_add(*bid));
                }
            }
            best[set as usize] = value;
        }
    }
    best
}

/// Divides the items `within` between two halves of the bidders, and so on.
fn divide(bidders: &[Vec<(Items, Money)>], order: &[usize], within: Items, won: &mut [Option<usize>]) {
    match bidders {
        [] => {}
        [bundles] => {
            let fits = bundles.iter().enumerate().filter(|(_, (items, value))| items & !within == 0 && *value > 0);
            let best = fits.max_by_key(|(at, (_, value))| (*value, std::cmp::Reverse(*at)));
            won[order[0]] = best.map(|(at, _)| at);
        }
        _ => {
            let middle = bidders.len() / 2;
            let (left, right) = bidders.split_at(middle);
            // Only these items, moved together, so that tables shrink with them.
            let narrow = |half: &[Vec<(Items, Money)>]| -> Vec<Vec<(Items, Money)>> {
                half.iter()
                    .map(|bundles| {
                        let inside = |(items, value): &(Items, Money)| {
                            // What does not fit stays in its place with a value that nobody takes.
                            if items & !within == 0 { (gather(*items, within), *value) } else { (0, 0) }
                        };
                        bundles.iter().map(inside).collect()
                    })
                    .collect()
            };
            let (left, right) = (narrow(left), narrow(right));
            let all = full(within.count_ones());
            let (left_best, right_best) = (best_values(&left, all), best_values(&right, all));
            let value = |set: Items| left_best[set as usize].saturating_add(right_best[(all ^ set) as usize]);
            // Among the best those that give the left, which has the lower ids, more; of these the smallest set, so that the
            // choice is settled.
            let mut split = 0;
            for set in 1..=all {
                if (value(set), left_best[set as usize]) > (value(split), left_best[split as usize]) {
                    split = set;
                }
            }
            drop((left_best, right_best));
            divide(&left, &order[..middle], split, won);
            divide(&right, &order[middle..], all ^ split, won);
        }
    }
}

fn greedy(bids: &[BundleBid], order: &[usize]) -> Allocation {
    // value/√size, compared as value²/size.
    let mut bundles: Vec<(usize, usize, Bundle)> = order
        .iter()
        .flat_map(|bid| bids[*bid].bundles.iter().enumerate().map(|(at, bundle)| (*bid, at, *bundle)))
        .filter(|(_, _, bundle)| bundle.value > 0 && bundle.items != 0)
        .collect();
    let keenness =
        |bundle: &Bundle| (bundle.value as u128 * bundle.value as u128, u128::from(bundle.items.count_ones().max(1)));
    bundles.sort_by(|(_, _, a), (_, _, b)| {
        let ((a_value, a_size), (b_value, b_size)) = (keenness(a), keenness(b));
        // value² < 2¹²⁶ and sizes ≤ 64 could overflow: divide first, and look at the remainders where that is equal.
        let (a_whole, b_whole) = (a_value / a_size, b_value / b_size);
        b_whole.cmp(&a_whole).then_with(|| ((b_value % b_size) * a_size).cmp(&((a_value % a_size) * b_size)))
    });
    let (mut taken, mut won) = (0, vec![None; bids.len()]);
    for (bid, at, bundle) in &bundles {
        if won[*bid].is_none() && bundle.items & taken == 0 {
            won[*bid] = Some(*at);
            taken |= bundle.items;
        }
    }
    // Each bidder gets at most its best bundle; and each item brings at most its largest share of any bundle.
    let by_bidder = bids.iter().map(|bid| bid.bundles.iter().map(|bundle| bundle.value).max().unwrap_or(0).max(0));
    let by_bidder = by_bidder.fold(0, Money::saturating_add);
    let by_item = (0..Items::BITS).fold(0, |sum: Money, item| {
        let with = bundles.iter().filter(|(_, _, bundle)| bundle.items >> item & 1 == 1);
        let share =
            with.map(|(_, _, bundle)| (bundle.value / i64::from(bundle.items.count_ones())).saturating_add(1)).max();
        sum.saturating_add(share.unwrap_or(0))
    });
    let welfare = welfare(bids, &won);
    Allocation { won, welfare, upper_bound: by_bidder.min(by_item).max(welfare) }
}

/// An allocation and what each bidder pays for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BundleSale {
    /// Who gets what.
    pub allocation: Allocation,
    /// What each pays, in the order of the bids.
    pub payments: Vec<Money>,
}

fn gain(sale: &BundleSale, bids: usize, truth: &BundleBid) -> i64 {
    // Lies may name other bundles: what counts is what the bundle that was got is truly worth, as part of a wanted one.
    sale.allocation.won[bids].map_or(0, |_| sale.value_got(bids, truth) - sale.payments[bids])
}

impl BundleSale {
    fn value_got(&self, bid: usize, truth: &BundleBid) -> Money {
        self.allocation.won[bid].and_then(|at| truth.bundles.get(at)).map_or(0, |bundle| bundle.value)
    }
}

/// The optimal allocation, and each winner pays what it takes from the others (Vickrey 1961, Clarke 1971, Groves 1973): their
/// best welfare without it, less what they have with it. The truth is a dominant strategy, if the allocation is optimal.
/// Where it can't be ([`EXACT_ITEMS`]), nothing is sold, since greedy allocations with these payments reward lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vcg;

impl Mechanism for Vcg {
    /// A lie keeps the bundles' order, and changes their values.
    type Bid = BundleBid;
    type Outcome = BundleSale;

    fn name(&self) -> &'static str {
        "VCG"
    }

    fn clear(&self, bids: &[BundleBid]) -> BundleSale {
        let allocation = winners(bids);
        let mut payments = vec![0; bids.len()];
        if !allocation.is_optimal() {
            let nothing = Allocation { won: vec![None; bids.len()], welfare: 0, upper_bound: allocation.upper_bound };
            return BundleSale { allocation: nothing, payments };
        }
        for (at, won) in allocation.won.iter().enumerate() {
            if let Some(bundle) = won {
                let others: Vec<BundleBid> =
                    bids.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, bid)| bid.clone()).collect();
                let with_it = allocation.welfare - bids[at].bundles[*bundle].value;
                payments[at] = winners(&others).welfare - with_it;
            }
        }
        BundleSale { allocation, payments }
    }

    fn utility(&self, sale: &BundleSale, bidder: usize, truth: &BundleBid) -> i64 {
        gain(sale, bidder, truth)
    }
}

/// The best allocation, optimal or not, and each pays what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BundlePayAsBid;

impl Mechanism for BundlePayAsBid {
    type Bid = BundleBid;
    type Outcome = BundleSale;

    fn name(&self) -> &'static str {
        "combinatorial, pay as bid"
    }

    fn clear(&self, bids: &[BundleBid]) -> BundleSale {
        let allocation = winners(bids);
        let pays = |(bid, won): (&BundleBid, &Option<usize>)| won.map_or(0, |at| bid.bundles[at].value);
        let payments = bids.iter().zip(&allocation.won).map(pays).collect();
        BundleSale { allocation, payments }
    }

    fn utility(&self, sale: &BundleSale, bidder: usize, truth: &BundleBid) -> i64 {
        gain(sale, bidder, truth)
    }
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::{Purpose, SimRng, SimStream};

    use super::*;
    use crate::mechanism::exploitability;

    fn bid(bidder: u32, bundles: &[(Items, Money)]) -> BundleBid {
        let bundles = bundles.iter().map(|(items, value)| Bundle { items: *items, value: *value }).collect();
        BundleBid { bidder: AgentId(bidder), bundles }
    }

    fn draw(stream: &mut SimStream, bidders: u32, items: u32) -> Vec<BundleBid> {
        (0..bidders)
            .map(|bidder| {
                let bundles = (0..1 + stream.below(3))
                    .map(|_| (1 + u64::from(stream.below((1 << items) - 1)), Money::from(stream.below(100))))
                    .collect::<Vec<_>>();
                bid(bidder, &bundles)
            })
            .collect()
    }

    fn tried(bids: &[BundleBid], taken: Items) -> Money {
        let Some((first, rest)) = bids.split_first() else { return 0 };
        let free = first.bundles.iter().filter(|bundle| bundle.items & taken == 0);
        let with = free.map(|bundle| bundle.value + tried(rest, taken | bundle.items)).max();
        with.unwrap_or(0).max(tried(rest, taken))
    }

    fn is_possible(bids: &[BundleBid], found: &Allocation) -> bool {
        let got = bids.iter().zip(&found.won).filter_map(|(bid, won)| won.map(|at| bid.bundles[at]));
        let (mut taken, mut sum, mut possible) = (0, 0, true);
        for bundle in got {
            possible &= taken & bundle.items == 0;
            taken |= bundle.items;
            sum += bundle.value;
        }
        possible && sum == found.welfare && found.upper_bound >= found.welfare
    }

    #[test]
    fn up_to_twenty_items_the_allocation_is_that_of_trying_all() {
        for case in 0..400 {
            let mut stream = SimRng::new(2028).global(Purpose::new("test.bundles"), case);
            let (bidders, items) = (stream.below(8), 1 + stream.below(7));
            let bids = draw(&mut stream, bidders, items);
            let found = winners(&bids);
            assert!(is_possible(&bids, &found) && found.is_optimal());
            assert_eq!(found.welfare, tried(&bids, 0), "{bids:?}");
        }
        // All twenty, among bundles of three neighbours on a ring that are worth 1 + their number modulo 7.
        let ring: Vec<BundleBid> = (0..20)
            .map(|at| bid(at, &[((0..3).map(|next| 1 << ((at + next) % 20)).sum(), 10 + Money::from(at % 7))]))
            .collect();
        let found = winners(&ring);
        assert!(is_possible(&ring, &found) && found.is_optimal());
        assert_eq!(found.welfare, tried(&ring, 0));
    }

    #[test]
    fn beyond_twenty_items_the_greedy_allocation_is_within_its_bounds() {
        for case in 0..60 {
            let mut stream = SimRng::new(2028).global(Purpose::new("test.bundles.greedy"), case);
            // Bidders of one bundle each, for whom the bound of √items holds.
            let mut bids: Vec<BundleBid> = (0..14)
                .map(|bidder| {
                    let items = (0..1 + stream.below(5)).fold(0, |all, _| all | 1 << stream.below(24));
                    bid(bidder, &[(items, 1 + Money::from(stream.below(100)))])
                })
                .collect();
            bids.push(bid(99, &[(full(24), 3)]));
            let (found, best) = (winners(&bids), tried(&bids, 0));
            assert!(is_possible(&bids, &found));
            assert!(found.upper_bound >= best, "{} {best}", found.upper_bound);
            assert!(found.welfare as f64 * 24_f64.sqrt() >= best as f64, "{} {best}", found.welfare);
        }
    }

    /// The example that shows VCG's low revenue (Ausubel & Milgrom 2006, "The lovely but lonely Vickrey auction"): bidder 1
    /// wants both items for 2, bidders 2 and 3 want one each for 2. Both of these win and pay nothing.
    #[test]
    fn vcg_pays_what_the_literature_says() {
        let sale = Vcg.clear(&[bid(1, &[(0b11, 2)]), bid(2, &[(0b01, 2)]), bid(3, &[(0b10, 2)])]);
        assert_eq!((sale.allocation.won, sale.payments), (vec![None, Some(0), Some(0)], vec![0, 0, 0]));
        // Without bidder 3 the item goes at the second price.
        let sale = Vcg.clear(&[bid(1, &[(0b11, 2)]), bid(2, &[(0b01, 5)])]);
        assert_eq!((sale.allocation.won, sale.payments), (vec![None, Some(0)], vec![0, 2]));
        // One item: Vickrey's auction.
        let sale = Vcg.clear(&[bid(1, &[(1, 30)]), bid(2, &[(1, 90)]), bid(3, &[(1, 70)])]);
        assert_eq!((sale.allocation.won, sale.payments), (vec![None, Some(0), None], vec![0, 70, 0]));
    }

    #[test]
    fn lies_pay_where_bundles_are_paid_as_bid_and_not_under_vcg() {
        let draws = || {
            (0..300).map(|case| {
                let mut stream = SimRng::new(2028).global(Purpose::new("test.bundles.lies"), case);
                draw(&mut stream, 4, 4)
            })
        };
        let deviate = |truth: &BundleBid, lies: &mut Vec<BundleBid>| {
            for percent in [0, 50, 80, 90, 110, 150, 400] {
                for only in 0..=truth.bundles.len() {
                    let mut lie = truth.clone();
                    for (at, bundle) in lie.bundles.iter_mut().enumerate() {
                        if only == at || only == truth.bundles.len() {
                            bundle.value = bundle.value * percent / 100;
                        }
                    }
                    lies.push(lie);
                }
            }
        };
        let (vcg, pay_as_bid) =
            (exploitability(&Vcg, draws(), 0, deviate), exploitability(&BundlePayAsBid, draws(), 0, deviate));
        assert_eq!((vcg.draws, vcg.profitable), (300, 0));
        assert!(pay_as_bid.profitable > 50, "{pay_as_bid:?}");
    }

    #[test]
    fn bundles_of_nothing_and_for_nothing_are_not_sold() {
        let found = winners(&[bid(1, &[(0, 9), (1, -5)]), bid(2, &[(1, 0)]), bid(3, &[])]);
        assert_eq!(found, Allocation { won: vec![None; 3], welfare: 0, upper_bound: 0 });
        assert_eq!(winners(&[]), Allocation::default());
    }

    #[test]
    fn ties_do_not_hang_on_the_order_of_bids() {
        let bids = [bid(3, &[(0b01, 5)]), bid(1, &[(0b01, 5)]), bid(2, &[(0b11, 5)])];
        let winner = |bids: &[BundleBid]| {
            let found = winners(bids);
            bids.iter().zip(found.won).find(|(_, won)| won.is_some()).map(|(bid, _)| bid.bidder)
        };
        let mut turned = bids.clone();
        turned.rotate_left(1);
        assert_eq!(winner(&bids), winner(&turned));
        turned.reverse();
        assert_eq!(winner(&bids), winner(&turned));
    }
}
