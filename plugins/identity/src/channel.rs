//! Sealed channels: a hybrid key encapsulation bound to both identities, HKDF over SHA3-256, ChaCha20-Poly1305 (RFC 8439),
//! and a window that lets no message in twice (as in RFC 4303, 3.4.3).

use std::collections::BTreeMap;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use serde::{Deserialize, Serialize};

use crate::canonical::{Canonical, Digest};
use crate::did::{Did, DidDocument};
use crate::greeting::Answer;
use crate::secret::Secret;
use crate::signature::Signature;
use crate::suite::kdf::{self, KeySeed};
use crate::suite::{Encapsulation, KeyError, PrivateKeys, PublicKeys, SharedSecret, SignatureError};
use crate::timestamp::Timestamp;

/// The context of the signature that opens a channel.
pub const HELLO: &str = "agent2028.channel.hello";

/// How many messages behind the newest one may still come, once each.
pub const WINDOW: u64 = 128;

/// What opens a channel: a secret for the other, signed by who opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Who opens it.
    pub from: Did,
    /// To whom.
    pub to: Did,
    /// What `to` has answered, by its digest: on the lists of suites in it the channel rests.
    pub answer: Digest,
    /// The secret, closed for `to`.
    pub sealed: Encapsulation,
    /// The signature of `from` over all of this.
    pub signature: Signature,
}

/// Why a channel isn't opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// It is meant for somebody else, or says it is from somebody else.
    #[error("it names other parties")]
    OtherParties,
    /// An identity has ended.
    #[error("an identity is deactivated")]
    Deactivated,
    /// The two can do no suite in common.
    #[error("they have no suite in common")]
    NoCommonSuite,
    /// The other has not heard of all suites that were offered, or has chosen less than both can do.
    #[error("the suite is not the best that both can do: somebody has struck suites from the offer")]
    Downgraded,
    /// It rests on an answer that was not given.
    #[error("it rests on another answer")]
    OtherAnswer,
    /// The key that signed was not in force.
    #[error("the key that signed was not in force")]
    KeyNotInForce,
    /// The signature is wrong.
    #[error("{0}")]
    Signature(#[from] SignatureError),
    /// A key is malformed.
    #[error("{0}")]
    Key(#[from] KeyError),
}

/// Why a message isn't let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
pub enum OpenError {
    /// It came before.
    #[error("it came before")]
    Replayed,
    /// It is so old that nobody can say whether it came before.
    #[error("it is too old to say whether it came before")]
    TooOld,
    /// It was tampered with, or is of another channel or direction.
    #[error("it was tampered with, or is of another channel")]
    NotAuthentic,
}

/// The channel has carried all messages that it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the channel is used up; open a new one")]
pub struct UsedUp;

/// A message under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Its number in its direction, from 0.
    pub number: u64,
    /// The ciphertext with its tag.
    pub bytes: Vec<u8>,
}

/// Which messages came: the newest, and which of those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayWindow {
    newest: Option<u64>,
    /// Bit `i`: number `newest − i` came.
    seen: u128,
}

impl ReplayWindow {
    /// Whether a number may come now.
    ///
    /// # Errors
    /// If it came, or is out of the window.
    pub fn check(&self, number: u64) -> Result<(), OpenError> {
        match self.newest {
            Some(newest) if number <= newest => match newest - number {
                behind if behind >= WINDOW => Err(OpenError::TooOld),
                behind if self.seen >> behind & 1 == 1 => Err(OpenError::Replayed),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Notes a number that came and was authentic.
    pub fn note(&mut self, number: u64) {
        match self.newest {
            Some(newest) if number <= newest => {
                if newest - number < WINDOW {
                    self.seen |= 1 << (newest - number);
                }
            }
            before => {
                let step = before.map_or(WINDOW, |newest| number - newest);
                self.seen = if step < WINDOW { self.seen << step } else { 0 };
                self.seen |= 1;
                self.newest = Some(number);
            }
        }
    }
}

/// Which channels were opened lately: a recorded opening that is sent again would start a channel over, with nothing in its
/// window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloGuard {
    seen: BTreeMap<Digest, Timestamp>,
}

impl HelloGuard {
    /// Lets an opening in, once, if it isn't older than `max_age_s` seconds (nor from further ahead than that).
    ///
    /// # Errors
    /// If it came before or is too old to say.
    pub fn admit(&mut self, hello: &Hello, now: Timestamp, max_age_s: f64) -> Result<(), OpenError> {
        if now.seconds_since(hello.signature.at).abs() > max_age_s {
            return Err(OpenError::TooOld);
        }
        self.seen.retain(|_, at| now.seconds_since(*at) <= max_age_s);
        let id = Digest::of(&hello_bytes(hello, hello.signature.at));
        match self.seen.insert(id, hello.signature.at) {
            Some(_) => Err(OpenError::Replayed),
            None => Ok(()),
        }
    }
}

/// One end of a channel.
pub struct Channel {
    id: Digest,
    seal: Direction,
    open: Direction,
    /// The number of the next message that is sent.
    pub next: u64,
    /// What came.
    pub window: ReplayWindow,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Channel({}, {} sent)", self.id.fingerprint(), self.next)
    }
}

struct Direction {
    cipher: ChaCha20Poly1305,
    nonce: Secret<12>,
}

impl Direction {
    fn new(secret: &SharedSecret, name: &str) -> Self {
        let key = kdf::derive::<32>(secret, &format!("channel key, {name}"));
        Self {
            cipher: ChaCha20Poly1305::new(key.expose().into()),
            nonce: kdf::derive::<12>(secret, &format!("channel nonce, {name}")),
        }
    }

    /// The nonce of a message: the direction's, with the number added bit by bit (as in RFC 8446, 5.3).
    fn nonce(&self, number: u64) -> Nonce {
        let mut nonce = *self.nonce.expose();
        for (byte, number) in nonce[4..].iter_mut().zip(number.to_be_bytes()) {
            *byte ^= number;
        }
        nonce.into()
    }
}

fn transcript(from: Did, to: Did, at: Timestamp, answer: Digest) -> Vec<u8> {
    let parties = Canonical::new(HELLO).bytes(&from.0.0).bytes(&to.0.0);
    parties.bytes(&at.0.to_le_bytes()).bytes(&answer.0).finish()
}

fn sealed_bytes(transcript: &[u8], sealed: &Encapsulation) -> Vec<u8> {
    let canonical = Canonical::new(HELLO).bytes(transcript).text(sealed.suite.name());
    canonical.bytes(&sealed.classic).bytes(&sealed.lattice).finish()
}

fn hello_bytes(hello: &Hello, at: Timestamp) -> Vec<u8> {
    sealed_bytes(&transcript(hello.from, hello.to, at, hello.answer), &hello.sealed)
}

impl Channel {
    fn new(secret: &SharedSecret, hello: &[u8], opened_it: bool) -> Self {
        let there = Direction::new(secret, "there");
        let back = Direction::new(secret, "back");
        let (seal, open) = if opened_it { (there, back) } else { (back, there) };
        Self { id: Digest::of(hello), seal, open, next: 0, window: ReplayWindow::default() }
    }

    /// Opens a channel from the owner of `keys` to `to`, with the suite of an answer that was verified
    /// ([`Answer::verify`]); `entropy` must never be used for another one.
    ///
    /// # Errors
    /// If an identity has ended, the answer is of others, or a key is malformed.
    pub fn open_to(
        from: &DidDocument,
        keys: &dyn PrivateKeys,
        to: &DidDocument,
        answer: &Answer,
        entropy: &KeySeed,
        at: Timestamp,
    ) -> Result<(Self, Hello), HelloError> {
        if (answer.offer.from, answer.offer.to) != (from.did, to.did) {
            return Err(HelloError::OtherParties);
        }
        if !from.is_active() || !to.is_active() {
            return Err(HelloError::Deactivated);
        }
        let transcript = transcript(from.did, to.did, at, answer.digest());
        let (sealed, secret) = answer.suite().get()?.encapsulate(&answer.keys, entropy, &transcript)?;
        let bytes = sealed_bytes(&transcript, &sealed);
        let signature = Signature::sign(keys, HELLO, at, &bytes)?;
        let hello = Hello { from: from.did, to: to.did, answer: answer.digest(), sealed, signature };
        Ok((Self::new(&secret, &bytes, true), hello))
    }

    /// Accepts a channel that `from` opened upon this answer; `keys` open secrets that are closed for those in the answer.
    ///
    /// # Errors
    /// If it isn't from `from`, not for `to`, rests on another answer, or is malformed.
    pub fn accept(
        hello: &Hello,
        answer: &Answer,
        from: &DidDocument,
        to: &DidDocument,
        keys: &dyn PrivateKeys,
    ) -> Result<Self, HelloError> {
        Self::accept_if(hello, answer, from, to, keys, |signature, keys, bytes| signature.verify(keys, HELLO, bytes))
    }

    /// The same with somebody else's word for the signature.
    pub(crate) fn accept_if(
        hello: &Hello,
        answer: &Answer,
        from: &DidDocument,
        to: &DidDocument,
        keys: &dyn PrivateKeys,
        verify: impl FnOnce(&Signature, &PublicKeys, &[u8]) -> Result<(), SignatureError>,
    ) -> Result<Self, HelloError> {
        if hello.from != from.did || hello.to != to.did {
            return Err(HelloError::OtherParties);
        }
        if !from.is_active() || !to.is_active() {
            return Err(HelloError::Deactivated);
        }
        if hello.answer != answer.digest() {
            return Err(HelloError::OtherAnswer);
        }
        let at = hello.signature.at;
        let bytes = hello_bytes(hello, at);
        // The key of now: an opening that was signed with one that was rotated out since may be by a thief.
        let theirs = from.current().filter(|keys| keys.id() == hello.signature.key).ok_or(HelloError::KeyNotInForce)?;
        verify(&hello.signature, theirs, &bytes)?;
        let secret = keys.decapsulate(&hello.sealed, &transcript(hello.from, hello.to, at, hello.answer))?;
        Ok(Self::new(&secret, &bytes, false))
    }

    /// The channel's number, the same at both ends.
    #[must_use]
    pub fn id(&self) -> Digest {
        self.id
    }

    fn associated(&self, number: u64) -> [u8; 40] {
        let mut associated = [0; 40];
        associated[..32].copy_from_slice(&self.id.0);
        associated[32..].copy_from_slice(&number.to_le_bytes());
        associated
    }

    /// Seals a message.
    ///
    /// # Errors
    /// If the channel is used up.
    pub fn seal(&mut self, message: &[u8]) -> Result<Sealed, UsedUp> {
        let number = self.next;
        if number == u64::MAX {
            return Err(UsedUp);
        }
        let sealed = self.recorded(number, message)?;
        self.next += 1;
        Ok(sealed)
    }

    /// What went over the wire as message `number` of this end, once more: the same message gives the same bytes.
    pub(crate) fn recorded(&self, number: u64, message: &[u8]) -> Result<Sealed, UsedUp> {
        let payload = Payload { msg: message, aad: &self.associated(number) };
        let bytes = self.seal.cipher.encrypt(&self.seal.nonce(number), payload).map_err(|_| UsedUp)?;
        Ok(Sealed { number, bytes })
    }

    /// Opens a message, and lets it in once.
    ///
    /// # Errors
    /// If it came before, is too old, or isn't authentic. What isn't authentic doesn't move the window.
    pub fn open(&mut self, sealed: &Sealed) -> Result<Vec<u8>, OpenError> {
        self.window.check(sealed.number)?;
        let message = self.open_unguarded(sealed)?;
        self.window.note(sealed.number);
        Ok(message)
    }

    /// Opens a message however often it came: what a channel without a window would do.
    ///
    /// # Errors
    /// If it isn't authentic.
    pub fn open_unguarded(&self, sealed: &Sealed) -> Result<Vec<u8>, OpenError> {
        let payload = Payload { msg: &sealed.bytes, aad: &self.associated(sealed.number) };
        self.open.cipher.decrypt(&self.open.nonce(sealed.number), payload).map_err(|_| OpenError::NotAuthentic)
    }
}

#[cfg(test)]
mod tests;
