//! Problems as reports: the file, the line with a caret, what was expected, the nearest valid name.
//!
//! What a report costs and how long it is depends on neither the length of the text nor that of the line: of a long line only
//! what stands around the place is shown, and of many problems the first [`SHOWN`].

mod excerpt;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use miette::{Diagnostic, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use serde::Serialize;

use super::load::Partial;
pub use agent2028_language::Fault;
use agent2028_language::SourceId;
use excerpt::{Excerpt, shortened};

/// How many problems of a scene are shown to people in full. Programs get all of them.
pub const SHOWN: usize = 20;

/// A text with its name and the bytes at which its lines begin.
#[derive(Debug)]
struct Source {
    name: String,
    text: String,
    lines: Vec<usize>,
}

impl Source {
    fn new(name: &str, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { name: name.into(), text: text.into(), lines: std::iter::once(0).chain(breaks).collect() }
    }

    /// The line that holds a byte, from 0.
    fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= at).saturating_sub(1)
    }

    /// The bytes of a line without its break.
    fn line(&self, number: usize) -> Range<usize> {
        let begin = self.lines.get(number).copied().unwrap_or(self.text.len());
        let end = self.lines.get(number + 1).map_or(self.text.len(), |next| next - 1);
        let end = if self.text[begin..end].ends_with('\r') { end - 1 } else { end };
        begin..end
    }
}

/// The texts that a scene is made of: its file, included files, CSV files, settings from the command line.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Arc<Source>>);

impl Sources {
    /// Adds a text under the name that reports show.
    pub fn add(&mut self, name: &str, text: &str) -> SourceId {
        self.0.push(Arc::new(Source::new(name, text)));
        SourceId(self.0.len() - 1)
    }

    /// A text.
    #[must_use]
    pub fn text(&self, id: SourceId) -> &str {
        self.0.get(id.0).map_or("", |source| &source.text)
    }

    fn get(&self, id: SourceId) -> Option<Arc<Source>> {
        self.0.get(id.0).cloned()
    }
}

/// Where in a text a problem is.
#[derive(Clone, Debug)]
struct Spot {
    source: Arc<Source>,
    /// The bytes, within one line.
    span: Range<usize>,
    /// The line, from 0.
    line: usize,
    /// The characters before it in its line.
    column: usize,
    /// What is shown of the text, cut when somebody looks.
    excerpt: OnceLock<Excerpt>,
}

impl Spot {
    fn excerpt(&self) -> &Excerpt {
        self.excerpt.get_or_init(|| {
            let line = |number: usize| (number < self.source.lines.len()).then(|| self.source.line(number));
            let before = self.line.checked_sub(1).and_then(line);
            Excerpt::cut(&self.source.text, before, self.source.line(self.line), line(self.line + 1), self.span.clone())
        })
    }
}

/// One problem with its text, as a diagnostic.
#[derive(Clone, Debug)]
pub struct Report {
    message: String,
    help: String,
    spot: Option<Spot>,
    severity: miette::Severity,
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

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.spot.as_ref().map(|spot| spot as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let spot = self.spot.as_ref()?;
        let mark = spot.excerpt().mark.clone();
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some("here".into()), mark))))
    }
}

/// What a report shows of its text: the excerpt, under the line and column of the whole text.
impl SourceCode for Spot {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        lines_before: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let excerpt = self.excerpt();
        // Without lines before it the place itself is asked for; with them, all that is shown.
        let (line, column) = match lines_before {
            0 => (self.line, self.column),
            _ => (self.line - excerpt.lines_before, 0),
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.source.name.clone(),
            excerpt.text.as_bytes(),
            (0, excerpt.text.len()).into(),
            line,
            column,
            excerpt.text.matches('\n').count() + 1,
        )))
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
    /// `error`, or `warning` if the scene is right all the same.
    pub severity: &'static str,
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
    /// The line, or what stands around the place if it is long.
    pub excerpt: String,
    /// How many characters of the excerpt stand before the place.
    pub caret: usize,
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
    /// What is told in place of the problems that are too many to be shown.
    rest: Option<Box<Report>>,
    /// The scene as far as it could be read, if it can be put together in spite of them.
    partial: Option<Arc<Partial>>,
}

impl SceneError {
    /// The faults of a scene, in the order of their places.
    #[must_use]
    pub fn new(name: &str, sources: &Sources, faults: Vec<Fault>) -> Self {
        Self::told(name, sources, faults, miette::Severity::Error)
    }

    /// What is to be considered in a scene that is right.
    #[must_use]
    pub fn warnings(name: &str, sources: &Sources, warnings: Vec<Fault>) -> Self {
        Self::told(name, sources, warnings, miette::Severity::Warning)
    }

    fn told(name: &str, sources: &Sources, mut faults: Vec<Fault>, severity: miette::Severity) -> Self {
        faults.sort_by_key(|fault| (fault.place.source, fault.place.span.start));
        faults.dedup();
        // Where the last fault was: the next one's column is counted from there, not from the beginning of a long line.
        let mut last = (SourceId(usize::MAX), 0, 0);
        let reports = faults
            .into_iter()
            .map(|fault| {
                let id = fault.place.source;
                let spot = sources.get(id).map(|source| {
                    let start = floor_boundary(&source.text, fault.place.span.start);
                    let line = source.line_of(start);
                    let whole = source.line(line);
                    let start = start.min(whole.end);
                    // A caret under a whole section helps nobody: long spans shrink to their first line.
                    let end = floor_boundary(&source.text, fault.place.span.end).min(whole.end).max(start);
                    let (from, before) = match last {
                        (source, at, column) if source == id && (whole.start..=start).contains(&at) => (at, column),
                        _ => (whole.start, 0),
                    };
                    let column = before + source.text[from..start].chars().count();
                    last = (id, start, column);
                    Spot { source, span: start..end, line, column, excerpt: OnceLock::new() }
                });
                Report { message: shortened(&fault.message), help: shortened(&fault.help), spot, severity }
            })
            .collect();
        Self::of(name, reports)
    }

    /// A problem that has no place in a text, such as a file that can't be read.
    #[must_use]
    pub fn whole(name: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        let (message, help) = (shortened(&message.into()), shortened(&help.into()));
        Self::of(name, vec![Report { message, help, spot: None, severity: miette::Severity::Error }])
    }

    fn of(name: &str, reports: Vec<Report>) -> Self {
        let rest = reports.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| Report {
            message: format!("and {more} more"),
            help: "agent2028 check --format json tells all".into(),
            spot: None,
            severity: miette::Severity::Advice,
        });
        Self { name: name.into(), reports, rest: rest.map(Box::new), partial: None }
    }

    /// This error, of a scene that can be put together in spite of it.
    #[must_use]
    pub(crate) fn of_partial(self, partial: Partial) -> Self {
        Self { partial: Some(Arc::new(partial)), ..self }
    }

    /// The scene as far as it could be read, if it can be put together in spite of what is wrong.
    #[must_use]
    pub(crate) fn partial(&self) -> Option<&Partial> {
        self.partial.as_deref()
    }

    /// The problems one by one, for programs.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.reports
            .iter()
            .map(|report| {
                let (file, line, column) = match &report.spot {
                    Some(spot) => (spot.source.name.clone(), spot.line + 1, spot.column + 1),
                    None => (self.name.clone(), 1, 1),
                };
                let severity = if report.severity == miette::Severity::Warning { "warning" } else { "error" };
                Line { file, line, column, message: report.message.clone(), help: report.help.clone(), severity }
            })
            .collect()
    }

    /// The problems one by one with their bytes, for editors.
    #[must_use]
    pub fn places(&self) -> Vec<Found> {
        self.lines()
            .into_iter()
            .zip(&self.reports)
            .map(|(line, report)| {
                let (excerpt, caret) = report.spot.as_ref().map(|spot| spot.excerpt().line()).unwrap_or_default();
                Found {
                    in_text: report.spot.is_some(),
                    span: report.spot.as_ref().map_or(0..0, |spot| spot.span.clone()),
                    excerpt,
                    caret,
                    file: line.file,
                    line: line.line,
                    column: line.column,
                    message: line.message,
                    help: line.help,
                }
            })
            .collect()
    }

    /// What people are shown: the first problems, and how many more there are.
    fn shown(&self) -> impl Iterator<Item = &Report> {
        self.reports.iter().take(SHOWN).chain(self.rest.as_deref())
    }

    /// The report as plain text without colour, for places that are no terminal.
    #[must_use]
    pub fn to_plain_text(&self) -> String {
        let handler =
            miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor()).with_width(100);
        let mut out = String::new();
        for report in self.shown() {
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
            count if self.reports.iter().all(|report| report.severity == miette::Severity::Warning) => {
                write!(f, "{} has {count} warnings", self.name)
            }
            count => write!(f, "{} has {count} problems", self.name),
        }
    }
}

impl std::error::Error for SceneError {}

impl Diagnostic for SceneError {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let lone_without_place = self.reports.len() == 1 && self.reports[0].spot.is_none();
        (!lone_without_place)
            .then(|| Box::new(self.shown().map(|report| report as &dyn Diagnostic)) as Box<dyn Iterator<Item = _>>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        self.reports.first().map(|report| report.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        match self.reports.as_slice() {
            [only] if only.spot.is_none() => only.help(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_language::Place;

    fn error_at(text: &str, spans: &[Range<usize>]) -> SceneError {
        let mut sources = Sources::default();
        let source = sources.add("a.ron", text);
        let fault = |(number, span): (usize, &Range<usize>)| {
            Fault::new(Place { source, span: span.clone() }, format!("wrong {number}"), "mend it")
        };
        SceneError::new("a.ron", &sources, spans.iter().enumerate().map(fault).collect())
    }

    #[test]
    fn columns_count_characters() {
        let places = |text: &str, at: usize| {
            let place = at..at;
            let line = error_at(text, std::slice::from_ref(&place)).lines().remove(0);
            (line.line, line.column)
        };
        assert_eq!(places("a\nüx", 4), (2, 2));
        assert_eq!(places("", 9), (1, 1));
        assert_eq!(places("a\r\nb", 1), (1, 2));
        assert_eq!(places("a\r\nb", 2), (1, 2));
        assert_eq!(places("a\r\nb", 3), (2, 1));
    }

    #[test]
    fn a_place_far_out_in_a_line_is_told_and_shown_with_what_stands_around_it() {
        let text = format!("Scene({}bad: 1, {})", "ä: 1, ".repeat(20_000), "z: 1, ".repeat(20_000));
        let at = text.find("bad").unwrap();
        let error = error_at(&text, &[at..at + 3, at + 1..at + 90_000]);
        let line = &error.lines()[0];
        assert_eq!((line.line, line.column), (1, 120_007));
        let told = error.to_plain_text();
        assert!(told.contains("a.ron:1:120007") && told.contains("bad: 1") && told.len() < 2_000, "{told}");
        let place = &error.places()[1];
        assert!(place.excerpt.chars().skip(place.caret).collect::<String>().starts_with("ad: 1"), "{place:?}");
    }

    #[test]
    fn the_first_problems_are_shown_in_full_and_the_others_counted() {
        let text = "wrong wrong wrong wrong wrong\n".repeat(1000);
        for (count, shown, rest) in [(20, 20, None), (21, 20, Some("and 1 more")), (1000, 20, Some("and 980 more"))] {
            let spans: Vec<Range<usize>> = (0..count).map(|at| at * 30..at * 30 + 5).collect();
            let error = error_at(&text, &spans);
            let told = error.to_plain_text();
            assert_eq!(told.matches("a.ron:").count(), shown);
            assert_eq!(told.contains(" more"), rest.is_some());
            assert!(rest.is_none_or(|rest| told.contains(rest)), "{told}");
            assert_eq!(error.lines().len(), count);
            assert_eq!(error.related().map_or(0, Iterator::count), shown + usize::from(rest.is_some()));
        }
    }

    #[test]
    fn a_report_is_as_long_as_what_is_wrong_not_as_the_text() {
        let length = |times: usize| {
            let text = "a: 1, ".repeat(times);
            let spans: Vec<Range<usize>> = (0..times).map(|at| at * 6..at * 6 + 1).collect();
            let error = error_at(&text, &spans);
            let all: usize = error.places().iter().map(|place| place.excerpt.len()).sum();
            (error.to_plain_text().len(), all)
        };
        let ((shown, all), (shown_of_more, all_of_more)) = (length(2_000), length(4_000));
        assert!(shown_of_more <= shown + 200, "{shown} {shown_of_more}");
        assert!(all_of_more <= 2 * all + 1_000, "{all} {all_of_more}");
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
