//! Panels under test without a window: drawn by egui, looked at and clicked through the accessibility tree. The tests of the
//! inspector read these files as a module of their own; those of plugins' panels use them as a crate.

#![allow(clippy::unwrap_used, reason = "all of it runs in tests only")]

pub mod pictures;
pub mod raster;
pub mod sizes;
pub mod whole;

pub use agent2028_core::SimCorePlugin;
pub use agent2028_core::agent::{AgentGroup, AgentGroups, Placement, spawn_group};
pub use agent2028_core::intervention::Intervention;
pub use agent2028_core::simulation::Simulation;
pub use agent2028_view::Theme;
pub use bevy::prelude::*;
pub use bevy_egui::egui;
pub use egui::accesskit::Role;
pub use egui_kittest::Harness;
pub use egui_kittest::kittest::{NodeT as _, Queryable as _};

pub use agent2028_inspector::actions::{Action, Actions};
pub use agent2028_inspector::theme::{self, Look};

/// What a test draws from and what came of it.
pub struct PanelTest<S> {
    /// What it draws from.
    pub state: S,
    /// What was asked for.
    pub actions: Actions,
    /// Makes pictures of it.
    pub raster: raster::Raster,
    dressed: bool,
}

/// A harness of a size in points that draws a panel.
pub fn panel_test<'a, S: 'a>(
    size: [f32; 2],
    state: S,
    draw: impl FnMut(&mut egui::Ui, &Look, &mut S, &mut Actions) + 'a,
) -> Harness<'a, PanelTest<S>> {
    panel_test_in(Theme::Dark, size, state, draw)
}

/// A harness of a size in points that draws a panel in a theme.
pub fn panel_test_in<'a, S: 'a>(
    theme: Theme,
    size: [f32; 2],
    state: S,
    mut draw: impl FnMut(&mut egui::Ui, &Look, &mut S, &mut Actions) + 'a,
) -> Harness<'a, PanelTest<S>> {
    let raster = raster::Raster::default();
    let builder = Harness::builder().with_size(size).with_max_steps(32).renderer(raster.clone());
    let test = PanelTest { state, actions: Actions::default(), raster, dressed: false };
    let mut harness = builder.build_ui_state(
        move |ui, test: &mut PanelTest<S>| {
            if !test.dressed {
                ui.ctx().set_fonts(theme::fonts());
                theme::dress(ui.ctx(), theme, false);
                ui.ctx().request_repaint();
                test.dressed = true;
                return;
            }
            // As the shell does: what floats has a place.
            agent2028_inspector::floats::begin(ui.ctx(), ui.ctx().viewport_rect());
            draw(ui, &Look::of(theme), &mut test.state, &mut test.actions);
            agent2028_inspector::floats::end(ui.ctx());
        },
        test,
    );
    harness.run_steps(3);
    harness
}

/// Draws frames until something has come about, however slow the machine is: what is worked out on a thread of its own comes
/// in its own time. Only what never comes is given up, after minutes.
pub fn until<S>(harness: &mut Harness<'_, PanelTest<S>>, done: impl Fn(&Harness<'_, PanelTest<S>>) -> bool) {
    for _ in 0..60_000 {
        if done(harness) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
        harness.run_steps(1);
    }
    panic!("it never comes about");
}

/// Clicks what has this role and name, lets it work, and returns what was asked for.
pub fn click<S>(harness: &mut Harness<'_, PanelTest<S>>, role: Role, name: &str) -> Vec<Action> {
    harness.get_by_role_and_label(role, name).click();
    harness.run_steps(3);
    harness.state_mut().actions.take()
}

/// Presses and releases the button at a place, so often in a row.
pub fn press_at<S>(harness: &mut Harness<'_, PanelTest<S>>, pos: egui::Pos2, times: usize) -> Vec<Action> {
    // Frames in tests are a quarter of a second long. A click before, within twice the delay, would make this a third one.
    harness.ctx.options_mut(|options| options.input_options.max_double_click_delay = 1.0);
    harness.event(egui::Event::PointerMoved(pos));
    harness.run_steps(10);
    for pressed in [true, false].repeat(times) {
        let (button, modifiers) = (egui::PointerButton::Primary, egui::Modifiers::NONE);
        harness.event(egui::Event::PointerButton { pos, button, pressed, modifiers });
    }
    harness.run_steps(2);
    harness.state_mut().actions.take()
}

/// The texts of the last frame, seen and unseen.
pub fn texts<S>(harness: &Harness<'_, PanelTest<S>>) -> Vec<agent2028_inspector::texts::SeenText> {
    let mut said = agent2028_inspector::texts::Said::default();
    for node in harness.query_all_by(|node| node.bounding_box().is_some()) {
        let (place, node) = (node.rect(), node.accesskit_node());
        let text = node.label().or_else(|| node.value());
        said.add(place, node.role(), text.as_deref());
    }
    agent2028_inspector::texts::seen(&harness.ctx, &harness.output().shapes, &said)
}

/// Whether some text holds this.
pub fn says<S>(harness: &Harness<'_, PanelTest<S>>, text: &str) -> bool {
    let holds = |found: Option<String>| found.is_some_and(|found| found.contains(text));
    harness.query_all_by(|node| holds(node.label()) || holds(node.value())).next().is_some()
}

/// The one intervention that was asked for.
pub fn only<T: Intervention>(actions: &[Action]) -> T {
    match actions {
        [Action::Intervene(intervention)] => intervention.downcast::<T>().cloned().unwrap(),
        other => panic!("not one intervention: {other:?}"),
    }
}

/// The names of all widgets that can be used but have none.
pub fn nameless<S>(harness: &Harness<'_, PanelTest<S>>) -> Vec<String> {
    harness
        .query_all_by(|node| {
            let usable = matches!(
                node.role(),
                Role::Button | Role::CheckBox | Role::Slider | Role::SpinButton | Role::ComboBox | Role::TextInput
            );
            let name = node.label().unwrap_or_default();
            // A name of private characters is an icon's glyph: nobody can read it aloud.
            usable && !name.chars().any(|letter| letter.is_ascii_alphanumeric())
        })
        .map(|node| format!("{:?} {:?}", node.accesskit_node().role(), node.accesskit_node().label()))
        .collect()
}

/// A simulation with groups of agents on grids, all able to move.
pub fn simulation(groups: &[(&str, u32)]) -> Simulation {
    let mut app = app();
    for (name, count) in groups {
        let group = AgentGroup { name: (*name).into(), count: *count, ..default() };
        let group = app.world_mut().resource_mut::<AgentGroups>().add(group);
        let place = Placement::Grid { center: Vec2::ZERO, spacing: 1.0 };
        spawn_group(app.world_mut(), group, *count, &place).unwrap();
    }
    Simulation::new(std::mem::take(app.world_mut()))
}

/// What the view would have worked out, of an empty world.
#[derive(Default)]
pub struct WorkedOut {
    /// The hulls around flocks.
    pub hulls: agent2028_view::Hulls,
    /// The quantities that colours and sizes tell.
    pub columns: agent2028_view::Columns,
    /// Through whose eyes the world is drawn.
    pub sight: agent2028_view::Sight,
    /// The pinned agents.
    pub pins: agent2028_view::Pins,
    /// Pictures and films of the window.
    pub capture: agent2028_view::capture::Capture,
}

/// What the panels read of it.
pub fn views(worked_out: &WorkedOut) -> agent2028_inspector::context::Views<'_> {
    let WorkedOut { hulls, columns, sight, pins, capture } = worked_out;
    agent2028_inspector::context::Views {
        hulls,
        columns,
        sight,
        pins,
        drawn: Default::default(),
        exact: true,
        picture: false,
        capture,
        now: 0.0,
    }
}

/// An app whose agents can move.
pub fn app() -> App {
    let mut app = App::new();
    app.add_plugins(SimCorePlugin { seed: 2028, ..default() });
    agent2028_core::require_motion(&mut app);
    app
}
