//! The text as it is drawn: colours, numbers of lines, brackets, and what is wrong underlined.

use std::sync::Arc;

use agent2028_language::syntax::lexer::{TokenKind, matching_brackets};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::text::{CharIndex, LayoutJob, TextFormat};
use egui::{FontId, Galley, Pos2, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::EditorState;
use crate::document::Document;
use crate::theme::{Look, measure, radius};

/// The text as rows of glyphs, coloured by what its words are.
pub(super) fn lay_out(ui: &Ui, look: &Look, text: &str) -> Arc<Galley> {
    let font = FontId::monospace(agent2028_view::tokens::type_size::BODY);
    let plain = TextFormat { font_id: font.clone(), color: look.secondary, ..TextFormat::default() };
    let mut job = LayoutJob { break_on_newline: true, keep_trailing_whitespace: true, ..LayoutJob::default() };
    job.wrap.max_width = f32::INFINITY;
    let mut end = 0;
    for token in agent2028_language::syntax::lexer::tokens(text) {
        if token.span.start > end {
            job.append(&text[end..token.span.start], 0.0, plain.clone());
        }
        let color = match token.kind {
            TokenKind::Text => look.good,
            TokenKind::Number => look.warning,
            TokenKind::Word => look.info,
            TokenKind::Field => look.text,
            TokenKind::Comment | TokenKind::Open | TokenKind::Close | TokenKind::Comma | TokenKind::Colon => {
                look.secondary
            }
            TokenKind::Other => look.danger,
        };
        let italics = token.kind == TokenKind::Comment;
        job.append(&text[token.span.clone()], 0.0, TextFormat { color, italics, ..plain.clone() });
        end = token.span.end;
    }
    if end < text.len() {
        job.append(&text[end..], 0.0, plain);
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

/// The text where it is drawn.
pub(super) struct Canvas<'a> {
    pub(super) document: &'a Document,
    pub(super) galley: &'a Galley,
    pub(super) at: Pos2,
    pub(super) visible: Rect,
}

impl Canvas<'_> {
    /// The line of a byte and its distance from the left edge.
    pub(super) fn place(&self, byte: usize) -> (usize, f32) {
        let text = self.document.text();
        let line = self.document.line_of(byte.min(text.len()));
        let start = self.document.line_span(line).start;
        let column = text.get(start..byte.min(text.len())).map_or(0, |before| before.chars().count());
        (line, self.galley.rows.get(line).map_or(0.0, |row| row.pos.x + row.x_offset(CharIndex(column))))
    }

    pub(super) fn visible_lines(&self) -> std::ops::Range<usize> {
        let rows = &self.galley.rows;
        let first = rows.partition_point(|row| self.at.y + row.max_y() < self.visible.top());
        let last = rows.partition_point(|row| self.at.y + row.min_y() < self.visible.bottom());
        first..last.max(first)
    }

    /// The rectangle of some bytes of one line.
    pub(super) fn span(&self, span: &std::ops::Range<usize>) -> Option<Rect> {
        let (line, from) = self.place(span.start);
        let end = span.end.min(self.document.line_span(line).end);
        let (_, to) = self.place(end.max(span.start));
        let row = self.galley.rows.get(line)?;
        let least = measure::DIGIT;
        let size = vec2((to - from).max(least), row.size.y);
        Some(Rect::from_min_size(self.at + vec2(from, row.pos.y), size))
    }

    /// Underlines, brackets that belong together, and what was found.
    pub(super) fn decorate(&self, ui: &Ui, look: &Look, state: &EditorState) {
        let lines = self.visible_lines();
        let painter = ui.painter();
        let first = self.document.line_span(lines.start).start;
        let last = self.document.line_span(lines.end.saturating_sub(1).max(lines.start)).end;
        if let Some(find) = &state.find {
            let from = find.found.partition_point(|at| *at < first);
            for (index, at) in find.found[from..].iter().enumerate().take_while(|(_, at)| **at <= last) {
                if let Some(rect) = self.span(&(*at..*at + find.wanted.len())) {
                    let strength = if from + index == find.at { 0.45 } else { 0.2 };
                    painter.rect_filled(rect, radius(), look.accent.gamma_multiply(strength));
                }
            }
        }
        let brackets = matching_brackets(self.document.text(), self.document.tokens(), state.caret);
        for span in brackets.iter().flat_map(|(one, other)| [one, other]) {
            if let Some(rect) = self.span(span).filter(|rect| self.visible.intersects(*rect)) {
                let stroke = Stroke::new(spacing::HAIRLINE, look.accent);
                painter.rect_stroke(rect, radius(), stroke, egui::StrokeKind::Inside);
            }
        }
        for problem in self.document.analysis().problems.iter().filter(|problem| problem.here) {
            if problem.span.start < first || problem.span.start > last {
                continue;
            }
            if let Some(rect) = self.span(&problem.span) {
                squiggle(painter, rect, look.danger);
                let id = ui.id().with(("problem", problem.span.start, problem.message.as_str()));
                let about = ui.interact(rect, id, Sense::hover());
                about.on_hover_ui(|ui| {
                    ui.label(look.body(problem.message.as_str()));
                    if !problem.help.is_empty() {
                        ui.label(look.quiet(problem.help.as_str()));
                    }
                });
            }
        }
    }

    /// The numbers of the lines, at the left edge wherever the text is scrolled to.
    pub(super) fn numbers(&self, ui: &Ui, look: &Look, width: f32, caret: usize) {
        let left = self.visible.left();
        let strip = Rect::from_min_max(
            pos2(left, self.visible.top()),
            pos2(left + width - spacing::NORMAL, self.visible.bottom()),
        );
        ui.painter().rect_filled(strip, 0.0, look.panel);
        let here = self.document.line_of(caret);
        let wrong: Vec<usize> = self
            .document
            .analysis()
            .problems
            .iter()
            .filter(|problem| problem.here)
            .map(|problem| problem.line)
            .collect();
        for line in self.visible_lines() {
            let Some(row) = self.galley.rows.get(line) else {
                continue;
            };
            let color = if wrong.contains(&(line + 1)) {
                look.danger
            } else if line == here {
                look.text
            } else {
                look.secondary
            };
            let font = FontId::monospace(agent2028_view::tokens::type_size::SMALL);
            let at = pos2(strip.right() - spacing::NORMAL, self.at.y + row.rect().center().y);
            ui.painter().text(at, egui::Align2::RIGHT_CENTER, line + 1, font, color);
        }
    }
}

/// A wavy line under what is wrong.
pub(super) fn squiggle(painter: &egui::Painter, rect: Rect, color: egui::Color32) {
    let step = spacing::TIGHT / 2.0;
    let points: Vec<Pos2> = (0..=((rect.width() / step) as usize))
        .map(|index| {
            let up = if index % 2 == 0 { 0.0 } else { step };
            pos2(rect.left() + index as f32 * step, rect.bottom() - up)
        })
        .collect();
    painter.add(egui::Shape::line(points, Stroke::new(spacing::HAIRLINE, color)));
}
