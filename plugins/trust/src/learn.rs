//! Where trust meets the world: outcomes of operations become ratings, and trust becomes what routing goes by.

use std::sync::Arc;

use agent2028_core::agent::{AgentGroups, AgentId, AgentIndex, RoutingWeights, WeightColumn};
use agent2028_core::clock::SimClock;
use agent2028_core::event::{EventBus, LimitReached};
use agent2028_core::parallel::Workers;
use agent2028_core::rng::{Purpose, SimRng};
use agent2028_operations::engine::{Attempt, HoldKind};
use agent2028_operations::session::Outcome as Ended;
use agent2028_operations::{Operations, TRUST_COLUMN, with_ground};
use bevy::prelude::*;

use crate::attack::{MOST_LIES, spread_lies};
use crate::config::TrustConfig;
use crate::events::{TRUST_LOST, TRUST_REGAINED, TrustLost, TrustRegained};
use crate::ratings::Rating;
use crate::refresh::Around;
use crate::score::{Fading, Outcome};
use crate::trust::{Observation, Served, Trust};
use crate::trust_record::{ISOLATED, LIAR, MALICIOUS};

const ASKER: Purpose = Purpose::new("trust.asker");

/// The ratings of the section's file.
#[derive(Resource, Clone, Debug, Default)]
pub struct Ratings {
    /// All of them, in the order of the file.
    pub rows: Arc<[Rating]>,
    /// How the file calls agents, by id; empty if it calls them by their numbers.
    pub names: Arc<[String]>,
}

impl<R: Into<Arc<[Rating]>>> From<R> for Ratings {
    fn from(rows: R) -> Self {
        Self { rows: rows.into(), names: Arc::default() }
    }
}

/// How much of each rating is left at the beginning: it is as old as it is older than the newest.
pub fn kept_of(ratings: &[Rating], fading: Fading) -> impl Iterator<Item = f64> + '_ {
    let newest = ratings.iter().map(|rating| rating.time).fold(f64::NEG_INFINITY, f64::max);
    ratings.iter().map(move |rating| fading.kept((newest - rating.time) / 86_400.0))
}

/// Who rates and who is trusted beforehand, as long as nobody comes or goes. Derived.
#[derive(Resource, Clone, Debug, Default)]
pub(crate) struct Circles {
    agents: usize,
    next: u32,
    raters: Vec<u32>,
    pub(crate) pre_trusted: Vec<u32>,
    attempts: Vec<Attempt>,
    outcasts: Vec<AgentId>,
}

impl Circles {
    /// Looks again if somebody came or left, or the section has changed.
    fn look(&mut self, config: &Res<TrustConfig>, groups: &AgentGroups, index: &AgentIndex, trust: &mut Trust) {
        if (self.agents, self.next) == (index.len(), index.next_id().0) && !config.is_changed() {
            return;
        }
        (self.agents, self.next) = (index.len(), index.next_id().0);
        trust.enrol(index);
        let members = |name: &str| -> Vec<u32> {
            let ranges = groups.find(name).map(|group| groups.ranges_of(group).collect::<Vec<_>>());
            let there = |agent: &u32| index.get(AgentId(*agent)).is_some();
            ranges.unwrap_or_default().into_iter().flatten().filter(there).collect()
        };
        let all_of = |names: &[String]| {
            let mut all: Vec<u32> = names.iter().flat_map(|name| members(name)).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        self.raters = if config.raters.is_empty() {
            index.iter().map(|(agent, _)| agent.0).collect()
        } else {
            all_of(&config.raters)
        };
        self.pre_trusted = all_of(&config.pre_trusted);
        for agent in config.malicious.iter().flat_map(|name| members(name)) {
            trust.mark_malicious(agent, 0);
        }
    }
}

/// The first thing that is done: ratings that were there before.
fn begin(trust: &mut Trust, config: &TrustConfig, ratings: &Ratings) {
    trust.begun = true;
    trust.graph.set_most_edges(config.most_edges);
    let (worst, best) = config.rating_scale;
    let kept = kept_of(&ratings.rows, config.forgetting.fading());
    let spread = f64::from((best - worst).max(f32::MIN_POSITIVE));
    trust.import(ratings.rows.iter().zip(kept).map(|(rating, kept)| {
        let good = ((f64::from(rating.rating) - f64::from(worst)) / spread).clamp(0.0, 1.0);
        (rating.source, rating.target, good, f64::from(config.rating_weight) * kept)
    }));
}

fn outcome_of(ended: Ended) -> Outcome {
    match ended {
        Ended::Completed => Outcome::Success,
        Ended::TimedOut => Outcome::Timeout,
        Ended::Failed | Ended::Rejected => Outcome::Failure,
    }
}

/// Those who have come in are known to routing before anything is given to them, and as trusted as nobody knows them.
pub(crate) fn welcome(
    config: Res<TrustConfig>,
    index: Res<AgentIndex>,
    mut trust: ResMut<Trust>,
    mut weights: ResMut<RoutingWeights>,
) {
    let trust = &mut *trust;
    trust.enrol(&index);
    let welcomed = trust.welcomed;
    let weights = weights.column_mut(TRUST_COLUMN);
    for (agent, standing) in trust.standings.agents_mut().filter(|(agent, _)| agent.0 >= welcomed) {
        standing.greet(&config);
        weights.set(agent, standing.trust);
    }
    trust.welcomed = trust.standings.places().end().max(index.next_id().0);
}

pub(crate) fn somebody_is_new(index: Res<AgentIndex>, trust: Res<Trust>) -> bool {
    trust.welcomed < index.next_id().0
}

/// Outcomes of the tick become ratings; from time to time trust is worked out anew.
pub(crate) fn learn(
    (clock, dice, workers, config): (Res<SimClock>, Res<SimRng>, Res<Workers>, Res<TrustConfig>),
    (groups, index, ratings): (Res<AgentGroups>, Res<AgentIndex>, Res<Ratings>),
    mut operations: Option<ResMut<Operations>>,
    mut trust: ResMut<Trust>,
    mut circles: ResMut<Circles>,
    mut bus: ResMut<EventBus>,
    mut weights: ResMut<RoutingWeights>,
) {
    let (trust, circles) = (&mut *trust, &mut *circles);
    let tick = clock.tick();
    let first = !trust.begun;
    if first {
        begin(trust, &config, &ratings);
    }
    circles.look(&config, &groups, &index, trust);
    let mut served = Served::default();
    if let Some(operations) = &mut operations {
        operations.take_attempts(&mut circles.attempts);
    }
    for attempt in &circles.attempts {
        let outcome = outcome_of(attempt.outcome);
        let subject = attempt.agent;
        let standing = trust.standing_mut(subject.0);
        standing.realise(outcome);
        let malicious = standing.is(MALICIOUS);
        served.all += 1;
        served.malicious += u32::from(malicious);
        let Some(rater) = asker(&dice, &circles.raters, attempt) else { continue };
        let said = lie(trust, rater, subject.0).unwrap_or(outcome);
        let command = Some(attempt.command);
        let honest = said == outcome;
        trust.hear(Observation { tick, rater, subject: subject.0, said, command, honest }, &config);
    }
    trust.counts.served += u64::from(served.all);
    trust.counts.served_malicious += u64::from(served.malicious);
    let window = clock.ticks_in(f64::from(config.window_s)).max(1) as usize;
    trust.served.push_back(served);
    while trust.served.len() > window {
        trust.served.pop_front();
    }
    if spread_lies(trust, &config, &dice, tick, clock.tick_hz()) {
        LimitReached::new("false ratings within a tick", MOST_LIES.into(), "the others are not given").tell(&mut bus);
    }
    let due = tick.saturating_sub(trust.refreshed) >= clock.ticks_in(f64::from(config.refresh_s));
    if due || first {
        let around = Around {
            config: &config,
            index: &index,
            workers: &workers,
            pre_trusted: &circles.pre_trusted,
            tick,
            tick_hz: clock.tick_hz(),
        };
        // Routing ranks all agents anew when weights change.
        let mut fresh = weights.column(TRUST_COLUMN).cloned().unwrap_or_default();
        circles.outcasts = trust.refresh(&around, &mut bus, &mut fresh);
        if weights.column(TRUST_COLUMN) != Some(&fresh) {
            *weights.column_mut(TRUST_COLUMN) = fresh;
        }
    }
}

/// Who asked for an operation and has the experience: one of those who rate, by chance.
fn asker(dice: &SimRng, raters: &[u32], attempt: &Attempt) -> Option<u32> {
    // Who bought it knows. Nobody rates itself.
    if let Some(buyer) = attempt.buyer {
        return (raters.binary_search(&buyer.0).is_ok() && buyer != attempt.agent).then_some(buyer.0);
    }
    let mut stream = dice.stream(ASKER, AgentId(0), attempt.command);
    let others = raters.len() - usize::from(raters.binary_search(&attempt.agent.0).is_ok());
    if others == 0 {
        return None;
    }
    let at = ((f64::from(stream.unit()) * others as f64) as usize).min(others - 1);
    // Nobody asks itself.
    let own = raters.binary_search(&attempt.agent.0).is_ok_and(|own| own <= at);
    raters.get(at + usize::from(own)).copied()
}

/// What a rater says of a subject, if it lies.
fn lie(trust: &Trust, rater: u32, subject: u32) -> Option<Outcome> {
    if !trust.standing(AgentId(rater))?.is(LIAR) {
        return None;
    }
    let praise = trust.campaigns.iter().find_map(|campaign| campaign.says(rater, subject))?;
    Some(if praise { Outcome::Success } else { Outcome::Failure })
}

/// Whether somebody is to be isolated, or has been for long enough.
pub(crate) fn verdicts_are_due(circles: Res<Circles>, trust: Res<Trust>, clock: Res<SimClock>) -> bool {
    !circles.outcasts.is_empty() || trust.isolated.iter().any(|(_, until)| *until < clock.tick())
}

/// Those who are trusted too little are given no more work; after their time they get another chance.
pub(crate) fn carry_out_verdicts(world: &mut World) {
    let outcasts = std::mem::take(&mut world.resource_mut::<Circles>().outcasts);
    let clock = world.resource::<SimClock>();
    let tick = clock.tick();
    let config = world.resource::<TrustConfig>();
    let until = config.isolation_s.map_or(u64::MAX, |seconds| tick.saturating_add(clock.ticks_in(f64::from(seconds))));
    let needed = config.isolate_below.unwrap_or(0.0);
    if !outcasts.is_empty() {
        with_ground(world, |operations, ground| {
            operations.begin_hold(ground, HoldKind::Isolation, &outcasts, until);
        });
    }
    world.resource_scope(|world, mut trust: Mut<Trust>| {
        let trust = &mut *trust;
        let mut bus = world.resource_mut::<EventBus>();
        for agent in outcasts {
            let Some(standing) = trust.standings.get_mut(agent) else { continue };
            standing.set(ISOLATED, true);
            trust.isolated.push((agent.0, until));
            trust.isolations.count += 1;
            if standing.is(MALICIOUS) {
                trust.isolations.malicious += 1;
                trust.isolations.ticks += tick.saturating_sub(standing.since);
            }
            let outcomes = standing.pooled().amount() as f32;
            bus.publish(TRUST_LOST, Some(agent), TrustLost { trust: standing.score, outcomes, needed });
        }
        let mut released = Vec::new();
        trust.isolated.retain(|(agent, until)| {
            if *until < tick {
                released.push(*agent);
            }
            *until >= tick
        });
        released.sort_unstable();
        trust.graph.fade_targets(&released, 0.5);
        for agent in released {
            let Some(standing) = trust.standings.get_mut(AgentId(agent)) else { continue };
            standing.set(ISOLATED, false);
            standing.give_another_chance();
            bus.publish(TRUST_REGAINED, Some(AgentId(agent)), TrustRegained { trust: standing.score });
        }
    });
}

pub(crate) fn save(world: &World) -> Result<Vec<u8>, String> {
    world.get_resource::<Trust>().map_or(Ok(Vec::new()), Trust::save)
}

pub(crate) fn load(world: &mut World, bytes: &[u8]) -> Result<(), String> {
    let trust = Trust::load(bytes)?;
    world.insert_resource(trust);
    Ok(())
}

/// Works out anew what isn't saved.
pub(crate) fn derive(world: &mut World) {
    world.insert_resource(Circles::default());
    // What was found belongs to another graph.
    let reaches = crate::ask::Reaches::new(world.resource::<TrustConfig>());
    world.insert_resource(reaches);
    world.resource_scope(|world, trust: Mut<Trust>| {
        let living: Vec<AgentId> = world.resource::<AgentIndex>().iter().map(|(agent, _)| agent).collect();
        let mut weights = WeightColumn::default();
        for agent in living.into_iter().filter(|agent| agent.0 < trust.welcomed) {
            if let Some(standing) = trust.standing(agent) {
                weights.set(agent, standing.trust);
            }
        }
        *world.resource_mut::<RoutingWeights>().column_mut(TRUST_COLUMN) = weights;
    });
    hear(world);
}

/// Operations are to note attempts.
pub(crate) fn hear(world: &mut World) {
    if let Some(mut operations) = world.get_resource_mut::<Operations>() {
        operations.hear_attempts();
    }
}
