//! The fonts within the program: Inter for words, JetBrains Mono for numbers.

use std::sync::LazyLock;

use ttf_parser::{Face, OutlineBuilder};

/// A font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Font {
    /// Words.
    Words,
    /// Titles.
    Bold,
    /// Numbers: all digits are of the same width.
    Numbers,
}

static WORDS: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("../../../assets/fonts/Inter-Regular.otf"), 0).ok());
static BOLD: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("../../../assets/fonts/Inter-SemiBold.otf"), 0).ok());
static NUMBERS: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf"), 0).ok());

impl Font {
    /// The font file; a test proves that each can be read.
    fn face(self) -> Option<&'static Face<'static>> {
        match self {
            Self::Words => WORDS.as_ref(),
            Self::Bold => BOLD.as_ref(),
            Self::Numbers => NUMBERS.as_ref(),
        }
    }

    /// The names by which other programs know the font, and what may stand in for it.
    pub(crate) const fn family(self) -> &'static str {
        match self {
            Self::Words | Self::Bold => "Inter, 'Helvetica Neue', Arial, sans-serif",
            Self::Numbers => "'JetBrains Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace",
        }
    }

    /// The width of a text, in pixels.
    #[must_use]
    pub fn width(self, text: &str, size: f32) -> f32 {
        let Some(face) = self.face() else {
            return 0.0;
        };
        let units: f32 = text.chars().map(|letter| advance(face, letter)).sum();
        units * size / f32::from(face.units_per_em())
    }

    /// Draws a text from its left end on the line on which letters stand; `outline` gets the outline of one letter after
    /// another.
    pub(crate) fn outline<B: OutlineBuilder>(
        self,
        text: &str,
        size: f32,
        (x, y): (f32, f32),
        mut outline: impl FnMut(&mut dyn FnMut(&mut B), f32, f32, f32),
    ) {
        let Some(face) = self.face() else {
            return;
        };
        let scale = size / f32::from(face.units_per_em());
        let mut at = x;
        for letter in text.chars() {
            if let Some(glyph) = face.glyph_index(letter) {
                let mut draw = |builder: &mut B| {
                    face.outline_glyph(glyph, builder);
                };
                outline(&mut draw, scale, at, y);
            }
            at += advance(face, letter) * scale;
        }
    }
}

/// How far the next letter stands, in the font's units. A thin space that the font lacks is a fifth of an em wide.
fn advance(face: &Face<'_>, letter: char) -> f32 {
    let width = face.glyph_index(letter).and_then(|glyph| face.glyph_hor_advance(glyph));
    width.map_or_else(|| f32::from(face.units_per_em()) * 0.2, f32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fonts_are_there_and_digits_of_numbers_are_equally_wide() {
        for font in [Font::Words, Font::Bold, Font::Numbers] {
            assert!(font.face().is_some(), "{font:?}");
            assert!(font.width("Order", 12.0) > 20.0);
        }
        assert_eq!(Font::Numbers.width("111", 12.0), Font::Numbers.width("808", 12.0));
    }
}
