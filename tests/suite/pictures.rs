//! Pictures from the command line, where there is something that can draw.

use crate::{finish, folder, program};

/// Whether pictures can be drawn here. Where they must be, their absence is a failure.
pub(crate) fn can_draw() -> bool {
    let can = agent2028_view::offscreen::has_adapter();
    if !can {
        assert!(
            std::env::var_os("AGENT2028_REQUIRE_GPU").is_none(),
            "there is no graphics adapter, and there must be one"
        );
        eprintln!("SKIPPED: there is no graphics adapter, so no picture is drawn in this test");
    }
    can
}

/// Width, height, and how many different bytes a PNG's picture has.
fn look(file: &std::path::Path) -> (u32, u32, usize) {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(file).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let different: std::collections::BTreeSet<&[u8]> = pixels.chunks_exact(3).collect();
    (info.width, info.height, different.len())
}

#[test]
fn render_draws_a_scene_with_and_without_panels() {
    if !can_draw() {
        return;
    }
    let folder = folder();
    let mut pictures = Vec::new();
    for (name, more) in [("world", None), ("panels", Some("--panels"))] {
        let file = folder.path().join(format!("{name}.png"));
        let mut command = program();
        command.args(["render", "foraging", "--at", "90", "--size", "640x360", "--out"]).arg(&file).args(more);
        let (code, stdout, stderr) = finish(&mut command);
        assert_eq!(code, 0, "{stderr}");
        assert!(stdout.contains("tick 90"), "{stdout}");
        let (width, height, colors) = look(&file);
        assert_eq!((width, height), (640, 360));
        assert!(colors > 20, "{name}: {colors} colours");
        pictures.push(std::fs::read(&file).unwrap());
    }
    assert_ne!(pictures[0], pictures[1]);
}

/// Nothing in a picture comes from the machine that drew it: what a tick costs, how many frames it draws.
#[test]
fn pictures_with_panels_are_alike_whenever_they_are_drawn() {
    if !can_draw() {
        return;
    }
    let folder = folder();
    let picture = |name: &str, threads: &str| {
        let file = folder.path().join(name);
        let mut command = program();
        command.args([
            "render",
            "flock",
            "--at",
            "40",
            "--panels",
            "--size",
            "1280x720",
            "--threads",
            threads,
            "--out",
        ]);
        let (code, _, stderr) = finish(command.arg(&file));
        assert_eq!(code, 0, "{stderr}");
        std::fs::read(&file).unwrap()
    };
    assert!(picture("one.png", "1") == picture("two.png", "2"), "two pictures of the same tick differ");
}

#[test]
fn a_recorded_run_can_be_drawn() {
    use agent2028::core::faults::Kill;
    use agent2028::core::intervention::AnyIntervention;
    use agent2028::headless::{RunOptions, run};
    if !can_draw() {
        return;
    }
    let folder = folder();
    let out = folder.path().join("run");
    let loaded = agent2028::scene::load::load("flock", &[]).unwrap();
    let kill = AnyIntervention::new(Kill::default());
    let options =
        RunOptions { ticks: Some(30), out: Some(out.clone()), interventions: vec![(2, kill)], ..Default::default() };
    run(&loaded, &options, &mut |_| {}).unwrap();
    let draw = |scene: &std::path::Path, more: &[&str]| {
        let file = folder.path().join("picture.png");
        let mut command = program();
        command
            .arg("render")
            .arg(scene)
            .args(["--size", "320x180", "--color-by", "Condition.health", "--out"])
            .arg(&file);
        let (code, stdout, stderr) = finish(command.args(more));
        assert_eq!(code, 0, "{stderr}");
        (stdout, std::fs::read(&file).unwrap())
    };
    let (told, recorded) = draw(&out, &[]);
    assert!(told.contains("tick 30"), "{told}");
    // What somebody did to the run is in its picture.
    assert_ne!(recorded, draw(std::path::Path::new("flock"), &["--at", "30"]).1);
    let (code, _, stderr) = finish(program().arg("render").arg(&out).args(["--seed", "3", "--out", "a.png"]));
    assert!(code == 2 && stderr.contains("as it was"), "{stderr}");
    let (code, _, stderr) = finish(program().arg("render").arg(folder.path()).args(["--out", "a.png"]));
    assert!(code == 2 && stderr.contains("holds no run"), "{stderr}");
}

#[test]
fn render_makes_a_gif_with_a_frame_every_so_many_ticks() {
    if !can_draw() {
        return;
    }
    let folder = folder();
    let file = folder.path().join("flock.gif");
    let film = ["render", "flock", "--every", "10", "--until", "30", "--size", "160x90", "--out"];
    let (code, stdout, stderr) = finish(program().args(film).arg(&file));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("4 frames"), "{stdout}");
    let mut decoder = gif::DecodeOptions::new().read_info(std::fs::File::open(&file).unwrap()).unwrap();
    let mut frames = 0;
    while decoder.read_next_frame().unwrap().is_some() {
        frames += 1;
    }
    assert_eq!((decoder.width(), decoder.height(), frames), (160, 90, 4));
}

#[test]
fn a_film_without_ffmpeg_says_what_to_do_and_leaves_nothing() {
    let folder = folder();
    let file = folder.path().join("flock.mp4");
    let film = ["render", "flock", "--every", "10", "--until", "30", "--out"];
    let (code, _, stderr) = finish(program().args(film).arg(&file).env("PATH", folder.path()));
    assert_eq!(code, 2, "{stderr}");
    // Reports are broken into lines.
    let stderr = stderr.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert!(stderr.contains("apt install ffmpeg") && stderr.contains(".gif"), "{stderr}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn wrong_endings_are_refused_before_anything_runs() {
    for (arguments, help) in [
        (["render", "flock", "--at", "9", "--out", "flock.jpg"].as_slice(), "--out FILE.png"),
        (["render", "flock", "--every", "9", "--out", "flock.avi"].as_slice(), "FILE.gif"),
    ] {
        let (code, _, stderr) = finish(program().args(arguments));
        assert!(code == 2 && stderr.contains(help), "{stderr}");
    }
}
