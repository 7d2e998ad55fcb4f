//! `Retry-After` (RFC 9110 10.2.3).

use std::time::{Duration, SystemTime};

/// The longest time that a server may keep us away: what asks for more counts as this.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the server asks us to stay away, at most [`MAX_RETRY_AFTER`]. `value` is the
/// field: seconds, or a date; `date` is the response's `Date`, by whose clock a date counts,
/// else `now`. `None` if there is no such wish or it makes no sense; a date in the past is none.
#[must_use]
pub fn retry_after(value: &[u8], date: Option<&[u8]>, now: SystemTime) -> Option<Duration> {
    let value = std::str::from_utf8(value).ok()?.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = value.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs);
        return Some(seconds.min(MAX_RETRY_AFTER));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let from = date.and_then(|d| std::str::from_utf8(d).ok());
    let from = from.and_then(|d| httpdate::parse_http_date(d.trim()).ok()).unwrap_or(now);
    let wait = until.duration_since(from).ok().filter(|w| !w.is_zero())?;
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::{MAX_RETRY_AFTER, retry_after};
    use std::time::{Duration, SystemTime};

    /// Sun, 06 Nov 1994 08:49:37 GMT, the RFC's example.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn seconds(value: &str, date: Option<&str>) -> Option<u64> {
        retry_after(value.as_bytes(), date.map(str::as_bytes), now()).map(|d| d.as_secs())
    }

    #[test]
    fn seconds_count() {
        assert_eq!(seconds("0", None), Some(0));
        assert_eq!(seconds(" 120 ", None), Some(120));
        assert_eq!(seconds("86400", None), Some(86_400));
    }

    #[test]
    fn all_three_forms_of_a_date_count_from_now() {
        for date in [
            "Sun, 06 Nov 1994 08:50:37 GMT",
            "Sunday, 06-Nov-94 08:50:37 GMT",
            "Sun Nov  6 08:50:37 1994",
        ] {
            assert_eq!(seconds(date, None), Some(60), "{date}");
        }
    }

    #[test]
    fn the_servers_clock_goes_before_ours() {
        let until = "Mon, 01 Jan 2024 00:01:00 GMT";
        assert_eq!(seconds(until, Some("Mon, 01 Jan 2024 00:00:30 GMT")), Some(30));
        let ours = Some("no date");
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT", ours), Some(60));
    }

    #[test]
    fn the_past_and_nonsense_ask_for_nothing() {
        for value in ["", " ", "-1", "+5", "1.5", "soon", "5s", "Sun, 06 Nov 1994 08:49:37 GMT"] {
            assert_eq!(seconds(value, None), None, "{value:?}");
        }
        assert_eq!(seconds("Sun, 06 Nov 1994 08:48:37 GMT", None), None);
        assert_eq!(retry_after(b"\xff", None, now()), None);
    }

    #[test]
    fn patience_has_a_limit() {
        let limit = Some(MAX_RETRY_AFTER.as_secs());
        assert_eq!(seconds("86401", None), limit);
        assert_eq!(seconds("99999999999999999999999", None), limit);
        assert_eq!(seconds("Fri, 31 Dec 9999 23:59:59 GMT", None), limit);
    }
}
