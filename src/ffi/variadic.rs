//! The exported printf-like functions. Each is one jump to its hidden C counterpart in
//! `capi/variadic.c`, which calls back into [`log`](super::log) and [`smd`](super::smd);
//! those symbols are made here too, hidden, so that only public names are exported.

use std::arch::{global_asm, naked_asm};
/// A format and its arguments, made by the C side and good until the call returns.
#[repr(C)]
pub struct Text {
    _opaque: [u8; 0],
}

/// The C side. The variadic ones are only jumped to: their arguments don't matter here.
///
/// cbindgen:ignore
mod c {
    use std::ffi::{c_char, c_int};

    unsafe extern "C" {
        pub(super) fn securestreams_format(
            text: *const super::Text,
            buf: *mut c_char,
            len: usize,
        ) -> c_int;
        pub(super) fn securestreams_v_log();
        pub(super) fn securestreams_v_logv();
        pub(super) fn securestreams_v_log_rl();
        pub(super) fn securestreams_v_log_cx();
        pub(super) fn securestreams_v_log_cx_rl();
        pub(super) fn securestreams_v_snprintf();
        pub(super) fn securestreams_v_smd_printf();
        pub(super) fn securestreams_v_smd_ss_printf();
        pub(super) fn securestreams_v_open();
    }
}

impl Text {
    /// Room tried first: nearly every text fits.
    const FIRST_TRY: usize = 256;

    /// Appends the formatted text, cut to `max` bytes. Returns the whole length, or `None` if
    /// the C library could not format it.
    ///
    /// # Safety
    /// `text` is what the C side passed in the call being served.
    pub unsafe fn append(text: *const Self, out: &mut Vec<u8>, max: usize) -> Option<usize> {
        let mut room = Self::FIRST_TRY.min(max + 1);
        loop {
            out.reserve(room);
            let spare = out.spare_capacity_mut();
            // SAFETY: the spare capacity is at least `room` bytes, which bounds the writing.
            let n = unsafe { c::securestreams_format(text, spare.as_mut_ptr().cast(), room) };
            let whole = usize::try_from(n).ok()?;
            if whole < room || room == max + 1 {
                // SAFETY: that many bytes in front of the NUL were just written.
                unsafe { out.set_len(out.len() + whole.min(room - 1)) };
                return Some(whole);
            }
            room = (whole + 1).min(max + 1);
        }
    }
}

#[cfg(target_arch = "x86_64")]
macro_rules! jump {
    () => {
        "jmp {target}"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! jump {
    () => {
        "b {target}"
    };
}
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("this CPU needs its jump instruction added to src/ffi/variadic.rs");

/// Exports `$name` as a jump to the C function `$target`.
macro_rules! export {
    ($(#[$doc:meta])* $name:ident => $target:path) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// To be called from C alone, as its prototype in the C headers says.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            naked_asm!(jump!(), target = sym $target)
        }
    };
}

/// Gives the Rust function `$target` the hidden symbol `$name` for the C side.
macro_rules! hidden {
    ($name:literal => $target:path) => {
        global_asm!(
            ".pushsection .text",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ", %function"),
            concat!($name, ":"),
            jump!(),
            ".popsection",
            target = sym $target
        );
    };
}

hidden!("securestreams_log" => super::log::log_text);
hidden!("securestreams_smd_printf" => super::smd::smd_printf);
hidden!("securestreams_smd_ss_printf" => super::smd::smd_ss_printf);

export!(
    /// `void _lws_log(int filter, const char *format, ...)`: logs a line at level `filter` in
    /// the process's log context.
    _lws_log => c::securestreams_v_log
);
export!(
    /// `void _lws_logv(int filter, const char *format, va_list vl)`: as `_lws_log`, for
    /// variadic functions of the program.
    _lws_logv => c::securestreams_v_logv
);
export!(
    /// `void _lws_log_rl(int filter, uint32_t dropped, const char *format, ...)`: as
    /// `_lws_log`; `dropped` is what `lws_log_ratelimit_check` returned and tells how many lines
    /// were held back.
    _lws_log_rl => c::securestreams_v_log_rl
);
export!(
    /// `void _lws_log_cx(lws_log_cx_t *cx, lws_log_prepend_cx_t prep, void *obj, int filter,
    /// const char *_fun, const char *format, ...)`: logs in the context `cx` (NULL: the
    /// process's); `prep` writes a prefix for `obj`, `_fun` is a prefix of its own.
    _lws_log_cx => c::securestreams_v_log_cx
);
export!(
    /// `void _lws_log_cx_rl(lws_log_cx_t *cx, lws_log_prepend_cx_t prep, void *obj, int filter,
    /// uint32_t dropped, const char *_fun, const char *format, ...)`: `_lws_log_cx` with the
    /// count of `_lws_log_rl`.
    _lws_log_cx_rl => c::securestreams_v_log_cx_rl
);
export!(
    /// `int lws_snprintf(char *str, size_t size, const char *format, ...)`: as C's `snprintf`,
    /// but a text that was cut returns `size`, and a NULL or empty buffer 0.
    lws_snprintf => c::securestreams_v_snprintf
);
export!(
    /// `int lws_smd_msg_printf(struct lws_context *ctx, lws_smd_class_t _class, const char
    /// *format, ...)`: queues a formatted message. Returns 0, also when nobody wants the class, or
    /// 1 if it is too large or the queue is full. May be called from any thread.
    lws_smd_msg_printf => c::securestreams_v_smd_printf
);
export!(
    /// `int lws_smd_ss_msg_printf(const char *tag, uint8_t *buf, size_t *len, lws_smd_class_t
    /// _class, const char *format, ...)`: writes a message with its 16-byte header into the tx
    /// buffer of an SMD stream. `*len` is the room on entry and the length on success. Returns 0,
    /// or 1 if it does not fit.
    lws_smd_ss_msg_printf => c::securestreams_v_smd_ss_printf
);
export!(
    /// `int lws_open(const char *file, int oflag, ...)`: C's `open`, with close-on-exec.
    lws_open => c::securestreams_v_open
);
