//! The numbers of a chart as CSV: one row per sample, in the form that data tools like best.

use std::fmt::Write;

use crate::Chart;

/// All series as `plot,series,unit,tick,value`, numbers with all their digits.
#[must_use]
pub fn write(chart: &Chart) -> String {
    let mut text = String::from("plot,series,unit,tick,value\n");
    for plot in &chart.plots {
        for series in &plot.series {
            let names = format!("{},{},{}", cell(&plot.title), cell(&series.name), cell(&plot.unit));
            for (tick, value) in &series.points {
                // Writing to a string does not fail.
                let _ = writeln!(text, "{names},{tick},{value}");
            }
        }
    }
    text
}

/// A text as a cell: in quotes where it must be.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plot, Series};

    #[test]
    fn numbers_come_back_with_their_bits_and_names_are_quoted() {
        let values = [0.1 + 0.2, -1e-300, 3.0];
        let series = Series::new("a, \"b\"", values.iter().enumerate().map(|(tick, value)| (tick as f64, *value)));
        let chart = Chart { plots: vec![Plot::of("P", "s", vec![series])], ..Chart::default() };
        let text = write(&chart);
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("plot,series,unit,tick,value"));
        for (line, value) in lines.zip(values) {
            assert!(line.starts_with("P,\"a, \"\"b\"\"\",s,"), "{line}");
            assert_eq!(line.rsplit(',').next().unwrap().parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
