//! Call markets: many buyers and many sellers of one good, cleared at once.
//!
//! Offers are for a quantity at a limit price. Sorted by price (ties by [`AgentId`]), the units of demand and supply cross
//! at the efficient volume. [`UniformPrice`] clears all of it at one price (the k-double auction, Chatterjee & Samuelson 1983;
//! Satterthwaite & Williams 1989), [`McAfee`] gives up the last pair where it must, so that the truth is dominant
//! (McAfee 1992), and [`largest_volume`] shows the most that could change hands at all, at many prices.

use agent2028_core::agent::AgentId;

use crate::accounts::Money;
use crate::mechanism::Mechanism;
use crate::order_book::Side;

/// What somebody wants to buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whose it is.
    pub trader: AgentId,
    /// Buying or selling.
    pub side: Side,
    /// The most that is paid, or the least that is taken, for a unit.
    pub price: Money,
    /// Units.
    pub quantity: u32,
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fill {
    /// Units that change hands.
    pub quantity: u32,
    /// What is paid or got for each, in minor units; 0 without units.
    pub price: Money,
}

/// The outcome of a call market.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clearing {
    /// A fill for each offer, in the offers' order.
    pub fills: Vec<Fill>,
    /// Units that change hands.
    pub volume: u64,
    /// What the market keeps: what buyers pay less what sellers get. Never negative.
    pub surplus_kept: i128,
}

impl Clearing {
    /// What the trades are worth by the offers' prices: buyers' less sellers'.
    #[must_use]
    pub fn welfare(&self, offers: &[Offer]) -> i128 {
        offers.iter().zip(&self.fills).map(|(offer, fill)| worth(offer) * i128::from(fill.quantity)).sum()
    }
}

fn worth(offer: &Offer) -> i128 {
    let price = i128::from(offer.price);
    if offer.side == Side::Buy { price } else { -price }
}

/// Demand or supply: places of offers, the keenest first.
fn sorted(offers: &[Offer], side: Side) -> Vec<usize> {
    let mut places: Vec<usize> =
        (0..offers.len()).filter(|at| offers[*at].side == side && offers[*at].quantity > 0).collect();
    places.sort_by_key(|at| (-worth(&offers[*at]), offers[*at].trader, *at));
    places
}

/// How demand and supply cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Crossing {
    /// Units that can change hands with a gain or without a loss, each.
    volume: u64,
    /// Price of the last unit bought.
    last_buy: Money,
    /// Price of the last unit sold.
    last_sell: Money,
    /// Price of the first unit of demand that is left over.
    next_buy: Option<Money>,
    /// Price of the first unit of supply that is left over.
    next_sell: Option<Money>,
}

fn crossing(offers: &[Offer], buyers: &[usize], sellers: &[usize]) -> Option<Crossing> {
    let (mut buy, mut sell) = (0, 0);
    let (mut bought, mut sold) = (0, 0);
    let mut found: Option<Crossing> = None;
    while let (Some(buyer), Some(seller)) = (buyers.get(buy), sellers.get(sell)) {
        let (buyer, seller) = (&offers[*buyer], &offers[*seller]);
        if buyer.price < seller.price {
            break;
        }
        let units = (buyer.quantity - bought).min(seller.quantity - sold);
        let volume = found.map_or(0, |crossing| crossing.volume) + u64::from(units);
        found =
            Some(Crossing { volume, last_buy: buyer.price, last_sell: seller.price, next_buy: None, next_sell: None });
        bought += units;
        sold += units;
        if bought == buyer.quantity {
            (buy, bought) = (buy + 1, 0);
        }
        if sold == seller.quantity {
            (sell, sold) = (sell + 1, 0);
        }
    }
    let left = |side: &[usize], at: usize| side.get(at).map(|at| offers[*at].price);
    found.map(|crossing| Crossing { next_buy: left(buyers, buy), next_sell: left(sellers, sell), ..crossing })
}

/// Gives the keenest of a side so many units in all, at this price.
fn fill(offers: &[Offer], side: &[usize], mut units: u64, price: Money, fills: &mut [Fill]) {
    for at in side {
        let quantity = u64::from(offers[*at].quantity).min(units) as u32;
        if quantity == 0 {
            break;
        }
        units -= u64::from(quantity);
        fills[*at] = Fill { quantity, price };
    }
}

fn gain(clearing: &Clearing, at: usize, truth: &Offer) -> i64 {
    let fill = clearing.fills[at];
    let each = match truth.side {
        Side::Buy => truth.price.saturating_sub(fill.price),
        Side::Sell => fill.price.saturating_sub(truth.price),
    };
    each.saturating_mul(i64::from(fill.quantity))
}

/// So many prices of others on either side of a call's price are looked at for the best answer to them.
const PRICES_BESIDE: usize = 4;

/// The offers among which somebody's best answer to the others is: right next to what they say, near the price of the call. What
/// lies farther off gives way before the price could come there.
fn answers(
    rule: &impl Mechanism<Bid = Offer, Outcome = Clearing>,
    offers: &[Offer],
    at: usize,
    truth: &Offer,
) -> Vec<Offer> {
    let clearing = rule.clear(offers);
    let price = clearing.fills.iter().find(|fill| fill.quantity > 0).map_or(truth.price, |fill| fill.price);
    let others = offers.iter().enumerate().filter(|(other, _)| *other != at);
    let mut prices: Vec<Money> = others.map(|(_, offer)| offer.price).collect();
    prices.sort_unstable();
    prices.dedup();
    let middle = prices.partition_point(|other| *other < price);
    let near = &prices[middle.saturating_sub(PRICES_BESIDE)..(middle + PRICES_BESIDE).min(prices.len())];
    let beside = near.iter().flat_map(|price| [-1, 0, 1].map(|away| price.saturating_add(away).max(0)));
    beside.map(|price| Offer { price, ..*truth }).collect()
}

/// A call market at one price: all the efficient volume changes hands.
///
/// The price lies within the interval in which demand and supply agree, from the larger of the last seller's and the first
/// refused buyer's price to the smaller of the last buyer's and the first refused seller's: at its lower end for `k` = 0,
/// at its upper end for 1000. With `k` = 0 a buyer of one unit can't gain by a lie; sellers can, and it is the other way round
/// with 1000. Those who want several units can lie about the last to cheapen the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UniformPrice {
    /// Where in the interval the price lies, in thousandths, 0–1000.
    pub k: u16,
}

impl Mechanism for UniformPrice {
    type Bid = Offer;
    type Outcome = Clearing;

    fn name(&self) -> &'static str {
        "uniform price"
    }

    fn clear(&self, offers: &[Offer]) -> Clearing {
        let mut clearing = Clearing { fills: vec![Fill::default(); offers.len()], ..Clearing::default() };
        let (buyers, sellers) = (sorted(offers, Side::Buy), sorted(offers, Side::Sell));
        let Some(crossing) = crossing(offers, &buyers, &sellers) else { return clearing };
        let low = crossing.next_buy.map_or(crossing.last_sell, |next| next.max(crossing.last_sell));
        let high = crossing.next_sell.map_or(crossing.last_buy, |next| next.min(crossing.last_buy));
        let share = (i128::from(high) - i128::from(low)) * i128::from(self.k.min(1000)) / 1000;
        let price = (i128::from(low) + share) as Money;
        fill(offers, &buyers, crossing.volume, price, &mut clearing.fills);
        fill(offers, &sellers, crossing.volume, price, &mut clearing.fills);
        clearing.volume = crossing.volume;
        clearing
    }

    fn utility(&self, clearing: &Clearing, at: usize, truth: &Offer) -> i64 {
        gain(clearing, at, truth)
    }

    fn answers(&self, offers: &[Offer], at: usize, truth: &Offer) -> Vec<Offer> {
        answers(self, offers, at, truth)
    }
}

/// McAfee's dominant-strategy double auction, for traders of one unit each (offers of more are taken as offers of one).
///
/// If the price halfway between the first refused buyer and the first refused seller suits all the efficient pairs, they trade
/// at it. Otherwise the last pair goes without: buyers pay what its buyer said, sellers get what its seller said, and the
/// market keeps the difference. Half a minor unit is rounded down, which leaves the price independent of whoever trades at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct McAfee;

impl Mechanism for McAfee {
    type Bid = Offer;
    type Outcome = Clearing;

    fn name(&self) -> &'static str {
        "McAfee"
    }

    fn clear(&self, offers: &[Offer]) -> Clearing {
        let mut clearing = Clearing { fills: vec![Fill::default(); offers.len()], ..Clearing::default() };
        let single: Vec<Offer> =
            offers.iter().map(|offer| Offer { quantity: offer.quantity.min(1), ..*offer }).collect();
        let (buyers, sellers) = (sorted(&single, Side::Buy), sorted(&single, Side::Sell));
        let Some(crossing) = crossing(&single, &buyers, &sellers) else { return clearing };
        let halfway = crossing
            .next_buy
            .zip(crossing.next_sell)
            .map(|(buy, sell)| (i128::from(buy) + i128::from(sell)).div_euclid(2) as Money);
        let (volume, pay, get) = match halfway {
            Some(price) if (crossing.last_sell..=crossing.last_buy).contains(&price) => (crossing.volume, price, price),
            _ => (crossing.volume - 1, crossing.last_buy, crossing.last_sell),
        };
        fill(&single, &buyers, volume, pay, &mut clearing.fills);
        fill(&single, &sellers, volume, get, &mut clearing.fills);
        clearing.volume = volume;
        clearing.surplus_kept = (i128::from(pay) - i128::from(get)) * i128::from(volume);
        clearing
    }

    fn utility(&self, clearing: &Clearing, at: usize, truth: &Offer) -> i64 {
        gain(clearing, at, truth)
    }

    fn answers(&self, offers: &[Offer], at: usize, truth: &Offer) -> Vec<Offer> {
        answers(self, offers, at, truth)
    }
}

/// The most that trades can be worth: what an efficient market reaches.
#[must_use]
pub fn largest_welfare(offers: &[Offer]) -> i128 {
    UniformPrice::default().clear(offers).welfare(offers)
}

/// The most units that can change hands if each pair may have a price of its own (Niu & Parsons 2013): the cheapest seller
/// meets the buyer whose price just suffices. It takes from the welfare what it adds to the volume.
#[must_use]
pub fn largest_volume(offers: &[Offer]) -> u64 {
    let (mut buyers, sellers) = (sorted(offers, Side::Buy), sorted(offers, Side::Sell));
    buyers.reverse();
    let (mut sell, mut sold, mut volume) = (0, 0, 0);
    for buyer in buyers.into_iter().map(|at| &offers[at]) {
        let mut wanted = buyer.quantity;
        while wanted > 0
            && let Some(seller) = sellers.get(sell).map(|at| &offers[*at])
            && seller.price <= buyer.price
        {
            let units = wanted.min(seller.quantity - sold);
            wanted -= units;
            sold += units;
            volume += u64::from(units);
            if sold == seller.quantity {
                (sell, sold) = (sell + 1, 0);
            }
        }
    }
    volume
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::{Purpose, SimRng};
    use proptest::prelude::*;

    use super::*;
    use crate::mechanism::{Exploitability, exploitability, price_lies};

    fn market(buyers: &[(u32, Money)], sellers: &[(u32, Money)]) -> Vec<Offer> {
        let sides = buyers.iter().map(|at| (Side::Buy, at)).chain(sellers.iter().map(|at| (Side::Sell, at)));
        let offer = |(at, (side, (quantity, price))): (usize, (Side, &(u32, Money)))| Offer {
            trader: AgentId(at as u32),
            side,
            price: *price,
            quantity: *quantity,
        };
        sides.enumerate().map(offer).collect()
    }

    fn singles(buyers: &[Money], sellers: &[Money]) -> Vec<Offer> {
        let single = |prices: &[Money]| prices.iter().map(|price| (1, *price)).collect::<Vec<_>>();
        market(&single(buyers), &single(sellers))
    }

    /// Buyers (quantity @ price) 1@3, 2@4, 5@1 and sellers 4@2, 1@1, 5@6: the first data set of the tests of PyMarket (Kiedanski,
    /// Kofman & Horta 2020; `bid_dataset_0` in github.com/gus0k/pymarket), which say that its largest utility is 6 and its
    /// largest volume 4.
    #[test]
    fn the_published_market_has_its_largest_utility_and_volume() {
        let offers = market(&[(1, 3), (2, 4), (5, 1)], &[(4, 2), (1, 1), (5, 6)]);
        assert_eq!(largest_welfare(&offers), 6);
        assert_eq!(largest_volume(&offers), 4);
        let clearing = UniformPrice { k: 500 }.clear(&offers);
        assert_eq!(clearing.volume, 3);
        let filled: Vec<u32> = clearing.fills.iter().map(|fill| fill.quantity).collect();
        assert_eq!(filled, [1, 2, 0, 2, 1, 0]);
        assert!(clearing.fills.iter().all(|fill| fill.quantity == 0 || fill.price == 2));
    }

    /// Buyers 100, 90, 80, 70, 60 and sellers 80, 85, 95, 100, 110: the example of the course on auctions of the University of
    /// Applied Sciences Mittweida (blockchain-academy.hs-mittweida.de, "Double Auction"): two pairs, prices from 85 to 90, the
    /// average mechanism's 87.5; the first refused pair is 80 and 95, whose middle suits both pairs.
    #[test]
    fn a_published_double_auction_is_cleared_as_published() {
        let halves: Vec<Offer> = singles(&[100, 90, 80, 70, 60], &[80, 85, 95, 100, 110])
            .into_iter()
            .map(|offer| Offer { price: offer.price * 2, ..offer })
            .collect();
        let price = |k| UniformPrice { k }.clear(&halves).fills[0].price;
        assert_eq!([price(0), price(500), price(1000)], [2 * 85, 175, 2 * 90]);
        let clearing = McAfee.clear(&halves);
        assert_eq!((clearing.volume, clearing.surplus_kept), (2, 0));
        assert!(clearing.fills.iter().all(|fill| fill.quantity == 0 || fill.price == 175));
    }

    /// McAfee (1992): where the middle of the refused pair suits not all, the last pair goes without.
    #[test]
    fn mcafee_gives_up_the_last_pair_exactly_where_it_must() {
        // The middle of 10 and 90 is 50, outside of 60–70.
        let offers = singles(&[100, 70, 10], &[20, 60, 90]);
        let clearing = McAfee.clear(&offers);
        assert_eq!((clearing.volume, clearing.surplus_kept), (1, 10));
        assert_eq!(clearing.fills[0], Fill { quantity: 1, price: 70 });
        assert_eq!(clearing.fills[3], Fill { quantity: 1, price: 60 });
        // Nobody is refused on one side.
        let clearing = McAfee.clear(&singles(&[100, 70], &[20, 60]));
        assert_eq!((clearing.volume, clearing.surplus_kept), (1, 10));
        // A single pair alone can't trade under it.
        assert_eq!(McAfee.clear(&singles(&[100], &[20])).volume, 0);
        assert_eq!(McAfee.clear(&singles(&[10], &[20])).volume, 0);
        assert_eq!(McAfee.clear(&[]).volume, 0);
    }

    fn lies(rule: &impl Mechanism<Bid = Offer, Outcome = Clearing>, liar: usize, most: u32) -> Exploitability {
        let draws = (0..3000).map(|draw| {
            let mut stream = SimRng::new(2028).global(Purpose::new("test.double"), draw);
            let mut side = || -> Vec<(u32, Money)> {
                (0..2 + stream.below(5)).map(|_| (1 + stream.below(most), Money::from(stream.below(10_000)))).collect()
            };
            let (buyers, sellers) = (side(), side());
            let mut offers = market(&buyers, &sellers);
            // The liar comes first.
            let place = if liar == 0 { 0 } else { buyers.len() };
            offers.swap(0, place);
            offers
        });
        exploitability(rule, draws, 0, |truth, lies| {
            lies.extend(price_lies(truth.price).map(|price| Offer { price, ..*truth }));
            lies.extend((1..4).map(|quantity| Offer { quantity: quantity.min(truth.quantity), ..*truth }));
        })
    }

    #[test]
    fn lies_about_one_unit_pay_for_nobody_under_mcafee_and_for_one_side_at_a_uniform_price() {
        assert_eq!((lies(&McAfee, 0, 1).profitable, lies(&McAfee, 1, 1).profitable), (0, 0));
        let (buyers_choice, sellers_choice) = (UniformPrice { k: 0 }, UniformPrice { k: 1000 });
        assert_eq!(lies(&buyers_choice, 0, 1).profitable, 0);
        assert_eq!(lies(&sellers_choice, 1, 1).profitable, 0);
        assert!(lies(&buyers_choice, 1, 1).profitable > 100);
        assert!(lies(&sellers_choice, 0, 1).profitable > 100);
        // Who wants several units can hold some back.
        assert!(lies(&buyers_choice, 0, 4).profitable > 100);
    }

    /// What the search says is what trying every price says, with traders of one unit each.
    #[test]
    fn the_search_finds_the_best_lie_that_there_is() {
        fn check(rule: &impl Mechanism<Bid = Offer, Outcome = Clearing>, offers: &[Offer], at: usize) {
            let truth = offers[at];
            let mut tried = offers.to_vec();
            let honest = rule.utility(&rule.clear(offers), at, &truth);
            let best = (0..=70).map(|price| {
                tried[at].price = price;
                rule.utility(&rule.clear(&tried), at, &truth)
            });
            let found = exploitability(rule, [offers.to_vec()], at, |_, _| {});
            assert_eq!(found.largest, best.max().unwrap() - honest, "{} {offers:?} {at}", rule.name());
        }
        for case in 0..1500 {
            let mut stream = SimRng::new(2028).global(Purpose::new("test.double.best"), case);
            let mut side = || (0..1 + stream.below(12)).map(|_| Money::from(stream.below(60))).collect::<Vec<_>>();
            let offers = singles(&side(), &side());
            for at in 0..offers.len() {
                for k in [0, 500, 1000] {
                    check(&UniformPrice { k }, &offers, at);
                }
                check(&McAfee, &offers, at);
            }
        }
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(512))]

        #[test]
        fn nobody_loses_and_what_is_bought_is_sold(
            buyers in prop::collection::vec((0..6_u32, 0..40_i64), 0..7),
            sellers in prop::collection::vec((0..6_u32, 0..40_i64), 0..7),
            k in 0..=1000_u16,
        ) {
            let offers = market(&buyers, &sellers);
            for clearing in [UniformPrice { k }.clear(&offers), McAfee.clear(&offers)] {
                let units = |side| -> u64 {
                    let of_side = offers.iter().zip(&clearing.fills).filter(|(offer, _)| offer.side == side);
                    of_side.map(|(_, fill)| u64::from(fill.quantity)).sum()
                };
                prop_assert!(units(Side::Buy) == clearing.volume && units(Side::Sell) == clearing.volume);
                let mut kept = 0;
                for (at, (offer, fill)) in offers.iter().zip(&clearing.fills).enumerate() {
                    prop_assert!(fill.quantity <= offer.quantity && gain(&clearing, at, offer) >= 0);
                    let sign = if offer.side == Side::Buy { 1 } else { -1 };
                    kept += sign * i128::from(fill.price) * i128::from(fill.quantity);
                }
                prop_assert!(kept == clearing.surplus_kept && kept >= 0);
                prop_assert!(clearing.volume <= largest_volume(&offers));
                prop_assert!(clearing.welfare(&offers) <= largest_welfare(&offers));
            }
            // Welfare and volume against all matchings of single units, found by trying.
            let split = |side: Side| -> Vec<i64> {
                offers.iter().filter(|offer| offer.side == side)
                    .flat_map(|offer| std::iter::repeat_n(offer.price, offer.quantity as usize)).collect()
            };
            let (buys, sells) = (split(Side::Buy), split(Side::Sell));
            if sells.len() <= 12 {
                let mut best = vec![(0_u64, 0_i64); 1 << sells.len()];
                let (mut volume, mut welfare) = (0, 0);
                for buy in buys {
                    for set in (0..best.len()).rev() {
                        for (at, sell) in sells.iter().enumerate().filter(|(at, sell)| set >> at & 1 == 0 && **sell <= buy) {
                            let (units, value) = best[set];
                            let next = &mut best[set | 1 << at];
                            *next = (next.0.max(units + 1), next.1.max(value + buy - sell));
                            (volume, welfare) = (volume.max(units + 1), welfare.max(value + buy - sell));
                        }
                    }
                }
                prop_assert!(volume == largest_volume(&offers) && i128::from(welfare) == largest_welfare(&offers));
            }
        }
    }
}
