//! Thrift's compact protocol, as far as Parquet's headers need it: what is written, in order of the fields' numbers.

/// A value of a field.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A number of 32 bits, or one of an enumeration.
    I32(i32),
    /// A number of 64 bits.
    I64(i64),
    /// A text.
    Text(String),
    /// A list of values of one kind.
    List(Vec<Value>),
    /// A structure: fields with their numbers, ascending.
    Struct(Vec<(u8, Value)>),
}

impl Value {
    /// The number by which the protocol knows the kind of value.
    const fn kind(&self) -> u8 {
        match self {
            Self::I32(_) => 5,
            Self::I64(_) => 6,
            Self::Text(_) => 8,
            Self::List(_) => 9,
            Self::Struct(_) => 12,
        }
    }

    /// The bytes of a value.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::I32(number) => zigzag(bytes, i64::from(*number)),
            Self::I64(number) => zigzag(bytes, *number),
            Self::Text(text) => {
                varint(bytes, text.len() as u64);
                bytes.extend_from_slice(text.as_bytes());
            }
            Self::List(items) => {
                // An empty list is one of structures: nobody can tell.
                let kind = items.first().map_or(12, Self::kind);
                if items.len() < 15 {
                    bytes.push((items.len() as u8) << 4 | kind);
                } else {
                    bytes.push(0xF0 | kind);
                    varint(bytes, items.len() as u64);
                }
                items.iter().for_each(|item| item.write(bytes));
            }
            Self::Struct(fields) => {
                let mut last = 0;
                for (number, value) in fields {
                    // Parquet's structures have fewer than 16 fields, so the distance always fits.
                    bytes.push((number - last) << 4 | value.kind());
                    value.write(bytes);
                    last = *number;
                }
                bytes.push(0);
            }
        }
    }
}

/// Seven bits a byte, the lowest first.
pub(super) fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Small numbers of either sign in few bytes.
fn zigzag(bytes: &mut Vec<u8>, number: i64) {
    varint(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_texts_lists_and_structures_have_the_bytes_of_the_specification() {
        assert_eq!(Value::I32(-1).encode(), [1]);
        assert_eq!(Value::I64(150).encode(), [0xAC, 2]);
        assert_eq!(Value::I64(i64::MIN).encode().len(), 10);
        assert_eq!(Value::Text("ab".into()).encode(), [2, b'a', b'b']);
        let fields = vec![(1, Value::I32(1)), (4, Value::List(vec![Value::I32(0), Value::I32(3)]))];
        assert_eq!(Value::Struct(fields).encode(), [0x15, 2, 0x39, 0x25, 0, 6, 0]);
        assert_eq!(&Value::List(vec![Value::I32(0); 20]).encode()[..2], [0xF5, 20]);
    }
}
