//! What revocations leave behind: what they say, and no work in the ticks that come after them.
//!
//! Counted is the memory that a thread asks for, so that nothing depends on the machine.

use agent2028::Sandbox;

use crate::counting::memory_asked_for;

/// Members who tell each other of one list more in every tick.
fn scene(lists: u64) -> String {
    format!(
        "Scene(schema: 1, seed: 1, tick_hz: 60, duration: Ticks(100000),
        agents: [(name: \"root\", count: 1), (name: \"issuer\", count: 1), (name: \"reader\", count: 12)],
        identity: (
            roots: [\"root\"],
            attestations: [
                (by: \"root\", to: \"issuer\", capability: \"identity.issue.library.*\", valid_s: 60000),
                (by: \"issuer\", to: \"reader\", capability: \"library.*\", valid_s: 60000),
            ],
            revocations: (period_s: 0.5, fanout: 2),
        ),
        timeline: [(at: 10, every: Some(1), until: Some({}), do: RaiseEpoch(select: Named(\"issuer\")))])",
        9 + lists
    )
}

/// Bytes of memory that are asked for in a second of ticks: with so many lists signed in it, and when all is said.
fn asked_for(lists: u64) -> [u64; 2] {
    let mut sandbox = Sandbox::parse(&scene(lists)).unwrap().threads(1).unwrap();
    let mut in_a_second = |from: u64| {
        sandbox.run(from).unwrap();
        let before = memory_asked_for().1;
        sandbox.run(60).unwrap();
        memory_asked_for().1 - before
    };
    // The last second in which lists are signed; then, after some in which they are told, a quiet one.
    [in_a_second(9 + lists - 60), in_a_second(600)]
}

#[test]
fn a_list_costs_the_same_however_many_came_before_and_nothing_afterwards() {
    let [few, many] = [150, 600].map(asked_for);
    for (what, few, many) in [("with lists", few[0], many[0]), ("afterwards", few[1], many[1])] {
        assert!(many <= few + few / 4 + 100_000, "{what}: {few} bytes in a second after 150 lists, {many} after 600");
    }
}
