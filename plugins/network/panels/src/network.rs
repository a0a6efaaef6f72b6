//! The network: what became of messages, who is linked with how many, regions, partitions, and what it costs.

use agent2028_core::agent::{AgentId, Region, Regions};
use agent2028_core::event::EventBus;
use agent2028_core::metrics::Metrics;
use agent2028_core::selector::Selector;
use agent2028_network::Network;
use agent2028_network::interventions::{Heal, Partition};
use agent2028_network::region_bus::RegionalBuses;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Rect, ScrollArea, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_material_icons::icons::{ICON_CONTENT_CUT, ICON_HEALING, ICON_HUB};

use agent2028_kit::actions::Actions;
use agent2028_kit::format;
use agent2028_kit::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets;

/// What the panel reads.
#[derive(Clone, Copy, Debug)]
pub struct NetworkView<'a> {
    /// The simulation's world.
    pub world: &'a World,
    /// Changes when the simulation is another one.
    pub generation: u64,
    /// The selected agents, ascending: a lasso around them makes one side of a partition.
    pub selected: &'a [AgentId],
}

/// What the panel remembers.
#[derive(Clone, Debug, Default)]
pub struct NetworkState {
    /// How many agents have how many links, and when that was counted.
    degrees: Vec<u32>,
    counted: Option<(u64, f64)>,
}

/// How long a count of all links stands, in seconds of real time.
const COUNT_INTERVAL_S: f64 = 1.0;
/// Agents with more links than this share the last bar.
const MOST_DEGREE: usize = 64;

impl NetworkState {
    fn follow(&mut self, view: &NetworkView, network: &Network, now: f64) {
        if self.counted.is_some_and(|(of, at)| of == view.generation && (0.0..COUNT_INTERVAL_S).contains(&(now - at))) {
            return;
        }
        self.counted = Some((view.generation, now));
        self.degrees.clear();
        for agent in network.members().ids() {
            let degree = network.links().of(network.members(), *agent).len().min(MOST_DEGREE);
            if self.degrees.len() <= degree {
                self.degrees.resize(degree + 1, 0);
            }
            self.degrees[degree] += 1;
        }
    }
}

/// The panel of the network.
#[derive(Clone, Copy, Debug)]
pub struct NetworkPanel;

impl Panel for NetworkPanel {
    type State = NetworkState;
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Network"),
        title: "Network",
        icon: ICON_HUB,
        help: "Links, partitions, regions, and what messages cost.",
        group: Group::Talk,
        side: DockSide::Right,
        scrolls: false,
        story: true,
    };

    fn applies(simulation: &agent2028_core::simulation::Simulation) -> bool {
        simulation.world().contains_resource::<agent2028_network::Network>()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, state: &mut NetworkState) {
        let facts = context.facts;
        let view = NetworkView { world: facts.world(), generation: facts.generation(), selected: facts.selected() };
        show(ui, context.look, &view, state, context.actions);
    }
}

/// Shows the network.
pub fn show(ui: &mut Ui, look: &Look, view: &NetworkView, state: &mut NetworkState, actions: &mut Actions) {
    let Some(network) = view.world.get_resource::<Network>() else {
        let how = "A scene with a section network lets agents talk: gossip, partition, swim.";
        return widgets::empty(ui, look, ICON_HUB, "Nobody talks in this scene", how);
    };
    state.follow(view, network, ui.input(|input| input.time));
    ScrollArea::vertical().id_salt("network").auto_shrink([false, false]).show(ui, |ui| {
        widgets::section(ui, look, "Messages", |_| {}, |ui| messages(ui, look, network));
        widgets::section(ui, look, "Links", |_| {}, |ui| links(ui, look, network, state));
        widgets::section(ui, look, "Partitions", |_| {}, |ui| partitions(ui, look, view, network, actions));
        widgets::section(ui, look, "Regions", |_| {}, |ui| regions(ui, look, view));
        widgets::section(ui, look, "Overhead", |_| {}, |ui| overhead(ui, look, view, network));
    });
}

fn messages(ui: &mut Ui, look: &Look, network: &Network) {
    let counts = network.counts();
    for (name, number) in [
        ("Sent", counts.sent),
        ("Arrived", counts.delivered),
        ("Lost", counts.lost),
        ("Cut off", counts.cut),
        ("On their way", network.in_flight()),
        ("Copies", counts.copies),
    ] {
        widgets::property_text(ui, look, name, look.figure(format::count(number)));
    }
}

fn links(ui: &mut Ui, look: &Look, network: &Network, state: &NetworkState) {
    let (agents, links) = (network.members().len(), network.link_count());
    widgets::property_text(ui, look, "Agents", look.figure(format::count(agents as u64)));
    widgets::property_text(ui, look, "Links", look.figure(format::count(links)));
    let mean = if agents > 0 { 2.0 * links as f64 / agents as f64 } else { 0.0 };
    widgets::property_text(ui, look, "Per agent", look.figure(format::number(mean)));
    let counts = network.counts();
    if counts.links_added + counts.links_dropped > 0 {
        let text = format!("{} came, {} went", format::count(counts.links_added), format::count(counts.links_dropped));
        widgets::property_text(ui, look, "By quality", look.figure(text));
    }
    histogram(ui, look, &state.degrees);
}

/// How many agents have how many links.
fn histogram(ui: &mut Ui, look: &Look, degrees: &[u32]) {
    let most = degrees.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let lowest = degrees.iter().position(|count| *count > 0).unwrap_or(0);
    let highest = degrees.len() - 1;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), measure::PLOT.1), Sense::hover());
    let width = rect.width() / (degrees.len() - lowest) as f32;
    let mut under = None;
    for (degree, count) in degrees.iter().enumerate().skip(lowest) {
        let left = rect.left() + width * (degree - lowest) as f32;
        let height = rect.height() * *count as f32 / most as f32;
        let bar = Rect::from_min_max(
            pos2(left, rect.bottom() - height),
            pos2((left + width - spacing::HAIRLINE).max(left + spacing::HAIRLINE), rect.bottom()),
        );
        ui.painter().rect_filled(bar, 0.0, look.info);
        if response.hover_pos().is_some_and(|at| (left..left + width).contains(&at.x)) {
            under = Some((degree, *count));
        }
    }
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Image, enabled, "Histogram of links per agent"));
    let more = if highest == MOST_DEGREE { " or more" } else { "" };
    let range = if lowest == highest {
        format!("Each has {}{more}", format::counted(lowest as u64, "link", "links"))
    } else {
        format!("{lowest} to {}{more} each", format::counted(highest as u64, "link", "links"))
    };
    ui.label(look.quiet(range));
    if let Some((degree, count)) = under {
        let agents = format::counted(u64::from(count), "agent has", "agents have");
        let text = format!("{agents} {}", format::counted(degree as u64, "link", "links"));
        response.on_hover_text(look.body(text));
    }
}

fn partitions(ui: &mut Ui, look: &Look, view: &NetworkView, network: &Network, actions: &mut Actions) {
    let partitions = &network.faults().partitions;
    if partitions.is_empty() {
        ui.label(look.quiet("The network is whole. Draw a lasso around some agents, then cut them off."));
    }
    ui.add_enabled_ui(!view.selected.is_empty(), |ui| {
        let response =
            widgets::verb_button(ui, look, ICON_CONTENT_CUT, look.danger, "Cut off the selected", measure::CHOICE);
        if response.clicked() {
            actions.intervene(Partition { select: Selector::Ids(view.selected.to_vec()), duration_s: None });
        }
    });
    for cut in partitions {
        ui.horizontal(|ui| {
            let inside = format::counted(cut.inside.len() as u64, "agent", "agents");
            ui.label(look.body(format!("Partition {}: {inside} cut off since tick {}", cut.number, cut.since)));
            let heal = widgets::icon_button(ui, look, ICON_HEALING, &format!("Heal partition {}", cut.number));
            if widgets::tip(heal, look, "Let messages pass again", "").clicked() {
                actions.intervene(Heal { partition: Some(cut.number) });
            }
        });
    }
    let (faults, skews) = (network.faults().links.len(), network.faults().skews.len());
    if faults > 0 {
        ui.label(look.quiet(format::counted(faults as u64, "fault of links", "faults of links")));
    }
    if skews > 0 {
        let skew = value(view, "network.clock_skew").unwrap_or(0.0);
        ui.label(look.quiet(format!(
            "{} off by up to {} ms",
            format::counted(skews as u64, "clock", "clocks"),
            format::number(skew)
        )));
    }
}

fn regions(ui: &mut Ui, look: &Look, view: &NetworkView) {
    let Some(regions) = view.world.get_resource::<Regions>().filter(|regions| !regions.names().is_empty()) else {
        ui.label(look.quiet("No group of this scene is at home in a region."));
        return;
    };
    for (one, name) in regions.names().iter().enumerate() {
        for (other, with) in regions.names().iter().enumerate().skip(one) {
            let latency = regions.latency_ms(Some(Region(one as u16)), Some(Region(other as u16)));
            let label = if one == other { format!("Within {name}") } else { format!("{name} – {with}") };
            widgets::property_text(ui, look, &label, look.figure(format::with_unit(f64::from(latency), "ms")));
        }
    }
    if let Some(buses) = view.world.get_resource::<RegionalBuses>() {
        news(ui, look, buses, regions.names());
    }
}

/// What is known where: events come from one region to the other over bridges.
fn news(ui: &mut Ui, look: &Look, buses: &RegionalBuses, names: &[String]) {
    for (at, name) in names.iter().enumerate() {
        let known = buses.of(Region(at as u16)).map_or(0, EventBus::next_sequence);
        let text = look.figure(format::counted(known, "event", "events"));
        widgets::property_text(ui, look, &format!("Known in {name}"), text);
    }
    if names.len() > 1 {
        let text = look.figure(format::counted(buses.in_transit(), "event", "events"));
        widgets::property_text(ui, look, "On bridges", text);
    }
}

fn value(view: &NetworkView, name: &str) -> Option<f64> {
    view.world.get_resource::<Metrics>()?.value(name)
}

fn overhead(ui: &mut Ui, look: &Look, view: &NetworkView, network: &Network) {
    let counts = network.counts();
    let mut tell = |name: &str, value: Option<f64>, unit: &str| {
        let text = value.map_or(format::NOTHING.to_owned(), |value| format::with_unit(value, unit));
        widgets::property_text(ui, look, name, look.figure(text));
    };
    tell("Measured", value(view, "network.overhead"), "B/agent/s");
    tell("Estimated", value(view, "network.classic_overhead"), "B/agent/s");
    let packed = value(view, "network.compression").filter(|_| counts.packed_from > 0);
    tell("Packed to", packed.map(|ratio| ratio * 100.0), "%");
    tell("Packets", Some(counts.packets as f64), "");
    widgets::property_text(ui, look, "In all", look.figure(format::bytes(counts.bytes)));
}
