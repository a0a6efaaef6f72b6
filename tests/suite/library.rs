//! The library as other people's tests use it.

use agent2028::core::faults::{Kill, SetParam};
use agent2028::core::reflect_path::ParamValue;
use agent2028::core::selector::Selector;
use agent2028::{Sandbox, SandboxError, Scene};

#[test]
fn a_flock_is_asserted_on_in_five_lines() -> Result<(), SandboxError> {
    let mut sandbox = Sandbox::builtin("flock")?.seed(7)?.set("boids.separation.weight", 2.0)?;
    sandbox.intervene(Kill { select: Selector::Fraction(0.5), duration_s: None })?;
    assert!(
        sandbox.run_until(1200, |world| world.resource::<agent2028::core::metrics::Metrics>().value("boids.order")
            > Some(0.3))?
    );
    assert_eq!(sandbox.metric("agents.failed")?, 500.0);
    assert_eq!(sandbox.agents()?.len(), 1000);
    Ok(())
}

#[test]
fn a_scene_can_be_made_in_code() {
    let scene = Scene {
        agents: vec![agent2028::core::agent::AgentGroup { count: 10, ..Default::default() }],
        ..Default::default()
    }
    .with(agent2028::boids::BoidsConfig::default());
    let mut sandbox = Sandbox::new(scene).unwrap();
    assert_eq!(sandbox.run(5).unwrap(), 5);
}

#[test]
fn a_scene_without_boids_has_none_of_their_metrics() {
    let mut sandbox = Sandbox::parse("Scene(agents: [(name: \"a\", count: 3)])").unwrap();
    sandbox.run(1).unwrap();
    let error = sandbox.metric("boids.order").unwrap_err();
    assert!(matches!(error, SandboxError::UnknownMetric { .. }), "{error}");
}

#[test]
fn a_slider_moved_while_running_changes_the_run_and_is_recorded() {
    let mut sandbox = Sandbox::builtin("flock").unwrap();
    sandbox.run(10).unwrap();
    sandbox.intervene(SetParam { path: "separation".into(), value: ParamValue::Number(3.0) }).unwrap();
    sandbox.run(1).unwrap();
    let world = sandbox.app_mut().unwrap().world();
    assert_eq!(world.resource::<agent2028::boids::BoidsConfig>().separation.weight, 3.0);
    let log = world.resource::<agent2028::core::intervention::InterventionLog>();
    assert_eq!((log.0.len(), log.0[0].stamped.tick), (1, 11));
}

#[test]
fn settings_after_the_first_tick_are_refused() {
    #[derive(Clone)]
    struct Nothing;
    impl bevy::prelude::Plugin for Nothing {
        fn build(&self, _: &mut bevy::prelude::App) {}
    }
    let late: [(&str, fn(Sandbox) -> Result<Sandbox, SandboxError>); 4] = [
        ("set", |sandbox| sandbox.set("boids.max_speed", 300.0)),
        ("seed", |sandbox| sandbox.seed(7)),
        ("threads", |sandbox| sandbox.threads(1)),
        ("add_plugin", |sandbox| sandbox.add_plugin(Nothing)),
    ];
    for (what, change) in late {
        let mut sandbox = change(Sandbox::builtin("flock").unwrap()).unwrap();
        sandbox.run(1).unwrap();
        let told = change(sandbox).unwrap_err();
        assert!(matches!(told, SandboxError::AlreadyRunning(late) if late == what), "{told}");
    }
}
