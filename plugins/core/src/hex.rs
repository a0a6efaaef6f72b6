//! Bytes as hexadecimal digits.

/// Bytes in lower-case hexadecimal digits.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

/// The bytes that hexadecimal digits stand for, in upper or lower case. `None` if there is another character or half a byte.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some((digit(pair[0])? << 4 | digit(*pair.get(1)?)?) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_tell_the_bytes_that_they_were() {
        let all: Vec<u8> = (0..=255).collect();
        let text = to_hex(&all);
        assert!(text.starts_with("000102030405060708090a0b") && text.ends_with("fdfeff") && text.len() == 512);
        assert_eq!((from_hex(&text), from_hex(&text.to_uppercase())), (Some(all.clone()), Some(all)));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for bad in ["0", "0g", "+1", " 1", "1 ", "éa", "000"] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
