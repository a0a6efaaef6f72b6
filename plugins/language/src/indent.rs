//! Even indentation: four blanks for each line with brackets that are still open, one blank behind colons and commas, no blanks at the ends
//! of lines. Words, comments and line breaks stay as they are.

use crate::syntax::lexer::{Token, TokenKind, tokens};

/// The text with even indentation.
#[must_use]
pub fn indent(text: &str) -> String {
    let found = tokens(text);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    // The line on which each open bracket stands: brackets that open together indent once.
    let mut open: Vec<usize> = Vec::new();
    let mut line = 0;
    let mut last_end = 0;
    for (index, token) in found.iter().enumerate() {
        let gap = &text[last_end..token.span.start];
        let breaks = gap.matches('\n').count();
        if breaks > 0 {
            // One empty line may stand; more say nothing.
            out.extend(std::iter::repeat_n('\n', breaks.min(2)));
            line += 1;
            let still_open = &open[..open.len().saturating_sub(closing(&found[index..]))];
            let depth = still_open.chunk_by(|a, b| a == b).count();
            out.extend(std::iter::repeat_n(' ', depth * 4));
        } else if index > 0 {
            out.push_str(between(&found[index - 1], token, gap));
        }
        out.push_str(&text[token.span.clone()]);
        match token.kind {
            TokenKind::Open => open.push(line),
            TokenKind::Close => drop(open.pop()),
            _ => {}
        }
        last_end = token.span.end;
    }
    out.push('\n');
    out
}

/// How many brackets close at the start of a line: they stand under the line that opened the outermost of them.
fn closing(rest: &[Token]) -> usize {
    rest.iter().take_while(|token| token.kind == TokenKind::Close).count()
}

fn between<'a>(before: &Token, token: &Token, gap: &'a str) -> &'a str {
    use TokenKind as T;
    match (before.kind, token.kind) {
        (_, T::Comma | T::Colon | T::Close) | (T::Open, _) if token.kind != T::Comment => "",
        (T::Word, T::Open) => "",
        // A remark keeps its distance.
        (_, T::Comment) | (T::Comment, _) => gap,
        (T::Colon | T::Comma, _) => " ",
        _ => gap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_indented_by_their_brackets_and_comments_stay() {
        let text = "Scene(\n// c\nseed:1 ,agents :[\n(name:\"a\"  ,  count:2),   // x\n\n\n\n  ],\n)";
        let wanted = "Scene(\n    // c\n    seed: 1, agents: [\n        (name: \"a\", count: 2),   // x\n\n    ],\n)\n";
        assert_eq!(indent(text), wanted);
    }

    #[test]
    fn nested_brackets_that_open_together_close_together() {
        let text = "(\n    foraging: [(\n        a: 1,\n    )],\n)\n";
        assert_eq!(indent(&indent(text)), indent(text));
    }
}
