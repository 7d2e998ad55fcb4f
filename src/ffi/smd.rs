//! System message distribution, see [`crate::system::smd`]. All functions may be called from any
//! thread; callbacks come from the event loop.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::Arc;

use super::panic::guard;
use super::ptr::{bytes, c_bytes};
use super::services;
use super::types::{lws_context, lws_smd_class_t, lws_smd_notification_cb_t, lws_smd_peer};
use super::variadic::Text;
use crate::system::smd::{Message, PAYLOAD_MAX, PeerId, SendError};
use crate::util::log;

/// The class and the timestamp, 64 bits each, in front of a message on an SMD stream.
pub const SS_HEADER_LEN: usize = 16;

/// In front of each payload that is handed out, to be found again from the payload's address.
#[repr(C, align(16))]
struct Allocation {
    mark: u64,
    class: lws_smd_class_t,
    len: usize,
    timestamp: i64,
}

/// Tells a live allocation from a freed or foreign one.
const MARK: u64 = u64::from_be_bytes(*b"smd-mesg");

/// The allocation of a payload; `None`, with a log line, if it is none of ours.
///
/// # Safety
/// `payload` came from [`lws_smd_msg_alloc`] or is NULL.
unsafe fn allocation(caller: &str, payload: *mut c_void) -> Option<*mut Allocation> {
    if payload.is_null() {
        return None;
    }
    // SAFETY: there is an allocation in front of a payload that we gave out.
    unsafe {
        let allocation = payload.cast::<Allocation>().sub(1);
        if (*allocation).mark == MARK {
            return Some(allocation);
        }
    }
    log::err!("{caller}: {payload:p} is no message (sent or freed already?)");
    None
}

/// # Safety
/// `allocation` is live and not used afterwards.
unsafe fn free(allocation: *mut Allocation) {
    // SAFETY: it came from `calloc`.
    unsafe {
        (*allocation).mark = 0;
        libc::free(allocation.cast());
    }
}

/// Makes a message of `len` bytes, at most 384, to be filled in and passed to
/// [`lws_smd_msg_send`]. Returns its payload, zeroed; or NULL if no peer wants that class, which
/// is no error, or if it is too large.
///
/// # Safety
/// `ctx` came from this library or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_smd_msg_alloc(
    ctx: *mut lws_context,
    _class: lws_smd_class_t,
    len: usize,
) -> *mut c_void {
    guard("lws_smd_msg_alloc", null_mut(), || {
        let Some(services) = services::of("lws_smd_msg_alloc", ctx) else { return null_mut() };
        if !services.smd.wants(_class) {
            log::info!("lws_smd_msg_alloc: nobody wants class {_class:#x}");
            return null_mut();
        }
        if len > PAYLOAD_MAX {
            log::err!("lws_smd_msg_alloc: {}", SendError::TooLarge(len));
            return null_mut();
        }
        // SAFETY: `calloc` gives zeroed memory or NULL; the header is written before use.
        unsafe {
            let allocation = libc::calloc(1, size_of::<Allocation>() + len).cast::<Allocation>();
            if allocation.is_null() {
                return null_mut();
            }
            let timestamp = super::time::lws_now_usecs();
            allocation.write(Allocation { mark: MARK, class: _class, len, timestamp });
            allocation.add(1).cast()
        }
    })
}

/// Frees a message that was not sent and sets the pointer to NULL.
///
/// # Safety
/// `*payload` came from [`lws_smd_msg_alloc`] or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_smd_msg_free(payload: *mut *mut c_void) {
    guard("lws_smd_msg_free", (), || {
        if payload.is_null() {
            return;
        }
        // SAFETY: as the caller promises.
        unsafe {
            if let Some(allocation) = allocation("lws_smd_msg_free", *payload) {
                free(allocation);
            }
            *payload = null_mut();
        }
    });
}

/// Queues a message for all peers that want its class, the sender too; the event loop delivers it.
/// Returns 0, and the message is no longer the caller's; or 1 if the queue is full, and the
/// caller keeps it.
///
/// # Safety
/// `ctx` came from this library; `payload` came from [`lws_smd_msg_alloc`] and was not sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_smd_msg_send(ctx: *mut lws_context, payload: *mut c_void) -> c_int {
    guard("lws_smd_msg_send", 1, || {
        let Some(services) = services::of("lws_smd_msg_send", ctx) else { return 1 };
        // SAFETY: as the caller promises.
        unsafe {
            let Some(allocation) = allocation("lws_smd_msg_send", payload) else { return 1 };
            let content = bytes(payload.cast(), (*allocation).len);
            let (class, timestamp) = ((*allocation).class, (*allocation).timestamp);
            match services.smd.send(class, timestamp, content, None) {
                Ok(()) => {
                    free(allocation);
                    0
                }
                Err(e) => {
                    log::warn!("lws_smd_msg_send: class {class:#x}: {e}");
                    1
                }
            }
        }
    })
}

/// Registers a peer: `cb` gets the messages whose class has a bit in `_class_filter`, with
/// `opaque`, from the event loop. Messages that wait already come too. `flags` are ignored. Returns
/// the peer, which goes with the context at the latest, or NULL.
///
/// # Safety
/// `ctx` came from this library; `cb` stays callable with `opaque` while registered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_smd_register(
    ctx: *mut lws_context,
    opaque: *mut c_void,
    flags: c_int,
    _class_filter: lws_smd_class_t,
    cb: lws_smd_notification_cb_t,
) -> *mut lws_smd_peer {
    let _ = flags;
    guard("lws_smd_register", null_mut(), || {
        let Some(services) = services::of("lws_smd_register", ctx) else { return null_mut() };
        let Some(cb) = cb else {
            log::err!("lws_smd_register: no callback");
            return null_mut();
        };
        let opaque = opaque as usize;
        let deliver = move |message: &Message| {
            // the program gets memory of its own to write to, with a NUL for printing
            let mut payload = [0_u8; PAYLOAD_MAX + 1];
            let len = message.payload.len().min(PAYLOAD_MAX);
            payload[..len].copy_from_slice(&message.payload[..len]);
            let (class, at) = (message.class, message.timestamp);
            // SAFETY: the callback was promised to be callable.
            unsafe { cb(opaque as *mut c_void, class, at, payload.as_mut_ptr().cast(), len) };
        };
        let id = services.smd.register(_class_filter, Arc::new(deliver));
        id.get() as usize as *mut lws_smd_peer
    })
}

/// Removes a peer: its callback is not called any more. Legal in a callback, also its own. NULL does
/// nothing.
///
/// # Safety
/// `pr` came from [`lws_smd_register`] or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_smd_unregister(pr: *mut lws_smd_peer) {
    guard("lws_smd_unregister", (), || {
        if pr.is_null() {
            return;
        }
        // the number is no address: it is never followed, so it may be stale
        let id = PeerId::from_number(pr as usize as u64);
        if services::any(|services| services.smd.unregister(id)).is_none() {
            log::err!("lws_smd_unregister: {pr:p} is no peer (removed already?)");
        }
    });
}

/// The Rust side of `lws_smd_msg_printf`; see `capi/variadic.c`.
///
/// # Safety
/// Called by the C side alone.
pub(super) unsafe extern "C" fn smd_printf(
    ctx: *mut lws_context,
    class: lws_smd_class_t,
    text: *const Text,
) -> c_int {
    guard("lws_smd_msg_printf", 1, || {
        let Some(services) = services::of("lws_smd_msg_printf", ctx) else { return 1 };
        if !services.smd.wants(class) {
            return 0;
        }
        let mut payload = Vec::new();
        // SAFETY: the C side's text is good.
        let sent = match unsafe { Text::append(text, &mut payload, PAYLOAD_MAX) } {
            Some(len) if len > PAYLOAD_MAX => Err(SendError::TooLarge(len)),
            Some(_) => services.smd.send(class, super::time::lws_now_usecs(), &payload, None),
            None => return 1,
        };
        match sent {
            Ok(()) => 0,
            Err(e) => {
                log::warn!("lws_smd_msg_printf: class {class:#x}: {e}");
                1
            }
        }
    })
}

/// The Rust side of `lws_smd_ss_msg_printf`; see `capi/variadic.c`.
///
/// # Safety
/// Called by the C side alone; `buf` has `*len` writable bytes.
pub(super) unsafe extern "C" fn smd_ss_printf(
    tag: *const c_char,
    buf: *mut u8,
    len: *mut usize,
    class: lws_smd_class_t,
    text: *const Text,
) -> c_int {
    guard("lws_smd_ss_msg_printf", 1, || {
        // SAFETY: as the caller promises.
        unsafe {
            if buf.is_null() || len.is_null() || *len < SS_HEADER_LEN {
                return 1;
            }
            let room = (*len - SS_HEADER_LEN).min(PAYLOAD_MAX);
            let mut message = u64::from(class).to_be_bytes().to_vec();
            message.extend_from_slice(&[0; 8]);
            match Text::append(text, &mut message, room) {
                Some(whole) if whole <= room => {}
                _ => return 1,
            }
            std::ptr::copy_nonoverlapping(message.as_ptr(), buf, message.len());
            *len = message.len();
            if log::enabled(log::Level::Info) {
                let tag = String::from_utf8_lossy(c_bytes(tag).unwrap_or_default());
                log::info!(tag: tag, "sends smd class {class:#x}, {} bytes", message.len());
            }
            0
        }
    })
}
