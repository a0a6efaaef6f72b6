//! Names that two plugins give to different things.
//!
//! Plugins don't know each other, so nothing keeps two of them from one name. Registries keep the first thing of a name and
//! remember the second as a [`Clash`]; whoever reads scenes tells it before anything runs.

/// Two plugins give different things one name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two plugins bring {what} \"{name}\" ({first}, {second}): one of them must have another name")]
pub struct Clash {
    /// What it is that both bring: "a section", "an intervention".
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// The thing that has the name.
    pub first: String,
    /// The thing that was left out.
    pub second: String,
}

impl Clash {
    /// A clash of two things.
    #[must_use]
    pub fn new(
        what: &'static str,
        name: impl Into<String>,
        first: impl Into<String>,
        second: impl Into<String>,
    ) -> Self {
        Self { what, name: name.into(), first: first.into(), second: second.into() }
    }
}
