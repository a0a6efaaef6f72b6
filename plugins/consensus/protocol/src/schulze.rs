//! Ranked voting by Schulze's method (Schulze 2011, "A new monotonic, clone-independent, reversal symmetric, and
//! Condorcet-consistent single-winner election method"), with winning votes as the strength of a defeat.

use crate::ballot::OptionId;

/// What rankings say about each pair of options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    options: usize,
    /// The weight of those who want the first more than the second, row by row.
    wins: Vec<u64>,
}

impl Preferences {
    /// Among so many options.
    #[must_use]
    pub fn new(options: u16) -> Self {
        let options = usize::from(options);
        Self { options, wins: vec![0; options * options] }
    }

    /// Adds a ranking that was checked: groups of options, the most wanted first. Options in no group come last, all alike.
    pub fn add(&mut self, groups: &[Vec<OptionId>], weight: u64) {
        let mut rank = vec![groups.len(); self.options];
        for (place, group) in groups.iter().enumerate() {
            for option in group {
                rank[usize::from(*option)] = place;
            }
        }
        for one in 0..self.options {
            for other in 0..self.options {
                if rank[one] < rank[other] {
                    let wins = &mut self.wins[one * self.options + other];
                    *wins = wins.saturating_add(weight);
                }
            }
        }
    }

    /// The weight of those who want `one` more than `other`.
    #[must_use]
    pub fn wins(&self, one: OptionId, other: OptionId) -> u64 {
        self.wins[usize::from(one) * self.options + usize::from(other)]
    }

    /// The strengths of the strongest paths, row by row (Floyd–Warshall). A path is as strong as its weakest defeat.
    #[must_use]
    pub fn strongest_paths(&self) -> Paths {
        let n = self.options;
        let mut strength = vec![0; n * n];
        for one in 0..n {
            for other in 0..n {
                let (wins, losses) = (self.wins[one * n + other], self.wins[other * n + one]);
                strength[one * n + other] = if wins > losses { wins } else { 0 };
            }
        }
        for through in 0..n {
            for from in (0..n).filter(|from| *from != through) {
                for to in (0..n).filter(|to| *to != through && *to != from) {
                    let around = strength[from * n + through].min(strength[through * n + to]);
                    strength[from * n + to] = strength[from * n + to].max(around);
                }
            }
        }
        Paths { options: n, strength }
    }
}

/// The strengths of the strongest paths from option to option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    options: usize,
    strength: Vec<u64>,
}

impl Paths {
    /// The strength of the strongest path from one option to another.
    #[must_use]
    pub fn strength(&self, from: OptionId, to: OptionId) -> u64 {
        self.strength[usize::from(from) * self.options + usize::from(to)]
    }

    fn is_better(&self, one: usize, other: usize) -> bool {
        self.strength[one * self.options + other] > self.strength[other * self.options + one]
    }

    /// The options that no other is better than, ascending. More than one: a tie.
    #[must_use]
    pub fn winners(&self) -> Vec<OptionId> {
        let unbeaten = |one: &usize| (0..self.options).all(|other| !self.is_better(other, *one));
        (0..self.options).filter(unbeaten).map(|option| option as OptionId).collect()
    }

    /// The options by how many others each is better than, the most first; of equals the one with the lower number.
    #[must_use]
    pub fn ranking(&self) -> Vec<OptionId> {
        let better = |one: usize| (0..self.options).filter(|other| self.is_better(one, *other)).count();
        let mut ranking: Vec<OptionId> = (0..self.options as u16).collect();
        ranking.sort_by_key(|option| std::cmp::Reverse(better(usize::from(*option))));
        ranking
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn election(options: u16, ballots: &[(u64, &str)]) -> Preferences {
        let mut preferences = Preferences::new(options);
        for (weight, ranking) in ballots {
            let groups: Vec<Vec<OptionId>> = ranking.bytes().map(|letter| vec![u16::from(letter - b'A')]).collect();
            preferences.add(&groups, *weight);
        }
        preferences
    }

    fn letters(options: &[OptionId]) -> String {
        options.iter().map(|option| char::from(b'A' + *option as u8)).collect()
    }

    /// The example of Schulze and of the Wikipedia article "Schulze method": 45 voters, five candidates.
    #[test]
    fn the_published_example_of_45_voters() {
        let preferences = election(
            5,
            &[
                (5, "ACBED"),
                (5, "ADECB"),
                (8, "BEDAC"),
                (3, "CABED"),
                (7, "CAEBD"),
                (2, "CBADE"),
                (7, "DCEBA"),
                (8, "EBADC"),
            ],
        );
        let wins =
            [[0, 20, 26, 30, 22], [25, 0, 16, 33, 18], [19, 29, 0, 17, 24], [15, 12, 28, 0, 14], [23, 27, 21, 31, 0]];
        let paths =
            [[0, 28, 28, 30, 24], [25, 0, 28, 33, 24], [25, 29, 0, 29, 24], [25, 28, 28, 0, 24], [25, 28, 28, 31, 0]];
        let ours = preferences.strongest_paths();
        for one in 0..5_u16 {
            for other in 0..5_u16 {
                let at = (usize::from(one), usize::from(other));
                assert_eq!(preferences.wins(one, other), wins[at.0][at.1]);
                assert_eq!(ours.strength(one, other), paths[at.0][at.1]);
            }
        }
        assert_eq!((letters(&ours.winners()), letters(&ours.ranking())), ("E".into(), "EACBD".into()));
    }

    /// Schulze's examples 2 and 3.
    #[test]
    fn the_published_examples_of_30_voters() {
        let four = election(
            4,
            &[
                (5, "ACBD"),
                (2, "ACDB"),
                (3, "ADCB"),
                (4, "BACD"),
                (3, "CBDA"),
                (3, "CDBA"),
                (1, "DACB"),
                (5, "DBAC"),
                (4, "DCBA"),
            ],
        );
        assert_eq!(letters(&four.strongest_paths().ranking()), "DACB");
        let five = election(
            5,
            &[
                (3, "ABDEC"),
                (5, "ADEBC"),
                (1, "ADECB"),
                (2, "BADEC"),
                (2, "BDECA"),
                (4, "CABDE"),
                (6, "CBADE"),
                (2, "DBECA"),
                (5, "DECAB"),
            ],
        );
        assert_eq!(letters(&five.strongest_paths().ranking()), "BADEC");
    }

    /// Schulze's example 4: nine voters, and two winners.
    #[test]
    fn a_tie_is_a_tie() {
        let preferences = election(4, &[(3, "ABCD"), (2, "DABC"), (2, "DBCA"), (2, "CBDA")]);
        assert_eq!(letters(&preferences.strongest_paths().winners()), "BD");
        assert_eq!(letters(&Preferences::new(3).strongest_paths().winners()), "ABC", "nobody voted");
    }

    #[test]
    fn who_beats_everybody_wins_and_options_that_are_not_named_come_last() {
        let mut preferences = Preferences::new(4);
        preferences.add(&[vec![2], vec![0, 1]], 3);
        preferences.add(&[vec![1], vec![2]], 2);
        assert_eq!(preferences.wins(0, 3), 3);
        assert_eq!((preferences.wins(0, 1), preferences.wins(1, 0)), (0, 2));
        assert_eq!(preferences.strongest_paths().winners(), [2]);
    }
}
