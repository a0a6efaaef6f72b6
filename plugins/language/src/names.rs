//! Names that are near to each other: what a wrong name was meant to be.

use std::cell::Cell;

thread_local! {
    static COMPARED: Cell<u64> = const { Cell::new(0) };
}

/// Counts a look-up or a comparison of names.
pub fn count_comparison() {
    COMPARED.set(COMPARED.get() + 1);
}

/// How often this thread has looked a name up or compared one with another since it began: tests see by it that what a check
/// costs grows with the scene and not faster.
#[must_use]
pub fn names_compared() -> u64 {
    COMPARED.get()
}

/// A suggestion is sought among so many names: what a wrong name costs doesn't grow with the number of right ones.
const SUGGESTED_AMONG: usize = 512;
/// A hint lists at most so many names.
const LISTED: usize = 12;

/// A hint with the nearest of the valid names, or the first of them if none is near.
#[must_use]
pub fn suggest<'a>(wrong: &str, valid: impl IntoIterator<Item = &'a str>, what: &str) -> String {
    let mut valid = valid.into_iter();
    let mut names: Vec<&str> = valid.by_ref().take(SUGGESTED_AMONG).collect();
    if names.is_empty() {
        return format!("there is no {what} to choose from");
    }
    let near = nearest(wrong, names.iter().copied());
    match near {
        Some(name) => format!("did you mean \"{name}\"?"),
        None => {
            names.sort_unstable();
            names.dedup();
            let more = names.len().saturating_sub(LISTED) + valid.size_hint().0;
            names.truncate(LISTED);
            let list = names.join(", ");
            if more > 0 { format!("valid: {list} and {more} more") } else { format!("valid: {list}") }
        }
    }
}

/// The valid name that is nearest to a wrong one, if any is near enough to be meant.
#[must_use]
pub fn nearest<'a>(wrong: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    valid
        .into_iter()
        .take(SUGGESTED_AMONG)
        .map(|name| {
            count_comparison();
            (strsim::jaro_winkler(&wrong, &name.to_lowercase()), name)
        })
        .filter(|(similarity, _)| *similarity > 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested() {
        assert_eq!(nearest("seperation", ["alignment", "separation", "cohesion"]), Some("separation"));
        assert_eq!(nearest("xyz", ["alignment", "separation"]), None);
        assert_eq!(suggest("bird", ["ant", "bee"], "group"), "valid: ant, bee");
    }
}
