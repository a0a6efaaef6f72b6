//! How a rumour spread: who had heard it by when, from whom, played back tick by tick.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_network::gossip::{Gossip, Hearing, Rumour};
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{ScrollArea, Sense, Shape, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_material_icons::icons::{ICON_CAMPAIGN, ICON_HISTORY, ICON_SELECT_ALL};

use agent2028_kit::actions::{Action, Actions, Travel};
use agent2028_kit::format;
use agent2028_kit::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell};

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct GossipView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// The last tick that ran.
    pub tick: u64,
    /// How many agents there are.
    pub agents: u64,
    /// Ticks per simulated second.
    pub tick_hz: f64,
}

/// What the panel remembers.
#[derive(Clone, Debug, Default)]
pub struct GossipState {
    /// The rumour that is looked at; the last one if absent.
    pub rumour: Option<u32>,
    /// Up to which tick; now if absent.
    pub until: Option<u64>,
}

/// Longer names lose their middle.
const MOST_LETTERS: usize = 24;

/// The panel of how rumours spread.
#[derive(Clone, Copy, Debug)]
pub struct GossipPanel;

impl Panel for GossipPanel {
    type State = GossipState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Gossip"),
        title: "Gossip",
        icon: ICON_CAMPAIGN,
        help: "How a rumour spread: who heard it when and from whom.",
        group: Group::Talk,
        side: DockSide::Bottom,
        scrolls: false,
        story: false,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<Gossip>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut GossipState) {
        let facts = context.facts;
        let (world, agents) = (facts.world(), facts.simulation.agents() as u64);
        let view = GossipView { world, tick: facts.tick(), agents, tick_hz: facts.tick_hz() };
        show(ui, context.look, &view, state, context.actions);
    }
}

/// Shows how a rumour spread.
pub fn show(ui: &mut Ui, look: &Look, view: &GossipView, state: &mut GossipState, actions: &mut Actions) {
    let rumours = view.world.get_resource::<Gossip>().map(Gossip::rumours);
    let chosen = rumours.and_then(|rumours| {
        let wanted = state.rumour.and_then(|number| rumours.get(number));
        wanted.or_else(|| rumours.iter().next_back())
    });
    let (Some(rumours), Some(rumour)) = (rumours, chosen) else {
        let how = "Agents gossip in scenes with a section network.gossip; under Faults you begin a rumour.";
        return widgets::empty(ui, look, ICON_CAMPAIGN, "No rumour yet", how);
    };
    let title = |rumour: &Rumour| format!("Rumour {}: {}", rumour.number, rumour.text);
    let width = measure::FILTER.min(ui.available_width());
    let response = widgets::choice("rumour", width, look.body(title(rumour))).show_ui(ui, |ui| {
        for other in rumours.iter().rev() {
            if ui.selectable_label(other.number == rumour.number, look.body(title(other))).clicked() {
                state.rumour = Some(other.number);
                state.until = None;
            }
        }
    });
    widgets::named(ui, &response.response, WidgetType::ComboBox, "Rumour");
    widgets::tallies(ui, |ui| {
        let mut tell = |name: &str, value: String| widgets::tally(ui, look, None, name, value, "");
        tell(
            "Began",
            format!(
                "tick {} at {}",
                rumour.born,
                format::elided(&AgentGroups::name_in(view.world, rumour.origin), MOST_LETTERS)
            ),
        );
        tell("Heard by", format!("{} of {}", format::count(rumour.informed.len() as u64), format::count(view.agents)));
        if rumour.untrue {
            ui.label(look.body("A false alarm").color(look.warning));
        }
    });
    let remembered = rumour.hearings.len() as u64;
    let forgotten = remembered < rumour.informed.len() as u64;
    // Who heard it later than is remembered isn't known any more.
    let last = if forgotten { rumour.hearings.last().map(|hearing| hearing.tick) } else { Some(rumour.last_heard) };
    let last = last.unwrap_or(rumour.born).max(rumour.born + 1);
    let mut until = state.until.unwrap_or(last).clamp(rumour.born, last) as f64;
    let heard = rumour.hearings.partition_point(|hearing| hearing.tick as f64 <= until);
    ui.horizontal(|ui| {
        ui.label(look.quiet("Until tick"));
        let range = rumour.born as f64..=last as f64;
        let width = measure::FILTER.min(widgets::rest(ui, measure::TICK_COLUMN));
        if widgets::slider(ui, &mut until, range, 1.0, width, "Until tick").changed() {
            state.until = Some(until as u64);
        }
        ui.label(look.figure(format::count(until as u64)));
    });
    ui.horizontal(|ui| {
        let after = (until - rumour.born as f64) / view.tick_hz;
        ui.label(look.figure(format!(
            "{} after {}",
            format::counted(heard as u64, "agent", "agents"),
            format::with_unit(after, "s")
        )));
        let select = widgets::icon_button(ui, look, ICON_SELECT_ALL, "Select those who had heard it");
        if widgets::tip(select, look, "Select the agents that had heard it by then", "").clicked() {
            actions.push(Action::Select(rumour.hearings[..heard].iter().map(|hearing| hearing.agent).collect()));
        }
        let go = widgets::icon_button(ui, look, ICON_HISTORY, "Go to that tick");
        if widgets::tip(go, look, "Go back to that tick and see it happen", "").clicked() {
            actions.push(Action::Time(Travel::Seek(until as u64)));
        }
    });
    curve(ui, look, rumour, heard, last);
    if forgotten {
        let first = format::count(remembered);
        ui.label(look.quiet(format!("The first {first} are remembered; network.gossip.history says how many.")));
    }
    hearings(ui, look, view.world, &rumour.hearings[..heard], actions);
}

/// How many had heard it by when.
fn curve(ui: &mut Ui, look: &Look, rumour: &Rumour, heard: usize, last: u64) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), measure::STRIP), Sense::hover());
    let count = rumour.hearings.len();
    let at = |index: usize| {
        let share = (rumour.hearings[index].tick - rumour.born) as f32 / (last - rumour.born).max(1) as f32;
        let height = (index + 1) as f32 / count.max(1) as f32;
        pos2(rect.left() + share * rect.width(), rect.bottom() - height * rect.height())
    };
    // A point per pixel is enough, however many have heard it.
    let step = (count / (rect.width() as usize).max(1)).max(1);
    let line = |from: usize, to: usize| (from..to).step_by(step).map(at).collect::<Vec<_>>();
    ui.painter().add(Shape::line(line(0, count), Stroke::new(spacing::HAIRLINE, look.disabled)));
    ui.painter().add(Shape::line(line(0, heard), Stroke::new(measure::CURVE, look.info)));
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, "Agents that have heard it over time"));
}

/// Who heard it last, from whom; a click selects both.
fn hearings(ui: &mut Ui, look: &Look, world: &World, hearings: &[Hearing], actions: &mut Actions) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("hearings").auto_shrink([false, false]).show_rows(
        ui,
        measure::TABLE_ROW,
        hearings.len(),
        |ui, visible| {
            for row in visible {
                let hearing = hearings[hearings.len() - 1 - row];
                let agent = AgentGroups::name_in(world, hearing.agent);
                let words = if hearing.from == hearing.agent {
                    format!("{agent} began it")
                } else {
                    format!(
                        "{agent} heard it from {} over {}",
                        AgentGroups::name_in(world, hearing.from),
                        format::counted(u64::from(hearing.hops), "hop", "hops")
                    )
                };
                let response = widgets::row_background(ui, look, &words, false);
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = spacing::NORMAL;
                    widgets::right_figure(ui, measure::TICK_COLUMN, look.figure(format::count(hearing.tick)));
                    let rest = ui.available_width();
                    widgets::cell(ui, rest, Cell::Left, |ui| ui.label(look.body(&words)));
                });
                if response.clicked() {
                    let both: Vec<AgentId> = vec![hearing.from, hearing.agent];
                    actions.push(Action::Select(both));
                }
            }
        },
    );
}
