//! The fields of a certificate that people ask for: who, by whom, from when to when (RFC 5280 section 4.1).

use std::fmt::Write as _;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const VERSION: u8 = 0xa0;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const BMP_STRING: u8 = 0x1e;

/// The parts of names that have a short form (2.5.4.n).
const ATTRIBUTES: [(u8, &str); 6] =
    [(3, "CN"), (6, "C"), (7, "L"), (8, "ST"), (10, "O"), (11, "OU")];

/// What a certificate says.
pub struct Facts {
    pub subject: String,
    pub issuer: String,
    /// Seconds since 1970.
    pub not_before: i64,
    pub not_after: i64,
}

/// Reads a certificate; `None` if it is not one.
pub fn read(der: &[u8]) -> Option<Facts> {
    let (certificate, _) = take(der, SEQUENCE)?;
    let (mut tbs, _) = take(certificate, SEQUENCE)?;
    if tbs.first() == Some(&VERSION) {
        tbs = take(tbs, VERSION)?.1;
    }
    let (_serial, rest) = take(tbs, INTEGER)?;
    let (_algorithm, rest) = take(rest, SEQUENCE)?;
    let (issuer, rest) = take(rest, SEQUENCE)?;
    let (validity, rest) = take(rest, SEQUENCE)?;
    let (subject, _) = take(rest, SEQUENCE)?;
    let (not_before, rest) = time(validity)?;
    let (not_after, _) = time(rest)?;
    Some(Facts { subject: name(subject)?, issuer: name(issuer)?, not_before, not_after })
}

/// The content of the element that `der` begins with, and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = any(der)?;
    (found == tag).then_some((content, rest))
}

fn any(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut len = usize::from(first);
    if first >= 0x80 {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 || rest.len() < count {
            return None;
        }
        let (digits, after) = rest.split_at(count);
        len = digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit));
        rest = after;
    }
    (rest.len() >= len).then(|| (tag, &rest[..len], &rest[len..]))
}

/// `CN=..., O=...`, in the certificate's order.
fn name(mut rdns: &[u8]) -> Option<String> {
    let mut out = String::new();
    while !rdns.is_empty() {
        let (mut set, rest) = take(rdns, SET)?;
        rdns = rest;
        while !set.is_empty() {
            let (pair, rest) = take(set, SEQUENCE)?;
            set = rest;
            let (oid, value) = take(pair, OID)?;
            let (tag, value, _) = any(value)?;
            let short = match oid {
                [0x55, 4, n] => ATTRIBUTES.iter().find(|(number, _)| number == n).map(|(_, s)| *s),
                _ => None,
            };
            let comma = if out.is_empty() { "" } else { ", " };
            let _ = write!(out, "{comma}{}={}", short.unwrap_or("?"), text(tag, value));
        }
    }
    Some(if out.is_empty() { "(no name)".to_owned() } else { out })
}

fn text(tag: u8, value: &[u8]) -> String {
    let text = if tag == BMP_STRING {
        let unit = |pair: &[u8]| u16::from_be_bytes([pair[0], pair[1]]);
        String::from_utf16_lossy(&value.chunks_exact(2).map(unit).collect::<Vec<_>>())
    } else {
        String::from_utf8_lossy(value).into_owned()
    };
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Both forms of time, in seconds since 1970.
fn time(der: &[u8]) -> Option<(i64, &[u8])> {
    let (tag, content, rest) = any(der)?;
    let digits = content.strip_suffix(b"Z")?;
    let year_digits = match tag {
        UTC_TIME => 2,
        GENERALIZED_TIME => 4,
        _ => return None,
    };
    if digits.len() != year_digits + 10 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        digits[range].iter().fold(0_i64, |n, d| n * 10 + i64::from(d - b'0'))
    };
    let mut year = number(0..year_digits);
    if tag == UTC_TIME {
        year += if year < 50 { 2000 } else { 1900 };
    }
    let part = |n: usize| number(year_digits + 2 * n..year_digits + 2 * n + 2);
    let seconds = days(year, part(0), part(1)) * 86_400 + part(2) * 3600 + part(3) * 60 + part(4);
    Some((seconds, rest))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the leap day is
/// the last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // months from March on alternate in a pattern of 153 days in 5 months
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// `2026-11-24`
pub fn date(seconds: i64) -> String {
    let day = seconds.div_euclid(86_400);
    let mut year = 1970 + day.div_euclid(366);
    while days(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|m| days(year, *m, 1) <= day).unwrap_or(1);
    format!("{year:04}-{month:02}-{:02}", day - days(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 2, 29), 11_016);
        for text in
            ["1970-01-01", "1999-12-31", "2000-02-29", "2026-03-01", "2100-02-28", "1969-07-20"]
        {
            let part =
                |n: usize| text.split('-').nth(n).expect("a part").parse().expect("a number");
            assert_eq!(date(days(part(0), part(1), part(2)) * 86_400 + 86_399), text);
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        for cut in
            [&b""[..], &[0x30], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x30, 3, 0x30, 1, 0]]
        {
            assert!(read(cut).is_none());
        }
    }
}
