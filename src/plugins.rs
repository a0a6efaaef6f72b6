//! The one list of the plugins that scenes can name.
//!
//! A plugin brings what belongs to it as a [`SceneSection`](agent2028_core::section::SceneSection); here it is named. A program
//! with plugins of its own names them before it reads its first scene:
//!
//! ```no_run
//! # use agent2028::boids::BoidsConfig as Lighthouses;
//! agent2028::plugins::install(agent2028::plugins::ours().with::<Lighthouses>())?;
//! # Ok::<(), agent2028::plugins::InstallError>(())
//! ```

use std::sync::OnceLock;

use agent2028_boids::BoidsConfig;
use agent2028_consensus::ConsensusConfig;
use agent2028_core::clash::Clash;
use agent2028_core::section::SectionRegistry;
use agent2028_identity::IdentityConfig;
use agent2028_ledger::LedgerConfig;
use agent2028_market::MarketConfig;
use agent2028_network::NetworkConfig;
use agent2028_operations::OperationsConfig;
use agent2028_pheromones::PheromonesConfig;
use agent2028_trust::TrustConfig;
use bevy::reflect::{TypeInfo, Typed};

use crate::scene::Scene;

static ALL: OnceLock<SectionRegistry> = OnceLock::new();

/// The plugins that come with Agent2028, in the order in which they are added to a simulation.
#[must_use]
pub fn ours() -> SectionRegistry {
    SectionRegistry::default()
        .with::<BoidsConfig>()
        .with::<PheromonesConfig>()
        .with::<NetworkConfig>()
        .with::<OperationsConfig>()
        .with::<IdentityConfig>()
        .with::<LedgerConfig>()
        .with::<TrustConfig>()
        .with::<MarketConfig>()
        .with::<ConsensusConfig>()
}

/// Why the plugins of a program can't be named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstallError {
    /// Plugins were named after the first scene was read, or twice.
    #[error("plugins must be named once, before the first scene is read")]
    Late,
    /// Two plugins give different things one name.
    #[error(transparent)]
    Clash(#[from] Clash),
}

/// Names that two plugins give to different things, or that a plugin gives to its section though every scene has a field of it.
#[must_use]
pub fn clashes(plugins: &SectionRegistry) -> Vec<Clash> {
    let mut clashes = plugins.clashes();
    let own = match Scene::type_info() {
        TypeInfo::Struct(fields) => fields.field_names(),
        _ => &[],
    };
    for kind in plugins.kinds().filter(|kind| own.contains(&kind.name)) {
        let second = kind.type_info().type_path();
        clashes.push(Clash::new("a section", kind.name, "a field that every scene has", second));
    }
    clashes
}

/// Names the plugins of this program, for all scenes that it reads.
///
/// # Errors
/// If two of them give different things one name, if plugins were named before, or if a scene was read.
pub fn install(plugins: SectionRegistry) -> Result<(), InstallError> {
    if let Some(clash) = clashes(&plugins).into_iter().next() {
        return Err(clash.into());
    }
    ALL.set(plugins).map_err(|_| InstallError::Late)
}

/// The plugins of this program: those that were [named](install), or [`ours`].
#[must_use]
pub fn all() -> SectionRegistry {
    ALL.get_or_init(ours).clone()
}

#[cfg(test)]
mod tests {
    use agent2028_core::check::{Check, Problems};
    use agent2028_core::checkpoint::AddCheckpoint;
    use agent2028_core::event::{AddEventKinds, EventDeclaration, EventKind};
    use agent2028_core::intervention::{
        Intervention, InterventionContext, InterventionError, InterventionRegistry, Tone,
    };
    use agent2028_core::metrics::{MetricSpec, Metrics};
    use agent2028_core::section::{SceneContext, SceneSection, SectionFiles};
    use bevy::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::Sandbox;

    /// A section of this name, which brings an intervention `Kill` if it is told to, and a kind of event of this priority.
    macro_rules! section {
        ($name:ident, $section:literal, $kills:literal, $priority:literal) => {
            #[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
            #[reflect(Default)]
            #[serde(default, deny_unknown_fields)]
            struct $name {
                number: u32,
            }

            impl Check for $name {
                fn check(&self, _: &str, _: &mut Problems) {}
            }

            impl SceneSection for $name {
                const NAME: &'static str = $section;
                const ABOUT: &'static str = "A section.";

                fn interventions(list: &mut InterventionRegistry) {
                    if $kills {
                        list.add::<Kill>();
                    }
                }

                fn events() -> Vec<EventDeclaration> {
                    let kind = EventKind::new("BatteryEmpty", $priority);
                    vec![EventDeclaration::new(kind, "Battery empty", "\u{ebdc}", Tone::Info, "A battery is empty.")]
                }

                fn build(&self, _: &SectionFiles, _: &SceneContext, _: &mut App) {}
            }
        };
    }
    section!(Battery, "battery", false, 5);
    section!(OtherBattery, "battery", false, 5);
    section!(Agents, "agents", false, 5);
    section!(Killer, "killer", true, 5);
    section!(Urgent, "urgent", false, 9);

    /// An intervention of the name of core's.
    #[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
    #[reflect(Default)]
    #[serde(default, deny_unknown_fields)]
    struct Kill {
        number: u32,
    }

    impl Check for Kill {
        fn check(&self, _: &str, _: &mut Problems) {}
    }

    impl Intervention for Kill {
        const NAME: &'static str = "Kill";

        fn apply(&self, _: &mut World, _: &InterventionContext) -> Result<String, InterventionError> {
            Ok(String::new())
        }
    }

    fn told(plugins: &SectionRegistry) -> Vec<String> {
        clashes(plugins).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_name_for_two_things_is_told_with_both() {
        assert_eq!(told(&ours().with::<Battery>().with::<Battery>()), Vec::<String>::new());
        for (plugins, what, both) in [
            (
                ours().with::<Battery>().with::<OtherBattery>(),
                "a section \"battery\"",
                ["::Battery,", "::OtherBattery)"],
            ),
            (ours().with::<Agents>(), "a section \"agents\"", ["every scene has", "::Agents)"]),
            (ours().with::<Killer>(), "an intervention \"Kill\"", ["faults", "tests::Kill)"]),
            (
                ours().with::<Battery>().with::<Urgent>(),
                "a kind of events \"BatteryEmpty\"",
                ["priority 5", "priority 9"],
            ),
        ] {
            let told = told(&plugins);
            assert_eq!(told.len(), 1, "{what}: {told:?}");
            assert!(told[0].contains(what) && both.iter().all(|one| told[0].contains(one)), "{told:?}");
            assert!(matches!(install(plugins), Err(InstallError::Clash(_))), "{what} is installed");
        }
    }

    #[test]
    fn who_comes_first_keeps_an_intervention() {
        let plugins = ours().with::<Killer>();
        let kill = plugins.interventions().find("Kill").unwrap().type_info().type_id();
        assert_eq!(kill, std::any::TypeId::of::<agent2028_core::faults::Kill>());
    }

    #[test]
    fn a_builder_refuses_two_sections_of_one_name() {
        let builder = Sandbox::builder().section::<Battery>().section::<OtherBattery>();
        let error = builder.parse("Scene(agents: [(name: \"bird\", count: 1)])").unwrap_err();
        assert!(error.to_string().contains("two plugins bring a section \"battery\""), "{error}");
    }

    #[derive(Resource, Serialize, Deserialize)]
    struct First(u32);

    #[derive(Resource, Serialize, Deserialize)]
    struct Second(u32);

    /// Saves two resources under one name, and two metrics and kinds of events have one each.
    #[derive(Clone)]
    struct Careless;

    impl Plugin for Careless {
        fn build(&self, app: &mut App) {
            app.insert_resource(First(1)).insert_resource(Second(2));
            app.checkpoint_resource::<First>("careless").checkpoint_resource::<First>("careless");
            app.checkpoint_resource::<Second>("careless");
            let mut metrics = app.world_mut().resource_mut::<Metrics>();
            metrics.declare(MetricSpec::cheap("careless", "V", "Volts."));
            metrics.declare(MetricSpec::cheap("careless", "A", "Amperes."));
            let kind =
                |words| EventDeclaration::new(EventKind::new("Careless", 5), words, "\u{ebdc}", Tone::Info, "So.");
            app.add_event_kinds(&[kind("One"), kind("Another")]);
        }
    }

    #[test]
    fn what_plugins_call_the_same_in_their_app_is_told_before_the_first_tick() {
        let mut sandbox =
            Sandbox::builder().plugin(Careless).parse("Scene(agents: [(name: \"bird\", count: 1)])").unwrap();
        let error = format!("{:?}", sandbox.run(1).unwrap_err());
        for what in ["a part of checkpoints", "a metric", "a kind of events"] {
            assert!(error.contains(&format!("two plugins bring {what} ")), "{what}: {error}");
        }
    }
}
