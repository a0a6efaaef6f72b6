//! Frames one after another: as a GIF by our own means, as a film through ffmpeg.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use agent2028_core::whole_file::WholeFile;

use crate::offscreen::FrameImage;
use crate::picture::PictureError;

/// What a film is written as, told by the file's ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilmFormat {
    /// `.gif`
    Gif,
    /// `.mp4`: H.264, which plays nearly everywhere.
    Mp4,
    /// `.webm`: VP9.
    WebM,
}

impl FilmFormat {
    /// The format of a file's ending.
    #[must_use]
    pub fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "gif" => Some(Self::Gif),
            "mp4" => Some(Self::Mp4),
            "webm" => Some(Self::WebM),
            _ => None,
        }
    }
}

/// What a film has become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Written {
    /// How many frames are in the file: a GIF leaves out what it could not show long enough.
    pub frames: u64,
    /// How long it lasts, in seconds.
    pub seconds: f64,
}

/// A film in the making. Nothing stands at its place until it is finished.
pub struct Film {
    file: PathBuf,
    part: WholeFile,
    size: (u32, u32),
    per_second: f64,
    /// How many frames were added.
    added: u64,
    sink: Sink,
}

enum Sink {
    Gif(Box<Gif>),
    Ffmpeg(Child),
}

struct Gif {
    encoder: gif::Encoder<BufWriter<std::fs::File>>,
    /// How long a frame is shown unless it is told otherwise, in seconds.
    interval: f64,
    /// The pixels that are on the screen.
    last: Vec<u8>,
    /// The frame that waits until it is known how long it is shown.
    waiting: Option<FrameImage>,
    /// When the waiting frame begins, in hundredths of a second from the beginning.
    begins: u64,
    /// When the next frame begins, in seconds from the beginning.
    now: f64,
    /// How many frames were written, and how long they are shown together, in hundredths of a second.
    frames: u64,
    hundredths: u64,
}

impl std::fmt::Debug for Film {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Film").field("file", &self.file).field("size", &self.size).finish_non_exhaustive()
    }
}

/// How carefully colours are chosen for a GIF: 1 is best, 30 fastest.
const GIF_SPEED: i32 = 10;

impl Film {
    /// Begins a film: the size of its frames, and how many of them are shown per second.
    ///
    /// # Errors
    /// If the file can't be written or ffmpeg is missing.
    pub fn begin(file: &Path, format: FilmFormat, size: (u32, u32), per_second: f64) -> Result<Self, PictureError> {
        let part = WholeFile::begin(file).map_err(|error| PictureError::File { file: file.into(), error })?;
        let sink = match format {
            FilmFormat::Gif => begin_gif(file, &part, size, per_second)?,
            FilmFormat::Mp4 | FilmFormat::WebM => begin_ffmpeg(file, &part, format, size, per_second)?,
        };
        Ok(Self { file: file.into(), part, size, per_second, added: 0, sink })
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// If it can't be encoded or written.
    pub fn add(&mut self, image: &FrameImage) -> Result<(), PictureError> {
        self.add_lasting(image, None)
    }

    /// Adds a frame that is shown for this many seconds instead of the film's own interval. Only GIFs can do that; in other
    /// films all frames last equally long.
    ///
    /// # Errors
    /// If it can't be encoded or written.
    pub fn add_lasting(&mut self, image: &FrameImage, seconds: Option<f64>) -> Result<(), PictureError> {
        if (image.width, image.height) != self.size {
            return Err(self.failed("a frame has another size".into()));
        }
        self.added += 1;
        let added = match &mut self.sink {
            Sink::Gif(gif) => gif.add(image, seconds).map_err(|error| error.to_string()),
            Sink::Ffmpeg(child) => match &mut child.stdin {
                Some(stdin) => stdin.write_all(&image.pixels).map_err(|error| format!("ffmpeg stopped: {error}")),
                None => Err("ffmpeg takes no frames".into()),
            },
        };
        added.map_err(|reason| self.failed(reason))
    }

    /// Ends the film and puts it in its place; tells what is in the file.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn finish(self) -> Result<Written, PictureError> {
        let failed = |reason: String| PictureError::Encoding { file: self.file.clone(), reason };
        let written = match self.sink {
            Sink::Gif(mut gif) => {
                gif.show_waiting(true).map_err(|error| failed(error.to_string()))?;
                let written = Written { frames: gif.frames, seconds: gif.hundredths as f64 / 100.0 };
                // The trailer is written when the writer is taken out.
                let mut writer = gif.encoder.into_inner().map_err(|error| failed(error.to_string()))?;
                writer.flush().map_err(|error| failed(error.to_string()))?;
                written
            }
            Sink::Ffmpeg(mut child) => {
                drop(child.stdin.take());
                let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
                if !output.status.success() {
                    let text = String::from_utf8_lossy(&output.stderr);
                    return Err(failed(format!("ffmpeg: {}", text.trim())));
                }
                Written { frames: self.added, seconds: self.added as f64 / self.per_second }
            }
        };
        self.part.finish().map_err(|error| PictureError::File { file: self.file, error })?;
        Ok(written)
    }

    fn failed(&self, reason: String) -> PictureError {
        PictureError::Encoding { file: self.file.clone(), reason }
    }
}

fn begin_gif(file: &Path, part: &WholeFile, size: (u32, u32), per_second: f64) -> Result<Sink, PictureError> {
    let encoding = |reason: String| PictureError::Encoding { file: file.into(), reason };
    let (Ok(width), Ok(height)) = (u16::try_from(size.0), u16::try_from(size.1)) else {
        return Err(encoding("a GIF is at most 65535 pixels wide and high".into()));
    };
    let handle = part.handle().map_err(|error| PictureError::File { file: file.into(), error })?;
    let mut encoder =
        gif::Encoder::new(BufWriter::new(handle), width, height, &[]).map_err(|error| encoding(error.to_string()))?;
    encoder.set_repeat(gif::Repeat::Infinite).map_err(|error| encoding(error.to_string()))?;
    let gif = Gif {
        encoder,
        interval: 1.0 / per_second,
        last: Vec::new(),
        waiting: None,
        begins: 0,
        now: 0.0,
        frames: 0,
        hundredths: 0,
    };
    Ok(Sink::Gif(Box::new(gif)))
}

/// GIFs count time in hundredths of a second, and browsers show frames of less than two of them for ten.
const LEAST_DELAY: u64 = 2;

impl Gif {
    /// Adds a frame. How long it is shown is counted from the film's beginning, so that what is rounded off never adds up, and
    /// frames that follow each other faster than a GIF can show them give way to the last of them.
    fn add(&mut self, image: &FrameImage, seconds: Option<f64>) -> Result<(), gif::EncodingError> {
        self.show_waiting(false)?;
        self.waiting = Some(image.clone());
        self.now += seconds.unwrap_or(self.interval).max(0.0);
        Ok(())
    }

    /// Writes the frame that waits, which is shown until now. One that would be shown too shortly is left out, unless it is the
    /// last one.
    fn show_waiting(&mut self, is_last: bool) -> Result<(), gif::EncodingError> {
        let ends = (100.0 * self.now).round() as u64;
        let mut delay = ends.saturating_sub(self.begins);
        if delay < LEAST_DELAY && !is_last {
            return Ok(());
        }
        let Some(image) = self.waiting.take() else { return Ok(()) };
        self.begins = ends;
        delay = delay.max(LEAST_DELAY);
        while delay > 0 {
            // What lasts longer than a frame can is shown in several.
            let mut part = delay.min(u64::from(u16::MAX));
            if delay - part < LEAST_DELAY && delay > part {
                part -= LEAST_DELAY;
            }
            delay -= part;
            let frame = gif_frame(&image, &self.last, part as u16);
            self.encoder.write_frame(&frame)?;
            (self.frames, self.hundredths) = (self.frames + 1, self.hundredths + part);
            self.last.clone_from(&image.pixels);
        }
        Ok(())
    }
}

/// Only what has changed since the last frame, in the smallest rectangle around it: most of a world stands still.
fn gif_frame(image: &FrameImage, last: &[u8], delay: u16) -> gif::Frame<'static> {
    let (width, height) = (image.width as usize, image.height as usize);
    let same = |at: usize| last.get(4 * at..4 * at + 3) == image.pixels.get(4 * at..4 * at + 3);
    let (mut left, mut right, mut top, mut bottom) = (width, 0, height, 0);
    for y in 0..height {
        for x in (0..width).filter(|x| !same(y * width + x)) {
            (left, right) = (left.min(x), right.max(x + 1));
            (top, bottom) = (top.min(y), bottom.max(y + 1));
        }
    }
    if left >= right {
        // A frame has at least a pixel.
        (left, right, top, bottom) = (0, 1, 0, 1);
    }
    let mut pixels = Vec::with_capacity(4 * (right - left) * (bottom - top));
    for y in top..bottom {
        for x in left..right {
            let at = y * width + x;
            let color = &image.pixels[4 * at..4 * at + 3];
            pixels.extend_from_slice(color);
            pixels.push(if same(at) { 0 } else { 255 });
        }
    }
    // The first frame's whole size was checked to fit in 16 bits.
    let mut frame = gif::Frame::from_rgba_speed((right - left) as u16, (bottom - top) as u16, &mut pixels, GIF_SPEED);
    (frame.left, frame.top) = (left as u16, top as u16);
    frame.delay = delay;
    frame.dispose = gif::DisposalMethod::Keep;
    frame
}

fn begin_ffmpeg(
    file: &Path,
    part: &WholeFile,
    format: FilmFormat,
    size: (u32, u32),
    per_second: f64,
) -> Result<Sink, PictureError> {
    let mut command = Command::new("ffmpeg");
    command
        .args(["-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pixel_format", "rgba"])
        .args(["-video_size", &format!("{}x{}", size.0, size.1), "-framerate", &per_second.to_string(), "-i", "-"])
        // Both codecs want even sizes with halved colour planes.
        .args(["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p"]);
    match format {
        FilmFormat::WebM => {
            command.args(["-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "28", "-row-mt", "1", "-f", "webm"])
        }
        _ => command.args(["-c:v", "libx264", "-crf", "18", "-movflags", "+faststart", "-f", "mp4"]),
    };
    let child = command.arg(part.part()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    match child {
        Ok(child) => Ok(Sink::Ffmpeg(child)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(PictureError::NoFfmpeg),
        Err(error) => {
            Err(PictureError::Encoding { file: file.into(), reason: format!("ffmpeg does not start: {error}") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: u32, height: u32, color: impl Fn(u32, u32) -> [u8; 3]) -> FrameImage {
        let pixels = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| {
                let [red, green, blue] = color(x, y);
                [red, green, blue, 255]
            })
            .collect();
        FrameImage { width, height, pixels }
    }

    #[test]
    fn a_gif_has_its_frames_and_only_what_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("film.gif");
        let mut film = Film::begin(&file, FilmFormat::Gif, (20, 10), 25.0).unwrap();
        film.add(&image(20, 10, |_, _| [10, 20, 30])).unwrap();
        film.add(&image(20, 10, |x, y| if (x, y) == (7, 3) { [250, 0, 0] } else { [10, 20, 30] })).unwrap();
        let last = image(20, 10, |x, y| if (x, y) == (7, 3) { [250, 0, 0] } else { [10, 20, 30] });
        film.add_lasting(&last, Some(1.5)).unwrap();
        assert!(!file.exists(), "nothing is there before it is whole");
        film.finish().unwrap();
        let mut decoder = gif::DecodeOptions::new().read_info(std::fs::File::open(&file).unwrap()).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            frames.push((frame.left, frame.top, frame.width, frame.height, frame.delay));
        }
        assert_eq!(frames, [(0, 0, 20, 10, 4), (7, 3, 1, 1, 4), (0, 0, 1, 1, 150)]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left behind");
    }

    /// How long the frames of a film of so many frames at a rate last together, in hundredths of a second, and each of them.
    fn delays(frames: u32, per_second: f64) -> Vec<u16> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("film.gif");
        let mut film = Film::begin(&file, FilmFormat::Gif, (4, 4), per_second).unwrap();
        for number in 0..frames {
            film.add(&image(4, 4, |_, _| [number as u8, 0, 0])).unwrap();
        }
        let written = film.finish().unwrap();
        let mut decoder = gif::DecodeOptions::new().read_info(std::fs::File::open(&file).unwrap()).unwrap();
        let mut delays = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            delays.push(frame.delay);
        }
        // What is told of the film is what is in the file.
        let hundredths: u64 = delays.iter().map(|delay| u64::from(*delay)).sum();
        assert_eq!(written, Written { frames: delays.len() as u64, seconds: hundredths as f64 / 100.0 });
        delays
    }

    #[test]
    fn a_gif_lasts_what_its_frames_last_at_any_rate() {
        for rate in [0.1, 1.0, 7.0, 12.0, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 60.0, 120.0, 240.0] {
            let delays = delays(120, rate);
            let lasts: f64 = delays.iter().map(|delay| f64::from(*delay)).sum();
            // Hundredths are rounded once. Faster frames than a GIF can show: the last of them is shown for two all the same.
            let most = if rate > 50.0 { LEAST_DELAY as f64 } else { 0.5 };
            assert!((lasts - 12_000.0 / rate).abs() <= most, "{rate} frames a second: {lasts} hundredths");
            assert!(delays.iter().all(|delay| *delay >= 2), "{rate}: {delays:?}");
            assert!(rate > 50.0 || delays.len() == 120, "{rate}: {} frames", delays.len());
        }
        // A frame of half an hour is longer than a GIF can count.
        let long: u64 = delays(1, 1.0 / 1800.0).iter().map(|delay| u64::from(*delay)).sum();
        assert_eq!(long, 180_000);
    }

    #[test]
    fn an_unfinished_film_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut film = Film::begin(&folder.path().join("film.gif"), FilmFormat::Gif, (4, 4), 25.0).unwrap();
        film.add(&image(4, 4, |_, _| [0, 0, 0])).unwrap();
        assert!(film.add(&image(5, 4, |_, _| [0, 0, 0])).is_err());
        drop(film);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn formats_are_told_by_endings() {
        for (name, format) in [
            ("a.gif", Some(FilmFormat::Gif)),
            ("a.MP4", Some(FilmFormat::Mp4)),
            ("a.webm", Some(FilmFormat::WebM)),
            ("a.png", None),
            ("gif", None),
        ] {
            assert_eq!(FilmFormat::of(Path::new(name)), format, "{name}");
        }
    }
}
