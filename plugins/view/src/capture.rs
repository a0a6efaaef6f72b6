//! Pictures and films of what the window shows.
//!
//! A picture of the window is what stands on the screen, without what belongs to the moment in which it is taken: what the
//! pointer touches, notices, and figures of this machine ([`Capture::takes_picture`]). A picture of the world is drawn once more, without panels and as
//! finely as asked for: for a few frames the world's camera draws into an image instead of the window, and whoever draws
//! panels leaves them out ([`Capture::without_panels`]). A film is made of pictures of the window, cut to the world.
//! Encoding and writing happen on threads of their own: the window doesn't wait.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

use bevy::asset::RenderAssetUsages;
use bevy::camera::{ImageRenderTarget, RenderTarget};
use bevy::prelude::*;
use bevy::render::render_resource::{TextureFormat, TextureUsages};
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::time::Real;
use bevy::window::PrimaryWindow;

use crate::film::{Film, FilmFormat};
use crate::offscreen::FrameImage;
use crate::picture::{PictureError, free_name, write_png};
use crate::render::WorldView;
use crate::viewport::Viewport;

/// How finely a picture of the world can be drawn: so many times the window's pixels.
pub const SCALES: [u32; 3] = [1, 2, 4];
/// Frames per second of a film.
pub const FILM_RATE: f64 = 12.5;
/// The longest film, in seconds: it ends by itself then.
pub const LONGEST_FILM_S: f64 = 60.0;
/// The longer side of a film is at most this many pixels; larger ones are shrunk by a whole number.
const FILM_SIDE: u32 = 1_280;
/// Frames that wait for their encoding at most; more are left out, and the ones before them last longer.
const MOST_WAITING: usize = 8;
/// Frames in which what isn't part of the picture leaves the window before it is taken: one to lay out, one to draw, and one
/// to be sure.
const SETTLE: u32 = 4;
/// The longest side of a picture that graphics adapters draw everywhere.
const LONGEST_SIDE: f32 = 8_192.0;

/// What is to be captured.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub enum CaptureRequest {
    /// The window with all that is in it, as PNG. `stem`: the beginning of the file's name.
    Window {
        /// The beginning of the file's name.
        stem: String,
    },
    /// The world without panels, as PNG.
    World {
        /// The beginning of the file's name.
        stem: String,
        /// So many times as fine as the window ([`SCALES`]).
        scale: u32,
    },
    /// A film of the world from now on, as GIF.
    Film {
        /// The beginning of the file's name.
        stem: String,
    },
    /// The film ends.
    EndFilm,
}

/// What became of a capture.
#[derive(Message, Clone, Debug, PartialEq, Eq)]
pub enum Captured {
    /// It is in this file.
    Saved(PathBuf),
    /// It failed, for this reason.
    Failed(String),
}

/// Captures under way, and where they go.
#[derive(Resource)]
pub struct Capture {
    /// The folder that pictures and films are written to; it is made when it is needed.
    pub folder: PathBuf,
    window: Option<WindowShot>,
    world: Option<WorldShot>,
    film: Option<Filming>,
    results: Mutex<Receiver<Captured>>,
    report: Sender<Captured>,
}

/// A picture of the window in the making.
struct WindowShot {
    file: String,
    frames: u32,
}

/// A picture of the world in the making.
struct WorldShot {
    file: String,
    image: Handle<Image>,
    camera: Entity,
    /// What the camera drew to before.
    before: RenderTarget,
    frames: u32,
    taken: bool,
}

/// A film in the making.
struct Filming {
    since: f64,
    last: f64,
    frames: Option<SyncSender<(FrameImage, f64)>>,
}

impl Default for Capture {
    fn default() -> Self {
        let (report, results) = channel();
        Self { folder: pictures_folder(), window: None, world: None, film: None, results: Mutex::new(results), report }
    }
}

impl std::fmt::Debug for Capture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Capture").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Capture {
    /// Whether a picture of the world is being taken: panels and all that isn't part of the picture have to be left out.
    #[must_use]
    pub fn without_panels(&self) -> bool {
        self.world.is_some()
    }

    /// Whether a picture is being taken: whatever another run or another pointer would show otherwise has to be left out.
    #[must_use]
    pub fn takes_picture(&self) -> bool {
        self.window.is_some() || self.world.is_some()
    }

    /// For how many seconds a film has been recorded, if one is; `now` is real time in seconds.
    #[must_use]
    pub fn filming(&self, now: f64) -> Option<f64> {
        self.film.as_ref().filter(|film| film.frames.is_some()).map(|film| (now - film.since).max(0.0))
    }
}

/// The folder for pictures: `agent2028` in the user's pictures, or where that isn't known in the current folder.
#[must_use]
pub fn pictures_folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let pictures =
        set("XDG_PICTURES_DIR").or_else(|| Some(set("HOME").or_else(|| set("USERPROFILE"))?.join("Pictures")));
    pictures.unwrap_or_default().join("agent2028")
}

/// Begins what is asked for.
pub(crate) fn begin(
    mut requests: MessageReader<CaptureRequest>,
    mut capture: ResMut<Capture>,
    mut commands: Commands,
    mut images: ResMut<Assets<Image>>,
    cameras: Query<(Entity, &RenderTarget), With<WorldView>>,
    windows: Query<(), With<PrimaryWindow>>,
    viewport: Res<Viewport>,
    time: Res<Time<Real>>,
) {
    for request in requests.read() {
        if windows.is_empty() {
            continue;
        }
        match request {
            CaptureRequest::Window { stem } => {
                capture.window.get_or_insert(WindowShot { file: stem.clone(), frames: 0 });
            }
            CaptureRequest::World { stem, scale } => {
                if capture.world.is_none()
                    && let Some((camera, before)) = cameras.iter().next()
                {
                    let shot = world_shot(&mut images, camera, before.clone(), &viewport, stem, *scale);
                    commands.entity(camera).insert(shot.target());
                    capture.world = Some(shot.shot);
                }
            }
            CaptureRequest::Film { stem } => {
                if capture.film.is_none() {
                    let now = time.elapsed_secs_f64();
                    let frames = film_thread(capture.folder.clone(), stem.clone(), capture.report.clone());
                    capture.film = Some(Filming { since: now, last: f64::NEG_INFINITY, frames: Some(frames) });
                }
            }
            CaptureRequest::EndFilm => capture.film = None,
        }
    }
}

/// A picture of the world that has just begun.
struct BegunShot {
    shot: WorldShot,
    scale_factor: f32,
}

impl BegunShot {
    fn target(&self) -> RenderTarget {
        RenderTarget::Image(ImageRenderTarget { handle: self.shot.image.clone(), scale_factor: self.scale_factor })
    }
}

fn world_shot(
    images: &mut Assets<Image>,
    camera: Entity,
    before: RenderTarget,
    viewport: &Viewport,
    stem: &str,
    scale: u32,
) -> BegunShot {
    let logical = viewport.rect().size();
    let wanted = viewport.scale_factor.max(0.1) * scale as f32;
    let scale_factor = wanted.min(LONGEST_SIDE / logical.max_element().max(1.0));
    let size = (logical * scale_factor).round().max(Vec2::ONE).as_uvec2();
    let mut image = Image::new_target_texture(size.x, size.y, TextureFormat::Rgba8UnormSrgb, None);
    image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
    image.asset_usage = RenderAssetUsages::RENDER_WORLD;
    let file = if scale > 1 { format!("{stem}-{scale}x") } else { stem.to_owned() };
    let shot = WorldShot { file, image: images.add(image), camera, before, frames: 0, taken: false };
    BegunShot { shot, scale_factor }
}

/// Brings what was begun on its way, frame by frame.
pub(crate) fn go_on(
    mut capture: ResMut<Capture>,
    mut commands: Commands,
    mut cameras: Query<&mut Projection, With<WorldView>>,
    viewport: Res<Viewport>,
    time: Res<Time<Real>>,
    mut done: MessageWriter<Captured>,
) {
    let capture = &mut *capture;
    {
        let results = capture.results.lock().unwrap_or_else(PoisonError::into_inner);
        done.write_batch(results.try_iter());
    }
    if let Some(shot) = &mut capture.window {
        shot.frames += 1;
        if shot.frames == SETTLE {
            let (folder, stem, report) = (capture.folder.clone(), shot.file.clone(), capture.report.clone());
            take(&mut commands, Screenshot::primary_window(), move |image| {
                report_saved(&report, save(&folder, &stem, image));
            });
        } else if shot.frames > SETTLE {
            // The frame with the picture is drawn.
            capture.window = None;
        }
    }
    if let Some(shot) = &mut capture.world {
        shot.frames += 1;
        if shot.taken {
            // The frame with the picture is drawn: the window gets its camera back.
            commands.entity(shot.camera).insert(shot.before.clone());
            // Bevy looks at a camera's target again only when something else of the camera has changed.
            if let Ok(mut projection) = cameras.get_mut(shot.camera) {
                projection.set_changed();
            }
            capture.world = None;
        } else if shot.frames >= SETTLE {
            shot.taken = true;
            let (folder, stem, report) = (capture.folder.clone(), shot.file.clone(), capture.report.clone());
            take(&mut commands, Screenshot::image(shot.image.clone()), move |image| {
                report_saved(&report, save(&folder, &stem, image));
            });
        }
    }
    let now = time.elapsed_secs_f64();
    let Some(film) = &mut capture.film else { return };
    if now - film.since > LONGEST_FILM_S {
        capture.film = None;
        return;
    }
    // A frame of what the window shows while its camera is away would be empty.
    if now - film.last >= 1.0 / FILM_RATE
        && capture.world.is_none()
        && let Some(frames) = film.frames.clone()
    {
        film.last = now;
        let (rect, scale) = (viewport.rect(), viewport.scale_factor);
        take(&mut commands, Screenshot::primary_window(), move |image| {
            if let Some(frame) = film_frame(image, rect, scale) {
                match frames.try_send((frame, now)) {
                    // A full queue or an ended film leaves the frame out.
                    Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
                }
            }
        });
    }
}

/// Takes a picture of this frame and hands it on, from a thread of its own.
fn take(commands: &mut Commands, screenshot: Screenshot, hand_on: impl FnOnce(FrameImage) + Send + Sync + 'static) {
    let mut hand_on = Some(hand_on);
    commands.spawn(screenshot).observe(move |captured: On<ScreenshotCaptured>| {
        let image = captured.image.clone();
        if let Some(hand_on) = hand_on.take() {
            std::thread::spawn(move || {
                if let Some(frame) = frame_of(image) {
                    hand_on(frame);
                }
            });
        }
    });
}

fn frame_of(image: Image) -> Option<FrameImage> {
    let pixels = image.try_into_dynamic().ok()?.to_rgba8();
    Some(FrameImage { width: pixels.width(), height: pixels.height(), pixels: pixels.into_raw() })
}

fn save(folder: &Path, stem: &str, image: FrameImage) -> Result<PathBuf, PictureError> {
    make_folder(folder)?;
    let file = free_name(folder, stem, "png");
    write_png(&file, &image)?;
    Ok(file)
}

fn make_folder(folder: &Path) -> Result<(), PictureError> {
    std::fs::create_dir_all(folder).map_err(|error| PictureError::File { file: folder.into(), error })
}

fn report_saved(report: &Sender<Captured>, saved: Result<PathBuf, PictureError>) {
    // The receiver is gone only when the window is.
    let _ = report.send(saved.map_or_else(|error| Captured::Failed(error.to_string()), Captured::Saved));
}

/// The part of a picture of the window that shows the world, no larger than a film needs.
fn film_frame(image: FrameImage, rect: Rect, scale: f32) -> Option<FrameImage> {
    let (min, size) = ((rect.min * scale).round().as_uvec2(), (rect.size() * scale).round().as_uvec2());
    let part = image.cropped(min.x, min.y, size.x, size.y)?;
    let by = part.width.max(part.height).div_ceil(FILM_SIDE);
    Some(part.shrunk(by))
}

/// Encodes frames as they come, each with the time when it was taken, until no more can come.
fn film_thread(folder: PathBuf, stem: String, report: Sender<Captured>) -> SyncSender<(FrameImage, f64)> {
    let (sender, frames) = sync_channel::<(FrameImage, f64)>(MOST_WAITING);
    std::thread::spawn(move || {
        let saved = encode(&folder, &stem, &frames);
        match saved {
            Ok(Some(file)) => report_saved(&report, Ok(file)),
            Ok(None) => {
                let _ = report.send(Captured::Failed("the film ended before its first frame".into()));
            }
            Err(error) => report_saved(&report, Err(error)),
        }
    });
    sender
}

/// None if there was no frame.
fn encode(folder: &Path, stem: &str, frames: &Receiver<(FrameImage, f64)>) -> Result<Option<PathBuf>, PictureError> {
    let Ok((mut frame, mut at)) = frames.recv() else {
        return Ok(None);
    };
    make_folder(folder)?;
    let file = free_name(folder, stem, "gif");
    let size = (frame.width, frame.height);
    let mut film = Film::begin(&file, FilmFormat::Gif, size, FILM_RATE)?;
    // A frame is shown until the next one: how long that is shows only when the next one comes.
    for (next, then) in frames {
        // Panels that were moved change the world's part of the window; a film has one size.
        if (next.width, next.height) == size {
            film.add_lasting(&frame, Some(then - at))?;
            (frame, at) = (next, then);
        }
    }
    film.add(&frame)?;
    film.finish()?;
    Ok(Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, red: u8) -> FrameImage {
        FrameImage { width, height, pixels: [red, 20, 30, 255].repeat((width * height) as usize) }
    }

    #[test]
    fn a_film_lasts_as_long_as_it_was_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("new").join("folder");
        let (report, results) = channel();
        let frames = film_thread(inner.clone(), "a scene".into(), report);
        for (at, red) in [(0.0, 10), (0.08, 90), (0.48, 200)] {
            frames.send((picture(30, 20, red), at)).unwrap();
        }
        frames.send((picture(31, 20, 0), 0.5)).unwrap();
        drop(frames);
        let file = inner.join("a-scene.gif");
        assert_eq!(results.recv().unwrap(), Captured::Saved(file.clone()));
        let mut decoder = gif::DecodeOptions::new().read_info(std::fs::File::open(file).unwrap()).unwrap();
        let mut delays = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            delays.push(frame.delay);
        }
        assert_eq!(delays, [8, 40, 8]);
    }

    #[test]
    fn what_cannot_be_saved_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "not a folder").unwrap();
        let (report, results) = channel();
        report_saved(&report, save(&file.join("below"), "a", picture(2, 2, 0)));
        assert!(matches!(results.recv().unwrap(), Captured::Failed(_)));
        drop(film_thread(folder.path().into(), "b".into(), report));
        assert!(matches!(results.recv().unwrap(), Captured::Failed(reason) if reason.contains("first frame")));
    }

    #[test]
    fn films_show_the_world_and_are_not_too_large() {
        let rect = Rect::new(100.0, 40.0, 740.0, 400.0);
        let frame = film_frame(picture(1600, 1000, 1), rect, 1.0).unwrap();
        assert_eq!((frame.width, frame.height), (640, 360));
        let fine = film_frame(picture(3200, 2000, 1), rect, 4.0).unwrap();
        assert!(fine.width <= FILM_SIDE, "{}", fine.width);
        assert!(film_frame(picture(50, 50, 1), rect, 1.0).is_none());
    }
}
