//! The types of a scene, described: what checks, the reference, completion and the form read.

use std::sync::Arc;

use agent2028_language::types::Types;

use super::Scene;

/// The types of scenes with the plugins of this program.
#[must_use]
pub fn of_scenes() -> Arc<Types> {
    crate::plugins::all().types::<Scene>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_language::limits::{Range, Unit};
    use agent2028_language::syntax::{SourceId, parse};
    use agent2028_language::types::Shape;

    #[test]
    fn the_scene_s_fields_come_with_docs_units_ranges_and_defaults() {
        let types = of_scenes();
        let Shape::Record { fields, .. } = types.shape(types.root) else { panic!() };
        let field = |name: &str| fields.iter().find(|field| field.name == name).unwrap();
        let rate = field("tick_hz");
        assert_eq!(
            (rate.unit, rate.range, rate.plain_default()),
            (Some(Unit("1/s")), Some(Range::new(0.001, 1e5)), Some("60"))
        );
        assert!(fields.iter().all(|field| !field.docs.is_empty()));
        assert!(matches!(types.shape(field("boids").shape), Shape::Optional(_)));
        assert!(types.shapes.iter().all(|shape| *shape != Shape::Opaque), "a type is not understood");
    }

    #[test]
    fn types_that_contain_themselves_end() {
        let types = of_scenes();
        let selector = types.shapes.iter().find_map(|shape| match shape {
            Shape::Choice { name, variants, .. } if name == "Selector" => Some(variants),
            _ => None,
        });
        let and = selector.unwrap().iter().find(|variant| variant.name == "And").unwrap();
        assert_eq!(types.blank_variant(and), "And([])");
    }

    #[test]
    fn the_shortest_form_of_every_choice_is_read() {
        let types = of_scenes();
        for shape in &types.shapes {
            if let Shape::Choice { variants, name, .. } = shape {
                for variant in variants {
                    let text = types.blank_variant(variant);
                    assert!(parse(SourceId(0), &text).is_ok(), "{name}: {text}");
                }
            }
        }
    }
}
