//! Shapes as SVG.

use std::fmt::Write;

use crate::font::Font;
use crate::picture::{Anchor, Picture, Shape};
use crate::style::Rgb;

impl Picture {
    /// The picture as SVG. Letters stay letters: whoever reads it needs Inter and JetBrains Mono to see the same ones.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let (width, height) = self.size;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n",
            escaped(&self.title)
        );
        for shape in &self.shapes {
            // Writing to a string does not fail.
            let _ = write_shape(&mut svg, shape);
        }
        svg.push_str("</svg>\n");
        svg
    }
}

fn write_shape(svg: &mut String, shape: &Shape) -> std::fmt::Result {
    match shape {
        Shape::Rectangle([x, y, w, h], color) => writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            short(*x),
            short(*y),
            short(*w),
            short(*h),
            hex(*color)
        ),
        Shape::Line { points, color, width, pattern } => {
            write!(
                svg,
                "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"",
                hex(*color),
                short(*width)
            )?;
            if !pattern.is_empty() {
                let lengths: Vec<String> = pattern.iter().map(|length| short(*length)).collect();
                write!(svg, " stroke-dasharray=\"{}\"", lengths.join(" "))?;
            }
            svg.push_str(" points=\"");
            for (index, (x, y)) in points.iter().enumerate() {
                let space = if index == 0 { "" } else { " " };
                write!(svg, "{space}{},{}", short(*x), short(*y))?;
            }
            svg.push_str("\"/>\n");
            Ok(())
        }
        Shape::Triangle(corners, color) => {
            let corners: Vec<String> = corners.iter().map(|(x, y)| format!("{},{}", short(*x), short(*y))).collect();
            writeln!(svg, "<polygon fill=\"{}\" points=\"{}\"/>", hex(*color), corners.join(" "))
        }
        Shape::Text { text, at, size, font, color, anchor } => {
            let weight = if *font == Font::Bold { " font-weight=\"600\"" } else { "" };
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" font-family=\"{}\" font-size=\"{}\"{weight}{anchor} fill=\"{}\">{}</text>",
                short(at.0),
                short(at.1),
                font.family(),
                short(*size),
                hex(*color),
                escaped(text)
            )
        }
    }
}

fn hex(Rgb(red, green, blue): Rgb) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// A hundredth of a pixel is enough.
fn short(number: f32) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A text as XML may hold it; characters that it may not hold at all are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            letter if letter.is_control() || matches!(letter, '\u{FFFE}' | '\u{FFFF}') => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_does_not_hold_is_escaped_or_left_out() {
        assert_eq!(escaped("a < b & \"c\"\u{7}\n"), "a &lt; b &amp; &quot;c&quot; ");
        assert_eq!((short(3.0), short(0.125), short(10.0)), ("3".into(), "0.12".into(), "10".into()));
    }
}
