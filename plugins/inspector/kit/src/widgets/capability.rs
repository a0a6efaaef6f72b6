//! A field for the name of a capability.

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Response, TextEdit, Ui, WidgetType};

use super::named;

/// A field for a capability's name that offers the known ones.
pub fn capability_field(ui: &mut Ui, known: &[String], text: &mut String) -> Response {
    let response = ui.add(
        TextEdit::singleline(text)
            .hint_text("database.query")
            .font(egui::TextStyle::Monospace)
            .desired_width(f32::INFINITY),
    );
    named(ui, &response, WidgetType::TextEdit, "Capability");
    let typed = text.trim().to_lowercase();
    let near: Vec<&String> =
        known.iter().filter(|name| name.contains(&typed) && **name != typed).take(spacing::NORMAL as usize).collect();
    if !near.is_empty() {
        let mut picked = None;
        egui::Popup::from_response(&response)
            .id(response.id.with("known"))
            .open(response.has_focus() || egui::Popup::is_id_open(ui.ctx(), response.id.with("known")))
            .width(response.rect.width())
            .show(|ui| {
                for name in near {
                    if ui.selectable_label(false, egui::RichText::new(name).monospace()).clicked() {
                        picked = Some(name.clone());
                    }
                }
            });
        if let Some(name) = picked {
            *text = name;
        }
    }
    response
}
