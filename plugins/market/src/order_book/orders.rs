//! Resting orders in a slab, linked into queues.

use agent2028_core::agent::AgentId;

use super::{OrderId, Side};

/// No slot at all: the end of a queue.
pub const NO_SLOT: u32 = u32::MAX;

/// An order that rests. Its price is that of its level.
#[derive(Clone, Copy, Debug)]
pub struct Resting {
    pub id: OrderId,
    pub owner: AgentId,
    pub quantity: u32,
    pub level: u32,
    /// The next older one of its queue.
    pub previous: u32,
    /// The next younger one of its queue; in a free slot the next free one.
    pub next: u32,
    pub side: Side,
}

/// All resting orders. Slots of orders that are gone are used again, the last one first.
#[derive(Clone, Debug)]
pub struct Orders {
    slots: Vec<Resting>,
    free: u32,
    resting: usize,
}

impl Default for Orders {
    fn default() -> Self {
        Self { slots: Vec::new(), free: NO_SLOT, resting: 0 }
    }
}

impl Orders {
    pub fn len(&self) -> usize {
        self.resting
    }

    pub fn reserve(&mut self, orders: usize) {
        self.slots.reserve_exact(orders);
    }

    pub fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Resting>()
    }

    #[inline]
    pub fn get(&self, slot: u32) -> &Resting {
        &self.slots[slot as usize]
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> &mut Resting {
        &mut self.slots[slot as usize]
    }

    #[inline]
    pub fn add(&mut self, order: Resting) -> u32 {
        self.resting += 1;
        if self.free == NO_SLOT {
            self.slots.push(order);
            (self.slots.len() - 1) as u32
        } else {
            let slot = self.free;
            self.free = self.get(slot).next;
            *self.get_mut(slot) = order;
            slot
        }
    }

    #[inline]
    pub fn free(&mut self, slot: u32) {
        self.resting -= 1;
        let free = self.free;
        self.get_mut(slot).next = free;
        self.free = slot;
    }

    /// Nobody is before this one any more.
    #[inline]
    pub fn make_head(&mut self, slot: u32) {
        self.get_mut(slot).previous = NO_SLOT;
    }

    /// A queue from this slot on.
    pub fn queue(&self, head: u32) -> impl Iterator<Item = &Resting> {
        let mut slot = head;
        std::iter::from_fn(move || {
            if slot == NO_SLOT {
                return None;
            }
            let resting = self.get(slot);
            slot = resting.next;
            Some(resting)
        })
    }
}
