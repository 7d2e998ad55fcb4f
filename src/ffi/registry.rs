//! Handles. A `struct lws_context *` or `struct lws_ss_handle *` that a program holds is no
//! address but a number with a generation: a stale one is recognised and refused, never
//! followed. One slot a context, for the whole process.

use std::cell::RefCell;
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Once, PoisonError, RwLock};

use slotmap::Key;

use super::context::CContext;
use super::types::{lws_context, lws_ss_handle, lws_sspc_handle};
use crate::engine::StreamKey;
use crate::util::{built, log};

/// Contexts that a process can have at the same time.
pub(super) const MAX_CONTEXTS: usize = 64;

const SLOT_BITS: u32 = 6;
const INDEX_BITS: u32 = if usize::BITS >= 64 { 24 } else { 14 };
const GENERATION_BITS: u32 = usize::BITS - SLOT_BITS - INDEX_BITS - 1;
/// Context handles have this bit pattern below the slot, stream handles do not need one: the
/// generation keeps both from being small numbers.
const CONTEXT_MARK: usize = 0x8;
const CONTEXT_SHIFT: u32 = 4;

struct Slot {
    /// Counts the contexts that the slot has had; odd while it has one.
    generation: AtomicU32,
    /// The thread whose turn it is, see [`this_thread`].
    owner: AtomicUsize,
    context: AtomicPtr<CContext>,
    /// Its loop has run.
    served: AtomicBool,
    /// `lws_cancel_service` was called and not noticed yet.
    cancelled: AtomicBool,
    waker: RwLock<Option<Arc<mio::Waker>>>,
}

static SLOTS: [Slot; MAX_CONTEXTS] = [const {
    Slot {
        generation: AtomicU32::new(0),
        owner: AtomicUsize::new(0),
        context: AtomicPtr::new(std::ptr::null_mut()),
        served: AtomicBool::new(false),
        cancelled: AtomicBool::new(false),
        waker: RwLock::new(None),
    }
}; MAX_CONTEXTS];

/// The owner of contexts whose thread has ended.
const NOBODY: usize = 0;

/// The owner of contexts whose loop ran before this process was forked: what the system keeps for
/// them is shared with the parent, and their helper thread is not here.
const PARENT: usize = usize::MAX - 1;

/// Has contexts that ran left to the parent, from now on, whenever the process is forked.
fn watch_forks() {
    static WATCHED: Once = Once::new();
    // between a fork and an exec only atomics may be touched
    extern "C" fn in_child() {
        for slot in SLOTS.iter().filter(|slot| slot.served.load(Ordering::Acquire)) {
            slot.owner.store(PARENT, Ordering::Release);
        }
    }
    WATCHED.call_once(|| {
        // SAFETY: the function stays as long as the library, which is not unloaded.
        if unsafe { libc::pthread_atfork(None, None, Some(in_child)) } != 0 {
            log::warn!("no memory to watch forks: a child must not use this process' contexts");
        }
    });
}

/// What a thread is known by: its address. Leaves the thread's contexts to others at its end.
struct Thread(#[allow(dead_code, reason = "an address of its own needs a size")] u8);

impl Drop for Thread {
    fn drop(&mut self) {
        let me = std::ptr::from_ref(self) as usize;
        for slot in &SLOTS {
            let gone = (Ordering::AcqRel, Ordering::Relaxed);
            let _ = slot.owner.compare_exchange(me, NOBODY, gone.0, gone.1);
        }
    }
}

thread_local! {
    static THREAD: Thread = const { Thread(0) };
}

/// A number for this thread: threads that live at the same time have different ones.
fn this_thread() -> usize {
    // at the very end of a thread, when its address is gone, it owns nothing
    THREAD.try_with(|t| std::ptr::from_ref(t) as usize).unwrap_or(usize::MAX)
}

/// Why a handle was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Null,
    Stale,
    Thread,
    Forked,
    Busy,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Refused::Null => "the handle is NULL",
            Refused::Stale => "the handle is stale (destroyed already?)",
            Refused::Forked => {
                "its loop ran before this process was forked: it is the parent's, nothing was done"
            }
            Refused::Busy => {
                "called from a log function in the middle of the library's work, nothing was done"
            }
            Refused::Thread => {
                "called from a foreign thread; only lws_cancel_service may be, nothing was done"
            }
        })
    }
}

fn context_handle(slot: usize, generation: u32) -> *mut lws_context {
    let number = (generation as usize & (usize::MAX >> 12)) << (CONTEXT_SHIFT + SLOT_BITS)
        | slot << CONTEXT_SHIFT
        | CONTEXT_MARK;
    number as *mut lws_context
}

/// The slot of a context handle, if its context lives.
fn slot_of(handle: *const lws_context) -> Result<&'static Slot, Refused> {
    let number = handle as usize;
    if number == 0 {
        return Err(Refused::Null);
    }
    let index = (number >> CONTEXT_SHIFT) & (MAX_CONTEXTS - 1);
    let slot = &SLOTS[index];
    let generation = slot.generation.load(Ordering::Acquire);
    let good = generation % 2 == 1 && context_handle(index, generation) as usize == number;
    if good { Ok(slot) } else { Err(Refused::Stale) }
}

impl Slot {
    /// The context, for the thread whose turn it is.
    fn context(&self) -> Result<Rc<CContext>, Refused> {
        match self.owner.load(Ordering::Acquire) {
            PARENT => return Err(Refused::Forked),
            owner if owner != this_thread() => return Err(Refused::Thread),
            _ => {}
        }
        let raw = self.context.load(Ordering::Acquire);
        if raw.is_null() {
            return Err(Refused::Stale);
        }
        // SAFETY: the pointer came from `Rc::into_raw` in `enter` and is not given up before
        // `leave` nulls it; the count is only touched by the owning thread, checked above.
        unsafe {
            Rc::increment_strong_count(raw);
            Ok(Rc::from_raw(raw))
        }
    }
}

/// A place for a new context: its handle is known before the context is made.
pub(super) struct Reserved {
    slot: usize,
    pub handle: *mut lws_context,
}

/// Reserves a slot for this thread, or `None` if the process has too many contexts.
pub(super) fn reserve() -> Option<Reserved> {
    watch_forks();
    for (i, slot) in SLOTS.iter().enumerate() {
        let generation = slot.generation.load(Ordering::Acquire);
        if generation % 2 == 1 {
            continue;
        }
        let taken = slot.generation.compare_exchange(
            generation,
            generation.wrapping_add(1),
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if taken.is_ok() {
            slot.owner.store(this_thread(), Ordering::Release);
            slot.served.store(false, Ordering::Release);
            slot.cancelled.store(false, Ordering::Release);
            let handle = context_handle(i, generation.wrapping_add(1));
            return Some(Reserved { slot: i, handle });
        }
    }
    None
}

impl Reserved {
    /// Makes the context reachable through its handle.
    pub fn enter(self, context: &Rc<CContext>, waker: Arc<mio::Waker>) {
        let slot = &SLOTS[self.slot];
        *slot.waker.write().unwrap_or_else(PoisonError::into_inner) = Some(waker);
        slot.context.store(Rc::into_raw(Rc::clone(context)).cast_mut(), Ordering::Release);
    }

    /// Gives the slot back: the context could not be made.
    pub fn give_back(self) {
        SLOTS[self.slot].generation.fetch_add(1, Ordering::AcqRel);
    }
}

/// Ends a context's reachability. What is on the stack keeps it alive until it returns.
pub(super) fn leave(handle: *const lws_context) {
    let Ok(slot) = slot_of(handle) else { return };
    *slot.waker.write().unwrap_or_else(PoisonError::into_inner) = None;
    let raw = slot.context.swap(std::ptr::null_mut(), Ordering::AcqRel);
    slot.generation.fetch_add(1, Ordering::AcqRel);
    if !raw.is_null() {
        // SAFETY: the reference that `enter` gave away, taken back once: the swap gave it to us
        // alone.
        drop(unsafe { Rc::from_raw(raw) });
    }
}

/// The context behind a handle, for the exported function `caller`; says why if it is refused.
pub(super) fn context(caller: &str, handle: *const lws_context) -> Option<Rc<CContext>> {
    match slot_of(handle).and_then(Slot::context) {
        Ok(context) => Some(context),
        Err(why) => {
            log::err!("{caller}: {why}");
            None
        }
    }
}

/// As [`context`], silently.
pub(super) fn find_context(handle: *const lws_context) -> Option<Rc<CContext>> {
    slot_of(handle).and_then(Slot::context).ok()
}

/// As [`context`], silent about one that is gone: `Ok(None)`. An error was logged: the context is
/// there, but not this thread's.
pub(super) fn context_or_gone(
    caller: &str,
    handle: *const lws_context,
) -> Result<Option<Rc<CContext>>, ()> {
    match slot_of(handle).and_then(Slot::context) {
        Ok(context) => Ok(Some(context)),
        Err(Refused::Null | Refused::Stale) => Ok(None),
        Err(why @ (Refused::Thread | Refused::Forked | Refused::Busy)) => {
            log::err!("{caller}: {why}");
            Err(())
        }
    }
}

/// The contexts of this thread.
pub(super) fn contexts() -> Vec<Rc<CContext>> {
    SLOTS.iter().filter_map(|slot| slot.context().ok()).collect()
}

/// As [`context`], for running the loop. A context moves to the thread that runs it if its loop
/// never ran, as in programs that create it here and serve it there, or if the thread that had it
/// has ended. Any other thread is refused: the loop's may be in the middle of a call.
pub(super) fn adopt_context(caller: &str, handle: *const lws_context) -> Option<Rc<CContext>> {
    if let Ok(slot) = slot_of(handle) {
        let owner = slot.owner.load(Ordering::Acquire);
        let orphan = owner == NOBODY || owner != PARENT && !slot.served.load(Ordering::Acquire);
        if owner != this_thread() && orphan && !is_busy(slot) {
            let free = (Ordering::AcqRel, Ordering::Relaxed);
            let _ = slot.owner.compare_exchange(owner, this_thread(), free.0, free.1);
        }
    }
    context(caller, handle)
}

/// Whether a call is using the slot's context.
fn is_busy(slot: &Slot) -> bool {
    let raw = slot.context.load(Ordering::Acquire);
    // SAFETY: while the slot holds the pointer the context lives; `busy` is atomic.
    raw.is_null() || unsafe { (*raw).busy.load(Ordering::Acquire) }
}

/// The loop of the context runs: from now on it belongs to this thread.
pub(super) fn served(handle: *const lws_context) {
    if let Ok(slot) = slot_of(handle) {
        slot.served.store(true, Ordering::Release);
    }
}

/// Makes the loop come round without saying anything to the streams.
pub(super) fn wake(handle: *const lws_context) {
    let Ok(slot) = slot_of(handle) else { return };
    if let Some(waker) = &*slot.waker.read().unwrap_or_else(PoisonError::into_inner) {
        // a full eventfd wakes as well
        let _ = waker.wake();
    }
}

/// Does `f`, which may only touch atomics, to a context from whatever thread.
pub(super) fn interrupt(handle: *const lws_context, f: impl FnOnce(&CContext)) {
    let Ok(slot) = slot_of(handle) else { return };
    let raw = slot.context.load(Ordering::Acquire);
    if !raw.is_null() {
        // SAFETY: while the slot holds the pointer the context lives; the caller's program
        // promised not to destroy it meanwhile.
        f(unsafe { &*raw });
    }
}

/// `lws_cancel_service`: from any thread, and from signal handlers.
pub(super) fn cancel_service(handle: *const lws_context) {
    let Ok(slot) = slot_of(handle) else { return };
    slot.cancelled.store(true, Ordering::Release);
    // a signal handler must not wait for a lock that the code below it may hold; whoever holds
    // it is making or ending the context
    if let Ok(waker) = slot.waker.try_read()
        && let Some(waker) = &*waker
    {
        // a full eventfd wakes as well
        let _ = waker.wake();
    }
}

/// Whether the loop was cancelled since the last question.
pub(super) fn take_cancelled(handle: *const lws_context) -> bool {
    slot_of(handle).is_ok_and(|slot| slot.cancelled.swap(false, Ordering::AcqRel))
}

/// Whether the loop was cancelled and nobody asked yet.
pub(super) fn is_cancelled(handle: *const lws_context) -> bool {
    slot_of(handle).is_ok_and(|slot| slot.cancelled.load(Ordering::Acquire))
}

/// The streams of one context by the index in their handles.
#[derive(Default)]
pub(super) struct StreamTable(RefCell<Vec<StreamKey>>);

/// What a stream's handle is made of. Keys begin anew with every context, so the context's own
/// generation is scattered over the version: a handle of one that is gone names nothing in the
/// next.
fn index_and_version(context: *const lws_context, key: StreamKey) -> (usize, usize) {
    let number = key.data().as_ffi();
    let index = usize::try_from(number & 0xffff_ffff).unwrap_or(usize::MAX);
    let version = usize::try_from(number >> 32).unwrap_or(usize::MAX);
    let generation = context as usize >> (CONTEXT_SHIFT + SLOT_BITS);
    let version = version.wrapping_add(generation.wrapping_mul(SCATTER));
    (index, version & ((1 << GENERATION_BITS) - 1))
}

/// An odd number without pattern (the golden ratio's fraction).
const SCATTER: usize = 0x9e37_79b9_7f4a_7c15_u64 as usize;

impl StreamTable {
    /// The handle of a stream, or `None` if there are too many.
    pub fn handle(
        &self,
        context: *const lws_context,
        key: StreamKey,
    ) -> Option<*mut lws_ss_handle> {
        let (index, version) = index_and_version(context, key);
        if index >= 1 << INDEX_BITS {
            return None;
        }
        let mut table = self.0.borrow_mut();
        if table.len() <= index {
            table.resize(index + 1, StreamKey::null());
        }
        table[index] = key;
        let slot = (context as usize >> CONTEXT_SHIFT) & (MAX_CONTEXTS - 1);
        Some(
            (version << (SLOT_BITS + INDEX_BITS) | index << SLOT_BITS | slot) as *mut lws_ss_handle,
        )
    }

    fn key(&self, context: *const lws_context, index: usize, version: usize) -> Option<StreamKey> {
        let key = *self.0.borrow().get(index)?;
        (index_and_version(context, key) == (index, version)).then_some(key)
    }
}

/// The table that a handle's kind is in: one of each kind in a context, so that a handle of the
/// one kind is never taken for one of the other.
type TableOf = fn(&CContext) -> &StreamTable;

const HERE: TableOf = |context| &context.table;
const PROXIED: TableOf = |context| &context.sspc.table;

fn find_stream(
    handle: *const c_void,
    table: TableOf,
) -> Result<(Rc<CContext>, StreamKey), Refused> {
    let number = handle as usize;
    if number == 0 {
        return Err(Refused::Null);
    }
    let slot = &SLOTS[number & (MAX_CONTEXTS - 1)];
    let index = (number >> SLOT_BITS) & ((1 << INDEX_BITS) - 1);
    let version = number >> (SLOT_BITS + INDEX_BITS);
    if slot.generation.load(Ordering::Acquire).is_multiple_of(2) {
        return Err(Refused::Stale);
    }
    let context = slot.context()?;
    if context.engine.is_busy() {
        return Err(Refused::Busy);
    }
    let key = table(&context).key(context.handle, index, version);
    let key = key.filter(|key| context.engine.exists(*key));
    key.map(|key| (context, key)).ok_or(Refused::Stale)
}

/// The stream behind a handle, for the exported function `caller`; says why if it is refused.
pub(super) fn stream(
    caller: &str,
    handle: *const lws_ss_handle,
) -> Option<(Rc<CContext>, StreamKey)> {
    match find_stream(handle.cast(), HERE) {
        Ok(found) => Some(found),
        Err(why) => {
            log::err!("{caller}: {why}");
            None
        }
    }
}

/// As [`stream`], silently.
pub(super) fn peek_stream(handle: *const lws_ss_handle) -> Option<(Rc<CContext>, StreamKey)> {
    find_stream(handle.cast(), HERE).ok()
}

fn find_proxied(handle: *const lws_sspc_handle) -> Result<(Rc<CContext>, StreamKey), Refused> {
    if built::PROXY { find_stream(handle.cast(), PROXIED) } else { Err(Refused::Stale) }
}

/// As [`stream`], of one that a proxy carries out.
pub(super) fn sspc(
    caller: &str,
    handle: *const lws_sspc_handle,
) -> Option<(Rc<CContext>, StreamKey)> {
    match find_proxied(handle) {
        Ok(found) => Some(found),
        Err(why) => {
            log::err!("{caller}: {why}");
            None
        }
    }
}

/// As [`sspc`], silently.
pub(super) fn peek_sspc(handle: *const lws_sspc_handle) -> Option<(Rc<CContext>, StreamKey)> {
    find_proxied(handle).ok()
}
