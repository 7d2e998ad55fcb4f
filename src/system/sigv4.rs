//! Signatures of requests to AWS (signature version 4), as pure functions: the time, the key and
//! the request come in, the value of the `Authorization` field comes out.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};
use zeroize::{Zeroize, Zeroizing};

use crate::util::crypto::{digest, hmac};

/// The field that says when the request was made; it is signed.
pub const DATE: &str = "x-amz-date";
/// The field that says what the payload's hash is; it is signed.
pub const CONTENT_SHA256: &str = "x-amz-content-sha256";
/// What that field says where the payload is not signed.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The algorithm, as requests name it.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What ends every scope.
const TERMINATION: &str = "aws4_request";
/// The service that signs paths as they are: neither normalised nor encoded once more.
const S3: &str = "s3";
/// What stays as it is in a path's segment, or in a query.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Seconds in a day.
const DAY: u64 = 24 * 60 * 60;

/// A key of AWS's. Gone from memory when dropped.
pub struct Key {
    /// What the server finds it by; it is sent.
    pub id: Zeroizing<Vec<u8>>,
    /// What signs; it is never sent.
    pub secret: Zeroizing<Vec<u8>>,
}

/// What is signed of a request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The region, such as `us-west-2`.
    pub region: &'a str,
    /// The service, such as `s3`.
    pub service: &'a str,
    /// `GET` ...
    pub method: &'a str,
    /// Path and query, as they are sent.
    pub path: &'a str,
    /// The fields to sign, names in any case: `host` and [`DATE`] at least.
    pub fields: &'a [(&'a str, &'a [u8])],
    /// The hash of the payload in lower case hex, or [`UNSIGNED_PAYLOAD`].
    pub payload: &'a str,
}

/// Why a request cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignError {
    /// There is no [`DATE`] among the fields.
    NoDate,
    /// It is not of the form `20150830T123600Z`.
    BadDate,
    /// The key's id has bytes that no field can carry.
    BadKeyId,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDate => write!(f, "there is no {DATE}"),
            Self::BadDate => write!(f, "{DATE} is not of the form 20150830T123600Z"),
            Self::BadKeyId => {
                write!(f, "the key's id has other characters than letters and digits")
            }
        }
    }
}

impl std::error::Error for SignError {}

/// The value of the `Authorization` field that signs a request.
///
/// # Errors
/// See [`SignError`].
pub fn authorization(key: &Key, request: &Request<'_>) -> Result<String, SignError> {
    let id = std::str::from_utf8(&key.id).map_err(|_| SignError::BadKeyId)?;
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(SignError::BadKeyId);
    }
    let date = request.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(DATE));
    let date = date_text(date.ok_or(SignError::NoDate)?.1)?;
    let day = &date[..8];
    let scope = format!("{day}/{}/{}/{TERMINATION}", request.region, request.service);
    let (canonical, names) = canonical_request(request);
    let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
    let signature = hex(hmac::sign(&signing_key(key, day, request), to_sign.as_bytes()).as_ref());
    Ok(format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"))
}

/// A time as [`DATE`] wants it.
#[must_use]
pub fn timestamp(time: SystemTime) -> String {
    // no device has a clock from before 1970: such a time is as wrong as 1970
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (year, month, day) = civil(seconds / DAY);
    let s = seconds % DAY;
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", s / 3600, s / 60 % 60, s % 60)
}

/// The SHA-256 of these bytes in lower case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The day that is so many days after the first of January 1970, in the Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    // years are counted from March here, so that the leap day is a year's last: 719468 days lie
    // between the first of March of the year 0 and 1970, 146097 days are 400 years
    let days = days + 719_468;
    let (era, in_era) = (days / 146_097, days % 146_097);
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// Checks the shape `YYYYMMDDTHHMMSSZ`.
fn date_text(date: &[u8]) -> Result<&str, SignError> {
    let fits = date.len() == 16
        && date.iter().enumerate().all(|(i, b)| match i {
            8 => *b == b'T',
            15 => *b == b'Z',
            _ => b.is_ascii_digit(),
        });
    let text = std::str::from_utf8(date).map_err(|_| SignError::BadDate)?;
    if fits { Ok(text) } else { Err(SignError::BadDate) }
}

/// The key of a day, region and service, made of the secret one.
fn signing_key(key: &Key, day: &str, request: &Request<'_>) -> hmac::Key {
    let mut first = Zeroizing::new(Vec::with_capacity(4 + key.secret.len()));
    first.extend_from_slice(b"AWS4");
    first.extend_from_slice(&key.secret);
    let mut derived = hmac::Key::new(hmac::HMAC_SHA256, &first);
    for part in [day, request.region, request.service, TERMINATION] {
        let tag = hmac::sign(&derived, part.as_bytes());
        let mut bytes = [0; digest::SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(tag.as_ref());
        derived = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        bytes.zeroize();
    }
    derived
}

/// The request in the form that both sides hash, and the names of the signed fields.
fn canonical_request(request: &Request<'_>) -> (String, String) {
    let (path, query) = request.path.split_once('?').unwrap_or((request.path, ""));
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, value) in request.fields {
        let (name, value) = (name.to_ascii_lowercase(), canonical_value(value));
        match fields.iter_mut().find(|(n, _)| *n == name) {
            Some((_, values)) => *values = format!("{values},{value}"),
            None => fields.push((name, value)),
        }
    }
    fields.sort();
    let lines: String = fields.iter().map(|(n, v)| format!("{n}:{v}\n")).collect();
    let names: Vec<&str> = fields.iter().map(|(n, _)| n.as_str()).collect();
    let names = names.join(";");
    let path = canonical_path(path, request.service);
    let query = canonical_query(query);
    let method = request.method;
    (format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{}", request.payload), names)
}

/// A field's value without blanks around it, and with one in place of several.
fn canonical_value(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn encode(text: &[u8]) -> String {
    percent_encode(text, KEPT).to_string()
}

/// What was encoded for the way, encoded as the signature wants it.
fn encode_anew(text: &str) -> String {
    encode(&percent_decode(text.as_bytes()).collect::<Vec<u8>>())
}

/// A path: S3 takes it as it is, all others without `.`, `..` and empty segments, and encoded once
/// more on top of the encoding that it is sent with.
fn canonical_path(path: &str, service: &str) -> String {
    if service == S3 {
        return path.split('/').map(encode_anew).collect::<Vec<_>>().join("/");
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    let mut whole: String = kept.iter().map(|s| format!("/{}", encode(s.as_bytes()))).collect();
    if whole.is_empty() || path.ends_with('/') {
        whole.push('/');
    }
    whole
}

/// A query, sorted, each part with its `=`.
fn canonical_query(query: &str) -> String {
    let mut parts: Vec<(String, String)> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (encode_anew(name), encode_anew(value)))
        .collect();
    parts.sort();
    parts.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
#[path = "sigv4_tests.rs"]
mod tests;
