//! The action of a row of the palette of faults: an intervention, with its word, icon and help.

use agent2028_core::intervention::{AnyIntervention, Intervention, InterventionKind, PaletteEntry, Tone};
use agent2028_core::reflect_path::{FieldHints, ParamValue, read};
use agent2028_core::selector::Selector;
use bevy::reflect::{PartialReflect, ReflectMut};
use bevy_egui::egui;
use egui::{Color32, DragValue, Ui};
use egui_material_icons::MaterialIcon;

use super::number;
use crate::theme::Look;

/// An intervention that the palette offers. Its word, its icon and what it does stand beside its type.
#[derive(Clone, Copy, Debug)]
pub struct Verb(InterventionKind);

impl PartialEq for Verb {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Verb {}

impl From<InterventionKind> for Verb {
    fn from(kind: InterventionKind) -> Self {
        Self(kind)
    }
}

impl Verb {
    /// That of a type.
    #[must_use]
    pub fn of<T: Intervention>() -> Self {
        Self(InterventionKind::of::<T>())
    }

    /// Whether it is that of a type.
    #[must_use]
    pub fn is<T: Intervention>(self) -> bool {
        self.name() == T::NAME
    }

    /// The intervention's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    fn entry(self) -> PaletteEntry {
        self.0.palette.unwrap_or(PaletteEntry::new(self.0.name, "\u{ea0b}", Tone::Info, ""))
    }

    /// What stands before those whom it concerns: "Cut off", "Lose messages of".
    #[must_use]
    pub fn word(self) -> &'static str {
        self.entry().word
    }

    /// What its row says where there is little room: what it does, without those whom it concerns.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.word().strip_suffix(" of").unwrap_or(self.word())
    }

    /// Its icon.
    #[must_use]
    pub fn icon(self) -> MaterialIcon {
        MaterialIcon::new(self.entry().icon)
    }

    /// The colour of its icon.
    #[must_use]
    pub fn tint(self, look: &Look) -> Color32 {
        crate::widgets::tone_color(look, self.entry().tone)
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn does(self) -> &'static str {
        self.entry().does
    }

    /// What it does to agents for so long, with this strength or the one that it has by itself.
    #[must_use]
    pub fn to(self, select: Selector, duration_s: Option<f32>, strength: Option<f64>) -> AnyIntervention {
        let strong = self.entry().strength;
        let mut intervention = self.0.default_intervention();
        intervention.edit(|fields| {
            set(fields, "select", &select);
            set(fields, "duration_s", &duration_s);
            if let (Some(field), Some(strength)) = (strong, strength) {
                // Whatever kind of number it is.
                set(fields, field, &(strength as f32));
                set(fields, field, &strength);
                set(fields, field, &(strength.max(0.0) as u32));
            }
        });
        intervention
    }

    /// How strong it is by itself, and what is known about that number; nothing if nothing about it is strong or weak.
    fn usual(self) -> Option<(f64, FieldHints)> {
        let intervention = self.0.default_intervention();
        match read(intervention.fields(), self.entry().strength?) {
            Ok((ParamValue::Number(usual), hints)) => Some((usual, hints)),
            _ => None,
        }
    }

    /// A field for how strong it is, drawn from what its type says: unit, range and meaning.
    pub fn strength(self, ui: &mut Ui, strength: &mut Option<f64>) {
        let Some((usual, hints)) = self.usual() else { return };
        let now = strength.unwrap_or(usual);
        let docs = hints.docs.unwrap_or_default().trim();
        let name = docs.split([';', '.', '\n']).next().unwrap_or(docs);
        let range = hints.range.map_or(f64::MIN..=f64::MAX, |range| range.min..=range.max);
        let is_share = hints.unit.is_none() && range == (0.0..=1.0);
        let mut value = if is_share { now * 100.0 } else { now };
        let field = DragValue::new(&mut value).max_decimals(if is_share { 0 } else { 2 });
        let field = match hints.unit {
            _ if is_share => field.range(0.0..=100.0).speed(0.5).suffix("%"),
            Some(unit) => field.range(range).speed(now.abs().max(1.0) / 50.0).suffix(format!(" {}", unit.0)),
            None => field.range(range).speed(now.abs().max(1.0) / 50.0),
        };
        if number(ui, name, field).changed() {
            *strength = Some(if is_share { value / 100.0 } else { value });
        }
    }
}

/// Sets a field if the intervention has one of this name and type.
fn set<T: PartialReflect + Clone>(fields: &mut dyn PartialReflect, name: &str, value: &T) {
    if let ReflectMut::Struct(fields) = fields.reflect_mut()
        && let Some(field) = fields.field_mut(name).and_then(|field| field.try_downcast_mut::<T>())
    {
        *field = value.clone();
    }
}
