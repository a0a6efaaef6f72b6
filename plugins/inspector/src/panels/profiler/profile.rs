//! What ticks and frames have cost over the last second, and how that went on before.

use std::collections::VecDeque;

use agent2028_core::profiler::{Phase, SystemCost};

/// How long a slice of time is, in seconds.
const SLICE_S: f64 = 0.1;
/// How many slices the figures are taken over.
const RECENT: usize = 10;
/// How many slices are kept to show how it went on.
const KEPT: usize = 96;

/// Seconds that went into something, and the longest single run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Slice {
    pub spent: f64,
    pub worst: f64,
}

/// What one system costs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub phase: Phase,
    pub plugin: String,
    pub system: String,
    slices: VecDeque<Slice>,
    open: Slice,
}

/// Mean and longest time in a tick, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub mean: f64,
    pub worst: f64,
}

/// What a frame's time went into, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameCost {
    /// The whole frame.
    pub total: f64,
    /// The simulation's ticks.
    pub simulation: f64,
    /// The panels: laying them out and turning them into triangles.
    pub interface: f64,
    /// The world: from the simulation's tables to buffers and pictures.
    pub world: f64,
}

/// Costs over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Profile {
    pub lines: Vec<Line>,
    ticks: VecDeque<u64>,
    open_ticks: u64,
    frames: VecDeque<(FrameCost, u32)>,
    open_frames: (FrameCost, u32),
    elapsed: f64,
}

impl Profile {
    /// Takes note of what a frame of `cost` and the systems in it have cost.
    pub fn note(&mut self, systems: &[SystemCost], cost: FrameCost) {
        let same = self.lines.len() == systems.len()
            && self.lines.iter().zip(systems).all(|(line, system)| {
                (&line.plugin, &line.system, line.phase) == (&system.plugin, &system.system, system.phase)
            });
        if !same {
            let line = |system: &SystemCost| Line {
                phase: system.phase,
                plugin: system.plugin.clone(),
                system: system.system.clone(),
                slices: VecDeque::new(),
                open: Slice::default(),
            };
            *self = Self { lines: systems.iter().map(line).collect(), ..Self::default() };
        }
        for (line, system) in self.lines.iter_mut().zip(systems) {
            line.open.spent += system.spent.as_secs_f64();
            line.open.worst = line.open.worst.max(system.worst.as_secs_f64());
        }
        // Systems without a condition run once a tick.
        self.open_ticks += systems.iter().map(|system| system.runs).max().unwrap_or(0);
        let (frame, count) = &mut self.open_frames;
        frame.total += cost.total;
        frame.simulation += cost.simulation;
        frame.interface += cost.interface;
        frame.world += cost.world;
        *count += 1;
        self.elapsed += cost.total;
        if self.elapsed >= SLICE_S {
            self.close();
        }
    }

    fn close(&mut self) {
        fn keep<T>(slices: &mut VecDeque<T>, slice: T) {
            if slices.len() == KEPT {
                slices.pop_front();
            }
            slices.push_back(slice);
        }
        for line in &mut self.lines {
            keep(&mut line.slices, std::mem::take(&mut line.open));
        }
        keep(&mut self.ticks, std::mem::take(&mut self.open_ticks));
        keep(&mut self.frames, std::mem::take(&mut self.open_frames));
        self.elapsed = 0.0;
    }

    /// How many ticks ran in the last second.
    pub fn recent_ticks(&self) -> u64 {
        self.ticks.iter().rev().take(RECENT).sum()
    }

    /// What the lines cost together.
    pub fn figures<'a>(&self, lines: impl Iterator<Item = &'a Line>) -> Figures {
        let (mut spent, mut worst) = (0.0, 0.0);
        for line in lines {
            let recent = line.slices.iter().rev().take(RECENT);
            spent += recent.clone().map(|slice| slice.spent).sum::<f64>();
            worst += recent.map(|slice| slice.worst).fold(0.0, f64::max);
        }
        Figures { mean: spent / self.recent_ticks().max(1) as f64, worst }
    }

    /// The mean cost per tick of the lines in every slice that is kept, oldest first.
    pub fn history<'a>(&self, lines: impl Iterator<Item = &'a Line> + Clone) -> Vec<f64> {
        let of = |place: usize, ticks: u64| {
            let spent: f64 = lines.clone().filter_map(|line| line.slices.get(place)).map(|slice| slice.spent).sum();
            spent / ticks.max(1) as f64
        };
        self.ticks.iter().enumerate().map(|(place, ticks)| of(place, *ticks)).collect()
    }

    /// What a frame's time went into in the last second, on average.
    pub fn frame(&self) -> FrameCost {
        let (mut sum, mut frames) = (FrameCost::default(), 0_u32);
        for (cost, count) in self.frames.iter().rev().take(RECENT) {
            sum.total += cost.total;
            sum.simulation += cost.simulation;
            sum.interface += cost.interface;
            sum.world += cost.world;
            frames += count;
        }
        let per = |seconds: f64| seconds / f64::from(frames.max(1));
        let FrameCost { total, simulation, interface, world } = sum;
        FrameCost { total: per(total), simulation: per(simulation), interface: per(interface), world: per(world) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn cost(system: &str, phase: Phase, ms: u64, runs: u64) -> SystemCost {
        let spent = Duration::from_millis(ms);
        SystemCost { plugin: "p".into(), system: system.into(), phase, spent, worst: spent, runs }
    }

    #[test]
    fn costs_are_means_per_tick_over_the_last_second() {
        let mut profile = Profile::default();
        let frame = FrameCost { total: 0.05, simulation: 0.02, interface: 0.01, world: 0.005 };
        for _ in 0..40 {
            profile.note(&[cost("a", Phase::Start, 4, 2), cost("b", Phase::End, 2, 1)], frame);
        }
        assert_eq!(profile.recent_ticks(), 40);
        let all = profile.figures(profile.lines.iter());
        assert!((all.mean - 0.003).abs() < 1e-9 && (all.worst - 0.006).abs() < 1e-9, "{all:?}");
        assert!((profile.frame().simulation - 0.02).abs() < 1e-9);
        assert_eq!(profile.history(profile.lines.iter().take(1)).len(), 20);
    }

    #[test]
    fn other_systems_begin_anew() {
        let mut profile = Profile::default();
        let frame = FrameCost { total: 0.2, ..FrameCost::default() };
        profile.note(&[cost("a", Phase::Start, 4, 2)], frame);
        profile.note(&[cost("b", Phase::Start, 4, 1)], frame);
        assert_eq!((profile.lines.len(), profile.recent_ticks()), (1, 1));
    }
}
