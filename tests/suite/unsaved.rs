//! What can't be written down is an error in words, never saved or hashed as nothing.

use agent2028::assemble::ExtraPlugins;
use agent2028::core::check::{Check, Problems};
use agent2028::core::checkpoint::AddCheckpoint;
use agent2028::core::event::{EventBus, EventKind, EventPayload};
use agent2028::core::intervention::{AddIntervention, Intervention, InterventionContext, InterventionError};
use agent2028::core::{SimSchedule, SimSystems, TakeTurn};
use agent2028::headless::{RunOptions, run};
use agent2028::scene::load::load_text;
use agent2028::{Sandbox, SandboxError};
use bevy::prelude::*;
use serde::{Deserialize, Serialize, Serializer};

use crate::folder;

const SCENE: &str = "Scene(agents: [(name: \"a\", count: 3)], duration: Ticks(5))";

/// A number that can be read and, above a bound, not written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Reflect)]
struct Shy(u32);

impl Serialize for Shy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 > 2 {
            return Err(serde::ser::Error::custom("it is too shy"));
        }
        serializer.serialize_u32(self.0)
    }
}

#[derive(Resource, Clone, Copy, Serialize, Deserialize)]
struct Kept(Shy);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Reflect)]
struct Shout(Shy);

impl Check for Shout {
    fn check(&self, _: &str, _: &mut Problems) {}
}

impl Intervention for Shout {
    const NAME: &'static str = "Shout";

    fn apply(&self, _: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
        Ok("nobody heard it".into())
    }
}

#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
struct Whisper(#[reflect(ignore)] Shy);

impl EventPayload for Whisper {
    const NAME: &'static str = "Whisper";
}

impl std::fmt::Display for Whisper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "whispered {}", self.0.0)
    }
}

/// Adds a part of the state that grows by one each tick.
#[derive(Clone)]
struct Growing(u32);

impl Plugin for Growing {
    fn build(&self, app: &mut App) {
        app.insert_resource(Kept(Shy(self.0))).checkpoint_resource::<Kept>("shy").add_intervention::<Shout>();
        app.add_systems(SimSchedule, (|mut kept: ResMut<Kept>| kept.0.0 += 1).in_set(SimSystems::Settle));
    }
}

#[derive(Clone)]
struct Whispering;

impl Plugin for Whispering {
    fn build(&self, app: &mut App) {
        let kind = EventKind::new("Whispered", 5);
        let whisper = move |mut bus: ResMut<EventBus>| {
            bus.publish(kind, None, Whisper(Shy(9)));
        };
        let turn = app.take_turn("growing");
        app.add_systems(SimSchedule, whisper.in_set(turn.of(SimSystems::Act)));
    }
}

#[test]
fn a_state_that_cant_be_saved_has_no_hash_and_no_checkpoint() {
    let mut sandbox = Sandbox::parse(SCENE).unwrap().add_plugin(Growing(0)).unwrap();
    sandbox.run(2).unwrap();
    sandbox.state_hash().unwrap();
    let saved = sandbox.checkpoint().unwrap();
    sandbox.run(1).unwrap();
    for error in [sandbox.state_hash().map(drop), sandbox.checkpoint().map(drop)] {
        assert!(matches!(error, Err(SandboxError::Checkpoint(_))));
        let told = error.unwrap_err().to_string();
        assert!(told.contains("shy can't be saved"), "{told}");
    }
    // What was saved before is whole, and leads back.
    sandbox.restore(&saved).unwrap();
    assert_eq!(sandbox.state_hash().unwrap(), saved.state_hash);

    // Whoever takes what is there all the same can neither write nor load it.
    sandbox.run(1).unwrap();
    let torn = agent2028::core::checkpoint::Checkpoint::of(sandbox.app_mut().unwrap().world());
    let folder = folder();
    let path = folder.path().join("torn.a28");
    assert!(torn.write(&path).is_err() && !path.exists() && torn.encode().is_err());
    assert!(sandbox.restore(&torn).is_err());
}

#[test]
fn a_plugin_whose_state_has_no_form_is_refused_before_the_first_tick() {
    let told = Sandbox::parse(SCENE).unwrap().add_plugin(Growing(7)).unwrap().run(1).unwrap_err();
    let told = format!("{told:?}");
    assert!(told.contains("shy can't be saved"), "{told}");
}

#[test]
fn a_run_that_cant_be_written_down_ends_with_words() {
    let loaded = load_text("scene", SCENE, None, &[]).unwrap();
    let shout = |shy| (2, Shout(Shy(shy)).into());
    let growing = || ExtraPlugins::default().with(Growing(0));
    let quiet = || ExtraPlugins::default().with(Growing(0)).with(Whispering);
    for (plugins, interventions, hash_every, told) in [
        (growing(), Vec::new(), Some(1), "shy can't be saved"),
        (growing(), Vec::new(), None, "shy can't be saved"),
        (growing(), vec![shout(9)], None, "the intervention Shout of tick 2 can't be recorded: it is too shy"),
        (quiet(), Vec::new(), None, "Whispered of tick 1 can't be recorded: Whisper can't be written: it is too shy"),
    ] {
        let folder = folder();
        let out = folder.path().join("run");
        let options =
            RunOptions { out: Some(out.clone()), hash_every, interventions, plugins, ..RunOptions::default() };
        let error = run(&loaded, &options, &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
        assert!(!out.join("summary.json").exists());
    }
    // What has a form is recorded.
    let folder = folder();
    let out = folder.path().join("run");
    let options = RunOptions {
        out: Some(out.clone()),
        ticks: Some(2),
        interventions: vec![shout(1)],
        plugins: growing(),
        ..RunOptions::default()
    };
    run(&loaded, &options, &mut |_| {}).unwrap();
    let text = std::fs::read_to_string(out.join("interventions.ron")).unwrap();
    assert!(text.contains("Shout"), "{text}");
}
