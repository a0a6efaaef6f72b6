//! Reports of what is wrong with a scene's text, in words.

use super::TextProblem;

impl TextProblem {
    /// The problem as plain text, with the line and a caret.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}: {}\n", self.place(), self.message);
        if !self.excerpt.is_empty() {
            let before = " ".repeat(self.caret);
            text += &format!("    {}\n    {before}^\n", self.excerpt);
        }
        if !self.help.is_empty() {
            text += &format!("  help: {}\n", self.help);
        }
        text
    }
}
