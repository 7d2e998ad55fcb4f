//! The policy in force as C structs, for programs that look at it (or write it out as C source).

use std::ptr::null;
use std::rc::Rc;

use super::context::CContext;
use super::panic::guard;
use super::policy_structs::PolicyStructs;
use super::registry;
use super::types::{lws_context, lws_ss_auth, lws_ss_policy};

/// The stream types of the policy in force, as a list that begins with the one defined last; the
/// metadata of each is listed likewise, and the policy's metrics hang on the first. NULL if there
/// are none.
///
/// The structs are the library's, not to be written to, and good until the context goes or this
/// or [`lws_ss_auth_get`] is called after another policy came into force. What C structs have no
/// place for is not there: the policy's `release` and `via-socks5`, `auth_hexify`, the case of
/// header names, certificates of a trust store after its sixth.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_policy_get(context: *mut lws_context) -> *const lws_ss_policy {
    guard("lws_ss_policy_get", null(), || {
        let Some(cx) = registry::context("lws_ss_policy_get", context) else { return null() };
        let _frame = cx.enter();
        with_structs(&cx, |structs| structs.streams)
    })
}

/// The entries of `auth` of the policy in force, as a list that begins with the one defined last;
/// NULL if there are none. As good and as long as those of [`lws_ss_policy_get`].
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_auth_get(context: *mut lws_context) -> *const lws_ss_auth {
    guard("lws_ss_auth_get", null(), || {
        let Some(cx) = registry::context("lws_ss_auth_get", context) else { return null() };
        let _frame = cx.enter();
        with_structs(&cx, |structs| structs.auths)
    })
}

/// Does `f` with the structs of the policy in force, made at the first question.
fn with_structs<R>(cx: &CContext, f: impl FnOnce(&PolicyStructs) -> R) -> R {
    let policy = cx.engine.policy();
    let mut made = cx.policy_structs.borrow_mut();
    let structs = match made.take() {
        Some(structs) if Rc::ptr_eq(&structs.source, &policy) => structs,
        _ => PolicyStructs::of(policy),
    };
    f(made.insert(structs))
}
