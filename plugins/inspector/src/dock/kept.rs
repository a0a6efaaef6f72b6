//! What panels remember from one start to the next, each in its own words.

use std::collections::BTreeMap;

use agent2028_core::ron_format;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::state::InspectorState;

/// What panels keep, by the panel's name: RON that only the panel itself understands. What a later version no longer
/// understands is passed over.
pub(super) type Kept = BTreeMap<String, String>;

fn put<T: Serialize>(kept: &mut Kept, name: &str, state: &T) {
    if let Ok(text) = ron_format::to_line(state) {
        kept.insert(name.to_owned(), text);
    }
}

fn take<T: DeserializeOwned>(kept: &Kept, name: &str, state: &mut T) {
    if let Some(Ok(known)) = kept.get(name).map(|text| ron_format::from_str(text)) {
        *state = known;
    }
}

/// What the panels remember now.
pub(super) fn keep(state: &InspectorState) -> Kept {
    let mut kept = Kept::new();
    put(&mut kept, "plots", &state.plots);
    put(&mut kept, "events", &state.events);
    put(&mut kept, "agents", &state.registry);
    put(&mut kept, "distributions", &state.distributions);
    put(&mut kept, "routing", &state.routing);
    put(&mut kept, "operations", &state.operations);
    put(&mut kept, "profiler", &state.profiler);
    kept
}

/// Gives the panels back what they remembered.
pub(super) fn restore(state: &mut InspectorState, kept: &Kept) {
    take(kept, "plots", &mut state.plots);
    take(kept, "events", &mut state.events);
    take(kept, "agents", &mut state.registry);
    take(kept, "distributions", &mut state.distributions);
    take(kept, "routing", &mut state.routing);
    take(kept, "operations", &mut state.operations);
    take(kept, "profiler", &mut state.profiler);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panels::plots::PlotSetup;

    #[test]
    fn panels_find_what_they_left_and_pass_over_what_they_no_longer_understand() {
        let mut state = InspectorState::default();
        state.plots.toggle("boids.order");
        state.plots.plots.push(PlotSetup { from_scene: true, ..PlotSetup::of("a scene's own") });
        state.events.hidden.insert("AgentFailed".into());
        state.registry.columns = vec!["Velocity.x".into()];
        state.distributions.x = "health".into();
        let mut kept = keep(&state);
        kept.insert("profiler".into(), "(page: Sideways)".into());
        kept.insert("gone".into(), "()".into());
        let mut back = InspectorState::default();
        restore(&mut back, &kept);
        assert_eq!(back.plots.metrics().collect::<Vec<_>>(), ["boids.order"], "a scene brings its own plots again");
        assert_eq!(back.events.hidden, state.events.hidden);
        assert_eq!((back.registry.columns, back.distributions.x), (vec!["Velocity.x".to_owned()], "health".to_owned()));
    }
}
