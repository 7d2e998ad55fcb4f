//! State managers: a state that changes step by step, each step put to the notifiers first, any
//! of which may refuse it. Managers and notifiers are the program's (or a context's) structs.

use std::ffi::{CStr, c_int};
use std::rc::Rc;

use super::context::CContext;
use super::dll2::{lws_dll2_add_head, lws_dll2_remove};
use super::panic::guard;
use super::registry;
use super::services;
use super::types::{lws_state_manager, lws_state_notify_link};
use crate::util::log;

/// Adds the notifier `notify_link` to `mgr`. It is asked before those that were added earlier.
/// Legal at any time, also in a notifier.
///
/// # Safety
/// Both are live and the notifier stays so until it is removed or the manager goes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_state_reg_notifier(
    mgr: *mut lws_state_manager,
    notify_link: *mut lws_state_notify_link,
) {
    guard("lws_state_reg_notifier", (), || {
        if mgr.is_null() || notify_link.is_null() {
            return;
        }
        // SAFETY: as the caller promises.
        unsafe { lws_dll2_add_head(&raw mut (*notify_link).list, &raw mut (*mgr).notify_list) };
    });
}

/// Removes the notifier `nl`; does nothing if it is not there. Legal in its own callback.
///
/// # Safety
/// The notifier and its manager are live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_state_reg_deregister(nl: *mut lws_state_notify_link) {
    guard("lws_state_reg_deregister", (), || {
        if !nl.is_null() {
            // SAFETY: as the caller promises.
            unsafe { lws_dll2_remove(&raw mut (*nl).list) };
        }
    });
}

/// Adds the notifiers of a NULL-terminated array, in its order. NULL does nothing.
///
/// # Safety
/// As [`lws_state_reg_notifier`] for each of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_state_reg_notifier_list(
    mgr: *mut lws_state_manager,
    notify_link_array: *const *mut lws_state_notify_link,
) {
    if notify_link_array.is_null() {
        return;
    }
    let mut at = notify_link_array;
    // SAFETY: the array ends with NULL.
    unsafe {
        while !(*at).is_null() {
            lws_state_reg_notifier(mgr, *at);
            at = at.add(1);
        }
    }
}

/// Removes all notifiers, as a manager must before it goes.
///
/// # Safety
/// `mgr` and its notifiers are live.
pub unsafe fn remove_notifiers(mgr: *mut lws_state_manager) {
    // SAFETY: as the caller promises.
    unsafe {
        while !(*mgr).notify_list.head.is_null() {
            lws_dll2_remove((*mgr).notify_list.head);
        }
    }
}

/// A state's name, or its number if the manager has no names.
///
/// # Safety
/// `mgr` is live and has a name for `state`, if it has names.
unsafe fn state_name(mgr: *const lws_state_manager, state: c_int) -> String {
    // SAFETY: as the caller promises.
    unsafe {
        let names = (*mgr).state_names;
        match usize::try_from(state) {
            Ok(index) if !names.is_null() && !(*names.add(index)).is_null() => {
                CStr::from_ptr(*names.add(index)).to_string_lossy().into_owned()
            }
            _ => state.to_string(),
        }
    }
}

/// # Safety
/// `text` is NULL or NUL-terminated.
unsafe fn lossy(text: *const std::ffi::c_char) -> String {
    // SAFETY: as the caller promises.
    let bytes = unsafe { super::ptr::c_bytes(text) };
    String::from_utf8_lossy(bytes.unwrap_or(b"(unnamed)")).into_owned()
}

/// Asks or tells the notifiers; true if one refused. A notifier may add and remove notifiers,
/// itself too: those that are gone when their turn comes are left out.
///
/// # Safety
/// `mgr` and its notifiers are live.
unsafe fn report(mgr: *mut lws_state_manager, current: c_int, target: c_int) -> bool {
    // SAFETY: only links that are in the list at that moment are followed.
    unsafe {
        for link in links(mgr) {
            if !links(mgr).contains(&link) {
                continue;
            }
            let Some(notify) = (*link).notify_cb else { continue };
            if notify(mgr, link, current, target) != 0 {
                if log::enabled(log::Level::Info) && links(mgr).contains(&link) {
                    log::info!(
                        "{}: {}: rejected '{}' -> '{}'",
                        lossy((*mgr).name),
                        lossy((*link).name),
                        state_name(mgr, current),
                        state_name(mgr, target)
                    );
                }
                return true;
            }
        }
    }
    false
}

/// The notifiers at this moment, in the order of asking.
///
/// # Safety
/// `mgr` and its notifiers are live.
unsafe fn links(mgr: *const lws_state_manager) -> Vec<*mut lws_state_notify_link> {
    let mut links = Vec::new();
    // SAFETY: as the caller promises; the link is the first field of a notifier.
    unsafe {
        let mut d = (*mgr).notify_list.head;
        while !d.is_null() {
            links.push(d.cast::<lws_state_notify_link>());
            d = (*d).next;
        }
    }
    links
}

const _: () = assert!(std::mem::offset_of!(lws_state_notify_link, list) == 0);

/// Tries one transition: asks, changes, tells, and sends the message. False if it was refused.
///
/// # Safety
/// `mgr` and its notifiers are live.
unsafe fn transition(mgr: *mut lws_state_manager, target: c_int) -> bool {
    // SAFETY: as the caller promises.
    unsafe {
        if report(mgr, (*mgr).state, target) || !library_agrees(mgr, target) {
            return false;
        }
        if log::enabled(log::Level::Debug) {
            let from = (*mgr).state;
            log::debug!(
                "{}: changed {from} '{}' -> {target} '{}'",
                lossy((*mgr).name),
                state_name(mgr, from),
                state_name(mgr, target)
            );
        }
        (*mgr).state = target;
        report(mgr, target, target);
        if (*mgr).smd_class != 0 && !(*mgr).context.is_null() {
            announce(mgr, target);
        }
    }
    true
}

/// What the library itself has to say about a step of a context's own manager; it is asked last.
///
/// # Safety
/// `mgr` is live.
unsafe fn library_agrees(mgr: *mut lws_state_manager, target: c_int) -> bool {
    // SAFETY: as the caller promises.
    match unsafe { context_of(mgr) } {
        Some(cx) if cx.services.manager() == mgr => {
            super::policy_fetch::allows(&cx, target) && super::auth::allows(&cx, target)
        }
        Some(_) | None => true,
    }
}

/// Sends the state as a system message, if anybody wants it.
///
/// # Safety
/// `mgr` is live.
unsafe fn announce(mgr: *const lws_state_manager, state: c_int) {
    // SAFETY: as the caller promises.
    let (class, context) = unsafe { ((*mgr).smd_class, (*mgr).context) };
    let Some(services) = services::find(context) else { return };
    if !services.smd.wants(class) {
        return;
    }
    // SAFETY: as the caller promises.
    let text = format!("{{\"state\":\"{}\"}}", unsafe { state_name(mgr, state) });
    let now = super::time::lws_now_usecs();
    if let Err(e) = services.smd.send(class, now, text.as_bytes(), None) {
        log::warn!("smd: {text} not sent: {e}");
    }
}

/// The context of a manager, to be entered while notifiers are asked: one that destroys the context
/// would otherwise take the manager with it at once.
///
/// # Safety
/// `mgr` is live.
unsafe fn context_of(mgr: *const lws_state_manager) -> Option<Rc<CContext>> {
    // SAFETY: as the caller promises; the handle is looked up, not followed.
    registry::find_context(unsafe { (*mgr).context })
}

/// Has `mgr` go up to `target` one state at a time, until a notifier refuses a step by returning
/// not 0; that one is expected to call this again later. For each step the notifiers are called
/// with the current and the next state, and if all agree again with the new state twice. A
/// `target` below the current state does nothing. Returns 0 always: look at the manager's state.
/// Legal in a notifier.
///
/// # Safety
/// The manager and its notifiers are live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_state_transition_steps(
    mgr: *mut lws_state_manager,
    target: c_int,
) -> c_int {
    guard("lws_state_transition_steps", 0, || {
        if mgr.is_null() {
            return 0;
        }
        // SAFETY: as the caller promises.
        unsafe {
            let context = context_of(mgr);
            let _frame = context.as_ref().map(CContext::enter);
            let from = (*mgr).state;
            // a notifier may take further steps itself, even past the target
            while (*mgr).state < target && transition(mgr, (*mgr).state + 1) {}
            if log::enabled(log::Level::Info) && from <= target {
                log::info!("{} -> {}", state_name(mgr, from), state_name(mgr, (*mgr).state));
            }
        }
        0
    })
}

/// Has `mgr` go to `target` in one step, unless a notifier refuses. Returns 0 always. Legal in a
/// notifier.
///
/// # Safety
/// The manager and its notifiers are live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_state_transition(mgr: *mut lws_state_manager, target: c_int) -> c_int {
    guard("lws_state_transition", 0, || {
        // SAFETY: as the caller promises.
        unsafe {
            if !mgr.is_null() && (*mgr).state != target {
                let context = context_of(mgr);
                let _frame = context.as_ref().map(CContext::enter);
                transition(mgr, target);
            }
        }
        0
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::services::test::TestContext;
    use super::super::types::{LWS_SYSTATE_DHCP, LWS_SYSTATE_OPERATIONAL};
    use super::{lws_state_reg_notifier, lws_state_transition_steps, remove_notifiers};
    use crate::ffi::types::{lws_dll2, lws_state_manager, lws_state_notify_link};
    use crate::system::smd::CLASS_SYSTEM_STATE;
    use std::ptr::null_mut;

    /// Refuses everything above DHCP.
    unsafe extern "C" fn veto(
        _mgr: *mut lws_state_manager,
        _link: *mut lws_state_notify_link,
        _current: i32,
        target: i32,
    ) -> i32 {
        i32::from(target > LWS_SYSTATE_DHCP)
    }

    #[test]
    fn states_are_announced() {
        let context = TestContext::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        context.services.smd.register(
            CLASS_SYSTEM_STATE,
            Arc::new(move |m| {
                sink.lock().unwrap().push(String::from_utf8(m.payload.to_vec()).unwrap());
            }),
        );
        let manager = context.services.manager();
        let mut link = lws_state_notify_link {
            list: lws_dll2 { prev: null_mut(), next: null_mut(), owner: null_mut() },
            notify_cb: Some(veto),
            name: c"veto".as_ptr(),
        };
        // SAFETY: manager and link live until the end of the test.
        unsafe {
            lws_state_reg_notifier(manager, &raw mut link);
            lws_state_transition_steps(manager, LWS_SYSTATE_OPERATIONAL);
            assert_eq!((*manager).state, LWS_SYSTATE_DHCP);
            remove_notifiers(manager);
            assert!(link.list.owner.is_null());
            lws_state_transition_steps(manager, LWS_SYSTATE_OPERATIONAL);
            assert_eq!((*manager).state, LWS_SYSTATE_OPERATIONAL);
        }
        context.services.smd.deliver_pending(super::super::time::lws_now_usecs());
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 14);
        assert_eq!(seen[0], r#"{"state":"PRE_PRIV_DROP"}"#);
        assert_eq!(seen[13], r#"{"state":"OPERATIONAL"}"#);
    }
}
