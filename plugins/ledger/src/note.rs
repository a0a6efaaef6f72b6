//! Tree heads as other programs read them: checkpoints ([c2sp.org/tlog-checkpoint](https://c2sp.org/tlog-checkpoint)), which are
//! signed notes ([c2sp.org/signed-note](https://c2sp.org/signed-note)), signed by the ledger's keeper and cosigned by others
//! ([c2sp.org/tlog-cosignature](https://c2sp.org/tlog-cosignature)).
//!
//! Who signs adds two lines: the Ed25519 signature that every program of that format checks, and the ML-DSA-65 signature of the
//! same message, of a type for which the format has no number. Both must hold.

use agent2028_identity::suite::{HalfSignatures, PublicKeys};
use sha2::{Digest, Sha256};

use crate::hash::{Hash, to_hex};
use crate::keys::SigningKey;
use crate::tree::MOST_LEAVES;

/// The type of Ed25519 signatures of a note's text.
const ED25519: &[u8] = &[1];
/// The type of Ed25519 cosignatures with their time.
const ED25519_COSIGNATURE: &[u8] = &[4];
/// The types of ML-DSA-65 signatures of a note's text, and of cosignatures with their time.
const LATTICE: &[u8] = b"\xffagent2028 ml-dsa-65";
const LATTICE_COSIGNATURE: &[u8] = b"\xffagent2028 ml-dsa-65 cosignature/v1";
/// So many signatures a note may have, and so many bytes.
const MOST_SIGNATURES: usize = 64;
const MOST_BYTES: usize = 1 << 20;
/// What stands before a signature.
const DASH: &str = "\u{2014} ";

/// A tree head of a ledger, without signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogCheckpoint {
    /// Which ledger this is.
    pub origin: String,
    /// How many entries there were.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Further lines, which are signed and mean nothing here.
    pub extensions: Vec<String>,
}

/// A note: a text, and who has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text, with the line break at its end.
    pub text: String,
    /// The lines of signatures.
    pub signatures: Vec<NoteSignature>,
}

/// A line of a note with a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// The first bytes of a hash of name, type and key.
    pub id: [u8; 4],
    /// The signature, of a cosignature with the time before it.
    pub bytes: Vec<u8>,
}

impl LogCheckpoint {
    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let lines = [self.origin.clone(), self.size.to_string(), to_base64(&self.root)];
        lines.iter().chain(&self.extensions).map(|line| format!("{line}\n")).collect()
    }

    /// Reads the text.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let lines: Vec<&str> =
            text.strip_suffix('\n').ok_or("the text ends without a line break")?.split('\n').collect();
        let [origin, size, root, extensions @ ..] = lines.as_slice() else {
            return Err("a tree head has three lines: whose it is, how many entries there are, and the root".into());
        };
        if lines.iter().any(|line| line.is_empty()) {
            return Err("a line is empty".into());
        }
        let number: Option<u64> = size.parse().ok().filter(|number: &u64| number.to_string() == *size);
        let size =
            number.filter(|size| *size <= MOST_LEAVES).ok_or_else(|| format!("\"{size}\" is no number of entries"))?;
        let root =
            from_base64(root).and_then(|root| Hash::try_from(root).ok()).ok_or("the root is no hash in Base64")?;
        let extensions = extensions.iter().map(|line| (*line).to_owned()).collect();
        Ok(Self { origin: (*origin).to_owned(), size, root, extensions })
    }
}

/// Whether a name can stand in a signature's line.
#[must_use]
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == '+')
}

fn id(name: &str, kind: &[u8], key: &[u8]) -> [u8; 4] {
    let hash = Sha256::digest([name.as_bytes(), b"\n", kind, key].concat());
    [hash[0], hash[1], hash[2], hash[3]]
}

/// A key as other programs take it in: name, id, and type and key in Base64 (a *vkey*).
#[must_use]
pub fn cosigner_key(name: &str, keys: &PublicKeys) -> String {
    let id = id(name, ED25519_COSIGNATURE, &keys.signing_classic);
    let id = to_hex(&id);
    format!("{name}+{id}+{}", to_base64(&[ED25519_COSIGNATURE, &keys.signing_classic].concat()))
}

/// What is signed of a note: its text, or the time of a cosignature and the text.
fn message(text: &str, time: Option<u64>) -> Vec<u8> {
    match time {
        None => text.as_bytes().to_vec(),
        Some(time) => format!("cosignature/v1\ntime {time}\n{text}").into_bytes(),
    }
}

impl Note {
    /// A text that nobody has signed yet.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self { text, signatures: Vec::new() }
    }

    /// Signs the text under a name; with a time, as somebody who has seen the ledger go on from what it was. Nothing if the
    /// key can't sign.
    #[must_use]
    pub fn signed(mut self, name: &str, key: &SigningKey, time: Option<u64>) -> Option<Self> {
        let halves = key.sign_plainly(&message(&self.text, time))?;
        let public = key.public().key;
        let (classic, lattice) =
            if time.is_some() { (ED25519_COSIGNATURE, LATTICE_COSIGNATURE) } else { (ED25519, LATTICE) };
        let time = time.map_or_else(Vec::new, |time| time.to_be_bytes().to_vec());
        let line = |kind, key: &[u8], signature: &[u8]| NoteSignature {
            name: name.to_owned(),
            id: id(name, kind, key),
            bytes: [&time, signature].concat(),
        };
        self.signatures.push(line(classic, &public.signing_classic, halves.classic.as_flattened()));
        self.signatures.push(line(lattice, &public.signing_lattice, &halves.lattice));
        Some(self)
    }

    /// Checks that somebody with this key has signed the text, under whatever name, plainly or as a cosigner. Both halves of
    /// the signature must hold. Returns the name, and the time of a cosignature.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn verify(&self, keys: &PublicKeys) -> Result<(String, Option<u64>), String> {
        let verifying = keys.verifying().map_err(|error| error.to_string())?;
        let mut why = "nobody with this key has signed it".to_owned();
        for (classic, lattice, timed) in [(ED25519, LATTICE, false), (ED25519_COSIGNATURE, LATTICE_COSIGNATURE, true)] {
            for line in &self.signatures {
                if line.id != id(&line.name, classic, &keys.signing_classic) {
                    continue;
                }
                let other = id(&line.name, lattice, &keys.signing_lattice);
                let Some(second) = self.signatures.iter().find(|second| second.name == line.name && second.id == other)
                else {
                    why = "it carries the Ed25519 half of a signature without the ML-DSA-65 half".into();
                    continue;
                };
                let parts = |line: &NoteSignature| -> Option<(Option<u64>, Vec<u8>)> {
                    if !timed {
                        return Some((None, line.bytes.clone()));
                    }
                    let (time, rest) = line.bytes.split_first_chunk::<8>()?;
                    Some((Some(u64::from_be_bytes(*time)), rest.to_vec()))
                };
                let (Some((time, one)), Some((other_time, two))) = (parts(line), parts(second)) else {
                    return Err("a cosignature carries no time".into());
                };
                let halves = <[u8; 64]>::try_from(one).ok().filter(|_| time == other_time).map(|one| {
                    let (first, second) = one.split_at(32);
                    let half = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).unwrap_or_default();
                    HalfSignatures { classic: [half(first), half(second)], lattice: two }
                });
                let halves = halves.ok_or("the halves of a signature don't belong together")?;
                return match verifying.verify(&message(&self.text, time), &halves) {
                    Ok(()) => Ok((line.name.clone(), time)),
                    // A signature of a known key that doesn't hold spoils the note.
                    Err(error) => Err(format!("the signature of {} is not to be believed: {error}", line.name)),
                };
            }
        }
        Err(why)
    }

    /// The note as it is written.
    #[must_use]
    pub fn to_text(&self) -> String {
        let line =
            |line: &NoteSignature| format!("{DASH}{} {}\n", line.name, to_base64(&[&line.id, &*line.bytes].concat()));
        format!("{}\n{}", self.text, self.signatures.iter().map(line).collect::<String>())
    }

    /// Reads a note.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_text(text: &str) -> Result<Self, String> {
        if text.len() > MOST_BYTES {
            return Err(format!("it has {} bytes, and no note has more than {MOST_BYTES}", text.len()));
        }
        if text.chars().any(|letter| letter < ' ' && letter != '\n') {
            return Err("it holds a control character".into());
        }
        // The last empty line divides them.
        let end = text.rfind("\n\n").ok_or("no empty line divides the text from the signatures")?;
        let (text, lines) = (&text[..=end], &text[end + 2..]);
        let mut signatures = Vec::new();
        if !lines.is_empty() {
            let lines = lines.strip_suffix('\n').ok_or("the last signature ends without a line break")?;
            for line in lines.split('\n') {
                let signature =
                    line.strip_prefix(DASH).and_then(|line| line.split_once(' ')).and_then(|(name, base64)| {
                        let bytes = from_base64(base64)?;
                        let (id, bytes) = bytes.split_first_chunk::<4>()?;
                        is_name(name).then(|| NoteSignature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
                    });
                signatures.push(signature.ok_or("a line is no signature: a dash, a name, and bytes in Base64")?);
            }
        }
        if signatures.len() > MOST_SIGNATURES {
            return Err(format!("it has {} signatures, and at most {MOST_SIGNATURES} are read", signatures.len()));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as Base64 (RFC 4648, section 4).
#[must_use]
pub fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let value = group.iter().enumerate().fold(0, |value, (at, byte)| value | u32::from(*byte) << (16 - 8 * at));
        for digit in 0..4 {
            let known = digit <= group.len();
            text.push(if known { char::from(DIGITS[(value >> (18 - 6 * digit)) as usize & 63]) } else { '=' });
        }
    }
    text
}

/// Bytes from Base64; nothing if it is none. Every sequence of bytes has one form only.
#[must_use]
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in text.as_bytes().chunks(4) {
        let digits = group.iter().take_while(|digit| **digit != b'=').count();
        let mut value = 0;
        for digit in &group[..digits] {
            value = value << 6 | DIGITS.iter().position(|known| known == digit)? as u32;
        }
        if digits < 2 || group[digits..].iter().any(|digit| *digit != b'=') {
            return None;
        }
        value <<= 6 * (4 - digits);
        bytes.extend_from_slice(&value.to_be_bytes()[1..digits]);
    }
    (to_base64(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028_identity::secret::Secret;

    fn key(number: u8) -> SigningKey {
        SigningKey::of_secret(&Secret::filled_by(|bytes: &mut [u8; 32]| bytes.fill(number)))
    }

    /// The example of RFC 4648, section 10.
    #[test]
    fn base64_is_that_of_the_rfc() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
        for (bytes, text) in pairs {
            assert_eq!(to_base64(bytes.as_bytes()), text);
            assert_eq!(from_base64(text).unwrap(), bytes.as_bytes());
        }
        for wrong in ["Zg", "Zg=", "Zh==", "Zm8", "=", "Zm9v!", "Zg==Zg=="] {
            assert!(from_base64(wrong).is_none(), "{wrong}");
        }
    }

    /// The example of c2sp.org/tlog-checkpoint.
    #[test]
    fn the_published_example_is_read_and_written_as_it_stands() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+\
            zyWE+xeMcTOAYQ8=\n";
        let note = Note::from_text(text).unwrap();
        assert_eq!(note.to_text(), text);
        assert_eq!((note.signatures.len(), note.signatures[0].id), (1, [3, 0x3d, 0xe0, 0xae]));
        let checkpoint = LogCheckpoint::from_text(&note.text).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.to_text(), note.text);
    }

    /// The published example of c2sp.org/signed-note: key PeterNeumann of Go's `sumdb/note`, whose id and signature of its text
    /// are known.
    #[test]
    fn ids_are_those_of_another_implementation() {
        let public = from_base64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        assert_eq!(public[0], 1);
        assert_eq!(id("PeterNeumann", ED25519, &public[1..]), [0xc7, 0x4f, 0x20, 0xa3]);
    }

    #[test]
    fn a_head_is_signed_and_cosigned_and_any_change_is_noticed() {
        let head = LogCheckpoint {
            origin: "agent2028/abc".into(),
            size: 40,
            root: [7; 32],
            extensions: vec!["tick 9".into()],
        };
        let note = Note::new(head.to_text()).signed("agent2028/abc", &key(1), None).unwrap();
        let note = note.signed("witness.example/w1", &key(2), Some(1_700_000_000)).unwrap();
        let read = Note::from_text(&note.to_text()).unwrap();
        assert_eq!(read, note);
        assert_eq!(LogCheckpoint::from_text(&read.text).unwrap(), head);
        assert_eq!(read.verify(&key(1).public().key).unwrap(), ("agent2028/abc".into(), None));
        assert_eq!(read.verify(&key(2).public().key).unwrap(), ("witness.example/w1".into(), Some(1_700_000_000)));
        assert!(read.verify(&key(3).public().key).unwrap_err().contains("nobody"));
        let changed = Note { text: read.text.replace("40", "41"), ..read.clone() };
        for number in [1, 2] {
            assert!(changed.verify(&key(number).public().key).unwrap_err().contains("not to be believed"));
        }
        // Half a signature is none, and the time is signed.
        let mut half = read.clone();
        half.signatures.remove(1);
        assert!(half.verify(&key(1).public().key).unwrap_err().contains("without the ML-DSA-65 half"));
        let mut later = read.clone();
        later.signatures[2..].iter_mut().for_each(|line| line.bytes[7] ^= 1);
        assert!(later.verify(&key(2).public().key).is_err());
        for wrong in ["", "a\n1\n", "a\n01\nAA==\n\n", "a\n1\nAA==\n\nx\n", "a\n18446744073709551615\nAA==\n\n"] {
            let read = Note::from_text(wrong).and_then(|note| LogCheckpoint::from_text(&note.text));
            assert!(read.is_err(), "{wrong:?}");
        }
    }
}
