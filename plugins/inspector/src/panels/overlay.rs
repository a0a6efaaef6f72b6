//! What stands over the world besides the panels: legend, minimap, labels and the card of the agent under the pointer. All
//! of it is gathered here; each has a panel file of its own that draws it.

use agent2028_core::agent::{Agent, AgentGroups, AgentId, AgentIndex, Condition, Position, Status};
use agent2028_core::quantity;
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use agent2028_view::agents::{AgentSize, DENSEST, amiss_color, density_color, scale_of};
use agent2028_view::labels::LabelPlacer;
use agent2028_view::layer::{AGENTS, HOVER_CARD, HULLS, LABELS, LEGEND, MINIMAP};
use agent2028_view::pace::Pace;
use agent2028_view::speed::top_speed;
use agent2028_view::tokens::{ColorScale, Rgba8, layout, marks, spacing};
use agent2028_view::{ColorBy, Column, ColumnKind, Held, LabelRank, LayerFacts, Lens, SizeBy};
use bevy::math::{Rect as WorldRect, Vec2, ops};
use bevy_egui::egui;
use egui::{Color32, Rect, Ui, pos2};

use crate::actions::Actions;
use crate::context::Facts;
use crate::facts::{AgentFacts, GroupCounts, degraded};
use crate::floats;
use crate::format;
use crate::panels::hover_card::{self, HoverState, HoverView};
use crate::panels::labels::{self, Label, LabelKind};
use crate::panels::layers::{FieldLine, QuantityLine};
use crate::panels::legend::{
    self, CategoryKey, CategoryRow, ColorKey, FieldKey, HeldKey, LegendView, ScaleKey, SizeKey, TroubleKey,
};
use crate::panels::minimap::{self, MinimapPicture, MinimapState, MinimapView};
use crate::panels::pictures::PicturesView;
use crate::theme::{Look, color};

pub use crate::context::Views;

/// What the overlay remembers.
#[derive(Clone, Debug, Default)]
pub struct OverlayState {
    counts: Counts,
    counts_pace: Pace,
    counted_for: Option<ColorBy>,
    map: MinimapState,
    picture: MinimapPicture,
    picture_pace: Pace,
    hover: HoverState,
    placer: LabelPlacer,
    centers: Vec<GroupCenter>,
    centers_pace: Pace,
    quantities: Vec<QuantityLine>,
    quantities_of: Option<(u64, usize)>,
}

/// Agents by what they are.
#[derive(Clone, Debug, Default)]
struct Counts {
    trouble: TroubleKey,
    agents: u64,
    kinds: Vec<u64>,
    top_speed: f32,
}

impl OverlayState {
    /// All quantities that agents of this world have.
    pub fn quantities(&mut self, simulation: &Simulation) -> &[QuantityLine] {
        let version = (simulation.generation(), quantity::version(simulation.world()));
        if self.quantities_of != Some(version) {
            self.quantities_of = Some(version);
            self.quantities = quantity::list(simulation.world())
                .iter()
                .map(|quantity| quantity.spec())
                .map(|spec| QuantityLine { name: spec.name.clone(), unit: spec.unit.clone(), help: spec.help.clone() })
                .collect();
        }
        &self.quantities
    }
}

/// Where the world is free of what stands in its lower corners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Free {
    /// All of it.
    pub whole: Rect,
    /// Between what stands there.
    pub between: Rect,
    /// Above what stands there.
    pub above: Rect,
}

/// Shows everything that stands over the world; returns what is left free.
pub fn show(
    ui: &Ui,
    look: &Look,
    facts: &Facts,
    state: &mut OverlayState,
    groups: &mut GroupCounts,
    actions: &mut Actions,
    free: Rect,
) -> Free {
    let ctx = ui.ctx().clone();
    let now = ctx.input(|input| input.time);
    let (mut between, mut above) = (free, free);
    let shows = |layer: &LayerFacts| facts.settings.layers.shows(layer);
    if shows(&LEGEND) {
        let view = legend_view(look, facts, state, groups, now);
        if let Some(rect) = legend::show(&ctx, look, free, &view, actions) {
            between.min.x = rect.max.x;
            above.max.y = above.max.y.min(rect.min.y);
        }
    }
    let world = world_rect(facts);
    let seen = facts.camera.visible(facts.viewport);
    let for_reading = !facts.views.capture.without_panels();
    if for_reading && shows(&MINIMAP) && !shows_all(seen, world) && free.width() > layout::MINIMAP * 2.0 {
        follow_picture(look, facts, state, world, now);
        let view = MinimapView { world, seen, picture: &state.picture, side: layout::MINIMAP };
        if let Some(rect) = minimap::show(&ctx, look, free, &view, &mut state.map, actions) {
            between.max.x = rect.min.x;
            above.max.y = above.max.y.min(rect.min.y);
        }
    }
    let hovered = facts.selection.hovered.filter(|_| !facts.views.picture && shows(&HOVER_CARD));
    if let Some(agent) = state.hover.follow(hovered, now) {
        hover(ui, look, facts, agent, free);
    } else if hovered.is_some() {
        // The card opens after a moment even if nothing else moves.
        ctx.request_repaint_after(std::time::Duration::from_millis(30));
    }
    if shows(&LABELS) {
        let wanted = labels_of(ui, look, facts, state, now);
        labels::show(ui, look, free, &floats::taken(&ctx), &wanted, &mut state.placer);
    }
    Free { whole: free, between, above }
}

/// What the menu of pictures and films shows.
#[must_use]
pub fn pictures_view(facts: &Facts) -> PicturesView {
    let status = facts.status;
    let name = status.path.as_deref().and_then(std::path::Path::file_stem).map(|stem| stem.to_string_lossy());
    let name = name.unwrap_or_else(|| status.name.as_str().into());
    let capture = facts.views.capture;
    PicturesView {
        stem: format!("{name}-tick-{}", facts.simulation.tick()),
        folder: capture.folder.display().to_string(),
        filming: capture.filming(facts.views.now),
    }
}

/// The fields over the ground as the menu shows them.
#[must_use]
pub fn field_lines(facts: &Facts) -> Vec<(&'static LayerFacts, Vec<FieldLine>)> {
    let (world, tokens) = (facts.simulation.world(), facts.settings.tokens());
    let fields = facts.layers.fields_of(world).into_iter();
    fields
        .map(|field| {
            let layers = field.layers(world).into_iter();
            (field.facts, layers.map(|layer| FieldLine { hue: color(layer.color(tokens)), name: layer.name }).collect())
        })
        .collect()
}

fn world_rect(facts: &Facts) -> WorldRect {
    let bounds = facts.simulation.world().get_resource::<WorldBounds>().copied().unwrap_or_default();
    WorldRect::from_corners(bounds.min(), bounds.max())
}

/// Whether the view shows the whole world, or all but a hair of it.
fn shows_all(seen: WorldRect, world: WorldRect) -> bool {
    let slack = world.size() * 0.01;
    seen.min.cmple(world.min + slack).all() && seen.max.cmpge(world.max - slack).all()
}

fn key(facts: &Facts) -> (u64, u64) {
    (facts.simulation.generation(), facts.simulation.tick())
}

fn legend_view(look: &Look, facts: &Facts, state: &mut OverlayState, groups: &mut GroupCounts, now: f64) -> LegendView {
    follow_counts(facts, state, now);
    let (settings, views) = (facts.settings, &facts.views);
    let singles = settings.layers.shows(&AGENTS) && (views.drawn.singles > 0 || !views.drawn.density);
    let color = if singles { color_key(look, facts, state, groups) } else { ColorKey::None };
    let held = views.sight.held().filter(|held| held.judges);
    let density = settings.layers.shows(&AGENTS) && views.drawn.density;
    let trouble = state.counts.trouble;
    let amiss = match held {
        Some(held) => held.failed + held.suspected + held.poor > 0,
        None => trouble != TroubleKey::default(),
    };
    let tells_status = matches!(settings.color_by, ColorBy::Status) && singles;
    LegendView {
        eyes: eyes(facts),
        color,
        size: if singles { size_key(facts, &state.counts) } else { None },
        density: density.then(|| density_key(settings.theme)),
        amiss: (density && amiss).then(|| amiss_key(settings.theme)),
        hue: (!singles).then_some(look.info),
        trouble: if tells_status || held.is_some() { TroubleKey::default() } else { trouble },
        held: held.map(held_key),
        fields: field_keys(facts),
    }
}

fn eyes(facts: &Facts) -> String {
    match (facts.settings.lens, facts.views.sight.seen()) {
        (Lens::Truth, _) => String::new(),
        (Lens::System, _) if facts.views.sight.held().is_none_or(|held| held.judges) => "As the system sees it".into(),
        (Lens::System, _) => "Nobody in this scene judges agents: detectors and work do".into(),
        (Lens::Agent, None) => "Select an agent to see what it perceives".into(),
        (Lens::Agent, Some(seen)) => {
            let names = facts.simulation.world().resource::<AgentGroups>();
            let others = seen.agents.len().saturating_sub(1) as u64;
            let others = format::counted(others, "other", "others");
            format!("Through the eyes of {}: {others}", names.name_of(seen.eye))
        }
    }
}

fn held_key(held: &Held) -> HeldKey {
    let Held { failed, suspected, poor, unnoticed, wronged, .. } = *held;
    HeldKey { failed, suspected, poor, unnoticed, wronged }
}

fn follow_counts(facts: &Facts, state: &mut OverlayState, now: f64) {
    let world = facts.simulation.world();
    let OverlayState { counts, counts_pace, counted_for, .. } = state;
    if counted_for.as_ref() != Some(&facts.settings.color_by) {
        *counted_for = Some(facts.settings.color_by.clone());
        counts_pace.reset();
    }
    counts_pace.at_most_some(key(facts), now, facts.views.exact, || {
        *counts = Counts {
            agents: facts.simulation.agents() as u64,
            kinds: facts.views.columns.color().map(Column::counts).unwrap_or_default(),
            top_speed: top_speed(facts.simulation, facts.layers),
            trouble: TroubleKey::default(),
        };
        let Some(mut conditions) = world.try_query::<&Condition>() else { return };
        for condition in conditions.iter(world) {
            match condition.status {
                Status::Failed => counts.trouble.failed += 1,
                Status::Frozen => counts.trouble.frozen += 1,
                Status::Active if degraded(condition) => counts.trouble.degraded += 1,
                Status::Active => {}
            }
        }
    });
}

fn color_key(look: &Look, facts: &Facts, state: &OverlayState, groups: &mut GroupCounts) -> ColorKey {
    let (settings, counts) = (facts.settings, &state.counts);
    let theme = settings.theme;
    let scale = |title: &str, unit: &str, scale: ColorScale, marks: Vec<String>| {
        ColorKey::Scale(ScaleKey {
            title: title.into(),
            unit: unit.into(),
            ramp: ramp_of(|at| scale.on(theme, at)),
            marks,
        })
    };
    match &settings.color_by {
        ColorBy::Group => {
            let groups = groups.follow(facts.simulation.generation(), facts.simulation.world());
            let rows = groups.iter().enumerate();
            let rows = rows.map(|(at, group)| CategoryRow {
                tint: look.category(at),
                name: group.name.clone(),
                count: group.count,
                select: Some(Selector::Named(group.name.clone())),
            });
            let rows = rows.collect();
            ColorKey::Categories(CategoryKey { title: "Group".into(), rows })
        }
        ColorBy::Speed => scale("Speed", "units/s", ColorScale::Viridis, scale_marks(0.0, f64::from(counts.top_speed))),
        ColorBy::Heading => {
            let marks = ["→", "↑", "←", "↓", "→"].map(String::from).to_vec();
            scale("Heading", "", ColorScale::Cyclic, marks)
        }
        ColorBy::Health => {
            let marks = [0.0, 0.5, 1.0].map(format::percent).to_vec();
            scale("Health", "", scale_of(&settings.color_by), marks)
        }
        ColorBy::Status => {
            let tokens = settings.tokens();
            // What the system holds of agents has its own part of the legend.
            if facts.views.sight.held().is_some() {
                return ColorKey::None;
            }
            let TroubleKey { failed, frozen, degraded } = counts.trouble;
            let active = counts.agents.saturating_sub(failed + frozen + degraded);
            let rows = [
                (tokens.info, "Active", active, None),
                (tokens.warning, "Degraded", degraded, None),
                (tokens.danger, "Failed", failed, Some(Status::Failed)),
                (tokens.secondary, "Frozen", frozen, Some(Status::Frozen)),
            ];
            let rows = rows.into_iter().map(|(tint, name, count, status)| CategoryRow {
                tint: color(tint),
                name: name.into(),
                count,
                select: status.map(Selector::HasStatus),
            });
            let rows = rows.collect();
            ColorKey::Categories(CategoryKey { title: "Status".into(), rows })
        }
        ColorBy::Id => ColorKey::None,
        ColorBy::Quantity(_) => facts.views.columns.color().map_or(ColorKey::None, |column| match &column.kind {
            ColumnKind::Categories(names) => {
                let rows = names.iter().enumerate();
                let count = |at: usize| counts.kinds.get(at).copied().unwrap_or(0);
                let rows = rows.map(|(at, name)| CategoryRow {
                    tint: look.category(at),
                    name: name.clone(),
                    count: count(at),
                    select: None,
                });
                let rows = rows.collect();
                ColorKey::Categories(CategoryKey { title: titled(&column.name), rows })
            }
            _ => {
                let (low, high) = column.range;
                scale(&titled(&column.name), &column.unit, column.scale(), scale_marks(low.into(), high.into()))
            }
        }),
    }
}

/// A quantity's name as a title: what is a word begins with a capital, what is a path stays as it is written.
fn titled(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if !name.contains(['.', '_', ':']) => first.to_uppercase().chain(letters).collect(),
        _ => name.to_owned(),
    }
}

/// A scale's colours at even steps.
fn ramp_of(at: impl Fn(f32) -> Rgba8) -> Vec<Color32> {
    /// Enough that the steps can't be seen.
    const STEPS: u8 = 48;
    (0..=STEPS).map(|step| color(at(f32::from(step) / f32::from(STEPS)))).collect()
}

/// The numbers at both ends of a scale and in its middle, with as many places as tell them apart.
fn scale_marks(low: f64, high: f64) -> Vec<String> {
    let span = (high - low).abs();
    let places = if span > 0.0 && span.is_finite() { (2.0 - span.log10().floor()).clamp(0.0, 6.0) as usize } else { 2 };
    let whole = |value: f64| (value - value.round()).abs() < 1e-9;
    let middle = (low + high) / 2.0;
    let places = if [low, middle, high].into_iter().all(whole) { 0 } else { places };
    [low, middle, high].map(|value| format::fixed(value, places)).to_vec()
}

fn size_key(facts: &Facts, counts: &Counts) -> Option<SizeKey> {
    let ends = |low: f64, high: f64, unit: &str| [format::with_unit(low, unit), format::with_unit(high, unit)];
    match &facts.settings.size_by {
        SizeBy::Uniform => None,
        SizeBy::Speed => {
            Some(SizeKey { title: "speed".into(), ends: ends(0.0, f64::from(counts.top_speed), "units/s") })
        }
        SizeBy::Health => Some(SizeKey { title: "health".into(), ends: [0.0, 1.0].map(format::percent) }),
        SizeBy::Quantity(_) => {
            let column = facts.views.columns.size()?;
            let round = |value: f32| format!("{value:.3}").parse().unwrap_or(f64::from(value));
            Some(SizeKey {
                title: column.name.clone(),
                // What is counted in what it is called needs no unit beside its title.
                ends: ends(
                    round(column.range.0),
                    round(column.range.1),
                    if column.unit == column.name { "" } else { &column.unit },
                ),
            })
        }
    }
}

fn density_key(theme: agent2028_view::Theme) -> ScaleKey {
    // The map is drawn over the logarithm: half-way along the scale lies √(1 + densest) − 1.
    let middle = (1.0 + f64::from(DENSEST)).sqrt() - 1.0;
    ScaleKey {
        title: "Density".into(),
        unit: "× mean".into(),
        ramp: ramp_of(|at| density_color(theme, at)),
        marks: [0.0, middle, f64::from(DENSEST)].map(|value| format::fixed(value, 0)).to_vec(),
    }
}

/// How the density map tells which part of the agents at a place is not in order.
fn amiss_key(theme: agent2028_view::Theme) -> ScaleKey {
    /// Where the mean density lies on the map's scale: ln 2 / ln (1 + densest).
    const MEAN: f32 = 0.18;
    ScaleKey {
        title: "Not in order".into(),
        unit: "of all there".into(),
        ramp: ramp_of(|part| amiss_color(theme, MEAN, part)),
        marks: [0.0, 0.5, 1.0].map(format::percent).to_vec(),
    }
}

fn field_keys(facts: &Facts) -> Vec<(&'static str, Vec<FieldKey>)> {
    let (world, layers) = (facts.simulation.world(), &facts.settings.layers);
    let fields = facts.layers.fields_of(world).into_iter().filter(|field| layers.shows(field.facts));
    let keys = fields.map(|field| {
        let shown = field.layers(world).into_iter().filter(|layer| layers.shows_field(&layer.name));
        let keys = shown.map(|layer| FieldKey {
            ramp: layer.ramp(facts.settings).map(color).to_vec(),
            maximum: f64::from(layer.maximum),
            name: layer.name,
        });
        (field.facts.label, keys.collect::<Vec<_>>())
    });
    keys.filter(|(_, keys)| !keys.is_empty()).collect()
}

/// How many columns or rows the minimap's picture has along its longer side.
const MAP_CELLS: f32 = 96.0;

fn follow_picture(look: &Look, facts: &Facts, state: &mut OverlayState, area: WorldRect, now: f64) {
    let world = facts.simulation.world();
    let OverlayState { picture, picture_pace, .. } = state;
    picture_pace.at_most_some(key(facts), now, facts.views.exact, || {
        let cells = area.size() / area.size().max_element() * MAP_CELLS;
        let (columns, rows) = ((cells.x.ceil() as usize).max(1), (cells.y.ceil() as usize).max(1));
        let mut counts = vec![0_u32; columns * rows];
        if let Some(mut places) = world.try_query::<(&Agent, &Position)>() {
            let per_unit = Vec2::new(columns as f32, rows as f32) / area.size();
            for (_, position) in places.iter(world) {
                let at = (position.0 - area.min) * per_unit;
                // What lies outside, or isn't a number, is left out.
                if at.cmpge(Vec2::ZERO).all() && at.x < columns as f32 && at.y < rows as f32 {
                    counts[(rows - 1 - at.y as usize) * columns + at.x as usize] += 1;
                }
            }
        }
        let most = counts.iter().copied().max().unwrap_or(0).max(1) as f32;
        let span = 1.0 / ops::ln(1.0 + most);
        let table = ColorScale::Viridis.table_on(look.theme);
        let shade = |count: &u32| {
            if *count == 0 {
                return Color32::TRANSPARENT;
            }
            let share = ops::ln(1.0 + *count as f32) * span;
            color(table[(share * 255.0) as usize])
        };
        let pixels = counts.iter().map(shade).collect();
        *picture = MinimapPicture { size: [columns, rows], pixels, version: picture.version + 1 };
    });
}

fn agent_clearance(facts: &Facts) -> f32 {
    let bounds = facts.simulation.world().get_resource::<WorldBounds>().copied().unwrap_or_default();
    let size = AgentSize::new(&bounds, facts.simulation.agents(), 1.0 / facts.camera.units_per_pixel);
    size.length.max(marks::DART.0) * 0.65 + spacing::NORMAL
}

fn hover(ui: &Ui, look: &Look, facts: &Facts, agent: AgentId, free: Rect) -> Option<Rect> {
    let world = facts.simulation.world();
    let gathered = AgentFacts::of(world, agent)?;
    let zoom = ui.ctx().zoom_factor();
    let at = facts.camera.world_to_window(facts.viewport, gathered.position) / zoom;
    let group = gathered.group.as_ref().map_or(0, |(group, _)| *group);
    let quantity = facts.views.columns.color().and_then(|column| {
        let value = column.value(agent)?;
        let text = match &column.kind {
            ColumnKind::Categories(names) => names.get(value as usize)?.clone(),
            _ => format::with_unit(f64::from(value), &column.unit),
        };
        Some((column.name.clone(), text))
    });
    let view = HoverView {
        agent: &gathered,
        group_color: look.category(group),
        quantity,
        at: pos2(at.x, at.y),
        clearance: agent_clearance(facts) / zoom,
    };
    hover_card::show(ui.ctx(), look, free, &view)
}

/// Most labels of a kind.
const MOST_LABELS: usize = 24;
/// Flocks of fewer agents have a hull but no label.
const LEAST_FLOCK: usize = 8;

fn labels_of(ui: &Ui, look: &Look, facts: &Facts, state: &mut OverlayState, now: f64) -> Vec<Label> {
    let world = facts.simulation.world();
    let zoom = ui.ctx().zoom_factor();
    let place = |point: Vec2| facts.camera.world_to_window(facts.viewport, point) / zoom;
    let length = |units: f32| units / facts.camera.units_per_pixel / zoom;
    let mut labels = Vec::new();
    let (Some(names), Some(index)) = (world.get_resource::<AgentGroups>(), world.get_resource::<AgentIndex>()) else {
        return labels;
    };
    let clearance = agent_clearance(facts) / zoom;
    let mut agent = |agent: AgentId, kind: LabelKind| {
        if let Some(position) = index.get(agent).and_then(|entity| world.get::<Position>(entity)) {
            let flag = if kind == LabelKind::Pinned { marks::FLAG.0 / zoom } else { 0.0 };
            labels.push(Label {
                kind,
                number: agent.0,
                text: names.name_of(agent),
                tint: look.accent,
                at: place(position.0),
                clearance: clearance + flag,
                weight: 1.0,
            });
        }
    };
    let selected = &facts.selection.selected;
    selected.iter().take(MOST_LABELS).for_each(|id| agent(*id, LabelKind::Selected));
    let pinned = facts.views.pins.0.iter().filter(|id| !facts.selection.contains(**id));
    pinned.take(MOST_LABELS).for_each(|id| agent(*id, LabelKind::Pinned));
    for rank in [LabelRank::Place, LabelRank::Detail] {
        let of_layers = facts.layers.labels(world, facts.settings).into_iter().filter(|label| label.rank == rank);
        for (at, label) in of_layers.enumerate().take(MOST_LABELS) {
            let (kind, tint) = match rank {
                LabelRank::Place => (LabelKind::Place, look.text),
                LabelRank::Detail => (LabelKind::Detail, look.secondary),
            };
            labels.push(Label {
                kind,
                number: at as u32,
                text: label.text,
                tint,
                at: place(label.at),
                clearance: length(label.radius).max(marks::DART.0) + spacing::TIGHT,
                weight: label.weight,
            });
        }
    }
    let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
    if facts.settings.layers.shows(&HULLS) {
        let told = facts.views.hulls.list().iter().filter(|hull| hull.agents >= LEAST_FLOCK);
        for (at, hull) in told.enumerate().take(MOST_LABELS) {
            let name = hull.group.and_then(|group| names.get(group)).map(|group| format!("{} · ", group.name));
            labels.push(Label {
                kind: LabelKind::Flock,
                number: at as u32,
                text: format!("{}{}", name.unwrap_or_default(), format::count(hull.agents as u64)),
                tint: look.text,
                at: place(bounds.enter(hull.center)),
                clearance: spacing::NORMAL,
                weight: hull.agents as f32,
            });
        }
    } else {
        follow_centers(facts, state, &bounds, now);
        for (number, center) in state.centers.iter().enumerate().take(MOST_LABELS) {
            let Some(group) = names.groups().get(center.group) else { continue };
            labels.push(Label {
                kind: LabelKind::Group,
                number: number as u32,
                text: group.name.clone(),
                tint: look.category(center.group),
                at: place(center.at),
                clearance: spacing::SECTION,
                weight: center.agents as f32,
            });
        }
    }
    labels
}

/// Where a group is, if it is in one place.
#[derive(Clone, Copy, Debug, PartialEq)]
struct GroupCenter {
    group: usize,
    at: Vec2,
    agents: usize,
}

/// More groups than this have no labels of their own.
const FEW_GROUPS: usize = 24;
/// A group spread over no more than this part of the world is in one place …
const COMPACT: f32 = 0.1;
/// … and so is one that is spread over no more than this part of the spread of all agents together: it stands apart from the
/// others, as far as …
const APART: f32 = 0.5;
/// … it isn't spread over more than this part of the world.
const WIDEST: f32 = 0.25;

fn follow_centers(facts: &Facts, state: &mut OverlayState, bounds: &WorldBounds, now: f64) {
    let world = facts.simulation.world();
    let OverlayState { centers, centers_pace, .. } = state;
    centers_pace.at_most_some(key(facts), now, facts.views.exact, || {
        centers.clear();
        let (Some(groups), Some(mut agents)) =
            (world.get_resource::<AgentGroups>(), world.try_query::<(&Agent, &Position)>())
        else {
            return;
        };
        let count = groups.groups().len();
        if !(2..=FEW_GROUPS).contains(&count) {
            return;
        }
        let mut spreads = vec![Spread::default(); count];
        let mut all = Spread::default();
        for (agent, position) in agents.iter(world) {
            all.add(position.0, bounds);
            let group = groups.group_of(agent.0).map(|group| usize::from(group.0));
            if let Some(spread) = group.and_then(|group| spreads.get_mut(group)) {
                spread.add(position.0, bounds);
            }
        }
        let limit = widest(&all, bounds);
        centers.extend(spreads.iter().enumerate().filter_map(|(group, spread)| {
            Some(GroupCenter { group, at: spread.center(bounds, limit)?, agents: spread.count })
        }));
    });
}

/// How widely a group may be spread that is in one place, when all agents are spread like this.
fn widest(all: &Spread, bounds: &WorldBounds) -> f32 {
    let world = bounds.size.max_element();
    (all.width() * APART).min(world * WIDEST).max(world * COMPACT)
}

/// How places are spread, on a torus around it.
#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    /// The place that the others are measured from.
    first: Vec2,
    sum: Vec2,
    squares: Vec2,
    count: usize,
}

impl Spread {
    fn add(&mut self, place: Vec2, bounds: &WorldBounds) {
        if !place.is_finite() {
            return;
        }
        if self.count == 0 {
            self.first = place;
        }
        let from_first = bounds.delta(self.first, place);
        self.sum += from_first;
        self.squares += from_first * from_first;
        self.count += 1;
    }

    fn mean(&self) -> Vec2 {
        self.sum / self.count.max(1) as f32
    }

    /// How far from the middle the places lie: the root of the mean square.
    fn width(&self) -> f32 {
        let (count, mean) = (self.count.max(1) as f32, self.mean());
        (self.squares / count - mean * mean).max(Vec2::ZERO).element_sum().sqrt()
    }

    /// The middle, if the places lie no farther from it than this.
    fn center(&self, bounds: &WorldBounds, limit: f32) -> Option<Vec2> {
        (self.count > 0 && self.width() <= limit).then(|| bounds.enter(self.first + self.mean()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::space::Edge;

    #[test]
    fn marks_have_as_many_places_as_tell_them_apart() {
        assert_eq!(scale_marks(0.0, 120.0), ["0", "60", "120"]);
        assert_eq!(scale_marks(0.0, 3.3), ["0.00", "1.65", "3.30"]);
        assert_eq!(scale_marks(-0.02, 0.02), ["\u{2212}0.0200", "0.0000", "0.0200"]);
        assert_eq!(scale_marks(5.0, 5.0), ["5", "5", "5"]);
    }

    #[test]
    fn a_group_has_a_place_only_if_it_is_in_one() {
        let bounds = WorldBounds { size: Vec2::splat(100.0), edge: Edge::Wrap };
        let center = |places: &[(f32, f32)]| {
            let mut spread = Spread::default();
            places.iter().for_each(|place| spread.add(Vec2::from(*place), &bounds));
            spread.center(&bounds, 10.0)
        };
        let across = center(&[(49.0, 0.0), (-49.0, 2.0), (-47.0, 1.0)]).unwrap();
        assert!(across.abs_diff_eq(Vec2::new(-49.0, 1.0), 1e-3), "{across}");
        assert_eq!(center(&[(-40.0, 0.0), (0.0, 0.0), (40.0, 30.0)]), None);
        assert_eq!(center(&[]), None);
    }

    #[test]
    fn groups_that_stand_apart_have_places_however_wide_they_are() {
        let bounds = WorldBounds { size: Vec2::new(800.0, 450.0), edge: Edge::Bounce };
        let named = |rings: &[(f32, f32)]| {
            let mut spreads = vec![Spread::default(); rings.len()];
            let mut all = Spread::default();
            for (spread, (x, radius)) in spreads.iter_mut().zip(rings) {
                for at in 0..16_u8 {
                    let angle = f32::from(at) / 16.0 * std::f32::consts::TAU;
                    let place = Vec2::new(x + radius * ops::cos(angle), radius * ops::sin(angle));
                    spread.add(place, &bounds);
                    all.add(place, &bounds);
                }
            }
            spreads.iter().filter(|spread| spread.center(&bounds, widest(&all, &bounds)).is_some()).count()
        };
        // Those of the scene of a network of trust: the first one is a little wider than a tenth of the world.
        assert_eq!(named(&[(-200.0, 90.0), (-40.0, 70.0), (120.0, 70.0), (260.0, 80.0)]), 4);
        assert_eq!(named(&[(0.0, 150.0), (0.0, 150.0)]), 0, "they are among each other");
        assert_eq!(named(&[(0.0, 150.0), (0.0, 40.0)]), 1);
    }

    #[test]
    fn the_map_is_needed_only_when_something_is_out_of_sight() {
        let world = WorldRect::from_center_size(Vec2::ZERO, Vec2::splat(100.0));
        assert!(shows_all(WorldRect::from_center_size(Vec2::ZERO, Vec2::new(300.0, 100.0)), world));
        assert!(!shows_all(WorldRect::from_center_size(Vec2::ZERO, Vec2::new(300.0, 90.0)), world));
        assert!(!shows_all(WorldRect::from_center_size(Vec2::splat(20.0), Vec2::splat(110.0)), world));
    }
}
