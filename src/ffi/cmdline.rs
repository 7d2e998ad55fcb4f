//! Command lines: finding options, the built-in ones, and the starting values of a context's
//! creation info.

use std::ffi::{CStr, c_char, c_int};
use std::ptr::null;

use super::log::{LLL_ERR, LLL_NOTICE, LLL_USER, LLL_WARN, lws_set_log_level, process_line};
use super::panic::guard;
use super::ptr::c_bytes;
use super::services;
use super::types::{lws_context, lws_context_creation_info, lws_switches};
use crate::util::log;

/// A switch's value in an argument of its own may be this long.
const VALUE_MAX: usize = 1024;
/// `info->port` for "do not listen".
const NO_LISTEN: c_int = -1;
/// Descriptors that a context is allowed by default.
const FD_LIMIT: u32 = 8;

/// Bits of `info->options`.
mod options {
    pub(super) const DO_SSL_GLOBAL_INIT: u64 = 1 << 12;
    pub(super) const EXPLICIT_VHOSTS: u64 = 1 << 13;
    pub(super) const H2_JUST_FIX_WINDOW_UPDATE_OVERFLOW: u64 = 1 << 31;
    pub(super) const CMDLINE_FORCE_H1: u64 = 1 << 44;
    pub(super) const CMDLINE_FORCE_H2: u64 = 1 << 45;
    pub(super) const CMDLINE_FORCE_H3: u64 = 1 << 46;
    pub(super) const ALLOW_EARLY_DATA: u64 = 1 << 47;
    pub(super) const CPD_BYPASS: u64 = 1 << 48;
    pub(super) const QUIC_PAD_CRYPTO: u64 = 1 << 49;
    pub(super) const QUIC_LATEST_VERSION: u64 = 1 << 50;
    pub(super) const QUIC_FORCE_RETRY: u64 = 1 << 52;
}

/// What a built-in switch does.
#[derive(Clone, Copy)]
enum Builtin {
    LogLevel,
    FaultInjection,
    FaultSeed,
    IgnoreSigterm,
    ProxyPort,
    ProxyBind,
    ProxyAddress,
    Stub,
    Option(u64),
    QuicInitialCwnd,
    Quic0RttMaxSize,
    Help,
}

/// The built-in switches in the order in which they are acted on.
const BUILTINS: [(&CStr, Builtin, &str); 20] = [
    (c"-d", Builtin::LogLevel, "mask of the log levels to show, as in -d15"),
    (c"--fault-injection", Builtin::FaultInjection, "(not offered)"),
    (c"--fault-seed", Builtin::FaultSeed, "(not offered)"),
    (c"--ignore-sigterm", Builtin::IgnoreSigterm, "don't end on SIGTERM"),
    (c"--ssproxy-port", Builtin::ProxyPort, "TCP port of the proxy (default: a unix socket)"),
    (c"--ssproxy-iface", Builtin::ProxyBind, "socket path or network interface of the proxy"),
    (c"--ssproxy-ads", Builtin::ProxyAddress, "address of the proxy"),
    (c"--lws-stub", Builtin::Stub, "stub to run"),
    (c"--h1", Builtin::Option(options::CMDLINE_FORCE_H1), "clients use HTTP/1.1"),
    (c"--h2", Builtin::Option(options::CMDLINE_FORCE_H2), "clients use HTTP/2"),
    (c"--h3", Builtin::Option(options::CMDLINE_FORCE_H3), "clients use HTTP/3"),
    (c"--cpd-bypass", Builtin::Option(options::CPD_BYPASS), "don't look for captive portals"),
    (c"--quic-pad-crypto", Builtin::Option(options::QUIC_PAD_CRYPTO), "QUIC: pad the handshake"),
    (
        c"--quic-only-latest",
        Builtin::Option(options::QUIC_LATEST_VERSION),
        "QUIC: the newest version alone",
    ),
    (
        c"--quic-force-retry",
        Builtin::Option(options::QUIC_FORCE_RETRY),
        "QUIC: answer with Retry always",
    ),
    (c"--0rtt", Builtin::Option(options::ALLOW_EARLY_DATA), "QUIC: allow early data"),
    (c"--quic-initial-cwnd", Builtin::QuicInitialCwnd, "QUIC: first congestion window, bytes"),
    (c"--0rtt-max-size", Builtin::Quic0RttMaxSize, "QUIC: most early data, bytes"),
    (c"-h", Builtin::Help, "this help"),
    (c"--help", Builtin::Help, "this help"),
];

/// The value that argument `at` has for `switch` (or as an argument that is no switch, without
/// one). `Err` ends the search.
///
/// # Safety
/// `argv` has `argc` NUL-terminated strings.
unsafe fn value_at(
    argc: usize,
    argv: *const *const c_char,
    at: usize,
    switch: Option<&[u8]>,
) -> Result<Option<*const c_char>, ()> {
    // SAFETY: `at` is below `argc`.
    unsafe {
        let argument = *argv.add(at);
        let text = c_bytes(argument).ok_or(())?;
        let Some(switch) = switch else {
            return Ok((!text.starts_with(b"-")).then_some(argument));
        };
        let Some(rest) = text.strip_prefix(switch) else { return Ok(None) };
        let attached = argument.add(switch.len());
        match rest.first() {
            Some(b'=') => Ok(Some(attached.add(1))),
            None if at + 1 < argc => {
                let next = *argv.add(at + 1);
                let fits = c_bytes(next).is_some_and(|value| value.len() <= VALUE_MAX);
                if fits { Ok(Some(next)) } else { Err(()) }
            }
            _ => Ok(Some(attached)),
        }
    }
}

/// Finds the switch `val` in the arguments and returns its value: what follows it in the same
/// argument (`-d15`, `--name=value`), else the next argument, else (as the last one) an empty
/// string. With `val` NULL it finds arguments that do not start with `-`. With `last` it goes on
/// behind the value that an earlier call returned. Returns NULL if there is none (any more).
///
/// # Safety
/// `argv` has `argc` NUL-terminated strings; `val` and `last` are NULL or good.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_cmdline_options(
    argc: c_int,
    argv: *const *const c_char,
    val: *const c_char,
    last: *const c_char,
) -> *const c_char {
    guard("lws_cmdline_options", null(), || {
        let argc = if argv.is_null() { 0 } else { usize::try_from(argc).unwrap_or(0) };
        // SAFETY: as the caller promises.
        let switch = unsafe { c_bytes(val) };
        let mut behind_last = last.is_null();
        for at in 1..argc {
            // SAFETY: as the caller promises.
            match unsafe { value_at(argc, argv, at, switch) } {
                Ok(Some(value)) if behind_last => return value,
                Ok(Some(value)) => behind_last = value == last,
                Ok(None) => {}
                Err(()) => break,
            }
        }
        null()
    })
}

/// [`lws_cmdline_options`] from the start: the first value of `val`, or NULL.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_cmdline_option(
    argc: c_int,
    argv: *mut *const c_char,
    val: *const c_char,
) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { lws_cmdline_options(argc, argv, val, null()) }
}

/// [`lws_cmdline_options`] in the command line that the context was created with.
///
/// # Safety
/// `cx` came from this library; `val` and `last` are NULL or good.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_cmdline_options_cx(
    cx: *const lws_context,
    val: *const c_char,
    last: *const c_char,
) -> *const c_char {
    guard("lws_cmdline_options_cx", null(), || {
        let Some(services) = services::of("lws_cmdline_options_cx", cx) else { return null() };
        let line = services.command_line();
        // SAFETY: the program keeps its command line alive.
        unsafe { lws_cmdline_options(line.argc, line.argv, val, last) }
    })
}

/// [`lws_cmdline_option`] in the command line that the context was created with.
///
/// # Safety
/// `cx` came from this library; `val` is NULL or good.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_cmdline_option_cx(
    cx: *const lws_context,
    val: *const c_char,
) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { lws_cmdline_options_cx(cx, val, null()) }
}

/// The program's name in the command line that the context was created with, or NULL.
///
/// # Safety
/// `cx` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_cmdline_option_cx_argv0(cx: *const lws_context) -> *const c_char {
    guard("lws_cmdline_option_cx_argv0", null(), || {
        let line = services::of("lws_cmdline_option_cx_argv0", cx).map(|s| s.command_line());
        match line {
            // SAFETY: there is at least one argument.
            Some(line) if line.argc > 0 && !line.argv.is_null() => unsafe { *line.argv },
            _ => null(),
        }
    })
}

/// Acts on the built-in switches in the command line: `-d` sets the log levels (else
/// `info->default_loglevel`, else user, error, warning and notice), others set fields and options
/// of `info`, `-h` and `--help` print a help and end the program. Also notes the command line in
/// `info`.
///
/// # Safety
/// `argv` has `argc` NUL-terminated strings that outlive the context; `info` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_cmdline_option_handle_builtin(
    argc: c_int,
    argv: *mut *const c_char,
    info: *mut lws_context_creation_info,
) {
    guard("lws_cmdline_option_handle_builtin", (), || {
        // SAFETY: as the caller promises.
        let Some(info) = (unsafe { info.as_mut() }) else { return };
        (info.argc, info.argv) = (argc, argv);
        let mut levels = match info.default_loglevel {
            0 => LLL_USER | LLL_ERR | LLL_WARN | LLL_NOTICE,
            set => set,
        };
        for (switch, builtin, _) in BUILTINS {
            // SAFETY: as the caller promises.
            unsafe {
                let value = lws_cmdline_option(argc, argv, switch.as_ptr());
                if !value.is_null() {
                    apply(builtin, value, &mut levels, info);
                }
            }
        }
        // SAFETY: no function is set.
        unsafe { lws_set_log_level(levels, None) };
    });
}

/// # Safety
/// `value` is NUL-terminated and outlives the context; `info->argv` is good.
unsafe fn apply(
    builtin: Builtin,
    value: *const c_char,
    levels: &mut c_int,
    info: &mut lws_context_creation_info,
) {
    // SAFETY: as the caller promises.
    let number = unsafe { libc::atoi(value) };
    match builtin {
        Builtin::LogLevel => *levels = number,
        Builtin::FaultInjection => log::err!("--fault-injection is not offered by this library"),
        Builtin::FaultSeed => {}
        Builtin::IgnoreSigterm => {
            let handler = ignore_signal as extern "C" fn(c_int);
            // SAFETY: the handler does nothing, which is safe in a signal.
            unsafe { libc::signal(libc::SIGTERM, handler as libc::sighandler_t) };
        }
        Builtin::ProxyPort => info.ss_proxy_port = number as u16,
        Builtin::ProxyBind => info.ss_proxy_bind = value,
        Builtin::ProxyAddress => info.ss_proxy_address = value,
        Builtin::Stub => info.lws_stub = value,
        Builtin::Option(bit) => info.options |= bit,
        Builtin::QuicInitialCwnd => info.quic_initial_cwnd = number as u32,
        Builtin::Quic0RttMaxSize => info.quic_0rtt_max_size = number as u32,
        // SAFETY: a switch was found, so there is a program name.
        Builtin::Help => unsafe {
            lws_switches_print_help(*info.argv, null(), 0);
            libc::exit(0);
        },
    }
}

extern "C" fn ignore_signal(_signal: c_int) {}

/// Logs a help at user level: how to call `prog`, its `count` switches and the built-in ones. Sets
/// the log levels to user, error, warning and notice.
///
/// # Safety
/// `prog` is NUL-terminated; `switches` has `count` good entries.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_switches_print_help(
    prog: *const c_char,
    switches: *const lws_switches,
    count: usize,
) {
    guard("lws_switches_print_help", (), || {
        let user = |text: String| process_line(LLL_USER, text.as_bytes());
        let row = |switch: &str, meaning: &str| user(format!("  {switch:<20} {meaning}\n"));
        // SAFETY: as the caller promises.
        unsafe {
            let text = |s| String::from_utf8_lossy(c_bytes(s).unwrap_or_default());
            lws_set_log_level(LLL_USER | LLL_ERR | LLL_WARN | LLL_NOTICE, None);
            user(format!("\nUsage: {} [options]\n", text(prog)));
            user("\n".to_owned());
            let count = if switches.is_null() { 0 } else { count };
            for i in 0..count {
                let entry = &*switches.add(i);
                row(&text(entry.sw), &text(entry.doc));
            }
        }
        user("\n  (and the library's own switches)\n\n".to_owned());
        for (switch, _, meaning) in BUILTINS {
            row(&switch.to_string_lossy(), meaning);
        }
        user("\n".to_owned());
    });
}

/// Turns a test program's result into its exit code: `--expected-exit` in the command line says
/// which `actual` (default 0) is right. Returns 0 if it is, else 1; logs which.
///
/// # Safety
/// `argv` has `argc` NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_cmdline_passfail(
    argc: c_int,
    argv: *mut *const c_char,
    actual: c_int,
) -> c_int {
    guard("lws_cmdline_passfail", 1, || {
        // SAFETY: as the caller promises.
        let expected = unsafe {
            let value = lws_cmdline_option(argc, argv, c"--expected-exit".as_ptr());
            if value.is_null() { 0 } else { libc::atoi(value) }
        };
        if actual == expected {
            let text = format!("Completed: OK (seen expected {actual})\n");
            process_line(LLL_USER, text.as_bytes());
            return 0;
        }
        let text = format!("Completed: failed: exit {actual}, expected {expected}\n");
        process_line(LLL_ERR, text.as_bytes());
        1
    })
}

/// Zeroes `info` and sets what an SS program starts from: no listening, explicit vhosts, TLS
/// initialised, the policy `sspol` (JSON text or a path; kept as a pointer, may be NULL).
///
/// # Safety
/// `info` is writable; `sspol` is NULL or NUL-terminated until the context is created.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _lws_context_info_defaults(
    info: *mut lws_context_creation_info,
    sspol: *const c_char,
) {
    guard("_lws_context_info_defaults", (), || {
        if info.is_null() {
            return;
        }
        // SAFETY: the caller promises that it is writable, and all of it may be zero.
        unsafe {
            info.write_bytes(0, 1);
            (*info).fd_limit_per_thread = FD_LIMIT;
            (*info).port = NO_LISTEN;
            (*info).pss_policies_json = sspol;
            (*info).options = options::EXPLICIT_VHOSTS
                | options::H2_JUST_FIX_WINDOW_UPDATE_OVERFLOW
                | options::DO_SSL_GLOBAL_INIT;
        }
    });
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::ptr::null_mut;

    use super::super::services::CommandLine;
    use super::super::services::test::{TestContext, arguments};
    use super::*;

    #[test]
    fn the_contexts_command_line() {
        let argv = arguments(&[c"prog", c"-x", c"1", c"-x2"]);
        let line = CommandLine { argc: 4, argv: argv.as_ptr() };
        let context = TestContext::with_command_line(line);
        let (cx, x) = (context.handle(), c"-x".as_ptr());
        // SAFETY: the strings are constants, the results point to them.
        unsafe {
            assert_eq!(CStr::from_ptr(lws_cmdline_option_cx_argv0(cx)), c"prog");
            let first = lws_cmdline_option_cx(cx, x);
            assert_eq!(CStr::from_ptr(first), c"1");
            assert_eq!(CStr::from_ptr(lws_cmdline_options_cx(cx, x, first)), c"2");
            assert!(lws_cmdline_option_cx(cx, c"-y".as_ptr()).is_null());
            assert!(lws_cmdline_option_cx(null_mut(), x).is_null());
        }
    }

    #[test]
    fn without_a_command_line() {
        let context = TestContext::new();
        // SAFETY: the handle is good.
        unsafe {
            assert!(lws_cmdline_option_cx_argv0(context.handle()).is_null());
            assert!(lws_cmdline_option_cx(context.handle(), c"-x".as_ptr()).is_null());
            assert!(lws_cmdline_option(3, null_mut(), c"-x".as_ptr()).is_null());
        }
    }
}
