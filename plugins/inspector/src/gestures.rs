//! Turns what was drawn with a tool into interventions.

use agent2028_core::simulation::Simulation;
use agent2028_kit::tool::{ToolEffect, Toolbox};
use agent2028_view::tool::simplify;
use agent2028_view::{Drawing, ToolGesture, WorldLayers};
use bevy::math::Vec2;

use crate::panels::tools::on_things;
use crate::states::States;

/// The part of a stroke that has not become an intervention yet.
#[derive(Clone, Debug, Default, PartialEq)]
struct Stroke {
    tool: &'static str,
    points: Vec<Vec2>,
    radius: f32,
    done: bool,
    /// A part of it took effect already: the first point is where that part ended.
    begun: bool,
}

/// Collects strokes, so that each makes one intervention per tick at most, however fast frames come.
#[derive(Clone, Debug, Default)]
pub struct Strokes {
    open: Option<Stroke>,
    sent: Option<(u64, u64)>,
}

impl Strokes {
    fn add(&mut self, now: (u64, u64), tool: &'static str, points: &[Vec2], radius: f32, done: bool) {
        // While time stands still a stroke stays whole, and is one intervention.
        if self.open.is_none() {
            self.sent = Some(now);
        }
        let stroke = self.open.get_or_insert_with(|| Stroke { tool, radius, ..Stroke::default() });
        let fresh = if stroke.points.is_empty() { points } else { points.get(1..).unwrap_or(&[]) };
        stroke.points.extend_from_slice(fresh);
        stroke.done |= done;
    }

    /// The part that is due: all of it when the stroke has ended, else what was drawn since the last tick.
    fn due(&mut self, now: (u64, u64)) -> Option<Stroke> {
        let stroke = self.open.as_mut()?;
        // A brush that rests has painted where it is.
        let fresh = stroke.points.len() > usize::from(stroke.begun);
        if !stroke.done && (self.sent == Some(now) || !fresh) {
            return None;
        }
        self.sent = Some(now);
        let part = fresh.then(|| stroke.clone());
        if stroke.done {
            self.open = None;
            self.sent = None;
        } else {
            // The next part begins where this one ends.
            stroke.points.drain(..stroke.points.len() - 1);
            stroke.begun = true;
        }
        part
    }
}

/// Turns gestures into what is to be done. Strokes wait for their tick.
pub fn effects(
    gestures: Vec<ToolGesture>,
    (tools, layers): (&Toolbox, &WorldLayers),
    states: &mut States,
    simulation: &Simulation,
) -> Vec<ToolEffect> {
    let mut done = Vec::new();
    let mut strokes = states.take::<Strokes>();
    let now = (simulation.generation(), simulation.tick());
    let stroke = |stroke: Stroke, states: &mut States| {
        let points = simplify(&stroke.points, stroke.radius * 0.1);
        let drawing = Drawing::Stroke { points, radius: stroke.radius, done: stroke.done, continued: stroke.begun };
        tools.make(stroke.tool, &drawing, states, simulation)
    };
    for gesture in gestures {
        if let Drawing::Stroke { points, radius, done: ends, .. } = &gesture.drawing {
            strokes.add(now, gesture.tool, points, *radius, *ends);
            // One stroke may end and the next begin within a frame.
            if *ends && let Some(part) = strokes.due(now) {
                done.extend(stroke(part, states));
            }
        } else {
            let effect = tools.make(gesture.tool, &gesture.drawing, states, simulation);
            done.extend(effect.or_else(|| on_things(&gesture.drawing, layers, simulation)));
        }
    }
    if let Some(part) = strokes.due(now) {
        done.extend(stroke(part, states));
    }
    states.put(strokes);
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_core::faults::MoveAgents;
    use agent2028_kit::tool::Tool;
    use agent2028_view::tool::SELECT;
    use agent2028_view::{Draws, ObstacleShape, ToolFacts};

    /// A brush whose strokes move nobody along themselves.
    struct Brush;

    impl Tool for Brush {
        type Options = ();
        const FACTS: ToolFacts = ToolFacts { key: "brush", draws: Draws::Stroke, ..SELECT };

        fn hint(_: ObstacleShape) -> &'static str {
            ""
        }

        fn make(drawing: &Drawing, (): &(), _: &Simulation) -> Option<ToolEffect> {
            let Drawing::Stroke { points, continued, .. } = drawing else { return None };
            let by = *points.last()? - *points.first()?;
            let words = format!("{} points{}", points.len(), if *continued { ", continued" } else { "" });
            Some(ToolEffect::new(MoveAgents { by, ..MoveAgents::default() }, words))
        }
    }

    #[test]
    fn a_stroke_makes_one_intervention_per_tick_at_most_and_leaves_no_gap() {
        let mut simulation = crate::panels::tests::simulation(&[]);
        let (mut tools, mut states) = (Toolbox::default(), States::default());
        tools.add::<Brush>();
        let part = |points: &[(f32, f32)], ends: bool| ToolGesture {
            tool: "brush",
            drawing: Drawing::Stroke {
                points: points.iter().map(|point| Vec2::from(*point)).collect(),
                radius: 0.1,
                done: ends,
                continued: false,
            },
        };
        let mut feed = |simulation: &Simulation, gestures: Vec<ToolGesture>| -> Vec<String> {
            effects(gestures, (&tools, &WorldLayers::default()), &mut states, simulation)
                .into_iter()
                .map(|effect| effect.words)
                .collect()
        };
        // What is drawn within a tick waits for its end: while time stands still a stroke stays whole.
        assert!(feed(&simulation, vec![part(&[(0.0, 0.0)], false)]).is_empty());
        assert!(feed(&simulation, vec![part(&[(0.0, 0.0), (5.0, 0.0)], false)]).is_empty());
        assert!(feed(&simulation, vec![part(&[(5.0, 0.0), (5.0, 5.0)], false)]).is_empty());
        simulation.run(1);
        assert_eq!(feed(&simulation, vec![]), ["3 points"]);
        simulation.run(1);
        assert!(feed(&simulation, vec![]).is_empty(), "a brush that rests paints nothing more");
        // The end does not wait, and it begins where the last part ended.
        assert_eq!(feed(&simulation, vec![part(&[(5.0, 5.0), (0.0, 5.0)], true)]), ["2 points, continued"]);
        simulation.run(1);
        assert!(feed(&simulation, vec![]).is_empty());
    }
}
