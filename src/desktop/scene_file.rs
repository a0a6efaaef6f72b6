//! Reads the text of a scene file for the window. Files that are too long, or no ordinary text, are refused: the window must go
//! on drawing.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use agent2028_inspector::UnreadableFile;

/// Longer texts are not opened in a window: they could not be edited there, and reading them would take too long. No scene
/// that a person writes comes near it.
pub const MOST_BYTES: u64 = 1_000_000;

/// Whether a file may be opened in a window, by what the system tells of it: nothing is read.
///
/// # Errors
/// If not, why.
pub fn check(path: &Path) -> Result<(), UnreadableFile> {
    let about = std::fs::metadata(path).map_err(|error| UnreadableFile::Unreadable(error.to_string()))?;
    if !about.is_file() {
        // To open a pipe would wait for whoever writes into it.
        return Err(UnreadableFile::NoFile);
    }
    if about.len() > MOST_BYTES { Err(too_long(about.len())) } else { Ok(()) }
}

fn too_long(bytes: u64) -> UnreadableFile {
    UnreadableFile::TooLong { bytes, most: MOST_BYTES }
}

/// The text of a file. However fast the file grows, no more than [`MOST_BYTES`] are held.
///
/// # Errors
/// If it is not shown, why.
pub fn read(path: &Path) -> Result<String, UnreadableFile> {
    check(path)?;
    let unreadable = |error: std::io::Error| UnreadableFile::Unreadable(error.to_string());
    let mut text = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut text)).map_err(unreadable)?;
    if read as u64 > MOST_BYTES {
        return Err(too_long(read as u64));
    }
    String::from_utf8(text).map_err(|_| UnreadableFile::NoText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ordinary_texts_of_ordinary_length_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scene.ron");
        std::fs::write(&file, "Scene()").unwrap();
        assert_eq!(read(&file), Ok("Scene()".into()));
        std::fs::write(&file, vec![b' '; MOST_BYTES as usize]).unwrap();
        assert_eq!(read(&file).map(|text| text.len() as u64), Ok(MOST_BYTES));
        std::fs::write(&file, [0xFF, 0xFE]).unwrap();
        assert_eq!(read(&file), Err(UnreadableFile::NoText));
        // A file that is long without a byte on the disk.
        let long = 100_000_000;
        File::create(&file).and_then(|file| file.set_len(long)).unwrap();
        assert_eq!((check(&file), read(&file)), (Err(too_long(long)), Err(too_long(long))));
        assert_eq!(read(folder.path()), Err(UnreadableFile::NoFile));
        assert!(matches!(read(&folder.path().join("gone.ron")), Err(UnreadableFile::Unreadable(_))));
        // A file that says that it is empty and isn't, as those of the system are, is read up to the bound.
        #[cfg(target_os = "linux")]
        assert!(read(Path::new("/proc/self/status")).is_ok_and(|text| !text.is_empty()));
    }
}
