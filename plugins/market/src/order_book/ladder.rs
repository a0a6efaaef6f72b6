//! The prices of one side: levels, found by price and in order.

use std::collections::BTreeMap;

use super::Side;
use super::orders::NO_SLOT;

/// Neighbouring ticks that share a page: as many as a bitmap of 32 bits tells apart.
const PAGE_TICKS: i64 = 32;
/// Pages that are found without the tree.
const CACHED_PAGES: usize = 64;
/// No page, or no level, at all.
const NONE: u32 = u32::MAX;

/// The orders at one price.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    /// In ticks.
    pub price: i64,
    /// Units of all its orders.
    pub quantity: u64,
    /// Slot of the oldest order.
    pub head: u32,
    /// Slot of the youngest order.
    pub tail: u32,
    page: u32,
}

/// Levels at neighbouring prices.
#[derive(Clone, Debug)]
struct Page {
    /// The price of its first tick divided by [`PAGE_TICKS`].
    key: i64,
    /// Which ticks have a level.
    present: u32,
    levels: [u32; PAGE_TICKS as usize],
}

/// All levels of one side.
#[derive(Clone, Debug)]
pub struct Ladder {
    levels: Vec<Level>,
    free_levels: Vec<u32>,
    pages: Vec<Page>,
    free_pages: Vec<u32>,
    /// Pages in order.
    order: BTreeMap<i64, u32>,
    /// Pages by the low bits of their keys, if they are the last that were asked for.
    cache: [u32; CACHED_PAGES],
    /// The page with the best price.
    best: u32,
}

impl Default for Ladder {
    fn default() -> Self {
        Self {
            levels: Vec::new(),
            free_levels: Vec::new(),
            pages: Vec::new(),
            free_pages: Vec::new(),
            order: BTreeMap::new(),
            cache: [NONE; CACHED_PAGES],
            best: NONE,
        }
    }
}

#[inline]
fn cache_place(key: i64) -> usize {
    (key & (CACHED_PAGES as i64 - 1)) as usize
}

/// The tick of a page that is best for a side: buyers' highest, sellers' lowest.
#[inline]
fn best_tick(present: u32, side: Side) -> usize {
    match side {
        Side::Buy => 31 - present.leading_zeros() as usize,
        Side::Sell => present.trailing_zeros() as usize,
    }
}

impl Ladder {
    pub fn memory(&self) -> usize {
        self.levels.capacity() * size_of::<Level>()
            + self.pages.capacity() * size_of::<Page>()
            + (self.free_levels.capacity() + self.free_pages.capacity()) * size_of::<u32>()
            + self.order.len() * 2 * size_of::<(i64, u32)>()
            + size_of::<Self>()
    }

    #[inline]
    pub fn level(&self, level: u32) -> &Level {
        &self.levels[level as usize]
    }

    #[inline]
    pub fn level_mut(&mut self, level: u32) -> &mut Level {
        &mut self.levels[level as usize]
    }

    #[inline]
    fn page_of(&self, key: i64) -> Option<u32> {
        let cached = self.cache[cache_place(key)];
        if cached != NONE && self.pages[cached as usize].key == key {
            return Some(cached);
        }
        self.order.get(&key).copied()
    }

    /// The level at a price.
    #[inline]
    pub fn find(&self, price: i64) -> Option<u32> {
        let page = &self.pages[self.page_of(price.div_euclid(PAGE_TICKS))? as usize];
        let tick = price.rem_euclid(PAGE_TICKS) as usize;
        (page.present >> tick & 1 == 1).then(|| page.levels[tick])
    }

    /// The level at a price; a new and empty one if there was none.
    #[inline]
    pub fn find_or_add(&mut self, price: i64, side: Side) -> u32 {
        let (key, tick) = (price.div_euclid(PAGE_TICKS), price.rem_euclid(PAGE_TICKS) as usize);
        let at = match self.page_of(key) {
            Some(page) => page,
            None => self.add_page(key, side),
        };
        self.cache[cache_place(key)] = at;
        let page = &mut self.pages[at as usize];
        if page.present >> tick & 1 == 1 {
            return page.levels[tick];
        }
        let fresh = Level { price, quantity: 0, head: NO_SLOT, tail: NO_SLOT, page: at };
        let level = match self.free_levels.pop() {
            Some(level) => {
                self.levels[level as usize] = fresh;
                level
            }
            None => {
                self.levels.push(fresh);
                (self.levels.len() - 1) as u32
            }
        };
        page.present |= 1 << tick;
        page.levels[tick] = level;
        level
    }

    #[cold]
    fn add_page(&mut self, key: i64, side: Side) -> u32 {
        let page = Page { key, present: 0, levels: [NONE; PAGE_TICKS as usize] };
        let at = match self.free_pages.pop() {
            Some(at) => {
                self.pages[at as usize] = page;
                at
            }
            None => {
                self.pages.push(page);
                (self.pages.len() - 1) as u32
            }
        };
        self.order.insert(key, at);
        let is_better = self.best == NONE
            || match side {
                Side::Buy => key > self.pages[self.best as usize].key,
                Side::Sell => key < self.pages[self.best as usize].key,
            };
        if is_better {
            self.best = at;
        }
        at
    }

    /// Takes out a level that has no orders any more, and its page with the last one.
    #[inline]
    pub fn remove(&mut self, level: u32) {
        let Level { price, page: at, .. } = self.levels[level as usize];
        let page = &mut self.pages[at as usize];
        page.present &= !(1 << price.rem_euclid(PAGE_TICKS));
        self.free_levels.push(level);
        if page.present == 0 {
            self.remove_page(at);
        }
    }

    #[cold]
    fn remove_page(&mut self, at: u32) {
        let key = self.pages[at as usize].key;
        self.order.remove(&key);
        if self.cache[cache_place(key)] == at {
            self.cache[cache_place(key)] = NONE;
        }
        if self.best == at {
            // It was the best, so that the next best is at whichever end the rest lies of: all below for buyers, all above
            // for sellers.
            self.best = match (self.order.range(..key).next_back(), self.order.range(key..).next()) {
                (Some((_, page)), _) | (None, Some((_, page))) => *page,
                (None, None) => NONE,
            };
        }
        self.free_pages.push(at);
    }

    /// So many units from the front of a level's queue are gone, and this slot is its oldest now.
    #[inline]
    pub fn take_from_front(&mut self, level: u32, head: u32, units: u64) {
        let at = self.level_mut(level);
        at.quantity -= units;
        at.head = head;
    }

    /// The level with the best price.
    #[inline]
    pub fn best_level(&self, side: Side) -> Option<u32> {
        if self.best == NONE {
            return None;
        }
        let page = &self.pages[self.best as usize];
        Some(page.levels[best_tick(page.present, side)])
    }

    /// The best price.
    #[inline]
    pub fn best(&self, side: Side) -> Option<i64> {
        self.best_level(side).map(|level| self.level(level).price)
    }

    /// All levels, the best price first.
    pub fn in_order(&self, side: Side) -> impl Iterator<Item = u32> + '_ {
        let mut pages = self.order.values().copied();
        let pages = std::iter::from_fn(move || match side {
            Side::Buy => pages.next_back(),
            Side::Sell => pages.next(),
        });
        pages.flat_map(move |page| {
            let page = &self.pages[page as usize];
            let mut present = page.present;
            std::iter::from_fn(move || {
                if present == 0 {
                    return None;
                }
                let tick = best_tick(present, side);
                present &= !(1 << tick);
                Some(page.levels[tick])
            })
        })
    }
}
