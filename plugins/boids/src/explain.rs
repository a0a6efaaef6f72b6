//! Why somebody flies as it does: the kernel's own sums and forces for one agent, told with their names.
//!
//! The agents that may count are looked for in the whole flock and sorted into the same cells as the kernel's, so the
//! very rule that decides in a tick ([`Rule`]) sums the same neighbours in the same order, to the same bits.

mod words;

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, Condition, MotionClaims, Status};
use agent2028_core::clock::SimClock;
use agent2028_core::explain::{Explanation, Outcome, Senses, Term, explain_inability, motion_in_words};
use agent2028_core::parallel::Workers;
use agent2028_core::rng::SimRng;
use agent2028_core::space::{CellGrid, CellSort, CellSource, WorldBounds};
use bevy::prelude::*;

use crate::config::BoidsConfig;
use crate::flock::rule::{Block, Torus};
use crate::flock::sweep::crowd;
use crate::flock::topological::{Everything, look};
use crate::flock::{Birds, FlockSet, Influences, Model, Record, Relation, Rule};
use crate::formation::{Formations, Station};
use crate::influence::{Surroundings, Urge, find_hunters};
use crate::mover::{Mover, MoverRole, Movers};
use crate::obstacle_grid::ObstacleGrid;
use crate::plugin::{self, FlockQuery, draw_up, first_active};
use crate::steering::direction;

/// Looked for a little farther than the rules reach, which decide exactly.
const MARGIN: f32 = 1.001;

/// What `agent` would decide if it decided now; nothing if it doesn't fly.
pub(crate) fn explain(world: &World, agent: AgentId) -> Option<Explanation> {
    let config = world.get_resource::<BoidsConfig>()?;
    let (groups, index) = (world.get_resource::<AgentGroups>()?, world.get_resource::<AgentIndex>()?);
    let (clock, bounds) = (world.get_resource::<SimClock>()?, world.get_resource::<WorldBounds>()?);
    let claims = world.get_resource::<MotionClaims>()?;
    let claimed: Vec<&str> = claims.claimed_by_others(plugin::SECTION).collect();
    // The section may have been changed since the last tick.
    let movers = Movers::new(config, groups, &claimed, clock.tick_hz());
    let number = usize::from(movers.mover_of(agent)?);
    let mover = movers.list.get(number)?;
    if let Some(inability) = explain_inability(world, agent) {
        return Some(inability);
    }
    let state = world.try_query::<(
        &'static agent2028_core::agent::Agent,
        &'static agent2028_core::agent::Position,
        &'static agent2028_core::agent::Velocity,
        Option<&'static Condition>,
    )>()?;
    let agents: FlockQuery = state.query_manual(world);
    let crowd = Crowd { movers: &movers, bounds, agents: &agents };
    let (_, position, velocity, _) = agents.get(index.get(agent)?).ok()?;
    let own = Record::new(position.0, velocity.0);

    let cell = movers.cell_radius(bounds, index.len());
    let near = crowd.near(agent, own, mover, number, CellGrid::for_radius(*bounds, cell));
    let slot = near.sort.ids().iter().position(|&id| id == agent)?;
    let mut hunters = CellSort::default();
    let workers = Workers::new(1);
    find_hunters(&mut hunters, &near.sort, &movers.list, &near.mover_of, &workers);
    let stations = stations(world, config, mover, &movers, bounds, &agents);
    let lead = |mover: &Mover| {
        let leader = mover.leader.as_ref()?;
        first_active(groups, index, &agents, &leader.agents)
    };
    let leaders: Vec<Option<(AgentId, Record)>> = movers.list.iter().map(lead).collect();
    let mut obstacles = ObstacleGrid::default();
    obstacles.fit(&config.obstacles, &config.obstacle_avoidance, bounds);
    let surroundings = Surroundings {
        bounds,
        dice: world.get_resource::<SimRng>()?,
        // The decision to come is the next tick's.
        tick: clock.tick() + 1,
        tick_hz: clock.tick_hz(),
        movers: &movers.list,
        mover_of: &near.mover_of,
        agents: &near.sort,
        obstacles: &obstacles,
        avoidance: config.obstacle_avoidance,
        hunters: &hunters,
        stations: &stations,
        leaders: &leaders,
        vigour: &near.vigour,
    };
    let mut urges: Vec<(Urge, f32, Vec2)> = Vec::new();
    if movers.influenced {
        surroundings.urges(slot, |urge, weight, force| urges.push((urge, weight, force)));
    }
    // One force per slot, of which only the agent's own is looked at.
    let mut steering = vec![Vec2::ZERO; near.sort.items().len()];
    steering[slot] = if movers.influenced { surroundings.force(slot) } else { Vec2::ZERO };
    let influences = Influences {
        steering: movers.influenced.then_some(steering.as_slice()),
        vigour: (!near.vigour.is_empty()).then_some(near.vigour.as_slice()),
    };
    let told = Told { config, mover, number, groups, bounds, surroundings: &surroundings, own, slot };
    let decided = decide(&movers.model(&near.mover_of), &near.sort, slot, &influences, &told);
    Some(told.explanation(decided, &urges))
}

/// What the rule made of the neighbours.
struct Decided {
    /// The agents that it takes for neighbours, in id order.
    neighbours: Vec<AgentId>,
    /// How far it perceives; none if that is a matter of rank.
    radius: Option<f32>,
    view_degrees: Option<f32>,
    terms: Vec<Term>,
    /// What a force does to the velocity.
    gain: f32,
    /// The largest change of velocity in a tick; none for a rule without such a limit.
    limit: Option<f32>,
    /// The speeds between which it must stay; none for a rule without such limits.
    speeds: Option<(f32, f32)>,
    next: Vec2,
}

fn decide(
    model: &Model<'_>,
    sort: &CellSort<Record>,
    slot: usize,
    influences: &Influences<'_>,
    told: &Told<'_>,
) -> Decided {
    let (flocks, nearest) = match *model {
        Model::Birds(birds) => return decide_as_bird(&birds, sort, slot, influences),
        Model::Boids(flocks) => (flocks, None),
        Model::Nearest(flocks, nearest) => (flocks, Some(nearest)),
    };
    let rule = Everything::new(flocks);
    let (block, parameters) = (Block::load(sort.items(), slot, slot + 1), *rule.parameters(slot));
    let mut found = Vec::new();
    let sums = match nearest {
        None => sum(&rule, sort, &block),
        Some(nearest) => {
            let mut sums = rule.nobody();
            sums.set(0, &look(sort, &flocks, &rule, slot, nearest, &mut found));
            untangle(&rule, sort, &block, &mut sums);
            sums
        }
    };
    let (vx, vy) = rule.decide(&block, &rule.load(&block), &sums, influences);
    let next = Vec2::new(vx[0], vy[0]);

    let visible = visible(sort, slot, &rule);
    let strangers: Vec<&Seen> = visible
        .iter()
        .filter(|seen| seen.relation == Relation::Avoid && seen.distance < parameters.avoidance_radius)
        .collect();
    let kin: Vec<&Seen> = match nearest {
        None => visible.iter().filter(|seen| seen.relation == Relation::Join).collect(),
        Some(_) => visible.iter().filter(|seen| found.iter().any(|&(_, slot)| slot == seen.slot)).collect(),
    };
    let within = |radius: f32| kin.iter().filter(|seen| seen.distance <= radius).count();
    let (aligned, together) = match nearest {
        None => (within(parameters.alignment_radius), within(parameters.cohesion_radius)),
        Some(_) => (kin.len(), kin.len()),
    };
    let counts = [
        kin.iter().filter(|seen| seen.distance < parameters.separation_radius).count(),
        aligned,
        together,
        strangers.len(),
    ];
    let forces = rule.forces(&block, &sums, influences);
    let terms = told.flock_terms(&parameters, &forces, counts, nearest);
    let reach = parameters.separation_radius.max(parameters.alignment_radius).max(parameters.cohesion_radius);
    let mut neighbours: Vec<AgentId> = kin
        .iter()
        .filter(|seen| nearest.is_some() || seen.distance <= reach)
        .chain(&strangers)
        .map(|seen| sort.ids()[seen.slot])
        .collect();
    neighbours.sort_unstable();
    Decided {
        neighbours,
        radius: nearest.is_none().then(|| parameters.reach(flocks.relations.contains(&Relation::Avoid))),
        view_degrees: (!parameters.sees_all_around()).then_some(parameters.view_degrees),
        terms,
        gain: parameters.gain,
        limit: Some(parameters.max_force * parameters.gain),
        speeds: Some((parameters.min_speed, parameters.max_speed)),
        next,
    }
}

fn decide_as_bird(birds: &Birds, sort: &CellSort<Record>, slot: usize, influences: &Influences<'_>) -> Decided {
    let block = Block::load(sort.items(), slot, slot + 1);
    let sums = sum(birds, sort, &block);
    let (vx, vy) = birds.decide(&block, &(), &sums, influences);
    let bounds = sort.grid().bounds();
    let own = sort.items()[slot].position();
    let mut neighbours: Vec<AgentId> = (0..sort.items().len())
        .filter(|&other| {
            let square = bounds.delta(own, sort.items()[other].position()).length_squared();
            other != slot && square <= birds.vision * birds.vision
        })
        .map(|other| sort.ids()[other])
        .collect();
    neighbours.sort_unstable();
    Decided {
        terms: words::bird_terms(birds, birds.turns(&sums), neighbours.len()),
        neighbours,
        radius: Some(birds.vision),
        view_degrees: None,
        gain: 1.0,
        limit: None,
        speeds: None,
        next: Vec2::new(vx[0], vy[0]),
    }
}

/// The sums over all in the sort, for a block of one agent.
fn sum<R: Rule>(rule: &R, sort: &CellSort<Record>, block: &Block) -> R::Sums {
    let bounds = sort.grid().bounds();
    let torus = Torus { half: bounds.size * 0.5, size: bounds.size };
    let (lanes, mut sums) = (rule.load(block), rule.nobody());
    if bounds.wraps() {
        rule.add::<true, true>(&torus, block, &lanes, &mut sums, 0, sort.items());
    } else {
        rule.add::<false, true>(&torus, block, &lanes, &mut sums, 0, sort.items());
    }
    untangle(rule, sort, block, &mut sums);
    sums
}

fn untangle<R: Rule>(rule: &R, sort: &CellSort<Record>, block: &Block, sums: &mut R::Sums) {
    let row = sort.row(sort.grid().row(block.y[0]));
    rule.untangle(sums, block.len, |lane| crowd(sort.grid(), sort.items(), row.clone(), block.slot + lane));
}

/// Somebody in view.
struct Seen {
    slot: usize,
    distance: f32,
    relation: Relation,
}

/// All in the sort whom the agent in `slot` sees and doesn't ignore, however far.
fn visible(sort: &CellSort<Record>, slot: usize, rule: &Everything<'_>) -> Vec<Seen> {
    let (bounds, own, parameters) = (sort.grid().bounds(), sort.items()[slot], rule.parameters(slot));
    (0..sort.items().len())
        .filter(|&other| other != slot)
        .filter_map(|other| {
            let offset = bounds.delta(own.position(), sort.items()[other].position());
            let relation = rule.relation(slot, other);
            let counts = relation != Relation::Ignore && parameters.sees(own.velocity(), offset);
            counts.then(|| Seen { slot: other, distance: offset.length(), relation })
        })
        .collect()
}

/// All who fly.
struct Crowd<'a> {
    movers: &'a Movers,
    bounds: &'a WorldBounds,
    agents: &'a FlockQuery<'a, 'a>,
}

/// Those who may count, sorted as the kernel sorts them.
struct Near {
    sort: CellSort<Record>,
    /// Each agent's mover, by slot; empty if there is only one.
    mover_of: Vec<u8>,
    /// Each agent's factor on top speed, by slot; empty if all are in full health.
    vigour: Vec<f32>,
}

struct Gathered<'a>(&'a [(AgentId, Record, f32)]);

impl CellSource<Record> for Gathered<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn item(&self, index: usize) -> Option<(AgentId, Record)> {
        let (agent, record, _) = self.0[index];
        Some((agent, record))
    }
}

impl Crowd<'_> {
    /// All who are perceived, as the kernel perceives them, with their health.
    fn each(&self, mut tell: impl FnMut(AgentId, Record, f32)) {
        for (agent, position, velocity, condition) in self.agents {
            let status = condition.map_or(Status::Active, |condition| condition.status);
            if status == Status::Failed || self.movers.mover_of(agent.0).is_none() {
                continue;
            }
            let velocity = if status == Status::Frozen { Vec2::ZERO } else { velocity.0 };
            let health = Condition::health(condition).clamp(0.0, 1.0);
            tell(agent.0, Record::new(position.0, velocity), health);
        }
    }

    fn near(&self, agent: AgentId, own: Record, mover: &Mover, number: usize, grid: CellGrid) -> Near {
        let model = self.movers.model(&[]);
        let sight = if let MoverRole::Predator { sight, .. } = mover.role { sight } else { 0.0 };
        let mut reach = model.reach().max(sight).max(mover.flee_radius) * MARGIN;
        if let Model::Nearest(flocks, nearest) = model {
            reach = reach.max(self.reach_of_nearest(agent, own, number, flocks, nearest) * MARGIN);
        }
        let mut gathered = Vec::new();
        self.each(|other, record, health| {
            let square = self.bounds.delta(own.position(), record.position()).length_squared();
            if other == agent || square <= reach * reach {
                gathered.push((other, record, health));
            }
        });
        // In the kernel's order: by cell, then id.
        let mut sort = CellSort::default();
        sort.sort(grid, &[Gathered(&gathered)], &Workers::new(1));
        let several = self.movers.several();
        let mover_of = sort.ids().iter().filter(|_| several).map(|&id| self.movers.mover_of(id).unwrap_or(0)).collect();
        let degraded = gathered.iter().any(|(_, _, health)| *health < 1.0);
        gathered.sort_unstable_by_key(|(id, ..)| *id);
        let health = |id: &AgentId| gathered.binary_search_by_key(id, |(id, ..)| *id).map_or(1.0, |at| gathered[at].2);
        let vigour = sort.ids().iter().filter(|_| degraded).map(health).collect();
        Near { sort, mover_of, vigour }
    }

    /// How far the last of so many nearest neighbours is.
    fn reach_of_nearest(
        &self,
        agent: AgentId,
        own: Record,
        number: usize,
        flocks: FlockSet<'_>,
        nearest: usize,
    ) -> f32 {
        let parameters = &flocks.per_flock[number.min(flocks.per_flock.len() - 1)];
        let mut squares = Vec::new();
        self.each(|other, record, _| {
            let offset = self.bounds.delta(own.position(), record.position());
            let flock = self.movers.mover_of(other).map_or(0, usize::from);
            let relation = flocks.relations.get(number * flocks.per_flock.len() + flock).copied().unwrap_or_default();
            if other != agent && relation == Relation::Join && parameters.sees(own.velocity(), offset) {
                squares.push(offset.length_squared());
            }
        });
        if squares.len() <= nearest {
            return squares.into_iter().fold(0.0, f32::max).sqrt();
        }
        // Whoever is as far away as the last one may be it, so the border counts.
        let (_, last, _) = squares.select_nth_unstable_by(nearest.saturating_sub(1), f32::total_cmp);
        last.sqrt()
    }
}

/// Where the slots of the agent's formation are, if it flies in one.
fn stations(
    world: &World,
    config: &BoidsConfig,
    mover: &Mover,
    movers: &Movers,
    bounds: &WorldBounds,
    agents: &FlockQuery,
) -> Vec<Station> {
    let mut stations = Vec::new();
    let wanted = config.formations.iter().find(|formation| formation.agents == mover.group);
    let (MoverRole::Formation { .. }, Some(wanted)) = (&mover.role, wanted) else {
        return stations;
    };
    let (groups, index) = (world.resource::<AgentGroups>(), world.resource::<AgentIndex>());
    let known = world.get_resource::<Formations>().into_iter().flat_map(|formations| &formations.0);
    let known = known.into_iter().find(|formation| formation.config().agents == wanted.agents).cloned();
    let mut drawn = draw_up(wanted, known, movers, bounds, groups, index, agents);
    drawn.formation.muster(&drawn.active, bounds);
    drawn.formation.stations(bounds, &mut stations);
    stations.sort_unstable_by_key(|station| station.agent);
    stations
}

/// Everything that the words need.
struct Told<'a> {
    config: &'a BoidsConfig,
    mover: &'a Mover,
    number: usize,
    groups: &'a AgentGroups,
    bounds: &'a WorldBounds,
    surroundings: &'a Surroundings<'a>,
    own: Record,
    slot: usize,
}

impl Told<'_> {
    fn explanation(&self, decided: Decided, urges: &[(Urge, f32, Vec2)]) -> Explanation {
        let velocity = self.own.velocity();
        let mut terms = decided.terms;
        terms.extend(urges.iter().map(|(urge, weight, force)| self.urge_term(urge, *weight, *force * decided.gain)));
        if let Some(&vigour) = self.surroundings.vigour.get(self.slot)
            && vigour < 1.0
        {
            terms.push(Term::number("Health", vigour, "", "Scales its top speed: 1 is full health."));
        }
        let mut perceived = decided.neighbours;
        let (activity, sentence) = self.activity(perceived.len(), urges);
        perceived.extend(urges.iter().filter_map(|(urge, ..)| match urge {
            Urge::Leader(agent) | Urge::Prey(agent) => Some(*agent),
            _ => None,
        }));
        perceived.extend(self.hunters_near());
        perceived.sort_unstable();
        perceived.dedup();
        Explanation {
            activity: activity.into(),
            sentence,
            perceived,
            senses: Senses {
                radius: decided.radius.filter(|radius| *radius > 0.0),
                view_degrees: decided.view_degrees,
                heading: direction(velocity),
                points: Vec::new(),
            },
            terms,
            outcome: Outcome {
                sentence: self.motion(&decided.speeds, decided.next),
                change: Some(decided.next - velocity),
                limit: decided.limit,
                velocity: Some(decided.next),
            },
            ..Explanation::default()
        }
    }

    /// What it will do, and whether a limit of speed has a part in it.
    fn motion(&self, speeds: &Option<(f32, f32)>, next: Vec2) -> String {
        let vigour = self.surroundings.vigour.get(self.slot).copied().unwrap_or(1.0);
        let speed = next.length();
        let at = |limit: f32| limit > 0.0 && (speed - limit * vigour).abs() <= limit * vigour * 1e-4;
        let words = motion_in_words(self.own.velocity(), next);
        match speeds {
            Some((_, top)) if at(*top) => format!("{words}, its top speed"),
            Some((least, _)) if at(*least) => format!("{words}, the least that it flies at"),
            _ => words,
        }
    }

    /// The hunters that it flees from.
    fn hunters_near(&self) -> Vec<AgentId> {
        let mut near = Vec::new();
        if matches!(self.mover.role, MoverRole::Flock) && self.mover.flee_weight > 0.0 {
            let hunters = self.surroundings.hunters;
            hunters.for_each_within(self.own.position(), self.mover.flee_radius, |slot, _| {
                near.push(hunters.ids()[slot]);
            });
        }
        near
    }
}
