//! Clocks and dates.

use std::ffi::{c_char, c_ulong};
use std::time::{SystemTime, UNIX_EPOCH};

use super::panic::guard;
use super::ptr::c_bytes;
use super::types::lws_usec_t;

/// Microseconds of the monotonic clock: the base of every timestamp in this API. May be called
/// from any thread.
#[unsafe(no_mangle)]
pub extern "C" fn lws_now_usecs() -> lws_usec_t {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is writable.
    if unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) } != 0 {
        return 0;
    }
    #[allow(clippy::useless_conversion, reason = "the fields are narrower on 32-bit targets")]
    let (seconds, nanos) = (i64::from(now.tv_sec), i64::from(now.tv_nsec));
    seconds * 1_000_000 + nanos / 1_000
}

/// Seconds since 1970-01-01 UTC. May be called from any thread.
#[unsafe(no_mangle)]
pub extern "C" fn lws_now_secs() -> c_ulong {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| c_ulong::try_from(d.as_secs()).unwrap_or(c_ulong::MAX))
}

/// Reads an ISO 8601 date in UTC, `YYYY-MM-DD`, optionally followed by `T` or a space and
/// `HH:MM:SS`. Returns seconds (in spite of the type) since 1970-01-01, or 0 if it is no date.
///
/// # Safety
/// `ads` is NUL-terminated or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_parse_iso8601(ads: *const c_char) -> lws_usec_t {
    guard("lws_parse_iso8601", 0, || {
        // SAFETY: the caller promises a terminated string.
        let text = unsafe { c_bytes(ads) }.and_then(|b| std::str::from_utf8(b).ok());
        text.and_then(iso8601_seconds).unwrap_or(0)
    })
}

fn iso8601_seconds(text: &str) -> Option<i64> {
    let (year, rest) = number(text, 4)?;
    let (month, rest) = number(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 2)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some(days_since_1970(year, month, day) * 86_400 + time_of_day(rest))
}

/// The time behind a date; missing parts count as 0.
fn time_of_day(rest: &str) -> i64 {
    let Some(mut rest) = rest.strip_prefix(['T', ' ']) else { return 0 };
    let mut seconds = 0;
    for unit in [3_600, 60, 1] {
        let Some((value, after)) = number(rest, 2) else { break };
        seconds += value * unit;
        match after.strip_prefix(':') {
            Some(next) => rest = next,
            None => break,
        }
    }
    seconds
}

/// Up to `max` leading digits and what follows them.
fn number(text: &str, max: usize) -> Option<(i64, &str)> {
    let len = text.bytes().take(max).take_while(u8::is_ascii_digit).count();
    Some((text[..len].parse().ok()?, &text[len..]))
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar. Years are counted from
/// March so that the leap day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::iso8601_seconds;

    #[test]
    fn dates() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("1970-01-02T00:00:01Z", 86_401),
            ("2000-03-01 00:00:00", 951_868_800),
            ("2024-02-29T12:34:56Z", 1_709_210_096),
            ("2026-11-24T15:07", 1_795_532_820),
            ("1969-12-31", -86_400),
        ] {
            assert_eq!(iso8601_seconds(text), Some(seconds), "{text}");
        }
        for text in ["", "x", "2024", "2024-13-01", "2024-00-01", "24-1", "2024-01-é"] {
            assert_eq!(iso8601_seconds(text), None, "{text}");
        }
    }
}
