//! Numbers with units, for people: `1.234s`, `3:05min`.

use std::ffi::{c_char, c_int};

use super::panic::guard;
use super::ptr::{c_bytes, put_c_string};
use super::types::lws_humanize_unit;
use crate::util::log;

/// A schema of constant strings.
#[repr(transparent)]
pub struct Schema<const N: usize>([lws_humanize_unit; N]);

// SAFETY: the pointers are to constant strings.
unsafe impl<const N: usize> Sync for Schema<N> {}

const fn unit(name: &'static std::ffi::CStr, factor: u64) -> lws_humanize_unit {
    lws_humanize_unit { name: name.as_ptr(), factor }
}

const END: lws_humanize_unit = lws_humanize_unit { name: std::ptr::null(), factor: 0 };

/// Binary multiples.
///
/// cbindgen:ignore
#[allow(non_upper_case_globals, reason = "the C name")]
#[unsafe(no_mangle)]
pub static humanize_schema_si: Schema<7> = Schema([
    unit(c"Pi", 1 << 50),
    unit(c"Ti", 1 << 40),
    unit(c"Gi", 1 << 30),
    unit(c"Mi", 1 << 20),
    unit(c"Ki", 1 << 10),
    unit(c"", 1),
    END,
]);

/// Binary multiples of bytes.
///
/// cbindgen:ignore
#[allow(non_upper_case_globals, reason = "the C name")]
#[unsafe(no_mangle)]
pub static humanize_schema_si_bytes: Schema<7> = Schema([
    unit(c"PiB", 1 << 50),
    unit(c"TiB", 1 << 40),
    unit(c"GiB", 1 << 30),
    unit(c"MiB", 1 << 20),
    unit(c"KiB", 1 << 10),
    unit(c"B", 1),
    END,
]);

/// Durations in microseconds.
///
/// cbindgen:ignore
#[allow(non_upper_case_globals, reason = "the C name")]
#[unsafe(no_mangle)]
pub static humanize_schema_us: Schema<8> = Schema([
    unit(c"y", 365 * 24 * 3_600 * 1_000_000),
    unit(c"d", 24 * 3_600 * 1_000_000),
    unit(c"hr", 3_600 * 1_000_000),
    unit(c"min", 60 * 1_000_000),
    unit(c"s", 1_000_000),
    unit(c"ms", 1_000),
    unit(c"μs", 1),
    END,
]);

/// A unit with its name as text.
struct Unit {
    name: String,
    factor: u64,
}

/// # Safety
/// `schema` is NULL or ends with a NULL name.
unsafe fn units(schema: *const lws_humanize_unit) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut at = schema;
    // SAFETY: the schema is read up to its end.
    unsafe {
        while let Some(entry) = at.as_ref() {
            let Some(name) = c_bytes(entry.name) else { break };
            let name = String::from_utf8_lossy(name).into_owned();
            units.push(Unit { name, factor: entry.factor });
            at = at.add(1);
        }
    }
    units
}

/// The value in the largest unit that it reaches, with a decimal fraction if the next unit is a
/// thousandth (or 1/1024), else with `:` and a count of the next unit.
fn humanize(value: u64, units: &[Unit]) -> Option<String> {
    let at = units.iter().position(|u| u.factor != 0 && (value >= u.factor || u.factor == 1))?;
    let Unit { name, factor } = &units[at];
    let (whole, rest) = (value / factor, value % factor);
    let fraction = match units
        .get(at + 1)
        .map(|next| (next.factor, factor.checked_div(next.factor)))
    {
        None | Some((_, None)) => String::new(),
        _ if *factor == 1 => String::new(),
        Some((_, Some(1_000 | 1_024))) => match u128::from(rest) * 1_000 / u128::from(*factor) {
            0 => String::new(),
            thousandths => format!(".{thousandths:03}"),
        },
        Some((next, Some(ratio))) => {
            let digits = ratio.max(1).ilog10().clamp(0, 2) as usize + 1;
            format!(":{:0digits$}", rest / next)
        }
    };
    Some(format!("{whole}{fraction}{name}"))
}

/// Writes `v` with a unit of `schema`, which lists units from the largest on and ends with a NULL
/// name. Cut to fit `len`. Returns the length, 0 if there is no unit for it.
///
/// # Safety
/// `p` has `len` writable bytes; `schema` is good.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_humanize(
    p: *mut c_char,
    len: usize,
    v: u64,
    schema: *const lws_humanize_unit,
) -> c_int {
    // SAFETY: as the caller promises.
    guard("lws_humanize", 0, || unsafe { write(p, len, v, &units(schema), 0) })
}

/// [`lws_humanize`], padded on the left to the widest that the schema's units give.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_humanize_pad(
    p: *mut c_char,
    len: usize,
    v: u64,
    schema: *const lws_humanize_unit,
) -> c_int {
    // three digits, a point and three more
    const NUMBER_WIDTH: usize = 7;
    guard("lws_humanize_pad", 0, || {
        // SAFETY: as the caller promises.
        unsafe {
            let units = units(schema);
            let widest = units.iter().map(|u| u.name.len()).max().unwrap_or(0);
            write(p, len, v, &units, NUMBER_WIDTH + widest)
        }
    })
}

/// # Safety
/// `p` has `len` writable bytes.
unsafe fn write(p: *mut c_char, len: usize, v: u64, units: &[Unit], width: usize) -> c_int {
    let Some(mut text) = humanize(v, units) else {
        log::err!("lws_humanize: the schema has no unit for {v}");
        // SAFETY: as the caller promises.
        unsafe { put_c_string(p, len, b"unknown value") };
        return 0;
    };
    text.insert_str(0, &" ".repeat(width.saturating_sub(text.len())));
    // SAFETY: as the caller promises.
    unsafe { put_c_string(p, len, text.as_bytes()) as c_int }
}
