//! A file that a panel offers to save: its name and its contents.

/// Something to save as a file once a person has said where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileToSave {
    /// What stands above the dialog.
    pub title: String,
    /// The name that is proposed.
    pub name: String,
    /// The ending of its name, without the dot.
    pub ending: &'static str,
    /// What will be in it.
    pub bytes: Vec<u8>,
}

impl FileToSave {
    /// A file whose name is made from words.
    #[must_use]
    pub fn new(title: &str, words: &str, ending: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { title: title.to_owned(), name: format!("{}.{ending}", file_name(words)), ending, bytes: bytes.into() }
    }

    /// A table as CSV.
    #[must_use]
    pub fn csv(title: &str, words: &str, text: String) -> Self {
        Self::new(title, words, "csv", text)
    }
}

/// A name for a file made from words: letters and digits in lower case, dashes between them.
fn file_name(words: &str) -> String {
    const LONGEST: usize = 48;
    let mut name = String::new();
    for letter in words.chars().take(LONGEST) {
        if letter.is_alphanumeric() {
            name.extend(letter.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "values".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_made_from_words() {
        assert_eq!(file_name("boids.order, boids.speed"), "boids-order-boids-speed");
        assert_eq!(file_name("  Über 9000!  "), "über-9000");
        assert_eq!(file_name("…"), "values");
        assert_eq!(FileToSave::csv("Save", "A b", String::new()).name, "a-b.csv");
    }
}
