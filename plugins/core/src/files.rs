//! Files that a scene names. What such a file holds is state; what it is called is not.
//!
//! While a simulation runs its sections name files as the scene does. In checkpoints and state hashes a digest of what the
//! file holds stands in the place of its name, so that a copy of the scene under other names, in another folder, is the
//! same simulation.

use std::collections::BTreeMap;

use bevy::prelude::*;

/// What stands before a digest, so that it is no file's name.
const MARK: &str = "blake3:";

/// The files that the running scene was read with: what each holds, by the name that the scene gives it.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct SceneFiles(BTreeMap<String, String>);

impl SceneFiles {
    /// Adds a file by its name in the scene and the BLAKE3 hash of its bytes.
    pub fn add(&mut self, name: impl Into<String>, digest: [u8; 32]) {
        self.0.insert(name.into(), format!("{MARK}{}", blake3::Hash::from(digest).to_hex()));
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names that the scene gives its files, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether the scene was read with a file of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Replaces the names of files by the hashes of what they hold.
    pub fn hide_names(&self, names: Vec<&mut String>) {
        for name in names {
            if let Some(digest) = self.0.get(name) {
                name.clone_from(digest);
            }
        }
    }

    /// The inverse of [`SceneFiles::hide_names`].
    ///
    /// # Errors
    /// If none of the files holds what a name stands for.
    pub fn show_names(&self, names: Vec<&mut String>) -> Result<(), String> {
        for name in names.into_iter().filter(|name| name.starts_with(MARK)) {
            let known = self.0.iter().find(|(_, digest)| *digest == name).map(|(known, _)| known.clone());
            *name = known.ok_or_else(|| format!("the scene has no file with the content {name}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_this_scene_writes_them() {
        let (mut here, mut there) = (SceneFiles::default(), SceneFiles::default());
        here.add("./data/t.csv", [1; 32]);
        here.add("e.csv", [2; 32]);
        there.add("operations-0.csv", [1; 32]);
        let (mut first, mut second) = ("./data/t.csv".to_owned(), "not-a-file".to_owned());
        here.hide_names(vec![&mut first, &mut second]);
        assert!(first.starts_with(MARK) && second == "not-a-file");
        assert_eq!(there.show_names(vec![&mut first, &mut second]), Ok(()));
        assert_eq!((first.as_str(), second.as_str()), ("operations-0.csv", "not-a-file"));
        let mut missing = "e.csv".to_owned();
        here.hide_names(vec![&mut missing]);
        assert!(there.show_names(vec![&mut missing]).is_err());
    }
}
