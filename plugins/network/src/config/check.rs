//! What must hold in the section beyond types and ranges.

use std::collections::BTreeSet;

use agent2028_core::check::{Check, Problems, suggest};
use agent2028_core::ranges::check_ranges;

use super::{GossipMode, NetworkConfig, TopologyConfig};
use crate::wire::{FIRST_VERSION, LAST_VERSION};

/// More links than this are not made: they would fill the memory.
const MOST_LINKS: usize = 1 << 26;

/// A rumour's text may have at most so many bytes: it travels in every message.
const LONGEST_TEXT: usize = 1024;

/// Adds a problem if a rumour's text is too long.
pub(crate) fn check_text(path: String, text: &str, problems: &mut Problems) {
    if text.len() > LONGEST_TEXT {
        let message = format!("a rumour of {} bytes is too long", text.len());
        problems.push(path, message, format!("at most {LONGEST_TEXT} bytes"));
    }
}

impl Check for NetworkConfig {
    fn files_mut(&mut self) -> Vec<&mut String> {
        match &mut self.topology {
            TopologyConfig::Csv(file) => vec![file],
            _ => Vec::new(),
        }
    }

    fn check(&self, at: &str, problems: &mut Problems) {
        check_ranges(self, at, problems);
        for (index, group) in self.agents.iter().enumerate() {
            problems.check_group(format!("{at}.agents[{index}]"), group);
        }
        for (index, pair) in self.regions.pairs.iter().enumerate() {
            for (field, name) in [("from", &pair.from), ("to", &pair.to)] {
                if !problems.regions.contains(name) {
                    let help = suggest(name, problems.regions.iter(), "region");
                    problems.push(
                        format!("{at}.regions.pairs[{index}].{field}"),
                        format!("there is no region \"{name}\""),
                        help,
                    );
                }
            }
        }
        self.check_topology(at, problems);
        self.check_protocol(at, problems);
        self.check_gossip(at, problems);
        let mut seen = BTreeSet::new();
        for (index, shared) in self.shared.iter().enumerate() {
            if shared.name.is_empty() || !seen.insert(&shared.name) {
                let path = format!("{at}.shared[{index}].name");
                problems.push(path, "a shared value needs a name of its own", "for example name: \"visits\"");
            }
        }
        if let Some(swim) = &self.detector.swim
            && swim.timeout_s * 2.0 > swim.period_s
        {
            problems.push(
                format!("{at}.detector.swim.timeout_s"),
                format!("{} s is more than half a period, so that nobody has time to help", swim.timeout_s),
                format!("at most {}", swim.period_s * 0.5),
            );
        }
    }
}

impl NetworkConfig {
    fn check_topology(&self, at: &str, problems: &mut Problems) {
        let at = format!("{at}.topology");
        match &self.topology {
            TopologyConfig::ByQuality { add_above, drop_below, .. } if drop_below >= add_above => {
                let help = "for example add_above: 0.7, drop_below: 0.5";
                problems.push(format!("{at}.drop_below"), "links would go as soon as they come", help);
            }
            TopologyConfig::Edges(edges) if edges.len() > MOST_LINKS => {
                problems.push(at, format!("{} links are too many", edges.len()), format!("at most {MOST_LINKS}"));
            }
            TopologyConfig::Edges(edges) => {
                for (index, (from, to)) in edges.iter().enumerate() {
                    problems.check_agent(format!("{at}[{index}]"), *from.max(to));
                }
            }
            TopologyConfig::RandomRegular { degree } => {
                // Those who come and go later get links as they come.
                let talking = problems.groups.iter().zip(&problems.group_sizes);
                let talks = |name: &str| self.agents.is_empty() || self.agents.iter().any(|group| group == name);
                let count: u64 = talking.filter(|(name, _)| talks(name)).map(|(_, size)| u64::from(*size)).sum();
                let at = format!("{at}.degree");
                if count > 1 && u64::from(*degree) >= count {
                    let message = format!("{count} agents can't have {degree} links each, one with each other at most");
                    problems.push(at, message, format!("at most {}, or topology: Full", count - 1));
                } else if count % 2 == 1 && degree % 2 == 1 {
                    let message = format!(
                        "{count} agents can't have {degree} links each: a link has two ends, and {count} times {degree} is odd"
                    );
                    let near = if *degree == 1 { "2".to_owned() } else { format!("{} or {}", degree - 1, degree + 1) };
                    problems.push(at, message, format!("for example degree: {near}, or an agent more"));
                }
            }
            _ => {}
        }
    }

    fn check_protocol(&self, at: &str, problems: &mut Problems) {
        let mut check = |path: String, (low, high): (u8, u8)| {
            if low > high || low < FIRST_VERSION || high > LAST_VERSION {
                problems.push(
                    path,
                    format!("({low}, {high}) are no versions"),
                    format!("versions are {FIRST_VERSION} to {LAST_VERSION}, the lower first"),
                );
            }
        };
        check(format!("{at}.protocol.versions"), self.protocol.versions);
        for (index, group) in self.protocol.groups.iter().enumerate() {
            check(format!("{at}.protocol.groups[{index}].versions"), group.versions);
        }
        for (index, group) in self.protocol.groups.iter().enumerate() {
            problems.check_group(format!("{at}.protocol.groups[{index}].agents"), &group.agents);
        }
    }

    fn check_gossip(&self, at: &str, problems: &mut Problems) {
        let Some(gossip) = &self.gossip else {
            return;
        };
        if gossip.mode == GossipMode::Plumtree && self.topology == TopologyConfig::Full {
            let help = "choose another topology, for example RandomRegular(degree: 5)";
            problems.push(format!("{at}.gossip.mode"), "Plumtree needs links that are stored", help);
        }
        for (index, rumour) in gossip.rumours.iter().enumerate() {
            check_text(format!("{at}.gossip.rumours[{index}].text"), &rumour.text, problems);
            rumour.from.check(&format!("{at}.gossip.rumours[{index}].from"), problems);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(degree: u32, sizes: &[u32], agents: &[&str]) -> Vec<String> {
        let names: Vec<String> = (0..sizes.len()).map(|group| format!("group {group}")).collect();
        let mut problems = Problems::among(names, Vec::new(), Default::default());
        problems.group_sizes = sizes.to_vec();
        let config = NetworkConfig {
            topology: TopologyConfig::RandomRegular { degree },
            agents: agents.iter().map(|name| (*name).to_owned()).collect(),
            ..NetworkConfig::default()
        };
        config.check("network", &mut problems);
        problems
            .list()
            .iter()
            .map(|problem| format!("{}: {} ({})", problem.path, problem.message, problem.help))
            .collect()
    }

    /// A graph in which each of n has d links exists if and only if d < n and n·d is even.
    #[test]
    fn a_regular_graph_that_does_not_exist_is_refused() {
        for count in 2..12_u32 {
            for degree in 1..14 {
                let exists = degree < count && count * degree % 2 == 0;
                assert_eq!(told(degree, &[count], &[]).is_empty(), exists, "{count} {degree}");
            }
        }
        let wanted = "network.topology.degree: 5 agents can't have 3 links each: a link has two ends, and 5 times 3 is odd \
                      (for example degree: 2 or 4, or an agent more)";
        assert_eq!(told(3, &[2, 3], &[]), [wanted]);
        assert!(told(3, &[4, 3], &["group 0"]).is_empty(), "only those who talk are linked");
        assert!(told(3, &[], &[]).is_empty(), "how many there are isn't known everywhere");
    }
}
