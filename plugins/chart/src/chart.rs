//! What a chart shows.

/// A series of numbers over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What it is called in the legend.
    pub name: String,
    /// Tick and value, ticks ascending. What isn't finite interrupts the line.
    pub points: Vec<(f64, f64)>,
    /// Which of the style's colours it has; they repeat.
    pub color: usize,
    /// Which pattern its line has: 0 is drawn through, others are dashed and dotted; they repeat.
    pub pattern: usize,
}

impl Series {
    /// A series in the first colour.
    #[must_use]
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self { name: name.into(), points: points.into_iter().collect(), color: 0, pattern: 0 }
    }
}

/// Series with a common axis of values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot {
    /// What stands above it.
    pub title: String,
    /// The unit of its values, empty for pure numbers.
    pub unit: String,
    /// Its series.
    pub series: Vec<Series>,
}

impl Plot {
    /// A plot whose series have a colour each.
    #[must_use]
    pub fn of(title: impl Into<String>, unit: impl Into<String>, series: Vec<Series>) -> Self {
        let series = series.into_iter().enumerate().map(|(color, series)| Series { color, ..series }).collect();
        Self { title: title.into(), unit: unit.into(), series }
    }
}

/// A moment at which something was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mark {
    /// The tick.
    pub at: f64,
    /// What was done.
    pub text: String,
}

/// Plots above one another with a common axis of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What stands above everything.
    pub title: String,
    /// What stands below the title: where the numbers come from.
    pub caption: String,
    /// The name of the axis of time, with its unit.
    pub time: String,
    /// The plots, from top to bottom.
    pub plots: Vec<Plot>,
    /// When something was done, ascending.
    pub marks: Vec<Mark>,
    /// The ticks that the axis of time shows; as many as the series have if absent.
    pub from_to: Option<(f64, f64)>,
    /// Width and height in pixels.
    pub size: (u32, u32),
}

impl Default for Chart {
    fn default() -> Self {
        Self {
            title: String::new(),
            caption: String::new(),
            time: "Tick".into(),
            plots: Vec::new(),
            marks: Vec::new(),
            from_to: None,
            size: (960, 540),
        }
    }
}

impl Chart {
    /// The first and last tick that the axis of time shows.
    #[must_use]
    pub fn extent(&self) -> (f64, f64) {
        let ticks =
            self.plots.iter().flat_map(|plot| &plot.series).flat_map(|series| series.points.iter().map(|p| p.0));
        let (from, to) = self.from_to.unwrap_or_else(|| {
            ticks
                .filter(|tick| tick.is_finite())
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), tick| (from.min(tick), to.max(tick)))
        });
        match (from.is_finite() && to.is_finite(), from < to) {
            (true, true) => (from, to),
            (true, false) => (from - 0.5, from + 0.5),
            (false, _) => (0.0, 1.0),
        }
    }
}
