//! What must hold in the section beyond types and ranges.

use std::collections::BTreeSet;

use agent2028_core::agent::parse_pattern;
use agent2028_core::check::{Check, Problems, suggest};
use agent2028_core::ranges::check_ranges;

use super::{OperationsConfig, ServiceTime, Workload};
use crate::bridge::swarm_name;

/// At most this many workloads: each has a place in every operation's record.
const MOST_WORKLOADS: usize = 1024;

impl Check for OperationsConfig {
    fn files_mut(&mut self) -> Vec<&mut String> {
        let traces = self.workload.iter_mut().filter_map(|workload| match workload {
            Workload::Trace(file) => Some(file),
            _ => None,
        });
        let rules = self.services.iter_mut().map(|rule| &mut rule.time);
        let samples = std::iter::once(&mut self.service).chain(rules).filter_map(|time| match time {
            ServiceTime::Empirical(file) => Some(file),
            _ => None,
        });
        traces.chain(samples).collect()
    }

    fn check(&self, at: &str, problems: &mut Problems) {
        check_ranges(self, at, problems);
        if self.workload.len() > MOST_WORKLOADS {
            problems.push(
                format!("{at}.workload"),
                format!("{} workloads are too many", self.workload.len()),
                format!("a scene holds at most {MOST_WORKLOADS}"),
            );
        }
        let mut seen = BTreeSet::new();
        for (index, workload) in self.workload.iter().enumerate() {
            check_workload(&format!("{at}.workload[{index}]"), workload, problems);
            let name = workload.demand().map_or("", |demand| demand.name);
            if !name.is_empty() && !seen.insert(name) {
                problems.push(
                    format!("{at}.workload[{index}].name"),
                    format!("there are two workloads named \"{name}\""),
                    "give each workload a name of its own",
                );
            }
        }
        // Only rules of service ask for them.
        let listed = if self.services.is_empty() { 0 } else { usize::MAX };
        let capabilities: Vec<String> = problems.capabilities.iter().take(listed).map(str::to_owned).collect();
        let bridged: Vec<String> = self.bridges.iter().map(|bridge| swarm_name(&bridge.capability)).collect();
        let known: BTreeSet<&str> =
            capabilities.iter().map(String::as_str).chain(bridged.iter().map(String::as_str)).collect();
        for (index, rule) in self.services.iter().enumerate() {
            let path = format!("{at}.services[{index}].capability");
            match parse_pattern(&rule.capability) {
                Err(error) => problems.push(path, error.to_string(), "for example \"database.*\""),
                // What a trace asks for is only known while it is read.
                Ok(_) if self.workload.iter().any(|workload| matches!(workload, Workload::Trace(_))) => {}
                Ok((literal, wildcard)) => {
                    let next = known.range(literal..).next();
                    if !next.is_some_and(|name| if wildcard { name.starts_with(literal) } else { *name == literal }) {
                        let help = suggest(&rule.capability, known.iter().copied(), "capability");
                        problems.push(
                            path,
                            format!("no agent has a capability that matches \"{}\"", rule.capability),
                            help,
                        );
                    }
                }
            }
            check_file(&rule.time, &format!("{at}.services[{index}].time"), problems);
        }
        check_file(&self.service, &format!("{at}.service"), problems);
        let weights = [self.fitness.health, self.fitness.latency, self.fitness.reliability, self.fitness.capacity];
        if weights.iter().any(|weight| *weight < 0.0) || weights.iter().sum::<f32>() <= 0.0 {
            problems.push(
                format!("{at}.fitness"),
                "the weights of fitness must be at least 0, and one of them above",
                "for example (health: 0.3, latency: 0.3, reliability: 0.2, capacity: 0.2)",
            );
        }
        self.check_shares(at, problems);
        self.check_bridges(at, problems);
    }
}

impl OperationsConfig {
    fn check_shares(&self, at: &str, problems: &mut Problems) {
        let (one, other) = (&self.orchestrator.individual, &self.orchestrator.swarm);
        for (name, one, other) in
            [("cpu", one.cpu, other.cpu), ("memory", one.memory, other.memory), ("network", one.network, other.network)]
        {
            // Half a millionth is what decimal fractions lose when they are stored.
            if f64::from(one) + f64::from(other) > 1.0 + 5e-7 {
                problems.push(
                    format!("{at}.orchestrator.swarm.{name}"),
                    format!("the tiers' shares {one} and {other} sum to more than 1"),
                    format!("the swarm can have at most {}", 1.0 - one),
                );
            }
        }
    }

    fn check_bridges(&self, at: &str, problems: &mut Problems) {
        let mut seen = BTreeSet::new();
        for (index, bridge) in self.bridges.iter().enumerate() {
            let at = format!("{at}.bridges[{index}]");
            problems.check_group(format!("{at}.individuals"), &bridge.individuals);
            problems.check_group(format!("{at}.swarm"), &bridge.swarm);
            check_capability(&format!("{at}.capability"), &bridge.capability, problems);
            let behind = swarm_name(&bridge.capability);
            if !problems.capabilities.contains(&behind) {
                let help = format!("give \"{behind}\" to the members of the swarm");
                problems.push(format!("{at}.capability"), format!("no agent has \"{behind}\""), help);
            }
            if !seen.insert((&bridge.capability, &bridge.individuals)) {
                problems.push(at, "there is another bridge for these individuals and this capability", "remove one");
            }
        }
    }
}

fn check_workload(at: &str, workload: &Workload, problems: &mut Problems) {
    match workload.demand() {
        Some(demand) => {
            check_capability(&format!("{at}.capability"), demand.capability, problems);
            if !demand.region.is_empty() && !problems.regions.contains(demand.region) {
                let help = suggest(demand.region, problems.regions.iter(), "region");
                problems.push(format!("{at}.region"), format!("no group is in the region \"{}\"", demand.region), help);
            }
        }
        None => {
            if matches!(workload, Workload::Trace(file) if file.is_empty()) {
                problems.push(at, "a trace needs a file", "for example Trace(\"requests.csv\")");
            }
        }
    }
}

/// A capability that somebody has, or will have.
fn check_capability(path: &str, name: &str, problems: &mut Problems) {
    let wildcard = parse_pattern(name);
    if let Ok((_, true)) | Err(_) = wildcard {
        let message =
            if name.is_empty() { "no capability is named".into() } else { format!("\"{name}\" names no capability") };
        problems.push(path, message, "for example \"database.query\"");
    } else if !problems.capabilities.contains(name) {
        let help = suggest(name, problems.capabilities.iter(), "capability");
        problems.push(path, format!("no agent has the capability \"{name}\""), help);
    }
}

fn check_file(time: &ServiceTime, at: &str, problems: &mut Problems) {
    if matches!(time, ServiceTime::Empirical(file) if file.is_empty()) {
        problems.push(at, "no file is named", "for example Empirical(\"service.csv\")");
    }
}
