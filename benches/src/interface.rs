//! Rows about the panels around the world.

use agent2028_core::agent::AgentGroup;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_inspector::actions::Actions;
use agent2028_inspector::panels::registry::{self, RegistryState, RegistryView};
use agent2028_inspector::theme::{self, Look};
use agent2028_view::Theme;
use bevy::prelude::*;
use bevy_egui::egui;

use crate::measure::{Clock, Failure, Figures, Sample, pairs, time};
use crate::row::{Curve, Effort, Row, Target, Unit};
use crate::scene::simulation;

/// The rows.
pub const ROWS: &[Row] = &[Row {
    name: "ui",
    work: "a frame of the table of agents with 10⁶ agents, sorted by a value that changes in every tick, laid out and \
        turned into triangles",
    baseline: "the same with 10³ agents",
    unit: Unit::SecondsPer("frame"),
    clock: Clock::Wall,
    target: Target::CostTimes(1.5),
    measure: |effort| against_few(effort, effort.at_most(1_000_000, 20_000)),
    curve: Some(growth),
    why_missed: "",
}];

/// The table of agents without a window.
struct Table {
    simulation: Simulation,
    state: RegistryState,
    ctx: egui::Context,
    frames: u64,
}

impl Table {
    fn new(agents: usize) -> Result<Self, Failure> {
        let group = AgentGroup { name: "bird".into(), count: agents as u32, velocity: Some(Vec2::X), ..default() };
        let simulation = simulation(WorldBounds::default(), 1, group, agent2028_core::require_motion)?;
        let mut state = RegistryState::default();
        state.sort = Some(("x".into(), true));
        let ctx = egui::Context::default();
        ctx.set_fonts(theme::fonts());
        theme::dress(&ctx, Theme::Dark, false);
        let mut table = Self { simulation, state, ctx, frames: 0 };
        // Until the first order is there, which a person has asked for.
        for _ in 0..agents / 10_000 + 200 {
            table.frame();
        }
        Ok(table)
    }

    /// One frame at 60 Hz, in each of which the simulation has gone on by a tick.
    fn frame(&mut self) {
        self.frames += 1;
        let size = egui::vec2(1280.0, 300.0);
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            time: Some(self.frames as f64 / 60.0),
            ..egui::RawInput::default()
        };
        let view = RegistryView { world: self.simulation.world(), generation: 0, tick: self.frames, selected: &[] };
        let (look, state) = (Look::of(Theme::Dark), &mut self.state);
        let mut output = self.ctx.run_ui(input, |ui| {
            registry::show(ui, &look, &view, state, &mut Actions::default());
        });
        // There is no screen that the textures could go to.
        output.textures_delta.clear();
        std::hint::black_box(self.ctx.tessellate(output.shapes, output.pixels_per_point));
    }

    fn measured(&mut self, frames: usize) -> Sample {
        time(frames as f64, || (0..frames).for_each(|_| self.frame())).0
    }
}

fn against_few(effort: Effort, many: usize) -> Result<Figures, Failure> {
    let (mut many, mut few) = (Table::new(many)?, Table::new(1000)?);
    let frames = effort.at_most(600, 2);
    pairs(effort.pairs(11), Clock::Wall, || Ok(many.measured(frames)), || Ok(few.measured(frames)))
}

fn growth(effort: Effort) -> Result<Curve, Failure> {
    let sizes: &[usize] = if effort == Effort::Full { &[1_000, 10_000, 100_000, 1_000_000] } else { &[1_000] };
    let mut points = Vec::new();
    for &size in sizes {
        let sample = Table::new(size)?.measured(effort.at_most(600, 2));
        points.push((size as f64, sample.wall / sample.work));
    }
    Ok(Curve {
        title: "A frame of the table of agents".into(),
        x: "agents".into(),
        y: "seconds per frame".into(),
        lines: vec![("table of agents".into(), points)],
    })
}
