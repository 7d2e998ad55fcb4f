//! Files that are kept in memory and read again when they have changed.

use std::ffi::{OsStr, c_char, c_int};
use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null_mut;
use std::time::{Duration, Instant, SystemTime};

use super::lwsac::{header, lwsac_detach, lwsac_free, lwsac_reference, lwsac_unreference, take};
use crate::ffi::panic::guard;
use crate::ffi::ptr::{bytes_mut, c_bytes};
use crate::ffi::types::{lwsac, lwsac_cached_file_t};
use crate::util::log;

/// How long what is in memory is good without a look at the file.
const FRESH: Duration = Duration::from_secs(5);

/// What is known of a file, in front of its contents.
struct Info {
    changed: SystemTime,
    len: u64,
    looked: Instant,
}

impl Info {
    fn new(of: &Metadata) -> Result<Self> {
        Ok(Self { changed: of.modified()?, len: of.len(), looked: Instant::now() })
    }

    fn same(&self, other: &Self) -> bool {
        self.changed == other.changed && self.len == other.len
    }
}

/// # Safety
/// `contents` came from `lwsac_cached_file` and is not freed.
unsafe fn info<'a>(contents: lwsac_cached_file_t) -> &'a mut Info {
    // SAFETY: it lies in front of the contents, aligned.
    unsafe { &mut *contents.cast::<Info>().sub(1) }
}

/// The memory that the contents lie in.
fn memory(contents: lwsac_cached_file_t) -> *mut lwsac {
    contents.wrapping_sub(size_of::<Info>() + header(true)).cast()
}

/// Reads the file, unless it is still what `old` says. Returns its contents with a NUL behind
/// them, and their length.
fn read(path: &OsStr, old: Option<&mut Info>) -> Result<Option<(lwsac_cached_file_t, usize)>> {
    let mut file = File::open(path)?;
    let now = Info::new(&file.metadata()?)?;
    if let Some(old) = old
        && old.same(&now)
    {
        old.looked = now.looked;
        return Ok(None);
    }
    let len = usize::try_from(now.len).map_err(|_| ErrorKind::FileTooLarge)?;
    let size = len.checked_add(size_of::<Info>() + 1).ok_or(ErrorKind::FileTooLarge)?;
    let mut head = null_mut();
    // SAFETY: the memory is new and as large as what is put into it.
    unsafe {
        let start = take(&raw mut head, size, size, false);
        if start.is_null() {
            return Err(Error::from(ErrorKind::OutOfMemory));
        }
        start.cast::<Info>().write(now);
        let contents = start.add(size_of::<Info>());
        contents.write_bytes(0, len + 1);
        if let Err(e) = file.read_exact(bytes_mut(contents, len)) {
            lwsac_free(&raw mut head);
            return Err(e);
        }
        Ok(Some((contents, len)))
    }
}

/// Sees to it that the contents of the file `filepath` are in memory, with a NUL behind them, at
/// `*cache`, which is NULL at first. Sets `*len` to their length when it reads them. A file that
/// has changed is read again, with a look at it every 5 s; then the old contents go as with
/// [`lwsac_use_cached_file_detach`]. Returns 0, or 1 if the file cannot be read; `*cache` is as
/// before then.
///
/// # Safety
/// `filepath` is NUL-terminated; `cache` and `len` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_cached_file(
    filepath: *const c_char,
    cache: *mut lwsac_cached_file_t,
    len: *mut usize,
) -> c_int {
    guard("lwsac_cached_file", 1, || {
        // SAFETY: as the caller promises.
        unsafe {
            let Some(path) = c_bytes(filepath).filter(|_| !cache.is_null() && !len.is_null())
            else {
                return 1;
            };
            let mut old = *cache;
            let known = if old.is_null() { None } else { Some(info(old)) };
            if known.as_ref().is_some_and(|known| known.looked.elapsed() < FRESH) {
                return 0;
            }
            match read(OsStr::from_bytes(path), known) {
                Ok(None) => 0,
                Ok(Some((contents, size))) => {
                    *cache = contents;
                    *len = size;
                    lwsac_use_cached_file_detach(&raw mut old);
                    0
                }
                Err(e) => {
                    log::err!("lwsac_cached_file: {}: {e}", String::from_utf8_lossy(path));
                    1
                }
            }
        }
    })
}

/// Begins to use `cache`, which [`lwsac_cached_file`] set: it stays until
/// [`lwsac_use_cached_file_end`].
///
/// # Safety
/// `cache` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_use_cached_file_start(cache: lwsac_cached_file_t) {
    if !cache.is_null() {
        // SAFETY: as the caller promises.
        unsafe { lwsac_reference(memory(cache)) };
    }
}

/// Ends a use of `*cache`. If it was the last one, and the contents were given up, they are freed
/// and `*cache` is NULL afterwards.
///
/// # Safety
/// `cache` is NULL or points to NULL or live contents.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_use_cached_file_end(cache: *mut lwsac_cached_file_t) {
    // SAFETY: as the caller promises.
    unsafe { release(cache, lwsac_unreference) };
}

/// Gives the contents `*cache` up: they are freed, and `*cache` is NULL afterwards, unless they
/// are used. Then the last [`lwsac_use_cached_file_end`] does that.
///
/// # Safety
/// `cache` is NULL or points to NULL or live contents.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsac_use_cached_file_detach(cache: *mut lwsac_cached_file_t) {
    // SAFETY: as the caller promises.
    unsafe { release(cache, lwsac_detach) };
}

/// Lets go of contents in one of the two ways.
///
/// # Safety
/// As those.
unsafe fn release(cache: *mut lwsac_cached_file_t, way: unsafe extern "C" fn(*mut *mut lwsac)) {
    // SAFETY: as the caller promises.
    unsafe {
        let Some(contents) = cache.as_mut().filter(|contents| !contents.is_null()) else { return };
        let mut head = memory(*contents);
        way(&raw mut head);
        if head.is_null() {
            *contents = null_mut();
        }
    }
}
