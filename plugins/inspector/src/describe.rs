//! The interface as a table in a file: what is where, for scripts that operate the window.
//!
//! A line per thing, columns separated by tabs: role, name, value, left, top, width, height; places in physical pixels of
//! the window. Roles are AccessKit's in lower case (`button`, `slider`, `checkbox` …), and of our own: `world` is the part
//! of the window that shows the world, `clock` the tick with `playing` or `paused`, `agent` an agent that is visible there,
//! and `selected` one that is selected. `text` is a line of text as it is seen, with what is wrong with it as its value:
//! `cut` at an edge, `overlapped` by something else, `glyphless` for a letter; `elided` is no fault. `window` is all of
//! it: its name is how many frames have been drawn, its value the scale of the interface.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use agent2028_core::agent::{Agent, AgentGroups, AgentId, Position};
use agent2028_core::checkpoint::write_atomically;
use agent2028_core::simulation::Simulation;
use agent2028_core::transport::Transport;
use agent2028_view::{Redraw, Selection, Viewport, WorldCamera};
use bevy::prelude::*;
use bevy::time::Real;
use bevy_egui::egui::accesskit::{Node, NodeId, Role, TreeUpdate};
use bevy_egui::{EguiContext, EguiFullOutput, EguiOutput};

use crate::texts::{self, Said, SeenText, TextFault};

/// How often the file is written, in seconds.
const EVERY_S: f64 = 0.25;
/// How many visible agents are listed at most: those nearest to the middle.
const MOST_AGENTS: usize = 50;

/// Asks for the description of the interface, and says where to.
#[derive(Resource, Clone, Debug)]
pub struct DescribeInterface {
    /// The file; it is replaced as a whole each time.
    pub file: PathBuf,
}

/// The texts of the last frame that was laid out.
#[derive(Resource, Default)]
pub(crate) struct LastTexts(Vec<SeenText>);

pub(crate) fn read_texts(mut contexts: Query<(&mut EguiContext, &EguiFullOutput)>, mut last: ResMut<LastTexts>) {
    for (mut context, output) in &mut contexts {
        if let Some(output) = &output.0 {
            last.0 = {
                let said = Said::of(output.platform_output.accesskit_update.as_ref());
                texts::seen(context.get_mut(), &output.shapes, &said)
            };
        }
    }
}

pub(crate) fn describe(
    wanted: Res<DescribeInterface>,
    time: Res<Time<Real>>,
    simulation: Res<Simulation>,
    transport: Res<Transport>,
    camera: Res<WorldCamera>,
    viewport: Res<Viewport>,
    selection: Res<Selection>,
    texts: Res<LastTexts>,
    mut redraw: ResMut<Redraw>,
    mut contexts: Query<(&mut EguiContext, &EguiOutput)>,
    mut next: Local<f64>,
    mut nodes: Local<BTreeMap<NodeId, Node>>,
    mut written: Local<String>,
) {
    for (mut context, output) in &mut contexts {
        context.get_mut().enable_accesskit();
        // Updates tell what is new; what a frame doesn't repeat is still there only if the tree names it.
        if let Some(update) = &output.platform_output.accesskit_update {
            adopt(update, &mut nodes);
        }
    }
    if time.elapsed_secs_f64() < *next {
        if redraw.draws() {
            // What is drawn now is told a little later, even if nothing else happens until then.
            redraw.look_at(*next);
        }
        return;
    }
    *next = time.elapsed_secs_f64() + EVERY_S;
    let scale = viewport.scale_factor;
    let points = contexts.iter().next().map_or(scale, |(_, output)| output.pixels_per_point);
    let mut text = String::new();
    let window = Rect::from_corners(Vec2::ZERO, viewport.window * scale);
    line(&mut text, "window", &redraw.drawn().to_string(), &format!("{}", points / scale), window);
    let state = if transport.playing { "playing" } else { "paused" };
    line(&mut text, "clock", &simulation.tick().to_string(), state, Rect::default());
    let world = viewport.rect();
    line(&mut text, "world", "", "", Rect::from_corners(world.min * scale, world.max * scale));
    for agent in &selection.selected {
        line(&mut text, "selected", &AgentGroups::name_in(simulation.world(), *agent), "", Rect::default());
    }
    for (agent, at) in visible(&simulation, &camera, &viewport) {
        line(
            &mut text,
            "agent",
            &AgentGroups::name_in(simulation.world(), agent),
            "",
            Rect::from_center_size(at * scale, Vec2::ONE),
        );
    }
    for node in nodes.values() {
        if let Some(bounds) = node.bounds() {
            let place = Rect::new(bounds.x0 as f32, bounds.y0 as f32, bounds.x1 as f32, bounds.y1 as f32);
            let place = Rect::from_corners(place.min * points, place.max * points);
            let number = node.numeric_value().map(|value| value.to_string());
            let value = node.value().map(str::to_owned).or(number).unwrap_or_default();
            let role = format!("{:?}", node.role()).to_lowercase();
            line(&mut text, &role, node.label().unwrap_or_default(), &value, place);
        }
    }
    for seen in &texts.0 {
        let value = seen.fault.map_or(if seen.elided { "elided" } else { "" }, TextFault::name);
        let (min, max) = (seen.ink.min * points, seen.ink.max * points);
        line(&mut text, "text", &seen.text, value, Rect::new(min.x, min.y, max.x, max.y));
    }
    if *written == text {
        return;
    }
    if let Err(error) = write_atomically(&wanted.file, text.as_bytes()) {
        tracing::warn!("{}: {error}", wanted.file.display());
    }
    *written = text;
}

fn adopt(update: &TreeUpdate, nodes: &mut BTreeMap<NodeId, Node>) {
    nodes.clear();
    nodes.extend(
        update
            .nodes
            .iter()
            .filter(|(_, node)| !matches!(node.role(), Role::Window | Role::GenericContainer | Role::Unknown))
            .cloned(),
    );
}

/// The visible agents that are nearest to the middle, nearest first, and where they are in logical pixels.
fn visible(simulation: &Simulation, camera: &WorldCamera, viewport: &Viewport) -> Vec<(AgentId, Vec2)> {
    let world = simulation.world();
    let Some(mut query) = world.try_query::<(&Agent, &Position)>() else {
        return Vec::new();
    };
    let rect = viewport.rect();
    let mut agents: Vec<(AgentId, Vec2)> = query
        .iter(world)
        .map(|(agent, position)| (agent.0, camera.world_to_window(viewport, position.0)))
        .filter(|(_, at)| rect.contains(*at))
        .collect();
    let far = |at: Vec2| at.distance_squared(rect.center());
    agents.sort_by(|(a, at), (b, bt)| far(*at).total_cmp(&far(*bt)).then(a.cmp(b)));
    agents.truncate(MOST_AGENTS);
    agents
}

fn line(text: &mut String, role: &str, name: &str, value: &str, place: Rect) {
    let clean = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    let (at, size) = (place.min.round(), place.size().round());
    // Writing to a String can't fail.
    let _ = writeln!(text, "{role}\t{}\t{}\t{}\t{}\t{}\t{}", clean(name), clean(value), at.x, at.y, size.x, size.y);
}
