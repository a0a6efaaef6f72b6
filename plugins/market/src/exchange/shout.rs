//! Traders that learn from prices that others say (Cliff & Bruten 1997, "zero intelligence plus").
//!
//! A trader keeps a margin: how far its price is from what the unit is worth or costs. When others trade at prices that it would
//! have been glad of, it wants more; when it is left out, it wants less. It moves a part of the way to the price that it aims at,
//! which lies a little beyond what was said. The momentum of the original is left out, and a trader hears the last price only,
//! when it is its turn: so one price costs the same however many listen.

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

/// How far from the truth a trader's price is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Margin(f64);

impl Margin {
    /// That of a beginner: 5 to 35 %.
    #[must_use]
    pub fn beginner(stream: &mut SimStream) -> Self {
        Self(0.05 + 0.3 * stream.unit_fine())
    }

    /// As a part of the truth, at least 0.
    #[must_use]
    pub fn part(self) -> f64 {
        self.0
    }

    /// Whether it is a number that margins can have.
    #[must_use]
    pub fn is_sound(self) -> bool {
        self.0.is_finite() && self.0 >= 0.0
    }

    /// The price for a unit that is worth or costs so much.
    #[must_use]
    pub fn price(self, side: Side, truth: Money) -> Money {
        self.exact(side, truth).round() as Money
    }

    fn exact(self, side: Side, truth: Money) -> f64 {
        let truth = truth as f64;
        if side == Side::Buy { truth * (1.0 - self.0) } else { truth * (1.0 + self.0) }
    }

    /// Hears a price, as somebody who still has something to trade.
    pub fn hear(&mut self, side: Side, truth: Money, shout: Shout, stream: &mut SimStream) {
        let own = self.exact(side, truth);
        let said = shout.price as f64;
        // What a buyer is glad of is low, what a seller is glad of is high.
        let glad = if side == Side::Buy { own >= said } else { own <= said };
        let more = shout.accepted && glad;
        // Who would not have traded at this price gives way if others did, or if a rival of the same side said it in vain.
        let less = !glad && if shout.accepted { shout.side != side } else { shout.side == side };
        if !more && !less {
            return;
        }
        let (part, amount) = (1.0 + BEYOND.0 * stream.unit_fine(), BEYOND.1 * stream.unit_fine());
        let higher = (side == Side::Sell) == more;
        let aim = if higher { said * part + amount } else { said / part - amount };
        let price = own + RATE * (aim - own);
        if truth > 0 {
            let margin = if side == Side::Buy { 1.0 - price / truth as f64 } else { price / truth as f64 - 1.0 };
            self.0 = margin.max(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::{Purpose, SimRng};

    use super::*;

    fn after(side: Side, truth: Money, margin: f64, shout: Shout) -> f64 {
        let mut stream = SimRng::new(1).global(Purpose::new("test.shout"), 0);
        let mut margin = Margin(margin);
        margin.hear(side, truth, shout, &mut stream);
        margin.0
    }

    #[test]
    fn who_would_have_got_a_better_price_wants_more_and_who_is_left_out_wants_less() {
        let shout = |side, price, accepted| Shout { side, price, accepted };
        // A seller at 120 sees a trade at 150: it asks for more. At 100, which a buyer said: for less.
        assert!(after(Side::Sell, 100, 0.2, shout(Side::Buy, 150, true)) > 0.2);
        assert!(after(Side::Sell, 100, 0.2, shout(Side::Buy, 105, true)) < 0.2);
        // A rival asked for less in vain: less. A rival asked for more in vain: nothing to learn.
        assert!(after(Side::Sell, 100, 0.2, shout(Side::Sell, 110, false)) < 0.2);
        assert_eq!(after(Side::Sell, 100, 0.2, shout(Side::Sell, 130, false)).to_bits(), 0.2_f64.to_bits());
        // And so do buyers, the other way round.
        assert!(after(Side::Buy, 100, 0.2, shout(Side::Sell, 50, true)) > 0.2);
        assert!(after(Side::Buy, 100, 0.2, shout(Side::Sell, 95, true)) < 0.2);
        assert!(after(Side::Buy, 100, 0.2, shout(Side::Buy, 90, false)) < 0.2);
        assert_eq!(after(Side::Buy, 100, 0.2, shout(Side::Buy, 70, false)).to_bits(), 0.2_f64.to_bits());
    }

    #[test]
    fn nobody_learns_to_trade_at_a_loss() {
        for side in [Side::Buy, Side::Sell] {
            let far = if side == Side::Buy { 1000 } else { 1 };
            let mut stream = SimRng::new(1).global(Purpose::new("test.shout"), 0);
            let mut margin = Margin(0.3);
            for _ in 0..100 {
                margin.hear(side, 100, Shout { side: side.other(), price: far, accepted: true }, &mut stream);
                margin.hear(side, 100, Shout { side, price: far, accepted: false }, &mut stream);
            }
            assert_eq!(margin.price(side, 100), 100);
        }
    }
}
