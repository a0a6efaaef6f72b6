//! What happens every frame besides input: window and camera are kept, paths recorded.

use agent2028_core::agent::{AgentIndex, Position};
use agent2028_core::simulation::Simulation;
use agent2028_core::space::WorldBounds;
use bevy::camera::ClearColorConfig;
use bevy::prelude::*;
use bevy::time::Real;

use crate::ExactViews;
use crate::camera::WorldCamera;
use crate::columns::Columns;
use crate::guests::WorldLayers;
use crate::hulls::Hulls;
use crate::layer_facts::HULLS;
use crate::render::WorldView;
use crate::selection::{Pins, Selection};
use crate::settings::ViewSettings;
use crate::sight::Sight;
use crate::trails::Trails;
use crate::viewport::Viewport;

/// The longest time for which a frame moves the camera, in seconds.
const LONGEST_GLIDE_S: f32 = 0.1;

/// A camera that shows the world, unless somebody has spawned one.
pub(crate) fn spawn_camera(mut commands: Commands, cameras: Query<(), With<WorldView>>) {
    if cameras.is_empty() {
        commands.spawn((Name::new("World camera"), WorldView));
    }
}

/// Keeps the size of what the world's camera draws to.
pub(crate) fn keep_viewport(cameras: Query<&Camera, With<WorldView>>, mut viewport: ResMut<Viewport>) {
    let Some((size, scale_factor)) = cameras
        .iter()
        .find_map(|camera| Some((camera.logical_target_size()?, camera.target_scaling_factor()?)))
        .filter(|(size, _)| size.min_element() > 0.0)
    else {
        return;
    };
    let kept = Viewport { window: size, scale_factor, ..*viewport };
    viewport.set_if_neq(kept);
}

/// Behind the world lies the theme's background.
pub(crate) fn keep_background(settings: Res<ViewSettings>, mut cameras: Query<&mut Camera, With<WorldView>>) {
    let background: Color = settings.tokens().background.into();
    for mut camera in &mut cameras {
        let kept = matches!(camera.clear_color, ClearColorConfig::Custom(color) if color == background);
        if !kept {
            camera.clear_color = ClearColorConfig::Custom(background);
        }
    }
}

/// Follows, fits and glides.
pub(crate) fn move_camera(
    simulation: Res<Simulation>,
    viewport: Res<Viewport>,
    settings: Res<ViewSettings>,
    time: Res<Time<Real>>,
    mut camera: ResMut<WorldCamera>,
    mut fitted_to: Local<Option<(Rect, Vec2)>>,
) {
    let world = simulation.world();
    let bounds = world.get_resource::<WorldBounds>().copied().unwrap_or_default();
    let camera = camera.bypass_change_detection();
    // What the world must be fitted into again: another window, other panels, another world.
    let around = (viewport.rect(), bounds.size);
    if *fitted_to != Some(around) {
        camera.limit(&bounds, &viewport);
        if camera.fitted {
            camera.fit(&bounds, &viewport);
            camera.jump();
        }
        *fitted_to = Some(around);
    }
    if let Some(agent) = camera.follow {
        let place = world.get_resource::<AgentIndex>().and_then(|index| world.get::<Position>(index.get(agent)?));
        match place {
            Some(place) => {
                // Around the edge of a torus the camera leaps with the agent instead of flying across the world.
                if bounds.wraps() && (place.0 - camera.target_center).abs().cmpgt(bounds.half()).any() {
                    camera.center += place.0 - camera.target_center;
                }
                camera.target_center = place.0;
            }
            None => camera.follow(None),
        }
    }
    // After a rest the view glides from where it stands: it doesn't jump by the time that passed meanwhile.
    camera.advance(time.delta_secs().min(LONGEST_GLIDE_S), settings.reduced_motion);
}

/// Agents that are gone can't stay selected.
pub(crate) fn keep_selection(simulation: Res<Simulation>, mut selection: ResMut<Selection>) {
    let Some(index) = simulation.world().get_resource::<AgentIndex>() else {
        return;
    };
    let gone = |agent: &agent2028_core::agent::AgentId| index.get(*agent).is_none();
    if selection.selected.iter().chain(&selection.hovered).any(gone) {
        selection.retain(|agent| !gone(&agent));
    }
}

/// Looks again at what takes time to work out: flocks, quantities, and what an agent perceives.
pub(crate) fn keep_views(
    simulation: Res<Simulation>,
    settings: Res<ViewSettings>,
    (selection, layers): (Res<Selection>, Res<WorldLayers>),
    exact: Option<Res<ExactViews>>,
    time: Res<Time<Real>>,
    mut hulls: ResMut<Hulls>,
    mut columns: ResMut<Columns>,
    mut sight: ResMut<Sight>,
) {
    let (now, exact) = (time.elapsed_secs_f64(), exact.is_some());
    hulls.follow(&simulation, layers.flocks(), settings.layers.shows(&HULLS), now, exact);
    columns.follow(&simulation, &settings, now, exact);
    sight.follow(&simulation, &settings, &selection);
}

/// Pins of agents that are gone fall off.
pub(crate) fn keep_pins(simulation: Res<Simulation>, mut pins: ResMut<Pins>) {
    if let Some(index) = simulation.world().get_resource::<AgentIndex>()
        && pins.0.iter().any(|agent| index.get(*agent).is_none())
    {
        pins.0.retain(|agent| index.get(*agent).is_some());
    }
}

/// Takes note of where agents go.
pub(crate) fn record_trails(
    simulation: Res<Simulation>,
    settings: Res<ViewSettings>,
    selection: Res<Selection>,
    mut trails: ResMut<Trails>,
) {
    trails.record(&simulation, &settings, &selection);
}
