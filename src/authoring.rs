//! What the window's panels need to edit a scene's text: the inspector's [`SceneAuthor`].

use std::path::Path;
use std::sync::Arc;

use agent2028_inspector::authoring::{Analysis, Authoring, SceneAuthor, Template, TextProblem};
use agent2028_language::syntax::{SourceId, parse};
use agent2028_language::types::Types;

use crate::assemble::{ExtraPlugins, metrics_of, with_all_problems};
use crate::scene::load::load_text;
use crate::scene::report::{Found, SceneError};
use crate::scene::types::of_scenes;

/// A scene with more agents than this is not put together to check it while it is edited; running it does.
const MOST_AGENTS_TO_TRY: u64 = 1 << 24;

/// Knows scenes.
pub struct Author {
    types: Arc<Types>,
    plugins: ExtraPlugins,
}

impl Author {
    /// Somebody who knows scenes, with plugins of your own.
    #[must_use]
    pub fn new(plugins: ExtraPlugins) -> Self {
        Self { types: of_scenes(), plugins }
    }

    /// The same as a resource for the inspector.
    #[must_use]
    pub fn resource(plugins: ExtraPlugins) -> Authoring {
        Authoring(Arc::new(Self::new(plugins)))
    }
}

impl SceneAuthor for Author {
    fn types(&self) -> &Types {
        &self.types
    }

    fn analyse(&self, name: &str, text: &str, folder: Option<&Path>) -> Analysis {
        let tree = parse(SourceId(0), text).ok();
        let loaded = load_text(name, text, folder, &[]).map_err(|error| with_all_problems(error, &self.plugins));
        let read = loaded.and_then(|loaded| {
            let agents: u64 = loaded.scene.agents.iter().map(|group| u64::from(group.initial_count())).sum();
            if agents > MOST_AGENTS_TO_TRY { Ok(Vec::new()) } else { metrics_of(&loaded, &self.plugins) }
        });
        match read {
            Ok(metrics) => Analysis { tree, problems: Vec::new(), metrics },
            Err(error) => Analysis { tree, problems: problems_of(&error, name), metrics: Vec::new() },
        }
    }

    fn templates(&self) -> Vec<Template> {
        [
            (
                "Empty",
                "One group of agents that stand still: a scene to build on.",
                include_str!("authoring/templates/empty.ron"),
            ),
            (
                "Flock",
                "Birds that keep together, with sliders for the three rules.",
                include_str!("authoring/templates/flock.ron"),
            ),
            (
                "Foraging",
                "Ants, a nest and food, with trails that others follow.",
                include_str!("authoring/templates/foraging.ron"),
            ),
        ]
        .map(|(name, about, text)| Template { name: name.into(), about: about.into(), text: text.into() })
        .into()
    }
}

/// The problems of a scene as panels show them; `name` is the edited text's.
#[must_use]
pub fn problems_of(error: &SceneError, name: &str) -> Vec<TextProblem> {
    error
        .places()
        .into_iter()
        .map(|Found { file, in_text, span, line, column, excerpt, caret, message, help }| TextProblem {
            here: in_text && file == name,
            span,
            line,
            column,
            file,
            message,
            help,
            excerpt,
            caret,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::gallery;
    use agent2028_language::complete::{Known, complete};
    use agent2028_language::indent::indent;

    /// Labels offered where `|` stands.
    fn offered(text: &str) -> Vec<String> {
        let cursor = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        let author = Author::new(crate::ExtraPlugins::default());
        let known = author.analyse(
            "known",
            "Scene(agents: [(name: \"bird\"), (name: \"cat\")], boids: (flocks: [(agents: \"bird\")]))",
            None,
        );
        assert_eq!(known.problems, []);
        let known = Known { tree: known.tree.as_ref(), metrics: &known.metrics };
        complete(author.types(), &text, cursor, known).items.into_iter().map(|item| item.label).collect()
    }

    #[test]
    fn fields_are_offered_where_names_stand_and_none_twice() {
        let all = offered("Scene(|)");
        assert!(all.contains(&"agents".to_owned()) && all.contains(&"boids".to_owned()), "{all:?}");
        let rest = offered("Scene(seed: 1, |\n agents: [])");
        assert!(!rest.contains(&"seed".to_owned()) && !rest.contains(&"agents".to_owned()), "{rest:?}");
        assert_eq!(offered("Scene(boids: (coh|"), ["cohesion"]);
        assert_eq!(offered("Scene(boids: (cohesion: (w|)"), ["weight"]);
        assert_eq!(offered("Scene(agents: [(), (cou|)])"), ["count"]);
        assert_eq!(offered("Scene(timeline: [(at: 3, do: Kill(sel|))])"), ["select"]);
        assert_eq!(offered("Scene(boids: Some((max_sp|"), ["max_speed"]);
    }

    #[test]
    fn choices_truths_and_names_are_offered_where_values_stand() {
        assert_eq!(offered("Scene(world: (edge: |)")[..3], ["Wrap", "Bounce", "Open"]);
        assert_eq!(offered("Scene(timeline: [(do: Res|)])")[0], "Restart");
        assert_eq!(offered("Scene(agents: [(spawn: Di|)])")[0], "Disc");
        assert!(offered("Scene(headline: [\"bo|\"])").contains(&"boids.order".to_owned()));
        assert!(offered("Scene(expect: [(metric: \"agents.a|").contains(&"agents.active".to_owned()));
        assert!(offered("Scene(params: {\"x\": (path: \"cohesion.w|").contains(&"boids.cohesion.weight".to_owned()));
        assert_eq!(offered("Scene(boids: (flocks: [(agents: \"c|\")]))"), ["cat"]);
        assert_eq!(offered("|"), ["Scene"]);
    }

    #[test]
    fn nothing_is_offered_in_remarks_and_behind_texts() {
        assert_eq!(offered("Scene( // a|"), Vec::<String>::new());
        assert_eq!(offered("Scene(name: \"x\"|)"), Vec::<String>::new());
        assert_eq!(offered("Scene(nonsense: (|))"), Vec::<String>::new());
    }

    #[test]
    fn every_cut_of_a_scene_is_taken() {
        let types = of_scenes();
        let text = gallery::find("flock").unwrap();
        for cut in (0..text.len()).step_by(7) {
            if text.is_char_boundary(cut) {
                let _ = complete(&types, &text[..cut], cut, Known::default());
            }
        }
    }

    #[test]
    fn what_is_said_stays_the_same_for_every_scene() {
        for (name, text) in gallery::SCENES {
            let before = parse(SourceId(0), text).unwrap().to_text();
            let formatted = indent(text);
            assert_eq!(parse(SourceId(0), &formatted).unwrap().to_text(), before, "{name}");
            assert_eq!(indent(&formatted), formatted, "{name}");
        }
    }
}
