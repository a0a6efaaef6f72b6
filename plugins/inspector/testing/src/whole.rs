//! The whole window, with all that its panels read.

use agent2028_core::timeline::Timeline;
use agent2028_core::transport::Transport;
use agent2028_inspector::authoring::Authoring;
use agent2028_inspector::context::{Facts, Views};
use agent2028_inspector::panel::InspectorRegistry;
use agent2028_inspector::scene::{SceneLibrary, SceneStatus};
use agent2028_inspector::shell;
use agent2028_inspector::state::InspectorState;
use agent2028_view::{Selection, Tools, ViewSettings, Viewport, WorldCamera, WorldLayers};

use super::{Harness, PanelTest, Simulation, Theme, WorkedOut, default, egui, panel_test_in, views};

/// The whole window with everything that the panels read and remember.
pub struct Whole {
    /// The simulation.
    pub simulation: Simulation,
    /// Play, pause and speed.
    pub transport: Transport,
    /// The branches of the run.
    pub timeline: Timeline,
    /// The selected agents.
    pub selection: Selection,
    /// The tool in hand.
    pub tools: Tools,
    /// The running scene.
    pub status: SceneStatus,
    /// All scenes.
    pub library: SceneLibrary,
    /// Whoever knows what a scene is.
    pub author: Option<Authoring>,
    /// All panels.
    pub registry: InspectorRegistry,
    /// The layers of plugins.
    pub layers: WorldLayers,
    /// What the window remembers.
    pub inspector: InspectorState,
    /// What is left for the world.
    pub free: egui::Rect,
    /// Whether the frame is a picture.
    pub picture: bool,
}

/// A dark window of a size in points.
pub fn whole<'a>(size: [f32; 2], simulation: Simulation) -> Harness<'a, PanelTest<Whole>> {
    whole_in(Theme::Dark, size, simulation)
}

/// A window of a size in points, in a theme.
pub fn whole_in<'a>(theme: Theme, size: [f32; 2], simulation: Simulation) -> Harness<'a, PanelTest<Whole>> {
    let mut timeline = Timeline::default();
    timeline.begin(&simulation);
    let whole = Whole {
        simulation,
        transport: Transport::default(),
        timeline,
        selection: Selection::default(),
        tools: Tools::default(),
        status: SceneStatus { name: "test".into(), title: "Under test".into(), seed: 7, ..default() },
        library: SceneLibrary::default(),
        author: None,
        registry: agent2028_inspector::panels::of_the_host(),
        layers: WorldLayers::default(),
        inspector: InspectorState::default(),
        free: egui::Rect::NOTHING,
        picture: false,
    };
    let mut harness = panel_test_in(theme, size, whole, move |ui, _, whole, actions| {
        let settings = ViewSettings { theme, ..default() };
        let (camera, viewport) = (WorldCamera::default(), Viewport::default());
        let worked_out = WorkedOut::default();
        let facts = Facts {
            simulation: &whole.simulation,
            transport: &whole.transport,
            timeline: &whole.timeline,
            settings: &settings,
            selection: &whole.selection,
            tools: &whole.tools,
            camera: &camera,
            viewport: &viewport,
            library: &whole.library,
            status: &whole.status,
            views: Views { picture: whole.picture, ..views(&worked_out) },
            author: whole.author.as_ref(),
            layers: &whole.layers,
            registry: &whole.registry,
        };
        // The root of the harness has a margin; the window has none.
        let mut root = ui.new_child(egui::UiBuilder::new().max_rect(ui.ctx().viewport_rect()));
        whole.free = shell::show(&mut root, &facts, &mut whole.inspector, actions);
    });
    harness.run_steps(3);
    harness
}
