//! All agents in a table: columns of any quantity, sorted, filtered, selected. It stays smooth at a million rows: values
//! are read for visible rows only, and the order is worked out over many frames.

mod order;
mod table;

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, Status};
use agent2028_core::quantity::Quantity;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Popup, PopupCloseBehavior, ScrollArea, TextEdit, Ui, WidgetType};
use egui_material_icons::icons::{ICON_DOWNLOAD, ICON_GROUPS, ICON_SEARCH, ICON_SELECT_ALL, ICON_VIEW_COLUMN};
use serde::{Deserialize, Serialize};

use crate::actions::{Action, Actions};
use crate::export::FileToSave;
use crate::facts::KnownQuantities;
use crate::format;
use crate::panel::{DockSide, Group, Keeps, Panel, PanelContext, PanelFacts, PanelKey};
use crate::theme::{Look, measure};
use crate::widgets::{self, LongList};
use order::{Meaning, Order, State, Wish};

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct RegistryView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// How often the simulation was replaced or put back in time.
    pub generation: u64,
    /// The tick now.
    pub tick: u64,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
}

/// What the panel remembers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct RegistryState {
    /// The quantities that are shown, from left to right.
    pub columns: Vec<String>,
    /// The quantity that decides about the order, and whether the largest comes first.
    pub sort: Option<(String, bool)>,
    /// Which agents are listed: an expression, a number or a part of a name.
    #[serde(skip)]
    pub filter: String,
    /// Only agents of this group are listed.
    #[serde(skip)]
    pub group: Option<String>,
    /// Only agents with this status are listed.
    #[serde(skip)]
    pub status: Option<Status>,
    /// Only selected agents are listed.
    #[serde(skip)]
    pub only_selected: bool,
    #[serde(skip)]
    search: String,
    #[serde(skip)]
    list: LongList,
    #[serde(skip)]
    order: Order,
    #[serde(skip)]
    anchor: Option<AgentId>,
    #[serde(skip)]
    known: KnownQuantities,
    /// How many rows were visible in the last frame.
    #[serde(skip)]
    visible: usize,
    /// The row that has the keyboard.
    #[serde(skip)]
    focused: Option<egui::Id>,
}

impl Default for RegistryState {
    fn default() -> Self {
        let columns = ["group", "status", "health", "speed", "heading", "x", "y"];
        Self {
            columns: columns.map(str::to_owned).to_vec(),
            sort: None,
            filter: String::new(),
            group: None,
            status: None,
            only_selected: false,
            search: String::new(),
            list: LongList::default(),
            order: Order::default(),
            anchor: None,
            known: KnownQuantities::default(),
            visible: 0,
            focused: None,
        }
    }
}

impl RegistryState {
    fn wish(&self) -> Wish {
        Wish {
            group: self.group.clone(),
            status: self.status,
            text: self.filter.trim().to_owned(),
            only_selected: self.only_selected,
            sort: self.sort.clone(),
        }
    }
}

/// The panel of the table of all agents.
#[derive(Clone, Copy, Debug)]
pub struct RegistryPanel;

impl Panel for RegistryPanel {
    type State = RegistryState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Registry"),
        title: "Agents",
        icon: ICON_GROUPS,
        help: "All agents in a table, sorted and filtered by any quantity.",
        group: Group::Agents,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut RegistryState) {
        let facts = context.facts;
        let (world, generation) = (facts.world(), facts.generation());
        let (tick, selected) = (facts.tick(), facts.selected());
        let view = RegistryView { world, generation, tick, selected };
        show(ui, context.look, &view, state, context.actions);
    }

    fn keeps() -> Option<Keeps<RegistryState>> {
        Some(Keeps::named("agents"))
    }
}

/// Shows the table.
pub fn show(ui: &mut Ui, look: &Look, view: &RegistryView, state: &mut RegistryState, actions: &mut Actions) {
    let index = view.world.resource::<AgentIndex>();
    state.known.follow(view.generation, view.world);
    let wish = state.wish();
    let now = ui.input(|input| input.time);
    state.order.follow(
        State { world: view.world, generation: view.generation, tick: view.tick, selected: view.selected, now },
        &wish,
    );
    if state.order.is_busy() {
        ui.ctx().request_repaint();
    }
    toolbar(ui, look, view, state, actions);
    if index.is_empty() {
        let how = "Open a scene with agents, or spawn some with a tool.";
        widgets::empty(ui, look, ICON_GROUPS, "There are no agents", how);
        return;
    }
    if state.order.len() == 0 && !state.order.is_busy() {
        let how = "Empty the search field, or choose all groups and all states.";
        widgets::empty(ui, look, ICON_GROUPS, "No agent passes the filters", how);
        return;
    }
    table::show(ui, look, view, state, actions);
}

fn toolbar(ui: &mut Ui, look: &Look, view: &RegistryView, state: &mut RegistryState, actions: &mut Actions) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        filter(ui, look, &mut state.filter);
        groups(ui, view, state);
        statuses(ui, state);
        let response = ui.checkbox(&mut state.only_selected, look.body("Selected only"));
        response.on_hover_text(look.body("List only selected agents"));
        let columns = widgets::icon_button(ui, look, ICON_VIEW_COLUMN, "Choose columns");
        let columns = widgets::tip(columns, look, "Which quantities are shown", "");
        choose_columns(look, state, &columns);
        let all = widgets::icon_button(ui, look, ICON_SELECT_ALL, "Select all listed agents");
        if widgets::tip(all, look, "Select all agents that are listed", "").clicked() && state.order.len() > 0 {
            actions.push(Action::Select(state.order.agents(0..=state.order.len() - 1)));
        }
        let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save the table as CSV");
        if widgets::tip(save, look, "Save all listed agents with these columns as CSV", "").clicked() {
            let text = table::csv(view, state);
            actions.push(Action::SaveFile(FileToSave::csv("Save the table of agents as", "agents", text)));
        }
        let (listed, all) = (state.order.len() as u64, view.world.resource::<AgentIndex>().len() as u64);
        let mut text = format::counted(listed, "agent", "agents");
        if listed < all {
            text.push_str(&format!(" of {}", format::count(all)));
        }
        if state.order.is_busy() {
            text.push_str(", looking for more…");
        }
        ui.label(look.quiet(text));
    });
}

/// The field for an expression, a number or a part of a name.
fn filter(ui: &mut Ui, look: &Look, text: &mut String) {
    const NAME: &str = "Filter agents";
    let icon = look.icon(ICON_SEARCH).color(look.secondary);
    let hint = "Name, number, or speed > 2 and failed";
    let field = TextEdit::singleline(text).prefix(icon).hint_text(hint).desired_width(measure::FILTER);
    let response = ui.add(field);
    widgets::named(ui, &response, WidgetType::TextEdit, NAME);
    let told = match Meaning::of(text) {
        Meaning::All => {
            "A part of a name, a number such as #12, or an expression such as group ant and speed > 2".to_owned()
        }
        Meaning::Number(number) => format!("The agent with the number {}", number.0),
        Meaning::Name(part) => format!("Agents whose names hold \"{part}\""),
        Meaning::Expression(selector) => {
            format!("Agents that this describes: {}", agent2028_core::selector::expression::format(&selector))
        }
    };
    response.on_hover_text(look.body(told));
}

fn groups(ui: &mut Ui, view: &RegistryView, state: &mut RegistryState) {
    const ALL: &str = "All groups";
    let chosen = state.group.clone().unwrap_or_else(|| ALL.to_owned());
    widgets::room(ui, measure::CHOICE);
    let response = widgets::choice("registry group", measure::CHOICE, chosen)
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut state.group, None, ALL);
            for group in view.world.resource::<AgentGroups>().groups() {
                ui.selectable_value(&mut state.group, Some(group.name.clone()), &group.name);
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "Group of agents");
}

fn statuses(ui: &mut Ui, state: &mut RegistryState) {
    const ALL: &str = "All states";
    let word = |status: Status| widgets::status_word(status, false);
    widgets::room(ui, measure::SEARCH / 2.0);
    let response = widgets::choice("registry status", measure::SEARCH / 2.0, state.status.map_or(ALL, word))
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut state.status, None, ALL);
            for status in [Status::Active, Status::Failed, Status::Frozen] {
                ui.selectable_value(&mut state.status, Some(status), word(status));
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, "State of agents");
}

fn choose_columns(look: &Look, state: &mut RegistryState, button: &egui::Response) {
    Popup::from_toggle_button_response(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .gap(spacing::TIGHT)
        .width(measure::PICKER.0)
        .show(|ui| {
            ui.set_width(measure::PICKER.0);
            widgets::search(ui, look, &mut state.search, "Search quantities");
            let wanted = state.search.trim().to_lowercase();
            let holds = |quantity: &&Quantity| {
                let spec = quantity.spec();
                wanted.is_empty()
                    || spec.name.to_lowercase().contains(&wanted)
                    || spec.help.to_lowercase().contains(&wanted)
            };
            let rows: Vec<&Quantity> = state.known.list().iter().filter(holds).collect();
            let list = ScrollArea::vertical().max_height(measure::PICKER.1).auto_shrink([false, true]);
            let columns = &mut state.columns;
            list.show_rows(ui, measure::CONTROL, rows.len(), |ui, visible| {
                for quantity in &rows[visible] {
                    let mut on = columns.iter().any(|column| column == quantity.name());
                    let response = ui.checkbox(&mut on, look.body(quantity.name()));
                    let changed = response.changed();
                    response.on_hover_text(look.body(&quantity.spec().help));
                    if changed && on {
                        columns.push(quantity.name().to_owned());
                    } else if changed {
                        columns.retain(|column| column != quantity.name());
                    }
                }
            });
        });
}
