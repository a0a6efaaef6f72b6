//! What colour, shape and size an agent has.

use agent2028_core::agent::{AgentGroups, AgentId, Condition, GroupId, Status};
use agent2028_core::belief::Standing;
use bevy::math::{Vec2, ops};

use super::glyph::Glyph;
use crate::columns::{Column, ColumnKind, Columns};
use crate::layer_facts::HEADINGS;
use crate::settings::{ColorBy, SizeBy, ViewSettings};
use crate::sight::{Held, POOR, Seen};
use crate::tokens::{ColorScale, Rgba8, Tokens};

/// How one agent looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AgentAppearance {
    /// Its colour.
    pub color: Rgba8,
    /// Its shape.
    pub glyph: Glyph,
    /// How much longer or shorter than the others it is.
    pub size: f32,
    /// Its heading in window axes (y down), a unit vector.
    pub heading: Vec2,
}

/// What is read to tell how agents look.
#[derive(Clone, Copy, Debug)]
pub struct LookFacts<'a> {
    /// What the user chose.
    pub settings: &'a ViewSettings,
    /// The groups of agents.
    pub groups: &'a AgentGroups,
    /// The speed at the end of the scale, in world units per second.
    pub top_speed: f32,
    /// The quantities that colours and sizes tell.
    pub columns: &'a Columns,
    /// Through whose eyes the world is drawn, if it isn't drawn as it is.
    pub seen: Option<&'a Seen>,
    /// What the system holds of agents, if the world is drawn as it sees it.
    pub held: Option<&'a Held>,
}

/// What isn't perceived keeps so much of its colour.
const UNSEEN: f32 = 0.2;

/// How all agents of a frame look: the settings, worked out into tables.
#[derive(Clone, Debug)]
pub struct AgentLooks<'a> {
    color_by: &'a ColorBy,
    size_by: &'a SizeBy,
    tokens: &'static Tokens,
    table: [Rgba8; 256],
    color: Option<&'a Column>,
    size: Option<&'a Column>,
    /// The column's numbers are those of categories.
    kinds: bool,
    seen: Option<&'a Seen>,
    held: Option<&'a Held>,
    /// One over the speed at the scale's end.
    per_speed: f32,
    groups: Vec<(u32, u32, Rgba8)>,
    /// The range of ids looked up last: agents mostly come in the order of their ids.
    last: (u32, u32, Rgba8),
    darts: bool,
}

impl<'a> AgentLooks<'a> {
    /// Works out the settings; `darts` whether there is room to show headings.
    #[must_use]
    pub fn new(facts: &LookFacts<'a>, darts: bool) -> Self {
        let LookFacts { settings, groups, top_speed, columns, seen, held } = *facts;
        let tokens = settings.tokens();
        let mut ranges: Vec<_> = (0..groups.groups().len())
            .flat_map(|group| {
                let color = tokens.category(group);
                groups.ranges_of(GroupId(group as u16)).map(move |range| (range.start, range.end, color))
            })
            .collect();
        ranges.sort_unstable_by_key(|range| range.0);
        let color = columns.color();
        let scale = color.map_or_else(|| scale_of(&settings.color_by), Column::scale);
        Self {
            color_by: &settings.color_by,
            size_by: &settings.size_by,
            tokens,
            table: scale.table_on(settings.theme),
            color,
            size: columns.size(),
            kinds: color.is_some_and(|column| matches!(column.kind, ColumnKind::Categories(_))),
            seen,
            held,
            per_speed: if top_speed > 0.0 { 1.0 / top_speed } else { 0.0 },
            last: ranges.first().copied().unwrap_or((0, 0, tokens.category(0))),
            groups: ranges,
            darts: darts && settings.layers.shows(&HEADINGS),
        }
    }

    /// Whether an agent is not in order, or not held to be: failed, frozen, or of less health than its own.
    #[inline]
    #[must_use]
    pub fn amiss(&self, agent: AgentId, condition: Option<&Condition>) -> bool {
        match self.held {
            Some(held) => {
                let judgement = held.judgement(agent);
                judgement.standing != Standing::Sound || judgement.quality < POOR
            }
            None => condition.is_some_and(|condition| {
                condition.status != Status::Active || condition.health < condition.base_health
            }),
        }
    }

    /// How an agent looks.
    #[inline]
    #[must_use]
    pub fn of(&mut self, agent: AgentId, velocity: Vec2, condition: Option<&Condition>) -> AgentAppearance {
        let square = velocity.length_squared();
        let speed = square.sqrt();
        let heading = if square > 0.0 { Vec2::new(velocity.x, -velocity.y) / speed } else { Vec2::X };
        let share = (speed * self.per_speed).min(1.0);
        let mut color = match self.color_by {
            ColorBy::Group => self.group_color(agent.0),
            ColorBy::Speed => self.table[(share * 255.0) as usize],
            ColorBy::Heading => {
                let turn = ops::atan2(velocity.y, velocity.x) / std::f32::consts::TAU;
                self.table[((turn - turn.floor()) * 255.0) as usize]
            }
            // Weyl's sequence: consecutive numbers land far apart.
            ColorBy::Id => self.table[(agent.0.wrapping_mul(2_654_435_769) >> 24) as usize],
            ColorBy::Health => self.table[255],
            ColorBy::Status => self.tokens.info,
            ColorBy::Quantity(_) => self.quantity_color(agent),
        };
        // Who stands still heads nowhere.
        let mut glyph = if self.darts && square > 0.0 { Glyph::Dart } else { Glyph::Disc };
        let mut size = 1.0;
        let believed = self.held.map(|held| held.judgement(agent));
        // What is held of an agent stands in the place of what is true of it.
        let held = believed.map(|judgement| Condition {
            status: if judgement.standing == Standing::Failed { Status::Failed } else { Status::Active },
            health: judgement.quality,
            ..Condition::default()
        });
        let condition = if held.is_some() { held.as_ref() } else { condition };
        if believed.is_some_and(|judgement| judgement.standing == Standing::Suspected) {
            color = self.tokens.warning;
        }
        if let Some(condition) = condition {
            (color, glyph) = self.afflicted(color, glyph, condition);
            size = if condition.status == Status::Active { 1.0 } else { 1.15 };
        }
        match self.size_by {
            SizeBy::Uniform => {}
            SizeBy::Quantity(_) => {
                let share = self.size.and_then(|column| Some(column.share(column.value(agent)?)));
                size *= share.map_or(1.0, |share| self.size_by.factor(share, 1.0));
            }
            SizeBy::Speed | SizeBy::Health => size *= self.size_by.factor(share, Condition::health(condition)),
        }
        if let Some(seen) = self.seen
            && !seen.perceives(agent)
        {
            color = self.tokens.world.mix(color, UNSEEN);
        }
        AgentAppearance { color, glyph, size, heading }
    }

    fn group_color(&mut self, id: u32) -> Rgba8 {
        if id < self.last.0 || id >= self.last.1 {
            let after = self.groups.partition_point(|range| range.0 <= id);
            match after.checked_sub(1).map(|at| self.groups[at]) {
                Some(range) if id < range.1 => self.last = range,
                _ => return self.tokens.secondary,
            }
        }
        self.last.2
    }

    /// On the quantity's scale; grey for an agent that doesn't have it.
    #[inline]
    fn quantity_color(&self, agent: AgentId) -> Rgba8 {
        match self.color.and_then(|column| Some((column, column.value(agent)?))) {
            Some((_, value)) if self.kinds => self.tokens.category(value as usize),
            Some((column, value)) => self.table[(column.share(value) * 255.0) as usize],
            None => self.tokens.disabled,
        }
    }

    #[cold]
    fn afflicted(&self, color: Rgba8, glyph: Glyph, condition: &Condition) -> (Rgba8, Glyph) {
        let health = condition.health.clamp(0.0, 1.0);
        let worn = match self.color_by {
            ColorBy::Health => self.table[(health * 255.0) as usize],
            ColorBy::Status if health < condition.base_health || health < 1.0 => self.tokens.warning,
            _ => color.desaturate((1.0 - health) * 0.85).mix(self.tokens.world, (1.0 - health) * 0.25),
        };
        match condition.status {
            Status::Active => (worn, glyph),
            Status::Failed if *self.color_by == ColorBy::Status => (self.tokens.danger, Glyph::Cross),
            Status::Failed => (color.desaturate(0.6), Glyph::Cross),
            Status::Frozen if *self.color_by == ColorBy::Status => (self.tokens.secondary, Glyph::Bars),
            Status::Frozen => (worn, Glyph::Bars),
        }
    }
}

/// The scale behind a choice of colour; categories have none and get *viridis*, which they don't use.
#[must_use]
pub fn scale_of(color_by: &ColorBy) -> ColorScale {
    match color_by {
        ColorBy::Heading | ColorBy::Id => ColorScale::Cyclic,
        ColorBy::Health => ColorScale::Health,
        ColorBy::Speed | ColorBy::Group | ColorBy::Status | ColorBy::Quantity(_) => ColorScale::Viridis,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Theme;
    use agent2028_core::SimCorePlugin;
    use agent2028_core::agent::{AgentGroup, Placement, spawn_group};
    use agent2028_core::belief::Judgement;
    use bevy::prelude::*;

    fn groups() -> AgentGroups {
        let mut app = App::new();
        app.add_plugins(SimCorePlugin::default());
        let world = app.world_mut();
        for name in ["bird", "hawk"] {
            let group = world.resource_mut::<AgentGroups>().add(AgentGroup { name: name.into(), ..default() });
            spawn_group(world, group, 10, &Placement::World).unwrap();
        }
        spawn_group(world, GroupId(0), 5, &Placement::World).unwrap();
        world.resource::<AgentGroups>().clone()
    }

    /// Lets a test look at agents coloured this way.
    fn looking<T>(color_by: ColorBy, seen: Option<&Seen>, test: impl FnOnce(&mut AgentLooks) -> T) -> T {
        let settings = ViewSettings { color_by, ..default() };
        let (groups, columns) = (groups(), Columns::default());
        let facts =
            LookFacts { settings: &settings, groups: &groups, top_speed: 10.0, columns: &columns, seen, held: None };
        test(&mut AgentLooks::new(&facts, true))
    }

    #[test]
    fn groups_have_their_colours_whatever_the_order_of_ids() {
        let tokens = Theme::Dark.tokens();
        looking(ColorBy::Group, None, |looks| {
            for (id, group) in [(3, 0), (12, 1), (22, 0), (19, 1), (0, 0)] {
                assert_eq!(looks.of(AgentId(id), Vec2::X, None).color, tokens.category(group), "{id}");
            }
            assert_eq!(looks.of(AgentId(99), Vec2::X, None).color, tokens.secondary);
        });
    }

    #[test]
    fn conditions_show_in_shape_and_colour() {
        let of = |condition: Option<Condition>| {
            looking(ColorBy::Group, None, |looks| looks.of(AgentId(0), Vec2::X, condition.as_ref()))
        };
        let whole = of(None);
        assert_eq!(of(Some(Condition::default())), whole);
        let failed = of(Some(Condition { status: Status::Failed, ..default() }));
        let frozen = of(Some(Condition { status: Status::Frozen, ..default() }));
        let degraded = of(Some(Condition { health: 0.3, ..default() }));
        assert_eq!((failed.glyph, frozen.glyph, degraded.glyph), (Glyph::Cross, Glyph::Bars, Glyph::Dart));
        assert_ne!(degraded.color, whole.color);
        let standing = looking(ColorBy::Group, None, |looks| looks.of(AgentId(0), Vec2::ZERO, None));
        assert_eq!((whole.glyph, standing.glyph), (Glyph::Dart, Glyph::Disc));
    }

    #[test]
    fn the_system_draws_what_it_holds_of_agents_and_not_what_is_true() {
        let tokens = Theme::Dark.tokens();
        let held = Held::holding([
            (AgentId(1), Judgement { quality: 0.2, ..default() }),
            (AgentId(2), Judgement { standing: Standing::Suspected, ..default() }),
            (AgentId(3), Judgement { standing: Standing::Failed, ..default() }),
        ]);
        let failed = Condition { status: Status::Failed, ..default() };
        let settings = ViewSettings::default();
        let (groups, columns) = (groups(), Columns::default());
        let facts = LookFacts {
            settings: &settings,
            groups: &groups,
            top_speed: 10.0,
            columns: &columns,
            seen: None,
            held: Some(&held),
        };
        let mut looks = AgentLooks::new(&facts, true);
        let mut of = |id, condition| looks.of(AgentId(id), Vec2::X, condition);
        let whole = of(4, None);
        assert_eq!(of(0, Some(&failed)), whole, "nobody has noticed that it failed");
        assert_eq!(of(3, None).glyph, Glyph::Cross, "it works, and is held for failed");
        assert_eq!((of(2, None).glyph, of(2, None).color), (Glyph::Dart, tokens.warning));
        assert_ne!(of(1, None).color, whole.color);
    }

    #[test]
    fn speed_heading_and_number_colour_agents_along_their_scales() {
        let theme = Theme::Dark;
        let color = |by: ColorBy, id: u32, velocity: Vec2| {
            looking(by, None, |looks| looks.of(AgentId(id), velocity, None)).color
        };
        assert_eq!(color(ColorBy::Speed, 0, Vec2::ZERO), ColorScale::Viridis.on(theme, 0.0));
        assert_eq!(color(ColorBy::Speed, 0, Vec2::new(0.0, 30.0)), ColorScale::Viridis.on(theme, 1.0));
        let north = looking(ColorBy::Heading, None, |looks| looks.of(AgentId(0), Vec2::Y, None));
        assert_eq!(north.heading, Vec2::NEG_Y, "the window's y points down");
        assert_ne!(north.color, color(ColorBy::Heading, 0, Vec2::NEG_Y));
        assert_ne!(color(ColorBy::Id, 0, Vec2::X), color(ColorBy::Id, 1, Vec2::X));
    }

    #[test]
    fn through_the_eyes_of_an_agent_what_it_does_not_perceive_is_dim() {
        let seen = Seen { eye: AgentId(3), agents: [3, 5].map(AgentId).to_vec(), ..default() };
        let ground = Theme::Dark.tokens().world;
        looking(ColorBy::Group, Some(&seen), |looks| {
            let mut contrast = |id| looks.of(AgentId(id), Vec2::X, None).color.contrast(ground);
            assert!(contrast(3) > 3.0 && contrast(5) > 3.0);
            assert!(contrast(4) < 1.6 && contrast(12) < 1.6);
        });
    }
}
