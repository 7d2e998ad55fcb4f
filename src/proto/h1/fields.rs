//! Reading the values of fields, of requests and responses alike.

use super::super::Head;

/// A length in decimal digits and nothing else.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The values of all fields called `name`.
pub(super) fn values<'h>(head: &'h Head, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    head.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
}

/// Whether the comma-separated list `value` has `token`, without case.
pub(super) fn list_has(value: &[u8], token: &str) -> bool {
    items(value).any(|item| item.eq_ignore_ascii_case(token.as_bytes()))
}

/// The items of a comma-separated list.
pub(super) fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&b| b == b',').map(<[u8]>::trim_ascii)
}
