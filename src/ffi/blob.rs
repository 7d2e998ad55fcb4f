//! System blobs. A `lws_system_blob_t *` is the address of a [`Blob`] in the store of a context
//! and good as long as the context; others are refused.

use std::ffi::c_int;
use std::ptr::null_mut;

use super::panic::guard;
use super::ptr::{bytes, bytes_mut};
use super::services;
use super::types::{
    lws_context, lws_state_manager, lws_system_blob, lws_system_blob_item_t, lws_system_ops,
};
use crate::system::blob::{Blob, Borrowed};
use crate::util::log;

/// Memory that the program promised to keep for as long as the blob refers to it.
struct ProgramMemory {
    ptr: *const u8,
    len: usize,
}

// SAFETY: the address is only read through, on the thread that uses the blob.
unsafe impl Send for ProgramMemory {}

impl Borrowed for ProgramMemory {
    fn bytes(&self) -> &[u8] {
        // SAFETY: `lws_system_blob_direct_set` was promised that the memory stays.
        unsafe { bytes(self.ptr, self.len) }
    }
}

/// Calls `f` with the blob behind a handle. `None`, with a log line, if there is no such blob.
fn with<R>(caller: &str, handle: *const lws_system_blob, f: impl FnOnce(&Blob) -> R) -> Option<R> {
    let is_it = |blob: &&Blob| std::ptr::eq(*blob, handle.cast::<Blob>());
    let owner = services::any(|s| s.blobs.all().iter().any(|blob| is_it(&blob)));
    let blob = owner.as_ref().and_then(|s| s.blobs.all().iter().find(is_it));
    if blob.is_none() {
        log::err!("{caller}: {handle:p} is no blob of a living context");
    }
    blob.map(f)
}

/// The blob `idx` places behind `type` in the context's table; NULL if that is outside of it.
/// The handle is good until the context is destroyed.
///
/// # Safety
/// `context` came from this library or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_get_blob(
    context: *mut lws_context,
    r#type: lws_system_blob_item_t,
    idx: c_int,
) -> *mut lws_system_blob {
    guard("lws_system_get_blob", null_mut(), || {
        let Some(services) = services::of("lws_system_get_blob", context) else {
            return null_mut();
        };
        let place = usize::try_from(r#type).ok().zip(usize::try_from(idx).ok());
        match place.and_then(|(item, index)| services.blobs.get(item, index)) {
            Some(blob) => std::ptr::from_ref(blob).cast_mut().cast(),
            None => null_mut(),
        }
    })
}

/// Makes the blob `b` refer to the `len` bytes at `ptr`, without a copy. What it held before is freed.
///
/// # Safety
/// The memory stays readable until the blob is set anew, emptied or destroyed, or the context
/// goes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_blob_direct_set(
    b: *mut lws_system_blob,
    ptr: *const u8,
    len: usize,
) {
    guard("lws_system_blob_direct_set", (), || {
        let memory = Box::new(ProgramMemory { ptr, len });
        with("lws_system_blob_direct_set", b, |blob| blob.set_direct(memory));
    });
}

/// Empties the blob, so that it can be appended to.
///
/// # Safety
/// `b` came from [`lws_system_get_blob`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_blob_heap_empty(b: *mut lws_system_blob) {
    guard("lws_system_blob_heap_empty", (), || {
        with("lws_system_blob_heap_empty", b, Blob::clear);
    });
}

/// Adds a copy of `len` bytes to the end of the blob. Returns 0, or -1 with a log line if the blob
/// refers to the program's memory or would get too large.
///
/// # Safety
/// `b` came from [`lws_system_get_blob`]; `ptr` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_blob_heap_append(
    b: *mut lws_system_blob,
    ptr: *const u8,
    len: usize,
) -> c_int {
    const NAME: &str = "lws_system_blob_heap_append";
    guard(NAME, -1, || {
        // SAFETY: the caller promises the length.
        let piece = unsafe { bytes(ptr, len) };
        match with(NAME, b, |blob| blob.append(piece)) {
            Some(Ok(())) => 0,
            Some(Err(e)) => {
                log::err!("{NAME}: the blob can't take {len} bytes: {e}");
                -1
            }
            None => -1,
        }
    })
}

/// The size of the blob in bytes.
///
/// # Safety
/// `b` came from [`lws_system_get_blob`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_blob_get_size(b: *mut lws_system_blob) -> usize {
    guard("lws_system_blob_get_size", 0, || {
        with("lws_system_blob_get_size", b, Blob::len).unwrap_or(0)
    })
}

/// Points `*ptr` to the whole content if it lies in one piece: always with
/// [`lws_system_blob_direct_set`], else if it was appended in one call. Returns 0, or -1 if it does
/// not. The memory is good until the blob is changed.
///
/// # Safety
/// `b` came from [`lws_system_get_blob`]; `ptr` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_blob_get_single_ptr(
    b: *mut lws_system_blob,
    ptr: *mut *const u8,
) -> c_int {
    guard("lws_system_blob_get_single_ptr", -1, || {
        let start = |blob: &Blob| blob.with_single(<[u8]>::as_ptr);
        match with("lws_system_blob_get_single_ptr", b, start).flatten() {
            Some(start) if !ptr.is_null() => {
                // SAFETY: the caller promises that it is writable.
                unsafe { ptr.write(start) };
                0
            }
            _ => -1,
        }
    })
}

/// Copies up to `*len` bytes of the content, from `ofs` on, to `ptr` and sets `*len` to how many.
/// Returns 0, or 1 if the blob refers to the program's memory and `ofs` is behind its end.
///
/// # Safety
/// `b` came from [`lws_system_get_blob`]; `len` is writable and `ptr` has `*len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_blob_get(
    b: *mut lws_system_blob,
    ptr: *mut u8,
    len: *mut usize,
    ofs: usize,
) -> c_int {
    guard("lws_system_blob_get", -2, || {
        if ptr.is_null() || len.is_null() {
            return -2;
        }
        let copied = with("lws_system_blob_get", b, |blob| {
            if blob.is_direct() && ofs >= blob.len() {
                return (0, 1);
            }
            // SAFETY: the caller promises the room.
            let out = unsafe { bytes_mut(ptr, *len) };
            (blob.read_at(ofs, out), 0)
        });
        let (n, result) = copied.unwrap_or((0, -2));
        // SAFETY: the caller promises that it is writable.
        unsafe { len.write(n) };
        result
    })
}

/// Frees the content of the blob. The handle stays good and the blob is empty.
///
/// # Safety
/// `b` came from [`lws_system_get_blob`] or is NULL, which does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_blob_destroy(b: *mut lws_system_blob) {
    guard("lws_system_blob_destroy", (), || {
        if !b.is_null() {
            with("lws_system_blob_destroy", b, Blob::clear);
        }
    });
}

/// The context that a state manager belongs to.
///
/// # Safety
/// `mgr` is a live state manager or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_context_from_system_mgr(
    mgr: *mut lws_state_manager,
) -> *mut lws_context {
    // SAFETY: the caller promises a live manager.
    if mgr.is_null() { null_mut() } else { unsafe { (*mgr).context } }
}

/// The state manager of a context; NULL for a stale handle.
///
/// # Safety
/// `context` came from this library or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_get_state_manager(
    context: *mut lws_context,
) -> *mut lws_state_manager {
    guard("lws_system_get_state_manager", null_mut(), || {
        services::of("lws_system_get_state_manager", context).map_or(null_mut(), |s| s.manager())
    })
}

/// The system ops that the context was created with; NULL if there were none.
///
/// # Safety
/// `context` came from this library or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_get_ops(context: *mut lws_context) -> *const lws_system_ops {
    guard("lws_system_get_ops", std::ptr::null(), || {
        services::of("lws_system_get_ops", context).map_or(std::ptr::null(), |s| s.ops())
    })
}

#[cfg(test)]
mod tests {
    use std::ptr::{null, null_mut};

    use super::super::services::test::TestContext;
    use super::super::types::{
        LWS_SYSBLOB_TYPE_AUTH, LWS_SYSBLOB_TYPE_DEVICE_SERIAL, LWS_SYSBLOB_TYPE_EXT_AUTH4_1,
        lws_system_blob,
    };
    use super::*;

    fn read(blob: *mut lws_system_blob, room: usize, from: usize) -> (c_int, Vec<u8>) {
        let mut out = vec![0; room];
        let mut len = room;
        // SAFETY: `len` is the size of `out`.
        let result = unsafe { lws_system_blob_get(blob, out.as_mut_ptr(), &raw mut len, from) };
        out.truncate(len);
        (result, out)
    }

    #[test]
    fn heap_blobs() {
        let context = TestContext::new();
        // SAFETY: the pointers and lengths are those of constants.
        unsafe {
            let blob = lws_system_get_blob(context.handle(), LWS_SYSBLOB_TYPE_AUTH, 1);
            assert!(!blob.is_null());
            assert_eq!(lws_system_blob_get_size(blob), 0);
            let mut single = null();
            assert_eq!(lws_system_blob_get_single_ptr(blob, &raw mut single), -1);
            assert_eq!(lws_system_blob_heap_append(blob, b"token".as_ptr(), 5), 0);
            assert_eq!(lws_system_blob_get_single_ptr(blob, &raw mut single), 0);
            assert_eq!(bytes(single, 5), b"token");
            assert_eq!(lws_system_blob_heap_append(blob, b"-end".as_ptr(), 4), 0);
            assert_eq!(lws_system_blob_get_single_ptr(blob, &raw mut single), -1);
            assert_eq!(lws_system_blob_get_size(blob), 9);
            assert_eq!(read(blob, 4, 3), (0, b"en-e".to_vec()));
            assert_eq!(read(blob, 4, 9), (0, Vec::new()));
            lws_system_blob_heap_empty(blob);
            assert_eq!(lws_system_blob_get_size(blob), 0);
            lws_system_blob_heap_append(blob, b"x".as_ptr(), 1);
            lws_system_blob_destroy(blob);
            lws_system_blob_destroy(null_mut());
            assert_eq!(lws_system_blob_get_size(blob), 0);
        }
    }

    #[test]
    fn direct_blobs() {
        static MEMORY: &[u8] = b"serial";
        let context = TestContext::new();
        // SAFETY: the memory is a constant.
        unsafe {
            let blob = lws_system_get_blob(context.handle(), LWS_SYSBLOB_TYPE_DEVICE_SERIAL, 0);
            lws_system_blob_direct_set(blob, MEMORY.as_ptr(), MEMORY.len());
            let mut single = null();
            assert_eq!(lws_system_blob_get_single_ptr(blob, &raw mut single), 0);
            assert_eq!(single, MEMORY.as_ptr(), "no copy");
            assert_eq!(read(blob, 100, 2), (0, b"rial".to_vec()));
            assert_eq!(read(blob, 100, 6), (1, Vec::new()));
            assert_eq!(lws_system_blob_heap_append(blob, b"x".as_ptr(), 1), -1);
            assert_eq!(lws_system_blob_get_size(blob), 6);
        }
    }

    #[test]
    fn places_and_stale_handles() {
        let context = TestContext::new();
        let handle = context.handle();
        // SAFETY: handles are looked up, not followed.
        unsafe {
            let last = lws_system_get_blob(handle, LWS_SYSBLOB_TYPE_EXT_AUTH4_1, 0);
            assert!(!last.is_null());
            assert_eq!(lws_system_get_blob(handle, LWS_SYSBLOB_TYPE_AUTH, 18), last);
            assert!(lws_system_get_blob(handle, LWS_SYSBLOB_TYPE_EXT_AUTH4_1, 1).is_null());
            assert!(lws_system_get_blob(handle, -1, 0).is_null());
            assert!(lws_system_get_blob(handle, 0, -1).is_null());
            assert!(lws_system_get_blob(null_mut(), 0, 0).is_null());
            drop(context);
            assert!(lws_system_get_blob(handle, 0, 0).is_null());
            assert_eq!(lws_system_blob_heap_append(last, b"x".as_ptr(), 1), -1);
            assert_eq!(lws_system_blob_get_size(last), 0);
        }
    }

    #[test]
    fn the_state_manager_leads_back_to_its_context() {
        let context = TestContext::new();
        // SAFETY: the handle is good.
        unsafe {
            let manager = lws_system_get_state_manager(context.handle());
            assert_eq!(lws_system_context_from_system_mgr(manager), context.handle());
            assert!(lws_system_context_from_system_mgr(null_mut()).is_null());
            assert!(lws_system_get_ops(context.handle()).is_null());
        }
    }
}
