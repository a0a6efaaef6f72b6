//! What is the matter with tables that other programs wrote: separated by semicolons, in another encoding, with a column twice.

use std::collections::BTreeSet;

/// Something that is wrong with the first line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderFault {
    /// Which cell of the line, from 0.
    pub cell: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// Whether bytes are the beginning of a text in UTF-16, which spreadsheets call Unicode.
#[must_use]
pub fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.iter().take(2).any(|byte| *byte == 0)
}

/// What to do about a text in UTF-16.
pub const SAVE_AS_UTF8: &str = "save it as UTF-8 (spreadsheets call that CSV UTF-8)";

/// Looks for what people's tables have that is no comma-separated UTF-8 with a name per column, in the cells of the first line as
/// they are between commas.
#[must_use]
pub fn header_fault<'c>(cells: impl IntoIterator<Item = &'c [u8]>) -> Option<HeaderFault> {
    let cells: Vec<&[u8]> = cells.into_iter().collect();
    let fault = |cell, message: String, help: &str| Some(HeaderFault { cell, message, help: help.into() });
    if cells.first().is_some_and(|first| is_utf16(first)) {
        return fault(0, "the table is UTF-16 text".into(), SAVE_AS_UTF8);
    }
    if let [only] = cells.as_slice() {
        for (byte, name) in [(b';', "semicolons"), (b'\t', "tabs"), (b'|', "vertical bars")] {
            if only.contains(&byte) {
                let help = "separate the columns with commas, and write decimals with a point";
                return fault(0, format!("the columns are separated by {name}"), help);
            }
        }
    }
    let mut seen = BTreeSet::new();
    let twice = cells.iter().position(|name| !name.is_empty() && !seen.insert(*name))?;
    let name = String::from_utf8_lossy(cells[twice]);
    fault(twice, format!("there are two columns \"{name}\""), "remove one of them, or give it another name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(header: &[u8]) -> Option<(usize, String)> {
        header_fault(header.split(|byte| *byte == b',')).map(|fault| (fault.cell, fault.message))
    }

    #[test]
    fn each_trouble_is_told_for_what_it_is() {
        assert_eq!(told(b"x,y,health"), None);
        assert_eq!(told(b"x;y;health"), Some((0, "the columns are separated by semicolons".into())));
        assert_eq!(told(b"x\ty"), Some((0, "the columns are separated by tabs".into())));
        assert_eq!(told(b"x,y,x"), Some((2, "there are two columns \"x\"".into())));
        let utf16 = |order: fn(u16) -> [u8; 2], text: &str| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        for text in [
            utf16(u16::to_le_bytes, "\u{feff}x,y"),
            utf16(u16::to_be_bytes, "\u{feff}x"),
            utf16(u16::to_le_bytes, "x,y"),
        ] {
            assert_eq!(told(&text), Some((0, "the table is UTF-16 text".into())));
        }
        // The mark that some programs put before UTF-8 is none of this.
        assert_eq!(told("\u{feff}x,y".as_bytes()), None);
    }
}
