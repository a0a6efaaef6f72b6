//! Numbers of an agent that can be edited: what is dragged is asked for once, when the pointer lets go.

use agent2028_core::agent::AgentId;
use agent2028_core::faults::SetField;
use agent2028_core::reflect_path::ParamValue;
use agent2028_core::selector::Selector;
use bevy_egui::egui;
use egui::{DragValue, Response, Ui, WidgetInfo};

use crate::theme::measure;

/// A number that is being dragged and not asked for yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dragged(Option<(AgentId, String, f64)>);

impl Dragged {
    /// The value that is being dragged for a field of an agent.
    #[must_use]
    pub fn value(&self, agent: AgentId, path: &str) -> Option<f64> {
        self.0.as_ref().filter(|(of, at, _)| *of == agent && at == path).map(|(.., value)| *value)
    }

    /// The value once the pointer has let go of the widget, or at once if it was changed without the pointer.
    pub fn settled(&mut self, response: &Response, agent: AgentId, path: &str, edited: f64) -> Option<f64> {
        let held = response.dragged() || response.is_pointer_button_down_on();
        if response.changed() && held {
            self.0 = Some((agent, path.to_owned(), edited));
            None
        } else if response.changed() {
            self.0 = None;
            Some(edited)
        } else if !held && self.value(agent, path).is_some() {
            self.0.take().map(|(.., dragged)| dragged)
        } else {
            None
        }
    }
}

/// A number of an agent that can be edited.
#[derive(Clone, Copy, Debug)]
pub struct Editable<'a> {
    /// The component's name and the field in it.
    pub path: &'a str,
    /// What screen readers call it.
    pub name: &'a str,
    /// Its value now.
    pub value: f64,
    /// Smallest and largest value.
    pub range: (f64, f64),
    /// How much a pixel of dragging changes it.
    pub speed: f64,
    /// Decimal places shown.
    pub places: usize,
}

impl<'a> Editable<'a> {
    /// Any finite number.
    #[must_use]
    pub const fn any(path: &'a str, name: &'a str, value: f64) -> Self {
        Self { path, name, value, range: (f64::MIN, f64::MAX), speed: 1.0, places: 1 }
    }
}

/// A number field. Returns the new value once the pointer has let go of it, or at once if it was typed.
pub fn number(ui: &mut Ui, agent: AgentId, of: Editable, width: f32, dragged: &mut Dragged) -> Option<f64> {
    let mut edited = dragged.value(agent, of.path).unwrap_or(of.value);
    let field = DragValue::new(&mut edited)
        .range(of.range.0..=of.range.1)
        .clamp_existing_to_range(false)
        .speed(of.speed)
        .min_decimals(of.places)
        .max_decimals(of.places);
    let response = ui.add_sized(egui::vec2(width, measure::CONTROL), field);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo { label: Some(of.name.to_owned()), ..WidgetInfo::drag_value(enabled, edited) });
    dragged.settled(&response, agent, of.path, edited)
}

/// The intervention that sets a number of one agent.
#[must_use]
pub fn set_field(agent: AgentId, field: &str, value: f64) -> SetField {
    SetField { select: Selector::Ids(vec![agent]), field: field.to_owned(), value: ParamValue::Number(value) }
}
