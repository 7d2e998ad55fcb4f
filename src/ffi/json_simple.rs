//! Finding one value in a small JSON text without parsing it.

use std::ffi::{c_char, c_int};

use super::panic::guard;
use super::ptr::{bytes, c_bytes};

/// Finds `name`, which includes its quotes and colon, and returns where its value starts and
/// how long it is: a string without its quotes (escapes left as they are), anything else up to
/// the next `,`, `}` or `]`.
fn find(text: &[u8], name: &[u8]) -> Option<(usize, usize)> {
    let mut at = memchr::memmem::find(text, name)? + name.len();
    at += text[at..].iter().take_while(|c| matches!(c, b' ' | b'\t')).count();
    let quoted = *text.get(at)? == b'"';
    if quoted {
        at += 1;
    }
    let value = &text[at..];
    let len = if quoted { string_len(value) } else { bare_len(value) };
    Some((at, len))
}

fn string_len(value: &[u8]) -> usize {
    let mut escaped = false;
    let end = value.iter().position(|&c| {
        let ends = !escaped && c == b'"';
        escaped = !escaped && c == b'\\';
        ends
    });
    end.unwrap_or(value.len())
}

fn bare_len(value: &[u8]) -> usize {
    value.iter().position(|c| matches!(c, b'}' | b']' | b',')).unwrap_or(value.len())
}

/// Finds the value of `name`, written with its quotes and colon as in `"\"state\":"`, in `len`
/// bytes of JSON. Returns where it starts (behind the quote of a string) with its length in
/// `*alen`, or NULL if it is not there. The result points into `buf`.
///
/// # Safety
/// `buf` has `len` readable bytes, `name` is NUL-terminated, `alen` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_json_simple_find(
    buf: *const c_char,
    len: usize,
    name: *const c_char,
    alen: *mut usize,
) -> *const c_char {
    guard("lws_json_simple_find", std::ptr::null(), || {
        // SAFETY: the caller promises the length and a terminated name.
        let (text, name) = unsafe { (bytes(buf.cast(), len), c_bytes(name)) };
        match name.filter(|n| !n.is_empty()).and_then(|name| find(text, name)) {
            // SAFETY: the value lies inside the buffer, and `alen` is writable.
            Some((at, value_len)) => unsafe {
                if !alen.is_null() {
                    alen.write(value_len);
                }
                buf.add(at)
            },
            None => std::ptr::null(),
        }
    })
}

/// Compares the value of `name`, as found by [`lws_json_simple_find`], with `comp`. Returns 0 if
/// they are equal, not 0 if they differ or the name is not there.
///
/// # Safety
/// `buf` has `len` readable bytes, `name` and `comp` are NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_json_simple_strcmp(
    buf: *const c_char,
    len: usize,
    name: *const c_char,
    comp: *const c_char,
) -> c_int {
    guard("lws_json_simple_strcmp", -1, || {
        let mut value_len = 0;
        // SAFETY: as the caller promises; the value lies inside the buffer.
        let (value, comp) = unsafe {
            let value = lws_json_simple_find(buf, len, name, &raw mut value_len);
            (bytes(value.cast(), value_len), c_bytes(comp).filter(|_| !value.is_null()))
        };
        match comp {
            Some(comp) if comp.len() == value.len() => match value.cmp(comp) {
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Less => -1,
                std::cmp::Ordering::Greater => 1,
            },
            _ => -1,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::find;

    fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
        find(text.as_bytes(), name.as_bytes()).map(|(at, len)| &text[at..at + len])
    }

    #[test]
    fn values() {
        let text = r#"{"a": "x\"y\\","b":12,"c":[1,2],"d":	true}"#;
        assert_eq!(value(text, "\"a\":"), Some(r#"x\"y\\"#));
        assert_eq!(value(text, "\"b\":"), Some("12"));
        assert_eq!(value(text, "\"c\":"), Some("[1"));
        assert_eq!(value(text, "\"d\":"), Some("true"));
        assert_eq!(value(text, "\"e\":"), None);
    }

    #[test]
    fn cut_texts() {
        assert_eq!(value("{\"a\":", "\"a\":"), None);
        assert_eq!(value("{\"a\":\"", "\"a\":"), Some(""));
        assert_eq!(value("{\"a\":\"x\\", "\"a\":"), Some("x\\"));
        assert_eq!(value("{\"a\":1", "\"a\":"), Some("1"));
    }

    proptest::proptest! {
        #[test]
        fn a_value_lies_inside_its_text(text in "[\"a:,{}\\[\\] \\\\]{0,40}", cut in 0_usize..40) {
            let text = &text.as_bytes()[..text.len().min(cut)];
            if let Some((at, len)) = find(text, b"\"a\":") {
                proptest::prop_assert!(at + len <= text.len(), "{at} {len}");
            }
        }
    }
}
