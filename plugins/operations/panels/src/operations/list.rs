//! One operation per row: those on their way, oldest first, or those that have ended, newest first.

use std::fmt::Write as _;

use agent2028_core::agent::AgentId;
use agent2028_core::rng::SimRng;
use agent2028_operations::Operations;
use agent2028_operations::session::{Failure, Outcome, Receipt, command_id, session_id};
use agent2028_operations::slab::{NONE, Operation, Stage};
use agent2028_operations::time::{PARTS, Rate, Time};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Color32, Response, Ui, WidgetInfo, WidgetType, vec2};
use egui_material_icons::icons::{ICON_ASSIGNMENT, ICON_DOWNLOAD};
use serde::{Deserialize, Serialize};

use super::search::Search;
use super::{OperationsState, OperationsView};
use agent2028_kit::actions::{Action, Actions, Travel};
use agent2028_kit::export::FileToSave;
use agent2028_kit::format;
use agent2028_kit::format::csv_cell;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::search;
use agent2028_kit::widgets::{self, Cell};

/// How long a list stands before it is worked out anew, in seconds of real time: for few operations, and for a million more.
const INTERVAL_S: (f64, f64) = (0.0, 1.5);
/// As many operations on their way are listed at most.
const MOST_LISTED: usize = 10_000;

/// Which operations are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// All on their way.
    #[default]
    OnTheWay,
    /// Those that wait for any agent to have room.
    InLine,
    /// Those that wait in front of an agent.
    Queued,
    /// Those that an agent works on.
    Executing,
    /// Those that wait until they are tried again.
    Retrying,
    /// All that have ended and whose receipts are kept.
    Ended,
    /// Those that were done.
    Completed,
    /// Those that failed.
    Failed,
    /// Those that took too long.
    TimedOut,
    /// Those that were never begun.
    Rejected,
}

impl Shown {
    const EVERY: [Self; 10] = [
        Self::OnTheWay,
        Self::InLine,
        Self::Queued,
        Self::Executing,
        Self::Retrying,
        Self::Ended,
        Self::Completed,
        Self::Failed,
        Self::TimedOut,
        Self::Rejected,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::OnTheWay => "On their way",
            Self::InLine => "Waiting for an agent",
            Self::Queued => "Queued",
            Self::Executing => "Executing",
            Self::Retrying => "Waiting to retry",
            Self::Ended => "Ended",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::TimedOut => "Timed out",
            Self::Rejected => "Rejected",
        }
    }

    /// Whether it means operations that have ended.
    fn is_past(self) -> bool {
        self.outcome().is_some() || self == Self::Ended
    }

    fn stage(self) -> Option<Stage> {
        match self {
            Self::InLine => Some(Stage::InLine),
            Self::Queued => Some(Stage::Waiting),
            Self::Executing => Some(Stage::Executing),
            Self::Retrying => Some(Stage::Backoff),
            _ => None,
        }
    }

    fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Completed => Some(Outcome::Completed),
            Self::Failed => Some(Outcome::Failed),
            Self::TimedOut => Some(Outcome::TimedOut),
            Self::Rejected => Some(Outcome::Rejected),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Asked {
    generation: u64,
    shown: Shown,
    filter: String,
    selected: Option<Vec<AgentId>>,
}

/// The operations that are listed, and when the list was worked out.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache {
    asked: Option<Asked>,
    tick: u64,
    at: f64,
    /// On their way: number and place.
    live: Vec<(u64, u32)>,
    /// Ended.
    past: Vec<Receipt>,
    /// How many there are, listed or not.
    found: usize,
}

impl Cache {
    fn follow(&mut self, view: &OperationsView, operations: &Operations, state: &OperationsState, now: f64) {
        let asked = Asked {
            generation: view.generation,
            shown: state.shown,
            filter: state.filter.clone(),
            selected: state.only_selected.then(|| view.selected.to_vec()),
        };
        let interval = INTERVAL_S.0 + INTERVAL_S.1 * operations.slab().len() as f64 / 1e6;
        let old = self.tick != view.tick && !(0.0..interval).contains(&(now - self.at));
        if self.asked.as_ref() == Some(&asked) && !old {
            return;
        }
        let search = Search::new(view, operations, state);
        (self.live, self.past) = (Vec::new(), Vec::new());
        if state.shown.is_past() {
            let outcome = state.shown.outcome();
            let wanted = |receipt: &&Receipt| {
                outcome.is_none_or(|outcome| receipt.outcome == outcome)
                    && search.admits(receipt.command, receipt.class, None, receipt.agent)
            };
            self.past = operations.book().receipts().rev().filter(wanted).copied().collect();
            self.found = self.past.len();
        } else {
            let stage = state.shown.stage();
            let wanted = |operation: &Operation| {
                stage.is_none_or(|stage| operation.stage() == stage)
                    && search.admits(operation.serial, operation.class, Some(operation.workload), agent_of(operation))
            };
            let all = operations.slab().iter().filter(|(_, operation)| wanted(operation));
            self.live = all.map(|(place, operation)| (operation.serial, place)).collect();
            self.found = self.live.len();
            if self.live.len() > MOST_LISTED {
                self.live.select_nth_unstable(MOST_LISTED - 1);
                self.live.truncate(MOST_LISTED);
            }
            self.live.sort_unstable();
        }
        (self.tick, self.at, self.asked) = (view.tick, now, Some(asked));
    }

    fn len(&self) -> usize {
        self.live.len() + self.past.len()
    }
}

fn agent_of(operation: &Operation) -> Option<AgentId> {
    (operation.agent != NONE).then_some(AgentId(operation.agent))
}

/// What a row says.
struct Line {
    number: u64,
    session: Option<u64>,
    capability: String,
    word: &'static str,
    tint: Color32,
    agent: Option<AgentId>,
    /// When it was requested.
    from: Time,
    /// When it ended, if it has.
    ended: Option<Time>,
    /// How long it has taken, or took.
    taken: Time,
    tries: u32,
    /// Why it ended as it did.
    why: &'static str,
}

impl Line {
    fn live(look: &Look, operations: &Operations, number: u64, place: u32) -> Option<Self> {
        // It may have ended since the list was worked out, and its place may be another one's.
        let operation = operations.slab().get(place).filter(|operation| operation.serial == number)?;
        let stage = operation.stage();
        let tint = match stage {
            Stage::Executing | Stage::Outbound | Stage::Returning => look.info,
            Stage::Waiting | Stage::InLine => look.warning,
            Stage::Backoff => look.danger,
            Stage::Free => return None,
        };
        let session = operations.book().session(operation.session).map(|session| session.number);
        Some(Self {
            number,
            session,
            capability: capability(operations, operation.class),
            word: stage.name(),
            tint,
            agent: agent_of(operation),
            from: operation.requested,
            ended: None,
            taken: operations.clock().saturating_sub(operation.requested),
            tries: u32::from(operation.attempt) + 1,
            why: "",
        })
    }

    fn past(look: &Look, operations: &Operations, receipt: &Receipt) -> Self {
        let tint = match receipt.outcome {
            Outcome::Completed => look.good,
            Outcome::Failed => look.danger,
            Outcome::TimedOut => look.warning,
            Outcome::Rejected => look.category(4),
        };
        let why = if receipt.failure == Failure::None { "" } else { receipt.failure.reason() };
        Self {
            number: receipt.command,
            session: Some(receipt.session),
            capability: capability(operations, receipt.class),
            word: receipt.outcome.name(),
            tint,
            agent: receipt.agent,
            from: receipt.at.saturating_sub(receipt.duration),
            ended: Some(receipt.at),
            taken: receipt.duration,
            tries: u32::from(receipt.retries) + 1,
            why,
        }
    }
}

fn capability(operations: &Operations, class: u16) -> String {
    operations.classes().get(usize::from(class)).map_or(String::new(), |class| class.capability.clone())
}

/// The tick in which a moment lies.
fn tick_of(time: Time) -> u64 {
    time / PARTS + 1
}

/// What stands beside the pages.
pub(super) fn toolbar(
    ui: &mut Ui,
    look: &Look,
    view: &OperationsView,
    operations: &Operations,
    state: &mut OperationsState,
    actions: &mut Actions,
) {
    let now = ui.input(|input| input.time);
    let mut cache = std::mem::take(&mut state.cache);
    cache.follow(view, operations, state, now);
    state.cache = cache;
    search(ui, look, &mut state.filter, "Search operations");
    widgets::room(ui, measure::CHOICE);
    let response = widgets::choice("operations shown", measure::CHOICE, state.shown.label())
        .show_ui(ui, |ui| {
            for shown in Shown::EVERY {
                ui.selectable_value(&mut state.shown, shown, shown.label());
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Which operations");
    let response = ui.checkbox(&mut state.only_selected, look.body("Selected only"));
    response.on_hover_text(look.body("List only operations of selected agents"));
    let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save the listed operations as CSV");
    if widgets::tip(save, look, "Save the listed operations as CSV", "").clicked() {
        let text = csv(look, view, operations, &state.cache);
        actions.push(Action::SaveFile(FileToSave::csv("Save the listed operations as", "operations", text)));
    }
    let (listed, found) = (state.cache.len() as u64, state.cache.found as u64);
    let mut text = format::counted(found, "operation", "operations");
    if listed < found {
        text.push_str(&format!(", the oldest {} are listed", format::count(listed)));
    } else if state.shown.is_past() && view.config().receipts > 0 {
        text.push_str(&format!(" of the last {}", format::count(operations.book().receipts().len() as u64)));
    }
    ui.label(look.quiet(text));
}

/// Draws the head and the visible rows.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &OperationsView,
    operations: &Operations,
    state: &mut OperationsState,
    actions: &mut Actions,
) {
    if state.cache.len() == 0 {
        let (what, how) = if state.shown.is_past() && view.config().receipts == 0 {
            ("No receipts are kept", "Set operations.receipts above 0 in Settings to see what has ended.")
        } else if !state.filter.trim().is_empty() || state.only_selected {
            ("No operation passes the filters", "Empty the search field, or choose others to be listed.")
        } else {
            ("There are none of these now", "Choose others to be listed.")
        };
        widgets::empty(ui, look, ICON_ASSIGNMENT, what, how);
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    head(ui, look, state.shown.is_past());
    widgets::rule(ui, look);
    let (cache, mut list) = (&state.cache, state.list);
    list.show(ui, look, "operations", cache.len(), |ui, row| {
        let line = match cache.live.get(row) {
            Some((number, place)) => Line::live(look, operations, *number, *place),
            None => cache.past.get(row - cache.live.len()).map(|receipt| Line::past(look, operations, receipt)),
        };
        match line {
            Some(line) => draw(ui, look, view, &line, actions),
            None => {
                ui.label(look.quiet("It has ended meanwhile"));
            }
        }
    });
    state.list = list;
}

fn head(ui: &mut Ui, look: &Look, past: bool) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        widgets::right_figure(ui, measure::TICK_COLUMN, look.quiet("Number"));
        widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Capability")));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet("State")));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Agent")));
        widgets::right_figure(ui, measure::TICK_COLUMN, look.quiet(if past { "Ended at" } else { "Asked at" }));
        widgets::right_figure(ui, measure::FIGURE_COLUMN, look.quiet(if past { "Took" } else { "Takes so far" }));
        widgets::right_figure(ui, measure::ORIGIN_COLUMN, look.quiet("Tries"));
        if past {
            widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Why")));
        }
    });
}

fn draw(ui: &mut Ui, look: &Look, view: &OperationsView, line: &Line, actions: &mut Actions) {
    let chosen = line.agent.is_some_and(|agent| view.selected.binary_search(&agent).is_ok());
    let response = widgets::row_background(ui, look, "row", chosen);
    let who = line.agent.map_or(format::NOTHING.to_owned(), |agent| view.names().name_of(agent));
    let taken = format::milliseconds(Rate::new(view.tick_hz).ms(line.taken));
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let name = format!("Operation {}, {}, {}, {who}, {taken}", line.number, line.capability, line.word);
        WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, name)
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(spacing::NORMAL, 0.0);
        let number = look.figure(format::count(line.number)).color(look.secondary);
        widgets::right_figure(ui, measure::TICK_COLUMN, number);
        widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| ui.label(look.body(&line.capability)));
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| {
            widgets::dot(ui, line.tint);
            ui.label(look.body(format::label_of(line.word)));
        });
        widgets::cell(ui, measure::AGENT_COLUMN, Cell::Left, |ui| ui.label(look.body(&who)));
        let tick = format::count(tick_of(line.ended.unwrap_or(line.from)));
        widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(tick));
        widgets::right_figure(ui, measure::FIGURE_COLUMN, look.figure(taken));
        widgets::right_figure(ui, measure::ORIGIN_COLUMN, look.figure(line.tries.to_string()));
        let rest = ui.available_width();
        widgets::cell(ui, rest, Cell::Left, |ui| ui.label(look.quiet(line.why)));
    });
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    let response = details(response, look, view, line);
    if let Some(ended) = line.ended.filter(|_| response.double_clicked()) {
        actions.push(Action::Time(Travel::Seek(tick_of(ended))));
    } else if let Some(agent) = line.agent.filter(|_| response.clicked()) {
        actions.push(Action::Select(vec![agent]));
    }
}

/// What stands under the pointer: the ids by which receipts and ledgers know the operation.
fn details(response: Response, look: &Look, view: &OperationsView, line: &Line) -> Response {
    response.on_hover_ui(|ui| {
        let dice = view.world.resource::<SimRng>();
        ui.label(look.quiet("Command"));
        ui.label(look.figure(command_id(dice, line.number).to_string()));
        if let Some(session) = line.session {
            ui.label(look.quiet("Session"));
            ui.label(look.figure(session_id(dice, session).to_string()));
        }
        if !line.why.is_empty() {
            ui.label(look.body(format::label_of(line.why)));
        }
        let how = if line.ended.is_some() {
            "Click to select the agent, double-click to go to the tick"
        } else {
            "Click to select the agent"
        };
        ui.label(look.quiet(how));
    })
}

/// The listed operations as a table.
fn csv(look: &Look, view: &OperationsView, operations: &Operations, cache: &Cache) -> String {
    let rate = Rate::new(view.tick_hz);
    let mut text = String::from("number,capability,state,agent,name,asked_at_s,took_ms,tries,why\n");
    let live = cache.live.iter().filter_map(|(number, place)| Line::live(look, operations, *number, *place));
    let past = cache.past.iter().map(|receipt| Line::past(look, operations, receipt));
    for line in live.chain(past) {
        let agent = line.agent.map_or(String::new(), |agent| agent.0.to_string());
        let name = line.agent.map_or(String::new(), |agent| view.names().name_of(agent));
        let _ = writeln!(
            text,
            "{},{},{},{agent},{},{},{},{},{}",
            line.number,
            csv_cell(&line.capability),
            line.word,
            csv_cell(&name),
            rate.seconds(line.from),
            rate.ms(line.taken),
            line.tries,
            csv_cell(line.why)
        );
    }
    text
}
