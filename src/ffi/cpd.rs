//! Captive portal detection (`lws_system_cpd_*`): see [`crate::system::cpd`].

use std::cell::RefCell;
use std::ffi::{CStr, c_int};
use std::rc::Rc;
use std::sync::Arc;

use super::context::CContext;
use super::deferred::Deferred;
use super::json_simple::lws_json_simple_strcmp;
use super::panic::guard;
use super::types::{
    LWS_CPD_UNKNOWN, LWS_SERVER_OPTION_CPD_BYPASS, LWS_SYSTATE_OPERATIONAL,
    LWS_SYSTATE_POLICY_INVALID, LWSSMDCL_NETWORK, lws_context, lws_cpd_result_t, lws_smd_class_t,
    lws_usec_t,
};
use super::{registry, services::Services, state};
use crate::engine::PortalProbe;
use crate::system::cpd::{Connectivity, Detection};
use crate::system::smd::Message;
use crate::util::log;

/// What a context knows of its way to the internet.
pub(super) struct Cpd {
    detection: Detection,
    probe: RefCell<Option<PortalProbe>>,
    /// The context's options say that the internet is there.
    bypass: bool,
    deferred: Deferred,
}

impl Cpd {
    /// Of the context `context`, with its creation options.
    pub(super) fn new(context: *mut lws_context, options: u64) -> Self {
        Self {
            detection: Detection::default(),
            probe: RefCell::default(),
            bypass: options & LWS_SERVER_OPTION_CPD_BYPASS != 0,
            deferred: Deferred::new(context, |cx| {
                start(cx);
            }),
        }
    }
}

/// Starts a detection when a system message says that there is a new address, or asks for it.
pub(super) fn listen(services: &Services, context: *mut lws_context) {
    let context = context as usize;
    let heard = move |message: &Message| {
        let says = |name: &CStr, value: &CStr| {
            let (text, len) = (message.payload.as_ptr().cast(), message.payload.len());
            // SAFETY: the payload is there for the call; both others are C strings.
            unsafe { lws_json_simple_strcmp(text, len, name.as_ptr(), value.as_ptr()) == 0 }
        };
        if (says(c"\"trigger\":", c"cpdcheck") || says(c"\"type\":", c"ipacq"))
            && let Some(cx) = registry::find_context(context as *const lws_context)
        {
            start(&cx);
        }
    };
    services.smd.register(LWSSMDCL_NETWORK as lws_smd_class_t, Arc::new(heard));
}

fn start(cx: &Rc<CContext>) -> c_int {
    if cx.cpd.bypass {
        report(cx, Connectivity::Ok);
        return 0;
    }
    cx.cpd.detection.begin();
    let ops = cx.services.ops();
    // SAFETY: the program promised that its system ops outlive the context.
    if let Some(request) = unsafe { ops.as_ref() }.and_then(|ops| ops.captive_portal_detect_request)
    {
        // SAFETY: the program's own callback; no borrow of ours is held.
        return unsafe { request(cx.handle) };
    }
    if cx.cpd.probe.borrow().is_some() {
        log::notice!("captive portal detection is under way already");
        return 0;
    }
    match cx.engine.begin_portal_probe() {
        Ok(Some(probe)) => {
            cx.cpd.probe.replace(Some(probe));
            0
        }
        Ok(None) => {
            log::info!("captive portal detection: the policy has no stream type for it");
            1
        }
        Err(e) => {
            log::err!("captive portal detection: {e}");
            1
        }
    }
}

/// Takes a result: the first one after a start is announced.
pub(super) fn report(cx: &Rc<CContext>, found: Connectivity) {
    if !cx.cpd.detection.report(found) {
        return;
    }
    log::info!("captive portal detection: {}", found.name());
    let class = LWSSMDCL_NETWORK as lws_smd_class_t;
    let now = super::time::lws_now_usecs();
    let message = found.message();
    if let Err(e) = cx.services.smd.send(class, now, message.as_bytes(), None) {
        log::warn!("smd: {message} not sent: {e}");
    }
    // SAFETY: the manager lives as long as the services.
    unsafe {
        let manager = cx.services.manager();
        if (*manager).state != LWS_SYSTATE_POLICY_INVALID {
            state::lws_state_transition_steps(manager, LWS_SYSTATE_OPERATIONAL);
        }
    }
}

/// Acts on a detection that is over.
pub(super) fn settle(cx: &Rc<CContext>) {
    let found = {
        let probe = cx.cpd.probe.borrow();
        let Some(probe) = &*probe else { return };
        cx.engine.portal_probe_found(probe)
    };
    if found != Connectivity::Unknown {
        if let Some(probe) = cx.cpd.probe.take() {
            cx.engine.end_portal_probe(&probe);
        }
        report(cx, found);
    }
}

/// Starts captive portal detection: what was known is forgotten, then the program's
/// `captive_portal_detect_request` of its system ops is called, or else a stream of the type
/// `captive_portal_detect` is made. With `LWS_SERVER_OPTION_CPD_BYPASS` the result is
/// `LWS_CPD_INTERNET_OK` without looking.
///
/// A system message of the class `LWSSMDCL_NETWORK` with `"trigger":"cpdcheck"` or
/// `"type":"ipacq"` does the same. Returns 0, or not 0 if there is no way to look.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_cpd_start(context: *mut lws_context) -> c_int {
    guard("lws_system_cpd_start", 1, || {
        let Some(cx) = registry::context("lws_system_cpd_start", context) else { return 1 };
        let _frame = cx.enter();
        start(&cx)
    })
}

/// As [`lws_system_cpd_start`], `defer_us` microseconds from now; asked again before that, the
/// time counts anew.
///
/// # Safety
/// `cx` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_cpd_start_defer(cx: *mut lws_context, defer_us: lws_usec_t) {
    guard("lws_system_cpd_start_defer", (), || {
        let Some(context) = registry::context("lws_system_cpd_start_defer", cx) else { return };
        context.cpd.deferred.schedule(defer_us);
    });
}

/// Reports what captive portal detection found. Only the first result after a start counts: it is
/// announced by a system message (`{"type":"cpd","result":"OK"}`, `"Captive"` or `"No internet"`)
/// of the class `LWSSMDCL_NETWORK`, and the system's state is asked to go up to OPERATIONAL.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_cpd_set(context: *mut lws_context, result: lws_cpd_result_t) {
    guard("lws_system_cpd_set", (), || {
        let Some(cx) = registry::context("lws_system_cpd_set", context) else { return };
        let _frame = cx.enter();
        match Connectivity::from_code(result) {
            Some(found) => report(&cx, found),
            None => log::err!("lws_system_cpd_set: {result} is no result"),
        }
    });
}

/// What the last captive portal detection found; `LWS_CPD_UNKNOWN` before and while it runs.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_system_cpd_state_get(context: *mut lws_context) -> lws_cpd_result_t {
    guard("lws_system_cpd_state_get", LWS_CPD_UNKNOWN, || {
        registry::context("lws_system_cpd_state_get", context)
            .map_or(LWS_CPD_UNKNOWN, |cx| cx.cpd.detection.get() as i32 as lws_cpd_result_t)
    })
}
