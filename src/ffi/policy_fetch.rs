//! The system state `POLICY_VALID` waits for the policy's download, where the policy that the
//! context was made with has a stream type `fetch_policy`.

use std::rc::Rc;

use super::context::CContext;
use super::policy_text;
use super::state;
use super::types::{LWS_SYSTATE_OPERATIONAL, LWS_SYSTATE_POLICY_VALID};
use crate::engine::PolicyFetch;
use crate::util::log;

/// How a context stands with its policy.
#[derive(Default)]
pub(super) enum Fetch {
    /// It has the one that it was made with.
    #[default]
    Initial,
    /// Another one is on its way.
    Running(PolicyFetch),
    /// It has the one that was downloaded.
    Updated,
}

/// Whether the system's state may become `target`. Begins the download if it is needed, also anew
/// after one that failed.
pub(super) fn allows(cx: &Rc<CContext>, target: std::ffi::c_int) -> bool {
    if target != LWS_SYSTATE_POLICY_VALID {
        return true;
    }
    match *cx.fetch.borrow() {
        Fetch::Running(_) => return false,
        Fetch::Updated => return true,
        Fetch::Initial => {}
    }
    match cx.engine.begin_policy_fetch() {
        Some(fetch) => {
            log::info!("fetching the policy");
            cx.fetch.replace(Fetch::Running(fetch));
            false
        }
        None => true,
    }
}

/// Puts a policy in force whose download has ended, and lets the system's state go on. After a
/// failure the state stays below `POLICY_VALID`, until something asks for it again.
pub(super) fn settle(cx: &Rc<CContext>) {
    let fetch = {
        let mut state = cx.fetch.borrow_mut();
        match std::mem::take(&mut *state) {
            Fetch::Running(fetch) if cx.engine.policy_fetch_is_over(&fetch) => fetch,
            other => {
                *state = other;
                return;
            }
        }
    };
    let outcome = match cx.engine.end_policy_fetch(fetch) {
        Ok(outcome) => outcome,
        Err(e) => {
            return log::err!("fetch_policy: {e}: no new policy, the context stays inoperational");
        }
    };
    let Some(policy) = policy_text::accept(outcome) else {
        return log::err!(
            "fetch_policy: the policy that came is bad: the context stays inoperational"
        );
    };
    log::info!("fetch_policy: the new policy is in force");
    cx.engine.set_policy(policy);
    super::policy_text::announce(&cx.services);
    cx.fetch.replace(Fetch::Updated);
    // SAFETY: the manager lives as long as the services.
    unsafe {
        state::lws_state_transition_steps(cx.services.manager(), LWS_SYSTATE_OPERATIONAL);
    }
}
