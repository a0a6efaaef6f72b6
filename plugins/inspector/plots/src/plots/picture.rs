//! Plots as pictures for papers and talks.

use agent2028_chart::{Chart, Mark, Picture, Plot, Series, Style};
use agent2028_view::Theme;

use super::curves::Curve;
use super::{PlotSetup, PlotsState, PlotsView};
use crate::actions::{Action, Actions};
use crate::export::FileToSave;
use crate::format;

/// How many points a curve in a picture has at most: finer than any printer.
const MOST_POINTS: usize = 8192;
/// Pixels of a PNG per unit of its layout: sharp on paper.
const PNG_SCALE: f32 = 2.0;
/// The height of one plot, and of what stands around it.
const HEIGHTS: (u32, u32) = (220, 120);

/// What a picture is saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PictureKind {
    /// Shapes that stay sharp at any size.
    Svg,
    /// Pixels.
    Png,
}

/// The visible part of plots, with the interventions in it.
fn chart(view: &PlotsView, state: &PlotsState, setups: &[PlotSetup]) -> Chart {
    let (from, to) = state.span.ticks(view.tick);
    let (from, to) = (from.max(0.0), to.min(view.tick as f64).max(from + 1.0));
    let per_tick = if state.in_ticks { 1.0 } else { 1.0 / view.tick_hz };
    let plots = setups.iter().map(|setup| {
        let curves = setup.metrics.iter().map(|name| {
            let curve = Curve::of(view.metrics, name, from as u64, to.ceil() as u64, MOST_POINTS);
            let height = |value: f64| if setup.logarithmic { value.log10() } else { value };
            let points = curve
                .buckets
                .iter()
                .map(|bucket| ((bucket.from + bucket.to) as f64 / 2.0 * per_tick, height(bucket.mean())));
            Series::new(name.as_str(), points)
        });
        let units: Vec<&str> = setup.metrics.iter().filter_map(|name| Some(view.metrics.spec(name)?.unit)).collect();
        let unit = units.first().filter(|first| units.iter().all(|unit| unit == *first)).copied().unwrap_or_default();
        let unit = if setup.logarithmic { format!("log₁₀ {unit}") } else { unit.to_owned() };
        Plot::of(setup.heading(), unit, curves.collect())
    });
    let marks = view.interventions.iter().filter(|applied| (from..=to).contains(&(applied.stamped.tick as f64)));
    Chart {
        time: if state.in_ticks { "Tick".into() } else { "Time in s".into() },
        plots: plots.collect(),
        marks: marks
            .map(|applied| Mark {
                at: applied.stamped.tick as f64 * per_tick,
                text: format::words(applied.stamped.action.name()),
            })
            .collect(),
        from_to: Some((from * per_tick, to * per_tick)),
        size: (Chart::default().size.0, setups.len() as u32 * HEIGHTS.0 + HEIGHTS.1),
        ..Chart::default()
    }
}

/// Asks where to save a picture of plots.
pub(super) fn save(
    view: &PlotsView,
    state: &PlotsState,
    setups: &[PlotSetup],
    theme: Theme,
    kind: PictureKind,
    actions: &mut Actions,
) {
    let style = if theme == Theme::Dark { Style::DARK } else { Style::LIGHT };
    let picture: Picture = chart(view, state, setups).draw(&style);
    let words = setups.iter().map(PlotSetup::heading).collect::<Vec<_>>().join(" ");
    let title = "Save the picture as";
    let file = match kind {
        PictureKind::Svg => FileToSave::new(title, &words, "svg", picture.to_svg()),
        PictureKind::Png => match picture.to_png(PNG_SCALE) {
            Ok(bytes) => FileToSave::new(title, &words, "png", bytes),
            Err(error) => {
                tracing::error!("{error}");
                return;
            }
        },
    };
    actions.push(Action::SaveFile(file));
}
