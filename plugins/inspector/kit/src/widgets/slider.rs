//! A slider without a number beside it.

use std::ops::RangeInclusive;

use bevy_egui::egui;
use egui::{Response, Slider, SliderClamping, Ui, WidgetInfo};

use crate::theme::measure;

/// A slider of a width with steps; over three decades and more it is logarithmic. `name` is what screen readers say.
pub fn slider(ui: &mut Ui, value: &mut f64, range: RangeInclusive<f64>, step: f64, width: f32, name: &str) -> Response {
    let logarithmic = *range.start() > 0.0 && range.end() / range.start() >= 1000.0;
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().slider_width = width.max(measure::SLIDER);
            ui.spacing_mut().interact_size.y = measure::SLIDER;
            let slider = Slider::new(&mut *value, range)
                .show_value(false)
                .step_by(step)
                .logarithmic(logarithmic)
                .clamping(SliderClamping::Edits);
            ui.add(slider)
        })
        .inner;
    let (enabled, shown) = (ui.is_enabled(), *value);
    response.widget_info(|| WidgetInfo::slider(enabled, shown, name));
    response
}
