//! Everything from outside that changed the run, or waits to: with the scene and its seed, the whole story.

use agent2028_core::intervention::{AnyIntervention, Applied, InterventionLog, InterventionQueue, Origin, Stamped};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align, Color32, Layout, ScrollArea, Sense, Ui, WidgetInfo, WidgetType};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_ERROR, ICON_HISTORY, ICON_SCHEDULE, ICON_TOUCH_APP};

use crate::actions::{Action, Actions};
use crate::format;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::runs::RunRequest;
use crate::shortcuts::{Command, keys};
use crate::theme::{Look, measure};
use crate::widgets::{self, Cell};

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct InterventionsView<'a> {
    /// What was applied.
    pub log: &'a InterventionLog,
    /// What waits.
    pub queue: &'a InterventionQueue,
}

/// A row: something that waits, or something that was applied.
enum Row<'a> {
    Waiting(Stamped),
    Applied(&'a Applied),
}

/// The panel of what was done.
#[derive(Clone, Copy, Debug)]
pub struct InterventionsPanel;

impl Panel for InterventionsPanel {
    type State = ();
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Interventions"),
        title: "Interventions",
        icon: ICON_HISTORY,
        help: "What was done to the simulation, and what came of it.",
        group: Group::Scene,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, (): &mut ()) {
        let view = InterventionsView {
            log: context.facts.resource::<InterventionLog>(),
            queue: context.facts.resource::<InterventionQueue>(),
        };
        show(ui, context.look, &view, context.actions);
    }
}

/// Shows what was applied, newest first, above it what waits.
pub fn show(ui: &mut Ui, look: &Look, view: &InterventionsView, actions: &mut Actions) {
    let waiting = view.queue.len();
    let count = view.log.0.len();
    ui.horizontal(|ui| {
        ui.set_min_height(measure::CONTROL);
        ui.label(look.quiet(format!("{} applied", format::count(count as u64))));
        if waiting > 0 {
            ui.label(look.quiet(format!("{} waiting", format::count(waiting as u64))));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let save = widgets::text_button(ui, look.body("Save run…"));
            let why = "Writes this run to a folder that can be replayed, verified and plotted";
            if widgets::tip(save, look, why, keys(Command::SaveRun)).clicked() {
                actions.push(Action::Run(RunRequest::Ask));
            }
        });
    });
    if count + waiting == 0 {
        widgets::empty(
            ui,
            look,
            ICON_TOUCH_APP,
            "Nothing has intervened",
            "Sliders, faults and edits show here, and so does what the scene's timeline does.",
        );
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("interventions").auto_shrink([false, false]).show_rows(
        ui,
        measure::TABLE_ROW,
        count + waiting,
        |ui, visible| {
            // What waits longest stands at the top, what was applied last right below what comes next.
            let shown = visible.len();
            let upcoming: Vec<Stamped> = view.queue.iter().collect();
            let rows = upcoming.into_iter().rev().map(Row::Waiting).chain(view.log.0.iter().rev().map(Row::Applied));
            for (index, entry) in rows.enumerate().skip(visible.start).take(shown) {
                row(ui, look, &entry, index);
            }
        },
    );
}

fn row(ui: &mut Ui, look: &Look, entry: &Row, index: usize) {
    let (stamped, icon, tint, outcome): (&Stamped, MaterialIcon, Color32, &str) = match entry {
        Row::Waiting(stamped) => (stamped, ICON_SCHEDULE, look.info, "waits for its tick"),
        Row::Applied(applied) => match &applied.outcome {
            Ok(text) => (&applied.stamped, ICON_CHECK_CIRCLE, look.good, text.as_str()),
            Err(text) => (&applied.stamped, ICON_ERROR, look.danger, text.as_str()),
        },
    };
    let rect = egui::Rect::from_min_size(ui.cursor().min, egui::vec2(ui.available_width(), measure::TABLE_ROW));
    let response = ui.interact(rect, ui.id().with(("intervention", index)), Sense::hover());
    let who = origin(stamped.origin);
    let fields = fields(&stamped.action);
    let name = format::words(stamped.action.name());
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let text = format!("Tick {}, {who}: {name} {fields}, {outcome}", stamped.tick);
        WidgetInfo::labeled(WidgetType::Label, enabled, text)
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(format::count(stamped.tick)).color(look.secondary));
        widgets::cell(ui, measure::ORIGIN_COLUMN, Cell::Left, |ui| ui.label(look.quiet(who)));
        let middle = ((ui.available_width() - spacing::NORMAL) / 2.0).max(0.0);
        widgets::cell(ui, middle, Cell::Left, |ui| {
            ui.label(look.body(name));
            ui.label(look.figure(fields).color(look.secondary));
        });
        let rest = ui.available_width();
        widgets::cell(ui, rest, Cell::Left, |ui| {
            ui.label(look.icon(icon).color(tint));
            ui.label(look.body(outcome));
        });
    });
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Scene => "Scene",
        Origin::User => "You",
    }
}

/// The fields in RON, without the brackets around them.
pub(super) fn fields(action: &AnyIntervention) -> String {
    /// Lists of thousands of agents are cut: the row shows one line.
    const LONGEST: usize = 240;
    let ron = action.to_ron().unwrap_or_else(|error| error.to_string());
    let bare = ron.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(&ron);
    match bare.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &bare[..end]),
        None => bare.to_owned(),
    }
}
