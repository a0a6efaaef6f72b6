//! Files that are written as a whole or not at all.
//!
//! The one writer for everything that this program writes for people: what is written goes into a file beside its place and takes
//! the place when it is whole. What already stands there is respected: a link is followed, an existing file keeps its mode and
//! owner, a device or a pipe is written into, and a folder is refused.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Links that lead to links are followed so many times, as Linux does.
const MOST_LINKS: usize = 40;

/// A file in the making. Nothing changes at its place until it is [finished](WholeFile::finish); if it never is, nothing is left
/// of it.
#[derive(Debug)]
pub struct WholeFile {
    /// What is written or replaced; no link.
    target: PathBuf,
    /// The file in the making; none once it has taken its place.
    part: Option<PathBuf>,
    file: File,
    end: End,
}

/// How a file in the making comes to its place.
#[derive(Debug)]
enum End {
    /// It takes the place of what is there.
    Replace,
    /// Its bytes go into what is there: a device or a pipe, or a file whose owner couldn't be kept otherwise.
    Pour,
}

impl WholeFile {
    /// Begins a file at `path`.
    ///
    /// # Errors
    /// In words if a folder stands there, the folder around it is missing, or writing is not allowed.
    pub fn begin(path: &Path) -> io::Result<Self> {
        let target = resolve(path)?;
        let there = match std::fs::metadata(&target) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        match there {
            None => {
                if target.file_name().is_none() || path.as_os_str().to_string_lossy().ends_with('/') {
                    return Err(told(io::ErrorKind::IsADirectory, "this names a folder; name a file in it"));
                }
                let folder = folder_of(&target);
                match std::fs::metadata(folder) {
                    Ok(about) if !about.is_dir() => {
                        let message = format!("{} is not a folder", folder.display());
                        return Err(io::Error::new(io::ErrorKind::NotADirectory, message));
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        let message = format!("there is no folder {}; make it first", folder.display());
                        return Err(io::Error::new(io::ErrorKind::NotFound, message));
                    }
                    _ => {}
                }
                let (part, file) = create_beside(folder)?;
                Ok(Self { target, part: Some(part), file, end: End::Replace })
            }
            Some(there) if there.is_dir() => {
                Err(told(io::ErrorKind::IsADirectory, "this is a folder; name a file in it"))
            }
            Some(there) if there.is_file() => Self::over(target, &there),
            Some(there) if is_socket(&there) => Err(told(io::ErrorKind::InvalidInput, "this is a socket, not a file")),
            Some(_) => Self::into_existing(target),
        }
    }

    /// Begins a file that will take the place of another one.
    fn over(target: PathBuf, there: &Metadata) -> io::Result<Self> {
        // Whoever may not write into the file may not replace it either, although the system would allow that.
        OpenOptions::new().write(true).open(&target)?;
        let beside =
            create_beside(folder_of(&target)).and_then(|(part, file)| match keep_owner_and_mode(&file, there) {
                Ok(()) => Ok((part, file)),
                Err(error) => {
                    let _ = std::fs::remove_file(&part);
                    Err(error)
                }
            });
        match beside {
            Ok((part, file)) => Ok(Self { target, part: Some(part), file, end: End::Replace }),
            // A file of somebody else in a folder of somebody else stays theirs.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Self::into_existing(target),
            Err(error) => Err(error),
        }
    }

    /// Begins a file whose bytes will go into what stands at its place.
    fn into_existing(target: PathBuf) -> io::Result<Self> {
        let (part, file) = create_beside(&std::env::temp_dir())?;
        Ok(Self { target, part: Some(part), file, end: End::Pour })
    }

    /// Where the bytes are until the file is finished, for other programs that write them.
    #[must_use]
    pub fn part(&self) -> &Path {
        self.part.as_deref().unwrap_or(&self.target)
    }

    /// A further handle to the file in the making.
    ///
    /// # Errors
    /// If the system has no more handles.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Brings the file to the disk and to its place.
    ///
    /// # Errors
    /// If the system refuses; nothing has changed at its place then, unless that is a device or a pipe.
    pub fn finish(mut self) -> io::Result<()> {
        let Some(part) = self.part.take() else { return Ok(()) };
        let put = match self.end {
            End::Replace => self.replace(&part),
            End::Pour => self.pour(&part),
        };
        if put.is_err() || matches!(self.end, End::Pour) {
            let _ = std::fs::remove_file(&part);
        }
        put
    }

    fn replace(&self, part: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(part, &self.target)?;
        // The rename itself must be on the disk too. Not every file system lets a folder be flushed.
        let _ = File::open(folder_of(&self.target)).and_then(|folder| folder.sync_all());
        Ok(())
    }

    fn pour(&self, part: &Path) -> io::Result<()> {
        let mut from = File::open(part)?;
        from.rewind()?;
        let mut into = OpenOptions::new().write(true).open(&self.target)?;
        if into.metadata()?.is_file() {
            into.set_len(0)?;
            io::copy(&mut from, &mut into)?;
            return into.sync_all();
        }
        io::copy(&mut from, &mut into)?;
        into.flush()
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if let Some(part) = self.part.take() {
            let _ = std::fs::remove_file(part);
        }
    }
}

/// Writes a file as a whole or not at all; see [`WholeFile`].
///
/// # Errors
/// If the system refuses.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::begin(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// Opens a file to read it. Only an ordinary file is: a folder, a pipe, a socket or a device is refused with words, without
/// opening it, so that nobody waits for a pipe or reads a device without end. A link to an ordinary file is followed.
///
/// # Errors
/// If it is none, or the system refuses.
pub fn open_ordinary(path: &Path) -> io::Result<File> {
    ordinary(&std::fs::metadata(path)?)?;
    let file = File::open(path)?;
    ordinary(&file.metadata()?)?;
    Ok(file)
}

/// Reads an ordinary file; see [`open_ordinary`].
///
/// # Errors
/// If it is none, or the system refuses.
pub fn read_ordinary(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_ordinary(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The longest text that is read as a whole, in bytes.
const MOST_TEXT: u64 = 64 << 20;

/// Reads an ordinary file as text; see [`open_ordinary`]. One of more than 64 MiB is refused before it fills the memory.
///
/// # Errors
/// If it is none, no text, too long, or the system refuses.
pub fn read_ordinary_text(path: &Path) -> io::Result<String> {
    let file = open_ordinary(path)?;
    let bytes = file.metadata()?.len();
    if bytes > MOST_TEXT {
        let message = format!("the file has {bytes} bytes; at most {MOST_TEXT} are read");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    let mut text = String::new();
    file.take(MOST_TEXT).read_to_string(&mut text)?;
    Ok(text)
}

/// What something is called that is no ordinary file; nothing if it is one.
#[must_use]
pub fn extraordinary(kind: std::fs::FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
    }
    match kind {
        kind if kind.is_file() => None,
        kind if kind.is_dir() => Some("a folder"),
        kind if kind.is_symlink() => Some("a symbolic link"),
        _ => Some("something else"),
    }
}

fn ordinary(about: &Metadata) -> io::Result<()> {
    match extraordinary(about.file_type()) {
        None => Ok(()),
        Some(what) => Err(told(io::ErrorKind::InvalidInput, &format!("this is {what} and no ordinary file"))),
    }
}

fn told(kind: io::ErrorKind, message: &str) -> io::Error {
    io::Error::new(kind, message)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Follows links, also to a place where nothing stands yet.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match std::fs::symlink_metadata(&target) {
            Ok(there) if there.file_type().is_symlink() => {
                let leads_to = std::fs::read_link(&target)?;
                target = folder_of(&target).join(leads_to);
            }
            // What isn't there is no link; other errors are told by whoever opens it.
            _ => return Ok(target),
        }
    }
    Err(told(io::ErrorKind::InvalidInput, "links lead to links without end"))
}

/// A new file in a folder, under a name that nobody else uses, with the mode of any new file.
fn create_beside(folder: &Path) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let part = folder.join(format!(".agent2028-{}-{number}.part", std::process::id()));
        match OpenOptions::new().read(true).write(true).create_new(true).open(&part) {
            Ok(file) => return Ok((part, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(unix)]
fn keep_owner_and_mode(file: &File, there: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
        fchown(file, Some(there.uid()), Some(there.gid()))?;
    }
    // After the owner: a change of it takes special bits away.
    file.set_permissions(std::fs::Permissions::from_mode(there.mode() & 0o7777))
}

#[cfg(not(unix))]
fn keep_owner_and_mode(file: &File, there: &Metadata) -> io::Result<()> {
    file.set_permissions(there.permissions())
}

#[cfg(unix)]
fn is_socket(there: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    there.file_type().is_socket()
}

#[cfg(not(unix))]
fn is_socket(_: &Metadata) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, fchown, symlink};
    use std::process::Command;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Makes a pipe or device, unless this machine doesn't let us.
    fn make(arguments: &[&str], at: &Path) -> bool {
        let made = Command::new("mknod").arg(at).args(arguments).status().is_ok_and(|status| status.success());
        if !made {
            eprintln!("SKIPPED: this machine doesn't allow mknod {arguments:?}");
        }
        made
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_keeps_mode_and_owner() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.txt");
        write_atomically(&file, b"one").unwrap();
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o7777;
        assert_eq!(mode(&file), mode(&plain), "a new file is like any other");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        // Only the system's administrator can give files away.
        let given = fchown(File::open(&file).unwrap(), Some(12), Some(34)).is_ok();
        let before = std::fs::metadata(&file).unwrap();
        write_atomically(&file, b"two").unwrap();
        let after = std::fs::metadata(&file).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
        assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
        assert!(!given || (after.uid(), after.gid()) == (12, 34));
        assert_ne!(before.ino(), after.ino(), "it was replaced, not written over");
        assert_eq!(names(folder.path()), ["a.txt", "plain"]);
    }

    #[test]
    fn what_is_not_finished_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.txt");
        std::fs::write(&file, "before").unwrap();
        let mut half = WholeFile::begin(&file).unwrap();
        half.write_all(b"half").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"before");
        drop(half);
        assert_eq!(names(folder.path()), ["a.txt"]);
        assert_eq!(std::fs::read(&file).unwrap(), b"before");
    }

    #[test]
    fn links_are_followed_even_to_where_nothing_is() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        symlink("inner/a.txt", folder.path().join("link")).unwrap();
        symlink("link", folder.path().join("to-link")).unwrap();
        for text in ["one", "two"] {
            write_atomically(&folder.path().join("to-link"), text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(inner.join("a.txt")).unwrap(), text);
            assert!(std::fs::symlink_metadata(folder.path().join("link")).unwrap().is_symlink());
        }
        assert_eq!(names(&inner), ["a.txt"]);
        symlink("round", folder.path().join("round")).unwrap();
        let error = write_atomically(&folder.path().join("round"), b"").unwrap_err();
        assert!(error.to_string().contains("without end"), "{error}");
    }

    #[test]
    fn folders_and_places_without_one_are_refused_with_words() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "x").unwrap();
        symlink(folder.path(), folder.path().join("link")).unwrap();
        for (name, words) in [
            ("", "this is a folder; name a file in it"),
            ("link", "this is a folder; name a file in it"),
            ("new/", "this names a folder"),
            ("no/such/a.txt", "there is no folder"),
            ("file/a.txt", "ot a "),
        ] {
            let error = write_atomically(&folder.path().join(name), b"x").unwrap_err();
            assert!(error.to_string().contains(words), "{name}: {error}");
        }
        assert_eq!(names(folder.path()), ["file", "link"]);
    }

    #[test]
    fn pipes_are_written_into() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        if !make(&["p"], &pipe) {
            return;
        }
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe).unwrap()
        });
        let long = b"agent".repeat(100_000);
        write_atomically(&pipe, &long).unwrap();
        assert!(reader.join().unwrap() == long);
        assert!(std::fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(names(folder.path()), ["pipe"]);
    }

    #[test]
    fn devices_are_written_into() {
        let folder = tempfile::tempdir().unwrap();
        // The numbers of the null device, which takes all, and of the full device, which takes nothing.
        for (name, numbers, takes) in [("null", ["c", "1", "3"], true), ("full", ["c", "1", "7"], false)] {
            let device = folder.path().join(name);
            if !make(&numbers, &device) {
                return;
            }
            let before = std::fs::metadata(&device).unwrap();
            if OpenOptions::new().write(true).open(&device).is_err() {
                eprintln!("SKIPPED: this file system opens no devices");
                return;
            }
            assert_eq!(write_atomically(&device, b"x").is_ok(), takes, "{name}");
            let link = folder.path().join(format!("{name}-link"));
            symlink(&device, &link).unwrap();
            assert_eq!(write_atomically(&link, b"x").is_ok(), takes, "{name}");
            let after = std::fs::metadata(&device).unwrap();
            assert!(after.file_type().is_char_device());
            assert_eq!((before.ino(), before.rdev(), before.mode()), (after.ino(), after.rdev(), after.mode()));
        }
        assert_eq!(names(folder.path()), ["full", "full-link", "null", "null-link"]);
    }
}
