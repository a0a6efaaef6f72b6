//! Accounts: whose money there is, and that it adds up.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_market::accounts::Purpose;
use agent2028_market::{MarketConfig, Treasury};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Rect, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_material_icons::icons::ICON_ACCOUNT_BALANCE;

use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell, LongList};

/// How long the list stands before it is worked out anew, in seconds of real time.
const INTERVAL_S: f64 = 0.5;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct AccountsView<'a> {
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
#[derive(Clone, Debug, Default)]
pub struct AccountsState {
    /// Purses, the fullest first, and funds and escrows, in minor units.
    rows: Vec<(AgentId, i64)>,
    others: [(u32, i64); 2],
    worked_out: Option<(u64, u64, f64)>,
    list: LongList,
}

/// The panel of accounts.
#[derive(Clone, Copy, Debug)]
pub struct AccountsPanel;

impl Panel for AccountsPanel {
    type State = AccountsState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Accounts"),
        title: "Accounts",
        icon: ICON_ACCOUNT_BALANCE,
        help: "Whose money there is, what is held in escrow and funds, and that it adds up.",
        group: Group::Market,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<Treasury>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut AccountsState) {
        let facts = context.facts;
        let (world, generation, tick) = (facts.world(), facts.generation(), facts.tick());
        let view = AccountsView { world, generation, tick, selected: facts.selected() };
        show(ui, context.look, &view, state, context.actions);
    }
}

/// Shows the accounts.
pub fn show(ui: &mut Ui, look: &Look, view: &AccountsView, state: &mut AccountsState, actions: &mut Actions) {
    let Some((treasury, config)) = view.world.get_resource::<Treasury>().zip(view.world.get_resource::<MarketConfig>())
    else {
        let how = "A scene with a section market has money: order-book, trust-market.";
        return widgets::empty(ui, look, ICON_ACCOUNT_BALANCE, "There is no money in this scene", how);
    };
    follow(ui, view, treasury, state);
    let unit = &config.currency;
    let money = |amount: i64| in_units(amount, unit.minor_units);
    let accounts = treasury.accounts();
    let purses: i64 = state.rows.iter().map(|(_, balance)| *balance).sum();
    widgets::tallies(ui, |ui| {
        let help = "All money that there is; it changes only when agents come with some";
        widgets::tally(ui, look, None, "Money", format!("{} {}", money(accounts.issued()), unit.name), help);
        widgets::tally(ui, look, Some(look.info), "In purses", money(purses), "What agents have at hand");
        let [(escrows, escrow), (funds, fund)] = state.others;
        let help = format!("Held for {}", format::counted(escrows.into(), "contract", "contracts"));
        widgets::tally(ui, look, Some(look.warning), "In escrow", money(escrow), &help);
        let help = format!("In {}, such as what stands behind orders", format::counted(funds.into(), "fund", "funds"));
        widgets::tally(ui, look, Some(look.category(4)), "In funds", money(fund), &help);
        let sum = accounts.sum();
        let text = if sum == 0 { "adds up".to_owned() } else { format!("{sum} are missing") };
        widgets::tally(ui, look, None, "The sum", text, "All accounts with what was issued against them come to 0");
    });
    ui.add_space(spacing::TIGHT);
    if state.rows.is_empty() {
        let how = "List groups under market.balances to give their agents some.";
        return widgets::empty(ui, look, ICON_ACCOUNT_BALANCE, "No agent has a purse", how);
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::NORMAL;
        widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| ui.label(look.quiet("Agent")));
        widgets::right_figure(ui, measure::VALUE_COLUMN, look.quiet("Has"));
    });
    widgets::rule(ui, look);
    let most = state.rows.first().map_or(1, |(_, balance)| (*balance).max(1));
    let (rows, mut list) = (std::mem::take(&mut state.rows), state.list);
    list.show(ui, look, "accounts", rows.len(), |ui, row| {
        let (agent, balance) = rows[row];
        let chosen = view.selected.binary_search(&agent).is_ok();
        let response = widgets::row_background(ui, look, "row", chosen);
        let groups = view.world.get_resource::<AgentGroups>();
        let name = groups.map_or_else(|| agent.to_string(), |groups| groups.name_of(agent));
        let enabled = ui.is_enabled();
        let said = format!("{name} has {}", money(balance));
        response.widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, enabled, chosen, &said));
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing = vec2(spacing::NORMAL, 0.0);
            widgets::cell(ui, measure::KIND_COLUMN, Cell::Left, |ui| ui.label(look.body(&name)));
            widgets::right_figure(ui, measure::VALUE_COLUMN, look.figure(money(balance)));
            let width = (ui.available_width() - spacing::NORMAL).clamp(0.0, measure::CAPTION);
            let (rect, _) = ui.allocate_exact_size(vec2(width, measure::TABLE_ROW), Sense::hover());
            let share = balance as f32 / most as f32;
            let bar = Rect::from_min_max(
                pos2(rect.left(), rect.center().y - measure::BAR / 2.0),
                pos2(rect.left() + share * rect.width(), rect.center().y + measure::BAR / 2.0),
            );
            ui.painter().rect_filled(bar, 0.0, look.info.gamma_multiply(0.6));
        });
        if response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
            actions.push(Action::Select(vec![agent]));
        }
    });
    (state.rows, state.list) = (rows, list);
}

/// Works the list out anew if it is old.
fn follow(ui: &Ui, view: &AccountsView, treasury: &Treasury, state: &mut AccountsState) {
    let now = ui.input(|input| input.time);
    let fresh = state.worked_out.is_some_and(|(generation, tick, at)| {
        generation == view.generation && (tick == view.tick || (0.0..INTERVAL_S).contains(&(now - at)))
    });
    if fresh {
        return;
    }
    state.rows = treasury.balances().collect();
    state.rows.sort_by_key(|(agent, balance)| (std::cmp::Reverse(*balance), *agent));
    state.others = [(0, 0); 2];
    for (purpose, balance) in treasury.accounts().iter() {
        let place = match purpose {
            Purpose::Escrow => 0,
            Purpose::Fund => 1,
            Purpose::Mint | Purpose::Purse(_) | Purpose::Closed => continue,
        };
        state.others[place].0 += 1;
        state.others[place].1 += balance;
    }
    state.worked_out = Some((view.generation, view.tick, now));
}

/// An amount in whole units with as many decimals as minor units have.
fn in_units(amount: i64, minor: u32) -> String {
    let decimals = minor.max(1).ilog10() as usize;
    format::fixed(amount as f64 / f64::from(minor.max(1)), decimals)
}
