//! Whether something is good or bad for the agents that it concerns: panels choose colours by it.

/// What something means for those whom it concerns: the window shows it by its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It harms: an attack, a failure.
    Danger,
    /// It makes things worse.
    Warning,
    /// It mends or adds.
    Good,
    /// It is neither good nor bad.
    Info,
}
