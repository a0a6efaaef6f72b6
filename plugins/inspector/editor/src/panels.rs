//! The scene as text and as a form: two panels of one document.

use bevy_egui::egui::Ui;
use egui_material_icons::icons::{ICON_BALLOT, ICON_EDIT_NOTE};

use crate::editing::ScenesState;
use crate::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey};
use crate::{scene_editor, scene_form};

/// The panel of the scene as text.
#[derive(Clone, Copy, Debug)]
pub struct EditorPanel;

impl Panel for EditorPanel {
    type State = ();
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Editor"),
        title: "Scene text",
        icon: ICON_EDIT_NOTE,
        help: "The scene as text, with errors in place and completion.",
        group: Group::Scene,
        side: DockSide::Right,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, (): &mut ()) {
        let mut scenes = context.states.take::<ScenesState>();
        let ScenesState { document, editor, .. } = &mut *scenes;
        let author = context.facts.author.map(|author| &author.0);
        scene_editor::show(ui, context.look, author, document, editor, context.actions);
        context.states.put(scenes);
    }
}

/// The panel of the scene as a form.
#[derive(Clone, Copy, Debug)]
pub struct FormPanel;

impl Panel for FormPanel {
    type State = ();
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Form"),
        title: "Scene form",
        icon: ICON_BALLOT,
        help: "Every field of the scene, with meaning, unit and range.",
        group: Group::Scene,
        side: DockSide::Right,
        scrolls: false,
        story: false,
    };

    fn show(ui: &mut Ui, context: &mut PanelContext, (): &mut ()) {
        let ScenesState { document, form, .. } = context.states.of::<ScenesState>();
        scene_form::show(ui, context.look, context.facts.author.map(|author| &author.0), document, form);
    }
}
