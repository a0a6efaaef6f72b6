//! From a tree that conforms to the types to a [`Scene`]: its own fields, its sections and the interventions of its timeline,
//! each by whoever knows its type.

use agent2028_core::check::suggest;
use agent2028_core::intervention::AnyIntervention;
use agent2028_core::section::{SectionRegistry, Sections};
use agent2028_language::from_tree;

use super::Scene;
use super::report::Fault;
use super::syntax::{Kind, Node};

/// Reads a scene.
///
/// # Errors
/// With the place of what the right shape leaves open and a type still refuses.
pub fn scene(tree: &Node, registry: &SectionRegistry) -> Result<Scene, Fault> {
    let mut rest = tree.clone();
    let mut sections = Sections::default();
    for kind in registry.kinds() {
        let Some(node) = rest.take_field(kind.name) else { continue };
        let is_none = matches!(&node.kind, Kind::Word(word) if word == "None");
        if !is_none {
            sections.insert(kind.read(plain(&node))?);
        }
    }
    let mut actions = Vec::new();
    if let Some(Kind::List(entries)) = rest.field_mut("timeline").map(|node| &mut node.kind) {
        for entry in entries {
            actions.push(match entry.take_field("do") {
                Some(node) => intervention(&node, registry)?,
                None => AnyIntervention::default(),
            });
        }
    }
    let mut scene: Scene = from_tree(&rest)?;
    scene.sections = sections;
    for (entry, action) in scene.timeline.iter_mut().zip(actions) {
        entry.r#do = action;
    }
    Ok(scene)
}

/// Reads `Name(fields)`, also written `Name((fields))`.
fn intervention(node: &Node, registry: &SectionRegistry) -> Result<AnyIntervention, Fault> {
    let known = registry.interventions();
    let (Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _)) = &node.kind else {
        let message = format!("expected an intervention, found {}", node.describe());
        return Err(Fault::new(node.place.clone(), message, "for example Kill(select: All)"));
    };
    let kind = known.find(&name.text).ok_or_else(|| {
        let message = format!("\"{}\" is not a choice here", name.text);
        Fault::new(name.place.clone(), message, suggest(&name.text, known.names(), "choice"))
    })?;
    kind.read(node)
}

/// What stands in `Some(…)`.
fn plain(node: &Node) -> &Node {
    match &node.kind {
        Kind::Tuple(Some(name), items) if name.text == "Some" && items.len() == 1 => plain(&items[0]),
        _ => node,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::syntax::{SourceId, parse};

    #[test]
    fn every_intervention_is_read_as_it_is_written() {
        let registry = crate::plugins::ours();
        assert!(registry.interventions().kinds().len() > 50);
        for kind in registry.interventions().kinds() {
            let one = kind.default_intervention();
            let text = agent2028_core::ron_format::to_line(&one).unwrap();
            let node = parse(SourceId(0), &text).unwrap();
            assert_eq!(intervention(&node, &registry).unwrap(), one, "{text}");
            // Recordings keep the name and the fields apart.
            assert_eq!(registry.interventions().read(one.name(), &one.to_ron().unwrap()).unwrap(), one);
        }
    }

    #[test]
    fn a_scene_is_read_as_it_is_written() {
        let registry = crate::plugins::ours();
        for (name, text) in crate::scene::gallery::SCENES {
            let node = parse(SourceId(0), text).unwrap();
            let scene = scene(&node, &registry).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
            let again = agent2028_core::ron_format::to_pretty(&scene).unwrap();
            let again = super::scene(&parse(SourceId(0), &again).unwrap(), &registry).unwrap();
            assert!(scene == again, "{name}");
        }
    }
}
