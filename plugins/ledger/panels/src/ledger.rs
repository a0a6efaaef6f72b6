//! The audit ledger: its entries, the tree over them, and proofs that can be checked, copied and saved.

mod entries;
mod proof;
mod tree;

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_ledger::hash::to_hex;
use agent2028_ledger::{Entry, EntryKind, Ledger};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Color32, Rect, ScrollArea, Sense, Ui, UiBuilder, WidgetType, vec2};
use egui_material_icons::icons::{ICON_CONTENT_COPY, ICON_RECEIPT_LONG};

use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, LongList};

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct LedgerView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// Changes when the simulation is another one, or was put elsewhere in time.
    pub generation: u64,
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
}

impl LedgerView<'_> {
    fn name(&self, agent: AgentId) -> String {
        AgentGroups::name_in(self.world, agent)
    }
}

/// What the panel remembers.
#[derive(Clone, Debug, Default)]
pub struct LedgerState {
    /// The entries of one kind alone.
    pub kind: Option<EntryKind>,
    /// Those of the selected agents alone.
    pub only_selected: bool,
    /// Those whose words have these in them.
    pub filter: String,
    /// The number of the entry that is looked at.
    pub chosen: Option<u64>,
    /// A proof from elsewhere, to be checked.
    pub pasted: String,
    list: LongList,
    matches: entries::Matches,
    verdict: Option<proof::Verdict>,
    pasted_verdict: Option<(String, proof::Judgement)>,
}

/// What people call a kind of entry.
fn word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Scene => "Scene",
        EntryKind::Seed => "Seed",
        EntryKind::File => "File",
        EntryKind::Intervention => "Intervention",
        EntryKind::StateHash => "State",
        EntryKind::Event => "Event",
        EntryKind::Receipt => "Receipt",
        EntryKind::Note => "Note",
        EntryKind::Result => "Result",
        EntryKind::End => "End",
        EntryKind::Terms => "Terms",
        EntryKind::Identity => "Identity",
        EntryKind::Manifest => "Manifest",
        EntryKind::Resumed => "Resumed",
    }
}

fn tint(look: &Look, entry: &Entry) -> Color32 {
    use agent2028_ledger::Outcome::{Done, Failed, Partial, Refused, TimedOut};
    match entry.outcome {
        Done => look.good,
        Failed => look.danger,
        TimedOut | Partial => look.warning,
        Refused => look.category(4),
    }
}

/// The first digits of a hash.
fn brief(hash: &[u8]) -> String {
    let digits = to_hex(&hash[..hash.len().min(6)]);
    format!("{digits}…")
}

/// The panel of the audit ledger.
#[derive(Clone, Copy, Debug)]
pub struct LedgerPanel;

impl Panel for LedgerPanel {
    type State = LedgerState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Ledger"),
        title: "Ledger",
        icon: ICON_RECEIPT_LONG,
        help: "What was entered into the audit ledger, the tree over it, and proofs.",
        group: Group::Trust,
        side: DockSide::Bottom,
        scrolls: false,
        story: true,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<agent2028_ledger::Ledger>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut LedgerState) {
        let facts = context.facts;
        let view = LedgerView { world: facts.world(), generation: facts.generation(), selected: facts.selected() };
        show(ui, context.look, &view, state, context.actions);
    }
}

/// Shows the ledger.
pub fn show(ui: &mut Ui, look: &Look, view: &LedgerView, state: &mut LedgerState, actions: &mut Actions) {
    let Some(ledger) = view.world.get_resource::<Ledger>() else {
        let how = "A scene with a section ledger enters what happens as it happens: audited-run. Every run that is written to \
                   a folder has a ledger in any case.";
        return widgets::empty(ui, look, ICON_RECEIPT_LONG, "This scene keeps no ledger", how);
    };
    state.matches.follow(view, ledger, state.kind, state.only_selected, &state.filter);
    // Beside each other where there is room, else one below the other.
    if ui.available_width() < measure::BESIDE {
        ScrollArea::vertical().id_salt("ledger").auto_shrink([false, false]).show(ui, |ui| {
            if above(ui, look, ledger, state, actions) {
                let size = vec2(ui.available_width(), measure::GROUP_LIST + measure::PLOT.1);
                let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                within(ui, rect, |ui| entries::show(ui, look, view, ledger, state));
                proof::show(ui, look, view, ledger, state, actions);
            }
        });
        return;
    }
    if !above(ui, look, ledger, state, actions) {
        return;
    }
    let area = ui.available_rect_before_wrap();
    let (mut left, mut right) = (area, area);
    left.max.x = area.right() - measure::LONG_LIST;
    right.min.x = left.right() + spacing::WIDE;
    ui.painter().vline(left.right() + spacing::NORMAL, area.y_range(), agent2028_kit::theme::hairline(look));
    within(ui, left, |ui| entries::show(ui, look, view, ledger, state));
    within(ui, right, |ui| {
        ScrollArea::vertical().id_salt("ledger entry").auto_shrink([false, false]).show(ui, |ui| {
            proof::show(ui, look, view, ledger, state, actions);
        });
    });
    ui.allocate_space(vec2(area.width(), 0.0));
}

fn within(ui: &mut Ui, rect: Rect, contents: impl FnOnce(&mut Ui)) {
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        contents(ui);
    });
}

/// What stands above the list. Returns whether there is anything to list.
fn above(ui: &mut Ui, look: &Look, ledger: &Ledger, state: &mut LedgerState, actions: &mut Actions) -> bool {
    widgets::tallies(ui, |ui| head(ui, look, ledger, actions));
    tree::strip(ui, look, ledger, state);
    ui.horizontal_wrapped(|ui| entries::toolbar(ui, look, ledger, state, actions));
    ui.add_space(spacing::TIGHT);
    let some = state.matches.count(ledger) > 0;
    if !some {
        let how = "Empty the search field, choose another kind, or select other agents.";
        widgets::empty(ui, look, ICON_RECEIPT_LONG, "No entry passes the filters", how);
    }
    some
}

/// How long the ledger is, its root, and who signs.
fn head(ui: &mut Ui, look: &Look, ledger: &Ledger, actions: &mut Actions) {
    for (name, value, help) in [
        (
            "Entries",
            format::count(ledger.size()),
            "How many entries the ledger has, those too that are no longer in memory",
        ),
        ("Tree heads", format::count(ledger.heads_made()), "How often size and root were signed"),
        ("Time stamps", format::count(ledger.stamps_issued()), "How many entries were stamped with the time"),
    ] {
        widgets::tally(ui, look, None, name, value, help);
    }
    // The root and the button that copies it stay together.
    widgets::room(ui, measure::RUN_CHOICE + measure::CONTROL);
    widgets::tally(ui, look, None, "Root", brief(&ledger.root()), "The hash that stands for all entries");
    let copy = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy the root");
    if widgets::tip(copy, look, "Copy the root, to compare it with another run's or with a published one", "").clicked()
    {
        actions.push(Action::Copy(to_hex(&ledger.root())));
    }
    if let Some(key) = ledger.keys().next() {
        let help = format!("The key of the ledger's keeper, {}", key.key.suite);
        widgets::tally(ui, look, None, "Signed by", key.key.id().0.fingerprint(), &help);
    }
    if ledger.missed() > 0 {
        let text = format!("{} could not be entered", format::counted(ledger.missed(), "receipt", "receipts"));
        let label = ui.label(look.body(text).color(look.warning));
        label.on_hover_text(look.body("More receipts end in a tick than operations.receipts keeps"));
    }
}

/// A name under which a part of the panel is known to tests and screen readers.
fn known(ui: &Ui, response: &egui::Response, name: &str) {
    widgets::named(ui, response, WidgetType::Image, name);
}
