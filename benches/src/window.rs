//! Rows about the whole window: ticks, panels and drawing together, as somebody at a software-rendered display meets them.

use std::cell::RefCell;

use agent2028_core::simulation::Simulation;
use agent2028_core::transport::Transport;
use agent2028_inspector::{FramePacing, InspectorPlugin, Layouts};
use agent2028_view::ExactViews;
use agent2028_view::offscreen::{Offscreen, OffscreenOptions};
use bevy::prelude::*;
use bevy_egui::input::EguiInputEvent;
use bevy_egui::{EguiContext, egui};

use crate::measure::{Clock, Failure, Figures, Sample, pairs, time};
use crate::row::{Effort, Row, Target, Unit};
use crate::scene::Crowd;

const FRAME: Unit = Unit::SecondsPer("frame");
const WHY_MISSED: &str = "Where the adapter draws by software, rasterising the panels' triangles takes most of a frame, \
    however seldom they are laid out.";

/// The rows.
pub const ROWS: &[Row] = &[
    Row {
        name: "window-100k",
        work: "a frame of the window of 1280 × 720 while 10⁵ birds fly: a tick, panels to their rhythm, drawing",
        baseline: "the same with the panels laid out in every frame",
        unit: FRAME,
        clock: Clock::Wall,
        target: Target::Cost(0.1),
        measure: rhythm,
        curve: None,
        why_missed: WHY_MISSED,
    },
    Row {
        name: "answer-100k",
        work: "from a movement of the pointer in that window to the frame that answers it",
        baseline: "a tick and a frame of the world alone, without panels",
        unit: FRAME,
        clock: Clock::Wall,
        target: Target::Cost(0.1),
        measure: answer,
        curve: None,
        why_missed: WHY_MISSED,
    },
];

/// A window without a display, in which the run plays.
struct Window(Offscreen);

impl Window {
    fn new(birds: usize, panels: bool) -> Result<Self, Failure> {
        let simulation = Crowd::dense(birds).simulation(2)?;
        let add = |app: &mut App| {
            if panels {
                app.add_plugins(InspectorPlugin);
            }
        };
        let mut offscreen =
            Offscreen::with_plugins(simulation, OffscreenOptions::default(), add).map_err(|error| error.to_string())?;
        let world = offscreen.world_mut();
        // Pictures would lay out panels in every frame.
        world.remove_resource::<ExactViews>();
        if panels {
            world.resource_mut::<Transport>().playing = true;
        }
        let mut window = Self(offscreen);
        // Pipelines compile, fonts load, and what panels cost becomes known.
        (0..20).try_for_each(|_| window.frame())?;
        Ok(window)
    }

    fn frame(&mut self) -> Result<(), Failure> {
        self.0.advance(1);
        self.0.measure(1).map(|_| ()).map_err(|error| error.to_string())
    }

    fn frames(&mut self, count: usize) -> Result<Sample, Failure> {
        let (sample, result) = time(count as f64, || (0..count).try_for_each(|_| self.frame()));
        result.map(|()| sample)
    }

    /// Frames in which the pointer is told to be somewhere else, each of which therefore is laid out anew.
    fn answers(&mut self, count: usize) -> Result<Sample, Failure> {
        let (sample, result) = time(count as f64, || {
            (0..count).try_for_each(|number| {
                let place = egui::pos2(1100.0 + (number % 50) as f32, 200.0 + (number % 90) as f32);
                self.tell(egui::Event::PointerMoved(place))?;
                let laid_out = self.rhythm().counts().1;
                self.frame()?;
                if self.rhythm().counts().1 == laid_out { Err("a frame answers nothing".into()) } else { Ok(()) }
            })
        });
        result.map(|()| sample)
    }

    fn tell(&mut self, event: egui::Event) -> Result<(), Failure> {
        let world = self.0.world_mut();
        let mut contexts = world.query_filtered::<Entity, With<EguiContext>>();
        let context = contexts.iter(world).next().ok_or("there are no panels")?;
        world.write_message(EguiInputEvent { context, event });
        Ok(())
    }

    fn rhythm(&mut self) -> FramePacing {
        *self.0.world_mut().resource::<FramePacing>()
    }

    /// What a frame is made of.
    fn parts(&mut self) -> String {
        let panels = self.rhythm().cost().as_secs_f64() * 1e3;
        let world = self.0.drawn().compose.as_secs_f64() * 1e3;
        let tick = self.0.world_mut().resource::<Simulation>().tick_cost().as_secs_f64() * 1e3;
        let adapter = if self.0.drawn().software { "software" } else { "hardware" };
        format!(
            "of a frame, a tick {tick:.1} ms, the panels {panels:.1} ms when they are laid out, composing the world \
             {world:.1} ms; the rest is the {adapter} adapter's"
        )
    }
}

fn rhythm(effort: Effort) -> Result<Figures, Failure> {
    let window = RefCell::new(Window::new(effort.at_most(100_000, 1_000), true)?);
    let frames = effort.at_most(60, 2);
    let measured = |layouts| {
        let mut window = window.borrow_mut();
        window.0.world_mut().resource_mut::<FramePacing>().layouts_wanted = layouts;
        window.frames(frames)
    };
    let figures =
        pairs(effort.pairs(7), Clock::Wall, || measured(Layouts::Affordable), || measured(Layouts::EveryFrame))?;
    let parts = window.borrow_mut().parts();
    Ok(figures.with_note(parts))
}

fn answer(effort: Effort) -> Result<Figures, Failure> {
    let birds = effort.at_most(100_000, 1_000);
    let (mut window, mut bare) = (Window::new(birds, true)?, Window::new(birds, false)?);
    let frames = effort.at_most(30, 2);
    pairs(effort.pairs(7), Clock::Wall, || window.answers(frames), || bare.frames(frames))
}
