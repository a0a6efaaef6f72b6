//! Traders that learn from prices that others say (after Cliff & Bruten 1997, "zero intelligence plus").
//!
//! A trader keeps a belief: the price that it aims at. When others trade at prices that it would have been glad of, it wants more;
//! when it is left out, it wants less. It moves a part of the way to where it should be, which lies a little beyond what was said,
//! and never says a price at which it would lose. Two things differ from the original: what is kept is the price and not the margin,
//! because units are worth something else in each period; and there is no momentum.

use agent2028_core::rng::SimStream;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;
use crate::order_book::Side;

/// How much of the way to its aim a trader goes at once.
const RATE: f64 = 0.3;

/// How far beyond what was said it aims at most, as a part of it and in minor units.
const BEYOND: (f64, f64) = (0.05, 0.05);

/// A price that somebody said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shout {
    /// Who said it: a buyer or a seller.
    pub side: Side,
    /// The price, or that of the trade.
    pub price: Money,
    /// Whether it traded.
    pub accepted: bool,
}

/// The price that a trader aims at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Belief(f64);

impl Belief {
    /// That of a beginner: 5 to 35 % better than what its first unit is worth or costs.
    #[must_use]
    pub fn beginner(side: Side, truth: Money, stream: &mut SimStream) -> Self {
        let margin = 0.05 + 0.3 * stream.unit_fine();
        Self(truth as f64 * if side == Side::Buy { 1.0 - margin } else { 1.0 + margin })
    }

    /// The price, in minor units.
    #[must_use]
    pub fn aim(self) -> f64 {
        self.0
    }

    /// Whether it is a number that prices can be.
    #[must_use]
    pub fn is_sound(self) -> bool {
        self.0.is_finite() && self.0 >= 0.0
    }

    /// What is said for a unit that is worth or costs so much: never a price at which it would be lost.
    #[must_use]
    pub fn price(self, side: Side, truth: Money) -> Money {
        let price = self.0.round() as Money;
        if side == Side::Buy { price.min(truth) } else { price.max(truth) }
    }

    /// Hears a price. `truth` is what the next unit is worth or costs; who has none left may want more the next time, but has no
    /// reason to give way.
    pub fn hear(&mut self, side: Side, truth: Option<Money>, shout: Shout, stream: &mut SimStream) {
        let own = truth.map_or(self.0.round() as Money, |truth| self.price(side, truth));
        // What a buyer is glad of is low, what a seller is glad of is high.
        let glad = if side == Side::Buy { own >= shout.price } else { own <= shout.price };
        let more = shout.accepted && glad;
        // Who would not have traded at this price gives way if others did. Who asks for as much as a rival of the same side did in
        // vain, or for more, gives way as well: so rivals outbid each other until somebody trades.
        let vain = if side == Side::Buy { own <= shout.price } else { own >= shout.price };
        let less = if shout.accepted { !glad && shout.side != side } else { vain && shout.side == side };
        if !(more || less && truth.is_some()) {
            return;
        }
        let (part, amount) = (1.0 + BEYOND.0 * stream.unit_fine(), BEYOND.1 * stream.unit_fine());
        let (said, higher) = (shout.price as f64, (side == Side::Sell) == more);
        let aim = if higher { said * part + amount } else { said / part - amount };
        self.0 = (self.0 + RATE * (aim - self.0)).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::{Purpose, SimRng};

    use super::*;

    /// By how much a belief of 120 (seller) or 80 (buyer) of somebody with a truth of 100 changes.
    fn change(side: Side, shout: Shout) -> f64 {
        let mut stream = SimRng::new(1).global(Purpose::new("test.shout"), 0);
        let before = if side == Side::Buy { 80.0 } else { 120.0 };
        let mut belief = Belief(before);
        belief.hear(side, Some(100), shout, &mut stream);
        belief.aim() - before
    }

    #[test]
    fn who_would_have_got_a_better_price_wants_more_and_who_is_left_out_wants_less() {
        let shout = |side, price, accepted| Shout { side, price, accepted };
        // A seller at 120 sees a trade at 150: it asks for more. At 105, which a buyer said: for less.
        assert!(change(Side::Sell, shout(Side::Buy, 150, true)) > 0.0);
        assert!(change(Side::Sell, shout(Side::Buy, 105, true)) < 0.0);
        // A rival asked for less in vain, or for as much: less. A rival asked for more in vain: nothing to learn.
        assert!(change(Side::Sell, shout(Side::Sell, 120, false)) < 0.0);
        assert!(change(Side::Buy, shout(Side::Buy, 80, false)) > 0.0);
        assert!(change(Side::Sell, shout(Side::Sell, 110, false)) < 0.0);
        assert_eq!(change(Side::Sell, shout(Side::Sell, 130, false)).to_bits(), 0);
        // And so do buyers, the other way round.
        assert!(change(Side::Buy, shout(Side::Sell, 50, true)) < 0.0);
        assert!(change(Side::Buy, shout(Side::Sell, 95, true)) > 0.0);
        assert!(change(Side::Buy, shout(Side::Buy, 90, false)) > 0.0);
        assert_eq!(change(Side::Buy, shout(Side::Buy, 70, false)).to_bits(), 0);
    }

    #[test]
    fn nobody_says_a_price_at_which_it_would_lose() {
        for side in [Side::Buy, Side::Sell] {
            let far = if side == Side::Buy { 1000 } else { 1 };
            let mut stream = SimRng::new(1).global(Purpose::new("test.shout"), 0);
            let mut belief = Belief::beginner(side, 100, &mut stream);
            for _ in 0..100 {
                belief.hear(side, Some(100), Shout { side: side.other(), price: far, accepted: true }, &mut stream);
                belief.hear(side, Some(100), Shout { side, price: far, accepted: false }, &mut stream);
            }
            assert_eq!(belief.price(side, 100), 100);
        }
    }
}
