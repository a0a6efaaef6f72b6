//! What the task market tells.

use std::fmt;

use agent2028_core::event::{EventDeclaration, EventKind, EventPayload};
use agent2028_core::tone::Tone;
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::accounts::Money;

/// A task was given to a bidder. Carries a [`TaskTold`].
pub const TASK_AWARDED: EventKind = EventKind::new("TaskAwarded", 3);
/// A task is done and paid. Carries a [`TaskTold`].
pub const TASK_DONE: EventKind = EventKind::new("TaskDone", 2);
/// Who had a task has not done it. Carries a [`TaskTold`].
pub const TASK_NOT_DONE: EventKind = EventKind::new("TaskNotDone", 6);
/// A task was given up: nobody took it or did it, it is too late, or it can't be paid. Carries a [`TaskTold`].
pub const TASK_GIVEN_UP: EventKind = EventKind::new("TaskGivenUp", 5);

/// All kinds of events of the task market.
pub const TASK_KINDS: &[EventDeclaration] = &[
    EventDeclaration::new(TASK_AWARDED, "Task awarded", "\u{e90e}", Tone::Info, "A task was given to a bidder.")
        .carries::<TaskTold>(),
    EventDeclaration::new(TASK_DONE, "Task done", "\u{e86c}", Tone::Good, "A task is done and paid.")
        .carries::<TaskTold>(),
    EventDeclaration::new(TASK_NOT_DONE, "Task not done", "\u{e5c9}", Tone::Warning, "Who had a task has not done it.")
        .carries::<TaskTold>(),
    EventDeclaration::new(
        TASK_GIVEN_UP,
        "Task given up",
        "\u{e14c}",
        Tone::Warning,
        "Nobody took a task or did it in time, or it can't be paid.",
    )
    .carries::<TaskTold>(),
];

/// What is told of a task; the source is who has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub enum TaskTold {
    /// Somebody has it.
    Awarded {
        /// The task's number.
        task: u64,
        /// For how much, in minor units.
        price: Money,
        /// Out of how many bids.
        bids: u32,
    },
    /// It is done.
    Done {
        /// The task's number.
        task: u64,
        /// For how much, in minor units.
        price: Money,
    },
    /// Who had it has not done it.
    NotDone {
        /// The task's number.
        task: u64,
    },
    /// Nobody did it in all rounds.
    GivenUp {
        /// The task's number.
        task: u64,
        /// How many there were.
        rounds: u32,
    },
    /// It is not done in time.
    TooLate {
        /// The task's number.
        task: u64,
    },
    /// Who put it up can't pay.
    Unpaid {
        /// The task's number.
        task: u64,
        /// What it could have cost, in minor units.
        price: Money,
    },
}

impl TaskTold {
    /// The kind of event that it is.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Awarded { .. } => TASK_AWARDED,
            Self::Done { .. } => TASK_DONE,
            Self::NotDone { .. } => TASK_NOT_DONE,
            Self::GivenUp { .. } | Self::TooLate { .. } | Self::Unpaid { .. } => TASK_GIVEN_UP,
        }
    }
}

impl EventPayload for TaskTold {
    const NAME: &'static str = "TaskTold";
}

impl fmt::Display for TaskTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Awarded { task, price, bids } => write!(f, "has task {task} for {price}, out of {bids} bids"),
            Self::Done { task, price } => write!(f, "has done task {task} and is paid {price}"),
            Self::NotDone { task } => write!(f, "has not done task {task}"),
            Self::GivenUp { task, rounds } => write!(f, "task {task} is given up after {rounds} rounds"),
            Self::TooLate { task } => write!(f, "task {task} was not done in time"),
            Self::Unpaid { task, price } => write!(f, "task {task} is given up: nobody can pay up to {price} for it"),
        }
    }
}
