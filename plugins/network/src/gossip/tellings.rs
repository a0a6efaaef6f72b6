//! Who tells which rumour: a list in order, to which a few come in each round.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A rumour that an agent tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Telling {
    pub(crate) agent: u32,
    pub(crate) rumour: u32,
    /// For how many more rounds; 0 for as long as the rumour lives.
    pub(crate) left: u32,
}

/// Marks tellings that are over.
const DONE: u32 = u32::MAX;

/// Tellings by agent, then rumour. What has come lately lies in a short list of its own, so that few are moved for it, and what
/// has come since the last round behind both.
#[derive(Debug, Default)]
pub(crate) struct Tellings {
    many: Vec<Telling>,
    few: Vec<Telling>,
    new: Vec<Telling>,
}

impl Tellings {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.many.len() + self.few.len() + self.new.len()
    }

    /// Whether some have come since they were last put in order.
    pub(crate) fn has_new(&self) -> bool {
        !self.new.is_empty()
    }

    /// An agent begins to tell a rumour.
    pub(crate) fn push(&mut self, telling: Telling) {
        self.new.push(telling);
    }

    /// All in order, and behind them those that have come since.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Telling> + '_ {
        let (mut many, mut few) = (self.many.iter().peekable(), self.few.iter().peekable());
        let in_order = std::iter::from_fn(move || match (many.peek(), few.peek()) {
            (Some(one), Some(other)) if other < one => few.next(),
            (Some(_), _) => many.next(),
            (None, _) => few.next(),
        });
        in_order.chain(&self.new).copied()
    }

    /// Those of an agent that are in order: its rumours ascend within each of two lists.
    pub(crate) fn of(&self, agent: u32) -> impl Iterator<Item = Telling> + '_ {
        range_of(&self.many, agent).iter().chain(range_of(&self.few, agent)).copied()
    }

    /// Puts all in order and ends those that don't go on.
    pub(crate) fn put_in_order(&mut self, goes_on: impl Fn(&Telling) -> bool) {
        self.many.append(&mut self.few);
        self.many.append(&mut self.new);
        self.many.sort_unstable();
        self.many.retain(goes_on);
    }

    /// Puts those in order that have come since, and ends those of them that don't go on; `came` hears of the others.
    pub(crate) fn put_new_in_order(&mut self, goes_on: impl Fn(&Telling) -> bool, came: impl FnMut(Telling)) {
        let mut new = std::mem::take(&mut self.new);
        new.retain(goes_on);
        new.sort_unstable();
        new.iter().copied().for_each(came);
        merge(&mut self.few, &new);
        new.clear();
        self.new = new;
        if self.few.len() > 64 + self.many.len() / 16 {
            merge(&mut self.many, &self.few);
            self.few.clear();
        }
    }

    /// All that are in order as one list.
    pub(crate) fn as_one(&mut self) -> &[Telling] {
        merge(&mut self.many, &self.few);
        self.few.clear();
        &self.many
    }

    /// An agent has told what it tells for a round more. Whether one of its tellings is over.
    pub(crate) fn count_down(&mut self, agent: u32) -> bool {
        let mut over = false;
        for list in [&mut self.many, &mut self.few] {
            let first = list.partition_point(|telling| telling.agent < agent);
            for telling in list[first..].iter_mut().take_while(|telling| telling.agent == agent) {
                telling.left = match telling.left {
                    0 => 0,
                    1 => DONE,
                    left => left - 1,
                };
                over |= telling.left == DONE;
            }
        }
        over
    }

    /// Ends those that are over; `ended` hears whose they are.
    pub(crate) fn end(&mut self, mut ended: impl FnMut(u32)) {
        for list in [&mut self.many, &mut self.few] {
            list.retain(|telling| {
                let goes_on = telling.left != DONE;
                if !goes_on {
                    ended(telling.agent);
                }
                goes_on
            });
        }
    }

    /// The memory that it holds, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        (self.many.capacity() + self.few.capacity() + self.new.capacity()) * size_of::<Telling>()
    }
}

fn range_of(list: &[Telling], agent: u32) -> &[Telling] {
    let first = list.partition_point(|telling| telling.agent < agent);
    let count = list[first..].iter().take_while(|telling| telling.agent == agent).count();
    &list[first..first + count]
}

/// Merges a few tellings in order into many.
fn merge(many: &mut Vec<Telling>, few: &[Telling]) {
    let mut end = many.len();
    many.extend_from_slice(few);
    let mut hole = many.len();
    for telling in few.iter().rev() {
        let first = many[..end].partition_point(|other| other <= telling);
        let after = end - first;
        many.copy_within(first..end, hole - after);
        hole -= after + 1;
        many[hole] = *telling;
        end = first;
    }
}

/// Saved as one list.
impl Serialize for Tellings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        self.iter().try_for_each(|telling| list.serialize_element(&telling))?;
        list.end()
    }
}

impl<'de> Deserialize<'de> for Tellings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { new: Vec::deserialize(deserializer)?, ..Self::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(agent2028_property_tests::cases(64))]

        #[test]
        fn tellings_lie_as_in_one_list_that_is_sorted_again_and_again(
            rounds in prop::collection::vec(prop::collection::vec((0_u32..300, 0_u32..4, 0_u32..3), 0..60), 1..30),
        ) {
            let (mut ours, mut plain) = (Tellings::default(), Vec::new());
            for (at, round) in rounds.iter().enumerate() {
                for (agent, rumour, left) in round {
                    let telling = Telling { agent: *agent, rumour: *rumour, left: *left };
                    ours.push(telling);
                    plain.push(telling);
                }
                prop_assert_eq!(ours.iter().collect::<Vec<_>>(), plain.clone());
                let goes_on = |telling: &Telling| telling.agent % 7 != 3;
                plain.retain(goes_on);
                plain.sort_unstable();
                if at % 5 == 4 {
                    ours.put_in_order(goes_on);
                } else {
                    ours.put_new_in_order(goes_on, |_| ());
                }
                prop_assert_eq!(ours.iter().collect::<Vec<_>>(), plain.clone());
                for agent in [0, 17, 150] {
                    let mut of: Vec<Telling> = ours.of(agent).collect();
                    of.sort_unstable();
                    prop_assert_eq!(of, plain.iter().copied().filter(|telling| telling.agent == agent).collect::<Vec<_>>());
                    let over = ours.count_down(agent);
                    let told = plain.iter_mut().filter(|telling| telling.agent == agent);
                    told.for_each(|telling| telling.left = [0, DONE, 1][telling.left as usize]);
                    prop_assert_eq!(over, plain.iter().any(|telling| telling.left == DONE && telling.agent == agent));
                    ours.end(|ended| assert_eq!(ended, agent));
                    plain.retain(|telling| telling.left != DONE);
                }
                prop_assert_eq!(ours.len(), plain.len());
                if at % 3 == 2 {
                    prop_assert_eq!(ours.as_one(), &plain[..]);
                }
            }
        }
    }
}
