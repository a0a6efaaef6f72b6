//! What a report shows of a text: the line with the place, cut if it is long, and one line before and after it.

use std::ops::Range;

/// Lines of at most so many bytes are shown whole.
const WHOLE: usize = 160;
/// Of a longer line, so many characters before the place are shown …
const BEFORE: usize = 40;
/// … and so many from there on.
const CUT: usize = 120;
/// Messages longer than this lose their middle.
const LONGEST_MESSAGE: usize = 400;
/// What stands for what was cut off.
const ELLIPSIS: char = '…';

/// A few lines around a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The lines.
    pub(super) text: String,
    /// The bytes of the text that are wrong; at least a character.
    pub(super) mark: Range<usize>,
    /// How many lines stand before the one with the place.
    pub(super) lines_before: usize,
}

impl Excerpt {
    /// Cuts an excerpt out of a text: around `span`, which lies in `line`, with the neighbouring lines.
    pub(super) fn cut(
        whole: &str,
        before: Option<Range<usize>>,
        line: Range<usize>,
        after: Option<Range<usize>>,
        span: Range<usize>,
    ) -> Self {
        let mut text = String::new();
        let lines_before = usize::from(before.is_some());
        if let Some(before) = before {
            push_beginning(&mut text, &whole[before]);
            text.push('\n');
        }
        let window = window(whole, &line, span.start);
        if window.start > line.start {
            text.push(ELLIPSIS);
        }
        push_clean(&mut text, &whole[window.start..span.start]);
        let start = text.len();
        push_clean(&mut text, &whole[span.start..span.end.clamp(span.start, window.end)]);
        let mut end = text.len();
        push_clean(&mut text, &whole[span.end.clamp(span.start, window.end)..window.end]);
        if window.end < line.end {
            text.push(ELLIPSIS);
        }
        if end == start {
            // A place between characters: the next one is marked, at the end of the line a blank.
            match text[start..].chars().next() {
                Some(next) => end += next.len_utf8(),
                None => {
                    text.push(' ');
                    end += 1;
                }
            }
        }
        if let Some(after) = after {
            text.push('\n');
            push_beginning(&mut text, &whole[after]);
        }
        Self { text, mark: start..end, lines_before }
    }

    /// The line with the place alone, and how many characters stand before the place.
    pub(super) fn line(&self) -> (String, usize) {
        let begin = self.text[..self.mark.start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[begin..].find('\n').map_or(self.text.len(), |at| begin + at);
        (self.text[begin..end].to_owned(), self.text[begin..self.mark.start].chars().count())
    }
}

/// What is shown of a line for a place that begins at byte `at`.
fn window(whole: &str, line: &Range<usize>, at: usize) -> Range<usize> {
    if line.len() <= WHOLE {
        return line.clone();
    }
    let start =
        whole[line.start..at].char_indices().rev().nth(BEFORE - 1).map_or(line.start, |(byte, _)| line.start + byte);
    let end = whole[start..line.end].char_indices().nth(CUT).map_or(line.end, |(byte, _)| start + byte);
    start..end
}

fn push_beginning(text: &mut String, line: &str) {
    let shown = window(line, &(0..line.len()), 0);
    push_clean(text, &line[shown.clone()]);
    if shown.end < line.len() {
        text.push(ELLIPSIS);
    }
}

/// Appends a part of a line; what would move a terminal's cursor or change its colours is not shown as it is.
fn push_clean(text: &mut String, part: &str) {
    text.extend(part.chars().map(|letter| if letter.is_control() && letter != '\t' { '\u{fffd}' } else { letter }));
}

/// A message of bearable length: names and values in it may be as long as a file.
pub(super) fn shortened(message: &str) -> String {
    let clean = |part: &str| -> String {
        part.chars().map(|letter| if letter.is_control() && letter != '\n' { '\u{fffd}' } else { letter }).collect()
    };
    if message.len() <= LONGEST_MESSAGE {
        return clean(message);
    }
    let head = message.char_indices().nth(LONGEST_MESSAGE * 3 / 4).map_or(message.len(), |(byte, _)| byte);
    let tail = message[head..].char_indices().rev().nth(LONGEST_MESSAGE / 4 - 1).map_or(head, |(byte, _)| head + byte);
    let middle = if tail > head { "…" } else { "" };
    format!("{}{middle}{}", clean(&message[..head]), clean(&message[tail..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(line: &str, span: Range<usize>) -> (String, String) {
        let excerpt = Excerpt::cut(line, None, 0..line.len(), None, span);
        (excerpt.text.clone(), excerpt.text[excerpt.mark].to_owned())
    }

    #[test]
    fn short_lines_are_whole_and_long_ones_are_cut_around_the_place() {
        assert_eq!(cut("a: bad, c", 3..6), ("a: bad, c".into(), "bad".into()));
        let long = format!("{}bad{}", "ä".repeat(90_000), "z".repeat(90_000));
        let (text, mark) = cut(&long, 180_000..180_003);
        assert_eq!(mark, "bad");
        assert_eq!(text.chars().count(), CUT + 2);
        assert!(text.starts_with("…ä") && text.ends_with("z…"), "{text}");
        // A span as long as its line ends where the line is cut.
        let (text, mark) = cut(&long, 0..long.len());
        assert_eq!((text.chars().count(), mark.chars().count()), (CUT + 1, CUT));
    }

    #[test]
    fn a_place_at_the_end_has_a_mark_and_nothing_moves_the_cursor() {
        assert_eq!(cut("(a: 1", 5..5), ("(a: 1 ".into(), " ".into()));
        assert_eq!(cut("", 0..0), (" ".into(), " ".into()));
        assert_eq!(cut("a\u{1b}[2Jb", 5..6), ("a\u{fffd}[2Jb".into(), "b".into()));
    }

    #[test]
    fn long_messages_lose_their_middle() {
        let long = format!("\"{}\" is not a number", "9".repeat(90_000));
        let short = shortened(&long);
        assert!(short.chars().count() <= LONGEST_MESSAGE + 1 && short.ends_with("9\" is not a number"), "{short}");
        assert_eq!(shortened(&"ü".repeat(300)), "ü".repeat(300));
        assert_eq!(shortened("a\nb"), "a\nb");
    }
}
