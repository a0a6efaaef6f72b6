//! One entry a row, newest first, filtered by kind, agent and words.

use agent2028_core::agent::AgentId;
use agent2028_ledger::document::EntryLine;
use agent2028_ledger::{Entry, EntryKind, Ledger};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Ui, WidgetInfo, WidgetType};
use egui_material_icons::icons::ICON_DOWNLOAD;

use super::{LedgerState, LedgerView, tint, word};
use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::export::FileToSave;
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::search;
use agent2028_kit::widgets::{self, Cell};

/// Longer names of agents lose their middle, so that their number stays.
const MOST_LETTERS: usize = 13;

/// The numbers of the entries that pass the filters; worked out anew only when these change, and else for new entries alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Matches {
    asked: Option<Asked>,
    seen: u64,
    numbers: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq)]
struct Asked {
    generation: u64,
    kind: Option<EntryKind>,
    agents: Option<Vec<AgentId>>,
    words: String,
}

impl Asked {
    fn is_everything(&self) -> bool {
        self.kind.is_none() && self.agents.is_none() && self.words.is_empty()
    }

    fn admits(&self, entry: &Entry) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.words);
        self.kind.is_none_or(|kind| entry.kind == kind)
            && self
                .agents
                .as_ref()
                .is_none_or(|agents| entry.who.is_some_and(|who| agents.binary_search(&AgentId(who)).is_ok()))
            && (self.words.is_empty() || has(&entry.operation) || has(&entry.detail) || has(&entry.capability))
    }
}

impl Matches {
    pub fn follow(
        &mut self,
        view: &LedgerView,
        ledger: &Ledger,
        kind: Option<EntryKind>,
        only_selected: bool,
        filter: &str,
    ) {
        let agents = only_selected.then(|| view.selected.to_vec());
        let asked = Asked { generation: view.generation, kind, agents, words: filter.trim().to_lowercase() };
        if self.asked.as_ref() != Some(&asked) || ledger.size() < self.seen {
            (self.seen, self.asked) = (ledger.first(), Some(asked));
            self.numbers.clear();
        }
        let Some(asked) = self.asked.as_ref().filter(|asked| !asked.is_everything()) else {
            self.seen = ledger.size();
            return;
        };
        let gone = self.numbers.partition_point(|number| *number < ledger.first());
        self.numbers.drain(..gone);
        for number in self.seen.max(ledger.first())..ledger.size() {
            if ledger.entry(number).is_some_and(|entry| asked.admits(&entry)) {
                self.numbers.push(number);
            }
        }
        self.seen = ledger.size();
    }

    fn is_everything(&self) -> bool {
        self.asked.as_ref().is_none_or(Asked::is_everything)
    }

    pub fn count(&self, ledger: &Ledger) -> usize {
        if self.is_everything() { (ledger.size() - ledger.first()) as usize } else { self.numbers.len() }
    }

    /// The number of the entry in a row, of which the first has the newest.
    fn in_row(&self, ledger: &Ledger, row: usize) -> Option<u64> {
        if self.is_everything() {
            return ledger.size().checked_sub(row as u64 + 1).filter(|number| *number >= ledger.first());
        }
        let at = self.numbers.len().checked_sub(row + 1)?;
        self.numbers.get(at).copied()
    }

    /// The numbers of all, oldest first.
    fn all<'a>(&'a self, ledger: &'a Ledger) -> Box<dyn Iterator<Item = u64> + 'a> {
        if self.is_everything() {
            Box::new(ledger.first()..ledger.size())
        } else {
            Box::new(self.numbers.iter().copied())
        }
    }
}

/// What stands above the list.
pub(super) fn toolbar(ui: &mut Ui, look: &Look, ledger: &Ledger, state: &mut LedgerState, actions: &mut Actions) {
    search(ui, look, &mut state.filter, "Search entries");
    let label = state.kind.map_or("All kinds", word);
    widgets::room(ui, measure::RUN_CHOICE);
    let response = widgets::choice("kind of entries", measure::RUN_CHOICE, label)
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut state.kind, None, "All kinds");
            for kind in EntryKind::ALL.into_iter().filter(|kind| !kind.closes()) {
                ui.selectable_value(&mut state.kind, Some(kind), word(kind));
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Kind of entries");
    let only = look.body("Selected only");
    widgets::room(ui, widgets::text_width(ui, only.clone()) + measure::CONTROL);
    let response = ui.checkbox(&mut state.only_selected, only);
    response.on_hover_text(look.body("List only entries of selected agents"));
    let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save the listed entries");
    if widgets::tip(save, look, "Save the listed entries as JSON Lines", "").clicked() {
        let lines: String = state
            .matches
            .all(ledger)
            .filter_map(|number| Some(EntryLine::of(number, &ledger.entry(number)?).to_line().ok()? + "\n"))
            .collect();
        actions.push(Action::SaveFile(FileToSave::new("Save the listed entries as", "ledger", "jsonl", lines)));
    }
    let mut text = format::counted(state.matches.count(ledger) as u64, "entry", "entries");
    if ledger.first() > 0 {
        text.push_str(&format!(
            " from {} on; older ones are in the run's folder, if it has one",
            format::count(ledger.first())
        ));
    }
    let text = look.quiet(text);
    widgets::room(ui, widgets::text_width(ui, text.clone()));
    ui.label(text);
}

/// Which columns there is room for beside what happened.
#[derive(Clone, Copy, Debug)]
struct Columns {
    tick: bool,
    agent: bool,
}

impl Columns {
    fn of(width: f32) -> Self {
        let needed = measure::TICK_COLUMN + measure::UNIT_COLUMN + measure::AGENT_COLUMN;
        Self {
            tick: width >= needed + measure::TICK_COLUMN,
            agent: width >= needed + measure::TICK_COLUMN + measure::VALUE_COLUMN,
        }
    }
}

/// Draws the head and the visible rows.
pub(super) fn show(ui: &mut Ui, look: &Look, view: &LedgerView, ledger: &Ledger, state: &mut LedgerState) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let columns = Columns::of(ui.available_width());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        widgets::right_figure(ui, measure::TICK_COLUMN, look.quiet("Entry"));
        if columns.tick {
            widgets::right_figure(ui, measure::TICK_COLUMN, look.quiet("Tick"));
        }
        widgets::cell(ui, measure::UNIT_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Kind")));
        if columns.agent {
            widgets::cell(ui, measure::VALUE_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Agent")));
        }
        let rest = ui.available_width();
        widgets::cell(ui, rest, Cell::Left, |ui| ui.label(look.quiet("What")));
    });
    widgets::rule(ui, look);
    let (matches, mut list) = (&state.matches, state.list);
    let mut clicked = None;
    list.show(ui, look, "entries", matches.count(ledger), |ui, row| {
        let Some((number, entry)) =
            matches.in_row(ledger, row).and_then(|number| Some((number, ledger.entry(number)?)))
        else {
            return;
        };
        let chosen = state.chosen == Some(number);
        let response = widgets::row_background(ui, look, ("entry", number), chosen);
        let enabled = ui.is_enabled();
        response.widget_info(|| {
            WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, format!("Entry {number}"))
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::NORMAL;
            widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(format::count(number)));
            if columns.tick {
                widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(format::count(entry.tick)));
            }
            widgets::cell(ui, measure::UNIT_COLUMN, Cell::Left, |ui| {
                widgets::dot(ui, tint(look, &entry));
                ui.label(look.body(word(entry.kind)));
            });
            let named = |who| format::elided(&view.name(AgentId(who)), MOST_LETTERS);
            let agent = entry.who.map_or_else(String::new, named);
            if columns.agent {
                widgets::cell(ui, measure::VALUE_COLUMN, Cell::Left, |ui| ui.label(look.body(&agent)));
            }
            let rest = ui.available_width();
            widgets::cell(ui, rest, Cell::Left, |ui| {
                if !columns.agent && !agent.is_empty() {
                    ui.label(look.body(agent));
                }
                match entry.kind {
                    // Of these the kind says all already.
                    EntryKind::StateHash | EntryKind::Seed | EntryKind::Terms => {}
                    EntryKind::Identity => {
                        ui.label(look.body(format::elided(&entry.operation, 2 * MOST_LETTERS)));
                    }
                    EntryKind::Receipt if !entry.capability.is_empty() => {
                        ui.label(look.body(&entry.capability));
                    }
                    _ => {
                        ui.label(look.body(&entry.operation));
                    }
                }
                ui.label(look.quiet(&entry.detail));
            });
        });
        if response.clicked() {
            clicked = Some(number);
        }
    });
    state.list = list;
    if let Some(number) = clicked {
        state.chosen = if state.chosen == Some(number) { None } else { Some(number) };
    }
}
