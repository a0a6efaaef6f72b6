//! What everybody knows of the rumours that live, in columns: so it is seen at a glance whether one agent can tell another
//! anything. All of it is derived from what agents remember and tell.

use std::sync::Arc;

use super::seen::{Seen, SeenCache};
use super::{Rumours, Telling};
use crate::wire;

/// A rumour that lives.
#[derive(Clone, Debug)]
pub(crate) struct Living {
    pub(crate) number: u32,
    pub(crate) text: String,
}

/// What an agent knows of a rumour that lives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    /// How many hops it may still go.
    pub(crate) ttl: u16,
    /// How many hops it has come.
    pub(crate) hops: u16,
    /// That it was heard before or after others, from 1; 0 if it isn't known.
    pub(crate) nth: u16,
    /// Whether the agent tells it.
    pub(crate) told: bool,
}

/// What an agent says in a round, to whomever.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Speech {
    /// The rumours that it tells, as bits by their places.
    pub(crate) told: u32,
    /// How many messages it says.
    pub(crate) messages: u16,
    /// Their size together, as far as it is always the same; [`Speech::BY_ITSELF`] if they must be sent one by one.
    pub(crate) bytes: u16,
}

impl Speech {
    pub(crate) const BY_ITSELF: u16 = u16::MAX;
}

/// How agents speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// The version of the format.
    pub(crate) version: u8,
    /// Whether agents tell, and whether they ask.
    pub(crate) pushes: bool,
    pub(crate) pulls: bool,
}

/// At most so many rumours have a column.
const MOST: usize = 32;

/// What everybody knows of the rumours that live.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// For which manner it was made; nothing if it must be made anew.
    made_for: Option<Manner>,
    pub(crate) rumours: Arc<Vec<Living>>,
    /// By rumour and agent: 1 + how many hops it may still go, 0 if the agent doesn't know it.
    pub(crate) reach: Vec<Vec<u16>>,
    pub(crate) heard: Vec<Arc<Vec<Heard>>>,
    pub(crate) speech: Vec<Speech>,
    /// The agents whose speech has changed since the last round.
    touched: Vec<u32>,
}

impl Known {
    /// From now on nothing is known for certain.
    pub(crate) fn forget(&mut self) {
        self.made_for = None;
    }

    /// An agent has remembered a rumour, perhaps in place of another.
    pub(crate) fn note(&mut self, agent: u32, seen: Seen, instead_of: Option<u32>) {
        let at = agent as usize;
        if self.made_for.is_none() {
            return;
        }
        if at >= self.speech.len() {
            self.forget();
            return;
        }
        if let Some(slot) = instead_of.and_then(|rumour| self.place(rumour)) {
            self.reach[slot][at] = 0;
            Arc::make_mut(&mut self.heard[slot])[at] = Heard::default();
        }
        // A rumour that began since the last round has no column yet.
        if let Some(slot) = self.place(seen.rumour) {
            let last = self.heard.iter().map(|heard| heard[at].nth).max().unwrap_or(0);
            if last == u16::MAX {
                self.forget();
                return;
            }
            let heard = &mut Arc::make_mut(&mut self.heard[slot])[at];
            (heard.ttl, heard.hops) = (seen.ttl, seen.hops);
            if heard.nth == 0 {
                heard.nth = last + 1;
            }
            self.reach[slot][at] = reach(seen.ttl);
        }
        self.touched.push(agent);
    }

    /// An agent tells other rumours than in the last round.
    pub(crate) fn touch(&mut self, agent: u32) {
        if self.made_for.is_some() {
            self.touched.push(agent);
        }
    }

    /// The columns are brought in step before a round. `tellings` are in order; false if so many rumours live that there are none.
    pub(crate) fn fit(
        &mut self,
        manner: Manner,
        rumours: &Rumours,
        tick: u64,
        seen: &SeenCache,
        tellings: &[Telling],
        agents: usize,
    ) -> bool {
        let living = || rumours.iter().filter(|rumour| tick < rumour.dies);
        let same = self.made_for == Some(manner)
            && self.speech.len() == agents
            && living().map(|rumour| rumour.number).eq(self.rumours.iter().map(|living| living.number));
        if same {
            let mut touched = std::mem::take(&mut self.touched);
            touched.sort_unstable();
            touched.dedup();
            for agent in &touched {
                let first = tellings.partition_point(|telling| telling.agent < *agent);
                let end = first + tellings[first..].iter().take_while(|telling| telling.agent == *agent).count();
                self.learn_speech(manner, *agent, &tellings[first..end]);
            }
            touched.clear();
            self.touched = touched;
            return true;
        }
        self.forget();
        self.touched.clear();
        self.rumours = Arc::new(
            living().map(|rumour| Living { number: rumour.number, text: rumour.text.clone() }).collect::<Vec<_>>(),
        );
        if self.rumours.len() > MOST {
            return false;
        }
        self.reach = vec![vec![0; agents]; self.rumours.len()];
        let mut heard = vec![vec![Heard::default(); agents]; self.rumours.len()];
        for agent in 0..agents as u32 {
            for (nth, known) in seen.of(agent).enumerate() {
                if let Some(slot) = self.place(known.rumour) {
                    heard[slot][agent as usize] =
                        Heard { ttl: known.ttl, hops: known.hops, nth: nth as u16 + 1, ..Heard::default() };
                    self.reach[slot][agent as usize] = reach(known.ttl);
                }
            }
        }
        self.heard = heard.into_iter().map(Arc::new).collect();
        self.speech.clear();
        self.speech.resize(agents, Speech::default());
        let mut at = 0;
        for agent in 0..agents as u32 {
            let end = at + tellings[at..].iter().take_while(|telling| telling.agent == agent).count();
            self.learn_speech(manner, agent, &tellings[at..end]);
            at = end;
        }
        self.made_for = Some(manner);
        true
    }

    fn place(&self, rumour: u32) -> Option<usize> {
        self.rumours.binary_search_by_key(&rumour, |living| living.number).ok()
    }

    fn learn_speech(&mut self, manner: Manner, agent: u32, tellings: &[Telling]) {
        let at = agent as usize;
        // What is told for a few rounds is counted by each teller.
        let mut alike = tellings.iter().all(|telling| telling.left == 0);
        let tellings = if manner.pushes { tellings } else { &[] };
        let (mut told, mut known, mut list) = (0_u32, 0_u64, 0);
        let mut size = wire::KeptSize::new(manner.version, agent);
        for (slot, living) in self.rumours.iter().enumerate() {
            let times = tellings.iter().filter(|telling| telling.rumour == living.number).count();
            let heard = self.heard[slot][at];
            if heard.told != (times > 0) {
                Arc::make_mut(&mut self.heard[slot])[at].told = times > 0;
            }
            if heard.nth > 0 {
                known += 1;
                list += wire::varint_len(u64::from(living.number));
            }
            if times > 0 {
                told |= 1 << slot;
                // Who forgot a rumour may tell it twice; and from an origin its columns can't tell the next ones.
                alike &= times == 1 && heard.nth > 0 && (1..u16::MAX).contains(&heard.ttl);
                size.add(
                    wire::varint_len(u64::from(living.number))
                        + wire::varint_len(u64::from(heard.ttl.saturating_sub(1)))
                        + wire::varint_len(u64::from(heard.hops) + 1)
                        + living.text.len(),
                );
            }
        }
        alike &= told.count_ones() as usize == tellings.len();
        if manner.pulls {
            size.add(wire::varint_len(known) + list);
        }
        let bytes = u16::try_from(size.bytes()).ok().filter(|_| alike).unwrap_or(Speech::BY_ITSELF);
        self.speech[at] = Speech { told, messages: told.count_ones() as u16 + u16::from(manner.pulls), bytes };
    }

    /// Whether what `from` says to `to` changes nothing there, as both are now.
    #[inline]
    pub(crate) fn is_silent(&self, speech: Speech, pulls: bool, from: u32, to: u32) -> bool {
        let (from, to) = (from as usize, to as usize);
        self.reach.iter().enumerate().all(|(slot, reach)| {
            let (mine, theirs) = (u32::from(reach[from]), u32::from(reach[to]));
            // What is told must be known there with as many hops to go; what is known there must be known here.
            (speech.told >> slot & 1 == 0 || theirs + 1 >= mine) && (!pulls || theirs == 0 || mine > 0)
        })
    }

    /// The memory that it holds, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let columns = self.reach.iter().map(|reach| reach.capacity() * 2).sum::<usize>();
        let heard = self.heard.iter().map(|heard| heard.capacity() * size_of::<Heard>()).sum::<usize>();
        columns + heard + self.speech.capacity() * size_of::<Speech>()
    }
}

/// The last two values are told apart by nobody but origins, which speak by themselves.
const fn reach(ttl: u16) -> u16 {
    if ttl == u16::MAX { ttl } else { ttl + 1 }
}
