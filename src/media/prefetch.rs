//! Asks the processor to fetch memory that is needed soon. A burst to a thousand viewers touches the state and keys of each, far more than
//! the caches hold; fetched ahead, they are there in time. The one place of the media plane that is `unsafe`.

/// Bytes of a cache line.
const LINE: usize = 64;
/// More would push out what is in use.
const MOST: usize = 1_024;

/// Starts to fetch the memory of a value. Has no effect but on time.
#[inline]
pub(super) fn prefetch<T: ?Sized>(value: &T) {
    let start = std::ptr::from_ref(value).cast::<u8>();
    let length = size_of_val(value).min(MOST);
    for offset in (0..length).step_by(LINE) {
        line(start.wrapping_add(offset));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[expect(unsafe_code, reason = "prefetching is a hint: it reads nothing, and any address is allowed")]
fn line(address: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: PREFETCHT0 never faults, whatever the address (Intel SDM, volume 2).
    unsafe { _mm_prefetch(address.cast(), _MM_HINT_T0) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn line(_: *const u8) {}
