//! The path of a request as programs get it: decoded, and without detours. Programs look names up by it, and
//! files, so that two ways to write one path must not be two, and none may lead out of the root.

use std::borrow::Cow;

use percent_encoding::{PercentDecode, percent_decode};

pub(super) fn decode(bytes: &[u8]) -> PercentDecode<'_> {
    percent_decode(bytes)
}

/// The path with `%` escapes decoded, empty and `.` segments left out, and each `..` taken with the segment
/// before it. `None`: it has an escape that is none, or a NUL.
pub(super) fn plain_path(path: &str) -> Option<Cow<'_, [u8]>> {
    let bytes = path.as_bytes();
    let escaped = bytes.contains(&b'%');
    let detours = escaped || bytes.windows(2).any(|two| two == b"//" || two == b"/.");
    if !detours || bytes.first() != Some(&b'/') {
        return Some(Cow::Borrowed(bytes));
    }
    if !escapes_are_whole(bytes) {
        return None;
    }
    let decoded: Vec<u8> = decode(bytes).collect();
    (!decoded.contains(&0)).then(|| Cow::Owned(straight(&decoded)))
}

/// Whether each `%` has its two digits.
fn escapes_are_whole(bytes: &[u8]) -> bool {
    let digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_hexdigit);
    let ends_well = |i: usize| digit(bytes.get(i + 1)) && digit(bytes.get(i + 2));
    bytes.iter().enumerate().filter(|(_, b)| **b == b'%').all(|(i, _)| ends_well(i))
}

fn straight(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut folder = true;
    for segment in path.split(|b| *b == b'/') {
        folder = matches!(segment, b"" | b".");
        match segment {
            b"" | b"." => {}
            b".." => drop(kept.pop()),
            name => kept.push(name),
        }
    }
    let mut out = Vec::with_capacity(path.len());
    for name in &kept {
        out.push(b'/');
        out.extend_from_slice(name);
    }
    if folder || kept.is_empty() {
        out.push(b'/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::plain_path;

    #[test]
    fn paths_are_decoded_and_without_detours() {
        for (given, plain) in [
            ("/", "/"),
            ("*", "*"),
            ("/a/b/", "/a/b/"),
            ("/a%2fb%20c", "/a/b c"),
            ("/a+b", "/a+b"),
            ("//x///y", "/x/y"),
            ("/a/./b/.", "/a/b/"),
            ("/a/b/..", "/a"),
            ("/a/b/../", "/a/"),
            ("/a/..", "/"),
            ("/..", "/"),
            ("/../../etc/passwd", "/etc/passwd"),
            ("/%2e%2e/x", "/x"),
            ("/%2e%2e%2fx", "/x"),
            ("/.hidden/...", "/.hidden/..."),
            ("/a/..b", "/a/..b"),
            ("/%3fq=1", "/?q=1"),
            ("/%252e", "/%2e"),
        ] {
            let got = plain_path(given);
            assert_eq!(got.as_deref(), Some(plain.as_bytes()), "{given}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_no_path() {
        for given in ["/a%zzb", "/a%2", "/%", "/a%00b"] {
            assert_eq!(plain_path(given), None, "{given}");
        }
    }
}
