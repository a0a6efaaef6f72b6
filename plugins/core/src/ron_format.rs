//! How Agent2028 writes and reads RON: one set of options everywhere.

use ron::extensions::Extensions;
use serde::{Serialize, de::DeserializeOwned};

/// `Kill(select: All)` instead of `Kill((select: All))`, and `health: 0.5` instead of `health: Some(0.5)`.
#[must_use]
pub fn options() -> ron::Options {
    ron::Options::default()
        .with_default_extension(Extensions::UNWRAP_VARIANT_NEWTYPES)
        .with_default_extension(Extensions::IMPLICIT_SOME)
}

/// A value in one line of RON.
///
/// # Errors
/// If the type has no RON form (maps with keys that aren't values, for instance).
pub fn to_line<T: Serialize + ?Sized>(value: &T) -> Result<String, ron::Error> {
    options().to_string(value)
}

/// A value in indented RON, as a person would write it.
///
/// # Errors
/// As [`to_line`].
pub fn to_pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, ron::Error> {
    let config = ron::ser::PrettyConfig::new().struct_names(false).compact_arrays(true);
    options().to_string_pretty(value, config)
}

/// Reads a value.
///
/// # Errors
/// With the position of what could not be read.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, ron::error::SpannedError> {
    options().from_str(text)
}
