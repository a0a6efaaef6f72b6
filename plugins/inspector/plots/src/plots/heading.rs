//! How the title of a plot and the names of its curves share the rows above it: a value is never cut, because a number
//! that is cut reads as another one. What has no room beside the title stands in a row of its own, and a name that is
//! longer than a row loses its end.

use agent2028_view::tokens::spacing;

use crate::theme::measure;

/// So many rows stand above a plot at most: what has no room in them is counted.
pub(super) const MOST_ROWS: usize = 4;
/// The name of a curve is not shortened below this width.
const LEAST_NAME: f32 = 28.0;
/// Between a curve's entry and the next one.
const GAP: f32 = spacing::NORMAL;

/// What an entry wants, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wanted {
    /// The width of its name, which may be shortened.
    pub name: f32,
    /// The width of all the rest, which may not: its colour, and its value with unit.
    pub rest: f32,
    /// The width of its button, which is left out where there is no room for it.
    pub button: f32,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    /// Which one it is.
    pub index: usize,
    /// The width that is left for its name.
    pub name: f32,
    /// Whether there is room for its button.
    pub button: bool,
}

/// The rows above a plot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rows {
    /// The entries of each row, from left to right; the title and the buttons stand in the first one.
    pub rows: Vec<Vec<Entry>>,
    /// How many entries have no room.
    pub more: usize,
}

impl Rows {
    /// Shares out rows of a width; beside the title the first one has `beside` left.
    pub fn of(entries: &[Wanted], width: f32, beside: f32) -> Self {
        let mut rows: Vec<Vec<Entry>> = vec![Vec::new()];
        let mut left = beside;
        for (index, wanted) in entries.iter().enumerate() {
            let whole = wanted.name + wanted.rest + wanted.button;
            let begun = rows.last().is_some_and(|row| !row.is_empty());
            let needed = if begun { whole + GAP } else { whole };
            let first = rows.len() == 1;
            if needed > left && (begun || first) {
                rows.push(Vec::new());
                left = width;
            }
            let begun = rows.last().is_some_and(|row| !row.is_empty());
            let least = wanted.name.min(LEAST_NAME) + wanted.rest;
            let button = begun || least + wanted.button <= left;
            let rest = wanted.rest + if button { wanted.button } else { 0.0 };
            let name = if begun { wanted.name } else { wanted.name.min((left - rest).max(LEAST_NAME)) };
            left -= name + rest + if begun { GAP } else { 0.0 };
            if let Some(row) = rows.last_mut() {
                row.push(Entry { index, name, button });
            }
        }
        let over = rows.split_off(rows.len().min(MOST_ROWS));
        let more = over.iter().map(Vec::len).sum();
        Self { rows, more }
    }

    /// How high they are.
    pub fn height(&self) -> f32 {
        let told = if self.more > 0 { measure::SMALL_LINE } else { 0.0 };
        self.rows.len() as f32 * measure::CONTROL + told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Wanted = Wanted { name: 40.0, rest: 36.0, button: 24.0 };

    fn indices(rows: &Rows) -> Vec<Vec<usize>> {
        rows.rows.iter().map(|row| row.iter().map(|entry| entry.index).collect()).collect()
    }

    #[test]
    fn entries_stand_beside_the_title_and_below_it_where_they_have_no_room() {
        assert_eq!(indices(&Rows::of(&[ENTRY; 2], 300.0, 220.0)), [vec![0, 1]]);
        assert_eq!(indices(&Rows::of(&[ENTRY; 3], 300.0, 120.0)), [vec![0], vec![1, 2]]);
        assert_eq!(indices(&Rows::of(&[ENTRY; 2], 300.0, 90.0)), [vec![], vec![0, 1]]);
        assert_eq!(indices(&Rows::of(&[], 300.0, 90.0)), [Vec::<usize>::new()]);
    }

    /// However narrow the place and however long the names are: nothing but a name gives way, and nobody is forgotten.
    #[test]
    fn only_names_give_way() {
        for width in [10.0_f32, 80.0, 130.0, 300.0, 1000.0] {
            for beside in [-50.0_f32, 0.0, 60.0, 250.0] {
                for name in [5.0_f32, 60.0, 400.0] {
                    for count in [1_usize, 2, 7, 40] {
                        let wanted = Wanted { name, rest: 46.0, button: 24.0 };
                        let rows = Rows::of(&vec![wanted; count], width, beside.min(width));
                        let shown: usize = rows.rows.iter().map(Vec::len).sum();
                        assert_eq!(shown + rows.more, count);
                        assert!(rows.rows.len() <= MOST_ROWS);
                        for (number, row) in rows.rows.iter().enumerate() {
                            let room = if number == 0 { beside.min(width) } else { width };
                            let gaps = row.len().saturating_sub(1) as f32 * GAP;
                            let rest = |entry: &Entry| wanted.rest + if entry.button { wanted.button } else { 0.0 };
                            let taken: f32 = row.iter().map(|entry| entry.name + rest(entry)).sum::<f32>() + gaps;
                            let least = name.min(LEAST_NAME) + wanted.rest;
                            assert!(
                                row.is_empty() || taken <= room.max(least) + 0.01,
                                "{width} {beside} {name} {count}: {rows:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}
