//! Money: whole minor units in double-entry accounts with escrow.
//!
//! Every movement takes from one account what it gives to another, so that the sum of all balances is zero for ever. Money
//! comes in from the [`AccountId::MINT`] alone, the one account that may be below zero: what it lacks is what there is. All
//! other accounts refuse to be overdrawn. Movements that belong together happen together or not at all
//! ([`Accounts::transfer_all`]). An escrow is an account that no agent owns: it is opened with a deposit, and closed by
//! dividing all that it holds.

use agent2028_core::agent::AgentId;
use serde::{Deserialize, Serialize};

/// An amount of money in minor units (cents). Amounts that move are never negative.
pub type Money = i64;

/// An account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId(pub u32);

impl AccountId {
    /// Where money comes from and goes to when it enters or leaves the market.
    pub const MINT: Self = Self(0);
}

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// The source of all money.
    Mint,
    /// An agent's own money.
    Purse(AgentId),
    /// Money of an institution that is no agent, such as those who put up the tasks of a market.
    Fund,
    /// Held for a contract until it ends.
    Escrow,
    /// Closed escrow, whose number will be given to the next.
    Closed,
}

/// A movement of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Who pays.
    pub from: AccountId,
    /// Who is paid.
    pub to: AccountId,
    /// How much, not negative.
    pub amount: Money,
}

/// Why no money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such account, or it is closed.
    #[error("there is no account {}", .0.0)]
    NoAccount(AccountId),
    /// An amount below zero would take where it should give.
    #[error("an amount of {0} can't be paid")]
    Negative(Money),
    /// The payer has less.
    #[error("account {} has {has} and can't pay {wanted}", .account.0)]
    Overdraft {
        /// Whose money does not suffice.
        account: AccountId,
        /// What it has.
        has: Money,
        /// What it would pay.
        wanted: Money,
    },
    /// The balance would not fit into 64 bits.
    #[error("account {} can't hold so much", .0.0)]
    Overflow(AccountId),
    /// The shares of an escrow must add up to what it holds.
    #[error("shares of {shares} don't add up to the {held} in escrow")]
    Shares {
        /// What would be paid.
        shares: Money,
        /// What there is.
        held: Money,
    },
    /// Only escrows are closed.
    #[error("account {} is no escrow", .0.0)]
    NoEscrow(AccountId),
}

/// All accounts of a market.
///
/// ```
/// use agent2028_core::agent::AgentId;
/// use agent2028_market::accounts::{AccountId, Accounts};
///
/// let mut accounts = Accounts::default();
/// let (buyer, seller) = (accounts.open_purse(AgentId(1)), accounts.open_purse(AgentId(2)));
/// accounts.issue(buyer, 1000).unwrap();
/// let escrow = accounts.open_escrow(&[(buyer, 720)]).unwrap();
/// accounts.close_escrow(escrow, &[(seller, 700), (buyer, 20)]).unwrap();
/// assert_eq!((accounts.balance(buyer), accounts.balance(seller), accounts.issued()), (300, 700, 1000));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounts {
    balances: Vec<Money>,
    purposes: Vec<Purpose>,
    closed: Vec<u32>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self { balances: vec![0], purposes: vec![Purpose::Mint], closed: Vec::new() }
    }
}

impl Accounts {
    fn open(&mut self, purpose: Purpose) -> AccountId {
        if let Some(slot) = self.closed.pop() {
            self.purposes[slot as usize] = purpose;
            return AccountId(slot);
        }
        self.balances.push(0);
        self.purposes.push(purpose);
        AccountId((self.balances.len() - 1) as u32)
    }

    /// Opens an agent's account, empty. An agent may have several.
    pub fn open_purse(&mut self, owner: AgentId) -> AccountId {
        self.open(Purpose::Purse(owner))
    }

    /// Opens an account of an institution that is no agent, empty.
    pub fn open_fund(&mut self) -> AccountId {
        self.open(Purpose::Fund)
    }

    /// What is in an account; nothing in one that is not there.
    #[must_use]
    pub fn balance(&self, account: AccountId) -> Money {
        self.balances.get(account.0 as usize).copied().unwrap_or(0)
    }

    /// What an account is for.
    #[must_use]
    pub fn purpose(&self, account: AccountId) -> Option<Purpose> {
        self.purposes.get(account.0 as usize).copied()
    }

    /// All accounts: what each is for, and what is in it.
    pub fn iter(&self) -> impl Iterator<Item = (Purpose, Money)> + '_ {
        self.purposes.iter().copied().zip(self.balances.iter().copied())
    }

    /// How much money there is: what the mint has given out.
    #[must_use]
    pub fn issued(&self) -> Money {
        -self.balances[0]
    }

    /// The sum over all accounts, which is always 0. Wide enough that it can't overflow.
    #[must_use]
    pub fn sum(&self) -> i128 {
        self.balances.iter().map(|balance| i128::from(*balance)).sum()
    }

    /// How many accounts there are, the mint and closed ones among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.balances.len()
    }

    /// Whether there is nothing but the mint.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() <= 1
    }

    /// Brings new money in. Nothing else does: the mint pays for nothing.
    ///
    /// # Errors
    /// As those of [`Accounts::transfer`].
    pub fn issue(&mut self, to: AccountId, amount: Money) -> Result<(), Refusal> {
        self.move_money(Transfer { from: AccountId::MINT, to, amount })
    }

    /// Moves money that is there.
    ///
    /// # Errors
    /// Both accounts must be there, and the payer must have as much. The mint neither pays nor is paid. Nothing moves otherwise.
    pub fn transfer(&mut self, transfer: Transfer) -> Result<(), Refusal> {
        if transfer.from == AccountId::MINT || transfer.to == AccountId::MINT {
            return Err(Refusal::NoAccount(AccountId::MINT));
        }
        self.move_money(transfer)
    }

    fn move_money(&mut self, transfer: Transfer) -> Result<(), Refusal> {
        let Transfer { from, to, amount } = transfer;
        for account in [from, to] {
            if matches!(self.purpose(account), None | Some(Purpose::Closed)) {
                return Err(Refusal::NoAccount(account));
            }
        }
        if amount < 0 {
            return Err(Refusal::Negative(amount));
        }
        let has = self.balance(from);
        // What the mint lacks must be an amount, too, which −2⁶³ is not.
        let left = has.checked_sub(amount).filter(|left| *left > Money::MIN).ok_or(Refusal::Overflow(from))?;
        if left < 0 && from != AccountId::MINT {
            return Err(Refusal::Overdraft { account: from, has, wanted: amount });
        }
        // The mint's balance has room for the whole, since no other account can be negative.
        if from != to {
            let given = self.balance(to).checked_add(amount).ok_or(Refusal::Overflow(to))?;
            self.balances[from.0 as usize] = left;
            self.balances[to.0 as usize] = given;
        }
        Ok(())
    }

    /// Whether this is what accounts can come to: as many purposes as balances, no money but the mint's, nobody overdrawn.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let mint = self.purposes.first() == Some(&Purpose::Mint);
        let others = self.balances.iter().zip(&self.purposes).skip(1);
        let mut closed: Vec<u32> = self.closed.clone();
        closed.sort_unstable();
        closed.dedup();
        let is_closed = |slot: &u32| self.purposes.get(*slot as usize) == Some(&Purpose::Closed);
        mint && self.balances.len() == self.purposes.len()
            && self.sum() == 0
            && others.clone().all(|(balance, purpose)| {
                *balance >= 0 && *purpose != Purpose::Mint && (*balance == 0 || *purpose != Purpose::Closed)
            })
            && closed.len() == self.closed.len()
            && closed.iter().all(is_closed)
    }

    /// Its memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.balances.capacity() * 8 + self.purposes.capacity() * size_of::<Purpose>() + self.closed.capacity() * 4
    }

    /// Moves money several times, one after the other, or not at all.
    ///
    /// # Errors
    /// That of the first movement that can't be.
    pub fn transfer_all(&mut self, transfers: &[Transfer]) -> Result<(), Refusal> {
        for (at, transfer) in transfers.iter().enumerate() {
            if let Err(refusal) = self.transfer(*transfer) {
                // Backwards, each movement can be undone: the money is where it was put.
                for Transfer { from, to, amount } in transfers[..at].iter().rev() {
                    self.balances[to.0 as usize] -= amount;
                    self.balances[from.0 as usize] += amount;
                }
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// Opens an escrow that all of these pay into.
    ///
    /// # Errors
    /// If one of them can't pay, no money moves and no escrow is opened.
    pub fn open_escrow(&mut self, deposits: &[(AccountId, Money)]) -> Result<AccountId, Refusal> {
        let escrow = self.open(Purpose::Escrow);
        let transfers: Vec<Transfer> =
            deposits.iter().map(|(from, amount)| Transfer { from: *from, to: escrow, amount: *amount }).collect();
        if let Err(refusal) = self.transfer_all(&transfers) {
            self.retire(escrow);
            return Err(refusal);
        }
        Ok(escrow)
    }

    /// Pays all that an escrow holds, and closes it.
    ///
    /// # Errors
    /// The shares must add up to what it holds, and go to accounts that are there. Nothing moves otherwise.
    pub fn close_escrow(&mut self, escrow: AccountId, shares: &[(AccountId, Money)]) -> Result<(), Refusal> {
        if self.purpose(escrow) != Some(Purpose::Escrow) {
            return Err(Refusal::NoEscrow(escrow));
        }
        let (held, mut sum) = (self.balance(escrow), 0_i64);
        for (_, share) in shares {
            if *share < 0 {
                return Err(Refusal::Negative(*share));
            }
            sum = sum.checked_add(*share).ok_or(Refusal::Overflow(escrow))?;
        }
        if sum != held {
            return Err(Refusal::Shares { shares: sum, held });
        }
        let mut transfers = Vec::with_capacity(shares.len());
        for (to, amount) in shares {
            if *to == escrow {
                return Err(Refusal::NoAccount(escrow));
            }
            transfers.push(Transfer { from: escrow, to: *to, amount: *amount });
        }
        self.transfer_all(&transfers)?;
        self.retire(escrow);
        Ok(())
    }

    fn retire(&mut self, escrow: AccountId) {
        self.purposes[escrow.0 as usize] = Purpose::Closed;
        self.closed.push(escrow.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn two() -> (Accounts, AccountId, AccountId) {
        let mut accounts = Accounts::default();
        let (a, b) = (accounts.open_purse(AgentId(1)), accounts.open_purse(AgentId(2)));
        accounts.issue(a, 100).unwrap();
        (accounts, a, b)
    }

    #[test]
    fn an_account_is_never_overdrawn_and_a_refusal_moves_nothing() {
        let (mut accounts, a, b) = two();
        let before = accounts.clone();
        let overdraft = Refusal::Overdraft { account: a, has: 100, wanted: 101 };
        assert_eq!(accounts.transfer(Transfer { from: a, to: b, amount: 101 }), Err(overdraft));
        assert_eq!(accounts.transfer(Transfer { from: a, to: a, amount: 101 }), Err(overdraft));
        assert_eq!(accounts.transfer(Transfer { from: a, to: b, amount: -1 }), Err(Refusal::Negative(-1)));
        let nobody = AccountId(77);
        assert_eq!(accounts.transfer(Transfer { from: a, to: nobody, amount: 1 }), Err(Refusal::NoAccount(nobody)));
        let chain = [Transfer { from: a, to: b, amount: 60 }, Transfer { from: a, to: b, amount: 60 }];
        assert!(accounts.transfer_all(&chain).is_err());
        assert_eq!(accounts, before);
        accounts
            .transfer_all(&[Transfer { from: a, to: b, amount: 60 }, Transfer { from: b, to: a, amount: 10 }])
            .unwrap();
        assert_eq!((accounts.balance(a), accounts.balance(b)), (50, 50));
    }

    #[test]
    fn money_that_would_not_fit_is_refused() {
        let (mut accounts, a, b) = two();
        accounts.issue(b, Money::MAX - 100).unwrap();
        assert_eq!(accounts.issue(a, Money::MAX), Err(Refusal::Overflow(AccountId::MINT)));
        assert_eq!(accounts.transfer(Transfer { from: b, to: a, amount: Money::MAX - 100 }), Ok(()));
        assert_eq!((accounts.balance(a), accounts.sum()), (Money::MAX, 0));
        // All that there is must be an amount.
        assert_eq!(accounts.issue(b, 1), Err(Refusal::Overflow(AccountId::MINT)));
        assert_eq!(accounts.issued(), Money::MAX);
    }

    #[test]
    fn an_escrow_is_divided_to_the_last_unit_and_closed_once() {
        let (mut accounts, a, b) = two();
        assert!(accounts.open_escrow(&[(a, 60), (b, 1)]).is_err());
        assert_eq!((accounts.balance(a), accounts.sum()), (100, 0));
        let escrow = accounts.open_escrow(&[(a, 60)]).unwrap();
        assert_eq!(accounts.close_escrow(escrow, &[(b, 59)]), Err(Refusal::Shares { shares: 59, held: 60 }));
        assert_eq!(accounts.close_escrow(escrow, &[(b, 70), (a, -10)]), Err(Refusal::Negative(-10)));
        assert_eq!((accounts.balance(escrow), accounts.balance(b)), (60, 0));
        accounts.close_escrow(escrow, &[(b, 50), (a, 10)]).unwrap();
        assert_eq!((accounts.balance(a), accounts.balance(b)), (50, 50));
        assert_eq!(accounts.close_escrow(escrow, &[]), Err(Refusal::NoEscrow(escrow)));
        assert_eq!(accounts.issue(escrow, 1), Err(Refusal::NoAccount(escrow)));
        assert_eq!(accounts.close_escrow(a, &[(b, 50)]), Err(Refusal::NoEscrow(a)));
        // Its number is used again, so that accounts don't pile up.
        assert_eq!(accounts.open_escrow(&[(a, 1)]), Ok(escrow));
    }

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(256))]

        #[test]
        fn money_is_conserved_whatever_is_asked(
            steps in prop::collection::vec((0..6_u8, 0..8_u32, 0..8_u32, -5..200_i64), 1..200),
        ) {
            let mut accounts = Accounts::default();
            for owner in 0..3 {
                let purse = accounts.open_purse(AgentId(owner));
                accounts.issue(purse, 100).unwrap();
            }
            let mut issued = 300;
            for (what, a, b, amount) in steps {
                // The mint has a case of its own.
                let (a, b) = (AccountId(a + 1), AccountId(b + 1));
                let before = accounts.clone();
                let refused = match what {
                    0 => accounts.open_escrow(&[(a, amount), (b, amount / 2)]).is_err(),
                    1 => {
                        let held = accounts.balance(a);
                        accounts.close_escrow(a, &[(b, held / 3), (AccountId(1), held - held / 3)]).is_err()
                    }
                    2 => {
                        let result = accounts.issue(b, amount);
                        issued += if result.is_ok() { amount } else { 0 };
                        result.is_err()
                    }
                    _ => accounts.transfer(Transfer { from: a, to: b, amount }).is_err(),
                };
                if refused {
                    prop_assert_eq!(&accounts.balances[..before.len()], &before.balances[..]);
                }
                prop_assert_eq!(accounts.sum(), 0);
                prop_assert_eq!(accounts.issued(), issued);
                prop_assert!(accounts.balances[1..].iter().all(|balance| *balance >= 0));
            }
        }
    }
}
