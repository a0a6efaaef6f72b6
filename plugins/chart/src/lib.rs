//! Charts: series of numbers over time as SVG, PNG and CSV, without a window or a renderer.
//!
//! A [`Chart`] is plain values: plots above one another with a common axis of time, each with its series, and marks where
//! something was done. [`Chart::draw`] makes a [`Picture`] of it, a list of shapes; [`Picture::to_svg`] and
//! [`Picture::to_png`] write it. [`csv`] writes the numbers.
//!
//! | module | concept |
//! |---|---|
//! | [`chart`] | what is to be shown |
//! | [`style`] | its colours and sizes |
//! | `draw` | where everything goes |
//! | [`ticks`] | round numbers along an axis |
//! | `reduce` | a million samples in a thousand pixels |
//! | [`picture`] | a list of shapes |
//! | `svg` | shapes as SVG |
//! | `raster` | shapes as PNG |
//! | [`font`] | the fonts, their widths and outlines |
//! | [`csv`] | the numbers as CSV |
//!
//! ```
//! use agent2028_chart::{Chart, Plot, Series, Style};
//!
//! let order = Series::new("boids.order", (0..600).map(|tick| (f64::from(tick), f64::from(tick).sqrt() / 25.0)));
//! let chart = Chart { title: "A flock".into(), plots: vec![Plot::of("Order", "", vec![order])], ..Chart::default() };
//! let svg = chart.draw(&Style::DARK).to_svg();
//! assert!(svg.starts_with("<svg") && svg.contains("boids.order"));
//! let png = chart.draw(&Style::LIGHT).to_png(2.0)?;
//! assert!(png.starts_with(b"\x89PNG"));
//! # Ok::<(), agent2028_chart::ChartError>(())
//! ```

pub mod chart;
pub mod csv;
mod draw;
pub mod font;
pub mod picture;
mod raster;
mod reduce;
pub mod style;
mod svg;
pub mod ticks;

pub use chart::{Chart, Mark, Plot, Series};
pub use picture::Picture;
pub use style::{Rgb, Style};

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The picture is too large or has no size.
    #[error("a picture of {0} × {1} pixels can't be made; each side may have 1 to 16 384")]
    Size(u32, u32),
    /// The picture can't be encoded.
    #[error("the picture can't be encoded: {0}")]
    Encoding(String),
}
