//! Links of a chain, and what can be wrong with them.

use std::sync::Arc;

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::attestation::Attestation;
use crate::canonical::Digest;
use crate::control::ControlError;
use crate::delegation::Delegation;
use crate::did::Did;
use crate::suite::SignatureError;
use crate::timestamp::Timestamp;

/// What is wrong with a link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Reflect, Serialize, Deserialize, thiserror::Error)]
#[reflect(opaque, Debug)]
pub enum LinkError {
    /// Nobody knows the identity that signed it.
    #[error("nobody knows the identity that signed it")]
    UnknownIdentity,
    /// The identity that signed it has ended.
    #[error("the identity that signed it is deactivated")]
    Deactivated,
    /// The key that signed it was not in force then.
    #[error("the key that signed it was not in force then")]
    KeyNotInForce,
    /// Its signature is wrong.
    #[error("its signature is wrong: {0}")]
    Signature(SignatureKind),
    /// It was signed for another time than it says.
    #[error("it was signed at another time than it says")]
    OtherTime,
    /// It holds only later.
    #[error("it holds only from {0}")]
    NotYetValid(Timestamp),
    /// It has ended.
    #[error("it expired at {0}")]
    Expired(Timestamp),
    /// It was taken back.
    #[error("it was revoked by list {0} of who issued it")]
    Revoked(u32),
    /// It is of an epoch that its issuer has ended.
    #[error("it is of epoch {epoch}; its issuer is in epoch {now}")]
    OldEpoch {
        /// The attestation's.
        epoch: u32,
        /// The issuer's.
        now: u32,
    },
    /// Its issuer is no root, and nobody made it an issuer of this.
    #[error("its issuer is no root, and nobody made it an issuer of this")]
    IssuerNotTrusted,
    /// The chain is longer than allowed.
    #[error("it is link {depth} where {bound} are allowed")]
    TooDeep {
        /// Which link of its kind, from 1.
        depth: usize,
        /// How many are allowed.
        bound: usize,
    },
    /// It allows more than the link before it.
    #[error("it allows {wanted} where {held} is held")]
    Widened {
        /// What is held.
        held: String,
        /// What it allows.
        wanted: String,
    },
    /// It ends later than the link before it.
    #[error("it ends at {until}, later than what it rests on ({bound})")]
    Outlives {
        /// When it ends.
        until: Timestamp,
        /// When what it rests on ends.
        bound: Timestamp,
    },
    /// The link before it may not be passed on.
    #[error("what it rests on may not be passed on")]
    NotRedelegable,
    /// It isn't by the agent that the link before it is for.
    #[error("it is not by the agent that the link before it is for")]
    Broken,
    /// It is meant for others.
    #[error("it is meant for {0}")]
    OtherAudience(String),
    /// Who shows the chain is not the agent at its end.
    #[error("who shows it is not the agent it is for")]
    NotHolder,
    /// Who shows the chain didn't prove control of the identity.
    #[error("control of the identity was not proven: {0}")]
    NotInControl(ControlKind),
    /// There is no chain at all.
    #[error("nothing allows it")]
    Nothing,
    /// It is of an epoch that its issuer had not begun when it was issued.
    #[error("it is of epoch {epoch}; its issuer was in epoch {then} after that")]
    EpochNotBegun {
        /// The attestation's.
        epoch: u32,
        /// The issuer's, at a later time.
        then: u32,
    },
    /// The key that signed it was rotated out, and no witness saw it before: it may be dated back with a stolen key.
    #[error("its key was rotated out, and nobody saw it before that")]
    Unwitnessed,
    /// There are so many papers that no chain was found within the work that is spent.
    #[error("no chain was found within the work that is spent on a search")]
    TooManyPapers,
}

macro_rules! stored {
    ($(#[$docs:meta])* $kind:ident of $error:ty { $($name:ident = $pattern:pat => $value:expr,)* }) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[allow(missing_docs)]
        pub enum $kind { $($name,)* }

        impl From<$error> for $kind {
            fn from(error: $error) -> Self {
                match error { $($pattern => Self::$name,)* }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let error: $error = match self { $(Self::$name => $value,)* };
                error.fmt(f)
            }
        }
    };
}

stored! {
    /// A [`SignatureError`] in a form that can be kept.
    SignatureKind of SignatureError {
        Context = SignatureError::Context => SignatureError::Context,
        Key = SignatureError::Key => SignatureError::Key,
        Suite = SignatureError::Suite => SignatureError::Suite,
        Data = SignatureError::Data => SignatureError::Data,
        Classic = SignatureError::Classic => SignatureError::Classic,
        Lattice = SignatureError::Lattice => SignatureError::Lattice,
        ContextTooLong = SignatureError::ContextTooLong => SignatureError::ContextTooLong,
        MalformedKey = SignatureError::MalformedKey => SignatureError::MalformedKey,
        Unwritten = SignatureError::Unwritten => SignatureError::Unwritten,
    }
}

stored! {
    /// A [`ControlError`] in a form that can be kept.
    ControlKind of ControlError {
        OtherChallenge = ControlError::OtherChallenge => ControlError::OtherChallenge,
        NonceNotOpen = ControlError::NonceNotOpen => ControlError::NonceNotOpen,
        Deactivated = ControlError::Deactivated => ControlError::Deactivated,
        KeyNotInForce = ControlError::KeyNotInForce => ControlError::KeyNotInForce,
        Signature = ControlError::Signature(_) => ControlError::Signature(SignatureError::Classic),
    }
}

/// What a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// An attestation that makes somebody an issuer.
    Issuer,
    /// An attestation of the capability.
    Attestation,
    /// A delegation.
    Delegation,
    /// The proof that who shows the chain is the agent at its end.
    Control,
}

/// A link of a chain, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is.
    pub kind: LinkKind,
    /// Its number, by which it can be revoked; all zeros for a proof of control.
    pub id: Digest,
    /// Who issued or granted it.
    pub by: Did,
    /// For whom.
    pub to: Did,
    /// What it allows.
    pub capability: String,
    /// When it ends.
    pub until: Timestamp,
    /// Whether it holds; nothing if an earlier link failed, so that it was never asked.
    pub outcome: Option<Result<(), LinkError>>,
}

/// What an agent shows when it uses a capability.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presentation {
    /// Attestations, a root's first; the last one is of the capability.
    pub attestations: Vec<Arc<Attestation>>,
    /// Delegations, that of the attested agent first.
    pub delegations: Vec<Arc<Delegation>>,
    /// Whether it has proven that it is who it says; nothing if it wasn't asked.
    pub control: Option<Result<(), ControlError>>,
}

/// The answer: yes and why, or no and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The chain, from the root to who used it.
    pub links: Vec<Link>,
    /// What is wrong, unless the answer is yes.
    pub error: Option<LinkError>,
    /// The link that fails, unless the answer is yes or nothing was shown.
    pub failing: Option<usize>,
}

impl Verdict {
    /// Whether the answer is yes.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        self.error.is_none()
    }
}

/// The links of what is shown, none of them judged.
pub(super) fn links_of(shown: &Presentation, holder: Did, capability: &str) -> Vec<Link> {
    let mut links = Vec::with_capacity(shown.attestations.len() + shown.delegations.len() + 1);
    let mut end = (holder, Timestamp::NEVER);
    for (number, attestation) in shown.attestations.iter().enumerate() {
        let claim = &attestation.claim;
        let is_last = number + 1 == shown.attestations.len();
        links.push(Link {
            kind: if is_last { LinkKind::Attestation } else { LinkKind::Issuer },
            id: claim.id(),
            by: claim.issuer,
            to: claim.subject,
            capability: claim.capability.clone(),
            until: claim.expires,
            outcome: None,
        });
        end = (claim.subject, claim.expires);
    }
    for delegation in &shown.delegations {
        let grant = &delegation.grant;
        links.push(Link {
            kind: LinkKind::Delegation,
            id: grant.id(),
            by: grant.delegator,
            to: grant.delegate,
            capability: grant.capability.clone(),
            until: grant.expires,
            outcome: None,
        });
        end = (grant.delegate, grant.expires);
    }
    links.push(Link {
        kind: LinkKind::Control,
        id: Digest::default(),
        by: end.0,
        to: holder,
        capability: capability.into(),
        until: end.1,
        outcome: None,
    });
    links
}
