//! A Parquet file of flat columns: each row group has one plain page per column, packed by Zstandard.
//!
//! See the format's description at <https://parquet.apache.org/docs/file-format/>.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use agent2028_core::whole_file::WholeFile;

use super::thrift::{Value, varint};

const MAGIC: &[u8; 4] = b"PAR1";
/// Zstandard's number among Parquet's codecs, and how hard it tries.
const CODEC: i32 = 6;
const LEVEL: i32 = 3;
/// Numbers of the encodings: values as they are; runs of equal presence.
const PLAIN: i32 = 0;
const RLE: i32 = 3;

/// How a value is stored, by Parquet's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Physical {
    Int = 1,
    Long = 2,
    Double = 5,
    Bytes = 6,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    name: String,
    physical: Physical,
    optional: bool,
    /// What the stored value stands for, by Parquet's numbers (converted types).
    meaning: Option<i32>,
}

impl Column {
    /// Whole numbers from 0, of 32 or 64 bits.
    #[must_use]
    pub fn unsigned(name: &str, bits: u8) -> Self {
        let (physical, meaning) = if bits == 64 { (Physical::Long, 14) } else { (Physical::Int, 13) };
        Self { name: name.into(), physical, optional: false, meaning: Some(meaning) }
    }

    /// Whole numbers from 0, of 32 bits, or nothing.
    #[must_use]
    pub fn optional_unsigned(name: &str) -> Self {
        Self { optional: true, ..Self::unsigned(name, 32) }
    }

    /// Whole numbers from 0, of 64 bits, or nothing.
    #[must_use]
    pub fn optional_unsigned_long(name: &str) -> Self {
        Self { optional: true, ..Self::unsigned(name, 64) }
    }

    /// Texts, or nothing.
    #[must_use]
    pub fn optional_text(name: &str) -> Self {
        Self { optional: true, ..Self::text(name) }
    }

    /// Numbers, or nothing.
    #[must_use]
    pub fn optional_double(name: &str) -> Self {
        Self { name: name.into(), physical: Physical::Double, optional: true, meaning: None }
    }

    /// Unix times in milliseconds.
    #[must_use]
    pub fn time(name: &str) -> Self {
        Self { name: name.into(), physical: Physical::Long, optional: false, meaning: Some(9) }
    }

    /// Texts.
    #[must_use]
    pub fn text(name: &str) -> Self {
        Self { name: name.into(), physical: Physical::Bytes, optional: false, meaning: Some(0) }
    }

    fn schema(&self) -> Value {
        let mut fields = vec![
            (1, Value::I32(self.physical as i32)),
            (3, Value::I32(i32::from(self.optional))),
            (4, Value::Text(self.name.clone())),
        ];
        fields.extend(self.meaning.map(|meaning| (6, Value::I32(meaning))));
        Value::Struct(fields)
    }
}

/// The values of a column in a row group.
#[derive(Clone, Debug)]
pub enum Values {
    /// Numbers of 32 bits.
    Int(Vec<i32>),
    /// Numbers of 32 bits, or nothing.
    OptionalInt(Vec<Option<i32>>),
    /// Numbers of 64 bits.
    Long(Vec<i64>),
    /// Numbers of 64 bits, or nothing.
    OptionalLong(Vec<Option<i64>>),
    /// Floating-point numbers, or nothing.
    OptionalDouble(Vec<Option<f64>>),
    /// Texts.
    Text(Vec<String>),
    /// Texts, or nothing.
    OptionalText(Vec<Option<String>>),
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::OptionalInt(values) => values.len(),
            Self::Long(values) => values.len(),
            Self::OptionalLong(values) => values.len(),
            Self::OptionalDouble(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::OptionalText(values) => values.len(),
        }
    }

    /// The content of a page: which values are there, if some may not be, and those that are.
    fn page(&self) -> Vec<u8> {
        let mut page = Vec::new();
        match self {
            Self::Int(values) => values.iter().for_each(|value| page.extend_from_slice(&value.to_le_bytes())),
            Self::Long(values) => values.iter().for_each(|value| page.extend_from_slice(&value.to_le_bytes())),
            Self::OptionalInt(values) => {
                presence(&mut page, values.iter().map(Option::is_some));
                values.iter().flatten().for_each(|value| page.extend_from_slice(&value.to_le_bytes()));
            }
            Self::OptionalLong(values) => {
                presence(&mut page, values.iter().map(Option::is_some));
                values.iter().flatten().for_each(|value| page.extend_from_slice(&value.to_le_bytes()));
            }
            Self::OptionalDouble(values) => {
                presence(&mut page, values.iter().map(Option::is_some));
                values.iter().flatten().for_each(|value| page.extend_from_slice(&value.to_le_bytes()));
            }
            Self::Text(values) => values.iter().for_each(|text| put_text(&mut page, text)),
            Self::OptionalText(values) => {
                presence(&mut page, values.iter().map(Option::is_some));
                values.iter().flatten().for_each(|text| put_text(&mut page, text));
            }
        }
        page
    }
}

fn put_text(page: &mut Vec<u8>, text: &str) {
    page.extend_from_slice(&(text.len() as u32).to_le_bytes());
    page.extend_from_slice(text.as_bytes());
}

/// Runs of values that are there, or are not.
fn presence(page: &mut Vec<u8>, present: impl Iterator<Item = bool>) {
    let mut runs: Vec<(u64, bool)> = Vec::new();
    for is in present {
        match runs.last_mut() {
            Some((length, was)) if *was == is => *length += 1,
            _ => runs.push((1, is)),
        }
    }
    let mut bytes = Vec::new();
    for (length, is) in runs {
        varint(&mut bytes, length << 1);
        bytes.push(u8::from(is));
    }
    page.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    page.append(&mut bytes);
}

/// A Parquet file on its way: under a temporary name until it is whole.
#[derive(Debug)]
pub struct Parquet {
    writer: BufWriter<WholeFile>,
    position: i64,
    columns: Vec<Column>,
    metadata: Vec<(String, String)>,
    rows: i64,
    groups: Vec<Value>,
}

impl Parquet {
    /// Begins a file with its columns and what its metadata tells, as keys and values.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn create(path: &Path, columns: Vec<Column>, metadata: Vec<(String, String)>) -> io::Result<Self> {
        let mut parquet = Self {
            writer: BufWriter::new(WholeFile::begin(path)?),
            position: 0,
            columns,
            metadata,
            rows: 0,
            groups: Vec::new(),
        };
        parquet.write(MAGIC)?;
        Ok(parquet)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as i64;
        self.writer.write_all(bytes)
    }

    /// Writes a row group: the values of all columns in their order, all of one length. Without rows nothing is written.
    ///
    /// # Errors
    /// If the disk refuses, or the values don't fit the columns.
    pub fn group(&mut self, columns: Vec<Values>) -> io::Result<()> {
        let rows = columns.first().map_or(0, Values::len);
        if columns.len() != self.columns.len() || columns.iter().any(|values| values.len() != rows) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the columns are not of one length"));
        }
        if rows == 0 {
            return Ok(());
        }
        let (mut chunks, mut bytes, mut packed_bytes) = (Vec::new(), 0, 0);
        for (index, values) in columns.iter().enumerate() {
            let page = values.page();
            let packed = zstd::bulk::compress(&page, LEVEL)?;
            let size = |bytes: usize| {
                let size = i32::try_from(bytes);
                size.map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a page has more than 2 GiB"))
            };
            let header = Value::Struct(vec![
                (1, Value::I32(0)),
                (2, Value::I32(size(page.len())?)),
                (3, Value::I32(size(packed.len())?)),
                (
                    5,
                    Value::Struct(vec![
                        (1, Value::I32(size(rows)?)),
                        (2, Value::I32(PLAIN)),
                        (3, Value::I32(RLE)),
                        (4, Value::I32(RLE)),
                    ]),
                ),
            ])
            .encode();
            let at = self.position;
            self.write(&header)?;
            self.write(&packed)?;
            let whole = (header.len() + page.len()) as i64;
            let stored = (header.len() + packed.len()) as i64;
            (bytes, packed_bytes) = (bytes + whole, packed_bytes + stored);
            let column = &self.columns[index];
            let about = Value::Struct(vec![
                (1, Value::I32(column.physical as i32)),
                (2, Value::List(vec![Value::I32(PLAIN), Value::I32(RLE)])),
                (3, Value::List(vec![Value::Text(column.name.clone())])),
                (4, Value::I32(CODEC)),
                (5, Value::I64(rows as i64)),
                (6, Value::I64(whole)),
                (7, Value::I64(stored)),
                (9, Value::I64(at)),
            ]);
            chunks.push(Value::Struct(vec![(2, Value::I64(at)), (3, about)]));
        }
        self.rows += rows as i64;
        self.groups.push(Value::Struct(vec![
            (1, Value::List(chunks)),
            (2, Value::I64(bytes)),
            (3, Value::I64(rows as i64)),
            (6, Value::I64(packed_bytes)),
        ]));
        Ok(())
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn close(mut self) -> io::Result<()> {
        let root = Value::Struct(vec![(4, Value::Text("run".into())), (5, Value::I32(self.columns.len() as i32))]);
        let schema = std::iter::once(root).chain(self.columns.iter().map(Column::schema)).collect();
        let pair = |(key, value): (String, String)| Value::Struct(vec![(1, Value::Text(key)), (2, Value::Text(value))]);
        let metadata = std::mem::take(&mut self.metadata).into_iter().map(pair).collect();
        let footer = Value::Struct(vec![
            (1, Value::I32(1)),
            (2, Value::List(schema)),
            (3, Value::I64(self.rows)),
            (4, Value::List(std::mem::take(&mut self.groups))),
            (5, Value::List(metadata)),
            (6, Value::Text(concat!("agent2028 version ", env!("CARGO_PKG_VERSION")).into())),
        ])
        .encode();
        self.write(&footer)?;
        self.write(&(footer.len() as u32).to_le_bytes())?;
        self.write(MAGIC)?;
        self.writer.into_inner()?.finish()
    }
}
