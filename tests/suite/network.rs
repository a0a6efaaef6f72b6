//! In every scene with a network no message is forgotten, whatever is done to it.

use agent2028::Sandbox;
use agent2028::scene::gallery;
use agent2028_core::faults::{Freeze, Kill, Remove, Restart};
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::selector::Selector;
use agent2028_network::interventions::{
    ClockSkew, Duplicate, Heal, LinkLatency, LinkLoss, Partition, Reorder, TellRumour,
};
use agent2028_network::{Inbox, Network, NetworkConfig};
use bevy::prelude::World;

/// What was sent is delivered, lost, dropped at a partition or on its way, and nothing has just crossed a partition.
fn forgotten(world: &World) -> Option<String> {
    let network = world.get_resource::<Network>()?;
    let counts = network.counts();
    let known = counts.delivered + counts.lost + counts.cut + network.in_flight();
    // Counted anew, not as the wheel counts them.
    let flying = network.flights().count() as u64;
    let crossed = world
        .get_resource::<Inbox>()?
        .iter()
        .find(|message| network.faults().cut(message.from.0, message.to.0))
        .map(|message| format!("{message:?}"));
    if counts.sent == known && flying == network.in_flight() && crossed.is_none() {
        return None;
    }
    Some(format!("{counts:?}, {} or {flying} in flight, across a partition: {crossed:?}", network.in_flight()))
}

fn run(sandbox: &mut Sandbox, ticks: u64, name: &str) {
    let mut wrong = None;
    let found = sandbox.run_until(ticks, |world| {
        wrong = forgotten(world);
        wrong.is_some()
    });
    assert!(!found.unwrap(), "{name}: {wrong:?}");
}

/// The scenes of the gallery in which agents talk.
fn talking() -> Vec<&'static str> {
    let talks = |name: &&str| Sandbox::builtin(name).unwrap().scene().unwrap().section::<NetworkConfig>().is_some();
    gallery::names().filter(talks).collect()
}

#[test]
fn no_message_is_forgotten_in_any_tick_of_any_scene() {
    let names = talking();
    assert!(names.len() >= 4, "{names:?}");
    for name in names {
        let mut sandbox = Sandbox::builtin(name).unwrap();
        run(&mut sandbox, 1500, name);
        let network = sandbox.metric("network.sent").unwrap();
        assert!(network > 0.0, "{name}: nobody said anything");
    }
}

#[test]
fn no_message_is_forgotten_whatever_is_done_to_the_network() {
    for (at, name) in talking().into_iter().enumerate() {
        let mut sandbox = Sandbox::builtin(name).unwrap().seed(at as u64 + 40).unwrap();
        run(&mut sandbox, 90, name);
        let some = |share: f32| Selector::Fraction(share);
        let deeds: [AnyIntervention; 12] = [
            Partition { select: some(0.4), duration_s: None }.into(),
            LinkLoss { select: some(0.5), loss: 0.4, duration_s: Some(2.0) }.into(),
            Duplicate { select: some(0.5), share: 0.5, duration_s: Some(3.0) }.into(),
            Partition { select: some(0.3), duration_s: Some(1.0) }.into(),
            Kill { select: some(0.2), duration_s: Some(1.5) }.into(),
            Reorder { select: Selector::All, share: 0.6, duration_s: None }.into(),
            LinkLatency { select: some(0.5), added_ms: 6000.0, duration_s: Some(1.0) }.into(),
            ClockSkew { select: some(0.5), most_ms: 2000.0, duration_s: Some(2.0) }.into(),
            Freeze { select: some(0.3), duration_s: Some(1.0) }.into(),
            Heal::default().into(),
            Remove { select: Selector::Count(9) }.into(),
            Restart { select: Selector::All }.into(),
        ];
        for deed in deeds {
            sandbox.intervene(deed).unwrap();
            // Refused where nobody gossips, which is no harm here.
            sandbox.intervene(TellRumour::default()).unwrap();
            run(&mut sandbox, 45, name);
        }
    }
}
