//! The part `capabilities` of the section `market`.

use agent2028_core::schema::Check;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Where agents offer what they can do, under contracts.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct CapabilityMarket {}

impl Check for CapabilityMarket {}
