//! Things that stand in the world and can be taken with the pointer: agents, and what plugins tell of.

use agent2028_core::agent::AgentId;
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::simulation::Simulation;
use bevy::math::Vec2;

use crate::paint::Projection;

/// A thing of a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThingId {
    /// What kind of thing it is: of its plugin's kinds.
    pub kind: &'static str,
    /// Whose it is, such as the group of a formation; empty for nobody's.
    pub of: String,
    /// Which one of its kind.
    pub number: u32,
}

impl ThingId {
    /// A thing of a kind by its number.
    #[must_use]
    pub fn new(kind: &'static str, number: usize) -> Self {
        Self { kind, of: String::new(), number: u32::try_from(number).unwrap_or(u32::MAX) }
    }
}

/// Something that stands in the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// Agents, ascending: the selected ones if one of them is under the pointer.
    Agents(Vec<AgentId>),
    /// A thing of a plugin.
    Of(ThingId),
}

/// How a thing is reached by the pointer. The first of these wins, and agents come before what only lies under them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Grip {
    /// By a handle, this far (logical pixels) from the pointer: the nearest one wins.
    Handle(f32),
    /// At its middle.
    Middle,
    /// Somewhere on it.
    Area,
}

/// What a pointer reaches.
#[derive(Clone, Copy, Debug)]
pub struct Pointer<'a> {
    /// The simulation.
    pub simulation: &'a Simulation,
    /// From world units to logical pixels.
    pub projection: &'a Projection,
    /// Where the pointer is, in logical pixels.
    pub at: Vec2,
    /// Whether things are to be moved; else they are to be taken away.
    pub moves: bool,
}

/// A handle or the middle of something so near to the pointer (logical pixels) can be taken.
pub const HANDLE_REACH: f32 = 9.0;

/// A line so near to the pointer (logical pixels) can be taken.
pub const LINE_REACH: f32 = 5.0;

impl Pointer<'_> {
    /// How far it is from a point of the world, in logical pixels.
    #[must_use]
    pub fn away_from(&self, point: Vec2) -> f32 {
        self.projection.pixel(point).distance(self.at)
    }

    /// How far it is from a segment between two points of the world, in logical pixels.
    #[must_use]
    pub fn away_from_segment(&self, from: Vec2, to: Vec2) -> f32 {
        let (from, to) = (self.projection.pixel(from), self.projection.pixel(to));
        let along = to - from;
        let square = along.length_squared();
        let share = if square > 0.0 { ((self.at - from).dot(along) / square).clamp(0.0, 1.0) } else { 0.0 };
        self.at.distance(from + along * share)
    }
}

/// What a thing looks like while it is dragged, in world units.
#[derive(Clone, Debug, PartialEq)]
pub enum Outline {
    /// A disc.
    Disc(Vec2, f32),
    /// A line through these points, closed or not.
    Line(Vec<Vec2>, bool),
    /// A handle here.
    Handle(Vec2),
}

/// Something to do, and what it is done to, in words: "a wall".
pub type ThingChange = (AnyIntervention, String);

/// Things of a plugin that can be taken with the pointer.
pub trait Things: 'static {
    /// Which of them the pointer reaches, and how.
    #[must_use]
    fn under(pointer: &Pointer) -> Vec<(Grip, ThingId)>;

    /// The points by which some of them are dragged, in world units.
    #[must_use]
    fn handles(simulation: &Simulation) -> Vec<(Vec2, ThingId)> {
        let _ = simulation;
        Vec::new()
    }

    /// What one looks like; none if it isn't one of these, or is gone.
    #[must_use]
    fn outline(simulation: &Simulation, thing: &ThingId) -> Option<Outline>;

    /// Moves one by a displacement; none if it isn't one of these, or can't be moved.
    #[must_use]
    fn moved(simulation: &Simulation, thing: &ThingId, by: Vec2) -> Option<ThingChange>;

    /// Takes one out of the world; none if it isn't one of these, or can't be taken.
    #[must_use]
    fn removed(simulation: &Simulation, thing: &ThingId) -> Option<ThingChange>;
}

/// Things that were registered.
#[derive(Clone, Copy, Debug)]
pub struct ThingsEntry {
    under: fn(&Pointer) -> Vec<(Grip, ThingId)>,
    handles: fn(&Simulation) -> Vec<(Vec2, ThingId)>,
    outline: fn(&Simulation, &ThingId) -> Option<Outline>,
    moved: fn(&Simulation, &ThingId, Vec2) -> Option<ThingChange>,
    removed: fn(&Simulation, &ThingId) -> Option<ThingChange>,
}

impl ThingsEntry {
    pub(crate) fn of<T: Things>() -> Self {
        Self { under: T::under, handles: T::handles, outline: T::outline, moved: T::moved, removed: T::removed }
    }

    pub(crate) fn under(&self, pointer: &Pointer) -> Vec<(Grip, ThingId)> {
        (self.under)(pointer)
    }

    pub(crate) fn handles(&self, simulation: &Simulation) -> Vec<(Vec2, ThingId)> {
        (self.handles)(simulation)
    }

    pub(crate) fn outline(&self, simulation: &Simulation, thing: &ThingId) -> Option<Outline> {
        (self.outline)(simulation, thing)
    }

    pub(crate) fn moved(&self, simulation: &Simulation, thing: &ThingId, by: Vec2) -> Option<ThingChange> {
        (self.moved)(simulation, thing, by)
    }

    pub(crate) fn removed(&self, simulation: &Simulation, thing: &ThingId) -> Option<ThingChange> {
        (self.removed)(simulation, thing)
    }
}

/// The number that a thing will have when what waits has been applied: everything that is removed before it lowers its number.
/// None if it is to be removed itself. `gone` tells which number of its kind an intervention removes.
#[must_use]
pub fn number_after(
    number: u32,
    simulation: &Simulation,
    gone: impl Fn(&AnyIntervention) -> Option<u32>,
) -> Option<u32> {
    let Some(queue) = simulation.world().get_resource::<agent2028_core::intervention::InterventionQueue>() else {
        return Some(number);
    };
    let waiting = queue.iter().map(|waiting| waiting.action);
    waiting.filter_map(|action| gone(&action)).try_fold(number, |number, gone| match gone.cmp(&number) {
        std::cmp::Ordering::Less => Some(number - 1),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(number),
    })
}
