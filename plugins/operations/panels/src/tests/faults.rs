use agent2028_core::selector::Selector;
use agent2028_kit::faults::{FaultRows as _, FaultsState, FaultsView, Rows};
use agent2028_operations::OperationsConfig;
use agent2028_operations::config::{Poisson, Workload};
use agent2028_operations::interventions::{Isolate, LoadSpike, LyingReports, ResourceExhaustion, SlowLoris};

use super::*;
use crate::faults::{WorkFaults, WorkRows};

fn palette<'a>(choices: FaultsState) -> Harness<'a, PanelTest<(FaultsState, WorkFaults)>> {
    let mut world = World::new();
    let workload = ["visitors", "reports"]
        .map(|name| Workload::Poisson(Poisson { name: name.into(), capability: "database.query".into(), ..default() }));
    world.insert_resource(OperationsConfig { workload: workload.to_vec(), ..default() });
    panel_test([260.0, 700.0], (choices, default()), move |ui, look, (choices, work), actions| {
        let view = FaultsView { agents: 1000, groups: &[], selected: &[], view_center: Vec2::ZERO, world_size: 1000.0 };
        let mut rows = Rows { look, world: &world, view: &view, choices, actions };
        WorkRows::show(ui, &mut rows, work);
    })
}

#[test]
fn agents_that_work_are_exhausted_lie_and_are_isolated() {
    let mut harness = palette(FaultsState { passing: true, seconds: 4.0, ..default() });
    let (select, duration_s) = (Selector::Fraction(0.33), Some(4.0));
    let exhaust: ResourceExhaustion = only(&click(&mut harness, Role::Button, "Exhaust a third"));
    assert_eq!(exhaust, ResourceExhaustion { select: select.clone(), share: 0.5, duration_s });
    let lie: LyingReports = only(&click(&mut harness, Role::Button, "Let a third lie"));
    assert_eq!(lie, LyingReports { select: select.clone(), duration_s, ..default() });
    let isolate: Isolate = only(&click(&mut harness, Role::Button, "Isolate a third"));
    assert_eq!(isolate, Isolate { select, duration_s });
}

#[test]
fn more_work_and_slow_work_are_asked_of_all_or_by_one_workload() {
    let mut harness = palette(FaultsState::default());
    let spike: LoadSpike = only(&click(&mut harness, Role::Button, "Ask for more"));
    assert_eq!(spike, LoadSpike { of: "*".into(), factor: 5.0, duration_s: None });
    harness.state_mut().state.1.of = "reports".into();
    harness.state_mut().state.0.passing = true;
    harness.run_steps(2);
    let spike: LoadSpike = only(&click(&mut harness, Role::Button, "Ask for more"));
    assert_eq!((spike.of.as_str(), spike.duration_s), ("reports", Some(10.0)));
    let slow: SlowLoris = only(&click(&mut harness, Role::Button, "Send slow work"));
    let wanted = SlowLoris { capability: "database.query".into(), per_second: 10.0, hold_s: 30.0, duration_s: 10.0 };
    assert_eq!(slow, wanted);
}
