//! Asking for memory before it is needed, where it is known beforehand what will be.

/// Bytes in a line of the cache.
const LINE: usize = 64;

/// Asks for all lines of a value.
#[inline(always)]
pub fn ask_for_all<T>(value: &T) {
    let start = std::ptr::from_ref(value).addr();
    for offset in (0..size_of::<T>()).step_by(LINE) {
        ask_for(start.wrapping_add(offset));
    }
}

/// Asks for the lines of a row of a column, if there is such a row.
#[inline(always)]
pub fn ask_for_row<T>(column: &[T], row: usize) {
    if let Some(value) = column.get(row) {
        ask_for_all(value);
        // A row may begin within a line and reach one further than its length says.
        ask_for(std::ptr::from_ref(value).addr().wrapping_add(size_of::<T>().saturating_sub(1)));
    }
}

/// Asks for the line of the cache that holds an address. Elsewhere than on x86-64 it does nothing.
#[inline(always)]
pub fn ask_for(address: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch is a hint: it reads nothing that the program sees and never faults, whatever the address.
        #[expect(unsafe_code, reason = "a hint to the processor is an intrinsic")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::without_provenance(address));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
