//! A contract's life, and its money: proposed, active, and then fulfilled, breached or expired; suspended in between.
//!
//! When a contract becomes active, the buyer's cost and the provider's penalty go into an escrow. When it ends, the escrow
//! is divided to the last minor unit: for what was delivered the provider is paid, for what was not the buyer is repaid;
//! the penalty goes back to the provider, or to the buyer after a breach. Service is counted while the contract is active
//! only.

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountId, Accounts, Money, Refusal as NoMoney};
use crate::listing::Stock;

/// Names a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContractId(pub u64);

/// Where a contract stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Offered, with no money in escrow and no stock taken.
    Proposed,
    /// Service is delivered.
    Active,
    /// Service rests; it may go on.
    Suspended,
    /// All was delivered as promised.
    Fulfilled,
    /// The provider broke its promise.
    Breached,
    /// Its time is over, or the proposal's.
    Expired,
}

impl Status {
    /// Whether nothing can follow.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Fulfilled | Self::Breached | Self::Expired)
    }
}

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Who pays.
    pub buyer: AgentId,
    /// Who delivers.
    pub provider: AgentId,
    /// Units of service, at least 1.
    pub quantity: u32,
    /// For all of them, in minor units.
    pub cost: Money,
    /// What the provider pays for a breach, in percent of the cost.
    pub breach_penalty_percent: u32,
    /// When it was proposed, in ticks.
    pub created: u64,
    /// The first tick in which it serves nothing any more.
    pub expires: u64,
    /// The least conservative trust that the buyer demands of the provider, 0–1000 thousandths.
    pub least_trust: u16,
}

impl Terms {
    /// The penalty: the percentage of the cost, rounded down.
    #[must_use]
    pub fn penalty(&self) -> Money {
        let penalty = i128::from(self.cost) * i128::from(self.breach_penalty_percent) / 100;
        Money::try_from(penalty).unwrap_or(Money::MAX)
    }
}

/// Why nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A contract that stands so can't do this.
    #[error("a contract that is {0:?} can't do this")]
    Status(Status),
    /// Its time is over.
    #[error("the contract has expired")]
    Expired,
    /// It is about nothing, or costs less than nothing.
    #[error("a contract needs a quantity and a cost that is not negative")]
    Terms,
    /// There is less in stock.
    #[error("there is not as much in stock")]
    Stock,
    /// The buyer demands more trust.
    #[error("the provider is trusted with {has} thousandths where the buyer demands {wanted}")]
    Trust {
        /// How far it is trusted.
        has: u16,
        /// How far it should be.
        wanted: u16,
    },
    /// More than was agreed on.
    #[error("all that was agreed on has been delivered")]
    NothingLeft,
    /// The money is not there.
    #[error(transparent)]
    Money(#[from] NoMoney),
}

/// A contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Its name.
    pub id: ContractId,
    /// What was agreed on.
    pub terms: Terms,
    status: Status,
    delivered: u32,
    escrow: Option<AccountId>,
    rated: bool,
}

/// The accounts of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purses {
    /// The buyer's.
    pub buyer: AccountId,
    /// The provider's.
    pub provider: AccountId,
}

impl Contract {
    /// Proposes a contract.
    ///
    /// # Errors
    /// It needs a quantity, a cost that is not negative, and time.
    pub fn propose(id: ContractId, terms: Terms) -> Result<Self, Refusal> {
        if terms.quantity == 0 || terms.cost < 0 || terms.expires <= terms.created {
            return Err(Refusal::Terms);
        }
        Ok(Self { id, terms, status: Status::Proposed, delivered: 0, escrow: None, rated: false })
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// Units delivered so far.
    #[must_use]
    pub fn delivered(&self) -> u32 {
        self.delivered
    }

    /// Makes a proposal active: stock is taken, both sides pay into the escrow. All of it happens, or nothing.
    ///
    /// # Errors
    /// See [`Refusal`]. `trust` is the provider's conservative trust in thousandths.
    pub fn activate(
        &mut self,
        now: u64,
        trust: u16,
        stock: &mut Stock,
        accounts: &mut Accounts,
        purses: Purses,
    ) -> Result<(), Refusal> {
        if self.status != Status::Proposed {
            return Err(Refusal::Status(self.status));
        }
        if now >= self.terms.expires {
            return Err(Refusal::Expired);
        }
        if trust < self.terms.least_trust {
            return Err(Refusal::Trust { has: trust, wanted: self.terms.least_trust });
        }
        if !stock.take(self.terms.quantity) {
            return Err(Refusal::Stock);
        }
        let deposits = [(purses.buyer, self.terms.cost), (purses.provider, self.terms.penalty())];
        match accounts.open_escrow(&deposits) {
            Ok(escrow) => {
                (self.status, self.escrow) = (Status::Active, Some(escrow));
                Ok(())
            }
            Err(refusal) => {
                // It was taken a moment ago.
                let _ = stock.put_back(self.terms.quantity);
                Err(refusal.into())
            }
        }
    }

    /// Notes that its buyer has rated it; false if it had been rated.
    pub(crate) fn mark_rated(&mut self) -> bool {
        !std::mem::replace(&mut self.rated, true)
    }

    /// Takes a proposal back that nobody has accepted.
    ///
    /// # Errors
    /// It must be no more than proposed.
    pub fn withdraw(&mut self) -> Result<(), Refusal> {
        if self.status != Status::Proposed {
            return Err(Refusal::Status(self.status));
        }
        self.status = Status::Expired;
        Ok(())
    }

    /// The account in which its money lies, while there is some.
    #[must_use]
    pub fn escrow(&self) -> Option<AccountId> {
        self.escrow
    }

    /// Delivers a unit of service.
    ///
    /// # Errors
    /// The contract must be active and not expired, and there must be something left to deliver.
    pub fn deliver(&mut self, now: u64) -> Result<(), Refusal> {
        if self.status != Status::Active {
            return Err(Refusal::Status(self.status));
        }
        if now >= self.terms.expires {
            return Err(Refusal::Expired);
        }
        if self.delivered == self.terms.quantity {
            return Err(Refusal::NothingLeft);
        }
        self.delivered += 1;
        Ok(())
    }

    /// Delivers all that is left of the service.
    ///
    /// # Errors
    /// As [`Contract::deliver`] has them for the first unit of it.
    pub fn deliver_all(&mut self, now: u64) -> Result<(), Refusal> {
        self.deliver(now)?;
        self.delivered = self.terms.quantity;
        Ok(())
    }

    /// Lets service rest, or go on.
    ///
    /// # Errors
    /// Only an active contract can be suspended, and only a suspended one resumed.
    pub fn suspend(&mut self, suspended: bool) -> Result<(), Refusal> {
        match (self.status, suspended) {
            (Status::Active, true) => self.status = Status::Suspended,
            (Status::Suspended, false) => self.status = Status::Active,
            (other, _) => return Err(Refusal::Status(other)),
        }
        Ok(())
    }

    /// Ends a contract because its promise was broken: the buyer gets the penalty, and back what was not delivered.
    ///
    /// # Errors
    /// It must have begun and not ended.
    pub fn breach(&mut self, accounts: &mut Accounts, purses: Purses) -> Result<(), Refusal> {
        self.end(Status::Breached, accounts, purses)
    }

    /// Lets time pass: what is delivered in full is fulfilled, what is late has expired. Returns what it became, if it ended.
    ///
    /// # Errors
    /// If an account is gone; the contract goes on then.
    pub fn tick(&mut self, now: u64, accounts: &mut Accounts, purses: Purses) -> Result<Option<Status>, Refusal> {
        let is_late = now >= self.terms.expires;
        match self.status {
            Status::Active | Status::Suspended if self.delivered == self.terms.quantity => {
                self.end(Status::Fulfilled, accounts, purses)?;
            }
            Status::Active | Status::Suspended if is_late => self.end(Status::Expired, accounts, purses)?,
            Status::Proposed if is_late => self.status = Status::Expired,
            _ => return Ok(None),
        }
        Ok(Some(self.status))
    }

    /// What the provider has earned: the delivered part of the cost, rounded down.
    #[must_use]
    pub fn earned(&self) -> Money {
        (i128::from(self.terms.cost) * i128::from(self.delivered) / i128::from(self.terms.quantity)) as Money
    }

    fn end(&mut self, status: Status, accounts: &mut Accounts, purses: Purses) -> Result<(), Refusal> {
        let Some(escrow) = self.escrow else { return Err(Refusal::Status(self.status)) };
        let (earned, penalty) = (self.earned(), self.terms.penalty());
        let back = self.terms.cost - earned;
        let shares = if status == Status::Breached {
            [(purses.provider, earned), (purses.buyer, back), (purses.buyer, penalty)]
        } else {
            [(purses.provider, earned), (purses.provider, penalty), (purses.buyer, back)]
        };
        accounts.close_escrow(escrow, &shares)?;
        (self.status, self.escrow) = (status, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rating::{Rating, Refusal as NoRating, rate};

    struct Market {
        accounts: Accounts,
        purses: Purses,
        stock: Stock,
    }

    fn market(money: Money) -> Market {
        let mut accounts = Accounts::default();
        let purses = Purses { buyer: accounts.open_purse(AgentId(1)), provider: accounts.open_purse(AgentId(2)) };
        accounts.issue(purses.buyer, money).unwrap();
        accounts.issue(purses.provider, money).unwrap();
        Market { accounts, purses, stock: Stock::new(5) }
    }

    fn terms() -> Terms {
        Terms {
            buyer: AgentId(1),
            provider: AgentId(2),
            quantity: 3,
            cost: 100,
            breach_penalty_percent: 15,
            created: 0,
            expires: 50,
            least_trust: 700,
        }
    }

    fn active(market: &mut Market) -> Contract {
        let mut contract = Contract::propose(ContractId(1), terms()).unwrap();
        contract.activate(1, 700, &mut market.stock, &mut market.accounts, market.purses).unwrap();
        contract
    }

    fn money(market: &Market) -> (Money, Money) {
        (market.accounts.balance(market.purses.buyer), market.accounts.balance(market.purses.provider))
    }

    #[test]
    fn what_is_delivered_is_paid_from_the_escrow() {
        let mut market = market(200);
        let mut contract = active(&mut market);
        assert_eq!((money(&market), market.stock.left()), ((100, 185), 2));
        (0..3).for_each(|now| contract.deliver(now).unwrap());
        assert_eq!(contract.deliver(3), Err(Refusal::NothingLeft));
        assert_eq!(contract.tick(3, &mut market.accounts, market.purses), Ok(Some(Status::Fulfilled)));
        assert_eq!(money(&market), (100, 300));
        assert_eq!(contract.breach(&mut market.accounts, market.purses), Err(Refusal::Status(Status::Fulfilled)));
        assert_eq!(contract.tick(99, &mut market.accounts, market.purses), Ok(None));
    }

    #[test]
    fn a_breach_pays_the_penalty_and_what_was_not_delivered() {
        let mut market = market(200);
        let mut contract = active(&mut market);
        contract.deliver(1).unwrap();
        contract.breach(&mut market.accounts, market.purses).unwrap();
        // A third of 100 is earned, 15 % of 100 is the penalty.
        assert_eq!(money(&market), (100 + 67 + 15, 185 + 33));
        assert_eq!(contract.deliver(2), Err(Refusal::Status(Status::Breached)));
    }

    #[test]
    fn expired_contracts_serve_nothing() {
        let mut market = market(200);
        let mut contract = active(&mut market);
        contract.deliver(49).unwrap();
        assert_eq!(contract.deliver(50), Err(Refusal::Expired));
        assert_eq!(contract.tick(50, &mut market.accounts, market.purses), Ok(Some(Status::Expired)));
        assert_eq!(contract.deliver(51), Err(Refusal::Status(Status::Expired)));
        assert_eq!(money(&market), (167, 233));
        let mut late = Contract::propose(ContractId(2), terms()).unwrap();
        let activated = late.activate(50, 999, &mut market.stock, &mut market.accounts, market.purses);
        assert_eq!(activated, Err(Refusal::Expired));
        assert_eq!(late.tick(50, &mut market.accounts, market.purses), Ok(Some(Status::Expired)));
    }

    #[test]
    fn suspended_contracts_rest_and_go_on() {
        let mut market = market(200);
        let mut contract = active(&mut market);
        contract.suspend(true).unwrap();
        assert_eq!(contract.deliver(2), Err(Refusal::Status(Status::Suspended)));
        assert_eq!(contract.suspend(true), Err(Refusal::Status(Status::Suspended)));
        contract.suspend(false).unwrap();
        contract.deliver(2).unwrap();
    }

    #[test]
    fn what_can_not_begin_takes_neither_stock_nor_money() {
        let mut market = market(114);
        let mut begin = |terms: Terms, trust| {
            let mut contract = Contract::propose(ContractId(1), terms).unwrap();
            let begun = contract.activate(1, trust, &mut market.stock, &mut market.accounts, market.purses);
            assert_eq!((contract.status(), market.stock.left(), market.accounts.sum()), (Status::Proposed, 5, 0));
            begun.unwrap_err()
        };
        assert_eq!(begin(terms(), 699), Refusal::Trust { has: 699, wanted: 700 });
        assert_eq!(begin(Terms { quantity: 6, ..terms() }, 700), Refusal::Stock);
        assert!(matches!(begin(Terms { cost: 115, ..terms() }, 700), Refusal::Money(_)));
        assert!(matches!(begin(Terms { breach_penalty_percent: 115, ..terms() }, 700), Refusal::Money(_)));
        for wrong in [Terms { quantity: 0, ..terms() }, Terms { cost: -1, ..terms() }, Terms { expires: 0, ..terms() }]
        {
            assert_eq!(Contract::propose(ContractId(1), wrong), Err(Refusal::Terms));
        }
    }

    #[test]
    fn only_a_buyer_whose_contract_is_over_rates_it_and_once() {
        let mut market = market(200);
        let mut contract = active(&mut market);
        let mut rating = Rating::default();
        let (buyer, provider) = (AgentId(1), AgentId(2));
        assert_eq!(rate(buyer, &mut contract, 5, &mut rating), Err(NoRating::NotOver));
        contract.breach(&mut market.accounts, market.purses).unwrap();
        assert_eq!(rate(provider, &mut contract, 5, &mut rating), Err(NoRating::NotTheBuyer));
        assert_eq!(rate(buyer, &mut contract, 6, &mut rating), Err(NoRating::TooManyStars));
        assert_eq!(rate(buyer, &mut contract, 4, &mut rating), Ok(()));
        assert_eq!(rate(buyer, &mut contract, 4, &mut rating), Err(NoRating::Twice));
        rating.count(1);
        assert_eq!((rating.number(), rating.mean_thousandths()), (2, 2500));
        let mut expired = Contract::propose(ContractId(2), terms()).unwrap();
        expired.tick(50, &mut market.accounts, market.purses).unwrap();
        assert_eq!(rate(buyer, &mut expired, 5, &mut rating), Err(NoRating::NotOver));
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn money_and_stock_are_conserved_whatever_becomes_of_contracts(
            steps in prop::collection::vec((0..7_u8, 0..4_usize, 0..60_u64), 1..120),
            costs in prop::collection::vec((0..90_i64, 1..4_u32, 0..130_u32), 4),
        ) {
            let mut market = market(200);
            let mut contracts: Vec<Contract> = costs
                .iter()
                .enumerate()
                .map(|(at, (cost, quantity, percent))| {
                    let terms = Terms { cost: *cost, quantity: *quantity, breach_penalty_percent: *percent, ..terms() };
                    Contract::propose(ContractId(at as u64), terms).unwrap()
                })
                .collect();
            for (what, at, now) in steps {
                let contract = &mut contracts[at];
                let before = contract.status();
                let Market { accounts, purses, stock } = &mut market;
                let _ = match what {
                    0 | 1 => contract.activate(now, 700, stock, accounts, *purses),
                    2 | 3 => contract.deliver(now),
                    4 => contract.suspend(now % 2 == 0),
                    5 => contract.breach(accounts, *purses),
                    _ => contract.tick(now, accounts, *purses).map(|_| ()),
                };
                prop_assert!(!before.is_final() || contract.status() == before);
                prop_assert_eq!(accounts.sum(), 0);
                prop_assert_eq!(accounts.issued(), 400);
                let begun = contracts.iter().filter(|contract| contract.status() != Status::Proposed);
                let at_most: u32 = begun.map(|contract| contract.terms.quantity).sum();
                prop_assert!(market.stock.sold() <= at_most && market.stock.sold() + market.stock.left() == 5);
                prop_assert!(contracts.iter().all(|contract| contract.delivered() <= contract.terms.quantity));
            }
        }
    }
}
