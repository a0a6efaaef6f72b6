//! No secret leaves a run: not in a file, a log, an event, a picture of the state.

use std::path::Path;

use agent2028::core::agent::AgentId;
use agent2028::core::checkpoint::Checkpoint;
use agent2028::core::rng::{Purpose, SimRng};
use agent2028::identity::secret::Secret;
use agent2028::identity::suite::kdf;
use rand::Rng;

use crate::{finish, folder, program};

/// So many bytes of a secret in a row are a leak.
const TELLING: usize = 12;

/// The first bytes of everything that is secret about some agents: seeds of keys, and what is derived from them.
fn secrets(seed: u64, agents: u32, generations: u64) -> Vec<Vec<u8>> {
    let dice = SimRng::new(seed);
    let mut secrets = Vec::new();
    for agent in 0..agents {
        for generation in 0..generations {
            let purpose = Purpose::new("identity.keys").indexed(generation);
            let mut stream = dice.stream(purpose, AgentId(agent), 0);
            let seed = Secret::<32>::filled_by(|bytes| stream.fill_bytes(bytes));
            secrets.push(seed.expose().to_vec());
            for purpose in ["ed25519", "ml-dsa-65", "x25519"] {
                secrets.push(kdf::derive::<32>(&seed, purpose).expose().to_vec());
            }
            secrets.push(kdf::derive::<64>(&seed, "ml-kem-1024").expose().to_vec());
        }
    }
    secrets
}

/// The ways in which bytes could stand in a file: as they are, as hexadecimal digits, as a list of numbers.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let start = &secret[..TELLING];
    let hex: String = start.iter().map(|byte| format!("{byte:02x}")).collect();
    let list: Vec<String> = start.iter().map(u8::to_string).collect();
    let mut forms = vec![start.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    forms.extend([", ", ","].map(|comma| list.join(comma).into_bytes()));
    forms
}

/// What stands in some bytes, and in what is compressed in them.
fn layers(bytes: &[u8]) -> Vec<Vec<u8>> {
    const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let frames = bytes.windows(4).enumerate().filter(|(_, window)| *window == ZSTD).filter_map(|(at, _)| {
        let mut plain = Vec::new();
        let mut frame = zstd::Decoder::with_buffer(&bytes[at..]).ok()?.single_frame();
        // What isn't a frame after all gives what was read so far.
        let _ = std::io::copy(&mut frame, &mut plain);
        Some(plain)
    });
    let mut layers: Vec<Vec<u8>> = frames.collect();
    layers.push(bytes.to_vec());
    layers
}

/// Whether any of the secrets stands in the bytes, in any form. The first two bytes of each form are looked up in a table, so
/// that many megabytes take a moment.
fn leaks(bytes: &[u8], secrets: &[Vec<u8>]) -> bool {
    let mut table: Vec<Vec<Vec<u8>>> = vec![Vec::new(); 1 << 16];
    for form in secrets.iter().flat_map(|secret| forms(secret)) {
        table[usize::from(form[0]) << 8 | usize::from(form[1])].push(form);
    }
    layers(bytes).iter().any(|layer| {
        (0..layer.len().saturating_sub(1)).any(|at| {
            let known = &table[usize::from(layer[at]) << 8 | usize::from(layer[at + 1])];
            known.iter().any(|form| layer[at..].starts_with(form))
        })
    })
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            files(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

#[test]
fn nothing_that_a_run_writes_holds_a_secret() {
    let folder = folder();
    let out = folder.path().join("run");
    let mut run = program();
    run.args(["run", "delegation", "--ticks", "760", "--checkpoint-every", "250", "--hash-every", "250", "--out"]);
    let (_, stdout, stderr) = finish(run.arg(&out).env("RUST_LOG", "trace,wgpu=off"));
    // Seed 9, 51 agents, registrars with a second generation of keys.
    let secrets = secrets(9, 51, 2);
    assert!(!leaks(stdout.as_bytes(), &secrets) && !leaks(stderr.as_bytes(), &secrets));
    let mut written = Vec::new();
    files(&out, &mut written);
    let mut checkpoints = 0;
    for file in &written {
        assert!(!leaks(&std::fs::read(file).unwrap(), &secrets), "{}", file.display());
        if file.extension().is_some_and(|kind| kind == "a28") {
            // Its bytes are packed in a way of their own, so all sections are looked at as lists of numbers.
            let state = format!("{:?}", Checkpoint::read(file).unwrap());
            assert!(!leaks(state.as_bytes(), &secrets), "{}", file.display());
            // What is public is there, so the search goes where the state is.
            let public = forms(b"archive.read")[3].clone();
            assert!(state.contains(&String::from_utf8(public).unwrap()));
            checkpoints += 1;
        }
    }
    assert!(checkpoints >= 3);
}

#[test]
fn a_secret_would_be_found_in_any_form() {
    let secrets = secrets(9, 2, 1);
    let secret = &secrets[3];
    let hidden = |bytes: &[u8]| [b"some text before ".as_slice(), bytes, b" and after"].concat();
    assert!(!leaks(&hidden(b"nothing"), &secrets));
    for form in forms(secret) {
        assert!(leaks(&hidden(&form), &secrets));
    }
    let compressed = zstd::encode_all(hidden(secret).as_slice(), 3).unwrap();
    assert!(leaks(&hidden(&compressed), &secrets));
}
