//! The head of a column by which a table can be sorted.

use bevy_egui::egui;
use egui::{Label, Response, Sense, Ui, WidgetInfo, WidgetType};
use egui_material_icons::icons::{ICON_ARROW_DOWNWARD, ICON_ARROW_UPWARD};

use super::{Cell, cell};
use crate::theme::Look;

/// A head of a column, so wide. `sorted` tells whether the table is sorted by it, and if so, whether descending; `name` is what
/// screen readers call the column, `text` what is written.
pub fn sort_head(
    ui: &mut Ui,
    look: &Look,
    width: f32,
    align: Cell,
    (name, text): (&str, &str),
    sorted: Option<bool>,
) -> Response {
    let response = cell(ui, width, align, |ui| {
        let text = look.quiet(text);
        let text = if sorted.is_some() { text.color(look.text) } else { text };
        let arrow = sorted.map(|descending| if descending { ICON_ARROW_DOWNWARD } else { ICON_ARROW_UPWARD });
        if let Some(arrow) = arrow.filter(|_| align == Cell::Right) {
            ui.label(look.icon(arrow).color(look.accent));
        }
        let response = ui.add(Label::new(text).sense(Sense::click()).truncate());
        if let Some(arrow) = arrow.filter(|_| align == Cell::Left) {
            ui.label(look.icon(arrow).color(look.accent));
        }
        response
    });
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, enabled, format!("Sort by {name}")));
    response
}

/// What a table is sorted by after a click on the head of a column: by nothing in particular (`None`) if that is the column
/// that everything has, by a column downwards first, and then the other way round.
#[must_use]
pub fn sorted_after<T>(column: Option<T>, sorted: Option<bool>) -> Option<(T, bool)> {
    column.map(|column| (column, !sorted.unwrap_or(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_sorted_downwards_first_and_then_the_other_way_round() {
        assert_eq!(sorted_after(Some("speed"), None), Some(("speed", true)));
        assert_eq!(sorted_after(Some("speed"), Some(true)), Some(("speed", false)));
        assert_eq!(sorted_after(Some("speed"), Some(false)), Some(("speed", true)));
        assert_eq!(sorted_after::<&str>(None, Some(false)), None);
    }
}
