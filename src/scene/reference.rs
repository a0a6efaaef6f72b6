//! The scene reference, written from the types: `docs/scene-reference.md`.

use std::fmt::Write as _;

use agent2028_core::event::{EventDeclaration, EventKinds};
use agent2028_core::section::SectionRegistry;
use agent2028_language::types::Types;

/// The whole reference as Markdown.
#[must_use]
pub fn markdown() -> String {
    written_from(&super::types::of_scenes())
}

fn written_from(types: &Types) -> String {
    let events = events(&crate::plugins::all());
    let head = "# Scene reference\n\nEvery field of a scene, with type, default, unit and range. This file is written from the \
                types by `agent2028 scenes reference`; a test keeps it in step.\n\nA scene is one RON file: `Scene(agents: [(name: \
                \"bird\", count: 100)], boids: ())`. Only `agents` must be there. Unknown fields, values of a wrong type or out of \
                range are errors with line and column.\n\n";
    format!("{head}{}\n{events}", agent2028_language::reference::markdown(types))
}

/// The kinds of events: of core, and of each section.
fn events(plugins: &SectionRegistry) -> String {
    let core = EventKinds::default();
    let of_core: Vec<EventDeclaration> = core.iter().copied().collect();
    let all = std::iter::once(("every scene", of_core)).chain(plugins.kinds().map(|kind| (kind.name, kind.events())));
    let mut text = "## Kinds of events\n\nWhat a simulation tells, by the plugin that tells it. Scenes name kinds by their keys: in \
                    `ledger.events`, in `identity.signed_events`, and as metrics: `events.AgentFailed` counts how often that kind \
                    has been told in the run, and is recorded while a plot, an expectation or `--metrics` names it.\n\n\
                    | told by | kind | priority | when | carries |\n|---|---|---|---|---|\n"
        .to_owned();
    for (section, kinds) in all {
        for kind in kinds {
            let fields: Vec<String> = kind.fields().iter().map(|field| format!("`{}`", field.name)).collect();
            let carried = if fields.is_empty() { "words".to_owned() } else { fields.join(", ") };
            let teller = if section == "every scene" { section.to_owned() } else { format!("`{section}`") };
            let (key, priority, about) = (kind.kind.name, kind.kind.priority, kind.about);
            let _ = writeln!(text, "| {teller} | `{key}` | {priority} | {about} | {carried} |");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_that_tell_the_same_kind_say_the_same_of_it() {
        let mut kinds: Vec<EventDeclaration> = EventKinds::default().iter().copied().collect();
        for section in crate::plugins::ours().kinds() {
            for declared in section.events() {
                for other in kinds.iter().filter(|other| other.kind.name == declared.kind.name) {
                    assert!(other.agrees_with(&declared) && other.about == declared.about, "{declared:?} {other:?}");
                }
                assert!(!declared.words.is_empty() && declared.about.ends_with('.'), "{declared:?}");
                kinds.push(declared);
            }
        }
        assert!(kinds.len() > 40, "{}", kinds.len());
    }
}
