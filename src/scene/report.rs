//! Problems as reports: the file, the line with a caret, what was expected, the nearest valid name.

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;

use super::syntax::{Place, SourceId, SyntaxError};

/// The texts that a scene is made of: its file, included files, CSV files, settings from the command line.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Arc<NamedSource<String>>>);

impl Sources {
    /// Adds a text under the name that reports show.
    pub fn add(&mut self, name: &str, text: &str) -> SourceId {
        self.0.push(Arc::new(NamedSource::new(name, text.to_owned())));
        SourceId(self.0.len() - 1)
    }

    /// A text.
    #[must_use]
    pub fn text(&self, id: SourceId) -> &str {
        self.0.get(id.0).map_or("", |source| source.inner())
    }

    fn get(&self, id: SourceId) -> Option<Arc<NamedSource<String>>> {
        self.0.get(id.0).cloned()
    }
}

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl Fault {
    /// A fault at a place.
    #[must_use]
    pub fn new(place: Place, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { place, message: message.into(), help: help.into() }
    }
}

impl From<SyntaxError> for Fault {
    fn from(error: SyntaxError) -> Self {
        Self { place: error.place, message: error.message, help: error.help }
    }
}

/// One problem with its text, as a diagnostic.
#[derive(Clone, Debug)]
pub struct Report {
    message: String,
    help: String,
    source: Option<Arc<NamedSource<String>>>,
    span: std::ops::Range<usize>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_deref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some("here".into()), self.span.clone()))))
    }
}

/// A problem as one flat record, for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// A problem with its place, for whoever shows it in the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub file: String,
    /// Whether it has a place in that file's text.
    pub in_text: bool,
    /// Its bytes there.
    pub span: std::ops::Range<usize>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The whole line.
    pub excerpt: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// Everything that is wrong with a scene.
#[derive(Clone, Debug)]
pub struct SceneError {
    name: String,
    reports: Vec<Report>,
}

impl SceneError {
    /// The faults of a scene, in the order of their places.
    #[must_use]
    pub fn new(name: &str, sources: &Sources, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| (fault.place.source, fault.place.span.start));
        faults.dedup();
        let reports = faults
            .into_iter()
            .map(|fault| {
                let text = sources.text(fault.place.source);
                let start = floor_boundary(text, fault.place.span.start);
                let end = floor_boundary(text, fault.place.span.end.max(start));
                // A caret under a whole section helps nobody: long spans shrink to their first line.
                let line_end = text[start..end].find('\n').map_or(end, |newline| start + newline);
                Report {
                    message: fault.message,
                    help: fault.help,
                    source: sources.get(fault.place.source),
                    span: start..line_end,
                }
            })
            .collect();
        Self { name: name.into(), reports }
    }

    /// A problem that has no place in a text, such as a file that can't be read.
    #[must_use]
    pub fn whole(name: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        let report = Report { message: message.into(), help: help.into(), source: None, span: 0..0 };
        Self { name: name.into(), reports: vec![report] }
    }

    /// The problems one by one, for programs.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.reports
            .iter()
            .map(|report| {
                let (file, line, column) = match &report.source {
                    Some(source) => {
                        let (line, column) = line_and_column(source.inner(), report.span.start);
                        (source.name().to_owned(), line, column)
                    }
                    None => (self.name.clone(), 1, 1),
                };
                Line { file, line, column, message: report.message.clone(), help: report.help.clone() }
            })
            .collect()
    }

    /// The problems one by one with their bytes, for editors.
    #[must_use]
    pub fn places(&self) -> Vec<Found> {
        self.lines()
            .into_iter()
            .zip(&self.reports)
            .map(|(line, report)| Found {
                in_text: report.source.is_some(),
                span: report.span.clone(),
                excerpt: report
                    .source
                    .as_ref()
                    .and_then(|source| source.inner().lines().nth(line.line - 1))
                    .unwrap_or_default()
                    .to_owned(),
                file: line.file,
                line: line.line,
                column: line.column,
                message: line.message,
                help: line.help,
            })
            .collect()
    }

    /// The report as plain text without colour, for places that are no terminal.
    #[must_use]
    pub fn to_plain_text(&self) -> String {
        let handler =
            miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor()).with_width(100);
        let mut out = String::new();
        for report in &self.reports {
            // Writing into a string can't fail.
            let _ = handler.render_report(&mut out, report);
        }
        out
    }
}

impl fmt::Display for SceneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reports.len() {
            1 => write!(f, "{}: {}", self.name, self.reports[0].message),
            count => write!(f, "{} has {count} problems", self.name),
        }
    }
}

impl std::error::Error for SceneError {}

impl Diagnostic for SceneError {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let lone_without_place = self.reports.len() == 1 && self.reports[0].source.is_none();
        (!lone_without_place).then(|| {
            Box::new(self.reports.iter().map(|report| report as &dyn Diagnostic)) as Box<dyn Iterator<Item = _>>
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        match self.reports.as_slice() {
            [only] if only.source.is_none() => only.help(),
            _ => None,
        }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Line and column (in characters) of a byte, both from 1.
#[must_use]
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..floor_boundary(text, at)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        assert_eq!(line_and_column("a\nüx", 4), (2, 2));
        assert_eq!(line_and_column("", 9), (1, 1));
    }

    #[test]
    fn a_report_shows_file_line_caret_and_help() {
        let mut sources = Sources::default();
        let id = sources.add("flock.ron", "Scene(\n    sed: 1,\n)");
        let place = Place { source: id, span: 11..14 };
        let error =
            SceneError::new("flock.ron", &sources, vec![Fault::new(place, "no field \"sed\"", "did you mean seed?")]);
        let text = error.to_plain_text();
        for part in ["flock.ron:2:5", "no field", "sed: 1", "did you mean seed?"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!((error.lines()[0].line, error.lines()[0].column), (2, 5));
    }
}
