//! Any scene that loads runs: no value that passes the checks makes a tick panic.
#![no_main]

use agent2028::Sandbox;
use agent2028::scene::load::load_text;
use libfuzzer_sys::fuzz_target;

/// Larger crowds only take longer.
const MOST_AGENTS: u64 = 200;

fuzz_target!(|text: &str| {
    let Ok(loaded) = load_text("fuzz", text, None, &[]) else {
        return;
    };
    if loaded.scene.agents.iter().map(|group| u64::from(group.count)).sum::<u64>() > MOST_AGENTS {
        return;
    }
    let mut sandbox = Sandbox::parse(text).expect("the text has just been loaded").threads(1).expect("nothing runs yet");
    if sandbox.run(3).is_ok() {
        let checkpoint = sandbox.checkpoint().expect("a running simulation");
        sandbox.restore(&checkpoint).expect("its own state");
    }
});
