//! The sweep over the rows of cells that finds every agent its neighbours, eight agents at a time.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use agent2028_core::agent::AgentId;
use agent2028_core::space::{CellGrid, CellSort, CellSpans};
use bevy::math::Vec2;

use super::lanes::{LANES, Lane};
use super::rule::{Block, Influences, Record, Rule, Torus};

/// Up to this many agents, it is cheaper to ask each whether it is oneself than to cut the run in three.
const SHORT_RUN: usize = 48;

/// The vector instructions that a sweep uses. All of them give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// What every processor of the target has (SSE2 on x86-64).
    Portable,
    /// AVX2: eight lanes in one register.
    Avx2,
    /// AVX-512 with 256-bit registers: masks of their own.
    Avx512,
}

impl Instructions {
    /// All that this machine can run, the best one last.
    #[must_use]
    pub fn available() -> Vec<Self> {
        [Self::Portable, Self::Avx2, Self::Avx512].into_iter().filter(|set| set.runs_here()).collect()
    }

    /// The best that this machine can run.
    #[must_use]
    pub fn best() -> Self {
        [Self::Avx512, Self::Avx2].into_iter().find(|set| set.runs_here()).unwrap_or(Self::Portable)
    }

    /// Whether this machine can run them.
    #[must_use]
    pub fn runs_here(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }
}

/// Where the decisions of a sweep go: the next velocity of each agent, by id, written by many threads at once (each
/// agent by one of them).
#[derive(Debug, Default)]
pub struct NextVelocities {
    /// The id of the first one.
    first: u32,
    next: Vec<AtomicU64>,
}

impl NextVelocities {
    /// Makes room for the ids from `first` to below `end`. What was written of these before stays; others are forgotten, once
    /// they are as many.
    pub fn reserve(&mut self, first: u32, end: u32) {
        if end <= first {
            return;
        }
        if first < self.first {
            let (missing, held) = ((self.first - first) as usize, self.next.len());
            self.next.resize_with(held + missing, AtomicU64::default);
            self.next.rotate_right(missing);
            self.first = first;
        }
        let gone = ((first - self.first) as usize).min(self.next.len());
        if gone > (end - first) as usize {
            self.next.drain(..gone);
            self.next.shrink_to(2 * (end - first) as usize);
            self.first = first;
        }
        let ids = (end - self.first) as usize;
        if self.next.len() < ids {
            self.next.resize_with(ids, AtomicU64::default);
        }
    }

    #[inline(always)]
    fn place(&self, agent: AgentId) -> Option<&AtomicU64> {
        self.next.get(agent.0.wrapping_sub(self.first) as usize)
    }

    /// What `agent` decided in the last sweep that it took part in; nothing if its id is above all that ever did.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, agent: AgentId) -> Option<Vec2> {
        let bits = self.place(agent)?.load(Ordering::Relaxed);
        Some(Vec2::new(f32::from_bits(bits as u32), f32::from_bits((bits >> 32) as u32)))
    }

    #[inline(always)]
    pub(super) fn set(&self, agent: AgentId, x: f32, y: f32) {
        if let Some(next) = self.place(agent) {
            next.store(u64::from(x.to_bits()) | u64::from(y.to_bits()) << 32, Ordering::Relaxed);
        }
    }

    /// Bytes held.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.next.capacity() * size_of::<AtomicU64>()
    }
}

/// Where the columns of one row start, as finely as its number of agents is worth. Too coarse a start only adds agents
/// that the rule finds too far away, so this doesn't touch the bits.
#[derive(Clone, Debug, Default)]
struct ColumnStarts {
    row: u32,
    shift: u32,
    starts: Vec<u32>,
}

impl ColumnStarts {
    fn fill(&mut self, sort: &CellSort<Record>, row: u32) {
        let (grid, slots) = (sort.grid(), sort.row(row));
        let most = slots.len().max(16) as u32;
        self.row = row;
        self.shift = 0;
        while (grid.columns() - 1) >> self.shift >= most {
            self.shift += 1;
        }
        let last = ((grid.columns() - 1) >> self.shift) as usize;
        self.starts.clear();
        self.starts.resize(last + 2, slots.end as u32);
        // From the right, so that the first agent of a column is the one that stays; then columns without agents start
        // where the next one does. There is no branch in either loop to guess wrong.
        let records = &sort.items()[slots.clone()];
        for (slot, record) in slots.zip(records).rev() {
            self.starts[(grid.column(record.x) >> self.shift) as usize] = slot as u32;
        }
        let mut next = u32::MAX;
        for start in self.starts.iter_mut().rev() {
            next = next.min(*start);
            *start = next;
        }
    }

    /// The slots of a range of columns.
    #[inline(always)]
    fn slots(&self, (first, end): (u32, u32)) -> Range<usize> {
        self.starts[(first >> self.shift) as usize] as usize
            ..self.starts[((end - 1) >> self.shift) as usize + 1] as usize
    }

    /// The slots of the columns `near`, and whether the short way to them from column `home` may cross the seam.
    fn spans(&self, near: &CellSpans, home: u32) -> [(Range<usize>, bool); 2] {
        match *near.ranges() {
            [left, right] => {
                let (from, to) = (self.slots(left), self.slots(right));
                if from.end <= to.start {
                    [(from, near.seam_to(left, home)), (to, near.seam_to(right, home))]
                } else {
                    // Coarse starts may make the two meet; nobody must be counted twice.
                    [(from.start..to.end, near.crosses_seam()), (0..0, false)]
                }
            }
            [range] => [(self.slots(range), near.seam_to(range, home)), (0..0, false)],
            _ => [(0..0, false), (0..0, false)],
        }
    }
}

/// The working memory of one band of rows.
#[derive(Clone, Debug, Default)]
pub struct Band {
    /// The rows of the band.
    pub rows: Range<u32>,
    /// How many neighbours its agents perceived in all.
    pub neighbours: u64,
    columns: Vec<ColumnStarts>,
    near: Vec<NearRow>,
}

/// A row in whose neighbourhood the current one lies.
#[derive(Clone, Copy, Debug)]
struct NearRow {
    row: u32,
    /// Which of the band's columns are this row's.
    columns: usize,
    /// Whether the short way to it may cross the seam.
    across: bool,
}

impl Band {
    /// Makes the columns of all rows near `row` known.
    fn look_around(&mut self, sort: &CellSort<Record>, row: u32, near: &CellSpans) {
        self.near.clear();
        for &range in near.ranges() {
            for other in range.0..range.1 {
                let known = |columns: &ColumnStarts| columns.row == other && !columns.starts.is_empty();
                let columns = self.columns.iter().position(known).unwrap_or_else(|| {
                    let needed = |row| near.ranges().iter().any(|&(first, end)| (first..end).contains(&row));
                    let free = |columns: &ColumnStarts| columns.starts.is_empty() || !needed(columns.row);
                    let at = self.columns.iter().position(free).unwrap_or_else(|| {
                        self.columns.push(ColumnStarts::default());
                        self.columns.len() - 1
                    });
                    self.columns[at].fill(sort, other);
                    at
                });
                self.near.push(NearRow { row: other, columns, across: near.seam_to(range, row) });
            }
        }
    }
}

/// A set of vector instructions that this machine has: what is compiled for it may be called.
trait Vectors: Copy {
    fn add<R: Rule, const SEAM: bool, const OWN: bool>(self, part: Part<'_, R>, sums: &mut R::Sums);

    fn decide<R: Rule>(
        self,
        rule: &R,
        block: &Block,
        lanes: &R::Lanes,
        sums: &R::Sums,
        influences: &Influences<'_>,
    ) -> (Lane, Lane);
}

/// A run of others to add to a block's sums.
struct Part<'a, R: Rule> {
    rule: &'a R,
    torus: &'a Torus,
    block: &'a Block,
    lanes: &'a R::Lanes,
    first: usize,
    others: &'a [Record],
}

impl<R: Rule> Part<'_, R> {
    #[inline(always)]
    fn add<const SEAM: bool, const OWN: bool>(&self, sums: &mut R::Sums) {
        self.rule.add::<SEAM, OWN>(self.torus, self.block, self.lanes, sums, self.first, self.others);
    }
}

#[derive(Clone, Copy)]
struct Portable;

impl Vectors for Portable {
    // Not inlined, like those below: small functions are what compilers vectorise well.
    #[inline(never)]
    fn add<R: Rule, const SEAM: bool, const OWN: bool>(self, part: Part<'_, R>, sums: &mut R::Sums) {
        part.add::<SEAM, OWN>(sums);
    }

    #[inline(never)]
    fn decide<R: Rule>(
        self,
        rule: &R,
        block: &Block,
        lanes: &R::Lanes,
        sums: &R::Sums,
        influences: &Influences<'_>,
    ) -> (Lane, Lane) {
        rule.decide(block, lanes, sums, influences)
    }
}

/// Vectors of one x86 instruction set: a type that can only be made where the processor has it, and the two functions
/// compiled for it.
#[cfg(target_arch = "x86_64")]
macro_rules! x86_vectors {
    ($name:ident, $features:literal, $detected:expr) => {
        #[derive(Clone, Copy)]
        struct $name(());

        impl $name {
            fn detect() -> Option<Self> {
                ($detected).then_some(Self(()))
            }
        }

        impl Vectors for $name {
            #[inline(always)]
            fn add<R: Rule, const SEAM: bool, const OWN: bool>(self, part: Part<'_, R>, sums: &mut R::Sums) {
                #[target_feature(enable = $features)]
                #[inline(never)]
                fn add<R: Rule, const SEAM: bool, const OWN: bool>(part: Part<'_, R>, sums: &mut R::Sums) {
                    part.add::<SEAM, OWN>(sums);
                }
                // SAFETY: `detect` is the only maker of `self`, and it found the instructions on this processor.
                #[expect(unsafe_code, reason = "instructions that not every processor has")]
                unsafe {
                    add::<R, SEAM, OWN>(part, sums);
                }
            }

            #[inline(always)]
            fn decide<R: Rule>(
                self,
                rule: &R,
                block: &Block,
                lanes: &R::Lanes,
                sums: &R::Sums,
                influences: &Influences<'_>,
            ) -> (Lane, Lane) {
                #[target_feature(enable = $features)]
                #[inline(never)]
                fn decide<R: Rule>(
                    rule: &R,
                    block: &Block,
                    lanes: &R::Lanes,
                    sums: &R::Sums,
                    influences: &Influences<'_>,
                ) -> (Lane, Lane) {
                    rule.decide(block, lanes, sums, influences)
                }
                // SAFETY: `detect` is the only maker of `self`, and it found the instructions on this processor.
                #[expect(unsafe_code, reason = "instructions that not every processor has")]
                unsafe {
                    decide(rule, block, lanes, sums, influences)
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
x86_vectors!(Avx2, "avx2", is_x86_feature_detected!("avx2"));
#[cfg(target_arch = "x86_64")]
x86_vectors!(
    Avx512,
    "avx512f,avx512vl,avx512dq,avx512bw",
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
);

/// Lets the agents of a band decide, with the given instructions if this machine has them.
pub(super) fn sweep<R: Rule>(
    instructions: Instructions,
    rule: &R,
    sort: &CellSort<Record>,
    influences: &Influences<'_>,
    band: &mut Band,
    next: &NextVelocities,
) {
    #[cfg(target_arch = "x86_64")]
    match instructions {
        Instructions::Avx512 => {
            if let Some(vectors) = Avx512::detect() {
                return sweep_rows(vectors, rule, sort, influences, band, next);
            }
        }
        Instructions::Avx2 => {
            if let Some(vectors) = Avx2::detect() {
                return sweep_rows(vectors, rule, sort, influences, band, next);
            }
        }
        Instructions::Portable => {}
    }
    sweep_rows(Portable, rule, sort, influences, band, next);
}

fn sweep_rows<R: Rule, V: Vectors>(
    vectors: V,
    rule: &R,
    sort: &CellSort<Record>,
    influences: &Influences<'_>,
    band: &mut Band,
    next: &NextVelocities,
) {
    let (grid, records, ids) = (sort.grid(), sort.items(), sort.ids());
    let torus = Torus { half: grid.bounds().size * 0.5, size: grid.bounds().size };
    let reach = Reach { rows: grid.reach_rows(rule.reach()), columns: grid.reach_columns(rule.reach()) };
    band.neighbours = 0;
    // The slots mean other agents than in the last sweep.
    for columns in &mut band.columns {
        columns.starts.clear();
    }
    for row in band.rows.clone() {
        let slots = sort.row(row);
        if slots.is_empty() {
            continue;
        }
        let near_rows = grid.rows_near(row, row, reach.rows);
        band.look_around(sort, row, &near_rows);
        for slot in slots.clone().step_by(LANES) {
            let block = Block::load(records, slot, slots.end);
            let lanes = rule.load(&block);
            let mut sums = rule.nobody();
            let around = Part { rule, torus: &torus, block: &block, lanes: &lanes, first: 0, others: records };
            gather(vectors, around, grid, reach, band, row, &mut sums);
            rule.untangle(&mut sums, block.len, |lane| crowd(grid, records, slots.clone(), slot + lane));
            let (vx, vy) = vectors.decide(rule, &block, &lanes, &sums, influences);
            for (lane, &id) in ids[slot..slot + block.len].iter().enumerate() {
                next.set(id, vx[lane], vy[lane]);
            }
            // Whole numbers, and none for lanes without an agent.
            band.neighbours += R::neighbours(&sums).iter().sum::<f32>() as u64;
        }
    }
}

#[derive(Clone, Copy)]
struct Reach {
    rows: u32,
    columns: u32,
}

/// Sums the neighbours of a block: near rows in ascending order, in each of them the near columns in ascending order.
#[inline(always)]
fn gather<R: Rule, V: Vectors>(
    vectors: V,
    all: Part<'_, R>,
    grid: &CellGrid,
    reach: Reach,
    band: &Band,
    row: u32,
    sums: &mut R::Sums,
) {
    let block = all.block;
    let (first, last) = (grid.column(block.x[0]), grid.column(block.x[block.len - 1]));
    let near_columns = grid.columns_near(first, last, reach.columns);
    if near_columns.crosses_seam() || near_columns.ranges().len() > 1 {
        for near in &band.near {
            for (slots, across) in band.columns[near.columns].spans(&near_columns, first) {
                add_run(vectors, &all, slots, near.row == row, near.across || across, sums);
            }
        }
    } else if let [range] = *near_columns.ranges() {
        for near in &band.near {
            let slots = band.columns[near.columns].slots(range);
            add_run(vectors, &all, slots, near.row == row, near.across, sums);
        }
    }
}

/// Adds a run of slots of one row. `own_row`: the block itself is in that row; `across`: the way there may cross the seam.
#[inline(always)]
fn add_run<R: Rule, V: Vectors>(
    vectors: V,
    all: &Part<'_, R>,
    slots: Range<usize>,
    own_row: bool,
    across: bool,
    sums: &mut R::Sums,
) {
    let part = |slots: Range<usize>| Part { first: slots.start, others: &all.others[slots], ..*all };
    if slots.is_empty() {
        return;
    }
    if across {
        vectors.add::<R, true, true>(part(slots), sums);
    } else if !own_row || all.block.slot + all.block.len <= slots.start || all.block.slot >= slots.end {
        vectors.add::<R, false, false>(part(slots), sums);
    } else if slots.len() <= SHORT_RUN {
        vectors.add::<R, false, true>(part(slots), sums);
    } else {
        // Only among themselves do agents have to pass over themselves.
        let own = all.block.slot..all.block.slot + all.block.len;
        vectors.add::<R, false, false>(part(slots.start..own.start), sums);
        vectors.add::<R, false, true>(part(own.clone()), sums);
        vectors.add::<R, false, false>(part(own.end..slots.end), sums);
    }
}

/// The rank of an agent among those on its very point, and their number. They all are in its cell.
#[cold]
pub(crate) fn crowd(grid: &CellGrid, records: &[Record], row: Range<usize>, slot: usize) -> (usize, usize) {
    let own = &records[slot];
    let column = grid.column(own.x);
    let same = |other: &&Record| other.x == own.x && other.y == own.y;
    let nearby = |other: &&Record| grid.column(other.x) == column;
    let before = records[row.start..slot].iter().rev().take_while(nearby).filter(same).count();
    let after = records[slot + 1..row.end].iter().take_while(nearby).filter(same).count();
    (before, before + 1 + after)
}
