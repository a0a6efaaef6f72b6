//! Curves: what rests in the book, what units are worth, prices.

use agent2028_market::config::Good;
use agent2028_market::exchange::good::GoodMarket;
use agent2028_market::order_book::Side;
use agent2028_view::tokens::{spacing, type_size};
use bevy_egui::egui;
use egui::{
    Align2, Color32, FontId, Label, Pos2, Rect, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, WidgetType, pos2, vec2,
};

use super::Drawn;
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};

/// Draws what is asked for.
pub(super) fn show(ui: &mut Ui, look: &Look, good: &Good, market: &GoodMarket, drawn: Drawn, size: Vec2) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let enabled = ui.is_enabled();
    let name = match drawn {
        Drawn::Book => "Units that rest in the order book, price by price",
        Drawn::Values => "Demand and supply by what units are worth",
        Drawn::Prices => "Prices of the last trades",
    };
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, name));
    let inner = Rect::from_min_max(
        pos2(rect.left() + measure::AXIS, rect.top() + spacing::NORMAL),
        pos2(rect.right() - spacing::NORMAL, rect.bottom() - measure::SMALL_LINE - spacing::TIGHT),
    );
    if inner.width() < measure::AXIS || inner.height() < measure::SMALL_LINE {
        return;
    }
    match drawn {
        Drawn::Book => {
            let side = |side| market.book().depth(side).collect::<Vec<_>>();
            steps(ui, look, good, inner, side(Side::Buy), side(Side::Sell), None);
        }
        Drawn::Values => {
            let side = |side: Side| {
                let of = market.traders().iter().filter(|trader| trader.side == side && !trader.gone);
                let mut values: Vec<i64> = of.flat_map(|trader| trader.values.iter().copied()).collect();
                values.sort_unstable();
                if side == Side::Buy {
                    values.reverse();
                }
                values.into_iter().map(|price| (price, 1)).collect::<Vec<_>>()
            };
            steps(ui, look, good, inner, side(Side::Buy), side(Side::Sell), market.now().equilibrium);
        }
        Drawn::Prices => prices(ui, look, good, market, inner),
    }
}

/// Says that there is nothing to draw.
fn nothing(ui: &mut Ui, look: &Look, rect: Rect, what: &str) {
    ui.put(rect, Label::new(look.quiet(what)));
}

/// A price's height.
fn height(good: &Good, rect: Rect, price: i64) -> f32 {
    let (low, high) = good.prices;
    let share = (price - low) as f32 / (high - low).max(1) as f32;
    rect.bottom() - share.clamp(0.0, 1.0) * rect.height()
}

fn axis(ui: &Ui, look: &Look, good: &Good, rect: Rect) {
    let font = FontId::proportional(type_size::SMALL);
    let (low, high) = good.prices;
    for part in 0..=4 {
        let price = low + (high - low) * part / 4;
        let y = height(good, rect, price);
        let line = [pos2(rect.left(), y), pos2(rect.right(), y)];
        ui.painter().line_segment(line, Stroke::new(spacing::HAIRLINE, look.hairline));
        let text = format::count(price.unsigned_abs());
        let at = pos2(rect.left() - spacing::TIGHT, y);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, font.clone(), look.secondary);
    }
}

/// Units bought at a price or more, and sold at a price or less, as steps.
fn steps(
    ui: &mut Ui,
    look: &Look,
    good: &Good,
    rect: Rect,
    buys: Vec<(i64, u64)>,
    sells: Vec<(i64, u64)>,
    equilibrium: Option<i64>,
) {
    axis(ui, look, good, rect);
    let all = |side: &[(i64, u64)]| side.iter().map(|(_, units)| *units).sum::<u64>();
    let most = all(&buys).max(all(&sells));
    let font = FontId::proportional(type_size::SMALL);
    if most == 0 {
        nothing(ui, look, rect, "Nothing rests in the book");
        return;
    }
    for (side, tint) in [(buys, look.good), (sells, look.danger)] {
        let (mut units, mut points): (u64, Vec<Pos2>) = (0, Vec::new());
        for (price, more) in side {
            let y = height(good, rect, price);
            let x = |units: u64| rect.left() + units as f32 / most as f32 * rect.width();
            points.push(pos2(x(units), y));
            units += more;
            points.push(pos2(x(units), y));
        }
        ui.painter().add(Shape::line(points, Stroke::new(measure::CURVE, tint)));
    }
    level(ui, look, good, rect, equilibrium);
    let at = rect.right_bottom() + vec2(0.0, spacing::TIGHT);
    let text = format!("{} units", format::count(most));
    ui.painter().text(at, Align2::RIGHT_TOP, text, font, look.secondary);
}

/// The price at which demand meets supply.
fn level(ui: &Ui, look: &Look, good: &Good, rect: Rect, price: Option<i64>) {
    let Some(price) = price else { return };
    let y = height(good, rect, price);
    let line = [pos2(rect.left(), y), pos2(rect.right(), y)];
    let dashed = Shape::dashed_line(&line, Stroke::new(spacing::HAIRLINE, look.accent), spacing::TIGHT, spacing::TIGHT);
    ui.painter().extend(dashed);
    let text = format!("demand meets supply at {}", format::count(price.unsigned_abs()));
    let font = FontId::proportional(type_size::SMALL);
    let at = pos2(rect.right(), y - spacing::TIGHT / 2.0);
    ui.painter().text(at, Align2::RIGHT_BOTTOM, text, font, look.accent);
}

fn prices(ui: &mut Ui, look: &Look, good: &Good, market: &GoodMarket, rect: Rect) {
    axis(ui, look, good, rect);
    let trades = market.recent();
    let font = FontId::proportional(type_size::SMALL);
    if trades.len() == 0 {
        nothing(ui, look, rect, "Nothing was traded yet");
        return;
    }
    let count = trades.len().max(2) as f32 - 1.0;
    for (at, trade) in trades.enumerate() {
        let place = pos2(rect.left() + at as f32 / count * rect.width(), height(good, rect, trade.price));
        let tint: Color32 = match trade.taker {
            Some(Side::Buy) => look.good,
            Some(Side::Sell) => look.danger,
            None => look.info,
        };
        ui.painter().circle_filled(place, spacing::HAIRLINE + 1.0, tint);
    }
    level(ui, look, good, rect, market.now().equilibrium);
    let at = rect.right_bottom() + vec2(0.0, spacing::TIGHT);
    let text = format!("the last {}", format::counted(market.recent().len() as u64, "trade", "trades"));
    ui.painter().text(at, Align2::RIGHT_TOP, text, font, look.secondary);
}
