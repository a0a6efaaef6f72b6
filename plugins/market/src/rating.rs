//! What buyers think of a listing: stars from those who had a contract, one rating per contract.

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

use crate::contract::{Contract, Status};

/// The most stars that a rating has; the least is 0.
pub const MOST_STARS: u8 = 5;

/// The ratings of a listing, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// In thousandths of a star.
    sum: u64,
    count: u32,
}

impl Rating {
    /// Adds a rating, of at most [`MOST_STARS`] stars. [`rate`] sees to it that it has a contract behind it.
    pub fn count(&mut self, stars: u8) {
        self.sum += 1000 * u64::from(stars.min(MOST_STARS));
        self.count += 1;
    }

    /// A rating by so many who gave so many stars in all.
    #[must_use]
    pub fn of_stars(stars: u64, count: u32) -> Self {
        Self { sum: 1000 * stars, count }
    }

    /// A rating by so many with this mean, in thousandths of a star.
    #[must_use]
    pub fn of_mean(thousandths: u32, count: u32) -> Self {
        let most = 1000 * u32::from(MOST_STARS);
        Self { sum: u64::from(thousandths.min(most)) * u64::from(count), count }
    }

    /// How many there are.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.count
    }

    /// The mean in thousandths of a star, rounded down; 0 without ratings.
    #[must_use]
    pub fn mean_thousandths(&self) -> u32 {
        if self.count == 0 { 0 } else { (self.sum / u64::from(self.count)) as u32 }
    }
}

/// Why a rating does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Only the buyer of a contract may rate it.
    #[error("only the buyer may rate a contract")]
    NotTheBuyer,
    /// Only what was fulfilled or breached can be rated.
    #[error("the contract was neither fulfilled nor breached")]
    NotOver,
    /// It has been rated.
    #[error("the contract has been rated already")]
    Twice,
    /// There are 0 to 5 stars.
    #[error("there are at most {MOST_STARS} stars")]
    TooManyStars,
}

/// Rates a contract, once, and adds the stars to the listing's rating.
///
/// # Errors
/// See [`Refusal`].
pub fn rate(rater: AgentId, contract: &mut Contract, stars: u8, rating: &mut Rating) -> Result<(), Refusal> {
    if rater != contract.terms.buyer {
        return Err(Refusal::NotTheBuyer);
    }
    if !matches!(contract.status(), Status::Fulfilled | Status::Breached) {
        return Err(Refusal::NotOver);
    }
    if stars > MOST_STARS {
        return Err(Refusal::TooManyStars);
    }
    if !contract.mark_rated() {
        return Err(Refusal::Twice);
    }
    rating.count(stars);
    Ok(())
}
