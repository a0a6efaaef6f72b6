//! The table of times: phases, in them plugins, in them systems.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use agent2028_core::profiler::Phase;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Pos2, Rect, RichText, ScrollArea, Sense, Shape, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_material_icons::icons::{ICON_CHEVRON_RIGHT, ICON_EXPAND_MORE};

use super::plugin_name;
use super::profile::{Figures, Line, Profile};
use crate::format;
use crate::format::csv_cell;
use crate::theme::{Look, measure, radius};
use crate::widgets::{self, Cell};

/// A row: a phase, a plugin in it, or a system of that.
struct Row<'a> {
    depth: usize,
    name: String,
    /// By what it is folded up, if something is below it.
    fold: Option<String>,
    open: bool,
    help: String,
    lines: &'a [Line],
}

/// The lines of a phase, and those of a plugin in it, stand together: systems run in the order of phases.
fn rows<'a>(profile: &'a Profile, folded: &BTreeSet<String>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for phase in profile.lines.chunk_by(|a, b| a.phase == b.phase) {
        let name = phase[0].phase.name();
        rows.push(Row {
            depth: 0,
            name: name.to_owned(),
            fold: Some(name.to_owned()),
            open: !folded.contains(name),
            help: phase_help(phase[0].phase).to_owned(),
            lines: phase,
        });
        if folded.contains(name) {
            continue;
        }
        for plugin in phase.chunk_by(|a, b| a.plugin == b.plugin) {
            let fold = format!("{name} {} {}", plugin[0].plugin, plugin[0].system);
            let open = !folded.contains(&fold);
            rows.push(Row {
                depth: 1,
                name: plugin_name(&plugin[0].plugin),
                fold: Some(fold),
                open,
                help: format!("The systems of {} in this phase", plugin[0].plugin),
                lines: plugin,
            });
            let systems = plugin.iter().enumerate().filter(|_| open);
            rows.extend(systems.map(|(place, line)| Row {
                depth: 2,
                name: line.system.rsplit("::").next().unwrap_or(&line.system).to_owned(),
                fold: None,
                open: false,
                help: format!("{}::{}", line.plugin, line.system),
                lines: &plugin[place..=place],
            }));
        }
    }
    rows
}

fn phase_help(phase: Phase) -> &'static str {
    match phase {
        Phase::Start => "Before the first phase: the clock moves on",
        Phase::In(0) => "Queued interventions due now are applied",
        Phase::In(1) => "The world is made readable: spatial index, delivered messages",
        Phase::In(2) => "Agents choose; nothing visible changes",
        Phase::In(3) => "Choices take effect: deposits, sends, task starts",
        Phase::In(4) => "Consequences are worked out: motion, diffusion",
        Phase::In(5) => "The healing loop looks at the outcome",
        Phase::In(_) => "The tick is written down: metrics, events",
        Phase::End => "After the last phase: events get their order and numbers",
    }
}

pub(super) fn show(ui: &mut Ui, look: &Look, profile: &Profile, folded: &mut BTreeSet<String>) {
    let whole = profile.figures(profile.lines.iter());
    ui.spacing_mut().item_spacing.y = 0.0;
    head(ui, look, whole);
    let rows = rows(profile, folded);
    let mut toggled = None;
    ScrollArea::vertical().id_salt("times").auto_shrink([false, false]).show_rows(
        ui,
        measure::TABLE_ROW,
        rows.len(),
        |ui, visible| {
            for row in &rows[visible] {
                if line(ui, look, profile, row, whole) {
                    toggled.clone_from(&row.fold);
                }
            }
        },
    );
    if let Some(name) = toggled
        && !folded.remove(&name)
    {
        folded.insert(name);
    }
}

fn head(ui: &mut Ui, look: &Look, whole: Figures) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        widgets::cell(ui, measure::NAME_COLUMN, Cell::Left, |ui| {
            ui.label(look.quiet(format!("Tick  {}", format::milliseconds(whole.mean * 1e3))));
        });
        for (title, help) in [
            ("Mean", "The mean time in a tick over the last second"),
            ("Max", "The longest time in a tick in the last second"),
            ("Share", "The share of all systems' time"),
        ] {
            widgets::cell(ui, measure::VALUE_COLUMN, Cell::Right, |ui| {
                ui.label(look.quiet(title)).on_hover_text(look.body(help));
            });
        }
    });
    widgets::rule(ui, look);
}

/// Draws a row; whether it is to be folded or unfolded.
fn line(ui: &mut Ui, look: &Look, profile: &Profile, row: &Row, whole: Figures) -> bool {
    let figures = profile.figures(row.lines.iter());
    let share = if whole.mean > 0.0 { figures.mean / whole.mean } else { 0.0 };
    let response = widgets::row_background(ui, look, (row.depth, &row.help, row.fold.as_deref()), false);
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let mean = format::milliseconds(figures.mean * 1e3);
        WidgetInfo::labeled(WidgetType::Button, enabled, format!("{}: {mean}, {}", row.name, format::percent(share)))
    });
    let response = response.on_hover_text(look.body(&row.help));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        let text: RichText = match row.depth {
            0 => look.strong(&row.name),
            1 => look.body(&row.name),
            _ => look.quiet(&row.name),
        };
        widgets::cell(ui, measure::NAME_COLUMN, Cell::Left, |ui| {
            ui.add_space(row.depth as f32 * spacing::WIDE);
            match &row.fold {
                Some(_) => {
                    let icon = if row.open { ICON_EXPAND_MORE } else { ICON_CHEVRON_RIGHT };
                    ui.label(look.icon(icon).color(look.secondary));
                }
                None => ui.add_space(spacing::ICON),
            }
            ui.label(text);
        });
        for text in [
            format::milliseconds(figures.mean * 1e3),
            format::milliseconds(figures.worst * 1e3),
            format::percent(share),
        ] {
            widgets::right_figure(ui, measure::VALUE_COLUMN, look.figure(text));
        }
        sparkline(ui, look, &profile.history(row.lines.iter()));
        let (rest, _) = ui.allocate_exact_size(vec2(ui.available_width(), measure::TABLE_ROW), Sense::hover());
        let bar = Rect::from_min_max(
            pos2(rest.left(), rest.center().y - spacing::TIGHT),
            pos2(rest.left() + rest.width() * share as f32, rest.center().y + spacing::TIGHT),
        );
        let tint = if row.depth == 0 { look.info } else { look.info.gamma_multiply(look.band * 2.0) };
        ui.painter().rect_filled(bar, radius(), tint);
    });
    row.fold.is_some() && response.clicked()
}

/// How the cost went on over the last ten seconds, from 0 up.
fn sparkline(ui: &mut Ui, look: &Look, values: &[f64]) {
    let (width, height) = measure::SPARKLINE;
    let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let last = values.len().saturating_sub(1).max(1) as f32;
    let points: Vec<Pos2> = values
        .iter()
        .enumerate()
        .map(|(place, value)| {
            let x = rect.left() + rect.width() * place as f32 / last;
            pos2(x, rect.bottom() - rect.height() * (value / most) as f32)
        })
        .collect();
    ui.painter().add(Shape::line(points, Stroke::new(spacing::HAIRLINE, look.secondary)));
}

/// All systems as a table, times in microseconds.
pub(super) fn table(profile: &Profile, separator: char) -> String {
    let mut text = ["phase", "plugin", "system", "mean_us", "max_us", "share\n"].join(&separator.to_string());
    let whole = profile.figures(profile.lines.iter());
    for line in &profile.lines {
        let figures = profile.figures(std::iter::once(line));
        let _ = writeln!(
            text,
            "{}{separator}{}{separator}{}{separator}{:.3}{separator}{:.3}{separator}{:.4}",
            line.phase.name(),
            csv_cell(&line.plugin),
            csv_cell(&line.system),
            figures.mean * 1e6,
            figures.worst * 1e6,
            if whole.mean > 0.0 { figures.mean / whole.mean } else { 0.0 },
        );
    }
    text
}
