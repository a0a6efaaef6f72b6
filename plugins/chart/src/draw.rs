//! Where everything of a chart goes.

use crate::chart::{Chart, Mark, Plot, Series};
use crate::font::Font;
use crate::picture::{Anchor, Picture, Shape};
use crate::reduce::reduce;
use crate::style::{self, GAP, HAIRLINE, HEADING, LINE, MARGIN, SMALL, Style, TITLE};
use crate::ticks::{label, round_numbers};

/// The height of a line of small text.
const ROW: f32 = 16.0;
/// How long the line is that stands for a series in a legend.
const SWATCH: f32 = 18.0;
/// Pixels between two round numbers of the axis of time, and of the axis of values.
const APART: (f32, f32) = (110.0, 30.0);
/// How many marks are told in words.
const TOLD: usize = 6;

/// A mark as it is drawn: those of one tick together.
struct Pin {
    at: f64,
    number: usize,
    text: String,
}

/// The place of a plot: left, top, right and bottom of its field.
#[derive(Clone, Copy)]
struct Field {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
    time: (f64, f64),
    values: (f64, f64),
}

impl Field {
    fn x(&self, tick: f64) -> f32 {
        let share = (tick - self.time.0) / (self.time.1 - self.time.0);
        self.left + (share as f32) * (self.right - self.left)
    }

    fn y(&self, value: f64) -> f32 {
        let share = (value - self.values.0) / (self.values.1 - self.values.0);
        self.bottom - (share as f32) * (self.bottom - self.top)
    }
}

impl Chart {
    /// Draws the chart.
    #[must_use]
    pub fn draw(&self, style: &Style) -> Picture {
        let (width, height) = (self.size.0 as f32, self.size.1 as f32);
        let mut picture = Picture { size: self.size, title: self.title.clone(), shapes: Vec::new() };
        picture.rectangle([0.0, 0.0, width, height], style.ground);
        let mut top = MARGIN;
        if !self.title.is_empty() {
            top += TITLE;
            picture.text(&self.title, (MARGIN, top - 3.0), (Font::Bold, TITLE, style.text), Anchor::Start);
        }
        if !self.caption.is_empty() {
            top += ROW + 2.0;
            picture.text(&self.caption, (MARGIN, top - 3.0), (Font::Words, SMALL, style.secondary), Anchor::Start);
        }
        let time = self.extent();
        let pins = pins(&self.marks, time);
        let told = pins.len().min(TOLD) + usize::from(pins.len() > TOLD);
        let words = if told == 0 { 0.0 } else { told as f32 * ROW + GAP };
        // Numbers and name of the axis of time.
        let axis = 2.0 * ROW + 6.0;
        let bottom = height - MARGIN - words - axis;
        let each = (bottom - top - GAP) / self.plots.len().max(1) as f32;
        // All fields begin below one another, so that the same tick is in the same place.
        let ranges: Vec<(f64, f64)> = self.plots.iter().map(|plot| values(plot, time)).collect();
        let rows: Vec<Vec<f64>> = ranges
            .iter()
            .map(|(from, to)| round_numbers(*from, *to, ((each - 60.0) / APART.1).max(1.0) as usize))
            .collect();
        let widest = rows
            .iter()
            .flat_map(|row| row.iter().map(|number| Font::Numbers.width(&label(*number, row), SMALL)))
            .fold(0.0, f32::max);
        let left = MARGIN + widest + GAP;
        let right = width - MARGIN;
        let mut lowest = top;
        for (index, plot) in self.plots.iter().enumerate() {
            let head = top + GAP + each * index as f32;
            let legend = legend(&mut picture, style, plot, (MARGIN, head, right));
            let field = Field {
                left,
                top: legend + if index == 0 && !pins.is_empty() { 14.0 } else { 6.0 },
                right,
                bottom: top + GAP + each * (index + 1) as f32
                    - if index + 1 == self.plots.len() { 0.0 } else { MARGIN / 2.0 },
                time,
                values: ranges[index],
            };
            axes(&mut picture, style, &field, &rows[index]);
            for pin in &pins {
                mark(&mut picture, style, &field, pin, index == 0);
            }
            for series in &plot.series {
                line(&mut picture, style, &field, series);
            }
            if plot.series.iter().all(|series| series.points.is_empty()) {
                let middle = ((field.left + field.right) / 2.0, (field.top + field.bottom) / 2.0);
                picture.text("No values recorded", middle, (Font::Words, SMALL, style.secondary), Anchor::Middle);
            }
            lowest = field.bottom;
        }
        self.time_axis(&mut picture, style, (left, right, lowest));
        tell(&mut picture, style, &pins, lowest + axis + GAP);
        picture
    }

    /// The numbers and the name of the axis of time, below the last plot.
    fn time_axis(&self, picture: &mut Picture, style: &Style, (left, right, y): (f32, f32, f32)) {
        let (from, to) = self.extent();
        let row = round_numbers(from, to, ((right - left) / APART.0).max(1.0) as usize);
        for number in &row {
            let x = left + ((number - from) / (to - from)) as f32 * (right - left);
            let text = label(*number, &row);
            // The outermost numbers stay within the picture.
            let half = Font::Numbers.width(&text, SMALL) / 2.0;
            let at = (x.min(right + MARGIN / 2.0 - half), y + ROW);
            picture.text(text, at, (Font::Numbers, SMALL, style.secondary), Anchor::Middle);
        }
        picture.text(&self.time, (right, y + 2.0 * ROW + 2.0), (Font::Words, SMALL, style.secondary), Anchor::End);
    }
}

/// The range of a plot's values, with a little air; from zero where zero is near.
fn values(plot: &Plot, time: (f64, f64)) -> (f64, f64) {
    let within = |tick: f64| tick >= time.0 && tick <= time.1;
    let all = plot.series.iter().flat_map(|series| &series.points);
    let (mut from, mut to) = all
        .filter(|(tick, value)| within(*tick) && value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), (_, value)| (from.min(*value), to.max(*value)));
    if !(from.is_finite() && to.is_finite()) {
        return (0.0, 1.0);
    }
    if from >= 0.0 && from < 0.5 * to {
        from = 0.0;
    }
    if to <= 0.0 && to > 0.5 * from {
        to = 0.0;
    }
    if from == to {
        let air = if from == 0.0 { 1.0 } else { from.abs() * 0.1 };
        return (from - air, to + air);
    }
    let air = (to - from) * 0.05;
    (if from == 0.0 { 0.0 } else { from - air }, if to == 0.0 { 0.0 } else { to + air })
}

/// The title and the legend of a plot; gives where they end.
fn legend(picture: &mut Picture, style: &Style, plot: &Plot, (left, top, right): (f32, f32, f32)) -> f32 {
    let mut y = top + HEADING;
    let mut x = left;
    if !plot.title.is_empty() {
        picture.text(&plot.title, (x, y), (Font::Bold, HEADING, style.text), Anchor::Start);
        x += Font::Bold.width(&plot.title, HEADING) + GAP;
    }
    if !plot.unit.is_empty() {
        picture.text(&plot.unit, (x, y), (Font::Words, SMALL, style.secondary), Anchor::Start);
        x += Font::Words.width(&plot.unit, SMALL) + GAP;
    }
    x += GAP;
    for series in &plot.series {
        let wide = SWATCH + 6.0 + Font::Words.width(&series.name, SMALL);
        if x + wide > right && x > left {
            x = left;
            y += ROW;
        }
        let color = style.series(series.color);
        let swatch = vec![(x, y - 4.0), (x + SWATCH, y - 4.0)];
        picture.line(swatch, color, LINE, style::pattern(series.pattern));
        picture.text(&series.name, (x + SWATCH + 6.0, y), (Font::Words, SMALL, style.secondary), Anchor::Start);
        x += wide + 2.0 * GAP;
    }
    y
}

/// The field with its grid and the numbers of its values.
fn axes(picture: &mut Picture, style: &Style, field: &Field, row: &[f64]) {
    let Field { left, top, right, bottom, time, .. } = *field;
    picture.rectangle([left, top, right - left, bottom - top], style.field);
    let hairline = |points| Shape::Line { points, color: style.grid, width: HAIRLINE, pattern: &[] };
    for number in row {
        let y = crisp(field.y(*number));
        picture.shapes.push(hairline(vec![(left, y), (right, y)]));
        picture.text(label(*number, row), (left - GAP, y + 4.0), (Font::Numbers, SMALL, style.secondary), Anchor::End);
    }
    for tick in round_numbers(time.0, time.1, ((right - left) / APART.0).max(1.0) as usize) {
        let x = crisp(field.x(tick));
        picture.shapes.push(hairline(vec![(x, top), (x, bottom)]));
    }
    let axis = vec![(crisp(left), top), (crisp(left), crisp(bottom)), (right, crisp(bottom))];
    picture.line(axis, style.axis, HAIRLINE, &[]);
}

/// The middle of the nearest pixel: hairlines there are one pixel wide, not two half ones.
fn crisp(pixel: f32) -> f32 {
    pixel.floor() + 0.5
}

/// The line of a series; where a value isn't finite, or outside of the time shown, it is interrupted.
fn line(picture: &mut Picture, style: &Style, field: &Field, series: &Series) {
    let shows = |(tick, value): &(f64, f64)| *tick >= field.time.0 && *tick <= field.time.1 && value.is_finite();
    for stretch in series.points.split(|point| !shows(point)).filter(|stretch| !stretch.is_empty()) {
        let points: Vec<(f32, f32)> = stretch.iter().map(|(tick, value)| (field.x(*tick), field.y(*value))).collect();
        let mut points = reduce(&points);
        if let [(x, y)] = points[..] {
            // A single sample is a short line, so that it shows.
            points = vec![(x - LINE, y), (x + LINE, y)];
        }
        picture.line(points, style.series(series.color), LINE, style::pattern(series.pattern));
    }
}

/// Marks of one tick become one; those outside of the time shown don't count.
fn pins(marks: &[Mark], time: (f64, f64)) -> Vec<Pin> {
    let mut pins: Vec<Pin> = Vec::new();
    for mark in marks.iter().filter(|mark| mark.at >= time.0 && mark.at <= time.1) {
        match pins.last_mut() {
            Some(pin) if pin.at == mark.at => {
                pin.text.push_str("; ");
                pin.text.push_str(&mark.text);
            }
            _ => pins.push(Pin { at: mark.at, number: pins.len() + 1, text: mark.text.clone() }),
        }
    }
    pins
}

/// A mark in a field: a dashed line, and above the first field a triangle with its number.
fn mark(picture: &mut Picture, style: &Style, field: &Field, pin: &Pin, first: bool) {
    let x = crisp(field.x(pin.at));
    picture.line(vec![(x, field.top), (x, field.bottom)], style.mark, HAIRLINE, style::pattern(2));
    if first {
        let y = field.top;
        picture.shapes.push(Shape::Triangle([(x - 4.0, y - 6.0), (x + 4.0, y - 6.0), (x, y)], style.mark));
        if pin.number <= TOLD {
            let at = (x + 7.0, y - 2.0);
            picture.text(pin.number.to_string(), at, (Font::Numbers, SMALL, style.mark), Anchor::Start);
        }
    }
}

/// What was done, in words, below the plots.
fn tell(picture: &mut Picture, style: &Style, pins: &[Pin], top: f32) {
    let room = picture.size.0 as f32 - 2.0 * MARGIN;
    for (index, pin) in pins.iter().take(TOLD).enumerate() {
        let y = top + (index + 1) as f32 * ROW - 4.0;
        let number = pin.number.to_string();
        picture.text(&number, (MARGIN, y), (Font::Numbers, SMALL, style.mark), Anchor::Start);
        let text = format!("Tick {}: {}", label(pin.at, &[pin.at]), pin.text);
        picture.text(cut(&text, room - 16.0), (MARGIN + 16.0, y), (Font::Words, SMALL, style.secondary), Anchor::Start);
    }
    if pins.len() > TOLD {
        let y = top + (TOLD + 1) as f32 * ROW - 4.0;
        let text = format!("and {} more", pins.len() - TOLD);
        picture.text(text, (MARGIN + 16.0, y), (Font::Words, SMALL, style.secondary), Anchor::Start);
    }
}

/// As much of a text as fits, with an ellipsis where it was cut.
fn cut(text: &str, room: f32) -> String {
    if Font::Words.width(text, SMALL) <= room {
        return text.into();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        kept.push(letter);
        if Font::Words.width(&kept, SMALL) + Font::Words.width("…", SMALL) > room {
            kept.pop();
            break;
        }
    }
    kept.trim_end().to_owned() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, f64)>) -> Chart {
        Chart { plots: vec![Plot::of("P", "s", vec![Series::new("a", points)])], ..Chart::default() }
    }

    fn lines(picture: &Picture, style: &Style) -> Vec<Vec<(f32, f32)>> {
        let of_series = |shape: &Shape| match shape {
            Shape::Line { points, color, .. } if *color == style.series(0) => Some(points.clone()),
            _ => None,
        };
        // The first line in a series' colour is that of the legend.
        picture.shapes.iter().filter_map(of_series).skip(1).collect()
    }

    #[test]
    fn everything_stays_within_the_picture_whatever_the_numbers() {
        for points in [
            vec![],
            vec![(5.0, 3.0)],
            vec![(0.0, -1e300), (1.0, 1e300)],
            vec![(0.0, f64::NAN), (1.0, f64::INFINITY)],
            vec![(0.0, 1e-12), (1e9, 2e-12)],
            vec![(0.0, 7.0), (10.0, 7.0)],
        ] {
            let mut chart = chart(points.clone());
            chart.marks = (0..9).map(|at| Mark { at: f64::from(at), text: "long ".repeat(60) }).collect();
            for size in [(480, 270), (200, 120)] {
                chart.size = size;
                let picture = chart.draw(&Style::DARK);
                for shape in &picture.shapes {
                    let Shape::Line { points, .. } = shape else { continue };
                    for (x, y) in points {
                        assert!(x.is_finite() && y.is_finite() && *x >= -1.0 && *x <= size.0 as f32 + 1.0, "{x} {y}");
                    }
                }
                assert!(picture.to_svg().ends_with("</svg>\n"));
                picture.to_png(0.5).unwrap();
            }
        }
    }

    #[test]
    fn values_are_where_the_axis_says() {
        let picture = chart(vec![(0.0, 0.0), (50.0, 100.0), (100.0, 0.0)]).draw(&Style::DARK);
        let line = &lines(&picture, &Style::DARK)[0];
        assert!((line[1].0 - (line[0].0 + line[2].0) / 2.0).abs() < 0.1);
        assert_eq!(line[0].1, line[2].1);
        let zero = picture.shapes.iter().find_map(|shape| match shape {
            Shape::Text { text, at, .. } if text == "0" => Some(at.1),
            _ => None,
        });
        assert!((zero.unwrap() - 4.0 - line[0].1).abs() < 1.0, "{zero:?} {line:?}");
    }

    #[test]
    fn what_is_not_finite_interrupts_the_line() {
        let picture = chart(vec![(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0), (4.0, 2.0)]).draw(&Style::LIGHT);
        assert_eq!(lines(&picture, &Style::LIGHT).len(), 2);
    }

    #[test]
    fn marks_of_a_tick_are_one_and_are_told_in_words() {
        let mut chart = chart(vec![(0.0, 1.0), (100.0, 2.0)]);
        chart.marks = [(20.0, "Kill: killed 3 agents"), (20.0, "Spawn"), (60.0, "<Paint>"), (900.0, "later")]
            .map(|(at, text)| Mark { at, text: text.into() })
            .into();
        let picture = chart.draw(&Style::DARK);
        let svg = picture.to_svg();
        assert!(svg.contains("Tick 20: Kill: killed 3 agents; Spawn") && svg.contains("&lt;Paint&gt;"), "{svg}");
        assert!(!svg.contains("later"));
        assert_eq!(picture.shapes.iter().filter(|shape| matches!(shape, Shape::Triangle(..))).count(), 2);
    }

    #[test]
    fn a_picture_that_is_too_large_is_refused() {
        assert!(Chart { size: (20_000, 10), ..Chart::default() }.draw(&Style::DARK).to_png(1.0).is_err());
        assert!(Chart { size: (0, 10), ..Chart::default() }.draw(&Style::DARK).to_png(1.0).is_err());
    }
}
