//! What the docks know of panels: a key, a title, a first place. What fills a panel they don't know.

use bevy::ecs::intern::Interner;
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::ICON_HELP;
use serde::de::{Deserialize, Deserializer, EnumAccess, Error, VariantAccess, Visitor};
use serde::{Serialize, Serializer};

/// The name of a panel in saved layouts. Whoever renames one forgets where people had put that panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PanelKey(&'static str);

/// Keys that were read from files: each is kept once.
static READ: Interner<str> = Interner::new();

impl PanelKey {
    /// The world itself: always there, without a tab.
    pub const WORLD: Self = Self::new("World");

    /// The key with this name: letters, digits and `_`, beginning with a letter.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

// In a file a key stands as a bare word, as if all panels were variants of one enumeration: `Panel(Plots)`.
impl Serialize for PanelKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_variant("PanelKey", 0, self.0)
    }
}

impl<'de> Deserialize<'de> for PanelKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;
        impl Visitor<'_> for Word {
            type Value = PanelKey;

            fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
                formatter.write_str("the name of a panel")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<PanelKey, E> {
                Ok(PanelKey(READ.intern(name).0))
            }
        }
        struct Name(PanelKey);
        impl<'de> Deserialize<'de> for Name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_identifier(Word).map(Self)
            }
        }
        struct Key;
        impl<'de> Visitor<'de> for Key {
            type Value = PanelKey;

            fn expecting(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
                formatter.write_str("the name of a panel")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<PanelKey, A::Error> {
                let (Name(key), variant) = access.variant()?;
                variant.unit_variant()?;
                Ok(key)
            }
        }
        deserializer.deserialize_enum("PanelKey", &[], Key)
    }
}

/// The side of the world on which a panel appears when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DockSide {
    /// At the left.
    Left,
    /// At the right.
    Right,
    /// Below.
    Bottom,
}

/// What a panel is about. Menus list panels in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The scene: what it is, and how it is changed.
    Scene,
    /// The agents themselves.
    Agents,
    /// The work that they do.
    Work,
    /// What they tell each other.
    Talk,
    /// What they hold of each other, and what is on record.
    Trust,
    /// What they trade.
    Market,
    /// What they decide together.
    Agreement,
    /// How failures are found and mended.
    Healing,
    /// What they learn.
    Learning,
    /// The run: its time, its numbers, its ways.
    Run,
}

impl Group {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Scene,
        Self::Agents,
        Self::Work,
        Self::Talk,
        Self::Trust,
        Self::Market,
        Self::Agreement,
        Self::Healing,
        Self::Learning,
        Self::Run,
    ];

    /// What a menu calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Scene => "Scene",
            Self::Agents => "Agents",
            Self::Work => "Work",
            Self::Talk => "Talk",
            Self::Trust => "Trust",
            Self::Market => "Market",
            Self::Agreement => "Agreement",
            Self::Healing => "Healing",
            Self::Learning => "Learning",
            Self::Run => "Run",
        }
    }

    /// Whether it is about a system that a scene may have or not.
    #[must_use]
    pub const fn is_of_a_system(self) -> bool {
        !matches!(self, Self::Scene | Self::Agents | Self::Run)
    }
}

/// What is to know about a panel before it is opened.
#[derive(Clone, Copy, Debug)]
pub struct PanelFacts {
    /// Its name in saved layouts.
    pub key: PanelKey,
    /// What its tab says.
    pub title: &'static str,
    /// What stands before the title in menus.
    pub icon: MaterialIcon,
    /// What it is for, in a sentence.
    pub help: &'static str,
    /// What it is about.
    pub group: Group,
    /// Where it appears.
    pub side: DockSide,
    /// Whether its contents scroll as a whole; otherwise it fills its place and scrolls by itself.
    pub scrolls: bool,
    /// Whether it opens, behind the others, with a scene that it applies to.
    pub story: bool,
}

/// All panels that can be opened and closed, in the order in which they were registered.
#[derive(Clone, Debug, Default)]
pub struct Catalog(Vec<PanelFacts>);

impl Catalog {
    /// Adds a panel; false if there is one of this key.
    pub fn add(&mut self, facts: PanelFacts) -> bool {
        let new = self.find(facts.key).is_none() && facts.key != PanelKey::WORLD;
        if new {
            self.0.push(facts);
        }
        new
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &PanelFacts> {
        self.0.iter()
    }

    /// What is known of a panel.
    #[must_use]
    pub fn find(&self, key: PanelKey) -> Option<&PanelFacts> {
        self.0.iter().find(|facts| facts.key == key)
    }

    /// What is known of a panel; of one that nobody registered, its key.
    #[must_use]
    pub fn facts(&self, key: PanelKey) -> PanelFacts {
        self.find(key).copied().unwrap_or(PanelFacts {
            key,
            title: key.name(),
            icon: ICON_HELP,
            help: "A panel of a plugin that this program doesn't have.",
            group: Group::Run,
            side: DockSide::Right,
            scrolls: true,
            story: false,
        })
    }

    /// The panels of a group, in the order in which they were registered.
    pub fn of(&self, group: Group) -> impl Iterator<Item = &PanelFacts> {
        self.0.iter().filter(move |facts| facts.group == group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_bare_word_in_a_file_and_an_unknown_one_is_kept() {
        let (plots, text) = (PanelKey::new("Plots"), ron::to_string(&PanelKey::new("Plots")).unwrap());
        assert_eq!(text, "Plots");
        assert_eq!(ron::from_str::<PanelKey>(&text).unwrap(), plots);
        let stranger: PanelKey = ron::from_str("my_own_panel").unwrap();
        assert_eq!((stranger.name(), ron::to_string(&stranger).unwrap().as_str()), ("my_own_panel", "my_own_panel"));
        assert!(ron::from_str::<PanelKey>("3").is_err() && ron::from_str::<PanelKey>("Plots(3)").is_err());
    }

    #[test]
    fn a_key_belongs_to_the_panel_that_came_first() {
        let mut catalog = Catalog::default();
        let facts = |key, title| PanelFacts { title, ..Catalog::default().facts(PanelKey::new(key)) };
        assert!(catalog.add(facts("Mine", "Mine")) && !catalog.add(facts("Mine", "Yours")));
        assert!(!catalog.add(facts("World", "World")));
        assert_eq!(catalog.facts(PanelKey::new("Mine")).title, "Mine");
        assert_eq!(catalog.facts(PanelKey::new("Yours")).title, "Yours", "an unknown panel is called by its key");
    }
}
