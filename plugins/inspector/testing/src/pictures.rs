//! Pictures of panels, compared with those in a crate's `tests/snapshots`.
//!
//! After a change that is meant, write them anew and look at them:
//!
//! ```sh
//! AGENT2028_WRITE_PICTURES=1 cargo test --workspace --lib pictures::
//! ```

use std::path::Path;

use agent2028_boids::BoidsPlugin;
use agent2028_core::agent::AgentId;
use agent2028_core::faults::{Freeze, Kill};
use agent2028_core::selector::Selector;
use agent2028_core::timeline::{Timeline, TimelineLimits};
use agent2028_inspector::dock::DockLayout;
use agent2028_inspector::panel::{InspectorRegistry, PanelKey};
use agent2028_pheromones::PheromonesPlugin;
use agent2028_plots::plots::{PlotSetup, PlotsState};

use super::raster::RasterPicture;
use super::whole::{Whole, whole_in};
use super::*;

/// Room for a panel, beside a strip of the world.
pub const WINDOW: [f32; 2] = [776.0, 620.0];

/// Birds that flock and ants that forage, some of them killed or frozen by hand.
pub fn lively() -> Simulation {
    let mut app = app();
    app.add_plugins((BoidsPlugin::default(), PheromonesPlugin::default()));
    let long = "scout-with-a-name-that-is-far-too-long-for-its-place";
    for (name, count) in [("bird", 240), ("ant", 120), (long, 7)] {
        let group = AgentGroup { name: name.into(), count, ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        let place = Placement::Disc { center: Vec2::ZERO, radius: 120.0 };
        spawn_group(app.world_mut(), group, count, &place).unwrap();
    }
    Simulation::new(std::mem::take(app.world_mut()))
}

/// The window with one panel beside the world.
fn alone(panel: PanelKey) -> DockLayout {
    let text = format!(
        "(size: (960.0, 520.0), window: Some(Row([(1.0, Panel(World)), (4.0, Tabs(front: 0, panels: [Panel({})]))])))",
        panel.name()
    );
    ron::from_str(&text).unwrap()
}

/// Runs with what happens in time: ticks, faults, curves, the last state.
pub fn live(harness: &mut Harness<'_, PanelTest<Whole>>) {
    let whole = &mut harness.state_mut().state;
    // Only the start is kept: when others are hangs on how fast the machine is.
    whole.timeline = Timeline::new(TimelineLimits { bytes: 0, ..TimelineLimits::default() });
    whole.timeline.begin(&whole.simulation);
    let tick = |whole: &mut Whole, ticks: u64| whole.timeline.run(&mut whole.simulation, ticks);
    tick(whole, 40);
    whole.simulation.intervene(Kill { select: Selector::Fraction(0.2), duration_s: None });
    tick(whole, 30);
    whole.simulation.intervene(Freeze { select: Selector::Ids(vec![AgentId(3), AgentId(5)]), duration_s: None });
    tick(whole, 50);
    whole.selection.set([AgentId(7)]);
    let metrics = ["boids.order", "agents.failed"].map(str::to_owned).to_vec();
    whole.inspector.states.of::<PlotsState>().plots.push(PlotSetup { metrics, ..PlotSetup::of("How it goes") });
    // Three seconds of real time, so that nothing new is still on its way.
    harness.run_steps(12);
}

/// A channel of a pixel may differ by this, of 255: corners of letters are rounded a little differently elsewhere.
const DIFFERS: u8 = 24;
/// So many pixels may differ by more.
const MOST_DIFFERING: usize = 20;

/// The last frame as a picture.
pub fn drawn(harness: &Harness<'_, PanelTest<Whole>>) -> RasterPicture {
    harness.state().raster.picture(&harness.ctx, harness.output())
}

fn read(file: &Path) -> Option<RasterPicture> {
    let mut reader = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(file).ok()?)).read_info().ok()?;
    let mut bytes = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut bytes).ok()?;
    let pixels = bytes.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    Some(RasterPicture { size: [info.width as usize, info.height as usize], pixels })
}

fn write(file: &Path, picture: &RasterPicture) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let [width, height] = picture.size.map(|side| side as u32);
    let mut encoder = png::Encoder::new(std::fs::File::create(file).unwrap(), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(picture.pixels.as_flattened()).unwrap();
}

/// Compares with the picture of this name in the snapshots of a crate. What differs is told, and lies beside as `NAME.new.png`.
pub fn compare(home: &str, picture: &RasterPicture, name: &str) -> Option<String> {
    let folder = Path::new(home).join("tests/snapshots");
    let file = folder.join(format!("{name}.png"));
    if std::env::var_os("AGENT2028_WRITE_PICTURES").is_some() {
        write(&file, picture);
        return None;
    }
    let differs = match read(&file) {
        None => "there is no such picture".to_owned(),
        Some(known) if known.size != picture.size => format!("{:?} instead of {:?}", picture.size, known.size),
        Some(known) => {
            let far = |(a, b): (&[u8; 3], &[u8; 3])| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > DIFFERS);
            let count = picture.pixels.iter().zip(&known.pixels).filter(|pair| far(*pair)).count();
            if count <= MOST_DIFFERING {
                return None;
            }
            format!("{count} pixels differ")
        }
    };
    write(&folder.join(format!("{name}.new.png")), picture);
    Some(format!("{name}: {differs}"))
}

/// What is right of the world.
pub fn panel_of(harness: &Harness<'_, PanelTest<Whole>>) -> RasterPicture {
    let free = harness.state().state.free;
    let picture = drawn(harness);
    let (left, top) = (free.right().ceil() as usize, free.top().floor() as usize);
    picture.crop([left, top], [picture.size[0] - left, free.bottom().ceil() as usize - top])
}

/// Shows one panel after another and compares each with its picture.
///
/// # Panics
/// If one differs.
pub fn panels(home: &str, harness: &mut Harness<'_, PanelTest<Whole>>, panels: &[&'static str], situation: &str) {
    let mut wrong: Vec<String> = Vec::new();
    for panel in panels {
        harness.state_mut().state.inspector.layout = alone(PanelKey::new(panel));
        harness.run_steps(12);
        wrong.extend(compare(home, &panel_of(harness), &format!("{panel}-{situation}").to_lowercase()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Pictures of panels of a plugin that a scene doesn't have: without agents, with some that live and fail, and with a million.
///
/// # Panics
/// If one differs.
pub fn without_the_plugin(home: &str, names: &[&'static str], register: impl Fn(&mut InspectorRegistry)) {
    let mut harness = whole_in(Theme::Dark, WINDOW, simulation(&[]));
    register(&mut harness.state_mut().state.registry);
    panels(home, &mut harness, names, "empty");
    let mut harness = whole_in(Theme::Dark, WINDOW, lively());
    register(&mut harness.state_mut().state.registry);
    live(&mut harness);
    panels(home, &mut harness, names, "lively");
    let mut many = simulation(&[("bird", 999_000), ("ant", 1_000)]);
    many.run(2);
    let mut harness = whole_in(Theme::Light, WINDOW, many);
    register(&mut harness.state_mut().state.registry);
    harness.state_mut().state.selection.set((0..1_000_000).map(AgentId));
    panels(home, &mut harness, names, "million");
}
