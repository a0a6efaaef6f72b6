//! Cost curves as log–log charts: small SVG files that read well on light and on dark pages.

use std::fmt::Write;

use crate::row::{Curve, slope};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 92.0;
/// Mid-tones that stand out from white and from black, told apart also by the colour-blind.
const COLORS: [&str; 4] = ["#2f8fd8", "#e0812d", "#2ea36f", "#b56fc4"];

/// An axis from one power of ten to another.
struct Axis {
    from: i32,
    to: i32,
}

impl Axis {
    fn around(values: impl Iterator<Item = f64> + Clone) -> Self {
        // A power of ten is its own end, whatever the logarithm's last bits say.
        let from = values.clone().map(|value| (value.log10() + 1e-9).floor() as i32).min().unwrap_or(0);
        let to = values.map(|value| (value.log10() - 1e-9).ceil() as i32).max().unwrap_or(1);
        Self { from, to: to.max(from + 1) }
    }

    /// Where a value lies, 0 to 1.
    fn place(&self, value: f64) -> f64 {
        (value.log10() - f64::from(self.from)) / f64::from(self.to - self.from)
    }
}

/// Draws a curve.
pub fn draw(curve: &Curve) -> String {
    let points = || curve.lines.iter().flat_map(|(_, points)| points.iter());
    let (across, up) = (Axis::around(points().map(|(x, _)| *x)), Axis::around(points().map(|(_, y)| *y)));
    let x = |value: f64| LEFT + across.place(value) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - up.place(value) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<title>{title}</title>\n\
         <style>text {{ fill: #555 }} .grid {{ stroke: #8886; stroke-width: 1 }} .curve {{ fill: none; stroke-width: 2 }}\n\
         @media (prefers-color-scheme: dark) {{ text {{ fill: #bbb }} }}</style>\n\
         <text x=\"{LEFT}\" y=\"24\" font-size=\"16\">{title}</text>\n",
        title = curve.title
    );
    // Writing to a string can't fail.
    let mut line = |text: std::fmt::Arguments<'_>| {
        let _ = writeln!(svg, "{text}");
    };
    for exponent in across.from..=across.to {
        let at = x(10_f64.powi(exponent));
        line(format_args!(
            "<line class=\"grid\" x1=\"{at:.1}\" y1=\"{TOP}\" x2=\"{at:.1}\" y2=\"{:.1}\"/>",
            HEIGHT - BOTTOM
        ));
        line(format_args!(
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            HEIGHT - BOTTOM + 18.0,
            power(exponent)
        ));
    }
    for exponent in up.from..=up.to {
        let at = y(10_f64.powi(exponent));
        line(format_args!(
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{:.1}\" y2=\"{at:.1}\"/>",
            WIDTH - RIGHT
        ));
        line(format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            at + 4.0,
            power(exponent)
        ));
    }
    line(format_args!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
        (LEFT + WIDTH - RIGHT) * 0.5,
        HEIGHT - BOTTOM + 38.0,
        curve.x
    ));
    line(format_args!(
        "<text transform=\"translate(18 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
        (TOP + HEIGHT - BOTTOM) * 0.5,
        curve.y
    ));
    let share = (WIDTH - LEFT - RIGHT) / curve.lines.len().max(1) as f64;
    for (index, (name, points)) in curve.lines.iter().enumerate() {
        let color = COLORS[index % COLORS.len()];
        let path: Vec<String> = points.iter().map(|(a, b)| format!("{:.1},{:.1}", x(*a), y(*b))).collect();
        line(format_args!("<polyline class=\"curve\" stroke=\"{color}\" points=\"{}\"/>", path.join(" ")));
        for (a, b) in points {
            line(format_args!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{color}\"/>", x(*a), y(*b)));
        }
        let (at, below) = (LEFT + share * index as f64, HEIGHT - 22.0);
        line(format_args!("<rect x=\"{at:.1}\" y=\"{:.1}\" width=\"14\" height=\"4\" fill=\"{color}\"/>", below - 6.0));
        line(format_args!("<text x=\"{:.1}\" y=\"{below:.1}\">{name}, slope {:.2}</text>", at + 20.0, slope(points)));
    }
    svg.push_str("</svg>\n");
    svg
}

/// A power of ten as people write it.
fn power(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits =
        exponent.unsigned_abs().to_string().bytes().map(|digit| DIGITS[usize::from(digit - b'0')]).collect::<String>();
    format!("10{}{digits}", if exponent < 0 { "⁻" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_reach_to_whole_powers_around_all_values() {
        let axis = Axis::around([1000.0, 35_000.0].into_iter());
        assert_eq!((axis.from, axis.to), (3, 5));
        assert_eq!((axis.place(1000.0), axis.place(100_000.0)), (0.0, 1.0));
        let tiny = Axis::around([3e-6].into_iter());
        assert_eq!((tiny.from, tiny.to), (-6, -5));
    }

    #[test]
    fn a_chart_shows_every_point_and_line() {
        let lines = vec![("a".into(), vec![(1e3, 1e-3), (1e4, 1e-2)]), ("b".into(), vec![(1e3, 2e-3), (1e4, 8e-2)])];
        let svg = draw(&Curve { title: "t".into(), x: "agents".into(), y: "seconds".into(), lines });
        assert_eq!((svg.matches("<polyline").count(), svg.matches("<circle").count()), (2, 4));
        assert!(svg.contains("a, slope 1.00") && svg.contains("10⁻³"));
    }
}
