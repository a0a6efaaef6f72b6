//! What a ledger puts into words and bytes: whatever can't be written is an error, never an empty text.

use serde::Serialize;

/// Something could not be written: it would stand there as nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} can't be written: {why}")]
pub struct Unwritable {
    /// What it was.
    pub what: &'static str,
    /// Why.
    pub why: String,
}

/// A value as JSON without spaces.
///
/// # Errors
/// If it has no JSON form.
pub(crate) fn json(what: &'static str, value: &impl Serialize) -> Result<String, Unwritable> {
    serde_json::to_string(value).map_err(|error| Unwritable { what, why: error.to_string() })
}

/// A value as JSON that people read, with a line break at its end.
///
/// # Errors
/// If it has no JSON form.
pub(crate) fn indented_json(what: &'static str, value: &impl Serialize) -> Result<String, Unwritable> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Unwritable { what, why: error.to_string() })?;
    Ok(text + "\n")
}

/// A value as bytes.
///
/// # Errors
/// If it has no binary form.
pub(crate) fn binary(what: &'static str, value: &impl Serialize) -> Result<Vec<u8>, Unwritable> {
    postcard::to_stdvec(value).map_err(|error| Unwritable { what, why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use serde::{Serialize, Serializer};

    use super::*;

    struct Stubborn;

    impl Serialize for Stubborn {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("it has no form"))
        }
    }

    #[test]
    fn what_cannot_be_written_is_an_error_and_no_empty_text() {
        let said = Unwritable { what: "a manifest", why: String::new() };
        for error in [
            json("a manifest", &Stubborn).unwrap_err(),
            indented_json("a manifest", &Stubborn).unwrap_err(),
            binary("a manifest", &Stubborn).unwrap_err(),
        ] {
            assert_eq!(error.what, said.what);
            assert!(!error.why.is_empty() && error.to_string().starts_with("a manifest can't be written: "), "{error}");
        }
        assert_eq!(json("a number", &7).unwrap(), "7");
        assert_eq!(indented_json("a number", &7).unwrap(), "7\n");
        assert_eq!(binary("a number", &7_u8).unwrap(), [7]);
    }
}
