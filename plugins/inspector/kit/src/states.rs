//! What panels remember from frame to frame, by type.

use std::any::{Any, TypeId, type_name};
use std::collections::BTreeMap;
use std::fmt;

/// A state that a panel keeps from frame to frame. It is found by its type and begins with its default.
pub trait State: Any + Default + fmt::Debug + Send + Sync {}

impl<T: Any + Default + fmt::Debug + Send + Sync> State for T {}

/// One value of each type that somebody asked for.
#[derive(Default)]
pub struct States(BTreeMap<TypeId, Kept>);

struct Kept {
    name: &'static str,
    value: Box<dyn Any + Send + Sync>,
}

impl fmt::Debug for States {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.debug_set().entries(self.0.values().map(|kept| kept.name)).finish()
    }
}

impl States {
    /// The value of this type; an empty one if there was none.
    pub fn of<T: State>(&mut self) -> &mut T {
        let kept = self.0.entry(TypeId::of::<T>());
        let kept = kept.or_insert_with(|| Kept { name: type_name::<T>(), value: Box::<T>::default() });
        match kept.value.downcast_mut() {
            Some(value) => value,
            None => unreachable!("it lies under its own type"),
        }
    }

    /// The value of this type, if there is one.
    #[must_use]
    pub fn get<T: State>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>())?.value.downcast_ref()
    }

    /// Takes a value out, so that others can be reached beside it; [`put`](Self::put) brings it back.
    #[must_use]
    pub fn take<T: State>(&mut self) -> Box<T> {
        self.0.remove(&TypeId::of::<T>()).and_then(|kept| kept.value.downcast().ok()).unwrap_or_default()
    }

    /// Puts a value in, in place of the one that is there.
    pub fn put<T: State>(&mut self, value: Box<T>) {
        self.0.insert(TypeId::of::<T>(), Kept { name: type_name::<T>(), value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_value_of_each_type() {
        let mut states = States::default();
        assert_eq!(states.get::<u32>(), None);
        *states.of::<u32>() = 7;
        states.of::<String>().push('a');
        let mut taken = states.take::<u32>();
        assert_eq!((*taken, states.get::<u32>()), (7, None));
        assert_eq!(states.of::<String>(), "a");
        *taken += 1;
        states.put(taken);
        assert_eq!(states.get::<u32>(), Some(&8));
    }
}
