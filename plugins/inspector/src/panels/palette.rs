//! The command palette: one field that finds every action, panel, scene, metric, parameter, group and agent.

use agent2028_core::agent::AgentId;
use agent2028_kit::tool::Toolbox;
use agent2028_view::WorldLayers;
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Align2, Area, Context, Id, Key, Order, Rect, ScrollArea, TextEdit, Ui, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{
    ICON_GROUPS, ICON_KEYBOARD_COMMAND_KEY, ICON_MOVIE, ICON_PERSON, ICON_SHOW_CHART, ICON_TUNE,
};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use crate::dock::{Catalog, PanelKey};
use crate::shortcuts::{self, Command};
use crate::theme::{Look, floating_frame, measure};
use crate::widgets;

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Do what a key does.
    Command(Command),
    /// Bring a panel to the front.
    Panel(PanelKey),
    /// Open the scene of this name.
    Scene(String),
    /// Plot the metric of this name.
    Metric(String),
    /// Show the parameter of this name.
    Parameter(String),
    /// Select the agents of the group of this name.
    Group(String),
    /// Select an agent and go to it.
    Agent(AgentId),
}

/// What the palette searches.
#[derive(Clone, Copy, Debug)]
pub struct PaletteView<'a> {
    /// Names and titles of scenes.
    pub scenes: &'a [(String, String)],
    /// Names of metrics.
    pub metrics: &'a [String],
    /// Names of parameters.
    pub parameters: &'a [String],
    /// Names of groups.
    pub groups: &'a [String],
    /// All layers.
    pub layers: &'a WorldLayers,
    /// All tools.
    pub tools: &'a Toolbox,
    /// All panels.
    pub panels: &'a Catalog,
    /// The panels that have something to say about this simulation: they are listed first.
    pub applying: &'a [PanelKey],
}

/// What the palette remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaletteState {
    /// Whether it is open.
    pub open: bool,
    query: String,
    chosen: usize,
}

impl PaletteState {
    /// Opens it, or closes it.
    pub fn toggle(&mut self) {
        *self = Self { open: !self.open, ..Self::default() };
    }
}

/// Something that can be chosen.
struct Item {
    choice: Choice,
    icon: MaterialIcon,
    kind: &'static str,
    text: String,
    keys: &'static str,
}

impl AsRef<str> for Item {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// More finds than this help nobody.
const MOST: usize = 60;

fn items(view: &PaletteView) -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |choice, icon, kind, text: String, keys| items.push(Item { choice, icon, kind, text, keys });
    for command in Command::ALL.iter().copied().filter(|command| *command != Command::Palette) {
        let does = command.does().to_owned();
        add(Choice::Command(command), ICON_KEYBOARD_COMMAND_KEY, "Action", does, shortcuts::keys(command));
    }
    let layers = view.layers.all().map(Command::Layer);
    for command in layers.chain(view.tools.iter().map(|entry| Command::Tool(entry.facts))) {
        let does = command.does().to_owned();
        add(Choice::Command(command), ICON_KEYBOARD_COMMAND_KEY, "Action", does, shortcuts::keys(command));
    }
    let applies = |panel| view.applying.contains(&panel);
    for wanted in [true, false] {
        for facts in view.panels.iter().filter(|facts| applies(facts.key) == wanted) {
            add(Choice::Panel(facts.key), facts.icon, "Panel", facts.title.to_owned(), "");
        }
    }
    for (name, title) in view.scenes {
        let text = if title.is_empty() || title == name { name.clone() } else { format!("{title} ({name})") };
        add(Choice::Scene(name.clone()), ICON_MOVIE, "Scene", text, "");
    }
    for name in view.metrics {
        add(Choice::Metric(name.clone()), ICON_SHOW_CHART, "Plot", name.clone(), "");
    }
    for name in view.parameters {
        add(Choice::Parameter(name.clone()), ICON_TUNE, "Parameter", name.clone(), "");
    }
    for name in view.groups {
        add(Choice::Group(name.clone()), ICON_GROUPS, "Select all of", name.clone(), "");
    }
    items
}

/// What fits a query best, best first.
fn find(view: &PaletteView, query: &str, agent: Option<(AgentId, String)>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    if let Some((id, name)) = agent {
        found.push(Item { choice: Choice::Agent(id), icon: ICON_PERSON, kind: "Agent", text: name, keys: "" });
    }
    let all = items(view);
    if query.trim().is_empty() {
        found.extend(all);
    } else {
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
        let mut fitting: Vec<Item> = pattern.match_list(all, &mut matcher).into_iter().map(|(item, _)| item).collect();
        // The very name is meant, although others begin with it; and a panel before a layer of the same name.
        fitting.sort_by_key(|item| {
            let exact = item.text.eq_ignore_ascii_case(query.trim());
            (!exact, exact && !matches!(item.choice, Choice::Panel(_)))
        });
        found.extend(fitting);
    }
    found.truncate(MOST);
    found
}

/// Shows the palette over the world; `agent` finds an agent by its name or number. Returns what was chosen.
pub fn show(
    ctx: &Context,
    look: &Look,
    window: Rect,
    view: &PaletteView,
    agent: impl Fn(&str) -> Option<(AgentId, String)>,
    state: &mut PaletteState,
) -> Option<Choice> {
    if !state.open {
        return None;
    }
    let mut chosen = None;
    let area = Area::new(Id::new("palette")).order(Order::Foreground).pivot(Align2::CENTER_TOP);
    let shown = area.fixed_pos(window.center_top() + vec2(0.0, measure::PALETTE_TOP)).show(ctx, |ui| {
        floating_frame(look).show(ui, |ui| {
            ui.set_width(measure::PALETTE.0);
            chosen = contents(ui, look, view, &agent, state);
        });
    });
    let beside = shown.response.clicked_elsewhere();
    if beside || chosen.is_some() || ctx.input(|input| input.key_pressed(Key::Escape)) {
        state.open = false;
    }
    chosen
}

fn contents(
    ui: &mut Ui,
    look: &Look,
    view: &PaletteView,
    agent: &impl Fn(&str) -> Option<(AgentId, String)>,
    state: &mut PaletteState,
) -> Option<Choice> {
    let (up, down, enter) = ui.input_mut(|input| {
        let none = egui::Modifiers::NONE;
        let up = input.count_and_consume_key(none, Key::ArrowUp);
        let down = input.count_and_consume_key(none, Key::ArrowDown);
        (up, down, input.consume_key(none, Key::Enter))
    });
    let field = TextEdit::singleline(&mut state.query)
        .hint_text("Find an action, panel, scene, metric, parameter, group or agent")
        .desired_width(f32::INFINITY);
    let response = ui.add(field);
    widgets::named(ui, &response, egui::WidgetType::TextEdit, "Find");
    response.request_focus();
    if response.changed() {
        state.chosen = 0;
    }
    let found = find(view, &state.query, agent(state.query.trim()));
    if found.is_empty() {
        ui.add_space(spacing::NORMAL);
        ui.label(look.quiet("Nothing has this name. An agent is found by its number or its name, such as ant-12."));
        return None;
    }
    state.chosen = (state.chosen + down).saturating_sub(up).min(found.len() - 1);
    let mut chosen = None;
    ui.add_space(spacing::TIGHT);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().max_height(measure::PALETTE.1).auto_shrink([false, true]).show(ui, |ui| {
        for (number, item) in found.iter().enumerate() {
            let response = row(ui, look, item, number == state.chosen);
            if number == state.chosen && (up > 0 || down > 0) {
                response.scroll_to_me(None);
            }
            if response.clicked() || (enter && number == state.chosen) {
                chosen = Some(item.choice.clone());
            }
        }
    });
    chosen
}

fn row(ui: &mut Ui, look: &Look, item: &Item, chosen: bool) -> egui::Response {
    let tint = if chosen { look.accent } else { look.secondary };
    let parts = (
        look.icon(item.icon).color(tint),
        look.body(item.text.as_str()),
        egui::Atom::grow(),
        look.quiet(if item.keys.is_empty() { item.kind } else { item.keys }),
    );
    let response = ui.add(egui::Button::selectable(chosen, parts).truncate().min_size(vec2(ui.available_width(), 0.0)));
    let (enabled, name) = (ui.is_enabled(), format!("{}: {}", item.kind, item.text));
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, enabled, chosen, &name));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_fit_comes_first_whatever_it_is() {
        let scenes = [("foraging".to_owned(), "Foraging ants".to_owned())];
        let metrics = ["boids.order".to_owned(), "boids.speed".to_owned()];
        let parameters = ["visual range".to_owned()];
        let groups = ["ant".to_owned()];
        let registry = crate::panels::of_the_host();
        let view = PaletteView {
            scenes: &scenes,
            metrics: &metrics,
            parameters: &parameters,
            groups: &groups,
            layers: &WorldLayers::default(),
            tools: &registry.tools,
            panels: registry.catalog(),
            applying: &[],
        };
        let first = |query: &str| find(&view, query, None).into_iter().next().map(|item| item.choice);
        assert_eq!(first("boids.or"), Some(Choice::Metric("boids.order".into())));
        assert_eq!(first("foraging"), Some(Choice::Scene("foraging".into())));
        assert_eq!(first("vis ran"), Some(Choice::Parameter("visual range".into())));
        assert_eq!(first("play"), Some(Choice::Command(Command::PlayPause)));
        for panel in registry.catalog().iter() {
            assert_eq!(first(panel.title), Some(Choice::Panel(panel.key)), "{}", panel.title);
        }
        assert_eq!(first("zzzzqqq"), None);
        assert_eq!(
            find(&view, "17", Some((AgentId(17), "ant-17".into()))).into_iter().next().map(|item| item.choice),
            Some(Choice::Agent(AgentId(17)))
        );
        assert!(find(&view, "", None).len() > 20);
    }
}
