//! The part `exchange` of the section `market`.

use agent2028_core::schema::Check;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Where goods are bought and sold.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Exchange {}

impl Check for Exchange {}
