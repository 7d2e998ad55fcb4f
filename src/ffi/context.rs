//! Contexts: making, running and destroying them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{CString, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use super::auth::{self, Login};
use super::cpd::{self, Cpd};
use super::mux;
use super::panic::guard;
use super::policy_fetch::{self, Fetch};
use super::policy_structs::PolicyStructs;
use super::policy_text::{self, Pieces};
use super::proxy::{self, ProxySide};
use super::ptr::c_bytes;
use super::registry::{self, StreamTable};
use super::services::{self, CommandLine, Services};
use super::ss::bus;
use super::sspc::Sspc;
use super::types::{
    LWS_SERVER_OPTION_EXPLICIT_VHOSTS, LWS_SYSBLOB_TYPE_AUTH, LWS_SYSBLOB_TYPE_CLIENT_CERT_DER,
    LWS_SYSBLOB_TYPE_CLIENT_KEY_DER, LWS_SYSBLOB_TYPE_DEVICE_FW_VERSION,
    LWS_SYSBLOB_TYPE_DEVICE_SERIAL, LWS_SYSBLOB_TYPE_DEVICE_TYPE, LWS_SYSBLOB_TYPE_MQTT_CLIENT_ID,
    LWS_SYSBLOB_TYPE_MQTT_PASSWORD, LWS_SYSBLOB_TYPE_MQTT_USERNAME, LWS_SYSTATE_CONTEXT_DESTROYING,
    LWS_SYSTATE_OPERATIONAL, LWS_SYSTATE_POLICY_INVALID, LWS_SYSTATE_PRE_PRIV_DROP, lws_context,
    lws_context_creation_info, lws_log_cx,
};
use super::vhost::Vhosts;
use super::wsi::{self, Wsis};
use super::{aws, getaddrinfo, log as c_log, proxies, smd, state};
use crate::engine::{Context, ContextOptions, DeviceBlob, Host, MqttBlob, StreamKey};
use crate::system::cpd::Connectivity;
use crate::system::smd::{Class, Limits, PeerId, SendError};
use crate::system::{cookies, sigv4};
use crate::util::clock::{Monotonic, SEC};
use crate::util::log;

/// A context behind its handle.
pub struct CContext {
    pub(super) handle: *mut lws_context,
    pub(super) engine: Context,
    pub(super) services: Arc<Services>,
    pub(super) table: StreamTable,
    pub(super) sspc: Sspc,
    pub(super) proxy: ProxySide,
    pub(super) muxes: mux::Links,
    pub(super) vhosts: Vhosts,
    pub(super) wsis: Wsis,
    /// A policy that is being parsed in pieces.
    pub(super) pieces: RefCell<Pieces>,
    pub(super) cpd: Cpd,
    /// The token of Amazon's login.
    pub(super) login: Login,
    /// The download of the policy.
    pub(super) fetch: RefCell<Fetch>,
    /// The policy as C structs, if the program asked for it.
    pub(super) policy_structs: RefCell<Option<PolicyStructs>>,
    /// Frames of ours are on some thread's stack.
    pub(super) busy: AtomicBool,
    depth: Cell<u32>,
    destroy_wanted: Cell<bool>,
    /// The way up to OPERATIONAL has not begun.
    pub(super) fresh: Cell<bool>,
    interrupted: AtomicBool,
    user: *mut c_void,
    pub(super) log_cx: *mut lws_log_cx,
    /// Says to the program's log context that it is in use.
    _log_use: c_log::Use,
    strings: RefCell<HashMap<String, CString>>,
}

/// A frame of ours on the stack: the context lives until the outermost one returns.
pub(super) struct Frame<'c> {
    cx: &'c Rc<CContext>,
    _log: log::Scope,
}

impl CContext {
    /// Enters the context; to be held for the length of an exported function that works on it.
    pub(super) fn enter(self: &Rc<Self>) -> Frame<'_> {
        self.depth.set(self.depth.get() + 1);
        self.busy.store(true, Ordering::Release);
        // SAFETY: the program promised that its log context outlives the context.
        let log = unsafe { c_log::scope(self.log_cx) };
        Frame { cx: self, _log: log }
    }

    /// A C string of this text, at the same place as long as the context lives.
    pub(super) fn intern(&self, text: &str) -> *const c_char {
        let mut strings = self.strings.borrow_mut();
        let known = strings
            .entry(text.to_owned())
            .or_insert_with(|| CString::new(text.replace('\0', "")).unwrap_or_default());
        known.as_ptr()
    }

    /// Ends the context now; whoever is on the stack keeps the memory.
    fn destroy(self: &Rc<Self>) {
        self.destroy_wanted.set(false);
        self.depth.set(self.depth.get() + 1);
        self.engine.end();
        // a transport of the proxy's may be one: it still has what is above it
        wsi::end(self);
        proxy::end(self);
        mux::end(self);
        self.vhosts.stop_protocols(self);
        let manager = self.services.manager();
        // messages that wait are for nobody any more
        // SAFETY: the manager lives as long as the services, and the program's notifiers until the
        // context is gone.
        unsafe {
            state::lws_state_transition(manager, LWS_SYSTATE_POLICY_INVALID);
            state::lws_state_transition_steps(manager, LWS_SYSTATE_CONTEXT_DESTROYING);
            state::remove_notifiers(manager);
        }
        services::detach(self.handle);
        registry::leave(self.handle);
        self.depth.set(self.depth.get() - 1);
    }

    /// Whether there is something to do that the engine does not know of.
    pub(super) fn wants_service(&self) -> bool {
        self.fresh.get()
            || self.destroy_wanted.get()
            || self.services.smd.pending()
            || registry::is_cancelled(self.handle)
    }

    /// The way up to OPERATIONAL, from the loop.
    fn go_operational(&self) {
        if self.fresh.replace(false) {
            self.vhosts.start_protocols(self);
            // SAFETY: the manager lives as long as the services.
            unsafe {
                state::lws_state_transition_steps(self.services.manager(), LWS_SYSTATE_OPERATIONAL);
            }
        }
    }
}

impl Drop for Frame<'_> {
    fn drop(&mut self) {
        let depth = self.cx.depth.get() - 1;
        self.cx.depth.set(depth);
        if depth == 0 {
            self.cx.busy.store(false, Ordering::Release);
            if self.cx.destroy_wanted.get() {
                self.cx.destroy();
            }
        }
    }
}

/// Blobs for authentication tokens.
const AUTH_BLOBS: u8 = (LWS_SYSBLOB_TYPE_CLIENT_CERT_DER - LWS_SYSBLOB_TYPE_AUTH) as u8;

/// What the engine needs of us.
struct CHost {
    handle: *mut lws_context,
    services: Arc<Services>,
}

impl CHost {
    fn blob(&self, item: i32, index: u8) -> Option<Vec<u8>> {
        let item = usize::try_from(item).ok()?;
        let blob = self.services.blobs.get(item, usize::from(index))?;
        (!blob.is_empty()).then(|| blob.to_vec())
    }
}

impl Host for CHost {
    fn timer_due(&self, token: usize) {
        super::sul::fire(token);
    }

    fn auth_blob(&self, index: u8) -> Option<Vec<u8>> {
        if index >= AUTH_BLOBS {
            // what lies there is a certificate and its key
            log::err!("authentication blob {index} holds no token: there are {AUTH_BLOBS}");
            return None;
        }
        self.blob(LWS_SYSBLOB_TYPE_AUTH, index)
    }

    fn aws_key(&self, index: u8) -> Option<sigv4::Key> {
        let blob = |place| Some(Zeroizing::new(self.blob(aws::item(index), place)?));
        Some(sigv4::Key { id: blob(0)?, secret: blob(1)? })
    }

    fn device_blob(&self, which: DeviceBlob) -> Option<Vec<u8>> {
        let item = match which {
            DeviceBlob::Serial => LWS_SYSBLOB_TYPE_DEVICE_SERIAL,
            DeviceBlob::FirmwareVersion => LWS_SYSBLOB_TYPE_DEVICE_FW_VERSION,
            DeviceBlob::Type => LWS_SYSBLOB_TYPE_DEVICE_TYPE,
        };
        self.blob(item, 0)
    }

    fn client_cert(&self, index: u8) -> Option<(Vec<u8>, Vec<u8>)> {
        let cert = self.blob(LWS_SYSBLOB_TYPE_CLIENT_CERT_DER, index)?;
        let key = self.blob(LWS_SYSBLOB_TYPE_CLIENT_KEY_DER, index)?;
        Some((cert, key))
    }

    fn mqtt_blob(&self, which: MqttBlob) -> Option<Vec<u8>> {
        let item = match which {
            MqttBlob::ClientId => LWS_SYSBLOB_TYPE_MQTT_CLIENT_ID,
            MqttBlob::Username => LWS_SYSBLOB_TYPE_MQTT_USERNAME,
            MqttBlob::Password => LWS_SYSBLOB_TYPE_MQTT_PASSWORD,
        };
        self.blob(item, 0)
    }

    fn captive_portal(&self) {
        if let Some(cx) = registry::find_context(self.handle) {
            cpd::report(&cx, Connectivity::Captive);
        }
    }

    fn bus_join(&self, stream: StreamKey, filter: Class) -> Option<PeerId> {
        Some(bus::join(self.handle, &self.services, stream, filter))
    }

    fn bus_part(&self, peer: PeerId) {
        self.services.smd.unregister(peer);
    }

    fn bus_send(&self, class: Class, payload: &[u8]) -> Result<(), SendError> {
        self.services.smd.send(class, super::time::lws_now_usecs(), payload, None)
    }

    fn bus_has_room(&self) -> bool {
        self.services.smd.has_room()
    }

    fn woken(&self) {
        if registry::take_cancelled(self.handle)
            && let Some(cx) = registry::find_context(self.handle)
        {
            cx.engine.say_wait_cancelled();
        }
    }
}

/// Makes a context with its event loop.
///
/// The policy is that of `info->pss_policies` (structs), else of `info->pss_policies_json` (JSON
/// text, or the path of a file), else the built-in one. Streams can be made at once; the system
/// state goes up to OPERATIONAL in the first turn of the loop. Returns NULL, with the reasons in
/// the log, if the policy has errors or the system refuses what is needed.
///
/// Legal in callbacks of other contexts.
///
/// # Safety
/// `info` and what it points to is good; `log_cx`, `system_ops`, the notifiers, `early_smd_opaque`
/// and `argv` stay so until the context is gone. The rest is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_create_context(
    info: *const lws_context_creation_info,
) -> *mut lws_context {
    guard("lws_create_context", null_mut(), || {
        c_log::install();
        c_log::set_objects(super::objects::lookups());
        if info.is_null() {
            log::err!("lws_create_context: info is NULL");
            return null_mut();
        }
        // SAFETY: the caller promises a good struct.
        unsafe { create(&*info) }
    })
}

/// # Safety
/// As for [`lws_create_context`].
unsafe fn create(info: &lws_context_creation_info) -> *mut lws_context {
    // SAFETY: the caller promises a good log context.
    let (_log, log_use) = unsafe { (c_log::scope(info.log_cx), c_log::Use::new(info.log_cx)) };
    // SAFETY: the caller promises good strings and structs.
    let Some(policy) = (unsafe { policy_text::load(info) }) else { return null_mut() };
    let Some(reserved) = registry::reserve() else {
        log::err!("lws_create_context: {} contexts exist already", registry::MAX_CONTEXTS);
        return null_mut();
    };
    log::notice!("lws_create_context: {}", super::misc::banner());
    say_what_is_ignored(info);
    let handle = reserved.handle;
    let wake = registry_waker(handle);
    let limits = smd_limits(info);
    let command_line = CommandLine { argc: info.argc, argv: info.argv.cast_const().cast() };
    let services = Services::new(handle, limits, info.system_ops, command_line, wake);
    let host = CHost { handle, services: Arc::clone(&services) };
    // SAFETY: the caller promises good strings.
    let sspc = unsafe { Sspc::new(info) };
    // SAFETY: as above.
    let Ok(proxy) = (unsafe { proxies::proxy(info) }) else {
        reserved.give_back();
        return null_mut();
    };
    // SAFETY: as above.
    let options = ContextOptions { cookies: unsafe { cookies(info) }, proxy, ..options(info) };
    let engine = Context::new(policy, Box::new(Monotonic::new()), Box::new(host), options);
    let engine = match engine {
        Ok(engine) => engine,
        Err(e) => {
            log::err!("lws_create_context: {e}");
            reserved.give_back();
            return null_mut();
        }
    };
    let waker = engine.waker();
    let cx = Rc::new(CContext {
        handle,
        engine,
        services: Arc::clone(&services),
        table: StreamTable::default(),
        sspc,
        proxy: ProxySide::new(info),
        muxes: mux::Links::default(),
        vhosts: Vhosts::default(),
        wsis: Wsis::default(),
        pieces: RefCell::default(),
        cpd: Cpd::new(handle, info.options),
        login: Login::new(handle),
        fetch: RefCell::default(),
        policy_structs: RefCell::new(None),
        busy: AtomicBool::new(false),
        depth: Cell::new(0),
        destroy_wanted: Cell::new(false),
        fresh: Cell::new(true),
        interrupted: AtomicBool::new(false),
        user: info.user,
        log_cx: info.log_cx,
        _log_use: log_use,
        strings: RefCell::default(),
    });
    reserved.enter(&cx, waker);
    services::attach(handle, Arc::clone(&services));
    cpd::listen(&services, handle);
    let frame = cx.enter();
    // SAFETY: the caller promises good notifiers, tables and callbacks, and a log context that stays.
    unsafe {
        cx.vhosts.add_default(info);
        if !info.pcontext.is_null() {
            *info.pcontext = handle;
        }
        if info.early_smd_cb.is_some() {
            let (opaque, filter) = (info.early_smd_opaque, info.early_smd_class_filter);
            smd::lws_smd_register(handle, opaque, 0, filter, info.early_smd_cb);
        }
        state::lws_state_reg_notifier_list(services.manager(), info.register_notifier_list);
        policy_text::announce(&services);
        // programs that make their own vhosts see the states from the loop on
        if info.options & LWS_SERVER_OPTION_EXPLICIT_VHOSTS == 0 {
            state::lws_state_transition(services.manager(), LWS_SYSTATE_PRE_PRIV_DROP);
        }
    }
    drop(frame);
    // a notifier may have destroyed it
    if registry::find_context(handle).is_some() { handle } else { null_mut() }
}

/// Makes the loop of a context come round, from any thread.
fn registry_waker(handle: *mut lws_context) -> Box<dyn Fn() + Send + Sync> {
    let handle = handle as usize;
    Box::new(move || registry::wake(handle as *const lws_context))
}

fn smd_limits(info: &lws_context_creation_info) -> Limits {
    let default = Limits::default();
    Limits {
        depth: if info.smd_queue_depth > 0 { info.smd_queue_depth.into() } else { default.depth },
        ttl_us: if info.smd_ttl_us > 0 { info.smd_ttl_us } else { default.ttl_us },
    }
}

/// Where cookies are kept; a limit that is 0 leaves the default.
///
/// # Safety
/// `http_nsc_filepath` is NULL or NUL-terminated.
unsafe fn cookies(info: &lws_context_creation_info) -> Option<(PathBuf, cookies::Limits)> {
    // SAFETY: the caller promises a good string.
    let path = unsafe { c_bytes(info.http_nsc_filepath) }?;
    let default = cookies::Limits::default();
    let limit = |n: usize, or: usize| if n > 0 { n } else { or };
    let limits = cookies::Limits {
        items: limit(info.http_nsc_heap_max_items, default.items),
        footprint: limit(info.http_nsc_heap_max_footprint, default.footprint),
        payload: limit(info.http_nsc_heap_max_payload, default.payload),
    };
    Some((PathBuf::from(OsStr::from_bytes(path)), limits))
}

/// The engine's settings; a field that is 0 leaves the default.
fn options(info: &lws_context_creation_info) -> ContextOptions {
    let default = ContextOptions::default();
    let seconds = |s: u64, or: u64| if s > 0 { s * SEC } else { or };
    let idle = u64::try_from(info.keepalive_timeout).unwrap_or(0);
    ContextOptions {
        connect_timeout: seconds(info.connect_timeout_secs.into(), default.connect_timeout),
        response_timeout: seconds(info.timeout_secs.into(), default.response_timeout),
        idle_timeout: seconds(idle, default.idle_timeout),
        lookup: getaddrinfo::lookup,
        ..default
    }
}

/// Settings that this library does not act on must not be believed to work.
fn say_what_is_ignored(info: &lws_context_creation_info) {
    let set = [
        ("foreign_loops", !info.foreign_loops.is_null()),
        ("event_lib_custom", !info.event_lib_custom.is_null()),
        ("mounts", !info.mounts.is_null()),
        ("gid or uid", info.gid != 0 || info.uid != 0),
        ("username", !info.username.is_null()),
        ("groupname", !info.groupname.is_null()),
    ];
    for (field, _) in set.iter().filter(|(_, set)| *set) {
        log::warn!("lws_create_context: info->{field} has no effect in this library");
    }
    if info.port > 0 {
        log::warn!("lws_create_context: info->port {}: nothing listens", info.port);
    }
}

/// Destroys a context: each stream gets DISCONNECTED (if connected) and DESTROYING. Inside a
/// callback it happens when the library's outermost frame returns. NULL does nothing.
///
/// # Safety
/// `cx` came from this library or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_context_destroy(cx: *mut lws_context) {
    guard("lws_context_destroy", (), || {
        if cx.is_null() {
            return;
        }
        let Some(cx) = registry::adopt_context("lws_context_destroy", cx) else { return };
        // SAFETY: the program promised that its log context outlives the context.
        let _log = unsafe { c_log::scope(cx.log_cx) };
        if cx.depth.get() > 0 {
            cx.destroy_wanted.set(true);
            registry::wake(cx.handle);
        } else {
            cx.destroy();
        }
    });
}

/// Runs one turn of the event loop: waits until there is something to do, and does it. With
/// `timeout_ms` below 0 it does not wait. 0 and above wait without limit (the number is of
/// historical interest only).
///
/// Returns 0, or below 0 if the context is gone or being destroyed, or if called in a callback.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_service(context: *mut lws_context, timeout_ms: c_int) -> c_int {
    guard("lws_service", -1, || {
        let Some(cx) = registry::adopt_context("lws_service", context) else { return -1 };
        registry::served(context);
        let frame = cx.enter();
        let served = service(&cx, timeout_ms < 0);
        let ends = cx.destroy_wanted.get();
        drop(frame);
        if served && !ends { 0 } else { -1 }
    })
}

/// What streams of our own have found out takes effect.
fn settle(cx: &Rc<CContext>) {
    policy_fetch::settle(cx);
    cpd::settle(cx);
    auth::settle(cx);
}

fn service(cx: &Rc<CContext>, no_wait: bool) -> bool {
    let fresh = cx.fresh.get();
    cx.go_operational();
    // a message may be what the program waits for: no sleep after it
    let smd = &cx.services.smd;
    // most turns have none: neither peers nor the clock are looked at
    let told = smd.pending() && smd.deliver_pending(super::time::lws_now_usecs());
    settle(cx);
    let at_once = no_wait || fresh || told || cx.wants_service();
    if let Err(e) = cx.engine.turn(at_once.then_some(0)) {
        log::err!("lws_service: {e}");
        return false;
    }
    settle(cx);
    // a cancel that came before the waker was there
    if registry::take_cancelled(cx.handle) {
        cx.engine.say_wait_cancelled();
    }
    true
}

/// As [`lws_service`]; there is one service thread, so `tsi` is 0.
///
/// # Safety
/// As for [`lws_service`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_service_tsi(
    context: *mut lws_context,
    timeout_ms: c_int,
    tsi: c_int,
) -> c_int {
    if tsi != 0 {
        log::err!("lws_service_tsi: there is no service thread {tsi}");
        return -1;
    }
    // SAFETY: as the caller promises.
    unsafe { lws_service(context, timeout_ms) }
}

/// Makes the event loop return from its wait and say EVENT_WAIT_CANCELLED to every stream. The
/// one function that may be called from any thread, and from signal handlers.
///
/// # Safety
/// `context` came from this library; it may be gone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_cancel_service(context: *mut lws_context) {
    registry::cancel_service(context);
}

/// Makes [`lws_context_default_loop_run_destroy`] end. As [`lws_cancel_service`], it may be called
/// from any thread and from signal handlers as long as the context exists.
///
/// # Safety
/// `cx` came from this library and exists, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_default_loop_exit(cx: *mut lws_context) {
    registry::interrupt(cx, |context| context.interrupted.store(true, Ordering::Release));
    registry::cancel_service(cx);
}

/// Runs the loop until [`lws_default_loop_exit`], or until the context is destroyed, and destroys
/// it. Not for callbacks: there no loop is run, and the context is destroyed.
///
/// # Safety
/// `cx` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_context_default_loop_run_destroy(cx: *mut lws_context) {
    guard("lws_context_default_loop_run_destroy", (), || {
        let Some(context) = registry::adopt_context("lws_context_default_loop_run_destroy", cx)
        else {
            return;
        };
        // SAFETY: as the caller promises.
        unsafe {
            let mut goes_on = true;
            while goes_on {
                goes_on = !context.interrupted.load(Ordering::Acquire) && lws_service(cx, 0) >= 0;
            }
            if registry::find_context(cx).is_some() {
                lws_context_destroy(cx);
            }
        }
    });
}

/// The `user` pointer that the context was made with; NULL if there is no such context.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_context_user(context: *mut lws_context) -> *mut c_void {
    guard("lws_context_user", null_mut(), || {
        registry::context("lws_context_user", context).map_or(null_mut(), |cx| cx.user)
    })
}

/// Whether the context is being destroyed, or gone: 1 or 0.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_context_is_being_destroyed(context: *mut lws_context) -> c_int {
    guard("lws_context_is_being_destroyed", 1, || match registry::find_context(context) {
        Some(cx) => (cx.engine.is_ending() || cx.destroy_wanted.get()).into(),
        None => 1,
    })
}

/// A C string as text, lossily; empty for NULL.
///
/// # Safety
/// `s` is NULL or NUL-terminated.
pub(super) unsafe fn text(s: *const c_char) -> String {
    // SAFETY: the caller promises a good string.
    unsafe { c_bytes(s) }.map_or_else(String::new, |b| String::from_utf8_lossy(b).into_owned())
}
