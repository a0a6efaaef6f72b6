//! The system's allocator, counting: tests see by it what something costs, whatever else the machine does. A test binary that
//! counts has it as its allocator:
//!
//! ```
//! use agent2028_property_tests::memory::{Counting, held};
//!
//! #[global_allocator]
//! static COUNTING: Counting = Counting;
//!
//! let before = held();
//! let numbers = vec![0_u64; 1000];
//! assert_eq!(held() - before, 8000);
//! drop(numbers);
//! assert_eq!(held(), before);
//! ```

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    static ASKED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    static GIVEN_BACK: Cell<u64> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    // While a thread ends it has no counters any more.
    let _ = ASKED.try_with(|asked| {
        let (times, all) = asked.get();
        asked.set((times + 1, all + bytes as u64));
    });
}

fn give_back(bytes: usize) {
    let _ = GIVEN_BACK.try_with(|all| all.set(all.get() + bytes as u64));
}

/// How often this thread has asked for memory so far, and for how many bytes.
#[must_use]
pub fn asked_for() -> (u64, u64) {
    ASKED.get()
}

/// How many bytes this thread has asked for and not given back; below 0 if others' memory ended here.
#[must_use]
pub fn held() -> i64 {
    ASKED.get().1 as i64 - GIVEN_BACK.get() as i64
}

#[expect(unsafe_code, reason = "an allocator can't be written otherwise; this one hands everything on to the system's")]
// SAFETY: all is done by the system's allocator, with the arguments that came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise is the one that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // What is larger is asked for, what is smaller given back.
        if size >= layout.size() {
            count(size - layout.size());
        } else {
            count(0);
            give_back(layout.size() - size);
        }
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}
