use core::ffi::c_char;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_switches {
    pub sw: *const c_char,
    pub doc: *const c_char,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_humanize_unit {
    pub name: *const c_char,
    pub factor: u64,
}

pub type lws_humanize_unit_t = lws_humanize_unit;
