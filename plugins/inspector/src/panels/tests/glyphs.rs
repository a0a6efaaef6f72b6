//! Letters are in the frame in which they are first written, through the real renderer.

use agent2028_view::offscreen::{FrameImage, Offscreen, OffscreenOptions, has_adapter};
use bevy::math::UVec2;
use bevy_egui::{EguiContexts, EguiPrimaryContextPass};

use super::*;
use crate::{InspectorPlugin, InspectorState};

/// What is written, and how large: letters of another size have to be drawn anew.
#[derive(Resource, Default)]
struct Words(String, f32);

fn write(mut contexts: EguiContexts, words: Res<Words>) -> Result {
    let ctx = contexts.ctx_mut()?;
    let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::new("words"));
    let (place, font) = (egui::pos2(20.0, 20.0), egui::FontId::proportional(words.1));
    ctx.layer_painter(layer).text(place, egui::Align2::LEFT_TOP, &words.0, font, egui::Color32::WHITE);
    Ok(())
}

fn bright(frame: &FrameImage) -> usize {
    frame.pixels.chunks_exact(4).filter(|pixel| pixel[..3].iter().all(|channel| *channel > 200)).count()
}

/// A letter that was just drawn into egui's texture used to reach the graphics card a frame late: digits were missing.
#[test]
fn letters_are_there_in_the_frame_that_writes_them_first() {
    if !has_adapter() {
        let required = std::env::var_os("AGENT2028_REQUIRE_GPU").is_some_and(|value| value == "1");
        assert!(!required, "AGENT2028_REQUIRE_GPU=1, but there is no graphics adapter");
        eprintln!("SKIPPED: no graphics adapter, nothing was drawn or checked");
        return;
    }
    let options = OffscreenOptions { size: UVec2::new(640, 160), ..OffscreenOptions::default() };
    let mut offscreen = Offscreen::with_plugins(simulation(&[]), options, |app| {
        app.add_plugins(InspectorPlugin)
            .init_resource::<Words>()
            .add_systems(EguiPrimaryContextPass, write.after(crate::drive::draw));
        app.world_mut().resource_mut::<InspectorState>().visible = false;
    })
    .unwrap();
    offscreen.frame().unwrap();
    // The last ones are so large that egui's texture has to grow.
    for (number, size) in [18.0, 23.0, 31.0, 44.0, 61.0, 90.0, 120.0].into_iter().enumerate() {
        *offscreen.world_mut().resource_mut::<Words>() = Words(format!("22.{number} ms · {number}2 fps"), size);
        let first = offscreen.frame().unwrap();
        let second = offscreen.frame().unwrap();
        assert!(bright(&second) > 100, "{size}: nothing is written");
        assert_eq!((bright(&first), first.pixels == second.pixels), (bright(&second), true), "{size}");
    }
}
