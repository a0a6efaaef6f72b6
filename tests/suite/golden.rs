//! Golden pictures: every scene of the gallery is drawn again and compared with its picture in `scenes/pictures/`.
//!
//! The comparison is of slightly blurred pictures, so that another software rasteriser, which rounds edges differently,
//! passes, and a layer that is missing does not. After a change of the drawing that is meant, write the pictures anew and
//! look at them:
//!
//! ```sh
//! AGENT2028_WRITE_PICTURES=1 cargo test --test suite golden::every
//! AGENT2028_WRITE_PICTURES=swim,gossip cargo test --test suite golden::every   # only these
//! ```

use agent2028::render::{FrameRenderer, PictureOptions, view_of, write_png};
use agent2028::scene::gallery::{self, PICTURE_SIZE, picture_tick};
use agent2028::scene::load::load;
use agent2028_pheromones_panels::field::Pheromones;
use agent2028_view::Field as _;
use agent2028_view::layer::{AGENTS, LABELS};
use agent2028_view::offscreen::FrameImage;

/// Pixels on each side that the blur takes in.
const BLUR: i64 = 2;
/// A blurred pixel differs if one of its channels does by more than this, of 255.
const DIFFERS: f32 = 20.0;
/// At most this share of the pixels may differ.
const MOST_DIFFERING: f32 = 0.01;
/// The mean difference of the channels may be at most this, of 255.
const MOST_ON_AVERAGE: f32 = 1.2;

/// A picture in floating point: red, green, blue.
struct Picture {
    size: (i64, i64),
    pixels: Vec<[f32; 3]>,
}

impl Picture {
    fn of(frame: &FrameImage) -> Self {
        let pixels = frame.pixels.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]].map(f32::from)).collect();
        Self { size: (i64::from(frame.width), i64::from(frame.height)), pixels }
    }

    fn read(png: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        let pixels = bytes.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]].map(f32::from)).collect();
        Self { size: (i64::from(info.width), i64::from(info.height)), pixels }
    }

    fn at(&self, x: i64, y: i64) -> [f32; 3] {
        let (width, height) = self.size;
        self.pixels[(y.clamp(0, height - 1) * width + x.clamp(0, width - 1)) as usize]
    }

    fn map(&self, pixel: impl Fn(i64, i64) -> [f32; 3]) -> Self {
        let (width, height) = self.size;
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect();
        Self { size: self.size, pixels }
    }

    fn blurred(&self) -> Self {
        let mean = |points: Vec<[f32; 3]>| {
            let count = points.len() as f32;
            let mut sum = [0.0; 3];
            for point in points {
                for (sum, channel) in sum.iter_mut().zip(point) {
                    *sum += channel / count;
                }
            }
            sum
        };
        let rows = self.map(|x, y| mean((-BLUR..=BLUR).map(|step| self.at(x + step, y)).collect()));
        rows.map(|x, y| mean((-BLUR..=BLUR).map(|step| rows.at(x, y + step)).collect()))
    }
}

/// Mean difference of the channels, and the share of pixels that differ, after a slight blur.
fn difference(one: &Picture, other: &Picture) -> (f32, f32) {
    assert_eq!(one.size, other.size);
    let (one, other) = (one.blurred(), other.blurred());
    let count = one.pixels.len() as f32;
    let (mut sum, mut differing) = (0.0_f64, 0_usize);
    for (a, b) in one.pixels.iter().zip(&other.pixels) {
        let channels: [f32; 3] = std::array::from_fn(|channel| (a[channel] - b[channel]).abs());
        sum += f64::from(channels.iter().sum::<f32>() / 3.0);
        differing += usize::from(channels.iter().any(|channel| *channel > DIFFERS));
    }
    ((sum / f64::from(count)) as f32, differing as f32 / count)
}

fn alike(one: &Picture, other: &Picture) -> bool {
    let (mean, share) = difference(one, other);
    mean <= MOST_ON_AVERAGE && share <= MOST_DIFFERING
}

fn can_draw() -> bool {
    crate::pictures::can_draw()
}

fn renderer(name: &str) -> FrameRenderer {
    let loaded = load(name, &[]).unwrap_or_else(|error| panic!("{}", error.to_plain_text()));
    let mut options =
        PictureOptions { size: PICTURE_SIZE, view: view_of(&loaded.scene.view), ..PictureOptions::default() };
    // Letters are for the window; a small picture is clearer without.
    options.view.layers.show(&LABELS, false);
    let mut renderer = FrameRenderer::new(&loaded, &options).unwrap();
    renderer.advance_to(picture_tick(name));
    renderer
}

#[test]
fn every_scene_of_the_gallery_looks_like_its_picture() {
    if !can_draw() {
        return;
    }
    let write = std::env::var("AGENT2028_WRITE_PICTURES").ok();
    let meant =
        |name: &str| write.as_deref().is_none_or(|names| names == "1" || names.split(',').any(|one| one == name));
    let mut wrong = Vec::new();
    for name in gallery::names().filter(|name| meant(name)) {
        let frame = renderer(name).frame().unwrap();
        let file = std::path::Path::new("scenes/pictures").join(format!("{name}.png"));
        if write.is_some() {
            write_png(&file, &frame).unwrap();
            continue;
        }
        // The file, not what is embedded: it may have been written since the build.
        let golden = Picture::read(&std::fs::read(&file).unwrap());
        let (mean, share) = difference(&golden, &Picture::of(&frame));
        if mean > MOST_ON_AVERAGE || share > MOST_DIFFERING {
            let new = std::env::temp_dir().join(format!("agent2028-{name}.png"));
            write_png(&new, &frame).unwrap();
            wrong.push(format!("{name}: mean {mean:.2}, {:.2} % differ; see {}", share * 100.0, new.display()));
        }
    }
    assert!(wrong.is_empty(), "{}\nIf that is meant: AGENT2028_WRITE_PICTURES=1", wrong.join("\n"));
}

#[test]
fn a_picture_without_its_agents_or_without_its_scent_is_another() {
    if !can_draw() {
        return;
    }
    for name in ["flock", "foraging"] {
        let mut renderer = renderer(name);
        let whole = Picture::of(&renderer.frame().unwrap());
        assert!(alike(&whole, &Picture::of(&renderer.frame().unwrap())), "{name}: twice the same");
        renderer.settings().layers.show(&AGENTS, false);
        let without = Picture::of(&renderer.frame().unwrap());
        assert!(!alike(&whole, &without), "{name} without agents: {:?}", difference(&whole, &without));
        renderer.settings().layers.show(&AGENTS, true);
        if name == "foraging" {
            renderer.settings().layers.show(&Pheromones::FACTS, false);
            let without = Picture::of(&renderer.frame().unwrap());
            assert!(!alike(&whole, &without), "{name} without scent: {:?}", difference(&whole, &without));
        }
    }
}

#[test]
fn edges_that_are_rounded_differently_are_the_same_picture() {
    for (name, png) in gallery::PICTURES {
        let golden = Picture::read(png);
        // A quarter of a pixel to the side and the last bits of the colours: more than rasterisers differ.
        let other = golden.map(|x, y| {
            let (here, right) = (golden.at(x, y), golden.at(x + 1, y));
            let noise = ((x * 7 + y * 13) % 5 - 2) as f32;
            std::array::from_fn(|channel| (here[channel] * 0.75 + right[channel] * 0.25 + noise).clamp(0.0, 255.0))
        });
        assert!(alike(&golden, &other), "{name}: {:?}", difference(&golden, &other));
    }
}

#[test]
fn the_pictures_of_the_gallery_are_small() {
    let bytes: usize = gallery::PICTURES.iter().map(|(_, png)| png.len()).sum();
    assert!(bytes < 1_500_000, "{bytes} bytes");
    for (name, png) in gallery::PICTURES {
        let picture = Picture::read(png);
        assert_eq!(picture.size, (i64::from(PICTURE_SIZE.0), i64::from(PICTURE_SIZE.1)), "{name}");
    }
}
