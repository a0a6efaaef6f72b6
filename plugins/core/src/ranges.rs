//! Whether the numbers of a value lie in the ranges that its type declares.
//!
//! The scene reader looks at the text of a scene. Values that come another way (made in code, sent by a program, set as a
//! whole while the simulation runs) are looked at here, so that the same limits hold for all.

use bevy::prelude::*;
use bevy::reflect::enums::VariantInfo;
use bevy::reflect::{PartialReflect, ReflectMut, ReflectRef, TypeInfo};

use crate::check::{Problems, Range};

/// Adds a problem for every number in `value`, at any depth, that is not finite or lies outside the
/// [`Range`] of its field. Paths begin with `at`. A range on a list, an option or a vector holds for all numbers in it.
/// Fields that reflection ignores are not looked at.
pub fn check_ranges(value: &dyn PartialReflect, at: &str, problems: &mut Problems) {
    check(value, at, None, problems);
}

fn check(value: &dyn PartialReflect, at: &str, range: Option<Range>, problems: &mut Problems) {
    if let Some(number) = value.try_downcast_ref::<f32>() {
        return check_single(*number, at, range, problems);
    }
    if let Some(number) = number(value) {
        return check_number(number, at, range, problems);
    }
    if let Some(vector) = value.try_downcast_ref::<Vec2>() {
        return [vector.x, vector.y].into_iter().for_each(|number| check_single(number, at, range, problems));
    }
    match value.reflect_ref() {
        ReflectRef::Struct(parent) => {
            for index in 0..parent.field_len() {
                if let (Some(name), Some(field)) = (parent.name_at(index), parent.field_at(index)) {
                    check(field, &join(at, name), range_of(value, index), problems);
                }
            }
        }
        ReflectRef::TupleStruct(parent) => {
            for field in parent.iter_fields() {
                check(field, at, range, problems);
            }
        }
        ReflectRef::Tuple(parent) => {
            for field in parent.iter_fields() {
                check(field, at, range, problems);
            }
        }
        ReflectRef::Enum(parent) => {
            for index in 0..parent.field_len() {
                if let Some(field) = parent.field_at(index) {
                    let path = parent.name_at(index).map_or_else(|| at.to_owned(), |name| join(at, name));
                    // What a field says of itself comes first; an option inherits what its own field says.
                    check(field, &path, range_of(value, index).or(range), problems);
                }
            }
        }
        ReflectRef::List(parent) => check_elements(parent.iter(), at, range, problems),
        ReflectRef::Array(parent) => check_elements(parent.iter(), at, range, problems),
        ReflectRef::Map(parent) => {
            for (key, element) in parent.iter() {
                let name = key.try_downcast_ref::<String>().map_or_else(|| format!("{key:?}"), Clone::clone);
                check(element, &join(at, &name), range, problems);
            }
        }
        _ => {}
    }
}

fn check_elements<'a>(
    elements: impl Iterator<Item = &'a dyn PartialReflect>,
    at: &str,
    range: Option<Range>,
    problems: &mut Problems,
) {
    for (index, element) in elements.enumerate() {
        check(element, &format!("{at}[{index}]"), range, problems);
    }
}

fn check_single(number: f32, at: &str, range: Option<Range>, problems: &mut Problems) {
    if !range.is_some_and(|range| range.contains_single(number)) {
        check_number(f64::from(number), at, range, problems);
    }
}

fn check_number(number: f64, at: &str, range: Option<Range>, problems: &mut Problems) {
    match range {
        Some(range) if !range.contains(number) => {
            // As it was written: 0.1 in single precision is no 0.10000000149.
            let written =
                if f64::from(number as f32) == number { (number as f32).to_string() } else { number.to_string() };
            problems.push(at, format!("{written} is out of range"), format!("the value must be {range}"));
        }
        None if !number.is_finite() => {
            problems.push(at, format!("{number} is not a finite number"), "write an ordinary number");
        }
        _ => {}
    }
}

/// Sets the `nth` number in `value`, counted depth first from 0, converted as `as` does. Returns whether there is one; if
/// not, `nth` is lowered by how many there are. For tests that try wrong numbers in every place of a type.
pub fn set_nth_number(value: &mut dyn PartialReflect, nth: &mut usize, number: f64) -> bool {
    macro_rules! set {
        ($($kind:ty),*) => {
            $(if let Some(held) = value.try_downcast_mut::<$kind>() {
                return match nth.checked_sub(1) {
                    None => {
                        *held = number as $kind;
                        true
                    }
                    Some(left) => {
                        *nth = left;
                        false
                    }
                };
            })*
        };
    }
    set!(f32, f64, u8, u16, u32, u64, usize, i8, i16, i32, i64);
    match value.reflect_mut() {
        ReflectMut::Struct(parent) => (0..parent.field_len())
            .any(|index| parent.field_at_mut(index).is_some_and(|field| set_nth_number(field, nth, number))),
        ReflectMut::TupleStruct(parent) => (0..parent.field_len())
            .any(|index| parent.field_mut(index).is_some_and(|field| set_nth_number(field, nth, number))),
        ReflectMut::Tuple(parent) => (0..parent.field_len())
            .any(|index| parent.field_mut(index).is_some_and(|field| set_nth_number(field, nth, number))),
        ReflectMut::Enum(parent) => (0..parent.field_len())
            .any(|index| parent.field_at_mut(index).is_some_and(|field| set_nth_number(field, nth, number))),
        ReflectMut::List(parent) => {
            (0..parent.len()).any(|index| parent.get_mut(index).is_some_and(|field| set_nth_number(field, nth, number)))
        }
        ReflectMut::Array(parent) => {
            (0..parent.len()).any(|index| parent.get_mut(index).is_some_and(|field| set_nth_number(field, nth, number)))
        }
        _ => false,
    }
}

/// The ranges of all numbers in `value`, in the order in which [`set_nth_number`] counts them; none for those that may be
/// anything.
#[must_use]
pub fn ranges_of_numbers(value: &dyn PartialReflect) -> Vec<Option<Range>> {
    let mut found = Vec::new();
    collect(value, None, &mut found);
    found
}

fn collect(value: &dyn PartialReflect, range: Option<Range>, found: &mut Vec<Option<Range>>) {
    if value.try_downcast_ref::<f32>().is_some() || number(value).is_some() {
        return found.push(range);
    }
    match value.reflect_ref() {
        ReflectRef::Struct(parent) => {
            for index in 0..parent.field_len() {
                if let Some(field) = parent.field_at(index) {
                    // The coordinates of a vector have the vector's range.
                    collect(field, range_of(value, index).or(range), found);
                }
            }
        }
        ReflectRef::TupleStruct(parent) => parent.iter_fields().for_each(|field| collect(field, range, found)),
        ReflectRef::Tuple(parent) => parent.iter_fields().for_each(|field| collect(field, range, found)),
        ReflectRef::Enum(parent) => {
            for index in 0..parent.field_len() {
                if let Some(field) = parent.field_at(index) {
                    collect(field, range_of(value, index).or(range), found);
                }
            }
        }
        ReflectRef::List(parent) => parent.iter().for_each(|field| collect(field, range, found)),
        ReflectRef::Array(parent) => parent.iter().for_each(|field| collect(field, range, found)),
        _ => {}
    }
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

fn number(value: &dyn PartialReflect) -> Option<f64> {
    macro_rules! numbers {
        ($($kind:ty),*) => {
            $(if let Some(number) = value.try_downcast_ref::<$kind>() { return Some(*number as f64); })*
        };
    }
    numbers!(f64, u8, u16, u32, u64, usize, i8, i16, i32, i64);
    None
}

/// The range that the type declares for the field at `index` of a struct or of the present variant of an enum.
fn range_of(parent: &dyn PartialReflect, index: usize) -> Option<Range> {
    match (parent.get_represented_type_info()?, parent.reflect_ref()) {
        (TypeInfo::Struct(info), _) => info.field_at(index)?.get_attribute::<Range>().copied(),
        (TypeInfo::Enum(info), ReflectRef::Enum(value)) => match info.variant(value.variant_name())? {
            VariantInfo::Struct(variant) => variant.field_at(index)?.get_attribute::<Range>().copied(),
            VariantInfo::Tuple(variant) => variant.field_at(index)?.get_attribute::<Range>().copied(),
            VariantInfo::Unit(_) => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Reflect, Clone)]
    enum Kind {
        Plain,
        Nearest(#[reflect(@Range::new(1.0, 64.0))] u32),
        Drift {
            #[reflect(@Range::new(0.0, 9.0))]
            speed: f32,
        },
    }

    #[derive(Reflect, Clone)]
    struct Inner {
        #[reflect(@Range::new(0.0, 5.0))]
        weight: Option<f32>,
        at: Vec2,
    }

    #[derive(Reflect, Clone)]
    struct Outer {
        #[reflect(@Range::positive())]
        rate: f32,
        free: f64,
        list: Vec<Inner>,
        kind: Kind,
    }

    fn outer() -> Outer {
        Outer {
            rate: 1.0,
            free: -4.0,
            list: vec![Inner { weight: None, at: Vec2::ZERO }, Inner { weight: Some(2.0), at: Vec2::ONE }],
            kind: Kind::Plain,
        }
    }

    fn paths(value: &Outer) -> Vec<String> {
        let mut problems = Problems::default();
        check_ranges(value, "section", &mut problems);
        problems.into_list().into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn what_is_in_range_is_no_problem() {
        assert_eq!(paths(&outer()), Vec::<String>::new());
    }

    #[test]
    fn every_number_out_of_range_or_not_finite_is_told_with_its_path() {
        let mut value = outer();
        value.rate = f32::INFINITY;
        value.free = f64::NAN;
        value.list[1].weight = Some(5.5);
        value.list[0].at = Vec2::new(0.0, f32::NAN);
        value.kind = Kind::Nearest(0);
        assert_eq!(
            paths(&value),
            ["section.rate", "section.free", "section.list[0].at", "section.list[1].weight", "section.kind"]
        );
        value = Outer { kind: Kind::Drift { speed: -0.1 }, ..outer() };
        assert_eq!(paths(&value), ["section.kind.speed"]);
    }

    #[test]
    fn the_ranges_of_numbers_stand_in_the_order_in_which_they_are_set() {
        let value = Outer { kind: Kind::Drift { speed: 1.0 }, ..outer() };
        let ranges = ranges_of_numbers(&value);
        let speed = ranges.iter().rposition(Option::is_some).unwrap();
        let mut changed = value.clone();
        assert!(set_nth_number(&mut changed, &mut { speed }, 99.0));
        assert_eq!(paths(&changed), ["section.kind.speed"]);
        assert!(!set_nth_number(&mut changed, &mut { ranges.len() }, 0.0) && ranges[0] == Some(Range::positive()));
    }

    #[test]
    fn every_number_can_be_set_by_its_place_in_the_order() {
        let mut found = Vec::new();
        for nth in 0.. {
            let mut value = Outer { kind: Kind::Nearest(3), ..outer() };
            if !set_nth_number(&mut value, &mut { nth }, -1e30) {
                break;
            }
            found.extend(paths(&value));
        }
        // Numbers without a range may be anything finite.
        assert_eq!(found, ["section.rate", "section.list[1].weight", "section.kind"]);
    }
}
