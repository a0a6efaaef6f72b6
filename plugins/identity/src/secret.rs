//! Bytes that never leave: wiped when they are dropped, not printable, not serialisable, not comparable.

use zeroize::Zeroize;

/// `N` secret bytes on the heap. They are wiped when dropped; moving the value doesn't copy them.
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Secret bytes that `fill` writes in place, so that no copy of them is left on the stack.
    #[must_use]
    pub fn filled_by(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut bytes = Box::new([0; N]);
        fill(&mut bytes);
        Self(bytes)
    }

    /// The bytes, to be used where a primitive wants them.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> std::fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({N} bytes)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_a_secret_tells_its_length_only() {
        let secret = Secret::<4>::filled_by(|bytes| bytes.copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]));
        assert_eq!(format!("{secret:?}"), "Secret(4 bytes)");
        assert_eq!(secret.expose()[1], 0xad);
    }
}
