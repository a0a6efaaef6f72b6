//! Many writers to one slice.

use std::ops::Range;

/// A slice that several threads write at once, each its own slots.
pub(super) struct Slots<'a, T> {
    first: *mut T,
    len: usize,
    borrowed: std::marker::PhantomData<&'a mut [T]>,
}

// SAFETY: `Slots` hands out access only through its unsafe methods, whose callers promise that no slot is used by two
// threads at once; what moves between threads is `T`, which must be `Send`.
#[expect(unsafe_code, reason = "several threads write to one slice, each its own slots")]
unsafe impl<T: Send> Sync for Slots<'_, T> {}

impl<'a, T> Slots<'a, T> {
    pub(super) fn new(slice: &'a mut [T]) -> Self {
        Self { first: slice.as_mut_ptr(), len: slice.len(), borrowed: std::marker::PhantomData }
    }

    /// # Safety
    /// The slot lies within the slice, and no other thread uses it while this call runs.
    #[expect(unsafe_code, reason = "several threads write to one slice, each its own slots")]
    #[inline(always)]
    pub(super) unsafe fn write(&self, slot: usize, value: T)
    where
        T: Copy,
    {
        debug_assert!(slot < self.len);
        // SAFETY: promised by the caller.
        unsafe { self.first.add(slot).write(value) };
    }

    /// # Safety
    /// The range lies within the slice, and nobody else uses any of its slots while the returned borrow lives.
    #[expect(unsafe_code, clippy::mut_from_ref, reason = "several threads write to one slice, each its own slots")]
    pub(super) unsafe fn slice_mut(&self, range: Range<usize>) -> &mut [T] {
        debug_assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: promised by the caller.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(range.start), range.len()) }
    }
}
