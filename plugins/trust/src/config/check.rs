//! What must hold in the section beyond types and ranges.

use agent2028_core::check::{Check, Problems};
use agent2028_core::ranges::check_ranges;

use super::{Edges, Reputation, TrustConfig};

impl Check for TrustConfig {
    fn files_mut(&mut self) -> Vec<&mut String> {
        match &mut self.edges {
            Edges::Csv(file) | Edges::CsvOfNames(file) => vec![file],
            Edges::None => Vec::new(),
        }
    }

    fn check(&self, at: &str, problems: &mut Problems) {
        check_ranges(self, at, problems);
        for (index, group) in self.raters.iter().enumerate() {
            problems.check_group(format!("{at}.raters[{index}]"), group);
        }
        for (index, group) in self.malicious.iter().enumerate() {
            problems.check_group(format!("{at}.malicious[{index}]"), group);
        }
        for (index, group) in self.pre_trusted.iter().enumerate() {
            problems.check_group(format!("{at}.pre_trusted[{index}]"), group);
        }
        let from_somebody = matches!(self.reputation, Reputation::BestPath | Reputation::MaxFlow);
        if from_somebody && self.pre_trusted.is_empty() {
            problems.push(
                format!("{at}.reputation"),
                "nobody is trusted beforehand, so that trust comes from nowhere",
                "name a group, for example pre_trusted: [\"founder\"]",
            );
        }
        let (worst, best) = self.rating_scale;
        if !(worst.is_finite() && best.is_finite() && worst < best) {
            problems.push(
                format!("{at}.rating_scale"),
                format!("({worst}, {best}) is no scale"),
                "write (worst, best), for example (-10, 10)",
            );
        }
        if matches!(&self.edges, Edges::Csv(file) | Edges::CsvOfNames(file) if file.is_empty()) {
            problems.push(format!("{at}.edges"), "no file is named", "for example Csv(\"ratings.csv\")");
        }
        if self.transitive.capacities.is_empty() {
            problems.push(
                format!("{at}.transitive.capacities"),
                "nobody can vouch for anybody",
                "for example [800, 200, 200, 50, 12, 4, 2, 1]",
            );
        }
    }
}
