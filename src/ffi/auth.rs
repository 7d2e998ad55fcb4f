//! The token of Amazon's login: the system state `AUTH1` waits for it where the policy has the
//! stream type `api_amazon_com_auth` and the program gave a root token (authentication blob 1);
//! it is kept in authentication blob 0 and fetched anew when it expires.

use std::cell::RefCell;
use std::ffi::c_int;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::context::CContext;
use super::deferred::Deferred;
use super::state;
use super::types::{
    LWS_SYSBLOB_TYPE_AUTH, LWS_SYSTATE_AUTH1, LWS_SYSTATE_OPERATIONAL, lws_context, lws_usec_t,
};
use crate::engine::{AMAZON_LOGIN, Token, TokenFetch};
use crate::system::blob::Blob;
use crate::util::log;

/// The place of the token among the authentication blobs, and that of the root token.
const TOKEN: usize = 0;
const ROOT: usize = 1;
/// How long after a failure the token is fetched again, in seconds.
const RETRY_S: u64 = 60;
/// The shortest and the longest time until a token is renewed, in seconds: a server's mistake must
/// neither flood it nor run over.
const RENEWAL_S: std::ops::RangeInclusive<u64> = 1..=365 * 24 * 60 * 60;

/// How a context stands with the token.
pub(super) struct Login {
    fetch: RefCell<Option<TokenFetch>>,
    again: Deferred,
}

impl Login {
    /// Of the context `context`.
    pub(super) fn new(context: *mut lws_context) -> Self {
        Self { fetch: RefCell::default(), again: Deferred::new(context, start) }
    }

    fn start_in(&self, seconds: u64) {
        self.again.schedule(lws_usec_t::try_from(seconds * 1_000_000).unwrap_or(lws_usec_t::MAX));
    }
}

fn blob(cx: &CContext, place: usize) -> Option<&Blob> {
    cx.services.blobs.get(LWS_SYSBLOB_TYPE_AUTH as usize, place)
}

/// Whether the system's state may become `target`. Begins to fetch the token if it is needed.
pub(super) fn allows(cx: &Rc<CContext>, target: c_int) -> bool {
    if target != LWS_SYSTATE_AUTH1 || blob(cx, TOKEN).is_none_or(|token| !token.is_empty()) {
        return true;
    }
    !begin(cx)
}

/// Whether a token is being fetched, after beginning it if there is a root token to do it with.
fn begin(cx: &Rc<CContext>) -> bool {
    if cx.login.fetch.borrow().is_some() {
        return true;
    }
    let Some(root) = blob(cx, ROOT).filter(|root| !root.is_empty()) else { return false };
    match cx.engine.begin_login(Zeroizing::new(root.to_vec())) {
        Some(fetch) => {
            log::info!("{AMAZON_LOGIN}: fetching the token");
            cx.login.fetch.replace(Some(fetch));
            true
        }
        None => false,
    }
}

/// The time has come to fetch the token again.
fn start(cx: &Rc<CContext>) {
    if !begin(cx) {
        // what there was to wait for is gone
        go_on(cx);
    }
}

/// Takes the token that has come, and lets the system's state go on.
pub(super) fn settle(cx: &Rc<CContext>) {
    let fetch = {
        let mut running = cx.login.fetch.borrow_mut();
        match running.take() {
            Some(fetch) if cx.engine.login_is_over(&fetch) => fetch,
            other => {
                *running = other;
                return;
            }
        }
    };
    let kept = cx.engine.end_login(fetch).map_err(str::to_owned).and_then(|token| keep(cx, &token));
    match kept {
        Ok(()) => go_on(cx),
        Err(e) => {
            log::err!("{AMAZON_LOGIN}: {e}: no new token, next attempt in {RETRY_S} s");
            cx.login.start_in(RETRY_S);
        }
    }
}

/// Puts the token in place of an earlier one, which was good until now.
fn keep(cx: &CContext, token: &Token) -> Result<(), String> {
    let blob = blob(cx, TOKEN).ok_or("there is no blob for it")?;
    blob.clear();
    blob.append(&token.token).map_err(|e| format!("the token cannot be kept: {e}"))?;
    let len = token.token.len();
    match token.expires_s {
        Some(seconds) => {
            log::notice!("{AMAZON_LOGIN}: a token of {len} bytes came, good for {seconds} s");
            cx.login.start_in(seconds.clamp(*RENEWAL_S.start(), *RENEWAL_S.end()));
        }
        None => log::notice!("{AMAZON_LOGIN}: a token of {len} bytes came, good for ever"),
    }
    Ok(())
}

fn go_on(cx: &CContext) {
    // SAFETY: the manager lives as long as the services.
    unsafe {
        state::lws_state_transition_steps(cx.services.manager(), LWS_SYSTATE_OPERATIONAL);
    }
}
