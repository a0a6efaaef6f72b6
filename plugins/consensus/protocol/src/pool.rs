//! Proposals that are voted on until a deadline.
//!
//! Weights come from who opens the pool, never from a voter, and thresholds are shares of all who may vote. A ballot names its
//! pool and its round, so that a signature for one is none for another. Who votes twice, differently, counts for nothing; both
//! ballots are kept, since whoever has them can show them to anybody.

use serde::{Deserialize, Serialize};

use crate::ballot::{Choice, ChoiceError, Method, OptionId, Sums};
use crate::quorum::{Eligible, Rule, Share};
use crate::schulze::{Paths, Preferences};

/// A voter of a pool: an agent by its number.
pub type Elector = u32;

/// The most options that a pool may have.
pub const MOST_OPTIONS: u16 = 256;

/// What is voted on, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Terms {
    /// What it is about, by a number of the caller's.
    pub topic: u32,
    /// How many options there are.
    pub options: u16,
    /// How voters say what they want.
    pub method: Method,
    /// When an option that got the most decides; only for [`Method::Single`], the other methods have a winner of their own.
    pub rule: Rule,
    /// The share of the weight that must have voted for the pool to decide anything.
    pub participation: Share,
    /// The first tick that a ballot counts in.
    pub opens: u64,
    /// The last tick that a ballot counts in.
    pub closes: u64,
}

/// A vote in a pool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ballot {
    /// The number of the pool.
    pub pool: u64,
    /// Which of the votes on it, from 0.
    pub round: u32,
    /// Who votes.
    pub voter: Elector,
    /// For what.
    pub choice: Choice,
}

/// Two ballots of a voter that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Equivocation {
    /// The one that was received first.
    pub first: Ballot,
    /// The other one.
    pub second: Ballot,
}

impl Equivocation {
    /// Whether it proves anything, if both are signed by whom they name.
    #[must_use]
    pub fn is_proof(&self) -> bool {
        let Self { first, second } = self;
        (first.pool, first.round, first.voter) == (second.pool, second.round, second.voter)
            && first.choice != second.choice
    }
}

/// What became of a ballot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cast {
    /// It counts.
    Counted,
    /// It counts already.
    Repeated,
    /// Its voter voted differently before, and now counts for nothing.
    Equivocated(Equivocation),
}

/// Why a ballot doesn't count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is for another pool.
    #[error("the ballot is for pool {0}")]
    OtherPool(u64),
    /// It is for another vote on the same thing.
    #[error("the ballot is for round {0}")]
    OtherRound(u32),
    /// The pool is not open yet.
    #[error("the pool opens in tick {0}")]
    NotOpen(u64),
    /// The pool has closed.
    #[error("the pool has closed after tick {0}")]
    Closed(u64),
    /// Its voter may not vote.
    #[error("agent {0} may not vote")]
    NotEligible(Elector),
    /// Its voter has contradicted itself.
    #[error("agent {0} has contradicted itself")]
    Excluded(Elector),
    /// What it says can't be counted.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
}

/// Why there can't be such a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// There is nothing to choose from, or too much.
    #[error("{0} options; a pool has from 2 to {MOST_OPTIONS}")]
    Options(u16),
    /// It closes before it opens.
    #[error("a pool that opens in tick {0} can't close after tick {1}")]
    Deadline(u64, u64),
    /// Somebody is to vote twice, or the voters are not ascending.
    #[error("agent {0} stands there twice, or not in order")]
    Twice(Elector),
    /// The weights of all voters are too large together, or there are too many voters.
    #[error("the weights add up to more than 64 bits hold")]
    TooMuchWeight,
}

/// What a voter has said so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Standing {
    Silent,
    Voted(Choice),
    Excluded(Box<Equivocation>),
}

/// A proposal that is voted on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pool {
    id: u64,
    round: u32,
    terms: Terms,
    /// Ascending by agent.
    electors: Vec<(Elector, u64)>,
    standings: Vec<Standing>,
}

/// What a pool decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// This option, with the share of the weight that voted so: see [`Sums::confidence`].
    Decided {
        /// Which.
        option: OptionId,
        /// How sure.
        confidence: Share,
    },
    /// Nothing: these options are equal.
    Tied(Vec<OptionId>),
    /// Nothing: this option got the most, and too little.
    NotReached(OptionId),
    /// Nothing: nobody wanted anything.
    Nothing,
    /// Nothing: only this share of the weight has voted.
    TooFew(Share),
}

impl Pool {
    /// Opens a pool for these voters with their weights, ascending by agent.
    ///
    /// # Errors
    ///
    /// If there is nothing to choose from, it closes before it opens, a voter stands there twice, or weights are too large.
    pub fn open(id: u64, terms: Terms, electors: Vec<(Elector, u64)>) -> Result<Self, PoolError> {
        if !(2..=MOST_OPTIONS).contains(&terms.options) {
            return Err(PoolError::Options(terms.options));
        }
        if terms.closes < terms.opens {
            return Err(PoolError::Deadline(terms.opens, terms.closes));
        }
        if let Some(pair) = electors.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            return Err(PoolError::Twice(pair[1].0));
        }
        let pool = Self { id, round: 0, terms, standings: vec![Standing::Silent; electors.len()], electors };
        pool.eligible().ok_or(PoolError::TooMuchWeight)?;
        Ok(pool)
    }

    /// The same question once more, to the same voters: ballots of before don't count for it.
    ///
    /// # Errors
    ///
    /// If it closes before it opens.
    pub fn again(&self, rule: Rule, opens: u64, closes: u64) -> Result<Self, PoolError> {
        let terms = Terms { rule, opens, closes, ..self.terms };
        let again = Self::open(self.id, terms, self.electors.clone())?;
        Ok(Self { round: self.round.saturating_add(1), ..again })
    }

    fn eligible(&self) -> Option<Eligible> {
        Eligible::of(&self.electors.iter().map(|(_, weight)| *weight).collect::<Vec<_>>())
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Which of the votes on the question it is, from 0.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.round
    }

    /// What is voted on, and how.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Who may vote, with which weight.
    #[must_use]
    pub fn electors(&self) -> &[(Elector, u64)] {
        &self.electors
    }

    /// Takes a ballot whose signature was found good.
    ///
    /// # Errors
    ///
    /// If it doesn't count, and why.
    pub fn cast(&mut self, ballot: &Ballot, tick: u64) -> Result<Cast, Refusal> {
        if ballot.pool != self.id {
            return Err(Refusal::OtherPool(ballot.pool));
        }
        if ballot.round != self.round {
            return Err(Refusal::OtherRound(ballot.round));
        }
        if tick < self.terms.opens {
            return Err(Refusal::NotOpen(self.terms.opens));
        }
        if tick > self.terms.closes {
            return Err(Refusal::Closed(self.terms.closes));
        }
        let place = self.electors.binary_search_by_key(&ballot.voter, |(voter, _)| *voter);
        let place = place.map_err(|_| Refusal::NotEligible(ballot.voter))?;
        self.terms.method.check(&ballot.choice, self.terms.options)?;
        let standing = &mut self.standings[place];
        match standing {
            Standing::Silent => {
                *standing = Standing::Voted(ballot.choice.clone());
                Ok(Cast::Counted)
            }
            Standing::Voted(choice) if *choice == ballot.choice => Ok(Cast::Repeated),
            Standing::Voted(choice) => {
                let first = Ballot { choice: choice.clone(), ..ballot.clone() };
                let equivocation = Equivocation { first, second: ballot.clone() };
                *standing = Standing::Excluded(Box::new(equivocation.clone()));
                Ok(Cast::Equivocated(equivocation))
            }
            Standing::Excluded(_) => Err(Refusal::Excluded(ballot.voter)),
        }
    }

    fn counting(&self) -> impl Iterator<Item = (u64, &Choice)> {
        self.electors.iter().zip(&self.standings).filter_map(|((_, weight), standing)| match standing {
            Standing::Voted(choice) => Some((*weight, choice)),
            Standing::Silent | Standing::Excluded(_) => None,
        })
    }

    /// Who contradicted itself, and the proof.
    pub fn equivocations(&self) -> impl Iterator<Item = &Equivocation> {
        self.standings.iter().filter_map(|standing| match standing {
            Standing::Excluded(equivocation) => Some(&**equivocation),
            Standing::Silent | Standing::Voted(_) => None,
        })
    }

    /// What options got so far.
    #[must_use]
    pub fn sums(&self) -> Sums {
        Sums::of(self.counting(), self.terms.options)
    }

    /// What rankings say so far, for [`Method::Ranked`].
    #[must_use]
    pub fn paths(&self) -> Paths {
        let mut preferences = Preferences::new(self.terms.options);
        for (weight, choice) in self.counting() {
            if let Choice::Ranking(groups) = choice {
                preferences.add(groups, weight);
            }
        }
        preferences.strongest_paths()
    }

    /// What it would decide if it closed now.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        // That the weights fit was checked when it was opened.
        let Some(eligible) = self.eligible() else { return Outcome::Nothing };
        let sums = self.sums();
        if !self.terms.participation.is_reached(sums.weight, eligible.weight) {
            return Outcome::TooFew(Share::of(sums.weight as f64 / eligible.weight as f64));
        }
        let winners = match self.terms.method {
            Method::Ranked if sums.all > 0 => self.paths().winners(),
            Method::Ranked => Vec::new(),
            _ => sums.highest(),
        };
        match winners[..] {
            [] => Outcome::Nothing,
            [option] => {
                let score = u64::try_from(sums.scores[usize::from(option)]).unwrap_or(0);
                let is_decided = self.terms.method != Method::Single
                    || self.terms.rule.decides(sums.voters[usize::from(option)], score, eligible);
                if is_decided {
                    Outcome::Decided { option, confidence: self.confidence(&sums, option) }
                } else {
                    Outcome::NotReached(option)
                }
            }
            _ => Outcome::Tied(winners),
        }
    }

    fn confidence(&self, sums: &Sums, option: OptionId) -> Share {
        let share =
            |part: u128, whole: u128| if whole == 0 { Share::NONE } else { Share::of(part as f64 / whole as f64) };
        match self.terms.method {
            Method::Confidence => sums.confidence(option),
            Method::Single | Method::Approval => {
                share(sums.scores[usize::from(option)].max(0).unsigned_abs(), sums.weight.into())
            }
            // The weakest of its victories.
            Method::Ranked => {
                let paths = self.paths();
                let others = (0..self.terms.options).filter(|other| *other != option);
                let weakest = others.map(|other| paths.strength(option, other)).min();
                share(weakest.unwrap_or(0).into(), sums.weight.into())
            }
            Method::Quadratic { .. } => {
                let all: u128 = sums.scores.iter().map(|score| score.unsigned_abs()).sum();
                share(sums.scores[usize::from(option)].max(0).unsigned_abs(), all)
            }
        }
    }
}

#[cfg(test)]
mod tests;
