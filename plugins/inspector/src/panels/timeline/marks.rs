//! The marks of interventions on the strip of time: their shape tells what kind they are.

use agent2028_core::intervention::{Applied, Origin, Stamped};
use bevy_egui::egui;
use egui::{Color32, Painter, Pos2, Shape, Stroke, pos2};

use crate::format;
use crate::theme::{Look, measure};

/// What an intervention is about; each has its own shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something is made worse: a triangle that points down.
    Harm,
    /// Something is added or mended: a triangle that points up.
    Gain,
    /// A value is changed: a diamond.
    Value,
    /// Anything else: a square.
    Other,
    /// Several of different kinds at one place: a disc.
    Several,
}

impl Kind {
    /// The kind of an intervention by its name in scenes.
    pub fn of(name: &str) -> Self {
        match name {
            "Kill" | "Freeze" | "Degrade" | "Remove" | "Churn" | "WithdrawCapability" | "SpoofPheromone" => Self::Harm,
            "Restart" | "Spawn" | "GrantCapability" | "AddNest" | "DropResource" => Self::Gain,
            "SetParam" | "SetField" => Self::Value,
            _ => Self::Other,
        }
    }

    fn color(self, look: &Look) -> Color32 {
        match self {
            Self::Harm => look.danger,
            Self::Gain => look.good,
            Self::Value => look.info,
            Self::Other | Self::Several => look.text,
        }
    }

    /// Draws the shape: filled for what a person did, hollow for what the scene does.
    pub fn paint(self, painter: &Painter, look: &Look, at: Pos2, filled: bool) {
        let color = self.color(look);
        let half = measure::STRIP_MARK / 2.0;
        let (fill, stroke) = (if filled { color } else { look.panel }, Stroke::new(measure::CURVE, color));
        let corner = |x: f32, y: f32| pos2(at.x + x * half, at.y + y * half);
        let corners = match self {
            Self::Harm => vec![corner(-1.0, -0.9), corner(1.0, -0.9), corner(0.0, 1.0)],
            Self::Gain => vec![corner(0.0, -1.0), corner(1.0, 0.9), corner(-1.0, 0.9)],
            Self::Value => vec![corner(0.0, -1.0), corner(1.0, 0.0), corner(0.0, 1.0), corner(-1.0, 0.0)],
            Self::Other => vec![corner(-0.8, -0.8), corner(0.8, -0.8), corner(0.8, 0.8), corner(-0.8, 0.8)],
            Self::Several => {
                painter.circle(at, half, fill, stroke);
                return;
            }
        };
        painter.add(Shape::convex_polygon(corners, fill, stroke));
    }
}

/// One or more interventions that stand at the same place of the strip.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The tick of the first.
    pub tick: u64,
    /// What they are about.
    pub kind: Kind,
    /// Whether a person did any of them.
    pub by_user: bool,
    /// What they are, one line each.
    pub lines: Vec<String>,
    /// How many there are; more than there are lines if they are many.
    pub count: usize,
}

/// No tooltip tells more than this many at once.
const MOST_LINES: usize = 8;

impl Mark {
    /// One intervention and, if it has been applied, what came of it.
    fn of(stamped: &Stamped, outcome: Option<&Result<String, String>>) -> Self {
        let who = if stamped.origin == Origin::User { "You" } else { "Scene" };
        let what = match outcome {
            Some(Ok(text)) => text.clone(),
            Some(Err(text)) => format!("failed: {text}"),
            None => "waits for its tick".into(),
        };
        let name = format::words(stamped.action.name());
        Self {
            tick: stamped.tick,
            kind: Kind::of(stamped.action.name()),
            by_user: stamped.origin == Origin::User,
            lines: vec![format!("Tick {} · {who}: {name}, {what}", format::count(stamped.tick))],
            count: 1,
        }
    }

    /// Takes another one in that stands at the same place.
    fn join(&mut self, other: Self) {
        if self.kind != other.kind {
            self.kind = Kind::Several;
        }
        self.by_user |= other.by_user;
        self.count += other.count;
        let room = MOST_LINES.saturating_sub(self.lines.len());
        self.lines.extend(other.lines.into_iter().take(room));
    }

    /// What it is called by screen readers and scripts.
    pub fn name(&self) -> String {
        match self.lines.as_slice() {
            [line] => line.clone(),
            _ => format!("{} changes from tick {}", format::count(self.count as u64), format::count(self.tick)),
        }
    }
}

/// The marks of what was applied and of what waits, those closer than a mark is wide joined; `x` says where a tick is, or
/// nothing for one that is not shown.
pub fn marks<'a>(
    applied: &'a [Applied],
    waiting: impl Iterator<Item = Stamped> + 'a,
    x: impl Fn(u64) -> Option<f32>,
) -> Vec<(f32, Mark)> {
    let applied = applied
        .iter()
        .filter_map(|applied| Some((x(applied.stamped.tick)?, Mark::of(&applied.stamped, Some(&applied.outcome)))));
    let waiting = waiting.filter_map(|stamped| Some((x(stamped.tick)?, Mark::of(&stamped, None))));
    let mut marks: Vec<(f32, Mark)> = Vec::new();
    for (at, mark) in applied.chain(waiting) {
        match marks.last_mut() {
            Some((last, joined)) if at - *last < measure::STRIP_MARK => joined.join(mark),
            _ => marks.push((at, mark)),
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::faults::{Kill, Restart};
    use agent2028_core::intervention::AnyIntervention;

    fn applied(tick: u64, origin: Origin, action: impl Into<AnyIntervention>) -> Applied {
        let stamped = Stamped { tick, sequence: tick, origin, action: action.into() };
        Applied { stamped, outcome: Ok("3 agents".into()) }
    }

    #[test]
    fn what_stands_apart_is_told_apart_and_what_does_not_is_joined() {
        let log = [
            applied(10, Origin::User, Kill::default()),
            applied(100, Origin::Scene, Restart::default()),
            applied(101, Origin::User, Kill::default()),
        ];
        let waiting = Stamped { tick: 300, ..log[0].stamped.clone() };
        let marks = marks(&log, std::iter::once(waiting), |tick| (tick < 1000).then_some(tick as f32));
        let kinds: Vec<_> = marks.iter().map(|(_, mark)| (mark.tick, mark.kind, mark.by_user, mark.count)).collect();
        assert_eq!(kinds, [(10, Kind::Harm, true, 1), (100, Kind::Several, true, 2), (300, Kind::Harm, true, 1)]);
        assert_eq!(marks[0].1.name(), "Tick 10 · You: Kill, 3 agents");
        assert_eq!(marks[1].1.name(), "2 changes from tick 100");
        assert_eq!(marks[2].1.lines, ["Tick 300 · You: Kill, waits for its tick"]);
    }

    #[test]
    fn a_thousand_at_one_place_are_one_mark() {
        let log: Vec<Applied> = (0..1000).map(|tick| applied(tick, Origin::Scene, Kill::default())).collect();
        let marks = marks(&log, std::iter::empty(), |tick| Some(tick as f32 / 1000.0));
        assert_eq!((marks.len(), marks[0].1.count, marks[0].1.lines.len()), (1, 1000, MOST_LINES));
    }
}
