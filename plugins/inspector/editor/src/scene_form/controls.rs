//! Controls of single values: choices, numbers, points, texts.

use agent2028_language::patch::Change;
use agent2028_language::path::{Step, path_text};
use agent2028_language::syntax::{Kind, Node, quoted};
use agent2028_language::types::{FieldDoc, Payload, Shape, ShapeId, VariantDoc};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{DragValue, TextEdit, Ui, WidgetInfo, WidgetType, vec2};

use super::{Form, head_of};
use crate::theme::measure;
use crate::widgets;

/// A number as people write it: no noise of the conversion between the two sizes of numbers.
pub(crate) fn number_text(value: f64, whole: bool) -> String {
    if whole {
        return format!("{value:.0}");
    }
    let rounded: f64 = format!("{value:.6}").parse().unwrap_or(value);
    if (rounded - value).abs() <= value.abs() * 1e-6 { format!("{rounded}") } else { format!("{value}") }
}

pub(super) fn number_of(text: &str) -> Option<f64> {
    text.replace('_', "").parse().ok()
}

impl Form<'_> {
    pub(super) fn choice(
        &mut self,
        ui: &mut Ui,
        field: &FieldDoc,
        title: &str,
        path: &mut Vec<Step>,
        value: Option<&Node>,
        variants: &[VariantDoc],
        optional: bool,
    ) {
        let head = value.and_then(head_of);
        let types = self.types;
        self.row(ui, field, title, path, value, |form, ui, path| {
            let default = field.plain_default().unwrap_or("not set").to_owned();
            let shown = match &head {
                Some(head) => form.look.body(head.as_str()),
                None => form.look.body(default).color(form.look.secondary),
            };
            let width = ui.available_width().min(measure::CHOICE);
            let combo = widgets::choice(("choice", path_text(path)), width, shown).show_ui(ui, |ui| {
                if optional && ui.selectable_label(head.is_none(), "None").clicked() && value.is_some() {
                    form.want(path, Change::Remove);
                }
                for variant in variants {
                    let chosen = head.as_deref() == Some(variant.name.as_str());
                    let label = ui.selectable_label(chosen, variant.name.as_str());
                    if label.on_hover_text(form.look.body(variant.docs.as_str())).clicked() && !chosen {
                        form.want(path, Change::Set(types.blank_variant(variant)));
                    }
                }
            });
            widgets::named(ui, &combo.response, WidgetType::ComboBox, title);
        });
        let Some(variant) = variants.iter().find(|variant| Some(variant.name.as_str()) == head.as_deref()) else {
            return;
        };
        let Some(value) = value.map(Node::plain) else {
            return;
        };
        match &variant.payload {
            Payload::Nothing => {}
            Payload::Fields(fields) => {
                ui.indent(("payload", path_text(path)), |ui| self.fields(ui, fields, path, Some(value)));
            }
            Payload::Values(fields) => {
                ui.indent(("payload", path_text(path)), |ui| {
                    let own = |field: &FieldDoc| matches!(types.shape(field.shape), Shape::Point | Shape::Tuple(_));
                    if let [only] = fields.as_slice()
                        && own(only)
                        && value.len() != 1
                    {
                        // A point without parentheses of its own is written by hand.
                        self.raw(ui, title, path, Some(value));
                        return;
                    }
                    for (index, inner) in fields.iter().enumerate() {
                        path.push(Step::Item(index));
                        let at = value.step(&Step::Item(index));
                        let number = types.shape(inner.shape).is_number();
                        let label = if number { "Value".to_owned() } else { self.types.words(inner.shape) };
                        self.field(ui, inner, &label, path, at);
                        path.pop();
                    }
                });
            }
        }
    }

    pub(super) fn leaf(
        &mut self,
        ui: &mut Ui,
        field: &FieldDoc,
        shape: ShapeId,
        title: &str,
        path: &[Step],
        value: Option<&Node>,
    ) {
        let plain = value.map(Node::plain);
        match (self.types.shape(shape), plain.map(|value| &value.kind)) {
            (kind @ (Shape::Whole { .. } | Shape::Real { .. }), None | Some(Kind::Number(_))) => {
                let text = match plain.map(|value| &value.kind) {
                    Some(Kind::Number(text)) => Some(text.clone()),
                    _ => field.plain_default().map(str::to_owned),
                };
                let number = text.as_deref().and_then(number_of);
                // Beyond this whole numbers lose digits in a slider.
                let whole = matches!(kind, Shape::Whole { .. });
                if whole && number.is_some_and(|number| number.abs() > 9e15) {
                    return self.raw(ui, title, path, value);
                }
                let ends = kind.ends().unwrap_or((f64::MIN, f64::MAX));
                self.number(ui, field, whole, ends, title, path, number, value.is_some());
            }
            (Shape::Truth, None | Some(Kind::Word(_))) => {
                let text = plain.map_or(field.default.clone(), head_of);
                let mut on = text.as_deref() == Some("true");
                let response = ui.add(egui::Checkbox::without_text(&mut on));
                let enabled = ui.is_enabled();
                response.widget_info(|| WidgetInfo::selected(WidgetType::Checkbox, enabled, on, title));
                if response.changed() {
                    self.want(path, Change::Set(on.to_string()));
                }
            }
            (Shape::Text, None | Some(Kind::Text(_))) => {
                let mut text = match plain.map(|value| &value.kind) {
                    Some(Kind::Text(text)) => text.clone(),
                    _ => String::new(),
                };
                let hint = field.default.clone().unwrap_or_default();
                let long = matches!(field.name.as_str(), "description" | "because" | "help");
                let edit =
                    if long { TextEdit::multiline(&mut text).desired_rows(2) } else { TextEdit::singleline(&mut text) };
                let width = ui.available_width();
                let response = ui.add(edit.hint_text(hint.trim_matches('"')).desired_width(width));
                widgets::named(ui, &response, WidgetType::TextEdit, title);
                if response.changed() {
                    self.want(path, Change::Set(quoted(&text)));
                }
            }
            (Shape::Point, None | Some(Kind::Tuple(None, _))) => self.point(ui, field, title, path, plain),
            _ => self.raw(ui, title, path, value),
        }
    }

    pub(super) fn number(
        &mut self,
        ui: &mut Ui,
        field: &FieldDoc,
        whole: bool,
        ends: (f64, f64),
        title: &str,
        path: &[Step],
        number: Option<f64>,
        set: bool,
    ) {
        const WIDE: f64 = 1e6;
        let (least, most) = field.range.map_or(ends, |range| (range.min, range.max));
        let mut value = number.unwrap_or(0.0);
        let before = value;
        let span = most - least;
        if field.range.is_some() && span <= WIDE && ui.available_width() > measure::NUMBER * 2.0 {
            let width = widgets::rest(ui, measure::NUMBER + spacing::NORMAL);
            let step = if whole { 1.0 } else { 0.0 };
            widgets::slider(ui, &mut value, least..=most, step, width, &format!("{title}, slider"));
        }
        let speed = if whole { 1.0 } else { (value.abs() * 0.01).max(0.01) };
        let mut drag = DragValue::new(&mut value).range(least..=most).clamp_existing_to_range(false).speed(speed);
        if whole {
            drag = drag.fixed_decimals(0);
        }
        let response = ui
            .scope(|ui| {
                if !set {
                    ui.visuals_mut().override_text_color = Some(self.look.secondary);
                }
                ui.add_sized(vec2(measure::NUMBER, measure::CONTROL), drag)
            })
            .inner;
        let enabled = ui.is_enabled();
        response.widget_info(|| {
            let mut info = WidgetInfo::drag_value(enabled, value);
            info.label = Some(title.to_owned());
            info
        });
        if value.to_bits() != before.to_bits() {
            self.want(path, Change::Set(number_text(value, whole)));
        }
    }

    pub(super) fn point(&mut self, ui: &mut Ui, field: &FieldDoc, title: &str, path: &[Step], value: Option<&Node>) {
        let number = |value: &Node| match &value.kind {
            Kind::Number(text) => number_of(text),
            _ => None,
        };
        let given = match value.map(|value| &value.kind) {
            Some(Kind::Tuple(_, items)) => items.iter().filter_map(number).collect::<Vec<_>>(),
            _ => {
                let text = field.default.clone().unwrap_or_default();
                text.trim_matches(['(', ')']).split(',').filter_map(|part| number_of(part.trim())).collect()
            }
        };
        let mut point = [given.first().copied().unwrap_or(0.0), given.get(1).copied().unwrap_or(0.0)];
        let before = point;
        for (axis, value) in ["x", "y"].into_iter().zip(&mut point) {
            let drag = DragValue::new(value).speed(1.0);
            let response = ui.add_sized(vec2(measure::NUMBER, measure::CONTROL), drag);
            let (enabled, shown) = (ui.is_enabled(), *value);
            response.widget_info(|| {
                let mut info = WidgetInfo::drag_value(enabled, shown);
                info.label = Some(format!("{title} {axis}"));
                info
            });
        }
        if point != before {
            let text = format!("({}, {})", number_text(point[0], false), number_text(point[1], false));
            self.want(path, Change::Set(text));
        }
    }

    /// A value as it stands in the text; it is taken over when the field is left.
    pub(super) fn raw(&mut self, ui: &mut Ui, title: &str, path: &[Step], value: Option<&Node>) {
        let mut text = match &self.state.writing {
            Some((at, text)) if at == path => text.clone(),
            _ => value.map_or(String::new(), Node::to_line),
        };
        let width = ui.available_width();
        let response = ui.add(TextEdit::singleline(&mut text).code_editor().hint_text("Not set").desired_width(width));
        widgets::named(ui, &response, WidgetType::TextEdit, title);
        let response =
            response.on_hover_text(self.look.body("As it stands in the scene; taken over when you leave the field"));
        if response.changed() {
            self.state.writing = Some((path.to_vec(), text));
        } else if response.lost_focus()
            && let Some((_, text)) = self.state.writing.take_if(|(at, _)| at == path)
        {
            self.want(path, Change::Set(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_noise() {
        assert_eq!(number_text(f64::from(0.1_f32), false), "0.1");
        assert_eq!(number_text(12.0, false), "12");
        assert_eq!(number_text(2028.0, true), "2028");
        assert_eq!(number_text(1e-9, false), "0.000000001");
    }

    #[test]
    fn texts_are_quoted_as_ron_reads_them() {
        assert_eq!(quoted("a \"b\" \\ \n"), "\"a \\\"b\\\" \\\\ \\n\"");
    }
}
