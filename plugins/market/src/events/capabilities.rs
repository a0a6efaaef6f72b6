//! What the market for capabilities tells.

use std::fmt;

use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
use agent2028_core::tone::Tone;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;
use crate::capabilities::analytics::BrokenPromise;

/// A provider broke its promise. Carries a [`ContractBreached`]; its source is the provider.
pub const CONTRACT_BREACHED: EventKind = EventKind::new("ContractBreached", 6);
/// Service of a contract rests. Carries a [`ContractSuspended`]; its source is the provider.
pub const CONTRACT_SUSPENDED: EventKind = EventKind::new("ContractSuspended", 5);
/// Service of a contract goes on. Carries a [`ContractSuspended`]; its source is the provider.
pub const CONTRACT_SUSPENDED_ENDED: EventKind = EventKind::new("ContractResumed", 4);
/// A provider can't pay for its listing any more. Carries a [`ListingWithdrawn`]; its source is the provider.
pub const LISTING_WITHDRAWN: EventKind = EventKind::new("ListingWithdrawn", 6);
/// A buyer finds nothing that suits, for the first time since somebody found something. Carries a [`BuyersUnserved`].
pub const BUYERS_UNSERVED: EventKind = EventKind::new("BuyersUnserved", 5);

/// All kinds of events that the market for capabilities tells.
pub const CAPABILITY_KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(
        CONTRACT_BREACHED,
        "Contract breached",
        "\u{e14e}",
        Tone::Danger,
        "A provider broke its promise.",
    )
    .carries::<ContractBreached>(),
    EventDeclaration::new(
        CONTRACT_SUSPENDED,
        "Contract suspended",
        "\u{ef71}",
        Tone::Warning,
        "Service of a contract rests.",
    )
    .carries::<ContractSuspended>(),
    EventDeclaration::new(
        CONTRACT_SUSPENDED_ENDED,
        "Contract resumed",
        "\u{f053}",
        Tone::Good,
        "Service of a contract goes on.",
    )
    .carries::<ContractSuspended>(),
    EventDeclaration::new(
        LISTING_WITHDRAWN,
        "Listing withdrawn",
        "\u{ef66}",
        Tone::Warning,
        "A provider cannot pay for its listing any more.",
    )
    .carries::<ListingWithdrawn>(),
    EventDeclaration::new(
        BUYERS_UNSERVED,
        "Buyers unserved",
        "\u{f08c}",
        Tone::Warning,
        "A buyer finds nothing that suits, for the first time since somebody found something.",
    )
    .carries::<BuyersUnserved>(),
];

/// What a [`CONTRACT_BREACHED`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct ContractBreached {
    /// The buyer's number.
    pub buyer: u32,
    /// The promise that was broken.
    pub breach: BrokenPromise,
    /// What the buyer gets for it, in minor units.
    pub penalty: Money,
}

/// Why service rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub enum Reason {
    /// The network is parted between the two.
    Partition,
    /// The provider has no attested right to what it provides.
    Unattested,
    /// It rests no more.
    Over,
}

/// What a [`CONTRACT_SUSPENDED`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct ContractSuspended {
    /// The buyer's number.
    pub buyer: u32,
    /// Why.
    pub reason: Reason,
}

/// What a [`LISTING_WITHDRAWN`] carries.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct ListingWithdrawn {
    /// What was offered.
    pub capability: String,
    /// What it would have cost to keep it for a second, in minor units.
    pub upkeep: Money,
}

/// What a [`BUYERS_UNSERVED`] carries.
#[derive(Clone, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct BuyersUnserved {
    /// What it looks for.
    pub capability: String,
}

macro_rules! payload {
    ($($kind:ident: |$value:ident, $f:ident| $show:expr;)*) => {
        $(impl EventPayload for $kind {
            const NAME: &'static str = stringify!($kind);
        }

        impl fmt::Display for $kind {
            fn fmt(&self, $f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $value = self;
                $show
            }
        })*
    };
}

payload! {
    ContractBreached: |value, f| write!(
        f,
        "broke its promise to agent {}: {}; the penalty is {}",
        value.buyer, value.breach, value.penalty
    );
    ContractSuspended: |value, f| match value.reason {
        Reason::Partition => write!(f, "can't be reached by agent {}: the network is parted, and service rests", value.buyer),
        Reason::Unattested => write!(f, "has no attested right to serve agent {}: service rests", value.buyer),
        Reason::Over => write!(f, "serves agent {} again", value.buyer),
    };
    ListingWithdrawn: |value, f| write!(
        f,
        "can't pay {} a second for its listing of {}, and withdraws it",
        value.upkeep, value.capability
    );
    BuyersUnserved: |value, f| write!(f, "finds nobody for {} that suits", value.capability);
}
