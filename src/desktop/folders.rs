//! Where the window keeps what is not part of any scene: unsaved texts, recent files, pictures, people's own scenes.

use std::path::{Path, PathBuf};

use agent2028_core::whole_file::write_atomically;

/// The folders of this program for this person, as the system's customs have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Unsaved texts and recent files.
    pub state: PathBuf,
    /// What can be made again: pictures.
    pub cache: PathBuf,
    /// People's own scenes.
    pub scenes: PathBuf,
}

impl Folders {
    /// The customary folders; nothing if this person has no home.
    #[must_use]
    pub fn customary() -> Option<Self> {
        use agent2028_inspector::folders::{cache, config, state};
        Some(Self { state: state()?, cache: cache()?, scenes: config()?.join("scenes") })
    }
}

/// Writes a file as a whole or not at all. Folders on the way come into being.
///
/// # Errors
/// If the file or a folder can't be written.
pub fn write_whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    write_atomically(file, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_folders_come_into_being() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/b.ron");
        write_whole(&file, b"one").unwrap();
        write_whole(&file, b"two").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
        assert!(write_whole(&file.join("c"), b"").is_err());
    }
}
