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
pub(crate) const SS_HEADER_LEN: usize = 16;

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
/// `opaque`, from the event loop: those that are sent from now on. `flags` are ignored. Returns
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::Ordering;

    use super::super::services::test::TestContext;
    use super::*;

    /// As C sees them.
    ///
    /// cbindgen:ignore
    mod c {
        use std::ffi::{c_char, c_int};

        use super::super::{lws_context, lws_smd_class_t};

        unsafe extern "C" {
            pub(super) fn lws_smd_msg_printf(
                ctx: *mut lws_context,
                class: lws_smd_class_t,
                format: *const c_char,
                ...
            ) -> c_int;
            pub(super) fn lws_smd_ss_msg_printf(
                tag: *const c_char,
                buf: *mut u8,
                len: *mut usize,
                class: lws_smd_class_t,
                format: *const c_char,
                ...
            ) -> c_int;
        }
    }

    type Seen = Mutex<Vec<(u32, Vec<u8>)>>;

    unsafe extern "C" fn record(
        opaque: *mut c_void,
        class: u32,
        timestamp: i64,
        buf: *mut c_void,
        len: usize,
    ) -> c_int {
        assert!(timestamp > 0);
        // SAFETY: the opaque pointer is the test's list; the payload has a NUL behind it.
        unsafe {
            assert_eq!(buf.cast::<u8>().add(len).read(), 0);
            let seen = &*opaque.cast::<Seen>();
            seen.lock().unwrap().push((class, bytes(buf.cast(), len).to_vec()));
        }
        0
    }

    fn register(context: &TestContext, filter: u32, seen: &Seen) -> *mut lws_smd_peer {
        let opaque = std::ptr::from_ref(seen).cast_mut().cast();
        // SAFETY: the list outlives the context in each test.
        unsafe { lws_smd_register(context.handle(), opaque, 0, filter, Some(record)) }
    }

    fn deliver(context: &TestContext) {
        context.services.smd.deliver_pending(super::super::time::lws_now_usecs());
    }

    #[test]
    fn allocated_messages() {
        let seen = Seen::default();
        let context = TestContext::new();
        let ctx = context.handle();
        // SAFETY: pointers as the functions gave them, or refused.
        unsafe {
            assert!(lws_smd_msg_alloc(ctx, 4, 3).is_null(), "nobody wants it");
            assert!(!register(&context, 4, &seen).is_null());
            assert!(lws_smd_msg_alloc(ctx, 4, PAYLOAD_MAX + 1).is_null());
            let message = lws_smd_msg_alloc(ctx, 4, 3);
            assert_eq!(message as usize % 16, 0);
            message.cast::<[u8; 3]>().write(*b"abc");
            assert_eq!(lws_smd_msg_send(ctx, message), 0);
            assert_eq!(lws_smd_msg_send(ctx, null_mut()), 1);
            let mut unsent = lws_smd_msg_alloc(ctx, 4, PAYLOAD_MAX);
            assert!(!unsent.is_null());
            lws_smd_msg_free(&raw mut unsent);
            assert!(unsent.is_null());
            lws_smd_msg_free(&raw mut unsent);
        }
        assert_eq!(context.woken.load(Ordering::Relaxed), 1);
        assert!(seen.lock().unwrap().is_empty(), "not before the loop comes round");
        deliver(&context);
        assert_eq!(*seen.lock().unwrap(), [(4, b"abc".to_vec())]);
    }

    #[test]
    fn a_full_queue_leaves_the_message_with_the_caller() {
        let seen = Seen::default();
        let context = TestContext::new();
        register(&context, 1, &seen);
        // SAFETY: as the functions gave them.
        unsafe {
            let mut last = null_mut();
            let sent = (0..1_000)
                .take_while(|_| {
                    last = lws_smd_msg_alloc(context.handle(), 1, 1);
                    lws_smd_msg_send(context.handle(), last) == 0
                })
                .count();
            assert_eq!(sent, crate::system::smd::Limits::default().depth);
            lws_smd_msg_free(&raw mut last);
        }
    }

    #[test]
    fn formatted_messages() {
        let seen = Seen::default();
        let context = TestContext::new();
        let ctx = context.handle();
        let too_long = [c"x".to_bytes()[0] as c_char; PAYLOAD_MAX + 2];
        // SAFETY: the formats fit their arguments.
        unsafe {
            assert_eq!(c::lws_smd_msg_printf(ctx, 2, c"%d".as_ptr(), 1), 0, "nobody wants it");
            register(&context, 2, &seen);
            let format = c"{\"n\":%d,\"s\":\"%s\",\"f\":%.1f}".as_ptr();
            assert_eq!(c::lws_smd_msg_printf(ctx, 2, format, 12, c"x".as_ptr(), 1.5_f64), 0);
            let long = c"%.*s".as_ptr();
            let max = PAYLOAD_MAX as c_int;
            assert_eq!(c::lws_smd_msg_printf(ctx, 2, long, max + 1, too_long.as_ptr()), 1);
            assert_eq!(c::lws_smd_msg_printf(ctx, 2, long, max, too_long.as_ptr()), 0);
            assert_eq!(c::lws_smd_msg_printf(null_mut(), 2, long, 1, too_long.as_ptr()), 1);
        }
        deliver(&context);
        let seen = seen.lock().unwrap();
        assert_eq!(seen[0], (2, b"{\"n\":12,\"s\":\"x\",\"f\":1.5}".to_vec()));
        assert_eq!(seen[1], (2, vec![b'x'; PAYLOAD_MAX]));
    }

    #[test]
    fn messages_for_streams() {
        let mut buf = [0xff_u8; 64];
        let mut len = buf.len();
        // SAFETY: the formats fit their arguments; `len` is the buffer's.
        unsafe {
            let (tag, format, class) = (c"tag".as_ptr(), c"%s".as_ptr(), 0x0102_0304);
            let text = c"hello".as_ptr();
            let start = buf.as_mut_ptr();
            assert_eq!(c::lws_smd_ss_msg_printf(tag, start, &raw mut len, class, format, text), 0);
            assert_eq!(len, SS_HEADER_LEN + 5);
            assert_eq!(&buf[..8], &[0, 0, 0, 0, 1, 2, 3, 4]);
            assert_eq!(&buf[8..16], &[0; 8]);
            assert_eq!(&buf[16..21], b"hello");
            assert_eq!(buf[21], 0xff);
            let start = buf.as_mut_ptr();
            for (room, result) in [(15, 1), (20, 1), (21, 0)] {
                len = room;
                assert_eq!(
                    c::lws_smd_ss_msg_printf(tag, start, &raw mut len, class, format, text),
                    result
                );
            }
        }
    }

    #[test]
    fn peers_come_and_go() {
        let seen = Seen::default();
        let context = TestContext::new();
        let peer = register(&context, 1, &seen);
        // SAFETY: handles are looked up, not followed.
        unsafe {
            assert_eq!(c::lws_smd_msg_printf(context.handle(), 1, c"x".as_ptr()), 0);
            lws_smd_unregister(peer);
            lws_smd_unregister(peer);
            lws_smd_unregister(null_mut());
            deliver(&context);
            assert!(seen.lock().unwrap().is_empty());
            let none = lws_smd_register(null_mut(), null_mut(), 0, 1, Some(record));
            assert!(none.is_null());
            assert!(lws_smd_register(context.handle(), null_mut(), 0, 1, None).is_null());
        }
    }

    #[test]
    fn any_thread_may_send() {
        let seen = Seen::default();
        let context = TestContext::new();
        register(&context, 1, &seen);
        let address = context.handle() as usize;
        let threads: Vec<_> = (0..4)
            .map(|n| {
                std::thread::spawn(move || {
                    let ctx = address as *mut lws_context;
                    // SAFETY: the format fits its argument.
                    unsafe { c::lws_smd_msg_printf(ctx, 1, c"%d".as_ptr(), n) }
                })
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 0);
        }
        deliver(&context);
        let mut texts: Vec<_> = seen.lock().unwrap().iter().map(|(_, t)| t.clone()).collect();
        texts.sort();
        assert_eq!(texts, [b"0", b"1", b"2", b"3"]);
    }
}
