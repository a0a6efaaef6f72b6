//! What is to be considered in the section though it is right.

use agent2028_core::check::Problems;
use agent2028_core::clock::ticks_in;
use agent2028_core::intervention::Intervention;

use super::{GossipConfig, GossipMode, NetworkConfig};
use crate::interventions::{FalseAlert, TellRumour};

impl NetworkConfig {
    /// Adds what is to be considered.
    pub(crate) fn advise_on_gossip(&self, at: &str, advice: &mut Problems) {
        let Some(gossip) = &self.gossip else { return };
        let Some(tick_hz) = advice.tick_hz else { return };
        let lifetime = ticks_in(f64::from(gossip.lifetime_s), tick_hz).max(1);
        let section = gossip.rumours.iter().map(|rumour| Source { at: rumour.at, every: rumour.every, until: None });
        let told = [TellRumour::NAME, FalseAlert::NAME];
        let scripted = advice.scripted.iter().filter(|entry| told.contains(&entry.intervention.as_str()));
        let scripted = scripted.map(|entry| Source { at: entry.at, every: entry.every, until: entry.until });
        let living = living_at_once(&section.chain(scripted).collect::<Vec<_>>(), lifetime);
        if living > u64::from(gossip.kept) {
            advice.push(
                format!("{at}.gossip.kept"),
                format!(
                    "up to {living} rumours live at once, and {} are kept: the oldest are told no more",
                    gossip.kept
                ),
                format!("write kept: {living}, or a shorter lifetime_s"),
            );
        }
        let known = living.min(u64::from(gossip.kept));
        if known > u64::from(gossip.remembered)
            && let Some(what) = begins_anew(gossip)
        {
            let remembered = gossip.remembered;
            advice.push(
                format!("{at}.gossip.remembered"),
                format!(
                    "up to {known} rumours live at once, and an agent remembers {remembered}: one that it has forgotten is new to it, \
                     {what} until its hops are used up or it dies"
                ),
                format!("write remembered: {known}, or a shorter lifetime_s"),
            );
        }
    }
}

/// What becomes of a rumour that is forgotten and heard again, where that makes more messages than there would be.
fn begins_anew(gossip: &GossipConfig) -> Option<&'static str> {
    match gossip.mode {
        GossipMode::Flood | GossipMode::Plumtree => {
            Some("and it tells it to all its neighbours again: messages multiply from hop to hop")
        }
        // Who tells a rumour for as long as it lives tells it no more often, and who only asks is told it once for each question.
        GossipMode::Push | GossipMode::PushPull if gossip.rounds > 0 => {
            Some("and it tells it for as many rounds again: the rumour doesn't die out")
        }
        GossipMode::Push | GossipMode::Pull | GossipMode::PushPull => None,
    }
}

/// Something that begins a rumour, once or again and again.
#[derive(Clone, Copy, Debug)]
struct Source {
    at: u64,
    every: Option<u64>,
    until: Option<u64>,
}

/// The most rumours that can live at once, each for `lifetime` ticks: those that come once where most of them meet, and of
/// each that comes again as many as begin within a lifetime.
fn living_at_once(sources: &[Source], lifetime: u64) -> u64 {
    let again = |source: &Source| {
        source.every.map_or(0, |every| {
            let all = source.until.map_or(u64::MAX, |until| until.saturating_sub(source.at) / every.max(1) + 1);
            lifetime.div_ceil(every.max(1)).min(all)
        })
    };
    let mut once: Vec<u64> = sources.iter().filter(|source| source.every.is_none()).map(|source| source.at).collect();
    once.sort_unstable();
    let meeting = |first: usize| once[first..].partition_point(|at| at - once[first] < lifetime) as u64;
    let most = (0..once.len()).map(meeting).max().unwrap_or(0);
    sources.iter().map(again).fold(most, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RumourConfig;
    use agent2028_core::check::Scripted;

    /// By counting, tick by tick.
    fn counted(sources: &[Source], lifetime: u64, ticks: u64) -> u64 {
        let begins = |source: &Source, tick: u64| match source.every {
            Some(every) => {
                tick >= source.at
                    && (tick - source.at).is_multiple_of(every)
                    && source.until.is_none_or(|until| tick <= until)
            }
            None => tick == source.at,
        };
        let lives = |now: u64| {
            let ticks = now.saturating_sub(lifetime - 1)..=now;
            ticks.map(|tick| sources.iter().filter(|source| begins(source, tick)).count() as u64).sum()
        };
        (0..ticks).map(lives).max().unwrap_or(0)
    }

    #[test]
    fn the_most_rumours_that_live_at_once_are_those_that_a_count_finds() {
        let source = |at, every, until| Source { at, every, until };
        let cases = [
            vec![],
            vec![source(5, None, None)],
            vec![source(5, None, None), source(9, None, None), source(10, None, None)],
            vec![source(5, None, None), source(5, None, None), source(60, None, None)],
            vec![source(3, Some(4), None)],
            vec![source(3, Some(4), Some(11))],
            vec![source(3, Some(50), None), source(3, Some(1), None)],
        ];
        for sources in cases {
            for lifetime in [1, 2, 5, 6, 30] {
                assert_eq!(
                    living_at_once(&sources, lifetime),
                    counted(&sources, lifetime, 200),
                    "{sources:?} {lifetime}"
                );
            }
        }
    }

    fn advice(change: impl FnOnce(&mut GossipConfig), scripted: &[&str]) -> Vec<String> {
        let mut gossip = GossipConfig {
            mode: GossipMode::Flood,
            remembered: 1,
            rumours: vec![RumourConfig { at: 1, ..Default::default() }, RumourConfig { at: 9, ..Default::default() }],
            ..GossipConfig::default()
        };
        change(&mut gossip);
        let scripted = scripted
            .iter()
            .map(|name| Scripted { intervention: (*name).to_owned(), at: 20, every: None, until: None })
            .collect();
        let mut advice = Problems::to_consider(10.0, scripted);
        NetworkConfig { gossip: Some(gossip), ..NetworkConfig::default() }.advise_on_gossip("network", &mut advice);
        advice.into_list().into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
    }

    #[test]
    fn rumours_that_circulate_because_they_are_forgotten_are_told() {
        for mode in [GossipMode::Flood, GossipMode::Plumtree] {
            let told = advice(|gossip| gossip.mode = mode, &[]);
            assert!(
                told.len() == 1 && told[0].starts_with("network.gossip.remembered: up to 2 rumours live at once"),
                "{told:?}"
            );
        }
        assert!(advice(|gossip| gossip.remembered = 2, &[]).is_empty(), "as many as live are remembered");
        assert_eq!(
            advice(|gossip| gossip.remembered = 2, &["TellRumour", "Kill"]).len(),
            1,
            "the timeline begins a third"
        );
        assert!(
            advice(|gossip| gossip.lifetime_s = 0.8, &[]).is_empty(),
            "the first dies in the tick in which the second begins"
        );
        assert_eq!(advice(|gossip| gossip.lifetime_s = 0.9, &[]).len(), 1);
        let told = advice(|gossip| gossip.kept = 1, &[]);
        assert!(
            told.len() == 1 && told[0].starts_with("network.gossip.kept: "),
            "what isn't kept isn't told: {told:?}"
        );
        for (mode, rounds, count) in
            [(GossipMode::Push, 0, 0), (GossipMode::PushPull, 3, 1), (GossipMode::Push, 1, 1), (GossipMode::Pull, 1, 0)]
        {
            let told = advice(|gossip| (gossip.mode, gossip.rounds) = (mode, rounds), &[]);
            assert_eq!(told.len(), count, "{mode:?} {rounds}: {told:?}");
        }
    }
}
