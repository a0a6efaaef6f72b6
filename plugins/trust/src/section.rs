//! The section `trust` of scenes.

use agent2028_core::check::{Problem, Problems};
use agent2028_core::event::EventDeclaration;
use agent2028_core::intervention::InterventionRegistry;
use agent2028_core::section::{FileContent, FileRequest, SceneContext, SceneSection, SectionFiles};
use bevy::prelude::*;

use crate::config::Edges;
use crate::graph::FAINTEST;
use crate::ratings::{Called, Table, read_ratings};
use crate::{Ratings, kept_of};
use crate::{TrustConfig, TrustPlugin, interventions};

/// A share of ratings above which it is told that so many have faded.
const MANY_FADED: f64 = 0.1;

impl SceneSection for TrustConfig {
    const NAME: &'static str = "trust";
    const ABOUT: &'static str =
        "Who is to be trusted: ratings, reputations, audits. Without this section nobody keeps trust.";

    fn interventions(list: &mut InterventionRegistry) {
        interventions::interventions(list);
    }

    fn events() -> Vec<EventDeclaration> {
        crate::events::KINDS.to_vec()
    }

    fn files(&self) -> Vec<FileRequest> {
        let (file, called) = match &self.edges {
            Edges::None => return Vec::new(),
            Edges::Csv(file) => (file, Called::ByNumbers),
            Edges::CsvOfNames(file) => (file, Called::ByNames),
        };
        let config = self.clone();
        vec![FileRequest::new("edges", file, "ratings.csv", move |file, context| {
            let table = read_ratings(file.open()?, context.agents, config.rating_scale, called, context.most_faults)?;
            let advice = advice_about(&table, &config);
            let ratings = Ratings { rows: table.ratings.into(), names: table.names.into() };
            Ok(FileContent { advice, ..FileContent::new(ratings) })
        })]
    }

    fn advise(&self, is_written: &dyn Fn(&str) -> bool, advice: &mut Problems) {
        // Whoever comes with many names outvotes all others though the scene doesn't say whose word counts.
        if is_written("reputation") || !self.raters.is_empty() {
            return;
        }
        advice.push(
            Self::NAME,
            "everybody may rate, and by default the word of strangers counts half: whoever comes with many names lifts whom it \
             likes",
            "write reputation: EigenTrust with pre_trusted: [\"a group\"], or raters: [\"a group\"]; or reputation: Weighted if \
             nobody can come with many names",
        );
    }

    fn build(&self, files: &SectionFiles, _: &SceneContext, app: &mut App) {
        let ratings = files.iter::<Ratings>().next().map_or_else(Ratings::default, |(_, ratings)| (*ratings).clone());
        app.add_plugins(TrustPlugin { config: self.clone(), ratings });
    }
}

/// What is to be considered of a table of ratings.
fn advice_about(table: &Table, trust: &TrustConfig) -> Vec<Problem> {
    let mut advice = Vec::new();
    let mut push = |path: &str, message: String, help: &str| {
        advice.push(Problem { path: path.into(), message, help: help.into() });
    };
    if let Some((count, line)) = table.of_themselves {
        let rows = if count == 1 { "1 row rates".into() } else { format!("{count} rows rate") };
        let message = format!("{rows} the rater itself, the first in line {line}; nobody's word about itself counts");
        push("edges", message, "they are left out");
    }
    let kept = kept_of(&table.ratings, trust.forgetting.fading());
    let faded = kept.filter(|kept| f64::from(trust.rating_weight) * kept < FAINTEST).count();
    let all = table.ratings.len();
    if faded as f64 > MANY_FADED * all as f64 {
        let times = table.ratings.iter().map(|rating| rating.time);
        let days = (times.clone().fold(f64::MIN, f64::max) - times.fold(f64::MAX, f64::min)) / 86_400.0;
        let message = format!(
            "{faded} of {all} ratings have faded before the run begins: they are up to {days:.0} days older than the newest"
        );
        push("forgetting", message, "write forgetting: Never, or a forgetting that fits how long these ratings hold");
    }
    advice
}
