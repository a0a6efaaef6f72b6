//! Pictures and films of a scene without a window, drawn by the window's own renderer.
//!
//! | module | what lives there |
//! |---|---|
//! | [`film`] | frames into a GIF or, through ffmpeg, a film |

pub mod film;

use std::io::Write;
use std::path::{Path, PathBuf};

use agent2028_core::simulation::Simulation;
use agent2028_core::transport::Transport;
use agent2028_inspector::panels::hints::HintsState;
use agent2028_inspector::{InspectorPlugin, InspectorState, SceneLibrary};
use agent2028_view::offscreen::{FrameImage, Offscreen, OffscreenError, OffscreenOptions};
use agent2028_view::{ViewSettings, WorldCamera};
use bevy::math::UVec2;

use crate::assemble::ExtraPlugins;
use crate::desktop::{library, simulation_of, status_of};
use crate::scene::load::Loaded;
use crate::scene::report::SceneError;

/// How pictures look.
#[derive(Clone, Debug)]
pub struct PictureOptions {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Pixels per logical pixel: 2 draws everything twice as large.
    pub scale_factor: f32,
    /// Whether the inspector's panels are in the picture.
    pub panels: bool,
    /// What is drawn and how.
    pub view: ViewSettings,
    /// How many threads the simulation may use; all cores if absent.
    pub threads: Option<usize>,
    /// Plugins of your own.
    pub plugins: ExtraPlugins,
}

impl Default for PictureOptions {
    fn default() -> Self {
        Self {
            size: (1280, 720),
            scale_factor: 1.0,
            panels: false,
            view: ViewSettings::default(),
            threads: None,
            plugins: ExtraPlugins::default(),
        }
    }
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Something is wrong with the scene.
    #[error(transparent)]
    Scene(Box<SceneError>),
    /// Nothing here can draw it.
    #[error(transparent)]
    Offscreen(#[from] OffscreenError),
    /// A file can't be written.
    #[error("{}: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The frames can't be encoded.
    #[error("{}: {reason}", file.display())]
    Encoding {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// Films need ffmpeg.
    #[error(
        "films are made by ffmpeg, which was not found. Install it (Debian: apt install ffmpeg), or make a GIF, which \
         needs no other program: --out film.gif"
    )]
    NoFfmpeg,
}

impl From<SceneError> for RenderError {
    fn from(error: SceneError) -> Self {
        Self::Scene(Box::new(error))
    }
}

/// A scene in front of a camera.
#[derive(Debug)]
pub struct Studio {
    offscreen: Offscreen,
}

impl Studio {
    /// Sets a scene up before its first tick.
    ///
    /// # Errors
    /// If the scene doesn't fit its plugins or nothing here can draw it.
    pub fn new(loaded: &Loaded, options: &PictureOptions) -> Result<Self, RenderError> {
        let simulation = simulation_of(loaded, options.threads, &options.plugins)?;
        let offscreen_options = OffscreenOptions {
            size: UVec2::new(options.size.0, options.size.1),
            scale_factor: options.scale_factor,
            settings: options.view.clone(),
            ..OffscreenOptions::default()
        };
        let offscreen = Offscreen::with_plugins(simulation, offscreen_options, |app| {
            if options.panels {
                app.insert_resource(Transport::default())
                    .insert_resource(SceneLibrary { entries: library(), recent: Vec::new() })
                    .insert_resource(status_of(loaded))
                    .add_plugins(InspectorPlugin)
                    .world_mut()
                    .resource_mut::<InspectorState>()
                    .hints = HintsState::none();
            }
        })?;
        Ok(Self { offscreen })
    }

    /// The simulation.
    #[must_use]
    pub fn simulation(&self) -> &Simulation {
        self.offscreen.simulation()
    }

    /// The camera.
    pub fn camera(&mut self) -> bevy::prelude::Mut<'_, WorldCamera> {
        self.offscreen.world_mut().resource_mut::<WorldCamera>()
    }

    /// Runs up to a tick; returns the last tick that ran, which is less if a fault stopped the run.
    pub fn advance_to(&mut self, tick: u64) -> u64 {
        let missing = tick.saturating_sub(self.offscreen.simulation().tick());
        self.offscreen.advance(missing);
        self.offscreen.simulation().tick()
    }

    /// A picture of now.
    ///
    /// # Errors
    /// If the adapter is lost.
    pub fn frame(&mut self) -> Result<FrameImage, RenderError> {
        Ok(self.offscreen.frame()?)
    }
}

/// Writes a picture as PNG. The file is replaced as a whole.
///
/// # Errors
/// If it can't be written.
pub fn write_png(file: &Path, image: &FrameImage) -> Result<(), RenderError> {
    let encoding = |error: png::EncodingError| RenderError::Encoding { file: file.into(), reason: error.to_string() };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width, image.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header().map_err(encoding)?;
    // The world has an opaque ground.
    let colors: Vec<u8> = image.pixels.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    writer.write_image_data(&colors).map_err(encoding)?;
    writer.finish().map_err(encoding)?;
    let mut part = part_of(file)?;
    let failed = |error| RenderError::File { file: file.into(), error };
    part.write_all(&bytes).map_err(failed)?;
    persist(part, file)
}

/// A file beside the wanted one, which takes its place only when it is whole.
fn part_of(file: &Path) -> Result<tempfile::NamedTempFile, RenderError> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    tempfile::Builder::new()
        .prefix(".agent2028-")
        .tempfile_in(folder)
        .map_err(|error| RenderError::File { file: file.into(), error })
}

fn persist(part: tempfile::NamedTempFile, file: &Path) -> Result<(), RenderError> {
    let failed = |error| RenderError::File { file: file.into(), error };
    part.as_file().sync_all().map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are for their owner only; a picture is like any other file.
        part.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(failed)?;
    }
    part.persist(file).map_err(|error| failed(error.error))?;
    Ok(())
}
