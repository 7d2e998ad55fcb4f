//! Policies that come in: at context creation, in pieces, and as overlays.

use std::ffi::{c_char, c_int};
use std::rc::Rc;

use super::panic::guard;
use super::policy_static;
use super::ptr::{bytes, c_bytes};
use super::registry;
use super::services::Services;
use super::types::{LEJP_CONTINUE, LEJP_REJECT_UNKNOWN, lws_context, lws_context_creation_info};
use crate::policy::{self, Outcome, Parser, Policy, Progress, Rules, Severity};
use crate::system::smd::CLASS_SYSTEM_STATE;
use crate::util::log;

/// A policy that comes in pieces.
#[derive(Default)]
pub(super) enum Pieces {
    /// None was begun, or it was abandoned or bad.
    #[default]
    None,
    /// More is needed.
    Parsing(Parser),
    /// It was complete; what a program still has of its text can be white space only.
    Complete,
}

/// Says that a policy came into force, as a message of the class SYSTEM_STATE: when the context is
/// made, and when the fetched one replaces it.
pub(super) fn announce(services: &Services) {
    let text = format!("{{\"policy\":\"updated\",\"ts\":{}}}", super::time::lws_now_secs());
    let now = super::time::lws_now_usecs();
    if let Err(e) = services.smd.send(CLASS_SYSTEM_STATE, now, text.as_bytes(), None) {
        log::warn!("smd: {text} not sent: {e}");
    }
}

/// The policy that a context is to have, or `None`, with the reasons in the log.
///
/// # Safety
/// The strings and structs in `info` are good.
pub(super) unsafe fn load(info: &lws_context_creation_info) -> Option<Rc<Policy>> {
    if !info.pss_policies.is_null() {
        // SAFETY: the caller promises good structs.
        return unsafe { policy_static::read(info.pss_policies) };
    }
    // SAFETY: the caller promises a good string.
    let Some(given) = (unsafe { c_bytes(info.pss_policies_json) }) else {
        return Some(Rc::new(policy::default_policy()));
    };
    let is_text = std::str::from_utf8(given).map_or(true, policy::looks_like_text);
    let read;
    let text = if is_text {
        given
    } else {
        let path = String::from_utf8_lossy(given).into_owned();
        match read_file(&path) {
            Ok(text) => {
                read = text;
                &read
            }
            Err(e) => {
                log::err!("policy file '{path}': {e}");
                return None;
            }
        }
    };
    accept(policy::parse(text))
}

fn read_file(path: &str) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut text = Vec::new();
    // one byte more than is allowed, so that the parser sees and says that it is too much
    let limit = policy::MAX_TEXT as u64 + 1;
    std::fs::File::open(path)?.take(limit).read_to_end(&mut text)?;
    Ok(text)
}

/// Logs what the parser found and gives the policy, if there is one.
pub(super) fn accept(outcome: Outcome) -> Option<Rc<Policy>> {
    for diag in outcome.errors.iter().chain(&outcome.warnings) {
        match diag.severity {
            Severity::Error => log::err!("{diag}"),
            Severity::Warning => log::warn!("{diag}"),
        }
    }
    outcome.policy.map(Rc::new)
}

/// Begins to parse a policy in pieces: a new one, or, with `overlay` not 0, one that is laid over
/// the policy in force. A parse that was begun before is abandoned.
///
/// Returns 0.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_policy_parse_begin(
    context: *mut lws_context,
    overlay: c_int,
) -> c_int {
    guard("lws_ss_policy_parse_begin", 1, || {
        let Some(cx) = registry::context("lws_ss_policy_parse_begin", context) else { return 1 };
        let _frame = cx.enter();
        let parser = if overlay == 0 {
            Parser::begin(Rules::default())
        } else {
            Parser::begin_overlay(&cx.engine.policy(), Rules::default())
        };
        *cx.pieces.borrow_mut() = Pieces::Parsing(parser);
        0
    })
}

/// Takes the next piece of a policy. Returns `LEJP_CONTINUE` while more is needed; 0 or above (the
/// bytes left over) when the policy was complete and is in force; below 0 if it is bad, which is
/// logged: the policy that was in force stays. White space may follow in further pieces.
///
/// # Safety
/// `context` came from this library; `len` bytes are readable at `buf`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_policy_parse(
    context: *mut lws_context,
    buf: *const u8,
    len: usize,
) -> c_int {
    guard("lws_ss_policy_parse", LEJP_REJECT_UNKNOWN, || {
        let Some(cx) = registry::context("lws_ss_policy_parse", context) else {
            return LEJP_REJECT_UNKNOWN;
        };
        let _frame = cx.enter();
        // SAFETY: the caller promises the bytes.
        let piece = unsafe { bytes(buf, len) };
        let mut parser = match cx.pieces.take() {
            Pieces::Parsing(parser) => parser,
            Pieces::Complete if piece.iter().all(u8::is_ascii_whitespace) => {
                *cx.pieces.borrow_mut() = Pieces::Complete;
                return count(len);
            }
            Pieces::Complete => {
                log::err!("lws_ss_policy_parse: {len} bytes too many: the policy was complete");
                return LEJP_REJECT_UNKNOWN;
            }
            Pieces::None => {
                log::err!("lws_ss_policy_parse: no parse was begun");
                return LEJP_REJECT_UNKNOWN;
            }
        };
        let overlays = parser.is_overlay();
        match parser.feed(piece) {
            Progress::Continue => {
                *cx.pieces.borrow_mut() = Pieces::Parsing(parser);
                LEJP_CONTINUE
            }
            Progress::Done { unused } => match accept(parser.finish()) {
                Some(policy) => {
                    if overlays {
                        cx.engine.overlay_policy(policy);
                    } else {
                        cx.engine.set_policy(policy);
                    }
                    *cx.pieces.borrow_mut() = Pieces::Complete;
                    count(unused)
                }
                None => LEJP_REJECT_UNKNOWN,
            },
            Progress::Failed => {
                accept(parser.finish());
                LEJP_REJECT_UNKNOWN
            }
        }
    })
}

fn count(bytes: usize) -> c_int {
    c_int::try_from(bytes).unwrap_or(c_int::MAX)
}

/// Ends a parse in pieces; a policy that was not complete is dropped, one that was stays in force.
/// Returns 0 if a parse was begun, else 1.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_policy_parse_abandon(context: *mut lws_context) -> c_int {
    guard("lws_ss_policy_parse_abandon", 1, || {
        let Some(cx) = registry::context("lws_ss_policy_parse_abandon", context) else { return 1 };
        let _frame = cx.enter();
        matches!(cx.pieces.take(), Pieces::None).into()
    })
}

/// Lays a policy fragment over the policy in force (specification: "Applying streamtype policy
/// overlays"): settings of stream types that exist are overridden, for client streams that exist
/// from their next attempt on. Returns 0, or below 0 if the fragment is bad, which is logged:
/// nothing is changed then.
///
/// # Safety
/// `context` came from this library; `overlay` is NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_policy_overlay(
    context: *mut lws_context,
    overlay: *const c_char,
) -> c_int {
    guard("lws_ss_policy_overlay", -1, || {
        let Some(cx) = registry::context("lws_ss_policy_overlay", context) else { return -1 };
        let _frame = cx.enter();
        // SAFETY: the caller promises a good string.
        let Some(text) = (unsafe { c_bytes(overlay) }) else {
            log::err!("lws_ss_policy_overlay: the overlay is NULL");
            return -1;
        };
        match accept(policy::parse_overlay(&cx.engine.policy(), text)) {
            Some(policy) => {
                cx.engine.overlay_policy(policy);
                0
            }
            None => -1,
        }
    })
}
