//! Any text as a scene: never a panic, always words about what is wrong, and what loads can be written and read again.
#![no_main]

use agent2028::core::ron_format;
use agent2028::scene::load::load_text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let loaded = match load_text("fuzz", text, None, &[]) {
        Ok(loaded) => loaded,
        Err(error) => {
            assert!(!error.lines().is_empty(), "refused without a reason");
            assert!(!error.to_plain_text().is_empty());
            return;
        }
    };
    // Names, settings and includes are resolved in this text; a run's folder keeps it.
    let again = load_text("fuzz", &loaded.text, None, &[]).expect("the resolved text of a scene that loads");
    assert_eq!(again.scene, loaded.scene);
    assert_eq!(again.fingerprint(), loaded.fingerprint());
    // And as the inspector saves it.
    let written = ron_format::to_pretty(&loaded.scene).expect("a scene has a RON form");
    let again = load_text("fuzz", &written, None, &[])
        .unwrap_or_else(|error| panic!("{}\n{written}", error.to_plain_text()));
    assert_eq!(again.scene, loaded.scene);
});
