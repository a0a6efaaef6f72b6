//! What a frame consists of: the simulation's world turned into shapes, pictures and agents.

mod agents;
mod ground;
mod hulls;
mod sketch;

use agent2028_core::agent::AgentGroups;
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use bevy::math::Rect;

use crate::agents::{AgentInstance, AgentSize, Canvas, Density, LookFacts};
use crate::columns::Columns;
use crate::field::HeatMap;
use crate::guests::WorldLayers;
use crate::hulls::Hulls;
use crate::layer::{LayerInput, TRAILS};
use crate::paint::{Painter, Projection};
use crate::selection::{Aimed, Pins, Selection};
use crate::settings::{AgentStyle, ViewSettings};
use crate::sight::{Held, Seen};
use crate::tool::Tools;
use crate::trails::Trails;

/// From this many visible agents on, a software adapter gets them as an image: it draws a triangle in about 0.8 µs.
const IMAGE_FROM: usize = 20_000;

/// What is read to compose a frame.
#[derive(Clone, Copy)]
pub(crate) struct FrameInput<'a> {
    pub simulation: &'a Simulation,
    pub settings: &'a ViewSettings,
    pub selection: &'a Selection,
    pub pins: &'a Pins,
    pub aimed: &'a Aimed,
    pub trails: &'a Trails,
    pub hulls: &'a Hulls,
    pub columns: &'a Columns,
    /// Through whose eyes the world is drawn, if it isn't drawn as it is.
    pub seen: Option<&'a Seen>,
    /// What the system holds of agents, if the world is drawn as it sees it.
    pub held: Option<&'a Held>,
    pub tools: &'a Tools,
    /// What plugins draw.
    pub layers: &'a WorldLayers,
    pub projection: Projection,
    /// Speed at the end of the colour scale, in world units per second; 0 if nothing tells speeds.
    pub top_speed: f32,
    /// Whether triangles are drawn by software.
    pub software: bool,
}

impl<'a> FrameInput<'a> {
    pub(crate) fn bounds(&self) -> WorldBounds {
        self.simulation.world().get_resource::<WorldBounds>().copied().unwrap_or_default()
    }

    /// What layers of plugins read.
    fn layer(&self, size: &AgentSize) -> LayerInput<'a> {
        let Self { simulation, settings, selection, projection, .. } = *self;
        LayerInput { simulation, settings, selection, projection, agent_length: size.length }
    }

    /// What tells how agents look; none if there are no groups.
    pub(crate) fn looks(&self) -> Option<LookFacts<'a>> {
        Some(LookFacts {
            settings: self.settings,
            groups: self.simulation.world().get_resource::<AgentGroups>()?,
            top_speed: self.top_speed,
            columns: self.columns,
            seen: self.seen,
            held: self.held,
        })
    }

    /// What can be seen of the world, in logical pixels: what lies beyond its edges isn't part of it.
    fn inside(&self) -> Rect {
        let rect = self.projection.rect;
        let bounds = self.bounds();
        if bounds.edge == agent2028_core::space::Edge::Open {
            rect
        } else {
            self.projection.world(&bounds).intersect(rect)
        }
    }
}

/// How agents are drawn in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AgentRoute {
    /// One instance each.
    #[default]
    Instances,
    /// Painted into the canvas.
    Canvas,
}

/// A composed frame. Everything is kept from frame to frame, so that nothing is allocated in a steady state.
#[derive(Default)]
pub(crate) struct Frame {
    pub painter: Painter,
    /// Where among the painter's indices end: the ground, hulls, what lies below the agents, the veil over it.
    pub ends: [u32; 4],
    /// Hulls and veil are drawn in this part of the window only, in logical pixels.
    pub inside: Rect,
    pub heat: HeatMap,
    pub density: Density,
    pub canvas: Canvas,
    pub shows_density: bool,
    pub route: AgentRoute,
    /// Single agents drawn last time, whichever the route: decides the route of the next frame.
    pub visible: usize,
}

impl Frame {
    /// Composes everything but single agents, which go straight to where they are drawn ([`Frame::agents`]).
    pub(crate) fn compose(&mut self, input: &FrameInput) {
        let size = AgentSize::new(&input.bounds(), input.simulation.agents(), input.projection.pixels_per_unit);
        self.route = self.choose_route(input);
        self.painter.begin(input.projection.scale_factor);
        ground::paint(&mut self.painter, input);
        self.ends[0] = self.painter.indices().len() as u32;
        let fields = input.layers.fields_of(input.simulation.world());
        self.heat.update(input.simulation, input.settings, &input.projection, &fields);
        self.inside = input.inside();
        hulls::paint_hulls(&mut self.painter, input);
        self.ends[1] = self.painter.indices().len() as u32;
        input.layers.paint(&mut self.painter, &input.layer(&size));
        let trails_in_canvas = input.software && input.settings.layers.shows(&TRAILS);
        if self.route == AgentRoute::Canvas || trails_in_canvas {
            self.canvas.begin(input.projection.rect, input.projection.scale_factor);
        } else {
            self.canvas.clear();
        }
        if input.settings.layers.shows(&TRAILS) {
            let canvas = trails_in_canvas.then_some(&mut self.canvas);
            if let Some(looks) = input.looks() {
                let world = input.simulation.world();
                input.trails.paint(&mut self.painter, canvas, world, &looks, &input.projection);
            }
        }
        self.ends[2] = self.painter.indices().len() as u32;
        hulls::paint_veil(&mut self.painter, input);
        self.ends[3] = self.painter.indices().len() as u32;
        hulls::paint_border(&mut self.painter, input);
        agents::paint_overlay(&mut self.painter, input, &size);
        sketch::paint(&mut self.painter, input, &size);
    }

    /// Draws the agents: instances go to `put`, others into canvas and density map.
    pub(crate) fn agents(&mut self, input: &FrameInput, put: &mut impl FnMut(AgentInstance)) {
        let size = AgentSize::new(&input.bounds(), input.simulation.agents(), input.projection.pixels_per_unit);
        agents::draw(self, input, &size, put);
    }

    /// How many instances [`Frame::agents`] puts at most, once the frame is composed.
    pub(crate) fn most_instances(&self, input: &FrameInput) -> usize {
        let size = AgentSize::new(&input.bounds(), input.simulation.agents(), input.projection.pixels_per_unit);
        agents::most_instances(self, input, &size)
    }

    fn choose_route(&self, input: &FrameInput) -> AgentRoute {
        match input.settings.agent_style {
            AgentStyle::Instanced => AgentRoute::Instances,
            AgentStyle::Image => AgentRoute::Canvas,
            AgentStyle::Auto => {
                // A tenth less on the way back, so that the route doesn't flutter around the limit.
                let limit = if self.route == AgentRoute::Canvas { IMAGE_FROM - IMAGE_FROM / 10 } else { IMAGE_FROM };
                // Before the first frame nothing is known of what is visible: all are.
                let visible = if self.visible == 0 { input.simulation.agents() } else { self.visible };
                if input.software && visible > limit { AgentRoute::Canvas } else { AgentRoute::Instances }
            }
        }
    }
}
