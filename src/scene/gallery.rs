//! The built-in scenes: the files under `scenes/`, embedded in the program.

macro_rules! scenes {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each built-in scene, in the order in which the gallery shows them.
        pub const SCENES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../scenes/", $name, ".ron"))),)*
        ];
    };
}

scenes![
    "welcome",
    "flock",
    "formations",
    "predator",
    "foraging",
    "double-bridge",
    "resource-discovery",
    "murmuration",
    "abmfc-flock-small",
    "abmfc-flock-large",
];

/// The names of the built-in scenes.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCENES.iter().map(|(name, _)| *name)
}

/// The text of a built-in scene.
#[must_use]
pub fn find(name: &str) -> Option<&'static str> {
    SCENES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
