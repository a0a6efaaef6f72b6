//! Files that sections name: one way to ask for them, whatever their rows become.

use std::any::Any;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::check::{Names, Problem};
use crate::table::RowFault;

/// A file that a section names, and how it is read.
#[derive(Clone)]
pub struct FileRequest {
    /// Where it stands: a path below the section, such as `workload[2]`; empty for the section itself.
    pub at: String,
    /// Its name as the scene gives it, relative to the scene's file.
    pub name: String,
    /// What it is called beside a copy of the scene. `{}` stands for a number, where a section may name several files.
    pub copy_as: &'static str,
    /// When it is read.
    pub reading: Reading,
    read: Arc<Read>,
}

/// When a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Once, with the scene.
    Once,
    /// While the simulation runs as well, from any place: it must be an ordinary file, and stays where it is.
    Streamed,
}

type Read = dyn Fn(&TableFile, &FileContext) -> Result<FileContent, FileFaults> + Send + Sync;

impl std::fmt::Debug for FileRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileRequest").field("at", &self.at).field("name", &self.name).finish_non_exhaustive()
    }
}

impl FileRequest {
    /// Asks for a file that is read once.
    #[must_use]
    pub fn new(
        at: impl Into<String>,
        name: impl Into<String>,
        copy_as: &'static str,
        read: impl Fn(&TableFile, &FileContext) -> Result<FileContent, FileFaults> + Send + Sync + 'static,
    ) -> Self {
        Self { at: at.into(), name: name.into(), copy_as, reading: Reading::Once, read: Arc::new(read) }
    }

    /// The same, read while the simulation runs as well.
    #[must_use]
    pub fn streamed(self) -> Self {
        Self { reading: Reading::Streamed, ..self }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn read(&self, file: &TableFile, context: &FileContext) -> Result<FileContent, FileFaults> {
        (self.read)(file, context)
    }
}

/// A file that is being read.
#[derive(Clone, Debug)]
pub struct TableFile {
    path: PathBuf,
    /// What it holds, if that is in memory.
    text: Option<String>,
}

impl TableFile {
    /// A file that stays where it is.
    #[must_use]
    pub fn on_disk(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), text: None }
    }

    /// A file whose text is known.
    #[must_use]
    pub fn in_memory(path: impl Into<PathBuf>, text: String) -> Self {
        Self { path: path.into(), text: Some(text) }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text, if that is in memory.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Its bytes from the beginning.
    ///
    /// # Errors
    /// If it can't be opened.
    pub fn open(&self) -> std::io::Result<Box<dyn BufRead + '_>> {
        Ok(match &self.text {
            Some(text) => Box::new(text.as_bytes()),
            None => Box::new(BufReader::with_capacity(1 << 16, File::open(&self.path)?)),
        })
    }
}

/// What a reader of files may know of the scene.
#[derive(Clone, Copy, Debug)]
pub struct FileContext<'a> {
    /// How many agents there are at the start.
    pub agents: u32,
    /// The capabilities that agents have or are granted.
    pub capabilities: &'a Names,
    /// So many faults are told; more are counted.
    pub most_faults: usize,
}

/// What was read from a file.
#[derive(Clone, Debug)]
pub struct FileContent {
    /// The rows, as the section's plugin wants them.
    pub rows: Arc<dyn Any + Send + Sync>,
    /// What is to be considered though it is right; paths begin at the section.
    pub advice: Vec<Problem>,
}

impl FileContent {
    /// Rows about which there is nothing to say.
    #[must_use]
    pub fn new<T: Any + Send + Sync>(rows: T) -> Self {
        Self { rows: Arc::new(rows), advice: Vec::new() }
    }
}

/// What is wrong with a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFaults {
    /// The first faults, in the order of the rows.
    pub told: Vec<RowFault>,
    /// How many there are beyond.
    pub beyond: usize,
}

impl From<RowFault> for FileFaults {
    fn from(one: RowFault) -> Self {
        Self { told: vec![one], beyond: 0 }
    }
}

impl From<std::io::Error> for FileFaults {
    fn from(error: std::io::Error) -> Self {
        RowFault::new(0, 1, 0, error.to_string(), "the path is relative to the scene's file").into()
    }
}

impl From<(Vec<RowFault>, usize)> for FileFaults {
    fn from((told, beyond): (Vec<RowFault>, usize)) -> Self {
        Self { told, beyond }
    }
}

impl FileFaults {
    /// Adds a fault; beyond `most` they are only counted.
    pub fn push(&mut self, fault: RowFault, most: usize) {
        if self.told.len() < most {
            self.told.push(fault);
        } else {
            self.beyond += 1;
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}

/// What the files of a section hold, by the names that the scene gives them.
#[derive(Clone, Debug, Default)]
pub struct SectionFiles(Vec<(String, Arc<dyn Any + Send + Sync>)>);

impl SectionFiles {
    /// Adds what a file holds.
    pub fn add(&mut self, name: impl Into<String>, rows: Arc<dyn Any + Send + Sync>) {
        self.0.push((name.into(), rows));
    }

    /// What a file holds, if it was read as a `T`.
    #[must_use]
    pub fn get<T: Any + Send + Sync>(&self, name: &str) -> Option<Arc<T>> {
        self.iter().find_map(|(known, rows)| (known == name).then_some(rows))
    }

    /// All files that were read as a `T`.
    pub fn iter<T: Any + Send + Sync>(&self) -> impl Iterator<Item = (&str, Arc<T>)> {
        self.0.iter().filter_map(|(name, rows)| Some((name.as_str(), Arc::clone(rows).downcast::<T>().ok()?)))
    }
}
