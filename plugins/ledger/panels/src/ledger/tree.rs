//! The tree: the subtrees that make it up as a strip, and the way from an entry to the root.

use agent2028_ledger::tree::InclusionProof;
use agent2028_ledger::{Hash, Ledger};
use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{Rect, Sense, Stroke, Ui, pos2, vec2};

use super::{LedgerState, brief, known};
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets::{self, Cell};

/// All entries as a strip: a block per whole subtree, a mark per tree head, and the entry that is looked at. A click chooses
/// the entry under the pointer.
pub(super) fn strip(ui: &mut Ui, look: &Look, ledger: &Ledger, state: &mut LedgerState) {
    let size = ledger.size();
    let Some(frontier) = ledger.tree().frontier_at(size).filter(|_| size > 0) else {
        return;
    };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), measure::LANE), Sense::click());
    let x = |entry: u64| rect.left() + rect.width() * (entry as f64 / size as f64) as f32;
    let painter = ui.painter().with_clip_rect(rect);
    let mut start = 0;
    let mut under = None;
    let pointed = response.hover_pos().map(|at| {
        let share = f64::from((at.x - rect.left()) / rect.width()).clamp(0.0, 1.0);
        ((size as f64 * share) as u64).min(size - 1)
    });
    for (at, root) in frontier.roots().iter().enumerate() {
        let leaves = 1_u64 << (u64::BITS - 1 - (size - start).leading_zeros());
        let block = Rect::from_min_max(pos2(x(start), rect.top()), pos2(x(start + leaves), rect.bottom()));
        let block = block.shrink2(vec2(spacing::HAIRLINE / 2.0, 0.0));
        painter.rect_filled(block, 0.0, if at % 2 == 0 { look.raised } else { look.hairline });
        if pointed.is_some_and(|entry| (start..start + leaves).contains(&entry)) {
            under = Some((start, leaves, *root));
        }
        start += leaves;
    }
    for signed in ledger.heads() {
        let at = x(signed.head.size);
        painter.vline(at, rect.y_range(), Stroke::new(spacing::HAIRLINE, look.info));
    }
    if ledger.first() > 0 {
        let gone = Rect::from_min_max(rect.min, pos2(x(ledger.first()), rect.bottom()));
        painter.rect_filled(gone, 0.0, look.scrim());
    }
    if let Some(chosen) = state.chosen.filter(|chosen| *chosen < size) {
        let at = x(chosen).min(rect.right() - measure::CURVE).max(rect.left() + measure::CURVE);
        painter.vline(at, rect.y_range(), Stroke::new(measure::CURVE * 2.0, look.accent));
    }
    known(ui, &response, "Subtrees of the ledger");
    if response.clicked() {
        state.chosen = pointed.filter(|entry| *entry >= ledger.first());
    }
    if let (Some((start, leaves, root)), Some(entry)) = (under, pointed) {
        let heads = ledger.heads().iter().rev().find(|signed| signed.head.size > entry);
        let covered = heads.map_or_else(
            || "no tree head is over it yet".to_owned(),
            |signed| format!("under the tree head of tick {}", format::count(signed.head.tick)),
        );
        let text = format!(
            "Entry {}, {covered}\nSubtree of {} from {} on, root {}",
            format::count(entry),
            format::counted(leaves, "entry", "entries"),
            format::count(start),
            brief(&root)
        );
        response.on_hover_text(look.body(text));
    }
}

/// The way from an entry to the root: on each level the node on the way and its sibling, side by side as they are hashed.
pub(super) fn path(ui: &mut Ui, look: &Look, leaf: &Hash, root: &Hash, proof: &InclusionProof, nodes: &[(Hash, bool)]) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let row = |ui: &mut Ui, label: &str, left: Option<(&Hash, bool)>, right: Option<(&Hash, bool)>| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::NORMAL;
            widgets::cell(ui, measure::ORIGIN_COLUMN, Cell::Left, |ui| ui.label(look.quiet(label)));
            let width = ((ui.available_width() - spacing::NORMAL) / 2.0).max(0.0);
            for side in [left, right] {
                widgets::cell(ui, width, Cell::Left, |ui| {
                    let Some((hash, on_way)) = side else { return };
                    widgets::dot(ui, if on_way { look.accent } else { look.disabled });
                    let text = look.figure(brief(hash));
                    ui.label(if on_way { text } else { text.color(look.secondary) });
                });
            }
        });
    };
    row(ui, "Root", Some((root, true)), None);
    for (level, (sibling, (node, is_right))) in proof.path.iter().zip(nodes).enumerate().rev() {
        let label = if level == 0 { "Entry".to_owned() } else { format!("Level {level}") };
        let (node, sibling) = (Some((node, true)), Some((sibling, false)));
        if *is_right { row(ui, &label, sibling, node) } else { row(ui, &label, node, sibling) }
    }
    if proof.path.is_empty() {
        row(ui, "Entry", Some((leaf, true)), None);
    }
}
