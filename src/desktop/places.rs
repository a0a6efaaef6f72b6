//! Where the window keeps what is not part of any scene: unsaved texts, recent files, pictures, people's own scenes.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folders of this program for this person, as the system's customs have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Unsaved texts and recent files.
    pub state: PathBuf,
    /// What can be made again: pictures.
    pub cache: PathBuf,
    /// People's own scenes.
    pub scenes: PathBuf,
}

impl Places {
    /// The customary folders; nothing if this person has no home.
    #[must_use]
    pub fn customary() -> Option<Self> {
        use agent2028_inspector::places::{cache, config, state};
        Some(Self { state: state()?, cache: cache()?, scenes: config()?.join("scenes") })
    }
}

/// Writes a file as a whole or not at all. Folders on the way come into being.
///
/// # Errors
/// If the file or a folder can't be written.
pub fn write_whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut part = tempfile::Builder::new().prefix(".agent2028-").tempfile_in(folder)?;
    part.write_all(bytes)?;
    part.as_file().sync_all()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A file that is replaced keeps who may read it; a new one is like any other file.
        let mode = std::fs::metadata(file).map_or(0o644, |about| about.permissions().mode());
        part.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
    }
    // What a link leads to is written, not the link.
    let target = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    part.persist(target).map_err(|error| error.error)?;
    Ok(())
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
