//! Individuals and swarms side by side: whether they are well, what they have taken on, and what they may use.

use agent2028_core::agent::Tier;
use agent2028_operations::Operations;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Color32, Rect, ScrollArea, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2};

use super::OperationsView;
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure, radius};
use agent2028_kit::widgets;

/// Draws both tiers, and the bridges between them.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &OperationsView, operations: &Operations) {
    ScrollArea::vertical().id_salt("tiers").auto_shrink([false, false]).show(ui, |ui| {
        let beside = ui.available_width() >= measure::BESIDE;
        if beside {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = spacing::SECTION;
                for one in [Tier::Individual, Tier::Swarm] {
                    ui.vertical(|ui| {
                        ui.set_width(measure::TIER);
                        tier(ui, look, view, operations, one);
                    });
                }
            });
        } else {
            tier(ui, look, view, operations, Tier::Individual);
            ui.add_space(spacing::WIDE);
            tier(ui, look, view, operations, Tier::Swarm);
        }
        bridges(ui, look, view);
    });
}

/// Whether a tier is well, in words, and the colour for it.
fn condition(look: &Look, view: &OperationsView, operations: &Operations, tier: Tier) -> (&'static str, Color32) {
    let orchestrator = &view.config().orchestrator;
    match operations.tier_health(tier) {
        None => ("It has no agents", look.disabled),
        Some(health) if health >= f64::from(orchestrator.min_health) => ("It is well", look.good),
        Some(_) if operations.tier(tier).diverting => ("It is not well: the other tier takes over", look.warning),
        Some(_) => ("It is not well: its work is refused", look.danger),
    }
}

fn tier(ui: &mut Ui, look: &Look, view: &OperationsView, operations: &Operations, tier: Tier) {
    let name = match tier {
        Tier::Individual => "Individuals",
        Tier::Swarm => "Swarms",
    };
    let (words, tint) = condition(look, view, operations, tier);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        ui.label(look.strong(name));
        widgets::dot(ui, tint);
        ui.label(look.quiet(words));
    });
    let (state, config) = (operations.tier(tier), view.config());
    let shares = config.orchestrator.shares(tier);
    let health = operations.tier_health(tier);
    let agents = format::counted(operations.tier_members(tier), "agent", "agents");
    part(ui, look, "Health", health, &format!("of {agents}"), tint);
    let used = |used: u32, whole: Option<u32>, share: f32| {
        let most = whole.map(|whole| f64::from(whole) * f64::from(share));
        let words = most.map_or(format!("{} without limit", format::count(used.into())), |most| {
            format!("{} of {}", format::count(used.into()), format::count(most.round() as u64))
        });
        (most.map(|most| if most > 0.0 { f64::from(used) / most } else { 1.0 }), words)
    };
    let (share, words) = used(state.at_agents, config.orchestrator.most_in_work, shares.cpu);
    part(ui, look, "In work", share, &words, look.info);
    let (share, words) = used(state.held, Some(config.most_in_flight), shares.memory);
    part(ui, look, "On their way", share, &words, look.info);
    let most = config.orchestrator.most_per_second;
    let words = most.map_or("without limit".to_owned(), |most| {
        format!("at most {}", format::with_unit(most * f64::from(shares.network), "1/s"))
    });
    widgets::property_text(ui, look, "Requests", look.quiet(words));
    let counts = state.counts;
    for (label, count) in [
        ("Asked of it", counts.requested),
        ("Completed by it", counts.completed),
        ("Failed", counts.failed),
        ("Timed out", counts.timed_out),
        ("Rejected", counts.rejected),
    ] {
        widgets::property_text(ui, look, label, look.figure(format::count(count)));
    }
}

/// A label, a bar that is filled as far as a share, and words beside it.
fn part(ui: &mut Ui, look: &Look, label: &str, share: Option<f64>, words: &str, tint: Color32) {
    widgets::property(ui, look, label, |ui| {
        ui.label(look.quiet(words));
        let Some(share) = share else { return };
        ui.label(look.figure(format::percent(share)));
        let width = ui.available_width().min(measure::SEARCH);
        let (bar, response) = ui.allocate_exact_size(vec2(width, measure::BAR), Sense::hover());
        let enabled = ui.is_enabled();
        let name = format!("{label}: {}", format::percent(share));
        response.widget_info(|| WidgetInfo::labeled(WidgetType::ProgressIndicator, enabled, &name));
        ui.painter().rect_filled(bar, radius(), look.raised);
        let right = bar.left() + bar.width() * share.clamp(0.0, 1.0) as f32;
        ui.painter().rect_filled(Rect::from_min_max(bar.min, pos2(right, bar.bottom())), radius(), tint);
    });
}

/// Individuals that hand their operations to a swarm.
fn bridges(ui: &mut Ui, look: &Look, view: &OperationsView) {
    let bridges = &view.config().bridges;
    if bridges.is_empty() {
        return;
    }
    ui.add_space(spacing::WIDE);
    ui.label(look.strong("Bridges"));
    for bridge in bridges {
        let parts = format::counted(bridge.parts.into(), "member", "members");
        let reducer = format!("{:?}", bridge.reducer).to_lowercase();
        let text = format!(
            "{} asks {parts} of {} for each {}; their answers become one by {reducer}",
            bridge.individuals, bridge.swarm, bridge.capability
        );
        ui.label(look.body(text));
    }
}
