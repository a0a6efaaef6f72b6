//! One auction with its bids, as a theatre: what was asked, what the task costs each bidder, the clock, who won and why.

use agent2028_core::agent::AgentId;
use agent2028_market::config::{Auctioneer, Rule, TaskMarket};
use agent2028_market::tasks::TaskAuctions;
use agent2028_market::tasks::probe::by_truth;
use agent2028_market::tasks::rule::TaskRule;
use agent2028_market::tasks::state::Cleared;
use agent2028_market::tasks::task::{Task, TaskBid, TaskStatus};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{
    Align, Color32, Layout, Pos2, Rect, ScrollArea, Sense, Stroke, Ui, UiBuilder, WidgetInfo, WidgetType, pos2, vec2,
};
use egui_material_icons::icons::ICON_GAVEL;

use super::{AuctionsState, AuctionsView, rule_name};
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell};

/// As many of the auctions that go on are listed.
const MOST_OPEN: usize = 64;

/// An auction that goes on, or one that is over.
#[derive(Clone, Copy)]
enum Shown<'a> {
    Open(&'a Task),
    Over(&'a Cleared),
}

impl<'a> Shown<'a> {
    fn number(self) -> u64 {
        match self {
            Self::Open(task) => task.number,
            Self::Over(cleared) => cleared.task,
        }
    }

    fn bids(self) -> &'a [TaskBid] {
        match self {
            Self::Open(task) => &task.bids,
            Self::Over(cleared) => &cleared.bids,
        }
    }

    fn reserve(self) -> i64 {
        match self {
            Self::Open(task) => task.reserve,
            Self::Over(cleared) => cleared.reserve,
        }
    }
}

/// Shows one auction beside the list of those that go on and the last ones.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &AuctionsView,
    (config, auctions): (&TaskMarket, &TaskAuctions),
    state: &mut AuctionsState,
    actions: &mut Actions,
) {
    let number = state.auctioneer;
    let (Some(auctioneer), Some(own)) = (config.auctioneers.get(number), auctions.auctioneers().get(number)) else {
        let how = "Let the simulation run.";
        return widgets::empty(ui, look, ICON_GAVEL, "No auction has begun yet", how);
    };
    let open = auctions.tasks().iter().map(|(_, task)| task);
    let open = open.filter(|task| usize::from(task.auctioneer) == number && task.status == TaskStatus::Open);
    let all: Vec<Shown<'_>> =
        open.take(MOST_OPEN).map(Shown::Open).chain(own.recent.iter().rev().map(Shown::Over)).collect();
    if all.is_empty() {
        let how = "Auctions appear as tasks are put up. Let the simulation run.";
        return widgets::empty(ui, look, ICON_GAVEL, "No auction has begun yet", how);
    }
    let last = own.recent.back().map(Shown::Over);
    let chosen = state.task.and_then(|task| all.iter().copied().find(|shown| shown.number() == task));
    let shown = chosen.or(last).unwrap_or(all[0]);
    let area = ui.available_rect_before_wrap();
    if area.width() < measure::BESIDE {
        ScrollArea::both().id_salt("bids").auto_shrink([false, false]).show(ui, |ui| {
            stage(ui, look, view, auctioneer, shown, actions);
        });
        return;
    }
    let edge = area.left() + measure::CHOICE + spacing::WIDE;
    let left = Rect::from_min_max(area.min, pos2(edge - spacing::WIDE, area.bottom()));
    let right = Rect::from_min_max(pos2(edge, area.top()), area.max);
    let mut side = ui.new_child(UiBuilder::new().max_rect(left).layout(Layout::top_down(Align::Min)));
    let mut list = state.past;
    list.show(&mut side, look, "Auctions", all.len(), |ui, row| {
        let listed = all[row];
        let is_shown = listed.number() == shown.number();
        let words = match listed {
            Shown::Open(task) => {
                format!("{}  {}", format::count(task.number), format::counted(task.bids.len() as u64, "bid", "bids"))
            }
            Shown::Over(cleared) if cleared.winner.is_some() => {
                format!("{}  for {}", format::count(cleared.task), format::fixed(cleared.price as f64, 0))
            }
            Shown::Over(cleared) => format!("{}  nobody", format::count(cleared.task)),
        };
        let tint = if matches!(listed, Shown::Open(_)) { look.info } else { look.text };
        if ui.selectable_label(is_shown, look.figure(words).color(tint)).clicked() {
            state.task = if is_shown && chosen.is_some() { None } else { Some(listed.number()) };
        }
    });
    state.past = list;
    let mut side = ui.new_child(UiBuilder::new().max_rect(right).layout(Layout::top_down(Align::Min)));
    ScrollArea::vertical().id_salt("bids").auto_shrink([false, false]).show(&mut side, |ui| {
        stage(ui, look, view, auctioneer, shown, actions);
    });
    ui.advance_cursor_after_rect(area);
}

/// Why somebody won, in words.
fn reason(auctioneer: &Auctioneer, cleared: &Cleared, winner: &str) -> String {
    let price = format::fixed(cleared.price as f64, 0);
    match auctioneer.rule {
        Rule::SealedBestScore => {
            format!("{winner} has the best score of price and promises, and is paid the {price} that it asked for.")
        }
        Rule::FirstPrice => format!("{winner} asked for least, and is paid what it asked for: {price}."),
        Rule::Vickrey if cleared.bids.len() < 2 => {
            format!("{winner} is the only one that bid, and is paid the reserve: {price}.")
        }
        Rule::Vickrey => format!("{winner} asked for least, and is paid what the second asked for: {price}."),
        Rule::Dutch => format!("{winner} stopped the rising clock first, at {price}."),
        Rule::English => {
            format!("{winner} stayed last while the clock fell, and is paid {price}, where the one before left.")
        }
        Rule::ContractNet => {
            format!("{winner}'s bid of {price} was the lowest that reached the manager, and it accepted.")
        }
        Rule::Combinatorial => {
            format!(
                "{winner} belongs to the cheapest division of the tasks, and is paid what its presence saves: {price}."
            )
        }
        Rule::Hungarian => {
            format!("{winner} belongs to the cheapest assignment of all tasks, and is paid what it asked for: {price}.")
        }
    }
}

fn stage(
    ui: &mut Ui,
    look: &Look,
    view: &AuctionsView,
    auctioneer: &Auctioneer,
    shown: Shown<'_>,
    actions: &mut Actions,
) {
    let (winner, price) = match shown {
        Shown::Open(task) => {
            let rule = TaskRule { rule: auctioneer.rule, reserve: task.reserve, step: auctioneer.step };
            let ticks = agent2028_core::clock::ticks_in(f64::from(auctioneer.bid_s), view.tick_hz).max(1);
            (None, rule.shows(view.tick.saturating_sub(task.since), ticks))
        }
        Shown::Over(cleared) => (cleared.winner, cleared.winner.map(|_| cleared.price)),
    };
    let title = format!("Task {}, {}", format::count(shown.number()), rule_name(auctioneer.rule));
    ui.label(look.strong(title));
    let words = match shown {
        Shown::Open(task) if task.bids.is_empty() => {
            "Nobody has bid. It is auctioned again when the time is over.".into()
        }
        Shown::Open(task) if auctioneer.seals() => {
            let count = format::counted(task.bids.len() as u64, "bid is", "bids are");
            format!("{count} committed to, and sealed until all are in; you can see them.")
        }
        Shown::Open(_) if price.is_some() => {
            format!("The clock stands at {}.", format::fixed(price.unwrap_or(0) as f64, 0))
        }
        Shown::Open(task) => format!("{} in.", format::counted(task.bids.len() as u64, "bid is", "bids are")),
        Shown::Over(cleared) => match cleared.winner {
            Some(at) => reason(auctioneer, cleared, &view.name(cleared.bids[at].bidder)),
            None if cleared.bids.is_empty() => {
                "Nobody has bid: no skilled bidder had room for it at that price.".into()
            }
            None => "Nobody won: no bid was within the reserve.".into(),
        },
    };
    ui.label(look.body(words));
    ui.add_space(spacing::TIGHT);
    let mut order: Vec<usize> = (0..shown.bids().len()).collect();
    order.sort_by_key(|at| (shown.bids()[*at].price, shown.bids()[*at].bidder));
    let reserve = shown.reserve().max(1);
    let most = shown.bids().iter().map(|bid| bid.cost.max(bid.price)).max().unwrap_or(0).max(reserve);
    if !order.is_empty() {
        header(ui, look, matches!(shown, Shown::Over(_)));
    }
    for at in order {
        let bid = &shown.bids()[at];
        let won = winner == Some(at);
        ui.horizontal(|ui| {
            let name = view.name(bid.bidder);
            let text = if won { look.strong(format::elided(&name, 18)) } else { look.body(format::elided(&name, 18)) };
            let clicked = widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.link(text).clicked());
            if clicked {
                actions.push(Action::Select(vec![AgentId(bid.bidder)]));
            }
            for amount in [bid.price, bid.cost] {
                widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(format::fixed(amount as f64, 0)));
            }
            if let Shown::Over(cleared) = shown {
                let got = if won { cleared.price - bid.cost } else { 0 };
                widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(format::fixed(got as f64, 0)));
                let truth = by_truth(auctioneer, cleared, at);
                let truth = truth.filter(|_| bid.honest && !auctioneer.rule.is_call());
                let words = truth.map_or_else(|| "–".into(), |gain| format::fixed(gain as f64, 0));
                widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(words));
            }
            lollipop(ui, look, bid, (won, price), (reserve, most));
        });
    }
}

fn header(ui: &mut Ui, look: &Look, over: bool) {
    ui.horizontal(|ui| {
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Bidder")));
        let columns: &[(&str, &str)] = if over {
            &[
                ("Asked", "What it asked for"),
                ("Costs it", "What the task truly costs it"),
                ("Gains", "What it is paid beyond its cost"),
                ("By truth", "What it would have gained by asking for its cost, with the same other bids"),
            ]
        } else {
            &[("Asked", "What it asks for"), ("Costs it", "What the task truly costs it")]
        };
        for (column, help) in columns {
            let response = widgets::cell(ui, measure::TICK_COLUMN, Cell::Right, |ui| ui.label(look.quiet(*column)));
            widgets::tip(response, look, help, "");
        }
    });
}

/// A bid on the line of prices: a ring for the cost, a dot for what was asked, a rule for the price and one for the reserve.
fn lollipop(ui: &mut Ui, look: &Look, bid: &TaskBid, (won, price): (bool, Option<i64>), (reserve, most): (i64, i64)) {
    let width = ui.available_width().max(measure::SPARKLINE.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, measure::TABLE_ROW), Sense::hover());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, "A bid on the line of prices"));
    let inner = rect.shrink2(vec2(spacing::NORMAL, 0.0));
    let at = |amount: i64| -> Pos2 {
        let share = (amount as f64 / most.max(1) as f64).clamp(0.0, 1.0) as f32;
        pos2(inner.left() + share * inner.width(), inner.center().y)
    };
    let tint: Color32 = if won {
        look.good
    } else if bid.honest {
        look.secondary
    } else {
        look.danger
    };
    let painter = ui.painter().with_clip_rect(rect);
    painter.line_segment([at(0), at(bid.price)], Stroke::new(spacing::HAIRLINE, tint));
    painter.line_segment([at(bid.cost), at(bid.price)], Stroke::new(measure::CURVE, tint));
    painter.circle_stroke(at(bid.cost), measure::DOT, Stroke::new(spacing::HAIRLINE, tint));
    painter.circle_filled(at(bid.price), measure::DOT, tint);
    painter.vline(at(reserve).x, rect.y_range(), Stroke::new(spacing::HAIRLINE, look.hairline));
    if let Some(price) = price {
        painter.vline(at(price).x, rect.y_range(), Stroke::new(measure::CURVE, look.accent));
    }
}
