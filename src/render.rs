//! Pictures and films of a scene without a window, drawn by the window's own renderer.

use agent2028_core::quantity;
use agent2028_core::simulation::Simulation;
use agent2028_core::timeline::Timeline;
use agent2028_core::transport::Transport;
use agent2028_inspector::panels::hints::HintsState;
use agent2028_inspector::{InspectorPlugin, InspectorState, SceneLibrary};
use agent2028_view::layer::{HULLS, LEGEND, TRAILS};
use agent2028_view::offscreen::{FrameImage, Offscreen, OffscreenError, OffscreenOptions};
use agent2028_view::picture::PictureError;
use agent2028_view::{ColorBy, SizeBy, ViewSettings, WorldCamera};
use bevy::math::UVec2;

pub use agent2028_view::film;
pub use agent2028_view::picture::write_png;

use crate::assemble::ExtraPlugins;
use crate::desktop::{library, simulation_of, status_of};
use crate::panels::PanelPlugins;
use crate::record::{RecordError, Recording};
use crate::scene::load::Loaded;
use crate::scene::report::SceneError;
use crate::scene::view::ViewDefaults;

/// How pictures look.
#[derive(Clone, Debug)]
pub struct PictureOptions {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Pixels per logical pixel: 2 draws everything twice as large.
    pub scale_factor: f32,
    /// Whether the inspector's panels are in the picture.
    pub panels: bool,
    /// What is drawn and how. With the layer [`LEGEND`] the picture explains itself, with or without panels.
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
            view: without_legend(),
            threads: None,
            plugins: ExtraPlugins::default(),
        }
    }
}

/// How a world is looked at in a picture: nothing stands over it.
fn without_legend() -> ViewSettings {
    let mut settings = ViewSettings::default();
    settings.layers.show(&LEGEND, false);
    settings
}

/// How a scene wants to be looked at.
#[must_use]
pub fn view_of(view: &ViewDefaults) -> ViewSettings {
    let mut settings = without_legend();
    show_as(view, &mut settings);
    settings
}

/// Shows a scene as it wants to be looked at; what a scene has no wish about stays.
pub fn show_as(view: &ViewDefaults, settings: &mut ViewSettings) {
    settings.color_by = ColorBy::named(&view.color_by);
    settings.size_by = SizeBy::named(&view.size_by);
    settings.color_range = view.color_range;
    settings.layers.show(&TRAILS, view.trails);
    settings.layers.show(&HULLS, view.hulls);
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Something is wrong with the scene.
    #[error(transparent)]
    Scene(Box<SceneError>),
    /// Colours or sizes are to tell something that no agent has.
    #[error("agents have no quantity \"{name}\"{}", suggestion.as_ref().map_or_else(String::new, |near| format!("; did you mean {near}?")))]
    Quantity {
        /// What was asked for.
        name: String,
        /// What was meant, perhaps.
        suggestion: Option<String>,
    },
    /// Nothing here can draw it.
    #[error(transparent)]
    Offscreen(#[from] OffscreenError),
    /// A picture or film can't be written.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A recorded run can't be done again.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<SceneError> for RenderError {
    fn from(error: SceneError) -> Self {
        Self::Scene(Box::new(error))
    }
}

/// Draws frames of a scene without a window.
#[derive(Debug)]
pub struct FrameRenderer {
    offscreen: Offscreen,
}

impl FrameRenderer {
    /// Sets a scene up before its first tick.
    ///
    /// # Errors
    /// If the scene doesn't fit its plugins or nothing here can draw it.
    pub fn new(loaded: &Loaded, options: &PictureOptions) -> Result<Self, RenderError> {
        Self::of(simulation_of(loaded, options.threads, &options.plugins)?, loaded, options)
    }

    /// Sets a recorded run up before its first tick: what was done to it is done again.
    ///
    /// # Errors
    /// If the scene doesn't fit its plugins, an intervention is unknown, or nothing here can draw it.
    pub fn of_run(recording: &Recording, options: &PictureOptions) -> Result<Self, RenderError> {
        let mut simulation = simulation_of(&recording.loaded, options.threads, &options.plugins)?;
        recording.queue(simulation.world_mut())?;
        Self::of(simulation, &recording.loaded, options)
    }

    fn of(simulation: Simulation, loaded: &Loaded, options: &PictureOptions) -> Result<Self, RenderError> {
        let color = if let ColorBy::Quantity(name) = &options.view.color_by { Some(name) } else { None };
        let size = if let SizeBy::Quantity(name) = &options.view.size_by { Some(name) } else { None };
        for name in color.into_iter().chain(size) {
            if quantity::find(simulation.world(), name).is_none() {
                let suggestion = quantity::suggestion(simulation.world(), name);
                return Err(RenderError::Quantity { name: name.clone(), suggestion });
            }
        }
        let offscreen_options = OffscreenOptions {
            size: UVec2::new(options.size.0, options.size.1),
            scale_factor: options.scale_factor,
            settings: options.view.clone(),
            ..OffscreenOptions::default()
        };
        let mut timeline = Timeline::default();
        timeline.begin(&simulation);
        let offscreen = Offscreen::with_plugins(simulation, offscreen_options, |app| {
            if options.panels || options.view.layers.shows(&LEGEND) {
                app.insert_resource(Transport::default())
                    .insert_resource(SceneLibrary { entries: library(), ..SceneLibrary::default() })
                    .insert_resource(status_of(loaded))
                    .insert_resource(crate::authoring::Author::resource(options.plugins.clone()))
                    .add_plugins(InspectorPlugin);
                let mut state = app.world_mut().resource_mut::<InspectorState>();
                state.states.put(Box::new(HintsState::none()));
                state.visible = options.panels;
                if options.panels {
                    app.insert_resource(timeline);
                }
            }
            // What plugins draw over the world is drawn with and without panels.
            app.add_plugins(PanelPlugins);
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

    /// What is drawn and how.
    pub fn settings(&mut self) -> bevy::prelude::Mut<'_, ViewSettings> {
        self.offscreen.world_mut().resource_mut::<ViewSettings>()
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
