//! Play, pause, step and speed: how often ticks happen, never what a tick does.

use std::time::{Duration, Instant};

use bevy::prelude::*;

use crate::clock::SimClock;
use crate::simulation::Simulation;

/// How fast simulated time should pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// A multiple of real time, 0.1–1000.
    Times(f64),
    /// As fast as the machine can.
    Unlimited,
}

/// Slowest and fastest speed as a multiple of real time.
pub const SPEED_LIMITS: (f64, f64) = (0.1, 1000.0);

/// Frames don't make up for more than this: the slowest simulations would only become slower, and no window smoother.
const MOST_OVERDRAWN: Duration = Duration::from_millis(100);

/// The state of the transport bar.
#[derive(Resource, Clone, Debug)]
pub struct Transport {
    /// Whether ticks happen by themselves.
    pub playing: bool,
    /// How fast.
    pub speed: Speed,
    /// A tick at which to pause, if any; it is forgotten when reached.
    pub pause_at: Option<u64>,
    /// Wall-clock time per frame that ticks may take; what doesn't fit is given up and shows in the real-time factor.
    pub frame_budget: Duration,
    single_steps: u64,
    owed_ticks: f64,
    overdrawn: Duration,
    measured_real: f64,
    measured_simulated: f64,
    real_time_factor: f64,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            playing: true,
            speed: Speed::Times(1.0),
            pause_at: None,
            frame_budget: Duration::from_millis(22),
            single_steps: 0,
            owed_ticks: 0.0,
            overdrawn: Duration::ZERO,
            measured_real: 0.0,
            measured_simulated: 0.0,
            real_time_factor: 0.0,
        }
    }
}

impl Transport {
    /// Pauses and asks for `ticks` single ticks.
    pub fn step(&mut self, ticks: u64) {
        self.playing = false;
        self.single_steps += ticks;
    }

    /// Simulated seconds per real second, as measured lately (0 while paused).
    #[must_use]
    pub fn real_time_factor(&self) -> f64 {
        self.real_time_factor
    }

    /// Whether single ticks are still to run.
    #[must_use]
    pub fn stepping(&self) -> bool {
        self.single_steps > 0
    }

    /// Pauses, and forgets single ticks that have not run.
    pub fn pause(&mut self) {
        self.playing = false;
        self.single_steps = 0;
    }

    /// Runs the ticks that are due after `real` time has passed, within the frame's budget. Returns how many ran.
    ///
    /// A tick that takes longer than the budget overdraws it: then some frames run none, so that the window stays at its
    /// frame rate in the mean and answers between two such ticks.
    pub fn advance(&mut self, simulation: &mut Simulation, real: Duration) -> u64 {
        self.advance_by(simulation, real, Simulation::run_within)
    }

    /// As [`Transport::advance`], where `run` runs at most so many ticks and stops when the budget is used up.
    pub(crate) fn advance_by(
        &mut self,
        simulation: &mut Simulation,
        real: Duration,
        mut run: impl FnMut(&mut Simulation, u64, Duration) -> u64,
    ) -> u64 {
        let tick_hz = simulation.world().resource::<SimClock>().tick_hz();
        let mut ran = 0;
        if self.single_steps > 0 && !simulation.stopped() {
            let asked = self.single_steps;
            ran += self.spend(|budget| run(simulation, asked, budget));
            self.single_steps = asked - ran.min(asked);
        }
        if simulation.stopped() {
            self.single_steps = 0;
        }
        if !self.playing || simulation.stopped() {
            self.owed_ticks = 0.0;
            self.measure(0.0, 0.0);
            return ran;
        }
        let mut due = match self.speed {
            Speed::Times(times) => {
                self.owed_ticks += real.as_secs_f64() * tick_hz * times.clamp(SPEED_LIMITS.0, SPEED_LIMITS.1);
                self.owed_ticks as u64
            }
            Speed::Unlimited => u64::MAX,
        };
        if let Some(pause_at) = self.pause_at {
            due = due.min(pause_at.saturating_sub(simulation.tick()));
        }
        let done = if due > 0 { self.spend(|budget| run(simulation, due, budget)) } else { 0 };
        // Ticks that didn't fit into the budget are given up, but for the next one: simulated time runs slower instead of
        // piling up.
        self.owed_ticks = (self.owed_ticks - done as f64).max(0.0);
        if done < due {
            self.owed_ticks = self.owed_ticks.min(1.0);
        }
        if self.pause_at.is_some_and(|pause_at| simulation.tick() >= pause_at) {
            self.pause_at = None;
            self.playing = false;
        }
        self.measure(real.as_secs_f64(), done as f64 / tick_hz);
        ran + done
    }

    /// Lets a run towards another time have the frame: no time passes by itself.
    pub(crate) fn yield_frame(&mut self, mut run: impl FnMut(Duration) -> u64) -> u64 {
        self.owed_ticks = 0.0;
        self.measure(0.0, 0.0);
        self.spend(&mut run)
    }

    /// Lets ticks run with what the frame's budget has left after what earlier frames overdrew.
    #[expect(clippy::disallowed_methods, reason = "the budget is about real time; no simulation code sees it")]
    fn spend(&mut self, run: impl FnOnce(Duration) -> u64) -> u64 {
        let budget = self.frame_budget.saturating_sub(self.overdrawn);
        if budget.is_zero() && !self.frame_budget.is_zero() {
            self.overdrawn = self.overdrawn.saturating_sub(self.frame_budget);
            return 0;
        }
        let start = Instant::now();
        let ran = run(budget);
        self.overdrawn = start.elapsed().saturating_sub(budget).min(MOST_OVERDRAWN);
        ran
    }

    fn measure(&mut self, real: f64, simulated: f64) {
        if real == 0.0 {
            (self.measured_real, self.measured_simulated, self.real_time_factor) = (0.0, 0.0, 0.0);
            return;
        }
        self.measured_real += real;
        self.measured_simulated += simulated;
        // Half a second makes a steady figure that still follows.
        if self.measured_real >= 0.5 {
            self.real_time_factor = self.measured_simulated / self.measured_real;
            (self.measured_real, self.measured_simulated) = (0.0, 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimCorePlugin;

    fn simulation() -> Simulation {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin { tick_hz: 50.0, ..default() });
        Simulation::new(std::mem::take(app.world_mut()))
    }

    #[test]
    fn ticks_follow_real_time_times_speed() {
        let (mut simulation, mut transport) = (simulation(), Transport::default());
        for _ in 0..10 {
            transport.advance(&mut simulation, Duration::from_millis(100));
        }
        assert_eq!(simulation.tick(), 50);
        transport.speed = Speed::Times(0.1);
        for _ in 0..10 {
            transport.advance(&mut simulation, Duration::from_millis(100));
        }
        assert_eq!(simulation.tick(), 55);
    }

    #[test]
    fn a_step_runs_while_paused_and_a_mark_pauses() {
        let (mut simulation, mut transport) = (simulation(), Transport { playing: false, ..default() });
        transport.step(3);
        transport.advance(&mut simulation, Duration::from_secs(1));
        transport.advance(&mut simulation, Duration::from_secs(1));
        assert_eq!(simulation.tick(), 3);
        transport = Transport { speed: Speed::Unlimited, pause_at: Some(40), frame_budget: Duration::MAX, ..default() };
        transport.advance(&mut simulation, Duration::from_millis(1));
        assert_eq!((simulation.tick(), transport.playing), (40, false));
    }

    #[test]
    fn a_tick_that_takes_too_long_is_followed_by_frames_without_one() {
        let (mut simulation, mut transport) = (simulation(), Transport { speed: Speed::Unlimited, ..default() });
        transport.frame_budget = Duration::from_millis(4);
        let frames: Vec<u64> = (0..8)
            .map(|_| {
                transport.advance_by(&mut simulation, Duration::from_millis(10), |_, _, _| {
                    std::thread::sleep(Duration::from_millis(13));
                    1
                })
            })
            .collect();
        // Whoever slept longer than asked waits longer, but never more than what can be overdrawn.
        let busy = frames.iter().sum::<u64>();
        assert!(frames[0] == 1 && frames[1] == 0 && frames[2] == 0 && busy <= 3, "{frames:?}");
        transport.overdrawn = MOST_OVERDRAWN;
        let mut waited = 0;
        while transport.advance_by(&mut simulation, Duration::from_millis(10), |_, _, _| 1) == 0 {
            waited += 1;
        }
        assert_eq!(waited, 25);
    }

    #[test]
    fn what_does_not_fit_is_given_up_but_for_one_tick() {
        let (mut simulation, mut transport) = (simulation(), Transport::default());
        let mut run = |due: u64, done: u64| {
            let mut seen = 0;
            transport.advance_by(&mut simulation, Duration::from_millis(100), |_, asked, _| {
                seen = asked;
                done
            });
            assert_eq!(seen, due);
        };
        run(5, 1);
        run(6, 6);
        run(5, 5);
    }
}
