//! Who trusts whom, drawn over the world.

use agent2028_core::agent::AgentId;
use agent2028_trust::Trust;
use agent2028_trust::graph::Edge;
use agent2028_view::paint::Painter;
use agent2028_view::{Layer, LayerFacts, LayerInput};
use bevy::prelude::World;

/// If there are more pairs than this, only those of selected agents are drawn: all would cover everything else.
const MOST_PAIRS: usize = 600;
/// So many agents that one knows best are drawn for each of the selected.
const MOST_KNOWN: usize = 64;
/// How clearly an experience is drawn that is hardly one, and one that is sure.
const ALPHA: (f32, f32) = (0.1, 0.75);

/// Lines from those who have experience to those whom it is of: good ones in one colour, bad ones in another, the surer the
/// clearer.
#[derive(Clone, Copy, Debug)]
pub struct TrustLayer;

impl Layer for TrustLayer {
    const FACTS: LayerFacts = LayerFacts {
        key: "trust",
        label: "Trust",
        help: "Who has good (green) or bad (red) experience with whom; where pairs are too many, those of the selected agents",
        shortcut: "Alt 9",
        shown: true,
    };

    fn applies(world: &World) -> bool {
        world.contains_resource::<Trust>()
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        let Some(trust) = input.world().get_resource::<Trust>() else { return };
        let tokens = input.tokens();
        let mut draw = |edge: &Edge| {
            if let (Some(from), Some(to)) = (input.place(AgentId(edge.source)), input.place(AgentId(edge.target))) {
                let sure = edge.evidence.confidence() as f32;
                let color = if edge.evidence.score() >= 0.5 { tokens.good } else { tokens.danger };
                input.line(painter, from, to, color.alpha(ALPHA.0 + (ALPHA.1 - ALPHA.0) * sure));
            }
        };
        let selected = &input.selection.selected;
        if selected.is_empty() && trust.graph().len() <= MOST_PAIRS {
            trust.graph().edges().for_each(|edge| draw(&edge));
            return;
        }
        // More than so many can't be told apart.
        for agent in selected.iter().take(MOST_KNOWN) {
            let mut known: Vec<Edge> = trust.graph().edges_of(agent.0).collect();
            if known.len() > MOST_KNOWN {
                let surest = |one: &Edge, other: &Edge| other.evidence.amount().total_cmp(&one.evidence.amount());
                known.select_nth_unstable_by(MOST_KNOWN - 1, surest);
                known.truncate(MOST_KNOWN);
            }
            known.iter().for_each(&mut draw);
        }
    }
}
