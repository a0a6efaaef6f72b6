//! What must hold in the section beyond types and ranges.

use std::collections::BTreeSet;

use agent2028_core::agent::parse_pattern;
use agent2028_core::check::{Check, Naming, Problems};
use agent2028_core::ranges::check_ranges;

use super::IdentityConfig;
use crate::suite::SuiteId;

fn check_capability(path: String, capability: &str, problems: &mut Problems) {
    if let Err(error) = parse_pattern(capability) {
        problems.push(path, error.to_string(), "for example \"database.query\" or \"database.*\"");
    }
}

impl Check for IdentityConfig {
    fn check(&self, at: &str, problems: &mut Problems) {
        check_ranges(self, at, problems);
        let keyed: Option<BTreeSet<&str>> =
            (!self.agents.is_empty()).then(|| self.agents.iter().map(String::as_str).collect());
        let check_member = |path: String, group: &str, problems: &mut Problems| {
            if keyed.as_ref().is_some_and(|keyed| !keyed.contains(group)) && problems.groups.contains(group) {
                problems.push(path, format!("the group \"{group}\" has no keys"), "add it to identity.agents");
            } else {
                problems.check_group(path, group);
            }
        };
        for (field, groups) in [("agents", &self.agents), ("roots", &self.roots)] {
            for (index, group) in groups.iter().enumerate() {
                problems.check_group(format!("{at}.{field}[{index}]"), group);
            }
        }
        for (index, group) in self.suites.iter().enumerate() {
            problems.check_group(format!("{at}.suites[{index}].agents"), &group.agents);
            check_suite(format!("{at}.suites[{index}].suite"), group.suite, problems);
        }
        check_suite(format!("{at}.suite"), self.suite, problems);
        for (index, offer) in self.offers.iter().enumerate() {
            let at = format!("{at}.offers[{index}]");
            check_member(format!("{at}.agents"), &offer.agents, problems);
            if self.offers[..index].iter().any(|other| other.agents == offer.agents) {
                let what = format!("what the group \"{}\" can do is said twice", offer.agents);
                problems.push(format!("{at}.agents"), what, "name all its suites in one place");
            }
            if offer.suites.is_empty() {
                let what = "a group that can do no suite opens and accepts no channel";
                problems.push(format!("{at}.suites"), what, "name at least one, for example HybridFips");
            }
            for (number, suite) in offer.suites.iter().enumerate() {
                check_suite(format!("{at}.suites[{number}]"), *suite, problems);
            }
        }
        for (index, attestation) in self.attestations.iter().enumerate() {
            let at = format!("{at}.attestations[{index}]");
            check_member(format!("{at}.by"), &attestation.by, problems);
            check_member(format!("{at}.to"), &attestation.to, problems);
            if !attestation.audience.is_empty() {
                problems.check_group(format!("{at}.audience"), &attestation.audience);
            }
            check_capability(format!("{at}.capability"), &attestation.capability, problems);
        }
        for (index, delegation) in self.delegations.iter().enumerate() {
            let at = format!("{at}.delegations[{index}]");
            check_member(format!("{at}.by"), &delegation.by, problems);
            check_member(format!("{at}.to"), &delegation.to, problems);
            check_capability(format!("{at}.capability"), &delegation.capability, problems);
        }
        for (index, request) in self.requests.iter().enumerate() {
            let at = format!("{at}.requests[{index}]");
            check_member(format!("{at}.by"), &request.by, problems);
            check_member(format!("{at}.at"), &request.at, problems);
            check_capability(format!("{at}.capability"), &request.capability, problems);
        }
        for (index, kind) in self.signed_events.iter().enumerate() {
            problems.mention(format!("{at}.signed_events[{index}]"), Naming::EventKind, kind);
        }
        for (index, channel) in self.channels.iter().enumerate() {
            let at = format!("{at}.channels[{index}]");
            check_member(format!("{at}.from"), &channel.from, problems);
            check_member(format!("{at}.to"), &channel.to, problems);
        }
    }
}

fn check_suite(path: String, suite: SuiteId, problems: &mut Problems) {
    if suite.suite().is_none() {
        problems.push(path, format!("this program was built without {suite}"), "build it with the feature crystals");
    }
}

impl IdentityConfig {
    /// Whether the agents of a group have keys.
    #[must_use]
    pub fn has_keys(&self, group: &str) -> bool {
        self.agents.is_empty() || self.agents.iter().any(|name| name == group)
    }

    /// What the scene says about which suites a group can do in sealed channels.
    #[must_use]
    pub fn offer_of(&self, group: &str) -> Option<&[SuiteId]> {
        self.offers.iter().find(|offer| offer.agents == group).map(|offer| offer.suites.as_slice())
    }

    /// The suite of a group's keys.
    #[must_use]
    pub fn suite_of(&self, group: &str) -> SuiteId {
        self.suites.iter().find(|other| other.agents == group).map_or(self.suite, |other| other.suite)
    }
}

#[cfg(test)]
mod tests {
    use agent2028_core::space::WorldBounds;

    use super::*;
    use crate::config::{AttestationConfig, GroupOffer, RequestConfig};

    #[test]
    fn what_doesn_t_fit_together_is_told_all_at_once() {
        let config = IdentityConfig {
            agents: vec!["office".into()],
            roots: vec!["ofice".into()],
            attestations: vec![AttestationConfig {
                by: "office".into(),
                to: "clerk".into(),
                capability: "A..b".into(),
                ..Default::default()
            }],
            requests: vec![RequestConfig { per_second: -1.0, ..Default::default() }],
            offers: vec![
                GroupOffer { agents: "office".into(), suites: vec![SuiteId::HybridFips] },
                GroupOffer { agents: "office".into(), suites: Vec::new() },
            ],
            ..Default::default()
        };
        let groups = vec!["office".into(), "clerk".into()];
        let mut problems = Problems::among(groups, Vec::new(), WorldBounds::default());
        config.check("identity", &mut problems);
        let paths: Vec<&str> = problems.list().iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "identity.requests[0].per_second",
                "identity.roots[0]",
                "identity.offers[1].agents",
                "identity.offers[1].suites",
                "identity.attestations[0].to",
                "identity.attestations[0].capability",
                "identity.requests[0].by",
                "identity.requests[0].at",
                "identity.requests[0].capability",
            ]
        );
    }
}
