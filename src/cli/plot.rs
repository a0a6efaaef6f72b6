//! `agent2028 plot`: metrics of recorded runs as pictures or CSV.

use std::path::{Path, PathBuf};

use agent2028_chart::{ChartError, Style, csv};
use agent2028_core::checkpoint::write_atomically;
use clap::Args;

use super::{Failure, ThemeArgument, counted, print};
use crate::plot::{PlotError, chart, open_all};

/// Draws metrics of one or several recorded runs over one another, with a mark for everything that was done to them.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  agent2028 plot runs/1\n  agent2028 plot runs/1 runs/2 --metric boids.order --out order.png\n  \
    agent2028 plot runs/1 --metric 'agents.*' --theme light --out agents.svg\n  agent2028 plot runs/1 --metric '*' --out all.csv"
)]
pub(crate) struct Plot {
    /// The folders that `run --out` or `open --out` has written.
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// A metric, or a pattern such as 'agents.*'; can be repeated. By default the plots that the scene asks for.
    #[arg(long = "metric", value_name = "NAME")]
    metrics: Vec<String>,
    /// The file to write: .svg, .png or .csv.
    #[arg(long, value_name = "FILE", default_value = "plot.svg")]
    out: PathBuf,
    /// Light or dark.
    #[arg(long, value_enum, default_value_t)]
    theme: ThemeArgument,
    /// Size of the picture; by default as high as its plots need.
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    size: Option<(u32, u32)>,
    /// How many pixels of a PNG there are per pixel of its size.
    #[arg(long, value_name = "TIMES", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=8))]
    scale: u8,
}

/// Reads `960x540`.
fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let size = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match size {
        Some((width @ 200..=8192, height @ 120..=8192)) => Ok((width, height)),
        _ => Err("write for example 960x540: 200 to 8192 by 120 to 8192 pixels".into()),
    }
}

/// What kind of file a name asks for.
enum Kind {
    Svg,
    Png,
    Csv,
}

impl Kind {
    fn of(file: &Path) -> Result<Self, Failure> {
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            Some("csv") => Ok(Self::Csv),
            _ => Err(Failure::Input(miette::miette!(
                "{}: only .svg, .png and .csv can be written; name the file accordingly",
                file.display()
            ))),
        }
    }
}

impl From<PlotError> for Failure {
    fn from(error: PlotError) -> Self {
        match error {
            PlotError::Run(error) => error.into(),
            other => Self::Input(miette::miette!("{other}")),
        }
    }
}

impl Plot {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        let kind = Kind::of(&self.out)?;
        let mut chart = chart(&open_all(&self.folders)?, &self.metrics)?;
        if let Some(size) = self.size {
            chart.size = size;
        }
        let style = match self.theme {
            ThemeArgument::Dark => Style::DARK,
            ThemeArgument::Light => Style::LIGHT,
        };
        let bytes = match kind {
            Kind::Csv => csv::write(&chart).into_bytes(),
            Kind::Svg => chart.draw(&style).to_svg().into_bytes(),
            Kind::Png => chart
                .draw(&style)
                .to_png(f32::from(self.scale))
                .map_err(|error: ChartError| Failure::Input(miette::miette!("{error}")))?,
        };
        write_atomically(&self.out, &bytes)
            .map_err(|error| Failure::Input(miette::miette!("{}: {error}", self.out.display())))?;
        let series: usize = chart.plots.iter().map(|plot| plot.series.len()).sum();
        let plots = counted(chart.plots.len() as u64, "plot", "plots");
        print(&format!("{}: {} in {plots}\n", self.out.display(), counted(series as u64, "series", "series")))
    }
}
