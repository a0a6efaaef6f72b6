//! What is kept from one start to the next: where panels stand, how large the interface is, which theme.

use std::path::{Path, PathBuf};

use agent2028_core::checkpoint::write_atomically;
use agent2028_view::{Theme, ViewSettings};
use bevy::prelude::*;
use bevy::time::Real;
use serde::{Deserialize, Serialize};

use crate::dock::{DockLayout, PanelKey};
use crate::folders;
use crate::panel::{InspectorRegistry, Kept};
use crate::panels::hints::HintsState;
use crate::state::InspectorState;
use crate::story::Story;

/// What is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Workspace {
    /// Where panels stand.
    pub layout: DockLayout,
    /// The scale of the interface, 0.75–2.5.
    pub scale: f32,
    /// Whether the theme is the light one.
    pub light: bool,
    /// Whether pictures jump instead of moving.
    pub reduced_motion: bool,
    /// Whether the hints for beginners have been followed or put away.
    pub knows_the_hints: bool,
    /// The panels that opened with the scene; they go with it.
    pub opened_with_scene: Vec<PanelKey>,
    /// What panels remember, by name.
    pub panels: Kept,
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            layout: DockLayout::default(),
            scale: 1.0,
            light: false,
            reduced_motion: false,
            knows_the_hints: false,
            opened_with_scene: Vec::new(),
            panels: default(),
        }
    }
}

impl Workspace {
    /// Reads a workspace; anything that is not a sane one counts as none.
    #[must_use]
    pub fn read(file: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(file).ok()?;
        match ron::from_str::<Self>(&text) {
            Ok(kept) if kept.scale.is_finite() => Some(kept),
            Ok(_) => None,
            Err(error) => {
                warn!("{}: the panels begin in their first places: {error}", file.display());
                None
            }
        }
    }

    /// Writes the workspace, whole or not at all.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn write(&self, file: &Path) -> std::io::Result<()> {
        let text =
            ron::ser::to_string_pretty(self, ron::ser::PrettyConfig::default()).map_err(std::io::Error::other)?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        write_atomically(file, text.as_bytes())
    }

    fn of(state: &mut InspectorState, settings: &ViewSettings, registry: &InspectorRegistry, before: &Kept) -> Self {
        Self {
            layout: state.layout.clone(),
            scale: state.scale,
            light: settings.theme == Theme::Light,
            reduced_motion: settings.reduced_motion,
            knows_the_hints: state.states.of::<HintsState>().left().is_empty(),
            opened_with_scene: state.story.opened().to_vec(),
            panels: registry.keep(&state.states, before),
        }
    }
}

/// Keeps the workspace in a file; without this resource nothing is read or written.
#[derive(Resource, Clone, Debug)]
pub struct KeepWorkspace {
    /// The file.
    pub file: PathBuf,
    /// A theme that was asked for on the command line wins over the one that was kept.
    pub theme: Option<Theme>,
    written: Option<Workspace>,
    looked_at: f64,
}

impl KeepWorkspace {
    /// Keeps the workspace where the user's settings are; `None` if there is no such place.
    #[must_use]
    pub fn in_settings(theme: Option<Theme>) -> Option<Self> {
        Some(Self { file: folders::config()?.join("workspace.ron"), theme, written: None, looked_at: 0.0 })
    }
}

/// Puts everything where it was left.
pub(crate) fn restore(
    mut keep: ResMut<KeepWorkspace>,
    mut state: ResMut<InspectorState>,
    mut settings: ResMut<ViewSettings>,
    registry: Res<InspectorRegistry>,
) {
    if let Some(known) = Workspace::read(&keep.file) {
        state.layout = known.layout.clone();
        state.scale = known.scale.clamp(crate::theme::measure::SCALES.0, crate::theme::measure::SCALES.1);
        settings.theme = if known.light { Theme::Light } else { Theme::Dark };
        settings.reduced_motion = known.reduced_motion;
        if known.knows_the_hints {
            state.states.put(Box::new(HintsState::none()));
        }
        state.story = Story::of_an_earlier_start(known.opened_with_scene.clone());
        registry.restore(&mut state.states, &known.panels);
        keep.written = Some(known);
    }
    if let Some(theme) = keep.theme {
        settings.theme = theme;
    }
}

/// Writes what changed, once a second and when the window closes.
pub(crate) fn save(
    mut keep: ResMut<KeepWorkspace>,
    (mut state, settings, registry): (ResMut<InspectorState>, Res<ViewSettings>, Res<InspectorRegistry>),
    time: Res<Time<Real>>,
    mut exits: MessageReader<AppExit>,
) {
    const EVERY_S: f64 = 1.0;
    let closing = exits.read().count() > 0;
    let now = time.elapsed_secs_f64();
    if !closing && now - keep.looked_at < EVERY_S {
        return;
    }
    keep.looked_at = now;
    let before = keep.written.as_ref().map(|written| written.panels.clone()).unwrap_or_default();
    let workspace = Workspace::of(state.bypass_change_detection(), &settings, &registry, &before);
    if keep.written.as_ref() != Some(&workspace) {
        if let Err(error) = workspace.write(&keep.file) {
            warn!("{}: {error}", keep.file.display());
        }
        keep.written = Some(workspace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dock::{Catalog, Preset};

    #[test]
    fn a_workspace_comes_back_and_a_broken_one_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings").join("workspace.ron");
        assert_eq!(Workspace::read(&file), None);
        let mut kept = Workspace { scale: 1.5, light: true, ..default() };
        kept.layout = DockLayout::preset(Preset::Debug, &Catalog::default());
        kept.layout.close(PanelKey::new("Events"));
        kept.write(&file).unwrap();
        assert_eq!(Workspace::read(&file), Some(kept));
        std::fs::write(&file, "(layout: 3").unwrap();
        assert_eq!(Workspace::read(&file), None);
        std::fs::write(&file, "(scale: 2.0)").unwrap();
        assert_eq!(Workspace::read(&file).unwrap().scale, 2.0);
    }
}
