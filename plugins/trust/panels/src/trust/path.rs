//! How one may trust another, by way of those in between, with every step of it.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_trust::transitive::Path;
use agent2028_trust::{Reaches, Trust, TrustConfig, Way};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::Ui;
use egui_material_icons::icons::ICON_SWAP_HORIZ;

use super::{TrustState, TrustView, share};
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell};

/// As many of those whom one trusts are listed.
const MOST_TRUSTEES: usize = 30;
/// As many paths are told step by step.
const MOST_PATHS: usize = 6;

/// What a way to find trust is called.
pub(super) fn name(way: Way) -> &'static str {
    match way {
        Way::BestPath => "Best path",
        Way::AllPaths => "All paths",
        Way::MaxFlow => "Maximum flow",
    }
}

/// How much one may trust the other, and why.
pub(super) fn explain(
    ui: &mut Ui,
    look: &Look,
    view: &TrustView,
    trust: &Trust,
    config: &TrustConfig,
    (from, to): (AgentId, AgentId),
    state: &mut TrustState,
    actions: &mut Actions,
) {
    let Some(reaches) = view.world.get_resource::<Reaches>() else { return };
    ui.horizontal(|ui| {
        ui.label(look.body(format!(
            "{} in {}",
            AgentGroups::name_in(view.world, from),
            AgentGroups::name_in(view.world, to)
        )));
        let turn = widgets::icon_button(ui, look, ICON_SWAP_HORIZ, "The other way round");
        if widgets::tip(turn, look, "Ask how much the other trusts this one", "").clicked() {
            state.back = !state.back;
        }
    });
    let answer = reaches.ask(trust, config, from, to, state.way);
    widgets::property_text(ui, look, "Trust", look.figure(share(answer.trust)));
    match state.way {
        Way::BestPath => match &answer.path {
            Some(path) => steps(ui, look, view, path, actions),
            None => {
                let limits = config.transitive.limits();
                ui.label(look.quiet(format!(
                    "No path of at most {} keeps a trust of {}.",
                    format::counted(u64::from(limits.most_steps), "step", "steps"),
                    share(limits.least)
                )));
            }
        },
        Way::AllPaths => {
            let Some(analysis) = &answer.analysis else { return };
            let Some(opinion) = analysis.opinion else {
                ui.label(look.quiet("No path leads there."));
                return;
            };
            let mut tell = |name: &str, value: f64| {
                widgets::property_text(ui, look, name, look.figure(share(value)));
            };
            tell("Belief", opinion.belief);
            tell("Disbelief", opinion.disbelief);
            tell("Uncertainty", opinion.uncertainty);
            for path in analysis.paths.iter().take(MOST_PATHS) {
                steps(ui, look, view, path, actions);
            }
            let untold = analysis.paths.len().saturating_sub(MOST_PATHS) as u64;
            if untold > 0 {
                ui.label(look.quiet(format!("and {} more", format::counted(untold, "path", "paths"))));
            }
            if analysis.left_out > 0 {
                let left_out = format::counted(analysis.left_out as u64, "path", "paths");
                ui.label(look.quiet(format!("{left_out} left out: what is said once would count twice.")));
            }
        }
        Way::MaxFlow => {
            let said =
                if answer.trust > 0.0 { "Enough flows there: it is accepted." } else { "Too little flows there." };
            ui.label(look.quiet(said));
        }
    }
}

/// A path, step by step; a click on a step selects both ends.
fn steps(ui: &mut Ui, look: &Look, view: &TrustView, path: &Path, actions: &mut Actions) {
    for (ends, trust) in path.nodes.windows(2).zip(path.trust.windows(2)) {
        let words = format!(
            "{} \u{2192} {}",
            AgentGroups::name_in(view.world, AgentId(ends[0])),
            AgentGroups::name_in(view.world, AgentId(ends[1]))
        );
        let response = widgets::row_background(ui, look, (&words, ui.cursor().top().to_bits()), false);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let rest = widgets::rest(ui, measure::FIGURE_COLUMN);
            widgets::cell(ui, rest, Cell::Left, |ui| ui.label(look.body(&words)));
            widgets::right_figure(ui, measure::FIGURE_COLUMN, look.figure(share(trust[1] / trust[0])));
        });
        if response.clicked() {
            let mut both: Vec<AgentId> = ends.iter().map(|end| AgentId(*end)).collect();
            both.sort_unstable();
            actions.push(Action::Select(both));
        }
    }
    widgets::property_text(ui, look, "Product", look.figure(share(path.value())));
}

/// Whom one trusts, directly or by way of others.
pub(super) fn trustees(
    ui: &mut Ui,
    look: &Look,
    view: &TrustView,
    trust: &Trust,
    config: &TrustConfig,
    agent: AgentId,
    actions: &mut Actions,
) {
    let Some(reaches) = view.world.get_resource::<Reaches>() else { return };
    let trustees = reaches.trustees(trust, config, agent);
    if trustees.is_empty() {
        ui.label(look.quiet("It has no experience with anybody."));
        return;
    }
    for (trustee, value) in trustees.iter().take(MOST_TRUSTEES) {
        let name = AgentGroups::name_in(view.world, *trustee);
        let direct = trust.graph().evidence(agent.0, trustee.0).is_some();
        let response = widgets::row_background(ui, look, ("trustee", trustee.0), false);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::TIGHT;
            let rest = widgets::rest(ui, measure::FIGURE_COLUMN);
            let text = if direct { look.body(&name) } else { look.quiet(format!("{name}, by way of others")) };
            widgets::cell(ui, rest, Cell::Left, |ui| ui.label(text));
            widgets::right_figure(ui, measure::FIGURE_COLUMN, look.figure(share(*value)));
        });
        if response.clicked() {
            let mut both = vec![agent, *trustee];
            both.sort_unstable();
            actions.push(Action::Select(both));
        }
    }
    if trustees.len() > MOST_TRUSTEES {
        let more = (trustees.len() - MOST_TRUSTEES) as u64;
        ui.label(look.quiet(format!("and {} more", format::counted(more, "agent", "agents"))));
    }
}
