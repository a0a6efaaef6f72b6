//! The window without a window: Bevy's app with panels, drawn into a picture, sixty frames a second of a clock of its own.

use std::time::Duration;

use agent2028_core::transport::Transport;
use agent2028_view::ExactViews;
use agent2028_view::offscreen::{Offscreen, OffscreenOptions, has_adapter};
use bevy::time::TimeUpdateStrategy;
use bevy_egui::EguiContext;
use bevy_egui::input::EguiInputEvent;

use super::*;
use crate::panels::hints::HintsState;
use crate::{FramePacing, InspectorPlugin, InspectorState, Layouts};

/// The window over a flock that moves; nothing where nothing can draw.
fn window(agents: u32) -> Option<Offscreen> {
    if !has_adapter() {
        let required = std::env::var_os("AGENT2028_REQUIRE_GPU").is_some_and(|value| value == "1");
        assert!(!required, "AGENT2028_REQUIRE_GPU=1, but there is no graphics adapter");
        eprintln!("SKIPPED: no graphics adapter");
        return None;
    }
    let mut window = Offscreen::with_plugins(simulation(&[("bird", agents)]), OffscreenOptions::default(), |app| {
        app.add_plugins(InspectorPlugin)
            .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_secs(1) / 60));
        app.world_mut().resource_mut::<InspectorState>().states.put(Box::new(HintsState::none()));
    })
    .unwrap();
    let world = window.world_mut();
    world.remove_resource::<ExactViews>();
    world.resource_mut::<FramePacing>().layouts_wanted = Layouts::TenASecond;
    frames(&mut window, 20);
    Some(window)
}

/// Draws so many frames, with a tick before each while the run plays; in how many of them panels were laid out.
fn frames(window: &mut Offscreen, count: usize) -> u64 {
    let before = window.world_mut().resource::<FramePacing>().counts().1;
    for _ in 0..count {
        if window.world_mut().resource::<Transport>().playing {
            window.advance(1);
        }
        window.measure(1).unwrap();
    }
    window.world_mut().resource::<FramePacing>().counts().1 - before
}

fn tell(window: &mut Offscreen, event: egui::Event) {
    let world = window.world_mut();
    let mut contexts = world.query_filtered::<Entity, With<EguiContext>>();
    let context = contexts.iter(world).next().unwrap();
    world.write_message(EguiInputEvent { context, event });
}

#[test]
fn panels_that_nobody_touches_are_laid_out_ten_times_a_second_and_stand_in_between() {
    let Some(mut window) = window(50) else { return };
    window.world_mut().resource_mut::<Transport>().playing = true;
    frames(&mut window, 10);
    let laid_out = frames(&mut window, 60);
    assert!((9..=12).contains(&laid_out), "{laid_out} of 60");
    window.world_mut().resource_mut::<FramePacing>().layouts_wanted = Layouts::EveryFrame;
    assert_eq!(frames(&mut window, 20), 20);

    // A picture without layout shows the same panels as the one before it: a run that plays and has no tick to run.
    window.world_mut().resource_mut::<FramePacing>().layouts_wanted = Layouts::TenASecond;
    window.measure(60).unwrap();
    let mut pictures = Vec::new();
    for _ in 0..8 {
        let before = window.world_mut().resource::<FramePacing>().counts().1;
        let picture = window.frame().unwrap();
        pictures.push((window.world_mut().resource::<FramePacing>().counts().1 > before, picture));
    }
    assert!(pictures.iter().any(|(laid_out, _)| !laid_out) && pictures.iter().any(|(laid_out, _)| *laid_out));
    assert!(pictures.windows(2).all(|pair| pair[0].1 == pair[1].1));
    // And they are there: the top bar is no world.
    let tokens = Theme::Dark.tokens();
    let [red, green, blue, _] = pictures[0].1.pixel(640, 4);
    assert_eq!([red, green, blue], tokens.panel.0[..3], "{:?}", tokens.panel);
}

#[test]
fn whatever_somebody_does_is_answered_in_the_very_next_frame() {
    let Some(mut window) = window(50) else { return };
    window.world_mut().resource_mut::<Transport>().playing = true;
    let playing = |window: &mut Offscreen| window.world_mut().resource::<Transport>().playing;
    // Rests until a frame stands that is not laid out, so that luck answers nothing.
    let rest = |window: &mut Offscreen| {
        assert!((0..20).any(|_| frames(window, 1) == 0), "panels rest now and then");
    };
    rest(&mut window);
    let at = egui::pos2(500.0, 300.0);
    tell(&mut window, egui::Event::PointerMoved(at));
    assert_eq!(frames(&mut window, 1), 1, "the pointer");
    frames(&mut window, 6);
    rest(&mut window);
    for pressed in [true, false] {
        let (button, modifiers) = (egui::PointerButton::Primary, egui::Modifiers::NONE);
        tell(&mut window, egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        assert_eq!(frames(&mut window, 1), 1, "the button: {pressed}");
    }
    let key = |pressed| egui::Event::Key {
        key: egui::Key::Space,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: egui::Modifiers::NONE,
    };
    for plays in [false, true] {
        frames(&mut window, 6);
        if playing(&mut window) {
            rest(&mut window);
        }
        tell(&mut window, key(true));
        assert_eq!(frames(&mut window, 1), 1, "a key");
        assert_eq!(playing(&mut window), plays, "it did what it does");
        if !plays {
            assert_eq!(frames(&mut window, 5), 5, "while time stands still whatever is drawn is new");
        }
        tell(&mut window, key(false));
    }

    // What changes without anybody's hand is shown at once too.
    frames(&mut window, 6);
    rest(&mut window);
    window.world_mut().resource_mut::<agent2028_view::Selection>().set([agent2028_core::agent::AgentId(3)]);
    assert_eq!(frames(&mut window, 1), 1, "a selection");
    frames(&mut window, 6);
    rest(&mut window);
    window.world_mut().resource_mut::<agent2028_view::ViewSettings>().theme = Theme::Light;
    assert_eq!(frames(&mut window, 1), 1, "a theme");
}

#[test]
fn pictures_show_their_own_tick_however_fast_they_are_made() {
    let Some(mut window) = window(50) else { return };
    window.world_mut().insert_resource(ExactViews);
    window.world_mut().resource_mut::<Transport>().playing = true;
    assert_eq!(frames(&mut window, 12), 12);
}

/// How many layouts are saved is judged; what a frame takes with and without them is told and not judged, because it hangs on
/// the machine.
#[test]
#[expect(clippy::disallowed_methods, reason = "what a frame takes is told")]
fn the_rhythm_saves_nine_layouts_of_ten_at_a_high_frame_rate() {
    let Some(mut window) = window(2_000) else { return };
    window.world_mut().resource_mut::<Transport>().playing = true;
    let mut measured = |layouts| {
        window.world_mut().resource_mut::<FramePacing>().layouts_wanted = layouts;
        frames(&mut window, 6);
        let before = std::time::Instant::now();
        let laid_out = frames(&mut window, 60);
        (laid_out, before.elapsed() / 60)
    };
    let (every, slow) = measured(Layouts::EveryFrame);
    let (few, quick) = measured(Layouts::TenASecond);
    eprintln!("a frame: {slow:?} laid out every time, {quick:?} to the rhythm");
    assert!(every == 60 && few <= 12, "{every} {few}");
}
