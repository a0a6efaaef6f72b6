//! Tasks drawn over the world: where they lie, who bids, who travels to them and works on them.

use agent2028_core::agent::AgentId;
use agent2028_market::MarketConfig;
use agent2028_market::tasks::TaskAuctions;
use agent2028_market::tasks::task::{Task, TaskStatus};
use agent2028_view::paint::Painter;
use agent2028_view::tokens::Rgba8;
use agent2028_view::{Layer, LayerFacts, LayerInput};
use bevy::prelude::{Vec2, World};

/// If there are more tasks than this, only some are drawn: all would cover everything else.
const MOST_TASKS: usize = 3_000;
/// If there are more open tasks than this, lines to those who bid are left out.
const MOST_WITH_BIDS: u32 = 160;
/// How large a task is, in world units, and at least and at most on the screen.
const SIZE: f32 = 7.0;
const PIXELS: (f32, f32) = (2.0, 11.0);
/// How long an award is shown, in ticks.
const AWARD_TICKS: u64 = 24;

/// Tasks, travel and awards.
#[derive(Clone, Copy, Debug)]
pub struct TasksLayer;

impl Layer for TasksLayer {
    const FACTS: LayerFacts = LayerFacts {
        key: "tasks",
        label: "Tasks",
        help: "Tasks that lie in the world: open ones as rings with the time that is left for bids and lines to those who bid; ways of \
            those who travel to them; work that goes on, and awards",
        shortcut: "Alt 0",
        shown: true,
    };

    fn applies(world: &World) -> bool {
        world.contains_resource::<TaskAuctions>()
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        let world = input.world();
        if let (Some(state), Some(config)) =
            (world.get_resource::<TaskAuctions>(), world.get_resource::<MarketConfig>())
        {
            paint_awards(painter, input, state);
            paint_tasks(painter, input, state, config);
        }
    }
}

/// The colour of a source's tasks.
fn color_of(input: &LayerInput, task: &Task) -> Rgba8 {
    let categories = &input.tokens().categories;
    // The first is that of the first group of agents.
    categories[(usize::from(task.source) + 1) % categories.len()]
}

fn paint_tasks(painter: &mut Painter, input: &LayerInput, state: &TaskAuctions, config: &MarketConfig) {
    let tick = input.simulation.tick();
    let open: u32 = state.auctioneers().iter().map(|auctioneer| auctioneer.open).sum();
    let radius = input.projection.length(SIZE).clamp(PIXELS.0, PIXELS.1);
    let reach = config.tasks.as_ref().map_or(0.0, |tasks| tasks.reach);
    // With many tasks every n-th is drawn, by number, so that the same stay in sight.
    let each = state.tasks().len().div_ceil(MOST_TASKS).max(1) as u64;
    for (_, task) in state.tasks().iter().filter(|(_, task)| task.number.is_multiple_of(each)) {
        let Some(at) = task.at() else { continue };
        let pixel = input.projection.pixel(at);
        if !input.projection.sees(pixel, radius * 3.0) && task.status == TaskStatus::Open {
            continue;
        }
        let color = color_of(input, task);
        match task.status {
            TaskStatus::Open => {
                if open <= MOST_WITH_BIDS {
                    for bid in &task.bids {
                        if let Some(from) = input.place(AgentId(bid.bidder)) {
                            input.line(painter, from, at, color.alpha(0.13));
                        }
                    }
                }
                painter.circle(pixel, radius, 1.4, color.alpha(0.9));
                let whole = task.wake.saturating_sub(task.since).max(1);
                if task.wake != u64::MAX {
                    let gone = tick.saturating_sub(task.since) as f32 / whole as f32;
                    painter.arc(pixel, radius + 2.5, 1.0 - gone.min(1.0), 1.2, color.alpha(0.6));
                }
            }
            TaskStatus::Assigned | TaskStatus::InProgress => {
                let assignee = AgentId(task.assignee);
                let worker = state.worker(assignee);
                let works = worker.is_some_and(|worker| worker.works()) && is_first(state, assignee, task);
                if works {
                    let left = worker.map_or(0, |worker| worker.until.saturating_sub(tick));
                    let done = 1.0 - left as f32 / task.work_ticks.max(1) as f32;
                    painter.disc(pixel, radius * 0.75, color.alpha(0.35));
                    painter.arc(pixel, radius, done.clamp(0.02, 1.0), 2.0, color.alpha(0.95));
                } else {
                    if let Some(from) = input.place(assignee) {
                        input.line(painter, from, at, color.alpha(0.42));
                    }
                    painter.disc(pixel, radius * 0.45, color.alpha(0.8));
                    let around = input.projection.length(reach);
                    if around > 2.0 * radius {
                        painter.circle(pixel, around, 1.0, color.alpha(0.2));
                    }
                }
            }
        }
    }
}

/// Whether a task is the one that its agent is about.
fn is_first(state: &TaskAuctions, agent: AgentId, task: &Task) -> bool {
    let head = state.worker(agent).and_then(|worker| worker.task());
    head.and_then(|slot| state.tasks().get(slot)).is_some_and(|first| first.number == task.number)
}

/// A ring that grows where somebody has just won.
fn paint_awards(painter: &mut Painter, input: &LayerInput, state: &TaskAuctions) {
    let tick = input.simulation.tick();
    let radius = input.projection.length(SIZE).clamp(PIXELS.0, PIXELS.1);
    for auctioneer in state.auctioneers() {
        for cleared in auctioneer.recent.iter().rev() {
            let age = tick.saturating_sub(cleared.tick);
            if age >= AWARD_TICKS {
                break;
            }
            let (Some((x, y)), Some(_)) = (cleared.place, cleared.winner) else { continue };
            let share = age as f32 / AWARD_TICKS as f32;
            let pixel = input.projection.pixel(Vec2::new(x, y));
            painter.circle(pixel, radius * (1.0 + 2.2 * share), 1.5, input.tokens().good.alpha(0.7 * (1.0 - share)));
        }
    }
}
