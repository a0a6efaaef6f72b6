//! `agent2028 render`: pictures, GIFs and films of a scene.

use std::path::{Path, PathBuf};

use agent2028_view::layer::{HULLS, LABELS, LEGEND, TRAILS};
use agent2028_view::picture::PictureError;
use agent2028_view::{ColorBy, SizeBy};
use clap::Args;

use super::run::Meter;
use super::{BAD_INPUT, DONE, Failure, SceneArguments, ThemeArgument, above_zero, counted, print, say, ticks};
use crate::headless::Progress;
use crate::record::Recording;
use crate::render::film::{Film, FilmFormat};
use crate::render::{FrameRenderer, PictureOptions, RenderError, view_of, write_png};
use crate::scene::load::load;

/// Makes pictures, GIFs and films of a scene, without a window.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  agent2028 render flock --at 600 --out flock.png\n  agent2028 render foraging --every 10 \
    --until 3000 --out foraging.gif --size 800x450\n  agent2028 render welcome --at 900 --panels --theme light --out \
    welcome.png\n  agent2028 render murmuration --every 1 --fps 30 --out murmuration.mp4 --size 1920x1080"
)]
pub(crate) struct Render {
    /// A scene file, the name of a built-in scene, or the folder of a recorded run.
    scene: String,
    #[command(flatten)]
    scene_arguments: SceneArguments,
    /// A picture after this tick; the last of the scene or run if neither --at nor --every is given.
    #[arg(long, value_name = "N", conflicts_with = "every", value_parser = ticks)]
    at: Option<u64>,
    /// A film with a frame every so many ticks.
    #[arg(long, value_name = "N", value_parser = above_zero)]
    every: Option<u64>,
    /// The tick of the film's first frame.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "every", value_parser = ticks)]
    from: u64,
    /// The tick of the film's last frame; by default the last of the scene or run.
    #[arg(long, value_name = "N", requires = "every", value_parser = ticks)]
    until: Option<u64>,
    /// Frames per second of the film.
    #[arg(long, value_name = "F", default_value_t = 25.0, value_parser = parse_rate, requires = "every")]
    fps: f64,
    /// The file: .png for a picture, .gif, .mp4 or .webm for a film (the last two need ffmpeg).
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Width and height in pixels.
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = parse_size)]
    size: (u32, u32),
    /// Pixels per logical pixel: 2 draws lines, texts and agents twice as large.
    #[arg(long, value_name = "F", default_value_t = 1.0, value_parser = parse_scale)]
    scale: f32,
    /// Shows the inspector's panels too.
    #[arg(long)]
    panels: bool,
    /// Light or dark.
    #[arg(long, value_enum, default_value_t)]
    theme: ThemeArgument,
    /// Explains colours, sizes and heat maps in the picture, and names what is in it; with --panels it does so anyway.
    #[arg(long)]
    legend: bool,
    /// Leaves the legend out although there are panels.
    #[arg(long, conflicts_with = "legend")]
    no_legend: bool,
    /// What the colour of agents tells: group, speed, heading, health, status, id, or any quantity such as
    /// Condition.health; by default what the scene says.
    #[arg(long, value_name = "WHAT")]
    color_by: Option<String>,
    /// Both ends of the colour scale of a quantity, for example 0..1; where nearly all values lie if absent.
    #[arg(long, value_name = "FROM..TO", allow_hyphen_values = true, value_parser = parse_range)]
    color_range: Option<(f64, f64)>,
    /// What the size of agents tells: uniform, speed, health, or any quantity; by default what the scene says.
    #[arg(long, value_name = "WHAT")]
    size_by: Option<String>,
    /// Shows the ways that agents came.
    #[arg(long)]
    trails: bool,
    /// Draws a soft line around every flock.
    #[arg(long)]
    hulls: bool,
    /// Uses this many threads for the simulation; changes nothing but the speed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// Reads `1920x1080`.
pub(crate) fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let help = "write width and height in pixels, 16 to 16384 each, for example 1920x1080";
    let (width, height) = text.split_once(['x', 'X', '×']).ok_or(help)?;
    let side = |text: &str| text.trim().parse::<u32>().ok().filter(|side| (16..=16_384).contains(side));
    Ok((side(width).ok_or(help)?, side(height).ok_or(help)?))
}

/// Reads `0..1`.
fn parse_range(text: &str) -> Result<(f64, f64), String> {
    let read = || {
        let (low, high) = text.split_once("..")?;
        let range: (f64, f64) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        (range.0.is_finite() && range.1.is_finite() && range.0 < range.1).then_some(range)
    };
    read().ok_or_else(|| "write the smaller and the larger end, for example 0..1".into())
}

fn parse_rate(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|rate| (0.1..=240.0).contains(rate)).ok_or_else(|| "write a number from 0.1 to 240".into())
}

fn parse_scale(text: &str) -> Result<f32, String> {
    text.parse().ok().filter(|scale| (0.5..=8.0).contains(scale)).ok_or_else(|| "write a number from 0.5 to 8".into())
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Scene(error) => Self::Scene(error),
            other => Self::Input(miette::miette!("{other}")),
        }
    }
}

impl From<PictureError> for Failure {
    fn from(error: PictureError) -> Self {
        RenderError::from(error).into()
    }
}

impl Render {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        let format = FilmFormat::of(&self.out);
        let is_png = self.out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
        match (self.every, format) {
            (None, _) if !is_png => {
                say("A picture is written as PNG: --out FILE.png. For a film, add --every N.");
                return Ok(BAD_INPUT);
            }
            (Some(_), None) => {
                say("A film is written as GIF, MP4 or WebM: --out FILE.gif, FILE.mp4 or FILE.webm.");
                return Ok(BAD_INPUT);
            }
            _ => {}
        }
        let settings = self.scene_arguments.settings();
        let folder = Path::new(&self.scene);
        let recording = if folder.is_dir() { Some(Recording::open(folder)?) } else { None };
        let loaded = match &recording {
            Some(_) if !settings.is_empty() => {
                say("A recorded run is drawn as it was: without --seed and --set.");
                return Ok(BAD_INPUT);
            }
            Some(recording) => recording.loaded.clone(),
            None => load(&self.scene, &settings)?,
        };
        let mut view = view_of(&loaded.scene.view);
        view.theme = self.theme.into();
        view.layers.show(&LEGEND, (self.panels || self.legend) && !self.no_legend);
        if let Some(name) = &self.color_by {
            // The scene's range is that of its own choice.
            (view.color_by, view.color_range) = (ColorBy::named(name), None);
        }
        if let Some(name) = &self.size_by {
            view.size_by = SizeBy::named(name);
        }
        view.color_range = self.color_range.or(view.color_range);
        if self.trails {
            view.layers.show(&TRAILS, true);
        }
        if self.hulls {
            view.layers.show(&HULLS, true);
        }
        view.layers.show(&LABELS, self.panels || self.legend);
        let options = PictureOptions {
            size: self.size,
            scale_factor: self.scale,
            panels: self.panels,
            view,
            threads: self.threads.map(usize::from),
            ..PictureOptions::default()
        };
        let end = recording.as_ref().map_or_else(|| loaded.scene.duration_ticks(), |recording| recording.last_tick);
        if let Some(recording) = &recording
            && let Some(beyond) = [self.at, self.until].into_iter().flatten().find(|tick| *tick > recording.last_tick)
        {
            say(&format!(
                "{} holds {}: there is no tick {beyond} to draw.",
                self.scene,
                counted(recording.last_tick, "recorded tick", "recorded ticks")
            ));
            return Ok(BAD_INPUT);
        }
        let renderer = || match &recording {
            Some(recording) => FrameRenderer::of_run(recording, &options).map_err(Failure::from),
            None => FrameRenderer::new(&loaded, &options).map_err(Failure::from),
        };
        match (self.every, format) {
            (Some(every), Some(format)) => {
                let until = self.until.unwrap_or(end);
                if until < self.from {
                    say(&format!("The film would end (tick {until}) before it begins (tick {}).", self.from));
                    return Ok(BAD_INPUT);
                }
                // Whether the file can be written is known before anything runs.
                let mut film = Film::begin(&self.out, format, self.size, self.fps)?;
                let mut renderer = renderer()?;
                let mut meter = Meter::new();
                for tick in (self.from..=until).step_by(usize::try_from(every).unwrap_or(usize::MAX)) {
                    let reached = renderer.advance_to(tick);
                    film.add(&renderer.frame()?)?;
                    let agents = renderer.simulation().agents();
                    meter.show(Progress { tick: reached, last: until, agents });
                    if reached < tick {
                        say(&format!("A fault stopped the run at tick {reached}; the film ends there."));
                        break;
                    }
                }
                let written = film.finish()?;
                meter.finish();
                let told = counted(written.frames, "frame", "frames");
                print(&format!("{}: {told}, {:.2} s\n", self.out.display(), written.seconds))
            }
            _ => {
                let tick = self.at.unwrap_or(end);
                let mut renderer = renderer()?;
                let mut meter = Meter::new();
                // In steps, so that progress can be shown.
                let mut reached = 0;
                while reached < tick {
                    let next = renderer.advance_to(tick.min(reached + 20));
                    meter.show(Progress { tick: next, last: tick, agents: renderer.simulation().agents() });
                    if next <= reached {
                        say(&format!("A fault stopped the run at tick {reached}; the picture is of then."));
                        break;
                    }
                    reached = next;
                }
                write_png(&self.out, &renderer.frame()?)?;
                meter.finish();
                print(&format!("{}: tick {reached}\n", self.out.display()))?;
                Ok(DONE)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_go_upwards() {
        assert_eq!(parse_range("-1..2.5"), Ok((-1.0, 2.5)));
        for text in ["1", "2..1", "0..x", "nan..1", "0..inf"] {
            assert!(parse_range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_within_their_limits() {
        assert_eq!(parse_size("1920x1080"), Ok((1920, 1080)));
        assert_eq!(parse_size("800×450"), Ok((800, 450)));
        for text in ["1920", "0x10", "99999x10", "ax10", "10x"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
