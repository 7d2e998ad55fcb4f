//! The keys that requests to AWS are signed with: reading them from a file, and keeping them in
//! the system blobs.

use std::ffi::{OsStr, OsString, c_char, c_int};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::ptr::null_mut;

use zeroize::Zeroizing;

use super::panic::guard;
use super::ptr::c_bytes;
use super::services;
use super::types::{LWS_SYSBLOB_TYPE_EXT_AUTH1, lws_context};
use crate::util::log;

/// How many pairs of keys the system blobs have room for (`auth[].blob` in a policy).
const KEYS: u8 = 4;

/// The most bytes of a file of credentials.
const MAX_FILE: u64 = 64 * 1024;

/// Keeps a key for streams whose `use_auth` names an `auth` of the type `sigv4` with the blob `idx`
/// (0 to 3): `keyid` and `key` are copied to the system blobs of external authentication `idx`,
/// in places 0 and 1.
///
/// Returns 0, or -1 with a log line. Legal at any time: the next request is signed with the new key.
///
/// # Safety
/// `context` came from this library; the strings are NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_sigv4_set_aws_key(
    context: *mut lws_context,
    idx: u8,
    keyid: *const c_char,
    key: *const c_char,
) -> c_int {
    const NAME: &str = "lws_ss_sigv4_set_aws_key";
    guard(NAME, -1, || {
        let Some(services) = services::of(NAME, context) else { return -1 };
        // SAFETY: the caller promises good strings.
        let (Some(keyid), Some(key)) = (unsafe { (c_bytes(keyid), c_bytes(key)) }) else {
            log::err!("{NAME}: keyid or key is NULL");
            return -1;
        };
        if idx >= KEYS {
            log::err!("{NAME}: blob {idx} is not 0 to {}", KEYS - 1);
            return -1;
        }
        let item = item(idx) as usize;
        for (place, value) in [keyid, key].into_iter().enumerate() {
            let Some(blob) = services.blobs.get(item, place) else {
                log::err!("{NAME}: there is no blob {place} of item {item}");
                return -1;
            };
            blob.clear();
            if let Err(e) = blob.append(value) {
                log::err!("{NAME}: blob {place} of item {item}: {e}");
                return -1;
            }
        }
        0
    })
}

/// Reads two values from a file of lines `NAME = VALUE`, such as `~/.aws/credentials`: of each
/// name the first value, without the blanks around it. A line counts if it begins with the name.
/// `path` may begin with `~`, the home directory (`$HOME`). The file has at most 64 kB.
///
/// `kid` and `ak` are the names of the key's id and the secret key (`aws_access_key_id`,
/// `aws_secret_access_key`). Returns 0, and `*aws_keyid` and `*aws_key` are the caller's, to be
/// given to `free()`; or -1 with a log line, and both are NULL.
///
/// # Safety
/// The strings are NULL or NUL-terminated; the last two pointers are NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_aws_filesystem_credentials_helper(
    path: *const c_char,
    kid: *const c_char,
    ak: *const c_char,
    aws_keyid: *mut *mut c_char,
    aws_key: *mut *mut c_char,
) -> c_int {
    const NAME: &str = "lws_aws_filesystem_credentials_helper";
    guard(NAME, -1, || {
        if aws_keyid.is_null() || aws_key.is_null() {
            log::err!("{NAME}: aws_keyid or aws_key is NULL");
            return -1;
        }
        // SAFETY: the caller promises that they are writable, and good strings.
        let names = unsafe {
            *aws_keyid = null_mut();
            *aws_key = null_mut();
            (c_bytes(path), c_bytes(kid), c_bytes(ak))
        };
        let (Some(path), Some(kid), Some(ak)) = names else {
            log::err!("{NAME}: path, kid or ak is NULL");
            return -1;
        };
        let path = at_home(path);
        let text = match read(&path) {
            Ok(text) => text,
            Err(e) => {
                log::err!("{NAME}: {}: {e}", path.display());
                return -1;
            }
        };
        let (Some(id), Some(key)) = (value(&text, kid), value(&text, ak)) else {
            log::err!("{NAME}: {} has not both of the names wanted", path.display());
            return -1;
        };
        // SAFETY: the memory is fresh, and given away or freed once.
        unsafe {
            let (id, key) = (duplicate(id), duplicate(key));
            if id.is_null() || key.is_null() {
                libc::free(id.cast());
                libc::free(key.cast());
                log::err!("{NAME}: no memory");
                return -1;
            }
            *aws_keyid = id;
            *aws_key = key;
        }
        0
    })
}

/// The number of the blob with the id of key `idx`; its secret is in the next one.
pub(super) fn item(idx: u8) -> i32 {
    LWS_SYSBLOB_TYPE_EXT_AUTH1 + 2 * i32::from(idx)
}

/// A path whose `~` stands for the home directory.
fn at_home(path: &[u8]) -> OsString {
    match path.strip_prefix(b"~") {
        Some(rest) => {
            let mut whole = std::env::var_os("HOME").unwrap_or_default();
            whole.push(OsStr::from_bytes(rest));
            whole
        }
        None => OsStr::from_bytes(path).to_owned(),
    }
}

fn read(path: &OsStr) -> io::Result<Zeroizing<Vec<u8>>> {
    // made large enough at once: growing would leave copies of the secret behind
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE as usize + 1));
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        let message = format!("longer than {MAX_FILE} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(text)
}

/// What is behind the `=` of the first line that begins with `name`.
fn value<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(name)).find_map(|line| {
        let equals = line.iter().position(|byte| *byte == b'=')?;
        Some(line[equals + 1..].trim_ascii())
    })
}

/// A C string of these bytes from `malloc`, or NULL.
fn duplicate(bytes: &[u8]) -> *mut c_char {
    // SAFETY: `bytes` has as many bytes as it says; `strndup` adds the NUL.
    unsafe { libc::strndup(bytes.as_ptr().cast(), bytes.len()) }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;

    use super::super::services::test::TestContext;
    use super::super::types::LWS_SYSBLOB_TYPE_EXT_AUTH4;
    use super::*;

    #[test]
    fn the_first_value_without_blanks() {
        let text = b"[default]\r\nid =  AKIA \r\nsecret=a=b/c \nid = other\nsecret_2\n";
        assert_eq!(value(text, b"id"), Some(&b"AKIA"[..]));
        assert_eq!(value(text, b"secret"), Some(&b"a=b/c"[..]));
        assert_eq!(value(text, b"secret_2"), None);
        assert_eq!(value(b"", b"id"), None);
        assert_eq!(value(b"id=", b"id"), Some(&b""[..]));
    }

    #[test]
    fn only_a_leading_tilde_is_the_home() {
        assert_eq!(at_home(b"/a/~"), "/a/~");
        let home = std::env::var_os("HOME").unwrap_or_default();
        assert_eq!(at_home(b"~/x"), [home, "/x".into()].into_iter().collect::<OsString>());
    }

    #[test]
    fn keys_go_to_the_blobs() {
        let context = TestContext::new();
        let set = |idx: u8, keyid: &str| {
            let keyid = CString::new(keyid).expect("no NUL");
            let key = c"secret".as_ptr();
            // SAFETY: good strings.
            unsafe { lws_ss_sigv4_set_aws_key(context.handle(), idx, keyid.as_ptr(), key) }
        };
        for idx in 0..KEYS {
            assert_eq!(set(idx, "replaced"), 0);
            assert_eq!(set(idx, &format!("id{idx}")), 0);
        }
        assert_eq!(set(KEYS, "id"), -1);
        let blobs = &context.services.blobs;
        let last = LWS_SYSBLOB_TYPE_EXT_AUTH4;
        for idx in 0..KEYS {
            let content = |place| blobs.get(item(idx) as usize, place).map(|blob| blob.to_vec());
            assert_eq!(content(0), Some(format!("id{idx}").into_bytes()));
            assert_eq!(content(1), Some(b"secret".to_vec()));
        }
        assert_eq!(item(KEYS - 1), last);
        // SAFETY: NULL is refused.
        let refused = unsafe {
            lws_ss_sigv4_set_aws_key(context.handle(), 0, std::ptr::null(), c"key".as_ptr())
        };
        assert_eq!(refused, -1);
    }
}
