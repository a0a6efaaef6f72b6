//! The part `tasks` of the section `market`.

use agent2028_core::schema::Check;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Where tasks are put up and agents bid for them.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct TaskMarket {}

impl Check for TaskMarket {}
