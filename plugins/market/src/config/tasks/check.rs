//! What must hold in the part beyond types and ranges.

use std::collections::BTreeSet;

use agent2028_core::agent::parse_pattern;
use agent2028_core::check::{Check, Problems, suggest};

use super::{Arrivals, Auctioneer, Rule, TaskMarket, TaskSource};

/// At most this many auctioneers, sources or groups of bidders: each has a bit or a small number in records.
const MOST_PARTS: usize = 64;
/// The most money that a fund begins with in all, so that no sum overflows.
const MOST_BUDGET: i128 = 1_000_000_000_000_000_000;

impl Check for TaskMarket {
    fn check(&self, at: &str, problems: &mut Problems) {
        for (what, count) in
            [("sources", self.sources.len()), ("auctioneers", self.auctioneers.len()), ("bidders", self.bidders.len())]
        {
            if count > MOST_PARTS {
                let help = format!("a scene holds at most {MOST_PARTS}");
                problems.push(format!("{at}.{what}"), format!("{count} {what} are too many"), help);
            }
        }
        for (what, count, message, help) in [
            (
                "sources",
                self.sources.len(),
                "no tasks are put up",
                "for example sources: [(arrivals: Poisson(per_second: 5))]",
            ),
            (
                "auctioneers",
                self.auctioneers.len(),
                "nobody auctions tasks",
                "for example auctioneers: [(rule: Vickrey)]",
            ),
            ("bidders", self.bidders.len(), "nobody bids", "for example bidders: [(group: \"drone\")]"),
        ] {
            if count == 0 {
                problems.push(format!("{at}.{what}"), message, help);
            }
        }
        let mut seen = BTreeSet::new();
        for (index, bidders) in self.bidders.iter().enumerate() {
            let path = format!("{at}.bidders[{index}].group");
            problems.check_group(path.clone(), &bidders.group);
            if !seen.insert(&bidders.group) {
                problems.push(path, format!("the group \"{}\" bids twice", bidders.group), "list each group once");
            }
            check_span(&format!("{at}.bidders[{index}].private"), bidders.private, problems);
        }
        let mut names = BTreeSet::new();
        for (index, auctioneer) in self.auctioneers.iter().enumerate() {
            let path = format!("{at}.auctioneers[{index}]");
            check_part_name(&path, &auctioneer.name, "auctioneer", problems);
            if !names.insert(auctioneer.name.as_str()) {
                let message = match auctioneer.name.as_str() {
                    "" => "there are two auctioneers without a name".to_owned(),
                    name => format!("there are two auctioneers named \"{name}\""),
                };
                problems.push(format!("{path}.name"), message, "give each auctioneer a name of its own");
            }
            self.check_auctioneer(&path, auctioneer, problems);
        }
        let budgets: i128 = self.auctioneers.iter().map(|auctioneer| i128::from(auctioneer.budget)).sum();
        if budgets > MOST_BUDGET {
            problems.push(format!("{at}.auctioneers"), "the budgets are too large together", "at most 10¹⁸ in all");
        }
        let mut names = BTreeSet::new();
        for (index, source) in self.sources.iter().enumerate() {
            if !source.name.is_empty() && !names.insert(source.name.as_str()) {
                let message = format!("there are two sources named \"{}\"", source.name);
                let help = "give each source a name of its own";
                problems.push(format!("{at}.sources[{index}].name"), message, help);
            }
            self.check_source(&format!("{at}.sources[{index}]"), source, problems);
        }
    }

    fn files_mut(&mut self) -> Vec<&mut String> {
        self.sources
            .iter_mut()
            .filter_map(|source| match &mut source.arrivals {
                Arrivals::Csv(file) => Some(file),
                _ => None,
            })
            .collect()
    }
}

/// A name is a part of the names of metrics.
pub(in crate::config) fn check_part_name(at: &str, name: &str, what: &str, problems: &mut Problems) {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if !name.chars().all(plain) {
        let help = format!("use letters, digits, - and _: it names metrics of this {what}");
        problems.push(format!("{at}.name"), format!("\"{name}\" is no name of this kind"), help);
    }
}

/// The least must not be above the most.
fn check_span<T: PartialOrd + std::fmt::Display>(path: &str, (least, most): (T, T), problems: &mut Problems) {
    if least > most {
        problems.push(path, format!("the least, {least}, is more than the most, {most}"), "write (least, most)");
    }
}

impl TaskMarket {
    /// Adds problems for clients who can't pay, and bidders who can't deposit, because they have nothing.
    pub(in crate::config) fn check_money(&self, at: &str, with_money: &BTreeSet<&str>, problems: &mut Problems) {
        for (index, auctioneer) in self.auctioneers.iter().enumerate() {
            let clients = auctioneer.clients.as_str();
            if !clients.is_empty() && problems.groups.contains(clients) && !with_money.contains(clients) {
                problems.push(
                    format!("{at}.auctioneers[{index}].clients"),
                    format!("the group \"{clients}\" pays for tasks and has no money"),
                    format!("add market.balances: [(group: \"{clients}\", amount: 1000000)]"),
                );
            }
            let admits =
                |group: &str| auctioneer.groups.is_empty() || auctioneer.groups.iter().any(|name| name == group);
            let mut bidders = self.bidders.iter().map(|bidders| bidders.group.as_str()).filter(|group| admits(group));
            if auctioneer.deposit_share > 0.0
                && let Some(first) = bidders.clone().next()
                && !bidders.any(|group| with_money.contains(group))
            {
                problems.push(
                    format!("{at}.auctioneers[{index}].deposit_share"),
                    "none of those who may bid has money for a deposit",
                    format!("add market.balances: [(group: \"{first}\", amount: 10000)], or write deposit_share: 0"),
                );
            }
        }
    }

    fn check_auctioneer(&self, at: &str, auctioneer: &Auctioneer, problems: &mut Problems) {
        for (index, group) in auctioneer.groups.iter().enumerate() {
            if !self.bidders.iter().any(|bidders| bidders.group == *group) {
                let known = self.bidders.iter().map(|bidders| bidders.group.as_str());
                let help = suggest(group, known, "group of bidders");
                problems.push(
                    format!("{at}.groups[{index}]"),
                    format!("no bidders are of the group \"{group}\""),
                    help,
                );
            }
        }
        if auctioneer.clients.is_empty() {
            if auctioneer.rule == Rule::ContractNet {
                let help = "name the group whose agents announce tasks: clients: \"office\"";
                problems.push(format!("{at}.clients"), "a contract net needs managers", help);
            }
        } else {
            problems.check_group(format!("{at}.clients"), &auctioneer.clients);
        }
        if auctioneer.least_trust > 0.0 && !problems.sections.contains("trust") {
            problems.push(
                format!("{at}.least_trust"),
                "nobody keeps trust in this scene, so that no bidder would ever be asked",
                "add the section trust: (), or write least_trust: 0",
            );
        }
        if auctioneer.reveal_s > 0.0 && !auctioneer.rule.is_sealed() {
            let help = "leave reveal_s out, or write rule: Vickrey, FirstPrice or SealedBestScore";
            problems.push(format!("{at}.reveal_s"), "only sealed bids are committed to and revealed", help);
        }
    }

    fn check_source(&self, at: &str, source: &TaskSource, problems: &mut Problems) {
        if !source.auctioneer.is_empty()
            && !self.auctioneers.iter().any(|auctioneer| auctioneer.name == source.auctioneer)
        {
            let known = self.auctioneers.iter().map(|auctioneer| auctioneer.name.as_str());
            let help = suggest(&source.auctioneer, known, "auctioneer");
            problems.push(
                format!("{at}.auctioneer"),
                format!("there is no auctioneer \"{}\"", source.auctioneer),
                help,
            );
        }
        for (index, skill) in source.skills.iter().enumerate() {
            let path = format!("{at}.skills[{index}]");
            match parse_pattern(skill) {
                Err(error) => problems.push(path, error.to_string(), "for example \"lift.heavy\""),
                Ok((_, true)) => problems.push(path, "a skill is one capability", "write it out, without a star"),
                Ok(_) if !problems.capabilities.contains(skill) => {
                    let help = suggest(skill, problems.capabilities.iter(), "capability");
                    problems.push(path, format!("no agent has the capability \"{skill}\""), help);
                }
                Ok(_) => {}
            }
        }
        check_span(&format!("{at}.value"), source.value, problems);
        check_span(&format!("{at}.work_s"), source.work_s, problems);
        if let Some(place) = &source.place {
            place.check(&format!("{at}.place"), problems);
        }
        if let Arrivals::Csv(file) = &source.arrivals
            && file.is_empty()
        {
            problems.push(format!("{at}.arrivals"), "the file has no name", "for example Csv(\"tasks.csv\")");
        }
    }
}
