//! The cheapest assignment of tasks to agents: what a market is measured against.
//!
//! Shortest augmenting paths over reduced costs (Jonker & Volgenant 1987), begun with their column reduction and two rounds of
//! augmenting row reduction: O(n³) at worst. Costs are integers, so that the optimum is exact and the same on every machine.

/// The largest cost (and smallest, negated) that an assignment takes, so that no sum of reduced costs overflows.
pub const LARGEST_COST: i64 = 1 << 52;

/// Costs of all pairs: a row per task, a column per agent; there are at least as many columns as rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Costs {
    rows: usize,
    columns: usize,
    cells: Vec<i64>,
}

impl Costs {
    /// Costs of each pair of row and column. Nothing if there are more rows than columns, or a cost exceeds
    /// [`LARGEST_COST`].
    #[must_use]
    pub fn new(rows: usize, columns: usize, mut cost: impl FnMut(usize, usize) -> i64) -> Option<Self> {
        let cells: Vec<i64> = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (row, column)))
            .map(|(row, column)| cost(row, column))
            .collect();
        let fits = rows <= columns && cells.iter().all(|cost| (-LARGEST_COST..=LARGEST_COST).contains(cost));
        fits.then_some(Self { rows, columns, cells })
    }

    /// The cost of a pair.
    #[must_use]
    pub fn at(&self, row: usize, column: usize) -> i64 {
        self.cells[row * self.columns + column]
    }

    #[inline]
    fn row(&self, row: usize) -> &[i64] {
        &self.cells[row * self.columns..][..self.columns]
    }
}

/// Who does what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// The column of each row.
    pub columns: Vec<usize>,
    /// What it costs in all.
    pub cost: i64,
}

/// No row, or no column.
const NONE: usize = usize::MAX;

/// The smallest and the second smallest reduced cost of a row, with their columns.
#[inline]
fn two_smallest(costs: &[i64], prices: &[i64]) -> (i64, usize, i64, usize) {
    let (mut first, mut first_at, mut second, mut second_at) = (i64::MAX, NONE, i64::MAX, NONE);
    for (at, (cost, price)) in costs.iter().zip(prices).enumerate() {
        let reduced = cost - price;
        if reduced < second {
            if reduced < first {
                (second, second_at) = (first, first_at);
                (first, first_at) = (reduced, at);
            } else {
                (second, second_at) = (reduced, at);
            }
        }
    }
    (first, first_at, second, second_at)
}

/// The assignment of every row to a column of its own at the least cost in all.
#[must_use]
pub fn cheapest(costs: &Costs) -> Assignment {
    let (rows, columns) = (costs.rows, costs.columns);
    if rows == 0 {
        return Assignment::default();
    }
    // What a column costs those who want it (the dual variables), never positive where a column stays free.
    let mut prices = vec![0_i64; columns];
    let mut row_of = vec![NONE; columns];
    let mut column_of = vec![NONE; rows];
    if rows == columns {
        // Column reduction, the last first: each column goes to its cheapest row if that is free. Only where all columns will
        // be taken, since a free column must keep its price at zero.
        for column in (0..columns).rev() {
            let (mut least, mut row) = (i64::MAX, 0);
            for at in 0..rows {
                let cost = costs.at(at, column);
                if cost < least {
                    (least, row) = (cost, at);
                }
            }
            prices[column] = least;
            if column_of[row] == NONE {
                column_of[row] = column;
                row_of[column] = row;
            }
        }
    }
    let mut free: Vec<usize> = (0..rows).filter(|row| column_of[*row] == NONE).collect();
    if columns > 1 {
        for _ in 0..2 {
            reduce_rows(costs, &mut prices, &mut row_of, &mut column_of, &mut free);
        }
    }
    let mut search = Search::new(columns);
    for row in free {
        search.augment(costs, row, &mut prices, &mut row_of, &mut column_of);
    }
    let cost = column_of.iter().enumerate().map(|(row, column)| costs.at(row, *column)).sum();
    Assignment { columns: column_of, cost }
}

/// Augmenting row reduction: each free row takes its best column, lowers that column's price as far as the second best
/// allows, and whoever held it looks again. Bounded, since rows could take turns for long where costs are nearly equal.
fn reduce_rows(
    costs: &Costs,
    prices: &mut [i64],
    row_of: &mut [usize],
    column_of: &mut [usize],
    free: &mut Vec<usize>,
) {
    let waiting = std::mem::take(free);
    let mut turns = 4 * costs.rows;
    for first in waiting {
        let mut row = first;
        loop {
            let (least, mut column, second, second_column) = two_smallest(costs.row(row), prices);
            let holder = row_of[column];
            if turns == 0 {
                free.push(row);
                break;
            }
            turns -= 1;
            if least < second {
                prices[column] -= second - least;
            } else if holder != NONE {
                column = second_column;
            }
            let holder = if column == second_column { row_of[column] } else { holder };
            row_of[column] = row;
            column_of[row] = column;
            if holder == NONE {
                break;
            }
            column_of[holder] = NONE;
            if least < second {
                row = holder;
            } else {
                free.push(holder);
                break;
            }
        }
    }
}

/// The shortest augmenting path of one row (Dijkstra over reduced costs), and its arrays, used again for each row.
struct Search {
    distances: Vec<i64>,
    /// The row from which a column was reached.
    reached_from: Vec<usize>,
    /// Columns, those done first, then those at the least distance, then the others.
    order: Vec<usize>,
}

impl Search {
    fn new(columns: usize) -> Self {
        Self { distances: vec![0; columns], reached_from: vec![NONE; columns], order: (0..columns).collect() }
    }

    fn augment(
        &mut self,
        costs: &Costs,
        start: usize,
        prices: &mut [i64],
        row_of: &mut [usize],
        column_of: &mut [usize],
    ) {
        let columns = costs.columns;
        for ((distance, cost), price) in self.distances.iter_mut().zip(costs.row(start)).zip(&*prices) {
            *distance = cost - price;
        }
        self.reached_from.fill(start);
        let (mut done, mut nearest_end, mut least) = (0, 0, 0);
        let end = 'path: loop {
            if done == nearest_end {
                // The next distance, and all columns at it.
                least = self.order[done..].iter().map(|column| self.distances[*column]).min().unwrap_or(0);
                for at in done..columns {
                    let column = self.order[at];
                    if self.distances[column] == least {
                        self.order.swap(at, nearest_end);
                        nearest_end += 1;
                    }
                }
                if let Some(column) = self.order[done..nearest_end].iter().find(|column| row_of[**column] == NONE) {
                    break 'path *column;
                }
            }
            let column = self.order[done];
            let row = row_of[column];
            done += 1;
            let line = costs.row(row);
            // What it costs to come this way beyond the row's own best.
            let offset = line[column] - prices[column] - least;
            let first = nearest_end;
            for at in first..columns {
                let other = self.order[at];
                let distance = line[other] - prices[other] - offset;
                if distance < self.distances[other] {
                    self.distances[other] = distance;
                    self.reached_from[other] = row;
                    if distance == least {
                        if row_of[other] == NONE {
                            break 'path other;
                        }
                        self.order.swap(at, nearest_end);
                        nearest_end += 1;
                    }
                }
            }
        };
        for column in &self.order[..done] {
            prices[*column] += self.distances[*column] - least;
        }
        let mut column = end;
        loop {
            let row = self.reached_from[column];
            row_of[column] = row;
            column = std::mem::replace(&mut column_of[row], column);
            if row == start {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use agent2028_core::rng::{Purpose, SimRng};

    use super::*;

    /// All assignments, one after the other.
    fn tried(costs: &Costs, row: usize, taken: &mut [bool]) -> i64 {
        if row == costs.rows {
            return 0;
        }
        let mut best = i64::MAX;
        for column in 0..costs.columns {
            if !taken[column] {
                taken[column] = true;
                best = best.min(costs.at(row, column) + tried(costs, row + 1, taken));
                taken[column] = false;
            }
        }
        best
    }

    fn is_whole(costs: &Costs, found: &Assignment) -> bool {
        let mut columns = found.columns.clone();
        columns.sort_unstable();
        columns.dedup();
        let cost: i64 = found.columns.iter().enumerate().map(|(row, column)| costs.at(row, *column)).sum();
        columns.len() == costs.rows && columns.iter().all(|column| *column < costs.columns) && cost == found.cost
    }

    #[test]
    fn the_cheapest_assignment_is_that_of_trying_all() {
        for case in 0..1500 {
            let mut stream = SimRng::new(2028).global(Purpose::new("test.assignment"), case);
            let rows = stream.below(8) as usize;
            let columns = rows + stream.below(if rows > 5 { 2 } else { 4 }) as usize;
            // Few different costs make many ties; many make few.
            let range = [2, 5, 100, 1_000_000][stream.below(4) as usize];
            let costs =
                Costs::new(rows, columns, |_, _| i64::from(stream.below(range)) - i64::from(range / 3)).unwrap();
            let found = cheapest(&costs);
            assert!(is_whole(&costs, &found), "{costs:?} {found:?}");
            assert_eq!(found.cost, tried(&costs, 0, &mut [false; 16][..columns]), "{costs:?}");
        }
    }

    #[test]
    fn eight_by_eight_equals_trying_all() {
        for case in 0..8 {
            let mut stream = SimRng::new(7).global(Purpose::new("test.assignment.8"), case);
            let costs = Costs::new(8, 8, |_, _| i64::from(stream.below(1000))).unwrap();
            assert_eq!(cheapest(&costs).cost, tried(&costs, 0, &mut [false; 8]));
        }
    }

    /// cost(i, j) = (i + 1)·(j + 1): the rearrangement inequality pairs the largest with the smallest, at n(n+1)(n+2)/6. Hard
    /// for methods that augment, since every row wants the same columns.
    #[test]
    fn the_product_matrix_has_the_cost_of_the_rearrangement_inequality() {
        for n in [1, 2, 10, 150] {
            let costs = Costs::new(n, n, |row, column| ((row + 1) * (column + 1)) as i64).unwrap();
            let found = cheapest(&costs);
            assert_eq!(found.cost, (n * (n + 1) * (n + 2) / 6) as i64);
            assert!(found.columns.iter().enumerate().all(|(row, column)| row + column == n - 1));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_the_ends_of_the_range_work() {
        assert_eq!(Costs::new(2, 1, |_, _| 0), None);
        assert_eq!(Costs::new(1, 1, |_, _| LARGEST_COST + 1), None);
        assert_eq!(cheapest(&Costs::new(0, 3, |_, _| 0).unwrap()), Assignment::default());
        let extreme = |row, column| if (row + column) % 2 == 0 { LARGEST_COST } else { -LARGEST_COST };
        assert_eq!(cheapest(&Costs::new(20, 20, extreme).unwrap()).cost, -20 * LARGEST_COST);
    }
}
