//! Memory that is given out piece by piece from chunks and freed all at once.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

use crate::ffi::panic::guard;
use crate::ffi::ptr::{bytes, c_bytes};
use crate::ffi::types::lwsac;
use crate::util::log;

/// What a chunk has room for if the program does not say.
const CHUNK: usize = 4_000;

/// Pieces begin at multiples of this.
const ALIGN: usize = size_of::<*const c_int>();

/// A chunk; behind it, in the first one of a chain [`Whole`], then the pieces. What is taken is
/// counted from the chunk's beginning, as `lwsac_get_tail_pos` says it.
#[repr(C)]
pub(super) struct Chunk {
    next: *mut Chunk,
    first: *mut Chunk,
    size: usize,
    taken: usize,
}

/// What is known of a whole chain.
#[repr(C)]
struct Whole {
    last: *mut Chunk,
    size: usize,
    chunks: usize,
    users: c_int,
    /// Nobody but users holds it: the last one of them frees it.
    detached: bool,
}

/// Bytes in front of the first piece of a chunk.
pub(super) const fn header(first: bool) -> usize {
    size_of::<Chunk>() + if first { size_of::<Whole>() } else { 0 }
}

fn aligned(len: usize) -> Option<usize> {
    len.checked_next_multiple_of(ALIGN)
}

impl Chunk {
    fn room(&self) -> usize {
        self.size - self.taken
    }

    /// The bytes of the pieces. Those that the program has not written yet are as malloc left
    /// them, so it is an address.
    fn pieces(&self) -> (*mut u8, usize) {
        let header = header(std::ptr::eq(self.first, self));
        let start = std::ptr::from_ref(self).cast::<u8>().wrapping_add(header);
        (start.cast_mut(), self.taken - header)
    }
}

/// # Safety
/// `head` is NULL or the first chunk of a live chain.
unsafe fn whole<'a>(head: *mut Chunk) -> Option<&'a mut Whole> {
    // SAFETY: it lies behind the first chunk.
    unsafe { if head.is_null() { None } else { head.add(1).cast::<Whole>().as_mut() } }
}

/// # Safety
/// `head` is NULL or a chunk of a live chain.
unsafe fn chunks<'a>(head: *mut lwsac) -> impl Iterator<Item = &'a Chunk> {
    // SAFETY: chunks are live as long as their chain.
    unsafe { std::iter::successors(head.cast::<Chunk>().as_ref(), |chunk| chunk.next.as_ref()) }
}

/// A new chunk at the end of the chain, with room for `room` bytes; NULL without memory.
///
/// # Safety
/// `head` is that of a chain, which may be empty.
unsafe fn grow(head: *mut *mut Chunk, room: usize) -> *mut Chunk {
    // SAFETY: as the caller promises; the memory has room for the headers.
    unsafe {
        let header = header((*head).is_null());
        let size = room.saturating_add(header);
        // no object is larger, and allocators find it strange to be asked
        let possible = isize::try_from(size).is_ok();
        let chunk = if possible { libc::malloc(size).cast::<Chunk>() } else { null_mut() };
        if chunk.is_null() {
            log::err!("lwsac: no memory for {size} bytes");
            return chunk;
        }
        let first = if (*head).is_null() { chunk } else { *head };
        chunk.write(Chunk { next: null_mut(), first, size, taken: header });
        if (*head).is_null() {
            *head = chunk;
            let whole = Whole { last: null_mut(), size: 0, chunks: 0, users: 0, detached: false };
            chunk.add(1).cast::<Whole>().write(whole);
        }
        if let Some(whole) = whole(first) {
            if let Some(last) = whole.last.as_mut() {
                last.next = chunk;
            }
            whole.last = chunk;
            whole.size = whole.size.saturating_add(size);
            whole.chunks += 1;
        }
        chunk
    }
}

/// Takes `ensure` bytes from a chunk, or makes one. With `backfill` any chunk will do, else the
/// last.
///
/// # Safety
/// `head` is NULL or that of a chain, which may be empty.
pub(super) unsafe fn take(
    head: *mut *mut lwsac,
    ensure: usize,
    chunk_size: usize,
    backfill: bool,
) -> *mut u8 {
    let head = head.cast::<*mut Chunk>();
    let Some(len) = aligned(ensure).filter(|_| !head.is_null()) else { return null_mut() };
    // SAFETY: as the caller promises; what is given out lies in its chunk.
    unsafe {
        let mut chunk = match whole(*head) {
            Some(_) if backfill => *head,
            Some(whole) => whole.last,
            None => null_mut(),
        };
        while !chunk.is_null() && (*chunk).room() < ensure {
            chunk = (*chunk).next;
        }
        if chunk.is_null() {
            let usual = if chunk_size == 0 { CHUNK } else { chunk_size };
            chunk = grow(head, usual.max(len));
        }
        let Some(chunk) = chunk.as_mut() else { return null_mut() };
        let piece = std::ptr::from_mut(chunk).cast::<u8>().add(chunk.taken);
        let len = len.min(chunk.room());
        piece.add(ensure).write_bytes(0, len - ensure);
        chunk.taken += len;
        piece
    }
}

/// Takes `ensure` bytes, aligned for a pointer, from the memory at `*head`, which is NULL at
/// first. If the newest chunk has no room, another is allocated, for `chunk_size` bytes (0: 4000)
/// or `ensure` if that is more. Returns the bytes, which are good until the whole is freed; NULL
/// without memory.
///
/// # Safety
/// `head` is the program's, set by these functions alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_use(
    head: *mut *mut lwsac,
    ensure: usize,
    chunk_size: usize,
) -> *mut c_void {
    // SAFETY: as the caller promises.
    guard("lwsac_use", null_mut(), || unsafe { take(head, ensure, chunk_size, false).cast() })
}

/// [`lwsac_use`] that looks for room in all chunks first, from the oldest on.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_use_backfill(
    head: *mut *mut lwsac,
    ensure: usize,
    chunk_size: usize,
) -> *mut c_void {
    guard("lwsac_use_backfill", null_mut(), || {
        // SAFETY: as the caller promises.
        unsafe { take(head, ensure, chunk_size, true).cast() }
    })
}

/// [`lwsac_use`] whose bytes are zero.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_use_zero(
    head: *mut *mut lwsac,
    ensure: usize,
    chunk_size: usize,
) -> *mut c_void {
    guard("lwsac_use_zero", null_mut(), || {
        // SAFETY: as the caller promises.
        unsafe {
            let piece = take(head, ensure, chunk_size, false);
            if !piece.is_null() {
                piece.write_bytes(0, ensure);
            }
            piece.cast()
        }
    })
}

/// Frees all of the memory at `*head`, which is NULL afterwards.
///
/// # Safety
/// `head` is the program's; nothing of the memory is used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_free(head: *mut *mut lwsac) {
    if head.is_null() {
        return;
    }
    // SAFETY: as the caller promises; each chunk came from malloc.
    unsafe {
        let mut chunk = std::mem::replace(&mut *head, null_mut()).cast::<Chunk>();
        while !chunk.is_null() {
            let next = (*chunk).next;
            libc::free(chunk.cast());
            chunk = next;
        }
    }
}

/// Gives the memory at `*head` up: it is freed, and `*head` NULL afterwards, unless it has users.
/// Then the last one's [`lwsac_unreference`] does that.
///
/// # Safety
/// `head` is the program's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_detach(head: *mut *mut lwsac) {
    // SAFETY: as the caller promises.
    unsafe {
        let first = head.as_ref().map_or(null_mut(), |head| head.cast());
        if let Some(whole) = whole(first) {
            whole.detached = true;
            if whole.users <= 0 {
                lwsac_free(head);
            }
        }
    }
}

/// Adds a user of the memory `head`, which is not NULL.
///
/// # Safety
/// `head` is what `lwsac_use` set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_reference(head: *mut lwsac) {
    // SAFETY: as the caller promises.
    unsafe {
        if let Some(whole) = whole(head.cast()) {
            whole.users = whole.users.saturating_add(1);
        }
    }
}

/// Takes a user of the memory at `*head` away. If it was the last one, and [`lwsac_detach`] was
/// called, the memory is freed and `*head` is NULL afterwards.
///
/// # Safety
/// `head` is the program's or the user's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_unreference(head: *mut *mut lwsac) {
    guard("lwsac_unreference", (), || {
        // SAFETY: as the caller promises.
        unsafe {
            let first = head.as_ref().map_or(null_mut(), |head| head.cast());
            let Some(whole) = whole(first) else { return };
            if whole.users <= 0 {
                log::warn!("lwsac_unreference: {first:p} has no user");
                return;
            }
            whole.users -= 1;
            if whole.users == 0 && whole.detached {
                lwsac_free(head);
            }
        }
    });
}

/// Makes the piece of the memory `head` that was taken last `amount` zeroed bytes longer, rounded
/// up to the size of a pointer. Returns 0, or 1 if its chunk has no room for that. Not for pieces
/// of [`lwsac_use_backfill`].
///
/// # Safety
/// `head` is what `lwsac_use` set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_extend(head: *mut lwsac, amount: usize) -> c_int {
    // SAFETY: as the caller promises; what is zeroed is free and lies in the chunk.
    unsafe {
        let last = whole(head.cast()).and_then(|whole| whole.last.as_mut());
        let Some((chunk, len)) = last.zip(aligned(amount)) else { return 1 };
        if chunk.room() < len {
            return 1;
        }
        std::ptr::from_mut(chunk).cast::<u8>().add(chunk.taken).write_bytes(0, len);
        chunk.taken += len;
        0
    }
}

/// Bytes in front of the first piece of a chunk: of the first chunk if `first` is not 0, else of
/// others.
#[unsafe(no_mangle)]
pub extern "C" fn lwsac_sizeof(first: c_int) -> usize {
    header(first != 0)
}

/// How much of the chunk `lac` is taken, in bytes from its beginning: where the next piece would
/// lie.
///
/// # Safety
/// `lac` is a chunk.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_get_tail_pos(lac: *mut lwsac) -> usize {
    // SAFETY: as the caller promises.
    unsafe { chunks(lac).next().map_or(0, |chunk| chunk.taken) }
}

/// The chunk behind `lac`, or NULL.
///
/// # Safety
/// `lac` is a chunk.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_get_next(lac: *mut lwsac) -> *mut lwsac {
    // SAFETY: as the caller promises.
    unsafe { chunks(lac).next().map_or(null_mut(), |chunk| chunk.next.cast()) }
}

/// `length` rounded up to a multiple of the size of a pointer.
#[unsafe(no_mangle)]
pub extern "C" fn lwsac_align(length: usize) -> usize {
    aligned(length).unwrap_or(usize::MAX / ALIGN * ALIGN)
}

/// Logs, for debugging, how large the memory `head` is.
///
/// # Safety
/// `head` is NULL or what `lwsac_use` set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_info(head: *mut lwsac) {
    guard("lwsac_info", (), || {
        // SAFETY: as the caller promises.
        let (size, chunks) = match unsafe { whole(head.cast()) } {
            Some(whole) => (whole.size, whole.chunks),
            None => (0, 0),
        };
        log::debug!("lwsac {head:p}: {size} bytes in {chunks} chunks");
    });
}

/// How many bytes the chunks of the memory `head` have; 0 for NULL.
///
/// # Safety
/// `head` is NULL or what `lwsac_use` set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_total_alloc(head: *mut lwsac) -> u64 {
    // SAFETY: as the caller promises.
    unsafe { whole(head.cast()).map_or(0, |whole| whole.size as u64) }
}

/// How many bytes of the chunks of the memory `head` are free or the chunks' own.
///
/// # Safety
/// `head` is NULL or what `lwsac_use` set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_total_overhead(head: *mut lwsac) -> u64 {
    // SAFETY: as the caller promises.
    unsafe { chunks(head).map(|chunk| (chunk.room() + header(false)) as u64).sum() }
}

/// Looks for the `len` bytes of `find` in the memory `head`, all of which has been written, to
/// use what is there once more. With `nul` not 0 a NUL has to follow. Returns where they are, or
/// NULL.
///
/// # Safety
/// `head` is NULL or what `lwsac_use` set; `find` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_scan_extant(
    head: *mut lwsac,
    find: *mut u8,
    len: usize,
    nul: c_int,
) -> *mut u8 {
    guard("lwsac_scan_extant", null_mut(), || {
        // SAFETY: as the caller promises.
        let wanted = unsafe { bytes(find, len) };
        if wanted.is_empty() {
            return null_mut();
        }
        // SAFETY: as the caller promises.
        for chunk in unsafe { chunks(head) } {
            let (start, taken) = chunk.pieces();
            // SAFETY: what is taken is the program's, which has written it.
            let there = unsafe { bytes(start, taken) };
            let good = |at: &usize| nul == 0 || there.get(at + len) == Some(&0);
            if let Some(at) = memchr::memmem::find_iter(there, wanted).find(good) {
                return start.wrapping_add(at);
            }
        }
        null_mut()
    })
}

/// Whether the `len` bytes at `check` lie in pieces of the memory `aco`: 0 if so, else 1 with a
/// line in the log that names them as `name_blob`, the memory as `name_ac`, and the place as
/// `filename` and `line`. See `lwsac_assert_valid`.
///
/// # Safety
/// `aco` is NULL or what `lwsac_use` set; the names are NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _lwsac_assert_valid(
    aco: *mut lwsac,
    check: *mut c_void,
    len: usize,
    name_ac: *const c_char,
    name_blob: *const c_char,
    filename: *const c_char,
    line: c_int,
) -> c_int {
    guard("_lwsac_assert_valid", 1, || {
        let wanted = check as usize;
        // SAFETY: as the caller promises.
        let inside = unsafe { chunks(aco) }.any(|chunk| {
            let (start, taken) = chunk.pieces();
            let before = wanted.checked_sub(start as usize);
            before.and_then(|before| taken.checked_sub(before)).is_some_and(|left| len <= left)
        });
        if inside {
            return 0;
        }
        // SAFETY: as the caller promises.
        let text = |name: *const c_char| unsafe {
            String::from_utf8_lossy(c_bytes(name).unwrap_or(CStr::to_bytes(c"(NULL)"))).into_owned()
        };
        log::err!(
            "{}:{line}: {} ({check:p}, {len} bytes) is not in the memory {} ({aco:p})",
            text(filename),
            text(name_blob),
            text(name_ac)
        );
        1
    })
}
