//! Tables for the command line and for readable numbers.

use core::ffi::c_char;

/// A command line option for `lws_switches_print_help`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_switches {
    /// The option, as it is typed.
    pub sw: *const c_char,
    /// What it does.
    pub doc: *const c_char,
}

/// A unit for `lws_humanize`, largest first; the table ends with a NULL name.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_humanize_unit {
    /// The unit's name.
    pub name: *const c_char,
    /// How many of the smallest unit it is.
    pub factor: u64,
}

/// The C name of `lws_humanize_unit`.
pub type lws_humanize_unit_t = lws_humanize_unit;
