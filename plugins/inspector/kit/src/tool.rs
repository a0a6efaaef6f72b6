//! Tools that register themselves: what is drawn in the world becomes interventions.

use agent2028_core::intervention::AnyIntervention;
use agent2028_core::simulation::Simulation;
use agent2028_view::{Drawing, ObstacleShape, ToolFacts};
use bevy::prelude::World;
use bevy_egui::egui::Ui;

use crate::context::PanelContext;
use crate::states::{State, States};

/// What comes of a drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolEffect {
    /// What is done to the simulation.
    pub interventions: Vec<AnyIntervention>,
    /// What was done, in words: "Spawned 100 ant".
    pub words: String,
}

impl ToolEffect {
    /// One intervention, and what it does in words.
    #[must_use]
    pub fn new(intervention: impl Into<AnyIntervention>, words: impl Into<String>) -> Self {
        Self { interventions: vec![intervention.into()], words: words.into() }
    }
}

/// Something to take in hand.
pub trait Tool: 'static {
    /// What it makes, beside place and size.
    type Options: State;

    /// What is to know about it before it is taken in hand.
    const FACTS: ToolFacts;

    /// Why it is of no use where no [`ToolPart`] applies: "Nobody heeds obstacles". A tool that needs no parts says nothing.
    const WITHOUT_PARTS: Option<&'static str> = None;

    /// Why it can't be used in this world; `None` if it can.
    #[must_use]
    fn missing(world: &World) -> Option<String> {
        let _ = world;
        None
    }

    /// What to do with the pointer, and what keys change.
    #[must_use]
    fn hint(shape: ObstacleShape) -> &'static str;

    /// Draws its options.
    fn options(ui: &mut Ui, context: &mut PanelContext, options: &mut Self::Options) {
        let _ = (ui, context, options);
    }

    /// How many agents it would bring, for the preview.
    #[must_use]
    fn ghosts(options: &Self::Options) -> u32 {
        let _ = options;
        0
    }

    /// What comes of a drawing; none if nothing does.
    #[must_use]
    fn make(drawing: &Drawing, options: &Self::Options, simulation: &Simulation) -> Option<ToolEffect> {
        let _ = (drawing, options, simulation);
        None
    }
}

/// What a plugin adds to a tool that is not its own: it has options beside those of the tool, and does more.
pub trait ToolPart: 'static {
    /// What it makes, beside place and size.
    type Options: State;

    /// The key of the tool.
    const TOOL: &'static str;

    /// The section of the scene that it needs.
    const SECTION: &'static str;

    /// Whether it does anything in this world.
    #[must_use]
    fn applies(world: &World) -> bool;

    /// Draws its options.
    fn options(ui: &mut Ui, context: &mut PanelContext, options: &mut Self::Options) {
        let _ = (ui, context, options);
    }

    /// What comes of a drawing; none if nothing does.
    #[must_use]
    fn make(drawing: &Drawing, options: &Self::Options, simulation: &Simulation) -> Option<ToolEffect> {
        let _ = (drawing, options, simulation);
        None
    }
}

/// A tool that was registered.
#[derive(Clone, Copy, Debug)]
pub struct ToolEntry {
    /// What is to know about it before it is taken in hand.
    pub facts: &'static ToolFacts,
    without_parts: Option<&'static str>,
    missing: fn(&World) -> Option<String>,
    hint: fn(ObstacleShape) -> &'static str,
    options: fn(&mut Ui, &mut PanelContext),
    ghosts: fn(&mut States) -> u32,
    make: fn(&Drawing, &mut States, &Simulation) -> Option<ToolEffect>,
}

/// A part of a tool that was registered.
#[derive(Clone, Copy, Debug)]
struct PartEntry {
    tool: &'static str,
    section: &'static str,
    applies: fn(&World) -> bool,
    options: fn(&mut Ui, &mut PanelContext),
    make: fn(&Drawing, &mut States, &Simulation) -> Option<ToolEffect>,
}

/// All tools, by where they stand.
#[derive(Clone, Debug, Default)]
pub struct Toolbox {
    tools: Vec<ToolEntry>,
    parts: Vec<PartEntry>,
}

impl Toolbox {
    /// Adds a tool behind the others of its group. A key belongs to the tool that came first.
    pub fn add<T: Tool>(&mut self) {
        if self.find(T::FACTS.key).is_some() {
            tracing::error!("there is a tool {} already: {:?} is left out", T::FACTS.key, T::FACTS.label);
            return;
        }
        self.tools.push(ToolEntry {
            facts: &T::FACTS,
            without_parts: T::WITHOUT_PARTS,
            missing: T::missing,
            hint: T::hint,
            options: |ui, context| {
                let mut options = context.states.take::<T::Options>();
                T::options(ui, context, &mut options);
                context.states.put(options);
            },
            ghosts: |states| T::ghosts(states.of::<T::Options>()),
            make: |drawing, states, simulation| T::make(drawing, states.of::<T::Options>(), simulation),
        });
        self.tools.sort_by_key(|entry| entry.facts.group);
    }

    /// Adds a part to a tool, whether that is there already or comes later.
    pub fn add_part<P: ToolPart>(&mut self) {
        self.parts.push(PartEntry {
            tool: P::TOOL,
            section: P::SECTION,
            applies: P::applies,
            options: |ui, context| {
                let mut options = context.states.take::<P::Options>();
                P::options(ui, context, &mut options);
                context.states.put(options);
            },
            make: |drawing, states, simulation| P::make(drawing, states.of::<P::Options>(), simulation),
        });
    }

    /// All tools, in the order of the rail.
    pub fn iter(&self) -> impl Iterator<Item = &ToolEntry> {
        self.tools.iter()
    }

    /// The tool of a key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&ToolEntry> {
        self.tools.iter().find(|entry| entry.facts.key == key)
    }

    fn parts(&self, tool: &str, world: &World) -> impl Iterator<Item = &PartEntry> {
        self.parts.iter().filter(move |part| part.tool == tool && (part.applies)(world))
    }

    /// Why a tool can't be used in this world; `None` if it can.
    #[must_use]
    pub fn missing(&self, tool: &ToolFacts, world: &World) -> Option<String> {
        let entry = self.find(tool.key)?;
        let reason = (entry.missing)(world);
        let Some(useless) = entry.without_parts.filter(|_| reason.is_none()) else { return reason };
        if self.parts(tool.key, world).next().is_some() {
            return None;
        }
        let sections: Vec<&str> =
            self.parts.iter().filter(|part| part.tool == tool.key).map(|part| part.section).collect();
        Some(match sections[..] {
            [] => format!("{useless}."),
            [one] => format!("{useless}: the scene has no section `{one}`."),
            [one, other] => format!("{useless}: the scene has neither a section `{one}` nor `{other}`."),
            _ => format!("{useless}: the scene has none of the sections `{}`.", sections.join("`, `")),
        })
    }

    /// What to do with the pointer.
    #[must_use]
    pub fn hint(&self, tool: &ToolFacts, shape: ObstacleShape) -> &'static str {
        self.find(tool.key).map_or("", |entry| (entry.hint)(shape))
    }

    /// How many agents a tool would bring.
    pub fn ghosts(&self, tool: &ToolFacts, states: &mut States) -> u32 {
        self.find(tool.key).map_or(0, |entry| (entry.ghosts)(states))
    }

    /// Draws the options of a tool and of its parts.
    pub fn options(&self, ui: &mut Ui, tool: &ToolFacts, context: &mut PanelContext) {
        if let Some(entry) = self.find(tool.key) {
            (entry.options)(ui, context);
        }
        for part in self.parts(tool.key, context.facts.world()) {
            (part.options)(ui, context);
        }
    }

    /// What comes of a drawing with a tool: what the tool does itself, and what its parts add. The first one has the word.
    pub fn make(
        &self,
        tool: &str,
        drawing: &Drawing,
        states: &mut States,
        simulation: &Simulation,
    ) -> Option<ToolEffect> {
        let mut whole = self.find(tool).and_then(|entry| (entry.make)(drawing, states, simulation));
        for part in self.parts(tool, simulation.world()) {
            let Some(effect) = (part.make)(drawing, states, simulation) else { continue };
            match &mut whole {
                Some(whole) => {
                    whole.interventions.extend(effect.interventions);
                    if whole.words.is_empty() {
                        whole.words = effect.words;
                    }
                }
                None => whole = Some(effect),
            }
        }
        whole
    }
}
