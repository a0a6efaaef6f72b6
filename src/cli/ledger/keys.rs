//! `agent2028 ledger keygen`, and the files that it writes.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use agent2028_core::whole_file::read_ordinary_text;
use agent2028_identity::secret::Secret;
use agent2028_ledger::hash::{from_hex, to_hex};
use agent2028_ledger::keys::{LedgerKey, SigningKey, new_secret};
use agent2028_ledger::note::cosigner_key;
use clap::Args;
use zeroize::Zeroizing;

use crate::cli::{Failure, print};

/// What the files begin with.
const SECRET: &str = "agent2028 ledger secret key 1\nhybrid-fips\n";
const PUBLIC: &str = "agent2028 ledger public key 1\nhybrid-fips\n";

/// Makes a key that signs ledgers and has nothing to do with any run: a secret file, which only its owner can read, and a file with
/// .pub after its name for everybody.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  agent2028 ledger keygen my.key\n  agent2028 run audited-run --out runs/1 --sign-with my.key\n  \
    agent2028 ledger verify runs/1 --key FINGERPRINT\n\nKeep the secret file to yourself, and make the fingerprint known in another \
    way than the runs that it signs."
)]
pub(crate) struct Keygen {
    /// The secret file, which must not exist yet.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Keygen {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        let told = |why: String| Failure::Internal(miette::miette!("the system has no random bytes: {why}"));
        let seed = new_secret().map_err(told)?;
        let key = SigningKey::of_secret(&seed);
        let public = key.public();
        // The digits are as secret as the bytes, and wiped like them.
        let digits = Zeroizing::new(to_hex(seed.expose()));
        let text = Zeroizing::new([SECRET, &digits, "\n"].concat());
        let bytes = public.encode().map_err(|error| Failure::Internal(miette::miette!("{error}")))?;
        write_new(&self.file, true, &text)?;
        let beside = public_file(&self.file);
        write_new(&beside, false, &format!("{PUBLIC}{}\n{}\n", public.fingerprint(), to_hex(&bytes)))?;
        print(&format!(
            "secret key   {}\npublic key   {}\nfingerprint  {}\ncosigner     {}\n",
            self.file.display(),
            beside.display(),
            public.fingerprint(),
            cosigner_key(&default_name(&public), &public.key)
        ))
    }
}

/// What a key is called where its owner gives it no name.
pub(super) fn default_name(key: &LedgerKey) -> String {
    format!("agent2028/{}", &key.fingerprint()[..16])
}

fn public_file(secret: &Path) -> PathBuf {
    let mut name = secret.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// Writes a file that isn't there yet: a key is never replaced.
fn write_new(path: &Path, secret: bool, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    let write = || -> std::io::Result<()> {
        let mut file = options.open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            refused(path, "there is a file already, and a key is never replaced: choose another name")
        }
        _ => refused(path, error),
    })
}

fn refused(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::Input(miette::miette!("{}: {why}", path.display()))
}

/// Reads a secret key.
pub(crate) fn read_secret(path: &Path) -> Result<SigningKey, Failure> {
    let text = Zeroizing::new(read_ordinary_text(path).map_err(|error| refused(path, error))?);
    let digits = text.strip_prefix(SECRET).map(str::trim_end).and_then(from_hex).filter(|bytes| bytes.len() == 32);
    let bytes = digits
        .map(Zeroizing::new)
        .ok_or_else(|| refused(path, "this is no secret key: `agent2028 ledger keygen FILE` makes one"))?;
    Ok(SigningKey::of_secret(&Secret::filled_by(|seed: &mut [u8; 32]| seed.copy_from_slice(&bytes))))
}

/// Reads a public key.
pub(super) fn read_public(path: &Path) -> Result<LedgerKey, Failure> {
    let text = read_ordinary_text(path).map_err(|error| refused(path, error))?;
    let lines = text.strip_prefix(PUBLIC).and_then(|rest| rest.trim_end().split_once('\n'));
    let key = lines.and_then(|(fingerprint, key)| {
        let key = LedgerKey::decode(&from_hex(key)?)?;
        (key.fingerprint() == fingerprint).then_some(key)
    });
    key.ok_or_else(|| {
        refused(path, "this is no public key: `agent2028 ledger keygen` writes one beside the secret one")
    })
}
