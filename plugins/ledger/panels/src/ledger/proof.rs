//! One entry with all that it says, its way to the root, and its proof: checked, copied, saved; and proofs from elsewhere.

use agent2028_core::agent::AgentId;
use agent2028_ledger::document::{ProofDocument, Proven, utc};
use agent2028_ledger::hash::{Sha3_256, to_hex};
use agent2028_ledger::keys::{AgentKeys, KeyRing, KeyRole};
use agent2028_ledger::{Entry, Hash, Ledger};
use bevy_egui::egui;
use egui::{TextEdit, Ui, WidgetType};
use egui_material_icons::icons::{
    ICON_CONTENT_COPY, ICON_DOWNLOAD, ICON_HISTORY, ICON_PERSON_SEARCH, ICON_RECEIPT_LONG, ICON_VERIFIED,
};

use super::{LedgerState, LedgerView, brief, tree, word};
use agent2028_kit::actions::{Action, Actions, Travel};
use agent2028_kit::export::FileToSave;
use agent2028_kit::format;
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets;

/// What a check has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    proves: bool,
    words: String,
}

/// What a check of an entry's proof has found, and for which ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    index: u64,
    root: Hash,
    judgement: Judgement,
}

/// Checks the text of a proof as anybody could who has nothing but that text, and compares it with the ledger.
fn judge(text: &str, ledger: &Ledger) -> Judgement {
    let refuse = |words: String| Judgement { proves: false, words };
    let proven = match ProofDocument::from_json(text).and_then(|document| document.check()) {
        Ok(proven) => proven,
        Err(fault) => return refuse(format!("Proves nothing: {fault}.")),
    };
    let here = |size: u64, root: &Hash| match ledger.tree().root_at(size) {
        Some(found) if found == *root => "That is this ledger.",
        Some(_) => "That is another ledger than this one.",
        None => "This ledger can't tell its root of that size.",
    };
    match proven {
        Proven::Inclusion { index, entry, size, root, head, stamps, keys } => {
            let mut agents = AgentKeys::default();
            if let Some(why) = keys.iter().find_map(|key| agents.note(key).err()) {
                return refuse(format!("A key that comes with it is not to be believed: {why}."));
            }
            let ring = KeyRing::new(keys);
            let mut words = format!(
                "Proves that entry {} is one of {} under the root {}. {}",
                format::count(index),
                format::count(size),
                brief(&root),
                here(size, &root)
            );
            match agents.check(&entry) {
                Ok(()) if entry.signature.is_some() => words.push_str(" Its agent signed what it says."),
                Ok(()) => {}
                Err(why) => return refuse(format!("What the entry says was signed is not to be believed: {why}.")),
            }
            if let Some(signed) = head.filter(|signed| signed.signature.is_some()) {
                match signed.verify(&ring.of(KeyRole::Keeper)) {
                    Ok(()) => words.push_str(" The tree head is signed."),
                    Err(why) => return refuse(format!("The tree head is not to be believed: {why}.")),
                }
            }
            for stamp in &stamps {
                match stamp.verify(&stamp.entry, &ring.of(KeyRole::TimeStamps)) {
                    Ok(()) => words.push_str(&format!(" Time-stamped {}.", utc(stamp.unix_ms))),
                    Err(why) => return refuse(format!("The time stamp is not to be believed: {why}.")),
                }
            }
            Judgement { proves: true, words }
        }
        Proven::Consistency { old, new } => {
            let words = format!(
                "Proves that the ledger of {} is the beginning of that of {}. {}",
                format::counted(old.0, "entry", "entries"),
                format::counted(new.0, "entry", "entries"),
                here(new.0, &new.1)
            );
            Judgement { proves: true, words }
        }
    }
}

fn verdict(ui: &mut Ui, look: &Look, judgement: &Judgement) {
    let tint = if judgement.proves { look.good } else { look.danger };
    ui.add(egui::Label::new(look.body(&judgement.words).color(tint)).wrap());
}

/// Shows the entry that is looked at, and the field for proofs from elsewhere.
pub(super) fn show(
    ui: &mut Ui,
    look: &Look,
    view: &LedgerView,
    ledger: &Ledger,
    state: &mut LedgerState,
    actions: &mut Actions,
) {
    let chosen = state.chosen.and_then(|index| Some((index, ledger.entry(index)?)));
    match chosen {
        Some((index, entry)) => {
            let title = format!("Entry {}", format::count(index));
            let trailing = |ui: &mut Ui| {
                let go = widgets::icon_button(ui, look, ICON_HISTORY, "Go to the entry's tick");
                if widgets::tip(go, look, "Go to the tick in which it was entered", "").clicked() {
                    actions.push(Action::Time(Travel::Seek(entry.tick)));
                }
                if let Some(who) = entry.who {
                    let select = widgets::icon_button(ui, look, ICON_PERSON_SEARCH, "Select the entry's agent");
                    if widgets::tip(select, look, "Select its agent", "").clicked() {
                        actions.push(Action::Select(vec![AgentId(who)]));
                    }
                }
            };
            widgets::section(ui, look, &title, trailing, |ui| facts(ui, look, view, &entry));
            widgets::section(ui, look, "Proof", |_| {}, |ui| proof(ui, look, ledger, index, state, actions));
        }
        None => {
            let how = "Click an entry to see all that it says, its way to the root, and its proof.";
            widgets::empty(ui, look, ICON_RECEIPT_LONG, "No entry is chosen", how);
        }
    }
    widgets::section(ui, look, "Check a proof from elsewhere", |_| {}, |ui| pasted(ui, look, ledger, state));
}

fn facts(ui: &mut Ui, look: &Look, view: &LedgerView, entry: &Entry) {
    let mut tell = |name: &str, value: String| {
        let response = widgets::property_text(ui, look, name, look.figure(&value));
        response.on_hover_text(look.body(value));
    };
    tell("Kind", word(entry.kind).to_owned());
    tell("What", entry.operation.clone());
    if let Some(who) = entry.who {
        tell("Agent", view.name(AgentId(who)));
    }
    if !entry.capability.is_empty() {
        tell("Capability", entry.capability.clone());
    }
    tell("Outcome", format::words(&format!("{:?}", entry.outcome)));
    tell("Tick", format::count(entry.tick));
    tell("Time", utc(entry.unix_ms));
    if let Some(event) = entry.event {
        let digits = to_hex(&event);
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        tell("Event", parts.join("-"));
    }
    tell("Payload", brief(&entry.payload));
    if let Some(signature) = &entry.signature {
        tell("Signed by", signature.key.clone());
    }
    if !entry.detail.is_empty() {
        ui.add(egui::Label::new(look.quiet(&entry.detail)).wrap());
    }
}

fn proof(ui: &mut Ui, look: &Look, ledger: &Ledger, index: u64, state: &mut LedgerState, actions: &mut Actions) {
    let root = ledger.root();
    let inclusion = ledger.tree().prove_inclusion(index, ledger.size());
    let text = ledger.prove(index).and_then(|document| Ok(document.to_json()?));
    let (Ok(inclusion), Some(leaf), Ok(text)) = (inclusion, ledger.tree().leaf(index), text) else {
        ui.label(look.quiet("The entry is no longer in memory; ledger prove finds it in the run's folder."));
        return;
    };
    ui.horizontal_wrapped(|ui| {
        let check = widgets::verb_button(ui, look, ICON_VERIFIED, look.good, "Check", measure::RUN_CHOICE);
        if widgets::tip(check, look, "Check the proof's text, as somebody without the ledger would", "").clicked() {
            let judgement = judge(&text, ledger);
            state.verdict = Some(Verdict { index, root, judgement });
        }
        let copy = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy the proof");
        if widgets::tip(copy, look, "Copy the proof as JSON", "").clicked() {
            actions.push(Action::Copy(text.clone()));
        }
        let save = widgets::icon_button(ui, look, ICON_DOWNLOAD, "Save the proof");
        if widgets::tip(save, look, "Save the proof; agent2028 ledger verify --proof checks it", "").clicked() {
            let name = format!("proof of entry {index}");
            actions.push(Action::SaveFile(FileToSave::new("Save the proof as", &name, "json", text.clone())));
        }
    });
    // A verdict is of the ledger as it was when it was given.
    if let Some(found) = state.verdict.as_ref().filter(|found| (found.index, found.root) == (index, root)) {
        verdict(ui, look, &found.judgement);
    }
    if let Some(nodes) = inclusion.nodes::<Sha3_256>(&leaf) {
        tree::path(ui, look, &leaf, &root, &inclusion, &nodes);
    }
}

fn pasted(ui: &mut Ui, look: &Look, ledger: &Ledger, state: &mut LedgerState) {
    let edit = TextEdit::multiline(&mut state.pasted)
        .hint_text("Paste a proof (JSON) here")
        .desired_rows(3)
        .desired_width(f32::INFINITY);
    let height = measure::STRIP * 2.0;
    egui::ScrollArea::vertical().id_salt("pasted proof").max_height(height).show(ui, |ui| {
        let response = ui.add(edit);
        widgets::named(ui, &response, WidgetType::TextEdit, "Proof from elsewhere");
    });
    if state.pasted.trim().is_empty() {
        state.pasted_verdict = None;
        return;
    }
    if state.pasted_verdict.as_ref().is_none_or(|(text, _)| *text != state.pasted) {
        state.pasted_verdict = Some((state.pasted.clone(), judge(&state.pasted, ledger)));
    }
    if let Some((_, judgement)) = &state.pasted_verdict {
        verdict(ui, look, judgement);
    }
}
