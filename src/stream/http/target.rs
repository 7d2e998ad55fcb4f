//! The request target made of an expanded `http_url`, whose metadata may come from anywhere.

use super::url::rooted;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::fmt;

/// Characters that RFC 3986 has in neither path nor query. `%` is not among them: a policy or a
/// program may have encoded already. `#` would start a fragment, and there is none in a target.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Why a path can't be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetError {
    /// A CR, LF or NUL: nobody means that, and somebody may mean harm.
    Control {
        /// The byte.
        byte: u8,
        /// Its offset in the path.
        at: usize,
    },
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control { byte, at } => write!(f, "path: byte 0x{byte:02x} at offset {at}"),
        }
    }
}

impl std::error::Error for TargetError {}

/// `path` (with its query) as a request target: with a `/` in front if it has none, and with
/// what a target can't have percent-encoded. What is encoded already stays as it is.
///
/// # Errors
/// The path has a CR, LF or NUL.
pub fn request_target(path: &str) -> Result<String, TargetError> {
    let refused = |b: &u8| matches!(b, b'\r' | b'\n' | 0);
    if let Some(at) = path.bytes().position(|b| refused(&b)) {
        return Err(TargetError::Control { byte: path.as_bytes()[at], at });
    }
    Ok(utf8_percent_encode(&rooted(path), UNSAFE).to_string())
}

#[cfg(test)]
mod tests {
    use super::{TargetError, request_target};

    #[test]
    fn targets() {
        for (path, expected) in [
            ("", "/"),
            ("text", "/text"),
            ("/text?who=bob&x=y", "/text?who=bob&x=y"),
            ("//x", "//x"),
            ("?q", "/?q"),
            ("/a b\t", "/a%20b%09"),
            ("/a#b", "/a%23b"),
            ("/%2f%zz", "/%2f%zz"),
            ("/é", "/%C3%A9"),
            ("/\"<>\\^`{|}\u{7f}", "/%22%3C%3E%5C%5E%60%7B%7C%7D%7F"),
            ("/-._~!$&'()*+,;=:@/?[]", "/-._~!$&'()*+,;=:@/?[]"),
        ] {
            assert_eq!(request_target(path).as_deref(), Ok(expected), "{path:?}");
        }
    }

    #[test]
    fn injection_is_refused() {
        for (path, byte, at) in [("/a\rb", b'\r', 2), ("\n", b'\n', 0), ("a\0", 0, 1)] {
            assert_eq!(request_target(path), Err(TargetError::Control { byte, at }));
        }
    }
}
