//! Faults and attacks as a palette: whom, how many, for how long, and a button with a verb for each.

mod identity;
mod network;
mod panel;
mod trust;
mod verb;
mod work;

pub use identity::Proving;
pub use network::{Rumour, Talking};
pub use panel::FaultsPanel;
pub use verb::Verb;
pub use work::{DemandFacts, WorkFaults, demands};

use std::collections::BTreeMap;

use agent2028_core::agent::{AgentId, Placement};
use agent2028_core::faults::{
    Churn, Degrade, Freeze, GrantCapability, Kill, Remove, Restart, Spawn, WithdrawCapability,
};
use agent2028_core::intervention::{AnyIntervention, Intervention, InterventionRegistry};
use agent2028_core::params::LiveSections;
use agent2028_core::selector::Selector;
use agent2028_network::interventions::{FalseAlert, Heal, TellRumour};
use agent2028_pheromones::interventions::{SpoofPheromone, SpoofPlace};
use agent2028_trust::interventions::{BadMouthing, BallotStuffing, Collude, SybilJoin};
use agent2028_view::tokens::spacing;
use bevy::math::Vec2;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, DragValue, Label, Layout, Response, Sense, TextEdit, Ui, WidgetInfo, WidgetType};
use egui_material_icons::icons::ICON_MY_LOCATION;

use crate::actions::Actions;
use crate::facts::GroupFacts;
use crate::format;
use crate::theme::{Look, measure};
use crate::widgets;

/// Among whom a fault chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whom {
    /// All agents.
    #[default]
    All,
    /// The agents of a group.
    Group,
    /// The selected agents.
    Selected,
    /// The agents within a circle.
    Circle,
    /// The agents that an expression means.
    Expression,
}

impl Whom {
    const EVERY: [Self; 5] = [Self::All, Self::Group, Self::Selected, Self::Circle, Self::Expression];

    fn label(self) -> &'static str {
        match self {
            Self::All => "All agents",
            Self::Group => "A group",
            Self::Selected => "The selected agents",
            Self::Circle => "Agents in a circle",
            Self::Expression => "By expression",
        }
    }
}

/// The interventions that the palette offers in a world: those of the sections that are there.
#[must_use]
pub fn offered(world: &World) -> Vec<Verb> {
    let (Some(list), Some(sections)) =
        (world.get_resource::<InterventionRegistry>(), world.get_resource::<LiveSections>())
    else {
        return Vec::new();
    };
    let kinds = list.kinds().filter(|kind| kind.palette.is_some());
    let possible = kinds.filter(|kind| kind.needs.iter().all(|section| sections.has(world, section)));
    possible.map(|kind| Verb::from(*kind)).collect()
}

/// Where something was dropped on the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DropOn {
    /// On an agent.
    Agent(AgentId),
    /// On the ground, at a point in world units.
    Ground(Vec2),
}

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct FaultsView<'a> {
    /// How many agents there are.
    pub agents: u64,
    /// The scene's groups.
    pub groups: &'a [GroupFacts],
    /// The selected agents, ascending.
    pub selected: &'a [AgentId],
    /// The capabilities that are known.
    pub capabilities: &'a [String],
    /// The names of the pheromone layers; false trails are offered only if there are some.
    pub fields: &'a [String],
    /// What is to be known of the network; its faults are offered only where agents talk.
    pub talking: Option<Talking>,
    /// What is to be known of identities; attacks on them are offered only where agents have keys.
    pub proving: Option<Proving>,
    /// Whether there is trust that could be attacked.
    pub trusting: bool,
    /// The workloads; faults of work are offered only if there are some.
    pub demands: &'a [DemandFacts],
    /// All that is offered: what no row is composed for gets a row of its own.
    pub offered: &'a [Verb],
    /// The centre of what is in view, in world units.
    pub view_center: Vec2,
    /// The longer side of the world, in world units.
    pub world_size: f32,
}

/// What the panel remembers.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultsState {
    /// Among whom.
    pub whom: Whom,
    /// The group's name, if a group is meant.
    pub group: String,
    /// How many of them, 0–1.
    pub share: f64,
    /// What an expression means, as it is written and as it is read.
    pub expression: Option<(String, Selector)>,
    /// What is being dragged onto the world.
    pub dragged: Option<Verb>,
    /// The circle's centre, in world units.
    pub center: Vec2,
    /// The circle's radius, in world units; 0 until a circle was drawn.
    pub radius: f32,
    /// Whether it ends by itself.
    pub passing: bool,
    /// For how long, in simulated seconds, if it ends.
    pub seconds: f32,
    /// How strong what was set differently from its usual strength is, by the intervention's name.
    pub strengths: BTreeMap<&'static str, f64>,
    /// Expected departures per agent and second under `Churn`.
    pub departures: f32,
    /// How long an agent under `Churn` stays away, in simulated seconds.
    pub away: f32,
    /// How many agents `Spawn` adds.
    pub spawned: u32,
    /// The capability that is granted or withdrawn.
    pub capability: String,
    /// The pheromone layer in which false trails are laid.
    pub field: String,
    /// How strong a false trail is: intensity per cell and second.
    pub spoof_strength: f32,
    /// What rumours say.
    pub rumour: Rumour,
    /// How often each attacker tries, per second.
    pub tries: f32,
    /// How many ratings each liar makes up, per second.
    pub ratings: f32,
    /// The group that is lied about.
    pub about: String,
    /// What is remembered of faults of work.
    pub work: WorkFaults,
}

impl Default for FaultsState {
    fn default() -> Self {
        let churn = Churn::default();
        Self {
            whom: Whom::All,
            group: String::new(),
            share: 0.33,
            expression: None,
            dragged: None,
            center: Vec2::ZERO,
            radius: 0.0,
            passing: false,
            seconds: 10.0,
            strengths: BTreeMap::new(),
            departures: churn.per_second,
            away: churn.downtime_s,
            spawned: 100,
            capability: String::new(),
            field: String::new(),
            spoof_strength: SpoofPheromone::default().strength,
            rumour: Rumour::default(),
            tries: 1.0,
            ratings: 2.0,
            about: String::new(),
            work: WorkFaults::default(),
        }
    }
}

impl FaultsState {
    /// The selector that the choices stand for.
    #[must_use]
    pub fn selector(&self, view: &FaultsView) -> Selector {
        let among = match self.whom {
            Whom::All => Selector::All,
            Whom::Group => Selector::Named(self.group.clone()),
            Whom::Selected => Selector::Ids(view.selected.to_vec()),
            Whom::Circle => Selector::Within { center: self.center, radius: self.radius },
            Whom::Expression => match &self.expression {
                Some((_, selector)) => selector.clone(),
                None => Selector::Ids(Vec::new()),
            },
        };
        self.share_of(among)
    }

    /// The chosen share of the agents that a selector means.
    fn share_of(&self, among: Selector) -> Selector {
        if self.share >= 1.0 {
            return among;
        }
        let part = Selector::Fraction(self.share as f32);
        if among == Selector::All { part } else { Selector::And(vec![among, part]) }
    }

    /// The radius of the circle around what is dropped on the ground, in world units.
    #[must_use]
    pub fn drop_radius(&self, view: &FaultsView) -> f32 {
        if self.radius > 0.0 { self.radius } else { (view.world_size * 0.05).max(f32::MIN_POSITIVE) }
    }

    /// What a row of the palette does where it is dropped: to an agent, or to the chosen share of those in the circle.
    /// With what was done, in words.
    #[must_use]
    pub fn dropped(&self, verb: Verb, on: DropOn, view: &FaultsView) -> (AnyIntervention, String) {
        let radius = self.drop_radius(view);
        if let DropOn::Ground(center) = on {
            let at = Some(Placement::Disc { center, radius });
            if verb.is::<Spawn>() {
                let spawn = Spawn { group: self.group.clone(), count: self.spawned, at };
                return (spawn.into(), format!("Spawned {} {}", format::count(self.spawned.into()), self.group));
            }
            if verb.is::<SpoofPheromone>() {
                let spoof = self.spoof(SpoofPlace::At(center), radius);
                return (spoof.into(), format!("Spoofed {} in the circle", self.field));
            }
            if verb.is::<SybilJoin>() {
                let count = format::count(self.spawned.into());
                return (self.sybils(None, at), format!("{count} Sybils joined {}", self.about));
            }
        }
        if verb.is::<Heal>() {
            return (self.intervention(verb, Selector::All), network::HEALED.into());
        }
        let colon = if verb.takes_a_colon() { ":" } else { "" };
        match on {
            DropOn::Ground(center) => {
                let select = self.share_of(Selector::Within { center, radius });
                let whom = if network::is_by_one(verb) { "one".into() } else { format::share_in_words(self.share) };
                let words = format!("{}{colon} {whom} of the circle", verb.word());
                (self.intervention(verb, select), words)
            }
            DropOn::Agent(agent) => {
                let words = format!("{}{colon} agent {agent}", verb.word());
                (self.intervention(verb, Selector::Ids(vec![agent])), words)
            }
        }
    }

    fn spoof(&self, place: SpoofPlace, radius: f32) -> SpoofPheromone {
        /// As long as a false trail can last, in simulated seconds: 31 years.
        const FOR_GOOD_S: f32 = 1e9;
        SpoofPheromone {
            layer: self.field.clone(),
            place,
            strength: self.spoof_strength,
            radius,
            duration_s: self.duration_s().unwrap_or(FOR_GOOD_S),
        }
    }

    /// What a row of the palette does to agents.
    fn intervention(&self, verb: Verb, select: Selector) -> AnyIntervention {
        let duration_s = self.duration_s();
        match verb.name() {
            Churn::NAME => Churn { select, per_second: self.departures, downtime_s: self.away, duration_s }.into(),
            Spawn::NAME => Spawn { group: self.group.clone(), count: self.spawned, at: None }.into(),
            SpoofPheromone::NAME => self.spoof(SpoofPlace::Agents(select), SpoofPheromone::default().radius).into(),
            GrantCapability::NAME => GrantCapability { select, capability: self.capability.trim().to_owned() }.into(),
            WithdrawCapability::NAME => {
                WithdrawCapability { select, capability: self.capability.trim().to_owned() }.into()
            }
            TellRumour::NAME | FalseAlert::NAME => self.rumour.intervention(verb, select),
            BallotStuffing::NAME | BadMouthing::NAME | Collude::NAME | SybilJoin::NAME => self.on_trust(verb, select),
            _ if identity::is_tried(verb) => verb.to(select, duration_s, Some(f64::from(self.tries))),
            name => verb.to(select, duration_s, self.strengths.get(name).copied()),
        }
    }

    /// What the selector chooses, in words: `a third of bird`.
    #[must_use]
    pub fn in_words(&self, view: &FaultsView) -> String {
        let part = format::share_in_words(self.share);
        let all = self.share >= 1.0;
        let among = match self.whom {
            Whom::All => return part,
            Whom::Group if all => self.group.clone(),
            Whom::Group => format!("of {}", self.group),
            Whom::Selected => {
                let count = format::count(view.selected.len() as u64);
                return if all { format!("the {count} selected") } else { format!("{part} of {count} selected") };
            }
            Whom::Circle if all => "in the circle".into(),
            Whom::Circle => "of the circle".into(),
            Whom::Expression if all => "that match".into(),
            Whom::Expression => "of those that match".into(),
        };
        format!("{part} {among}")
    }

    /// About how many agents are meant; unknown for a circle.
    fn estimate(&self, view: &FaultsView) -> Option<u64> {
        let among = match self.whom {
            Whom::All => view.agents,
            Whom::Group => view.groups.iter().find(|group| group.name == self.group)?.count,
            Whom::Selected => view.selected.len() as u64,
            Whom::Circle | Whom::Expression => return None,
        };
        Some((among as f64 * self.share).round() as u64)
    }

    fn duration_s(&self) -> Option<f32> {
        self.passing.then_some(self.seconds)
    }

    /// Whether the choices can mean anybody.
    fn meant(&self, view: &FaultsView) -> bool {
        match self.whom {
            Whom::Selected => !view.selected.is_empty(),
            Whom::Group => view.groups.iter().any(|group| group.name == self.group),
            Whom::Expression => self.expression.is_some(),
            Whom::All | Whom::Circle => true,
        }
    }
}

/// Shows the palette.
pub fn show(ui: &mut Ui, look: &Look, view: &FaultsView, state: &mut FaultsState, actions: &mut Actions) {
    if !view.groups.iter().any(|group| group.name == state.group) {
        state.group = view.groups.first().map_or(String::new(), |group| group.name.clone());
    }
    whom(ui, look, view, state);
    how_many(ui, look, view, state);
    how_long(ui, look, state);
    ui.add_space(spacing::TIGHT);
    verbs(ui, look, view, state, actions);
}

fn whom(ui: &mut Ui, look: &Look, view: &FaultsView, state: &mut FaultsState) {
    widgets::property(ui, look, "Whom", |ui| {
        let response = widgets::choice("whom", ui.available_width(), state.whom.label())
            .show_ui(ui, |ui| {
                for whom in Whom::EVERY {
                    ui.selectable_value(&mut state.whom, whom, whom.label());
                }
            })
            .response;
        widgets::named(ui, &response, WidgetType::ComboBox, "Whom");
    });
    match state.whom {
        Whom::Group => {
            widgets::property(ui, look, "Group", |ui| group_choice(ui, view.groups, &mut state.group, "Group"));
        }
        Whom::Selected if view.selected.is_empty() => {
            ui.label(look.quiet("Nothing is selected: click agents in the world, or drag a box with Shift."));
        }
        Whom::All | Whom::Selected => {}
        Whom::Expression => {
            match &state.expression {
                Some((text, _)) => {
                    ui.add(Label::new(look.figure(text.as_str())).wrap());
                }
                None => {
                    ui.label(look.quiet(
                        "There is no expression yet: write one under Select, then \u{201c}Use in faults\u{201d}.",
                    ));
                }
            }
        }
        Whom::Circle => circle(ui, look, view, state),
    }
}

fn group_choice(ui: &mut Ui, groups: &[GroupFacts], group: &mut String, name: &str) {
    let response = widgets::choice(("group", name), ui.available_width(), group.as_str())
        .show_ui(ui, |ui| {
            for known in groups {
                ui.selectable_value(group, known.name.clone(), known.name.as_str());
            }
        })
        .response;
    widgets::named(ui, &response, WidgetType::ComboBox, name);
}

fn circle(ui: &mut Ui, look: &Look, view: &FaultsView, state: &mut FaultsState) {
    if state.radius <= 0.0 {
        // A tenth of the world around what is being looked at is a sensible first circle.
        state.radius = (view.world_size * 0.1).max(f32::MIN_POSITIVE);
        state.center = view.view_center;
    }
    let speed = f64::from(view.world_size) / 500.0;
    widgets::property(ui, look, "Centre", |ui| {
        let response = widgets::icon_button(ui, look, ICON_MY_LOCATION, "Centre of the view");
        if widgets::tip(response, look, "Put the circle where you are looking", "").clicked() {
            state.center = view.view_center;
        }
        number(ui, "Circle centre y", DragValue::new(&mut state.center.y).speed(speed).max_decimals(1));
        number(ui, "Circle centre x", DragValue::new(&mut state.center.x).speed(speed).max_decimals(1));
    });
    widgets::property(ui, look, "Radius", |ui| {
        let most = view.world_size.max(state.radius);
        let field = DragValue::new(&mut state.radius).speed(speed).range(0.0..=most).max_decimals(1);
        number(ui, "Circle radius", field.suffix(" units"));
    });
}

/// A number field with a name.
fn number(ui: &mut Ui, name: &str, field: DragValue) -> Response {
    let response = ui.add(field);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, enabled, name));
    response
}

fn how_many(ui: &mut Ui, look: &Look, view: &FaultsView, state: &mut FaultsState) {
    widgets::property(ui, look, "How many", |ui| {
        let percent = format::percent(state.share);
        ui.allocate_ui_with_layout(
            egui::vec2(measure::CONTROL + spacing::SECTION, measure::CONTROL),
            Layout::right_to_left(Align::Center),
            |ui| {
                ui.set_min_width(measure::CONTROL + spacing::SECTION);
                ui.label(look.figure(percent));
            },
        );
        let mut per_cent = (state.share * 100.0).round();
        let width = ui.available_width();
        if widgets::slider(ui, &mut per_cent, 1.0..=100.0, 1.0, width, "How many, in per cent").changed() {
            state.share = per_cent / 100.0;
        }
    });
    if let Some(estimate) = state.estimate(view) {
        let agents = format::counted(estimate, "agent", "agents");
        widgets::property(ui, look, "", |ui| ui.label(look.quiet(format!("about {agents}"))));
    }
}

fn how_long(ui: &mut Ui, look: &Look, state: &mut FaultsState) {
    widgets::property(ui, look, "How long", |ui| {
        ui.add_enabled_ui(state.passing, |ui| {
            let field = DragValue::new(&mut state.seconds).range(0.1..=3600.0).speed(0.1).max_decimals(1).suffix(" s");
            number(ui, "Duration in simulated seconds", field);
        });
        for (passing, name) in [(true, "For"), (false, "For good")] {
            if ui.selectable_label(state.passing == passing, name).clicked() {
                state.passing = passing;
            }
        }
    });
}

/// What stands beside a row of the palette while it is dragged over an agent of this name, or over the ground.
#[must_use]
pub fn hint(verb: Verb, agent: Option<&str>) -> String {
    match agent {
        _ if verb.is::<Heal>() => verb.word().to_owned(),
        Some(agent) => format!("{} {agent}", verb.word()),
        None => format!("{} here", verb.word()),
    }
}

fn verbs(ui: &mut Ui, look: &Look, view: &FaultsView, state: &mut FaultsState, actions: &mut Actions) {
    let select = state.selector(view);
    let words = state.in_words(view);
    let meant = state.meant(view) && view.agents > 0;
    let named = |verb: Verb| format!("{} {words}", verb.word());
    ui.add_enabled_ui(meant, |ui| {
        for verb in [Verb::of::<Kill>(), Verb::of::<Restart>(), Verb::of::<Freeze>(), Verb::of::<Degrade>()] {
            row(ui, look, verb, &named(verb), state, &select, actions);
        }
        let churn = Verb::of::<Churn>();
        if fault(ui, look, churn, &named(churn), &mut state.dragged, |_| {}) {
            actions.intervene(state.intervention(churn, select.clone()));
        }
        widgets::property(ui, look, "Each leaves", |ui| {
            let away = DragValue::new(&mut state.away).range(0.1..=3600.0).speed(0.1).max_decimals(1).suffix(" s");
            number(ui, "Seconds that an agent stays away", away);
            ui.label(look.quiet("for"));
            let field = DragValue::new(&mut state.departures).range(0.0..=1000.0).speed(0.01).max_decimals(2);
            number(ui, "Departures per second", field.suffix(" /s"));
        });
        row(ui, look, Verb::of::<Remove>(), &named(Verb::of::<Remove>()), state, &select, actions);
        if !view.demands.is_empty() {
            work::agents(ui, look, &words, state, &select, actions);
        }
    });
    ui.add_enabled_ui(!state.group.is_empty(), |ui| {
        let (text, at) = match state.whom {
            Whom::Circle => (
                format!("Spawn {} in the circle", state.group),
                Some(Placement::Disc { center: state.center, radius: state.radius }),
            ),
            _ => (format!("Spawn more of {}", state.group), None),
        };
        let spawned = &mut state.spawned;
        if fault(ui, look, Verb::of::<Spawn>(), &text, &mut state.dragged, |ui| {
            number(ui, "How many agents to spawn", DragValue::new(spawned).range(1..=1_000_000).speed(1.0));
        }) {
            actions.intervene(Spawn { group: state.group.clone(), count: state.spawned, at });
        }
    });
    if let Some(talking) = view.talking {
        network::show(ui, look, view, talking, state, meant, actions);
    }
    if let Some(proving) = view.proving {
        identity::show(ui, look, view, proving, state, meant, actions);
    }
    if view.trusting {
        trust::show(ui, look, view, state, meant, actions);
    }
    if !view.fields.is_empty() {
        false_trail(ui, look, view, state, meant, actions);
    }
    if !view.demands.is_empty() {
        work::demand(ui, look, view, state, actions);
    }
    capability(ui, look, view, state, meant, &select, &words, actions);
    // What plugins bring that nothing is composed for.
    let others: Vec<Verb> = view.offered.iter().copied().filter(|verb| !is_composed(*verb)).collect();
    if !others.is_empty() {
        ui.add_space(spacing::TIGHT);
        ui.add_enabled_ui(meant, |ui| {
            for verb in others {
                row(ui, look, verb, &named(verb), state, &select, actions);
            }
        });
    }
}

/// Whether a row of the palette is drawn for it by hand: those of the plugins that come with Agent2028.
fn is_composed(verb: Verb) -> bool {
    let of_core = [Verb::of::<Kill>(), Verb::of::<Restart>(), Verb::of::<Freeze>(), Verb::of::<Degrade>()];
    let more = [Verb::of::<Churn>(), Verb::of::<Remove>(), Verb::of::<Spawn>(), Verb::of::<SpoofPheromone>()];
    let capabilities = [Verb::of::<GrantCapability>(), Verb::of::<WithdrawCapability>()];
    of_core.contains(&verb)
        || more.contains(&verb)
        || capabilities.contains(&verb)
        || network::verbs().contains(&verb)
        || identity::verbs().contains(&verb)
        || trust::verbs().contains(&verb)
        || work::verbs().contains(&verb)
}

/// A row for what is done to the agents that are meant, with its strength beside it.
fn row(
    ui: &mut Ui,
    look: &Look,
    verb: Verb,
    text: &str,
    state: &mut FaultsState,
    select: &Selector,
    actions: &mut Actions,
) {
    let mut strength = state.strengths.get(verb.name()).copied();
    let pressed = fault(ui, look, verb, text, &mut state.dragged, |ui| verb.strength(ui, &mut strength));
    if let Some(strength) = strength {
        state.strengths.insert(verb.name(), strength);
    }
    if pressed {
        actions.intervene(state.intervention(verb, select.clone()));
    }
}

/// A trail that promises what isn't there: laid by the agents that are meant, or out of nowhere in the circle.
fn false_trail(
    ui: &mut Ui,
    look: &Look,
    view: &FaultsView,
    state: &mut FaultsState,
    meant: bool,
    actions: &mut Actions,
) {
    if !view.fields.contains(&state.field) {
        state.field = view.fields.first().cloned().unwrap_or_default();
    }
    ui.add_space(spacing::TIGHT);
    widgets::property(ui, look, "Pheromone", |ui| {
        let response = widgets::choice("field", ui.available_width(), state.field.as_str())
            .show_ui(ui, |ui| {
                for name in view.fields {
                    ui.selectable_value(&mut state.field, name.clone(), name.as_str());
                }
            })
            .response;
        widgets::named(ui, &response, WidgetType::ComboBox, "Pheromone");
    });
    let text = match state.whom {
        Whom::Circle => "Spoof in the circle".to_owned(),
        _ => format!("Spoof by {}", state.in_words(view)),
    };
    let possible = meant || state.whom == Whom::Circle;
    ui.add_enabled_ui(possible, |ui| {
        let strength = &mut state.spoof_strength;
        if fault(ui, look, Verb::of::<SpoofPheromone>(), &text, &mut state.dragged, |ui| {
            let field = DragValue::new(strength).range(0.0..=1000.0).speed(0.1).max_decimals(1);
            number(ui, "Strength of the false trail", field.suffix(" /s"));
        }) {
            let spoof = match state.whom {
                Whom::Circle => state.spoof(SpoofPlace::At(state.center), state.radius).into(),
                _ => state.intervention(Verb::of::<SpoofPheromone>(), state.selector(view)),
            };
            actions.intervene(spoof);
        }
    });
}

fn capability(
    ui: &mut Ui,
    look: &Look,
    view: &FaultsView,
    state: &mut FaultsState,
    meant: bool,
    select: &Selector,
    words: &str,
    actions: &mut Actions,
) {
    ui.add_space(spacing::TIGHT);
    widgets::property(ui, look, "Capability", |ui| {
        capability_field(ui, view.capabilities, &mut state.capability);
    });
    let named = !state.capability.trim().is_empty();
    ui.add_enabled_ui(meant && named, |ui| {
        for (verb, to) in [(Verb::of::<GrantCapability>(), "to"), (Verb::of::<WithdrawCapability>(), "from")] {
            let text = format!("{} {to} {words}", verb.word());
            if fault(ui, look, verb, &text, &mut state.dragged, |_| {}) {
                actions.intervene(state.intervention(verb, select.clone()));
            }
        }
    });
}

/// A field for a capability's name that offers the known ones.
pub fn capability_field(ui: &mut Ui, known: &[String], text: &mut String) -> Response {
    let response = ui.add(
        TextEdit::singleline(text)
            .hint_text("database.query")
            .font(egui::TextStyle::Monospace)
            .desired_width(f32::INFINITY),
    );
    widgets::named(ui, &response, WidgetType::TextEdit, "Capability");
    let typed = text.trim().to_lowercase();
    let near: Vec<&String> =
        known.iter().filter(|name| name.contains(&typed) && **name != typed).take(spacing::NORMAL as usize).collect();
    if !near.is_empty() {
        let mut picked = None;
        egui::Popup::from_response(&response)
            .id(response.id.with("known"))
            .open(response.has_focus() || egui::Popup::is_id_open(ui.ctx(), response.id.with("known")))
            .width(response.rect.width())
            .show(|ui| {
                for name in near {
                    if ui.selectable_label(false, egui::RichText::new(name).monospace()).clicked() {
                        picked = Some(name.clone());
                    }
                }
            });
        if let Some(name) = picked {
            *text = name;
        }
    }
    response
}

/// A row of the palette: a button with a verb, and at its right what sets its strength. True when it is pressed; while it is
/// dragged, `dragged` says so.
fn fault(
    ui: &mut Ui,
    look: &Look,
    verb: Verb,
    text: &str,
    dragged: &mut Option<Verb>,
    strength: impl FnOnce(&mut Ui),
) -> bool {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            strength(ui);
            let width = ui.available_width();
            let response = widgets::verb_button(ui, look, verb.icon(), verb.tint(look), text, width);
            let tip = format!("{} Drag it onto an agent, or onto the ground.", verb.does());
            let response = widgets::tip(response, look, &tip, "").interact(Sense::click_and_drag());
            if response.drag_started_by(egui::PointerButton::Primary) {
                *dragged = Some(verb);
            }
            response.clicked()
        })
        .inner
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view<'a>(groups: &'a [GroupFacts], selected: &'a [AgentId]) -> FaultsView<'a> {
        FaultsView {
            agents: 1000,
            groups,
            selected,
            capabilities: &[],
            fields: &[],
            talking: None,
            proving: None,
            trusting: false,
            demands: &[],
            offered: &[],
            view_center: Vec2::new(5.0, 6.0),
            world_size: 1000.0,
        }
    }

    #[test]
    fn choices_become_a_selector_and_words() {
        let groups = [GroupFacts { name: "bird".into(), count: 600, ..Default::default() }];
        let selected = [AgentId(3), AgentId(4)];
        let view = view(&groups, &selected);
        let mut state = FaultsState { group: "bird".into(), ..FaultsState::default() };
        assert_eq!(state.selector(&view), Selector::Fraction(0.33));
        assert_eq!(state.in_words(&view), "a third");
        assert_eq!(state.estimate(&view), Some(330));
        state.share = 1.0;
        assert_eq!((state.selector(&view), state.in_words(&view)), (Selector::All, "all".into()));
        state.whom = Whom::Group;
        assert_eq!(state.selector(&view), Selector::Named("bird".into()));
        assert_eq!(state.in_words(&view), "all bird");
        state.share = 0.5;
        let half = Selector::And(vec![Selector::Named("bird".into()), Selector::Fraction(0.5)]);
        assert_eq!((state.selector(&view), state.in_words(&view)), (half, "half of bird".into()));
        assert_eq!(state.estimate(&view), Some(300));
        state.whom = Whom::Selected;
        state.share = 1.0;
        assert_eq!(state.selector(&view), Selector::Ids(selected.to_vec()));
        assert_eq!(state.in_words(&view), "the 2 selected");
        state.whom = Whom::Circle;
        (state.center, state.radius) = (Vec2::ONE, 7.0);
        assert_eq!(state.selector(&view), Selector::Within { center: Vec2::ONE, radius: 7.0 });
        assert_eq!(state.in_words(&view), "all in the circle");
    }
}
