//! The scene reference, written from the types: `docs/scene-reference.md`.

use agent2028_language::types::Types;

/// The whole reference as Markdown.
#[must_use]
pub fn markdown() -> String {
    written_from(&super::types::of_scenes())
}

fn written_from(types: &Types) -> String {
    let head = "# Scene reference\n\nEvery field of a scene, with type, default, unit and range. This file is written from the \
                types by `agent2028 scenes reference`; a test keeps it in step.\n\nA scene is one RON file: `Scene(agents: [(name: \
                \"bird\", count: 100)], boids: ())`. Only `agents` must be there. Unknown fields, values of a wrong type or out of \
                range are errors with line and column.\n\n";
    format!("{head}{}", agent2028_language::reference::markdown(types))
}
