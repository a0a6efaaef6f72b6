//! How a group of agents forages.

use agent2028_core::check::{Range, Unit};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// How foragers turn towards scent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Steering {
    /// Three antennae, left, ahead and right (Jones 2010).
    #[default]
    Antennae,
    /// Up the gradient at the agent's own cell.
    Gradient,
}

/// How foragers find home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
pub enum Homing {
    /// They know direction and distance of their nest (path integration, as desert ants do).
    #[default]
    Compass,
    /// They follow this layer with their antennae, and see the nest only within their sight.
    Trail(String),
}

/// How confined foragers choose among branches: branch i with probability (k + Aᵢ)ⁿ / Σⱼ (k + Aⱼ)ⁿ, where A is the scent
/// on the branch (Deneubourg, Aron, Goss & Pasteels 1990).
#[derive(Clone, Copy, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ChoiceRule {
    /// How attractive an unmarked branch is, in the layer's intensity; by default 20 (with one unit laid per passage).
    #[reflect(@Range::new(1e-6, 1e9), @Unit("intensity"))]
    pub k: f32,
    /// How sharply differences are told apart; by default 2.
    #[reflect(@Range::new(0.0, 16.0))]
    pub n: f32,
    /// Branches that need a sharper turn are taken only if there is no other; by default 90. Walking ants keep their
    /// direction, and bridges are built with angles that tell the ways on from the way around.
    #[reflect(@Range::new(0.0, 180.0), @Unit("°"))]
    pub sharpest_turn_deg: f32,
}

impl Default for ChoiceRule {
    fn default() -> Self {
        Self { k: 20.0, n: 2.0, sharpest_turn_deg: 90.0 }
    }
}

/// A layer that foragers heed.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct FollowConfig {
    /// The layer.
    pub layer: String,
    /// How much it draws; a negative weight repels. By default 1.
    #[reflect(@Range::new(-1e6, 1e6))]
    pub weight: f32,
}

impl Default for FollowConfig {
    fn default() -> Self {
        Self { layer: "food".into(), weight: 1.0 }
    }
}

/// Success reinforces: whoever delivers marks the whole way that led to the resource.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ReinforceConfig {
    /// The layer; by default `success`.
    pub layer: String,
    /// What each cell of the way gets; by default 0.2.
    #[reflect(@Range::new(0.0, 1e9), @Unit("intensity"))]
    pub amount: f32,
    /// Foragers remember their way as a point per this distance; by default 10.
    #[reflect(@Range::new(1e-2, 1e5), @Unit("units"))]
    pub stride: f32,
    /// How many points a forager remembers at most; of a longer way the latest are kept. By default 256.
    #[reflect(@Range::new(2.0, 65_536.0))]
    pub points: u32,
}

impl Default for ReinforceConfig {
    fn default() -> Self {
        Self { layer: "success".into(), amount: 0.2, stride: 10.0, points: 256 }
    }
}

/// Danger warns: a forager that fails marks the place where it fell.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct AlarmConfig {
    /// The layer; by default `danger`.
    pub layer: String,
    /// What each cell gets; by default 1.
    #[reflect(@Range::new(0.0, 1e9), @Unit("intensity"))]
    pub amount: f32,
    /// How far the mark reaches; by default 20.
    #[reflect(@Range::new(0.0, 1e5), @Unit("units"))]
    pub radius: f32,
}

impl Default for AlarmConfig {
    fn default() -> Self {
        Self { layer: "danger".into(), amount: 1.0, radius: 20.0 }
    }
}

/// A group of foragers: they explore, follow trails, carry what they find home, and leave a trail for others.
#[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct ForagingConfig {
    /// The agent group.
    pub agents: String,
    /// The nest that they come from; by default the one that is nearest to each.
    pub nest: Option<String>,
    /// Whether they leave and heed marks; `false` is the control condition of an experiment. By default `true`.
    pub stigmergy: bool,
    /// Speed in full health; by default 30.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units/s"))]
    pub speed: f32,
    /// Fastest turn; by default 360.
    #[reflect(@Range::new(0.0, 1e5), @Unit("°/s"))]
    pub turn_deg_per_s: f32,
    /// Random turning: the standard deviation of the heading after a second of exploring; by default 60.
    #[reflect(@Range::new(0.0, 1e4), @Unit("°/√s"))]
    pub wander_deg: f32,
    /// `Antennae` or `Gradient`; by default `Antennae`.
    pub steering: Steering,
    /// Length of the antennae; by default 15.
    #[reflect(@Range::new(0.0, 1e5), @Unit("units"))]
    pub sensor_distance: f32,
    /// Angle of the outer antennae; by default 40.
    #[reflect(@Range::new(0.0, 180.0), @Unit("°"))]
    pub sensor_angle_deg: f32,
    /// Weighted scent below this is not noticed; by default 0.005.
    #[reflect(@Range::new(0.0, 1e9), @Unit("intensity"))]
    pub sensitivity: f32,
    /// The layers that they heed; by default `food` draws, `danger` repels, `success` draws.
    pub follow: Vec<FollowConfig>,
    /// How much a follower prefers scent that leads away from its nest, 0–1; by default 0.5. A trail has no arrow; ants
    /// tell its direction from where their nest is.
    #[reflect(@Range::new(0.0, 1.0))]
    pub outward: f32,
    /// The layer that they mark; by default `food`.
    pub trail: String,
    /// What a forager leaves per second on its way home with a load; by default 2.
    #[reflect(@Range::new(0.0, 1e9), @Unit("intensity/s"))]
    pub mark_per_s: f32,
    /// What a forager leaves per second on its way out; by default 0.
    #[reflect(@Range::new(0.0, 1e9), @Unit("intensity/s"))]
    pub mark_out_per_s: f32,
    /// Marks get weaker by a factor e per this time since the nest or the resource was left, so that trails rise towards
    /// them; by default 0: they don't.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub mark_fade_s: f32,
    /// How they find home: `Compass` or `Trail(layer)`; by default `Compass`.
    pub homing: Homing,
    /// How far they see nests and resources beyond their rims; by default 10.
    #[reflect(@Range::new(0.0, 1e5), @Unit("units"))]
    pub sight: f32,
    /// How much one carries; by default 1.
    #[reflect(@Range::new(1e-6, 1e6), @Unit("units of food"))]
    pub capacity: f32,
    /// A search without success ends after this time and the forager goes home; by default 0: never.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub patience_s: f32,
    /// Mean rest in the nest between trips and before the first, exponentially distributed; by default 0.
    #[reflect(@Range::new(0.0, 1e6), @Unit("s"))]
    pub rest_s: f32,
    /// Whether they walk on corridors only; by default not.
    pub confined: bool,
    /// How confined foragers choose among branches; the layers in `follow` are added up by weight.
    pub choice: ChoiceRule,
    /// Marks of whole paths after success; by default none.
    pub reinforce: Option<ReinforceConfig>,
    /// Marks of places where foragers fail; by default none.
    pub alarm: Option<AlarmConfig>,
}

impl Default for ForagingConfig {
    fn default() -> Self {
        let follow = |layer: &str, weight| FollowConfig { layer: layer.into(), weight };
        Self {
            agents: String::new(),
            nest: None,
            stigmergy: true,
            speed: 30.0,
            turn_deg_per_s: 360.0,
            wander_deg: 60.0,
            steering: Steering::Antennae,
            sensor_distance: 15.0,
            sensor_angle_deg: 40.0,
            sensitivity: 0.005,
            follow: vec![follow("food", 1.0), follow("danger", -2.0), follow("success", 1.0)],
            outward: 0.5,
            trail: "food".into(),
            mark_per_s: 2.0,
            mark_out_per_s: 0.0,
            mark_fade_s: 0.0,
            homing: Homing::Compass,
            sight: 10.0,
            capacity: 1.0,
            patience_s: 0.0,
            rest_s: 0.0,
            confined: false,
            choice: ChoiceRule::default(),
            reinforce: None,
            alarm: None,
        }
    }
}
