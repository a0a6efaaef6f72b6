//! The text that is being edited: one document, which the editor and the form both change, with undo across the two.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::sync::{Arc, Mutex};

use agent2028_language::patch::TextEdit;
use agent2028_language::syntax::lexer::{Token, tokens};
use agent2028_language::syntax::{SourceId, parse};

use crate::authoring::{Analysis, SceneAuthor, Source};

/// What a text is called that lies in no file and has no name yet.
const UNTITLED: &str = "Untitled";
/// Undo keeps at most so many bytes of text.
const UNDO_BYTES: usize = 16 << 20;
/// Changes at one place within so many seconds are undone together.
const TOGETHER_S: f64 = 0.8;
/// A text is read again once it hasn't changed for so many seconds.
const SETTLED_S: f64 = 0.25;
/// Longer texts are read on a thread of their own, so that typing never waits.
const READ_AT_ONCE_BYTES: usize = 32 << 10;

/// A change that can be taken back.
#[derive(Clone, Debug)]
struct Past {
    at: usize,
    old: String,
    new: String,
    time: f64,
}

impl Past {
    fn bytes(&self) -> usize {
        self.old.len() + self.new.len()
    }
}

/// The text that is being edited.
#[derive(Debug, Default)]
pub struct Document {
    name: String,
    title: String,
    path: Option<PathBuf>,
    text: String,
    saved: String,
    running: String,
    version: u64,
    undo: Vec<Past>,
    redo: Vec<Past>,
    changed_at: f64,
    analysis: Arc<Analysis>,
    analysed: Option<u64>,
    job: Option<Job>,
    tokens: Vec<Token>,
    lines: Vec<usize>,
    cached: Option<u64>,
    dirty: bool,
    ahead: bool,
    withheld: Option<u64>,
}

#[derive(Debug)]
struct Job {
    version: u64,
    result: Mutex<Receiver<Analysis>>,
}

impl Document {
    /// Replaces everything by another text that is saved and runs.
    pub fn open(&mut self, source: Source) {
        let version = self.version + 1;
        *self = Self {
            name: source.name,
            title: source.title,
            path: source.path,
            saved: source.text.clone(),
            running: if source.broken { String::new() } else { source.text.clone() },
            text: source.text,
            version,
            withheld: source.withheld,
            ..Self::default()
        };
        self.refresh();
    }

    /// The name by which the scene was opened.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it: the file's name, or the scene's.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.path {
            Some(path) => path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned()),
            None if self.name.is_empty() => UNTITLED.into(),
            None => self.name.clone(),
        }
    }

    /// The title of the scene.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many bytes the text has, if it is too long to be edited: then there is none here.
    #[must_use]
    pub fn withheld(&self) -> Option<u64> {
        self.withheld
    }

    /// Grows with every change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether something would be lost without saving.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Whether the text differs from the scene that runs.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.ahead
    }

    /// What is known about the text; while it is being changed, about an earlier one.
    #[must_use]
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// The same to keep while the document is being changed.
    #[must_use]
    pub fn shared_analysis(&self) -> Arc<Analysis> {
        self.analysis.clone()
    }

    /// Whether what is known is about the text as it stands.
    #[must_use]
    pub fn is_analysed(&self) -> bool {
        self.analysed == Some(self.version)
    }

    /// The tokens of the text.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The first byte of each line.
    #[must_use]
    pub fn lines(&self) -> &[usize] {
        &self.lines
    }

    /// The line of a byte, from 0.
    #[must_use]
    pub fn line_of(&self, byte: usize) -> usize {
        self.lines.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// The bytes of a line (from 0) without its end.
    #[must_use]
    pub fn line_span(&self, line: usize) -> Range<usize> {
        let start = self.lines.get(line).copied().unwrap_or(self.text.len());
        let end = self.lines.get(line + 1).map_or(self.text.len(), |next| next - 1);
        start..end.max(start)
    }

    fn refresh(&mut self) {
        if self.cached == Some(self.version) {
            return;
        }
        self.tokens = tokens(&self.text);
        self.lines.clear();
        self.lines.push(0);
        self.lines.extend(self.text.match_indices('\n').map(|(at, _)| at + 1));
        self.dirty = self.text != self.saved;
        self.ahead = self.text != self.running;
        self.cached = Some(self.version);
    }

    fn touch(&mut self, now: f64) {
        self.version += 1;
        self.changed_at = now;
        self.refresh();
    }

    /// Makes a replacement that undo takes back.
    pub fn apply(&mut self, edit: &TextEdit, now: f64) {
        let Some(old) = self.text.get(edit.span.clone()) else {
            return;
        };
        if old == edit.text {
            return;
        }
        let past = Past { at: edit.span.start, old: old.to_owned(), new: edit.text.clone(), time: now };
        self.text.replace_range(edit.span.clone(), &edit.text);
        self.remember(past);
        self.touch(now);
    }

    /// Makes a replacement and reads the values anew at once, so that a form shows what was set in it.
    pub fn apply_and_read(&mut self, edit: &TextEdit, now: f64) {
        self.apply(edit, now);
        if let Ok(tree) = parse(SourceId(0), &self.text) {
            let Analysis { problems, metrics, .. } = &*self.analysis;
            self.analysis =
                Arc::new(Analysis { tree: Some(tree), problems: problems.clone(), metrics: metrics.clone() });
        }
    }

    /// Takes over what a text field has made of the text.
    pub fn changed_to(&mut self, text: &str, now: f64) {
        if let Some(edit) = difference(&self.text, text) {
            self.apply(&edit, now);
        }
    }

    fn remember(&mut self, past: Past) {
        self.redo.clear();
        if let Some(last) = self.undo.last_mut()
            && past.time - last.time < TOGETHER_S
        {
            let typed_on = past.old.is_empty()
                && last.at + last.new.len() == past.at
                && !past.new.contains('\n')
                && !last.new.ends_with('\n');
            let same_place = past.at == last.at && past.old == last.new && !last.new.is_empty();
            if typed_on && !last.new.is_empty() && last.old.is_empty() {
                last.new.push_str(&past.new);
                last.time = past.time;
                return;
            }
            if same_place {
                last.new = past.new;
                last.time = past.time;
                return;
            }
        }
        self.undo.push(past);
        let mut bytes: usize = self.undo.iter().map(Past::bytes).sum();
        while bytes > UNDO_BYTES && self.undo.len() > 1 {
            bytes -= self.undo.remove(0).bytes();
        }
    }

    /// Takes the last change back; where the caret belongs then.
    pub fn undo(&mut self, now: f64) -> Option<usize> {
        let past = self.undo.pop()?;
        self.text.replace_range(past.at..past.at + past.new.len(), &past.old);
        let caret = past.at + past.old.len();
        self.redo.push(Past { time: 0.0, ..past });
        self.touch(now);
        Some(caret)
    }

    /// Makes the change again that was taken back last; where the caret belongs then.
    pub fn redo(&mut self, now: f64) -> Option<usize> {
        let past = self.redo.pop()?;
        self.text.replace_range(past.at..past.at + past.old.len(), &past.new);
        let caret = past.at + past.new.len();
        self.undo.push(past);
        self.touch(now);
        Some(caret)
    }

    /// Whether there is something to take back, and something to make again.
    #[must_use]
    pub fn can_undo(&self) -> (bool, bool) {
        (!self.undo.is_empty(), !self.redo.is_empty())
    }

    /// Goes back to the text as it was opened or saved last; undo brings the changes back.
    pub fn revert(&mut self, now: f64) {
        let saved = self.saved.clone();
        self.changed_to(&saved, now);
    }

    /// The text was written to this file.
    pub fn saved_to(&mut self, path: PathBuf, text: &str) {
        self.name = path.display().to_string();
        self.path = Some(path);
        text.clone_into(&mut self.saved);
        self.cached = None;
        self.refresh();
    }

    /// The file now holds this; what is being edited stays.
    pub fn saved_elsewhere(&mut self, text: &str) {
        text.clone_into(&mut self.saved);
        self.cached = None;
        self.refresh();
    }

    /// The text that is known to be in the file.
    #[must_use]
    pub fn saved(&self) -> &str {
        &self.saved
    }

    /// The text of the scene that runs, if it is this one.
    #[must_use]
    pub fn running(&self) -> Option<&str> {
        (!self.running.is_empty()).then_some(self.running.as_str())
    }

    /// A scene with this text runs now.
    pub fn now_runs(&mut self, text: &str, title: &str) {
        text.clone_into(&mut self.running);
        title.clone_into(&mut self.title);
        self.cached = None;
        self.refresh();
    }

    /// A text that was never saved, such as one that was found again after a crash: it is the file's, but ahead of it.
    pub fn recovered(&mut self, text: &str, now: f64) {
        self.changed_to(text, now);
    }

    /// Forgets what is known about the text, as when a file that it includes has changed.
    pub fn read_again(&mut self) {
        self.analysed = None;
    }

    /// Reads the text if it has changed and settled. True while a reading is still to come.
    pub fn analyse(&mut self, author: &Arc<dyn SceneAuthor>, now: f64) -> bool {
        self.refresh();
        if let Some(job) = &self.job {
            let result = job.result.lock().unwrap_or_else(std::sync::PoisonError::into_inner).try_recv();
            match result {
                Ok(analysis) => {
                    self.analysed = Some(job.version);
                    self.take(analysis);
                    self.job = None;
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => self.job = None,
            }
        }
        if self.analysed == Some(self.version) {
            return false;
        }
        if self.analysed.is_some() && now - self.changed_at < SETTLED_S && now >= self.changed_at {
            return true;
        }
        let folder = self.path.as_ref().and_then(|path| path.parent()).map(Path::to_path_buf);
        if self.text.len() <= READ_AT_ONCE_BYTES {
            let analysis = author.analyse(&self.name, &self.text, folder.as_deref());
            self.analysed = Some(self.version);
            self.take(analysis);
            return false;
        }
        let (sender, receiver) = channel();
        let (author, name, text) = (author.clone(), self.name.clone(), self.text.clone());
        std::thread::spawn(move || {
            // Nobody listens any more if another scene was opened meanwhile.
            let _ = sender.send(author.analyse(&name, &text, folder.as_deref()));
        });
        self.job = Some(Job { version: self.version, result: Mutex::new(receiver) });
        true
    }

    fn take(&mut self, mut analysis: Analysis) {
        // Metrics that were known stay on offer while the text is being mended.
        if analysis.metrics.is_empty() {
            analysis.metrics.clone_from(&self.analysis.metrics);
        }
        self.analysis = Arc::new(analysis);
    }
}

/// The one replacement that makes the second text of the first.
#[must_use]
pub fn difference(old: &str, new: &str) -> Option<TextEdit> {
    if old == new {
        return None;
    }
    let mut start = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    while !(old.is_char_boundary(start) && new.is_char_boundary(start)) {
        start -= 1;
    }
    let most = old.len().min(new.len()) - start;
    let mut tail = old.bytes().rev().zip(new.bytes().rev()).take(most).take_while(|(a, b)| a == b).count();
    while !(old.is_char_boundary(old.len() - tail) && new.is_char_boundary(new.len() - tail)) {
        tail -= 1;
    }
    Some(TextEdit { span: start..old.len() - tail, text: new[start..new.len() - tail].to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        let mut document = Document::default();
        document.open(Source { name: "test".into(), text: text.into(), ..Default::default() });
        document
    }

    #[test]
    fn the_difference_of_two_texts_is_one_replacement_between_characters() {
        for (old, new) in
            [("abc", "axc"), ("", "x"), ("aaa", "aa"), ("aé", "aè"), ("éa", "èa"), ("ab", "ab ab"), ("x", "")]
        {
            let edit = difference(old, new).unwrap();
            let mut text = old.to_owned();
            text.replace_range(edit.span, &edit.text);
            assert_eq!(text, new);
        }
        assert_eq!(difference("a", "a"), None);
    }

    #[test]
    fn typing_is_undone_in_words_and_redone() {
        let mut document = document("(a: )");
        for (index, text) in ["(a: 1)", "(a: 12)", "(a: 123)"].iter().enumerate() {
            document.changed_to(text, index as f64 * 0.1);
        }
        document.changed_to("(b: 123)", 10.0);
        assert!(document.is_dirty() && document.is_ahead());
        assert_eq!(document.undo(11.0), Some(2));
        assert_eq!(document.text(), "(a: 123)");
        assert_eq!(document.undo(12.0), Some(4));
        assert_eq!((document.text(), document.is_dirty()), ("(a: )", false));
        assert_eq!(document.undo(13.0), None);
        document.redo(14.0);
        document.redo(15.0);
        assert_eq!(document.text(), "(b: 123)");
    }

    #[test]
    fn a_slider_is_undone_at_once() {
        let mut document = document("(a: 1)");
        for (index, value) in ["2", "35", "4"].iter().enumerate() {
            let end = document.text().len() - 1;
            document.apply(&TextEdit { span: 4..end, text: (*value).into() }, index as f64 * 0.1);
        }
        assert_eq!(document.text(), "(a: 4)");
        document.undo(1.0);
        assert_eq!(document.text(), "(a: 1)");
    }

    #[test]
    fn saving_and_running_are_two_things() {
        let mut document = document("a");
        document.changed_to("b", 0.0);
        document.saved_to("x.ron".into(), "b");
        assert_eq!((document.is_dirty(), document.is_ahead(), document.label()), (false, true, "x.ron".into()));
        document.now_runs("b", "B");
        assert!(!document.is_ahead());
        document.changed_to("c", 1.0);
        document.revert(2.0);
        assert_eq!((document.text(), document.can_undo().0), ("b", true));
    }

    #[test]
    fn lines_are_known_by_their_bytes() {
        let document = document("a\nbc\n");
        assert_eq!((document.line_of(0), document.line_of(2), document.line_of(5)), (0, 1, 2));
        assert_eq!((document.line_span(1), document.line_span(2), document.line_span(9)), (2..4, 5..5, 5..5));
    }
}
