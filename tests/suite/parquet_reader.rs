//! A second reader of Parquet, written from the format's description: footer, columns, pages.

use std::collections::BTreeMap;
use std::path::Path;

/// A value of Thrift's compact protocol.
#[derive(Clone, Debug)]
enum Value {
    Number(i64),
    Text(String),
    List(Vec<Value>),
    Struct(BTreeMap<i64, Value>),
}

impl Value {
    fn field(&self, number: i64) -> &Self {
        let Self::Struct(fields) = self else { panic!("{self:?} is no structure") };
        fields.get(&number).unwrap_or_else(|| panic!("no field {number} in {self:?}"))
    }

    fn has(&self, number: i64) -> bool {
        matches!(self, Self::Struct(fields) if fields.contains_key(&number))
    }

    fn number(&self) -> i64 {
        let Self::Number(number) = self else { panic!("{self:?} is no number") };
        *number
    }

    fn text(&self) -> &str {
        let Self::Text(text) = self else { panic!("{self:?} is no text") };
        text
    }

    fn list(&self) -> &[Self] {
        let Self::List(items) = self else { panic!("{self:?} is no list") };
        items
    }
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take(&mut self, count: usize) -> &[u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn varint(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return number;
            }
            shift += 7;
        }
    }

    fn zigzag(&mut self) -> i64 {
        let number = self.varint();
        (number >> 1) as i64 ^ -((number & 1) as i64)
    }

    fn value(&mut self, kind: u8) -> Value {
        match kind {
            4..=6 => Value::Number(self.zigzag()),
            8 => {
                let length = self.varint() as usize;
                Value::Text(String::from_utf8(self.take(length).to_vec()).unwrap())
            }
            9 => {
                let head = self.byte();
                let count = if head >> 4 == 15 { self.varint() } else { u64::from(head >> 4) };
                Value::List((0..count).map(|_| self.value(head & 15)).collect())
            }
            12 => {
                let (mut fields, mut last) = (BTreeMap::new(), 0);
                loop {
                    let head = self.byte();
                    if head == 0 {
                        return Value::Struct(fields);
                    }
                    last += i64::from(head >> 4);
                    fields.insert(last, self.value(head & 15));
                }
            }
            other => panic!("kind {other}"),
        }
    }
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Nothing,
    Whole(i64),
    Bits(u64),
    Text(String),
}

/// A table with what its metadata tells.
pub(crate) struct Table {
    pub(crate) columns: Vec<(String, Vec<Cell>)>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) groups: usize,
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Table {
    let file = std::fs::read(path).unwrap();
    let end = file.len() - 8;
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    let length = u32::from_le_bytes(file[end..end + 4].try_into().unwrap()) as usize;
    let footer = Bytes(&file[end - length..end]).value(12);
    let schema = footer.field(2).list();
    assert_eq!(schema[0].field(5).number() as usize, schema.len() - 1);
    let mut columns: Vec<(String, Vec<Cell>)> =
        schema[1..].iter().map(|column| (column.field(4).text().to_owned(), Vec::new())).collect();
    let groups = footer.field(4).list();
    for group in groups {
        for (index, chunk) in group.field(1).list().iter().enumerate() {
            let about = chunk.field(3);
            let optional = schema[index + 1].field(3).number() == 1;
            assert_eq!(about.field(3).list()[0].text(), columns[index].0);
            let at = about.field(9).number() as usize;
            let stored = about.field(7).number() as usize;
            let mut bytes = Bytes(&file[at..at + stored]);
            let header = bytes.value(12);
            let rows = header.field(5).field(1).number() as usize;
            assert_eq!((rows, header.field(3).number() as usize), (group.field(3).number() as usize, bytes.0.len()));
            let page = zstd::bulk::decompress(bytes.0, header.field(2).number() as usize).unwrap();
            columns[index].1.extend(cells(&page, rows, optional, about.field(1).number()));
        }
    }
    let rows = footer.field(3).number() as usize;
    assert!(columns.iter().all(|(_, cells)| cells.len() == rows));
    let pair = |pair: &Value| {
        assert!(pair.has(2));
        (pair.field(1).text().to_owned(), pair.field(2).text().to_owned())
    };
    Table { columns, metadata: footer.field(5).list().iter().map(pair).collect(), groups: groups.len() }
}

fn cells(page: &[u8], rows: usize, optional: bool, physical: i64) -> Vec<Cell> {
    let mut page = Bytes(page);
    let mut present = vec![true; rows];
    if optional {
        present.clear();
        let length = u32::from_le_bytes(page.take(4).try_into().unwrap()) as usize;
        let mut levels = Bytes(page.take(length));
        while !levels.0.is_empty() {
            let head = levels.varint();
            assert_eq!(head & 1, 0, "runs only");
            let is = levels.byte() == 1;
            present.extend(std::iter::repeat_n(is, (head >> 1) as usize));
        }
    }
    assert_eq!(present.len(), rows);
    let cells = present
        .into_iter()
        .map(|is| match physical {
            _ if !is => Cell::Nothing,
            1 => Cell::Whole(i64::from(i32::from_le_bytes(page.take(4).try_into().unwrap()))),
            2 => Cell::Whole(i64::from_le_bytes(page.take(8).try_into().unwrap())),
            5 => Cell::Bits(u64::from_le_bytes(page.take(8).try_into().unwrap())),
            6 => {
                let length = u32::from_le_bytes(page.take(4).try_into().unwrap()) as usize;
                Cell::Text(String::from_utf8(page.take(length).to_vec()).unwrap())
            }
            other => panic!("physical type {other}"),
        })
        .collect();
    assert!(page.0.is_empty());
    cells
}
