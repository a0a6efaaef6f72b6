//! Faults of work that is asked of agents: more of it, slow work, and agents that can do less, lie, or are left out.

use agent2028_kit::faults::{FaultRows, Rows, Verb, number};
use agent2028_kit::theme::Look;
use agent2028_kit::widgets;
use agent2028_operations::OperationsConfig;
use agent2028_operations::interventions::{Isolate, LoadSpike, LyingReports, ResourceExhaustion, SlowLoris};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, DragValue, Layout, Ui, WidgetType};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_HOURGLASS_TOP, ICON_TRENDING_UP};

/// What stands for all workloads in [`LoadSpike::of`].
const ALL: &str = "*";
/// As long as slow operations can come, in simulated seconds: 31 years.
const FOR_GOOD_S: f32 = 1e9;

/// Who asks for what: a workload of the scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemandFacts {
    /// By which a spike means it: its name, or the capability if it has none.
    pub name: String,
    /// What it asks for.
    pub capability: String,
}

/// The workloads of a scene that can be asked for more, each once.
#[must_use]
pub fn demands(world: &World) -> Vec<DemandFacts> {
    let mut demands: Vec<DemandFacts> = Vec::new();
    let Some(config) = world.get_resource::<OperationsConfig>() else { return demands };
    for demand in config.workload.iter().filter_map(|workload| workload.demand()) {
        let name = if demand.name.is_empty() { demand.capability } else { demand.name };
        if demands.iter().all(|known| known.name != name) {
            demands.push(DemandFacts { name: name.to_owned(), capability: demand.capability.to_owned() });
        }
    }
    demands
}

/// What is remembered of these rows.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkFaults {
    /// Which workload; all if it is `*`.
    pub of: String,
    /// By how much a spike multiplies the rate.
    pub factor: f64,
    /// How many slow operations come per second.
    pub slow_per_second: f64,
    /// How long each of them holds an agent, in simulated seconds.
    pub hold_s: f32,
}

impl Default for WorkFaults {
    fn default() -> Self {
        let slow = SlowLoris::default();
        Self {
            of: ALL.to_owned(),
            factor: LoadSpike::default().factor,
            slow_per_second: slow.per_second,
            hold_s: slow.hold_s,
        }
    }
}

impl WorkFaults {
    fn spike(&self, duration_s: Option<f32>) -> LoadSpike {
        LoadSpike { of: self.of.clone(), factor: self.factor, duration_s }
    }

    /// Slow operations ask for what the chosen workload asks for; if all are meant, for what the first one does.
    fn slow(&self, demands: &[DemandFacts], duration_s: Option<f32>) -> Option<SlowLoris> {
        let demand = demands.iter().find(|demand| demand.name == self.of).or(demands.first())?;
        Some(SlowLoris {
            capability: demand.capability.clone(),
            per_second: self.slow_per_second,
            hold_s: self.hold_s,
            duration_s: duration_s.unwrap_or(FOR_GOOD_S),
        })
    }
}

/// Faults of work.
#[derive(Clone, Copy, Debug)]
pub struct WorkRows;

impl FaultRows for WorkRows {
    type State = WorkFaults;

    fn verbs() -> Vec<Verb> {
        vec![Verb::of::<ResourceExhaustion>(), Verb::of::<LyingReports>(), Verb::of::<Isolate>()]
    }

    fn applies(world: &World) -> bool {
        !demands(world).is_empty()
    }

    fn show(ui: &mut Ui, rows: &mut Rows, work: &mut WorkFaults) {
        const EVERY: &str = "All workloads";
        let (demands, words, look) = (demands(rows.world), rows.words(), rows.look);
        ui.add_space(spacing::TIGHT);
        ui.add_enabled_ui(rows.meant(), |ui| {
            let exhaust = Verb::of::<ResourceExhaustion>();
            rows.row(ui, exhaust, &format!("{} {words}", exhaust.word()));
            rows.row(ui, Verb::of::<LyingReports>(), &format!("Let {words} lie"));
            rows.row(ui, Verb::of::<Isolate>(), &format!("Isolate {words}"));
        });
        if work.of != ALL && demands.iter().all(|demand| demand.name != work.of) {
            work.of = ALL.to_owned();
        }
        ui.add_space(spacing::TIGHT);
        let duration_s = rows.choices.duration_s();
        widgets::property(ui, look, "Workload", |ui| {
            let chosen = if work.of == ALL { EVERY } else { work.of.as_str() }.to_owned();
            let response = widgets::choice("workload", ui.available_width(), chosen)
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut work.of, ALL.to_owned(), EVERY);
                    for demand in &demands {
                        ui.selectable_value(&mut work.of, demand.name.clone(), demand.name.as_str());
                    }
                })
                .response;
            widgets::named(ui, &response, WidgetType::ComboBox, "Workload");
        });
        let factor = &mut work.factor;
        let help = "More is asked for than usual: the rate is multiplied by the number at the right.";
        if row(ui, look, ICON_TRENDING_UP, "Ask for more", help, |ui| {
            number(ui, "How many times as much", DragValue::new(factor).range(0.0..=1000.0).speed(0.1).prefix("× "));
        }) {
            rows.actions.intervene(work.spike(duration_s));
        }
        let per_second = &mut work.slow_per_second;
        let help = "Operations come that hold an agent for very long. A timeout is what helps.";
        let pressed = row(ui, look, ICON_HOURGLASS_TOP, "Send slow work", help, |ui| {
            let field = DragValue::new(per_second).range(0.0..=1e6).speed(0.5).max_decimals(1).suffix(" /s");
            number(ui, "Slow operations per second", field);
        });
        widgets::property(ui, look, "Each holds for", |ui| {
            let field = DragValue::new(&mut work.hold_s).range(0.1..=3600.0).speed(0.1).max_decimals(1).suffix(" s");
            number(ui, "Seconds that slow work holds an agent", field);
        });
        if let Some(slow) = work.slow(&demands, duration_s).filter(|_| pressed) {
            rows.actions.intervene(slow);
        }
    }
}

/// A row that is not about agents: nothing to drag onto them.
fn row(ui: &mut Ui, look: &Look, icon: MaterialIcon, text: &str, help: &str, strength: impl FnOnce(&mut Ui)) -> bool {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            strength(ui);
            let width = ui.available_width();
            let response = widgets::verb_button(ui, look, icon, look.danger, text, width);
            widgets::tip(response, look, help, "").clicked()
        })
        .inner
    })
    .inner
}
