//! Where the edges of each source stand.

use agent2028_core::agent::{AgentId, MAX_AGENTS, Places, keep_rows};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// In what is saved: as many ids as the number behind it says have no row.
const GAP: u32 = u32::MAX;

/// The sources that may have edges, and where these begin. Sources that were forgotten leave a bit or two of [`Places`].
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    known: Places,
    /// By place, where the edges of a source begin; one more for where the last ones end. Sources that have become known since
    /// have none.
    offsets: Vec<u32>,
}

impl Rows {
    /// The sources, ascending: their places are 0, 1, 2 …
    pub fn sources(&self) -> impl Iterator<Item = u32> + '_ {
        self.known.iter().map(|source| source.0)
    }

    /// How many sources there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// One more than the largest source.
    pub fn end(&self) -> u32 {
        self.known.end()
    }

    /// The place of a source.
    #[inline]
    pub fn place(&self, source: u32) -> Option<usize> {
        self.known.get(AgentId(source))
    }

    /// Where the edges of a source stand.
    #[inline]
    pub fn of(&self, source: u32) -> std::ops::Range<usize> {
        self.place(source).map_or(0..0, |place| self.at(place))
    }

    /// Where the edges of the source at a place stand.
    #[inline]
    pub fn at(&self, place: usize) -> std::ops::Range<usize> {
        match self.offsets.get(place).zip(self.offsets.get(place + 1)) {
            Some((from, to)) => *from as usize..*to as usize,
            None => 0..0,
        }
    }

    /// The place of a source, which becomes known if it wasn't, as do all new ones before it. The second is the place at which
    /// columns must make room, where that is not behind all others.
    pub fn know(&mut self, source: u32) -> (usize, Option<usize>) {
        if let Some(place) = self.place(source) {
            return (place, None);
        }
        let end = self.known.end();
        if source >= end {
            (end..=source).for_each(|source| {
                self.known.insert(AgentId(source));
            });
            return (self.known.len() - 1, None);
        }
        // Somebody who was forgotten.
        let (place, _) = self.known.insert(AgentId(source));
        if let Some(begin) = self.offsets.get(place).copied() {
            self.offsets.insert(place, begin);
        }
        (place, Some(place))
    }

    /// Takes over where the edges of all sources begin.
    pub fn set(&mut self, offsets: Vec<u32>) {
        self.offsets = offsets;
    }

    /// Forgets sources that have no edges. If any go, tells by place which have stayed.
    pub fn retain(&mut self, keep: impl Fn(u32) -> bool) -> Option<Vec<bool>> {
        let kept: Vec<bool> = self.known.iter().map(|source| keep(source.0)).collect();
        if kept.iter().all(|kept| *kept) {
            return None;
        }
        self.known.retain(|_, place| kept[place]);
        // Where a source's edges end is where the next one's begin.
        keep_rows(&mut self.offsets, |at| at == 0 || kept.get(at - 1).copied().unwrap_or(true));
        Some(kept)
    }

    /// Whether they make sense above so many edges of so many nodes.
    pub fn check(&self, edges: usize, nodes: u32) -> bool {
        let rise = self.offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        let ends = self.offsets.last().map_or(0, |last| *last as usize) == edges;
        rise && ends && self.offsets.first().is_none_or(|first| *first == 0) && self.known.end() <= nodes
    }

    /// Their memory in bytes.
    pub fn bytes(&self) -> usize {
        self.known.bytes() + self.offsets.capacity() * 4
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut numbers = Vec::with_capacity(self.offsets.len());
        numbers.extend(self.offsets.first());
        let mut next = 0;
        for (source, end) in self.sources().zip(self.offsets.iter().skip(1)) {
            if source > next {
                numbers.extend([GAP, source - next]);
            }
            numbers.push(*end);
            next = source + 1;
        }
        agent2028_core::checkpoint::records::serialize(&numbers, serializer)
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let numbers: Vec<u32> = agent2028_core::checkpoint::records::deserialize(deserializer)?;
        let (mut rows, mut next) = (Self::default(), 0_u32);
        let mut numbers = numbers.into_iter();
        rows.offsets.extend(numbers.next());
        while let Some(number) = numbers.next() {
            if number == GAP {
                let ids = numbers.next().and_then(|ids| next.checked_add(ids));
                let ids = ids.filter(|next| u64::from(*next) < MAX_AGENTS);
                next = ids.ok_or_else(|| D::Error::custom("a row of the trust graph is of nobody"))?;
                continue;
            }
            rows.known.insert(AgentId(next));
            rows.offsets.push(number);
            next = next.checked_add(1).ok_or_else(|| D::Error::custom("the trust graph has too many rows"))?;
        }
        Ok(rows)
    }
}
