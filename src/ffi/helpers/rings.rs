//! Rings of equal elements with one head and any number of tails. Positions are offsets in bytes,
//! and programs keep those of their tails themselves.

use std::ffi::{c_int, c_void};
use std::ptr::{copy_nonoverlapping, null_mut};

use crate::ffi::panic::guard;
use crate::ffi::types::lws_ring;
use crate::util::log;

/// A ring, made by calloc. No reference to it is held while the program's callback runs: that may
/// use the ring.
struct Ring {
    buffer: *mut u8,
    /// Bytes at `buffer`: one element more than can wait.
    size: u32,
    element: u32,
    head: u32,
    oldest: u32,
    destroy: Option<unsafe extern "C" fn(element: *mut c_void)>,
}

impl Ring {
    /// How far it is from a position forward to another, in bytes.
    fn distance(&self, from: u32, to: u32) -> u32 {
        if to >= from { to - from } else { self.size - from + to }
    }

    fn moved(&self, from: u32, by: u64) -> u32 {
        ((u64::from(from) + by) % u64::from(self.size)) as u32
    }

    /// A tail's position, checked since it is the program's.
    fn place(&self, caller: &str, tail: u32) -> Option<u32> {
        let good = tail < self.size;
        if !good {
            log::err!("{caller}: tail {tail} is not in a ring of {} bytes", self.size);
        }
        good.then_some(tail)
    }

    fn free_elements(&self) -> u32 {
        // head == tail is an empty ring, so one element has to stay free
        let bytes =
            (self.size - self.distance(self.oldest, self.head)).saturating_sub(self.element);
        // what programs know: a single byte is not given out
        if bytes < 2 { 0 } else { bytes / self.element }
    }

    fn waiting(&self, tail: u32) -> u32 {
        self.distance(tail, self.head) / self.element
    }

    /// The element at a position, unless it is cut by the end, as unequal steps of
    /// `lws_ring_bump_head` may bring about.
    fn at(&self, position: u32) -> Option<*mut u8> {
        let end = u64::from(position) + u64::from(self.element);
        (end <= u64::from(self.size)).then(|| self.buffer.wrapping_add(position as usize))
    }

    /// How many of `len` bytes lie between a position and the end.
    fn before_end(&self, position: u32, len: u32) -> u32 {
        len.min(self.size - position)
    }

    /// Copies into the ring, behind the head. `len` bytes are free.
    ///
    /// # Safety
    /// `src` has `len` readable bytes.
    unsafe fn copy_in(&self, src: *const u8, len: u32) {
        let first = self.before_end(self.head, len);
        let rest = (len - first) as usize;
        // SAFETY: both parts lie in the ring.
        unsafe {
            copy_nonoverlapping(src, self.buffer.add(self.head as usize), first as usize);
            copy_nonoverlapping(src.add(first as usize), self.buffer, rest);
        }
    }

    /// Copies out of the ring, from `tail` on. `len` bytes wait there.
    ///
    /// # Safety
    /// `dest` has `len` writable bytes.
    unsafe fn copy_out(&self, tail: u32, dest: *mut u8, len: u32) {
        let first = self.before_end(tail, len);
        let rest = (len - first) as usize;
        // SAFETY: both parts lie in the ring.
        unsafe {
            copy_nonoverlapping(self.buffer.add(tail as usize), dest, first as usize);
            copy_nonoverlapping(self.buffer, dest.add(first as usize), rest);
        }
    }
}

/// # Safety
/// `ringbuf` is NULL or live.
unsafe fn get<'a>(ringbuf: *mut lws_ring) -> Option<&'a mut Ring> {
    // SAFETY: as the caller promises.
    unsafe { ringbuf.cast::<Ring>().as_mut() }
}

/// Frees up what is older than `tail`, element by element if the program wants to know.
///
/// # Safety
/// `ringbuf` is live, and `tail` a position in it.
unsafe fn retire(ringbuf: *mut Ring, tail: u32) {
    // SAFETY: as the caller promises; the callback gets an element that nobody waits for.
    unsafe {
        if let Some(destroy) = (*ringbuf).destroy {
            let gone = (*ringbuf).distance((*ringbuf).oldest, tail) / (*ringbuf).element;
            for _ in 0..gone {
                if let Some(element) = (*ringbuf).at((*ringbuf).oldest) {
                    destroy(element.cast());
                }
                (*ringbuf).oldest =
                    (*ringbuf).moved((*ringbuf).oldest, u64::from((*ringbuf).element));
            }
        }
        (*ringbuf).oldest = tail;
    }
}

/// Makes a ring for elements of `element_len` bytes, with room for `count` less one of them.
/// `destroy_element`, which may be NULL, is called with each element that the oldest tail has
/// left behind, and with those left when the ring is destroyed. Returns the ring, to be given to
/// `lws_ring_destroy`; NULL without memory or if a length is 0 or their product above 4 GiB.
///
/// # Safety
/// `destroy_element` is callable with elements of the ring.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_create(
    element_len: usize,
    count: usize,
    destroy_element: Option<unsafe extern "C" fn(element: *mut c_void)>,
) -> *mut lws_ring {
    guard("lws_ring_create", null_mut(), || {
        let size = element_len.checked_mul(count).and_then(|size| u32::try_from(size).ok());
        let (Some(size @ 1..), Ok(element)) = (size, u32::try_from(element_len)) else {
            log::err!("lws_ring_create: {count} elements of {element_len} bytes make no ring");
            return null_mut();
        };
        // SAFETY: the memory is as large as the struct.
        unsafe {
            let buffer = libc::calloc(count, element_len).cast::<u8>();
            let ringbuf = libc::malloc(size_of::<Ring>()).cast::<Ring>();
            if buffer.is_null() || ringbuf.is_null() {
                log::err!("lws_ring_create: no memory for {size} bytes");
                libc::free(buffer.cast());
                libc::free(ringbuf.cast());
                return null_mut();
            }
            ringbuf.write(Ring {
                buffer,
                size,
                element,
                head: 0,
                oldest: 0,
                destroy: destroy_element,
            });
            ringbuf.cast()
        }
    })
}

/// Frees `ringbuf`, after telling its callback of each element that is still in it. NULL has no
/// effect.
///
/// # Safety
/// `ringbuf` came from [`lws_ring_create`] and is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_destroy(ringbuf: *mut lws_ring) {
    let ringbuf = ringbuf.cast::<Ring>();
    if ringbuf.is_null() {
        return;
    }
    // SAFETY: as the caller promises; both came from malloc.
    unsafe {
        retire(ringbuf, (*ringbuf).head);
        libc::free((*ringbuf).buffer.cast());
        libc::free(ringbuf.cast());
    }
}

/// How many elements can be inserted into `ringbuf`. In a ring of single bytes a last free one is
/// not counted.
///
/// # Safety
/// `ringbuf` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_get_count_free_elements(ringbuf: *mut lws_ring) -> usize {
    // SAFETY: as the caller promises.
    unsafe { get(ringbuf).map_or(0, |ringbuf| ringbuf.free_elements() as usize) }
}

/// How many elements of `ringbuf` wait for `tail`; NULL is the oldest one.
///
/// # Safety
/// `ringbuf` is live, `tail` NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_get_count_waiting_elements(
    ringbuf: *mut lws_ring,
    tail: *mut u32,
) -> usize {
    guard("lws_ring_get_count_waiting_elements", 0, || {
        // SAFETY: as the caller promises.
        unsafe {
            let Some(ringbuf) = get(ringbuf) else { return 0 };
            let tail = tail.as_ref().copied().unwrap_or(ringbuf.oldest);
            let tail = ringbuf.place("lws_ring_get_count_waiting_elements", tail);
            tail.map_or(0, |tail| ringbuf.waiting(tail) as usize)
        }
    })
}

/// Copies elements from the array `src` into `ringbuf`, up to `max_count` or what there is room
/// for. Returns how many.
///
/// # Safety
/// `ringbuf` is live; `src` has that many elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_insert(
    ringbuf: *mut lws_ring,
    src: *const c_void,
    max_count: usize,
) -> usize {
    guard("lws_ring_insert", 0, || {
        // SAFETY: as the caller promises; no more is copied than is free.
        unsafe {
            let Some(ringbuf) = get(ringbuf).filter(|_| !src.is_null()) else { return 0 };
            let count = max_count.min(ringbuf.free_elements() as usize) as u32;
            ringbuf.copy_in(src.cast(), count * ringbuf.element);
            ringbuf.head =
                ringbuf.moved(ringbuf.head, u64::from(count) * u64::from(ringbuf.element));
            count as usize
        }
    })
}

/// Moves `tail` on by up to `max_count` elements that wait in `ringbuf`, after copying them to
/// the array `dest`, unless that is NULL. With NULL as `tail` it is the oldest one, and what it
/// leaves behind is freed up. Returns how many elements that were.
///
/// # Safety
/// `ringbuf` is live, `tail` NULL or writable; `dest` is NULL or has room for `max_count`
/// elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_consume(
    ringbuf: *mut lws_ring,
    tail: *mut u32,
    dest: *mut c_void,
    max_count: usize,
) -> usize {
    guard("lws_ring_consume", 0, || {
        // SAFETY: as the caller promises; no more is copied than waits.
        unsafe {
            let Some(this) = get(ringbuf) else { return 0 };
            let from = tail.as_ref().copied().unwrap_or(this.oldest);
            let Some(from) = this.place("lws_ring_consume", from) else { return 0 };
            let count = max_count.min(this.waiting(from) as usize) as u32;
            if !dest.is_null() {
                this.copy_out(from, dest.cast(), count * this.element);
            }
            let to = this.moved(from, u64::from(count) * u64::from(this.element));
            match tail.as_mut() {
                Some(tail) => *tail = to,
                None => retire(ringbuf.cast(), to),
            }
            count as usize
        }
    })
}

/// Where in `ringbuf` the next element for `tail` is; NULL if none waits. As `tail`, NULL is the
/// oldest one. The element is to be consumed by [`lws_ring_consume`] with NULL as `dest`.
///
/// # Safety
/// `ringbuf` is live, `tail` NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_get_element(
    ringbuf: *mut lws_ring,
    tail: *mut u32,
) -> *const c_void {
    guard("lws_ring_get_element", std::ptr::null(), || {
        // SAFETY: as the caller promises.
        unsafe {
            let Some(ringbuf) = get(ringbuf) else { return std::ptr::null() };
            let tail = tail.as_ref().copied().unwrap_or(ringbuf.oldest);
            let waits = |tail: &u32| *tail != ringbuf.head;
            let tail = ringbuf.place("lws_ring_get_element", tail).filter(waits);
            let element = tail.and_then(|tail| ringbuf.at(tail));
            element.map_or(std::ptr::null(), |element| element.cast_const().cast())
        }
    })
}

/// Makes `tail` the oldest one of `ringbuf`: what is older is freed up, after telling the ring's
/// callback of it. To be called when the tail of the slowest consumer has moved.
///
/// # Safety
/// `ringbuf` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_update_oldest_tail(ringbuf: *mut lws_ring, tail: u32) {
    guard("lws_ring_update_oldest_tail", (), || {
        // SAFETY: as the caller promises.
        unsafe {
            let place = get(ringbuf).and_then(|r| r.place("lws_ring_update_oldest_tail", tail));
            if let Some(tail) = place {
                retire(ringbuf.cast(), tail);
            }
        }
    });
}

/// The oldest tail of `ringbuf`, with which a new consumer begins.
///
/// # Safety
/// `ringbuf` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_get_oldest_tail(ringbuf: *mut lws_ring) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { get(ringbuf).map_or(0, |ringbuf| ringbuf.oldest) }
}

/// Where in `ringbuf` can be written: sets `*start` and, to how much fits there without a wrap,
/// `*bytes`. Returns 0, or 1 if there is no room. What was written is made known with
/// [`lws_ring_bump_head`].
///
/// # Safety
/// `ringbuf` is live; the pointers can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_next_linear_insert_range(
    ringbuf: *mut lws_ring,
    start: *mut *mut c_void,
    bytes: *mut usize,
) -> c_int {
    guard("lws_ring_next_linear_insert_range", 1, || {
        // SAFETY: as the caller promises.
        unsafe {
            let Some(ringbuf) = get(ringbuf) else { return 1 };
            let room = ringbuf.free_elements() * ringbuf.element;
            if room == 0 || start.is_null() || bytes.is_null() {
                return 1;
            }
            *start = ringbuf.buffer.add(ringbuf.head as usize).cast();
            *bytes = ringbuf.before_end(ringbuf.head, room) as usize;
            0
        }
    })
}

/// Moves the head of `ringbuf` on by `bytes`, at most what [`lws_ring_next_linear_insert_range`]
/// said.
///
/// # Safety
/// `ringbuf` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_bump_head(ringbuf: *mut lws_ring, bytes: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        if let Some(ringbuf) = get(ringbuf) {
            ringbuf.head = ringbuf.moved(ringbuf.head, (bytes % ringbuf.size as usize) as u64);
        }
    }
}

/// Logs the state of `ringbuf`, seen from `tail` or, if that is NULL, from the oldest one.
///
/// # Safety
/// `ringbuf` is live, `tail` NULL or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ring_dump(ringbuf: *mut lws_ring, tail: *mut u32) {
    guard("lws_ring_dump", (), || {
        // SAFETY: as the caller promises.
        unsafe {
            let waiting = lws_ring_get_count_waiting_elements(ringbuf, tail);
            let Some(this) = get(ringbuf) else { return };
            let tail = tail.as_ref().copied().unwrap_or(this.oldest);
            log::notice!(
                "ring {ringbuf:p}: {} bytes in elements of {}, head {}, oldest tail {}, {} free; \
                 {waiting} wait for tail {tail}",
                this.size,
                this.element,
                this.head,
                this.oldest,
                this.free_elements()
            );
        }
    });
}
